/* SPDX-License-Identifier: Apache-2.0 */
/* The claims, as a holder of a ward key could sign them: receipts, commands, care plans; and what is made of their dates. */
#include <stdint.h>
#include <stdlib.h>

#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ward_jws_verdict judge(const struct ward_claims *claims, const char *gateway,
                                   struct ward_time now)
{
    const struct ward_jws_context context = {.gateway = gateway, .key_role = claims->by.role, .now = now};
    const enum ward_jws_verdict verdict = ward_claims_judge(claims, &context);

    if (ward_jws_verdict_text(verdict)[0] == '\0') {
        abort();
    }
    return verdict;
}

/* What may be acted on in its time may not after it, nor before; and without a clock only what makes nothing quieter. */
static void check_times(const struct ward_claims *claims)
{
    const struct ward_time in_time = {.utc_ms = claims->issued_at_ms, .clock = WARD_CLOCK_SYNCED},
                           late = {.utc_ms = claims->not_after_ms + 1, .clock = WARD_CLOCK_SYNCED},
                           early = {.utc_ms = claims->issued_at_ms - WARD_JWS_SKEW_MS - 1,
                                    .clock = WARD_CLOCK_SYNCED},
                           nobody = {.utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED};
    const enum ward_jws_verdict verdict = judge(claims, claims->gateway.text, in_time);
    const enum ward_jws_verdict undated = judge(claims, claims->gateway.text, nobody);
    const struct ward_time ahead = {.utc_ms = claims->not_after_ms + 1, .clock = WARD_CLOCK_ESTIMATED};

    if (verdict == WARD_JWS_EXPIRED || verdict == WARD_JWS_NOT_YET || verdict == WARD_JWS_OTHER_GATEWAY) {
        abort();
    }
    if (verdict != WARD_JWS_ACCEPTED) {
        return;
    }
    if (judge(claims, claims->gateway.text, late) != WARD_JWS_EXPIRED ||
        judge(claims, claims->gateway.text, early) != WARD_JWS_NOT_YET) {
        abort();
    }
    if (judge(claims, claims->gateway.text, ahead) !=
        (claims->type == WARD_JWS_RECEIPT ? WARD_JWS_ACCEPTED : WARD_JWS_EXPIRED)) {
        abort(); /* what a receipt covers the ward has, whenever it said so */
    }
    if (claims->type == WARD_JWS_COMMAND &&
        undated != (ward_command_quietens(&claims->command) ? WARD_JWS_CLOCK_UNTRUSTED : WARD_JWS_ACCEPTED)) {
        abort();
    }
}

/* Whoever signs says which role the key has, and has no other. */
static void check_other_role(const struct ward_claims *claims)
{
    const struct ward_jws_context context = {.gateway = claims->gateway.text,
                                             .key_role = claims->by.role == WARD_ROLE_HUB ? WARD_ROLE_CLINICAL
                                                                                          : WARD_ROLE_HUB,
                                             .now = {.utc_ms = claims->issued_at_ms}};
    const enum ward_jws_verdict verdict = ward_claims_judge(claims, &context);

    if (verdict != WARD_JWS_OTHER_ROLE || ward_jws_verdict_text(verdict)[0] == '\0') {
        abort();
    }
}

static void check_command(const struct ward_claims *claims)
{
    const struct ward_command *command = &claims->command;
    struct ward_claims other = *claims;

    if (ward_command_name(command->kind)[0] == '\0') {
        abort();
    }
    other.by.role = ward_command_role(command->kind) == WARD_ROLE_ROOT ? WARD_ROLE_TECHNICAL : WARD_ROLE_ROOT;
    if (judge(&other, claims->gateway.text, (struct ward_time){.utc_ms = claims->issued_at_ms}) !=
        WARD_JWS_ROLE_NOT_ALLOWED) {
        abort(); /* root says nothing but what is root's, and nobody else says that */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ward_claims claims;
    struct ward_jws_error error = {.refusal = WARD_JWS_OK};

    enum ward_jws_refusal refusal = ward_claims_parse(data, size, &claims, &error);
    if (refusal != WARD_JWS_OK) {
        if (error.refusal != refusal || error.text[0] == '\0' || ward_jws_refusal_name(refusal)[0] == '\0') {
            abort();
        }
        return 0;
    }
    if (claims.gateway.text[0] == '\0' || !ward_role_name(claims.by.role)) {
        abort();
    }
    check_times(&claims);
    check_other_role(&claims);
    if (judge(&claims, "", (struct ward_time){.utc_ms = claims.issued_at_ms}) != WARD_JWS_OTHER_GATEWAY) {
        abort();
    }
    if (claims.type == WARD_JWS_COMMAND) {
        check_command(&claims);
    }
    for (size_t i = 0; claims.type == WARD_JWS_RECEIPT && i < claims.receipt.range_count; i++) {
        if (claims.receipt.ranges[i].first > claims.receipt.ranges[i].last) {
            abort();
        }
    }
    return 0;
}
