# SPDX-License-Identifier: Apache-2.0
"""`wardctl plan check` and `wardctl try` as a clinical engineer runs them: files in, JSON lines out."""

import copy
import json
import os
import pathlib
import random
import re
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


WRONG = (None, True, -1, 0, 0.5, 7.0, 1e9, "", "x" * 300, "zz", [], {}, [1], {"a": 1}, 0.0001)


def places(part, path=()):
    yield path
    if isinstance(part, (dict, list)):
        for name in (part if isinstance(part, dict) else range(len(part))):
            yield from places(part[name], (*path, name))


def at(part, path):
    for name in path:
        part = part[name]
    return part


def spoilt(plan):
    """The plan with one thing changed, for each place and each way in which it can be wrong."""
    def changed(path, change):
        spoilt_plan = copy.deepcopy(plan)
        change(at(spoilt_plan, path))
        return spoilt_plan

    for path in places(plan):
        *parent, name = path or (None,)
        for value in WRONG if path else ():
            yield path, value, changed(parent, lambda part: part.__setitem__(name, value))
        if path:
            yield path, "away", changed(parent, lambda part: part.__delitem__(name))
        if isinstance(at(plan, path), dict):
            yield (*path, "colour"), "new", changed(path, lambda part: part.update(colour=1))
            for member in at(plan, path):
                yield (*path, member), "loud", changed(path, lambda part: part.update({member.upper(): part.pop(member)}))
        elif isinstance(at(plan, path), list) and at(plan, path):
            yield path, "twice", changed(path, lambda part: part.append(part[0]))
            yield path, "often", changed(path, lambda part: part.extend(60 * [part[0]]))


def test_what_the_schema_refuses_wherever_it_is_refused_there():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    kinds = {}  # one of each way and place, whatever the plan and the index
    for plan in PLANS:
        for path, way, bad in spoilt(json.loads(plan.read_text())):
            kinds.setdefault((tuple("*" if isinstance(name, int) else name for name in path), repr(way)), (path, bad))
    refused_by_schema = [(path, bad) for path, bad in kinds.values() if not validator.is_valid(bad)]
    assert len(refused_by_schema) > 800
    for path, bad in random.Random(1).sample(refused_by_schema, 300):
        answer = wardctl("plan", "check", "-", "--json", text=json.dumps(bad))
        assert answer.returncode == 1, (path, bad)
        pointers = [error["pointer"] for error in json.loads(answer.stdout)["errors"]]
        pointer = "".join(f"/{name}" for name in path)
        parent = re.sub("/[^/]*$", "", pointer)
        assert any(pointer.startswith(told) or told.startswith(parent) for told in pointers), (pointer, pointers)


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
    events, _ = try_lines(reading(3400, 97), newer, older, reading(3600, 97, received_at=moment(3730)),
                          reading(3800, 97))
    assert told(events) == [(moment(3660), "raised", "high", "spo2-low"),
                            (moment(3661), "raised", "low", "late-out-of-limits"),
                            (moment(3800), "cleared", "high", "spo2-low")]
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


TEN_MISTAKES = {
    "schema": "wardgate.care-plan/1", "id": "mary smith", "version": 0, "title": "Ten mistakes",
    "source": {"example": True}, "review_by": "30.11.2027",
    "quantities": [{"quantity": "spo2", "mode": "stream"}, {"quantity": "temperature", "mode": "spot"}],
    "rules": [
        {"id": "low", "quantity": "spo2", "level": "amber", "below": 93},
        {"id": "low-red", "quantity": "spo2", "level": "red", "below": 94, "on_delay_s": 300},
        {"id": "low-red", "quantity": "spo2", "level": "red", "bellow": 90},
    ],
    "news2": {"spo2_scale": 2, "clinician": "dr-1", "oxygen": "always"},
    "schedule": [{"quantity": "spo2", "at": ["08:00", "7:00"]}],
}


