/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <stdio.h>

/* config FILE: is the configuration without problems? Certificates are not read. */
int main(int argc, char **argv)
{
	struct certbind_error error;
	struct config *config;
	size_t problems;

	if (argc != 2 || config_load(argv[1], &config, &error) < 0) {
		(void)fprintf(stderr, "%s\n", argc != 2 ? "config FILE" : error.message);
		return 2;
	}
	problems = config->problems_length;
	for (size_t i = 0; i < problems; i++)
		(void)printf("%s:%d: %s\n", config->problems[i].place.file,
			config->problems[i].place.line, config->problems[i].message);
	config_unref(config);
	return problems > 0;
}
