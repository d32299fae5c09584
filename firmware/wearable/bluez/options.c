/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wearable/bluez/guide.h"
#include "wearable/script/parse.h"
#include "wearable/script/words.h"

#define SCRIPT_OCTETS_MAX 65536

enum long_only {
    OPTION_SERIAL = 256,
    OPTION_MODEL,
    OPTION_MANUFACTURER,
    OPTION_FIRMWARE,
    OPTION_SYSTEM_ID,
    OPTION_SHOW,
};

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
    {"show", no_argument, NULL, OPTION_SHOW},
    {"check", no_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

struct given {
    const char *profile;
    const char *script;
    bool check;
    bool show;
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
    case OPTION_SHOW: given->show = true; break;
    case OPTION_SERIAL: options->identity.serial = optarg; break;
    case OPTION_MODEL: options->identity.model = optarg; break;
    case OPTION_MANUFACTURER: options->identity.manufacturer = optarg; break;
    case OPTION_FIRMWARE: options->identity.firmware = optarg; break;
    case OPTION_SYSTEM_ID:
        if (!parse_system_id(optarg, options->identity.system_id))
            return wrong("--system-id takes 16 hex digits, not", optarg);
        break;
    case 'h': ward_guide_print_help(stdout); return WARD_OPTIONS_DONE;
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

static bool parse_script(const char *path, const char *text, size_t length,
                         const struct ward_wearable_profile *profile, struct ward_script *ret_script)
{
    struct ward_script_error error;
    bool parsed = ward_script_parse(ret_script, profile, text, length, &error);

    if (!parsed)
        fprintf(stderr, "%s:%u: %s%s%s%s\n", path, error.line, error.text, error.word[0] ? " '" : "",
                error.word, error.word[0] ? "'" : "");
    return parsed;
}

/* The script of the command line, or the profile's own; shown or read. */
static bool load_script(const struct given *given, const struct ward_wearable_profile *profile,
                        struct ward_script *ret_script)
{
    const char *ready = ward_guide_script(profile);
    size_t length = 0;
    char *text = NULL;
    bool parsed = true;

    if (given->script) {
        text = read_script(given->script, &length);
        if (!text) {
            fprintf(stderr, "wardgate-wearable: %s: %s\n", given->script, strerror(errno));
            return false;
        }
    }
    if (given->show && text)
        fwrite(text, 1, length, stdout);
    else if (given->show)
        fputs(ready, stdout);
    else if (text)
        parsed = parse_script(given->script, text, length, profile, ret_script);
    else
        parsed = parse_script(profile->name, ready, strlen(ready), profile, ret_script);
    free(text);
    return parsed;
}

static enum ward_options_outcome wrong_profile(const char *name)
{
    const struct ward_wearable_profile *profile;

    fprintf(stderr, "wardgate-wearable: there is no profile '%s'; there are:", name);
    for (size_t i = 0; (profile = ward_wearable_profile_at(i)); i++)
        fprintf(stderr, " %s", profile->name);
    fputc('\n', stderr);
    return WARD_OPTIONS_WRONG;
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
    if (!given.profile)
        return wrong("--profile is needed; see", "--help");
    options.profile = ward_wearable_profile_find(given.profile);
    if (!options.profile)
        return wrong_profile(given.profile);
    if (!load_script(&given, options.profile, ret_script))
        return WARD_OPTIONS_WRONG;
    if (!options.identity.model)
        options.identity.model = options.profile->model;
    snprintf(default_name, sizeof(default_name), "Ward %s", options.profile->model);
    if (!options.name)
        options.name = default_name;
    *ret = options;
    return given.check || given.show ? WARD_OPTIONS_DONE : WARD_OPTIONS_RUN;
}
