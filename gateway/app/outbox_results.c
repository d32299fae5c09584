/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers to commands. Few of them wait at a time: when there is no room, what was refused or repeated makes room for
 * the answer to a command that was carried out, and then the oldest of these, since whoever sent it asks again.
 */
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/outbox_private.h"

static void drop(struct ward_outbox *outbox, size_t at)
{
    free(outbox->results[at].text);
    outbox->result_count--;
    memmove(&outbox->results[at], &outbox->results[at + 1],
            (outbox->result_count - at) * sizeof(outbox->results[0]));
}

/* Which one makes room; as many as there are: the new one itself, since all others count more. */
static size_t least(const struct ward_outbox *outbox, bool fresh)
{
    for (size_t i = 0; i < outbox->result_count; i++)
        if (!outbox->results[i].fresh)
            return i;
    return fresh ? 0 : outbox->result_count;
}

void ward_outbox_result(struct ward_outbox *outbox, const struct ward_outbox_result *result)
{
    struct ward_outbox_result kept = *result;

    if (outbox->result_count == WARD_OUTBOX_RESULTS_MAX) {
        const size_t at = least(outbox, result->fresh);

        if (at == outbox->result_count)
            return;
        drop(outbox, at);
    }
    kept.text = strdup(result->text);
    if (kept.text)
        outbox->results[outbox->result_count++] = kept;
}

static bool send(struct ward_outbox *outbox, const struct ward_outbox_result *result, bool to_reply)
{
    const struct ward_outgoing outgoing = {.topic = WARD_TOPIC_RESULT,
                                           .reply = to_reply ? &result->reply : NULL,
                                           .message_class = WARD_MESSAGE_STATE,
                                           .payload = result->text,
                                           .length = strlen(result->text)};
    struct ward_outbox_sent sent = {.result = true};

    if (!ward_outbox_hand_over(outbox, &outgoing, &sent.id))
        return false;
    ward_outbox_remember(outbox, &sent);
    return true;
}

void ward_outbox_pump_results(struct ward_outbox *outbox)
{
    while (outbox->result_count > 0) {
        struct ward_outbox_result *result = &outbox->results[0];

        if (!result->told && !send(outbox, result, false))
            return;
        result->told = true;
        if (result->reply.topic[0] && !send(outbox, result, true))
            return;
        drop(outbox, 0);
    }
}

bool ward_outbox_results_told(const struct ward_outbox *outbox)
{
    for (size_t i = 0; i < WARD_OUTBOX_SENT_MAX; i++)
        if (outbox->sent[i].id != 0 && outbox->sent[i].result)
            return false;
    return outbox->result_count == 0;
}

void ward_outbox_results_done(struct ward_outbox *outbox)
{
    while (outbox->result_count > 0)
        drop(outbox, outbox->result_count - 1);
}
