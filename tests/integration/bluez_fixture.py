# SPDX-License-Identifier: Apache-2.0
"""wardgated with a real store on a bus of its own, and on the same bus a bluetoothd that does what it is told
(tests/fakes/fake_bluez.c). What the gateway makes of it is asked with wardctl, as an engineer would."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev"))
WARDCTL = BUILD / "gateway" / "ctl" / "wardctl"
WARDGATED = BUILD / "gateway" / "app" / "wardgated"
FAKE = BUILD / "tests" / "fakes" / "fake_bluez"
PATIENT = "p-7f3a"
PATIENCE_S = float(os.environ.get("WARD_PATIENCE_S", 600))  # for what must happen; a pass never waits so long
INTERVAL_S = float(os.environ.get("WARD_INTERVAL_S", 0.05))  # of asking whether it has; asking costs an emulated machine much

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
"""

CONFIG = """[gateway]
id = g-test
[bluetooth]
recovery_directory = {directory}/recover
[store]
path = {directory}/state/ward.db
commit_window = 1s
[plan]
require_signature = no
[hub]
ward_keys =
[alarm]
led_directory = {directory}
leds =
sound_command =
patient_text = {directory}/patient-text
numbers = {directory}/alarm-numbers
[spool]
socket = {directory}/spool
uplink_user = {user}
"""


