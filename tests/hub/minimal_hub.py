#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A hub as small as the contract allows, written from docs/mqtt and docs/records.md alone; it shares no code with the
reference hub, so that it shows whether the documents suffice. docs/mqtt/integrators.md refers to it.

It stores, confirms, asks for what is missing, and prints a line of JSON whenever what a ward would see of a patient
changes: {"patient", "monitored", "why", "present", "news"}. "present" is what up/active lists, "news" the newest event of
each alarm. What is not signed, or not in the chain, is named on standard error and counts for nothing.
"""
import argparse
import base64
import hashlib
import itertools
import json
import pathlib
import ssl
import sqlite3
import sys
import time
import uuid

import paho.mqtt.client as mqtt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TABLES = """CREATE TABLE IF NOT EXISTS record(gateway, epoch, seq, chain, body, PRIMARY KEY (gateway, epoch, seq));
            CREATE TABLE IF NOT EXISTS event(gateway, id, n, body, PRIMARY KEY (gateway, id, n));
            CREATE TABLE IF NOT EXISTS watched(gateway, patient, PRIMARY KEY (gateway, patient));
            CREATE TABLE IF NOT EXISTS lost(gateway, epoch, first, last);"""


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(document):
    """RFC 8785 for all that a gateway sends: integers, and decimals that Python prints without an exponent."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def moment(ahead_s=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead_s))


class Signer:
    """One of the ward's keys: its role, and the kid that ward-keys.json calls it by."""

    def __init__(self, role, kid, path):
        self._role, self._kid = role, kid
        self._key = serialization.load_pem_private_key(pathlib.Path(path).read_bytes(), None)

    def sign(self, kind, gateway, body, valid_s, **more):
        claims = {"type": kind, "gateway": gateway, "id": f"m-{uuid.uuid4().hex}", "issued_at": moment(),
                  "not_after": moment(valid_s), "by": {"id": "minimal-hub", "role": self._role}, "body": body, **more}
        text = f"{b64(compact({'alg': 'EdDSA', 'kid': self._kid}))}.{b64(compact(claims))}"
        protected, payload = text.split(".")
        return claims["id"], compact({"protected": protected, "payload": payload,
                                      "signature": b64(self._key.sign(text.encode()))})


