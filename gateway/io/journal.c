/* SPDX-License-Identifier: Apache-2.0 */
#include "io/journal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PATH "/run/systemd/journal/socket"
#define HEAD_SIZE    256

static struct {
    int descriptor;
    struct sockaddr_un address; /* not connected to: the journal may be started anew */
    uint64_t lost;              /* lines since the last one that was taken */
    size_t kept_count;
    struct ward_journal_line kept[WARD_JOURNAL_KEPT]; /* newest first */
} journal = {.descriptor = -1};

int ward_journal_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *from = path ? path : DEFAULT_PATH;

    if (strlen(from) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, from);
    ward_journal_close();
    journal.descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (journal.descriptor < 0)
        return -errno;
    journal.address = address;
    return 0;
}

void ward_journal_close(void)
{
    if (journal.descriptor >= 0)
        close(journal.descriptor);
    journal.descriptor = -1;
    journal.lost = 0;
}

/* One entry. The message goes by its length, since it may have several lines. */
static bool hand_over(int priority, const char *field, char *message)
{
    char head[HEAD_SIZE], line_break[] = "\n";
    uint64_t length = htole64(strlen(message));
    int head_length = snprintf(head, sizeof(head), "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n%sMESSAGE\n", priority,
                               program_invocation_short_name, field);
    struct iovec parts[] = {
        {head, (size_t)head_length}, {&length, sizeof(length)}, {message, strlen(message)}, {line_break, 1}};
    struct msghdr entry = {.msg_name = &journal.address,
                           .msg_namelen = sizeof(journal.address),
                           .msg_iov = parts,
                           .msg_iovlen = sizeof(parts) / sizeof(parts[0])};

    return (size_t)head_length < sizeof(head) &&
           sendmsg(journal.descriptor, &entry, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

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
    char message[WARD_JOURNAL_TEXT_MAX], losses[80];

    keep(priority, format);
    if (journal.descriptor < 0)
        return;
    vsnprintf(message, sizeof(message), format, arguments);
    if (journal.lost > 0) {
        snprintf(losses, sizeof(losses),
                 "%" PRIu64 " lines before this are lost: the journal did not take them", journal.lost);
        if (hand_over(LOG_WARNING, "", losses))
            journal.lost = 0;
    }
    if (!hand_over(priority, field, message))
        journal.lost++;
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
    char field[HEAD_SIZE / 2];
    va_list arguments;

    snprintf(field, sizeof(field), "%s=%s\n", name, value);
    va_start(arguments, format);
    print(priority, field, format, arguments);
    va_end(arguments);
}
