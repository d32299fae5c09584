/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a capture. Whatever is in it: nothing is read past an end, each value lies within an L2CAP frame, and every
 * UUID is one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/att_listener.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const struct ward_att_value *value)
{
    uint8_t sum = 0;

    if (value->length > WARD_ATT_PDU_MAX || value->slot >= WARD_ATT_CONNECTIONS_MAX)
        abort();
    if (value->uuid[0] != '\0' && strlen(value->uuid) != WARD_ATT_UUID_SIZE - 1)
        abort();
    for (size_t i = 0; i < value->length; i++)
        sum = (uint8_t)(sum + value->octets[i]);
    (void)*(volatile uint8_t *)&sum;
}

/* The packet lies in an allocation of its exact length, so that a sanitizer sees a read past its end. */
static void hear(struct ward_att_listener *listener, uint32_t link, const struct ward_btsnoop_record *record,
                 const uint8_t *octets)
{
    uint8_t *copy = malloc(record->length + (record->length == 0));
    struct ward_hci_packet packet;
    struct ward_att_value value;

    if (copy == NULL)
        abort();
    if (record->length > 0)
        memcpy(copy, octets, record->length);
    packet = ward_btsnoop_packet(link, record, copy);
    ward_att_hear(listener, &packet);
    while (ward_att_next(listener, &value))
        check_value(&value);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ward_att_listener listener;
    struct ward_btsnoop_record record;
    size_t offset = WARD_BTSNOOP_HEADER_SIZE;
    uint32_t link;

    ward_att_listener_init(&listener);
    if (size < WARD_BTSNOOP_HEADER_SIZE || ward_btsnoop_header(data, &link) != NULL)
        return 0;
    while (size - offset >= WARD_BTSNOOP_RECORD_SIZE && ward_btsnoop_record(data + offset, &record)) {
        offset += WARD_BTSNOOP_RECORD_SIZE;
        if (size - offset < record.length)
            break;
        hear(&listener, link, &record, data + offset);
        offset += record.length;
    }
    return 0;
}
