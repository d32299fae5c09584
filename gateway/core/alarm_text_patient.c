/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms of the patient as a whole, in words: scores and worries. A partial score is never called low. */
#include "core/alarm_private.h"
#include "core/quantity.h"

static void put_parameters(struct ward_words *words, uint8_t set)
{
    const char *lead = "";

    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        if ((set & (1u << i)) != 0) {
            ward_words_put(words, lead);
            ward_words_put(words,
                           ward_quantity_info(ward_news2_quantity((enum ward_news2_parameter)i))->label);
            lead = ", ";
        }
    }
}

static void put_points(struct ward_words *words, const struct ward_news2_score *score)
{
    const char *lead = ": ";

    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        struct ward_decimal points = {.mantissa = score->points[i]};

        if (score->points[i] != 0) {
            ward_words_put(words, lead);
            ward_words_put(words,
                           ward_quantity_info(ward_news2_quantity((enum ward_news2_parameter)i))->label);
            ward_words_put(words, " ");
            ward_words_put_number(words, &points);
            lead = ", ";
        }
    }
}

/* "NEWS2 7 or more, up to 13: SpO2 3, Pulse 2, Temperature 2. Not known: Respiration, Consciousness" */
static void put_score(struct ward_words *words, const struct ward_news2_score *score)
{
    struct ward_decimal minimum = {.mantissa = score->minimum}, maximum = {.mantissa = score->maximum};

    ward_words_put(words, "NEWS2 ");
    ward_words_put_number(words, &minimum);
    if (!score->complete) {
        ward_words_put(words, " or more, up to ");
        ward_words_put_number(words, &maximum);
    }
    put_points(words, score);
    if (!score->complete) {
        ward_words_put(words, ". Not known: ");
        put_parameters(words, score->missing | score->stale);
    }
}

void ward_alarm_write_of_patient(struct ward_words *words, const struct ward_alarm_view *view,
                                 const struct ward_alarm_event *event)
{
    const struct ward_value concern = {.number = event->value, .quantity = WARD_CONCERN};
    const char *who = ward_quantity_code(&concern);
    struct ward_news2_report news2;
    bool scored = ward_alarm_news2(view->state, view->context, &news2);

    if (view->cause == WARD_CAUSE_CONCERN) {
        ward_words_put(words, who != NULL ? who : "somebody");
        ward_words_put(words, " is worried: please call");
        return;
    }
    if (!scored || ward_alarm_has_ended(event)) {
        ward_words_put(words, view->cause == WARD_CAUSE_NEWS2 ? "NEWS2 was "
                                                              : "NEWS2 had 3 points in one parameter");
        if (view->cause == WARD_CAUSE_NEWS2) {
            ward_words_put_number(words, &event->value);
        }
        ward_alarm_write_ended(words, view, event);
        if (scored) {
            ward_words_put(words, ". Now: ");
            put_score(words, &news2.score);
        }
        return;
    }
    if (view->cause == WARD_CAUSE_NEWS2_THREE) {
        ward_words_put(words, "3 points in ");
        put_parameters(words, (uint8_t)view->condition->value.mantissa);
        ward_words_put(words, ". ");
    }
    put_score(words, &news2.score);
}
