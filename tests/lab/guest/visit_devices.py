# SPDX-License-Identifier: Apache-2.0
"""What the people in a home of the lab do with their devices: each is a reference wearable on a controller of its own, which
has the address that the pages give to the device (test_visits.py names them, in the order of DEVICES)."""
import os
import pathlib
import subprocess

from bluez_fixture import CUFF, PATIENCE_S, STRAP, eventually
from visits import CLIP, NEW_CLIP, SERIALS, cuff_of

DEVICES = [CUFF, STRAP, CLIP, cuff_of(1), NEW_CLIP]  # on hci1, hci2, …
PROFILES = {"1810": "cuff", "180d": "strap", "1822": "oximeter"}
OUT = pathlib.Path(os.environ["LAB_OUT"])
GUEST = pathlib.Path(__file__).resolve().parent

# Pairing mode: it knows nobody, is paired, sent away, and comes back with a reading. The hub has to know it before it speaks.
PAIRS = """forget
advertise on
wait subscribed
wait disconnected
wait subscribed
wait 4s
raw {uuid} {frame}
wait confirmed
advertise off
wait disconnected
"""
TELLS = """battery 90
advertise on
wait subscribed
wait 4s
raw {uuid} {frame}
wait confirmed
advertise off
wait disconnected
"""
IS_THERE = """battery {percent}
advertise on
wait subscribed
advertise off
wait disconnected
"""


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_S, check=False)
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def adapter_of(device):
    return f"hci{1 + [one.address for one in DEVICES].index(device.address)}"


class Wearable:
    """A program that plays a device, until its script ends or it is stopped."""

    def __init__(self, device, script):
        self.adapter = f"/org/bluez/{adapter_of(device)}"
        path = OUT / f"{device.address.replace(':', '')}.script"
        path.write_text(script)
        log = open(OUT / f"{adapter_of(device)}.log", "ab")
        self.process = subprocess.Popen(
            ["wardgate-wearable", "--profile", PROFILES[device.service], "--adapter", adapter_of(device), "--name", device.name,
             "--serial", SERIALS.get(device, device.address), "--script", path],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        if not self.ended():
            self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0

    def power_off(self):
        """What is asked of bluetoothd while a link ends may time out, and be done."""
        path = ("org.bluez", self.adapter, "org.bluez.Adapter1", "Powered")

        def is_off():
            run("busctl", "set-property", *path, "b", "false", check=False)
            return run("busctl", "get-property", *path, check=False).stdout == "b false\n"
        eventually(is_off, f"{self.adapter} is off")


class WithoutBond(Wearable):
    """The same device, which has lost its key. Another stack plays it: the kernel crashes when its own end refuses a bond
    (docs/BLUEZ.md). What it says from that handle nobody believes."""

    def __init__(self, device, number):
        self.adapter = f"/org/bluez/{adapter_of(device)}"
        with open(OUT / f"{adapter_of(device)}.log", "ab") as log:
            self.process = subprocess.Popen([GUEST / "spoofer", "0010", device.frame(number)], stdout=log, stderr=log,
                                            env={**os.environ, "LAB_ADAPTER": adapter_of(device)}, stdin=subprocess.DEVNULL)


class Worn:
    """What the people in a home do with their devices. Mixed into a home with a table of Wearables."""

    tries_again = True  # a link may fail here, and a pairing with it

    def plays(self, device, script, number=1, **more):
        """From now on it does this, whatever it did before: it was switched off and on. number: of its reading."""
        self.is_switched_off(device)
        self.wearables[device.address] = Wearable(device, script.format(uuid=device.uuid, frame=device.frame(number), **more))

    def is_switched_off(self, device):
        if wearable := self.wearables.pop(device.address, None):
            wearable.stop()
            wearable.power_off()

    def bring(self, *devices):
        for device in devices:
            self.plays(device, PAIRS)

    def pairs(self, device):
        """It is in pairing mode already; when he tries again it is put into that again."""
        tries = iter([lambda: None])
        return lambda: next(tries, lambda: self.plays(device, PAIRS))()

    def pairs_again(self, device):
        """It is put into pairing mode when the hub has forgotten it, and not before: the hub would connect it with the old
        bond, which it refuses, and under that the kernel crashes (docs/BLUEZ.md)."""
        def does():
            eventually(lambda: device.address not in [row["address"] for row in self.ask("devices")], "it is forgotten")
            self.plays(device, PAIRS)
        return does

    def paired(self, device, patient):
        """It was enrolled at an earlier visit."""
        def enrolled():
            self.plays(device, PAIRS)
            return self.ctl("devices", "pair", device.address, "--patient", patient, "--check-word", "heron", check=False)
        eventually(lambda: enrolled().returncode == 0, f"{device.name} is paired")
        self.leaves(device)

    def leaves(self, *devices):
        """It ends the link, if one is left, and sleeps."""
        for device in devices:
            wearable = self.wearables.get(device.address)
            for peer in self._peers(wearable) if wearable else ():
                run("busctl", "call", "org.bluez", peer, "org.bluez.Device1", "Disconnect", check=False)
            self.is_switched_off(device)

    @staticmethod
    def _peers(wearable):
        tree = run("busctl", "tree", "--list", "org.bluez").stdout.split()
        return [path for path in tree if path.startswith(f"{wearable.adapter}/dev_") and path.count("/") == 4]

    def measure(self, device, number):
        """It comes, tells one reading, and goes; once more when the hub had no time to see who it was."""
        def valid():
            self.plays(device, TELLS, number)
            record = self.wait_for_reading(device.raw(number))
            self.leaves(device)
            return record if record["quality"] == "valid" else None
        return eventually(valid, lambda: f"a valid one among {self.readings()[-5:]}")

    def comes_and_goes(self, device, number):
        self.plays(device, TELLS, number)
        wearable = self.wearables[device.address]
        log = OUT / f"{adapter_of(device)}.log"
        seen = log.stat().st_size
        eventually(lambda: wearable.ended() or "confirmed" in log.read_bytes()[seen:].decode(), "its reading is confirmed")
        self.leaves(device)

    def comes_without_its_bond(self, device, number):
        self.is_switched_off(device)
        self.wearables[device.address] = WithoutBond(device, number)

    def comes_with_battery(self, device, percent):
        self.plays(device, IS_THERE, percent=percent)

    def gets_a_battery(self, device, percent):
        self.leaves(device)
        self.plays(device, IS_THERE, percent=percent)
        eventually(lambda: percent in [row.get("battery") for row in self.ask("devices")], "it tells its new battery")
        self.leaves(device)
