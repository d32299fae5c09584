# SPDX-License-Identifier: Apache-2.0
"""What a process has mapped, as the kernel tells it."""
import pathlib
import resource

CAP_IPC_LOCK = 14


def may_lock():
    """Whether a process of ours may lock as much memory as it has."""
    status = pathlib.Path("/proc/self/status").read_text()
    capable, = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")]
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    return bool(capable >> CAP_IPC_LOCK & 1) or unlimited


def held(process, file):
    """Of the readable parts of that file that are mapped: whether the kernel keeps them, and whether all is in memory."""
    parts, size = set(), None
    for line in open(f"/proc/{process.pid}/smaps"):
        name, *words = line.split()
        if "-" in name:
            size, resident = (0, 0) if file in line and words[0].startswith("r") else (None, 0)
        elif size is not None and name == "Size:":
            size = int(words[0])
        elif size is not None and name == "Rss:":
            resident = int(words[0])
        elif size is not None and name == "VmFlags:":
            parts.add(("lo" in words, resident == size))
    return parts
