# SPDX-License-Identifier: Apache-2.0
"""The Debian packages under real dpkg and systemd: installed, upgraded, removed, installed again, purged. What the
installed daemon stored is there until the purge, also when it hung and was killed."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import GUEST

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/package"))
from package_fixture import packages, version_before  # noqa: E402

STEPS = ["install", "upgrade", "remove", "again", "purge"]
RUNNING = ["install", "upgrade", "again"]


@pytest.fixture(scope="module")
def debs():
    return packages()


@pytest.fixture(scope="module")
def lab(boot, debs, tmp_path_factory):
    # The guest's systemd mounts over /tmp.
    work = next(iter(debs.values())).path.parent / "lab"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    version_before(debs["wardgate"], work)
    for deb in debs.values():
        (work / deb.path.name).hardlink_to(deb.path)
    return boot("--systemd", "--timeout", 3000, "--env", f"PACKAGES={work}", "--", GUEST / "test-package")


def values(lab, name):
    return [json.loads(line) for line in lab.lines(name)]


def test_it_ran_to_its_end(lab):
    assert lab.status == 0, lab.stderr


# A directory that other packages of Debian would have, which the guest has not.
SHARED = re.compile(r"directory '/usr/(share/fish|lib/systemd/catalog)' not empty so not removed")


@pytest.mark.parametrize("step", STEPS)
def test_dpkg_does_it_without_a_complaint(lab, step):
    lines = lab.lines(f"{step}.dpkg")
    assert lines[-1] == "0"
    assert not [line for line in lines if re.search(r"(?i)error|warning|fail", line) and not SHARED.search(line)], lines


@pytest.mark.parametrize("step", RUNNING)
def test_everything_runs_and_will_after_a_boot(lab, step):
    assert lab.lines(f"{step}.active") == ["active"] * 4
    assert lab.lines(f"{step}.enabled") == ["enabled"] * 4
    status = json.loads(lab.file(f"{step}.status"))
    assert (status["radio"], status["storage"]) == ("ready", "ok")


@pytest.mark.parametrize("step", RUNNING)
def test_the_daemon_started_at_its_first_try(lab, step):
    """Its user, its bus policy and its directories were there before it was."""
    assert lab.file(f"{step}.restarts") == "0\n"


@pytest.mark.parametrize("step", RUNNING)
def test_bluetoothd_reads_our_configuration(lab, step):
    assert "-f /etc/wardgate/bluetooth/main.conf" in lab.file(f"{step}.bluetoothd")


@pytest.mark.parametrize("step", RUNNING)
def test_nobody_else_may_speak_to_bluetoothd(lab, step):
    assert lab.file(f"{step}.stranger") == "may not\n"


def test_the_alarm_light_is_the_cores_without_a_reboot(lab):
    assert re.match(r"-rw-rw-r-- 1 root wardgate ", lab.file("led-mode"))


def test_directories_are_closed_to_others(lab):
    assert lab.lines("directories") == ["/var/lib/wardgate wardgate 700", "/var/lib/wardgate-uplink wardgate-uplink 700",
                                        "/etc/wardgate/hub root 700"]  # fmt: skip


def test_there_was_something_to_keep(lab):
    assert any(value["quantity"] == "spo2" for reading in values(lab, "first.readings") for value in reading.get("values", []))
    assert len(values(lab, "first.patients")) == 1 and len(values(lab, "first.devices")) == 1


@pytest.mark.parametrize("step", ["hung", "upgrade", "again"])
def test_what_was_stored_is_there(lab, step):
    first, now = values(lab, "first.readings"), values(lab, f"{step}.readings")
    assert {(one["epoch"], one["seq"]): one["chain"] for one in first}.items() <= {
        (one["epoch"], one["seq"]): one["chain"] for one in now}.items()  # fmt: skip
    for name, key in (("patients", "patient"), ("devices", "device")):
        assert [one[key] for one in values(lab, f"{step}.{name}")] == [one[key] for one in values(lab, f"first.{name}")]


@pytest.mark.parametrize("way", ["stopped", "held"])
def test_a_daemon_that_hangs_is_killed_and_back(lab, way):
    hang = json.loads(lab.file(f"hang.{way}"))
    print(hang)
    assert hang["killed_s"] is not None, hang["why"]
    assert hang["killed_s"] <= hang["back_s"] <= hang["limit_s"], hang


def test_an_upgrade_keeps_what_was_changed_and_replaces_what_was_not(lab, debs):
    assert lab.file("upgrade.version") == debs["wardgate"].fields["Version"] + "\n"
    assert lab.file("upgrade.old-words") == "0\n"
    assert lab.file("upgrade.changed-here") == "# changed here\n"


def test_the_journal_knows_what_to_do(lab):
    assert int(lab.file("upgrade.catalog")) == (ROOT / "systemd/wardgate.catalog").read_text().count("\nSubject: ")


def test_what_the_uplink_says_comes_with_its_id_and_is_explained(lab):
    """journald's own words: the message came by the native protocol, from the unit in its sandbox."""
    said = [entry for entry in values(lab, "install.uplink") if entry["MESSAGE"] == "link down: no hub is configured"]
    entry = re.search(r"^-- (\w{32})\nSubject: (No hub of a ward is configured)$",
                      (ROOT / "systemd/wardgate.catalog").read_text(), re.MULTILINE)
    assert said and {one["MESSAGE_ID"] for one in said} == {entry[1]}
    assert {(one["_TRANSPORT"], one["SYSLOG_IDENTIFIER"], one["PRIORITY"]) for one in said} == {
        ("journal", "wardgate-uplink", "4")}  # fmt: skip
    assert f"-- Subject: {entry[2]}" in re.sub("\u2591\u2591", "--", lab.file("install.explained"))


def test_removed_nothing_runs_and_bluetooth_is_debians(lab):
    assert lab.file("remove.units") == ""
    assert "wardgate" not in lab.file("remove.bluetoothd")
    assert lab.file("remove.stranger") == "may\n"
    assert "ward.db" in lab.lines("remove.kept")


def test_purged_nothing_is_left_but_the_users(lab):
    was = lab.lines("install.ours")
    assert {"/etc/dbus-1/system-local.conf", "/usr/sbin/wardgated", "/var/lib/wardgate", "/run/wardgate"} <= set(was)
    assert "/etc/systemd/system/multi-user.target.wants/wardgated.service" in was
    assert lab.file("purge.ours") == ""
    assert lab.file("purge.units") == ""
    # Their files might lie elsewhere, and another user must not get their numbers.
    assert lab.lines("purge.users") == ["wardgate", "wardgate-uplink"]
