# SPDX-License-Identifier: Apache-2.0
"""kill: SIGKILL of core, uplink or both, at random moments under load.

Where a kill struck is told by evidence from outside, of what was under way then:

  before decode   the core was stopped before the frame was sent: it never read it
  before commit   a frame was sent to a core that heard, and is not in its database
  in commit       a record is in the database, and nobody was told of it
  after           it was told of, and the hub has not got it
  in publish      the hub has it, and the core has not written that it has

Before that the core is killed a few times with nothing queued and with a hundred thousand, in turns: a start must take
as long with them as without.
"""

import os
import random
import signal
import statistics
import time
from collections import Counter
from contextlib import ExitStack

from bluez_fixture import PATIENCE_S, Bluez
from calibration import Deadline
from checker import Findings, check, check_told, gateway_state, hub_state
from sensor import Deck, Sensor
from system import System

VICTIMS = (("core",), ("core",), ("core",), ("uplink",), ("core", "uplink"))
WAYS = ("any", "any", "unheard", "write", "told")  # how the moment of a core's death is chosen
MOMENTS = ("before decode", "before commit", "in commit", "after", "in publish")
# What a core that lives has committed after this time: the commit window, how long a measurement may wait to be
# settled, and plenty.
SURELY_S = 10
DELIVERY_S = 90
MORE = 3  # times as many kills, at most, until each moment was struck
QUEUED = (8, 12_500)  # devices, and seconds of each
START_S = 1
STARTS = 5
AS_LONG = 2  # times a start with nothing queued: what differs more is no chance


class Killer:
    def __init__(self, system, sensor, seed):
        self.system, self.sensor = system, sensor
        self.random = random.Random(seed)
        self._victims, self._ways = Deck(VICTIMS, self.random), Deck(WAYS, self.random)
        self.moments = Counter()
        self.victims = Counter()
        self.ends = {}  # life -> (when it began to hear, when it ended)
        self.life = 0
        self.slowest_start_s = 0.0
        self._before = set()
        self._judged = 0  # of what was told, in its order
        self.findings = Findings()

    def begin_life(self):
        self.life += 1
        self.ends[self.life] = [time.monotonic(), None]
        self.sensor.life = self.life

    def end_life(self, at):
        self.ends[self.life][1] = at
        self.sensor.life = None

    # --- when -----------------------------------------------------------------------------------------------------

    def written_at(self):
        """When the log of the database was written; while there is none, never."""
        try:
            return os.stat(f"{self.system.database}-wal").st_mtime_ns
        except FileNotFoundError:
            return 0

    def wait_for_write(self):
        """Returns as soon as the log was written, or after a while."""
        before = self.written_at()
        self.sensor.send("cuff")
        deadline = time.monotonic() + 0.1
        while self.written_at() == before and time.monotonic() < deadline:
            pass

    def aim(self, victims):
        """Waits for the moment. Returns True when the core was stopped before a frame was sent to it."""
        time.sleep(self.random.uniform(0.05, 3.0))
        if "core" not in victims:
            return False
        way = self._ways.draw()
        if way == "write":
            self.wait_for_write()
        elif way == "told":
            self.system.told.wait_for_raw(self.sensor.send("cuff")["raw"], 5)
            time.sleep(self.random.uniform(0, 0.3))
        elif way == "unheard":
            self.system.core.signal(signal.SIGSTOP)
            self.sensor.send("cuff")
        return way == "unheard"

    # --- what -----------------------------------------------------------------------------------------------------

    def check_told(self, gateway):
        """Right after a death: a gateway that finds that it lost something begins a new epoch, and the check at the end
        sees only that."""
        told = list(self.system.told.records.items())
        check_told(self.findings, gateway, dict(told[self._judged:]))
        self._judged = len(told)

    def look(self, at):
        """Which moments the death of the core struck."""
        gateway, hub = gateway_state(self.system.database), hub_state(self.system.hub_database)
        self.check_told(gateway)
        epoch = gateway["epoch"]
        told = {seq for of, seq, _ in list(self.system.told.records) if of == epoch}
        raws = {record.get("raw") for record in list(self.system.told.records.values())}
        new = set(gateway["records"]) - self._before
        self._before = set(gateway["records"])
        at_hub = {seq for of, seq in hub["records"] if of == epoch}
        # A frame of which a record might have been written untold does not count as not committed.
        untold = len(new - told)
        unheard = [entry for entry in self.sensor.sent if entry["life"] == self.life and entry["raw"] not in raws and
                   self.ends[self.life][0] < entry["at"] < at]
        return {"before commit": len(unheard) > untold, "in commit": untold > 0, "after": bool((told & new) - at_hub),
                "in publish": any(seq > gateway["through"] for seq in at_hub)}

    def strike(self):
        victims = self._victims.draw()
        unread = self.aim(victims)
        departures = self.system.told.departures
        at = time.monotonic()
        for name in victims:
            getattr(self.system, name).signal(signal.SIGKILL)
        self.victims[" and ".join(victims)] += 1
        if "core" in victims:
            self.end_life(at)
        for name in victims:
            getattr(self.system, name).popen.wait()
        if "core" in victims:
            # By then the witness has heard all that it said before it died.
            assert self.system.told.wait_for_departure(departures, PATIENCE_S), "the bus tells that the gateway is gone"
            for moment, struck in {**self.look(at), "before decode": unread}.items():
                self.moments[moment] += struck
        if "uplink" in victims:
            self.system.uplink.start()
        if "core" in victims:
            self.slowest_start_s = max(self.slowest_start_s, self.system.start_core())
            self.begin_life()

    def missed(self):
        return [moment for moment in MOMENTS if not self.moments[moment]]

    def is_required(self, entry):
        """Whether the gateway lived on for long enough after it had heard this."""
        begun, ended = self.ends.get(entry["life"], (None, None))
        return begun is not None and entry["at"] > begun and (ended is None or ended - entry["at"] > SURELY_S)


