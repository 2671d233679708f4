# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command certbind: its words, exit codes, JSON and tables (certbind(1))."""

import json
import os
import pty
import re
import subprocess
import threading
import unicodedata

import pytest
import support

FINE, BAD, TROUBLE, WARNED = 0, 1, 2, 3
WORDS = ["check", "covers", "verify", "explain", "list", "bind", "unbind", "candidates",
         "ticket-key"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

FINDING = {"domain": (str, type(None)), "domain_unicode": (str, type(None)),
           "service": (str, type(None)), "host": (str, type(None)),
           "certificate": (str, type(None)), "code": (str,), "severity": (str,),
           "not_after": (str, type(None)), "advice": (str,), "file": (str, type(None)),
           "line": (int, type(None))}
SUMMARY = {"domains": (int,), "domains_secured": (int,), "errors": (int,), "warnings": (int,)}
ERROR = {"file": (str, type(None)), "line": (int, type(None)), "message": (str,)}
BINDING = {"domain": (str,), "service": (str,), "hosts": (list,),
           "certificate": (str, type(None)), "chosen_by": (str,), "not_after": (str, type(None))}
SELECTION = {"version": (int,), "service": (str,), "host": (str, type(None)),
             "domain": (str, type(None)), "certificate": (str, type(None)), "rule": (str,)}


def check_shape(found, expected):
    """Keys, their order and their types are fixed."""
    assert list(found) == list(expected)
    for key, types in expected.items():
        assert type(found[key]) in types, (key, found[key])


def parse_report(text):
    report = json.loads(text)
    assert list(report) == ["version", "findings", "summary", "errors"]
    assert report["version"] == 1
    for finding in report["findings"]:
        check_shape(finding, FINDING)
        assert finding["severity"] in ("ok", "note", "warning", "error")
        assert finding["not_after"] is None or TIME.fullmatch(finding["not_after"])
        assert finding["line"] is None or finding["line"] > 0
        assert finding["advice"] or finding["severity"] == "ok"
    check_shape(report["summary"], SUMMARY)
    for error in report["errors"]:
        check_shape(error, ERROR)
    return report


def width(line):
    """Columns on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in line)


def check_lines(text):
    for line in text.splitlines():
        assert width(line) <= 100, line
        assert line == line.rstrip(), line


def on_terminal(arguments, streams=("stdout", "stderr"), env=None):
    """Run the command with some of its streams on a terminal; gives status and what each got."""
    primary, secondary = pty.openpty()
    environment = dict({**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}, **(env or {}))
    environment = {key: value for key, value in environment.items() if value is not None}
    process = subprocess.Popen(
        [support.program("certbind")] + [str(word) for word in arguments],
        stdin=subprocess.DEVNULL, env=environment,
        **{stream: secondary if stream in streams else subprocess.PIPE
           for stream in ("stdout", "stderr")})
    os.close(secondary)
    seen = []

    def read():
        while True:
            try:
                part = os.read(primary, 65536)
            except OSError:  # EIO: the other end is closed
                return
            if not part:
                return
            seen.append(part)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    piped = process.communicate(timeout=120)
    reader.join(timeout=30)
    os.close(primary)
    other = [part.decode() for part in piped if part is not None]
    return process.returncode, b"".join(seen).decode(), "".join(other)


@pytest.fixture(scope="module")
def world(tmp_path_factory, pki):
    """A configuration with something of everything; gives its path."""
    issue = lambda name, hosts, **more: pki.issue("command-" + name, hosts, **more)
    entries = [
        ("wild", issue("wild", ["*.example.org"])),
        ("san", issue("san", ["mail.example.net"])),
        ("old", issue("old", ["webmail.old.example", "mail.old.example"],
                      not_before=-30, not_after=-2)),
        ("soon", issue("soon", ["*.xn--bcher-kva.example"], not_after=5)),
        ("panel", issue("panel", ["mail.provider.example"])),
    ]
    text = """
        trust_file = "%s";
        services = ( { name = "mail"; default = "panel";
                       shared_hosts = [ "mail.provider.example" ]; },
                     { name = "webmail"; unknown_sni = "reject"; } );
        certificates = ( %s );
        domains = (
            { name = "example.org"; },
            { name = "example.net"; webmail = "san"; mail = "san"; },
            { name = "old.example"; },
            { name = "bücher.example"; },
            { name = "shared.example"; webmail = "none"; },
            { name = "bare.example"; mail = "none"; }
        );
        """ % (pki.ca, ",\n".join(support.certificate_entry(*entry) for entry in entries))
    return support.write_config(tmp_path_factory.mktemp("command"), text)


@pytest.fixture(scope="module")
def fine(tmp_path_factory, pki):
    """A configuration that leaves nothing to say but notes."""
    issued = pki.issue("command-fine", ["*.fine.example", "mail.fine.example"])
    return support.write_config(tmp_path_factory.mktemp("fine"), """
        trust_file = "%s";
        services = ( { name = "mail"; default = "c"; }, { name = "webmail"; default = "c"; } );
        certificates = ( %s );
        domains = ( { name = "fine.example"; } );
        """ % (pki.ca, support.certificate_entry("c", issued)))


@pytest.fixture(scope="module")
def bad_entry(tmp_path_factory, pki):
    """One entry of two has an error: it is left out."""
    issued = pki.issue("command-entry", ["*.good.example"])
    return support.write_config(tmp_path_factory.mktemp("entry"), """
trust_file = "%s";
certificates = ( %s );
domains = (
    { name = "good.example"; },
    { name = "left.example"; nonsense = 3; }
);
""" % (pki.ca, support.certificate_entry("c", issued)))


# Command line

@pytest.mark.parametrize("arguments", [[]] + [[word] for word in WORDS])
def test_help(arguments):
    done = support.certbind(*arguments, "--help")
    assert done.returncode == FINE and done.stderr == ""
    assert done.stdout.startswith("usage: certbind")
    check_lines(done.stdout)


@pytest.mark.parametrize("arguments", [[]] + [[word] for word in WORDS])
def test_version(arguments):
    done = support.certbind(*arguments, "--version")
    assert (done.returncode, done.stderr) == (FINE, "")
    assert re.fullmatch(r"certbind \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("arguments,said", [
    ([], "usage: certbind check"),
    (["chek"], 'unknown command "chek"; did you mean "check"?'),
    (["ticket-kye", "a"], 'unknown command "ticket-kye"; did you mean "ticket-key"?'),
    (["ticket-key"], "usage: certbind ticket-key FILE"),
    (["--hlep"], 'unknown option "--hlep"; did you mean "--help"?'),
    (["\033[31m"], 'unknown command "\\x1b[31m"'),
    (["check", "--jsno"], 'unknown option "--jsno"; did you mean "--json"?'),
    (["list", "--connect", "https://127.0.0.1:1"], 'unknown option "--connect"'),
    (["check", "-x"], 'unknown option "-x"'),
    (["check", "--trust", "x"], 'unknown option "--trust"'),
    (["check", "-c"], 'option "-c" needs a value'),
    (["check", "--at"], 'option "--at" needs a value'),
    (["check", "--json=yes"], 'option "--json" takes no value'),
    (["check", "--at", "tomorrow"], '"tomorrow" is no TIME; expected RFC 3339'),
    (["check", "--at", "2026-02-29T00:00:00Z"], "is no TIME"),
    (["check", "--at", "2026-03-01T00:00:00"], "is no TIME"),
    (["verify", "--at", "2026-03-01", "x", "y"], "is no TIME"),
    (["covers"], "usage: certbind covers"),
    (["covers", "x"], "usage: certbind covers"),
    (["covers", "--json", "x", "y"], 'unknown option "--json"'),
    (["verify", "x"], "usage: certbind verify"),
    (["verify", "-c", "x", "x", "y"], 'unknown option "-c"'),
    (["explain"], "usage: certbind explain"),
    (["explain"], "SERVICE is missing"),
    (["covers"], "CERT.pem is missing"),
    (["covers", "x"], "HOST is missing"),
    (["bind", "-c", "x", "--force"], "DOMAIN is missing"),
    (["bind", "a.example"], "SERVICE is missing"),
    (["bind", "a.example", "mail"], "CERTIFICATE|auto|none is missing"),
    (["verify", "--json", "x"], "HOST is missing"),
    (["ticket-key"], "FILE is missing"),
    (["explain", "mail", "a", "b"], '"b" is too much'),
    (["list", "x"], '"x" is too much'),
])
def test_usage(arguments, said):
    done = support.certbind(*arguments)
    assert (done.returncode, done.stdout) == (TROUBLE, "")
    assert said in done.stderr
    assert "usage: certbind" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["check"],
                                       ["check", "--json"], ["list"], ["list", "--json"],
                                       ["explain", "mail"]])
def test_a_full_disk_is_noticed(world, arguments):
    if "--help" not in arguments:
        arguments = [arguments[0], "-c", world] + arguments[1:]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([support.program("certbind")] + arguments, stdout=full,
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=30)
    assert done.returncode == TROUBLE
    assert "standard output: No space left on device" in done.stderr


# check

def test_check_verdicts_and_order(world):
    done = support.certbind("check", "-c", world)
    assert (done.returncode, done.stderr) == (BAD, "")
    check_lines(done.stdout)
    lines = done.stdout.splitlines()
    verdicts = [line.rsplit(None, 2)[0] for line in lines[1:lines.index("")]]
    assert verdicts == ["NOT secured  bare.example", "NOT secured  example.net",
                        "NOT secured  old.example", "secured      bücher.example",
                        "secured      example.org", "secured      shared.example"]
    severities = re.findall(r"^(error|warning|note) ", done.stdout, re.MULTILINE)
    wrong = severities[:severities.index("note")]
    assert wrong == sorted(wrong) and set(wrong) == {"error", "warning"}
    assert lines[-1] == "6 domains, 3 secured; 4 errors, 2 warnings."
    assert "covered" not in done.stdout.replace("not-covered", "").replace("is covered only", "")


def test_check_aligns_its_columns(world):
    done = support.certbind("check", "-c", world)
    lines = done.stdout.splitlines()
    heading = next(i for i, line in enumerate(lines) if line.startswith("SEVERITY"))
    place = lines[heading].index("FINDING")
    rows = [line for line in lines[heading + 1:lines.index("", heading)]
            if re.match("error|warning", line)]
    assert len(rows) == 6
    for row in rows:
        before, code = row.rsplit(None, 1)
        assert width(row) - width(code) == place, row
        assert re.fullmatch("[a-z-]+", code)


def test_each_bad_finding_has_its_advice_under_it(world):
    report = parse_report(support.certbind("check", "-c", world, "--json").stdout)
    text = support.certbind("check", "-c", world).stdout
    flat = " ".join(text.split())
    bad = [f for f in report["findings"] if f["severity"] in ("error", "warning")]
    assert len(bad) == 6
    for finding in bad:
        row = flat.index(" %s %s %s" % (finding["service"], finding["host"], finding["code"]))
        assert 0 < flat.index(finding["advice"], row) - row < 400


def test_check_json(world):
    done = support.certbind("check", "-c", world, "--json")
    assert (done.returncode, done.stderr) == (BAD, "")
    report = parse_report(done.stdout)
    assert report["summary"] == {"domains": 6, "domains_secured": 3, "errors": 4, "warnings": 2}
    assert report["errors"] == []
    found = {(f["host"], f["service"], f["code"]) for f in report["findings"]}
    for expected in [("webmail.example.org", "webmail", "covered"),
                     ("webmail.example.net", "webmail", "not-covered"),
                     ("webmail.old.example", "webmail", "expired"),
                     ("mail.old.example", "mail", "expired"),
                     ("webmail.bare.example", "webmail", "default-certificate"),
                     ("mail.xn--bcher-kva.example", "mail", "expires-soon"),
                     ("mail.provider.example", "mail", "covered")]:
        assert expected in found
    idn = next(f for f in report["findings"] if f["host"] == "mail.xn--bcher-kva.example")
    assert idn["domain"] == "xn--bcher-kva.example"
    assert idn["domain_unicode"] == "bücher.example"


def test_check_all_shows_what_is_fine(world):
    done = support.certbind("check", "-c", world, "--all")
    assert done.returncode == BAD
    check_lines(done.stdout)
    fine_part = done.stdout[done.stdout.index("What is fine"):]
    assert re.search(r"^example\.org +webmail +webmail\.example\.org +covered +wild +20", fine_part,
                     re.MULTILINE)
    assert "covered-by-shared-host" in fine_part


def test_check_of_some_domains_merges(world):
    done = support.certbind("check", "-c", world, "--json", "old.example", "example.org",
                            "OLD.example", "bücher.example", "xn--bcher-kva.example")
    report = parse_report(done.stdout)
    assert done.returncode == BAD
    assert report["summary"] == {"domains": 3, "domains_secured": 2, "errors": 2, "warnings": 2}
    assert None not in [f["domain"] for f in report["findings"]]


@pytest.mark.parametrize("domains,status", [(["example.org"], FINE), (["bücher.example"], WARNED),
                                            (["bücher.example", "example.net"], BAD),
                                            (["shared.example"], FINE)])
def test_check_status(world, domains, status):
    for more in [], ["--json"], ["--all"]:
        assert support.certbind("check", "-c", world, *more, *domains).returncode == status


def test_everything_fine_is_said_in_one_line(fine):
    done = support.certbind("check", "-c", fine)
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "\nEverything is fine.\n" in done.stdout
    assert done.stdout.endswith("\n1 domain, 1 secured; 0 errors, 0 warnings.\n")


def test_notes_and_what_belongs_to_no_domain_stand_apart(world):
    text = support.certbind("check", "-c", world).stdout
    general = text.index("\nDefault certificates, and what belongs to no domain\n")
    notes = text.index("\nNotes\n")
    assert text.index("\nWhat is wrong\n") < general < notes
    assert "default-certificate" in text[general:notes]
    assert "needs-sni" in text[notes:] and "needs-sni" not in text[:notes]


def test_check_at_another_time(fine):
    later = support.utc(80).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    assert support.certbind("check", "-c", fine, "--at", later).returncode == WARNED
    past = support.utc(-10).strftime("%Y-%m-%dT%H:%M:%S.5Z")
    done = support.certbind("check", "-c", fine, "--json", "--at", past)
    assert done.returncode == BAD
    assert "not-yet-valid" in {f["code"] for f in parse_report(done.stdout)["findings"]}
    done = support.certbind("check", "-c", fine, "--json", "--at", "2200-01-01T00:00:00Z")
    assert "expired" in {f["code"] for f in parse_report(done.stdout)["findings"]}


def test_auto_chooses_for_the_time_asked_for(tmp_path, pki):
    first = pki.issue("command-first", ["*.turn.example"], not_after=10)
    then = pki.issue("command-then", ["*.turn.example"], not_before=5, not_after=60)
    path = support.write_config(tmp_path, """
        trust_file = "%s"; expiry_warning_days = 1;
        certificates = ( %s, %s );
        domains = ( { name = "turn.example"; mail = "none"; } );
        """ % (pki.ca, support.certificate_entry("first", first),
               support.certificate_entry("then", then)))

    def chosen(days):
        at = support.utc(days).strftime("%Y-%m-%dT%H:%M:%SZ")
        done = support.certbind("check", "-c", path, "--json", "--at", at, "turn.example")
        assert done.returncode == FINE, done.stdout
        return [f["certificate"] for f in parse_report(done.stdout)["findings"]]
    assert chosen(1) == ["first"]
    assert chosen(20) == ["then"]


def test_an_entry_that_was_left_out(bad_entry):
    done = support.certbind("check", "-c", bad_entry)
    assert done.returncode == BAD
    assert re.fullmatch(r'%s:7: domain "left\.example": .*nonsense.*\n' % re.escape(str(bad_entry)),
                        done.stderr)
    assert re.search(r"^NOT secured  left\.example +1", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("2 domains, 1 secured; 1 error, 0 warnings.\n")
    done = support.certbind("check", "-c", bad_entry, "--json")
    report = parse_report(done.stdout)
    assert report["summary"]["domains"] == 2
    assert [(e["file"], e["line"]) for e in report["errors"]] == [(str(bad_entry), 7)]
    assert not report["errors"][0]["message"].startswith(str(bad_entry))
    assert support.certbind("check", "-c", bad_entry, "left.example").returncode == BAD
    assert support.certbind("check", "-c", bad_entry, "good.example").returncode == FINE


def test_a_configuration_that_does_not_load(tmp_path):
    path = support.write_config(tmp_path, "nonsense = 1;\ncache_size = \"x\";\n")
    for word in ["check"], ["list"], ["explain", "mail"]:
        done = support.certbind(word[0], "-c", path, *word[1:])
        assert (done.returncode, done.stdout) == (TROUBLE, "")
        lines = done.stderr.splitlines()
        assert [line.rsplit(":", 1)[0].startswith("%s:%d" % (path, number))
                for number, line in zip([2, 3], lines)] == [True, True]
        assert len(lines) == 2
    done = support.certbind("check", "-c", path, "--json")
    assert done.returncode == TROUBLE
    report = parse_report(done.stdout)
    assert report["findings"] == []
    assert report["summary"] == {"domains": 0, "domains_secured": 0, "errors": 0, "warnings": 0}
    assert [(e["file"], e["line"]) for e in report["errors"]] == [(str(path), 2), (str(path), 3)]


def test_a_configuration_that_is_not_there(tmp_path):
    path = tmp_path / "none.conf"
    done = support.certbind("check", "-c", path, "--json")
    assert done.returncode == TROUBLE
    assert done.stderr.startswith("certbind: %s: " % path)
    assert done.stderr.count(str(path)) == 1
    [error] = parse_report(done.stdout)["errors"]
    assert (error["file"], error["line"]) == (str(path), None)


def test_names_that_are_not_utf8_break_nothing(tmp_path, pki):
    directory = os.fsencode(tmp_path) + b"/d\xff\033[31m"
    os.mkdir(directory)
    with open(directory + b"/x.conf", "wb") as out:
        out.write(b'domains = ( { name = "left.example"; nonsense = 3; } );\n')
    path = os.fsdecode(directory) + "/x.conf"
    done = subprocess.run([support.program("certbind"), "check", "--json", "-c", path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert done.returncode == BAD
    report = parse_report(done.stdout.decode())  # UTF-8, or this raises
    assert "\ufffd" in report["errors"][0]["file"]
    assert b"\033" not in done.stdout + done.stderr
    assert b"\\xff\\x1b[31m" in done.stderr
    table = subprocess.run([support.program("certbind"), "check", "-c", path],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
    assert b"\033" not in table.stdout and b"\xff" not in table.stdout


@pytest.mark.parametrize("arguments", [["check", "nix.example"], ["check", "a..b"],
                                       ["check", "example.org", "nix.example"],
                                       ["explain", "nix"], ["explain", "nix", "a.example"]])
def test_unknown_names(world, arguments):
    done = support.certbind(arguments[0], "-c", world, *arguments[1:])
    assert (done.returncode, done.stdout) == (TROUBLE, "")
    assert re.fullmatch(r'certbind: (domain|service) ".*": not configured.*\n', done.stderr)


def test_an_unknown_domain_in_json(world):
    done = support.certbind("check", "-c", world, "--json", "example.net", "nix.example")
    assert done.returncode == TROUBLE
    report = parse_report(done.stdout)
    assert report["findings"] == []
    assert "nix.example" in report["errors"][0]["message"]


@pytest.mark.parametrize("locale,shown", [("C.UTF-8", "bücher.example"),
                                          ("C", "xn--bcher-kva.example"),
                                          ("en_XX.UTF-8", "bücher.example")])
def test_a_domain_is_shown_as_the_terminal_can(world, locale, shown):
    done = support.certbind("check", "-c", world, env={"LC_ALL": locale})
    assert "secured      %s " % shown in done.stdout
    if locale == "C":
        assert done.stdout.isascii()
    listed = support.certbind("list", "-c", world, env={"LC_ALL": locale})
    assert "\n%s " % shown in listed.stdout


# A terminal

def test_colours_only_on_a_terminal(world):
    status, seen, other = on_terminal(["check", "-c", world], ("stdout",), {"NO_COLOR": None})
    assert status == BAD and other == ""
    assert "\033[1;31mNOT secured\033[0m" in seen and "\033[32msecured\033[0m" in seen
    assert "\033[1;31merror\033[0m" in seen and "\033[33mwarning\033[0m" in seen
    plain = re.sub(r"\033\[[0-9;]*m", "", seen).replace("\r\n", "\n")
    check_lines(plain)
    assert plain == support.certbind("check", "-c", world).stdout
    assert "\033" not in support.certbind("check", "-c", world, "--all").stdout


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}])
def test_no_colours_where_they_are_not_wanted(world, env):
    _, seen, _ = on_terminal(["check", "-c", world], ("stdout",), dict({"NO_COLOR": None}, **env))
    assert "NOT secured" in seen and "\033" not in seen


def test_a_narrow_terminal_gets_narrow_tables(world):
    script = "stty cols 72; exec %s check -c %s --all" % (support.program("certbind"), world)
    primary, secondary = pty.openpty()
    process = subprocess.Popen(["sh", "-c", script], stdin=secondary, stdout=secondary,
                               stderr=subprocess.DEVNULL,
                               env=dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1"))
    os.close(secondary)
    seen = b""
    try:
        while part := os.read(primary, 65536):
            seen += part
    except OSError:
        pass
    os.close(primary)
    assert process.wait(timeout=30) == BAD
    lines = seen.decode().replace("\r\n", "\n").splitlines()
    assert 60 < max(width(line) for line in lines) <= 72


@pytest.fixture(scope="module")
def many(tmp_path_factory, pki):
    issued = pki.issue("command-many", ["*.d%d.example" % i for i in range(50)])
    return support.write_config(tmp_path_factory.mktemp("many"), """
        trust_file = "%s";
        certificates = ( %s );
        domains = ( %s );
        """ % (pki.ca, support.certificate_entry("many", issued),
               ",\n".join('{ name = "d%d.example"; }' % i for i in range(10000))))


def test_progress_on_a_terminal_and_verdicts_first(many):
    status, seen, table = on_terminal(["check", "-c", many], ("stderr",))
    assert status == BAD
    steps = re.findall(r"\r\033\[Kchecked (\d+) of 10000 domains", seen)
    assert 50 <= len(steps) <= 102 and steps[-1] == "10000"
    assert seen.endswith("\r\033[K")
    lines = table.splitlines()
    assert lines[0].startswith("VERDICT")
    assert all("secured  " in line for line in lines[1:10001]) and lines[10001] == ""
    assert lines[-1].startswith("10000 domains, 50 secured; ")
    _, seen, output = on_terminal(["check", "-c", many, "--json"], ("stderr",))
    assert "checked 10000 of 10000 domains" in seen
    assert parse_report(output)["summary"]["domains"] == 10000


def test_no_progress_elsewhere(many):
    done = support.certbind("check", "-c", many, wrap=False)
    assert (done.returncode, done.stderr) == (BAD, "")
    status, seen, _ = on_terminal(["check", "-c", many], ("stderr",), {"TERM": "dumb"})
    assert (status, seen) == (BAD, "")


# covers and verify

def test_covers(pki):
    issued = pki.issue("command-covers", ["*.example.org", "example.net"])
    good = ["webmail.example.org", "EXAMPLE.net", "Example.Net.", "bücher.example.org"]
    bad = ["example.org", "a.b.example.org", "192.0.2.1", "::1", "", "*.example.org", "a\nb"]
    done = support.certbind("covers", issued.chain, *good)
    assert (done.returncode, done.stderr) == (FINE, "")
    assert done.stdout == "".join("covered %s\n" % host for host in good)
    done = support.certbind("covers", issued.certificate, *good, *bad)
    assert done.returncode == BAD
    assert done.stdout.splitlines() == (["covered " + host for host in good] + [
        "not-covered " + host.replace("\n", "\\n") for host in bad])
    # What a host looks like does not depend on the locale.
    done = support.certbind("covers", issued.chain, "bücher.example.org", env={"LC_ALL": "C"})
    assert done.stdout == "covered bücher.example.org\n"


@pytest.mark.parametrize("word", ["covers", "verify"])
def test_files_that_hold_nothing(word, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "text.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    for name in "none.pem", "empty.pem", "text.pem", ".":
        done = support.certbind(word, tmp_path / name, "a.example")
        assert (done.returncode, done.stdout) == (TROUBLE, ""), name
        assert done.stderr.startswith("certbind: %s: " % (tmp_path / name))
        assert done.stderr.count("\n") == 1


def test_verify(pki):
    issued = pki.issue("command-verify", ["*.example.org"])
    done = support.certbind("verify", "--trust", pki.ca, issued.chain, "a.example.org",
                            "b.example.org")
    assert (done.returncode, done.stderr) == (FINE, "")
    assert re.search(r"^accepted  a\.example\.org$", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("2 hosts, 2 accepted; 0 errors, 0 warnings.\n")
    done = support.certbind("verify", "--trust", pki.ca, issued.chain, "a.example.org",
                            "example.com")
    assert done.returncode == BAD
    check_lines(done.stdout)
    assert re.search(r"^REFUSED   example\.com +1$", done.stdout, re.MULTILINE)
    assert re.search(r"^error +example\.com +not-covered$", done.stdout, re.MULTILINE)
    done = support.certbind("verify", "--trust", pki.ca, "--json", issued.chain, "a.example.org",
                            "example.com")
    report = parse_report(done.stdout)
    assert done.returncode == BAD
    assert report["summary"] == {"domains": 2, "domains_secured": 1, "errors": 1, "warnings": 0}
    assert [f["code"] for f in report["findings"]] == ["covered", "not-covered"]


def test_verify_trusts_and_looks_at_the_time_as_told(pki):
    issued = pki.issue("command-trust", ["*.example.org"])
    codes = lambda *more: {f["code"] for f in parse_report(support.certbind(
        "verify", "--json", *more, "a.example.org").stdout)["findings"]}
    assert codes("--trust", pki.ca, issued.chain) == {"covered"}
    assert codes("--trust", pki.ca, issued.certificate) == {"missing-intermediate"}
    assert codes("--trust", pki.ca, "--at", "2200-01-01T00:00:00Z", issued.chain) == {"expired"}
    other = pki.issue("command-self", ["*.example.org"], issuer="self")
    assert "self-signed" in codes("--trust", pki.ca, other.chain)
    done = support.certbind("verify", "--trust", "/nonexistent", issued.chain, "a.example.org")
    assert done.returncode == TROUBLE and "/nonexistent" in done.stderr


# explain and list

@pytest.mark.parametrize("arguments,expected,said", [
    (["webmail", "webmail.example.org"], ["webmail.example.org", "example.org", "wild", "exact"],
     "a host of the domain example.org"),
    (["webmail", "WEBMAIL.Example.ORG."], ["webmail.example.org", "example.org", "wild", "exact"],
     "a host of the domain example.org"),
    (["mail", "mail.bücher.example"],
     ["mail.xn--bcher-kva.example", "xn--bcher-kva.example", "soon", "exact"], "a host of"),
    (["webmail", "mail.example.net"], ["mail.example.net", None, "san", "exact"],
     "has exactly this name"),
    (["mail", "other.example.org"], ["other.example.org", None, "wild", "wildcard"],
     "a wildcard that matches it"),
    (["mail", "nobody.example"], ["nobody.example", None, "panel", "default"],
     "no binding has this host, no certificate that is bound has the name"),
    (["mail"], [None, None, "panel", "default"], "without a server name"),
    (["mail", "mail.provider.example"], ["mail.provider.example", None, "panel", "default"],
     "one of the service's shared hosts"),
    (["mail", "mail.bare.example"], ["mail.bare.example", None, "panel", "default"],
     "bare.example does not offer this service"),
    (["webmail", "webmail.bare.example"],
     ["webmail.bare.example", "bare.example", None, "default"], "no usable certificate"),
    (["webmail", "nobody.example"], ["nobody.example", None, None, "reject"],
     "unrecognized_name"),
    (["webmail", "192.0.2.1"], [None, None, None, "reject"], "no host name"),
    (["webmail"], [None, None, None, "default"], "own self-signed certificate"),
])
def test_explain(world, arguments, expected, said):
    done = support.certbind("explain", "-c", world, *arguments)
    assert (done.returncode, done.stderr) == (FINE, "")
    check_lines(done.stdout)
    flat = " ".join(done.stdout.split())
    assert said in flat
    assert "Rule %s:" % expected[3] in flat
    done = support.certbind("explain", "-c", world, "--json", *arguments)
    assert (done.returncode, done.stderr) == (FINE, "")
    found = json.loads(done.stdout)
    check_shape(found, SELECTION)
    assert list(found.values()) == [1, arguments[0]] + expected


def test_explain_of_a_host_that_two_domains_claim(tmp_path, pki):
    issued = pki.issue("command-claim", ["*.hub.example"])
    path = support.write_config(tmp_path, """
        certificates = ( %s );
        domains = ( { name = "one.example"; mail = "c"; mail_hosts = [ "mx.hub.example" ]; },
                    { name = "two.example"; mail = "c"; mail_hosts = [ "mx.hub.example",
                                                                        "mx.other.example" ]; },
                    { name = "three.example"; mail_hosts = [ "mx.other.example" ]; } );
        """ % support.certificate_entry("c", issued))
    for host, rule in ("mx.hub.example", "wildcard"), ("mx.other.example", "default"):
        done = support.certbind("explain", "-c", path, "mail", host)
        assert done.returncode == FINE
        flat = " ".join(done.stdout.split())
        assert "Rule %s: several domains claim this host, so that it belongs to none" % rule in flat


def test_list(world):
    done = support.certbind("list", "-c", world)
    assert (done.returncode, done.stderr) == (FINE, "")
    check_lines(done.stdout)
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"DOMAIN +SERVICE +HOSTS +CERTIFICATE +CHOSEN BY +VALID UNTIL", lines[0])
    assert re.search(r"^example\.net +mail +mail\.example\.net +san +explicit +20\d\d-\d\d-\d\d$",
                     done.stdout, re.MULTILINE)
    done = support.certbind("list", "-c", world, "--json")
    assert (done.returncode, done.stderr) == (FINE, "")
    listed = json.loads(done.stdout)
    assert list(listed) == ["version", "bindings"] and listed["version"] == 1
    for binding in listed["bindings"]:
        check_shape(binding, BINDING)
        assert binding["not_after"] is None or TIME.fullmatch(binding["not_after"])
    chosen = {(b["domain"], b["service"]): (b["hosts"], b["certificate"], b["chosen_by"])
              for b in listed["bindings"]}
    assert len(chosen) == 12
    assert chosen["example.org", "mail"] == (["mail.example.org"], "wild", "auto")
    assert chosen["example.net", "mail"] == (["mail.example.net"], "san", "explicit")
    assert chosen["bare.example", "webmail"] == (["webmail.bare.example"], None, "default")
    assert chosen["bare.example", "mail"] == ([], None, "none")
    assert chosen["shared.example", "mail"][2] == "shared-host"


def test_list_wraps_many_hosts(tmp_path, pki):
    hosts = ["a-rather-long-label-number-%d.example.org" % i for i in range(20)]
    path = support.write_config(
        tmp_path, "domains = ( { name = \"example.org\"; webmail_hosts = [ %s ]; } );" %
        ", ".join('"%s"' % host for host in hosts))
    done = support.certbind("list", "-c", path)
    assert done.returncode == FINE
    check_lines(done.stdout)
    for host in hosts:
        assert host in done.stdout


def test_list_of_nothing(tmp_path):
    path = support.write_config(tmp_path, "")
    done = support.certbind("list", "-c", path, "--json")
    assert json.loads(done.stdout) == {"version": 1, "bindings": []}
    done = support.certbind("check", "-c", path)
    assert done.returncode == FINE
    assert done.stdout.endswith("0 domains, 0 secured; 0 errors, 0 warnings.\n")


# Completion

def complete(*words, path=None):
    """What bash offers for the last word of a line."""
    script = """
        source "$1"; program=$2; shift 2
        COMP_WORDS=("$program" "$@"); COMP_CWORD=$#
        _certbind "$program"
        [ "${#COMPREPLY[@]}" -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
        """
    source = path or support.source_directory() / "tools" / "certbind.bash"
    done = support.run(["bash", "-c", script, "bash", source, support.program("certbind")] +
                       list(words), env={"NO_COLOR": "1"})
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def test_completion_of_words_and_options():
    assert complete("") == WORDS + ["--help", "--version"]
    assert complete("c") == ["check", "covers", "candidates"]
    assert complete("check", "--a") == ["--all", "--at"]
    assert complete("verify", "--t") == ["--trust"]
    assert complete("check", "--connect", "sm") == ["smtp"]
    assert complete("check", "--timeout", "") == []
    assert complete("covers", "--j") == []
    assert complete("nonsense", "") == []


def test_completion_of_names(world):
    assert complete("check", "-c", str(world), "example.") == ["example.net", "example.org"]
    assert complete("check", "--at", "2026-12-01T00", ":", "00", ":", "00Z", "--config",
                    str(world), "b") == ["bare.example"]
    assert complete("explain", "-c", str(world), "") == ["mail", "webmail"]
    assert complete("explain", "-c", str(world), "mail", "") == []
    assert complete("check", "--connect", "mail", "=", "https", ":", "//127.0.0.1", ":", "1",
                    "--timeout", "9", "-c", str(world), "b") == ["bare.example"]
    assert complete("check", "-c", "/nonexistent", "") == []


def test_completion_of_files(tmp_path):
    (tmp_path / "one file.pem").write_text("")
    expected = [str(tmp_path / "one file.pem")]
    assert complete("covers", str(tmp_path / "one")) == expected
    assert complete("verify", "--trust", str(tmp_path / "one")) == expected
    assert complete("verify", "--at", "2026-12-01T00", ":", "00", ":", "00Z",
                    str(tmp_path / "one")) == expected
    assert complete("check", "-c", str(tmp_path / "one")) == expected
    assert complete("covers", "x.pem", str(tmp_path / "one")) == []


def test_completion_is_installed(installed):
    path = installed / "share" / "bash-completion" / "completions" / "certbind"
    assert complete("l", path=path) == ["list"]
    assert (installed / "bin" / "certbind").is_file()


# ticket-key

@pytest.mark.parametrize("umask", [0, 0o77, 0o777])
def test_ticket_key(tmp_path, umask):
    path = tmp_path / "ticket.key"
    keys = []
    for _ in range(2):
        before = os.umask(umask)
        try:
            done = support.certbind("ticket-key", str(path))
        finally:
            os.umask(before)
        assert (done.returncode, done.stderr) == (FINE, "")
        assert done.stdout == "%s: a new key for session tickets\n" % path
        assert path.stat().st_mode & 0o7777 == 0o600 and path.stat().st_size == 64
        keys.append(path.read_bytes())
    assert keys[0] != keys[1] and len(set(keys[0])) > 16
    assert [entry.name for entry in tmp_path.iterdir()] == ["ticket.key"]


def test_ticket_key_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").mkdir()
    for path, why in ((tmp_path / "taken", "Is a directory"),
                      (tmp_path / "missing" / "key", "No such file or directory")):
        done = support.certbind("ticket-key", str(path))
        assert done.returncode == TROUBLE and done.stdout == ""
        assert str(path) in done.stderr and why in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_ticket_key_replaces_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not a key")
    (tmp_path / "key").symlink_to(elsewhere)
    assert support.certbind("ticket-key", str(tmp_path / "key")).returncode == FINE
    assert elsewhere.read_text() == "not a key"
    assert not (tmp_path / "key").is_symlink() and (tmp_path / "key").stat().st_size == 64


def test_ticket_key_leaves_the_old_file_to_its_readers(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(b"old" * 30)
    path.chmod(0o644)
    with open(path, "rb") as old:
        assert support.certbind("ticket-key", str(path)).returncode == FINE
        assert old.read() == b"old" * 30
    assert path.stat().st_mode & 0o7777 == 0o600 and path.stat().st_size == 64


def test_ticket_key_that_has_no_room(tmp_path):
    """No file may have a byte, as on a full disk: the old key stays."""
    path = tmp_path / "key"
    path.write_bytes(b"k" * 64)
    done = subprocess.run(
        ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", support.program("certbind"),
         "ticket-key", str(path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", timeout=support.CLIENT_TIMEOUT)
    assert (done.returncode, done.stdout) == (TROUBLE, "") and str(path) in done.stderr
    assert path.read_bytes() == b"k" * 64
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_ticket_key_writes_no_controls_to_the_terminal(tmp_path):
    done = support.certbind("ticket-key", str(tmp_path / "\033[31m"))
    assert done.returncode == FINE
    assert "\033" not in done.stdout and "\\x1b[31m: a new key" in done.stdout
