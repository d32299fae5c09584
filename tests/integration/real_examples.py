# SPDX-License-Identifier: Apache-2.0
"""Examples of the contract's messages, as they passed between a gateway and its ward: docs/mqtt/examples/real.

With WARD_EXAMPLES=yes the tests that meet a message keep it there; otherwise nothing is written. What goes up is kept as
NAME.json, with NAME as name_of() says; what comes down as downlink.NAME.json, the JWS as it passed, and claims.NAME.json,
what was in it. The public halves of the keys that signed are in keys/ward-keys.json.
"""
import json
import os
import re
import shutil
import ssl
import threading

from hub_fixture import PATIENCE_S, ROOT, contract
from paho.mqtt import client as mqtt

EXAMPLES = ROOT / "docs" / "mqtt" / "examples" / "real"
KEYS = EXAMPLES / "keys" / "ward-keys.json"
WANTED = "WARD_EXAMPLES" in os.environ


class Recorder:
    """Hears all that goes one way, as it was published, with a certificate that may: the clinician's hears what goes up,
    the gateway's own what comes down."""

    def __init__(self, broker, certificate, way):
        self.messages, subscribed = [], threading.Event()
        self._client = mqtt.Client(client_id=f"recorder-{way}", protocol=mqtt.MQTTv5)
        self._client.tls_set(f"{broker.pki}/ca.pem", f"{broker.pki}/{certificate}.pem", f"{broker.pki}/{certificate}.key",
                             tls_version=ssl.PROTOCOL_TLS_CLIENT)
        options = mqtt.SubscribeOptions(qos=1, retainAsPublished=True)
        self._client.on_connect = lambda client, *_: client.subscribe(f"ward/v1/home/g-1/{way}/#", options=options)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda client, userdata, message: self.messages.append(message)
        self._client.connect("localhost", broker.port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def documents(self):
        """What is in those that went up; an emptied topic has none."""
        checked = (contract.check_up(message.topic, message.payload) for message in list(self.messages))
        return [document for document in checked if document]

    def kinds(self):
        return {name_of(document) for document in self.documents()}


def name_of(document):
    """What an example of a message that went up is called: its schema, and which of its forms it has."""
    if document.get("resourceType") == "Bundle":
        return "bundle"
    schema = document["schema"].removeprefix("wardgate.").partition("/")[0]
    forms = {
        "state": lambda: "stopped" if document.get("monitoring") == "stopped" else document["state"],
        "alarm": lambda: f"technical-{document['event']}" if document["kind"] == "technical" else document["event"],
        "diagnostics": lambda: next(part for part in ("versions", "counters", "devices", "journal") if part in document),
        "result": lambda: "erased" if "erased" in document else "missing" if "missing" in document
                  else "plan-refused" if "errors" in document else document["outcome"],
    }
    return f"{schema}.{forms[schema]()}" if schema in forms else schema


def down_name_of(claims):
    """The same of what came down: the command, or what else it is. A replay of alarm events has members of its own."""
    if claims["type"] != "command":
        return claims["type"]
    return claims["body"]["command"] + ("-alarms" if "alarms_since" in claims["body"] else "")


def fullest(documents):
    """By name the one that shows the most; of equals the newest."""
    found = {}
    for name, document in documents:
        if name not in found or len(json.dumps(document)) >= len(json.dumps(found[name])):
            found[name] = document
    return found


def text_of(document):
    """As a file has it; decimals of a Bundle with the digits that were sent."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=lambda decimal: f"decimal {decimal}")
    return re.sub(r'"decimal ([0-9.eE+-]+)"', r"\1", text) + "\n"


def keep(documents):
    """{name: document}. The kernel of whoever made the examples is left out."""
    for name, document in documents.items() if WANTED else ():
        document.get("versions", {}).pop("kernel", None)
        (EXAMPLES / f"{name}.json").write_text(text_of(document), "utf-8")


def keep_down(messages, keys):
    """{name: JWS}, and the file with the public keys."""
    keep({f"downlink.{name}": json.loads(payload) for name, payload in messages.items()})
    keep({f"claims.{name}": json.loads(contract.unb64(json.loads(payload)["payload"])) for name, payload in messages.items()})
    if WANTED:
        KEYS.parent.mkdir(exist_ok=True)
        shutil.copyfile(keys, KEYS)
