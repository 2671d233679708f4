# SPDX-License-Identifier: LGPL-2.1-or-later
"""Renewed certificates and changed configurations reach clients while the daemons run.

In each test clients connect all the time to every daemon, verify what they get, and none may fail;
within two seconds after a change every new connection must have what the change says.
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import socket
import ssl
import threading
import time

import pytest
import support

SECONDS = 2
"""How soon a change must be served."""
PAUSE = 0.005
"""Between two connections of one client."""

PAIR = "{ name = \"pair\"; chain = \"pair.pem\"; key = \"pair.key\"; }"
RENEWED = "{ name = \"renewed.example\"; webmail = \"pair\"; mail = \"pair\"; }"

numbers = itertools.count()


@pytest.fixture
def issue(pki):
    """Issues a certificate for both hosts of a domain."""
    def make(domain="renewed.example"):
        return pki.issue("renewal-%d" % next(numbers), ["webmail." + domain, "mail." + domain])
    return make


class Client(threading.Thread):
    """Connects all the time to one host of one daemon; served: the serial numbers as they came."""

    def __init__(self, endpoint, host, ca):
        super().__init__(daemon=True)
        self.endpoint, self.host = endpoint, host
        self.context = ssl.create_default_context(cafile=str(ca))
        self.served, self.count, self.failures = [], 0, []
        self.ended = threading.Event()

    def connect(self):
        with socket.create_connection(self.endpoint, support.CLIENT_TIMEOUT) as plain:
            with self.context.wrap_socket(plain, server_hostname=self.host) as tls:
                return int(tls.getpeercert()["serialNumber"], 16)

    def run(self):
        while not self.ended.wait(PAUSE):
            try:
                serial = self.connect()
            except OSError as failure:
                self.failures.append(repr(failure))
                continue
            self.count += 1
            if self.served[-1:] != [serial]:
                self.served.append(serial)


class Site:
    """The daemons on one configuration in one directory."""

    def __init__(self, root, ca, starters):
        self.root, self.ca, self.starters = root, ca, starters
        self.daemons = {}

    def configure(self, text):
        """Writes the configuration as an editor does: beside it, then in its place."""
        path = support.write_config(self.root, text, name="new.conf")
        return path.replace(self.root / "certbind.conf")

    def start(self, text):
        self.configure(text)
        for name, start in self.starters.items():
            self.daemons[name] = start(self.root / "certbind.conf")

    def seconds(self):
        return SECONDS * max(daemon.slow for daemon in self.daemons.values())

    def endpoints(self, domain):
        """Every daemon's endpoint with implicit TLS, and the host clients ask it for."""
        for name, daemon in self.daemons.items():
            if name == "mail":
                yield daemon.endpoints["imaps"], "mail." + domain
            else:
                yield daemon.endpoints["https"], "webmail." + domain

    @contextlib.contextmanager
    def clients(self, domain, *expected):
        """Connects all the time; at the end each client must have seen just what is expected."""
        clients = [Client(endpoint, host, self.ca) for endpoint, host in self.endpoints(domain)]
        expected = [support.serial(issued.certificate) for issued in expected]
        for client in clients:
            client.start()
        try:
            wait(lambda: all(client.count > 2 for client in clients), support.CLIENT_TIMEOUT,
                 self.logs)
            yield
            wait(lambda: all(client.served[-1:] == expected[-1:] for client in clients),
                 self.seconds(), lambda: "not served: " + self.logs())
            counts = [client.count for client in clients]
            wait(lambda: all(client.count > count + 2 for client, count in zip(clients, counts)),
                 support.CLIENT_TIMEOUT, "clients no longer connect")
        finally:
            for client in clients:
                client.ended.set()
            for client in clients:
                client.join(support.CLIENT_TIMEOUT)
        for client in clients:
            assert client.failures == [], self.logs()
            assert client.served == expected, self.logs()

    def serves(self, domain, issued):
        """Do all daemons serve that certificate to an openssl s_client, in STARTTLS too?"""
        places = [(endpoint, host, None) for endpoint, host in self.endpoints(domain)]
        if "mail" in self.daemons:
            places.append((self.daemons["mail"].endpoints["smtp"], "mail." + domain, "smtp"))
        wanted = support.fingerprint(issued.certificate)
        outputs = [support.s_client(endpoint, servername=host, protocol=protocol).stdout
                   for endpoint, host, protocol in places]
        served = [support.served_fingerprint(output) for output in outputs]
        assert None not in served, "\n".join(outputs)
        return all(fingerprint == wanted for fingerprint in served)

    def serves_none(self, domain, issued):
        wanted = support.fingerprint(issued.certificate)
        return all(support.served_fingerprint(
            support.s_client(endpoint, servername=host).stdout) not in (None, wanted)
            for endpoint, host in self.endpoints(domain))

    def wait_for_log(self, text, names=("webmail", "mail", "minimal")):
        for name in names:
            if name in self.daemons:
                self.daemons[name].wait_for_log(text)

    def hang_up(self):
        for daemon in self.daemons.values():
            daemon.process.send_signal(signal.SIGHUP)

    def logs(self):
        return "\n".join(daemon.log()[-3000:] for daemon in self.daemons.values())


