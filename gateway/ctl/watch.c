/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/watch.h"

#include <string.h>

#include "core/utc.h"
#include "ctl/document.h"

static struct ward_watch_row *row_of(struct ward_watch *watch, const char *patient, const char *quantity)
{
    size_t at = 0;

    for (size_t i = 0; i < watch->count; i++) {
        const int order = strcmp(watch->rows[i].patient, patient);

        if (order == 0 && strcmp(watch->rows[i].quantity, quantity) == 0)
            return &watch->rows[i];
        at = order <= 0 ? i + 1 : at;
    }
    if (watch->count == WARD_WATCH_ROWS_MAX) {
        watch->left_out++;
        return NULL;
    }
    memmove(&watch->rows[at + 1], &watch->rows[at], (watch->count - at) * sizeof(watch->rows[0]));
    watch->count++;
    watch->rows[at] = (struct ward_watch_row){.utc_ms = INT64_MIN};
    snprintf(watch->rows[at].patient, sizeof(watch->rows[at].patient), "%s", patient);
    snprintf(watch->rows[at].quantity, sizeof(watch->rows[at].quantity), "%s", quantity);
    return &watch->rows[at];
}

static void trace(struct ward_watch_row *row, double value)
{
    if (row->count == WARD_WATCH_TRACE_MAX)
        memmove(row->trace, row->trace + 1, --row->count * sizeof(row->trace[0]));
    row->trace[row->count++] = value;
}

static bool is_late(const json_t *record)
{
    return json_is_true(json_object_get(record, "late"));
}

/* When it was measured, or came; INT64_MIN without a date. When something old came is not when it was measured. */
static int64_t moment_of(const json_t *record)
{
    const char *measured = ward_document_text(record, "measured_at");
    const char *received = ward_document_text(record, "received_at");
    int64_t utc_ms = INT64_MIN;

    if (!ward_utc_parse(measured, strlen(measured), &utc_ms) && !is_late(record))
        (void)ward_utc_parse(received, strlen(received), &utc_ms);
    return utc_ms;
}

/* What a device had in its memory comes behind what it measures now, and is not the newest for that. */
static bool is_older(const struct ward_watch_row *row, const json_t *record)
{
    return is_late(record) && moment_of(record) < row->utc_ms;
}

static void take_value(struct ward_watch_row *row, const json_t *record, const json_t *value,
                       const struct ward_watch_now *now)
{
    const char *unit = ward_document_text(value, "unit"), *special = ward_document_text(value, "special");
    const json_t *number = json_object_get(value, "value");
    const bool valid = strcmp(ward_document_text(record, "quality"), "valid") == 0;

    row->utc_ms = moment_of(record);
    row->arrived_boot_ms = now->boot_ms;
    if (*special != '\0')
        snprintf(row->value, sizeof(row->value), "(%s)", special);
    else if (*ward_document_text(value, "code") != '\0')
        snprintf(row->value, sizeof(row->value), "%.40s", ward_document_member(value, "code").text);
    else
        snprintf(row->value, sizeof(row->value), "%.24s%s%.16s", ward_document_brief(number).text,
                 *unit != '\0' ? " " : "", unit);
    snprintf(row->epoch, sizeof(row->epoch), "%s", ward_document_text(record, "epoch"));
    row->seq = json_integer_value(json_object_get(record, "seq"));
    snprintf(row->quality, sizeof(row->quality), "%s", ward_document_text(record, "quality"));
    row->why[0] = '\0';
    if (json_array_size(json_object_get(record, "reasons")) > 0)
        snprintf(row->why, sizeof(row->why), "%.79s", ward_document_member(record, "reasons").text);
    if (valid && json_is_number(number))
        trace(row, json_number_value(number));
}

/* What was taken back stays as the newest that was measured, and counts for nothing. Returns whether any is on the screen. */
static bool take_back(struct ward_watch *watch, const json_t *record)
{
    const json_int_t voids = json_integer_value(json_object_get(record, "voids"));
    bool some = false;

    for (size_t i = 0; i < watch->count; i++) {
        struct ward_watch_row *row = &watch->rows[i];

        if (row->seq == 0 || row->seq != voids ||
            strcmp(row->epoch, ward_document_text(record, "epoch")) != 0)
            continue;
        row->count -= strcmp(row->quality, "valid") == 0 && row->count > 0;
        snprintf(row->quality, sizeof(row->quality), "taken back");
        row->why[0] = '\0';
        some = true;
    }
    return some;
}

bool ward_watch_take(struct ward_watch *watch, const json_t *record, const struct ward_watch_now *now)
{
    const char *patient = ward_document_text(record, "patient");
    const json_t *value;
    bool some = false;
    size_t at;

    if (*patient == '\0' || (watch->patient != NULL && strcmp(watch->patient, patient) != 0))
        return false;
    if (strcmp(ward_document_text(record, "kind"), "void") == 0)
        return take_back(watch, record);
    json_array_foreach(json_object_get(record, "values"), at, value)
    {
        struct ward_watch_row *row = row_of(watch, patient, ward_document_text(value, "quantity"));

        some = true;
        if (row != NULL && !is_older(row, record))
            take_value(row, record, value, now);
    }
    return some;
}
