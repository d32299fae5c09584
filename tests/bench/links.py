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

from whole import hub_fixture, ports, system, wardhub

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


def listen(port, pki):
    """Hears all that comes to the ward's broker at QoS 0: MQTT by hand, for a client library costs more than all others
    here together. Whoever is measured has the same ears."""
    context = ssl.create_default_context(cafile=f"{pki}/ca.pem")
    context.load_cert_chain(f"{pki}/hub.pem", f"{pki}/hub.key")
    line = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    line.sendall(bytes.fromhex("100f00044d5154540402003c0003686d6f"))  # CONNECT, MQTT 3.1.1, "hmo"
    assert line.recv(4)[0] == 0x20
    line.sendall(bytes.fromhex("820600010001") + b"#" + b"\0")  # SUBSCRIBE to all at QoS 0
    assert line.recv(5)[0] == 0x90
    return line


class QuickHub:
    """Hears readings and confirms them by signed receipts, a hundred a second; keeps nothing and checks nothing. The core
    has no more on its way than what a hub confirms at once, so that ten a second would be all that is measured."""

    PAUSE_S = 0.01
    RANGES = 16  # that a receipt may name

    def __init__(self, system):
        self._pki = system.broker.pki
        self._keys = wardhub.WardKeys(system.directory / "keys")
        self._batches = {}  # first seq -> (last seq, chain there)
        self._epoch = None
        self._stop = threading.Event()
        self._port = system.broker.port
        self.first = None  # when the first message came
        self.octets = self.through = 0
        self._head = self._line = None
        self._teller = mqtt.Client(client_id="quick-hub", protocol=mqtt.MQTTv5)
        self._teller.tls_set(f"{self._pki}/ca.pem", f"{self._pki}/hub.pem", f"{self._pki}/hub.key",
                             tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._hear, self._confirm)]

    def start(self):
        self._teller.connect("localhost", self._port)
        self._teller.loop_start()
        self._line = listen(self._port, self._pki)
        for thread in self._threads:
            thread.start()

    def _hear(self):
        held = bytearray()
        while octets := self._line.recv(65536):
            held += octets
            while end := self._packet_end(held):
                self._take(bytes(held[:end]))
                del held[:end]

    @staticmethod
    def _packet_end(held):
        """Where the first packet ends; 0 when it is not whole (MQTT 3.1.1 §2.2.3)."""
        length = 0
        for at, octet in enumerate(held[1:5]):
            length |= (octet & 0x7F) << (7 * at)
            if octet < 0x80:
                return at + 2 + length if len(held) >= at + 2 + length else 0
        return 0

    @staticmethod
    def _member(packet, name, at):
        """The member of a record that stands at or behind: canonical JSON has no white space."""
        begin = at + len(name) + 3
        ends = [end for end in (packet.find(b",", begin), packet.find(b"}", begin)) if end >= 0]
        return json.loads(packet[begin:min(ends)])

    def _take(self, packet):
        if packet.find(b"/up/readings", 0, 256) < 0:
            return
        self.first = self.first or time.monotonic()
        self._epoch = self._member(packet, "epoch", packet.find(b'"epoch":'))
        first = self._member(packet, "seq", packet.find(b'"seq":'))
        last = self._member(packet, "seq", packet.rfind(b'"seq":'))
        self._batches[first] = (last, self._member(packet, "chain", packet.rfind(b'"chain":')))
        self.octets += len(packet)

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
            self._teller.publish(f"{TOPIC}/down/receipt", payload, qos=1, retain=True)

    def close(self):
        self._stop.set()
        self._line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._line.close()
        self._teller.disconnect()
        self._teller.loop_stop()


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

    AT_ONCE = 10_000  # messages that wait in whoever fills it: Paho has numbers for 65,535

    def __init__(self, octets):
        self._octets = octets

    def rate(self, count):
        """Messages a second, from the first to the last at somebody who hears them at the ward's broker."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="bridge-"))
        ward = hub_fixture.Broker(directory / "pki", (GATEWAY,))
        port = ports.free_port()
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
        hub_fixture.eventually(lambda: self._connects(client, port), "the bridge listens")
        client.loop_start()
        for done in range(0, count, self.AT_ONCE):
            some = [client.publish(f"{TOPIC}/up/readings", b"x" * self._octets, qos=1)
                    for _ in range(min(self.AT_ONCE, count - done))]
            while not some[-1].is_published():
                time.sleep(0.01)
        client.disconnect()
        client.loop_stop()

    @staticmethod
    def _connects(client, port):
        try:
            return client.connect("127.0.0.1", port) == 0
        except OSError:
            return False

    def _hear(self, ward, count):
        """Counts by octets. Every packet has the same size at QoS 0."""
        with listen(ward.port, ward.pki) as line:
            size = len(f"{TOPIC}/up/readings") + 2 + self._octets
            size += 2 if size < 128 else 3  # the fixed header
            begun = left = None
            while left is None or left > 0:
                had = len(line.recv(65536))
                assert had > 0, "the broker hung up"
                begun = begun or time.monotonic()
                left = (count * size if left is None else left) - had
            return time.monotonic() - begun
