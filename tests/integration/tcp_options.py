# SPDX-License-Identifier: Apache-2.0
"""What another process has set on its sockets, which only itself can tell; so they are borrowed (pidfd_getfd(2))."""

import contextlib
import ctypes
import os
import socket

PIDFD_GETFD = 438  # the libc of Debian 12 has no name for it


def options_of(pid, port, option):
    """A TCP option of the connections of a process to or from a port."""
    process, values = os.pidfd_open(pid), []
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        if os.readlink(f"/proc/{pid}/fd/{descriptor}").startswith("socket:"):
            copy = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, int(descriptor), 0)
            with socket.socket(fileno=copy) as one, contextlib.suppress(OSError):  # nobody is at its other end
                if one.family != socket.AF_UNIX and port in (one.getpeername()[1], one.getsockname()[1]):
                    values.append(one.getsockopt(socket.IPPROTO_TCP, option))
    os.close(process)
    return values
