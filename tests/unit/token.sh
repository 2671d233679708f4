#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: token.sh DIRECTORY PKI
#
# Makes a SoftHSM token in DIRECTORY, with DIRECTORY/softhsm2.conf for SOFTHSM2_CONF. Its label is
# "test", its PIN "secret", and it holds private keys of the test PKI: "san" and "rsa" with their
# public keys beside them, "wildcard" without. Ends with 77 when SoftHSM is not installed.
set -eu

command -v softhsm2-util > /dev/null || exit 77
command -v p11tool > /dev/null || exit 77
cd "$1"
mkdir tokens
printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$PWD" > softhsm2.conf
export SOFTHSM2_CONF="$PWD/softhsm2.conf"
softhsm2-util --init-token --free --label test --so-pin so-secret --pin secret > log
id=1
for key in san rsa; do
	softhsm2-util --import "$2/$key.key" --token test --pin secret --label "$key" \
		--id "0$id" >> log
	id=$((id + 1))
done
GNUTLS_PIN=secret p11tool --login --write --load-privkey "$2/wildcard.key" --label wildcard \
	--id 03 'pkcs11:token=test' >> log 2>&1
