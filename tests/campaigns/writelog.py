# SPDX-License-Identifier: Apache-2.0
"""What a disk was told to do, in the order in which it had done it (the format of the kernel's dm-log-writes, as
QEMU's blklogwrites writes it), and the states that a power cut can leave of it.

A disk promises that what was written before a flush is there after it. Of what was written since, anything may be
there: each write or not, and of one that was under way any of its sectors. Which of two writes of the same sector came
last decides what it holds if both are there: a disk that writes them in another order leaves what one leaves that never
wrote the later one, so that every order is among the subsets. A sector is written as a whole or not at all.
"""

import mmap
import struct
from collections import namedtuple

SECTOR = 512
MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, FUA, DISCARD = 1, 2, 4
# The superblock of ext4, with its checksum in the second one: if the disk tears it, the file system cannot be mounted,
# whoever wrote what. So they are one.
SUPERBLOCK = (2, 3)

Entry = namedtuple("Entry", "first count flags at")  # sectors on the disk; where their octets are in the log


class WriteLog:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.octets = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, version, count, unit = struct.unpack_from("<QQQI", self.octets)
        if (magic, version, unit) != (MAGIC, VERSION, SECTOR):
            raise ValueError(f"{path} is no log of writes in sectors of {SECTOR} octets")
        self.entries = []
        at = unit
        for _ in range(count):
            first, sectors, flags, _ = struct.unpack_from("<QQQQ", self.octets, at)
            at += unit
            self.entries.append(Entry(first, sectors, flags, at))
            at += 0 if flags & DISCARD else sectors * SECTOR
        if at > len(self.octets):
            raise ValueError(f"{path} ends in the midst of an entry")

    def read(self, entry):
        return self.octets[entry.at : entry.at + entry.count * SECTOR]


class Platter:
    """The disk as it is at a cut that moves on: what is surely on it, and the writes that may be."""

    def __init__(self, log, image):
        self.log = log
        self.sure = bytearray(image)
        self.sectors = len(image) // SECTOR
        self.cut = 0
        self.pending = []

    def move_to(self, cut):
        """The first `cut` entries were done."""
        for entry in self.log.entries[self.cut : cut]:
            if entry.flags & FLUSH:
                for earlier in self.pending:
                    self.write(self.sure, earlier, range(earlier.count))
                self.pending = []
            if entry.count and not entry.flags & DISCARD and entry.first + entry.count <= self.sectors:
                self.pending.append(entry)
        self.cut = cut

    def write(self, image, entry, which):
        """Those sectors of an entry."""
        octets = self.log.octets
        if len(which) == entry.count:
            image[entry.first * SECTOR : (entry.first + entry.count) * SECTOR] = self.log.read(entry)
            return
        for i in which:
            to, source = (entry.first + i) * SECTOR, entry.at + i * SECTOR
            image[to : to + SECTOR] = octets[source : source + SECTOR]

    def leave(self, image, random):
        """Fills image with one of the states of this cut. Returns what was done with the writes that may be on it."""
        image[:] = self.sure
        way = random.choice(WAYS)
        chosen = way(list(self.pending), random)
        for entry, which in chosen:
            self.write(image, entry, which)
        return way.__name__


# --- which of them are there: each gives (entry, its sectors), in the order of the log; FUA is there in any case ------


def whole(entry):
    return entry, range(entry.count)


def torn(entry, random):
    """Some of its sectors: those up to one, from one on, or any."""
    if entry.flags & FUA or entry.count == 1:
        return whole(entry)
    at = random.randrange(1, entry.count)
    which = random.choice((range(at), range(at, entry.count), random.sample(range(entry.count), at)))
    one, other = (sector - entry.first for sector in SUPERBLOCK)
    if 0 <= one and other < entry.count and (one in which) != (other in which):
        which = set(which) ^ {other}
    return entry, sorted(which)


def nothing(pending, random):
    return [whole(entry) for entry in pending if entry.flags & FUA]


def everything(pending, random):
    return [whole(entry) for entry in pending]


def some(pending, random):
    share = random.random()
    return [whole(entry) for entry in pending if entry.flags & FUA or random.random() < share]


def some_torn(pending, random):
    share = random.random()
    return [torn(entry, random) if random.random() < 0.5 else whole(entry) for entry in pending
            if entry.flags & FUA or random.random() < share]


def all_torn(pending, random):
    return [torn(entry, random) for entry in pending]


def all_but_one(pending, random):
    left_out = random.randrange(len(pending)) if pending else None
    return [whole(entry) for i, entry in enumerate(pending) if entry.flags & FUA or i != left_out]


def newest(pending, random):
    """Not the older ones: the order turned round."""
    since = random.randrange(len(pending)) if pending else 0
    return [whole(entry) for i, entry in enumerate(pending) if entry.flags & FUA or i >= since]


def oldest(pending, random):
    """In order up to one, which is torn."""
    last = random.randrange(len(pending)) if pending else 0
    return [whole(entry) if entry.flags & FUA or i < last else torn(entry, random) for i, entry in enumerate(pending)
            if entry.flags & FUA or i <= last]


WAYS = (nothing, everything, some, some, some_torn, some_torn, all_torn, all_but_one, newest, oldest)