def test_ten_mistakes_are_told_at_once():
    answer = wardctl("plan", "check", "-", "--json", text=json.dumps(TEN_MISTAKES))
    assert answer.returncode == 1
    report = json.loads(answer.stdout)
    told = {error["pointer"]: error["reason"] for error in report["errors"]}
    for pointer, reason in {
            "/id": "letters, digits and hyphens", "/version": "whole number from 1", "/source/citation": "missing",
            "/review_by": "a date like", "/quantities/1/quantity": "not a quantity", "/rules/1/on_delay_s": "from 0 to 120",
            "/rules/2/bellow": 'did you mean "below"?', "/rules/2": "must have one limit", "/rules/2/id": "another rule",
            "/news2/decided_on": "scale 2 needs the date", "/news2/adult_not_pregnant": "under 16",
            "/news2/spo2_scale": "too much oxygen", "/zone": "Europe/London", "/schedule/0/at/1": "07:30",
            "/rules/0/below": "amber must lie inside red: it is there to come first (below 94 in /rules/1)"}.items():
        assert reason in told[pointer], (pointer, told[pointer])
    values = {error["pointer"]: error.get("value") for error in report["errors"]}
    assert values["/version"] == "0"
    assert values["/rules/1/on_delay_s"] == "300"
    people = wardctl("plan", "check", "-", text=json.dumps(TEN_MISTAKES)).stderr
    assert f"refused, {report['total']} errors" in people
    assert "/rules/1/on_delay_s: must be whole seconds from 0 to 120: 300" in people


def test_a_zone_that_nobody_knows_is_told():
    plan = {**json.loads(PLAN.read_text()), "zone": "Europe/Londn"}
    answer = wardctl("plan", "check", "-", "--json", text=json.dumps(plan))
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["errors"] == [
        {"pointer": "/zone", "reason": "is no time zone that this computer knows", "value": '"Europe/Londn"'}]


def entry(second, by="nurse-anne", **values):
    return {"measured_at": moment(second), "patient": "p-1", "kind": "entry", "by": by,
            "values": [{"quantity": quantity, "value": value} for quantity, value in values.items()]}


def test_entries_and_news2():
    plan = ROOT / "tests" / "scenarios" / "news2-1.json"
    events, figures = try_lines(
        entry(0, respiration_rate=25, consciousness="alert", oxygen="air"), entry(60, concern="carer"),
        reading(120, 91), plan=plan)
    assert ("raised", "medium", "concern") in [event[1:] for event in told(events)]
    assert told(events)[-1][1:] == ("raised", "medium", "news2-score")
    assert events[-1]["quantity"] == "news2" and events[-1]["value"] == 6
    score, = figures["news2"]
    assert score["patient"] == "p-1"
    assert not score["news2"]["complete"]
    assert (score["news2"]["minimum"], score["news2"]["maximum"]) == (6, 15)
    assert score["news2"]["three_in"] == ["respiration_rate", "spo2"]
    assert {one["parameter"]: one["value"] for one in score["news2"]["inputs"]}["consciousness"] == "alert"
    active = json.loads((ROOT / "docs" / "mqtt" / "schemas" / "active.json").read_text())
    assert set(active["properties"]["news2"]["required"]) == set(score["news2"])


def test_a_schedule_is_tried_in_its_own_zone():
    plan = ROOT / "tests" / "scenarios" / "schedule.json"
    events, figures = try_lines(reading(0, 97), {"at": "2026-11-23T06:00:00.000Z"}, plan=plan)
    missed = [event for event in told(events) if event[3] == "reading-missed" and event[1] == "raised"]
    assert missed == [("2026-11-22T21:30:00.000Z", "raised", "low", "reading-missed"),
                      ("2026-11-23T01:00:00.000Z", "raised", "medium", "reading-missed")]
    assert figures["prompts"] == 3


def test_out_of_hours_the_patient_is_told_what_to_do():
    plan = ROOT / "tests" / "scenarios" / "schedule.json"
    events, _ = try_lines(reading(0, 90), plan=plan)
    assert events[0]["shown"]["text"] == "Please sit down. Your ward will call you."
    late = {**reading(0, 90), "measured_at": "2026-11-22T18:30:00.000Z"}
    events, _ = try_lines(late, plan=plan)
    assert events[0]["shown"]["text"] == "Please sit down. If you feel worse call 111."


