# SPDX-License-Identifier: Apache-2.0
"""The ward's side of the contract: schemas, canonical JSON, the chain, signatures and JWS.

The reference hub and the tests use it. Everything is written from docs/mqtt and docs/records.md, not from the gateway's
code, so that the two check each other.
"""
import base64
import copy
import datetime
import functools
import hashlib
import json
import pathlib
import random

import jsonschema
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "mqtt" / "schemas"
# What follows ward/v1/SITE/GATEWAY/up/ and /down/, and what it has: a schema, or claims of a type. docs/mqtt/asyncapi.yaml
UP = {"state": "state", "heartbeat": "heartbeat", "active": "active", "alarms": "alarm", "readings": "readings",
      "fhir": "bundle", "result": "result", "diagnostics": "diagnostics"}
DOWN = {"receipt": "receipt", "command": "command", "care-plan": "care-plan"}
WITH_PATIENT = ("active", "care-plan")


class Refused(Exception):
    """A message that does not keep the contract. `what` is one word: json, schema, signature, chain, topic, replay."""

    def __init__(self, what, why):
        super().__init__(f"{what}: {why}")
        self.what = what


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text):
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(octets) != text:
        raise ValueError("not base64url without padding")
    return octets


def _no_duplicates(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


def parse(octets, parse_float=float):
    """JSON as strictly as the contract has it: UTF-8, no duplicate members, no NaN."""
    try:
        return json.loads(octets.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant,
                          parse_float=parse_float)
    except (ValueError, RecursionError) as error:
        raise Refused("json", str(error)) from error


# Schemas


def _strict(node):
    """The same schema for a gateway under test: nothing undocumented, no value that /1 does not know."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: _strict(value) for name, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        node.setdefault("unevaluatedProperties", False)  # one that says otherwise describes what is not ours
    if "x-known" in node:
        node["enum"] = node.pop("x-known")
    return node


class Schemas:
    def __init__(self, directory=SCHEMAS):
        plain = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(directory.glob("*.json"))}
        self._validators = {
            strict: self._build(_strict(copy.deepcopy(plain)) if strict else plain) for strict in (False, True)
        }

    @staticmethod
    def _build(schemas):
        store = {schema["$id"]: schema for schema in schemas.values()}
        validators = {}
        for name, schema in schemas.items():
            jsonschema.Draft202012Validator.check_schema(schema)
            resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
            validators[name] = jsonschema.Draft202012Validator(schema, resolver=resolver)
        return validators

    def names(self):
        return sorted(self._validators[False])

    def check(self, name, document, strict=False):
        """Raises Refused, naming the place, when the document is not what schema `name` describes."""
        # A member at fault also counts as unevaluated, one level up: say what is wrong with it instead.
        errors = sorted(
            self._validators[strict][name].iter_errors(document),
            key=lambda error: (error.validator == "unevaluatedProperties", list(map(str, error.path))),
        )
        if errors:
            place = "/" + "/".join(str(part) for part in errors[0].absolute_path)
            raise Refused("schema", f"{name}{place}: {errors[0].message}")

    def check_message(self, document, strict=False):
        """The same, by the document's own `schema` member."""
        schema = document.get("schema") if isinstance(document, dict) else None
        name, _, version = schema.removeprefix("wardgate.").partition("/") if isinstance(schema, str) else ("", "", "")
        if version != "1" or name not in self._validators[strict]:
            raise Refused("schema", f"schema {schema!r} is not one of ours")
        self.check(name, document, strict)
        return name


@functools.cache
def schemas():
    """The schemas as they ship; to read and check them takes half a second."""
    return Schemas()


# Messages as they pass


def split_topic(topic, way, kinds):
    """(site, gateway, kind, patient or None) of a topic; of an answer on the response topic that was asked for, what
    comes below up/result in the patient's place. Or Refused."""
    parts = topic.split("/")
    if len(parts) < 6 or parts[:2] != ["ward", "v1"] or parts[4] != way or parts[5] not in kinds:
        raise Refused("topic", "not one of ours")
    if len(parts) != (7 if parts[5] in WITH_PATIENT else 6) and (parts[5] != "result" or len(parts) != 7):
        raise Refused("topic", "not one of ours")
    return parts[2], parts[3], parts[5], parts[6] if len(parts) == 7 else None


def check_up(topic, payload, strict=False, part=lambda document: document):
    """The document of a message that came up, None for an emptied topic; or Refused. Its signature is not looked at
    (verify_up). part() is what is held against the schema."""
    _, gateway, kind, patient = split_topic(topic, "up", UP)
    if kind == "active" and not payload:
        return None
    document = parse(payload)
    schemas().check(UP[kind], part(document), strict)
    if document["gateway"] != gateway or (kind in WITH_PATIENT and document["patient"] != patient):
        raise Refused("topic", "the message is another gateway's or patient's")
    return document


LIST_MAX = 16  # of a receipt's long lists, so many entries are held against the schema, drawn at random: it takes time


def _shortened(claims):
    body = claims.get("body") if isinstance(claims, dict) else None
    if not isinstance(body, dict):
        return claims
    short = {name: random.sample(value, LIST_MAX) for name, value in body.items()
             if isinstance(value, list) and LIST_MAX < len(value) <= 256}
    return dict(claims, body={**body, **short})


def check_down(topic, payload, strict=False):
    """The claims of what goes down, whoever has signed it, None for an emptied topic; or Refused."""
    _, gateway, kind, patient = split_topic(topic, "down", DOWN)
    if not payload:
        return None
    jws = parse(payload)
    schemas().check("downlink", jws, strict)
    try:
        claims = parse(unb64(jws["payload"]))
    except ValueError as error:
        raise Refused("json", str(error)) from error
    schemas().check("claims", _shortened(claims), strict)
    if claims["gateway"] != gateway or claims["type"] != DOWN[kind] or (patient and claims["patient"] != patient):
        raise Refused("topic", "topic and claims do not agree")
    return claims


# Canonical JSON (RFC 8785) and the chain (docs/records.md)


def _number(value):
    """ECMAScript's Number::toString for what JSON parsed; Python's repr has the same shortest digits."""
    if isinstance(value, int):
        if abs(value) > 2**53 - 1:
            raise Refused("chain", f"{value} is beyond what a double holds")
        return str(value)
    if value == 0:
        return "0"
    sign, digits, exponent = "-" if value < 0 else "", *_shortest(abs(value))
    point = len(digits) + exponent
    if len(digits) <= point <= 21:
        text = digits + "0" * exponent
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{point - 1:+d}"
    return sign + text


def _shortest(value):
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) - len(fraction)
    stripped = digits.rstrip("0")
    return stripped, power + len(digits) - len(stripped)


