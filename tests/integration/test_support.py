# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test certificates are what they are said to be: OpenSSL, no part of certbind, agrees."""

import pytest
import support


@pytest.mark.parametrize("key", ["ecdsa", "rsa", "ed25519"])
def test_an_issued_certificate_verifies(pki, key):
    issued = pki.issue("support-" + key, ["www.example.org", "*.example.org"], key=key)
    done = support.run(["openssl", "verify", "-CAfile", pki.ca, "-untrusted",
                        pki.intermediate.certificate, "-verify_hostname", "any.example.org",
                        "-purpose", "sslserver", issued.certificate])
    assert done.returncode == 0, done.stdout


def test_an_expired_certificate_does_not(pki):
    issued = pki.issue("support-expired", ["example.org"], not_before=-30, not_after=-1)
    done = support.run(["openssl", "verify", "-CAfile", pki.ca, "-untrusted",
                        pki.intermediate.certificate, issued.certificate])
    assert "certificate has expired" in done.stdout


def test_a_staple_says_good(pki, tmp_path):
    issued = pki.issue("support-staple", ["example.org"])
    path = pki.staple(issued, tmp_path / "staple.der")
    done = support.run(["openssl", "ocsp", "-respin", path, "-issuer",
                        pki.intermediate.certificate, "-sha256", "-cert", issued.certificate,
                        "-CAfile", pki.ca, "-verify_other", pki.intermediate.certificate])
    assert ": good" in done.stdout and "verify OK" in done.stdout, done.stdout
