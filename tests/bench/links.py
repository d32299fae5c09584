# SPDX-License-Identifier: Apache-2.0
"""Peers of the uplink for the benchmarks: a thin wire, a hub that is never the bottleneck, and mosquitto's bridge."""

import getpass
import json
import pathlib
import shutil
import socket
import ssl
import tempfile
import threading
import time

from paho.mqtt import client as mqtt

from whole import hub_fixture, system, wardhub

GATEWAY = system.GATEWAY
TOPIC = f"ward/v1/{system.SITE}/{GATEWAY}"


class ThinLink:
    """A wire to the broker that carries 64 kbit/s in each direction, for all connections together."""

    OCTETS_A_SECOND = 64_000 // 8
    CHUNK = 256
    HOLDS = 4096  # octets that its near end takes before they are on the wire

    def __init__(self, target_port):
        self._target = ("127.0.0.1", target_port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.HOLDS)
        self.port = self._listening.getsockname()[1]
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        up, down = threading.Lock(), threading.Lock()
        while True:
            try:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return
            self._ends += [near, far]
            for source, sink, wire in ((near, far, up), (far, near, down)):
                threading.Thread(target=self._carry, args=(source, sink, wire), daemon=True).start()

    def _carry(self, source, sink, wire):
        try:
            while octets := source.recv(self.CHUNK):
                with wire:
                    time.sleep(len(octets) / self.OCTETS_A_SECOND)
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):
                end.close()

    def close(self):
        self._listening.close()
        for end in self._ends:
            end.close()


class QuickHub:
    """Hears readings and confirms them by signed receipts, ten a second; keeps nothing and checks nothing."""

    PAUSE_S = 0.1
    RANGES = 16  # that a receipt may name

    def __init__(self, system):
        pki = system.broker.pki
        self._keys = wardhub.WardKeys(system.directory / "keys")
        self._batches = {}  # first seq -> (last seq, chain there)
        self._epoch = None
        self._stop = threading.Event()
        self._port = system.broker.port
        self.first = None  # when the first message came
        self.octets = self.through = 0
        self._head = None
        self._client = mqtt.Client(client_id="quick-hub", protocol=mqtt.MQTTv5)
        self._client.tls_set(f"{pki}/ca.pem", f"{pki}/hub.pem", f"{pki}/hub.key", tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{TOPIC}/up/readings", qos=1)
        self._client.on_message = self._heard
        self._confirming = threading.Thread(target=self._confirm, daemon=True)

    def start(self):
        self._client.connect("localhost", self._port)
        self._client.loop_start()
        self._confirming.start()

    @staticmethod
    def _member(payload, name, at):
        """The member of a record that stands at or behind: canonical JSON has no white space."""
        begin = at + len(name) + 3
        ends = [end for end in (payload.find(b",", begin), payload.find(b"}", begin)) if end >= 0]
        return json.loads(payload[begin:min(ends)])

    def _heard(self, _client, _userdata, message):
        payload = message.payload
        self.first = self.first or time.monotonic()
        self._epoch = self._member(payload, "epoch", payload.find(b'"epoch":'))
        first = self._member(payload, "seq", payload.find(b'"seq":'))
        last = self._member(payload, "seq", payload.rfind(b'"seq":'))
        self._batches[first] = (last, self._member(payload, "chain", payload.rfind(b'"chain":')))
        self.octets += len(payload)

    def _confirm(self):
        while not self._stop.wait(self.PAUSE_S):
            heard = dict(self._batches)  # what comes meanwhile is for the next receipt
            while self.through + 1 in heard:
                self.through, self._head = self._batches.pop(self.through + 1)
            if not heard:
                continue
            ranges = [[first, last] for first, (last, _) in sorted(self._batches.items())][:self.RANGES]
            body = {"schema": "wardgate.receipt/1", "gateway": GATEWAY, "epoch": self._epoch, "alarms": [],
                    "records": {"through": self.through, "ranges": ranges}, "head": self._head}
            payload = self._keys.sign("hub", "hub-1", wardhub.claims_of("receipt", GATEWAY, 3600, body))
            self._client.publish(f"{TOPIC}/down/receipt", payload, qos=1, retain=True)

    def close(self):
        self._stop.set()
        self._confirming.join()
        self._client.disconnect()
        self._client.loop_stop()


class Bridge:
    """mosquitto as a gateway would have it: a broker of its own that queues, and bridges to the ward's over TLS."""

    CONFIG = """user {user}
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {directory}/
max_queued_messages 0
log_type error
connection ward
address localhost:{ward_port}
bridge_cafile {pki}/ca.pem
bridge_certfile {pki}/g-1.pem
bridge_keyfile {pki}/g-1.key
bridge_protocol_version mqttv50
cleansession false
restart_timeout 1
topic # out 1
"""

    def __init__(self, octets):
        self._octets = octets

    def rate(self, count):
        """Messages a second, from the first to the last at somebody who hears them at the ward's broker."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="bridge-"))
        ward = hub_fixture.Broker(directory / "pki", (GATEWAY,))
        port = hub_fixture.free_port()
        config = directory / "bridge.conf"
        config.write_text(self.CONFIG.format(user=getpass.getuser(), port=port, directory=directory,
                                             ward_port=ward.port, pki=ward.pki))
        ward.stop()
        bridge = hub_fixture.Program(["/usr/sbin/mosquitto", "-c", str(config)])
        try:
            self._fill(port, count)
            ward.start()
            return count / self._hear(ward, count)
        finally:
            bridge.stop()
            ward.stop()
            shutil.rmtree(directory)

    def _fill(self, port, count):
        client = mqtt.Client(protocol=mqtt.MQTTv5)
        client.max_queued_messages_set(0)
        hub_fixture.eventually(lambda: self._connects(client, port), "the bridge listens")
        client.loop_start()
        last = [client.publish(f"{TOPIC}/up/readings", b"x" * self._octets, qos=1) for _ in range(count)][-1]
        while not last.is_published():
            time.sleep(0.05)
        client.disconnect()
        client.loop_stop()

    @staticmethod
    def _connects(client, port):
        try:
            return client.connect("127.0.0.1", port) == 0
        except OSError:
            return False

    def _hear(self, ward, count):
        """Counts by octets, so that who hears is never the bottleneck. Every packet has the same size at QoS 0."""
        context = ssl.create_default_context(cafile=f"{ward.pki}/ca.pem")
        context.load_cert_chain(f"{ward.pki}/hub.pem", f"{ward.pki}/hub.key")
        with socket.create_connection(("127.0.0.1", ward.port)) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as line:
            line.sendall(bytes.fromhex("100f00044d5154540402003c0003686d6f"))  # CONNECT, MQTT 3.1.1, "hmo"
            assert line.recv(4)[0] == 0x20
            line.sendall(bytes.fromhex("820600010001") + b"#" + b"\0")  # SUBSCRIBE to all at QoS 0
            assert line.recv(5)[0] == 0x90
            size = len(f"{TOPIC}/up/readings") + 2 + self._octets
            size += 2 if size < 128 else 3  # the fixed header
            begun = left = None
            while left is None or left > 0:
                had = len(line.recv(65536))
                assert had > 0, "the broker hung up"
                begun = begun or time.monotonic()
                left = (count * size if left is None else left) - had
            return time.monotonic() - begun
