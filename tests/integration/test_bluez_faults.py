# SPDX-License-Identifier: Apache-2.0
"""The real gateway and a Bluetooth that is broken or hostile: what is stored is never more trusted than it was proved,
one device's trouble is not the others', memory is bounded, the daemon lives, and readings go on."""

import json
import signal

import pytest

from bluez_fixture import CUFF, OTHER_CUFF, PATIENCE_S, PATIENT, ROOT, STRAP, Bluez, Home, eventually

STRANGERS = 50_000
STORM_A_SECOND = 10_000
GROWTH = 1.3  # of memory, at most, by what comes in masses


@pytest.fixture
def home():
    instance = Home()
    try:
        yield instance.start()
    finally:
        instance.stop()


@pytest.fixture
def enrolled(home):
    """With a cuff and a strap."""
    home.enrol(CUFF, "S-1")
    home.enrol(STRAP, "S-3")
    return home


def assert_trusted(record):
    assert (record["security"], record["quality"], record["reasons"]) == ("bonded", "valid", [])
    assert record["patient"] == PATIENT


def assert_not_trusted(record):
    assert (record["security"], record["quality"]) == ("bonded-unproved", "questionable")
    assert record["reasons"] == ["link-unproved"]


def rungs(home):
    return home.status()["recovery"]


def wait_for_rung(home, name, times=1):
    eventually(lambda: rungs(home)[name] >= times, lambda: f"rung {name} {times} times: {rungs(home)}")


def test_what_comes_over_a_proved_link_is_trusted(enrolled):
    assert_trusted(enrolled.measure(CUFF, 2))
    assert not enrolled.bluez.calls("StopNotify")


# --- faults while enrolling ------------------------------------------------------------------------------------------


def test_an_aborted_connection_is_tried_again(home):
    home.bluez.fault("Pair", 3, "Failed", "le-connection-abort-by-local")
    home.enrol(CUFF)
    assert len(home.bluez.calls("Pair")) == 4
    assert_trusted(home.measure(CUFF, 2))


def test_a_connection_that_always_aborts_ends_the_enrolment(home):
    home.bluez.fault("Pair", "always", "Failed", "le-connection-abort-by-local")
    home.bluez.device(CUFF.address, "name", "Cuff", "serial", "S-1", "services", "1810")
    home.bluez.advertise(CUFF.address, "on")
    enrolment = home.begin_enrolment(CUFF.address)
    said, _ = enrolment.communicate(timeout=200)
    assert enrolment.returncode == 1 and "broke off again and again" in said
    assert len(home.bluez.calls("Pair")) == 4
    assert home.ask("devices") == []


def test_an_enrolment_that_nobody_follows_any_more_is_undone(home):
    home.bluez.device(CUFF.address, "name", "Cuff", "serial", "S-1", "services", "1810")
    home.bluez.advertise(CUFF.address, "on")
    followed = home.begin_enrolment(CUFF.address)
    home.bluez.said(f"called StartNotify {CUFF.path}")
    since = home.bluez.mark()
    followed.send_signal(signal.SIGINT)  # Ctrl-C
    followed.communicate(timeout=PATIENCE_S)
    home.bluez.said("called RemoveDevice", since)
    assert home.ask("devices") == []
    home.enrol(CUFF, is_there=True)  # long before the time of the first one is over
    assert_trusted(home.measure(CUFF, 2))


def test_an_enrolment_for_whom_is_discharged_is_undone(home):
    """The device would stay bonded without being enrolled, and nobody could have it forgotten."""
    home.bluez.device(CUFF.address, "name", "Cuff", "serial", "S-1", "services", "1810")
    home.bluez.advertise(CUFF.address, "on")
    enrolment = home.begin_enrolment(CUFF.address)
    home.bluez.said(f"called StartNotify {CUFF.path}")
    since = home.bluez.mark()
    home.ctl("patient", "discharge", PATIENT, "--reason", "home again")
    said, _ = enrolment.communicate(timeout=PATIENCE_S)
    assert enrolment.returncode == 1 and "cancelled" in said
    home.bluez.said("called RemoveDevice", since)
    assert home.ask("devices") == []


