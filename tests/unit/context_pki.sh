#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the certificates of test_context.c and test_snapshot.c: context_pki.sh DIRECTORY
set -eu
out=$1
mkdir -p "$out"
cd "$out"

# key NAME TYPE
key() {
	case $2 in
	ecdsa) certtool --generate-privkey --key-type=ecdsa --curve=secp256r1 --outfile "$1.key" ;;
	rsa) certtool --generate-privkey --key-type=rsa --bits=2048 --outfile "$1.key" ;;
	ed25519) certtool --generate-privkey --key-type=ed25519 --outfile "$1.key" ;;
	esac
}

# template FIRST-YEAR LAST-YEAR LINE ...
template() {
	printf 'activation_date = "%s-01-01 00:00:00"\nexpiration_date = "%s-12-31 00:00:00"\n' "$1" "$2"
	shift 2
	printf '%s\n' "$@"
}

# issue NAME TYPE LAST-YEAR DNS-NAME ...
issue() {
	name=$1 type=$2 last=$3
	shift 3
	key "$name" "$type"
	{
		template 2020 "$last" "cn = \"$1\"" signing_key tls_www_server
		printf 'dns_name = "%s"\n' "$@"
	} >"$name.cfg"
	certtool --generate-certificate --load-privkey "$name.key" --template "$name.cfg" \
		--load-ca-certificate ca.pem --load-ca-privkey ca.key --outfile "$name.crt"
	cat "$name.crt" >"$name.pem"
}

{
	key ca ecdsa
	template 2019 2099 'cn = "Test CA"' ca cert_signing_key >ca.cfg
	certtool --generate-self-signed --load-privkey ca.key --template ca.cfg --outfile ca.pem

	issue panel ecdsa 2060 panel.provider.example mail.provider.example
	issue wildcard ecdsa 2060 '*.good.example' good.example
	issue exact ecdsa 2060 webmail.good.example
	issue later ecdsa 2070 webmail.good.example
	issue ecdsa ecdsa 2060 webmail.both.example mail.both.example
	issue rsa rsa 2060 webmail.both.example mail.both.example
	issue ed ed25519 2060 webmail.ed.example
	issue idn ecdsa 2060 webmail.xn--bcher-kva.example
	issue old ecdsa 2021 '*.old.example'
	issue names ecdsa 2060 webmail.names.example other.names.example imap.elsewhere.example
} >make.log 2>&1 || {
	cat make.log >&2
	exit 1
}
