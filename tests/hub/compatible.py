#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the schemas still keep what version 1 of the contract promises (docs/mqtt/versioning.md).

  compatible.py            compare docs/mqtt/schemas with docs/mqtt/released; exit status 1 and a line per break
  compatible.py --release  compare, and when nothing is broken make the present schemas the released ones

Gateways and hubs of different ages talk to each other, in both directions. So a schema may neither become stricter (what
an old one says would be refused) nor looser (an old one would be told what it does not know), but for what the rules say
that everybody ignores or shows: new members, and new values where "x-known" lists them. A gateway answers an order that
it does not know, so what comes down may have new kinds too.
"""
import json
import pathlib
import sys

MQTT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "mqtt"
NOTES = {"title", "description", "$comment", "examples"}  # for people
COMES_DOWN = {"command", "claims", "receipt", "downlink"}


def read(directory):
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(directory.glob("*.json"))}


def breaks(old, new):
    """What of the promise is broken between two sets of schemas, by name: lines that say where and what."""
    for name, schema in old.items():
        if name in new:
            yield from _node(schema, new[name], name, name in COMES_DOWN)
        else:
            yield f"{name}: the schema is gone"


def _node(old, new, where, down):
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{where}: {json.dumps(old)} became {json.dumps(new)}"
        return
    for keyword in sorted((old.keys() | new.keys()) - NOTES):
        place = f"{where}/{keyword}"
        if keyword in ("properties", "$defs"):
            yield from _members(old.get(keyword, {}), new.get(keyword, {}), place, down)
        elif keyword not in new:
            yield f"{place}: is gone"
        elif keyword not in old:
            yield f"{place}: is a new demand"
        elif keyword == "required":
            yield from _required(set(old[keyword]), set(new[keyword]), place)
        elif keyword == "x-known" or (keyword == "enum" and down):
            yield from (f"{place}: {value!r} is gone" for value in old[keyword] if value not in new[keyword])
        elif keyword == "enum":
            if sorted(map(str, old[keyword])) != sorted(map(str, new[keyword])):
                yield f"{place}: other values, and consumers were told that these are all"
        elif keyword == "allOf":
            yield from _all_of(old[keyword], new[keyword], place, down)
        else:
            yield from _node(old[keyword], new[keyword], place, down)


def _members(old, new, where, down):
    for name, schema in old.items():
        if name in new:
            yield from _node(schema, new[name], f"{where}/{name}", down)
        else:
            yield f"{where}/{name}: is gone"


def _required(old, new, where):
    yield from (f"{where}: {name} is not sure to be there any more" for name in sorted(old - new))
    yield from (f"{where}: {name} was not demanded before" for name in sorted(new - old))


def _all_of(old, new, where, down):
    """Of what comes down there may be new kinds, behind the others."""
    if len(new) < len(old) or (len(new) > len(old) and not down):
        yield f"{where}: {len(old)} parts became {len(new)}"
        return
    for number, (before, after) in enumerate(zip(old, new)):
        yield from _node(before, after, f"{where}/{number}", down)
    yield from (f"{where}/{number}: a demand on every message" for number, part in enumerate(new)
                if number >= len(old) and "if" not in part)


def main(arguments):
    if arguments not in ([], ["--release"]):
        print(__doc__, file=sys.stderr)
        return 2
    old, new = read(MQTT / "released"), read(MQTT / "schemas")
    broken = list(breaks(old, new))
    for line in broken:
        print(line)
    if broken:
        return 1
    for name in new if arguments else ():
        (MQTT / "released" / f"{name}.json").write_bytes((MQTT / "schemas" / f"{name}.json").read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
