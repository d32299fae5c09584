/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/clock.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

/* All of a small file. Returns its octets or a negative errno. */
static ssize_t read_file(const char *path, uint8_t *buffer, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t length = 0;
    ssize_t got = 1;

    if (file < 0)
        return -errno;
    while (length < size && (got = read(file, buffer + length, size - length)) > 0)
        length += (size_t)got;
    if (got < 0)
        got = -errno;
    close(file);
    return got < 0 ? got : (ssize_t)length;
}

int ward_clock_zone(const char *name, struct ward_zone *ret)
{
    char path[256];
    uint8_t *octets = malloc(WARD_ZONE_FILE_MAX);
    ssize_t length = -ENOMEM;
    int result = 0;

    if (octets && snprintf(path, sizeof(path), ZONE_DIRECTORY "/%s", name) < (int)sizeof(path))
        length = read_file(path, octets, WARD_ZONE_FILE_MAX);
    if (length < 0)
        result = (int)length;
    else if (!ward_zone_parse(octets, (size_t)length, ret))
        result = -EBADMSG;
    free(octets);
    return result;
}
