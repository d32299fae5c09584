# SPDX-License-Identifier: Apache-2.0
"""The journal's catalog and the code know the same messages, the journal can read the catalog, and what it tells an
engineer to type is there to be typed."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "systemd" / "wardgate.catalog"
WARDCTL = Path(os.environ["WARD_BUILD"]) / "gateway" / "ctl" / "wardctl"


def matters():
    """{WARD_JOURNAL_NAME: id}, as the code has them."""
    table = (ROOT / "gateway/io/journal_entry.c").read_text()
    return dict(re.findall(r'\[(WARD_JOURNAL_\w+)\] = "(\w+)"', table))


def entries():
    """[(id, {header: value}, body)] of the catalog."""
    found = []
    for part in re.split(r"^-- ", CATALOG.read_text(), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n\n")
        name, *headers = head.splitlines()
        found.append((name, dict(line.split(": ", 1) for line in headers), body.strip()))
    return found


def test_each_matter_of_the_code_has_an_id_of_its_own():
    declared = re.findall(r"^    (WARD_JOURNAL_\w+),", (ROOT / "include/ward/journal.h").read_text(), re.MULTILINE)
    assert len(declared) > 30 and list(matters()) == declared
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in matters().values())
    assert len(set(matters().values())) == len(declared)


def test_the_catalog_has_each_of_them_and_no_other():
    assert Counter(name for name, _, _ in entries()) == Counter(matters().values())


def said_by(directory):
    """The matters that the program in gateway/DIRECTORY says something of."""
    texts = [path.read_text() for path in (ROOT / "gateway" / directory).glob("*.c")]
    return set(re.findall(r"WARD_JOURNAL_\w+", " ".join(texts))) & matters().keys()


def test_each_is_said_by_one_of_the_two_whose_manual_it_names():
    core, uplink = said_by("app"), said_by("uplink")
    assert core | uplink == matters().keys() and not core & uplink
    assert len(core) > 10 and len(uplink) > 10
    manuals = {name: headers["Documentation"] for name, headers, _ in entries()}
    for programs, manual in ((core, "man:wardgated(8)"), (uplink, "man:wardgate-uplink(8)")):
        assert {manuals[matters()[name]] for name in programs} == {manual}


def test_the_uplink_has_one_place_that_logs():
    """What is said elsewhere has no id, and may be waited for. main() says to whoever typed it what is no option."""
    for path in (ROOT / "gateway/uplink").glob("*.c"):
        says = re.findall(r"\b(?:fprintf\(stderr|perror\(|sd_journal_\w+\(|syslog\()", path.read_text())
        assert len(says) == {"log.c": 1, "main.c": 1}.get(path.name, 0), path


def test_each_entry_says_what_it_is_and_what_to_do():
    for name, headers, body in entries():
        assert headers.keys() == {"Subject", "Defined-By", "Documentation"}, name
        assert headers["Subject"] and len(body) > 80, name
        assert all(len(line) <= 92 for line in body.splitlines()), f"{name}: a line that a terminal breaks"


def test_the_journal_can_read_it(tmp_path):
    """systemd's own reader, in a root of the test's own."""
    directory = tmp_path / "usr/lib/systemd/catalog"
    directory.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    (directory / "wardgate.catalog").write_text(CATALOG.read_text())
    root = f"--root={tmp_path}"
    done = subprocess.run(["journalctl", root, "--update-catalog"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    listed = subprocess.run(["journalctl", root, "--list-catalog"], capture_output=True, text=True, check=True).stdout
    assert {line.split(" ", 1)[0] for line in listed.splitlines()} == set(matters().values())
    for name, headers, _ in entries():
        assert f"{name} Wardgate: {headers['Subject']}" in listed


def test_what_it_tells_to_type_is_there():
    named = set(re.findall(r"`wardctl ([a-z]+)", " ".join(CATALOG.read_text().split())))
    assert {"hub", "status"} <= named
    for verb in named:
        assert subprocess.run([WARDCTL, verb, "--help"], capture_output=True, check=False).returncode == 0, verb
