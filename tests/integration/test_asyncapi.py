# SPDX-License-Identifier: Apache-2.0
"""docs/mqtt/asyncapi.yaml is valid AsyncAPI, and says what the code and the schemas say: no more and no less."""
import copy
import json
import os
import pathlib
import re
import sys

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "hub"))

import contract  # noqa: E402

DOCUMENT = ROOT / "docs" / "mqtt" / "asyncapi.yaml"
OFFICIAL = ROOT / "build" / "npm" / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
SPECIFICATION = yaml.safe_load(DOCUMENT.read_text("utf-8"))
TOPIC = re.compile(r"\[WARD_TOPIC_\w+\] = \{\"(/[a-z/-]+)\", (true|false)\}")


def read(path):
    return json.loads(path.read_text("utf-8"))


def references(node):
    """Every $ref below, with where it stands."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference, specification=SPECIFICATION):
    file, _, pointer = reference.partition("#")
    node = read(DOCUMENT.parent / file) if file else specification
    for part in pointer.split("/")[1:]:
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def followed(node):
    return resolve(node["$ref"]) if "$ref" in node else node


def addresses_of_the_code():
    text = (ROOT / "gateway" / "core" / "message_topic.c").read_text("utf-8")
    found = TOPIC.findall(text)
    assert len(found) == len(re.findall(r"\[WARD_TOPIC_\w+\] =", text)), "a row of the table has another form than this test reads"
    return {f"ward/v1/{{site}}/{{gateway}}{tail}{'{patient}' if patient == 'true' else ''}" for tail, patient in found}


def messages(channel):
    return [followed(message) for message in SPECIFICATION["channels"][channel]["messages"].values()]


def bindings(operation):
    """What counts of an operation, its traits taken in."""
    merged = {}
    for part in [*map(followed, operation.get("traits", [])), operation]:
        merged.update(part.get("bindings", {}).get("mqtt", {}))
    return merged


@pytest.fixture(scope="module")
def official():
    if not OFFICIAL.exists() and "WARD_REQUIRE_NPM" not in os.environ:
        pytest.skip("the schema of AsyncAPI 3.0 is not installed; ./check does it")
    return jsonschema.Draft7Validator(read(OFFICIAL))


def test_it_is_asyncapi_3(official):
    official.check_schema(official.schema)
    assert [f"/{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in official.iter_errors(SPECIFICATION)] == []


BROKEN = [
    ("asyncapi", "3.9.9"),
    ("info.version", ...),
    ("operations.beat.action", "shout"),
    ("operations.beat.channel", "heartbeat"),
    ("operations.tellState.channel", ...),
    ("operations.obey.bindings.mqtt.qos", 3),
    ("channels.state.adress", "ward"),
    ("channels.state.messages.state", []),
    ("components.messages.alarm.payload.schemaFormat", 7),
    ("components.securitySchemes.certificate.type", "trust"),
    ("servers.broker.protocol", ...),
]


@pytest.mark.parametrize("path, value", BROKEN, ids=lambda value: str(value)[:40])
def test_the_official_schema_finds_mistakes(official, path, value):
    document = copy.deepcopy(SPECIFICATION)
    *parents, last = path.split(".")
    place = document
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    assert not official.is_valid(document)


def test_every_reference_leads_somewhere():
    found = list(references(SPECIFICATION))
    assert found
    for reference in found:
        resolve(reference)
    with pytest.raises(KeyError):
        resolve("#/components/messages/nothing")


def test_the_topics_are_those_of_the_code():
    documented = [channel["address"] for channel in SPECIFICATION["channels"].values()]
    assert len(set(documented)) == len(documented)
    assert set(documented) == addresses_of_the_code()


def test_the_topics_are_those_that_the_hub_and_the_tests_check():
    for way, kinds in (("up", contract.UP), ("down", contract.DOWN)):
        wanted = {f"ward/v1/{{site}}/{{gateway}}/{way}/{kind}{'/{patient}' if kind in contract.WITH_PATIENT else ''}"
                  for kind in kinds}
        assert wanted == {a for a in addresses_of_the_code() if f"/{way}/" in a}


def test_every_channel_has_its_parameters_and_one_operation():
    used = []
    for operation in SPECIFICATION["operations"].values():
        name = operation["channel"]["$ref"].removeprefix("#/channels/")
        address = SPECIFICATION["channels"][name]["address"]
        assert operation["action"] == ("send" if "/up/" in address else "receive")
        assert {"qos", "retain"} <= set(bindings(operation))
        used.append(name)
    assert sorted(used) == sorted(SPECIFICATION["channels"])
    for channel in SPECIFICATION["channels"].values():
        assert set(channel["parameters"]) == set(re.findall(r"\{(\w+)\}", channel["address"]))


def test_every_message_has_the_payload_that_is_checked():
    for name, channel in SPECIFICATION["channels"].items():
        _, _, kind, _ = contract.split_topic(re.sub(r"[{}]", "", channel["address"]), *(
            ("up", contract.UP) if "/up/" in channel["address"] else ("down", contract.DOWN)))
        message, = messages(name)
        schema = message["payload"]["schema"]["$ref"]
        if "/up/" in channel["address"]:
            assert schema == f"schemas/{contract.UP[kind]}.json"
            if kind != "fhir":  # FHIR has no member that names a schema
                assert message["title"] == resolve(schema)["properties"]["schema"]["const"]
        else:
            assert schema == "schemas/downlink.json" and message["x-claims-type"] == contract.DOWN[kind]


def test_what_comes_down_is_what_the_claims_know():
    types = {message["x-claims-type"] for name in SPECIFICATION["channels"] for message in messages(name)
             if "x-claims-type" in message}
    claims = read(contract.SCHEMAS / "claims.json")
    assert types == set(claims["properties"]["type"]["enum"])
    roles = {role for name in SPECIFICATION["channels"] for message in messages(name) for role in message.get("x-roles", [])}
    assert roles <= set(claims["properties"]["by"]["properties"]["role"]["enum"])


def test_every_schema_belongs_to_a_message():
    reached, waiting = set(), [reference for reference in references(SPECIFICATION) if ".json" in reference]
    while waiting:
        name = pathlib.PurePosixPath(waiting.pop().partition("#")[0]).stem
        if name and name not in reached:
            reached.add(name)
            waiting += [reference for reference in references(read(contract.SCHEMAS / f"{name}.json"))]
    assert reached == {path.stem for path in contract.SCHEMAS.glob("*.json")}


def test_every_schema_has_the_name_of_its_file():
    for path in contract.SCHEMAS.glob("*.json"):
        assert read(path)["$id"].endswith(f"/mqtt/{path.name}")
