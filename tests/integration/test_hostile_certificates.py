# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates made to cost time or memory: each gets its finding, in bounded time and memory.

One of more than 100 kB is refused unread, so what has ten thousand names is malformed.
"""

import datetime
import json
import resource
import subprocess

import pytest
import support
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CPU_MAX = 10  # s; the costliest takes less than one
MEMORY_MAX = 512 * 1024 * 1024
HOST = "webmail.hostile.example"
KEY = ec.generate_private_key(ec.SECP256R1())


def name(*values):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value) for value in values])


def issue(subject, issuer, extensions=(), until=(2060, 1, 1), is_ca=False, names=(HOST,)):
    """One key signs all: what matters here is their number and form."""
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
               .public_key(KEY.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(datetime.datetime(2020, 1, 1))
               .not_valid_after(datetime.datetime(*until))
               .add_extension(x509.BasicConstraints(is_ca, None), True))
    if not is_ca:
        builder = (builder
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.DNSName(host) for host in names]), False)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False))
    for extension in extensions:
        builder = builder.add_extension(extension, True)
    return builder.sign(KEY, hashes.SHA256())


ROOT = issue(name("root"), name("root"), is_ca=True)


def many_names():
    hosts = [f"n{number}.hostile.example" for number in range(10000)]
    return [issue(name(HOST), name("root"), names=hosts)]


def most_names():
    """As many as fit."""
    return [issue(name(HOST), name("root"),
                  names=[f"n{number}.hostile.example" for number in range(4000)] + [HOST])]


def many_constraints():
    subtrees = [x509.DNSName(f"n{number}.example") for number in range(4096)]
    middle = issue(name("middle"), name("root"), is_ca=True,
                   extensions=[x509.NameConstraints(subtrees, subtrees)])
    return [issue(name(HOST), name("middle"), names=[HOST] * 1000), middle]


def long_chain():
    chain = [issue(name(HOST), name("0"))]
    chain += [issue(name(str(number)), name(str(number + 1)), is_ca=True) for number in range(99)]
    return chain


def circles():
    """Twelve authorities that all sign each other: the paths are without number."""
    authorities = [str(number) for number in range(12)]
    return [issue(name(HOST), name("0"))] + [
        issue(name(subject), name(issuer), is_ca=True)
        for subject in authorities for issuer in authorities if subject != issuer]


def many_parts():
    return [issue(name(*["x"] * 6000), name("root"))]


def twenty_thousand_parts():
    return [issue(name(*["x"] * 20000), name("root"))]


def far_end():
    return [issue(name(HOST), name("root"), until=(9999, 12, 31))]


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX, CPU_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))


def write(path, certificates):
    path.write_bytes(b"".join(certificate.public_bytes(serialization.Encoding.PEM)
                              for certificate in certificates))


@pytest.mark.parametrize("make, code", [
    (many_names, "malformed"),
    (most_names, "covered"),
    (many_constraints, "malformed"),
    (long_chain, "untrusted-chain"),
    (circles, "missing-intermediate"),
    (many_parts, "malformed"),
    (twenty_thousand_parts, "malformed"),
    (far_end, "covered"),
], ids=lambda value: getattr(value, "__name__", value))
def test_bounded(tmp_path, make, code):
    write(tmp_path / "root.pem", [ROOT])
    write(tmp_path / "chain.pem", make())
    run = subprocess.run([support.program("certbind"), "verify", "--json", "--trust", tmp_path / "root.pem",
                          "--at", "2030-01-01T00:00:00Z", tmp_path / "chain.pem", HOST],
                         capture_output=True, text=True, preexec_fn=limit, timeout=120)
    assert run.returncode == (0 if code == "covered" else 1), run.stderr
    codes = {finding["code"] for finding in json.loads(run.stdout)["findings"]}
    assert code in codes, codes


def check(tmp_path, entries):
    """Findings of domain LABEL.example for each certificate entry of that label."""
    write(tmp_path / "root.pem", [ROOT])
    (tmp_path / "certbind.conf").write_text(
        "trust_file = \"root.pem\";\nstate_dir = \"state\";\n"
        "certificates = ( %s );\ndomains = ( %s );\n" % (
            ", ".join("{ name = \"%s\"; %s }" % entry for entry in entries.items()),
            ", ".join("{ name = \"%s.example\"; webmail = \"%s\"; mail = \"none\"; }" % (
                label, label) for label in entries)))
    run = subprocess.run([support.program("certbind"), "check", "-c", tmp_path / "certbind.conf",
                          "--json", "--all", "--at", "2030-01-01T00:00:00Z"],
                         capture_output=True, text=True, preexec_fn=limit, timeout=120)
    assert run.returncode == 1, run.stderr
    found = {}
    for finding in json.loads(run.stdout)["findings"]:
        found.setdefault((finding["domain"] or "").removesuffix(".example"), []).append(finding)
    return found


@pytest.mark.parametrize("password", [None, b"secret"], ids=["open", "encrypted"])
def test_pkcs12(tmp_path, password):
    """What is in a .p12 has the same bound, the end-entity and any other certificate; and a file
    that stands for key and chain may have no more certificates than another."""
    good = far_end()[0]
    made = {
        "leaf": (many_names()[0], []),
        "extra": (good, [twenty_thousand_parts()[0]]),
        "hostile": (good, [ROOT]),
    }
    encryption = (serialization.BestAvailableEncryption(password) if password
                  else serialization.NoEncryption())
    for label, (leaf, others) in made.items():
        path = tmp_path / (label + ".p12")
        path.write_bytes(pkcs12.serialize_key_and_certificates(
            label.encode(), KEY, leaf, others, encryption))
        path.chmod(0o600)
    write(tmp_path / "long.p12", long_chain())
    with (tmp_path / "long.p12").open("ab") as file:
        file.write(KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    given = "key_password = \"secret\";" if password else ""
    found = check(tmp_path, {label: "key = \"%s.p12\"; %s" % (label, given)
                             for label in (*made, "long")})
    words = {"leaf": "holds a certificate of more than", "extra": "holds a certificate of more than",
             "long": "holds a chain of 100 certificates"}
    for label, word in words.items():
        assert any(finding["code"] == "malformed" and word in finding["advice"]
                   for finding in found[label]), (label, found[label])
    assert [finding["code"] for finding in found["hostile"]] == ["covered"]


def test_staple_whose_signer_is_oversized(tmp_path):
    """The responder's certificate comes in the response, whose file is smaller than that bound."""
    leaf = far_end()[0]
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf, issuer=ROOT, algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD, revocation_time=None, revocation_reason=None,
        this_update=datetime.datetime(2029, 12, 1), next_update=datetime.datetime(2030, 2, 1))
    (tmp_path / "key.pem").write_bytes(KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    (tmp_path / "key.pem").chmod(0o600)
    write(tmp_path / "hostile.pem", [leaf, ROOT])
    entry = "chain = \"hostile.pem\"; key = \"key.pem\"; staple = \"%s.ocsp\";"
    for label, responder in (("hostile", ROOT), ("large", twenty_thousand_parts()[0])):
        response = (builder.responder_id(ocsp.OCSPResponderEncoding.NAME, responder)
                    .certificates([responder]).sign(KEY, hashes.SHA256()))
        (tmp_path / (label + ".ocsp")).write_bytes(
            response.public_bytes(serialization.Encoding.DER))
    found = check(tmp_path, {label: entry % label for label in ("hostile", "large")})
    assert [finding["code"] for finding in found["hostile"]] == ["covered"]
    assert any(finding["code"] == "staple-invalid" and "bytes; expected at most" in finding["advice"]
               for finding in found["large"]), found["large"]


def test_others_are_unaffected(tmp_path):
    """All of them in one configuration, one of them in DER: each has its finding, and the domain
    beside them is covered."""
    made = {"names": many_names, "parts": twenty_thousand_parts, "long": long_chain,
            "circles": circles, "good": far_end}
    (tmp_path / "key.pem").write_bytes(KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    (tmp_path / "key.pem").chmod(0o600)
    write(tmp_path / "root.pem", [ROOT])
    for label, make in made.items():
        write(tmp_path / (label + ".pem"), make())
    (tmp_path / "der.pem").write_bytes(
        twenty_thousand_parts()[0].public_bytes(serialization.Encoding.DER))
    labels = [*made, "der"]
    (tmp_path / "certbind.conf").write_text(
        "trust_file = \"root.pem\";\nstate_dir = \"state\";\n"
        "certificates = ( %s );\ndomains = ( %s );\n" % (
            ", ".join("{ name = \"%s\"; chain = \"%s.pem\"; key = \"key.pem\"; }" % (label, label)
                      for label in labels),
            ", ".join("{ name = \"%s.example\"; webmail = \"%s\"; mail = \"none\"; }" % (
                "hostile" if label == "good" else label, label) for label in labels)))
    run = subprocess.run([support.program("certbind"), "check", "-c", tmp_path / "certbind.conf",
                          "--json", "--all", "--at", "2030-01-01T00:00:00Z"],
                         capture_output=True, text=True, preexec_fn=limit, timeout=120)
    assert run.returncode == 1, run.stderr
    codes = {}
    for finding in json.loads(run.stdout)["findings"]:
        codes.setdefault(finding["domain"], set()).add(finding["code"])
    assert "covered" in codes["hostile.example"]
    for label in ("names", "parts", "long", "der"):
        assert codes[label + ".example"] & {"malformed", "unreadable"}, (label, codes)
    assert "covered" not in codes["circles.example"]
