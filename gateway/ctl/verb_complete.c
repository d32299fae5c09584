/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl complete, for the completion of shells: prints what may stand in the place of the last WORD, one a line. It is
 * given everything after "wardctl" up to the cursor; the last one may be empty. "<file>" by itself is the name of a file.
 *
 * Verbs, actions and options are those of the usage lines, ids what the daemon has just now. It is called while somebody
 * types: it never says anything else, nor waits long.
 */
#include <stdio.h>
#include <string.h>

#include "core/quantity.h"
#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/usage.h"
#include "ctl/verbs.h"

#define PATIENCE_S 2

struct typed {
    const struct ward_verb *verb;
    const char *action; /* "" */
    char **words;       /* after verb and action */
    int count;          /* of those before the last */
    const char *last;
};

static void offer(const struct typed *typed, const char *word)
{
    if (strncmp(word, typed->last, strlen(typed->last)) == 0)
        puts(word);
}

/* --- what the daemon has -------------------------------------------------------------------------------------- */

static char **ask(const char *method)
{
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    char **texts = NULL;

    if (sd_bus_open_system(&bus) < 0 || ward_client_call_new(bus, method, &call) != WARD_CTL_DONE)
        goto end;
    if (strcmp(method, "Alarms") == 0 && sd_bus_message_append(call, "a{sv}", 0) < 0)
        goto end;
    if (sd_bus_message_set_auto_start(call, false) >= 0 &&
        sd_bus_call(bus, call, (uint64_t)PATIENCE_S * 1000000, NULL, &reply) >= 0)
        (void)ward_client_read(reply, &texts);
end:
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return texts;
}

static void offer_members(const struct typed *typed, const char *method, const char *member)
{
    char **texts = ask(method);

    for (char **text = texts; text != NULL && *text != NULL; text++) {
        json_t *document = ward_document_parse(*text);

        if (*ward_document_text(document, member) != '\0')
            offer(typed, ward_document_text(document, member));
        json_decref(document);
    }
    ward_client_free_texts(texts);
}

static void offer_quantities(const struct typed *typed)
{
    for (int quantity = WARD_QUANTITY_NONE + 1; quantity < WARD_QUANTITY_COUNT; quantity++) {
        const char *name = ward_quantity_info((uint8_t)quantity)->name;

        if ((int)ward_quantity_by_name(name) == quantity) /* some have one name for several codes */
            offer(typed, name);
    }
}

/* By the name that the usage line has for it. */
static void offer_value(const struct typed *typed, const char *name)
{
    static const struct {
        const char *name, *method, *member;
    } ids[] = {{"PATIENT", "Patients", "patient"},
               {"DEVICE", "Devices", "device"},
               {"ALARM", "Alarms", "condition"},
               {"ALARM", "Alarms", "id"},
               {"ALARM|[EPOCH:]SEQ", "Alarms", "condition"},
               {"ALARM|[EPOCH:]SEQ", "Alarms", "id"}};
    static const char *const files[] = {"FILE", "PLAN", "PLAN2", "READINGS", "CLAIMS", "DIRECTORY"};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (strcmp(ids[i].name, name) == 0)
            offer_members(typed, ids[i].method, ids[i].member);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(files[i], name) == 0)
            puts("<file>");
    if (strcmp(name, "QUANTITY") == 0)
        offer_quantities(typed);
}

/* --- what the usage says --------------------------------------------------------------------------------------- */

static const char *value_of(const struct ward_verb *verb, const char *option, struct ward_usage_word *word)
{
    for (const char *line = verb->usage; line != NULL; line = ward_usage_line(line)) {
        const char *at = ward_usage_words(line);

        while (ward_usage_next(&at, word))
            if (word->kind == WARD_USAGE_OPTION && strcmp(word->text, option) == 0)
                return word->value;
    }
    return "";
}

static bool is_typed(const struct typed *typed, const char *word)
{
    for (int i = 0; i < typed->count; i++)
        if (strcmp(typed->words[i], word) == 0)
            return true;
    return false;
}

