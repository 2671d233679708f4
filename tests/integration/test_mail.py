# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example mail daemon, seen by clients that nobody here wrote: openssl, gnutls-cli, swaks, curl,
Python's smtplib and imaplib; and by raw sockets where a client has to misbehave."""

import base64
import contextlib
import imaplib
import os
import signal
import smtplib
import socket
import ssl

import pytest
import support

PROTOCOLS = ["smtp", "submissions", "imap", "imaps"]
ALICE, BOB = "alice@example.org", "bob@example.net"
PASSWORDS = {ALICE: "secret", BOB: "pa\"ss \\word"}

# A server name (None: none sent), the certificate that answers, the rule in the log.
SELECTIONS = [
    ("mail.example.org", "wild", "exact"),
    ("mx1.example.net", "exact", "exact"),
    ("other.example.org", "wild", "wildcard"),
    ("MAIL.Example.ORG", "wild", "exact"),
    ("mail.provider.example", "panel", "default"),
    ("nobody.example.com", "panel", "default"),
    ("a.b.example.org", "panel", "default"),
    (None, "panel", "default"),
]

MESSAGE = ("From: Carol <carol@example.com>\r\nTo: alice@example.org\r\nSubject: Hello\r\n"
           " folded\r\nX-Other: 1\r\n\r\n.dot\r\n..two\r\nthe end\r\n")


@pytest.fixture(scope="module")
def issued(pki):
    return {"wild": pki.issue("mail-wild", ["*.example.org"]),
            "exact": pki.issue("mail-exact", ["mx1.example.net"]),
            "panel": pki.issue("mail-panel", ["mail.provider.example"])}


@pytest.fixture
def config(pki, issued, make_config):
    entries = ", ".join(support.certificate_entry(name, pair) for name, pair in issued.items())
    return make_config("""
trust_file = "%s";
services = ( { name = "mail"; default = "panel";
    shared_hosts = [ "mail.provider.example" ]; } );
certificates = ( %s );
domains = ( { name = "example.org"; mail = "wild"; },
    { name = "example.net"; mail = "exact"; mail_hosts = [ "mx1.example.net" ]; },
    { name = "silent.example"; mail = "none"; } );
""" % (pki.ca, entries))


