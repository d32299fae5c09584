# SPDX-License-Identifier: Apache-2.0
"""wardgated starts while its disk takes nothing, or is not there, with all of the way to the ward. It must not end: what
it can know it looks after, what it cannot it says, and when the disk is back it goes on by itself."""
import json
import os
import pathlib
import sqlite3
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import CUFF, PATIENT, ROOT, eventually  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

HIGH = 90  # 190 mmHg


class Obedient(WardAtHome):
    """Its gateway heeds the modes of files, as root would not."""

    prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()

    def storage(self, file_mode, directory_mode):
        for file in self.database.parent.iterdir():
            file.chmod(0o600 if file.name.endswith(".pem") else file_mode)
        self.database.parent.chmod(directory_mode)

    def hear(self, number):
        """The cuff measures; whether that is stored is not waited for."""
        self.bluez.connect(CUFF.address)
        self.bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(number))
        self.bluez.resolve(CUFF.address)

    def ward_heard(self, query, *values):
        with sqlite3.connect(self.directory / "hub.db") as database:
            return database.execute(query, values).fetchall()

    def state_at_the_ward(self):
        rows = self.ward_heard("SELECT payload FROM latest WHERE topic LIKE '%/up/state'")
        return json.loads(rows[0][0]) if rows else {}

    def wait_for_storage(self, state):
        eventually(lambda: self.status()["storage"] == state, lambda: f"storage {state}: {self.status()}")

    def records_at_the_ward(self):
        rows = self.ward_heard("SELECT json_extract(body, '$.raw') FROM record WHERE json_extract(body, '$.raw') NOT NULL")
        return [raw for raw, in rows]


@pytest.fixture
def home():
    home = Obedient().start()
    home.ctl("plan", "apply", ROOT / "tests/campaigns/plan.json", "--patient", PATIENT)
    home.enrol(CUFF)
    home.measure(CUFF, 20)
    home.wait_until_delivered()
    yield home
    home.storage(0o600, 0o700)
    home.stop()


def test_who_is_known_is_looked_after_from_memory(home):
    epoch = home.epoch()
    home.stop_gateway()
    home.storage(0o400, 0o500)
    home.start_gateway()
    home.wait_for_radio("ready")
    home.wait_for_storage("failing")
    assert "storage-failing" in home.conditions()
    assert home.status()["monitoring"] == "degraded"
    home.hear(HIGH)
    eventually(lambda: "bp-systolic-high" in home.conditions(), lambda: f"an alarm: {home.conditions()}")
    eventually(lambda: home.ward_heard("SELECT 1 FROM alarm WHERE json_extract(body, '$.condition') = 'bp-systolic-high'"),
               "the alarm at the ward")
    eventually(lambda: home.state_at_the_ward().get("storage", {}).get("state") == "failing",
               lambda: f"the ward is told: {home.state_at_the_ward()}")
    assert CUFF.raw(HIGH) not in home.records_at_the_ward()

    home.storage(0o600, 0o700)
    home.wait_for_storage("ok")
    home.wait_for_reading(CUFF.raw(HIGH))
    home.wait_until_delivered()
    eventually(lambda: home.records_at_the_ward().count(CUFF.raw(HIGH)) == 1, "the reading at the ward, once")
    assert home.epoch() == epoch
    assert "storage-failing" not in home.conditions()
    assert not list(home.database.parent.glob("*.aside-*"))


def test_nobody_is_known_and_that_is_told(home):
    epoch = home.epoch()
    home.stop_gateway()
    home.database.chmod(0)
    home.start_gateway()
    home.wait_for_storage("failing")
    status = home.status()
    assert (status["monitoring"], status["reasons"], status["patients"]) == ("none", ["storage-failing"], [])
    assert "cannot watch over" in (home.directory / "patient-text").read_text()
    assert not home.bluez.calls("StartNotify", home.bluez.mark()) and status["radio"] != "ready"
    for words in (("patient", "list"), ("alarms",), ("devices", "scan", "--seconds", 1)):
        refused = home.ctl(*words, check=False)
        assert refused.returncode == 1 and "database cannot be read" in refused.stderr, refused
    eventually(lambda: home.state_at_the_ward().get("reasons") == ["storage-failing"],
               lambda: f"the ward is told: {home.state_at_the_ward()}")
    told = home.state_at_the_ward()
    assert (told["monitoring"], told["storage"]["state"], told["epoch"]) == ("none", "failing", "unknown")

    home.database.chmod(0o600)
    home.wait_for_storage("ok")
    home.wait_for_radio("ready")
    assert home.status()["patients"][0]["patient"] == PATIENT
    assert home.epoch() == epoch
    assert "cannot watch over" not in (home.directory / "patient-text").read_text()
    home.measure(CUFF, 30)
    home.wait_until_delivered()
    eventually(lambda: home.state_at_the_ward()["epoch"] == epoch, "the ward is told that it is over")


def test_a_directory_that_is_not_there_comes_back(home):
    epoch, away = home.epoch(), home.directory / "away"
    home.stop_gateway()
    home.database.parent.rename(away)
    home.start_gateway()  # without the key, too: nothing goes to the ward, which is told so by the uplink's last will
    home.wait_for_storage("failing")
    assert home.status()["monitoring"] == "none"
    assert home.ask("hub", "show")[0]["key"] is None
    away.rename(home.database.parent)
    home.wait_for_storage("ok")
    home.wait_for_radio("ready")
    assert home.epoch() == epoch
    home.measure(CUFF, 31)
    home.wait_until_delivered()
    assert CUFF.raw(31) in home.records_at_the_ward()
