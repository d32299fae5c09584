# SPDX-License-Identifier: Apache-2.0
"""A TLS server that only listens: it keeps each octet that came, as it came and as it reads in clear."""

import socket
import ssl
import threading


class Ear:
    """Takes connections on loopback until closed. context: of a server; None: it keeps what comes and says nothing."""

    def __init__(self, context):
        self.context = context
        self.wire, self.clear, self.ended = bytearray(), bytearray(), 0  # ended: connections that are over
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.connections = set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:  # closed
                return
            self.connections.add(connection)
            threading.Thread(target=self.hear, args=(connection,), daemon=True).start()

    def hear(self, connection):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
        shaken = False
        try:
            while True:
                try:
                    if not shaken:
                        tls.do_handshake()
                        shaken = True
                    while octets := tls.read(65536):
                        self.clear += octets
                except ssl.SSLWantReadError:
                    pass
                finally:
                    connection.sendall(outgoing.read())
                octets = connection.recv(65536)
                if not octets:
                    return
                self.wire += octets
                incoming.write(octets)
        except OSError:  # ssl.SSLError is one of them
            pass
        finally:
            connection.close()
            self.connections.discard(connection)
            self.ended += 1

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has gone by itself
                pass
