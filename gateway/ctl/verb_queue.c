/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl queue and wardctl hub show: one document each, shown member by member, whatever members it has; and the keys.
 * The rest of wardctl hub is in hub_enrol.c. */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/hub.h"
#include "ctl/hub_advice.h"
#include "ctl/hub_show.h"
#include "ctl/hub_steps.h"
#include "ctl/prose.h"
#include "ctl/show.h"

#define TEST_S 100 /* longer than the daemon takes */

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

static const struct ward_column steps[] = {
    {"STEP", "step", WARD_COLUMN_PLAIN}, {"OK", "ok", WARD_COLUMN_PLAIN}, {"MS", "ms", WARD_COLUMN_PLAIN},
    {"", "text", WARD_COLUMN_PLAIN},     {NULL, NULL, WARD_COLUMN_PLAIN},
};

/* For people: a step that went well says something, and none says its own name twice. */
static void show_steps(char *const *texts, size_t count)
{
    char **shown = calloc(count + 1, sizeof(*shown));

    for (size_t i = 0; shown != NULL && i < count; i++) {
        json_t *step = ward_document_parse(texts[i]);
        const char *text = ward_hub_step_text(step);

        (void)json_object_set_new(step, "text", json_string(*text != '\0' ? text : "answers"));
        shown[i] = json_dumps(step, JSON_COMPACT);
        json_decref(step);
    }
    if (shown != NULL)
        ward_show_table(shown, steps, "No step was made.");
    ward_client_free_texts(shown);
}

/* No step may have failed: the last one is the one that has. */
static int judge(sd_bus *bus, const char *last)
{
    json_t *step = ward_document_parse(last);
    char **hub = NULL;
    int status = WARD_CTL_DONE;

    if (ward_hub_step_has_failed(step)) {
        json_t *known = json_object();

        if (ward_client_get(bus, "Hub", &hub) == WARD_CTL_DONE) {
            json_decref(known);
            known = ward_document_parse(hub[0]);
        }
        status = ward_ctl_fail("%s: %s. %s", ward_document_text(step, "step"), ward_hub_step_text(step),
                               ward_hub_advice(step, json_object_get(known, "link")));
        json_decref(known);
        ward_client_free_texts(hub);
    }
    json_decref(step);
    return status;
}

int ward_hub_steps(sd_bus *bus, char ***ret)
{
    sd_bus_message *call = NULL, *reply = NULL;
    int status = ward_client_call_new(bus, "TestHub", &call);

    if (isatty(STDERR_FILENO) == 1)
        ward_prose_say("",
                       "Trying the way to the ward. Where nobody answers that takes a minute and a half.");
    if (status == WARD_CTL_DONE)
        status = ward_client_send(bus, call, TEST_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, ret);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    return status;
}

static int test_hub(int argc, char **argv)
{
    sd_bus *bus = NULL;
    char **texts = NULL;
    size_t count = 0;
    bool as_json;
    int status = ward_show_options(&ward_verb_hub, argc, argv, 0, &as_json);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_hub_steps(bus, &texts);
    if (status == WARD_CTL_DONE) {
        while (texts[count] != NULL)
            count++;
        if (as_json)
            ward_document_print_lines(texts);
        else
            show_steps(texts, count);
        if (count > 0)
            status = judge(bus, texts[count - 1]);
    }
    ward_client_free_texts(texts);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int run_hub(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } actions[] = {{"show", run_hub_show},
                   {"test", test_hub},
                   {"enrol", ward_hub_enrol},
                   {"renew", ward_hub_renew},
                   {"retire", ward_hub_retire}};

    for (size_t i = 0; argc > 1 && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return actions[i].run(argc - 1, argv + 1);
    return ward_ctl_usage(&ward_verb_hub, "what to do is missing: show, test, enrol, renew or retire");
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
             "hub test [--json]\n"
             "hub enrol [--code CODE | --code -] [--json]\n"
             "hub renew [--json]\n"
             "hub retire [--yes] [--json]\n",
    .summary = "The ward's hub, and the connection to it",
    .help =
        "show    what is known of it\n"
        "test    try the whole way, up to the first step that fails: the name, TCP, TLS (until when the certificate\n"
        "        is good), MQTT, a message that the broker acknowledges, a record that the hub confirms; \"-\" is a\n"
        "        step that was not tried, and why is said\n"
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
