# SPDX-License-Identifier: Apache-2.0
"""A gateway in a guest of the lab (tests/lab), with a kernel and a file system of its own on a disk whose cache a cut of
the power empties (disk.py). Its bus with the devices on it, its broker and its hub are outside, on this machine."""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

import bluez_fixture
from bluez_fixture import PATIENCE_S, eventually
from disk import Disk
from relay import Relay
from system import Process, System

HERE = pathlib.Path(__file__).resolve().parent
LAB = HERE.parent / "lab" / "run"
BOOTS, LAB_FAILED = 3, 125  # tests/lab/run
BOOT_S = 600  # on a busy machine, which emulates another; a pass never waits so long
DISK_OCTETS = 128 << 20
STATE = "/run/lab/disk"  # where a guest has its disk


class Gone(Exception):
    """What the gateway had is not there any more: no run can go on."""


class Machine(Process):
    """The guest. It ends when its power is cut, or when something is wrong."""

    def signal(self, number):
        """STOP is for the processor: the emulator is stopped, not whoever watches over it."""
        if number == signal.SIGSTOP:
            children = pathlib.Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split()
            for child in children:
                subprocess.run(["kill", "-STOP", child], check=True)
        else:
            super().signal(number)

    def cut(self):
        if self.alive():
            self.popen.terminate()
        self.popen.wait()


class Guest(System):
    host = "lab-host"

    def __init__(self):
        self.uplinked = False
        super().__init__(keepalive="10s")
        self.image = self.directory / "disk.img"
        with open(self.image, "wb") as image:
            image.truncate(DISK_OCTETS)
        # With the blocks of a partition that is not so small.
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", self.image], check=True)
        self.disk = Disk(self.image, self.directory / "disk")
        self.wire = Relay(self.directory / "bus")

    def places(self):
        return {"state": STATE, "run": "/run/wardgate"}

    def make_gateway(self):
        environment = {**os.environ, "WARD_LAB_ENTER_S": str(BOOT_S)}
        return Machine(self, "machine", environment=environment), None

    @property
    def database(self):
        """A copy, as the last cut left it."""
        return self.directory / "read-out" / "ward.db"

    # --- coming and going ---------------------------------------------------------------------------------------

    def start_core(self):
        """Boots. Returns the seconds until the gateway answered."""
        begun = time.monotonic()
        for _ in range(BOOTS):
            if self.comes_up():
                return time.monotonic() - begun
            # A kernel that did not get that far says nothing about the gateway; one that ends by itself does.
            assert self.core.popen.returncode == LAB_FAILED, self.core.said()
        raise AssertionError(self.core.said())

    def comes_up(self):
        since = self.bluez.mark()
        self.core.command = [
            str(word) for word in (
                LAB, "--bare", "--network", "--processors", 1, "--memory", 384, "--timeout", 3600, "--disk-socket",
                self.disk.path, "--build", bluez_fixture.BUILD, "--", HERE / "in-guest", self.directory / "wardgate.conf",
                self.wire.port, *(["uplink"] if self.uplinked else []))]
        self.core.start()
        for condition, what in ((lambda: self.bluez.calls("GetManagedObjects", since), "wardgated looks around"),
                                (self.answers, self.silence)):
            eventually(lambda met=condition: not self.core.alive() or met(), what, 3 * BOOT_S)
        return self.core.alive()

    def boot(self):
        """After a cut: bluetoothd is new as well, and the devices come."""
        self.bluez.start()
        took = self.start_core()
        if len(self.ask("devices")) < 2:
            raise Gone("the gateway does not know its devices any more")
        self.wait_for_radio("ready")
        since = self.bluez.mark()
        self.connect_devices()
        self.bluez.said("called StartNotify", since, times=2)
        return took

    def start(self):
        self.bluez = bluez_fixture.Bluez(self.environment)
        self.told.start(self.environment)
        self.start_core()
        self.admit()
        self.show_key()
        self.start_hub()
        self.uplinked = True
        return self

    def wait_for_link(self, patience_s):
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and not self.is_linked():
            time.sleep(0.2)

    def is_linked(self):
        """False also when a busy machine leaves the question unanswered."""
        answer = self.ctl("hub", "show", "--json", check=False)
        return answer.returncode == 0 and json.loads(answer.stdout)["link"]["up"]

    def wait_for_hub(self, raw, patience_s):
        """Until the hub has committed a record with these octets, or for so long."""
        deadline = time.monotonic() + patience_s
        with contextlib.closing(sqlite3.connect(f"file:{self.hub_database}?mode=ro", uri=True)) as hub:
            while time.monotonic() < deadline and not hub.execute(
                    "SELECT 1 FROM record WHERE body LIKE ?", (f'%"raw":"{raw}"%',)).fetchone():
                time.sleep(0.02)

    def cut(self):
        """Returns when the witness has heard all that was said before."""
        departures = self.told.departures
        self.disk.stop()
        self.core.cut()
        assert self.told.wait_for_departure(departures, PATIENCE_S), "the bus tells that the gateway is gone"

    def read_out(self):
        """From a copy of the image, whose journal is replayed first. Returns what is wrong with the file system, or None."""
        copy, where = self.directory / "copy.img", self.database.parent
        where.mkdir(exist_ok=True)
        subprocess.run(["cp", "--sparse=always", self.image, copy], check=True)
        checked = subprocess.run(["e2fsck", "-f", "-y", copy], capture_output=True, text=True)
        for name in ("ward.db", "ward.db-wal"):
            (where / name).unlink(missing_ok=True)
            subprocess.run(["debugfs", "-R", f"dump /{name} {where / name}", copy], check=True, capture_output=True)
        copy.unlink()
        return None if checked.returncode < 4 else checked.stdout

    def rest(self):
        status = self.hub.stop()
        self.told.stop()
        return [status]

    def stop_programs(self):
        if self.core.popen:
            self.core.cut()
        if self.hub.alive():
            self.hub.kill()

    def stop(self, keep=False):
        self.stop_programs()
        self.wire.close()
        self.disk.close()
        super().stop(keep)
