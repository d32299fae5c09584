# SPDX-License-Identifier: Apache-2.0
"""An episode, from the signed admission to the certificate of its erasure: wardhub.py, mosquitto with TLS, wardgate-uplink,
wardgated with a real store. A marker stands in everything that is said of the patient, and in no file afterwards."""

import json
import pathlib
import signal

import bluez_fixture
import real_examples
from bluez_fixture import CUFF, PATIENT, ROOT, eventually
from bus_client import Client
from test_care_plan import Publisher, publisher  # noqa: F401
from test_commands import needs_mounts, ward  # noqa: F401

import wardhub

pytestmark = needs_mounts
MARKER = "zqx9marker"
MARKED, EPISODE = f"p-{MARKER}", f"s-{MARKER}"
OF = ("--patient", MARKED, "--episode", EPISODE)


def marked_plan(path):
    plan = json.loads((ROOT / "config/care-plans/oximetry-at-home.json").read_text())
    plan.update(id=f"c-{MARKER}", title=f"Plan {MARKER}", undelivered_text=f"Call {MARKER}.")
    for rule in plan["rules"]:
        rule.update(text=f"Text {MARKER}", patient_text=f"Rest, {MARKER}.")
    path.write_text(json.dumps(plan))
    return path


def admit(ward):  # noqa: F811
    return ward.order("admit", *OF, "--label", f"Bed {MARKER}", "--check-word", MARKER,
                      "--plan", marked_plan(ward.tmp_path / "plan.json"))


def patients(ward):  # noqa: F811
    return {patient["patient"]: patient for patient in ward.ask("patient", "list")}


def certificates(ward):  # noqa: F811
    return [result for result in ward.messages("result") if "erased" in result]


def found_in(ward):  # noqa: F811
    """Every file that the gateway has, octet by octet."""
    octets = MARKER.encode()
    return {str(path): path.read_bytes().count(octets) for path in pathlib.Path(ward.directory).rglob("*")
            if path.is_file() and path.name != "wardgated.log" and octets in path.read_bytes()}


def live(ward):  # noqa: F811
    """Readings, an alarm that is told of, raised and acknowledged, and what it was before."""
    for spo2 in (97, 88, 96):
        assert ward.order("entry", *OF, "--value", f"spo2={spo2}")[0] == "done"
    ward.heard_alarm("raised", "spo2-low")


def test_an_episode_ends_and_nothing_of_it_is_left(ward):  # noqa: F811
    assert admit(ward) == ("done", "")
    shown = patients(ward)[MARKED]
    assert (shown["label"], shown["check_word"], shown["plan"]["signed"]) == (f"Bed {MARKER}", MARKER, True)
    assert "unsigned-plan" not in shown["reasons"]
    assert admit(ward) == ("done", "This patient is admitted already.")
    assert ward.order("admit", *OF[:3], "s-other")[0] == "refused"
    live(ward)
    (ward.directory / "state" / "ward.db.aside-7").write_text(MARKER)
    (ward.directory / "state" / "ward.db.format-2").write_text(MARKER)
    assert found_in(ward)
    ward.ctl("alarms", "silence", MARKED, check=False)
    trail = Client(ward.directory / "bus").audit()
    assert [row["method"] for row in trail if row.get("patient") == MARKED] == ["Silence"]

    assert ward.order("discharge", *OF[:3], "s-other", "--reason", "wrong")[0] == "refused"
    assert ward.order("discharge", *OF, "--reason", f"back home, {MARKER}") == ("done", "")
    cleared = ward.heard_alarm("cleared", "spo2-low")
    assert cleared["reason"] == "discharged" or cleared["reason"] == "data"
    eventually(lambda: [told for told in ward.messages("active") if told and told["patient"] == MARKED
                        and told["monitoring"] == "ended"], "the ward hears that it has ended")
    certificate = eventually(lambda: certificates(ward), lambda: f"the certificate: {patients(ward)}")[-1]
    assert certificate["outcome"] == "done" and certificate["erased"]["records"] >= 3
    assert certificate["erased"]["alarm_events"] >= 2 and certificate["erased"]["files"] == 2
    real_examples.keep({"result.erased": certificate})
    eventually(lambda: not found_in(ward), lambda: f"nothing is left: {found_in(ward)}")
    assert set(patients(ward)) == {PATIENT}
    # What is left holds: the hub has seen every record, and here the chain goes on.
    assert json.loads(ward.ctl("readings", "verify", "--json", check=False).stdout or "{}").get("damaged") in (False, None)
    assert ward.order("entry", "--patient", PATIENT, "--value", "spo2=97")[0] == "done"
    assert ward.ctl("alarms", "silence", MARKED, check=False).returncode == 1  # nobody knows him any more
    ward.restart_gateway()
    assert set(patients(ward)) == {PATIENT} and not found_in(ward)
    assert admit(ward) == ("done", "")


