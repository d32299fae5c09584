#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The reference hub of a virtual ward: hears gateways over MQTT 5, commits, confirms, and shows what a ward would see.

  wardhub.py keys --keys-out DIR       make the key pairs of a hub, a clinician, a technician and the root, and the
                                       ward-keys.json for gateways
  wardhub.py run --keys DIR ...        hear, check, commit, send receipts (the default verb)
  wardhub.py acknowledge --keys DIR --gateway G --alarm ID ...
                                       acknowledge one alarm as a clinician, and wait for the gateway's answer
  wardhub.py entry|void|assign|suspend|resume|admit|discharge --keys DIR --gateway G --patient P ...
                                       the other things that a clinician may order, in the same way
  wardhub.py plan --keys DIR --gateway G --patient P --episode E --plan FILE
                                       publish a care plan, kept by the broker, as a clinician, and wait for the answer
  wardhub.py bind|unbind|swap|ask --keys DIR --gateway G --patient P --device D ...
                                       whose a device is, and that something is to be measured now
  wardhub.py identify|diagnostics|restart|rotate --keys DIR --gateway G ...
                                       what a technician asks of the gateway itself
  wardhub.py add-key|revoke-key --keys DIR --gateway G --new-key FILE --role ROLE | --kid KID
                                       change the ward's keys, as its root
  wardhub.py replay --keys DIR --gateway G --records EPOCH:FIRST-LAST | --since MOMENT
                                       ask as a technician for what this hub has lost: records, or alarm events

Every message is checked for its signature, its schema and, for records, the chain, and is committed to SQLite before
anything else happens. What fails is refused, told on standard error, and remembered.

Exit status: 0 done; 1 something was refused, or the command was not done; 2 usage.
"""
import argparse
import contextlib
import json
import pathlib
import queue
import random
import signal
import ssl
import sys
import time
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import contract
import fhir
from contract import Refused
from ledger import Ledger
from watch import ACTIVE_S, Watch, describe_alarm, describe_record

RECEIPT_DELAY_S = 0.2
RECEIPT_VALID_S = 30 * 86400
COMMAND_VALID_S = 60
PLAN_VALID_S = 30 * 86400
COMMAND_AGAIN_S = 5
SESSION_S = 86400
# What may be ordered, and the options that it needs beside the gateway.
ORDERS = {"acknowledge": ["alarm"], "entry": ["patient", "value"], "void": ["record", "reason"],
          "assign": ["patient", "episode", "record"], "suspend": ["patient", "seconds", "reason"], "resume": ["patient"],
          "admit": ["patient", "episode"], "discharge": ["patient", "episode", "reason"],
          "plan": ["patient", "episode", "plan"], "replay": [], "bind": ["patient", "episode", "device"], "unbind": ["device"],
          "swap": ["patient", "device", "replacement"], "ask": ["patient", "quantity"], "identify": [], "diagnostics": [],
          "restart": ["program"], "rotate": [], "add-key": ["new_key", "role"], "revoke-key": ["kid"]}
TECHNICAL = ("replay", "identify", "diagnostics", "restart", "rotate")
ROOT = ("add-key", "revoke-key")


class GatewayKeys:
    """The gateways' public keys, from JWK or JWK set files; read again when a kid is not known."""

    def __init__(self, paths):
        self._paths = [pathlib.Path(path) for path in paths]
        self._keys = {}

    def find(self, kid, gateway):
        if kid not in self._keys:
            self._read()
        if kid not in self._keys:
            raise Refused("signature", f"no key of a gateway has the kid {kid}")
        public, owner = self._keys[kid]
        if owner not in (None, gateway):
            raise Refused("signature", f"the key {kid} is that of {owner}")
        return public

    def _read(self):
        for path in self._paths:
            try:
                document = contract.parse(path.read_bytes())
                for jwk in document.get("keys", [document]):
                    public = contract.load_public(jwk)
                    self._keys[contract.thumbprint(public)] = (public, jwk.get("gateway"))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, AttributeError, Refused) as error:
                print(f"wardhub: {path}: not the public key of a gateway: {error}", file=sys.stderr, flush=True)


