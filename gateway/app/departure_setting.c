/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A departure as a setting, words with one space between:
 *
 *   w PATIENT EPISODE COMMAND DEVICE...
 *   e PATIENT EPISODE COMMAND LAST-SEQ RECORDS EVENTS BINDINGS DEVICES
 *   t COMMAND
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/departure_private.h"
#include "app/gateway.h"
#include "core/reading.h"
#include "io/journal.h"

#define PREFIX "departure-"

static const char letters[] = {
    [WARD_DEPARTURE_WAITS] = 'w', [WARD_DEPARTURE_ERASES] = 'e', [WARD_DEPARTURE_TELLS] = 't'};

char *ward_departure_write(const struct ward_departure *departure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return NULL;
    fprintf(stream, "%c", letters[departure->stage]);
    if (departure->stage != WARD_DEPARTURE_TELLS)
        fprintf(stream, " %s %s", departure->patient.text, departure->episode.text);
    fprintf(stream, " %s", departure->command.text);
    for (size_t i = 0; departure->stage == WARD_DEPARTURE_WAITS && i < departure->device_count; i++)
        fprintf(stream, " %s", departure->devices[i].text);
    if (departure->stage == WARD_DEPARTURE_ERASES)
        fprintf(stream, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, departure->last_seq,
                departure->counts.records, departure->counts.events, departure->counts.bindings,
                departure->forgotten);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The next word as an id. */
static bool read_id(char **place, struct ward_id *ret)
{
    const char *word = strtok_r(NULL, " ", place);

    return word && ward_id_set(ret, word);
}

static bool read_counts(char **place, struct ward_departure *ret)
{
    uint64_t *const counts[] = {&ret->last_seq, &ret->counts.records, &ret->counts.events,
                                &ret->counts.bindings, &ret->forgotten};
    bool good = true;

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && good; i++) {
        const char *word = strtok_r(NULL, " ", place);

        good = word != NULL;
        *counts[i] = word ? strtoull(word, NULL, 10) : 0;
    }
    return good;
}

static bool read_words(char *text, struct ward_departure *ret)
{
    char *place = NULL;
    const char *letter = strtok_r(text, " ", &place);

    if (!letter || letter[1] != '\0' || !memchr(letters, letter[0], sizeof(letters)))
        return false;
    ret->stage =
        (enum ward_departure_stage)((const char *)memchr(letters, letter[0], sizeof(letters)) - letters);
    if (ret->stage != WARD_DEPARTURE_TELLS &&
        (!read_id(&place, &ret->patient) || !read_id(&place, &ret->episode)))
        return false;
    if (!read_id(&place, &ret->command))
        return false;
    while (ret->stage == WARD_DEPARTURE_WAITS && ret->device_count < WARD_DEVICES_MAX &&
           read_id(&place, &ret->devices[ret->device_count]))
        ret->device_count++;
    return ret->stage != WARD_DEPARTURE_ERASES || read_counts(&place, ret);
}

static bool read_text(const char *text, struct ward_departure *ret)
{
    char *copy = strdup(text);
    const bool good = copy && read_words(copy, ret);

    free(copy);
    return good;
}

struct ward_store_change ward_departure_setting(const struct ward_departure *departure, const char *text)
{
    struct ward_store_change change = {.kind = WARD_STORE_SETTING, .document = text};

    snprintf(change.name.text, sizeof(change.name.text), PREFIX "%u", departure->slot);
    return change;
}

void ward_departures_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    struct ward_departures *departures = &gateway->departures;
    struct ward_departure *departure;

    if (row->kind != WARD_STORE_SETTING || strncmp(row->name.text, PREFIX, strlen(PREFIX)) != 0 ||
        departures->count == WARD_PATIENTS_MAX)
        return;
    departure = calloc(1, sizeof(*departure));
    if (!departure || !read_text(row->document, departure)) {
        ward_journal_print(LOG_CRIT, "%s cannot be read: what it says is not erased", row->name.text);
        free(departure);
        return;
    }
    departure->slot = (unsigned)strtoul(row->name.text + strlen(PREFIX), NULL, 10);
    if (departure->stage == WARD_DEPARTURE_WAITS) {
        departure->last_seq = gateway->head_seq; /* nothing of him was committed later */
        departure->closed = true;
    }
    departures->list[departures->count++] = departure;
}

void ward_departures_submit_again(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        const struct ward_departure *departure = gateway->departures.list[i];
        char *text = ward_departure_write(departure);
        const struct ward_store_change change = ward_departure_setting(departure, text);
        struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

        if (text)
            (void)ward_gateway_submit(gateway, &group, NULL);
        free(text);
    }
}

void ward_departures_done(struct ward_departures *departures)
{
    while (departures->count > 0)
        free(departures->list[--departures->count]);
    free(departures->certificate);
    departures->certificate = NULL;
}
