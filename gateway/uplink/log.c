/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether standard error is the journal's: the variable is inherited by whoever has another one, too. */
static bool is_the_journals(const struct stat *status)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[48];

    snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)status->st_dev, (uintmax_t)status->st_ino);
    return stream && strcmp(stream, ours) == 0;
}

/*
 * What libraries say goes to standard error all the same. Where that is a socket, a line that it does not take is
 * dropped. Only there, since what is set goes for all who share it.
 */
void ward_log_open(const char *journal)
{
    struct stat status;

    if (fstat(STDERR_FILENO, &status) < 0 || !S_ISSOCK(status.st_mode))
        return;
    (void)fcntl(STDERR_FILENO, F_SETFL, O_WRONLY | O_NONBLOCK);
    if (is_the_journals(&status))
        (void)ward_journal_open(journal); /* without it, standard error has to do */
}

void ward_log(int priority, enum ward_journal_matter matter, const char *format, ...)
{
    char message[WARD_JOURNAL_TEXT_MAX], field[WARD_JOURNAL_ID_FIELD_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (ward_journal_is_open())
        ward_journal_send(priority, ward_journal_id_field(matter, field), message);
    else
        fprintf(stderr, "<%d>%s\n", priority, message);
}
