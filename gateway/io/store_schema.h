/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of the file and every statement that runs on it. Private to the store.
 *
 * Columns are bound and read by their place; what stands where is said in the SQL itself (store_schema.c).
 */
#ifndef WARD_IO_STORE_SCHEMA_H
#define WARD_IO_STORE_SCHEMA_H

#include <stddef.h>

/* PRAGMA application_id: "Ward". */
#define WARD_SCHEMA_APPLICATION_ID 0x57617264

/* migrations[i] leads from version i to i + 1, by PRAGMA user_version. Append only; never changed once released. */
extern const char *const ward_schema_migrations[];
int ward_schema_version(void);

enum ward_sql {
    WARD_SQL_BEGIN,
    WARD_SQL_COMMIT,
    WARD_SQL_HEAD,
    WARD_SQL_NAME_BY_TEXT,
    WARD_SQL_NAME_BY_REF,
    WARD_SQL_NAME_ADD,
    WARD_SQL_RECORD_ADD,
    WARD_SQL_DERIVED_FROM,
    WARD_SQL_EVENT_ADD,
    WARD_SQL_EVENT_DELIVERED,
    WARD_SQL_STATE_PUT,
    WARD_SQL_MARK_TIME,
    WARD_SQL_MARK_THROUGH,
    WARD_SQL_MARK_AGREED,
    WARD_SQL_PATIENT_PUT,
    WARD_SQL_PATIENT_DELETE,
    WARD_SQL_PLAN_DELETE,
    WARD_SQL_STATE_DELETE,
    WARD_SQL_BINDINGS_END_OF_PATIENT,
    WARD_SQL_BINDINGS_END_OF_DEVICE,
    WARD_SQL_PLAN_PUT,
    WARD_SQL_DEVICE_PUT,
    WARD_SQL_DEVICE_DELETE,
    WARD_SQL_BINDING_PUT,
    WARD_SQL_BINDING_DATED,
    WARD_SQL_KNOWN_PUT,
    WARD_SQL_COUNTER_PUT,
    WARD_SQL_COMMAND_PUT,
    WARD_SQL_SETTING_PUT,
    WARD_SQL_SETTING_DELETE,
    WARD_SQL_FETCH,
    WARD_SQL_QUERY,
    WARD_SQL_HISTORY,
    WARD_SQL_OCCURRENCE,
    WARD_SQL_UNDELIVERED_EVENTS,
    WARD_SQL_PUBLISHED_EVENTS,
    WARD_SQL_OLDEST_RECEIVED,
    WARD_SQL_MARK_READ,
    WARD_SQL_STATES,
    WARD_SQL_PATIENTS,
    WARD_SQL_PLANS,
    WARD_SQL_DEVICES,
    WARD_SQL_BINDINGS,
    WARD_SQL_COUNTERS,
    WARD_SQL_COMMANDS,
    WARD_SQL_SETTINGS,
    WARD_SQL_KNOWN,
    WARD_SQL_CHAIN,
    WARD_SQL_LOWEST,
    WARD_SQL_PAGES_USED,
    WARD_SQL_DROP_RECORDS,
    WARD_SQL_DROP_EVENTS,
    WARD_SQL_MARK_DROPPED,
    WARD_SQL_PAST_ADD,
    WARD_SQL_PAST_ALL,
    WARD_SQL_PAST_SOURCE,
    WARD_SQL_PAST_OF_SOURCE,
    WARD_SQL_PAST_READ,
    WARD_SQL_PAST_TOLD,
    WARD_SQL_PAST_RECORD_ADD,
    WARD_SQL_PAST_EPOCH,
    WARD_SQL_PAST_FETCH,
    WARD_SQL_PAST_DELIVERED,
    WARD_SQL_PAST_FORGET,
    WARD_SQL_COUNT,
};

const char *ward_schema_sql(enum ward_sql sql);

#endif
