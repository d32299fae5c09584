# SPDX-License-Identifier: Apache-2.0
"""The store, and what reads care plans and readings: P1, P2, P3, P9, P10."""

import datetime
import pathlib

from figures import BUILD, INGEST, MILLION, ROOT, benchmark, directory, figure, in_turns, ingest, timed
from wire_figures import idle_wake_ups

PARSE = BUILD / "tests" / "bench" / "bench_parse"
WARDCTL = BUILD / "gateway" / "ctl" / "wardctl"
PLAN = ROOT / "config" / "care-plans" / "oximetry-at-home.json"


@benchmark("P1")
def durable_ingest(given):
    """Decode, validate, evaluate, store, against a plain loop over SQLite with the same tables.

    Each commit of the loop writes what one of ours does: a row of the same octets and the mark, FULL, into a log that
    nobody else has open, with names that are numbers already. It has no queue, no thread, no chain and no checksums in
    its pages: what those cost is the figure. A reading that is waited for is flushed to this disk on both sides, since
    a commit is that. Then both once more with flushes that take no time, which no disk has: there a sleeping processor
    is woken twice for each reading, for the store's thread and for the loop, and takes longer to wake than the bare loop
    for a commit; and group commit is measured against what all else costs, not against the flush rate.
    """
    def per_second(mode, count):
        return lambda: count / ingest(mode, count)["seconds"]

    rate = in_turns(given.rounds, bare=per_second("bare", 3000), single=per_second("single", 3000),
                    group=per_second("group", 60000), bare_flushed=per_second("bare+flush", 1000),
                    single_flushed=per_second("single+flush", 1000), group_flushed=per_second("group+flush", 60000))
    unit = "× the bare loop"
    return [figure("one reading a commit, waited for", rate["single_flushed"] / rate["bare_flushed"], unit, 0.8, True),
            figure("group commit", rate["group_flushed"] / rate["bare_flushed"], unit, 8, True),
            figure("one reading a commit, a flush taking no time", rate["single"] / rate["bare"], unit, 0.8, True),
            figure("group commit, a flush taking no time", rate["group"] / rate["bare"], unit, 8, True)]


@benchmark("P2")
def flushes(_given):
    """20 readings a second, receipts and checkpoints included."""
    cost = ingest("rate", 100_000, 0)
    return [figure("flushes a routine reading", cost["flushes"] / cost["readings"], "", 0.06)]


@benchmark("P3")
def octets(_given):
    """The same, and with a million records queued."""
    empty, full = ingest("rate", 100_000, 0), ingest("rate", 100_000, MILLION)
    return [figure("octets a routine reading", empty["octets"] / empty["readings"], "", 600),
            figure("with a million queued", full["octets"] / empty["octets"], "× that", 1.2)]


@benchmark("P3b")
def a_day_at_home(_given):
    """One reading a second for a day, delivered."""
    cost = ingest("home", 86_400)
    return [figure("written in a day", cost["octets"] / 1e6, "MB", 120),
            figure("flushes a reading", cost["flushes"] / cost["readings"], "", 0.12)]


@benchmark("P9")
def start(given):
    """From exec to the first durable row: the core and its store against a program that only keeps rows. And how often
    whoever has nothing to do is woken."""
    with directory() as small, directory() as large, directory() as bare:
        ingest("start", 0, 1, where=small)
        ingest("start", 0, MILLION, where=large)
        ingest("skeleton", 1, where=bare)
        seconds = in_turns(max(given.rounds, 15), small=lambda: timed(INGEST, "resume", 1, small),
                           large=lambda: timed(INGEST, "resume", 1, large),
                           bare=lambda: timed(INGEST, "skeleton", 1, bare))
    return [figure("start to first row", seconds["small"] / seconds["bare"], "× a bare SQLite program", 3),
            figure("with a million queued", seconds["large"] / seconds["small"], "× that", 1.2), idle_wake_ups()]


@benchmark("P10")
def a_plan_tried(given):
    """wardctl try over readings of one a second, against a parser of any JSON that does nothing else."""
    count = MILLION
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    with directory() as path:
        name = pathlib.Path(path) / "readings.jsonl"
        with name.open("w") as file:
            for second in range(count):
                at = (begin + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                file.write(f'{{"measured_at":"{at}","patient":"p-1","kind":"continuous","values":'
                           f'[{{"quantity":"spo2","value":{95 + second % 4}}},'
                           f'{{"quantity":"pulse_rate","value":{70 + second % 9}}}]}}\n')
        seconds = in_turns(given.rounds, ours=lambda: timed(WARDCTL, "try", PLAN, name),
                           parser=lambda: timed(PARSE, name))
    return [figure("readings a second", count / seconds["ours"] / 1e6, "million", 1, True),
            figure("against the parser", seconds["parser"] / seconds["ours"], "×", 1, True)]
