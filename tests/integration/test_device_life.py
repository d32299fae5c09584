# SPDX-License-Identifier: Apache-2.0
"""The real gateway and a device over months: what it tells beside its measurements, its clock, its firmware, its battery,
that it is worn; and who it is when that is not readable at once."""

import contextlib
import datetime
import json
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import threading

import pytest

from bluez_fixture import BUILD, CUFF, PATIENCE_S, PATIENT, ROOT, STRAP, WARDGATED, Device, Home, eventually

sys.path.insert(0, str(ROOT / "tests" / "hub"))

import contract  # noqa: E402

CHANGE_STORE = BUILD / "tests" / "integration" / "change-store"
HELLO, _, LINK, CREDIT, PUBLISH, RESULT = range(1, 7)  # include/ward/link.h
OWN_RUN = ("mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized"
           ' && exec "$@"')
PRIVATE = ["unshare", "--mount", "--propagation", "private", "sh", "-c", OWN_RUN, "sh"]


class Ward:
    """What goes up: the uplink's side of the spool, without a broker behind it."""

    def __init__(self, path):
        self.messages = []  # (what follows "up/" in the topic, document), oldest first
        self._news = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._socket.send(struct.pack("<BHI", HELLO, 2, 65536))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with contextlib.suppress(OSError):
            while frame := self._socket.recv(65536):
                if frame[0] == HELLO:
                    self._socket.send(struct.pack("<BBqH", LINK, 1, -(2**63), 0))
                    self._socket.send(struct.pack("<BIII", CREDIT, 1, 16, 1 << 20))
                elif frame[0] == PUBLISH:
                    self._take(frame)

    def _take(self, frame):
        (ident,) = struct.unpack_from("<Q", frame, 5)
        at, parts = 5 + struct.calcsize("<QBBBI"), []
        for width in "<H", "<H", "<H", "<B", "<I":  # topic, kid, signature, correlation data, payload
            (length,) = struct.unpack_from(width, frame, at)
            at += struct.calcsize(width)
            parts.append(frame[at:at + length])
            at += length
        self._socket.send(struct.pack("<BQB", RESULT, ident, 0))
        self._socket.send(struct.pack("<BIII", CREDIT, 1, 1, len(frame)))
        with self._news:
            self.messages.append((parts[0].decode().split("/up/")[1], json.loads(parts[4] or b"null")))
            self._news.notify_all()

    def _wait(self, find, what):
        with self._news:
            assert self._news.wait_for(find, PATIENCE_S), f"{what}: {self.messages[-5:]}"
            return find()

    def told(self, condition, event):
        """The newest alarm event of that kind, once there is one."""
        def find():
            events = [document for topic, document in self.messages if topic == "alarms"]
            return next((one for one in reversed(events)
                         if (one["condition"], one["event"]) == (condition, event)), None)

        return self._wait(find, f"{condition} {event}")

    def present(self, condition, is_present):
        """Waits until the newest list of present conditions has it, or has it no longer; the entry."""
        def find():
            lists = [document for topic, document in self.messages if topic == f"active/{PATIENT}" and document]
            found = [one for one in (lists[-1]["conditions"] if lists else []) if one["condition"] == condition]
            return (found or None) if is_present else lists and not found

        found = self._wait(find, f"{condition} {'in' if is_present else 'no longer in'} up/active")
        return found[0] if is_present else None

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        self._socket.close()


@pytest.fixture
def home():
    instance = Home()
    try:
        yield instance.start()
    finally:
        instance.stop()


@pytest.fixture
def dated():
    """A home whose clock a time service holds: as systemd-timesyncd says it, in a /run of its own."""
    if subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("a mount namespace is for root")
    instance = Home()
    instance.prefix = PRIVATE
    instance.environment["TZ"] = "UTC"
    try:
        yield instance.start()
    finally:
        instance.stop()


@pytest.fixture
def ward(home):
    instance = Ward(home.directory / "spool")
    yield instance
    instance.close()


def device(home, which):
    """What is known of the one device."""
    found = home.ask("devices", "show", which) if which.startswith("d-") else home.ask("devices")
    assert len(found) == 1
    return found[0]


def visit(home, which):
    """It comes, is talked to, and goes; nothing is measured."""
    since = home.bluez.mark()
    home.bluez.connect(which.address)
    home.bluez.resolve(which.address)
    return since


