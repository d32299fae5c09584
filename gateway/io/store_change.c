/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of patients, plans, devices, bindings, counters, commands and settings.
 */
#include <errno.h>

#include "io/store_audit.h"
#include "io/store_write.h"

static int run_for(struct ward_database *database, enum ward_sql sql, const char *text)
{
    sqlite3_stmt *statement = ward_database_statement(database, sql);

    ward_database_bind_text(statement, 1, text);
    return ward_database_run(database, statement);
}

static int end_bindings(struct ward_database *database, enum ward_sql sql, const char *id, int64_t at_ms)
{
    sqlite3_stmt *statement = ward_database_statement(database, sql);

    ward_database_bind_text(statement, 1, id);
    ward_database_bind_utc(statement, 2, at_ms);
    return ward_database_run(database, statement);
}

static int put_patient(struct ward_database *database, const struct ward_store_patient *patient)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PATIENT_PUT);

    ward_database_bind_text(statement, 1, patient->id.text);
    ward_database_bind_text(statement, 2, patient->episode.text);
    ward_database_bind_text(statement, 3, patient->label);
    ward_database_bind_text(statement, 4, patient->check_word);
    ward_database_bind_utc(statement, 5, patient->admitted_at_ms);
    return ward_database_run(database, statement);
}

static int remove_patient(struct ward_database *database, const struct ward_store_patient *patient)
{
    const char *id = patient->id.text;
    int error = run_for(database, WARD_SQL_PATIENT_DELETE, id);

    error = error ? error : run_for(database, WARD_SQL_PLAN_DELETE, id);
    error = error ? error : run_for(database, WARD_SQL_STATE_DELETE, id);
    return error ? error
                 : end_bindings(database, WARD_SQL_BINDINGS_END_OF_PATIENT, id, patient->admitted_at_ms);
}

static int put_plan(struct ward_database *database, const struct ward_store_change *change)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PLAN_PUT);

    ward_database_bind_text(statement, 1, change->plan.patient.text);
    sqlite3_bind_int64(statement, 2, change->plan.version);
    ward_database_bind_text(statement, 3, change->document);
    return ward_database_run(database, statement);
}

static int put_device(struct ward_database *database, const struct ward_store_device *device)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_DEVICE_PUT);
    const char *texts[] = {device->id.text,      device->address,      device->address_type,
                           device->model.text,   device->policy.text,  device->name,
                           device->manufacturer, device->model_number, device->serial_number,
                           device->system_id,    device->firmware};
    int place = 1;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ward_database_bind_text(statement, place++, texts[i]);
    }
    ward_database_bind_utc(statement, place, device->enrolled_at_ms);
    return ward_database_run(database, statement);
}

static int forget_device(struct ward_database *database, const struct ward_store_device *device)
{
    int error = run_for(database, WARD_SQL_DEVICE_DELETE, device->id.text);

    return error ? error
                 : end_bindings(database, WARD_SQL_BINDINGS_END_OF_DEVICE, device->id.text,
                                device->enrolled_at_ms);
}

/* The one that was made when the date was not known has got its date, or another in its place. */
static int drop_undated(struct ward_database *database, const struct ward_store_binding *binding)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_BINDING_DATED);

    ward_database_bind_text(statement, 1, binding->device.text);
    sqlite3_bind_int(statement, 2, binding->slot);
    ward_database_bind_text(statement, 3, binding->patient.text);
    sqlite3_bind_int64(statement, 4, WARD_BOUND_FROM_UNKNOWN);
    return ward_database_run(database, statement);
}

static int put_binding(struct ward_database *database, const struct ward_store_binding *binding)
{
    int error = binding->until_ms == WARD_UTC_UNKNOWN ? drop_undated(database, binding) : 0;
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_BINDING_PUT);

    ward_database_bind_text(statement, 1, binding->device.text);
    sqlite3_bind_int(statement, 2, binding->slot);
    sqlite3_bind_int64(statement, 3, binding->from_ms);
    ward_database_bind_text(statement, 4, binding->patient.text);
    ward_database_bind_text(statement, 5, binding->episode.text);
    ward_database_bind_utc(statement, 6, binding->until_ms);
    sqlite3_bind_int(statement, 7, binding->read_out);
    return error ? error : ward_database_run(database, statement);
}

static int put_known(struct ward_database *database, const struct ward_store_known *known)
{
    int64_t device = 0;
    int error = ward_database_name_ref(database, &known->device, true, &device);
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_KNOWN_PUT);

    sqlite3_bind_int64(statement, 1, device);
    sqlite3_bind_int64(statement, 2, (int64_t)(known->number % WARD_STORE_KNOWN_MAX));
    sqlite3_bind_int64(statement, 3, (int64_t)known->number);
    sqlite3_bind_blob(statement, 4, known->key, sizeof(known->key), SQLITE_STATIC);
    return error ? error : ward_database_run(database, statement);
}

static int put_counter(struct ward_database *database, const struct ward_store_counter *counter)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_COUNTER_PUT);

    ward_database_bind_text(statement, 1, counter->kid);
    sqlite3_bind_int64(statement, 2, (int64_t)counter->counter);
    return ward_database_run(database, statement);
}

static int put_document(struct ward_database *database, enum ward_sql sql,
                        const struct ward_store_change *change)
{
    sqlite3_stmt *statement = ward_database_statement(database, sql);

    ward_database_bind_text(statement, 1, change->name.text);
    ward_database_bind_text(statement, 2, change->document);
    return ward_database_run(database, statement);
}

int ward_change_write(struct ward_database *database, const struct ward_store_change *change)
{
    switch ((enum ward_store_change_kind)change->kind) {
    case WARD_STORE_PATIENT: return put_patient(database, &change->patient);
    case WARD_STORE_PATIENT_REMOVED: return remove_patient(database, &change->patient);
    case WARD_STORE_PLAN: return put_plan(database, change);
    case WARD_STORE_DEVICE: return put_device(database, &change->device);
    case WARD_STORE_DEVICE_FORGOTTEN: return forget_device(database, &change->device);
    case WARD_STORE_BINDING: return put_binding(database, &change->binding);
    case WARD_STORE_KNOWN: return put_known(database, &change->known);
    case WARD_STORE_AUDIT: return ward_audit_write(database, &change->audit);
    case WARD_STORE_COUNTER: return put_counter(database, &change->counter);
    case WARD_STORE_COMMAND: return put_document(database, WARD_SQL_COMMAND_PUT, change);
    case WARD_STORE_SETTING:
        return change->document ? put_document(database, WARD_SQL_SETTING_PUT, change)
                                : run_for(database, WARD_SQL_SETTING_DELETE, change->name.text);
    }
    return -EINVAL;
}
