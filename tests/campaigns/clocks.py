# SPDX-License-Identifier: Apache-2.0
"""clocks: the wall clock is wrong, unknown, jumps, and becomes right. Each run is a gateway of its own.

The core, and in jump-in-handshake the uplink, has a wall clock of its own (tests/fakes/wall_clock.c); all other clocks
are the kernel's. In each run an alarm is pending while the clock jumps, again and again, the core is killed while it is wrong,
and at the end it is right.
"""

import datetime
import mmap
import random
import struct
import time

import bluez_fixture
from bluez_fixture import eventually
from checker import Findings, check, hub_state
from sensor import Deck, Sensor
from system import System

DELIVERY_S = 120
YEAR_S = 365.25 * 86400
ON_DELAY_S = 3  # of the rule on the heart rate, in plan.json
LATEST_S = 30 + ON_DELAY_S  # on a busy machine; the promise is checked against virtual time in the unit tests
NEAR_S = 3
FURTHER_S = 600  # at each jump but the first
FRAMES = 12
FRAME_S = 0.2  # from one to the next while an alarm is pending


class WallClock:
    def __init__(self, path):
        path.write_bytes(bytes(8))
        self._file = open(path, "r+b")
        self._octets = mmap.mmap(self._file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(bluez_fixture.BUILD / "tests" / "fakes" / "wall_clock.so"),
                            "WALL_CLOCK": str(path)}
        self.offsets_s = [0.0]  # all that it was off by

    def off_by(self, seconds):
        self.offsets_s.append(seconds)
        self._octets[:] = struct.pack("=q", int(seconds * 1000))

    def jump_further(self):
        self.off_by(self.offsets_s[-1] + FURTHER_S)

    def show(self, text):
        self.off_by(datetime.datetime.fromisoformat(text + "+00:00").timestamp() - time.time())


def born_in_1970(clock, system):
    clock.show("1970-01-01T00:05:00")
    system.know_clock(False)


def ten_years_back(clock, system):
    clock.off_by(-10 * YEAR_S)


def ten_years_ahead(clock, system):
    clock.off_by(10 * YEAR_S)


def an_hour_back(clock, system):
    clock.off_by(-3600)


def end_of_32_bits(clock, system):
    clock.show("2038-01-19T03:14:05")


def leap_day(clock, system):
    clock.show("2028-02-28T23:59:58")


def known_late(clock, system):
    system.know_clock(False)


def jump_in_handshake(clock, system):
    """The uplink's clock jumps beyond the certificates as it connects, and comes back later."""
    system.relay.cut()
    clock.off_by(10 * YEAR_S)


# From the start; in the midst of a pending alarm; and whether some time nobody knew what time it was.
RUNS = {
    "born-in-1970": (born_in_1970, None, True),
    "ten-years-back": (ten_years_back, None, True),
    "ten-years-ahead": (None, ten_years_ahead, False),
    "an-hour-back": (None, an_hour_back, False),
    "2038": (None, end_of_32_bits, False),
    "leap-day": (None, leap_day, False),
    "known-late": (known_late, an_hour_back, True),
    "jump-in-handshake": (None, jump_in_handshake, False),
}


def pending_alarm(system, sensor, jumps):
    """The heart rate is too high, without a pause; three times in each delay the clock jumps, so that a delay which
    begins anew with each jump never ends. Returns how long it took until the alarm was raised, or None."""
    begun = time.monotonic()
    known = len(system.told.alarms)
    jumped = 0
    while time.monotonic() - begun < LATEST_S:
        sensor.send("fast strap")
        if jumps and time.monotonic() - begun > (jumped + 1) * ON_DELAY_S / 3:
            jumps[min(jumped, len(jumps) - 1)]()
            jumped += 1
        if raised := system.told.wait_for_alarm("heart-rate-high", known, FRAME_S):
            return raised - begun
    return None


