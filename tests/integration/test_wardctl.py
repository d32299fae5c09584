# SPDX-License-Identifier: Apache-2.0
"""wardctl as a field engineer runs it, against a gateway with canned answers (tests/fakes/fake_wardgate.c) on a bus of this
test's own."""

import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev"))
WARDCTL = BUILD / "gateway" / "ctl" / "wardctl"
PLAN = ROOT / "config" / "care-plans" / "oximetry-at-home.json"
FAKE = BUILD / "tests" / "fakes" / "fake_wardgate"
NOBODY = 65534
DEADLINE_S = 60
DONE, FAILED, USAGE, UNREACHABLE, NOT_ALLOWED = range(5)
# enum ward_bus_error and enum ward_bus_signal of gateway/io/bus.h
ERROR_NOT_ALLOWED, ERROR_NOT_FOUND, ERROR_REFUSED = 1, 2, 3
SIGNAL_READING, SIGNAL_DEVICE_FOUND, SIGNAL_ENROLMENT_STEP, SIGNAL_TEST_STEP = 0, 2, 3, 4

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="changes are for root; callers who are somebody else too")

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
"""


def run(*arguments, bus="unix:path=/nonexistent", program=WARDCTL, **options):
    environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": bus, "LC_ALL": "C.UTF-8"}
    return subprocess.run([program, *arguments], env=environment, text=True, capture_output=True, timeout=DEADLINE_S,
                          **options)


class Gateway:
    def __init__(self):
        # Not pytest's own directory: somebody else must reach the socket in it.
        self.directory = directory = pathlib.Path(tempfile.mkdtemp(prefix="wardctl-"))
        directory.chmod(0o755)
        socket = directory / "bus"
        (directory / "bus.conf").write_text(BUS_CONFIG.format(socket=socket))
        self.daemon = subprocess.Popen(["dbus-daemon", f"--config-file={directory}/bus.conf", "--nofork",
                                        "--print-address"], stdout=subprocess.PIPE, text=True)
        assert self.daemon.stdout.readline()
        self.bus = f"unix:path={socket}"
        self.fake = None

    def start(self):
        self.fake = subprocess.Popen([FAKE, self.directory], stdout=subprocess.PIPE, text=True,
                                     env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus})
        assert self.fake.stdout.readline() == "ready\n"

    def stop(self):
        for process in (self.fake, self.daemon):
            if process and process.poll() is None:
                process.terminate()
                process.wait(DEADLINE_S)
            if process:
                process.stdout.close()
        shutil.rmtree(self.directory)

    def answers(self, method, *documents):
        lines = [d if isinstance(d, str) else json.dumps(d, ensure_ascii=False) for d in documents]
        (self.directory / method).write_text("".join(line + "\n" for line in lines))

    def refuses(self, method, error, sentence):
        (self.directory / f"{method}.error").write_text(f"{error} {sentence}\n")

    def signals(self, method, *signals):
        (self.directory / f"{method}.signals").write_text(
            "".join("\t".join(str(part) for part in parts) + "\n" for parts in signals))

    def calls(self):
        return [line.split("\t") for line in (self.directory / "calls").read_text().splitlines()]

    def run(self, *arguments, **options):
        return run(*arguments, bus=self.bus, **options)


@pytest.fixture
def gateway():
    instance = Gateway()
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


# --- help, usage -----------------------------------------------------------------------------------------------------

VERBS = ["status", "patient", "devices", "measure", "readings", "alarms", "plan", "queue", "hub", "decode", "selftest"]


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(verb):
    result = run(verb, "--help")
    assert result.returncode == DONE
    assert result.stdout.startswith(f"Usage: wardctl {verb}")
    assert verb in run("--help").stdout


@pytest.mark.parametrize("arguments", [
    [], ["frobnicate"], ["status", "now"], ["status", "--yaml"], ["patient", "eat"], ["patient", "show"],
    ["patient", "admit", "p-1"], ["devices", "pair"], ["devices", "pair", "AA:BB"], ["devices", "bind", "d-1"],
    ["devices", "bind", "d-1", "--patient", "p-1", "--slot", "255"], ["devices", "bind", "d-1", "--for", "3"],
    ["devices", "bind", "d-1", "--patient", "p-1", "--slot", "-1"], ["devices", "unbind"], ["devices", "show"],
    ["devices", "pair", "AA:BB:CC:DD:EE:FF", "--patient", "p-1", "--timeout", "9"],
    ["devices", "test"], ["devices", "test", "d-1", "--timeout", "9"], ["devices", "test", "d-1", "--timeout", "301"],
    ["devices", "test", "d-1", "d-2"], ["devices", "test", "d-1", "--patient", "p-1"],
    ["devices", "rename", "d-1"], ["measure"], ["measure", "--patient", "p-1", "--for", "0"],
    ["measure", "--patient", "p-1", "--for", "61"], ["measure", "--patient", "p-1", "d-1"],
    ["devices", "scan", "--seconds", "0"], ["devices", "scan", "--seconds", "9999999999999999999999"],
    ["devices", "scan", "--seconds"], ["readings", "--since", "yesterday"], ["readings", "--quantity", "mood"],
    ["readings", "--limit", "-1"], ["readings", "void", "x", "--reason", "y"], ["readings", "void", "e-1:", "--reason", "y"], ["readings", "all"], ["alarms", "stop"], ["alarms", "silence"], ["alarms", "explain"], ["alarms", "explain", "1", "2"], ["plan"],
    ["plan", "apply", "x.json"], ["hub"], ["hub", "explode"], ["hub", "enrol", "est.ward.example/00001"],
    ["hub", "enrol", "--yes"], ["hub", "renew", "--code", "x"], ["hub", "retire", "now"], ["queue", "up"]])
def test_wrong_usage_is_said_before_anything_is_asked(arguments):
    result = run(*arguments)
    assert result.returncode == USAGE
    assert result.stdout == ""
    assert result.stderr


# --- the daemon is away, or says no ----------------------------------------------------------------------------------

QUESTIONS = [["status"], ["patient"], ["patient", "show", "p-1"], ["devices"], ["devices", "scan", "--seconds", "1"],
             ["devices", "pair", "AA:BB:CC:DD:EE:FF", "--patient", "p-1"], ["devices", "forget", "d-1"],
             ["devices", "bind", "d-1", "--patient", "p-1"], ["devices", "unbind", "d-1"], ["devices", "show", "d-1"],
             ["devices", "test", "d-1"], ["devices", "rename", "d-1", "Clip"], ["measure", "--patient", "p-1"], ["readings"], ["readings", "--follow"], ["alarms"],
             ["alarms", "history"], ["alarms", "explain", "17"], ["alarms", "silence", "p-1"], ["plan", "show", "p-1"], ["queue"], ["hub", "show"],
             ["hub", "renew"], ["hub", "retire", "--yes"]]


@pytest.mark.parametrize("arguments", QUESTIONS)
def test_without_a_bus_it_says_so(arguments):
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert "does not answer" in result.stderr and "systemctl status wardgated" in result.stderr


def test_without_a_daemon_it_says_so():
    gateway = Gateway()
    try:
        for arguments in QUESTIONS:
            result = gateway.run(*arguments)
            assert (result.returncode, result.stdout) == (UNREACHABLE, ""), arguments
            assert "does not answer" in result.stderr
    finally:
        gateway.stop()


@needs_root
@pytest.mark.parametrize(("method", "words"), [("Order", ["entry", "--patient", "p-1", "concern=carer"]), ("TestDevice", ["devices", "test", "d-1"])])
def test_whether_it_was_done_is_not_known_when_the_daemon_ends_over_it(gateway, method, words):
    (gateway.directory / f"{method}.ends").touch()
    result = gateway.run(*words)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert "does not answer" in result.stderr and "it is not known whether it was: look before you ask for it again" in result.stderr
    assert "not known" not in gateway.run(*words).stderr  # nobody is there to do it


@needs_root
def test_somebody_else_may_not_change_anything(gateway):
    program = shutil.copy(WARDCTL, gateway.directory)  # the checkout may be closed to others
    gateway.answers("Devices", {"device": "d-1"})
    assert gateway.run("devices", user=NOBODY, program=program).returncode == DONE
    for arguments in (["devices", "forget", "d-1"], ["devices", "unbind", "d-1"], ["devices", "rename", "d-1", "x"],
                      ["devices", "test", "d-1"],
                      ["devices", "bind", "d-1", "--patient", "p-1"], ["measure", "--patient", "p-1"], ["alarms", "silence", "p-1"],
                      ["devices", "pair", "AA:BB:CC:DD:EE:FF", "--patient", "p-1"]):
        result = gateway.run(*arguments, user=NOBODY, program=program)
        assert (result.returncode, result.stdout) == (NOT_ALLOWED, ""), result
        assert "not allowed" in result.stderr


@needs_root
def test_the_daemons_sentence_is_shown_as_it_is(gateway):
    gateway.refuses("Forget", ERROR_NOT_FOUND, "There is no device d-9.")
    result = gateway.run("devices", "forget", "d-9")
    assert (result.returncode, result.stderr) == (FAILED, "wardctl: There is no device d-9.\n")
    gateway.refuses("Silence", ERROR_NOT_ALLOWED, "Silencing is not for you.")
    assert gateway.run("alarms", "silence", "p-1").returncode == NOT_ALLOWED


# --- what it shows ---------------------------------------------------------------------------------------------------

STATUS = {
    "schema": "wardgate.status/1", "gateway": "g-11a9", "version": "0.1.0", "monitoring": "none", "reasons": ["no-plan"],
    "patients": [
        {"patient": "p-7f3a", "label": "Bed 2", "monitoring": "degraded", "reasons": ["unsigned-plan"],
         "conditions": [{"condition": "spo2-low", "priority": "high", "state": "active", "text": "SpO2 88 %"}],
         "last_valid": [{"quantity": "spo2", "value": 88, "unit": "%", "measured_at": "2026-11-22T09:00:00.000Z"}]},
        {"patient": "p-0002", "label": "", "monitoring": "none", "reasons": ["no-plan"], "conditions": [],
         "last_valid": []}],
    "devices": [{"device": "d-91c2", "model": "3230", "patient": "p-7f3a", "connected": True, "battery": 80,
                 "last_heard_at": "2026-11-22T09:00:00.000Z"}],
    "queue": {"undelivered_readings": 3, "undelivered_alarms": 1, "oldest_age_s": 200},
    "link": {"up": False, "reason": "connection refused"}, "radio": {"present": True, "powered": True},
    "clock": "synced", "storage": {"state": "ok"}}


def test_status_says_who_is_not_monitored_and_why(gateway):
    gateway.answers("Status", STATUS)
    result = gateway.run("status")
    assert result.returncode == DONE
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "Wardgate g-11a9, version 0.1.0: NOT MONITORED: no-plan" in lines
    assert "p-7f3a (Bed 2): MONITORED, WITH GAPS: unsigned-plan" in lines
    assert "p-0002: NOT MONITORED: no-plan" in lines
    assert "alarm    spo2-low, high, active: SpO2 88 %" in lines
    assert "Ward link    DOWN (connection refused)" in lines
    assert "Undelivered  3 readings, 1 alarm, oldest 3 min" in lines
    assert any("d-91c2" in line and "80" in line for line in lines)
    assert "\x1b" not in result.stdout
    assert len(lines) < 40
    assert json.loads(gateway.run("status", "--json").stdout) == STATUS


@pytest.mark.parametrize("document", ["{}", "[]", "not JSON", '{"patients":{"a":1},"monitoring":7,"queue":[]}'])
def test_a_status_it_does_not_understand_never_reads_as_monitored(gateway, document):
    gateway.answers("Status", document)
    result = gateway.run("status")
    assert result.returncode == DONE
    assert "NOT MONITORED" in result.stdout


def reading(seq, **members):
    return {"epoch": "e-1", "seq": seq, "patient": "p-7f3a", "device": "d-91c2", "kind": "spot", "quality": "valid",
            "reasons": [], "measured_at": "2026-11-22T09:00:00.000Z",
            "values": [{"quantity": "spo2", "value": 96, "unit": "%"},
                       {"quantity": "pulse_rate", "value": None, "special": "nan", "unit": "/min"}], **members}


def test_readings_pass_their_filter_on(gateway):
    documents = [reading(1), reading(2, quality="invalid", reasons=["no-contact"])]
    gateway.answers("Readings", *documents)
    result = gateway.run("readings", "--since", "2026-11-22T09:00:00Z", "--device", "d-91c2", "--quantity", "spo2",
                         "--patient", "p-7f3a", "--limit", "7", "--json")
    assert result.returncode == DONE
    assert [json.loads(line) for line in result.stdout.splitlines()] == documents
    assert gateway.calls() == [["Readings", "patient=p-7f3a", "device=d-91c2", "quantity=spo2", "since=1795338000000",
                                "limit=7", "history=0"]]
    table = gateway.run("readings").stdout
    assert "SpO2 96 %, Pulse (nan)" in table and "no-contact" in table
    assert [line.split()[0] for line in table.splitlines()] == ["SEQ", "1", "2"]  # by which it is explained, or taken back


def test_what_a_number_stands_for_is_shown(gateway):
    values = [{"quantity": "consciousness", "value": 0, "code": "alert", "unit": ""}, {"quantity": "concern", "value": 1, "code": "carer", "unit": ""}]
    gateway.answers("Readings", reading(1, kind="entry", values=values))
    assert "Consciousness alert, Concern carer: valid\n" in gateway.run("readings").stdout


@pytest.mark.parametrize("verb", (["readings", "--follow"], ["readings", "--follow", "--json"], ["watch"], ["watch", "--json"]))
def test_what_follows_ends_when_its_output_is_full(gateway, verb):
    """A program that keeps what it reads is not to believe that nothing came."""
    gateway.answers("Status", {})
    gateway.answers("Readings")
    gateway.signals("Follow", *([SIGNAL_READING, json.dumps(reading(seq))] for seq in (1, 2)))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([WARDCTL, *verb], stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False,
                              env={"DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (FAILED, "wardctl: cannot write the output\n")


@pytest.mark.parametrize("left", [[], [3, 2, 1]])
def test_pages_of_two_databases_are_not_put_together(gateway, left):
    page = [{"epoch": "e-1", "seq": seq, "kind": "spot"} for seq in range(2000, 1000, -1)]
    gateway.answers("Readings", *page)
    gateway.answers("Readings.then", *({"epoch": "e-2", "seq": seq, "kind": "spot"} for seq in left))
    result = gateway.run("readings", "--json", "--limit", "1500")
    assert (result.returncode, result.stdout) == (FAILED, "") and "replaced meanwhile" in result.stderr


@pytest.mark.parametrize("left", [[], [3, 2, 1]])
def test_pages_of_one_database_are_one_list(gateway, left):
    page = [{"epoch": "e-1", "seq": seq, "kind": "spot"} for seq in range(2000, 1000, -1)]
    rest = [{**page[0], "seq": seq} for seq in left]
    gateway.answers("Readings", *page)
    gateway.answers("Readings.then", *rest)
    gateway.answers("Readings.then.then", page[0])
    result = gateway.run("readings", "--json", "--limit", "1500")
    assert (result.returncode, result.stderr) == (DONE, "")
    assert [json.loads(line) for line in result.stdout.splitlines()] == page + rest


def test_follow_shows_each_reading_once_and_notices_that_the_daemon_left(gateway):
    gateway.answers("Readings", reading(2), reading(1))  # the newest first, as the daemon gives them
    gateway.signals("Readings", [SIGNAL_READING, json.dumps(reading(2))], [SIGNAL_READING, json.dumps(reading(3))],
                    [SIGNAL_READING, json.dumps(reading(4, patient="p-other"))],
                    [SIGNAL_READING, json.dumps(reading(5))])
    with subprocess.Popen([WARDCTL, "readings", "--follow", "--patient", "p-7f3a", "--json"], text=True,
                          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert [json.loads(process.stdout.readline())["seq"] for _ in range(4)] == [1, 2, 3, 5]
        gateway.fake.send_signal(signal.SIGKILL)
        output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (UNREACHABLE, "")
    assert "left the bus" in errors


def test_a_reading_of_nobody_is_explained(gateway):
    gateway.answers("Readings", reading(1))
    assert "Without a patient" not in gateway.run("readings").stdout
    gateway.answers("Readings", reading(1), reading(2, patient=None, unassigned=True, values=[]))
    assert "Without a patient: it was in the device's memory" in gateway.run("readings").stdout


def test_a_reading_says_that_it_was_taken_back(gateway):
    void = {"epoch": "e-1", "seq": 4, "kind": "void", "voids": 2, "reason": "wrong-patient", "by": "dr-1"}
    gateway.answers("Readings", void, reading(3), reading(2), {**reading(2), "epoch": "e-0"})
    lines = [line for line in gateway.run("readings").stdout.splitlines() if "SpO2" in line]
    assert ["valid, but taken back by 4" in line for line in lines] == [False, True, False]
    assert all(json.loads(line).get("taken_back_by") is None for line in gateway.run("readings", "--json").stdout.splitlines())


@needs_root
def test_pair_shows_its_steps_as_they_come(gateway):
    address = "AA:BB:CC:DD:EE:FF"
    gateway.signals("Pair", [SIGNAL_ENROLMENT_STEP, address, "bonding", "Bonding with it."],
                    [SIGNAL_ENROLMENT_STEP, address, "reading", "It came back and sent a reading."])
    gateway.answers("Pair", {"device": "d-91c2", "patient": "p-7f3a"})
    result = gateway.run("devices", "pair", address, "--patient", "p-7f3a", "--timeout", "60")
    assert result.returncode == DONE
    lines = result.stdout.splitlines()
    assert re.fullmatch(r" +\d+ s of 60  bonding +Bonding with it\.", lines[0])
    assert "sent a reading" in lines[1] and "is paired" in lines[2]
    assert [call for call in gateway.calls() if call[0] == "Pair"] == [["Pair", address, "p-7f3a", "bonded", "60"]]
    documents = [json.loads(line) for line in
                 gateway.run("devices", "pair", address, "--patient", "p-7f3a", "--json").stdout.splitlines()]
    assert [d.get("step") for d in documents] == ["bonding", "reading", None]
    assert documents[2]["device"] == "d-91c2"


@needs_root
def test_a_pairing_that_failed_is_never_called_paired(gateway):
    gateway.refuses("Pair", ERROR_REFUSED, "It bonded but did not come back within 60 s.")
    result = gateway.run("devices", "pair", "AA:BB:CC:DD:EE:FF", "--patient", "p-7f3a")
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert "did not come back" in result.stderr


@needs_root
def test_a_test_reading_shows_its_steps_as_they_come(gateway):
    answer = {"device": "d-91c2", "quality": "valid", "reasons": [], "values": [{"quantity": "spo2", "unit": "%", "value": 97}]}
    gateway.signals("TestDevice", [SIGNAL_TEST_STEP, "d-91c2", "prepare", "Put it on a warm finger."],
                    [SIGNAL_TEST_STEP, "d-other", "prepare", "Somebody else's."],
                    [SIGNAL_TEST_STEP, "d-91c2", "reading", "SpO2 97 %: valid."], [SIGNAL_TEST_STEP, "d-91c2", "done", "It works."])
    gateway.answers("TestDevice", answer)
    result = gateway.run("devices", "test", "d-91c2")
    assert (result.returncode, result.stderr) == (DONE, "")
    assert [line.split(maxsplit=1) for line in result.stdout.splitlines()] == [
        ["prepare", "Put it on a warm finger."], ["reading", "SpO2 97 %: valid."], ["done", "It works."]]
    documents = [json.loads(line) for line in gateway.run("devices", "test", "d-91c2", "--timeout", "300", "--json").stdout.splitlines()]
    assert [d.get("step") for d in documents] == ["prepare", "reading", "done", None]
    assert documents[3] == answer
    assert gateway.calls() == [["TestDevice", "d-91c2", "120"], ["TestDevice", "d-91c2", "300"]]


@needs_root
def test_a_test_that_failed_says_what_to_try_once(gateway):
    sentence = "It was not heard at all. Put a fresh battery in."
    gateway.signals("TestDevice", [SIGNAL_TEST_STEP, "d-1", "failed", sentence])
    gateway.refuses("TestDevice", ERROR_REFUSED, sentence)
    result = gateway.run("devices", "test", "d-1")
    assert (result.returncode, result.stdout, result.stderr) == (FAILED, "", f"wardctl: {sentence}\n")
    documents = [json.loads(line) for line in gateway.run("devices", "test", "d-1", "--json").stdout.splitlines()]
    assert [d["step"] for d in documents] == ["failed"]


@needs_root
def test_scan_lists_what_was_found(gateway):
    gateway.signals("Scan", [SIGNAL_DEVICE_FOUND, '{"address":"AA:BB:CC:DD:EE:FF"}'])
    gateway.answers("Scan", {"address": "AA:BB:CC:DD:EE:FF", "name": "Nonin3230", "kind": "oximeter", "rssi": -60})
    result = gateway.run("devices", "scan", "--seconds", "2")
    assert result.returncode == DONE
    assert "Nonin3230" in result.stdout and "oximeter" in result.stdout and "-60 dBm" in result.stdout
    assert "wardctl devices pair ADDRESS --patient PATIENT" in result.stdout
    assert gateway.calls() == [["Scan", "2"]]


@needs_root
def test_changes_carry_their_arguments(gateway, tmp_path):
    plan = tmp_path / "plan.json"
    one, other = (json.dumps({**json.loads(PLAN.read_text()), "version": version}) for version in (7, 8))
    plan.write_text(one)
    gateway.answers("Command", {"outcome": "done"})
    gateway.answers("Order", {"outcome": "done"})
    gateway.answers("Explain", {"epoch": "e-01", "seq": 17, "patient": "p-1", "values": []})
    assert gateway.run("patient", "admit", "p-1", "--episode", "s-1", "--label", "Bed 1", "--check-word", "otter",
                       "--plan", plan).returncode == DONE
    assert gateway.run("plan", "apply", "-", "--patient", "p-1", input=other).returncode == DONE
    assert gateway.run("devices", "bind", "d-1", "--patient", "p-1").returncode == DONE
    assert gateway.run("devices", "bind", "d-1", "--patient", "p-2", "--slot", "2", "--share").returncode == DONE
    assert gateway.run("devices", "unbind", "d-1").returncode == DONE
    assert gateway.run("devices", "unbind", "d-1", "--patient", "p-1").returncode == DONE
    assert gateway.run("devices", "rename", "d-1", "Bärbels Clip").stdout == 'd-1 is now called "Bärbels Clip".\n'
    assert gateway.run("devices", "rename", "d-1", "").stdout == "d-1 has no name any more.\n"
    assert gateway.run("measure", "--patient", "p-1").returncode == DONE
    assert gateway.run("measure", "--patient", "p-1", "--device", "d-1", "--for", "10").returncode == DONE
    assert gateway.run("devices", "forget", "d-1").returncode == DONE
    assert gateway.run("alarms", "silence", "p-1").returncode == DONE
    signed = ("--signed", "-")
    assert gateway.run("alarms", "ack", *signed, input='{"payload":"x"}').returncode == DONE
    assert gateway.run("readings", "void", *signed, input='{"payload":"y"}').returncode == DONE
    assert gateway.run("entry", *signed, input='{"payload":"z"}').returncode == DONE
    assert gateway.run("alarms", "ack", "9c1e" * 8, "--patient", "p-1", "--by", "dr-1").returncode == DONE
    assert gateway.run("readings", "void", "17", "--reason", "wrong-patient").returncode == DONE
    assert [call for call in gateway.calls() if call not in (["Patients"], ["Devices"])] == [
        ["Admit", "p-1", "s-1", "Bed 1", "otter", one], ["ApplyPlan", "p-1", other],
        ["Bind", "d-1", "p-1", "move", "255"], ["Bind", "d-1", "p-2", "share", "2"], ["Unbind", "d-1", ""],
        ["Unbind", "d-1", "p-1"], ["Rename", "d-1", "Bärbels Clip"],
        ["Rename", "d-1", ""], ["Measure", "p-1", "", "300"],
        ["Measure", "p-1", "d-1", "600"], ["Forget", "d-1"], ["Silence", "p-1"], ["Command", '{"payload":"x"}'],
        ["Command", '{"payload":"y"}'], ["Command", '{"payload":"z"}'],
        ["Order", "p-1", "dr-1",
         '{"alarm":"%s","command":"acknowledge","schema":"wardgate.command/1"}' % ("9c1e" * 8)],
        ["Explain", "17"],
        ["Order", "p-1", "",
         '{"command":"void","epoch":"e-01","reason":"wrong-patient","schema":"wardgate.command/1","seq":17}']]


def test_an_entry_is_checked_before_it_is_sent(gateway):
    gateway.answers("Order", {"outcome": "done"})
    result = gateway.run("entry", "--patient", "p-1", "--by", "nurse-anne", "respiration_rate=18", "consciousness=alert",
                         "oxygen=oxygen", "oxygen_flow=2.5")
    assert result.returncode == DONE, result.stderr
    assert gateway.run("entry", "--patient", "p-1", "concern=carer").returncode == DONE
    for words, reason in ((["respiration_rate=180"], "not plausible"), (["consciousness=asleep"], "unresponsive"),
                          (["mood=bad"], "nothing that can be entered"), ([], "nothing to enter"),
                          (["concern=carer", ""], '"" is not NAME=VALUE'), (["concern=carer", " "], '" " is not NAME=VALUE'),
                          (["concern=carer spo2=97"], '"concern=carer spo2=97" is not NAME=VALUE'), (["spo2"], "NAME=VALUE")):
        result = gateway.run("entry", "--patient", "p-1", *words)
        assert result.returncode == USAGE
        assert reason in result.stderr
    assert gateway.run("entry", "concern=carer").returncode == USAGE
    gateway.refuses("Order", ERROR_REFUSED, "This must be signed here.")
    result = gateway.run("entry", "--patient", "p-1", "spo2=97", "body_temperature=37.8")
    assert "37.8}" in gateway.calls()[-1][3] or "37.8," in gateway.calls()[-1][3], "as it was typed, and not 37.799999999999997"
    assert result.returncode == FAILED
    assert "must be signed" in result.stderr
    assert gateway.run("entry", "--signed", "-", "spo2=97", input="{}").returncode == USAGE
    calls = [[*call[:3], json.loads(call[3])] for call in gateway.calls()]
    entry = {"schema": "wardgate.command/1", "command": "entry"}
    assert calls == [
        ["Order", "p-1", "nurse-anne", {**entry, "values": {"respiration_rate": 18, "consciousness": "alert",
                                                            "oxygen": "oxygen", "oxygen_flow": 2.5}}],
        ["Order", "p-1", "", {**entry, "values": {"concern": "carer"}}],
        ["Order", "p-1", "", {**entry, "values": {"spo2": 97, "body_temperature": 37.8}}]]


def test_status_never_calls_a_partial_score_low(gateway):
    patient = {"patient": "p-1", "monitoring": "full", "reasons": [], "conditions": [], "last_valid": []}
    partial = {"complete": False, "minimum": 0, "maximum": 11, "missing": ["consciousness"], "stale": ["bp_systolic"]}
    gateway.answers("Status", {"gateway": "g-1", "patients": [{**patient, "news2": partial}]})
    line, = [line for line in gateway.run("status").stdout.splitlines() if "NEWS2" in line]
    assert line.split("NEWS2")[1].split() == "0 or more, up to 11; not known: consciousness, bp_systolic".split()
    complete = {"complete": True, "minimum": 7, "maximum": 7, "missing": [], "stale": []}
    gateway.answers("Status", {"gateway": "g-1", "patients": [{**patient, "news2": complete}]})
    line, = [line for line in gateway.run("status").stdout.splitlines() if "NEWS2" in line]
    assert line.split("NEWS2")[1].split() == ["7"]


def test_an_acknowledgement_that_was_refused_is_a_failure(gateway):
    gateway.answers("Command", {"outcome": "refused", "reason": "the signature does not hold"})
    for words in (("alarms", "ack"), ("readings", "void"), ("entry",)):
        result = gateway.run(*words, "--signed", "-", input="{}")
        assert (result.returncode, result.stdout) == (FAILED, "")
        assert "the signature does not hold" in result.stderr
    for words in (("alarms", "ack"), ("alarms", "ack", "9c1e" * 8), ("readings", "void", "17"),
                  ("readings", "void", "17", "--signed", "-"), ("readings", "void", "--reason", "x")):
        assert gateway.run(*words, input="{}").returncode == USAGE


def signed(key, *words):
    by = ("--gateway", "g-1", "--by", "dr-1", "--patient", "p-1")
    return run("sign", "--key", key, *by, *words).stdout


def test_a_file_is_not_carried_out_by_the_verb_of_another_order(gateway, tmp_path):
    gateway.answers("Command", {"outcome": "done"})
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    verbs = {("patient", "admit"): ["--episode", "s-1", "admit"], ("patient", "discharge"): ["--episode", "s-1", "discharge", "reason=home"],
             ("alarms", "ack"): ["acknowledge", "alarm=" + "9c1e" * 8], ("readings", "void"): ["void", "epoch=e-1", "seq=7", "reason=x"],
             ("entry",): ["entry", "spo2=97"]}
    for verb, words in verbs.items():
        jws = signed(key, *words)
        for other in [*verbs, ("plan", "apply")]:
            result = gateway.run(*other, "--signed", "-", input=jws)
            if other == verb:
                assert result.returncode == DONE and "order" not in result.stdout, result
            else:
                assert (result.returncode, result.stdout) == (FAILED, ""), (verb, other)
                assert f"nothing was done: what is signed there is for `wardctl {' '.join(verb)} --signed`" in result.stderr
    claims = json.dumps({"type": "care-plan", "gateway": "g-1", "patient": "p-1", "episode": "s-1", "id": "c-1", "version": 1,
                         "issued_at": "2026-11-22T09:00:00Z", "not_after": "2026-11-22T10:00:00Z", "by": {"id": "dr-1", "role": "clinical"},
                         "body": json.loads(PLAN.read_text())})
    plan = run("sign", "--key", key, "-", input=claims).stdout
    assert "for `wardctl plan apply --signed`" in gateway.run("patient", "admit", "--signed", "-", input=plan).stderr
    assert gateway.run("plan", "apply", "--signed", "-", input=plan).stdout == "The plan is in force.\n"
    assert [call[0] for call in gateway.calls()].count("Command") == len(verbs) + 1
    for words in (("alarms", "ack"), ("entry",)):
        jws = signed(key, *verbs[words])
        assert gateway.run(*words, "--patient", "p-1", "--signed", "-", input=jws).returncode == DONE
        result = gateway.run(*words, "--patient", "p-2", "--signed", "-", input=jws)
        assert (result.returncode, result.stdout) == (FAILED, "") and "is about p-1, not about p-2" in result.stderr
    suspension = signed(key, "suspend", "until=2026-11-22T09:00:00Z", "reason=bath")  # which has no verb: it is not said to be another
    assert gateway.run("alarms", "ack", "--signed", "-", input=suspension).stdout == "The order is carried out.\n"


@pytest.mark.parametrize("words", [["entry", "spo2=94", "spo2=84"], ["void", "epoch=e-1", "seq=7", "seq=8", "reason=x"],
                                   ["acknowledge", "alarm=" + "9c1e" * 8, "alarm=" + "9c1f" * 8]])
def test_what_is_said_twice_is_not_signed(tmp_path, words):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    result = run("sign", "--key", key, "--gateway", "g-1", "--by", "dr-1", "--patient", "p-1", *words)
    assert (result.returncode, result.stdout) == (USAGE, "") and "= stands there twice" in result.stderr


@pytest.mark.parametrize("kid", ["", "a\nb", "a\x7f", 'a"b', "a\\b", os.fsdecode(b"\xe9"), "x" * 65])
def test_what_is_no_kid_is_not_signed_with(tmp_path, kid):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    result = run("sign", "--key", key, "--kid", kid, "--gateway", "g-1", "--by", "dr-1", "rotate", errors="replace")
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert run("sign", "--key", key, "--kid", "Schlüssel 1", "--gateway", "g-1", "--by", "dr-1", "rotate").returncode == DONE


def test_what_is_no_text_is_said_to_be_none(gateway):
    result = gateway.run("patient", "discharge", "p-1", "--reason", os.fsdecode(b"M\xfcde"))
    assert (result.returncode, result.stdout) == (FAILED, "") and "it must be UTF-8" in result.stderr


def test_a_file_that_is_not_there_is_said(gateway):
    result = gateway.run("alarms", "ack", "--signed", "/nonexistent/file")
    assert result.returncode == FAILED
    assert "/nonexistent/file" in result.stderr


BAD_PLANS = [  # what stands in the file, and where and why that is no plan
    (json.dumps({**json.loads(PLAN.read_text()), "version": 0}), "/version: "),
    ('{"schema":\n"x",}\n', "line 2, column "),
    ("", "line 1, column "),
]


@needs_root
@pytest.mark.parametrize("words", [["plan", "apply", "FILE", "--patient", "p-1"],
                                   ["patient", "admit", "p-1", "--episode", "s-1", "--plan", "FILE"]], ids=" ".join)
def test_a_bad_plan_is_refused_with_file_place_and_reason(gateway, tmp_path, words):
    path = tmp_path / "plan.json"
    (gateway.directory / "calls").write_text("")
    for text, place in BAD_PLANS:
        path.write_text(text)
        result = gateway.run(*[path if word == "FILE" else word for word in words])
        assert (result.returncode, result.stdout) == (FAILED, "")
        assert result.stderr.startswith(f"{path}: this care plan is refused") and place in result.stderr
    assert gateway.calls() == []


@needs_root
def test_a_plan_that_the_daemon_refuses_is_named_too(gateway):
    gateway.refuses("ApplyPlan", ERROR_REFUSED, "/version: it must be higher than 3.")
    result = gateway.run("plan", "apply", PLAN, "--patient", "p-1")
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert "/version: it must be higher than 3." in result.stderr and f"{PLAN} is not in force" in result.stderr


def test_patients_alarms_plan_queue_and_hub(gateway):
    patient = {"patient": "p-7f3a", "label": "Bed 2", "episode": "s-01", "monitoring": "full", "reasons": []}
    alarm = {"patient": "p-7f3a", "priority": "high", "condition": "spo2-low", "state": "active", "text": "SpO2 88 %"}
    gateway.answers("Patients", patient)
    gateway.answers("Alarms", alarm)
    gateway.answers("Plan", {"id": "oximetry-at-home"})
    gateway.answers("Queue", {"undelivered_readings": 0})
    gateway.answers("Hub", {"host": "hub.example"})
    assert "Bed 2" in gateway.run("patient").stdout
    assert json.loads(gateway.run("patient", "show", "p-7f3a", "--json").stdout) == patient
    gateway.answers("Patients", {**patient, "conditions": [{**alarm, "id": "9c1e" * 8, "text": "x" * 300}] * 2,
                                 "last_valid": [{"quantity": "spo2", "value": 88, "unit": "%"}]})
    lines = gateway.run("patient", "show", "p-7f3a").stdout.splitlines()
    assert lines[-3:] == ["alarm                  spo2-low, high, active: " + "x" * 300] * 2 + ["last                   SpO2 88 %"]
    assert gateway.run("patient", "show", "p-9").returncode == FAILED
    assert "spo2-low" in gateway.run("alarms").stdout
    assert json.loads(gateway.run("alarms", "history", "--json").stdout) == alarm
    assert json.loads(gateway.run("plan", "show", "p-7f3a").stdout) == {"id": "oximetry-at-home"}
    assert "undelivered_readings" in gateway.run("queue").stdout
    assert "hub.example" in gateway.run("hub", "show").stdout
    assert [call[-1] for call in gateway.calls() if call[0] == "Alarms"] == ["history=0", "history=1"]


def test_nothing_is_shown_cut_as_if_it_were_whole(gateway):
    inputs = [{"parameter": name, "value": 128 + i, "points": 2, "age_s": 1200, "source": "d-91c2a0b1c2d3e4f5"} for i, name in enumerate(
        ("respiration_rate", "spo2", "oxygen", "systolic", "pulse", "consciousness", "temperature"))]
    wear = {"expected_s": 86400, "worn_s": 80000, "share": 0.925}
    span = {"due": 3, "in_time": 2, "late": 0, "missed": 1, "wear": wear}
    patient = {"patient": "p-1", "news2": {"complete": True, "minimum": 14, "maximum": 14, "missing": [], "inputs": inputs},
               "adherence": [{"quantity": "spo2", "last_24_h": span, "since_admission": span}], "reasons": ["rule-without-source"] * 11 + ["ä" * 9, "last"]}
    gateway.answers("Patients", patient)
    lines = gateway.run("patient", "show", "p-1").stdout.splitlines()
    assert [line for line in lines if line.startswith("news2 input")] == [
        f"news2 input            parameter {i['parameter']}, value {i['value']}, points 2, age_s 1200, source d-91c2a0b1c2d3e4f5" for i in inputs]
    assert [line for line in lines if line.startswith("adherence")] == [
        f"adherence              spo2, {name}: due 3, in_time 2, late 0, missed 1, wear expected_s 86400, worn_s 80000, share 0.925"
        for name in ("last_24_h", "since_admission")]
    reasons, = [line for line in lines if line.startswith("reasons")]  # between two characters, with a sign that there is more
    assert reasons.endswith("rule-without-source, ää...") and "last" not in reasons
    for room in range(4):
        gateway.answers("Patients", {"patient": "p-1", "label": "x" * (230 + room) + "€uro" * 9})
        label, = [line for line in gateway.run("patient", "show", "p-1").stdout.splitlines() if line.startswith("label")]
        assert re.search(r"x(€uro)*(€|€u|€ur)?\.\.\.$", label) and label.count(".") == 3


def test_one_device_with_all_that_is_known_of_it(gateway):
    device = {"device": "d-2", "name": "Clip", "battery": 80, "serial_number": "501", "duplicates": 3,
              "bindings": [{"patient": "p-7f3a", "slot": 1, "from": "2026-11-22T09:00:00.000Z", "read_out": True}]}
    gateway.answers("Devices", {"device": "d-1", "serial_number": "another"}, device)
    shown = gateway.run("devices", "show", "d-2").stdout
    assert all(text in shown for text in ("p-7f3a since 2026-11-22", "only what its user 1 measures", "501", "80 %", "Clip",
                                          "3 measurements came again"))
    assert "another" not in shown
    assert json.loads(gateway.run("devices", "show", "d-2", "--json").stdout) == device
    result = gateway.run("devices", "show", "d-9")
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert "d-9" in result.stderr


@pytest.mark.parametrize(("members", "text"), [
    ({"security": "bonded"}, "it proves by a key"),
    ({"security": "open"}, "its serial number or system id is compared"),
    ({"security": "open-by-address"}, "which anybody can copy"),
    ({"security": "of-next-year"}, "of-next-year"),
    ({"security": "bonded", "needs_pairing": True}, "forget it and pair it again"),
    ({"bindings": []}, "belongs to nobody"),
    ({"bindings": [{"patient": "p-1", "read_out": False}]}, "its memory was not read yet"),
    ({"shared": True}, "must be claimed"),
    ({"clock": "wrong", "clock_offset_s": -200}, "wrong, 3 min behind"),
    ({"clock": "wrong", "clock_offset_s": 7300}, "wrong, 2 h ahead"),
    ({"clock": "reset", "clock_offset_s": -99}, "lost its time"),
    ({"last_heard_at": None, "last_heard_age_s": 200}, "3 min ago"),  # without a clock that is trusted
    ({"a_member_of_next_year": 7}, "a_member_of_next_year 7"),
])
def test_a_device_is_shown_in_words(gateway, members, text):
    gateway.answers("Devices", {"device": "d-1", **members})
    assert text in " ".join(gateway.run("devices", "show", "d-1").stdout.split())


@pytest.mark.parametrize(("members", "text"), [
    ({"model": "3230", "bindings": [{"patient": "p-1"}, {"patient": "p-2", "slot": 2}]}, "d-1 (3230) of p-1, p-2 (2) is forgotten"),
    ({"bindings": []}, "d-1 is forgotten"),
])
def test_who_forgets_a_device_sees_whose_it_was(gateway, members, text):
    gateway.answers("Devices", {"device": "d-0", "model": "another"}, {"device": "d-1", **members})
    result = gateway.run("devices", "forget", "d-1")
    assert (result.returncode, result.stdout) == (DONE, f"{text}; nothing of it is read any more.\n")


def test_what_an_engineer_must_see_is_in_the_table(gateway):
    gateway.answers("Devices", {"device": "d-1", "security": "bonded", "last_heard_at": None, "last_heard_age_s": 200, "battery": 14},
                    {"device": "d-2", "security": "bonded", "needs_pairing": True})
    _, first, second = gateway.run("devices").stdout.splitlines()
    assert "3 min ago" in first and "14 %" in first and "bonded" in first
    assert "BOND LOST" in second and "bonded" not in second


def test_ages_are_short_and_a_wrong_clock_shows(gateway):
    now = datetime.datetime.now(datetime.timezone.utc)
    for seconds, age in ((-7300, "-2 h"), (90000, "25 h"), (200, "3 min"), (864000, "10 d")):
        heard = now - datetime.timedelta(seconds=seconds)
        gateway.answers("Devices", {"device": "d-1", "last_heard_at": f"{heard:%Y-%m-%dT%H:%M:%S}Z"})
        assert f" {age} " in gateway.run("devices").stdout


def test_a_table_shows_what_is_missing_and_every_letter(gateway):
    gateway.answers("Patients", {"patient": "p-1", "label": "Zimmer 3, Bärbel"})
    row = gateway.run("patient").stdout.splitlines()[1]
    assert "Bärbel" in row
    assert row.split()[-3:] == ["-", "-", "-"]


def test_empty_lists_say_so(gateway):
    for arguments, sentence in ((["patient"], "No patient"), (["devices"], "No device"), (["readings"], "No reading"),
                                (["alarms"], "No alarm")):
        result = gateway.run(*arguments)
        assert result.returncode == DONE
        assert sentence in result.stdout
        assert gateway.run(*arguments, "--json").stdout == ""


# --- why an alarm, why none ------------------------------------------------------------------------------------------

ID = "9c1e" * 8
PLAN_TEXT = PLAN.read_text()


def alarm_event(second, event, n=0, **members):
    head = {"id": ID, "n": n} if n else {}
    return {**head, "schema": "wardgate.alarm/1", "patient": "p-1", "condition": "spo2-low", "rule": "spo2-red",
            "kind": "physiological", "priority": "high", "event": event, "again": False, "quantity": "spo2", "value": 88,
            "limit": 93, "unit": "%", "at": f"2026-11-22T09:00:{second:02}.000Z", "text": "SpO2 88 %",
            "plan": {"id": "oximetry-at-home", "version": 3}, "reading": {"epoch": "e-1", "seq": None},
            "delay_ms": {"condition": 15000, "signal": 12}, "shown": {"light": True, "sound": True}, **members}


def record(second, seq, value, **members):
    return {"epoch": "e-1", "seq": seq, "patient": "p-1", "kind": "continuous", "quality": "valid", "reasons": [],
            "measured_at": f"2026-11-22T09:00:{second:02}.000Z", "received_at": f"2026-11-22T09:00:{second:02}.000Z",
            "values": [{"quantity": "spo2", "value": value, "unit": "%"}], **members}


def test_an_alarm_is_explained(gateway):
    story = [alarm_event(1, "pending"), alarm_event(3, "settled"), alarm_event(5, "pending"),
             alarm_event(6, "raised", 1, condition="pulse-rate-high", quantity="pulse_rate"), alarm_event(20, "raised", 1),
             alarm_event(30, "acknowledged", 2, by="dr-1"), alarm_event(50, "cleared", 3, reason="data")]
    story[3].update(id="0" * 32, n=0)
    del story[3]["id"]
    gateway.answers("Explain", *story)
    gateway.answers("Readings", *[record(second, second, 88) for second in range(20, 4, -1)])
    told = json.loads(gateway.run("alarms", "explain", ID, "--json").stdout)
    assert [event["event"] for event in told["events"]] == ["pending", "raised", "acknowledged", "cleared"]
    assert (told["rule"], told["plan"]["version"], told["limit"]) == ("spo2-red", 3, 93)
    assert (told["acknowledged_by"], told["cleared_reason"]) == ("dr-1", "data")
    assert told["delay_ms"] == {"condition": 15000, "signal": 12}
    assert [reading["seq"] for reading in told["readings"]] == list(range(5, 21))
    calls = gateway.calls()
    assert calls[0] == ["Explain", ID]
    assert calls[1][:2] == ["Readings", "patient=p-1"] and "quantity=spo2" in calls[1]
    people = gateway.run("alarms", "explain", ID).stdout
    for words in ("spo2-red, limit 93 %", "oximetry-at-home, version 3", "15000 ms", "16", "10 more", "acknowledged by dr-1",
                  "cleared, reason data"):
        assert words in people, words


def test_an_alarm_may_be_named_by_its_condition(gateway):
    other = "0a1b" * 8
    gateway.answers("Alarms", {"id": ID, "condition": "spo2-low"}, {"id": "f" * 32, "condition": "concern"})
    gateway.answers("Explain", alarm_event(20, "raised", 1))
    gateway.answers("Readings")
    gateway.answers("Order", {"outcome": "done"})
    told, = gateway.run("alarms", "explain", "spo2-low", "--json").stdout.splitlines()
    assert json.loads(told)["condition"] == "spo2-low"
    assert gateway.run("alarms", "ack", "spo2-low", "--patient", "p-1").returncode == DONE
    assert [call[1] for call in gateway.calls() if call[0] == "Explain"] == [ID]
    assert ["patient=p-1" in call for call in gateway.calls() if call[0] == "Alarms"] == [False, True]
    order, = [json.loads(call[3]) for call in gateway.calls() if call[0] == "Order"]
    assert order["alarm"] == ID

    gateway.answers("Alarms", {"id": ID, "condition": "spo2-low"}, {"id": other, "condition": "spo2-low"})
    assert len(gateway.run("alarms", "explain", "spo2-low", "--json").stdout.splitlines()) == 2
    result = gateway.run("alarms", "ack", "spo2-low", "--patient", "p-1")
    assert result.returncode == FAILED and "p-1 has several alarms spo2-low" in result.stderr
    result = gateway.run("alarms", "explain", "pulse-rate-high")
    assert result.returncode == FAILED and 'no alarm has the condition "pulse-rate-high"' in result.stderr
    assert len([call for call in gateway.calls() if call[0] == "Order"]) == 1
    assert [call for call in gateway.calls() if call[0] == "Alarms"][-1][-1] == "history=1"  # it was looked for in the past


def test_an_alarm_that_is_not_stored_is_no_alarm(gateway):
    gateway.answers("Explain")
    result = gateway.run("alarms", "explain", ID)
    assert result.returncode == FAILED and "no alarm of that id" in result.stderr
    result = gateway.run("alarms", "explain", "17")
    assert result.returncode == FAILED and "no record 17" in result.stderr


@pytest.mark.parametrize("reading, events, why", [
    (record(10, 7, 97), [], "97 is not below 93"),
    (record(10, 7, 93), [], "93 is not below 93"),
    (record(10, 7, 88), [alarm_event(9, "pending"), alarm_event(14, "settled")], "settled at 2026-11-22T09:00:14.000Z, before the delay of 15 s"),
    (record(10, 7, 88), [alarm_event(9, "pending"), alarm_event(24, "raised", 1)], f"alarm {ID} at 2026-11-22T09:00:24"),
    (record(10, 7, 88), [alarm_event(2, "raised", 1)], f"the alarm {ID} stood already"),
    (record(10, 7, 88), [alarm_event(2, "raised", 1), alarm_event(5, "cleared", 2, kind="technical", condition="rule-without-source")],
     f"the alarm {ID} stood already"),
    (record(10, 7, 88), [alarm_event(10, "raised", 1, reading={"epoch": "e-1", "seq": 7})], f"it raised the alarm {ID}"),
    (record(10, 7, 88), [alarm_event(2, "raised", 1), alarm_event(8, "cleared", 2)], "nothing in the history"),
    (record(10, 7, 88, late=True), [], "it came late"),
    (record(10, 7, 88, quality="invalid", reasons=["no-contact"]), [], "invalid (no-contact)"),
    (record(10, 7, 88, unassigned=True, patient=None), [], "belongs to no patient"),
    (record(10, 7, 12), [], "cannot be a patient's"),
    (record(10, 7, None, values=[{"quantity": "spo2", "value": None, "special": "nan"}]), [], "gave no number"),
    (record(10, 7, 5, values=[{"quantity": "glucose", "value": 5}]), [], "the plan does not watch it"),
    ({"epoch": "e-1", "seq": 7, "kind": "gap", "received_at": "2026-11-22T09:00:10.000Z"}, [], "it is no reading")])
def test_why_a_reading_did_not_alarm(gateway, reading, events, why):
    gateway.answers("Explain", reading)
    gateway.answers("Plan", json.dumps(json.loads(PLAN_TEXT)))
    gateway.answers("Alarms", *reversed(events))
    result = gateway.run("alarms", "explain", "e-1:7", "--json")
    assert result.returncode == DONE, result.stderr
    assert any(why in answer["why"] for answer in json.loads(result.stdout)["answers"]), result.stdout
    assert why in gateway.run("alarms", "explain", "--reading", "7").stdout


def test_a_reading_of_somebody_without_a_plan(gateway):
    gateway.answers("Explain", record(10, 7, 80))
    gateway.answers("Alarms")
    gateway.refuses("Plan", 2, "This patient has no care plan.")
    assert "no care plan: nothing is judged" in gateway.run("alarms", "explain", "7").stdout


@pytest.mark.parametrize("plan", ('{"schema":"wardgate.care-plan/2"}', "{}", ""))
def test_a_plan_that_is_not_understood_is_not_said_to_be_none(gateway, plan):
    gateway.answers("Explain", record(10, 7, 80))
    gateway.answers("Alarms")
    gateway.answers("Plan", plan)
    for words in ((), ("--json",)):
        result = gateway.run("alarms", "explain", "7", *words)
        assert (result.returncode, result.stdout) == (FAILED, "")
        assert "the care plan in force cannot be read" in result.stderr
    gateway.answers("Explain", {"epoch": "e-1", "seq": 9, "kind": "void", "voids": 7, "patient": "p-1", "reason": "x"})
    result = gateway.run("alarms", "explain", "9")
    assert (result.returncode, result.stderr) == (DONE, "") and "it is no reading" in result.stdout
