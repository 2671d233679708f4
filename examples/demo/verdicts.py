#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""verdicts.py FILE: the domains a `certbind check --json` calls secured, in one line.

verdicts.py FILE DOMAIN SERVICE CODE: ends with 0 when the check has that finding.
"""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    findings = json.load(file)["findings"]

if len(sys.argv) > 2:
    wanted = tuple(sys.argv[2:5])
    sys.exit(wanted not in [(f["domain"], f["service"], f["code"]) for f in findings])

domains = {f["domain"] for f in findings if f["domain"]}
bad = {f["domain"] for f in findings if f["severity"] == "error"}
print(" ".join(sorted(domains - bad)))
