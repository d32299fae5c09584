/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a routine reading costs is one row of `record`, appended. So names of patients, episodes, devices and boots
 * are numbers there, the values are packed (docs/records.md), and there is no index besides the row number: what was
 * delivered is a watermark in `mark`, which each transaction writes anyway with the moment of its commit.
 */
#include "io/store_schema.h"

const char *const ward_schema_migrations[] = {
    /* 1 */
    "CREATE TABLE meta ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  epoch TEXT NOT NULL CHECK (length(epoch) = 34)"
    ") STRICT;"
    "CREATE TABLE name ("
    "  ref INTEGER PRIMARY KEY,"
    "  text TEXT NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE TABLE record ("
    "  seq INTEGER PRIMARY KEY,"
    "  kind INTEGER NOT NULL,"
    "  patient INTEGER REFERENCES name,"
    "  episode INTEGER REFERENCES name,"
    "  device INTEGER REFERENCES name,"
    "  boot INTEGER REFERENCES name,"
    "  mono_us INTEGER NOT NULL,"
    "  measured_at INTEGER,"
    "  received_at INTEGER,"
    "  body BLOB NOT NULL,"
    "  chain BLOB NOT NULL CHECK (length(chain) = 32)"
    ") STRICT;"
    "CREATE TABLE mark ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  through INTEGER NOT NULL,"
    "  ranges BLOB NOT NULL,"
    "  boot TEXT NOT NULL,"
    "  boot_us INTEGER NOT NULL,"
    "  utc_ms INTEGER,"
    "  clock INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO mark VALUES (1, 0, x'', '', 0, NULL, 3);"
    "CREATE TABLE alarm_event ("
    "  position INTEGER PRIMARY KEY,"
    "  id BLOB NOT NULL CHECK (length(id) = 16),"
    "  n INTEGER NOT NULL,"
    "  patient TEXT NOT NULL,"
    "  at INTEGER,"
    "  delivered INTEGER NOT NULL,"
    "  payload TEXT NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX alarm_event_key ON alarm_event (id, n) WHERE n > 0;"
    "CREATE INDEX alarm_event_undelivered ON alarm_event (position) WHERE delivered = 0;"
    "CREATE TABLE alarm_state ("
    "  patient TEXT PRIMARY KEY,"
    "  version INTEGER NOT NULL,"
    "  state BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE patient ("
    "  id TEXT PRIMARY KEY,"
    "  episode TEXT NOT NULL,"
    "  label TEXT NOT NULL,"
    "  check_word TEXT NOT NULL,"
    "  admitted_at INTEGER"
    ") STRICT;"
    "CREATE TABLE plan ("
    "  patient TEXT PRIMARY KEY,"
    "  version INTEGER NOT NULL,"
    "  document TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE device ("
    "  id TEXT PRIMARY KEY,"
    "  address TEXT NOT NULL,"
    "  address_type TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  policy TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  manufacturer TEXT NOT NULL,"
    "  model_number TEXT NOT NULL,"
    "  serial_number TEXT NOT NULL,"
    "  system_id TEXT NOT NULL,"
    "  firmware TEXT NOT NULL,"
    "  enrolled_at INTEGER"
    ") STRICT;"
    "CREATE TABLE binding ("
    "  device TEXT NOT NULL,"
    "  slot INTEGER NOT NULL,"
    "  from_at INTEGER NOT NULL,"
    "  patient TEXT NOT NULL,"
    "  episode TEXT NOT NULL,"
    "  until_at INTEGER,"
    "  PRIMARY KEY (device, slot, from_at)"
    ") STRICT;"
    "CREATE TABLE counter ("
    "  kid TEXT PRIMARY KEY,"
    "  counter INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE command ("
    "  id TEXT PRIMARY KEY,"
    "  answer TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE setting ("
    "  key TEXT PRIMARY KEY,"
    "  value TEXT NOT NULL"
    ") STRICT;",
    /* 2: two patients may share a device; what a device gave once is known again */
    "CREATE TABLE binding_2 ("
    "  device TEXT NOT NULL,"
    "  slot INTEGER NOT NULL,"
    "  from_at INTEGER NOT NULL,"
    "  patient TEXT NOT NULL,"
    "  episode TEXT NOT NULL,"
    "  until_at INTEGER,"
    "  read_out INTEGER NOT NULL,"
    "  PRIMARY KEY (device, slot, from_at, patient)"
    ") STRICT;"
    "INSERT INTO binding_2 SELECT device, slot, from_at, patient, episode, until_at, 0 FROM binding;"
    "DROP TABLE binding;"
    "ALTER TABLE binding_2 RENAME TO binding;"
    "CREATE TABLE known ("
    "  device INTEGER NOT NULL REFERENCES name,"
    "  place INTEGER NOT NULL," /* number modulo WARD_STORE_KNOWN_MAX */
    "  number INTEGER NOT NULL,"
    "  key BLOB NOT NULL CHECK (length(key) = 16),"
    "  PRIMARY KEY (device, place)"
    ") STRICT, WITHOUT ROWID;",
    /* 3: epochs that ended, and what the ward has not got of them; since when this one may have been put back */
    "CREATE TABLE past ("
    "  number INTEGER PRIMARY KEY,"
    "  epoch TEXT NOT NULL UNIQUE,"
    "  source TEXT NOT NULL,"       /* the file that was set aside */
    "  first_seq INTEGER NOT NULL," /* what of it the ward may not have: from here on, */
    "  last_seq INTEGER NOT NULL,"  /* to here (the greatest integer: nobody knows), */
    "  ranges BLOB NOT NULL,"       /* but for these */
    "  next_seq INTEGER NOT NULL,"  /* where reading it goes on */
    "  lost INTEGER NOT NULL,"      /* could not be read, or do not fit into the chain */
    "  done INTEGER NOT NULL"       /* 1: it is read through, 2: and what was lost is told */
    ") STRICT;"
    "CREATE TABLE past_record ("
    "  past INTEGER NOT NULL REFERENCES past,"
    "  seq INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  patient INTEGER REFERENCES name,"
    "  episode INTEGER REFERENCES name,"
    "  device INTEGER REFERENCES name,"
    "  boot INTEGER REFERENCES name,"
    "  mono_us INTEGER NOT NULL,"
    "  measured_at INTEGER,"
    "  received_at INTEGER,"
    "  body BLOB NOT NULL,"
    "  chain BLOB NOT NULL CHECK (length(chain) = 32),"
    "  PRIMARY KEY (past, seq)"
    ") STRICT, WITHOUT ROWID;"
    "ALTER TABLE mark ADD COLUMN opened INTEGER;"
    "ALTER TABLE mark ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mark ADD COLUMN dropped_chain BLOB;",
    /* 4: who called what on the bus, to change something */
    "CREATE TABLE audit ("
    "  number INTEGER PRIMARY KEY," /* rising */
    "  boot TEXT NOT NULL,"
    "  boot_us INTEGER NOT NULL,"
    "  at INTEGER,"
    "  uid INTEGER NOT NULL,"
    "  person TEXT NOT NULL," /* who it was, as the caller says */
    "  method TEXT NOT NULL,"
    "  object TEXT NOT NULL,"
    "  patient TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  omitted INTEGER NOT NULL,"
    "  UNIQUE (boot, boot_us)"
    ") STRICT;",
};

