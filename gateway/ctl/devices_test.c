/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl devices test: tries a device, step by step. On a terminal it is listened for first, unless it is connected, to
 * show how well it is heard. Each TestStep(device, step, text) is printed as it comes; it ends
 * well with a good reading, which is the daemon's to say. Of the answer nothing is read: the steps have shown it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/prose.h"
#include "ctl/show.h"
#include "ctl/strength.h"

#define TEST_S     120
#define TEST_MIN_S 10
#define TEST_MAX_S 300
#define LOOK_S     5
#define MARGIN_S   30 /* for the answer itself, on top of what the daemon was given */

struct trial {
    const char *device;
    uint32_t seconds;
    bool as_json;
};

static int parse(int argc, char **argv, struct trial *ret)
{
    static const struct option options[] = {
        {"timeout", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return ward_ctl_usage(&ward_verb_devices, "\"%s\" is no option here, or lacks its value",
                                  argv[optind - 1]);
        if (option == 'j')
            ret->as_json = true;
        else if (!ward_devices_seconds(optarg, TEST_MIN_S, TEST_MAX_S, &ret->seconds))
            return ward_ctl_usage(&ward_verb_devices, "\"%s\" is not %d to %d seconds", optarg, TEST_MIN_S,
                                  TEST_MAX_S);
    }
    ret->device = argv[optind];
    if (ret->device == NULL || argc - optind != 1)
        return ward_ctl_usage(&ward_verb_devices, "test needs one DEVICE");
    return WARD_CTL_DONE;
}

/* --- before ------------------------------------------------------------------------------------------------------- */

/* The address of the device while it is not connected: Bluetooth tells no strength of one that is. Otherwise "". */
static void find_address(sd_bus *bus, const char *device, char *ret, size_t size)
{
    json_t *document;

    (void)ward_devices_get(bus, device, &document);
    snprintf(ret, size, "%s",
             json_is_true(json_object_get(document, "connected")) ? ""
                                                                  : ward_document_text(document, "address"));
    json_decref(document);
}

/* That it is not heard, or nobody may listen, is no reason not to try: the test listens longer. */
static void look(sd_bus *bus, const char *device)
{
    char address[24];
    char **texts = NULL;

    find_address(bus, device, address, sizeof(address));
    if (address[0] == '\0')
        return;
    ward_prose_begin();
    printf("Listening for %s, for %d s.\n", address, LOOK_S);
    fflush(stdout);
    if (ward_devices_listen(bus, LOOK_S, &texts) != WARD_CTL_DONE)
        return;
    for (char **text = texts; *text != NULL; text++) {
        json_t *document = ward_document_parse(*text);

        if (strcasecmp(ward_document_text(document, "address"), address) == 0)
            printf("%s\n", ward_strength(document).text);
        json_decref(document);
    }
    ward_client_free_texts(texts);
}

/* --- meanwhile ---------------------------------------------------------------------------------------------------- */

/* Why it failed is what the answer says. */
static int show_step(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const struct trial *trial = userdata;
    const char *device, *step, *text;

    (void)error;
    if (sd_bus_message_read(message, "sss", &device, &step, &text) < 0 || strcmp(device, trial->device) != 0)
        return 0;
    if (trial->as_json)
        ward_show_json(json_pack("{ssssss}", "device", device, "step", step, "text", text));
    else if (strcmp(step, "failed") != 0)
        printf("%-13s  %s\n", step, text);
    fflush(stdout);
    return 0;
}

int ward_devices_test(int argc, char **argv)
{
    struct trial trial = {.seconds = TEST_S};
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    sd_bus_message *reply = NULL;
    char **texts = NULL;
    int status = parse(argc, argv, &trial);

    if (status != WARD_CTL_DONE)
        return status;
    status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE && !trial.as_json && isatty(STDOUT_FILENO) == 1)
        look(bus, trial.device);
    if (status == WARD_CTL_DONE)
        status = ward_client_listen(bus, "TestStep", show_step, &trial);
    if (status == WARD_CTL_DONE)
        status = ward_client_call_new(bus, "TestDevice", &call);
    if (status == WARD_CTL_DONE && sd_bus_message_append(call, "su", trial.device, trial.seconds) < 0)
        status = ward_ctl_fail("an argument is not a text that can be sent");
    if (status == WARD_CTL_DONE)
        status = ward_client_send_and_listen(bus, call, trial.seconds + MARGIN_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, &texts);
    if (status == WARD_CTL_DONE && trial.as_json)
        ward_document_print_lines(texts);
    ward_client_free_texts(texts);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}
