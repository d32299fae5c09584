# SPDX-License-Identifier: Apache-2.0
"""The home of a visit. Here bluetoothd and the devices are played (tests/fakes/fake_bluez.c); the lab has real ones
(tests/lab/guest/visit_home.py)."""
import contextlib
import json
import os
import pathlib
import subprocess

from bluez_fixture import BUILD, PATIENCE_S, Bluez, Home, eventually
from enrol_peers import Est
from hub_fixture import contract
from test_commands import SYNCED
from test_enrol_home import HomePki
from test_tls import reissue
from visits import SERIALS
from ward_fixture import UPLINK, WardAtHome

SMALL = "mkdir small; mount -t tmpfs -o size=8m tmpfs small; cp -a state/. small; mount --bind small state; exec \"$@\""


class Ordered:
    """A hub of which the ward orders something. Mixed into a home; name: the hub's."""

    name = "g-1"

    def admits(self, patient, plan, *more):
        path = self.directory / "admission-plan.json"
        path.write_text(json.dumps(plan))
        self.orders("admit", "--patient", patient, "--episode", "s-01", "--plan", path, *more)

    def orders(self, verb, *words):
        """What a clinician at the ward orders of this hub."""
        eventually(lambda: self.ask("status")[0]["link"]["up"], "the hub listens to the ward")
        status, said = self.at_the_hub(self.hub_command(
            verb, "--strict", "--gateway", self.name, "--json", "--timeout", 180, *words))
        assert status == 0, said

    @staticmethod
    def at_the_hub(command):
        """Its exit status, and what it said."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        return done.returncode, done.stdout + done.stderr

    def erases(self):
        """Nothing of an episode that ended is left here. What was told of the ward's receipts goes to the disk with the next
        commit, or after a minute without one: so there is one."""
        eventually(lambda: self.orders("replay", "--since", contract.utc()) or not self.ask("patient"),
                   lambda: f"it is erased: {self.ask('patient')}")

    def enrols(self):
        """The hub was enrolled at an earlier visit."""
        eventually(lambda: self.ask("hub", "show")[0]["link"]["reason"] == "not enrolled", "the uplink is there")
        done = subprocess.run([self.wardctl, "hub", "enrol"], input=self.est.code(), env=self.environment, text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr

    def present(self, condition):
        return next((alarm for alarm in self.ask("alarms") if alarm["condition"] == condition), None)

    def id_of(self, device):
        found, = [row["device"] for row in self.ask("devices") if row["address"] == device.address]
        return found


class Played(Ordered):
    """What the people in a home do with their devices, where those are played. Mixed into a Home."""

    prefix = SYNCED
    tries_again = False

    def furnish(self, *changes):
        """What is here as in a home, and not as Home has it."""
        self.environment["PATH"] = f"{BUILD / 'gateway' / 'ctl'}:{os.environ['PATH']}"
        self.configure("require_signature = no", "require_signature = yes")
        self.configure("sound_command =\n", "sound_command = cat >/dev/null\n")
        for before, after in changes:
            self.configure(before, after)

    def configure(self, before, after):
        path = self.directory / "wardgate.conf"
        text = path.read_text()
        assert before in text, before
        path.write_text(text.replace(before, after))

    def bring(self, *devices):
        """They lie on the table, and advertise."""
        for device in devices:
            self.bluez.device(device.address, "name", device.name, "serial", SERIALS.get(device, device.address), "services",
                              device.service)
            self.bluez.advertise(device.address, "on")

    def pairs(self, device, again=False):
        """What happens while somebody pairs it: it is found, bonded, gone, and back with a reading."""
        since = self.bluez.mark()

        def plays():
            if again:
                self.bluez.said("called RemoveDevice", since)
                self.bluez.advertise(device.address, "on")
            pair = self.bluez.said(f"called Pair {device.path}", since)
            self.bluez.said(f"called StartNotify {device.path}", self.bluez.lines.index(pair, since))
            self.bluez.advertise(device.address, "off")
            self.bluez.disconnect(device.address)
            self._comes(device)
            self.bluez.value(device.address, device.uuid, device.frame(1))
        return plays

    def pairs_again(self, device):
        """The same, after it was forgotten."""
        return self.pairs(device, again=True)

    def _comes(self, device):
        self.bluez.connect(device.address)
        self.bluez.resolve(device.address)

    def leaves(self, *devices):
        for device in devices:
            self.bluez.disconnect(device.address)

    def comes_and_goes(self, device, number):
        """It tells one reading. Nobody waits for what becomes of it."""
        self.bluez.connect(device.address)
        self.bluez.value(device.address, device.uuid, device.frame(number))
        self.bluez.resolve(device.address)
        self.leaves(device)

    def paired(self, device, patient):
        """It was enrolled at an earlier visit."""
        self.bring(device)
        plays = self.pairs(device)
        enrolment = self.begin("devices", "pair", device.address, "--patient", patient, "--check-word", "heron",
                               "--timeout", 500)
        plays()
        said, _ = enrolment.communicate(timeout=PATIENCE_S)
        assert enrolment.returncode == 0, said
        self.leaves(device)

    def comes_without_its_bond(self, device, number):
        self.bluez.lose_bond(device.address)
        self.bluez.connect(device.address)
        self.bluez.value(device.address, device.uuid, device.frame(number))
        self.bluez.resolve(device.address)

    def comes_with_battery(self, device, percent):
        self._comes(device)
        self.bluez.battery(device.address, percent)

    def gets_a_battery(self, device, percent):
        self.bluez.battery(device.address, percent)
        self.leaves(device)


class Visited(Played, WardAtHome):
    """A home as it is in use: signatures are asked for, a time service holds the clock, nobody is admitted yet.
    new: nobody has enrolled the hub either; there is an EST server that knows its code."""

    def __init__(self, new=False):
        super().__init__()
        self.furnish()
        self.pki = self.directory / "pki"
        self.est = None
        self._filled = None
        if new:
            self.est = Est(self.directory, HomePki(self.pki))
            self.configure(f"certificate = {self.pki}/g-1.pem\nkey = {self.pki}/g-1.key\n", (
                f"certificate = {self.pki}/none.pem\nkey = {self.pki}/none.key\nenrolled = {self.directory}/enrolled\n"))

    def start(self):
        if self.est:
            self.est.start()
        self.bluez = Bluez(self.environment)
        self.start_gateway()
        self.start_hub()
        self.start_uplink()
        self.wait_for_radio("ready")
        return self

    def restart(self):
        self.stop_uplink()
        self.stop_gateway()
        self.start_gateway()
        self.start_uplink()
        self.wait_for_radio("ready")

    def stop(self):
        if self.est:
            self.est.stop()
        super().stop()

    @contextlib.contextmanager
    def beside_another(self):
        """The hub g-2, in the same home."""
        new = SecondHub(self)
        try:
            yield new.start()
        finally:
            new.stop()

    def is_gone_back_to(self, _new):
        """By the engineer; it was on all the time."""

    def reissues(self, days):
        """The hub's certificate ends in so many days."""
        reissue(self.pki, self.name, days)

    def loses_the_time(self):
        self.prefix = ()
        self.restart()
        self.prefix = Played.prefix

    def is_told_the_time(self):
        self.restart()

    def has_network(self, there):
        (self.broker.start if there else self.broker.stop)()

    def has_a_small_disk(self):
        self.prefix = [*Played.prefix, "sh", "-ec", f"cd {self.directory}; {SMALL}", "sh"]
        self.restart()

    def fills(self):
        """All of the room on the gateway's disk, as it sees it."""
        self._filled = pathlib.Path(f"/proc/{self.gateway.pid}/root{self.directory}/state/fill")
        with open(self._filled, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def makes_room(self):
        self._filled.unlink()


class SecondHub(Played, Home):
    """The hub g-2, of the same ward as the first."""

    name = "g-2"

    def __init__(self, first):
        super().__init__()
        pki = first.directory / "pki"
        self.first, self.uplink = first, None
        self.furnish(("id = g-test\n", "site = home\nid = g-2\n"), ("ward_keys =\n", (
            f"ward_keys = {first.directory}/keys/ward-keys.json\nhost = localhost\nport = {first.broker.port}\n"
            f"ca = {pki}/ca.pem\ncertificate = {pki}/none.pem\nkey = {pki}/none.key\nenrolled = {self.directory}/enrolled\n")))

    def hub_command(self, verb, *words):
        return self.first.hub_command(verb, *words)

    def start(self):
        self.bluez = Bluez(self.environment)
        self.start_gateway()
        self.first.knows(self)
        self.uplink = subprocess.Popen([UPLINK, "--config", self.directory / "wardgate.conf"], stdout=self.log,
                                       stderr=self.log, env=self.environment)
        self.wait_for_radio("ready")
        return self

    def stop(self):
        if self.uplink:
            self.uplink.terminate()
            self.uplink.wait(60)
        super().stop()
