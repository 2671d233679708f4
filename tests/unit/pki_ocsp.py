# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes OCSP responses with fixed dates in the working directory; a part of pki.sh."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp


def certificate(name):
    with open(name + ".crt", "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


def key(name):
    with open(name + ".key", "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def write(name, response):
    with open(name + ".der", "wb") as file:
        file.write(response.public_bytes(serialization.Encoding.DER))


def respond(name, subject="san", issuer="intermediate", signer="intermediate", attach=False,
            status=ocsp.OCSPCertStatus.GOOD, years=(2030, 2031), by_hash=False):
    """A response about `subject`; valid from 1 January of the first year to that of the second."""
    dates = [None if year is None else datetime.datetime(year, 1, 1) for year in years]
    is_revoked = status == ocsp.OCSPCertStatus.REVOKED
    encoding = ocsp.OCSPResponderEncoding.HASH if by_hash else ocsp.OCSPResponderEncoding.NAME
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate(subject), issuer=certificate(issuer), algorithm=hashes.SHA1(),
        cert_status=status, this_update=dates[0], next_update=dates[1],
        revocation_time=dates[0] if is_revoked else None, revocation_reason=None,
    ).responder_id(encoding, certificate(signer))
    if attach:
        builder = builder.certificates([certificate(signer)])
    write(name, builder.sign(key(signer), hashes.SHA256()))


GOOD = ocsp.OCSPCertStatus.GOOD
respond("staple-good")
respond("staple-good-hash", by_hash=True)
respond("staple-delegated", signer="responder", attach=True)
respond("staple-delegated-hash", signer="responder", attach=True, by_hash=True)
respond("staple-responder-ends", signer="responder-expired", attach=True)
respond("staple-responder-will-end", signer="responder-expired", attach=True,
        years=(2028, 2031))
respond("staple-must", subject="must-staple")
respond("staple-expired", years=(2028, 2029))
respond("staple-future", years=(2031, 2032))
respond("staple-endless", years=(2030, None))
respond("staple-revoked", status=ocsp.OCSPCertStatus.REVOKED)
respond("staple-unknown", status=ocsp.OCSPCertStatus.UNKNOWN)
respond("staple-other-certificate", subject="wildcard")
respond("staple-other-issuer", issuer="other", signer="other")
respond("staple-other-key", issuer="intermediate-twin")
respond("staple-other-signer", signer="other", attach=True)
respond("staple-forged", signer="other")
respond("staple-undelegated", signer="wildcard", attach=True)
write("staple-refusal", ocsp.OCSPResponseBuilder.build_unsuccessful(
    ocsp.OCSPResponseStatus.TRY_LATER))

# The last byte belongs to the signature.
with open("staple-good.der", "rb") as good, open("staple-damaged.der", "wb") as damaged:
    data = good.read()
    damaged.write(data[:-1] + bytes([data[-1] ^ 1]))
