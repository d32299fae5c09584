# SPDX-License-Identifier: Apache-2.0
"""FHIR Bundles against FHIR's rules: two general validators and UCUM's, and the ward's own check (tests/hub/fhir.py).

Each general validator misses what another finds, and none knows the Personal Health Device guide. So Bundles are broken
here in every way that matters to a ward, and each of these must be caught by our own check, whoever else finds it.
"""
import copy
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "hub"))

import contract  # noqa: E402
import fhir  # noqa: E402

VECTORS = [*sorted((ROOT / "tests" / "vectors" / "fhir").glob("*.json")),
           *sorted((ROOT / "docs" / "mqtt" / "examples" / "fhir").glob("*.json"))]
MODULES = ROOT / "build" / "npm"


def validate(bundles):
    """What the validators find in each: {"fhir": [...], "schema": [...], "ucum": [...]}."""
    if not (MODULES / "node_modules").is_dir() or not shutil.which("node"):
        assert "WARD_REQUIRE_NPM" not in os.environ, "the validators are missing: install_npm of tests/lib/setup.sh"
        pytest.skip("the validators are not installed: ./check does it")
    done = subprocess.run(["node", ROOT / "tests" / "fhir" / "validate.js", MODULES], capture_output=True, text=True,
                          input=json.dumps(bundles, default=float), timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def vector(name):
    return json.loads((ROOT / "tests" / "vectors" / "fhir" / f"{name}.json").read_text("utf-8"))


def observation(bundle, what):
    """The entry of the first Observation of that name."""
    return next(entry for entry in bundle["entry"] if entry["resource"]["identifier"][0]["value"].endswith(f".{what}"))


def test_the_vectors_hold():
    assert len(VECTORS) >= 15
    for path in VECTORS:
        fhir.check(fhir.parse(path.read_text("utf-8")))
    found = validate([json.loads(path.read_text("utf-8")) for path in VECTORS])
    assert {path.stem: one for path, one in zip(VECTORS, found) if any(one.values())} == {}


def test_a_decimal_keeps_the_digits_that_were_sent():
    """As text: a parser of JSON would lose them."""
    text = (ROOT / "tests" / "vectors" / "fhir" / "numbers.json").read_text("utf-8")
    assert '"valueQuantity":{"value":36.40,"unit":"Cel"' in text
    assert '"valueQuantity":{"value":73.50,"unit":"kg"' in text
    assert '"value":72.0,"unit":"/min"' in (ROOT / "tests" / "vectors" / "fhir" / "spot-check.json").read_text("utf-8")


def carried_out(bundles):
    """What a server holds after these Bundles, by name."""
    with sqlite3.connect(":memory:") as database:
        server = fhir.Server(database)
        for bundle in bundles:
            server.transact(bundle, json.dumps)
        rows = database.execute("SELECT identifier, body FROM resource").fetchall()
    assert len(dict(rows)) == len(rows), "something is there twice"
    # Numbers are given as resources are made: they say nothing.
    return {name: re.sub(r"(Device|Observation)/\d+", r"\1", body) for name, body in rows}


@pytest.mark.parametrize("change", ["taken back", "dated"])
def test_messages_may_come_in_any_order_and_twice(change):
    """What was known later stands in the end, whatever came first."""
    early, late = vector("spot-check"), vector("spot-check")
    for entry in late["entry"]:
        if entry["resource"]["resourceType"] == "Observation" and ".device_clock" not in str(entry["request"]):
            entry["request"] = {"method": "PUT", "url": "Observation?" + entry["request"]["ifNoneExist"]}
            entry["resource"].update({"status": "entered-in-error"} if change == "taken back" else
                                     {"effectiveDateTime": "2026-11-22T09:00:01.000Z"})
    end = carried_out([early, late])
    assert end != carried_out([early])
    for order in ([late, early], [early, late, early], [late, early, late], [early, early, late, late]):
        assert carried_out(order) == end


# --- broken Bundles --------------------------------------------------------------------------------------------------


def wrong_unit(bundle):
    observation(bundle, "spo2")["resource"]["valueQuantity"].update(unit="/min", code="/min")


def no_unit_of_ucum(bundle):
    observation(bundle, "pulse_rate")["resource"]["valueQuantity"].update(unit="bpm", code="bpm")


def unit_without_system(bundle):
    del observation(bundle, "spo2")["resource"]["valueQuantity"]["system"]


def no_vital_signs(bundle):
    del observation(bundle, "spo2")["resource"]["category"][0]


def no_phd(bundle):
    del observation(bundle, "spo2")["resource"]["category"][1]


def no_category(bundle):
    del observation(bundle, "spo2")["resource"]["category"]


def wrong_mdc(bundle):
    observation(bundle, "spo2")["resource"]["code"]["coding"][0]["code"] = "149530"


def wrong_loinc(bundle):
    observation(bundle, "spo2")["resource"]["code"]["coding"][1]["code"] = "8867-4"


def no_mdc(bundle):
    del observation(bundle, "spo2")["resource"]["code"]["coding"][0]


def no_profile(bundle):
    del observation(bundle, "spo2")["resource"]["meta"]["profile"]


def no_status(bundle):
    del observation(bundle, "spo2")["resource"]["status"]


def status_of_nobody(bundle):
    observation(bundle, "spo2")["resource"]["status"] = "done"


def no_code(bundle):
    del observation(bundle, "spo2")["resource"]["code"]


def number_as_text(bundle):
    observation(bundle, "spo2")["resource"]["valueQuantity"]["value"] = "96"


def no_time(bundle):
    del observation(bundle, "spo2")["resource"]["effectiveDateTime"]


def no_device(bundle):
    del observation(bundle, "spo2")["resource"]["device"]


def no_gateway(bundle):
    observation(bundle, "spo2")["resource"]["extension"].pop(0)


def reference_to_nothing(bundle):
    observation(bundle, "spo2")["resource"]["device"]["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000000"


def reference_to_the_wrong_one(bundle):
    resource = observation(bundle, "spo2")["resource"]
    resource["device"] = copy.deepcopy(resource["extension"][0]["valueReference"])


def patient_with_a_name(bundle):
    observation(bundle, "spo2")["resource"]["subject"]["display"] = "Ann Example"


def patient_by_reference(bundle):
    observation(bundle, "spo2")["resource"]["subject"] = {"reference": "Patient/1"}


def address_of_a_device(bundle):
    bundle["entry"][1]["resource"]["identifier"][0]["value"] = "00-1C-05-00-78-25"


def serial_number(bundle):
    bundle["entry"][1]["resource"]["serialNumber"] = "0400007825"


def made_without_a_condition(bundle):
    del observation(bundle, "spo2")["request"]["ifNoneExist"]


def made_by_another_name(bundle):
    observation(bundle, "spo2")["request"]["ifNoneExist"] += "0"


def twice(bundle):
    entry = copy.deepcopy(observation(bundle, "spo2"))
    entry["fullUrl"] = "urn:uuid:00010203-0405-8060-8708-0000000000ff"
    bundle["entry"].append(entry)


def taken_back_by_nobody(bundle):
    observation(bundle, "spo2")["resource"]["status"] = "entered-in-error"


def of_no_record(bundle):
    bundle["identifier"]["value"] = bundle["identifier"]["value"].replace(".1-3", ".2-3")


def no_chain(bundle):
    del bundle["meta"]


def a_batch(bundle):
    bundle["type"] = "batch"


def value_and_why_there_is_none(bundle):
    observation(bundle, "spo2")["resource"]["dataAbsentReason"] = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error"}]}


def within_limits_called_low(bundle):
    observation(bundle, "spo2")["resource"]["interpretation"] = observation(bundle, "3.spo2")["resource"]["interpretation"]


def beyond_limits_called_nothing(bundle):
    del observation(bundle, "3.spo2")["resource"]["interpretation"]


def red_called_amber(bundle):
    observation(bundle, "3.spo2")["resource"]["interpretation"][0]["coding"][1]["code"] = "L"


def interpretation_without_a_status(bundle):
    del observation(bundle, "3.spo2")["resource"]["interpretation"][0]["coding"][0]


def limits_in_another_unit(bundle):
    observation(bundle, "spo2")["resource"]["referenceRange"][0]["low"].update(unit="/min", code="/min")


def clock_of_something_else(bundle):
    observation(bundle, "spo2")["resource"]["extension"][1]["valueReference"]["reference"] = bundle["entry"][0]["fullUrl"]


def unmarked_test_data(bundle):
    del observation(bundle, "34.spo2")["resource"]["meta"]["security"]


def marked_as_test_data(bundle):
    observation(bundle, "31.spo2")["resource"]["meta"]["security"] = [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]


def invalid_with_a_number(bundle):
    resource = observation(bundle, "31.spo2")["resource"]
    resource["valueQuantity"] = {"value": 90, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}


def nan_without_a_reason(bundle):
    del observation(bundle, "20.glucose")["resource"]["dataAbsentReason"]


def reason_of_nobody(bundle):
    observation(bundle, "20.glucose")["resource"]["dataAbsentReason"]["coding"][0]["code"] = "nan"


def systolic_missing(bundle):
    del observation(bundle, "4.blood_pressure")["resource"]["component"][0]


def systolic_in_kilopascal(bundle):
    observation(bundle, "4.blood_pressure")["resource"]["component"][0]["valueQuantity"].update(unit="kPa", code="kPa")


def pressure_of_another_kind(bundle):
    observation(bundle, "4.blood_pressure")["resource"]["component"][0]["code"]["coding"][0]["code"] = "150023"


def score_that_does_not_add_up(bundle):
    observation(bundle, "news2")["resource"]["valueQuantity"]["value"] = 4


def unassigned_with_a_patient(bundle):
    observation(bundle, "unassigned")["resource"]["subject"] = {
        "type": "Patient", "identifier": {"system": "https://wardgate.invalid/fhir/patient", "value": "p-7f3a"}}


def update_made_instead(bundle):
    entry = observation(bundle, "70.spo2")
    query = entry["request"]["url"].partition("?")[2]
    entry["request"] = {"method": "POST", "url": "Observation", "ifNoneExist": query}


BROKEN = {
    "spot-check": [
        wrong_unit, no_unit_of_ucum, unit_without_system, no_vital_signs, no_phd, no_category, wrong_mdc, wrong_loinc, no_mdc,
        no_profile, no_status, status_of_nobody, no_code, number_as_text, no_time, no_device, no_gateway, reference_to_nothing,
        reference_to_the_wrong_one, patient_with_a_name, patient_by_reference, address_of_a_device, serial_number,
        made_without_a_condition, made_by_another_name, twice, taken_back_by_nobody, of_no_record, no_chain, a_batch,
        value_and_why_there_is_none, within_limits_called_low, beyond_limits_called_nothing, red_called_amber,
        interpretation_without_a_status, limits_in_another_unit, clock_of_something_else],
    "qualities": [unmarked_test_data, marked_as_test_data, invalid_with_a_number],
    "specials": [nan_without_a_reason, reason_of_nobody],
    "blood-pressure": [systolic_missing, systolic_in_kilopascal, pressure_of_another_kind],
    "score": [score_that_does_not_add_up],
    "events": [unassigned_with_a_patient],
    "changes": [update_made_instead],
}
ALL = [(name, mutation) for name, mutations in BROKEN.items() for mutation in mutations]
# What the general validators are here for: each of these is found by the ones named.
FOUND_BY = {no_status: {"fhir"}, no_code: {"fhir"}, status_of_nobody: {"fhir", "schema"}, no_unit_of_ucum: {"ucum"}}


def broken(name, mutation):
    bundle = vector(name)
    mutation(bundle)
    assert bundle != vector(name), "the mutation changes nothing"
    return bundle


@pytest.mark.parametrize("name, mutation", ALL, ids=[mutation.__name__ for _, mutation in ALL])
def test_a_broken_bundle_is_caught(name, mutation):
    with pytest.raises(contract.Refused, match="^fhir: "):
        fhir.check(broken(name, mutation))


def test_what_the_validators_are_for():
    found = validate([broken(name, mutation) for name, mutation in ALL])
    by = {mutation: {who for who, what in one.items() if what} for (_, mutation), one in zip(ALL, found)}
    assert {mutation.__name__: by[mutation] for mutation in FOUND_BY if not FOUND_BY[mutation] <= by[mutation]} == {}
    missed = sorted(mutation.__name__ for mutation in by if not by[mutation])
    print(f"{len(missed)} of {len(ALL)} are found by no general validator, but by ours: {', '.join(missed)}")
