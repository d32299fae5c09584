# SPDX-License-Identifier: Apache-2.0
"""`format = fhir` from the wearable to the ward: wardgated, its uplink, a broker, and the reference hub, which carries the
Bundles out as a FHIR server would. Whatever comes twice, and in whatever order, nothing is there twice."""
import pathlib
import re
import sqlite3
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import CUFF, PATIENT, ROOT, eventually  # noqa: E402
from real_examples import Recorder, keep  # noqa: E402
from test_delivery import settings  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

import fhir  # noqa: E402

# What systemd-timesyncd leaves when it has set the clock is this machine's: here it is the home's own.
OWN_RUN = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", 'mkdir -p /run/systemd; mount --bind "$0" /run/systemd;'
           ' exec "$@"')

pytestmark = pytest.mark.skipif(subprocess.run([*OWN_RUN, "/tmp", "true"], capture_output=True).returncode != 0,
                                reason="a mount name space is for root")


class FhirHome(WardAtHome):
    def __init__(self, clock_known=True):
        super().__init__()
        self.flag = self.directory / "run-systemd" / "timesync" / "synchronized"
        self.flag.parent.mkdir(parents=True)
        if clock_known:
            self.flag.touch()
        self.prefix = (*OWN_RUN, self.directory / "run-systemd")
        path = self.directory / "wardgate.conf"
        path.write_text(path.read_text().replace("confirm = receipt\n", "confirm = receipt\nformat = fhir\n"))

    def resources(self):
        """What the ward's FHIR server holds: by what it is named, (version, resource). The epoch is left out of the names."""
        with sqlite3.connect(self.directory / "hub.db") as database:
            rows = database.execute("SELECT identifier, version, body FROM resource ORDER BY id").fetchall()
        named = {re.sub(r"\.e-[0-9a-f]{32}", "", name): (version, fhir.parse(body)) for name, version, body in rows}
        assert len(named) == len(rows), "something is there twice"
        return named

    def resource(self, name):
        return self.resources()[name][1]

    def again(self, first, last):
        """The hub asks for records once more, and gets them."""
        answer = self.order("replay", "--records", f"{self.epoch()}:{first}-{last}")
        assert answer["outcome"] == "done", answer
        eventually(lambda: "again-" not in settings(self), "everything went again")


@pytest.fixture
def home():
    home = FhirHome().start()
    yield home
    home.stop()


@pytest.fixture
def clockless():
    home = FhirHome(clock_known=False).start()
    yield home
    home.stop()


def delivered(home):
    home.wait_until_delivered()
    assert home.refused() == []
    return home.resources()


def test_a_score_goes_with_the_entry_that_completes_it(home):
    recorder = Recorder(home.broker, "clinician", "up")
    home.ctl("plan", "apply", ROOT / "config/care-plans/post-operative.json", "--patient", PATIENT)
    eventually(lambda: home.ask("status")[0]["link"]["up"], "what is entered now is no backlog")
    home.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "respiration_rate=18", "spo2=96", "oxygen=air",
             "bp_systolic=120", "pulse_rate=95", "consciousness=alert", "body_temperature=36.8")
    entry = eventually(lambda: [record for record in home.readings() if record["kind"] == "entry"], "it is stored")[-1]["seq"]
    score = delivered(home)[f"g-1.{entry}.news2"][1]
    assert score["valueQuantity"]["value"] == 1 and score["status"] == "final"  # one point, for the pulse
    bundle = eventually(lambda: [message.payload for message in list(recorder.messages) if b".news2" in message.payload],
                        "the Bundle that has it")[-1]
    recorder.close()
    keep({"bundle": fhir.check_up("g-1", bundle)})


