# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each example builds outside the tree, from the installed library and pkg-config alone."""

import shutil

import conftest
import pytest
import support

EXAMPLES = [
    ("minimal", ["minimal.c"], ["certbind"]),
    ("webmail", ["webmail/*.c", "common/maildir.c", "common/users.c"],
     ["certbind", "libmicrohttpd", "gmime-3.0", "libcrypt"]),
]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name,sources,packages", EXAMPLES)
def test_example_builds_outside_the_tree(installed, tmp_path, compiler, name, sources, packages):
    tree = tmp_path / "examples"
    shutil.copytree(support.source_directory() / "examples", tree)
    libraries = conftest.library_directory(installed)
    environment = {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"), "LD_LIBRARY_PATH": str(libraries)}
    flags = support.run(["pkg-config", "--cflags", "--libs"] + packages, check=True,
                        env=environment).stdout.split()
    files = sorted(path for pattern in sources for path in tree.glob(pattern))
    done = support.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror"] + files
                       + ["-o", tmp_path / name] + flags, timeout=300)
    assert done.returncode == 0, done.stdout
    done = support.run([tmp_path / name, "--config", "/nonexistent", "--listen", "127.0.0.1:0"],
                       env=environment)
    assert done.returncode == 2 and "/nonexistent" in done.stdout


def test_only_the_public_header_is_included():
    for path in (support.source_directory() / "examples").rglob("*.[ch]"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#include") and "certbind" in line:
                assert line == "#include <certbind/certbind.h>", path
