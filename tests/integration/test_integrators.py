# SPDX-License-Identifier: Apache-2.0
"""docs/mqtt/integrators.md, done as it says: its commands are taken from the page, in its order, and run against a real
gateway and broker. Only the broker's name and port are others."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bluez_fixture import BUILD, PATIENCE_S, ROOT, eventually  # noqa: E402
from hub_fixture import contract  # noqa: E402
from test_commands import SYNCED, needs_mounts  # noqa: E402
from ward_fixture import WardAtHome  # noqa: E402

PAGE = ROOT / "docs" / "mqtt" / "integrators.md"
# The commands of the page by what they are recognised by, in the order in which they are run.
STEPS = {"words": "T=ward", "keys": "openssl genpkey", "enrol": "hub show", "subscribe": "the-alarms", "look": "> state.txt",
         "verify": "pkeyutl -verify", "chain": "sha256sum", "receipt": "receipt.jws", "acknowledge": '"acknowledge"',
         "plan": "plan.jws", "replay": '"replay"'}
pytestmark = needs_mounts


def steps():
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(STEPS)
    for block, mark in zip(blocks, STEPS.values()):
        assert mark in block, f"{mark!r} is not in {block}"
    return dict(zip(STEPS, blocks))


class Integrator(WardAtHome):
    """A home whose ward has nothing but what the page makes it make."""

    prefix = SYNCED

    def __init__(self):
        super().__init__()
        self.desk = self.directory / "keys"  # where the fixture's gateway looks for ward-keys.json
        for path in self.desk.iterdir():
            path.unlink()
        for name in ("ca.pem", "hub.pem", "hub.key", "clinician.pem", "clinician.key"):
            shutil.copy(self.broker.pki / name, self.desk)
        shutil.copy(ROOT / "config" / "care-plans" / "oximetry-at-home.json", self.desk / "plan.json")
        self.steps = {**steps(), "peek": 'mosquitto_sub $TLS -q 1 -t "$T/up/active/+" -C 1 -F %p'}

    def follow(self, step):
        """Does what the page says there; every command of it must succeed. What it printed."""
        words = self.steps["words"].replace("broker.ward.example", "localhost").replace("8883", str(self.broker.port))
        script = words + ("" if step == "words" else self.steps[step])
        environment = {**self.environment, "PATH": f"{BUILD / 'gateway' / 'ctl'}:{self.environment['PATH']}"}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.desk, env=environment,
                              capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, f"{step}: {done.stdout}{done.stderr}"
        return done.stdout

    def made(self, name):
        return json.loads((self.desk / name).read_text("utf-8"))

    def at_the_broker(self):
        """The list of conditions that the broker hands out."""
        return {condition["condition"] for condition in json.loads(self.follow("peek"))["conditions"]}


@pytest.fixture
def home():
    home = Integrator()
    home.follow("keys")
    super(WardAtHome, home).start()
    yield home
    home.stop()


def test_the_page_is_done_as_it_says(home):
    home.follow("enrol")
    home.follow("subscribe")
    home.enter(3)
    home.start_uplink()

    assert json.loads(home.follow("look"))["state"] == "online"
    assert "Signature Verified Successfully" in home.follow("verify")
    signed = home.desk / "signed.bin"
    signed.write_bytes(signed.read_bytes().replace(b"online", b"onlinf"))
    home.steps["forged"] = home.steps["verify"].splitlines()[-1]
    with pytest.raises(AssertionError, match="Verification Failure"):
        home.follow("forged")

    home.follow("chain")
    records = home.made("readings.json")["records"]
    assert records[0]["seq"] == 1
    before = home.ask("queue")[0]["undelivered_readings"]
    assert before >= len(records)
    home.follow("receipt")
    eventually(lambda: home.ask("queue")[0]["undelivered_readings"] <= before - len(records), "the receipt counts")

    home.ctl("entry", "--patient", "p-7f3a", "--by", "nurse-1", "spo2=85")
    eventually(lambda: "spo2-low" in home.at_the_broker(), "the ward knows of the alarm")
    home.follow("acknowledge")
    assert home.made("result.json")["outcome"] == "done"
    acknowledged, = [alarm for alarm in home.ask("alarms") if alarm["condition"] == "spo2-low"]
    assert (acknowledged["state"], acknowledged["by"]) == ("acknowledged", "dr-12")

    home.follow("plan")
    result, claims = home.made("plan-result.json"), home.made("plan-claims.json")
    assert result["id"] == claims["id"]
    home.follow("replay")
    for name in ("result.json", "plan-result.json", "replay-result.json", "readings.json", "again.json", "active.json"):
        contract.schemas().check_message(home.made(name), strict=True)
    for tail, name in (("receipt", "receipt"), ("command", "command"), ("command", "replay"), ("care-plan/p-7f3a", "plan")):
        contract.check_down(f"ward/v1/home/g-1/down/{tail}", (home.desk / f"{name}.jws").read_bytes(), strict=True)


def test_every_file_that_the_page_names_is_there():
    text = PAGE.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAGE.parent / link).exists(), link
    for path in re.findall(r"`((?:tests|config|docs)/[A-Za-z0-9_./-]+)`", text):
        assert (ROOT / path).exists(), path
