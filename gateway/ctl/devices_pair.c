/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl devices pair: enrols a device, and leads whoever holds it through that. The patient's check word is compared
 * first. On a terminal it is listened for the device, to say how well it is heard and what to do with one of its kind.
 * Then each EnrolmentStep(address, step, text) is printed as it comes, with how long it has been at it. It ends well only
 * after a reconnection that delivered a reading, which is the daemon's to say; the reading is shown.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/model.h"
#include "ctl/check_word.h"
#include "ctl/client.h"
#include "ctl/devices.h"
#include "ctl/document.h"
#include "ctl/filter.h"
#include "ctl/prose.h"
#include "ctl/show.h"
#include "ctl/strength.h"

#define PAIR_S      120
#define SECONDS_MIN 10
#define SECONDS_MAX 600
#define MARGIN_S    30 /* for the answer itself, on top of what the daemon was given */
#define LOOK_S      5

#define ADDRESS_LENGTH 17

struct pairing {
    const char *address, *patient, *check_word;
    uint32_t seconds;
    bool as_json;
    bool open, by_address; /* without a bond; known by its address */
    time_t since;          /* CLOCK_BOOTTIME */
};

static time_t seconds_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

static int parse(int argc, char **argv, struct pairing *ret)
{
    static const struct option options[] = {{"patient", required_argument, NULL, 'p'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"check-word", required_argument, NULL, 'w'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"open", no_argument, NULL, 'o'},
                                            {"by-address", no_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': ret->patient = optarg; break;
        case 'w': ret->check_word = optarg; break;
        case 'j': ret->as_json = true; break;
        case 'o': ret->open = true; break;
        case 'a': ret->by_address = true; break;
        case 't':
            if (!ward_devices_seconds(optarg, SECONDS_MIN, SECONDS_MAX, &ret->seconds))
                return ward_ctl_usage(&ward_verb_devices, "\"%s\" is not %d to %d seconds", optarg,
                                      SECONDS_MIN, SECONDS_MAX);
            break;
        default:
            return ward_ctl_usage(&ward_verb_devices, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    ret->address = argv[optind];
    if (ret->address == NULL || argc - optind != 1 || ret->patient == NULL)
        return ward_ctl_usage(&ward_verb_devices, "pair needs one ADDRESS and --patient");
    if (ret->by_address && !ret->open)
        return ward_ctl_usage(&ward_verb_devices, "--by-address goes with --open");
    return WARD_CTL_DONE;
}

/* {DEVICE: its bindings}: which of them it is shows only when it is paired. */
static json_t *bindings_of_all(sd_bus *bus)
{
    json_t *all = json_object();
    char **texts = NULL;

    (void)ward_client_get(bus, "Devices", &texts);
    for (char **text = texts; text != NULL && *text != NULL; text++) {
        json_t *document = ward_document_parse(*text);

        (void)json_object_set(all, ward_document_text(document, "device"),
                              json_object_get(document, "bindings"));
        json_decref(document);
    }
    ward_client_free_texts(texts);
    return all;
}

/* --- before ------------------------------------------------------------------------------------------------------- */

static void say_what_to_do(const json_t *found, const struct pairing *pairing)
{
    const struct ward_model *model = ward_model_by_id(ward_document_text(found, "model"));

    printf("%s, %s: %s\n", ward_document_member(found, "name").text, ward_document_member(found, "kind").text,
           ward_strength(found).text);
    if (model == NULL)
        puts("It is of no kind that is known here: put it into pairing mode as its manual says.");
    else if (model->pairing != NULL)
        printf("%s\n", model->pairing);
    if (model != NULL && model->bond == WARD_MODEL_BOND_NONE && !pairing->open)
        puts("A device of its kind cannot bond: it may have to be paired with --open.");
    if (model != NULL && model->has_one_bond)
        puts("It keeps one bond only: whatever it was paired with before loses it.");
}

/* C0:11:22:33:44:55 */
static bool is_address(const char *text)
{
    size_t at = 0;

    while (at < ADDRESS_LENGTH && (at % 3 == 2 ? text[at] == ':' : isxdigit((unsigned char)text[at]) != 0))
        at++;
    return at == ADDRESS_LENGTH && text[at] == '\0';
}

/* That it is not heard yet, or nobody may listen, is no reason not to try: pairing listens longer. */
static void look(sd_bus *bus, const struct pairing *pairing)
{
    char **texts = NULL;
    bool found = false;

    ward_prose_begin();
    printf("Listening for %s, for %d s.\n", pairing->address, LOOK_S);
    fflush(stdout);
    if (ward_devices_listen(bus, LOOK_S, &texts) != WARD_CTL_DONE)
        return;
    for (char **text = texts; *text != NULL; text++) {
        json_t *document = ward_document_parse(*text);

        if (strcasecmp(ward_document_text(document, "address"), pairing->address) == 0) {
            say_what_to_do(document, pairing);
            found = true;
        }
        json_decref(document);
    }
    if (!found)
        puts("It is not heard yet. Wake it beside the gateway, or put it into pairing mode; a phone that is "
             "connected to it must let it go.");
    ward_client_free_texts(texts);
}

/* --- meanwhile ---------------------------------------------------------------------------------------------------- */

static int show_step(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const struct pairing *pairing = userdata;
    const char *address, *name, *text;

    (void)error;
    if (sd_bus_message_read(message, "sss", &address, &name, &text) < 0)
        return 0;
    if (pairing->as_json)
        ward_show_json(json_pack("{ssssss}", "address", address, "step", name, "text", text));
    else
        printf("%3lld s of %u  %-19s %s\n", (long long)(seconds_now() - pairing->since), pairing->seconds,
               name, text);
    fflush(stdout);
    return 0;
}

static int call(sd_bus *bus, const struct pairing *pairing, char ***ret)
{
    const char *security = pairing->by_address ? "open-by-address" : pairing->open ? "open" : "bonded";
    sd_bus_message *message = NULL, *reply = NULL;
    int status = ward_client_call_new(bus, "Pair", &message);

    if (status == WARD_CTL_DONE && sd_bus_message_append(message, "sssu", pairing->address, pairing->patient,
                                                         security, pairing->seconds) < 0)
        status = ward_ctl_fail("an argument is not a text that can be sent");
    if (status == WARD_CTL_DONE)
        status = ward_client_send_and_listen(bus, message, pairing->seconds + MARGIN_S, &reply);
    if (status == WARD_CTL_DONE)
        status = ward_client_read(reply, ret);
    sd_bus_message_unref(reply);
    sd_bus_message_unref(message);
    return status;
}

/* --- after ---------------------------------------------------------------------------------------------------------- */

/* It may not be committed yet: then it comes with `wardctl watch`. */
static void show_first_reading(sd_bus *bus, const char *device)
{
    const struct ward_filter filter = {.device = device, .limit = 1};
    char **texts = NULL;

    if (*device == '\0' || ward_filter_ask(bus, "Readings", &filter, &texts) != WARD_CTL_DONE)
        return;
    if (texts[0] != NULL) {
        json_t *reading = ward_document_parse(texts[0]);

        if (json_is_true(json_object_get(reading, "unassigned")))
            printf("First reading, kept as nobody's since it may have been in its memory: %s",
                   ward_document_text(reading, "quality"));
        else
            printf("First reading: %s, %s", ward_document_values(json_object_get(reading, "values")).text,
                   ward_document_member(reading, "quality").text);
        if (json_array_size(json_object_get(reading, "reasons")) > 0)
            printf(" (%s)", ward_document_member(reading, "reasons").text);
        puts(".");
        json_decref(reading);
    }
    ward_client_free_texts(texts);
}

static void show_paired(sd_bus *bus, const struct pairing *pairing, const char *text, const json_t *before)
{
    json_t *device = ward_document_parse(text), *after = bindings_of_all(bus);
    const char *id = ward_document_text(device, "device");

    show_first_reading(bus, id);
    printf("%s is paired and read for %s%s. `wardctl watch` shows what it measures.\n", pairing->address,
           pairing->patient,
           ward_devices_taken_from(json_object_get(before, id), json_object_get(after, id)).text);
    json_decref(device);
    json_decref(after);
}

int ward_devices_pair(int argc, char **argv)
{
    struct pairing pairing = {.seconds = PAIR_S};
    sd_bus *bus = NULL;
    json_t *before = NULL;
    char **texts = NULL;
    bool admitted = false;
    int status = parse(argc, argv, &pairing);

    if (status == WARD_CTL_DONE)
        status = ward_client_open(&bus);
    if (status == WARD_CTL_DONE)
        status = ward_check_word(bus, pairing.patient, pairing.check_word, &admitted);
    /* What the daemon will refuse at once needs no listening. */
    if (status == WARD_CTL_DONE && admitted && is_address(pairing.address) && !pairing.as_json &&
        isatty(STDOUT_FILENO) == 1)
        look(bus, &pairing);
    if (status == WARD_CTL_DONE && !pairing.as_json)
        before = bindings_of_all(bus);
    pairing.since = seconds_now();
    if (status == WARD_CTL_DONE)
        status = ward_client_listen(bus, "EnrolmentStep", show_step, &pairing);
    if (status == WARD_CTL_DONE)
        status = call(bus, &pairing, &texts);
    if (status == WARD_CTL_DONE && pairing.as_json)
        ward_document_print_lines(texts);
    else if (status == WARD_CTL_DONE)
        show_paired(bus, &pairing, texts[0], before);
    json_decref(before);
    ward_client_free_texts(texts);
    sd_bus_flush_close_unref(bus);
    return status;
}
