# SPDX-License-Identifier: Apache-2.0
"""The schemas describe the examples, and refuse what breaks the contract."""
import copy
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "hub"))

import contract  # noqa: E402

EXAMPLES = sorted((ROOT / "docs" / "mqtt" / "examples" / "real").glob("*.json"))
SCHEMAS = contract.Schemas()
MESSAGES = ["active", "alarm", "bundle", "claims", "command", "diagnostics", "downlink", "heartbeat", "readings", "receipt",
            "result", "state"]

# What the ward said as commands and receipts is in the claims: command.NAME is the body of claims.NAME.
BODIES = {"command", "receipt"}
COMMANDS = json.loads((contract.SCHEMAS / "command.json").read_text("utf-8"))["properties"]["command"]["enum"]


def example(name):
    schema, _, form = name.partition(".")
    if schema in BODIES:
        return example(f"claims.{form or schema}")["body"]
    return json.loads((ROOT / "docs" / "mqtt" / "examples" / "real" / f"{name}.json").read_text("utf-8"))


def step(place, part):
    """What a part of a path leads to: a member, one of a list by its number, or the last that has it, as kind=spot."""
    member, _, wanted = part.partition("=")
    if wanted:
        return max(number for number, one in enumerate(place) if one[member] == wanted)
    return int(part) if isinstance(place, list) else part


def changed(name, path, value):
    """The example with the member at `path` set, or taken out when value is ...; a path is a.b.0.c, or a.b.kind=spot.c."""
    document = copy.deepcopy(example(name))
    *parents, last = path.split(".")
    place = document
    for part in parents:
        place = place[step(place, part)]
    last = step(place, last)
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize("name", [*(path.stem for path in EXAMPLES), "receipt", *(f"command.{name}" for name in COMMANDS)])
@pytest.mark.parametrize("strict", [False, True], ids=["consumer", "strict"])
def test_example(name, strict):
    SCHEMAS.check(name.split(".")[0], example(name), strict)


def test_every_message_has_an_example():
    assert {path.stem.split(".")[0] for path in EXAMPLES} | BODIES == set(MESSAGES)
    assert set(SCHEMAS.names()) == set(MESSAGES) | {"common", "record"}


def test_chain_of_example():
    readings = example("readings")
    chain = contract.chain_start(readings["epoch"])
    for record in readings["records"]:
        chain = contract.chain_next(chain, record)
        assert chain == record["chain"]


