/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl decode: what a frame says, without a daemon. The same decoder and the same rules as in the gateway. */
#include <ctype.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/decimal.h"
#include "core/decode_json.h"
#include "core/decode_quirk.h"
#include "core/model.h"
#include "core/quantity.h"
#include "core/validate.h"
#include "core/vendor.h"
#include "ctl/uuid.h"
#include "ctl/verbs.h"

struct frame {
    uint8_t *octets; /* room for every pair of digits */
    size_t length;
    bool half; /* an octet of which only the first digit was there */
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

/* All arguments together are one frame, so that octets need no quotes. Returns an exit status. */
static int read_frame(int argc, char **argv, struct frame *frame)
{
    size_t room = 1;

    for (int i = 0; i < argc; i++)
        room += strlen(argv[i]);
    *frame = (struct frame){.octets = malloc(room)};
    if (frame->octets == NULL)
        return ward_ctl_fail("out of memory");
    for (int i = 0; i < argc; i++)
        if (!add_octets(argv[i], frame) || frame->half)
            return ward_ctl_usage(&ward_verb_decode, "\"%s\" is not whole octets in hexadecimal", argv[i]);
    return WARD_CTL_DONE;
}

static void print_value(const struct ward_value *value)
{
    const struct ward_quantity_info *info = ward_quantity_info(value->quantity);
    const char *special = ward_special_name(value->number.special);
    char number[WARD_DECIMAL_TEXT_SIZE];

    if (special == NULL && ward_decimal_print(&value->number, number) > 0)
        printf("  %-16s %s %s\n", info->label, number, info->unit);
    else
        printf("  %-16s no number (%s)\n", info->label, special);
}

/* A device chose this text: what would move the cursor of a terminal does not get there. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        putchar(iscntrl((unsigned char)*text) ? '?' : *text);
}

static void print_scalar(const json_t *value)
{
    if (json_is_string(value))
        print_text(json_string_value(value));
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        printf("%.10g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", stdout);
    else
        fputs("not known", stdout);
}

static void print_member(const char *name, const json_t *value)
{
    size_t index;
    const json_t *item;

    printf("  %-16s ", name);
    if (json_is_array(value)) {
        if (json_array_size(value) == 0)
            fputs("none", stdout);
        json_array_foreach(value, index, item)
        {
            fputs(index > 0 ? ", " : "", stdout);
            print_scalar(item);
        }
    } else {
        print_scalar(value);
    }
    putchar('\n');
}

/* The values as they are, exactly; everything else as the document has it. */
static void print_for_people(const struct ward_decoded *decoded, json_t *document)
{
    const char *name;
    json_t *member;

    printf("%s: %s", json_string_value(json_object_get(document, "characteristic")),
           ward_decode_outcome_name(decoded->outcome));
    if (decoded->outcome != WARD_DECODE_OK)
        printf(": %s", decoded->error);
    putchar('\n');
    for (unsigned i = 0; i < decoded->value_count; i++)
        print_value(&decoded->values[i]);
    json_object_foreach(document, name, member)
    {
        if (strcmp(name, "characteristic") == 0 || strcmp(name, "outcome") == 0 ||
            strcmp(name, "values") == 0 || strcmp(name, "error") == 0)
            continue;
        if (json_is_object(member)) {
            const char *inner_name;
            json_t *inner;

            json_object_foreach(member, inner_name, inner)
            {
                print_member(inner_name, inner);
            }
        } else {
            print_member(name, member);
        }
    }
}

static int print_decoded(const struct ward_decoded *decoded, bool as_json)
{
    char text[16384];
    struct ward_json json;

    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_decoded_write_json(decoded, &json);
    if (ward_json_finish(&json, NULL) != WARD_JSON_OK)
        return ward_ctl_fail("the answer does not fit");
    if (as_json) {
        puts(text);
    } else {
        json_t *document = json_loads(text, 0, NULL);

        if (document == NULL)
            return ward_ctl_fail("out of memory");
        print_for_people(decoded, document);
        json_decref(document);
    }
    return decoded->outcome == WARD_DECODE_OK ? WARD_CTL_DONE : WARD_CTL_FAILED;
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

/*
 * What the frame is of: a characteristic by its UUID, or a vendor's own protocol by name ("vendor:nonin"), which
 * has a number where a characteristic has its UUID. Returns false, with ret unchanged, for anything else.
 */
static bool parse_source(const char *word, struct ward_uuid *ret)
{
    static const char prefix[] = "vendor:";
    const struct ward_vendor_driver *driver;

    if (strncasecmp(word, prefix, strlen(prefix)) != 0)
        return ward_uuid_parse(word, ret);
    driver = ward_vendor_by_name(word + strlen(prefix));
    if (driver == NULL)
        return false;
    *ret = (struct ward_uuid){.is_short = true, .short_number = driver->number};
    return true;
}

struct choices {
    bool as_json;
    uint32_t quirks;
};

/* Returns an exit status. */
static int parse_options(int argc, char **argv, struct choices *ret)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"model", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
    const struct ward_model *model;
    int option;

    *ret = (struct choices){0};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j') {
            ret->as_json = true;
            continue;
        }
        if (option != 'm')
            return ward_ctl_usage(&ward_verb_decode, "\"%s\" is not an option of it, or lacks its model",
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
    struct ward_decoded decoded;
    struct frame frame;
    int status = parse_options(argc, argv, &choices);

    if (status != WARD_CTL_DONE)
        return status;
    if (argc - optind < 2)
        return ward_ctl_usage(&ward_verb_decode,
                              "a UUID and the octets of a frame are needed (\"\" for no octets)");
    if (!parse_source(argv[optind], &uuid))
        return ward_ctl_usage(
            &ward_verb_decode,
            "\"%s\" is neither a UUID of 16, 32 or 128 bits nor a vendor's protocol known here",
            argv[optind]);
    status = read_frame(argc - optind - 1, argv + optind + 1, &frame);
    if (status == WARD_CTL_DONE && !uuid.is_short) {
        status = print_unknown(uuid.text, choices.as_json);
    } else if (status == WARD_CTL_DONE) {
        ward_decode_as(choices.quirks, uuid.short_number, frame.octets, frame.length, &decoded);
        ward_validate(&decoded);
        status = print_decoded(&decoded, choices.as_json);
    }
    free(frame.octets);
    return status;
}

const struct ward_verb ward_verb_decode = {
    .name = "decode",
    .usage = "decode UUID OCTETS… [--model ID] [--json]\n",
    .summary = "Say what a frame of a characteristic means; needs no daemon",
    .help = "  UUID    of the characteristic, 16 or 128 bits, in any case: 2A5F,\n"
            "          00002a5f-0000-1000-8000-00805f9b34fb; or a vendor's own protocol:\n"
            "          vendor:nonin, vendor:masimo, vendor:o2ring, vendor:pc60fw,\n"
            "          vendor:jumper, vendor:berrymed, vendor:contec\n"
            "  OCTETS  in hexadecimal, with or without spaces, colons or 0x; \"\" for none\n"
            "  --model the frame is of this model and may not be as its standard says:\n"
            "          beurer-bm85, beurer-bm59, elite-900, i-sens-glucose-meter, …\n"
            "  --json  one JSON object\n"
            "\n"
            "Exit status 1 when the frame cannot be decoded; the outcome says why: truncated\n"
            "(too short for its flags), reserved, invalid (a wrong checksum, too), or\n"
            "unknown (no decoder).\n"
            "\n"
            "Example: wardctl decode 2A5F 0062004800 --json\n",
    .run = run,
};
