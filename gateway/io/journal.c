/* SPDX-License-Identifier: Apache-2.0 */
#include "io/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIELD_SIZE 512

static struct {
    size_t kept_count;
    struct ward_journal_line kept[WARD_JOURNAL_KEPT]; /* newest first */
} journal;

static void keep(int priority, const char *format)
{
    struct ward_journal_line line = {.format = format, .priority = priority, .count = 1};
    struct timespec now = {0};
    size_t at = 0;

    while (at < journal.kept_count && strcmp(journal.kept[at].format, format) != 0)
        at++;
    if (at < journal.kept_count)
        line.count += journal.kept[at].count;
    else if (journal.kept_count < WARD_JOURNAL_KEPT)
        journal.kept_count++;
    else
        at--;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    line.boot_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    memmove(journal.kept + 1, journal.kept, at * sizeof(journal.kept[0]));
    journal.kept[0] = line;
}

size_t ward_journal_kept(struct ward_journal_line ret[WARD_JOURNAL_KEPT])
{
    memcpy(ret, journal.kept, journal.kept_count * sizeof(journal.kept[0]));
    return journal.kept_count;
}

static void __attribute__((format(printf, 3, 0)))
print(int priority, const char *field, const char *format, va_list arguments)
{
    char message[WARD_JOURNAL_TEXT_MAX], fields[FIELD_SIZE];

    keep(priority, format);
    if (!ward_journal_is_open())
        return;
    snprintf(fields, sizeof(fields), "%s" WARD_JOURNAL_FORMAT "=%s\n", field, format);
    vsnprintf(message, sizeof(message), format, arguments);
    ward_journal_send(priority, fields, message);
}

void ward_journal_print(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(priority, "", format, arguments);
    va_end(arguments);
}

void ward_journal_print_with(int priority, const char *name, const char *value, const char *format, ...)
{
    char field[FIELD_SIZE];
    va_list arguments;

    snprintf(field, sizeof(field), "%s=%s\n", name, value);
    va_start(arguments, format);
    print(priority, field, format, arguments);
    va_end(arguments);
}

void ward_journal_print_matter(int priority, enum ward_journal_matter matter, const char *format, ...)
{
    char field[WARD_JOURNAL_ID_FIELD_MAX];
    va_list arguments;

    va_start(arguments, format);
    print(priority, ward_journal_id_field(matter, field), format, arguments);
    va_end(arguments);
}