def wait(is_true, seconds, message):
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            raise AssertionError(message() if callable(message) else message)
        time.sleep(0.02)


@pytest.fixture
def site(tmp_path, pki, webmail, mail, minimal):
    root = tmp_path / "site"
    root.mkdir()
    return Site(root, pki.ca, {"webmail": webmail, "mail": mail, "minimal": minimal})


def replace(path, source):
    """Puts a file in place by rename."""
    temporary = path.with_name(path.name + ".tmp")
    shutil.copyfile(source, temporary)
    os.replace(temporary, path)


def rewrite(path, source):
    """Writes into the file that is there."""
    with open(path, "r+b") as file:
        file.truncate()
        file.write(pathlib.Path(source).read_bytes())


def copy(path, source):
    support.run(["cp", source, path], check=True)


# How certificates are renewed. Each has a configuration, and puts a certificate where it belongs.

class Certbot:
    """A new file in archive; then the links in live are swapped, the key's first."""

    config = "certificate_dirs = [ \"live\" ];\ndomains = ( { name = \"renewed.example\"; } );\n"
    version = 0

    def put(self, site, issued):
        self.version += 1
        archive, live = (site.root / name / "renewed.example" for name in ("archive", "live"))
        for directory in (archive, live):
            directory.mkdir(parents=True, exist_ok=True)
        for kind, source in (("privkey", issued.key), ("fullchain", issued.chain)):
            name = "%s%d.pem" % (kind, self.version)
            shutil.copyfile(source, archive / name)
            link = live / (kind + ".pem")
            link.unlink(missing_ok=True)
            link.symlink_to(pathlib.Path("../../archive/renewed.example") / name)


class Lego:
    """NAME.crt and NAME.key, each replaced by rename."""

    config = "certificate_dirs = [ \"tls\" ];\ndomains = ( { name = \"renewed.example\"; } );\n"

    def put(self, site, issued):
        (site.root / "tls").mkdir(exist_ok=True)
        replace(site.root / "tls" / "renewed.example.crt", issued.chain)
        replace(site.root / "tls" / "renewed.example.key", issued.key)


class AcmeSh:
    """Both files rewritten in place, the chain first; meanwhile the key does not fit."""

    config = "certificates = ( %s );\ndomains = ( %s );\n" % (PAIR, RENEWED)

    def put(self, site, issued):
        if not site.daemons:
            copy(site.root / "pair.pem", issued.chain)
            copy(site.root / "pair.key", issued.key)
            return
        rewrite(site.root / "pair.pem", issued.chain)
        site.wait_for_log("certificate \"pair\": the last good version stays in service",
                          ["webmail", "mail"])
        rewrite(site.root / "pair.key", issued.key)


class Copied:
    """cp over the old files."""

    config = AcmeSh.config

    def put(self, site, issued):
        copy(site.root / "pair.key", issued.key)
        copy(site.root / "pair.pem", issued.chain)


@pytest.mark.parametrize("way", [Certbot, Lego, AcmeSh, Copied])
def test_renewal_is_served(site, issue, way):
    first, second, third = issue(), issue(), issue()
    renewal = way()
    renewal.put(site, first)
    site.start(way.config)
    with site.clients("renewed.example", first, second):
        renewal.put(site, second)
    with site.clients("renewed.example", second, third):
        renewal.put(site, third)
    assert site.serves("renewed.example", third)


