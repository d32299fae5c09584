# SPDX-License-Identifier: Apache-2.0
"""What a recorded load submitted and was told (tests/crash/load.c), and whether a database that was found in a crash
state (tests/crash/look.c) can be one of it.

The newest record says which group was the last. From that all the rest follows: each group up to it is there as a whole,
in order and once, with its alarm state, events and setting, and nothing of a later one. Marks have some freedom: those
that were submitted before the last group are there, and those between it and the next may be.
"""

import bisect
import json
from collections import namedtuple

RECORDS_MAX = 16  # CRASH_RECORDS_MAX of tests/crash/group.h
MORE = 1 * RECORDS_MAX  # mono_us of the record that look.c adds

# What a database had before the recording began.
Base = namedtuple("Base", "epoch seq chain through")
NOTHING = Base(None, 0, None, 0)


class Book:
    """Of one database: what was submitted to it in the end."""

    def __init__(self, base):
        self.base = base
        self.groups = []
        self.marks = []  # (groups before it, mark)
        self.monos = []  # of all records, in order
        self.ends = []  # of each group: records up to its last
        self.chains = {base.seq: base.chain} if base.seq else {}  # seq -> chain, of what was told
        self.index = {}  # token -> place among the groups

    def add(self, line):
        if "mark" in line:
            self.marks.append((len(self.groups), line))
            return
        self.index[line["group"]] = len(self.groups)
        self.groups.append(line)
        self.monos += [line["group"] * RECORDS_MAX + i for i in range(line["records"])]
        self.ends.append(len(self.monos))

    def expected(self, count):
        """(alarm states, setting, events, marks that are there, marks that may be) after so many groups."""
        states, setting, events = {}, None, set()
        for group in self.groups[:count]:
            states[group["patient"]] = group["group"]
            setting = str(group["group"]) if group["setting"] else setting
            events |= {(group["group"], n + 1) for n in range(group["events"])}
        # A mark with so many groups before it was there when the group after those was taken.
        sure = [mark for before, mark in self.marks if before < count]
        maybe = [mark for before, mark in self.marks if before == count]
        return states, setting, events, sure, maybe


class Ledger:
    def __init__(self, lines, bases):
        self.books = {database: Book(base) for database, base in bases.items()}
        book = None
        for line in lines:
            if "life" in line:
                book = self.books.setdefault(line["life"], Book(NOTHING))
            else:
                book.add(line)
        self.points, self.told = [], []  # places in the log of writes; what was told there

    def note(self, at, mark):
        """The load was told this when so many writes were done."""
        self.points.append(at)
        self.told.append(mark)
        book = self.books.setdefault(mark["database"], Book(NOTHING))
        if mark["mark"] == "told":
            book.chains[mark["seq"]] = mark["chain"]

    def before(self, cut):
        """What had been told when `cut` writes were done, oldest first."""
        return self.told[: bisect.bisect_left(self.points, cut)]


class Look:
    """What tests/crash/look.c printed."""

    def __init__(self, text):
        self.snapshot, self.rows, self.error, rest = None, [], None, {}
        for line in text.splitlines():
            if not line.startswith("{"):
                seq, mono, chain = line.split()
                self.rows.append((int(seq), int(mono), chain))
                continue
            said = json.loads(line)
            if "epoch" in said:
                self.snapshot = said
            else:
                rest.update(said)
        self.error = rest.get("error")
        self.verified, self.more, self.integrity = rest.get("verified"), rest.get("more"), rest.get("integrity")
        if self.error is None and self.integrity is None:
            self.error = "it came to no end"


def judge(book, marks, look, add):
    """marks: what had been told of this database. add(name of the assertion, what)."""
    told = next((mark for mark in reversed(marks) if mark["mark"] == "told"), None)
    opened = next((mark for mark in marks if mark["mark"] == "opened"), None)
    if look.error is not None:
        return add("database-kept", look.error)
    found = look.snapshot
    if found["set_aside"]:
        add("database-kept", f"set aside: {found['set_aside']}")
    elif opened and found["epoch"] != opened["epoch"]:
        add("database-kept", f"another epoch than {opened['epoch']}")
    if look.integrity != "ok":
        add("database-whole", look.integrity)
    check_rows(book, look, add)
    check_told(book, told, look, add)
    if not found["set_aside"]:
        check_transaction(book, look, add)
    return None


