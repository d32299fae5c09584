/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl decode: what a frame says, without a daemon. The same decoder and the same rules as in the gateway. */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/decode.h"
#include "core/model.h"
#include "core/vendor.h"
#include "ctl/capture.h"
#include "ctl/frame_tell.h"
#include "ctl/frames.h"
#include "ctl/uuid.h"
#include "ctl/verbs.h"

struct frame {
    uint8_t *octets; /* room for every pair of digits */
    size_t length;
    bool half;    /* an octet of which only the first digit was there */
    size_t *ends; /* of the notifications, room for one an argument and the last */
    size_t count;
};

static unsigned digit_value(char digit)
{
    return (unsigned)(isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10);
}

/* Adds the digits of one argument; octets may be parted by spaces, colons or hyphens and led by 0x. */
static bool add_octets(const char *text, struct frame *frame)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && !frame->half) {
            text++;
        } else if (isxdigit((unsigned char)*text)) {
            if (frame->half)
                frame->octets[frame->length - 1] |= (uint8_t)digit_value(*text);
            else
                frame->octets[frame->length++] = (uint8_t)(digit_value(*text) << 4);
            frame->half = !frame->half;
        } else if (strchr(" \t\r\n:,-", *text) == NULL || frame->half) {
            return false;
        }
    }
    return true;
}

static bool is_slash(const char *argument)
{
    return strcmp(argument, "/") == 0;
}

/* All arguments up to a slash are one notification, so that octets need no quotes. Returns an exit status. */
static int read_frame(int argc, char **argv, struct frame *frame)
{
    size_t room = 1;

    for (int i = 0; i < argc; i++)
        room += strlen(argv[i]);
    *frame = (struct frame){.octets = malloc(room), .ends = calloc((size_t)argc + 1, sizeof(*frame->ends))};
    if (frame->octets == NULL || frame->ends == NULL)
        return ward_ctl_fail("out of memory");
    for (int i = 0; i < argc; i++)
        if (is_slash(argv[i]))
            frame->ends[frame->count++] = frame->length;
        else if (!add_octets(argv[i], frame) || frame->half)
            return ward_ctl_usage(&ward_verb_decode, "\"%s\" is not whole octets in hexadecimal", argv[i]);
    frame->ends[frame->count++] = frame->length;
    return WARD_CTL_DONE;
}

/* Each frame by itself; what they say together is of use to programs alone. */
static int print_frames(const struct ward_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        if (!ward_frame_tell(&frames->frames[i]))
            return ward_ctl_fail("out of memory");
    if (frames->skipped_octets > 0)
        printf("%" PRIu64 " octets are no part of a frame\n", frames->skipped_octets);
    return WARD_CTL_DONE;
}

static int print_as_json(const struct ward_frames *frames)
{
    char *text = ward_frames_text(frames);

    if (text == NULL)
        return ward_ctl_fail("out of memory");
    puts(text);
    free(text);
    return WARD_CTL_DONE;
}

struct choices {
    bool as_json;
    uint32_t quirks;     /* set of enum ward_decode_quirk */
    const char *btsnoop; /* a capture instead of a frame, NULL for none */
};

static int decode(uint16_t characteristic, const struct frame *frame, const struct choices *choices)
{
    const struct ward_notifications notifications = {frame->octets, frame->ends, frame->count,
                                                     choices->quirks};
    struct ward_frames frames;
    int status;

    if (!ward_frames_read(characteristic, &notifications, &frames))
        status = ward_ctl_fail("out of memory");
    else
        status = choices->as_json ? print_as_json(&frames) : print_frames(&frames);
    if (status == WARD_CTL_DONE && frames.frames[frames.chosen].decoded.outcome != WARD_DECODE_OK)
        status = WARD_CTL_FAILED;
    ward_frames_done(&frames);
    return status;
}

/* A characteristic of a vendor's own; its UUID has no 16-bit form that ward_decode() could take. */
static int print_unknown(const char *uuid, bool as_json)
{
    static const char why[] = "there is no decoder for this characteristic";

    if (as_json)
        printf("{\"characteristic\":\"%s\",\"outcome\":\"unknown\",\"error\":\"%s\"}\n", uuid, why);
    else
        printf("%s: unknown: %s\n", uuid, why);
    return WARD_CTL_FAILED;
}

/* Returns an exit status; the names of all drivers are told with it. */
static int refuse_vendor(const char *word)
{
    char names[256] = "";
    size_t count;
    const struct ward_vendor_driver *const *drivers = ward_vendor_drivers(&count);

    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(names);

        (void)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "", drivers[i]->name);
    }
    return ward_ctl_usage(&ward_verb_decode, "\"%s\" is no vendor's protocol known here; these are: %s", word,
                          names);
}

