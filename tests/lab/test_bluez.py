# SPDX-License-Identifier: Apache-2.0
"""The BlueZ adapter on real BlueZ: enrolment with a bond, what is heard and what is not, and who dies in between."""

import re

import pytest
from conftest import GUEST

STRAP, OXIMETER, CUFF, STRANGER = (f"00:AA:01:0{n}:00:0{n}" for n in range(1, 5))
ENROLLED = {STRAP: "S1", OXIMETER: "O1", CUFF: "C1"}


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 5, "--timeout", 900, "--", GUEST / "test-bluez")
    assert lab.status == 0, lab.stderr
    return lab


@pytest.fixture(scope="module")
def first_life(lab):
    return lab.lines("probe-1.log")


def index_of(lines, pattern, start=0):
    """Where the first line from start on matches; fails with what there was."""
    for number, line in enumerate(lines[start:], start):
        if re.search(pattern, line):
            return number
    pytest.fail(f"no line matches {pattern!r} in:\n" + "\n".join(lines[start:]))


def test_the_radio_is_on_only_when_everything_is_in_place(lab):
    assert lab.file("powered-before") == "b false\n"
    assert lab.file("powered-ready") == "b true\n"


def test_a_scan_finds_what_advertises(first_life):
    end = index_of(first_life, "^scan-ended 0")
    for address, service in {STRAP: "180d", OXIMETER: "1822", CUFF: "1810", STRANGER: "180d"}.items():
        assert any(re.search(f"^found {address} paired=0 enrolled=0 .*{service}", line) for line in first_life[:end])


@pytest.mark.parametrize("address", ENROLLED)
def test_paired_is_said_after_a_return_with_a_reading(first_life, address):
    serial = ENROLLED[address]
    at = index_of(first_life, f"^enrolment {address} looking")
    for pattern in [
        f"^enrolment {address} discovered",
        f"^enrolment {address} bonding",
        f"^enrolment {address} bonded",
        f"^enrolment {address} reading-identity",
        f"^identified {address} serial={serial} ",
        f"^link {address} disconnected",
        f"^link {address} connected",
        f"^enrolment {address} waiting-for-reading",
    ]:
        at = index_of(first_life, pattern, at)
    paired = index_of(first_life, f"^enrolment {address} (paired|failed)", at)
    assert " paired id=d-" in first_life[paired]
    back = max(n for n in range(paired) if re.search(f"^link {address} connected", first_life[n]))
    index_of(first_life[:paired], f"^value {address} ", back)
    index_of(first_life[:paired], f"^link {address} proved", back)


def test_the_bonds_are_of_le_secure_connections(lab):
    keys = lab.lines("keys")
    assert len([line for line in keys if "[LongTermKey]" in line or "[SlaveLongTermKey]" in line or "LongTermKey" in line]) >= 3
    # Authenticated=2: unauthenticated P-256 (mgmt-api, Load Long Term Keys); 0 would be legacy pairing.
    assert {line for line in keys if line.startswith("Authenticated=")} == {"Authenticated=2"}


@pytest.mark.parametrize(("address", "frame"), [(STRAP, "2a37 16"), (OXIMETER, "2a5e "), (CUFF, "2a35 048000520061004700")])
def test_values_arrive(first_life, address, frame):
    index_of(first_life, f"^value {address} {frame}.* enrolling=0 id=d-{ENROLLED[address]}$")


def test_every_value_is_proved_or_of_a_link_that_will_be(first_life):
    """A value that came before the proof of its connection is followed by that proof, or by the end of the link."""
    for number, line in enumerate(first_life):
        if match := re.match(r"value (\S+) .*connection=(\d+) proved=0", line):
            address, connection = match.groups()
            end = index_of(first_life, f"^link {address} (proved|disconnected) connection={connection} ", number)
            assert not any(re.match(f"link {address} connected", other) for other in first_life[number:end])


def test_nobody_pairs_outside_an_enrolment(lab):
    assert lab.lines("refused") == ["Call failed: no enrolment is open for this device"] * 2
    assert lab.file("pairable") == "b false\n"
    assert int(re.search(r"pairings_refused=(\d+)", lab.file("probe-1.log")).group(1)) >= 2


def test_strangers_are_not_read(lab):
    for life in ["probe-1.log", "probe-2.log"]:
        assert not any(line.startswith((f"value {STRANGER}", f"link {STRANGER}")) for line in lab.lines(life))


def test_a_removed_device_is_not_read(lab):
    removed = index_of(lab.lines("until-removed"), "^answer remove 0")
    later = lab.lines("while-removed")[removed:]
    assert any(line.startswith(f"value {CUFF}") for line in later)
    assert not any(line.startswith((f"value {STRAP}", f"link {STRAP}")) for line in later)


def test_readings_go_on_after_bluetoothd_was_killed(first_life):
    lost = index_of(first_life, "^radio absent the Bluetooth service went away")
    ready = index_of(first_life, "^radio ready", lost)
    index_of(first_life, f"^value {STRAP} .* proved=1", ready)
    index_of(first_life, f"^value {CUFF} ", ready)


def test_a_dead_gateway_leaves_the_readings_with_the_cuff(lab):
    assert lab.file("powered-after-kill") == "b false\n"
    assert lab.file("confirmed-unheard") == "0\n"
    index_of(lab.lines("probe-2.log"), f"^value {CUFF} ")


def test_a_forgotten_device_has_no_bond(lab):
    assert lab.lines("forgotten") == ["none", "none"]


def test_an_enrolment_ends_with_its_window_or_when_it_is_cancelled(lab):
    second = lab.lines("probe-2.log")
    at = index_of(second, "^enrolment 00:AA:01:0F:00:0F failed .*time to enrol it is over")
    index_of(second, "^answer pair -16", at)
    index_of(second, "^enrolment 00:AA:01:0F:00:0F failed .*cancelled", at)