def test_the_ward_has_each_once_and_what_is_taken_back_says_so(home):
    home.enrol(CUFF)
    pressure = home.measure(CUFF, 21)["seq"]
    home.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "spo2=88", "consciousness=alert")
    entry = eventually(lambda: [record for record in home.readings() if record["kind"] == "entry"], "it is stored")[-1]["seq"]
    first = delivered(home)

    # What was measured and entered, whose it is and by what.
    measured = first[f"g-1.{pressure}.blood_pressure"][1]
    values = [component["valueQuantity"]["value"] for component in measured["component"]]
    assert values == [121, 71, 80] and measured["status"] == "final"
    assert measured["subject"] == {"type": "Patient", "identifier": {"system": fhir.OWN + "patient", "value": PATIENT}}
    wearable, = [one for _, one in first.values() if one["meta"].get("profile") == [fhir.PHD + "PhdDevice"]]
    assert measured["device"]["reference"].startswith("Device/")
    assert CUFF.address not in str(first) and "S-1" not in str(wearable)
    entered = first[f"g-1.{entry}.spo2"][1]
    assert [fhir.codes(one, fhir.LIMIT_SYSTEM) for one in entered["interpretation"]] == [["LL"]]
    assert [limits["text"] for limits in entered["referenceRange"]] == [
        "Amber limits of oximetry-at-home version 3", "Red limits of oximetry-at-home version 3"]

    # wardctl says the same, and what it says keeps the contract too.
    told = [fhir.parse(line) for line in home.ctl("readings", "--fhir", "--limit", 1000).stdout.splitlines()]
    for bundle in told:
        fhir.check(bundle)
    names = {re.sub(r"\.e-[0-9a-f]{32}", "", entry["resource"]["identifier"][0]["value"])
             for bundle in told for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Observation"}
    assert names == {name for name, (_, one) in first.items() if one["resourceType"] == "Observation"}

    # All of it comes again: nothing is made, nothing is changed.
    home.again(1, home.readings()[-1]["seq"])
    assert home.resources() == first and home.refused() == []

    # Taken back: the same Observations, and no others.
    home.ctl("readings", "void", pressure, "--reason", "wrong-patient", "--by", "dr-12")
    eventually(lambda: home.resource(f"g-1.{pressure}.blood_pressure")["status"] == "entered-in-error", "it is taken back")
    after = delivered(home)
    assert set(after) == set(first)
    taken = after[f"g-1.{pressure}.blood_pressure"][1]
    assert taken["note"][-1]["text"] == "Taken back: wrong-patient" and taken["note"][-1]["authorString"] == "dr-12"
    assert taken["component"] == measured["component"] and after[f"g-1.{entry}.spo2"][1]["status"] == "final"

    # And it stays so when the reading comes again, without the record that took it back.
    home.again(pressure, pressure)
    assert home.resource(f"g-1.{pressure}.blood_pressure")["status"] == "entered-in-error"
    assert set(delivered(home)) == set(first)


def test_a_clock_that_is_known_later_dates_what_is_at_the_ward(clockless):
    home = clockless
    home.enrol(CUFF)
    seq = home.measure(CUFF, 22)["seq"]
    first = delivered(home)
    undated = first[f"g-1.{seq}.blood_pressure"][1]
    assert "effectiveDateTime" not in undated and undated["_effectiveDateTime"]["extension"][0]["valueCode"] == "unknown"

    home.flag.touch()
    eventually(lambda: "effectiveDateTime" in home.resource(f"g-1.{seq}.blood_pressure"), "it is dated")
    eventually(lambda: "again-" not in settings(home), "everything went again")
    after = delivered(home)
    new = set(after) - set(first)
    clock, = [after[name][1] for name in new if name.endswith(".clock")]
    offset = next(part["valueQuantity"]["value"] for part in clock["component"]
                  if fhir.codes(part["code"], fhir.OWN + "CodeSystem/record") == ["offset"])
    record = next(record for record in home.readings() if record["seq"] == seq)
    dated = after[f"g-1.{seq}.blood_pressure"]
    assert dated[0] == 2 and dated[1]["issued"] == dated[1]["effectiveDateTime"]
    assert dated[1]["effectiveDateTime"] == utc(record["mono_us"] // 1000 + offset)
    assert all("_effectiveDateTime" not in one for name, (_, one) in after.items() if name.endswith((".blood_pressure", ".spo2")))

    home.again(seq, seq)
    assert home.resource(f"g-1.{seq}.blood_pressure") == dated[1]


def utc(milliseconds):
    seconds, rest = divmod(int(milliseconds), 1000)
    done = subprocess.run(["date", "-u", "-d", f"@{seconds}", "+%Y-%m-%dT%H:%M:%S"], capture_output=True, text=True, check=True)
    return f"{done.stdout.strip()}.{rest:03d}Z"
