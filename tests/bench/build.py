# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that the bench runs, and where it keeps what it makes."""

import datetime
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["bench-certbind", "bench-client", "bench-generate", "bench-gnutls", "bench-selection"]


class Builder:
    """A release build of its own in `work`, or the given one."""

    def __init__(self, work, build=None):
        self.work = work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.build = build.resolve() if build else self.make()

    def make(self):
        build = self.work / "release"
        if not (build / "build.ninja").exists():
            subprocess.run(["meson", "setup", build, ROOT, "--buildtype", "release",
                            "-Dexamples=disabled", "-Dtests=enabled"], check=True,
                           stdout=subprocess.DEVNULL)
        self.say("building")
        subprocess.run(["ninja", "-C", build, "tools/certbind"] +
                       ["tests/bench/" + name for name in PROGRAMS], check=True,
                       stdout=subprocess.DEVNULL)
        return build

    def program(self, name):
        return str(self.build / "tests" / "bench" / name)

    def certbind(self):
        return str(self.build / "tools" / "certbind")

    def scratch(self, name):
        path = self.work / "servers" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def say(self, text):
        print("%s %s" % (datetime.datetime.now().strftime("%H:%M:%S"), text), file=sys.stderr,
              flush=True)
