# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The demonstration's certificates, made with certtool: a CA, an intermediate, and what the provider
# has bought. Sourced by run.

# issue NAME KEY ISSUER FROM TO LINE...: NAME.key, NAME.crt in $pki; LINEs go into certtool's template.
issue()
{
	local name=$1 kind=$2 issuer=$3 from=$4 to=$5 options
	shift 5
	case $kind in
	ecdsa) options=(--key-type=ecdsa --curve secp256r1) ;;
	rsa) options=(--key-type=rsa --bits 2048) ;;
	esac
	(umask 077 && certtool --generate-privkey --no-text "${options[@]}" --outfile "$pki/$name.key") ||
		return 1
	{
		printf '%s\n' "$@"
		printf 'activation_date = "%s"\n' "$(date -u -d "$from" '+%F %T UTC')"
		printf 'expiration_date = "%s"\n' "$(date -u -d "$to" '+%F %T UTC')"
	} >"$pki/$name.cfg"
	if [ "$issuer" = "$name" ]; then
		options=(--generate-self-signed)
	else
		options=(--generate-certificate --load-ca-certificate "$pki/$issuer.crt"
			--load-ca-privkey "$pki/$issuer.key")
	fi
	certtool --no-text "${options[@]}" --load-privkey "$pki/$name.key" \
		--template "$pki/$name.cfg" --outfile "$pki/$name.crt"
}

# server NAME KEY FROM TO HOST...: a server certificate; NAME.pem holds it and the intermediate.
server()
{
	local name=$1 kind=$2 from=$3 to=$4 hosts=()
	shift 4
	local host
	for host in "$@"; do
		hosts+=("dns_name = \"$host\"")
	done
	issue "$name" "$kind" intermediate "$from" "$to" "cn = \"$1\"" signing_key tls_www_server \
		"${hosts[@]}" || return 1
	cat "$pki/$name.crt" "$pki/intermediate.crt" >"$pki/$name.pem"
}

certificates_make()
{
	pki=$1
	mkdir -p "$pki"
	{
		issue ca ecdsa ca '-1 year' '+9 years' 'cn = "Demonstration CA"' ca cert_signing_key &&
			issue intermediate ecdsa ca '-1 year' '+4 years' \
				'cn = "Demonstration Intermediate"' ca cert_signing_key 'path_len = 0' &&
			cp "$pki/ca.crt" "$pki/ca.pem" &&
			server provider ecdsa '-1 day' '+90 days' mail.provider.example &&
			server wildcard ecdsa '-1 day' '+90 days' '*.wildcard.example' &&
			server wildcard-rsa rsa '-1 day' '+90 days' '*.wildcard.example' &&
			server san ecdsa '-1 day' '+60 days' san.example webmail.san.example \
				mail.san.example &&
			server shared rsa '-1 day' '+60 days' shared.example webmail.shared.example &&
			server gap ecdsa '-1 day' '+60 days' gap.example mail.gap.example &&
			server expired ecdsa '-91 days' '-1 day' expired.example webmail.expired.example \
				mail.expired.example
	} >"$S/run/certtool.log" 2>&1 || {
		cat "$S/run/certtool.log"
		return 1
	}
}

# The certificates as a table: what OpenSSL reads in them.
certificates_list()
{
	local name names until
	printf '  %-14s %-11s %s\n' certificate 'valid until' 'names'
	for name in provider wildcard wildcard-rsa san shared gap expired; do
		names=$(openssl x509 -in "pki/$name.pem" -noout -ext subjectAltName | tail -n +2 |
			sed 's/ *DNS://g')
		until=$(date -u -d "$(openssl x509 -in "pki/$name.pem" -noout -enddate | cut -d= -f2)" +%F)
		printf '  %-14s %-11s %s\n' "$name" "$until" "$names"
	done
}

# What check said beside what the clients did, domain by domain, from what the clients themselves
# have written down: certificates_summary DOMAIN...
certificates_summary()
{
	local domain said_before said_after
	printf '  %-17s %-22s %-24s %s\n' domain 'check said: before' 'after' 'Postfix after'
	for domain in "$@"; do
		said_before='not secured' said_after='not secured'
		[[ " $(verdicts before.json) " != *" $domain "* ]] || said_before=secured
		[[ " $(verdicts after.json) " != *" $domain "* ]] || said_after=secured
		printf '  %-17s %-22s %-24s %s\n' "$domain" "$said_before" "$said_after" \
			"$(postfix_status "anna@$domain")"
	done
}
