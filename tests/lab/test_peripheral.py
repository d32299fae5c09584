# SPDX-License-Identifier: Apache-2.0
"""--peripheral: a program that is a wearable is enrolled through wardctl before the command runs."""

import json

import pytest
from conftest import GUEST

SCRIPTS = GUEST.parents[2] / "firmware" / "wearable" / "scripts"
STRAP = f"exec wardgate-wearable --profile strap --adapter $LAB_ADAPTER --script {SCRIPTS / 'strap.script'}"


@pytest.fixture(scope="module")
def lab(boot):
    return boot("--patient", "p-7f3a", "--timeout", 900, "--peripheral", STRAP, "--", "sh", "-c", "wardctl devices --json; wardctl readings --json")


@pytest.fixture(scope="module")
def printed(lab):
    assert lab.status == 0, lab.stderr
    return [json.loads(line) for line in lab.stdout.splitlines()]


def test_it_is_enrolled_for_the_patient(printed):
    assert [line["patient"] for line in printed if "model" in line] == ["p-7f3a"]


def test_its_readings_are_the_patients(printed):
    readings = [line for line in printed if "values" in line]
    assert readings
    assert {reading["patient"] for reading in readings} == {"p-7f3a"}
    assert "heart_rate" in {value["quantity"] for reading in readings for value in reading["values"]}


def test_a_peripheral_that_ends_at_once_is_reported(boot):
    lab = boot("--peripheral", "echo no adapter; exit 1", "--", "true")
    assert lab.status == 125
    assert "no adapter" in lab.stderr
