# SPDX-License-Identifier: Apache-2.0
"""A disk that hangs: each line "ok NAME" of guest/test-held-disk is a test case here."""

import pytest
from conftest import GUEST


@pytest.fixture(scope="module")
def lab(boot, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk") / "disk.img"
    return boot("--controllers", 2, "--disk", disk, "--timeout", 900, "--", GUEST / "test-held-disk")


@pytest.mark.parametrize("what", ["light", "text", "sound", "ward", "answers", "nothing-lost"])
def test_it_comes_while_the_disk_is_held(lab, what):
    assert f"ok {what}" in lab.stdout.splitlines(), lab.stdout + lab.stderr


def test_it_ended_well(lab):
    assert lab.status == 0, lab.stdout + lab.stderr
