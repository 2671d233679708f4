# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A Postfix of the demonstration's own, as the sending MTA: its configuration, queue and log are in
# the scratch folder; the machine's own Postfix is not touched. Sourced by run.

postfix_up=

# host_of DOMAIN: the MX host of a domain.
host_of()
{
	case $1 in
	shared.example) echo mail.provider.example ;;
	*) echo "mail.$1" ;;
	esac
}

# postfix_prepare DIRECTORY DOMAIN...
postfix_prepare()
{
	postfix_dir=$1
	postfix_domains=("${@:2}")
	local domain
	chmod 711 "$1"
	mkdir -p "$1/etc" "$1/queue" "$1/data" || return 1
	chown postfix "$1/data" || return 1
	{
		cat <<-'MASTER'
			postlog   unix-dgram n - n - 1 postlogd
			pickup    unix n - n 1 1 pickup
			cleanup   unix n - n - 0 cleanup
			qmgr      unix n - n 300 1 qmgr
			tlsmgr    unix - - n 1000? 1 tlsmgr
			rewrite   unix - - n - - trivial-rewrite
			bounce    unix - - n - 0 bounce
			defer     unix - - n - 0 bounce
			trace     unix - - n - 0 bounce
			flush     unix n - n 1000? 0 flush
			showq     unix n - n - - showq
			error     unix - - n - - error
			retry     unix - - n - - error
		MASTER
		for domain in "${postfix_domains[@]}"; do
			printf '%s unix - - n - - smtp' "${domain%.example}"
			printf ' -o smtp_tls_secure_cert_match=%s -o smtp_tls_servername=%s\n' \
				"$(host_of "$domain")" "$(host_of "$domain")"
		done
	} >"$1/etc/master.cf"
}

# postfix_start PORT: the mail server of every domain listens there.
postfix_start()
{
	local domain routes=
	for domain in "${postfix_domains[@]}"; do
		routes+=" { $domain = ${domain%.example}:[127.0.0.1]:$1 },"
	done
	cat >"$postfix_dir/etc/main.cf" <<-MAIN
		compatibility_level = 3.6
		queue_directory = $postfix_dir/queue
		data_directory = $postfix_dir/data
		maillog_file = $postfix_dir/postfix.log
		maillog_file_prefixes = $postfix_dir
		myhostname = sender.example
		mydestination =
		alias_maps =
		alias_database =
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		smtp_bind_address = 127.0.0.1
		smtp_dns_support_level = disabled
		default_transport = error:no route in this demonstration
		transport_maps = inline:{${routes%,} }
		smtp_tls_security_level = secure
		smtp_tls_CAfile = $postfix_dir/pki/ca.pem
		smtp_tls_loglevel = 1
	MAIN
	: >"$postfix_dir/postfix.log"
	chown postfix "$postfix_dir/postfix.log"
	postfix -c "$postfix_dir/etc" start >"$postfix_dir/postfix-start.log" 2>&1 || {
		cat "$postfix_dir/postfix-start.log" "$postfix_dir/postfix.log"
		return 1
	}
	postfix_up=yes
}

postfix_stop()
{
	[ -n "$postfix_up" ] || return 0
	postfix -c "$postfix_dir/etc" stop >/dev/null 2>&1
	postfix_up=
}

# postfix_send RECIPIENT SUBJECT
postfix_send()
{
	printf 'From: Bert <bert@sender.example>\nTo: Anna <%s>\nSubject: %s\n\n%s\n' "$1" "$2" \
		'This message came over a link that was verified.' |
		sendmail -C "$postfix_dir/etc" -f bert@sender.example "$1"
}

postfix_flush()
{
	postqueue -c "$postfix_dir/etc" -f
}

# postfix_line RECIPIENT: Postfix' last word on the message.
postfix_line()
{
	grep -F "to=<$1>" "$postfix_dir/postfix.log" | tail -n 1
}

postfix_wait()
{
	local tries
	for ((tries = 0; tries < 150; tries++)); do
		[ -z "$(postfix_line "$1")" ] || return 0
		sleep 0.1
	done
}

# postfix_status RECIPIENT: sent, deferred, bounced.
postfix_status()
{
	postfix_line "$1" | sed -n 's/.* status=\([a-z]*\).*/\1/p'
}

# postfix_reason RECIPIENT: what Postfix' log has to say, shortened.
postfix_reason()
{
	local host
	host=$(host_of "${1#*@}")
	printf '  %s (%s): %s\n' "$1" "$host" "$(postfix_line "$1" | sed 's/.* status=//')"
}
