# SPDX-License-Identifier: Apache-2.0
"""The reference hub over a real broker with mutual TLS, and its code against the gateway's in C."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hub_fixture import HUB, PATIENCE_S, ROOT, Broker, Gateway, Program, alarm, contract, eventually, records  # noqa: E402
import wardhub  # noqa: E402

VERIFY = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev")) / "tests" / "integration" / "verify-receipt"


class Ward:
    """Broker, hub and gateway together."""

    def __init__(self, directory):
        self.directory = directory
        self.broker = Broker(directory / "pki")
        subprocess.run([HUB / "wardhub.py", "keys", "--keys-out", directory / "keys"], check=True)
        self.gateway = Gateway(self.broker)
        self.gateway.hub_key = contract.load_private(directory / "keys" / "hub.pem").public_key()
        (directory / "gateway.jwk").write_text(json.dumps(self.gateway.jwk()))
        self.hub = None

    def arguments(self):
        pki = self.directory / "pki"
        return ["--port", self.broker.port, "--ca", pki / "ca.pem", "--cert", pki / "hub.pem", "--key", pki / "hub.key",
                "--keys", self.directory / "keys", "--gateway-key", self.directory / "gateway.jwk", "--site", "home"]

    def start(self, *more):
        arguments = [HUB / "wardhub.py", "run", *self.arguments(), "--database", self.directory / "hub.db", "--strict", *more]
        self.hub = Program([str(argument) for argument in arguments])
        self.hub.said("hearing ward/v1/home/+/up/#")
        return self.hub

    def count(self, table):
        with sqlite3.connect(self.directory / "hub.db") as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def latest(self, tail):
        with sqlite3.connect(self.directory / "hub.db") as database:
            rows = database.execute("SELECT payload FROM latest WHERE topic = ?", (f"ward/v1/home/g-1/up/{tail}",)).fetchall()
        return json.loads(rows[0][0])

    def close(self):
        self.gateway.close()
        if self.hub:
            self.hub.stop()
        self.broker.stop()


@pytest.fixture
def ward(tmp_path):
    ward = Ward(tmp_path)
    yield ward
    ward.close()


def through(seq):
    return lambda body: body["records"]["through"] == seq


def test_readings_are_committed_shown_and_confirmed_once(ward):
    run = records(3)
    hub = ward.start("--json")
    for _ in range(2):
        ward.gateway.publish_readings(run)
    claims = ward.gateway.receipt(through(3))
    assert claims["by"] == {"id": "hub-1", "role": "hub"}
    assert claims["body"]["head"] == run[2]["chain"]
    assert claims["body"]["records"]["ranges"] == []
    contract.Schemas().check("claims", claims, strict=True)
    contract.Schemas().check("downlink", json.loads(ward.gateway.last_receipt), strict=True)
    assert ward.count("record") == 3
    ward.gateway.publish_readings(run[1:])
    hub.said("spo2 96 %", times=3)
    assert hub.stop() == 0
    lines = [json.loads(line) for line in hub.out]
    assert [line["topic"] for line in lines] == ["ward/v1/home/g-1/up/readings"]
    assert [record["seq"] for record in lines[0]["payload"]["records"]] == [1, 2, 3]


def small(run, kind, **members):
    """A small record behind the last of the run."""
    last = run[-1]
    record = {"boot": last["boot"], "clock": "synced", "epoch": last["epoch"], "kind": kind, "mono_us": 90000000,
              "received_at": "2026-11-22T09:01:30.000Z", "seq": last["seq"] + 1, **members}
    record["chain"] = contract.chain_next(last["chain"], record)
    return record


def test_a_clock_record_dates_what_came_before_it_and_changes_nothing(ward):
    run = records(2, received_at=None, measured_at=None, clock="unsynced")
    hub = ward.start()
    ward.gateway.publish_readings(run)
    hub.said("at an unknown time", times=2)
    clock = small(run, "clock", offset_ms=1795338000000, uncertainty_ms=1000)
    ward.gateway.publish_readings([clock])
    ward.gateway.receipt(through(3))
    seconds = run[0]["mono_us"] / 1e6
    minutes, seconds = divmod(seconds, 60)
    hub.said(f"dated 2026-11-22T09:{int(minutes):02d}:{seconds:06.3f}Z (by a clock that was known later, to 1000 ms)")
    hub.said("dated ", times=2)
    with sqlite3.connect(ward.directory / "hub.db") as database:
        kept = [json.loads(body) for (body,) in database.execute("SELECT body FROM record ORDER BY seq")]
    assert kept == [*run, clock]


def test_the_ward_is_told_when_nobody_was_watched(ward):
    run = records(1)
    hub = ward.start()
    gone = {"from": "2026-11-22T08:00:00.000Z", "to": None, "reason": "power"}
    ward.gateway.publish_readings([*run, small(run, "unmonitored", **gone)])
    hub.said("NOBODY WAS MONITORED from 2026-11-22T08:00:00.000Z to an unknown time (power)")
    ward.gateway.receipt(through(2))


def test_what_the_gateway_lost_is_said(ward):
    run = records(1)
    hub = ward.start()
    lost = {"count": 7, "from": None, "to": "2026-11-22T09:00:00.000Z", "reason": "queue-full"}
    ward.gateway.publish_readings([*run, small(run, "gap", **lost)])
    hub.said("LOST 7 RECORDS from an unknown time to 2026-11-22T09:00:00.000Z (queue-full)")
    ward.gateway.receipt(through(2))


def test_batches_out_of_order_and_a_gap_that_fills(ward):
    run = records(9)
    ward.start()
    ward.gateway.publish_readings(run[6:8])
    ward.gateway.receipt(lambda body: body["records"] == {"through": 0, "ranges": [[7, 8]]} and "head" not in body)
    ward.gateway.publish_readings(run[:3])
    ward.gateway.receipt(lambda body: body["records"] == {"through": 3, "ranges": [[7, 8]]})
    ward.gateway.publish_readings(run[2:6])
    claims = ward.gateway.receipt(through(8))
    assert claims["body"]["head"] == run[7]["chain"]
    assert ward.count("record") == 8


def test_overlapping_batches_show_only_what_is_new(ward):
    run = records(4)
    hub = ward.start("--json")
    ward.gateway.publish_readings(run[:2])
    ward.gateway.publish_readings(run)
    ward.gateway.receipt(through(4))
    eventually(lambda: len(hub.out) == 2, "two lines")
    shown = [[r["seq"] for r in json.loads(line)["payload"]["records"]] for line in hub.out]
    assert shown == [[1, 2], [3, 4]]


def test_a_wrong_signature_is_refused_and_told(ward):
    hub = ward.start()
    run = records(2)
    kid = ("kid", contract.thumbprint(ward.gateway.key.public_key()))
    ward.gateway.publish_readings(run, key=Ed25519PrivateKey.generate())
    hub.said("REFUSED ward/v1/home/g-1/up/readings: signature: does not hold")
    ward.gateway.publish_readings(run, properties=[kid])
    hub.said("the user properties kid and sig are missing")
    ward.gateway.publish_readings(run, properties=[("kid", "x"), ("sig", "A" * 86)])
    hub.said("no key of a gateway has the kid x")
    ward.gateway.publish_readings(run[:1])
    ward.gateway.receipt(through(1))
    assert ward.count("record") == 1 and ward.count("refused") == 3
    assert hub.stop() == 1


def test_a_signature_for_another_topic_does_not_hold(ward):
    hub = ward.start()
    event = alarm()
    signature = contract.sign_up(ward.gateway.key, "ward/v1/home/g-1/up/readings", json.dumps(event).encode())
    kid = contract.thumbprint(ward.gateway.key.public_key())
    ward.gateway.publish("alarms", event, properties=[("kid", kid), ("sig", signature)])
    hub.said("signature: does not hold")


def test_a_broken_chain_is_refused_whole(ward):
    hub = ward.start()
    run = records(4)
    altered = json.loads(json.dumps(run))
    altered[2]["values"][0]["value"] = 99
    ward.gateway.publish_readings(altered)
    hub.said("chain: seq 3 does not follow from seq 2")
    ward.gateway.publish_readings(run)
    ward.gateway.receipt(through(4))
    other = records(5, value=80)
    ward.gateway.publish_readings(other[3:])
    hub.said("chain: seq 4 came before with another chain")
    assert ward.count("record") == 4


def test_a_late_proof_of_a_broken_chain_is_told_and_stops_through(ward):
    hub = ward.start()
    ward.gateway.publish_readings(records(4, value=80)[2:])
    ward.gateway.receipt(lambda body: body["records"]["ranges"] == [[3, 4]])
    ward.gateway.publish_readings(records(2))
    hub.said("chain: seq 3, here before, does not follow from seq 2")
    claims = ward.gateway.receipt(through(2))
    assert claims["body"]["records"]["ranges"] == [[3, 4]]


def test_a_message_against_its_schema_or_topic_is_refused(ward):
    hub = ward.start()
    ward.gateway.publish("alarms", alarm(priority=1))
    hub.said("schema: alarm/priority")
    ward.gateway.publish("alarms", alarm(gateway="g-2"))
    hub.said("topic: the message is another gateway's")
    ward.gateway.publish("nonsense", {})
    hub.said("topic: not one of ours")
    assert ward.count("alarm") == 0


@pytest.mark.parametrize("kind", ("readings", "alarms", "state", "fhir"))
@pytest.mark.parametrize("payload", (b"", b"{", b"\xff", b'{"a":1,"a":1}', b"[" * 20000), ids=("empty", "cut", "no-utf-8", "twice", "deep"))
def test_what_is_no_json_is_refused_and_the_hub_goes_on(ward, kind, payload):
    hub = ward.start()
    ward.gateway.publish(kind, payload)
    hub.said(f"REFUSED ward/v1/home/g-1/up/{kind}: json: ")
    ward.gateway.publish_readings(records(1))
    ward.gateway.receipt(through(1))


def test_a_new_epoch_starts_over(ward):
    hub = ward.start()
    ward.gateway.publish_readings(records(3))
    ward.gateway.receipt(through(3))
    epoch = "e-ffffffffffffffffffffffffffffffff"
    run = records(2, epoch=epoch)
    ward.gateway.publish_readings(run)
    hub.said(f"NEW EPOCH {epoch}")
    claims = ward.gateway.receipt(lambda body: body["epoch"] == epoch and body["records"]["through"] == 2)
    assert claims["body"]["head"] == run[1]["chain"]
    assert ward.count("record") == 5


def test_alarms_are_committed_once_and_confirmed_each_time(ward):
    hub = ward.start()
    ward.gateway.publish_readings(records(1))
    first = alarm()
    ward.gateway.publish("alarms", first)
    key = [first["id"], 1]
    ward.gateway.receipt(lambda body: key in body["alarms"])
    hub.said("HIGH ALARM raised p-7f3a spo2-low 88 %: SpO2 88 %")
    ward.gateway.receipts.clear()
    ward.gateway.publish("alarms", first)
    ward.gateway.receipt(lambda body: key in body["alarms"])
    ward.gateway.publish("alarms", alarm(2, event="cleared", reason="data"))
    ward.gateway.receipt(lambda body: body["alarms"] == [[first["id"], 2], key])
    assert ward.count("alarm") == 2
    assert sum("ALARM raised" in line for line in hub.out) == 1


def state(**more):
    return {"schema": "wardgate.state/1", "gateway": "g-1", "state": "online", "at": contract.utc(), "clock": "synced",
            "boot": "b-77", "version": "0.1.0", "monitoring": "full", "reasons": [], "epoch": Gateway.EPOCH, "seq": 0,
            "queue": {"records": 0, "alarms": 0}, "storage": {"state": "ok", "used_octets": 0, "quota_octets": 1},
            "radio": {"present": True, "powered": True}, "devices": [], **more}


def heartbeat(n):
    return {"schema": "wardgate.heartbeat/1", "gateway": "g-1", "at": contract.utc(), "clock": "synced", "boot": "b-77",
            "mono_us": n * 30000000, "n": n, "epoch": Gateway.EPOCH, "seq": 0, "monitoring": "full"}


def active(**more):
    return {"schema": "wardgate.active/1", "gateway": "g-1", "patient": "p-7f3a", "episode": "s-01",
            "as_of": contract.utc(), "clock": "synced", "epoch": Gateway.EPOCH, "monitoring": "full", "reasons": [],
            "conditions": [], "last_valid": [], **more}


def test_the_ward_sees_who_is_not_monitored(ward):
    device = {"device": "d-1", "patient": "p-7f3a", "connected": False, "last_heard_at": None}
    ward.gateway.publish("state", state(devices=[device]), retain=True)
    hub = ward.start()
    hub.said("NOT MONITORED p-7f3a at g-1: no list of active conditions was heard")
    ward.gateway.publish("heartbeat", heartbeat(1))
    ward.gateway.publish("active/p-7f3a", active(), retain=True)
    hub.said("monitored p-7f3a at g-1: nothing found")
    ward.gateway.publish("active/p-7f3a", active(monitoring="degraded", reasons=["unsigned-plan"]))
    hub.said("NOT FULLY MONITORED p-7f3a at g-1: degraded (unsigned-plan)")
    ward.gateway.publish("active/p-7f3a", active(), expiry_s=1)
    hub.said("NOT MONITORED p-7f3a at g-1: its list of active conditions has expired")
    stopped = {name: value for name, value in state(monitoring="stopped").items()
               if name in ("schema", "gateway", "state", "at", "clock", "boot", "epoch", "monitoring")}
    ward.gateway.publish("state", stopped, retain=True)
    hub.said("NOT MONITORED g-1: the gateway's core has stopped")
    offline = {name: value for name, value in dict(stopped, state="offline").items() if name != "monitoring"}
    ward.gateway.publish("state", offline, retain=True)
    hub.said("NOT MONITORED g-1: the gateway is offline")
    ward.gateway.publish("active/p-7f3a", None, retain=True)
    ward.gateway.publish("heartbeat", heartbeat(1))
    hub.said("replay: a heartbeat that is not newer")


def test_a_silent_gateway_is_not_monitored_after_90_s():
    from watch import Watch

    watch = Watch(0)
    watch.state("g-1", state())
    watch.heartbeat("g-1", heartbeat(1), 10)
    assert list(watch.changes(100)) == ["online g-1"]
    assert list(watch.changes(100.1)) == ["NOT MONITORED g-1: no heartbeat for 90 s"]
    assert list(watch.changes(200)) == []
    watch.heartbeat("g-1", heartbeat(2), 201)
    assert list(watch.changes(201)) == ["online g-1"]


def test_what_a_broker_has_lost_counts_no_more():
    from watch import Watch

    watch = Watch(0)
    watch.state("g-1", state())
    watch.heartbeat("g-1", heartbeat(1), 10)
    watch.active("g-1", "p-7f3a", active(), 200)
    assert list(watch.changes(11)) == ["online g-1", "monitored p-7f3a at g-1: nothing found"]
    watch.forget()
    assert list(watch.changes(12)) == ["NOT MONITORED g-1: no state was heard",
                                       "NOT MONITORED p-7f3a at g-1: no state was heard"]
    watch.state("g-1", state())
    assert list(watch.changes(13)) == ["online g-1",
                                       "NOT MONITORED p-7f3a at g-1: no list of active conditions was heard"]


def test_whoever_was_known_is_shown_after_a_restart(ward):
    """Also when the broker has nothing of him any more."""
    ward.gateway.publish("state", state(), retain=True)
    ward.gateway.publish("active/p-7f3a", active(), retain=True)
    ward.gateway.publish("active/p-gone", dict(active(), patient="p-gone"), retain=True)
    hub = ward.start()
    hub.said("p-7f3a at g-1")
    hub.said("p-gone at g-1")
    ward.gateway.publish("active/p-gone", None, retain=True)
    eventually(lambda: ward.latest("active/p-gone") is None, "the hub has heard that it is empty")
    hub.stop()
    ward.broker.stop()
    ward.broker.start(forgetful=True)
    hub = ward.start()
    hub.said("NOT MONITORED p-7f3a at g-1: no state was heard")
    assert not [line for line in hub.out if "p-gone" in line]


def test_a_heartbeat_that_is_brought_twice_is_no_replay_and_no_sign_of_life(ward):
    """A broker may bring a message twice (QoS 1); it may not bring an old one again."""
    from watch import Watch

    first, second = heartbeat(1), heartbeat(2)
    hub = ward.start()
    for document in (first, first, second, second, first):
        ward.gateway.publish("heartbeat", document)
    hub.said("replay: a heartbeat that is not newer")
    ward.gateway.publish("heartbeat", dict(second, monitoring="none"))  # another one under the same number
    hub.said("replay: a heartbeat that is not newer", times=2)
    assert len([line for line in hub.out + hub.err if "replay" in line]) == 2

    watch = Watch(0)
    watch.state("g-1", state())
    assert [watch.heartbeat("g-1", first, 10), watch.heartbeat("g-1", first, 99)] == ["new", "again"]
    assert list(watch.changes(100.1)) == ["NOT MONITORED g-1: no heartbeat for 90 s"]
    assert watch.heartbeat("g-1", dict(first, boot="b-78"), 101) == "new"  # its numbers begin again


def answer(ward, outcome, **more):
    """What the gateway does with the next command: checks it, and answers."""
    jws = ward.gateway.down.get(timeout=PATIENCE_S)
    public = contract.load_private(ward.directory / "keys" / "clinician.pem").public_key()
    claims = contract.read_jws(jws, public)
    contract.Schemas().check("claims", claims, strict=True)
    ward.gateway.publish("result", {"schema": "wardgate.result/1", "gateway": "g-1", "id": claims["id"],
                                    "outcome": outcome, "at": contract.utc(), "clock": "synced", **more})
    return claims


def test_a_clinician_acknowledges_by_hand(ward):
    arguments = [HUB / "wardhub.py", "acknowledge", *ward.arguments(), "--gateway", "g-1", "--alarm", alarm()["id"],
                 "--patient", "p-7f3a", "--clinician", "dr-12", "--timeout", PATIENCE_S]
    command = Program([str(argument) for argument in arguments])
    claims = answer(ward, "done")
    assert claims["by"] == {"id": "dr-12", "role": "clinical"}
    assert claims["body"] == {"schema": "wardgate.command/1", "command": "acknowledge", "alarm": alarm()["id"]}
    assert claims["patient"] == "p-7f3a"
    command.said("done")
    assert command.ended() == 0
    command = Program([str(argument) for argument in arguments])
    assert answer(ward, "refused", reason="too late")["counter"] > claims["counter"]
    command.said("refused too late")
    assert command.ended() == 1


def test_high_alarms_are_acknowledged_by_themselves_until_answered(ward):
    hub = ward.start("--acknowledge-after", "0")
    ward.gateway.publish("alarms", alarm(priority="medium", id="0" * 32))
    ward.gateway.publish("alarms", alarm())
    claims = answer(ward, "done")
    assert claims["body"]["alarm"] == alarm()["id"]
    hub.said(f"result {claims['id']} done")


def test_hub_and_broker_come_back(ward):
    run = records(4)
    hub = ward.start()
    ward.gateway.publish_readings(run[:2])
    ward.gateway.receipt(through(2))
    assert hub.stop() == 0
    ward.broker.stop()
    ward.broker.start()
    ward.gateway.connected(2)
    ward.start()
    ward.gateway.publish_readings(run[2:])
    ward.gateway.receipt(through(4))
    assert ward.count("record") == 4


def test_the_broker_keeps_gateways_apart(ward):
    """The ACL: nobody may speak in another's name, so that an empty retained message cannot hide a patient."""
    hub = ward.start()
    ward.gateway.base = "ward/v1/home/g-2"
    ward.gateway.publish("state", state(gateway="g-2"))
    ward.gateway.base = "ward/v1/home/g-1"
    ward.gateway.publish("state", state())
    hub.said("online g-1")
    assert not any("g-2" in line for line in hub.out + hub.err)


