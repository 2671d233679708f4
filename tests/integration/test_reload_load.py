# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates change all the time while clients connect: no handshake fails, none gets a wrong one.

A daemon with four serving and two reloading threads (reloading.c), two threads of OpenSSL's clients
here and two of GnuTLS' in judging.c. Each client knows the serial number that was acknowledged last
before it connects. It takes 60 s, or $CERTBIND_LOAD_SECONDS.
"""

import datetime
import mmap
import os
import pathlib
import socket
import ssl
import statistics
import struct
import subprocess
import threading
import time

import pytest
import support

NAMES = 6
DEFAULT = "panel.provider.example"
MEMORY_GROWTH = 2048
"""KB between a quarter of the time and its end; what freed blocks of several sizes leave apart."""


class Authority:
    """Issues certificates in this process: there are hundreds."""

    def __init__(self, directory):
        from cryptography.hazmat.primitives.asymmetric import ec
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.serial = 0
        self.certificate = self._sign(self.key, "Load CA", [], True)
        (directory / "ca.pem").write_bytes(self.certificate)

    def _sign(self, key, name, hosts, is_ca):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        def subject(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        self.serial += 1
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder(
            subject("Load CA"), subject(name), key.public_key(), self.serial,
            now - datetime.timedelta(days=1), now + datetime.timedelta(days=90))
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, host):
        """Gives chain, key and serial number."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        chain = self._sign(key, host, [host], False)
        return chain, key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()), self.serial


class Board:
    """What may be served for each name; judging.c says how."""

    def __init__(self, path):
        path.write_bytes(bytes(24 * NAMES))
        self.file = open(path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), 0)

    def get(self, name):
        return struct.unpack_from("=QQQ", self.memory, 24 * name)

    def put(self, name, floor, may_default):
        """The number of changes is written before and after: a client that sees either waits."""
        changes = self.get(name)[2]
        struct.pack_into("=Q", self.memory, 24 * name + 16, changes + 1)
        struct.pack_into("=QQ", self.memory, 24 * name, floor, may_default)
        struct.pack_into("=Q", self.memory, 24 * name + 16, changes + 2)


