# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same for ten, a hundred, … domains."""

import statistics

import cases
import servers
from pki import Pki

PEERS_UP_TO = 10000
RENEWALS_UP_TO = 100000
OWN_ROUNDS = 3  # a round of the others: microseconds among hundreds


def median(bench, case, server, metric):
    return statistics.median(sample[metric] for sample in bench.samples[case][server])


def own_parts(bench, pki, sizes, rounds):
    """All sizes in turn, and again: a shared machine's speed changes."""
    for _ in range(rounds):
        for size in sizes:
            cases.own_part(bench, pki, size, OWN_ROUNDS)
    found = {size: bench.samples["own part"]["%d domains" % size] for size in sizes}
    for size, samples in found.items():
        for sample in samples:
            bench.record_growth("certbind", size, **sample)
    for metric in ("own_us", "own_few_us"):
        highest = max(median(bench, "own part", "%d domains" % size, metric) for size in sizes)
        ratios = [most[metric] / fewest[metric]
                  for most, fewest in zip(found[sizes[-1]], found[sizes[0]])]
        bench.record("flat", "certbind", **{
            metric: highest, metric.replace("us", "ratio"): statistics.median(ratios)})


def started(bench, server, pki):
    """Starts it once more, for a curve; the caller stops it."""
    wall, cpu = server.start(pki.host(pki.count - 1))
    sample = {"wall_s": wall, "cpu_s": cpu, "pss_bytes": server.settled_pss()}
    bench.record_growth(server.name, pki.count, **sample)
    bench.record("growth", "%s, %d" % (server.name, pki.count), **sample)
    return sample


def start(bench, pki):
    server = servers.certbind(bench, pki)
    try:
        return started(bench, server, pki)
    finally:
        server.stop()


def renewal(bench, pki, renew):
    """The samples of the case `renewal`, for the curves and not for the case."""
    kept, bench.samples = bench.samples, {}
    try:
        renew()
        measured = bench.samples["renewal"]
    finally:
        bench.samples = kept
    for server, samples in measured.items():
        if server == "haproxy-api":
            continue
        for sample in samples:
            bench.record_growth(server, pki.count, **sample)
            bench.record("growth", "%s, %d" % (server, pki.count), **sample)


def peer_points(bench, pki):
    found = [servers.gnutls_all(bench, pki, bench.tickets)]
    if bench.options.peers:
        found += [kind(bench, name, pki) for name, kind in servers.PEERS.items()]
    try:
        for server in found:
            started(bench, server, pki)
        if bench.options.peers:
            renewal(bench, pki, lambda: cases.peer_renewals(bench, found, pki, 0))
    finally:
        cases.stop_all(found)


def from_rounds(bench, pki):
    """What the rounds have measured with the main number of certificates."""
    for case in ("start", "renewal"):
        for server, samples in bench.samples.get(case, {}).items():
            name = "certbind" if server == "certbind-set-fd" else server
            for sample in samples:
                if server not in ("gnutls-1", "haproxy-api", "certbind-set-fd"):
                    bench.record_growth(name, pki.count, **sample)


def curves(bench, main, sizes):
    measured = {}
    for size in sizes:
        pki = main if size == main.count else Pki(bench, size)
        bench.say("growth: %d domains" % size)
        measured[size] = [start(bench, pki) for _ in range(bench.options.repeats)]
        if size <= PEERS_UP_TO and size != main.count:
            peer_points(bench, pki)
        if size <= RENEWALS_UP_TO and size != main.count and not bench.options.quick:
            renewal(bench, pki, lambda pki=pki: cases.renewals(bench, pki, 0))
    from_rounds(bench, main)
    few, many = sizes[-2:]
    for fewer, more in zip(measured[few], measured[many]):
        bench.record("linear", "certbind", wall_ratio=more["wall_s"] / fewer["wall_s"] * few / many,
                     pss_ratio=more["pss_bytes"] / fewer["pss_bytes"] * few / many)


def million(bench, few, many):
    """What none of the others does."""
    bench.say("a million certificates")
    small, large = servers.certbind(bench, few), servers.certbind(bench, many)
    large.name = "certbind-million"
    try:
        small.start(few.host(0))
        small_pss = small.settled_pss()
        wall, cpu = large.start(many.host(many.count - 1))
        sample = {"wall_s": wall, "cpu_s": cpu, "pss_bytes": large.settled_pss()}
        bench.record_growth("certbind", many.count, **sample)
        bench.record("growth", "certbind, %d" % many.count, **sample)
        bench.record("million", "certbind", extra_bytes=(
            (sample["pss_bytes"] - small_pss) / (many.count - few.count) - many.der_bytes()))
        # As many domains of the million as of the ten: what differs is what they are among.
        both = [(small, few.hot()), (large, many.spread(0, few.hot_count()))]
        for server, hosts in both:
            server.pin()
            cases.load(bench, server, hosts, 2 * few.hot_count())
        for _ in range(bench.options.rounds):
            costs = [cases.load(bench, server, hosts, bench.options.handshakes)["cpu_us"]
                     for server, hosts in both]
            bench.record("million", "certbind", full_ratio=costs[1] / costs[0])
    finally:
        small.stop()
        large.stop()
    sample = cases.command(bench, "check of a million", ["check", "-c", many.config])
    bench.record("million", "certbind", check_s=sample["wall_s"], check_bytes=sample["rss_bytes"])
    bench.record_growth("certbind", many.count, check_s=sample["wall_s"])
