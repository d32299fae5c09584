# SPDX-License-Identifier: Apache-2.0
"""wardctl decode, on the byte vectors: a file of its own, since there are a thousand of them."""

import json

import pytest

from test_wardctl import DONE, FAILED, ROOT, USAGE, run


def vectors():
    for path in sorted([*(ROOT / "tests" / "vectors").rglob("*.vec"), *(ROOT / "tests" / "vectors").rglob("*.cap")]):
        clause, frame = "", ()
        for line in path.read_text().splitlines():
            if line.startswith("#"):
                clause = line[2:]
            elif line.startswith("{"):
                yield pytest.param(frame[0], frame[1:], model, json.loads(line), id=f"{path.stem}: {clause}")
            elif line:
                octets, _, name = line.partition(" model ")
                frame = octets.split()
                model = ["--model", name] if name else []


@pytest.mark.parametrize("uuid, octets, model, expected", vectors())
def test_decode_says_what_the_vector_says(uuid, octets, model, expected):
    result = run("decode", uuid, *(octets or [""]), *model, "--json")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == expected
    assert result.returncode == (DONE if expected["outcome"] == "ok" else FAILED)
    people = run("decode", uuid, *octets or [""], *model)
    assert people.returncode == result.returncode
    frames = expected.get("frames", [expected])
    assert [line for line in people.stdout.splitlines() if not line.startswith(" ") and ": " in line
            and line.startswith(uuid)][0].startswith(f"{uuid}: {frames[0]['outcome']}")
    assert people.stdout.count(f"{uuid}: ") == len(frames)


@pytest.mark.parametrize("uuid", ["2A5F", "2a5f", "0x2A5F", "00002A5F", "00002a5f-0000-1000-8000-00805f9b34fb",
                                  "00002A5F00001000800000805F9B34FB"])
@pytest.mark.parametrize("octets", [["0062004800"], ["00:62:00:48:00"], ["0x0062004800"], ["00 62 00 48 00"],
                                    ["00", "62", "00", "48", "00"], ["0x00", "0x62", "0X00", "0x48", "0x00"]])
def test_decode_takes_every_spelling(uuid, octets):
    result = run("decode", uuid, *octets, "--json")
    assert result.returncode == DONE
    document = json.loads(result.stdout)
    assert document["characteristic"] == "2A5F"
    assert [value["value"] for value in document["values"]] == [98, 72]


@pytest.mark.parametrize("word", ["vendor:o2ring", "vendor:O2Ring", "VENDOR:viatom", "vendor:wellue", "0003",
                                  "vendor:Wellue O2-Ring", "vendor:checkme_o2", "0734594a-a8e7-4b1a-a6b1-cd5243059a57",
                                  "0734594AA8E74B1AA6B1CD5243059A57"])
def test_decode_knows_a_vendors_protocol_by_any_name(word):
    result = run("decode", word, "5500FF00000D006148000000000055000319010096", "--json")
    assert result.returncode == DONE
    document = json.loads(result.stdout)
    assert document["characteristic"] == "vendor:o2ring"
    assert [value["value"] for value in document["values"][:2]] == [97, 72]


def test_decode_parts_notifications_by_a_slash():
    """Each of a standard characteristic's is a frame; what they say together is what the first measurement says."""
    result = run("decode", "2A5F", "0062", "/", "0062004800", "/", "0061004800", "--json")
    assert result.returncode == DONE
    document = json.loads(result.stdout)
    assert document["outcome"] == "ok" and document["values"][0]["value"] == 98
    assert [frame["outcome"] for frame in document["frames"]] == ["truncated", "ok", "ok"]
    assert "frames" not in json.loads(run("decode", "2A5F", "0062004800", "--json").stdout)
    assert run("decode", "2A5F", "0062", "/", "00", "--json").returncode == FAILED


def test_decode_shows_what_is_inside_of_an_observation():
    result = run("decode", "2B8B", "03FF21000000 02 010C000100B84B0200200262000000 010C0001001A480200A00A48000000")
    assert result.returncode == DONE
    lines = [line.split(None, 1) for line in result.stdout.splitlines()]
    assert ["SpO2", "98 %"] in lines and ["Pulse", "72 /min"] in lines
    assert ["observations", "2"] in lines and ["unit", "544"] in lines and ["type", "149530"] in lines
    assert "not known" not in result.stdout


@pytest.mark.parametrize("uuid, octets, name", [
    ("CDEACB81-5235-4C07-8846-93A37EE6B86D", "81386344", "jumper"), ("FF02", "EB01053E627F0010", "contec"),
    ("0000ff02-0000-1000-8000-00805f9b34fb", "EB01053E627F0010", "contec")])
def test_decode_knows_a_vendor_by_what_it_notifies(uuid, octets, name):
    result = run("decode", uuid, octets, "--json")
    assert result.returncode == DONE
    assert json.loads(result.stdout)["characteristic"] == f"vendor:{name}"


@pytest.mark.parametrize("uuid", ["CDEACB82-5235-4C07-8846-93A37EE6B86D", "FF03"])
def test_decode_does_not_know_any_other_characteristic_of_a_vendor(uuid):
    result = run("decode", uuid, "81386344", "--json")
    assert result.returncode == FAILED
    assert json.loads(result.stdout)["outcome"] == "unknown"


def test_decode_lists_the_vendors_where_it_does_not_know_one():
    result = run("decode", "vendor:polar", "00")
    assert result.returncode == USAGE
    assert "nonin, masimo, o2ring, pc60fw, jumper, berrymed, contec" in result.stderr


@pytest.mark.parametrize("arguments", [["2A37"], [], ["2A3", "00"], ["2A37", "0"], ["2A37", "0g"], ["2A37", "00", "1"],
                                       ["2A37", "00", "--colour"], ["0000-2A37", "00"], ["2A37", "0 0"],
                                       ["vendor:", "00"], ["vendor:polar", "00"],
                                       ["2A35", "00", "--model"], ["2A35", "00", "--model", "toaster"], ["vendor:nonin", "0"]])
def test_decode_says_what_is_wrong_with_its_arguments(arguments):
    result = run("decode", *arguments)
    assert result.returncode == USAGE
    assert result.stdout == ""
    assert result.stderr.startswith("wardctl decode: ")


@pytest.mark.parametrize("octets, shown", (("1B5B324A41", "?[2JA"), ("41C29B324A42", "A?2JB"), ("C29BC3A9C2B5", "?éµ"), ("7F41", "?A")))
def test_a_devices_text_cannot_move_the_cursor(octets, shown):
    """C0, DEL, and C1, which a terminal of UTF-8 takes in two octets."""
    assert f" {shown}\n" in run("decode", "2A29", octets).stdout
