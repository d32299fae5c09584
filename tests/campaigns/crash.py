# SPDX-License-Identifier: Apache-2.0
"""crash-states: what a power cut can leave on the disk, many times over.

A guest of the lab runs tests/crash/load.c on a small ext4 while QEMU records every write and flush of its disk. What
the store told as committed is in the same recording, as a sector behind the file system that is written right after it
was told. From the recording states are made: everything up to a cut's last flush, and of what was written since a random
part (writelog.py). Each is mounted, which replays the journal of the file system, and the database opened by the store
itself (tests/crash/look.c); what it finds is held against what had been told at the cut (book.py).

Where a cut fell is told by what the load was at, and by which file the writes were of that may be missing:

  creation     a fresh database is being made                          upgrade   one of an earlier format is taken over
  recovery     one that an earlier life left is opened, with its log or without, and takes its first commit
  checkpoint   the log is being moved into the file                    commit    the log is being written, or the journal
  at rest      nothing was under way
"""

import contextlib
import json
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter, namedtuple

from book import Base, Ledger, Look, judge
from checker import Findings
from loopmount import LoopMount
from writelog import SECTOR, Platter, WriteLog

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIB = 1 << 20
DISK_MIB, FILE_SYSTEM_MIB = 25, 24  # what the load was told is written behind the file system
BLOCK = 4096
FORMATS = (1, 2)
STATES_EACH = 5000  # from one recording
COMMITS, FEW_COMMITS, FEW_STATES = 1200, 400, 500  # of its load; fewer for few states
WORKERS = 2 * os.cpu_count()  # what a state takes is for a good part waiting for the kernel's own threads
CHUNK = 100  # states that a worker makes in one go
MOMENTS = {"creation": 10, "upgrade": 15, "recovery": 10, "checkpoint": 25, "commit": 35, "at rest": 5}  # of a hundred
IN_MIDST = 3  # as often as a cut right after a flush, while a database is made or opened
FILES = ("database", "journal", "metadata", "log of the database, or other")
LOOK_S = 60
OTHERS = 0.25  # of the states in which a database is looked at, too, that nothing was written to
KEPT_STATES = 5


# --- recording -------------------------------------------------------------------------------------------------------


def make_formats(directory):
    """Databases as earlier programs left them. Returns what they have, by name."""
    bases = {}
    directory.mkdir()
    for number in FORMATS:
        name = f"format-{number}.db"
        with contextlib.closing(sqlite3.connect(directory / name)) as database:
            database.executescript((ROOT / "tests" / "vectors" / "store" / f"format-{number}.sql").read_text("utf-8"))
            (epoch,) = database.execute("SELECT epoch FROM meta").fetchone()
            seq, chain = database.execute("SELECT seq, chain FROM record ORDER BY seq DESC").fetchone()
            (through,) = database.execute("SELECT through FROM mark").fetchone()
            bases[name] = Base(epoch, seq, bytes(chain).hex(), through)
    return bases


class Recording:
    """One load, recorded. Its files are in a directory of its own."""

    def __init__(self, directory, commits, seed):
        self.directory = directory
        self.base_image, self.log_path, self.ledger_path = (directory / name for name in ("base.img", "log", "ledger"))
        self.bases = make_formats(directory / "formats")
        self._make_image()
        self._record(commits, seed)
        self.log = WriteLog(self.log_path)
        self.end = len(self.log.entries)
        lines = [json.loads(line) for line in self.ledger_path.read_text("utf-8").splitlines()]
        self.ledger = Ledger(lines, self.bases)
        for at, entry in enumerate(self.log.entries):
            if entry.first == FILE_SYSTEM_MIB * MIB // SECTOR:
                self.ledger.note(at, json.loads(self.log.read(entry).rstrip(b"\0")))
        told = sum(mark["mark"] == "told" for mark in self.ledger.told)
        print(f"recorded {self.end} writes and flushes; told {told} times of commits", flush=True)

    def _make_image(self):
        subprocess.run(["truncate", "-s", f"{DISK_MIB}M", self.base_image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", str(BLOCK), "-N", "256", "-E",
                        "lazy_itable_init=0,lazy_journal_init=0,nodiscard", "-d", self.directory / "formats",
                        self.base_image, f"{FILE_SYSTEM_MIB}M"], check=True)

    def _record(self, commits, seed):
        disk = self.directory / "disk.img"
        shutil.copy(self.base_image, disk)
        build = pathlib.Path(os.environ["WARD_BUILD"]).resolve()
        load = f"{build}/tests/crash/crash_load $LAB_DISK /dev/vda {FILE_SYSTEM_MIB * MIB} {seed} {commits}"
        with open(self.ledger_path, "wb") as ledger:
            done = subprocess.run(
                [ROOT / "tests" / "lab" / "run", "--bare", "--build", build, "--disk", disk, "--log-writes",
                 self.log_path, "--timeout", "600", "--", "sh", "-c", load], cwd=ROOT, stdout=ledger, check=False)
        disk.unlink()
        if done.returncode != 0:
            raise RuntimeError(f"the load could not be recorded: tests/lab/run ended with {done.returncode}")


