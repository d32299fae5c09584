# SPDX-License-Identifier: Apache-2.0
"""The BlueZ adapter talks, on real BlueZ, with wearables that do not bond: what is asked, answered, refused and let rest."""

import re

import pytest
from conftest import GUEST

METER, RING, STRAP = (f"00:AA:01:0{n}:00:0{n}" for n in range(1, 4))
REST_S = 10  # as in guest/test-conversation


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 4, "--timeout", 1800, "--", GUEST / "test-conversation")
    assert lab.status == 0, lab.stderr
    return lab


@pytest.fixture(scope="module")
def log(lab):
    return lab.lines("probe-1.log")


def index_of(lines, pattern, start=0):
    """Where the first line from start on matches; fails with what there was."""
    for number, line in enumerate(lines[start:], start):
        if re.search(pattern, line):
            return number
    pytest.fail(f"no line matches {pattern!r} in:\n" + "\n".join(lines[start:]))


def in_order(lines, patterns, start=0):
    for pattern in patterns:
        start = index_of(lines, pattern, start) + 1
    return start


def test_a_vendor_is_recognised_in_a_scan(log):
    index_of(log[: index_of(log, "^scan-ended 0")], f"^found {RING} .* vendor=49535343-fe7d-4ae5-8fa9-9fafd205e455$")


def test_an_unbonded_device_is_enrolled_by_its_serial_number(log):
    in_order(log, [f"^identified {METER} serial=M1", f"^link {METER} disconnected", f"^link {METER} connected connection=2",
                   f"^link {METER} proved connection=[2-9]", f"^link {METER} resolved connection=[2-9]",
                   f"^enrolment {METER} paired id=d-M1"])  # fmt: skip


def test_what_it_has_is_known(log):
    at = index_of(log, "^answer has 1")
    index_of(log, "^answer has 0", at)


def test_a_clock_is_read_and_written(log):
    in_order(log, [f"^read-done {METER} 00001808 00002a08 error=0 att=00 connection=[2-9] ea070101000000",
                   f"^write-done {METER} 00001808 00002a08 error=0",
                   f"^read-done {METER} 00001808 00002a08 error=0 att=00 connection=[2-9] ea070b1c0e1e05"])  # fmt: skip


def test_refusals_come_with_their_att_errors(lab, log):
    at = index_of(log, f"^read-done {METER} .* ea070b1c0e1e05")
    in_order(log, [f"^write-done {METER} 00001808 00002a52 error=-{errno} att={code} "
                   for errno, code in [(115, "fe"), (121, "80"), (90, "0d"), (13, "08")]], at)  # fmt: skip
    assert [line for line in lab.lines("meter.log") if line.startswith("write 2a52 ee")] == [
        f"write 2a52 ee{code}" for code in ["fe", "80", "0d", "08"]
    ]


def test_what_it_cannot_do_is_not_asked(lab, log):
    in_order(log, ["^answer read -95", "^answer read -61"])  # EOPNOTSUPP, ENODATA
    assert "read 2a52" not in lab.lines("meter.log")


def test_an_indication_comes_after_the_records_before_it(log):
    start = log.index("records")
    end = index_of(log, f"^value {METER} 2a52 06000101 ", start)
    values = [line.split()[2:4] for line in log[start : end + 1] if line.startswith(f"value {METER}")]
    expected = []
    for number in range(1, 4):
        expected += [["2a18", f"100{number}00ea070b1c09000{number}"], ["2a34", f"000{number}00"]]
    assert values == [*expected, ["2a52", "06000101"]]


def test_a_device_that_tells_nothing_of_itself_needs_a_choice(log):
    refused = index_of(log, f"^enrolment {RING} failed .*neither bond nor serial number nor system id")
    in_order(log, [f"^identified {RING} serial= ", f"^enrolment {RING} paired id=d-by-address"], refused)


def test_who_tells_a_serial_number_is_known_by_it(log):
    in_order(log, [f"^identified {STRAP} serial=T1 ", f"^enrolment {STRAP} paired id=d-T1"])


def test_a_vendor_is_given_commands(lab, log):
    assert "write 8841 2a2b" in lab.lines("ring.log")
    index_of(log, f"^write-done {RING} 49535343 49535343 error=0 ")
    index_of(log, f"^value {RING} 0000 .49535343-fe7d-.* 2a2b ")


def test_a_shared_uuid_of_somebody_else_is_left_alone(lab):
    assert "subscribed 1e4d" in lab.lines("ring.log")
    assert "subscribed ff02" not in lab.lines("ring.log")


def test_a_rest_is_kept_and_then_over(lab, log):
    began, over = (float(lab.file(name)) for name in ["rest-began", "rest-over"])
    assert over - began >= REST_S
    at = index_of(log, "^answer rest 0")
    in_order(log, [f"^link {RING} disconnected", f"^link {RING} connected", f"^link {RING} resolved"], at)


def test_unbonded_devices_come_back_after_bluetoothd_was_killed(log):
    killed = log.index("killed")
    ready = index_of(log, "^radio ready", killed)
    in_order(log, [f"^value {STRAP} .* proved=1"], ready)
    in_order(log, [f"^link {METER} resolved"], ready)


def test_a_rest_outlives_bluetoothd(log):
    killed = log.index("killed")
    in_order(log, [f"^link {RING} resolved", f"^value {RING} "], killed)


def test_a_request_ends_with_its_link(log):
    done = index_of(log, f"^write-done {METER} 00001808 00002a52 error=-107 ")
    index_of(log, f"^link {METER} disconnected", done)
