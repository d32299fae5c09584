# SPDX-License-Identifier: Apache-2.0
"""config/mosquitto as it ships, on a real broker, with mosquitto's own clients: who may say and hear what."""
import contextlib
import pathlib
import socket
import ssl
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hub_fixture import PATIENCE_S, ROOT, Broker, Program, eventually  # noqa: E402

import make_pki  # noqa: E402
from tcp_options import options_of  # noqa: E402

STRANGE = {"wildcard": "+", "subtree": "g-1/up", "everything": "#"}
GATEWAYS, PATIENT = ("g-1", "g-2"), "p-7f3a"
UP = ("state", "heartbeat", f"active/{PATIENT}", "alarms", "readings", "result")
DOWN = ("receipt", "command", f"care-plan/{PATIENT}")


def topics(gateway, way):
    return [f"ward/v1/home/{gateway}/{way}/{tail}" for tail in (UP if way == "up" else DOWN)]


ALL = [topic for gateway in GATEWAYS for way in ("up", "down") for topic in topics(gateway, way)]
# Who may what, as DESIGN and the comments of the kit have it: written out, not computed from the file under test.
SAYS = {
    "g-1": topics("g-1", "up"), "g-2": topics("g-2", "up"),
    "hub": topics("g-1", "down") + topics("g-2", "down"),
    "clinician": ["ward/v1/home/g-1/down/command", "ward/v1/home/g-2/down/command"],
    "integrator": ["ward/v1/home/g-1/down/receipt", "ward/v1/home/g-2/down/receipt"],
    **{name: [] for name in STRANGE},
}
HEARS = {
    "g-1": topics("g-1", "down"), "g-2": topics("g-2", "down"),
    "hub": topics("g-1", "up") + topics("g-2", "up"), "clinician": topics("g-1", "up") + topics("g-2", "up"),
    "integrator": topics("g-1", "up") + topics("g-2", "up"),
    **{name: [] for name in STRANGE},
}
OWNER = {topic: who for who in ("g-1", "g-2", "hub") for topic in SAYS[who]}


class Kit(Broker):
    def __init__(self, directory):
        super().__init__(directory, GATEWAYS)

    def client(self, program, who, *words, **more):
        credentials = ["--cert", self.pki / f"{who}.pem", "--key", self.pki / f"{who}.key"] if who else []
        return [str(word) for word in (program, "-V", "5", "-h", "localhost", "-p", self.port, "--cafile",
                                       self.pki / "ca.pem", *credentials, *words)]

    def publish(self, who, topic, payload="x"):
        """What went wrong, "" for nothing. A refused PUBLISH is told by the PUBACK's reason (MQTT 5 §3.4.2.1)."""
        done = subprocess.run(self.client("mosquitto_pub", who, "-q", 1, "-t", topic, "-m", payload),
                              capture_output=True, text=True, timeout=PATIENCE_S)
        return done.stderr.strip()

    def subscriber(self, who, *words):
        """Prints a line per message; a line at a time, also into a pipe."""
        return ["stdbuf", "-oL", *self.client("mosquitto_sub", who, "-F", "%t %p", "-d", *words)]

    def options(self, option):
        return options_of(self._program.pid, self.port, option)

    def listener(self, who):
        listener = Program(self.subscriber(who, "-q", 1, "-t", "#"))
        listener.said("SUBACK")
        return listener


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    kit = Kit(tmp_path_factory.mktemp("kit") / "pki")
    for file, name in STRANGE.items():
        kit.authority.issue(file, name, make_pki.ExtendedKeyUsageOID.CLIENT_AUTH)
    yield kit
    kit.stop()


@pytest.mark.parametrize("who", SAYS)
def test_everybody_says_what_is_his_and_nothing_else(kit, who):
    for topic in ALL:
        refused = kit.publish(who, topic)
        assert ("Not authorized" in refused) == (topic not in SAYS[who]), f"{who} to {topic}: {refused or 'taken'}"


@pytest.mark.parametrize("who", HEARS)
def test_everybody_hears_what_is_his_and_nothing_else(kit, who):
    """All subscribe to everything. What the broker takes last, and for this one, comes after all that it might hear."""
    listener = kit.listener(who)
    overseer = kit.listener("hub")
    ends = [HEARS[who][-1]] if HEARS[who] else []
    for topic in [topic for topic in ALL if topic not in ends] + ends:
        assert kit.publish(OWNER[topic], topic, f"for-{who}") == ""
    try:
        if ends:
            listener.said(f"{ends[-1]} for-{who}")
        else:
            overseer.said(f"{HEARS['hub'][-1]} for-{who}")
        heard = {line.split()[0] for line in listener.out if line.startswith("ward/v1/") and f"for-{who}" in line}
        assert heard == set(HEARS[who])
    finally:
        listener.stop()
        overseer.stop()


