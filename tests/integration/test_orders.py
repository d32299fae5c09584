# SPDX-License-Identifier: Apache-2.0
"""Whose a device is, what is to be measured, what a technician asks of the gateway, and the ward's keys: as the ward orders
it, through the real broker, the uplink and the daemon; and signed by `wardctl sign`."""

import json
import subprocess
import threading

import pytest

import bluez_fixture
from bluez_fixture import CUFF, PATIENT, ROOT, WARDCTL, eventually
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from test_commands import EPISODE, Sender, Ward, needs_mounts

pytestmark = needs_mounts
OF = ("--patient", PATIENT, "--episode", EPISODE)


@pytest.fixture
def ward(tmp_path):
    ward = Ward(tmp_path)
    try:
        yield ward.start()
    finally:
        ward.stop()


def sign(ward, key, *words, check=True):
    """What `wardctl sign` makes of a command: a JWS, or with check=False what it says."""
    done = subprocess.run([WARDCTL, "sign", "--key", ward.keys / f"{key}.pem", *map(str, words)], text=True, capture_output=True)
    if not check:
        return done
    assert done.returncode == 0, done.stderr
    return done.stdout


def bindings(ward, device):
    return [(binding["patient"], binding.get("slot")) for entry in ward.ask("devices") if entry["device"] == device
            for binding in entry.get("bindings", [])]


def test_a_device_changes_hands(ward):
    ward.enrol(CUFF)
    device = ward.ask("devices")[0]["device"]
    assert bindings(ward, device)
    assert ward.order("unbind", *OF, "--device", device) == ("done", "")
    eventually(lambda: not bindings(ward, device), "nobody has it")
    assert ward.order("unbind", *OF, "--device", device) == ("refused", "That device is not bound like that.")
    assert ward.order("bind", *OF, "--device", "d-none") == ("refused", "No such device is enrolled here.")
    assert ward.order("bind", *OF, "--device", device, "--slot", 1) == ("done", "")
    assert [slot for _, slot in bindings(ward, device)] == [1]
    ward.restart_gateway()
    assert [slot for _, slot in bindings(ward, device)] == [1]
    assert ward.order("swap", *OF, "--device", device, "--replacement", "d-none")[0] == "refused"


def test_the_patient_is_asked_and_measures(ward):
    assert ward.order("ask", *OF, "--quantity", "spo2") == ("done", "The patient is asked.")
    ward.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "spo2=97")
    eventually(lambda: [result for result in ward.messages("result") if result.get("reason") == "A valid reading came."],
               lambda: f"the second answer among {ward.messages('result')}")


def test_diagnostics_come_up_in_pieces(ward):
    outcome, reason = ward.order("diagnostics")
    assert outcome == "done"
    count = int(reason.split()[0])
    pieces = eventually(lambda: len(ward.messages("diagnostics")) == count and ward.messages("diagnostics"), "all pieces")
    assert [piece["piece"] for piece in pieces] == list(range(1, count + 1))
    assert pieces[0]["versions"]["wardgate"] and pieces[1]["counters"]["commits"] > 0
    assert PATIENT not in json.dumps(pieces)


def test_a_restart_is_answered_and_happens_once(ward):
    sender = Sender(ward)
    command, payload = sender.sign(2000, "restart", program="core")
    assert sender.send(payload)["outcome"] == "done"
    assert ward.gateway.wait(bluez_fixture.PATIENCE_S) == 0
    ward.uplink.terminate()
    ward.uplink.wait(bluez_fixture.PATIENCE_S)
    ward.start_gateway()
    assert sender.send(payload)["id"] == command  # the same command again, which a broker may bring
    assert ward.ctl("status", check=False).returncode == 0 and ward.gateway.poll() is None
    assert ward.order("restart", "--program", "uplink")[0] == "done"
    assert ward.uplink.wait(bluez_fixture.PATIENCE_S) == 0


def test_the_uplink_says_that_it_cannot_rotate(ward):
    outcome, reason = ward.order("rotate")
    assert outcome == "failed" and reason  # its certificate was given to it by hand


def test_root_changes_the_keys(ward):
    kids = {key["role"]: key["kid"] for key in ward.ask("hub", "show")[0]["ward_key_list"]}
    assert set(kids) == {"hub", "clinical", "technical", "root"}
    assert ward.order("revoke-key", "--kid", kids["root"])[0] == "refused"
    assert ward.order("revoke-key", "--kid", kids["technical"]) == ("done", "")
    for _ in range(2):  # at once, and after a restart although the file has it
        outcome, reason = ward.order("identify")
        assert outcome == "refused" and "no key of the ward" in reason
        ward.restart_gateway()
    shown = ward.ctl("hub", "show").stdout
    assert kids["clinical"] in shown and kids["technical"] not in shown
    refused = ward.order("add-key", "--new-key", ward.keys / "technician.pem", "--role", "technical")
    assert refused[0] == "refused" and "revoked" in refused[1]


