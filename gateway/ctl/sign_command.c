/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/sign_command.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/jws.h"
#include "core/utc.h"
#include "ctl/file.h"
#include "ctl/verbs.h"

#define MEMBERS_MAX 5

enum kind {
    TEXT,
    WHOLE,  /* a whole number */
    FLAG,   /* yes or no */
    OBJECT, /* a file with a JSON object */
};

struct member {
    const char *name;
    enum kind kind;
    bool needed;
};

/* What a command needs of the claims. */
enum subject { NOBODY, MAY_NAME_PATIENT, PATIENT, PATIENT_AND_EPISODE };

static const struct command {
    const char *name;
    enum ward_command_kind kind;
    enum subject subject;
    struct member members[MEMBERS_MAX]; /* none: any names, as values of an entry */
} commands[] = {
    {"admit",
     WARD_COMMAND_ADMIT,
     PATIENT_AND_EPISODE,
     {{"plan", OBJECT, false}, {"label", TEXT, false}, {"check_word", TEXT, false}}},
    {"discharge", WARD_COMMAND_DISCHARGE, PATIENT_AND_EPISODE, {{"reason", TEXT, true}}},
    {"acknowledge", WARD_COMMAND_ACKNOWLEDGE, PATIENT, {{"alarm", TEXT, true}}},
    {"entry", WARD_COMMAND_ENTRY, PATIENT, {{NULL, TEXT, false}}},
    {"void",
     WARD_COMMAND_VOID,
     MAY_NAME_PATIENT,
     {{"epoch", TEXT, true}, {"seq", WHOLE, true}, {"reason", TEXT, true}}},
    {"assign", WARD_COMMAND_ASSIGN, PATIENT_AND_EPISODE, {{"epoch", TEXT, true}, {"seq", WHOLE, true}}},
    {"suspend", WARD_COMMAND_SUSPEND, PATIENT, {{"until", TEXT, true}, {"reason", TEXT, true}}},
    {"resume", WARD_COMMAND_RESUME, PATIENT, {{NULL, TEXT, false}}},
    {"bind",
     WARD_COMMAND_BIND,
     PATIENT_AND_EPISODE,
     {{"device", TEXT, true}, {"slot", WHOLE, false}, {"shared", FLAG, false}, {"from", TEXT, false}}},
    {"unbind", WARD_COMMAND_UNBIND, MAY_NAME_PATIENT, {{"device", TEXT, true}, {"slot", WHOLE, false}}},
    {"swap", WARD_COMMAND_SWAP, PATIENT, {{"device", TEXT, true}, {"replacement", TEXT, true}}},
    {"ask", WARD_COMMAND_ASK, PATIENT, {{"quantity", TEXT, true}, {"seconds", WHOLE, false}}},
    {"replay",
     WARD_COMMAND_REPLAY,
     NOBODY,
     {{"epoch", TEXT, false},
      {"first", WHOLE, false},
      {"last", WHOLE, false},
      {"alarms_since", TEXT, false}}},
    {"identify", WARD_COMMAND_IDENTIFY, NOBODY, {{"seconds", WHOLE, false}}},
    {"diagnostics", WARD_COMMAND_DIAGNOSTICS, NOBODY, {{NULL, TEXT, false}}},
    {"restart", WARD_COMMAND_RESTART, NOBODY, {{"program", TEXT, true}}},
    {"rotate", WARD_COMMAND_ROTATE, NOBODY, {{NULL, TEXT, false}}},
    {"add-key", WARD_COMMAND_ADD_KEY, NOBODY, {{"key", OBJECT, true}}},
    {"revoke-key", WARD_COMMAND_REVOKE_KEY, NOBODY, {{"kid", TEXT, true}}},
};

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static const struct member *member_named(const struct command *command, const char *name, size_t length)
{
    for (size_t i = 0; i < MEMBERS_MAX && command->members[i].name != NULL; i++)
        if (strlen(command->members[i].name) == length &&
            strncmp(command->members[i].name, name, length) == 0)
            return &command->members[i];
    return NULL;
}

static int refuse(const struct command *command, const char *what)
{
    return ward_ctl_usage(&ward_verb_sign, "%s %s", command->name, what);
}

static int refuse_member(const struct command *command, const char *word)
{
    char names[160] = "";

    for (size_t i = 0; i < MEMBERS_MAX && command->members[i].name != NULL; i++) {
        strcat(names, i > 0 ? ", " : ": ");
        strcat(names, command->members[i].name);
    }
    return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no MEMBER=VALUE of %s%s", word, command->name, names);
}

/* --- values -------------------------------------------------------------------------------------------------- */

static json_t *whole(const char *text)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    return *text != '\0' && *end == '\0' && errno == 0 ? json_integer(number) : NULL;
}

static json_t *object_in(const char *path)
{
    char *text = NULL;
    json_t *object = NULL;

    if (ward_file_read(path, &text) == WARD_CTL_DONE)
        object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    return object;
}

/* NULL: it is not of that kind. */
static json_t *value_of(enum kind kind, const char *text)
{
    switch (kind) {
    case TEXT: return json_string(text);
    case WHOLE: return whole(text);
    case FLAG: return strcmp(text, "yes") == 0 ? json_true() : strcmp(text, "no") == 0 ? json_false() : NULL;
    case OBJECT: return object_in(text);
    }
    return NULL;
}

/* What a person has to say: a number, or else a word. */
static json_t *entered(const char *text)
{
    json_t *number = json_loads(text, JSON_DECODE_ANY, NULL);

    if (json_is_number(number))
        return number;
    json_decref(number);
    return json_string(text);
}

