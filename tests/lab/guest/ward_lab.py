# SPDX-License-Identifier: Apache-2.0
"""A patient's home and the ward's hub inside the lab: the real programs, their processes, and waiting for what they do.

What is told by one program is waited for where another one shows it; nothing is given a fixed time. Every process
belongs to a Home and ends with it. Used by guest/demo and guest/test-gateway.
"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

SOURCE = pathlib.Path(os.environ["WARD_SOURCE"])
OUT = pathlib.Path(os.environ["LAB_OUT"])
ETC = pathlib.Path("/etc/wardgate")
PKI = ETC / "hub"
KEYS = ETC / "keys"
GATEWAY_KEY = ETC / "gateway.jwk"
DATABASE = OUT / "hub.db"
PLAN = SOURCE / "config/care-plans/oximetry-at-home.json"
RED, YELLOW = "wardgate:red:alarm", "wardgate:yellow:alarm"
PYTHON = "/usr/bin/python3"
WARDHUB = SOURCE / "tests/hub/wardhub.py"
# Nothing here measures time but the product's own promises; emulation on a busy machine is slow.
PATIENCE_S = 180
STARTED = time.monotonic()


class Failed(Exception):
    """What should have happened has not."""


def say(text, *, to=None):
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", file=to or sys.stdout, flush=True)


def until(what, condition, seconds=PATIENCE_S):
    """What condition() says, once it says something; Failed if it has not within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)  # the interval of asking, not a time that anything is given
    raise Failed(f"{what}: not within {seconds} s")


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done


def shell(line):
    """A line of shell with the lab's library."""
    return run("bash", "-c", f'. "$LAB_GUEST/library.sh" && {line}')


def ask(*words):
    """The JSON values that wardctl prints."""
    return [json.loads(line) for line in run("wardctl", *words, "--json").stdout.splitlines()]


def order(*words):
    """Has wardctl change something."""
    run("wardctl", *words)


def red_light():
    return pathlib.Path("/sys/class/leds", RED, "brightness").read_text().strip() != "0"


def patient_text():
    return pathlib.Path("/run/wardgate/patient-text").read_text().strip()


def broker_listens():
    with contextlib.suppress(OSError), socket.create_connection(("localhost", 8883), timeout=5):
        return True
    return False


class Process:
    """A program with its output in $LAB_OUT/NAME.log, ended by its pid."""

    def __init__(self, name, *command, **more):
        self.name = name
        self._log = open(OUT / f"{name}.log", "ab")
        more.setdefault("stdout", self._log)
        more.setdefault("stderr", self._log)
        self.popen = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, **more)

    def alive(self):
        return self.popen.poll() is None

    def pause(self):
        self.popen.send_signal(signal.SIGSTOP)

    def resume(self):
        self.popen.send_signal(signal.SIGCONT)

    def stop(self):
        """Ends it in good order; one that does not want to is killed, and that is a failure."""
        if self.alive():
            self.resume()
            self.popen.terminate()
        try:
            self.popen.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not end within {PATIENCE_S} s of SIGTERM") from None
        self._log.close()

    def kill(self):
        """SIGKILL: it gets no say in it."""
        self.popen.kill()
        self.popen.wait()
        self._log.close()


