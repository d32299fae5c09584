# SPDX-License-Identifier: Apache-2.0
"""The packages under dpkg, from the first installation to the purge, without the services (lifecycle, beside this file). With
them, on a machine of its own: tests/lab/test_package.py."""

import re
import subprocess
from pathlib import Path

import pytest
from package_fixture import ROOT, version_before

STEPS = ["install", "upgrade", "remove", "again", "purge"]
KEPT = ["/etc/wardgate/hub/key.pem", "/etc/wardgate/wardgate.conf.d/here.conf", "/var/lib/wardgate-uplink/key.pem",
        "/var/lib/wardgate/ward.db"]  # fmt: skip
LOCAL = "/etc/dbus-1/system-local.conf"
ENABLED = [f"/etc/systemd/system/multi-user.target.wants/{unit}" for unit in (
    "wardgate-recover-bluetooth.path", "wardgate-recover-usb.path", "wardgate-uplink.service", "wardgated.service")]


def may_mount():
    tried = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def life(debs, tmp_path_factory):
    if not may_mount():
        pytest.skip("this needs root, and a kernel that lets it mount")
    out = tmp_path_factory.mktemp("life")
    before = version_before(debs["wardgate"], tmp_path_factory.mktemp("before"))
    done = subprocess.run([Path(__file__).parent / "lifecycle", before, debs["wardgate"].path, debs["wardgate-wearable"].path, out],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr + "".join(path.read_text() for path in sorted(out.glob("*.dpkg")))
    return out


def lines(life, name):
    return (life / name).read_text().splitlines()


@pytest.mark.parametrize("step", STEPS)
def test_dpkg_does_it_without_a_complaint(life, step):
    said = lines(life, f"{step}.dpkg")
    assert said[-1] == "0"
    assert not [line for line in said if re.search(r"(?i)error|warning|fail", line)], said


@pytest.mark.parametrize("step", ["install", "upgrade", "again"])
def test_it_is_there_and_starts_at_a_boot(life, debs, step):
    there = set(lines(life, f"{step}.files"))
    assert {"/usr/sbin/wardgated", "/lib/systemd/system/wardgated.service", LOCAL, *ENABLED} <= there


@pytest.mark.parametrize("step", ["upgrade", "remove", "again"])
def test_what_was_stored_and_given_is_kept(life, step):
    assert set(KEPT) <= set(lines(life, f"{step}.files"))


def test_directories_are_closed_to_others(life):
    assert lines(life, "install.directories") == ["/etc/wardgate/hub root:root 700", "/etc/wardgate/wardgate.conf.d root:root 755"]


def test_an_upgrade_keeps_what_was_changed_and_replaces_what_was_not(life):
    assert lines(life, "upgrade.changed") == ["# changed here"]
    assert "before" not in (life / "upgrade.unchanged").read_text()


def test_the_bus_reads_the_rules_about_bluetooth(life):
    assert lines(life, "upgrade.link") == ["/usr/share/wardgate/dbus/org.bluez.conf"]


def test_the_journal_knows_what_to_do(life):
    entries = (ROOT / "systemd/wardgate.catalog").read_text().count("\nSubject: ")
    assert sum(" Wardgate: " in line for line in lines(life, "upgrade.catalog")) == entries > 10


def test_removed_bluetooth_is_everybodys_again(life):
    there = lines(life, "remove.files")
    assert LOCAL not in there and "/usr/sbin/wardgated" not in there


def test_an_administrators_own_rules_are_left_alone_and_ours_named(life):
    assert lines(life, "purge.local") == ["<busconfig/>"]
    assert [line for line in lines(life, "again.dpkg") if LOCAL in line and "/usr/share/wardgate/dbus/org.bluez.conf" in line]


def test_purged_nothing_is_left_but_the_users(life):
    assert lines(life, "purge.files") == [LOCAL]
    # Their files might lie elsewhere, and another user must not get their numbers.
    assert lines(life, "purge.users") == ["wardgate", "wardgate-uplink"]