def perform(name, seed):
    """One run. Returns (findings, trouble, seconds until the alarm or None)."""
    begin, amid, unknown = RUNS[name]
    system = System(relay=True)
    keep = True
    try:
        clock = WallClock(system.directory / "wall-clock")
        own = {**system.environment, **clock.environment}
        handshake = amid is jump_in_handshake
        if handshake:
            system.uplink.environment = own
        else:
            system.core_environment = own
        if begin:
            begin(clock, system)
        system.start()
        sensor = Sensor(system, seed)
        sensor.life = 1

        def some():
            for _ in range(FRAMES):
                sensor.send()
            sensor.last_words()

        some()
        jumps = [lambda: amid(clock, system), clock.jump_further] if amid else []
        took = pending_alarm(system, sensor, jumps)
        some()
        system.core.kill()
        system.start_core()
        some()
        clock.off_by(0)
        system.know_clock(True)
        if unknown:  # one that was believed while it was ahead is not, once it is earlier than what it dated
            eventually(lambda: system.status()["clock"] == "synced", "the clock is known")
        some()
        trouble = [] if system.is_delivered_within(DELIVERY_S) else [f"{name}: for {DELIVERY_S} s nothing more was delivered"]
        statuses = system.rest()
        if any(statuses[:2]):
            trouble.append(f"{name}: not every program ended well: {statuses}")
        findings = check(system, sensor, lambda entry: entry["life"] == 1)
        # One that is behind what the hub has signed meanwhile is not believed; one that is ahead is.
        check_times(findings, hub_state(system.hub_database)["records"], clock, unknown,
                    max(clock.offsets_s) > NEAR_S and not unknown and not handshake)
        check_order(findings, hub_state(system.hub_database)["records"], sensor)
        if took is None or took < ON_DELAY_S - 0.1:
            findings.add("alarm-in-time", "never" if took is None else f"after {took:.2f} s")
        keep = bool(findings.all or trouble)
        return findings, trouble, took
    finally:
        system.stop(keep)


def check_times(findings, records, clock, unknown, wrong_is_believed):
    """What is dated has the time that the clock showed, and once the clock is known a record says so of the boot."""
    now = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    offsets = [now + offset for offset in clock.offsets_s]
    seen = set()
    dated = [(record, name) for _, record in sorted(records.items()) for name in ("received_at", "measured_at")
             if record.get(name)]  # neither device has a clock of its own: what came now was measured now
    for record, name in dated:
        told = f"seq {record['seq']}: {name} {record[name]}"
        if record["clock"] == "synced":
            utc = datetime.datetime.fromisoformat(record[name].replace("Z", "+00:00")).timestamp()
            near = {offset for offset in offsets if abs(utc - record["mono_us"] / 1e6 - offset) <= NEAR_S}
            seen |= near
            if not near:
                findings.add("dated-right", told)
        if record["clock"] == "unsynced":
            findings.add("dated-right", f"{told}, with a clock that nobody knows")
    if wrong_is_believed and len(seen) < 2:
        findings.add("dated-right", "nothing has the time that the clock showed while it was wrong")
    told = [record["offset_ms"] / 1000 for record in records.values() if record["kind"] == "clock"]
    if unknown and not any(abs(offset - now) < NEAR_S for offset in told):
        findings.add("clock-record", f"offsets told: {told}")


def check_order(findings, records, sensor):
    """The frames of one device are stored in the order in which they were sent."""
    place = {entry["raw"]: number for number, entry in enumerate(sensor.sent)}
    for prefix in ("2a37:", "2a35:"):
        stored = [place.get(record["raw"], -1) for _, record in sorted(records.items(), key=lambda item: item[0][1])
                  if (record.get("raw") or "").startswith(prefix)]
        if stored != sorted(stored):
            findings.add("order-kept", f"of {prefix}")


def run(options):
    deck = Deck(tuple(RUNS), random.Random(options.seed))
    findings, trouble = Findings(), []
    for number in range(options.count):
        name = deck.draw()
        found, wrong, took = perform(name, options.seed + number)
        print(f"{name}: alarm after {took or float('nan'):.1f} s of {ON_DELAY_S}; "
              + ("nothing found" if not found.all and not wrong else "see below"), flush=True)
        findings.all += [(what, f"{name}: {text}") for what, text in found.all]
        trouble += wrong
    return options.count, findings, trouble