def test_an_enrolment_of_what_others_have_too_is_not_undone_with_a_discharge(home):
    """They would lose the bond that it has made."""
    home.enrol(CUFF, "S-1")
    home.ctl("patient", "admit", "p-bob", "--episode", "s-02", "--plan", ROOT / "config/care-plans/oximetry-at-home.json")
    since = home.bluez.mark()
    home.bluez.advertise(CUFF.address, "on")
    enrolment = home.begin("devices", "pair", CUFF.address, "--patient", "p-bob", "--timeout", 60)
    home.bluez.said(f"called StartNotify {CUFF.path}", since)
    home.ctl("patient", "discharge", "p-bob", "--reason", "home again")
    home.bluez.advertise(CUFF.address, "off")
    home.bluez.disconnect(CUFF.address)
    home.bluez.connect(CUFF.address)
    home.bluez.resolve(CUFF.address)
    home.bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(2))
    said, _ = enrolment.communicate(timeout=PATIENCE_S)
    assert enrolment.returncode == 1 and "cannot be kept" in said
    home.bluez.disconnect(CUFF.address)
    assert [bound["patient"] for bound in home.ask("devices")[0]["bindings"]] == [PATIENT]
    assert_trusted(home.measure(CUFF, 3))
    assert "bond-lost" not in home.conditions()


def test_what_is_paired_for_another_is_not_forgotten_with_a_discharge(home):
    """The one who had the device leaves while it is being paired for the next."""
    home.enrol(CUFF, "S-1")
    home.ctl("patient", "admit", "p-bob", "--episode", "s-02", "--plan", ROOT / "config/care-plans/oximetry-at-home.json")
    since = home.bluez.mark()
    home.bluez.advertise(CUFF.address, "on")
    enrolment = home.begin("devices", "pair", CUFF.address, "--patient", "p-bob", "--timeout", 500)
    home.bluez.said(f"called StartNotify {CUFF.path}", since)
    home.ctl("patient", "discharge", PATIENT, "--reason", "home again")
    home.bluez.advertise(CUFF.address, "off")
    home.bluez.disconnect(CUFF.address)
    home.bluez.connect(CUFF.address)
    home.bluez.resolve(CUFF.address)
    home.bluez.value(CUFF.address, CUFF.uuid, CUFF.frame(2))
    said, _ = enrolment.communicate(timeout=PATIENCE_S)
    assert enrolment.returncode == 0, said
    home.bluez.disconnect(CUFF.address)
    eventually(lambda: all("bonds of his devices" not in patient.get("waits_for", ()) for patient in home.ask("patient")),
               lambda: f"nothing is to be forgotten: {home.ask('patient')}")
    assert [bound["patient"] for bound in home.ask("devices")[0]["bindings"]] == ["p-bob"]
    assert home.measure(CUFF, 3)["patient"] == "p-bob"


def test_a_pairing_that_fails_tells_that_the_device_has_lost_its_bond(home):
    """bluetoothd was told to forget it when the pairing began: it does not come any more, and its patient is not measured."""
    home.enrol(CUFF, "S-1")
    since = home.bluez.mark()
    enrolment = home.begin_enrolment(CUFF.address)
    home.bluez.said("called StartDiscovery", since)
    assert "bond-lost" not in home.conditions()
    enrolment.send_signal(signal.SIGINT)
    enrolment.communicate(timeout=PATIENCE_S)
    eventually(lambda: "bond-lost" in home.conditions(), lambda: f"bond-lost: {home.conditions()}")
    assert home.ask("devices")[0]["needs_pairing"]
    home.enrol(CUFF, is_there=True)
    assert not home.ask("devices")[0]["needs_pairing"] and "bond-lost" not in home.conditions()


def test_a_device_that_bluetooth_does_not_know_any_more_is_told(enrolled):
    """As after a kill in the midst of a pairing: it has no object, and does not come."""
    enrolled.gateway.kill()
    enrolled.gateway.wait(PATIENCE_S)
    enrolled.bluez.vanish(CUFF.address)
    enrolled.start_gateway()
    enrolled.wait_for_radio("ready")
    eventually(lambda: "bond-lost" in enrolled.conditions(), lambda: f"bond-lost: {enrolled.conditions()}")
    assert {(device["address"], device["needs_pairing"]) for device in enrolled.ask("devices")} == {
        (CUFF.address, True), (STRAP.address, False)}
    assert_trusted(enrolled.measure(CUFF, 2))  # it is known after all
    assert "bond-lost" not in enrolled.conditions()


