# SPDX-License-Identifier: Apache-2.0
"""`wardctl plan check` and `wardctl try` as a clinical engineer runs them: files in, JSON lines out."""

import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev"))
WARDCTL = BUILD / "gateway" / "ctl" / "wardctl"
PLAN = ROOT / "config" / "care-plans" / "oximetry-at-home.json"
PLANS = sorted((ROOT / "config" / "care-plans").glob("*.json")) + sorted((ROOT / "tests" / "scenarios").glob("*.json"))
SCHEMA = json.loads((ROOT / "docs" / "care-plan.schema.json").read_text())


def wardctl(*arguments, text=None):
    return subprocess.run([WARDCTL, *arguments], input=text, text=True, capture_output=True, timeout=60)


def moment(second):
    return f"2026-11-22T{9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"


def reading(second, value, **members):
    return {"measured_at": moment(second), "patient": "p-1", "values": [{"quantity": "spo2", "value": value}], **members}


def stream(first, last, value):
    return [reading(second, value, kind="continuous") for second in range(first, last)]


def try_lines(*lines, plan=PLAN, options=()):
    answer = wardctl("try", plan, "-", "--json", *options, text="".join(json.dumps(line) + "\n" for line in lines))
    assert answer.returncode == 0, answer.stderr
    *events, figures = [json.loads(line) for line in answer.stdout.splitlines()]
    assert figures["schema"] == "wardgate.try/1"
    return [event for event in events if event["event"] not in ("pending", "settled")], figures


def told(events):
    return [(event["at"], event["event"], event["priority"], event["condition"]) for event in events]


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.name)
def test_shipped_plans_are_valid_by_the_schema_too(plan):
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(plan.read_text()))
    assert wardctl("plan", "check", plan).returncode == 0


def test_whatever_the_schema_refuses_is_refused():
    good = json.loads(PLAN.read_text())
    validator = jsonschema.Draft202012Validator(SCHEMA)
    wrong = [("id", "a b"), ("version", 0), ("title", ""), ("source", {}), ("review_by", 7), ("quantities", []),
             ("rules", []), ("late_max_age_s", -1), ("undelivered_text", ""), ("colour", 1), ("times", {"urgent": {}})]
    for member, value in wrong:
        bad = {**good, member: value}
        assert not validator.is_valid(bad), member
        answer = wardctl("plan", "check", "-", "--json", text=json.dumps(bad))
        assert answer.returncode == 1
        report = json.loads(answer.stdout)
        assert not report["valid"]
        assert any(error["pointer"].startswith(f"/{member}") for error in report["errors"]), report
    for member in SCHEMA["required"]:
        bad = {name: value for name, value in good.items() if name != member}
        assert wardctl("plan", "check", "-", text=json.dumps(bad)).returncode == 1


def test_errors_are_for_people():
    answer = wardctl("plan", "check", "-", text='{"rules":[{"id":"r","quantity":"spo2","below":"93"}]}')
    assert answer.returncode == 1
    assert "/rules/0/below: must be a number with at most three digits after the point: \"93\"" in answer.stderr


def test_twelve_seconds_then_nothing():
    events, figures = try_lines(*stream(0, 10, 97), *stream(10, 22, 82))
    assert told(events) == [(moment(31), "raised", "high", "spo2-low"), (moment(81), "unknown", "high", "spo2-low")]
    assert events[0]["text"].startswith("SpO2 82 % for 11 s, alarm below 93 %")
    assert figures["present"] == [{"patient": "p-1", "condition": "spo2-low", "priority": "high", "state": "unknown"}]


def test_twelve_seconds_then_finger_off():
    off = reading(22, None, kind="continuous", quality="invalid", reasons=["no-contact"])
    events, _ = try_lines(*stream(0, 10, 97), *stream(10, 22, 82), off)
    assert told(events)[0] == (moment(22), "raised", "high", "spo2-low")


