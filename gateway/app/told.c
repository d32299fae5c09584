/* SPDX-License-Identifier: Apache-2.0 */
#include "app/told.h"

#include <stdio.h>
#include <string.h>

#include "io/crypto.h"
#include "ward/message.h"

#define WHAT_MAX 512

bool ward_told_before(struct ward_told *told, const char *topic, const char *id, const char *what)
{
    char text[WARD_TOPIC_MAX + WARD_ID_MAX + WHAT_MAX];
    uint8_t digest[32];
    const int length = snprintf(text, sizeof(text), "%s\n%s\n%s", topic, id, what);

    if (length < 0)
        return false;
    ward_sha256(text, strlen(text), digest);
    for (size_t i = 0; i < told->count; i++)
        if (memcmp(told->digests[i], digest, sizeof(digest)) == 0)
            return true;
    memcpy(told->digests[told->next], digest, sizeof(digest));
    told->next = (told->next + 1) % WARD_TOLD_MAX;
    told->count += told->count < WARD_TOLD_MAX;
    return false;
}
