# SPDX-License-Identifier: Apache-2.0
"""The visits of docs/visits, done as their pages say: wardgated, its uplink, mosquitto with TLS and the reference hub are
real; devices and bluetoothd are played (tests/fakes/fake_bluez.c)."""
import contextlib
import itertools
import json
import pathlib
import re
import sys

import pytest
from cryptography.hazmat.primitives import serialization

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import CUFF, PATIENT, STRAP  # noqa: E402
from test_commands import needs_mounts  # noqa: E402
from test_tls import reissue  # noqa: E402
from visit_fixture import (CLIP, NEW_CLIP, PAGES, PLAN, Engineer, SecondHub, Visited, cuff_of, plan_for,  # noqa: E402
                           unseen)

import contract  # noqa: E402
import wardhub  # noqa: E402

pytestmark = needs_mounts
OF = ("--patient", PATIENT, "--episode", "s-01")
WHO = ("--label", "Bed 2", "--check-word", "heron")


@contextlib.contextmanager
def visited(**how):
    home = Visited(**how)
    try:
        yield home.start()
    finally:
        home.stop()


def test_a_first_installation():
    engineer = Engineer("first-installation.md")
    with visited(new=True) as home:
        engineer.does(home, "wardctl status", again=True)
        engineer.does(home, "hub enrol", typed=home.est.code())
        engineer.does(home, "hub test", again=True)
        home.admits(PATIENT, PLAN, *WHO)
        engineer.does(home, "patient show")
        home.bring(CLIP, STRAP, CUFF)
        engineer.does(home, "devices scan")
        for device in (CLIP, STRAP, CUFF):
            engineer.does(home, f"pair {device.address}", home.pairs(device))
            home.leaves(device)
        engineer.does(home, "wardctl devices")
        for device, number in (CLIP, 7), (STRAP, 7), (CUFF, 20):
            home.measure(device, number)
        engineer.does(home, "readings")
        engineer.does(home, "status", again=True)

        home.orders("entry", *OF, "--value", "spo2=88")
        engineer.does(home, "alarms", again=True)
        home.orders("acknowledge", *OF, "--alarm", home.present("spo2-low")["id"])
        engineer.does(home, "alarms", again=True)
        entry = home.ask("readings", "--limit", "1")[0]
        home.orders("void", *OF, "--record", f"{entry['epoch']}:{entry['seq']}", "--reason", "test")
        engineer.does(home, "alarms history", again=True)
        engineer.does(home, "queue", again=True)
        engineer.does(home, "selftest", status=None)  # it misses systemd and a light here
        assert not home.present("spo2-low")
    engineer.is_done()


def test_a_couple_shares_a_cuff():
    engineer, (ann, bob, guest) = Engineer("couple-one-cuff.md"), map(cuff_of, (1, 2, 3))
    with visited() as home:
        for patient in ("p-ann", "p-bob"):
            home.admits(patient, plan_for("bp_systolic"))
        home.bring(ann)
        engineer.does(home, "devices pair", home.pairs(ann))
        home.leaves(ann)
        engineer.does(home, "devices bind")
        home.measure(ann, 21)
        home.measure(bob, 42)
        engineer.does(home, "readings --patient p-bob")
        home.comes_and_goes(guest, 30)
        engineer.does(home, "readings --limit 1", again=True)
        assert home.ask("readings", "--limit", "1")[0]["patient"] is None
    engineer.is_done()


def test_a_broken_oximeter_is_replaced():
    engineer = Engineer("oximeter-replaced.md")
    with visited() as home:
        home.admits(PATIENT, plan_for("spo2"), *WHO)
        home.paired(CLIP, PATIENT)
        home.measure(CLIP, 7)
        engineer.does(home, "wardctl devices")
        engineer.does(home, "devices show")
        home.bring(NEW_CLIP)
        engineer.does(home, "devices pair", home.pairs(NEW_CLIP))
        home.leaves(NEW_CLIP)
        home.measure(NEW_CLIP, 6)
        engineer.does(home, "readings")
        engineer.does(home, "devices forget")
        assert len(home.ask("devices")) == 1
        engineer.does(home, "patient show")
        engineer.does(home, "readings")
    engineer.is_done()


