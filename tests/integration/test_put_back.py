# SPDX-License-Identifier: Apache-2.0
"""A database that was put back, or damaged, with all of the way to the ward: wardgated, its uplink, a broker with TLS
and the reference hub. The file is the real one, copied while the gateway is stopped. Nothing of what the ward has comes
twice, nothing that only the gateway has is lost, and the chain of every epoch holds."""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import BUILD, PATIENT, Home, eventually  # noqa: E402
from hub_fixture import HUB, Broker, Program  # noqa: E402

UPLINK = BUILD / "gateway" / "uplink" / "wardgate-uplink"
PAGE = 4096


class WardAtHome(Home):
    """A gateway with a patient, joined to a hub."""

    def __init__(self):
        super().__init__()
        pki = self.directory / "pki"
        self.broker = Broker(pki)
        keys = self.directory / "keys"
        subprocess.run([HUB / "wardhub.py", "keys", "--keys-out", keys], check=True)
        path = self.directory / "wardgate.conf"
        text = path.read_text().replace("id = g-test\n", "site = home\nid = g-1\n")
        text = text.replace("ward_keys =\n", f"ward_keys = {keys}/ward-keys.json\nhost = localhost\nport = {self.broker.port}\n"
                            f"ca = {pki}/ca.pem\ncertificate = {pki}/g-1.pem\nkey = {pki}/g-1.key\n")
        path.write_text(text)
        self.database = self.directory / "state" / "ward.db"
        self.hub = self.uplink = None
        self._entered = 0

    def start(self):
        super().start()
        self.start_hub()
        self.start_uplink()
        return self

    def start_hub(self):
        pki, jwk = self.directory / "pki", self.directory / "gateway.jwk"
        jwk.write_text(json.dumps({**self.ask("hub", "show")[0]["key"], "gateway": "g-1"}))
        self.hub = Program([str(word) for word in (
            HUB / "wardhub.py", "run", "--port", self.broker.port, "--ca", pki / "ca.pem", "--cert", pki / "hub.pem",
            "--key", pki / "hub.key", "--keys", self.directory / "keys", "--gateway-key", jwk,
            "--site", "home", "--database", self.directory / "hub.db")])
        self.hub.said("hearing ward/v1/home/+/up/#")

    def start_uplink(self):
        self.uplink = subprocess.Popen([UPLINK, "--config", self.directory / "wardgate.conf"], stdout=self.log,
                                       stderr=self.log, env=self.environment)

    def stop_uplink(self):
        self.uplink.terminate()
        self.uplink.wait(60)

    def stop_gateway(self):
        self.gateway.terminate()
        assert self.gateway.wait(60) == 0

    def stop(self):
        self.stop_uplink()
        self.hub.stop()
        self.broker.stop()
        super().stop()

    def enter(self, count=1):
        """Somebody counts breaths; each entry can be told from the others."""
        for _ in range(count):
            self._entered += 1
            self.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", f"respiration_rate={10 + self._entered}")

    def at_the_ward(self):
        """What the hub has committed, by epoch: the breaths entered, in the order of seq."""
        with sqlite3.connect(self.directory / "hub.db") as database:
            rows = database.execute("SELECT epoch, seq, json_extract(body, '$.values[0].value'),"
                                    " json_extract(body, '$.kind') FROM record ORDER BY rowid").fetchall()
        return {epoch: [value for of, _, value, kind in rows if of == epoch and kind == "entry"]
                for epoch in dict.fromkeys(row[0] for row in rows)}

    def refused(self):
        with sqlite3.connect(self.directory / "hub.db") as database:
            return database.execute("SELECT topic, why FROM refused").fetchall()

    def epoch(self):
        return self.ask("queue")[0]["epoch"]

    def wait_until_delivered(self):
        def delivered():
            queue = self.ask("queue")[0]
            return queue["undelivered_readings"] == 0 and not queue.get("salvaging", False)
        eventually(delivered, lambda: f"all is delivered: {self.ask('queue')} {self.refused()}")

    def wait_for_entries(self, count):
        def arrived():
            return sum(map(len, self.at_the_ward().values())) >= count
        eventually(arrived, lambda: f"{count} entries at the ward: {self.at_the_ward()} {self.refused()}")


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
    assert {why for _, why in home.refused()} <= {"chain: seq 4 came before with another chain"}
    assert len(list(home.database.parent.glob("ward.db.aside-1"))) == 1
    assert home.ask("selftest") == [{"epoch": second, "first": 1, "last": own + 1, "damaged": False}]
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
