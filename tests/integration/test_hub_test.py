# SPDX-License-Identifier: Apache-2.0
"""`wardctl hub test`: the whole way to the ward and back, and the first thing on it that does not work."""

import json
import re

from bluez_fixture import PATIENT, ROOT, eventually
from test_tls import reissue
from ward_fixture import WardAtHome

STEPS = ["DNS", "TCP", "TLS", "MQTT", "publish", "receipt"]


def tried(home, status, untried=False):
    done = home.ctl("hub", "test", "--json", check=False)
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == status, f"{steps} {done.stderr}"
    assert all(step["ok"] for step in steps[:-1]) and steps[-1]["ok"] == (None if untried else status == 0)
    if status:  # the name of the step is said once, and then what to do
        said = steps[-1]["text"].removeprefix(steps[-1]["step"] + ": ")
        assert re.fullmatch(rf"wardctl: {steps[-1]['step']}: {re.escape(said)}\. .+\.\n", done.stderr), done.stderr
    assert all(step["ms"] >= 0 for step in steps[:-1]) and (steps[-1]["ms"] is None) is untried
    return steps


def failed(home):
    """The name of the step that failed, the last one, and why."""
    step = tried(home, 1)[-1]
    return step["step"], step["text"]


def test_each_step_is_named_when_it_fails():
    home = WardAtHome().start()
    try:
        eventually(lambda: home.ask("hub", "show")[0]["link"]["up"], lambda: home.ask("hub", "show"))
        assert tried(home, 0, untried=True)[-1]["text"] == "not tried: there is no record yet that the hub could confirm"
        table = [line.split() for line in home.ctl("hub", "test").stdout.splitlines()]
        assert table[-1][:3] == ["receipt", "-", "-"] and table[2][3:] == ["answers"]
        home.enter(2)
        home.wait_until_delivered()
        steps = tried(home, 0)
        assert [step["step"] for step in steps] == STEPS
        assert steps[2]["text"].startswith("TLSv1.3, localhost until 20") and steps[2]["text"].endswith(" days)")
        assert steps[-1]["text"] == "signed, of all records through 2"
        table = home.ctl("hub", "test").stdout
        assert all(step in table for step in STEPS)

        home.hub.stop()
        home.hub = None
        step, why = failed(home)
        assert (step, why) == ("receipt", "no receipt: the hub does not run, or what waits before it is much")

        reissue(home.directory / "pki", "g-1", -1)  # the connection that stands goes on; a new one cannot be had
        step, why = failed(home)
        assert step == "MQTT" and why.startswith("TLS: the broker refuses this gateway's certificate: it ended on 20")

        home.broker.stop()
        assert failed(home) == ("TCP", "TCP: Connection refused")

        home.stop_uplink()
        eventually(lambda: not home.ask("hub", "show")[0]["link"]["up"], lambda: home.ask("hub", "show"))
        assert failed(home) == ("uplink", "wardgate-uplink is not running, or not connected")
        home.start_uplink()
    finally:
        home.stop()


def erase(home, patient):
    home.ctl("patient", "discharge", patient, "--reason", "home again")
    eventually(lambda: patient not in [found["patient"] for found in home.ask("patient", "list")],
               lambda: home.ask("patient", "list"))


def test_a_record_that_was_erased_with_its_episode_is_not_waited_for():
    """The hub is tried before the next patient has measured anything."""
    home = WardAtHome().start()
    try:
        home.ctl("patient", "admit", "p-2", "--episode", "s-02", "--plan", ROOT / "config/care-plans/oximetry-at-home.json")
        home.enter(1)
        home.ctl("entry", "--patient", "p-2", "--by", "nurse-1", "respiration_rate=14")
        home.wait_until_delivered()
        erase(home, "p-2")
        assert tried(home, 0)[-1]["text"] == "signed, of all records through 2"
        erase(home, PATIENT)
        assert (tried(home, 0, untried=True)[-1]["text"]
                == "not tried: there is no record any more that the hub could confirm")
    finally:
        home.stop()
