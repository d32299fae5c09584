# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of this tree, built once for all that ask (build, beside this file), and what is in them.

WARD_PACKAGE_FOR: a board's architecture, arm64 or armhf; they are then cross-built, and QEMU runs what is in them.
"""

import os
import re
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARD = os.environ.get("WARD_PACKAGE_FOR", "")
OUT = Path(os.environ.get("WARD_PACKAGE_DIR") or ROOT / "build" / "-".join(filter(None, ["package", BOARD])))
SYSTEM = OUT / "root" if BOARD else Path("/")  # where the libraries are that the programs are linked with
RUNS = {"": [], "arm64": ["qemu-aarch64", "-L", str(SYSTEM)], "armhf": ["qemu-arm", "-L", str(SYSTEM)]}[BOARD]


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, text=True, stdout=subprocess.PIPE).stdout


def packages_with(*files):
    """{file: the packages of the system of the libraries that have it}; a file that none has is left out."""
    asked = subprocess.run(["dpkg-query", f"--admindir={SYSTEM}/var/lib/dpkg", "--search", *files],
                           capture_output=True, text=True, check=False).stdout  # fmt: skip
    return {name: packages.split(", ") for packages, _, name in (line.rpartition(": ") for line in asked.splitlines())}


class Deb:
    def __init__(self, path):
        self.path = path
        self.fields = {}
        for line in run("dpkg-deb", "--field", path).splitlines():
            if not line.startswith(" "):
                name, _, value = line.partition(": ")
                self.fields[name] = value
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], check=True, stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            self.members = {member.name.removeprefix("."): member for member in tar}
        self.files = {name for name, member in self.members.items() if not member.isdir()}
        # What is unpacked here is what was packed: dpkg-deb reads the tree of the package.
        self.unpacked = OUT / "tree" / "debian" / self.fields["Package"]

    def control(self, name):
        """The lines of a control file, such as conffiles; none where there is no such file."""
        done = subprocess.run(["dpkg-deb", "--info", self.path, name], capture_output=True, text=True, check=False)
        return done.stdout.splitlines()

    def depends(self):
        return [words.split()[0] for words in self.fields.get("Depends", "").split(", ") if words]

    def programs(self):
        """The ELF files that are run."""
        return sorted(name for name in self.files if name.startswith(("/usr/bin/", "/usr/sbin/", "/usr/libexec/"))
                      and (self.unpacked / name.lstrip("/")).read_bytes()[:4] == b"\x7fELF")


def packages():
    """{name: Deb}"""
    subprocess.run([Path(__file__).parent / "build", *(["--for", BOARD] if BOARD else []), OUT], check=True)
    debs = [Deb(path) for path in sorted(OUT.glob("*.deb"))]
    return {deb.fields["Package"]: deb for deb in debs}


def version_before(deb, directory):
    """A package made of DEB in DIRECTORY, with a lower version and other words in a file of the configuration."""
    tree, package = directory / "tree", directory / "wardgate-before.deb"
    run("dpkg-deb", "--raw-extract", deb.path, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", "Version: 0.0.9", control.read_text(), flags=re.MULTILINE))
    with (tree / "etc/wardgate/wardgate.conf").open("a") as configuration:
        configuration.write("# of the version before\n")
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package)
    return package
