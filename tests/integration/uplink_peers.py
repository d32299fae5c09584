# SPDX-License-Identifier: Apache-2.0
"""The uplink's peers for its tests: a PKI made on the spot, a real mosquitto with mutual TLS, and a program's side of
the spool that plays the core (include/ward/link.h, gateway/core/link.c)."""

import concurrent.futures
import contextlib
import datetime
import ipaddress
import os
import pathlib
import queue
import select
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build/dev"))
UPLINK = BUILD / "gateway/uplink/wardgate-uplink"
TOPICS = "ward/v1/test/g-1"
GENEROUS = 180  # seconds until a condition counts as never coming true; a pass never waits so long

HELLO, TESTAMENT, LINK, CREDIT, PUBLISH, RESULT, DOWN, URGENT, TASK, OUTCOME, PROVISION, PROVISIONED, NAMES, FETCHED, PROBE, PROBED = (
    range(1, 17))
VERSION = 2
RESTART, ROTATE, LISTEN = range(3)
ALARM, STATE, LIVE, BACKLOG = range(4)
WILL, SILENT = range(2)
GIVEN_UP = 0xFF


def wait_for(condition, what):
    """Waits until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + GENEROUS
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"never: {what() if callable(what) else what}"
        select.select([], [], [], 0.02)


def listens(port, address="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        return probe.connect_ex((address, port)) == 0


class Pki:
    """A certificate authority with EC keys, and what it signs."""

    def __init__(self, directory, name="authority"):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.ca = directory / f"{name}.pem"
        certificate = (
            self._builder(self.name, self.key.public_key(), -1, 30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, public_key, from_days, to_days, issuer=None):
        now = datetime.datetime.utcnow().replace(microsecond=0)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=from_days))
            .not_valid_after(now + datetime.timedelta(days=to_days))
        )

    def issue(self, name, host=None, days=10, file=None, from_days=-20, itself=False):
        """Writes NAME.pem and NAME.key; returns their paths and when the certificate ends, in UTC milliseconds.

        itself: the certificate is signed by its own key, and by nobody else."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key.public_key(), from_days, days, subject if itself else None)
        if host:
            known = x509.IPAddress(ipaddress.ip_address(host)) if ":" in host else x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([known]), critical=False)
        certificate = builder.sign(key if itself else self.key, hashes.SHA256())
        pem, private = (self.directory / f"{file or name}.{end}" for end in ("pem", "key"))
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        ends = certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
        return pem, private, int(ends.timestamp() * 1000)


    def revoke(self, *certificates, days=5):
        """Writes the list of revoked certificates; it ends in so many days. Returns its path."""
        now = datetime.datetime.utcnow().replace(microsecond=0)
        path = self.directory / f"{self.ca.stem}.crl"
        builder = x509.CertificateRevocationListBuilder(
            self.name, now - datetime.timedelta(days=20), now + datetime.timedelta(days=days))
        for certificate in certificates:
            serial = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder(serial, now - datetime.timedelta(days=1)).build())
        written = path.with_suffix(".new")
        written.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        written.rename(path)
        return path


class Broker:
    """mosquitto on loopback, with mutual TLS."""

    def __init__(self, directory, pki, server=None, settings=(), acl=None, port=None, address="127.0.0.1"):
        self.directory, self.pki, self.port, self.address = directory, pki, port or free_port(), address
        certificate, key = (server or pki.issue("broker", "localhost"))[:2]
        lines = [
            f"listener {self.port} {address}",
            f"cafile {pki.ca}",
            f"certfile {certificate}",
            f"keyfile {key}",
            "require_certificate true",
            "use_identity_as_username true",
            "allow_anonymous false",
            "persistence false",
            "max_queued_messages 100000",  # 0, for no limit, makes 2.0.11 hang up after it refused a message
            "user root" if os.geteuid() == 0 else "",
            *settings,
        ]
        if acl:
            (directory / "acl").write_text(acl)
            lines.append(f"acl_file {directory / 'acl'}")
        self.configuration = directory / "mosquitto.conf"
        self.configuration.write_text("\n".join(lines) + "\n")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-v", "-c", str(self.configuration)],
            stdout=open(self.directory / "mosquitto.log", "ab"),
            stderr=subprocess.STDOUT,
        )

        wait_for(lambda: listens(self.port, self.address), "the broker listens")
        return self

    def log(self):
        return (self.directory / "mosquitto.log").read_text(errors="replace")

    def pause(self):
        """Stops it in its tracks: connections stand, nobody answers."""
        self.process.send_signal(signal.SIGSTOP)
        status = pathlib.Path(f"/proc/{self.process.pid}/stat")
        wait_for(lambda: status.read_text().rsplit(")", 1)[1].split()[0] == "T", "the broker is stopped")

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Hub:
    """Another client of the broker: sees what goes up, sends what goes down."""

    def __init__(self, broker, filters=(f"{TOPICS}/up/#",)):
        certificate, key, _ = broker.pki.issue("hub")
        self.messages = queue.Queue()
        self.ready = threading.Event()
        self.client = mqtt.Client("hub", protocol=mqtt.MQTTv5)
        self.client.tls_set(str(broker.pki.ca), str(certificate), str(key), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(f, SubscribeOptions(qos=1, retainAsPublished=True)) for f in filters]
        )
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        self.client.max_inflight_messages_set(1000)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("localhost", broker.port)
        self.client.loop_start()
        assert self.ready.wait(GENEROUS)

    def next(self):
        return self.messages.get(timeout=GENEROUS)

    def until(self, accept):
        while True:
            message = self.next()
            if accept(message):
                return message

    def send(self, topic, payload, retain=False, response_topic=None, correlation=None):
        properties = Properties(PacketTypes.PUBLISH)
        if response_topic:
            properties.ResponseTopic = response_topic
        if correlation:
            properties.CorrelationData = correlation
        self.client.publish(f"{TOPICS}/{topic}", payload, qos=1, retain=retain, properties=properties).wait_for_publish(
            GENEROUS
        )

    def close(self):
        self.client.loop_stop()
        self.client.disconnect()


