/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of what went between a host and its Bluetooth controller, as `btmon -w` of BlueZ and Android's snoop log write
 * them (RFC 1761 with the link types of BlueZ). All numbers of the file are big-endian:
 *
 *   header, 16 octets     "btsnoop\0", version 1, link type
 *   record, 24 octets     length on the air, length in the file, flags, packets dropped before it, microseconds since the
 *                         year 0 (64 bits); then the packet
 *
 *   link type   flags                                     packet
 *   1001        bit 0 received, bit 1 command or event    as it is
 *   1002        bit 0 received                            its type before it: 2 data, 4 event (H4, Android)
 *   2001        kind, 16 bits, and before it the adapter  as it is (Linux monitor, btmon): 3 event, 4 data sent, 5 received
 *
 * The octets come from the caller, who reads the file: nothing here reads, allocates or remembers.
 */
#ifndef WARD_CORE_BTSNOOP_H
#define WARD_CORE_BTSNOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_BTSNOOP_HEADER_SIZE 16
#define WARD_BTSNOOP_RECORD_SIZE 24
/* The most that a record may hold: data of 64 KiB, its header, and the octet before it. */
#define WARD_BTSNOOP_PACKET_MAX (65535 + 4 + 1)

struct ward_btsnoop_record {
    uint32_t length; /* octets that follow the record: fewer than there were, where the capture cut them */
    uint32_t flags;
    int64_t at_us; /* since 1970-01-01T00:00:00Z */
};

enum ward_hci_kind {
    WARD_HCI_OTHER,
    WARD_HCI_EVENT,
    WARD_HCI_DATA, /* ACL */
};

struct ward_hci_packet {
    enum ward_hci_kind kind;
    bool is_received; /* by the host */
    uint16_t adapter;
    const uint8_t *octets; /* borrowed */
    size_t length;
};

/* Returns NULL, with *ret_link set, or what is wrong: "is not a btsnoop capture". */
const char *ward_btsnoop_header(const uint8_t octets[WARD_BTSNOOP_HEADER_SIZE], uint32_t *ret_link);

/* Returns false, with ret unchanged, when the record is longer than any can be. */
bool ward_btsnoop_record(const uint8_t octets[WARD_BTSNOOP_RECORD_SIZE], struct ward_btsnoop_record *ret);

/* What the octets that followed the record are; WARD_HCI_OTHER where they are neither event nor data. */
struct ward_hci_packet ward_btsnoop_packet(uint32_t link, const struct ward_btsnoop_record *record,
                                           const uint8_t *octets);

#endif