def test_no_answer_waits_for_the_acknowledgement_of_another(kit):
    listener = kit.listener("g-1")
    assert set(kit.options(socket.TCP_NODELAY)) == {1}
    listener.stop()


def test_roles_are_no_gateways(kit):
    """The patterns are for every name: "hub" must not be a gateway of that name."""
    for role in ("hub", "clinician", "integrator"):
        for topic in topics(role, "up"):
            assert "Not authorized" in kit.publish(role, topic)


def test_a_will_is_bound_by_the_same_rules(kit):
    """g-2 leaves a will for g-1 and dies; what hub says to it afterwards comes after any will."""
    overseer = kit.listener("hub")
    forger = Program(kit.subscriber("g-2", "-t", "ward/v1/home/g-2/down/#", "--will-topic", "ward/v1/home/g-1/up/state",
                                    "--will-payload", "forged"))
    try:
        eventually(lambda: any("SUBACK" in line or "Not authorized" in line for line in forger.out + forger.err),
                   "the forger is in, or refused")
        forger.kill()
        assert kit.publish("g-2", "ward/v1/home/g-2/up/state", "after") == ""
        overseer.said("ward/v1/home/g-2/up/state after")
        assert not any("forged" in line for line in overseer.out)
    finally:
        overseer.stop()


def test_a_session_under_another_name_tells_nothing(kit):
    """What waits for the hub's MQTT session goes to nobody who merely names it."""
    session = ("-i", "the-hub", "-c", "-x", 600, "-q", 1)
    hub = Program(kit.subscriber("hub", *session, "-t", "ward/v1/home/+/up/#"))
    hub.said("SUBACK")
    hub.stop()
    assert kit.publish("g-1", "ward/v1/home/g-1/up/alarms", "waiting") == ""
    thief = Program(kit.subscriber("g-2", *session, "-t", "ward/v1/home/g-2/down/#"))
    try:
        thief.said("SUBACK")
        assert kit.publish("hub", "ward/v1/home/g-2/down/receipt", "after") == ""
        thief.said("ward/v1/home/g-2/down/receipt after")
        assert not any("waiting" in line for line in thief.out)
    finally:
        thief.stop()


def test_without_a_certificate_there_is_no_connection(kit):
    assert kit.publish(None, "ward/v1/home/g-1/up/state") != ""
    stranger = kit.pki / "stranger"
    make_pki.make_pki(stranger, ())
    other = Kit.client(kit, "mosquitto_pub", None, "--cert", stranger / "hub.pem", "--key", stranger / "hub.key",
                       "-q", 1, "-t", "ward/v1/home/g-1/down/receipt", "-m", "x")
    done = subprocess.run(other, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode != 0 and done.stderr != ""
    with socket.create_connection(("localhost", kit.port)) as plain:  # an MQTT 5 CONNECT in the clear
        plain.settimeout(PATIENCE_S)
        plain.sendall(bytes.fromhex("101000044d5154540502003c000003") + b"g-1")
        with contextlib.suppress(ConnectionResetError):
            assert plain.recv(16)[:1] != b"\x20"  # no CONNACK


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
@pytest.mark.parametrize("version, taken", [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                            (ssl.TLSVersion.TLSv1_3, True)], ids=lambda value: str(value))
def test_tls_1_2_is_the_least(kit, version, taken):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(kit.pki / "ca.pem")
    context.load_cert_chain(kit.pki / "hub.pem", kit.pki / "hub.key")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that it is the broker who does not want to
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("localhost", kit.port)) as raw:
        if taken:
            assert context.wrap_socket(raw, server_hostname="localhost").version() == version.name.replace("v1_", "v1.")
        else:
            with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
                context.wrap_socket(raw, server_hostname="localhost")


def test_the_kit_says_where_its_files_go():
    """Every path of the shipped configuration is one that the page beside it speaks of."""
    kit = ROOT / "config" / "mosquitto"
    page = (kit / "README.md").read_text("utf-8")
    lines = [line.split(" ", 1) for line in (kit / "mosquitto.conf").read_text("utf-8").splitlines() if " /" in line]
    paths = [value for key, value in lines if key.lstrip("#") in ("cafile", "certfile", "keyfile", "crlfile", "acl_file")]
    assert len(paths) == 5 and all(path.strip() in page for path in paths)


def test_what_the_largest_message_is_passes(kit):
    """A gateway's frame and a JWS of the ward are 64 KiB at most; the broker lets them through with their properties."""
    with open(kit.pki / "large", "wb") as file:
        file.write(b"x" * 65536)
    tail = ["-D", "publish", "user-property", "kid", "k" * 64, "-D", "publish", "user-property", "sig", "s" * 86]
    done = subprocess.run(kit.client("mosquitto_pub", "g-1", "-q", 1, "-t", f"ward/v1/home/g-1/up/active/{'p' * 64}",
                                     "-f", kit.pki / "large", *tail), capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (0, "")
