# SPDX-License-Identifier: Apache-2.0
"""Joins the sensor's ledger, the gateway's database and the hub's table by id, and says what does not add up.

Each finding has the name of what was promised:

  lost      told-as-committed    what the gateway said it had committed is in its database
            heard-in-time        what the sensor sent to a gateway that lived on for long enough is in its database
            record-at-hub        every record of the database is at the hub
            alarm-at-hub         every alarm event of the database is at the hub, without a hole in n; and what was told of a
                                 patient by a gateway that lived on for long enough
            alarm-of-reading     every stored reading that went beyond its limit has raised
            alarm-in-time        an alarm is raised after its delay, whatever the wall clock does
            live-in-time         a reading of now does not wait for those that waited
            unconfirmed-told     a hub that confirms no alarm is told of within a minute
            started-in-time      a start does not take longer for what waits to be delivered
            clock-record         a clock that becomes known is told
  doubled   frame-once           no frame of the sensor is stored twice
  corrupt   database-whole       integrity_check, and seq without a hole
            database-kept        neither a kill, a full disk nor a power cut is a reason to begin a new one
            same-record          gateway and hub have the same chain under the same number, and what the hub has fits it
            same-event           the newest event of an occurrence is the same at gateway and hub
            as-measured          a record has the values of its frame, its device and its patient
            nothing-invented     what is stored was sent, and what the hub has is in the database
            nothing-refused      the hub refused no message
            forged-receipt       what is not the hub's word delivers nothing
            order-kept           seq is in the order in which a device told
            one-transaction      what was committed together is there together: records, alarm state, events, marks
            nothing-left-behind  of a patient who has left nothing is here
            dated-right          a time is what the clock showed, and there is none while nobody knows it
  neither   memory-steady        a daemon does not grow
            descriptors-constant nor does the number of its descriptors
"""

import bisect
import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter

import contract
from bluez_fixture import PATIENT
from sensor import HIGH, strap_frame, systolic_of, values_of

LOST = ("told-as-committed", "heard-in-time", "record-at-hub", "alarm-at-hub", "alarm-of-reading", "alarm-in-time",
        "live-in-time", "unconfirmed-told", "started-in-time", "clock-record")
DOUBLED = ("frame-once",)
CORRUPT = ("database-whole", "database-kept", "same-record", "same-event", "as-measured", "nothing-invented",
           "nothing-refused", "forged-receipt", "order-kept", "one-transaction", "nothing-left-behind", "dated-right")
SAME = ("event", "patient", "condition", "priority")  # of one event, told before a crash and again after it


