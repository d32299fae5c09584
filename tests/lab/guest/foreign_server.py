# SPDX-License-Identifier: Apache-2.0
"""An attribute server without BlueZ: Core 5.3, Vol 3, Part F and G. The MTU is 23 for ever. Requests come one at a time,
and indications wait for each other here."""
import struct
from dataclasses import dataclass

from foreign_link import ATT, say

PRIMARY, INCLUDE, CHARACTERISTIC, USER_DESCRIPTION, CONFIGURATION = 0x2800, 0x2802, 0x2803, 0x2901, 0x2902
READ, WRITE, NOTIFY, INDICATE = 0x02, 0x08, 0x10, 0x20
MTU = 23
INVALID_HANDLE, NOT_READABLE, NOT_WRITABLE, UNENCRYPTED, UNSUPPORTED, BAD_OFFSET, NOT_FOUND, BAD_LENGTH = (
    0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x0A, 0x0D)
MTU_REQUEST, INFORMATION, FIND_VALUE, READ_TYPE, READ_REQUEST, READ_BLOB, READ_GROUP, WRITE_REQUEST = (
    0x02, 0x04, 0x06, 0x08, 0x0A, 0x0C, 0x10, 0x12)
NOTIFICATION, INDICATION, CONFIRMATION, COMMAND_BIT = 0x1B, 0x1D, 0x1E, 0x40
UUID_TAIL = bytes.fromhex("fb349b5f80000080001000000000")  # …-0000-1000-8000-00805F9B34FB, least significant first


def octets_of(uuid):
    """A number of 16 bits, or the text of 128."""
    return struct.pack("<H", uuid) if isinstance(uuid, int) else bytes.fromhex(uuid.replace("-", ""))[::-1]


def short(octets):
    return octets[:2] if len(octets) == 16 and octets[2:] == UUID_TAIL else octets


class Refused(Exception):
    """With an ATT error."""


@dataclass
class Attribute:
    type: bytes
    value: bytes
    readable: bool = True
    writable: bool = False
    private: bool = False  # wants an encrypted link
    end: int = 0  # of a service: its last handle
    of: object = None  # of a CCC or a value: the UUID of its characteristic
    central: bytes = bytes(2)  # of a CCC: what was written


class Table:
    """The attributes, by their handles. at() leaves a hole; whoever reads services must not mind."""

    def __init__(self):
        self.attributes = {}
        self._next, self._service = 1, None

    def at(self, handle):
        self._next = handle

    def _add(self, kind, value, **more):
        handle, self._next = self._next, self._next + 1
        self.attributes[handle] = Attribute(octets_of(kind), value, **more)
        if self._service:
            self.attributes[self._service].end = handle
        return handle

    def service(self, uuid):
        self._service = None
        self._service = self._add(PRIMARY, octets_of(uuid))
        self.attributes[self._service].end = self._service
        return self._service

    def until(self, handle):
        """The service claims handles up to this one, which do not exist."""
        self.attributes[self._service].end = handle

    def include(self, service):
        found = self.attributes[service]
        uuid = found.value if len(found.value) == 2 else b""
        self._add(INCLUDE, struct.pack("<HH", service, found.end) + uuid)

    def characteristic(self, uuid, properties, value=b"", private=False):
        declaration = struct.pack("<BH", properties, self._next + 1) + octets_of(uuid)
        self._add(CHARACTERISTIC, declaration)
        return self._add(uuid, value, readable=bool(properties & READ), writable=bool(properties & WRITE),
                         private=private, of=uuid)

    def descriptor(self, uuid, value):
        self._add(uuid, value)

    def configuration(self, uuid, private=False):
        self._add(CONFIGURATION, bytes(2), writable=True, private=private, of=uuid)


