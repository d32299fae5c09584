# SPDX-License-Identifier: Apache-2.0
"""What somebody sees of a program on a terminal of so many columns."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios


def shown(command, environment, columns=80, colours=False, keyboard=False):
    """The exit status, and the lines of standard output and standard error, colours apart unless they are asked for.
    keyboard: standard input is the terminal too."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command, stdin=theirs if keyboard else subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        octets = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux' way to say that nobody has the other end any more
                break
            if not piece:
                break
            octets += piece
        status = process.wait()
    os.close(ours)
    text = octets.decode()
    return status, (text if colours else re.sub(r"\x1b\[[0-9;]*m", "", text)).replace("\r\n", "\n").splitlines()
