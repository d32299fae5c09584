# SPDX-License-Identifier: Apache-2.0
"""wardctl hub enrol, renew and retire against canned answers: what is sent, what is not, and what a person sees."""

import json
import os
import pty
import subprocess
import sys

import pytest

from test_wardctl import DONE, FAILED, ROOT, WARDCTL, Gateway

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
import enrolment_code  # noqa: E402

CODE = enrolment_code.make("est.ward.example", bytes(range(32)), bytes(range(10)))
SIGNAL_HUB_STEP = 5
ERROR_FAILED = 5


@pytest.fixture
def gateway():
    instance = Gateway()
    try:
        instance.start()
        (instance.directory / "calls").write_text("")
        instance.answers("Provision", "it is in use")
        yield instance
    finally:
        instance.stop()


def test_a_code_from_standard_input_is_sent_and_each_step_shown(gateway):
    gateway.signals("Provision", [SIGNAL_HUB_STEP, "server", "12", "est.ward.example:443 answers"],
                    [SIGNAL_HUB_STEP, "kept", "3", "it is in use"])
    for arguments in ([], ["--code", "-"]):
        result = gateway.run("hub", "enrol", *arguments, input=f"  {CODE.lower()}\n")
        assert (result.returncode, result.stderr) == (DONE, "")
        assert [line.split(maxsplit=3) for line in result.stdout.splitlines()] == [
            ["server", "12", "ms", "est.ward.example:443 answers"], ["kept", "3", "ms", "it is in use"],
            ["This", "hub", "is", "enrolled. `wardctl hub test` tries the whole way to the ward."]]
    assert gateway.calls() == [["Provision", "enrol", f"  {CODE.lower()}"]] * 2


def test_as_json_each_step_is_a_line(gateway):
    gateway.signals("Provision", [SIGNAL_HUB_STEP, "key", "12", "there is a new one"])
    result = gateway.run("hub", "enrol", "--json", input=CODE)
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"step": "key", "ms": 12, "text": "there is a new one"}]


def test_a_code_may_be_given_on_the_command_line(gateway):
    assert gateway.run("hub", "enrol", "--code", CODE).returncode == DONE
    assert gateway.calls() == [["Provision", "enrol", CODE]]


def test_on_a_terminal_it_is_asked_for(gateway):
    ours, theirs = pty.openpty()
    process = subprocess.Popen([WARDCTL, "hub", "enrol"], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus})
    os.write(ours, CODE.encode() + b"\n")
    _, told = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, told) == (DONE, "Enrolment code: ")
    assert gateway.calls() == [["Provision", "enrol", CODE]]


@pytest.mark.parametrize(("typed", "told"), [
    (CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), "the eighteenth group is mistyped. Nothing was sent; type it again."),
    ("est.word.example/" + CODE.split("/")[1], "the groups do not fit the server before the slash: that is mistyped."),
    (CODE[:-3], "the eighteenth group has too few or too many characters: it has five."),
    ("", "there is no code on standard input"),
    ("\n", "there is no code. Nothing was sent"),
    (CODE + " " * 600 + "\n", "or it is longer than any"),
])
def test_a_mistyped_code_is_told_as_such_and_not_sent(gateway, typed, told):
    result = gateway.run("hub", "enrol", input=typed)
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert told in result.stderr
    assert CODE[-11:-6] not in result.stderr
    assert gateway.calls() == []


def test_what_failed_is_told(gateway):
    gateway.signals("Provision", [SIGNAL_HUB_STEP, "server", "12", "it answers"])
    gateway.refuses("Provision", ERROR_FAILED, "request: the ward does not take this code.")
    result = gateway.run("hub", "enrol", input=CODE)
    assert (result.returncode, result.stderr) == (FAILED, "wardctl: request: the ward does not take this code.\n")
    assert result.stdout.split() == ["server", "12", "ms", "it", "answers"]