def text(data):
    return struct.pack("<H", len(data)) + data


class Bench:
    """Everything of one test, ended in the right order."""

    def __init__(self, directory):
        self.directory, self.pki = directory, Pki(directory)
        self.things = []

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def broker(self, **options):
        return self.keep(Broker(self.directory, self.pki, **options)).start()

    def broker_at(self, port):
        broker = Broker(self.directory, self.pki, port=port)
        return broker.start()

    def core(self, **options):
        core = Core(self.directory / "spool", **options)
        self.core_ = core
        return core

    def uplink(self, port, **options):
        environment = options.pop("environment", {})
        uplink = self.keep(Uplink(self.directory, self.directory / "spool", port, self.pki, **options))
        return uplink.start(**environment)

    def hub(self, broker, **options):
        return self.keep(Hub(broker, **options))

    def all(self, broker_options=None, **uplink_options):
        broker = self.broker(**(broker_options or {}))
        core = self.core()
        uplink = self.uplink(broker.port, **uplink_options)
        core.accept()
        core.until_up()
        return broker, core, uplink

    def end(self):
        with contextlib.ExitStack() as stack:  # ends everything, also when one of them complains
            for thing in self.things:
                stack.callback(getattr(thing, "stop", None) or thing.close)


def at_once(directory, run, cases):
    """run(bench, *case) for each of the cases, by its name, on a bench of its own: most of the time they wait."""
    def one(name):
        (directory / name).mkdir()
        bench = Bench(directory / name)
        try:
            run(bench, *cases[name])
        finally:
            bench.end()

    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        runs = {name: pool.submit(one, name) for name in cases}
    wrong = {name: done.exception() for name, done in runs.items() if done.exception()}
    assert not wrong, "\n".join(f"{name}: {why}" for name, why in wrong.items())


