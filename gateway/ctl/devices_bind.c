/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl devices bind, unbind, rename; wardctl measure: whose a device is.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clinical.h"
#include "ctl/check_word.h"
#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/show.h"

#define SLOT_NONE     255
#define CLAIM_MAX_MIN (WARD_CLAIM_MAX_S / 60)

struct options {
    const char *patient, *device, *check_word;
    uint32_t slot, minutes;
    bool share, as_json;
};

static bool parse_number(const char *text, uint32_t most, uint32_t *ret)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number > most || text[0] == '-')
        return false;
    *ret = (uint32_t)number;
    return true;
}

/* letters: those of the options that the verb has, of p(atient), d(evice), s(lot), (s)h(are), m(inutes), (check-)w(ord);
 * --json it has in any case. */
static int parse(const struct ward_verb *verb, const char *letters, int argc, char **argv,
                 struct options *ret)
{
    static const struct option options[] = {
        {"patient", required_argument, NULL, 'p'},    {"device", required_argument, NULL, 'd'},
        {"slot", required_argument, NULL, 's'},       {"share", no_argument, NULL, 'h'},
        {"for", required_argument, NULL, 'm'},        {"json", no_argument, NULL, 'j'},
        {"check-word", required_argument, NULL, 'w'}, {NULL, 0, NULL, 0},
    };
    int option;

    *ret = (struct options){.slot = SLOT_NONE, .minutes = WARD_CLAIM_S / 60};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?' || (option != 'j' && strchr(letters, option) == NULL))
            return ward_ctl_usage(verb, "\"%s\" is no option here, or lacks its value", argv[optind - 1]);
        ret->as_json |= option == 'j';
        if (option == 'p')
            ret->patient = optarg;
        else if (option == 'd')
            ret->device = optarg;
        else if (option == 'w')
            ret->check_word = optarg;
        else if (option == 'h')
            ret->share = true;
        else if (option == 's' && !parse_number(optarg, SLOT_NONE - 1, &ret->slot))
            return ward_ctl_usage(verb, "\"%s\" is no user slot, 0 to %d", optarg, SLOT_NONE - 1);
        else if (option == 'm' && (!parse_number(optarg, CLAIM_MAX_MIN, &ret->minutes) || ret->minutes == 0))
            return ward_ctl_usage(verb, "\"%s\" is not 1 to %d minutes", optarg, CLAIM_MAX_MIN);
    }
    return WARD_CTL_DONE;
}

