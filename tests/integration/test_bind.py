# SPDX-License-Identifier: LGPL-2.1-or-later
"""bind, unbind and candidates: what they write, what they refuse, and that nothing breaks a file.

Besides failures of single system calls, bind is killed at random moments: 500 times, or as often as
$CERTBIND_BIND_KILLS says, in several directories at once.
"""

import concurrent.futures
import errno
import json
import os
import random
import subprocess
import time

import pytest
import support

KILLERS = 4
# Of each; together not fewer than asked.
KILLS = -(-int(os.environ.get("CERTBIND_BIND_KILLS", "500")) // KILLERS)
FIRST_LINE = "# Written by certbind bind; other keys are kept, comments are not.\n"


class Place:
    """A configuration with a domains_dir and three certificates."""

    def __init__(self, config):
        self.config = config
        self.domains = config.parent / "domains.d"

    def run(self, word, *arguments):
        return support.certbind(word, "-c", self.config, *arguments)

    def bind(self, *arguments):
        return self.run("bind", *arguments)

    def file(self, domain):
        return self.domains / (domain + ".conf")

    def text(self, domain):
        return self.file(domain).read_text(encoding="utf-8")

    def names(self):
        return sorted(os.listdir(self.domains))

    def put(self, domain, text):
        self.file(domain).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def issued(pki):
    return {name: pki.issue("bind-" + name, hosts) for name, hosts in {
        "wild": ["*.example.org"], "exact": ["webmail.example.org"],
        "panel": ["panel.provider.example"]}.items()}


@pytest.fixture
def make_place(pki, issued):
    entries = [support.certificate_entry(name, pair) for name, pair in issued.items()]

    def make(directory):
        (directory / "domains.d").mkdir(parents=True)
        return Place(support.write_config(directory, """
            trust_file = "%s";
            certificates = ( %s );
            domains = ( { name = "listed.example"; } );
            domains_dir = "domains.d";
            """ % (pki.ca, ",\n".join(entries))))
    return make


@pytest.fixture
def place(make_place, tmp_path):
    return make_place(tmp_path)


def expect(done, status, *words):
    assert done.returncode == status, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr
    return done


def listed(place):
    done = expect(place.run("list", "--json"), 0)
    assert done.stderr == ""
    return {(each["domain"], each["service"]): each for each in json.loads(done.stdout)["bindings"]}


def test_a_new_domain_is_created(place):
    expect(place.bind("example.org", "webmail", "wild"), 0)
    assert place.text("example.org") == FIRST_LINE + 'webmail = "wild";\n'
    assert place.names() == ["example.org.conf"]
    assert listed(place)["example.org", "webmail"]["certificate"] == "wild"
    assert listed(place)["example.org", "webmail"]["chosen_by"] == "explicit"


def test_other_keys_are_kept_and_comments_are_not(place):
    place.put("example.org", FIRST_LINE + '# a comment\nmail_hosts = [ "mx.example.org" ];\n'
              'webmail = "exact"; # another\nmail = "none";\n')
    expect(place.bind("example.org", "webmail", "wild"), 0)
    text = place.text("example.org")
    assert text.startswith(FIRST_LINE) and text.count("#") == 1
    assert listed(place)["example.org", "webmail"]["certificate"] == "wild"
    assert listed(place)["example.org", "mail"]["chosen_by"] == "none"
    assert "mx.example.org" in text


def test_nothing_is_written_when_nothing_changes(place):
    expect(place.bind("example.org", "webmail", "wild"), 0)
    before = place.file("example.org").stat()
    expect(place.bind("example.org", "webmail", "wild"), 0)
    after = place.file("example.org").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_mode_and_owner_stay(place):
    expect(place.bind("example.org", "webmail", "wild"), 0)
    assert place.file("example.org").stat().st_mode & 0o444 == 0o444
    place.file("example.org").chmod(0o640)
    expect(place.bind("example.org", "webmail", "exact"), 0)
    assert place.file("example.org").stat().st_mode & 0o777 == 0o640


def test_names_are_folded(place):
    expect(place.bind("BÜCHER.example.", "mail", "none"), 0)
    assert place.names() == ["xn--bcher-kva.example.conf"]
    expect(place.run("unbind", "bücher.example"), 0)
    assert place.names() == []


@pytest.mark.parametrize("arguments, status, words", [
    (("example.org", "webmail", "nope"), 2, ["certificate \"nope\"", "not configured"]),
    (("example.org", "nope", "wild"), 2, ["service \"nope\"", "not configured"]),
    (("listed.example", "nope", "wild"), 2, ["service \"nope\""]),
    (("listed.example", "mail", "nope"), 2, ["certificate \"nope\""]),
    (("a_b.example", "mail", "auto"), 2, ["no host name"]),
    (("../x", "mail", "auto"), 2, ["no host name"]),
    (("192.0.2.1", "mail", "auto"), 2, ["no host name"]),
    (("example.org", "webmail", "../wild"), 2, ["not configured"]),
    (("example.org", "webmail"), 2, ["usage:"]),
    (("example.org", "webmail", "panel"), 1, ["does not cover webmail.example.org", "--force"]),
    (("example.org", "mail", "exact"), 1, ["does not cover mail.example.org"]),
    (("listed.example", "mail", "auto"), 1, ["stands in `domains`"]),
    (("--force", "listed.example", "mail", "auto"), 1, ["stands in `domains`"]),
])
def test_refusals(place, arguments, status, words):
    expect(place.bind(*arguments), status, *words)
    assert place.names() == []


def test_force_auto_and_none_ask_for_no_cover(place):
    expect(place.bind("--force", "example.org", "webmail", "panel"), 0)
    assert 'webmail = "panel";' in place.text("example.org")
    for value in "auto", "none":
        expect(place.bind("other.example", "mail", value), 0)
        assert 'mail = "%s";' % value in place.text("other.example")


def test_the_hosts_of_the_domain_count(place):
    place.put("example.org", FIRST_LINE + 'webmail_hosts = [ "w.example.org" ];\n')
    expect(place.bind("example.org", "webmail", "exact"), 1, "does not cover w.example.org")
    expect(place.bind("example.org", "webmail", "wild"), 0)


def test_a_file_of_somebody_else(place):
    text = '# mine\nmail = "none";\n'
    place.put("example.org", text)
    expect(place.bind("example.org", "webmail", "wild"), 1, "certbind did not write", "--force")
    expect(place.run("unbind", "example.org", "mail"), 1, "certbind did not write")
    expect(place.run("unbind", "example.org"), 1, "certbind did not write")
    assert place.text("example.org") == text
    expect(place.bind("--force", "example.org", "webmail", "wild"), 0)
    assert place.text("example.org") == FIRST_LINE + 'mail = "none";\nwebmail = "wild";\n'


@pytest.mark.parametrize("fault", ['mail = ;\n', 'mial = "auto";\n', '@include "x"\n',
                                   'mail_hosts = [ "a_b.example" ];\n'])
def test_a_fault_in_another_key(place, fault):
    place.put("example.org", FIRST_LINE + fault)
    expect(place.bind("--force", "example.org", "webmail", "wild"), 1, "example.org.conf:2:")
    assert place.text("example.org") == FIRST_LINE + fault
    expect(place.run("unbind", "example.org"), 0)


def test_a_fault_in_the_key_itself_is_mended(place):
    place.put("example.org", FIRST_LINE + "webmail = 5;\n")
    expect(place.bind("example.org", "webmail", "wild"), 0)
    assert place.text("example.org") == FIRST_LINE + 'webmail = "wild";\n'


def test_no_domains_dir(make_config, tmp_path):
    config = Place(make_config(""))
    expect(config.bind("example.org", "mail", "auto"), 1, "no `domains_dir`")
    config = Place(make_config('domains_dir = "gone";'))
    expect(config.bind("--force", "example.org", "mail", "auto"), 1, "gone", "does not exist")
    expect(config.bind("example.org", "mail", "nope"), 2, "not configured")
    config = Place(make_config('domains_dir = "certbind.conf";'))
    expect(config.bind("example.org", "mail", "auto"), 1, "certbind.conf: ", "is no directory")
    assert not (tmp_path / "gone").exists()


def test_a_configuration_that_does_not_load(make_config):
    config = Place(make_config("domains_dir = ;"))
    expect(config.bind("example.org", "mail", "auto"), 2, "certbind.conf:2:")


def test_the_faults_of_others_do_not_matter(place):
    place.put("broken.example", "mail = ;")
    expect(place.bind("example.org", "webmail", "wild"), 0)


def test_unbind(place):
    expect(place.run("unbind", "example.org"), 2, "not configured")
    expect(place.run("unbind", "example.org", "mail"), 2, "not configured")
    expect(place.bind("example.org", "webmail", "wild"), 0)
    expect(place.bind("example.org", "mail", "none"), 0)
    expect(place.run("unbind", "example.org", "nope"), 2, "service \"nope\"")
    expect(place.run("unbind", "example.org", "mail"), 0)
    assert place.text("example.org") == FIRST_LINE + 'webmail = "wild";\n'
    expect(place.run("unbind", "example.org", "webmail"), 0)
    assert place.text("example.org") == FIRST_LINE
    expect(place.run("unbind", "example.org"), 0)
    assert place.names() == []
    expect(place.run("unbind", "listed.example"), 1, "stands in `domains`")


@pytest.mark.parametrize("name", ["example.org.conf", ".certbind-bind.new"])
def test_a_planted_link_is_not_followed(place, tmp_path, name):
    target = tmp_path / "target"
    target.write_text('mail = "none";\n')
    (place.domains / name).symlink_to(target)
    if not name.startswith("."):
        expect(place.bind("example.org", "webmail", "wild"), 1, "is a link")
        expect(place.run("unbind", "example.org"), 1, "is a link")
    expect(place.bind("--force", "example.org", "webmail", "wild"), 0)
    assert target.read_text() == 'mail = "none";\n'
    assert place.names() == ["example.org.conf"]
    assert not place.file("example.org").is_symlink()


def test_twenty_at_once(place):
    command = [support.program("certbind"), "bind", "-c", str(place.config)]
    domains = ["d%d.example" % i for i in range(10)] + ["example.org"] * 10
    services = ["mail"] * 15 + ["webmail"] * 5
    started = [subprocess.Popen(command + [domain, service, "none"], stdout=subprocess.DEVNULL)
               for domain, service in zip(domains, services)]
    assert [each.wait(support.CLIENT_TIMEOUT) for each in started] == [0] * 20
    assert place.names() == sorted(set(domain + ".conf" for domain in domains))
    bindings = listed(place)
    for domain, service in zip(domains, services):
        assert bindings[domain, service]["chosen_by"] == "none"


def candidates(place, *arguments):
    return json.loads(expect(place.run("candidates", "--json", *arguments), 0).stdout)


def test_candidates(place):
    expect(place.bind("example.org", "webmail", "wild"), 0)
    told = candidates(place, "example.org", "webmail")
    assert list(told) == ["version", "domain", "service", "candidates"]
    assert (told["version"], told["domain"], told["service"]) == (1, "example.org", "webmail")
    assert [each["certificate"] for each in told["candidates"]] == ["exact", "wild", "panel"]
    assert [each["chosen"] for each in told["candidates"]] == [False, True, False]
    assert [each["covers"] for each in told["candidates"]] == [["webmail.example.org"]] * 2 + [[]]
    assert told["candidates"][2]["missing"] == ["webmail.example.org"]
    assert "the domain names it" in told["candidates"][1]["reason"]
    expect(place.run("unbind", "example.org", "webmail"), 0)
    told = candidates(place, "example.org", "webmail")
    assert [each["chosen"] for each in told["candidates"]] == [True, False, False]
    assert "auto" in told["candidates"][0]["reason"]


def test_candidates_of_every_service(place):
    expect(place.bind("example.org", "webmail", "wild"), 0)
    told = candidates(place, "example.org")
    assert [each["service"] for each in told["services"]] == ["webmail", "mail"]
    assert [len(each["candidates"]) for each in told["services"]] == [3, 3]
    expect(place.bind("example.org", "mail", "none"), 0)
    assert [each["service"] for each in candidates(place, "example.org")["services"]] == ["webmail"]
    table = place.run("candidates", "example.org").stdout
    assert "\nwebmail" in table and "\nmail" not in table
    assert len(candidates(place, "example.org", "mail")["candidates"]) == 3
    expect(place.run("candidates", "nope.example"), 2, "not configured")
    expect(place.run("candidates", "example.org", "nope"), 2, "not configured")


def test_no_candidates(place, make_config):
    for service in "webmail", "mail":
        expect(place.bind("none.example", service, "none"), 0)
    assert "offers no service" in expect(place.run("candidates", "none.example"), 0).stdout
    empty = Place(make_config('domains = ( { name = "a.example"; } );', name="empty.conf"))
    told = expect(empty.run("candidates", "a.example"), 0).stdout
    assert "no certificate that could be chosen" in told and "certificate_dirs" in told


OLD = FIRST_LINE + 'mail = "none";\nwebmail = "wild";\n'
NEW = FIRST_LINE + 'mail = "none";\nwebmail = "exact";\n'


def run_faulty(place, arguments, call, at, number, kill):
    environment = {"LD_PRELOAD": str(support.build_directory() / "tests/fault/fault.so"),
                   "FAULT_CALL": call, "FAULT_AT": str(at), "FAULT_ERRNO": str(number)}
    if kill:
        environment["FAULT_KILL"] = "1"
    return support.certbind(*arguments, env=environment, wrap=False)


def check_whole(place, old, new):
    """The file is the old or the new one, the configuration loads, the next bind clears all."""
    path = place.file("example.org")
    text = path.read_text(encoding="utf-8") if path.exists() else None
    assert text in (old, new)
    listed(place)
    expect(place.bind("other.example", "mail", "none"), 0)
    assert [name for name in place.names() if name.startswith(".")] == []
    return text


@pytest.mark.parametrize("kill", [False, True], ids=["fails", "killed"])
@pytest.mark.parametrize("call, number", [
    ("open", errno.EMFILE), ("write", errno.ENOSPC), ("fsync", errno.EIO), ("rename", errno.EIO),
    ("close", errno.EIO), ("flock", errno.ENOLCK), ("unlink", errno.EIO), ("fchmod", errno.EPERM)])
@pytest.mark.parametrize("word, new", [
    (["bind", "example.org", "webmail", "exact"], NEW), (["unbind", "example.org"], None)],
    ids=["bind", "unbind"])
def test_every_call_fails_once(place, word, new, call, number, kill):
    arguments = [word[0], "-c", place.config] + word[1:]
    for at in range(1, 500):
        place.put("example.org", OLD)
        done = run_faulty(place, arguments, call, at, number, kill)
        struck = "fault\n" in done.stderr
        assert done.returncode in ((-9,) if struck and kill else (0, 1, 2))
        text = check_whole(place, OLD, new)
        # What is said to be done is done; and nothing is left half done without a word.
        assert done.returncode != 0 or text == new
        if not struck:
            break
    assert not struck
    # Removing a file makes none.
    assert at > 1 or (new is None and call in ("write", "rename", "fchmod"))


def kill_while_binding(place, times, length):
    """How often each text was left by a bind that was killed."""
    command = [support.program("certbind"), "bind", "-c", str(place.config), "example.org",
               "webmail", "exact"]
    seen = {OLD: 0, NEW: 0}
    for _ in range(times):
        place.put("example.org", OLD)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(random.uniform(0, length * 1.2))
        process.kill()
        process.wait()
        seen[check_whole(place, OLD, NEW)] += 1
    return seen


def test_killed_at_random_moments(make_place, tmp_path):
    places = [make_place(tmp_path / str(number)) for number in range(KILLERS)]
    with concurrent.futures.ThreadPoolExecutor(KILLERS) as pool:
        places[0].put("example.org", OLD)
        start = time.monotonic()
        expect(places[0].bind("example.org", "webmail", "exact"), 0)
        length = time.monotonic() - start
        seen = list(pool.map(lambda place: kill_while_binding(place, KILLS, length),
                             places))
    assert sum(each[OLD] for each in seen) > 0
    assert sum(each[OLD] + each[NEW] for each in seen) == KILLS * KILLERS
