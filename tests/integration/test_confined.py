# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that has changed its root and its user serves every certificate; no file is touched."""

import os
import re
import socket
import ssl

import pytest
import support

COUNT = 50
CALLS = "trace=%file,%desc,%creds"
# With strace's -y each descriptor has its path: that of a file begins with a slash.
TOUCHES_A_FILE = re.compile(r"\w+\((AT_FDCWD|\"|\d+</|.*, \d+</)")


@pytest.fixture(scope="module")
def certificates(pki):
    return {"host%d.example" % number: pki.issue("confined-%d" % number,
                                                 ["webmail.host%d.example" % number])
            for number in range(COUNT)}


def ask(endpoint, host, ca):
    """What the daemon says to a client that verifies host, and the serial number it has seen."""
    context = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection(endpoint, 10) as plain:
        with context.wrap_socket(plain, server_hostname=host) as client:
            serial = int(client.getpeercert()["serialNumber"], 16)
            return client.recv(256).decode(), serial


def test_no_file_is_touched_after_rights_are_given_up(pki, certificates, make_config, tmp_path):
    assert os.geteuid() == 0, "this test must run as root: it changes its root and its user"
    config = make_config("certificates = ( %s );\ndomains = ( %s );\n" % (
        ",\n".join(support.certificate_entry(name, issued)
                   for name, issued in certificates.items()),
        ",\n".join('{ name = "%s"; webmail = "%s"; mail = "none"; }' % (name, name)
                   for name in certificates)))
    empty, trace = tmp_path / "empty", tmp_path / "trace"
    empty.mkdir()
    command = ["strace", "-f", "-y", "-o", trace, "-e", CALLS,
               support.build_directory() / "tests/integration/confined", config, empty, COUNT]
    with support.Daemon(command, ["https"], tmp_path / "log") as daemon:
        for name, issued in certificates.items():
            answer = ask(daemon.endpoints["https"], "webmail." + name, pki.ca)
            assert answer == (name, support.serial(issued.certificate))
        daemon.process.wait(support.STOP_TIMEOUT * daemon.slow)

    lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = max(index for index, line in enumerate(lines) if "access(\"/etc\"" in line)
    before = [line for line in lines[:begin] if TOUCHES_A_FILE.search(line)]
    for issued in certificates.values():
        assert any(str(issued.key) in line for line in before), "the trace lacks " + issued.name
    after = lines[begin + 1:]
    closed = [line for line in after if re.search(r"\bclose\(\d+<(socket|TCP):", line)]
    assert len(closed) >= COUNT, "the trace lacks the handshakes"
    assert [line for line in after if TOUCHES_A_FILE.search(line)] == []
