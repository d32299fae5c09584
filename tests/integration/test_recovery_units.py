# SPDX-License-Identifier: Apache-2.0
"""What root's units do about a Bluetooth that does not work: that they watch for what the daemon leaves, and the reset
of the USB port, on a sysfs of the test's own. The units under real systemd: tests/lab/test_units.py."""

import configparser
import os
import pathlib
import re
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
PATIENCE_S = 60


def directory():
    return re.search(r"^#recovery_directory = (\S+)$", (ROOT / "config/wardgate.conf").read_text(), re.MULTILINE)[1]


@pytest.mark.parametrize(("unit", "request_name"), [("bluetooth", "bluetooth-restart"), ("usb", "usb-reset")])
def test_the_unit_watches_for_what_the_daemon_leaves(unit, request_name):
    path = configparser.ConfigParser(strict=False)
    path.optionxform = str
    path.read(UNITS / f"wardgate-recover-{unit}.path")
    watched = f"{directory()}/{request_name}"
    assert path["Path"]["PathExists"] == watched
    service = (UNITS / f"wardgate-recover-{unit}.service").read_text()
    assert service.count(f"=/bin/rm -f {watched}\n") == 2
    assert f'"{request_name}"' in (ROOT / "gateway/io/bluez_ladder.c").read_text()
    runtime = re.search(r"^RuntimeDirectory=(.*)$", (UNITS / "wardgated.service").read_text(), re.MULTILINE)[1].split()
    assert directory() in [f"/run/{name}" for name in runtime]


class Sysfs:
    def __init__(self, root):
        self.root = root
        (root / "class/bluetooth").mkdir(parents=True)
        (root / "bus/usb/devices").mkdir(parents=True)
        self.written, self._readers = {}, []

    def device(self, name, interface_class="e0", interfaces=2):
        device = self.root / "devices/usb1" / name
        device.mkdir(parents=True)
        (device / "idVendor").write_text("0a12\n")
        os.mkfifo(device / "authorized")
        self.written[name] = []
        # A writer to a FIFO waits for its reader, and so no write is missed.
        reader = threading.Thread(target=self._read, args=(name, device / "authorized"), daemon=True)
        reader.start()
        for number in range(interfaces):
            interface = device / f"{name}:1.{number}"
            interface.mkdir()
            for attribute, value in (("Class", interface_class), ("SubClass", "01"), ("Protocol", "01")):
                (interface / f"bInterface{attribute}").write_text(value + "\n")
            (self.root / "bus/usb/devices" / interface.name).symlink_to(interface)
        return device / f"{name}:1.0"

    def _read(self, name, fifo):
        while True:
            with open(fifo) as stream:
                self.written[name] += stream.read().split()

    def adapter(self, name, interface):
        (self.root / "class/bluetooth" / name).mkdir()
        (self.root / "class/bluetooth" / name / "device").symlink_to(interface)

    def wrote(self, name):
        for _ in range(PATIENCE_S * 20):
            if len(self.written[name]) == 2:
                break
            threading.Event().wait(0.05)
        return self.written[name]


def usb_reset(etc, sysfs):
    return subprocess.run(["/bin/sh", UNITS / "usb-reset", etc, sysfs.root], text=True, capture_output=True,
                          timeout=PATIENCE_S)


@pytest.fixture
def etc(tmp_path):
    (tmp_path / "etc/wardgate.conf.d").mkdir(parents=True)
    return tmp_path / "etc"


@pytest.fixture
def sysfs(tmp_path):
    return Sysfs(tmp_path / "sys")


def test_the_configured_adapter_is_reset_and_no_other(etc, sysfs):
    sysfs.adapter("hci0", sysfs.device("1-1"))
    sysfs.adapter("hci1", sysfs.device("1-2"))
    (etc / "wardgate.conf.d/adapter.conf").write_text("[bluetooth]\nadapter = hci1\n")
    assert usb_reset(etc, sysfs).returncode == 0
    assert sysfs.wrote("1-2") == ["0", "1"]
    assert sysfs.written["1-1"] == []


def test_an_adapter_that_is_gone_is_looked_for_on_the_bus(etc, sysfs):
    sysfs.device("1-1")
    sysfs.device("1-3", interface_class="08")
    assert usb_reset(etc, sysfs).returncode == 0
    assert sysfs.wrote("1-1") == ["0", "1"]
    assert sysfs.written["1-3"] == []


def test_an_adapter_that_is_not_on_usb_is_left_alone(etc, sysfs, tmp_path):
    serial = tmp_path / "sys/devices/platform/serial0/serial0-0"
    serial.mkdir(parents=True)
    sysfs.adapter("hci0", serial)
    done = usb_reset(etc, sysfs)
    assert done.returncode == 1 and "not on USB" in done.stderr


def test_nothing_to_reset_is_said(etc, sysfs):
    done = usb_reset(etc, sysfs)
    assert done.returncode == 1 and "no other Bluetooth device" in done.stderr
