# SPDX-License-Identifier: Apache-2.0
"""What the lab's tests share: a way to boot a guest, and what came back from it."""

import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parent / "run"
GUEST = RUN.parent / "guest"


class Lab:
    """One finished run of tests/lab/run: its exit status, its two streams and the files it left."""

    def __init__(self, out, *arguments):
        done = subprocess.run([RUN, "--out", out, *arguments], capture_output=True, text=True, check=False)
        self.status, self.stdout, self.stderr, self.out = done.returncode, done.stdout, done.stderr, out

    def file(self, name):
        return (self.out / name).read_text()

    def lines(self, name):
        return self.file(name).splitlines()


@pytest.fixture(scope="session", autouse=True)
def parts():
    """The kernel and what else the guest is made of, so that no run of a test says that it is downloading them."""
    subprocess.run([RUN.parent / "fetch"], check=True)


@pytest.fixture(scope="module")
def boot(tmp_path_factory):
    """boot(*arguments of tests/lab/run) → Lab. A boot takes seconds: let one serve many checks."""
    return lambda *arguments: Lab(tmp_path_factory.mktemp("lab"), *map(str, arguments))
