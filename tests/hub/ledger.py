# SPDX-License-Identifier: Apache-2.0
"""What the hub has committed: one SQLite file, one transaction per message, everything idempotent.

Records of an epoch form a chain. A record is
  linked   when its chain follows from that of seq - 1 (or from the epoch, for seq 1), all the way down
  loose    when seq - 1 has not come yet
`through` rises over linked records only; loose ones are told in the receipt's ranges. A record that contradicts a
neighbour refuses its whole message. One that turns out to contradict records that came before it stays loose above it.
"""
import json
import re
import sqlite3

import contract
import fhir

RANGES_MAX = 256
ALARMS_MAX = 256

SCHEMA = """
CREATE TABLE IF NOT EXISTS epoch(
    gateway TEXT NOT NULL, epoch TEXT NOT NULL, through INTEGER NOT NULL DEFAULT 0, head TEXT NOT NULL,
    PRIMARY KEY (gateway, epoch)) STRICT;
CREATE TABLE IF NOT EXISTS record(
    gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, chain TEXT NOT NULL, body TEXT NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (gateway, epoch, seq)) STRICT;
CREATE TABLE IF NOT EXISTS bundle(
    gateway TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, head TEXT,
    PRIMARY KEY (gateway, epoch, first, last)) STRICT;
CREATE TABLE IF NOT EXISTS alarm(
    gateway TEXT NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL,
    heard INTEGER NOT NULL, PRIMARY KEY (gateway, id, n)) STRICT;
CREATE TABLE IF NOT EXISTS clock(
    gateway TEXT NOT NULL, boot TEXT NOT NULL, offset_ms INTEGER NOT NULL, uncertainty_ms INTEGER NOT NULL,
    PRIMARY KEY (gateway, boot)) STRICT;
CREATE TABLE IF NOT EXISTS latest(
    topic TEXT PRIMARY KEY, payload TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS refused(topic TEXT NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""


def dump(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def dump_decimals(resource):
    """As dump(), each decimal with the digits that it came with."""
    numbers = []

    def keep(number):
        numbers.append(str(number))
        return f"\u0000{len(numbers) - 1}\u0000"

    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"), default=keep)
    return re.sub(r'"\\u0000(\d+)\\u0000"', lambda match: numbers[int(match[1])], text)


class Ledger:
    def __init__(self, path):
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;" + SCHEMA)
        self._server = fhir.Server(self._db)

    def close(self):
        self._db.close()

    def _transaction(self, work):
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            self._db.execute("COMMIT")
            return result
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    # Records

    def is_new_epoch(self, gateway, epoch):
        """True for an epoch that was never seen, of a gateway that had another one."""
        epochs = {row[0] for row in self._db.execute("SELECT epoch FROM epoch WHERE gateway = ?", (gateway,))}
        return bool(epochs) and epoch not in epochs

    def commit_records(self, gateway, epoch, records):
        """Commits what is new and returns it. Raises Refused, with nothing committed, for a broken chain."""
        return self._transaction(lambda: self._commit_records(gateway, epoch, records))

    def _commit_records(self, gateway, epoch, records):
        self._db.execute(
            "INSERT OR IGNORE INTO epoch(gateway, epoch, head) VALUES (?, ?, ?)",
            (gateway, epoch, contract.chain_start(epoch)),
        )
        new = []
        last_seq = 0
        for record in records:
            if record["epoch"] != epoch or record["seq"] <= last_seq:
                raise contract.Refused("schema", f"seq {record['seq']}: other epoch, or seq does not rise")
            last_seq = record["seq"]
            if self._commit_record(gateway, epoch, record):
                new.append(record)
        self._advance(gateway, epoch)
        return new

    def _chain_at(self, gateway, epoch, seq):
        if seq == 0:
            return contract.chain_start(epoch)
        row = self._db.execute(
            "SELECT chain FROM record WHERE gateway = ? AND epoch = ? AND seq = ?", (gateway, epoch, seq)
        ).fetchone()
        return row[0] if row else None

    def _commit_record(self, gateway, epoch, record):
        seq = record["seq"]
        known = self._chain_at(gateway, epoch, seq)
        before = self._chain_at(gateway, epoch, seq - 1)
        if known is not None and known != record["chain"]:
            raise contract.Refused("chain", f"seq {seq} came before with another chain")
        if before is not None and contract.chain_next(before, record) != record["chain"]:
            raise contract.Refused("chain", f"seq {seq} does not follow from seq {seq - 1}")
        if known is not None:
            return False
        self._db.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)",
            (gateway, epoch, seq, record["chain"], dump(record), contract.utc()),
        )
        if record["kind"] == "clock":
            self._db.execute("REPLACE INTO clock VALUES (?, ?, ?, ?)",
                             (gateway, record["boot"], record["offset_ms"], record["uncertainty_ms"]))
        return True

    def clock(self, gateway, boot):
        """(offset_ms, uncertainty_ms) of a boot, as a clock record told it; None when none has."""
        return self._db.execute(
            "SELECT offset_ms, uncertainty_ms FROM clock WHERE gateway = ? AND boot = ?", (gateway, boot)
        ).fetchone()

    def undated(self, gateway, epoch, boot):
        """The readings of a boot that came without a time, before their clock record did."""
        rows = self._db.execute("SELECT body FROM record WHERE gateway = ? AND epoch = ? ORDER BY seq", (gateway, epoch))
        for record in (json.loads(body) for (body,) in rows):
            if record["boot"] == boot and "values" in record and record["received_at"] is None:
                yield record

    def _advance(self, gateway, epoch):
        through, head = self._db.execute(
            "SELECT through, head FROM epoch WHERE gateway = ? AND epoch = ?", (gateway, epoch)
        ).fetchone()
        following = self._db.execute(
            "SELECT seq, chain, body FROM record WHERE gateway = ? AND epoch = ? AND seq > ? ORDER BY seq",
            (gateway, epoch, through),
        )
        for seq, chain, body in following:
            if seq != through + 1 or contract.chain_next(head, json.loads(body)) != chain:
                break
            through, head = seq, chain
        self._db.execute(
            "UPDATE epoch SET through = ?, head = ? WHERE gateway = ? AND epoch = ?", (through, head, gateway, epoch)
        )

    # Bundles

    def commit_bundle(self, bundle):
        """Carries a Bundle out, and notes which records it held. Returns (created, updated) resources."""
        return self._transaction(lambda: self._commit_bundle(bundle))

    def _commit_bundle(self, bundle):
        gateway, epoch, ranges, head = fhir.describes(bundle)
        changed = self._server.transact(bundle, dump_decimals)
        self._db.execute("INSERT OR IGNORE INTO epoch(gateway, epoch, head) VALUES (?, ?, ?)",
                         (gateway, epoch, contract.chain_start(epoch)))
        for first, last in ranges:
            self._db.execute(
                "INSERT INTO bundle VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET head = coalesce(excluded.head, head)",
                (gateway, epoch, first, last, head if last == ranges[-1][1] else None))
        self._advance_bundles(gateway, epoch)
        return changed

    def _advance_bundles(self, gateway, epoch):
        """`through` rises to the end of a Bundle up to which no record is missing, since the chain is known there alone."""
        through, head = self.position(gateway, epoch)
        covered = through
        for first, last, chain in self._db.execute(
                "SELECT first, last, head FROM bundle WHERE gateway = ? AND epoch = ? AND last > ? ORDER BY first, last",
                (gateway, epoch, through)):
            if first > covered + 1:
                break
            covered = max(covered, last)
            if last == covered and chain:
                through, head = last, chain
        self._db.execute("UPDATE epoch SET through = ?, head = ? WHERE gateway = ? AND epoch = ?", (through, head, gateway, epoch))

    def break_after(self, gateway, epoch):
        """The seq whose successor is here and does not follow from it; None when the chain is whole so far."""
        through, _ = self.position(gateway, epoch)
        return through if self._chain_at(gateway, epoch, through + 1) is not None else None

    def position(self, gateway, epoch):
        row = self._db.execute(
            "SELECT through, head FROM epoch WHERE gateway = ? AND epoch = ?", (gateway, epoch)
        ).fetchone()
        return row or (0, contract.chain_start(epoch))

    # Alarms and the rest

    def commit_alarm(self, event):
        """Commits one event; False when it was here already. Heard again counts for the receipt all the same."""
        return self._transaction(lambda: self._commit_alarm(event))

    def _commit_alarm(self, event):
        key = (event["gateway"], event["id"], event["n"])
        (heard,) = self._db.execute("SELECT coalesce(max(heard), 0) + 1 FROM alarm").fetchone()
        known = self._db.execute(
            "UPDATE alarm SET heard = ? WHERE gateway = ? AND id = ? AND n = ?", (heard, *key)
        ).rowcount
        if known == 0:
            self._db.execute(
                "INSERT INTO alarm VALUES (?, ?, ?, ?, ?, ?)", (*key, dump(event), contract.utc(), heard)
            )
        return known == 0

    def commit_latest(self, topic, document):
        self._db.execute("REPLACE INTO latest VALUES (?, ?, ?)", (topic, dump(document), contract.utc()))

    def latest_topics(self):
        """Those of which something is there; not those that were emptied."""
        return [topic for topic, in self._db.execute("SELECT topic FROM latest WHERE payload != 'null' ORDER BY topic")]

    def commit_refusal(self, topic, why):
        self._db.execute("INSERT INTO refused VALUES (?, ?, ?)", (topic, why, contract.utc()))

    def next_counter(self, name, at_least):
        """A number that only rises, also over restarts and for several writers of one clock."""

        def work():
            row = self._db.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
            value = max(at_least, row[0] + 1 if row else 1)
            self._db.execute("REPLACE INTO counter VALUES (?, ?)", (name, value))
            return value

        return self._transaction(work)

    # The receipt

    def receipt(self, gateway, epoch):
        """Body of a receipt for all that is committed."""
        through, head = self.position(gateway, epoch)
        body = {
            "schema": "wardgate.receipt/1",
            "gateway": gateway,
            "epoch": epoch,
            "records": {"through": through, "ranges": self._ranges(gateway, epoch, through)},
            "alarms": self._db.execute(
                "SELECT id, n FROM alarm WHERE gateway = ? ORDER BY heard DESC LIMIT ?", (gateway, ALARMS_MAX)
            ).fetchall(),
        }
        if through > 0:
            body["head"] = head
        return body

    def _ranges(self, gateway, epoch, through):
        ranges = [list(row) for row in self._db.execute(
            "SELECT first, last FROM bundle WHERE gateway = ? AND epoch = ? AND last > ? ORDER BY first LIMIT ?",
            (gateway, epoch, through, RANGES_MAX))]
        for (seq,) in self._db.execute(
            "SELECT seq FROM record WHERE gateway = ? AND epoch = ? AND seq > ? ORDER BY seq", (gateway, epoch, through)
        ):
            if ranges and seq == ranges[-1][1] + 1:
                ranges[-1][1] = seq
            elif len(ranges) < RANGES_MAX:
                ranges.append([seq, seq])
            else:
                break
        return ranges