def enrol_open(home, which, serial):
    """Without a bond: it is known by its serial number."""
    bluez, since = home.bluez, home.bluez.mark()
    bluez.device(which.address, "name", which.name, "serial", serial, "services", which.service)
    bluez.advertise(which.address, "on")
    enrolment = home.begin("devices", "pair", which.address, "--patient", PATIENT, "--open", "--timeout", 200)
    bluez.said(f"called ReadValue {which.path}", since)
    bluez.said(f"called StartNotify {which.path}", since)
    bluez.advertise(which.address, "off")
    bluez.disconnect(which.address)
    bluez.connect(which.address)
    bluez.resolve(which.address)
    bluez.value(which.address, which.uuid, which.frame(1))
    said, _ = enrolment.communicate(timeout=PATIENCE_S)
    assert enrolment.returncode == 0, said
    bluez.disconnect(which.address)


# --- a glucose measurement and its context -------------------------------------------------------------------------

# GLS 1.0.1: sequence number, base time, 5.0 mmol/L in mol/L; flag 0x10 says that a context follows.
METER = Device("C0:FF:EE:00:00:04", "Meter", "1808", "2a18",
               lambda number: f"16{number:02x}00ea070b1609000005d011")


def context(number):
    return f"02{number:02x}0002"  # the meal: after it


def test_a_context_is_joined_to_its_measurement(home):
    home.enrol(METER, "G-1")
    home.bluez.connect(METER.address)
    home.bluez.resolve(METER.address)
    home.bluez.value(METER.address, "2a18", METER.frame(7))
    home.bluez.value(METER.address, "2a34", context(7))
    record = home.wait_for_reading(METER.raw(7))
    assert record["raw_context"] == f"2a34:{context(7)}"
    assert (record["quality"], record["patient"]) == ("valid", PATIENT)
    assert [value["quantity"] for value in record["values"]] == ["glucose"]
    assert home.readings(f"2a34:{context(7)}") == []
    contract.Schemas().check("record", record, True)
    home.bluez.disconnect(METER.address)
    restart(home)
    assert home.wait_for_reading(METER.raw(7)) == record


def test_a_context_without_its_measurement_is_kept_by_itself(home):
    home.enrol(METER, "G-1")
    home.bluez.connect(METER.address)
    home.bluez.resolve(METER.address)
    home.bluez.value(METER.address, "2a18", METER.frame(7))
    assert "raw_context" not in home.wait_for_reading(METER.raw(7))  # it was waited for
    home.bluez.value(METER.address, "2a34", context(7))
    record = home.wait_for_reading(f"2a34:{context(7)}")
    assert (record["kind"], record["quality"], record["values"]) == ("stored", "invalid", [])
    assert record["reasons"] == ["context-without-measurement"]
    contract.Schemas().check("record", record, True)
    home.bluez.value(METER.address, "2a34", "02")
    assert home.wait_for_reading("2a34:02")["reasons"] == ["undecodable"]


# --- its clock ----------------------------------------------------------------------------------------------------


def current_time(moment):
    """CTS 1.1 §3.1: what its clock shows."""
    return struct.pack("<HBBBBBBBB", *moment.timetuple()[:6], moment.isoweekday(), 0, 0).hex()


def restart(home, between=None):
    home.gateway.terminate()
    assert home.gateway.wait(PATIENCE_S) == 0
    if between:
        between()
    home.start_gateway()
    home.wait_for_radio("ready")


def test_offset_and_drift_of_a_clock_are_kept(dated):
    home = dated
    timed = Device(CUFF.address, CUFF.name, "1810 1805", CUFF.uuid, CUFF.frame)

    def look(seconds):
        """It connects with its clock so far ahead."""
        before = device(home, "").get("clock_looked_at")
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        home.bluez.holds(CUFF.address, "2a2b", "hex", current_time(now))
        visit(home, CUFF)
        eventually(lambda: device(home, "").get("clock_looked_at") != before, "a look at its clock")
        home.bluez.disconnect(CUFF.address)

    home.enrol(timed)
    look(20)
    first = device(home, "")
    ident = first["device"]
    assert abs(first["clock_offset_s"] - 20) <= 2
    assert "clock_drift_ppm" not in first
    assert first["clock_looked_at"] > "2026"

    def two_days_pass():
        """As if the look had been two days ago."""
        path = home.directory / "state" / "ward.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            (kept,) = database.execute("SELECT value FROM setting WHERE key = ?", (f"device-{ident}",)).fetchone()
        earlier = re.sub(r"\d{13}", lambda number: str(int(number[0]) - 2 * 86400000), kept)
        assert "from " in kept and earlier != kept and "'" not in earlier
        subprocess.run([CHANGE_STORE, path, f"UPDATE setting SET value = '{earlier}' WHERE key = 'device-{ident}'"],
                       check=True)

    restart(home)
    assert device(home, ident)["clock_offset_s"] == first["clock_offset_s"]
    restart(home, two_days_pass)
    look(29)  # nine seconds more in two days
    drift = device(home, ident)["clock_drift_ppm"]
    assert 9_000_000_000 / 172_800_000 - 15 <= drift <= 9_000_000_000 / 172_800_000 + 15
    restart(home)
    assert device(home, ident)["clock_drift_ppm"] == drift
    assert "clock_drift_ppm" in home.ctl("devices", "show", ident).stdout


