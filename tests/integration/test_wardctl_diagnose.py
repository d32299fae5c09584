# SPDX-License-Identifier: Apache-2.0
"""wardctl diagnose: everything that names somebody is planted wherever it could come from, and looked for in the file."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tarfile

import pytest

from test_wardctl import DEADLINE_S, DONE, FAILED, NOBODY, ROOT, USAGE, WARDCTL, Gateway, needs_root, run

CONFIG = ROOT / "config" / "wardgate.conf"
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
# What must be nowhere. Ids of devices are allowed.
SECRETS = ["Zimmer 3, Bärbel", "Bärbel", "otterotter", "p-7f3a", "s-secret", "Klinge GmbH", "BärbelsClip", "SN-501-X", "Clip-M1",
           "C0:11:22:33:44:55", "C0_11_22_33_44_55", "c01122334455", "1941-03-07", "7.3.1941", "Geheimplan", "SpO2 88", "token=hush", "hushhush"]
STATUS = {
    "schema": "wardgate.status/1", "gateway": "g-1", "site": "home", "version": "0.1.0", "monitoring": "degraded", "reasons": ["no-data"],
    "patients": [{"patient": "p-7f3a", "episode": "s-secret", "label": "Zimmer 3, Bärbel", "check_word": "otterotter", "admitted_at": "2026-11-22T09:00:00.000Z",
                  "monitoring": "degraded", "reasons": ["no-data"], "plan": {"id": "x", "version": 3, "title": "Geheimplan", "signed": True},
                  "conditions": [{"condition": "spo2-low", "priority": "high", "state": "active", "text": "SpO2 88 % of Bärbel", "value": 88}],
                  "last_valid": [{"quantity": "spo2", "value": 88, "unit": "%"}], "born": "1941-03-07", "devices": 1}],
    "devices": [{"device": "d-91c2", "name": "BärbelsClip", "model": "oximeter", "manufacturer": "Klinge GmbH", "model_number": "Clip-M1",
                 "serial_number": "SN-501-X", "address": "C0:11:22:33:44:55", "firmware": "1.0 of c01122334455", "patient": "p-7f3a",
                 "bindings": [{"patient": "p-7f3a"}], "connected": True, "battery": 80, "owner": "Bärbel"}],
    "queue": {"committed": 17, "epoch": "e-1", "note": "Bärbel"}, "recovery": {"rung": "none", "reset": 2},
    "link": {"up": False, "reason": "refused for Bärbel by C0:11:22:33:44:55"}, "radio": "ready", "clock": "synced", "storage": "ok",
    "annunciator": {"light": True, "sound": True, "text": True}}
HUB = {"host": "hub.example", "port": 8883, "ward_keys": 1, "ward_key_list": [{"kid": "k-1", "role": "hub", "x": "hushhush"}],
       "key": {"kty": "OKP", "d": "hushhush"}}
CALLS = [{"at": "2026-11-22T09:00:00.000Z", "boot": "b-7", "boot_us": 17, "uid": 0, "by": "dr-hushhush", "method": "Pair",
          "object": "C0:11:22:33:44:55", "patient": "p-7f3a", "outcome": "done", "omitted": 0},
         {"at": None, "boot": "b-7", "boot_us": 1, "uid": 1000, "method": "Silence", "patient": "p-7f3a", "outcome": "NotAllowed", "omitted": 2}]
# Whom the daemon does not know: one who was discharged, and without the daemon everybody.
FORMER = ["p-gone", "s-gone", "1234567"]
FORMAT = "%s: %s"
LINES = [  # of the daemon's, with the format they are made of
    ("wardgated.service", "p-7f3a: spo2-low raised, SpO2 88 % of Frau Klein", "%s: %s raised, %s"),
    ("wardgated.service", "The database cannot be opened: No space left on device", FORMAT),
    ("wardgated.service", "d-91c2a0b1c2d3e4f5 is paired and bound to p-7f3a", "%s is paired and bound to %s"),
    ("wardgated.service", "care plan by dr-1 for p-7f3a: Geheimplan, version 3, is in force", "care plan by %s for %s: %s, version %u, is in force"),
    ("wardgated.service", "p-gone admitted, episode s-gone, by uid 1000", "%s admitted, episode %s, by uid %u"),
    ("wardgated.service", "p-gone, episode s-gone: erased, 17 records", "%s, episode %s: erased, %llu records"),
    ("wardgated.service", "discharge by dr-1 for 1234567: done", "%s by %s%s%s: %s%s%s"),
    ("wardgated.service", "p-gone: of another version"),  # and whatever else says something in its name
    ("wardgated.service", "What the ward said was refused (ward/v1/home/g-1/down/care-plan/p-gone): of p-gone", "What the ward said was refused (%s): %s"),
    ("wardgated.service", "radio ready", "radio %s%s%s"),
    ("wardgated.service", "radio absent: p-gone has it", "radio %s%s%s"),
    ("wardgated.service", "The adapter does not answer. Recovery by power fails: p-gone", "%s Recovery by %s fails: %s"),
    ("wardgated.service", "p-gone is cut", "%s is cut short by the journal"),
    ("wardgate-uplink.service", "hub.example: connection refused"),
    ("wardgate-uplink.service", "care plans over HTTPS: p-gone: DNS: ward.example is not found"),
    ("wardgate-uplink.service", "care plans over HTTPS: all asked for"),
    ("bluetooth.service", "src/device.c: BärbelsClip (/org/bluez/hci0/dev_C0_11_22_33_44_55) has gone: timeout"),
    ("bluetooth.service", "Born 7.3.1941, or 1941-03-07, at 2026-11-22T09:00:00Z"),
    ("ssh.service", "Accepted password for hushhush"),
]


def make_journal(directory, lines):
    entries = "".join(f"__REALTIME_TIMESTAMP={1795338000000000 + i}\n__MONOTONIC_TIMESTAMP={1000 + i}\n_BOOT_ID={'ab' * 16}\n"
                      f"_SYSTEMD_UNIT={unit}\nPRIORITY=4\n{''.join(f'WARD_FORMAT={text}' + chr(10) for text in format_)}MESSAGE={message}\n\n"
                      for i, (unit, message, *format_) in enumerate(lines))
    subprocess.run([JOURNAL_REMOTE, f"--output={directory}/made.journal", "-"], input=entries, text=True, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    return make_journal(tmp_path_factory.mktemp("journal"), LINES)


@pytest.fixture
def gateway():
    instance = Gateway()
    try:
        instance.start()
        instance.answers("Status", STATUS)
        instance.answers("Hub", HUB)
        instance.answers("Audit", *CALLS)
        yield instance
    finally:
        instance.stop()


def opened(path):
    """The files of the bundle by their names, all of it in one directory that is called after the moment."""
    with tarfile.open(path) as bundle:
        names = bundle.getnames()
        assert len({name.split("/")[0] for name in names}) == 1 and all(member.isfile() for member in bundle)
        assert all(0 <= os.stat(path).st_mtime - member.mtime < 3600 for member in bundle)  # made when the file was
        return {name.split("/")[1]: bundle.extractfile(name).read().decode() for name in names}


def config_with_secrets(tmp_path):
    path = tmp_path / "wardgate.conf"
    path.write_text("[gateway]\nid = g-1\n[hub]\nhost = hub.example\n[https]\ncare_plan_url = https://ward.example/{patient}?token=hush\n"
                    "[alarm]\nsound_command = play --as hushhush\n")
    return path


def test_nothing_that_names_somebody_is_in_it(gateway, journal, tmp_path):
    path = tmp_path / "made.tar.gz"
    result = gateway.run("diagnose", path, "--config", config_with_secrets(tmp_path), "--journal", journal)
    assert (result.returncode, result.stdout) == (DONE, ""), result.stderr
    files = opened(path)
    assert set(files) == {"versions.json", "config.json", "state.json", "devices.json", "counters.json", "hub.json", "units.json", "audit.json",
                          "journal.txt", "MANIFEST.json"}
    everything = "\n".join(files.values())
    for secret in SECRETS + FORMER + ["Frau Klein"]:
        assert secret.lower() not in everything.lower(), secret
        assert secret.lower() not in json.dumps(everything, ensure_ascii=True).lower(), secret
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_what_helps_is_in_it(gateway, journal, tmp_path):
    path = tmp_path / "made.tar.gz"
    assert gateway.run("diagnose", path, "--config", config_with_secrets(tmp_path), "--journal", journal).returncode == DONE
    files = opened(path)
    document = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    assert document["versions.json"]["wardgated"] == "0.1.0" and document["versions.json"]["kernel"] == os.uname().release
    assert document["state.json"]["patients"] == [{"patient": 1, "monitoring": "degraded", "reasons": ["no-data"], "devices": 1,
                                                   "plan": {"version": 3, "signed": True}, "conditions": [
                                                       {"condition": "spo2-low", "priority": "high", "state": "active"}]}]
    assert document["devices.json"] == [{"device": "d-91c2", "model": "oximeter", "firmware": "1.0 of [address]", "connected": True,
                                         "battery": 80, "bindings": 1}]
    assert document["counters.json"] == {"queue": {"committed": 17}, "recovery": {"reset": 2}}
    assert document["hub.json"]["ward_key_list"] == [{"kid": "k-1", "role": "hub"}] and document["hub.json"]["has_key"] is True
    assert document["audit.json"] == [
        {"at": "2026-11-22T09:00:00.000Z", "boot": "b-7", "boot_us": 17, "uid": 0, "method": "Pair", "object": "[address]",
         "outcome": "done", "omitted": 0},
        {"at": None, "boot": "b-7", "boot_us": 1, "uid": 1000, "method": "Silence", "outcome": "NotAllowed", "omitted": 2}]
    assert [(s["key"], s["value"]) for s in document["config.json"]] == [
        ("id", "g-1"), ("host", "hub.example"), ("care_plan_url", "[left out]"), ("sound_command", "[left out]")]
    lines = [line.split(" ", 3)[3] for line in files["journal.txt"].splitlines()]
    assert lines == ["[left out]: [left out] raised, [left out]", "The database cannot be opened: No space left on device",
                     "d-91c2a0b1c2d3e4f5 is paired and bound to [left out]", "care plan by [left out] for [left out]: [left out], version 3, is in force",
                     "[left out] admitted, episode [left out], by uid 1000", "[left out], episode [left out]: erased, 17 records",
                     "[left out] by [left out]: [left out]", "[left out]", "What the ward said was refused ([left out]): [left out]",
                     "radio ready", "radio absent: [left out]", "The adapter does not answer. Recovery by power fails: [left out]", "[left out]",
                     "hub.example: connection refused", "care plans over HTTPS: [left out]: DNS: ward.example is not found",
                     "care plans over HTTPS: all asked for", "src/device.c: [name] (/org/bluez/hci0/dev_[address]) has gone: timeout",
                     "Born [date], or [date], at 2026-11-22T09:00:00Z"]
    assert files["journal.txt"].startswith("2026-11-22T09:00:00.000Z wardgated.service <4> ")


def test_the_manifest_says_what_was_put_in_and_taken_out(gateway, journal, tmp_path):
    path = tmp_path / "made.tar.gz"
    result = gateway.run("diagnose", path, "--config", CONFIG, "--journal", journal, "--json")
    files = opened(path)
    manifest = json.loads(files["MANIFEST.json"])
    assert {item["file"]: item["octets"] for item in manifest["files"]} == {
        name: len(text.encode()) for name, text in files.items() if name != "MANIFEST.json"}
    assert manifest["taken_out"]["date"] == 2 and manifest["taken_out"]["name"] == 1
    assert manifest["missing"] == ["units: no systemd answered"]  # on this bus
    assert any("check word" in sentence for sentence in manifest["left_out"])
    told = json.loads(result.stdout)
    assert told["file"] == str(path) and told["taken_out"] == manifest["taken_out"]


@needs_root
def test_who_may_not_see_the_audit_gets_the_rest(gateway):
    gateway.directory.chmod(0o777)
    path = gateway.directory / "made.tar.gz"
    result = gateway.run("diagnose", path, "--config", CONFIG, user=NOBODY, program=shutil.copy(WARDCTL, gateway.directory))
    assert result.returncode == DONE and "Missing: audit: it was not given; it is for root and the group wardgate-admin." in result.stderr
    files = opened(path)
    assert "audit.json" not in files and "state.json" in files


def test_without_the_daemon_it_is_made_too_and_more_is_left_out(journal, tmp_path):
    path = tmp_path / "made.tar.gz"
    result = run("diagnose", path, "--config", CONFIG, "--journal", journal)
    assert result.returncode == DONE and "does not answer" in result.stderr and "Missing: state" in result.stderr
    files = opened(path)
    assert set(files) == {"versions.json", "config.json", "journal.txt", "MANIFEST.json"}
    assert "src/device.c: [left out]" in files["journal.txt"] and "connection refused" in files["journal.txt"]
    for secret in ("BärbelsClip", "Frau Klein", "SpO2 88", "Geheimplan", "C0_11", "1941", "p-7f3a", "dr-1", *FORMER):
        assert secret not in files["journal.txt"]


FORMAT_AT = {"": 1, "_matter": 2, "_with": 3}  # which argument of ward_journal_print… it is


def formats_of_the_daemon():
    """Of each line that wardgated has for the journal."""
    literal = r'"(?:[^"\\]|\\.)*"'
    for source in [*(ROOT / "gateway/app").glob("*.c"), *(ROOT / "gateway/io").glob("*.c")]:
        for kind, rest in re.findall(r"ward_journal_print(_matter|_with)?\(((?:%s|[^;])*);" % literal, source.read_text()):
            arguments = re.findall(r'(?:%s|\([^()]*\)|[^,"])+' % literal, rest)
            text = re.sub(r"PRI([a-z])\w*", r'"\1"', arguments[FORMAT_AT[kind]])
            if '"' in text:  # not where they are made
                yield "".join(piece[1:-1] for piece in re.findall(literal, text)).replace('\\"', '"')


def test_whoever_stands_in_any_line_of_the_daemon_is_left_out(tmp_path):
    formats = sorted(set(formats_of_the_daemon()))
    assert len(formats) > 60 and "%s admitted, episode %s, by uid %u" in formats
    lines = [("wardgated.service", re.sub(r"%[-+ #0-9.*hjlzt]*([a-z])", lambda match: "Anna-7" if match[1] == "s" else "17", text), text)
             for text in formats]
    journal = make_journal(tmp_path, lines)
    assert run("diagnose", tmp_path / "made.tar.gz", "--config", CONFIG, "--journal", journal).returncode == DONE
    shown = opened(tmp_path / "made.tar.gz")["journal.txt"]
    assert len(shown.splitlines()) == len(lines) and "Anna" not in shown
    assert all(any(text in line for line in shown.splitlines()) for text in formats if "%" not in text)


def test_a_file_that_is_there_is_not_touched(tmp_path):
    path = tmp_path / "mine"
    path.write_text("mine")
    result = run("diagnose", path)
    assert result.returncode == FAILED and f"{path} is there already: name another file" in result.stderr and path.read_text() == "mine"
    assert run("diagnose", tmp_path / "none" / "x").returncode == FAILED


def test_who_does_not_wait_for_a_daemon_that_hangs_leaves_no_file(tmp_path):
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        bus.settimeout(DEADLINE_S)
        environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}
        # A shell lets what it runs in the background ignore Ctrl-C.
        with subprocess.Popen([WARDCTL, "diagnose", tmp_path / "made.tar.gz", "--config", CONFIG], env=environment,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
            connection = bus.accept()[0]  # and it hears nothing
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_S) == -signal.SIGINT
            connection.close()
    assert not (tmp_path / "made.tar.gz").exists()


def test_on_standard_output_nothing_else_is(gateway, tmp_path):
    # Octets, not text: so not by gateway.run().
    environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8"}
    with open(tmp_path / "made.tar.gz", "wb") as file:
        subprocess.run([WARDCTL, "diagnose", "-", "--config", CONFIG], stdout=file, stderr=subprocess.DEVNULL, check=True,
                       env=environment)
    assert "MANIFEST.json" in opened(tmp_path / "made.tar.gz")


def test_a_full_disk_leaves_nothing(gateway):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    with open("/dev/full", "wb") as full:
        result = subprocess.run([WARDCTL, "diagnose", "-"], stdout=full, stderr=subprocess.PIPE, text=True,
                                env={"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus})
    assert result.returncode == FAILED and "No space left" in result.stderr


@pytest.mark.parametrize("arguments", [["a", "b"], ["--config"], ["--json", "-"], ["--all"]])
def test_wrong_usage(arguments):
    assert run("diagnose", *arguments).returncode == USAGE
