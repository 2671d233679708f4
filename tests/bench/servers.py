# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers that are measured: certbind's, GnuTLS alone, HAProxy, nginx, hitch.

Each serves one handshake a connection, with one worker, on a port of 127.0.0.1 that it is told.
"""

import json
import os
import select
import signal
import socket
import subprocess
import time

import machine

START_TIMEOUT = 300
STOP_TIMEOUT = 60
SETTLE_S = 0.5


class Client:
    """bench-client watch: the moments at which another certificate is served."""

    def __init__(self, bench, port, host, pause=500):
        self.process = subprocess.Popen(
            [bench.program("bench-client"), "watch", "--port", str(port), "--host", host,
             "--pause", str(pause)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def next(self, timeout):
        """The next change as (ns of CLOCK_MONOTONIC, SHA-256 of the certificate)."""
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise TimeoutError("no other certificate within %d s" % timeout)
        moment, digest = self.process.stdout.readline().split()
        return int(moment), digest.decode()

    def next_is(self, digest, timeout):
        """When the certificate with this digest is served first."""
        until = time.monotonic() + timeout
        while True:
            moment, served = self.next(max(0, until - time.monotonic()))
            if served == digest:
                return moment

    def stop(self):
        """What it counted: handshakes, failed, latencies in ms."""
        output = self.process.communicate(timeout=STOP_TIMEOUT)[0].decode()
        return json.loads(output.strip().splitlines()[-1])


class Server:
    """A process that serves. `start` returns (seconds to the first handshake, CPU seconds)."""

    stop_signal = signal.SIGTERM

    def __init__(self, bench, name):
        self.bench = bench
        self.name = name
        self.directory = bench.scratch(name)
        self.process = None
        self.port = None
        self.warm = set()  # sets of domains that were asked for since it started

    def prepare(self):
        """Writes what the command needs; not part of what is measured."""

    def command(self):
        raise NotImplementedError

    def start(self, host):
        self.port = machine.free_port()
        self.warm = set()
        self.prepare()
        client = Client(self.bench, self.port, host, pause=1000)
        moment = None
        try:
            begun = time.monotonic_ns()
            with open(self.directory / "log", "wb") as log:
                self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, stderr=log,
                                                cwd=self.directory)
            moment = self.wait_for(client)
            cpu = machine.cpu_seconds(self.process.pid)
        finally:
            seen = client.stop()
        if moment is None:
            raise RuntimeError("%s does not serve: %s; %s" % (
                self.name, seen["error"], self.log()))
        return (moment - begun) / 1e9, cpu

    def wait_for(self, client):
        """When the first handshake was, None if the server ends or is too slow."""
        until = time.monotonic() + START_TIMEOUT
        while time.monotonic() < until and self.process.poll() is None:
            try:
                return client.next(1)[0]
            except TimeoutError:
                pass
        return None

    def log(self):
        with open(self.directory / "log", errors="replace") as file:
            return file.read()[-2000:]

    def pin(self):
        machine.pin(self.process.pid)

    def cpu(self):
        return machine.cpu_seconds(self.process.pid)

    def pss(self):
        return machine.pss_bytes(self.process.pid)

    def settled_pss(self):
        """When what it does after its first handshake has come to an end."""
        until = time.monotonic() + START_TIMEOUT
        used = SETTLE_S
        while used > SETTLE_S / 100 and time.monotonic() < until:
            before = self.cpu()
            time.sleep(SETTLE_S)
            used = self.cpu() - before
        return self.pss()

    def stop(self):
        if self.process is None:
            return
        self.process.stdin.close()
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None


class Own(Server):
    """The bench's own two; they end with their standard input, and tell their counts."""

    def __init__(self, bench, name, arguments):
        super().__init__(bench, name)
        self.arguments = arguments

    def command(self):
        words = [str(word) for word in self.arguments]
        return [self.bench.program(words[0]), "--port", str(self.port)] + words[1:]

    def counts(self):
        """Since it was asked last; the first line is what it printed when it was ready."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        while True:
            line = json.loads(self.process.stdout.readline())
            if "handshakes" in line:
                return line

    def stop(self):
        if self.process is None:
            return
        self.process.stdin.close()
        status = self.process.wait(STOP_TIMEOUT)
        self.process.stdout.close()
        self.process = None
        if status != 0:
            raise RuntimeError("%s ended with %d: %s" % (self.name, status, self.log()))


def certbind(bench, pki, buffered=False, beat=False):
    options = ["--buffered"] * buffered + ["--beat"] * beat
    return Own(bench, "certbind-set-fd" if buffered else "certbind",
               ["bench-certbind", *options, pki.config])


def gnutls_one(bench, pki, tickets):
    return Own(bench, "gnutls-1",
               ["bench-gnutls", *["--tickets"] * tickets, pki.pem(0)])


def gnutls_all(bench, pki, tickets):
    return Own(bench, "gnutls", ["bench-gnutls", *["--tickets"] * tickets, "@%s" % pki.list_file()])


class Peer(Server):
    """A server that others wrote, with all certificates of `pki`."""

    def __init__(self, bench, name, pki):
        super().__init__(bench, name)
        self.pki = pki

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


class Haproxy(Peer):
    stop_signal = signal.SIGTERM

    def prepare(self):
        self.write("haproxy.cfg", """\
