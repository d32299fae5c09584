/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl hub enrol, renew, retire. The daemon hands it on to the uplink; each HubStep(step, milliseconds, text) is
 * printed as it comes, and what failed is the answer.
 *
 * A code on the command line can be seen by everybody on this computer while wardctl runs, and stays in the shell's
 * history: so it is asked for, or read from standard input. It is looked at here first: one that is mistyped goes nowhere.
 */
#include "ctl/hub.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/prose.h"
#include "ctl/verbs.h"
#include "ward/enrolment.h"
#include "ward/link.h"

/* Three requests of half a minute, and as long as the ward may make us wait. */
#define TIMEOUT_S 420

struct words {
    const char *code; /* as given; NULL: it is asked for */
    bool as_json, yes;
};

static int parse(int argc, char **argv, const char *allowed, struct words *ret)
{
    static const struct option options[] = {{"code", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"yes", no_argument, NULL, 'y'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?' || strchr(allowed, option) == NULL)
            return ward_ctl_usage(&ward_verb_hub, "\"%s\" is no option here, or lacks its value",
                                  argv[optind - 1]);
        if (option == 'c')
            ret->code = optarg;
        ret->as_json |= option == 'j';
        ret->yes |= option == 'y';
    }
    if (optind < argc)
        return ward_ctl_usage(&ward_verb_hub, "%s takes nothing but options: a code is asked for", argv[0]);
    return WARD_CTL_DONE;
}

/* ---- the question to the daemon ---- */

static int show_step(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const struct words *words = userdata;
    const char *step, *ms, *text;

    (void)error;
    if (sd_bus_message_read(message, "sss", &step, &ms, &text) < 0)
        return 0;
    if (words->as_json) {
        json_t *document =
            json_pack("{sssIss}", "step", step, "ms", (json_int_t)strtol(ms, NULL, 10), "text", text);
        char *line = json_dumps(document, JSON_COMPACT);

        puts(line != NULL ? line : "{}");
        free(line);
        json_decref(document);
    } else
        printf("%-12s %6s ms  %s\n", step, ms, text);
    fflush(stdout);
    return 0;
}

static int provision(const char *action, const char *code, struct words *words)
{
    sd_bus *bus = NULL;
    sd_bus_message *call = NULL;
    sd_bus_message *reply = NULL;
    int status = ward_client_open(&bus);

    if (status == WARD_CTL_DONE)
        status = ward_client_listen(bus, "HubStep", show_step, words);
    if (status == WARD_CTL_DONE)
        status = ward_client_call_new(bus, "Provision", &call);
    if (status == WARD_CTL_DONE &&
        (sd_bus_message_sensitive(call) < 0 || sd_bus_message_append(call, "ss", action, code) < 0))
        status = ward_ctl_fail("the code is not a text that can be sent");
    if (status == WARD_CTL_DONE)
        status = ward_client_send_and_listen(bus, call, TIMEOUT_S, &reply);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
    sd_bus_flush_close_unref(bus);
    return status;
}

/* ---- what a person types ---- */

/* A line of standard input without its end. False at the end of it, and for one that is longer than any code. */
static bool read_line(char *ret, size_t size)
{
    if (fgets(ret, (int)size, stdin) == NULL)
        return false;
    if (strchr(ret, '\n') == NULL && !feof(stdin))
        return false;
    ret[strcspn(ret, "\r\n")] = '\0';
    return true;
}

static bool take_code(const struct words *words, char *ret, size_t size)
{
    if (words->code != NULL && strcmp(words->code, "-") != 0) {
        const size_t length = strlen(words->code);

        if (length >= size)
            return false;
        memcpy(ret, words->code, length + 1);
        return true;
    }
    if (words->code == NULL && isatty(STDIN_FILENO)) {
        fputs("Enrolment code: ", stderr);
        fflush(stderr);
    }
    return read_line(ret, size);
}

int ward_hub_enrol(int argc, char **argv)
{
    struct words words = {.code = NULL};
    char code[WARD_LINK_CODE_MAX + 2] = "";
    char fault[WARD_ENROLMENT_FAULT_MAX];
    struct ward_enrolment_code read;
    int status = parse(argc, argv, "cj", &words);

    if (status != WARD_CTL_DONE)
        return status;
    if (!take_code(&words, code, sizeof(code)))
        status = ward_ctl_fail("there is no code on standard input, or it is longer than any");
    else if (!ward_enrolment_code_read(code, strlen(code), &read, fault))
        status = ward_ctl_fail("%s. Nothing was sent; type it again.", fault);
    else
        status = provision("enrol", code, &words);
    if (status == WARD_CTL_DONE && !words.as_json)
        puts("This hub is enrolled. `wardctl hub test` tries the whole way to the ward.");
    explicit_bzero(code, sizeof(code));
    explicit_bzero(&read, sizeof(read));
    return status;
}

int ward_hub_renew(int argc, char **argv)
{
    struct words words = {.code = NULL};
    const int status = parse(argc, argv, "j", &words);

    return status == WARD_CTL_DONE ? provision("renew", "", &words) : status;
}

/* Who is here still, and what would come to nothing: what has ended is erased only when the ward has confirmed it. */
static int say_who_is_here(sd_bus *bus)
{
    char **texts = NULL;
    const int status = ward_client_get(bus, "Patients", &texts);

    if (status != WARD_CTL_DONE)
        return status;
    for (char **text = texts; *text != NULL; text++) {
        json_t *patient = ward_document_parse(*text), *said;

        if (strcmp(ward_document_text(patient, "monitoring"), "ended") == 0)
            said = json_sprintf(
                "%s was discharged and is NOT ERASED here yet: it waits for %s. Retired, this hub never "
                "hears of it, and all of it stays.",
                ward_document_text(patient, "patient"), ward_document_member(patient, "waits_for").text);
        else
            said = json_sprintf("%s is still admitted here.", ward_document_text(patient, "patient"));
        if (said != NULL)
            ward_prose_say("", json_string_value(said));
        json_decref(said);
        json_decref(patient);
    }
    ward_client_free_texts(texts);
    return WARD_CTL_DONE;
}

static void say_what_waits(sd_bus *bus)
{
    char **texts = NULL;
    json_t *queue, *said;
    json_int_t readings, alarms;

    if (ward_client_get(bus, "Queue", &texts) != WARD_CTL_DONE)
        return;
    queue = ward_document_parse(texts[0]);
    readings = json_integer_value(json_object_get(queue, "undelivered_readings"));
    alarms = json_integer_value(json_object_get(queue, "undelivered_alarms"));
    said = json_sprintf("NOT DELIVERED to the ward: readings %" JSON_INTEGER_FORMAT
                        ", alarms %" JSON_INTEGER_FORMAT ". Only this hub has them.",
                        readings, alarms);
    if (said != NULL && readings + alarms > 0)
        ward_prose_say("", json_string_value(said));
    json_decref(said);
    json_decref(queue);
    ward_client_free_texts(texts);
}

int ward_hub_retire(int argc, char **argv)
{
    struct words words = {.code = NULL};
    char answer[8] = "";
    sd_bus *bus = NULL;
    int status = parse(argc, argv, "jy", &words);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status != WARD_CTL_DONE)
        return status;
    /* While the database cannot be read nobody is known, and it can be retired all the same. */
    if (say_who_is_here(bus) != WARD_CTL_UNREACHABLE)
        say_what_waits(bus);
    else
        status = WARD_CTL_UNREACHABLE;
    sd_bus_flush_close_unref(bus);
    if (status != WARD_CTL_DONE)
        return status;
    if (!words.yes) {
        ward_prose_say(
            "", "This hub will not reach the ward any more until it is enrolled again with a new code; "
                "what it has not delivered stays here. Alarms still sound here.");
        fputs("Wipe its key and certificate? Type yes: ", stderr);
        fflush(stderr);
        if (!read_line(answer, sizeof(answer)) || strcmp(answer, "yes") != 0)
            return ward_ctl_fail("nothing was wiped");
    }
    return provision("retire", "", &words);
}
