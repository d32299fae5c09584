# SPDX-License-Identifier: Apache-2.0
"""wardctl on a terminal: no line is broken by the terminal's edge, and none at all where a program reads them."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from screen import shown
from test_wardctl import DONE, ERROR_REFUSED, FAILED, USAGE, WARDCTL, Gateway, reading, run

DEVICE = "d-2b096094a6e7610a"
BLOOD_PRESSURE = [{"quantity": quantity, "value": value, "unit": "mm[Hg]"}
                  for quantity, value in (("bp_systolic", 120), ("bp_diastolic", 80), ("bp_mean", 92))]
MADE = "2026-11-22T10:17:00.250Z"
SMALL = [
    ({"kind": "void", "voids": 1742, "reason": "wrong-patient", "by": "dr-12", "patient": "p-7f3a"}, "takes back 1742 (wrong-patient)"),
    ({"kind": "gap", "count": 7, "reason": "queue-full", "from": MADE, "to": None}, "7 records lost from 2026-11-22 10:17:00Z (queue-full)"),
    ({"kind": "unmonitored", "reason": "power", "from": MADE, "to": MADE},
     "nobody was watched from 2026-11-22 10:17:00Z to 2026-11-22 10:17:00Z (power)"),
    ({"kind": "clock", "boot": "b-77", "offset_ms": 5, "uncertainty_ms": 1}, "the time of this start (b-77) is known"),
]
TEXT = "SpO2 88 % for 15 s, alarm below 93 %"
ALARM = {"patient": "p-7f3a", "priority": "medium", "condition": "measurement-incomplete", "state": "ended-unseen",
         "raised_at": MADE, "at": MADE, "event": "acknowledged", "text": TEXT}
ENROLLED = {"device": DEVICE, "name": "Nonin3230_502644", "model": "oximeter", "patient": "p-7f3a", "connected": True, "battery": 80,
            "last_heard_age_s": 200, "security": "open-by-address", "address": "00:AA:01:01:00:01", "kind": "pulse oximeter",
            "rssi": -60, "heard": 7, "of": 10, "enrolled": False}
WHY = ["no-data", "rule-without-source", "device-silent"]
PATIENT = {"patient": "p-7f3a", "label": "Bed 2, at the window", "episode": "s-01", "monitoring": "degraded", "reasons": WHY,
           "conditions": [ALARM], "last_valid": BLOOD_PRESSURE,
           "news2": {"complete": False, "minimum": 3, "maximum": 17, "missing": ["consciousness", "oxygen", "body_temperature"],
                     "stale": ["respiration_rate"]}}
STATUS = {"schema": "wardgate.status/1", "gateway": "g-1", "version": "1", "monitoring": "degraded", "reasons": WHY, "patients": [PATIENT],
          "devices": [ENROLLED], "queue": {"undelivered_readings": 3, "undelivered_alarms": 0, "oldest_age_s": 4000},
          "link": {"up": False, "reason": "the certificate of broker.ward.example is for another name: mqtt.ward.example, and others"},
          "radio": "ready", "annunciator": {"light": True, "sound": False, "text": True}, "clock": "synced", "storage": "ok"}
STEPS = [{"step": "DNS", "ok": True, "ms": 1.5, "text": "192.0.2.17"},
         {"step": "TLS", "ok": False, "ms": 12, "text": "the certificate of broker.ward.example is for another name: mqtt.ward.example"}]


@pytest.fixture
def gateway():
    instance = Gateway()
    try:
        instance.start()
        instance.answers("Readings", reading(1742, device=DEVICE, kind="continuous", quality="questionable", reasons=["motion", "poor-signal"]),
                         reading(1743, device=DEVICE, values=BLOOD_PRESSURE),
                         *({"seq": 1744 + at, "received_at": MADE, **members} for at, (members, _) in enumerate(SMALL)))
        instance.answers("Alarms", ALARM, {**ALARM, "text": " ".join([TEXT] * 5)})
        instance.answers("Patients", PATIENT)
        instance.answers("Devices", ENROLLED)
        instance.answers("Status", STATUS)
        instance.answers("TestHub", *STEPS)
        instance.answers("Hub", {"host": "broker.ward.example", "text": " ".join([TEXT] * 5), "ward_key_list": [
            {"kid": "clinical-2026-of-the-east-wing", "role": "clinical", "from": "the file of the ward's keys"}]})
        instance.answers("Queue", {"undelivered_readings": 0})
        yield instance
    finally:
        instance.stop()


def at_a_terminal(gateway, *words, **options):
    return shown([WARDCTL, *words], {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8", "TERM": "xterm"},
                 **options)


SCREENS = [["readings"], ["alarms"], ["alarms", "history"], ["patient"], ["patient", "show", "p-7f3a"], ["devices"],
           ["devices", "show", DEVICE], ["status"], ["hub", "show"], ["hub", "test"], ["queue"], ["selftest"]]


@pytest.mark.parametrize("words", SCREENS, ids=" ".join)
def test_no_line_is_longer_than_the_terminal_and_no_word_is_broken(gateway, words):
    """Nor is anything left out: the words are those that a program gets."""
    whole = gateway.run(*words)
    for columns in (80, 120):
        status, lines = at_a_terminal(gateway, *words, columns=columns)
        assert status == whole.returncode
        assert max(map(len, lines)) <= columns, "\n".join(lines)
        trying = "Trying the way to the ward. Where nobody answers that takes a minute and a half." if words == ["hub", "test"] else ""
        assert sorted(" ".join(lines).split()) == sorted((whole.stdout + whole.stderr + trying).split())


def test_what_is_followed_is_not_broken_within_a_word(gateway):
    gateway.answers("Readings", reading(1743, device=DEVICE, values=BLOOD_PRESSURE))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    with subprocess.Popen([WARDCTL, "readings", "--follow"], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        text = ""
        while ": valid" not in " ".join(text.split()):
            text += os.read(ours, 65536).decode()
        process.terminate()
    os.close(ours)
    assert max(map(len, text.splitlines())) <= 80
    words = gateway.run("readings").stdout.splitlines()[1].split()[1:]
    assert [word for word in text.split() if word] == words


def test_the_list_of_verbs_fits():
    for words in ([], ["--help"]):
        result = run(*words)
        assert max(map(len, (result.stdout + result.stderr).splitlines())) <= 80


def test_on_a_narrow_terminal_words_are_broken_and_what_a_row_is_called_by_last(gateway):
    _, lines = at_a_terminal(gateway, "devices", columns=65)
    assert max(map(len, lines)) <= 65 and len(lines) > 2
    assert lines[1].startswith(DEVICE)


def test_a_row_goes_on_below_its_column(gateway):
    _, lines = at_a_terminal(gateway, "readings")
    assert lines[0].split() == ["SEQ", "WHEN", "PATIENT", "DEVICE", "KIND", "WHAT"]
    what = lines[0].index("WHAT")
    assert lines[1].startswith("1742 2026-11-22 p-7f3a") and lines[1][what:].startswith("SpO2 96 %")
    assert lines[2].startswith("     09:00:00Z ") and lines[2][what - 1] == " "


def test_where_the_keys_come_from_is_shown(gateway):
    assert "the file of the ward's keys" in gateway.run("hub", "show").stdout


def test_a_list_longer_than_the_screen_is_not_lost_without_its_pager(gateway):
    """Standard input is a terminal too here: else there is no pager."""
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    for pager in ("/nonexistent/pager", "cat -", "head -1"):
        status, lines = shown([WARDCTL, "status"], {**environment, "PAGER": pager}, keyboard=True)
        assert status == DONE and any(line.startswith("Wardgate g-1, version 1: ") for line in lines)
        assert any(line.startswith("Storage ") for line in lines) == (pager != "head -1")
        assert max(map(len, lines)) <= 80


def test_what_a_program_reads_is_one_line_a_row(gateway):
    table = gateway.run("readings").stdout
    assert [line.split()[0] for line in table.splitlines()] == ["SEQ", *map(str, range(1742, 1748))]
    assert "\x1b" not in table


def test_a_small_record_says_what_it_is_about(gateway):
    """As which reading was taken back."""
    result = gateway.run("readings")
    assert result.returncode == DONE
    for line, (_, said) in zip(result.stdout.splitlines()[3:], SMALL, strict=True):
        assert line.rstrip().endswith(said)


def test_colour_is_for_a_terminal_that_wants_it(gateway):
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    for more, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        _, lines = shown([WARDCTL, "alarms"], {**environment, **more}, colours=True)
        assert ("\x1b[" in "".join(lines)) == coloured, more


@pytest.mark.parametrize("verb", re.findall(r"^  ([a-z]+) +\S", run("--help").stdout, re.MULTILINE))
def test_help_fits_too_and_is_the_same_text(verb):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    whole = run(verb, "--help").stdout
    for columns in (80, 120):
        status, lines = shown([WARDCTL, verb, "--help"], environment, columns=columns)
        assert status == DONE and max(map(len, lines)) <= columns, "\n".join(lines)
        assert "".join("".join(lines).split()) == "".join(whole.split())


@pytest.mark.parametrize("words", [["devices", "frobnicate"], ["hub", "frobnicate"], ["devices", "bind", "d-1", "--frobnicate"]], ids=" ".join)
def test_what_is_wrong_with_a_command_line_is_broken_between_words(words):
    status, lines = shown([WARDCTL, *words], {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}, columns=40)
    assert status == USAGE and max(map(len, lines)) <= 40
    assert " ".join(lines) == " ".join(run(*words).stderr.split())


def test_an_argument_that_is_missing_is_named():
    for words, line in ((["devices", "show"], "devices show DEVICE [--json]"), (["plan", "check"], "plan check FILE [--json]"),
                        (["patient", "show", "--json"], "patient show PATIENT [--json]")):
        result = run(*words)
        assert (result.returncode, result.stdout) == (USAGE, "")
        assert f"an argument is missing: wardctl {line}\n" in result.stderr


def test_a_sentence_on_standard_error_is_broken_between_words(gateway):
    gateway.refuses("Queue", ERROR_REFUSED, " ".join([TEXT] * 5))
    status, lines = at_a_terminal(gateway, "queue")
    assert status == FAILED and max(map(len, lines)) <= 80
    assert " ".join(lines) == "wardctl: " + " ".join([TEXT] * 5)
