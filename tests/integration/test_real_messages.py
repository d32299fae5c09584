# SPDX-License-Identifier: Apache-2.0
"""What a real gateway and the reference hub say to each other over a real broker, held against docs/mqtt: schema, signature,
QoS, retain, expiry, content type.

With WARD_EXAMPLES=yes the fullest message of each kind is kept as docs/mqtt/examples/real/NAME.json (real_examples.py); those
that are there are from such a run, and are held against the schemas like everything else.
"""
import json
import pathlib
import sys
import time

import pytest
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import real_examples  # noqa: E402
from bluez_fixture import CUFF, OTHER_CUFF, PATIENCE_S, PATIENT, ROOT, eventually  # noqa: E402
from hub_fixture import contract  # noqa: E402
from real_examples import EXAMPLES, Recorder, down_name_of, fullest, name_of  # noqa: E402
from test_commands import EPISODE, SYNCED, needs_mounts  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

import wardhub  # noqa: E402

UP = {"state.online", "state.offline", "heartbeat", "active", "alarm.raised", "alarm.acknowledged", "alarm.cleared",
      "alarm.suspended", "alarm.resumed", "alarm.technical-raised", "alarm.technical-cleared", "readings",
      "result.done", "result.refused", "result.failed", "result.plan-refused", "diagnostics.versions",
      "diagnostics.counters", "diagnostics.devices", "diagnostics.journal"}
# Kept by tests that have them anyway: test_not_monitored.py, test_delivery.py, test_episode.py, test_fhir_delivery.py.
ELSEWHERE = {"state.stopped", "result.missing", "result.erased", "bundle"}
COMMANDS = set(json.loads((contract.SCHEMAS / "command.json").read_text("utf-8"))["properties"]["command"]["enum"])
DOWN = COMMANDS | {"replay-alarms", "receipt", "care-plan"}
NAMES = UP | ELSEWHERE | {f"{part}.{name}" for part in ("downlink", "claims") for name in DOWN}
DOCUMENT = yaml.safe_load((ROOT / "docs" / "mqtt" / "asyncapi.yaml").read_text("utf-8"))
GUEST, HIS_EPISODE = "p-2c81", "s-02"  # who is admitted by the ward and goes again


