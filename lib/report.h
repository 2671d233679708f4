/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_H
#define REPORT_H

#include <certbind/check.h>

struct certbind_report *report_new(void); /* NULL: memory */

/* A certbind_finding_func that keeps a copy; `data` is the report. CERTBIND_OK or CERTBIND_E_MEMORY. */
int report_keep(void *data, const struct certbind_finding *finding);

#endif
