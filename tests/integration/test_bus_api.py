# SPDX-License-Identifier: Apache-2.0
"""org.wardgate as a program of somebody else's sees it: objects, properties, signals; who may call what."""

import contextlib
import itertools
import json
import re
import signal
import subprocess

import pytest

from bluez_fixture import BUILD, CUFF, PATIENT, ROOT, STRAP, Device, Home, eventually
from bus_client import DEVICE, DEVICES, GATEWAY, OBJECT_MANAGER, ROOT_PATH, Client, Signals

NOBODY = 65534  # a user who may change nothing


@pytest.fixture(scope="module")
def home():
    made = Home()
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def client(home):
    return Client(home.directory / "bus")


@pytest.fixture
def signals(home):
    heard = Signals(home.directory / "bus")
    yield heard
    heard.end()


NUMBERS = itertools.count(1)


def another(device):
    """One like it: the fake makes no device twice."""
    return Device(f"C0:FF:EE:01:00:{next(NUMBERS):02X}", device.name, device.service, device.uuid, device.frame)


@contextlib.contextmanager
def enrolled(home, device, serial):
    """Its id and its path."""
    before = {found["device"] for found in home.ask("devices")}
    home.enrol(device, serial)
    (ident,) = {found["device"] for found in home.ask("devices")} - before
    yield ident, DEVICES + ident.replace("-", "_2d")
    home.ctl("devices", "forget", ident)


def test_the_gateway_is_told_as_wardctl_tells_it(home, client):
    def as_status():
        status, told = home.status(), client.properties()
        return told if (told["Monitoring"], told["Reasons"]) == (status["monitoring"], status["reasons"]) else None

    told = eventually(as_status, lambda: f"{client.properties()} is {home.status()}")
    status = home.status()
    assert told["Version"] == status["version"] and told["Gateway"] == "g-test" and told["Site"] == status["site"]
    assert told["WatchedPatients"] == [PATIENT]
    assert told["Epoch"] == status["queue"]["epoch"]
    assert told["QueueDepth"] == status["queue"]["undelivered_readings"]
    assert (told["HubConnected"], told["HubReason"]) == (status["link"]["up"], status["link"]["reason"])
    assert (told["Clock"], told["Radio"], told["Storage"]) == (status["clock"], status["radio"], status["storage"])
    assert told["ClockTrusted"] == (status["clock"] != "unsynced")
    assert told["CertificateExpires"] == 0


def test_no_property_can_be_written(client):
    done = client.try_call("org.freedesktop.DBus.Properties", "Set", "ssv", GATEWAY, "Monitoring", "s", "full")
    assert done.returncode != 0 and "not writable" in done.stderr
    assert client.properties()["Monitoring"] != "full"


def test_a_device_comes_and_goes_with_its_enrolment(home, client, signals):
    cuff = another(CUFF)
    with enrolled(home, cuff, "S-81") as (ident, path):
        eventually(lambda: path in client.objects(), "the device is an object")
        eventually(lambda: any(args[0] == path for args in signals.of("InterfacesAdded")), "it is told")
        (added,) = [args[1] for args in signals.of("InterfacesAdded") if args[0] == path]
        shown = next(device for device in home.ask("devices") if device["device"] == ident)
        told = client.objects()[path][DEVICE]
        assert (added[DEVICE]["Device"], added[DEVICE]["Address"]) == (ident, cuff.address)
        assert told["Device"] == ident and told["Model"] == shown["model"] == "blood-pressure-cuff"
        assert told["Kind"] == "blood-pressure cuff"
        assert {"bp_systolic", "bp_diastolic"} < set(told["Quantities"])
        assert len(set(told["Quantities"])) == len(told["Quantities"])
        assert told["SerialNumber"] == shown["serial_number"] == "S-81"
        assert (told["Security"], told["Patients"], told["Shared"]) == (shown["security"], [PATIENT], False)
        assert told["FirmwareTrusted"] == shown["firmware_accepted"]
        assert set(client.objects()) == {path}
    eventually(lambda: [path, [DEVICE]] in [[args[0], [name for name in args[1] if not name.startswith("org.freedesktop.")]]
                                            for args in signals.of("InterfacesRemoved")], "that it is gone is told")
    assert client.objects() == {}
    assert client.try_call(DEVICE, "Get", path=path).returncode != 0


