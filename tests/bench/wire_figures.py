# SPDX-License-Identifier: Apache-2.0
"""The way to the ward's broker: P4, P5, P6. All of it over mutual TLS: wardgate-uplink has no other way."""

import pathlib
import time

from figures import benchmark, figure
from links import Bridge, QuickHub, ThinLink
from whole import BENCH, Alarms, bluez_fixture, installation, system

ALARM_OCTETS = 1200  # of an alarm event with its properties, so that the yardsticks carry as much
SLOW_MS = 30_000
SETTLES_S, IDLE_S = 10, 120
TOPIC = f"ward/v1/{system.SITE}/{system.GATEWAY}/up/yardstick"


class Yardstick:
    """A bare socket, or a bare Paho, to the same broker."""

    def __init__(self, whole, way):
        broker = whole.system.broker
        self._program = whole.talker(BENCH / "bench_round_trip", way, "localhost", broker.port, broker.pki,
                                     system.GATEWAY, TOPIC, ALARM_OCTETS)
        self._program.said("ready")

    @property
    def program(self):
        return self._program.process

    def take(self, count=1):
        """Microseconds of so many publications, one after the other."""
        since = self._program.mark()
        self._program.process.stdin.write(f"{count}\n")
        self._program.process.stdin.flush()
        self._program.said("took", since, times=count)
        return [int(line.split()[1]) for line in self._program.lines[since:since + count]]


def share(values, part):
    """The value that so large a part of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def alarms_and_paho(whole, alarms, paho, count):
    """p99 of alarms from the notification to the broker's answer, by that of publications by a bare Paho. In turns. The
    ward's hub is another machine's business: it stands still while one is on its way, and keeps what came in the pause."""
    ours, bare = [], []
    for _ in range(count):
        for take in (lambda: ours.append(alarms.make()[0]), lambda: bare.extend(paho.take())):
            with whole.hub_stands_still():
                take()
            time.sleep(0.02)
    return share(ours, 0.99) / share(bare, 0.99)


def wake_ups(program):
    """How often its threads have gone to sleep so far."""
    count = 0
    for task in pathlib.Path(f"/proc/{program.pid}/task").iterdir():
        fields = (task / "status").read_text()
        count += int(fields.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return count


def idle_wake_ups():
    """Both daemons, connected, with devices that say nothing; by a bare Paho that has connected and does nothing else."""
    with installation() as whole:
        whole.start()
        paho = Yardstick(whole, "paho")
        paho.take()
        time.sleep(SETTLES_S)
        ours = (whole.system.core.popen, whole.system.uplink.popen)
        before = [wake_ups(program) for program in (*ours, paho.program)]
        time.sleep(IDLE_S)
        core, uplink, bare = (wake_ups(program) - count for program, count in zip((*ours, paho.program), before))
    return figure("idle wake-ups", (core + uplink) / bare, "× a bare Paho's", 1.2)


@benchmark("P4")
def alarm(given):
    """An alarm from the notification over D-Bus until the uplink has the broker's PUBACK, against a publication of as many
    octets by a bare Paho until its program has that; and the same while the core's disk is in a flush of 30 s."""
    count = given.count or 1000
    with installation(watched=True, slow_disk=True) as whole:
        whole.start()
        alarms, paho = Alarms(whole), Yardstick(whole, "paho")
        alarms_and_paho(whole, alarms, paho, 20)  # what is only done once
        usual = alarms_and_paho(whole, alarms, paho, count)
        whole.slow_disk(SLOW_MS)
        slow = alarms_and_paho(whole, alarms, paho, count)
        committed = whole.system.core.alive()
        whole.slow_disk(0)
    if not committed:
        raise SystemExit("P4: the core did not live through a slow disk")
    return [figure("alarm to PUBACK, p99", usual, "× bare Paho's", 1.5),
            figure("the same, each fsync taking 30 s", slow, "× bare Paho's", 1.5)]


def thin_link(alarms, whole, count, empty):
    """Microseconds of so many alarms from the notification to the broker's answer, with the queue as it shall be. The
    pause leaves what the alarm before brings along, its reading and the list of alarms, behind."""
    took = []
    for _ in range(count):
        time.sleep(1)
        if whole.system.is_delivered_within(120 if empty else 0) is not empty:
            raise SystemExit(f"P5: the queue is {'not ' if empty else ''}empty")
        took.append(alarms.make()[0])
    return took


@benchmark("P5")
def single_alarms(given):
    """Alarms one by one, from the core's hand-over to the broker's PUBACK, while the uplink's second connection
    subscribes to commands; the slowest against p99.9 of a bare socket. --count says how many (200,000 are aimed at).
    And on a link of 64 kbit/s from the notification on: the slower ones with a backlog against those without."""
    count, block, few = given.count or 2000, 50, 40
    ours, bare = [], []
    with installation(watched=True) as whole:
        whole.start()
        alarms, socket = Alarms(whole), Yardstick(whole, "socket")
        while len(ours) < count:
            ours += [alarms.make()[1] for _ in range(block)]
            bare += socket.take(block)
    slow = {}
    for name, backlog in (("empty", None), ("backlog", 20_000)):
        with installation(watched=True, backlog=backlog, link=ThinLink) as whole:
            whole.system.start()
            slow[name] = thin_link(Alarms(whole), whole, few, backlog is None)
    return [figure(f"the slowest of {count} alarms", max(ours) / share(bare, 0.999), "× p99.9 of a bare socket", 20),
            figure(f"64 kbit/s: p90 of {few} alarms behind a backlog", share(slow["backlog"], 0.9) /
                   share(slow["empty"], 0.9), "× that of an empty queue", 3)]


def drained(count):
    """Records a second: from the first message at the hub until the core has a receipt for all, and has kept it."""
    with installation(backlog=count) as whole:
        hub = QuickHub(whole.system)
        whole.system.start_hub = hub.start
        whole.system.start()
        bluez_fixture.eventually(lambda: hub.through == count, "the hub has all", 600)  # asks nobody anything meanwhile
        bluez_fixture.eventually(lambda: whole.system.queue()["undelivered_readings"] == 0, "all is delivered")
        took = time.monotonic() - hub.first
        hub.close()
        return hub.through / took, hub.octets / hub.through


@benchmark("P6")
def drain(given):
    """A backlog goes to a hub that signs receipts and does nothing else, in batches of up to 100 records, against
    mosquitto's bridge with as many messages of a record's size, which are there when the broker is. One by one there is
    no figure: nothing makes the core send fewer than what waits. --count says how many (a million is aimed at)."""
    count = given.count or 20_000
    ours, bridge = [], []
    for _ in range(min(given.rounds, 3)):
        rate, octets = drained(count)
        ours.append(rate)
        bridge.append(Bridge(int(octets)).rate(count))
    return [figure(f"drain of {count} readings in batches", share(ours, 0.5) / share(bridge, 0.5),
                   "× mosquitto's bridge", 20, True)]
