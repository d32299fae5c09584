/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a reading is: the table of app/ownership.h, row by row. A reading must never find the wrong patient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/ownership.h"

#define OPEN WARD_UTC_UNKNOWN
#define ALL  WARD_SLOT_NONE

/* A binding of the device d-1, as a row of a table. */
struct row {
    const char *patient;
    uint8_t slot;
    int64_t from_ms, until_ms;
    bool read_out;
};

struct question {
    const char *why;
    struct row rows[3];
    struct ward_provenance what;
    const char *answer; /* NULL: nobody's */
};

#define NOW(...)                                                                                             \
    {                                                                                                        \
        .device = "d-1", .now = true, .measured_at_ms = 5000, __VA_ARGS__                                    \
    }
#define EARLIER(at)                                                                                          \
    {                                                                                                        \
        .device = "d-1", .slot = ALL, .measured_at_ms = (at)                                                 \
    }
#define ANN                                                                                                  \
    {                                                                                                        \
        "p-ann", ALL, 1000, OPEN, true                                                                       \
    }
#define ANN_THEN_BOB                                                                                         \
    {                                                                                                        \
        {"p-ann", ALL, 1000, 3000, true}, {"p-bob", ALL, 3000, OPEN, false},                                 \
    }
#define SHARED                                                                                               \
    {                                                                                                        \
        {"p-ann", ALL, 1000, OPEN, true}, {"p-bob", ALL, 2000, OPEN, true},                                  \
    }
#define SLOTS                                                                                                \
    {                                                                                                        \
        {"p-ann", 1, 1000, OPEN, true}, {"p-bob", 2, 1000, OPEN, true},                                      \
    }

