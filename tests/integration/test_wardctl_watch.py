# SPDX-License-Identifier: Apache-2.0
"""wardctl watch: on a terminal one screen, otherwise a line for each value and alarm."""

import datetime
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from test_wardctl import DEADLINE_S, DONE, SIGNAL_READING, UNREACHABLE, USAGE, WARDCTL, Gateway, run

SIGNAL_ALARM = 1
STATUS = {"gateway": "g-1", "monitoring": "degraded", "reasons": ["no-data"], "link": {"up": False}, "patients": [
    {"patient": "p-1", "conditions": [{"condition": "spo2-low", "priority": "high", "state": "active", "text": "SpO2 88 %"}]}]}


def reading(seq, value, patient="p-1", age_s=5, **members):
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age_s)
    return {"epoch": "e-1", "seq": seq, "patient": patient, "device": "d-1", "quality": "valid", "reasons": [],
            "measured_at": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", "received_at": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
            "values": [{"quantity": "spo2", "value": value, "unit": "%"}], **members}


@pytest.fixture
def gateway():
    instance = Gateway()
    try:
        instance.start()
        instance.answers("Status", STATUS)
        instance.answers("Readings", reading(3, 97), reading(2, 94), reading(1, 91))
        yield instance
    finally:
        instance.stop()


def send(gateway, *signals):
    """Has the gateway emit signals: it does so with an answer to somebody else."""
    gateway.signals("Queue", *signals)
    gateway.answers("Queue", {})
    assert gateway.run("queue").returncode == DONE


