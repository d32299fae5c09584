/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations as text. Each case is a script of inputs and the list of actions that it must bring, word by word.
 *
 * inputs, "@" is a time as the device shows it, in minutes from ours (zone 60, 10:00 there at the start): @-5
 *   services A/B,…     they are known; "-" for none        end               the link is gone
 *   told:TEXT          what was read: that text
 *   bp@-5  bp          2A35 with that time; without        ok  no:N          what was written: done, error N
 *   temp@-5            2A1C                                clock@0  clock:HEX  clock!N   what was read: a time, octets, error
 *   glu:17@-5  glux:17@-5   2A18, sequence number; with a context to follow
 *   ctx:17             2A34                                commit:N          committed
 *   pls@-5             2A5E that says it is from the memory
 *   plx@-5  stream     2A5E, 2A5F                          +N                N milliseconds pass, and nothing happens
 *   battery  bad       2A19; 2A35 cut short                tick              the deadline has come
 *   cp:HEX             2A52                                seg:HEX           2B36
 *   v:HEX              the vendor's notification           v2:HEX            of a characteristic that nobody knows
 *
 * actions
 *   R1805/2a2b  W1805/2a2b  Wcp=HEX  Wv=HEX    read, write (a clock's octets are checked in another test)
 *   m1  M1  M1L        told unsettled; settled; settled and late. M0 of a stream. "+c" with a context, "#17" its number,
 *                      "?" behind one that was lost, or may be
 *   T3/4  T!3/4        transfer done: received/announced; not complete; ",anew" when its numbers began anew
 *   E3                 deleted
 *   C:wrong  C:right,set  C:none              the clock                        F:name   fault    Z180000   rest
 *   V:1.02                                    the firmware revision
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/duplicate.h"
#include "core/exchange.h"
#include "core/utc.h"

#define ZONE_MIN  60
#define BEGIN_US  UINT64_C(3600000000)
#define BEGIN_UTC INT64_C(1795338000000) /* 2026-11-22T09:00:00Z */

enum flag {
    MAY_SET = 1 << 0,
    ENROLLING = 1 << 1,
    KNOWS_17 = 1 << 2,
    NO_UTC = 1 << 3,
    OLD_PAIR = 1 << 4,
    KNOWS_WHICH = 1 << 5, /* of KNOWS_17: it was "glu:17@-60"; of a cuff "seg:031100" PRESSURE */
    FLAGS = 1 << 6,
};

struct script {
    const char *name, *model;
    unsigned flags;
    const char *inputs, *actions;
};

struct play {
    struct ward_exchange exchange;
    struct ward_exchange_sink sink;
    struct ward_time now;
    const char *services; /* NULL: not known */
    char log[4096];
    size_t length;
    struct ward_exchange_measurement newest; /* with what it points to: */
    struct ward_decoded decoded;
    uint8_t octets[WARD_GATT_VALUE_MAX];
    struct ward_exchange_clock clock;
    uint8_t written[16];
    size_t written_length;
};

/* --- what came out ------------------------------------------------------------------------------------------- */

static void put(struct play *play, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct play *play, const char *format, ...)
{
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(play->log + play->length, sizeof(play->log) - play->length, format, arguments);
    va_end(arguments);
    assert_true(written >= 0 && (size_t)written < sizeof(play->log) - play->length);
    play->length += (size_t)written;
}

static void put_write(struct play *play, const struct ward_exchange_action *action)
{
    const uint16_t number = action->place.characteristic.number;

    memcpy(play->written, action->octets, action->length);
    play->written_length = action->length;
    if (number == WARD_CHAR_CURRENT_TIME || number == WARD_CHAR_DATE_TIME) {
        put(play, "W%04x/%04x ", action->place.service.number, number);
        return;
    }
    put(play, number == WARD_CHAR_RECORD_ACCESS_CONTROL_POINT ? "Wcp=" : "Wv=");
    for (size_t i = 0; i < action->length; i++)
        put(play, "%02X", action->octets[i]);
    put(play, " ");
}

static void put_measurement(struct play *play, const struct ward_exchange_measurement *measurement)
{
    assert_non_null(measurement->decoded);
    play->newest = *measurement;
    play->decoded = *measurement->decoded;
    memcpy(play->octets, measurement->octets, measurement->length);
    play->newest.decoded = &play->decoded;
    play->newest.octets = play->octets;
    assert_true(measurement->is_settled || !measurement->late);
    assert_true(measurement->is_settled || measurement->number > 0);
    assert_int_equal(measurement->kind, measurement->late ? WARD_READING_STORED : measurement->decoded->kind);
    assert_int_equal(measurement->code, measurement->decoded->characteristic);
    assert_true(measurement->received.boot_us <= play->now.boot_us);
    put(play, "%s%u%s", measurement->is_settled ? "M" : "m", measurement->number,
        measurement->late ? "L" : "");
    if (measurement->context != NULL)
        put(play, "+c");
    if (measurement->has_record)
        put(play, "#%u%s", measurement->record, measurement->is_behind_lost ? "?" : "");
    put(play, " ");
}

static void action(void *context, const struct ward_exchange_action *what)
{
    struct play *play = context;

    switch (what->type) {
    case WARD_EXCHANGE_READ:
        put(play, "R%04x/%04x ", what->place.service.number, what->place.characteristic.number);
        break;
    case WARD_EXCHANGE_WRITE: put_write(play, what); break;
    case WARD_EXCHANGE_MEASUREMENT: put_measurement(play, what->measurement); break;
    case WARD_EXCHANGE_TRANSFER_DONE:
        put(play, "T%s%u/%u%s ", what->transfer.is_complete ? "" : "!", what->transfer.received,
            what->transfer.announced, what->transfer.begins_anew ? ",anew" : "");
        break;
    case WARD_EXCHANGE_ERASED: put(play, "E%u ", what->transfer.received); break;
    case WARD_EXCHANGE_CLOCK:
        play->clock = what->clock;
        put(play, "C:%s%s ",
            ward_device_clock_is_pair(&what->clock.pair) ? ward_device_clock_state_name(what->clock.state)
                                                         : "none",
            what->clock.was_set ? ",set" : "");
        break;
    case WARD_EXCHANGE_FIRMWARE: put(play, "V:%s ", what->firmware); break;
    case WARD_EXCHANGE_FAULT:
        assert_true(strlen(what->fault.text) > 10);
        put(play, "F:%s ", what->fault.name);
        break;
    case WARD_EXCHANGE_REST: put(play, "Z%u ", what->rest_ms); break;
    }
}

/* --- what goes in ----------------------------------------------------------------------------------------------- */

#define PRESSURE "00780050005D00" /* of 2A35 */

static size_t hex(const char *text, uint8_t *octets)
{
    size_t length = 0;

    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        char digits[3] = {text[0], text[1]};

        octets[length++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

static bool has(void *context, struct ward_gatt_place place)
{
    const struct play *play = context;
    char name[16];

    if (place.characteristic.number == 0) /* a vendor's own */
        return strstr(play->services, "vendor") != NULL;
    snprintf(name, sizeof(name), "%04x/%04x", place.service.number, place.characteristic.number);
    return strstr(play->services, name) != NULL;
}

/* The device's clock shows our local time, and these minutes more. */
static size_t put_time(const struct play *play, const char *minutes, uint8_t *octets)
{
    const int64_t utc_ms =
        BEGIN_UTC + (int64_t)(play->now.boot_us - BEGIN_US) / 1000; /* also where nobody knows it */
    struct ward_device_time time;

    if (strcmp(minutes, "none") == 0) {
        memset(octets, 0, 7);
        return 7;
    }
    assert_true(ward_device_time_from_seconds(utc_ms / 1000 + (ZONE_MIN + atoi(minutes)) * 60, &time));
    octets[0] = (uint8_t)(time.year & 0xFF);
    octets[1] = (uint8_t)(time.year >> 8);
    octets[2] = time.month;
    octets[3] = time.day;
    octets[4] = time.hour;
    octets[5] = time.minute;
    octets[6] = time.second;
    return 7;
}

static void value(struct play *play, uint16_t characteristic, const uint8_t *octets, size_t length)
{
    const struct ward_exchange_context context = {.now = play->now, .sink = &play->sink};
    const struct ward_gatt_place place = {{0}, WARD_GATT_NUMBER(characteristic)};
    uint8_t *exact = malloc(length + (length == 0)); /* so that a sanitizer sees a read past its end */

    memcpy(exact, octets, length);
    ward_exchange_value(&play->exchange, place, exact, length, &context);
    free(exact);
}

static void vendor_value(struct play *play, const char *uuid, const char *text)
{
    const struct ward_exchange_context context = {.now = play->now, .sink = &play->sink};
    const struct ward_gatt_place place = {{0}, ward_gatt_name(uuid)};
    uint8_t octets[128];

    ward_exchange_value(&play->exchange, place, octets, hex(text, octets), &context);
}

static void pressure(struct play *play, const char *minutes)
{
    uint8_t octets[32] = {0x00, 0x78, 0x00, 0x50, 0x00, 0x5D, 0x00};
    size_t length = 7;

    if (minutes != NULL) {
        octets[0] = 0x02;
        length += put_time(play, minutes, octets + length);
    }
    value(play, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, octets, length);
}

static void temperature(struct play *play, const char *minutes)
{
    uint8_t octets[32] = {0x02, 0x6C, 0x01, 0x00, 0xFF};

    value(play, WARD_CHAR_TEMPERATURE_MEASUREMENT, octets, 5 + put_time(play, minutes, octets + 5));
}

/* Measurement status bit 9: data from measurement storage. */
static void spot_check(struct play *play, const char *minutes, bool is_from_memory)
{
    uint8_t octets[32] = {0x00, 0x60, 0x00, 0x48, 0x00};
    size_t length = 5;

    if (minutes != NULL) {
        octets[0] |= 0x01;
        length += put_time(play, minutes, octets + length);
    }
    if (is_from_memory) {
        octets[0] |= 0x02;
        octets[length + 1] = 1 << 1;
        length += 2;
    }
    value(play, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, octets, length);
}

static size_t put_glucose(const struct play *play, uint8_t flags, unsigned number, const char *minutes,
                          uint8_t octets[static 32])
{
    size_t length = 3;

    octets[0] = flags;
    octets[1] = (uint8_t)number;
    octets[2] = (uint8_t)(number >> 8);
    length += put_time(play, minutes, octets + length);
    memcpy(octets + length, "\x64\xB0\x11", 3);
    return length + 3;
}

static void glucose(struct play *play, uint8_t flags, const char *number, const char *minutes)
{
    uint8_t octets[32];
    const size_t length = put_glucose(play, flags, (unsigned)atoi(number), minutes, octets);

    value(play, WARD_CHAR_GLUCOSE_MEASUREMENT, octets, length);
}

static void clock_answer(struct play *play, const char *minutes)
{
    const struct ward_exchange_context context = {.now = play->now, .sink = &play->sink};
    uint8_t octets[16] = {0};
    size_t length = put_time(play, minutes, octets);

    if (play->exchange.clock_place.characteristic.number == WARD_CHAR_CURRENT_TIME)
        length += 3;
    ward_exchange_read_done(&play->exchange, 0, octets, length, &context);
}

static void put_value(struct play *play, const char *word, const char *argument, const char *minutes)
{
    uint8_t octets[600];

    if (strcmp(word, "bp") == 0) {
        pressure(play, minutes);
    } else if (strcmp(word, "temp") == 0) {
        temperature(play, minutes);
    } else if (strcmp(word, "plx") == 0) {
        spot_check(play, minutes, false);
    } else if (strcmp(word, "pls") == 0) {
        spot_check(play, minutes, true);
    } else if (strcmp(word, "glu") == 0) {
        glucose(play, 0x02, argument, minutes);
    } else if (strcmp(word, "glux") == 0) {
        glucose(play, 0x12, argument, minutes);
    } else if (strcmp(word, "ctx") == 0) {
        octets[0] = 0x02;
        octets[1] = (uint8_t)atoi(argument);
        octets[2] = 0;
        octets[3] = 1;
        value(play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, octets, 4);
    } else if (strcmp(word, "stream") == 0) {
        value(play, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, (const uint8_t *)"\x00\x60\x00\x48\x00", 5);
    } else if (strcmp(word, "battery") == 0) {
        value(play, WARD_CHAR_BATTERY_LEVEL, (const uint8_t *)"\x55", 1);
    } else if (strcmp(word, "bad") == 0) {
        value(play, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, (const uint8_t *)"\x02\x78\x00", 3);
    } else if (strcmp(word, "cp") == 0) {
        value(play, WARD_CHAR_RECORD_ACCESS_CONTROL_POINT, octets, hex(argument, octets));
    } else if (strcmp(word, "seg") == 0) {
        value(play, WARD_CHAR_BLOOD_PRESSURE_RECORD, octets, hex(argument, octets));
    } else if (strcmp(word, "obs") == 0) {
        value(play, WARD_CHAR_LIVE_HEALTH_OBSERVATIONS, octets, hex(argument, octets));
    } else if (strcmp(word, "v") == 0) {
        vendor_value(play, play->exchange.driver->notify, argument);
    } else if (strcmp(word, "v2") == 0) {
        vendor_value(play, "cdeacb81-5235-4c07-8846-93a37ee6b8ff", argument);
    } else {
        fail_msg("no input: %s", word);
    }
}

static void put_in(struct play *play, char *word)
{
    const struct ward_exchange_context context = {.now = play->now, .sink = &play->sink};
    const struct ward_exchange_services services = {.has = has, .context = play};
    char *const minutes = strchr(word, '@');
    char *argument;
    uint8_t octets[64];
    size_t length;

    if (minutes != NULL)
        *minutes = '\0';
    argument = strpbrk(word, ":!");
    if (word[0] == '+') {
        play->now.boot_us += (uint64_t)atoi(word + 1) * 1000;
        if (play->now.utc_ms != WARD_UTC_UNKNOWN)
            play->now.utc_ms += atoi(word + 1);
    } else if (strncmp(word, "services:", 9) == 0) {
        play->services = word + 9;
        ward_exchange_resolved(&play->exchange, &services, &context);
    } else if (strcmp(word, "ok") == 0) {
        ward_exchange_write_done(&play->exchange, 0, &context);
    } else if (strncmp(word, "no:", 3) == 0) {
        ward_exchange_write_done(&play->exchange, atoi(word + 3), &context);
    } else if (strncmp(word, "clock!", 6) == 0) {
        ward_exchange_read_done(&play->exchange, atoi(word + 6), NULL, 0, &context);
    } else if (strncmp(word, "clock:", 6) == 0) {
        length = hex(word + 6, octets);
        ward_exchange_read_done(&play->exchange, 0, octets, length, &context);
    } else if (strncmp(word, "told:", 5) == 0) {
        ward_exchange_read_done(&play->exchange, 0, (const uint8_t *)word + 5, strlen(word + 5), &context);
    } else if (strcmp(word, "clock") == 0) {
        clock_answer(play, minutes + 1);
    } else if (strncmp(word, "commit:", 7) == 0) {
        ward_exchange_committed(&play->exchange, (uint32_t)atoi(word + 7), &context);
    } else if (strcmp(word, "tick") == 0) {
        const uint64_t due_us = ward_exchange_deadline_us(&play->exchange);
        struct ward_exchange_context then = context;

        if (due_us != UINT64_MAX && due_us > play->now.boot_us) {
            if (play->now.utc_ms != WARD_UTC_UNKNOWN)
                play->now.utc_ms += (int64_t)(due_us - play->now.boot_us) / 1000;
            play->now.boot_us = due_us;
        }
        then.now = play->now;
        ward_exchange_tick(&play->exchange, &then);
    } else if (strcmp(word, "end") == 0) {
        ward_exchange_ended(&play->exchange, &context);
    } else {
        if (argument != NULL)
            *argument++ = '\0';
        put_value(play, word, argument, minutes != NULL ? minutes + 1 : NULL);
    }
}

/* Of the record that is known with KNOWS_WHICH. */
static uint64_t digest_of_17(const struct play *play, const struct ward_model *model)
{
    const bool is_meter = model->service == WARD_SERVICE_GLUCOSE;
    uint8_t octets[32];
    const size_t length = is_meter ? put_glucose(play, 0x02, 17, "-60", octets) : hex(PRESSURE, octets);
    struct ward_decoded decoded;

    ward_decode(is_meter ? WARD_CHAR_GLUCOSE_MEASUREMENT : WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, octets,
                length, &decoded);
    return ward_record_digest(&decoded, 17, octets, length);
}

static void begin(struct play *play, const struct ward_model *model, unsigned flags)
{
    struct ward_exchange_terms terms = {
        .model = model,
        .has_record = (flags & KNOWS_17) != 0,
        .last_record = 17,
        .clock = ward_device_clock_no_pair(),
        .enrolling = (flags & ENROLLING) != 0,
        .may_set_clock = (flags & MAY_SET) != 0,
        .zone_min = ZONE_MIN,
    };

    *play = (struct play){
        .sink = {.action = action, .context = play},
        .now = {.boot_us = BEGIN_US, .utc_ms = BEGIN_UTC, .clock = WARD_CLOCK_SYNCED},
    };
    if ((flags & NO_UTC) != 0) {
        play->now.utc_ms = WARD_UTC_UNKNOWN;
        play->now.clock = WARD_CLOCK_UNSYNCED;
    }
    if ((flags & OLD_PAIR) != 0) {
        terms.clock.device_ms = BEGIN_UTC + ZONE_MIN * 60000 - 86400000;
        terms.clock.at = (struct ward_time){.utc_ms = BEGIN_UTC - 86400000, .clock = WARD_CLOCK_SYNCED};
    }
    if ((flags & KNOWS_WHICH) != 0)
        terms.last_digest = digest_of_17(play, model);
    ward_exchange_begin(&play->exchange, &terms,
                        &(struct ward_exchange_context){.now = play->now, .sink = &play->sink});
}

static void run_inputs(struct play *play, const char *inputs)
{
    char text[2048];
    char *rest = text;

    snprintf(text, sizeof(text), "%s", inputs);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        put_in(play, word);
}

/* --- the cases ------------------------------------------------------------------------------------------------------ */

#define CUFF  "services:1805/2a2b"
#define METER "services:1808/2a52"
#define OXI   "services:1822/2a52"

static const struct script scripts[] = {
    /* lateness without a clock: by how it came */
    {"a stream is never held", "oximeter", 0, "stream services:- stream stream end stream", "M0 M0 M0"},
    {"without a time it is of now", "blood-pressure-cuff", 0, "bp services:- bp", "M1 M2"},
    {"the last one is of now, after a while", "blood-pressure-cuff", 0, "services:- bp@-5 tick tick",
     "m1 M1"},
    {"the last one is of now, at the end of the link", "blood-pressure-cuff", 0, "services:- bp@-5 +300 end",
     "m1 M1"},
    {"it says itself that it is from the memory", "oximeter", 0, "pls@-1 pls services:- plx@-1 tick",
     "M1L M2L m3 M3"},
    {"it says so, and the clock says otherwise", "oximeter", 0, "services:1805/2a2b clock@0 pls@-600 pls@-1",
     "R1805/2a2b C:right M1L M2"},
    {"those before the last are from the memory", "blood-pressure-cuff", 0,
     "services:- bp@-900 +40 bp@-600 +40 bp@-1 tick", "m1 M1L m2 M2L m3 M3"},
    {"a time that is not known is one", "blood-pressure-cuff", 0, "services:- bp@none bp@none end",
     "m1 M1L m2 M2"},
    {"more than the pause between them: each was the last", "blood-pressure-cuff", 0,
     "services:- bp@-5 tick +100 bp@-5 tick", "m1 M1 m2 M2"},
    {"before the services are known the clock is waited for", "blood-pressure-cuff", 0,
     "bp@-600 bp@-300 bp@-1 +3000 services:- tick", "m1 m2 m3 M1L M2L M3"},
    {"… and at the end of the link not", "blood-pressure-cuff", 0, "bp@-600 bp@-1 end", "m1 m2 M1L M2"},
    {"… and not for ever", "blood-pressure-cuff", 0, "bp@-600 tick bp tick", "m1 M1 M2"},
    {"a battery and a broken frame decide nothing", "blood-pressure-cuff", 0,
     "services:- bp@-1 battery bad tick", "m1 M0 M0 M1"},
    {"more than can be held: the oldest are from the memory", "blood-pressure-cuff", 0,
     "bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-9 bp@-1 "
     "end",
     "m1 m2 m3 m4 m5 m6 m7 m8 m9 m10 m11 m12 m13 m14 m15 m16 M1L m17 M2L M3L M4L M5L M6L M7L M8L M9L M10L "
     "M11L M12L M13L M14L M15L M16L M17"},
    /* lateness by the clock */
    {"the clock decides, and at once", "blood-pressure-cuff", 0, CUFF " clock@0 bp@-600 bp@-1 bp@-600",
     "R1805/2a2b C:right M1L M2 M3L"},
    {"a wrong clock decides too", "blood-pressure-cuff", 0, CUFF " clock@5000 bp@4400 bp@4999",
     "R1805/2a2b C:wrong M1L M2"},
    {"what came before its answer is decided by it", "blood-pressure-cuff", 0,
     "bp@-600 " CUFF " bp@-1 +100 clock@0", "m1 R1805/2a2b m2 C:right M1L M2"},
    {"no answer: by how it came", "blood-pressure-cuff", 0, CUFF " bp@-600 bp@-1 clock!2 tick",
     "R1805/2a2b m1 m2 F:clock-not-read C:none M1L M2"},
    {"an answer that is no date: by how it came", "blood-pressure-cuff", 0,
     CUFF " bp@-600 bp@-1 clock@none tick", "R1805/2a2b m1 m2 C:none M1L M2"},
    {"no answer for too long", "blood-pressure-cuff", 0, CUFF " bp@-600 bp@-1 tick tick tick",
     "R1805/2a2b m1 m2 M1L M2 F:clock-not-read C:none"},
    {"a time of the future: by how it came", "blood-pressure-cuff", 0, CUFF " clock@0 bp@30 bp@30 tick",
     "R1805/2a2b C:right m1 M1L m2 M2"},
    {"the end of the link while it is asked", "blood-pressure-cuff", 0, CUFF " bp@-600 bp@-1 end clock@0",
     "R1805/2a2b m1 m2 M1L M2"},
    {"nobody knows the time: the age decides", "blood-pressure-cuff", NO_UTC | MAY_SET,
     CUFF " clock@0 bp@-600 bp@-1", "R1805/2a2b C:unchecked M1L M2"},
    /* the clock */
    {"set because it is wrong", "blood-pressure-cuff", MAY_SET,
     CUFF " clock@-60 +50 ok +50 clock@0 bp@-61 bp@0", "R1805/2a2b W1805/2a2b R1805/2a2b C:wrong,set M1 M2"},
    {"not set because it is right", "blood-pressure-cuff", MAY_SET, CUFF " clock@0", "R1805/2a2b C:right"},
    {"not set because we may not", "blood-pressure-cuff", 0, CUFF " clock@-60", "R1805/2a2b C:wrong"},
    {"not set because the model says never", "heart-rate-strap", MAY_SET, CUFF " clock@-60",
     "R1805/2a2b C:wrong"},
    {"not set because we do not know", "aandd-cuff", MAY_SET | NO_UTC, "services:1810/2a08 clock@-60",
     "R1810/2a08 C:unchecked"},
    {"set because it is no date", "blood-pressure-cuff", MAY_SET, CUFF " clock@none ok clock@0",
     "R1805/2a2b W1805/2a2b R1805/2a2b C:unreadable,set"},
    {"not set where it cannot be read", "blood-pressure-cuff", MAY_SET, CUFF " clock!2",
     "R1805/2a2b F:clock-not-read C:none"},
    {"the write is refused", "blood-pressure-cuff", MAY_SET, CUFF " clock@-60 no:128 bp@-60",
     "R1805/2a2b W1805/2a2b F:clock-not-set C:wrong M1"},
    {"it says that it was written", "blood-pressure-cuff", MAY_SET, CUFF " clock@-60 ok clock@-60 bp@-60",
     "R1805/2a2b W1805/2a2b R1805/2a2b F:clock-not-set C:wrong M1"},
    {"it cannot be read back", "blood-pressure-cuff", MAY_SET, CUFF " clock@-60 ok clock!14 bp@-60",
     "R1805/2a2b W1805/2a2b R1805/2a2b F:clock-not-set C:wrong M1"},
    {"no answer to the write", "blood-pressure-cuff", MAY_SET, CUFF " clock@-60 tick",
     "R1805/2a2b W1805/2a2b F:clock-not-set C:wrong"},
    {"the end of the link before it is set", "blood-pressure-cuff", MAY_SET, CUFF " clock@-60 end",
     "R1805/2a2b W1805/2a2b C:wrong"},
    {"A&D: in its own service, each time", "aandd-cuff", MAY_SET,
     "services:1810/2a08 clock@0 ok clock@0 bp@0", "R1810/2a08 W1810/2a08 R1810/2a08 C:right,set M1"},
    {"A&D: also where it cannot be read", "aandd-thermometer", MAY_SET,
     "services:1809/2a08 clock!2 ok clock!2 temp@0 tick",
     "R1809/2a08 F:clock-not-read W1809/2a08 R1809/2a08 F:clock-not-set C:none m1 M1"},
    {"Date Time in the time service", "thermometer", 0, "services:1805/2a08 clock@0", "R1805/2a08 C:right"},
    {"Current Time before Date Time", "thermometer", 0, "services:1809/2a08,1805/2a2b clock@0",
     "R1805/2a2b C:right"},
    /* records with numbers */
    {"new records, the last of them of now", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000300 ok glu:17@-60 glu:18@-50 glu:19@-1 cp:06000101",
     "Wcp=0403011100 Wcp=0103011100 M1L#18 M2#19 T3/3"},
    {"its number shows that it is the last", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000200 ok glu:17@-60 glu:18@-1", "Wcp=0403011100 Wcp=0103011100 M1#18"},
    {"nothing new: the known one is passed over", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000100 ok glu:17@-60 cp:06000101", "Wcp=0403011100 Wcp=0103011100 T1/1"},
    {"… and its context, which comes late", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000200 ok glux:17@-60 ctx:17 glux:18@-1 cp:06000101 ctx:17 ctx:18",
     "Wcp=0403011100 Wcp=0103011100 m1#18 T2/2 M1+c#18"},
    {"the known one was deleted: what is new is", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000200 ok glu:18@-50 glu:19@-1 cp:06000101",
     "Wcp=0403011100 Wcp=0103011100 M1L#18 M2#19 T2/2"},
    {"which it was is not known: it is told, and never as of now", "glucose-meter", KNOWS_17,
     METER " ok cp:05000100 ok glux:17@-1 ctx:17 cp:06000101", "Wcp=0403011100 Wcp=0103011100 M1L+c#17 T1/1"},
    {"another of its number: all are asked for", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000200 ok glux:17@-9 ctx:17 glux:18@-1 ctx:18 cp:06000101 ok cp:05000300 ok glu:16@-20 "
           "glux:17@-9 ctx:17 glu:18@-1 cp:06000101",
     "Wcp=0403011100 Wcp=0103011100 Wcp=0401 Wcp=0101 M1L#16 M2L+c#17 M3#18 T3/3"},
    {"… and the link ends before they come", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000200 ok glu:17@-9 glu:18@-1 end",
     "Wcp=0403011100 Wcp=0103011100 F:records-incomplete T!2/2,anew"},
    {"… and one that is late itself is not taken for new", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER
     " ok cp:05000300 ok glu:17@-9 cp:06000101 tick glu:18@-1 ctx:18 ok cp:05000200 ok glu:17@-9 glu:18@-1",
     "Wcp=0403011100 Wcp=0103011100 Wcp=0401 Wcp=0101 M1L#17 M2#18"},
    {"… and a context that comes late then is none of a known one", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000100 ok glu:17@-9 cp:06000101 ok cp:05000200 ok glu:17@-9 glu:18@-1 ctx:17",
     "Wcp=0403011100 Wcp=0103011100 Wcp=0401 Wcp=0101 M1L#17 M2#18 F:context-without-measurement M0L"},
    {"a context of the known number, of which no record came", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:05000100 ok ctx:17", "Wcp=0403011100 Wcp=0103011100 F:context-without-measurement M0L"},
    {"the last one is there after all", "glucose-meter", KNOWS_17 | KNOWS_WHICH,
     METER " ok cp:06000406 ok glux:17@-60 ctx:17 cp:06000101", "Wcp=0403011100 Wcp=0106 T1/1"},
    {"… which one it was is not known", "glucose-meter", KNOWS_17,
     METER " ok cp:06000406 ok glu:17@-1 cp:06000101", "Wcp=0403011100 Wcp=0106 M1L#17 T1/1"},
    {"they have not reached it: what shows it is told among all", "glucose-meter", KNOWS_17,
     METER " ok cp:06000406 ok glu:2@-1 cp:06000101 ok cp:05000200 ok glu:1@-600 glu:2@-1 cp:06000101",
     "Wcp=0403011100 Wcp=0106 Wcp=0401 Wcp=0101 M1L#1 M2#2 T2/2"},
    {"… and not before, lest the others be behind what is known", "glucose-meter", KNOWS_17,
     METER " ok cp:06000406 ok glux:2@-1 ctx:2 cp:06000101 end",
     "Wcp=0403011100 Wcp=0106 Wcp=0401 F:records-incomplete T!0/0,anew"},
    {"… and a context of what it told before it was looked is joined", "glucose-meter", KNOWS_17,
     METER " glux:3@-1 ok cp:06000406 ok glu:2@-600 ctx:3 end",
     "Wcp=0403011100 m1#3 Wcp=0106 M1+c#3 F:records-incomplete T!1/0,anew"},
    {"a cuff's known record", "omron-cuff", KNOWS_17 | KNOWS_WHICH,
     "services:1810/2a52 ok cp:05000200 ok seg:031100352A" PRESSURE
     " seg:031200352A00780050005D00 cp:06000101",
     "Wcp=0403011100 Wcp=0103011100 M1#18 T2/2"},
    {"… and another one of its number", "omron-cuff", KNOWS_17 | KNOWS_WHICH,
     "services:1810/2a52 ok cp:05000100 ok seg:031100352A00790050005D00 cp:06000101",
     "Wcp=0403011100 Wcp=0103011100 Wcp=0401"},
    {"… that cannot be decoded, as none that comes behind it", "omron-cuff", KNOWS_17 | KNOWS_WHICH,
     "services:1810/2a52 ok cp:05000200 ok seg:031100352A0078 seg:031200352A0078 cp:06000101",
     "Wcp=0403011100 Wcp=0103011100 Wcp=0401"},
    {"what cannot be decoded is told, and not counted", "omron-cuff", KNOWS_17 | KNOWS_WHICH,
     "services:1810/2a52 ok cp:05000200 ok seg:031100352A" PRESSURE " seg:031200352A0078 cp:06000101 tick",
     "Wcp=0403011100 Wcp=0103011100 M0#18 F:records-incomplete T!1/2"},
    {"… and does not leave behind what came before it", "omron-cuff", KNOWS_17,
     "services:1810/2a52 ok cp:05000200 ok seg:031200352A" PRESSURE " seg:031300352A0078 end",
     "Wcp=0403011100 Wcp=0103011100 M1L#18 M0#19 F:records-incomplete T!1/2"},
    {"… that is not decided either", "omron-cuff", KNOWS_17,
     "services:1810/2a52 seg:031200352A0200780050005D00EA070B16090002 ok cp:05000200 ok seg:031300352A0078 tick",
     "Wcp=0403011100 m1#18 Wcp=0103011100 M0#19? M1#18"},
    {"what cannot be decoded and has no number shows nothing", "omron-cuff", KNOWS_17,
     "services:1810/2a52 ok cp:06000406 ok bad cp:06000106", "Wcp=0403011100 Wcp=0106 M0 T0/0"},
    {"what is measured while it is looked is of now, and shows nothing", "omron-cuff", KNOWS_17,
     "services:1810/2a52 ok cp:06000406 ok bp@-1 seg:031100352A00780050005D00 cp:06000101 tick",
     "Wcp=0403011100 Wcp=0106 m1 M2L#17 T1/1 M1"},
    {"none", "glucose-meter", 0, METER " ok cp:05000000", "Wcp=0401 T0/0"},
    {"one is missing: the last that came is not the last", "glucose-meter", 0,
     METER " ok cp:05000300 ok glu:1@-600 glu:2@-1 cp:06000101 tick",
     "Wcp=0401 Wcp=0101 M1L#1 M2L#2 F:records-incomplete T!2/3"},
    {"the answer overtakes the last: it is no live one", "glucose-meter", 0,
     METER " ok cp:05000300 ok glu:1@-900 glu:2@-600 cp:06000101 glu:3@-1 tick",
     "Wcp=0401 Wcp=0101 M1L#1 M2L#2 M3#3 T3/3"},
    {"an observation in two segments is one", "health-sensor", 0,
     "services:- obs:01011B006300B84B0200 obs:0622729D2B290000060001013C4C0200200262000000 end", "m1 M1"},
    {"half an observation is none, which is told", "health-sensor", 0,
     "services:- obs:01011B006300B84B0200 end", "F:observation-broken"},
    {"a part of an observation is missing, and again: told once", "health-sensor", 0,
     "services:- obs:01011B006300B84B0200 obs:0A22729D2B29 obs:0E22 obs:01011B00 end",
     "F:observation-broken"},
    {"it cannot count", "glucose-meter", 0, METER " ok cp:06000402 ok glu:1@-600 glu:2@-1 cp:06000101",
     "Wcp=0401 Wcp=0101 M1L#1 M2#2 F:records-incomplete T!2/0"},
    {"the clock first, then the records, then it is set", "glucose-meter", MAY_SET,
     "services:1805/2a2b,1808/2a52 clock@-60 ok cp:05000200 ok glu:1@-700 glu:2@-61 cp:06000101 ok clock@0",
     "R1805/2a2b Wcp=0401 Wcp=0101 M1L#1 M2#2 T2/2 W1805/2a2b R1805/2a2b C:wrong,set"},
    {"the end of the link before it is set: the pair is told", "glucose-meter", MAY_SET,
     "services:1805/2a2b,1808/2a52 clock@-60 ok cp:05000200 ok glu:1@-700 end",
     "R1805/2a2b Wcp=0401 Wcp=0101 M1L#1 F:records-incomplete T!1/2 C:wrong"},
    {"the end of the link amid records", "glucose-meter", 0, METER " ok cp:05000200 ok glu:1@-600 end",
     "Wcp=0401 Wcp=0101 M1L#1 F:records-incomplete T!1/2"},
    {"no answer amid records", "glucose-meter", 0, METER " ok cp:05000200 ok glu:1@-1 tick ok cp:06000301",
     "Wcp=0401 Wcp=0101 Wcp=0300 M1L#1 F:records-incomplete T!1/2"},
    {"the control point refuses", "glucose-meter", 0, METER " no:3", "Wcp=0401 F:records-incomplete T!0/0"},
    {"no answer to a write, and yet it was heard", "glucose-meter", 0,
     METER " cp:05000100 no:-110 glu:1@-1 "
           "ok cp:06000101",
     "Wcp=0401 Wcp=0101 M1#1 T1/1"},
    {"no answer to a write", "glucose-meter", 0, METER " tick tick", "Wcp=0401 F:records-incomplete T!0/0"},
    {"not subscribed to one service of two", "glucose-meter", 0, "services:1822/2a52", ""},
    {"a glucose meter without a control point tells by itself", "glucose-meter", 0,
     "services:- glu:1@-1 tick", "m1#1 M1#1"},
    /* contexts */
    {"a context", "glucose-meter", 0,
     METER " ok cp:05000200 ok glux:1@-600 ctx:1 glux:2@-1 ctx:2 cp:06000101",
     "Wcp=0401 Wcp=0101 M1L+c#1 m2#2 M2+c#2 T2/2"},
    {"a context that does not come", "glucose-meter", 0,
     METER " ok cp:05000200 ok glux:1@-600 glux:2@-1 cp:06000101 tick",
     "Wcp=0401 Wcp=0101 m2#2 T2/2 M1L#1 M2#2"},
    {"what is settled before the one before it leaves that to be asked for", "glucose-meter", 0,
     METER " ok cp:05000300 ok glux:1@-600 glu:2@-500 glu:3@-1 cp:06000101 tick",
     "Wcp=0401 Wcp=0101 M2L#2? M3#3? T3/3 M1L#1"},
    {"a context that nobody waits for", "glucose-meter", 0,
     METER " ctx:9 ok cp:05000100 ok glux:1@-1 ctx:2 tick",
     "Wcp=0401 F:context-without-measurement M0L Wcp=0101 m1#1 F:context-without-measurement M0L M1#1"},
    {"contexts after the next measurement", "glucose-meter", 0,
     METER " ok cp:05000200 ok glux:1@-600 glux:2@-1 ctx:1 ctx:2 cp:06000101",
     "Wcp=0401 Wcp=0101 m2#2 M1L+c#1 M2+c#2 T2/2"},
    {"contexts in another order", "glucose-meter", 0, "services:- glux:1@-600 glux:2@-1 ctx:2 ctx:1 tick",
     "m1#1 m2#2 M1L+c#1 M2+c#2"},
    {"a context that the answer has overtaken", "glucose-meter", 0,
     METER " ok cp:05000100 ok glux:1@-1 cp:06000101 ctx:1", "Wcp=0401 Wcp=0101 m1#1 T1/1 M1+c#1"},
    {"a context that was not announced", "glucose-meter", 0, "services:- glu:1@-1 ctx:1 tick", "m1#1 M1+c#1"},
    {"two contexts of one measurement", "glucose-meter", 0, "services:- glux:1@-1 ctx:1 ctx:1 tick",
     "m1#1 F:context-without-measurement M0L M1+c#1"},
    {"of two with one number the newer has the context", "glucose-meter", 0,
     "services:- glux:1@-600 glux:1@-1 ctx:1 tick", "m1#1 m2#1 M1L#1 M2+c#1"},
    {"the link ends before the context", "glucose-meter", 0, "services:- glux:1@-1 end", "m1#1 M1#1"},
    {"a context of what it told by itself", "glucose-meter", 0, "services:- glux:1@-1 ctx:1 tick",
     "m1#1 M1+c#1"},
    {"a context that is late itself", "glucose-meter", 0, "services:- glux:1@-1 tick ctx:1",
     "m1#1 M1#1 F:context-without-measurement M0L"},
    {"waits for the clock and a context", "glucose-meter", 0, "glux:1@-1 tick tick", "m1#1 M1#1"},
    /* records without numbers */
    {"fetched, committed, deleted", "oximeter", 0,
     OXI " ok cp:05000200 ok plx@-600 plx@-1 cp:06000101 commit:1 commit:2 ok cp:05000200 ok cp:06000201",
     "Wcp=0401 Wcp=0101 M1L M2 T2/2 Wcp=0401 Wcp=0201 E2"},
    {"committed before the end is told", "oximeter", 0,
     OXI " ok cp:05000200 ok plx@-600 plx@-1 commit:2 cp:06000101", "Wcp=0401 Wcp=0101 M1L M2 T2/2 Wcp=0401"},
    {"not all committed", "oximeter", 0, OXI " ok cp:05000200 ok plx@-600 plx@-1 cp:06000101 commit:1",
     "Wcp=0401 Wcp=0101 M1L M2 T2/2"},
    {"another one came meanwhile", "oximeter", 0,
     OXI " ok cp:05000100 ok plx@-1 cp:06000101 commit:1 ok cp:05000200",
     "Wcp=0401 Wcp=0101 M1 T1/1 Wcp=0401 F:records-not-deleted"},
    {"nothing is deleted while enrolling", "oximeter", ENROLLING,
     OXI " ok cp:05000100 ok plx@-1 cp:06000101 commit:1", "Wcp=0401 Wcp=0101 M1 T1/1"},
    {"nothing is deleted that has numbers", "glucose-meter", 0,
     METER " ok cp:05000100 ok glu:1@-1 cp:06000101 commit:1", "Wcp=0401 Wcp=0101 M1#1 T1/1"},
    {"what it sent by itself is of now, its memory is not", "oximeter", 0,
     "plx@-1 " OXI " ok cp:05000200 ok plx@-600 plx@-1 cp:06000101 tick",
     "m1 Wcp=0401 Wcp=0101 M2L M3L T2/2 M1"},
    {"a stream goes on amid records", "oximeter", 0, OXI " stream ok cp:05000200 ok plx@-600 stream plx@-1",
     "Wcp=0401 M0 Wcp=0101 M0 M1L M2"},
    {"refuses to delete", "oximeter", 0,
     OXI " ok cp:05000100 ok plx@-1 cp:06000101 commit:1 ok cp:05000100 ok cp:06000202",
     "Wcp=0401 Wcp=0101 M1 T1/1 Wcp=0401 Wcp=0201 F:records-not-deleted"},
    {"does not answer to deleting", "oximeter", 0,
     OXI " ok cp:05000100 ok plx@-1 cp:06000101 commit:1 ok cp:05000100 ok tick ok tick",
     "Wcp=0401 Wcp=0101 M1 T1/1 Wcp=0401 Wcp=0201 Wcp=0300 F:records-not-deleted"},
    {"gives up", "oximeter", 0, OXI " ok cp:05000100 ok cp:06000108",
     "Wcp=0401 Wcp=0101 F:records-incomplete T!0/1"},
    {"cannot report", "oximeter", 0, OXI " ok cp:05000100 ok cp:06000102",
     "Wcp=0401 Wcp=0101 F:records-incomplete T!0/1"},
    /* records in wrappings */
    {"a record of a cuff", "omron-cuff", 0,
     "services:1810/2a52 ok cp:05000100 ok seg:031200352A00780050005D00", "Wcp=0401 Wcp=0101 M1#18"},
    {"in two segments", "omron-cuff", 0,
     "services:1810/2a52 ok cp:05000100 ok seg:FD1200352A0078 seg:020050005D00", "Wcp=0401 Wcp=0101 M1#18"},
    {"a segment is missing", "omron-cuff", 0, "services:- seg:011200352A0078 seg:0A0050005D00 seg:065D00",
     "F:record-broken F:record-broken"},
    {"a first segment again", "omron-cuff", 0,
     "services:1810/2a52 ok cp:05000100 ok seg:011200352A00 seg:031200352A00780050005D00",
     "Wcp=0401 Wcp=0101 F:record-broken M1#18"},
    {"what follows one that is broken leaves that to be asked for", "omron-cuff", 0,
     "services:1810/2a52 ok cp:05000300 ok seg:031100352A00780050005D00 seg:011200352A0078 seg:0A0050005D00 "
     "seg:031300352A00780050005D00 end",
     "Wcp=0401 Wcp=0101 F:record-broken M1L#17 M2L#19? F:records-incomplete T!2/3"},
    {"what is whole and no record would come so again", "omron-cuff", 0,
     "services:1810/2a52 ok cp:05000300 ok seg:031100352A00780050005D00 seg:0312000100 "
     "seg:031300352A00780050005D00 end",
     "Wcp=0401 Wcp=0101 F:record-broken M1L#17 M2L#19 F:records-incomplete T!2/3"},
    {"too short, empty, of nothing, of a vendor", "omron-cuff", 0,
     "services:- seg:03120035 seg: seg:06 seg:0312000100",
     "F:record-broken F:record-broken F:record-broken F:record-broken"},
    /* vendors */
    {"a stream is started", "masimo-mightysat", 0, "services:vendor ok ok tick",
     "Wv=77020107 Wv=7705031F0003D6"},
    {"… which it refuses", "masimo-mightysat", 0, "services:vendor no:3 no:3",
     "Wv=77020107 F:stream-not-started Wv=7705031F0003D6"},
    {"… where it cannot be written", "masimo-mightysat", 0, "services:-", ""},
    {"again and again", "viatom-o2ring", 0, "services:vendor ok tick ok tick",
     "Wv=AA17E8000000001B Wv=AA17E8000000001B Wv=AA17E8000000001B"},
    {"a frame in two notifications", "viatom-o2ring", 0,
     "v:5500FF00000D0061480000 v:00000055000319010096 v:5500FF", "M0"},
    {"what no driver knows", "viatom-o2ring", 0, "services:- v2:0102", ""},
    {"a pulse oximeter that writes nothing", "nonin-3230", 0, "services:vendor v:0A1A1D012C000162004800",
     "M0"},
    {"a stream after the end", "nonin-3230", 0,
     "end v:0A1A1D012C000162004800 services:vendor commit:1 tick end", ""},
    {"answers that nobody waits for", "blood-pressure-cuff", 0,
     "ok clock@0 no:3 " CUFF " ok clock@0 ok clock@0", "R1805/2a2b C:right"},
    {"the services are known twice", "blood-pressure-cuff", 0, CUFF " " CUFF, "R1805/2a2b"},
    /* firmware */
    {"the firmware, when nothing else has to be done", "glucose-meter", 0,
     "services:1805/2a2b,1808/2a52,180a/2a26 clock@0 ok cp:05000000 told:1.02",
     "R1805/2a2b C:right Wcp=0401 T0/0 R180a/2a26 V:1.02"},
    {"… behind the start of a stream, and once", "viatom-o2ring", 0,
     "services:vendor,180a/2a26 ok told:2 tick ok tick",
     "Wv=AA17E8000000001B R180a/2a26 V:2 Wv=AA17E8000000001B Wv=AA17E8000000001B"},
    {"… that it does not tell", "blood-pressure-cuff", 0, "services:180a/2a26 clock!5",
     "R180a/2a26 F:firmware-not-read"},
    {"… of nothing", "blood-pressure-cuff", 0, "services:180a/2a26 told:", "R180a/2a26"},
    {"… that takes too long", "blood-pressure-cuff", 0, "services:180a/2a26 tick told:1",
     "R180a/2a26 F:firmware-not-read"},
};

static void every_script(void **state)
{
    static struct play play;
    unsigned failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        const struct script *script = &scripts[i];
        const struct ward_model *model = ward_model_by_id(script->model);

        assert_non_null(model);
        begin(&play, model, script->flags);
        run_inputs(&play, script->inputs);
        if (play.length > 0)
            play.log[play.length - 1] = '\0';
        if (strcmp(play.log, script->actions) == 0)
            continue;
        print_error("%s:\n  expected %s\n  got      %s\n", script->name, script->actions, play.log);
        failures++;
    }
    assert_int_equal(failures, 0);
}

/* --- what a script does not show -------------------------------------------------------------------------------------- */

static void what_a_measurement_carries(void **state)
{
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("blood-pressure-cuff"), 0);
    run_inputs(&play, CUFF " clock@5000 +2000 bp@4400");
    assert_true(play.newest.measured.is_known);
    assert_int_equal(play.newest.measured.clock, WARD_CLOCK_DEVICE);
    assert_true(play.newest.measured.utc_ms == BEGIN_UTC + 2000 - 600 * 60000);
    assert_true(play.newest.received.boot_us == BEGIN_US + 2000000);
    assert_int_equal(play.newest.decoded->quality, WARD_VALID);
    assert_int_equal(play.newest.length, 14);
    assert_true(play.clock.found.device_ms - play.clock.found.at.utc_ms ==
                (5000 + ZONE_MIN) * INT64_C(60000));
    assert_true(play.clock.pair.device_ms == play.clock.found.device_ms); /* it was not set */

    /* what is held keeps the moment at which it came */
    begin(&play, ward_model_by_id("blood-pressure-cuff"), 0);
    run_inputs(&play, "services:- bp@-5 tick");
    assert_true(play.newest.is_settled);
    assert_true(play.newest.received.boot_us == BEGIN_US);
    assert_true(play.now.boot_us == BEGIN_US + WARD_LAST_KEPT_US);
    assert_false(play.newest.measured.is_known);
    assert_true(play.newest.measured.utc_ms == WARD_UTC_UNKNOWN);
    assert_int_equal(play.newest.measured.clock, WARD_CLOCK_UNSYNCED);
    assert_int_equal(play.newest.octets[7], 0xEA);
    assert_int_equal(play.newest.decoded->value_count, 3);
}

/* The row's quirks are applied: user 1, pulse 72, both of which the standard would read otherwise. */
static void quirks_of_the_row(void **state)
{
    static const uint8_t octets[] = {0x04, 0x78, 0, 0x50, 0, 0x5D, 0, 0x00, 0x48, 0x01};
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("elite-900"), 0);
    value(&play, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, octets, sizeof(octets));
    assert_string_equal(play.log, "M1 ");
    assert_int_equal(play.newest.length, sizeof(octets));
    assert_memory_equal(play.newest.octets, octets, sizeof(octets)); /* as it was sent */
    assert_true(play.newest.decoded->has_user);
    assert_int_equal(play.newest.decoded->user, 1);
    assert_int_equal(play.newest.decoded->values[3].number.mantissa, 72);
}

static void what_is_written_to_a_clock(void **state)
{
    static const uint8_t expected[] = {0xEA, 0x07, 11, 22, 10, 0, 0};
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("aandd-scale"), MAY_SET);
    run_inputs(&play, "services:181d/2a08 clock@-60");
    assert_int_equal(play.written_length, sizeof(expected));
    assert_memory_equal(play.written, expected, sizeof(expected));
}

/* A ring is left alone when it is not worn, so that it sleeps; and not before. */
static void rest_of_a_ring(void **state)
{
    static const char worn[] = "v:5500FF00000D006148000000000055000319010096";
    static const char not_worn[] = "v:5500FF00000D000000000000000055000000000073";
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("viatom-o2ring"), 0);
    run_inputs(&play, "services:- +59999 tick");
    assert_string_equal(play.log, "Z180000 ");
    assert_true(play.now.boot_us == BEGIN_US + 60000000);
    run_inputs(&play, "+1 tick tick");
    assert_string_equal(play.log, "Z180000 ");
    assert_true(ward_exchange_deadline_us(&play.exchange) == UINT64_MAX);

    begin(&play, ward_model_by_id("viatom-o2ring"), 0);
    run_inputs(&play, "services:-");
    run_inputs(&play, worn);
    assert_true(ward_exchange_deadline_us(&play.exchange) == UINT64_MAX);
    run_inputs(&play, "+100000");
    run_inputs(&play, not_worn);
    assert_true(play.newest.decoded->contact == WARD_CONTACT_LOST);
    run_inputs(&play, "+50000");
    run_inputs(&play, not_worn);
    assert_true(ward_exchange_deadline_us(&play.exchange) == BEGIN_US + 160000000);
    run_inputs(&play, "v:5500FF00000D00000000000000005500020001004A"); /* worn, no value yet */
    assert_true(ward_exchange_deadline_us(&play.exchange) == UINT64_MAX);
}

/* One that calls to tell something is left when it has told it all. */
static void rest_of_a_cuff(void **state)
{
    struct ward_model row = *ward_model_by_id("oximeter");
    static struct play play;

    (void)state;
    row.rest_after_ms = 3000;
    row.rest_ms = 0;
    begin(&play, &row, 0);
    run_inputs(&play, "+10000");
    assert_true(ward_exchange_deadline_us(&play.exchange) == UINT64_MAX);
    run_inputs(&play, OXI " ok cp:05000100 ok plx@-1 cp:06000101 +2999 battery");
    assert_true(ward_exchange_deadline_us(&play.exchange) == play.now.boot_us + 3000000);
    run_inputs(&play, "commit:1 +2000");
    assert_true(ward_exchange_deadline_us(&play.exchange) == BEGIN_US + 12999000 + 30000000);
    run_inputs(&play, "ok cp:05000100 ok cp:06000201 tick");
    assert_string_equal(play.log, "Wcp=0401 Wcp=0101 M1 T1/1 M0 Wcp=0401 Wcp=0201 E1 Z0 ");
}

/* A value that is too long for GATT is no value. */
static void longer_than_a_value_can_be(void **state)
{
    static const uint8_t octets[WARD_GATT_VALUE_MAX + 1] = {0x00, 0x78};
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("blood-pressure-cuff"), 0);
    value(&play, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, octets, sizeof(octets));
    assert_string_equal(play.log, "");
    value(&play, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, octets, sizeof(octets) - 1);
    assert_string_equal(play.log, "M1 ");
    assert_int_equal(play.newest.length, WARD_GATT_VALUE_MAX);
}

