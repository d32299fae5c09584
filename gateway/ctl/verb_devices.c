/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl devices: what is enrolled, and enrolling.
 *
 * Reads of each device found by a scan: address, name, kind, rssi, enrolled. Pairing prints each
 * EnrolmentStep(address, step, text) as it comes; it ends well only after a reconnection that delivered a reading, which
 * is the daemon's to say.
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define SCAN_S      20
#define PAIR_S      120
#define MARGIN_S    30 /* for the answer itself, on top of what the daemon was given */
#define SECONDS_MAX 600

/* 1 to SECONDS_MAX, whole. */
static bool parse_seconds(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long seconds;

    errno = 0;
    seconds = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || seconds < 1 || seconds > SECONDS_MAX)
        return false;
    *ret = (uint32_t)seconds;
    return true;
}

static int show_found(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const char *text;

    (void)userdata;
    (void)error;
    if (sd_bus_message_read(message, "s", &text) >= 0) {
        json_t *document = ward_document_parse(text);

        fprintf(stderr, "found %s %s\n", ward_document_member(document, "address").text,
                ward_document_member(document, "name").text);
        json_decref(document);
    }
    return 0;
}

static int show_step(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const bool *as_json = userdata;
    const char *address;
    const char *name;
    const char *text;

    (void)error;
    if (sd_bus_message_read(message, "sss", &address, &name, &text) < 0)
        return 0;
    if (*as_json) {
        json_t *document = json_pack("{ssssss}", "address", address, "step", name, "text", text);
        char *line = json_dumps(document, JSON_COMPACT);

        puts(line != NULL ? line : "{}");
        free(line);
        json_decref(document);
    } else {
        printf("%s  %-19s %s\n", address, name, text);
    }
    fflush(stdout);
    return 0;
}

struct enrolling {
    const char *address, *patient; /* pair */
    uint32_t seconds;
    bool as_json;
    bool open, by_address; /* pair: without a bond; known by its address */
};

