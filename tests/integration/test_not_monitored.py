# SPDX-License-Identifier: Apache-2.0
"""Whoever is not monitored is shown so, by whatever it came, and is shown as monitored again when it is over: wardgated and
its uplink, mosquitto with TLS, the reference hub. Nothing of it needs a word of the gateway."""

import re
import signal

import pytest

import real_examples
from bluez_fixture import PATIENT, eventually
from test_commands import Ward, needs_mounts

pytestmark = needs_mounts

ONLINE = "online g-1"
WATCHED = f"NOT FULLY MONITORED {PATIENT} at g-1: degraded"  # its plan is not signed
SHOWN = re.compile(rf"(NOT (FULLY )?MONITORED|monitored|online) ({PATIENT} at )?g-1\b")


class Watched(Ward):
    """The gateway's processes can be stopped in their tracks, as a board that hangs."""

    def signal(self, number, *processes):
        for process in processes:
            process.send_signal(number)

    def shown(self, since=0):
        """What the hub shows of the gateway and of its patient: the newest line of each."""
        newest = {}
        for line in list(self.hub.err)[since:]:
            if match := SHOWN.match(line):
                newest["patient" if match[3] else "gateway"] = line.strip()
        return newest

    def shows(self, gateway, patient, since=0):
        def found():
            shown = self.shown(since)
            return shown.get("gateway") == gateway and shown.get("patient", "").startswith(patient)

        eventually(found, lambda: f"{gateway}; {patient}: {self.shown()} {list(self.hub.err)[-5:]}")

    def shows_as_lost(self, why, since=0):
        self.shows(f"NOT MONITORED g-1: {why}", f"NOT MONITORED {PATIENT} at g-1: {why}", since)

    def shows_as_watched(self):
        self.shows(ONLINE, WATCHED)


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    ward = Watched(tmp_path_factory.mktemp("ward"))
    try:
        yield ward.start()
    finally:
        ward.stop()


def test_a_core_that_hangs(ward):
    """Its uplink lives, and says so in its place, with words that the core signed before."""
    ward.shows_as_watched()
    ward.signal(signal.SIGSTOP, ward.gateway)
    ward.shows_as_lost("the gateway's core has stopped")
    real_examples.keep({"state.stopped": ward.state()})
    ward.signal(signal.SIGCONT, ward.gateway)
    ward.shows_as_watched()


def test_the_power_goes(ward):
    ward.shows_as_watched()
    ward.kill()
    ward.shows_as_lost("the gateway is offline")
    ward.start_gateway()
    ward.shows_as_watched()


def test_a_broker_without_its_store(ward):
    """The gateway is away just then, so nobody says anything of anybody: neither the broker, nor to a hub that went on,
    nor to one that was started after it."""
    ward.shows_as_watched()
    ward.signal(signal.SIGSTOP, ward.gateway, ward.uplink)
    ward.broker.kill()
    ward.broker.start(forgetful=True)
    ward.shows_as_lost("no state was heard")
    assert ward.hub.stop() == 0
    ward.start_hub()
    ward.shows_as_lost("no state was heard")
    ward.signal(signal.SIGCONT, ward.gateway, ward.uplink)
    ward.shows_as_watched()
