# SPDX-License-Identifier: Apache-2.0
"""What a real gateway says to a real broker, held against docs/mqtt: schema, signature, QoS, retain, expiry, content type.

With WARD_EXAMPLES=yes the newest message of each kind is kept as docs/mqtt/examples/real/NAME.json; those that are there
are from such a run, and are held against the schemas like everything else.
"""
import json
import os
import pathlib
import ssl
import sys
import threading

import pytest
import yaml
from paho.mqtt import client as mqtt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import PATIENCE_S, PATIENT, ROOT, eventually  # noqa: E402
from hub_fixture import contract  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

EXAMPLES = ROOT / "docs" / "mqtt" / "examples" / "real"
NAMES = {"state.online", "state.offline", "heartbeat", "active", "alarm.raised", "readings", "result.done"}


def bindings():
    """By what follows up/: QoS, retain and expiry of the document's operations."""
    document = yaml.safe_load((ROOT / "docs" / "mqtt" / "asyncapi.yaml").read_text("utf-8"))
    found = {}
    for operation in document["operations"].values():
        channel = document["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        merged = {}
        for trait in operation.get("traits", []):
            merged.update(document["components"]["operationTraits"][trait["$ref"].rpartition("/")[2]]["bindings"]["mqtt"])
        merged.update(operation.get("bindings", {}).get("mqtt", {}))
        if channel["address"] and "/up/" in channel["address"]:
            found[channel["address"].split("/")[5]] = (merged["qos"], merged["retain"], merged.get("messageExpiryInterval"))
    return found


class Recorder:
    """Hears everything that goes up, as it was published."""

    def __init__(self, home):
        pki = home.broker.pki
        self.messages, subscribed = [], threading.Event()
        self._client = mqtt.Client(client_id="recorder", protocol=mqtt.MQTTv5)
        self._client.tls_set(f"{pki}/ca.pem", f"{pki}/clinician.pem", f"{pki}/clinician.key",
                             tls_version=ssl.PROTOCOL_TLS_CLIENT)
        options = mqtt.SubscribeOptions(qos=1, retainAsPublished=True)
        self._client.on_connect = lambda client, *_: client.subscribe("ward/v1/home/g-1/up/#", options=options)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda client, userdata, message: self.messages.append(message)
        self._client.connect("localhost", home.broker.port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def kinds(self):
        return {name_of(contract.check_up(message.topic, message.payload)) for message in list(self.messages)}


def name_of(document):
    schema = document["schema"].removeprefix("wardgate.").partition("/")[0]
    variant = {"state": "state", "alarm": "event", "result": "outcome"}.get(schema)
    return f"{schema}.{document[variant]}" if variant else schema


def check(message, key, documented):
    kind = message.topic.split("/")[5]
    qos, retain, expiry = documented[kind]
    user = dict(message.properties.UserProperty)
    assert set(user) == {"kid", "sig"} and user["kid"] == contract.thumbprint(key)
    contract.verify_up(key, message.topic, message.payload, user["sig"])
    document = contract.check_up(message.topic, message.payload, strict=True)
    assert (message.qos, message.retain) == (qos, retain), message.topic
    left = getattr(message.properties, "MessageExpiryInterval", None)
    assert (left is None) == (expiry is None) and (left is None or expiry - PATIENCE_S <= left <= expiry), message.topic
    assert message.properties.ContentType == "application/json"
    return document


def test_what_a_gateway_says_is_what_the_document_says():
    home = WardAtHome().start()
    recorder = Recorder(home)
    try:
        home.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", "spo2=85", "respiration_rate=18")
        home.wait_until_delivered()
        assert home.order("replay", "--records", f"{home.epoch()}:1-1")["outcome"] == "done"
        eventually(lambda: NAMES - {"state.offline"} <= recorder.kinds(), lambda: f"one of each: {recorder.kinds()}")
        key = contract.load_public(json.loads((home.directory / "gateway.jwk").read_text("utf-8")))
        home.uplink.kill()  # so that the broker says its will
        eventually(lambda: NAMES <= recorder.kinds(), lambda: f"and the will: {recorder.kinds()}")
        documented = bindings()
        kept = {}
        for message in recorder.messages:
            document = check(message, key, documented)
            kept[name_of(document)] = document
        if "WARD_EXAMPLES" in os.environ:
            EXAMPLES.mkdir(exist_ok=True)
            for name in NAMES:
                (EXAMPLES / f"{name}.json").write_text(
                    json.dumps(kept[name], indent=2, ensure_ascii=False) + "\n", "utf-8")
    finally:
        recorder.close()
        home.stop()


def test_there_is_a_real_example_of_each():
    assert {path.stem for path in EXAMPLES.glob("*.json")} == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_real_example_keeps_the_contract(name):
    document = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    assert contract.schemas().check_message(document, strict=True) == name.partition(".")[0]
