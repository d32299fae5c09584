/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/mqtt_inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int ward_inbox_init(struct ward_inbox *inbox)
{
    int result;

    memset(inbox, 0, sizeof(*inbox));
    inbox->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (inbox->wake < 0)
        return -errno;
    result = pthread_mutex_init(&inbox->lock, NULL);
    if (result != 0)
        close(inbox->wake);
    inbox->end = &inbox->arrivals;
    return -result;
}

void ward_inbox_done(struct ward_inbox *inbox)
{
    ward_inbox_clear(inbox);
    pthread_mutex_destroy(&inbox->lock);
    close(inbox->wake);
}

static void wake(const struct ward_inbox *inbox)
{
    uint64_t one = 1;
    ssize_t written = write(inbox->wake, &one, sizeof(one)); /* fails only when it is readable already */

    (void)written;
}

void ward_inbox_push(struct ward_inbox *inbox, const struct ward_inbox_record *record)
{
    pthread_mutex_lock(&inbox->lock);
    if (inbox->count < WARD_INBOX_RECORDS)
        inbox->records[(inbox->first + inbox->count++) % WARD_INBOX_RECORDS] = *record;
    else
        inbox->overflowed = true;
    pthread_mutex_unlock(&inbox->lock);
    wake(inbox);
}

static uint8_t *append(uint8_t *to, const void *data, size_t length)
{
    if (length > 0)
        memcpy(to, data, length);
    return to + length;
}

/* Returns a copy in one allocation, or NULL. */
static struct ward_inbox_arrival *copy(const struct ward_inbox_arrival *arrival)
{
    size_t topic = strlen(arrival->topic) + 1, response_topic = strlen(arrival->response_topic) + 1;
    size_t size =
        sizeof(*arrival) + topic + response_topic + arrival->correlation_length + arrival->payload_length;
    struct ward_inbox_arrival *kept;
    uint8_t *to;

    if (size > WARD_INBOX_OCTETS)
        return NULL;
    kept = malloc(size);
    if (!kept)
        return NULL;
    *kept = *arrival;
    kept->next = NULL;
    kept->size = size;
    to = (uint8_t *)(kept + 1);
    kept->topic = (const char *)to;
    to = append(to, arrival->topic, topic);
    kept->response_topic = (const char *)to;
    to = append(to, arrival->response_topic, response_topic);
    kept->correlation = to;
    to = append(to, arrival->correlation, arrival->correlation_length);
    kept->payload = to;
    append(to, arrival->payload, arrival->payload_length);
    return kept;
}

void ward_inbox_arrive(struct ward_inbox *inbox, const struct ward_inbox_arrival *arrival)
{
    struct ward_inbox_arrival *kept = copy(arrival);

    pthread_mutex_lock(&inbox->lock);
    if (kept && inbox->arrival_count < WARD_INBOX_ARRIVALS &&
        inbox->arrival_octets + kept->size <= WARD_INBOX_OCTETS) {
        *inbox->end = kept;
        inbox->end = &kept->next;
        inbox->arrival_count++;
        inbox->arrival_octets += kept->size;
        kept = NULL;
    } else
        inbox->overflowed = true;
    pthread_mutex_unlock(&inbox->lock);
    free(kept);
    wake(inbox);
}

bool ward_inbox_pop(struct ward_inbox *inbox, struct ward_inbox_record *ret)
{
    bool taken = false;

    pthread_mutex_lock(&inbox->lock);
    if (inbox->count > 0) {
        *ret = inbox->records[inbox->first];
        inbox->first = (inbox->first + 1) % WARD_INBOX_RECORDS;
        inbox->count--;
        taken = true;
    }
    pthread_mutex_unlock(&inbox->lock);
    return taken;
}

const struct ward_inbox_arrival *ward_inbox_peek(struct ward_inbox *inbox)
{
    const struct ward_inbox_arrival *oldest;

    pthread_mutex_lock(&inbox->lock);
    oldest = inbox->arrivals;
    pthread_mutex_unlock(&inbox->lock);
    return oldest;
}

void ward_inbox_drop(struct ward_inbox *inbox)
{
    struct ward_inbox_arrival *oldest;

    pthread_mutex_lock(&inbox->lock);
    oldest = inbox->arrivals;
    if (oldest) {
        inbox->arrivals = oldest->next;
        if (!inbox->arrivals)
            inbox->end = &inbox->arrivals;
        inbox->arrival_count--;
        inbox->arrival_octets -= oldest->size;
    }
    pthread_mutex_unlock(&inbox->lock);
    free(oldest);
}

bool ward_inbox_overflowed(struct ward_inbox *inbox)
{
    bool overflowed;

    pthread_mutex_lock(&inbox->lock);
    overflowed = inbox->overflowed;
    pthread_mutex_unlock(&inbox->lock);
    return overflowed;
}

void ward_inbox_clear(struct ward_inbox *inbox)
{
    while (ward_inbox_peek(inbox))
        ward_inbox_drop(inbox);
    pthread_mutex_lock(&inbox->lock);
    inbox->count = 0;
    inbox->overflowed = false;
    pthread_mutex_unlock(&inbox->lock);
}

void ward_inbox_awake(struct ward_inbox *inbox)
{
    uint64_t count;
    ssize_t length = read(inbox->wake, &count, sizeof(count));

    (void)length; /* it only makes the descriptor unreadable again */
}