class WardKeys:
    """The hub's, the clinician's, the technician's and root's private keys, in a directory that make() has filled."""

    ROLES = {"hub": "hub", "clinician": "clinical", "technician": "technical", "root": "root"}

    def __init__(self, directory):
        self._keys = {name: contract.load_private(pathlib.Path(directory) / f"{name}.pem") for name in self.ROLES}

    @classmethod
    def make(cls, directory):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        jwks = []
        for name, role in cls.ROLES.items():
            path = directory / f"{name}.pem"
            if not path.exists():
                path.touch(mode=0o600)
                path.write_bytes(contract.private_pem(Ed25519PrivateKey.generate()))
            jwks.append(contract.public_jwk(contract.load_private(path).public_key(), role=role))
        (directory / "ward-keys.json").write_text(json.dumps({"keys": jwks}, indent=2) + "\n", "utf-8")

    def sign(self, name, person, claims):
        key = self._keys[name]
        claims = dict(claims, by={"id": person, "role": self.ROLES[name]})
        return contract.make_jws(key, contract.thumbprint(key.public_key()), claims)


def claims_of(kind, gateway, valid_s, body, **more):
    return {"type": kind, "gateway": gateway, **more, "id": f"{kind[0]}-{uuid.uuid4().hex[:16]}",
            "issued_at": contract.utc(), "not_after": contract.utc_after(valid_s), "body": body}