class Core:
    """The core's side of the spool. Lives, that is sends URGENT (alarm_waits), while live is true."""

    def __init__(self, path, testaments=True, retain=True):
        self.path, self.testaments, self.retain = str(path), testaments, retain
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(self.path)
        self.listening.listen(4)
        self.connection = None
        self.frames, self.octets, self.round = 0, 0, 0
        self.sent = {}  # id -> length, unanswered
        self.live, self.lived, self.alarm_waits = True, 0.0, False
        self.links, self.results, self.downs, self.grants, self.outcomes = [], [], [], [], []
        self.steps = []  # of what provision() asked for: outcome, name, milliseconds, text
        self.fetched, self.probed = [], []  # (failed, text); (number, step, failed, text)
        self.most_unanswered = 0

    @property
    def up(self):
        return bool(self.links) and self.links[-1][0]

    @property
    def why(self):
        return self.links[-1][1] if self.links else ""

    def message(self, ident, klass, topic, payload, qos=1, retain=False, expiry=0, kid=b"k-1", sig=b"c2ln", correlation=b""):
        return (
            struct.pack("<QBBBI", ident, klass, qos, retain, expiry)
            + text(f"{TOPICS}/{topic}".encode())
            + text(kid)
            + text(sig)
            + struct.pack("<B", len(correlation))
            + correlation
            + struct.pack("<I", len(payload))
            + payload
        )

    def testament(self, which, payload):
        self.connection.send(
            struct.pack("<BB", TESTAMENT, which) + self.message(0, STATE, "up/state", payload, retain=self.retain)
        )

    def task(self, ident, task):
        self.connection.send(struct.pack("<BQB", TASK, ident, task))

    def provision(self, action, code=""):
        self.connection.send(struct.pack("<BB", PROVISION, action) + text(code.encode()))

    def urgent(self, value):
        self.connection.send(struct.pack("<BB", URGENT, value))

    def accept(self):
        self.listening.settimeout(GENEROUS)
        self.connection, _ = self.listening.accept()
        self.frames = self.octets = 0
        self.sent.clear()
        self.links = []
        self.connection.settimeout(GENEROUS)
        assert self.connection.recv(65536) == struct.pack("<BHI", HELLO, VERSION, 65536)
        self.connection.send(struct.pack("<BHI", HELLO, VERSION, 65536))
        if self.testaments:
            self.testament(WILL, b'{"online":false}')
            self.testament(SILENT, b'{"monitoring":"stopped"}')
        self.urgent(False)
        return self

    def turn(self, timeout=0.05):
        """Takes what has come. Returns False when the uplink has hung up."""
        if self.live and time.monotonic() - self.lived > 4:
            self.lived = time.monotonic()
            self.urgent(self.alarm_waits)
        while select.select([self.connection], [], [], timeout)[0]:
            timeout = 0
            try:
                frame = self.connection.recv(65536)
            except ConnectionResetError:
                frame = b""
            if not frame:
                return False
            self.take(frame)
        return True

    def take(self, frame):
        kind = frame[0]
        if kind == LINK:
            up, ends, length = struct.unpack_from("<BqH", frame, 1)
            if not up or not self.up:
                self.frames = self.octets = 0
                self.sent.clear()
            self.links.append((bool(up), frame[12 : 12 + length].decode(), ends))
        elif kind == CREDIT:
            self.round, frames, octets = struct.unpack_from("<III", frame, 1)
            self.frames += frames
            self.octets += octets
            self.grants.append((frames, octets))
        elif kind == RESULT:
            ident, reason = struct.unpack_from("<QB", frame, 1)
            assert ident in self.sent, f"a result for {ident}, which nobody waits for"
            del self.sent[ident]
            self.results.append((ident, reason))
        elif kind == OUTCOME:
            ident, done, length = struct.unpack_from("<QBH", frame, 1)
            self.outcomes.append((ident, bool(done), frame[12 : 12 + length].decode()))
        elif kind == DOWN:
            at, parts = 2, []
            for width in "<H", "<H", "<H", "<I":
                (length,) = struct.unpack_from(width, frame, at)
                at += struct.calcsize(width)
                parts.append(frame[at : at + length])
                at += length
            self.downs.append((parts[0].decode(), parts[3], bool(frame[1]), parts[1].decode(), parts[2]))
        elif kind == PROVISIONED:
            outcome, ms, length = struct.unpack_from("<BIH", frame, 1)
            self.steps.append((outcome, frame[8 : 8 + length].decode(), ms, frame[10 + length :].decode()))
        elif kind == FETCHED:
            self.fetched.append((bool(frame[1]), frame[4:].decode()))
        elif kind == PROBED:
            number, step, failed, _, _ = struct.unpack_from("<IBBIH", frame, 1)
            self.probed.append((number, step, bool(failed), frame[13:].decode()))
        else:
            raise AssertionError(f"frame of type {kind} from the uplink")

    def until(self, condition, what):
        wait_for(lambda: (self.turn() or True) and condition(), what)

    def until_up(self):
        self.until(lambda: self.up and self.frames > 0, lambda: f"link up (it says: {self.why})")

    def until_down(self):
        self.until(lambda: self.links and not self.up, "link down")

    def publish(self, ident, topic="up/readings", payload=b"{}", klass=LIVE, **options):
        """Sends if the credit allows it."""
        frame = struct.pack("<BI", PUBLISH, self.round) + self.message(ident, klass, topic, payload, **options)
        alarm_or_idle = klass == ALARM or not self.sent
        if self.frames < 1 or not (alarm_or_idle or (self.frames > 1 and self.octets >= len(frame))):
            return False
        self.connection.send(frame)
        self.frames -= 1
        self.octets -= len(frame)
        self.sent[ident] = len(frame)
        self.most_unanswered = max(self.most_unanswered, len(self.sent))
        return True

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def end(self):
        self.close()
        self.listening.close()
        os.unlink(self.path)


class Uplink:
    """wardgate-uplink as a process."""

    def __init__(self, directory, spool, port, pki, host="localhost", ca=None, client=None, keepalive="15s", more="", enrolled=""):
        certificate, key, self.ends = client or pki.issue("g-1")
        self.directory, configuration = directory, directory / "wardgate.conf"
        configuration.write_text(
            f"[gateway]\nsite = test\nid = g-1\n[spool]\nsocket = {spool}\n[hub]\nhost = {host}\nport = {port}\n"
            f"ca = {ca or pki.ca}\ncertificate = {certificate}\nkey = {key}\nkeepalive = {keepalive}\n"
            f"enrolled = {enrolled}\n{more}"
        )
        self.command = [str(UPLINK), "--config", str(configuration)]
        self.process = None

    def start(self, **environment):
        self.process = subprocess.Popen(
            self.command, stderr=open(self.directory / "uplink.log", "ab"), env={**os.environ, **environment}
        )
        return self

    def log(self):
        return (self.directory / "uplink.log").read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def asking(self):
        """The processes that ask something over HTTPS for it, by their numbers; also one that nobody has waited for."""
        asking = []
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
                children = pathlib.Path(f"/proc/{self.process.pid}/task/{task}/children").read_text()
                asking += [int(child) for child in children.split()]
        return asking

    def stop(self):
        """As systemd does; the exit status must say that all was well, to the sanitizers too."""
        process, self.process = self.process, None
        if process:
            process.terminate()
            status = process.wait(GENEROUS)
            assert status == 0, f"the uplink ended with {status}:\n{self.log()}"
