# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real sending MTA that wants a verified certificate, and the check that had said so before."""

import json

import pytest
import support
from postfix import Postfix

DOMAINS = ["wild.example", "san.example", "shared.example", "default.example", "gap.example"]
ROUTES = {domain: "mail." + domain for domain in DOMAINS}
ROUTES["shared.example"] = "mail.provider.example"
TEXT = "From: me@sender.example\nTo: you\nSubject: Hello\n\nBy Postfix.\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory, pki):
    directory = tmp_path_factory.mktemp("postfix")
    wild = pki.issue("postfix-wild", ["*.wild.example"])
    san = pki.issue("postfix-san", ["webmail.san.example", "mail.san.example"], key="rsa")
    provider = pki.issue("postfix-provider", ["mail.provider.example"])
    gap = pki.issue("postfix-gap", ["gap.example", "webmail.gap.example"])
    entries = [support.certificate_entry("wild", wild), support.certificate_entry("san", san),
               support.certificate_entry("provider", provider),
               support.certificate_entry("gap", gap)]
    support.write_config(directory, """
        trust_file = "%s";
        services = ( { name = "mail"; default = "provider";
                       shared_hosts = [ "mail.provider.example" ]; } );
        certificates = ( %s );
        domains = ( { name = "wild.example"; webmail = "wild"; mail = "wild"; },
                    { name = "san.example"; mail_hosts = [ "mail.san.example" ]; },
                    { name = "shared.example"; },
                    { name = "default.example"; mail_hosts = [ "mail.default.example" ]; },
                    { name = "gap.example"; mail = "gap"; } );
        """ % (pki.ca, ", ".join(entries)))
    support.write_users(directory / "users", {"you@" + domain: "secret" for domain in DOMAINS})
    for domain in DOMAINS:
        for folder in ["cur", "new", "tmp"]:
            (directory / "spool" / domain / "you" / folder).mkdir(parents=True)
    return directory


@pytest.fixture(scope="module")
def daemon(place):
    with support.start_mail(place / "certbind.conf", place / "log", place / "users",
                            place / "spool") as started:
        yield started


@pytest.fixture(scope="module")
def codes(place):
    """What the check says of each domain's mail: {"wild.example": {"covered"}, …}."""
    done = support.certbind("check", "-c", place / "certbind.conf", "--json", wrap=False)
    assert done.returncode == 1, done.stderr
    said = {domain: set() for domain in DOMAINS}
    for finding in json.loads(done.stdout)["findings"]:
        if finding["service"] == "mail" and finding["domain"]:
            said[finding["domain"]].add(finding["code"])
    return said


@pytest.fixture(scope="module")
def with_sni(daemon, pki):
    with Postfix(pki.ca, daemon.port("smtp"), ROUTES) as sender:
        yield sender


@pytest.fixture(scope="module")
def without_sni(daemon, pki):
    with Postfix(pki.ca, daemon.port("smtp"), ROUTES, sni=False) as sender:
        yield sender


@pytest.mark.parametrize("domain,code,status", [
    ("wild.example", "covered", "sent"), ("san.example", "covered", "sent"),
    ("shared.example", "covered-by-shared-host", "sent"),
    ("default.example", "default-certificate", "deferred"),
    ("gap.example", "not-covered", "deferred")])
def test_secure_delivery_is_as_the_check_said(place, codes, with_sni, domain, code, status):
    assert code in codes[domain], codes
    became, why = with_sni.send("you@" + domain, TEXT)
    assert became == status, with_sni.log()
    delivered = list((place / "spool" / domain / "you" / "new").iterdir())
    if status == "sent":
        assert "By Postfix." in delivered[0].read_text()
        assert "Verified TLS connection established to 127.0.0.1" in with_sni.log()
    else:
        assert "Server certificate not verified" in why and not delivered


@pytest.mark.parametrize("domain,status", [
    ("wild.example", "deferred"), ("san.example", "deferred"), ("shared.example", "sent")])
def test_without_sni_only_the_shared_host_is_secure(codes, without_sni, domain, status):
    """Most MTAs send no SNI; needs-sni says which mail hosts depend on it."""
    assert ("needs-sni" in codes[domain]) == (status == "deferred"), codes
    assert without_sni.send("you@" + domain, TEXT)[0] == status, without_sni.log()
