# SPDX-License-Identifier: Apache-2.0
"""The ward's side of `format = fhir`: whether a Bundle keeps docs/mqtt/fhir.md, and a server that carries it out.

Written from that page, and not from the gateway's code, so that the two check each other. General validators of FHIR know
neither the profiles of the Personal Health Device guide nor which unit belongs to which code: this knows them.
"""
import json
import re
import uuid
from decimal import Decimal

import contract
from contract import Refused

MDC = "urn:iso:std:iso:11073:10101"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
OWN = "https://wardgate.invalid/fhir/"
PHD = "http://hl7.org/fhir/uv/phd/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"
HL7 = "http://terminology.hl7.org/CodeSystem/"
VITAL_SIGNS = (HL7 + "observation-category", "vital-signs")
PHD_CATEGORY = ("http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories", "phd")
STATUS_SYSTEM = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
LIMIT_SYSTEM = HL7 + "v3-ObservationInterpretation"
ABSENT = {"error", "temp-unknown", "not-performed", "not-a-number", "positive-infinity", "negative-infinity"}
ADDRESS = re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5,7}\b")
NAME = re.compile(r"([A-Za-z0-9-]+)\.(e-[0-9a-f]{32})\.([1-9][0-9]*)\.([a-z0-9_]+(?:\.[a-z])?)")

SPO2 = ({150456}, ["2708-6", "59408-5"], "%", "oxygensat")
PULSE = ({149530}, ["8867-4"], "/min", "heartrate")
# what: the MDC codes that it may have, its LOINC codes, its unit in UCUM, and R4's profile of a vital sign.
VALUES = {
    "spo2": SPO2, "spo2_fast": SPO2, "spo2_slow": SPO2,
    "pulse_rate": ({149530, 149546}, *PULSE[1:]), "pulse_rate_fast": PULSE, "pulse_rate_slow": PULSE,
    "heart_rate": ({147842}, *PULSE[1:]),
    "body_temperature": ({150364}, ["8310-5"], "Cel", "bodytemp"),
    "body_mass": ({188736}, ["29463-7"], "kg", "bodyweight"),
    "body_height": ({188740}, ["8302-2"], "cm", "bodyheight"),
    "bmi": ({188752}, ["39156-5"], "kg/m2", "bmi"),
    "respiration_rate": ({151562}, ["9279-1"], "/min", "resprate"),
    "pulse_amplitude_index": ({150488}, ["61006-3"], "%", None),
    "battery": ({67996}, [], "%", None),
    "oxygen_flow": (set(), ["3151-8"], "L/min", None),
    "cuff_pressure": (set(), [], "mm[Hg]", None),
    "energy": (set(), [], "kJ", None),
    "movement": (set(), [], "1", None),
}
GLUCOSE = {160184: "15074-8", 160192: "15074-8", 160200: "15074-8", 160364: "15074-8", 160188: "14749-6",
           160196: "14749-6", 160204: "14749-6", 160368: "14749-6", 160212: None, 160208: None}
CODED = {"oxygen": {"air", "oxygen"}, "consciousness": {"alert", "new_confusion", "voice", "pain", "unresponsive"},
         "concern": {"nurse", "carer", "patient"}}
PRESSURES = [(150021, "8480-6"), (150022, "8462-4"), (150023, "8478-0")]
EVENTS = {"gap", "unmonitored", "clock", "void", "unassigned", "reading"}
GATEWAY, WEARABLE = "531981", "65573"


def need(good, place, why):
    if not good:
        raise Refused("fhir", f"{place}: {why}")


def codes(concept, system):
    return [coding["code"] for coding in concept.get("coding", []) if coding.get("system") == system]


def ranges_of(text):
    """[[first, last], ...] of the last part of a Bundle's identifier."""
    return [[int(part) for part in (span.split("-") * 2)[:2]] for span in text.split(",")]


