# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel tells of processes, and what machine and versions the figures are of."""

import os
import platform
import re
import socket
import subprocess
import time

SERVER_CORE = 0
CLIENT_CORE = 1


def has_two_cores():
    return {SERVER_CORE, CLIENT_CORE} <= os.sched_getaffinity(0)


def on_client_core(command):
    """The command, to run on the core that no server is pinned to."""
    if not has_two_cores():
        return command
    return ["taskset", "-c", str(CLIENT_CORE)] + command


def tree(pid):
    """The process and its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_fields(name)
            if fields:
                parents[int(name)] = int(fields[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found


def stat_fields(pid):
    """/proc/PID/stat behind the name: state, ppid, …; None when the process is gone."""
    try:
        with open("/proc/%s/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def cpu_seconds(pid):
    """What the process, its descendants and those of them that ended have used."""
    total = 0.0
    for member in tree(pid):
        try:
            # CPU clock of another process, as clock_getcpuclockid(3) makes it.
            total += time.clock_gettime(~member << 3 | 2)
        except OSError:
            continue
        fields = stat_fields(member)
        if fields:
            total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return total


def threads(pid):
    try:
        return [int(name) for name in os.listdir("/proc/%d/task" % pid)]
    except OSError:
        return []


def pin(pid):
    """All threads of the process and its descendants to the servers' core."""
    if not has_two_cores():
        return
    for member in tree(pid):
        for thread in threads(member):
            try:
                os.sched_setaffinity(thread, {SERVER_CORE})
            except ProcessLookupError:
                pass


def pss_bytes(pid):
    """Proportional set size: memory that processes share is counted once."""
    total = 0
    for member in tree(pid):
        try:
            with open("/proc/%d/smaps_rollup" % member) as file:
                total += int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024
        except (OSError, AttributeError):
            pass
    return total


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_match(path, pattern):
    try:
        with open(path) as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return "unknown"
    return found.group(1) if found else "unknown"


def package_version(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode == 0 else None


def commit(root):
    done = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() or "unknown"


def describe(root):
    """Machine and versions, for the table's head and the JSON."""
    return {
        "processor": first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "system": first_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "load": os.getloadavg()[0],
        "certbind": commit(root),
        "versions": {name: version for name, version in
                     ((name, package_version(name)) for name in
                      ("libgnutls30", "libgnutls30t64", "libnettle8", "libnettle8t64", "libssl3",
                       "libssl3t64", "haproxy", "nginx-light", "hitch"))
                     if version},
    }