class Hub:
    def __init__(self, options):
        self.site, self.signer, self.technician = options.site, Signer("hub", *options.hub_key), Signer(
            "technical", *options.technical_key)
        keys = json.loads(pathlib.Path(options.gateway_keys).read_text())["keys"]
        self.keys = {(jwk["gateway"], jwk["kid"]): Ed25519PublicKey.from_public_bytes(unb64(jwk["x"])) for jwk in keys}
        self.db = sqlite3.connect(options.database, isolation_level=None)
        self.db.executescript(TABLES)
        self.state, self.beat, self.closed = {}, {}, set()
        # Whoever was watched before the hub was started is shown, whatever the broker still has of him.
        self.active = dict.fromkeys(self.db.execute("SELECT gateway, patient FROM watched"), ({"conditions": []}, 0))
        self.remembers = self.db.execute("SELECT count(*) FROM event").fetchone()[0] > 0
        self.due, self.asked, self.commands, self.shown = set(), {}, {}, {}
        self.client = mqtt.Client("minimal-hub", protocol=mqtt.MQTTv5)
        self.client.tls_set(options.ca, options.cert, options.key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.on_connect = self.connected
        self.client.on_subscribe = lambda *_: print("listening", file=sys.stderr, flush=True)
        self.client.on_message = self.heard
        self.client.connect(options.host, options.port)

    def connected(self, client, *_):
        self.state.clear()  # the broker may have been started without what it retained, and then this is not true any more
        client.subscribe(f"ward/v1/{self.site}/+/up/#", qos=1)

    def run(self):
        while True:
            if self.client.loop(0.2) != mqtt.MQTT_ERR_SUCCESS:
                time.sleep(1)
                self.client.reconnect()
            for gateway, epoch in self.due:
                self.confirm(gateway, epoch)
            self.due.clear()
            self.show()

    # Hearing: the signature first, then who says it, then what.

    def heard(self, _client, _userdata, message):
        try:
            _, _, site, gateway, _, kind, *rest = message.topic.split("/")
            user = dict(getattr(message.properties, "UserProperty", []))
            self.keys[gateway, user["kid"]].verify(unb64(user["sig"]), message.topic.encode() + b"\0" + message.payload)
            document = json.loads(message.payload) if message.payload else {"schema": f"wardgate.{kind}/1"}
            if document["schema"].rpartition("/")[2] != "1" or document.get("gateway", gateway) != gateway:
                raise ValueError("another version, or another gateway's")
            take = getattr(self, f"take_{kind.replace('-', '_')}", None)  # a topic that is not known is skipped
            if take:
                take(gateway, *rest, document, message)
        except (InvalidSignature, KeyError, ValueError, TypeError) as error:
            print(f"refused {message.topic}: {error!r}", file=sys.stderr, flush=True)

    def take_readings(self, gateway, document, _message):
        epoch = document["epoch"]
        before = {seq: chain for seq, chain in self.db.execute(
            "SELECT seq, chain FROM record WHERE gateway = ? AND epoch = ?", (gateway, epoch))}
        before[0] = hashlib.sha256(epoch.encode()).hexdigest()
        rows = []
        for record in document["records"]:
            seq, chain = record["seq"], record.pop("chain")
            if before.get(seq, chain) != chain or (seq - 1 in before and self.next(before[seq - 1], record) != chain):
                raise ValueError(f"record {seq} is not in the chain")
            before[seq] = chain
            rows.append((gateway, epoch, seq, chain, compact(record)))
        self.db.execute("BEGIN")
        self.db.executemany("INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?)", rows)
        self.db.execute("COMMIT")
        self.due.add((gateway, epoch))

    @staticmethod
    def next(chain, record):
        return hashlib.sha256(bytes.fromhex(chain) + compact(record)).hexdigest()

    def take_alarms(self, gateway, event, _message):
        self.db.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)",
                        (gateway, event["id"], event["n"], compact(event)))
        if gateway in self.state:  # a receipt names an epoch, and up/state the one of now
            self.due.add((gateway, self.state[gateway]["epoch"]))

    def take_state(self, gateway, document, _message):
        if document["state"] == "online" and not self.remembers:
            self.ask(gateway, None, {"alarms_since": "2000-01-01T00:00:00Z"})
        self.state[gateway] = document
        self.due.add((gateway, document["epoch"]))

    def take_heartbeat(self, gateway, document, _message):
        last, _ = self.beat.get(gateway, ({}, 0))
        if document["boot"] != last.get("boot") or document["n"] > last["n"]:  # one that is brought again is no life
            self.beat[gateway] = document, time.monotonic()

    def take_active(self, gateway, patient, document, message):
        if not message.payload or document["monitoring"] == "ended":
            self.active.pop((gateway, patient), None)  # discharged: what still comes of him is stored, and not shown
            self.closed.add((gateway, patient))
            self.db.execute("DELETE FROM watched WHERE gateway = ? AND patient = ?", (gateway, patient))
            return
        self.db.execute("INSERT OR IGNORE INTO watched VALUES (?, ?)", (gateway, patient))
        self.closed.discard((gateway, patient))
        holds_s = getattr(message.properties, "MessageExpiryInterval", 180)
        self.active[gateway, patient] = document, time.monotonic() + min(holds_s, 180)

    def take_result(self, gateway, *more):  # below up/result it is said once more, to whoever asked
        document, _message = more[-2:]
        epoch = self.commands.pop(document.get("id"), None)
        if epoch and "missing" in document:  # nobody has these any more
            self.db.execute("INSERT INTO lost VALUES (?, ?, ?, ?)", (gateway, epoch, *document["missing"]))
        elif epoch and document["outcome"] != "done":
            print(f"no replay of {epoch}: {document['reason']}", file=sys.stderr, flush=True)

    # Confirming what is committed, and asking for what is not there.

    def confirm(self, gateway, epoch):
        rows = self.db.execute("SELECT seq, chain, body FROM record WHERE gateway = ? AND epoch = ? ORDER BY seq",
                               (gateway, epoch)).fetchall()
        through, head, loose = 0, hashlib.sha256(epoch.encode()).hexdigest(), []
        for seq, chain, body in rows:
            if seq == through + 1 and self.next(head, json.loads(body)) == chain:
                through, head = seq, chain
            else:
                loose.append(seq)
        runs = [[seq for _, seq in run] for _, run in itertools.groupby(enumerate(loose), key=lambda at: at[1] - at[0])]
        alarms = self.db.execute("SELECT id, n FROM event WHERE gateway = ? ORDER BY rowid DESC LIMIT 256", (gateway,))
        body = {"schema": "wardgate.receipt/1", "gateway": gateway, "epoch": epoch, "alarms": alarms.fetchall(),
                "records": {"through": through, "ranges": [[run[0], run[-1]] for run in runs[:256]]}}
        body.update({"head": head} if through else {})
        _, payload = self.signer.sign("receipt", gateway, body, 30 * 86400)
        self.client.publish(f"ward/v1/{self.site}/{gateway}/down/receipt", payload, qos=1, retain=True)
        nobody = self.db.execute("SELECT max(last) FROM lost WHERE gateway = ? AND epoch = ?", (gateway, epoch))
        if loose and loose[0] - 1 > (nobody.fetchone()[0] or 0):
            self.ask(gateway, epoch, {"epoch": epoch, "first": through + 1, "last": loose[0] - 1})

    def ask(self, gateway, epoch, what):
        """Once a minute: what was asked for comes behind all else."""
        if time.monotonic() < self.asked.get((gateway, epoch), 0) + 60:
            return
        self.asked[gateway, epoch] = time.monotonic()
        command, payload = self.technician.sign(
            "command", gateway, {"schema": "wardgate.command/1", "command": "replay", **what}, 60,
            counter=time.time_ns() // 1000)
        self.commands[command] = epoch
        expiry = Properties(PacketTypes.PUBLISH)
        expiry.MessageExpiryInterval = 60
        self.client.publish(f"ward/v1/{self.site}/{gateway}/down/command", payload, qos=1, properties=expiry)

    # Showing

    def why_not(self, gateway, patient, now):
        """Why this patient is not monitored; "" when he is."""
        state, (_, beat) = self.state.get(gateway), self.beat.get(gateway, ({}, 0))
        document, until = self.active.get((gateway, patient), (None, 0))
        if state is None or state["state"] != "online" or state.get("monitoring") == "stopped":
            return "the gateway is offline or has stopped"
        if not beat or now - beat > 90:
            return "no heartbeat"
        if document is None or now > until:
            return "no list of what is wrong"
        return "" if document["monitoring"] == "full" else f"{document['monitoring']}: {', '.join(document['reasons'])}"

    def show(self):
        now = time.monotonic()
        bound = {(gateway, device["patient"]) for gateway, state in self.state.items()
                 for device in state.get("devices", []) if "patient" in device}
        for gateway, patient in {*self.active, *bound} - self.closed:
            why = self.why_not(gateway, patient, now)
            present = self.active.get((gateway, patient), ({"conditions": []}, 0))[0]["conditions"]
            line = {"patient": patient, "monitored": not why, "why": why,
                    "present": sorted(f"{c['condition']} {c['state']}" for c in present),
                    "news": self.news(gateway, patient)}
            if self.shown.get((gateway, patient)) != line:
                self.shown[gateway, patient] = line
                print(json.dumps(line), flush=True)

    def news(self, gateway, patient):
        """Of each alarm the event with the highest n, whatever came last."""
        rows = self.db.execute("SELECT body, max(n) FROM event WHERE gateway = ? GROUP BY id", (gateway,))
        events = [json.loads(body) for body, _ in rows]
        return sorted(f"{e['condition']} {e['priority'] if e['priority'] in ('low', 'medium') else 'high'} {e['event']}"
                      for e in events if e.get("patient") == patient)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("host", "ca", "cert", "key", "site", "database", "gateway-keys"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, default=8883)
    for name in ("hub-key", "technical-key"):
        parser.add_argument(f"--{name}", metavar="KID:FILE", type=lambda text: text.split(":", 1), required=True)
    Hub(parser.parse_args()).run()


if __name__ == "__main__":
    main()
