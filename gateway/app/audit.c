/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commits.h"
#include "app/gateway.h"
#include "core/json.h"
#include "core/jws.h"
#include "core/reading.h"
#include "io/journal.h"

/* --- what a call names --------------------------------------------------------------------------------------- */

/* From the moment on at which his data are erased nobody may be named any more. */
static bool is_known_patient(const struct ward_gateway *gateway, const char *patient)
{
    const struct ward_departure *departure = ward_departure_of(gateway, patient);

    return ward_gateway_watch(gateway, patient) || (departure && departure->stage == WARD_DEPARTURE_WAITS);
}

static bool is_address(const char *text)
{
    return strlen(text) == 17 && strspn(text, "0123456789ABCDEFabcdef:") == 17;
}

static void name_patient(const struct ward_gateway *gateway, const char *patient,
                         struct ward_store_audit *row)
{
    if (is_known_patient(gateway, patient))
        (void)ward_id_set(&row->patient, patient);
}

static void name_device(const struct ward_gateway *gateway, const char *device, struct ward_store_audit *row)
{
    if (ward_registry_device(&gateway->registry, device))
        snprintf(row->object, sizeof(row->object), "%s", device);
}

static void name_order(const struct ward_gateway *gateway, const char *const *text,
                       struct ward_store_audit *row)
{
    struct ward_command *command = calloc(1, sizeof(*command));
    struct ward_jws_error error;

    name_patient(gateway, text[0], row);
    (void)ward_id_set(&row->by, text[1]); /* what is no id is refused, and says nothing */
    if (command && ward_command_parse(text[2], strlen(text[2]), command, &error) == WARD_JWS_OK)
        snprintf(row->object, sizeof(row->object), "%s", ward_command_name(command->kind));
    free(command);
}

static void name(const struct ward_gateway *gateway, const struct ward_bus_deed *deed,
                 struct ward_store_audit *row)
{
    const char *const *text = deed->arguments->text;

    switch (deed->method) {
    case WARD_BUS_ADMIT:
    case WARD_BUS_APPLY_PLAN:
    case WARD_BUS_SILENCE: name_patient(gateway, text[0], row); break;
    case WARD_BUS_PAIR:
        name_patient(gateway, text[1], row);
        if (is_address(text[0]))
            snprintf(row->object, sizeof(row->object), "%s", text[0]);
        break;
    case WARD_BUS_BIND:
    case WARD_BUS_UNBIND:
        name_device(gateway, text[0], row);
        name_patient(gateway, text[1], row);
        break;
    case WARD_BUS_MEASURE:
        name_patient(gateway, text[0], row);
        name_device(gateway, text[1], row);
        break;
    case WARD_BUS_RENAME:
    case WARD_BUS_TEST_DEVICE:
    case WARD_BUS_FORGET: name_device(gateway, text[0], row); break;
    case WARD_BUS_ORDER: name_order(gateway, text, row); break;
    case WARD_BUS_PROVISION: /* the code is a secret */
        if (strcmp(text[0], "enrol") == 0 || strcmp(text[0], "renew") == 0 || strcmp(text[0], "retire") == 0)
            snprintf(row->object, sizeof(row->object), "%s", text[0]);
        break;
    case WARD_BUS_SCAN:
    case WARD_BUS_TEST_HUB:
    case WARD_BUS_COMMAND: /* what the ward has signed is told by its own answer */
    case WARD_BUS_STATUS:
    case WARD_BUS_READINGS:
    case WARD_BUS_ALARMS:
    case WARD_BUS_PATIENTS:
    case WARD_BUS_PLAN:
    case WARD_BUS_DEVICES:
    case WARD_BUS_QUEUE:
    case WARD_BUS_VERIFY:
    case WARD_BUS_HUB:
    case WARD_BUS_FOLLOW:
    case WARD_BUS_EXPLAIN:
    case WARD_BUS_AUDIT:
    case WARD_BUS_METHOD_COUNT: break;
    }
}

/* --- whether and when it is written -------------------------------------------------------------------------- */

