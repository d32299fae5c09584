# SPDX-License-Identifier: Apache-2.0
"""What the uplink says in the journal: each thing that an engineer must act on is brought about, and comes with the id of
its entry in the catalog. The journal's socket is a test's own; tests/lab/test_package.py reads an id back from journald."""

import os
import re
import socket
import struct
import subprocess
import threading

import pytest

from enrol_peers import ENROL, RENEW, RETIRE, Est
from ports import free_port
from test_catalog import matters, said_by
from uplink_peers import NAMES, Bench, Pki, Uplink, wait_for

# The journal's place, in a name space of its own.
OWN_JOURNAL = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
               'mkdir -p /run/systemd; mount --bind "$0" /run/systemd; exec "$@"']

pytestmark = pytest.mark.skipif(subprocess.run([*OWN_JOURNAL, "/tmp", "true"], capture_output=True).returncode != 0,
                                reason="a mount name space is for root")


class Journal:
    """Takes entries as journald does. entries: {field: value}, in their order."""

    def __init__(self, directory):
        self.place = directory / "run-systemd"
        (self.place / "journal").mkdir(parents=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.place / "journal" / "socket"))
        self.entries = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while entry := self.socket.recv(65536):
            head, _, text = entry.partition(b"\nMESSAGE\n")
            length, = struct.unpack_from("<Q", text)
            assert len(text) == 8 + length + 1
            fields = dict(line.split("=", 1) for line in head.decode().splitlines())
            self.entries.append({**fields, "MESSAGE": text[8 : 8 + length].decode()})

    def of(self, matter):
        return [entry["MESSAGE"] for entry in self.entries if entry.get("MESSAGE_ID") == matters()[matter]]

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)