int ward_schema_version(void)
{
    return (int)(sizeof(ward_schema_migrations) / sizeof(ward_schema_migrations[0]));
}

#define RECORD_COLUMNS                                                                                       \
    "seq, kind, patient, episode, device, boot, mono_us, measured_at, received_at, body, chain"
/* Of a record that was erased only its number and its chain are left (store_erase.h): no kind of a record's. */
#define ERASED        "255"
#define EVENT_COLUMNS "id, n, patient, at, delivered, payload"

static const char *const statements[WARD_SQL_COUNT] = {
    [WARD_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [WARD_SQL_COMMIT] = "COMMIT",
    [WARD_SQL_HEAD] = "SELECT seq, chain FROM record ORDER BY seq DESC LIMIT 1",
    [WARD_SQL_NAME_BY_TEXT] = "SELECT ref FROM name WHERE text = ?1",
    [WARD_SQL_NAME_BY_REF] = "SELECT text FROM name WHERE ref = ?1",
    [WARD_SQL_NAME_ADD] = "INSERT INTO name (text) VALUES (?1)",
    [WARD_SQL_RECORD_ADD] =
        "INSERT INTO record (" RECORD_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
        " ?10, ?11)",
    [WARD_SQL_DERIVED_FROM] = "SELECT min(seq), max(seq) FROM record WHERE seq > ?1 AND kind = 1"
                              " AND patient IS ?2 AND boot IS ?3 AND (?4 IS NULL OR device = ?4)"
                              " AND mono_us BETWEEN ?5 AND ?6",
    [WARD_SQL_EVENT_ADD] = "INSERT INTO alarm_event (" EVENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                           " ON CONFLICT (id, n) WHERE n > 0 DO NOTHING",
    [WARD_SQL_EVENT_DELIVERED] = "UPDATE alarm_event SET delivered = 1 WHERE id = ?1 AND n = ?2 AND n > 0",
    [WARD_SQL_STATE_PUT] = "INSERT OR REPLACE INTO alarm_state (patient, version, state) VALUES (?1, ?2, ?3)",
    [WARD_SQL_MARK_TIME] = "UPDATE mark SET boot = ?1, boot_us = ?2, utc_ms = ?3, clock = ?4,"
                           " opened = coalesce(opened, ?5)",
    [WARD_SQL_MARK_AGREED] = "UPDATE mark SET opened = NULL",
    [WARD_SQL_MARK_THROUGH] = "UPDATE mark SET through = ?1, ranges = ?2 WHERE through <= ?1",
    [WARD_SQL_PATIENT_PUT] = "INSERT OR REPLACE INTO patient (id, episode, label, check_word, admitted_at)"
                             " VALUES (?1, ?2, ?3, ?4, ?5)",
    [WARD_SQL_PATIENT_DELETE] = "DELETE FROM patient WHERE id = ?1",
    [WARD_SQL_PLAN_DELETE] = "DELETE FROM plan WHERE patient = ?1",
    [WARD_SQL_STATE_DELETE] = "DELETE FROM alarm_state WHERE patient = ?1",
    [WARD_SQL_BINDINGS_END_OF_PATIENT] =
        "UPDATE binding SET until_at = ?2 WHERE patient = ?1 AND until_at IS NULL",
    [WARD_SQL_BINDINGS_END_OF_DEVICE] =
        "UPDATE binding SET until_at = ?2 WHERE device = ?1 AND until_at IS NULL",
    [WARD_SQL_PLAN_PUT] = "INSERT OR REPLACE INTO plan (patient, version, document) VALUES (?1, ?2, ?3)",
    [WARD_SQL_DEVICE_PUT] = "INSERT OR REPLACE INTO device (id, address, address_type, model, policy, name,"
                            " manufacturer, model_number, serial_number, system_id, firmware, enrolled_at)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [WARD_SQL_DEVICE_DELETE] = "DELETE FROM device WHERE id = ?1",
    [WARD_SQL_BINDING_PUT] =
        "INSERT OR REPLACE INTO binding (device, slot, from_at, patient, episode, until_at, read_out)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [WARD_SQL_BINDING_DATED] =
        "DELETE FROM binding WHERE device = ?1 AND slot = ?2 AND patient = ?3 AND from_at = ?4",
    [WARD_SQL_KNOWN_PUT] =
        "INSERT OR REPLACE INTO known (device, place, number, key) VALUES (?1, ?2, ?3, ?4)",
    [WARD_SQL_COUNTER_PUT] = "INSERT INTO counter (kid, counter) VALUES (?1, ?2)"
                             " ON CONFLICT (kid) DO UPDATE SET counter = max(counter, excluded.counter)",
    [WARD_SQL_COMMAND_PUT] = "INSERT OR REPLACE INTO command (id, answer) VALUES (?1, ?2)",
    [WARD_SQL_SETTING_PUT] = "INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)",
    [WARD_SQL_SETTING_DELETE] = "DELETE FROM setting WHERE key = ?1",
    [WARD_SQL_FETCH] = "SELECT " RECORD_COLUMNS " FROM record WHERE seq BETWEEN ?1 AND ?2 AND kind <> " ERASED
                       " ORDER BY seq LIMIT ?3",
    [WARD_SQL_QUERY] = "SELECT " RECORD_COLUMNS " FROM record WHERE seq BETWEEN ?1 AND ?2 AND kind <> " ERASED
                       " AND (?3 IS NULL OR device = ?3) AND (?4 IS NULL OR patient = ?4)"
                       " AND (?5 IS NULL OR coalesce(measured_at, received_at) IS NULL"
                       "      OR received_at >= ?5 OR measured_at >= ?5)"
                       " AND (?6 IS NULL OR coalesce(received_at, measured_at) <= ?6) ORDER BY seq DESC",
    [WARD_SQL_HISTORY] = "SELECT " EVENT_COLUMNS " FROM alarm_event WHERE (?1 IS NULL OR patient = ?1)"
                         " AND (?2 IS NULL OR at IS NULL OR at >= ?2)"
                         " AND (?4 IS NULL OR at IS NULL OR at <= ?4) ORDER BY position DESC LIMIT ?3",
    /* What is never published has no id: it stands shortly before what came of it. */
    [WARD_SQL_OCCURRENCE] =
        "WITH own AS (SELECT min(position) AS first, max(position) AS last, patient FROM alarm_event"
        "             WHERE id = ?1 AND n > 0)"
        " SELECT " EVENT_COLUMNS " FROM alarm_event WHERE position IN"
        " (SELECT position FROM alarm_event WHERE id = ?1 AND n > 0"
        "  UNION SELECT event.position FROM alarm_event AS event, own WHERE event.n = 0"
        "  AND event.patient = own.patient AND event.position BETWEEN own.first - 64 AND own.last)"
        " ORDER BY position LIMIT ?2",
    [WARD_SQL_UNDELIVERED_EVENTS] =
        "SELECT " EVENT_COLUMNS " FROM alarm_event WHERE delivered = 0"
        " AND (?1 IS NULL OR patient = ?1) AND (?2 IS NULL OR at IS NULL OR at >= ?2)"
        " ORDER BY position LIMIT ?3",
    [WARD_SQL_PUBLISHED_EVENTS] =
        "SELECT " EVENT_COLUMNS ", position FROM alarm_event WHERE n > 0 AND position > ?1"
        " AND (?2 IS NULL OR at IS NULL OR at >= ?2) ORDER BY position LIMIT ?3",
    [WARD_SQL_OLDEST_RECEIVED] = "SELECT received_at FROM record WHERE seq > ?1 ORDER BY seq LIMIT 1",
    [WARD_SQL_MARK_READ] = "SELECT through, ranges, boot, boot_us, utc_ms, clock, opened FROM mark",
    [WARD_SQL_STATES] = "SELECT patient, version, state FROM alarm_state ORDER BY patient",
    [WARD_SQL_PATIENTS] = "SELECT id, episode, label, check_word, admitted_at FROM patient ORDER BY id",
    [WARD_SQL_PLANS] = "SELECT patient, version, document FROM plan ORDER BY patient",
    [WARD_SQL_DEVICES] = "SELECT id, address, address_type, model, policy, name, manufacturer, model_number,"
                         " serial_number, system_id, firmware, enrolled_at FROM device ORDER BY id",
    [WARD_SQL_BINDINGS] = "SELECT device, slot, from_at, patient, episode, until_at, read_out FROM binding"
                          " ORDER BY device, slot, from_at, patient",
    [WARD_SQL_KNOWN] = "SELECT device, number, key FROM known ORDER BY device, number",
    [WARD_SQL_COUNTERS] = "SELECT kid, counter FROM counter ORDER BY kid",
    [WARD_SQL_COMMANDS] = "SELECT id, answer FROM command ORDER BY rowid DESC LIMIT 100",
    [WARD_SQL_CHAIN] = "SELECT chain FROM record WHERE seq = ?1"
                       " UNION ALL SELECT dropped_chain FROM mark WHERE dropped = ?1",
    [WARD_SQL_LOWEST] = "SELECT min(seq) FROM record",
    [WARD_SQL_PAGES_USED] = "SELECT (SELECT page_count FROM pragma_page_count)"
                            " - (SELECT freelist_count FROM pragma_freelist_count)",
    [WARD_SQL_DROP_RECORDS] = "DELETE FROM record WHERE seq <= ?1",
    [WARD_SQL_DROP_EVENTS] =
        "DELETE FROM alarm_event WHERE position IN"
        " (SELECT position FROM alarm_event WHERE delivered = 1 ORDER BY position LIMIT ?1)",
    [WARD_SQL_MARK_DROPPED] = "UPDATE mark SET dropped = ?1, dropped_chain = ?2, through = max(through, ?1)",
    [WARD_SQL_PAST_ADD] =
        "INSERT OR IGNORE INTO past (epoch, source, first_seq, last_seq, ranges, next_seq, lost, done)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?3, 0, 0)",
    [WARD_SQL_PAST_ALL] = "SELECT epoch, source, first_seq, last_seq, ranges FROM past ORDER BY number",
    [WARD_SQL_PAST_SOURCE] = "SELECT number, epoch, source, next_seq, last_seq, ranges, lost, done FROM past"
                             " WHERE done < 2 ORDER BY number LIMIT 1",
    [WARD_SQL_PAST_OF_SOURCE] = "SELECT 1 FROM past WHERE source = ?1 LIMIT 1",
    [WARD_SQL_PAST_READ] = "UPDATE past SET next_seq = ?2, lost = ?3, done = ?4 WHERE number = ?1",
    [WARD_SQL_PAST_TOLD] = "UPDATE past SET done = 2 WHERE number = ?1",
    [WARD_SQL_PAST_RECORD_ADD] = "INSERT OR REPLACE INTO past_record (" RECORD_COLUMNS ", past)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [WARD_SQL_PAST_EPOCH] =
        "SELECT epoch, number FROM past WHERE number = (SELECT min(past) FROM past_record)",
    [WARD_SQL_PAST_FETCH] =
        "SELECT " RECORD_COLUMNS " FROM past_record WHERE past = ?1 ORDER BY seq LIMIT ?2",
    [WARD_SQL_PAST_DELIVERED] = "DELETE FROM past_record WHERE seq BETWEEN ?2 AND ?3"
                                " AND past = (SELECT number FROM past WHERE epoch = ?1)",
    /* Nothing is to be had of it any more: its file may go, and is not read again. */
    [WARD_SQL_PAST_FORGET] = "DELETE FROM past WHERE done = 2"
                             " AND NOT EXISTS (SELECT 1 FROM past_record WHERE past = past.number)",
    [WARD_SQL_AUDIT_PUT] =
        "INSERT INTO audit (boot, boot_us, at, uid, person, method, object, patient, outcome, omitted)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (boot, boot_us) DO UPDATE SET"
        " object = max(object, excluded.object), patient = max(patient, excluded.patient),"
        " outcome = excluded.outcome",
    [WARD_SQL_AUDIT_BOUND] = "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?1",
    [WARD_SQL_AUDIT] =
        "SELECT boot, boot_us, at, uid, person, method, object, patient, outcome, omitted FROM audit"
        " WHERE (?1 IS NULL OR patient = ?1) AND (?2 IS NULL OR at IS NULL OR at >= ?2)"
        " AND (?3 IS NULL OR at IS NULL OR at <= ?3) ORDER BY number DESC LIMIT ?4",
    [WARD_SQL_ERASE_COUNT] =
        "SELECT (SELECT count(*) FROM record WHERE patient = (SELECT ref FROM name WHERE text = ?1)"
        "        AND episode = (SELECT ref FROM name WHERE text = ?2)),"
        " (SELECT count(*) FROM alarm_event WHERE patient = ?1),"
        " (SELECT count(*) FROM alarm_event WHERE patient = ?1 AND delivered = 0),"
        " (SELECT count(*) FROM binding WHERE patient = ?1)",
    [WARD_SQL_ERASE_RECORDS] =
        "UPDATE record SET kind = " ERASED ", patient = NULL, episode = NULL, device = NULL, boot = NULL,"
        " mono_us = 0, measured_at = NULL, received_at = NULL, body = x''"
        " WHERE seq BETWEEN ?3 AND ?4 AND patient = (SELECT ref FROM name WHERE text = ?1)"
        " AND episode = (SELECT ref FROM name WHERE text = ?2)",
    [WARD_SQL_ERASE_EVENTS] = "DELETE FROM alarm_event WHERE patient = ?1",
    /* Also of the devices that nobody else had. */
    [WARD_SQL_ERASE_AUDIT] =
        "DELETE FROM audit WHERE ?1 IN (patient, object, person) OR object IN"
        " (SELECT device FROM binding WHERE patient = ?1 EXCEPT SELECT device FROM binding WHERE patient <> ?1)",
    [WARD_SQL_ERASE_BINDINGS] = "DELETE FROM binding WHERE patient = ?1",
    [WARD_SQL_ERASE_PAST] = "DELETE FROM past_record WHERE patient = (SELECT ref FROM name WHERE text = ?1)"
                            " AND episode = (SELECT ref FROM name WHERE text = ?2)",
    [WARD_SQL_ERASE_KNOWN] = "DELETE FROM known WHERE device NOT IN"
                             " (SELECT ref FROM name WHERE text IN (SELECT id FROM device))",
    [WARD_SQL_ERASE_NAMES] =
        "DELETE FROM name WHERE ref NOT IN (SELECT coalesce(patient, 0) FROM record"
        " UNION SELECT coalesce(episode, 0) FROM record UNION SELECT coalesce(device, 0) FROM record"
        " UNION SELECT coalesce(boot, 0) FROM record UNION SELECT coalesce(patient, 0) FROM past_record"
        " UNION SELECT coalesce(episode, 0) FROM past_record UNION SELECT coalesce(device, 0) FROM past_record"
        " UNION SELECT coalesce(boot, 0) FROM past_record UNION SELECT device FROM known)",
    [WARD_SQL_SETTINGS] = "SELECT key, value FROM setting ORDER BY key",
};

const char *ward_schema_sql(enum ward_sql sql)
{
    return statements[sql];
}