# --- where a cut falls -----------------------------------------------------------------------------------------------


class Places:
    """Whose the blocks of the file system are in the end: databases grow and keep theirs."""

    def __init__(self, recording):
        platter = Platter(recording.log, recording.base_image.read_bytes()[: FILE_SYSTEM_MIB * MIB])
        platter.move_to(recording.end)
        image = recording.directory / "end.img"
        disk = LoopMount(FILE_SYSTEM_MIB * MIB)
        platter.leave(disk.image, random.Random(0))
        with disk as at:  # the journal is replayed
            databases = [path.name for path in pathlib.Path(at).glob("*.db")]
        image.write_bytes(disk.image)
        disk.close()
        self.of = {}
        for database in databases:
            self._note(image, f"/{database}", "database")
        self._note(image, "<8>", "journal")
        shown = subprocess.run(["dumpe2fs", image], capture_output=True, text=True, check=True).stdout
        self.metadata_end = max(map(int, re.findall(r"Inode table at \d+-(\d+)", shown)))
        image.unlink()

    def _note(self, image, file, name):
        shown = subprocess.run(["debugfs", "-R", f"blocks {file}", image], capture_output=True, text=True, check=True)
        self.of.update((int(block), name) for block in shown.stdout.split())

    def file_of(self, entry):
        block = entry.first * SECTOR // BLOCK
        return self.of.get(block) or ("metadata" if block <= self.metadata_end else FILES[-1])


def tell_moments(recording, places):
    """The cuts of each moment."""
    cuts = {moment: [] for moment in MOMENTS}
    platter = Platter(recording.log, bytes(FILE_SYSTEM_MIB * MIB))
    first = {}  # database -> its first opening
    told = iter([*zip(recording.ledger.points, recording.ledger.told), (recording.end, None)])
    at, mark = next(told)
    phase = None
    for cut in range(recording.end + 1):
        while mark is not None and at < cut:
            database = mark["database"]
            if mark["mark"] == "begin":
                fresh = first.setdefault(database, at) == at
                phase = ("upgrade" if database in recording.bases else "creation") if fresh else "recovery"
            elif mark["mark"] == ("told" if phase == "recovery" else "opened"):
                phase = "running"
            at, mark = next(told)
        platter.move_to(cut)
        if phase is None:
            continue
        if phase != "running":
            cuts[phase] += [cut] * (IN_MIDST if platter.pending else 1)
        elif not platter.pending:
            cuts["at rest"].append(cut)
        elif any(places.file_of(entry) == "database" for entry in platter.pending):
            cuts["checkpoint"].append(cut)
        else:
            cuts["commit"].append(cut)
    return cuts


def choose_cuts(cuts, count, chance):
    """(cut, moment, seed) of each state, in the order of the log."""
    there = {moment: share for moment, share in MOMENTS.items() if cuts[moment]}
    moments = chance.choices(list(there), weights=list(there.values()), k=count)
    return sorted((chance.choice(cuts[moment]), moment, chance.getrandbits(64)) for moment in moments)


# --- states ----------------------------------------------------------------------------------------------------------

# moment, writes that may be missing, whose they are, findings, what went wrong besides
State = namedtuple("State", "moment pending files found trouble")


