# SPDX-License-Identifier: Apache-2.0
"""The gateway when what it leans on is killed, stopped or lies: each check of guest/test-gateway is a test case here."""

import re

import pytest
from conftest import GUEST

CHECKS = [name.replace("_", "-") for name in re.findall(r"@check\ndef (\w+)", (GUEST / "test-gateway").read_text())]


@pytest.fixture(scope="module")
def lab(boot):
    return boot("--controllers", 3, "--timeout", 1500, "--", GUEST / "test-gateway")


@pytest.mark.parametrize("name", CHECKS)
def test_gateway(lab, name):
    assert f"ok {name}" in lab.stdout.splitlines(), lab.stdout + lab.stderr
