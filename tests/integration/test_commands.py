# SPDX-License-Identifier: Apache-2.0
"""What a clinician orders, from the ward to the patient's home and back: wardhub.py, mosquitto with TLS, wardgate-uplink,
wardgated with a real store. Only bluetoothd is the one that does what it is told."""

import datetime
import json
import os
import subprocess
import sys
import time
import uuid

import pytest

import bluez_fixture
import hub_fixture
from bluez_fixture import BUILD, CUFF, PATIENT, WARDCTL, WARDGATED, eventually
from hub_fixture import HUB, Program

import wardhub

UPLINK = BUILD / "gateway" / "uplink" / "wardgate-uplink"
EPISODE = "s-01"
# A gateway that believes its clock: in a name space of its own, since the flag of the time service is the machine's.
SYNCED = ["unshare", "--mount", "sh", "-ec", "mkdir -p /run/systemd; mount -t tmpfs tmpfs /run/systemd; "
          "mkdir /run/systemd/timesync; : >/run/systemd/timesync/synchronized; exec \"$@\"", "sh"]

needs_mounts = pytest.mark.skipif(
    subprocess.run([*SYNCED, "true"], capture_output=True).returncode != 0, reason="mounts in a name space of its own")
pytestmark = needs_mounts

HUB_CONFIG = """
[hub]
host = localhost
port = {port}
ca = {pki}/ca.pem
certificate = {pki}/g-1.pem
key = {pki}/g-1.key
ward_keys = {keys}/ward-keys.json
"""


class Ward(bluez_fixture.Home):
    """A home whose gateway g-1 has a ward."""

    def __init__(self, tmp_path, synced=True):
        super().__init__()
        self.tmp_path, self.synced = tmp_path, synced
        self.keys, self.gateway_key = tmp_path / "keys", tmp_path / "gateway-key.json"
        self.broker = hub_fixture.Broker(tmp_path / "pki", ("g-1",))
        subprocess.run([sys.executable, HUB / "wardhub.py", "keys", "--keys-out", self.keys], check=True)
        config = self.directory / "wardgate.conf"
        text = config.read_text().replace("id = g-test", "site = home\nid = g-1").replace("[hub]\nward_keys =\n", "")
        config.write_text(text + HUB_CONFIG.format(port=self.broker.port, pki=self.broker.pki, keys=self.keys))
        self.uplink = self.hub = None

    def within(self):
        """What the gateway is started by."""
        return SYNCED if self.synced else []

    def start_gateway(self):
        self.gateway = subprocess.Popen([*self.within(), WARDGATED, "--config", self.directory / "wardgate.conf"],
                                        env=self.environment, stdout=self.log, stderr=self.log)
        eventually(lambda: self.gateway.poll() is not None or self.answers(), self.silence)
        self.assert_alive()
        key = self.ask("hub", "show")[0]["key"]
        self.gateway_key.write_text(json.dumps({**key, "gateway": "g-1"}))
        self.start_uplink()

    def start_uplink(self):
        self.uplink = subprocess.Popen([UPLINK, "--config", self.directory / "wardgate.conf"], env=self.environment,
                                       stdout=self.log, stderr=self.log)

    def restart_uplink(self):
        self.uplink.terminate()
        assert self.uplink.wait(bluez_fixture.PATIENCE_S) == 0
        self.start_uplink()

    def restart_gateway(self):
        for process in (self.gateway, self.uplink):
            process.terminate()
            assert process.wait(bluez_fixture.PATIENCE_S) == 0
        self.start_gateway()

    def kill(self):
        """As when the power goes: gateway and uplink at once."""
        for process in (self.gateway, self.uplink):
            process.kill()
        for process in (self.gateway, self.uplink):
            process.wait()

    def start(self):
        self.start_hub()
        super().start()
        return self

    def start_hub(self):
        self.hub = Program([sys.executable, HUB / "wardhub.py", "run", *self.hub_options(), "--json", "--strict",
                            "--database", str(self.tmp_path / "hub.db")])
        self.hub.said("hearing ")  # what is not retained reaches nobody else

    def hub_options(self):
        pki = self.broker.pki
        return ["--host", "localhost", "--port", str(self.broker.port), "--ca", f"{pki}/ca.pem", "--cert",
                f"{pki}/hub.pem", "--key", f"{pki}/hub.key", "--keys", str(self.keys), "--gateway-key",
                str(self.gateway_key), "--site", "home"]

    def stop(self):
        try:
            if self.uplink:
                self.uplink.terminate()
                self.uplink.wait(bluez_fixture.PATIENCE_S)
            if self.hub:
                assert self.hub.stop() == 0, self.hub.err
        finally:
            self.broker.stop()
            super().stop()

    # --- what the ward hears --------------------------------------------------------------------------------------

    def messages(self, kind):
        documents = [json.loads(line) for line in list(self.hub.out) if line.startswith("{")]
        return [document["payload"] for document in documents if document["topic"].split("/")[5] == kind]

    def records(self):
        return [record for message in self.messages("readings") for record in message["records"]]

    def heard_record(self, condition, what):
        return eventually(lambda: [record for record in self.records() if condition(record)], what)[-1]

    def heard_alarm(self, event, condition):
        def found():
            return [alarm for alarm in self.messages("alarms")
                    if alarm["event"] == event and alarm["condition"] == condition]

        return eventually(found, lambda: f"{event} {condition} among {self.messages('alarms')}")[-1]

    def state(self):
        return self.messages("state")[-1]

    # --- what it orders -------------------------------------------------------------------------------------------

    def order(self, verb, *words):
        """(outcome, reason)"""
        eventually(lambda: self.ask("status")[0]["link"]["up"], "the gateway listens to the ward")
        done = subprocess.run([sys.executable, HUB / "wardhub.py", verb, *self.hub_options(), "--client-id", "wardhub",
                               "--gateway", "g-1", "--json", "--timeout", "60", *map(str, words)], text=True,
                              capture_output=True, timeout=bluez_fixture.PATIENCE_S)
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout)
        assert done.returncode == (0 if answer["outcome"] == "done" else 1)
        return answer["outcome"], answer.get("reason", "")


