# SPDX-License-Identifier: Apache-2.0
"""A second hub, written from the documents alone (tests/hub/minimal_hub.py): with a real gateway when it has lost its
memory, and with a gateway of Python for what a real one does not do on demand."""
import json
import pathlib
import sqlite3
import subprocess
import sys
import types

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hub_fixture import HUB, Broker, Gateway, Program, alarm, contract, eventually, records  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

import minimal_hub  # noqa: E402

PATIENT = "p-7f3a"


def kid_of(keys, role):
    document = json.loads((keys / "ward-keys.json").read_text("utf-8"))
    return next(jwk["kid"] for jwk in document["keys"] if jwk["role"] == role)


class Minimal(Program):
    """The hub as a process."""

    def __init__(self, directory, broker, jwks):
        keys, pki = directory / "keys", broker.pki
        (directory / "gateway-keys.json").write_text(json.dumps({"keys": jwks}))
        self.database = directory / "minimal.db"
        super().__init__([str(word) for word in (
            HUB / "minimal_hub.py", "--host", "localhost", "--port", broker.port, "--ca", pki / "ca.pem", "--cert",
            pki / "hub.pem", "--key", pki / "hub.key", "--site", "home", "--database", self.database, "--gateway-keys",
            directory / "gateway-keys.json", f"--hub-key={kid_of(keys, 'hub')}:{keys / 'hub.pem'}",
            f"--technical-key={kid_of(keys, 'technical')}:{keys / 'technician.pem'}")])
        self.said("listening")

    def rows(self, what):
        with sqlite3.connect(self.database) as database:
            return database.execute(f"SELECT {what}").fetchall()

    def count(self, table):
        return self.rows(f"count(*) FROM {table}")[0][0]

    def forget(self):
        """It is killed, and its memory is gone."""
        self.kill()
        for path in self.database.parent.glob("minimal.db*"):
            path.unlink()

    def shows(self, condition, what):
        """Waits until what it shows last of the patient fulfils the condition."""
        def found():
            lines = [json.loads(line) for line in list(self.out)]
            return lines and condition(lines[-1]) and lines[-1]
        return eventually(found, lambda: f"{what}: {self.out[-3:]} {self.err[-5:]}")


# --- with a real gateway ---------------------------------------------------------------------------------------------


class Home(WardAtHome):
    def start(self):
        super(WardAtHome, self).start()
        self.start_minimal()
        return self

    def start_minimal(self):
        self.minimal = Minimal(self.directory, self.broker, [{**self.ask("hub", "show")[0]["key"], "gateway": "g-1"}])

    def stop(self):
        self.minimal.kill()
        super().stop()


def test_a_hub_that_forgets_in_the_midst_of_a_backlog_has_everything_in_the_end():
    home = Home().start()
    try:
        home.start_uplink()
        home.enter(3)
        home.wait_until_delivered()
        first = home.minimal.count("record")
        home.stop_uplink()
        home.enter(9)  # the backlog: the hub will begin with this
        home.minimal.forget()
        home.start_minimal()
        home.start_uplink()
        eventually(lambda: home.minimal.count("record") > 0, "some of the backlog is at the hub")
        home.minimal.forget()
        home.start_minimal()
        home.enter(1)
        home.wait_until_delivered()

        eventually(lambda: home.minimal.rows("min(seq) FROM record") == [(1,)], "it has asked for the first, too")
        head = home.minimal.rows("max(seq) FROM record")[0][0]
        assert head >= first + 10
        eventually(lambda: home.minimal.count("record") == head, "and it has all of them")
        values = [json.loads(body)["values"][0]["value"] for (body,) in home.minimal.rows("body FROM record ORDER BY seq")
                  if json.loads(body)["kind"] == "entry"]
        assert values == list(range(11, 24))
        eventually(lambda: home.ask("queue")[0]["undelivered_alarms"] == 0, "every alarm is confirmed")
        eventually(lambda: home.minimal.rows("min(n) FROM event GROUP BY id HAVING min(n) > 1") == [],
                   "and of every alarm it has the first event, too")
        home.minimal.shows(lambda line: "unsigned-plan" in line["why"] and not line["monitored"], "the true reason")
        assert not any("refused" in line for line in home.minimal.err)
    finally:
        home.stop()


