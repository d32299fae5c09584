# SPDX-License-Identifier: Apache-2.0
"""wardctl visit report, selftest and status: what is said to somebody who is about to leave a patient."""

import copy
import datetime
import json
import os
import re
import shutil
import threading
import time

import pytest

from test_wardctl import DONE, ERROR_NOT_ALLOWED, FAILED, NOBODY, ROOT, UNREACHABLE, USAGE, WARDCTL, Gateway, needs_root, run

NOW = datetime.datetime.now(datetime.timezone.utc)


def ago(seconds):
    return f"{NOW - datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.000Z"


VERSION = run("--version").stdout.split()[1]
GOOD = {"schema": "wardgate.status/1", "gateway": "g-1", "site": "home", "version": VERSION, "at": ago(1), "monitoring": "full", "reasons": [],
        "patients": [{"patient": "p-1", "episode": "s-1", "monitoring": "full", "reasons": [], "conditions": [], "last_valid": [],
                      "plan": {"id": "oximetry", "version": 3, "signed": True}}],
        "devices": [{"device": "d-1", "model": "oximeter", "patient": "p-1", "connected": True, "needs_pairing": False, "battery": 80,
                     "firmware": "1.0", "firmware_accepted": True, "last_heard_age_s": 3, "enrolled_at": ago(600)}],
        "queue": {"undelivered_readings": 0, "undelivered_alarms": 0, "used_octets": 100, "quota_octets": 1000, "failed_commits": 0},
        "link": {"up": True, "reason": ""}, "radio": "ready", "recovery": {"rung": "none", "power": 0, "restart": 0, "reset": 0},
        "clock": "synced", "storage": "ok", "annunciator": {"light": True, "sound": True, "text": True}}
STEPS = [{"step": "DNS", "ok": True, "ms": 1.5, "text": "one address"}, {"step": "receipt", "ok": True, "ms": 40, "text": "signed"}]
RAISED = {"schema": "wardgate.alarm/1", "condition": "concern", "kind": "physiological", "event": "raised", "patient": "p-1", "at": ago(100),
          "shown": {"light": True, "sound": True, "text": ""}}
READING = {"epoch": "e-1", "seq": 7, "patient": "p-1", "device": "d-1", "quality": "valid", "received_at": ago(200),
           "values": [{"quantity": "spo2", "value": 97, "unit": "%"}]}
VOID = {"epoch": "e-1", "seq": 9, "kind": "void", "voids": 7, "patient": "p-1", "reason": "wrong-patient", "received_at": ago(150)}
HUB = {"ward_keys": 3, "key": {"kty": "OKP"}}
CHAIN = {"epoch": "e-1", "first": 1, "last": 7, "head": 7, "damaged": False}


def changed(path, value, document=None):
    document = copy.deepcopy(GOOD if document is None else document)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = document
    for part in parents:
        place = place[part]
    place[last] = value
    return document


@pytest.fixture(scope="module")
def running():
    instance = Gateway()
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.fixture
def gateway(running):
    """All is well."""
    (running.directory / "TestHub.error").unlink(missing_ok=True)
    (running.directory / "calls").write_text("")
    running.answers("Status", GOOD)
    running.answers("TestHub", *STEPS)
    running.answers("Alarms", RAISED)
    running.answers("Readings", READING)
    running.answers("Hub", HUB)
    running.answers("Verify", CHAIN)
    return running


def report(gateway, *words):
    result = gateway.run("visit", "report", *words, "--json")
    document = json.loads(result.stdout)
    assert document["complete"] is (result.returncode == DONE)
    assert [check["number"] for check in document["checks"]] == list(range(1, len(document["checks"]) + 1))
    return document


def bad(document):
    return [check for check in document["checks"] if check["state"] != "ok"]


def test_a_visit_is_complete_when_all_was_proved(gateway):
    document = report(gateway)
    assert document["complete"] and not bad(document)
    assert {check["check"] for check in document["checks"]} == {"clock", "hub", "plan", "device", "alarm", "signaller", "monitoring"}
    assert document["patients"] == [{"patient": "p-1", "monitoring": "full", "reasons": []}]
    assert document["hub_steps"] == STEPS
    people = gateway.run("visit", "report")
    assert people.returncode == DONE and "The visit is complete" in people.stdout
    for words in ("The whole way to the ward was tried just now, and no step failed; ", "oximetry, version 3, is in force and signed", "SpO2 97 % of p-1 was read",
                  "concern was raised", "It sounded for concern", "monitored in full"):
        assert words in people.stdout, words
    assert "\x1b" not in people.stdout


