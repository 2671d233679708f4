/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scratch.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[256];

void scratch_make(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/certbind-test-XXXXXX");
	if (mkdtemp(directory) == NULL)
		abort();
}

static int scratch_remove_one(
	const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void scratch_remove(void)
{
	if (nftw(directory, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

int scratch_set_up(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

int scratch_tear_down(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

const char *scratch_path(void)
{
	return directory;
}

const char *scratch_write(const char *name, const char *text)
{
	static char path[512];
	const char *pki = getenv("PKI");
	const char *mark;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	if (file == NULL || pki == NULL)
		abort();
	while ((mark = strstr(text, "@PKI@")) != NULL) {
		(void)fwrite(text, 1, (size_t)(mark - text), file);
		(void)fputs(pki, file);
		text = mark + strlen("@PKI@");
	}
	(void)fputs(text, file);
	if (fclose(file) != 0)
		abort();
	return path;
}
