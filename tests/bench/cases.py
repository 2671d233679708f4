# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured. Each case records samples under (case, server): dicts of metric to number."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import machine
import pki as certificates
import servers

SLICES = 3  # a round: so often
TURN = 300  # handshakes with one server, then the next: a shared machine's speed changes in seconds
QUIET_S = 0.3
SETTLE_S = 0.3


def load(bench, server, options, handshakes, resumed=False):
    """Handshakes with one server on its core: what they cost it, and what the client saw."""
    before = server.cpu()
    done = subprocess.run(
        machine.on_client_core([bench.program("bench-client"), "load", "--port",
                                str(server.port), "--handshakes", str(handshakes)] +
                               options + ["--resumed"] * resumed),
        stdout=subprocess.PIPE, text=True)
    used = server.cpu() - before
    seen = json.loads(done.stdout)
    if done.returncode != 0 or (resumed and seen["resumed"] != handshakes):
        raise RuntimeError("%s: %s: %s" % (server.name, seen, server.log()))
    # The client makes one handshake first, to see whether there are tickets.
    return {"cpu_us": used / (handshakes + 1) * 1e6, "busy": used / seen["seconds"],
            "client_us": seen["client_cpu"] / (handshakes + 1) * 1e6, "tickets": seen["tickets"],
            "p50_ms": seen["p50"], "p99_ms": seen["p99"], "p999_ms": seen["p999"]}


def rotated(items, by):
    by %= max(1, len(items))
    return items[by:] + items[:by]


def start_all(bench, started, pki, number):
    """Each server from nothing to its first handshake, one after the other."""
    for server in rotated(started, number):
        wall, cpu = server.start(pki.host(pki.count - 1))
        bench.record("start", server.name, wall_s=wall, cpu_s=cpu,
                     pss_bytes=server.settled_pss())
        server.pin()


