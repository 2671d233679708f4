# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which name gets which certificate, on every protocol, as clients nobody here wrote see it."""

import imaplib
import json
import pathlib
import re
import shutil
import smtplib
import socket
import ssl

import pytest
import support

PROTOCOLS = ["https", "smtp", "submissions", "imap", "imaps"]
VERSIONS = ["tls1_2", "tls1_3"]
USERS = {"anna@exact.example": "secret one", "bert@wild.example": "secret two"}
SELF_SIGNED = "the self-signed certificate"

# What a client asks for (None: no SNI), and the certificate it must get on webmail and on mail.
ROWS = [
    ("webmail.exact.example", "exact", "exact"),
    ("mail.exact.example", "exact", "exact"),
    ("WebMail.EXACT.example", "exact", "exact"),
    ("www.exact.example", "exact", "exact"),
    ("webmail.wild.example", "wild", "wild"),
    ("mail.wild.example", "wild", "wild"),
    ("anything.wild.example", "wild", "wild"),
    ("two.labels.wild.example", SELF_SIGNED, "provider"),
    ("special.wild.example", "special", "special"),
    ("webmail.auto.example", "found", "provider"),
    ("mail.auto.example", SELF_SIGNED, "found-mail"),
    ("webmail.xn--bcher-kva.example", "idn", "idn"),
    ("mail.xn--bcher-kva.example", "idn", "idn"),
    ("mail.provider.example", SELF_SIGNED, "provider"),
    ("webmail.bare.example", SELF_SIGNED, "provider"),
    ("closed.wild.example", "wild", "provider"),
    ("nobody.example", SELF_SIGNED, "provider"),
    (None, SELF_SIGNED, "provider"),
]


@pytest.fixture(scope="module")
def certificates(pki):
    def issue(name, hosts, **options):
        return pki.issue("protocols-" + name, hosts, **options)
    issued = {
        "exact": issue("exact", ["exact.example", "webmail.exact.example", "mail.exact.example",
                                 "www.exact.example"]),
        "wild": issue("wild", ["*.wild.example"]),
        "special": issue("special", ["special.wild.example"]),
        "found": issue("found", ["webmail.auto.example"]),
        "found-mail": issue("found-mail", ["mail.auto.example"], key="rsa"),
        "idn": issue("idn", ["webmail.xn--bcher-kva.example", "mail.xn--bcher-kva.example"]),
        "provider": issue("provider", ["mail.provider.example"]),
    }
    for kind in ["ecdsa", "rsa", "ed25519"]:
        issued["three-" + kind] = issue("three-" + kind, ["*.three.example"], key=kind)
    return issued


CONFIG = """
    trust_file = "%s";
    services = ( { name = "mail"; default = "provider"; shared_hosts = [ "mail.provider.example" ]; } );
    certificates = ( %s );
    domains = (
        { name = "exact.example"; webmail = "exact"; mail = "exact"; },
        { name = "wild.example"; webmail = "wild"; mail = "wild"; },
        { name = "special.example"; webmail = "special"; mail = "special";
          webmail_hosts = [ "special.wild.example" ]; mail_hosts = [ "special.wild.example" ]; },
        { name = "auto.example"; },
        { name = "bücher.example"; },
        { name = "three.example"; webmail = "three"; mail = "three"; },
        { name = "closed.example"; mail = "none"; mail_hosts = [ "closed.wild.example" ]; },
        { name = "bare.example"; }
    );
    """


@pytest.fixture(scope="module")
def place(tmp_path_factory, pki, certificates):
    directory = tmp_path_factory.mktemp("protocols")
    staple = pki.staple(certificates["exact"], directory / "exact.staple")
    entries = [support.certificate_entry(
        name, pair, more="staple = \"%s\";" % staple if name == "exact" else "")
        for name, pair in certificates.items() if not name.startswith("three-")]
    entries.append(support.certificate_entry(
        "three", *[certificates["three-" + kind] for kind in ["ecdsa", "rsa", "ed25519"]]))
    support.write_config(directory, CONFIG % (pki.ca, ",\n".join(entries)))
    support.write_users(directory / "users", USERS)
    for address in USERS:
        user, _, domain = address.partition("@")
        for folder in ["cur", "new", "tmp"]:
            (directory / "spool" / domain / user / folder).mkdir(parents=True)
    return directory


