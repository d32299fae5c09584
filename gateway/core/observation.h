/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A health observation as the Generic Health Sensor Service sends it (GHSS 1.0, Health Observation Body). Little-endian:
 *
 *   class, 8 bits; length of what follows, 16 bits; flags, 16 bits
 *   type, 32 bits (MDC code)                                                     flag bit 0
 *   time stamp, 9 octets, in the format of Elapsed Time (ETS 1.0)                bit 1
 *   measurement duration, FLOAT, seconds                                         bit 2
 *   measurement status, 16 bits                                                  bit 3
 *   id, 32 bits, by which others refer to it                                     bit 4
 *   patient, 8 bits, in the device's own numbering                               bit 5
 *   supplemental information (MDC codes), derived from, member of (ids):         bits 6, 7, 8
 *     a count of 8 bits and so many numbers of 32
 *   attributes: a count of 8 bits and so many of type (32), length (16),         bit 9
 *     format (8), octets
 *   the value, by class:
 *     1 numeric              unit (16 bits, MDC code), FLOAT
 *     2 simple discrete      32 bits
 *     3 string               length (16 bits), UTF-8
 *     4 sample array         unit (16), scale, offset, period (FLOATs), samples per period (8), octets per sample (8),
 *                            number of samples (32), samples
 *     5 compound discrete    count (8), MDC codes (32 bits each)
 *     6 compound state       octets of a mask (8); masks: supported, which of them are states, value
 *     7 compound             count (8), components: type (32), class 1 to 6 (8), value of that class
 *     8 TLVs                 attributes as above
 *     255 bundle             count (8), observations; one lacks what the bundle says for all
 *
 * What lies behind the value, within the length, is passed over: later versions may add it.
 */
#ifndef WARD_CORE_OBSERVATION_H
#define WARD_CORE_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cursor.h"
#include "ward/quantity.h"

enum ward_observation_class {
    WARD_OBSERVATION_NUMERIC = 1,
    WARD_OBSERVATION_SIMPLE_DISCRETE = 2,
    WARD_OBSERVATION_STRING = 3,
    WARD_OBSERVATION_SAMPLE_ARRAY = 4,
    WARD_OBSERVATION_COMPOUND_DISCRETE = 5,
    WARD_OBSERVATION_COMPOUND_STATE = 6,
    WARD_OBSERVATION_COMPOUND = 7,
    WARD_OBSERVATION_TLV = 8,
    WARD_OBSERVATION_BUNDLE = 255,
};

enum ward_observation_flag {
    WARD_OBSERVATION_HAS_TYPE = 1 << 0,
    WARD_OBSERVATION_HAS_TIME = 1 << 1,
    WARD_OBSERVATION_HAS_DURATION = 1 << 2,
    WARD_OBSERVATION_HAS_STATUS = 1 << 3,
    WARD_OBSERVATION_HAS_ID = 1 << 4,
    WARD_OBSERVATION_HAS_PATIENT = 1 << 5,
    WARD_OBSERVATION_HAS_SUPPLEMENT = 1 << 6,
    WARD_OBSERVATION_HAS_DERIVED_FROM = 1 << 7,
    WARD_OBSERVATION_HAS_MEMBER_OF = 1 << 8,
    WARD_OBSERVATION_HAS_ATTRIBUTES = 1 << 9,
};

/* ETS 1.0, flags of an Elapsed Time; bits 2 and 3 are the resolution: 1 s, 100 ms, 1 ms, 100 µs. */
enum ward_elapsed_flag {
    WARD_ELAPSED_IS_TICKS = 1 << 0, /* a counter from some start, not a time of day */
    WARD_ELAPSED_IS_UTC = 1 << 1,   /* else local time */
    WARD_ELAPSED_RESOLUTION_SHIFT = 2,
    WARD_ELAPSED_HAS_OFFSET = 1 << 4,
    WARD_ELAPSED_IS_CURRENT = 1 << 5, /* of the timeline that the clock is in now: it was not set since */
};

struct ward_elapsed_time {
    uint8_t flags;          /* set of enum ward_elapsed_flag */
    uint64_t value;         /* in the resolution; a time of day counts from the start of 2000 */
    uint8_t source;         /* index for ward_time_source_name() */
    int8_t offset_quarters; /* of an hour, local time minus UTC */
};

/* Numbers of 32 bits, in the octets of the frame: ward_observation_code(). */
struct ward_observation_codes {
    const uint8_t *octets;
    uint8_t count;
};

struct ward_observation_value {
    uint8_t class; /* enum ward_observation_class, or what is reserved */
    union {
        struct {
            uint16_t unit; /* MDC code */
            struct ward_decimal number;
        } numeric;
        uint32_t discrete;
        struct {
            const uint8_t *octets;
            uint16_t length;
        } string;
        struct {
            uint16_t unit;
            struct ward_decimal scale, offset, period_s;
            uint8_t per_period, octets_per_sample;
            uint32_t count;
            const uint8_t *octets; /* count · octets_per_sample */
        } samples;
        struct ward_observation_codes discretes;
        struct {
            uint8_t size; /* octets of each mask */
            const uint8_t *supported, *states, *value;
        } state;
        struct { /* components of a compound, attributes of TLVs, observations of a bundle */
            uint8_t count;
            struct ward_cursor first;
        } items;
    };
};

struct ward_observation {
    uint16_t flags; /* set of enum ward_observation_flag; fields without theirs are empty */
    uint32_t type;  /* MDC code */
    struct ward_elapsed_time time;
    struct ward_decimal duration_s;
    uint16_t status; /* GHSS 1.0, Measurement Status */
    uint32_t id;
    uint8_t patient;
    struct ward_observation_codes supplement, derived_from, member_of;
    struct {
        uint8_t count;
        struct ward_cursor first;
    } attributes;
    struct ward_observation_value value;
};

struct ward_observation_component {
    uint32_t type;
    struct ward_observation_value value;
};

struct ward_observation_attribute {
    uint32_t type;
    uint8_t format; /* of the octets: GSS, Characteristic Presentation Format */
    uint16_t length;
    const uint8_t *octets;
};

enum ward_observation_outcome {
    WARD_OBSERVATION_READ,
    WARD_OBSERVATION_SHORT,    /* octets are missing: the cursor says which */
    WARD_OBSERVATION_RESERVED, /* of a class that cannot be read; the cursor stands at its octet */
};

/*
 * Reads one observation with all that it holds. Everything in ret points into the cursor's octets. A class that is
 * reserved, or a bundle in a bundle, is passed over by its length inside of a bundle, with the class in ret->value.
 */
enum ward_observation_outcome ward_observation_read(struct ward_cursor *cursor, struct ward_observation *ret);

/*
 * The next of the items. The cursor begins as items.first or attributes.first of what ward_observation_read() has
 * read, so that it holds all of them: reading count of them cannot fail.
 */
void ward_observation_next(struct ward_cursor *cursor, struct ward_observation *ret);
void ward_observation_next_component(struct ward_cursor *cursor, struct ward_observation_component *ret);
void ward_observation_next_attribute(struct ward_cursor *cursor, struct ward_observation_attribute *ret);

/* The number at index, which is below count. */
uint32_t ward_observation_code(const struct ward_observation_codes *codes, unsigned index);

/* The bits of Measurement Status (GHSS 1.0) as a set of enum ward_status; bits 8 to 13 are reserved. */
uint64_t ward_observation_statuses(uint16_t field);

/* The class's name, static: "simple-numeric"; NULL for a number that is reserved. */
const char *ward_observation_class_name(uint8_t number);

#endif
