# SPDX-License-Identifier: Apache-2.0
"""A disk with a cache of its own, which a power cut empties.

It serves an image by NBD (https://github.com/NetworkBlockDevice/nbd, doc/proto.md: fixed newstyle, simple replies) on a
socket. What was written lies in the cache until a flush, or a write with FUA, takes it to the image. A cut keeps of the
cache what it pleases, page by page: all of it, nothing, or a part, also of one write. So what a guest has not flushed is
lost at times, or torn, and what it has flushed never. A page of 4096 octets is written as a whole, as disks and cards do:
ext4 relies on that for its superblock.
"""

import contextlib
import os
import socket
import struct
import threading

SECTOR = 512
SECTORS_OF_PAGE = 4096 // SECTOR
KEPT = (0.0, 0.0, 0.5, 0.9, 1.0)  # how much of its cache a cut leaves

MAGIC, OPTION_MAGIC, REPLY_MAGIC = b"NBDMAGIC", b"IHAVEOPT", 0x3E889045565A9
REQUEST, SIMPLE_REPLY = 0x25609513, 0x67446698
FIXED_NEWSTYLE, NO_ZEROES = 1, 2
OPTION_EXPORT_NAME, OPTION_ABORT, OPTION_INFO, OPTION_GO = 1, 2, 6, 7
REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 1, 3, 0x80000001
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
FUA = 1  # of a command's flags
HAS_FLAGS, SEND_FLUSH, SEND_FUA = 1, 4, 8  # of the export's
INVALID = 22


class Disk:
    def __init__(self, image, path):
        self.image, self.path = image, path
        self._file = os.open(image, os.O_RDWR)
        self._size = os.fstat(self._file).st_size
        self._cache = {}  # sector -> its octets, not flushed
        self._news = threading.Condition(threading.RLock())
        self._writes_left = None  # until the disk stops by itself
        self.stopped = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._thread = None
        threading.Thread(target=self._accept, daemon=True).start()

    # --- the power --------------------------------------------------------------------------------------------------

    def stop_after(self, writes):
        """The power goes in the WRITES-th write from now on: it lies in the cache, and nothing follows it."""
        with self._news:
            self._writes_left = writes

    def wait_until_stopped(self, patience_s):
        with self._news:
            return self._news.wait_for(lambda: self.stopped, patience_s)

    def stop(self):
        """From now on nothing reaches the disk."""
        with self._news:
            self.stopped = True
            self._news.notify_all()

    def cut(self, source):
        """The power was cut, and whoever used the disk is gone. What is left of the cache goes to the image; the disk
        can be used again. Returns how many pages were in the cache and how many of them were kept."""
        self.stop()
        if self._thread:
            self._thread.join()
        share = source.choice(KEPT)
        pages = sorted({sector // SECTORS_OF_PAGE for sector in self._cache})
        kept = {page for page in pages if source.random() < share}
        self._write_through({sector: octets for sector, octets in self._cache.items() if sector // SECTORS_OF_PAGE in kept})
        self._cache, self._writes_left, self.stopped = {}, None, False
        return len(pages), len(kept)

    def close(self):
        self.stop()
        self._listening.close()
        os.close(self._file)

    # --- the octets -------------------------------------------------------------------------------------------------

    def _write_through(self, sectors):
        for sector, octets in sectors.items():
            os.pwrite(self._file, octets, sector * SECTOR)

    def _read(self, offset, length):
        octets = bytearray(os.pread(self._file, length, offset))
        for at in range(0, length, SECTOR):
            cached = self._cache.get((offset + at) // SECTOR)
            if cached is not None:
                octets[at : at + SECTOR] = cached
        return bytes(octets)

    def _write(self, offset, octets, through):
        sectors = {(offset + at) // SECTOR: octets[at : at + SECTOR] for at in range(0, len(octets), SECTOR)}
        if through:
            for sector in sectors:
                self._cache.pop(sector, None)
            self._write_through(sectors)
        else:
            self._cache.update(sectors)

    def _flush(self):
        self._write_through(self._cache)
        self._cache = {}

    # --- the protocol -----------------------------------------------------------------------------------------------

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self._thread:
                self._thread.join()
            self._thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._thread.start()

    def _serve(self, client):
        with client, client.makefile("rb") as stream, contextlib.suppress(EOFError, OSError):
            if self._negotiate(client, stream):
                while self._obey(client, stream):
                    pass

    @staticmethod
    def _take(stream, length):
        octets = stream.read(length)
        if len(octets) < length:
            raise EOFError
        return octets

    def _negotiate(self, client, stream):
        export = struct.pack(">QH", self._size, HAS_FLAGS | SEND_FLUSH | SEND_FUA)
        client.sendall(MAGIC + OPTION_MAGIC + struct.pack(">H", FIXED_NEWSTYLE | NO_ZEROES))
        flags, = struct.unpack(">I", self._take(stream, 4))
        while True:
            magic, option, length = struct.unpack(">8sII", self._take(stream, 16))
            self._take(stream, length)
            if magic != OPTION_MAGIC:
                return False

            def reply(kind, octets=b"", option=option):
                client.sendall(struct.pack(">QIII", REPLY_MAGIC, option, kind, len(octets)) + octets)

            if option == OPTION_EXPORT_NAME:
                client.sendall(export + (b"" if flags & NO_ZEROES else bytes(124)))
                return True
            if option in (OPTION_INFO, OPTION_GO):
                reply(REPLY_INFO, struct.pack(">H", 0) + export)
            reply(REPLY_ACK if option in (OPTION_INFO, OPTION_GO, OPTION_ABORT) else REPLY_UNSUPPORTED)
            if option in (OPTION_GO, OPTION_ABORT):
                return option == OPTION_GO

    def _carry_out(self, kind, flags, offset, data):
        """data: what is to be written, or how much is to be read. Returns an error and what was read."""
        length = len(data) if kind == WRITE else data
        if offset % SECTOR or length % SECTOR or offset + length > self._size or kind not in (READ, WRITE, FLUSH):
            return INVALID, b""
        if kind == READ:
            return 0, self._read(offset, length)
        if kind == FLUSH:
            self._flush()
            return 0, b""
        self._write(offset, data, flags & FUA)
        if self._writes_left is not None:
            self._writes_left -= 1
            if self._writes_left <= 0:
                self.stop()
        return 0, b""

    def _obey(self, client, stream):
        """One request. Returns False when it was the last."""
        magic, flags, kind, handle, offset, length = struct.unpack(">IHH8sQI", self._take(stream, 28))
        if magic != REQUEST or kind == DISCONNECT:
            return False
        data = self._take(stream, length) if kind == WRITE else length
        with self._news:
            error, octets = (0, b"") if self.stopped else self._carry_out(kind, flags, offset, data)
            stopped = self.stopped
        if stopped:
            # Nobody is answered any more. The connection stays, so that the guest does not see its disk fail.
            while stream.read1(65536):
                pass
            return False
        client.sendall(struct.pack(">II8s", SIMPLE_REPLY, error, handle) + octets)
        return True