@pytest.fixture(scope="module")
def webmail_daemon(place):
    with support.start_webmail(place / "certbind.conf", place / "webmail.log", place / "users",
                               place / "spool") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def mail_daemon(place):
    with support.start_mail(place / "certbind.conf", place / "mail.log", place / "users",
                            place / "spool") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def endpoint(request):
    """endpoint("imaps"): address and port; starts the daemon that has it."""
    def find(protocol):
        name = "webmail_daemon" if protocol == "https" else "mail_daemon"
        return request.getfixturevalue(name).endpoints[protocol]
    return find


@pytest.fixture
def resolve(monkeypatch):
    """Python's own clients find every name of .example on this machine."""
    real = socket.getaddrinfo

    def lookup(host, *words, **more):
        return real("127.0.0.1" if host.endswith(".example") else host, *words, **more)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def assert_served(output, expected, certificates):
    served = support.served_fingerprint(output)
    assert served, output
    names = {support.fingerprint(pair.certificate): name for name, pair in certificates.items()}
    assert names.get(served, SELF_SIGNED) == expected, output


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name,on_webmail,on_mail", ROWS, ids=[str(row[0]) for row in ROWS])
def test_name_gets_its_certificate(endpoint, certificates, name, on_webmail, on_mail, protocol,
                                   version):
    done = support.s_client(endpoint(protocol), protocol=protocol, servername=name,
                            version=version)
    expected = on_webmail if protocol == "https" else on_mail
    assert_served(done.stdout, expected, certificates)
    if expected == SELF_SIGNED:
        assert "self-signed certificate" in done.stdout


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_explain_says_what_is_served(place, endpoint, certificates, protocol):
    """The command and the handshake agree on every row."""
    service = "webmail" if protocol == "https" else "mail"
    for name, on_webmail, on_mail in ROWS:
        words = [service] + ([name] if name else [])
        done = support.certbind("explain", "-c", place / "certbind.conf", "--json", *words,
                                wrap=False)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)["certificate"] or SELF_SIGNED
        assert said == (on_webmail if service == "webmail" else on_mail), (name, done.stdout)