# The gateway's C code and the hub's Python code, written apart, against each other.


def verify(*arguments):
    return subprocess.run([VERIFY, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE_S)


def test_c_verifies_what_the_hub_signed(ward):
    run = records(9)
    ward.start()
    ward.gateway.publish_readings(run[:3])
    ward.gateway.publish_readings(run[6:8])
    ward.gateway.publish("alarms", alarm())
    ward.gateway.receipt(lambda body: body["records"]["through"] == 3 and body["records"]["ranges"] and body["alarms"])
    keys, path = ward.directory / "keys" / "ward-keys.json", ward.directory / "receipt.json"
    path.write_bytes(ward.gateway.last_receipt)
    result = verify("receipt", keys, path)
    assert result.stderr == "" and result.returncode == 0
    assert result.stdout == f"epoch {Gateway.EPOCH} through 3 7-8 {alarm()['id']}:1 head {run[2]['chain']}\n"

    jws = json.loads(ward.gateway.last_receipt)
    payload = contract.unb64(jws["payload"]).replace(b'"through":3', b'"through":4')
    path.write_text(json.dumps(dict(jws, payload=contract.b64(payload))))
    result = verify("receipt", keys, path)
    assert result.returncode == 1 and result.stderr == "the signature does not hold\n"


def test_c_takes_no_receipt_from_a_clinician(tmp_path):
    subprocess.run([HUB / "wardhub.py", "keys", "--keys-out", tmp_path], check=True)
    key = contract.load_private(tmp_path / "clinician.pem")
    jws = contract.make_jws(key, contract.thumbprint(key.public_key()), {})
    (tmp_path / "receipt.json").write_bytes(jws)
    result = verify("receipt", tmp_path / "ward-keys.json", tmp_path / "receipt.json")
    assert result.returncode == 1 and result.stderr == "the key's role may not say this\n"


@pytest.mark.parametrize("payload", [b"", b"{}", b"x\0y", "{\"text\":\"SpO\u2082\"}".encode()], ids=repr)
def test_python_verifies_what_c_signed(tmp_path, payload):
    topic = "ward/v1/home/g-1/up/alarms"
    (tmp_path / "payload").write_bytes(payload)
    result = verify("sign", tmp_path, topic, tmp_path / "payload")
    assert result.returncode == 0, result.stderr
    jwk, signature = result.stdout.split()
    public = contract.load_public(json.loads(jwk))
    assert json.loads(jwk)["kid"] == contract.thumbprint(public)
    contract.verify_up(public, topic, payload, signature)
    with pytest.raises(contract.Refused):
        contract.verify_up(public, topic + "x", payload, signature)


def test_a_thumbprint_may_begin_with_a_dash():
    words = ["--gateway", "g-1", "--site", "home", "--keys", "keys", "--gateway-key", "gateway.jwk"]
    options = wardhub.parse_options(["revoke-key", *words, "--kid", "-TcwRfsCxYShBkrZhADdS5PUuT9NZk892EzGlVJJiRw"])
    assert options.kid == "-TcwRfsCxYShBkrZhADdS5PUuT9NZk892EzGlVJJiRw"
    with pytest.raises(SystemExit):
        wardhub.parse_options(["revoke-key", *words, "--kid"])
