# SPDX-License-Identifier: Apache-2.0
"""mixed: what the other campaigns bring one by one comes at once, in any order, while patients come and go.

Every second something begins: core or uplink is killed, or stands still; the broker ends, or has forgotten; the hub is
dead; the line breaks, or dies without a word; the disk is full; nobody holds the clock; a device goes; the next patient gets
the devices, and the one before leaves; an engineer asks. Most of it lasts for a while, so that several are under way.
Then all of it is over: everything is delivered, nobody who left has left anything, and no condition stands. A run is
one such time.
"""

import random
import signal
import time
from collections import Counter
from typing import Callable, NamedTuple

import storage
from bluez_fixture import CUFF, PATIENCE_S, PATIENT, STRAP, eventually
from checker import (Findings, check_database, check_frames, check_left, check_numbers, check_records,
                     check_told_alarms, gateway_state, hub_state)
from offline import AT_LEAST_ONCE
from sensor import Deck, Sensor
from system import HERE, System

RUN_S = 40
PAUSE_S = (0.1, 2.0)  # from the beginning of one thing to the next
PARTITION = "300m"  # so large that nothing has to make room
SURELY_S = 12  # a core that lives and is not hindered has committed after this time
DELIVERY_S = 420
MINE = {"bp-systolic-high", "unsigned-plan", "reading-without-patient"}  # conditions that the campaign itself makes


class Trouble(NamedTuple):
    things: tuple  # what it takes: no other that needs one of them begins meanwhile
    longest_s: float
    begin: Callable  # returns what ends it