# --- with one that does what it is told ------------------------------------------------------------------------------


class Ward:
    def __init__(self, directory):
        self.directory = directory
        self.broker = Broker(directory / "pki", ("g-1", "g-2"))
        subprocess.run([HUB / "wardhub.py", "keys", "--keys-out", directory / "keys"], check=True)
        self.gateway, self.other = Gateway(self.broker), Gateway(self.broker, "g-2")
        self.gateway.hub_key = contract.load_private(directory / "keys" / "hub.pem").public_key()
        self.hub = Minimal(directory, self.broker, [
            {**contract.public_jwk(gateway.key.public_key()), "gateway": gateway.name}
            for gateway in (self.gateway, self.other)])

    def tell(self, beat=1, **active):
        """State, heartbeat and list of a gateway that is well, but for what is said."""
        self.gateway.publish("state", state(), retain=True)
        self.gateway.publish("heartbeat", {"schema": "wardgate.heartbeat/1", "gateway": "g-1", "boot": "b-77", "n": beat})
        self.gateway.publish(f"active/{PATIENT}", listed(**active), retain=True, expiry_s=180)

    def close(self):
        self.gateway.close()
        self.other.close()
        self.hub.kill()
        self.broker.stop()


def state(**more):
    return {"schema": "wardgate.state/1", "gateway": "g-1", "state": "online", "monitoring": "full", "boot": "b-77",
            "epoch": Gateway.EPOCH, "devices": [], **more}


def listed(**more):
    return {"schema": "wardgate.active/1", "gateway": "g-1", "patient": PATIENT, "monitoring": "full", "reasons": [],
            "conditions": [], **more}


@pytest.fixture
def ward(tmp_path):
    ward = Ward(tmp_path)
    yield ward
    ward.close()


def through(seq):
    return lambda body: body["records"]["through"] == seq


def test_what_is_not_signed_is_neither_stored_nor_confirmed_nor_shown(ward):
    run, gateway = records(3), ward.gateway
    kid = ("kid", contract.thumbprint(gateway.key.public_key()))
    ward.tell()
    ward.hub.shows(lambda line: line["monitored"], "monitored")
    gateway.publish_readings(run, key=Ed25519PrivateKey.generate())
    gateway.publish_readings(run, properties=[])
    gateway.publish_readings(run, properties=[kid, ("sig", "A" * 86)])
    gateway.publish_readings(run, key=ward.other.key, properties=[
        ("kid", contract.thumbprint(ward.other.key.public_key())),
        ("sig", contract.sign_up(ward.other.key, "ward/v1/home/g-1/up/readings", b"x"))])
    gateway.publish("alarms", alarm(), key=ward.other.key)
    gateway.publish(f"active/{PATIENT}", None, key=ward.other.key, retain=True)  # would take him off the board
    ward.hub.said("refused", times=6)
    altered = [dict(run[0], mono_us=5), *run[1:]]
    gateway.publish_readings(altered)
    ward.hub.said("is not in the chain")
    assert ward.hub.count("record") == ward.hub.count("event") == 0
    gateway.publish_readings(run)
    claims = gateway.receipt(lambda body: body["records"]["through"])
    assert claims["body"]["records"]["through"] == 3 and claims["body"]["head"] == run[2]["chain"]
    contract.check_down("ward/v1/home/g-1/down/receipt", gateway.last_receipt, strict=True)
    assert json.loads(ward.hub.out[-1])["monitored"] and json.loads(ward.hub.out[-1])["news"] == []


def test_nothing_found_is_told_from_not_monitored(ward):
    ward.tell()
    line = ward.hub.shows(lambda line: line["monitored"], "nothing was found")
    assert line["present"] == [] and line["why"] == ""
    ward.gateway.publish(f"active/{PATIENT}", listed(monitoring="degraded", reasons=["unsigned-plan"]), retain=True)
    ward.hub.shows(lambda line: not line["monitored"] and "degraded: unsigned-plan" in line["why"], "why not")
    ward.gateway.publish(f"active/{PATIENT}", listed(monitoring="guarded"), retain=True)
    ward.hub.shows(lambda line: not line["monitored"] and "guarded" in line["why"], "a word that it does not know")
    ward.gateway.publish(f"active/{PATIENT}", listed(), retain=True)
    ward.hub.shows(lambda line: line["monitored"], "monitored again")
    for broken in ({"state": "offline"}, {"monitoring": "stopped"}):
        ward.gateway.publish("state", state(**broken), retain=True)
        ward.hub.shows(lambda line: not line["monitored"] and "offline" in line["why"], "gone")
        ward.gateway.publish("state", state(), retain=True)
        ward.hub.shows(lambda line: line["monitored"], "and back")


