# SPDX-License-Identifier: Apache-2.0
"""Delivery when a hub is not what it should be: one that lost its data and asks for it again, and one that sends no
receipts."""
import contextlib
import pathlib
import sqlite3
import ssl
import subprocess
import sys
import threading

import pytest
from paho.mqtt import client as mqtt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import real_examples  # noqa: E402
from bluez_fixture import BUILD, PATIENCE_S, PATIENT, eventually  # noqa: E402
from hub_fixture import contract  # noqa: E402
from mappings import held, may_lock  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

CHANGE_STORE = BUILD / "tests" / "integration" / "change-store"
LONG_AGO = "2000-01-01T00:00:00.000Z"


@pytest.fixture
def home():
    home = WardAtHome().start()
    yield home
    home.stop()


def lose_everything(home):
    """The hub begins again with an empty memory, while nothing new comes to it."""
    home.hub.stop()
    for path in home.directory.glob("hub.db*"):
        path.unlink()
    home.start_hub()


def count(home, table):
    with sqlite3.connect(home.directory / "hub.db") as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def through(home, epoch):
    with sqlite3.connect(home.directory / "hub.db") as database:
        return database.execute("SELECT through FROM epoch WHERE epoch = ?", (epoch,)).fetchone()[0]


def test_what_a_hub_lost_goes_again(home):
    home.enter(5)
    home.wait_until_delivered()
    epoch, head = home.epoch(), count(home, "record")
    alarms = count(home, "alarm")
    assert alarms > 0
    lose_everything(home)

    answer = home.order("replay", "--records", f"{epoch}:2-3")
    assert answer["outcome"] == "done" and "missing" not in answer
    home.wait_for_entries(2)
    assert home.order("replay", "--records", f"{epoch}:1-9999")["outcome"] == "done"  # there are not so many
    home.wait_for_entries(5)
    eventually(lambda: through(home, epoch) == head, "the hub's chain is whole again")
    assert home.order("replay", "--since", LONG_AGO)["outcome"] == "done"
    eventually(lambda: count(home, "alarm") >= alarms, "every alarm event is at the hub again")
    assert home.refused() == []
    assert home.ask("queue")[0]["undelivered_readings"] == 0


def test_what_cannot_be_replayed_is_refused(home):
    home.enter(2)
    home.wait_until_delivered()
    epoch, head = home.epoch(), count(home, "record")
    answer = home.order("replay", "--records", f"{epoch}:{head + 1}-{head + 2}")
    assert answer["outcome"] == "refused" and "yet" in answer["reason"]
    answer = home.order("replay", "--records", f"e-{'0' * 32}:1-2")
    assert answer["outcome"] == "refused" and "epoch" in answer["reason"]


def test_what_made_room_is_named(home):
    """Delivered records made room at the gateway; then the hub loses them. That gap nobody can fill."""
    home.enter(4)
    home.wait_until_delivered()
    epoch, head = home.epoch(), count(home, "record")
    home.stop_gateway()
    subprocess.run([CHANGE_STORE, home.database,
                    "UPDATE mark SET dropped = 2, dropped_chain = (SELECT chain FROM record WHERE seq = 2);"
                    "DELETE FROM record WHERE seq <= 2"], check=True)
    home.start_gateway()
    lose_everything(home)
    answer = home.order("replay", "--records", f"{epoch}:1-{head}")
    assert answer["outcome"] == "done" and answer["missing"] == [1, 2] and "1 to 2" in answer["reason"]
    real_examples.keep({"result.missing": answer})
    eventually(lambda: count(home, "record") >= head - 2, "what is left is at the hub")
    answer = home.order("replay", "--records", f"{epoch}:1-2")
    assert answer["outcome"] == "refused" and answer["missing"] == [1, 2]