class Screen:
    """A terminal with wardctl watch on it. What was drawn is kept, without what moves the cursor."""

    def __init__(self, gateway, *arguments, columns=80, lines=24, **environment):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        environment = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus, "LC_ALL": "C.UTF-8", "TERM": "xterm",
                       **environment}
        self.process = subprocess.Popen([WARDCTL, "watch", *arguments], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE,
                                        env=environment)
        os.close(theirs)
        self.octets = b""

    @property
    def frames(self):
        """Each drawing from the top, as lines of text."""
        text = self.octets.decode()
        return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame).replace("\r", "").split("\n") for frame in text.split("\x1b[H")[1:]]

    def wait_for(self, words):
        """The first whole drawing with these words in it."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            for frame in self.frames[:-1]:
                if any(words in line for line in frame):
                    return frame
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.ours], [], [], left)[0], f"{words!r} was not drawn: {self.frames[-2:]}"
            self.octets += os.read(self.ours, 65536)

    def end(self):
        try:
            while select.select([self.ours], [], [], 0)[0] or self.process.poll() is None:
                if select.select([self.ours], [], [], 0.05)[0]:
                    self.octets += os.read(self.ours, 65536)
        except OSError:
            pass  # the other side is closed
        _, errors = self.process.communicate(timeout=DEADLINE_S)
        os.close(self.ours)
        return self.process.returncode, errors.decode()


def test_the_screen_shows_values_with_age_and_course(gateway):
    screen = Screen(gateway)
    frame = screen.wait_for("97 %")
    assert frame[0] == "Wardgate g-1: monitoring degraded (no-data); ward link DOWN"
    assert frame[1] == " p-1  spo2-low, high, active: SpO2 88 %"
    row, = [line for line in frame if "SpO2 " in line and "97 %" in line]
    assert re.fullmatch(r" p-1 +SpO2 +97 % +\d+ s ago +▁▅█", row)
    send(gateway, [SIGNAL_READING, json.dumps(reading(4, 90))])
    assert re.search(r"90 % .*▂▅█▁", " ".join(screen.wait_for("90 %")))
    os.write(screen.ours, b"q")
    assert screen.end() == (DONE, "")
    assert screen.octets.endswith(b"\x1b[?25h\x1b[?1049l")


def test_a_daemon_that_hangs_is_not_shown_as_one_that_monitors(gateway):
    gateway.answers("Status", {**STATUS, "monitoring": "full", "reasons": [], "patients": []})
    screen = Screen(gateway)
    assert screen.wait_for("monitoring full")[1] == " no alarm is present"
    gateway.fake.send_signal(signal.SIGSTOP)
    frame = screen.wait_for("The daemon does not answer")
    assert frame[1] == " which alarms are present is not known"
    assert any("97 %" in line for line in frame)
    gateway.fake.send_signal(signal.SIGCONT)
    screen.octets = b""
    assert screen.wait_for("monitoring full")[1] == " no alarm is present"
    screen.process.send_signal(signal.SIGINT)
    assert screen.end() == (DONE, "")


def test_what_comes_from_a_memory_does_not_take_the_place_of_the_newest_value(gateway):
    gateway.answers("Readings", reading(3, 70, age_s=7200, late=True, kind="stored"), reading(2, 97))
    screen = Screen(gateway, "--patient", "p-1")
    screen.wait_for("97 %")
    undated = {**reading(7, 73, age_s=0, late=True, kind="stored"), "measured_at": None}  # the device's clock is not known
    send(gateway, [SIGNAL_READING, json.dumps(reading(4, 71, age_s=3600, late=True, kind="stored"))], [SIGNAL_READING, json.dumps(undated)],
         [SIGNAL_READING, json.dumps(reading(5, 72, age_s=7200, late=True, values=[{"quantity": "glucose", "value": 5, "unit": "mmol/L"}]))])
    frame = screen.wait_for("5 mmol/L")  # the only one of its quantity
    assert [re.search(r"97 % +\d+ s ago +\S$", line) is not None for line in frame if "SpO2 " in line and "88 %" not in line] == [True]
    send(gateway, [SIGNAL_READING, json.dumps(reading(6, 95))])
    screen.wait_for("95 %")
    os.write(screen.ours, b"q")
    assert screen.end() == (DONE, "")


def test_what_is_taken_back_says_so(gateway):
    """Before the screen is there, and on it; of another epoch it is another number."""
    void = {"epoch": "e-1", "kind": "void", "patient": "p-1", "reason": "wrong-patient", "received_at": None}
    gateway.answers("Readings", {**void, "seq": 4, "voids": 3}, reading(3, 97), reading(2, 94), reading(1, 91))
    screen = Screen(gateway)
    assert any(re.search(r"97 % .* taken back$", line) for line in screen.wait_for("97 %"))
    send(gateway, *([SIGNAL_READING, json.dumps(record)]
                    for record in (reading(5, 88), {**void, "seq": 6, "voids": 5, "epoch": "e-2"})))
    assert any(re.search(r"88 % .*▁$", line) for line in screen.wait_for("88 % "))
    screen.octets = b""
    send(gateway, [SIGNAL_READING, json.dumps({**void, "seq": 7, "voids": 5})])
    assert any("88 % " in line for line in screen.wait_for("taken back"))
    send(gateway, [SIGNAL_READING, json.dumps(reading(8, 96))])
    assert any(re.search(r"96 % .*▁▅█$", line) for line in screen.wait_for("96 % "))  # 91, 94, 96
    os.write(screen.ours, b"q")
    assert screen.end() == (DONE, "")


def test_ages_grow_without_news(gateway):
    gateway.answers("Readings", reading(1, 97, age_s=90))
    screen = Screen(gateway)
    ages = set()
    while len(ages) < 3:  # drawn anew though nothing came
        drawn = len(screen.frames)
        assert select.select([screen.ours], [], [], DEADLINE_S)[0], f"it is not drawn any more: {ages}"
        screen.octets += os.read(screen.ours, 65536)
        ages |= {match[0] for frame in screen.frames[drawn - 1:-1] for line in frame if (match := re.search(r"\d+ s ago", line))}
    screen.process.send_signal(signal.SIGINT)
    assert screen.end() == (DONE, "")


def test_an_alarm_is_shown_when_it_comes(gateway):
    screen = Screen(gateway)
    screen.wait_for("spo2-low")
    gateway.answers("Status", {**STATUS, "patients": [{"patient": "p-1", "conditions": [
        {"condition": "concern", "priority": "high", "state": "active"}]}]})
    send(gateway, [SIGNAL_ALARM, json.dumps({"patient": "p-1", "condition": "concern", "event": "raised"})])
    screen.wait_for("concern, high, active")
    screen.process.terminate()
    assert screen.end() == (DONE, "")


def test_the_highest_alarms_are_those_that_have_a_line(gateway):
    def alarms(*priorities):
        return [{"condition": f"is-{priority}", "priority": priority, "state": "active"} for priority in priorities]

    gateway.answers("Status", {**STATUS, "patients": [
        {"patient": "p-1", "conditions": alarms(*["low"] * 9, "medium")}, {"patient": "p-2", "conditions": alarms("low", "urgent", "high")}]})
    screen = Screen(gateway)  # of 24 lines, of which 8 are for alarms
    frame = screen.wait_for("more alarms")
    assert [line.split()[1].rstrip(",") for line in frame[1:8]] == ["is-urgent", "is-high", "is-medium", *["is-low"] * 4]
    assert frame[8] == " and 6 more alarms: wardctl alarms"
    screen.process.terminate()
    assert screen.end() == (DONE, "")


def test_an_alarm_has_the_colour_of_its_light(gateway):
    gateway.answers("Status", {**STATUS, "patients": [{"patient": "p-1", "conditions": [
        {"condition": f"is-{priority}", "priority": priority, "state": "active"} for priority in ("high", "medium", "low")]}]})
    screen = Screen(gateway)
    screen.wait_for("is-low")
    screen.process.terminate()
    assert screen.end() == (DONE, "")
    for colour, priority in ((b"1;31", b"high"), (b"1;33", b"medium"), (b"36", b"low")):
        assert b"\x1b[%sm p-1  is-%s" % (colour, priority) in screen.octets


def test_a_word_is_shown_and_not_the_number_that_stands_for_it(gateway):
    gateway.answers("Readings", reading(1, 0, values=[{"quantity": "consciousness", "value": 3, "code": "pain", "unit": ""}]))
    screen = Screen(gateway)
    assert any(re.search("Consciousness +pain", line) for line in screen.wait_for("Consciousness"))
    screen.process.terminate()
    assert screen.end() == (DONE, "")


@pytest.mark.parametrize(("columns", "lines"), [(40, 10), (20, 5), (200, 6)])
def test_nothing_is_wider_or_longer_than_the_screen(gateway, columns, lines):
    gateway.answers("Readings", *[reading(i, 90 + i, patient=f"p-{i}") for i in range(9, 0, -1)])
    gateway.answers("Status", {**STATUS, "patients": [{"patient": f"p-{i}", "conditions": [
        {"condition": "spo2-low", "priority": "high", "state": "active", "text": "Ä" * 150}] * 2} for i in range(5)]})
    screen = Screen(gateway, columns=columns, lines=lines)
    for frame in [screen.wait_for("Wardgate g-1"), screen.wait_for("more alarms")]:
        assert len(frame) <= lines and max(map(len, frame)) <= columns, frame
    os.write(screen.ours, b"q")
    assert screen.end()[0] == DONE


def test_without_utf8_and_colour_it_is_plain(gateway):
    gateway.answers("Status", {**STATUS, "gateway": "g-Ä\x1b[2J"})
    screen = Screen(gateway, LC_ALL="C", NO_COLOR="1")
    frame = screen.wait_for("97 %")
    assert frame[0].startswith("Wardgate g-?????[2J:") or frame[0].startswith("Wardgate g-??[2J:")
    assert any(re.search(r"97 % .*_=#$", line) for line in frame), frame
    os.write(screen.ours, b"q")
    assert screen.end()[0] == DONE
    assert not re.search(rb"\x1b\[[0-9;]*m", screen.octets) and b"\x1b[2J" not in screen.octets
    assert all(octet < 0x80 for octet in screen.octets)


def test_no_text_moves_the_cursor(gateway):
    gateway.answers("Status", {**STATUS, "gateway": "g-Ä\x1b[2J\x9b2J\x7f\xb5"})
    screen = Screen(gateway)
    assert screen.wait_for("97 %")[0].startswith("Wardgate g-Ä?[2J?2J?\xb5:")
    os.write(screen.ours, b"q")
    assert screen.end()[0] == DONE
    assert b"\xc2\x9b" not in screen.octets


def test_what_is_not_valid_has_its_reason_and_no_course(gateway):
    gateway.answers("Readings", reading(2, None, quality="invalid", reasons=["no-contact"],
                                        values=[{"quantity": "spo2", "value": None, "special": "nan", "unit": "%"}]), reading(1, 97))
    screen = Screen(gateway)
    row, = [line for line in screen.wait_for("(nan)") if "(nan)" in line]
    assert row.rstrip().endswith("invalid: no-contact")
    os.write(screen.ours, b"q")
    assert screen.end()[0] == DONE


def test_the_screen_is_given_back_when_the_daemon_leaves(gateway):
    screen = Screen(gateway)
    screen.wait_for("97 %")
    gateway.fake.kill()
    status, errors = screen.end()
    assert status == UNREACHABLE and "has left the bus" in errors
    assert screen.octets.endswith(b"\x1b[?25h\x1b[?1049l")


def test_without_a_terminal_it_is_a_line_a_value(gateway):
    with subprocess.Popen([WARDCTL, "watch", "--patient", "p-1", "--json"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": gateway.bus}) as process:
        deadline = time.monotonic() + DEADLINE_S
        while ["Status"] not in gateway.calls() if (gateway.directory / "calls").exists() else True:
            assert time.monotonic() < deadline  # it listens before it asks
        word = [{"quantity": "consciousness", "value": 0, "code": "alert", "unit": ""}]
        two = [{"quantity": "spo2", "value": 96, "unit": "%"}, {"quantity": "pulse_rate", "value": 70, "unit": "/min"}]
        alarm = {"patient": "p-1", "condition": "concern", "event": "raised"}
        send(gateway, [SIGNAL_READING, json.dumps(reading(5, 1, patient="p-2"))],
             [SIGNAL_READING, json.dumps(reading(6, 0, values=two))],
             [SIGNAL_READING, json.dumps(reading(7, 0, kind="entry", values=word))], [SIGNAL_ALARM, json.dumps(alarm)])
        values = [json.loads(process.stdout.readline()) for _ in range(4)]
        process.terminate()
        output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output, errors) == (DONE, "", "")
    assert [(v["quantity"], v["value"], v["seq"], v["schema"]) for v in values[:2]] == [
        ("spo2", 96, 6, "wardgate.value/1"), ("pulse_rate", 70, 6, "wardgate.value/1")]
    assert all("code" not in value for value in values[:2])
    assert (values[2]["value"], values[2]["code"]) == (0, "alert")
    assert values[3] == alarm


@pytest.mark.parametrize("arguments", [["now"], ["--patient"], ["--colour"]])
def test_wrong_usage(arguments):
    assert run("watch", *arguments).returncode == USAGE
