# SPDX-License-Identifier: Apache-2.0
"""Care plans that a clinician signed, from the ward to the patient's home: wardhub.py, mosquitto with TLS, wardgate-uplink,
wardgated with a real store. Only bluetoothd is the one that does what it is told."""

import base64
import datetime
import json
import os
import subprocess
import time
import uuid

import pytest

import bluez_fixture
from bluez_fixture import PATIENT, ROOT, WARDCTL, eventually
from plan_server import PlanServer
from test_commands import EPISODE, Ward, needs_mounts, ward  # noqa: F401

import contract
import make_pki
import wardhub

pytestmark = needs_mounts
TOPIC = f"ward/v1/home/g-1/down/care-plan/{PATIENT}"
SHIPPED = json.loads((ROOT / "config/care-plans/oximetry-at-home.json").read_text())


def plan(version, **more):
    return {**SHIPPED, "version": version, **more}


def with_red(version, below):
    changed = json.loads(json.dumps(plan(version)))
    changed["rules"][1].update(below=below, clear_at=below + 1)
    return changed


def claims_of(body, **more):
    moment = datetime.datetime.now(datetime.timezone.utc)
    return {"type": "care-plan", "gateway": "g-1", "patient": PATIENT, "episode": EPISODE, "version": body["version"],
            "id": f"c-{uuid.uuid4().hex[:12]}", "issued_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "not_after": f"{moment + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "by": {"id": "dr-1", "role": "clinical"}, "body": body, **more}


class Publisher:
    """Publishes what wardhub.py never would, and hears the answers."""

    def __init__(self, ward):
        options = wardhub.parse_options(["resume", *ward.hub_options(), "--gateway", "g-1", "--patient", PATIENT])
        self.keys = wardhub.WardKeys(ward.keys)
        self.gate = wardhub.Gate(wardhub.GatewayKeys([ward.gateway_key]), True)
        self.connection = wardhub.Connection(options, f"wardhub-{uuid.uuid4().hex[:8]}", ["ward/v1/home/g-1/up/result"], 0)
        self.results = []
        self.until(self.connection.connected, "the connection")

    def until(self, condition, what):
        def turn():
            self.connection.loop(0.05)
            while not self.connection.inbox.empty():
                self.results.append(self.gate.admit(self.connection.inbox.get())[4])
            return condition()

        return eventually(turn, what)

    def sign(self, claims, key="clinician"):
        pem = self.keys._keys[key]
        return contract.make_jws(pem, contract.thumbprint(pem.public_key()), claims)

    def ask(self, payload, topic=TOPIC, retain=False, said=None):
        """The next answer, or the next to the message of that id."""
        before, due = len(self.results), [0]

        def answers():
            return [result for result in self.results[before:] if said in (None, result.get("id"))]

        def answered():
            if time.monotonic() >= due[0]:  # a gateway that was not there when it was sent gets it again
                due[0] = time.monotonic() + 5
                self.connection.publish(topic, payload, retain=retain)
            return answers()

        self.until(answered, "an answer")
        return answers()[-1]


@pytest.fixture
def publisher(ward):  # noqa: F811
    publisher = Publisher(ward)
    yield publisher
    publisher.connection.close()


def in_force(ward):  # noqa: F811
    return ward.ask("patient", "show", PATIENT)[0]["plan"]


def publish_plan(ward, body, episode=EPISODE):  # noqa: F811
    path = ward.tmp_path / "plan.json"
    path.write_text(json.dumps(body))
    return ward.order("plan", "--patient", PATIENT, "--episode", episode, "--plan", path)


def signed(ward, body, key="clinician"):  # noqa: F811
    pem = contract.load_private(ward.keys / f"{key}.pem")
    return contract.make_jws(pem, contract.thumbprint(pem.public_key()), claims_of(body))


@pytest.fixture
def fetched(tmp_path):
    """A ward whose care plans are fetched, from a server of its own, by the gateway that has the same certificate there."""
    ward = Ward(tmp_path)  # noqa: F811
    ward.broker.authority.issue("plans", "localhost", make_pki.ExtendedKeyUsageOID.SERVER_AUTH, ("localhost",))
    pki = ward.broker.pki
    server = PlanServer((pki / "plans.pem", pki / "plans.key"), pki / "ca.pem")
    config = ward.directory / "wardgate.conf"
    config.write_text(f"{config.read_text()}[https]\ncare_plan_interval = 1s\n"
                      f"care_plan_url = https://localhost:{server.port}/plans/{{gateway}}/{{patient}}\n")
    try:
        yield ward.start(), server
    finally:
        server.close()
        ward.stop()


def test_a_plan_that_is_fetched_comes_into_force(fetched):
    """By its signature, and not by who had it: the server is believed no more than the broker is."""
    ward, server = fetched  # noqa: F811
    path = f"/plans/g-1/{PATIENT}"
    server.documents[path] = signed(ward, with_red(4, 94), key="technician")
    refused = eventually(lambda: [result for result in ward.messages("result") if result["outcome"] == "refused"],
                         lambda: f"what nobody may sign is refused: {server.asked}")
    assert in_force(ward)["version"] == SHIPPED["version"] and not in_force(ward)["signed"], refused
    server.documents[path] = signed(ward, with_red(5, 93))
    eventually(lambda: in_force(ward)["version"] == 5, lambda: f"it is in force: {in_force(ward)} {ward.messages('result')}")
    assert in_force(ward)["signed"] and json.loads(ward.ctl("plan", "show", PATIENT).stdout) == with_red(5, 93)
    eventually(lambda: ward.messages("active")[-1].get("plan", {}).get("version") == 5, "the ward sees its plan")
    assert ward.order("entry", "--patient", PATIENT, "--value", "spo2=92")[0] == "done"
    assert ward.heard_alarm("raised", "spo2-low")["plan"]["version"] == 5


def test_a_signed_plan_comes_into_force_and_stays(ward, publisher):  # noqa: F811
    assert not in_force(ward)["signed"] and "unsigned-plan" in ward.conditions()
    assert publish_plan(ward, with_red(4, 94)) == ("done", "")
    assert (in_force(ward)["version"], in_force(ward)["signed"]) == (4, True)
    assert "unsigned-plan" not in ward.conditions()
    shown = ward.ask("patient", "show", PATIENT)[0]
    assert "unsigned-plan" not in shown["reasons"]
    eventually(lambda: ward.messages("active")[-1].get("plan", {}).get("version") == 4, "the ward sees its plan")
    assert json.loads(ward.ctl("plan", "show", PATIENT).stdout) == with_red(4, 94)

    # The same again is the same answer, in whatever envelope, and nothing is evaluated or stored anew.
    events = len(ward.ask("alarms", "history"))
    assert publish_plan(ward, with_red(4, 94)) == ("done", "")
    assert len(ward.ask("alarms", "history")) == events
    outcome, reason = publish_plan(ward, with_red(4, 92))
    assert outcome == "refused" and "version 4" in reason
    outcome, reason = publish_plan(ward, plan(3))
    assert outcome == "refused" and "not new" in reason
    assert publish_plan(ward, plan(5), episode="s-other")[0] == "refused"
    refused = ward.ctl("plan", "apply", ROOT / "config/care-plans/oximetry-at-home.json", "--patient", PATIENT, check=False)
    assert refused.returncode == 1 and "only a signed one" in refused.stderr

    ward.restart_gateway()
    assert (in_force(ward)["version"], in_force(ward)["signed"]) == (4, True)
    assert "unsigned-plan" not in ward.conditions()
    assert publish_plan(ward, plan(3))[0] == "refused"
    assert publish_plan(ward, plan(5))[0] == "done"
    assert in_force(ward)["version"] == 5


def test_a_bad_plan_is_told_place_by_place(ward, publisher):  # noqa: F811
    bad = with_red(4, 920)
    bad["rules"][2]["abov"] = 1
    answer = publisher.ask(publisher.sign(claims_of(bad)))
    assert answer["outcome"] == "refused" and "not valid" in answer["reason"]
    places = {error["pointer"]: error for error in answer["errors"]}
    assert {"/rules/1/below", "/rules/2/abov"} <= set(places)
    assert places["/rules/1/below"]["value"] == "920"
    assert in_force(ward)["version"] == 3 and "unsigned-plan" in ward.conditions()

    answer = publisher.ask(publisher.sign(claims_of(plan(4), version=5)))
    assert [error["pointer"] for error in answer["errors"]] == ["/version"]
    many = plan(4, rules=[{"id": f"r{i}", "quantity": "spo2", "level": "red", "below": 9000 + i} for i in range(48)])
    answer = publisher.ask(publisher.sign(claims_of(many)))
    assert len(answer["errors"]) >= 48


def test_nothing_is_believed_that_is_not_the_wards(ward, publisher):  # noqa: F811
    good = claims_of(plan(4))

    def refused(payload, reason, topic=TOPIC):
        answer = publisher.ask(payload, topic)
        assert answer["outcome"] == "refused" and reason in answer["reason"], answer

    refused(publisher.sign(dict(good, by={"id": "t-1", "role": "technical"}), "technician"), "may not say this")
    refused(publisher.sign(dict(good, by={"id": "h-1", "role": "hub"}), "hub"), "may not say this")
    refused(publisher.sign(good, "technician"), "another role")
    refused(publisher.sign(good), "do not agree", f"{TOPIC}x")
    refused(publisher.sign(good), "do not agree", "ward/v1/home/g-1/down/command")
    refused(publisher.sign(dict(good, gateway="g-2")), "another gateway")
    refused(publisher.sign({name: value for name, value in good.items() if name != "episode"}), "payload.episode is missing")
    refused(publisher.sign(dict(good, issued_at="2026-01-01T00:00:00Z", not_after="2026-01-02T00:00:00Z")), "expired")
    envelope = json.loads(publisher.sign(good))
    other = base64.urlsafe_b64encode(json.dumps(dict(good, id="c-x")).encode()).decode().rstrip("=")
    refused(json.dumps(dict(envelope, payload=other)), "signature")
    twice = json.dumps(good)[:-1] + ', "version": 9}'
    refused(signed_text(publisher, twice), "twice")
    deep = json.dumps(good)[:-1] + ', "deep": ' + "[" * 14 + "]" * 14 + "}"
    refused(signed_text(publisher, deep), "nests too many")
    large = ward.tmp_path / "large.jws"
    large.write_text(" " * 65537)
    assert "larger than 64 KiB" in ward.ctl("plan", "apply", "--signed", large, check=False).stderr
    assert in_force(ward)["version"] == 3


def signed_text(publisher, text):
    pem = publisher.keys._keys["clinician"]
    encode = lambda octets: base64.urlsafe_b64encode(octets).decode().rstrip("=")  # noqa: E731
    header = encode(json.dumps({"alg": "EdDSA", "kid": contract.thumbprint(pem.public_key())}).encode())
    payload = encode(text.encode())
    return json.dumps({"protected": header, "payload": payload,
                       "signature": encode(pem.sign(f"{header}.{payload}".encode()))})


def test_what_the_broker_keeps_is_answered_once(ward, publisher):  # noqa: F811
    """It comes with every connection. A message behind it on the same one shows that it was heard and passed over."""
    def reconnect():
        ward.uplink.terminate()
        ward.uplink.wait(bluez_fixture.PATIENCE_S)
        ward.uplink = subprocess.Popen([WARDCTL.parents[1] / "uplink" / "wardgate-uplink", "--config",
                                        ward.directory / "wardgate.conf"], env=ward.environment, stdout=ward.log,
                                       stderr=ward.log)
        eventually(lambda: ward.status()["link"]["up"], "the way to the ward is open")

    def ask_another():
        """What the broker keeps comes first, so that its answer, if there were one, would be there too."""
        other = claims_of(plan(2))
        assert publisher.ask(publisher.sign(other), said=other["id"])["outcome"] == "refused"

    def answers_to(said):
        return [result["outcome"] for result in publisher.results if result.get("id") == said]

    good = claims_of(plan(4))
    assert publisher.ask(publisher.sign(good), retain=True)["outcome"] == "done"
    for _ in range(3):
        reconnect()
        ask_another()
    assert answers_to(good["id"]) == ["done"]
    ward.restart_gateway()
    ask_another()
    assert answers_to(good["id"]) == ["done", "done"]

    bad = claims_of(dict(plan(5), rules=[]))
    del bad["body"]["rules"]
    assert publisher.ask(publisher.sign(bad), retain=True)["outcome"] == "refused"
    for _ in range(2):
        reconnect()
        ask_another()
    assert answers_to(bad["id"]) == ["refused"]
    count = len(publisher.results)
    publisher.connection.publish(TOPIC, b"", retain=True)  # the broker shall keep nothing: that is no plan
    ask_another()
    assert len(publisher.results) == count + 1 and in_force(ward)["version"] == 4


def test_a_plan_that_was_taken_in_time_stays_taken(ward, publisher):  # noqa: F811
    """The broker may keep it for longer than it could have been put in force."""
    past = {"issued_at": "2026-01-01T00:00:00Z", "not_after": "2026-01-02T00:00:00Z"}
    assert publisher.ask(publisher.sign(claims_of(plan(4))))["outcome"] == "done"
    old = claims_of(plan(4), **past)
    assert publisher.ask(publisher.sign(old), said=old["id"])["outcome"] == "done"
    newer = claims_of(plan(5), **past)
    assert "expired" in publisher.ask(publisher.sign(newer), said=newer["id"])["reason"]


def test_without_a_clock_only_a_stricter_plan_comes_into_force(tmp_path):
    if os.path.exists("/run/systemd/timesync/synchronized"):
        pytest.skip("this machine trusts its clock")
    ward = Ward(tmp_path, synced=False)  # noqa: F811
    try:
        ward.start()
        outcome, reason = publish_plan(ward, with_red(4, 90))
        assert outcome == "refused" and "clock" in reason
        assert in_force(ward)["version"] == 3
        assert publish_plan(ward, with_red(5, 94)) == ("done", "")
        assert in_force(ward)["version"] == 5
    finally:
        ward.stop()


def test_a_signed_plan_can_be_brought_by_hand(ward):  # noqa: F811
    def signed(document):
        path = ward.tmp_path / "plan.jws"
        path.write_text(subprocess.run([WARDCTL, "sign", "--key", ward.keys / "clinician.pem", "-"], check=True,
                                       input=json.dumps(document), text=True, capture_output=True).stdout)
        return path

    path = signed(claims_of(with_red(4, 94)))
    unproved = ward.ctl("plan", "apply", path, "--patient", PATIENT, check=False)
    assert unproved.returncode == 1 and "apply it with --signed" in unproved.stderr
    assert ward.ctl("plan", "check", path).returncode == 0
    for _ in range(2):
        assert ward.ctl("plan", "apply", "--signed", path).stdout == "The plan is in force.\n"
    assert in_force(ward)["version"] == 4
    path = signed(claims_of(with_red(5, 920)))
    bad = ward.ctl("plan", "apply", "--signed", path, check=False)
    assert bad.returncode == 1
    assert f"{path}: /rules/1/below: " in bad.stderr and f"{path}: refused: The care plan is not valid" in bad.stderr
    assert in_force(ward)["version"] == 4
