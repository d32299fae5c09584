/* SPDX-License-Identifier: Apache-2.0 */
#include "app/trial_words.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/alarm_words.h"
#include "core/decimal.h"
#include "core/json.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "ward/alarm.h"

/* Above the first a link holds, below the second it does not; a device that calls rarely is not far for that alone. */
#define GOOD_DBM     (-80)
#define TOO_FAR_DBM  (-90)
#define RARELY_OF_10 3
#define BATTERY_LOW  20

struct text {
    char *at;
    size_t length;
};

static struct text begin(char *at)
{
    at[0] = '\0';
    return (struct text){.at = at};
}

/* Cuts what does not fit; the sentences here do. */
static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text *text, const char *format, ...)
{
    const size_t room = WARD_TRIAL_TEXT_SIZE - text->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->at + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t)length < room ? (size_t)length : room - 1;
}

void ward_trial_say_what_to_do(const struct ward_model *model, char ret[static WARD_TRIAL_TEXT_SIZE])
{
    static const struct {
        uint8_t quantity;
        const char *text;
    } ways[] = {
        {WARD_SPO2, "Put it on a warm finger and keep the hand still."},
        {WARD_BP_SYSTOLIC, "Put the cuff on, sit still and press its start button."},
        {WARD_HEART_RATE, "Wet the electrodes and put the strap on."},
        {WARD_BODY_TEMPERATURE, "Switch it on and take a temperature."},
        {WARD_BODY_MASS, "Step on it and stand still until it shows a weight."},
        {WARD_GLUCOSE, "Measure with a test strip; a control solution will do."},
    };
    struct text text = begin(ret);
    const char *way = "Take a measurement with it.";

    for (size_t i = 0; model && i < sizeof(ways) / sizeof(ways[0]); i++)
        if (model->quantities & UINT32_C(1) << ways[i].quantity) {
            way = ways[i].text;
            break;
        }
    say(&text, "%s What it measures during the test goes to no patient and raises no alarm.", way);
}

enum ward_trial_signal ward_trial_signal(const struct ward_trial_seen *seen)
{
    const bool is_known = seen->rssi != WARD_TRIAL_RSSI_UNKNOWN;
    const bool rarely = seen->heard_s * 10 <= seen->listened_s * RARELY_OF_10;

    if (seen->heard_s == 0)
        return WARD_TRIAL_NOT_HEARD;
    if (is_known ? seen->rssi <= TOO_FAR_DBM || (rarely && seen->rssi <= GOOD_DBM) : rarely)
        return WARD_TRIAL_TOO_FAR;
    return is_known && seen->rssi > GOOD_DBM ? WARD_TRIAL_GOOD : WARD_TRIAL_WEAK;
}

void ward_trial_say_signal(const struct ward_trial_seen *seen, char ret[static WARD_TRIAL_TEXT_SIZE])
{
    struct text text = begin(ret);

    if (seen->listened_s == 0) {
        say(&text, "Its signal strength is not known: Bluetooth tells none of a device that is connected.");
        return;
    }
    if (seen->heard_s > 0)
        say(&text, "Heard in %u of %u seconds, ", seen->heard_s, seen->listened_s);
    if (seen->heard_s > 0 && seen->rssi == WARD_TRIAL_RSSI_UNKNOWN)
        say(&text, "signal strength not known: ");
    else if (seen->heard_s > 0)
        say(&text, "at %d dBm: ", seen->rssi);
    switch (ward_trial_signal(seen)) {
    case WARD_TRIAL_NOT_HEARD:
        if (seen->connected)
            say(&text, "Its signal strength is not known: it connected before it was heard.");
        else
            say(&text, "Not heard in %u seconds. Some call only when they have measured.", seen->listened_s);
        break;
    case WARD_TRIAL_TOO_FAR: say(&text, "too far. Bring it nearer to the gateway."); break;
    case WARD_TRIAL_WEAK: say(&text, "weak. Nearer would be better."); break;
    case WARD_TRIAL_GOOD: say(&text, "good."); break;
    }
}

static const char *reason_for_people(uint32_t reason)
{
    switch ((enum ward_reason)reason) {
    case WARD_REASON_NO_VALUE: return "it gives no value";
    case WARD_REASON_IMPLAUSIBLE: return "the value cannot be right";
    case WARD_REASON_NO_CONTACT: return "it is not worn or has no contact";
    case WARD_REASON_POOR_SIGNAL: return "its sensor gets a poor signal";
    case WARD_REASON_MEASUREMENT_ONGOING: return "it is still measuring";
    case WARD_REASON_QUESTIONABLE_STATUS: return "the device itself calls it questionable";
    case WARD_REASON_SENSOR_FAULT: return "its sensor is at fault";
    case WARD_REASON_MOTION: return "somebody moved or it sits badly";
    case WARD_REASON_NOT_CLINICAL: return "it says that this is a demonstration or a test";
    case WARD_REASON_LINK_UNPROVED: return "who sent it is not proved";
    case WARD_REASON_UNDECODABLE: return "it cannot be understood";
    case WARD_REASON_INVALIDATED_BY_DEVICE: return "the device itself calls it invalid";
    case WARD_REASON_DISAGREEMENT: return "another device says otherwise";
    case WARD_REASON_CONTEXT_ALONE: return "it is said about a measurement that is not here";
    }
    return "";
}