@pytest.fixture
def ward(tmp_path):
    ward = Ward(tmp_path)
    try:
        yield ward.start()
    finally:
        ward.stop()


def name_of(record):
    return f"{record['epoch']}:{record['seq']}"


def test_an_entry_raises_and_its_void_takes_it_back(ward):
    of = ("--patient", PATIENT, "--episode", EPISODE)
    assert ward.order("entry", *of, "--value", "spo2=88", "--value", "respiration_rate=18") == ("done", "")
    record = ward.heard_record(lambda record: record["kind"] == "entry", "the entry")
    assert record["by"] == "dr-1" and record["values"][0]["value"] == 88
    assert ward.heard_alarm("raised", "spo2-low")["reading"] is not None

    outcome, reason = ward.order("entry", *of, "--value", "spo2=880")
    assert outcome == "refused" and "not plausible" in reason
    assert ward.order("entry", "--patient", "p-other", "--value", "spo2=88")[0] == "refused"

    assert ward.order("void", *of, "--record", name_of(record), "--reason", "wrong-patient") == ("done", "")
    cleared = ward.heard_alarm("cleared", "spo2-low")
    assert cleared["reason"] == "voided"
    void = ward.heard_record(lambda record: record["kind"] == "void", "the void record")
    assert (void["voids"], void["reason"], void["by"]) == (record["seq"], "wrong-patient", "dr-1")
    ward.restart_gateway()
    assert ward.order("void", *of, "--record", name_of(record), "--reason", "again")[1] == "It was taken back already."


def test_what_a_device_brought_along_is_given_to_its_patient(ward):
    ward.enrol(CUFF)
    record = ward.heard_record(lambda record: record.get("unassigned"), "what the cuff had in its memory")
    assert record["values"] == [] and record["patient"] is None
    eventually(lambda: ward.state()["unassigned"] == 1, "the ward knows that one waits")
    assert "reading-without-patient" in ward.conditions()

    of = ("--patient", PATIENT, "--episode", EPISODE)
    assert ward.order("assign", *of[:3], "s-other", "--record", name_of(record))[0] == "refused"
    assert ward.order("assign", *of, "--record", name_of(record)) == ("done", "")
    given = ward.heard_record(lambda told: told.get("assigned_from") == record["seq"], "the assigned reading")
    assert (given["patient"], given["episode"], given["by"], given["kind"], given["late"]) == (
        PATIENT, EPISODE, "dr-1", "stored", True)
    assert given["raw"] == CUFF.raw(1) and given["values"][0]["value"] == 101
    eventually(lambda: ward.state()["unassigned"] == 0, "nothing waits")
    assert "reading-without-patient" not in ward.conditions()
    outcome, reason = ward.order("assign", *of, "--record", name_of(record))
    assert outcome == "refused" and "already" in reason


