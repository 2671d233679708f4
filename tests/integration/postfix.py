# SPDX-License-Identifier: LGPL-2.1-or-later
"""Postfix of the tests' own, sending and receiving; the machine's own one is not touched."""

import os
import pathlib
import re
import shutil
import tempfile
import time

import support

MASTER = """\
postlog   unix-dgram n - n - 1 postlogd
anvil     unix - - n - 1 anvil
pickup    unix n - n 1 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
proxymap  unix - - n - - proxymap
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
"""

# What every instance has: {0} is its directory.
MAIN = """\
compatibility_level = 3.6
queue_directory = {0}/queue
data_directory = {0}/data
maillog_file = {0}/mail.log
maillog_file_prefixes = {0}
mydestination =
alias_maps =
alias_database =
"""

SENDER = MAIN + """\
myhostname = sender.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
smtp_dns_support_level = disabled
default_transport = error:no route in this test
transport_maps = inline:{{ {1} }}
smtp_tls_security_level = secure
smtp_tls_CAfile = {2}
smtp_tls_loglevel = 1
"""

RECEIVER = MAIN + """\
myhostname = receiver.example
inet_protocols = {1}
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = {2}, {3}
tls_server_sni_maps = hash:{0}/etc/sni
"""


class Instance:
    """A started Postfix with its configuration, queue and log in a directory of its own."""

    def __init__(self):
        # A short path: Postfix' sockets have theirs in a fixed buffer. Its master wants to enter.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postfix-", dir="/tmp"))
        self.directory.chmod(0o711)
        for name in ["etc", "queue", "data"]:
            (self.directory / name).mkdir()
        shutil.chown(self.directory / "data", "postfix")

    def write(self, main, services):
        """services: further lines of master.cf."""
        (self.directory / "etc/main.cf").write_text(main)
        (self.directory / "etc/master.cf").write_text(MASTER + "".join(services))

    def _run(self, program, *words, text=None):
        option = "-C" if program == "sendmail" else "-c"
        path = os.environ["PATH"] + ":/usr/sbin"
        return support.run([shutil.which(program, path=path), option, self.directory / "etc",
                            *words], text=text, check=True)

    def __enter__(self):
        try:
            self._run("postfix", "start")
        except AssertionError as problem:
            shutil.rmtree(self.directory)
            raise AssertionError("%s\n%s" % (problem, self.log())) from None
        return self

    def __exit__(self, *exception):
        self._run("postfix", "stop")
        shutil.rmtree(self.directory)

    def log(self):
        path = self.directory / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""


class Postfix(Instance):
    """The sending MTA.

    routes: {"domain": "mail host"}; every mail host is 127.0.0.1:port; sni: whether to send it.
    """

    def __init__(self, ca, port, routes, sni=True):
        super().__init__()
        shutil.copy(ca, self.directory / "ca.pem")
        services = []
        for number, host in enumerate(routes.values()):
            line = "to%d unix - - n - - smtp -o smtp_tls_secure_cert_match=%s" % (number, host)
            services.append(line + (" -o smtp_tls_servername=%s\n" % host if sni else "\n"))
        transports = ", ".join("{ %s = to%d:[127.0.0.1]:%d }" % (domain, number, port)
                               for number, domain in enumerate(routes))
        self.write(SENDER.format(self.directory, transports, self.directory / "ca.pem"), services)

    def send(self, recipient, text):
        """Send a message; gives what became of it and the log's words: ("sent", "…")."""
        self._run("sendmail", "-f", "me@sender.example", recipient, text=text)
        form = re.compile(r"to=<%s>.* status=(\w+) (.*)" % re.escape(recipient))
        end = time.monotonic() + support.CLIENT_TIMEOUT
        while time.monotonic() < end:
            found = form.search(self.log())
            if found:
                return found.group(1), found.group(2)
            time.sleep(0.05)
        raise AssertionError("nothing became of the message:\n" + self.log())


class Receiver(Instance):
    """The receiving MTA: smtp, submission (both with STARTTLS) and submissions.

    default: the certificate without SNI, or with one that is not in sni, {"host": Issued}.
    """

    PROTOCOLS = ["smtp", "submission", "submissions"]

    def __init__(self, addresses, default, sni):
        super().__init__()
        self.sni = sni
        self.ports = {protocol: support.free_port() for protocol in self.PROTOCOLS}
        services = []
        for protocol, port in self.ports.items():
            options = " -o smtpd_tls_wrappermode=yes" if protocol == "submissions" else ""
            services += ["[%s]:%d inet n - n - - smtpd%s\n" % (address, port, options)
                         for address in addresses]
        family = "all" if "::1" in addresses else "ipv4"
        self.write(RECEIVER.format(self.directory, family, default.key, default.chain), services)
        self._make_map()

    def _make_map(self):
        """The map holds what the files hold now: a renewal reaches it through this only."""
        path = self.directory / "etc" / "sni"
        path.write_text("".join("%s %s %s\n" % (host, issued.key, issued.chain)
                                for host, issued in self.sni.items()))
        self._run("postmap", "-F", "hash:%s" % path)

    def reload(self):
        self._make_map()
        self._run("postfix", "reload")
