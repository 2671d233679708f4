# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that are slow, idle, rude, or speak another protocol, at the example daemons.

Attackers have addresses of their own, 127.0.0.2 and on; the client that must be served all the while
is 127.0.0.1.
"""

import contextlib
import pathlib
import resource
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
import support

MAIL = ["smtp", "submissions", "imap", "imaps"]
ALL = MAIL + ["https"]
IMPLICIT = ["submissions", "imaps", "https"]
NAME = "any.peers.example"
USER, PASSWORD = "anna@peers.example", "a secret"
CONFIG = """
    trust_file = "%s";
    certificates = ( %s );
    domains = ( { name = "peers.example"; webmail = "wild"; mail = "wild";
                  webmail_hosts = [ "any.peers.example" ]; mail_hosts = [ "any.peers.example" ]; } );
    """


@pytest.fixture(scope="module")
def place(tmp_path_factory, pki):
    directory = tmp_path_factory.mktemp("peers")
    wild = pki.issue("peers-wild", ["*.peers.example"])
    support.write_config(directory, CONFIG % (pki.ca, support.certificate_entry("wild", wild)))
    support.write_users(directory / "users", {USER: PASSWORD})
    for folder in ["cur", "new", "tmp"]:
        (directory / "spool/peers.example/anna" / folder).mkdir(parents=True)
    return directory


def start(place, tmp_path, kind):
    begin = support.start_webmail if kind == "webmail" else support.start_mail
    return begin(place / "certbind.conf", tmp_path / (kind + ".log"), place / "users",
                 place / "spool")


@pytest.fixture
def daemons(place, tmp_path):
    """The two daemons by protocol: daemons["imaps"].endpoints["imaps"]."""
    with start(place, tmp_path, "mail") as mail, start(place, tmp_path, "webmail") as webmail:
        yield {**{protocol: mail for protocol in MAIL}, "https": webmail}


@pytest.fixture(autouse=True, scope="module")
def descriptors():
    """This process holds both ends of a thousand connections' worth of attackers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(endpoint, number=0):
    """A connection from attacker 127.0.0.2 and on."""
    return socket.create_connection(endpoint, timeout=support.CLIENT_TIMEOUT,
                                    source_address=("127.0.0.%d" % (2 + number), 0))


def trusting(pki):
    return ssl.create_default_context(cafile=pki.ca)


def handshake(sock, context=None):
    """TLS as an attacker does it: without a look at the certificate."""
    if context is None:
        context = ssl._create_unverified_context()
    return context.wrap_socket(sock, server_hostname=NAME)


def starttls(sock, protocol):
    read_until(sock, b"\r\n")
    sock.sendall(b"STARTTLS\r\n" if protocol == "smtp" else b"a STARTTLS\r\n")
    read_until(sock, b"\r\n")


def read_until(sock, end):
    text = b""
    while end not in text:
        more = sock.recv(4096)
        if not more:
            break
        text += more
    return text


def read_all(sock):
    text = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while True:
            more = sock.recv(65536)
            if not more:
                break
            text += more
    return text


def assert_served(daemons, pki, protocol):
    """An honest client gets through, certificate, log-in and all."""
    endpoint = daemons[protocol].endpoints[protocol]
    with socket.create_connection(endpoint, timeout=support.CLIENT_TIMEOUT) as sock:
        if protocol not in IMPLICIT:
            starttls(sock, protocol)
        with trusting(pki).wrap_socket(sock, server_hostname=NAME) as tls:
            if protocol == "https":
                tls.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            % NAME.encode())
                assert b" 200 OK" in read_all(tls)
            elif protocol.startswith("imap"):
                if protocol == "imaps":
                    read_until(tls, b"\r\n")
                tls.sendall(b'b LOGIN %s "%s"\r\n' % (USER.encode(), PASSWORD.encode()))
                assert b"b OK" in read_until(tls, b"b OK")
            else:
                if protocol == "submissions":
                    read_until(tls, b"\r\n")
                tls.sendall(b"EHLO client.example\r\n")
                assert b"250 " in read_until(tls, b"250 ")


