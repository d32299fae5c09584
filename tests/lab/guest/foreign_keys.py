# SPDX-License-Identifier: Apache-2.0
"""The peripheral's side of LE Legacy Pairing, Just Works, as devices of Bluetooth 4.0 and 4.1 have it: Core 5.3, Vol 3,
Part H, §2.3.5.5 and §3. One bond, which a new one replaces. Octets are least significant first, as on the air."""
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from foreign_link import SMP, say

REQUEST, RESPONSE, CONFIRM, RANDOM, FAILED, LONG_TERM_KEY, IDENTIFICATION = 1, 2, 3, 4, 5, 6, 7
SECURITY_REQUEST = 0x0B
NOT_SUPPORTED, CONFIRM_FAILED = 0x05, 0x04
BONDING, NO_INPUT_NO_OUTPUT, ENCRYPTION_KEY = 0x01, 0x03, 0x01
TEMPORARY_KEY = bytes(16)  # Just Works


def encrypt(key, octets):
    cipher = Cipher(algorithms.AES(key[::-1]), modes.ECB()).encryptor()
    return cipher.update(octets[::-1])[::-1]


def exclusive_or(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


class Keys:
    """Of a Link. Without `bonds` it refuses to pair."""

    def __init__(self, link, bonds):
        self._link, self._bonds = link, bonds
        self._bond = None  # key, diversifier, random
        self._short_term = None
        self._ours = self._theirs = self._request = self._response = b""

    def ask(self):
        """A Security Request: many cuffs send one as soon as they are connected."""
        self._link.send(SMP, bytes([SECURITY_REQUEST, BONDING]))

    def wanted(self, random, diversifier):
        if self._short_term and diversifier == bytes(2):
            self._link.answer_key(self._short_term)
        elif self._bond and (diversifier, random) == self._bond[1:]:
            self._link.answer_key(self._bond[0])
        else:
            say("no key")
            self._link.answer_key(None)

    def encrypted(self):
        if not self._short_term:
            return
        self._short_term = None
        self._bond = os.urandom(16), os.urandom(2), os.urandom(8)
        self._link.send(SMP, bytes([LONG_TERM_KEY]) + self._bond[0])
        self._link.send(SMP, bytes([IDENTIFICATION]) + self._bond[1] + self._bond[2])
        say("bonded")

    def received(self, pdu):
        if pdu[0] == REQUEST:
            self._requested(pdu)
        elif pdu[0] == CONFIRM:
            self._theirs, self._ours = pdu[1:], os.urandom(16)
            self._link.send(SMP, bytes([CONFIRM]) + self._confirm(self._ours))
        elif pdu[0] == RANDOM:
            self._agreed(pdu[1:])
        elif pdu[0] == FAILED:
            say("pairing failed", pdu[1])

    def _fail(self, reason):
        self._link.send(SMP, bytes([FAILED, reason]))

    def _requested(self, pdu):
        if not self._bonds:
            say("pairing refused")
            self._fail(NOT_SUPPORTED)
            return
        self._request = pdu
        self._response = bytes([RESPONSE, NO_INPUT_NO_OUTPUT, 0, BONDING, 16, 0, ENCRYPTION_KEY & pdu[6]])
        self._link.send(SMP, self._response)

    def _confirm(self, random):
        """c1: the central is the initiator; the peripheral's address is public."""
        first = bytes([self._link.peer_type, 0]) + self._request + self._response
        second = self._link.address + self._link.peer + bytes(4)
        return encrypt(TEMPORARY_KEY, exclusive_or(encrypt(TEMPORARY_KEY, exclusive_or(random, first)), second))

    def _agreed(self, random):
        if self._confirm(random) != self._theirs:
            self._fail(CONFIRM_FAILED)
            return
        self._link.send(SMP, bytes([RANDOM]) + self._ours)
        self._short_term = encrypt(TEMPORARY_KEY, random[:8] + self._ours[:8])  # s1