@pytest.fixture
def options(tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    users = support.write_users(tmp_path / "users", dict(
        PASSWORDS, **{"carol@silent.example": "x", "dave@elsewhere.example": "x"}))
    return {"users": users, "spool": spool}


@pytest.fixture
def server(mail, config, options):
    daemon = mail(config, **options)
    daemon.spool = options["spool"]
    return daemon


def client_context(pki):
    return ssl.create_default_context(cafile=str(pki.ca))


class Raw:
    """A plain socket that reads lines."""

    def __init__(self, endpoint, context=None, name=None):
        self.socket = socket.create_connection(endpoint, timeout=support.CLIENT_TIMEOUT)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def line(self):
        return self.file.readline().decode()

    def reply(self):
        """One SMTP reply, all its lines."""
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "".join(lines)

    def ask(self, command):
        self.send(command + "\r\n")
        return self.reply()

    def tagged(self, command, tag="a"):
        """All lines of an IMAP answer."""
        self.send("%s %s\r\n" % (tag, command))
        lines = [self.line()]
        while lines[-1] and not lines[-1].startswith(tag + " "):
            lines.append(self.line())
        return "".join(lines)

    def rest(self):
        return self.file.read().decode()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.file.close()
        self.socket.close()


def messages(server, address):
    """The files of a user's Maildir, oldest first."""
    user, domain = address.split("@")
    home = server.spool / domain / user
    found = [path for folder in ("new", "cur") for path in (home / folder).glob("*")]
    assert not list((home / "tmp").glob("*"))
    return [path.read_bytes() for path in sorted(found, key=lambda path: path.name)]


def deliver(server, address=ALICE, message=MESSAGE):
    with smtplib.SMTP(*server.endpoints["smtp"], local_hostname="client.example") as client:
        client.sendmail("carol@example.com", [address], message)


@contextlib.contextmanager
def imap(server, pki, address=ALICE):
    name = "mail.example.org"

    class Client(imaplib.IMAP4_SSL):
        def _create_socket(self, timeout):
            sock = socket.create_connection((self.host, self.port), timeout)
            return self.ssl_context.wrap_socket(sock, server_hostname=name)

    client = Client(*server.endpoints["imaps"], ssl_context=client_context(pki),
                    timeout=support.CLIENT_TIMEOUT)
    client.login(address, PASSWORDS[address])
    yield client
    client.logout()


# Which name gets which certificate.

@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_certificates(server, issued, protocol, version):
    for name, certificate, rule in SELECTIONS:
        output = support.s_client(server.endpoints[protocol], protocol=protocol, servername=name,
                                  version=version).stdout
        assert support.served_fingerprint(output) == \
            support.fingerprint(issued[certificate].certificate), (name, output)
        server.wait_for_log("host=%s " % (name.lower() if name else "-"))
    for name, certificate, rule in SELECTIONS:
        line = next(line for line in server.log().splitlines()
                    if "host=%s " % (name.lower() if name else "-") in line)
        assert line.startswith(protocol + " 127.0.0.1:")
        assert "certificate=%s rule=%s" % (certificate, rule) in line
    assert "domain=example.org certificate=wild rule=exact" in server.log()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_gnutls_client_verifies(server, pki, protocol):
    address, port = server.endpoints[protocol]
    command = ["gnutls-cli", "--x509cafile", pki.ca, "--sni-hostname", "mail.example.org",
               "--verify-hostname", "mail.example.org", "-p", str(port), address]
    if protocol in support.STARTTLS:
        command.insert(1, "--starttls-proto=" + protocol)
    done = support.run(command, text="")
    assert "The certificate is trusted" in done.stdout, done.stdout


def test_unknown_names_are_refused_with_an_alert(mail, config, options):
    config.write_text(config.read_text().replace("default = \"panel\";",
                                                 "default = \"panel\"; unknown_sni = \"reject\";"))
    server = mail(config, **options)
    for protocol in PROTOCOLS:
        output = support.s_client(server.endpoints[protocol], protocol=protocol,
                                  servername="nobody.example.com").stdout
        assert "unrecognized name" in output, output
        server.wait_for_log("%s 127.0.0.1" % protocol)
    server.wait_for_log("rule=reject")
    assert "handshake failed: " in server.log()


@pytest.mark.parametrize("protocol, word", [("smtp", "smtp"), ("submissions", "smtp"),
                                            ("imap", "imap"), ("imaps", "imap")])
def test_alpn(server, protocol, word):
    good = support.s_client(server.endpoints[protocol], protocol=protocol,
                            options=["-alpn", "http/1.1," + word]).stdout
    assert "ALPN protocol: " + word in good
    bad = support.s_client(server.endpoints[protocol], protocol=protocol,
                           options=["-alpn", "http/1.1"]).stdout
    assert "no application protocol" in bad
    server.wait_for_log("handshake failed")


def test_garbage_instead_of_a_handshake(server):
    with Raw(server.endpoints["imaps"]) as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        client.file.read()
    server.wait_for_log("imaps 127.0.0.1")
    assert "handshake failed" in server.log()


# SMTP.

def test_swaks_delivers_with_starttls(server):
    address, port = server.endpoints["smtp"]
    done = support.run(["swaks", "--server", address, "--port", str(port), "--tls", "--tls-sni",
                        "mail.example.org", "--from", "carol@example.com", "--to",
                        "alice@EXAMPLE.org", "--helo", "client.example", "--body", "swaks body"])
    assert done.returncode == 0, done.stdout
    (text,) = messages(server, ALICE)
    lines = text.decode().splitlines()
    assert lines[0] == "Return-Path: <carol@example.com>"
    assert lines[1] == "Delivered-To: alice@example.org"
    assert lines[2] == "Received: from client.example ([127.0.0.1])"
    assert " with ESMTPS" in lines[3]
    assert "TLS1.3" in lines[4] and "certificate=wild" in lines[4]
    assert "swaks body" in lines


def test_swaks_submits(server):
    address, port = server.endpoints["submissions"]
    command = ["swaks", "--server", address, "--port", str(port), "--tls-on-connect",
               "--from", ALICE, "--auth", "PLAIN", "--auth-user", ALICE]
    good = support.run(command + ["--auth-password", PASSWORDS[ALICE], "--to", BOB])
    assert good.returncode == 0, good.stdout
    assert b"with ESMTPSA" in messages(server, BOB)[0]
    wrong = support.run(command + ["--auth-password", "wrong", "--to", BOB])
    assert "535 5.7.8" in wrong.stdout
    away = support.run(command + ["--auth-password", PASSWORDS[ALICE], "--to", "x@example.com"])
    assert "550 5.7.1" in away.stdout
    assert len(messages(server, BOB)) == 1


def test_curl_sends(server, tmp_path, pki):
    path = tmp_path / "message"
    path.write_bytes(MESSAGE.encode())
    for protocol, scheme, extra in [("smtp", "smtp", []),
                                    ("submissions", "smtps", ["-u", BOB + ":" + PASSWORDS[BOB]])]:
        port = server.port(protocol)
        done = support.run(["curl", "-sS", "--ssl-reqd", "--cacert", pki.ca, "--connect-to",
                            "mail.example.org::127.0.0.1:", "--mail-from", BOB, "--mail-rcpt",
                            ALICE, "-T", path, "%s://mail.example.org:%d" % (scheme, port)]
                           + extra)
        assert done.returncode == 0, done.stdout
    assert all(text.endswith(b"\n\n.dot\n..two\nthe end\n") for text in messages(server, ALICE))
    assert len(messages(server, ALICE)) == 2


def test_smtplib(server, pki):
    with smtplib.SMTP(*server.endpoints["smtp"], local_hostname="client.example") as client:
        client.ehlo()
        assert {"pipelining", "size", "8bitmime", "enhancedstatuscodes",
                "starttls"} == set(client.esmtp_features)
        context = client_context(pki)
        client._host = "mail.example.org"
        client.starttls(context=context)
        client.ehlo()
        assert "starttls" not in client.esmtp_features
        assert client.verify(ALICE)[0] == 252
        refused = client.sendmail("carol@example.com", [ALICE, BOB, "nobody@example.org"], MESSAGE)
        assert list(refused) == ["nobody@example.org"]
        assert refused["nobody@example.org"][0] == 550
    assert len(messages(server, ALICE)) == len(messages(server, BOB)) == 1


@pytest.mark.parametrize("recipient, status", [
    ("<x@example.com>", "550 5.7.1"),
    ("<dave@elsewhere.example>", "550 5.7.1"),  # a user whose domain certbind does not know
    ("<carol@silent.example>", "550 5.7.1"),    # a domain whose mail is "none"
    ("<nobody@example.org>", "550 5.1.1"),
    ("<../../etc@example.org>", "550 5.1.1"),
    ("<alice/../bob@example.org>", "550 5.1.1"),
    ("<alice@../example.org>", "550 5.7.1"),
    ("<alice@example.org@example.com>", "550 5.7.1"),
    ("<\"alice@example.org\"@example.com>", "550 5.7.1"),
    ("<alice%example.org@example.com>", "550 5.7.1"),
    ("<postmaster>", "550 5.7.1"),
    ("<>", "501 5.5.4"),
    ("alice@example.org", "501 5.5.4"),
    ("<alice@example.org> X=1", "555 5.5.4"),
    ("<alice@EXAMPLE.ORG>", "250 2.1.5"),
    ("<@relay.example:alice@example.org>", "250 2.1.5"),
])
def test_recipients(server, recipient, status):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.ask("EHLO client.example")
        client.ask("MAIL FROM:<carol@example.com>")
        assert client.ask("RCPT TO:" + recipient).startswith(status)


@pytest.mark.parametrize("commands, status", [
    (["MAIL FROM:<a@b>"], "503"),
    (["EHLO"], "501"),
    (["EHLO a b"], "501"),
    (["EHLO a\tb"], "501"),
    (["EHLO c", "RCPT TO:<alice@example.org>"], "503"),
    (["EHLO c", "DATA"], "503"),
    (["EHLO c", "MAIL FROM:<a@b>", "DATA"], "554"),
    (["EHLO c", "MAIL FROM:<a@b>", "MAIL FROM:<a@b>"], "503"),
    (["EHLO c", "MAIL FROM:<a@b>", "RSET", "RCPT TO:<alice@example.org>"], "503"),
    (["EHLO c", "MAIL FROM:a@b"], "501"),
    (["EHLO c", "MAIL FROM:<a\x01@b>"], "501"),
    (["EHLO c", "MAIL FROM:<> SIZE=99999999999999999999"], "552"),
    (["EHLO c", "MAIL FROM:<> SIZE=-1"], "501"),
    (["EHLO c", "MAIL FROM:<> SIZE=100 BODY=8BITMIME"], "250"),
    (["EHLO c", "MAIL FROM:<> SMTPUTF8"], "555"),
    (["HELO c", "MAIL FROM:<> SIZE=100"], "555"),
    (["EHLO c", "AUTH PLAIN AGEAYg=="], "502"),
    (["STARTTLS now"], "501"),
    (["NOOP"], "250"),
    (["XYZ"], "500"),
    (["NOOP \r NOOP"], "500"),
    (["NOOP \0"], "500"),
])
def test_smtp_commands(server, commands, status):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        for command in commands[:-1]:
            assert client.ask(command).startswith("250")
        assert client.ask(commands[-1]).startswith(status)


def test_pipelining(server):
    with Raw(server.endpoints["smtp"]) as client:
        client.send("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<%s>\r\nDATA\r\n" % ALICE)
        replies = [client.reply()[:3] for _ in range(5)]
        assert replies == ["220", "250", "250", "250", "354"]
        client.send("x: y\r\n\r\nz\r\n.\r\nQUIT\r\n")
        assert [client.reply()[:3] for _ in range(2)] == ["250", "221"]
        assert client.rest() == ""


def test_lines_are_bounded(server):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.send("NOOP " + "x" * 100000 + "\r\n")
        assert client.reply().startswith("500 5.5.6")
        assert client.ask("NOOP").startswith("250")
        client.ask("EHLO c")
        client.ask("MAIL FROM:<>")
        client.ask("RCPT TO:<%s>" % ALICE)
        client.ask("DATA")
        assert client.ask("x" * 998 + "\r\n.").startswith("250")
        client.ask("MAIL FROM:<>")
        client.ask("RCPT TO:<%s>" % ALICE)
        client.ask("DATA")
        assert client.ask("x" * 999 + "\r\n.").startswith("500")
    assert len(messages(server, ALICE)) == 1


@pytest.mark.parametrize("end", ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n",
                                 "\r\n\0.\r\n"])