BROKEN = [
    ("alarm.raised", "id", ...),
    ("alarm.raised", "id", "9C1E" * 8),
    ("alarm.raised", "n", 0),
    ("alarm.raised", "n", "1"),
    ("alarm.raised", "priority", 3),
    ("alarm.raised", "priority", ...),
    ("alarm.raised", "patient", "Jane Doe"),
    ("alarm.raised", "value", "88"),
    ("alarm.raised", "at", "2026-11-22 09:00:16"),
    ("alarm.raised", "reading", {}),
    ("alarm.raised", "reading.seq", 0),
    ("alarm.raised", "reason", "data"),
    ("alarm.cleared", "reason", ...),
    ("alarm.raised", "schema", "wardgate.alarm/2"),
    ("readings", "records", []),
    ("readings", "records.0.seq", 0),
    ("readings", "records.0.chain", ...),
    ("readings", "records.kind=spot.quality", "good"),
    ("readings", "records.kind=spot.values.0.value", None),
    ("readings", "records.kind=spot.values.0.special", "nan"),
    ("readings", "records.kind=spot.raw", "2a5e"),
    ("readings", "records.kind=spot.by", "n-1"),
    ("readings", "records.kind=spot.kind", "entry"),
    ("readings", "records.kind=spot.security", ...),
    ("readings", "backlog", 0),
    ("state.online", "queue", ...),
    ("state.online", "monitoring", ...),
    ("state.online", "head", "00"),
    ("state.online", "devices.0.battery", 101),
    ("state.offline", "state", "asleep"),
    ("active", "conditions", ...),
    ("active", "conditions.0.state", ...),
    ("active", "last_valid.0.value", "36.4"),
    ("active", "news2.complete", ...),
    ("active", "news2.minimum", 21),
    ("active", "news2.inputs.0.points", 4),
    ("active", "news2.inputs.0.value", True),
    ("active", "adherence.quantity=bp_systolic.since_admission", ...),
    ("active", "adherence.quantity=bp_systolic.last_7_d.missed", -1),
    ("active", "adherence.quantity=spo2.last_24_h.wear.share", 1.5),
    ("heartbeat", "mono_us", -1),
    ("heartbeat", "n", ...),
    ("result.done", "id", ...),
    ("result.refused", "reason", ...),
    ("result.done", "outcome", "maybe"),
    ("receipt", "head", ...),
    ("receipt", "records.through", -1),
    ("receipt", "records.ranges", [[1]]),
    ("receipt", "records.ranges", [[0, 1]]),
    ("receipt", "alarms", [["x", 1]]),
    ("command.acknowledge", "alarm", ...),
    ("command.acknowledge", "command", "explode"),
    ("command.entry", "values", {}),
    ("command.entry", "values.oxygen", None),
    ("command.void", "reason", ...),
    ("command.void", "seq", 0),
    ("command.assign", "epoch", ...),
    ("command.suspend", "until", ...),
    ("command.suspend", "reason", ""),
    ("command.suspend", "reason", "a\nb"),
    ("command.replay", "last", ...),
    ("command.replay", "first", 0),
    ("command.replay", "alarms_since", "2026-11-22T09:00:00.000Z"),
    ("command.replay-alarms", "alarms_since", "yesterday"),
    ("result.missing", "missing", [1]),
    ("command.bind", "device", ...),
    ("command.bind", "slot", 255),
    ("command.bind", "from", "an hour ago"),
    ("command.swap", "replacement", ...),
    ("command.ask", "quantity", ...),
    ("command.ask", "seconds", 7201),
    ("command.identify", "seconds", 0),
    ("command.restart", "program", "bluetooth"),
    ("command.restart", "program", ...),
    ("command.add-key", "key.role", "queen"),
    ("command.add-key", "key.x", "AAAA"),
    ("command.add-key", "key.d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
    ("command.revoke-key", "kid", ""),
    ("diagnostics.versions", "versions", ...),
    ("diagnostics.versions", "counters", {}),
    ("diagnostics.devices", "devices.0.battery", 101),
    ("diagnostics.journal", "journal.0.line", ...),
    ("diagnostics.journal", "piece", 0),
    ("claims.entry", "patient", ...),
    ("claims.assign", "episode", ...),
    ("readings", "records.kind=stored.by", ...),
    ("readings", "records.kind=stored.assigned_at", ...),
    ("readings", "records.kind=stored.kind", "spot"),
    ("readings", "records.kind=stored.late", False),
    ("claims.receipt", "by.role", "clinical"),
    ("claims.receipt", "body.epoch", ...),
    ("claims.acknowledge", "counter", ...),
    ("claims.acknowledge", "by", ...),
    ("claims.acknowledge", "issued_at", "yesterday"),
    ("downlink.receipt", "signature", "AAAA"),
    ("downlink.receipt", "header", {}),
]


@pytest.mark.parametrize("name, path, value", BROKEN, ids=lambda value: str(value)[:40])
def test_broken(name, path, value):
    with pytest.raises(contract.Refused):
        SCHEMAS.check(name.split(".")[0], changed(name, path, value))


# Readings that nobody wrote down for want of room or time: no run of a gateway in good order has one.
GAP = {"boot": "b-77", "clock": "synced", "count": 7, "epoch": "e-000102030405060708090a0b0c0d0e0f",
       "from": "2026-11-22T09:00:00.000Z", "kind": "gap", "mono_us": 90000000, "reason": "queue-full",
       "received_at": "2026-11-22T09:00:10.000Z", "seq": 2, "to": None,
       "chain": "100d310508567d3474225fd4b4f2ec6e6158af899377cac3398556fd351d4f8b"}


def test_a_gap():
    SCHEMAS.check("readings", changed("readings", "records", [GAP]), strict=True)
    uncounted = {name: value for name, value in GAP.items() if name != "count"}
    for broken in (uncounted, {**GAP, "kind": "hole"}):
        with pytest.raises(contract.Refused):
            SCHEMAS.check("readings", changed("readings", "records", [broken]))


UNDOCUMENTED = [
    ("alarm.raised", "colour", "red"),
    ("alarm.raised", "shown.colour", "red"),
    ("alarm.raised", "priority", "extreme"),
    ("alarm.raised", "event", "moved"),
    ("readings", "note", 1),
    ("readings", "records.kind=spot.note", 1),
    ("readings", "records.kind=spot.count", 1),
    ("readings", "records.kind=spot.values.0.colour", 1),
    ("state.online", "uptime", 1),
    ("state.online", "radio.channel", 37),
    ("active", "conditions.0.colour", "red"),
    ("heartbeat", "load", 1),
    ("result.done", "took_ms", 1),
]


@pytest.mark.parametrize("name, path, value", UNDOCUMENTED, ids=lambda value: str(value)[:40])
def test_consumers_ignore_what_the_gateway_may_not_send(name, path, value):
    document = changed(name, path, value)
    schema = name.split(".")[0]
    SCHEMAS.check(schema, document)
    with pytest.raises(contract.Refused):
        SCHEMAS.check(schema, document, strict=True)


def test_the_message_names_its_schema():
    assert SCHEMAS.check_message(example("heartbeat")) == "heartbeat"
    for schema in (None, 1, "wardgate.heartbeat/2", "wardgate.nothing/1", "heartbeat/1x", "wardgate.record"):
        with pytest.raises(contract.Refused):
            SCHEMAS.check_message(dict(example("heartbeat"), schema=schema))


@pytest.mark.parametrize(
    "octets", [b"", b"{", b'{"a":1,"a":2}', b"NaN", b'{"a":"\xff"}', b"[" * 100000], ids=lambda octets: repr(octets[:14])
)
def test_what_is_not_json(octets):
    with pytest.raises(contract.Refused):
        contract.parse(octets)


# RFC 8785 appendix B and §3.2, and what ECMAScript prints at the borders of its forms.
@pytest.mark.parametrize(
    "text, wanted",
    [
        ("0.0", "0"),
        ("-0.0", "0"),
        ("36.40", "36.4"),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("333333333.33333329", "333333333.3333333"),
        ("1e30", "1e+30"),
        ("4.50", "4.5"),
        ("2e-3", "0.002"),
        ("0.000001", "0.000001"),
        ("1e-7", "1e-7"),
        ("0.000000000000000000000000001", "1e-27"),
        ("9007199254740991", "9007199254740991"),
        ("295147905179352830000.0", "295147905179352830000"),
        ('{"b":1,"a":[true,null,"\\u20ac\\u000f\\n"]}', '{"a":[true,null,"€\\u000f\\n"],"b":1}'),
    ],
)
def test_canonical(text, wanted):
    assert contract.canonical(json.loads(text)) == wanted
