/* SPDX-License-Identifier: Apache-2.0 */
#include "ward/config.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <gcrypt.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "app/config_options.h"

#define BLANKS " \t\r\v\f"

/* One reading of the configuration. */
struct loading {
    struct ward_config config;
    struct ward_config_error *error;
    ward_config_is_model *is_model;    /* NULL: any may be one */
    const struct ward_config_ear *ear; /* NULL: nobody listens */
    gcry_md_hd_t digest;
    const char *file;
    FILE *stream;
    unsigned line; /* inih as Debian builds it does not tell the handler */
    bool failed;
};

/* Only the first error counts: inih goes on after one. Returns 0, as inih wants it for an error. */
static int fail(struct loading *loading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct loading *loading, const char *format, ...)
{
    va_list arguments;

    if (loading->failed)
        return 0;
    loading->failed = true;
    snprintf(loading->error->file, sizeof(loading->error->file), "%s", loading->file);
    loading->error->line = loading->line;
    va_start(arguments, format);
    vsnprintf(loading->error->text, sizeof(loading->error->text), format, arguments);
    va_end(arguments);
    return 0;
}

/* The same text may be written in two ways ("1G", "1024M"): what they come to is compared. */
static bool is_default(const struct ward_config_option *option, const char *value)
{
    const size_t size = sizeof(struct ward_config);
    void *said = calloc(1, size), *usual = calloc(1, size); /* what is not set, padding too, is 0 in both */
    bool same = strcmp(option->fallback, value) == 0;

    if (!same && said && usual) {
        (void)ward_config_option_set(option, said, value);
        (void)ward_config_option_set(option, usual, option->fallback);
        same = memcmp(said, usual, size) == 0;
    }
    free(said);
    free(usual);
    return same;
}

/* option: NULL in [firmware], where nothing is the default. */
static int tell(const struct loading *loading, const struct ward_config_option *option, const char *key,
                const char *value)
{
    if (loading->ear)
        loading->ear->tell(loading->ear->userdata,
                           &(struct ward_config_assignment){
                               .file = loading->file,
                               .line = loading->line,
                               .section = option ? option->section : WARD_CONFIG_FIRMWARE,
                               .key = key,
                               .value = value,
                               .fallback = option ? option->fallback : "",
                               .differs = option ? !is_default(option, value) : value[0] != '\0'});
    return 1;
}

/* The keys of [firmware] are models: they are no options of the table. */
static int assign_firmware(struct loading *loading, const char *model, const char *value)
{
    const char *wrong;

    if (loading->is_model && !loading->is_model(model))
        return fail(loading, "unknown key [" WARD_CONFIG_FIRMWARE "] %s: there is no such model", model);
    wrong = ward_config_firmware_set(&loading->config, model, value);
    return wrong ? fail(loading, "[" WARD_CONFIG_FIRMWARE "] %s = %s: it %s", model, value, wrong)
                 : tell(loading, NULL, model, value);
}

static int on_assignment(void *userdata, const char *section, const char *key, const char *value)
{
    struct loading *loading = userdata;

    const struct ward_config_option *option = ward_config_option_find(section, key);
    const char *wrong;

    if (strcmp(section, WARD_CONFIG_FIRMWARE) == 0)
        return assign_firmware(loading, key, value);
    if (!option)
        return fail(loading, "unknown key [%s] %s", section, key);
    wrong = ward_config_option_set(option, &loading->config, value);
    return wrong ? fail(loading, "[%s] %s = %s: it %s", section, key, value, wrong)
                 : tell(loading, option, key, value);
}

/* Whether something stands behind the name of a section that is no comment: inih would pass it by. */
static bool goes_on_behind_section(const char *line)
{
    const char *end = line[0] == '[' ? strchr(line, ']') : NULL;

    return end && !strchr(";#", end[1 + strspn(end + 1, BLANKS "\n")]);
}

/*
 * A line for inih, as fgets gives it, without its indentation: inih takes an indented line for more of the
 * value before it, and would put a key of ours into another's value.
 */
static char *read_line(char *buffer, int size, void *userdata)
{
    struct loading *loading = userdata;
    size_t indentation, length;

    memset(buffer, '\n', (size_t)size); /* behind what fgets puts there is no octet 0 */
    if (!fgets(buffer, size, loading->stream))
        return NULL;
    loading->line++;
    length = strlen(buffer);
    if (memrchr(buffer, '\0', (size_t)size) != buffer + length) {
        fail(loading, "an octet 0 is no text: the file is damaged");
        return NULL;
    }
    gcry_md_write(loading->digest, buffer, length);
    if (length + 1 == (size_t)size && buffer[length - 1] != '\n') {
        fail(loading, "the line is longer than %d characters", size - 2);
        return NULL;
    }
    indentation = strspn(buffer, BLANKS);
    memmove(buffer, buffer + indentation, length - indentation + 1);
    if (goes_on_behind_section(buffer)) {
        fail(loading, "nothing may stand behind [SECTION]: a key begins a line of its own");
        return NULL;
    }
    return buffer;
}

