# SPDX-License-Identifier: Apache-2.0
"""What up/state and up/heartbeat tell, held against what is so: wardgated with a real store and its uplink, mosquitto with
TLS, the reference hub, which takes nothing that its schema does not have."""

import datetime
import hashlib
import json
import re
import subprocess

from cryptography import x509

from bluez_fixture import CUFF, PATIENT, ROOT, WARDGATED, eventually
from hub_fixture import contract
from test_commands import needs_mounts, ward  # noqa: F401

pytestmark = needs_mounts


def wait_for(ward, condition, what):  # noqa: F811
    """The newest up/state, once it is so."""
    def found():
        return next((state for state in ward.messages("state")[-1:] if condition(state)), None)

    return eventually(found, lambda: f"{what}: {ward.messages('state')[-1:]}")


def seconds_ago(moment):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(moment[:-1] + "+00:00")).total_seconds()


def expiry(path):
    ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after
    return contract.utc(ends.replace(tzinfo=datetime.timezone.utc))


def test_the_state_tells_what_is_so(ward):  # noqa: F811
    ward.enrol(CUFF)
    cuff = ward.ask("devices")[0]["device"]
    ward.bluez.battery(CUFF.address, 41)
    ward.bluez.connect(CUFF.address)
    wait_for(ward, lambda told: told["devices"] and told["devices"][0]["connected"]
             and told["devices"][0]["security"] == "bonded-unproved", "nothing is proved of this connection yet")
    ward.measure(CUFF, 20)
    eventually(lambda: ward.ask("queue")[0]["undelivered_readings"] == 0, "all is delivered")
    head = ward.ask("queue")[0]
    ward.restart_uplink()  # it would be told within a minute; now it is at once
    state = wait_for(ward, lambda told: told["state"] == "online" and told["seq"] == head["committed"]
                     and not told["devices"][0]["connected"], "what is so now")
    said = subprocess.run([WARDGATED, "--version"], capture_output=True, text=True, check=True, env=ward.environment).stdout
    assert said == f"wardgated {state['version']}\n"
    assert state["configuration"] == hashlib.sha256((ward.directory / "wardgate.conf").read_bytes()).hexdigest()
    plan = json.loads((ROOT / "config/care-plans/oximetry-at-home.json").read_text())
    assert state["plans"] == [{"patient": PATIENT, "id": plan["id"], "version": plan["version"]}]
    assert (state["state"], state["monitoring"]) == ("online", ward.status()["monitoring"])
    assert state["reasons"] and set(state["reasons"]) == set(ward.ask("patient", "show", PATIENT)[0]["reasons"])
    assert state["clock"] == "synced" and 0 <= seconds_ago(state["at"]) < 300
    assert state["epoch"] == head["epoch"] and re.fullmatch("[0-9a-f]{64}", state["head"])
    assert (state["queue"]["records"], state["unassigned"], state["duplicates"]) == (0, head["unassigned"], 0)
    assert head["unassigned"] == 1  # what came while the cuff was enrolled
    assert state["storage"]["state"] == "ok"
    assert 0 < state["storage"]["used_octets"] < state["storage"]["quota_octets"]
    assert state["certificate_expires_at"] == expiry(ward.broker.pki / "g-1.pem")
    # A text for the patient is configured, a light and a sound are not.
    assert {name: state["annunciator"][name] for name in ("light", "sound", "text")} == {"light": False, "sound": False, "text": True}
    assert state["annunciator"]["checked_at"] is None or seconds_ago(state["annunciator"]["checked_at"]) < 300
    assert state["radio"] == {"present": True, "powered": True,
                              "recovery": {"rung": "none", "discovery": 0, "power": 0, "restart": 0, "reset": 0}}
    (device,) = state["devices"]
    heard = device.pop("last_heard_at")
    assert 0 <= seconds_ago(heard) < 300
    assert device == {"device": cuff, "model": ward.ask("devices")[0]["model"], "patient": PATIENT, "security": "bonded",
                      "connected": False, "battery": 41}


def test_what_waits_for_a_receipt_is_told_with_its_age(ward):  # noqa: F811
    """Nobody confirms meanwhile; the hub that comes back hears what the broker has kept for it."""
    eventually(lambda: ward.ask("queue")[0]["undelivered_readings"] == 0, "all is delivered")
    ward.hub.kill()
    for spo2 in (97, 88):
        ward.ctl("entry", "--patient", PATIENT, f"spo2={spo2}")
    eventually(lambda: ward.ask("queue")[0]["undelivered_readings"] == 2, "two wait")
    alarms = ward.ask("queue")[0]["undelivered_alarms"]
    assert alarms >= 1
    ward.restart_uplink()  # which tells the state anew
    ward.start_hub()

    def told():
        return [queue for state in ward.messages("state") if (queue := state.get("queue")) and queue["records"] == 2]

    (queue, *_) = eventually(told, lambda: f"two wait: {ward.messages('state')}")
    assert queue["alarms"] >= alarms and queue["oldest_age_ms"] > 0
    eventually(lambda: ward.ask("queue")[0]["undelivered_readings"] == 0, "all is delivered")
    ward.restart_uplink()
    wait_for(ward, lambda told: told.get("queue") == {"records": 0, "alarms": 0}, "nothing waits, and nothing has an age")


def test_heartbeats_are_numbered_beyond_the_end_of_the_core(ward):  # noqa: F811
    """A hub that goes by the numbers takes what comes after a kill for life."""
    first = eventually(lambda: ward.messages("heartbeat"), "a heartbeat")[-1]
    told = len(ward.messages("heartbeat"))
    ward.restart_uplink()
    second = eventually(lambda: ward.messages("heartbeat")[told:], "another")[0]
    assert (second["boot"], second["n"]) == (first["boot"], first["n"] + 1)
    ward.kill()
    told = len(ward.messages("heartbeat"))
    ward.start_gateway()
    third = eventually(lambda: ward.messages("heartbeat")[told:], "one of the next core")[0]
    assert third["boot"] == first["boot"] and third["n"] > second["n"] and third["mono_us"] > second["mono_us"]
    assert third["epoch"] == first["epoch"] and third["monitoring"] == ward.status()["monitoring"]
