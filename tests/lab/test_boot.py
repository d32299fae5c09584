# SPDX-License-Identifier: Apache-2.0
"""The lab itself: a guest boots, controllers hear each other, and what happened inside is handed back."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import GUEST


@pytest.fixture(scope="module")
def lab(boot):
    return boot("--controllers", 3, "--env", "GREETING=it's the guest", "--", GUEST / "test-boot")


def test_the_exit_status_is_the_commands(lab):
    assert lab.status == 7, lab.stderr


def test_streams_come_back_unadorned(lab):
    assert lab.stdout == "to standard output\nreopened\n"
    assert lab.stderr == "to standard error\n"


def test_files_come_back(lab):
    assert (lab.out / "below" / "zeros").read_bytes() == bytes(300000)


def test_the_command_runs_where_it_was_called(lab):
    assert lab.file("directory").strip() == os.getcwd()


def test_variables_are_set(lab):
    assert lab.file("greeting") == "it's the guest\n"


def test_the_guest_may_write_and_the_host_keeps_nothing(lab):
    assert lab.file("overlay-writable") == "yes\n"
    assert not (GUEST.parents[2] / "written-by-the-guest").exists()


def test_no_radio_is_on_before_somebody_powers_it(lab):
    assert lab.lines("powered-at-start") == ["b false"] * 3


def test_every_adapter_may_be_a_wearable(lab):
    assert sorted(lab.lines("managers")) == ["org.bluez.GattManager1"] * 3 + ["org.bluez.LEAdvertisingManager1"] * 3


def test_controllers_hear_each_other(lab):
    assert lab.file("heard") == 's "lab-wearable"\n'


def test_a_foreign_stack_is_heard(lab):
    assert lab.file("heard-raw") == 's "raw"\n'


def test_a_connection_to_nobody_fails_and_hangs_nothing(lab):
    assert lab.lines("initiated") == ["status 3e", "answers"]


def test_a_reset_forgets_everything(lab):
    assert int(lab.file("bonds-before-reset")) > 0
    assert lab.file("powered-after-reset") == "b false\n"


def test_leds_have_the_names_of_the_boards(lab):
    assert lab.lines("leds") == ["wardgate:red:alarm/brightness:1", "wardgate:yellow:alarm/brightness:0"]


def test_what_is_played_can_be_recorded(lab):
    assert b"\x40\x40" * 800 in (lab.out / "recorded.wav").read_bytes()


def test_success_and_silence(boot):
    lab = boot("--bare", "--", "true")
    assert (lab.status, lab.stdout, lab.stderr) == (0, "", "")


def test_a_time_out_is_reported(boot):
    lab = boot("--bare", "--timeout", 3, "--", "bash", "-c", "echo begun; echo kept >$LAB_OUT/file; sleep infinity")
    assert lab.status == 124
    assert lab.stdout == "begun\n"
    assert "timed out after 3 s" in lab.stderr
    assert lab.file("file") == "kept\n"


def test_a_guest_that_dies_is_reported(boot):
    lab = boot("--bare", "--", "bash", "-c", "echo c >/proc/sysrq-trigger")
    assert lab.status == 125
    assert "went away without an exit status" in lab.stderr


def test_a_guest_that_hangs_before_its_root_is_booted_anew(boot, tmp_path, monkeypatch):
    """An initial file system without a program: the kernel panics, or waits, and the root is never entered."""
    parts = Path(os.environ.get("WARD_LAB_DIR") or GUEST.parents[2] / "build" / "lab")
    for name in ["vmlinux", "lib", "btvirt"]:
        (tmp_path / name).symlink_to(parts / name)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "init").symlink_to("/busybox")
    shutil.copy("/bin/busybox", tmp_path / "root" / "busybox")  # as "init" it waits for ever without an inittab
    listing = "init\nbusybox\n"
    with open(tmp_path / "initrd.cpio", "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=tmp_path / "root", input=listing.encode(), stdout=out, check=True)
    monkeypatch.setenv("WARD_LAB_DIR", str(tmp_path))
    monkeypatch.setenv("WARD_LAB_ENTER_S", "4")
    lab = boot("--bare", "--", "true")
    assert lab.status == 125
    assert lab.stderr.count("did not enter its root within 4 s") == 3
    assert lab.stderr.count("booting again") == 2


def test_a_disk_survives_a_power_cut(boot, tmp_path):
    disk = tmp_path / "disk.img"
    write = 'echo flushed >$LAB_DISK/a; sync; echo lost >$LAB_DISK/b; . "$LAB_GUEST/library.sh"; lab_power_cut'
    assert boot("--bare", "--disk", disk, "--", "bash", "-c", write).status == 137
    lab = boot("--bare", "--disk", disk, "--", "bash", "-c", "cat $LAB_DISK/a; test ! -s $LAB_DISK/b")
    assert (lab.status, lab.stdout) == (0, "flushed\n")


def test_what_is_done_to_a_disk_is_recorded(boot, tmp_path):
    write = "echo -n this is recorded >$LAB_DISK/a; sync"
    lab = boot("--bare", "--disk", tmp_path / "disk.img", "--log-writes", tmp_path / "log", "--", "bash", "-c", write)
    log = (tmp_path / "log").read_bytes()
    assert (lab.status, log[:8]) == (0, b"rhswfsj\0")
    assert b"this is recorded\0" in log and b"this is recorded\0" in (tmp_path / "disk.img").read_bytes()


def test_the_network_leads_to_this_machine(boot):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        lab = boot("--bare", "--network", "--processors", 1, "--", "bash", "-c",
                   f"echo hello >/dev/tcp/lab-host/{server.getsockname()[1]}; nproc")  # fmt: skip
        connection, _ = server.accept()
        with connection:
            assert (lab.status, lab.stdout, connection.recv(100)) == (0, "1\n", b"hello\n")


def test_the_clock_starts_where_it_is_told(boot):
    lab = boot("--bare", "--rtc", "2038-01-19T03:13:00", "--", "date", "-u", "+%Y-%m-%d %H")
    assert lab.stdout == "2038-01-19 03\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "no command"),
        (("--build", "/nonexistent", "--", "true"), "/nonexistent: no such directory"),
        (("--env", "1=2", "--", "true"), "not NAME=VALUE"),
        (("--unit", "/nonexistent", "--systemd", "--", "true"), "/nonexistent: no such file"),
        (("--unit", "/etc/fstab", "--", "true"), "--unit needs --systemd"),
        (("--log-writes", "/tmp/none", "--", "true"), "--log-writes needs --disk"),
        (("--disk", "/tmp/none", "--disk-socket", "/tmp/none", "--", "true"), "not both"),
        (("--raw-hci", "--", "true"), "--raw-hci needs --peripheral"),
        (("--peripheral", "true", "--bare", "--", "true"), "neither --systemd nor --bare"),
        (("--peripheral", "true", "--plan", "/nonexistent", "--", "true"), "/nonexistent: no such file"),
    ],
)
def test_wrong_usage_is_refused_with_its_reason(boot, arguments, complaint):
    lab = boot(*arguments)
    assert lab.status == 2
    assert complaint in lab.stderr
