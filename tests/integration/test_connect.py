# SPDX-License-Identifier: LGPL-2.1-or-later
"""check --connect: what live endpoints really serve.

The daemons are certbind's examples, openssl s_server as one that knows nothing of certbind, and
small servers of this file for the dialogues before TLS and for what goes wrong in them.
"""

import contextlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
import support

FINE, BAD, TROUBLE = 0, 1, 2


class World:
    """A configuration of one domain, whose two hosts have one certificate."""

    def __init__(self, directory, pki, name):
        self.directory = directory
        self.name = name
        self.pki = pki
        self.issued = self.issue("right")
        self.chain = directory / "chain.pem"
        self.key = directory / "key.pem"
        self.put(self.issued)
        self.config = support.write_config(directory, """
            trust_file = "%s";
            services = ( { name = "webmail"; default = "c"; }, { name = "mail"; default = "c"; } );
            certificates = ( { name = "c"; chain = "%s"; key = "%s"; } );
            domains = ( { name = "%s"; } );
            """ % (pki.ca, self.chain, self.key, name))

    def issue(self, kind, hosts=None, **more):
        hosts = hosts or ["webmail." + self.name, "mail." + self.name]
        return self.pki.issue("connect-%s-%s" % (self.name, kind), hosts, **more)

    def put(self, issued):
        shutil.copy(issued.chain, self.chain)
        shutil.copy(issued.key, self.key)

    def check(self, *endpoints, more=()):
        """Status and [(service, host, code, advice)] of what is wrong."""
        words = [word for endpoint in endpoints for word in ("--connect", endpoint)]
        done = support.certbind("check", "-c", self.config, "--json", *words, *more)
        assert done.stderr == "", done.stderr
        report = json.loads(done.stdout)
        wrong = [(f["service"], f["host"], f["code"], f["advice"]) for f in report["findings"]
                 if f["severity"] in ("error", "warning")]
        for finding in report["findings"]:
            if finding["code"] in ("served-differs", "served-invalid", "unreachable"):
                assert finding["severity"] == "error" and finding["domain"] == self.name
                assert list(finding) == ["domain", "domain_unicode", "service", "host",
                                         "certificate", "code", "severity", "not_after",
                                         "advice", "file", "line"]
        return done.returncode, wrong


def codes(wrong):
    return sorted((service, code) for service, host, code, advice in wrong)


@pytest.fixture
def world(tmp_path, pki, request):
    label = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[5:45].strip("-")
    return World(tmp_path, pki, label + ".example")


@contextlib.contextmanager
def s_server(issued, port=None, options=()):
    """openssl s_server: a daemon with one certificate for everybody."""
    port = port or support.free_port()
    process = subprocess.Popen(
        ["openssl", "s_server", "-quiet", "-accept", "127.0.0.1:%d" % port, "-cert",
         str(issued.certificate), "-cert_chain", str(issued.chain), "-key", str(issued.key),
         *options], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)
        process.stdin.close()


class Server:
    """A server in a thread: serve(connection) is given each connection, until the end."""

    def __init__(self, serve, family=socket.AF_INET, address="127.0.0.1"):
        self.serve = serve
        self.accepted = 0
        self.socket = socket.socket(family)
        self.socket.bind((address, 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.accepted += 1
            connection.settimeout(20)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            self.serve(connection)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(30)


def dialogue(steps, issued=None):
    """A function for Server: sends and expects lines, then speaks TLS with a certificate."""
    def serve(connection):
        stream = connection.makefile("rwb")
        for side, text in steps:
            if side == "S":
                stream.write(text.encode())
                stream.flush()
            else:
                said = stream.readline().decode()
                assert said == text, said
        if issued is None:
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued.chain, issued.key)
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)
    return serve


def swallow(connection):
    """Says nothing."""
    while connection.recv(4096):
        pass


SMTP = [("S", "220-mx.example\r\n220 ESMTP\r\n"), ("C", "EHLO localhost\r\n"),
        ("S", "250-mx.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n"), ("C", "STARTTLS\r\n")]
IMAP = [("S", "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"), ("C", "a STARTTLS\r\n")]
POP3 = [("S", "+OK ready\r\n"), ("C", "STLS\r\n")]
SIEVE = [("S", '"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "ready"\r\n'), ("C", "STARTTLS\r\n")]
DIALOGUES = {
    "smtp": SMTP + [("S", "220 go on\r\n")],
    "submission": SMTP + [("S", "220 go on\r\n")],
    "imap": IMAP + [("S", "* OK still there\r\na OK go on\r\n")],
    "pop3": POP3 + [("S", "+OK go on\r\n")],
    "sieve": SIEVE + [("S", 'OK "go on"\r\n')],
    "https": [], "submissions": [], "imaps": [], "pop3s": [],
}