/* Segments that would not fit are refused, and nothing is written past the room for them. */
static void a_record_without_end(void **state)
{
    uint8_t octets[201] = {0x01};
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("omron-cuff"), 0);
    value(&play, WARD_CHAR_BLOOD_PRESSURE_RECORD, octets, sizeof(octets));
    octets[0] = 1 << 2;
    value(&play, WARD_CHAR_BLOOD_PRESSURE_RECORD, octets, sizeof(octets));
    assert_string_equal(play.log, "");
    octets[0] = 2 << 2;
    value(&play, WARD_CHAR_BLOOD_PRESSURE_RECORD, octets, sizeof(octets));
    assert_string_equal(play.log, "F:record-broken ");
}

/* A device may have two control points: the other one's answers are not ours. */
static void the_control_point_of_another_service(void **state)
{
    static const uint8_t none[] = {5, 0, 0, 0};
    struct ward_gatt_place place = {WARD_GATT_NUMBER(WARD_SERVICE_PULSE_OXIMETER),
                                    WARD_GATT_NUMBER(WARD_CHAR_RECORD_ACCESS_CONTROL_POINT)};
    static struct play play;
    struct ward_exchange_context context;

    (void)state;
    begin(&play, ward_model_by_id("glucose-meter"), 0);
    run_inputs(&play, METER " ok");
    context = (struct ward_exchange_context){.now = play.now, .sink = &play.sink};
    ward_exchange_value(&play.exchange, place, none, sizeof(none), &context);
    assert_string_equal(play.log, "Wcp=0401 ");
    place.service = WARD_GATT_NUMBER(WARD_SERVICE_GLUCOSE);
    ward_exchange_value(&play.exchange, place, none, sizeof(none), &context);
    assert_string_equal(play.log, "Wcp=0401 T0/0 ");
}

