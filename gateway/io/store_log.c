/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite reads its log up to the first frame that does not fit and takes the rest for what a power cut left. A cut can
 * leave one transaction, the one that was being written: each is flushed before the next is begun. So if more than one
 * lies behind that frame, or the log's own header is wrong, the disk has changed what it held, and what was told to be
 * committed is not all there.
 *
 * A cut can also tear the header of a frame, where it lies across two sectors: one half of it is then of the frame that
 * was there in an earlier round. What such a header says counts only if its sums hold.
 *
 * The transaction that a cut tore may have left its end in the log. What is committed next goes over its beginning, and
 * if the power is cut again then, two ends are there. So a log with such remains is begun anew (store_open.c).
 *
 * The form of the log: SQLite file format, §4. A frame is a header of 24 octets (page, size of the file after a commit
 * or 0, two salts, two sums) and a page; the sums go on from frame to frame. Salts are new each time the log is begun
 * anew, so frames of an earlier round do not count.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store_database.h"
#include "io/store_pages.h"

#define LOG_HEADER   32
#define FRAME_HEADER 24
#define FRAME_OCTETS (FRAME_HEADER + WARD_PAGE_OCTETS)
#define SECTOR       512
/* Bits, of 64. */
#define SALTS_APART_MAX 4
#define MAGIC_MASK      0xFFFFFFFEU
#define MAGIC           0x377F0682U

struct sums {
    uint32_t first, second;
    bool big; /* words are read with their most significant octet first */
};

static uint32_t big_word(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static uint32_t word(const uint8_t *octets, bool big)
{
    return big ? big_word(octets) : __builtin_bswap32(big_word(octets));
}

static void add(struct sums *sums, const uint8_t *octets, size_t count)
{
    for (size_t i = 0; i + 8 <= count; i += 8) {
        sums->first += word(octets + i, sums->big) + sums->second;
        sums->second += word(octets + i + 4, sums->big) + sums->first;
    }
}

static bool equal(const struct sums *sums, const uint8_t *octets)
{
    return big_word(octets) == sums->first && big_word(octets + 4) == sums->second;
}

/* Salts of this round, be they with a bit changed: those of another are as far from them as chance. */
static bool is_of_round(const uint8_t *salts, const uint8_t *of_round)
{
    int apart = 0;

    for (size_t i = 0; i < 8; i++) {
        apart += __builtin_popcount((unsigned)(salts[i] ^ of_round[i]));
    }
    return apart <= SALTS_APART_MAX;
}

/* Whether the frame is whole: its sums go on from those of the frame before. */
static bool goes_on(const uint8_t *frame, const uint8_t *sums_before, bool big)
{
    struct sums sums = {big_word(sums_before), big_word(sums_before + 4), big};

    add(&sums, frame, 8);
    add(&sums, frame + FRAME_HEADER, WARD_PAGE_OCTETS);
    return equal(&sums, frame + 16);
}

static bool is_across_sectors(off_t at)
{
    return at % SECTOR > SECTOR - FRAME_HEADER;
}

/* Reads a log from its first frame on. Returns how many transactions lie behind the first frame that does not fit. */
static unsigned count_lost(int descriptor, const uint8_t header[static LOG_HEADER], struct sums sums)
{
    uint8_t frame[FRAME_OCTETS], sums_before[8];
    bool broken = false;
    unsigned lost = 0;

    memcpy(sums_before, header + 24, sizeof(sums_before));

    for (off_t at = LOG_HEADER; pread(descriptor, frame, sizeof(frame), at) == (ssize_t)sizeof(frame);
         at += FRAME_OCTETS) {
        bool same = memcmp(frame + 8, header + 16, 8) == 0;
        bool is_end = big_word(frame + 4) != 0 && is_of_round(frame + 8, header + 16);

        add(&sums, frame, 8);
        add(&sums, frame + FRAME_HEADER, WARD_PAGE_OCTETS);
        broken = broken || !same || !equal(&sums, frame + 16);
        is_end = is_end && (!is_across_sectors(at) || goes_on(frame, sums_before, sums.big));
        lost += broken && is_end ? 1 : 0;
        memcpy(sums_before, frame + 16, sizeof(sums_before));
    }
    return lost;
}

static int check(struct ward_database *database, int descriptor)
{
    uint8_t header[LOG_HEADER];
    struct sums sums = {0};
    ssize_t length = pread(descriptor, header, sizeof(header), 0);

    if (length < (ssize_t)sizeof(header) || lseek(descriptor, 0, SEEK_END) < LOG_HEADER + FRAME_OCTETS) {
        return 0; /* nothing was ever committed in it */
    }
    sums.big = (header[3] & 1) != 0;
    add(&sums, header, 24);
    if ((big_word(header) & MAGIC_MASK) != MAGIC || big_word(header + 8) != WARD_PAGE_OCTETS ||
        !equal(&sums, header + 24)) {
        return ward_database_damaged(database, "the head of its log is damaged");
    }
    unsigned lost = count_lost(descriptor, header, sums);
    if (lost > 1) {
        return ward_database_damaged(
            database, "its log is damaged, and %u transactions behind the damage with it", lost);
    }
    database->log_has_remains = lost > 0;
    return 0;
}

int ward_database_check_log(struct ward_database *database)
{
    char path[PATH_MAX];

    database->log_has_remains = false;
    snprintf(path, sizeof(path), "%s-wal", database->path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return 0; /* what else is wrong with it SQLite will say */
    }
    int error = check(database, descriptor);
    close(descriptor);
    return error;
}