/*
 * What the frame is of: a characteristic by its UUID, or a vendor's own protocol, by its name ("vendor:nonin") or by the
 * UUID that it notifies by; it has a number where a characteristic has its UUID. Returns an exit status.
 */
static int parse_source(const char *word, struct ward_uuid *ret)
{
    static const char prefix[] = "vendor:";
    const struct ward_vendor_driver *driver;

    if (strncasecmp(word, prefix, strlen(prefix)) == 0) {
        driver = ward_vendor_by_name(word + strlen(prefix));
        if (driver == NULL)
            return refuse_vendor(word);
    } else if (ward_uuid_parse(word, ret)) {
        driver = ward_vendor_by_notify(ret->text);
    } else {
        return ward_ctl_usage(&ward_verb_decode,
                              "\"%s\" is neither a UUID of 16, 32 or 128 bits nor \"vendor:NAME\"", word);
    }
    if (driver != NULL)
        *ret = (struct ward_uuid){.is_short = true, .short_number = driver->number};
    return WARD_CTL_DONE;
}

/* Returns an exit status. */
static int parse_options(int argc, char **argv, struct choices *ret)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"model", required_argument, NULL, 'm'},
        {"btsnoop", required_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    const struct ward_model *model;
    int option;

    *ret = (struct choices){0};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j') {
            ret->as_json = true;
            continue;
        }
        if (option == 'b') {
            ret->btsnoop = optarg;
            continue;
        }
        if (option != 'm')
            return ward_ctl_usage(&ward_verb_decode, "\"%s\" is not an option of it, or lacks its value",
                                  argv[optind - 1]);
        model = ward_model_by_id(optarg);
        if (model == NULL)
            return ward_ctl_usage(&ward_verb_decode, "\"%s\" is no model known here", optarg);
        ret->quirks = model->quirks;
    }
    return WARD_CTL_DONE;
}

static int run(int argc, char **argv)
{
    struct choices choices;
    struct ward_uuid uuid;
    struct frame frame;
    int status = parse_options(argc, argv, &choices);

    if (status != WARD_CTL_DONE)
        return status;
    if (choices.btsnoop != NULL && argc == optind)
        return ward_capture_print(choices.btsnoop,
                                  &(struct ward_capture_choices){choices.as_json, choices.quirks});
    if (choices.btsnoop != NULL)
        return ward_ctl_usage(&ward_verb_decode, "a capture has its own frames: \"%s\" is too much",
                              argv[optind]);
    if (argc - optind < 2)
        return ward_ctl_usage(&ward_verb_decode,
                              "a UUID and the octets of a frame are needed (\"\" for no octets)");
    status = parse_source(argv[optind], &uuid);
    if (status != WARD_CTL_DONE)
        return status;
    status = read_frame(argc - optind - 1, argv + optind + 1, &frame);
    if (status == WARD_CTL_DONE && !uuid.is_short) {
        status = print_unknown(uuid.text, choices.as_json);
    } else if (status == WARD_CTL_DONE) {
        status = decode(uuid.short_number, &frame, &choices);
    }
    free(frame.octets);
    free(frame.ends);
    return status;
}

const struct ward_verb ward_verb_decode = {
    .name = "decode",
    .usage = "decode UUID OCTETS… [/ OCTETS…]… [--model ID] [--json]\n"
             "decode --btsnoop FILE [--model ID] [--json]\n",
    .summary = "What a frame of a characteristic means, or those of a capture",
    .help = "  UUID    of the characteristic, 16 or 128 bits, in any case: 2A5F,\n"
            "          00002a5f-0000-1000-8000-00805f9b34fb; that of a vendor's own, which only it\n"
            "          notifies by, or its protocol by name, that of the maker or the model:\n"
            "          vendor:nonin, vendor:mightysat, vendor:PC-60FW, …; \"vendor:\" lists them\n"
            "  OCTETS  in hexadecimal, with or without spaces, colons or 0x; \"\" for none;\n"
            "          a slash by itself parts notifications\n"
            "  --model the frame is of this model and may not be as its standard says:\n"
            "          beurer-bm85, beurer-bm59, elite-900, i-sens-glucose-meter, …\n"
            "  --btsnoop  all that devices notified in a capture of `btmon -w` or Android's snoop\n"
            "          log, \"-\" for standard input; its discovery tells what is at a handle\n"
            "  --json  one JSON object; of several frames it is that of the first measurement, and\n"
            "          \"frames\" are all of them; of a capture one object a line\n"
            "\n"
            "Exit status 1 when the frame cannot be decoded; the outcome says why: truncated\n"
            "(too short for its flags), reserved, invalid (a wrong checksum, too), or\n"
            "unknown (no decoder). In a capture that is no failure; a file that is none, or ends\n"
            "within a record, is one.\n"
            "\n"
            "Example: wardctl decode 2A5F 0062004800 --json\n",
    .run = run,
};
