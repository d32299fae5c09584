/* SPDX-License-Identifier: Apache-2.0 */
/* A reading of a patient into the engine; and what is kept of the newest ones, for when one is taken back. */
#include <string.h>

#include "core/quantity.h"
#include "ctl/try_private.h"

static void remember(struct ward_try_patient *patient, const struct ward_reading *reading)
{
    struct ward_try_memory *memory = &patient->memory[patient->remembered++ % WARD_TRY_MEMORY_MAX];

    memory->seq = reading->seq; /* member by member: most of the places for values stay empty */
    memory->mono_us = reading->mono_us;
    memory->measured_at_ms = reading->measured_at_ms;
    memory->reasons = reading->reasons;
    memory->kind = reading->kind;
    memory->quality = reading->quality;
    memory->value_count = reading->value_count;
    memory->late = reading->late;
    memcpy(memory->values, reading->values, reading->value_count * sizeof(memory->values[0]));
}

static uint32_t quantities_of(const struct ward_reading *reading)
{
    uint32_t quantities = 0;

    for (size_t i = 0; i < reading->value_count; i++) {
        quantities |= 1u << ward_quantity_judged_as(reading->values[i].quantity);
    }
    return quantities;
}

/* For when it is said that the device has stopped. Of more devices than there are places nothing is known. */
static void note_device(struct ward_try_patient *patient, const struct ward_reading *reading)
{
    size_t i = 0;

    if (reading->device.text[0] == '\0') {
        patient->without_device |= quantities_of(reading);
        return;
    }
    while (i < patient->device_count && strcmp(patient->devices[i].id.text, reading->device.text) != 0) {
        i++;
    }
    if (i == WARD_TRY_DEVICES_MAX) {
        return;
    }
    if (i == patient->device_count) {
        patient->devices[patient->device_count++] = (struct ward_try_device){.id = reading->device};
    }
    patient->devices[i].quantities |= quantities_of(reading);
}

void ward_try_take_reading(struct ward_try_patient *patient, struct ward_reading *reading)
{
    struct ward_alarm_context context = ward_try_context(patient);

    if (reading->episode.text[0] != '\0') {
        patient->state.episode = reading->episode;
    }
    reading->mono_us = context.now.boot_us;
    remember(patient, reading);
    note_device(patient, reading);
    if (reading->kind == WARD_READING_CONTINUOUS && reading->seq > patient->streamed_seq) {
        patient->streamed_seq = reading->seq;
    }
    ward_try_burden_reading(&patient->burden, &patient->run->figures, patient->plan, reading,
                            patient->now_ms);
    ward_alarm_reading(&patient->state, &context, reading);
}

/* The values of what is remembered that are of these quantities. Returns which of them there are. */
static uint32_t pick(const struct ward_try_memory *from, uint32_t quantities, struct ward_reading *ret)
{
    uint32_t found = 0;

    *ret = (struct ward_reading){.seq = from->seq,
                                 .mono_us = from->mono_us,
                                 .measured_at_ms = from->measured_at_ms,
                                 .received_at_ms = WARD_UTC_UNKNOWN,
                                 .reasons = from->reasons,
                                 .kind = from->kind,
                                 .quality = from->quality,
                                 .late = from->late};
    for (size_t i = 0; i < from->value_count; i++) {
        uint32_t bit = 1u << ward_quantity_judged_as(from->values[i].quantity);

        if ((quantities & bit) != 0) {
            ret->values[ret->value_count++] = from->values[i];
            found |= bit;
        }
    }
    return found;
}

void ward_try_take_back(struct ward_try_patient *patient, uint64_t seq)
{
    struct ward_alarm_context context = ward_try_context(patient);
    uint32_t quantities = ward_alarm_void(&patient->state, &context, seq);
    uint64_t oldest =
        patient->remembered > WARD_TRY_MEMORY_MAX ? patient->remembered - WARD_TRY_MEMORY_MAX : 0;

    for (uint64_t i = oldest; i < patient->remembered; i++) {
        if (patient->memory[i % WARD_TRY_MEMORY_MAX].seq == seq) {
            patient->memory[i % WARD_TRY_MEMORY_MAX].value_count = 0;
        }
    }
    for (uint64_t i = patient->remembered; quantities != 0 && i-- > oldest;) {
        struct ward_reading reading;
        uint32_t found = pick(&patient->memory[i % WARD_TRY_MEMORY_MAX], quantities, &reading);

        if (found != 0) {
            context = ward_try_context(patient);
            ward_alarm_reading(&patient->state, &context, &reading);
            quantities &= ~found;
        }
    }
}
