/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/excerpt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "ward/journal.h"

#define LINES_MAX 2000
#define ERRNO_MAX 134
#define LEFT_OUT  "[left out]"

#define DEVICE_DIGITS 16

static const char *const units[] = {"wardgated.service", "wardgate-uplink.service", "bluetooth.service",
                                    "wardgate-recover-bluetooth.service", "wardgate-recover-usb.service"};

/* --- one message -------------------------------------------------------------------------------------------------- */

static bool is_error_of_system(const char *text)
{
    for (int error = 1; error < ERRNO_MAX; error++)
        if (strcmp(strerror(error), text) == 0)
            return true;
    return false;
}

/* Up to the first colon, and behind it what the system says itself. */
static char *without_details(const char *message)
{
    const char *details = strstr(message, ": ");
    char *text = NULL;

    if (details == NULL || is_error_of_system(details + 2))
        return strdup(message);
    if (asprintf(&text, "%.*s: " LEFT_OUT, (int)(details - message), message) < 0)
        return NULL;
    return text;
}

/* As wardgated makes them: no patient has one by chance. */
static bool is_device(const char *text)
{
    return strncmp(text, "d-", 2) == 0 && strlen(text) == 2 + DEVICE_DIGITS &&
           strspn(text + 2, "0123456789abcdef") == DEVICE_DIGITS;
}

/* A place of a format: one conversion, or several side by side. */
struct place {
    bool is_text, is_single, is_in_front; /* of the line's first colon */
};

/* What the daemon says of itself in several words, or a path: in front of the colon no person's words stand. */
static bool is_phrase(const char *text)
{
    return *text == '/' || strchr(text, ' ') != NULL;
}

/* How long a word of the daemon's own stands at the beginning: a state of the radio, or what was tried to mend it. 0: none. */
static size_t own_word(const char *text)
{
    static const char *const words[] = {"absent",    "preparing", "ready",   "failed",
                                        "discovery", "power",     "restart", "reset"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const size_t length = strlen(words[i]);

        if (strncmp(text, words[i], length) == 0 &&
            (text[length] == '\0' || strncmp(text + length, ": ", 2) == 0))
            return length;
    }
    return 0;
}

static bool may_stay(const struct place *place, const char *text)
{
    if (!place->is_text)
        return text[strspn(text, "0123456789abcdefx-")] == '\0';
    return *text == '\0' || is_device(text) || is_error_of_system(text) ||
           (place->is_single && place->is_in_front && is_phrase(text));
}

static void write_argument(FILE *stream, const struct place *place, const char *argument, size_t length)
{
    char *text = strndup(argument, length);
    const size_t own = text != NULL && place->is_in_front ? own_word(text) : 0;

    if (own > 0)
        fprintf(stream, "%.*s%s", (int)own, text, text[own] != '\0' ? ": " LEFT_OUT : "");
    else if (text != NULL)
        fputs(may_stay(place, text) ? text : LEFT_OUT, stream);
    free(text);
}

/* Skips the conversions that stand side by side. */
static struct place take_place(const char **format)
{
    struct place place = {.is_single = true};

    for (int count = 0; **format == '%'; count++) {
        *format += 1 + strspn(*format + 1, "-+ #0123456789.*hjlzt");
        place.is_text = place.is_text || strchr("sm", **format) != NULL;
        place.is_single = count == 0;
        *format += **format != '\0';
    }
    return place;
}

/* False where the message is not made of the format, as one that was too long. */
static bool write_own_words(FILE *stream, const char *format, const char *message)
{
    const char *colon = strstr(message, ": ");

    while (*format != '\0') {
        const size_t own = strcspn(format, "%");
        const char *end = message + strlen(message);
        struct place place;

        if (strncmp(format, message, own) != 0)
            return false;
        fprintf(stream, "%.*s", (int)own, format);
        message += own;
        format += own;
        if (*format == '\0')
            break;
        place = take_place(&format);
        place.is_in_front = colon == NULL || message < colon;
        if (*format != '\0')
            end = memmem(message, strlen(message), format, strcspn(format, "%"));
        if (end == NULL)
            return false;
        write_argument(stream, &place, message, (size_t)(end - message));
        message = end;
    }
    return *message == '\0';
}

