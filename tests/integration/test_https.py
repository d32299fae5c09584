# SPDX-License-Identifier: Apache-2.0
"""Care plans over HTTPS: what the server has comes to the core as if the broker had it; what a server does wrong costs
nothing but the time until it does it right."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading

import pytest

from plan_server import PlanServer
from ports import free_port
from uplink_peers import ALARM, BUILD, NAMES, TOPICS, UPLINK, Bench, Pki, Uplink, at_once, wait_for

PLAN = b'{"payload":"...","signature":"..."}'


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    try:
        yield bench
    finally:
        bench.end()


def names(*ids):
    text = b"".join(ident.encode() + b" " for ident in ids)
    return struct.pack("<BH", NAMES, len(text)) + text


def section(port, scheme="https", host="localhost", interval="1s"):
    return f"[https]\ncare_plan_url = {scheme}://{host}:{port}/plans/{{gateway}}/{{patient}}\ncare_plan_interval = {interval}\n"


def fetching(bench, server, *ids, more=None, broker=None, **options):
    """The uplink that fetches; no broker is to be had, which mostly is no matter here."""
    core = bench.core()
    uplink = bench.uplink(broker or free_port(), more=more or section(server.port), **options)
    core.accept()
    core.connection.send(names(*ids))
    return core, uplink


def plan_server(bench):
    return bench.keep(PlanServer(bench.pki.issue("plans", "localhost"), bench.pki.ca))


@pytest.fixture
def server(bench):
    return plan_server(bench)


def plan_of(ident, document=PLAN):
    return (f"{TOPICS}/down/care-plan/{ident}", document, True, "", b"")


def until_told(core, words):
    core.until(lambda: core.fetched and words in core.fetched[-1][1], lambda: f"told: {words} (it says: {core.fetched})")
    assert core.fetched[-1][0]


def put(server, ident="p-1", document=PLAN):
    server.documents[f"/plans/g-1/{ident}"] = document


# ---- as it should be


def test_what_is_there_comes_to_the_core_once(bench, server):
    put(server)
    put(server, "p-2", b"another")
    core, _ = fetching(bench, server, "p-1", "p-2")
    core.until(lambda: server.statuses().count(304) >= 4, lambda: f"asked again: {server.asked}")
    assert sorted(core.downs) == sorted([plan_of("p-1"), plan_of("p-2", b"another")])
    assert core.fetched == [(False, "")]
    assert server.asked[0][1] is None and server.asked[-1][1] is not None


def test_a_new_version_comes_too(bench, server):
    put(server)
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.downs == [plan_of("p-1")], "the first")
    put(server, document=b"newer")
    core.until(lambda: core.downs == [plan_of("p-1"), plan_of("p-1", b"newer")], "the newer one")


def test_a_core_that_was_started_anew_gets_it_again(bench, server):
    put(server)
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.downs == [plan_of("p-1")], "the plan")
    core.close()
    core.accept()
    core.connection.send(names("p-1"))
    core.until(lambda: core.downs == 2 * [plan_of("p-1")], "the plan again")


def test_only_those_are_asked_for_who_are_here_now(bench, server):
    for ident in "p-1", "p-2":
        put(server, ident)
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.downs == [plan_of("p-1")], "the plan")
    core.connection.send(names("p-2", "../../etc/passwd", "p%2e", ""))
    core.until(lambda: core.downs == [plan_of("p-1"), plan_of("p-2")], "the other's")
    already = len(server.asked)
    core.until(lambda: len(server.asked) >= already + 3, "three rounds more")
    assert {path for path, *_ in server.asked[already:]} == {"/plans/g-1/p-2"}


def test_a_core_that_does_not_read_holds_it_up_and_loses_nothing(bench, server):
    ids = [f"p-{number}" for number in range(30)]
    for ident in ids:
        put(server, ident, ident.encode() + b" " * 60000)
    core, _ = fetching(bench, server, *ids)
    core.live = False
    wait_for(lambda: len(server.asked) >= 2, "there is no room for the second one")
    core.until(lambda: len(core.downs) == 30, "all are there")
    assert [document.split()[0].decode() for _, document, *_ in core.downs] == ids


def test_the_largest_that_is_taken(bench, server):
    put(server, document=b"x" * 65024)
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.downs == [plan_of("p-1", b"x" * 65024)], "the plan")


def test_what_is_no_care_plan_is_the_cores_matter(bench, server):
    put(server, document=b"<html>\0\xff")
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.downs == [plan_of("p-1", b"<html>\0\xff")], "it came as it is")


# ---- a server that does something else; once it is good again the plan comes


def mended(core, server, before=()):
    server.behave = None
    put(server)
    core.until(lambda: core.downs == [*before, plan_of("p-1")], lambda: f"the plan ({core.fetched})")
    core.until(lambda: core.fetched[-1] == (False, ""), "all is well")


def answering(status, body=b"no", **headers):
    return lambda handler, document: handler.answer(status, body, **headers) or True


def until_mended(bench, behave, words):
    server = plan_server(bench)
    server.behave = behave
    core, _ = fetching(bench, server, "p-1")
    until_told(core, f"p-1: {words}")
    assert core.downs == []
    mended(core, server)


def test_wrong_answers(tmp_path):
    at_once(tmp_path, until_mended, {
        "404": (answering(404), "the server answered 404"),
        "500": (answering(500), "the server answered 500"),
        "304 though no tag was told": (answering(304, b""), "the server answered 304"),
        "empty": (answering(200, b""), "the document is empty"),
        "200 headers of 100 octets": (answering(200, PLAN, **{f"X_{number}": 100 * "x" for number in range(200)}),
                                      "the answer has more headers than any that is right"),
        "one octet too large": (answering(200, b"x" * 65025), "the answer is larger than 65024 octets"),
        "far too large": (answering(200, b"x" * 10_000_000), "the answer is larger than 65024 octets"),
    })


def only_for(behave, *ids):
    return lambda handler, document: handler.path.split("/")[-1] in ids and behave(handler, document)


def asked_all_the_same(bench, behave, words):
    """All in one round, of each of which the first thing wrong is told."""
    server = plan_server(bench)
    server.behave = only_for(behave, "p-1", "p-2")
    put(server, "p-3")
    core, _ = fetching(bench, server, "p-1", "p-2", "p-3")
    core.until(lambda: core.downs == [plan_of("p-3")], lambda: f"the other's plan (asked: {server.asked})")
    until_told(core, f"p-1: {words}")
    already = len(server.asked)
    core.until(lambda: len(server.asked) >= already + 9, "three rounds more")
    assert core.fetched == [(True, f"p-1: {words}")]


def test_a_wrong_answer_for_one_keeps_no_other_away(tmp_path):
    at_once(tmp_path, asked_all_the_same, {
        "404": (answering(404), "the server answered 404"),
        "too large": (answering(200, b"x" * 65025), "the answer is larger than 65024 octets"),
        "too many headers": (answering(200, PLAN, **{f"X_{number}": 100 * "x" for number in range(200)}),
                             "the answer has more headers than any that is right"),
    })


def test_after_a_failure_the_core_keeps_what_it_has(bench, server):
    put(server)
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.downs == [plan_of("p-1")], "the plan")
    server.behave = answering(500)
    until_told(core, "p-1: the server answered 500")
    server.behave = None
    core.until(lambda: core.fetched[-1] == (False, ""), "all is well")
    assert core.downs == [plan_of("p-1")]  # unchanged: it was not sent again


def redirected(bench, status):
    server = plan_server(bench)
    elsewhere = bench.keep(PlanServer(bench.pki.issue("elsewhere", "localhost"), bench.pki.ca))
    put(elsewhere)
    server.behave = answering(status, Location=f"https://localhost:{elsewhere.port}/plans/g-1/p-1")
    core, _ = fetching(bench, server, "p-1")
    until_told(core, f"p-1: the server answered {status}, and redirects are not followed")
    assert elsewhere.asked == [] and core.downs == []


def test_redirects_are_not_followed(tmp_path):
    at_once(tmp_path, redirected, {str(status): (status,) for status in (301, 302, 303, 307, 308)})


def without_a_length(handler, _):
    """Endless, and in chunks: how large it is shows only while it comes."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
    return True


