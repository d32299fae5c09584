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

/* A message's id never changes and is never given to another: whoever looks for it looks in journals of any age. */
static const char *const matters[WARD_JOURNAL_MATTER_COUNT] = {
    [WARD_JOURNAL_CONFIGURATION] = "d53335a6721c40bbb958a5c52eb8df52",
    [WARD_JOURNAL_MEMORY_UNLOCKED] = "92faf4e8403f4250b56cb0c407ffc6ca",
    [WARD_JOURNAL_NOT_LOOKED_AFTER] = "2b9cd6e7b92b4c35a264a62bddb36846",
    [WARD_JOURNAL_DATABASE_UNREADABLE] = "ef334626b1724623b1d2c9a653d79a9a",
    [WARD_JOURNAL_DATABASE_SET_ASIDE] = "d38eafef68dd4ce39a0978bfca7651c7",
    [WARD_JOURNAL_DATABASE_PUT_BACK] = "0f116d1d34924ab4bb4cbc727888274c",
    [WARD_JOURNAL_STORAGE_FAILING] = "c19171c089ba429ba132d93cb0e02749",
    [WARD_JOURNAL_READINGS_DROPPED] = "94f7bb75f5d94459a239f7ede43199e1",
    [WARD_JOURNAL_BLUETOOTH_FAILS] = "4c601624a7354bffad2b16c861d0f333",
    [WARD_JOURNAL_OWN_KEY] = "df74b8e2ccc14c9c85931ceff1214f83",
    [WARD_JOURNAL_WARD_KEYS] = "db3b3f2cee8b46e986d611e70109f0e9",
    [WARD_JOURNAL_WAY_CLOSED] = "77db98f146b74fc7b92be6a6f1746d25",
    [WARD_JOURNAL_REFUSED] = "aab742efad5145feb0b141c89117deaa",
    [WARD_JOURNAL_SOUND_FAILS] = "3073064dda054338ad1a5805d1eb7e6a",
};

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

void ward_journal_print_matter(int priority, enum ward_journal_matter matter, const char *format, ...)
{
    char field[HEAD_SIZE / 2];
    va_list arguments;

    snprintf(field, sizeof(field), "MESSAGE_ID=%s\n", matters[matter]);
    va_start(arguments, format);
    print(priority, field, format, arguments);
    va_end(arguments);
}