def test_what_changes_of_a_device_is_told(home, client, signals):
    strap = another(STRAP)
    with enrolled(home, strap, "S-82") as (ident, path):
        eventually(lambda: path in client.objects(), "the device is an object")
        home.ctl("devices", "rename", ident, "Grüner Gurt")
        signals.wait_for({"Name": "Grüner Gurt"}, DEVICE, path)
        home.bluez.connect(strap.address)
        home.bluez.value(strap.address, strap.uuid, strap.frame(7))
        home.bluez.resolve(strap.address)
        signals.wait_for({"Connected": True}, DEVICE, path)
        home.bluez.disconnect(strap.address)
        signals.wait_for({"Connected": False}, DEVICE, path)
        told = client.properties(DEVICE, path)
        assert told == {**told, **signals.changed(DEVICE, path)}  # what was told last is what stands there
        assert "Device" not in signals.changed(DEVICE, path)


def test_a_binding_that_stands_is_not_made_again(home, client):
    """A new one would not know that the device's memory was read out: a record without a date would be nobody's."""
    def bindings():
        return home.ask("devices", "show", ident)[0]["bindings"]

    with enrolled(home, another(CUFF), "S-84") as (ident, _):
        before = bindings()
        assert [(bound["patient"], bound["read_out"]) for bound in before] == [(PATIENT, True)]
        client.call(GATEWAY, "Bind", "sssu", ident, PATIENT, "move", 255)
        client.call(GATEWAY, "Bind", "sssu", ident, PATIENT, "share", 255)
        assert bindings() == before
        client.call(GATEWAY, "Bind", "sssu", ident, PATIENT, "move", 1)
        assert [(bound["slot"], bound["read_out"]) for bound in bindings()] == [(1, False)]


def test_to_share_a_device_takes_it_from_nobody(home, client):
    with enrolled(home, another(CUFF), "S-85") as (ident, _):
        home.ctl("devices", "bind", ident, "--patient", PATIENT, "--slot", 1)
        home.ctl("patient", "admit", "p-85", "--episode", "s-85", "--plan", ROOT / "config/care-plans/oximetry-at-home.json")
        done = home.ctl("devices", "bind", ident, "--patient", "p-85", "--share", check=False)
        assert done.returncode == 1 and "Others have a user slot of it" in done.stderr
        assert home.ask("devices", "show", ident)[0]["patient"] == PATIENT
        home.ctl("devices", "bind", ident, "--patient", "p-85", "--share", "--slot", 2)
        home.ctl("patient", "discharge", "p-85", "--reason", "well")


def test_what_changes_of_the_gateway_is_told(home, client, signals):
    before = client.properties()
    cuff = another(CUFF)
    with enrolled(home, cuff, "S-83"):
        home.measure(cuff, 3)
        eventually(lambda: signals.changed().get("QueueDepth", 0) > before["QueueDepth"], "one reading more waits")
        home.bluez.adapter("gone")
        signals.wait_for({"Radio": "absent"})
        home.bluez.adapter("back")
        signals.wait_for({"Radio": "ready"})
    assert not {"Version", "Gateway", "Site"} & set(signals.changed())


def test_what_is_shown_in_the_room_is_told(home, client, signals):
    """That the plan has a limit without a device sounds; to silence it changes the sound alone."""
    eventually(lambda: client.properties()["Priority"] == "medium", lambda: f"an alarm shows: {client.properties()}")
    assert client.properties()["Silenced"] is False
    home.ctl("alarms", "silence", PATIENT)
    signals.wait_for({"Silenced": True})
    assert client.properties()["Priority"] == "medium"


def test_of_a_patient_who_is_not_looked_after_nobody_says_that_there_is_no_alarm(home, client):
    """A slip of the pen in his id, or he was discharged."""
    assert home.ask("alarms", "--patient", PATIENT)
    done = home.ctl("alarms", "--patient", PATIENT + "0", check=False)
    assert done.returncode == 1 and done.stdout == "" and "No such patient" in done.stderr
    assert client.call(GATEWAY, "Alarms", "a{sv}", 2, "patient", "s", PATIENT + "0", "history", "b", "true") == [[]]