def test_a_scan_that_nobody_follows_any_more_is_over(home):
    followed = home.begin("devices", "scan", "--seconds", 300)
    home.bluez.said("called StartDiscovery")
    assert home.ctl("devices", "scan", "--seconds", 1, check=False).returncode == 1, "one at a time"
    since = home.bluez.mark()
    followed.send_signal(signal.SIGINT)
    followed.communicate(timeout=PATIENCE_S)
    home.bluez.said("called StopDiscovery", since)
    home.ctl("devices", "scan", "--seconds", 1)


def begin_trial(home, ident, seconds):
    """A device that has just measured for somebody is not tested."""
    def begun():
        trial = home.begin("devices", "test", ident, "--timeout", seconds)
        if "measuring for a patient" not in trial.stdout.readline():
            return trial
        trial.communicate(timeout=PATIENCE_S)
        return None

    return eventually(begun, "it has not measured for ten seconds")


def test_a_trial_listens_on_when_the_scan_of_another_is_over(home):
    """Otherwise it would be said of the device that it is too far away, or that its battery is empty."""
    home.enrol(CUFF, "S-1")
    (ident,) = [device["device"] for device in home.ask("devices")]
    since = home.bluez.mark()
    scan = home.begin("devices", "scan", "--seconds", 300)
    home.bluez.said("called StartDiscovery", since)
    trial = begin_trial(home, ident, 12)
    assert "Listening for it" in trial.stdout.readline()
    since = home.bluez.mark()
    scan.send_signal(signal.SIGINT)
    scan.communicate(timeout=PATIENCE_S)
    eventually(lambda: home.bluez.calls("GetManagedObjects", since) or home.bluez.calls("StopDiscovery", since),
               "the scan has ended, and another begins or none")
    home.bluez.advertise(CUFF.address, "on")
    said, _ = trial.communicate(timeout=PATIENCE_S)
    assert "Heard in" in said and "too far" not in said and home.bluez.calls("StopDiscovery", since)


def test_a_trial_of_a_device_that_is_forgotten_is_over(home):
    home.enrol(CUFF, "S-1")
    (ident,) = [device["device"] for device in home.ask("devices")]
    trial = begin_trial(home, ident, 300)
    home.ctl("devices", "forget", ident)
    said, _ = trial.communicate(timeout=60)
    assert trial.returncode == 1 and "It has been forgotten meanwhile" in said


def test_a_device_without_its_measurements_is_not_enrolled(home):
    home.bluez.device(CUFF.address, "name", "Cuff", "serial", "S-1", "services", "1810")
    home.bluez.omit(CUFF.address, "2a35", "on")
    home.bluez.advertise(CUFF.address, "on")
    enrolment = home.begin_enrolment(CUFF.address)
    for times in (1, 2):
        home.bluez.said("called Disconnect", times=times)
        home.bluez.connect(CUFF.address)
        home.bluez.resolve(CUFF.address)
    said, _ = enrolment.communicate(timeout=200)
    assert enrolment.returncode == 1 and "none of the measurements" in said
    assert home.ask("devices") == []


@pytest.mark.parametrize(("error", "message"), [("InProgress", "Operation already in progress"),
                                                ("NotReady", "Resource Not Ready")])
def test_a_discovery_that_is_always_refused_leads_to_a_power_cycle(home, error, message):
    home.enrol(CUFF)
    home.bluez.fault("StartDiscovery", "always", error, message)
    for _ in range(2):
        since = home.bluez.mark()
        enrolment = home.begin_enrolment(STRAP.address)
        home.bluez.said("called StartDiscovery", since)
        assert_trusted(home.measure(CUFF, 2))  # meanwhile
        said, _ = enrolment.communicate(timeout=200)
        assert enrolment.returncode == 1 and "refuses to look" in said
    home.bluez.said("set Powered off", since)
    wait_for_rung(home, "power")
    eventually(lambda: "adapter-recovery" in home.conditions(), "the condition adapter-recovery")
    assert "adapter-recovery" in home.status()["reasons"]
    home.bluez.release("StartDiscovery")
    home.wait_for_radio("ready")
    assert "ready, power cycles: 1 (recovering: power)" in home.ctl("status").stdout
    assert_trusted(home.measure(CUFF, 3))