def hanging_up(handler, _):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half of it")
    handler.close_connection = True
    return True


def hanging_up_at_once(handler, _):
    handler.close_connection = True
    return True


def test_answers_that_do_not_end_as_they_should(tmp_path):
    at_once(tmp_path, until_mended, {
        "without a length": (without_a_length, "the answer is larger than 65024 octets"),
        "half of it": (hanging_up, "the server of the care plans hung up"),
        "nothing": (hanging_up_at_once, "the server of the care plans hung up"),
    })


def test_a_hang_up_for_one_keeps_no_other_away(bench, server):
    server.behave = only_for(hanging_up, "p-2")
    for ident in "p-1", "p-2", "p-3":
        put(server, ident)
    core, _ = fetching(bench, server, "p-1", "p-2", "p-3")
    core.until(lambda: core.downs == [plan_of("p-1"), plan_of("p-3")],
               lambda: f"the others' (asked: {server.asked})")
    put(server, "p-1", b"newer")
    core.until(lambda: core.downs[2:] == [plan_of("p-1", b"newer")], "a newer one, by a round that began behind it")
    until_told(core, "p-2: the server of the care plans hung up")


def test_a_server_that_hangs_up_is_asked_once_a_round(bench, server):
    server.behave = hanging_up_at_once
    core, _ = fetching(bench, server, "p-1", "p-2", "p-3")
    core.until(lambda: len(core.fetched) >= 6, lambda: f"six rounds (it says: {core.fetched})")
    assert [text.split(":")[0] for _, text in core.fetched[:6]] == 2 * ["p-1", "p-2", "p-3"]


