# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the integration tests; run them with /usr/bin/python3 -m pytest tests/integration.

The build that is tested is $CERTBIND_BUILD (default: build in the source tree). Every program of
it runs under $CERTBIND_WRAP when that is set ("valgrind -q --error-exitcode=99 …").

  pki            one CA with an intermediate for the whole run: pki.ca (the trust file),
                 pki.issue("name", ["host", …], key="ecdsa|rsa|ed25519", not_after=DAYS, lines=[…])
                 gives an Issued with .certificate, .chain, .key; issuer="self", pki.root or another
                 pki.authority(…); pki.staple(issued, path). Names must be unique in the run: a
                 module's own prefix sees to that.
  make_config    make_config(TEXT) writes a configuration into the test's own directory, with a
                 state_dir, and gives its path; certificate_entry() of support writes an entry.
  webmail, mail, minimal
                 functions that start the daemon: webmail(config, users=…, spool=…). It is stopped
                 when the test ends and must end with status 0; .port("https"), .endpoints, .log().
  installed      the prefix certbind is installed in ($CERTBIND_PREFIX, or made for the run), and
                 pkg_config(installed, "--cflags", …) of this module.

The functions in support.py do the rest: certbind(), run(), s_client(), start_webmail(), …
"""

import os
import pathlib

import pytest
import support


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return support.Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def make_config(tmp_path):
    def make(text, **options):
        return support.write_config(tmp_path, text, **options)
    return make


def _starter(start, tmp_path):
    started = []

    def begin(config, **options):
        log = tmp_path / ("%s-%d.log" % (start.__name__, len(started)))
        daemon = start(config, log, **options)
        started.append(daemon)
        return daemon
    return started, begin


def _stop_all(started):
    problems = []
    for daemon in started:
        try:
            if not daemon.log_file.closed:
                daemon.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture
def webmail(tmp_path):
    started, begin = _starter(support.start_webmail, tmp_path)
    yield begin
    _stop_all(started)


@pytest.fixture
def mail(tmp_path):
    started, begin = _starter(support.start_mail, tmp_path)
    yield begin
    _stop_all(started)


@pytest.fixture
def minimal(tmp_path):
    started, begin = _starter(support.start_minimal, tmp_path)
    yield begin
    _stop_all(started)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    given = os.environ.get("CERTBIND_PREFIX")
    if given:
        return pathlib.Path(given)
    prefix = tmp_path_factory.mktemp("prefix")
    build = tmp_path_factory.mktemp("build")
    support.run(["meson", "setup", build, support.source_directory(), "--prefix", prefix,
                 "-Dtests=disabled", "-Dexamples=disabled"], check=True, timeout=120)
    support.run(["meson", "install", "-C", build], check=True, timeout=600)
    return prefix


def library_directory(prefix):
    """Where the shared library of a prefix is: lib, lib64, or lib/x86_64-linux-gnu."""
    return next(pathlib.Path(prefix).glob("lib*/**/libcertbind.so")).parent


def pkg_config(prefix, *options):
    """What pkg-config says about the installed certbind, as words."""
    path = library_directory(prefix) / "pkgconfig"
    done = support.run(["pkg-config"] + list(options) + ["certbind"], check=True,
                       env={"PKG_CONFIG_PATH": str(path)})
    return done.stdout.split()
