/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl entry: what a person says of a patient: breaths counted, how awake, on oxygen or not, worried. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"
#include "ctl/client.h"
#include "ctl/verbs.h"

/* The words of the command line with blanks between. NULL when there is no memory. */
static char *join(char **words, int count)
{
    size_t size = 1;
    char *text;

    for (int i = 0; i < count; i++)
        size += strlen(words[i]) + 1;
    text = calloc(1, size);
    for (int i = 0; i < count && text != NULL; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, words[i]);
    }
    return text;
}

static int enter(const char *patient, const char *by, const char *text)
{
    sd_bus *bus = NULL;
    sd_bus_message *reply = NULL;
    int status = ward_client_open(&bus);

    if (status == WARD_CTL_DONE)
        status = ward_client_call(bus, &reply, "Enter", "sss", patient, by, text);
    if (status == WARD_CTL_DONE)
        printf("Entered for %s: %s\n", patient, text);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"patient", required_argument, NULL, 'p'}, {"by", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
    char error[WARD_ENTRY_ERROR_SIZE];
    const char *patient = NULL, *by = "";
    struct ward_reading entry;
    char *text;
    int option, status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            patient = optarg;
        else if (option == 'b')
            by = optarg;
        else
            return ward_ctl_usage(&ward_verb_entry, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
    }
    if (patient == NULL)
        return ward_ctl_usage(&ward_verb_entry, "--patient is needed");
    text = join(argv + optind, argc - optind);
    if (text == NULL)
        return ward_ctl_fail("out of memory");
    if (ward_entry_parse(text, &entry, error))
        status = enter(patient, by, text);
    else
        status = ward_ctl_usage(&ward_verb_entry, "%s", error);
    free(text);
    return status;
}

const struct ward_verb ward_verb_entry = {
    .name = "entry",
    .usage = "entry --patient PATIENT [--by PERSON] NAME=VALUE...\n",
    .summary = "What a person says of a patient: breathing, oxygen, consciousness, concern",
    .help =
        "  --by PERSON  id of who says it, letters, digits and hyphens; without it the user of this computer\n"
        "\n"
        "  respiration_rate=18            breaths counted over 60 s\n"
        "  consciousness=alert            or new_confusion, voice, pain, unresponsive; never by the patient\n"
        "  oxygen=air                     or oxygen, with oxygen_flow=2 (L/min)\n"
        "  concern=nurse                  or carer, patient: somebody is worried, which raises an alarm\n"
        "  spo2=94, body_temperature=38.1 and the other quantities, in the units that `wardctl readings` shows\n"
        "\n"
        "All values of one call are one entry. It counts as valid, and at once.\n",
    .run = run,
};
