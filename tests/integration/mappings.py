# SPDX-License-Identifier: Apache-2.0
"""What a process has mapped, as the kernel tells it."""


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