def test_a_voided_reading_leaves_the_newest_of_each_quantity():
    both = {**reading(0, 97), "seq": 1, "values": [{"quantity": "spo2", "value": 97}]}
    pulse = {**reading(30, 0), "seq": 2, "values": [{"quantity": "pulse_rate", "value": 140}]}
    wrong = {**reading(60, 0), "seq": 3,
             "values": [{"quantity": "spo2", "value": 80}, {"quantity": "pulse_rate", "value": 70}]}
    events, figures = try_lines(both, pulse, wrong, {"at": moment(90), "void": 3})
    assert {one["condition"] for one in figures["present"] if one["state"] == "active"} == {"pulse-rate-high"}
    assert [event["reason"] for event in events if event["condition"] == "spo2-low" and event["event"] == "cleared"] == [
        "voided"]


def try_raw(text, *options, plan=PLAN):
    return wardctl("try", plan, "-", *options, text=text)


def refused(line):
    answer = try_raw(json.dumps(reading(0, 97)) + "\n" + (line if isinstance(line, str) else json.dumps(line)) + "\n")
    assert answer.returncode == 1, answer.stdout
    assert "line 2: " in answer.stderr
    return answer.stderr


def test_each_wrong_line_says_what_is_wrong():
    assert "is not JSON" in refused('{"measured_at":"2026-11-22T09:00:00Z","values":[{"quantity":"spo2","value":NaN}]}')
    assert "is not JSON" in refused("spo2,96")
    assert "is not a JSON object" in refused("[]")
    assert "text that its quantity has no code for" in refused(reading(1, "96"))
    assert "neither a number nor a known special" in refused(reading(1, True))
    assert "kind is not known" in refused(reading(1, 96, kind="sport"))
    assert "quality is not known" in refused(reading(1, 96, quality="good"))
    assert "is not a moment" in refused(reading(1, 96, measured_at="22.11.2026"))
    assert "is not an id" in refused(reading(1, 96, patient="Mary Smith"))
    assert '"acknowlege" is a member neither' in refused({"at": moment(1), "acknowlege": "spo2-low"})
    assert "there are: no-value" in refused(reading(1, 96, reasons=["finger-off"]))
    assert "two things at once" in refused({"at": moment(1), "silence": True, "restart": True})
    assert "takes the value true" in refused({"at": moment(1), "reboot": 1})
    assert "at is not a moment" in refused({"at": "soon", "silence": True})
    assert "void is not the seq" in refused({"at": moment(1), "void": "17"})
    assert "suspend_s must be" in refused({"at": moment(1), "suspend_s": 86401})
    assert "cannot be used" in refused({"at": moment(1), "plan": "/nonexistent.json"})


def test_specials_are_no_numbers():
    nan = {**reading(10, None), "values": [{"quantity": "spo2", "value": None, "special": "nan"}]}
    events, figures = try_lines(reading(0, 97), nan, {"at": moment(20)})
    assert "spo2-low" not in [event["condition"] for event in events]
    low = {"measured_at": moment(0), "patient": "p-1",
           "values": [{"quantity": "glucose", "value": None, "special": "-inf", "unit": "mmol/L"}]}
    events, _ = try_lines(low, plan=ROOT / "tests" / "scenarios" / "everything.json")
    assert ("raised", "glucose-low") in [(event["event"], event["condition"]) for event in events]
    assert [event["text"] for event in events if event["condition"] == "glucose-low"][0].startswith("Glucose LO")


def test_a_quantity_that_nobody_knows_is_told():
    line = {**reading(0, 97), "values": [{"quantity": "sp02", "value": 80}, {"quantity": "spo2", "value": 97}]}
    answer = try_raw(json.dumps(line), "--json")
    assert answer.returncode == 0
    assert 'line 1: note: no quantity is called "sp02"' in answer.stderr
    assert json.loads(answer.stdout.splitlines()[-1])["left_out"] == 1


def test_events_and_figures_are_as_the_schema_says():
    directory = ROOT / "docs" / "mqtt" / "schemas"
    registry = {path.name: json.loads(path.read_text()) for path in directory.glob("*.json")}
    store = {schema["$id"]: schema for schema in registry.values()}
    resolver = jsonschema.RefResolver("", registry["alarm.json"], store=store)
    validator = jsonschema.Draft202012Validator(registry["alarm.json"], resolver=resolver)
    events, _ = try_lines(*stream(0, 20, 91), {"at": moment(30), "acknowledge": "spo2-low", "by": "dr-1"},
                          *stream(31, 60, 80), {"at": moment(70), "silence": True}, *stream(71, 200, 98))
    assert {event["event"] for event in events} >= {"raised", "acknowledged", "silenced", "cleared"}
    for event in events:
        validator.validate(event)


