# SPDX-License-Identifier: Apache-2.0
"""The visits of docs/visits, done as their pages say with the installed gateway, its units under systemd, a real bluetoothd
and wearables with the addresses that the pages name. tests/integration/test_visits.py does them with played devices."""

import re

import pytest
from conftest import GUEST

# Of the gateway, and of the DEVICES of guest/visit_devices.py.
ADDRESSES = ["-", *(f"C0:FF:EE:00:00:0{last}" for last in (1, 3, 4, 5, 6))]
README = GUEST.parents[2] / "docs" / "visits" / "README.md"


@pytest.mark.parametrize("page", re.findall(r"\]\(([a-z-]+\.md)\)", README.read_text("utf-8")))
def test_visit(boot, page):
    """A guest for each: after one in which the kernel crashed (docs/BLUEZ.md) no other would go well. That one is done
    once more."""
    for _ in range(2):
        lab = boot("--systemd", "--install", "--keep-console", "--controllers", len(ADDRESSES), "--env",
                   f"LAB_ADDRESSES={','.join(ADDRESSES)}", "--timeout", 3600, "--", GUEST / "test-visits", page)
        if lab.status == 0 or not re.search("kernel BUG|general protection fault", lab.file("console.log")):
            break
    assert f"ok {page}" in lab.stdout.splitlines(), lab.stdout + lab.stderr
