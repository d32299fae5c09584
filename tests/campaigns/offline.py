# SPDX-License-Identifier: Apache-2.0
"""offline: the ward cannot be reached, or does not answer, in every way that there is; and then all is drained.

  long-away       the broker is away for long: a great many records wait, and live ones overtake them
  flapping        the broker goes and comes, again and again: at least 200 times in a whole campaign
  hub-dead        the broker is there, and behind it nobody
  broker-killed   the broker acknowledges for a dead hub, is killed, and has forgotten
  half-open       the connections die without a word
  receipts        receipts come late, twice, in another order, altered, by other hands, for others, and out of time
  unconfirmed     an alarm is not confirmed, and that is told (in a whole campaign only: it takes a minute)
  days-away       72 hours without the ward at eight devices, two million records; in a system of its own, and once in a
                  whole campaign
"""

import json
import random
import ssl
import time
from contextlib import closing

from bluez_fixture import PATIENCE_S, eventually
from calibration import Deadline
from checker import Findings, check, check_days, gateway_state, hub_has
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt import client as mqtt
from sensor import Deck, Sensor
from system import GATEWAY, SITE, System

import contract
import wardhub

DELIVERY_S = 420  # beyond the longest pause between two tries
AHEAD = 1000  # readings that may be made and not be committed: a quarter of what the store's queue takes
SOME = 40  # frames, where the number does not matter
COMMIT_WINDOW_S = 1  # of system.py
LIVE_S = {"cuff": 2, "strap": COMMIT_WINDOW_S + 2}  # from the frame to the hub, whatever waits
LIVE_PATIENCE_S = 120
CONFIRM_S = 60
TELL_S = 2  # and until somebody has heard of it
ROUNDS = 5  # of live readings while a backlog drains
DEVICES, HOURS = 8, 72
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
        self.patience = 1 if options.whole else 10  # times as long as a deadline says
        self.records, self.flaps = (20000, 100) if options.whole else (400, 4)

    def some(self, count=SOME, what=None):
        """As fast as they are committed. Of thousands a second, which no home has, a disk that stands still for as long
        makes some go from the store's queue, counted in a gap record: that is right, and not what is asked here."""
        for sent in range(1, count + 1):
            raw = self.sensor.send(what)["raw"]
            if sent % AHEAD == 0:
                assert self.system.told.wait_for_raw(raw, PATIENCE_S), f"{raw} was committed"

    def link_is_up(self):
        return self.system.ask("status")[0]["link"]["up"]

    def waiting(self):
        return self.system.queue()["undelivered_readings"]

    def overtake(self):
        """One live reading, of a cuff and then of a strap, goes past what waits."""
        for what, seconds in LIVE_S.items():
            waiting = self.waiting()
            deadline = Deadline(seconds, self.patience)
            begun = time.monotonic()
            raw = self.sensor.send(what)["raw"]
            record = self.system.told.wait_for_raw(raw, LIVE_PATIENCE_S)
            try:
                assert record, f"{raw} is committed"
                eventually(lambda: hub_has(self.system.hub_database, record["epoch"], record["seq"]),
                           f"{raw} is at the hub", LIVE_PATIENCE_S)
                took = time.monotonic() - begun
                in_time, text = took <= deadline.end(), f"at the hub after {took:.1f} s"
            except AssertionError as error:
                in_time, text = False, str(error)
            text = f"live, of a {what}, with {waiting} waiting: {text}; {deadline}"
            self.figures.append(text)
            if not in_time:
                self.findings.add("live-in-time", text)

    def long_away(self):
        self.system.broker.stop()
        begun = time.monotonic()
        self.some(self.records, "strap")  # a cuff's alarms would go first, before the live reading
        self.system.told.wait_for_raw(self.sensor.send("strap")["raw"], PATIENCE_S)
        self.figures.append(f"{self.waiting()} readings made in {time.monotonic() - begun:.0f} s")
        hub_said = len(self.system.hub.said())
        self.system.broker.start()
        eventually(lambda: "hearing" in self.system.hub.said()[hub_said:], "the hub hears")
        eventually(self.link_is_up, "the link is up")
        self.overtake()
        for _ in range(1, ROUNDS):
            if self.waiting() > self.records / 2 and not self.findings.all:
                self.overtake()

    def flapping(self):
        """Half of the time it is back for a while, and half of the time the next outage waits for the link."""
        for number in range(self.flaps):
            self.system.broker.stop()
            self.some(5)
            self.system.broker.start()
            if number % 2:
                eventually(self.link_is_up, "the link is up")
            time.sleep(self.random.uniform(0, 2))
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
        eventually(self.system.is_delivered, "everything is delivered")
        self.system.hub.kill()
        known = len(self.system.told.alarms)
        deadline = Deadline(TELL_S)
        self.sensor.send_cuff(high=False)
        begun = time.monotonic()
        self.sensor.send_cuff(high=True)
        told = self.system.told.wait_for_alarm("hub-not-confirming", known, 3 * CONFIRM_S)
        within = CONFIRM_S + deadline.end()
        took = "never" if told is None else f"after {told - begun:.1f} s of {within:.1f}"
        self.figures.append(f"that the hub does not confirm an alarm was told {took}")
        if told is None or told - begun > within or not self.link_is_up():
            self.findings.add("unconfirmed-told", took)
        self.system.start_hub()
        eventually(lambda: "hub-not-confirming" not in self.system.conditions(), "the hub confirms")