global
    nbthread 1
    stats socket {directory}/admin mode 600 level admin expose-fd listeners
defaults
    mode http
    option http-ignore-probes
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend bench
    bind 127.0.0.1:{port} ssl crt {pems}
    http-request return status 200
""".format(directory=self.directory, port=self.port, pems=self.pki.pem_directory))

    def command(self):
        return ["haproxy", "-W", "-db", "-f", str(self.directory / "haproxy.cfg")]

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)

    def replace(self, path, pem):
        """The new certificate through the API, which changes no file."""
        self.ask("set ssl cert %s <<\n%s\n" % (path, pem))
        self.ask("commit ssl cert %s" % path)

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(30)
            admin.connect(str(self.directory / "admin"))
            admin.sendall(request.encode() + b"\n")
            answer = b""
            while True:
                part = admin.recv(4096)
                if not part:
                    break
                answer += part
        if b"Success" not in answer and b"Transaction" not in answer:
            raise RuntimeError("haproxy: %s: %s" % (request[:60], answer.decode()))


class Nginx(Peer):
    stop_signal = signal.SIGTERM
    main = """\
daemon off;
user root;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    ssl_protocols TLSv1.2 TLSv1.3;
    client_body_temp_path {directory}/tmp;
    proxy_temp_path {directory}/tmp;
    fastcgi_temp_path {directory}/tmp;
    uwsgi_temp_path {directory}/tmp;
    scgi_temp_path {directory}/tmp;
    server_names_hash_max_size 1048576;
    server_names_hash_bucket_size 128;
"""

    def servers(self):
        for i in range(self.pki.count):
            yield "server {{ listen 127.0.0.1:{port} ssl; server_name {host}; " \
                "ssl_certificate {pem}; ssl_certificate_key {pem}; return 200; }}\n".format(
                    port=self.port, host=self.pki.host(i), pem=self.pki.pem(i))

    def prepare(self):
        self.write("nginx.conf", self.main.format(directory=self.directory) +
                   "".join(self.servers()) + "}\n")

    def command(self):
        return ["nginx", "-e", str(self.directory / "error.log"),
                "-c", str(self.directory / "nginx.conf")]


class NginxVariables(Nginx):
    """Certificates by the name that the client sends: read at every handshake."""

    def servers(self):
        pem = self.pki.pem(0).replace(self.pki.host(0), "$ssl_server_name")
        yield "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {pem}; " \
            "ssl_certificate_key {pem}; return 200; }}\n".format(port=self.port, pem=pem)


class Hitch(Peer):
    """It forwards: what it connects to closes at once."""

    def prepare(self):
        self.sink = subprocess.Popen(
            machine.on_client_core([self.bench.program("bench-client"), "sink"]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        backend = int(self.sink.stdout.readline())
        self.write("hitch.conf", """\
frontend = "[127.0.0.1]:{port}"
backend = "[127.0.0.1]:{backend}"
pem-dir = "{pems}"
pem-dir-glob = "*.pem"
workers = 1
daemon = off
quiet = on
user = "root"
ocsp-dir = ""
""".format(port=self.port, backend=backend, pems=self.pki.pem_directory))

    def command(self):
        return ["hitch", "--config=%s" % (self.directory / "hitch.conf")]

    def stop(self):
        super().stop()
        self.sink.stdin.close()
        self.sink.wait(STOP_TIMEOUT)
        self.sink.stdout.close()


PEERS = {"haproxy": Haproxy, "nginx": Nginx, "hitch": Hitch}
