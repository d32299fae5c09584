/* SPDX-License-Identifier: Apache-2.0 */
/* What the ward and the broker are told of a departure: `ended`, the empty topic, the certificate. */
#include <stdlib.h>
#include <string.h>

#include "app/departure_private.h"
#include "app/documents.h"
#include "app/gateway.h"
#include "app/outbox_private.h"

/* When the broker, which has refused a message, gets it once more. */
#define TELL_AGAIN_US (60 * UINT64_C(1000000))

static bool tell_ended(struct ward_gateway *gateway, struct ward_departure *departure)
{
    char text[1024];
    struct ward_outgoing outgoing = {.topic = WARD_TOPIC_ACTIVE,
                                     .message_class = WARD_MESSAGE_STATE,
                                     .patient = departure->patient.text,
                                     .retain = true,
                                     .expiry_s = WARD_ACTIVE_EXPIRY_S,
                                     .payload = text};
    uint64_t id;

    outgoing.length = ward_documents_ended(gateway, departure, text, sizeof(text));
    return outgoing.length > 0 && ward_outbox_hand_over(&gateway->outbox, &outgoing, &id);
}

static void pump(struct ward_gateway *gateway, struct ward_departure *departure)
{
    struct ward_outgoing outgoing = {.message_class = WARD_MESSAGE_STATE, .payload = ""};
    const char *certificate;

    if (departure->id != 0 || ward_gateway_now(gateway).boot_us < departure->tell_us)
        return;
    if (departure->stage == WARD_DEPARTURE_WAITS && !departure->emptied) {
        outgoing.topic = WARD_TOPIC_ACTIVE;
        outgoing.patient = departure->patient.text;
        outgoing.retain = true;
        departure->ended_told = departure->ended_told || tell_ended(gateway, departure);
        if (departure->ended_told)
            (void)ward_outbox_hand_over(&gateway->outbox, &outgoing, &departure->id);
    } else if (departure->wiped) {
        certificate = ward_inbox_answer(&gateway->inbox, departure->command.text);
        outgoing.topic = WARD_TOPIC_RESULT;
        outgoing.payload = certificate ? certificate : "";
        outgoing.length = strlen(outgoing.payload);
        if (certificate)
            (void)ward_outbox_hand_over(&gateway->outbox, &outgoing, &departure->id);
    }
}

void ward_departures_pump(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        pump(gateway, gateway->departures.list[i]);
}

void ward_departures_link(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        gateway->departures.list[i]->id = 0;
        gateway->departures.list[i]->tell_us = 0;
        gateway->departures.list[i]->ended_told = false;
    }
}

/* The certificate is the ward's: nothing has to be remembered any more. */
static void end(struct ward_gateway *gateway, size_t at)
{
    struct ward_departures *departures = &gateway->departures;
    struct ward_departure *departure = departures->list[at];
    const struct ward_store_change change = ward_departure_setting(departure, NULL);
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    (void)ward_gateway_submit(gateway, &group, NULL);
    departures->list[at] = departures->list[--departures->count];
    free(departure);
}

bool ward_departures_answered(struct ward_gateway *gateway, uint64_t id, bool good)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        struct ward_departure *departure = gateway->departures.list[i];

        if (departure->id != id)
            continue;
        departure->id = 0;
        if (!good)
            departure->tell_us = ward_gateway_now(gateway).boot_us + TELL_AGAIN_US;
        else if (departure->stage == WARD_DEPARTURE_TELLS)
            end(gateway, i);
        else
            departure->emptied = true;
        return true;
    }
    return false;
}
