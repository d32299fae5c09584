/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of the gateway: one INI file, wardgate.conf, read by both daemons, and its drop-ins
 * (wardgate.conf.d/NAME.conf beside it, in the order of their names; a later assignment wins).
 *
 * What each key means stands once, in the option table of config.c, from which config/wardgate.conf is made.
 */
#ifndef WARD_CONFIG_H
#define WARD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_CONFIG_TEXT_MAX 255

enum ward_config_confirm {
    WARD_CONFIRM_RECEIPT, /* delivered when a signed receipt of the hub covers it */
    WARD_CONFIRM_BROKER,  /* delivered on PUBACK: for hubs that cannot send a receipt */
};

enum ward_config_format {
    WARD_FORMAT_JSON, /* up/readings */
    WARD_FORMAT_FHIR, /* up/fhir: the same records as R4 Bundles */
};

/* Which firmware revisions of a model are accepted, separated by commas: never empty. */
struct ward_config_firmware {
    char model[WARD_CONFIG_TEXT_MAX + 1];
    char accepted[WARD_CONFIG_TEXT_MAX + 1];
};
#define WARD_CONFIG_FIRMWARE_MAX 32

/* SHA-256 */
#define WARD_CONFIG_DIGEST_SIZE 32

/* Every text is terminated; an empty one means that the key is not set. Paths are absolute. */
struct ward_config {
    struct {
        char site[WARD_CONFIG_TEXT_MAX + 1]; /* matches [A-Za-z0-9-]{1,64}, like id */
        char id[WARD_CONFIG_TEXT_MAX + 1];
    } gateway;
    struct {
        char adapter[WARD_CONFIG_TEXT_MAX + 1]; /* "hci0" */
        char recovery_directory[WARD_CONFIG_TEXT_MAX + 1];
    } bluetooth;
    struct {
        char path[WARD_CONFIG_TEXT_MAX + 1];
        uint32_t commit_window_ms;
        uint64_t quota_octets, ballast_octets;
    } store;
    struct {
        bool require_signature;
    } plan;
    struct {
        char host[WARD_CONFIG_TEXT_MAX + 1]; /* empty: no hub */
        uint16_t port;
        char ca[WARD_CONFIG_TEXT_MAX + 1];
        char crl[WARD_CONFIG_TEXT_MAX + 1]; /* empty: revocation is not checked */
        char certificate[WARD_CONFIG_TEXT_MAX + 1];
        char key[WARD_CONFIG_TEXT_MAX + 1];
        char enrolled[WARD_CONFIG_TEXT_MAX + 1]; /* a directory; empty: nothing can be enrolled */
        char ward_keys[WARD_CONFIG_TEXT_MAX + 1];
        uint8_t confirm; /* enum ward_config_confirm */
        uint8_t format;  /* enum ward_config_format */
        uint32_t keepalive_ms;
    } hub;
    struct {
        char care_plan_url[WARD_CONFIG_TEXT_MAX + 1]; /* empty: none; https, with {patient} somewhere */
        uint32_t care_plan_interval_ms;
    } https;
    struct {
        char led_directory[WARD_CONFIG_TEXT_MAX + 1];
        char leds[WARD_CONFIG_TEXT_MAX + 1]; /* names separated by spaces; see io/annunciator.h */
        char sound_command[WARD_CONFIG_TEXT_MAX + 1];
        char patient_text[WARD_CONFIG_TEXT_MAX + 1];
        char silence_button[WARD_CONFIG_TEXT_MAX + 1]; /* an input device; empty: none */
        char numbers[WARD_CONFIG_TEXT_MAX + 1];        /* see io/numbers.h */
    } alarm;
    struct {
        char socket[WARD_CONFIG_TEXT_MAX + 1];
        char uplink_user[WARD_CONFIG_TEXT_MAX + 1];
    } spool;
    struct {
        struct ward_config_firmware list[WARD_CONFIG_FIRMWARE_MAX]; /* a model once; of no other */
        size_t count;
    } firmware;
    uint8_t digest
        [WARD_CONFIG_DIGEST_SIZE]; /* over the file and its drop-ins one after the other, as they were read */
};

/* Where the configuration is wrong and why; line is 0 when the file itself is the trouble. */
struct ward_config_error {
    char file[WARD_CONFIG_TEXT_MAX + 1];
    unsigned line;
    char text[WARD_CONFIG_TEXT_MAX + 1]; /* "unknown key [hub] hots" */
};

/* The shipped defaults; gateway.id is empty. */
void ward_config_init(struct ward_config *ret);

/*
 * Reads path and its drop-ins over the defaults. An unset gateway.id becomes "g-" and 16 hex digits that
 * are this machine's own (from /etc/machine-id, not reversible). Returns 0; -EINVAL for a wrong line, an
 * unknown key or a value out of range; -ENOENT and other negative errno for a file that cannot be read. On
 * failure ret is unchanged and ret_error says file, line and what.
 */
int ward_config_load(const char *path, struct ward_config *ret, struct ward_config_error *ret_error);

/* The same for a program that knows the models: [firmware] may name those alone for which is_model says true. */
typedef bool ward_config_is_model(const char *id);
int ward_config_load_knowing(const char *path, ward_config_is_model *is_model, struct ward_config *ret,
                             struct ward_config_error *ret_error);

/* One KEY = VALUE, where it stands; all of it is borrowed for the call. */
struct ward_config_assignment {
    const char *file;
    unsigned line;
    const char *section, *key, *value;
    const char *fallback; /* the default as it would be written; "" in [firmware] */
    bool differs;         /* from the default, by what it means */
};

/* Told of each assignment that is good, in their order: of one key the last one holds. */
struct ward_config_ear {
    void (*tell)(void *userdata, const struct ward_config_assignment *assignment);
    void *userdata;
};
int ward_config_load_telling(const char *path, ward_config_is_model *is_model,
                             const struct ward_config_ear *ear, struct ward_config *ret,
                             struct ward_config_error *ret_error);

/*
 * Writes the shipped file: every key commented at its default. Returns its length without the terminating
 * NUL, as snprintf does, also when it does not fit in size.
 */
size_t ward_config_example(char *ret, size_t size);

#endif
