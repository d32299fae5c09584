/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A damaged database: what the store makes of a file of its own of which octets were changed. The first octet says how (bit
 * 0: the pages' checksums are made right again, so that the damage is met where it is read; bit 1: the newest is still in
 * the log; bit 2: the end is missing), then each five octets or more are a change: where (three octets, little-endian), how
 * many less one (the low half of an octet), and they themselves.
 *
 * Whatever the file holds, the store opens, answers all that it can be asked, and commits a record that is there when it is
 * opened again. Only a file of a later format is refused, in words.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <sqlite3.h>

#include "group.h"
#include "io/store.h"
#include "io/store_pages.h"

#define RECORDS     24
#define NEVER_MS    3600000
#define PATIENCE_MS 60000 /* and the store would have been lost in what it read */
#define FILE_MAX    (1 << 20)

#define MENDED    1
#define WITH_LOG  2
#define CUT       4
#define WHERE     3 /* octets of a change's place */
#define PIECE_MAX 16

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file and its log, one behind the other. */
struct image {
    uint8_t octets[FILE_MAX];
    size_t file, log;
};

struct bench {
    struct ward_store *store;
    struct ward_store_snapshot *snapshot;
    uint64_t asked, answered, committed, committed_seq;
    uint8_t chain[32];
    bool replaced, found;
};

static char directory[64], path[96], log_path[100];
static struct image in_file, in_log;
static uint8_t epochs; /* so many were made; the first is that of the file which is damaged */

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

/* --- the store ------------------------------------------------------------------------------------------------- */

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    struct bench *bench = context;

    if (commit->token == 0)
        return;
    must(commit->record_count > 0);
    bench->committed = commit->token;
    bench->committed_seq = commit->first_seq;
    memcpy(bench->chain, commit->records[0].chain, sizeof(bench->chain));
}

static void on_dropped(void *context, uint64_t token, size_t count)
{
    (void)context;
    (void)token;
    (void)count;
    abort();
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    (void)context;
    must(trouble->text[0] != '\0');
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    ((struct bench *)context)->replaced = true;
    must(access(replaced->set_aside, F_OK) == 0 && replaced->reason[0] != '\0');
}

static void on_given_up(void *context, uint64_t through, uint64_t count)
{
    (void)context;
    (void)through;
    (void)count;
}

static void on_removed(void *context, const char *removed, uint64_t octets)
{
    (void)context;
    (void)removed;
    (void)octets;
    abort(); /* there is no quota */
}

static void on_in_place_again(void *context, const char *set_aside)
{
    (void)context;
    (void)set_aside;
    abort(); /* nobody took it away */
}

static void on_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    (void)context;
    (void)snapshot;
}

static int open_store(struct bench *bench)
{
    const struct ward_store_options options = {.path = path,
                                               .commit_window_ms = NEVER_MS,
                                               .retry_ms = 1,
                                               .listener = {on_committed, on_dropped, on_trouble, on_replaced,
                                                            on_given_up, on_removed, on_in_place_again,
                                                            on_opened, bench}};
    char error[WARD_STORE_TEXT_MAX] = "";
    const int result = ward_store_open(&options, &bench->store, &bench->snapshot, error);

    must(result == 0 || (result == -EPROTONOSUPPORT && error[0] != '\0'));
    return result;
}

static void close_store(struct bench *bench)
{
    bench->store = ward_store_free(bench->store);
    bench->snapshot = ward_store_snapshot_free(bench->snapshot);
}

static void wait_for(struct bench *bench, const uint64_t *count, uint64_t reached)
{
    while (*count < reached) {
        struct pollfd poll_for = {.fd = ward_store_fd(bench->store), .events = POLLIN};
        const int ready = poll(&poll_for, 1, PATIENCE_MS);

        must(ready == 1 || (ready < 0 && errno == EINTR)); /* libFuzzer's own clock */
        ward_store_dispatch(bench->store);
    }
}

/* --- what it can be asked -------------------------------------------------------------------------------------- */

static void on_whole(void *context, int error, const struct ward_store_records *found)
{
    (void)error;
    ((struct bench *)context)->answered++;
    for (size_t i = 0; found->records && i < found->count; i++)
        must(memchr(found->records[i].reading.patient.text, 0, sizeof(struct ward_id)) != NULL);
}

static void on_events(void *context, int error, const struct ward_store_event *events, size_t count)
{
    ((struct bench *)context)->answered++;
    for (size_t i = 0; error == 0 && i < count; i++)
        must(events[i].payload[events[i].payload_length] == '\0');
}

static void on_audit(void *context, int error, const struct ward_store_audit *rows, size_t count)
{
    ((struct bench *)context)->answered++;
    for (size_t i = 0; error == 0 && i < count; i++)
        must(memchr(rows[i].method, 0, sizeof(rows[i].method)) != NULL);
}

static void on_verified(void *context, int error, uint64_t first, uint64_t last)
{
    (void)error;
    (void)first;
    (void)last;
    ((struct bench *)context)->answered++;
}

