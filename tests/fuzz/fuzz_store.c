/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz_store.h"
#include "fuzz.h"
#include "scratch.h"
#include <stdlib.h>

static const char configuration[] =
	"state_dir = \"state\";\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"webmail\"; default = \"panel\"; alpn = [ \"http/1.1\" ]; },\n"
	"  { name = \"mail\"; default = \"panel\"; shared_hosts = [ \"mail.provider.example\" ]; "
	"},\n"
	"  { name = \"strict\"; hosts = [ \"strict.%d\" ]; default = \"panel\";\n"
	"    unknown_sni = \"reject\"; priority = \"-GROUP-FFDHE4096\"; }\n"
	");\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"wildcard\"; chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; "
	"},\n"
	"  { name = \"exact\"; chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\"; },\n"
	"  { name = \"ed\"; chain = \"@PKI@/ed.pem\"; key = \"@PKI@/ed.key\"; },\n"
	"  { name = \"idn\"; chain = \"@PKI@/idn.pem\"; key = \"@PKI@/idn.key\"; },\n"
	"  { name = \"names\"; chain = \"@PKI@/names.pem\"; key = \"@PKI@/names.key\"; }\n"
	");\n"
	"domains = (\n"
	"  { name = \"good.example\"; mail = \"wildcard\"; strict = \"wildcard\"; },\n"
	"  { name = \"ed.example\"; },\n"
	"  { name = \"names.example\"; webmail = \"names\"; },\n"
	"  { name = \"xn--bcher-kva.example\"; mail = \"none\"; },\n"
	"  { name = \"bare.example\"; }\n"
	");\n";

static struct fuzz_store *opened;

/* The contexts hold the store: nothing of it is left over, which the leak sanitizer looks at. */
static void close_store(void)
{
	int i;

	for (i = 0; i < 3; i++)
		certbind_context_free(opened->contexts[i]);
	certbind_store_close(opened->store);
}

void fuzz_store_open(struct fuzz_store *fuzz)
{
	static const char *const services[] = { "webmail", "mail", "strict" };
	static const char *const protocols[] = { "http/1.1", "imap", "smtp" };
	char directory[64];
	struct certbind_error error;
	int i;

	fuzz_directory_make(directory, sizeof(directory), NULL, 0);
	if (certbind_store_open(
		    &fuzz->store, scratch_write("certbind.conf", configuration), &error) < 0) {
		(void)fprintf(stderr, "%s:%d: %s\n", error.file, error.line, error.message);
		abort();
	}
	for (i = 0; i < 3; i++) {
		fuzz_require(certbind_context_new(&fuzz->contexts[i], fuzz->store, services[i],
				     &error) == CERTBIND_OK);
		fuzz_require(certbind_context_set_alpn(
				     fuzz->contexts[i], &protocols[i], 1, &error) == CERTBIND_OK);
	}
	opened = fuzz;
	fuzz_require(atexit(close_store) == 0);
}