def test_the_examples_are_right(world, webmail, mail):
    browser, server = webmail(world.config), mail(world.config)
    endpoints = ["https://127.0.0.1:%d" % browser.port("https")]
    endpoints += ["%s://127.0.0.1:%d" % (protocol, port)
                  for protocol, (_, port) in server.endpoints.items()]
    assert len(endpoints) == 5
    assert world.check(*endpoints) == (FINE, [])


@pytest.mark.parametrize("protocol", sorted(DIALOGUES))
def test_every_protocol(world, protocol):
    service = "webmail" if protocol == "https" else "mail"
    with Server(dialogue(DIALOGUES[protocol], world.issued)) as server:
        assert world.check("%s://127.0.0.1:%d" % (protocol, server.port)) == (FINE, [])
        assert server.accepted == 1
    wrong = world.issue("wrong", hosts=["elsewhere.example"])
    with Server(dialogue(DIALOGUES[protocol], wrong)) as server:
        status, found = world.check("%s://127.0.0.1:%d" % (protocol, server.port))
    assert status == BAD
    assert codes(found) == [(service, "served-differs"), (service, "served-invalid")]


def test_a_renewal_that_the_daemon_has_not_taken(world):
    with s_server(world.issued) as port:
        endpoint = "https://127.0.0.1:%d" % port
        assert world.check(endpoint) == (FINE, [])
        world.put(world.issue("renewed", not_before=0, not_after=99))
        status, found = world.check(endpoint)
    assert status == BAD
    assert codes(found) == [("webmail", "served-differs")]
    advice = found[0][3]
    assert "reload or restart" in advice and endpoint in advice
    assert "That is newer, its files changed last at 20" in advice
    for issued in (world.issued, world.pki.directory / ("connect-%s-renewed.crt" % world.name)):
        path = getattr(issued, "certificate", issued)
        text = support.run(["openssl", "x509", "-in", path, "-noout", "-serial"], check=True)
        assert "serial 0x" + text.stdout.strip().partition("=")[2].lower() in advice, advice


def test_another_certificate(world):
    other = world.issue("other", hosts=["elsewhere.example"])
    with s_server(other) as port:
        status, found = world.check("https://127.0.0.1:%d" % port)
    assert status == BAD
    assert codes(found) == [("webmail", "served-differs"), ("webmail", "served-invalid")]
    advice = {code: advice for _, _, code, advice in found}
    assert '"CN=elsewhere.example" (serial 0x' in advice["served-differs"]
    assert 'certificate "c"' in advice["served-differs"]
    assert "not-covered: " in advice["served-invalid"]


def test_the_file_is_older_than_what_is_served(world):
    with s_server(world.issue("newer", not_before=0)) as port:
        status, found = world.check("https://127.0.0.1:%d" % port)
    assert (status, codes(found)) == (BAD, [("webmail", "served-differs")])
    assert "does not know it yet" not in found[0][3]


@pytest.mark.parametrize("kind,more,code", [
    ("selfsigned", {"issuer": "self"}, "self-signed"),
    ("expired", {"not_before": -9, "not_after": -1}, "expired"),
    ("notyet", {"not_before": 5}, "not-yet-valid"),
])
def test_what_a_strict_client_refuses(world, kind, more, code):
    with s_server(world.issue(kind, **more)) as port:
        status, found = world.check("mail=https://127.0.0.1:%d" % port)
    assert status == BAD
    assert codes(found) == [("mail", "served-differs"), ("mail", "served-invalid")]
    assert code + ": " in found[1][3], found


def test_an_intermediate_that_is_not_served(world):
    with s_server(world.issued._replace(chain=world.issued.certificate)) as port:
        status, found = world.check("imaps://127.0.0.1:%d" % port)
    assert (status, codes(found)) == (BAD, [("mail", "served-invalid")])
    assert "missing-intermediate: " in found[0][3]


def test_the_time_is_that_of_the_check(world):
    later = support.utc(200).strftime("%Y-%m-%dT%H:%M:%SZ")
    with s_server(world.issued) as port:
        status, found = world.check("https://127.0.0.1:%d" % port, more=("--at", later))
    assert status == BAD
    assert ("webmail", "served-invalid") in codes(found)
    assert ("webmail", "served-differs") not in codes(found)


def test_sni_chooses(world):
    """Each host is asked for by its own name."""
    seen = []

    def serve(connection):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.issued.chain, world.issued.key)
        context.sni_callback = lambda tls, name, ctx: seen.append(name)
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)
    with Server(serve) as server:
        place = "https://127.0.0.1:%d" % server.port
        assert world.check(place, "mail=" + place) == (FINE, [])
    assert sorted(seen) == ["mail." + world.name, "webmail." + world.name]


