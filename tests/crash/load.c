/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_load DIRECTORY DEVICE OFFSET SEED COMMITS: what a gateway does to its database, on a disk that is recorded.
 *
 * It stores into databases in DIRECTORY, one life after another, each a process: fresh ones are made, files of earlier
 * formats are taken over, lives end in good order or in the midst of it, with their log. Its groups have records, alarm
 * state, alarm events, settings; receipts are marked; the log goes into the file and old records make room every now
 * and then.
 *
 * What it submits stands on its standard output, a JSON object a line, before it is submitted. What it was told goes
 * onto the disk itself: at once, before anything else is done, and without a flush, one sector is written at OFFSET of
 * DEVICE, behind the file system. So the recording says what had been told at each point of it: a state that has this
 * sector is one of a disk whose power went after that, whatever the clocks of guest and host were. The sector holds a
 * JSON object, then zeros.
 *
 *   {"mark": "begin", "database"}                     it is going to be opened, or made
 *   {"mark": "opened", "database", "epoch", "seq"}    and is, with that head
 *   {"mark": "told", "database", "token", "seq", "chain"}   all up to that group is committed; seq and chain of its last
 *   {"mark": "closed", "database"}
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group.h"
#include "io/store.h"

#define SECTOR          512
#define WINDOW_MS       3600000 /* the last group of a burst is urgent */
#define BURST_MAX       8
#define EVENTS_MAX      3
#define STATE_MAX       2000
#define OUTSTANDING_MAX 256
#define QUOTA_OCTETS    600000
#define BALLAST_OCTETS  65536
#define TOKENS_A_LIFE   1000000

struct life {
    const char *database;
    unsigned commits; /* of a thousand of the whole load */
    bool ends_well;
};

/* Short ones, since what is made and taken over is what they are for; and long ones for the rest. */
static const struct life lives[] = {
    {"fresh-1.db", 20, false}, {"ward.db", 300, false},   {"ward.db", 200, true},  {"format-1.db", 30, false},
    {"fresh-2.db", 20, true},  {"format-1.db", 30, true}, {"ward.db", 300, false}, {"format-2.db", 30, true},
    {"fresh-3.db", 20, false}, {"ward.db", 50, true},
};

struct load {
    struct ward_store *store;
    const char *database;
    int device;
    off_t offset;
    uint64_t random;
    uint64_t token, told; /* newest */
    uint64_t told_seq, through;
    uint8_t told_chain[32];
    bool news;
    struct ward_alarm_key raised[OUTSTANDING_MAX]; /* events that no receipt covers */
    size_t raised_count;
};

static uint64_t draw(struct load *load, uint64_t below)
{
    load->random ^= load->random << 13;
    load->random ^= load->random >> 7;
    load->random ^= load->random << 17;
    return (load->random >> 16) % below;
}

/* --- what is told ---------------------------------------------------------------------------------------------- */

static void mark(struct load *load, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void mark(struct load *load, const char *format, ...)
{
    static _Alignas(SECTOR) char sector[SECTOR];
    va_list arguments;

    memset(sector, 0, sizeof(sector));
    va_start(arguments, format);
    vsnprintf(sector, sizeof(sector), format, arguments);
    va_end(arguments);
    if (pwrite(load->device, sector, sizeof(sector), load->offset) != (ssize_t)sizeof(sector))
        crash_fail("no mark can be written to the disk");
}

static void mark_told(struct load *load)
{
    char hex[2 * sizeof(load->told_chain) + 1];

    if (!load->news)
        return;
    load->news = false;
    for (size_t i = 0; i < sizeof(load->told_chain); i++)
        snprintf(&hex[2 * i], 3, "%02x", load->told_chain[i]);
    mark(load,
         "{\"mark\": \"told\", \"database\": \"%s\", \"token\": %" PRIu64 ", \"seq\": %" PRIu64
         ", \"chain\": \"%s\"}",
         load->database, load->told, load->told_seq, hex);
}

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    struct load *load = context;

    load->told = commit->token;
    load->told_seq = commit->first_seq + commit->record_count - 1;
    memcpy(load->told_chain, commit->records[commit->record_count - 1].chain, sizeof(load->told_chain));
    load->news = true;
}

static void on_dropped(void *context, uint64_t token, size_t count)
{
    (void)context;
    crash_fail("%zu records of group %" PRIu64 " were dropped", count, token);
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    (void)context;
    crash_fail("%s", trouble->text);
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    (void)context;
    crash_fail("%s", replaced->reason);
}

