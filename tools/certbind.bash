# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Bash completion of certbind(1). Needs nothing but bash and the command itself.

# The values of a key in what "certbind list --json" prints, one binding a line. A configuration
# that does not load, or takes long, completes nothing.
_certbind_listed()
{
	local key=$1 program=$2
	shift 2
	timeout 3 "$program" list --json "$@" 2>/dev/null </dev/null |
		sed -n 's/.*"'"$key"'": "\([a-z0-9.-]*\)".*/\1/p' | sort -u
}

# Files that begin like the word; quoted by readline.
_certbind_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_certbind_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

# What follows the options: files, hosts that only the user knows, names that the command knows.
_certbind_argument()
{
	local program=$1 word=$2 current=$3 place=$4
	shift 4
	case $word:$place in
	check:* | bind:1 | unbind:1 | candidates:1)
		_certbind_words "$current" "$(_certbind_listed domain "$program" "$@")"
		;;
	explain:1 | bind:2 | unbind:2 | candidates:2)
		# Those two are always there.
		_certbind_words "$current" "$({
			printf 'webmail\nmail\n'
			_certbind_listed service "$program" "$@"
		} | sort -u)"
		;;
	bind:3)
		_certbind_words "$current" "$({
			printf 'auto\nnone\n'
			_certbind_listed certificate "$program" "$@"
		} | sort -u)"
		;;
	covers:1 | verify:1 | ticket-key:1)
		_certbind_files "$current"
		;;
	esac
}

_certbind()
{
	local program=$1 current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local word=${COMP_WORDS[1]} options='' place=0 i
	local config=()

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_certbind_words "$current" 'check covers verify explain list bind unbind candidates ticket-key --help --version'
		return
	fi
	case $word in
	check) options='-c --config --json --all --at --connect --timeout --help --version' ;;
	covers | ticket-key) options='--help --version' ;;
	verify) options='--trust --at --json --help --version' ;;
	bind) options='-c --config --force --help --version' ;;
	unbind) options='-c --config --help --version' ;;
	explain | list | candidates) options='-c --config --json --help --version' ;;
	*) return ;;
	esac
	case $previous in
	-c | --config | --trust)
		_certbind_files "$current"
		return
		;;
	--connect)
		# readline splits an endpoint at its colons.
		_certbind_words "$current" 'https smtp submission submissions imap imaps pop3 pop3s sieve'
		return
		;;
	--timeout) return ;;
	--at)
		_certbind_words "$current" "$(date -u +%Y-%m-%dT00:00:00Z)"
		return
		;;
	esac
	if [[ $current == -* ]]; then
		_certbind_words "$current" "$options"
		return
	fi
	for ((i = 2; i <= COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config)
			# A leading ~ is the shell's, which sees it only when the line is run.
			config=(-c "${COMP_WORDS[i + 1]/#\~/$HOME}")
			i=$((i + 1))
			;;
		--trust | --timeout) i=$((i + 1)) ;;
		--at | --connect)
			# readline splits a time or an endpoint at its colons.
			i=$((i + 1))
			while [[ ${COMP_WORDS[i + 1]-} == [:=] ]]; do
				i=$((i + 2))
			done
			;;
		-*) ;;
		*) place=$((place + 1)) ;;
		esac
	done
	_certbind_argument "$program" "$word" "$current" "$place" "${config[@]}"
}

complete -F _certbind certbind
