#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the fuzzers' corpus of the tests' own files: seeds.py BUILD CORPUS

Each fuzzer gets a folder in CORPUS: config, certificate, name, hello. What is in tests/fuzz/corpus
is added.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
# The first byte of an input of fuzz-certificate.
PAIR, CHAIN, KEY, STAPLE = (bytes([kind]) for kind in range(4))
SEED_MAX = 16384


def write(folder, name, data):
    (folder / name.replace("/", "-")).write_bytes(data)


def config(folder):
    """Files that belong together are joined as fuzz-config takes them apart."""
    for path in sorted((TESTS / "unit" / "config").glob("*.conf")):
        parts = [path.read_bytes()]
        for beside in (path.with_suffix(""), path.with_suffix(".d")):
            parts += [part.read_bytes() for part in sorted(beside.rglob("*")) if part.is_file()]
        write(folder, path.name, b"\1".join(parts))


def certificate(folder, build):
    for path in sorted((build / "tests" / "unit" / "pki").iterdir()):
        if not path.is_file() or path.stat().st_size > SEED_MAX:
            continue
        data = path.read_bytes()
        if path.name.startswith("staple-"):
            write(folder, path.name, STAPLE + data)
        elif b"CERTIFICATE" in data or path.name == "san.der":
            write(folder, path.name, CHAIN + data)
        if path.suffix in (".key", ".p12", ".der") and not path.name.startswith("staple-"):
            write(folder, path.name + "-key", KEY + data)
        if b"PRIVATE KEY" in data and b"CERTIFICATE" in data:
            write(folder, path.name + "-pair", PAIR + data)


def c_string(literal):
    """The bytes of a C string; \\x stands for a byte, \\u for a character in UTF-8."""
    characters = literal.encode().decode("unicode_escape")
    return b"".join(bytes([ord(character)]) if ord(character) < 256 else character.encode()
                    for character in characters)


def name(folder):
    """Every string of the unit tests of names, as host and, with the next one, as identifier."""
    text = (TESTS / "unit" / "test_name.c").read_text()
    strings = [c_string(string) for string in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text)]
    for number, string in enumerate(strings):
        write(folder, str(number), string)
        write(folder, f"{number}-identifier", string + b"\n" + strings[number - 1])
    for host in ("webmail.good.example", "mail.good.example", "mail.provider.example",
                 "strict.good.example", "webmail.b\u00fccher.example"):
        write(folder, host.encode("idna").decode(), host.encode() + b"\n*.good.example")


def hello(folder, build):
    subprocess.run([build / "tests" / "fuzz" / "seed-hello", folder], check=True,
                   env={**os.environ, "PKI": str(build / "tests" / "unit" / "context-pki")})
    for service in range(3):
        for number, host in enumerate((b"webmail.good.example", b"strict.good.example", b"a_b")):
            entry = b"\0" + len(host).to_bytes(2, "big") + host
            write(folder, f"sni-{service}-{number}",
                  bytes([4 * service + 2]) + len(entry).to_bytes(2, "big") + entry)
        for protocol in (b"http/1.1", b"imap", b"h2"):
            entry = bytes([len(protocol)]) + protocol
            write(folder, f"alpn-{service}-{protocol.decode()}",
                  bytes([4 * service + 3]) + len(entry).to_bytes(2, "big") + entry)
    # The body alone of what the streams begin with: behind record and message header.
    for path in sorted(folder.glob("?-?")):
        data = path.read_bytes()
        write(folder, path.name + "-body", bytes([data[0] + 1]) + data[10:])


def main():
    build, corpus = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    for make, arguments in ((config, ()), (certificate, (build,)), (name, ()), (hello, (build,))):
        folder = corpus / make.__name__
        folder.mkdir(parents=True)
        make(folder, *arguments)
        kept = HERE / "corpus" / make.__name__
        if kept.is_dir():
            shutil.copytree(kept, folder, dirs_exist_ok=True)


main()