def test_what_is_asked_goes_back_to_the_beginning_of_the_visit(gateway):
    report(gateway, "--since", "2026-11-22T09:00:00Z")
    calls = {call[0]: call for call in gateway.calls()}
    assert "since=1795338000000" in calls["Alarms"] and "history=1" in calls["Alarms"]
    asked = next(call for call in gateway.calls() if "device=d-1" in call)
    since = int(re.search(r"since=(\d+)", "\t".join(asked))[1])
    enrolled = datetime.datetime.fromisoformat(GOOD["devices"][0]["enrolled_at"].replace("Z", "+00:00"))
    assert since == int(enrolled.timestamp() * 1000) and asked[0] == "Readings"


@pytest.mark.parametrize(("path", "value", "check", "words"), [
    ("patients.0.monitoring", "none", "monitoring", "Monitoring is none"),
    ("patients.0.plan.signed", False, "plan", "not signed"),
    ("patients.0.plan", None, "plan", "No care plan"),
    ("patients", [], "patient", "Nobody is admitted"),
    ("devices", [], "device", "No device is read for this patient"),
    ("devices.0.needs_pairing", True, "device", "does not prove"),
    ("devices.0.patient", "", "device", "belongs to nobody"),
    ("clock", "unsynced", "clock", "not known"),
    ("queue.undelivered_alarms", 2, "alarm", "has not confirmed 2"),
    ("queue", {}, "alarm", "has not confirmed"),
    ("patients.0.conditions", [{"condition": "delivery-unproven"}], "alarm", "not proved"),
    ("annunciator.sound", False, "signaller", "makes no sound"),
])
def test_a_visit_is_not_complete_while_something_is_missing(gateway, path, value, check, words):
    gateway.answers("Status", changed(path, value))
    document = report(gateway)
    found = [finding for finding in bad(document) if finding["check"] == check]
    said = [finding["next"] for finding in found if words in finding["text"]]
    assert said, document
    people = gateway.run("visit", "report")
    assert people.returncode == FAILED and "THE VISIT IS NOT COMPLETE" in people.stdout and said[0] in people.stdout


@pytest.mark.parametrize(("method", "documents", "check", "words"), [
    ("TestHub", [STEPS[0], {"step": "TCP", "ok": False, "ms": 3, "text": "connection refused"}], "hub", "TCP: connection refused"),
    ("Alarms", [], "alarm", "No patient's alarm was raised"),
    ("Alarms", [{**RAISED, "event": "cleared"}], "alarm", "No patient's alarm was raised"),
    ("Alarms", [{**RAISED, "condition": "reading-without-patient", "patient": ""}], "alarm", "No patient's alarm was raised"),
    ("Alarms", [{**RAISED, "condition": "reading-without-patient", "patient": ""}], "signaller", "has not sounded"),
    ("Alarms", [{**RAISED, "condition": "rule-without-source", "kind": "technical"}], "alarm", "No patient's alarm was raised"),
    ("Alarms", [{**RAISED, "condition": "rule-without-source", "kind": "technical"}], "signaller", "has not sounded"),
    ("Alarms", [{**RAISED, "condition": "reading-without-patient", "kind": "advisory"}], "alarm", "No patient's alarm was raised"),
    ("Alarms", [{**RAISED, "shown": {"light": True, "sound": False}}], "signaller", "has not sounded"),
    ("Readings", [], "device", "No good reading"),
    ("Readings", [{**READING, "quality": "invalid"}], "device", "No good reading"),
    ("Readings", [{**READING, "patient": None, "unassigned": True}], "device", "No good reading"),
    ("Readings", [VOID, READING], "device", "No good reading"),
])
def test_what_the_daemon_has_no_proof_of_is_missing(gateway, method, documents, check, words):
    gateway.answers(method, *documents)
    document = report(gateway)
    assert [words for finding in bad(document) if finding["check"] == check and words in finding["text"]], document


def test_a_reading_that_was_taken_back_makes_room_for_the_one_before(gateway):
    earlier = {**READING, "seq": 6, "values": [{"quantity": "spo2", "value": 95, "unit": "%"}]}
    gateway.answers("Readings", VOID, READING, earlier)
    assert [check["text"] for check in report(gateway)["checks"] if check["check"] == "device"][0].startswith("SpO2 95 % of p-1 was read")
    gateway.answers("Readings", {**VOID, "epoch": "e-2"}, READING, earlier)  # of another database, in which 7 is another
    assert [check["text"] for check in report(gateway)["checks"] if check["check"] == "device"][0].startswith("SpO2 97 % of p-1 was read")