def never(handler, _):
    handler.server.ended.wait()
    return True


def one_octet_a_second(handler, _):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        if handler.server.ended.wait(1):
            break
    return True


def taking_its_time(bench, behave):
    server = plan_server(bench)
    server.behave = behave
    broker = bench.broker()
    core = bench.core()
    bench.uplink(broker.port, more=section(server.port))
    core.accept()
    core.connection.send(names("p-1"))
    core.until_up()  # and meanwhile all else goes on
    assert core.publish(1)
    core.until(lambda: core.results == [(1, 0)], "a result")
    until_told(core, "p-1: the server of the care plans is too slow, or does not answer")
    mended(core, server)


def test_a_server_that_takes_its_time_is_left(tmp_path):
    at_once(tmp_path, taking_its_time, {"never": (never,), "one octet a second": (one_octet_a_second,)})


# ---- the process that asks


def loaded(pid):
    """The names of the libraries that a process has."""
    return {line.split("/")[-1].split(".so")[0] for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
            if ".so" in line}


def hanging(bench, server, broker=None):
    """A request that is under way: the core, the uplink and the number of the process that asks."""
    reached = threading.Event()

    def hang_up_in_the_end(handler, document):
        reached.set()
        handler.close_connection = True
        return never(handler, document)

    put(server)
    server.behave = hang_up_in_the_end
    core, uplink = fetching(bench, server, "p-1", broker=broker)
    core.until(reached.is_set, "it is asked")
    asking, = uplink.asking()
    return core, uplink, asking


def test_what_https_needs_is_loaded_while_it_is_asked_and_no_longer(bench, server):
    core, uplink, asking = hanging(bench, server)
    assert "libcurl" in loaded(asking) and "libcurl" not in loaded(uplink.process.pid)
    server.behave = None
    server.ended.set()
    until_told(core, "p-1: the server of the care plans hung up")
    assert asking not in uplink.asking()  # and it was waited for


def test_a_request_that_dies_is_told_and_made_again(bench, server):
    core, uplink, asking = hanging(bench, server)
    os.kill(asking, signal.SIGKILL)
    until_told(core, "p-1: wardgate-https ended without an answer")
    mended(core, server)


class Trickle:
    """A document that comes just fast enough to be waited for, in so many pieces."""

    pieces = 500

    def __init__(self):
        self.sent = 0

    def __call__(self, handler, _):
        handler.send_response(200)
        handler.send_header("Content-Length", str(130 * self.pieces))
        handler.end_headers()
        for _ in range(self.pieces):
            handler.wfile.write(130 * b"x")
            handler.wfile.flush()
            self.sent += 1
            if handler.server.ended.wait(0.1):
                break
        return True


def trickling(bench, server):
    server.behave = trickle = Trickle()
    core, uplink = fetching(bench, server, "p-1")
    core.until(lambda: trickle.sent > 0, "it comes")
    asking, = uplink.asking()
    return core, uplink, asking, trickle


def test_a_request_ends_with_the_uplink(bench, server):
    _, uplink, asking, trickle = trickling(bench, server)
    uplink.kill()
    wait_for(lambda: not pathlib.Path(f"/proc/{asking}").exists(), "it is gone")
    assert trickle.sent < trickle.pieces


