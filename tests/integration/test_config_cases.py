# SPDX-License-Identifier: LGPL-2.1-or-later
"""The broken configurations of the unit tests, as an administrator meets them: check's exit code,
and every error with its file, line and exact message, in JSON and on stderr."""

import json
import subprocess

import pytest
import support

CASES = support.source_directory() / "tests/unit/config"


def expectations(path):
    """The exit code, and (file, line, message) of each problem, from the lines that begin #>."""
    code, problems = None, []
    for line in path.read_bytes().split(b"\n"):
        if not line.startswith(b"#> "):
            continue
        text = line[3:].decode()
        if text.startswith("exit "):
            code = int(text[5:])
            continue
        place, message = text.split("|", 2)[2].split(": ", 1)
        name, number = place.rsplit(":", 1)
        problems.append((name, int(number), message))
    return code, problems


def check(path, *options):
    command = [*support.wrapper(), support.program("certbind"), "check", *options, "-c", path.name]
    return subprocess.run(command, cwd=path.parent, timeout=support.CLIENT_TIMEOUT,
                          capture_output=True, check=False)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.conf")), ids=lambda path: path.stem)
def test_case(path):
    code, problems = expectations(path)
    done = check(path, "--json")
    report = json.loads(done.stdout)
    told = [(error["file"], error["line"] or 0, error["message"]) for error in report["errors"]]
    if code == 0:  # the text is fine; the files that it names are missing
        assert all("does not exist" in message for _, _, message in told)
        return
    assert told == problems
    assert done.returncode == code
    if code == 2:
        assert report["findings"] == []
        assert report["summary"] == {"domains": 0, "domains_secured": 0, "errors": 0, "warnings": 0}
    else:
        findings = [finding for finding in report["findings"]
                    if finding["code"] == "bad-configuration"]
        assert [(finding["file"], finding["line"] or 0) for finding in findings]
        assert {finding["advice"] for finding in findings} >= {p[2] for p in problems}


def test_there_are_enough():
    assert sum(expectations(path)[0] != 0 for path in CASES.glob("*.conf")) >= 60


def test_stderr_has_them_too():
    path = CASES / "certificate-twice.conf"
    stderr = check(path).stderr.decode()
    for name, line, message in expectations(path)[1]:
        assert "%s:%d: %s" % (name, line, message) in stderr