static void assert_alone(const struct play *play, const uint8_t *octets, size_t length, uint32_t reason)
{
    assert_int_equal(play->newest.code, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT);
    assert_int_equal(play->newest.length, length);
    assert_memory_equal(play->newest.octets, octets, length);
    assert_int_equal(play->decoded.quality, WARD_INVALID);
    assert_int_equal(play->decoded.reasons, reason);
    assert_int_equal(play->decoded.value_count, 0);
}

/* What cannot be joined is told whole, and says why. */
static void a_context_that_cannot_be_joined_is_kept(void **state)
{
    static const uint8_t octets[WARD_READING_CONTEXT_MAX + 1] = {0x02, 1, 0, 1};
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("glucose-meter"), 0);
    run_inputs(&play, "services:- glux:1@-1");
    value(&play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, octets, sizeof(octets));
    assert_alone(&play, octets, sizeof(octets), WARD_REASON_CONTEXT_ALONE);
    run_inputs(&play, "tick");
    assert_string_equal(play.log, "m1#1 F:context-without-measurement M0L M1#1 ");

    begin(&play, ward_model_by_id("glucose-meter"), 0);
    run_inputs(&play, "services:- glux:1@-1");
    value(&play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, octets, 2);
    assert_alone(&play, octets, 2, WARD_REASON_UNDECODABLE);
    value(&play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, octets, sizeof(octets) - 1);
    run_inputs(&play, "tick");
    assert_string_equal(play.log, "m1#1 M0L M1+c#1 ");
    assert_int_equal(play.newest.context_length, sizeof(octets) - 1);
}

