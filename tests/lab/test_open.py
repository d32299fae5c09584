# SPDX-License-Identifier: Apache-2.0
"""Devices without a bond, from wardctl to what the ward is told: enrolled only by a person's choice, and never hidden."""

import json

import pytest
from conftest import GUEST

ADVISORY = "device-known-by-address"


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 3, "--timeout", 900, "--", GUEST / "test-open")
    assert lab.status == 0, lab.stderr
    return lab


def documents(lab, name):
    return [json.loads(line) for line in lab.lines(name)]


def test_by_address_alone_is_no_choice(lab):
    assert "--by-address goes with --open" in lab.file("usage")
    assert lab.lines("usage")[-1] == "exit 2"


def test_a_device_that_tells_nothing_of_itself_is_refused(lab):
    assert "neither bond nor serial number nor system id" in lab.file("refused")
    assert lab.lines("refused")[-1] == "exit 1"
    assert documents(lab, "devices-refused") == []


def test_a_device_with_a_serial_number_is_enrolled_without_a_bond(lab):
    assert lab.lines("open")[-1] == "exit 0"
    assert [device["security"] for device in documents(lab, "devices-open")] == ["open"]
    assert {reading["security"] for reading in documents(lab, "readings")} == {"open"}
    assert ADVISORY not in documents(lab, "status-open")[0]["patients"][0]["reasons"]


def test_what_is_known_by_its_address_is_told_to_the_ward(lab):
    assert lab.lines("by-address")[-1] == "exit 0"
    assert sorted(device["security"] for device in documents(lab, "devices-by-address")) == ["open", "open-by-address"]
    patient = documents(lab, "status-by-address")[0]["patients"][0]
    assert ADVISORY in patient["reasons"]
    assert patient["monitoring"] == "degraded"