def canonical(value):
    """RFC 8785 text of a parsed JSON value."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def chain_start(epoch):
    return hashlib.sha256(epoch.encode()).hexdigest()


def chain_next(previous, record):
    """The chain of a record, from the chain before it; both as hexadecimal text."""
    text = canonical({name: value for name, value in record.items() if name != "chain"})
    return hashlib.sha256(bytes.fromhex(previous) + text.encode("utf-8")).hexdigest()


# Keys


def thumbprint(public):
    """RFC 7638."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": public_x(public)}
    return b64(hashlib.sha256(canonical(jwk).encode()).digest())


def public_x(public):
    return b64(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def public_jwk(public, kid=None, **members):
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid or thumbprint(public), "x": public_x(public), **members}


def load_public(jwk):
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        raise ValueError("not an Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(unb64(jwk["x"]))


def load_private(path):
    key = serialization.load_pem_private_key(pathlib.Path(path).read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path}: not an Ed25519 key")
    return key


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


# Signatures


def sign_up(key, topic, payload):
    """The user property "sig" of a message that goes up."""
    return b64(key.sign(topic.encode() + b"\0" + payload))


def verify_up(public, topic, payload, signature):
    try:
        public.verify(unb64(signature), topic.encode() + b"\0" + payload)
    except (InvalidSignature, ValueError) as error:
        raise Refused("signature", "does not hold") from error


def make_jws(key, kid, claims):
    """Flattened JWS of what goes down, as octets."""
    protected = b64(json.dumps({"alg": "EdDSA", "kid": kid}, separators=(",", ":")).encode())
    payload = b64(json.dumps(claims, separators=(",", ":")).encode())
    signature = b64(key.sign(f"{protected}.{payload}".encode()))
    return json.dumps(
        {"protected": protected, "payload": payload, "signature": signature}, separators=(",", ":")
    ).encode()


def read_jws(octets, public):
    """Claims of a JWS whose signature holds."""
    jws = parse(octets)
    try:
        public.verify(unb64(jws["signature"]), f"{jws['protected']}.{jws['payload']}".encode())
    except (InvalidSignature, ValueError, KeyError) as error:
        raise Refused("signature", "does not hold") from error
    return parse(unb64(jws["payload"]))


def utc(moment=None):
    """RFC 3339 with milliseconds."""
    moment = moment or datetime.datetime.now(datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def utc_after(seconds):
    return utc(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds))
