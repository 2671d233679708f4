# SPDX-License-Identifier: LGPL-2.1-or-later
"""check --connect at nginx, Postfix and Dovecot, which know nothing of certbind.

Each serves six domains; what it serves and what certbind is configured to serve agree for one of
them only. The servers are started once, and asked once on every port and address.
"""

import collections
import contextlib
import json
import re
import socket
import time

import pytest
import servers
import support
from postfix import Receiver

FINE, BAD, TROUBLE = 0, 1, 2

# What is wrong where nginx serves each domain's webmail host, or a mail server its mail host.
SERVED = {
    "right": [],
    "stale": ["served-differs"],
    "wrong": ["served-differs", "served-invalid"],
    "expired": ["served-invalid"],
    "selfsigned": ["served-differs", "served-invalid"],
    "bare": ["served-invalid"],
}
WORDS = {
    ("stale", "served-differs"): [
        r'; it should serve certificate "stale": "CN=webmail\.stale\.example" \(serial 0x[0-9a-f]+, valid from '
        r'\S+Z until \S+Z\)\. That is newer, its files changed last at 20\S+Z, and the daemon does '
        r'not know it yet: reload or restart it\.$'],
    ("wrong", "served-differs"): [
        'another certificate for [a-z]+.wrong.example: "CN=elsewhere.example" ',
        'it should serve certificate "wrong": ', "Its files changed last at 20",
        "Give the daemon this certificate; if it is configured so, reload or restart it"],
    ("wrong", "served-invalid"): [
        "a certificate that a strict client refuses. not-covered: None of its subject"],
    ("expired", "served-invalid"): ["refuses. expired: "],
    ("selfsigned", "served-differs"): ['it should serve certificate "selfsigned": '],
    ("selfsigned", "served-invalid"): ["refuses. self-signed: "],
    ("bare", "served-invalid"): ["refuses. missing-intermediate: "],
}

SERVERS = {"nginx": ["https", "imap", "imaps", "pop3", "pop3s", "smtp", "submissions"],
           "postfix": ["smtp", "submission", "submissions"],
           "dovecot": ["imap", "imaps", "pop3", "pop3s", "sieve"]}
# nginx' mail proxy has one certificate for everybody; it is asked by a test of its own.
CASES = [("nginx", "https")] + [(name, protocol) for name in ("postfix", "dovecot")
                                for protocol in SERVERS[name]]


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


ADDRESSES = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])


class Place:
    """The configuration, and the servers once they are started."""

    def __init__(self, directory, pki):
        self.directory = directory
        self.pki = pki
        self.configured = {name: self.issue(name, name) for name in SERVED if name != "expired"}
        self.configured["expired"] = self.issue("expired", "expired", not_before=-9, not_after=-1)
        elsewhere = pki.issue("servers-elsewhere", ["elsewhere.example"])
        bare = self.configured["bare"]
        served = dict(self.configured, wrong=elsewhere, bare=bare._replace(chain=bare.certificate),
                      selfsigned=self.issue("self", "selfsigned", issuer="self"))
        self.config = self.write()
        with contextlib.ExitStack() as stack:
            def begin(kind, service):
                return stack.enter_context(kind(ADDRESSES, elsewhere, {
                    "%s.%s.example" % (service, name): issued for name, issued in served.items()
                    if name != "wrong"}))
            self.servers = {"nginx": begin(servers.Nginx, "webmail"),
                            "dovecot": begin(servers.Dovecot, "mail"),
                            "postfix": begin(Receiver, "mail")}
            servers.wait_listening(self.servers["postfix"].ports.values())
            self.stack = stack.pop_all()

    def issue(self, name, domain, **more):
        return self.pki.issue("servers-" + name, ["%s.%s.example" % (service, domain)
                                                  for service in ("webmail", "mail")], **more)

    def write(self):
        entries = ", ".join(support.certificate_entry(*pair) for pair in self.configured.items())
        domains = ", ".join('{ name = "%s.example"; webmail = "%s"; mail = "%s"; }'
                            % (name, name, name) for name in SERVED)
        return support.write_config(self.directory, """
            trust_file = "%s"; certificates = ( %s ); domains = ( %s );
            """ % (self.pki.ca, entries, domains))

    def renew(self):
        """The files of "stale" are replaced, as a renewal does; no server is told."""
        issued = self.configured["stale"]
        renewed = self.issue("renewed", "stale", not_before=0)
        for old, new in (issued.key, renewed.key), (issued.chain, renewed.chain):
            new.replace(old)

    def endpoint(self, server, protocol, address="127.0.0.1"):
        form = "%s://[%s]:%d" if ":" in address else "%s://%s:%d"
        return form % (protocol, address, self.servers[server].ports[protocol])

    def check(self, *endpoints, more=()):
        """Status, and {(endpoint, domain): [finding]} of what live endpoints are said to do."""
        words = [word for endpoint in endpoints for word in ("--connect", endpoint)]
        done = support.certbind("check", "-c", self.config, "--json", *words, *more, timeout=120)
        assert done.stderr == "", done.stderr
        report = json.loads(done.stdout)
        found = collections.defaultdict(list)
        for finding in report["findings"]:
            if finding["code"] in ("served-differs", "served-invalid", "unreachable"):
                found[finding["advice"].split()[0].rstrip(":"), finding["domain"]].append(finding)
        return done.returncode, found


