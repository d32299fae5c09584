/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record access machine against its case table. A case is a line of steps:
 *
 *   start               begins             <HEX          an indication        r, r17      a record (number 17)
 *   !128                the write failed   !0            it did not           r17'        another of that number
 *   committed           all is durable
 *   asked, known        must judge the record so; passed: pass it over; unasked
 *   tick                at the deadline
 *   >HEX                must write this    reported END, erased, kept END     must say this
 *   -                   must say nothing
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/racp.h"

#define START_US UINT64_C(5000000)

/* Of a record, and of another one of the same number. */
#define DIGEST_OF(number)         (UINT64_C(1000) + (number))
#define DIGEST_OF_ANOTHER(number) (UINT64_C(9000) + (number))

static const char *const ends[] = {
    [WARD_RACP_COMPLETE] = "complete",           [WARD_RACP_UNCOUNTED] = "uncounted",
    [WARD_RACP_MISCOUNTED] = "miscounted",       [WARD_RACP_NOT_SUPPORTED] = "not-supported",
    [WARD_RACP_NOT_COMPLETED] = "not-completed", [WARD_RACP_TIMED_OUT] = "timed-out",
    [WARD_RACP_WRITE_FAILED] = "write-failed",   [WARD_RACP_CHANGED] = "changed",
    [WARD_RACP_NOT_ERASED] = "not-erased",
};

static const struct ward_racp_options every = {.filter = WARD_RACP_ALL};
static const struct ward_racp_options every_erase = {.filter = WARD_RACP_ALL, .may_erase = true};
static const struct ward_racp_options first = {.filter = WARD_RACP_SEQUENCE};
static const struct ward_racp_options from_17 = {
    .filter = WARD_RACP_SEQUENCE, .has_last = true, .last = 17, .last_digest = DIGEST_OF(17)};
static const struct ward_racp_options from_17_erase = {.filter = WARD_RACP_SEQUENCE,
                                                       .has_last = true,
                                                       .last = 17,
                                                       .last_digest = DIGEST_OF(17),
                                                       .may_erase = true};
static const struct ward_racp_options from_17_as_before = {
    .filter = WARD_RACP_SEQUENCE, .has_last = true, .last = 17};
static const struct ward_racp_options from_the_last = {
    .filter = WARD_RACP_SEQUENCE, .has_last = true, .last = 65535};

struct racp_case {
    const char *name;
    const struct ward_racp_options *options;
    const char *steps;
};

