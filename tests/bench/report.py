# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table: medians, their spread, and how they stand to the targets."""

import statistics

MEGA = 1e6


class Row:
    """A line of the table: a metric of a case, for one server or for all that have it."""

    def __init__(self, case, title, metric, unit, scale=1.0, targets=()):
        self.case, self.title, self.metric = case, title, metric
        self.unit, self.scale, self.targets = unit, scale, targets


class Target:
    """`server`'s figure, or its ratio to `reference`'s, is to be at most `limit`."""

    def __init__(self, server, limit, reference=None):
        self.server, self.limit, self.reference = server, limit, reference


ROWS = [
    Row("start", "start to first handshake", "wall_s", "s",
        targets=[Target("certbind", 1 / 20, "haproxy"), Target("certbind", 1 / 4, "gnutls")]),
    Row("start", "CPU time of that", "cpu_s", "s"),
    Row("start", "memory (PSS) then", "pss_bytes", "MB", 1 / MEGA,
        targets=[Target("certbind", 1 / 12, "haproxy"), Target("certbind", 22)]),
    Row("full", "full handshake, CPU", "cpu_us", "us",
        targets=[Target("certbind", 1.00, "gnutls-1"), Target("certbind-set-fd", 0.95, "gnutls-1")]),
    Row("full", "share of its core used", "busy", ""),
    Row("full", "client's CPU for it", "client_us", "us"),
    Row("resumed", "resumed handshake, CPU", "cpu_us", "us",
        targets=[Target("certbind-set-fd", 0.95, "gnutls-1")]),
    Row("instructions", "instructions, full handshake", "thousands", "k",
        targets=[Target("certbind", 1.00, "gnutls-1"), Target("certbind-set-fd", 0.95, "gnutls-1")]),
    Row("own part", "certbind's own part, 4096 hosts", "own_us", "us"),
    Row("own part", "certbind's own part, ten hosts", "own_few_us", "us"),
    Row("cold", "first handshake of a cold certificate: more", "more_us", "us",
        targets=[Target("certbind", 100)]),
    Row("renewal", "renewed file to first handshake", "delay_ms", "ms",
        targets=[Target("certbind", 50)]),
    Row("renewal", "failed handshakes meanwhile", "failed", "", targets=[Target("certbind", 0)]),
    Row("renewal", "event loop late meanwhile", "late_ms", "ms", targets=[Target("certbind", 5)]),
    Row("renewal", "event loop late with nothing to do", "quiet_late_ms", "ms"),
    Row("renewal", "longest dispatch", "dispatch_ms", "ms"),
    Row("renewal", "longest handshake meanwhile", "latency_max_ms", "ms"),
    Row("domain added", "domain's file to its certificate", "delay_ms", "ms",
        targets=[Target("certbind", 50)]),
    Row("domain added", "failed handshakes meanwhile", "failed", "",
        targets=[Target("certbind", 0)]),
    Row("check", "certbind check", "wall_s", "s", targets=[Target("certbind", 2)]),
    Row("check", "memory of that", "rss_bytes", "MB", 1 / MEGA),
    Row("bind", "certbind bind", "wall_s", "s", targets=[Target("certbind", 0.1)]),
    Row("growth", "start, all sizes", "wall_s", "s"),
    Row("growth", "memory, all sizes", "pss_bytes", "MB", 1 / MEGA),
    Row("growth", "renewal, all sizes", "delay_ms", "ms"),
    Row("linear", "start, per certificate, to that of fewer", "wall_ratio", "",
        targets=[Target("certbind", 1.15)]),
    Row("linear", "memory, per certificate, to that of fewer", "pss_ratio", "",
        targets=[Target("certbind", 1.15)]),
    Row("flat", "own part, 4096 hosts, most domains to fewest", "own_ratio", "",
        targets=[Target("certbind", 1.25)]),
    Row("flat", "own part, 4096 hosts, at most", "own_us", "us", targets=[Target("certbind", 4)]),
    Row("flat", "own part, ten hosts, most domains to fewest", "own_few_ratio", "",
        targets=[Target("certbind", 1.25)]),
    Row("flat", "own part, ten hosts, at most", "own_few_us", "us",
        targets=[Target("certbind", 4)]),
    Row("million", "memory per certificate, without its DER", "extra_bytes", "B",
        targets=[Target("certbind", 1500)]),
    Row("million", "full handshake, CPU, to that with ten", "full_ratio", "",
        targets=[Target("certbind", 1.02)]),
    Row("million", "certbind check", "check_s", "s", targets=[Target("certbind", 600)]),
    Row("million", "memory of that", "check_bytes", "MB", 1 / MEGA),
]


def values(samples, case, server, metric):
    return [sample[metric] for sample in samples.get(case, {}).get(server, []) if metric in sample]


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return "%.0f" % value
    return "%.3g" % value


def judge(samples, row, target):
    """(the figure, its words, whether it is met); None without samples."""
    mine = [value * row.scale for value in values(samples, row.case, target.server, row.metric)]
    if not mine:
        return None
    if target.reference is None:
        figure = statistics.median(mine)
        return figure, "", "<= %s" % number(target.limit), figure <= target.limit
    other = values(samples, row.case, target.reference, row.metric)
    if not other:
        return None
    # What was measured one after the other is compared: samples of the same round.
    ratio = statistics.median(a / (b * row.scale) for a, b in zip(mine, other) if b)
    return ratio, "%.4g of %s" % (ratio, target.reference), \
        "<= %s" % number(target.limit), ratio <= target.limit


def lines(samples):
    """Rows of the table as tuples of text, and the same as plain data."""
    yield ("WHAT", "SERVER", "MEDIAN", "LOW", "HIGH", "N", "RATIO", "TARGET", "MET")
    for row in ROWS:
        title = row.title
        for server in samples.get(row.case, {}):
            found = [value * row.scale
                     for value in values(samples, row.case, server, row.metric)]
            if not found:
                continue
            judged = [judge(samples, row, target) for target in row.targets
                      if target.server == server]
            judged = [one for one in judged if one] or [(None, "", "", None)]
            for i, (_, ratio, target, met) in enumerate(judged):
                figures = ("%s %s" % (number(statistics.median(found)), row.unit),
                           number(min(found)), number(max(found)), str(len(found)))
                yield (title, server if i == 0 else "") + (figures if i == 0 else ("",) * 4) + \
                    (ratio, target, {True: "yes", False: "NO", None: ""}[met])
                title = ""


def table(samples):
    rows = list(lines(samples))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    right = {2, 3, 4, 5}
    return "\n".join("  ".join(
        cell.rjust(width) if i in right else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows) + "\n"


def head(about):
    versions = ", ".join("%s %s" % pair for pair in about["versions"].items())
    return "certbind %s, %s\n%s, %d cores, %.0f GB, Linux %s, %s, load %.2f\n%s\n" \
        "%d rounds, interleaved; CPU time is the server's%s\n" % (
            about["certbind"], about["date"], about["processor"], about["cores"],
            about["memory_bytes"] / 1e9, about["kernel"], about["system"], about["load"], versions,
            about["rounds"], "" if about["pinned"] else "; one core only, nothing is pinned")


def judged(samples):
    """The targets for the JSON."""
    for row in ROWS:
        for target in row.targets:
            found = judge(samples, row, target)
            if found:
                yield {"case": row.case, "metric": row.metric, "server": target.server,
                       "reference": target.reference, "figure": found[0], "limit": target.limit,
                       "met": found[3]}