class Connection:
    """One MQTT 5 connection over mutual TLS. Messages wait in `inbox`; loop() moves octets and connects again."""

    def __init__(self, options, name, topics, session_s):
        self.inbox = queue.SimpleQueue()
        self._options = options
        self._topics = topics
        self._session_s = session_s
        self._strict = getattr(options, "strict", True)
        self._open = False
        self._said = None
        self._again_at = 0
        self._client = mqtt.Client(client_id=name, protocol=mqtt.MQTTv5)
        self._client.max_inflight_messages_set(100)
        if options.ca:
            self._client.tls_set(options.ca, options.cert, options.key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._client.on_connect = self._connected
        where = f"{', '.join(topics)} at {options.host}:{options.port}"
        self._client.on_subscribe = lambda *_: self._say(f"hearing {where}")
        self._client.on_message = lambda client, userdata, message: self.on_message(message)
        self.on_message = self.inbox.put
        self.on_new_session = lambda: None

    @staticmethod
    def _say(text):
        print(f"wardhub: {text}", file=sys.stderr, flush=True)

    def _say_once(self, text):
        if text != self._said:
            self._said = text
            self._say(text)

    def _connected(self, client, userdata, flags, reason, properties=None):
        if reason.value != 0:
            self._say(f"the broker refused the connection: {reason}")
            return
        if not flags["session present"]:
            self.on_new_session()
        client.subscribe([(topic, mqtt.SubscribeOptions(qos=1)) for topic in self._topics])

    def loop(self, seconds):
        if self._open:
            # A lost connection may leave its socket behind, so what paho says of it is not asked.
            try:
                self._open = self._client.loop(seconds) == mqtt.MQTT_ERR_SUCCESS
            except OSError:  # TLS that ends in the midst of an answer
                self._open = False
            if not self._open:
                self._say("the connection to the broker was lost")
            return
        if time.monotonic() < self._again_at:
            time.sleep(seconds)
            return
        self._again_at = time.monotonic() + 1
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = self._session_s
        try:
            self._client.connect(self._options.host, self._options.port, keepalive=60,
                                 clean_start=self._session_s == 0, properties=properties)
            self._open = True
            self._said = None
        except (OSError, ValueError) as error:
            self._say_once(f"{self._options.host}:{self._options.port}: {error}")

    def publish(self, topic, payload, retain=False, expiry_s=None, answer_to=None):
        """answer_to: (topic, correlation data) where the answer is wanted, too."""
        if self._strict:
            contract.check_down(topic, payload, strict=True)
        properties = Properties(PacketTypes.PUBLISH)
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        if answer_to:
            properties.ResponseTopic, properties.CorrelationData = answer_to
        try:
            self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        except OSError:  # paho keeps the message and sends it on the next connection; loop() makes that
            self._open = False

    def connected(self):
        return self._client.is_connected()

    def close(self):
        with contextlib.suppress(OSError):  # it is gone already
            self._client.disconnect()


class Gate:
    """Decides whether a message that came up keeps the contract."""

    def __init__(self, gateway_keys, strict, sample=1):
        self._keys = gateway_keys
        self._strict = strict
        self._sample = sample

    def admit(self, message):
        """(site, gateway, kind, patient, document), document None for an emptied topic; or Refused."""
        site, gateway, kind, patient = contract.split_topic(message.topic, "up", contract.UP)
        user = dict(getattr(message.properties, "UserProperty", None) or [])
        if "kid" not in user or "sig" not in user:
            raise Refused("signature", "the user properties kid and sig are missing")
        contract.verify_up(self._keys.find(user["kid"], gateway), message.topic, message.payload, user["sig"])
        if kind == "fhir":
            bundle = fhir.check_up(gateway, message.payload)
            contract.schemas().check("bundle", bundle, self._strict)
            return site, gateway, kind, patient, bundle
        document = contract.check_up(message.topic, message.payload, self._strict, self._sampled)
        if kind == "result" and patient:
            kind = "reply"  # the same once more, for whoever asked there
        return site, gateway, kind, patient, document

    def _sampled(self, document):
        """Of up/readings, those of its records that are to be held against the schema: one at least."""
        records = document.get("records") if isinstance(document, dict) else None
        if not isinstance(records, list) or self._sample == 1:
            return document
        return dict(document, records=[record for record in records if random.random() < 1 / self._sample] or records[:1])


class Hub:
    def __init__(self, options):
        self._options = options
        self._keys = WardKeys(options.keys)
        self._ledger = Ledger(options.database)
        self._gate = Gate(GatewayKeys(options.gateway_key), options.strict, options.sample)
        self._watch = Watch(time.monotonic())
        self._due = {}  # (site, gateway, epoch or None: that of now) -> when the receipt goes
        self._epochs = {}  # (site, gateway) -> the epoch it speaks of now
        self._acks = {}  # alarm id -> {"event", "site", "at", "command"}
        self._broken = set()  # (gateway, epoch, seq) of the breaks that were told
        self.refused = 0
        self._connection = Connection(options, options.client_id, [f"ward/v1/{options.site}/+/up/#"], SESSION_S)
        self._connection.on_message = self._heard
        self._connection.on_new_session = self._watch.forget  # a broker without our session has what it retained no longer
        self._remember()

    def _remember(self):
        """Whom this hub knew before it was started."""
        for topic in self._ledger.latest_topics():
            _, gateway, kind, patient = contract.split_topic(topic, "up", contract.UP)
            if kind == "active":
                self._watch.known(gateway, patient)

    def run(self, stop):
        while not stop():
            self._connection.loop(0.1)
            now = time.monotonic()
            for line in self._watch.changes(now):
                self._say(line)
            if self._connection.connected():
                self._send_receipts(now)
                self._send_acknowledgements(now)
        self._connection.close()
        self._ledger.close()
        return 1 if self.refused else 0

    def _say(self, line):
        print(line, file=sys.stderr if self._options.json else sys.stdout, flush=True)

    def _show(self, topic, document):
        if self._options.json:
            print(json.dumps({"topic": topic, "payload": document}, ensure_ascii=False), flush=True)

    def _heard(self, message):
        try:
            self._take(message)
        except Refused as error:
            self._refuse(message.topic, error)

    def _refuse(self, topic, error):
        self.refused += 1
        self._ledger.commit_refusal(topic, str(error))
        print(f"REFUSED {topic}: {error}", file=sys.stderr, flush=True)

    def _take(self, message):
        site, gateway, kind, patient, document = self._gate.admit(message)
        if kind == "readings":
            self._take_readings(site, gateway, message.topic, document)
        elif kind == "fhir":
            self._take_bundle(site, gateway, document)
        elif kind == "alarms":
            self._take_alarm(site, gateway, message.topic, document)
        elif kind == "reply":
            self._show(message.topic, document)
        else:
            self._ledger.commit_latest(message.topic, document)
            self._take_latest(site, gateway, kind, patient, document, message)

    def _take_readings(self, site, gateway, topic, document):
        epoch = document["epoch"]
        if self._ledger.is_new_epoch(gateway, epoch):
            self._say(f"NEW EPOCH {epoch} of {gateway}: its database was replaced or put back")
        new = self._ledger.commit_records(gateway, epoch, document["records"])
        broken = self._ledger.break_after(gateway, epoch)
        if broken is not None and (gateway, epoch, broken) not in self._broken:
            self._broken.add((gateway, epoch, broken))
            self._refuse(topic, Refused("chain", f"seq {broken + 1}, here before, does not follow from seq {broken}"))
        self._epochs.setdefault((site, gateway), epoch)
        self._owe_receipt(site, gateway, epoch)
        if new:
            self._show(topic, dict(document, records=new))
            for record in new:
                clock = self._ledger.clock(gateway, record["boot"])
                self._say(f"reading {describe_record(record, clock)}{' backlog' if document['backlog'] else ''}")
                if record["kind"] == "clock":
                    self._say_dated(gateway, epoch, record["boot"])

    def _take_bundle(self, site, gateway, bundle):
        epoch = fhir.describes(bundle)[1]
        if self._ledger.is_new_epoch(gateway, epoch):
            self._say(f"NEW EPOCH {epoch} of {gateway}: its database was replaced or put back")
        created, updated = self._ledger.commit_bundle(bundle)
        self._epochs.setdefault((site, gateway), epoch)
        self._owe_receipt(site, gateway, epoch)
        for verb, resources in (("made", created), ("updated", updated)):
            for resource in resources:
                name = resource["identifier"][0]["value"]
                self._say(f"fhir {verb} {resource['resourceType']} {name} {resource.get('status', '')}".rstrip())

    def _say_dated(self, gateway, epoch, boot):
        clock = self._ledger.clock(gateway, boot)
        for record in self._ledger.undated(gateway, epoch, boot):
            self._say(f"dated {describe_record(record, clock)}")

    def _take_alarm(self, site, gateway, topic, event):
        new = self._ledger.commit_alarm(event)
        self._owe_receipt(site, gateway)
        if not new:
            return
        self._show(topic, event)
        self._say(describe_alarm(event))
        if event["event"] == "acknowledged":
            self._acks.pop(event["id"], None)
        elif self._options.acknowledge_after is not None and event["event"] == "raised" and event["priority"] == "high":
            at = time.monotonic() + self._options.acknowledge_after
            self._acks[event["id"]] = {"event": event, "site": site, "at": at, "command": None}

    def _take_latest(self, site, gateway, kind, patient, document, message):
        now = time.monotonic()
        if kind == "state":
            self._watch.state(gateway, document)
            if document["state"] == "online":
                self._epochs[site, gateway] = document["epoch"]  # only this says which epoch is that of now
                self._owe_receipt(site, gateway)
        elif kind == "heartbeat":
            news = self._watch.heartbeat(gateway, document, now)
            if news == "old":
                raise Refused("replay", "a heartbeat that is not newer than the one before")
            if news == "again":
                return
        elif kind == "active":
            left = getattr(message.properties, "MessageExpiryInterval", ACTIVE_S)
            self._watch.active(gateway, patient, document, now + min(left, ACTIVE_S))
        elif kind == "result":
            self._say(f"result {document.get('id', '')} {document['outcome']} {document.get('reason', '')}".rstrip())
            for alarm, ack in list(self._acks.items()):
                if ack["command"] == document.get("id"):
                    del self._acks[alarm]
        if document is not None:
            self._show(message.topic, document)

    def _owe_receipt(self, site, gateway, epoch=None):
        self._due.setdefault((site, gateway, epoch), time.monotonic() + RECEIPT_DELAY_S)

    def _send_receipts(self, now):
        """Of each epoch that something came of; one that ended goes first, so that the retained one is of now."""
        present = self._epochs.get
        order = sorted(self._due.items(), key=lambda item: item[0][2] in (None, present(item[0][:2])))
        for (site, gateway, of), due in order:
            epoch = of or present((site, gateway))
            if now < due or epoch is None:
                continue
            del self._due[site, gateway, of]
            if of is None and (site, gateway, epoch) in self._due:
                continue  # the other says the same
            if epoch != present((site, gateway)):
                self._due[site, gateway, None] = now  # the one of now is again the last
            body = self._ledger.receipt(gateway, epoch)
            claims = claims_of("receipt", gateway, RECEIPT_VALID_S, body)
            payload = self._keys.sign("hub", self._options.hub_id, claims)
            self._connection.publish(f"ward/v1/{site}/{gateway}/down/receipt", payload, retain=True)

    def _send_acknowledgements(self, now):
        for alarm, ack in self._acks.items():
            if now < ack["at"]:
                continue
            counter = self._ledger.next_counter("command", time.time_ns() // 1000000)
            command, payload = acknowledgement(self._keys, self._options.clinician, ack["event"], counter)
            ack.update(command=command, at=now + COMMAND_AGAIN_S)
            self._say(f"acknowledging {alarm} as {self._options.clinician}")
            topic = f"ward/v1/{ack['site']}/{ack['event']['gateway']}/down/command"
            self._connection.publish(topic, payload, expiry_s=COMMAND_VALID_S)


def signer_of(command):
    return "technician" if command in TECHNICAL else "root" if command in ROOT else "clinician"


def signed_command(keys, person, about, counter, command, **members):
    """(id of the command, JWS); about has gateway and, where they are known, patient and episode."""
    named = {name: about[name] for name in ("patient", "episode") if about.get(name)}
    body = {"schema": "wardgate.command/1", "command": command, **members}
    claims = claims_of("command", about["gateway"], COMMAND_VALID_S, body, counter=counter, **named)
    return claims["id"], keys.sign(signer_of(command), person, claims)


def signed_plan(keys, person, about, plan):
    """(id, JWS) of a care plan for a patient and an episode; its version is the one in the claims."""
    named = {name: about[name] for name in ("patient", "episode")}
    claims = claims_of("care-plan", about["gateway"], PLAN_VALID_S, plan, version=plan["version"], **named)
    return claims["id"], keys.sign("clinician", person, claims)


def acknowledgement(keys, clinician, event, counter):
    """(id of the command, JWS) that acknowledges an alarm, given as an event or as its gateway, id and patient."""
    return signed_command(keys, clinician, event, counter, "acknowledge", alarm=event["id"])


def number_or_word(text):
    try:
        return int(text)
    except ValueError:
        with contextlib.suppress(ValueError):
            return float(text)
        return text


def members_of(options):
    """What the body of the command that options.verb names has beside its name."""
    if options.verb == "acknowledge":
        return {"alarm": options.alarm}
    if options.verb == "entry":
        pairs = (value.partition("=") for value in options.value)
        return {"values": {name: number_or_word(text) for name, _, text in pairs}}
    if options.verb in ("void", "assign"):
        epoch, _, seq = options.record.rpartition(":")
        record = {"epoch": epoch, "seq": int(seq)}
        return dict(record, reason=options.reason) if options.verb == "void" else record
    if options.verb == "replay" and options.records:
        epoch, _, span = options.records.rpartition(":")
        first, _, last = span.partition("-")
        return {"epoch": epoch, "first": int(first), "last": int(last)}
    if options.verb == "replay":
        return {"alarms_since": options.since}
    if options.verb in ("bind", "unbind", "swap"):
        members = {"device": options.device, "slot": options.slot, "from": options.from_,
                   "replacement": options.replacement, "shared": options.shared or None}
        return {name: value for name, value in members.items() if value is not None}
    if options.verb in ("ask", "identify"):
        members = {"quantity": options.quantity, "seconds": int(options.seconds) if options.seconds else None}
        return {name: value for name, value in members.items() if value is not None}
    if options.verb == "restart":
        return {"program": options.program}
    if options.verb == "add-key":
        public = contract.load_private(options.new_key).public_key()
        return {"key": contract.public_jwk(public, role=options.role)}
    if options.verb == "revoke-key":
        return {"kid": options.kid}
    if options.verb == "admit":
        plan = json.loads(pathlib.Path(options.plan).read_text("utf-8")) if options.plan else None
        said = {"label": options.label, "check_word": options.check_word, "plan": plan}
        return {name: value for name, value in said.items() if value is not None}
    if options.verb == "discharge":
        return {"reason": options.reason}
    if options.verb == "suspend":
        return {"until": contract.utc_after(options.seconds), "reason": options.reason}
    return {}


def run(options):
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    return Hub(options).run(lambda: bool(stopped))


def message_of(options, base):
    """(id, topic, JWS, how it is published) of what options.verb asks for."""
    keys = WardKeys(options.keys)
    about = {"gateway": options.gateway, "patient": options.patient, "episode": options.episode}
    if options.verb == "plan":
        said, payload = signed_plan(keys, options.clinician, about, json.loads(pathlib.Path(options.plan).read_text("utf-8")))
        return said, f"{base}/down/care-plan/{options.patient}", payload, {"retain": True}
    person = {"technician": options.technician, "root": "root-1"}.get(signer_of(options.verb), options.clinician)
    said, payload = signed_command(keys, person, about, time.time_ns() // 1000000, options.verb, **members_of(options))
    return said, f"{base}/down/command", payload, {"expiry_s": COMMAND_VALID_S}


def correlation_of(message):
    return getattr(message.properties, "CorrelationData", b"").decode(errors="replace")


def order(options):
    """Sends one command, or a care plan, and waits for its answer."""
    gate = Gate(GatewayKeys(options.gateway_key), options.strict, options.sample)
    base = f"ward/v1/{options.site}/{options.gateway}"
    name = f"{options.client_id}-{uuid.uuid4().hex[:8]}"
    answer_topic = f"{base}/up/result/{name}"
    connection = Connection(options, name, [f"{base}/up/result", answer_topic], 0)
    command, topic, payload, how = message_of(options, base)
    try:
        contract.check_down(topic, payload, strict=True)
    except Refused as error:
        print(f"wardhub: this is not what a gateway takes: {error}", file=sys.stderr)
        return 2
    deadline = time.monotonic() + options.timeout
    sent = False
    while time.monotonic() < deadline:
        connection.loop(0.1)
        if connection.connected() and not sent:
            connection.publish(topic, payload, answer_to=(answer_topic, command.encode()), **how)
            sent = True
        while not connection.inbox.empty():
            message = connection.inbox.get()
            try:
                document = gate.admit(message)[4]
            except Refused as error:
                print(f"REFUSED {message.topic}: {error}", file=sys.stderr, flush=True)
                continue
            # A gateway reads no id in what it does not believe. The correlation data, which nobody signed, count only then:
            # an answer without id is never "done".
            if document.get("id", correlation_of(message)) == command:
                print(json.dumps(document, ensure_ascii=False) if options.json
                      else f"{document['outcome']} {document.get('reason', '')}".rstrip())
                connection.close()
                return 0 if document["outcome"] == "done" else 1
    print(f"wardhub: no answer from {options.gateway} within {options.timeout:g} s", file=sys.stderr)
    return 1


def joined(arguments, option):
    """The same arguments with each `option VALUE` as `option=VALUE`: argparse takes a value that begins with "-" for an
    option, and one thumbprint in 64 does."""
    rest = iter(map(str, arguments))
    return [f"{argument}={next(rest, '')}" if argument == option else argument for argument in rest]


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", nargs="?", choices=["run", "keys", *ORDERS], default="run")
    group = parser.add_argument_group("broker")
    group.add_argument("--host", default="localhost", help="name in the broker's certificate (default: %(default)s)")
    group.add_argument("--port", type=int, default=8883, help="(default: %(default)s)")
    group.add_argument("--ca", metavar="FILE", help="CA of the broker's certificate; without it there is no TLS")
    group.add_argument("--cert", metavar="FILE", help="the hub's certificate")
    group.add_argument("--key", metavar="FILE", help="its private key")
    group.add_argument("--client-id", default="wardhub", help="MQTT client id (default: %(default)s)")
    group.add_argument("--site", default="+", help="site in the topics (default: all; a command needs one)")
    group = parser.add_argument_group("keys")
    group.add_argument("--keys", metavar="DIR", help="hub.pem, clinician.pem and technician.pem, as made by --keys-out")
    group.add_argument("--keys-out", metavar="DIR", help="make the keys there, unless they are, and ward-keys.json")
    group.add_argument("--gateway-key", metavar="FILE", action="append", default=[],
                       help="public JWK (or JWK set) of a gateway; a member \"gateway\" ties it to one. Repeatable; may"
                            " appear later: it is read when a kid is not known")
    group.add_argument("--hub-id", default="hub-1", help="who the receipts are by (default: %(default)s)")
    group.add_argument("--clinician", default="dr-1", help="who orders (default: %(default)s)")
    group.add_argument("--technician", default="tech-1", help="who asks for a replay (default: %(default)s)")
    group = parser.add_argument_group("run")
    group.add_argument("--database", metavar="FILE", default="wardhub.db", help="(default: %(default)s)")
    group.add_argument("--json", action="store_true",
                       help="standard output is one {\"topic\", \"payload\"} per line of what was committed and is new"
                            " (of up/readings: the new records); all else goes to standard error")
    group.add_argument("--strict", action="store_true", help="refuse what the schemas do not document, too, and send nothing that they do not")
    group.add_argument("--sample", type=int, metavar="N", default=1,
                       help="hold one record in N against the schema, drawn at random, since that takes milliseconds"
                            " (default: every one). Signature and chain are always checked")
    group.add_argument("--acknowledge-after", type=float, metavar="SECONDS",
                       help="acknowledge each raised high alarm by itself, and again until it is answered")
    group = parser.add_argument_group("commands")
    group.add_argument("--gateway", metavar="ID")
    group.add_argument("--patient", metavar="ID", help="whose alarm, entry, reading or monitoring it is")
    group.add_argument("--episode", metavar="ID", help="assign, plan, admit, discharge need it")
    group.add_argument("--plan", metavar="FILE", help="plan, admit: the care plan, JSON")
    group.add_argument("--label", metavar="TEXT", help="admit: how the gateway calls the patient")
    group.add_argument("--check-word", metavar="WORD", help="admit: what the patient says on the phone")
    group.add_argument("--alarm", metavar="ID", help="acknowledge: 32 hexadecimal digits")
    group.add_argument("--value", metavar="NAME=VALUE", action="append", default=[], help="entry; repeatable")
    group.add_argument("--record", metavar="EPOCH:SEQ", help="void, assign")
    group.add_argument("--reason", metavar="TEXT", help="void: one word; suspend, discharge: for people")
    group.add_argument("--seconds", type=float, metavar="N", help="suspend, ask, identify: for so long")
    group.add_argument("--records", metavar="EPOCH:FIRST-LAST", help="replay: these")
    group.add_argument("--since", metavar="MOMENT", help="replay: alarm events told since then, 2026-11-22T09:00:00.000Z")
    group.add_argument("--device", metavar="ID", help="bind, unbind, swap")
    group.add_argument("--slot", type=int, metavar="N", help="bind, unbind: a user slot of the device")
    group.add_argument("--shared", action="store_true", help="bind: beside those who have it")
    group.add_argument("--from", dest="from_", metavar="MOMENT", help="bind: since then")
    group.add_argument("--replacement", metavar="ID", help="swap: the device that takes its place")
    group.add_argument("--quantity", metavar="NAME", help="ask: what is to be measured")
    group.add_argument("--program", choices=["core", "uplink", "both"], help="restart")
    group.add_argument("--new-key", metavar="FILE", help="add-key: a private key, of which the public half is added")
    group.add_argument("--role", choices=["clinical", "technical", "hub", "root"], help="add-key")
    group.add_argument("--kid", metavar="KID", help="revoke-key")
    group.add_argument("--timeout", type=float, default=15, metavar="SECONDS", help="(default: %(default)s)")
    options = parser.parse_args(joined(sys.argv[1:] if arguments is None else arguments, "--kid"))
    if options.verb == "keys" and not options.keys_out:
        parser.error("keys needs --keys-out")
    options.keys = options.keys or options.keys_out
    if options.verb != "keys" and not (options.keys and options.gateway_key):
        parser.error("--keys (or --keys-out) and --gateway-key are needed")
    needed = ["gateway", *ORDERS[options.verb]] if options.verb in ORDERS else []
    missing = [name for name in needed if not getattr(options, name)]
    if missing or (needed and options.site == "+"):
        parser.error(f"{options.verb} needs --site, " + ", ".join(f"--{name.replace('_', '-')}" for name in needed))
    if options.verb == "replay" and bool(options.records) == bool(options.since):
        parser.error("replay needs --records or --since")
    return options


def main(arguments=None):
    options = parse_options(arguments)
    if options.keys_out:
        WardKeys.make(options.keys_out)
    return {"keys": lambda _: 0, "run": run}.get(options.verb, order)(options)


if __name__ == "__main__":
    sys.exit(main())
