# SPDX-License-Identifier: Apache-2.0
"""What the checker of the campaigns says when a reading or an alarm is missing, doubled or another one, in books made by
hand: of a strap and a cuff that told two frames each."""

import datetime
import json
import pathlib
import sqlite3
import sys
import time
from contextlib import closing
from types import SimpleNamespace

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("campaigns", "hub")]
import contract  # noqa: E402
import ledger  # noqa: E402
from bluez_fixture import PATIENT  # noqa: E402
from checker import Findings, check  # noqa: E402
from clocks import check_times  # noqa: E402
from sensor import cuff_frame, strap_frame, values_of  # noqa: E402

EPOCH, NEXT_EPOCH = "e-" + "0" * 32, "e-" + "1" * 32
FRAMES = [f"2a37:{strap_frame(1)}", f"2a35:{cuff_frame(1, False)}", f"2a35:{cuff_frame(2, True)}", f"2a37:{strap_frame(2)}"]
GATEWAY = """CREATE TABLE meta(epoch); CREATE TABLE record(seq, chain); CREATE TABLE mark(through); INSERT INTO mark VALUES(0);
             CREATE TABLE alarm_event(position INTEGER PRIMARY KEY, id, n, payload);"""


def record(seq, raw, epoch=EPOCH):
    return {"epoch": epoch, "seq": seq, "kind": "spot", "raw": raw, "quality": "valid", "late": False, "patient": PATIENT,
            "device": "d-strap" if raw.startswith("2a37") else "d-cuff",
            "values": [{"quantity": name, "value": value} for name, value in values_of(raw).items()]}


def event(number, condition, value):
    return {"id": f"{number:032x}", "n": 1, "event": "raised", "condition": condition, "value": value, "patient": PATIENT,
            "kind": "physiological", "priority": "high"}


def chained(records):
    chain = contract.chain_start(records[0]["epoch"])
    for each in records:
        chain = each["chain"] = contract.chain_next(chain, each)
    return records


class Books:
    """Nothing is amiss in them, until somebody writes into them."""

    def __init__(self, path):
        self.path = path
        self.sent = [{"raw": raw, "at": float(number), "life": 1} for number, raw in enumerate(FRAMES, 1)]
        self.records = chained([record(number, raw) for number, raw in enumerate(FRAMES, 1)])
        self.told = [dict(each) for each in self.records]
        self.at_hub = json.loads(json.dumps(self.records))
        self.alarms = [(3.1, event(1, "bp-systolic-high", 192)), (4.1, event(2, "heart-rate-high", 62))]
        self.events = [each for _, each in self.alarms]
        self.events_at_hub = json.loads(json.dumps(self.events))

    def stored(self, records):
        """So did the gateway store them, and so the hub has them."""
        self.records = chained(records)
        self.told, self.at_hub = list(records), json.loads(json.dumps(records))

    def names(self):
        self._write_gateway()
        self._write_hub()
        told = SimpleNamespace(records={(each["epoch"], each["seq"], each["chain"]): each for each in self.told},
                               alarms=self.alarms)
        system = SimpleNamespace(database=self.path / "ward.db", hub_database=self.path / "hub.db", told=told)
        return set(check(system, SimpleNamespace(sent=self.sent), lambda entry: entry["life"] == 1).by_name())

    def _write_gateway(self):
        with closing(sqlite3.connect(self.path / "ward.db")) as database:
            database.executescript(GATEWAY)
            database.execute("INSERT INTO meta VALUES (?)", (self.records[-1]["epoch"],))
            database.executemany("INSERT INTO record VALUES (?, ?)",
                                 [(each["seq"], bytes.fromhex(each["chain"])) for each in self.records])
            database.executemany("INSERT INTO alarm_event(id, n, payload) VALUES (?, ?, ?)",
                                 [(bytes.fromhex(each["id"]), each["n"], json.dumps(each)) for each in self.events])
            database.commit()

    def _write_hub(self):
        with closing(sqlite3.connect(self.path / "hub.db")) as database:
            database.executescript(ledger.SCHEMA)
            database.executemany("INSERT INTO record VALUES ('g-1', ?, ?, ?, ?, '')", [
                (each["epoch"], each["seq"], each["chain"], json.dumps(each)) for each in self.at_hub])
            database.executemany("INSERT INTO alarm VALUES ('g-1', ?, ?, ?, '', 1)", [
                (each["id"], each["n"], json.dumps(each)) for each in self.events_at_hub])
            database.commit()