class Hub(Process):
    """The reference hub. What it has committed, and what it has told the ward, is kept in the order in which it came."""

    def __init__(self, site, on_message=None, on_line=None, strict=True):
        self._news = threading.Condition()
        self._messages = []
        self._lines = []
        super().__init__("hub", PYTHON, WARDHUB, "run", "--json", "--keys", KEYS, "--ca", PKI / "ca.pem", "--cert",
                         PKI / "hub.pem", "--key", PKI / "hub.key", "--site", site, "--gateway-key", GATEWAY_KEY,
                         "--database", DATABASE, *(["--strict"] if strict else []), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for stream, parse, kept, tell in ((self.popen.stdout, json.loads, self._messages, on_message),
                                          (self.popen.stderr, str.rstrip, self._lines, on_line)):
            threading.Thread(target=self._read, args=(stream, parse, kept, tell), daemon=True).start()

    def _read(self, stream, parse, kept, tell):
        for octets in stream:
            text = octets.decode()
            with self._news:
                kept.append(parse(text))
                self._news.notify_all()
            if tell:
                tell(text)

    def mark(self):
        """Where the story stands now: give it to wait() or wait_line() to hear only what comes after."""
        with self._news:
            return len(self._messages), len(self._lines)

    def wait(self, what, matches, since=(0, 0), seconds=PATIENCE_S):
        """What matches(topic, payload) says of the first message committed for which it says something."""
        return self._wait(what, lambda message: matches(message["topic"], message["payload"]), self._messages, since[0],
                          seconds)

    def wait_line(self, words, since=(0, 0), seconds=PATIENCE_S):
        """The first line for the ward that has the words."""
        return self._wait(repr(words), lambda line: line if words in line else None, self._lines, since[1], seconds)

    def _wait(self, what, matches, kept, at, seconds):
        end = time.monotonic() + seconds
        with self._news:
            while True:
                while at < len(kept):
                    if found := matches(kept[at]):
                        return found
                    at += 1
                left = end - time.monotonic()
                if left <= 0:
                    raise Failed(f"the hub did not get {what} within {seconds} s")
                self._news.wait(left)


def reading(quantity, quality, patient):
    """Matches a reading of the patient that has the quantity and the quality."""

    def matches(topic, payload):
        for record in payload["records"] if topic.endswith("/up/readings") else []:
            if (record.get("patient") == patient and record["quality"] == quality and
                    any(value["quantity"] == quantity for value in record["values"])):
                return record
        return None

    return matches


def alarm(event, condition="spo2-low", priority=None, identity=None):
    """Matches an event of an alarm."""

    def matches(topic, payload):
        return payload if (topic.endswith("/up/alarms") and payload["condition"] == condition and
                           payload["event"] == event and priority in (None, payload["priority"]) and
                           identity in (None, payload["id"])) else None

    return matches


class Home:
    """One gateway with its broker and wearables. The processes are there by name; leaving the context ends them all."""

    def __init__(self, site, gateway):
        self.site, self.gateway = site, gateway
        self.processes = {}
        self.adapters = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes.values()):
            if process.alive():
                process.stop()

    def start(self, name, *command):
        return self.keep(Process(name, *command))

    def keep(self, process):
        # Taken out first, so that what was started last ends first.
        self.processes.pop(process.name, None)
        self.processes[process.name] = process
        return process

    def configure(self, more=""):
        """What the package and the enrolment at the hospital would have put there, and more lines of it."""
        run(PYTHON, SOURCE / "tests/hub/make_pki.py", PKI, "--gateway", self.gateway)
        run(PYTHON, WARDHUB, "keys", "--keys-out", KEYS)
        (ETC / "wardgate.conf").write_text(f"""\
[gateway]
site = {self.site}
id = {self.gateway}
[plan]
require_signature = no
[hub]
host = localhost
ca = {PKI}/ca.pem
certificate = {PKI}/{self.gateway}.pem
key = {PKI}/{self.gateway}.key
ward_keys = {KEYS}/ward-keys.json
[alarm]
leds = {RED} {YELLOW}
sound_command = cat > {OUT}/sound.pcm
[spool]
uplink_user = wardgate-uplink
{more}""")
        for path in ("/var/lib/wardgate", "/run/wardgate", "/run/systemd/timesync"):
            os.makedirs(path, exist_ok=True)
        # The guest's clock is the host's; this is what systemd-timesyncd leaves when it has set the clock.
        pathlib.Path("/run/systemd/timesync/synchronized").touch()
        run("chown", "-R", "wardgate-uplink:", PKI)
        # The journal is what wardgated logs to.
        shell(f'lab_leds {RED} {YELLOW} && lab_start journal "$LAB_GUEST/journal" && '
              "lab_wait 120 test -S /run/systemd/journal/socket")

    def start_broker(self):
        broker = self.start("broker", "mosquitto", "-c", PKI / "mosquitto.conf")
        until("the broker listens", broker_listens)
        return broker

    def start_core(self):
        """wardgated; returns once it answers. The hub knows its key from then on."""
        core = self.start("wardgated", "wardgated", "--config", ETC / "wardgate.conf")
        until("wardgated answers on the bus, or ends",
              lambda: not core.alive() or run("wardctl", "hub", "show", "--json", check=False).returncode == 0)
        key = ask("hub", "show")[0]["key"]
        GATEWAY_KEY.write_text(json.dumps({**key, "gateway": self.gateway}))
        return core

    def start_uplink(self):
        return self.start("wardgate-uplink", "setpriv", "--reuid=wardgate-uplink", "--regid=wardgate-uplink",
                          "--clear-groups", "wardgate-uplink", "--config", ETC / "wardgate.conf")

    def start_hub(self, **callbacks):
        return self.keep(Hub(self.site, **callbacks))

    def start_wearable(self, name, profile, adapter, script):
        self.adapters[name] = f"/org/bluez/{adapter}"
        return self.start(name, "wardgate-wearable", "--profile", profile, "--adapter", adapter, "--name",
                          f"Lab {name}", "--serial", f"LAB-{name}", "--script", script)

    def take_off_the_air(self, name):
        """Its battery is taken out: the link breaks without a word."""
        self.processes[name].stop()
        run("busctl", "set-property", "org.bluez", self.adapters[name], "org.bluez.Adapter1", "Powered", "b", "false")

    def enrol(self, name, patient, *words, wardctl=order, tries=4):
        """Finds and pairs it. Bluetooth itself may fail in the midst of it: then, as an engineer would, once more."""
        for left in reversed(range(tries)):
            try:
                return wardctl("devices", "pair", self._find(name), "--patient", patient, "--timeout", PATIENCE_S, *words)
            except Failed:
                if not left:
                    raise
                until("the radio is ready", lambda: ask("status")[0]["radio"] == "ready")
                self._remove_bond(name)

    @staticmethod
    def _find(name):
        return until(f"a scan finds the {name}", lambda: next(
            (found["address"] for found in ask("devices", "scan", "--seconds", "5")
             if found["name"] == f"Lab {name}"), None))

    def _remove_bond(self, name):
        """On the wearable's side, where one may be left."""
        run("bash", "-c", f"""address=$(busctl get-property org.bluez /org/bluez/hci0 org.bluez.Adapter1 Address) &&
            device=dev_$(cut -d'"' -f2 <<<"$address" | tr : _) &&
            busctl call org.bluez {self.adapters[name]} org.bluez.Adapter1 RemoveDevice o {self.adapters[name]}/$device""",
            check=False)
