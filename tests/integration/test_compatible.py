# SPDX-License-Identifier: Apache-2.0
"""Version 1 of the contract keeps what it promises: the schemas against those of the last release."""
import copy
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "hub"))

import compatible  # noqa: E402

RELEASED = compatible.read(compatible.MQTT / "released")


def changed(path, change):
    """The released schemas with change() done to the node at path (a/b/0/c)."""
    schemas = copy.deepcopy(RELEASED)
    node = schemas
    for part in path.split("/"):
        node = node[int(part) if isinstance(node, list) else part]
    change(node)
    return schemas


def test_the_promise_of_version_1_is_kept():
    assert RELEASED and list(compatible.breaks(RELEASED, compatible.read(compatible.MQTT / "schemas"))) == []


def rename(node):
    node["gateway_id"] = node.pop("gateway")


BREAKS = {
    "a schema is removed": ("", None),
    "a member is removed": ("alarm/properties", lambda node: node.pop("limit")),
    "a member is renamed": ("readings/properties", rename),
    "a member of a member is removed": ("alarm/properties/shown/properties", lambda node: node.pop("text")),
    "a member of one kind is removed": ("record/allOf/0/then/properties", lambda node: node.pop("raw")),
    "a member is retyped": ("alarm/properties/limit", lambda node: node.update(type="string")),
    "a member may be null now": ("alarm/properties/limit", lambda node: node.update(type=["number", "null"])),
    "a member may be null no more": ("common/$defs/value", lambda node: node.update(type="number")),
    "a member points elsewhere": ("alarm/properties/at", lambda node: node.update({"$ref": "common.json#/$defs/utc"})),
    "a member is demanded": ("state/required", lambda node: node.append("version")),
    "a new member is demanded": ("command/allOf/0/then/required", lambda node: node.append("reason")),
    "a member is not sure any more": ("alarm/required", lambda node: node.remove("priority")),
    "a closed list grows": ("common/$defs/clock/enum", lambda node: node.append("guessed")),
    "a closed list shrinks": ("record/properties/kind/enum", lambda node: node.remove("gap")),
    "a known value is gone": ("common/$defs/priority/x-known", lambda node: node.remove("high")),
    "an open list is closed": ("common/$defs/priority", lambda node: node.update(enum=node.pop("x-known"))),
    "a command is gone": ("command/properties/command/enum", lambda node: node.remove("void")),
    "a bound is narrower": ("receipt/properties/alarms", lambda node: node.update(maxItems=255)),
    "a bound is wider": ("readings/properties/records", lambda node: node.update(maxItems=1000)),
    "a form is new": ("alarm/properties/text", lambda node: node.update(pattern="^[a-z]*$")),
    "a form is another": ("common/$defs/id", lambda node: node.update(pattern="^[a-z]*$")),
    "the version is another": ("alarm/properties/schema", lambda node: node.update(const="wardgate.alarm/2")),
    "a condition is new": ("record/allOf", lambda node: node.append({"if": {}, "then": {"required": ["note"]}})),
    "a demand on every command": ("command/allOf", lambda node: node.append({"required": ["reason"]})),
    "the tail of a list is open": ("record/allOf/0/then/properties/derived_from", lambda node: node.pop("items")),
}


@pytest.mark.parametrize("path, change", BREAKS.values(), ids=BREAKS)
def test_what_would_break_it_is_found(path, change):
    if change:
        schemas = changed(path, change)
    else:
        schemas = {name: schema for name, schema in RELEASED.items() if name != "heartbeat"}
    assert list(compatible.breaks(RELEASED, schemas))


ALLOWED = {
    "a new member": ("alarm/properties", lambda node: node.update(note={"type": "string"})),
    "a new member of a member": ("active/properties/conditions/items/properties", lambda node: node.update(note={})),
    "a value more where consumers show what they do not know": (
        "common/$defs/kind/x-known", lambda node: node.append("organisational")),
    "a command more": ("command/properties/command/enum", lambda node: node.append("calibrate")),
    "and what belongs to it": ("command/allOf", lambda node: node.append({"if": {}, "then": {"required": ["unit"]}})),
    "better words": ("alarm", lambda node: node.update(description="An event.")),
    "a definition more": ("common/$defs", lambda node: node.update(colour={"type": "string"})),
}


@pytest.mark.parametrize("path, change", ALLOWED.values(), ids=ALLOWED)
def test_what_may_be_is_allowed(path, change):
    assert list(compatible.breaks(RELEASED, changed(path, change))) == []


def test_a_new_schema_is_allowed():
    assert list(compatible.breaks(RELEASED, {**RELEASED, "greeting": {}})) == []
