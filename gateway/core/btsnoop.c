/* SPDX-License-Identifier: Apache-2.0 */
#include "core/btsnoop.h"

#include <string.h>

enum {
    VERSION = 1,
    LINK_H1 = 1001,
    LINK_H4 = 1002,
    LINK_MONITOR = 2001,
    FLAG_RECEIVED = 1 << 0,
    FLAG_COMMAND_OR_EVENT = 1 << 1,
    H4_DATA = 2,
    H4_EVENT = 4,
    MONITOR_EVENT = 3,
    MONITOR_DATA_SENT = 4,
    MONITOR_DATA_RECEIVED = 5,
};

/* From the year 0 to 1970. */
#define EPOCH_US INT64_C(0x00dcddb30f2f8000)

static uint32_t read_u32(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

const char *ward_btsnoop_header(const uint8_t octets[WARD_BTSNOOP_HEADER_SIZE], uint32_t *ret_link)
{
    static const uint8_t magic[8] = "btsnoop";
    const uint32_t link = read_u32(octets + 12);

    if (memcmp(octets, magic, sizeof(magic)) != 0)
        return "is not a btsnoop capture";
    if (read_u32(octets + 8) != VERSION)
        return "is a btsnoop capture of a version that is not known here";
    if (link != LINK_H1 && link != LINK_H4 && link != LINK_MONITOR)
        return "is a btsnoop capture of a link type that is not known here";
    *ret_link = link;
    return NULL;
}

bool ward_btsnoop_record(const uint8_t octets[WARD_BTSNOOP_RECORD_SIZE], struct ward_btsnoop_record *ret)
{
    const uint64_t stamp = (uint64_t)read_u32(octets + 16) << 32 | read_u32(octets + 20);
    const uint32_t length = read_u32(octets + 4);

    if (length > WARD_BTSNOOP_PACKET_MAX)
        return false;
    *ret = (struct ward_btsnoop_record){
        .length = length,
        .flags = read_u32(octets + 8),
        .at_us = (int64_t)(stamp - (uint64_t)EPOCH_US),
    };
    return true;
}

static enum ward_hci_kind h4_kind(uint8_t type)
{
    switch (type) {
    case H4_DATA: return WARD_HCI_DATA;
    case H4_EVENT: return WARD_HCI_EVENT;
    default: return WARD_HCI_OTHER;
    }
}

static enum ward_hci_kind monitor_kind(uint16_t opcode)
{
    switch (opcode) {
    case MONITOR_EVENT: return WARD_HCI_EVENT;
    case MONITOR_DATA_SENT:
    case MONITOR_DATA_RECEIVED: return WARD_HCI_DATA;
    default: return WARD_HCI_OTHER;
    }
}

struct ward_hci_packet ward_btsnoop_packet(uint32_t link, const struct ward_btsnoop_record *record,
                                           const uint8_t *octets)
{
    const uint32_t flags = record->flags;
    struct ward_hci_packet packet = {
        .is_received = (flags & FLAG_RECEIVED) != 0,
        .octets = octets,
        .length = record->length,
    };

    if (record->length == 0)
        return packet;
    switch (link) {
    case LINK_H1:
        if ((flags & FLAG_COMMAND_OR_EVENT) == 0)
            packet.kind = WARD_HCI_DATA;
        else
            packet.kind = packet.is_received ? WARD_HCI_EVENT : WARD_HCI_OTHER;
        break;
    case LINK_H4:
        packet.kind = h4_kind(octets[0]);
        packet.octets++;
        packet.length--;
        break;
    case LINK_MONITOR:
        packet.adapter = (uint16_t)(flags >> 16);
        packet.kind = monitor_kind((uint16_t)flags);
        packet.is_received = (uint16_t)flags == MONITOR_DATA_RECEIVED;
        break;
    default: break;
    }
    return packet;
}
