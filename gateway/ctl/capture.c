/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/att_listener.h"
#include "core/decode_quirk.h"
#include "core/gatt_name.h"
#include "core/segments.h"
#include "core/utc.h"
#include "core/vendor.h"
#include "ctl/frame_tell.h"
#include "ctl/frames.h"
#include "ctl/verbs.h"

/* What a connection has brought so far of something that comes in parts. */
struct follower {
    uint32_t session;
    struct ward_vendor_stream stream;
    struct ward_segments segments;
};

struct capture {
    const struct ward_capture_choices *choices;
    const char *path;
    FILE *file;
    uint32_t link;
    uint64_t records;
    uint64_t told;
    int64_t at_us; /* of the record that was read last */
    struct ward_att_listener listener;
    struct follower followers[WARD_ATT_CONNECTIONS_MAX];
    uint8_t packet[WARD_BTSNOOP_PACKET_MAX];
};

/* --- one frame -------------------------------------------------------------------------------------------------- */

static void write_address(const struct ward_att_value *value, char ret[18])
{
    const uint8_t *octets = value->address;

    (void)snprintf(ret, 18, "%02X:%02X:%02X:%02X:%02X:%02X", octets[5], octets[4], octets[3], octets[2],
                   octets[1], octets[0]);
}

static void print_head(const struct capture *capture, const struct ward_att_value *value)
{
    char at[WARD_UTC_TEXT_SIZE] = "";
    char address[18] = "";
    const char *direction = value->side == WARD_ATT_THEIRS ? "received" : "sent";
    const bool has_time = ward_utc_format(capture->at_us / 1000, at);

    if (value->has_address)
        write_address(value, address);
    if (!capture->choices->as_json) {
        printf("%s %s %s 0x%04X\n", has_time ? at : "-", value->has_address ? address : "-", direction,
               value->handle);
        return;
    }
    putchar('{');
    if (has_time)
        printf("\"at\":\"%s\",", at);
    if (value->has_address)
        printf("\"address\":\"%s\",", address);
    printf("\"direction\":\"%s\",\"handle\":%u,", direction, value->handle);
}

static void print_raw(const uint8_t *octets, size_t length)
{
    fputs("\"raw\":\"", stdout);
    for (size_t i = 0; i < length; i++)
        printf("%02x", octets[i]);
    fputs("\",", stdout);
}

/* Returns false when there is no memory. */
static bool print_frame(struct capture *capture, const struct ward_att_value *value,
                        const struct ward_decoded *decoded, struct ward_vendor_chunk raw)
{
    struct ward_frame frame;
    bool is_told = true;

    if (!ward_frame_init(&frame, decoded))
        return false;
    capture->told++;
    print_head(capture, value);
    if (capture->choices->as_json) {
        print_raw(raw.octets, raw.length);
        puts(frame.text + 1);
    } else {
        is_told = ward_frame_tell(&frame);
    }
    free(frame.text);
    return is_told;
}

/* There is a name where a characteristic is a vendor's own that has no decoder here. */
static void print_unknown(struct capture *capture, const struct ward_att_value *value)
{
    const bool is_named = value->uuid[0] != '\0';
    const char *why = is_named ? "there is no decoder for this characteristic"
                               : "the capture does not show what is at this handle";

    capture->told++;
    print_head(capture, value);
    if (!capture->choices->as_json) {
        printf("%s: unknown: %s\n", is_named ? value->uuid : "?", why);
        return;
    }
    print_raw(value->octets, value->length);
    if (is_named)
        printf("\"characteristic\":\"%s\",", value->uuid);
    printf("\"outcome\":\"unknown\",\"error\":\"%s\"}\n", why);
}

/* --- one notification ------------------------------------------------------------------------------------------- */

static struct follower *follower_of(struct capture *capture, const struct ward_att_value *value)
{
    struct follower *follower = &capture->followers[value->slot];

    if (follower->session != value->session) {
        memset(follower, 0, sizeof(*follower));
        follower->session = value->session;
    }
    return follower;
}

static bool print_stream(struct capture *capture, const struct ward_att_value *value,
                         const struct ward_vendor_driver *driver)
{
    struct follower *follower = follower_of(capture, value);
    struct ward_vendor_chunk chunk = {value->octets, value->length};
    struct ward_vendor_frame frame;

    if (follower->stream.driver != driver)
        ward_vendor_init(&follower->stream, driver);
    while (ward_vendor_next(&follower->stream, &chunk, &frame))
        if (!print_frame(capture, value, &frame.decoded,
                         (struct ward_vendor_chunk){frame.octets, frame.length}))
            return false;
    return true;
}