# --- faults of what is enrolled --------------------------------------------------------------------------------------


def test_a_value_of_a_link_that_is_never_proved_is_never_trusted(enrolled):
    """A copy of the address connects without the key: values, and never ServicesResolved."""
    enrolled.bluez.connect(CUFF.address)
    enrolled.bluez.value(CUFF.address, "2a35", CUFF.frame(7))
    assert_not_trusted(enrolled.wait_for_reading(CUFF.raw(7)))  # time was up
    enrolled.bluez.value(CUFF.address, "2a35", CUFF.frame(8))
    enrolled.bluez.disconnect(CUFF.address)
    assert_not_trusted(enrolled.wait_for_reading(CUFF.raw(8)))  # the link ended
    for number in (9, 10):  # three such links in a row
        enrolled.bluez.connect(CUFF.address)
        enrolled.bluez.value(CUFF.address, "2a35", CUFF.frame(number))
        enrolled.bluez.disconnect(CUFF.address)
    eventually(lambda: "bond-lost" in enrolled.conditions(), "the condition bond-lost")
    assert_trusted(enrolled.measure(STRAP, 2))
    assert_trusted(enrolled.measure(CUFF, 11))
    for number in (7, 8, 9, 10):  # what came later proves nothing of it
        for record in enrolled.readings(CUFF.raw(number)):
            assert_not_trusted(record)


def test_what_was_not_believed_makes_nothing_a_duplicate(enrolled):
    """It left before its link was proved, and sends the same measurement again, as cuffs do with what was not confirmed."""
    frame = "02820048005000ea070b1c090000"
    for _ in range(2):
        enrolled.bluez.connect(CUFF.address)
        enrolled.bluez.value(CUFF.address, "2a35", frame)
        enrolled.bluez.disconnect(CUFF.address)
    eventually(lambda: len(enrolled.readings(f"2a35:{frame}")) == 2, lambda: f"both: {enrolled.readings()}")
    for record in enrolled.readings(f"2a35:{frame}"):
        assert_not_trusted(record)
    for _ in range(2):  # over a proved link it is believed, and known from then on
        enrolled.bluez.connect(CUFF.address)
        enrolled.bluez.value(CUFF.address, "2a35", frame)
        enrolled.bluez.resolve(CUFF.address)
        eventually(lambda: len(enrolled.readings(f"2a35:{frame}")) == 3, lambda: f"it is believed: {enrolled.readings()}")
        enrolled.bluez.disconnect(CUFF.address)
    assert_trusted(enrolled.measure(CUFF, 3))
    newest = enrolled.readings(f"2a35:{frame}")
    assert len(newest) == 3
    assert_trusted(newest[-1])


def test_a_link_over_which_nothing_comes_is_ended_and_made_anew(enrolled):
    """bluetoothd has refused its ATT channel: it is connected, and will never be more."""
    since = enrolled.bluez.mark()
    enrolled.bluez.connect(CUFF.address)
    enrolled.bluez.said("called Disconnect", since)
    eventually(lambda: all(not device["connected"] for device in enrolled.ask("devices")), "its link is over")
    assert_trusted(enrolled.measure(CUFF, 2))


def test_without_its_bond_nothing_of_a_device_is_trusted(enrolled):
    enrolled.bluez.lose_bond(CUFF.address)
    enrolled.bluez.connect(CUFF.address)
    enrolled.bluez.value(CUFF.address, "2a35", CUFF.frame(7))
    enrolled.bluez.resolve(CUFF.address)
    assert_not_trusted(enrolled.wait_for_reading(CUFF.raw(7)))
    eventually(lambda: any(device["needs_pairing"] for device in enrolled.ask("devices")), "it needs pairing")
    assert_trusted(enrolled.measure(STRAP, 2))


