# SPDX-License-Identifier: Apache-2.0
"""A whole gateway with broker, TLS and hub (tests/campaigns/system.py), on the build that is measured."""

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from figures import BUILD, ROOT, ingest

os.environ["WARD_BUILD"] = str(BUILD)
# The brokers, the yardsticks' too, keep the memory that they have used: glibc gives it back and takes it anew with every
# large message, which takes a broker longer than the message. The daemons set these for themselves.
os.environ.update(MALLOC_TOP_PAD_="2000000", MALLOC_TRIM_THRESHOLD_="16000000", MALLOC_MMAP_THRESHOLD_="1000000")
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("campaigns", "integration", "hub")]

import bluez_fixture  # noqa: E402
import hub_fixture  # noqa: E402, F401
import ports  # noqa: E402, F401
import sensor  # noqa: E402
import system  # noqa: E402
import wardhub  # noqa: E402, F401

BENCH = BUILD / "tests" / "bench"


class AtHome(system.System):
    """A system as it is in a home: what the daemons keep below /run is in memory, and nobody overhears the bus. Whoever did
    would be woken by each alarm, and have a processor, before the uplink."""

    def __init__(self):
        self._run = tempfile.mkdtemp(prefix="bench-run-", dir="/dev/shm")
        os.mkdir(f"{self._run}/recover")
        super().__init__()
        self.told = Nobody()

    def places(self):
        return {**super().places(), "run": self._run}

    def stop(self, keep=False):
        super().stop(keep)
        shutil.rmtree(self._run)


class Nobody:
    """Instead of who hears what the gateway tells on its bus."""

    def start(self, environment):
        pass

    def stop(self):
        pass


def installation(**more):
    return contextlib.closing(Installation(**more))


class Installation:
    """backlog: so many records wait from the beginning. valgrind: the core runs under callgrind, which writes there.
    watched: what each alarm takes can be measured. link: the wire to the broker, made from the broker's port.
    slow_disk: the core's disk can be made slow."""

    def __init__(self, backlog=None, valgrind=None, watched=False, link=None, slow_disk=False):
        self.system = AtHome()
        self._talkers = []
        if backlog:
            ingest("start", 0, backlog, where=self.system.directory / "state")
        if valgrind:
            program = self.system.core.command.index(str(BUILD / "gateway" / "app" / "wardgated"))
            self.system.core.command[program:program] = ["valgrind", "--tool=callgrind",
                                                         f"--callgrind-out-file={valgrind}"]
        self.link = link(self.system.broker.port) if link else None
        self._times = self.system.directory / "times"
        self._slow_disk = self.system.directory / "slow-disk"
        if watched:
            os.mkfifo(self._times)
            self.watch = self.talker("cat", self._times)
            self._load_into_core(BENCH / "bench_spool_times.so", SPOOL_TIMES=self._times)
            self.system.uplink.environment = {**self.system.environment, "SPOOL_TIMES": str(self._times),
                                              "LD_PRELOAD": str(BENCH / "bench_spool_times.so")}
        if link:
            self._divert_uplink()
        if slow_disk:
            self._load_into_core(BUILD / "tests" / "fakes" / "slow_disk.so", SLOW_DISK=self._slow_disk)

    def _load_into_core(self, library, **environment):
        now = self.system.core_environment or self.system.environment
        loaded = ":".join(filter(None, (now.get("LD_PRELOAD"), str(library))))
        self.system.core_environment = {**now, "LD_PRELOAD": loaded,
                                        **{name: str(value) for name, value in environment.items()}}

    def _divert_uplink(self):
        """The uplink gets a configuration of its own: its broker is behind the link."""
        config = (self.system.directory / "wardgate.conf").read_text()
        path = self.system.directory / "uplink.conf"
        path.write_text(config.replace(f"port = {self.system.broker.port}\n", f"port = {self.link.port}\n"))
        self.system.uplink.command[-1] = str(path)

    def talker(self, *command):
        """A program of the benchmarks beside the gateway; ended with it."""
        self._talkers.append(bluez_fixture.Talker(*command, environment=self.system.environment))
        return self._talkers[-1]

    def start(self):
        self.system.start()
        if not self.system.is_delivered_within(600):
            raise SystemExit("what was enrolled does not reach the hub")

    def slow_disk(self, milliseconds):
        """From now on each flush takes so long; 0: what it takes."""
        if milliseconds:
            self._slow_disk.write_text(str(milliseconds))
        else:
            self._slow_disk.unlink()

    @contextlib.contextmanager
    def hub_stands_still(self):
        self.system.hub.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.system.hub.signal(signal.SIGCONT)

    def dirty_mb(self):
        """Private dirty memory of both daemons."""
        return sum(int(line.split()[1]) for process in (self.system.core, self.system.uplink)
                   for line in pathlib.Path(f"/proc/{process.popen.pid}/smaps_rollup").read_text().splitlines()
                   if line.startswith("Private_Dirty:")) / 1000

    def close(self):
        self.system.stop_programs()
        with contextlib.suppress(OSError):  # where no alarm was made, the watch still waits for one who writes
            os.close(os.open(self._times, os.O_WRONLY | os.O_NONBLOCK))
        for talker in self._talkers:
            talker.end()
        if self.link:
            self.link.close()
        self.system.stop()


class Alarms:
    """Makes one alarm after the other: a cuff's pressure goes beyond its limit, and comes back."""

    def __init__(self, whole):
        self._whole = whole
        self._number = 0

    def make(self):
        """Microseconds of one alarm event: (from the notification, from its hand-over) to what the broker answered, as
        the uplink hears it."""
        self._number += 1
        bluez, watch = self._whole.system.bluez, self._whole.watch
        cuff = bluez_fixture.CUFF
        since_bluez, since_watch = bluez.mark(), watch.mark()
        bluez.value(cuff.address, cuff.uuid, sensor.cuff_frame(self._number, self._number % 2 == 1))
        told = int(bluez.said("told at", since_bluez).split()[2])
        _, number, answered, reason = watch.said("answered ", since_watch).split()
        sent = watch.said(f"sent {number} ", max(0, since_watch - 10)).split()[2]  # of a resent one it may be there already
        if reason not in ("0", "16"):  # 16: taken, though nobody has subscribed (MQTT 5 §3.4.2.1)
            raise SystemExit(f"the broker answered {reason} to an alarm")
        return int(answered) - told, int(answered) - int(sent)
