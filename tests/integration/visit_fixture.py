# SPDX-License-Identifier: Apache-2.0
"""A field engineer who does what a page of docs/visits says: its blocks of commands are run as they stand there, in their
order, and what the block behind one shows has to be seen. Whatever happens in the home meanwhile, the test does."""
import json
import os
import pathlib
import re
import subprocess
import threading
import time

from bluez_fixture import BUILD, CUFF, PATIENCE_S, ROOT, STRAP, WARDCTL, Bluez, Device, Home, eventually
from enrol_peers import Est
from test_commands import SYNCED
from test_enrol_home import HomePki
from hub_fixture import contract
from ward_fixture import UPLINK, WardAtHome

PAGES = ROOT / "docs" / "visits"
# PLXS 1.0.1 spot check: SpO2 90 % and more, pulse 72.
CLIP = Device("C0:FF:EE:00:00:04", "Clip", "1822", "2a5e", lambda number: f"00{90 + number:02x}004800")
NEW_CLIP = Device("C0:FF:EE:00:00:06", "Clip", "1822", "2a5e", lambda number: f"00{90 + number:02x}004900")


def cuff_of(user):
    """BLS 1.1.1 with a user's number: systolic 100 and more."""
    return Device("C0:FF:EE:00:00:05", "Cuff", "1810", "2a35", lambda number: f"08{100 + number:02x}0047005000{user:02x}")


SERIALS = {CLIP: "OX-0417", NEW_CLIP: "OX-0862", STRAP: "ST-0093", CUFF: "BP-2208"}
PLAN = {
    "schema": "wardgate.care-plan/1", "id": "visit", "version": 3, "title": "What three devices measure, for the tests",
    "source": {"example": True, "citation": "made for the tests"}, "review_by": "2035-12-31",
    "quantities": [{"quantity": "spo2", "mode": "spot"}, {"quantity": "heart_rate", "mode": "spot"},
                   {"quantity": "bp_systolic", "mode": "spot"}],
    "rules": [{"id": "spo2-red", "quantity": "spo2", "level": "red", "below": 93},
              {"id": "hr-high", "quantity": "heart_rate", "level": "red", "above": 140},
              {"id": "systolic-high", "quantity": "bp_systolic", "level": "amber", "above": 145}],
}


def plan_for(*quantities, version=3):
    """The plan, with what it says of those alone."""
    return {**PLAN, "version": version, **{name: [row for row in PLAN[name] if row["quantity"] in quantities]
                                           for name in ("quantities", "rules")}}


def steps_of(page):
    """(commands, what is to be seen), in the order of the page."""
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", (PAGES / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    steps = []
    for kind, text in blocks:
        if kind == "sh":
            steps.append((text, []))
        else:
            assert steps and not steps[-1][1], f"{page}: nothing is run before {text}"
            steps[-1][1].extend(text.splitlines())
    assert steps and all(seen for _, seen in steps), f"{page}: commands after which nothing is to be seen"
    return steps


def unseen(wanted, output):
    """The first of the lines that is not to be found behind those before it, or None. A line is seen where one begins with
    it, blanks apart; "…" stands for anything."""
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for line in wanted:
        parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
        pattern = re.compile(".*".join(parts))
        if not any(pattern.match(seen) for seen in lines):
            return line
    return None