def test_a_reading_is_taken_back_however_much_was_measured_since(gateway):
    later = [{**READING, "seq": seq, "device": "d-2"} for seq in range(1010, 10, -1)]
    gateway.answers("Readings", READING)
    gateway.answers("Readings.then", *later[:1000])
    gateway.answers("Readings.then.then", {**VOID, "received_at": ago(900)})  # the clock was set back meanwhile
    assert [finding for finding in bad(report(gateway)) if "No good reading" in finding["text"]]
    asked = [call for call in gateway.calls() if call[0] == "Readings"]
    assert len(asked) == 3 and all("patient=p-1" in call and "since=0" in call for call in asked[1:])


def test_a_device_that_two_share_is_proved_for_each_of_them(gateway):
    gateway.answers("Status", changed("devices.0.bindings", [{"patient": "p-1", "slot": 1}, {"patient": "p-2", "slot": 2}]))
    gateway.answers("Readings", {**READING, "patient": "p-2", "values": [{"quantity": "spo2", "value": 91, "unit": "%"}]})
    said = [(check["state"], check["text"]) for check in report(gateway)["checks"] if check["check"] == "device"]
    assert [state for state, _ in said] == ["fail", "ok"] and "come for p-1 since" in said[0][1] and "SpO2 91 % of p-2 was read" in said[1][1]
    gateway.answers("Readings", {**READING, "patient": "p-2"}, READING)
    assert not bad(report(gateway))
    assert "p-1 (1), p-2 (2)" in gateway.run("status").stdout


def test_what_is_to_be_typed_next_has_the_ids_in_it(gateway):
    gateway.answers("Status", changed("patients.0.reasons", ["rule-without-source"], changed("patients.0.monitoring", "degraded")))
    gateway.answers("Alarms")
    gateway.answers("Readings")
    said = " ".join(check["next"] for check in bad(report(gateway)))
    for command in "plan show p-1", "devices test d-1", "entry --patient p-1 concern=carer":
        assert f"`wardctl {command}`" in said, said
    assert "PATIENT" not in said and "DEVICE" not in said
    assert "`wardctl plan show p-1`" in gateway.run("status").stdout


@pytest.mark.parametrize(("state", "kind", "stands"), [
    ("active", "physiological", True), ("silenced", "physiological", True), ("acknowledged", "physiological", False),
    ("active", "technical", False), ("active", "advisory", False)])
def test_who_leaves_is_told_of_an_alarm_that_nobody_has_taken_over(gateway, state, kind, stands):
    condition = {"condition": "concern", "kind": kind, "state": state}
    gateway.answers("Status", changed("patients.0.conditions", [condition]))
    document = report(gateway)
    assert document["complete"]
    assert document["alarms"] == ([{"patient": "p-1", "condition": "concern", "state": state}] if stands else [])
    assert (f"An alarm stands: concern of p-1, {state}." in gateway.run("visit", "report").stdout) is stands


def test_a_hub_that_one_may_not_test_is_not_proved(gateway):
    gateway.refuses("TestHub", ERROR_NOT_ALLOWED, "Testing is not for you.")
    document = report(gateway)
    assert [finding["check"] for finding in bad(document)] == ["hub"] and "wardgate-admin" in bad(document)[0]["text"]


def test_every_reason_is_told_with_what_to_do(gateway):
    gateway.answers("Status", changed("patients.0.reasons", ["no-data", "radio-off"], changed("patients.0.monitoring", "degraded")))
    found = [finding for finding in bad(report(gateway)) if finding["check"] == "monitoring"]
    assert [("no-data" in f["text"], "radio-off" in f["text"]) for f in found] == [(True, False), (False, True)]
    people = gateway.run("status").stdout
    assert "why      no-data: nothing has come" in people and "next     See `systemctl status bluetooth`" in people


def degrading_reasons():
    """Every condition that the daemon and its core have as a reason of `monitoring`."""
    text = (ROOT / "gateway/app/technical.c").read_text()
    for block in re.split(r"\[WARD_(?:TECHNICAL|DEVICE)_", text):
        if ".degrades = true" in block:
            yield re.search(r'\.name = "([a-z0-9-]+)"', block)[1]
    yield from ["no-patient", "no-plan", "measurement-incomplete", "no-valid-data", "no-data", "rule-without-source", "reading-missed",
                "device-silent", "bp-systolic-low", "pulse-rate-high", "body-mass-rise", "spo2-fall"]


