# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples with certbind_session_set_fd() and without it: clients see no difference."""

import http.client
import imaplib
import smtplib
import ssl
import time

import pytest
import support

USERS = {"anna@big.example": "secret"}
HOSTS = ["webmail.big.example", "mail.big.example"]
# Larger than what is read ahead, several records long.
BODY = "".join("%07d: what a message says\r\n" % i for i in range(5000))
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(name="config")
def fixture_config(pki, tmp_path):
    issued = pki.issue("buffered", HOSTS)
    return support.write_config(tmp_path, "certificates = (\n%s\n);\n"
                                'domains = ( { name = "big.example"; } );\n'
                                % support.certificate_entry("big", issued))


def client(version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    return context


def start(name, config, tmp_path, option, protocols, users=(), spool=None):
    options = ["--config", config, option]
    options += ["--listen", "127.0.0.1:0"] if name == "minimal" else []
    for protocol in protocols:
        options += ["--" + protocol, "127.0.0.1:0"] if name == "mail" else []
    if users:
        options += ["--users", users, "--spool", spool]
    return support.Daemon([support.program(name)] + options, protocols,
                          tmp_path / (name + option + ".log"))


@pytest.mark.parametrize("option", ["--buffered", "--no-buffered"])
def test_minimal(config, tmp_path, option):
    with start("minimal", config, tmp_path, option, ["https"]) as daemon:
        for version in VERSIONS:
            connection = http.client.HTTPSConnection(*("127.0.0.1", daemon.port("https")),
                                                     context=client(version), timeout=20)
            connection.request("GET", "/", headers={"X-Long": "x" * 6000})
            assert b"certificate " in connection.getresponse().read()
            connection.close()


def deliver(port, context, body):
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        smtp.starttls(context=context)
        # One segment: after the first command, nothing of the others is left in the socket.
        smtp.send("EHLO there\r\nMAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<anna@big.example>\r\n")
        assert [smtp.getreply()[0] for _ in range(3)] == [250, 250, 250]
        assert smtp.data("Subject: big\r\n\r\n" + body)[0] == 250


@pytest.mark.parametrize("option", ["--buffered", "--no-buffered"])
def test_mail(config, tmp_path, option):
    users = tmp_path / "users"
    support.write_users(users, USERS)
    spool = tmp_path / "spool"
    (spool / "big.example/anna").mkdir(parents=True)
    with start("mail", config, tmp_path, option, ["smtp", "imaps"], users, spool) as daemon:
        for number, version in enumerate(VERSIONS):
            deliver(daemon.port("smtp"), client(version), BODY)
            imap = imaplib.IMAP4_SSL("127.0.0.1", daemon.port("imaps"), timeout=20,
                                     ssl_context=client(version))
            imap.login("anna@big.example", "secret")
            imap.select()
            begun = time.monotonic()
            data = imap.fetch(str(number + 1), "(BODY[TEXT])")[1]
            assert data[0][1].decode() == BODY
            assert time.monotonic() - begun < 20
            imap.logout()
