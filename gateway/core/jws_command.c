/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a command: wardgate.command/1.
 *
 *   acknowledge   alarm
 *   entry         values: an object of NAME: number or word, which is held against the same rules as `wardctl entry`
 *   void          epoch, seq, reason (an id)
 *   assign        epoch, seq
 *   suspend       until, reason (for people)
 *   resume
 *   replay        epoch, first, last; or alarms_since
 *
 *   bind, unbind, swap             jws_binding.c
 *   ask, identify, restart         jws_technical.c
 *   diagnostics, rotate            nothing
 *   add-key, revoke-key            jws_key.c
 *   admit         label, check_word (for people), plan (an object); none of them must be there
 *   discharge     reason (for people)
 */
#include <string.h>

#include "core/decimal.h"
#include "core/entry.h"
#include "core/jws_private.h"
#include "core/reading_json.h"

#define ENTRY_TEXT_MAX 1024

static bool read_acknowledge(const struct ward_jws_place *body, struct ward_command *ret)
{
    return ward_jws_member_hex(body, "alarm", ret->alarm.octets, sizeof(ret->alarm.octets));
}

/* Adds a piece to a text. Returns false, with the text as it was, when there is no room for it. */
static bool append(char *text, size_t size, const char *piece)
{
    const size_t used = strlen(text), length = strlen(piece);

    if (used + length >= size) {
        return false;
    }
    memcpy(text + used, piece, length + 1);
    return true;
}

/* One value as `wardctl entry` has it, "NAME=VALUE ". False: it is neither a number nor a word, or there is no room. */
static bool append_value(char *text, size_t size, const char *name, const json_t *value)
{
    struct ward_decimal number;
    char digits[WARD_DECIMAL_TEXT_SIZE + 1];
    const char *word = json_string_value(value);

    if (json_is_number(value) && ward_json_exact(value, &number)) {
        digits[ward_decimal_print(&number, digits)] = '\0';
        word = digits;
    }
    return word != NULL && strchr(word, ' ') == NULL && strchr(name, ' ') == NULL &&
           append(text, size, name) && append(text, size, "=") && append(text, size, word) &&
           append(text, size, " ");
}

static bool read_entry(const struct ward_jws_place *body, struct ward_command *ret)
{
    char text[ENTRY_TEXT_MAX] = "", error[WARD_ENTRY_ERROR_SIZE], why[WARD_ENTRY_ERROR_SIZE + 8] = "says: ";
    json_t *values = ward_jws_member(body, "values", JSON_OBJECT);
    const char *name;
    json_t *value;

    if (values == NULL) {
        return false;
    }
    json_object_foreach(values, name, value)
    {
        if (!append_value(text, sizeof(text), name, value)) {
            ward_jws_refuse(body, WARD_JWS_MALFORMED, "values", "has what is neither a number nor a word");
            return false;
        }
    }
    if (!ward_entry_parse(text, &ret->entry, error)) {
        (void)append(why, sizeof(why), error);
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "values", why);
        return false;
    }
    return true;
}

static bool read_record(const struct ward_jws_place *body, struct ward_command *ret)
{
    return ward_jws_member_id(body, "epoch", &ret->record.epoch) &&
           ward_jws_member_uint(body, "seq", 1, &ret->record.seq);
}

static bool read_void(const struct ward_jws_place *body, struct ward_command *ret)
{
    return read_record(body, ret) && ward_jws_member_id(body, "reason", &ret->reason);
}

static bool is_plain_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool read_why(const struct ward_jws_place *body, struct ward_command *ret)
{
    const json_t *why = ward_jws_member(body, "reason", JSON_STRING);
    size_t length = why != NULL ? json_string_length(why) : 0;

    if (why == NULL) {
        return false;
    }
    if (length == 0 || length > WARD_COMMAND_WHY_MAX || !is_plain_text(json_string_value(why))) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "reason", "is not 1 to 80 octets of text on one line");
        return false;
    }
    memcpy(ret->why, json_string_value(why), length + 1);
    return true;
}

static bool read_suspend(const struct ward_jws_place *body, struct ward_command *ret)
{
    return read_why(body, ret) && ward_jws_member_utc(body, "until", &ret->suspend_until_ms);
}

/* A text for people that may be left out. */
static bool read_words(const struct ward_jws_place *body, const char *name, char *ret, size_t most)
{
    const json_t *words = json_object_get(body->object, name);

    if (words == NULL) {
        return true;
    }
    if (!json_is_string(words) || json_string_length(words) > most ||
        !is_plain_text(json_string_value(words))) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, name,
                        "is no text on one line, or longer than it may be (label 64 octets, check_word 32)");
        return false;
    }
    memcpy(ret, json_string_value(words), json_string_length(words) + 1);
    return true;
}

static bool read_admit(const struct ward_jws_place *body, struct ward_command *ret)
{
    ret->admission.has_plan = json_object_get(body->object, "plan") != NULL;
    return read_words(body, "label", ret->admission.label, WARD_COMMAND_LABEL_MAX) &&
           read_words(body, "check_word", ret->admission.check_word, WARD_COMMAND_WORD_MAX) &&
           (!ret->admission.has_plan || ward_jws_member(body, "plan", JSON_OBJECT) != NULL);
}

static bool read_nothing(const struct ward_jws_place *body, struct ward_command *ret)
{
    (void)body;
    (void)ret;
    return true;
}