def test_monitoring_is_suspended_and_goes_on(ward):
    of = ("--patient", PATIENT)
    outcome, reason = ward.order("suspend", *of, "--seconds", 90000, "--reason", "holiday")
    assert outcome == "refused" and "24 hours" in reason
    assert ward.order("suspend", *of, "--seconds", 3600, "--reason", "bath, nurse with her") == ("done", "")
    suspended = ward.heard_alarm("suspended", "monitoring-suspended")
    assert suspended["by"] == "dr-1" and "bath, nurse with her" in suspended["text"]
    eventually(lambda: ward.messages("active")[-1]["monitoring"] == "suspended", "the ward sees that it is suspended")
    assert ward.order("entry", *of, "--value", "spo2=88")[0] == "done"
    assert ward.heard_alarm("raised", "spo2-low")["suspended"] is True
    ward.restart_gateway()
    assert ward.ask("patient", "show", PATIENT)[0]["monitoring"] == "suspended"
    assert ward.order("resume", *of) == ("done", "")
    ward.heard_alarm("resumed", "monitoring-suspended")
    eventually(lambda: ward.messages("active")[-1]["monitoring"] != "suspended", "monitoring goes on")


def test_while_nobody_trusts_the_clock_nothing_gets_quieter(tmp_path):
    if os.path.exists("/run/systemd/timesync/synchronized"):
        pytest.skip("this machine trusts its clock")
    ward = Ward(tmp_path, synced=False)
    try:
        ward.start()
        of = ("--patient", PATIENT)
        for words in (("suspend", *of, "--seconds", 60, "--reason", "bath"), ("entry", *of, "--value", "spo2=97"),
                      ("void", *of, "--record", "e-1:1", "--reason", "x")):
            outcome, reason = ward.order(*words)
            assert outcome == "refused" and "clock" in reason
        assert ward.order("entry", *of, "--value", "concern=nurse")[0] == "done"
        assert ward.order("resume", *of)[0] == "done"
    finally:
        ward.stop()


