# SPDX-License-Identifier: Apache-2.0
"""The home of a visit in the lab: the gateway as `cmake --install` puts it there, its units under systemd, bluetoothd with
virtual controllers, the reference wearable on each but the first, mosquitto, the reference hub and an EST server. It has what
tests/integration/visit_fixture.py plays, so that the same visits (visits.py) go through the same pages in it.

A controller has the address that the pages give to its device: test_visits.py names them, in the order of DEVICES.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from bluez_fixture import CUFF, PATIENCE_S, PATIENT, STRAP, Asked, eventually
from enrol_peers import Est
from hub_fixture import HUB, Broker
from test_enrol_home import HomePki
from test_tls import reissue
from visit_fixture import Ordered
from visits import CLIP, NEW_CLIP, SERIALS, cuff_of
from ward_fixture import Heard

DEVICES = [CUFF, STRAP, CLIP, cuff_of(1), NEW_CLIP]  # on hci1, hci2, …
PROFILES = {"1810": "cuff", "180d": "strap", "1822": "oximeter"}
OUT = pathlib.Path(os.environ["LAB_OUT"])
ETC, SYNCED = pathlib.Path("/etc/wardgate"), pathlib.Path("/run/systemd/timesync/synchronized")
STATE = pathlib.Path("/var/lib/wardgate")
# What is one hub's and not another's.
BOX = [STATE, pathlib.Path("/var/lib/wardgate-uplink"), ETC / "wardgate.conf.d", ETC / "hub", ETC / "ward-keys.json"]
UNITS = ["wardgated.service", "wardgate-uplink.service"]

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
KNOWS_NOBODY = """forget
advertise on
repeat forever
    wait connected
    wait disconnected
end
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
             "--serial", SERIALS.get(device, device.address), "--script", path], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        if not self.ended():
            self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0

    def power(self, on):
        run("busctl", "set-property", "org.bluez", self.adapter, "org.bluez.Adapter1", "Powered", "b", "true" if on else "false")


class Worn:
    """What the people in a home do with their devices. Mixed into a home with a table of Wearables."""

    tries_again = True  # a link may fail here, and a pairing with it

    def plays(self, device, script, **more):
        """From now on it does this, whatever it did before: it was switched off and on."""
        self.is_switched_off(device)
        self.wearables[device.address] = Wearable(
            device, script.format(uuid=device.uuid, frame=device.frame(more.pop("number", 1)), **more))

    def is_switched_off(self, device):
        if wearable := self.wearables.pop(device.address, None):
            wearable.stop()
            wearable.power(False)

    def bring(self, *devices):
        for device in devices:
            self.plays(device, PAIRS)

    def pairs(self, device):
        """It is in pairing mode already; when he tries again it is put into that again."""
        tries = iter([lambda: None])
        return lambda: next(tries, lambda: self.plays(device, PAIRS))()

    def pairs_again(self, device):
        self.plays(device, PAIRS)
        return self.pairs(device)

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
            self.plays(device, TELLS, number=number)
            record = self.wait_for_reading(device.raw(number))
            self.leaves(device)
            return record if record["quality"] == "valid" else None
        return eventually(valid, lambda: f"a valid one among {self.readings()[-5:]}")

    def comes_and_goes(self, device, number):
        self.plays(device, TELLS + "# gone\n", number=number)
        wearable = self.wearables[device.address]
        log = OUT / f"{adapter_of(device)}.log"
        seen = log.stat().st_size
        eventually(lambda: wearable.ended() or "confirmed" in log.read_bytes()[seen:].decode(), "its reading is confirmed")
        self.leaves(device)

    def comes_without_its_bond(self, device, _number):
        self.plays(device, KNOWS_NOBODY)

    def comes_with_battery(self, device, percent):
        self.plays(device, IS_THERE, percent=percent)

    def gets_a_battery(self, device, percent):
        self.leaves(device)
        self.plays(device, IS_THERE, percent=percent)
        eventually(lambda: percent in [row.get("battery") for row in self.ask("devices")], "it tells its new battery")
        self.leaves(device)