/* Also where it cannot be decoded: it would be stored once more each time that its measurement is asked for. */
static void a_context_of_a_known_record_is_known(void **state)
{
    static const uint8_t cut_short[] = {0x02, 17, 0}, of_another[] = {0x02, 18, 0};
    static struct play play;

    (void)state;
    begin(&play, ward_model_by_id("glucose-meter"), KNOWS_17 | KNOWS_WHICH);
    run_inputs(&play, METER " ok cp:05000100 ok glux:17@-60");
    value(&play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, cut_short, sizeof(cut_short));
    value(&play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, cut_short, 2);
    value(&play, WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, of_another, sizeof(of_another));
    assert_string_equal(play.log, "Wcp=0403011100 Wcp=0103011100 M0L M0L ");
}

/* It was stored as it came, and would be once more each time that it is asked for. */
static void a_record_that_cannot_be_decoded_is_known_again(void **state)
{
    static const uint8_t octets[] = {0x00, 0x78};
    const struct ward_decoded undecodable = {.outcome = WARD_DECODE_TRUNCATED};
    static struct play play;
    uint64_t digest;

    (void)state;
    begin(&play, ward_model_by_id("omron-cuff"), KNOWS_17);
    run_inputs(&play, "services:1810/2a52 ok cp:05000100 ok seg:031100352A0078");
    assert_string_equal(play.log, "Wcp=0403011100 Wcp=0103011100 M0#17 ");
    digest = play.newest.digest;
    assert_true(digest == ward_record_digest(&undecodable, 17, octets, sizeof(octets)));

    begin(&play, ward_model_by_id("omron-cuff"), KNOWS_17);
    play.exchange.terms.last_digest = digest;
    run_inputs(&play, "services:1810/2a52 ok cp:05000200 ok seg:031100352A0078 seg:031200352A" PRESSURE
                      " cp:06000101");
    assert_string_equal(play.log, "Wcp=0403011100 Wcp=0103011100 M1#18 T2/2 ");
}

