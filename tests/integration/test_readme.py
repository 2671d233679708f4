# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the README shows is what happens: its configuration, and what check prints of it."""

import re

import support

PANEL = ["mail.provider.example", "panel.provider.example"]


def blocks(language):
    text = (support.source_directory() / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```%s\n(.*?)^```$" % language, text, re.MULTILINE | re.DOTALL)


def without_dates(text):
    return re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)


def test_check_prints_what_the_readme_says(pki, tmp_path):
    issued = {"tls/panel": pki.issue("readme-panel", PANEL),
              "tls/wildcard": pki.issue("readme-wildcard", ["*.example.org", "example.org"]),
              "tls/bought": pki.issue("readme-bought", ["example.com", "www.example.com"],
                                      key="rsa", not_after=5.5),
              "live/net": pki.issue("readme-net", ["mx1.example.net", "webmail.example.net"]),
              "live/buecher": pki.issue("readme-buecher", ["webmail.xn--bcher-kva.example"])}
    for place, pair in issued.items():
        path = tmp_path / place
        if place.startswith("live"):
            path.mkdir(parents=True)
            chain, key = path / "fullchain.pem", path / "privkey.pem"
        else:
            path.parent.mkdir(exist_ok=True)
            chain, key = path.with_suffix(".pem"), path.with_suffix(".key")
        chain.write_bytes(pair.chain.read_bytes())
        key.touch(mode=0o600)
        key.write_bytes(pair.key.read_bytes())
    config = blocks("conf")[0].replace("/etc/letsencrypt/live", "live").replace(
        "state_dir = \"/var/lib/certbind\";",
        "state_dir = \"state\"; trust_file = \"%s\";" % pki.ca)
    (tmp_path / "certbind.conf").write_text(config, encoding="utf-8")
    done = support.run([support.program("certbind"), "check", "-c", "certbind.conf"], cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    shown, printed = blocks("console")[0].split("\n", 1)
    assert shown == "$ certbind check"
    assert without_dates(done.stdout) == without_dates(printed)
