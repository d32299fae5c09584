# SPDX-License-Identifier: Apache-2.0
"""A database that was put back, damaged or removed, with all of the way to the ward: wardgated, its uplink, a broker with TLS
and the reference hub. The file is the real one. Nothing of what the ward has comes
twice, nothing that only the gateway has is lost, and the chain of every epoch holds."""
import json
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ward_fixture import WardAtHome  # noqa: E402

PAGE = 4096


@pytest.fixture
def home():
    home = WardAtHome().start()
    yield home
    home.stop()


@pytest.mark.parametrize("own", (2, 6), ids=("less than the ward has", "and it has grown past what the ward has"))
def test_a_database_that_was_put_back_begins_a_new_epoch(home, own):
    home.enter(3)
    home.wait_until_delivered()
    first = home.epoch()
    home.stop_gateway()
    shutil.copy(home.database, home.directory / "an-hour-ago.db")
    home.start_gateway()
    home.enter(4)
    home.wait_for_entries(7)
    home.wait_until_delivered()

    home.stop_uplink()
    home.stop_gateway()
    shutil.copy(home.directory / "an-hour-ago.db", home.database)
    home.start_gateway()
    assert home.epoch() == first
    home.enter(own)  # while the ward cannot be reached: the numbers of these are others' there
    home.start_uplink()
    home.wait_for_entries(7 + own)
    home.wait_until_delivered()
    second = home.epoch()
    assert second != first
    assert "database-put-back" in home.conditions()
    assert home.at_the_ward() == {first: [11, 12, 13, 14, 15, 16, 17], second: list(range(18, 18 + own))}
    home.enter(1)
    home.wait_for_entries(8 + own)
    # Until the ward's receipt has come, numbers may go up that are others' there; it does not take them.
    home.expected_refusals = {"chain: seq 4 came before with another chain"}
    assert len(list(home.database.parent.glob("ward.db.aside-1"))) == 1
    records, = [check for check in map(json.loads, home.ctl("selftest", "--json", check=False).stdout.splitlines())
                if check["check"] == "records"]
    assert {name: records[name] for name in ("epoch", "first", "last", "damaged")} == {
        "epoch": second, "first": 1, "last": own + 1, "damaged": False}
    home.stop_gateway()
    home.start_gateway()  # and it is no new epoch each time
    assert home.epoch() == second


def test_what_a_damaged_database_owes_the_ward_is_delivered(home):
    home.enter(2)
    home.wait_until_delivered()
    first = home.epoch()
    home.stop_uplink()
    home.enter(5)
    home.stop_gateway()
    octets = bytearray(home.database.read_bytes())
    octets[PAGE // 2] ^= 1  # in the first page, behind the schema or in it
    home.database.write_bytes(octets)
    home.start_gateway()
    second = home.epoch()
    assert second != first
    assert "database-replaced" in home.conditions()
    home.enter(1)
    home.start_uplink()
    home.wait_for_entries(8)
    assert home.at_the_ward() == {first: [11, 12, 13, 14, 15, 16, 17], second: [18]}
    assert home.refused() == []


def remove(home):
    home.database.unlink()
    pathlib.Path(f"{home.database}-wal").unlink()


def put_another_there(home):
    """In one step: no commit comes between, which would meet half a copy, or be written over."""
    another = home.database.with_name("another.db")
    shutil.copy(home.directory / "an-hour-ago.db", another)
    another.replace(home.database)


@pytest.mark.parametrize("does", (remove, put_another_there))
def test_what_somebody_does_to_the_database_while_the_gateway_runs_loses_nothing(home, does):
    home.enter(2)
    home.wait_until_delivered()
    first = home.epoch()
    shutil.copy(home.database, home.directory / "an-hour-ago.db")
    home.stop_uplink()
    home.enter(2)
    does(home)
    home.enter(2)
    home.stop_gateway()
    home.start_gateway()
    assert home.epoch() == first
    home.start_uplink()
    home.wait_for_entries(6)
    assert home.at_the_ward() == {first: [11, 12, 13, 14, 15, 16]}
    assert home.refused() == []
    kept = list(home.database.parent.glob("ward.db.aside-*"))
    assert len(kept) == (1 if does is put_another_there else 0)
