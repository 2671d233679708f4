/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finding.h"

static const struct {
	const char *word;
	int severity;
} codes[] = {
#define FINDING_ROW(identifier, word, severity) { word, CERTBIND_SEVERITY_##severity },
	FINDING_CODES(FINDING_ROW)
#undef FINDING_ROW
};

const char *finding_word(enum finding_code code)
{
	return codes[code].word;
}

int finding_severity(enum finding_code code)
{
	return codes[code].severity;
}
