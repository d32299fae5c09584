# SPDX-License-Identifier: Apache-2.0
"""A hub gets its certificate, and the next one: the real uplink, a real broker that wants the certificate, and an EST
server that is good or has one fault. The test plays the core."""

import contextlib
import os
import signal
import stat
import struct
import time

import pytest

from enrol_peers import DONE, ENROL, FAILED, RENEW, RETIRE, STEP, Est, Kept, end_ms
from uplink_peers import ALARM, BUILD, ROTATE, TOPICS, Broker, Core, Hub, Pki, Uplink, wait_for


def preloaded(library, **more):
    """Loaded before the uplink's own; the sanitizer's would want to be the first, and may bear that it is not."""
    return {"LD_PRELOAD": str(BUILD / "tests" / "fakes" / library), "ASAN_OPTIONS": "verify_asan_link_order=0", **more}


class WallClock:
    """The uplink's own (tests/fakes/wall_clock.c)."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(8))
        self.environment = preloaded("wall_clock.so", WALL_CLOCK=str(path))

    def set(self, ahead_ms):
        with self.path.open("r+b") as file:
            file.write(struct.pack("=q", ahead_ms))


class Bench:
    """A hub that is not enrolled, and its ward."""

    def __init__(self, directory):
        self.directory, self.stack = directory, contextlib.ExitStack()
        self.pki = Pki(directory)
        self.kept = Kept(directory / "hub")
        self.broker = self.keep(Broker(directory, self.pki)).start()
        self.est = self.keep(Est(directory, self.pki))
        self.core = Core(directory / "spool")
        nothing = (directory / "none.pem", directory / "none.key", None)
        self.uplink = self.keep(Uplink(directory, directory / "spool", self.broker.port, self.pki, client=nothing,
                                       enrolled=self.kept.directory))

    def keep(self, thing):
        self.stack.callback(thing.stop)
        return thing

    def start(self, *est_options):
        self.est.start(*est_options)
        return self.start_uplink()

    def start_uplink(self, **environment):
        self.uplink.start(**environment)
        self.core.accept()
        self.core.until(lambda: self.core.links, "the link is told")
        return self

    def provision(self, action, code=""):
        """Returns the steps; the last one says how it ended."""
        self.core.steps = []
        self.core.provision(action, code)
        self.core.until(lambda: self.core.steps and self.core.steps[-1][0] != STEP, lambda: f"an end: {self.core.steps}")
        return self.core.steps

    def enrol(self, code=None):
        return self.provision(ENROL, code or self.est.code())

    def fails(self, code=None, action=ENROL):
        """The step that failed and why; nothing may have changed, and nobody be told as enrolled."""
        before = self.kept.certificate() if self.kept.present() else None
        outcome, step, _, text = self.provision(action, code or (self.est.code() if action == ENROL else ""))[-1]
        assert outcome == FAILED
        assert (self.kept.certificate() if self.kept.present() else None) == before
        return step, text

    def log(self):
        return self.uplink.log() + (self.directory / "mosquitto.log").read_text(errors="replace")


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    with bench.stack:
        yield bench


# ---- enrolment


def test_a_new_hub_is_enrolled_and_the_link_comes_up(bench):
    bench.start()
    hub = bench.keep(Closing(Hub(bench.broker)))
    assert bench.core.links[-1][:2] == (False, "not enrolled")
    steps = bench.enrol()
    assert [(outcome, name) for outcome, name, _, _ in steps] == [
        (STEP, "server"), (STEP, "authority"), (STEP, "key"), (STEP, "request"), (STEP, "certificate"), (DONE, "kept")]
    assert all(ms < 60000 for _, _, ms, _ in steps)
    bench.core.until_up()
    assert bench.core.publish(1, "up/alarms", b"{}", ALARM)
    assert hub.thing.next().topic == f"{TOPICS}/up/alarms"
    certificate = bench.kept.certificate()
    assert bench.kept.fits()
    assert certificate.subject.rfc4514_string() == "CN=g-1"
    assert bench.core.links[-1][2] == end_ms(certificate)
    assert "g-1" in [line.split("'")[-2] for line in bench.broker.log().splitlines() if "New client connected" in line]


class Closing:
    def __init__(self, thing):
        self.thing, self.stop = thing, thing.close


def test_openssl_stands_for_threads_that_end_after_the_process(bench):
    """An attempt is inside OpenSSL when the uplink is told to end, and so may Paho's threads be."""
    bench.est.start("--fault", "hangs")
    bench.uplink.start(**preloaded("late_threads.so"))
    bench.core.accept()
    bench.core.provision(ENROL, bench.est.code())
    bench.core.until(lambda: bench.est.said("hangs"), "the request is there")
    bench.uplink.stop()
    assert "OpenSSL stands, with threads" in bench.uplink.log().splitlines()


