# SPDX-License-Identifier: Apache-2.0
"""A whole installation to strike at: wardgated, wardgate-uplink, mosquitto over TLS and the reference hub as processes,
and for a sensor the fake org.bluez, which plays a strap and a cuff on a bus of its own.

Each system has a /run/systemd of its own (a mount namespace), so that its clock can be told to be held by a time
service, or not, without a word to anybody else.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import bluez_fixture
from bluez_fixture import CUFF, PATIENT, STRAP, Bluez, Home, eventually
from hub_fixture import Broker
from relay import Relay

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

GATEWAY, SITE = "g-1", "home"
UPLINK = bluez_fixture.BUILD / "gateway" / "uplink" / "wardgate-uplink"
HUB = ROOT / "tests" / "hub" / "wardhub.py"
# Of the namespace: the own /run/systemd instead of the machine's.
OWN_RUN = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
           'mount --bind "$0" /run/systemd && exec "$@"')

CONFIG = """[gateway]
id = {gateway}
site = {site}
[bluetooth]
recovery_directory = {run}/recover
[store]
path = {state}/ward.db
commit_window = 1s
[plan]
require_signature = no
[hub]
host = {host}
port = {port}
ca = {pki}/ca.pem
certificate = {pki}/{gateway}.pem
key = {pki}/{gateway}.key
ward_keys = {directory}/keys/ward-keys.json
keepalive = {keepalive}
[alarm]
led_directory = {run}
leds =
sound_command =
patient_text = {run}/patient-text
numbers = {run}/alarm-numbers
[spool]
socket = {run}/spool
uplink_user = {user}
"""


def environment_of(unit):
    """What its unit gives to a daemon."""
    lines = (ROOT / "systemd" / f"{unit}.service").read_text().splitlines()
    return dict(line.removeprefix("Environment=").split("=", 1) for line in lines if line.startswith("Environment="))


class Process:
    """One program that is killed and started again; what it says is in its log."""

    def __init__(self, system, name, *command, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.environment = environment or system.environment
        self.log = system.directory / f"{name}.log"
        self.popen = None

    def start(self, environment=None):
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(self.command, env=environment or self.environment, stdout=log, stderr=log)
        return self

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def signal(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self, patience_s=60):
        """Ends it in good order. Returns its exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return self.popen.wait(patience_s)

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class System(Home):
    host = "localhost"  # this machine, as the gateway calls it

    def __init__(self, clock_known=True, keepalive="10s", relay=False):
        super().__init__()
        self.environment.update(environment_of("wardgated"))
        self.told = Told()
        for name in ("keys", "run-systemd/timesync"):
            (self.directory / name).mkdir(parents=True)
        self.know_clock(clock_known)
        self.broker = Broker(self.directory / "pki", (GATEWAY,), (self.host,))
        self.relay = Relay(self.broker.port) if relay else None
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        (self.directory / "wardgate.conf").write_text(CONFIG.format(
            gateway=GATEWAY, site=SITE, directory=self.directory, pki=self.broker.pki, host=self.host, **self.places(),
            port=self.relay.port if relay else self.broker.port, user=user, keepalive=keepalive))
        subprocess.run([sys.executable, HUB, "keys", "--keys-out", self.directory / "keys"], check=True)
        self.core, self.uplink = self.make_gateway()
        pki = self.broker.pki
        self.hub = Process(self, "wardhub", sys.executable, HUB, "run", "--keys", self.directory / "keys", "--port",
                           self.broker.port, "--ca", f"{pki}/ca.pem", "--cert", f"{pki}/hub.pem", "--key",
                           f"{pki}/hub.key", "--gateway-key", self.directory / "gateway.jwk", "--database",
                           self.hub_database, "--strict")
        self.core_environment = None

    def places(self):
        """Where the gateway keeps what is to stay, and what is not."""
        return {"state": self.directory / "state", "run": self.directory}

    def make_gateway(self):
        config = ("--config", self.directory / "wardgate.conf")
        inside = (*OWN_RUN, self.directory / "run-systemd")
        return (Process(self, "wardgated", *inside, bluez_fixture.WARDGATED, *config),
                Process(self, "wardgate-uplink", *inside, UPLINK, *config))

    @property
    def database(self):
        return self.directory / "state" / "ward.db"

    @property
    def hub_database(self):
        return self.directory / "hub.db"

    def know_clock(self, known):
        """What systemd-timesyncd leaves when it has set the clock; without it no clock is believed."""
        flag = self.directory / "run-systemd" / "timesync" / "synchronized"
        if known:
            flag.touch()
        else:
            flag.unlink(missing_ok=True)

    # --- coming and going ---------------------------------------------------------------------------------------

    def start_core(self):
        """Starts wardgated and waits until it hears. Returns the seconds until its name was on the bus."""
        since, begun = self.bluez.mark(), time.monotonic()
        self.gateway = self.core.start(self.core_environment).popen
        eventually(lambda: not self.core.alive() or self.answers(), self.silence)
        took = time.monotonic() - begun
        assert self.core.alive(), self.core.said()
        if self.ask("devices"):
            self.bluez.said("called StartNotify", since)
        return took

    def start(self):
        self.bluez = Bluez(self.environment)
        self.told.start(self.environment)
        self.start_core()
        self.admit()
        self.connect_devices()
        self.show_key()
        self.start_hub()
        self.uplink.start()
        return self

    def admit(self):
        """The patient with the plan and the two devices."""
        self.ctl("patient", "admit", PATIENT, "--episode", "s-01", "--plan", HERE / "plan.json")
        self.wait_for_radio("ready")
        for number, device in enumerate((STRAP, CUFF)):
            self.enrol(device, f"S-{number}")

    def connect_devices(self):
        for device in (STRAP, CUFF):
            self.bluez.connect(device.address)
            self.bluez.resolve(device.address)

    def start_hub(self):
        """Starts the hub, which keeps its subscription from now on."""
        since = len(self.hub.said())
        self.hub.start()
        eventually(lambda: "hearing" in self.hub.said()[since:], "the hub hears")

    def show_key(self):
        """What enrolment tells the ward of this gateway: its public key."""
        key = self.ask("hub", "show")[0]["key"]
        (self.directory / "gateway.jwk").write_text(json.dumps({**key, "gateway": GATEWAY}))

    def queue(self):
        return self.ask("queue")[0]

    def undelivered(self):
        queue = self.queue()
        return queue["undelivered_readings"] + queue["undelivered_alarms"] + queue["waiting_for_commit"]

    def is_delivered(self):
        return self.undelivered() == 0

    def is_delivered_within(self, patience_s, but=0):
        """Waits until nothing is undelivered, or no more than so many; False when for so long nothing more was
        delivered. The checker then says what is missing."""
        least, deadline = None, 0
        while (undelivered := self.undelivered()) > but:
            if least is None or undelivered < least:
                least, deadline = undelivered, time.monotonic() + patience_s
            elif time.monotonic() > deadline:
                return False
            threading.Event().wait(0.2)
        return True

    def fill(self, devices, seconds):
        """So many straps, each of them once a second, while the ward was away; before the first start. Returns how many
        records that are. A mutant does not fill its own database."""
        build = pathlib.Path(os.environ.get("WARD_UNPATCHED", bluez_fixture.BUILD))
        subprocess.run([build / "tests" / "campaigns" / "days_away", str(devices), str(seconds), self.database.parent],
                       check=True)
        return devices * seconds

    def rest(self):
        """Everything ends in good order, the core first: what it says when its uplink is gone reaches nobody. What is on
        the disks stays for the checker."""
        statuses = [process.stop() for process in (self.core, self.uplink, self.hub) if process.popen]
        self.told.stop()
        return statuses

    def stop_programs(self):
        for process in (self.uplink, self.core, self.hub):
            if process.alive():
                process.kill()

    def stop(self, keep=False):
        """Ends what still runs. keep: the files stay for somebody to look at; the directory is told."""
        self.stop_programs()
        self.told.stop()
        self.broker.stop()
        if self.relay:
            self.relay.close()
        if self.bluez and self.bluez.process.poll() is None:
            self.bluez.end()
        self.dbus.terminate()
        self.dbus.wait()
        self.dbus.stdout.close()
        self.log.close()
        if keep:
            print(f"  what is left of it: {self.directory}")
        else:
            shutil.rmtree(self.directory)


