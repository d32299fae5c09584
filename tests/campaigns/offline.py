# SPDX-License-Identifier: Apache-2.0
"""offline: the ward cannot be reached, or does not answer, in every way that there is; and then all is drained.

  long-away       the broker is away for long: a great many records wait, and a live one overtakes them
  flapping        the broker goes and comes, again and again
  hub-dead        the broker is there, and behind it nobody
  broker-killed   the broker acknowledges for a dead hub, is killed, and has forgotten
  half-open       the connections die without a word
  unconfirmed     an alarm is not confirmed, and that is told (in a whole campaign only: it takes a minute)
  receipts        receipts come late, twice, in another order, altered, by other hands, for others, and out of time
"""

import json
import random
import ssl
import time
from contextlib import closing

from bluez_fixture import PATIENCE_S, eventually
from checker import Findings, check, gateway_state, hub_state
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt import client as mqtt
from sensor import Deck, Sensor
from system import GATEWAY, SITE, System

import contract
import wardhub

DELIVERY_S = 420  # beyond the longest pause between two tries
SOME = 40  # frames, where the number does not matter
# What QoS 1 brings twice: a heartbeat that is no news is no life, and the hub says so.
AT_LEAST_ONCE = ("replay: a heartbeat that is not newer",)
RECEIPT = f"ward/v1/{SITE}/{GATEWAY}/down/receipt"