# --- its firmware --------------------------------------------------------------------------------------------------


def accept(home, line):
    (home.directory / "wardgate.conf.d").mkdir(exist_ok=True)
    (home.directory / "wardgate.conf.d" / "firmware.conf").write_text(f"[firmware]\n{line}\n")


def firmware_alarm(home):
    return [alarm for alarm in home.ask("alarms") if alarm["condition"] == "device-firmware"]


def come_with(home, revision):
    home.bluez.holds(CUFF.address, "2a26", "text", revision)
    visit(home, CUFF)
    eventually(lambda: device(home, "").get("firmware") == revision, lambda: f"{device(home, '')}")
    home.bluez.disconnect(CUFF.address)


def test_firmware_that_the_ward_does_not_accept_is_told(home):
    restart(home, lambda: accept(home, "blood-pressure-cuff = 1.02, 1.03"))
    home.enrol(CUFF, firmware="1.02")
    come_with(home, "1.02")
    assert firmware_alarm(home) == []
    come_with(home, "2.0")  # a phone has given it another one
    (alarm,) = eventually(lambda: firmware_alarm(home), "the condition device-firmware")
    found = device(home, "")
    assert alarm["priority"] == "medium"
    assert alarm["text"] == f"{found['device']}: its firmware is 2.0; accepted is 1.02, 1.03"
    assert (found["firmware"], found["firmware_accepted"]) == ("2.0", False)
    record = home.measure(CUFF, 2)
    assert (record["quality"], record["patient"]) == ("valid", PATIENT)  # marking is the ward's decision

    come_with(home, "2.1")  # another one, and no better
    eventually(lambda: [alarm for alarm in firmware_alarm(home) if "is 2.1;" in alarm["text"]], "told of 2.1")
    restart(home, lambda: accept(home, "blood-pressure-cuff = 2.1"))
    eventually(lambda: not [alarm for alarm in firmware_alarm(home) if alarm["state"] == "active"], "accepted now")
    assert device(home, "")["firmware_accepted"]
    restart(home, lambda: accept(home, "blood-pressure-cuff = 1.02"))
    eventually(lambda: [alarm for alarm in firmware_alarm(home) if alarm["state"] == "active"], "not accepted again")
    home.ctl("devices", "unbind", found["device"])
    eventually(lambda: not [alarm for alarm in firmware_alarm(home) if alarm["state"] == "active"], "unbound")


def test_firmware_is_held_against_the_enrolment(home):
    home.enrol(CUFF, firmware="1.0")
    assert device(home, "")["firmware"] == "1.0"
    assert "firmware_when_enrolled" not in device(home, "")
    come_with(home, "2.0")
    assert device(home, "")["firmware_accepted"]  # the ward names none: all are
    restart(home)
    found = device(home, "")
    assert (found["firmware"], found["firmware_when_enrolled"]) == ("2.0", "1.0")


@pytest.mark.parametrize(("line", "complaint"), [
    ("no-such-model = 1.0", "unknown key [firmware] no-such-model: there is no such model"),
    ("oximeter = 1.0,,2", "[firmware] oximeter = 1.0,,2: it is no list of revisions, separated by commas, of 1 to 64 characters"),
])
def test_what_is_wrong_with_the_list_is_said_with_its_place(home, line, complaint):
    accept(home, line)
    path = home.directory / "wardgate.conf.d" / "firmware.conf"
    done = subprocess.run([WARDGATED, "--config", home.directory / "wardgate.conf"], capture_output=True, text=True,
                          env=home.environment, timeout=PATIENCE_S, check=False)
    assert done.returncode != 0
    assert f"{path}:2: {complaint}" in done.stderr
    path.unlink()


# --- its battery, and whether it is worn ------------------------------------------------------------------------------


def test_a_low_battery_is_told_and_taken_back(home, ward):
    home.enrol(CUFF)
    home.bluez.connect(CUFF.address)
    home.bluez.resolve(CUFF.address)
    home.bluez.battery(CUFF.address, 55)
    eventually(lambda: device(home, "").get("battery") == 55, "the charge")
    home.bluez.battery(CUFF.address, 12)
    event = ward.told("battery-low", "raised")
    assert (event["priority"], event["patient"]) == ("low", PATIENT)
    ident = device(home, "")["device"]
    assert event["text"] == f"{ident}: its battery is low"
    assert ward.present("battery-low", True)["id"] == event["id"]
    home.bluez.battery(CUFF.address, 22)  # above the bound, and not by enough
    eventually(lambda: device(home, "")["battery"] == 22, "the charge")
    assert "battery-low" in home.conditions()
    home.bluez.battery(CUFF.address, 90)
    assert ward.told("battery-low", "cleared")["id"] == event["id"]
    ward.present("battery-low", False)


