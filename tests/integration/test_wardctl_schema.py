# SPDX-License-Identifier: Apache-2.0
"""docs/cli/wardctl.schema.json says what every verb prints with --json: each is asked of a gateway with a cuff, or goes
without one, and every line is held against it. A verb that is missing there, or whose output nobody holds, is a failure."""

import copy
import json
import re
import subprocess
import sys

import jsonschema
import pytest

from bluez_fixture import CUFF, PATIENCE_S, PATIENT, ROOT, WARDCTL, Home
from test_wardctl import Gateway, run
from test_wardctl_decode import vectors

sys.path.insert(0, str(ROOT / "tests" / "hub"))
sys.path.insert(0, str(ROOT / "tests" / "fakes"))
import contract  # noqa: E402
import enrolment_code  # noqa: E402

SCHEMA = json.loads((ROOT / "docs/cli/wardctl.schema.json").read_text())
PLAN = ROOT / "config/care-plans/oximetry-at-home.json"
SIGNAL_HUB_STEP = 5


def validators():
    """By the name in $defs; nothing may be there that is not described."""
    plain = [SCHEMA, json.loads((ROOT / "docs/care-plan.schema.json").read_text()),
             *(json.loads(path.read_text()) for path in (ROOT / "docs/mqtt/schemas").glob("*.json"))]
    for schema in plain:
        jsonschema.Draft202012Validator.check_schema(schema)
    strict = {schema["$id"]: contract._strict(copy.deepcopy(schema)) for schema in plain}
    top = strict[SCHEMA["$id"]]
    return {name: jsonschema.Draft202012Validator({"$ref": f"{SCHEMA['$id']}#/$defs/{name}"},
                                                  resolver=jsonschema.RefResolver(SCHEMA["$id"], top, store=strict))
            for name in SCHEMA["$defs"]}


VALIDATORS = validators()


class Outputs:
    """What was printed, by verb and action; each line fits one of the schemas that the verb has."""

    def __init__(self):
        self.seen = {}  # verb and action to the $defs that its lines were

    def hold(self, verb, text):
        for line in text.splitlines():
            document = json.loads(line)
            errors = {}
            for name in SCHEMA["x-verbs"][verb]:
                errors[name] = [f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                                for error in VALIDATORS[name].iter_errors(document)]
                if not errors[name]:
                    self.seen.setdefault(verb, set()).add(name)
                    break
            else:
                raise AssertionError(f"{verb}: {line[:400]} is none of {errors}")


@pytest.fixture(scope="module")
def outputs():
    return Outputs()


def usage_actions():
    """Every verb, with each of its actions, as the usage lines have them."""
    for verb in re.findall(r"^  ([a-z]+) +\S", run("--help").stdout, re.MULTILINE):
        for line in re.findall(r"^(?:Usage:|      ) wardctl (.*)$", run(verb, "--help").stdout, re.MULTILINE):
            action = re.match(r"[a-z]+ (\[?)([a-z|]+)\]?(?= |$)", line)
            if not action or action[1]:
                yield verb
            for name in action[2].split("|") if action else []:
                yield f"{verb} {name}"


def test_every_verb_has_a_schema():
    assert set(SCHEMA["x-verbs"]) == set(usage_actions())
    named = {name for names in SCHEMA["x-verbs"].values() for name in names}
    text = json.dumps(SCHEMA["$defs"])
    assert all(name in named or f'"#/$defs/{name}"' in text for name in SCHEMA["$defs"]), "one that nothing uses"


def test_a_schema_refuses_what_it_does_not_say():
    """The validators are as strict as they look."""
    good = {"outcome": "done", "patient": "p-1"}
    assert not list(VALIDATORS["done"].iter_errors(good))
    for bad in ({}, {"outcome": "failed"}, {**good, "mood": 1}, {**good, "patient": "Bärbel Klein"}):
        assert list(VALIDATORS["done"].iter_errors(bad)), bad