static bool has_place(struct ward_gateway *gateway, const struct ward_bus_deed *deed, uint64_t now_us)
{
    struct ward_audit *audit = &gateway->audit;

    if (audit->waiting >= WARD_AUDIT_WAITING_MAX)
        return false;
    if (deed->admin)
        return true;
    if (now_us - audit->window_us >= WARD_AUDIT_WINDOW_US) {
        audit->window_us = now_us;
        audit->strangers = 0;
    }
    if (audit->strangers >= WARD_AUDIT_STRANGERS)
        return false;
    audit->strangers++;
    return true;
}

static void written(struct ward_gateway *gateway, bool failed)
{
    (void)failed; /* which the store's trouble tells already */
    gateway->audit.waiting--;
}

static void submit(struct ward_gateway *gateway, const struct ward_store_audit *row)
{
    const struct ward_store_change change = {.kind = WARD_STORE_AUDIT, .audit = *row};
    struct ward_store_group group = {.changes = &change, .change_count = 1};
    struct ward_commit_waiter *waiter = ward_commit_waiter_new(NULL, 0);

    if (waiter) {
        waiter->then = written;
        gateway->audit.waiting++;
    }
    (void)ward_gateway_submit(gateway, &group, waiter);
}

/* What the ward's own answer to a command says: it is ours, and written without a blank. */
static void take_outcome(const char *outcome, const char *answer, struct ward_store_audit *row)
{
    static const char member[] = "\"outcome\":\"";
    const char *found = answer ? strstr(answer, member) : NULL;

    if (found)
        snprintf(row->outcome, sizeof(row->outcome), "%.*s", (int)strcspn(found + sizeof(member) - 1, "\""),
                 found + sizeof(member) - 1);
    else
        snprintf(row->outcome, sizeof(row->outcome), "%s", outcome);
}

void ward_audit_deed(void *userdata, struct ward_bus_deed *deed, const char *outcome, const char *answer)
{
    struct ward_gateway *gateway = userdata;
    struct ward_audit *audit = &gateway->audit;
    const struct ward_time now = ward_gateway_now(gateway);
    struct ward_store_audit row = {.boot = gateway->boot, .at_ms = now.utc_ms, .uid = deed->uid};

    if (!gateway->store) /* it is closed already: the process ends */
        return;
    if (deed->mark == 0 && !has_place(gateway, deed, now.boot_us)) {
        audit->omitted +=
            outcome != NULL; /* one that may yet have its row when it is answered does not count */
        ward_journal_print(LOG_NOTICE, "%s by uid %u: %s", deed->name, deed->uid,
                           outcome ? outcome : "not audited, there are too many");
        return;
    }
    if (deed->mark == 0) {
        audit->last_us = now.boot_us > audit->last_us ? now.boot_us : audit->last_us + 1;
        deed->mark = audit->last_us;
        row.omitted = audit->omitted;
        audit->omitted = 0;
    }
    row.boot_us = deed->mark;
    snprintf(row.method, sizeof(row.method), "%s", deed->name);
    name(gateway, deed, &row);
    if (outcome)
        take_outcome(outcome, answer, &row);
    submit(gateway, &row);
}

/* --- how it is told ------------------------------------------------------------------------------------------ */

size_t ward_audit_write_json(const struct ward_store_audit *row, char *text, size_t size)
{
    struct ward_json json;
    size_t length = 0;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_key(&json, "at");
    ward_json_utc(&json, row->at_ms);
    ward_json_member(&json, "boot", row->boot.text);
    ward_json_key(&json, "boot_us");
    ward_json_uint(&json, row->boot_us);
    ward_json_key(&json, "uid");
    if (row->uid == WARD_BUS_UID_UNKNOWN)
        ward_json_null(&json);
    else
        ward_json_uint(&json, row->uid);
    ward_json_member_if(&json, "by", row->by.text);
    ward_json_member(&json, "method", row->method);
    ward_json_member_if(&json, "object", row->object);
    ward_json_member_if(&json, "patient", row->patient.text);
    ward_json_key(&json, "outcome");
    ward_json_string(&json, row->outcome[0] ? row->outcome : NULL);
    ward_json_key(&json, "omitted");
    ward_json_uint(&json, row->omitted);
    ward_json_object_end(&json);
    return ward_json_finish(&json, &length) == WARD_JSON_OK ? length : 0;
}