class Engineer:
    """Goes through one page. Where several hubs stand, each step says before which one he is."""

    def __init__(self, page):
        self.page, self.steps = page, steps_of(page)

    def _run(self, home, commands, status, beside, typed):
        environment = {**home.environment, "PATH": f"{BUILD / 'gateway' / 'ctl'}:{os.environ['PATH']}"}
        with subprocess.Popen(["bash", "-uo", "pipefail", "-c", commands], cwd=home.directory, env=environment, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            watchdog = threading.Timer(PATIENCE_S, process.kill)
            watchdog.start()
            try:
                if beside:
                    beside()
                output, _ = process.communicate(typed)
            except AssertionError as error:
                process.kill()
                raise AssertionError(f"{self.page}: {commands}{process.communicate()[0]}") from error
            finally:
                watchdog.cancel()
        assert status is None or process.returncode == status, f"{self.page}: {commands}{output}"
        return output

    def does(self, home, mark, beside=None, typed="", again=False, status=0):
        """The next block, which has to contain mark. beside: what happens meanwhile; again: he looks until he sees it;
        status: of the last command, None for whatever it is."""
        assert self.steps, f"{self.page} has no step {mark!r}"
        commands, wanted = self.steps.pop(0)
        assert mark in commands, f"{self.page}: {mark!r} is not in {commands!r}"
        deadline = time.monotonic() + PATIENCE_S
        while True:
            output = self._run(home, commands, None if again else status, beside, typed)
            missing = unseen(wanted, output)
            if missing is None or not again or time.monotonic() > deadline:
                break
            threading.Event().wait(0.2)
        assert missing is None, f"{self.page}: after {commands}there is no {missing!r} in\n{output}"
        return output

    def is_done(self):
        assert not self.steps, f"{self.page}: nobody has done {self.steps[0][0]}"


class Devices:
    """What the people in a home do with their devices. Mixed into a Home."""

    def bring(self, *devices):
        """They lie on the table, and advertise."""
        for device in devices:
            self.bluez.device(device.address, "name", device.name, "serial", SERIALS.get(device, device.address), "services",
                              device.service)
            self.bluez.advertise(device.address, "on")

    def pairs(self, device):
        """What happens while somebody pairs it: it is found, bonded, gone, and back with a reading."""
        since = self.bluez.mark()

        def plays():
            pair = self.bluez.said(f"called Pair {device.path}", since)
            self.bluez.said(f"called StartNotify {device.path}", self.bluez.lines.index(pair, since))
            self.bluez.advertise(device.address, "off")
            self.bluez.disconnect(device.address)
            self.bluez.connect(device.address)
            self.bluez.resolve(device.address)
            self.bluez.value(device.address, device.uuid, device.frame(1))
        return plays

    def leaves(self, *devices):
        for device in devices:
            self.bluez.disconnect(device.address)

    def comes_and_goes(self, device, number):
        """It tells one reading. Nobody waits for what becomes of it."""
        self.bluez.connect(device.address)
        self.bluez.value(device.address, device.uuid, device.frame(number))
        self.bluez.resolve(device.address)
        self.leaves(device)

    def id_of(self, device):
        found, = [row["device"] for row in self.ask("devices") if row["address"] == device.address]
        return found

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


class Visited(Devices, WardAtHome):
    """A home as it is in use: signatures are asked for, a time service holds the clock, nobody is admitted yet.
    new: nobody has enrolled the hub either; there is an EST server that knows its code."""

    prefix = SYNCED

    def __init__(self, new=False):
        super().__init__()
        self.configure("require_signature = no", "require_signature = yes")
        self.est = None
        if new:
            pki = self.directory / "pki"
            self.est = Est(self.directory, HomePki(pki))
            self.configure(f"certificate = {pki}/g-1.pem\nkey = {pki}/g-1.key\n",
                           f"certificate = {pki}/none.pem\nkey = {pki}/none.key\nenrolled = {self.directory}/enrolled\n")

    def configure(self, before, after):
        path = self.directory / "wardgate.conf"
        text = path.read_text()
        assert before in text, before
        path.write_text(text.replace(before, after))

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

    def enrols(self):
        """The hub was enrolled at an earlier visit."""
        eventually(lambda: self.ask("hub", "show")[0]["link"]["reason"] == "not enrolled", "the uplink is there")
        done = subprocess.run([WARDCTL, "hub", "enrol"], input=self.est.code(), env=self.environment, text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr

    # --- the ward ---------------------------------------------------------------------------------------------------

    def admits(self, patient, plan, *more, **order):
        path = self.directory / "admission-plan.json"
        path.write_text(json.dumps(plan))
        self.orders("admit", "--patient", patient, "--episode", "s-01", "--plan", path, *more, **order)

    def orders(self, verb, *words, at=None, gateway="g-1"):
        """What a clinician at the ward orders, of this hub or of the one at which somebody else is."""
        eventually(lambda: (at or self).ask("status")[0]["link"]["up"], "the hub listens to the ward")
        done = subprocess.run(self.hub_command(verb, "--strict", "--gateway", gateway, "--json", "--timeout", 60, *words),
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def erases(self):
        """Nothing of an episode that ended is left here. What was told of the ward's receipts goes to the disk with the next
        commit, or after a minute without one: so there is one."""
        eventually(lambda: self.orders("replay", "--since", contract.utc()) or not self.ask("patient"),
                   lambda: f"it is erased: {self.ask('patient')}")

    def present(self, condition):
        return next((alarm for alarm in self.ask("alarms") if alarm["condition"] == condition), None)


class SecondHub(Devices, Home):
    """The hub g-2 in the home of another, with the same ward."""

    prefix = SYNCED

    def __init__(self, first):
        super().__init__()
        pki = first.directory / "pki"
        path = self.directory / "wardgate.conf"
        path.write_text(path.read_text().replace("id = g-test\n", "site = home\nid = g-2\n").replace(
            "require_signature = no", "require_signature = yes").replace("ward_keys =\n", (
                f"ward_keys = {first.directory}/keys/ward-keys.json\nhost = localhost\nport = {first.broker.port}\n"
                f"ca = {pki}/ca.pem\ncertificate = {pki}/none.pem\nkey = {pki}/none.key\n"
                f"enrolled = {self.directory}/enrolled\n")))
        self.uplink = None

    def start(self, first):
        self.bluez = Bluez(self.environment)
        self.start_gateway()
        keys = pathlib.Path(first.directory / "gateway.jwk")
        keys.write_text(json.dumps({"keys": [{**home.ask("hub", "show")[0]["key"], "gateway": name}
                                             for name, home in (("g-1", first), ("g-2", self))]}))
        self.uplink = subprocess.Popen([UPLINK, "--config", self.directory / "wardgate.conf"], stdout=self.log,
                                       stderr=self.log, env=self.environment)
        self.wait_for_radio("ready")
        return self

    def stop(self):
        if self.uplink:
            self.uplink.terminate()
            self.uplink.wait(60)
        super().stop()
