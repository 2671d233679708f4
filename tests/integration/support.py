# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests are made of: certificates, configurations, daemons, clients.

Certificates come from certtool, so that nothing under test takes part in making them. Every wait
has a time-out, every daemon is stopped by SIGTERM and must end with status 0.
"""

import collections
import datetime
import os
import pathlib
import queue
import shlex
import signal
import socket
import subprocess
import threading
import time

CURVE = "secp256r1"
CLIENT_TIMEOUT = 30
READY_TIMEOUT = 60
STOP_TIMEOUT = 30

Issued = collections.namedtuple("Issued", "name certificate chain key")
"""A certificate's files: itself alone, itself with its intermediates, its private key."""


def build_directory():
    """The build to be tested: $CERTBIND_BUILD, or build in the source tree."""
    root = pathlib.Path(__file__).resolve().parents[2]
    return pathlib.Path(os.environ.get("CERTBIND_BUILD", root / "build")).resolve()


def source_directory():
    return pathlib.Path(__file__).resolve().parents[2]


def program(name):
    """The path of a program of the build: certbind, minimal, webmail, mail."""
    build = build_directory()
    places = ["tools/" + name, "examples/" + name, "examples/%s/%s" % (name, name)]
    for place in places:
        path = build / place
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError("%s is not in %s: build it first" % (name, build))


def wrapper():
    """What programs run under: $CERTBIND_WRAP, for example valgrind with its options."""
    return shlex.split(os.environ.get("CERTBIND_WRAP", ""))


