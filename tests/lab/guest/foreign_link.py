# SPDX-License-Identifier: Apache-2.0
"""A Bluetooth LE peripheral's stack that shares nothing with BlueZ: the controller's own commands and L2CAP.

The adapter is taken by its HCI user channel, which only one that is down gives away. One central, the three fixed
channels, packets of at most 27 octets in either direction. Core 5.3, Vol 4, Part E, and Vol 3, Part A.
"""
import ctypes
import heapq
import itertools
import os
import select
import socket
import struct
import sys
import time

HCI_CHANNEL_USER = 1
COMMAND, ACL, EVENT = 1, 2, 4
ATT, SIGNALLING, SMP = 4, 5, 6
RESET, EVENT_MASK, LE_EVENT_MASK, READ_ADDRESS, DISCONNECT = 0x0C03, 0x0C01, 0x2001, 0x1009, 0x0406
PARAMETERS, DATA, RESPONSE, ENABLE, KEY_REPLY, KEY_NEGATIVE = 0x2006, 0x2008, 0x2009, 0x200A, 0x201A, 0x201B
REMOTE_USER_TERMINATED = 0x13
COMMAND_REJECT, UPDATE_REQUEST, UPDATE_RESPONSE = 0x01, 0x12, 0x13


def say(*words):
    print(*words, flush=True)


class Link:
    """The adapter, and the one connection it may have. Its owner has connected(), disconnected(), encrypted(),
    key_wanted(random, diversifier) and received(channel, pdu)."""

    def __init__(self, owner, advertisement, response):
        self.owner = owner
        self.handle = None
        self.address = self.peer = None  # six octets, least significant first, and the type of the peer's
        self.peer_type = 0
        self._advertisement, self._response = advertisement, response
        self._wanted = False  # on the air, when nobody is connected
        self._identifier = itertools.cycle(range(1, 256))
        self._timers, self._order = [], itertools.count()
        self._channel = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI)
        index = int(os.environ["LAB_ADAPTER"].removeprefix("hci"))
        address = struct.pack("<HHH", socket.AF_BLUETOOTH, index, HCI_CHANNEL_USER)
        if ctypes.CDLL(None, use_errno=True).bind(self._channel.fileno(), address, len(address)) != 0:
            sys.exit(f"bind: {os.strerror(ctypes.get_errno())}")

    # --- what its owner asks for ---

    def after(self, seconds, call):
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), call))

    def advertise(self, on):
        self._wanted = on
        if self.handle is None:
            self._enable(on)

    def send(self, channel, pdu):
        """Lost when nobody is connected any more."""
        if self.handle is None:
            return
        packet = struct.pack("<HH", len(pdu), channel) + pdu
        self._channel.send(struct.pack("<BHH", ACL, self.handle, len(packet)) + packet)

    def disconnect(self):
        if self.handle is not None:
            self._command(DISCONNECT, struct.pack("<HB", self.handle, REMOTE_USER_TERMINATED))

    def answer_key(self, key):
        """The key for the link that is to be encrypted; None: there is none."""
        handle = struct.pack("<H", self.handle)
        self._command(KEY_NEGATIVE, handle) if key is None else self._command(KEY_REPLY, handle + key)

    def ask_for_update(self):
        """Other connection parameters, as a device with a small battery wants: 30 to 50 ms, and four events of rest."""
        self._signal(UPDATE_REQUEST, struct.pack("<HHHH", 24, 40, 4, 300))

    # --- the controller ---

    def _command(self, opcode, parameters=b""):
        self._channel.send(struct.pack("<BHB", COMMAND, opcode, len(parameters)) + parameters)

    def _enable(self, on):
        if on:
            self._command(PARAMETERS, struct.pack("<HHBBB6sBB", 0xA0, 0xA0, 0, 0, 0, bytes(6), 7, 0))
            for opcode, data in ((DATA, self._advertisement), (RESPONSE, self._response)):
                self._command(opcode, bytes([len(data)]) + data.ljust(31, b"\0"))
        self._command(ENABLE, bytes([on]))
        say("advertising" if on else "silent")

    def run(self):
        self._command(RESET)
        self._command(EVENT_MASK, b"\xff" * 7 + b"\x3f")
        self._command(LE_EVENT_MASK, b"\x1f" + bytes(7))
        self._command(READ_ADDRESS)
        while True:
            wait = max(0, self._timers[0][0] - time.monotonic()) if self._timers else None
            if select.select([self._channel], [], [], wait)[0]:
                self._take(self._channel.recv(1024))
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()

    def _take(self, packet):
        if packet[0] == EVENT:
            self._take_event(packet[1], packet[3:])
        elif packet[0] == ACL:
            length, channel = struct.unpack_from("<HH", packet, 5)
            pdu = packet[9:]
            if len(pdu) != length:
                sys.exit(f"a packet of {len(pdu)} of {length} octets: nothing here is that long")
            if channel == SIGNALLING:
                self._take_signal(pdu)
            else:
                self.owner.received(channel, pdu)

    def _take_event(self, code, event):
        if code == 0x0E and event[1:3] == struct.pack("<H", READ_ADDRESS):
            self.address = event[4:10]
            self.owner.started()
        elif code == 0x3E and event[0] in (0x01, 0x0A) and event[1] == 0:
            self.handle = struct.unpack_from("<H", event, 2)[0]
            self.peer_type, self.peer = event[5], event[6:12]
            say("connected")
            self.owner.connected()
        elif code == 0x3E and event[0] == 0x05:
            self.owner.key_wanted(event[3:11], event[11:13])
        elif code == 0x08 and event[0] == 0 and event[3] != 0:
            say("encrypted")
            self.owner.encrypted()
        elif code == 0x05 and event[0] == 0:
            self.handle = None
            say("disconnected")
            self.owner.disconnected()
            if self._wanted:
                self._enable(True)

    # --- the signalling channel ---

    def _signal(self, code, data, identifier=None):
        identifier = identifier or next(self._identifier)
        self.send(SIGNALLING, struct.pack("<BBH", code, identifier, len(data)) + data)

    def _take_signal(self, pdu):
        if pdu[0] == UPDATE_RESPONSE:
            say("update", "refused" if pdu[4] else "accepted")
        elif pdu[0] != COMMAND_REJECT:
            self._signal(COMMAND_REJECT, struct.pack("<H", 0), pdu[1])