static void on_chain(void *context, int error, const uint8_t *chain)
{
    (void)error;
    (void)chain;
    ((struct bench *)context)->answered++;
}

static void on_past(void *context, int error, const struct ward_id *epoch, const struct ward_record *records,
                    size_t count)
{
    (void)epoch;
    ((struct bench *)context)->answered++;
    for (size_t i = 0; error == 0 && i < count; i++)
        must(memchr(records[i].reading.device.text, 0, sizeof(struct ward_id)) != NULL);
}

static void ask_everything(struct bench *bench)
{
    const struct ward_store_filter all = {.since_ms = WARD_UTC_UNKNOWN};
    const struct ward_seq_range range = {1, RECORDS};
    struct ward_store *store = bench->store;

    must(ward_store_fetch_texts(store, range, on_whole, bench) == 0);
    must(ward_store_fetch_whole(store, range, on_whole, bench) == 0);
    must(ward_store_query_whole(store, &all, on_whole, bench) == 0);
    must(ward_store_alarm_history(store, &all, on_events, bench) == 0);
    must(ward_store_audit(store, &all, on_audit, bench) == 0);
    must(ward_store_chain(store, RECORDS / 2, on_chain, bench) == 0);
    must(ward_store_verify(store, 0, on_verified, bench) == 0);
    bench->asked = 7;
    wait_for(bench, &bench->answered, bench->asked);
    must(ward_store_fetch_past(store, on_past, bench) == 0);
    wait_for(bench, &bench->answered, ++bench->asked);
}

static void submit(struct bench *bench, uint64_t token)
{
    const struct ward_record record = crash_record(token, 0);
    const struct ward_store_group group = {.token = token,
                                           .urgent = true,
                                           .boot = crash_boot,
                                           .now = crash_now(token),
                                           .records = &record,
                                           .record_count = 1};

    must(ward_store_submit(bench->store, &group) == 0);
    wait_for(bench, &bench->committed, token);
}

static void on_same(void *context, int error, const struct ward_record *records, size_t count)
{
    struct bench *bench = context;

    bench->found =
        error == 0 && count == 1 && memcmp(records[0].reading.chain, bench->chain, sizeof(bench->chain)) == 0;
    bench->answered++;
}

