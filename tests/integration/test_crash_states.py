# SPDX-License-Identifier: Apache-2.0
"""What the campaign crash-states leaves of a recording, and what it accuses a database of, on small ones made by hand."""

import copy
import pathlib
import random
import struct
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "campaigns"))
from book import NOTHING, Book, Look, judge  # noqa: E402
from writelog import DISCARD, FLUSH, FUA, MAGIC, SECTOR, Platter, WriteLog  # noqa: E402

SECTORS = 8


# --- the recording ---------------------------------------------------------------------------------------------------


def make_log(path, *entries):
    """entries: (first sector, octets, flags); each octet stands for a sector full of it."""
    octets = struct.pack("<QQQI", MAGIC, 1, len(entries), SECTOR).ljust(SECTOR, b"\0")
    for first, letters, flags in entries:
        octets += struct.pack("<QQQQ", first, len(letters), flags, 0).ljust(SECTOR, b"\0")
        octets += b"" if flags & DISCARD else b"".join(letters[i : i + 1] * SECTOR for i in range(len(letters)))
    path.write_bytes(octets)
    return WriteLog(path)


def states(log, cut, draws=400):
    """Every state of a cut that some draws find, a letter a sector."""
    platter, image, found = Platter(log, bytes(SECTORS * SECTOR)), bytearray(SECTORS * SECTOR), set()
    platter.move_to(cut)
    for seed in range(draws):
        platter.leave(image, random.Random(seed))
        assert all(image[i : i + SECTOR] == image[i : i + 1] * SECTOR for i in range(0, len(image), SECTOR))
        found.add(bytes(image[::SECTOR]).replace(b"\0", b".").decode())
    return found


def test_what_was_flushed_is_there(tmp_path):
    log = make_log(tmp_path / "log", (0, b"ab", 0), (1, b"c", 0), (0, b"", FLUSH))
    assert states(log, 3) == {"ac......"}


def test_of_what_was_not_any_part_is_there_and_nothing_of_what_comes_after_the_cut(tmp_path):
    log = make_log(tmp_path / "log", (0, b"a", 0), (0, b"", FLUSH), (4, b"b", 0), (5, b"c", 0), (6, b"d", 0))
    assert states(log, 4) == {"a.......", "a...b...", "a....c..", "a...bc.."}


def test_a_write_may_be_torn_at_each_of_its_sectors(tmp_path):
    log = make_log(tmp_path / "log", (0, b"abc", 0))
    assert states(log, 1) == {f"{a}{b}{c}....." for a in "a." for b in "b." for c in "c."}


def test_the_superblock_of_the_file_system_is_not_torn(tmp_path):
    log = make_log(tmp_path / "log", (1, b"abc", 0))
    assert states(log, 1) == {"........", ".a......", "..bc....", ".abc...."}


def test_of_two_writes_of_a_sector_the_later_may_be_missing(tmp_path):
    log = make_log(tmp_path / "log", (0, b"a", 0), (0, b"b", 0))
    assert states(log, 2) == {"........", "a.......", "b......."}


def test_a_write_with_fua_is_there_and_flushes_nothing_else(tmp_path):
    log = make_log(tmp_path / "log", (0, b"a", 0), (1, b"bc", FUA))
    assert states(log, 2) == {".bc.....", "abc....."}


def test_a_flush_with_octets_flushes_what_was_before_it(tmp_path):
    log = make_log(tmp_path / "log", (0, b"a", 0), (1, b"b", FLUSH))
    assert states(log, 2) == {"a.......", "ab......"}


def test_what_lies_behind_the_file_system_or_is_discarded_is_no_write(tmp_path):
    log = make_log(tmp_path / "log", (SECTORS, b"a", 0), (0, b"bc", DISCARD), (3, b"d", 0))
    assert states(log, 3) == {"........", "...d...."}


@pytest.mark.parametrize("octets", [b"\0" * 4096, struct.pack("<QQQI", MAGIC, 1, 0, 4096).ljust(4096, b"\0")])
def test_another_file_is_refused(tmp_path, octets):
    (tmp_path / "log").write_bytes(octets)
    with pytest.raises(ValueError, match="no log of writes"):
        WriteLog(tmp_path / "log")


# --- what a database is accused of -----------------------------------------------------------------------------------


def chain(seq):
    return f"{seq:064x}"


@pytest.fixture
def book():
    """Three groups of two records; the alarm event of the first is marked as delivered before the third."""
    book = Book(NOTHING)
    for token, events in ((101, 1), (102, 1)):
        book.add({"group": token, "records": 2, "events": events, "patient": f"p-{token % 2}", "setting": events > 0})
    book.add({"mark": 2, "ranges": [], "events": [[101, 1]]})
    book.add({"group": 103, "records": 2, "events": 0, "patient": "p-1", "setting": False})
    book.chains = {2: chain(2), 4: chain(4)}
    return book