def test_a_device_that_is_paired_again_is_what_it_was_and_whose_it_was(home):
    """What the other user of a cuff measures would be taken for this one's."""
    def shown():
        device = home.ask("devices")[0]
        return {name: device.get(name) for name in ("device", "name", "model", "shared")}, {
            (bound["patient"], bound.get("slot")) for bound in device["bindings"]}

    home.enrol(CUFF, "S-1")
    ident = shown()[0]["device"]
    home.ctl("devices", "rename", ident, "Cuff of both")
    home.ctl("patient", "admit", "p-bob", "--episode", "s-02", "--plan", ROOT / "config/care-plans/oximetry-at-home.json")
    home.ctl("devices", "bind", ident, "--patient", PATIENT, "--slot", 1)
    home.ctl("devices", "bind", ident, "--patient", "p-bob", "--slot", 2, "--share")
    before = shown()
    assert before == ({"device": ident, "name": "Cuff of both", "model": "blood-pressure-cuff", "shared": False},
                      {(PATIENT, 1), ("p-bob", 2)})
    home.bluez.lose_bond(CUFF.address)
    home.enrol(CUFF, is_there=True)
    assert shown() == before
    home.ctl("devices", "unbind", ident, "--patient", PATIENT)
    home.enrol(CUFF, is_there=True)  # it is another's, and becomes his
    assert shown() == (before[0], {(PATIENT, None)})


def test_a_name_proves_nothing(enrolled):
    """Another device by the name of ours, that is known to bluetoothd and talks."""
    bluez = enrolled.bluez
    bluez.device(OTHER_CUFF.address, "name", CUFF.name, "serial", "S-1", "services", "1810")
    bluez.connect(OTHER_CUFF.address)
    bluez.resolve(OTHER_CUFF.address)
    bluez.value(OTHER_CUFF.address, "2a35", OTHER_CUFF.frame(7))
    bluez.name(OTHER_CUFF.address, "S-1", "\x1b[2J")
    assert_trusted(enrolled.measure(CUFF, 2))  # told later, and so heard later
    assert enrolled.readings(OTHER_CUFF.raw(7)) == []
    assert "StartNotify" not in " ".join(line for line in bluez.lines if "EE_00_00_02" in line)


def test_a_strangers_name_cannot_move_the_cursor(home):
    home.bluez.device(OTHER_CUFF.address, "name", "\x1b[2J\x07evil", "serial", "S-9", "services", "1810")
    home.bluez.advertise(OTHER_CUFF.address, "on")
    said = home.ctl("devices", "scan", "--seconds", 2).stdout
    assert "evil" in said and "\x1b" not in said and "\x07" not in said


def test_a_value_before_start_notify_returns_counts(enrolled):
    bluez = enrolled.bluez
    bluez.stop()
    enrolled.wait_for_radio("absent")
    bluez.start()
    enrolled.wait_for_radio("ready")
    bluez.hold("StartNotify")
    since = bluez.mark()
    bluez.connect(CUFF.address)
    bluez.said("called StartNotify", since)
    bluez.value(CUFF.address, "2a35", CUFF.frame(7))
    bluez.resolve(CUFF.address)
    assert_trusted(enrolled.wait_for_reading(CUFF.raw(7)))
    bluez.release("StartNotify")
    bluez.disconnect(CUFF.address)
    assert_trusted(enrolled.measure(CUFF, 8))


def test_missing_characteristics_are_asked_for_again_and_not_for_ever(enrolled):
    bluez = enrolled.bluez
    bluez.omit(CUFF.address, "2a35", "on")
    bluez.stop()
    enrolled.wait_for_radio("absent")
    bluez.start()
    enrolled.wait_for_radio("ready")
    since = bluez.mark()
    for times in (1, 2, 3):
        bluez.connect(CUFF.address)
        bluez.resolve(CUFF.address)
        bluez.said("called Disconnect", since, times)
        assert_trusted(enrolled.measure(STRAP, times))  # meanwhile
    bluez.connect(CUFF.address)
    bluez.resolve(CUFF.address)
    assert_trusted(enrolled.measure(STRAP, 4))
    bluez.disconnect(CUFF.address)
    assert len(bluez.calls("Disconnect", since)) == 3
    bluez.omit(CUFF.address, "2a35", "off")
    bluez.churn("services", CUFF.address, 1)
    bluez.said("over churn", since)
    assert_trusted(enrolled.measure(CUFF, 7))


@pytest.mark.parametrize("what", ["services", "device"])
def test_objects_that_come_and_go_are_followed(enrolled, what):
    bluez = enrolled.bluez

    def churn(times, number):
        since = bluez.mark()
        bluez.churn(what, CUFF.address, times)
        assert_trusted(enrolled.measure(STRAP, number))  # meanwhile
        bluez.said("over churn", since)
        assert_trusted(enrolled.measure(CUFF, number))
        return enrolled.memory_kib()

    before = churn(500, 2)
    assert churn(5000, 3) < GROWTH * before