@contextlib.contextmanager
def copy_of(path):
    """A copy of a gateway's database, open: the original is touched by nobody but the gateway."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as directory:
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(f"{path}{suffix}", f"{directory}/copy{suffix}")
        with contextlib.closing(sqlite3.connect(f"{directory}/copy")) as database:
            yield database


def gateway_state(path, after=0):
    """What a database has. after: of the records only those with a higher number. Of one without tables: nothing, and
    no epoch."""
    with copy_of(path) as database:
        if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
            return {"epoch": None, "records": {}, "events": {}, "through": 0, "integrity": "ok"}
        (epoch,) = database.execute("SELECT epoch FROM meta").fetchone()
        return {
            "epoch": epoch,
            "records": {seq: bytes(chain).hex() for seq, chain in database.execute(
                "SELECT seq, chain FROM record WHERE seq > ?", (after,))},
            "events": {(bytes(identity).hex(), n): json.loads(payload) for identity, n, payload in database.execute(
                "SELECT id, n, payload FROM alarm_event WHERE n > 0 ORDER BY position")},
            "through": database.execute("SELECT through FROM mark").fetchone()[0],
            "integrity": database.execute("PRAGMA integrity_check").fetchone()[0],
        }


def open_hub(path):
    return contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))


def hub_has(path, epoch, seq):
    with open_hub(path) as database:
        return database.execute("SELECT 1 FROM record WHERE epoch = ? AND seq = ?", (epoch, seq)).fetchone()


def hub_state(path, after=0):
    with open_hub(path) as database:
        return {
            "records": {(epoch, seq): json.loads(body) for epoch, seq, body in database.execute(
                "SELECT epoch, seq, body FROM record WHERE seq > ?", (after,))},
            "events": {(identity, n): json.loads(body) for identity, n, body in database.execute(
                "SELECT id, n, body FROM alarm")},
            "refused": [f"{topic}: {why}" for topic, why in database.execute("SELECT topic, why FROM refused")],
        }


class Findings:
    def __init__(self):
        self.all = []

    def add(self, name, what):
        self.all.append((name, what))

    def count(self, names):
        return sum(name in names for name, _ in self.all)

    def counts(self):
        return self.count(LOST), self.count(DOUBLED), self.count(CORRUPT)

    def by_name(self):
        """name -> what, in the order in which they were found."""
        names = {}
        for name, what in self.all:
            names.setdefault(name, []).append(what)
        return names


def check_told(findings, gateway, told):
    """What the gateway told of is in its database, as far as that has the same epoch. told: (epoch, seq, chain) -> record."""
    epoch, records = gateway["epoch"], gateway["records"]
    for (of, seq, chain), record in told.items():
        if epoch in (of, None) and records.get(seq) != chain:
            findings.add("told-as-committed", f"seq {seq}: {record.get('raw')}")


def check_database(findings, gateway, told, after=0):
    """What the gateway promised of its own database. told: as above."""
    records = gateway["records"]
    if gateway["integrity"] != "ok":
        findings.add("database-whole", gateway["integrity"])
    if sorted(records) != list(range(after + 1, after + len(records) + 1)):
        findings.add("database-whole", "seq has a hole")
    check_told(findings, gateway, told)


def check_epoch(findings, gateway, hub, told):
    """There was one database from the first record to the last."""
    others = ({of for of, _, _ in told} | {of for of, _ in hub["records"]}) - {gateway["epoch"]}
    if others:
        findings.add("database-kept", f"{gateway['epoch']} has come after {', '.join(sorted(others))}")


def check_chain(findings, hub):
    """What stands at the hub is what the gateway chained."""
    for (of, seq), record in hub["records"].items():
        before = contract.chain_start(of) if seq == 1 else hub["records"].get((of, seq - 1), {}).get("chain")
        if before and contract.chain_next(before, record) != record["chain"]:
            findings.add("same-record", f"seq {seq} at the hub is another record than the gateway chained")


def check_records(findings, gateway, hub, allowed_refusals):
    epoch, records = gateway["epoch"], gateway["records"]
    for seq, chain in records.items():
        at_hub = hub["records"].get((epoch, seq))
        if at_hub is None:
            findings.add("record-at-hub", f"seq {seq}")
        elif at_hub["chain"] != chain:
            findings.add("same-record", f"seq {seq}")
    for of, seq in hub["records"]:
        if of == epoch and seq not in records:
            findings.add("nothing-invented", f"the hub has seq {seq}, the gateway has not")
    for refusal in hub["refused"]:
        if not any(allowed in refusal for allowed in allowed_refusals):
            findings.add("nothing-refused", refusal)


def check_frames(findings, gateway, hub, sent, is_required):
    stored = Counter(record["raw"] for record in hub["records"].values() if record.get("raw"))
    known = {entry["raw"] for entry in sent}
    for raw, times in stored.items():
        if times > 1:
            findings.add("frame-once", f"{raw} {times} times")
        if raw not in known:
            findings.add("nothing-invented", f"{raw} was never sent")
    for entry in sent:
        if entry["raw"] not in stored and is_required(entry):
            findings.add("heard-in-time", f"{entry['raw']}, sent at {entry['at']:.3f}")


def check_numbers(findings, hub):
    for identity, n in hub["events"]:
        if n > 1 and (identity, n - 1) not in hub["events"]:
            findings.add("alarm-at-hub", f"{identity} has {n} and not {n - 1}")


def check_left(findings, path, patient, episode):
    """Nobody but this patient, with this episode, has anything here. Of a record a number and its chain are left."""
    names = "name JOIN record ON name.ref IN (record.patient, record.episode)"
    with copy_of(path) as database:
        for table, column in (("alarm_event", "patient"), ("alarm_state", "patient"), ("plan", "patient"),
                              ("binding", "patient"), ("patient", "id"), (names, "text")):
            for (of,) in database.execute(f"SELECT DISTINCT {column} FROM {table}"):
                if of not in (patient, episode):
                    findings.add("nothing-left-behind", f"{of} in {table}")


def check_measured(findings, hub):
    devices = {}  # what notifies -> its id
    for (_, seq), record in hub["records"].items():
        raw = record.get("raw")
        if raw is None:
            if record.get("values"):
                findings.add("nothing-invented", f"seq {seq} is a reading of no frame")
            continue
        values = {value["quantity"]: value["value"] for value in record["values"]}
        device = devices.setdefault(raw.split(":")[0], record["device"])
        if (values, record["device"], record["patient"]) != (values_of(raw), device, PATIENT):
            findings.add("as-measured", f"seq {seq}: {raw} as {values} of {record['device']} for {record['patient']}")
    if len(set(devices.values())) != len(devices):
        findings.add("as-measured", f"two devices are one: {devices}")


def check_told_alarms(findings, hub, alarms, sent, is_required):
    """alarms: of (when, event). A gateway's life is that of the frame that it heard last."""
    moments = [entry["at"] for entry in sent]
    for at, event in alarms:
        heard = sent[bisect.bisect_right(moments, at) - 1]
        if event["kind"] == "physiological" and (event["id"], event["n"]) not in hub["events"] and \
                is_required({**heard, "at": at}):
            findings.add("alarm-at-hub", f"{event['id']} {event['n']}, {event['condition']}, was told at {at:.3f}")