SCENARIOS = ("long_away", "flapping", "hub_dead", "broker_killed", "half_open", "receipts")
DAYS_AWAY = "days_away"


def conclude(system, sensor, away, trouble, after=0):
    """Everything ends. Returns what was found."""
    sensor.last_words()
    system.is_delivered_within(DELIVERY_S)
    statuses = system.rest()
    findings = check(system, sensor, lambda entry: entry["life"] == 1, allowed_refusals=AT_LEAST_ONCE, after=after)
    findings.all += away.findings.all
    for figure in away.figures:
        print(figure)
    print(f"sent {len(sensor.sent)} frames, told of {len(system.told.records)} records")
    if any(statuses[:2]):  # the hub's tells of refusals, which the checker has looked at
        trouble.append(f"not every program ended well: {statuses}")
    return findings


def outages(options, names):
    """count of them, in one system, each as often as the others."""
    system = System(relay=True)
    trouble, keep = [], True
    try:
        system.start()
        sensor = Sensor(system, options.seed)
        sensor.life = 1
        away = Away(system, sensor, options)
        deck = Deck(names, away.random)
        for number in range(options.count):
            name = deck.draw()
            begun = time.monotonic()
            getattr(away, name)()
            if not system.is_delivered_within(DELIVERY_S):
                trouble.append(f"run {number + 1}, {name}: for {DELIVERY_S} s nothing more was delivered")
            if options.verbose:
                print(f"run {number + 1}, {name}: {time.monotonic() - begun:.1f} s", flush=True)
        findings = conclude(system, sensor, away, trouble)
        keep = bool(findings.all or trouble)
        return findings, trouble
    finally:
        system.stop(keep)


def days_away(options):
    """What waits was left in the database before (days_away.c); real programs deliver it, and live readings overtake."""
    system = System()
    system.hub.command += ["--sample", "50"]
    trouble, keep = [], True
    try:
        count = system.fill(DEVICES, options.seconds)
        system.start()
        sensor = Sensor(system, options.seed)
        sensor.life = 1
        away = Away(system, sensor, options)
        eventually(away.link_is_up, "the link is up")
        begun = time.monotonic()
        for number in range(ROUNDS):
            system.is_delivered_within(DELIVERY_S, but=count * (ROUNDS - number) // ROUNDS)
            away.overtake()
            if options.verbose:
                print(f"{away.waiting()} wait after {time.monotonic() - begun:.0f} s", flush=True)
        if not system.is_delivered_within(DELIVERY_S):
            trouble.append(f"days-away: for {DELIVERY_S} s nothing more was delivered")
        away.figures.append(f"{count} records drained in {time.monotonic() - begun:.0f} s")
        findings = conclude(system, sensor, away, trouble, after=count)
        check_days(findings, system, DEVICES, count)
        keep = bool(findings.all or trouble)
        return findings, trouble
    finally:
        system.stop(keep)


def run(options):
    options.seconds = HOURS * 3600
    only = options.only and options.only.replace("-", "_")
    if only not in (None, *SCENARIOS, "unconfirmed", DAYS_AWAY):
        raise SystemExit(f"tests/campaigns/run: offline has no scenario {options.only}")
    if only == DAYS_AWAY:
        return 1, *days_away(options)
    if only:
        return options.count, *outages(options, (only,))
    findings, trouble = outages(options, (*SCENARIOS, "unconfirmed") if options.whole else SCENARIOS)
    if not options.whole:
        return options.count, findings, trouble
    more, wrong = days_away(options)
    findings.all += more.all
    return options.count + 1, findings, trouble + wrong