def test_it_waits_for_the_ward_and_says_so(ward):  # noqa: F811
    assert admit(ward) == ("done", "")
    ward.hub.kill()
    ward.ctl("entry", "--patient", MARKED, "spo2=97")
    assert ward.ctl("patient", "discharge", MARKED, "--reason", "moved").returncode == 0
    shown = ward.ask("patient", "show", MARKED)[0]
    assert shown["monitoring"] == "ended" and shown["waits_for"]
    eventually(lambda: ward.ask("patient", "show", MARKED)[0]["waits_for"] == ["the ward's receipt of his records"],
               lambda: f"only the ward is waited for: {ward.ask('patient', 'show', MARKED)}")
    refused = ward.ctl("patient", "admit", MARKED, "--episode", "s-2", "--plan",
                       ROOT / "config/care-plans/oximetry-at-home.json", check=False)
    assert refused.returncode == 1 and "not everything of that episode is erased" in refused.stderr
    assert found_in(ward)
    ward.start_hub()
    eventually(lambda: not found_in(ward), lambda: f"nothing is left: {found_in(ward)} {patients(ward)}")


def test_it_outlives_kills(ward, publisher):  # noqa: F811
    """The same order gives the same answer, and in the end the certificate, however often the gateway is killed."""
    assert admit(ward) == ("done", "")
    live(ward)
    body = {"schema": "wardgate.command/1", "command": "discharge", "reason": "home"}
    claims = wardhub.claims_of("command", "g-1", 86400, body, counter=2 ** 50, patient=MARKED, episode=EPISODE,
                               by={"id": "dr-1", "role": "clinical"})
    command, payload = claims["id"], publisher.sign(claims)
    topic = "ward/v1/home/g-1/down/command"
    for _ in range(4):
        answer = publisher.ask(payload, topic, said=command)
        assert answer["outcome"] == "done"
        ward.gateway.send_signal(signal.SIGKILL)
        ward.gateway.wait()
        ward.uplink.terminate()
        ward.uplink.wait(bluez_fixture.PATIENCE_S)
        ward.start_gateway()
    eventually(lambda: [told for told in certificates(ward) if told["id"] == command],
               lambda: f"the certificate: {patients(ward)}")
    eventually(lambda: not found_in(ward), lambda: f"nothing is left: {found_in(ward)}")
    assert "erased" in publisher.ask(payload, topic, said=command)


def test_his_devices_are_forgotten_with_their_bonds(ward):  # noqa: F811
    ward.enrol(CUFF)
    device = ward.ask("devices")[0]["device"]
    ward.ctl("devices", "rename", device, f"Cuff {MARKER}")
    since = ward.bluez.mark()
    assert ward.order("discharge", "--patient", PATIENT, "--episode", "s-01", "--reason", "home") == ("done", "")
    ward.bluez.said("called RemoveDevice", since)
    eventually(lambda: not ward.ask("devices"), "the device is forgotten")
    certificate = eventually(lambda: certificates(ward), lambda: f"the certificate: {patients(ward)}")[-1]
    assert certificate["erased"]["devices"] == 1
    eventually(lambda: not found_in(ward), lambda: f"nothing is left: {found_in(ward)}")
