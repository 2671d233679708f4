# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys and passwords in the wrong places: nothing that certbind or a daemon prints has a piece of
them. What certbind writes is private from the start and follows no links."""

import base64
import itertools
import os
import re
import stat

import pytest
import support
from cryptography.hazmat.primitives import serialization

PASSWORD = "correct-horse-battery-staple"
NAME = "webmail.secret.example" # the certificate's common name
PIECE = 12 # characters; shorter ones are found by chance


@pytest.fixture(name="secrets")
def fixture_secrets(pki, tmp_path):
    """A certificate whose key is there plain, in DER, encrypted, and with its password in a file."""
    issued = pki.issue("secret", ["webmail.secret.example", "mail.secret.example"])
    pem = open(issued.key, "rb").read()
    key = serialization.load_pem_private_key(pem, None)
    files = {
        "chain.pem": open(issued.chain, "rb").read(),
        "plain.key": pem,
        "der.key": key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()),
        "locked.key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSWORD.encode())),
        "password": PASSWORD.encode() + b"\n",
        "wrong": b"another-password-that-is-wrong\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    scalar = key.private_numbers().private_value
    hidden = [PASSWORD, "another-password-that-is-wrong", "%x" % scalar, str(scalar)]
    for name in ("plain.key", "locked.key"):
        hidden += [line for line in files[name].decode().splitlines() if "-----" not in line]
    hidden.append(base64.b64encode(files["der.key"]).decode())
    return tmp_path, [text[at:at + PIECE] for text in hidden
                      for at in range(0, max(len(text) - PIECE, 0) + 1, PIECE)]


# How the files are given, and whether the certificate can be served.
PLACES = [
    ('chain = "chain.pem"; key = "plain.key";', True),
    ('chain = "chain.pem"; key = "der.key";', True),
    ('chain = "chain.pem"; key = "locked.key"; key_password = "%s";' % PASSWORD, True),
    ('chain = "chain.pem"; key = "locked.key"; key_password_file = "password";', True),
    ('chain = "plain.key"; key = "chain.pem";', False),
    ('chain = "plain.key"; key = "plain.key";', False),
    ('chain = "der.key"; key = "der.key";', False),
    ('chain = "chain.pem"; key = "password";', False),
    ('chain = "chain.pem"; key = "locked.key";', False),
    ('chain = "chain.pem"; key = "locked.key"; key_password_file = "wrong";', False),
    ('chain = "chain.pem"; key = "locked.key"; key_password_file = "plain.key";', False),
    ('chain = "chain.pem"; key = "locked.key"; key_password = "another-password-that-is-wrong";',
     False),
    ('chain = "chain.pem"; key = "plain.key"; staple = "der.key";', True),
    ('chain = "chain.pem"; key = "plain.key"; key_password = "%s"' % PASSWORD, True),
    ('chain = "chain.pem"; key = "plain.key"; key_pasword = "%s";' % PASSWORD, None),
]


@pytest.mark.parametrize("place,is_served", PLACES)
def test_nothing_is_told(secrets, place, is_served):
    directory, hidden = secrets
    config = support.write_config(directory, """
        certificates = ( { name = "secret"; %s } );
        domains = ( { name = "secret.example"; webmail = "secret"; mail = "secret"; } );
        """ % place)
    commands = [["check", "-c", config], ["check", "--all", "--json", "-c", config],
                ["list", "--json", "-c", config], ["list", "-c", config],
                ["explain", "-c", config, "webmail", "webmail.secret.example"],
                ["candidates", "--json", "-c", config, "secret.example"],
                ["bind", "-c", config, "secret.example", "webmail", "secret"]]
    for name in ("plain.key", "der.key", "locked.key", "password"):
        commands += [["covers", str(directory / name), "webmail.secret.example"],
                     ["verify", str(directory / name), "webmail.secret.example"],
                     ["check", "-c", str(directory / name)]]
    printed = []
    for command in commands:
        done = support.certbind(*command)
        printed.append(done.stdout + done.stderr)
    with support.start_mail(config, directory / "daemon.log") as daemon:
        served = support.s_client(("127.0.0.1", daemon.port("imaps")),
                                  servername="mail.secret.example").stdout
        printed.append(daemon.log())
    for text, piece in itertools.product(printed, hidden):
        assert piece not in text
    if is_served is None:
        assert "key_pasword" in printed[0]
    else:
        assert bool(re.search("subject=.*CN ?= ?%s" % NAME, served)) == is_served


@pytest.mark.parametrize("name,mode,is_told", [
    ("password", 0o600, False), ("password", 0o640, False), ("password", 0o644, True),
    ("password", 0o660, True), ("locked.key", 0o644, True)])
def test_permissions_of_password_files(secrets, name, mode, is_told):
    directory, _ = secrets
    (directory / name).chmod(mode)
    config = support.write_config(directory, """
        certificates = ( { name = "secret"; chain = "chain.pem"; key = "locked.key";
                           key_password_file = "password"; } );
        domains = ( { name = "secret.example"; webmail = "secret"; mail = "secret"; } );
        """)
    text = support.certbind("check", "-c", config, "secret.example").stdout
    assert ("key-permissions" in text and str(directory / name) in text.replace("\n          ", "")
            ) == is_told, text


@pytest.mark.parametrize("umask", [0, 0o22, 0o77])
def test_state_is_private(secrets, umask):
    """The self-signed certificate and its key, with links planted where they are to be."""
    directory, _ = secrets
    state = directory / "kept"
    state.mkdir(mode=0o700)
    victim = directory / "victim"
    victim.write_text("untouched")
    config = support.write_config(directory, 'state_dir = "kept";\n', state=False)
    before = os.umask(umask)
    try:
        with support.start_webmail(config, directory / "daemon.log"):
            made = sorted(entry.name for entry in state.iterdir())
            assert made
            for entry in state.iterdir():
                assert stat.S_IMODE(entry.lstat().st_mode) & 0o077 == 0, entry
        for name in made:
            (state / name).unlink()
            (state / name).symlink_to(victim)
        with support.start_webmail(config, directory / "daemon.log"):
            pass
    finally:
        os.umask(before)
    assert victim.read_text() == "untouched"
