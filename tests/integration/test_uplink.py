# SPDX-License-Identifier: Apache-2.0
"""wardgate-uplink against a real broker over real TLS; the test plays the core."""

import contextlib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt
import pytest

from mappings import held, may_lock
from ports import free_port
from tcp_options import options_of
from uplink_peers import (
    ALARM, BACKLOG, BUILD, GENEROUS, GIVEN_UP, LISTEN, LIVE, RESTART, ROOT, ROTATE, STATE, TOPICS, UPLINK, Bench, Uplink,
    wait_for,
)

sys.path.insert(0, str(ROOT / "tests" / "fakes"))

import fake_broker  # noqa: E402


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    try:
        yield bench
    finally:
        bench.end()


class Supervisor:
    """What systemd hears with: sd_notify(3) waits for whoever does not read."""

    def __init__(self, bench):
        self.path = str(bench.directory / "notify")
        self.said = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        while True:
            self.said += self._socket.recv(4096).decode().split("\n")


class OddBroker:
    """For what mosquitto does not do on demand. meet(connection, who, connect): what becomes of a connection of g-1-WHO after
    its handshake and its CONNECT, whose body is given."""

    def __init__(self, bench, meet):
        certificate, key = bench.pki.issue("broker", "localhost")[:2]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._meet, self._listening = meet, socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection = self._listening.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw):
        try:
            connection = fake_broker.Connection(raw, self._context)
            connection.handshake()
            connect = connection.packet()[1]
            self._meet(connection, "down" if b"g-1-down" in connect else "up", connect)
        except (fake_broker.Gone, OSError, ssl.SSLError):
            pass
        finally:
            raw.close()

    def stop(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def connects(broker):
    return broker.log().count("New client connected")


# ---- what goes up


def test_publish_arrives_with_its_properties_and_puback_is_a_result(bench):
    broker, core, uplink = bench.all()
    hub = bench.hub(broker)
    assert core.links[-1] == (True, "connected", uplink.ends)
    assert core.publish(7, "up/alarms", b'{"schema":"wardgate.alarm/1"}', ALARM, kid=b"k-7", sig=b"U" * 86)
    assert core.publish(8, "up/active/p-1", b"{}", STATE, retain=True, expiry=180, correlation=b"\0\xff")
    core.until(lambda: len(core.results) == 2, "results")
    assert sorted(core.results) == [(7, 0), (8, 0)]
    alarm, active = hub.next(), hub.next()
    assert (alarm.topic, alarm.payload, alarm.qos, alarm.retain) == (
        f"{TOPICS}/up/alarms", b'{"schema":"wardgate.alarm/1"}', 1, False)
    assert alarm.properties.UserProperty == [("kid", "k-7"), ("sig", "U" * 86)]
    assert alarm.properties.ContentType == "application/json"
    assert not hasattr(alarm.properties, "MessageExpiryInterval")
    assert not hasattr(alarm.properties, "CorrelationData") and active.properties.CorrelationData == b"\0\xff"
    assert active.retain and 170 <= active.properties.MessageExpiryInterval <= 180


def test_qos_0_is_answered_too(bench):
    broker, core, _ = bench.all()
    hub = bench.hub(broker)
    assert core.publish(1, "up/heartbeat", b"{}", STATE, qos=0)
    core.until(lambda: core.results == [(1, 0)], "a result")
    assert hub.next().topic.endswith("up/heartbeat")


def test_no_packet_waits_for_the_acknowledgement_of_another(bench):
    broker, _, uplink = bench.all()
    wait_for(lambda: options_of(uplink.process.pid, broker.port, socket.TCP_NODELAY) == [1, 1],
             "what it sends goes at once on both connections")


def test_a_refusal_of_the_broker_comes_back_as_its_reason(bench):
    acl = f"topic readwrite {TOPICS}/#\nuser g-1\ntopic write {TOPICS}/up/alarms\ntopic read {TOPICS}/down/#\n"
    _, core, _ = bench.all({"acl": acl})
    assert core.publish(1, "up/readings")
    assert core.publish(2, "up/alarms", klass=ALARM)
    core.until(lambda: len(core.results) == 2, "results")
    assert dict(core.results) == {1: 0x87, 2: 0}  # 0x87: not authorized


def test_more_than_the_broker_takes_is_refused_before_it_hangs_up(bench):
    broker, core, _ = bench.all({"settings": ["max_packet_size 4000"]})
    assert core.publish(1, payload=b"x" * 5000)
    core.until(lambda: core.results == [(1, 0x95)], "packet too large")
    assert core.publish(2)
    core.until(lambda: core.results[-1] == (2, 0), "the next one goes")
    assert connects(broker) == 2


def test_a_topic_that_is_not_utf_8_is_refused(bench):
    _, core, _ = bench.all()
    frame = core.message(1, LIVE, "up/XY", b"{}").replace(b"XY", b"\xff\xfe")
    core.connection.send(b"\x05" + core.round.to_bytes(4, "little") + frame)
    core.sent[1] = len(frame)
    core.until(lambda: core.results == [(1, 0x90)], "topic name invalid")


# ---- windows and throughput


def stream(core, count, payload=b"{}", klass=BACKLOG):
    """Sends count messages as fast as credit allows; returns the moments at which their results came."""
    came, ident = [], 0
    core.results.clear()
    deadline = time.monotonic() + 3 * GENEROUS
    while len(came) < count:
        assert time.monotonic() < deadline, f"{len(came)} of {count} answered"
        while ident < count and core.publish(ident, payload=payload, klass=klass):
            ident += 1
        assert core.turn()
        came += [time.monotonic()] * (len(core.results) - len(came))
    return came


@pytest.mark.parametrize("receive_maximum", [1, 2, 5, 20])
def test_the_window_stays_below_the_receive_maximum(bench, receive_maximum):
    _, core, _ = bench.all({"settings": [f"max_inflight_messages {receive_maximum}"]})
    granted = core.frames
    assert granted == max(1, receive_maximum - 1)
    stream(core, 100)
    # one frame stays for alarms, unless there is no other
    assert core.most_unanswered == max(1, granted - 1)
    assert core.results == [(i, 0) for i in range(100)]


def test_the_last_slot_takes_an_alarm_at_once(bench):
    broker, core, _ = bench.all({"settings": ["max_inflight_messages 5"]})
    hub = bench.hub(broker)
    broker.pause()
    ident = 0
    while core.publish(ident, klass=BACKLOG):
        ident += 1
    assert core.publish(99, "up/alarms", klass=ALARM)
    assert not core.publish(100, "up/alarms", klass=ALARM)
    broker.go_on()
    core.until(lambda: len(core.results) == ident + 1, "results")
    assert hub.until(lambda m: m.topic.endswith("alarms"))


def test_messages_flow_without_stalls(bench):
    broker, core, _ = bench.all({"settings": ["max_inflight_messages 20"]})
    hub = bench.hub(broker)
    came = stream(core, 2000, b"x" * 200, ALARM)  # a class that may use the whole window
    assert [hub.next().topic for _ in range(2000)] == [f"{TOPICS}/up/readings"] * 2000
    # At its own limit Paho sleeps for a second, in each of the hundred windows; a busy machine may do so once or twice.
    stalls = [later - before for before, later in zip(came, came[1:]) if later - before > 0.5]
    assert len(stalls) <= 5, stalls


# ---- what comes down


def test_receipts_commands_and_plans_come_down(bench):
    broker, core, _ = bench.all()
    hub = bench.hub(broker)
    hub.send("down/command", b'{"c":1}', response_topic="r/t", correlation=b"\0\xff")
    hub.send("down/receipt", b'{"r":1}', retain=True)
    hub.send("down/care-plan/p-1", b"x" * 60000, retain=True)
    hub.send("down/other", b"not for us")
    core.until(lambda: len(core.downs) == 3, "messages")
    assert core.downs[0] == (f"{TOPICS}/down/command", b'{"c":1}', False, "r/t", b"\0\xff")
    assert core.downs[1] == (f"{TOPICS}/down/receipt", b'{"r":1}', True, "", b"")
    assert core.downs[2] == (f"{TOPICS}/down/care-plan/p-1", b"x" * 60000, True, "", b"")


def test_a_flood_from_the_ward_is_bounded_and_the_retained_come_again(bench):
    broker, core, uplink = bench.all()
    hub = bench.hub(broker)
    core.live = False
    for ident in range(400):  # and the core does not read
        hub.send("down/receipt", b"%d" % ident + b" " * 8000, retain=True)
    wait_for(lambda: "more came from the broker" in uplink.log(), "the uplink has had enough")
    core.live = True
    core.until(lambda: core.downs and core.downs[-1][1].startswith(b"399 "), "the newest receipt")
    assert core.up


def test_without_a_down_connection_alarms_go_up_all_the_same(bench):
    broker = bench.broker(settings=["clientid_prefixes g-1-up"])
    core = bench.core()
    bench.uplink(broker.port)
    core.accept()
    core.until_up()
    assert core.why == "connected, but no receipts can come: MQTT: refused: Not authorized (0x87)"
    assert core.publish(1, "up/alarms", klass=ALARM)
    core.until(lambda: core.results == [(1, 0)], "a result")


# ---- connections that cannot be had (what TLS refuses: test_tls.py)


def refused(bench, **options):
    broker_options = options.pop("broker", {})
    broker = bench.broker(**broker_options)
    core = bench.core()
    bench.uplink(broker.port, **options)
    core.accept()
    core.until(lambda: core.links and core.why != "connecting", "an explanation")
    assert not core.up
    assert connects(broker) == 0
    return core.why


def test_dns_and_tcp_are_named(bench):
    core = bench.core()
    uplink = bench.uplink(free_port())
    core.accept()
    core.until(lambda: core.why not in ("", "connecting"), "an explanation")
    assert core.why == "TCP: Connection refused"
    core.close()
    uplink.stop()
    bench.uplink(8883, host="nowhere.invalid")
    core.accept()
    core.until(lambda: core.why not in ("", "connecting"), "an explanation")
    assert core.why.startswith("DNS: ")


# ---- connections that end


def test_the_broker_goes_and_comes_back_and_nothing_was_held_back(bench):
    broker, core, _ = bench.all()
    assert core.publish(1)
    core.until(lambda: core.results == [(1, 0)], "a result")
    first_round = core.round
    broker.pause()
    for ident in range(2, 6):  # on their way, never answered
        assert core.publish(ident)
    core.turn()
    broker.stop()
    core.until_down()
    core.urgent(True)
    broker.start()
    hub = bench.hub(broker)
    core.until_up()
    assert core.round == first_round + 1
    assert core.publish(6, payload=b"after")
    core.until(lambda: core.results[-1] == (6, 0), "a result")
    assert [result for result in core.results if result[1] != GIVEN_UP] == [(1, 0), (6, 0)]
    assert hub.until(lambda m: m.topic.endswith("readings")).payload == b"after"
    # what was sent on the credit of the earlier round is dropped without a word
    core.connection.send(b"\x05" + first_round.to_bytes(4, "little") + core.message(7, LIVE, "up/readings", b"stale"))
    assert core.publish(8, payload=b"fresh")
    core.until(lambda: core.results[-1] == (8, 0), "a result")
    assert hub.until(lambda m: m.topic.endswith("readings")).payload == b"fresh"


# The file of names, in a name space of its own.
OWN_NAMES = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", 'mount --bind "$0" /etc/hosts; exec "$@"']


@pytest.mark.skipif(subprocess.run([*OWN_NAMES, "/dev/null", "true"], capture_output=True).returncode != 0,
                    reason="a mount name space is for root")
def test_a_broker_at_one_of_two_addresses_is_found_again(bench):
    """Its name has one of IPv6 too, where nobody listens; after a failure the way is tried before Paho goes it."""
    names = bench.directory / "hosts"
    names.write_text("::1 localhost\n127.0.0.1 localhost\n")
    broker, core = bench.broker(), bench.core()
    uplink = bench.keep(Uplink(bench.directory, bench.directory / "spool", broker.port, bench.pki))
    uplink.command[:0] = [*OWN_NAMES, str(names)]
    uplink.start()
    core.accept()
    core.until_up()
    broker.stop()
    core.until_down()
    core.until(lambda: "refused" in core.why, "an attempt that fails")
    broker.start()
    core.urgent(True)
    core.until_up()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("proves", "why"), [
    ("::1", "connected"),
    ("::2", "TLS: the certificate of the broker is for broker, not for ::1"),
])
def test_a_broker_may_be_named_by_an_address_of_ipv6(bench, proves, why):
    broker, core = bench.broker(address="::1", server=bench.pki.issue("broker", proves)), bench.core()
    bench.uplink(broker.port, host="::1")
    core.accept()
    core.until(lambda: core.why not in ("", "connecting", "connected, but no receipts can come yet"), "it is so or so")
    assert (core.up, core.why) == (proves == "::1", why)