def test_smuggling(server, end):
    """Only CRLF.CRLF ends a message; one with CR or LF alone is refused whole."""
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.ask("EHLO c")
        client.ask("MAIL FROM:<>")
        client.ask("RCPT TO:<%s>" % ALICE)
        client.ask("DATA")
        client.send("a: b\r\n\r\nx" + end + "MAIL FROM:<evil@example.com>\r\nRCPT TO:<" + BOB
                    + ">\r\nDATA\r\nsmuggled\r\n.\r\nNOOP\r\n")
        assert client.reply().startswith("554 5.6.0")
        assert client.reply().startswith("250 2.0.0 fine")
    assert not list(server.spool.rglob("new/*"))
    assert not list(server.spool.glob(".*"))


def test_messages_are_bounded(server):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.ask("EHLO c")
        for size, status in [(10 << 20, "250"), ((10 << 20) + 2, "552")]:
            client.ask("MAIL FROM:<>")
            client.ask("RCPT TO:<%s>" % ALICE)
            client.ask("DATA")
            client.send(("x" * 62 + "\r\n") * (size // 64) + "x\r\n" * 0)
            client.send("\r\n" * ((size % 64) // 2) + ".\r\n")
            assert client.reply().startswith(status)
        assert client.ask("NOOP").startswith("250")
    assert len(messages(server, ALICE)) == 1


def test_errors_are_counted(server):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.send("XYZ\r\n" * 30)
        text = client.rest()
    assert text.count("500 ") == 10
    assert text.endswith("421 4.7.0 too many errors\r\n")


def test_recipients_are_bounded(mail, config, options):
    line = options["users"].read_text().split(":", 1)[1].splitlines()[0]
    with open(options["users"], "a") as file:
        file.writelines("user%d@example.org:%s\n" % (i, line) for i in range(101))
    server = mail(config, **options)
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.ask("EHLO c")
        client.ask("MAIL FROM:<>")
        replies = [client.ask("RCPT TO:<user%d@example.org>" % i) for i in range(101)]
        assert [reply[:3] for reply in replies] == ["250"] * 100 + ["452"]
        client.ask("DATA")
        assert client.ask("to all\r\n.").startswith("250")
    assert len(list(options["spool"].rglob("new/*"))) == 100


# STARTTLS and logging in.

@pytest.mark.parametrize("protocol, hello, inject", [
    ("smtp", "EHLO c\r\n", "STARTTLS\r\nRSET\r\n"),
    ("smtp", "EHLO c\r\n", "STARTTLS\r\nEH"),
    ("imap", "", "a STARTTLS\r\na NOOP\r\n"),
    ("imap", "", "a starttls\r\nx"),
])
def test_nothing_may_follow_starttls(server, protocol, hello, inject):
    with Raw(server.endpoints[protocol]) as client:
        client.line()
        if hello:
            client.ask(hello.strip())
        client.send(inject)
        text = client.rest()
    assert text.startswith("554 5.5.1" if protocol == "smtp" else "* BYE"), text
    assert text.count("\r\n") == 1


def test_plain_text_behind_starttls_never_counts(server, pki):
    """Also when it comes so late that it can't be seen together with the command."""
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.ask("EHLO c")
        assert client.ask("STARTTLS").startswith("220")
        client.send("MAIL FROM:<>\r\nRCPT TO:<%s>\r\n" % ALICE)
        assert b"250" not in client.file.read()
    server.wait_for_log("handshake failed")


def test_starttls_forgets(server, pki):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        client.ask("EHLO c")
        client.ask("MAIL FROM:<>")
        assert client.ask("STARTTLS").startswith("220")
        client.socket = client_context(pki).wrap_socket(
            client.socket, server_hostname="mail.example.org")
        client.file = client.socket.makefile("rb")
        assert client.ask("RCPT TO:<%s>" % ALICE).startswith("503")
        assert client.ask("MAIL FROM:<>").startswith("503")
        assert client.ask("STARTTLS").startswith("503")


def test_no_login_in_plain_text(server):
    with Raw(server.endpoints["smtp"]) as client:
        client.reply()
        assert "AUTH" not in client.ask("EHLO c")
        assert client.ask("AUTH PLAIN " + base64.b64encode(
            b"\0alice@example.org\0secret").decode()).startswith("502")
    with Raw(server.endpoints["imap"]) as client:
        client.line()
        answer = client.tagged("CAPABILITY")
        assert "LOGINDISABLED" in answer and "STARTTLS" in answer and "AUTH=" not in answer
        assert "a NO [PRIVACYREQUIRED]" in client.tagged("LOGIN alice@example.org secret")
        assert "a NO [PRIVACYREQUIRED]" in client.tagged("AUTHENTICATE PLAIN")
        assert "a BAD" in client.tagged("SELECT INBOX")


def plain(*parts):
    return base64.b64encode("\0".join(parts).encode()).decode()


@pytest.mark.parametrize("answer, status", [
    (plain("", ALICE, "secret"), "235"),
    (plain(ALICE, ALICE, "secret"), "235"),
    (plain("", "alice@EXAMPLE.org", "secret"), "235"),
    (plain(BOB, ALICE, "secret"), "535"),
    (plain("", ALICE, "secreT"), "535"),
    (plain("", ALICE, "secret", ""), "535"),
    (plain("", ALICE, ""), "535"),
    (plain("", "nobody@example.org", "secret"), "535"),
    (plain("", ALICE), "535"),
    (plain(""), "535"),
    ("====", "535"),
    ("=", "535"),
    ("*", "501"),
    (plain("", ALICE, "x" * 600), "535"),
    ("A" * 3000, "500"),
])
def test_auth_plain(server, pki, answer, status):
    with Raw(server.endpoints["submissions"], client_context(pki), "mail.example.org") as client:
        client.reply()
        assert "250-AUTH PLAIN\r\n" in client.ask("EHLO c")
        assert client.ask("MAIL FROM:<%s>" % ALICE).startswith("530")
        assert client.ask("AUTH LOGIN").startswith("504")
        assert client.ask("AUTH PLAIN") == "334 \r\n"
        assert client.ask(answer).startswith(status)
        wanted = "250" if status == "235" else "530"
        assert client.ask("MAIL FROM:<%s>" % ALICE).startswith(wanted)


def test_three_tries(server, pki):
    context = client_context(pki)
    with Raw(server.endpoints["submissions"], context, "mail.example.org") as client:
        client.reply()
        client.ask("EHLO c")
        for _ in range(3):
            assert client.ask("AUTH PLAIN " + plain("", ALICE, "x")).startswith("535")
        assert client.rest().startswith("421")
    with Raw(server.endpoints["imaps"], context, "mail.example.org") as client:
        client.line()
        for _ in range(3):
            assert "a NO [AUTHENTICATIONFAILED]" in client.tagged("LOGIN %s x" % ALICE)
        assert client.rest().startswith("* BYE")


def test_without_users_and_spool(mail, config, pki):
    server = mail(config)
    with Raw(server.endpoints["smtp"]) as client:
        assert client.reply().startswith("220")
        client.ask("EHLO c")
        client.ask("MAIL FROM:<>")
        assert client.ask("RCPT TO:<%s>" % ALICE).startswith("550")
    context = client_context(pki)
    with Raw(server.endpoints["submissions"], context, "mail.example.org") as client:
        client.reply()
        client.ask("EHLO c")
        assert client.ask("AUTH PLAIN " + plain("", ALICE, "secret")).startswith("535")
    with Raw(server.endpoints["imaps"], context, "mail.example.org") as client:
        assert client.line().startswith("* OK")
        assert "a NO" in client.tagged("LOGIN %s secret" % ALICE)


# IMAP.

def test_imaplib(server, pki):
    deliver(server)
    deliver(server, message="Subject: two\r\n\r\nsecond\r\n")
    with imap(server, pki) as client:
        assert client.list() == ("OK", [b"() \"/\" INBOX"])
        assert client.status("INBOX", "(MESSAGES UNSEEN UIDNEXT)") == (
            "OK", [b"INBOX (MESSAGES 2 UNSEEN 2 UIDNEXT 3)"])
        assert client.select("INBOX", readonly=True) == ("OK", [b"2"])
        assert client.fetch("1", "(BODY[TEXT])")[1][0][1] == b".dot\r\n..two\r\nthe end\r\n"
        assert client.select() == ("OK", [b"2"])
        assert client.search(None, "UNSEEN") == ("OK", [b"1 2"])
        (prefix, text), end = client.fetch("1", "(RFC822)")[1]
        assert text.endswith(MESSAGE.encode())
        assert text.startswith(b"Return-Path: <carol@example.com>\r\nDelivered-To: alice@")
        assert b"FLAGS (\\Seen)" in prefix
        assert client.search(None, "UNSEEN") == ("OK", [b"2"])
        assert client.uid("SEARCH", None, "ALL") == ("OK", [b"1 2"])
        size = client.fetch("1", "RFC822.SIZE")[1][0]
        assert size == b"1 (RFC822.SIZE %d)" % len(text)
        header = client.uid("FETCH", "1", "(BODY.PEEK[HEADER.FIELDS (Subject FROM)])")[1][0]
        assert header[0].startswith(b"1 (BODY[HEADER.FIELDS (Subject FROM)] {")
        assert header[1] == (b"From: Carol <carol@example.com>\r\nSubject: Hello\r\n folded\r\n\r\n")
        rest = client.fetch("1", "BODY.PEEK[HEADER.FIELDS.NOT (Received Subject)]")[1][0][1]
        assert b"Subject" not in rest and b"folded" not in rest and b"X-Other: 1\r\n\r\n" in rest
        assert client.fetch("1", "BODY.PEEK[TEXT]<1.3>")[1][0] == (b"1 (BODY[TEXT]<1> {3}", b"dot")
        assert b"INTERNALDATE \"" in client.fetch("1:*", "FAST")[1][1]
        client.store("2", "+FLAGS", "(\\Deleted)")
        assert client.expunge() == ("OK", [b"2"])
        assert client.noop()[0] == "OK"
        with pytest.raises(imaplib.IMAP4.error):
            client.fetch("1", "ENVELOPE")
        client.close()
    (text,) = messages(server, ALICE)
    assert text.endswith(MESSAGE.replace("\r\n", "\n").encode())


def test_imaplib_starttls(server, pki):
    with imaplib.IMAP4(*server.endpoints["imap"], timeout=support.CLIENT_TIMEOUT) as client:
        client.host = "mail.example.org"
        client.starttls(client_context(pki))
        assert "STARTTLS" not in client.capabilities
        client.authenticate("PLAIN", lambda _: ("\0%s\0%s" % (BOB, PASSWORDS[BOB])).encode())
        assert client.select() == ("OK", [b"0"])
        with pytest.raises(imaplib.IMAP4.error):
            client.select("Sent") == ("NO", [b""]) or client.fetch("1", "FLAGS")


def test_curl_reads(server, pki):
    deliver(server)
    base = ["curl", "-sS", "--ssl-reqd", "--cacert", pki.ca, "--connect-to",
            "mail.example.org::127.0.0.1:", "-u", ALICE + ":secret"]
    for scheme in ("imap", "imaps"):
        url = "%s://mail.example.org:%d" % (scheme, server.port(scheme))
        assert support.run(base + [url], check=True).stdout.strip() == "* LIST () \"/\" INBOX"
        for path in ("/INBOX;UID=1", "/INBOX;MAILINDEX=1"):
            assert "the end" in support.run(base + [url + path], check=True).stdout
        assert support.run(base + [url + "/INBOX?ALL"], check=True).stdout.strip() == "* SEARCH 1"
        assert support.run(base + [url + "/INBOX", "--login-options", "AUTH=PLAIN"],
                           check=True).returncode == 0


def test_imap_literals(server, pki):
    with Raw(server.endpoints["imaps"], client_context(pki), "mail.example.org") as client:
        client.line()
        client.send("a LOGIN {%d}\r\n" % len(BOB))
        assert client.line().startswith("+ ")
        client.send(BOB + " {%d}\r\n" % len(PASSWORDS[BOB]))
        assert client.line().startswith("+ ")
        client.send(PASSWORDS[BOB] + "\r\n")
        assert client.line().startswith("a OK")
        client.send("a LOGIN {99999}\r\n")
        assert client.line().startswith("* BYE")
        assert client.rest() == ""


@pytest.mark.parametrize("command, status", [
    ("NOOP", "OK"), ("LIST \"\" \"\"", "OK"), ("LIST \"\" %", "OK"), ("LSUB \"\" inb*", "OK"),
    ("STATUS INBOX (MESSAGES X)", "BAD"), ("STATUS INBOX ()", "BAD"), ("SELECT Sent", "NO"),
    ("CREATE x", "NO"), ("FETCH 1 FLAGS", "BAD"), ("XYZ", "BAD"), ("SELECT", "BAD"),
])
def test_imap_commands(server, pki, command, status):
    with Raw(server.endpoints["imaps"], client_context(pki), "mail.example.org") as client:
        client.line()
        client.tagged("LOGIN %s secret" % ALICE)
        assert "\r\na %s" % status in "\r\n" + client.tagged(command)


@pytest.mark.parametrize("command, status", [
    ("FETCH 1:* FLAGS", "OK"), ("FETCH 0 FLAGS", "BAD"), ("FETCH 1, FLAGS", "BAD"),
    ("FETCH 1:2:3 FLAGS", "BAD"), ("FETCH 99 FLAGS", "OK"), ("FETCH 1 (FLAGS", "BAD"),
    ("FETCH 1 BODY", "BAD"), ("FETCH 1 BODY[1]", "BAD"), ("FETCH 1 BODY[HEADER.FIELDS ()]", "BAD"),
    ("FETCH 1 (" + "UID " * 17 + "UID)", "BAD"), ("UID FETCH 5:* (FLAGS)", "OK"),
    ("STORE 1 FLAGS \\Seen", "OK"), ("STORE 1 -FLAGS.SILENT (\\Seen kw)", "OK"),
    ("STORE 1 LABELS x", "BAD"), ("SEARCH TEXT x", "BAD"), ("SEARCH 1 UID 1 UNSEEN", "OK"),
    ("UID NOOP", "BAD"), ("CHECK", "OK"), ("CLOSE", "OK"), ("EXPUNGE", "OK"),
])
def test_imap_message_commands(server, pki, command, status):
    deliver(server)
    with Raw(server.endpoints["imaps"], client_context(pki), "mail.example.org") as client:
        client.line()
        client.tagged("LOGIN %s secret" % ALICE)
        client.tagged("SELECT inbox")
        assert "\r\na %s" % status in "\r\n" + client.tagged(command)


def test_another_session_sees_new_mail_and_losses(server, pki):
    deliver(server)
    with imap(server, pki) as one, imap(server, pki) as two:
        one.select()
        two.select()
        one.store("1", "+FLAGS", "\\Flagged")
        assert b"the end" in two.fetch("1", "BODY.PEEK[TEXT]")[1][0][1]
        assert two.fetch("1", "FLAGS")[1] == [b"1 (FLAGS (\\Flagged))"]
        two.store("1", "+FLAGS", "\\Answered")
        one.store("1", "+FLAGS", "\\Draft")
        assert one.fetch("1", "FLAGS")[1] == [b"1 (FLAGS (\\Answered \\Flagged \\Draft))"]
        deliver(server)
        one.store("1", "-FLAGS", "\\Draft")
        assert two.fetch("1:*", "BODY.PEEK[TEXT]")[1][0][0].startswith(b"1 (")  # looks again
        assert two.search(None, "ALL")[1] == [b"1"]
        two.noop()
        assert two.response("EXISTS")[1][-1] == b"2"
        one.store("1", "+FLAGS", "\\Deleted")
        one.expunge()
        two.noop()
        assert two.response("EXPUNGE")[1] == [b"1"]
        assert two.uid("SEARCH", None, "ALL")[1] == [b"2"]


def test_big_messages_wait_for_a_slow_reader(server, pki):
    body = ("x" * 76 + "\r\n") * 60000
    deliver(server, message="Subject: big\r\n\r\n" + body)
    with Raw(server.endpoints["imaps"], client_context(pki), "mail.example.org") as client:
        client.line()
        client.tagged("LOGIN %s secret" % ALICE)
        client.tagged("SELECT INBOX")
        client.send("b FETCH 1 BODY[TEXT]\r\nc FETCH 1 BODY[TEXT]\r\nd NOOP\r\n")
        deliver(server)  # others are served meanwhile
        for tag in "bc":
            assert ("{%d}\r\n" % len(body)) in client.line()
            assert client.file.read(len(body)).decode() == body
            assert client.line() == ")\r\n"
            assert client.line().startswith(tag + " OK")
        assert client.line().startswith("* 2 EXISTS")
        assert client.line().startswith("d OK")


# The process.

def test_many_clients_at_once(server, pki):
    context = client_context(pki)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Raw(server.endpoints["imaps"], context, "mail.example.org"))
                   for _ in range(50)]
        idle = [stack.enter_context(Raw(server.endpoints["imaps"])) for _ in range(50)]
        assert all(client.line().startswith("* OK") for client in clients)
        assert len(idle) == 50
        server.stop()
        assert all("* BYE the server ends" in client.rest() for client in clients)


def test_signals(server):
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("SIGHUP")
    with Raw(server.endpoints["smtp"]) as client:
        assert client.reply().startswith("220")
    server.process.send_signal(signal.SIGINT)
    server.process.wait(support.STOP_TIMEOUT)
    server.stop()


@pytest.mark.parametrize("arguments, status, text", [
    (["--help"], 0, "usage: mail"), (["--version"], 0, "certbind"), ([], 2, "usage: mail"),
    (["--wrong"], 2, "usage: mail"), (["--smtp", "127.0.0.1:0", "more"], 2, "usage: mail"),
    (["--config", "/nowhere", "--smtp", "127.0.0.1:0"], 1, "/nowhere"),
    (["--users", "/nowhere", "--smtp", "127.0.0.1:0"], 1, "/nowhere"),
])
def test_options(arguments, status, text):
    done = support.run(support.wrapper() + [support.program("mail")] + arguments)
    assert done.returncode == status, done.stdout
    assert text in done.stdout


@pytest.mark.parametrize("address", ["127.0.0.1", ":25", "127.0.0.1:", "::1:25", "[::1:25", "x:y"])
def test_addresses(config, address):
    done = support.run([support.program("mail"), "--config", config, "--smtp", address])
    assert done.returncode == 1
    assert "expected ADDRESS:PORT" in done.stdout


@pytest.mark.parametrize("line", ["alice", "a/b@example.org:x", "..@example.org:x", "a@..:x",
                                  ".a@example.org:x", "a@b/c:x", "alice@example.org:",
                                  "alice@example.org:x\nalice@EXAMPLE.org:y"])
def test_users_file_is_checked(config, tmp_path, line):
    (tmp_path / "users").write_text(line + "\n")
    done = support.run([support.program("mail"), "--config", config, "--users", tmp_path / "users",
                        "--smtp", "127.0.0.1:0"])
    assert done.returncode == 1
    assert str(tmp_path / "users") in done.stdout


def test_under_valgrind(config, options, pki, tmp_path, monkeypatch):
    """A whole session of each kind, failures too; nothing is lost, nothing read that was freed."""
    monkeypatch.setenv("CERTBIND_WRAP", "valgrind -q --error-exitcode=99 --leak-check=full "
                       "--errors-for-leak-kinds=definite --show-leak-kinds=definite")
    with support.start_mail(config, tmp_path / "valgrind.log", **options) as server:
        server.spool = options["spool"]
        with smtplib.SMTP(*server.endpoints["smtp"], local_hostname="c.example",
                          timeout=120) as client:
            client._host = "mail.example.org"
            client.starttls(context=client_context(pki))
            client.sendmail("", [ALICE], MESSAGE)
        with Raw(server.endpoints["submissions"], client_context(pki), "mail.example.org") as raw:
            raw.reply()
            raw.ask("EHLO c")
            raw.ask("AUTH PLAIN " + plain("", ALICE, "wrong"))
            raw.ask("AUTH PLAIN " + plain("", ALICE, "secret"))
            raw.ask("MAIL FROM:<>")
            raw.ask("RCPT TO:<%s>" % BOB)
            raw.ask("DATA")  # and leaves
        with imap(server, pki) as client:
            client.select()
            client.fetch("1", "(RFC822)")
            client.uid("FETCH", "1:*", "(FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Subject)])")
            client.search(None, "1 SEEN")
            client.store("1", "+FLAGS", "\\Deleted")
            client.expunge()
        support.s_client(server.endpoints["imap"], protocol="imap",
                         options=["-alpn", "http/1.1"], timeout=120)
        with Raw(server.endpoints["imaps"]) as raw, Raw(server.endpoints["smtp"]) as other:
            raw.send(b"\x16\x03\x01")
            other.reply()
    assert "definitely lost" not in server.log_path.read_text()