def test_the_event_is_the_contract_s():
    alarm = json.loads((ROOT / "docs" / "mqtt" / "schemas" / "alarm.json").read_text())
    event = try_lines(*stream(0, 20, 88))[0][0]
    assert set(alarm["required"]) <= set(event)
    assert (event["value"], event["limit"], event["unit"], event["quantity"]) == (88, 93, "%", "spo2")
    assert (event["rule"], event["n"], event["plan"]) == ("spo2-red", 1, {"id": "oximetry-at-home", "version": 3})
    assert event["delay_ms"]["condition"] == 15000
    assert len(event["id"]) == 32


def test_acknowledged_then_worse():
    events, _ = try_lines(reading(0, 90), {"at": moment(60), "acknowledge": "spo2-low", "by": "dr-1"},
                          reading(120, 89), reading(180, 82))
    assert told(events) == [(moment(0), "raised", "high", "spo2-low"), (moment(60), "acknowledged", "high", "spo2-low"),
                            (moment(180), "raised", "high", "spo2-low")]
    assert [event["again"] for event in events] == [False, False, True]
    assert [event["n"] for event in events] == [1, 2, 3]
    assert events[1]["by"] == "dr-1"


def test_late_readings_raise_and_never_clear():
    newer = reading(3500, 88, received_at=moment(3660))
    older = reading(1000, 80, received_at=moment(3661))
    events, _ = try_lines(reading(3400, 97), newer, older, reading(3600, 97, received_at=moment(3670)),
                          reading(3700, 97))
    assert told(events) == [(moment(3660), "raised", "high", "spo2-low"),
                            (moment(3661), "raised", "low", "late-out-of-limits"),
                            (moment(3700), "cleared", "high", "spo2-low")]
    assert events[0]["late"]


def test_out_of_order_is_late():
    events, _ = try_lines(reading(3600, 97), reading(3000, 80))
    assert told(events) == [(moment(3600), "raised", "low", "late-out-of-limits")]


def test_taken_back():
    lines = [reading(0, 97, seq=1), reading(60, 85, seq=2), {"at": moment(120), "void": 2}]
    events, figures = try_lines(*lines)
    assert told(events) == [(moment(60), "raised", "high", "spo2-low"), (moment(120), "cleared", "high", "spo2-low")]
    assert events[1]["reason"] == "voided"
    assert figures["present"] == []


def test_patients_are_apart():
    events, figures = try_lines(reading(0, 88), reading(1, 97, patient="p-2"), reading(2, 97, patient="p-2"))
    assert {event["patient"] for event in events} == {"p-1"}
    assert figures["readings"] == 3
    assert figures["raised"]["high"] == 1


def test_the_same_twice():
    lines = [*stream(0, 40, 88), *stream(40, 150, 97), *stream(150, 190, 94)]
    assert try_lines(*lines) == try_lines(*lines)


def test_a_line_that_is_wrong_is_named():
    answer = wardctl("try", PLAN, "-", text=json.dumps(reading(0, 97)) + "\n\n{\"values\":[]}\n")
    assert answer.returncode == 1
    assert "line 3: has neither measured_at nor received_at" in answer.stderr
    wrong_unit = {**reading(0, 97), "values": [{"quantity": "body_temperature", "value": 98, "unit": "[degF]"}]}
    answer = wardctl("try", PLAN, "-", text=json.dumps(wrong_unit))
    assert "line 1: a value has another unit" in answer.stderr
    assert wardctl("try", PLAN).returncode == 2
    assert wardctl("try", "/nonexistent", "-").returncode == 1


def glucose(second, mdc, value):
    return {"measured_at": moment(second), "patient": "p-1",
            "values": [{"quantity": "glucose", "value": value, "unit": "mmol/L", "mdc": mdc}]}


def test_glucose_is_glucose_whatever_it_was_measured_in():
    everything = ROOT / "tests" / "scenarios" / "everything.json"
    for sample in (160184, 160188, 160196, 160212):
        events, _ = try_lines(glucose(0, sample, 2.1), plan=everything)
        assert ("raised", "glucose-low") in [(event["event"], event["condition"]) for event in events], sample


def test_control_solution_is_nobodys_glucose():
    everything = ROOT / "tests" / "scenarios" / "everything.json"
    events, _ = try_lines(glucose(0, 160208, 2.1), plan=everything)
    assert not [event for event in events if event["condition"].startswith("glucose")]
