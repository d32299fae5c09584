/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl: the field engineer's command line. */
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/prose.h"
#include "ctl/verbs.h"

const struct ward_verb *const ward_ctl_verbs[] = {
    &ward_verb_status,   &ward_verb_patient, &ward_verb_devices, &ward_verb_measure,  &ward_verb_readings,
    &ward_verb_alarms,   &ward_verb_watch,   &ward_verb_plan,    &ward_verb_try,      &ward_verb_queue,
    &ward_verb_hub,      &ward_verb_decode,  &ward_verb_entry,   &ward_verb_sign,     &ward_verb_selftest,
    &ward_verb_diagnose, &ward_verb_visit,   &ward_verb_config,  &ward_verb_complete, NULL,
};

int ward_ctl_usage(const struct ward_verb *verb, const char *format, ...)
{
    va_list arguments;
    char *text = NULL, head[64];

    snprintf(head, sizeof(head), "wardctl %s: ", verb->name);
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    ward_prose_say(head, text != NULL ? text : format);
    free(text);
    fprintf(stderr, "Try `wardctl %s --help`.\n", verb->name);
    return WARD_CTL_USAGE;
}

int ward_ctl_fail(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    ward_prose_say("wardctl: ", text != NULL ? text : format);
    free(text);
    return WARD_CTL_FAILED;
}

/* Each line of usage after "wardctl ", the first one after "Usage: ". */
static void print_usage(const char *usage)
{
    const char *lead = "Usage: ";

    while (*usage != '\0') {
        const char *end = strchrnul(usage, '\n');

        printf("%swardctl %.*s\n", lead, (int)(end - usage), usage);
        lead = "       ";
        usage = *end == '\0' ? end : end + 1;
    }
}

static void print_help(FILE *stream)
{
    fputs("Usage: wardctl VERB [ARGUMENTS]\n"
          "\n"
          "Looks after the Wardgate home gateway. Begin with `wardctl status`.\n"
          "\n",
          stream);
    for (const struct ward_verb *const *verb = ward_ctl_verbs; *verb != NULL; verb++)
        if ((*verb)->summary != NULL)
            fprintf(stream, "  %-9s  %s\n", (*verb)->name, (*verb)->summary);
    fputs("\n"
          "  --help     this text; `wardctl VERB --help` for one verb\n"
          "  --version  the version\n"
          "\n"
          "`man wardctl` leads through each visit in a patient's home.\n"
          "Exit status: 0 done, 1 failed, 2 usage, 3 no daemon answers, 4 not allowed.\n",
          stream);
}

static const struct ward_verb *verb_named(const char *name)
{
    for (const struct ward_verb *const *verb = ward_ctl_verbs; *verb != NULL; verb++)
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* Output that could not be written (a full disk, a closed pipe) is a failure, not silence. */
static int checked(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return ward_ctl_fail("cannot write the output");
    return status;
}

int main(int argc, char **argv)
{
    const struct ward_verb *verb;
    int status;

    /* For the width of characters in tables alone: numbers are printed as everywhere. */
    (void)setlocale(LC_CTYPE, "");
    if (argc < 2) {
        print_help(stderr);
        return WARD_CTL_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return checked(WARD_CTL_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("wardctl " WARD_VERSION);
        return checked(WARD_CTL_DONE);
    }
    verb = verb_named(argv[1]);
    if (verb == NULL) {
        fprintf(stderr, "wardctl: there is no verb \"%s\". Try `wardctl --help`.\n", argv[1]);
        return WARD_CTL_USAGE;
    }
    if (verb->summary != NULL && asks_for_help(argc - 1, argv + 1)) {
        ward_prose_begin();
        print_usage(verb->usage);
        printf("\n%s.\n\n", verb->summary);
        ward_prose_flow(verb->help);
        ward_prose_end();
        return checked(WARD_CTL_DONE);
    }
    opterr = 0; /* a verb says itself which option it does not know */
    status = verb->run(argc - 1, argv + 1);
    ward_prose_end();
    return checked(status);
}