def test_a_replay_outlives_the_gateway(home):
    """It was killed between the answer and the last message."""
    home.enter(3)
    home.wait_until_delivered()
    epoch, head = home.epoch(), count(home, "record")
    lose_everything(home)
    home.stop_gateway()
    subprocess.run([CHANGE_STORE, home.database,
                    f"INSERT INTO setting VALUES ('again-records', '{epoch} 1-2 3-{head}'),"
                    f" ('again-alarms', '0')"], check=True)
    home.start_gateway()
    eventually(lambda: through(home, epoch) >= head if count(home, "epoch") else False, "the records went again")
    eventually(lambda: count(home, "alarm") > 0, "and the alarm events")
    eventually(lambda: "again-" not in settings(home), "and nothing is left to go")


def settings(home):
    """The names of the settings, of a copy of the file: which is of one moment only when its log did not begin anew
    meanwhile."""
    def log():
        return (home.database.parent / "ward.db-wal").read_bytes()

    before = log()
    (home.directory / "copy.db").write_bytes(home.database.read_bytes())
    while (after := log())[:32] != before[:32]:  # the head of the log, with its salt
        (home.directory / "copy.db").write_bytes(home.database.read_bytes())
        before = after
    (home.directory / "copy.db-wal").write_bytes(after)
    with contextlib.closing(sqlite3.connect(home.directory / "copy.db")) as database:
        return " ".join(name for name, in database.execute("SELECT key FROM setting"))


def test_a_broker_that_takes_small_packets_only_gets_no_others():
    home = WardAtHome()
    with home.broker.config.open("a") as config:
        config.write("max_packet_size 10000\n")
    home.broker.stop()
    home.broker.start()
    home.start()
    try:
        home.wait_until_delivered()
        home.stop_uplink()
        for _ in range(100):  # several times as much as one packet has room for
            home.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "spo2=97")
        home.start_uplink()
        home.wait_until_delivered()
        assert "hub-refuses" not in home.conditions()
    finally:
        home.stop()


# --- a hub that sends no receipts ------------------------------------------------------------------------------------


@pytest.fixture
def without_receipts():
    home = WardAtHome(confirm="broker")
    super(WardAtHome, home).start()
    (home.directory / "gateway.jwk").write_text("{}")
    yield home
    home.stop()


class Listener:
    """Whoever takes readings, and says nothing."""

    def __init__(self, home):
        pki = home.directory / "pki"
        self.records = []
        self._client = mqtt.Client(client_id="listener", protocol=mqtt.MQTTv5)
        self._client.tls_set(f"{pki}/ca.pem", f"{pki}/hub.pem", f"{pki}/hub.key", tls_version=ssl.PROTOCOL_TLS_CLIENT)
        subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe("ward/v1/home/g-1/up/readings", qos=1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda client, userdata, message: self.records.extend(
            contract.check_up(message.topic, message.payload, strict=True)["records"])
        self._client.connect("localhost", home.broker.port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def entries(self):
        return {record["values"][0]["value"] for record in self.records if record["kind"] == "entry"}

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def test_the_broker_s_word_delivers_where_no_receipts_come(without_receipts):
    home = without_receipts
    listener = Listener(home)
    home.start_uplink()
    assert "delivery-unproven" in home.conditions()
    home.enter(2)
    try:
        home.wait_until_delivered()
        eventually(lambda: listener.entries() == {11, 12}, "both entries")
        eventually(lambda: home.ask("queue")[0]["undelivered_alarms"] == 0, "the alarms are delivered")
    finally:
        listener.close()


@pytest.mark.skipif(not may_lock(), reason="memory may be locked by root, or within a limit")
def test_the_core_stays_in_memory(home):
    """As the uplink does (test_uplink.py). With AddressSanitizer mlockall() does nothing."""
    locked = not held(home.gateway, "libasan")
    for file in ("wardgated", "libsystemd", "libsqlite3", "libsodium", "libgcrypt", "libc.so"):
        assert held(home.gateway, file) == {(locked, True)}, file
