/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardgate.conf, whole, and behind an octet RS (0x1E) a drop-in. They are taken, or refused with a line that there is and a
 * reason; then nothing is set. What was told of a configuration that was taken, written down again, is taken too and comes to
 * the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ward/config.h"

#define TOLD_MAX  65536
#define SEPARATOR 0x1E

int LLVMFuzzerInitialize(int *count, char ***arguments);
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

static void write_file(const char *name, const void *octets, size_t length)
{
    const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (file < 0 || write(file, octets, length) != (ssize_t)length)
        abort();
    close(file);
}

static char directory[64], path[80], drop_ins[96], drop_in[112];

static void remove_files(void)
{
    unlink(drop_in);
    rmdir(drop_ins);
    unlink(path);
    rmdir(directory);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    snprintf(directory, sizeof(directory), "%s/ward-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(directory))
        abort();
    snprintf(path, sizeof(path), "%s/wardgate.conf", directory);
    snprintf(drop_ins, sizeof(drop_ins), "%s.d", path);
    snprintf(drop_in, sizeof(drop_in), "%s/local.conf", drop_ins);
    if (mkdir(drop_ins, 0700) < 0)
        abort();
    atexit(remove_files);
    return 0;
}

static int load(const uint8_t *octets, size_t length, struct told *told, struct ward_config *ret,
                struct ward_config_error *ret_error)
{
    const struct ward_config_ear ear = {.tell = on_told, .userdata = told};
    const uint8_t *end = length > 0 ? memchr(octets, SEPARATOR, length) : NULL;
    const size_t first = end ? (size_t)(end - octets) : length;

    write_file(path, octets, first);
    write_file(drop_in, end ? end + 1 : octets, end ? length - first - 1 : 0);
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
    if (load((const uint8_t *)told.text, told.length, &told_again, &again, &error) < 0 ||
        told_again.length != told.length || memcmp(told_again.text, told.text, told.length) != 0)
        abort();
    memcpy(again.digest, config.digest, sizeof(again.digest)); /* of the octets */
    if (memcmp(&again, &config, sizeof(config)) != 0)
        abort();
    return 0;
}