def test_acknowledged_by_the_id_of_an_event():
    lines = [*stream(0, 20, 91)]
    occurrence = try_lines(*lines)[0][0]["id"]
    events, figures = try_lines(*lines, {"at": moment(20), "acknowledge": occurrence, "by": "dr-1"})
    assert told(events)[1] == (moment(20), "acknowledged", "high", "spo2-low")
    assert figures["refused"] == 0


def test_what_cannot_be_acknowledged_is_noted_and_the_rest_goes_on():
    lines = [reading(0, 97), {"at": moment(10), "acknowledge": "spo2-low"}, {"at": moment(11), "silence": True},
             {"at": moment(12), "stop": "d-1"}, reading(60, 85)]
    answer = try_raw("".join(json.dumps(line) + "\n" for line in lines), "--json")
    assert answer.returncode == 0
    *events, figures = [json.loads(line) for line in answer.stdout.splitlines()]
    assert figures["refused"] == 3
    assert figures["raised"]["high"] == 1
    for number, why in ((2, "no such condition"), (3, "nothing sounds"), (4, "no reading has come")):
        assert f"line {number}: note: " in answer.stderr and why in answer.stderr


def test_the_sound_is_silenced_and_the_alarm_stays():
    events, figures = try_lines(reading(0, 85), {"at": moment(5), "silence": True, "by": "carer"}, {"at": moment(50)})
    assert told(events)[1] == (moment(5), "silenced", "high", "spo2-low")
    assert events[1]["by"] == "carer"
    assert figures["present"][0]["state"] == "silenced"


def test_a_device_that_stops_ends_what_is_pending():
    lines = [*stream(0, 10, 97), *[{**line, "device": "d-1"} for line in stream(10, 18, 82)]]
    events, _ = try_lines(*lines, {"at": moment(19), "stop": "d-1"}, {"at": moment(20)})
    assert told(events)[0] == (moment(19), "raised", "high", "spo2-low")


def test_readings_without_a_device_stop_by_their_quantity():
    events, figures = try_lines(*stream(0, 10, 97), *stream(10, 18, 82), {"at": moment(19), "stop": "spo2"}, {"at": moment(20)})
    assert told(events)[0] == (moment(19), "raised", "high", "spo2-low")
    assert figures["refused"] == 0


def test_what_is_done_before_anybody_is_known_is_noted():
    lines = [{"at": moment(0), "suspend_s": 600}, {"at": moment(0), "patient": "p-1", "suspend_s": 600}, reading(60, 85)]
    answer = try_raw("".join(json.dumps(line) + "\n" for line in lines), "--json")
    *events, figures = [json.loads(line) for line in answer.stdout.splitlines()]
    assert "line 1: note: nobody is known yet" in answer.stderr
    assert figures["refused"] == 1
    assert events[0]["event"] == "suspended" and events[1]["suspended"]


def test_the_plan_is_replaced_in_the_middle(tmp_path):
    looser = {**json.loads(PLAN.read_text()), "version": 9}
    for rule in looser["rules"]:
        if rule["quantity"] == "spo2":
            rule["below"] = {"amber": 86, "red": 84}[rule["level"]]
    (tmp_path / "looser.json").write_text(json.dumps(looser))
    lines = [reading(0, 90), {"at": moment(60), "plan": "looser.json"}, reading(120, 83), {"at": moment(180), "plan": None}]
    path = tmp_path / "readings.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    answer = wardctl("try", PLAN, path, "--json")
    assert answer.returncode == 0, answer.stderr
    *events, figures = [json.loads(line) for line in answer.stdout.splitlines()]
    shown = [event[:2] + event[3:] for event in told(events)]
    assert shown[:3] == [(moment(0), "raised", "spo2-low"), (moment(60), "cleared", "spo2-low"),
                         (moment(120), "raised", "spo2-low")]
    assert events[1]["reason"] == "plan-changed"
    assert events[2]["plan"]["version"] == 9
    assert (moment(180), "raised", "no-plan") in shown
    answer = wardctl("try", PLAN, path, "--compare", tmp_path / "looser.json")
    assert answer.returncode == 1 and "line 2: the plan must not change" in answer.stderr


