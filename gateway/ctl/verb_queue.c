/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl queue and wardctl hub show: one document each, shown member by member, whatever members it has; and the keys.
 * The rest of wardctl hub is in hub_enrol.c. */
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/hub.h"
#include "ctl/hub_show.h"
#include "ctl/show.h"

static int show(const struct ward_verb *verb, const char *method, void (*show_text)(const char *text),
                int argc, char **argv)
{
    char **texts = NULL;
    bool as_json;
    int status = ward_show_options(verb, argc, argv, 0, &as_json);

    if (status != WARD_CTL_DONE)
        return status;
    status = ward_client_fetch(&texts, method, NULL);
    if (status != WARD_CTL_DONE)
        return status;
    if (as_json)
        ward_document_print_lines(texts);
    else
        show_text(texts[0]);
    ward_client_free_texts(texts);
    return status;
}

static int run_queue(int argc, char **argv)
{
    return show(&ward_verb_queue, "Queue", ward_show_document, argc, argv);
}

static int run_hub_show(int argc, char **argv)
{
    return show(&ward_verb_hub, "Hub", ward_hub_show, argc, argv);
}

static int run_hub(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } actions[] = {{"show", run_hub_show},
                   {"enrol", ward_hub_enrol},
                   {"renew", ward_hub_renew},
                   {"retire", ward_hub_retire}};

    for (size_t i = 0; argc > 1 && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return actions[i].run(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_hub, "what to do is missing: show, enrol, renew or retire");
}

const struct ward_verb ward_verb_queue = {
    .name = "queue",
    .usage = "queue [--json]\n",
    .summary = "What waits for the ward's hub",
    .help = "  --json  one JSON object\n",
    .run = run_queue,
};

const struct ward_verb ward_verb_hub = {
    .name = "hub",
    .usage = "hub show [--json]\n"
             "hub enrol [--code CODE | --code -] [--json]\n"
             "hub renew [--json]\n"
             "hub retire [--yes] [--json]\n",
    .summary = "The ward's hub, and the connection to it",
    .help =
        "show    what is known of it\n"
        "enrol   get this hub its certificate with the ward's enrolment code. The code is asked for, or read\n"
        "        from standard input: on the command line everybody on this computer can see it\n"
        "renew   get the next certificate now; by itself it is renewed in its last third\n"
        "retire  wipe the key and the certificate\n"
        "\n"
        "  --code CODE  the code; - reads it from standard input\n"
        "  --yes        without asking\n"
        "  --json       one JSON object, or one for each step\n",
    .run = run_hub,
};
