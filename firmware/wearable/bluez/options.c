/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wearable/core/words.h"

#define SCRIPT_OCTETS_MAX 65536

static const char help[] =
    "Usage: wardgate-wearable --profile PROFILE --script FILE [OPTION]...\n"
    "Plays a wearable on a Bluetooth adapter: a GATT peripheral that does what its script says.\n"
    "\n"
    "  -p, --profile PROFILE    oximeter, strap or cuff\n"
    "  -s, --script FILE        what it does (below); - is standard input\n"
    "  -a, --adapter hciN       the adapter, which it powers (default hci1)\n"
    "  -n, --name NAME          name it advertises (default: Ward and its model)\n"
    "      --serial TEXT        serial number (default 000001)\n"
    "      --model TEXT         model number (default: one per profile)\n"
    "      --manufacturer TEXT  (default Wardgate)\n"
    "      --firmware TEXT      firmware revision (default: this program's version)\n"
    "      --system-id HEX      system id, 16 digits in the order of the air (default: none is served)\n"
    "  -c, --check              only read the script, and say whether it is right\n"
    "  -h, --help\n"
    "  -V, --version\n"
    "\n"
    "A script has one step a line, played in order; '#' begins a comment:\n"
    "  advertise on|off\n"
    "  wait DURATION            500ms, 30s, 2m, 1h\n"
    "  wait connected|disconnected\n"
    "  wait subscribed          connected, and what is sent next is subscribed to\n"
    "  wait confirmed           the last indication was; it is sent again on each connection until then\n"
    "  disconnect\n"
    "  battery PERCENT\n"
    "  contact ok|lost|unknown  said in the measurements that follow\n"
    "  measure FIELD VALUE ...  one measurement: 2A5E, 2A37 or 2A35\n"
    "  stream DURATION FIELD VALUE|FROM..TO ...   one each second: 2A5F or 2A37\n"
    "  raw UUID HEX             these octets as they are\n"
    "  repeat COUNT|forever ... end\n"
    "Values are decimals, nan, nres, reserved, +inf or -inf. Fields:\n"
    "  oximeter: spo2 pulse amplitude status sensor-status time (measure), spo2-fast pulse-fast spo2-slow\n"
    "            pulse-slow (stream)\n"
    "  strap:    rate energy rr (milliseconds, separated by commas)\n"
    "  cuff:     systolic diastolic mean pulse user status unit (mmHg or kPa) time\n"
    "Status fields are bits as on the air (0x0800); time is YYYY-MM-DDThh:mm:ss.\n"
    "The program ends with the script, or on SIGTERM. What it does goes to standard error, a line each.\n";

enum long_only { OPTION_SERIAL = 256, OPTION_MODEL, OPTION_MANUFACTURER, OPTION_FIRMWARE, OPTION_SYSTEM_ID };

