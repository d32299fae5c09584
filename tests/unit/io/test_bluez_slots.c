/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* Who is let rest when connections are short, case by case. */
#include "io/bluez_slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW  1000
#define NONE 99

/* A letter and digits a device: connected (c), outside (o), resting (r), or connected and never sent away (b, a burst);
 * its priority; and, when it is connected, until when it is busy. */
static size_t parse(const char *text, struct ward_bluez_slot *slots)
{
    size_t count = 0;
    char how;
    unsigned priority, busy;
    int used;
    for (; sscanf(text, " %c%u,%u%n", &how, &priority, &busy, &used) == 3; text += used)
        slots[count++] = (struct ward_bluez_slot){
            .priority = (uint8_t)priority,
            .connected = how == 'c' || how == 'b',
            .resting = how == 'r',
            .may_rest = how != 'b',
            .busy_until_us = busy,
        };
    return count;
}

static void the_least_idle_one_makes_room(void **state)
{
    static const struct {
        const char *devices;
        unsigned max;
        size_t rest; /* NONE: nobody */
        uint64_t look_again_us;
    } cases[] = {
        {"", 2, NONE, UINT64_MAX},
        /* There is room. */
        {"c1,0 o9,0", 2, NONE, UINT64_MAX},
        {"c1,0 c2,0", 3, NONE, UINT64_MAX},
        /* All links are taken, and nobody is outside, or nobody who matters more. */
        {"c1,0 c2,0", 2, NONE, UINT64_MAX},
        {"c1,0 c2,0 o1,0", 2, NONE, UINT64_MAX},
        {"c1,0 c2,0 o0,0", 2, NONE, UINT64_MAX},
        /* One who matters more is outside. */
        {"c1,0 c2,0 o3,0", 2, 0, UINT64_MAX},
        {"c2,0 c1,0 o3,0", 2, 1, UINT64_MAX},
        {"c3,0 c2,0 o3,0", 2, 1, UINT64_MAX},
        {"c3,0 c2,0 o1,0 o3,0", 2, 1, UINT64_MAX},
        /* More are connected than should be: as if all were taken. */
        {"c1,0 c2,0 c2,0 o3,0", 2, 0, UINT64_MAX},
        /* Of equals the one that has been idle longest. */
        {"c1,500 c1,400 o3,0", 2, 1, UINT64_MAX},
        {"c1,400 c1,500 o3,0", 2, 0, UINT64_MAX},
        /* A busy one is left alone for one that matters more, but is idle. */
        {"c1,1001 c2,0 o3,0", 2, 1, UINT64_MAX},
        {"c1,1000 c2,0 o3,0", 2, 0, UINT64_MAX},
        /* All are busy: later. */
        {"c1,3000 c2,2000 o3,0", 2, NONE, 2000},
        {"c1,3000 c3,2000 o3,0", 2, NONE, 3000},
        /* Whoever rests wants nothing now. */
        {"c1,0 c2,0 r3,0", 2, NONE, UINT64_MAX},
        /* A burst is not sent away. */
        {"b1,0 c2,0 o3,0", 2, 1, UINT64_MAX},
        {"b1,0 b2,0 o3,0", 2, NONE, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ward_bluez_slot slots[8];
        size_t count = parse(cases[i].devices, slots);
        struct ward_bluez_slots_choice choice = ward_bluez_slots_choose(slots, count, cases[i].max, NOW);
        size_t rest = choice.rest == count ? NONE : choice.rest;
        if (rest != cases[i].rest || choice.look_again_us != cases[i].look_again_us)
            fail_msg("%s of %u: %zu, again at %llu", cases[i].devices, cases[i].max, rest,
                     (unsigned long long)choice.look_again_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_idle_one_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
