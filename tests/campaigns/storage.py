# SPDX-License-Identifier: Apache-2.0
"""storage-faults: the partition of the database is full, until it is not.

The database lies on a small tmpfs. It is filled while readings come in; the alarm of a reading has to reach the ward all
the same, and the technical condition has to be told. Then there is room again: everything that was sent to a process
that lived through it is stored, by itself. In every second run the core is killed while the disk is full.
"""

import errno
import random
import shutil
import subprocess
import tempfile
import time

from bluez_fixture import eventually
from checker import check, hub_state
from sensor import HIGH, Sensor, systolic_of
from system import System

SIZE = "2m"
CHUNK = 65536
MOST_FRAMES = 4000  # until the log has used up what it had
DELIVERY_S = 120
CONDITION = "storage-full"


class Partition:
    def __init__(self, directory, size=SIZE):
        self.directory = directory
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "campaign", directory], check=True)
        self._ballast = directory / "ballast"

    def fill(self):
        """Takes what room there is, also what the gateway has given up."""
        with open(self._ballast, "ab", buffering=0) as ballast:
            size = CHUNK
            while size:
                try:
                    ballast.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def free(self):
        self._ballast.unlink()

    def close(self, keep):
        """keep: what the database's partition holds stays behind it."""
        with tempfile.TemporaryDirectory() as kept:
            if keep:
                self._ballast.unlink(missing_ok=True)
                shutil.copytree(self.directory, kept, dirs_exist_ok=True)
            subprocess.run(["umount", "--lazy", self.directory], check=True)
            shutil.copytree(kept, self.directory, dirs_exist_ok=True)


def raised_at_hub(system, pressure):
    return sum(event["event"] == "raised" and event.get("value") == pressure
               for event in hub_state(system.hub_database)["events"].values())


def until_it_fails(system, sensor, partition):
    for number in range(MOST_FRAMES):
        sensor.send()
        if number % 20 == 19:
            partition.fill()
            if CONDITION in system.conditions():
                return True
    return False


def alarm_goes_out(system, sensor):
    """A pressure beyond the limit after one within it, with the disk full. Returns whether the ward has its alarm."""
    sensor.send_cuff(high=False)
    time.sleep(0.5)
    pressure = systolic_of(sensor.next_cuff(high=True))
    before = raised_at_hub(system, pressure)
    sensor.send_cuff(high=True)
    try:
        return eventually(lambda: raised_at_hub(system, pressure) > before, "the alarm is at the hub", 60)
    except AssertionError:
        return False


def run(options):
    source = random.Random(options.seed)
    system = System()
    partition = Partition(system.directory / "state")
    trouble, keep = [], True
    try:
        system.start()
        sensor = Sensor(system, options.seed)
        lived = {}  # life -> whether it came to the end
        for number in range(options.count):
            sensor.life = number
            lived[number] = True
            partition.fill()
            if not until_it_fails(system, sensor, partition):
                trouble.append(f"run {number + 1}: the disk is full, and {CONDITION} is not told")
            if not alarm_goes_out(system, sensor):
                trouble.append(f"run {number + 1}: the alarm of {HIGH} mmHg did not go out with the disk full")
            killed = number % 2 == 1
            if killed:
                time.sleep(source.uniform(0, 2))
                system.core.kill()
                lived[number] = False
            partition.free()
            if killed:
                system.start_core()
            sensor.life = None
            sensor.last_words()
            eventually(lambda: CONDITION not in system.conditions(), f"{CONDITION} is over")
            if not system.is_delivered_within(DELIVERY_S):
                trouble.append(f"run {number + 1}: for {DELIVERY_S} s nothing more was delivered")
            if options.verbose:
                print(f"run {number + 1}: {len(sensor.sent)} frames so far", flush=True)
        statuses = system.rest()
        findings = check(system, sensor, lambda entry: lived.get(entry["life"], False))
        if any(statuses):
            trouble.append(f"not every program ended well: {statuses}")
        keep = bool(findings.all or trouble)
        return options.count, findings, trouble
    finally:
        system.stop_programs()
        partition.close(keep)
        system.stop(keep)