def turns(started, number, handshakes):
    """(server, handshakes) in turn, so that each is next to the others as often."""
    length = min(handshakes, TURN)
    count = SLICES * max(1, handshakes // length)
    for turn in range(count):
        for server in rotated(started, number * count + turn):
            yield server, length


def full_handshakes(bench, started, pki, number, handshakes):
    for server in started:
        load(bench, server, pki.hot(), 2 * pki.hot_count())
    for server, length in turns(started, number, handshakes):
        bench.record("full", server.name, **load(bench, server, pki.hot(), length))


def resumed_handshakes(bench, started, pki, number, handshakes):
    """Of the servers that give tickets, with one domain: a ticket is of no use for another."""
    giving = [server for server in started
              if load(bench, server, ["--host", pki.host(0)], 10)["tickets"] > 0]
    for server, length in turns(giving, number, handshakes):
        bench.record("resumed", server.name,
                     **load(bench, server, ["--host", pki.host(0)], length, resumed=True))


def cold_handshakes(bench, server, pki, number):
    """Domains that nobody has asked for since the server started, and the same ones again."""
    for piece in range(SLICES):
        chosen = 1 + (number * SLICES + piece) % max(1, pki.cold_sets() - 1)
        if chosen in server.warm:
            continue
        server.warm.add(chosen)
        options, length = pki.set_of(chosen), pki.hot_count()
        first = load(bench, server, options + ["--connections", "1"], length)
        again = load(bench, server, options + ["--connections", "1"], length)
        bench.record("cold", server.name, first_us=first["cpu_us"],
                     more_us=first["cpu_us"] - again["cpu_us"])


def renewal(bench, server, pki, number, kind, trigger, timeout=120):
    """From the moment that the file is in place to the first handshake with the new certificate."""
    client = servers.Client(bench, server.port, pki.host(number))
    try:
        client.next(timeout)
        time.sleep(SETTLE_S)
        if isinstance(server, servers.Own):
            server.counts()
            time.sleep(QUIET_S)
            quiet = server.counts()["late_max"]
        moment, digest = pki.renew(number)
        moment = trigger(moment)
        seen = client.next_is(digest, timeout)
        time.sleep(SETTLE_S)
    finally:
        counted = client.stop()
    sample = {"delay_ms": (seen - moment) / 1e6, "failed": counted["failed"],
              "latency_max_ms": counted["max"]}
    if isinstance(server, servers.Own):
        counts = server.counts()
        sample["failed"] += counts["failed"]
        sample.update(late_ms=counts["late_max"] * 1e3, quiet_late_ms=quiet * 1e3,
                      dispatch_ms=counts["wake_max"] * 1e3)
    bench.record("renewal", kind, **sample)


def untouched(moment):
    return moment


def renewals(bench, pki, number):
    """certbind's own; it needs no trigger."""
    times = bench.options.repeats
    server = servers.certbind(bench, pki, beat=True)
    try:
        server.start(pki.host(0))
        for i in range(times):
            renewal(bench, server, pki, 1 + (number * times + i) % (pki.count - 1), "certbind",
                    untouched)
        for i in range(times):
            domain_added(bench, server, pki, 1 + (number * times + i) % (pki.count - 1))
    finally:
        server.stop()


def domain_added(bench, server, pki, number):
    """A file of domains_dir goes, and comes back."""
    path = pki.domain_file(number)
    text = path.read_bytes()
    client = servers.Client(bench, server.port, pki.host(number))
    try:
        digest = client.next(60)[1]
        path.unlink()
        client.next(60)
        time.sleep(SETTLE_S)
        new = path.with_name(".new")
        new.write_bytes(text)
        server.counts()
        moment = time.monotonic_ns()
        new.rename(path)
        seen = client.next_is(digest, 60)
        time.sleep(SETTLE_S)
    finally:
        if not path.exists():
            path.write_bytes(text)
        counted = client.stop()
    counts = server.counts()
    bench.record("domain added", "certbind", delay_ms=(seen - moment) / 1e6,
                 failed=counted["failed"] + counts["failed"], late_ms=counts["late_max"] * 1e3)


def peer_renewals(bench, started, pki, number):
    for server in started:
        if not isinstance(server, servers.Peer):
            continue

        def reload(moment, server=server):
            server.reload()
            return moment

        def replace(moment, server=server):
            moment = time.monotonic_ns()
            server.replace(pki.pem(1), pathlib.Path(pki.pem(1)).read_text())
            return moment

        if isinstance(server, servers.Haproxy):
            renewal(bench, server, pki, 1, "haproxy-api", replace)
        renewal(bench, server, pki, 1 + (number + 1) % (pki.count - 1), server.name, reload)


def command(bench, case, words):
    """The command to its end; exit codes 1 and 3 are its verdicts."""
    begun = time.monotonic()
    with open(bench.scratch("command") / "output", "wb") as output:
        process = subprocess.Popen([bench.certbind()] + [str(word) for word in words],
                                   stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = wait4(process)
    if status not in (0, 1, 3):
        text = (bench.scratch("command") / "output").read_text(errors="replace")
        raise RuntimeError("certbind %s: status %d: %s" % (words[0], status, text[-2000:]))
    sample = {"wall_s": time.monotonic() - begun, "cpu_s": usage.ru_utime + usage.ru_stime,
              "rss_bytes": usage.ru_maxrss * 1024}
    bench.record(case, "certbind", **sample)
    return sample


def wait4(process):
    pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return pid, process.returncode, usage


def check(bench, pki):
    command(bench, "check", ["check", "-c", pki.config])


def bind(bench, pki, number):
    """A domain that was chosen for by `auto` is bound by name."""
    domain = 1 + number % (pki.count - 1)
    path = pki.domain_file(domain)
    before = path.read_bytes()
    try:
        command(bench, "bind", ["bind", "-c", pki.config, "--force", "d%d.example" % domain,
                                "webmail", "webmail.d%d.example" % domain])
    finally:
        path.write_bytes(before)


def own_part(bench, pki, count, rounds):
    """What certbind adds to a handshake, with so many domains: when 4096 of them are asked for,
    and when it is always the same ten."""
    config = certificates.bound_config(bench, pki, count)
    done = subprocess.run([bench.program("bench-selection"), config, certificates.HOST, str(count),
                           str(rounds)], stdout=subprocess.PIPE, text=True, check=True)
    result = json.loads(done.stdout)
    for many, few in zip(result["own"], result["own_few"]):
        bench.record("own part", "%d domains" % count, own_us=many / 1e3, own_few_us=few / 1e3)
    return result


def instructions(bench, pki, handshakes):
    """Of a handshake, under callgrind: for differences that are smaller than the clock's noise."""
    if shutil.which("valgrind") is None:
        return
    found = [servers.certbind(bench, pki)]
    if not bench.options.quick:
        found += [servers.certbind(bench, pki, buffered=True),
                  servers.gnutls_one(bench, pki, bench.tickets)]
    for server in found:
        counted = count_instructions(bench, server, pki, handshakes)
        bench.record("instructions", server.name, thousands=counted / 1e3)


def count_instructions(bench, server, pki, handshakes):
    """Per handshake, once it serves and the credentials are made."""
    output = server.directory / "callgrind"
    only = ["--host", pki.host(0), "--connections", "1"]
    plain = server.command
    server.command = lambda: ["valgrind", "--tool=callgrind", "-q",
                              "--toggle-collect=server_run",
                              "--callgrind-out-file=%s" % output] + plain()
    try:
        server.start(pki.host(0))
        load(bench, server, only, 10)
        server.counts()
        subprocess.run(["callgrind_control", "--zero", str(server.process.pid)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        load(bench, server, only, handshakes)
        made = server.counts()["handshakes"]
    finally:
        server.stop()
        server.command = plain
    return int(re.search(r"^summary: (\d+)", output.read_text(), re.M).group(1)) / made


def stop_all(started):
    for server in started:
        server.stop()