def test_restart_and_suspension():
    events, _ = try_lines(*stream(0, 8, 82), {"at": moment(8), "restart": True}, *stream(9, 20, 82),
                          {"at": moment(21), "suspend_s": 60, "by": "dr-1"}, {"at": moment(30), "resume": True, "by": "dr-1"})
    assert told(events)[0] == (moment(15), "raised", "high", "spo2-low")
    assert {(event["event"], event["at"]) for event in events} >= {("suspended", moment(21)), ("resumed", moment(30))}


def test_patients_one_behind_the_other_have_each_their_time():
    both = [*stream(0, 30, 88), *[{**line, "patient": "p-2"} for line in stream(0, 30, 88)]]
    events, figures = try_lines(*both)
    raised = [(event["patient"], event["at"], event["late"]) for event in events if event["event"] == "raised"]
    assert raised == [("p-1", moment(15), False), ("p-2", moment(15), False)]
    assert figures["out_of_order"] == 29


def test_a_patient_who_falls_silent_is_seen_although_others_go_on():
    lines = [{**reading(0, 85), "patient": "p-2"}, *[reading(second, 97) for second in range(0, 7200, 60)]]
    events, _ = try_lines(*lines)
    assert [event["event"] for event in events if event["patient"] == "p-2"].count("realarm") >= 20


def test_unsorted_lines_are_told_and_can_be_sorted():
    lines = list(reversed(stream(0, 20, 88)))
    lines.insert(3, {"at": moment(17), "acknowledge": "spo2-low", "by": "dr-1"})
    assert try_lines(*lines)[1]["out_of_order"] == 20
    events, figures = try_lines(*lines, options=("--sort",))
    assert told(events)[:2] == [(moment(15), "raised", "high", "spo2-low"), (moment(17), "acknowledged", "high", "spo2-low")]
    assert figures["out_of_order"] == 0


def test_a_little_out_of_order_is_not_late():
    events, _ = try_lines(reading(60, 97), reading(58, 85))
    assert [(event["at"], event["event"], event["late"]) for event in events] == [(moment(60), "raised", False)]
    events, _ = try_lines(reading(60, 97), reading(58, 85, late=True), reading(90, 97))
    assert told(events)[0] == (moment(60), "raised", "low", "late-out-of-limits")


def test_records_of_the_gateway_are_read_again():
    base = {"epoch": "e-1", "boot": "b-1", "mono_us": 1, "received_at": moment(0), "chain": "00", "clock": "synced"}
    unassigned = {**base, "seq": 1, "kind": "spot", "unassigned": True, "patient": None, "measured_at": None, "values": []}
    gap = {**base, "seq": 2, "kind": "gap", "count": 7, "reason": "storage", "from": moment(0), "to": moment(1)}
    clock = {**base, "seq": 3, "kind": "clock", "received_at": None, "offset_ms": 5, "uncertainty_ms": 1000}
    bad = reading(1, 80, seq=4)
    void = {**base, "seq": 5, "kind": "void", "voids": 4, "reason": "wrong-patient", "by": "dr-1", "received_at": moment(2)}
    events, figures = try_lines(unassigned, gap, clock, bad, void)
    assert [(event["event"], event.get("reason")) for event in events] == [("raised", None), ("cleared", "voided")]
    assert (figures["readings"], figures["skipped"]) == (1, 3)


def void(second, seq, **members):
    return {"seq": 100 + seq, "kind": "void", "voids": seq, "reason": "wrong-patient", "by": "dr-1", "received_at": moment(second),
            **members}


def test_a_record_takes_back_when_it_was_made():
    events, figures = try_lines(reading(0, 80, seq=1), void(3600, 1, patient="p-1"), options=("--sort",))
    assert told(events)[0] == (moment(0), "raised", "high", "spo2-low")
    assert told(events)[-1] == (moment(3600), "cleared", "high", "spo2-low")
    assert figures["reminders"] == 12 and events[-1]["reason"] == "voided"  # what was told until then was told
    events, _ = try_lines(reading(0, 80, seq=1), void(0, 1, received_at=None))
    assert [event["at"] for event in events] == [moment(0), moment(0)]


