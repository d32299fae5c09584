/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/advice.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *reason;
    struct ward_advice advice;
} rows[] = {
    {"no-patient", {"nobody is admitted", "Admit the patient: `wardctl patient admit`, or the ward does."}},
    {"no-plan",
     {"there is no care plan: nothing is judged",
      "Have the ward send a signed plan, or bring one: `wardctl plan apply --signed FILE`."}},
    {"unsigned-plan",
     {"the care plan in force is not signed",
      "See that [plan] require_signature is yes (`wardctl config check`), and have the ward send the signed "
      "plan, or bring it: `wardctl plan apply --signed FILE`."}},
    {"plan-expired",
     {"the care plan should have been reviewed by now", "Ask the ward for a reviewed plan; this one stays."}},
    {"rule-without-source",
     {"no device measures something that the plan watches",
      "`wardctl plan show PATIENT` says what it watches. Pair what is missing: `wardctl devices pair`."}},
    {"no-data",
     {"nothing has come for longer than the plan allows",
      "See that the device is worn, charged and near. `wardctl devices test DEVICE` says what it lacks."}},
    {"no-valid-data",
     {"what comes is not good enough to be judged",
      "Warm the hand, sit still, put it on again. `wardctl readings` says why each is not good."}},
    {"measurement-incomplete",
     {"a measurement broke off before it could be judged", "Measure again, holding still until it is done."}},
    {"reading-missed",
     {"a measurement of the plan's schedule was not made", "Measure now: a late one ends this."}},
    {"device-silent",
     {"a device has not been heard for longer than the plan allows",
      "Wake it near the gateway, with a fresh battery. `wardctl devices test DEVICE` says what it lacks."}},
    {"bond-lost",
     {"a device does not prove any more who it is",
      "`wardctl devices` says which: `wardctl devices forget` it and pair it again."}},
    {"poor-signal",
     {"a sensor has got a poor signal for a minute", "Warm the hand, hold still, put it on again."}},
    {"device-known-by-address",
     {"a device has neither bond nor serial number: another could take its place",
      "Take a device of another model, or leave it so and tell the ward."}},
    {"radio-off",
     {"the Bluetooth radio is not ready: no device is heard",
      "See `systemctl status bluetooth` and that the adapter is plugged in; `wardctl selftest`."}},
    {"adapter-recovery",
     {"the Bluetooth adapter does not work by itself and is being recovered",
      "Wait a minute; if it stays, change the adapter."}},
    {"storage-failing",
     {"the database cannot be written: readings wait in memory",
      "Change the disk or card; until then keep the gateway running, or what waits is lost."}},
    {"storage-full",
     {"the disk of the database is full: readings wait in memory",
      "Make room on it: `df` says on which; see [store] quota in wardgate.conf."}},
    {"readings-dropped",
     {"readings were dropped because the database could not take them",
      "Change the disk or card, and tell the ward that readings are missing."}},
    {"hub-not-confirming",
     {"the ward has not confirmed what was sent",
      "`wardctl hub test` says how far it gets. Until it works nobody at the ward hears an alarm."}},
    {"hub-refuses",
     {"the broker refuses messages of this gateway",
      "`wardctl hub test` says which; the ward has to let this gateway publish."}},
    {"no-ward-keys",
     {"the ward's keys cannot be read: nothing from the ward is believed",
      "Put the key set where [hub] ward_keys says: `wardctl config check`."}},
    {"annunciation-failing",
     {"light, sound or text does not work: an alarm may not be noticed in the room",
      "`wardctl status` says which. See the [alarm] keys: `wardctl config check`."}},
};

/* "bp-systolic-low": a limit that was crossed, and then nothing came any more. */
static bool is_of_value(const char *reason)
{
    static const char *const endings[] = {"-low", "-high", "-fall", "-rise"};
    const size_t length = strlen(reason);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        const size_t ending = strlen(endings[i]);

        if (length > ending && strcmp(reason + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

struct ward_advice ward_advice(const char *reason)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].reason, reason) == 0)
            return rows[i].advice;
    if (is_of_value(reason))
        return (struct ward_advice){"an alarm stands, and no new value has come since",
                                    "Look after the patient, and measure again."};
    return (struct ward_advice){"", "`wardctl alarms` says more."};
}

struct ward_cell ward_advice_of(const char *next, const char *patient, const char *device)
{
    static const char patient_word[] = "PATIENT", device_word[] = "DEVICE";
    struct ward_cell cell = {.text = ""};

    while (*next != '\0') {
        if (patient != NULL && strncmp(next, patient_word, strlen(patient_word)) == 0) {
            ward_cell_add(&cell, "%s", patient);
            next += strlen(patient_word);
        } else if (device != NULL && strncmp(next, device_word, strlen(device_word)) == 0) {
            ward_cell_add(&cell, "%s", device);
            next += strlen(device_word);
        } else {
            ward_cell_add(&cell, "%c", *next++);
        }
    }
    return cell;
}