def test_the_hub_is_replaced():
    engineer = Engineer("hub-replaced.md")
    with visited(new=True) as old:
        old.enrols()
        old.admits(PATIENT, plan_for("bp_systolic"), *WHO)
        old.paired(CUFF, PATIENT)
        old.measure(CUFF, 11)
        engineer.does(old, "queue", again=True)
        new = SecondHub(old)
        try:
            new.start(old)
            engineer.does(new, "hub enrol", typed=old.est.code("g-2"))
            engineer.does(new, "hub test", again=True)
            old.admits(PATIENT, plan_for("bp_systolic"), *WHO, at=new, gateway="g-2")
            engineer.does(new, "patient show")
            new.bring(CUFF)
            engineer.does(new, "devices pair", new.pairs(CUFF))
            new.leaves(CUFF)
            new.measure(CUFF, 20)
            engineer.does(new, "readings")
            engineer.does(new, "status", again=True)
            old.orders("discharge", *OF, "--reason", "another hub")
            old.erases()
            engineer.does(old, "patient", again=True)
            engineer.does(old, "hub retire", again=True)
        finally:
            new.stop()
    engineer.is_done()


def test_everything_is_collected_at_discharge():
    engineer = Engineer("discharge.md")
    with visited(new=True) as home:
        home.enrols()
        home.admits(PATIENT, plan_for("bp_systolic"), *WHO)
        home.paired(CUFF, PATIENT)
        home.measure(CUFF, 49)  # beyond its limit
        engineer.does(home, "queue", again=True)
        home.orders("discharge", *OF, "--reason", "back home")
        home.erases()
        engineer.does(home, "patient", again=True)
        engineer.does(home, "devices", again=True)
        engineer.does(home, "selftest", again=True)
        octets = CUFF.frame(49)
        assert not [record for record in home.ask("readings") if octets in (record["raw"] or "")]
        engineer.does(home, "hub retire", again=True)
        engineer.does(home, "status", again=True)
    engineer.is_done()


SMALL = "mkdir small; mount -t tmpfs -o size=8m tmpfs small; cp -a state/. small; mount --bind small state; exec \"$@\""