/* --- whatever comes, in whatever order ------------------------------------------------------------------------------ */

#define SEEN_MAX 256

struct ledger {
    struct play *play;
    uint8_t unsettled[SEEN_MAX], settled[SEEN_MAX];
    bool is_out;
    unsigned actions;
};

/* One errand out at a time; each number is settled once, and told unsettled only before that. */
static void account(void *context, const struct ward_exchange_action *what)
{
    struct ledger *ledger = context;

    ledger->actions++;
    if (what->type == WARD_EXCHANGE_READ || what->type == WARD_EXCHANGE_WRITE) {
        assert_false(ledger->is_out);
        ledger->is_out = true;
    }
    if (what->type == WARD_EXCHANGE_MEASUREMENT) {
        const struct ward_exchange_measurement *measurement = what->measurement;

        if (measurement->number == 0) {
            assert_true(measurement->is_settled);
            return;
        }
        assert_true(measurement->number < SEEN_MAX);
        assert_int_equal(ledger->settled[measurement->number], 0);
        if (measurement->is_settled)
            ledger->settled[measurement->number]++;
        else
            assert_int_equal(ledger->unsettled[measurement->number]++, 0);
    }
}

static const char *const any_input[] = {
    "bp@-600",
    "bp@-1",
    "bp",
    "glu:17@-60",
    "glu:17@-1",
    "glu:18@-600",
    "glux:19@-1",
    "ctx:17",
    "ctx:19",
    "plx@-9",
    "pls@-9",
    "pls",
    "stream",
    "battery",
    "bad",
    "cp:05000000",
    "cp:05000200",
    "cp:06000101",
    "cp:06000201",
    "cp:06000406",
    "cp:06000108",
    "cp:06000301",
    "seg:031200352A00780050005D00",
    "seg:01",
    "+100",
    "+1500",
    "temp@none",
};