def test_a_request_is_ended_by_the_uplink(bench, server):
    _, uplink, asking, _ = trickling(bench, server)
    os.kill(asking, signal.SIGSTOP)  # by itself it does not end then
    uplink.stop()
    assert not pathlib.Path(f"/proc/{asking}").exists()


def test_a_request_that_nobody_wants_any_more_ends(bench, server):
    core, uplink, asking, trickle = trickling(bench, server)
    core.connection.send(names())
    wait_for(lambda: not pathlib.Path(f"/proc/{asking}").exists(), "it is gone")
    assert trickle.sent < trickle.pieces and uplink.asking() == []


def test_names_that_come_meanwhile_are_asked_for_from_the_first_on(bench, server):
    server.behave = only_for(trickle := Trickle(), "p-2")
    put(server)
    put(server, "p-3")
    core, _ = fetching(bench, server, "p-1", "p-2")
    core.until(lambda: trickle.sent > 0, "it is the second one's turn")
    core.connection.send(names("p-3"))
    core.until(lambda: len(core.downs) >= 2, "the next plan")
    assert core.downs == [plan_of("p-1"), plan_of("p-3")]


def sockets(pid):
    names = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.add(os.readlink(descriptor))
    return {name for name in names if name.startswith("socket:")}


@pytest.mark.parametrize("moment", ["begin", "end"])
def test_a_disk_that_hangs_while_plans_are_fetched_holds_up_no_alarm(bench, server, moment):
    """The program that fetches them is on it: it cannot begin, or cannot end when nobody wants it any more."""
    hung = bench.directory / "hung"
    server.behave = Trickle()
    core, _ = fetching(bench, server, broker=bench.broker().port, environment={
        "LD_PRELOAD": str(BUILD / "tests" / "fakes" / "hung_programs.so"), "HUNG_PROGRAMS": str(hung),
        "ASAN_OPTIONS": "verify_asan_link_order=0"})
    core.until_up()
    if moment == "end":
        core.connection.send(names("p-1"))
        core.until(lambda: server.behave.sent > 0, "it comes")
    hung.touch()
    try:
        core.connection.send(names("p-1") if moment == "begin" else names())
        core.until(lambda: hung.read_text() == f"{moment}\n", "it waits for the disk")
        assert core.publish(1, "up/alarms", klass=ALARM)
        core.until(lambda: core.results == [(1, 0)], "a result")
        assert hung.exists()
        server.behave = None
        put(server, "p-2")
        core.connection.send(names("p-2"))
    finally:
        hung.unlink()
    core.until(lambda: plan_of("p-2") in core.downs, "the disk is back, and the other one comes")


def test_a_request_has_no_connection_of_the_uplinks(bench, server):
    """Whoever had the broker's would keep it open after the uplink's end, and the ward would not hear of that."""
    core, uplink, asking = hanging(bench, server, bench.broker().port)
    core.until_up()
    had = sockets(uplink.process.pid)
    core.connection.send(names("p-2"))  # asked for while the broker is there
    put(server, "p-2")
    wait_for(lambda: uplink.asking() not in ([], [asking]), "the next one")
    assert had
    wait_for(lambda: not had & sockets(uplink.asking()[0]), "none is that one's")  # it may be seen before it is the program


def test_a_program_that_is_not_there_is_named(bench, server):
    alone = bench.directory / "sbin"
    alone.mkdir()
    shutil.copy2(UPLINK, alone)
    core = bench.core()
    uplink = bench.keep(Uplink(bench.directory, bench.directory / "spool", free_port(), bench.pki,
                               more=section(server.port)))
    uplink.command[0] = str(alone / UPLINK.name)
    uplink.start()
    core.accept()
    core.connection.send(names("p-1"))
    until_told(core, "p-1: wardgate-https: No such file or directory")


def test_without_a_request_it_says_who_starts_it():
    program = UPLINK.parent / "../libexec/wardgate/wardgate-https"
    for given in b"", b"GET /":
        result = subprocess.run([program], input=given, capture_output=True)
        assert (result.returncode, result.stdout) == (1, b"")
        assert b"wardgate-uplink starts this program" in result.stderr


# ---- who the server is


