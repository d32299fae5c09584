# SPDX-License-Identifier: Apache-2.0
"""A gateway that is taken out of its box: nobody has enrolled it, it looks after its patient all the same, and with
`wardctl hub enrol` what waited reaches the ward. wardgated, its uplink, mosquitto, the reference hub and the EST server
are processes of their own."""

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from bluez_fixture import PATIENCE_S, PATIENT, WARDCTL, eventually
from enrol_peers import Est, Kept
from ward_fixture import WardAtHome


class HomePki:
    """The authority that broker and hub are of (tests/hub/make_pki.py)."""

    def __init__(self, directory):
        self.directory, self.ca = directory, directory / "ca.pem"
        self.key = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), None)

    def issue(self, _name, _host=None):
        return self.directory / "broker.pem", self.directory / "broker.key", None


class NewHome(WardAtHome):
    def __init__(self):
        super().__init__()
        pki = self.directory / "pki"
        self.kept = Kept(self.directory / "enrolled")
        path = self.directory / "wardgate.conf"
        path.write_text(path.read_text().replace(f"certificate = {pki}/g-1.pem\nkey = {pki}/g-1.key\n", (
            f"certificate = {pki}/none.pem\nkey = {pki}/none.key\nenrolled = {self.kept.directory}\n")))
        self.est = Est(self.directory, HomePki(pki))

    def start(self):
        super().start()
        self.est.start()
        return self

    def link(self):
        link = self.ask("hub", "show")[0]["link"]
        return link["up"], link["reason"]

    def hub_verb(self, *words, typed=""):
        return subprocess.run([WARDCTL, "hub", *words], env=self.environment, text=True, capture_output=True, input=typed,
                              timeout=PATIENCE_S)

    def stop(self):
        self.est.stop()
        super().stop()


@pytest.fixture
def home():
    home = NewHome().start()
    try:
        yield home
    finally:
        home.stop()


def test_a_new_gateway_works_alone_and_reaches_the_ward_once_it_is_enrolled(home):
    eventually(lambda: home.link() == (False, "not enrolled"), lambda: f"not enrolled: {home.link()}")
    home.enter(2)
    assert home.ask("queue")[0]["undelivered_readings"] >= 2 and not home.at_the_ward()

    mistyped = home.hub_verb("enrol", typed=home.est.code()[:-1] + "U")
    assert mistyped.returncode == 1 and "eighteenth group" in mistyped.stderr
    assert not home.est.said("GET")

    wrong = home.hub_verb("enrol", typed=home.est.code(fingerprint=bytes(32)))
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("wardctl: authority: the server's authority is not the one that the code names.")

    code = home.est.code()
    done = home.hub_verb("enrol", typed=code)
    assert done.returncode == 0, done.stderr
    *steps, last = done.stdout.splitlines()
    assert [line.split()[0] for line in steps] == ["server", "authority", "key", "request", "certificate", "kept"]
    assert last == "This hub is enrolled. `wardctl hub test` tries the whole way to the ward."
    home.wait_for_entries(2)
    eventually(lambda: home.link() == (True, "connected"), lambda: f"connected: {home.link()}")

    used = home.hub_verb("enrol", typed=code)
    assert used.returncode == 1 and "the ward does not take this code" in used.stderr
    assert home.link()[0]

    home.log.flush()
    log = (home.directory / "wardgated.log").read_text()
    assert "enrolment: kept: it is in use" in log
    assert PATIENT not in log and not any(group in log for group in code.split("/")[1].split("-"))


def test_renewed_and_retired_by_hand(home):
    assert home.hub_verb("renew").stderr == (
        "wardctl: begin: there is no certificate that was enrolled here: enrol with a code.\n")
    assert home.hub_verb("enrol", typed=home.est.code()).returncode == 0
    home.enter()
    home.wait_for_entries(1)
    first = home.kept.certificate()
    renewed = home.hub_verb("renew")
    assert renewed.returncode == 0, renewed.stderr
    assert home.kept.certificate() != first and home.kept.fits()
    home.enter()
    home.wait_for_entries(2)
    assert home.hub_verb("retire", "--yes").returncode == 0
    eventually(lambda: home.link() == (False, "not enrolled"), lambda: f"not enrolled: {home.link()}")
    home.enter()
    assert home.ask("queue")[0]["undelivered_readings"] >= 1


def test_when_the_uplink_dies_meanwhile_whoever_asked_is_told(home):
    home.est.stop()
    home.est.start("--fault", "hangs")
    with subprocess.Popen([WARDCTL, "hub", "enrol"], env=home.environment, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        asked.stdin.write(home.est.code() + "\n")
        asked.stdin.flush()
        eventually(lambda: home.est.said("hangs"), "the request is there")
        busy = home.hub_verb("enrol", typed=home.est.code())
        assert busy.returncode == 1 and "seen to already" in busy.stderr
        home.uplink.kill()
        home.uplink.wait()
        _, told = asked.communicate(timeout=PATIENCE_S)
        assert (asked.returncode, told) == (1, "wardctl: uplink: the uplink ended.\n")
    gone = home.hub_verb("enrol", typed=home.est.code())
    assert gone.returncode == 1 and "systemctl status wardgate-uplink" in gone.stderr
    home.start_uplink()