def test_only_the_named_domain_is_asked_for(world):
    text = world.config.read_text().replace(
        "domains = (", 'domains = ( { name = "other.example"; },')
    world.config.write_text(text)
    with Server(dialogue([], world.issued)) as server:
        endpoint = "https://127.0.0.1:%d" % server.port
        assert world.check(endpoint, more=(world.name, world.name.upper())) == (FINE, [])
        assert server.accepted == 1
        done = support.certbind("check", "-c", world.config, "--connect", endpoint)
        assert done.returncode == BAD and server.accepted == 3
        assert "served-invalid" in done.stdout


def test_nothing_listens(world):
    endpoint = "imaps://127.0.0.1:%d" % support.free_port()
    status, found = world.check(endpoint)
    assert (status, codes(found)) == (BAD, [("mail", "unreachable")])
    assert endpoint in found[0][3] and "Connection refused" in found[0][3]


def test_an_address_that_does_not_exist(world):
    status, found = world.check("imaps://nowhere.invalid:993")
    assert (status, codes(found)) == (BAD, [("mail", "unreachable")])
    assert "looking its address up failed" in found[0][3]


@pytest.mark.parametrize("protocol", ["https", "smtp", "imap"])
def test_a_port_that_says_nothing(world, protocol):
    with Server(swallow) as server:
        begun = time.monotonic()
        status, found = world.check("%s://127.0.0.1:%d" % (protocol, server.port),
                                    more=("--timeout", "1"))
        took = time.monotonic() - begun
    assert (status, [code for _, code in codes(found)]) == (BAD, ["unreachable"])
    assert "did not answer in time" in found[0][3]
    assert took < (10 if not support.wrapper() else 60), took


def test_a_silent_endpoint_costs_its_time_once(tmp_path, pki):
    issued = pki.issue("connect-many", ["*.many.example"])
    hosts = ", ".join('"h%d.many.example"' % i for i in range(60))
    config = support.write_config(tmp_path, """
        trust_file = "%s"; certificates = ( %s );
        domains = ( { name = "many.example"; webmail_hosts = [ %s ]; mail = "none"; } );
        """ % (pki.ca, support.certificate_entry("c", issued), hosts))
    with Server(swallow) as server:
        begun = time.monotonic()
        done = support.certbind("check", "-c", config, "--json", "--timeout", "2", "--connect",
                                "https://127.0.0.1:%d" % server.port)
        took = time.monotonic() - begun
        assert server.accepted <= 8
    assert took < (10 if not support.wrapper() else 60), took
    found = [f for f in json.loads(done.stdout)["findings"] if f["code"] == "unreachable"]
    assert len(found) == 60
    with s_server(issued) as port:
        done = support.certbind("check", "-c", config, "--connect", "https://127.0.0.1:%d" % port)
    assert "served-" not in done.stdout and "unreachable" not in done.stdout


NO_STARTTLS = [("S", "220 mx\r\n"), ("C", "EHLO localhost\r\n"), ("S", "250 mx\r\n")]


@pytest.mark.parametrize("protocol,steps,said", [
    ("smtp", NO_STARTTLS, "offers no STARTTLS"),
    ("smtp", SMTP + [("S", "454 not now\r\n")], 'answered "454 not now" to STARTTLS'),
    ("smtp", [("S", "554 go away\r\n")], 'answered "554 go away" to the connection'),
    ("smtp", [("S", "220 x\r\n"), ("C", "EHLO localhost\r\n")], "closed the connection before TLS"),
    ("smtp", SMTP + [("S", "220 go on\r\n250 injected\r\n")], "sent more than its answer"),
    ("smtp", [("S", "220" + "x" * 4000 + "\r\n")], "a line that is too long"),
    ("smtp", [("S", "220-x\r\n" * 300)], "too many lines"),
    ("smtp", [("S", "\033]0;title\007\r\n")], 'answered "?]0;title?"'),
    ("imap", IMAP + [("S", "a BAD what\r\n")], 'answered "a BAD what" to STARTTLS'),
    ("imap", [("S", "* PREAUTH you are in\r\n")], 'answered "* PREAUTH'),
    ("pop3", POP3 + [("S", "-ERR no\r\n")], 'answered "-ERR no" to STLS'),
    ("sieve", SIEVE + [("S", 'NO "no"\r\n')], "to STARTTLS"),
    ("sieve", [("S", 'BYE "no"\r\n')], "to the connection"),
    ("imaps", [("S", "* OK no TLS here\r\n")], "the handshake failed"),
])
def test_no_tls_to_be_had(world, protocol, steps, said):
    with Server(dialogue(steps)) as server:
        status, found = world.check("%s://127.0.0.1:%d" % (protocol, server.port))
    assert (status, codes(found)) == (BAD, [("mail", "unreachable")])
    assert said in found[0][3], found


