/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the uplink and wardgate-https, which has listened to the internet, tell each other: the first octet chooses a request
 * or an answer, the rest is it. What is read is written again octet for octet, but for `unproved`, of which any number but 0
 * means yes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/exchange.h"

#define UNPROVED_AT 4 /* behind the number of the format */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct ward_exchange_octets *read, const struct ward_exchange_octets *written)
{
    if (written->failed || written->length != read->length ||
        memcmp(written->data, read->data, read->length) != 0)
        abort();
}

static void check_request(struct ward_exchange_octets *octets)
{
    struct ward_exchange_octets again = {0};
    struct ward_exchange_request request;

    if (!ward_exchange_read_request(octets, &request))
        return;
    memcpy(octets->data + UNPROVED_AT, &(uint32_t){request.unproved}, sizeof(uint32_t));
    ward_exchange_write_request(&request, &again);
    check_same(octets, &again);
    ward_exchange_octets_done(&again);
}

static void check_answer(const struct ward_exchange_octets *octets)
{
    struct ward_exchange_octets again = {0};
    struct ward_exchange_answer answer;
    char why[WARD_EXCHANGE_WHY_MAX];

    if (!ward_exchange_read_answer(octets, &answer))
        return;
    ward_exchange_write_answer(&answer, &again);
    check_same(octets, &again);
    ward_exchange_why(&answer, why);
    ward_exchange_answer_done(&answer);
    ward_exchange_octets_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ward_exchange_octets octets = {0};

    if (size == 0)
        return 0;
    ward_exchange_append(&octets, data + 1, size - 1);
    if (data[0] & 1)
        check_request(&octets);
    else
        check_answer(&octets);
    ward_exchange_octets_done(&octets);
    return 0;
}