class Interloper:
    """Hears the receipts with the gateway's certificate and sends what it likes with the hub's: a hostile broker."""

    def __init__(self, system):
        self.heard = []
        self._receiver = self._connect(system, GATEWAY, "interloper-down")
        self._receiver.on_message = lambda client, userdata, message: self.heard.append(message.payload)
        self._receiver.subscribe(RECEIPT, qos=1)
        self.refused = 0
        self._sender = self._connect(system, "hub", "interloper-up")
        self._sender.on_message = self._result
        self._sender.subscribe(f"ward/v1/{SITE}/{GATEWAY}/up/result", qos=1)

    @staticmethod
    def _connect(system, name, identity):
        pki = system.broker.pki
        client = mqtt.Client(client_id=identity, protocol=mqtt.MQTTv5)
        client.tls_set(f"{pki}/ca.pem", f"{pki}/{name}.pem", f"{pki}/{name}.key", tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.connect("localhost", system.broker.port)
        client.loop_start()
        return client

    def _result(self, client, userdata, message):
        self.refused += json.loads(message.payload)["outcome"] == "refused"

    def send(self, payload):
        self._sender.publish(RECEIPT, payload, qos=1).wait_for_publish(PATIENCE_S)

    def close(self):
        for client in (self._receiver, self._sender):
            client.disconnect()
            client.loop_stop()


def receipt_body(epoch, through, head):
    return {"schema": "wardgate.receipt/1", "gateway": GATEWAY, "epoch": epoch, "alarms": [],
            "records": {"through": through, "ranges": []}, "head": head}


def false_receipts(system, state):
    """Receipts that are none, and claim that everything was delivered. All but the first are answered with a refusal."""
    keys = wardhub.WardKeys(system.directory / "keys")
    stranger = Ed25519PrivateKey.generate()
    hub_kid = contract.thumbprint(contract.load_private(system.directory / "keys" / "hub.pem").public_key())

    def claims(body, gateway=GATEWAY, valid_s=3600):
        return wardhub.claims_of("receipt", gateway, valid_s, body)

    committed, epoch = len(state["records"]), state["epoch"]
    everything = receipt_body(epoch, committed, state["records"][committed])  # which would be right, if the hub said it
    by = {"by": {"id": "hub-1", "role": "hub"}}
    yield keys.sign("hub", "hub-1", claims(dict(everything, epoch="e-" + "0" * 32)))
    yield contract.make_jws(stranger, hub_kid, dict(claims(everything), **by))
    yield contract.make_jws(stranger, contract.thumbprint(stranger.public_key()), dict(claims(everything), **by))
    yield keys.sign("clinician", "dr-1", claims(everything))
    yield keys.sign("hub", "hub-1", claims(dict(everything, gateway="g-2"), gateway="g-2"))
    yield keys.sign("hub", "hub-1", claims(everything, valid_s=-3600))
    altered = json.loads(keys.sign("hub", "hub-1", claims(receipt_body(epoch, 1, state["records"][1]))))
    body = json.loads(contract.unb64(altered["payload"]))
    body["body"] = everything
    yield json.dumps(dict(altered, payload=contract.b64(json.dumps(body).encode())))


class Away:
    def __init__(self, system, sensor, options):
        self.system, self.sensor, self.options = system, sensor, options
        self.random = random.Random(options.seed)
        self.figures = []
        self.findings = Findings()  # what shows at once

    def some(self, count=SOME, what=None):
        for _ in range(count):
            self.sensor.send(what)

    def has(self, raw):
        return any(record.get("raw") == raw for record in hub_state(self.system.hub_database)["records"].values())

    def link_is_up(self):
        return self.system.ask("status")[0]["link"]["up"]

    def long_away(self):
        self.system.broker.stop()
        begun = time.monotonic()
        self.some(self.options.records, "strap")  # a cuff's alarms would go first, before the live reading
        self.system.told.wait_for_raw(self.sensor.send("strap")["raw"], PATIENCE_S)
        made = time.monotonic() - begun
        waiting = self.system.queue()["undelivered_readings"]
        hub_said = len(self.system.hub.said())
        self.system.broker.start()
        eventually(lambda: "hearing" in self.system.hub.said()[hub_said:], "the hub hears")
        eventually(self.link_is_up, "the link is up")
        begun = time.monotonic()
        raw = self.sensor.send("cuff")["raw"]
        eventually(lambda: self.has(raw), "the live reading is at the hub")
        live = time.monotonic() - begun
        left = self.system.queue()["undelivered_readings"]
        self.figures.append(f"{waiting} readings made in {made:.0f} s; a live one at the hub after {live:.1f} s, "
                            f"with {left} behind it")

    def flapping(self):
        for _ in range(4):
            self.system.broker.stop()
            self.some(5)
            self.system.broker.start()
            time.sleep(self.random.uniform(0, 3))
            self.some(5)

    def hub_dead(self):
        self.system.hub.kill()
        self.some()
        time.sleep(self.random.uniform(0, 3))
        self.system.start_hub()

    def broker_killed(self):
        self.system.hub.kill()
        self.some()
        self.system.told.wait_for_raw(self.sensor.send("strap")["raw"], PATIENCE_S)
        time.sleep(2)  # the broker acknowledges
        self.system.broker.kill()
        self.some()
        self.system.broker.start()
        self.system.start_hub()

    def half_open(self):
        eventually(self.link_is_up, "the link is up")
        said = len(self.system.uplink.said())
        silent = self.system.relay.fall_silent()
        self.some()
        eventually(lambda: "link down" in self.system.uplink.said()[said:], "the uplink notices")
        for pair in silent:
            self.system.relay.hang_up(pair)

    def receipts(self):
        with closing(Interloper(self.system)) as interloper:
            self.some()
            eventually(self.system.is_delivered, "everything is delivered")
            old = list(interloper.heard)
            self.system.hub.kill()
            self.some()
            self.system.told.wait_for_raw(self.sensor.send("strap")["raw"], PATIENCE_S)
            state = gateway_state(self.system.database)
            before = self.system.queue()["undelivered_readings"]
            again = old * 2
            self.random.shuffle(again)
            false = list(false_receipts(self.system, state))
            for payload in (*again[:20], *false):
                interloper.send(payload)
            eventually(lambda: interloper.refused >= len(false) - 1 or
                       self.system.queue()["undelivered_readings"] < before, "the gateway has looked at all of them")
            left = self.system.queue()["undelivered_readings"]
            if left < before:
                self.findings.add("forged-receipt", f"{before} readings were undelivered, and then {left}")
            self.system.start_hub()

    def unconfirmed(self):
        self.system.hub.kill()
        self.sensor.send_cuff(high=False)
        self.sensor.send_cuff(high=True)
        begun = time.monotonic()
        eventually(lambda: "hub-not-confirming" in self.system.conditions(), "that the hub does not confirm is told")
        self.figures.append(f"that the hub does not confirm an alarm was told after {time.monotonic() - begun:.0f} s")
        self.system.start_hub()


SCENARIOS = ("long_away", "flapping", "hub_dead", "broker_killed", "half_open", "receipts")


def run(options):
    options.records = 400 if options.count <= len(SCENARIOS) else 20000
    system = System(relay=True)
    trouble, keep = [], True
    try:
        system.start()
        sensor = Sensor(system, options.seed)
        sensor.life = 1
        away = Away(system, sensor, options)
        deck = Deck(SCENARIOS if options.count <= len(SCENARIOS) else (*SCENARIOS, "unconfirmed"), away.random)
        for number in range(options.count):
            name = deck.draw()
            begun = time.monotonic()
            getattr(away, name)()
            if not system.is_delivered_within(DELIVERY_S):
                trouble.append(f"run {number + 1}, {name}: not everything was delivered within {DELIVERY_S} s")
            if options.verbose:
                print(f"run {number + 1}, {name}: {time.monotonic() - begun:.1f} s", flush=True)
        sensor.last_words()
        system.is_delivered_within(DELIVERY_S)
        statuses = system.rest()
        findings = check(system, sensor, lambda entry: entry["life"] == 1, allowed_refusals=AT_LEAST_ONCE)
        findings.all += away.findings.all
        for figure in away.figures:
            print(figure)
        print(f"sent {len(sensor.sent)} frames, told of {len(system.told.records)} records")
        if any(statuses[:2]):  # the hub's tells of refusals, which the checker has looked at
            trouble.append(f"not every program ended well: {statuses}")
        keep = bool(findings.all or trouble)
        return options.count, findings, trouble
    finally:
        system.stop(keep)
