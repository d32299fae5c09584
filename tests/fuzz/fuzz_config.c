/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardgate.conf, whole. It is taken, or refused with a line that it has and a reason; then nothing is set. What was told of
 * a configuration that was taken, written down again, is taken too and comes to the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ward/config.h"

#define TOLD_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    char text[TOLD_MAX];
    size_t length;
    bool full;
};

static void on_told(void *userdata, const struct ward_config_assignment *assignment)
{
    struct told *told = userdata;
    const size_t room = sizeof(told->text) - told->length;
    const int length = snprintf(told->text + told->length, room, "[%s]\n%s=%s\n", assignment->section,
                                assignment->key, assignment->value);

    told->full = told->full || length < 0 || (size_t)length >= room;
    told->length += told->full ? 0 : (size_t)length;
}

static bool is_model(const char *id)
{
    return strncmp(id, "generic", strlen("generic")) == 0;
}

/* A file without a directory, so that there is none of drop-ins beside it either. */
static int load(const void *octets, size_t length, struct told *told, struct ward_config *ret,
                struct ward_config_error *ret_error)
{
    const struct ward_config_ear ear = {.tell = on_told, .userdata = told};
    static int file = -1;
    char path[32];

    if (file < 0)
        file = memfd_create("wardgate.conf", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) < 0 || pwrite(file, octets, length, 0) != (ssize_t)length)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    return ward_config_load_telling(path, is_model, &ear, ret, ret_error);
}

static unsigned lines_of(const uint8_t *data, size_t size)
{
    unsigned lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct told told, told_again;
    static struct ward_config config, again, untouched;
    struct ward_config_error error = {0};

    told.length = told_again.length = 0;
    told.full = told_again.full = false;
    memset(&config, 0, sizeof(config));
    if (load(data, size, &told, &config, &error) < 0) {
        if (error.text[0] == '\0' || error.line > lines_of(data, size) ||
            memcmp(&config, &untouched, sizeof(config)) != 0)
            abort();
        return 0;
    }
    if (told.full)
        return 0;
    if (load(told.text, told.length, &told_again, &again, &error) < 0 || told_again.length != told.length ||
        memcmp(told_again.text, told.text, told.length) != 0)
        abort();
    memcpy(again.digest, config.digest, sizeof(again.digest)); /* of the octets */
    if (memcmp(&again, &config, sizeof(config)) != 0)
        abort();
    return 0;
}