def test_what_is_known_of_the_hub_has_a_line_for_each_thing(gateway):
    known = {"site": "home", "gateway": "g-1", "host": "broker.example", "port": 8883, "ward_keys": 1,
             "link": {"up": False, "reason": "not enrolled", "certificate_expires": "2027-02-27T20:04:58.000Z"},
             "key": {"crv": "Ed25519", "kid": "V-uW", "kty": "OKP", "x": "02CJ"}, "care_plans": {"url": "https://ward.example"},
             "ward_key_list": [{"kid": "oXKX", "role": "hub", "from": "file"}]}
    gateway.answers("Hub", known)
    shown = gateway.run("hub", "show").stdout.splitlines()
    assert {"link DOWN (not enrolled)", "certificate_expires 2027-02-27T20:04:58.000Z", "key.kid V-uW", "key.x 02CJ",
            "care_plans.url https://ward.example", "oXKX hub file"} <= {" ".join(line.split()) for line in shown}
    gateway.answers("Hub", {**known, "link": {"up": True, "reason": "connected"}})
    assert "link                   up (connected)" in gateway.run("hub", "show").stdout


@pytest.mark.parametrize(("step", "text", "link", "next_step"), [
    ("uplink", "it does not run", {"up": False, "reason": "not enrolled"}, "systemctl status wardgate-uplink"),
    ("DNS", "DNS: not known", {"up": False, "reason": "DNS: not known"}, "[hub] host"),
    ("TCP", "TCP: Connection refused", {"up": False, "reason": "TCP: Connection refused"}, "firewall"),
    ("TLS", "TLS: this gateway's certificate cannot be used: x.pem", {"up": False, "reason": "not enrolled"}, "is not enrolled: `wardctl hub enrol`"),
    ("TLS", "TLS: of another name", {"up": False, "reason": "TLS: of another name"}, "tell the ward"),
    ("MQTT", "TLS: the broker refuses this gateway's certificate: it ended", {"up": True, "reason": "connected"}, "`wardctl hub enrol`"),
    ("MQTT", "not authorised", {"up": False, "reason": "not authorised"}, "with its id"),
    ("publish", "no answer", {"up": True, "reason": "connected"}, "tell the ward"),
    ("receipt", "none", {"up": True, "reason": "connected"}, "ring the ward"),
    ("of-next-year", "none", {"up": True, "reason": "connected"}, "Tell the ward"),
])
def test_a_step_that_failed_is_told_once_and_with_what_to_do(gateway, step, text, link, next_step):
    gateway.answers("TestHub", {"step": step, "ok": False, "ms": 1.5, "text": text})
    gateway.answers("Hub", {"link": link})
    result = gateway.run("hub", "test")
    said = text.removeprefix(f"{step}: ")
    assert result.returncode == FAILED and result.stderr.startswith(f"wardctl: {step}: {said}. ") and next_step in result.stderr
    assert result.stdout.splitlines()[1].split(maxsplit=3) == [step, "no", "1.5", said]


def test_renew(gateway):
    assert gateway.run("hub", "renew").returncode == DONE
    assert gateway.calls() == [["Provision", "renew", ""]]


@pytest.mark.parametrize("answer", ["", "no\n", "y\n", "yes please, and more than fits\n"])
def test_a_hub_is_not_retired_without_a_yes(gateway, answer):
    result = gateway.run("hub", "retire", input=answer)
    assert result.returncode == FAILED and result.stderr.endswith("wardctl: nothing was wiped\n")
    assert "Provision" not in [call[0] for call in gateway.calls()]


@pytest.mark.parametrize(("arguments", "answer"), [([], "yes\n"), (["--yes"], "")])
def test_a_hub_is_retired_with_one(gateway, arguments, answer):
    gateway.answers("Queue", {"undelivered_readings": 0, "undelivered_alarms": 0})
    result = gateway.run("hub", "retire", *arguments, input=answer)
    assert result.returncode == DONE and "NOT" not in result.stderr
    assert gateway.calls()[-1] == ["Provision", "retire", ""]


@pytest.mark.parametrize("arguments", [[], ["--yes"]])
def test_what_would_come_to_nothing_with_it_is_said(gateway, arguments):
    gateway.answers("Patients", {"patient": "p-1", "monitoring": "full"},
                    {"patient": "p-2", "monitoring": "ended", "waits_for": ["the ward's receipt of his records"]})
    gateway.answers("Queue", {"undelivered_readings": 2, "undelivered_alarms": 1})
    said = gateway.run("hub", "retire", *arguments, input="no\n").stderr
    for text in ("p-1 is still admitted", "p-2 was discharged and is NOT ERASED here yet: it waits for the ward's receipt of his records.",
                 "NOT DELIVERED to the ward: readings 2, alarms 1."):
        assert text in said, said
