# SPDX-License-Identifier: Apache-2.0
"""The wearables' side: what was sent, and when. This ledger lies outside the system under test.

No two frames are the same, so that each can be found again by its octets: a strap's by its energy and RR interval
(HRS 1.0), a cuff's by its three pressures (BLS 1.1.1). The cuff goes beyond its limit and comes back, again and again.
"""

import json
import random
import threading
import time

from bluez_fixture import CUFF, PATIENCE_S, STRAP

HIGH, LOW = 190, 100  # mmHg; the plan's limit lies between


def strap_frame(number, fast=False):
    return f"18{190 if fast else 60 + number % 40:02x}" + number.to_bytes(4, "little").hex()


def cuff_frame(number, high):
    assert number < 30 * 35 * 20, "the cuff has no more pressures"
    systolic = (HIGH if high else LOW) + number % 30
    return f"00{systolic:02x}00{50 + number // 30 % 35:02x}00{80 + number // 1050:02x}00"


def values_of(raw):
    """What a frame says, by quantity."""
    characteristic, octets = raw.split(":")
    octets = bytes.fromhex(octets)
    parts = {"heart_rate": slice(1, 2)} if characteristic == "2a37" else {
        "bp_systolic": slice(1, 3), "bp_diastolic": slice(3, 5), "bp_mean": slice(5, 7)}
    return {name: int.from_bytes(octets[part], "little") for name, part in parts.items()}


def systolic_of(raw):
    """Of a cuff's frame, else None."""
    return values_of(raw).get("bp_systolic")


class Deck:
    """Draws in random order, each as often as the others."""

    def __init__(self, cards, source):
        self._cards, self._random, self._left = cards, source, []

    def draw(self):
        if not self._left:
            self._left = self._random.sample(self._cards, len(self._cards))
        return self._left.pop()


class Sensor:
    def __init__(self, system, seed, strap_a_second=8.0, cuff_a_second=3.0):
        # What the enrolment of each told, and then what send() sends.
        self.sent = [{"raw": device.raw(1), "at": 0, "life": None} for device in (STRAP, CUFF)]
        self._system = system
        self._random = random.Random(seed)
        self._gap_s = 1 / (strap_a_second + cuff_a_second)
        self._cuff_share = cuff_a_second / (strap_a_second + cuff_a_second)
        self._number = {STRAP: 0, CUFF: 0}
        self._high = False
        self.quiet = threading.Lock()  # while somebody holds it nothing is sent
        self._ledger = open(system.directory / "sensor.ledger", "w", encoding="ascii")
        self._stop = threading.Event()
        self._thread = None
        self.life = None  # which run of the gateway hears it; None: nobody does, for all that is known

    def send(self, what=None, turns=True):
        """One frame goes out: "strap", "fast strap" or "cuff", or one of strap and cuff. What the ledger has of it.
        turns: a cuff's pressure may cross the limit."""
        with self.quiet:
            if what is None:
                what = "cuff" if self._random.random() < self._cuff_share else "strap"
            device = CUFF if what == "cuff" else STRAP
            number = self._number[device] = self._number[device] + 1
            if what == "cuff" and turns and self._random.random() < 0.3:
                self._high = not self._high
            frame = cuff_frame(number, self._high) if device is CUFF else strap_frame(number, what == "fast strap")
            entry = {"raw": f"{device.uuid}:{frame}", "at": time.monotonic(), "life": self.life}
            self.sent.append(entry)
            self._ledger.write(json.dumps(entry) + "\n")
            self._ledger.flush()
            self._system.bluez.value(device.address, device.uuid, frame)
            return entry

    def next_cuff(self, high):
        """What send_cuff() would send."""
        return f"{CUFF.uuid}:{cuff_frame(self._number[CUFF] + 1, high)}"

    def send_cuff(self, high):
        """A pressure beyond the limit, or one within it."""
        self._high = high
        return self.send("cuff", turns=False)

    def last_words(self):
        """One more frame of each, and the gateway has told of both: what came before is committed as well."""
        for what in ("strap", "cuff"):
            raw = self.send(what)["raw"]
            assert self._system.told.wait_for_raw(raw, PATIENCE_S), f"{raw} was committed"

    def begin(self):
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self._random.expovariate(1 / self._gap_s)):
            self.send()

    def end(self):
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None
