# SPDX-License-Identifier: Apache-2.0
"""The policies that are shipped (config/dbus), on a bus that reads them as the system's does: who may call wardgated and
bluetoothd, and who hears them. The users stand for those of the shipped files: any that the machine has will do."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import subprocess

import pytest

from bluez_fixture import PATIENCE_S, PATIENT, ROOT, WARDCTL, Home
from bus_client import GATEWAY, OBJECT_MANAGER, Client

SYSTEM = pathlib.Path("/usr/share/dbus-1/system.conf")
BLUEZ = pathlib.Path("/etc/dbus-1/system.d/bluetooth.conf")
# Name in the shipped files: name here.
USERS = {"wardgate": "games"}
GROUPS = {"wardgate": "games", "wardgate-admin": "tape", "bluetooth": "audio"}
NOBODY = pwd.getpwnam("nobody").pw_uid

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="it calls as several users"),
    pytest.mark.skipif(not (SYSTEM.exists() and BLUEZ.exists()), reason="dbus and bluez are not installed"),
]


def with_names_of_here(text):
    text = re.sub(r'user="([a-z-]+)"', lambda found: f'user="{USERS.get(found[1], found[1])}"', text)
    return re.sub(r'group="([a-z-]+)"', lambda found: f'group="{GROUPS.get(found[1], found[1])}"', text)


class Policed(Home):
    """A home on a bus with Debian's own rules and ours, in Debian's order."""

    @staticmethod
    def bus_configuration(socket):
        directory = socket.parent
        directory.chmod(0o755)
        policies, last = directory / "system.d", directory / "system-local.conf"
        policies.mkdir()
        (policies / "bluetooth.conf").write_text(with_names_of_here(BLUEZ.read_text()))
        (policies / "org.wardgate.conf").write_text(with_names_of_here((ROOT / "config/dbus/org.wardgate.conf").read_text()))
        last.write_text(with_names_of_here((ROOT / "config/dbus/org.bluez.conf").read_text()))
        text = SYSTEM.read_text()
        for element in "user", "pidfile", "servicehelper", "listen":
            text = re.sub(rf"<{element}>.*?</{element}>", "", text, flags=re.S)
        for element in "<fork/>", "<syslog/>", "<standard_system_servicedirs/>", "<includedir>system.d</includedir>":
            text = text.replace(element, "")
        assert "/etc/dbus-1/system.d" in text and "/etc/dbus-1/system-local.conf" in text
        text = text.replace("/etc/dbus-1/system.d", str(policies)).replace("/etc/dbus-1/system-local.conf", str(last))
        return text.replace("<busconfig>", f"<busconfig><listen>unix:path={socket}</listen>", 1)


@pytest.fixture(scope="module")
def home():
    made = Policed()
    try:
        yield made.start()
    finally:
        made.stop()


def caller(home, who):
    if who == "root":
        return Client(home.directory / "bus")
    user = pwd.getpwnam(USERS[who]).pw_uid if who in USERS else NOBODY
    group = {"reader": "wardgate", "admin": "wardgate-admin", "player": "bluetooth"}.get(who)
    return Client(home.directory / "bus", user=user, groups=[grp.getgrnam(GROUPS[group]).gr_gid] if group else [])


def is_let_in(home, who, *call, **where):
    """By the bus: what the gateway makes of it is another thing."""
    done = caller(home, who).try_call(*call, **where)
    return "AccessDenied" not in done.stderr and "Access denied" not in done.stderr and "rejected" not in done.stderr


def test_who_may_call_which_method(home):
    """Without arguments, so that nothing is done: the gateway refuses the call, or tells what it is."""
    methods = sorted(name for name, (kind, takes, _) in Client(home.directory / "bus").introspect()[0][GATEWAY].items()
                     if kind == "method" and (takes or name not in ("TestHub",)))
    reads = {"Status", "Readings", "Alarms", "Explain", "Patients", "Plan", "Devices", "Queue", "Verify", "Hub", "Follow", "Command"}
    for who, may in ("reader", reads), ("admin", set(methods)), ("root", set(methods)), ("stranger", set()):
        assert {name for name in methods if is_let_in(home, who, GATEWAY, name)} == may & set(methods), who


@pytest.mark.parametrize(("who", "may"), [("root", True), ("admin", True), ("reader", True), ("stranger", False)])
def test_who_may_read_objects_and_properties(home, who, may):
    assert is_let_in(home, who, OBJECT_MANAGER, "GetManagedObjects") == may
    assert is_let_in(home, who, "org.freedesktop.DBus.Properties", "GetAll", "s", GATEWAY) == may
    assert is_let_in(home, who, "org.freedesktop.DBus.Introspectable", "Introspect") == may


def test_wardctl_says_who_may_and_what_to_do(home):
    """In its own words, not in those that the bus has for its rules."""
    program = shutil.copy(WARDCTL, home.directory)  # the checkout may be closed to others
    for who, looks in ("stranger", False), ("reader", True), ("admin", True):
        for words, allowed in (["status"], looks), (["alarms", "silence", PATIENT], False):
            done = subprocess.run([program, *words], env=home.environment, text=True, capture_output=True, timeout=PATIENCE_S,
                                  check=False, **caller(home, who).identity)
            assert done.returncode == (0 if allowed else 4), (who, words, done)
            if not allowed:
                assert done.stdout == "" and len(done.stderr.splitlines()) == 1 and "matched rules" not in done.stderr
                assert "To look is for the group wardgate, to change for root and the group wardgate-admin." in done.stderr
                assert "Run it with `sudo`; or once `sudo adduser " in done.stderr


def test_the_gateway_checks_again(home):
    """The group is looked for in the user database, where this user is not of it: the bus's word is not enough."""
    done = caller(home, "admin").try_call(GATEWAY, "Silence", "s", PATIENT)
    assert done.returncode != 0 and "Only root and members of the group wardgate-admin" in done.stderr


