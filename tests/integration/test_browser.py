# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real browser on examples/webmail: headless Chromium that trusts the test's CA.

It runs in a network namespace of its own, where no host but this one can be reached; the browser's
side of a test is browser_steps.py. $CERTBIND_SCREENSHOTS names a directory for its pictures.
"""

import json
import os
import pathlib
import sys

import pytest
import support

DRIVER = pathlib.Path(__file__).with_name("browser_steps.py")
AUTHORITY = "NET::ERR_CERT_AUTHORITY_INVALID"
NAME = "NET::ERR_CERT_COMMON_NAME_INVALID"
DATE = "NET::ERR_CERT_DATE_INVALID"


@pytest.fixture(scope="module")
def place(tmp_path_factory, pki):
    directory = tmp_path_factory.mktemp("browser")
    certificates = {
        "wildcard": pki.issue("browser-wildcard", ["*.example.org"]),
        "san": pki.issue("browser-san", ["example.net", "webmail.example.net"], key="rsa"),
        "uncovered": pki.issue("browser-uncovered", ["www.example.com"]),
        "expired": pki.issue("browser-expired", ["webmail.example.edu"], not_before=-90,
                             not_after=-1),
        "bound": pki.issue("browser-bound", ["webmail.bound.example"])}
    (directory / "domains.d").mkdir()
    support.write_config(directory, """
        certificates = ( %s );
        domains = (
            { name = "example.org"; webmail = "wildcard"; },
            { name = "example.net"; webmail = "san"; },
            { name = "example.com"; webmail = "uncovered"; },
            { name = "example.edu"; webmail = "expired"; },
            { name = "self.example"; }
        );
        domains_dir = "domains.d";
        """ % ",\n".join(support.certificate_entry(*pair) for pair in certificates.items()))
    support.write_users(directory / "users", {"user@example.org": "secret",
                                              "user@example.net": "secret"})
    for domain in ["example.org", "example.net"]:
        maildir = directory / "spool" / domain / "user"
        for each in ["tmp", "new", "cur"]:
            (maildir / each).mkdir(parents=True)
        (maildir / "new" / "1.message").write_text(
            "From: sender@x.example\nTo: user@%s\nSubject: Hello %s <script>document.title = 1"
            "</script>\n\nThe text for %s. <script>document.title = 1</script>\n"
            % (domain, domain, domain))
    return directory


@pytest.fixture(scope="module")
def home(place, pki):
    """A home directory whose certificate database trusts the CA."""
    database = place / "home" / ".pki" / "nssdb"
    database.mkdir(parents=True)
    where = "sql:%s" % database
    support.run(["certutil", "-d", where, "-N", "--empty-password"], check=True)
    support.run(["certutil", "-d", where, "-A", "-t", "C,,", "-n", "test-ca", "-i", pki.ca],
                check=True)
    return place / "home"


@pytest.fixture(scope="module")
def results(place, home):
    """All visits, made by one run in the namespace: {host: what the browser saw}."""
    hosts = ["webmail.example.org", "webmail.example.net", "webmail.example.com",
             "webmail.example.edu", "webmail.self.example"]
    pictures = pathlib.Path(os.environ.get("CERTBIND_SCREENSHOTS", place / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    plan = {"command": support.wrapper() + [support.program("webmail"), "--config",
                                            str(place / "certbind.conf"), "--users",
                                            str(place / "users"), "--spool",
                                            str(place / "spool"), "--listen", "127.0.0.1:8443"],
            "hosts": hosts,
            "bind": ["webmail.bound.example",
                     [support.program("certbind"), "bind", "-c", str(place / "certbind.conf"),
                      "bound.example", "webmail", "bound"]],
            "pictures": str(pictures), "log": str(place / "log")}
    done = support.run(["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
                        sys.executable, DRIVER, json.dumps(plan)],
                       timeout=300, env={"HOME": str(home)})
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("host,certificate", [("webmail.example.org", "wildcard"),
                                              ("webmail.example.net", "san")])
def test_covered_domain_is_used_without_a_warning(results, host, certificate):
    seen = results[host]
    domain = host[len("webmail."):]
    assert seen["warning"] is None
    assert seen["title"] == "Log in – Webmail"
    assert seen["user"] == "user@" + domain
    assert seen["subjects"] == [
        "Hello %s <script>document.title = 1</script>" % domain]
    assert seen["text"] == "The text for %s. <script>document.title = 1</script>" % domain
    assert seen["message_title"].startswith("Hello " + domain)
    assert seen["connection"]["Host"] == host
    assert seen["connection"]["Certificate"] == certificate
    assert seen["connection"]["Chosen by"].startswith("exact: ")
    assert seen["after_logout"] == "Log in – Webmail"
    assert seen["complaints"] == []


@pytest.mark.parametrize("host,warning", [("webmail.self.example", AUTHORITY),
                                          ("webmail.example.com", NAME),
                                          ("webmail.example.edu", DATE)])
def test_domain_without_cover_shows_the_warning_page(results, host, warning):
    assert results[host] == {"warning": warning}


def test_a_bind_takes_the_warning_away(results):
    """The daemon runs on and is told nothing; two seconds later at most it serves what was bound."""
    seen = results["bind"]
    assert (seen["before"], seen["after"]) == (AUTHORITY, None)
    assert seen["title"] == "Log in – Webmail"
    assert seen["last"] is None or seen["last"] < 2
