# SPDX-License-Identifier: Apache-2.0
"""The home of a visit in the lab: the gateway as `cmake --install` puts it there, its units under systemd, bluetoothd with
virtual controllers, the reference wearable on each but the first, mosquitto, the reference hub and an EST server. It has what
tests/integration/visit_fixture.py plays, so that the same visits (visits.py) go through the same pages in it."""
import contextlib
import io
import json
import os
import pathlib
import shutil
import tempfile

from bluez_fixture import Asked, eventually
from enrol_peers import Est
from hub_fixture import HUB, Broker
from test_enrol_home import HomePki
from test_tls import reissue
from visit_devices import DEVICES, Worn, adapter_of, run
from visit_fixture import Ordered
from visits import NEW_CLIP
from ward_fixture import Heard

import wardhub

ETC, SYNCED = pathlib.Path("/etc/wardgate"), pathlib.Path("/run/systemd/timesync/synchronized")
STATE = pathlib.Path("/var/lib/wardgate")
# What is one hub's and not another's.
BOX = [STATE, pathlib.Path("/var/lib/wardgate-uplink"), ETC / "wardgate.conf.d", ETC / "hub", ETC / "ward-keys.json"]
UNITS = ["wardgated.service", "wardgate-uplink.service"]
wardhub.COMMAND_VALID_S = 600  # it signs first, and then takes its time: this machine is emulated


class LabHome(Worn, Ordered, Heard, Asked):
    """A hub in a home of the lab. new: nobody has enrolled it; first: the hub whose ward is this one's too."""

    wardctl = "/usr/bin/wardctl"

    def __init__(self, new=False, name="g-1", adapter="hci0", first=None):
        self.name, self.adapter, self.new, self.first = name, adapter, new, first
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/run"))
        self.environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        self.wearables = first.wearables if first else {}
        self.est = self.hub = None
        self._jwks = {}
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

    @staticmethod
    def at_the_hub(command):
        """In this process: to start Python is dear here."""
        print("the ward:", command[1], flush=True)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = wardhub.main(command[1:])
        return status, said.getvalue()

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
        for home in others or (self,):
            self._jwks[home.name] = {**home.ask("hub", "show")[0]["key"], "gateway": home.name}
        (self.directory / "gateway.jwk").write_text(json.dumps({"keys": list(self._jwks.values())}))

    def restart(self):
        run("systemctl", "restart", *UNITS)
        eventually(self.answers, self.silence)
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
                run("mv", path, self.directory)

    def is_put_up(self):
        for path in BOX:
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
            if (self.directory / path.name).exists():
                run("mv", self.directory / path.name, path.parent)
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
        run("cp", "-a", STATE, self.directory / "kept")
        run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", STATE)
        run("cp", "-a", f"{self.directory}/kept/.", STATE)
        self.restart()

    def fills(self):
        with open(STATE / "fill", "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def makes_room(self):
        (STATE / "fill").unlink()