class LabHome(Worn, Ordered, Heard, Asked):
    """A hub in a home of the lab. new: nobody has enrolled it; first: the hub whose ward is this one's too."""

    wardctl = "/usr/bin/wardctl"
    selftest_status = 0

    def __init__(self, new=False, name="g-1", adapter="hci0", first=None):
        self.name, self.adapter, self.new, self.first = name, adapter, new, first
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/run"))
        self.environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        self.wearables = first.wearables if first else {}
        self.est = self.hub = None
        if first:
            self.broker, self.pki, self.keys = first.broker, first.pki, first.keys
        else:
            self.pki, self.keys = self.directory / "pki", self.directory / "keys"
            self.broker = Broker(self.pki)
            run(HUB / "wardhub.py", "keys", "--keys-out", self.keys)
        if new and not first:
            self.est = Est(self.directory, HomePki(self.pki))
        self.furnish()

    def furnish(self):
        """What the ward has given along with the box."""
        for path in BOX:
            shutil.rmtree(path, ignore_errors=True)
        for path in (ETC / "wardgate.conf.d", ETC / "hub"):
            path.mkdir(mode=0o755)
        shutil.copy(self.keys / "ward-keys.json", ETC / "ward-keys.json")
        os.chmod(ETC / "ward-keys.json", 0o644)
        os.chmod(ETC / "hub", 0o700)
        if not self.new:
            self.is_given_certificate()
        (ETC / "wardgate.conf.d" / "ward.conf").write_text(
            f"[gateway]\nsite = home\nid = {self.name}\n[bluetooth]\nadapter = {self.adapter}\n[store]\ncommit_window = 1s\n"
            f"[plan]\nrequire_signature = yes\n[hub]\nhost = localhost\nport = {self.broker.port}\n")

    def is_given_certificate(self):
        for name, file in (("ca", "ca.pem"), ("certificate", f"{self.name}.pem"), ("key", f"{self.name}.key")):
            shutil.copy(self.pki / file, ETC / "hub" / f"{name}.pem")

    def configure(self, before, after):
        path = ETC / "wardgate.conf.d" / "ward.conf"
        text = path.read_text()
        assert before in text, before
        path.write_text(text.replace(before, after))

    def hub_command(self, verb, *words):
        return self.first.hub_command(verb, *words) if self.first else super().hub_command(verb, *words)

    def start(self):
        if self.est:
            self.est.start()
        SYNCED.parent.mkdir(parents=True, exist_ok=True)
        SYNCED.touch()
        self.restart()
        if self.first:
            self.first.knows(self)
        else:
            self.start_hub()
        return self

    def knows(self, *others):
        """The keys of hubs that are switched off are known from before."""
        self._keys = getattr(self, "_keys", {})
        for home in others or (self,):
            self._keys[home.name] = {**home.ask("hub", "show")[0]["key"], "gateway": home.name}
        import json
        (self.directory / "gateway.jwk").write_text(json.dumps({"keys": list(self._keys.values())}))

    def restart(self):
        run("systemctl", "restart", *UNITS)
        eventually(lambda: self.ctl("status", check=False).returncode == 0, "wardgated answers")
        self.wait_for_radio("ready")

    def stop(self):
        for address in list(self.wearables):
            self.leaves(next(device for device in DEVICES if device.address == address))
        run("systemctl", "stop", *UNITS)
        while os.path.ismount(STATE):
            run("umount", STATE)
        if not self.first:
            self.has_network(True)
            if self.est:
                self.est.stop()
            if self.hub:
                self.hub.stop()
                assert not self.refused()
            self.broker.stop()

    # --- two boxes --------------------------------------------------------------------------------------------------

    def is_put_away(self):
        """Switched off, with all that is its own."""
        run("systemctl", "stop", *UNITS)
        for path in BOX:
            if path.exists():
                shutil.move(path, self.directory / path.name)

    def is_put_up(self):
        for path in BOX:
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
            if (self.directory / path.name).exists():
                shutil.move(self.directory / path.name, path)
        self.restart()

    @contextlib.contextmanager
    def beside_another(self):
        """The hub g-2, on another radio. There is one system bus here, and so one hub at a time that is switched on."""
        self.is_put_away()
        yield LabHome(new=True, name="g-2", adapter=adapter_of(NEW_CLIP), first=self).start()

    def is_gone_back_to(self, new):
        new.is_put_away()
        self.is_put_up()

    # --- what befalls it --------------------------------------------------------------------------------------------

    def reissues(self, days):
        reissue(self.pki, self.name, days)
        self.is_given_certificate()
        run("systemctl", "restart", "wardgate-uplink.service")

    def loses_the_time(self):
        SYNCED.unlink()
        self.restart()

    def is_told_the_time(self):
        SYNCED.touch()

    def has_network(self, there):
        run("busybox", "ip", "link", "set", "lo", "up" if there else "down")

    def has_a_small_disk(self):
        run("systemctl", "stop", *UNITS)
        run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", "/mnt")
        run("cp", "-a", f"{STATE}/.", "/mnt")
        run("mount", "--move", "/mnt", STATE)
        self.restart()

    def fills(self):
        with open(STATE / "fill", "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def makes_room(self):
        (STATE / "fill").unlink()


__all__ = ["DEVICES", "PATIENT", "LabHome"]
