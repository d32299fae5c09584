# SPDX-License-Identifier: Apache-2.0
"""An image of a disk in memory, mounted as ext4 through a loop device. It all goes with the process, however that ends:
the device lets go of the image when nobody has it open, and the mount is seen in the process's own namespace only.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import struct
import tempfile

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
LOOP_CTL_GET_FREE, LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4
# struct loop_config: the image, the size of a block, the flags within struct loop_info64, and the rest of it
LOOP_CONFIG = struct.Struct("=II52xI176x64x")
PATIENCE = 100


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


class LoopMount:
    """image: its octets, to be changed while it is not mounted. Mounted within `with`."""

    def __init__(self, size):
        check(LIBC.unshare(CLONE_NEWNS), "a mount namespace of its own")
        check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mounts of its own")
        self.descriptor = os.memfd_create("crash-state", os.MFD_CLOEXEC)
        os.ftruncate(self.descriptor, size)
        self.image = mmap.mmap(self.descriptor, size)
        self.at = tempfile.mkdtemp(prefix="crash-state-")

    @staticmethod
    def try_out():
        """Raises OSError when that cannot be done here."""
        disk = LoopMount(mmap.PAGESIZE)
        try:
            _, device = disk._attach()
            os.close(device)
        finally:
            disk.close()

    def close(self):
        os.rmdir(self.at)
        self.image.close()
        os.close(self.descriptor)

    def _attach(self):
        """Returns a loop device that has the image, open."""
        with open("/dev/loop-control", "rb") as control:
            for _ in range(PATIENCE):
                number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
                device = os.open(f"/dev/loop{number}", os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.ioctl(device, LOOP_CONFIGURE, LOOP_CONFIG.pack(self.descriptor, 0, LO_FLAGS_AUTOCLEAR))
                    return number, device
                except OSError as error:
                    os.close(device)
                    if error.errno != errno.EBUSY:  # somebody else was quicker
                        raise
        raise OSError(errno.EBUSY, "no loop device is free")

    def __enter__(self):
        number, device = self._attach()
        try:
            # Nothing is made of what becomes of this state, so it need not be flushed.
            check(LIBC.mount(f"/dev/loop{number}".encode(), self.at.encode(), b"ext4", 0, b"barrier=0"),
                  "the file system")
        finally:
            os.close(device)
        return self.at

    def __exit__(self, *_):
        check(LIBC.umount2(self.at.encode(), 0), "the file system cannot be left")