class JournaledUplink(Uplink):
    """With its standard error where systemd puts it."""

    def start(self, **environment):
        self.journal = Journal(self.directory)
        self.ours, theirs = socket.socketpair()
        status = os.fstat(theirs.fileno())
        self.process = subprocess.Popen(
            [*OWN_JOURNAL, str(self.journal.place), *self.command], stderr=theirs,
            env={**os.environ, **environment, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        theirs.close()
        self.ours.setblocking(False)
        return self

    def log(self):
        try:
            return self.ours.recv(65536).decode(errors="replace")
        except BlockingIOError:
            return ""

    def stop(self):
        super().stop()
        self.journal.stop()


class JournalBench(Bench):
    def hears(self, port, **options):
        """The uplink, and a core that it has told of the link."""
        core = self.core()
        self.started(port, **options)
        core.accept()
        core.until(lambda: core.links, "the link is told")
        return core

    def started(self, port, within=(), **options):
        """within: what the uplink is run by."""
        self.uplink_ = self.keep(JournaledUplink(self.directory, self.directory / "spool", port, self.pki, **options))
        self.uplink_.command[:0] = within
        self.uplink_.start()

    def est(self):
        est = self.keep(Est(self.directory, self.pki))
        return est

    def unenrolled(self):
        return {"client": (self.directory / "none.pem", self.directory / "none.key", None), "enrolled": self.directory / "hub"}


@pytest.fixture
def bench(tmp_path):
    bench = JournalBench(tmp_path)
    try:
        yield bench
    finally:
        bench.end()


# ---- what brings it about: each returns what the message must say


def configuration(bench):
    bench.started(1, more="nonsense = 1\n")
    assert bench.uplink_.process.wait(60) == 1
    bench.uplink_.process = None
    return r"wardgate\.conf:\d+: .*nonsense"


def no_memory_to_lock(bench):
    core = bench.core()
    bench.started(1, host="", within=["prlimit", "--memlock=0", "setpriv", "--bounding-set=-ipc_lock"])
    core.accept()
    return r"the program cannot be kept in memory \(LimitMEMLOCK=\): Operation not permitted"


def core_away(bench):
    bench.hears(free_port()).end()
    return r"spool: .*: the core ended"


def no_hub(bench):
    bench.hears(1, host="")
    return "link down: no hub is configured"


def no_certificate(bench):
    bench.hears(1, **bench.unenrolled())
    return "link down: not enrolled"


def no_name(bench):
    bench.hears(8883, host="nowhere.invalid")
    return "link down: DNS: "


def no_listener(bench):
    bench.hears(free_port())
    return "link down: TCP: Connection refused"


def another_broker(bench):
    other = Pki(bench.directory, "other")
    bench.hears(bench.broker(server=other.issue("broker", "localhost")).port)
    return "link down: TLS: the certificate of the broker is from another authority than "


def no_list(bench):
    bench.hears(bench.broker().port, more=f"crl = {bench.directory}/nothing.crl\n")
    return r"link down: TLS: .*/nothing\.crl: No such file or directory"


def refused_in_mqtt(bench):
    bench.hears(bench.broker(settings=["clientid_prefixes nobody"]).port)
    return r"link down: MQTT: refused: Not authorized \(0x87\)"


def of_another_authority(bench):
    bench.hears(bench.broker().port, client=Pki(bench.directory, "other").issue("g-1"))
    return "link down: TLS: the broker refuses this gateway's certificate: it is from an authority unknown there"


def revoked(bench):
    client = bench.pki.issue("g-1")
    bench.hears(bench.broker(settings=[f"crlfile {bench.pki.revoke(client[0])}"]).port, client=client)
    return "link down: TLS: the broker refuses this gateway's certificate: it was revoked"


def ends(bench):
    bench.hears(1, host="", client=bench.pki.issue("g-1", days=5))
    return r"this gateway's certificate ends on \d{4}-\d\d-\d\d \d\d:\d\d UTC$"


def ended(bench):
    bench.hears(1, host="", client=bench.pki.issue("g-1", days=-1))
    return r"this gateway's certificate ended on \d{4}-\d\d-\d\d \d\d:\d\d UTC$"


def not_enrolled_by_a_server_that_is_away(bench):
    bench.hears(1, **bench.unenrolled()).provision(ENROL, bench.est().code())
    return "enrolment: server: TCP: "


def not_renewed_by_a_server_that_went_away(bench):
    est = bench.est().start()
    core = bench.hears(1, **bench.unenrolled())
    core.provision(ENROL, est.code())
    core.until(lambda: core.steps and core.steps[-1][1] == "kept", lambda: f"it is enrolled: {core.steps}")
    est.stop()
    core.provision(RENEW)
    return "enrolment: request: TCP: "


def not_ours_to_wipe(bench):
    bench.hears(1, host="", enrolled=bench.directory / "hub").provision(RETIRE)
    return "retirement: what was enrolled is wiped; what the configuration names .* is not ours to wipe"


def no_server_of_plans(bench):
    url = f"https://localhost:{free_port()}/{{patient}}"
    core = bench.hears(1, host="", more=f"[https]\ncare_plan_url = {url}\ncare_plan_interval = 60s\n")
    core.connection.send(struct.pack("<BH", NAMES, 4) + b"p-1 ")
    return "care plans over HTTPS: p-1: TCP: "


CASES = {
    "WARD_JOURNAL_UPLINK_CANNOT_START": configuration,
    "WARD_JOURNAL_UPLINK_UNLOCKED": no_memory_to_lock,
    "WARD_JOURNAL_CORE_NOT_HEARD": core_away,
    "WARD_JOURNAL_HUB_NOT_NAMED": no_hub,
    "WARD_JOURNAL_NOT_ENROLLED": no_certificate,
    "WARD_JOURNAL_NAME_NOT_FOUND": no_name,
    "WARD_JOURNAL_BROKER_NOT_REACHED": no_listener,
    "WARD_JOURNAL_TLS_FAILS": another_broker,
    "WARD_JOURNAL_TLS_FILES": no_list,
    "WARD_JOURNAL_BROKER_REFUSES": refused_in_mqtt,
    "WARD_JOURNAL_CERTIFICATE_REFUSED": of_another_authority,
    "WARD_JOURNAL_CERTIFICATE_REVOKED": revoked,
    "WARD_JOURNAL_CERTIFICATE_ENDS": ends,
    "WARD_JOURNAL_CERTIFICATE_ENDED": ended,
    "WARD_JOURNAL_ENROLMENT_FAILED": not_enrolled_by_a_server_that_is_away,
    "WARD_JOURNAL_RENEWAL_FAILED": not_renewed_by_a_server_that_went_away,
    "WARD_JOURNAL_KEY_NOT_WIPED": not_ours_to_wipe,
    "WARD_JOURNAL_PLANS_NOT_FETCHED": no_server_of_plans,
}


def test_all_that_the_uplink_knows_are_brought_about_here():
    assert CASES.keys() == said_by("uplink")


@pytest.mark.parametrize("matter", CASES)
def test_it_comes_with_its_id(bench, matter):
    expected = CASES[matter](bench)
    journal = bench.uplink_.journal
    core = getattr(bench, "core_", None)

    def heard():
        if core and core.connection:
            core.turn()
        return journal.of(matter)

    said = wait_for(heard, lambda: f"{matter}: {journal.entries}")
    assert re.search(expected, said[0]), said
    assert all(entry["SYSLOG_IDENTIFIER"] == "wardgate-uplink" for entry in journal.entries)
    assert all(int(entry["PRIORITY"]) <= 4 for entry in journal.entries if "MESSAGE_ID" in entry)
    assert bench.uplink_.log() == "", "the journal would have it twice"


def test_a_way_that_is_open_is_nobodys_business(bench):
    """With everything right nothing has an id."""
    client = bench.pki.issue("g-1", days=40)
    core = bench.hears(bench.broker().port, client=client)
    core.until(lambda: core.links[-1] == (True, "connected", client[2]), lambda: f"both connections ({core.links[-1]})")
    journal = bench.uplink_.journal
    wait_for(lambda: "link up: connected" in [entry["MESSAGE"] for entry in journal.entries], lambda: journal.entries)
    assert not [entry for entry in journal.entries if "MESSAGE_ID" in entry], journal.entries