def test_an_alarm_stands_as_its_highest_n_says(ward):
    ward.tell()
    cleared = alarm(3, event="cleared", reason="data")
    for event in (cleared, alarm(1), alarm(2, event="acknowledged", by="dr-1"), cleared):
        ward.gateway.publish("alarms", event)
    body = ward.gateway.receipt(lambda body: len(body["alarms"]) == 3)["body"]
    assert sorted(n for _, n in body["alarms"]) == [1, 2, 3]
    ward.hub.shows(lambda line: line["news"] == ["spo2-low high cleared"], "cleared, whatever came last")
    ward.gateway.publish("alarms", alarm(4, event="observed", condition="flux-low", priority="extreme"))
    ward.gateway.receipt(lambda body: len(body["alarms"]) == 4)
    ward.hub.shows(lambda line: line["news"] == ["flux-low high observed"], "what it does not know is shown, and is high")


def test_a_late_message_puts_a_discharged_patient_nowhere(ward):
    ward.tell()
    ward.hub.shows(lambda line: line["monitored"], "monitored")
    shown = len(ward.hub.out)
    ward.gateway.publish(f"active/{PATIENT}", None, retain=True)
    run = records(2)
    ward.gateway.publish_readings(run)
    ward.gateway.publish("alarms", alarm())
    body = ward.gateway.receipt(lambda body: body["records"]["through"] == 2 and body["alarms"])["body"]
    assert body["alarms"] == [[alarm()["id"], 1]]
    assert ward.hub.count("record") == 2 and ward.hub.count("event") == 1
    assert ward.hub.out[shown:] == []


def test_a_topic_that_it_does_not_know_is_skipped(ward):
    ward.gateway.publish("weather", {"schema": "wardgate.weather/1", "gateway": "g-1"})
    ward.gateway.publish("alarms", dict(alarm(), schema="wardgate.alarm/2"))
    ward.hub.said("refused")  # the one with the other version
    run = records(1)
    ward.gateway.publish_readings(run)
    assert ward.gateway.receipt(through(1))["body"]["alarms"] == []
    assert len(ward.hub.err) == 2  # listening, and the one refusal


def test_time_alone_ends_monitoring():
    """The hub's own clock: 90 s without a new heartbeat, 180 s without a list, or what the broker says is left of it."""
    hub = minimal_hub.Hub.__new__(minimal_hub.Hub)
    hub.due, hub.state, hub.beat, hub.active, hub.closed, hub.remembers = set(), {}, {}, {}, set(), True
    hub.db = sqlite3.connect(":memory:", isolation_level=None)
    hub.db.executescript(minimal_hub.TABLES)
    message = types.SimpleNamespace(payload=b"{}", properties=types.SimpleNamespace(MessageExpiryInterval=100))
    hub.take_state("g-1", state(), message)
    assert hub.why_not("g-1", PATIENT, 0) == "no heartbeat"
    hub.take_heartbeat("g-1", {"boot": "b-1", "n": 7}, message)
    hub.take_active("g-1", PATIENT, listed(), message)
    begun = hub.beat["g-1"][1]
    assert hub.why_not("g-1", PATIENT, begun + 89) == ""
    assert hub.why_not("g-1", PATIENT, begun + 91) == "no heartbeat"
    hub.beat["g-1"] = ({"boot": "b-1", "n": 7}, begun + 60)
    for document in ({"boot": "b-1", "n": 7}, {"boot": "b-1", "n": 6}):
        hub.take_heartbeat("g-1", document, message)  # brought again: no sign of life
        assert hub.beat["g-1"][1] == begun + 60
    assert hub.why_not("g-1", PATIENT, begun + 99) == ""
    assert hub.why_not("g-1", PATIENT, begun + 102) == "no list of what is wrong"
