# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an attacker sends or registers costs no more than its length: counted in instructions.

tests/unit/growth.c does the work, callgrind counts it; no clock takes part.
"""

import os
import re

import pytest
import support

NAMES = 100000


def cost(tmp_path, words, *, only=(), all_along=True):
    """The instructions of a run of growth, in the functions that are named in only."""
    build = support.build_directory()
    out = tmp_path / "callgrind.out"
    command = ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=%s" % out]
    command += ["--instr-atstart=%s" % ("yes" if all_along else "no")]
    command += ["--toggle-collect=" + name for name in only]
    done = support.run(command + [build / "tests/unit/growth"] + words, timeout=300,
                       env={"PKI": str(build / "tests/unit/context-pki"),
                            "TMPDIR": os.environ.get("TMPDIR", "/tmp")})
    assert done.returncode == 0, done.stdout
    count = int(re.search(r"^totals: (\d+)$", out.read_text(), re.M).group(1))
    print(*words, count)
    assert count > 10000
    return count


@pytest.mark.parametrize("what,most", [("names", 50), ("protocols", 50), ("extensions", 150)])
def test_hook_reads_a_hello_in_linear_time(tmp_path, what, most):
    """most: instructions for each more; a step back to the list's begin would take thousands."""
    small, big = (cost(tmp_path, ["hello", what, count], only=["session_client_hello"])
                  for count in (2000, 12000))
    assert (big - small) / 10000 < most


def test_fragments_cost_what_they_are(tmp_path):
    """The whole server, GnuTLS too: a hello in so many records of one byte."""
    small, middle, big = (cost(tmp_path, ["hello", "fragments", count], only=["wire_server_run"])
                          for count in (5000, 20000, 35000))
    assert big - middle < 1.5 * (middle - small)


def test_table_of_colliding_names(tmp_path):
    """Names that have one hash wherever the hash has no key cost what any names cost."""
    only = ["table_place", "table_get"]
    colliding, other = (cost(tmp_path, ["table", name, NAMES], only=only)
                        for name in ("java", "random-java"))
    assert colliding < 1.05 * other


def test_hosts_of_colliding_domains(tmp_path):
    """The same through a whole store, as a handshake selects."""
    colliding, other = (cost(tmp_path, ["store", name, NAMES], all_along=False)
                        for name in ("fnv1a", "random-fnv1a"))
    assert colliding < 1.05 * other


def test_load_of_colliding_domains(tmp_path):
    """And through the reading of a configuration, where names are compared with each other."""
    colliding, other = (cost(tmp_path, ["store", name, 2000], only=["certbind_store_open"])
                        for name in ("java", "random-java"))
    assert colliding < 1.05 * other


def test_reload_takes_over_what_has_not_changed(tmp_path):
    """One renewal: each domain and certificate beside it costs little, not its reading or binding."""
    few, many, whole = (cost(tmp_path, ["reload", what, count], all_along=False)
                        for what, count in (("little", 200), ("little", 2000), ("whole", 2000)))
    assert (many - few) / 1800 < 6000
    assert many < 0.3 * whole


def test_renewal_with_the_same_names_decides_nothing(tmp_path):
    """Each certificate beside it is passed on, and no domain is looked at."""
    few, many = (cost(tmp_path, ["reload", "least", count], all_along=False)
                 for count in (200, 2000))
    assert (many - few) / 1800 < 1800