def claims(command, **members):
    moment = datetime.datetime.now(datetime.timezone.utc)
    return {"type": "command", "gateway": "g-1", "patient": PATIENT, "episode": EPISODE, "counter": time.time_ns() // 1000000,
            "id": f"c-{uuid.uuid4().hex[:12]}", "issued_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "not_after": f"{moment + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "by": {"id": "dr-1", "role": "clinical"},
            "body": {"schema": "wardgate.command/1", "command": command, **members}}


def test_what_is_clinical_can_be_done_on_the_spot(ward):
    """Without a signature where none is asked for, and with one that wardctl has made."""
    ward.ctl("entry", "--patient", PATIENT, "--by", "nurse-anne", "spo2=88")
    record = eventually(lambda: [r for r in ward.readings() if r["kind"] == "entry"], "the entry is stored")[-1]
    assert record["by"] == "nurse-anne"
    alarm, = [alarm for alarm in ward.ask("alarms") if alarm["condition"] == "spo2-low"]
    assert ward.ctl("alarms", "ack", alarm["id"], "--patient", PATIENT, "--by", "dr-1").stdout == "Acknowledged.\n"
    assert ward.heard_alarm("acknowledged", "spo2-low")["by"] == "dr-1"
    refused = ward.ctl("alarms", "ack", "0" * 32, "--patient", PATIENT, check=False)
    assert refused.returncode == 1 and "No alarm of that id" in refused.stderr
    ward.ctl("readings", "void", record["seq"], "--reason", "wrong-patient")
    assert ward.heard_alarm("cleared", "spo2-low")["reason"] == "voided"

    def signed(document):
        return subprocess.run([WARDCTL, "sign", "--key", ward.keys / "clinician.pem", "-"], input=json.dumps(document),
                              text=True, capture_output=True)

    jws = ward.tmp_path / "entry.jws"
    jws.write_text(signed(claims("entry", values={"spo2": 96.5})).stdout)
    for _ in range(2):  # it counts once
        assert ward.ctl("entry", "--signed", jws).stdout == "Entered.\n"
    record, = [r for r in ward.readings() if r["kind"] == "entry" and r["by"] == "dr-1"]
    assert record["values"][0]["value"] == 96.5
    jws.write_text(signed(claims("void", epoch=record["epoch"], seq=record["seq"], reason="wrong-patient")).stdout)
    assert ward.ctl("readings", "void", "--signed", jws).returncode == 0
    bad = signed(claims("void", epoch=record["epoch"], seq=0, reason="x"))
    assert bad.returncode == 1 and "payload.body.seq" in bad.stderr

    # Where a signature is asked for, nothing but a worry and a technical alarm goes without.
    with open(ward.directory / "wardgate.conf", "r+") as config:
        text = config.read().replace("require_signature = no", "require_signature = yes")
        config.seek(0)
        config.write(text)
        config.truncate()
    ward.restart_gateway()
    plan = bluez_fixture.ROOT / "config/care-plans/oximetry-at-home.json"
    for words in (("entry", "--patient", PATIENT, "spo2=97"), ("readings", "void", record["seq"], "--reason", "x"),
                  ("plan", "apply", plan, "--patient", PATIENT),
                  ("patient", "admit", "p-2", "--episode", "s-2", "--plan", plan)):
        refused = ward.ctl(*words, check=False)
        assert refused.returncode == 1 and "must be signed" in refused.stderr and "--signed" in refused.stderr
    ward.ctl("entry", "--patient", PATIENT, "concern=carer")
    eventually(lambda: [alarm for alarm in ward.ask("alarms") if alarm["condition"] == "concern"], "the concern is there")
    refused = ward.ctl("alarms", "ack", "concern", "--patient", PATIENT, check=False)
    assert refused.returncode == 1 and "must be signed" in refused.stderr and "--signed" in refused.stderr
    technical = next(alarm for alarm in ward.ask("alarms") if alarm["kind"] == "technical" and alarm["state"] != "acknowledged")
    assert ward.ctl("alarms", "ack", technical["id"], "--patient", PATIENT).stdout == "Acknowledged.\n"
    assert ward.heard_alarm("acknowledged", technical["condition"])["by"] == f"uid-{os.getuid()}"
    states = {alarm["id"]: alarm["state"] for alarm in ward.ask("alarms")}
    assert states[technical["id"]] == "acknowledged" and "active" in states.values()


class Sender:
    """Sends what wardhub.py never would: the same command twice, an old counter, a retained one."""

    def __init__(self, ward):
        self.options = wardhub.parse_options(["resume", *ward.hub_options(), "--gateway", "g-1", "--patient", PATIENT])
        self.keys = wardhub.WardKeys(ward.keys)
        self.results = []
        self.gate = wardhub.Gate(wardhub.GatewayKeys([ward.gateway_key]), True)
        self.connection = wardhub.Connection(self.options, "wardhub-sender", ["ward/v1/home/g-1/up/result"], 0)
        self.until(self.connection.connected, "the connection")

    def until(self, condition, what):
        def turn():
            self.connection.loop(0.05)
            while not self.connection.inbox.empty():
                self.results.append(self.gate.admit(self.connection.inbox.get())[4])
            return condition()

        return eventually(turn, what)

    def sign(self, counter, command, **members):
        about = {"gateway": "g-1", "patient": PATIENT}
        return wardhub.signed_command(self.keys, "dr-1", about, counter, command, **members)

    def send(self, payload, retain=False):
        """What is answered. A gateway that was not there when it was sent gets it again: it counts once."""
        before, due = len(self.results), [0]

        def answered():
            if time.monotonic() >= due[0]:
                due[0] = time.monotonic() + 3
                self.connection.publish("ward/v1/home/g-1/down/command", payload, retain=retain, expiry_s=60)
            return len(self.results) > before

        self.until(answered, "an answer")
        return self.results[-1]


def test_a_command_counts_once(ward):
    sender = Sender(ward)
    command, payload = sender.sign(1000, "entry", values={"spo2": 97})
    first = sender.send(payload)
    assert (first["id"], first["outcome"]) == (command, "done")
    assert sender.send(payload) == first
    ward.restart_gateway()
    assert sender.send(payload) == first
    for counter in (999, 1000):
        answer = sender.send(sender.sign(counter, "entry", values={"spo2": 97})[1])
        assert answer["outcome"] == "refused" and "counter" in answer["reason"]
    assert sender.send(sender.sign(1001, "entry", values={"spo2": 96})[1])["outcome"] == "done"
    answer = sender.send(sender.sign(1002, "resume")[1], retain=True)
    assert answer["outcome"] == "refused" and "retained" in answer["reason"]
    assert [record["values"][0]["value"] for record in ward.readings() if record["kind"] == "entry"] == [97, 96]
    sender.connection.publish("ward/v1/home/g-1/down/command", b"", retain=True)