def test_there_is_advice_for_every_reason(gateway):
    reasons = list(degrading_reasons())
    assert len(reasons) > 20
    gateway.answers("Status", changed("patients.0.reasons", reasons, changed("patients.0.monitoring", "degraded")))
    people = gateway.run("status").stdout
    for reason in reasons:
        assert re.search(rf"^    why      {reason}: .{{10,}}\.$", people, re.MULTILINE), reason
    gateway.answers("Status", changed("patients.0.reasons", ["of-next-year"], changed("patients.0.monitoring", "degraded")))
    assert "why      of-next-year\n    next     `wardctl alarms` says more." in gateway.run("status").stdout


def test_a_signaller_that_does_not_work_is_seen(gateway):
    assert "Signaller    light works, sound works, text works\n" in gateway.run("status").stdout
    gateway.answers("Status", changed("annunciator.sound", False))
    assert "Signaller    light works, sound DOES NOT WORK, text works\n" in gateway.run("status").stdout


# --- selftest --------------------------------------------------------------------------------------------------------

CONFIG = ROOT / "config" / "wardgate.conf"


def selftest(gateway, *words, config=CONFIG):
    result = gateway.run("selftest", "--config", config, "--json", *words)
    checks = [json.loads(line) for line in result.stdout.splitlines()]
    assert [check["number"] for check in checks] == list(range(1, len(checks) + 1))
    assert (result.returncode == FAILED) is any(check["state"] == "fail" for check in checks), result
    assert all(check.get("next") for check in checks if check["state"] != "ok")
    return checks


def test_a_sound_gateway(gateway):
    checks = selftest(gateway)
    assert [check["check"] for check in checks if check["state"] != "ok"] == ["unit"]  # there is no systemd on this bus
    records, = [check for check in checks if check["check"] == "records"]
    assert {name: records[name] for name in ("epoch", "first", "last", "damaged")} == {"epoch": "e-1", "first": 1, "last": 7, "damaged": False}
    people = gateway.run("selftest", "--config", CONFIG)
    assert people.returncode == DONE and "each follows from the one before it" in people.stdout and ", 0 bad." in people.stdout


@pytest.mark.parametrize(("path", "value", "check", "state"), [
    ("version", "0.0.0", "daemon", "warn"),
    ("radio", "absent", "radio", "fail"),
    ("recovery.reset", 2, "radio", "warn"),
    ("storage", "failing", "storage", "fail"),
    ("storage", "full", "storage", "fail"),
    ("queue.failed_commits", 1, "storage", "warn"),
    ("clock", "unsynced", "clock", "fail"),
    ("clock", "estimated", "clock", "warn"),
    ("annunciator.text", False, "signaller", "fail"),
    ("annunciator", None, "signaller", "fail"),
    ("link.up", False, "link", "fail"),
    ("link.certificate_expires", lambda: ago(-5 * 86400), "certificate", "warn"),
    ("link.certificate_expires", lambda: ago(86400), "certificate", "fail"),
    ("queue.oldest_age_s", 301, "queue", "warn"),
    ("devices.0.needs_pairing", True, "device", "fail"),
    ("devices.0.battery", 19, "device", "warn"),
    ("devices.0.firmware_accepted", False, "device", "warn"),
])
def test_selftest_finds(gateway, path, value, check, state):
    gateway.answers("Status", changed(path, value() if callable(value) else value))
    found = [finding["state"] for finding in selftest(gateway) if finding["check"] == check]
    assert state in found


@pytest.mark.parametrize(("method", "document", "check"), [
    ("Hub", {**HUB, "ward_keys": 0}, "ward-keys"), ("Hub", {**HUB, "key": None}, "own-key"),
    ("Verify", {**CHAIN, "last": 4, "damaged": True}, "records")])
def test_selftest_finds_what_is_wrong_with_keys_and_records(gateway, method, document, check):
    gateway.answers(method, document)
    assert [finding["check"] for finding in selftest(gateway) if finding["state"] == "fail"] == [check]


