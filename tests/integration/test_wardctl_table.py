# SPDX-License-Identifier: Apache-2.0
"""The whole verb table of wardctl: what its usage lines promise holds for every verb, and completion offers it."""

import re
import shutil

import pytest

from test_wardctl import DONE, NOBODY, NOT_ALLOWED, ROOT, UNREACHABLE, USAGE, WARDCTL, Gateway, needs_root, run

PLAN = ROOT / "config" / "care-plans" / "oximetry-at-home.json"
# What an argument or the value of an option may be, by the word that the usage has for it.
SAMPLES = {"PATIENT": "p-1", "DEVICE": "d-1", "ADDRESS": "AA:BB:CC:DD:EE:FF", "EPISODE": "s-1", "TEXT": "a text", "WORD": "otter",
           "FILE": str(PLAN), "PLAN": str(PLAN), "PLAN2": str(PLAN), "PERSON": "nurse-1", "MOMENT": "2h", "QUANTITY": "spo2", "N": "2",
           "SECONDS": "30", "MINUTES": "5", "NAME": "Clip", "ALARM": "9c1e" * 8, "ALARM|[EPOCH:]SEQ": "9c1e" * 8, "EPOCH:]SEQ": "17", "SEQ": "17",
           "DIRECTORY": "/nonexistent", "NAME=VALUE": "concern=nurse", "CODE": "-", "-": "-", "UUID": "2A5F", "OCTETS": "0062004800", "ID": "g-1", "KID": "k-1"}
LOCAL = {"diagnose", "try", "decode", "sign", "config", "plan check"}  # what goes without a daemon
SAYS_MORE = {"selftest"}  # what it knows without the daemon


def usage_lines():
    verbs = re.findall(r"^  ([a-z]+) +\S", run("--help").stdout, re.MULTILINE)
    for verb in verbs:
        text = run(verb, "--help").stdout
        for line in re.findall(r"^(?:Usage:|      ) wardctl (.*)$", text, re.MULTILINE):
            yield line


LINES = list(usage_lines())


def words_of(line):
    """Verb and actions, whether the actions may be left out, options with the name of their value, arguments."""
    verb, _, rest = line.partition(" ")
    options, arguments, actions, optional = {}, [], [], False
    words = rest.split()
    while words:
        word = words.pop(0)
        bare = re.sub(r"(\.\.\.|…)$", "", word.lstrip("[").rstrip("]" if word.count("[") <= word.count("]") and "[EPOCH" not in word
                                                             else ""))
        if word in ("|", "/", "[/"):
            continue
        if bare.startswith("--"):
            value = ""
            if words and not word.endswith("]") and not words[0].startswith(("[", "--", "|")):
                value = words.pop(0).rstrip("].")
            options[bare] = value
        elif bare[0].islower():
            actions += bare.split("|")
            optional |= word.startswith("[")
        else:
            arguments.append((bare, word.startswith("[") and not word.startswith("[EPOCH")))
    return verb, actions, optional, options, arguments


def is_local(verb, actions):
    return verb in LOCAL or any(f"{verb} {action}" in LOCAL for action in actions)


@pytest.mark.parametrize("line", LINES)
def test_each_option_of_the_usage_is_one(line, tmp_path):
    verb, actions, _, options, _ = words_of(line)
    for action in actions or [None]:
        for option, value in options.items():
            words = [option] + ([SAMPLES.get(value, "x")] if value else [])
            result = run(*filter(None, [verb, action, *words]), input="", cwd=tmp_path)
            assert "option" not in result.stderr, (option, result.stderr)
        result = run(*filter(None, [verb, action, "--frobnicate"]), input="")
        assert (result.returncode, result.stdout) == (USAGE, ""), result
        assert "--frobnicate" in result.stderr


@pytest.mark.parametrize("line", LINES)
def test_each_verb_can_speak_json(line):
    verb, actions, _, options, _ = words_of(line)
    assert "--json" in options or "--fhir" in options, "it has no --json"


def commands(line):
    """The line as somebody would type it, with what may be left out left out."""
    verb, actions, optional, options, arguments = words_of(line)
    must = [word for option, value in options.items() if f"[{option}" not in line and f"| {option}" not in line
            for word in ([option, SAMPLES[value]] if value else [option])]
    operands = [SAMPLES[name] for name, left_out in arguments if not left_out]
    return [[verb, *([action] if action else []), *operands, *must] for action in (actions or []) + ([None] if optional or not actions else [])]


REMOTE = [command for line in LINES if not is_local(*words_of(line)[:2]) for command in commands(line)]


@pytest.mark.parametrize("command", REMOTE, ids=" ".join)
def test_without_a_bus_each_says_so_and_what_to_do(command):
    result = run(*command, input="")
    if command[:2] in (["hub", "enrol"], ["hub", "retire"]) and result.returncode == 1:
        assert "there is no code" in result.stderr or "nothing was wiped" in result.stderr  # it asks first
        return
    assert result.returncode == UNREACHABLE, result
    assert result.stdout == "" or command[0] in SAYS_MORE
    assert "does not answer on the system bus" in result.stderr and "systemctl status wardgated" in result.stderr
    assert "the bus itself cannot be reached" in result.stderr and "systemctl status dbus" in result.stderr


