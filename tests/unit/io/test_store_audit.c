/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/* The audit trail: rows that get their outcome later, what is found of them, how many stay, and whose are erased. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_bench.h"

#define FOUND_MAX 16

struct found {
    bool answered;
    int error;
    size_t count;
    struct ward_store_audit rows[FOUND_MAX]; /* the newest */
};

static struct ward_store_change row_of(uint64_t boot_us, const char *outcome)
{
    struct ward_store_change change = {.kind = WARD_STORE_AUDIT};
    struct ward_store_audit *audit = &change.audit;

    set_id(&audit->boot, "b-77");
    audit->boot_us = boot_us;
    audit->at_ms = 1795338000000 + (int64_t)boot_us / 1000;
    audit->uid = 1000;
    snprintf(audit->method, sizeof(audit->method), "Bind");
    snprintf(audit->outcome, sizeof(audit->outcome), "%s", outcome);
    return change;
}

static void put(struct bench *bench, const struct ward_store_change *changes, size_t count)
{
    static uint64_t token;
    const struct ward_store_group group = {.token = ++token, .changes = changes, .change_count = count};
    const size_t committed = bench->committed_count;

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, committed + 1);
}

static void on_audit(void *context, int error, const struct ward_store_audit *rows, size_t count)
{
    struct found *found = context;

    found->answered = true;
    found->error = error;
    found->count = count;
    memcpy(found->rows, rows, (count < FOUND_MAX ? count : FOUND_MAX) * sizeof(rows[0]));
}

static struct found find(struct bench *bench, const struct ward_store_filter *filter)
{
    struct found found = {.answered = false};

    assert_int_equal(ward_store_audit(bench->store, filter, on_audit, &found), 0);
    while (!found.answered) {
        wait_for_something(bench);
    }
    assert_int_equal(found.error, 0);
    return found;
}

static struct found find_all(struct bench *bench)
{
    return find(bench, &(struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN});
}

static void a_row_gets_its_outcome_and_keeps_what_it_named(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change begun = row_of(5000, ""), ended = row_of(5000, "done");

    open_store(bench);
    snprintf(begun.audit.object, sizeof(begun.audit.object), "d-1");
    set_id(&begun.audit.by, "nurse-1");
    begun.audit.omitted = 7;
    put(bench, &begun, 1);
    assert_string_equal(find_all(bench).rows[0].outcome, "");
    set_id(&ended.audit.patient, "p-1");
    put(bench, &ended, 1);
    reopen_store(bench);

    const struct found found = find_all(bench);
    const struct ward_store_audit *row = &found.rows[0];
    assert_int_equal(found.count, 1);
    assert_string_equal(row->boot.text, "b-77");
    assert_true(row->boot_us == 5000 && row->at_ms == 1795338000005 && row->uid == 1000);
    assert_string_equal(row->by.text, "nurse-1");
    assert_string_equal(row->method, "Bind");
    assert_string_equal(row->object, "d-1");
    assert_string_equal(row->patient.text, "p-1");
    assert_string_equal(row->outcome, "done");
    assert_int_equal(row->omitted, 7);
}

static void rows_are_found_newest_first(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change rows[4];
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    open_store(bench);
    for (uint64_t i = 0; i < 4; i++) {
        rows[i] = row_of(1000 * (i + 1), "done");
        set_id(&rows[i].audit.patient, i % 2 == 0 ? "p-1" : "p-2");
    }
    rows[3].audit.at_ms = WARD_UTC_UNKNOWN;
    rows[3].audit.uid = UINT32_MAX;
    put(bench, rows, 4);

    struct found found = find_all(bench);
    assert_int_equal(found.count, 4);
    assert_true(found.rows[0].boot_us == 4000 && found.rows[3].boot_us == 1000);
    assert_true(found.rows[0].at_ms == WARD_UTC_UNKNOWN && found.rows[0].uid == UINT32_MAX);
    set_id(&filter.patient, "p-1");
    found = find(bench, &filter);
    assert_int_equal(found.count, 2);
    assert_true(found.rows[0].boot_us == 3000 && found.rows[1].boot_us == 1000);
    filter = (struct ward_store_filter){.since_ms = 1795338000002, .until_ms = 1795338000002};
    found = find(bench, &filter);
    assert_int_equal(found.count, 2); /* of the last nobody knows when it was */
    assert_true(found.rows[0].boot_us == 4000 && found.rows[1].boot_us == 2000);
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .limit = 1};
    found = find(bench, &filter);
    assert_int_equal(found.count, 1);
    assert_true(found.rows[0].boot_us == 4000);
}