def bindings():
    """By what follows up/ or down/: QoS, retain and expiry of the document's operations."""
    found = {}
    for operation in DOCUMENT["operations"].values():
        channel = DOCUMENT["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        merged = {}
        for trait in operation.get("traits", []):
            merged.update(DOCUMENT["components"]["operationTraits"][trait["$ref"].rpartition("/")[2]]["bindings"]["mqtt"])
        merged.update(operation.get("bindings", {}).get("mqtt", {}))
        if channel["address"]:
            found[channel["address"].split("/")[5]] = (merged["qos"], merged["retain"], merged.get("messageExpiryInterval"))
    return found


def check(message, key, documented):
    """What is in a message that went up, None for an emptied topic."""
    kind = message.topic.split("/")[5]
    qos, retain, expiry = documented[kind]
    user = dict(message.properties.UserProperty)
    assert set(user) == {"kid", "sig"} and user["kid"] == contract.thumbprint(key)
    contract.verify_up(key, message.topic, message.payload, user["sig"])
    document = contract.check_up(message.topic, message.payload, strict=True)
    assert (message.qos, message.retain) == (qos, retain), message.topic
    left = getattr(message.properties, "MessageExpiryInterval", None)
    if document:  # what empties a topic has nothing to expire
        assert (left is None) == (expiry is None) and (left is None or expiry - PATIENCE_S <= left <= expiry), message.topic
    assert message.properties.ContentType == "application/json"
    return document


def check_down(message, keys, documented):
    """(name, claims) of a message that came down."""
    qos, retain, _ = documented[message.topic.split("/")[5]]
    claims = contract.check_down(message.topic, message.payload, strict=True)
    assert contract.read_jws(message.payload, signer(message.payload, keys)) == claims
    assert (message.qos, message.retain) == (qos, retain), message.topic
    return down_name_of(claims), claims


def signer(payload, keys):
    """The one of the ward's keys that a JWS names."""
    header = json.loads(contract.unb64(json.loads(payload)["protected"]))
    key, = [key for key in keys["keys"] if key["kid"] == header["kid"]]
    return contract.load_public(key)


class Desk:
    """Orders what `wardhub.py VERB` orders, signed and sent as it does, over one connection for all."""

    def __init__(self, home):
        self._words = home.hub_command("", "--strict", "--gateway", "g-1")[2:]
        options = self._options("identify")
        self._gate = wardhub.Gate(wardhub.GatewayKeys(options.gateway_key), True)
        self._answers = {}
        self._connection = wardhub.Connection(options, "wardhub-desk", ["ward/v1/home/g-1/up/result"], 0)
        self._until(self._connection.connected, "the connection")

    def _options(self, verb, *words):
        return wardhub.parse_options([verb, *self._words, *map(str, words)])

    def _until(self, condition, what):
        def turn():
            self._connection.loop(0.05)
            while not self._connection.inbox.empty():
                answer = self._gate.admit(self._connection.inbox.get())[4]
                self._answers.setdefault(answer["id"], []).append(answer)
            return condition()

        return eventually(turn, what)

    def order(self, verb, *words):
        """The first answer."""
        said, topic, payload, how = wardhub.message_of(self._options(verb, *words), "ward/v1/home/g-1")
        due = [0]

        def answered():
            if time.monotonic() >= due[0]:  # a gateway that did not listen gets the same again: it counts once
                due[0] = time.monotonic() + 2
                self._connection.publish(topic, payload, **how)
            return self._answers.get(said)

        return self._until(answered, verb)[0]

    def done(self, verb, *words):
        answer = self.order(verb, *words)
        assert answer["outcome"] == "done", (verb, answer)

    def close(self):
        self._connection.close()


class ExampleHome(WardAtHome):
    prefix = SYNCED

    def record(self, condition, what):
        """EPOCH:SEQ of the newest record that is so."""
        found = eventually(lambda: [record for record in self.ask("readings", "--limit", 1000) if condition(record)],
                           lambda: f"{what} among {self.ask('readings', '--limit', 1000)}")[0]
        return f"{found['epoch']}:{found['seq']}"


def plans(home):
    """A plan with a score and hours of wear, and one that no gateway takes."""
    plan = json.loads((ROOT / "config" / "care-plans" / "post-operative.json").read_text("utf-8"))
    good, bad = home.directory / "plan.json", home.directory / "bad-plan.json"
    good.write_text(json.dumps({**plan, "version": 4}))
    bad.write_text(json.dumps({**plan, "version": 5, "rules": [{**plan["rules"][0], "below": 920}, *plan["rules"][1:]]}))
    return good, bad


def follow_the_patient(home, desk):
    """A plan, entries, an alarm that is acknowledged and taken back, and a break. Of two cuffs one takes the other's place."""
    of = ("--patient", PATIENT, "--episode", EPISODE)
    good, bad = plans(home)
    desk.done("plan", *of, "--plan", good)
    assert desk.order("plan", *of, "--plan", bad)["errors"]

    devices = []
    for cuff in (CUFF, OTHER_CUFF):
        home.enrol(cuff, serial=f"S-{len(devices) + 1}")
        devices += [entry["device"] for entry in home.ask("devices") if entry["device"] not in devices]
    desk.done("assign", *of, "--record", home.record(lambda record: record.get("unassigned"), "what a cuff had in its memory"))
    home.bluez.battery(CUFF.address, 41)
    home.measure(CUFF, 20)
    desk.done("unbind", *of, "--device", devices[1])
    desk.done("swap", *of, "--device", devices[0], "--replacement", devices[1])
    desk.done("bind", *of, "--device", devices[0], "--slot", 1)

    desk.done("entry", *of, "--value", "spo2=85", "--value", "respiration_rate=18", "--value", "oxygen=air",
              "--value", "consciousness=alert")
    assert desk.order("entry", *of, "--value", "spo2=880")["outcome"] == "refused"
    alarm, = [alarm for alarm in home.ask("alarms") if alarm["condition"] == "spo2-low"]
    desk.done("acknowledge", *of, "--alarm", alarm["id"])
    desk.done("void", *of, "--record", home.record(lambda record: record["kind"] == "entry", "the entry"),
              "--reason", "wrong-patient")
    desk.done("suspend", *of, "--seconds", 3600, "--reason", "bath, nurse with her")
    desk.done("resume", *of)
    desk.done("ask", *of, "--quantity", "spo2")


def look_after_the_gateway(home, desk):
    """What a technician asks for, and root."""
    desk.order("identify", "--seconds", 5)  # this one has no light
    desk.done("diagnostics")
    assert desk.order("rotate")["outcome"] == "failed"  # its certificate was given to it by hand
    key = home.directory / "new.pem"
    key.write_bytes(contract.private_pem(wardhub.Ed25519PrivateKey.generate()))
    desk.done("add-key", "--new-key", key, "--role", "technical")
    desk.done("revoke-key", "--kid", contract.thumbprint(contract.load_private(key).public_key()))


@needs_mounts
def test_what_both_say_is_what_the_document_says():
    home = ExampleHome()
    up, down = Recorder(home.broker, "clinician", "up"), Recorder(home.broker, "g-1", "down")
    home.start()
    desk = Desk(home)
    try:
        since = contract.utc()
        follow_the_patient(home, desk)
        look_after_the_gateway(home, desk)
        desk.done("replay", "--since", since)
        home.wait_until_delivered()
        desk.done("replay", "--records", f"{home.epoch()}:1-9999")
        guest = ("--patient", GUEST, "--episode", HIS_EPISODE)  # afterwards, since nothing of him stays
        desk.done("admit", *guest, "--label", "Bed 12", "--check-word", "heron", "--plan", plans(home)[0])
        desk.done("discharge", *guest, "--reason", "moved to the ward")
        eventually(lambda: UP - {"state.offline"} <= up.kinds(), lambda: f"not said: {UP - up.kinds()}")
        key = contract.load_public(json.loads((home.directory / "gateway.jwk").read_text("utf-8")))
        desk.done("restart", "--program", "uplink")  # nobody starts it again, and the broker says its will
        assert home.uplink.wait(PATIENCE_S) == 0
        eventually(lambda: UP <= up.kinds(), lambda: f"and the will: {up.kinds()}")
        documented = bindings()
        said = [document for message in up.messages if (document := check(message, key, documented))]
        real_examples.keep({name: document for name, document in fullest((name_of(one), one) for one in said).items()
                            if name in UP})
        public = home.directory / "keys" / "ward-keys.json"
        keys = json.loads(public.read_text("utf-8"))
        heard = {message.payload: check_down(message, keys, documented) for message in down.messages}
        assert {name for name, _ in heard.values()} == DOWN
        chosen = fullest(heard.values())
        real_examples.keep_down({name: payload for payload, (name, claims) in heard.items() if claims == chosen[name]}, public)
    finally:
        desk.close()
        up.close()
        down.close()
        home.stop()


def test_there_is_a_real_example_of_each():
    assert {path.stem for path in EXAMPLES.glob("*.json")} == NAMES


def test_each_message_of_the_document_has_one():
    messages = DOCUMENT["components"]["messages"].values()
    kinds = {message.get("x-claims-type") or pathlib.PurePosixPath(message["payload"]["schema"]["$ref"]).stem
             for message in messages}
    assert len(kinds) == len(messages)
    shown = {name.partition(".")[0] for name in UP | ELSEWHERE}
    for name in DOWN:
        shown.add(json.loads((EXAMPLES / f"claims.{name}.json").read_text("utf-8"))["type"])
    assert kinds == shown


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_real_example_keeps_the_contract(name):
    document = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    schema, _, form = name.partition(".")
    contract.schemas().check(schema, document, strict=True)
    if schema == "claims":
        assert down_name_of(document) == form
    elif schema == "downlink":
        keys = json.loads(real_examples.KEYS.read_text("utf-8"))
        octets = json.dumps(document).encode()
        claims = json.loads((EXAMPLES / f"claims.{form}.json").read_text("utf-8"))
        assert contract.read_jws(octets, signer(octets, keys)) == claims
    else:
        assert name_of(document) == name