def describes(bundle):
    """(gateway, epoch, ranges, chain at the last) of the records of a Bundle."""
    try:
        gateway, epoch, spans = bundle["identifier"]["value"].rsplit(".", 2)
        ranges = ranges_of(spans)
        chain, = (tag["code"] for tag in bundle["meta"]["tag"] if tag["system"] == OWN + "chain")
    except (KeyError, ValueError, TypeError) as error:
        raise Refused("fhir", f"it does not say which records it holds: {error!r}") from error
    need(bundle["identifier"].get("system") == OWN + "records", "identifier", "its system")
    need(all(a <= b for a, b in ranges) and all(a[1] < b[0] for a, b in zip(ranges, ranges[1:])), "identifier", "order")
    need(re.fullmatch("[0-9a-f]{64}", chain), "meta", "no chain")
    return gateway, epoch, ranges, chain


class Check:
    """Holds one Bundle against the page."""

    def __init__(self, bundle):
        need(isinstance(bundle, dict) and bundle.get("resourceType") == "Bundle" and bundle.get("type") == "transaction",
             "", "not a Bundle of type transaction")
        self.gateway, self.epoch, self.ranges, _ = describes(bundle)
        self.entries = bundle.get("entry", [])
        need(not ADDRESS.search(json.dumps(bundle, default=str)), "", "something like the address of a device")
        self.by_url = {entry.get("fullUrl"): entry for entry in self.entries}
        need(len(self.by_url) == len(self.entries) and None not in self.by_url, "entry", "a fullUrl is missing, or twice")
        for url in self.by_url:
            need(url == f"urn:uuid:{uuid.UUID(url[9:])}", url, "no URN of a UUID")
        self.seen = set()
        for entry in self.entries:
            self.entry(entry)

    def entry(self, entry):
        resource, request = entry["resource"], entry["request"]
        kind = resource.get("resourceType")
        need(kind in ("Device", "Observation"), kind, "is not sent")
        identifiers = resource.get("identifier", [])
        need(len(identifiers) == 1, entry["fullUrl"], "not named once")
        name = identifiers[0]
        query = "identifier=" + (f"{name['system']}|" if "system" in name else "") + name["value"]
        where = f"{kind} {name['value']}"
        need((kind, query) not in self.seen, where, "is there twice")
        self.seen.add((kind, query))
        if request.get("method") == "PUT":
            need(request.get("url") == f"{kind}?{query}" and kind == "Observation", where, "updates something else")
        else:
            need(request == {"method": "POST", "url": kind, "ifNoneExist": query}, where, "is not made by its name alone")
        (self.device if kind == "Device" else self.observation)(resource, request, where)

    def refers(self, reference, where, kind, test=lambda resource: True):
        need(set(reference or {}) == {"reference"} and reference["reference"] in self.by_url, where, f"no {kind} in the Bundle")
        resource = self.by_url[reference["reference"]]["resource"]
        need(resource["resourceType"] == kind and test(resource), where, f"another {kind}")

    def to_device(self, reference, where, code):
        self.refers(reference, where, "Device", lambda device: code in codes(device["type"], MDC))

    # Devices

    def device(self, device, request, where):
        is_gateway = GATEWAY in codes(device["type"], MDC)
        need(is_gateway or WEARABLE in codes(device["type"], MDC), where, "neither gateway nor wearable")
        need(device["meta"]["profile"] == [PHD + ("PhgDevice" if is_gateway else "PhdDevice")], where, "profile")
        need(device["identifier"][0].get("system") == OWN + ("gateway" if is_gateway else "device"), where, "identifier")
        known = {"resourceType", "meta", "identifier", "manufacturer", "_manufacturer", "modelNumber", "_modelNumber", "type",
                 "version", "property", "specialization"}
        need(set(device) <= known, where, f"tells more than it may: {sorted(set(device) - known)}")
        if is_gateway:
            need(device["identifier"][0]["value"] == self.gateway and device.get("version"), where, "gateway, or version")
            return
        need("manufacturer" in device or "_manufacturer" in device, where, "manufacturer")
        need("modelNumber" in device or "_modelNumber" in device, where, "modelNumber")
        need(device.get("specialization") and all(
            codes(one["systemType"], MDC) and one.get("version") for one in device["specialization"]), where, "specialization")

    # Observations

    def observation(self, observation, request, where):
        name = NAME.fullmatch(observation["identifier"][0]["value"])
        need(name and "system" not in observation["identifier"][0], where, "its name")
        gateway, epoch, seq, what = name.groups()
        what = what.partition(".")[0]
        need((gateway, epoch) == (self.gateway, self.epoch), where, "of another gateway or epoch")
        is_void = observation.get("status") == "entered-in-error"
        need(observation.get("status") in ("final", "entered-in-error"), where, "status")
        need(not is_void or request["method"] == "PUT", where, "taken back, and not updated")
        need(is_void or any(a <= int(seq) <= b for a, b in self.ranges), where, "of no record of the message")
        need("effectiveDateTime" in observation or "_effectiveDateTime" in observation or "effectivePeriod" in observation,
             where, "no time, and not why")
        need("display" not in json.dumps(observation.get("subject", {})), where, "a name")
        if what == "device_clock":
            self.device_clock(observation, where)
        elif what == "news2":
            self.score(observation, where)
        elif what in EVENTS:
            self.event(observation, where, what)
        else:
            self.measurement(observation, where, what)

    def device_clock(self, observation, where):
        need(observation["meta"]["profile"] == [PHD + "PhdCoincidentTimeStampObservation"], where, "profile")
        need(codes(observation["code"], MDC) == ["67975"] and observation["status"] == "final", where, "code or status")
        need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", observation["valueDateTime"]), where, "the device's time")
        self.to_device(observation["subject"], where, WEARABLE)
        self.to_device(observation["device"], where, GATEWAY)

    def score(self, observation, where):
        need(codes(observation["code"], "http://snomed.info/sct") == ["1104051000000101"], where, "code")
        need(observation["category"] == [{"coding": [{"system": HL7 + "observation-category", "code": "survey"}]}], where,
             "category")
        self.patient(observation, where)
        parts = [part["valueQuantity"]["value"] for part in observation["component"]]
        need(len(parts) == 7 and sum(parts) == observation["valueQuantity"]["value"], where, "it does not add up")

    def patient(self, observation, where):
        subject = observation.get("subject", {})
        need(set(subject) == {"type", "identifier"} and subject["type"] == "Patient"
             and subject["identifier"].get("system") == OWN + "patient", where, "not a patient by identifier alone")
        encounter = observation.get("encounter", {"type": "Encounter"})
        need(encounter["type"] == "Encounter", where, "encounter")

    def head(self, observation, where, phd, vital_sign):
        """meta, extension and category, exactly."""
        profiles = ([PHD + phd] if phd else []) + ([R4 + vital_sign] if vital_sign else [])
        need(observation["meta"].get("profile", []) == profiles, where, f"profile is not {profiles}")
        for security in observation["meta"].get("security", []):
            need(security == {"system": HL7 + "v3-ActReason", "code": "HTEST"}, where, "security")
        is_test = any("not-clinical" in note["text"] for note in observation.get("note", []))
        need(is_test == ("security" in observation["meta"]), where, "HTEST goes with test data, and with nothing else")
        categories = {(coding["system"], coding["code"]) for category in observation.get("category", [])
                      for coding in category["coding"]}
        need((VITAL_SIGNS in categories) == bool(vital_sign), where, "vital-signs")
        need((PHD_CATEGORY in categories) == bool(phd), where, "category phd")
        extensions = {extension["url"]: extension.get("valueReference") for extension in observation["extension"]}
        self.to_device(extensions.pop(R4 + "observation-gatewayDevice", None), where, GATEWAY)
        clock = extensions.pop(PHD + "CoincidentTimeStampReference", None)
        if clock:
            self.refers(clock, where, "Observation", lambda one: PHD + "PhdCoincidentTimeStampObservation" in
                        one["meta"]["profile"])
        need(not extensions, where, f"extensions {sorted(extensions)}")

    def event(self, observation, where, what):
        self.head(observation, where, None, None)
        need(codes(observation["code"], OWN + "CodeSystem/record") == [what], where, "code")
        if what in ("unassigned", "reading"):
            reason = codes(observation["dataAbsentReason"], HL7 + "data-absent-reason")
            need(reason == ["masked"] if what == "unassigned" else reason[0] in ABSENT, where, "dataAbsentReason")
        if "reference" in observation["subject"]:
            self.refers(observation["subject"], where, "Device")
        else:
            self.patient(observation, where)
        need(what != "unassigned" or "reference" in observation["subject"], where, "whose it is")

    def measurement(self, observation, where, what):
        is_entry = "device" not in observation
        vital_sign = "bp" if what == "blood_pressure" else VALUES.get(what, (0, 0, 0, None))[3]
        phd = None if is_entry else "PhdCompoundNumericObservation" if vital_sign == "bp" else "PhdNumericObservation"
        self.head(observation, where, phd, vital_sign)
        if is_entry:
            need(observation.get("performer"), where, "neither a device nor a person measured it")
        else:
            self.to_device(observation["device"], where, WEARABLE)
        if what == "battery":
            self.to_device(observation["subject"], where, WEARABLE)
        else:
            self.patient(observation, where)
        if what == "blood_pressure":
            self.pressure(observation, where)
        elif what in CODED:
            need(codes(observation["code"], OWN + "CodeSystem/quantity") == [what], where, "code")
            value = observation["valueCodeableConcept"]
            need(set(codes(value, f"{OWN}CodeSystem/{what}")) < CODED[what] and len(value["coding"]) == 1, where, "value")
        elif what == "glucose":
            code, = (int(code) for code in codes(observation["code"], MDC))
            need(code in GLUCOSE, where, "code")
            self.number(observation, where, ({code}, [GLUCOSE[code]] if GLUCOSE[code] else [], "mmol/L", None), what)
        else:
            need(what in VALUES, where, "not a quantity")
            self.number(observation, where, VALUES[what], what)

    def pressure(self, observation, where):
        need(codes(observation["code"], MDC) == ["150020"] and codes(observation["code"], LOINC) == ["85354-9"], where, "code")
        need("valueQuantity" not in observation and 2 <= len(observation["component"]) <= 3, where, "components")
        for component, (mdc, loinc) in zip(observation["component"], PRESSURES):
            self.number(component, where, ({mdc}, [loinc], "mm[Hg]", None), None, extra={"unknown"})
        self.statuses(observation, where)

    def number(self, one, where, row, what, extra=frozenset()):
        mdc, loinc, unit, _ = row
        of_mdc = codes(one["code"], MDC)
        need(len(of_mdc) == bool(mdc) and {int(code) for code in of_mdc} <= mdc, where, f"MDC {of_mdc}")
        need(codes(one["code"], LOINC) == loinc, where, f"LOINC is not {loinc}")
        own = codes(one["code"], OWN + "CodeSystem/quantity")
        need(own == ([] if mdc or loinc else [what]), where, f"code {own}")
        need(len(one["code"]["coding"]) == len(of_mdc) + len(loinc) + len(own), where, "codes that nobody knows")
        need(("valueQuantity" in one) != ("dataAbsentReason" in one), where, "a value, or why there is none: not both")
        if "valueQuantity" in one:
            self.quantity(one["valueQuantity"], where, unit)
        else:
            reason = codes(one["dataAbsentReason"], HL7 + "data-absent-reason")
            need(len(reason) == 1 and reason[0] in ABSENT | extra, where, f"dataAbsentReason {reason}")
        for limits in one.get("referenceRange", []):
            need(limits.get("text") and ("low" in limits or "high" in limits), where, "referenceRange")
            for side in ("low", "high"):
                if side in limits:
                    self.quantity(limits[side], where, unit)
        self.statuses(one, where)
        self.limits(one, where)

    @staticmethod
    def quantity(quantity, where, unit):
        need(set(quantity) == {"value", "unit", "system", "code"} and quantity["system"] == UCUM, where, "quantity")
        need(quantity["code"] == unit == quantity["unit"], where, f"unit {quantity['code']}, which is {unit}")
        need(isinstance(quantity["value"], (int, float, Decimal)) and not isinstance(quantity["value"], bool), where, "value")

    @staticmethod
    def statuses(one, where):
        for interpretation in one.get("interpretation", []):
            status = codes(interpretation, STATUS_SYSTEM)
            need(status in (["questionable"], ["in-alarm"]), where, f"interpretation {status}")
            need(bool(codes(interpretation, LIMIT_SYSTEM)) == (status == ["in-alarm"]), where, "which side is beyond")

    @staticmethod
    def limits(one, where):
        """What the interpretation says is what value and limits say."""
        said = [code for interpretation in one.get("interpretation", []) for code in codes(interpretation, LIMIT_SYSTEM)]
        if "valueQuantity" not in one:
            return
        value, found = one["valueQuantity"]["value"], []
        for limits in one.get("referenceRange", []):
            times = 2 if limits["text"].startswith("Red") else 1
            if "low" in limits and value < limits["low"]["value"]:
                found.append("L" * times)
            if "high" in limits and value > limits["high"]["value"]:
                found.append("H" * times)
        need(said == ([max(found, key=len)] if found else []), where, f"interpretation {said}, and the limits say {found}")