def bluez_let_in(home, who):
    return is_let_in(home, who, OBJECT_MANAGER, "GetManagedObjects", path="/", service="org.bluez")


def test_who_may_speak_to_bluetoothd(home):
    assert [who for who in ("root", "wardgate", "admin", "reader", "player", "stranger") if bluez_let_in(home, who)] == [
        "root", "wardgate"]


LISTENER = """
import sys, dbus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
bus.add_signal_receiver(lambda *_: print("bluez", flush=True), path="/org/bluez/hci0",
                        dbus_interface="org.freedesktop.DBus.Properties")
loop = GLib.MainLoop()
bus.add_signal_receiver(lambda *_: (print("end", flush=True), loop.quit()), dbus_interface="org.wardgate.Test")
bus.get_unique_name()
print("listens", flush=True)
loop.run()
"""


def listen(home, who):
    listener = subprocess.Popen(["/usr/bin/python3", "-c", LISTENER, f"unix:path={home.directory}/bus"], text=True,
                                stdout=subprocess.PIPE, **caller(home, who).identity)
    assert listener.stdout.readline() == "listens\n"
    return listener


@pytest.mark.parametrize(("who", "hears"), [
    ("root", True), ("wardgate", True), ("admin", False), ("reader", False), ("player", False), ("stranger", False)])
def test_who_hears_bluetoothd(home, who, hears):
    """What it tells of a device's characteristics are a patient's values."""
    listener, witness = listen(home, who), listen(home, "root")
    try:
        home.bluez.power("off")  # which the gateway puts on again
        assert witness.stdout.readline() == "bluez\n"
        subprocess.run(["busctl", caller(home, "root").address, "emit", "/test", "org.wardgate.Test", "End"], check=True,
                       timeout=PATIENCE_S)
        said, _ = listener.communicate(timeout=PATIENCE_S)
        assert ("bluez" in said, said.endswith("end\n")) == (hears, True)
        home.wait_for_radio("ready")
    finally:
        for process in listener, witness:
            process.kill()
            process.wait()
            process.stdout.close()
