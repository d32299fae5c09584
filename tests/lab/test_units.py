# SPDX-License-Identifier: Apache-2.0
"""The shipped units under real systemd: what their sandbox keeps out, and what it must let through."""

import json
import re

import pytest
from conftest import GUEST


@pytest.fixture(scope="module")
def lab(boot):
    return boot("--systemd", "--install", "--timeout", 900, "--", GUEST / "test-units")


def exposure(lab, unit):
    return float(re.search(r"Overall exposure level.*: ([0-9.]+)", lab.file(f"{unit}.security"))[1])


def answers(lab, name):
    """What guest/probe found: {"light": "yes", "network": "no: …"}."""
    return dict(line.split(" ", 1) for line in lab.lines(name))


def test_it_ran_to_its_end(lab):
    assert lab.status == 0, lab.stderr


def test_the_units_are_clean(lab):
    assert lab.file("verify") == ""


@pytest.mark.parametrize(("unit", "limit"), [
    ("wardgated", 0.5), ("wardgate-uplink", 1.5), ("wardgate-recover-bluetooth", 2), ("wardgate-recover-usb", 2)])
def test_the_units_are_tight(lab, unit, limit):
    assert exposure(lab, unit) <= limit


@pytest.mark.parametrize(
    "what", ["light", "sound", "bus", "clock-flag", "clock-property", "boot-id", "machine-id", "runtime-directory"]
)
def test_the_core_can(lab, what):
    assert answers(lab, "core")[what] == "yes"


@pytest.mark.parametrize("what", ["network", "etc", "uplink-key", "bonds"])
def test_the_core_cannot(lab, what):
    assert answers(lab, "core")[what].startswith("no")


@pytest.mark.parametrize("what", ["credentials", "spool-directory", "network-names"])
def test_the_uplink_can(lab, what):
    assert answers(lab, "uplink")[what] == "yes"


def test_the_uplink_has_a_network_of_its_host(lab):
    # The guest has no route to anywhere: the sandbox let the socket be made.
    assert answers(lab, "uplink")["internet-socket"].endswith("Network is unreachable")


@pytest.mark.parametrize("what", ["key-given", "spool-list", "bus", "records", "etc"])
def test_the_uplink_cannot(lab, what):
    assert answers(lab, "uplink")[what].startswith("no")


def test_the_alarm_light_belongs_to_the_core(lab):
    assert re.match(r"-rw-rw-r-- 1 root wardgate ", lab.file("led-mode"))


def test_the_radio_goes_off_after_a_crash(lab):
    assert lab.file("powered-before-crash") == "b true\n"
    assert lab.file("powered-after-crash") == "b false\n"
    assert lab.file("others-after-crash") == "b true\n"


def test_the_core_comes_back_after_a_crash(lab):
    assert lab.file("active-after-crash") == "active\n"


def test_the_radio_that_goes_off_is_the_configured_one(lab):
    assert lab.file("powered-after-stop") == "b false\n"


def test_the_core_works_in_its_unit(lab):
    status = json.loads(lab.file("status"))
    assert status["annunciator"] == {"light": True, "sound": True, "text": True}
    assert (status["clock"], status["radio"], status["storage"]) == ("synced", "ready", "ok")


def test_the_uplink_works_in_its_unit(lab):
    assert '"up":true' in lab.file("hub")


def test_a_core_that_hangs_is_back_with_radio_and_link(lab):
    assert "Watchdog timeout" in lab.lines("watchdog")
    assert lab.file("powered-after-watchdog") == "b true\n"
    assert lab.file("link-after-watchdog") == "up\n"


def test_bluetooth_is_restarted_for_the_core_at_a_limited_rate(lab):
    assert lab.lines("recover-bluetooth") == ["restarted", "waits"]
    assert lab.file("recover-left") == ""
    assert lab.file("powered-after-recovery") == "b true\n"


def test_the_usb_port_is_reset_for_the_core(lab):
    assert lab.lines("recover-usb")[0] == "waits"
    assert "hci0 is not on USB: there is nothing to reset" in lab.lines("recover-usb")


def test_the_radio_is_off_when_the_core_was_stopped(lab):
    assert lab.file("powered-at-the-end") == "b false\n"


def test_bluetoothd_reads_our_configuration(lab):
    assert "-f /etc/wardgate/bluetooth/main.conf" in lab.file("bluetoothd")


def test_who_may_own_the_name(lab):
    assert lab.lines("may-own") == ["root yes", "wardgate yes", "admin no", "reader no", "stranger no"]


@pytest.mark.parametrize(
    ("user", "status", "forget", "signals"),
    [
        ("root", "yes", "yes", "yes"),
        ("admin", "yes", "yes", "yes"),
        ("reader", "yes", "no", "yes"),
        ("stranger", "no", "no", "no"),
    ],
)
def test_who_may_read_and_who_may_change(lab, user, status, forget, signals):
    may = dict(line.rsplit(" ", 1) for line in lab.lines("may"))
    assert [may[f"{user} {what}"] for what in ["Status", "Forget", "signals"]] == [status, forget, signals]


def test_who_may_speak_to_bluetoothd(lab):
    assert lab.lines("may-bluez") == ["root yes", "wardgate yes", "admin no", "reader no", "stranger no", "player no"]
