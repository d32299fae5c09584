# SPDX-License-Identifier: Apache-2.0
"""wardctl config check: the daemons' own reader, without a daemon."""

import json
import pathlib
import shutil
import tempfile

import pytest

from test_wardctl import DONE, FAILED, NOBODY, ROOT, USAGE, needs_root, run

EXAMPLE = ROOT / "config" / "wardgate.conf"


@pytest.fixture
def conf(tmp_path):
    """Writes wardgate.conf and its drop-ins; the first one's path."""
    def write(text, **drop_ins):
        path = tmp_path / "wardgate.conf"
        path.write_text("[gateway]\nid = g-1\nsite = home\n" + text)
        directory = tmp_path / "wardgate.conf.d"
        directory.mkdir(exist_ok=True)
        for name, words in drop_ins.items():
            (directory / f"{name}.conf").write_text(words)
        return path
    return write


def checked(path):
    result = run("config", "check", path, "--json")
    document = json.loads(result.stdout)
    assert document["valid"] is (result.returncode == DONE)
    return document


def test_the_shipped_file_sets_nothing():
    assert checked(EXAMPLE)["settings"] == []
    result = run("config", "check", EXAMPLE)
    assert result.returncode == DONE
    assert "Everything is at its default." in result.stdout and "No hub is set" in result.stdout


def test_what_differs_is_said_with_its_place_and_the_last_one_holds(conf):
    path = conf("[hub]\nhost = hub.example\nkeepalive = 20s\n[store]\nquota = 0512M\n",
                a="[hub]\nkeepalive = 30s\n\nport = 8884\n", b="[hub]\nport = 8885\n")
    document = checked(path)
    assert (document["gateway"], document["site"]) == ("g-1", "home")
    found = {(s["section"], s["key"]): s for s in document["settings"]}
    # The keepalive is back at its default, and the quota says the same as it.
    assert set(found) == {("gateway", "id"), ("gateway", "site"), ("hub", "host"), ("hub", "port")}
    assert found["hub", "host"] == {"section": "hub", "key": "host", "value": "hub.example", "default": "", "file": str(path),
                                    "line": 5}
    port = found["hub", "port"]
    assert (port["value"], port["default"], port["line"]) == ("8885", "8883", 2) and port["file"].endswith("/wardgate.conf.d/b.conf")
    people = run("config", "check", path).stdout
    assert "[hub] host = hub.example\n      " + f"{path}:5; by default not set" in people
    assert "The gateway is g-1 at home." in people and "No hub is set" not in people


@pytest.mark.parametrize(("text", "line", "why"), [
    ("[hub]\nhots = x\n", 5, "unknown key [hub] hots"),
    ("[hub]\nport = 70000\n", 5, "[hub] port = 70000"),
    ("[firmware]\ntoaster = 1.0\n", 5, "there is no such model"),
    ("[hub]\nport = 1\nnonsense\n[hub]\nport = x\n", 6, "neither [SECTION] nor KEY = VALUE"),
])
def test_a_fault_is_said_with_file_and_line(conf, text, line, why):
    path = conf(text)
    document = checked(path)
    assert (document["file"], document["line"]) == (str(path), line) and why in document["error"]
    result = run("config", "check", path)
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert result.stderr.startswith(f"{path}:{line}: ") and why in result.stderr


def test_a_fault_in_a_drop_in_names_the_drop_in(conf):
    path = conf("", site="[plan]\nrequire_signature = perhaps\n")
    assert run("config", "check", path).stderr.startswith(f"{path}.d/site.conf:2: ")


def test_a_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path):
    for path, why, step in ((tmp_path / "none.conf", "there is no such file", "/etc/wardgate/wardgate.conf"),
                            (tmp_path, "it cannot be read", "It must be a text file")):
        result = run("config", "check", path)
        said, step_said = result.stderr.splitlines()
        assert (result.returncode, result.stdout, said) == (FAILED, "", f"{path}: {why}")
        assert step_said.startswith("next: ") and step in step_said
        document = checked(path)
        assert (document["file"], document["line"], document["error"]) == (str(path), 0, why) and step in document["next"]
        config = json.loads(run("selftest", "--config", path, "--json").stdout.splitlines()[0])
        assert (config["check"], config["state"]) == ("config", "warn") and f"{path}: {why}" in config["text"]
        assert config["next"] == document["next"]


@needs_root
def test_a_file_that_only_root_may_read_is_named_with_what_to_do(conf):
    path = conf("")
    shared = pathlib.Path(tempfile.mkdtemp(prefix="wardctl-config-"))
    try:
        shared.chmod(0o755)
        hidden = shared / "wardgate.conf"
        hidden.write_text(path.read_text())
        hidden.chmod(0o600)
        result = run("config", "check", hidden, user=NOBODY)
        assert (result.returncode, result.stderr) == (FAILED, f"{hidden}: you may not read it\nnext: Ask again as root: `sudo wardctl ...`.\n")
    finally:
        shutil.rmtree(shared)


def test_without_signatures_it_says_what_that_means(conf):
    assert "no patient is monitored in full" in run("config", "check", conf("[plan]\nrequire_signature = no\n")).stdout


@pytest.mark.parametrize("arguments", [["config"], ["config", "show"], ["config", "check", "a", "b"], ["config", "check", "--yaml"]])
def test_wrong_usage(arguments):
    assert run(*arguments).returncode == USAGE