class Clients:
    """OpenSSL's clients, and what they found wrong."""

    def __init__(self, port, board):
        self.port, self.board = port, board
        self.is_over = False
        self.judged, self.wrong = 0, []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.threads = [threading.Thread(target=self._run) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def _fetch(self, host):
        from cryptography import x509
        with socket.create_connection(("127.0.0.1", self.port), 30) as plain:
            with self.context.wrap_socket(plain, server_hostname=host) as tls:
                certificate = x509.load_der_x509_certificate(tls.getpeercert(True))
                # A socket closed with session tickets unread would be reset.
                assert tls.recv(1) == b""
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return certificate.serial_number, names.value.get_values_for_type(x509.DNSName)

    def _judge(self, name):
        host = "webmail.site%d.example" % name
        floor, may_default, changes = self.board.get(name)
        serial, names = self._fetch(host)
        if names not in ([host], [DEFAULT]):
            return "%s is served %s" % (host, names)
        if names == [host] and serial < floor:
            return "%s is served %d, %d was acknowledged" % (host, serial, floor)
        if self.board.get(name)[2] != changes:
            return None
        if names == [DEFAULT] and may_default == 0:
            return "%s is served the default" % host
        return "%s was removed" % host if names == [host] and may_default == 2 else None

    def _run(self):
        name = 0
        while not self.is_over:
            try:
                wrong = self._judge(name)
            except (OSError, ValueError) as problem:
                wrong = "site%d: %r" % (name, problem)
            if wrong:
                self.wrong.append(wrong)
            self.judged += 1
            name = (name + 1) % NAMES

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


class Renewals:
    """Changes one name after the other, in one way after the other."""

    def __init__(self, directory, authority, board, daemon):
        self.directory, self.authority, self.board, self.daemon = directory, authority, board, daemon
        self.counts = {"renamed": 0, "in place": 0, "broken": 0, "removed": 0}

    def files(self, name):
        return self.directory / ("%s.pem" % name), self.directory / ("%s.key" % name)

    def ask(self, line):
        self.daemon.stdin.write(line + "\n")
        self.daemon.stdin.flush()
        words = self.daemon.stdout.readline().split()
        assert words[0] == "done", words
        return int(words[1])

    def reload(self):
        assert self.ask("reload") == 0

    def write(self, name, is_renamed):
        chain, key, serial = self.authority.issue("webmail.%s.example" % name)
        for path, data in zip(self.files(name), (chain, key)):
            if is_renamed:
                path.with_suffix(".new").write_bytes(data)
                os.rename(path.with_suffix(".new"), path)
            else:
                path.write_bytes(data)
        return serial

    def renew(self, number, is_renamed):
        serial = self.write("site%d" % number, is_renamed)
        self.reload()
        self.board.put(number, serial, 0)

    def spoil(self, number, turn):
        """The last good one stays."""
        chain, key = self.files("site%d" % number)
        [lambda: chain.write_bytes(b""), lambda: os.truncate(chain, 200), key.unlink,
         lambda: key.write_bytes(b"no key"), chain.unlink,
         lambda: chain.write_bytes(self.authority.issue("other.example")[0])][turn % 6]()
        self.reload()
        time.sleep(0.05)
        self.renew(number, True)

    def remove(self, number):
        floor = self.board.get(number)[0]
        self.board.put(number, floor, 1)
        for path in self.files("site%d" % number):
            path.unlink()
        self.reload()
        self.ask("skip 61")
        self.reload()
        self.board.put(number, floor, 2)
        time.sleep(0.1)
        self.board.put(number, floor, 1)
        self.renew(number, True)

    def step(self, turn):
        number = turn % NAMES
        way = list(self.counts)[turn // NAMES % 4]
        self.counts[way] += 1
        if way == "broken":
            self.spoil(number, turn)
        elif way == "removed":
            self.remove(number)
        else:
            self.renew(number, way == "renamed")


def configuration(directory):
    entries = ["{ name = \"%s\"; chain = \"%s.pem\"; key = \"%s.key\"; }" % (name, name, name)
               for name in ["panel"] + ["site%d" % number for number in range(NAMES)]]
    domains = ["{ name = \"site%d.example\"; webmail = \"site%d\"; mail = \"none\"; }" % (
        number, number) for number in range(NAMES)]
    return support.write_config(directory, """
        trust_file = "ca.pem";
        services = ( { name = "webmail"; default = "panel"; } );
        certificates = ( %s );
        domains = ( %s );
        """ % (",\n".join(entries), ",\n".join(domains)))


def put_panel(renewals):
    chain, key, _ = renewals.authority.issue(DEFAULT)
    for path, data in zip(renewals.files("panel"), (chain, key)):
        path.write_bytes(data)


def helper(name):
    return str(support.build_directory() / "tests/integration" / name)


@pytest.fixture
def load(tmp_path):
    """A daemon that serves six names, with the board that says so."""
    os.umask(0o077)
    board = Board(tmp_path / "board")
    renewals = Renewals(tmp_path, Authority(tmp_path), board, None)
    put_panel(renewals)
    for number in range(NAMES):
        board.put(number, renewals.write("site%d" % number, True), 0)
    log = open(tmp_path / "log", "w", encoding="utf-8")
    daemon = subprocess.Popen([helper("reloading"), str(configuration(tmp_path))],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                              encoding="utf-8")
    try:
        renewals.daemon = daemon
        port = int(daemon.stdout.readline().rpartition(":")[2])
        yield renewals, port, pathlib.Path(log.name)
    finally:
        daemon.kill()
        daemon.wait()
        log.close()


def run_changes(renewals, seconds):
    """Gives the daemon's memory, once a second."""
    begin = time.monotonic()
    memory, turn = [], 0
    while time.monotonic() < begin + seconds:
        renewals.step(turn)
        turn += 1
        if time.monotonic() >= begin + len(memory) + 1:
            memory.append(renewals.ask("memory"))
        time.sleep(0.02)
    return memory


def check_memory(memory):
    """Around a quarter of the time, and at its end."""
    some = max(3, len(memory) // 8)
    quarter = len(memory) // 4
    early = statistics.median(memory[quarter:quarter + some])
    late = statistics.median(memory[-some:])
    print("memory: %d KB at first, %d after a quarter, %d at the end" % (memory[0], early, late))
    assert late - early < MEMORY_GROWTH, memory


def test_reloads_fail_no_handshake(load, tmp_path):
    renewals, port, log = load
    clients = Clients(port, renewals.board)
    judge = subprocess.Popen([helper("judging"), str(port), str(tmp_path / "board"), str(NAMES)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        memory = run_changes(renewals, float(os.environ.get("CERTBIND_LOAD_SECONDS", "60")))
    finally:
        clients.stop()
        told = judge.communicate("")[0].splitlines()
    print("changes: %s; OpenSSL: %d handshakes; GnuTLS: %s" % (
        renewals.counts, clients.judged, told[-1]))
    assert clients.wrong == [] and judge.returncode == 0, clients.wrong[:20] + told
    assert clients.judged > 100 and int(told[-1].split()[1]) > 100
    assert min(renewals.counts.values()) >= 3, renewals.counts
    check_memory(memory)
    renewals.daemon.stdin.close()
    served = renewals.daemon.stdout.readline().split()
    assert renewals.daemon.wait(60) == 0, log.read_text(encoding="utf-8")
    assert int(served[1]) == clients.judged + int(told[-1].split()[1]) and served[2] == "0"
