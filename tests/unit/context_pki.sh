#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the certificates of test_context.c, test_snapshot.c and test_check.c:
#   context_pki.sh DIRECTORY
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
	issue renewed ecdsa 2070 panel.provider.example mail.provider.example
	issue wildcard ecdsa 2060 '*.good.example' good.example
	issue exact ecdsa 2060 webmail.good.example
	issue mail ecdsa 2060 mail.names.example
	issue later ecdsa 2070 webmail.good.example
	issue twoways ecdsa 2060 webmail.good.example '*.good.example'
	issue wildlater ecdsa 2070 '*.good.example'
	issue ecdsa ecdsa 2060 webmail.both.example mail.both.example
	issue rsa rsa 2060 webmail.both.example mail.both.example
	issue ed ed25519 2060 webmail.ed.example
	issue idn ecdsa 2060 webmail.xn--bcher-kva.example
	issue old ecdsa 2021 '*.old.example'
	issue brief ecdsa 2021 webmail.good.example mail.good.example
	issue names ecdsa 2060 webmail.names.example other.names.example imap.elsewhere.example

	# One fault each, for test_check.c, whose clock says 2026-06-01.
	issue soon ecdsa 2060 webmail.soon.example
	certtool --generate-certificate --load-privkey soon.key --outfile soon.pem \
		--load-ca-certificate ca.pem --load-ca-privkey ca.key --template /dev/stdin <<-END
		activation_date = "2026-01-01 00:00:00"
		expiration_date = "2026-06-08 00:00:00"
		cn = "webmail.soon.example"
		dns_name = "webmail.soon.example"
		signing_key
		tls_www_server
	END
	faulty() { # NAME KEY-TYPE FIRST-YEAR LAST-YEAR OPTIONS... -- LINE ...
		name=$1 type=$2 first=$3 last=$4 options=
		shift 4
		while [ "$1" != -- ]; do
			options="$options $1"
			shift
		done
		shift
		[ -e "$name.key" ] || key "$name" "$type"
		template "$first" "$last" "$@" >"$name.cfg"
		# The options are words.
		# shellcheck disable=SC2086
		certtool --generate-certificate --load-privkey "$name.key" --template "$name.cfg" \
			--load-ca-certificate "${issuer:-ca}.pem" --load-ca-privkey "${issuer:-ca}.key" \
			$options --outfile "$name.pem"
	}
	site() { # NAME: the lines of a good server certificate
		printf 'cn = "%s"\ndns_name = "%s"\nsigning_key\ntls_www_server\n' "$1" "$1"
	}
	faulty future ecdsa 2040 2060 -- "$(site webmail.future.example)"
	faulty client ecdsa 2020 2060 -- 'cn = "webmail.client.example"' \
		'dns_name = "webmail.client.example"' signing_key tls_www_client
	faulty isca ecdsa 2020 2060 -- "$(site webmail.isca.example)" ca cert_signing_key
	faulty cn ecdsa 2020 2060 -- 'cn = "webmail.cn.example"' signing_key tls_www_server
	faulty sha1 ecdsa 2020 2060 --hash=sha1 -- "$(site webmail.sha1.example)"
	faulty must ecdsa 2020 2060 -- "$(site webmail.must.example)" 'tls_feature = 5'
	faulty noeku ecdsa 2020 2060 -- 'cn = "webmail.noeku.example"' \
		'dns_name = "webmail.noeku.example"' signing_key
	certtool --generate-privkey --key-type=rsa --bits=1024 --outfile weak.key
	faulty weak rsa 2020 2060 -- "$(site webmail.weak.example)" encryption_key
	faulty middle ecdsa 2020 2060 -- 'cn = "Test intermediate"' ca cert_signing_key \
		'path_len = 0'
	issuer=middle faulty chained ecdsa 2020 2060 -- "$(site webmail.chained.example)"
	faulty limited ecdsa 2020 2060 -- 'cn = "Limited intermediate"' ca cert_signing_key \
		'nc_permit_dns = "allowed.example"'
	issuer=limited faulty constrained ecdsa 2020 2060 -- "$(site webmail.constrained.example)"
	key other ecdsa
	certtool --generate-self-signed --load-privkey other.key --template ca.cfg --outfile other.pem
	issuer=other faulty strange ecdsa 2020 2060 -- "$(site webmail.strange.example)"
	key alone ecdsa
	template 2020 2060 "$(site webmail.alone.example)" >alone.cfg
	certtool --generate-self-signed --load-privkey alone.key --template alone.cfg \
		--outfile alone.pem
	cat constrained.pem limited.pem >constrained.chain
	cat strange.pem other.pem >strange.chain
	cat chained.pem ca.pem middle.pem >order.chain
	cp panel.key open.key
	chmod 0644 open.key
	printf 'no certificate\n' >garbage.pem
} >make.log 2>&1 || {
	cat make.log >&2
	exit 1
}