def wrong_server(bench, pair, ca=None, **options):
    server = bench.keep(PlanServer(pair, ca or bench.pki.ca))
    put(server)
    core, _ = fetching(bench, server, "p-1", **options)
    core.until(lambda: core.fetched, "a word about it")
    assert core.fetched[-1][0] and core.downs == [] and server.asked == []
    return core.fetched[-1][1]


def test_another_authority(bench):
    other = Pki(bench.directory, "other")
    assert wrong_server(bench, other.issue("plans", "localhost"), environment={"SSL_CERT_FILE": str(other.ca)}).startswith(
        "p-1: TLS: the certificate of the server of the care plans is from another authority than ")


def test_another_host(bench):
    assert wrong_server(bench, bench.pki.issue("plans", "elsewhere.example")) == (
        "p-1: TLS: the certificate of the server of the care plans is for another host, not for localhost")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_another_address(bench):
    server = bench.keep(PlanServer(bench.pki.issue("plans", "::2"), bench.pki.ca, "::1"))
    core, _ = fetching(bench, server, "p-1", more=section(server.port, host="[::1]"))
    core.until(lambda: core.fetched, "a word about it")
    assert core.fetched[-1] == (
        True, "p-1: TLS: the certificate of the server of the care plans is for another host, not for ::1")


def test_an_ended_certificate(bench):
    assert wrong_server(bench, bench.pki.issue("plans", "localhost", days=-1)) == (
        "p-1: TLS: the certificate of the server of the care plans ended before now")


def test_a_revoked_certificate(bench):
    pair = bench.pki.issue("plans", "localhost")
    server = bench.keep(PlanServer(pair, bench.pki.ca))
    put(server)
    crl = bench.pki.revoke(pair[0])
    core, _ = fetching(bench, server, "p-1", more=f"crl = {crl}\n{section(server.port)}")
    until_told(core, "p-1: TLS: the certificate of the server of the care plans was revoked")
    bench.pki.revoke()  # it was the wrong one: the list is read anew
    core.until(lambda: core.downs == [plan_of("p-1")], "the plan")


def test_our_certificate_must_be_good_too(bench):
    server = bench.keep(PlanServer(bench.pki.issue("plans", "localhost"), Pki(bench.directory, "other").ca))
    put(server)
    core, _ = fetching(bench, server, "p-1")
    core.until(lambda: core.fetched, "a word about it")
    assert core.fetched[-1][0] and core.downs == []


def test_dns_and_tcp_are_named(bench):
    core, uplink = fetching(bench, None, "p-1", more=section(free_port()))
    until_told(core, "p-1: TCP: ")
    core.close()
    uplink.stop()
    core, _ = bench.core_, bench.uplink(free_port(), more=section(443, host="nowhere.invalid"))
    core.accept()
    core.connection.send(names("p-1"))
    until_told(core, "p-1: DNS: nowhere.invalid is not found")


def test_no_proxy_is_asked(bench, server):
    put(server)
    trap = bench.keep(socket.create_server(("127.0.0.1", 0)))
    proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
    core, _ = fetching(bench, server, "p-1", environment={"https_proxy": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy})
    core.until(lambda: core.downs == [plan_of("p-1")], "the plan")


def test_no_key_is_written_down(bench, server):
    put(server)
    keys = bench.directory / "keys.log"
    core, _ = fetching(bench, server, "p-1", environment={"SSLKEYLOGFILE": str(keys)})
    core.until(lambda: core.downs == [plan_of("p-1")], "the plan")
    assert not keys.exists()


@pytest.mark.parametrize("url, complaint", [
    ("http://ward.example/{patient}", "does not begin with https://"),
    ("https://", "does not begin with https:// and a host"),
    ("file:///etc/{patient}", "does not begin with https://"),
    ("https://ward.example/plans", "does not say where {patient} goes"),
    ("https://ward.example/{patient}/{site}", "may have {gateway} and {patient} in braces only"),
    ("https://me:secret@ward.example/{patient}", "may have neither"),
    ("https://ward.example/{patient} x", "may have neither"),
])
def test_what_may_not_be_configured(tmp_path, url, complaint):
    (tmp_path / "bad.conf").write_text(f"[https]\ncare_plan_url = {url}\n")
    result = subprocess.run([UPLINK, "--config", tmp_path / "bad.conf"], capture_output=True, text=True)
    assert result.returncode == 1
    assert "bad.conf:2: [https] care_plan_url = " in result.stderr and complaint in result.stderr