def test_a_broker_that_does_not_answer_is_left(bench):
    broker, core, uplink = bench.all(keepalive="1s")
    broker.pause()
    assert core.publish(1)
    core.until_down()
    assert core.why == "MQTT: the broker does not answer"
    broker.go_on()
    core.until_up()
    assert core.results == []


def test_a_half_open_connection_is_found_by_the_keep_alive(bench):
    broker, core, _ = bench.all(keepalive="2s")
    broker.pause()
    core.until_down()
    broker.go_on()
    core.until_up()


def test_the_keep_alive_of_the_broker_counts(bench):
    asked = {"up": [], "down": []}

    def meet(connection, who, connect):
        (keepalive,) = struct.unpack_from(">H", connect, 8)
        asked[who].append(keepalive)
        connection.send(fake_broker.packet(fake_broker.CONNACK, b"\0\0\3\x13\0\7" if keepalive > 7 else b"\0\0\0"))
        connection.serve()

    broker, core = bench.keep(OddBroker(bench, meet)), bench.core()
    bench.uplink(broker.port, keepalive="15s")
    core.accept()
    core.until_up()
    core.until(lambda: core.why == "connected", lambda: f"both connections ({core.why})")
    assert asked == {"up": [15, 7], "down": [15, 7]}
    assert core.publish(1)
    core.until(lambda: core.results == [(1, 0)], "a result")