static bool print_segment(struct capture *capture, const struct ward_att_value *value)
{
    struct ward_segments *segments = &follower_of(capture, value)->segments;
    struct ward_decoded decoded;

    if (!ward_segments_add(segments, value->octets, value->length))
        return true;
    ward_decode(WARD_CHAR_LIVE_HEALTH_OBSERVATIONS, segments->octets, segments->length, &decoded);
    return print_frame(capture, value, &decoded,
                       (struct ward_vendor_chunk){segments->octets, segments->length});
}

static bool print_value(struct capture *capture, const struct ward_att_value *value)
{
    const struct ward_gatt_name name = ward_gatt_name(value->uuid);
    const struct ward_vendor_driver *driver = ward_vendor_by_notify(value->uuid);
    struct ward_decoded decoded;

    if (driver != NULL)
        return print_stream(capture, value, driver);
    if (name.number == WARD_CHAR_LIVE_HEALTH_OBSERVATIONS)
        return print_segment(capture, value);
    if (name.number == 0) {
        print_unknown(capture, value);
        return true;
    }
    ward_decode_as(capture->choices->quirks, name.number, value->octets, value->length, &decoded);
    return print_frame(capture, value, &decoded, (struct ward_vendor_chunk){value->octets, value->length});
}

/* --- the file --------------------------------------------------------------------------------------------------- */

static int fail_short(const struct capture *capture)
{
    if (ferror(capture->file))
        return ward_ctl_fail("cannot read %s: %s", capture->path, strerror(errno));
    return ward_ctl_fail("%s ends within record %" PRIu64, capture->path, capture->records + 1);
}

/* Returns an exit status, *ret_is_end set when there is no further record. */
static int read_packet(struct capture *capture, struct ward_btsnoop_record *ret, bool *ret_is_end)
{
    uint8_t octets[WARD_BTSNOOP_RECORD_SIZE];
    const size_t count = fread(octets, 1, sizeof(octets), capture->file);

    *ret_is_end = count == 0 && feof(capture->file);
    if (*ret_is_end)
        return WARD_CTL_DONE;
    if (count < sizeof(octets))
        return fail_short(capture);
    if (!ward_btsnoop_record(octets, ret))
        return ward_ctl_fail("%s: record %" PRIu64 " is longer than any packet", capture->path,
                             capture->records + 1);
    if (fread(capture->packet, 1, ret->length, capture->file) < ret->length)
        return fail_short(capture);
    capture->records++;
    capture->at_us = ret->at_us;
    return WARD_CTL_DONE;
}

static int print_packets(struct capture *capture)
{
    struct ward_btsnoop_record record;
    bool is_end;

    for (;;) {
        const int status = read_packet(capture, &record, &is_end);
        struct ward_hci_packet packet;
        struct ward_att_value value;

        if (status != WARD_CTL_DONE || is_end)
            return status;
        packet = ward_btsnoop_packet(capture->link, &record, capture->packet);
        ward_att_hear(&capture->listener, &packet);
        while (ward_att_next(&capture->listener, &value))
            if (!print_value(capture, &value))
                return ward_ctl_fail("out of memory");
    }
}

static int print_file(struct capture *capture)
{
    uint8_t header[WARD_BTSNOOP_HEADER_SIZE];
    const size_t count = fread(header, 1, sizeof(header), capture->file);
    const char *fault;
    int status;

    if (ferror(capture->file))
        return ward_ctl_fail("cannot read %s: %s", capture->path, strerror(errno));
    fault =
        count == sizeof(header) ? ward_btsnoop_header(header, &capture->link) : "is not a btsnoop capture";
    if (fault != NULL)
        return ward_ctl_fail("%s %s", capture->path, fault);
    status = print_packets(capture);
    if (!capture->choices->as_json)
        printf("%" PRIu64 " frames in %" PRIu64 " packets, %" PRIu64 " that could not be put together\n",
               capture->told, capture->records, capture->listener.lost);
    return status;
}

int ward_capture_print(const char *path, const struct ward_capture_choices *choices)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    struct capture *capture;
    int status;

    if (file == NULL)
        return ward_ctl_fail("cannot open %s: %s", path, strerror(errno));
    capture = calloc(1, sizeof(*capture));
    if (capture != NULL) {
        capture->choices = choices;
        capture->path = path;
        capture->file = file;
        status = print_file(capture);
    } else {
        status = ward_ctl_fail("out of memory");
    }
    free(capture);
    if (file != stdin)
        (void)fclose(file);
    return status;
}
