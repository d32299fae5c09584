# SPDX-License-Identifier: Apache-2.0
"""endurance: an hour at full load, after which the daemons are no larger than before, and for most of which they slept.

A strap tells twenty times a second, and each second a cuff, whose alarm comes and goes. What a home brings besides comes
every five seconds, in random order: a device goes and comes back, an engineer asks for all that there is to see, now and
then the ward is away, and once in two minutes the line breaks. Before each the line is whole, and the daemons are looked
at: their own memory, and the descriptors that they have open. A run is a minute.
"""

import os
import pathlib
import random
import statistics
import time

from bluez_fixture import STRAP, eventually
from checker import check
from sensor import Deck, Sensor
from system import System

RUN_S = 60
TURN_S = 5  # from one thing that a home brings to the next
STRAP_A_SECOND, CUFF_A_SECOND = 20, 1
GROWS_KB = 60  # in all, 1 KB a minute of a whole campaign: fewer minutes tell a slope less exactly
BEGUN = 1 / 4  # of the looks: until every cache is as full as it gets
SHORT = 10  # times as much may a daemon grow that has not been up for long
BUSY = 1 / 10  # of the time may a daemon compute; at this load it is a hundredth, and all of it when its loop never sleeps
DELIVERY_S = 300
# What is as long after an hour as after a minute.
ASKED = (("status",), ("devices",), ("readings", "--limit", "200"), ("alarms",), ("queue",), ("hub", "show"))


def own_memory_kb(pid):
    """What it has written to and no file has: heap, stacks, and the data of programs."""
    return next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                if line.startswith("RssAnon:"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def computed_s(pid):
    """What it has had of the processors so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def slope(points):
    """The median of the slopes between any two of them: what comes and goes does not count (Theil and Sen)."""
    return statistics.median((y - x) / (t - s) for number, (s, x) in enumerate(points) for t, y in points[number + 1:])


class Home:
    def __init__(self, system, sensor):
        self._system, self._sensor = system, sensor

    def line_breaks(self):
        self._system.relay.cut()

    def ward_is_away(self):
        self._system.hub.stop()
        self._system.start_hub()

    def device_goes(self):
        with self._sensor.quiet:
            self._system.bluez.disconnect(STRAP.address)
            self._system.bluez.connect(STRAP.address)
            self._system.bluez.resolve(STRAP.address)

    def engineer_asks(self):
        for words in ASKED:
            self._system.ask(*words)

    def brings(self):
        """Of two minutes."""
        return [self.line_breaks] + 3 * [self.ward_is_away] + 10 * [self.device_goes] + 10 * [self.engineer_asks]


class Watch:
    """Of both daemons, look by look: (minutes, KB), the number of descriptors, and (seconds, seconds computed)."""

    def __init__(self, system):
        self._system, self._begun = system, time.monotonic()
        self.memory, self.descriptors, self.computed = ({"core": [], "uplink": []} for _ in range(3))

    def look(self):
        """Once both connections are up: a broken one has fewer descriptors."""
        eventually(lambda: self._system.ask("hub", "show")[0]["link"]["up"], "the line is whole", DELIVERY_S)
        now = time.monotonic() - self._begun
        for name in self.memory:
            pid = getattr(self._system, name).popen.pid
            self.memory[name].append((now / 60, own_memory_kb(pid)))
            self.descriptors[name].append(descriptors(pid))
            self.computed[name].append((now, computed_s(pid)))

    def judge(self, findings, minutes, patience):
        """Returns what was seen, for people. patience: so many times as much may a daemon grow."""
        said = []
        for name, points in self.memory.items():
            steady = points[int(BEGUN * len(points)):]
            grew, most = slope(steady), GROWS_KB / minutes * patience
            if grew > most:
                findings.add("memory-steady", f"{name} grows by {grew:.1f} KB a minute, and {most:.1f} is the most")
            opened = self.descriptors[name]
            third = len(opened) // 3
            before, after = max(opened[:third]), statistics.median_high(opened[-third:])  # one may be open for a moment
            if after > before:
                findings.add("descriptors-constant", f"{name} had {before} in the first third, {after} in the last")
            (first, since), (last, until) = self.computed[name][0], self.computed[name][-1]
            busy = (until - since) / (last - first)
            if busy > BUSY:
                findings.add("processor-idle", f"{name} computes {busy:.0%} of the time, and {BUSY:.0%} is the most")
            said.append(f"{name}: {steady[0][1]} KB to {steady[-1][1]} KB, {grew:+.2f} KB a minute, {after} descriptors,"
                        f" computes {busy:.1%} of the time")
        return said


def run(options):
    source = random.Random(options.seed)
    system = System(relay=True)
    keep = True
    try:
        system.start()
        sensor = Sensor(system, options.seed, STRAP_A_SECOND, CUFF_A_SECOND)
        sensor.life = 1
        brings = Deck(Home(system, sensor).brings(), source)
        watch = Watch(system)
        sensor.begin()
        for number in range(options.count):
            for _ in range(RUN_S // TURN_S):
                turn = time.monotonic() + TURN_S
                watch.look()
                brings.draw()()
                time.sleep(max(0.0, turn - time.monotonic()))
            if options.verbose:
                now = ", ".join(f"{name} {points[-1][1]} KB, {watch.descriptors[name][-1]} descriptors"
                                for name, points in watch.memory.items())
                print(f"minute {number + 1}: {len(sensor.sent)} frames so far; {now}", flush=True)
        sensor.end()
        sensor.last_words()
        delivered = system.is_delivered_within(DELIVERY_S)
        statuses = system.rest()
        findings = check(system, sensor, lambda entry: entry["life"] is not None)
        print("\n".join(watch.judge(findings, options.count, 1 if options.whole else SHORT)))
        print(f"sent {len(sensor.sent)} frames, {len(system.told.alarms)} alarm events")
        trouble = [] if delivered else [f"for {DELIVERY_S} s nothing more was delivered"]
        if any(statuses):
            trouble.append(f"not every program ended well: {statuses}")
        keep = bool(findings.all or trouble)
        return options.count, findings, trouble
    finally:
        system.stop(keep)