static int parse_enrolling(int argc, char **argv, struct enrolling *ret)
{
    static const struct option options[] = {{"patient", required_argument, NULL, 'p'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"open", no_argument, NULL, 'o'},
                                            {"by-address", no_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': ret->patient = optarg; break;
        case 'j': ret->as_json = true; break;
        case 'o': ret->open = true; break;
        case 'a': ret->by_address = true; break;
        case 't':
            if (!parse_seconds(optarg, &ret->seconds))
                return ward_ctl_usage(&ward_verb_devices, "\"%s\" is not 1 to %d seconds", optarg,
                                      SECONDS_MAX);
            break;
        default:
            return ward_ctl_usage(&ward_verb_devices, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    ret->address = argv[optind];
    return WARD_CTL_DONE;
}

static void show_scan(char *const *texts)
{
    static const char *const headers[] = {"ADDRESS", "NAME", "KIND", "SIGNAL", "ENROLLED", NULL};
    struct ward_table *table = ward_table_new(headers);
    bool some = *texts != NULL;

    if (table == NULL)
        return;
    for (; *texts != NULL; texts++) {
        json_t *found = ward_document_parse(*texts);
        const struct ward_cell address = ward_document_member(found, "address");
        const struct ward_cell name = ward_document_member(found, "name");
        const struct ward_cell kind = ward_document_member(found, "kind");
        const struct ward_cell enrolled = ward_document_member(found, "enrolled");
        struct ward_cell strength = ward_document_member(found, "rssi");

        if (json_is_integer(json_object_get(found, "rssi")))
            ward_cell_add(&strength, " dBm");
        ward_table_add(table, (const char *const[]){address.text, name.text, kind.text, strength.text,
                                                    enrolled.text, NULL});
        json_decref(found);
    }
    ward_table_print(table, "Nothing was heard. Wake the device and hold it near the gateway.");
    ward_table_free(table);
    if (some)
        puts("Pair one with `wardctl devices pair ADDRESS --patient PATIENT`.");
}

static int scan(int argc, char **argv)
{
    struct enrolling scan = {.seconds = SCAN_S};
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    sd_bus_message *reply = NULL;
    char **texts = NULL;
    int status = parse_enrolling(argc, argv, &scan);

    if (status != WARD_CTL_DONE)
        return status;
    if (scan.address != NULL || scan.patient != NULL || scan.open || scan.by_address)
        return ward_ctl_usage(&ward_verb_devices, "scan takes --seconds and --json only");
    status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE && isatty(STDERR_FILENO))
        status = ward_client_listen(bus, "DeviceFound", show_found, NULL);
    if (status == WARD_CTL_DONE)
        status = ward_client_call_new(bus, "Scan", &call);
    if (status == WARD_CTL_DONE && sd_bus_message_append(call, "u", scan.seconds) < 0)
        status = ward_ctl_fail("out of memory");
    if (status == WARD_CTL_DONE)
        status = ward_client_send_and_listen(bus, call, scan.seconds + MARGIN_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, &texts);
    if (status == WARD_CTL_DONE && scan.as_json)
        ward_document_print_lines(texts);
    else if (status == WARD_CTL_DONE)
        show_scan(texts);
    ward_client_free_texts(texts);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int pair(int argc, char **argv)
{
    struct enrolling pairing = {.seconds = PAIR_S};
    const char *security;
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    sd_bus_message *reply = NULL;
    char **texts = NULL;
    int status = parse_enrolling(argc, argv, &pairing);

    if (status != WARD_CTL_DONE)
        return status;
    if (pairing.address == NULL || argc - optind != 1 || pairing.patient == NULL)
        return ward_ctl_usage(&ward_verb_devices, "pair needs one ADDRESS and --patient");
    if (pairing.by_address && !pairing.open)
        return ward_ctl_usage(&ward_verb_devices, "--by-address goes with --open");
    security = pairing.by_address ? "open-by-address" : pairing.open ? "open" : "bonded";
    status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_client_listen(bus, "EnrolmentStep", show_step, &pairing.as_json);
    if (status == WARD_CTL_DONE)
        status = ward_client_call_new(bus, "Pair", &call);
    if (status == WARD_CTL_DONE &&
        sd_bus_message_append(call, "sssu", pairing.address, pairing.patient, security, pairing.seconds) < 0)
        status = ward_ctl_fail("an argument is not a text that can be sent");
    if (status == WARD_CTL_DONE)
        status = ward_client_send_and_listen(bus, call, pairing.seconds + MARGIN_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, &texts);
    if (status == WARD_CTL_DONE && pairing.as_json)
        ward_document_print_lines(texts);
    else if (status == WARD_CTL_DONE)
        printf("%s is paired and read for %s.\n", pairing.address, pairing.patient);
    ward_client_free_texts(texts);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int forget(int argc, char **argv)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_devices, argc, argv, 1, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "Forget", "s", argv[optind]);
    if (status == WARD_CTL_DONE)
        ward_show_done(as_json, json_pack("{ss}", "device", argv[optind]),
                       "%s is forgotten; nothing of it is read any more.", argv[optind]);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } subverbs[] = {
        {"list", ward_devices_list},
        {"show", ward_devices_show},
        {"scan", scan},
        {"pair", pair},
        {"test", ward_devices_test},
        {"bind", ward_devices_bind},
        {"unbind", ward_devices_unbind},
        {"rename", ward_devices_rename},
        {"forget", forget},
    };

    if (argc < 2 || argv[1][0] == '-')
        return ward_devices_list(argc, argv);
    for (size_t i = 0; i < sizeof(subverbs) / sizeof(subverbs[0]); i++)
        if (strcmp(argv[1], subverbs[i].name) == 0)
            return subverbs[i].run(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_devices,
                          "\"%s\" is not list, show, scan, pair, test, bind, unbind, rename or forget",
                          argv[1]);
}

const struct ward_verb ward_verb_devices = {
    .name = "devices",
    .usage = "devices [list] [--json]\n"
             "devices scan [--seconds N] [--json]\n"
             "devices pair ADDRESS --patient PATIENT [--open [--by-address]] [--timeout SECONDS] [--json]\n"
             "devices show DEVICE [--json]\n"
             "devices test DEVICE [--timeout SECONDS] [--json]\n"
             "devices bind DEVICE --patient PATIENT [--slot N] [--share] [--json]\n"
             "devices unbind DEVICE [--patient PATIENT] [--json]\n"
             "devices rename DEVICE NAME [--json]\n"
             "devices forget DEVICE [--json]\n",
    .summary = "What is enrolled, and enrolling",
    .help = "  scan    what advertises nearby, for 20 s unless --seconds says else\n"
            "  pair    enrols a device for a patient: bonds, lets it reconnect, waits for a reading;\n"
            "          prints each step; 120 s unless --timeout says else\n"
            "          --open        without a bond, for a model that has none; its serial number or system\n"
            "                        id is compared on every connection\n"
            "          --by-address  for one that tells neither: known by its address, which anybody can\n"
            "                        copy; monitoring says so for as long as it is read\n"
            "  show    one device: whose it is, what it says of itself, battery, when it was heard\n"
            "  test    tries an enrolled device: what to do, how well it is heard, what it measures;\n"
            "          for 120 s at most unless --timeout says else. What it measures is nobody's,\n"
            "          raises no alarm, and is kept as a test\n"
            "  bind    from now on an enrolled device is read for this patient, and no longer for another;\n"
            "          --slot N: only what its user N measures; --share: beside those who have it,\n"
            "          and then it must be claimed before use (`wardctl measure`)\n"
            "  unbind  what it measures from now on belongs to nobody\n"
            "  rename  a name for people, which stays here\n"
            "  forget  ends its binding and removes its bond\n"
            "  --json  one JSON object a line\n",
    .run = run,
};
