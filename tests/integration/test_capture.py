# SPDX-License-Identifier: Apache-2.0
"""`wardctl decode --btsnoop`: what devices told in a capture. The captures are written here, packet by packet, but
for one of btmon's."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from capture_file import BASE_TAIL, H1, H4, MONITOR, RECEIVED, SENT, Capture, uuid_octets

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev"))
WARDCTL = BUILD / "gateway" / "ctl" / "wardctl"
DEADLINE_S = 60
DONE, FAILED, USAGE = 0, 1, 2
O2RING = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"


def run(*arguments, **options):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}
    return subprocess.run([WARDCTL, "decode", *arguments], env=environment, text=True, capture_output=True,
                          timeout=DEADLINE_S, **options)


@pytest.fixture
def told(tmp_path):
    def decode(capture, *arguments):
        path = tmp_path / "capture.btsnoop"
        path.write_bytes(capture.octets)
        result = run("--btsnoop", path, "--json", *arguments)
        assert result.returncode == DONE, result.stderr
        assert result.stderr == ""
        return [json.loads(line) for line in result.stdout.splitlines()]
    return decode


def oximeter(link=MONITOR):
    capture = Capture(link)
    capture.connect()
    capture.discover({0x12: "2a5f"})
    return capture


def values(frame):
    return [value["value"] for value in frame["values"]]


@pytest.mark.parametrize("link", [H1, H4, MONITOR])
def test_a_notification_is_a_line(told, link):
    capture = oximeter(link)
    capture.notify(0x12, "0062004800")
    assert told(capture) == [{
        "at": "2023-11-14T22:13:23.000Z", "address": "C0:FF:EE:00:00:01", "direction": "received", "handle": 0x12, "raw": "0062004800",
        **json.loads(run("2A5F", "0062004800", "--json").stdout)}]


def test_an_indication_and_many_in_one_are_lines(told):
    capture = oximeter()
    capture.discover({0x22: "2a37", 0x32: "2a35"})
    capture.notify(0x32, "00780050005D00", opcode=0x1D)
    capture.att(RECEIVED, bytes.fromhex("23 1200 0500 0062004800 2200 0200 0048"))
    frames = told(capture)
    assert [frame["characteristic"] for frame in frames] == ["2A35", "2A5F", "2A37"]
    assert values(frames[0]) == [120, 80, 93] and values(frames[1]) == [98, 72] and values(frames[2]) == [72]


@pytest.mark.parametrize("sizes", [[1], [3], [4], [5], [8], [1, 1, 1, 1, 1, 1, 1], [0], [11, 0]])
def test_fragments_are_put_together(told, sizes):
    capture = oximeter()
    capture.notify(0x12, "0062004800", sizes=sizes)
    assert [values(frame) for frame in told(capture)] == [[98, 72]]


def test_what_does_not_fit_together_is_lost_and_nothing_else(told):
    capture = oximeter()
    capture.connect(handle=0x41)
    capture.data(RECEIVED, bytes.fromhex("4110 0C00 0800 0400 1B 1200 0062004800"))  # goes on with nothing
    capture.data(RECEIVED, bytes.fromhex("4020 0B00 0800 0400 1B 1200 0062004800"))  # not as long as it says
    capture.data(RECEIVED, bytes.fromhex("4020 0600 0800 0400 1B12"))  # its end never comes
    capture.notify(0x12, "0062004800")
    capture.fragments(RECEIVED, bytes.fromhex("0800 0400 1B 1200 0062004800 99"), [6])  # longer than it says
    capture.fragments(RECEIVED, bytes.fromhex("FFFF 0400") + bytes(600), [500])  # longer than any
    capture.data(RECEIVED, bytes.fromhex("4020 0C00 0800 0400 1B12"), full_length=16)  # cut by who captured
    capture.att(RECEIVED, bytes.fromhex("1B 12"))  # ends within the handle
    capture.att(RECEIVED, b"")
    capture.att(RECEIVED, bytes.fromhex("1B 1200 0061004800"), channel=5)
    capture.att(RECEIVED, bytes.fromhex("23 1200 0900 0062004800"))  # a value that ends before it should
    capture.notify(0x12, "0060004800")
    assert [values(frame) for frame in told(capture)] == [[98, 72], [96, 72]]


def test_both_directions_have_handles_of_their_own(told):
    """A host serves too: what the device discovers there is not what the device has."""
    capture = oximeter()
    capture.att(RECEIVED, bytes.fromhex("08 0100 FFFF 0328"))
    capture.att(SENT, bytes.fromhex("09 07 1100 10 1200 372A"))
    capture.notify(0x12, "0062004800")
    capture.att(SENT, bytes.fromhex("1B 1200 0048"))
    frames = told(capture)
    assert [(frame["direction"], frame["characteristic"]) for frame in frames] == [("received", "2A5F"), ("sent", "2A37")]


def test_adapters_are_told_apart(told):
    capture = oximeter()
    capture.adapter = 1
    capture.connect(address="C0:FF:EE:00:00:02")
    capture.discover({0x12: "2a37"})
    capture.notify(0x12, "0048")
    capture.adapter = 0
    capture.notify(0x12, "0062004800")
    assert [(frame["address"][-2:], frame["characteristic"]) for frame in told(capture)] == [("02", "2A37"), ("01", "2A5F")]


def test_find_information_and_read_by_uuid_tell_what_is_at_a_handle(told):
    capture = Capture()
    capture.connect()
    capture.att(RECEIVED, bytes.fromhex("05 01 1100 0328 1200 5F2A 1300 0229"))
    capture.att(RECEIVED, bytes([5, 2]) + bytes.fromhex("2200") + uuid_octets("00002a37" + BASE_TAIL))
    capture.att(SENT, bytes.fromhex("08 0100 FFFF 192A"))
    capture.att(RECEIVED, bytes.fromhex("09 03 3200 64"))
    for handle, octets in [(0x12, "0062004800"), (0x22, "0048"), (0x32, "64"), (0x13, "0100")]:
        capture.notify(handle, octets)
    frames = told(capture)
    assert [frame.get("characteristic") for frame in frames] == ["2A5F", "2A37", "2A19", None]
    assert frames[3]["outcome"] == "unknown" and frames[3]["raw"] == "0100" and "handle" in frames[3]["error"]


@pytest.mark.parametrize("kind", [0x01, 0x0A, 0x29])
def test_a_device_that_comes_back_is_known_and_another_is_not(told, kind):
    capture = oximeter()
    capture.disconnect()
    capture.connect(handle=65, kind=kind)
    capture.connect(handle=66, address="C0:FF:EE:00:00:02")
    capture.connect(handle=65, address="C0:FF:EE:00:00:03", status=0x3E)  # failed: says nothing
    capture.notify(0x12, "0062004800", handle=65)
    capture.notify(0x12, "0062004800", handle=66)
    frames = told(capture)
    assert [(frame["address"][-2:], frame["outcome"]) for frame in frames] == [("01", "ok"), ("02", "unknown")]


def test_a_connection_older_than_the_capture_has_no_address(told):
    capture = Capture()
    capture.discover({0x12: "2a5f"})
    capture.notify(0x12, "0062004800")
    [frame] = told(capture)
    assert frame["outcome"] == "ok" and "address" not in frame


def test_a_handle_of_a_connection_that_ended_is_nobodys(told):
    capture = oximeter()
    capture.disconnect()
    capture.notify(0x12, "0062004800")
    [frame] = told(capture)
    assert frame["outcome"] == "unknown" and "address" not in frame


def test_who_is_connected_is_not_forgotten(told):
    capture = oximeter()
    for number in range(40):
        capture.connect(handle=65, address=f"C0:FF:EE:00:01:{number:02X}")
        capture.disconnect(handle=65)
    capture.notify(0x12, "0062004800")
    [frame] = told(capture)
    assert frame["outcome"] == "ok" and frame["address"] == "C0:FF:EE:00:00:01"


def test_more_devices_than_there_is_room_for(told):
    capture = Capture()
    for number in range(40):
        capture.connect(handle=number, address=f"C0:FF:EE:00:01:{number:02X}")
        capture.discover({0x12: "2a5f"}, handle=number)
        capture.notify(0x12, "0062004800", handle=number)
    for number in (39, 32, 0):
        capture.connect(handle=100 + number, address=f"C0:FF:EE:00:01:{number:02X}")
        capture.notify(0x12, "0062004800", handle=100 + number)
    frames = told(capture)
    assert [frame["outcome"] for frame in frames] == ["ok"] * 42 + ["unknown"]


def test_more_handles_than_there_is_room_for(told):
    capture = Capture()
    capture.connect()
    capture.discover({2 * number: "2a37" for number in range(1, 200)})
    capture.notify(2, "0048")
    capture.notify(2 * 128, "0048")
    capture.notify(2 * 129, "0048")
    assert [frame["outcome"] for frame in told(capture)] == ["ok", "ok", "unknown"]


def test_a_vendors_frame_over_two_notifications_belongs_to_one_connection(told):
    capture = Capture()
    capture.connect()
    capture.discover({0x12: O2RING})
    whole = "5500FF00000D006148000000000055000319010096"
    capture.notify(0x12, whole[:40])
    capture.notify(0x12, whole[40:])
    capture.notify(0x12, whole[:40])
    capture.disconnect()
    capture.connect()
    capture.notify(0x12, whole[40:])
    capture.notify(0x12, whole)
    frames = told(capture)
    assert [frame["characteristic"] for frame in frames] == ["vendor:o2ring"] * 2
    assert [frame["raw"] for frame in frames] == [whole.lower()] * 2
    assert values(frames[0])[:2] == [97, 72]


def test_the_segments_of_an_observation_are_put_together(told):
    capture = Capture()
    capture.connect()
    capture.discover({0x12: "2b8b"})
    whole = "0010000100B84B0200200262000000"
    capture.notify(0x12, "01" + whole[:12])
    capture.notify(0x12, "06" + whole[12:])
    capture.notify(0x12, "0B" + whole)
    frames = told(capture)
    single = json.loads(run("2B8B", "01" + whole[:12], "/", "06" + whole[12:], "--json").stdout)
    assert [frame["outcome"] for frame in frames] == [single["outcome"]] * 2


def test_a_frame_that_cannot_be_decoded_is_told_and_no_failure(told):
    capture = oximeter()
    capture.discover({0x22: "2a6e", 0x32: "6e400009-b5a3-f393-e0a9-e50e24dcca9e"})
    capture.notify(0x12, "0062")
    capture.notify(0x22, "0000")
    capture.notify(0x32, "00")
    frames = told(capture)
    assert [frame["outcome"] for frame in frames] == ["truncated", "unknown", "unknown"]
    assert frames[2]["characteristic"] == "6e400009-b5a3-f393-e0a9-e50e24dcca9e"


def test_a_models_quirks_hold_for_a_capture(told):
    capture = Capture()
    capture.connect()
    capture.discover({0x12: "2a18"})
    capture.notify(0x12, "020100E80707010800 00FFFF11")
    assert values(told(capture)[0]) != values(told(capture, "--model", "i-sens-glucose-meter")[0])


def test_people_read_it(tmp_path):
    capture = oximeter()
    capture.notify(0x12, "0062004800")
    capture.notify(0x99, "00")
    (tmp_path / "capture").write_bytes(capture.octets)
    result = run("--btsnoop", tmp_path / "capture")
    assert result.returncode == DONE
    lines = result.stdout.splitlines()
    assert lines[0] == "2023-11-14T22:13:23.000Z C0:FF:EE:00:00:01 received 0x0012"
    assert lines[1] == "2A5F: ok" and "98 %" in lines[2]
    assert lines[-1] == "2 frames in 5 packets, 0 that could not be put together"


def test_standard_input_and_an_empty_capture():
    assert run("--btsnoop", "-", "--json", input="").returncode == FAILED
    with subprocess.Popen([WARDCTL, "decode", "--btsnoop", "-", "--json"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as program:
        output, _ = program.communicate(Capture().octets, timeout=DEADLINE_S)
    assert output == b"" and program.returncode == DONE


@pytest.mark.parametrize("change, words", [
    (lambda octets: b"", "is not a btsnoop capture"),
    (lambda octets: octets[:15], "is not a btsnoop capture"),
    (lambda octets: b"\xd4\xc3\xb2\xa1" + octets[4:], "is not a btsnoop capture"),
    (lambda octets: octets[:11] + b"\2" + octets[12:], "version"),
    (lambda octets: octets[:12] + b"\0\0\3\xeb" + octets[16:], "link type"),
    (lambda octets: octets[:-1], "ends within record 4"),
    (lambda octets: octets + b"\0", "ends within record 5"),
    (lambda octets: octets + b"\0\1\0\5" * 2 + bytes(16), "record 5 is longer than any packet")])
def test_a_file_that_is_no_whole_capture_fails_after_what_was_good(tmp_path, change, words):
    capture = oximeter()
    capture.notify(0x12, "0062004800")
    (tmp_path / "capture").write_bytes(change(capture.octets))
    result = run("--btsnoop", tmp_path / "capture", "--json")
    assert result.returncode == FAILED
    assert words in result.stderr and str(tmp_path / "capture") in result.stderr
    assert result.stdout.count("\n") == ("record 5" in words)


@pytest.mark.parametrize("arguments, status", [(["--btsnoop"], USAGE), (["--btsnoop", "x", "2A37", "00"], USAGE),
                                               (["--btsnoop", "/nonexistent"], FAILED), (["--btsnoop", "/"], FAILED)])
def test_arguments_that_are_wrong(arguments, status):
    result = run(*arguments)
    assert result.returncode == status and result.stdout == "" and result.stderr.startswith("wardctl")


def test_a_capture_of_btmon():
    """tests/captures/lab.btsnoop: `btmon -w` in the lab, the gateway's adapter, reads and what repeats itself left out."""
    result = run("--btsnoop", ROOT / "tests" / "captures" / "lab.btsnoop", "--json")
    assert result.returncode == DONE and result.stderr == ""
    frames = [json.loads(line) for line in result.stdout.splitlines()]
    assert {frame["outcome"] for frame in frames} == {"ok"}
    assert {frame["direction"] for frame in frames} == {"received"}
    assert {(frame["address"], frame["characteristic"]) for frame in frames} == {
        ("00:AA:01:01:00:01", "2A35"), ("00:AA:01:02:00:02", "2A1C"), ("00:AA:01:03:00:03", "2A52"),
        ("00:AA:01:03:00:03", "2A5E"), ("00:AA:01:03:00:03", "2A5F")}
    assert frames[0]["at"] == "2026-11-28T17:59:12.078Z" and frames[0]["device_time"] == "2026-11-18T17:58:53"
