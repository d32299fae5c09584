# SPDX-License-Identifier: Apache-2.0
"""What a ward sees: is this patient being watched, and if not, why.

The rules are the contract's: not monitored when up/state says offline or stopped, when the heartbeat is older than
90 s, or when up/active is absent or expired. Times are the hub's own monotonic clock, given by the caller.
"""
import datetime

import contract

HEARTBEAT_S = 90
ACTIVE_S = 180


class Watch:
    def __init__(self, now):
        self._started = now
        self._gateways = {}
        self._told = {}

    def _gateway(self, gateway):
        return self._gateways.setdefault(gateway, {"state": None, "beat": None, "mark": None, "patients": {}})

    def known(self, gateway, patient):
        """One of whom was heard before the hub was started: he does not drop out of sight when nothing is heard now."""
        self._gateway(gateway)["patients"].setdefault(patient, None)

    def forget(self):
        """The broker may have lost all that it kept for us: what was heard before does not count."""
        for entry in self._gateways.values():
            entry["state"] = None
            entry["patients"] = dict.fromkeys(entry["patients"])

    def state(self, gateway, document):
        """Remembers an up/state."""
        entry = self._gateway(gateway)
        entry["state"] = document
        for device in document.get("devices", []):
            if "patient" in device:
                entry["patients"].setdefault(device["patient"], None)

    def heartbeat(self, gateway, document, now):
        """Remembers a heartbeat. "new"; "again": the last one, brought twice, which says nothing of now; or "old"."""
        entry = self._gateway(gateway)
        last = entry["mark"]
        if last == document:
            return "again"
        if last and last["boot"] == document["boot"] and \
                (last["mono_us"], last["n"]) >= (document["mono_us"], document["n"]):
            return "old"
        entry["mark"] = document
        entry["beat"] = now
        return "new"

    def active(self, gateway, patient, document, until):
        """Remembers an up/active and how long it holds; None for document: the topic was emptied."""
        patients = self._gateway(gateway)["patients"]
        if document is None:
            patients.pop(patient, None)
            self._told.pop(f"{gateway} {patient}", None)
        else:
            patients[patient] = (document, until)

    def changes(self, now):
        """Lines for the ward, each said once until it changes."""
        for gateway, entry in self._gateways.items():
            gone = self._gateway_fault(entry, now)
            yield from self._tell(gateway, f"NOT MONITORED {gateway}: {gone}" if gone else f"online {gateway}")
            for patient, active in entry["patients"].items():
                where = f"{patient} at {gateway}"
                line = f"NOT MONITORED {where}: {gone}" if gone else self._patient(where, active, now)
                yield from self._tell(f"{gateway} {patient}", line)

    def _tell(self, subject, line):
        if self._told.get(subject) != line:
            self._told[subject] = line
            yield line

    def _gateway_fault(self, entry, now):
        state = entry["state"]
        if state is None:
            return "no state was heard"
        if state["state"] != "online":
            return "the gateway is offline"
        if state.get("monitoring") == "stopped":
            return "the gateway's core has stopped"
        if now - (entry["beat"] if entry["beat"] is not None else self._started) > HEARTBEAT_S:
            return f"no heartbeat for {HEARTBEAT_S} s"
        return None

    @staticmethod
    def _patient(where, active, now):
        if active is None:
            return f"NOT MONITORED {where}: no list of active conditions was heard"
        document, until = active
        if now > until:
            return f"NOT MONITORED {where}: its list of active conditions has expired"
        monitoring, reasons = document["monitoring"], ", ".join(document["reasons"])
        present = ", ".join(f"{c['condition']} {c['priority']} {c['state']}" for c in document["conditions"])
        if monitoring == "full":
            return f"monitored {where}: {present or 'nothing found'}"
        word = "NOT FULLY MONITORED" if monitoring == "degraded" else "NOT MONITORED"
        why = f"{monitoring} ({reasons})" if reasons else monitoring
        return f"{word} {where}: {why}; {present}" if present else f"{word} {where}: {why}"


def moment_of(record, clock):
    """When it was; by the clock record of its boot, (offset_ms, uncertainty_ms), where it came without a time."""
    at = record.get("measured_at") or record["received_at"]
    if at or clock is None:
        return at or "at an unknown time"
    moment = datetime.datetime.fromtimestamp((record["mono_us"] // 1000 + clock[0]) / 1000, datetime.timezone.utc)
    return f"{contract.utc(moment)} (by a clock that was known later, to {clock[1]} ms)"


def describe_record(record, clock=None):
    """One line for the ward."""
    at = moment_of(record, clock)
    if record["kind"] in ("unmonitored", "gap"):
        what = "NOBODY WAS MONITORED" if record["kind"] == "unmonitored" else f"LOST {record['count']} RECORDS"
        span = f"from {record['from'] or 'an unknown time'} to {record['to'] or 'an unknown time'}"
        return f"{what} {span} ({record['reason']})"
    if record["kind"] == "void":
        return f"{at} {record.get('patient', 'no patient')} TAKEN BACK record {record['voids']} ({record['reason']}) by {record['by']}"
    if "values" not in record:
        return f"{at} {record['kind']} record {record['seq']}"
    values = ", ".join(
        f"{value['quantity']} {value.get('special', value['value'])} {value['unit']}".rstrip() for value in record["values"]
    )
    marks = [record["kind"], record["quality"], *record["reasons"], *(["late"] if record["late"] else [])]
    if "assigned_from" in record:
        marks.append("assigned from record {assigned_from} by {by}".format(**record))
    if "derived_from" in record:
        marks.append("derived from records {} to {}".format(*record["derived_from"]))
    return f"{at} {record['patient'] or 'no patient'} {values or 'no values'} ({', '.join(marks)})"


def describe_alarm(event):
    """One line for the ward. A priority that nobody knows is high."""
    priority = event["priority"] if event["priority"] in ("low", "medium") else "high"
    value = f" {event['value']} {event.get('unit', '')}".rstrip() if event.get("value") is not None else ""
    marks = [mark for mark in ("again", "late", "confirm", "suspended") if event.get(mark)]
    subject = event.get("patient", event["gateway"])
    line = f"{priority.upper()} ALARM {event['event']} {subject} {event['condition']}{value}"
    line += f" by {event['by']}" if "by" in event else ""
    line += f" ({', '.join(marks)})" if marks else ""
    return f"{line}: {event['text']}" if event.get("text") else line
