# SPDX-License-Identifier: Apache-2.0
"""Devices that hold ten records of another person are enrolled, on real BlueZ: none of the ten reaches the new patient,
none is lost, the ward learns that they exist and nothing of what they say, and what is measured then is the patient's."""

import json

import pytest
from conftest import GUEST

OTHERS = 10
PATIENT = "p-7f3a"
SERIALS = {"cuff": "USED-1", "enhanced": "USED-2", "meter": "USED-3"}
QUANTITY = {"cuff": "bp_systolic", "enhanced": "bp_systolic", "meter": "glucose"}
MEASURED = {"cuff": 124, "enhanced": 126, "meter": 5.5}


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 4, "--timeout", 1800, "--", GUEST / "test-memory")
    assert lab.status == 0, lab.stdout + lab.stderr
    return lab


def documents(lab, name):
    return [json.loads(line) for line in lab.lines(name)]


def value(record, quantity):
    return next((value["value"] for value in record["values"] if value["quantity"] == quantity), None)


@pytest.fixture(scope="module", params=SERIALS)
def told(lab, request):
    """What a device told: its name and its records."""
    name = request.param
    (device,) = [device["device"] for device in documents(lab, "devices") if device["serial_number"] == SERIALS[name]]
    return name, [record for record in documents(lab, "readings") if record.get("device") == device]


def test_none_of_them_reaches_the_patient(told):
    name, records = told
    assert {value(record, QUANTITY[name]) for record in records if record["patient"] == PATIENT} == {MEASURED[name]}


def test_none_of_them_is_lost_and_none_comes_twice(told):
    """What they say is not told: they are counted. One that was measured when it was paired is not of the memory."""
    _, records = told
    others = [record for record in records if record["patient"] is None]
    assert len([record for record in others if record["kind"] == "stored"]) == OTHERS
    assert len(others) <= OTHERS + 1
    assert all(record["unassigned"] and record["values"] == [] for record in others)


def test_they_raise_nothing_but_the_condition_that_they_are_there(lab):
    conditions = {event["condition"] for event in documents(lab, "alarms") if event["event"] == "raised"}
    assert "reading-without-patient" in conditions
    assert not [event for event in documents(lab, "alarms") if event["kind"] == "physiological"]


def test_the_ward_learns_that_they_are_there_and_not_what_they_say(lab):
    unassigned = [record for record in documents(lab, "ledger") if record.get("unassigned")]
    assert len(unassigned) >= OTHERS * len(SERIALS)
    for record in unassigned:
        assert (record["patient"], record["raw"], record["values"], record["device_time"]) == (None, None, [], None)
    for record in documents(lab, "ledger"):
        for name, quantity in QUANTITY.items():
            assert value(record, quantity) in (None, *MEASURED.values()), name