def test_the_tree_holds_the_api_and_nothing_else(client):
    """The agent and the profile that bluetoothd calls stand elsewhere."""
    interfaces, below = client.introspect()
    assert {name for name in interfaces if not name.startswith("org.freedesktop.DBus.")} == {GATEWAY}
    assert OBJECT_MANAGER in interfaces
    assert below in ([], ["devices"])
    assert ROOT_PATH not in client.objects()


# --- the page: docs/man/org.wardgate.5.scd --------------------------------------------------------------------------

PAGE = (ROOT / "docs/man/org.wardgate.5.scd").read_text()
ENTRY = re.compile(r"^\*(\w+)\*(?:\((.*?)\))?(?: → (\S+)| (\S+))?$", re.M)


def sections():
    """{interface: {member: (kind, signature in, signature out or type)}} as the page has it."""
    found = {}
    for kind, interface, body in re.findall(r"^# (METHODS|PROPERTIES|SIGNALS) OF (\S+)\n(.*?)(?=^# )", PAGE, re.M | re.S):
        members = found.setdefault(interface, {})
        for name, arguments, returns, of_type in ENTRY.findall(body):
            assert name not in members, f"{name} stands twice"
            takes = "".join(argument.split()[0] for argument in arguments.split(", ") if argument)
            members[name] = {"METHODS": ("method", takes, returns.replace("()", "")), "SIGNALS": ("signal", "", takes),
                             "PROPERTIES": ("property", "", of_type)}[kind]
    return found


def test_the_page_is_the_interface(home, client):
    """Both ways: what is there is in the page with its signature, and what is in the page is there."""
    told, below = client.introspect()
    page = sections()
    assert page[GATEWAY] == told[GATEWAY]
    with enrolled(home, another(CUFF), "S-99") as (_, path):
        eventually(lambda: path in client.objects(), "the device is an object")
        assert page[DEVICE] == client.introspect(path)[0][DEVICE]
    assert set(page) == {GATEWAY, DEVICE}


def test_the_page_says_who_may_call():
    """As the methods are grouped in the bus policy, which is held against the gateway in test_bus_policy.py."""
    policy = (ROOT / "config/dbus/org.wardgate.conf").read_text()
    of_readers = re.search(r'<policy group="wardgate">(.*?)</policy>', policy, re.S)[1]
    allowed = set(re.findall(r'send_member="(\w+)"', of_readers))
    body = re.search(r"^# METHODS OF \S+\n(.*?)(?=^# )", PAGE, re.M | re.S)[1]
    said = dict(re.findall(r"^\*(\w+)\*\(.*\n\tFor (readers|administrators|anybody with a signature)\.", body, re.M))
    assert set(said) == {name for name, (kind, _, _) in sections()[GATEWAY].items() if kind == "method"}
    assert {name for name, who in said.items() if who != "administrators"} == allowed
    assert [name for name, who in said.items() if who == "anybody with a signature"] == ["Command"]


def test_the_page_has_each_error():
    source = "".join(path.read_text() for path in (ROOT / "gateway/io").glob("bus*.c"))
    assert set(re.findall(r"^\*org\.wardgate\.Error\.(\w+)\*$", PAGE, re.M)) == set(
        re.findall(r'ERROR_PREFIX "(\w+)"', source))


# --- the audit trail ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stranger(home):
    home.directory.chmod(0o755)
    return Client(home.directory / "bus", user=NOBODY)


def newest(client, method):
    return [row for row in client.audit() if row["method"] == method][-1]


def test_each_change_is_audited_with_its_outcome(home, client):
    strap = another(STRAP)
    with enrolled(home, strap, "S-91") as (ident, _):
        pair = newest(client, "Pair")
        assert (pair["uid"], pair["object"], pair["patient"], pair["outcome"]) == (0, strap.address, PATIENT, "done")
        assert pair["boot"].startswith("b-") and pair["boot_us"] > 0 and pair["omitted"] == 0
        home.ctl("devices", "rename", ident, "Said by a person")
        rename = newest(client, "Rename")
        assert (rename["object"], rename["outcome"]) == (ident, "done")
        assert "Said by a person" not in json.dumps(client.audit())
    forget = newest(client, "Forget")
    assert (forget["object"], forget["outcome"]) == (ident, "done")  # it was known when he said it
    assert [row["boot_us"] for row in client.audit()] == sorted({row["boot_us"] for row in client.audit()})


