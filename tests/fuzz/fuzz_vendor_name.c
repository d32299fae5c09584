/* SPDX-License-Identifier: Apache-2.0 */
/* A protocol looked for by what people call it, or by the UUID that it notifies by: whatever is asked, who is found has it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/vendor.h"

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            abort();                                                                                         \
    } while (0)
#define NAME_SIZE 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[NAME_SIZE], shouted[NAME_SIZE + 2] = "-";
    const struct ward_vendor_driver *by_name, *by_notify;

    if (size >= sizeof(name))
        return -1;
    memcpy(name, data, size);
    name[size] = '\0';
    strcat(strcat(shouted, name), "_"); /* what is neither letter nor digit does not count */
    by_name = ward_vendor_by_name(name);
    by_notify = ward_vendor_by_notify(name);
    HOLDS(ward_vendor_by_name(shouted) == by_name);
    HOLDS(by_name == NULL || ward_vendor_by_name(by_name->name) == by_name);
    HOLDS(by_name == NULL || ward_vendor_by_number(by_name->number) == by_name);
    HOLDS(by_notify == NULL || strcmp(by_notify->notify, name) == 0);
    return 0;
}