def found_after(groups):
    """A database that is as it should be after so many of them."""
    monos = [token * 16 + i for token in (101, 102, 103)[:groups] for i in range(2)]
    look = Look("")
    look.error, look.integrity = None, "ok"
    look.rows = [(seq, mono, chain(seq)) for seq, mono in enumerate([*monos, 16], start=1)]
    look.more, look.verified = len(monos) + 1, [1, len(monos)]
    look.snapshot = {"epoch": "e-1", "seq": len(monos), "through": 2 if groups == 3 else 0, "ranges": [], "set_aside": "",
                     "states": {"p-1": 101} if groups == 1 else {"p-1": 101 if groups == 2 else 103, "p-0": 102},
                     "events": [[101, 1]] if groups == 1 else [[101, 1], [102, 1]] if groups == 2 else [[102, 1]],
                     "settings": {"newest": str(min(100 + groups, 102))}}
    return look


def accusations(book, look, told_seq=0):
    marks = [{"mark": "opened", "epoch": "e-1"}]
    marks += [{"mark": "told", "seq": told_seq, "token": 0, "chain": chain(told_seq)}] if told_seq else []
    names = []
    judge(book, marks, look, lambda name, what: names.append(name))
    return set(names)


@pytest.mark.parametrize(("groups", "told_seq"), [(1, 0), (1, 2), (2, 2), (2, 4), (3, 4), (3, 6)])
def test_a_whole_one_is_accused_of_nothing(book, groups, told_seq):
    book.chains[told_seq or 2] = chain(told_seq or 2)
    assert accusations(book, found_after(groups), told_seq) == set()


def test_what_was_told_is_missing(book):
    assert accusations(book, found_after(1), told_seq=4) == {"told-as-committed"}


def test_a_mark_may_be_there_before_the_group_that_it_came_with(book):
    look = found_after(2)
    look.snapshot.update(through=2, events=[[102, 1]])
    assert accusations(book, look) == set()


def change(look, **snapshot):
    look.snapshot.update(snapshot)


CHANGES = {
    "set aside": (lambda look: change(look, set_aside="it is damaged"), "database-kept"),
    "another epoch": (lambda look: change(look, epoch="e-2"), "database-kept"),
    "cannot be opened": (lambda look: setattr(look, "error", "no"), "database-kept"),
    "not whole": (lambda look: setattr(look, "integrity", "page 3"), "database-whole"),
    "chain broken": (lambda look: setattr(look, "verified", [1, 3]), "database-whole"),
    "a hole": (lambda look: look.rows.pop(2), "database-whole"),
    "takes nothing more": (lambda look: setattr(look, "more", None), "database-whole"),
    "deleted too much": (lambda look: (look.rows.__delitem__(slice(0, 4)), setattr(look, "verified", [5, 6])),
                         "told-as-committed"),
    "a record twice": (lambda look: look.rows.__setitem__(2, (3, 101 * 16, chain(3))), "frame-once"),
    "another record": (lambda look: look.rows.__setitem__(2, (3, 99 * 16, chain(3))), "same-record"),
    "another chain": (lambda look: look.rows.__setitem__(3, (4, 102 * 16 + 1, chain(9))), "same-record"),
    "alarm state behind": (lambda look: look.snapshot["states"].update({"p-1": 101}), "one-transaction"),
    "alarm state ahead": (lambda look: look.snapshot["states"].update({"p-0": 104}), "one-transaction"),
    "setting behind": (lambda look: look.snapshot["settings"].update(newest="101"), "one-transaction"),
    "marks behind": (lambda look: change(look, through=0), "one-transaction"),
    "marks ahead": (lambda look: change(look, through=5), "one-transaction"),
    "event missing": (lambda look: change(look, events=[]), "told-as-committed"),
    "event of nobody": (lambda look: change(look, events=[[102, 1], [103, 1]]), "one-transaction"),
    "event not marked": (lambda look: change(look, events=[[101, 1], [102, 1]]), "one-transaction"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_wrong_with_one_is_named(book, name):
    change_it, accusation = CHANGES[name]
    look = found_after(3)
    change_it(look)
    assert accusation in accusations(book, look, told_seq=4)


def test_half_a_group_and_records_that_nobody_submitted(book):
    half = found_after(3)
    del half.rows[5]
    half.rows[5] = (6, 16, chain(6))
    half.snapshot["seq"], half.more, half.verified = 5, 6, [1, 5]
    assert "one-transaction" in accusations(book, half)
    more = copy.deepcopy(found_after(3))
    more.rows[6:] = [(7, 104 * 16, chain(7)), (8, 16, chain(8))]
    more.snapshot["seq"], more.more, more.verified = 7, 8, [1, 7]
    assert "nothing-invented" in accusations(book, more)


def test_a_look_that_came_to_no_end_is_none():
    assert Look('{"epoch": "e-1"}\n').error is not None
