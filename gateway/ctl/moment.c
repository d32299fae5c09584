/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/utc.h"

bool ward_moment_parse(const char *text, int64_t now_ms, int64_t *ret_utc_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"s", 1000}, {"min", 60000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const unsigned long longest = 100000000;
    unsigned long count;
    char *end;

    if (ward_utc_parse(text, strlen(text), ret_utc_ms))
        return true;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    count = strtoul(text, &end, 10);
    if (errno != 0 || count > longest)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].name) == 0) {
            *ret_utc_ms = now_ms - (int64_t)count * units[i].ms;
            return true;
        }
    }
    return false;
}
