/* SPDX-License-Identifier: Apache-2.0 */
#include "app/bundles.h"

#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "core/fhir.h"
#include "core/model.h"

/* --- what is known besides the records ------------------------------------------------------------------------ */

static bool device(const void *context, const char *id, struct ward_fhir_device *ret)
{
    const struct ward_gateway *gateway = context;
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, id);
    const struct ward_model *model = known ? ward_model_by_id(known->model.text) : NULL;

    if (!known)
        return false;
    *ret = (struct ward_fhir_device){.manufacturer = known->manufacturer,
                                     .model_number = known->model_number,
                                     .firmware = known->firmware,
                                     .quantities = model ? model->quantities : 0};
    return true;
}

static bool is_void(const void *context, uint64_t seq)
{
    const struct ward_gateway *gateway = context;

    return ward_settled_fate(&gateway->settled, seq) == WARD_FATE_VOIDED;
}

static bool boot_clock(const void *context, const char *boot, int64_t *ret_offset_ms)
{
    const struct ward_gateway *gateway = context;

    return ward_dating_offset(&gateway->dating, boot, ret_offset_ms);
}

static const struct ward_care_plan *plan(const void *context, const struct ward_reading *reading)
{
    const struct ward_gateway *gateway = context;
    const struct ward_watch *watch = ward_gateway_watch(gateway, reading->patient.text);

    return watch && watch->has_plan && strcmp(watch->episode.text, reading->episode.text) == 0 &&
                   reading->seq >=
                       ward_inforce_from(&gateway->inforce, reading->patient.text, watch->plan.version)
               ? &watch->plan
               : NULL;
}

/* --- the scores of now ---------------------------------------------------------------------------------------- */

/* A stream is measured all the time: its samples do not name one each. */
static uint64_t newest_of(const struct ward_bundle_of *of, const struct ward_watch *watch)
{
    for (size_t i = of->count; i > 0; i--) {
        const struct ward_reading *reading = &of->records[i - 1].reading;

        if ((reading->kind == WARD_READING_SPOT || reading->kind == WARD_READING_ENTRY) &&
            strcmp(reading->patient.text, watch->patient.text) == 0)
            return reading->seq;
    }
    return 0;
}

/* Of each patient of whom there is something, named by the newest record that is there of it. Returns how many. */
static size_t find_scores(struct ward_gateway *gateway, const struct ward_bundle_of *of,
                          struct ward_news2_report *reports, struct ward_fhir_score *scores)
{
    size_t count = 0;

    for (size_t i = 0; i < gateway->watch_count; i++) {
        const struct ward_watch *watch = gateway->watches[i];
        const struct ward_alarm_context context = ward_watch_context(watch);
        const uint64_t seq = newest_of(of, watch);

        if (seq == 0 || !watch->has_plan || !ward_alarm_news2(&watch->state, &context, &reports[count]))
            continue;
        scores[count] = (struct ward_fhir_score){.patient = watch->patient.text,
                                                 .episode = watch->episode.text,
                                                 .at_ms = ward_gateway_now(gateway).utc_ms,
                                                 .seq = seq,
                                                 .report = &reports[count]};
        count++;
    }
    return count;
}

/* --- the Bundle ----------------------------------------------------------------------------------------------- */

static void note_undated(struct ward_gateway *gateway, const struct ward_record *records, size_t count)
{
    int64_t offset_ms;

    for (size_t i = 0; i < count; i++)
        if (records[i].reading.received_at_ms == WARD_UTC_UNKNOWN &&
            !ward_dating_offset(&gateway->dating, records[i].reading.boot.text, &offset_ms))
            ward_dating_sent(gateway, records[i].reading.seq);
}

size_t ward_bundles_write(struct ward_gateway *gateway, const struct ward_bundle_of *of, bool sent,
                          char *text, size_t room, size_t size, size_t *ret_length)
{
    const bool is_present = strcmp(of->epoch, gateway->epoch.text) == 0;
    struct ward_fhir_knowledge known = {.device = device,
                                        .clock = boot_clock,
                                        .is_void = is_present ? is_void : NULL,
                                        .plan = is_present ? plan : NULL,
                                        .context = gateway,
                                        .voided = of->voided,
                                        .voided_count = of->voided_count};
    struct ward_news2_report *reports = calloc(WARD_PATIENTS_MAX, sizeof(*reports));
    struct ward_fhir_score scores[WARD_PATIENTS_MAX];
    const struct ward_fhir_message message = {
        .origin = {.gateway = gateway->config.gateway.id, .epoch = of->epoch},
        .version = WARD_VERSION,
        .sent_at_ms = ward_gateway_now(gateway).utc_ms,
        .backlog = of->backlog,
        .records = of->records,
        .count = of->count,
        .scores = scores,
        .score_count = reports && is_present && !of->backlog ? find_scores(gateway, of, reports, scores) : 0,
        .knowledge = &known};
    const size_t written = ward_fhir_write(&message, room, text, size, ret_length);

    if (is_present && sent)
        note_undated(gateway, of->records, written);
    free(reports);
    return written;
}