class Told:
    """What the gateway told everybody on its bus, heard from outside: what it had committed, and its alarms; and from
    the bus itself, when it was gone."""

    MATCHES = ("type='signal',interface='org.wardgate.Gateway1'",
               "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.wardgate',arg2=''")

    def __init__(self):
        self.records = {}  # (epoch, seq, chain) -> record
        self.alarms = []  # of (when, event)
        self.departures = 0  # each comes after all that was said before it
        self.news = threading.Condition()
        self._process = None

    def start(self, environment):
        address = environment["DBUS_SYSTEM_BUS_ADDRESS"]
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", "busctl", f"--address={address}", "--json=short",
             *(f"--match={match}" for match in self.MATCHES), "monitor"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()

    def _read(self, process):
        for line in process.stdout:
            message = json.loads(line)
            if message.get("type") != "signal":
                continue
            said = message["payload"]["data"]
            with self.news:
                if message["member"] == "Reading":
                    record = json.loads(said[0])
                    self.records[record["epoch"], record["seq"], record["chain"]] = record
                elif message["member"] == "Alarm":
                    self.alarms.append((time.monotonic(), json.loads(said[0])))
                elif message["member"] == "NameOwnerChanged" and said[0] == "org.wardgate" and not said[2]:
                    self.departures += 1
                self.news.notify_all()

    def wait_for_raw(self, raw, patience_s):
        """The record of that frame, or None."""
        def found():
            return next((record for record in reversed(list(self.records.values())[-64:]) if record.get("raw") == raw),
                        None)

        with self.news:
            return self.news.wait_for(found, patience_s)

    def wait_for_alarm(self, condition, since, patience_s):
        """When it was raised, of the alarms from number since on; or None."""
        def raised():
            return next((at for at, event in self.alarms[since:]
                         if event["event"] == "raised" and event["condition"] == condition), None)

        with self.news:
            return self.news.wait_for(raised, patience_s)

    def wait_for_departure(self, before, patience_s):
        """Whether the gateway has left its bus more than so many times."""
        with self.news:
            return self.news.wait_for(lambda: self.departures > before, patience_s)

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
