# SPDX-License-Identifier: Apache-2.0
"""The visits of docs/visits: what the engineer, the people in the home and the ward do, in which order. The home is played
(visit_fixture.py) or stands in the lab, on real BlueZ and under systemd (tests/lab/guest/visit_home.py)."""
import itertools
import json

from cryptography.hazmat.primitives import serialization

from bluez_fixture import CUFF, PATIENT, STRAP, Device, eventually
from hub_fixture import contract
from visit_page import Engineer

import wardhub

# PLXS 1.0.1 spot check: SpO2 90 % and more, pulse 72.
CLIP = Device("C0:FF:EE:00:00:04", "Clip", "1822", "2a5e", lambda number: f"00{90 + number:02x}004800")
NEW_CLIP = Device("C0:FF:EE:00:00:06", "Clip", "1822", "2a5e", lambda number: f"00{90 + number:02x}004900")


def cuff_of(user):
    """BLS 1.1.1 with a user's number: systolic 100 and more."""
    return Device("C0:FF:EE:00:00:05", "Cuff", "1810", "2a35", lambda number: f"08{100 + number:02x}0047005000{user:02x}")


SERIALS = {CLIP: "OX-0417", NEW_CLIP: "OX-0862", STRAP: "ST-0093", CUFF: "BP-2208"}
OF = ("--patient", PATIENT, "--episode", "s-01")
WHO = ("--label", "Bed 2", "--check-word", "heron")
PLAN = {
    "schema": "wardgate.care-plan/1", "id": "visit", "version": 3, "title": "What three devices measure, for the tests",
    "source": {"example": True, "citation": "made for the tests"}, "review_by": "2035-12-31",
    "quantities": [{"quantity": "spo2", "mode": "spot"}, {"quantity": "heart_rate", "mode": "stream"},
                   {"quantity": "bp_systolic", "mode": "spot"}],
    "rules": [{"id": "spo2-red", "quantity": "spo2", "level": "red", "below": 93},
              {"id": "hr-high", "quantity": "heart_rate", "level": "red", "above": 140},
              {"id": "systolic-high", "quantity": "bp_systolic", "level": "amber", "above": 145}],
}


def plan_for(*quantities, version=3):
    """The plan, with what it says of those alone."""
    return {**PLAN, "version": version, **{name: [row for row in PLAN[name] if row["quantity"] in quantities]
                                           for name in ("quantities", "rules")}}


VISITS = {}  # of each page: what is done, and whether nobody has enrolled the hub before


def visit(page, new=False):
    def keep(does):
        VISITS[page] = (does, new)
        return does
    return keep


def go(page, home):
    """home: of VISITS[page]'s kind, started."""
    engineer = Engineer(page)
    VISITS[page][0](engineer, home)
    engineer.is_done()


def tests_alarm(home, value="bp_systolic=150", condition="bp-systolic-high", of=OF):
    """The ward does, as section 6 of the first installation has it."""
    home.orders("entry", *of, "--value", value)
    eventually(lambda: home.present(condition), "the test's alarm is raised")
    acknowledges(home, condition, of)
    takes_back(home, of)
    eventually(lambda: not home.present(condition), "the test's alarm is over")


def acknowledges(home, condition, of=OF):
    home.orders("acknowledge", *of, "--alarm", home.present(condition)["id"])


def takes_back(home, of=OF):
    """The value that the ward has entered."""
    entry = next(record for record in home.ask("readings", "--limit", "5") if record["kind"] == "entry")
    voids(home, entry, of)


def voids(home, record, of=OF):
    home.orders("void", *of, "--record", f"{record['epoch']}:{record['seq']}", "--reason", "test")


@visit("first-installation.md", new=True)
def first_installation(engineer, home):
    engineer.does(home, "wardctl status", again=True)
    engineer.does(home, "hub enrol", typed=home.est.code())
    engineer.does(home, "hub test", again=True)
    home.admits(PATIENT, PLAN, *WHO)
    engineer.does(home, "patient show")
    home.bring(CLIP, STRAP, CUFF)
    engineer.does(home, "devices scan", again=home.tries_again, in_order=False)  # they are told as they are heard
    for device in (CLIP, STRAP, CUFF):
        engineer.does(home, f"pair {device.address}", home.pairs(device), again=home.tries_again)
        home.leaves(device)
    engineer.does(home, "wardctl devices")
    for device, number in (CLIP, 7), (STRAP, 7), (CUFF, 20):
        home.measure(device, number)
    engineer.does(home, "readings")
    engineer.does(home, "status", again=True)

    home.orders("entry", *OF, "--value", "spo2=88")
    engineer.does(home, "alarms", again=True)
    acknowledges(home, "spo2-low")
    engineer.does(home, "alarms", again=True)
    takes_back(home)
    engineer.does(home, "alarms history", again=True)
    engineer.does(home, "queue", again=True)
    engineer.does(home, "selftest", status=None)  # what a home of a test has not, it misses
    engineer.does(home, "visit report", again=True)
    assert not home.present("spo2-low")


@visit("couple-one-cuff.md")
def couple_one_cuff(engineer, home):
    ann, bob, guest = map(cuff_of, (1, 2, 3))
    for patient in ("p-ann", "p-bob"):
        home.admits(patient, plan_for("bp_systolic"))
    home.bring(ann)
    engineer.does(home, "devices pair", home.pairs(ann), again=home.tries_again)
    home.leaves(ann)
    engineer.does(home, "devices bind")
    home.measure(ann, 21)
    home.measure(bob, 42)
    engineer.does(home, "readings --patient p-bob")
    home.comes_and_goes(guest, 30)
    engineer.does(home, "readings --limit 1", again=True)
    record, = home.ask("readings", "--limit", "1")
    assert record["patient"] is None
    voids(home, record, ())  # of nobody
    tests_alarm(home, of=("--patient", "p-bob", "--episode", "s-01"))
    engineer.does(home, "visit report", again=True)


