#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A broker that misbehaves behind good TLS, for faults that mosquitto does not have.

Each connection gets the next of the faults named (all of them without --fault), and a random generator of its own,
seeded with --seed and its number: what one connection gets does not depend on when the others come. With --cut-first
and --cut-step it hangs up, by a RST, at an octet of the handshake that is told and not drawn: at that first one, and with
each connection so many further on; where the handshake has fewer, at its end. It says
"ready PORT SEED" when it listens, and "done NUMBER FAULT" for each connection that is over.
"""
import argparse
import itertools
import random
import select
import socket
import ssl
import struct
import sys
import threading

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK = range(1, 10)
PINGRESP, DISCONNECT, AUTH = 13, 14, 15
CONNACK_GOOD = bytes([CONNACK << 4, 3, 0, 0, 0])
BORNE = 8  # packets of a connection that can bear the fault
FLOOD = 4_000_000  # octets that one connection sends at most


class Gone(Exception):
    """The other side has hung up."""


def number(value):
    """MQTT 5 §1.5.5: a variable byte integer."""
    octets = bytearray()
    while True:
        value, digit = divmod(value, 128)
        octets.append(digit | (128 if value else 0))
        if not value:
            return bytes(octets)


def packet(kind, body, flags=0):
    return bytes([kind << 4 | flags]) + number(len(body)) + body


def text(octets):
    return struct.pack(">H", len(octets)) + octets


def publish(topic, payload, qos=0, ident=1, properties=b""):
    head = text(topic) + (struct.pack(">H", ident) if qos else b"")
    return packet(PUBLISH, head + number(len(properties)) + properties + payload, qos << 1)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Connection:
    """TLS over buffers of our own, so that it can be cut at any octet. cut_after: octets that go out before a RST."""

    def __init__(self, connection, context, cut_after=None):
        self.connection, self.cut_after, self.sent = connection, cut_after, 0
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.buffer = b""

    def flush(self):
        octets = self.outgoing.read()
        if self.cut_after is not None and self.sent + len(octets) >= self.cut_after:
            self.connection.sendall(octets[: self.cut_after - self.sent])
            reset(self.connection)
            raise Gone
        self.connection.sendall(octets)
        self.sent += len(octets)

    def take(self):
        octets = self.connection.recv(65536)
        if not octets:
            raise Gone
        self.incoming.write(octets)

    def until(self, call, *arguments):
        while True:
            try:
                result = call(*arguments)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                self.take()

    def handshake(self):
        self.until(self.tls.do_handshake)

    def send(self, octets):
        for at in range(0, len(octets), 16384):
            self.tls.write(octets[at : at + 16384])
            self.flush()

    def read(self):
        octets = self.until(self.tls.read, 65536)
        if not octets:
            raise Gone
        return octets

    def packet(self):
        """The next whole packet: its first octet and its body."""
        while True:
            length, at, shift = 0, 1, 0
            while at < len(self.buffer):
                length |= (self.buffer[at] & 127) << shift
                at, shift = at + 1, shift + 7
                if not self.buffer[at - 1] & 128:
                    if len(self.buffer) >= at + length:
                        first, body = self.buffer[0], self.buffer[at : at + length]
                        self.buffer = self.buffer[at + length :]
                        return first, body
                    break
            self.buffer += self.read()

    def greet(self, answer=CONNACK_GOOD):
        first, _ = self.packet()
        assert first >> 4 == CONNECT, first
        self.send(answer)

    def serve(self, twist=lambda first, body, answer: answer, packets=None):
        """Answers as a broker does, but for what twist makes of each answer, until the other side hangs up, or for so many
        packets: what a twist is borne for, the connection outlives."""
        for _ in itertools.count() if packets is None else range(packets):
            first, body = self.packet()
            kind, answer = first >> 4, b""
            if kind == SUBSCRIBE:
                answer = packet(SUBACK, body[:2] + b"\0" + b"\1" * 3)
            elif kind == PUBLISH and first & 6:
                at = 2 + struct.unpack_from(">H", body)[0]
                answer = packet(PUBACK, body[at : at + 2])
            elif kind == 12:
                answer = packet(PINGRESP, b"")
            self.send(twist(first, body, answer))

    def linger(self):
        """Waits for the other side to draw its conclusion, a while."""
        self.connection.settimeout(5)
        try:
            while True:
                self.read()
        except socket.timeout:
            pass


# ---- the faults: (connection, random generator); they may end in any way


def random_octets(connection, rng):
    connection.packet()
    connection.send(rng.randbytes(rng.choice([1, 2, 5, 100, 5000])))
    connection.linger()


def random_packets(connection, rng):
    """Heads that are right, bodies that are not."""
    connection.greet()
    for _ in range(200):
        connection.send(packet(rng.randrange(16), rng.randbytes(rng.randrange(40)), rng.randrange(16)))
    connection.linger()


def bent_packets(connection, rng):
    """A broker whose answers have a few bits wrong."""
    def bend(_first, _body, answer):
        octets = bytearray(answer)
        for _ in range(rng.randrange(3)):
            if octets:
                octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
        return bytes(octets)

    connection.greet(bend(0, b"", CONNACK_GOOD) if rng.random() < 0.3 else CONNACK_GOOD)
    connection.serve(bend)


def oversize(connection, rng):
    connection.greet()
    connection.send(bytes([PUBLISH << 4]) + number(268_435_455) + text(b"ward/v1/test/g-1/down/receipt"))
    for _ in range(FLOOD // 16384):
        connection.send(rng.randbytes(16384))
    connection.linger()


def endless_length(connection, rng):
    connection.greet()
    connection.send(bytes([rng.choice([PUBLISH, PUBACK, SUBACK]) << 4]) + b"\xff" * 64)
    connection.linger()


def wrong_ids(connection, rng):
    connection.greet()

    def other(_first, _body, answer):
        if not answer or answer[0] >> 4 not in (PUBACK, SUBACK):
            return answer
        return answer[:2] + struct.pack(">H", rng.randrange(65536)) + answer[4:]

    connection.serve(other)


def never_sent(connection, rng):
    connection.greet()
    for _ in range(500):
        kind = rng.choice([PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, 11])
        body = struct.pack(">H", rng.randrange(65536)) + rng.choice([b"", b"\0", b"\0\0", b"\x92\0"])
        connection.send(packet(kind, body, 2 if kind == PUBREL else 0))
    connection.serve(packets=BORNE)


def answered_twice(connection, rng):
    connection.greet()
    connection.serve(lambda _first, _body, answer: answer * rng.randrange(1, 4), packets=BORNE)


def odd_connack(connection, rng):
    properties = [
        b"\x21\0\0", b"\x21\xff\xff", b"\x21\0\1\x21\0\1", b"\x27\0\0\0\0", b"\x27\0\0\0\1", b"\x27\xff\xff\xff\xff", b"\x22\xff\xff",
        b"\x13\0\0", b"\x13\xff\xff", b"\x24\0", b"\x24\7", b"\x25\0", b"\x25\7", b"\x11\0\0\0\0", b"\x7f\0", b"\0",
        b"\x12" + text(b""), b"\x12" + text(b"i" * 60000), b"\x12\xff\xff", b"\x1f" + text(b"\xff\xfe\0"), b"\x1c" + text(b"elsewhere"),
        b"\x26" + text(b"a") + text(b"b" * 5000), b"\x26\0", b"\x15" + text(b"method"), b"\x16\xff\xff", b"\x28\0", b"\x2a\0",
    ]
    chosen = b"".join(rng.sample(properties, rng.randrange(1, 4)))
    length = number(len(chosen)) if rng.random() < 0.7 else number(rng.choice([0, 1, 127, 128, 100000, 268_435_455]))
    body = bytes([rng.choice([0, 0, 1, 0xFE]), rng.choice([0, 0, 0, 1, 0x80, 0x9D, 0xFF])]) + length + chosen
    connection.greet(packet(CONNACK, rng.choice([body, body, body[: rng.randrange(len(body))]])))
    connection.serve(packets=BORNE)


def early_packets(connection, rng):
    """Something else than a CONNACK, or two of them."""
    connection.packet()
    connection.send(rng.choice([
        publish(b"ward/v1/test/g-1/down/receipt", b"{}"), packet(SUBACK, b"\0\1\0\0"), packet(PINGRESP, b""),
        packet(DISCONNECT, b""), packet(AUTH, b"\x18\0"), CONNACK_GOOD * 2, packet(CONNECT, b"\0\4MQTT\5\2\0\0\0\0\0")]))
    connection.linger()


def odd_suback(connection, rng):
    connection.greet()

    def odd(first, body, answer):
        if first >> 4 != SUBSCRIBE:
            return answer
        return packet(SUBACK, body[:2] + rng.choice([b"\0", b"\0\1", b"\0" + b"\1" * 500, b"\0\x80\x87\xff", b"\x7f\1\1\1", b""]))

    connection.serve(odd, packets=BORNE)


def flood(connection, rng):
    """More than anybody reads, and of it what the core would get."""
    connection.greet()
    sent = 0
    while sent < FLOOD:
        topic = rng.choice([b"ward/v1/test/g-1/down/receipt", b"ward/v1/test/g-1/down/command", b"x", b"ward/v1/home/g-1/down/receipt"])
        octets = publish(topic, rng.randbytes(rng.choice([0, 10, 1000, 60000])), rng.randrange(3), rng.randrange(1, 65536))
        connection.send(octets)
        sent += len(octets)
        if select.select([connection.connection], [], [], 0)[0]:
            connection.read()  # whatever it answers: it must be able to
    connection.linger()


def odd_publishes(connection, rng):
    connection.greet()
    for _ in range(100):
        topic = rng.choice([b"", b"+/#", b"\0", b"ward/\xff\xfe", b"t" * 65535, b"ward/v1/test/g-1/down/receipt"])
        properties = rng.choice([
            b"", b"\x23\0\0", b"\x23\xff\xff", b"\x23\0\1", b"\x01\x07", b"\x02\0\0\0\0", b"\x08" + text(b"r" * 60000),
            b"\x08" + text(b"+/#"), b"\x09" + text(b"c" * 65535), b"\x0b\0", b"\x26" + text(b"k") + text(b""), b"\x7e", b"\x09\xff\xff"])
        connection.send(publish(topic, rng.randbytes(rng.randrange(20)), rng.randrange(4), rng.randrange(65536), properties))
    connection.linger()


def odd_aliases(connection, rng):
    """MQTT 5 §3.3.2.3.4: we never said that we take any."""
    connection.greet()
    for _ in range(200):
        alias = rng.choice([0, 1, 2, 255, 65535])
        connection.send(publish(rng.choice([b"", b"ward/v1/test/g-1/down/receipt"]), b"{}", rng.randrange(2), 7,
                                b"\x23" + struct.pack(">H", alias)))
    connection.linger()


def sent_away(connection, rng):
    connection.greet()
    connection.send(packet(DISCONNECT, rng.choice([
        b"", b"\x8b", b"\x8b\0", b"\xff\0", b"\0\x7f", b"\x98\x05\x1f\xff\xff", b"\x9c" + number(63) + b"\x1c" + text(b"e" * 60)])))
    connection.linger()


def silent(connection, _rng):
    connection.packet()
    connection.linger()


def slow(connection, _rng):
    """One octet a second, of answers that are right."""
    connection.packet()
    try:
        for octet in CONNACK_GOOD * 2:
            connection.send(bytes([octet]))
            connection.connection.settimeout(1)
            try:
                connection.read()
            except socket.timeout:
                pass
    finally:
        connection.connection.settimeout(None)


def cut_connack(connection, rng):
    connection.packet()
    connection.send(CONNACK_GOOD[: rng.randrange(len(CONNACK_GOOD))])
    reset(connection.connection)


def cut_after_connack(connection, rng):
    connection.greet()
    if rng.random() < 0.5:
        connection.packet()
    reset(connection.connection)


FAULTS = {fault.__name__.replace("_", "-"): fault for fault in (
    random_octets, random_packets, bent_packets, oversize, endless_length, wrong_ids, never_sent, answered_twice, odd_connack,
    early_packets, odd_suback, flood, odd_publishes, odd_aliases, sent_away, silent, slow, cut_connack, cut_after_connack)}
CUT = "cut-handshake"  # at an octet of what the broker says until the CONNACK is out
NO_TLS = "no-tls"
NAMES = [*FAULTS, CUT, NO_TLS]
HANDSHAKE_OCTETS = 2600  # about what a handshake with certificates of the tests has, with the CONNACK


def meet(raw, context, fault, rng, number_of, cut_at=None):
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        if fault == NO_TLS:
            raw.sendall(rng.randbytes(rng.choice([1, 100, 5000])))
            reset(raw)
            return
        drawn = rng.randrange(HANDSHAKE_OCTETS) if fault == CUT else None
        connection = Connection(raw, context, drawn if cut_at is None else cut_at)
        connection.handshake()
        if fault == CUT:
            connection.greet()
            if cut_at is not None:
                reset(raw)
                return
            connection.serve()
        else:
            FAULTS[fault](connection, rng)
    except (Gone, OSError, ssl.SSLError):
        pass
    finally:
        raw.close()
        # In one piece: print() writes the end of a line by itself, and other threads say something meanwhile.
        sys.stdout.write(f"done {number_of} {fault}\n")
        sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--fault", action="append", choices=NAMES, help="repeatable (default: all, in turn)")
    parser.add_argument("--cut-first", type=int, metavar="OCTET", help="where cut-handshake begins (default: at random)")
    parser.add_argument("--cut-step", type=int, metavar="N", default=1, help="and goes on (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(options.ca)
    listening = socket.create_server(("127.0.0.1", options.port), backlog=64)
    print(f"ready {listening.getsockname()[1]} {options.seed}", flush=True)
    for count, fault in zip(itertools.count(), itertools.cycle(options.fault or NAMES)):
        connection, _ = listening.accept()
        rng = random.Random(f"{options.seed} {count}")
        cut_at = None if options.cut_first is None else options.cut_first + count * options.cut_step
        threading.Thread(target=meet, args=(connection, context, fault, rng, count, cut_at), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
