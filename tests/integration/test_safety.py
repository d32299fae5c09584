# SPDX-License-Identifier: Apache-2.0
"""docs/safety: the hazard log names tests that are there, the figures are those of the code, and what holds both finds
what is wrong."""
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import BUILD, ROOT  # noqa: E402

SAFETY = ROOT / "docs" / "safety"
LOG, PAGE = SAFETY / "hazard-log.md", SAFETY / "intended-use.md"
TABLE = BUILD / "tests" / "integration" / "clinical-table"


def run(program, *words):
    return subprocess.run([SAFETY / program, *map(str, words)], capture_output=True, text=True, check=False)


def test_the_hazard_log_names_tests_that_are_there():
    done = run("check")
    assert (done.returncode, done.stderr) == (0, "")


# One thing made wrong in the log, and what has to be said of it. "…": as in the log.
WRONG = {
    "a cmocka test that is not there": (r"(test_alarm\.c::)only_a_clinician_acknowledges", r"\1nobody_acknowledges",
                                        "nobody_acknowledges has no such test"),
    "a helper of a C file that is no test": (r"(test_registry\.c::)test_two_patients_share_a_device", r"\1main",
                                             "test_registry.c::main has no such test"),
    "a pytest test that is not there": (r"(test_episode\.py::)test_it_outlives_kills", r"\1test_it_does_not",
                                        "test_episode.py::test_it_does_not has no such test"),
    "a helper of a Python file that is no test": (r"(test_episode\.py::)test_it_outlives_kills", r"\1admit",
                                                  "test_episode.py::admit has no such test"),
    "a check of the lab's guest that is not there": (r"(test-gateway::)will_says_not_monitored", r"\1queue",
                                                     "test-gateway::queue has no such test"),
    "a scenario that is not there": (r"scenarios/suspended\.scn", "scenarios/suspended-for-ever.scn",
                                     "suspended-for-ever.scn is not there"),
    "a mutant that is not there": (r"mutants/any-signature\.patch", "mutants/no-signature.patch",
                                   "no-signature.patch is not there"),
    "a promise that no campaign makes": (r"(checker\.py::)forged-receipt", r"\1believed-receipt",
                                         "believed-receipt does not promise that"),
    "a file that is no test": (r"`tests/scenarios/concern\.scn`", "`docs/records.md`", "docs/records.md is no test"),
    "a control without a test": (r"(- the chart, value by value): .*", r"\1", "no test proves: the chart, value by value"),
    "a hazard without controls": (r"(### H-09 (?:.|\n)*?\*\*Controls\.\*\*\n)(?:.|\n)*?(\n\*\*Residual)", r"\1\2",
                                  "H-09: no control that a test proves"),
    "a hazard that only the deployer controls": (r"(### H-09 (?:.|\n)*?\*\*Controls\.\*\*\n)(?:.|\n)*?(\n\*\*Residual)",
                                                 r"\1\n- Deployer: see `tests/scenarios/late.scn`.\n\2",
                                                 "H-09: no control that a test proves"),
    "a number that is there twice": (r"### H-02 ", "### H-01 ", "H-01 is there twice"),
    "a heading without a number": (r"### H-02 ", "### ", "is no hazard's heading"),
    "a hazard without harm": (r"\*\*Harm\.\*\* .*\n", "", "has no Harm"),
    "a risk that the matrix does not make": (r"(\*\*Initial\.\*\* .*risk) \d", r"\1 1", "by the matrix"),
    "a likelihood that is none": (r"(\*\*Residual\.\*\* \w+), [\w ]+:", r"\1, never:", "severity, likelihood"),
    "an owner who is nobody": (r"(\*\*Owner\.\*\* ).*", r"\1the patient", "Owner is none of"),
    "no hazards": (r"### (.|\n)*", "", "there is no hazard"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_the_log_is_found(what, tmp_path):
    before, after, said = WRONG[what]
    text, changed = re.subn(before, after, LOG.read_text("utf-8"), count=1)
    assert changed == 1
    log = tmp_path / "log.md"
    log.write_text(text, "utf-8")
    done = run("check", log)
    assert done.returncode == 1 and said in done.stderr, done.stderr


def test_the_figures_are_those_of_the_code():
    done = run("figures", TABLE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


FIGURES = {
    "another figure": (r"\| 15 s \| 1 min", "| 20 s | 1 min", "| high | 20 s |"),
    "a row too many": (r"(\| .*`WARD_GRACE_MS` \|\n)", r"\1\1", "`WARD_GRACE_MS`"),
    "a row too few": (r"\| .*`WARD_GRACE_MS` \|\n", "", "`WARD_GRACE_MS`"),
    "another priority of the gateway's own": (r"\| `radio-off` \| high", "| `radio-off` | low", "| `radio-off` | low"),
    "other words": (r"In an emergency call 999\. \|", "Sleep well. |", "Sleep well."),
}


@pytest.mark.parametrize("what", FIGURES)
def test_figures_that_differ_are_found_and_can_be_written_anew(what, tmp_path):
    before, after, said = FIGURES[what]
    text, changed = re.subn(before, after, PAGE.read_text("utf-8"), count=1)
    assert changed == 1
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    done = run("figures", TABLE, "--page", page)
    assert done.returncode == 1 and said in done.stdout, done.stdout
    assert run("figures", TABLE, "--page", page, "--write").returncode == 0
    assert page.read_text("utf-8") == PAGE.read_text("utf-8")


def test_a_figure_of_the_header_that_the_table_does_not_have_is_found(tmp_path):
    table = tmp_path / "table"
    table.write_text(f"#!/bin/sh\n{TABLE} | grep -v '`WARD_GRACE_MS`'\n")
    table.chmod(0o755)
    done = run("figures", table)
    assert done.returncode == 1 and "do not have the same figures: ['WARD_GRACE_MS']" in done.stderr


def test_every_file_that_the_pages_name_is_there():
    for page in (LOG, PAGE):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