/* How many words that are neither an option nor the value of one stand before the last. */
static int arguments_before(const struct typed *typed)
{
    struct ward_usage_word word;
    int count = 0;

    for (int i = 0; i < typed->count; i++) {
        if (strncmp(typed->words[i], "--", 2) != 0)
            count++;
        else if (*value_of(typed->verb, typed->words[i], &word) != '\0')
            i++;
    }
    return count;
}

static void offer_of_line(const struct typed *typed, const char *line)
{
    const char *at = ward_usage_words(line);
    const int before = arguments_before(typed);
    struct ward_usage_word word;
    int argument = 0;

    while (ward_usage_next(&at, &word)) {
        if (word.kind == WARD_USAGE_OPTION && typed->last[0] == '-' && !is_typed(typed, word.text))
            offer(typed, word.text);
        if (word.kind == WARD_USAGE_ARGUMENT && typed->last[0] != '-' && argument++ == before)
            offer_value(typed, word.text);
    }
}

/* A line without an action that must be given is for none. */
static bool goes_without_action(const char *line)
{
    const char *at = ward_usage_words(line);
    struct ward_usage_word word;

    return *at == '\0' || at[1] == '[' || !ward_usage_next(&at, &word) || word.kind != WARD_USAGE_ACTION;
}

static void offer_words(const struct typed *typed)
{
    struct ward_usage_word word;
    const char *option = typed->count > 0 ? typed->words[typed->count - 1] : "";
    const char *value = strncmp(option, "--", 2) == 0 ? value_of(typed->verb, option, &word) : "";

    if (*value != '\0') {
        offer_value(typed, value);
        return;
    }
    for (const char *line = typed->verb->usage; line != NULL; line = ward_usage_line(line))
        if (*typed->action != '\0' ? ward_usage_has_action(line, typed->action) : goes_without_action(line))
            offer_of_line(typed, line);
}

/* Once each, though an action may have several lines. */
static void offer_actions(const struct typed *typed)
{
    char last[WARD_USAGE_WORD_MAX] = "";
    struct ward_usage_word word;

    for (const char *line = typed->verb->usage; line != NULL; line = ward_usage_line(line)) {
        const char *at = ward_usage_words(line);

        while (ward_usage_next(&at, &word) && word.kind == WARD_USAGE_ACTION) {
            if (strcmp(word.text, last) != 0)
                offer(typed, word.text);
            memcpy(last, word.text, sizeof(last));
        }
    }
}

static bool has_action(const struct ward_verb *verb, const char *action)
{
    for (const char *line = verb->usage; line != NULL; line = ward_usage_line(line))
        if (ward_usage_has_action(line, action))
            return true;
    return false;
}

static void offer_verbs(const struct typed *typed)
{
    for (const struct ward_verb *const *verb = ward_ctl_verbs; *verb != NULL; verb++)
        if ((*verb)->summary != NULL)
            offer(typed, (*verb)->name);
    if (typed->last[0] == '-') {
        offer(typed, "--help");
        offer(typed, "--version");
    }
}

static int run(int argc, char **argv)
{
    struct typed typed = {.action = "", .words = argv + 2, .last = argc > 1 ? argv[argc - 1] : ""};

    /* Nobody who types wants to be told that the daemon is away. */
    if (freopen("/dev/null", "w", stderr) == NULL)
        return WARD_CTL_FAILED;
    if (argc <= 2) {
        offer_verbs(&typed);
        return WARD_CTL_DONE;
    }
    for (const struct ward_verb *const *verb = ward_ctl_verbs; *verb != NULL; verb++)
        if ((*verb)->summary != NULL && strcmp((*verb)->name, argv[1]) == 0)
            typed.verb = *verb;
    if (typed.verb == NULL)
        return WARD_CTL_DONE;
    typed.count = argc - 3;
    if (typed.count > 0 && has_action(typed.verb, argv[2])) {
        typed.action = argv[2];
        typed.words++;
        typed.count--;
    } else if (typed.count == 0 && typed.last[0] != '-') {
        offer_actions(&typed);
    }
    offer_words(&typed);
    if (typed.last[0] == '-')
        offer(&typed, "--help");
    return WARD_CTL_DONE;
}

const struct ward_verb ward_verb_complete = {
    .name = "complete",
    .usage = "complete [WORD]...\n",
    .run = run,
};