def test_the_answer_goes_to_the_response_topic_too(ward):
    sender = Sender(ward)
    replies = []
    sender.connection._client.message_callback_add("ward/v1/home/g-1/up/result/asker", lambda *words: replies.append(words[2]))
    sender.connection._client.subscribe("ward/v1/home/g-1/up/result/asker", qos=1)
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = "ward/v1/home/g-1/up/result/asker"
    properties.CorrelationData = b"\x00\x01question"
    command, payload = sender.sign(3000, "resume")
    pause = threading.Event()

    def replied():
        sender.connection._client.publish("ward/v1/home/g-1/down/command", payload, qos=1, properties=properties)
        for _ in range(20):
            sender.connection.loop(0.05)
            pause.wait(0.01)
        return replies

    reply = eventually(replied, "a reply")[0]
    assert json.loads(reply.payload)["id"] == command
    assert reply.properties.CorrelationData == b"\x00\x01question"
    properties.ResponseTopic = "ward/v1/home/g-1/up/alarms"  # that is none for answers: it goes to up/result alone
    payload = sender.sign(3001, "resume")[1]
    alarms = len(ward.messages("alarms"))
    sender.connection._client.publish("ward/v1/home/g-1/down/command", payload, qos=1, properties=properties)
    sender.until(lambda: [result for result in sender.results if result.get("id") not in (None, command)], "the answer")
    assert len(ward.messages("alarms")) == alarms


def test_wardctl_signs_what_the_ward_orders(ward):
    who = ("--gateway", "g-1", "--by", "dr-1")
    jws = ward.tmp_path / "order.jws"
    jws.write_text(sign(ward, "clinician", *who, "--patient", PATIENT, "entry", "spo2=96.5", "oxygen=air"))
    assert ward.ctl("entry", "--signed", jws).stdout == "Entered.\n"
    jws.write_text(sign(ward, "technician", *who, "identify", "seconds=5"))
    assert "no light" in ward.ctl("entry", "--signed", jws, check=False).stderr
    jws.write_text(sign(ward, "root", *who, "revoke-key", "kid=nobody"))
    assert "No key of the ward has that kid" in ward.ctl("entry", "--signed", jws, check=False).stderr
    plan = ROOT / "config/care-plans/oximetry-at-home.json"
    jws.write_text(sign(ward, "clinician", *who, "--patient", "p-2", "--episode", "s-2", "admit", f"plan={plan}", "label=Bed 2", "check_word=otter"))
    assert ward.ctl("patient", "admit", "--signed", jws).returncode == 0
    admitted = next(patient for patient in ward.ask("patient") if patient["patient"] == "p-2")
    assert (admitted["label"], admitted["check_word"], admitted["plan"]["id"]) == ("Bed 2", "otter", "oximetry-at-home")
    jws.write_text(sign(ward, "clinician", *who, "--patient", "p-2", "--episode", "s-2", "discharge", "reason=home again"))
    assert ward.ctl("patient", "discharge", "--signed", jws).returncode == 0
    for words, wanted in ((("bind", "device=d-1"), "bind needs --patient"), (("--patient", "p-2", "--episode", "s-2", "discharge"), "discharge needs reason="),
                          (("--patient", "p-1", "bind", "device=d-1"), "bind needs --episode"),
                          (("--patient", "p-1", "unbind"), "unbind needs device="),
                          (("--patient", "p-1", "ask", "what=spo2"), "no MEMBER=VALUE of ask: quantity, seconds"),
                          (("identify", "seconds=soon"), "not what it must be"),
                          (("--patient", "p-1", "identify"), "takes no --patient"),
                          (("explode",), 'no command "explode"'), (("--valid", "0", "rotate"), "no time in seconds")):
        done = sign(ward, "clinician", *who, *words, check=False)
        assert done.returncode == 2 and wanted in done.stderr, done.stderr
    done = sign(ward, "clinician", *who, "restart", "program=all", check=False)
    assert done.returncode == 1 and "payload.body.program" in done.stderr
    assert "needs --gateway and --by" in sign(ward, "clinician", "--by", "dr-1", "rotate", check=False).stderr
    assert "revoke-key kid=KID" in subprocess.run([WARDCTL, "sign", "--help"], text=True, capture_output=True).stdout
