#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the chains of test_path.c: one a rule, each with its neighbour that keeps the rule.

Certificates are put together from DER parts, because most of them are what no builder makes.
Prints a C header. Everything is valid from 2020 to 2040; the test's time is in 2026.
"""
import sys
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, ed448, padding, rsa

BEGIN, END = "20200101000000Z", "20400101000000Z"


# DER

def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(length)]) + length + content


def seq(*parts):
    return tlv(0x30, *parts)


def oid(dotted):
    numbers = [int(n) for n in dotted.split(".")]
    out = bytearray()
    for number in [numbers[0] * 40 + numbers[1]] + numbers[2:]:
        digits = [number & 127]
        while number > 127:
            number >>= 7
            digits.append(128 | (number & 127))
        out += bytes(reversed(digits))
    return tlv(0x06, bytes(out))


def integer(number):
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\0")


def octets(*parts):
    return tlv(0x04, *parts)


def bits(content, unused=0):
    return tlv(0x03, bytes([unused]), content)


NULL = tlv(0x05)
PRINTABLE, UTF8, IA5, BMP = 0x13, 0x0C, 0x16, 0x1E


def moment(text):
    """A time: UTCTime before 2050, GeneralizedTime from then on; bytes are one as they stand."""
    if isinstance(text, bytes):
        return tlv(0x18, text)
    return tlv(0x17, text[2:].encode()) if text < "2050" else tlv(0x18, text.encode())


# Names

CN, O, C, EMAIL = "2.5.4.3", "2.5.4.10", "2.5.4.6", "1.2.840.113549.1.9.1"


def ava(attribute, value, tag=UTF8):
    return seq(oid(attribute), tlv(tag, value if isinstance(value, bytes) else value.encode()))


def name(*avas):
    """A distinguished name, one attribute an RDN."""
    return seq(*[tlv(0x31, a) for a in avas])


def cn(value):
    return name(ava(CN, value))


def dns(value):
    return tlv(0x82, value if isinstance(value, bytes) else value.encode())


def mail(value):
    return tlv(0x81, value.encode())


def uri(value):
    return tlv(0x86, value.encode())


def address(value):
    return tlv(0x87, value)


def directory(value):
    return tlv(0xA4, value)


def other_name():
    return tlv(0xA0, oid("1.3.6.1.4.1.99999.1"), tlv(0xA0, tlv(UTF8, b"x")))


def registered():
    return tlv(0x88, oid("1.3.6.1.4.1.99999.2")[2:])


# Extensions

def extension(identifier, content, critical=False):
    return seq(oid(identifier), boolean(True) if critical else b"", octets(content))


def ski(key, critical=False):
    return extension("2.5.29.14", octets(key_id(key)), critical)


def aki(key, critical=False):
    return extension("2.5.29.35", seq(tlv(0x80, key_id(key))), critical)


SIGN, ENCIPHER, AGREE, CERT_SIGN, CRL_SIGN = 0x80, 0x20, 0x08, 0x04, 0x02


def usage(value, critical=True):
    unused = (value & -value).bit_length() - 1 if value else 0
    return extension("2.5.29.15", bits(bytes([value]) if value else b"", unused), critical)


SERVER, CLIENT, CODE, ANY = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3",
                             "2.5.29.37.0")


def purposes(*identifiers, critical=False):
    return extension("2.5.29.37", seq(*[oid(i) for i in identifiers]), critical)


def constraints(ca=True, length=None, critical=True):
    return extension("2.5.29.19", seq(boolean(True) if ca else b"",
                                      integer(length) if length is not None else b""), critical)


def names(*general, critical=False):
    return extension("2.5.29.17", seq(*general), critical)


def subtrees(permitted=None, excluded=None, critical=True, tail=b""):
    def part(tag, bases):
        return b"" if bases is None else tlv(tag, *[seq(base, tail) for base in bases])
    return extension("2.5.29.30", seq(part(0xA0, permitted), part(0xA1, excluded)), critical)


def authority_info(content=None, critical=False):
    if content is None:
        content = seq(seq(oid("1.3.6.1.5.5.7.48.2"), uri("http://ca.example.org/ca.crt")))
    return extension("1.3.6.1.5.5.7.1.1", content, critical)


def policies(*entries, critical=False):
    return extension("2.5.29.32", seq(*[
        e if isinstance(e, bytes) else seq(oid(e)) for e in entries]), critical)


def policy_constraints(require=None, inhibit=None, critical=True):
    return extension("2.5.29.36", seq(
        tlv(0x80, integer(require)[2:]) if require is not None else b"",
        tlv(0x81, integer(inhibit)[2:]) if inhibit is not None else b""), critical)


def policy_mappings(*pairs, critical=True):
    return extension("2.5.29.33", seq(*[seq(oid(a), oid(b)) for a, b in pairs]), critical)


def inhibit_any(count):
    return extension("2.5.29.54", integer(count), True)


# Keys and signatures

HASHES = {"md5": hashes.MD5(), "sha1": hashes.SHA1(), "sha256": hashes.SHA256(),
          "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
RSA_OIDS = {"md5": "4", "sha1": "5", "sha256": "11", "sha384": "12", "sha512": "13"}
ECDSA_OIDS = {"sha1": "1", "sha256": "3.2", "sha384": "3.3", "sha512": "3.4"}


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def key_id(key):
    return hashlib.sha1(spki(key)).digest()


def pss_algorithm(size=32):
    digest = seq(oid("2.16.840.1.101.3.4.2.1"), NULL)
    return seq(oid("1.2.840.113549.1.1.10"), seq(
        tlv(0xA0, digest), tlv(0xA1, seq(oid("1.2.840.113549.1.1.8"), digest)),
        tlv(0xA2, integer(size))))


def algorithm(key, digest):
    if digest == "pss":
        return pss_algorithm()
    if isinstance(key, rsa.RSAPrivateKey):
        return seq(oid("1.2.840.113549.1.1." + RSA_OIDS[digest]), NULL)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return seq(oid("1.2.840.10045.4." + ECDSA_OIDS[digest]))
    if isinstance(key, dsa.DSAPrivateKey):
        return seq(oid("2.16.840.1.101.3.4.3.2"))
    return seq(oid("1.3.101.112" if isinstance(key, ed25519.Ed25519PrivateKey) else "1.3.101.113"))


def sign(key, digest, data):
    if digest == "pss":
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), HASHES[digest])
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(HASHES[digest]))
    if isinstance(key, dsa.DSAPrivateKey):
        return key.sign(data, HASHES["sha256"])
    return key.sign(data)


P256 = [ec.generate_private_key(ec.SECP256R1()) for _ in range(9)]
ROOT_KEY, CA_KEY, KEY, CA2_KEY, OTHER_KEY, CA3_KEY, ROOT2_KEY, CA4_KEY, SPARE_KEY = P256
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

serials = iter(range(0x1000, 0x100000))


class Entity:
    """A certificate with its key, for what it issues."""

    def __init__(self, der, key, subject):
        self.der, self.key, self.subject = der, key, subject


def certificate(subject, key, issuer, extensions, *, serial=None, begin=BEGIN, end=END, version=2,
                digest="sha256", inner=None, issuer_name=None, public=None, damage=False,
                signature=None):
    """Signs one. `issuer` is an Entity; None: it signs itself."""
    signer = key if issuer is None else issuer.key
    if issuer_name is None:
        issuer_name = subject if issuer is None else issuer.subject
    number = integer(next(serials)) if serial is None else serial
    signature_algorithm = algorithm(signer, digest)
    signed = seq(
        tlv(0xA0, integer(version)) if version else b"", number, inner or signature_algorithm,
        issuer_name, seq(moment(begin), moment(end)), subject, public or spki(key),
        tlv(0xA3, seq(*extensions)) if extensions else b"")
    signature = bytearray(signature or sign(signer, digest, signed))
    if damage:
        signature[-1] ^= 1
    return Entity(seq(signed, signature_algorithm, bits(bytes(signature))), key, subject)


def change(default, without, replace, extra):
    """A list of extensions: without some, with others in their place, and with more."""
    changed = dict(default)
    for which in without:
        del changed[which]
    changed.update(replace)
    return list(changed.values()) + list(extra)


def root(subject=None, key=ROOT_KEY, without=(), replace=(), extra=(), **rest):
    default = {"bc": constraints(), "ku": usage(CERT_SIGN | CRL_SIGN), "ski": ski(key)}
    return certificate(subject or cn("Test Root"), key, None,
                       change(default, without, dict(replace), extra), **rest)


def ca(issuer, subject=None, key=CA_KEY, without=(), replace=(), extra=(), **rest):
    default = {"bc": constraints(), "ku": usage(CERT_SIGN | CRL_SIGN), "ski": ski(key),
               "aki": aki(issuer.key)}
    return certificate(subject or cn("Test CA"), key, issuer,
                       change(default, without, dict(replace), extra), **rest)


def leaf(issuer, host="www.example.org", key=KEY, subject=None, without=(), replace=(), extra=(),
         **rest):
    default = {"ku": usage(SIGN), "eku": purposes(SERVER, CLIENT), "aki": aki(issuer.key),
               "san": names(dns(host))}
    return certificate(subject or cn(host), key, issuer,
                       change(default, without, dict(replace), extra), **rest)


cases = []


def case(title, chain, anchors):
    cases.append((title, [c if isinstance(c, bytes) else c.der for c in chain],
                  [a.der for a in anchors]))


ROOT = root()
CA = ca(ROOT)


def of_leaf(title, **options):
    """A case whose fault, if any, is in the end-entity."""
    case(title, [leaf(CA, **options), CA], [ROOT])


def of_ca(title, host="www.example.org", **options):
    """A case whose fault, if any, is in the intermediate."""
    issuer = ca(ROOT, **options)
    case(title, [leaf(issuer, host=host), issuer], [ROOT])


def of_root(title, **options):
    """A case whose fault, if any, is in the anchor."""
    anchor = root(**options)
    issuer = ca(anchor)
    case(title, [leaf(issuer), issuer], [anchor])


# Building

case("plain", [leaf(CA), CA], [ROOT])
case("issued_by_the_anchor", [leaf(ROOT)], [ROOT])
case("anchor_served_too", [leaf(CA), CA, ROOT], [ROOT])
case("anchor_is_an_intermediate", [leaf(CA), CA], [CA])
case("unrelated_served", [leaf(CA), ca(ROOT, cn("Another CA"), CA2_KEY), CA], [ROOT])
case("self_signed", [certificate(cn("www.example.org"), KEY, None,
                                 [names(dns("www.example.org"))])], [ROOT])
case("self_signed_is_ca", [certificate(cn("www.example.org"), KEY, None, [
    constraints(), ski(KEY), aki(KEY), names(dns("www.example.org"))])], [ROOT])
own = certificate(cn("www.example.org"), KEY, None, [names(dns("www.example.org"))])
case("self_signed_is_the_anchor", [own], [ROOT, own])
case("self_signed_and_over", [certificate(
    cn("www.example.org"), KEY, None, [names(dns("www.example.org"))], end="20250101000000Z")],
    [ROOT])
stranger = root(cn("Stranger Root"), ROOT2_KEY)
strange_ca = ca(stranger, cn("Stranger CA"), CA2_KEY)
case("untrusted_root", [leaf(strange_ca), strange_ca, stranger], [ROOT])
case("untrusted_root_of_the_leaf", [leaf(stranger), stranger], [ROOT])
case("missing_intermediate", [leaf(CA)], [ROOT])
case("missing_second_intermediate", [leaf(strange_ca), strange_ca], [ROOT])
case("missing_with_a_hostile_name",
     [leaf(Entity(b"", CA2_KEY, cn("\x1b[31mCA\x7f \u00fc\u0085")))], [ROOT])
lower = ca(CA, cn("Lower CA"), CA3_KEY)
case("two_intermediates", [leaf(lower), lower, CA], [ROOT])
case("two_intermediates_wrong_order", [leaf(lower), CA, lower], [ROOT])
case("missing_between", [leaf(lower), lower], [ROOT])
impostor = ca(ROOT, key=SPARE_KEY)
case("same_name_other_key", [leaf(CA), impostor], [ROOT])
case("same_name_both_keys", [leaf(CA), impostor, CA], [ROOT])
case("anchor_same_name_other_key", [leaf(CA), CA], [root(key=ROOT2_KEY)])
case("signature_of_leaf_damaged", [leaf(CA, damage=True), CA], [ROOT])
broken = ca(ROOT, damage=True)
case("signature_of_ca_damaged", [leaf(broken), broken], [ROOT])
cross_root = root(cn("Cross Root"), ROOT2_KEY)
cross = ca(cross_root, cn("Test Root"), ROOT_KEY)
case("cross_signed_root_served", [leaf(CA), CA, cross], [ROOT])
case("cross_signed_root_needed", [leaf(CA), CA, cross], [cross_root])
case("cross_signed_root_between_both", [leaf(CA), CA, cross], [ROOT, cross_root])
old_ca = ca(ROOT, end="20250101000000Z")
case("two_versions_one_over", [leaf(CA), old_ca, CA], [ROOT])
case("two_versions_one_untrusted", [leaf(CA), ca(stranger, key=CA_KEY), CA], [ROOT])
first = Entity(b"", CA3_KEY, cn("First CA"))
second = Entity(b"", CA4_KEY, cn("Second CA"))
case("circle", [leaf(first), ca(second, first.subject, first.key),
                ca(first, second.subject, second.key)], [ROOT])


def long_chain(count, anchor):
    issuers = [anchor]
    for index in range(count):
        issuers.append(ca(issuers[-1], cn("CA %d" % index), P256[index % 9]))
    return [leaf(issuers[-1])] + issuers[:0:-1]


case("chain_of_ten", long_chain(9, ROOT), [ROOT])
case("chain_of_eleven", long_chain(10, ROOT), [ROOT])
case("chain_of_hundred", long_chain(100, stranger) + [stranger], [ROOT])
same = [Entity(b"", P256[i % 9], cn("Same CA")) for i in range(100)]
case("hundred_of_one_name", [leaf(same[0])] + [
    ca(same[(i * 7 + 1) % 100], cn("Same CA"), P256[i % 9], serial=integer(i + 1))
    for i in range(100)], [ROOT])
crowded = ca(ROOT, cn("Crowded CA"), CA3_KEY)
lost = ca(crowded, cn("Lost CA"), CA4_KEY, without=["aki"])
for size in 50, 110:
    crowd = [ca(ROOT, cn("Crowded CA"), SPARE_KEY) for i in range(size)]
    case("issuer_behind_%d" % size, [leaf(lost), lost] + crowd + [crowded], [ROOT])
case("certificate_damaged", [b"\x30\x03\x02\x01\x01"], [ROOT])
of_leaf("certificate_of_100_kb", extra=[extension("1.3.6.1.4.1.99999.6", bytes(100 * 1024))])
of_leaf("subject_of_20_kb", subject=name(*[ava(O, "x" * 1000)] * 20))
case("intermediate_damaged", [leaf(CA), b"\x30\x03\x02\x01\x01"], [ROOT])
case("damaged_but_not_needed", [leaf(CA), b"\x30\x03\x02\x01\x01", CA], [ROOT])

# 7.1: names are compared without regard to case, white space and kind of string
kinds = root(name(ava(C, "DE", PRINTABLE), ava(O, "Test  Org", PRINTABLE)))
folded = name(ava(C, "de", PRINTABLE), ava(O, " test org", UTF8))
case("names_fold", [leaf(kinds, issuer_name=folded)], [kinds])
case("names_fold_bmp", [leaf(kinds, issuer_name=name(
    ava(C, "DE", PRINTABLE), ava(O, "Test Org".encode("utf-16-be"), BMP)))], [kinds])
case("names_differ", [leaf(kinds, issuer_name=name(
    ava(C, "DE", PRINTABLE), ava(O, "Test Orgs", UTF8)))], [kinds])

UNIVERSAL, NUMERIC_BITS = 0x1C, 0x03
wide = "T\u00e9st \u20ac \U0001f511"
many_bytes = root(name(ava(O, wide)))
case("names_fold_universal", [leaf(many_bytes, issuer_name=name(
    ava(O, wide.encode("utf-32-be"), UNIVERSAL)))], [many_bytes])
case("names_differ_universal", [leaf(many_bytes, issuer_name=name(
    ava(O, wide.upper().encode("utf-32-be"), UNIVERSAL)))], [many_bytes])
case("names_differ_universal_cut", [leaf(many_bytes, issuer_name=name(
    ava(O, wide.encode("utf-32-be")[:-1], UNIVERSAL)))], [many_bytes])
no_text = root(name(ava(O, "Test"), ava("2.5.4.45", b"\0\1\2\xff", NUMERIC_BITS)))
case("names_of_no_text", [leaf(no_text)], [no_text])
case("names_of_no_text_differ", [leaf(no_text, issuer_name=name(
    ava(O, "Test"), ava("2.5.4.45", b"\0\1\2\xfe", NUMERIC_BITS)))], [no_text])
several = root(seq(tlv(0x31, ava(CN, "Test"), ava(O, "Org"))))
case("names_of_several", [leaf(several, issuer_name=seq(
    tlv(0x31, ava(O, "org"), ava(CN, "TEST"))))], [several])
case("names_of_several_differ", [leaf(several, issuer_name=name(
    ava(CN, "Test"), ava(O, "Org")))], [several])
signs = root(name(ava(O, "a"), ava(CN, "b+c=d\\e#f")))
case("names_with_signs", [leaf(signs)], [signs])
case("names_with_signs_differ", [leaf(signs, issuer_name=name(
    ava(O, "a,2.5.4.3=b+c=d\\e#f")))], [signs])

# 4.1.2.5
of_leaf("leaf_over", end="20250101000000Z")
of_leaf("leaf_ends_now", end="20260101000000Z")
of_leaf("leaf_ended_a_second_ago", end="20251231235959Z")
of_leaf("leaf_begins_now", begin="20260101000000Z")
of_leaf("leaf_begins_in_a_second", begin="20260101000001Z")
of_leaf("leaf_without_end", end="99991231235959Z")
of_leaf("leaf_ends_after_2038", end="20380119031408Z")
of_leaf("leaf_begins_in_1900", begin=b"19000101000000Z")
of_leaf("leaf_begins_in_year_0", begin=b"00000101000000Z")
of_leaf("leaf_begins_in_a_negative_year", begin=b"-0010101000000Z")
of_leaf("leaf_ends_in_year_10000", end=b"100000101000000Z")
of_leaf("leaf_ends_before_it_begins", begin="20270101000000Z", end="20250101000000Z")
of_ca("ca_over", end="20250101000000Z")
of_ca("ca_not_yet", begin="20300101000000Z")
of_root("root_over", end="20250101000000Z")
over = ca(ROOT, end="20250101000000Z")
case("leaf_and_ca_over", [leaf(over, end="20250101000000Z"), over], [ROOT])

# 4.1: version, serial number, algorithms
of_leaf("leaf_version_1", version=0, without=("ku", "eku", "aki", "san"))
case("ca_version_1", [leaf(old := ca(ROOT, version=0, without=("bc", "ku", "ski", "aki"))), old],
     [ROOT])
of_root("root_version_1", version=0, without=("bc", "ku", "ski"))
of_leaf("serial_zero", serial=integer(0))
of_leaf("serial_negative", serial=integer(-5))
of_leaf("serial_20_octets", serial=integer(1 << 158))
of_leaf("serial_21_octets", serial=integer(1 << 161))
of_leaf("serial_60_kb", serial=integer(1 << 480000))
of_ca("ca_serial_zero", serial=integer(0))
of_root("root_serial_zero", serial=integer(0))
of_leaf("algorithms_differ", inner=seq(oid("1.2.840.10045.4.3.3")))
of_leaf("issuer_empty", issuer_name=seq())

# Signatures and keys
rsa_ca = ca(ROOT, key=RSA_KEY)
case("rsa_sha256", [leaf(rsa_ca), rsa_ca], [ROOT])
case("rsa_sha384", [leaf(rsa_ca, digest="sha384"), rsa_ca], [ROOT])
case("rsa_sha512", [leaf(rsa_ca, digest="sha512"), rsa_ca], [ROOT])
case("rsa_pss", [leaf(rsa_ca, digest="pss"), rsa_ca], [ROOT])
case("rsa_sha1", [leaf(rsa_ca, digest="sha1"), rsa_ca], [ROOT])
case("rsa_md5", [leaf(rsa_ca, digest="md5"), rsa_ca], [ROOT])
of_leaf("ecdsa_sha1", digest="sha1")
of_leaf("ecdsa_sha384", digest="sha384")
of_leaf("ecdsa_sha512", digest="sha512")
of_ca("ca_sha1", digest="sha1")
of_root("root_sha1", digest="sha1")
of_leaf("key_rsa_2048", key=RSA_KEY)
of_leaf("key_rsa_1024", key=rsa.generate_private_key(public_exponent=65537, key_size=1024))
of_leaf("key_rsa_2052", key=rsa.generate_private_key(public_exponent=65537, key_size=2052))
of_leaf("key_p384", key=ec.generate_private_key(ec.SECP384R1()))
of_leaf("key_p521", key=ec.generate_private_key(ec.SECP521R1()))
of_leaf("key_p224", key=ec.generate_private_key(ec.SECP224R1()))
p192 = ec.generate_private_key(ec.SECP192R1())
of_leaf("key_p192", key=p192)
of_leaf("key_ed25519", key=ed25519.Ed25519PrivateKey.generate())
of_leaf("key_ed448", key=ed448.Ed448PrivateKey.generate())
dsa_key = dsa.generate_private_key(1024)
of_leaf("key_dsa", key=dsa_key)
of_ca("ca_key_p192", key=p192)
of_root("root_key_p192", key=p192)
of_ca("ca_key_dsa", key=dsa_key)
of_leaf("key_unknown", public=seq(seq(oid("1.3.6.1.4.1.99999.3")), bits(b"\1\2\3")))


def costly(title, bit_count, exponent):
    """An issuer whose key makes it cost much to see that it has not signed."""
    modulus = (1 << bit_count) - 1
    issuer = ca(ROOT, key=RSA_KEY, public=seq(
        seq(oid("1.2.840.113549.1.1.1"), NULL), bits(seq(integer(modulus), integer(exponent)))))
    case(title, [leaf(issuer, signature=b"\x55" * (bit_count // 8)), issuer], [ROOT])


costly("ca_key_rsa_16384", 16384, 65537)
costly("ca_key_rsa_16384_great_exponent", 16384, (1 << 16383) - 1)
costly("ca_key_rsa_2048_great_exponent", 2048, (1 << 65) - 1)
costly("ca_key_rsa_65536", 65536, (1 << 65535) - 1)
eddsa_ca = ca(ROOT, key=ed25519.Ed25519PrivateKey.generate())
case("ed25519_signs", [leaf(eddsa_ca), eddsa_ca], [ROOT])

# 4.2: extensions
UNKNOWN = "1.3.6.1.4.1.99999.4"
of_leaf("leaf_unknown_extension", extra=[extension(UNKNOWN, NULL)])
of_leaf("leaf_unknown_critical", extra=[extension(UNKNOWN, NULL, True)])
of_leaf("leaf_unknown_critical_empty", extra=[extension(UNKNOWN, b"", True)])
of_leaf("leaf_poisoned", extra=[extension("1.3.6.1.4.1.11129.2.4.3", NULL, True)])
of_ca("ca_unknown_critical", extra=[extension(UNKNOWN, NULL, True)])
of_root("root_unknown_critical", extra=[extension(UNKNOWN, NULL, True)])
of_leaf("leaf_extension_twice", extra=[purposes(SERVER)])
of_ca("ca_extension_twice", extra=[constraints()])

JUNK = b"\x13\x01x"
for number, known in ((14, "ski"), (15, "ku"), (19, "bc"), (35, "aki")):
    of_ca(f"ca_{known}_malformed", replace={known: extension(f"2.5.29.{number}", JUNK, known in (
        "ku", "bc"))})
for number, what in ((30, "name_constraints"), (32, "policies"), (33, "policy_mappings"),
                     (36, "policy_constraints"), (54, "inhibit_any")):
    of_ca(f"ca_{what}_malformed", extra=[extension(f"2.5.29.{number}", JUNK, True)])
of_ca("ca_policy_constraints_negative", extra=[
    extension("2.5.29.36", seq(tlv(0x80, b"\xff")), True)])
of_leaf("leaf_eku_malformed", replace={"eku": extension("2.5.29.37", JUNK)})
nested = b""
for _ in range(8000):
    nested = seq(nested)
of_leaf("name_nested", replace={"san": names(dns("www.example.org"), tlv(
    0xA0, oid("1.3.6.1.4.1.99999.1"), tlv(0xA0, nested)))})

# 4.2.1.1 and 4.2.1.2
of_leaf("aki_absent", without=["aki"])
of_leaf("aki_without_id", replace={"aki": extension("2.5.29.35", seq())})
of_leaf("aki_critical", replace={"aki": aki(CA_KEY, True)})
of_leaf("aki_wrong", replace={"aki": aki(SPARE_KEY)})
of_ca("ca_aki_absent", without=["aki"])
of_ca("ca_aki_critical", replace={"aki": aki(ROOT_KEY, True)})
of_ca("ca_ski_absent", without=["ski"])
of_ca("ca_ski_critical", replace={"ski": ski(CA_KEY, True)})
of_leaf("leaf_ski", extra=[ski(KEY)])
of_leaf("leaf_ski_critical", extra=[ski(KEY, True)])
of_root("root_ski_absent", without=["ski"])
of_root("root_aki_critical", extra=[aki(ROOT_KEY, True)])

# 4.2.1.3
of_leaf("usage_absent", without=["ku"])
of_leaf("usage_sign_and_encipher", replace={"ku": usage(SIGN | ENCIPHER)})
of_leaf("usage_encipher_only", key=RSA_KEY, replace={"ku": usage(ENCIPHER)})
of_leaf("usage_agree_only", replace={"ku": usage(AGREE)})
of_leaf("usage_cert_sign", replace={"ku": usage(SIGN | CERT_SIGN)})
of_ca("ca_usage_absent", without=["ku"])
of_ca("ca_usage_without_cert_sign", replace={"ku": usage(SIGN | CRL_SIGN)})
of_root("root_usage_without_cert_sign", replace={"ku": usage(CRL_SIGN)})

# 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14 and 6.1.5
DV, EV = "2.23.140.1.2.1", "2.23.140.1.1"
of_leaf("policies", extra=[policies(DV)])
of_leaf("policies_critical", extra=[policies(DV, critical=True)])
QUALIFIER = seq(oid(DV), seq(seq(oid("1.3.6.1.4.1.99999.5"), tlv(UTF8, b"x"))))
of_leaf("policies_unknown_qualifier", extra=[policies(QUALIFIER)])
of_leaf("policies_critical_unknown_qualifier", extra=[policies(QUALIFIER, critical=True)])
CPS = seq(oid(DV), seq(seq(oid("1.3.6.1.5.5.7.2.1"), tlv(IA5, b"http://ca.example.org/"))))
of_leaf("policies_critical_cps", extra=[policies(CPS, critical=True)])
of_ca("policy_constraints_not_critical", extra=[
    policies(DV), policy_constraints(inhibit=0, critical=False)])


def policy_case(title, ca_extra, leaf_extra, lower_extra=None):
    """Anchor, one intermediate (or two), end-entity, with what each says of policies."""
    upper = ca(ROOT, extra=ca_extra)
    chain = [upper]
    if lower_extra is not None:
        chain.insert(0, ca(upper, cn("Lower CA"), CA3_KEY, extra=lower_extra))
    case(title, [leaf(chain[0], extra=leaf_extra)] + chain, [ROOT])


REQUIRE = policy_constraints(require=0)
ANY_POLICY = "2.5.29.32.0"
policy_case("policy_required_and_there", [policies(DV), REQUIRE], [policies(DV)])
policy_case("policy_required_and_absent", [policies(DV), REQUIRE], [])
policy_case("policy_required_and_other", [policies(DV), REQUIRE], [policies(EV)])
policy_case("policy_required_any_of_ca", [policies(ANY_POLICY), REQUIRE], [policies(DV)])
policy_case("policy_required_any_of_leaf", [policies(DV), REQUIRE], [policies(ANY_POLICY)])
policy_case("policy_required_later", [policies(DV), policy_constraints(require=2)], [])
policy_case("policy_required_absent_in_ca", [REQUIRE], [policies(DV)])
policy_case("policy_required_by_leaf", [policies(DV)], [policies(EV), REQUIRE])
policy_case("policy_any_inhibited", [policies(DV), REQUIRE, inhibit_any(0)],
            [policies(ANY_POLICY)])
policy_case("policy_mapped", [policies(DV), REQUIRE], [policies(EV)],
            [policies(DV), policy_mappings((DV, EV))])
policy_case("policy_mapping_inhibited", [policies(DV), policy_constraints(require=0, inhibit=0)],
            [policies(EV)], [policies(DV), policy_mappings((DV, EV))])
policy_case("policy_mapping_of_any", [policies(DV), REQUIRE], [policies(DV)],
            [policies(DV), policy_mappings((ANY_POLICY, DV))])

# 4.2.1.6
of_leaf("san_absent", without=["san"])
of_leaf("san_absent_no_host", without=["san"], subject=cn("A Server"))
of_leaf("san_mail_only", replace={"san": names(mail("a@example.org"))})
of_leaf("san_address_only", subject=cn("192.0.2.1"),
        replace={"san": names(address(b"\xc0\0\2\1"))})
of_leaf("san_address_v6", subject=cn("2001:db8::1"),
        replace={"san": names(address(bytes.fromhex("20010db8000000000000000000000001")))})
of_leaf("san_address_v6_long_text", subject=cn("2001:db8:0:0:0:0:0:1"),
        replace={"san": names(address(bytes.fromhex("20010db8000000000000000000000001")))})
of_leaf("san_empty", replace={"san": names()})
of_leaf("san_malformed", replace={"san": extension("2.5.29.17", b"www.example.org")})
of_leaf("san_address_of_5_octets", replace={"san": names(dns("www.example.org"),
                                                        address(b"\1\2\3\4\5"))})
of_leaf("san_not_ascii", replace={"san": names(dns("b\u00fccher.example".encode()))})
of_leaf("san_underscore", host="a_b.example.org")
of_leaf("san_wildcard", host="*.example.org")
of_leaf("san_critical", replace={"san": names(dns("www.example.org"), critical=True)})
of_leaf("subject_empty_san_critical", subject=seq(),
        replace={"san": names(dns("www.example.org"), critical=True)})
of_leaf("subject_empty", subject=seq())
of_leaf("common_name_other", subject=cn("example.org"))
of_leaf("common_name_case", subject=cn("WWW.example.org"))
of_leaf("common_name_second", subject=name(ava(CN, "www.example.org"), ava(CN, "x")))
of_leaf("common_name_absent", subject=name(ava(O, "Example")))
of_leaf("san_other_kinds", replace={"san": names(
    dns("www.example.org"), mail("a@example.org"), uri("https://example.org/"), other_name(),
    registered(), directory(cn("x")))})
of_ca("ca_subject_empty", subject=seq())

# 4.2.1.9
of_leaf("leaf_is_ca", extra=[constraints()])
of_leaf("leaf_is_no_ca", extra=[constraints(False)])
of_leaf("leaf_is_no_ca_with_length", extra=[constraints(False, 0)])
case("leaf_is_a_true_ca", [ca(CA, cn("Lower CA"), CA3_KEY), CA], [ROOT])
of_ca("ca_without_basic_constraints", without=["bc"])
of_ca("ca_is_no_ca", replace={"bc": constraints(False)})
of_ca("ca_basic_constraints_not_critical", replace={"bc": constraints(critical=False)})
of_root("root_without_basic_constraints", without=["bc"])
of_root("root_is_no_ca", replace={"bc": constraints(False)})


def lengths(title, limits, subjects=("A", "B", "C"), limit_of_root=None):
    """A chain whose intermediates have these path lengths, from the top."""
    keys = [CA_KEY, CA2_KEY, CA3_KEY]
    anchor = root(replace={"bc": constraints(True, limit_of_root)})
    issuers = [anchor]
    for index, limit in enumerate(limits):
        issuers.append(ca(issuers[-1], cn("CA " + subjects[index]), keys[index],
                          replace={"bc": constraints(True, limit)}))
    case(title, [leaf(issuers[-1])] + issuers[:0:-1], [anchor])


lengths("length_0_direct", [0])
lengths("length_0_violated", [0, None])
lengths("length_1_kept", [1, None])
lengths("length_1_violated", [1, None, None])
lengths("length_may_grow", [1, 5])
lengths("length_0_self_issued", [0, None], ("A", "A"))
lengths("length_1_self_issued_between", [1, None, None], ("A", "A", "B"))
lengths("length_of_root_kept", [None], limit_of_root=1)
lengths("length_of_root_exceeded", [None, None], limit_of_root=1)

# 4.2.1.10


def constrained(title, general, permitted=None, excluded=None, subject=None, san=True,
                on_root=False, tail=b"", critical=True, below=None):
    """An intermediate (or the root) with constraints, and an end-entity with these names."""
    limits = [subtrees(permitted, excluded, critical, tail)]
    anchor = root(extra=limits) if on_root else ROOT
    issuer = ca(anchor, extra=[] if on_root else limits)
    chain = [issuer]
    if below is not None:
        chain.insert(0, below(issuer))
    end = leaf(chain[0], subject=subject or name(ava(O, "Example")),
               without=[] if san else ["san"],
               replace={"san": names(*general)} if san else {})
    case(title, [end] + chain, [anchor])


WWW = [dns("www.example.org")]
constrained("dns_permitted", WWW, [dns("example.org")])
constrained("dns_permitted_itself", [dns("example.org")], [dns("example.org")])
constrained("dns_permitted_case", [dns("WWW.Example.ORG")], [dns("example.org")])
constrained("dns_permitted_other", WWW, [dns("example.net")])
constrained("dns_permitted_not_a_label", [dns("wwwexample.org")], [dns("example.org")])
constrained("dns_permitted_second_name", WWW + [dns("example.net")], [dns("example.org")])
constrained("dns_permitted_all", WWW, [dns("")])
constrained("dns_permitted_dotted", WWW, [dns(".example.org")])
constrained("dns_permitted_dotted_itself", [dns("example.org")], [dns(".example.org")])
constrained("dns_excluded", WWW, None, [dns("example.org")])
constrained("dns_excluded_other", WWW, None, [dns("example.net")])
constrained("dns_excluded_and_permitted", WWW, [dns("example.org")], [dns("www.example.org")])
constrained("dns_excluded_all", WWW, None, [dns("")])
STAR = [dns("*.example.org")]
constrained("wildcard_permitted", STAR, [dns("example.org")])
constrained("wildcard_permitted_partly", STAR, [dns("www.example.org")])
constrained("wildcard_excluded", STAR, None, [dns("example.org")])
constrained("wildcard_excluded_partly", STAR, None, [dns("www.example.org")])
constrained("wildcard_excluded_deeper", STAR, None, [dns("a.www.example.org")])
constrained("dns_on_root", WWW, [dns("example.net")], on_root=True)
constrained("dns_on_root_kept", WWW, [dns("example.org")], on_root=True)
constrained("dns_common_name_only", [], [dns("example.net")], subject=cn("www.example.org"),
            san=False)
constrained("dns_other_kind_only", WWW, [address(b"\xc0\0\2\0\xff\xff\xff\0")])


def lower_ca(**options):
    return lambda issuer: ca(issuer, options.pop("subject", cn("Lower CA")), CA3_KEY, **options)


constrained("dns_two_levels", WWW, [dns("example.net")], below=lower_ca())
constrained("dns_narrowed", WWW, [dns("example.org")],
            below=lower_ca(extra=[subtrees([dns("mail.example.org")])]))
constrained("dns_not_widened", WWW, [dns("mail.example.org")],
            below=lower_ca(extra=[subtrees([dns("example.org")])]))
constrained("dns_of_intermediate", WWW, [dns("example.org")],
            below=lower_ca(extra=[names(dns("ca.example.net"))]))
constrained("dns_of_self_issued", WWW, [dns("example.org")],
            below=lower_ca(subject=cn("Test CA"), extra=[names(dns("ca.example.net"))]))
NET = [address(b"\xc0\0\2\0\xff\xff\xff\0")]
constrained("address_permitted", [address(b"\xc0\0\2\1")], NET)
constrained("address_permitted_other", [address(b"\xc0\0\3\1")], NET)
constrained("address_excluded", [address(b"\xc0\0\2\1")], None, NET)
constrained("address_excluded_other", [address(b"\xc0\0\3\1")], None, NET)
constrained("address_v6_in_v4", [address(bytes(16))], NET)
constrained("address_range_malformed", WWW, [address(b"\xc0\0\2\0")])
constrained("address_mask_with_holes", WWW, [address(b"\xc0\0\2\0\xff\0\xff\0")])
constrained("address_range_malformed_on_root", WWW, [address(b"\xc0\0\2\0")], on_root=True)
ORG = name(ava(O, "Example"))
constrained("directory_permitted", WWW, [directory(ORG)],
            subject=name(ava(O, "example"), ava(CN, "www.example.org")))
constrained("directory_permitted_other", WWW, [directory(ORG)], subject=name(ava(O, "Another")))
constrained("directory_excluded", WWW, None, [directory(ORG)], subject=ORG)
constrained("directory_excluded_other", WWW, None, [directory(ORG)],
            subject=name(ava(O, "Another")))
constrained("directory_in_san", WWW + [directory(name(ava(O, "Another")))], [directory(ORG)])
constrained("mail_host", WWW + [mail("a@example.org")], [mail("example.org")])
constrained("mail_box", WWW + [mail("a@example.org")], [mail("a@example.org")])
constrained("mail_box_other", WWW + [mail("b@example.org")], [mail("a@example.org")])
constrained("mail_domain", WWW + [mail("a@mx.example.org")], [mail(".example.org")])
constrained("mail_domain_itself", WWW + [mail("a@example.org")], [mail(".example.org")])
constrained("mail_malformed", WWW + [mail("a@b@example.org")], [mail("example.org")])
constrained("mail_in_subject", [], None, [mail("example.org")], san=False,
            subject=name(ava(EMAIL, "a@example.org", IA5)))
constrained("other_kind_excluded", WWW + [other_name()], None, [other_name()])
constrained("other_kind_excluded_not_there", WWW, None, [other_name()])
constrained("other_kind_not_critical", WWW + [other_name()], None, [other_name()], critical=False)
constrained("uri_permitted", WWW + [uri("https://example.org/")], [uri("example.org")])
constrained("uri_not_there", WWW, [uri("example.org")])
constrained("registered_permitted", WWW + [registered()], [registered()])
constrained("distance_minimum", WWW, [dns("example.org")], tail=tlv(0x80, b"\1"))
constrained("distance_maximum", WWW, [dns("example.org")], tail=tlv(0x81, b"\1"))
constrained("constraints_not_critical", WWW, [dns("example.org")], critical=False)
constrained("constraints_empty", WWW, None, None)
constrained("constraints_empty_list", WWW, [], None)
of_leaf("constraints_in_leaf", extra=[subtrees([dns("example.org")])])
constrained("constraints_too_many", [dns("h%d.example.org" % i) for i in range(1100)],
            [dns("example.org")], [dns("x%d.example.org" % i) for i in range(1000)])
constrained("constraints_many", [dns("h%d.example.org" % i) for i in range(100)],
            [dns("example.org")], [dns("x%d.example.org" % i) for i in range(100)])
forbidding = ca(ROOT, extra=[subtrees(None, [dns("www.example.org")])])
plain_ca = ca(cross_root)
case("better_path_around_constraints", [leaf(plain_ca), forbidding, plain_ca],
     [ROOT, cross_root])

# 4.2.1.12
of_leaf("purposes_absent", without=["eku"])
of_leaf("purposes_server_only", replace={"eku": purposes(SERVER)})
of_leaf("purposes_client_only", replace={"eku": purposes(CLIENT)})
of_leaf("purposes_empty", replace={"eku": purposes()})
of_leaf("purposes_any", replace={"eku": purposes(ANY)})
of_leaf("purposes_server_and_any", replace={"eku": purposes(SERVER, ANY)})
of_leaf("purposes_server_and_code", replace={"eku": purposes(SERVER, CODE)})
of_leaf("purposes_critical", replace={"eku": purposes(SERVER, critical=True)})
of_ca("ca_purposes_server", extra=[purposes(SERVER, CLIENT)])
of_ca("ca_purposes_client", extra=[purposes(CLIENT)])
of_ca("ca_purposes_any", extra=[purposes(ANY)])
of_root("root_purposes_client", extra=[purposes(CLIENT)])

# 4.2.2.1
of_leaf("authority_info", extra=[authority_info()])
of_leaf("authority_info_malformed", extra=[authority_info(b"\x04\x01x")])
of_leaf("authority_info_empty", extra=[authority_info(seq())])
of_leaf("authority_info_critical", extra=[authority_info(critical=True)])


def array(data):
    return ",".join(str(byte) for byte in data)


def main():
    out = sys.stdout
    known = {}
    out.write("/* Made by chains.py. */\n")
    for _, chain, anchors in cases:
        for der in chain + anchors:
            if der not in known:
                known[der] = "der_%d" % len(known)
                out.write("static unsigned char %s[] = { %s };\n" % (known[der], array(der)))
    out.write("static const struct chain_case chains[] = {\n")
    for title, chain, anchors in cases:
        def listed(ders):
            return ", ".join("{ %s, sizeof(%s) }" % (known[d], known[d])
                             for d in ders)
        out.write('\t{ "%s", %d, (const gnutls_datum_t[]){ %s }, %d, '
                  '(const gnutls_datum_t[]){ %s } },\n'
                  % (title, len(chain), listed(chain), len(anchors), listed(anchors)))
    out.write("};\n")


main()
