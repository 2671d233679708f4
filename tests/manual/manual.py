#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does the manual say what the headers and the sources say?

manual.py SOURCE READER PAGE:FUNCTION,FUNCTION... ...

READER is the program that reads a configuration and prints what is wrong with it. Each PAGE is a page of lib/man with the functions that it is installed for under their own names.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

root = pathlib.Path(sys.argv[1])
reader = sys.argv[2]
links = {page: set(filter(None, names.split(","))) for page, names in
         (argument.split(":") for argument in sys.argv[3:])}
text = {page: (root / "lib/man" / page).read_text() for page in links}
headers = "".join(path.read_text() for path in sorted((root / "include/certbind").glob("*.h")))
headers = re.sub(r"/\*.*?\*/", " ", headers, flags=re.DOTALL)
problems = []


def expect(condition, problem):
    if not condition:
        problems.append(problem)


def squeeze(words):
    """One spelling for one declaration."""
    return re.sub(r"\s*([*(),\[\]])\s*", r"\1", " ".join(words.split()))


def split_arguments(words):
    return [] if squeeze(words) == "void" else [squeeze(word) for word in words.split(",")]


def declared():
    """name: (return type, arguments) of every function and type of function in the headers."""
    found = {}
    pattern = r"(?:CERTBIND_API|(typedef))\s+([^;{}()]+?)\b(certbind_\w+)\(([^;]*?)\)\s*;"
    for typedef, kind, name, arguments in re.findall(pattern, headers):
        found[name] = (squeeze(f"{typedef} {kind}"), split_arguments(arguments))
    return found


def section(page, name):
    found = re.search(rf'^\.Sh "?{name}"?\n(.*?)(?=^\.Sh |\Z)', text[page], re.M | re.S)
    return found.group(1) if found else ""


def macro_words(line):
    """The words of a macro's line: strings are one."""
    return [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', line)]


def documented(page):
    """The same as declared(), from .Ft, .Fn, .Fo, .Fa of a page's SYNOPSIS."""
    found, kind, name = {}, "", None
    for line in section(page, "SYNOPSIS").splitlines():
        macro, *words = macro_words(line) or [""]
        if macro == ".Ft":
            kind = squeeze(" ".join(words))
        elif macro == ".Fn":
            found[words[0]] = (kind, [squeeze(word) for word in words[1:] if word != "void"])
        elif macro == ".Fo":
            name = words[0]
            found[name] = (kind, [])
        elif macro == ".Fa" and name:
            found[name][1].append(squeeze(" ".join(words)))
        elif macro == ".Fc":
            name = None
    return found


def check_functions():
    """Each function stands once in a SYNOPSIS, as declared, and in that page's NAME."""
    seen = {}
    for page in links:
        here = documented(page)
        names = set(re.findall(r"^\.Nm (certbind\w+)", section(page, "NAME"), re.M))
        functions = {name for name in here if not here[name][0].startswith("typedef")}
        for name, shape in here.items():
            expect(name not in seen, f"{page}: {name} stands in {seen.get(name)} too")
            seen[name] = page
            expect(declared().get(name) == shape,
                   f"{page}: {name} is {shape}, the header has {declared().get(name)}")
        expect(functions <= names, f"{page}: NAME lacks {functions - names}")
        own = {page.rsplit(".", 1)[0]}
        expect(links[page] == functions - own,
               f"{page}: meson.build and SYNOPSIS differ in {links[page] ^ (functions - own)}")
    for name in declared():
        expect(name in seen, f"{name} is in no page's SYNOPSIS")


def check_constants():
    """Every value of an enum of the headers is told in one page, a status in its own."""
    every = "".join(text.values())
    for name in re.findall(r"\b(CERTBIND_(?:OK|[A-Z]+_[A-Z_]+)) = -?\d", headers):
        is_status = name == "CERTBIND_OK" or name.startswith("CERTBIND_E_")
        told = section("certbind_error.3", "RETURN VALUES") if is_status else every
        expect(re.search(rf"\b{name}\b", told), f"{name} is in no page")


def check_structs():
    """A struct that a page shows is the header's."""
    fields = r"^\s*([^;/]+);"
    for page in links:
        for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text[page], re.M | re.S):
            header = re.search(rf"^struct {name} \{{(.*?)^\}};", headers, re.M | re.S)
            want = [squeeze(field) for field in re.findall(fields, header.group(1), re.M)]
            have = [squeeze(field) for field in re.findall(fields, body, re.M)]
            expect(have == want, f"{page}: struct {name} has {have}, the header's {want}")


