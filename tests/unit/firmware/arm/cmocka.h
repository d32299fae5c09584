/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of cmocka as the tests of the firmware use, for a Cortex-M: it stands before the real one in the include path,
 * so that one source of a test runs on both. The first failure ends the program with exit status 1.
 */
#ifndef WARD_ARM_CMOCKA_H
#define WARD_ARM_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
};

#define cmocka_unit_test(function)                                                                           \
    {                                                                                                        \
#function, function                                                                                  \
    }

#define fail_msg(...)                                                                                        \
    do {                                                                                                     \
        printf("%s:%d: ", __FILE__, __LINE__);                                                               \
        printf(__VA_ARGS__);                                                                                 \
        printf("\n");                                                                                        \
        exit(1);                                                                                             \
    } while (0)

#define assert_true(condition)                                                                               \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fail_msg("not true: %s", #condition);                                                            \
    } while (0)

#define assert_false(condition)  assert_true(!(condition))
#define assert_null(pointer)     assert_true((pointer) == NULL)
#define assert_non_null(pointer) assert_true((pointer) != NULL)

#define assert_int_equal(a, b)                                                                               \
    do {                                                                                                     \
        const long long ward_a = (long long)(a), ward_b = (long long)(b);                                    \
                                                                                                             \
        if (ward_a != ward_b)                                                                                \
            fail_msg("%s is %ld, not %ld", #a, (long)ward_a, (long)ward_b);                                  \
    } while (0)

#define assert_string_equal(a, b)                                                                            \
    do {                                                                                                     \
        const char *const ward_a = (a), *const ward_b = (b);                                                 \
                                                                                                             \
        if (strcmp(ward_a, ward_b) != 0)                                                                     \
            fail_msg("\"%s\" is not \"%s\"", ward_a, ward_b);                                                \
    } while (0)

#define assert_memory_equal(a, b, size) assert_true(memcmp(a, b, size) == 0)

static inline int ward_run_tests(const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;

        tests[i].test(&state);
        printf("ok %s\n", tests[i].name);
    }
    printf("%u tests passed\n", (unsigned)count);
    return 0;
}

#define cmocka_run_group_tests(tests, setup, teardown)                                                       \
    ward_run_tests(tests, sizeof(tests) / sizeof((tests)[0]))

#endif