def run(command, *, text=None, timeout=CLIENT_TIMEOUT, check=False, env=None, cwd=None):
    """Run a command to its end; both its outputs are joined in .stdout, as text."""
    environment = dict({**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, **(env or {}))
    done = subprocess.run([str(word) for word in command], input=text, timeout=timeout,
                          stdin=subprocess.DEVNULL if text is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", env=environment, cwd=cwd)
    if check and done.returncode != 0:
        raise AssertionError("%s ended with %d:\n%s" % (command, done.returncode, done.stdout))
    return done


def certbind(*arguments, timeout=CLIENT_TIMEOUT, env=None, wrap=True):
    """Run the command; its stdout and stderr are apart."""
    environment = dict({**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, **(env or {}))
    command = (wrapper() if wrap else []) + [program("certbind")] + [str(word) for word in arguments]
    if wrap and wrapper():
        timeout *= 10
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", errors="replace",
                          timeout=timeout, env=environment)


def utc(days):
    """Now, moved by so many days."""
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


class Pki:
    """A certification authority with one intermediate, in a directory of its own."""

    def __init__(self, directory, organization="Test"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.organization = organization
        self.root = self.authority("root")
        self.intermediate = self.authority("intermediate", issuer=self.root)
        self.ca = self.root.certificate

    def private_key(self, path, kind="ecdsa"):
        options = {"ecdsa": ["--key-type=ecdsa", "--curve", CURVE],
                   "rsa": ["--key-type=rsa", "--bits", "2048"],
                   "rsa1024": ["--key-type=rsa", "--bits", "1024"],
                   "ed25519": ["--key-type=ed25519"]}[kind]
        run(["certtool", "--generate-privkey", "--no-text", "--outfile", path] + options,
            check=True)
        os.chmod(path, 0o600)
        return path

    def authority(self, name, issuer=None, lines=(), key="ecdsa"):
        """Make a CA: the root when it has no issuer."""
        template = ["cn = \"%s %s\"" % (self.organization, name), "ca", "cert_signing_key",
                    "crl_signing_key", "path_len = %d" % (1 if issuer is None else 0)]
        return self._make(name, template + list(lines), issuer, key, -365, 3650, chain=())

    def issue(self, name, hosts, *, key="ecdsa", issuer=None, not_before=-1, not_after=90,
              cn=None, lines=(), from_key=None, server=True):
        """Make a server certificate for hosts; not_before and not_after are days from now.

        key: ecdsa, rsa, ed25519; from_key: the file of a key that is there already; lines: more
        lines for certtool's template; issuer: default the intermediate; "self" for self-signed.
        """
        template = ["cn = \"%s\"" % (cn or (hosts[0] if hosts else name)), "signing_key"]
        template += ["dns_name = \"%s\"" % host for host in hosts]
        if server:
            template.append("tls_www_server")
        template += list(lines)
        if issuer == "self":
            return self._make(name, template, None, key, not_before, not_after, (), from_key)
        issuer = issuer or self.intermediate
        chain = (issuer.certificate,) if issuer is not self.root else ()
        return self._make(name, template, issuer, key, not_before, not_after, chain, from_key)

    def _make(self, name, template, issuer, key, not_before, not_after, chain, from_key=None):
        base = self.directory / name
        paths = Issued(name, base.with_name(name + ".crt"), base.with_name(name + ".pem"),
                       base.with_name(name + ".key"))
        if from_key:
            paths.key.write_bytes(pathlib.Path(from_key).read_bytes())
            os.chmod(paths.key, 0o600)
        else:
            self.private_key(paths.key, key)
        form = "%Y-%m-%d %H:%M:%S UTC"
        template = template + ["activation_date = \"%s\"" % utc(not_before).strftime(form),
                               "expiration_date = \"%s\"" % utc(not_after).strftime(form)]
        base.with_name(name + ".cfg").write_text("\n".join(template) + "\n")
        command = ["certtool", "--no-text", "--load-privkey", paths.key,
                   "--template", base.with_name(name + ".cfg"), "--outfile", paths.certificate]
        if issuer is None:
            command.append("--generate-self-signed")
        else:
            command += ["--generate-certificate", "--load-ca-certificate", issuer.certificate,
                        "--load-ca-privkey", issuer.key]
        run(command, check=True)
        joined = [paths.certificate.read_text()] + [pathlib.Path(c).read_text() for c in chain]
        paths.chain.write_text("".join(joined))
        return paths

    def staple(self, issued, path, *, this_update=-1, next_update=7, issuer=None):
        """Write an OCSP response that says good of a certificate, in DER."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.x509 import ocsp
        issuer = issuer or self.intermediate
        signer = x509.load_pem_x509_certificate(pathlib.Path(issuer.certificate).read_bytes())
        key = serialization.load_pem_private_key(pathlib.Path(issuer.key).read_bytes(), None)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=x509.load_pem_x509_certificate(pathlib.Path(issued.certificate).read_bytes()),
            issuer=signer, algorithm=hashes.SHA256(), cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=utc(this_update).replace(tzinfo=None),
            next_update=utc(next_update).replace(tzinfo=None),
            revocation_time=None, revocation_reason=None)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
        response = builder.sign(key, hashes.SHA256())
        pathlib.Path(path).write_bytes(response.public_bytes(serialization.Encoding.DER))
        return path


def fingerprint(path):
    """The SHA-256 fingerprint of the first certificate of a PEM file, in hexadecimal."""
    import hashlib
    import ssl
    text = pathlib.Path(path).read_text()
    end = "-----END CERTIFICATE-----"
    first = text[text.index("-----BEGIN CERTIFICATE-----"):text.index(end) + len(end)]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


def serial(path):
    """The serial number of the first certificate of a PEM file."""
    from cryptography import x509
    return x509.load_pem_x509_certificate(pathlib.Path(path).read_bytes()).serial_number


def write_config(directory, text, name="certbind.conf", state=True):
    """Write a configuration; state: with a state_dir beside it. Gives its path."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    if state:
        (directory / "state").mkdir(exist_ok=True, mode=0o700)
        text = "state_dir = \"state\";\n" + text
    path.write_text(text, encoding="utf-8")
    return path


def certificate_entry(name, *pairs, more=""):
    """The configuration's entry of a certificate with one pair or several."""
    if len(pairs) == 1:
        return "{ name = \"%s\"; chain = \"%s\"; key = \"%s\"; %s }" % (
            name, pairs[0].chain, pairs[0].key, more)
    each = ", ".join("{ chain = \"%s\"; key = \"%s\"; }" % (p.chain, p.key) for p in pairs)
    return "{ name = \"%s\"; pairs = ( %s ); %s }" % (name, each, more)


def write_users(path, users):
    """Write a users file from {"user@domain": password}; hashes are crypt(3)'s SHA-512."""
    lines = []
    for address, password in users.items():
        crypted = run(["openssl", "passwd", "-6", password], check=True).stdout.strip()
        lines.append("%s:%s\n" % (address, crypted))
    pathlib.Path(path).write_text("".join(lines))
    return path


class Daemon:
    """A started daemon; ready when all its sockets are listening.

    endpoints: {"imaps": ("127.0.0.1", 40123), …}; log(): all that it printed so far.
    """

    def __init__(self, command, protocols, log_path, env=None):
        self.log_path = pathlib.Path(log_path)
        self.endpoints = {}
        self.lines = queue.Queue()
        self.slow = 10 if wrapper() else 1
        self.log_file = open(self.log_path, "w", encoding="utf-8")
        self.process = subprocess.Popen(
            wrapper() + [str(word) for word in command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.log_file, encoding="utf-8", errors="replace",
            env=dict(os.environ, LC_ALL="C.UTF-8", **(env or {})))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            self._wait_ready(set(protocols))
        except BaseException:
            self.kill()
            raise

    def _read(self):
        for line in self.process.stdout:
            self.log_file.write(line)
            self.log_file.flush()
            self.lines.put(line)
        self.lines.put(None)

    def _wait_ready(self, wanted):
        end = time.monotonic() + READY_TIMEOUT * self.slow
        while wanted - set(self.endpoints):
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError("not ready in time:\n" + self.log()) from None
            if line is None:
                raise AssertionError("ended before it was ready:\n" + self.log())
            words = line.split()
            if len(words) == 3 and words[0] == "listening":
                address, _, port = words[2].rpartition(":")
                self.endpoints[words[1]] = (address.strip("[]"), int(port))

    def log(self):
        self.log_file.flush()
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def port(self, protocol):
        return self.endpoints[protocol][1]

    def wait_for_log(self, text, timeout=10):
        """Wait until the daemon has printed a text."""
        end = time.monotonic() + timeout * self.slow
        while text not in self.log():
            if time.monotonic() > end:
                raise AssertionError("%r did not come:\n%s" % (text, self.log()))
            time.sleep(0.02)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self.reader.join(STOP_TIMEOUT)
        self.process.stdout.close()

    def stop(self):
        """End the daemon by SIGTERM; it must do so at once, with status 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_TIMEOUT * self.slow)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("did not end on SIGTERM:\n" + self.log()) from None
        self._close()
        text = self.log()
        self.log_file.close()
        assert status == 0, "ended with status %d:\n%s" % (status, text)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.stop()
        else:
            self.kill()


def _start(name, config, options, protocols, log_path, users, spool):
    command = [program(name), "--config", config] + options
    if users:
        command += ["--users", users]
    if spool:
        command += ["--spool", spool]
    return Daemon(command, protocols, log_path)


def start_minimal(config, log_path, users=None, spool=None):
    """Start examples/minimal on a free port: protocol https."""
    return _start("minimal", config, ["--listen", "127.0.0.1:0"], ["https"], log_path, users, spool)


def start_webmail(config, log_path, users=None, spool=None):
    """Start examples/webmail on a free port: protocol https."""
    return _start("webmail", config, ["--listen", "127.0.0.1:0"], ["https"], log_path, users, spool)


def start_mail(config, log_path, users=None, spool=None):
    """Start examples/mail on free ports: protocols smtp, submissions, imap, imaps."""
    protocols = ["smtp", "submissions", "imap", "imaps"]
    options = []
    for protocol in protocols:
        options += ["--" + protocol, "127.0.0.1:0"]
    return _start("mail", config, options, protocols, log_path, users, spool)


def free_port():
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


STARTTLS = {"smtp": "smtp", "imap": "imap"}


def s_client(endpoint, *, protocol=None, servername=None, version=None, options=(), ca=None,
             text="", timeout=CLIENT_TIMEOUT):
    """Run openssl s_client; servername None sends no SNI. stdout and stderr are joined."""
    command = ["openssl", "s_client", "-connect", "%s:%d" % endpoint]
    command += ["-servername", servername] if servername is not None else ["-noservername"]
    if protocol in STARTTLS:
        command += ["-starttls", STARTTLS[protocol]]
    if version:
        command.append("-" + version)
    if ca:
        command += ["-CAfile", ca, "-no-CApath", "-no-CAstore"]
        if servername:
            command += ["-verify_hostname", servername]
    return run(command + list(options), text=text, timeout=timeout)


def served_fingerprint(output):
    """The SHA-256 fingerprint of the certificate that s_client printed, or None."""
    import hashlib
    import ssl
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    if begin not in output:
        return None
    text = output[output.index(begin):output.index(end) + len(end)]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
