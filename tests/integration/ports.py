# SPDX-License-Identifier: Apache-2.0
"""Ports for the servers of tests that run side by side."""

import random
import socket

BELOW_EPHEMERAL = range(10_000, 32_768)  # Linux gives from 32768 on to outgoing connections, which could take one meanwhile


def free_port():
    """One that nobody listens on, drawn at random, so that two tests which ask at once get two."""
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
