# SPDX-License-Identifier: Apache-2.0
"""How an administrator meets the configuration: both daemons refuse what is wrong with its place, and no secret stands in it.
What each key may be, and that the shipped file is the table of options: tests/unit/app/test_config.c."""

import configparser
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev"))
DAEMONS = [BUILD / "gateway/app/wardgated", BUILD / "gateway/uplink/wardgate-uplink"]
SHIPPED = (ROOT / "config/wardgate.conf").read_text()
CREDENTIALS = "/run/credentials/wardgate-uplink.service/"
DEADLINE_S = 60

each_daemon = pytest.mark.parametrize("daemon", DAEMONS, ids=lambda daemon: daemon.name)


def refusal(daemon, path):
    done = subprocess.run([daemon, "--config", path], text=True, capture_output=True, timeout=DEADLINE_S,
                          env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


@each_daemon
def test_what_is_wrong_is_told_with_its_place(daemon, tmp_path):
    path = tmp_path / "wardgate.conf"
    path.write_text("[gateway]\nid = g-1\n\n[hub]\nhots = broker\n")
    assert f"{path}:5: unknown key [hub] hots\n" in refusal(daemon, path)


@each_daemon
def test_what_is_wrong_in_a_drop_in_is_told_with_its_place(daemon, tmp_path):
    path, drop_in = tmp_path / "wardgate.conf", tmp_path / "wardgate.conf.d/10-ward.conf"
    path.write_text(SHIPPED)
    drop_in.parent.mkdir()
    drop_in.write_text("[hub]\nport = many\n")
    assert f"{drop_in}:2: [hub] port = many: it is no port from 1 to 65535\n" in refusal(daemon, path)


@each_daemon
def test_a_secret_in_the_place_of_its_path_is_refused(daemon, tmp_path):
    path = tmp_path / "wardgate.conf"
    for key in ("ca", "certificate", "key"):
        path.write_text(f"[gateway]\nid = g-1\n[hub]\n{key} = -----BEGIN PRIVATE KEY-----\n")
        assert "it is not an absolute path" in refusal(daemon, path)
    path.write_text("[gateway]\nid = g-1\n[https]\ncare_plan_url = https://user:word@ward.example/{patient}\n")
    assert f"{path}:4: [https] care_plan_url" in refusal(daemon, path)


def test_no_key_is_for_a_secret():
    """Those whose names might be are paths, and what they name is public or a credential."""
    defaults = dict(re.findall(r"^#(\w+) = ?(.*)$", SHIPPED, re.MULTILINE))
    might_be = {key: value for key, value in defaults.items()
                if re.search(r"key|pass|secret|token|code|user|credential", key) and key != "keepalive"}
    assert might_be == {"key": CREDENTIALS + "key.pem", "ward_keys": "/etc/wardgate/ward-keys.json",  # their public halves
                        "uplink_user": "wardgate-uplink"}


def unit(name):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    text = (ROOT / "systemd" / name).read_text()
    parser.read_string(text)
    return parser, text


def test_the_uplinks_secrets_are_credentials_of_its_unit():
    service, text = unit("wardgate-uplink.service")
    loaded = dict(re.findall(r"^LoadCredential=([^:]+):(.*)$", text, re.MULTILINE))
    named = re.findall(rf"^#\w+ = {CREDENTIALS}(.*)$", SHIPPED, re.MULTILINE)
    assert sorted(loaded) == sorted(named) == ["ca.pem", "certificate.pem", "key.pem"]
    assert set(loaded.values()) == {f"/etc/wardgate/hub/{name}" for name in named}
    assert "d /etc/wardgate/hub  0700 root root -" in (ROOT / "systemd/wardgate.tmpfiles").read_text().splitlines()
    assert (service["Service"]["StateDirectoryMode"], service["Service"]["UMask"]) == ("0700", "0077")


@pytest.mark.parametrize("name", ["wardgated.service", "wardgate-uplink.service"])
def test_no_unit_hands_a_secret_over_in_sight_of_all(name):
    """Environments and command lines can be read by others."""
    service, text = unit(name)
    assert service["Service"]["ExecStart"].split()[1:] == ["--config", "/etc/wardgate/wardgate.conf"]
    environment = re.findall(r"^((?:Environment|EnvironmentFile|PassEnvironment)=.*)$", text, re.MULTILINE)
    assert environment == ["Environment=GLIBC_TUNABLES=glibc.malloc.tcache_max=128"]  # how memory is kept: no secret
    assert service["Service"]["LimitCORE"] == "0"
    # What stands in for a credential that was not given is a line with nothing on it.
    assert all(value == r"\n" for value in re.findall(r"^SetCredential=[^:]+:(.*)$", text, re.MULTILINE))


def test_there_is_a_directory_for_drop_ins():
    assert "d /etc/wardgate/wardgate.conf.d 0755 root root -" in (ROOT / "systemd/wardgate.tmpfiles").read_text().splitlines()
