# SPDX-License-Identifier: Apache-2.0
"""The visits of docs/visits, done as their pages say: wardgated, its uplink, mosquitto with TLS and the reference hub are
real; devices and bluetoothd are played (tests/fakes/fake_bluez.c). tests/lab/test_visits.py does them on real ones."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from test_commands import needs_mounts  # noqa: E402
from visit_fixture import Visited  # noqa: E402
from visit_page import PAGES, unseen  # noqa: E402
from visits import VISITS, go  # noqa: E402

pytestmark = needs_mounts


def at_home(page):
    home = Visited(new=VISITS[page][1])
    try:
        go(page, home.start())
    finally:
        home.stop()


def test_a_first_installation():
    at_home("first-installation.md")


def test_a_couple_shares_a_cuff():
    at_home("couple-one-cuff.md")


def test_a_broken_oximeter_is_replaced():
    at_home("oximeter-replaced.md")


def test_the_hub_is_replaced():
    at_home("hub-replaced.md")


def test_everything_is_collected_at_discharge():
    at_home("discharge.md")


def test_the_ward_sees_nothing():
    at_home("ward-sees-nothing.md")


def test_there_is_no_network():
    at_home("no-network.md")


def test_what_is_not_seen_is_said():
    seen = "Radio        ready\nClock        synced\n"
    assert unseen(["Radio ready", "Clock synced"], seen) is None
    assert unseen(["Clock synced", "Radio ready"], seen) == "Radio ready"
    assert unseen(["Clock synced", "Radio ready"], seen, in_order=False) is None
    assert unseen(["Radio off"], seen) == unseen(["Radio off"], seen, in_order=False) == "Radio off"
    assert unseen(["Ra…ready", "… synced…"], seen) is None
    assert unseen(["synced"], seen) == "synced"
    assert unseen(["Ra…off"], seen) == "Ra…off"
    assert unseen(["Radio ready", "Radio ready"], seen) == "Radio ready"


def test_every_page_is_done_and_every_file_that_they_name_is_there():
    assert {page.name for page in PAGES.glob("*.md")} == {"README.md", *VISITS}
    for page in VISITS:
        assert f'at_home("{page}")' in pathlib.Path(__file__).read_text("utf-8")
    for page in PAGES.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