/* Returns 0, or a negative errno with the error told. */
static int load_file(struct loading *loading, const char *path)
{
    int line;

    loading->file = path;
    loading->line = 0;
    loading->stream = fopen(path, "re");
    if (!loading->stream) {
        int failure = -errno;

        fail(loading, "%s", strerror(-failure));
        return failure;
    }
    line = ini_parse_stream(read_line, loading, on_assignment, loading);
    if (ferror(loading->stream)) {
        loading->line = 0;
        fail(loading, "cannot be read");
    } else if (line > 0 && (!loading->failed || (unsigned)line < loading->error->line)) {
        /* inih goes on after a line it cannot read, so an error of the handler may have come after it */
        loading->failed = false;
        loading->line = (unsigned)line;
        fail(loading, "neither [SECTION] nor KEY = VALUE");
    }
    fclose(loading->stream);
    return loading->failed ? -EINVAL : 0;
}

static int is_drop_in(const struct dirent *entry)
{
    return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

static int load_drop_ins(struct loading *loading, const char *path)
{
    char directory[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
    struct dirent **entries = NULL;
    int count, r = 0;

    snprintf(directory, sizeof(directory), "%s.d", path);
    count = scandir(directory, &entries, is_drop_in, alphasort);
    if (count < 0 && errno != ENOENT) { /* what stands there counts, and nobody can say what it is */
        r = -errno;
        loading->file = directory;
        loading->line = 0;
        fail(loading, "%s", strerror(-r));
    }
    for (int i = 0; i < count; i++) {
        snprintf(file, sizeof(file), "%s/%s", directory, entries[i]->d_name);
        if (r == 0)
            r = load_file(loading, file);
        free(entries[i]);
    }
    free(entries);
    return r; /* a directory that is not there has no drop-ins */
}

/* The path and its drop-ins, with the digest of all that was read. Returns as ward_config_load(). */
static int load_files(struct loading *loading, const char *path)
{
    int r;

    loading->file = path;
    gcry_check_version(NULL); /* it has to be asked before anything else is */
    if (gcry_md_open(&loading->digest, GCRY_MD_SHA256, 0) != 0) {
        fail(loading, "cannot be hashed");
        return -ENOMEM;
    }
    r = load_file(loading, path);
    if (r == 0)
        r = load_drop_ins(loading, path);
    memcpy(loading->config.digest, gcry_md_read(loading->digest, GCRY_MD_SHA256),
           sizeof(loading->config.digest));
    gcry_md_close(loading->digest);
    return r;
}

static int complete_id(struct ward_config *config)
{
    static const sd_id128_t application =
        SD_ID128_MAKE(6b, c1, 52, 8f, 5c, 0e, 4d, 9a, 93, 71, 1f, 0a, 8e, 2d, 47, b3);
    char text[SD_ID128_STRING_MAX];
    sd_id128_t machine;
    int r;

    if (config->gateway.id[0])
        return 0;
    r = sd_id128_get_machine_app_specific(application, &machine);
    if (r < 0)
        return r;
    snprintf(config->gateway.id, sizeof(config->gateway.id), "g-%.16s", sd_id128_to_string(machine, text));
    return 0;
}

int ward_config_load(const char *path, struct ward_config *ret, struct ward_config_error *ret_error)
{
    return ward_config_load_knowing(path, NULL, ret, ret_error);
}

int ward_config_load_knowing(const char *path, ward_config_is_model *is_model, struct ward_config *ret,
                             struct ward_config_error *ret_error)
{
    return ward_config_load_telling(path, is_model, NULL, ret, ret_error);
}

int ward_config_load_telling(const char *path, ward_config_is_model *is_model,
                             const struct ward_config_ear *ear, struct ward_config *ret,
                             struct ward_config_error *ret_error)
{
    struct ward_config_error error = {0};
    struct loading loading = {.error = &error, .is_model = is_model, .ear = ear};
    int r;

    ward_config_init(&loading.config);
    r = load_files(&loading, path);
    if (r == 0) {
        r = complete_id(&loading.config);
        loading.file = path;
        loading.line = 0;
        if (r < 0)
            fail(&loading, "[gateway] id is not set, and this machine has no id: %s", strerror(-r));
    }
    if (r < 0) {
        *ret_error = error;
        return r;
    }
    *ret = loading.config;
    return 0;
}
