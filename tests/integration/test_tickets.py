# SPDX-License-Identifier: LGPL-2.1-or-later
"""Session tickets as clients of running daemons see them: each is good in its own scope only
(certbind_ticket(3))."""

import itertools
import shutil
import socket
import ssl
import time

import pytest
import support

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
SERVICES = {"webmail": "https", "mail": "imaps"}

# What a client asks for (None: no SNI) in each service, and the scope that its ticket belongs to.
NAMES = {
    "webmail": {"webmail.a.example": "a", "www.a.example": "a", "webmail.b.example": "b",
                "webmail.none.example": "default", None: "default"},
    "mail": {"mail.a.example": "a", "mx.a.example": "a", "mail.b.example": "b",
             "unknown.example": "default", None: "default"},
}


class Client:
    """Resumes sessions; OpenSSL takes one back only in the context that it came from."""

    def __init__(self, version):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.minimum_version = self.context.maximum_version = version

    def visit(self, endpoint, name, session=None):
        """The session to come back with, whether it was resumed, and the certificate."""
        with socket.create_connection(endpoint, support.CLIENT_TIMEOUT) as plain:
            with self.context.wrap_socket(plain, server_hostname=name, session=session) as secured:
                secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while secured.recv(65536): # the tickets of TLS 1.3 come before the answer
                    pass
                return secured.session, secured.session_reused, secured.getpeercert(True)


@pytest.fixture(name="place")
def fixture_place(pki, tmp_path):
    """Two tenants with a certificate each, one of them bound, and a second one to rebind."""
    hosts = {"a": ["webmail.a.example", "www.a.example", "mail.a.example", "mx.a.example"],
             "b": ["webmail.b.example", "mail.b.example"], "panel": ["panel.provider.example"]}
    hosts["again"] = hosts["a"]
    entries = []
    for name, covered in hosts.items():
        issued = pki.issue("ticket-" + name, covered)
        chain, key = tmp_path / (name + ".pem"), tmp_path / (name + ".key")
        shutil.copy(issued.chain, chain)
        shutil.copy(issued.key, key)
        entries.append('{ name = "%s"; chain = "%s"; key = "%s"; }' % (name, chain, key))
    (tmp_path / "domains.d").mkdir()
    (tmp_path / "domains.d/b.example.conf").write_text('webmail = "b";\nmail = "b";\n')
    support.run([support.program("certbind"), "ticket-key", str(tmp_path / "ticket.key")],
                check=True)
    config = support.write_config(tmp_path, """
        ticket_key_file = "ticket.key";
        domains_dir = "domains.d";
        services = ( { name = "webmail"; default = "panel"; },
                     { name = "mail"; default = "panel"; } );
        certificates = ( %s );
        """ % ",\n".join(entries))
    (tmp_path / "domains.d/a.example.conf").write_text(
        'webmail_hosts = [ "webmail.a.example", "www.a.example" ];\nwebmail = "a";\n'
        'mail_hosts = [ "mail.a.example", "mx.a.example" ];\nmail = "a";\n')
    return tmp_path, config


def start(service, config, log):
    starting = {"webmail": support.start_webmail, "mail": support.start_mail}
    return starting[service](config, log)


def endpoint(daemon, service):
    return ("127.0.0.1", daemon.port(SERVICES[service]))


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("source,target", itertools.product(SERVICES, SERVICES))
def test_scopes(place, version, source, target):
    """Every name's ticket, offered with every name."""
    directory, config = place
    client = Client(version)
    with start("webmail", config, directory / "webmail.log") as webmail, \
            start("mail", config, directory / "mail.log") as mail:
        daemons = {"webmail": endpoint(webmail, "webmail"), "mail": endpoint(mail, "mail")}
        tried = 0
        for (held, scope), (asked, wanted) in itertools.product(NAMES[source].items(),
                                                                NAMES[target].items()):
            session, _, _ = client.visit(daemons[source], held)
            _, is_resumed, _ = client.visit(daemons[target], asked, session)
            # In TLS 1.2 GnuTLS itself asks for the very same name.
            is_right = (source == target and scope == wanted and
                        (version == ssl.TLSVersion.TLSv1_3 or held == asked))
            assert is_resumed == is_right, (held, asked)
            tried += 1
        assert tried == 25


