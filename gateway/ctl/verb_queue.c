/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl queue and wardctl hub show: one document each, shown member by member, whatever members it has; and the keys. */
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/document.h"
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

static int run_hub(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "show") != 0)
        return ward_ctl_usage(&ward_verb_hub, "what to do is missing: show");
    return show(&ward_verb_hub, "Hub", ward_hub_show, argc - 1, argv + 1);
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
    .usage = "hub show [--json]\n",
    .summary = "The ward's hub, and the connection to it",
    .help = "  --json  one JSON object\n",
    .run = run_hub,
};
