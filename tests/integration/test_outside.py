# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each example builds outside the tree by the compile line on its top.

That line may use the installed library, pkg-config and the system's own libraries, nothing else.
"""

import re
import shutil

import conftest
import pytest
import support

EXAMPLES = sorted(str(path.relative_to(support.source_directory() / "examples"))
                  for pattern in ["*.c", "*/main.c"]
                  for path in (support.source_directory() / "examples").glob(pattern))


def compile_line(text):
    """The command after " *     cc", with the lines that continue it."""
    found = re.search(r"^ \*     cc ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert found, "no compile line on top"
    return re.sub(r"\\\n \*", " ", found.group(1))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_builds_by_its_compile_line(installed, tmp_path, compiler, example):
    shutil.copytree(support.source_directory() / "examples", tmp_path / "examples")
    source = tmp_path / "examples" / example
    name = source.parent.name if source.name == "main.c" else source.stem
    line = compile_line(source.read_text(encoding="utf-8"))
    libraries = conftest.library_directory(installed)
    environment = {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"),
                   "LD_LIBRARY_PATH": str(libraries)}
    done = support.run(["sh", "-c", "%s -std=c11 -Wall -Wextra -Werror %s" % (compiler, line)],
                       cwd=source.parent, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout
    done = support.run([source.parent / name, "--wrong"], env=environment)
    assert done.returncode == 2 and "usage" in done.stdout


def test_only_the_public_header_is_included():
    for path in (support.source_directory() / "examples").rglob("*.[ch]"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#include") and "certbind" in line:
                assert line == "#include <certbind/certbind.h>", path