def test_what_is_refused_is_audited_and_names_nobody_who_is_not_known(home, client):
    assert home.ctl("alarms", "silence", "p-unknown", check=False).returncode == 1
    assert newest(client, "Silence")["outcome"] == "NotFound" and "patient" not in newest(client, "Silence")
    assert home.ctl("devices", "forget", "Robin-Smith", check=False).returncode == 1
    assert newest(client, "Forget")["outcome"] == "NotFound" and "object" not in newest(client, "Forget")


def test_an_order_says_who_and_what_came_of_it(home, client):
    home.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "respiration_rate=14")
    order = newest(client, "Order")
    assert (order["by"], order["object"], order["patient"], order["outcome"]) == ("nurse-1", "entry", PATIENT, "done")
    client.call(GATEWAY, "Command", "s", "{}")
    assert newest(client, "Command")["outcome"] == "refused"


def test_reading_is_not_audited(home, client):
    before = client.audit()
    home.status()
    home.readings()
    client.objects()
    assert client.audit() == before


def test_the_trail_can_be_narrowed(client):
    assert {row.get("patient") for row in client.audit("1", "patient", "s", PATIENT)} == {PATIENT}
    assert client.audit("1", "limit", "u", "1") == client.audit()[-1:]
    bad = client.try_call(GATEWAY, "Audit", "a{sv}", "1", "patient", "s", "no id")
    assert bad.returncode != 0 and "no id of a patient" in bad.stderr


def test_who_may_change_nothing_is_refused_audited_and_cannot_fill_the_disk(client, stranger):
    assert stranger.properties()["Gateway"] == "g-test"
    done = stranger.try_call(GATEWAY, "Audit", "a{sv}", "0")
    assert done.returncode != 0 and "wardgate-admin" in done.stderr
    for _ in range(70):
        assert stranger.try_call(GATEWAY, "Silence", "s", PATIENT).returncode != 0
    client.call(GATEWAY, "Command", "s", "{}")
    rows = [row for row in client.audit() if row["uid"] == NOBODY]
    assert {(row["method"], row["outcome"], row["patient"]) for row in rows} == {("Silence", "NotAllowed", PATIENT)}
    assert 60 <= len(rows) < 70 and len(rows) + newest(client, "Command")["omitted"] == 70


def test_more_than_come_at_once_are_asked_for_page_by_page():
    home = Home()
    try:
        subprocess.run([BUILD / "tests" / "campaigns" / "days_away", "1", "2345", home.directory / "state"], check=True)
        home.start_gateway()
        records = home.ask("readings", "--limit", 100000)
        assert [record["seq"] for record in records] == list(range(records[0]["seq"], 0, -1)) and len(records) >= 2345
        assert home.ask("readings", "--limit", 2000) == records[:2000]
        assert home.ask("readings", "--limit", 1001) == records[:1001]
        strap = home.ask("readings", "--device", "d-1", "--limit", 2346)
        assert strap == [record for record in records if record.get("device") == "d-1"] and len(strap) == 2345
        refused = home.ctl("readings", "--fhir", "--limit", 1001, check=False)
        assert refused.returncode == 2 and "1000 at most" in refused.stderr
    finally:
        home.stop()


def test_a_call_that_is_carried_out_without_a_row_counts_once(client, stranger):
    """It is told to the auditor twice, before and when it is answered."""
    def rows():
        return [row for row in client.audit() if row["uid"] == NOBODY and row["method"] == "Command"]

    before = rows()
    for _ in range(70):
        stranger.call(GATEWAY, "Command", "s", "{}")
    client.call(GATEWAY, "Command", "s", "{}")
    assert newest(client, "Command")["omitted"] > 0
    assert len(rows()) - len(before) + newest(client, "Command")["omitted"] == 70


def test_a_call_that_was_never_answered_stays_in_the_trail(home, client):
    """Last: the gateway is killed while it looks for devices."""
    looking = home.begin("devices", "scan", "--seconds", 200)
    eventually(lambda: any(row["method"] == "Scan" for row in client.audit()), "the search is in the trail")
    home.gateway.send_signal(signal.SIGKILL)
    home.gateway.wait()
    looking.communicate()
    home.start_gateway()
    assert newest(client, "Scan")["outcome"] is None