static void on_given_up(void *context, uint64_t through, uint64_t count)
{
    (void)context;
    crash_fail("%" PRIu64 " records up to %" PRIu64 " were given up", count, through);
}

static void on_removed(void *context, const char *path, uint64_t octets)
{
    (void)context;
    crash_fail("%s of %" PRIu64 " octets was removed", path, octets);
}

static void on_in_place_again(void *context, const char *set_aside)
{
    (void)context;
    (void)set_aside;
    crash_fail("the file was not in its place");
}

static void on_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    (void)context;
    (void)snapshot;
    crash_fail("the file could not be opened at once");
}

/* --- what is submitted ----------------------------------------------------------------------------------------- */

/* Receipts of what was told; they go with the group that is submitted next. */
static void mark_delivered(struct load *load)
{
    uint64_t lag = draw(load, 30), through = load->told_seq > lag ? load->told_seq - lag : 0;
    struct ward_seq_range range = {through + 2, through + 3};
    size_t ranges = range.last <= load->told_seq && draw(load, 2) == 0 ? 1 : 0;

    if (through < load->through)
        return;
    load->through = through;
    printf("{\"mark\": %" PRIu64 ", \"ranges\": [", through);
    if (ranges > 0)
        printf("[%" PRIu64 ", %" PRIu64 "]", range.first, range.last);
    printf("], \"events\": [");
    size_t events = (size_t)draw(load, load->raised_count + 1);
    for (size_t i = 0; i < events; i++) {
        uint64_t of;

        memcpy(&of, load->raised[i].id.octets, sizeof(of));
        printf("%s[%" PRIu64 ", %" PRIu32 "]", i > 0 ? ", " : "", of, load->raised[i].n);
    }
    printf("]}\n");
    if (ward_store_mark_records(load->store, through, &range, ranges) != 0)
        crash_fail("the store takes no mark");
    for (size_t i = 0; i < events; i++)
        if (ward_store_mark_alarm(load->store, load->raised[i]) != 0)
            crash_fail("the store takes no mark of an alarm");
    load->raised_count -= events;
    memmove(load->raised, load->raised + events, load->raised_count * sizeof(load->raised[0]));
}

/* What a group has besides its records; it says whose it is. */
struct company {
    struct ward_store_event events[EVENTS_MAX];
    size_t event_count;
    struct ward_store_alarm_state state;
    struct ward_store_change change; /* the setting "newest"; with events */
    char payload[640], text[32];
    uint8_t octets[STATE_MAX];
};

static void make_company(struct load *load, uint64_t token, size_t event_count, struct company *company)
{
    struct ward_store_alarm_state *state = &company->state;

    memset(company, 0, sizeof(*company));
    snprintf(state->patient.text, sizeof(state->patient.text), "p-%" PRIu64, draw(load, 2));
    state->version = 1;
    state->state = company->octets;
    state->length = sizeof(token) + (size_t)draw(load, STATE_MAX - sizeof(token));
    memset(company->octets, (int)(token % 251), sizeof(company->octets));
    memcpy(company->octets, &token, sizeof(token));
    memset(company->payload, 'x', sizeof(company->payload));
    company->event_count = event_count;
    for (size_t i = 0; i < event_count; i++) {
        company->events[i] = (struct ward_store_event){
            .key.n = (uint32_t)i + 1,
            .patient = state->patient,
            .at_ms = crash_now(token).utc_ms,
            .payload = company->payload,
            .payload_length = 100 + (size_t)draw(load, sizeof(company->payload) - 100)};
        memcpy(company->events[i].key.id.octets, &token, sizeof(token));
    }
    snprintf(company->text, sizeof(company->text), "%" PRIu64, token);
    company->change =
        (struct ward_store_change){.kind = WARD_STORE_SETTING, .document = company->text, .name = {"newest"}};
}