def until(what):
    """Waits for a running daemon to take a change: two seconds, and some for a loaded machine."""
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_changes(place, pki, version):
    """A renewal keeps resuming; a rebind and an unbind end it, for the changed tenant only."""
    directory, config = place
    client = Client(version)
    name, other = "webmail.a.example", "webmail.b.example"

    def bind(*arguments):
        done = support.run([support.program("certbind"), *arguments[:1], "-c", config,
                            *arguments[1:]])
        assert done.returncode == 0, done.stderr

    with start("webmail", config, directory / "webmail.log") as daemon:
        at = endpoint(daemon, "webmail")
        session, _, first = client.visit(at, name)
        others, _, _ = client.visit(at, other)

        issued = pki.issue("ticket-a", list(NAMES["webmail"])[:2] + list(NAMES["mail"])[:2])
        shutil.copy(issued.chain, directory / "a.pem")
        shutil.copy(issued.key, directory / "a.key")
        until(lambda: client.visit(at, name)[2] != first)
        assert client.visit(at, name, session)[1]
        renewed = client.visit(at, name)[2]

        bind("bind", "--force", "a.example", "webmail", "again")
        until(lambda: client.visit(at, name)[2] != renewed)
        assert not client.visit(at, name, session)[1]
        session, _, rebound = client.visit(at, name)
        assert client.visit(at, name, session)[1]

        bind("unbind", "a.example")
        until(lambda: client.visit(at, name)[2] != rebound)
        assert not client.visit(at, name, session)[1]
        assert client.visit(at, other, others)[1]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_shared_key(place, version):
    """Two daemons with one file resume each other's; a new file costs one full handshake."""
    directory, config = place
    client = Client(version)
    name = "webmail.b.example"
    with start("webmail", config, directory / "one.log") as one, \
            start("webmail", config, directory / "two.log") as two:
        ends = [endpoint(one, "webmail"), endpoint(two, "webmail")]
        session, _, _ = client.visit(ends[0], name)
        assert client.visit(ends[1], name, session)[1]
        support.run([support.program("certbind"), "ticket-key", str(directory / "ticket.key")],
                    check=True)
        for end in ends:
            until(lambda end=end: not client.visit(end, name, session)[1])
        session, _, _ = client.visit(ends[1], name)
        assert client.visit(ends[0], name, session)[1]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_gnutls_cli(place, pki, version):
    directory, config = place
    with start("webmail", config, directory / "webmail.log") as daemon:
        done = support.run(["gnutls-cli", "--resume", "--x509cafile", pki.ca, "--port",
                            str(daemon.port("https")), "--sni-hostname", "webmail.b.example",
                            "--verify-hostname", "webmail.b.example", "--priority",
                            "NORMAL:-VERS-ALL:+VERS-TLS" + version, "127.0.0.1"], text="")
        assert "This is a resumed session" in done.stdout, done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_early_data_is_refused(place, pki, service):
    directory, config = place
    name = next(iter(NAMES[service]))
    early = directory / "early"
    early.write_text("GET /early HTTP/1.0\r\n\r\n")
    with start(service, config, directory / "daemon.log") as daemon:
        command = ["openssl", "s_client", "-tls1_3", "-ign_eof", "-CAfile", str(pki.ca),
                   "-servername", name, "-connect", "127.0.0.1:%d" % daemon.port(SERVICES[service])]
        saved = str(directory / "session")
        request = "GET / HTTP/1.0\r\n\r\n"
        support.run([*command, "-sess_out", saved], text=request)
        done = support.run([*command, "-sess_in", saved, "-early_data", str(early)], text=request)
        assert "Reused, TLSv1.3" in done.stdout, done.stdout
        assert "Early data was accepted" not in done.stdout
        assert "Max Early Data: 0" in done.stdout or "Early data was not sent" in done.stdout