def test_why_the_broker_refuses_the_connection_is_named(bench):
    assert refused(bench, broker={"settings": ["clientid_prefixes nobody"]}) == "MQTT: refused: Not authorized (0x87)"


def test_a_hang_up_amid_the_subscriptions_is_no_refusal(bench):
    def meet(connection, who, _connect):
        connection.send(fake_broker.CONNACK_GOOD)
        if who == "down":
            connection.packet()
            fake_broker.reset(connection.connection)
        else:
            connection.serve()

    broker, core = bench.keep(OddBroker(bench, meet)), bench.core()
    bench.uplink(broker.port)
    core.accept()
    core.until_up()
    assert core.why == "connected, but no receipts can come: MQTT: the broker hung up without an answer to the subscriptions"


def test_why_the_broker_ends_the_connection_is_named(bench):
    broker = bench.broker(settings=["retain_available false"])
    core = bench.core(retain=False)
    bench.uplink(broker.port)
    core.accept()
    core.until_up()
    assert core.publish(1, retain=True)
    core.until_down()
    assert core.why == "MQTT: the broker ended the connection: Retain not supported (0x9a)"


@contextlib.contextmanager
def thief_of(bench, broker, client_id):
    """Another client with that id takes the session, and the broker sends ours away."""
    thief = bench.pki.issue("g-1", file="thief")
    client = mqtt.Client(client_id, protocol=mqtt.MQTTv5)
    client.tls_set(str(bench.pki.ca), str(thief[0]), str(thief[1]), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.connect("localhost", broker.port)
    client.loop_start()
    yield
    client.disconnect()
    client.loop_stop()


def test_the_down_connection_alone_comes_back(bench):
    broker, core, _ = bench.all()
    with thief_of(bench, broker, "g-1-down"):
        core.until(lambda: "no receipts" in core.why, "the loss is told")
        assert core.up
    core.until(lambda: core.links[-1][:2] == (True, "connected"), "both again")
    assert core.publish(1)
    core.until(lambda: core.results == [(1, 0)], "a result")


def test_an_answer_of_the_name_server_that_is_lost_holds_up_no_alarm(bench):
    """The name was found, and Paho is not left to look it up again under the lock that every connection of it needs."""
    broker, core = bench.broker(), bench.core()
    lost = bench.directory / "lost"
    uplink = bench.keep(Uplink(bench.directory, bench.directory / "spool", broker.port, bench.pki))
    uplink.start(LD_PRELOAD=str(BUILD / "tests" / "fakes" / "lost_names.so"), LOST_NAMES=str(lost),
                 ASAN_OPTIONS="verify_asan_link_order=0")
    core.accept()
    core.until_up()
    core.until(lambda: core.why == "connected", "both")
    lost.touch()
    try:
        with thief_of(bench, broker, "g-1-down"):
            core.until(lambda: "no receipts" in core.why, "the loss is told")
        core.until(lambda: core.why == "connected" or lost.read_text(), "it connects again, or asks for the name")
        assert core.publish(1, "up/alarms", klass=ALARM)
        core.until(lambda: core.results == [(1, 0)], "a result")
        assert lost.read_text() == ""
    finally:
        lost.unlink()


def test_the_uplink_is_killed_and_started_again(bench):
    broker, core, uplink = bench.all()
    hub = bench.hub(broker)
    assert core.publish(1)
    core.until(lambda: core.results == [(1, 0)], "a result")
    uplink.kill()
    assert hub.until(lambda m: m.topic.endswith("up/state")).payload == b'{"online":false}'
    assert not core.turn()
    core.close()
    uplink.start()
    core.accept()
    core.until_up()
    assert core.publish(2)
    core.until(lambda: core.results[-1] == (2, 0), "a result")


def test_what_the_client_library_keeps_of_lost_connections_ends_with_the_process(bench):
    supervisor = Supervisor(bench)
    broker, core, uplink = bench.all(environment={"NOTIFY_SOCKET": supervisor.path})
    process, octets = uplink.process.pid, 60000
    core.alarm_waits = True  # or the pauses grow
    core.urgent(True)

    def happens(condition):
        wait_for(lambda: core.turn() and condition() or "begins anew" in uplink.log(), lambda: core.why)

    for lost in range(1, 20):
        broker.pause()
        assert core.publish(lost, payload=bytes(octets), klass=BACKLOG)
        core.turn()
        broker.stop()
        happens(lambda: not core.up)
        broker.start()
        happens(lambda: core.up and core.frames > 0)
        if "begins anew" in uplink.log():
            break
    assert "begins anew" in uplink.log() and lost > 512 * 1024 // octets  # one may have been lost before it was sent
    core.close()
    core.accept()
    core.until_up()
    assert uplink.process.pid == process and uplink.process.poll() is None
    assert core.publish(100)
    core.until(lambda: core.results[-1:] == [(100, 0)], lambda: f"a result ({core.results})")
    assert [said for said in supervisor.said if said in ("READY=1", "STOPPING=1")] == 2 * ["READY=1"]


def test_when_the_core_ends_the_will_is_published(bench):
    broker, core, _ = bench.all()
    hub = bench.hub(broker)
    core.close()
    will = hub.until(lambda m: m.topic.endswith("up/state"))
    assert will.payload == b'{"online":false}' and will.retain
    assert will.properties.UserProperty == [("kid", "k-1"), ("sig", "c2ln")]
    core.accept()
    core.until_up()
    assert core.publish(1)
    core.until(lambda: core.results[-1] == (1, 0), "a result")


def test_when_the_uplink_is_stopped_the_will_is_published(bench):
    broker, core, uplink = bench.all()
    hub = bench.hub(broker)
    uplink.stop()
    assert hub.until(lambda m: m.topic.endswith("up/state")).payload == b'{"online":false}'


def test_what_the_core_orders_of_it(bench):
    broker, core, uplink = bench.all()
    hub = bench.hub(broker)
    core.task(7, ROTATE)
    core.until(lambda: core.outcomes, "an outcome")
    (ident, done, text), = core.outcomes
    assert (ident, done) == (7, False) and text  # its certificate was given to it by hand
    core.task(0, RESTART)
    assert hub.until(lambda m: m.topic.endswith("up/state")).payload == b'{"online":false}'
    assert uplink.process.wait(GENEROUS) == 0


def test_what_the_broker_keeps_comes_once_more_when_the_core_asks(bench):
    broker, core, _ = bench.all()
    hub = bench.hub(broker)
    hub.send("down/care-plan/p-1", b"plan", retain=True)
    core.until(lambda: len(core.downs) == 1, "the plan")
    core.task(0, LISTEN)
    core.until(lambda: len(core.downs) == 2, "the plan once more")
    assert core.downs[1][:2] == core.downs[0][:2]
    core.until(lambda: core.links[-1][:2] == (True, "connected"), "both again")
    ups = [up for up, *_ in core.links]
    assert False not in ups[ups.index(True):] and not core.outcomes  # what goes up is not held up


def test_a_silent_core_is_told_once_and_asked_for_its_state_again(bench):
    broker, core, _ = bench.all()
    hub = bench.hub(broker)
    core.live = False
    silent = hub.until(lambda m: m.topic.endswith("up/state"))
    assert silent.payload == b'{"monitoring":"stopped"}'
    first_round = core.round
    core.live = True
    core.until(lambda: core.round == first_round + 1, "another round")
    assert [link[:2] for link in core.links[-2:]] == [(False, "the core was silent"), (True, "connected")]
    assert core.publish(1, "up/state", b'{"monitoring":"full"}', STATE, retain=True)
    assert hub.until(lambda m: m.topic.endswith("up/state")).payload == b'{"monitoring":"full"}'
    assert connects(broker) == 3  # up, down and the hub: it went on with the same connections


def test_nothing_is_said_to_the_broker_before_the_core_has_left_its_will(bench):
    broker = bench.broker()
    core = bench.core(testaments=False)
    bench.uplink(broker.port)
    core.accept()
    core.until(lambda: core.links, "a word about the link")
    assert core.why == "connecting" and connects(broker) == 0
    core.testament(0, b"{}")
    core.until_up()


def test_the_spool_may_come_later(bench):
    broker = bench.broker()
    uplink = bench.uplink(broker.port)
    wait_for(lambda: "No such file" in uplink.log(), "it says what it misses")
    core = bench.core()
    core.accept()
    core.until_up()
    assert uplink.log().count("No such file") == 1


# ---- the process


def test_it_tells_systemd_that_it_is_ready_and_lives(bench):
    supervisor = Supervisor(bench)
    core = bench.core()
    bench.uplink(free_port(), environment={"NOTIFY_SOCKET": supervisor.path, "WATCHDOG_USEC": "1000000"})
    core.accept()
    wait_for(lambda: {"READY=1", "WATCHDOG=1"} <= set(supervisor.said), lambda: supervisor.said)


@pytest.mark.skipif(not may_lock(), reason="memory may be locked by root, or within a limit")
def test_the_program_stays_in_memory_and_what_it_allocates_can_be_given_back(bench):
    """An alarm does not wait for a page of it to come back from a card that hangs."""
    _, _, uplink = bench.all()
    for file in ("wardgate-uplink", "libpaho", "libssl", "libcrypto", "libc.so"):
        assert held(uplink.process, file) == {(True, True)}, file
    assert not any(locked for locked, _ in held(uplink.process, "[heap]"))


def test_without_a_hub_the_core_is_told_so(bench):
    core = bench.core()
    bench.uplink(8883, host="")
    core.accept()
    core.until(lambda: core.why == "no hub is configured", "the reason")
    assert not core.up


@pytest.mark.parametrize("arguments, status, complaint", [
    (["--nonsense"], 2, "unrecognized option"),
    (["what"], 2, "unexpected argument 'what'"),
    (["--config", "/nonexistent.conf"], 1, "/nonexistent.conf:0: No such file or directory"),
])
def test_usage_errors_are_named(arguments, status, complaint):
    result = subprocess.run([UPLINK, *arguments], capture_output=True, text=True)
    assert result.returncode == status and complaint in result.stderr


def test_a_wrong_configuration_is_named(tmp_path):
    (tmp_path / "bad.conf").write_text("[hub]\nport = 0\n")
    result = subprocess.run([UPLINK, "--config", tmp_path / "bad.conf"], capture_output=True, text=True)
    assert result.returncode == 1 and "bad.conf:2: [hub] port = 0" in result.stderr


def test_help_and_version():
    assert "--config" in subprocess.run([UPLINK, "--help"], capture_output=True, text=True, check=True).stdout
    assert "wardgate-uplink " in subprocess.run([UPLINK, "--version"], capture_output=True, text=True, check=True).stdout
