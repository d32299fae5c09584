/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of wardctl: one file each, one row each in the table of main.c.
 *
 * The usage lines are what --help shows, and the one place where a verb's actions, options and arguments stand: completion
 * (verb_complete.c) reads them, and so does whoever makes a manual of them. How they are written is in usage.h.
 *
 * main.c answers --help from the row and calls run with the verb as argv[0]. A verb parses its own options, says what
 * is wrong on standard error in one sentence, and returns an exit status; what it was asked for goes to standard
 * output: a table for people, or with --json one JSON value a line.
 */
#ifndef WARD_CTL_VERBS_H
#define WARD_CTL_VERBS_H

enum ward_ctl_exit {
    WARD_CTL_DONE = 0,
    WARD_CTL_FAILED = 1,
    WARD_CTL_USAGE = 2,
    WARD_CTL_UNREACHABLE = 3, /* the daemon does not answer */
    WARD_CTL_NOT_ALLOWED = 4,
};

struct ward_verb {
    const char *name;
    const char *usage;   /* lines of what may follow "wardctl", each ended by a newline */
    const char *summary; /* one line for the list of verbs; NULL: it is not listed */
    const char *help;    /* the rest of --help */
    int (*run)(int argc, char **argv);
};

/* All of them, ended by NULL. */
extern const struct ward_verb *const ward_ctl_verbs[];

extern const struct ward_verb ward_verb_alarms;
extern const struct ward_verb ward_verb_complete;
extern const struct ward_verb ward_verb_config;
extern const struct ward_verb ward_verb_decode;
extern const struct ward_verb ward_verb_devices;
extern const struct ward_verb ward_verb_diagnose;
extern const struct ward_verb ward_verb_entry;
extern const struct ward_verb ward_verb_hub;
extern const struct ward_verb ward_verb_measure;
extern const struct ward_verb ward_verb_patient;
extern const struct ward_verb ward_verb_plan;
extern const struct ward_verb ward_verb_queue;
extern const struct ward_verb ward_verb_selftest;
extern const struct ward_verb ward_verb_readings;
extern const struct ward_verb ward_verb_sign;
extern const struct ward_verb ward_verb_status;
extern const struct ward_verb ward_verb_try;
extern const struct ward_verb ward_verb_visit;
extern const struct ward_verb ward_verb_watch;

/* Says on standard error what is wrong with the command line, and how it goes. Returns WARD_CTL_USAGE. */
int ward_ctl_usage(const struct ward_verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says on standard error what went wrong. Returns WARD_CTL_FAILED. */
int ward_ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
