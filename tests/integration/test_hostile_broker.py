# SPDX-License-Identifier: Apache-2.0
"""A broker with a good certificate that does anything else but right: the uplink lives, stays small, comes back, and the
core does not even notice."""

import collections
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import threading

from bluez_fixture import CUFF, PATIENT, eventually
from test_commands import SYNCED, needs_mounts
from uplink_peers import ALARM, ROOT, at_once
from ward_fixture import WardAtHome

FAKE = ROOT / "tests" / "fakes" / "fake_broker.py"
sys.path.insert(0, str(FAKE.parent))

import fake_broker  # noqa: E402

SEED = int(os.environ.get("WARD_SEED", random.SystemRandom().randrange(1 << 32)))
ROUNDS = int(os.environ.get("WARD_ROUNDS", 1))  # how often each fault is met, by each connection
LARGEST_KB = 64 * 1024  # MemoryMax of the unit, and here the sanitizer is in it
# What was freed is kept by the sanitizer for a while, 256 MB of it by default.
SMALL = {"ASAN_OPTIONS": "quarantine_size_mb=1:malloc_context_size=4"}


class HostileBroker:
    def __init__(self, ca, pair, port=0, faults=(), seed=SEED, cuts=None):
        print(f"seed {seed}")  # pytest shows it when the test fails
        words = [word for fault in faults for word in ("--fault", fault)]
        words += ["--cut-first", str(cuts.start), "--cut-step", str(cuts.step)] if cuts else []
        self.process = subprocess.Popen(
            [sys.executable, FAKE, "--port", str(port), "--ca", ca, "--cert", pair[0], "--key", pair[1], "--seed", str(seed), *words],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.met = collections.Counter()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.met[line.split()[2]] += 1

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def resident_kb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def good_again(bench, core, hostile):
    """A broker that is as it should be, in the place of the hostile one."""
    hostile.stop()
    broker = bench.keep(bench.broker_at(hostile.port))
    core.urgent(True)
    core.until_up()
    core.until(lambda: core.why == "connected", lambda: f"both connections ({core.why})")
    assert core.publish(1_000_000, "up/alarms", b'{"after":1}', ALARM)
    core.until(lambda: (1_000_000, 0) in core.results, "a result")
    return broker


def endure(bench, faults, rounds, cuts=None):
    """The uplink against the faults, until each connection has met each of them; then all is well again."""
    server = bench.pki.issue("broker", "localhost")
    hostile = bench.keep(HostileBroker(bench.pki.ca, server, faults=faults, cuts=cuts))
    core = bench.core()
    uplink = bench.uplink(hostile.port, keepalive="3s", environment=SMALL)
    core.accept()
    before = resident_kb(uplink.process)
    most, ident = before, 0

    def met():
        nonlocal most, ident
        if core.live:
            core.urgent(True)
        if core.up and core.publish(ident, payload=b"x" * 500, klass=ALARM):
            ident += 1
        assert uplink.process.poll() is None, f"it ended:\n{uplink.log()}"
        most = max(most, resident_kb(uplink.process))
        return all(hostile.met[fault] >= rounds for fault in faults)

    core.until(met, lambda: f"all were met: {hostile.met}")
    assert most < LARGEST_KB, f"it grew to {most} kB"
    print(f"{faults}: from {before} kB to {most} kB")
    good_again(bench, core, hostile)
    return core


GROUPS = [  # all of them at once; one that lets the uplink wait for an answer takes half a minute each time
    ["random-octets", "random-packets", "bent-packets"],
    ["oversize", "endless-length"],
    ["wrong-ids"],
    ["never-sent"],
    ["answered-twice", "odd-suback"],
    ["odd-connack"],
    ["early-packets", "sent-away", "cut-connack", "cut-after-connack"],
    ["flood"],
    ["odd-publishes", "odd-aliases"],
    ["silent", "slow"],
    ["cut-handshake", "no-tls"],
]


def test_every_fault_is_in_a_group():
    assert sorted(sum(GROUPS, [])) == sorted(fake_broker.NAMES)


def test_the_uplink_endures(tmp_path):
    at_once(tmp_path, endure, {faults[0]: (faults, 2 * ROUNDS) for faults in GROUPS})


def test_the_handshake_is_cut_at_each_octet(tmp_path):
    """By a RST; at each of them when WARD_EVERY_OCTET is set, at every so many otherwise. Several uplinks share them."""
    every = "WARD_EVERY_OCTET" in os.environ
    uplinks, step = (8, 1) if every else (4, 80)
    cuts = [range(first * step, fake_broker.HANDSHAKE_OCTETS, uplinks * step) for first in range(uplinks)]
    assert not every or set().union(*cuts) == set(range(fake_broker.HANDSHAKE_OCTETS))
    at_once(tmp_path, endure, {f"from-{octets.start}": ([fake_broker.CUT], len(octets), octets) for octets in cuts})


def raise_an_alarm(home):
    """It is among those that are present, and whoever is in the room is told."""
    told = home.directory / "patient-text"
    before = told.read_text()
    assert "spo2-low" not in home.conditions()
    home.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "spo2=88")
    eventually(lambda: "spo2-low" in home.conditions(), lambda: f"an alarm: {home.conditions()}")
    eventually(lambda: told.read_text() != before, lambda: f"whoever is in the room is told: {before}")


@needs_mounts
def test_the_core_does_not_notice():
    """While the broker does all that a broker can do wrong: alarms come at once, and everybody gets an answer."""
    home = WardAtHome()
    home.prefix = SYNCED
    pki = home.directory / "pki"
    home.broker.stop()
    hostile = HostileBroker(pki / "ca.pem", (pki / "broker.pem", pki / "broker.key"), port=home.broker.port)
    hub = home.start_hub
    home.start_hub = lambda: None  # there is no broker for it yet
    try:
        home.start()
        home.enrol(CUFF)
        for number in range(1, 4):
            met = sum(hostile.met.values())
            eventually(lambda: sum(hostile.met.values()) >= met + 4, lambda: f"it goes on being met: {hostile.met}")
            home.enter()
            assert home.status()["patients"][0]["monitoring"] in ("full", "degraded")
            if number == 2:
                raise_an_alarm(home)
        assert home.uplink.poll() is None
        hostile.stop()
        home.broker.start()
        hub()
        home.wait_until_delivered()
        assert home.at_the_ward()[home.epoch()] == [11, 12, 88, 13]
        with sqlite3.connect(home.directory / "hub.db") as database:
            told = database.execute("SELECT body FROM alarm").fetchall()
        assert [1 for body, in told if (json.loads(body)["condition"], json.loads(body)["event"]) == ("spo2-low", "raised")]
    finally:
        hostile.stop()
        home.stop()
