# SPDX-License-Identifier: Apache-2.0
"""The reference wearable on real BlueZ: three of them at once, read by a central that is not our gateway."""

import pytest
from conftest import GUEST


@pytest.fixture(scope="module")
def lab(boot):
    lab = boot("--controllers", 4, "--timeout", 900, "--", GUEST / "test-wearable")
    assert lab.status == 0, lab.stderr + "".join(path.read_text() for path in lab.out.glob("*.log"))
    return lab


def values(lab, *words):
    prefix = " ".join(words) + " "
    return [line.removeprefix(prefix) for line in lab.lines("central") if line.startswith(prefix)]


def test_each_pairs_with_secure_connections(lab):
    assert sorted(line for line in lab.lines("central") if line.startswith("paired")) == [
        "paired 180d",
        "paired 1810",
        "paired 1822",
    ]
    keys = lab.file("bonds").split("[PeripheralLongTermKey]")[1:]
    assert len(keys) == 3
    for key in keys:
        assert "Authenticated=2\n" in key  # unauthenticated, from P-256: Just Works with Secure Connections
        assert "EDiv=0\nRand=0\n" in key


def test_the_oximeter_streams(lab):
    assert values(lab, "value 1822 2a5f")[:3] == ["0060004800"] * 3


def test_the_strap_streams_beside_it(lab):
    assert values(lab, "value 180d 2a37")[:2] == ["16448703"] * 2


def test_the_cuff_comes_back_with_each_of_its_readings(lab):
    assert values(lab, "value 1810 2a35") == [
        "048000520061004700",  # 128/82, mean 97, pulse 71
        "0483005400ff074a00",  # 131/84, no mean, pulse 74
        "04ff07ff07ff07ff07",  # an error frame
    ]
    assert lab.lines("central").count("disconnected 1810") >= 2
    assert lab.file("cuff.log").count("confirmed 2a35") == 3


def test_who_they_are_can_be_read(lab):
    assert values(lab, "read 1822 2a25") == [b"OX1".hex()]
    assert values(lab, "read 1822 2a23") == ["0102030405060708"]
    assert values(lab, "read 1822 2a60") == ["7f00e0ffffff00"]
    assert values(lab, "read 180d 2a38") == ["01"]
    assert values(lab, "read 1810 2a49") == ["1f00"]
    assert values(lab, "read 1810 2a29") == [b"Wardgate".hex()]
    assert values(lab, "read 1810 2a23") == []  # none was given


def test_they_start_over_when_bluetoothd_comes_back(lab):
    assert lab.file("advertising") == "y 1\n"


def test_it_forgets_the_bonds_of_an_earlier_run_too(lab):
    assert lab.lines("forgotten") == ["bonded", "forgotten"]