def memory(daemon):
    """The resident memory of a daemon, in MB."""
    text = pathlib.Path("/proc/%d/status" % daemon.process.pid).read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def processor_time(daemon):
    fields = pathlib.Path("/proc/%d/stat" % daemon.process.pid).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def trickle(socks, begun, ended):
    """One byte a second into each, until the daemon has ended it; notes when that was."""
    while socks and time.monotonic() - begun < 45:
        time.sleep(1)
        for protocol, sock in list(socks.items()):
            try:
                sock.sendall(b"\0")
            except ConnectionError:
                del socks[protocol]
                ended[protocol] = time.monotonic() - begun


@pytest.fixture(scope="module", autouse=True)
def slow_handshakes(place, tmp_path_factory, descriptors):
    """Begun first, for the last test: they take half a minute, in which the others run."""
    with start(place, tmp_path_factory.mktemp("slow"), "mail") as mail:
        daemons = {protocol: mail for protocol in MAIL}
        socks = {protocol: reach(daemons, protocol, "in the hello") for protocol in MAIL}
        ended = {}
        thread = threading.Thread(target=trickle, args=(dict(socks), time.monotonic(), ended))
        thread.start()
        yield daemons, thread, ended
        thread.join()
        for sock in socks.values():
            sock.close()


@pytest.mark.parametrize("protocol", ["smtp", "imaps", "https"])
def test_a_thousand_idle_connections(daemons, pki, protocol):
    daemon = daemons[protocol]
    before = memory(daemon)
    with contextlib.ExitStack() as stack:
        for i in range(1100):
            stack.enter_context(connect(daemon.endpoints[protocol], i // 90))
        for other in ALL:
            assert_served(daemons, pki, other)
        assert memory(daemon) - before < 120
    assert_served(daemons, pki, protocol)


def test_one_client_has_its_part_and_no_more(daemons, pki):
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(connect(daemons["smtp"].endpoints["smtp"]))
                for _ in range(130)]
        greeted = 0
        for sock in many:
            with contextlib.suppress(ConnectionError):
                greeted += sock.recv(3) == b"220"
        assert greeted == 100
        assert_served(daemons, pki, "smtp")


STEPS = ["at once", "in the hello", "after the handshake", "in a command", "in an answer"]


def reach(daemons, protocol, step, number=0):
    """A connection that has come to a step."""
    sock = connect(daemons[protocol].endpoints[protocol], number)
    if step == "at once":
        return sock
    if protocol not in IMPLICIT:
        starttls(sock, protocol)
    if step == "in the hello":
        sock.sendall(b"\x16\x03\x01\x01\x00\x01\x00")
        return sock
    tls = handshake(sock)
    if step == "in a command":
        tls.sendall(b"GET / HT" if protocol == "https" else b"a NOO")
    elif step == "in an answer":
        many = {"https": b"GET /style.css HTTP/1.1\r\nHost: any.peers.example\r\n\r\n",
                "imap": b"a NOOP\r\n", "imaps": b"a NOOP\r\n"}.get(protocol, b"NOOP\r\n")
        tls.sendall(many * 20)
    return tls


@pytest.mark.parametrize("protocol", ALL)
def test_resets_at_every_step(daemons, pki, protocol):
    for step in STEPS:
        for _ in range(10):
            sock = reach(daemons, protocol, step)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        assert_served(daemons, pki, protocol)


@pytest.mark.parametrize("protocol", ALL)
def test_clients_that_never_read(daemons, pki, protocol):
    """They may fill the socket's buffers and a queue of 64 kB, then nobody reads them any more."""
    daemon = daemons[protocol]
    before = memory(daemon)
    line = {"https": b"GET /style.css HTTP/1.1\r\nHost: any.peers.example\r\n\r\n",
            "imap": b"a NOOP\r\n", "imaps": b"a NOOP\r\n"}.get(protocol, b"NOOP\r\n")
    with contextlib.ExitStack() as stack:
        for i in range(8):
            tls = stack.enter_context(reach(daemons, protocol, "after the handshake", i))
            tls.setblocking(False)
            with contextlib.suppress(ssl.SSLWantWriteError, BlockingIOError, ConnectionError):
                for _ in range(150):
                    tls.send(line * 200)
        assert_served(daemons, pki, protocol)
        assert memory(daemon) - before < 20


@pytest.mark.parametrize("kind", ["mail", "webmail"])
def test_few_descriptors(place, tmp_path, pki, monkeypatch, kind):
    """More connections than descriptors: no end, no endless loop, and room when some have gone."""
    monkeypatch.setenv("CERTBIND_WRAP", "prlimit --nofile=72:72")
    with start(place, tmp_path, kind) as daemon:
        protocol = "imaps" if kind == "mail" else "https"
        daemons = {protocol: daemon}
        with contextlib.ExitStack() as stack:
            for i in range(150):
                stack.enter_context(connect(daemon.endpoints[protocol], i // 50))
            time.sleep(0.5)
            used = processor_time(daemon)
            time.sleep(2)
            assert processor_time(daemon) - used < 1
            assert_served(daemons, pki, protocol)
        assert_served(daemons, pki, protocol)


POST = (b"POST / HTTP/1.1\r\nHost: any.peers.example\r\nContent-Type: text/plain\r\n\r\n"
        b"EHLO evil.example\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<anna@peers.example>\r\n"
        b"DATA\r\nSubject: evil\r\n\r\n.\r\na LOGIN anna@peers.example \"a secret\"\r\n"
        b"<script>alert(1)</script> NOOP\r\n")


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("protocol", MAIL)
def test_http_at_mail_ports(daemons, place, protocol, secure):
    """ALPACA: a browser is led here; what its body says is not done, nor sent back."""
    with connect(daemons[protocol].endpoints[protocol]) as sock:
        if secure and protocol not in IMPLICIT:
            starttls(sock, protocol)
        peer = handshake(sock) if secure else sock
        with peer, contextlib.suppress(ConnectionError):
            peer.sendall(POST)
            answer = read_all(peer)
    if protocol in IMPLICIT and not secure:
        assert answer[:2] == b"\x15\x03", answer  # an alert
        return
    assert b"no web server" in answer
    assert b"script" not in answer and b"354" not in answer and b"a OK" not in answer, answer
    assert not list((place / "spool").glob("*/*/new/*"))


@pytest.mark.parametrize("commands", [
    b"EHLO evil.example\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<anna@peers.example>\r\n\r\n",
    b"a LOGIN anna@peers.example secret\r\n\r\n", b"USER anna\r\n\r\n",
    b"<script>alert(1)</script>\r\n\r\n"])
@pytest.mark.parametrize("secure", [False, True])
def test_mail_at_the_web_port(daemons, pki, commands, secure):
    with connect(daemons["https"].endpoints["https"]) as sock:
        peer = handshake(sock) if secure else sock
        with peer, contextlib.suppress(ConnectionError):
            peer.sendall(commands)
            peer.settimeout(5)
            answer = b""
            with contextlib.suppress(TimeoutError):
                answer = read_all(peer)
    assert b" 200 " not in answer and b"script" not in answer, answer
    assert_served(daemons, pki, "https")


def test_slow_handshakes_end_in_time(slow_handshakes, pki):
    """Bytes that trickle do not start the time anew."""
    daemons, thread, ended = slow_handshakes
    for protocol in MAIL:
        assert_served(daemons, pki, protocol)
    thread.join()
    assert set(ended) == set(MAIL)
    assert all(25 < seconds < 40 for seconds in ended.values()), ended


@pytest.mark.parametrize("protocol", IMPLICIT)
def test_renegotiation_is_refused(daemons, place, pki, protocol):
    """TLS 1.2's client may ask for it, with the same name or another (openssl's R): the connection
    ends, and nothing is served over it afterwards; the next client is served."""
    port = daemons[protocol].port(protocol)
    client = subprocess.Popen(
        ["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:%d" % port, "-servername", NAME,
         "-CAfile", str(pki.ca), "-verify_return_error"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        # Only what comes after the session's report is taken for a command.
        text = b""
        while b"Extended master secret" not in text:
            line = client.stdout.readline()
            assert line, text
            text += line
        client.stdin.write(b"R\n")
        client.stdin.flush()
        client.wait(timeout=support.CLIENT_TIMEOUT)
        rest = client.stdout.read()
    finally:
        client.kill()
        client.wait()
    assert b"RENEGOTIATING" in rest
    assert client.returncode != 0 or b"closed" in rest, rest
    assert b"BEGIN CERTIFICATE" not in rest
    assert_served(daemons, pki, protocol)
