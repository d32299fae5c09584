# SPDX-License-Identifier: Apache-2.0
"""A client of org.wardgate that is not wardctl: busctl, whose answers are JSON."""

import json
import os
import subprocess
import threading
import xml.etree.ElementTree as ElementTree

from bluez_fixture import PATIENCE_S, eventually

SERVICE, ROOT_PATH, DEVICES = "org.wardgate", "/org/wardgate", "/org/wardgate/devices/"
GATEWAY, DEVICE = "org.wardgate.Gateway1", "org.wardgate.Device1"
OBJECT_MANAGER, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"


def plain(value):
    """busctl's JSON without its types: {"type": "b", "data": true} is True."""
    if isinstance(value, dict) and set(value) == {"type", "data"}:
        return plain(value["data"])
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


class Client:
    """A caller; user and group: who it is, when it is not who runs the tests."""

    def __init__(self, socket, user=None, groups=()):
        self.address = f"--address=unix:path={socket}"
        self.identity = {"user": user, "group": user, "extra_groups": groups} if user is not None else {}

    def try_call(self, interface, member, *words, path=ROOT_PATH, service=SERVICE):
        return subprocess.run(["busctl", self.address, "--json=short", f"--timeout={PATIENCE_S}", "call", service, path,
                               interface, member, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}, **self.identity)

    def call(self, interface, member, *words, path=ROOT_PATH):
        done = self.try_call(interface, member, *words, path=path)
        assert done.returncode == 0, done.stderr
        return plain(json.loads(done.stdout)) if done.stdout.strip() else None

    def properties(self, interface=GATEWAY, path=ROOT_PATH):
        return self.call(PROPERTIES, "GetAll", "s", interface, path=path)[0]

    def objects(self):
        """{path: {interface: properties}} below /org/wardgate, without what every object has."""
        found = self.call(OBJECT_MANAGER, "GetManagedObjects")[0]
        return {path: {name: values for name, values in interfaces.items() if not name.startswith("org.freedesktop.")}
                for path, interfaces in found.items()}

    def audit(self, *filter_words):
        """The audit trail, oldest first; filter_words as busctl takes a{sv}, its count first."""
        return [json.loads(row) for row in reversed(self.call(GATEWAY, "Audit", "a{sv}", *(filter_words or ("0",)))[0])]

    def introspect(self, path=ROOT_PATH):
        """{interface: {member: (kind, signature in, signature out or type)}}, and the names of the nodes below."""
        text = self.call("org.freedesktop.DBus.Introspectable", "Introspect", path=path)[0]
        node = ElementTree.fromstring(text[text.index("<node"):])
        found = {}
        for interface in node.iter("interface"):
            members = found.setdefault(interface.get("name"), {})
            for member in interface:
                arguments = {way: "".join(argument.get("type") for argument in member.iter("arg")
                                          if (argument.get("direction") or "out") == way) for way in ("in", "out")}
                members[member.get("name")] = (member.tag, arguments["in"], member.get("type") or arguments["out"])
        return found, [below.get("name") for below in node.findall("node")]


class Signals:
    """What org.wardgate says by itself, from now on."""

    def __init__(self, socket):
        self.lines = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            ["busctl", f"--address=unix:path={socket}", "--json=short", "monitor", "--match",
             f"type='signal',path_namespace='{ROOT_PATH}'"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._process.stderr.readline()  # "Monitoring bus message stream."
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()

    def of(self, member, path=ROOT_PATH):
        """The arguments of each, oldest first."""
        with self._news:
            return [plain(line["payload"]) for line in self.lines
                    if line.get("member") == member and line.get("path") == path]

    def changed(self, interface=GATEWAY, path=ROOT_PATH):
        """What was told of the properties, one on top of the other."""
        told = {}
        for name, values, invalidated in self.of("PropertiesChanged", path):
            assert invalidated == []
            if name == interface:
                told.update(values)
        return told

    def wait_for(self, values, interface=GATEWAY, path=ROOT_PATH):
        def all_told():
            told = self.changed(interface, path)
            return all(told.get(name) == value for name, value in values.items())

        eventually(all_told, lambda: f"{values} of {path}: {self.changed(interface, path)}")

    def end(self):
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self._process.stdout.close()
        self._process.stderr.close()