SIGNATURES = {"ecdsa": "ecdsa_secp256r1_sha256", "rsa": "rsa_pss_rsae_sha256:RSA+SHA256",
              "ed25519": "ed25519"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_client_gets_the_kind_of_key_it_takes(endpoint, certificates, kind, protocol, version):
    service = "webmail" if protocol == "https" else "mail"
    done = support.s_client(endpoint(protocol), protocol=protocol, version=version,
                            servername=service + ".three.example",
                            options=["-sigalgs", SIGNATURES[kind]])
    assert_served(done.stdout, "three-" + kind, certificates)


@pytest.mark.parametrize("protocol", PROTOCOLS[1:])
def test_client_that_takes_no_kind_is_told(endpoint, protocol):
    """Not of webmail: libmicrohttpd sends no alert, and lets nobody else send it."""
    done = support.s_client(endpoint(protocol), protocol=protocol, version="tls1_3",
                            servername="mail.exact.example", options=["-sigalgs", "ed25519"])
    assert re.search(r"alert handshake failure|SSL alert number 40", done.stdout), done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_chain_verifies_with_the_root_alone(endpoint, pki, protocol, version):
    service = "webmail" if protocol == "https" else "mail"
    done = support.s_client(endpoint(protocol), protocol=protocol, version=version, ca=pki.ca,
                            servername=service + ".exact.example",
                            options=["-verify_return_error"])
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_staple_is_served(endpoint, protocol, version):
    service = "webmail" if protocol == "https" else "mail"
    done = support.s_client(endpoint(protocol), protocol=protocol, version=version,
                            servername=service + ".exact.example", options=["-status"])
    assert "OCSP Response Status: successful" in done.stdout, done.stdout
    done = support.s_client(endpoint(protocol), protocol=protocol, version=version,
                            servername=service + ".wild.example", options=["-status"])
    assert "OCSP response: no response sent" in done.stdout, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_foreign_alpn_is_refused(endpoint, protocol, version):
    """One wildcard certificate for webmail and mail: what speaks one must not take the other's."""
    foreign = "imap" if protocol == "https" else "http/1.1"
    done = support.s_client(endpoint(protocol), protocol=protocol, version=version,
                            servername="any.wild.example", options=["-alpn", foreign])
    assert re.search(r"alert no application protocol|SSL alert number 120", done.stdout), done.stdout


@pytest.mark.parametrize("protocol,offer,chosen", [
    ("https", "h2,http/1.1", "http/1.1"), ("imaps", "http/1.1,imap", "imap"),
    ("imap", "imap", "imap")])
def test_alpn_is_agreed_on(endpoint, protocol, offer, chosen):
    done = support.s_client(endpoint(protocol), protocol=protocol,
                            servername="any.wild.example", options=["-alpn", offer])
    assert "ALPN protocol: " + chosen in done.stdout, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_unknown_names_are_rejected_where_configured(make_config, webmail, mail, certificates,
                                                     protocol, version):
    config = make_config("""
        services = ( { name = "webmail"; unknown_sni = "reject"; },
                     { name = "mail"; unknown_sni = "reject"; } );
        certificates = ( %s );
        domains = ( { name = "exact.example"; webmail = "exact"; mail = "exact"; } );
        """ % support.certificate_entry("exact", certificates["exact"]))
    daemon = (webmail if protocol == "https" else mail)(config)
    where = daemon.endpoints[protocol]
    done = support.s_client(where, protocol=protocol, version=version, servername="nobody.example")
    assert re.search(r"alert unrecognized name|SSL alert number 112", done.stdout), done.stdout
    service = "webmail" if protocol == "https" else "mail"
    done = support.s_client(where, protocol=protocol, version=version,
                            servername=service + ".exact.example")
    assert_served(done.stdout, "exact", certificates)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name,good", [("any.wild.example", True), ("nobody.example", False)])
def test_gnutls_cli(endpoint, pki, protocol, name, good):
    address, port = endpoint(protocol)
    command = ["gnutls-cli", "--x509cafile", pki.ca, "--port", port, "--sni-hostname", name,
               "--verify-hostname", name]
    if protocol in support.STARTTLS:
        command += ["--starttls-proto", support.STARTTLS[protocol]]
    done = support.run(command + [address], text="")
    assert ("Handshake was completed" in done.stdout) == good, done.stdout
    assert ("The certificate is trusted" in done.stdout) == good, done.stdout


def curl(pki, port, url, *options):
    return support.run(["curl", "-sS", "--cacert", pki.ca, "--connect-to",
                        "::127.0.0.1:%d" % port, url] + list(options))


def test_curl_https(endpoint, pki):
    port = endpoint("https")[1]
    done = curl(pki, port, "https://webmail.exact.example/")
    assert done.returncode == 0 and "type=\"password\"" in done.stdout, done.stdout
    assert curl(pki, port, "https://webmail.bare.example/").returncode == 60


def test_curl_sends_and_reads_mail(endpoint, pki, tmp_path):
    message = tmp_path / "message"
    message.write_text("From: bert@wild.example\r\nTo: anna@exact.example\r\n"
                       "Subject: by curl\r\n\r\nThis came through curl.\r\n")
    envelope = ["--ssl-reqd", "--mail-from", "bert@wild.example", "--upload-file", message]
    smtp = endpoint("smtp")[1]
    done = curl(pki, smtp, "smtp://mail.exact.example/sender.example", "--mail-rcpt",
                "anna@exact.example", *envelope)
    assert done.returncode == 0, done.stdout
    done = curl(pki, smtp, "smtp://mail.bare.example/sender.example", "--mail-rcpt",
                "anna@exact.example", *envelope)
    assert done.returncode == 60, done.stdout
    done = curl(pki, endpoint("submissions")[1], "smtps://mail.wild.example/client.example",
                "--user", "bert@wild.example:secret two", "--mail-rcpt", "anna@exact.example",
                *envelope)
    assert done.returncode == 0, done.stdout
    user = ["--user", "anna@exact.example:secret one"]
    for protocol, scheme in [("imap", "imap"), ("imaps", "imaps")]:
        done = curl(pki, endpoint(protocol)[1], scheme + "://mail.exact.example/INBOX;MAILINDEX=1",
                    "--ssl-reqd", *user)
        assert done.returncode == 0 and "This came through curl." in done.stdout, done.stdout
        done = curl(pki, endpoint(protocol)[1], scheme + "://mail.bare.example/INBOX", "--ssl-reqd",
                    *user)
        assert done.returncode == 60, done.stdout


def swaks(pki, endpoint, name, *options):
    # Since 2023 it checks the name too: by default the address, for it is told where to connect.
    if "tls-verify-target" in pathlib.Path(shutil.which("swaks")).read_text(errors="replace"):
        options += ("--tls-verify-target", name)
    return support.run(["swaks", "--server", "%s:%d" % endpoint, "--ehlo", "sender.example",
                        "--from", "bert@wild.example", "--to", "anna@exact.example",
                        "--tls-sni", name, "--tls-verify", "--tls-ca-path", pki.ca,
                        "--h-Subject", "by swaks", *options])


def test_swaks(endpoint, pki):
    done = swaks(pki, endpoint("smtp"), "mail.exact.example", "--tls")
    assert done.returncode == 0, done.stdout
    done = swaks(pki, endpoint("submissions"), "mail.wild.example", "--tls-on-connect", "--auth",
                 "PLAIN", "--auth-user", "bert@wild.example", "--auth-password", "secret two")
    assert done.returncode == 0, done.stdout
    done = swaks(pki, endpoint("smtp"), "mail.exact.example", "--auth", "PLAIN", "--auth-user",
                 "bert@wild.example", "--auth-password", "secret two")
    assert done.returncode != 0 and "AUTH" not in done.stdout.split("<- ")[2], done.stdout


def test_python_smtplib(endpoint, pki, resolve):
    context = ssl.create_default_context(cafile=pki.ca)
    body = "Subject: by smtplib\r\n\r\nThis came through smtplib.\r\n"
    port = endpoint("smtp")[1]
    with smtplib.SMTP("mail.exact.example", port, timeout=support.CLIENT_TIMEOUT) as client:
        client.starttls(context=context)
        assert client.sendmail("bert@wild.example", ["anna@exact.example"], body) == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("bert@wild.example", ["someone@elsewhere.example"], body)
    with smtplib.SMTP("mail.bare.example", port, timeout=support.CLIENT_TIMEOUT) as client:
        with pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=context)
        client.close()
    with smtplib.SMTP_SSL("mail.wild.example", endpoint("submissions")[1], context=context,
                          timeout=support.CLIENT_TIMEOUT) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("bert@wild.example", "wrong")
        client.login("bert@wild.example", "secret two")
        assert client.sendmail("bert@wild.example", ["anna@exact.example"], body) == {}