static void the_oldest_make_room(void **state)
{
    enum { AT_ONCE = 100 };
    struct bench *bench = *state;
    struct ward_store_change rows[AT_ONCE];
    uint64_t number = 0;

    open_store(bench);
    while (number < WARD_STORE_AUDIT_MAX + AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            rows[i] = row_of(++number, "done");
        }
        put(bench, rows, AT_ONCE);
    }
    close_store(bench);
    char sql[160];
    snprintf(sql, sizeof(sql),
             "CREATE TABLE kept (n INTEGER CHECK (n = %d), oldest INTEGER CHECK (oldest = %d));"
             "INSERT INTO kept SELECT count(*), min(boot_us) FROM audit",
             WARD_STORE_AUDIT_MAX, AT_ONCE + 1);
    run_sql(bench->path, sql);
}

static void what_is_not_well_formed_is_refused(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change row = row_of(1, "done");
    const struct ward_store_group group = {.token = 1, .changes = &row, .change_count = 1};

    open_store(bench);
    row.audit.boot.text[0] = '\0';
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
    row = row_of(UINT64_MAX, "done");
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
    row = row_of(1, "done");
    snprintf(row.audit.patient.text, sizeof(row.audit.patient.text), "not an id");
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
}

static struct ward_store_change binding_of(const char *device, const char *patient)
{
    struct ward_store_change change = {.kind = WARD_STORE_BINDING};

    set_id(&change.binding.device, device);
    set_id(&change.binding.patient, patient);
    set_id(&change.binding.episode, "s-1");
    change.binding.slot = WARD_SLOT_NONE;
    change.binding.from_ms = 100;
    change.binding.until_ms = 200;
    return change;
}

static void on_erased(void *context, int error, const struct ward_store_erased *erased)
{
    (void)erased;
    assert_int_equal(error, 0);
    *(bool *)context = true;
}

/* What names him, or a device that was his alone; not what names a device that another had too. */
static void a_patient_is_erased_from_it(void **state)
{
    static const char *const objects[] = {"", "d-his", "d-both", "p-1", "d-other"};
    struct bench *bench = *state;
    struct ward_store_change changes[9] = {binding_of("d-his", "p-1"), binding_of("d-both", "p-1"),
                                           binding_of("d-both", "p-2")};
    struct ward_store_erasure erasure = {.only_count = false};
    bool erased = false;

    open_store(bench);
    for (size_t i = 0; i < 5; i++) {
        changes[3 + i] = row_of(i + 1, "done");
        snprintf(changes[3 + i].audit.object, sizeof(changes[3 + i].audit.object), "%s", objects[i]);
    }
    set_id(&changes[3].audit.patient, "p-1");
    changes[8] = row_of(6, "done");
    set_id(&changes[8].audit.by, "p-1");
    put(bench, changes, 9);
    set_id(&erasure.patient, "p-1");
    set_id(&erasure.episode, "s-1");
    assert_int_equal(ward_store_erase(bench->store, &erasure, on_erased, &erased), 0);
    while (!erased) {
        wait_for_something(bench);
    }
    const struct found found = find_all(bench);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.rows[0].object, "d-other");
    assert_string_equal(found.rows[1].object, "d-both");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_row_gets_its_outcome_and_keeps_what_it_named),
        STORE_TEST(rows_are_found_newest_first),
        STORE_TEST(the_oldest_make_room),
        STORE_TEST(what_is_not_well_formed_is_refused),
        STORE_TEST(a_patient_is_erased_from_it),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
