# SPDX-License-Identifier: Apache-2.0
"""What both daemons cost while they work: P7, P8."""

import contextlib
import os
import re
import sqlite3
import tempfile
import time

from figures import MILLION, benchmark, call, figure
from whole import bluez_fixture, installation

A_SECOND = 50  # readings, of P8
SIGNATURES = re.compile(r":crypto_sign_(verify_)?detached( |$)")  # making one, verifying one


@benchmark("P7")
def memory(_given):
    """Both daemons over TLS: idle, and while a million records drain (the highest of a minute's samples)."""
    os.sync()  # pages of a program that was just built, and is not on the disk yet, would count as its own
    with installation() as idle:
        idle.start()
        rest = idle.dirty_mb()
    with installation(backlog=MILLION) as full:
        full.system.start()
        samples = []
        for _ in range(60):
            samples.append(full.dirty_mb())
            time.sleep(1)  # the interval of the samples
        if full.system.is_delivered():
            raise SystemExit("P7: the backlog was gone before it was measured")
    return [figure("private dirty memory, idle", rest, "MB", 3.5),
            figure("while a million drain", max(samples) / rest, "× that", 1.3)]


def at_hub(system):
    """Records that the ward has; to ask the core would be counted."""
    with contextlib.closing(sqlite3.connect(f"file:{system.hub_database}?mode=ro", uri=True)) as hub:
        return hub.execute("SELECT count(*) FROM record").fetchone()[0]


def instructions(readings):
    """All that the core runs for a start and so many readings of a strap, to their delivery; the signatures apart: what
    makes ours, and what verifies the receipts'. What is around them, parsing a receipt or finding its key, counts."""
    with tempfile.TemporaryDirectory() as out, installation(valgrind=f"{out}/callgrind") as one:
        strap = bluez_fixture.STRAP
        one.start()
        before = at_hub(one.system)
        one.system.bluez.storm(A_SECOND, readings // A_SECOND, "value", strap.address, strap.uuid, strap.frame(7))
        bluez_fixture.eventually(lambda: at_hub(one.system) >= before + readings, "the ward has all", 300)
        if not one.system.is_delivered_within(120) or any(one.system.rest()[:2]):
            raise SystemExit("P8: the readings were not delivered")
        table = call("callgrind_annotate", "--inclusive=yes", "--threshold=100", f"{out}/callgrind")
    total = signatures = 0
    for line in table.splitlines():
        count = line.strip().split(" ")[0].replace(",", "")
        if "PROGRAM TOTALS" in line:
            total = int(count)
        elif SIGNATURES.search(line) and count.isdigit():
            signatures += int(count)
    return total - signatures


@benchmark("P8")
def instructions_a_reading(_given):
    """User instructions of the core, from the notification over D-Bus to the delivery mark, the signatures apart.

    The readings come as a stream of 50 a second with a commit window of 1 s; what the core does by the clock (heartbeat,
    state) is among them. Two runs differ in the number of readings alone.
    """
    few, many = 300, 1500
    return [figure("instructions a routine reading", (instructions(many) - instructions(few)) / (many - few), "",
                   30_000)]