static void whatever_comes(void **state)
{
    static struct play play;
    static struct ledger ledger;
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);

    (void)state;
    srand(11);
    for (unsigned round = 0; round < 4000; round++) {
        unsigned settled = 0;

        begin(&play, &models[(size_t)rand() % model_count], (unsigned)rand() % FLAGS);
        ledger = (struct ledger){.play = &play};
        play.sink = (struct ward_exchange_sink){.action = account, .context = &ledger};
        for (unsigned step = 0; step < 60; step++) {
            const int choice = rand() % 16;
            char word[128];
            uint64_t due_us;

            if (choice == 0)
                snprintf(word, sizeof(word), "services:%s",
                         rand() % 8 ? "1805/2a2b,1810/2a08,1808/2a52,1810/2a52,1822/2a52,vendor" : "-");
            else if (choice == 1)
                snprintf(word, sizeof(word), "commit:%u", play.exchange.numbered);
            else if (choice < 5 && ledger.is_out) {
                const bool is_read = play.exchange.errand <= WARD_EXCHANGE_CLOCK_READ_BACK &&
                                     play.exchange.errand != WARD_EXCHANGE_CLOCK_WRITE;

                snprintf(word, sizeof(word),
                         is_read ? (rand() % 4 ? "clock@0" : "clock!2") : (rand() % 4 ? "ok" : "no:128"));
                ledger.is_out = false;
            } else if (choice == 5) {
                snprintf(word, sizeof(word), "tick");
                ledger.is_out &= play.exchange.errand_due_us > ward_exchange_deadline_us(&play.exchange);
            } else {
                snprintf(word, sizeof(word), "%s",
                         any_input[(size_t)rand() % (sizeof(any_input) / sizeof(any_input[0]))]);
            }
            run_inputs(&play, word);
            /* A tick at the deadline moves the deadline on: the caller's timer never spins. */
            due_us = ward_exchange_deadline_us(&play.exchange);
            if (choice == 5)
                assert_true(due_us > play.now.boot_us);
            assert_true(play.exchange.held_count <= WARD_EXCHANGE_HELD_MAX);
        }
        run_inputs(&play, "end");
        assert_int_equal(play.exchange.held_count, 0);
        for (unsigned number = 1; number <= play.exchange.numbered; number++)
            settled += ledger.settled[number];
        assert_int_equal(settled, play.exchange.numbered); /* nothing is lost */
        settled = ledger.actions;
        run_inputs(&play, "bp stream tick end");
        assert_int_equal(ledger.actions, settled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_script),
        cmocka_unit_test(what_a_measurement_carries),
        cmocka_unit_test(quirks_of_the_row),
        cmocka_unit_test(what_is_written_to_a_clock),
        cmocka_unit_test(rest_of_a_ring),
        cmocka_unit_test(rest_of_a_cuff),
        cmocka_unit_test(longer_than_a_value_can_be),
        cmocka_unit_test(a_record_without_end),
        cmocka_unit_test(the_control_point_of_another_service),
        cmocka_unit_test(a_context_that_cannot_be_joined_is_kept),
        cmocka_unit_test(a_context_of_a_known_record_is_known),
        cmocka_unit_test(a_record_that_cannot_be_decoded_is_known_again),
        cmocka_unit_test(whatever_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
