# SPDX-License-Identifier: Apache-2.0
"""Stored records, clocks and a vendor's clip of the reference wearable on real BlueZ, read by a raw central."""

import pytest
from conftest import GUEST


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 4, "--timeout", 900, "--", GUEST / "test-wearable-records")
    assert lab.status == 0, lab.stderr + "".join(path.read_text() for path in lab.out.glob("*.log"))
    return lab


def said(lab, *words):
    prefix = " ".join(words) + " "
    return [line.removeprefix(prefix) for line in lab.lines("central") if line.startswith(prefix)]


def test_a_meter_answers_each_request(lab):
    assert said(lab, "value 1808 2a52") == [
        "05000500",  # five records
        "06000101",  # all of them: done
        "06000105",  # up to which number? wrong operand
        "06000201",  # the first is deleted
        "06000307",  # nothing to abort
        "05000500",  # one more was measured when the transfer was over
    ]


def test_every_record_comes_once_and_before_the_answer(lab):
    records = said(lab, "value 1808 2a18")
    assert [record[2:6] for record in records] == ["0000", "0100", "0200", "0300", "0400"]
    lines = [line for line in lab.lines("central") if line.startswith("value 1808")]
    assert lines.index("value 1808 2a52 06000101") > lines.index(f"value 1808 2a18 {records[-1]}")
    assert "0208" in records[2]  # LO
    assert said(lab, "value 1808 2a34") == ["030000012dd001", "02010002"]


def test_a_clock_can_be_set_and_read(lab):
    assert said(lab, "wrote 1808 2a2b") == ["ea070b1c0e1600060000"]
    assert said(lab, "read 1808 2a0f") == ["80ff"]


def test_a_date_that_does_not_exist_is_ignored(lab):
    (refused,) = said(lab, "refused 1810 2a2b")
    assert refused == "ea07021e0e1600060000 Operation failed with ATT error: 0x80"


def test_a_report_that_nobody_would_hear_is_refused(lab):
    (refused,) = said(lab, "refused 1810 2a52")
    assert refused.startswith("0101 Operation failed with ATT error: 0x")  # bluetoothd 5.66 makes 0x0e of 0xfd
    assert "written 2a52:0101 refused: 0xfd" in lab.file("cuff.log")
    assert said(lab, "value 1810 2a52") == ["05000a00"]  # ten records of another


def test_a_clip_streams_when_it_is_started(lab):
    assert said(lab, "wrote ff12 ff01") == ["9b011c"]
    assert said(lab, "value ff12 ff02")[0].startswith("eb01")