def check(bundle):
    """Raises Refused, saying where, when the Bundle is not what docs/mqtt/fhir.md describes. Returns describes(bundle)."""
    try:
        Check(bundle)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Refused("fhir", f"something is missing or malformed: {error!r}") from error
    return describes(bundle)


def parse(octets):
    """A Bundle with its decimals as they were written."""
    return json.loads(octets, parse_float=Decimal)


def check_up(gateway, octets):
    """The Bundle of a message on up/fhir of that gateway; or Refused."""
    bundle = contract.parse(octets, parse_float=Decimal)
    if check(bundle)[0] != gateway:
        raise Refused("topic", "the message is another gateway's")
    return bundle


class Server:
    """As much of a FHIR server as the Bundles need: transactions of conditional creates and updates, in SQLite."""

    SCHEMA = """CREATE TABLE IF NOT EXISTS resource(
        id INTEGER PRIMARY KEY, type TEXT NOT NULL, identifier TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL)
        STRICT;"""

    def __init__(self, database):
        self._db = database
        self._db.executescript(self.SCHEMA)

    def _matches(self, kind, query):
        identifier = query.removeprefix("identifier=")
        return [row[0] for row in self._db.execute(
            "SELECT id FROM resource WHERE type = ? AND (identifier = ? OR identifier LIKE '%|' || ?)",
            (kind, identifier, identifier))]

    def transact(self, bundle, dump):
        """Within the caller's transaction. Returns (created, updated)."""
        urls, created, updated = {}, [], []
        for entry in bundle["entry"]:
            kind, request = entry["resource"]["resourceType"], entry["request"]
            query = request["ifNoneExist"] if request["method"] == "POST" else request["url"].partition("?")[2]
            found = self._matches(kind, query)
            if len(found) > 1:
                raise Refused("fhir", f"412: {query} is there {len(found)} times")
            if not found:
                name = entry["resource"]["identifier"][0]
                identifier = (f"{name['system']}|" if "system" in name else "") + name["value"]
                cursor = self._db.execute("INSERT INTO resource(type, identifier, version, body) VALUES (?, ?, 0, '')",
                                          (kind, identifier))
                found = [cursor.lastrowid]
                created.append(entry)
            elif request["method"] == "PUT":
                updated.append(entry)
            urls[entry["fullUrl"]] = f"{kind}/{found[0]}"
        for entry in (*created, *updated):
            text = dump(entry["resource"])
            for url, reference in urls.items():
                text = text.replace(url, reference)
            self._db.execute("UPDATE resource SET version = version + 1, body = ? WHERE id = ?",
                             (text, int(urls[entry["fullUrl"]].rpartition("/")[2])))
        return [entry["resource"] for entry in created], [entry["resource"] for entry in updated]
