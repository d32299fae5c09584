# SPDX-License-Identifier: Apache-2.0
"""How slow the machine is just now, beside everything else that runs on it. A deadline in seconds is meant for a machine
that has time; on another it is so many times as long."""

import contextlib
import hashlib
import sqlite3
import tempfile
import time

ROUNDS = 25
HASHES = 400  # a round: they take a processor a millisecond
NOMINAL_S = 0.05  # what all rounds take on two processors that have nothing else to do


def slowness():
    """At least 1. The loop does what a gateway does: it reckons, and waits for the disk, in turns."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as directory, \
            contextlib.closing(sqlite3.connect(f"{directory}/loop", isolation_level=None)) as database:
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE row(body BLOB)")
        begun = time.monotonic()
        for _ in range(ROUNDS):
            octets = bytes(1024)
            for _ in range(HASHES):
                octets = hashlib.sha256(octets).digest() * 32
            database.execute("INSERT INTO row VALUES (?)", (octets,))
        return max(1.0, (time.monotonic() - begun) / NOMINAL_S)


class Deadline:
    """So many seconds, as the machine is while they pass: asked before and after, the slower one counts."""

    def __init__(self, seconds, patience=1):
        self._seconds, self._patience = seconds, patience
        self._slowness = slowness()

    def end(self):
        """The seconds that there were."""
        self._slowness = max(self._slowness, slowness())
        return self._seconds * self._slowness * self._patience

    def __str__(self):
        return f"{self._seconds} s × {self._slowness:.1f} × {self._patience}"