def eventually(condition, what, patience_s=PATIENCE_S):
    """What condition() says, once it says something."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        threading.Event().wait(INTERVAL_S)
    raise AssertionError(f"did not happen within {patience_s} s: {what() if callable(what) else what}")


class Talker:
    """A program whose lines on standard output can be waited for."""

    def __init__(self, program, *arguments, environment):
        self.process = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        self.lines = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.lines.append("its output ended")
            self._news.notify_all()

    def mark(self):
        with self._news:
            return len(self.lines)

    def said(self, text, since=0, times=1):
        """Waits for lines that begin with text; the last of them."""
        deadline = time.monotonic() + PATIENCE_S
        with self._news:
            while True:
                found = [line for line in self.lines[since:] if line.startswith(text)]
                if len(found) >= times:
                    return found[times - 1]
                left = deadline - time.monotonic()
                assert left > 0 and "its output ended" not in self.lines, f"{text!r} was not said: {self.lines[-30:]}"
                self._news.wait(left)

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.process.stdout.close()
        return status


class Bluez(Talker):
    """bluetoothd and what is around it. A verb is an attribute: bluez.connect(CUFF)."""

    def __init__(self, environment):
        super().__init__(FAKE, environment=environment)
        self.said("ready")

    def do(self, line):
        since = self.mark()
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        verb = line.split()[0]
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with self._news:
                answer = next((said for said in self.lines[since:] if said in (f"ok {verb}", f"error {verb}")), None)
                if answer:
                    break
                assert time.monotonic() < deadline and "its output ended" not in self.lines, line
                self._news.wait(1)
        assert answer == f"ok {verb}", f"{line}: {self.lines[-10:]}"

    def __getattr__(self, verb):
        return lambda *words: self.do(" ".join([verb.replace("_", "-"), *map(str, words)]))

    def calls(self, member, since=0):
        with self._news:
            return [line for line in self.lines[since:] if line.startswith(f"called {member} ")]


class Asked:
    """A gateway that is asked with wardctl. environment: for that."""

    wardctl = WARDCTL

    def ctl(self, *words, check=True):
        done = subprocess.run([self.wardctl, *map(str, words)], env=self.environment, text=True, capture_output=True,
                              timeout=PATIENCE_S)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def answers(self):
        return self.ctl("status", check=False).returncode == 0

    def silence(self):
        """What to say of a wardgated that was waited for in vain."""
        done = self.ctl("status", check=False)
        return f"wardgated answers: {done.stdout}{done.stderr}"

    def ask(self, *words):
        return [json.loads(line) for line in self.ctl(*words, "--json").stdout.splitlines()]

    def status(self):
        return self.ask("status")[0]

    def wait_for_radio(self, state):
        eventually(lambda: self.status()["radio"] == state, lambda: f"radio {state}: {self.status()}")

    def readings(self, raw=None):
        """What is stored, newest last; raw: of these frames only ("2a35:00…")."""
        only = ("--quantity", "bp_systolic") if raw and raw.startswith("2a35:00") else ()  # not lost in a storm
        return [record for record in reversed(self.ask("readings", "--limit", 1000, *only))
                if raw is None or record.get("raw") == raw]

    def wait_for_reading(self, raw):
        def found():
            # In a storm the question waits for its turn, and on a slow machine wardctl gives up before.
            return self.ctl("status", check=False).returncode == 0 and self.readings(raw)

        return eventually(found, lambda: f"a reading {raw} among {self.readings()[-5:]}")[-1]

    def conditions(self):
        return {alarm["condition"] for alarm in self.ask("alarms")}

    def begin(self, *words):
        """wardctl that goes on beside, and that Ctrl-C ends: a shell lets what it runs in the background ignore it."""
        return subprocess.Popen([self.wardctl, *map(str, words)], env=self.environment, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


class Home(Asked):
    """A gateway with one patient. Nothing is enrolled yet."""

    prefix = ()  # what wardgated is started by

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bluez-faults-"))
        for name in ("state", "recover"):
            (self.directory / name).mkdir()
        bus = self.directory / "bus"
        (self.directory / "bus.conf").write_text(self.bus_configuration(bus))
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        (self.directory / "wardgate.conf").write_text(CONFIG.format(directory=self.directory, user=user))
        self.start_bus()
        # The sanitizer keeps what was freed, to catch its use; with all of it memory would seem to grow.
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}", "LC_ALL": "C.UTF-8",
                            "ASAN_OPTIONS": "quarantine_size_mb=4:malloc_context_size=5"}
        self.log = open(self.directory / "wardgated.log", "w+")
        self.bluez = self.gateway = None

    def start_bus(self):
        self.dbus = subprocess.Popen(["dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork",
                                      "--print-address"], stdout=subprocess.PIPE, text=True)
        assert self.dbus.stdout.readline()

    def lose_bus(self):
        """The bus daemon is killed, and bluetoothd ends with it."""
        self.dbus.kill()
        self.dbus.wait(PATIENCE_S)
        self.dbus.stdout.close()
        (self.directory / "bus").unlink()
        self.bluez.end()

    @staticmethod
    def bus_configuration(socket):
        """Everybody may do everything."""
        return BUS_CONFIG.format(socket=socket)

    def start_gateway(self):
        self.gateway = subprocess.Popen([*self.prefix, WARDGATED, "--config", self.directory / "wardgate.conf"],
                                        env=self.environment, stdout=self.log, stderr=self.log)
        eventually(lambda: self.gateway.poll() is not None or self.answers(), self.silence)
        self.assert_alive()

    def start(self):
        self.bluez = Bluez(self.environment)
        self.start_gateway()
        self.ctl("patient", "admit", PATIENT, "--episode", "s-01", "--plan",
                 ROOT / "config/care-plans/oximetry-at-home.json")
        self.wait_for_radio("ready")
        return self

    def assert_alive(self):
        self.log.flush()
        assert self.gateway.poll() is None, (self.directory / "wardgated.log").read_text()

    def stop(self):
        """The gateway has to be alive at the end of every test, and to end in good order, without a leak."""
        try:
            alive = self.gateway and self.gateway.poll() is None
            if alive:
                self.gateway.terminate()
            status = self.gateway.wait(PATIENCE_S) if self.gateway else 0
            if self.bluez:
                self.bluez.end()
            said = (self.directory / "wardgated.log").read_text()
            assert alive and status == 0, said
        finally:
            for process in (self.gateway, self.bluez and self.bluez.process):
                if process and process.poll() is None:
                    process.kill()
                    process.wait()
            self.dbus.terminate()
            self.dbus.wait(PATIENCE_S)
            self.dbus.stdout.close()
            self.log.close()
            shutil.rmtree(self.directory)

    def memory_kib(self):
        fields = pathlib.Path(f"/proc/{self.gateway.pid}/status").read_text()
        return int(fields.split("VmRSS:")[1].split()[0])

    # --- devices ------------------------------------------------------------------------------------------------

    def begin_enrolment(self, address, seconds=500):
        return self.begin("devices", "pair", address, "--patient", PATIENT, "--timeout", seconds)

    def enrol(self, device, serial="S-1", firmware="", is_there=False):
        """A device of the fake goes through an enrolment: found, bonded, gone, back with a reading."""
        bluez, since = self.bluez, self.bluez.mark()
        if not is_there:
            bluez.device(device.address, "name", device.name, "serial", serial, "services", device.service)
        bluez.holds(device.address, "2a26", "text", firmware)
        bluez.advertise(device.address, "on")
        enrolment = self.begin_enrolment(device.address)
        bluez.said(f"called ReadValue {device.path}", since)
        bluez.said(f"called StartNotify {device.path}", since)
        bluez.advertise(device.address, "off")
        bluez.disconnect(device.address)
        bluez.connect(device.address)
        bluez.resolve(device.address)
        bluez.value(device.address, device.uuid, device.frame(1))
        said, _ = enrolment.communicate(timeout=PATIENCE_S)
        assert enrolment.returncode == 0, said
        bluez.disconnect(device.address)
        return device

    def measure(self, device, number):
        """It comes, tells one reading, proves itself and goes. What is stored of it."""
        self.bluez.connect(device.address)
        self.bluez.value(device.address, device.uuid, device.frame(number))
        self.bluez.resolve(device.address)
        record = self.wait_for_reading(device.raw(number))
        self.bluez.disconnect(device.address)
        return record


class Device:
    def __init__(self, address, name, service, uuid, frame):
        self.address, self.name, self.service, self.uuid = address, name, service, uuid
        self.frame = frame  # of a number from 0 to 49, which tells one reading from the other

        self.path = "/org/bluez/hci0/dev_" + address.replace(":", "_")  # what is asked of it begins with that

    def raw(self, number):
        return f"{self.uuid}:{self.frame(number)}"


# BLS 1.1.1: systolic 100 and more, diastolic 71, mean 80 mmHg. HRS 1.0: 60 beats a minute and more.
CUFF = Device("C0:FF:EE:00:00:01", "Cuff", "1810", "2a35", lambda number: f"00{100 + number:02x}0047005000")
OTHER_CUFF = Device("C0:FF:EE:00:00:02", "Cuff", "1810", "2a35", lambda number: f"00{100 + number:02x}0048005100")
STRAP = Device("C0:FF:EE:00:00:03", "Strap", "180d", "2a37", lambda number: f"00{60 + number:02x}")