def test_a_handshake_that_is_refused(world):
    with s_server(world.issued, options=["-servername", "x.example", "-servername_fatal", "-cert2",
                                         str(world.issued.certificate), "-key2",
                                         str(world.issued.key)]) as port:
        status, found = world.check("https://127.0.0.1:%d" % port)
    assert (status, codes(found)) == (BAD, [("webmail", "unreachable")])
    assert "refused the handshake: " in found[0][3]


def test_ipv6_and_names(world):
    try:
        server = Server(dialogue([], world.issued), socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        assert world.check("imaps://[::1]:%d" % server.port) == (FINE, [])
    with Server(dialogue([], world.issued)) as server:
        assert world.check("imaps://localhost:%d" % server.port) == (FINE, [])


def test_two_kinds_of_keys(tmp_path, pki):
    """A client gets one of them; either is right."""
    hosts = ["webmail.kinds.example"]
    pairs = [pki.issue("connect-kinds-" + key, hosts, key=key) for key in ("ecdsa", "rsa")]
    config = support.write_config(tmp_path, """
        trust_file = "%s"; certificates = ( %s );
        domains = ( { name = "kinds.example"; mail = "none"; } );
        """ % (pki.ca, support.certificate_entry("both", *pairs)))
    for issued in pairs:
        with s_server(issued) as port:
            done = support.certbind("check", "-c", config, "--json", "--connect",
                                    "https://127.0.0.1:%d" % port)
        assert "served-" not in done.stdout, done.stdout


def test_a_shared_host_is_asked_once(tmp_path, pki):
    issued = pki.issue("connect-shared", ["mail.provider.example"])
    config = support.write_config(tmp_path, """
        trust_file = "%s";
        services = ( { name = "mail"; default = "c"; shared_hosts = [ "mail.provider.example" ]; } );
        certificates = ( %s );
        domains = ( { name = "a.example"; webmail = "none"; }, { name = "b.example"; webmail = "none"; } );
        """ % (pki.ca, support.certificate_entry("c", issued)))
    other = pki.issue("connect-shared-not", ["x.example"])
    with Server(dialogue([], other)) as server:
        done = support.certbind("check", "-c", config, "--json", "--connect",
                                "imaps://127.0.0.1:%d" % server.port)
        assert server.accepted == 1
    found = [(f["domain"], f["host"]) for f in json.loads(done.stdout)["findings"]
             if f["code"] == "served-differs"]
    assert {("a.example", "mail.provider.example"),
            ("b.example", "mail.provider.example")} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("endpoint", [
    "", "https", "https://", "https://127.0.0.1", "https://127.0.0.1:", "https://127.0.0.1:0",
    "https://127.0.0.1:65536", "https://127.0.0.1:+1", "https://127.0.0.1:1/", "https://:1",
    "https://::1:1", "https://[::1]", "https://[::1]:", "https://[127.0.0.1]:1", "https://[]:1",
    "ftp://127.0.0.1:1", "HTTPS://127.0.0.1:1", "https:/127.0.0.1:1", "=https://127.0.0.1:1",
    "Mail=https://127.0.0.1:1", "1=https://127.0.0.1:1", "a=b=https://127.0.0.1:1",
    "https://user@127.0.0.1:1", "https://a b:1", "https://[::1%lo]:1", "x:1",
])
def test_what_is_no_endpoint(endpoint):
    done = support.certbind("check", "--connect", endpoint)
    assert (done.returncode, done.stdout) == (TROUBLE, "")
    assert "is no endpoint; expected [SERVICE=]PROTOCOL://ADDRESS:PORT" in done.stderr


@pytest.mark.parametrize("seconds", ["", "0", "601", "-1", "1s", "1.5", "99999999999"])
def test_what_is_no_timeout(seconds):
    done = support.certbind("check", "--timeout", seconds)
    assert (done.returncode, done.stdout) == (TROUBLE, "")
    assert "is no number of seconds from 1 to 600" in done.stderr


def test_an_unknown_service(world):
    done = support.certbind("check", "-c", world.config, "--connect", "chat=imaps://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (TROUBLE, "")
    assert 'service "chat"' in done.stderr


def test_too_many_endpoints():
    done = support.certbind("check", *["--connect", "https://127.0.0.1:1"] * 65)
    assert done.returncode == TROUBLE and "more than 64 endpoints" in done.stderr
