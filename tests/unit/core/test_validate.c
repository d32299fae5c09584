/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of core/validate.h, one row each: what is a demonstration, a test or no measurement never becomes clinical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/validate.h"

static const struct {
    const char *why;
    uint16_t characteristic;
    const char *hex;
    uint8_t quality;
    uint32_t reasons;
} table[] = {
    {"a spot check", 0x2A5E, "00 60 00 48 00", WARD_VALID, 0},
    {"data for demonstration", 0x2A5E, "02 60 00 48 00 00 04", WARD_INVALID, WARD_REASON_NOT_CLINICAL},
    {"data for testing", 0x2A5E, "02 60 00 48 00 00 08", WARD_INVALID, WARD_REASON_NOT_CLINICAL},
    {"calibration ongoing", 0x2A5E, "02 60 00 48 00 00 10", WARD_INVALID, WARD_REASON_NOT_CLINICAL},
    {"from measurement storage", 0x2A5E, "02 60 00 48 00 00 02", WARD_VALID, 0},
    {"not settled yet", 0x2A5E, "02 60 00 48 00 20 00", WARD_QUESTIONABLE, WARD_REASON_MEASUREMENT_ONGOING},
    {"not settled and validated: settled", 0x2A5E, "02 60 00 48 00 A0 00", WARD_VALID, 0},
    {"a stream goes on", 0x2A5F, "04 60 00 48 00 20 00", WARD_VALID, 0},
    {"low perfusion", 0x2A5E, "04 60 00 48 00 20 00 00", WARD_QUESTIONABLE, WARD_REASON_POOR_SIGNAL},
    {"no finger", 0x2A5E, "04 60 00 48 00 00 08 00", WARD_INVALID, WARD_REASON_NO_CONTACT},
    {"demonstration with low perfusion", 0x2A5E, "06 60 00 48 00 00 04 20 00 00", WARD_INVALID,
     WARD_REASON_NOT_CLINICAL | WARD_REASON_POOR_SIGNAL},
    {"control solution", 0x2A18, "06 11 00 EA 07 0B 16 09 00 02 35 C0 1A", WARD_INVALID,
     WARD_REASON_NOT_CLINICAL},
    {"contact lost", 0x2A37, "04 48", WARD_INVALID, WARD_REASON_NO_CONTACT},
    {"contact not supported", 0x2A37, "00 48", WARD_VALID, 0},
    {"no pulse", 0x2A5E, "00 60 00 FF 07", WARD_QUESTIONABLE, WARD_REASON_NO_VALUE},
    {"no value at all", 0x2A5E, "00 FF 07 FF 07", WARD_INVALID, WARD_REASON_NO_VALUE},
    {"implausible", 0x2A5E, "00 05 00 48 00", WARD_INVALID, WARD_REASON_IMPLAUSIBLE},
    {"cut short", 0x2A5E, "00 60 00", WARD_INVALID, WARD_REASON_UNDECODABLE},
};

static void test_each_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct ward_decoded decoded;
        uint8_t octets[64];
        size_t length = 0;

        for (const char *at = table[i].hex; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
            octets[length++] = (uint8_t)strtoul(at, NULL, 16);
        ward_decode(table[i].characteristic, octets, length, &decoded);
        ward_validate(&decoded);
        if (decoded.quality != table[i].quality || decoded.reasons != table[i].reasons)
            fail_msg("%s: quality %u, reasons %x", table[i].why, decoded.quality, decoded.reasons);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_rule)};

    return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
