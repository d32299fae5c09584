/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl devices: what is enrolled, and enrolling.
 *
 * Reads of each device found by a scan: address, name, kind, rssi, enrolled.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/show.h"
#include "ctl/strength.h"
#include "ctl/table.h"

#define SCAN_S      20
#define MARGIN_S    30 /* for the answer itself, on top of what the daemon was given */
#define SECONDS_MAX 600

bool ward_devices_seconds(const char *text, unsigned long least, unsigned long most, uint32_t *ret)
{
    char *end;
    unsigned long seconds;

    errno = 0;
    seconds = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || seconds < least || seconds > most)
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

static int parse_scan(int argc, char **argv, uint32_t *ret_seconds, bool *ret_json)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            *ret_json = true;
        else if (option != 't')
            return ward_ctl_usage(&ward_verb_devices, "\"%s\" is no option of scan, or lacks its value",
                                  argv[optind - 1]);
        else if (!ward_devices_seconds(optarg, 1, SECONDS_MAX, ret_seconds))
            return ward_ctl_usage(&ward_verb_devices, "\"%s\" is not 1 to %d seconds", optarg, SECONDS_MAX);
    }
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_devices, "scan takes --seconds and --json only");
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
        const struct ward_cell strength = ward_strength(found);

        ward_table_add(table, (const char *const[]){address.text, name.text, kind.text, strength.text,
                                                    enrolled.text, NULL});
        json_decref(found);
    }
    ward_table_print(table, "Nothing was heard. Wake the device and hold it near the gateway.");
    ward_table_free(table);
    if (some)
        puts("Pair one with `wardctl devices pair ADDRESS --patient PATIENT`.");
}

int ward_devices_listen(sd_bus *bus, uint32_t seconds, char ***ret)
{
    sd_bus_message *call = NULL, *reply = NULL;
    int status = ward_client_call_new(bus, "Scan", &call);

    if (status == WARD_CTL_DONE && sd_bus_message_append(call, "u", seconds) < 0)
        status = ward_ctl_fail("out of memory");
    if (status == WARD_CTL_DONE)
        status = ward_client_send_and_listen(bus, call, seconds + MARGIN_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, ret);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    return status;
}

static int scan(int argc, char **argv)
{
    uint32_t seconds = SCAN_S;
    bool as_json = false;
    sd_bus *bus = NULL;
    char **texts = NULL;
    int status = parse_scan(argc, argv, &seconds, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE && isatty(STDERR_FILENO)) {
        fprintf(stderr, "Listening for %" PRIu32 " s. Wake the devices; Ctrl-C ends it.\n", seconds);
        status = ward_client_listen(bus, "DeviceFound", show_found, NULL);
    }
    if (status == WARD_CTL_DONE)
        status = ward_devices_listen(bus, seconds, &texts);
    if (status == WARD_CTL_DONE && as_json)
        ward_document_print_lines(texts);
    else if (status == WARD_CTL_DONE)
        show_scan(texts);
    ward_client_free_texts(texts);
    sd_bus_flush_close_unref(bus);
    return status;
}

/* Whose it was: one who has forgotten the wrong device sees it here. */
static void tell_forgotten(const char *id, const json_t *device, bool as_json)
{
    struct ward_cell which = {.text = ""};

    if (*ward_document_text(device, "model") != '\0')
        ward_cell_add(&which, " (%s)", ward_document_text(device, "model"));
    if (json_array_size(json_object_get(device, "bindings")) > 0)
        ward_cell_add(&which, " of %s", ward_devices_patients(device).text);
    ward_show_done(as_json, json_pack("{ss}", "device", id),
                   "%s%s is forgotten; nothing of it is read any more.", id, which.text);
}

static int forget(int argc, char **argv)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    json_t *device = NULL;
    bool as_json;
    int status = ward_show_options(&ward_verb_devices, argc, argv, 1, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_devices_get(bus, argv[optind], &device);
    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "Forget", "s", argv[optind]);
    if (status == WARD_CTL_DONE)
        tell_forgotten(argv[optind], device, as_json);
    json_decref(device);
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
        {"list", ward_devices_list},     {"show", ward_devices_show},     {"scan", scan},
        {"pair", ward_devices_pair},     {"test", ward_devices_test},     {"bind", ward_devices_bind},
        {"unbind", ward_devices_unbind}, {"rename", ward_devices_rename}, {"forget", forget},
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
    .usage =
        "devices [list] [--json]\n"
        "devices scan [--seconds N] [--json]\n"
        "devices pair ADDRESS --patient PATIENT [--open [--by-address]] [--check-word WORD] [--timeout SECONDS] "
        "[--json]\n"
        "devices show DEVICE [--json]\n"
        "devices test DEVICE [--timeout SECONDS] [--json]\n"
        "devices bind DEVICE --patient PATIENT [--slot N] [--share] [--check-word WORD] [--json]\n"
        "devices unbind DEVICE [--patient PATIENT] [--json]\n"
        "devices rename DEVICE NAME [--json]\n"
        "devices forget DEVICE [--json]\n",
    .summary = "What is enrolled, and enrolling",
    .help = "  scan    what advertises nearby, for 20 s unless --seconds says else\n"
            "  pair    enrols a device for a patient: bonds, lets it reconnect, waits for a reading;\n"
            "          prints each step; 120 s unless --timeout says else. On a terminal it looks first\n"
            "          how well the device is heard, and says what to do with one of its kind\n"
            "          --check-word  what the patient says, held against what the ward has given; asked for\n"
            "                        on a terminal. Nothing is paired or bound with another\n"
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
