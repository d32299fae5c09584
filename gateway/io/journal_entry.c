/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the journal, for both daemons: the uplink takes this file and knows it by ward/journal.h alone. */
#include "ward/journal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define DEFAULT_PATH "/run/systemd/journal/socket"
#define HEAD_SIZE    640
#define LOSSES       "%" PRIu64 " lines before this are lost: the journal did not take them"
#define ID_DIGITS    32

/* A message's id never changes and is never given to another: whoever looks for it looks in journals of any age. */
static const char matters[WARD_JOURNAL_MATTER_COUNT][ID_DIGITS + 1] = {
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
    [WARD_JOURNAL_UPLINK_CANNOT_START] = "9ffa1d5ca8264b628f7ab95135984a9f",
    [WARD_JOURNAL_UPLINK_UNLOCKED] = "cad6fee9e6754a89a8cb372e389bc2fe",
    [WARD_JOURNAL_CORE_NOT_HEARD] = "7f91bdd458bf41318a74040584f52a05",
    [WARD_JOURNAL_HUB_NOT_NAMED] = "16945383f4414bc8aa752fcdf90f94ed",
    [WARD_JOURNAL_NOT_ENROLLED] = "b14e1d01a84144d489cd6f48638a8f37",
    [WARD_JOURNAL_NAME_NOT_FOUND] = "9aedff2a6c844372a18ed6acd0b59ecb",
    [WARD_JOURNAL_BROKER_NOT_REACHED] = "cfb2c29d76b34caa824da10283a2e7a7",
    [WARD_JOURNAL_TLS_FAILS] = "737358fcf82f47f69d0e710e972d8b9a",
    [WARD_JOURNAL_TLS_FILES] = "cd5c71398d9a4f29be1e49f00d759d85",
    [WARD_JOURNAL_BROKER_REFUSES] = "bf3351614bad4c038facf0e5496661f5",
    [WARD_JOURNAL_CERTIFICATE_REFUSED] = "a5a0866d189b4236837d3dfbe7672188",
    [WARD_JOURNAL_CERTIFICATE_REVOKED] = "66b3cb974e414332a05b1934f02706e0",
    [WARD_JOURNAL_CERTIFICATE_ENDS] = "53cea4fbb2b94c949f678944a0ab0dff",
    [WARD_JOURNAL_CERTIFICATE_ENDED] = "ce8420f18d5f4cf1b165b97204b33ed3",
    [WARD_JOURNAL_ENROLMENT_FAILED] = "1b1b5642fa0a4098b299b07861435966",
    [WARD_JOURNAL_RENEWAL_FAILED] = "568570cf9e724139938d3bf344de66e9",
    [WARD_JOURNAL_KEY_NOT_WIPED] = "3f649d6c9e204cdaaee850c42e7b7639",
    [WARD_JOURNAL_PLANS_NOT_FETCHED] = "f621343de9704070910c2f00d05a0b09",
};

static struct {
    int descriptor;
    struct sockaddr_un address; /* not connected to: the journal may be started anew */
    uint64_t lost;              /* lines since the last one that was taken */
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

bool ward_journal_is_open(void)
{
    return journal.descriptor >= 0;
}

/* The message goes by its length, since it may have several lines. */
static bool hand_over(int priority, const char *fields, const char *message)
{
    char head[HEAD_SIZE], line_break[] = "\n";
    uint64_t length = htole64(strlen(message));
    int head_length = snprintf(head, sizeof(head), "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n%sMESSAGE\n", priority,
                               program_invocation_short_name, fields);
    struct iovec parts[] = {{head, (size_t)head_length},
                            {&length, sizeof(length)},
                            {(void *)(uintptr_t)message, strlen(message)}, /* it is only read */
                            {line_break, 1}};
    struct msghdr entry = {.msg_name = &journal.address,
                           .msg_namelen = sizeof(journal.address),
                           .msg_iov = parts,
                           .msg_iovlen = sizeof(parts) / sizeof(parts[0])};

    return (size_t)head_length < sizeof(head) &&
           sendmsg(journal.descriptor, &entry, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void ward_journal_send(int priority, const char *fields, const char *message)
{
    char losses[80];

    if (journal.descriptor < 0)
        return;
    if (journal.lost > 0) {
        snprintf(losses, sizeof(losses), LOSSES, journal.lost);
        if (hand_over(LOG_WARNING, WARD_JOURNAL_FORMAT "=" LOSSES "\n", losses))
            journal.lost = 0;
    }
    if (!hand_over(priority, fields, message))
        journal.lost++;
}

const char *ward_journal_id_field(enum ward_journal_matter matter, char buffer[WARD_JOURNAL_ID_FIELD_MAX])
{
    buffer[0] = '\0';
    if (matter != WARD_JOURNAL_NO_MATTER)
        snprintf(buffer, WARD_JOURNAL_ID_FIELD_MAX, "MESSAGE_ID=%s\n", matters[matter]);
    return buffer;
}
