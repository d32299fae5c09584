# SPDX-License-Identifier: Apache-2.0
"""Wearables of a stack that has nothing of BlueZ's: they are legal and odd (guest/foreign says how), and two of them hold ten
measurements of somebody else. They are enrolled and read like any other."""

import json

import pytest
from conftest import GUEST

OTHERS = 10
PATIENT = "p-lab"
QUANTITY = {"FC-1": "bp_systolic", "FT-1": "body_temperature", "FO-1": "spo2"}


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 4, "--timeout", 1800, "--raw-hci", "--patient", PATIENT, "--peripheral", "exec $LAB_GUEST/foreign cuff",
               "--peripheral", "exec $LAB_GUEST/foreign thermometer", "--", GUEST / "test-foreign")
    assert lab.status == 0, lab.stdout + lab.stderr
    return lab


def documents(lab, name):
    return [json.loads(line) for line in lab.lines(name)]


def values(lab, serial, patient):
    """What the device measured for this patient, newest first."""
    (device,) = [device["device"] for device in documents(lab, "devices") if device["serial_number"] == serial]
    return [(value["value"], record) for record in documents(lab, "readings")
            if record.get("device") == device and record["patient"] == patient
            for value in record["values"] if value["quantity"] == QUANTITY[serial]]


def test_texts_that_are_longer_than_a_packet_are_read(lab):
    makers = {device["manufacturer"] for device in documents(lab, "devices")}
    (maker,) = makers  # the gateway keeps its beginning
    assert len(maker) > 22
    assert "Foreign Instruments, of a maker who had much to say about himself and said it here".startswith(maker)


def test_they_are_known_with_what_they_have_for_a_bond(lab):
    assert {device["serial_number"]: device["security"] for device in documents(lab, "devices")} == {
        "FC-1": "bonded", "FT-1": "bonded", "FO-1": "open"}


@pytest.mark.parametrize("serial", ["FC-1", "FT-1"])
def test_a_bonded_one_is_trusted(lab, serial):
    assert [value for value, record in values(lab, serial, PATIENT) if record["security"] == "bonded" and record["quality"] == "valid"]


@pytest.mark.parametrize(("serial", "others"), [("FC-1", set(range(150, 160))), ("FO-1", set(range(80, 90)))])
def test_what_somebody_else_measured_is_nobodys(lab, serial, others):
    assert not others & {value for value, _ in values(lab, serial, PATIENT)}
    # What they say is not told: they are counted. Of the cuff the one that was measured when it was paired is there too.
    (device,) = [device["device"] for device in documents(lab, "devices") if device["serial_number"] == serial]
    kept = [record for record in documents(lab, "readings") if record.get("device") == device and record["patient"] is None]
    assert OTHERS <= len(kept) <= OTHERS + 1
    assert all(record["unassigned"] and record["values"] == [] for record in kept)
    assert not [event for event in documents(lab, "alarms") if event["condition"] == "spo2-low"]


def test_what_was_sent_twice_is_believed_once(lab):
    """The thermometer repeats what was not confirmed, in its next connection."""
    sent = [line.split()[-1] for line in lab.lines("peripheral-hci2.log") if line.startswith("indicates 2a1c")]
    assert len(sent) > len(set(sent))
    stored = [record["raw"] for _, record in values(lab, "FT-1", PATIENT) if record["quality"] == "valid"]
    assert len(stored) == len(set(stored))
