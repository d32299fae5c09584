# SPDX-License-Identifier: Apache-2.0
"""The first installation of wardctl(1), as the page has it: its commands are taken from the page and given, one after the
other, to a gateway out of its box, and in the end the visit is complete. Real are wardgated, its uplink, the broker, the hub
and the EST server; the devices are played to the bus (tests/fakes/fake_bluez.c), and what only this home has (addresses, ids,
the broker's name, where files are) stands in the place of the page's."""

import json
import pathlib
import re
import shlex
import subprocess

import pytest

from bluez_fixture import CUFF, PATIENCE_S, PATIENT, ROOT, WARDCTL, Bluez, Device, eventually
from test_commands import SYNCED, needs_mounts
from test_enrol_home import NewHome

import wardhub

pytestmark = needs_mounts
PAGE = ROOT / "docs/man/wardctl.1.scd"
# Both say 72 beats a minute, or they would be doubted. PLXS 1.0.1: 96 % and more. HRS 1.0: an RR interval of 0.75 s and more.
OXIMETER = Device("C0:FF:EE:00:00:04", "Oximeter", "1822", "2a5f", lambda number: f"00{96 + number // 15:02x}004800")
STRAP = Device("C0:FF:EE:00:00:05", "Strap", "180d", "2a37", lambda number: f"1048{number:02x}03")
# In the order in which the page enrols them.
DEVICES = [OXIMETER, CUFF, STRAP]


