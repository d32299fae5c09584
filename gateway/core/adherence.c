/* SPDX-License-Identifier: Apache-2.0 */
#include "core/adherence.h"

#include <string.h>

#include "core/quantity.h"

void ward_adherence_note(struct ward_adherence *adherence, int64_t slot_ms, enum ward_slot_outcome outcome)
{
    if (adherence->count > 0 && slot_ms <= adherence->slots[adherence->count - 1].slot_ms) {
        return;
    }
    if (adherence->count == WARD_ADHERENCE_SLOTS) {
        adherence->count--;
        memmove(&adherence->slots[0], &adherence->slots[1], adherence->count * sizeof(adherence->slots[0]));
    }
    adherence->slots[adherence->count++] = (struct ward_adherence_slot){slot_ms, (uint8_t)outcome};
    adherence->totals[outcome]++;
}

void ward_adherence_improve(struct ward_adherence *adherence, int64_t slot_ms, enum ward_slot_outcome outcome)
{
    for (uint8_t i = 0; i < adherence->count; i++) {
        struct ward_adherence_slot *slot = &adherence->slots[i];

        if (slot->slot_ms == slot_ms && slot->outcome < outcome) {
            adherence->totals[slot->outcome]--;
            adherence->totals[outcome]++;
            slot->outcome = (uint8_t)outcome;
        }
    }
}

bool ward_adherence_is_in_time(const struct ward_adherence *adherence, int64_t slot_ms)
{
    for (uint8_t i = 0; i < adherence->count; i++) {
        if (adherence->slots[i].slot_ms == slot_ms) {
            return adherence->slots[i].outcome == WARD_SLOT_IN_TIME;
        }
    }
    return false;
}

void ward_adherence_forget(struct ward_adherence *adherence, int64_t from_ms)
{
    while (adherence->count > 0 && adherence->slots[adherence->count - 1].slot_ms >= from_ms) {
        adherence->count--;
        adherence->totals[adherence->slots[adherence->count].outcome]--;
    }
}

static struct ward_adherence_figures figures_of(const uint32_t totals[WARD_SLOT_OUTCOMES])
{
    return (struct ward_adherence_figures){.due = totals[WARD_SLOT_MISSED] + totals[WARD_SLOT_LATE] +
                                                  totals[WARD_SLOT_IN_TIME],
                                           .in_time = totals[WARD_SLOT_IN_TIME],
                                           .late = totals[WARD_SLOT_LATE],
                                           .missed = totals[WARD_SLOT_MISSED]};
}

struct ward_adherence_figures ward_adherence_since(const struct ward_adherence *adherence, int64_t from_ms)
{
    uint32_t totals[WARD_SLOT_OUTCOMES] = {0};

    for (uint8_t i = 0; i < adherence->count; i++) {
        if (adherence->slots[i].slot_ms >= from_ms) {
            totals[adherence->slots[i].outcome]++;
        }
    }
    return figures_of(totals);
}

struct ward_adherence_figures ward_adherence_total(const struct ward_adherence *adherence)
{
    return figures_of(adherence->totals);
}

/* --- wear ---------------------------------------------------------------------------------------------------- */

static int64_t piece_of(int64_t utc_ms)
{
    return utc_ms / WARD_WEAR_PIECE_MS;
}

/* pieces[0] is that of the moment from now on. Of a clock that was set back the newest piece takes what comes. */
static void turn(struct ward_adherence *adherence, int64_t utc_ms)
{
    const int64_t piece = piece_of(utc_ms);
    int64_t by = adherence->piece_count > 0 ? piece - adherence->newest_piece : WARD_WEAR_PIECES;

    if (by <= 0) {
        return;
    }
    by = by < WARD_WEAR_PIECES ? by : WARD_WEAR_PIECES;
    memmove(&adherence->pieces[by], &adherence->pieces[0],
            (size_t)(WARD_WEAR_PIECES - by) * sizeof(adherence->pieces[0]));
    memset(&adherence->pieces[0], 0, (size_t)by * sizeof(adherence->pieces[0]));
    adherence->newest_piece = piece;
    by += adherence->piece_count;
    if (adherence->piece_count == 0) {
        by = 1;
    }
    adherence->piece_count = (uint8_t)(by < WARD_WEAR_PIECES ? by : WARD_WEAR_PIECES);
}

void ward_adherence_wear(struct ward_adherence *adherence, int64_t utc_ms, struct ward_wear more)
{
    const uint64_t most = UINT32_MAX / 2;

    turn(adherence, utc_ms);
    adherence->pieces[0].expected_ms += (uint32_t)(more.expected_ms < most ? more.expected_ms : most);
    adherence->pieces[0].worn_ms += (uint32_t)(more.worn_ms < most ? more.worn_ms : most);
    adherence->worn.expected_ms += more.expected_ms;
    adherence->worn.worn_ms += more.worn_ms;
}

struct ward_wear ward_adherence_worn_since(const struct ward_adherence *adherence, int64_t from_ms)
{
    struct ward_wear sum = {0};

    for (uint8_t i = 0; i < adherence->piece_count; i++) {
        if (adherence->newest_piece - i >= piece_of(from_ms)) {
            sum.expected_ms += adherence->pieces[i].expected_ms;
            sum.worn_ms += adherence->pieces[i].worn_ms;
        }
    }
    return sum;
}

/* --- in words ------------------------------------------------------------------------------------------------ */

static void member_uint(struct ward_json *json, const char *name, uint64_t value)
{
    ward_json_key(json, name);
    ward_json_uint(json, value);
}

static void write_wear(const struct ward_wear *wear, struct ward_json *json)
{
    ward_json_key(json, "wear");
    ward_json_object(json);
    member_uint(json, "expected_s", wear->expected_ms / 1000);
    member_uint(json, "worn_s", wear->worn_ms / 1000);
    ward_json_key(json, "share");
    if (wear->expected_ms == 0) {
        ward_json_null(json);
    } else {
        ward_json_decimal(
            json, (struct ward_decimal){.mantissa = (int64_t)(wear->worn_ms * 1000 / wear->expected_ms),
                                        .exponent = -3});
    }
    ward_json_object_end(json);
}

static void write_span(const char *name, const struct ward_adherence_report *report,
                       const struct ward_adherence_span *span, struct ward_json *json)
{
    ward_json_key(json, name);
    ward_json_object(json);
    if (report->scheduled) {
        member_uint(json, "due", span->slots.due);
        member_uint(json, "in_time", span->slots.in_time);
        member_uint(json, "late", span->slots.late);
        member_uint(json, "missed", span->slots.missed);
    }
    if (report->worn) {
        write_wear(&span->wear, json);
    }
    ward_json_object_end(json);
}

void ward_adherence_write_json(const struct ward_adherence_report *reports, size_t count,
                               struct ward_json *json)
{
    ward_json_array(json);
    for (size_t i = 0; i < count; i++) {
        ward_json_object(json);
        ward_json_member(json, "quantity", ward_quantity_info(reports[i].quantity)->name);
        if (reports[i].dated) {
            write_span("last_24_h", &reports[i], &reports[i].day, json);
            write_span("last_7_d", &reports[i], &reports[i].week, json);
        }
        write_span("since_admission", &reports[i], &reports[i].total, json);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}