WORN = {
    "schema": "wardgate.care-plan/1", "id": "worn", "version": 2, "title": "A strap that is worn, for the tests",
    "source": {"example": True, "citation": "made for the tests"}, "review_by": "2030-12-31", "zone": "UTC",
    "rules": [{"id": "hr-high", "quantity": "heart_rate", "level": "red", "above": 200}],
}


def test_a_device_that_should_be_worn_and_is_silent_is_told_once(dated):
    home = dated
    now = datetime.datetime.now(datetime.timezone.utc)
    hours = [(now + datetime.timedelta(hours=hours)).strftime("%H:%M") for hours in (-2, 6)]
    plan = home.directory / "plan.json"
    plan.write_text(json.dumps({**WORN, "quantities": [
        {"quantity": "heart_rate", "mode": "stream", "expect_every_s": 60,
         "wear": {"from": hours[0], "until": hours[1], "silent_s": 60}}]}))
    ward = Ward(home.directory / "spool")
    home.ctl("plan", "apply", plan, "--patient", PATIENT)
    home.enrol(STRAP)  # it tells one value, and goes
    event = ward.told("device-silent", "raised")
    assert (event["priority"], event["quantity"]) == ("medium", "heart_rate")
    assert ward.present("device-silent", True)["id"] == event["id"]
    home.measure(STRAP, 5)
    assert ward.told("device-silent", "cleared")["id"] == event["id"]
    raised = [document["id"] for topic, document in ward.messages
              if topic == "alarms" and (document["condition"], document["event"]) == ("device-silent", "raised")]
    assert raised == [event["id"]]  # one fact, one condition
    ward.close()


# --- who it is -----------------------------------------------------------------------------------------------------


def shown_without_a_serial_number(home, which):
    """bluetoothd learns its services anew, and does not show the serial number at first."""
    home.bluez.vanish(which.address)
    home.bluez.omit(which.address, "2a25", "on")
    since = visit(home, which)
    home.bluez.value(which.address, which.uuid, which.frame(7))
    return since


def test_an_identity_that_is_shown_late_is_waited_for(home):
    enrol_open(home, CUFF, "S-1")
    since = shown_without_a_serial_number(home, CUFF)
    home.bluez.show(CUFF.address, "2a25")
    record = home.wait_for_reading(CUFF.raw(7))
    assert (record["security"], record["quality"], record["reasons"]) == ("open", "valid", [])
    assert not home.bluez.calls("Disconnect", since)


def test_an_identity_that_is_never_shown_is_no_other(home):
    enrol_open(home, CUFF, "S-1")
    since = shown_without_a_serial_number(home, CUFF)
    home.bluez.said("called Disconnect", since)  # in a while, to try again
    record = home.wait_for_reading(CUFF.raw(7))
    assert (record["quality"], record["reasons"]) == ("questionable", ["link-unproved"])
    assert not home.bluez.calls("WriteValue", since) and not home.bluez.calls("ReadValue", since)
    home.bluez.omit(CUFF.address, "2a25", "off")
    home.bluez.vanish(CUFF.address)
    visit(home, CUFF)
    home.bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(8))
    assert home.wait_for_reading(CUFF.raw(8))["quality"] == "valid"


# BLS 1.1.1 with a time stamp: a record that has a name.
STAMPED = "026e0047005000ea070b16090000"


def test_a_copy_does_not_make_the_true_record_a_duplicate(home):
    home.enrol(CUFF)
    home.bluez.connect(CUFF.address)
    home.bluez.value(CUFF.address, CUFF.uuid, STAMPED)  # somebody who copied a record and an address
    home.bluez.disconnect(CUFF.address)
    spoofed = home.wait_for_reading(f"2a35:{STAMPED}")
    assert (spoofed["quality"], spoofed["security"]) == ("questionable", "bonded-unproved")

    home.bluez.connect(CUFF.address)
    home.bluez.value(CUFF.address, CUFF.uuid, STAMPED)
    home.bluez.resolve(CUFF.address)
    true = eventually(lambda: [record for record in home.readings(f"2a35:{STAMPED}")
                               if record["security"] == "bonded"], "the true record")
    assert [record["quality"] for record in true] == ["valid"]
    home.bluez.value(CUFF.address, CUFF.uuid, STAMPED)  # again, and proved: that is a duplicate
    eventually(lambda: device(home, "")["duplicates"] == 1, lambda: f"a duplicate: {device(home, '')}")
    assert len(home.readings(f"2a35:{STAMPED}")) == 2