class Server:
    """Of a Link. Its owner has subscribed(uuid) and written(uuid, value), which may raise Refused."""

    def __init__(self, link, table, owner, answers_mtu):
        self._link, self._table, self._owner, self._answers_mtu = link, table.attributes, owner, answers_mtu
        self._waiting = []  # indications, the first of which is out
        self.encrypted = False

    def disconnected(self, forgets):
        self._waiting.clear()
        self.encrypted = False
        for attribute in self._table.values():
            if forgets:
                attribute.central = bytes(2)

    def is_subscribed(self, uuid):
        return any(attribute.of == uuid and attribute.central != bytes(2) and
                   (self.encrypted or not attribute.private) for attribute in self._table.values())

    def _handle_of(self, uuid):
        return next(handle for handle, attribute in self._table.items() if attribute.type == octets_of(uuid))

    def notify(self, uuid, value):
        self._link.send(ATT, struct.pack("<BH", NOTIFICATION, self._handle_of(uuid)) + value[:MTU - 3])

    def indicate(self, uuid, value, confirmed=None):
        """Behind those that are still unconfirmed; confirmed() is called then, before the next one goes out."""
        self._waiting.append((struct.pack("<BH", INDICATION, self._handle_of(uuid)) + value[:MTU - 3], confirmed))
        if len(self._waiting) == 1:
            self._link.send(ATT, self._waiting[0][0])

    def _confirmed(self):
        if not self._waiting:
            return
        _, confirmed = self._waiting.pop(0)
        if confirmed:
            confirmed()
        if self._waiting:
            self._link.send(ATT, self._waiting[0][0])

    def received(self, pdu):
        opcode = pdu[0]
        if opcode == CONFIRMATION:
            self._confirmed()
            return
        requests = {MTU_REQUEST: self._exchange_mtu, INFORMATION: self._find_information, FIND_VALUE: self._find_value,
                    READ_TYPE: self._read_type, READ_REQUEST: self._read, READ_BLOB: self._read_blob,
                    READ_GROUP: self._read_group, WRITE_REQUEST: self._write}
        handle = struct.unpack_from("<H", pdu, 1)[0] if len(pdu) >= 3 else 0
        try:
            if opcode not in requests:
                raise Refused(UNSUPPORTED)
            self._link.send(ATT, bytes([opcode + 1]) + requests[opcode](pdu[1:])[:MTU - 1])
        except Refused as error:
            if not opcode & COMMAND_BIT:
                self._link.send(ATT, struct.pack("<BBHB", 0x01, opcode, handle, error.args[0]))
        if opcode == WRITE_REQUEST:
            self._after_write(handle)

    # --- requests: parameters in, parameters of the response out ---

    def _exchange_mtu(self, _):
        if not self._answers_mtu:
            raise Refused(UNSUPPORTED)
        return struct.pack("<H", MTU)

    def _between(self, parameters):
        first, last = struct.unpack_from("<HH", parameters)
        if first == 0 or first > last:
            raise Refused(INVALID_HANDLE)
        return [(handle, attribute) for handle, attribute in sorted(self._table.items()) if first <= handle <= last]

    @staticmethod
    def _same_size(entries):
        """As many from the first on as have its size and fit."""
        size = len(entries[0])
        count = next((i for i, entry in enumerate(entries) if len(entry) != size), len(entries))
        return b"".join(entries[:min(count, max(1, (MTU - 2) // size))])

    def _find_information(self, parameters):
        entries = [struct.pack("<H", handle) + attribute.type for handle, attribute in self._between(parameters)]
        if not entries:
            raise Refused(NOT_FOUND)
        return bytes([1 if len(entries[0]) == 4 else 2]) + self._same_size(entries)

    def _find_value(self, parameters):
        found = [struct.pack("<HH", handle, attribute.end) for handle, attribute in self._between(parameters)
                 if attribute.type == parameters[4:6] and short(attribute.value) == short(parameters[6:])]
        if not found:
            raise Refused(NOT_FOUND)
        return self._same_size(found)

    def _readable(self, attribute):
        if not attribute.readable:
            raise Refused(NOT_READABLE)
        if attribute.private and not self.encrypted and attribute.type != octets_of(CONFIGURATION):
            raise Refused(UNENCRYPTED)
        return attribute.central if attribute.type == octets_of(CONFIGURATION) else attribute.value

    def _read_type(self, parameters):
        found = [(handle, attribute) for handle, attribute in self._between(parameters)
                 if attribute.type == short(parameters[4:])]
        if not found:
            raise Refused(NOT_FOUND)
        entries = [struct.pack("<H", handle) + self._readable(attribute)[:MTU - 4] for handle, attribute in found]
        return bytes([len(entries[0])]) + self._same_size(entries)

    def _read_group(self, parameters):
        found = [struct.pack("<HH", handle, attribute.end) + attribute.value
                 for handle, attribute in self._between(parameters) if attribute.type == parameters[4:]]
        if not found:
            raise Refused(NOT_FOUND)
        return bytes([len(found[0])]) + self._same_size(found)

    def _attribute(self, parameters):
        attribute = self._table.get(struct.unpack_from("<H", parameters)[0])
        if not attribute:
            raise Refused(INVALID_HANDLE)
        return attribute

    def _read(self, parameters):
        return self._readable(self._attribute(parameters))

    def _read_blob(self, parameters):
        value = self._readable(self._attribute(parameters))
        offset = struct.unpack_from("<H", parameters, 2)[0]
        if offset > len(value):
            raise Refused(BAD_OFFSET)
        return value[offset:]

    def _write(self, parameters):
        attribute, value = self._attribute(parameters), parameters[2:]
        if not attribute.writable:
            raise Refused(NOT_WRITABLE)
        if attribute.private and not self.encrypted:
            raise Refused(UNENCRYPTED)
        if attribute.type == octets_of(CONFIGURATION):
            if len(value) != 2:
                raise Refused(BAD_LENGTH)
            attribute.central = value
        else:
            self._owner.written(attribute.of, value)
        return b""

    def _after_write(self, handle):
        """What a write leads to goes out behind its response."""
        attribute = self._table.get(handle)
        if attribute and attribute.type == octets_of(CONFIGURATION) and self.is_subscribed(attribute.of):
            say(f"subscribed {attribute.of:04x}")
            self._owner.subscribed(attribute.of)