@visit("oximeter-replaced.md")
def oximeter_replaced(engineer, home):
    home.admits(PATIENT, plan_for("spo2"), *WHO)
    home.paired(CLIP, PATIENT)
    home.measure(CLIP, 7)
    engineer.does(home, "wardctl devices")
    engineer.does(home, "devices show")
    home.bring(NEW_CLIP)
    engineer.does(home, "devices pair", home.pairs(NEW_CLIP), again=home.tries_again)
    home.leaves(NEW_CLIP)
    home.measure(NEW_CLIP, 6)
    engineer.does(home, "readings")
    engineer.does(home, "devices forget")
    assert len(home.ask("devices")) == 1
    engineer.does(home, "patient show")
    engineer.does(home, "readings")
    tests_alarm(home, "spo2=88", "spo2-low")
    engineer.does(home, "visit report", again=True)


@visit("hub-replaced.md", new=True)
def hub_replaced(engineer, old):
    old.enrols()
    old.admits(PATIENT, plan_for("bp_systolic"), *WHO)
    old.paired(CUFF, PATIENT)
    old.measure(CUFF, 11)
    engineer.does(old, "queue", again=True)
    with old.beside_another() as new:
        engineer.does(new, "hub enrol", typed=old.est.code("g-2"))
        engineer.does(new, "hub test", again=True)
        new.admits(PATIENT, plan_for("bp_systolic"), *WHO)
        engineer.does(new, "patient show")
        new.bring(CUFF)
        engineer.does(new, "devices pair", new.pairs(CUFF), again=old.tries_again)
        new.leaves(CUFF)
        new.measure(CUFF, 20)
        engineer.does(new, "readings")
        engineer.does(new, "status", again=True)
        tests_alarm(new)
        engineer.does(new, "visit report", again=True)
        old.is_gone_back_to(new)
        old.orders("discharge", *OF, "--reason", "another hub")
        old.erases()
        engineer.does(old, "patient", again=True)
        engineer.does(old, "hub retire", again=True)


@visit("discharge.md", new=True)
def discharge(engineer, home):
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


@visit("ward-sees-nothing.md")
def ward_sees_nothing(engineer, home):
    """One fault after the other is sown, found by the page, and mended as it says."""
    home.admits(PATIENT, plan_for("bp_systolic"), *WHO)
    home.paired(CUFF, PATIENT)
    engineer.does(home, "status", again=True)
    engineer.does(home, "diagnose")

    home.configure("host = localhost", "host = brokr.invalid")
    home.restart()
    engineer.does(home, "hub test", again=True)
    home.configure("host = brokr.invalid", "host = localhost")
    home.restart()
    engineer.does(home, "hub test", again=True)

    home.reissues(-1)
    engineer.does(home, "hub test", again=True)
    home.reissues(90)

    home.loses_the_time()
    engineer.does(home, "status", again=True)
    home.is_told_the_time()

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

    home.comes_without_its_bond(CUFF, 7)
    engineer.does(home, "wardctl devices", again=True)
    home.leaves(CUFF)
    engineer.does(home, "devices forget", home.pairs_again(CUFF), again=home.tries_again)
    home.leaves(CUFF)

    home.comes_with_battery(CUFF, 4)
    engineer.does(home, "wardctl devices", again=True)
    home.gets_a_battery(CUFF, 90)

    home.has_a_small_disk()
    home.fills()
    numbers = itertools.cycle(range(2, 40))

    def measures():  # and what the gateway has given up to make room is taken as well
        home.comes_and_goes(CUFF, next(numbers))
        home.fills()
    engineer.does(home, "status", measures, again=True)
    home.makes_room()
    engineer.does(home, "status", again=True)

    home.ctl("devices", "bind", home.id_of(CUFF), "--patient", "p-bob")
    engineer.does(home, "wardctl devices")
    engineer.does(home, "devices bind")
    home.measure(CUFF, 33)
    engineer.does(home, "readings")

    home.orders("discharge", "--patient", "p-bob", "--episode", "s-01", "--reason", "was never here")
    tests_alarm(home)
    engineer.does(home, "visit report", again=True)


@visit("no-network.md")
def no_network(engineer, home):
    home.admits(PATIENT, plan_for("bp_systolic"), *WHO)
    home.paired(CUFF, PATIENT)
    home.wait_until_delivered()
    home.has_network(False)
    engineer.does(home, "hub test", again=True)
    engineer.does(home, "status", again=True)
    home.measure(CUFF, 20)
    engineer.does(home, "readings")
    home.measure(CUFF, 49)
    engineer.does(home, "alarms", again=True)

    private = serialization.load_pem_private_key((home.directory / "keys" / "clinician.pem").read_bytes(), None)
    claims = wardhub.claims_of("care-plan", "g-1", 86400, plan_for("bp_systolic", version=4), patient=PATIENT, episode="s-01",
                               version=4, by={"id": "dr-1", "role": "clinical"})
    (home.directory / "plan.jws").write_bytes(contract.make_jws(private, contract.thumbprint(private.public_key()), claims))
    engineer.does(home, "plan apply")
    home.has_network(True)
    engineer.does(home, "queue", again=True)
    engineer.does(home, "hub test", again=True)
    engineer.does(home, "visit report", again=True)
    records = home.ask("readings", "--limit", "10")
    assert {20, 49} <= {int(record["raw"][7:9], 16) - 100 for record in records if record.get("raw")}
