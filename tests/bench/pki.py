# SPDX-License-Identifier: LGPL-2.1-or-later
"""The certificates and configurations that are served."""

import base64
import pathlib
import shutil
import subprocess
import time

RENEW_AFTER_S = 30 * 24 * 3600
BOUND_CERTIFICATES = 10
PART = 10000

HOST = "webmail.d%d.example"


class Pki:
    """`count` domains with a certificate each, made by bench-generate once for many runs."""

    def __init__(self, bench, count):
        self.bench = bench
        self.count = count
        self.directory = bench.work / ("pki-%d" % count)
        self.config = self.directory / "certbind.conf"
        self.pem_directory = self.directory / "pem"
        authority = self.directory / "ca.pem"
        if authority.exists() and time.time() - authority.stat().st_mtime > RENEW_AFTER_S:
            shutil.rmtree(self.directory)
        done = self.directory / "complete"
        if not done.exists():
            bench.say("making %d certificates" % count)
            subprocess.run([bench.program("bench-generate"), self.directory, str(count)],
                           check=True)
            done.touch()

    def host(self, number):
        return HOST % number

    def pem(self, number):
        return str(self.pem_directory / (HOST % number + ".pem"))

    def list_file(self):
        path = self.directory / "list"
        path.write_text("".join(self.pem(i) + "\n" for i in range(self.count)))
        return path

    def domain_file(self, number):
        return self.directory / "domains.d" / ("d%d.example.conf" % number)

    def renew(self, number):
        """(ns of CLOCK_MONOTONIC at which the file changed, SHA-256 of the new certificate)"""
        done = subprocess.run(
            [self.bench.program("bench-generate"), "--renew", str(number), self.directory],
            stdout=subprocess.PIPE, text=True, check=True)
        moment, digest = done.stdout.split()
        return int(moment), digest

    def der_bytes(self):
        """Of one domain's own certificate and key; the intermediate is everyone's."""
        blocks = pathlib.Path(self.pem(self.count - 1)).read_text().split("-----BEGIN ")[1:]
        sizes = [len(base64.b64decode("".join(block.splitlines()[1:-1]))) for block in blocks]
        return sizes[0] + sizes[-1]

    def hot(self):
        """Options of bench-client: at most 256 domains, spread over all."""
        return self.set_of(0)

    def hot_count(self):
        return max(1, min(256, self.count // 2))

    def set_of(self, first):
        """As many domains, of which no other `first` below cold_sets() has any."""
        return self.spread(first, self.hot_count())

    def spread(self, first, length):
        return ["--host", HOST, "--first", str(first), "--domains", str(length),
                "--stride", str(self.count // length)]

    def cold_sets(self):
        return self.count // self.hot_count()


def bound_config(bench, pki, count):
    """A configuration of `count` domains that share ten certificates: what selecting costs."""
    directory = bench.work / ("bound-%d" % count)
    config = directory / "certbind.conf"
    (directory / "parts").mkdir(parents=True, exist_ok=True)
    for first in range(0, count, PART):
        part = directory / "parts" / ("%07d.conf" % first)
        part.write_text("domains = (\n%s\n);\n" % ",\n".join(
            '  { name = "d%d.example"; webmail = "c%d"; mail = "none"; }' % (
                i, i % BOUND_CERTIFICATES) for i in range(first, min(count, first + PART))))
    config.write_text("""\
state_dir = "state";
include = [ "parts/*.conf" ];
services = ( {{ name = "webmail"; default = "c0"; }}, {{ name = "mail"; default = "c0"; }} );
certificates = (
{}
);
""".format(",\n".join('  {{ name = "c{}"; chain = "{}"; key = "{}"; }}'.format(
        i, pki.pem(i), pki.pem(i)) for i in range(BOUND_CERTIFICATES))))
    return config