/* Sends the call, when there is one, and closes. */
static int change(sd_bus *bus, int status, sd_bus_message *call)
{
    sd_bus_message *reply = NULL;

    if (status == WARD_CTL_DONE)
        status = ward_client_send(bus, call, WARD_CTL_TIMEOUT_S, &reply);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int open_call(const char *method, sd_bus **ret_bus, sd_bus_message **ret_call)
{
    int status = ward_client_open(ret_bus);

    return status == WARD_CTL_DONE ? ward_client_call_new(*ret_bus, method, ret_call) : status;
}

static int appended(int result)
{
    return result < 0 ? ward_ctl_fail("an argument is not a text that can be sent") : WARD_CTL_DONE;
}

/* The bindings of a device, or NULL. That nobody says them is no failure: what is to be done goes on. */
static json_t *bindings_of(sd_bus *bus, const char *device)
{
    json_t *document, *bindings;

    (void)ward_devices_get(bus, device, &document);
    bindings = json_incref(json_object_get(document, "bindings"));
    json_decref(document);
    return bindings;
}

static bool is_bound(const json_t *bindings, const char *patient)
{
    const json_t *binding;
    size_t at;

    json_array_foreach(bindings, at, binding)
    {
        if (strcmp(ward_document_text(binding, "patient"), patient) == 0)
            return true;
    }
    return false;
}

struct ward_cell ward_devices_taken_from(const json_t *before, const json_t *after)
{
    struct ward_cell cell = {.text = ""};
    const json_t *binding;
    size_t at;

    json_array_foreach(before, at, binding)
    {
        const char *patient = ward_document_text(binding, "patient");

        if (json_is_array(after) && !is_bound(after, patient))
            ward_cell_add(&cell, "%s %s", cell.text[0] == '\0' ? ", and no longer for" : " and", patient);
    }
    return cell;
}

/* Somebody else has the same user of it: which of them it was, only a claim can say. Where that is not known --share says it. */
static bool needs_claim(const json_t *after, const struct options *options)
{
    const json_t *binding;
    size_t at;

    if (!json_is_array(after))
        return options->share;
    json_array_foreach(after, at, binding)
    {
        const json_t *slot = json_object_get(binding, "slot");

        if (strcmp(ward_document_text(binding, "patient"), options->patient) != 0 &&
            (slot != NULL ? json_integer_value(slot) : SLOT_NONE) == options->slot)
            return true;
    }
    return false;
}

static void show_bound(sd_bus *bus, const struct options *options, const char *device, const json_t *before)
{
    json_t *what = json_pack("{ss, ss, sb}", "device", device, "patient", options->patient, "shared",
                             (int)options->share);
    json_t *after = options->as_json ? NULL : bindings_of(bus, device);
    const struct ward_cell gone = ward_devices_taken_from(before, after);
    struct ward_cell read = {.text = ""};

    if (options->slot != SLOT_NONE)
        ward_cell_add(&read, "What user %u of %s measures is read", options->slot, device);
    else
        ward_cell_add(&read, "%s is read", device);
    if (needs_claim(after, options))
        ward_show_done(options->as_json, what,
                       "%s for %s too%s. Claim it before use: wardctl measure --patient %s", read.text,
                       options->patient, gone.text, options->patient);
    else
        ward_show_done(options->as_json, what, "%s for %s from now on%s.", read.text, options->patient,
                       gone.text);
    json_decref(after);
}

int ward_devices_bind(int argc, char **argv)
{
    struct options options;
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    json_t *before = NULL;
    int status = parse(&ward_verb_devices, "pshw", argc, argv, &options);

    if (status != WARD_CTL_DONE)
        return status;
    if (argc - optind != 1 || options.patient == NULL)
        return ward_ctl_usage(&ward_verb_devices, "bind needs one DEVICE and --patient");
    status = open_call("Bind", &bus, &call);
    if (status == WARD_CTL_DONE)
        status = ward_check_word(bus, options.patient, options.check_word, NULL);
    if (status == WARD_CTL_DONE)
        status = appended(sd_bus_message_append(call, "sssu", argv[optind], options.patient,
                                                options.share ? "share" : "move", options.slot));
    if (status == WARD_CTL_DONE && !options.as_json)
        before = bindings_of(bus, argv[optind]);
    if (status == WARD_CTL_DONE)
        status = ward_client_send(bus, call, WARD_CTL_TIMEOUT_S, &reply);
    if (status == WARD_CTL_DONE)
        show_bound(bus, &options, argv[optind], before);
    json_decref(before);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}

int ward_devices_unbind(int argc, char **argv)
{
    struct options options;
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    int status = parse(&ward_verb_devices, "p", argc, argv, &options);

    if (status != WARD_CTL_DONE)
        return status;
    if (argc - optind != 1)
        return ward_ctl_usage(&ward_verb_devices, "unbind needs one DEVICE");
    status = open_call("Unbind", &bus, &call);
    if (status == WARD_CTL_DONE)
        status = appended(
            sd_bus_message_append(call, "ss", argv[optind], options.patient != NULL ? options.patient : ""));
    status = change(bus, status, call);
    if (status == WARD_CTL_DONE)
        ward_show_done(options.as_json,
                       json_pack("{ss, ss*}", "device", argv[optind], "patient", options.patient),
                       "%s is no longer read for %s.", argv[optind],
                       options.patient != NULL ? options.patient : "anybody");
    return status;
}

int ward_devices_rename(int argc, char **argv)
{
    struct options options;
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    int status = parse(&ward_verb_devices, "", argc, argv, &options);

    if (status != WARD_CTL_DONE)
        return status;
    if (argc - optind != 2)
        return ward_ctl_usage(&ward_verb_devices, "rename needs one DEVICE and a NAME");
    status = open_call("Rename", &bus, &call);
    if (status == WARD_CTL_DONE)
        status = appended(sd_bus_message_append(call, "ss", argv[optind], argv[optind + 1]));
    status = change(bus, status, call);
    if (status == WARD_CTL_DONE)
        ward_show_done(options.as_json,
                       json_pack("{ss, ss}", "device", argv[optind], "name", argv[optind + 1]),
                       *argv[optind + 1] != '\0' ? "%s is now called \"%s\"." : "%s has no name any more.",
                       argv[optind], argv[optind + 1]);
    return status;
}

static int measure(int argc, char **argv)
{
    struct options options;
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    int status = parse(&ward_verb_measure, "pdm", argc, argv, &options);

    if (status != WARD_CTL_DONE)
        return status;
    if (argc != optind || options.patient == NULL)
        return ward_ctl_usage(&ward_verb_measure, "it needs --patient");
    status = open_call("Measure", &bus, &call);
    if (status == WARD_CTL_DONE)
        status = appended(sd_bus_message_append(call, "ssu", options.patient,
                                                options.device != NULL ? options.device : "",
                                                options.minutes * 60));
    status = change(bus, status, call);
    if (status == WARD_CTL_DONE)
        ward_show_done(options.as_json,
                       json_pack("{ss, ss*, sI}", "patient", options.patient, "device", options.device,
                                 "seconds", (json_int_t)options.minutes * 60),
                       "What is measured in the next %u min is read for %s.", options.minutes,
                       options.patient);
    return status;
}

const struct ward_verb ward_verb_measure = {
    .name = "measure",
    .usage = "measure --patient PATIENT [--device DEVICE] [--for MINUTES] [--json]\n",
    .summary = "Claims a shared device for a patient's measurement",
    .help = "  --device  this one; otherwise every device that the patient shares with others\n"
            "  --for     how long, 1 to 60 minutes (5). After that, and without a claim, what a shared\n"
            "            device measures belongs to nobody\n"
            "  --json    one JSON object when it is done\n",
    .run = measure,
};
