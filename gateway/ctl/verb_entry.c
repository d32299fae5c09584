/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl entry: what a person says of a patient: breaths counted, how awake, on oxygen or not, worried. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decimal.h"
#include "core/entry.h"
#include "ctl/order.h"
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

/* The values as the body of the command has them: a number as a number, and exactly. */
static json_t *values_of(char *const *words, int count)
{
    json_t *values = json_object();

    for (int i = 0; i < count; i++) {
        const char *text = strchr(words[i], '=') + 1;
        struct ward_decimal number;
        json_t *value = NULL;

        if (ward_decimal_parse(text, strlen(text), &number))
            value = json_loads(text, JSON_DECODE_ANY,
                               NULL); /* NULL for +5 and .5, which are numbers to us alone */
        if (value == NULL)
            value = json_string(text);
        *strchr(words[i], '=') = '\0';
        (void)json_object_set_new(values, words[i], value);
    }
    return values;
}

/*
 * One of the words that is no NAME=VALUE by itself, or NULL: a variable of a script that is empty makes such a one, and a
 * blank within would be two values here and one in what is sent.
 */
static const char *find_wrong(char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strchr(words[i], '=') == NULL || strchr(words[i], ' ') != NULL)
            return words[i];
    return NULL;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"patient", required_argument, NULL, 'p'},
                                            {"by", required_argument, NULL, 'b'},
                                            {"signed", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct ward_ctl_order order = {.verb = "entry", .patient = "", .by = "", .done = "Entered."};
    char error[WARD_ENTRY_ERROR_SIZE];
    struct ward_reading entry;
    const char *wrong;
    char *text;
    int option, status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            order.patient = optarg;
        else if (option == 'b')
            order.by = optarg;
        else if (option == 's')
            order.signed_file = optarg;
        else if (option == 'j')
            order.as_json = true;
        else
            return ward_ctl_usage(&ward_verb_entry, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
    }
    if (order.signed_file != NULL)
        return argc == optind ? ward_ctl_order(&order)
                              : ward_ctl_usage(&ward_verb_entry, "a signed command has its values in it");
    if (order.patient[0] == '\0')
        return ward_ctl_usage(&ward_verb_entry, "--patient is needed");
    wrong = find_wrong(argv + optind, argc - optind);
    if (wrong != NULL)
        return ward_ctl_usage(&ward_verb_entry, "\"%s\" is not NAME=VALUE", wrong);
    text = join(argv + optind, argc - optind);
    if (text == NULL)
        return ward_ctl_fail("out of memory");
    if (ward_entry_parse(text, &entry, error)) {
        order.body =
            json_pack("{s:s, s:o}", "command", "entry", "values", values_of(argv + optind, argc - optind));
        status = ward_ctl_order(&order);
    } else {
        status = ward_ctl_usage(&ward_verb_entry, "%s", error);
    }
    free(text);
    return status;
}

const struct ward_verb ward_verb_entry = {
    .name = "entry",
    .usage = "entry --patient PATIENT [--by PERSON] [--json] NAME=VALUE...\n"
             "entry --signed FILE [--json]\n",
    .summary = "What a person says of a patient: breathing, oxygen, a concern",
    .help =
        "  --by PERSON    id of who says it, letters, digits and hyphens; without it the user of this computer\n"
        "  --signed FILE  a clinician's signed command (- for standard input). Where the gateway asks for signatures\n"
        "                 nothing but a concern can be entered without\n"
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
