# SPDX-License-Identifier: Apache-2.0
"""`wardctl devices test` on real BlueZ: refused while the device measures for its patient, good when it is, clear about
what to do when it is not, and over when whoever asked for it leaves."""

import json

import pytest
from conftest import GUEST

PATIENT = "p-7f3a"


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 2, "--timeout", 1800, "--", GUEST / "test-trial")
    assert lab.status == 0, lab.stdout + lab.stderr
    return lab


def documents(lab, name):
    return [json.loads(line) for line in lab.lines(name)]


def steps(lab, name):
    return [line.split()[0] for line in lab.lines(name) if not line.startswith(("exit", "wardctl"))]


def test_a_device_that_is_not_enrolled_is_not_tested(lab):
    assert "No such device is enrolled here" in lab.file("unknown")
    assert lab.lines("unknown")[-1] == "exit 1"


def test_it_is_refused_while_the_device_measures_for_its_patient(lab):
    assert "It is measuring for a patient just now" in lab.file("refused")
    assert lab.lines("refused")[-1] == "exit 1"


def test_one_that_is_not_there_is_said_not_to_be_heard(lab):
    assert "It was not heard at all" in lab.file("away")
    assert lab.lines("away")[-1] == "exit 1"


def test_each_step_is_told(lab):
    told = steps(lab, "good")
    assert told[:2] == ["prepare", "not-connected"]
    assert told[-2:] == ["reading", "done"]
    assert "connected" in told
    assert f"from now on is for {PATIENT}." in lab.lines("good")[-2]
    assert lab.lines("good")[-1] == "exit 0"


def test_how_well_it_is_heard_is_told(lab):
    (signal,) = [line for line in lab.lines("unworn") if line.startswith("signal")]
    assert "dBm: good." in signal


def test_what_is_measured_in_a_test_is_nobodys_and_raises_nothing(lab):
    (tested,) = [record for record in documents(lab, "after-good") if "not-clinical" in record["reasons"]]
    assert (tested["patient"], tested["values"], tested["unassigned"]) == (None, [], True)
    assert (tested["quality"], tested["reasons"]) == ("invalid", ["not-clinical"])


def test_who_has_left_tests_nothing_any_more(lab):
    """Of the readings of a test there is the one that was taken, and those of the device that was not worn."""
    assert "exit" not in lab.file("left")
    good = [record for record in documents(lab, "readings") if record["reasons"] == ["not-clinical"]]
    assert len(good) == 1


def test_one_that_is_not_worn_is_said_to_be(lab):
    assert "not worn" in lab.file("unworn")
    assert "Its battery is at 14 %: change it." in lab.file("unworn")
    assert lab.lines("unworn")[-1] == "exit 1"