/* What was told to be committed is there, unless the file had to be replaced meanwhile. */
static void look_for_it(struct bench *bench)
{
    const struct ward_seq_range range = {bench->committed_seq, bench->committed_seq};

    must(ward_store_fetch(bench->store, range, on_same, bench) == 0);
    wait_for(bench, &bench->answered, ++bench->asked);
    must(bench->found || bench->replaced || bench->snapshot->set_aside[0] != '\0');
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static size_t read_into(const char *name, uint8_t *ret, size_t room)
{
    FILE *file = fopen(name, "re");
    const size_t length = file ? fread(ret, 1, room, file) : 0;

    if (file)
        fclose(file);
    must(length < room);
    return length;
}

static void take_image(struct image *image)
{
    image->file = read_into(path, image->octets, FILE_MAX);
    image->log = read_into(log_path, image->octets + image->file, FILE_MAX - image->file);
}

static void write_file(const char *name, const uint8_t *octets, size_t length)
{
    const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(file >= 0 && write(file, octets, length) == (ssize_t)length);
    close(file);
}

/* On the way that each page goes, where it gets its checksum. */
static void write_mended(const uint8_t *octets, size_t length)
{
    static _Alignas(16) uint8_t room[1024];
    sqlite3_vfs *vfs = sqlite3_vfs_find(ward_pages_vfs(WARD_PAGES_STRICT));
    sqlite3_file *file = (sqlite3_file *)room;
    int flags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    must(vfs && (size_t)vfs->szOsFile <= sizeof(room) &&
         vfs->xOpen(vfs, path, file, flags, &flags) == SQLITE_OK);
    for (size_t at = 0; at + WARD_PAGE_OCTETS <= length; at += WARD_PAGE_OCTETS)
        must(file->pMethods->xWrite(file, octets + at, WARD_PAGE_OCTETS, (sqlite3_int64)at) == SQLITE_OK);
    file->pMethods->xClose(file);
}

static void clean(void)
{
    DIR *files = opendir(directory);

    must(files != NULL);
    for (const struct dirent *file; (file = readdir(files)) != NULL;)
        if (file->d_name[0] != '.')
            must(unlinkat(dirfd(files), file->d_name, 0) == 0);
    closedir(files);
}

static size_t where(const uint8_t *octets, size_t size)
{
    return ((size_t)octets[0] | (size_t)octets[1] << 8 | (size_t)octets[2] << 16) % size;
}

static void damage(struct image *image, const uint8_t *changes, size_t size)
{
    const size_t whole = image->file + image->log;

    while (size > WHERE + 1) {
        const size_t at = where(changes, whole);
        size_t count = (size_t)(changes[WHERE] % PIECE_MAX) + 1;

        changes += WHERE + 1;
        size -= WHERE + 1;
        count = count < size ? count : size;
        count = count < whole - at ? count : whole - at;
        memcpy(image->octets + at, changes, count);
        changes += count;
        size -= count;
    }
}

static void put_files(const uint8_t *data, size_t size)
{
    static struct image image;

    image = data[0] & WITH_LOG ? in_log : in_file;
    if (data[0] & CUT && size > WHERE) {
        size_t *part = image.log > 0 ? &image.log : &image.file;

        *part = where(data + 1, *part);
        data += WHERE;
        size -= WHERE;
    }
    if (image.file + image.log > 0)
        damage(&image, data + 1, size - 1);
    if (data[0] & MENDED)
        write_mended(image.octets, image.file);
    else
        write_file(path, image.octets, image.file);
    if (image.log > 0)
        write_file(log_path, image.octets + image.file, image.log);
}

/* --- one of each kind of thing that a file holds ----------------------------------------------------------------- */

static void fill(struct bench *bench)
{
    static const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_PATIENT, .patient = {.id = {"p-7f3a"}, .episode = {"s-01"}}},
        {.kind = WARD_STORE_PLAN, .plan = {.patient = {"p-7f3a"}}, .document = "{\"id\":\"plan\"}"},
        {.kind = WARD_STORE_DEVICE, .device = {.id = {"d-91c2"}}},
        {.kind = WARD_STORE_BINDING,
         .binding = {.device = {"d-91c2"},
                     .slot = WARD_SLOT_NONE,
                     .patient = {"p-7f3a"},
                     .episode = {"s-01"},
                     .from_ms = 1,
                     .until_ms = WARD_UTC_UNKNOWN}},
        {.kind = WARD_STORE_COUNTER, .counter = {.kid = "kid", .counter = 7}},
        {.kind = WARD_STORE_COMMAND, .name = {"c-1"}, .document = "{\"outcome\":\"done\"}"},
        {.kind = WARD_STORE_SETTING, .name = {"setting"}, .document = "value"},
        {.kind = WARD_STORE_KNOWN, .known = {.device = {"d-91c2"}, .number = 1, .key = {1, 2, 3}}},
        {.kind = WARD_STORE_AUDIT,
         .audit = {.boot = {"b-crash"}, .boot_us = 1, .method = "Bind", .outcome = "done"}},
    };
    static const char payload[] = "{\"event\":\"raised\"}";
    const struct ward_store_event event = {.key = {.id = {.octets = {1}}, .n = 1},
                                           .patient = {"p-7f3a"},
                                           .at_ms = 1,
                                           .payload = payload,
                                           .payload_length = sizeof(payload) - 1};
    const struct ward_store_alarm_state state = {
        .patient = {"p-7f3a"}, .version = 1, .state = (const uint8_t *)payload, .length = sizeof(payload)};
    const struct ward_seq_range received = {4, 6};

    for (uint64_t token = 1; token < RECORDS; token++)
        submit(bench, token);
    must(ward_store_mark_records(bench->store, 2, &received, 1) == 0);
    const struct ward_record gap = {.reading = {.kind = WARD_RECORD_GAP,
                                                .boot = crash_boot,
                                                .measured_at_ms = WARD_UTC_UNKNOWN,
                                                .security = WARD_LINK_NONE},
                                    .note = {.reason = {"queue-full"}, .subject = 1}};
    const struct ward_store_group group = {.token = RECORDS,
                                           .boot = crash_boot,
                                           .now = crash_now(RECORDS),
                                           .records = &gap,
                                           .record_count = 1,
                                           .events = &event,
                                           .event_count = 1,
                                           .states = &state,
                                           .state_count = 1,
                                           .changes = changes,
                                           .change_count = sizeof(changes) / sizeof(changes[0])};
    must(ward_store_submit(bench->store, &group) == 0);
    wait_for(bench, &bench->committed, RECORDS);
}

/* Epochs are the same in every run, so that an input says by itself what it does. */
ssize_t getrandom(void *ret, size_t size, unsigned flags)
{
    (void)flags;
    memset(ret, epochs++, size);
    return (ssize_t)size;
}

static void remove_directory(void)
{
    rmdir(directory);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    struct bench bench = {0};

    (void)count;
    (void)arguments;
    snprintf(directory, sizeof(directory), "%s/ward-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(directory) != NULL);
    atexit(remove_directory);
    snprintf(path, sizeof(path), "%s/ward.db", directory);
    snprintf(log_path, sizeof(log_path), "%s-wal", path);
    must(open_store(&bench) == 0);
    fill(&bench);
    take_image(&in_log);
    close_store(&bench);
    take_image(&in_file);
    clean();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench bench = {0};

    if (size == 0)
        return 0;
    epochs = 1;
    put_files(data, size);
    if (open_store(&bench) == 0) {
        ask_everything(&bench);
        submit(&bench, RECORDS + 1);
        close_store(&bench);
        must(open_store(&bench) == 0);
        look_for_it(&bench);
        close_store(&bench);
    }
    clean();
    return 0;
}
