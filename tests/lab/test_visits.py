# SPDX-License-Identifier: Apache-2.0
"""The visits of docs/visits, done as their pages say with the installed gateway, its units under systemd, a real bluetoothd
and wearables with the addresses that the pages name. tests/integration/test_visits.py does them with played devices."""

import re

import pytest
from conftest import GUEST

ADDRESSES = ["-", *(f"C0:FF:EE:00:00:0{last}" for last in (1, 3, 4, 5, 6))]  # of the gateway, and DEVICES of guest/visit_home.py
PAGES = GUEST.parents[2] / "docs" / "visits"


@pytest.fixture(scope="module")
def lab(boot):
    return boot("--systemd", "--install", "--controllers", len(ADDRESSES), "--env", f"LAB_ADDRESSES={','.join(ADDRESSES)}",
                "--timeout", 7200, "--", GUEST / "test-visits")


@pytest.mark.parametrize("page", re.findall(r"\]\(([a-z-]+\.md)\)", (PAGES / "README.md").read_text("utf-8")))
def test_visit(lab, page):
    assert f"ok {page}" in lab.stdout.splitlines(), lab.stdout + lab.stderr
