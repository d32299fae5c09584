# SPDX-License-Identifier: Apache-2.0
"""wardctl devices pair and bind: whose the device will be is compared, and on a terminal the engineer is led through it.
And what a terminal is given: colours, a pager."""

import json
import os
import pty
import re
import select
import subprocess

import pytest

from test_wardctl import DEADLINE_S, DONE, FAILED, SIGNAL_ENROLMENT_STEP, USAGE, WARDCTL, Gateway, needs_root, run

ADDRESS = "C0:11:22:33:44:55"
PATIENT = {"patient": "p-1", "label": "Bed 2", "check_word": "Otter"}
PAIR = ["devices", "pair", ADDRESS, "--patient", "p-1"]
BIND = ["devices", "bind", "d-1", "--patient", "p-1"]
pytestmark = needs_root


@pytest.fixture
def gateway():
    instance = Gateway()
    try:
        instance.start()
        (instance.directory / "calls").write_text("")
        instance.answers("Patients", {"patient": "p-2", "check_word": "heron"}, PATIENT)
        instance.answers("Pair", {"device": "d-1", "patient": "p-1"})
        instance.answers("Readings", {"epoch": "e-1", "seq": 1, "quality": "valid", "values": [{"quantity": "spo2", "value": 97, "unit": "%"}]})
        yield instance
    finally:
        instance.stop()


def done(gateway):
    return [call for call in gateway.calls() if call[0] in ("Pair", "Bind", "Scan")]