def test_properties_of_the_wrong_type_change_nothing(enrolled):
    enrolled.bluez.connect(CUFF.address)
    enrolled.bluez.malformed(CUFF.address)
    enrolled.bluez.value(CUFF.address, "2a35", CUFF.frame(7))
    enrolled.bluez.malformed(CUFF.address)
    enrolled.bluez.resolve(CUFF.address)
    assert_trusted(enrolled.wait_for_reading(CUFF.raw(7)))
    enrolled.bluez.disconnect(CUFF.address)
    assert_trusted(enrolled.measure(STRAP, 2))
    assert enrolled.status()["radio"] == "ready"


def test_one_object_of_the_wrong_types_does_not_silence_the_others(enrolled):
    enrolled.bluez.malformed_object("on")
    enrolled.bluez.stop()
    enrolled.wait_for_radio("absent")
    enrolled.bluez.start()
    enrolled.wait_for_radio("ready")
    assert_trusted(enrolled.measure(CUFF, 7))


def test_the_longest_value_is_kept_and_a_longer_one_is_none(enrolled):
    before = len(enrolled.readings())
    enrolled.bluez.connect(CUFF.address)
    enrolled.bluez.resolve(CUFF.address)
    for length in (512, 513, 1000, 0):
        enrolled.bluez.long_value(CUFF.address, "2a35", length)
    enrolled.bluez.value(CUFF.address, "2a35", CUFF.frame(7))
    assert_trusted(enrolled.wait_for_reading(CUFF.raw(7)))
    kept = [record for record in enrolled.readings()[before:] if record["raw"] != CUFF.raw(7)]
    assert [record["raw"] for record in kept] == ["2a35:" + 512 * "00", "2a35:"]
    assert all(record["quality"] == "invalid" for record in kept)


# --- in masses -------------------------------------------------------------------------------------------------------


def crowd(home, count, stay="come"):
    since = home.bluez.mark()
    home.bluez.strangers(count, stay)
    return lambda: home.bluez.said("over strangers", since)