static int add_word(const struct command *command, const char *word, json_t *body)
{
    const char *equals = strchr(word, '=');
    const size_t length = equals != NULL ? (size_t)(equals - word) : 0;
    const struct member *member = member_named(command, word, length);
    const bool free_names = command->kind == WARD_COMMAND_ENTRY;
    json_t *into = free_names ? json_object_get(body, "values") : body, *value = NULL;
    char name[64];

    if (equals == NULL || length == 0 || length >= sizeof(name) || (member == NULL && !free_names))
        return refuse_member(command, word);
    snprintf(name, sizeof(name), "%.*s", (int)length, word);
    /* The last one would be signed, and nobody knows which was meant. */
    if (json_object_get(into, name) != NULL)
        return ward_ctl_usage(&ward_verb_sign, "%s= stands there twice", name);
    value = member != NULL ? value_of(member->kind, equals + 1) : entered(equals + 1);
    if (value == NULL)
        return ward_ctl_usage(&ward_verb_sign, "\"%s\": the value is not what it must be", word);
    (void)json_object_set_new(into, name, value);
    return WARD_CTL_DONE;
}

static int fill_body(const struct command *command, const struct ward_sign_request *request, json_t *body)
{
    int status = WARD_CTL_DONE;

    (void)json_object_set_new(body, "schema", json_string("wardgate.command/1"));
    (void)json_object_set_new(body, "command", json_string(command->name));
    if (command->kind == WARD_COMMAND_ENTRY)
        (void)json_object_set_new(body, "values", json_object());
    for (int i = 1; i < request->count && status == WARD_CTL_DONE; i++)
        status = add_word(command, request->words[i], body);
    for (size_t i = 0; i < MEMBERS_MAX && command->members[i].name != NULL && status == WARD_CTL_DONE; i++)
        if (command->members[i].needed && json_object_get(body, command->members[i].name) == NULL)
            status = ward_ctl_usage(&ward_verb_sign, "%s needs %s=", command->name, command->members[i].name);
    return status;
}

/* --- claims -------------------------------------------------------------------------------------------------- */

static int check_subject(const struct command *command, const struct ward_sign_request *request)
{
    if (command->subject == NOBODY && (request->patient != NULL || request->episode != NULL))
        return refuse(command, "is about the gateway: it takes no --patient and no --episode");
    if (command->subject >= PATIENT && request->patient == NULL)
        return refuse(command, "needs --patient");
    if (command->subject == PATIENT_AND_EPISODE && request->episode == NULL)
        return refuse(command, "needs --episode");
    return WARD_CTL_DONE;
}

static void add_text(json_t *claims, const char *name, const char *text)
{
    if (text != NULL)
        (void)json_object_set_new(claims, name, json_string(text));
}

static int add_moments(json_t *claims, int64_t now_ms, uint32_t valid_s)
{
    char text[WARD_UTC_TEXT_SIZE];

    if (!ward_utc_format(now_ms, text))
        return ward_ctl_fail("this machine's clock shows no time that can be told");
    add_text(claims, "issued_at", text);
    if (!ward_utc_format(now_ms + valid_s * INT64_C(1000), text))
        return ward_ctl_fail("--valid leads to no time that can be told");
    add_text(claims, "not_after", text);
    return WARD_CTL_DONE;
}

static int add_id(json_t *claims)
{
    char text[24];
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return ward_ctl_fail("there are no random numbers");
    snprintf(text, sizeof(text), "c-%016" PRIx64, number);
    add_text(claims, "id", text);
    return WARD_CTL_DONE;
}

/* To the millisecond: two commands of one second need two counters. */
static int64_t clock_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fill_claims(const struct command *command, const struct ward_sign_request *request, json_t *claims)
{
    const int64_t now_ms = clock_ms();
    const uint64_t counter = request->counter != 0 ? request->counter : (uint64_t)now_ms;
    int status = add_id(claims);

    add_text(claims, "type", "command");
    add_text(claims, "gateway", request->gateway);
    add_text(claims, "patient", request->patient);
    add_text(claims, "episode", request->episode);
    (void)json_object_set_new(claims, "counter", json_integer((json_int_t)counter));
    (void)json_object_set_new(
        claims, "by",
        json_pack("{s:s, s:s}", "id", request->by, "role", ward_role_name(ward_command_role(command->kind))));
    return status == WARD_CTL_DONE ? add_moments(claims, now_ms, request->valid_s) : status;
}

int ward_sign_claims(const struct ward_sign_request *request, char **ret)
{
    const struct command *command = command_named(request->words[0]);
    json_t *claims = json_object(), *body = json_object();
    int status;

    if (command == NULL)
        status = ward_ctl_usage(&ward_verb_sign, "there is no command \"%s\"", request->words[0]);
    else if (request->gateway == NULL || request->by == NULL)
        status = refuse(command, "needs --gateway and --by");
    else if ((status = check_subject(command, request)) == WARD_CTL_DONE &&
             (status = fill_body(command, request, body)) == WARD_CTL_DONE)
        status = fill_claims(command, request, claims);
    (void)json_object_set_new(claims, "body", body);
    if (status == WARD_CTL_DONE &&
        (*ret = json_dumps(claims, JSON_COMPACT | JSON_REAL_PRECISION(15))) == NULL)
        status = ward_ctl_fail("out of memory");
    json_decref(claims);
    return status;
}
