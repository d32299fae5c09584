# SPDX-License-Identifier: Apache-2.0
"""Writes captures in the format of btsnoop, packet by packet, for the tests of `wardctl decode --btsnoop`."""

import struct

H1, H4, MONITOR = 1001, 1002, 2001
SENT, RECEIVED = False, True
EPOCH_US = 0x00DCDDB30F2F8000
START_US = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z
BASE_TAIL = "-0000-1000-8000-00805f9b34fb"


def uuid_octets(uuid):
    """As ATT sends it: least significant octet first."""
    return bytes.fromhex(uuid.replace("-", ""))[::-1]


class Capture:
    """Each packet is a second after the one before it."""

    def __init__(self, link=MONITOR, adapter=0):
        self.link, self.adapter, self.at_us = link, adapter, START_US
        self.octets = b"btsnoop\0" + struct.pack(">II", 1, link)

    def record(self, flags, packet, full_length=None):
        self.octets += struct.pack(">IIIIQ", full_length or len(packet), len(packet), flags, 0, self.at_us + EPOCH_US)
        self.octets += packet
        self.at_us += 1_000_000

    def event(self, packet):
        flags = {H1: 3, H4: 1, MONITOR: self.adapter << 16 | 3}[self.link]
        self.record(flags, b"\x04" * (self.link == H4) + packet)

    def data(self, received, packet, full_length=None):
        flags = {H1: int(received), H4: int(received), MONITOR: self.adapter << 16 | 4 + received}[self.link]
        self.record(flags, b"\x02" * (self.link == H4) + packet, full_length)

    def connect(self, handle=64, address="C0:FF:EE:00:00:01", status=0, kind=1):
        body = struct.pack("<BBHBB", kind, status, handle, 0, 1) + bytes.fromhex(address.replace(":", ""))[::-1] + bytes(7)
        self.event(bytes([0x3E, len(body)]) + body)

    def disconnect(self, handle=64):
        self.event(struct.pack("<BBBHB", 0x05, 4, 0, handle, 0x13))

    def fragments(self, received, frame, sizes, handle=64):
        """One frame of L2CAP, cut after so many octets each; what is left goes last."""
        first = True
        for size in [*sizes, None]:
            piece, frame = (frame[:size], frame[size:]) if size is not None else (frame, b"")
            boundary = (0 if received == SENT else 2) if first else 1
            self.data(received, struct.pack("<HH", handle | boundary << 12, len(piece)) + piece)
            first = False

    def att(self, received, pdu, handle=64, sizes=(), channel=4):
        self.fragments(received, struct.pack("<HH", len(pdu), channel) + pdu, sizes, handle)

    def discover(self, characteristics, handle=64):
        """{value handle: UUID}, as BlueZ asks: Read By Type for declarations, an answer for each length of UUID."""
        for value_handle, uuid in characteristics.items():
            self.att(SENT, struct.pack("<BHHH", 0x08, 1, 0xFFFF, 0x2803), handle)
            item = struct.pack("<HBH", value_handle - 1, 0x10, value_handle) + uuid_octets(uuid)
            self.att(RECEIVED, bytes([0x09, len(item)]) + item, handle)

    def notify(self, value_handle, octets, handle=64, sizes=(), opcode=0x1B):
        self.att(RECEIVED, struct.pack("<BH", opcode, value_handle) + bytes.fromhex(octets), handle, sizes)