def test_python_imaplib(endpoint, pki, resolve):
    context = ssl.create_default_context(cafile=pki.ca)
    with smtplib.SMTP("mail.exact.example", endpoint("smtp")[1],
                      timeout=support.CLIENT_TIMEOUT) as client:
        client.starttls(context=context)
        client.sendmail("bert@wild.example", ["anna@exact.example"],
                        "Subject: for imaplib\r\n\r\nThis waits for imaplib.\r\n")
    plain = imaplib.IMAP4("mail.exact.example", endpoint("imap")[1], support.CLIENT_TIMEOUT)
    plain.starttls(context)
    secure = imaplib.IMAP4_SSL("mail.exact.example", endpoint("imaps")[1], ssl_context=context,
                               timeout=support.CLIENT_TIMEOUT)
    for client in [plain, secure]:
        client.login("anna@exact.example", "secret one")
        assert client.list()[0] == "OK"
        status, [count] = client.select("INBOX")
        assert status == "OK" and int(count) > 0
        status, data = client.fetch(count.decode(), "(BODY[])")
        assert status == "OK" and b"This waits for imaplib." in data[0][1]
        client.logout()
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL("mail.bare.example", endpoint("imaps")[1], ssl_context=context,
                          timeout=support.CLIENT_TIMEOUT)