def check_alarms(findings, gateway, hub):
    for identity, n in gateway["events"]:
        if (identity, n) not in hub["events"]:
            findings.add("alarm-at-hub", f"{identity} {n}")
    newest = {identity: n for identity, n in sorted(gateway["events"])}
    for identity, n in newest.items():
        ours, theirs = ([event.get(name) for name in SAME] if event else None
                        for event in (gateway["events"][identity, n], hub["events"].get((identity, n))))
        if theirs not in (None, ours):
            findings.add("same-event", f"{identity} {n}: {ours}, and at the hub {theirs}")
    check_numbers(findings, hub)
    raised = Counter(event["value"] for event in hub["events"].values()
                     if event["event"] == "raised" and event["condition"] == "bp-systolic-high")
    before = None
    for _, record in sorted(hub["records"].items(), key=lambda item: item[0][1]):
        pressure = systolic_of(record["raw"]) if record.get("raw") and record["quality"] == "valid" else None
        if pressure is None or record["late"]:
            continue
        if pressure >= HIGH and (before is None or before < HIGH):
            raised[pressure] -= 1
            if raised[pressure] < 0:
                findings.add("alarm-of-reading", f"seq {record['seq']}: {pressure} mmHg")
        before = pressure


def check_days(findings, system, devices, count):
    """Records 1 to count are what days_away.c has left, and the hub has each of them, once, as the gateway has it."""
    with copy_of(system.database) as gateway, open_hub(system.hub_database) as hub:
        ours = gateway.execute("SELECT seq, chain FROM record WHERE seq <= ? ORDER BY seq", (count,))
        theirs = iter(hub.execute("SELECT seq, chain, json_extract(body, '$.device'), json_extract(body, '$.raw')"
                                  " FROM record WHERE seq <= ? ORDER BY seq", (count,)))
        at_hub = next(theirs, None)
        for number in range(1, count + 1):
            seq, chain = next(ours, (None, None))
            if seq != number:
                findings.add("database-whole", f"seq {number} is not there")
                break
            if at_hub is None or at_hub[0] != seq:
                findings.add("record-at-hub", f"seq {seq}")
                continue
            _, hub_chain, device, raw = at_hub
            at_hub = next(theirs, None)
            if hub_chain != bytes(chain).hex():
                findings.add("same-record", f"seq {seq}")
            second, strap = divmod(number - 1, devices)
            if device != f"d-{strap + 1}" or raw != f"2a37:{strap_frame(second)}":
                findings.add("nothing-invented", f"seq {seq}: {raw} of {device}")
        if at_hub is not None:
            findings.add("nothing-invented", f"the hub has seq {at_hub[0]} twice")


def check(system, sensor, is_required, allowed_refusals=(), after=0):
    """Everything is at rest. is_required(entry): whether the gateway had to store what the sensor sent. after: the
    records up to this number came another way."""
    findings = Findings()
    gateway, hub = gateway_state(system.database, after), hub_state(system.hub_database, after)
    told = dict(system.told.records)
    check_database(findings, gateway, told, after)
    check_epoch(findings, gateway, hub, told)
    check_records(findings, gateway, hub, allowed_refusals)
    check_chain(findings, hub)
    check_frames(findings, gateway, hub, sensor.sent, is_required)
    check_measured(findings, hub)
    check_alarms(findings, gateway, hub)
    check_told_alarms(findings, hub, list(system.told.alarms), sensor.sent, is_required)
    return findings