def starts(options, findings):
    """How long the core takes until it answers, with nothing queued and with a great many readings."""
    with ExitStack() as stack:
        systems = {"empty": System(), "full": System()}
        for system in systems.values():
            stack.callback(system.stop)
        count = systems["full"].fill(*QUEUED)
        for system in systems.values():
            system.bluez = Bluez(system.environment)
            system.start_core()  # which makes the database, or looks at it for the first time
            system.core.kill()
        deadline = Deadline(START_S, 1 if options.whole else 10)
        seconds = {name: [] for name in systems}
        for _ in range(STARTS):
            for name, system in systems.items():
                seconds[name].append(system.start_core())
                system.core.kill()
        empty, full = (statistics.median(seconds[name]) for name in ("empty", "full"))
        text = f"start with {count} queued {full:.2f} s, with none {empty:.2f} s; {deadline}"
        if full > deadline.end() or full > AS_LONG * empty:
            findings.add("started-in-time", text)
        print(text, flush=True)


def run(options):
    slow = Findings()
    starts(options, slow)
    system = System()
    keep = True
    try:
        system.start()
        sensor = Sensor(system, options.seed)
        killer = Killer(system, sensor, options.seed)
        killer.begin_life()
        sensor.begin()
        kills = 0
        while kills < options.count or (killer.missed() and kills < MORE * options.count):
            killer.strike()
            kills += 1
            if options.verbose:
                print(f"kill {kills}: {dict(killer.moments)}", flush=True)
        sensor.end()
        sensor.last_words()
        delivered = system.is_delivered_within(DELIVERY_S)
        statuses = system.rest()
        findings = check(system, sensor, killer.is_required)
        findings.all += slow.all + killer.findings.all
        print(f"struck: {', '.join(f'{name} {times}' for name, times in killer.victims.items())}")
        print(f"moments: {', '.join(f'{moment} {killer.moments[moment]}' for moment in MOMENTS)}")
        print(f"sent {len(sensor.sent)} frames, told of {len(system.told.records)} records; slowest start "
              f"{killer.slowest_start_s:.2f} s")
        trouble = [] if delivered else [f"for {DELIVERY_S} s nothing more was delivered"]
        trouble += [f"no kill struck {moment}" for moment in killer.missed()]
        if any(statuses):
            trouble.append(f"not every program ended well: {statuses}")
        keep = bool(findings.all or trouble)
        return kills, findings, trouble
    finally:
        system.stop(keep)