def on_terminal(gateway, *arguments, typed="", **environment):
    """What is shown, what is said on standard error, and the exit status, with a terminal on both sides."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8", "TERM": "xterm", **environment}
    process = subprocess.Popen([WARDCTL, *arguments], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    while select.select([ours], [], [], DEADLINE_S)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:
            break  # the other side is closed
    _, errors = process.communicate(timeout=DEADLINE_S)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n"), errors.decode(), process.returncode


@pytest.mark.parametrize("command", [PAIR, BIND], ids=["pair", "bind"])
@pytest.mark.parametrize("word", ["Otter", "otter", " OTTER "])
def test_with_the_right_word_it_is_done(gateway, command, word):
    assert gateway.run(*command, "--check-word", word).returncode == DONE
    assert len(done(gateway)) == 1


@pytest.mark.parametrize(("word", "said"), [("Otter ", "otter"), (" \tOtter", "Otter"), ("Öl Übung", "öl übung"), ("Šaška", "ŠAŠKA")])
def test_a_word_is_the_same_in_large_and_small_letters_and_without_the_blanks_around_it(gateway, word, said):
    gateway.answers("Patients", {**PATIENT, "check_word": word})
    assert gateway.run(*BIND, "--check-word", said).returncode == DONE
    assert gateway.run(*BIND, "--check-word", said[1:]).returncode == FAILED


@pytest.mark.parametrize("command", [PAIR, BIND], ids=["pair", "bind"])
@pytest.mark.parametrize("words", [["--check-word", "heron"], ["--check-word", ""], ["--check-word", "Otter" + " x" * 99], []])
def test_with_another_word_or_none_nothing_is_done(gateway, command, words):
    result = gateway.run(*command, *words, "--json", input="Otter\n")
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert "check word" in result.stderr and "Otter" not in result.stderr
    assert done(gateway) == []


def test_a_patient_without_a_word_is_said(gateway):
    gateway.answers("Patients", {"patient": "p-1"})
    result = gateway.run(*BIND)
    assert result.returncode == DONE and "has no check word" in result.stderr
    result = gateway.run(*BIND, "--check-word", "Otter")
    assert result.returncode == FAILED and "no check word to compare with" in result.stderr
    gateway.answers("Patients", {**PATIENT, "check_word": " "})
    assert "has no check word" in gateway.run(*BIND).stderr
    assert len(done(gateway)) == 2


def test_on_a_terminal_the_word_is_asked_for(gateway):
    shown, told, status = on_terminal(gateway, *BIND, typed="heron\notter\n")
    assert status == DONE and told.count("What check word does the patient say?") == 2 and "p-1 (Bed 2)" in told
    assert "Otter" not in told and len(done(gateway)) == 1


def test_after_three_wrong_words_it_is_over(gateway):
    _, told, status = on_terminal(gateway, *BIND, typed="a\nb\nc\notter\n")
    assert status == FAILED and told.count("That is another word.") == 3 and "make sure who is in front of you" in told
    assert done(gateway) == []


@pytest.mark.parametrize("arguments", [[ADDRESS[:-1], "--patient", "p-1", "--check-word", "otter"], [ADDRESS, "--patient", "p-9"]],
                         ids=["no address", "nobody"])
def test_what_will_be_refused_is_not_looked_for(gateway, arguments):
    gateway.refuses("Pair", 0, "That is refused.")
    shown, told, status = on_terminal(gateway, "devices", "pair", *arguments)
    assert (status, told, shown) == (FAILED, "wardctl: That is refused.\n", "")
    assert [call[0] for call in done(gateway)] == ["Pair"]


def test_who_else_measures_with_it_is_said(gateway):
    assert gateway.run(*BIND, "--check-word", "otter").stdout == "d-1 is read for p-1 from now on.\n"
    assert gateway.run(*BIND, "--check-word", "otter", "--slot", "2").stdout == "What user 2 of d-1 measures is read for p-1 from now on.\n"


@pytest.mark.parametrize(("found", "words"), [
    ({"name": "Nonin3230", "model": "oximeter", "kind": "pulse oximeter", "rssi": -62}, ["Nonin3230, pulse oximeter: ▂▄▆  -62 dBm, good", "Switch the oximeter on"]),
    ({"name": "Clip", "model": "oximeter", "kind": "pulse oximeter", "rssi": -95}, ["-95 dBm, too far: bring it nearer"]),
    ({"name": "Toaster", "rssi": -40}, ["▂▄▆█ -40 dBm, very good", "of no kind that is known here"]),
    ({"address": "AA:BB:CC:DD:EE:FF", "name": "Other"}, ["It is not heard yet. Wake it"]),
])
def test_on_a_terminal_it_is_looked_for_first(gateway, found, words):
    gateway.answers("Scan", {"address": ADDRESS.lower(), **found})
    gateway.signals("Pair", [SIGNAL_ENROLMENT_STEP, ADDRESS, "bonding", "Pairing with it."])
    shown, _, status = on_terminal(gateway, *PAIR, "--check-word", "otter", "--timeout", "90")
    assert status == DONE
    for text in [*words, "First reading: SpO2 97 %, valid.", "is paired and read for p-1"]:
        assert text in shown, shown
    assert re.search(r"^ +\d+ s of 90  bonding +Pairing with it\.$", shown, re.MULTILINE)
    assert [call[0] for call in done(gateway)] == ["Scan", "Pair"]


@pytest.mark.parametrize(("device", "bar"), [({}, True), ({"connected": True}, False), ({"device": "d-9"}, False)])
def test_on_a_terminal_a_test_shows_how_well_it_is_heard(gateway, device, bar):
    gateway.answers("Devices", {"device": "d-1", "address": ADDRESS, "connected": False, **device})
    gateway.answers("Scan", {"address": "AA:BB:CC:DD:EE:00", "rssi": -40}, {"address": ADDRESS.lower(), "rssi": -84})
    gateway.answers("TestDevice", {"device": "d-1"})
    shown, _, status = on_terminal(gateway, "devices", "test", "d-1")
    assert status == DONE and ("▂    -84 dBm, weak: nearer would be better\n" in shown) == bar and "-40" not in shown
    assert gateway.run("devices", "test", "d-1").returncode == DONE  # nobody watches: it is not listened for
    assert [call[0] for call in gateway.calls() if call[0] in ("Scan", "TestDevice")] == ["Scan"] * bar + ["TestDevice"] * 2


def test_a_first_reading_of_nobody_says_whose_it_is(gateway):
    gateway.answers("Readings", {"epoch": "e-1", "seq": 1, "quality": "valid", "unassigned": True, "values": []})
    result = gateway.run(*PAIR, "--check-word", "otter")
    assert "First reading, kept as nobody's since it may have been in its memory: valid.\n" in result.stdout


def test_a_program_is_not_led(gateway):
    result = gateway.run(*PAIR, "--check-word", "otter", "--json")
    assert result.returncode == DONE and [call[0] for call in done(gateway)] == ["Pair"]
    assert json.loads(result.stdout) == {"device": "d-1", "patient": "p-1"}


def test_the_signal_is_plain_where_the_locale_is(gateway):
    gateway.answers("Scan", {"address": ADDRESS, "name": "Clip", "rssi": -62})
    shown, _, status = on_terminal(gateway, "devices", "scan", LC_ALL="C")
    assert status == DONE and "###- -62 dBm, good" in shown and all(ord(letter) < 128 for letter in shown)


@pytest.mark.parametrize(("slots", "words", "text"), [
    ((1, 2), ["--slot", "2", "--share"], "What user 2 of d-1 measures is read for p-1 from now on.\n"),
    ((2, 2), ["--slot", "2", "--share"], "What user 2 of d-1 measures is read for p-1 too. Claim it before use: wardctl measure --patient p-1\n"),
    ((None, None), ["--share"], "d-1 is read for p-1 too. Claim it before use: wardctl measure --patient p-1\n"),
])
def test_a_claim_is_asked_for_where_nothing_else_tells_them_apart(gateway, slots, words, text):
    bindings = [{"patient": patient, **({"slot": slot} if slot is not None else {})} for patient, slot in zip(("p-2", "p-1"), slots)]
    gateway.answers("Devices", {"device": "d-1", "bindings": bindings})
    assert gateway.run(*BIND, "--check-word", "otter", *words).stdout == text


def test_from_whom_a_device_is_taken_that_is_paired_again_is_said(gateway):
    gateway.answers("Devices", {"device": "d-2", "bindings": [{"patient": "p-3"}]}, {"device": "d-1", "bindings": [{"patient": "p-2"}]})
    gateway.answers("Devices.then", {"device": "d-1", "bindings": [{"patient": "p-1"}]})
    assert f"{ADDRESS} is paired and read for p-1, and no longer for p-2. `" in gateway.run(*PAIR, "--check-word", "otter").stdout
    assert f"{ADDRESS} is paired and read for p-1. `" in gateway.run(*PAIR, "--check-word", "otter").stdout


def test_whom_a_shared_device_is_taken_from_is_said(gateway):
    """The whole of it and one of its users do not go together: who has it by a user number loses it to --share too."""
    def bound(*patients):
        return {"device": "d-1", "bindings": [{"patient": patient, **({"slot": slot} if slot else {})} for patient, slot in patients]}

    gateway.answers("Devices", bound(("p-2", 1)))
    gateway.answers("Devices.then", bound(("p-1", None)))
    assert gateway.run(*BIND, "--check-word", "otter", "--share").stdout == "d-1 is read for p-1 from now on, and no longer for p-2.\n"
    gateway.answers("Devices", bound(("p-2", None), ("p-3", 2)))
    gateway.answers("Devices.then", bound(("p-3", 2), ("p-1", 2)))
    assert gateway.run(*BIND, "--check-word", "otter", "--share", "--slot", "2").stdout == (
        "What user 2 of d-1 measures is read for p-1 too, and no longer for p-2. Claim it before use: wardctl measure --patient p-1\n")


@pytest.mark.parametrize("arguments", [[*PAIR, "--check-word"], ["measure", "--patient", "p-1", "--check-word", "x"], ["devices", "scan", "--patient", "p"]])
def test_wrong_usage(arguments):
    assert run(*arguments).returncode == USAGE


def test_what_a_device_calls_itself_cannot_move_the_cursor(gateway):
    name = "Clip\x1b[2J\x9b2J\x7f\n\tÄ"
    gateway.answers("Scan", {"address": ADDRESS, "name": name, "kind": "\x1bkind", "rssi": -62})
    gateway.answers("Devices", {"device": "d-1", "name": name, "model_number": "\x1bc"})
    shown = on_terminal(gateway, *PAIR, "--check-word", "otter")[0] + gateway.run("devices", "show", "d-1").stdout
    assert "Clip?[2J?2J???Ä" in shown and "\x9b" not in shown and "\x7f" not in shown
    assert "\x1b" not in shown and "\x1b" not in gateway.run("devices").stdout


# --- what a terminal is given ----------------------------------------------------------------------------------------


def test_colours_are_for_terminals_that_want_them(gateway):
    gateway.answers("Status", {"gateway": "g-1", "monitoring": "full", "patients": [], "devices": [{"device": "d-1"}]})
    assert "\x1b[1;32mMONITORED\x1b[0m" in on_terminal(gateway, "status")[0]
    for environment in ({"NO_COLOR": "1", "PAGER": ""}, {"TERM": "dumb"}):  # what a pager sends is its own
        assert "\x1b" not in on_terminal(gateway, "status", **environment)[0]
    assert "\x1b" in on_terminal(gateway, "status", NO_COLOR="")[0]
    assert "\x1b" not in gateway.run("status").stdout


@pytest.mark.parametrize("arguments", [["readings"], ["alarms", "history"]])
def test_long_lists_go_through_the_pager_on_a_terminal_alone(gateway, arguments, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "paged with $LESS"\nexec cat\n')
    pager.chmod(0o755)
    shown = on_terminal(gateway, *arguments, PAGER=str(pager))
    assert shown[0].startswith("paged with FRX\n") and shown[2] == DONE and len(shown[0].splitlines()) > 1
    assert "paged with -S\n" in on_terminal(gateway, *arguments, PAGER=str(pager), LESS="-S")[0]
    for none in ("", "cat"):
        assert "paged" not in on_terminal(gateway, *arguments, PAGER=none)[0]
    assert "paged" not in on_terminal(gateway, *arguments, "--json", PAGER=str(pager))[0]
    assert "paged" not in gateway.run(*arguments).stdout


def test_who_leaves_the_pager_has_seen_enough(gateway, tmp_path):
    gateway.answers("Readings", *[{"seq": i, "values": []} for i in range(60)])
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nhead -n 1\n")
    pager.chmod(0o755)
    shown, told, status = on_terminal(gateway, "readings", PAGER=str(pager))
    assert (told, status) == ("", DONE) and len(shown.splitlines()) == 1
