# SPDX-License-Identifier: Apache-2.0
"""A home with all of the way to the ward: wardgated, its uplink, a broker with TLS and the reference hub."""
import json
import sqlite3
import subprocess

from bluez_fixture import BUILD, PATIENCE_S, PATIENT, Home, eventually
from hub_fixture import HUB, Broker, Program

UPLINK = BUILD / "gateway" / "uplink" / "wardgate-uplink"


class Heard:
    """A gateway whose ward has the reference hub, with a broker in between. directory: of what that needs."""

    def knows(self, *others):
        """The reference hub does: this gateway's key, and those of others, each with its name."""
        keys = [{**home.ask("hub", "show")[0]["key"], "gateway": name}
                for name, home in (("g-1", self), *((other.name, other) for other in others))]
        (self.directory / "gateway.jwk").write_text(json.dumps({"keys": keys} if others else keys[0]))

    def start_hub(self):
        self.knows()
        self.hub = Program(self.hub_command("run", "--strict", "--database", self.directory / "hub.db"))
        self.hub.said("hearing ward/v1/home/+/up/#")

    def hub_command(self, verb, *words):
        pki = self.directory / "pki"
        return [str(word) for word in (
            HUB / "wardhub.py", verb, "--port", self.broker.port, "--ca", pki / "ca.pem", "--cert", pki / "hub.pem",
            "--key", pki / "hub.key", "--keys", self.directory / "keys", "--gateway-key", self.directory / "gateway.jwk",
            "--site", "home", *words)]

    def refused(self):
        with sqlite3.connect(self.directory / "hub.db") as database:
            return database.execute("SELECT topic, why FROM refused").fetchall()

    def epoch(self):
        return self.ask("queue")[0]["epoch"]

    def wait_until_delivered(self):
        def delivered():
            queue = self.ask("queue")[0]
            return queue["undelivered_readings"] == 0 and not queue.get("salvaging", False)
        eventually(delivered, lambda: f"all is delivered: {self.ask('queue')} {self.refused()}")


class WardAtHome(Heard, Home):
    """A gateway with a patient, joined to a hub. confirm: as in wardgate.conf."""

    def __init__(self, confirm="receipt"):
        super().__init__()
        pki = self.directory / "pki"
        self.broker = Broker(pki)
        keys = self.directory / "keys"
        subprocess.run([HUB / "wardhub.py", "keys", "--keys-out", keys], check=True)
        path = self.directory / "wardgate.conf"
        text = path.read_text().replace("id = g-test\n", "site = home\nid = g-1\n")
        text = text.replace("ward_keys =\n", f"ward_keys = {keys}/ward-keys.json\nhost = localhost\nport = {self.broker.port}\n"
                            f"confirm = {confirm}\nca = {pki}/ca.pem\ncertificate = {pki}/g-1.pem\nkey = {pki}/g-1.key\n")
        path.write_text(text)
        self.database = self.directory / "state" / "ward.db"
        self.hub = self.uplink = None
        self.expected_refusals = set()
        self._entered = 0

    def start(self):
        super().start()
        self.start_hub()
        self.start_uplink()
        return self

    def order(self, verb, *words):
        """The gateway's answer to one command of the ward, which waits for nobody who does not listen."""
        eventually(lambda: self.ask("status")[0]["link"]["up"], "the gateway listens to the ward")
        done = subprocess.run(self.hub_command(verb, "--strict", "--gateway", "g-1", "--json", "--timeout", 60, *words),
                              capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def start_uplink(self):
        self.uplink = subprocess.Popen([UPLINK, "--config", self.directory / "wardgate.conf"], stdout=self.log,
                                       stderr=self.log, env=self.environment)

    def stop_uplink(self):
        self.uplink.terminate()
        self.uplink.wait(60)

    def stop_gateway(self):
        self.gateway.terminate()
        assert self.gateway.wait(60) == 0

    def stop(self):
        """The hub must have refused nothing else: all that came was signed, in the chain, and as the schemas have it."""
        self.stop_uplink()
        if self.hub:
            self.hub.stop()
            assert {why for _, why in self.refused()} <= self.expected_refusals
        self.broker.stop()
        super().stop()

    def enter(self, count=1):
        """Somebody counts breaths; each entry can be told from the others."""
        for _ in range(count):
            self._entered += 1
            self.ctl("entry", "--patient", PATIENT, "--by", "nurse-1", f"respiration_rate={10 + self._entered}")

    def at_the_ward(self):
        """What the hub has committed, by epoch: the breaths entered, in the order of seq."""
        with sqlite3.connect(self.directory / "hub.db") as database:
            rows = database.execute("SELECT epoch, seq, json_extract(body, '$.values[0].value'),"
                                    " json_extract(body, '$.kind') FROM record ORDER BY seq").fetchall()
        return {epoch: [value for of, _, value, kind in rows if of == epoch and kind == "entry"]
                for epoch in dict.fromkeys(row[0] for row in rows)}

    def wait_for_entries(self, count):
        def arrived():
            return sum(map(len, self.at_the_ward().values())) >= count
        eventually(arrived, lambda: f"{count} entries at the ward: {self.at_the_ward()} {self.refused()}")