static void say_reasons(struct text *text, uint32_t reasons)
{
    const char *parting = "";

    for (unsigned i = 0; i < WARD_REASON_COUNT; i++)
        if (reasons & UINT32_C(1) << i) {
            say(text, "%s%s", parting, reason_for_people(UINT32_C(1) << i));
            parting = "; ";
        }
}

void ward_trial_say_reading(const struct ward_reading *reading, char ret[static WARD_TRIAL_TEXT_SIZE])
{
    struct text text = begin(ret);

    for (size_t i = 0; i < reading->value_count; i++) {
        const struct ward_value *value = &reading->values[i];
        char number[WARD_ALARM_TEXT_MAX + 1];
        struct ward_words words = {.text = number};

        if (ward_decimal_is_ordered(&value->number))
            ward_words_put_with_unit(&words, &value->number, value->quantity);
        else
            ward_words_put_number(&words, &value->number);
        say(&text, "%s%s %s", i > 0 ? ", " : "", ward_quantity_info(value->quantity)->label, number);
    }
    say(&text, "%s: %s", reading->value_count > 0 ? "" : "No value", ward_quality_name(reading->quality));
    if (reading->reasons)
        say(&text, " (");
    say_reasons(&text, reading->reasons);
    say(&text, reading->reasons ? ")." : ".");
}

void ward_trial_say_done(const char *patient, char ret[static WARD_TRIAL_TEXT_SIZE])
{
    struct text text = begin(ret);

    if (patient)
        say(&text, "It works. The test is over: what it measures from now on is for %s.", patient);
    else
        say(&text, "It works. It has no patient yet: `wardctl devices bind` gives it one.");
}

bool ward_trial_is_good(const struct ward_reading *reading)
{
    return reading->quality == WARD_VALID || reading->reasons == WARD_REASON_NOT_CLINICAL;
}

static void say_pair_again(struct text *text, const struct ward_model *model)
{
    say(text, "Forget it and pair it again.");
    if (model && model->pairing)
        say(text, " %s", model->pairing);
}

static void say_not_good(struct text *text, uint32_t reasons)
{
    say(text, "It measures, but nothing good came: ");
    say_reasons(text, reasons);
    if (reasons & (WARD_REASON_SENSOR_FAULT | WARD_REASON_UNDECODABLE))
        say(text, ". If a fresh battery does not help, take another device.");
    else
        say(text, ". See that it sits well and nobody moves, warm the hand, and measure again.");
}

void ward_trial_say_advice(const struct ward_trial_seen *seen, const struct ward_model *model,
                           char ret[static WARD_TRIAL_TEXT_SIZE])
{
    static const char free_it[] =
        "Switch Bluetooth off on any phone or tablet that it was used with: one that is connected "
        "elsewhere is not heard here.";
    struct text text = begin(ret);

    if (seen->needs_pairing || (seen->unproved && !seen->proved)) {
        say(&text, "It has lost its pairing. ");
        say_pair_again(&text, model);
    } else if (seen->measured) {
        say_not_good(&text, seen->reasons);
    } else if (seen->connected) {
        say(&text,
            "It connected and sent no measurement. Wait until it shows a value, keep it near, and test "
            "it again.");
    } else if (seen->listened_s > 0 && ward_trial_signal(seen) == WARD_TRIAL_TOO_FAR) {
        say(&text,
            "It is too far away: bring it within three metres of the gateway, with no wall between, and "
            "test it again.");
    } else if (seen->heard_s > 0) {
        say(&text, "It was heard and did not connect. %s If that does not help: ", free_it);
        say_pair_again(&text, model);
    } else {
        say(&text,
            "It was not heard at all. Put a fresh battery in, wake it beside the gateway, and test it "
            "again. %s",
            free_it);
    }
    if (seen->battery_percent >= 0 && seen->battery_percent < BATTERY_LOW)
        say(&text, " Its battery is at %d %%: change it.", seen->battery_percent);
}

static void write_values(struct ward_json *json, const struct ward_reading *reading)
{
    ward_json_key(json, "values");
    ward_json_array(json);
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct ward_value *value = &reading->values[i];

        ward_json_object(json);
        ward_json_member(json, "quantity", ward_quantity_info(value->quantity)->name);
        if (value->number.special != WARD_FINITE)
            ward_json_member(json, "special", ward_special_name(value->number.special));
        ward_json_member(json, "unit", ward_quantity_info(value->quantity)->unit);
        ward_json_key(json, "value");
        ward_json_decimal(json, value->number);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

size_t ward_trial_write(const struct ward_reading *reading, char ret[static WARD_TRIAL_DOCUMENT_SIZE])
{
    struct ward_json json;
    size_t length = 0;

    ward_json_init(&json, ret, WARD_TRIAL_DOCUMENT_SIZE, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "device", reading->device.text);
    ward_json_member(&json, "kind", ward_record_kind_name(reading->kind));
    ward_json_member(&json, "quality", ward_quality_name(reading->quality));
    ward_json_key(&json, "reasons");
    ward_json_array(&json);
    for (unsigned i = 0; i < WARD_REASON_COUNT; i++)
        if (reading->reasons & UINT32_C(1) << i)
            ward_json_string(&json, ward_reason_name(i));
    ward_json_array_end(&json);
    ward_json_key(&json, "received_at");
    ward_json_utc(&json, reading->received_at_ms);
    write_values(&json, reading);
    ward_json_object_end(&json);
    return ward_json_finish(&json, &length) == WARD_JSON_OK ? length : 0;
}