def fill(home):
    """All of the room on the gateway's disk, as it sees it."""
    path = pathlib.Path(f"/proc/{home.gateway.pid}/root{home.directory}/state/fill")
    with open(path, "ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return path


def test_the_ward_sees_nothing():
    """One fault after the other is sown, found by the page, and mended as it says."""
    engineer = Engineer("ward-sees-nothing.md")
    with visited() as home:
        pki = home.directory / "pki"
        home.admits(PATIENT, plan_for("bp_systolic"), *WHO)
        home.paired(CUFF, PATIENT)
        engineer.does(home, "status", again=True)

        home.configure("host = localhost", "host = brokr.invalid")
        home.restart()
        engineer.does(home, "hub test", again=True)
        home.configure("host = brokr.invalid", "host = localhost")
        home.restart()
        engineer.does(home, "hub test", again=True)

        reissue(pki, "g-1", -1)
        engineer.does(home, "hub test", again=True)
        reissue(pki, "g-1", 90)

        home.prefix = ()
        home.restart()
        engineer.does(home, "status", again=True)
        home.prefix = Visited.prefix

        home.configure("require_signature = yes", "require_signature = no")
        home.restart()
        plan = home.directory / "plan.json"
        plan.write_text(json.dumps(plan_for("bp_systolic")))
        home.ctl("patient", "admit", "p-bob", "--episode", "s-01", "--plan", plan)
        engineer.does(home, "status", again=True)
        home.configure("require_signature = no", "require_signature = yes")
        home.restart()
        plan.write_text(json.dumps(plan_for("bp_systolic", version=4)))
        home.orders("plan", "--patient", "p-bob", "--episode", "s-01", "--plan", plan)
        engineer.does(home, "patient show", again=True)

        home.bluez.lose_bond(CUFF.address)
        home.bluez.connect(CUFF.address)
        home.bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(7))
        home.bluez.resolve(CUFF.address)
        engineer.does(home, "wardctl devices", again=True)
        home.leaves(CUFF)
        since, plays = home.bluez.mark(), home.pairs(CUFF)

        def comes_back():
            home.bluez.said("called RemoveDevice", since)
            home.bluez.advertise(CUFF.address, "on")
            plays()
        engineer.does(home, "devices forget", comes_back)
        home.leaves(CUFF)

        home.bluez.connect(CUFF.address)
        home.bluez.resolve(CUFF.address)
        home.bluez.battery(CUFF.address, 4)
        engineer.does(home, "wardctl devices", again=True)
        home.bluez.battery(CUFF.address, 90)
        home.leaves(CUFF)

        home.prefix = [*Visited.prefix, "sh", "-ec", f"cd {home.directory}; {SMALL}", "sh"]
        home.restart()
        filled, numbers = fill(home), itertools.cycle(range(2, 40))

        def measures():  # and what the gateway has given up to make room is taken as well
            home.comes_and_goes(CUFF, next(numbers))
            fill(home)
        engineer.does(home, "status", measures, again=True)
        filled.unlink()
        engineer.does(home, "status", again=True)

        home.ctl("devices", "bind", home.id_of(CUFF), "--patient", "p-bob")
        engineer.does(home, "wardctl devices")
        engineer.does(home, "devices bind")
        home.measure(CUFF, 33)
        engineer.does(home, "readings")
    engineer.is_done()


def test_there_is_no_network():
    engineer = Engineer("no-network.md")
    with visited() as home:
        home.admits(PATIENT, plan_for("bp_systolic"), *WHO)
        home.paired(CUFF, PATIENT)
        home.wait_until_delivered()
        home.broker.stop()
        engineer.does(home, "hub test", again=True)
        engineer.does(home, "status", again=True)
        home.measure(CUFF, 20)
        engineer.does(home, "readings")
        home.measure(CUFF, 49)
        engineer.does(home, "alarms", again=True)

        private = serialization.load_pem_private_key((home.directory / "keys" / "clinician.pem").read_bytes(), None)
        claims = wardhub.claims_of("care-plan", "g-1", 86400, plan_for("bp_systolic", version=4), patient=PATIENT, episode="s-01",
                                   version=4, by={"id": "dr-1", "role": "clinical"})
        (home.directory / "plan.jws").write_bytes(
            contract.make_jws(private, contract.thumbprint(private.public_key()), claims))
        engineer.does(home, "plan apply")
        home.broker.start()
        engineer.does(home, "queue", again=True)
        engineer.does(home, "hub test", again=True)
        records = home.ask("readings", "--limit", "3")
        assert {20, 49} <= {int(record["raw"][7:9], 16) - 100 for record in records if record.get("raw")}
    engineer.is_done()


def test_what_is_not_seen_is_said():
    seen = "Radio        ready\nClock        synced\n"
    assert unseen(["Radio ready", "Clock synced"], seen) is None
    assert unseen(["Clock synced", "Radio ready"], seen) == "Radio ready"
    assert unseen(["Radio off"], seen) == "Radio off"
    assert unseen(["Ra…ready", "… synced…"], seen) is None
    assert unseen(["synced"], seen) == "synced"
    assert unseen(["Ra…off"], seen) == "Ra…off"
    assert unseen(["Radio ready", "Radio ready"], seen) == "Radio ready"


def test_every_page_is_done_and_every_file_that_they_name_is_there():
    tests = pathlib.Path(__file__).read_text("utf-8")
    for page in PAGES.glob("*.md"):
        assert page.name == "README.md" or f'Engineer("{page.name}")' in tests, page
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