@pytest.fixture
def books(tmp_path):
    return Books(tmp_path)


def test_where_nothing_is_amiss_nothing_is_said(books):
    assert books.names() == set()


@pytest.mark.parametrize("which", range(4))
def test_a_reading_that_the_hub_lacks(books, which):
    del books.at_hub[which]
    assert "record-at-hub" in books.names()


@pytest.mark.parametrize("which", range(4))
def test_a_reading_that_the_database_lacks(books, which):
    del books.records[which]
    assert "told-as-committed" in books.names()


def test_a_reading_that_nobody_has_any_more(books):
    del books.records[3], books.at_hub[3]
    assert "told-as-committed" in books.names()


def test_a_value_that_is_another_one_at_the_hub(books):
    books.at_hub[1]["values"][0]["value"] += 10
    assert books.names() == {"same-record", "as-measured"}


def test_a_value_that_was_stored_as_another_one(books):
    books.records[1]["values"][0]["value"] += 10
    books.stored(books.records)
    assert books.names() == {"as-measured"}


@pytest.mark.parametrize("member, value", (("patient", "p-other"), ("patient", None), ("device", "d-other"), ("device", "d-cuff")))
def test_a_reading_of_somebody_or_something_else(books, member, value):
    books.records[3][member] = value
    books.stored(books.records)
    assert books.names() == {"as-measured"}


def test_one_device_for_another(books):
    books.stored([{**each, "device": "d-strap"} for each in books.records])
    assert books.names() == {"as-measured"}


def test_a_frame_that_is_stored_twice(books):
    books.stored([*books.records, record(5, FRAMES[0])])
    assert books.names() == {"frame-once"}


def test_a_reading_that_is_there_once_more_without_its_frame(books):
    books.stored([*books.records, {**record(5, FRAMES[0]), "raw": None}])
    assert books.names() == {"nothing-invented"}


def test_a_new_database_in_which_what_was_told_is_not(books):
    """Told by a gateway that was killed too soon after to have to store it."""
    books.sent[2]["life"] = 0
    books.records = chained([record(1, FRAMES[3], NEXT_EPOCH)])
    books.at_hub[2:] = books.records
    books.events, books.events_at_hub, books.alarms = [], [], []
    assert books.names() == {"database-kept"}


def test_an_alarm_that_the_ward_was_never_told(books):
    del books.events_at_hub[1]
    assert books.names() == {"alarm-at-hub"}


@pytest.mark.parametrize("which, names", ((0, {"alarm-at-hub", "alarm-of-reading"}), (1, {"alarm-at-hub"})))
def test_an_alarm_that_was_told_in_the_room_alone(books, which, names):
    del books.events[which], books.events_at_hub[which]
    assert books.names() == names


def test_an_alarm_that_was_told_as_the_gateway_died(books):
    books.sent[3]["life"] = 0
    del books.events[1], books.events_at_hub[1]
    assert books.names() == set()


@pytest.mark.parametrize("member, value", (("event", "cleared"), ("priority", "low"), ("patient", "p-other"), ("condition", "spo2-low")))
def test_an_alarm_that_is_another_one_at_the_hub(books, member, value):
    books.events_at_hub[1][member] = value
    assert books.names() == {"same-event"}


# Seconds from what the clock showed; None: there is no time.
@pytest.mark.parametrize("received, measured, clock, right", (
    (0, 0, "synced", True), (None, None, "unsynced", True), (3600, 0, "synced", False), (0, -3600, "synced", False),
    (0, None, "unsynced", False), (None, 0, "unsynced", False)))
def test_a_time_that_no_clock_showed(received, measured, clock, right):
    def moment(seconds):
        now = datetime.datetime.now(datetime.timezone.utc)
        return None if seconds is None else contract.utc(now + datetime.timedelta(seconds=seconds))

    told = {**record(1, FRAMES[0]), "clock": clock, "received_at": moment(received), "measured_at": moment(measured),
            "mono_us": time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000}
    findings = Findings()
    check_times(findings, {(EPOCH, 1): told}, SimpleNamespace(offsets_s=[0.0]), False, False)
    assert set(findings.by_name()) == (set() if right else {"dated-right"})
