/* SPDX-License-Identifier: Apache-2.0 */
#include "app/inforce.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "core/reading.h"

#define SETTING "plans-from" /* PATIENT VERSION SEQ PATIENT VERSION SEQ … */

static struct ward_inforce_plan *find(struct ward_inforce *inforce, const char *patient)
{
    for (size_t i = 0; i < inforce->count; i++)
        if (strcmp(inforce->list[i].patient.text, patient) == 0)
            return &inforce->list[i];
    return NULL;
}

/* The place of a patient, in which one who left may have been. NULL when all are taken. */
static struct ward_inforce_plan *place_of(struct ward_gateway *gateway, const struct ward_id *patient)
{
    struct ward_inforce *inforce = &gateway->inforce;
    struct ward_inforce_plan *place = find(inforce, patient->text);

    if (place)
        return place;
    if (inforce->count < WARD_PATIENTS_MAX)
        return &inforce->list[inforce->count++];
    for (size_t i = 0; i < inforce->count; i++)
        if (!ward_gateway_watch(gateway, inforce->list[i].patient.text))
            return &inforce->list[i];
    return NULL;
}

static struct ward_store_change setting(const struct ward_inforce *inforce, struct ward_inforce_text *text)
{
    size_t used = 0;

    text->text[0] = '\0';
    for (size_t i = 0; i < inforce->count; i++)
        used += (size_t)snprintf(text->text + used, sizeof(text->text) - used, "%s%s %" PRIu32 " %" PRIu64,
                                 i ? " " : "", inforce->list[i].patient.text, inforce->list[i].version,
                                 inforce->list[i].from);
    return (struct ward_store_change){.kind = WARD_STORE_SETTING, .name = {SETTING}, .document = text->text};
}

struct ward_store_change ward_inforce_begin(struct ward_gateway *gateway, const struct ward_id *patient,
                                            uint32_t version, struct ward_inforce_text *text)
{
    struct ward_inforce_plan *place = place_of(gateway, patient);

    if (place)
        *place = (struct ward_inforce_plan){*patient, version, gateway->head_seq + 1};
    return setting(&gateway->inforce, text);
}

struct ward_store_change ward_inforce_forget(struct ward_gateway *gateway, const char *patient,
                                             struct ward_inforce_text *text)
{
    struct ward_inforce *inforce = &gateway->inforce;
    struct ward_inforce_plan *place = find(inforce, patient);

    if (place)
        *place = inforce->list[--inforce->count];
    return setting(inforce, text);
}

uint64_t ward_inforce_from(const struct ward_inforce *inforce, const char *patient, uint32_t version)
{
    for (size_t i = 0; i < inforce->count; i++)
        if (strcmp(inforce->list[i].patient.text, patient) == 0 && inforce->list[i].version == version)
            return inforce->list[i].from;
    return UINT64_MAX;
}

void ward_inforce_restore(struct ward_inforce *inforce, const struct ward_store_change *row)
{
    const char *text = row->document;

    if (row->kind != WARD_STORE_SETTING || strcmp(row->name.text, SETTING) != 0)
        return;
    inforce->count = 0;
    while (inforce->count < WARD_PATIENTS_MAX) {
        struct ward_inforce_plan *place = &inforce->list[inforce->count];
        const size_t length = strcspn(text, " ");
        char id[WARD_ID_MAX + 1] = "", *end;

        if (length == 0 || length > WARD_ID_MAX || text[length] != ' ')
            return;
        memcpy(id, text, length);
        place->version = (uint32_t)strtoul(text + length + 1, &end, 10);
        place->from = strtoull(end, &end, 10);
        if (!ward_id_set(&place->patient, id) || place->from == 0)
            return;
        inforce->count++;
        text = *end == ' ' ? end + 1 : end;
    }
}

void ward_inforce_new_epoch(struct ward_gateway *gateway)
{
    struct ward_inforce_text text;
    struct ward_store_change change;
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    if (gateway->inforce.count == 0)
        return;
    for (size_t i = 0; i < gateway->inforce.count; i++)
        gateway->inforce.list[i].from = 1;
    change = setting(&gateway->inforce, &text);
    (void)ward_gateway_submit(gateway, &group, NULL);
}
