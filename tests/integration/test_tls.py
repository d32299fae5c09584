# SPDX-License-Identifier: Apache-2.0
"""Who may answer for the ward: every peer that is not what it should be gets not one octet of a patient, and whoever
stands beside the gateway is told what is wrong with it, in words."""

import contextlib
import datetime
import json
import shutil
import socket
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from bluez_fixture import eventually
from test_commands import SYNCED, needs_mounts
from tls_ear import Ear
from uplink_peers import ALARM, GENEROUS, LIVE, Bench, Pki
from ward_fixture import WardAtHome

MARKER = b"SpO2-of-patient-p-7f3a"
WILL = json.dumps({"online": False, "marker": MARKER.decode()}).encode()


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    try:
        yield bench
    finally:
        bench.end()


def context_of(pair, ca=None, lowest=ssl.TLSVersion.TLSv1_2, highest=ssl.TLSVersion.MAXIMUM_SUPPORTED, suites=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if suites:
        context.set_ciphers(suites)
    context.minimum_version, context.maximum_version = lowest, highest
    context.load_cert_chain(*pair[:2])
    if ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
    return context




def hear(bench, context, **options):
    """The uplink against a listening server, until it has said why it does not connect, and once more."""
    ear = bench.keep(Ear(context))
    core = bench.core(testaments=False)
    bench.uplink(ear.port, **options)
    core.accept()
    core.testament(0, WILL)
    core.urgent(True)
    return ear, core


def refused(bench, context, **options):
    ear, core = hear(bench, context, **options)
    core.until(lambda: core.links and core.why != "connecting", "an explanation")
    core.until(lambda: ear.ended >= 4, "the up and the down connection, each with its explanation")
    assert not core.up
    assert ear.clear == b""
    assert MARKER not in ear.wire and len(ear.wire) > 100, "it heard nothing, not even a ClientHello"
    return core.why


def test_the_ear_hears(bench):
    """The counter-check: with everything right it is the will, and so the marker, that comes in clear."""
    ear, core = hear(bench, context_of(bench.pki.issue("broker", "localhost"), bench.pki.ca))
    core.until(lambda: MARKER in ear.clear, "the will in a CONNECT")
    assert MARKER not in ear.wire
    assert ear.clear.startswith(b"\x10")


def bad(bench, case):
    """What the server shows, and what is said of it."""
    issue, host = bench.pki.issue, "localhost"
    other = Pki(bench.directory, "other")
    namesake = Pki(bench.directory, "authority-2")
    namesake.name = bench.pki.name
    return {
        "expired": lambda: (issue("broker", host, days=-1), "ended on 20"),
        "not yet valid": lambda: (issue("broker", host, from_days=1),
                                  "begins on 20"),
        "wrong host": lambda: (issue("broker", "elsewhere.example"), "is for elsewhere.example, not for localhost"),
        "a name that only begins so": lambda: (issue("broker", "localhost.elsewhere.example"),
                                               "is for localhost.elsewhere.example, not for localhost"),
        "no host name at all": lambda: (issue("elsewhere"), "is for elsewhere, not for localhost"),
        "another authority": lambda: (other.issue("broker", host), f"is from another authority than {bench.pki.ca}"),
        "another authority of the same name": lambda: (namesake.issue("broker", host),
                                                       f"is from another authority than {bench.pki.ca}"),
        "self-signed": lambda: (issue("broker", host, itself=True), "is signed by nobody but itself"),
    }[case]()


@pytest.mark.parametrize("case", [
    "expired", "not yet valid", "wrong host", "a name that only begins so", "no host name at all", "another authority",
    "another authority of the same name", "self-signed"])
def test_a_wrong_certificate_gets_nothing(bench, case):
    pair, words = bad(bench, case)
    assert refused(bench, context_of(pair)).startswith(f"TLS: the certificate of the broker {words}")


def test_the_authorities_of_the_system_count_for_nothing(bench):
    """Even where everything else on this machine trusts the server's authority."""
    other = Pki(bench.directory, "other")
    why = refused(bench, context_of(other.issue("broker", "localhost")),
                  environment={"SSL_CERT_FILE": str(other.ca), "SSL_CERT_DIR": "/etc/ssl/certs"})
    assert why == f"TLS: the certificate of the broker is from another authority than {bench.pki.ca}"


def test_tls_1_1_gets_nothing(bench):
    tls_1_1 = ssl.TLSVersion.TLSv1_1
    context = context_of(bench.pki.issue("broker", "localhost"), lowest=tls_1_1, highest=tls_1_1, suites="ALL:@SECLEVEL=0")
    assert refused(bench, context) == "TLS: the broker speaks neither TLS 1.2 nor later"


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-NULL-SHA", "AECDH-NULL-SHA"])
def test_a_weak_suite_gets_nothing(bench, suite):
    context = context_of(bench.pki.issue("broker", "localhost"), highest=ssl.TLSVersion.TLSv1_2, suites=f"{suite}:@SECLEVEL=0")
    assert refused(bench, context) == "TLS: the broker has no cipher suite that is strong enough"


def test_a_broker_that_hangs_up_is_told_as_that(bench):
    """In the same words whether the connection ends or is reset: an engineer is told one thing, and the journal once."""
    ear = bench.keep(socket.create_server(("127.0.0.1", 0)))
    core = bench.core(testaments=False)
    uplink = bench.uplink(ear.getsockname()[1])
    core.accept()
    core.testament(0, WILL)
    core.urgent(True)
    ear.settimeout(0.05)
    for number in range(6):
        caller, deadline = None, time.monotonic() + GENEROUS
        while not caller and time.monotonic() < deadline:
            with contextlib.suppress(socket.timeout):
                caller, _ = ear.accept()
            core.turn()
        if number % 2:
            caller.recv(65536)  # its ClientHello: what is closed with nothing unread ends, and is not reset
        caller.close()
    core.until(lambda: core.links and core.why != "connecting", "an explanation")
    said = {line for line in uplink.log().splitlines() if "link down" in line} - {"<4>link down: connecting"}
    assert said == {"<4>link down: TLS: the broker hung up"}


@pytest.mark.parametrize("version, suite", [(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256"), (ssl.TLSVersion.TLSv1_3, None)])
def test_good_versions_and_suites_are_taken(bench, version, suite):
    context = context_of(bench.pki.issue("broker", "localhost"), bench.pki.ca, lowest=version, highest=version, suites=suite)
    ear, core = hear(bench, context)
    core.until(lambda: MARKER in ear.clear, "the will in a CONNECT")


# ---- revocation


def with_list(path):
    return f"crl = {path}\n"


def test_a_revoked_certificate_gets_nothing(bench):
    pair = bench.pki.issue("broker", "localhost")
    crl = bench.pki.revoke(pair[0])
    assert refused(bench, context_of(pair), more=with_list(crl)) == "TLS: the certificate of the broker was revoked"


def test_a_list_that_has_ended_is_none(bench):
    crl = bench.pki.revoke(days=-1)
    why = refused(bench, context_of(bench.pki.issue("broker", "localhost")), more=with_list(crl))
    assert why == f"TLS: the list of revoked certificates is out of date: {crl}"


def test_a_list_of_another_authority_is_none(bench):
    crl = Pki(bench.directory, "other").revoke()
    why = refused(bench, context_of(bench.pki.issue("broker", "localhost")), more=with_list(crl))
    assert why == f"TLS: {crl} has no list of the authority that signed for the broker"


def test_a_list_that_is_not_there_is_named(bench):
    broker, core = bench.broker(), bench.core()
    bench.uplink(broker.port, more=with_list(bench.directory / "nothing.crl"))
    core.accept()
    core.until(lambda: core.links and core.why != "connecting", "an explanation")
    assert core.why == f"TLS: {bench.directory}/nothing.crl: No such file or directory"


def test_the_list_is_read_anew_for_each_connection(bench):
    server = bench.pki.issue("broker", "localhost")
    crl = bench.pki.revoke(bench.pki.issue("somebody", "elsewhere.example")[0])
    broker, core, _ = bench.all({"server": server}, more=with_list(crl))
    bench.pki.revoke(server[0])
    broker.stop()
    broker.start()
    core.until(lambda: core.why == "TLS: the certificate of the broker was revoked", lambda: f"refused ({core.why})")
    assert not core.up
    bench.pki.revoke()
    core.urgent(True)
    core.until_up()


# ---- our own certificate


def refused_by_the_broker(bench, client, **options):
    broker, core = bench.broker(), bench.core()
    bench.uplink(broker.port, client=client, **options)
    core.accept()
    core.until(lambda: core.links and core.why != "connecting", "an explanation")
    assert not core.up and "New client connected" not in broker.log()
    return core.why


def test_our_certificate_has_ended(bench):
    client = bench.pki.issue("g-1", days=-1)
    why = refused_by_the_broker(bench, client)
    assert why.startswith("TLS: the broker refuses this gateway's certificate: it ended on 20")
    assert bench.core_.links[-1][2] == client[2]


def test_our_certificate_is_of_an_authority_that_the_broker_does_not_know(bench):
    why = refused_by_the_broker(bench, Pki(bench.directory, "other").issue("g-1"))
    assert why == "TLS: the broker refuses this gateway's certificate: it is from an authority unknown there"


@pytest.mark.parametrize("missing, what", [("pem", "certificate"), ("key", "key")])
def test_our_certificate_or_key_is_missing(bench, missing, what):
    certificate, key, ends = bench.pki.issue("g-1")
    path = certificate if missing == "pem" else key
    path.unlink()
    why = refused_by_the_broker(bench, (certificate, key, ends))
    assert why == f"TLS: this gateway's {what} cannot be used: {path}: No such file or directory"


def test_a_new_certificate_is_told_at_once_and_taken_by_the_next_connection(bench):
    old = bench.pki.issue("g-1", days=20)
    broker, core, _ = bench.all(client=old)
    assert core.links[-1][2] == old[2]
    new = bench.pki.issue("g-1", days=29, file="new")
    for is_now, was in zip(new[:2], old[:2]):
        shutil.move(is_now, was)
    core.until(lambda: core.links[-1][2] == new[2], "the new end is told, while the connection stands")
    assert core.up and core.publish(1, "up/alarms", klass=ALARM)
    core.until(lambda: core.results == [(1, 0)], "a result")
    broker.stop()
    broker.start()
    core.until_down()
    core.urgent(True)
    core.until_up()
    assert core.publish(2, klass=LIVE)
    core.until(lambda: core.results[-1] == (2, 0), "a result")


def test_a_renewal_mends_what_has_ended(bench):
    """No restart: the files are replaced, and the next attempt takes them."""
    old = bench.pki.issue("g-1", days=-1)
    refused_by_the_broker(bench, old)
    new = bench.pki.issue("g-1", days=29, file="new")
    for is_now, was in zip(new[:2], old[:2]):
        shutil.move(is_now, was)
    core = bench.core_
    core.urgent(True)
    core.until_up()
    core.until(lambda: core.links[-1] == (True, "connected", new[2]), lambda: f"both connections ({core.links[-1]})")


# ---- the whole gateway


def reissue(pki, name, days):
    """Gives the certificate NAME.pem another end: so many days from now."""
    authority = x509.load_pem_x509_certificate((pki / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    was = x509.load_pem_x509_certificate((pki / f"{name}.pem").read_bytes())
    now = datetime.datetime.utcnow()
    builder = x509.CertificateBuilder(
        authority.subject, was.subject, was.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=40),
        now + datetime.timedelta(days=days), list(was.extensions))
    new = pki / "new.pem"
    new.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    new.rename(pki / f"{name}.pem")


def conditions(home):
    return {alarm["condition"] for alarm in home.ask("alarms", "list")}


@needs_mounts
def test_an_ended_certificate_stops_nothing_at_home_and_a_new_one_needs_no_restart():
    home = WardAtHome()
    home.prefix = SYNCED
    pki = home.directory / "pki"
    reissue(pki, "g-1", -1)
    home.start()
    try:
        eventually(lambda: "it ended on" in home.ask("hub", "show")[0]["link"]["reason"], lambda: home.ask("hub", "show"))
        eventually(lambda: "certificate-expiring" in conditions(home), lambda: conditions(home))
        home.enter(3)  # committed, or wardctl would say so
        assert home.ask("queue")[0]["undelivered_readings"] >= 3
        reissue(pki, "g-1", 90)
        home.wait_until_delivered()
        eventually(lambda: "certificate-expiring" not in conditions(home), lambda: conditions(home))
        assert home.at_the_ward()[home.epoch()] == [11, 12, 13]
    finally:
        home.stop()