def commands():
    """Those of the section, each as it is typed; a here-document is part of its command."""
    section = re.search(r"^## A first installation.*?(?=^## )", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0]
    blocks = "".join(re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    return re.findall(r"^cat (?:[^\n]*\n)+?END$|^[^\n]+$", blocks, re.MULTILINE)


class Visit(NewHome):
    """A gateway that nobody has touched, with a light and a sound, and the ward that waits for it."""

    prefix = SYNCED

    def __init__(self):
        super().__init__()
        light = self.directory / "lamp"
        light.mkdir()
        (light / "brightness").write_text("0\n")
        path = self.directory / "wardgate.conf"
        text = path.read_text()
        for old, new in (("site = home\n", ""), ("host = localhost\n", ""), ("require_signature = no", "require_signature = yes"),
                         ("leds =", "leds = lamp"), ("sound_command =", "sound_command = cat >/dev/null")):
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        self.drop_in = self.directory / "wardgate.conf.d/10-ward.conf"
        self.drop_in.parent.mkdir()
        self.admission = self.directory / "admit.json"
        self.began = []  # who enrols, by the page's command
        self.ids = {}  # of a device, once it is enrolled
        self.done = []

    def start(self):
        self.bluez = Bluez(self.environment)
        self.est.start()
        self.start_gateway()
        self.start_uplink()
        self.start_hub()
        self.wait_for_radio("ready")
        return self

    def begin_enrolment(self, address, seconds=500):
        """Without a terminal nobody is asked for the check word: it is given as the patient says it."""
        self.began.append(self.begin(*self.words, "--check-word", "Otter"))
        begun = self.began[-1].stdout.readline()
        assert "looking" in begun, begun
        return self.began[-1]

    # --- what somebody does about each command -------------------------------------------------------------------------

    def give(self, command):
        """What it said."""
        self.done.append(command)
        if command.startswith("cat "):
            return self.write(command)
        if command == "systemctl restart wardgated wardgate-uplink":
            return self.restart()
        self.words = [self.here(word) for word in shlex.split(command)[1:]]
        assert command.startswith("wardctl "), command
        how = getattr(self, "_".join(["do", *(word for word in self.words[:2] if word.isalpha())]), None)
        return how() if how else self.say()

    def here(self, word):
        """The page's word in this home."""
        if re.fullmatch("(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", word):
            return DEVICES[len(self.began)].address
        if re.fullmatch("d-[0-9a-f]{16}", word):
            return self.ids[DEVICES[sum("devices test" in command for command in self.done) - 1]]
        return str(self.admission) if word.startswith("/media/") else word

    def say(self, typed=""):
        done = subprocess.run([WARDCTL, *self.words], env=self.environment, text=True, capture_output=True, input=typed,
                              timeout=PATIENCE_S)
        assert done.returncode == 0, f"{self.words}: {done.stdout}{done.stderr}"
        return done.stdout

    def write(self, command):
        head, text = command.split("\n", 1)
        assert head == "cat >/etc/wardgate/wardgate.conf.d/10-ward.conf <<END"
        self.drop_in.write_text(text.removesuffix("END").replace("east-3", "home").replace("broker.ward.example", "localhost"))
        return ""

    def restart(self):
        self.stop_uplink()
        self.stop_gateway()
        self.start_gateway()
        self.start_uplink()
        self.wait_for_radio("ready")
        return ""

    def do_config_check(self):
        self.words.append(str(self.directory / "wardgate.conf"))
        return self.say()

    def do_hub_enrol(self):
        said = self.say(self.est.code() + "\n")
        eventually(lambda: self.link()[0], lambda: f"connected: {self.link()}")
        return said

    def do_patient_admit(self):
        """The ward's order, on a stick."""
        keys = wardhub.WardKeys(self.directory / "keys")
        plan = json.loads((ROOT / "config/care-plans/oximetry-at-home.json").read_text())
        _, order = wardhub.signed_command(keys, "dr-1", {"gateway": "g-1", "patient": PATIENT, "episode": "s-01"}, 1, "admit",
                                          plan=plan, label="kitchen table", check_word="otter")
        self.admission.write_bytes(order if isinstance(order, bytes) else order.encode())
        return self.say()

    def do_devices_scan(self):
        """Not for the 20 seconds that it takes by itself."""
        scan = self.begin(*self.words, "--seconds", 2)
        self.bluez.device(OXIMETER.address, "name", OXIMETER.name, "serial", "S-0", "services", OXIMETER.service)
        self.bluez.advertise(OXIMETER.address, "on")
        said, _ = scan.communicate(timeout=PATIENCE_S)
        assert scan.returncode == 0 and OXIMETER.address in said, said
        self.bluez.advertise(OXIMETER.address, "off")
        return said

    def do_devices_pair(self):
        device = DEVICES[len(self.began)]
        before = {known["device"] for known in self.ask("devices")}
        self.enrol(device, serial=f"S-{len(self.began)}", is_there=device is OXIMETER)
        self.ids[device], = {known["device"] for known in self.ask("devices")} - before
        return ""

    def do_devices_test(self):
        device = next(device for device in DEVICES if self.ids[device] == self.words[2])
        test, begun = eventually(self.begin_test, "it has not measured for ten seconds")
        self.bluez.connect(device.address)
        self.bluez.resolve(device.address)
        self.bluez.value(device.address, device.uuid, device.frame(20))
        said, _ = test.communicate(timeout=PATIENCE_S)
        assert test.returncode == 0, begun + said
        self.bluez.disconnect(device.address)
        return begun + said

    def begin_test(self):
        """The test and its first line; nothing while the gateway says that the device measures just now."""
        test = self.begin(*self.words)
        begun = test.stdout.readline()
        if "Take it off for ten seconds" not in begun:
            return test, begun
        test.communicate(timeout=PATIENCE_S)
        return None

    def do_readings(self):
        """It is interrupted after a measurement with each device."""
        follow = self.begin(*self.words)
        for device in DEVICES:
            self.measure(device, 30)
        follow.terminate()  # as Ctrl-C does, which whatever was begun in the background may have been told to ignore
        said, _ = follow.communicate(timeout=PATIENCE_S)
        return said

    def do_visit_report(self):
        eventually(lambda: self.ask("queue")[0]["undelivered_alarms"] == 0, "the ward has confirmed the alarm")
        return self.say()


@pytest.fixture
def visit():
    visit = Visit().start()
    try:
        yield visit
    finally:
        visit.stop()


def test_the_page_alone_leads_to_a_patient_who_is_monitored(visit):
    told = {}
    for command in commands():
        told.setdefault(command, []).append(visit.give(command))
    assert len(told) >= 20
    first, last = told["wardctl status"]
    assert "NOT MONITORED" in first and re.search(r"^Radio +ready$", first, re.MULTILINE)
    assert "Clock        synced" in first and "Storage      ok" in first
    assert ": MONITORED\n" in last and "NOT MONITORED" not in last and "WITH GAPS" not in last
    steps = dict(line.split()[:2] for line in told["wardctl hub test"][0].splitlines()[1:])
    assert steps.pop("receipt") == "-"  # nothing was measured yet that the ward could confirm
    assert set(steps) == {"DNS", "TCP", "TLS", "MQTT", "publish"} and set(steps.values()) == {"yes"}
    shown = told[f"wardctl patient show {PATIENT}"][0]
    assert "kitchen table" in shown and "otter" in shown
    tests = [said[0] for command, said in told.items() if command.startswith("wardctl devices test")]
    assert len(tests) == len(DEVICES) and all("It works" in said for said in tests)
    followed = told["wardctl readings --follow"][0]
    assert all(word in followed for word in ("SpO2 98 %", "Systolic 130", "Heart rate 72"))
    assert "concern" in told["wardctl alarms"][0]
    assert "The visit is complete" in told["wardctl visit report --since 2h"][0]
    assert pathlib.Path(visit.kept.directory / "current").exists()
