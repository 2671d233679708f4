# SPDX-License-Identifier: LGPL-2.1-or-later
"""How start, memory, selection and reload grow with the number of domains."""

import shutil
import statistics
import subprocess

PLOTS = [
    ("Start to the first handshake", "s", "wall_s", 1),
    ("Memory after that (PSS)", "MB", "pss_bytes", 1e-6),
    ("certbind's part of a handshake", "us", "own_us", 1),
    ("A renewed file to its first handshake", "ms", "delay_ms", 1),
]
COLOURS = {"certbind": "#1b6ca8", "gnutls": "#8a8a8a", "haproxy": "#c05a1f", "nginx": "#2f8f4e",
           "hitch": "#8e44ad"}


def series(curves, metric):
    """{server: [(domains, median)]} of {server: {domains: [sample]}}"""
    found = {}
    for server, sizes in curves.items():
        points = []
        for size, samples in sorted(sizes.items(), key=lambda item: int(item[0])):
            values = [sample[metric] for sample in samples if metric in sample]
            if values:
                points.append((int(size), statistics.median(values)))
        if points:
            found[server] = points
    return found


def one(curves, title, unit, metric, scale):
    found = series(curves, metric)
    blocks = "".join("$%s << END\n%sEND\n" % (
        name, "".join("%d %g\n" % (size, value * scale) for size, value in points))
        for name, points in found.items())
    lines = ", ".join("$%s with linespoints lw 2 pt 7 ps 0.6 lc rgb '%s' title '%s'" % (
        name, COLOURS.get(name, "#000000"), name) for name in found)
    # A figure that does not grow is shown from zero.
    flat = metric == "own_us"
    return "%sset title \"%s\"\nset ylabel '%s'\n%s\nplot %s\n" % (
        blocks, title, unit,
        "unset logscale y\nset yrange [0:*]" if flat else "set logscale y\nset yrange [*:*]",
        lines) if lines else "set multiplot next\n"


def script(curves, caption, terminal, path):
    return """\
set terminal {terminal}
set output '{path}'
set multiplot layout 2,2 title '{caption}' noenhanced
set logscale x
set format x '%.0s%c'
set xlabel 'domains, each with its certificate'
set key top left
set grid
{plots}unset multiplot
""".format(terminal=terminal, path=path, caption=caption,
           plots="".join(one(curves, *plot) for plot in PLOTS))


def draw(curves, caption, directory):
    """growth.png and growth.svg; False without gnuplot."""
    if shutil.which("gnuplot") is None:
        return False
    for kind, terminal in (("svg", "svg size 1000,760 background '#ffffff' font 'sans,12'"),
                           ("png", "pngcairo size 1000,760 font 'sans,10'")):
        path = directory / ("growth." + kind)
        text = script(curves, caption, terminal, path)
        (directory / "growth.gnuplot").write_text(text)
        done = subprocess.run(["gnuplot"], input=text, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0 or not path.exists():
            raise RuntimeError("gnuplot: " + done.stdout)
    (directory / "growth.gnuplot").unlink()
    return True