static const struct option long_options[] = {
    {"profile", required_argument, NULL, 'p'},
    {"script", required_argument, NULL, 's'},
    {"adapter", required_argument, NULL, 'a'},
    {"name", required_argument, NULL, 'n'},
    {"serial", required_argument, NULL, OPTION_SERIAL},
    {"model", required_argument, NULL, OPTION_MODEL},
    {"manufacturer", required_argument, NULL, OPTION_MANUFACTURER},
    {"firmware", required_argument, NULL, OPTION_FIRMWARE},
    {"system-id", required_argument, NULL, OPTION_SYSTEM_ID},
    {"check", no_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

struct given {
    const char *profile;
    const char *script;
    bool check;
};

static enum ward_options_outcome wrong(const char *what, const char *about)
{
    fprintf(stderr, "wardgate-wearable: %s %s\n", what, about);
    return WARD_OPTIONS_WRONG;
}

static bool parse_system_id(const char *text, uint8_t system_id[8])
{
    struct ward_word word = {.text = text, .length = strlen(text)};
    size_t length = 0;

    return ward_word_octets(&word, system_id, 8, &length) && length == 8;
}

/* Takes one option. DONE when it said all there was to say. */
static enum ward_options_outcome take(int option, struct ward_wearable_options *options, struct given *given)
{
    switch (option) {
    case 'p': given->profile = optarg; break;
    case 's': given->script = optarg; break;
    case 'a': options->adapter = optarg; break;
    case 'n': options->name = optarg; break;
    case 'c': given->check = true; break;
    case OPTION_SERIAL: options->identity.serial = optarg; break;
    case OPTION_MODEL: options->identity.model = optarg; break;
    case OPTION_MANUFACTURER: options->identity.manufacturer = optarg; break;
    case OPTION_FIRMWARE: options->identity.firmware = optarg; break;
    case OPTION_SYSTEM_ID:
        if (!parse_system_id(optarg, options->identity.system_id))
            return wrong("--system-id takes 16 hex digits, not", optarg);
        break;
    case 'h': fputs(help, stdout); return WARD_OPTIONS_DONE;
    case 'V': puts("wardgate-wearable " WARD_VERSION); return WARD_OPTIONS_DONE;
    default: return wrong("see", "--help"); /* getopt_long said what is wrong */
    }
    return WARD_OPTIONS_RUN;
}

/* The whole file in a buffer to be freed, or NULL with errno set. */
static char *read_script(const char *path, size_t *ret_length)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = file ? malloc(SCRIPT_OCTETS_MAX) : NULL;

    if (!text)
        return NULL;
    errno = 0;
    *ret_length = fread(text, 1, SCRIPT_OCTETS_MAX, file);
    if (errno == 0 && *ret_length == SCRIPT_OCTETS_MAX)
        errno = EFBIG;

    int failure = errno;

    if (file != stdin)
        fclose(file);
    errno = failure;
    if (failure) {
        free(text);
        return NULL;
    }
    return text;
}

static bool load_script(const char *path, const struct ward_wearable_profile *profile,
                        struct ward_script *ret_script)
{
    struct ward_script_error error;
    size_t length = 0;
    char *text = read_script(path, &length);
    bool parsed;

    if (!text) {
        fprintf(stderr, "wardgate-wearable: %s: %s\n", path, strerror(errno));
        return false;
    }
    parsed = ward_script_parse(ret_script, profile, text, length, &error);
    if (!parsed)
        fprintf(stderr, "%s:%u: %s%s%s%s\n", path, error.line, error.text, error.word[0] ? " '" : "",
                error.word, error.word[0] ? "'" : "");
    free(text);
    return parsed;
}

enum ward_options_outcome ward_wearable_options_parse(struct ward_wearable_options *ret,
                                                      struct ward_script *ret_script, int argc, char **argv)
{
    static char default_name[32];
    struct ward_wearable_options options = {
        .adapter = "hci1",
        .identity = {.manufacturer = "Wardgate", .serial = "000001", .firmware = WARD_VERSION},
    };
    struct given given = {0};
    int option;

    while ((option = getopt_long(argc, argv, "p:s:a:n:chV", long_options, NULL)) >= 0) {
        enum ward_options_outcome outcome = take(option, &options, &given);

        if (outcome != WARD_OPTIONS_RUN)
            return outcome;
    }
    if (optind < argc)
        return wrong("left over:", argv[optind]);
    if (!given.profile || !given.script)
        return wrong("--profile and --script are needed; see", "--help");
    options.profile = ward_wearable_profile_find(given.profile);
    if (!options.profile)
        return wrong("--profile takes oximeter, strap or cuff, not", given.profile);
    if (!load_script(given.script, options.profile, ret_script))
        return WARD_OPTIONS_WRONG;
    if (!options.identity.model)
        options.identity.model = options.profile->model;
    snprintf(default_name, sizeof(default_name), "Ward %s", options.profile->model);
    if (!options.name)
        options.name = default_name;
    *ret = options;
    return given.check ? WARD_OPTIONS_DONE : WARD_OPTIONS_RUN;
}