class Home:
    def __init__(self, system, sensor, partition, seed):
        self.system, self.sensor, self.partition = system, sensor, partition
        self.random = random.Random(seed)
        self.begun = Counter()
        self.patient, self.episode, self.patients, self.leaving = PATIENT, "s-01", 1, []
        self.devices = [device["device"] for device in system.ask("devices")]
        self._under_way = []  # of (when it is over, trouble, what ends it)
        self._lives = {}  # number -> when it began to hear, when it ended
        self._hindered = []  # since when, until when a core may not have committed what it had heard
        self._deck = Deck(
            2 * [Trouble(("core", "disk"), 3, self.core_is_killed)] + [
                Trouble(("core", "disk"), 6, self.core_stands_still),
                Trouble(("uplink",), 6, self.uplink_is_killed),
                Trouble(("uplink",), 12, self.uplink_stands_still),
                Trouble(("broker",), 8, self.broker_ends),
                Trouble(("hub", "broker"), 30, self.hub_dies),  # longer than what a patient told last is held back
                Trouble((), 0, self.line_breaks),
                Trouble(("line",), 15, self.line_falls_silent),
                Trouble(("disk",), 12, self.disk_is_full),
                Trouble(("clock",), 10, self.clock_is_nobodys),
                Trouble((), 0, self.device_goes),
                Trouble(("core",), 0, self.engineer_asks)] +
            2 * [Trouble(("core", "disk"), 0, self.patient_changes)], self.random)
        self._begin_life()

    # --- what goes wrong ------------------------------------------------------------------------------------------

    def core_is_killed(self):
        departures, at = self.system.told.departures, time.monotonic()
        self.system.core.kill()
        self._lives[self.sensor.life][1] = at
        self.sensor.life = None
        assert self.system.told.wait_for_departure(departures, PATIENCE_S), "the bus tells that the gateway is gone"
        return self._core_comes_back

    def _core_comes_back(self):
        self.system.start_core()
        self._begin_life()

    def core_stands_still(self):
        return self._stands_still(self.system.core, self._hinder())

    def uplink_stands_still(self):
        return self._stands_still(self.system.uplink, [0, 0])

    @staticmethod
    def _stands_still(process, span):
        process.signal(signal.SIGSTOP)

        def goes_on():
            process.signal(signal.SIGCONT)
            span[1] = time.monotonic()

        return goes_on

    def uplink_is_killed(self):
        self.system.uplink.kill()
        return self.system.uplink.start

    def broker_ends(self):
        self.random.choice((self.system.broker.stop, self.system.broker.kill))()
        forgetful = self.random.random() < 0.3
        return lambda: self.system.broker.start(forgetful)

    def hub_dies(self):
        self.system.hub.kill()
        return self.system.start_hub

    def line_breaks(self):
        self.system.relay.cut()

    def line_falls_silent(self):
        silent = self.system.relay.fall_silent()
        return lambda: [self.system.relay.hang_up(pair) for pair in silent]

    def disk_is_full(self):
        span = self._hinder()
        self.partition.fill()

        def has_room():
            """To kill the core before it has committed what it told is a trouble of storage.py."""
            self.partition.free()
            eventually(lambda: storage.CONDITION not in self.system.conditions(), f"{storage.CONDITION} is over")
            span[1] = time.monotonic()

        return has_room

    def clock_is_nobodys(self):
        self.system.know_clock(False)
        return lambda: self.system.know_clock(True)

    # --- what a home brings ---------------------------------------------------------------------------------------

    def device_goes(self):
        device = self.random.choice((STRAP, CUFF))
        with self.sensor.quiet:
            self.system.bluez.disconnect(device.address)
            self.system.bluez.connect(device.address)
            self.system.bluez.resolve(device.address)

    def engineer_asks(self):
        for words in (("status",), ("devices",), ("readings", "--limit", "200"), ("alarms",), ("queue",)):
            self.system.ask(*words)

    def patient_changes(self):
        """The one before leaves at once, or some time later."""
        self.patients += 1
        before, self.patient, self.episode = self.patient, f"p-{self.patients}", f"s-{self.patients}"
        self.system.ctl("patient", "admit", self.patient, "--episode", self.episode, "--plan", HERE / "plan.json")
        for device in self.devices:
            self.system.ctl("devices", "bind", device, "--patient", self.patient)
        self.leaving.append(before)
        if self.random.random() < 0.8:
            self.let_go()

    def let_go(self):
        while self.leaving:
            self.system.ctl("patient", "discharge", self.leaving.pop(), "--reason", "the next one is here")

    # --- the time -------------------------------------------------------------------------------------------------

    def _is_free(self, trouble):
        return not any(set(trouble.things) & set(other.things) for _, other, _ in self._under_way)

    def _end(self, everything=False):
        for entry in sorted(self._under_way, key=lambda entry: entry[0]):
            if everything or entry[0] <= time.monotonic():
                self._under_way.remove(entry)
                entry[2]()

    def goes_through(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            trouble = next(filter(self._is_free, iter(self._deck.draw, None)))
            self.begun[trouble.begin.__name__] += 1
            over = trouble.begin()
            if over:
                self._under_way.append((time.monotonic() + self.random.uniform(0, trouble.longest_s), trouble, over))
            time.sleep(self.random.uniform(*PAUSE_S))
            self._end()
        self._end(everything=True)
        self.let_go()

    # --- lives ----------------------------------------------------------------------------------------------------

    def _begin_life(self):
        number = len(self._lives)
        self._lives[number] = [time.monotonic(), float("inf")]
        self.sensor.life = number

    def _hinder(self):
        self._hindered.append([time.monotonic(), float("inf")])
        return self._hindered[-1]

    def is_required(self, entry):
        """Whether the gateway lived on for long enough, and unhindered, after it had heard this; or until the end."""
        begun, ended = self._lives.get(entry["life"], (float("inf"), 0))
        surely = entry["at"] + SURELY_S
        unhindered = all(until < entry["at"] or since > surely for since, until in self._hindered)
        return entry["at"] > begun and (ended == float("inf") or (ended > surely and unhindered))


def is_well(system, patient):
    return (system.conditions() <= MINE and
            [of["patient"] for of in system.ask("patient", "list")] == [patient])


def judge(system, sensor, home, epoch):
    """Everything is at rest."""
    findings = Findings()
    gateway, hub = gateway_state(system.database), hub_state(system.hub_database)
    if gateway["epoch"] != epoch:
        findings.add("database-kept", "a new epoch began")
    check_database(findings, gateway, dict(system.told.records))
    check_records(findings, gateway, hub, AT_LEAST_ONCE)
    check_frames(findings, gateway, hub, sensor.sent, home.is_required)
    check_told_alarms(findings, hub, list(system.told.alarms), sensor.sent, home.is_required)
    check_numbers(findings, hub)
    check_left(findings, system.database, home.patient, home.episode)
    return findings


def run(options):
    system = System(relay=True)
    partition = storage.Partition(system.directory / "state", PARTITION)
    trouble, keep = [], True
    try:
        system.start()
        sensor = Sensor(system, options.seed)
        home = Home(system, sensor, partition, options.seed)
        epoch = gateway_state(system.database)["epoch"]
        for number in range(options.count):
            sensor.begin()
            home.goes_through(RUN_S)
            sensor.end()
            sensor.last_words()
            if not system.is_delivered_within(DELIVERY_S):
                trouble.append(f"run {number + 1}: for {DELIVERY_S} s nothing more was delivered")
            eventually(lambda: is_well(system, home.patient), lambda: f"well: {system.conditions()}, "
                       f"{system.ask('patient', 'list')}")
            if options.verbose:
                print(f"run {number + 1}: {len(sensor.sent)} frames so far, {home.patients} patients", flush=True)
        statuses = system.rest()
        findings = judge(system, sensor, home, epoch)
        print(f"begun: {', '.join(f'{name} {times}' for name, times in sorted(home.begun.items()))}")
        print(f"sent {len(sensor.sent)} frames, told of {len(system.told.records)} records and "
              f"{len(system.told.alarms)} alarm events")
        if any(statuses):
            trouble.append(f"not every program ended well: {statuses}")
        keep = bool(findings.all or trouble)
        return options.count, findings, trouble
    finally:
        system.stop_programs()
        partition.close(keep)
        system.stop(keep)
