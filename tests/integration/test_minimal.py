# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/minimal: the embedding in as few lines as can be."""

import socket
import time

import pytest
import support


@pytest.fixture(scope="module")
def config(tmp_path_factory, pki):
    certificates = {"both": [pki.issue("minimal-ec", ["*.example.org"]),
                             pki.issue("minimal-rsa", ["*.example.org"], key="rsa")],
                    "net": [pki.issue("minimal-net", ["webmail.example.net"], key="ed25519")]}
    entries = ",\n".join(support.certificate_entry(name, *pairs)
                         for name, pairs in certificates.items())
    return support.write_config(tmp_path_factory.mktemp("minimal"), """
        services = ( { name = "mail"; unknown_sni = "reject"; } );
        certificates = ( %s );
        domains = (
            { name = "example.org"; webmail = "both"; mail = "both"; },
            { name = "example.net"; }
        );
        """ % entries)


def start(config, log, *options):
    command = [support.program("minimal"), "--config", config, "--listen", "127.0.0.1:0"]
    return support.Daemon(command + list(options), ["https"], log)


@pytest.fixture(scope="module")
def server(config, tmp_path_factory):
    with start(config, tmp_path_factory.mktemp("log") / "minimal.log") as daemon:
        yield daemon


ROWS = [
    ("webmail.example.org", "both", "exact", []),
    ("other.example.org", "both", "wildcard", []),
    ("webmail.example.net", "net", "exact", ["--tlsv1.3"]),
    ("webmail.example.net", "net", "exact", ["--tls-max", "1.2"]),
]


@pytest.mark.parametrize("host,certificate,rule,options", ROWS)
def test_tells_host_certificate_and_rule(server, pki, host, certificate, rule, options):
    port = server.port("https")
    done = support.run(["curl", "-sS", "--noproxy", "*", "--cacert", pki.ca, "--resolve",
                        "%s:%d:127.0.0.1" % (host, port), "https://%s:%d/" % (host, port)]
                       + options)
    assert done.returncode == 0, done.stdout
    assert done.stdout == "host %s\ncertificate %s\nrule %s\n" % (host, certificate, rule)


@pytest.mark.parametrize("sigalgs,issued", [("ECDSA+SHA256", "minimal-ec"),
                                            ("RSA-PSS+SHA256:RSA+SHA256", "minimal-rsa")])
def test_key_type_is_what_the_client_accepts(server, pki, sigalgs, issued):
    done = support.s_client(server.endpoints["https"], servername="webmail.example.org",
                            options=["-sigalgs", sigalgs])
    certificate = pki.directory / (issued + ".crt")
    assert support.served_fingerprint(done.stdout) == support.fingerprint(certificate)


def test_without_server_name_the_default_is_served(server):
    done = support.s_client(server.endpoints["https"], options=["-ign_eof"],
                            text="GET / HTTP/1.1\r\n\r\n")
    assert "host (no server name)\ncertificate (self-signed)\nrule default\n" in \
        done.stdout.replace("\r", "")


def test_refused_clients_learn_why(server, config, tmp_path):
    done = support.s_client(server.endpoints["https"], servername="webmail.example.org",
                            options=["-alpn", "imap"])
    assert "alert number 120" in done.stdout, done.stdout
    done = support.s_client(server.endpoints["https"], servername="webmail.example.org",
                            version="tls1_2", options=["-cipher", "AES128-SHA:@SECLEVEL=0"])
    assert "alert number 40" in done.stdout, done.stdout
    server.wait_for_log("minimal: handshake: ")
    with start(config, tmp_path / "log", "--service", "mail") as other:
        done = support.s_client(other.endpoints["https"], servername="unknown.example")
        assert "alert number 112" in done.stdout, done.stdout


def test_silent_client_is_left_in_time(server, pki):
    port = server.port("https")
    with socket.create_connection(server.endpoints["https"], 10):
        begun = time.monotonic()
        done = support.run(["curl", "-sS", "--noproxy", "*", "--cacert", pki.ca, "--resolve",
                            "webmail.example.org:%d:127.0.0.1" % port,
                            "https://webmail.example.org:%d/" % port])
    assert done.returncode == 0, done.stdout
    assert time.monotonic() - begun < 15


def test_ends_on_sigterm_while_a_client_is_silent(config, tmp_path):
    daemon = start(config, tmp_path / "log", "--users", "unused", "--spool", "unused")
    with socket.create_connection(daemon.endpoints["https"], 10):
        begun = time.monotonic()
        daemon.stop()
    assert time.monotonic() - begun < 3 * daemon.slow


def test_under_valgrind(config, tmp_path, monkeypatch):
    if not support.wrapper():
        monkeypatch.setenv("CERTBIND_WRAP", "valgrind -q --error-exitcode=99 --leak-check=full")
    with start(config, tmp_path / "log") as daemon:
        for name in ["webmail.example.org", "unknown.example", None]:
            support.s_client(daemon.endpoints["https"], servername=name,
                             text="GET / HTTP/1.1\r\n\r\n", options=["-ign_eof"])


@pytest.mark.parametrize("options,text", [
    ([], "usage: "),
    (["--config", "/nonexistent", "--listen", "127.0.0.1:0"], "/nonexistent"),
    (["--config", "CONFIG", "--listen", "127.0.0.1"], "ADDRESS:PORT expected"),
    (["--config", "CONFIG", "--listen", "127.0.0.1:0", "--service", "none-such"], "none-such"),
])
def test_wrong_command_lines(config, options, text):
    options = [str(config) if word == "CONFIG" else word for word in options]
    done = support.run([support.program("minimal")] + options)
    assert done.returncode == 2
    assert text in done.stdout