@pytest.fixture(scope="module")
def place(tmp_path_factory, pki):
    made = Place(tmp_path_factory.mktemp("servers"), pki)
    with made.stack:
        made.renew()
        yield made


@pytest.fixture(scope="module")
def seen(place):
    """What one check of everything says, after the renewal."""
    endpoints = [place.endpoint(server, protocol, address) for server, protocol in CASES
                 for address in ADDRESSES]
    return place.check(*endpoints)


def codes(found):
    return sorted(finding["code"] for finding in found)


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("server, protocol", CASES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_server_serves(place, seen, address, server, protocol, name):
    status, everything = seen
    assert status == BAD
    service = "webmail" if protocol == "https" else "mail"
    endpoint = place.endpoint(server, protocol, address)
    found = everything[endpoint, name + ".example"]
    assert codes(found) == SERVED[name], place.servers[server].log()
    for finding in found:
        assert (finding["service"], finding["host"], finding["severity"]) == (
            service, "%s.%s.example" % (service, name), "error")
        advice = finding["advice"]
        assert advice.startswith("%s serves " % endpoint)
        for words in WORDS[name, finding["code"]]:
            assert re.search(words, advice), advice
        if finding["code"] == "served-differs":
            assert finding["certificate"] == name and finding["file"] == str(place.config)


def test_nothing_else_is_said_of_endpoints(seen):
    _, everything = seen
    assert sum(len(found) for found in everything.values()) == (
        len(CASES) * len(ADDRESSES) * sum(len(codes) for codes in SERVED.values()))


def test_the_serial_numbers_are_those_of_old_and_new(place, seen):
    _, everything = seen
    now = support.serial(place.configured["stale"].chain)
    before = support.serial(place.configured["stale"].certificate)
    for server, protocol in CASES:
        finding = everything[place.endpoint(server, protocol), "stale.example"][0]
        serials = re.findall("serial 0x([0-9a-f]+),", finding["advice"])
        assert [int(serial, 16) for serial in serials] == [before, now], finding["advice"]


@pytest.mark.parametrize("protocol", SERVERS["nginx"][1:])
def test_a_proxy_that_knows_no_names(place, protocol):
    """Everybody gets its only certificate."""
    endpoint = place.endpoint("nginx", protocol)
    status, found = place.check(endpoint, more=["right.example"])
    assert (status, codes(found[endpoint, "right.example"])) == (
        BAD, ["served-differs", "served-invalid"])


@pytest.mark.parametrize("server, protocol", CASES)
def test_all_is_well_with_one_domain(place, server, protocol):
    done = support.certbind("check", "-c", place.config, "--connect",
                            place.endpoint(server, protocol), "right.example")
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "served" not in done.stdout and "unreachable" not in done.stdout


def test_the_table(place):
    endpoint = place.endpoint("dovecot", "imaps")
    done = support.certbind("check", "-c", place.config, "--connect", endpoint, "stale.example")
    assert (done.returncode, done.stderr) == (BAD, "")
    assert "served-differs" in done.stdout and endpoint in done.stdout
    assert "reload or restart it" in " ".join(done.stdout.split())


def test_a_server_that_hangs(place):
    endpoint = place.endpoint("nginx", "https")
    with place.servers["nginx"].stopped():
        begun = time.monotonic()
        status, found = place.check(endpoint, more=["--timeout", "1", "right.example"])
        took = time.monotonic() - begun
    assert (status, codes(found[endpoint, "right.example"])) == (BAD, ["unreachable"])
    assert "did not answer in time" in found[endpoint, "right.example"][0]["advice"]
    assert 1 <= took < 10
    assert place.check(endpoint, more=["right.example"])[0] == FINE


@pytest.mark.parametrize("server, protocol, other, words", [
    ("dovecot", "imap", "smtp", 'answered "* OK '),
    ("dovecot", "pop3", "imap", 'answered "+OK '),
    ("dovecot", "imap", "https", "the handshake failed"),
    ("dovecot", "imaps", "imap", "did not answer in time"),
    ("postfix", "smtp", "sieve", 'answered "220 receiver.example'),
    ("postfix", "smtp", "submissions", "the handshake failed"),
])
def test_the_wrong_protocol(place, server, protocol, other, words):
    endpoint = place.endpoint(server, protocol).replace(protocol, other, 1)
    service = "webmail" if other == "https" else "mail"
    status, found = place.check(endpoint, more=["--timeout", "2", "right.example"])
    found = found[endpoint, "right.example"]
    assert (status, codes(found), found[0]["service"]) == (BAD, ["unreachable"], service)
    assert words in found[0]["advice"], found


@pytest.mark.parametrize("server, protocol", [("nginx", "https"), ("postfix", "smtp"),
                                              ("dovecot", "imaps")])
def test_reloading_as_advised_helps(place, seen, server, protocol):
    endpoint = place.endpoint(server, protocol)
    place.servers[server].reload()
    end = time.monotonic() + support.CLIENT_TIMEOUT
    while True:
        status, found = place.check(endpoint, more=["stale.example"])
        if status == FINE or time.monotonic() > end:
            break
        time.sleep(0.1)
    assert (status, dict(found)) == (FINE, {}), found


def test_a_server_that_is_gone(place):
    endpoint = place.endpoint("nginx", "https")
    with place.servers["nginx"].ended():
        status, found = place.check(endpoint, more=["right.example"])
    found = found[endpoint, "right.example"]
    assert (status, codes(found)) == (BAD, ["unreachable"])
    assert "Connection refused" in found[0]["advice"]