static const struct racp_case cases[] = {
    /* all went well */
    {"none", &every, "start >0401 <05000000 reported complete committed -"},
    {"none, told as a response", &every, "start >0401 <06000406 reported complete"},
    {"three", &every, "start >0401 !0 - <05000300 >0101 !0 - r r r <06000101 reported complete <06000101 -"},
    {"three and deleted", &every_erase,
     "start >0401 <05000300 >0101 r r r <06000101 reported complete tick - committed >0401 <05000300 >0201 "
     "<06000201 erased committed - <06000201 -"},
    {"new ones", &from_17,
     "start >0403011100 <05000300 >0103011100 r17 passed r18 asked r19 asked <06000101 reported complete"},
    {"new ones and deleted by their numbers", &from_17_erase,
     "start >0403011100 <05000300 >0103011100 r17 r19 r18 <06000101 reported complete committed >04040111001300 "
     "<05000300 >02040111001300 <06000201 erased"},
    {"all, when none is known", &first, "start >0401 <05000100 >0101 r0 <06000101 reported complete"},
    {"the numbers are used up", &from_the_last, "start >0401 <05000100 >0101 r0 <06000101 reported complete"},
    {"nothing is left where the numbers are used up", &from_the_last,
     "start >0401 <05000000 reported complete"},
    {"the same, told the other way round", &from_17_erase,
     "start >0403011100 <05000300 >0103011100 r17 r18 r19 <06000101 reported complete committed "
     ">04040111001300"},
    {"the last known one was deleted", &from_17_erase,
     "start >0403011100 <05000200 >0103011100 r18 asked r19 asked <06000101 reported complete committed "
     ">04040112001300"},
    {"the last known one does not come first", &from_17,
     "start >0403011100 <05000200 >0103011100 r18 asked r17 passed <06000101 reported complete"},
    {"it sends all, whatever it is asked for", &from_17,
     "start >0403011100 <05000300 >0103011100 r16 asked r17 passed r18 asked <06000101 reported complete"},
    {"which the last known one was is not known", &from_17_as_before,
     "start >0403011100 <05000200 >0103011100 r17 known r18 asked <06000101 reported complete"},
    {"what has no number is not the last known one", &from_17,
     "start >0403011100 <05000100 >0103011100 r asked <06000101 reported complete"},
    /* nothing new */
    {"the last one is known", &from_17,
     "start >0403011100 <05000100 >0103011100 r17 passed <06000101 reported complete"},
    {"the last one is known, and deleted", &from_17_erase,
     "start >0403011100 <05000100 >0103011100 r17 <06000101 reported complete committed >04040111001100 <05000100 "
     ">02040111001100 <06000201 erased"},
    {"the last one is there after all", &from_17,
     "start >0403011100 <05000000 >0106 r17 passed <06000101 reported complete"},
    {"… which was measured meanwhile", &from_17,
     "start >0403011100 <05000000 >0106 r18 known <06000101 reported complete"},
    {"… and has no number", &from_17,
     "start >0403011100 <05000000 >0106 r unasked <06000101 - tick reported complete"},
    {"… and the answer overtakes it", &from_17,
     "start >0403011100 <05000000 >0106 <06000101 - <06000106 - r17 passed tick reported complete"},
    {"… and never comes", &from_17,
     "start >0403011100 <05000000 >0106 <06000101 - tick reported complete r17 unasked"},
    {"no last one", &from_17, "start >0403011100 <06000406 >0106 <06000106 reported complete"},
    {"it cannot tell the last one", &from_17,
     "start >0403011100 <06000406 >0106 <06000104 reported complete"},
    {"the last one cannot be asked for", &from_17, "start >0403011100 <06000406 >0106 !3 reported complete"},
    /* the numbers began anew */
    {"they have not reached the last known one", &from_17,
     "start >0403011100 <05000000 >0106 r1 passed <06000101 >0401 <05000200 >0101 r0 asked r1 asked <06000101 "
     "reported complete"},
    {"… though the question failed", &from_17,
     "start >0403011100 <05000000 >0106 r1 !3 >0401 <05000200 >0101 r0 r1 <06000101 reported complete"},
    {"… and the question is not answered", &from_17,
     "start >0403011100 <05000000 >0106 r1 tick >0300 r1 passed <06000301 >0401 <05000200 >0101 r0 r1 <06000101 "
     "reported complete"},
    {"… and the answer overtakes the last one", &from_17,
     "start >0403011100 <05000000 >0106 <06000101 - r1 passed tick >0401 <05000200 >0101 r0 r1 <06000101 reported "
     "complete"},
    {"… and went", &from_17,
     "start >0403011100 <05000000 >0106 r1 <06000101 >0401 <05000000 reported complete"},
    {"they have just reached it", &from_17,
     "start >0403011100 <05000000 >0106 r17' passed <06000101 >0401 <05000200 >0101 r16 r17' asked <06000101 "
     "reported complete"},
    {"they are beyond it", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' passed r18' passed <06000101 >0401 <05000300 >0101 r16' asked "
     "r17' asked r18' asked <06000101 reported complete"},
    {"… and what has no number was measured meanwhile", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' passed r asked <06000101 >0401 <05000000 reported complete"},
    {"… as shows after another came", &from_17,
     "start >0403011100 <05000300 >0103011100 r18' asked r17' passed r19' passed <06000101 >0401 <05000300 >0101 "
     "r17' asked r18' asked r19' asked <06000101 reported complete"},
    {"… and all of them are deleted", &from_17_erase,
     "start >0403011100 <05000200 >0103011100 r17' r18' <06000101 >0401 <05000300 >0101 r16' r17' r18' <06000101 "
     "reported complete committed >04040110001200 <05000300 >02040110001200 <06000201 erased"},
    {"… and the answer overtakes some", &from_17,
     "start >0403011100 <05000300 >0103011100 r17' <06000101 - r18' passed tick >0401 r19' passed <05000300 >0101 "
     "r17' r18' r19' asked <06000101 reported complete"},
    {"… and the device cannot count", &from_17,
     "start >0403011100 <06000402 >0103011100 r17' <06000101 >0401 r18' passed r unasked <06000402 >0101 r17' "
     "asked r18' asked <06000101 reported uncounted"},
    {"… and the device gives up", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' <06000108 >0401 <05000100 >0101 r17' asked <06000101 reported "
     "complete"},
    {"… and it cannot report", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' <06000102 >0401 <05000100 >0101 r17' <06000101 reported "
     "complete"},
    {"… and the question failed", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' !14 >0401 <05000100 >0101 r17' <06000101 reported complete"},
    {"… and no end comes", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' tick >0300 r18' passed <06000301 >0401 <05000100 >0101 r17' "
     "asked <06000101 reported complete"},
    {"… and the device falls silent", &from_17,
     "start >0403011100 <05000200 >0103011100 r17' tick >0300 tick >0401 tick >0300 tick reported timed-out"},
    {"… which nothing tells when the last known one is not known", &from_17_as_before,
     "start >0403011100 <05000200 >0103011100 r17' known r18' asked <06000101 reported complete"},
    /* counted wrongly */
    {"one is missing", &every_erase,
     "start >0401 <05000300 >0101 r r <06000101 - tick reported miscounted committed -"},
    {"the answer overtakes the last one", &every_erase,
     "start >0401 <05000300 >0101 r r <06000101 - r tick reported complete committed >0401 <05000300 >0201"},
    {"the answer overtakes them all", &every,
     "start >0401 <05000200 >0101 <06000101 - r r tick reported complete"},
    {"it answers twice", &every,
     "start >0401 <05000200 >0101 r <06000101 - <06000101 - r tick reported complete"},
    {"one too many", &every_erase,
     "start >0401 <05000100 >0101 r r <06000101 reported miscounted committed -"},
    {"gone meanwhile", &every_erase,
     "start >0401 <05000100 >0101 <06000106 - tick reported miscounted committed -"},
    {"one came while the others were committed", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <05000200 kept changed"},
    {"they went while they were committed", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <06000406 kept changed"},
    {"the number of a combined report deletes nothing", &every_erase,
     "start >0401 <08000100 - <05000100 >0101 r <06000101 reported complete committed >0401 <08000100 - "
     "<05000100 >0201"},
    {"nothing to delete", &every_erase, "start >0401 <05000000 reported complete committed -"},
    /* it cannot */
    {"it cannot count", &every_erase,
     "start >0401 <06000402 >0101 r r <06000101 reported uncounted committed -"},
    {"it cannot count, and has none", &every, "start >0401 <06000402 >0101 <06000106 reported complete"},
    {"it cannot count, and has nothing from the last known one on", &from_17,
     "start >0403011100 <06000402 >0103011100 <06000106 >0106 r1 passed <06000101 >0401 <06000402 >0101 r0 asked r1 "
     "asked <06000101 reported uncounted"},
    {"it cannot count, and says that there was none of those that it sent", &from_17,
     "start >0403011100 <06000402 >0103011100 r17 r18 <06000106 reported uncounted"},
    {"it cannot report", &every, "start >0401 <05000100 >0101 <06000102 reported not-supported"},
    {"it knows no from on", &from_17,
     "start >0403011100 <06000404 >0401 <05000100 >0101 r1 <06000101 reported "
     "complete"},
    {"nor all", &from_17, "start >0403011100 <06000404 >0401 <06000404 reported not-supported"},
    {"invalid operator", &from_17, "start >0403011100 <06000403 >0401 <05000000 reported complete"},
    {"invalid operand", &from_17, "start >0403011100 <06000405 >0401 <05000000 reported complete"},
    {"operand not supported", &from_17, "start >0403011100 <06000409 >0401 <05000000 reported complete"},
    {"it can count them and not report them from on", &from_17,
     "start >0403011100 <05000100 >0103011100 <06000104 >0401 <05000100 >0101 r1 <06000101 reported complete"},
    {"all is no operator", &every, "start >0401 <06000404 reported not-supported"},
    /* it gave up */
    {"counting not completed", &every, "start >0401 <06000408 reported not-completed"},
    {"reporting not completed", &every_erase,
     "start >0401 <05000300 >0101 r <06000108 reported not-completed committed -"},
    {"abort unsuccessful, unasked", &every, "start >0401 <06000407 reported not-completed"},
    {"a response of the future", &every, "start >0401 <05000100 >0101 <060001C8 reported not-completed"},
    {"deleting not completed", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <05000100 >0201 <06000208 kept "
     "not-erased"},
    {"deleting not supported", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <05000100 >0201 <06000202 kept "
     "not-erased"},
    {"nothing left to delete", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <05000100 >0201 <06000206 kept "
     "changed"},
    {"recounting refused", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <06000408 kept not-erased"},
    /* time */
    {"no number", &every, "start >0401 tick >0300 <06000301 reported timed-out"},
    {"no end", &every, "start >0401 <05000200 >0101 r tick >0300 r <06000301 reported timed-out"},
    {"no answer to the abort", &every, "start >0401 tick >0300 tick reported timed-out tick -"},
    {"the abort is unsuccessful", &every, "start >0401 tick >0300 <06000307 reported timed-out"},
    {"the abort cannot be written", &every, "start >0401 tick >0300 !14 reported timed-out"},
    {"no last one comes", &from_17,
     "start >0403011100 <05000000 >0106 tick >0300 <06000301 reported timed-out"},
    {"no second number", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 tick >0300 <06000301 kept "
     "timed-out"},
    {"no end of the deletion", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <05000100 >0201 tick >0300 tick "
     "kept timed-out"},
    /* writing */
    {"it is busy", &every, "start >0401 !128 >0300 <06000301 >0401 <05000000 reported complete"},
    {"it is busy, says the core", &every,
     "start >0401 !254 >0300 <06000301 >0401 <05000000 reported complete"},
    {"it stays busy", &every, "start >0401 !128 >0300 <06000301 >0401 !128 reported write-failed"},
    {"it is busy and does not answer", &every, "start >0401 !128 >0300 tick reported write-failed"},
    {"not subscribed", &every, "start >0401 !253 reported write-failed !253 -"},
    {"no link", &every, "start >0401 !-107 reported write-failed"},
    {"reporting refused", &every, "start >0401 <05000100 >0101 !128 reported write-failed"},
    {"recounting cannot be written", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete !5 - committed >0401 !5 kept write-failed"},
    {"deleting cannot be written", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <05000100 >0201 !5 kept "
     "write-failed"},
    /* what fits nothing changes nothing */
    {"before anything", &every, "<05000300 - <06000101 - r !5 - committed - tick - start >0401"},
    {"malformed", &every,
     "start >0401 < - <05 - <050001 - <0600 - <FFFF - <060104 - <05000000 reported complete"},
    {"another's response", &every,
     "start >0401 <06000101 - <06000201 - <06000401 - <05000000 reported complete"},
    {"a number too many", &every,
     "start >0401 <05000100 >0101 <05000900 - r <06000101 reported complete <05000900 -"},
    {"an op code of ours", &every, "start >0401 <0401 - <05000000 reported complete"},
    {"success without a number again", &every_erase,
     "start >0401 <05000100 >0101 r <06000101 reported complete committed >0401 <06000401 - <05000100 >0201"},
    {"a record unasked", &every, "r start >0401 r <05000100 >0101 r <06000101 reported complete r"},
};

static uint8_t hex(const char *text, uint8_t *octets)
{
    uint8_t length = 0;

    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        char digits[3] = {text[0], text[1]};

        octets[length++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

static bool is_output(const struct ward_racp_output *output, const char *word, const char *next)
{
    uint8_t octets[64];

    switch (output->type) {
    case WARD_RACP_NOTHING: return strcmp(word, "-") == 0;
    case WARD_RACP_WRITE:
        return word[0] == '>' && hex(word + 1, octets) == output->length &&
               memcmp(octets, output->octets, output->length) == 0;
    case WARD_RACP_REPORTED: return strcmp(word, "reported") == 0 && strcmp(next, ends[output->end]) == 0;
    case WARD_RACP_ERASED: return strcmp(word, "erased") == 0;
    case WARD_RACP_KEPT: return strcmp(word, "kept") == 0 && strcmp(next, ends[output->end]) == 0;
    }
    return false;
}

struct run {
    struct ward_racp racp;
    const struct ward_racp_options *options;
    uint64_t now_us;
    struct ward_racp_output output;
    bool is_read; /* the output was looked at */
    enum ward_racp_verdict verdict;
};

/* Whether the word is a verdict; then it must be that of the last record. */
static bool is_verdict(const struct racp_case *racp_case, const struct run *run, const char *word)
{
    static const char *const verdicts[] = {[WARD_RACP_UNASKED] = "unasked",
                                           [WARD_RACP_ASKED_FOR] = "asked",
                                           [WARD_RACP_KNOWN] = "known",
                                           [WARD_RACP_PASSED_OVER] = "passed"};

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (strcmp(word, verdicts[i]) != 0)
            continue;
        if (i != run->verdict)
            fail_msg("%s: \"%s\", but it said \"%s\"", racp_case->name, word, verdicts[run->verdict]);
        return true;
    }
    return false;
}

/* Returns whether the word was an input. */
static bool put_in(struct run *run, const char *word)
{
    uint8_t octets[64];
    uint8_t *exact;

    run->now_us += 1000;
    if (strcmp(word, "start") == 0) {
        run->output = ward_racp_start(&run->racp, run->options, run->now_us);
    } else if (word[0] == '<') {
        const size_t length = hex(word + 1, octets);

        exact = malloc(length + (length == 0)); /* so that a sanitizer sees a read past its end */
        memcpy(exact, octets, length);
        run->output = ward_racp_indication(&run->racp, length > 0 ? exact : NULL, length, run->now_us);
        free(exact);
    } else if (word[0] == '!') {
        run->output = ward_racp_written(&run->racp, atoi(word + 1), run->now_us);
    } else if (strcmp(word, "committed") == 0) {
        run->output = ward_racp_committed(&run->racp, run->now_us);
    } else if (strcmp(word, "tick") == 0) {
        if (ward_racp_deadline_us(&run->racp) != UINT64_MAX)
            run->now_us = ward_racp_deadline_us(&run->racp);
        run->output = ward_racp_tick(&run->racp, run->now_us);
    } else if (word[0] == 'r' && (word[1] == '\0' || (word[1] >= '0' && word[1] <= '9'))) {
        const uint16_t number = (uint16_t)atoi(word + 1);
        const bool is_another = strchr(word, '\'') != NULL;
        const struct ward_racp_stored stored = {number,
                                                is_another ? DIGEST_OF_ANOTHER(number) : DIGEST_OF(number)};

        run->verdict = ward_racp_record(&run->racp, word[1] != '\0' ? &stored : NULL, run->now_us);
        return true;
    } else {
        return false;
    }
    run->is_read = false;
    return true;
}

static void play(const struct racp_case *racp_case)
{
    struct run run = {.options = racp_case->options, .now_us = START_US, .is_read = true};
    char text[1024];
    char *words[80] = {0};
    size_t count = 0;

    ward_racp_init(&run.racp);
    snprintf(text, sizeof(text), "%s", racp_case->steps);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    for (size_t i = 0; i < count; i++) {
        if (put_in(&run, words[i]) || is_verdict(racp_case, &run, words[i]))
            continue;
        if (run.is_read || !is_output(&run.output, words[i], words[i + 1] != NULL ? words[i + 1] : ""))
            fail_msg("%s: \"%s\" at word %zu, but it said %d %d %02x%02x%02x%02x%02x%02x%02x",
                     racp_case->name, words[i], i, (int)run.output.type, (int)run.output.end,
                     run.output.octets[0], run.output.octets[1], run.output.octets[2], run.output.octets[3],
                     run.output.octets[4], run.output.octets[5], run.output.octets[6]);
        run.is_read = true;
        i += run.output.type == WARD_RACP_REPORTED || run.output.type == WARD_RACP_KEPT;
    }
    if (!run.is_read && run.output.type != WARD_RACP_NOTHING)
        fail_msg("%s: the last output was not looked at", racp_case->name);
}

static void every_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        play(&cases[i]);
}

static void progress_moves_the_deadline(void **state)
{
    static const uint8_t number[] = {5, 0, 9, 0};
    static const uint8_t nonsense[] = {6, 0, 2, 1};
    struct ward_racp racp;

    (void)state;
    ward_racp_init(&racp);
    assert_true(ward_racp_deadline_us(&racp) == UINT64_MAX);
    (void)ward_racp_start(&racp, &every, 1000);
    assert_true(ward_racp_deadline_us(&racp) == 1000 + WARD_RACP_PROCEDURE_US);
    assert_false(ward_racp_is_reporting(&racp));
    assert_int_equal(ward_racp_record(&racp, NULL, 1500), WARD_RACP_UNASKED);
    (void)ward_racp_indication(&racp, number, sizeof(number), 2000);
    assert_true(ward_racp_deadline_us(&racp) == 2000 + WARD_RACP_PROCEDURE_US);
    assert_true(ward_racp_is_reporting(&racp));
    assert_int_equal(ward_racp_record(&racp, NULL, 3000), WARD_RACP_ASKED_FOR);
    assert_true(ward_racp_deadline_us(&racp) == 3000 + WARD_RACP_PROCEDURE_US);
    assert_int_equal(ward_racp_tick(&racp, 3000 + WARD_RACP_PROCEDURE_US - 1).type, WARD_RACP_NOTHING);
    (void)ward_racp_indication(&racp, nonsense, sizeof(nonsense), 4000);
    assert_true(ward_racp_deadline_us(&racp) == 3000 + WARD_RACP_PROCEDURE_US);
    assert_int_equal(racp.unexpected, 1);
    assert_int_equal(racp.received, 1);
}

static bool has_come(struct ward_racp *racp, uint64_t now_us)
{
    const struct ward_racp_stored stored = {(uint16_t)(rand() % 6), (uint64_t)rand() % 3};

    return ward_racp_record(racp, rand() % 8 ? &stored : NULL, now_us) != WARD_RACP_UNASKED;
}

/*
 * Whatever comes in whatever order: records are deleted only after a complete and committed transfer whose number was
 * confirmed just before, and a started machine always comes to an end.
 */
static void nothing_is_deleted_that_is_not_safe(void **state)
{
    static const uint8_t responses[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0x55};
    unsigned deletions = 0;

    (void)state;
    srand(7);
    for (unsigned round = 0; round < 40000; round++) {
        struct ward_racp racp;
        const struct ward_racp_options options = {.filter = rand() % 2 ? WARD_RACP_ALL : WARD_RACP_SEQUENCE,
                                                  .has_last = rand() % 2,
                                                  .last = (uint16_t)(rand() % 4),
                                                  .last_digest = (uint64_t)rand() % 3,
                                                  .may_erase = rand() % 4 != 0};
        struct ward_racp_output output = ward_racp_start(&racp, &options, START_US);
        uint64_t now_us = START_US;
        bool is_complete = false, is_committed = false;
        unsigned announced = 0, came = 0;

        for (unsigned step = 0; step < 24; step++) {
            const uint8_t number[] = {5, 0, (uint8_t)(rand() % 3), 0};
            const uint8_t response[] = {6, 0, (uint8_t)(rand() % 3 ? output.octets[0] : rand() % 6),
                                        responses[rand() % 2 ? 0 : rand() % 10]};
            const struct ward_racp_output before = output;

            now_us += (uint64_t)rand() % 1000;
            switch (rand() % 6) {
            case 0:
            case 1:
                output = ward_racp_indication(&racp, number, sizeof(number), now_us);
                if (before.type == WARD_RACP_WRITE && before.octets[0] == 4)
                    announced = number[2];
                break;
            case 2: output = ward_racp_indication(&racp, response, sizeof(response), now_us); break;
            case 3: came += has_come(&racp, now_us); continue;
            case 4:
                if (rand() % 3 == 0) {
                    output = ward_racp_committed(&racp, now_us);
                    is_committed = is_complete;
                } else {
                    output = ward_racp_written(&racp, rand() % 4 == 0 ? 128 : 0, now_us);
                }
                break;
            default:
                now_us = rand() % 3 == 0 && racp.due_us != UINT64_MAX ? racp.due_us : now_us;
                output = ward_racp_tick(&racp, now_us);
                break;
            }
            if (output.type == WARD_RACP_REPORTED)
                is_complete = output.end == WARD_RACP_COMPLETE;
            if (output.type == WARD_RACP_WRITE && output.octets[0] == 2) {
                assert_true(options.may_erase && is_complete && is_committed);
                assert_int_equal(announced, racp.received);
                assert_true(came >= racp.received);
                deletions++;
            }
            if (output.type == WARD_RACP_NOTHING)
                output = before;
        }
        for (unsigned ticks = 0; ward_racp_deadline_us(&racp) != UINT64_MAX; ticks++) {
            assert_true(ticks < 4);
            (void)ward_racp_tick(&racp, ward_racp_deadline_us(&racp));
        }
    }
    assert_true(deletions > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case),
        cmocka_unit_test(progress_moves_the_deadline),
        cmocka_unit_test(nothing_is_deleted_that_is_not_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
