/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* When a device without a bond that stays away is called, and when it is left alone. */
#include "bluez_fake.h"

#include <stdio.h>
#include <string.h>

#include "io/bluez_recall.h"

#define S    UINT64_C(1000000)
#define NOW  1000
#define NONE 99

static const struct ward_bluez_device open_device = {
    .id = {"d-1"}, .address = FAKE_ADDRESS, .security = WARD_BLUEZ_OPEN, .identity = {.serial_number = "C1"}};

/* --- the decision -------------------------------------------------------------------------------------------- */

/* A letter and a number a device: outside (o), connected (c), resting (r), bonded and outside (b); when it is due. */
static size_t parse(const char *text, struct ward_bluez_absence *absences)
{
    size_t count = 0;
    char how;
    unsigned due;
    int used;
    for (; sscanf(text, " %c%u%n", &how, &due, &used) == 2; text += used)
        absences[count++] = (struct ward_bluez_absence){
            .open = how != 'b', .connected = how == 'c', .resting = how == 'r', .due_us = due};
    return count;
}

static void whoever_is_due_longest_is_called(void **state)
{
    static const struct {
        const char *devices;
        bool busy;
        size_t call; /* NONE: nobody */
        uint64_t look_again_us;
    } cases[] = {
        {"", false, NONE, UINT64_MAX},
        {"o0", false, NONE, UINT64_MAX}, /* outside, and nobody waits for it */
        {"o1000", false, 0, UINT64_MAX},
        {"o1001", false, NONE, 1001},
        {"c1 r1 b1", false, NONE, UINT64_MAX},
        {"c1 r1 b1 o900", false, 3, UINT64_MAX},
        {"o900 o800 o2000", false, 1, UINT64_MAX},
        {"o3000 o2000", false, NONE, 2000},
        /* Somebody else has the radio. */
        {"o900", true, NONE, NOW + WARD_BLUEZ_RECALL_BUSY_US},
        {"o1001", true, NONE, 1001},
        {"b1", true, NONE, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ward_bluez_absence absences[8];
        size_t count = parse(cases[i].devices, absences);
        struct ward_bluez_recall_choice choice =
            ward_bluez_recall_choose(absences, count, cases[i].busy, NOW);
        size_t call = choice.call == count ? NONE : choice.call;
        if (call != cases[i].call || choice.look_again_us != cases[i].look_again_us)
            fail_msg("%s: %zu, again at %llu", cases[i].devices, call,
                     (unsigned long long)choice.look_again_us);
    }
}

static void it_is_called_less_and_less_and_then_no_more(void **state)
{
    struct ward_bluez_recall recall = {0};
    uint64_t now = 1000 * S, wait = WARD_BLUEZ_RECALL_FIRST_US;
    (void)state;
    ward_bluez_recall_ready(&recall, now);
    for (unsigned i = 0; i < WARD_BLUEZ_RECALL_TRIES_MAX; i++) {
        assert_int_equal(recall.due_us, now + wait);
        now = recall.due_us;
        ward_bluez_recall_called(&recall, now);
        wait *= 2;
    }
    assert_int_equal(recall.due_us, 0);
    assert_int_equal(now, 1630 * S);
}

static void a_link_that_does_not_resolve_does_not_begin_the_count_anew(void **state)
{
    struct ward_bluez_recall recall = {0};
    (void)state;
    ward_bluez_recall_dropped(&recall, 5 * S);
    assert_int_equal(recall.due_us, 15 * S);
    ward_bluez_recall_called(&recall, 15 * S);
    ward_bluez_recall_dropped(&recall, 16 * S);
    assert_int_equal(recall.due_us, 36 * S);
    for (unsigned i = 0; i < 100; i++)
        ward_bluez_recall_called(&recall, 100 * S);
    assert_int_equal(recall.due_us, 0);
    ward_bluez_recall_dropped(&recall, 200 * S);
    assert_int_equal(recall.due_us, 520 * S);
    ward_bluez_recall_called(&recall, 520 * S);
    assert_int_equal(recall.due_us, 0);
}

static void a_link_that_resolves_does(void **state)
{
    struct ward_bluez_recall recall = {0};
    (void)state;
    ward_bluez_recall_dropped(&recall, 5 * S);
    ward_bluez_recall_called(&recall, 15 * S);
    ward_bluez_recall_resolved(&recall);
    assert_int_equal(recall.due_us, 0);
    ward_bluez_recall_dropped(&recall, 20 * S);
    assert_int_equal(recall.due_us, 30 * S);
}

/* --- what comes of it ------------------------------------------------------------------------------------------ */

static void an_open_device_that_does_not_come_is_called(void **state)
{
    struct fake fake = {.exported = true, .trusted = true};
    (void)state;
    fake_begin(&fake, &open_device);
    assert_false(fake_has(&fake, 0, "Connect "));
    fake_wait(&fake, 0, "Connect ");
    assert_int_equal(ward_bluez_counters(fake.bluez).recalls, 1);
    fake_end(&fake);
}

static void so_is_one_whose_link_did_not_resolve(void **state)
{
    struct fake fake = {.exported = true, .trusted = true};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "resolved=1 ");
    fake_set(&fake, &fake.resolved, false);
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    fake_set(&fake, &fake.connected, true);
    fake_wait(&fake, 0, "connected=2 ");
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=2 ");
    size_t mark = fake_mark(&fake);
    assert_false(fake_has(&fake, 0, " Connect "));
    fake_wait(&fake, mark, "Connect ");
    fake_end(&fake);
}

static void nobody_is_called_while_another_is_enrolled(void **state)
{
    struct fake fake = {.exported = true, .trusted = true};
    (void)state;
    fake_begin(&fake, &open_device);
    assert_int_equal(ward_bluez_pair(fake.bluez, "C0:FF:EE:00:00:02", WARD_BLUEZ_OPEN, 12), 0);
    fake_wait(&fake, 0, "step-failed ");
    assert_false(fake_has(&fake, 0, "Connect "));
    fake_wait(&fake, 0, "Connect ");
    fake_end(&fake);
}

static void nobody_is_called_while_somebody_scans(void **state)
{
    struct fake fake = {.exported = true, .trusted = true};
    (void)state;
    fake_begin(&fake, &open_device);
    assert_int_equal(ward_bluez_scan(fake.bluez, 12), 0);
    fake_wait(&fake, 0, "scan-ended");
    assert_false(fake_has(&fake, 0, "Connect "));
    fake_wait(&fake, 0, "Connect ");
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_due_longest_is_called),
        cmocka_unit_test(it_is_called_less_and_less_and_then_no_more),
        cmocka_unit_test(a_link_that_does_not_resolve_does_not_begin_the_count_anew),
        cmocka_unit_test(a_link_that_resolves_does),
        cmocka_unit_test(an_open_device_that_does_not_come_is_called),
        cmocka_unit_test(so_is_one_whose_link_did_not_resolve),
        cmocka_unit_test(nobody_is_called_while_another_is_enrolled),
        cmocka_unit_test(nobody_is_called_while_somebody_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
