# SPDX-License-Identifier: LGPL-2.1-or-later
"""What nmap's scripts find at the example daemons, by default and with the manual's stricter line."""

import re

import pytest
import support

SCRIPTS = ["ssl-enum-ciphers", "ssl-dh-params", "ssl-known-key", "ssl-poodle", "ssl-heartbleed",
           "ssl-ccs-injection", "sslv2", "sslv2-drown", "tls-ticketbleed"]
CONFIG = """
    trust_file = "%s";
    services = ( { name = "webmail"; default = "scan"; %s }, { name = "mail"; default = "scan"; %s } );
    certificates = ( %s );
    """


@pytest.fixture(scope="module")
def pairs(pki):
    return [pki.issue("scan-" + kind, ["*.scan.example"], key=kind) for kind in ["ecdsa", "rsa"]]


def scan(daemon, protocol):
    address, port = daemon.endpoints[protocol]
    done = support.run(["nmap", "-Pn", "-n", "-p", port, "--script",
                        ",".join("+" + script for script in SCRIPTS), "--script-args",
                        "tls.servername=webmail.scan.example", address], timeout=120)
    assert "ssl-enum-ciphers" in done.stdout, done.stdout
    return done.stdout


def start(make_config, webmail, mail, pki, pairs, protocol, priority=""):
    entry = support.certificate_entry("scan", *pairs)
    config = make_config(CONFIG % (pki.ca, priority, priority, entry))
    return (webmail if protocol == "https" else mail)(config)


@pytest.mark.parametrize("protocol", ["https", "imaps"])
def test_default_priority(make_config, webmail, mail, pki, pairs, protocol):
    found = scan(start(make_config, webmail, mail, pki, pairs, protocol), protocol)
    assert re.findall(r"^\|\s+(SSLv\S+|TLSv\S+):", found, re.M) == ["TLSv1.2", "TLSv1.3"], found
    assert "least strength: A" in found, found
    assert "VULNERABLE" not in found and "sslv2:" not in found, found
    assert "TLS_RSA_" not in found and "(dh 1024)" not in found, found


def stricter_line():
    """The line as certbind.conf(5) has it."""
    page = (support.source_directory() / "lib/man/certbind.conf.5").read_text()
    return re.search(r"priority = \"[^\"]*SERVER_PRECEDENCE\";", page).group(0)


def test_stricter_priority_of_the_manual(make_config, webmail, mail, pki, pairs):
    found = scan(start(make_config, webmail, mail, pki, pairs, "https", stricter_line()), "https")
    assert re.findall(r"^\|\s+(SSLv\S+|TLSv\S+):", found, re.M) == ["TLSv1.2", "TLSv1.3"], found
    assert "_CBC_" not in found and "TLS_RSA_" not in found, found
    assert "cipher preference: server" in found and "least strength: A" in found, found
