# SPDX-License-Identifier: Apache-2.0
"""An address can be copied, a key cannot: what comes from an enrolled device's address without its bond is never stored
as bonded or valid, on real BlueZ."""

import json

import pytest
from conftest import GUEST


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 2, "--timeout", 900, "--", GUEST / "test-spoofer")
    assert lab.status == 0, lab.stdout + lab.stderr
    return lab


@pytest.fixture(scope="module")
def records(lab):
    records = [json.loads(line) for line in lab.lines("records")]
    return {frame: [record for record in records if record["raw"].endswith(frame)]
            for frame in ("00c8005a006e00", "00780050005d00")}


def test_the_copy_was_connected_sent_values_and_had_no_key(lab):
    said = lab.lines("spoofer.log")
    assert said.count("connected") >= 3
    assert said.count("key wanted") >= 3
    assert said.count("sent") >= said.count("connected")


def test_it_was_noticed(lab):
    """It connects and drops before it proves who it is, three times in a row."""
    assert [json.loads(line)["needs_pairing"] for line in lab.lines("devices")] == [True]


def test_none_of_them_is_trusted(records):
    for record in records["00c8005a006e00"]:
        assert (record["security"], record["quality"]) == ("bonded-unproved", "questionable")
        assert "link-unproved" in record["reasons"]


def test_the_true_one_is_trusted_when_it_is_back(records):
    newest = records["00780050005d00"][0]
    assert (newest["security"], newest["quality"], newest["reasons"]) == ("bonded", "valid", [])
