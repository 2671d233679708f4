# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx and Dovecot of the tests' own; the machine's own ones are not touched.

Both are made from addresses to listen on, a default certificate for whoever sends no known SNI,
and sni: {"host": Issued}. They read certificates when they start and in reload(), never in
between. ports: {"imap": 40123, …}, the same on every address.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import support


def find(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")


def wait_listening(ports, alive=lambda: True, log=lambda: ""):
    """Wait until something listens on every port of 127.0.0.1."""
    end = time.monotonic() + support.READY_TIMEOUT
    for port in ports:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
                break
            assert alive() and time.monotonic() < end, log()
            time.sleep(0.02)


class Server:
    """A server in the foreground, in a directory of its own."""

    PROTOCOLS = []

    def __init__(self, addresses, default, sni):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="certbind-", dir="/tmp"))
        self.directory.chmod(0o711)
        self.addresses = addresses
        self.ports = {protocol: support.free_port() for protocol in self.PROTOCOLS}
        self.config = self.directory / "config"
        self.config.write_text(self.text(default, sni))
        self.process = None

    def log(self):
        return "\n".join(path.read_text(errors="replace") for path in
                         [self.directory / "log", self.directory / "output"] if path.exists())

    def start(self):
        with open(self.directory / "output", "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output)
        wait_listening(self.ports.values(), lambda: self.process.poll() is None, self.log)

    def end(self):
        self.process.terminate()
        self.process.wait(support.STOP_TIMEOUT)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        try:
            self.end()
        finally:
            shutil.rmtree(self.directory)

    @contextlib.contextmanager
    def ended(self):
        """It is not there meanwhile."""
        self.end()
        try:
            yield
        finally:
            self.start()


NGINX = """\
load_module modules/ngx_mail_module.so;
daemon off;
worker_processes 1;
pid {0}/pid;
error_log {0}/log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
    {1}
}}
mail {{
    auth_http 127.0.0.1:1/;
    {2}
}}
"""


class Nginx(Server):
    """nginx with a site for every host of sni, and its mail proxy, which knows no SNI."""

    PROTOCOLS = ["https", "imap", "imaps", "pop3", "pop3s", "smtp", "submissions"]

    def command(self):
        return [find("nginx"), "-c", self.config, "-e", self.directory / "log"]

    def listen(self, protocol, option=""):
        return " ".join("listen [%s]:%d%s;" % (address, self.ports[protocol], option)
                        if ":" in address else
                        "listen %s:%d%s;" % (address, self.ports[protocol], option)
                        for address in self.addresses)

    def text(self, default, sni):
        pair = "ssl_certificate %s; ssl_certificate_key %s;"
        sites = ["server { %s %s return 404; }" % (self.listen("https", " ssl default_server"),
                                                   pair % (default.chain, default.key))]
        sites += ["server { server_name %s; %s %s return 404; }"
                  % (host, self.listen("https", " ssl"), pair % (issued.chain, issued.key))
                  for host, issued in sni.items()]
        proxies = [pair % (default.chain, default.key)]
        for protocol in self.PROTOCOLS[1:]:
            implicit = protocol in ("imaps", "pop3s", "submissions")
            proxies.append("server { protocol %s; %s %s }" % (
                {"submissions": "smtp"}.get(protocol, protocol[:4]),
                self.listen(protocol, " ssl" if implicit else ""),
                "" if implicit else "starttls on;"))
        return NGINX.format(self.directory, "\n    ".join(sites), "\n    ".join(proxies))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    @contextlib.contextmanager
    def stopped(self):
        """Its workers do nothing meanwhile; the kernel still accepts connections for them."""
        number = self.process.pid
        workers = pathlib.Path("/proc/%d/task/%d/children" % (number, number)).read_text().split()
        for worker in workers:
            os.kill(int(worker), signal.SIGSTOP)
        try:
            yield
        finally:
            for worker in workers:
                os.kill(int(worker), signal.SIGCONT)


DOVECOT = """\
base_dir = {0}/run
state_dir = {0}/state
log_path = {0}/log
instance_name = {0}
listen = {1}
protocols = imap pop3 sieve
ssl = yes
{2}
service imap-login {{
  inet_listener imap {{
    port = {3[imap]}
  }}
  inet_listener imaps {{
    port = {3[imaps]}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {3[pop3]}
  }}
  inet_listener pop3s {{
    port = {3[pop3s]}
    ssl = yes
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {3[sieve]}
  }}
}}
"""

# What 2.4 writes otherwise than 2.3 does.
DOVECOT_2_3 = ("", "passdb {\n  driver = static\n  args = password=x\n}\n",
               "ssl_cert = <{0.chain}\nssl_key = <{0.key}\n")
DOVECOT_2_4 = ("dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n",
               "passdb static {\n  password = x\n}\n",
               "ssl_server_cert_file = {0.chain}\nssl_server_key_file = {0.key}\n")


class Dovecot(Server):
    """Dovecot with imap, imaps, pop3, pop3s and managesieve; nobody can log in."""

    PROTOCOLS = ["imap", "imaps", "pop3", "pop3s", "sieve"]

    def command(self):
        return [find("dovecot"), "-F", "-c", self.config]

    def text(self, default, sni):
        version = support.run([find("dovecot"), "--version"], check=True).stdout
        is_old = re.match(r"2\.[0-3]\.", version)
        first, login, pair = DOVECOT_2_3 if is_old else DOVECOT_2_4
        certificates = pair.format(default)
        for host, issued in sni.items():
            certificates += "local_name %s {\n%s}\n" % (host, pair.format(issued))
        return first + DOVECOT.format(self.directory, ", ".join(self.addresses),
                                      login + certificates, self.ports)

    def reload(self):
        support.run([find("doveadm"), "-c", self.config, "reload"], check=True)
