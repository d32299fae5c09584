# SPDX-License-Identifier: Apache-2.0
"""A wire, between uplink and broker or between a gateway and its bus, that can be cut, or die without a word: what was
connected then hears nothing any more, in neither direction, and is not told; what connects afterwards gets through."""

import contextlib
import select
import socket
import threading

CHUNK = 65536


class Relay:
    def __init__(self, target):
        """target: a port of this machine, or the path of a socket."""
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._pairs = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                pair = (client, self._connect())
            except OSError:
                client.close()
                continue
            with self._lock:
                self._pairs.append(pair)
            threading.Thread(target=self._carry, args=(pair,), daemon=True).start()

    def _connect(self):
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self._target))
        except OSError:
            connection.close()
            raise
        return connection

    def _carry(self, pair):
        try:
            while pair in self._pairs:
                for source in select.select(pair, [], [], 0.2)[0]:
                    octets = source.recv(CHUNK)
                    if not octets:
                        return
                    if pair in self._pairs:
                        pair[pair.index(source) - 1].sendall(octets)
            return
        except OSError:
            return
        finally:
            with self._lock:
                alive = pair in self._pairs
                if alive:
                    self._pairs.remove(pair)
            if alive:
                self.hang_up(pair)

    @staticmethod
    def hang_up(pair):
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def cut(self):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            self.hang_up(pair)

    def fall_silent(self):
        """Returns what was connected; it stays open until it is hung up."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        return pairs

    def close(self):
        self._listening.close()
        self.cut()