def test_an_attempt_whose_process_dies_has_failed(bench):
    bench.est.start("--fault", "hangs")
    bench.start_uplink()
    bench.core.provision(ENROL, bench.est.code())
    bench.core.until(lambda: bench.est.said("hangs"), "the request is there")
    asking, = bench.uplink.asking()
    os.kill(asking, signal.SIGKILL)
    bench.core.until(lambda: bench.core.steps and bench.core.steps[-1][0] == FAILED, "it has failed")
    assert bench.core.steps[-1][3] == "HTTPS: wardgate-https ended without an answer"
    assert bench.uplink.asking() == [] and not bench.kept.present()


def test_what_is_kept_is_for_the_uplink_alone(bench):
    bench.start()
    bench.enrol()
    current = bench.kept.directory / "current"
    assert sorted(os.listdir(current)) == ["ca.pem", "certificate.pem", "key.pem", "server"]
    for name in os.listdir(current):
        assert stat.S_IMODE((current / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(bench.kept.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(current.stat().st_mode) == 0o700


def test_the_hub_that_was_enrolled_is_so_after_a_restart(bench):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    bench.uplink.stop()
    bench.start_uplink()
    bench.core.until_up()


# ---- whom it believes


def test_an_authority_that_the_code_does_not_name_gets_nothing(bench):
    bench.start()
    step, text = bench.fails(bench.est.code(fingerprint=bytes(32)))
    assert step == "authority" and text.startswith("the server's authority is not the one that the code names. Nothing was sent")
    assert not bench.est.posts()


def test_a_server_that_its_own_authority_does_not_vouch_for_gets_nothing(bench):
    """It sends the right authority, which is public, and cannot prove that it is of it."""
    (bench.directory / "other").mkdir()
    bench.est = bench.keep(Est(bench.directory, bench.pki, server=Pki(bench.directory / "other").issue("est", "localhost")))
    bench.start()
    step, text = bench.fails()
    assert step == "request" and text.startswith("TLS: ")
    assert not bench.est.posts()


def test_a_server_of_another_name_gets_nothing(bench):
    bench.est = bench.keep(Est(bench.directory, bench.pki, server=bench.pki.issue("est", "another.example")))
    bench.start()
    step, text = bench.fails()
    assert step == "request" and text.startswith("TLS: ")
    assert not bench.est.posts()


# ---- the code


def test_a_code_is_good_once(bench):
    bench.start()
    code = bench.est.code()
    assert bench.enrol(code)[-1][0] == DONE
    step, text = bench.fails(code)
    assert step == "request" and text.startswith("the ward does not take this code: it was used, or is too old")


def test_a_code_that_the_ward_does_not_know_is_refused(bench):
    bench.start()
    step, text = bench.fails(bench.est.code(known=False))
    assert step == "request" and "Ask for a new one" in text


def test_a_code_of_another_gateway_is_refused(bench):
    bench.start()
    step, text = bench.fails(bench.est.code(gateway="g-2"))
    assert step == "request" and "does not take this code" in text


def test_a_mistyped_code_goes_nowhere(bench):
    bench.start()
    code = bench.est.code()
    server, groups = code.split("/")
    groups = groups.split("-")
    groups[2] = groups[2][:-1] + ("0" if groups[2][-1] != "0" else "1")
    assert bench.fails(f"{server}/{'-'.join(groups)}") == ("begin", "the third group is mistyped")
    assert not bench.est.said("GET")


# ---- what a server may do


@pytest.mark.parametrize(("fault", "step", "words"), [
    ("other-key", "certificate", "not used: the certificate is for another key than this hub's"),
    ("other-name", "certificate", "not used: the certificate is for another name than this hub's"),
    ("expired", "certificate", "not used: the certificate has run out already: is the time of this hub right?"),
    ("early", "certificate", "not used: the certificate is not valid yet: is the time of this hub right?"),
    ("other-issuer", "certificate", "not used: the certificate does not prove this hub to the ward: certificate signature failure"),
    ("server-only", "certificate", "not used: the certificate does not prove this hub to the ward: "),
    ("oversize", "request", "HTTPS: the answer is larger than any that is right"),
    ("endless", "request", "HTTPS: the answer is larger than any that is right"),
    ("headers", "request", "HTTPS: the answer has more headers than any that is right"),
    ("dies", "request", "HTTPS: "),
    ("redirect", "request", "localhost:{port} sends us elsewhere (status 307), which is not followed"),
    ("redirect-cacerts", "server", "localhost:{port} sends us elsewhere (status 302), which is not followed"),
    ("html", "request", "localhost:{port} answers with something else than certificates: is it the EST server?"),
    ("garbage", "request", "what localhost:{port} sends as our certificate is no PKCS #7"),
    ("empty", "request", "what localhost:{port} sends as our certificate is a PKCS #7 without certificates"),
    ("refuses", "request", 'the ward refuses (status 403): "this gateway is of another site"'),
    ("much-later", "request", "the ward has not decided yet: the code stays good, try again in 120 min"),
])
def test_a_fault_is_named_and_changes_nothing(bench, fault, step, words):
    bench.start("--fault", fault)
    assert bench.fails() == (step, AnyAfter(words.format(port=bench.est.port)))
    assert bench.core.links[-1][:2] == (False, "not enrolled")
    bench.est.stop()
    bench.est.start()
    assert bench.enrol()[-1][0] == DONE  # and nothing is in the way of a good one
    bench.core.until_up()


class AnyAfter(str):
    """A text that begins so."""

    def __eq__(self, other):
        return other.startswith(str(self))

    __hash__ = None


def test_a_server_that_is_not_there_is_named(bench):
    bench.start()
    bench.est.stop()
    step, text = bench.fails()
    assert step == "server" and text.startswith("TCP: ")


def test_a_ward_that_wants_time_is_given_it(bench):
    bench.start("--fault", "later")
    steps = bench.enrol()
    assert [text for _, name, _, text in steps if name == "waiting"] == ["the ward wants 1 s to decide"] * 2
    assert steps[-1][0] == DONE
    assert len(bench.est.posts()) == 3


def test_a_ward_that_does_not_say_how_much_time_is_not_asked_all_the_time(bench):
    bench.start("--fault", "some-day")
    bench.core.provision(ENROL, bench.est.code())
    bench.core.until(lambda: bench.core.steps and bench.core.steps[-1][1] == "waiting", "it waits")
    assert bench.core.steps[-1][3] == "the ward has not decided: it is asked again in 30 s"


def test_neither_code_nor_password_is_logged_whatever_the_server_says(bench):
    bench.start("--fault", "echo")
    code = bench.est.code()
    secret = bench.est.codes.read_text().split()[0]
    assert bench.fails(code) == ("request", "the ward refuses (status 400)")
    bench.est.stop()
    bench.est.start()
    assert bench.enrol(code)[-1][0] == DONE
    log = bench.log().lower()
    assert "enrolment: kept" in log
    assert secret.lower() not in log and not any(group.lower() in log for group in code.split("/")[1].split("-"))


# ---- where it is cut off


def test_killed_between_key_and_certificate_it_goes_on_with_the_same_code(bench):
    """The ward has issued the certificate, and the hub was killed before it came: the same key gets the same."""
    bench.start("--fault", "hangs")
    code = bench.est.code()
    bench.core.provision(ENROL, code)
    bench.core.until(lambda: bench.est.said("hangs"), "the request is there")
    bench.uplink.kill()
    bench.core.close()
    assert not bench.kept.present()
    assert (bench.kept.directory / "next" / "key.pem").exists()
    bench.est.go.write_text("")
    bench.start_uplink()
    assert bench.core.links[-1][:2] == (False, "not enrolled")
    assert bench.enrol(code)[-1][0] == DONE
    bench.core.until_up()


def test_a_key_that_is_half_written_is_made_again(bench):
    (bench.kept.directory / "next").mkdir(parents=True)
    (bench.kept.directory / "next" / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nMIGH")
    bench.start()
    assert bench.enrol()[-1][0] == DONE
    assert bench.kept.fits()


def test_killed_between_the_generation_and_the_switch_it_goes_on(bench):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    bench.uplink.stop()
    bench.core.close()
    (bench.kept.directory / "current").unlink()
    bench.start_uplink()
    bench.core.until_up()
    assert bench.kept.generations() == ["g-1"]


def test_without_a_place_for_the_key_nothing_is_sent(bench):
    bench.kept.directory.write_text("in the way")
    bench.start()
    step, text = bench.fails()
    assert step == "key" and "Not a directory" in text
    assert not bench.est.posts()


# ---- renewal


def test_it_is_renewed_with_a_new_key_and_the_link_follows_without_a_restart(bench):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    key, certificate, rounds = bench.kept.key(), bench.kept.certificate(), bench.core.round
    steps = bench.provision(RENEW)
    assert [name for _, name, _, _ in steps] == ["key", "request", "certificate", "kept"]
    bench.core.until(lambda: bench.core.up and bench.core.round > rounds, "the link is up with the new one")
    assert bench.kept.fits()
    assert bench.kept.certificate() != certificate
    assert bench.kept.key().public_key().public_numbers() != key.public_key().public_numbers()
    assert [line for line in bench.est.posts() if "simplereenroll" in line]
    assert bench.core.links[-1][2] == end_ms(bench.kept.certificate())
    wait_for(lambda: bench.kept.generations() == ["g-2"], "the one before is gone: the broker has taken the new one")


class Ahead:
    """A hub that is enrolled, whose clock then goes two days ahead: it takes for good what is good from tomorrow on."""

    def __init__(self, bench, *est_options):
        self.clock = WallClock(bench.directory / "wall-clock")
        bench.est.start(*est_options)
        bench.start_uplink(**self.clock.environment)
        bench.enrol()
        bench.core.until_up()
        self.certificate = bench.kept.certificate()
        self.clock.set(2 * 86400 * 1000)
        bench.est.stop()
        bench.est.start("--fault", "early")


WENT_BACK = "renewal: the broker refuses the new certificate: the one before is in use again"


def test_a_new_certificate_that_the_broker_refuses_gives_way_to_the_one_before(bench):
    first = Ahead(bench).certificate
    rounds = bench.core.round
    assert bench.provision(RENEW)[-1][0] == DONE
    bench.core.until(lambda: WENT_BACK in bench.uplink.log(), "it has gone back")
    bench.core.until(lambda: bench.core.up and bench.core.round > rounds, "the link is up again")
    assert bench.kept.certificate() == first and bench.kept.fits()
    assert bench.kept.generations() == ["g-1"]
    assert bench.core.links[-1][2] == end_ms(first)
    bench.est.stop()
    bench.est.start()  # and the next renewal is one like any other
    assert bench.provision(RENEW)[-1][0] == DONE
    wait_for(lambda: bench.kept.generations() == ["g-2"], "the broker has taken the next one")
    assert bench.kept.certificate() != first


def test_it_goes_back_while_an_alarm_waits(bench):
    """The link is lost before it could be made anew in peace."""
    Ahead(bench)
    bench.core.alarm_waits = True
    bench.core.urgent(True)
    assert bench.provision(RENEW)[-1][0] == DONE
    assert bench.core.up
    bench.broker.stop()
    bench.core.until(lambda: not bench.core.up, "the link is lost")
    bench.broker.start()
    bench.core.until_up()
    assert bench.core.publish(1, "up/alarms", b"{}", ALARM)
    bench.core.until(lambda: (1, 0) in bench.core.results, "the alarm is through")
    assert WENT_BACK in bench.uplink.log()


def test_a_restart_on_the_way_back_changes_nothing(bench):
    ahead = Ahead(bench)
    bench.broker.stop()
    assert bench.provision(RENEW)[-1][0] == DONE
    bench.uplink.stop()  # no broker has seen it yet
    bench.broker.start()
    bench.start_uplink(**ahead.clock.environment)
    bench.core.until_up()
    assert bench.kept.certificate() == ahead.certificate and bench.kept.generations() == ["g-1"]


def test_a_broker_that_is_not_there_has_refused_nothing(bench):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    bench.broker.stop()
    assert bench.provision(RENEW)[-1][0] == DONE
    second = bench.kept.certificate()
    bench.core.until(lambda: bench.core.why.startswith("TCP: "), lambda: f"an attempt fails: {bench.core.links}")
    assert bench.kept.generations() == ["g-1", "g-2"]
    bench.broker.start()
    bench.core.until_up()
    assert bench.kept.certificate() == second
    wait_for(lambda: bench.kept.generations() == ["g-2"], "the one before is gone")


def test_there_is_no_way_back_to_what_was_before_an_enrolment(bench):
    """It may be of another ward, or of a hub that had to be enrolled again because nobody took it any more."""
    Ahead(bench)
    assert bench.enrol()[-1][0] == DONE
    second = bench.kept.certificate()
    assert bench.kept.generations() == ["g-2"]
    bench.core.until(lambda: "refuses this gateway's certificate" in bench.core.why, lambda: f"{bench.core.links}")
    assert bench.kept.certificate() == second


def test_there_is_no_way_back_to_what_has_ended(bench):
    Ahead(bench, "--life", 86400)
    assert bench.provision(RENEW)[-1][0] == DONE
    bench.core.until(lambda: "refuses this gateway's certificate" in bench.core.why, lambda: f"{bench.core.links}")
    assert WENT_BACK not in bench.uplink.log()


def test_while_an_alarm_waits_the_link_is_left_alone(bench):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    bench.core.alarm_waits = True
    bench.core.urgent(True)
    rounds = bench.core.round
    assert bench.provision(RENEW)[-1][0] == DONE
    assert bench.core.publish(1, "up/alarms", b"{}", ALARM)
    bench.core.until(lambda: (1, 0) in bench.core.results, "the alarm is through")
    assert bench.core.up and bench.core.round == rounds
    bench.core.alarm_waits = False
    bench.core.until(lambda: bench.core.up and bench.core.round > rounds, "the link is up with the new one")


def test_it_is_renewed_by_itself_in_its_last_third(bench):
    bench.start("--age", 600, "--life", 260)  # less than the last third
    bench.enrol()
    first = bench.kept.certificate()
    bench.core.until(lambda: bench.kept.certificate() != first, "the next one is there")
    bench.core.until_up()
    assert bench.core.steps[-1][1] == "kept" and len(bench.core.steps) == 6  # nobody had asked for that


def test_a_renewal_that_fails_leaves_the_old_one_and_is_tried_again(bench):
    bench.start("--age", 600, "--life", 200)
    bench.enrol()
    bench.core.until_up()
    bench.est.stop()
    first = bench.kept.certificate()
    bench.core.until(lambda: "enrolment: request: TCP: " in bench.uplink.log(), "the renewal has failed")
    assert bench.kept.certificate() == first and bench.core.up
    bench.est.start()
    bench.core.until(lambda: bench.kept.certificate() != first, "it was tried again")


def test_an_attempt_at_a_wrong_time_does_not_keep_the_next_one_waiting_for_that_time(bench):
    """The clock is ten years ahead, and so the attempt fails; then the clock is set right."""
    clock = WallClock(bench.directory / "wall-clock")
    bench.est.start("--age", 600, "--life", 200)
    bench.start_uplink(**clock.environment)
    bench.enrol()
    first = bench.kept.certificate()
    clock.set(10 * 365 * 86400 * 1000)
    bench.est.stop()
    bench.core.until(lambda: "enrolment: request: TCP: " in bench.uplink.log(), "the renewal has failed")
    clock.set(0)
    bench.est.start()
    bench.core.until(lambda: bench.kept.certificate() != first, "it was tried again")


def test_the_ward_has_the_key_rotated(bench):
    bench.start()
    bench.core.task(5, ROTATE)
    bench.core.until(lambda: bench.core.outcomes, "an outcome")
    assert bench.core.outcomes == [(5, False, "there is no certificate that was enrolled here: enrol with a code")]
    bench.enrol()
    bench.core.until_up()
    first, rounds = bench.kept.certificate(), bench.core.round
    bench.core.task(6, ROTATE)
    bench.core.until(lambda: len(bench.core.outcomes) == 2, "an outcome")
    assert bench.core.outcomes[-1] == (6, True, "it is in use")
    assert bench.kept.certificate() != first and bench.kept.fits()
    assert len(bench.core.steps) == 6  # steps are for whoever waits for steps
    bench.core.until(lambda: bench.core.up and bench.core.round > rounds, "the link is up with the new one")


def test_who_asks_meanwhile_for_a_renewal_gets_its_outcome(bench):
    bench.start()
    bench.enrol()
    bench.est.stop()
    bench.est.start("--fault", "later")
    bench.core.steps = []
    bench.core.provision(RENEW)
    bench.core.task(7, ROTATE)
    bench.core.until(lambda: bench.core.outcomes, "an outcome")
    assert bench.core.outcomes == [(7, True, "it is in use")]
    assert bench.core.steps[-1][:2] == (DONE, "kept")
    assert len(bench.est.posts()) == 3


def test_without_a_certificate_there_is_nothing_to_renew(bench):
    bench.start()
    assert bench.fails(action=RENEW) == ("begin", "there is no certificate that was enrolled here: enrol with a code")


def test_a_hub_whose_certificate_has_run_out_is_enrolled_with_a_new_code(bench):
    bench.start("--age", 600, "--life", 3)
    bench.enrol()
    bench.est.stop()
    bench.est.start()
    first = bench.kept.certificate()
    wait_for(lambda: time.time() * 1000 > end_ms(first), "it has run out")
    step, text = bench.fails(action=RENEW)
    assert step == "request"
    assert bench.enrol()[-1][0] == DONE
    bench.core.until_up()


@pytest.mark.parametrize(("fault", "step", "words"), [
    ("other-key", "certificate", "not used: the certificate is for another key than this hub's"),
    ("much-later", "request", "the ward has not decided yet: the present certificate stays in use, try again in 120 min"),
])
def test_the_fault_of_a_renewal_changes_nothing(bench, fault, step, words):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    bench.est.stop()
    bench.est.start("--fault", fault)
    assert bench.fails(action=RENEW) == (step, words)
    assert bench.core.up


# ---- the end


def test_a_retired_hub_has_neither_key_nor_certificate(bench):
    bench.start()
    bench.enrol()
    bench.core.until_up()
    bench.provision(RENEW)
    with open(bench.kept.directory / "current" / "key.pem", "rb") as key:
        assert bench.provision(RETIRE)[-1][0] == DONE
        assert set(key.read()) == {0}
    bench.core.until(lambda: bench.core.links[-1][:2] == (False, "not enrolled"), "the link is down")
    assert os.listdir(bench.kept.directory) == []
    assert bench.enrol()[-1][0] == DONE
    bench.core.until_up()


def test_an_empty_line_in_place_of_a_certificate_is_none(bench):
    (bench.directory / "none.pem").write_text("\n")
    bench.start()
    assert bench.core.links[-1][:2] == (False, "not enrolled")


def test_what_is_no_certificate_is_told_as_such(bench):
    (bench.directory / "none.pem").write_text("nonsense\n")
    bench.start()
    bench.core.until(lambda: bench.core.why.startswith("TLS: "), lambda: f"the reason: {bench.core.links}")


def test_what_the_configuration_names_is_used_until_a_hub_is_enrolled(bench):
    bench.est.start()
    own = bench.pki.issue("g-1", file="configured")
    bench.uplink = bench.keep(Uplink(bench.directory, bench.directory / "spool", bench.broker.port, bench.pki, client=own,
                                     enrolled=bench.kept.directory))
    bench.start_uplink()
    bench.core.until_up()
    rounds = bench.core.round
    assert bench.core.links[-1][2] == own[2]
    assert bench.enrol()[-1][0] == DONE
    bench.core.until(lambda: bench.core.up and bench.core.round > rounds, "the link is up with the enrolled one")
    assert bench.core.links[-1][2] != own[2]
    assert bench.provision(RETIRE)[-1] == (
        FAILED, "wipe", 0, "what was enrolled is wiped; what the configuration names (certificate, key) is not ours to wipe")