def test_without_the_daemon_each_says_so_and_what_to_do():
    gateway = Gateway()
    try:
        for command in REMOTE:
            result = gateway.run(*command, input="")
            if result.returncode == 1 and command[:2] in (["hub", "enrol"], ["hub", "retire"]):
                continue
            assert result.returncode == UNREACHABLE, (command, result)
            assert result.stdout == "" or command[0] in SAYS_MORE
            assert "systemctl status wardgated" in result.stderr and "the bus itself" not in result.stderr, command
    finally:
        gateway.stop()


# What is for administrators (docs/man/org.wardgate.5.scd), as the usage lines have it.
CHANGES = [command for command in REMOTE if "--signed" not in command and command[:2] in [  # of those the signature decides
    words.split() for words in ("patient admit", "devices scan", "devices pair", "devices bind", "devices unbind", "devices test",
                                "devices rename", "devices forget", "measure --patient", "alarms silence", "plan apply", "hub test",
                                "hub renew")]]
CHANGES += [["hub", "retire", "--yes"], ["patient", "discharge", "p-1", "--reason", "x"], ["readings", "void", "17", "--reason", "x"],
            ["alarms", "ack", "9c1e" * 8, "--patient", "p-1"], ["entry", "--patient", "p-1", "concern=nurse"]]


@needs_root
def test_who_may_not_change_anything_is_told_so_by_each_verb():
    gateway = Gateway()
    try:
        gateway.start()
        gateway.answers("Explain", {"epoch": "e-1", "seq": 17, "patient": "p-1", "values": []})
        gateway.answers("Patients", {"patient": "p-1"})
        program = shutil.copy(WARDCTL, gateway.directory)  # the checkout may be closed to others
        plan = shutil.copy(PLAN, gateway.directory)
        for command in CHANGES:
            result = gateway.run(*[plan if word == str(PLAN) else word for word in command], input="", user=NOBODY, program=program)
            assert (result.returncode, result.stdout) == (NOT_ALLOWED, ""), (command, result)
            assert "for root and the group wardgate-admin" in result.stderr and "`sudo adduser nobody wardgate-admin`" in result.stderr
    finally:
        gateway.stop()


# --- completion ------------------------------------------------------------------------------------------------------


def offered(*words, runner=run):
    result = runner("complete", *words)
    assert (result.returncode, result.stderr) == (DONE, "")
    return result.stdout.split()


def test_completion_offers_what_the_usage_has():
    assert offered("sta") == ["status"]
    assert {"patient", "plan"} <= set(offered("p"))
    assert "complete" not in offered("") and "complete" not in run("--help").stdout
    assert offered("--v") == ["--version"]
    assert offered("frobnicate", "") == []
    assert offered("devices", "pa") == ["pair"]
    assert set(offered("devices", "")) >= {"list", "scan", "pair", "show", "test", "bind", "unbind", "rename", "forget"}
    assert offered("devices", "pair", "AA:BB:CC:DD:EE:FF", "--pa") == ["--patient"]
    assert offered("devices", "--") == ["--json", "--help"]
    assert "--json" not in offered("devices", "pair", "--json", "--")
    assert offered("devices", "pair", "--t") == ["--timeout"]
    assert offered("readings", "--quantity", "sp") == ["spo2", "spo2_fast", "spo2_slow"]
    assert offered("plan", "check", "") == ["<file>"] and offered("plan", "apply", "--signed", "") == ["<file>"]
    assert offered("try", "plan.json", "") == ["<file>"] and offered("try", "plan.json", "r.ndjson", "") == []
    assert offered("status", "") == []


@pytest.mark.parametrize("line", LINES)
def test_completion_offers_every_word_of_the_usage(line):
    verb, actions, optional, options, _ = words_of(line)
    assert set(actions) <= set(offered(verb, ""))
    for action in actions or [None]:
        assert set(options) <= set(offered(*filter(None, [verb, action]), "--"))


def test_completion_offers_the_ids_that_there_are():
    gateway = Gateway()
    try:
        gateway.start()
        gateway.answers("Patients", {"patient": "p-7f3a"}, {"patient": "p-0002"})
        gateway.answers("Devices", {"device": "d-91c2"}, {"device": "x-1"})
        gateway.answers("Alarms", {"id": "9c1e" * 8})
        assert offered("patient", "show", "", runner=gateway.run) == ["p-7f3a", "p-0002"]
        assert offered("patient", "show", "p-7", runner=gateway.run) == ["p-7f3a"]
        assert offered("patient", "show", "p-7f3a", "", runner=gateway.run) == []
        assert offered("devices", "test", "d", runner=gateway.run) == ["d-91c2"]
        assert offered("devices", "bind", "d-91c2", "--patient", "", runner=gateway.run) == ["p-7f3a", "p-0002"]
        assert offered("devices", "bind", "--patient", "p-7f3a", "", runner=gateway.run) == ["d-91c2", "x-1"]
        assert offered("alarms", "explain", "", runner=gateway.run) == ["9c1e" * 8]
        assert offered("alarms", "silence", "", runner=gateway.run) == ["p-7f3a", "p-0002"]
    finally:
        gateway.stop()


def test_completion_says_nothing_when_nobody_answers():
    assert offered("patient", "show", "") == []