static void submit(struct load *load, bool urgent)
{
    static struct ward_record records[CRASH_RECORDS_MAX];
    static struct company company;
    const uint64_t token = ++load->token;
    const size_t record_count = 1 + (size_t)draw(load, draw(load, 4) == 0 ? CRASH_RECORDS_MAX : 2);
    const bool has_events = urgent && load->raised_count + EVENTS_MAX <= OUTSTANDING_MAX;

    make_company(load, token, has_events ? (size_t)draw(load, EVENTS_MAX + 1) : 0, &company);
    for (size_t i = 0; i < record_count; i++)
        records[i] = crash_record(token, i);
    printf("{\"group\": %" PRIu64
           ", \"records\": %zu, \"events\": %zu, \"patient\": \"%s\", \"setting\": %s}\n",
           token, record_count, company.event_count, company.state.patient.text,
           company.event_count > 0 ? "true" : "false");
    const struct ward_store_group group = {.token = token,
                                           .urgent = urgent,
                                           .boot = crash_boot,
                                           .now = crash_now(token),
                                           .records = records,
                                           .record_count = record_count,
                                           .events = company.events,
                                           .event_count = company.event_count,
                                           .states = &company.state,
                                           .state_count = 1,
                                           .changes = &company.change,
                                           .change_count = company.event_count > 0 ? 1 : 0};
    if (ward_store_submit(load->store, &group) != 0)
        crash_fail("the store takes no group");
    for (size_t i = 0; i < company.event_count; i++)
        load->raised[load->raised_count++] = company.events[i].key;
}

/* Groups that may share a transaction, or not: each dispatch may find some told. */
static void burst(struct load *load)
{
    const uint64_t count = draw(load, 3) == 0 ? 1 + draw(load, BURST_MAX) : 1;

    if (draw(load, 3) == 0)
        mark_delivered(load);
    for (uint64_t i = 1; i <= count; i++)
        submit(load, i == count || draw(load, 3) == 0);
    while (load->told < load->token) {
        struct pollfd poll_for = {.fd = ward_store_fd(load->store), .events = POLLIN};

        poll(&poll_for, 1, -1);
        ward_store_dispatch(load->store);
        mark_told(load);
    }
}

/* --- lives ----------------------------------------------------------------------------------------------------- */

static void open_store(struct load *load, const char *path)
{
    const struct ward_store_options options = {.path = path,
                                               .commit_window_ms = WINDOW_MS,
                                               .log_pages = (uint32_t)(20 + draw(load, 100)),
                                               .quota_octets = QUOTA_OCTETS,
                                               .ballast_octets = BALLAST_OCTETS,
                                               .listener = {on_committed, on_dropped, on_trouble, on_replaced,
                                                            on_given_up, on_removed, on_in_place_again,
                                                            on_opened, load}};
    struct ward_store_snapshot *snapshot;
    char error[WARD_STORE_TEXT_MAX];

    mark(load, "{\"mark\": \"begin\", \"database\": \"%s\"}", load->database);
    if (ward_store_open(&options, &load->store, &snapshot, error) != 0 || !snapshot)
        crash_fail("%s", error);
    if (snapshot->set_aside[0] != '\0')
        crash_fail("%s", snapshot->set_aside_reason);
    mark(load, "{\"mark\": \"opened\", \"database\": \"%s\", \"epoch\": \"%s\", \"seq\": %" PRIu64 "}",
         load->database, snapshot->epoch.text, snapshot->head_seq);
    load->told_seq = snapshot->head_seq;
    load->through = snapshot->through;
    ward_store_snapshot_free(snapshot);
}

static void live(struct load *load, const struct life *life, const char *directory, uint64_t commits)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", directory, life->database);
    open_store(load, path);
    printf("{\"life\": \"%s\"}\n", life->database);
    for (uint64_t i = 0; i < commits; i++)
        burst(load);
    if (life->ends_well) {
        ward_store_free(load->store);
        mark(load, "{\"mark\": \"closed\", \"database\": \"%s\"}", load->database);
    }
    fflush(stdout);
    _exit(0); /* the page cache has the log of the other kind; the next life finds it */
}

int main(int argc, char **argv)
{
    static struct load load;

    if (argc != 6) {
        fprintf(stderr, "usage: crash_load DIRECTORY DEVICE OFFSET SEED COMMITS\n");
        return 2;
    }
    load.device = open(argv[2], O_WRONLY | O_DIRECT | O_CLOEXEC);
    if (load.device < 0)
        crash_fail("%s: cannot be opened", argv[2]);
    load.offset = (off_t)strtoll(argv[3], NULL, 10);
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        int status;
        pid_t child;

        load.database = lives[i].database;
        load.random = (strtoull(argv[4], NULL, 10) + i + 1) * UINT64_C(0x9E3779B97F4A7C15);
        load.token = load.told = (i + 1) * TOKENS_A_LIFE;
        fflush(stdout);
        child = fork();
        if (child == 0)
            live(&load, &lives[i], argv[1], strtoull(argv[5], NULL, 10) * lives[i].commits / 1000);
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            crash_fail("life %zu did not end well", i + 1);
    }
    return 0;
}