static const struct question questions[] = {
    {"measured now, bound", {ANN}, NOW(.slot = ALL), "p-ann"},
    {"another device", {ANN}, {.device = "d-2", .slot = ALL, .now = true}, NULL},
    {"nobody has it", {{"p-ann", ALL, 1000, 3000, true}}, NOW(.slot = ALL), NULL},
    {"measured now, by a clock that is not known",
     {ANN},
     {.device = "d-1", .slot = ALL, .now = true, .measured_at_ms = WARD_UTC_UNKNOWN},
     "p-ann"},
    {"measured now, and the device was bound before the date was known",
     {{"p-ann", ALL, WARD_BOUND_FROM_UNKNOWN, OPEN, false}},
     NOW(.slot = ALL),
     "p-ann"},
    {"measured before it was bound", {ANN}, EARLIER(999), NULL},
    {"measured when it was bound", {ANN}, EARLIER(1000), "p-ann"},
    {"measured before the date of the binding is known",
     {{"p-ann", ALL, WARD_BOUND_FROM_UNKNOWN, OPEN, true}},
     EARLIER(2000),
     NULL},
    {"measured under the binding before", ANN_THEN_BOB, EARLIER(2999), "p-ann"},
    {"measured at the moment of the change", ANN_THEN_BOB, EARLIER(3000), "p-bob"},
    {"measured now, after the change", ANN_THEN_BOB, NOW(.slot = ALL), "p-bob"},
    {"measured between two bindings",
     {{"p-ann", ALL, 1000, 2000, true}, {"p-bob", ALL, 3000, OPEN, true}},
     EARLIER(2500),
     NULL},
    {"at an unknown time, in the first transfer", {{"p-ann", ALL, 1000, OPEN, false}}, EARLIER(OPEN), NULL},
    {"at an unknown time, after the first transfer", {ANN}, EARLIER(OPEN), "p-ann"},
    {"at an unknown time, in the first transfer after a change", ANN_THEN_BOB, EARLIER(OPEN), NULL},
    {"at an unknown time, and another shares it since the last transfer",
     {{"p-ann", ALL, 1000, OPEN, true}, {"p-bob", ALL, 2000, OPEN, false}},
     EARLIER(OPEN),
     NULL},
    {"at an unknown time, and another has another slot since",
     {{"p-ann", 1, 1000, OPEN, true}, {"p-bob", 2, 2000, OPEN, false}},
     {.device = "d-1", .slot = 1, .measured_at_ms = OPEN},
     "p-ann"},
    {"a little after it was bound, by a clock that may be wrong by more",
     {ANN},
     {.device = "d-1", .slot = ALL, .measured_at_ms = 1500, .uncertainty_ms = 600},
     NULL},
    {"… by less",
     {ANN},
     {.device = "d-1", .slot = ALL, .measured_at_ms = 1500, .uncertainty_ms = 500},
     "p-ann"},
    {"a little before it was another's, by a clock that may be wrong by more",
     ANN_THEN_BOB,
     {.device = "d-1", .slot = ALL, .measured_at_ms = 2500, .uncertainty_ms = 500},
     NULL},
    {"a little after it was shared, by a clock that may be wrong by more",
     SHARED,
     {.device = "d-1", .slot = ALL, .measured_at_ms = 2100, .uncertainty_ms = 500},
     NULL},
    {"a little before it was shared, by less",
     SHARED,
     {.device = "d-1", .slot = ALL, .measured_at_ms = 1600, .uncertainty_ms = 399},
     "p-ann"},
    {"a little before one of two gave it up, by a clock that may be wrong by more",
     {{"p-ann", ALL, 1000, 3000, true}, {"p-bob", ALL, 1000, OPEN, true}},
     {.device = "d-1", .slot = ALL, .measured_at_ms = 2800, .uncertainty_ms = 500},
     NULL},
    {"… and a little after that",
     {{"p-ann", ALL, 1000, 3000, true}, {"p-bob", ALL, 1000, OPEN, true}},
     {.device = "d-1", .slot = ALL, .measured_at_ms = 3100, .uncertainty_ms = 500},
     NULL},
    {"a little after another had another slot",
     {{"p-ann", 1, 1000, OPEN, true}, {"p-bob", 2, 2000, OPEN, true}},
     {.device = "d-1", .slot = 1, .measured_at_ms = 2100, .uncertainty_ms = 500},
     "p-ann"},
    {"it came before the change, and was decided after it", ANN_THEN_BOB,
     NOW(.slot = ALL, .came_at_ms = 2999, .asked_at_ms = 4000), "p-ann"},
    {"it came after the change", ANN_THEN_BOB, NOW(.slot = ALL, .came_at_ms = 3000, .asked_at_ms = 4000),
     "p-bob"},
    {"a binding of a future that a wrong clock had made",
     {ANN},
     NOW(.slot = ALL, .came_at_ms = 500, .asked_at_ms = 900),
     "p-ann"},
    {"while it is being enrolled", {ANN}, NOW(.slot = ALL, .enrolling = true), NULL},
    {"the slot of one", SLOTS, NOW(.slot = 1), "p-ann"},
    {"the slot of the other", SLOTS, NOW(.slot = 2), "p-bob"},
    {"a slot that nobody has", SLOTS, NOW(.slot = 3), NULL},
    {"a device by slots, and the user is not known", SLOTS, NOW(.slot = ALL), NULL},
    {"a device as a whole, whatever the slot", {ANN}, NOW(.slot = 2), "p-ann"},
    {"a slot and the whole device: slots decide",
     {{"p-ann", 1, 1000, OPEN, true}, {"p-bob", ALL, 1000, OPEN, true}},
     NOW(.slot = 2),
     NULL},
    {"the slot of a binding that had ended then",
     {{"p-ann", 1, 1000, 3000, true}, {"p-bob", ALL, 3000, OPEN, true}},
     {.device = "d-1", .slot = 1, .measured_at_ms = 2000},
     "p-ann"},
    {"shared, not claimed", SHARED, NOW(.slot = ALL), NULL},
    {"shared and claimed", SHARED, NOW(.slot = ALL, .claimed_by = "p-bob"), "p-bob"},
    {"shared, claimed by one who does not have it", SHARED, NOW(.slot = ALL, .claimed_by = "p-cyd"), NULL},
    {"shared, from its memory: a claim is for now",
     SHARED,
     {.device = "d-1", .slot = ALL, .measured_at_ms = 4000, .claimed_by = "p-bob"},
     NULL},
    {"measured before it was shared", SHARED, EARLIER(1500), "p-ann"},
    {"twice of the same patient",
     {{"p-ann", ALL, 1000, OPEN, true}, {"p-ann", ALL, 2000, OPEN, true}},
     NOW(.slot = ALL),
     "p-ann"},
};

static void put(struct ward_registry *registry, const struct row *row)
{
    struct ward_store_change change = {.kind = WARD_STORE_BINDING};

    strcpy(change.binding.device.text, "d-1");
    strcpy(change.binding.patient.text, row->patient);
    change.binding.slot = row->slot;
    change.binding.from_ms = row->from_ms;
    change.binding.until_ms = row->until_ms;
    change.binding.read_out = row->read_out;
    assert_true(ward_registry_apply(registry, &change));
}

static void test_a_reading_belongs_to_whoever_was_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *question = &questions[i];
        struct ward_registry *registry = calloc(1, sizeof(*registry));
        const struct ward_store_binding *found;

        assert_non_null(registry);
        for (size_t j = 0; j < 3 && question->rows[j].patient; j++)
            put(registry, &question->rows[j]);
        found = ward_whose(registry, &question->what);
        if ((found == NULL) != (question->answer == NULL) ||
            (found && strcmp(found->patient.text, question->answer) != 0))
            fail_msg("%s: %s", question->why, found ? found->patient.text : "nobody's");
        free(registry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reading_belongs_to_whoever_was_bound),
    };

    return cmocka_run_group_tests_name("ownership", tests, NULL, NULL);
}