def test_a_gateway_with_a_cuff(outputs, tmp_path):
    home = Home()

    def ask(*words, action=True, check=True):
        done = home.ctl(*words, "--json", check=check)
        outputs.hold(" ".join(map(str, words[:2 if action else 1])), done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def begin(*words):
        return subprocess.Popen([WARDCTL, *map(str, words), "--json"], env=home.environment, text=True, stdout=subprocess.PIPE)

    try:
        home.start()
        bluez, since = home.bluez, home.bluez.mark()
        watching = begin("watch")
        bluez.device(CUFF.address, "name", CUFF.name, "serial", "S-1", "services", CUFF.service)
        bluez.advertise(CUFF.address, "on")
        assert ask("devices", "scan", "--seconds", 1)
        pairing = begin("devices", "pair", CUFF.address, "--patient", PATIENT, "--timeout", 500)
        bluez.said(f"called StartNotify {CUFF.path}", since)
        bluez.advertise(CUFF.address, "off")
        bluez.disconnect(CUFF.address)
        bluez.connect(CUFF.address)
        bluez.resolve(CUFF.address)
        bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(1))
        outputs.hold("devices pair", pairing.communicate(timeout=PATIENCE_S)[0])
        bluez.disconnect(CUFF.address)
        device = ask("devices", action=False)[0]["device"]
        ask("devices", "unbind", device)  # a test is refused while it measures for somebody
        testing = begin("devices", "test", device)
        outputs.hold("devices test", testing.stdout.readline())  # it has begun
        bluez.connect(CUFF.address)
        bluez.resolve(CUFF.address)
        bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(2))
        outputs.hold("devices test", testing.communicate(timeout=PATIENCE_S)[0])
        bluez.disconnect(CUFF.address)
        ask("devices", "bind", device, "--patient", PATIENT)
        record = home.measure(CUFF, 3)
        for words in (["devices", "list"], ["devices", "show", device], ["devices", "rename", device, "Clip"], ["patient", "list"],
                      ["patient", "show", PATIENT], ["alarms", "history"], ["alarms", "list"], ["plan", "show", PATIENT], ["hub", "show"],
                      ["alarms", "explain", record["seq"]], ["devices", "unbind", device],
                      ["devices", "bind", device, "--patient", PATIENT, "--share"]):
            ask(*words)
        for words in (["status"], ["patient"], ["devices"], ["readings"], ["readings", "--fhir"], ["queue"],
                      ["entry", "--patient", PATIENT, "concern=carer"]):
            ask(*words, action=False)
        alarm = ask("alarms", action=False)[0]
        ask("alarms", "explain", alarm["id"])
        ask("alarms", "silence", PATIENT)
        ask("alarms", "ack", alarm["id"], "--patient", PATIENT, "--by", "dr-1", check=False)
        ask("readings", "void", record["seq"], "--reason", "wrong-patient")
        ask("plan", "apply", PLAN, "--patient", PATIENT)
        ask("hub", "test", check=False)
        ask("visit", "report", check=False)
        ask("selftest", action=False, check=False)
        ask("diagnose", tmp_path / "made.tar.gz", "--config", home.directory / "wardgate.conf", action=False)
        watching.terminate()
        outputs.hold("watch", watching.communicate(timeout=PATIENCE_S)[0])
        ask("devices", "forget", device)
        ask("patient", "discharge", PATIENT, "--reason", "well")
        ask("patient", action=False)
        ask("patient", "admit", "p-0002", "--episode", "s-02", "--plan", PLAN)
    finally:
        home.stop()
    assert {"live_value", "alarm"} <= outputs.seen["watch"]
    assert outputs.seen["devices pair"] == {"enrolment_step", "device"} and outputs.seen["devices test"] == {"test_step", "test_reading"}
    assert outputs.seen["readings"] == {"record", "bundle"}


def test_without_a_gateway(outputs, tmp_path):
    readings = tmp_path / "readings.ndjson"
    readings.write_text("".join(json.dumps({"measured_at": f"2026-11-22T09:00:{second:02}.000Z", "patient": "p-1",
                                            "values": [{"quantity": "spo2", "value": 88}]}) + "\n" for second in range(0, 60, 20)))
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    wrong = tmp_path / "wardgate.conf"
    wrong.write_text("[hub]\nhots = 1\n")
    right = tmp_path / "right.conf"
    right.write_text("[gateway]\nid = g-1\n[hub]\nhost = hub.example\n")
    for words in (["config", "check", ROOT / "config/wardgate.conf"], ["config", "check", right], ["config", "check", wrong],
                  ["config", "check", "/nonexistent"], ["plan", "check", PLAN], ["plan", "check", "-"]):
        outputs.hold(" ".join(map(str, words[:2])), run(*words, "--json", input='{"id":1}').stdout)
    for words in (["try", PLAN, readings], ["try", PLAN, readings, "--compare", PLAN],
                  ["sign", "--key", key, "--gateway", "g-1", "--by", "c-1", "rotate"]):
        outputs.hold(words[0], run(*words, "--json").stdout)
    assert outputs.seen["try"] == {"alarm", "trial", "trial_comparison"} and outputs.seen["sign"] == {"signed"}


def test_what_needs_more_than_one_home(outputs):
    """An uplink that enrols; a device that two people share."""
    gateway = Gateway()
    try:
        gateway.start()
        gateway.answers("Provision", "it is in use")
        gateway.signals("Provision", [SIGNAL_HUB_STEP, "server", "12", "est.ward.example:443 answers"])
        code = enrolment_code.make("est.ward.example", bytes(range(32)), bytes(range(10)))
        for words in (["hub", "enrol"], ["hub", "renew"], ["hub", "retire", "--yes"]):
            outputs.hold(" ".join(words[:2]), gateway.run(*words, "--json", input=code).stdout)
        outputs.hold("measure", gateway.run("measure", "--patient", "p-1", "--device", "d-1", "--json").stdout)
    finally:
        gateway.stop()


def test_what_is_decoded(outputs):
    """The vectors are what `decode` prints (test_wardctl_decode.py holds that)."""
    outputs.hold("decode", "".join(json.dumps(vector.values[3]) + "\n" for vector in vectors()))


def test_every_output_was_held(outputs):
    assert set(SCHEMA["x-verbs"]) - set(outputs.seen) == set()