def check_rows(book, look, add):
    seqs = [seq for seq, _, _ in look.rows]
    head = look.snapshot["seq"]
    if seqs != list(range(seqs[0], head + 2)) or look.more != head + 1 or look.rows[-1][1] != MORE:
        add("database-whole", f"seq has a hole: {seqs[0]} .. {seqs[-1]}, the head is {head}")
    if head and look.verified != [seqs[0], head]:
        add("database-whole", f"the chain holds from {look.verified[0]} to {look.verified[1]}, the head is {head}")
    if seqs[0] > look.snapshot["through"] + 1:
        add("told-as-committed", f"deleted up to {seqs[0] - 1}, delivered up to {look.snapshot['through']}")
    monos = [mono for seq, mono, _ in look.rows if seq > book.base.seq]
    if len(set(monos)) != len(monos):
        add("frame-once", "a record is there twice")
    for seq, _, chain in look.rows[:-1]:
        if book.chains.get(seq, chain) != chain:
            return add("same-record", f"seq {seq} has another chain than was told")
    return None


def check_told(book, told, look, add):
    seq = told["seq"] if told else book.base.seq
    if look.snapshot["seq"] < seq:
        return add("told-as-committed", f"seq {seq} was told, the newest is {look.snapshot['seq']}")
    chains = {row[0]: row[2] for row in look.rows}
    if seq and chains.get(seq, book.chains[seq]) != book.chains[seq]:
        return add("told-as-committed", f"seq {seq} is another record than was told")
    return None


def check_transaction(book, look, add):
    head = look.snapshot["seq"]
    records = head - book.base.seq
    count = bisect.bisect_left(book.ends, records) + 1 if records > 0 else 0
    if records < 0 or count > len(book.ends):
        return add("nothing-invented", f"seq {head} was never submitted")
    if count and book.ends[count - 1] != records:
        return add("one-transaction", f"seq {head} is not the last of its group")
    monos = [mono for seq, mono, _ in look.rows[:-1] if seq > book.base.seq]
    if monos != book.monos[records - len(monos) : records]:
        return add("same-record", "not the records that were submitted, in their order")
    states, setting, events, sure, maybe = book.expected(count)
    of = f"of group {book.groups[count - 1]['group']}" if count else "before any group"
    found = {patient: token for patient, token in look.snapshot["states"].items() if patient in ("p-0", "p-1")}
    if found != states:
        add("one-transaction", f"alarm state {found}, {of} it is {states}")
    if look.snapshot["settings"].get("newest") != setting:
        add("one-transaction", f"setting {look.snapshot['settings'].get('newest')}, {of} it is {setting}")
    check_marks(book, look, events, sure, maybe, of, add)
    return None


def check_marks(book, look, events, sure, maybe, of, add):
    def delivered(marks):
        return {tuple(event) for mark in marks for event in mark["events"]}

    allowed = [(mark["mark"], mark["ranges"]) for mark in sure[-1:] + maybe] or [(book.base.through, [])]
    if not sure:
        allowed.append((book.base.through, []))
    found = look.snapshot["through"], look.snapshot["ranges"]
    if found not in allowed:
        add("one-transaction", f"delivered {found}, {of} it is {' or '.join(map(str, allowed))}")
    undelivered = {tuple(event) for event in look.snapshot["events"] if tuple(event) != (1, 1)}  # of the base
    if not events - delivered(sure + maybe) <= undelivered:
        add("told-as-committed", f"alarm events are missing {of}")
    if not undelivered <= events - delivered(sure):
        add("one-transaction", f"alarm events of later groups, or ones that were marked, {of}")
