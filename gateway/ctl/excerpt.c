/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/excerpt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

#define LINES_MAX 2000
#define ERRNO_MAX 134

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

/* Up to the first colon, and behind it what the system says itself; the rest is "[…]". */
static char *without_details(const char *message)
{
    const char *details = strstr(message, ": ");
    char *text = NULL;

    if (details == NULL || is_error_of_system(details + 2))
        return strdup(message);
    if (asprintf(&text, "%.*s: [left out]", (int)(details - message), message) < 0)
        return NULL;
    return text;
}

char *ward_excerpt_message(const char *unit, const char *message, bool names_known,
                           struct ward_redaction *redaction)
{
    const bool whole = strncmp(unit, "wardgate-", strlen("wardgate-")) == 0 ||
                       (names_known && strcmp(unit, "bluetooth.service") == 0);
    char *text = whole ? strdup(message) : without_details(message);
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
    char *message = field_of(journal, "MESSAGE"), *shown = NULL;

    if (unit != NULL && message != NULL)
        shown = ward_excerpt_message(unit, message, excerpt->names_known, redaction);
    if (shown != NULL) {
        write_moment(journal, stream);
        fprintf(stream, " %s <%s> %s\n", unit, priority != NULL ? priority : "-", shown);
    }
    free(unit);
    free(priority);
    free(message);
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
