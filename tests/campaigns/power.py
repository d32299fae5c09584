# SPDX-License-Identifier: Apache-2.0
"""power-cut: the gateway's machine loses its power at random moments under load.

The machine is a guest of the lab (guest.py). A cut stops its disk, then the emulator is killed; then the disk is read
out, as whoever found it would, and what was told as committed has to be on it. The boot that follows carries the next load.

Where a cut struck is told as in the campaign kill (kill.py). SIGTERM ends a run early: what there is is judged.
"""

import signal
import sqlite3
import time

from checker import Findings, check, check_database, gateway_state
from guest import Gone, Guest
from kill import MOMENTS, MORE, Killer
from sensor import Deck, Sensor

WAYS = ("any", "unheard", "write", "write", "told", "at hub")  # how the moment is chosen
WRITES_MAX = 8  # those that one commit makes, with the file system's own, and some more
LINKED = (True, True, True, False)  # whether the ward was reached before the power goes
LINK_S = 60
DELIVERY_S = 900  # on a busy machine, which emulates another; a pass never waits so long
LAST_LIFE_S = 3  # of its load
ENOUGH = 20  # cuts, for each moment to be struck; a shorter run may miss some


class Cutter(Killer):
    def __init__(self, system, sensor, seed):
        super().__init__(system, sensor, seed)
        self._ways, self._linked = Deck(WAYS, self.random), Deck(LINKED, self.random)
        self.count = self.cached = self.kept = 0  # the last two: pages of the disk
        self.found = {}  # (name, what), in the order in which they were found
        self.hurried = False

    def hurry(self):
        self.hurried = True

    def aim(self, victims=("core", "uplink")):
        """Waits for the moment, which is that of everything in the machine. Returns True when the machine was stopped before
        a frame was sent to it."""
        time.sleep(self.random.uniform(0.05, 3.0))
        way = self._ways.draw()
        if way == "write":
            self.system.disk.stop_after(self.random.randint(1, WRITES_MAX))
            self.sensor.send("cuff")
            self.system.disk.wait_until_stopped(2)
        elif way == "told":
            self.system.told.wait_for_raw(self.sensor.send("cuff")["raw"], 5)
            time.sleep(self.random.uniform(0, 0.3))
        elif way == "at hub":
            self.system.wait_for_hub(self.sensor.send("cuff")["raw"], 20)
        elif way == "unheard":
            self.system.core.signal(signal.SIGSTOP)
            self.sensor.send("cuff")
        return way == "unheard"

    def is_required(self, entry):
        """How long an emulated machine takes nobody knows: only the last life has to store everything, before it ends."""
        return entry["life"] == self.life

    def judge(self):
        """The disk as it was left, while everybody else has still what he had."""
        findings, wrong = Findings(), self.system.read_out()
        if wrong:
            findings.add("database-whole", f"cut {self.count}: the file system: {wrong}")
        told = dict(self.system.told.records)
        epoch, _, _ = next(iter(told))
        gone = None
        try:
            gateway = gateway_state(self.system.database)
        except sqlite3.Error as error:
            gone = f"the database cannot be read: {error}"
            findings.add("database-whole", f"cut {self.count}: {error}")
            gateway = {"epoch": epoch, "records": {}, "integrity": "ok"}
        if gateway["epoch"] != epoch:
            gone = "a new epoch has begun"
            findings.add("database-kept", f"a new epoch after cut {self.count - 1}")
        check_database(findings, gateway, told)
        self.found.update(dict.fromkeys(findings.all))
        if gone:
            raise Gone(gone)

    def cut(self):
        """Returns when it was."""
        at = time.monotonic()
        self.system.cut()
        self.count += 1
        if self.life:
            self.end_life(at)
        self.sensor.end()
        self.system.bluez.stop()
        cached, kept = self.system.disk.cut(self.random)
        self.cached, self.kept = self.cached + cached, self.kept + kept
        self.judge()
        return at

    def wanted(self):
        """The moments that should have been struck by now, and were not."""
        return self.missed() if self.count >= ENOUGH else []

    def strike(self):
        self.slowest_start_s = max(self.slowest_start_s, self.system.boot())
        self.begin_life()
        self.sensor.begin()
        if self._linked.draw():
            self.system.wait_for_link(LINK_S)
        unread = self.aim()
        if not self.system.core.alive():
            raise AssertionError(self.system.core.said())
        at = self.cut()
        for moment, struck in {**self.look(at), "before decode": unread}.items():
            self.moments[moment] += struck


def last_life(system, sensor, cutter):
    """Nothing is in the way any more. Returns what is wrong."""
    system.boot()
    cutter.begin_life()
    sensor.begin()
    time.sleep(LAST_LIFE_S)
    sensor.end()
    sensor.last_words()
    delivered = system.is_delivered_within(DELIVERY_S)
    cutter.cut()
    return [] if delivered else [f"not everything was delivered within {DELIVERY_S} s"]


def perform(system, sensor, cutter, options):
    """The cuts, and what is found in the end. Returns the findings and what else is wrong."""
    findings = Findings()
    try:
        cutter.cut()  # whoever was told that a device is enrolled finds it enrolled
        while not cutter.hurried and cutter.count < (MORE if cutter.wanted() else 1) * options.count:
            cutter.strike()
            if options.verbose:
                print(f"cut {cutter.count}: {dict(cutter.moments)}", flush=True)
        trouble = last_life(system, sensor, cutter)
        if any(system.rest()):
            trouble.append("the hub did not end well")
        findings = check(system, sensor, cutter.is_required)
    except Gone as gone:
        trouble = [f"after cut {cutter.count}: {gone}"]
    findings.all += [found for found in cutter.found if found not in findings.all]
    return findings, trouble + [f"no cut struck {moment}" for moment in cutter.wanted()]


def run(options):
    system = Guest()
    keep = True
    try:
        system.start()
        sensor = Sensor(system, options.seed)
        cutter = Cutter(system, sensor, options.seed)
        signal.signal(signal.SIGTERM, lambda *_: cutter.hurry())
        findings, trouble = perform(system, sensor, cutter, options)
        print(f"moments: {', '.join(f'{moment} {cutter.moments[moment]}' for moment in MOMENTS)}")
        print(f"the disk had {cutter.cached} pages in its cache when the power went, and kept {cutter.kept} of them")
        print(f"sent {len(sensor.sent)} frames, told of {len(system.told.records)} records; slowest boot "
              f"{cutter.slowest_start_s:.1f} s")
        keep = bool(findings.all or trouble)
        return cutter.count, findings, trouble
    finally:
        system.stop(keep)
