#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: pki.sh DIRECTORY [STAMP]   STAMP is made when all is done
#
# Makes the certificates, keys and files with faults that tests read. All dates are fixed and tests
# give certbind a clock of their own (PKI_NOW of pki.h lies in 2030), so nothing here expires.
# To add a case: key NAME, issue NAME ISSUER LINES..., and what is to be put together.
set -eu

stamp=${2:+$(realpath -- "$2")}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
rm -rf "$1"
mkdir -p "$1"
cd "$1"
umask 077

# key NAME [rsa|ecdsa|ed25519]   by OpenSSL: certtool drops leading zeros of ECDSA keys, which
# Python's cryptography then refuses
key() {
	case ${2-ecdsa} in
	rsa) set -- "$1" RSA -pkeyopt rsa_keygen_bits:2048 ;;
	ecdsa) set -- "$1" EC -pkeyopt ec_paramgen_curve:P-256 ;;
	*) set -- "$1" "$2" ;;
	esac
	name=$1
	shift
	openssl genpkey -out "$name.key" -algorithm "$@" 2>> log
}

# template ACTIVATION EXPIRATION LINES...
template() {
	printf 'activation_date = "%s"\nexpiration_date = "%s"\n' "$1" "$2"
	shift 2
	for line; do
		printf '%s\n' "$line"
	done
}

# dated NAME ISSUER ACTIVATION EXPIRATION LINES...   ISSUER "self": by its own key
dated() {
	name=$1
	issuer=$2
	shift 2
	template "$@" > "$name.template"
	if [ "$issuer" = self ]; then
		set -- --generate-self-signed
	else
		set -- --generate-certificate --load-ca-certificate "$issuer.crt" \
			--load-ca-privkey "$issuer.key"
	fi
	certtool "$@" --no-text --load-privkey "$name.key" --template "$name.template" \
		--outfile "$name.crt" 2>> log
	chmod 644 "$name.crt"
}

issue() {
	name=$1
	issuer=$2
	shift 2
	dated "$name" "$issuer" '2020-01-01 00:00:00 UTC' '2049-12-31 00:00:00 UTC' "$@"
}

# authority NAME ISSUER LINES...
authority() {
	name=$1
	issuer=$2
	shift 2
	key "$name"
	issue "$name" "$issuer" "cn = \"Test $name\"" ca cert_signing_key crl_signing_key "$@"
}

# leaf NAME LINES...   a server's certificate by "intermediate", and NAME.pem with its chain
leaf() {
	name=$1
	shift
	[ -e "$name.key" ] || key "$name"
	issue "$name" intermediate signing_key tls_www_server "$@"
	cat "$name.crt" intermediate.crt > "$name.pem"
}

authority root self
authority intermediate root 'path_len = 1'
authority sub intermediate 'path_len = 0'
authority other self
# The intermediate's name with another key.
key intermediate-twin
issue intermediate-twin root 'cn = "Test intermediate"' ca cert_signing_key

leaf wildcard 'cn = "*.example.org"' 'dns_name = "*.example.org"' 'dns_name = "example.org"'
leaf san 'cn = "webmail.example.net"' 'dns_name = "webmail.example.net"' \
	'dns_name = "MAIL.Example.net"' 'dns_name = "bad_name.example.net"' 'dns_name = "*.com"' \
	'ip_address = "192.0.2.1"' 'email = "postmaster@example.net"'
leaf must-staple 'dns_name = "staple.example.org"' 'tls_feature = 5'
leaf common-name 'cn = "cn.example.org"'
key rsa rsa
leaf rsa 'dns_name = "rsa.example.org"' encryption_key
key ed25519 ed25519
leaf ed25519 'dns_name = "ed25519.example.org"'
key expired
dated expired intermediate '2020-01-01 00:00:00 UTC' '2025-01-01 00:00:00 UTC' \
	'dns_name = "expired.example.org"' signing_key tls_www_server
cat expired.crt intermediate.crt > expired.pem
key future
dated future intermediate '2040-01-01 00:00:00 UTC' '2049-12-31 00:00:00 UTC' \
	'dns_name = "future.example.org"' signing_key tls_www_server
cat future.crt intermediate.crt > future.pem
key deep
issue deep sub 'dns_name = "deep.example.org"' signing_key tls_www_server
cat deep.crt sub.crt intermediate.crt > deep.pem
key alone
key alone-twin
issue alone-twin self 'cn = "alone.example.org"' ca cert_signing_key
issue alone self 'cn = "alone.example.org"' 'dns_name = "alone.example.org"' signing_key \
	tls_www_server

