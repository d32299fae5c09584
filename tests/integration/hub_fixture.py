# SPDX-License-Identifier: Apache-2.0
"""A broker over TLS, the reference hub, and a gateway made of Python, for the tests of the contract.

Everything is real but the gateway: mosquitto with the shipped ACL, wardhub.py as a process, certificates of its own.
"""
import json
import pathlib
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
HUB = ROOT / "tests" / "hub"
sys.path.insert(0, str(HUB))

import contract  # noqa: E402
import make_pki  # noqa: E402

PATIENCE_S = 180  # for what must happen; a pass never waits so long


def eventually(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        threading.Event().wait(0.02)
    raise AssertionError(f"did not happen within {PATIENCE_S} s: {what() if callable(what) else what}")


class Program:
    """A process whose lines of output can be waited for."""

    def __init__(self, arguments):
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out, self.err = [], []
        for stream, lines in ((self._process.stdout, self.out), (self._process.stderr, self.err)):
            threading.Thread(target=lambda s=stream, l=lines: l.extend(iter(s.readline, "")), daemon=True).start()

    @property
    def pid(self):
        return self._process.pid

    def said(self, text, times=1):
        """Waits for a line that contains text, on either output."""
        def found():
            lines = [line for line in self.out + self.err if text in line]
            return lines if len(lines) >= times else None

        return eventually(found, lambda: f"{text!r} among {self.out + self.err}")[-1]

    def ended(self):
        """The exit status of a program that ends by itself."""
        return self._process.wait(PATIENCE_S)

    def stop(self):
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    def kill(self):
        self._process.kill()
        self._process.wait()


class Broker:
    talkative = ()  # ("-v",): it tells each packet

    def __init__(self, directory, gateways=("g-1",), other_names=()):
        self.pki = directory
        self.port = free_port()
        self.authority = make_pki.make_pki(directory, gateways, ("localhost", "127.0.0.1", "::1", *other_names))
        self.config = make_pki.make_config(directory, self.port)
        self.start()

    def start(self, forgetful=False):
        """forgetful: without what it had kept, retained messages and sessions."""
        for kept in (self.pki / "broker").iterdir() if forgetful else ():
            kept.unlink()
        self._program = Program(["/usr/sbin/mosquitto", *self.talkative, "-c", str(self.config)])
        eventually(self._listens, "the broker listens")

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self):
        return list(self._program.err)

    def stop(self):
        self._program.stop()

    def kill(self):
        self._program.kill()


class Gateway:
    """Signs and publishes as g-1, and keeps what comes down."""

    EPOCH = "e-000102030405060708090a0b0c0d0e0f"

    def __init__(self, broker, name="g-1", key=None):
        self.name = name
        self.base = f"ward/v1/home/{name}"
        self.key = key or Ed25519PrivateKey.generate()
        self.down = queue.SimpleQueue()
        self.receipts = []
        self._client = mqtt.Client(client_id=f"{name}-test", protocol=mqtt.MQTTv5)
        self._client.tls_set(f"{broker.pki}/ca.pem", f"{broker.pki}/{name}.pem", f"{broker.pki}/{name}.key",
                             tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._subscribed = 0
        self._client.on_connect = lambda client, *_: client.subscribe(f"{self.base}/down/#", qos=1)
        self._client.on_subscribe = self._was_subscribed
        self._client.on_message = self._heard
        self._client.connect("localhost", broker.port)
        self._client.loop_start()
        self.connected(1)

    def _was_subscribed(self, *_):
        self._subscribed += 1

    def connected(self, times):
        """Waits until the gateway has connected so many times."""
        eventually(lambda: self._subscribed >= times, f"the gateway has connected {times} times")

    def _heard(self, client, userdata, message):
        (self.receipts if message.topic.endswith("/receipt") else []).append(message.payload)
        if message.topic.endswith("/command"):
            self.down.put(message.payload)

    def jwk(self):
        return contract.public_jwk(self.key.public_key())

    def publish(self, tail, document, key=None, retain=False, properties=None, expiry_s=None):
        """document: None empties the topic; octets go as they are."""
        topic = f"{self.base}/up/{tail}"
        octets = document if isinstance(document, bytes) else json.dumps(document).encode()
        payload = b"" if document is None else octets
        message = Properties(PacketTypes.PUBLISH)
        kid = contract.thumbprint(self.key.public_key())
        signature = contract.sign_up(key or self.key, topic, payload)
        message.UserProperty = [("kid", kid), ("sig", signature)] if properties is None else properties
        if expiry_s is not None:
            message.MessageExpiryInterval = expiry_s
        self._client.publish(topic, payload, qos=1, retain=retain, properties=message).wait_for_publish(PATIENCE_S)

    def publish_readings(self, records, **more):
        epoch = records[0]["epoch"]
        self.publish("readings", {"schema": "wardgate.readings/1", "gateway": self.name, "epoch": epoch,
                                  "sent_at": contract.utc(), "backlog": False, "records": records}, **more)

    def receipt(self, condition):
        """The body of the first receipt that fulfils the condition; every one must hold by the hub's key."""
        def found():
            for octets in list(self.receipts):
                claims = contract.read_jws(octets, self.hub_key)
                if condition(claims["body"]):
                    self.last_receipt = octets
                    return claims
            return None
        return eventually(found, "a receipt")

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def records(count, epoch=Gateway.EPOCH, value=96, **more):
    """A run of records from seq 1, chained."""
    result, chain = [], contract.chain_start(epoch)
    for seq in range(1, count + 1):
        record = {
            "boot": "b-77", "clock": "synced", "device": "d-91c2", "device_time": None, "episode": "s-01", "epoch": epoch,
            "kind": "spot", "late": False, "measured_at": contract.utc(), "mono_us": seq * 1000000, "patient": "p-7f3a",
            "quality": "valid", "raw": "2a5e:0060004800", "reasons": [], "received_at": contract.utc(),
            "security": "bonded", "seq": seq,
            "values": [{"loinc": ["2708-6"], "mdc": 150456, "quantity": "spo2", "unit": "%", "value": value},
                       {"loinc": ["8310-5"], "mdc": 150364, "quantity": "body_temperature", "unit": "Cel", "value": 36.4}], **more,
        }
        chain = record["chain"] = contract.chain_next(chain, record)
        result.append(record)
    return result


def alarm(n=1, **more):
    return {
        "schema": "wardgate.alarm/1", "gateway": "g-1", "id": "9c1e5a0b7d3f4e2188c6a1f0b2d4e695", "n": n,
        "patient": "p-7f3a", "episode": "s-01", "condition": "spo2-low", "rule": "spo2-red", "kind": "physiological",
        "priority": "high", "event": "raised", "again": False, "at": contract.utc(), "clock": "synced", "value": 88,
        "limit": 93, "unit": "%", "quantity": "spo2", "delay_ms": {"condition": 15000, "signal": 12},
        "text": "SpO2 88 %", "shown": {"light": True, "sound": True}, "late": False, "confirm": False, **more,
    }
