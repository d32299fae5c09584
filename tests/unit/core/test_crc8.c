/* SPDX-License-Identifier: Apache-2.0 */
/* The check values of the CRC catalogues, and frames of public captures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/crc8.h"

static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};

static void smbus(void **state)
{
    static const uint8_t configure_masimo[] = {0x03, 0x1F, 0x00, 0x03};
    static const uint8_t read_o2ring[] = {0xAA, 0x17, 0xE8, 0x00, 0x00, 0x00, 0x00};

    (void)state;
    assert_int_equal(ward_crc8_smbus(digits, sizeof(digits)), 0xF4);
    assert_int_equal(ward_crc8_smbus(digits, 0), 0);
    assert_int_equal(ward_crc8_smbus(configure_masimo, sizeof(configure_masimo)), 0xD6);
    assert_int_equal(ward_crc8_smbus(read_o2ring, sizeof(read_o2ring)), 0x1B);
}

static void maxim(void **state)
{
    static const uint8_t values_of_pc60fw[] = {0xAA, 0x55, 0x0F, 0x08, 0x01, 0x61,
                                               0x40, 0x00, 0x51, 0x00, 0xC0};

    (void)state;
    assert_int_equal(ward_crc8_maxim(digits, sizeof(digits)), 0xA1);
    assert_int_equal(ward_crc8_maxim(digits, 0), 0);
    assert_int_equal(ward_crc8_maxim(values_of_pc60fw, sizeof(values_of_pc60fw)), 0x5B);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smbus),
        cmocka_unit_test(maxim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