@pytest.fixture
def two(site, issue):
    """Daemons that serve one domain, with a certificate for a second one and an empty domains_dir."""
    certificates = {"pair": issue(), "second": issue("second.example"),
                    "other": issue("second.example")}
    entries = ",\n".join(support.certificate_entry(name, issued)
                         for name, issued in certificates.items())
    (site.root / "domains.d").mkdir()
    site.start("domains_dir = \"domains.d\";\ncertificates = ( %s );\ndomains = ( %s );\n"
               % (entries, RENEWED))
    site.file = site.root / "domains.d" / "second.example.conf"
    return certificates


SECOND = "webmail = \"second\";\nmail = \"second\";\n"
OTHER = SECOND.replace("second", "other")


def test_domain_added_and_removed(site, two):
    # Unbound certificates are never served.
    assert site.serves_none("second.example", two["second"])
    with site.clients("renewed.example", two["pair"]):
        site.file.write_text(SECOND)
        wait(lambda: site.serves("second.example", two["second"]), site.seconds(), site.logs)
        site.file.unlink()
        wait(lambda: site.serves_none("second.example", two["second"]), site.seconds(), site.logs)


def test_broken_file_of_domains_dir_costs_nothing(site, two):
    site.file.write_text(SECOND)
    wait(lambda: site.serves("second.example", two["second"]), site.seconds(), site.logs)
    with site.clients("second.example", two["second"], two["other"]):
        site.file.write_text("webmail = \"other\";\nmail = ;\n")
        site.wait_for_log("second.example.conf:2: ", ["webmail", "mail"])
        # Nothing else waits for the file to be mended.
        (site.root / "domains.d" / "third.example.conf").write_text(
            "webmail = \"second\";\nmail = \"none\";\n")
        endpoint = site.daemons["webmail"].endpoints["https"]
        wanted = support.fingerprint(two["second"].certificate)
        wait(lambda: support.served_fingerprint(support.s_client(
            endpoint, servername="webmail.third.example").stdout) == wanted,
            site.seconds(), site.logs)
        site.file.write_text(OTHER)
    assert site.serves("second.example", two["other"])


def test_broken_main_file_is_refused_until_it_is_mended(site, issue):
    first, second = issue(), issue()
    text = "certificates = ( %s );\ndomains = ( " + RENEWED + " );\n"
    site.start(text % support.certificate_entry("pair", first))
    mended = text % support.certificate_entry("pair", second)
    with site.clients("renewed.example", first, second):
        path = site.configure(mended + "broken = ( ;\n")
        site.wait_for_log("refused, what was loaded stays in service: %s:4: " % path)
        site.hang_up()
        site.wait_for_log("SIGHUP: refused, what was loaded stays in service: ",
                          ["webmail", "mail"])
        assert site.serves("renewed.example", first)
        site.configure(mended)
    assert site.serves("renewed.example", second)


def test_sighup_is_enough_where_files_can_not_be_watched(site, issue, monkeypatch, tmp_path):
    # inotify(7) is made to fail; strace -D leaves the daemon the process that is started.
    slow = 10 if support.wrapper() else 1
    wrap = "strace -D -o %s -e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE %s"
    monkeypatch.setenv("CERTBIND_WRAP", wrap % (tmp_path / "trace",
                                                os.environ.get("CERTBIND_WRAP", "")))
    first, second = issue(), issue()
    renewal = Copied()
    renewal.put(site, first)
    site.start("poll_interval = 86400;\n" + Copied.config)
    for daemon in site.daemons.values():
        daemon.slow = slow
    site.wait_for_log("files are looked at every 86400 s", ["webmail", "mail"])
    with site.clients("renewed.example", first, second):
        renewal.put(site, second)
        time.sleep(1)
        assert site.serves("renewed.example", first), "nobody has told the daemons"
        site.hang_up()
    site.wait_for_log("SIGHUP: configuration and certificates are read", ["webmail", "mail"])
    assert site.serves("renewed.example", second)