def test_strangers_cost_nothing_when_nobody_looks(enrolled):
    crowd(enrolled, STRANGERS // 10)()
    enrolled.measure(CUFF, 1)
    before = enrolled.memory_kib()
    all_told = crowd(enrolled, STRANGERS)
    assert_trusted(enrolled.measure(CUFF, 2))
    all_told()
    assert_trusted(enrolled.measure(CUFF, 3))
    assert enrolled.memory_kib() < GROWTH * before


def test_strangers_do_not_stand_in_the_way_of_an_enrolment(home):
    home.enrol(CUFF)
    crowd(home, STRANGERS // 10)()
    home.measure(CUFF, 1)
    before = home.memory_kib()
    home.bluez.device(STRAP.address, "name", "Strap", "serial", "S-3", "services", "180d")
    since = home.bluez.mark()
    enrolment = home.begin_enrolment(STRAP.address)
    home.bluez.said("called StartDiscovery", since)
    all_told = crowd(home, STRANGERS)
    assert_trusted(home.measure(CUFF, 2))
    home.bluez.advertise(STRAP.address, "on")
    home.bluez.said(f"called StartNotify {STRAP.path}", since)
    home.bluez.disconnect(STRAP.address)
    home.bluez.connect(STRAP.address)
    home.bluez.resolve(STRAP.address)
    home.bluez.value(STRAP.address, "2a37", STRAP.frame(1))
    said, _ = enrolment.communicate(timeout=200)
    assert enrolment.returncode == 0, said
    all_told()
    assert_trusted(home.measure(CUFF, 3))
    assert home.memory_kib() < GROWTH * before
    assert len(home.ask("devices")) == 2


def test_strangers_in_a_scan_do_not_take_the_place_of_a_device_of_ours(enrolled):
    since = enrolled.bluez.mark()
    scan = enrolled.begin("devices", "scan", "--seconds", 20, "--json")
    enrolled.bluez.said("called StartDiscovery", since)
    enrolled.bluez.vanish(CUFF.address)
    crowd(enrolled, 2000, "stay")()
    assert_trusted(enrolled.measure(CUFF, 7))
    found, _ = scan.communicate(timeout=200)
    assert scan.returncode == 0
    assert 0 < len(found.splitlines()) <= 512  # those beyond were told by signals
    assert all(json.loads(line)["address"].startswith("F0:00:00") for line in found.splitlines())


def test_the_status_of_a_whole_house_is_told(home):
    """However much there is to say of so many."""
    patients = [f"p-{number}" for number in range(31)]
    for patient in patients:
        home.ctl("patient", "admit", patient, "--episode", "s-01", "--plan", ROOT / "config/care-plans/post-operative.json")
    assert {patient["patient"] for patient in home.status()["patients"]} == {PATIENT, *patients}


def test_a_device_that_a_whole_house_has_is_shown(home):
    """However long all that is told of it is."""
    home.enrol(CUFF, "S" * 60, "F" * 60)
    (ident,) = [device["device"] for device in home.ask("devices")]
    home.ctl("devices", "rename", ident, "N" * 64)
    home.ctl("devices", "bind", ident, "--patient", PATIENT, "--slot", 100)
    patients = [f"p-{number:062}" for number in range(101, 132)]
    for slot, patient in enumerate(patients, 101):
        home.ctl("patient", "admit", patient, "--episode", "s-01", "--plan", ROOT / "config/care-plans/oximetry-at-home.json")
        home.ctl("devices", "bind", ident, "--patient", patient, "--slot", slot, "--share")
    everybody = {(patient, slot) for slot, patient in enumerate([PATIENT, *patients], 100)}
    (shown,) = home.ask("devices")
    assert {(bound["patient"], bound["slot"]) for bound in shown["bindings"]} == everybody
    home.bluez.lose_bond(CUFF.address)
    home.enrol(CUFF, "S" * 60, "F" * 60, is_there=True)
    (shown,) = home.ask("devices")
    assert {(bound["patient"], bound["slot"]) for bound in shown["bindings"]} == everybody


def test_a_scan_among_a_hundred_strangers_finds_the_device(home):
    """One that is not in its answer is said not to be heard."""
    home.bluez.device(CUFF.address, "name", "Cuff", "serial", "S-1", "services", "1810")
    scan = home.begin("devices", "scan", "--seconds", 5)
    home.bluez.said("called StartDiscovery")
    home.bluez.strangers(100, "stay")
    home.bluez.advertise(CUFF.address, "on")
    said, _ = scan.communicate(timeout=PATIENCE_S)
    assert CUFF.address in said


@pytest.mark.parametrize("what", ["value", "rssi"])
def test_a_storm_of_one_device_is_not_the_others_trouble(enrolled, what):
    bluez = enrolled.bluez
    words = ("value", STRAP.address, "2a37", STRAP.frame(9)) if what == "value" else ("rssi", STRAP.address)
    bluez.connect(STRAP.address)
    bluez.resolve(STRAP.address)

    def storm(seconds, number):
        since = bluez.mark()
        bluez.storm(STORM_A_SECOND, seconds, *words)
        assert_trusted(enrolled.measure(CUFF, number))
        bluez.said("over storm", since)
        assert_trusted(enrolled.measure(CUFF, number + 1))  # it is through with all of it
        return enrolled.memory_kib()

    before = storm(2, 2)  # as many wait in the queue of a slow machine
    assert storm(2, 4) < GROWTH * before
    assert enrolled.status()["queue"]["failed_commits"] == 0


# --- bluetoothd and adapter ------------------------------------------------------------------------------------------


def test_a_bluetoothd_that_restarts_is_survived(enrolled):
    for number in (2, 3, 4):
        enrolled.bluez.connect(STRAP.address)
        enrolled.bluez.stop()
        enrolled.wait_for_radio("absent")
        assert not any(device["connected"] for device in enrolled.ask("devices"))
        enrolled.bluez.start()
        enrolled.wait_for_radio("ready")
        assert_trusted(enrolled.measure(CUFF, number))
    assert rungs(enrolled) == {"rung": "none", "discovery": 0, "power": 0, "restart": 0, "reset": 0}


def test_a_bus_that_is_lost_ends_the_gateway_to_be_started_anew(home):
    """Otherwise it would go on without hearing any device, and nobody could ask it why."""
    home.lose_bus()
    assert home.gateway.wait(PATIENCE_S) == 1
    assert "wardgated: Connection reset by peer" in (home.directory / "wardgated.log").read_text()
    home.start_bus()
    home.bluez = Bluez(home.environment)
    home.start_gateway()  # as its unit does
    home.wait_for_radio("ready")
    home.enrol(CUFF, "S-1")
    assert_trusted(home.measure(CUFF, 2))


def request(home, name):
    """What is asked of root's unit, once it is; the unit takes the file away."""
    path = home.directory / "recover" / name
    reason = eventually(lambda: path.exists() and path.read_text(), f"the request {name}")
    path.unlink()
    return reason


def test_a_bluetoothd_that_stays_away_is_to_be_restarted(enrolled):
    enrolled.bluez.stop()
    assert "not running" in request(enrolled, "bluetooth-restart")
    eventually(lambda: {"adapter-recovery", "radio-off"} <= enrolled.conditions(), "both conditions")
    enrolled.bluez.start()
    enrolled.wait_for_radio("ready")
    assert_trusted(enrolled.measure(CUFF, 2))
    assert rungs(enrolled)["rung"] == "restart"
    assert rungs(enrolled)["restart"] == 1


def test_a_bluetoothd_that_hangs_is_noticed_and_recovered(enrolled):
    enrolled.bluez.hang()
    eventually(lambda: enrolled.status()["radio"] in ("failed", "preparing"), "the radio is not ready")
    assert "does not answer" in request(enrolled, "bluetooth-restart")
    eventually(lambda: "radio-off" in enrolled.conditions(), "the condition radio-off")
    request(enrolled, "usb-reset")  # it did not help
    assert rungs(enrolled)["rung"] == "reset"
    enrolled.bluez.wake()
    enrolled.wait_for_radio("ready")
    assert_trusted(enrolled.measure(CUFF, 2))
    assert (rungs(enrolled)["restart"], rungs(enrolled)["reset"]) == (1, 1)


def test_an_adapter_that_goes_comes_back(enrolled):
    enrolled.bluez.adapter("gone")
    enrolled.wait_for_radio("absent")
    assert "no Bluetooth adapter" in request(enrolled, "bluetooth-restart")
    enrolled.bluez.adapter("back")
    enrolled.wait_for_radio("ready")
    assert_trusted(enrolled.measure(CUFF, 2))


def test_preparing_that_fails_again_and_again_leads_to_a_power_cycle(enrolled):
    bluez = enrolled.bluez
    bluez.stop()
    bluez.fault("RegisterApplication", "always", "Failed", "No object received")
    bluez.start()
    eventually(lambda: rungs(enrolled)["power"] == 1, lambda: rungs(enrolled))
    bluez.release("RegisterApplication")
    enrolled.wait_for_radio("ready")
    assert_trusted(enrolled.measure(CUFF, 2))


def test_an_adapter_that_is_switched_off_is_switched_on_again(enrolled):
    for number in (2, 3, 4):
        enrolled.bluez.power("off")
        since = enrolled.bluez.mark()
        enrolled.bluez.said("set Powered on", since)
        enrolled.wait_for_radio("ready")
        assert_trusted(enrolled.measure(CUFF, number))


def test_a_radio_that_hears_nothing_is_helped(home):
    since = home.bluez.mark()
    home.ctl("devices", "scan", "--seconds", 16)  # it is begun anew after ten, and that has its time
    assert len(home.bluez.calls("StartDiscovery", since)) == 2  # begun anew in the midst of it
    assert rungs(home) == {"rung": "discovery", "discovery": 1, "power": 0, "restart": 0, "reset": 0}
    assert "adapter-recovery" not in home.conditions()
    home.ctl("devices", "scan", "--seconds", 16)
    wait_for_rung(home, "power")
    home.wait_for_radio("ready")
    assert "adapter-recovery" in home.conditions()
    home.bluez.device(CUFF.address, "name", "Cuff", "serial", "S-1", "services", "1810")
    home.bluez.advertise(CUFF.address, "on")
    assert [found["address"] for found in home.ask("devices", "scan", "--seconds", 2)] == [CUFF.address]
    assert rungs(home)["rung"] == "none"
    eventually(lambda: "adapter-recovery" not in home.conditions(), "the end of adapter-recovery")
