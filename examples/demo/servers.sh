# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The two example daemons of the demonstration. Sourced by run.

# servers_prepare DIRECTORY PASSWORD DOMAIN...: one user, anna, in each domain, with an empty Maildir.
servers_prepare()
{
	local directory=$1 password=$2 domain hash
	shift 2
	hash=$(openssl passwd -6 "$password") || return 1
	for domain in "$@"; do
		mkdir -p "$directory/spool/$domain/anna"/{cur,new,tmp} || return 1
		printf 'anna@%s:%s\n' "$domain" "$hash"
	done >"$directory/users"
}

# server_program NAME: where the build has put an example.
server_program()
{
	find "$S/run/build/examples" -type f -name "$1" -perm -u+x | head -n 1
}

# servers_start CONFIG NAME: starts both; their logs are webmail-NAME.log and mail-NAME.log.
servers_start()
{
	local common=(--config "$1" --users "$S/run/users" --spool "$S/run/spool")
	servers_name=$2
	servers_bad=0
	: >"$S/run/webmail-$2.log"
	: >"$S/run/mail-$2.log"
	"$(server_program webmail)" "${common[@]}" --listen 127.0.0.1:0 \
		>"$S/run/webmail-$2.log" 2>&1 &
	pids+=($!)
	"$(server_program mail)" "${common[@]}" --smtp 127.0.0.1:0 --submissions 127.0.0.1:0 \
		--imap 127.0.0.1:0 --imaps 127.0.0.1:0 >"$S/run/mail-$2.log" 2>&1 &
	pids+=($!)
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		if [ "$(cat "$S/run"/*-"$2".log | grep -c '^listening ')" -eq 5 ]; then
			return 0
		fi
		sleep 0.1
	done
	cat "$S/run"/*-"$2".log
	return 1
}

# server_port PROTOCOL: the port that the running daemons have for it.
server_port()
{
	cat "$S/run"/*-"$servers_name".log | sed -n "s/^listening $1 127\\.0\\.0\\.1:\\([0-9]*\\)\$/\\1/p"
}

# Ends the daemons; remembers whether each ended with 0 and within ten seconds.
servers_stop()
{
	local pid tries
	for pid in "${pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in "${pids[@]}"; do
		for ((tries = 0; tries < 100; tries++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" || servers_bad=1
	done
	pids=()
}

servers_ended_well()
{
	[ "$servers_bad" -eq 0 ]
}

# servers_log NAME: one line a connection, as the daemons wrote it.
servers_log()
{
	local which
	for which in webmail mail; do
		printf '\n%s:\n' "$which"
		grep -v '^listening ' "$S/run/$which-$1.log" | cut -c 1-160 | head -n 40
	done
}

# server_key_is PORT HOST ecdsa|rsa: a TLS 1.3 client that takes only that kind of signature gets a
# certificate of that kind.
server_key_is()
{
	local signatures=ecdsa_secp256r1_sha256 word='id-ecPublicKey' text
	[ "$3" = ecdsa ] || signatures=rsa_pss_rsae_sha256:RSA+SHA256 word=rsaEncryption
	text=$(openssl s_client -connect "127.0.0.1:$1" -servername "$2" -tls1_3 -sigalgs "$signatures" \
		</dev/null 2>/dev/null | openssl x509 -noout -text 2>/dev/null)
	[[ $text == *"Public Key Algorithm: $word"* ]]
}