class Worker:
    """One process that makes states of a recording and looks at them."""

    here = None  # of this process

    def __init__(self, recording, places):
        self.recording, self.places = recording, places
        self.base = recording.base_image.read_bytes()[: FILE_SYSTEM_MIB * MIB]
        self.disk = LoopMount(len(self.base))

    @staticmethod
    def begin(recording, places):
        Worker.here = Worker(recording, places)

    @staticmethod
    def make(chunk):
        platter = Platter(Worker.here.recording.log, Worker.here.base)
        return [Worker.here.state(platter, *wanted) for wanted in chunk]

    def state(self, platter, cut, moment, seed):
        """One state. Returns what is to be counted of it."""
        platter.move_to(cut)
        way = platter.leave(self.disk.image, random.Random(seed))
        found, trouble = self.look(cut, random.Random(seed))
        name = f"cut {cut} ({moment}, {way} of {len(platter.pending)} writes)"
        if found or trouble:
            self.keep(platter, cut, seed)
        return State(moment, len(platter.pending), {self.places.file_of(entry) for entry in platter.pending},
                     [(of, f"{name}: {what}") for of, what in found], [f"{name}: {what}" for what in trouble])

    def keep(self, platter, cut, seed):
        """The state as it was before it was mounted, for somebody to look at."""
        if len(list(self.recording.directory.glob("state-*.img"))) < KEPT_STATES:
            platter.leave(self.disk.image, random.Random(seed))
            (self.recording.directory / f"state-{cut}.img").write_bytes(self.disk.image)

    def look(self, cut, chance):
        """Mounts it and looks at the databases. Returns (what was found, what went wrong besides)."""
        found = []
        marks = self.recording.ledger.before(cut)
        used = marks[-1]["database"]
        others = sorted(({mark["database"] for mark in marks} | set(self.recording.bases)) - {used})
        try:
            with self.disk as at:
                for database in (used, *([chance.choice(others)] if others and chance.random() < OTHERS else ())):
                    look = look_at(f"{at}/{database}")
                    judge(self.recording.ledger.books[database],
                          [mark for mark in marks if mark["database"] == database], look,
                          lambda name, what, of=database: found.append((name, f"{of}: {what}")))
        except OSError as error:
            return found, [str(error)]
        return found, []


def look_at(path):
    program = pathlib.Path(os.environ["WARD_BUILD"]) / "tests" / "crash" / "crash_look"
    try:
        done = subprocess.run([program, path], stdout=subprocess.PIPE, text=True, timeout=LOOK_S, check=False)
    except subprocess.TimeoutExpired:
        return Look('{"error": "it is still being opened"}')
    return Look(done.stdout if done.returncode == 0 else '{"error": "the program that opened it died"}')


class Tally:
    """What was made, and where the cuts fell."""

    def __init__(self):
        self.findings, self.trouble = Findings(), []
        self.moments, self.pending, self.files = Counter(), Counter(), Counter()
        self.count = 0

    def add(self, state):
        self.count += 1
        self.moments[state.moment] += 1
        self.pending[state.pending.bit_length()] += 1
        self.files.update(state.files)
        for name, what in state.found:
            self.findings.add(name, what)
        self.trouble += state.trouble

    def tell(self):
        writes = [f"{(1 << bits) // 2}{'+' if bits > 1 else ''} {self.pending[bits]}" for bits in sorted(self.pending)]
        print(f"moments: {', '.join(f'{moment} {self.moments[moment]}' for moment in MOMENTS)}")
        print(f"writes that might be missing: {', '.join(writes)}")
        print(f"whose they were: {', '.join(f'{name} {self.files[name]}' for name in FILES)}", flush=True)

    def missed(self):
        return [f"no cut fell into {moment}" for moment in MOMENTS if not self.moments[moment]]


def make_states(recording, count, chance, tally, verbose):
    places = Places(recording)
    wanted = choose_cuts(tell_moments(recording, places), count, chance)
    chunks = [wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)]
    begun = time.monotonic()
    with multiprocessing.get_context("fork").Pool(WORKERS, Worker.begin, (recording, places)) as pool:
        for states in pool.imap_unordered(Worker.make, chunks):
            for state in states:
                tally.add(state)
            if verbose:
                print(f"{tally.count} states, {len(tally.findings.all)} findings", flush=True)
    print(f"{count} states in {time.monotonic() - begun:.0f} s", flush=True)


def missing():
    """What this machine does not have: [] or one sentence."""
    tools = [tool for tool in ("qemu-system-x86_64", "mkfs.ext4", "debugfs", "dumpe2fs") if not shutil.which(tool)]
    if tools:
        return [f"crash-states needs {', '.join(tools)}"]
    try:
        LoopMount.try_out()
    except OSError as error:
        return [f"crash-states needs loop devices, to be mounted by root: {error}"]
    return []


def run(options):
    tally = Tally()
    if missing():
        return 0, tally.findings, missing()
    chance = random.Random(options.seed)
    for done in range(0, options.count, STATES_EACH):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="crash-states-"))
        keep = True
        try:
            count = min(STATES_EACH, options.count - done)
            commits = FEW_COMMITS if count <= FEW_STATES else COMMITS
            recording = Recording(directory, commits, chance.getrandbits(32))
            make_states(recording, count, chance, tally, options.verbose)
            keep = bool(tally.findings.all or tally.trouble)
        except RuntimeError as error:
            tally.trouble.append(str(error))
            break
        finally:
            if keep:
                print(f"  what is left of it: {directory}")
            else:
                shutil.rmtree(directory)
    tally.tell()
    return tally.count, tally.findings, tally.trouble + tally.missed()