def test_a_record_takes_back_of_its_patient_alone():
    """Two gateways have each their own number 1."""
    two = [reading(0, 80, seq=1), reading(1, 81, seq=1, patient="p-2")]
    cleared = {names: {event["patient"] for event in try_lines(*two, void(2, 1, **names_of))[0] if event["event"] == "cleared"}
               for names, names_of in (("p-2", {"patient": "p-2"}), ("nobody", {}), ("p-3", {"patient": "p-3"}))}
    assert cleared == {"p-2": {"p-2"}, "nobody": {"p-1", "p-2"}, "p-3": set()}


def test_what_was_derived_from_a_stream_is_not_judged_twice():
    clip = [{**line, "seq": index + 1} for index, line in enumerate(stream(0, 40, 88))]
    spot = {**reading(15, 88), "seq": 41, "derived_from": [1, 15]}
    assert try_lines(*clip, spot)[1]["readings"] == 40
    assert try_lines(spot)[1]["readings"] == 1


def test_the_burden():
    day = [*stream(0, 30, 97), *stream(30, 60, 88), *stream(60, 150, 97), reading(1000, 97, kind="continuous")]
    _, figures = try_lines(*day)
    assert (figures["raised"]["high"], figures["again"]) == (1, 0)
    assert figures["raised_per_day"]["high"] == 1
    assert figures["longest_beyond_red_without_alarm_s"] == 15
    assert figures["longest_beyond_red"] == {"patient": "p-1", "quantity": "spo2", "from": moment(30)}
    assert figures["monitored_by"]["spo2"] == figures["monitored"] == pytest.approx((149 + 60) / 1000, abs=0.001)
    short, figures = try_lines(*stream(0, 30, 97), *stream(30, 42, 88), *stream(42, 60, 97))
    assert not short
    assert figures["longest_beyond_red_without_alarm_s"] == 12
    assert try_lines(reading(0, 97))[1]["monitored"] is None


def test_two_plans_side_by_side(tmp_path):
    strict, loose = ROOT / "tests" / "scenarios" / "oximetry-90.json", ROOT / "tests" / "scenarios" / "oximetry-85.json"
    path = tmp_path / "readings.jsonl"
    lines = [*stream(0, 30, 97), *stream(30, 60, 88), {"at": moment(60), "acknowledge": "spo2-low", "by": "dr-1"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    answer = wardctl("try", strict, path, "--compare", loose, "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["schema"] == "wardgate.try-comparison/1"
    first, second = report["plans"]
    assert sum(first["raised"][priority] for priority in ("high", "medium", "low")) == 1
    assert sum(second["raised"][priority] for priority in ("high", "medium", "low")) == 0
    assert (first["refused"], second["refused"]) == (0, 1)
    people = wardctl("try", strict, path, "--compare", loose).stdout
    assert f"{first['plan']['id']} v{first['plan']['version']}" in people
    assert "Longest beyond red, no alarm" in people


def test_two_plans_over_lines_out_of_order_say_so(tmp_path):
    path = tmp_path / "newest-first.jsonl"  # as wardctl readings prints them
    gap = {"seq": 99, "kind": "gap", "count": 7, "reason": "quota", "received_at": moment(0), "from": None, "to": None}
    path.write_text("".join(json.dumps(line) + "\n" for line in (reading(1200, 80), reading(600, 97), reading(0, 80), gap)))
    people = wardctl("try", PLAN, path, "--compare", PLAN).stdout
    assert re.search(r"^Lines out of order +2 \(--sort puts them in order first\)$", people, re.M)
    assert re.search(r"^Records that are no readings +1$", people, re.M)
    assert "out of order" not in wardctl("try", PLAN, path, "--compare", PLAN, "--sort").stdout


def test_the_help_names_every_order():
    told = wardctl("try", "--help").stdout
    for word in ("acknowledge", "silence", "suspend_s", "resume", "plan", "void", "stop", "restart", "reboot", "discharge",
                 "--compare", "--sort"):
        assert word in told, word