# Chains, right and wrong.
cat deep.pem root.crt > deep-root.pem
cat intermediate.crt deep.crt root.crt sub.crt > deep-shuffled.pem
cat deep.crt intermediate.crt > deep-gap.pem
cat san.pem other.crt > san-extra.pem
cat san.pem intermediate.crt > san-twice.pem
cat intermediate.crt san.crt > san-reversed.pem
cat san.crt > san-alone.pem
printf '%s' "$(cat san.crt)" > san-joined.pem # the last newline is missing
cat intermediate.crt >> san-joined.pem
head -c 300 san.crt > san-cut.pem
sed '3s/./*/g' san.crt > san-damaged.pem
{ echo '-----BEGIN CERTIFICATE-----'; printf 'no certificate' | base64
	echo '-----END CERTIFICATE-----'; } > no-certificate.pem
{ cat san.pem; printf '\0\0\0'; } > san-nul.pem
openssl x509 -in san.crt -outform DER -out san.der
: > empty.pem
echo 'nothing here' > text.pem

cat san.crt other.crt > san-foreign.pem
cat san.crt intermediate-twin.crt intermediate.crt > san-twins.pem
cat alone.crt alone-twin.crt > alone-twins.pem

# Keys in every form. The password is "secret".
openssl ec -in san.key -out san-sec1.key 2>> log
{ openssl ecparam -name prime256v1; cat san-sec1.key; } > san-parameters.key
openssl ec -in san.key -outform DER -out san-sec1.der 2>> log
openssl pkcs8 -topk8 -nocrypt -in san.key -outform DER -out san-pkcs8.der
openssl rsa -in rsa.key -traditional -out rsa-pkcs1.key 2>> log
openssl rsa -in rsa.key -traditional -outform DER -out rsa-pkcs1.der 2>> log
openssl pkcs8 -topk8 -v2 aes-256-cbc -in san.key -passout pass:secret -out san-encrypted.key
openssl pkcs8 -topk8 -v2 aes-256-cbc -in san.key -passout pass:secret -outform DER \
	-out san-encrypted.der
openssl ec -in san.key -aes128 -passout pass:secret -out san-old-encrypted.key 2>> log
# 65,539 iterations of the key derivation become 8,388,607: to claim them costs nothing.
costly() {
	LC_ALL=C sed 's/\x02\x03\x01\x00\x03/\x02\x03\x7f\xff\xff/g'
}
openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 65539 -in san.key -passout pass:secret \
	-outform DER | costly > san-costly.der
openssl pkcs12 -export -inkey san.key -in san.crt -passout pass:secret -iter 65539 |
	costly > san-costly.p12
openssl pkcs12 -export -inkey san.key -in san.crt -passout pass:secret -iter 65539 -nomac |
	costly > san-costly-bags.p12
openssl pkcs12 -export -inkey san.key -in san.crt -passout pass:secret -iter 65539 -nomac \
	-certpbe NONE | costly > san-costly-key.p12
# Three parts with 2,000,000 each.
openssl pkcs12 -export -inkey san.key -in san.crt -passout pass:secret -iter 65539 |
	LC_ALL=C sed 's/\x02\x03\x01\x00\x03/\x02\x03\x1e\x84\x80/g' > san-costly-sum.p12
cat san.key san.pem > san-combined.pem
cat san.pem san-encrypted.key > san-combined-encrypted.pem
openssl pkcs12 -export -inkey san.key -in san.crt -certfile intermediate.crt \
	-passout pass:secret -out san.p12
openssl pkcs12 -export -inkey san.key -in san.crt -certfile intermediate.crt \
	-keypbe NONE -certpbe NONE -passout pass: -out san-open.p12
openssl pkcs12 -export -nokeys -in san.crt -passout pass:secret -out san-no-key.p12
head -c 60 san.key > san-cut.key
sed '2s/./A/g' san.key > san-damaged.key
sed 's/PRIVATE/OPENSSH PRIVATE/' san.key > san-openssh.key
printf 'secret\n' > password
printf 'secret\r\n' > password-crlf
printf 'wrong\n' > password-wrong
printf 'sec\0ret\n' > password-nul

# OCSP responses.
key responder
issue responder intermediate 'cn = "Test responder"' ocsp_signing_key signing_key
key responder-expired
dated responder-expired intermediate '2020-01-01 00:00:00 UTC' '2029-01-01 00:00:00 UTC' \
	'cn = "Test expired responder"' ocsp_signing_key signing_key
python3 "$here/pki_ocsp.py"
openssl base64 -in staple-good.der |
	sed '1i -----BEGIN OCSP RESPONSE-----
$a -----END OCSP RESPONSE-----' > staple-good.pem
[ -z "$stamp" ] || : > "$stamp"
