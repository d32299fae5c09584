/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `wardctl watch` shows: of each patient and quantity the newest value, how old it is, and the values before it as a
 * sparkline; above them whether the patients are monitored, and the alarms that are present. Documents in, lines out.
 */
#ifndef WARD_CTL_WATCH_H
#define WARD_CTL_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WARD_WATCH_ROWS_MAX  64
#define WARD_WATCH_TRACE_MAX 120

/* A moment by both clocks: UTC, as far as this computer knows it, and CLOCK_BOOTTIME. */
struct ward_watch_now {
    int64_t utc_ms, boot_ms;
};

struct ward_watch_row {
    char patient[72], quantity[32];
    char value[48];            /* "97 %", "(nan)": as it was sent last */
    char quality[16], why[80]; /* of the newest reading; "taken back" once it was */
    char epoch[80];
    json_int_t seq; /* of that reading: 0 where it has none */
    int64_t utc_ms; /* when it was measured, or came; INT64_MIN: only its arrival is known */
    int64_t arrived_boot_ms;
    size_t count;                       /* of trace */
    double trace[WARD_WATCH_TRACE_MAX]; /* valid numbers, oldest first */
};

struct ward_watch {
    json_t *status; /* wardgate.status/1; NULL while it is not known */
    size_t count, left_out;
    struct ward_watch_row rows[WARD_WATCH_ROWS_MAX]; /* by patient, then as they came */
    const char *patient;                             /* of this one alone; NULL: of all */
};

/* A record as `wardctl readings --json` prints it. Returns whether it has, or takes back, a value of somebody who is watched. */
bool ward_watch_take(struct ward_watch *watch, const json_t *record, const struct ward_watch_now *now);

/* The columns and lines there are, and what may stand in them. */
struct ward_watch_screen {
    size_t width, height;
    bool utf8, colour;
};

/* Writes at most height lines of at most width columns each, every one ended by `end`. */
void ward_watch_draw(const struct ward_watch *watch, const struct ward_watch_now *now,
                     const struct ward_watch_screen *screen, const char *end, FILE *stream);

/* Values as a line of `width` columns at most, the newest on the right, between the lowest and the highest. */
void ward_watch_spark(const double *values, size_t count, size_t width, bool utf8, FILE *stream);

#endif