static bool read_replay(const struct ward_jws_place *body, struct ward_command *ret)
{
    if (json_object_get(body->object, "alarms_since") != NULL) {
        if (json_object_get(body->object, "epoch") != NULL) {
            ward_jws_refuse(body, WARD_JWS_MALFORMED, "alarms_since", "is there, and records are named too");
            return false;
        }
        return ward_jws_member_utc(body, "alarms_since", &ret->replay.alarms_since_ms);
    }
    if (!ward_jws_member_id(body, "epoch", &ret->replay.epoch) ||
        !ward_jws_member_uint(body, "first", 1, &ret->replay.first) ||
        !ward_jws_member_uint(body, "last", 1, &ret->replay.last)) {
        return false;
    }
    if (ret->replay.first > ret->replay.last) {
        ward_jws_refuse(body, WARD_JWS_MALFORMED, "last", "is less than first");
        return false;
    }
    return true;
}

static const struct {
    const char *name;
    ward_jws_read_body *read;
    enum ward_role role;
} commands[] = {
    [WARD_COMMAND_ACKNOWLEDGE] = {"acknowledge", read_acknowledge, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_ENTRY] = {"entry", read_entry, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_VOID] = {"void", read_void, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_ASSIGN] = {"assign", read_record, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_SUSPEND] = {"suspend", read_suspend, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_RESUME] = {"resume", read_nothing, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_REPLAY] = {"replay", read_replay, WARD_ROLE_TECHNICAL},
    [WARD_COMMAND_BIND] = {"bind", ward_jws_read_bind, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_UNBIND] = {"unbind", ward_jws_read_unbind, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_SWAP] = {"swap", ward_jws_read_swap, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_ASK] = {"ask", ward_jws_read_ask, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_IDENTIFY] = {"identify", ward_jws_read_identify, WARD_ROLE_TECHNICAL},
    [WARD_COMMAND_DIAGNOSTICS] = {"diagnostics", read_nothing, WARD_ROLE_TECHNICAL},
    [WARD_COMMAND_RESTART] = {"restart", ward_jws_read_restart, WARD_ROLE_TECHNICAL},
    [WARD_COMMAND_ROTATE] = {"rotate", read_nothing, WARD_ROLE_TECHNICAL},
    [WARD_COMMAND_ADD_KEY] = {"add-key", ward_jws_read_add_key, WARD_ROLE_ROOT},
    [WARD_COMMAND_REVOKE_KEY] = {"revoke-key", ward_jws_read_revoke_key, WARD_ROLE_ROOT},
    [WARD_COMMAND_ADMIT] = {"admit", read_admit, WARD_ROLE_CLINICAL},
    [WARD_COMMAND_DISCHARGE] = {"discharge", read_why, WARD_ROLE_CLINICAL},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const char *ward_command_name(enum ward_command_kind kind)
{
    return commands[kind].name;
}

enum ward_role ward_command_role(enum ward_command_kind kind)
{
    return commands[kind].role;
}

bool ward_command_quietens(const struct ward_command *command)
{
    switch (command->kind) {
    case WARD_COMMAND_ACKNOWLEDGE:
    case WARD_COMMAND_VOID:
    case WARD_COMMAND_DISCHARGE:
    case WARD_COMMAND_SUSPEND:
    case WARD_COMMAND_UNBIND:
    case WARD_COMMAND_SWAP:
    case WARD_COMMAND_ADD_KEY: return true; /* an old one, held back, would let somebody back in */
    case WARD_COMMAND_BIND: return !command->binding.shared; /* somebody may lose the device */
    case WARD_COMMAND_ENTRY: return !ward_entry_is_concern(&command->entry);
    case WARD_COMMAND_ASSIGN: /* what is late never clears */
    case WARD_COMMAND_RESUME:
    case WARD_COMMAND_ADMIT:
    case WARD_COMMAND_REPLAY:
    case WARD_COMMAND_ASK:
    case WARD_COMMAND_IDENTIFY:
    case WARD_COMMAND_DIAGNOSTICS:
    case WARD_COMMAND_RESTART:
    case WARD_COMMAND_ROTATE:
    case WARD_COMMAND_REVOKE_KEY: return false;
    }
    return true;
}

bool ward_jws_read_command(const struct ward_jws_place *body, struct ward_command *ret)
{
    const json_t *name;

    if (!ward_jws_member_is(body, "schema", "wardgate.command/1")) {
        return false;
    }
    name = ward_jws_member(body, "command", JSON_STRING);
    for (size_t i = 0; name != NULL && i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, json_string_value(name)) == 0) {
            ret->kind = (enum ward_command_kind)i;
            return commands[i].read(body, ret);
        }
    }
    if (name != NULL) {
        ward_jws_refuse(body, WARD_JWS_UNSUPPORTED, "command", "is none that this gateway knows");
    }
    return false;
}

enum ward_jws_refusal ward_command_parse(const char *text, size_t length, struct ward_command *ret,
                                         struct ward_jws_error *ret_error)
{
    WARD_JWS_LOADED json =
        length <= WARD_JWS_PAYLOAD_MAX ? ward_jws_load(text, length, "body", ret_error) : NULL;
    const struct ward_jws_place body = {.object = json, .path = "body", .error = ret_error};

    if (length > WARD_JWS_PAYLOAD_MAX) {
        return ward_jws_refuse(&body, WARD_JWS_TOO_LARGE, NULL, "is larger than 48 KiB");
    }
    *ret = (struct ward_command){.kind = WARD_COMMAND_RESUME};
    return json != NULL && ward_jws_read_command(&body, ret) ? WARD_JWS_OK : ret_error->refusal;
}
