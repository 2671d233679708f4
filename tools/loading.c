/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loading.h"
#include "progress.h"
#include <string.h>

/* The certificate that `auto` picks depends on the time: --at looks at another day altogether. */
static time_t clock_of_options(void *data)
{
	return *(const time_t *)data;
}

struct certbind_store *loading_open(const struct options *options, struct problems *problems)
{
	/* The store may ask its clock until it is closed. */
	static time_t at;
	struct certbind_error error = { 0 };
	struct certbind_store *store;
	int status = certbind_store_new(&store);

	if (status < 0) {
		error.status = status;
		loading_complain(problems, &error);
		return NULL;
	}
	at = options->at;
	if (at != 0)
		certbind_store_set_clock(store, clock_of_options, &at);
	certbind_store_set_log(store, problems_log, problems);
	progress_begin("reading the configuration");
	status = certbind_store_load(store, options->config, &error);
	progress_end();
	/* The log was given all errors of the configuration, the first too. */
	if (status < 0 && (status != CERTBIND_E_CONFIG || problems->length == 0))
		problems_add(problems, &error);
	problems_print(problems);
	if (status < 0) {
		certbind_store_close(store);
		return NULL;
	}
	return store;
}

void loading_complain(struct problems *problems, const struct certbind_error *error)
{
	problems_add(problems, error);
	problems_print_last(problems);
}

int loading_show(const struct options *options, loading_show_func *show)
{
	struct certbind_error error = { 0 };
	struct problems problems;
	struct certbind_store *store;
	int status = STATUS_TROUBLE;

	problems_open(&problems);
	store = loading_open(options, &problems);
	if (store != NULL) {
		if (show(store, options, &error) < 0)
			loading_complain(&problems, &error);
		else
			status = STATUS_FINE;
	}
	certbind_store_close(store);
	problems_close(&problems);
	return status;
}