static char *own_words(const char *format, const char *message)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const bool good = stream != NULL && format != NULL && write_own_words(stream, format, message);

    if (stream == NULL || fclose(stream) != 0)
        return NULL;
    if (good)
        return text;
    free(text);
    return strdup(LEFT_OUT);
}

/* In one line the uplink names a patient: whose plan it was that did not come. */
static char *without_patient(const char *message)
{
    static const char begin[] = "care plans over HTTPS: ";
    const char *why =
        strncmp(message, begin, strlen(begin)) == 0 ? strstr(message + strlen(begin), ": ") : NULL;
    char *text = NULL;

    if (why == NULL)
        return strdup(message);
    return asprintf(&text, "%s" LEFT_OUT "%s", begin, why) < 0 ? NULL : text;
}

static char *without_names(const char *unit, const char *format, const char *message, bool names_known)
{
    if (strcmp(unit, "wardgated.service") == 0)
        return own_words(format, message);
    if (strncmp(unit, "wardgate-", strlen("wardgate-")) == 0)
        return without_patient(message);
    return names_known && strcmp(unit, "bluetooth.service") == 0 ? strdup(message) : without_details(message);
}

char *ward_excerpt_message(const char *unit, const char *format, const char *message, bool names_known,
                           struct ward_redaction *redaction)
{
    char *text = without_names(unit, format, message, names_known);
    char *redacted = text != NULL ? ward_redact(redaction, text) : NULL;

    free(text);
    return redacted;
}

/* --- the journal -------------------------------------------------------------------------------------------------- */

/* The value of a field of the entry, to be freed; NULL without one. */
static char *field_of(sd_journal *journal, const char *name)
{
    const void *data;
    size_t length;

    if (sd_journal_get_data(journal, name, &data, &length) < 0 || length <= strlen(name))
        return NULL;
    return strndup((const char *)data + strlen(name) + 1, length - strlen(name) - 1);
}

static void write_moment(sd_journal *journal, FILE *stream)
{
    uint64_t real_us = 0;
    struct tm tm = {0};
    time_t seconds;
    char text[32];

    (void)sd_journal_get_realtime_usec(journal, &real_us);
    seconds = (time_t)(real_us / 1000000);
    (void)gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(stream, "%s.%03" PRIu64 "Z", text, real_us / 1000 % 1000);
}

static void write_entry(sd_journal *journal, const struct ward_excerpt *excerpt,
                        struct ward_redaction *redaction, FILE *stream)
{
    char *unit = field_of(journal, "_SYSTEMD_UNIT"), *priority = field_of(journal, "PRIORITY");
    char *message = field_of(journal, "MESSAGE"), *format = field_of(journal, WARD_JOURNAL_FORMAT);
    char *shown = NULL;

    if (unit != NULL && message != NULL)
        shown = ward_excerpt_message(unit, format, message, excerpt->names_known, redaction);
    if (shown != NULL) {
        write_moment(journal, stream);
        fprintf(stream, " %s <%s> %s\n", unit, priority != NULL ? priority : "-", shown);
    }
    free(unit);
    free(priority);
    free(message);
    free(format);
    free(shown);
}

static int open_journal(const char *directory, sd_journal **ret)
{
    char match[128];
    int result = directory != NULL ? sd_journal_open_directory(ret, directory, 0)
                                   : sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && result >= 0; i++) {
        snprintf(match, sizeof(match), "_SYSTEMD_UNIT=%s", units[i]);
        result = sd_journal_add_match(*ret, match, 0);
    }
    return result;
}

char *ward_excerpt_read(const struct ward_excerpt *excerpt, struct ward_redaction *redaction,
                        const char **ret_why)
{
    sd_journal *journal = NULL;
    char *text = NULL;
    size_t size;
    FILE *stream = NULL;
    int result = open_journal(excerpt->directory, &journal);

    if (result >= 0)
        result = sd_journal_seek_tail(journal);
    if (result >= 0)
        result = sd_journal_previous_skip(journal, LINES_MAX);
    if (result >= 0)
        stream = open_memstream(&text, &size);
    if (stream != NULL) {
        for (; result > 0; result = sd_journal_next(journal))
            write_entry(journal, excerpt, redaction, stream);
        if (fclose(stream) != 0) {
            free(text);
            text = NULL;
        }
    }
    *ret_why = result < 0 ? strerror(-result) : "out of memory";
    sd_journal_close(journal);
    return text;
}