def test_a_database_that_is_replaced_while_it_is_looked_at_is_looked_at_from_its_beginning(gateway):
    answers = [{**CHAIN, "last": 5}, {**CHAIN, "epoch": "e-2", "first": 6, "last": 5, "head": 2}, {**CHAIN, "epoch": "e-2", "last": 2, "head": 2}]
    path = gateway.directory / "Verify"
    path.unlink()
    os.mkfifo(path)  # the fake waits there, at each call, for its answer

    def answer_in_turn():
        for number, document in enumerate(answers, 1):
            while sum(call[0] == "Verify" for call in gateway.calls()) < number:
                time.sleep(0.01)
            path.write_text(json.dumps(document) + "\n")

    thread = threading.Thread(target=answer_in_turn, daemon=True)
    thread.start()
    try:
        records, = [finding for finding in selftest(gateway) if finding["check"] == "records"]
        assert [call[1:] for call in gateway.calls() if call[0] == "Verify"] == [["1"], ["6"], ["1"]]
        assert (records["state"], records["epoch"], records["first"], records["last"]) == ("ok", "e-2", 1, 2)
        thread.join()
    finally:
        path.unlink()


@pytest.mark.parametrize(("path", "value", "text"), [
    ("link.certificate_expires", lambda: ago(36 * 3600), "It ended 36 h ago."), ("link.certificate_expires", lambda: ago(-36 * 3600), "It ends in 36 h."),
    ("devices.0.last_heard_age_s", None, "It is enrolled; not heard since the daemon was started."),
    ("devices.0.last_heard_age_s", 3, "It is enrolled; last heard 3 s ago.")])
def test_selftest_says_since_when(gateway, path, value, text):
    gateway.answers("Status", changed(path, value() if callable(value) else value))
    assert [finding for finding in selftest(gateway) if finding["text"] == text]


def call(**members):
    return {"at": ago(7200), "boot": "b-7", "boot_us": 17, "uid": 0, "method": "Pair", "outcome": "done", "omitted": 0, **members}


@pytest.mark.parametrize(("calls", "state", "text"), [
    ([], "ok", "Nobody has changed anything in the last week."),
    ([call(), call(method="Forget")], "ok", "the last change was made by root (0): Pair, 2 h ago."),
    ([call(), call(uid=4294960000, method="Silence", outcome="NotAllowed"), call(outcome="NotAllowed")], "warn",
     "2 calls were refused to whom it is not for, the last one to user 4294960000: Silence, 2 h ago."),
    ([call(at=None, uid=None, outcome="NotAllowed")], "warn", "1 call was refused"),
    ([call(omitted=3), call(omitted=4)], "warn", "7 calls were too many"),
])
def test_selftest_says_who_changed_something_and_who_was_refused(gateway, calls, state, text):
    gateway.answers("Audit", *calls)
    found, = [check for check in selftest(gateway) if check["check"] == "audit"]
    assert found["state"] == state and text in found["text"], found
    assert [words[0] for words in gateway.calls()].count("Audit") == 1


@needs_root
def test_selftest_goes_on_for_who_may_not_see_that(gateway):
    result = gateway.run("selftest", "--config", CONFIG, "--json", user=NOBODY, program=shutil.copy(WARDCTL, gateway.directory))
    checks = {check["check"]: check for check in map(json.loads, result.stdout.splitlines())}
    assert (result.returncode, checks["records"]["state"], checks["audit"]["state"]) == (DONE, "ok", "warn")
    assert "wardgate-admin" in checks["audit"]["next"]


def test_selftest_looks_at_the_configuration(gateway, tmp_path):
    wrong = tmp_path / "wardgate.conf"
    wrong.write_text("[hub]\nhots = 1\n")
    first = selftest(gateway, config=wrong)[0]
    assert (first["check"], first["state"]) == ("config", "fail") and f"{wrong}:2" in first["text"]
    assert selftest(gateway, config=tmp_path / "none")[0]["state"] == "warn"


def test_without_a_daemon_selftest_says_what_it_can(tmp_path):
    wrong = tmp_path / "wardgate.conf"
    wrong.write_text("[hub]\nhots = 1\n")
    result = run("selftest", "--config", wrong, "--json")
    assert result.returncode == UNREACHABLE
    assert [(check["check"], check["state"]) for check in map(json.loads, result.stdout.splitlines())] == [
        ("config", "fail"), ("daemon", "fail")]


@pytest.mark.parametrize("arguments", [["visit"], ["visit", "leave"], ["visit", "report", "now"], ["visit", "report", "--since", "x"],
                                       ["selftest", "--config"], ["selftest", "all"]])
def test_wrong_usage(arguments):
    assert run(*arguments).returncode == USAGE