def check_findings():
    """certbind(1) has each code, under its severity."""
    codes = re.findall(r'CODE\(\w+, "([a-z-]+)", (\w+)\)', (root / "lib/finding.h").read_text())
    expect(len(codes) > 20, "lib/finding.h: no codes found")
    told = {}
    for severity, body in re.findall(r"^\.Ss (\w+)\n(.*?)(?=^\.Ss |\Z)",
                                     section("certbind.1", "FINDINGS"), re.M | re.S):
        for line in re.findall(r"^\.It Cm (.*)", body, re.M):
            told.update({code: severity for code in line.replace(" , ", " ").split()})
    want = {code: severity.lower() for code, severity in codes}
    expect(told == want, f"certbind.1: findings differ: {set(told.items()) ^ set(want.items())}")


def check_keys():
    """certbind.conf(5) has each key of the configuration's tables of keys."""
    source = "".join(path.read_text() for path in sorted((root / "lib").glob("config*.c")))
    keys = set()
    for body in re.findall(r"struct config_key \w+\[\] = \{(.*?)^\};", source, re.M | re.S):
        keys |= set(re.findall(r'\{ "([a-z_]+)",', body))
    told = set(re.findall(r"^\.It Ic (\w+) No =", text["certbind.conf.5"], re.M))
    expect(len(keys) > 15, "lib/config*.c: no keys found")
    expect(keys == told, f"certbind.conf.5: keys differ: {keys ^ told}")


def programs(page):
    """The C programs that a page shows, as a reader sees them."""
    for body in re.findall(r"^\.Bd -literal[^\n]*\n(#include.*?)^\.Ed", text[page], re.M | re.S):
        yield body.replace("\\e", "\\")


def flags(package):
    pkg_config = shutil.which("pkg-config")
    if not pkg_config:
        return None
    done = subprocess.run([pkg_config, "--cflags", package], capture_output=True, text=True,
                          check=False)
    return done.stdout.split() if done.returncode == 0 else None


def check_programs():
    """They compile; one for a library that is not installed is passed over."""
    command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror",
               "-fsyntax-only", f"-I{root}/include", *flags("gnutls")]
    count = 0
    for page in links:
        for program in programs(page):
            more = flags("libmicrohttpd") if "microhttpd.h" in program else []
            if more is None:
                continue
            count += 1
            with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
                file.write(program)
                file.flush()
                done = subprocess.run(command + more + [file.name], capture_output=True,
                                      text=True, check=False)
            expect(done.returncode == 0, f"{page}: a program does not compile:\n{done.stderr}")
    expect(count >= 5, f"only {count} programs found")


def check_example():
    """The example of certbind.conf(5) is a configuration; its last part is a file of a domain."""
    parts = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", section("certbind.conf.5", "EXAMPLES"),
                       re.M | re.S)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        (path / "domains.d").mkdir()
        (path / "certbind.conf").write_text(parts[0])
        (path / "domains.d/example.com.conf").write_text(parts[-1])
        done = subprocess.run([reader, path / "certbind.conf"], capture_output=True, text=True,
                              check=False)
    expect(done.returncode == 0, f"certbind.conf.5: the example: {done.stdout}{done.stderr}")


for check in (check_functions, check_constants, check_structs, check_findings, check_keys,
              check_programs, check_example):
    check()
print("\n".join(problems))
sys.exit(bool(problems))
