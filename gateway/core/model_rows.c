/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows. Marked ones first: the first that fits is taken. What is said of a model here comes from public code and
 * captures, or from its maker; what nobody says is left at its default. A comment says why where a field does not.
 */
#include "core/decode_quirk.h"
#include "core/model_part.h"
#include "core/vendor.h"
#include "ward/quantity.h"

#define BIT(quantity) (UINT32_C(1) << (quantity))

#define OXIMETRY BIT(WARD_SPO2) | BIT(WARD_PULSE_RATE)
#define PRESSURE                                                                                             \
    BIT(WARD_BP_SYSTOLIC) | BIT(WARD_BP_DIASTOLIC) | BIT(WARD_BP_MEAN) | BIT(WARD_PULSE_RATE_CUFF) |         \
        BIT(WARD_PULSE_RATE)
#define WEIGHT BIT(WARD_BODY_MASS) | BIT(WARD_BMI) | BIT(WARD_BODY_HEIGHT)

/* The ring sleeps two minutes after its last connection: we stay away for longer. */
#define RING_ASLEEP_MS 180000
#define NOT_WORN_MS    60000

const struct ward_model ward_model_rows[] = {
    /* A&D: the clock, Date Time within the service of the measurement, has to be written before it indicates. */
    {
        .id = "aandd-cuff",
        .label = "A&D blood-pressure cuff",
        .service = WARD_SERVICE_BLOOD_PRESSURE,
        .names = {"A&D_UA-", "UA-651BLE"},
        .model_numbers = {"UA-"},
        .measurements = {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT},
        .quantities = PRESSURE,
        .bond = WARD_MODEL_BOND_REQUIRED,
        .clock_write = WARD_MODEL_CLOCK_ALWAYS,
        .pairing = "Hold the START button until \"Pr\" shows, then let it go.",
    },
    {
        .id = "aandd-thermometer",
        .label = "A&D thermometer",
        .service = WARD_SERVICE_HEALTH_THERMOMETER,
        .names = {"A&D_UT", "UT201BLE", "UT-201BLE"},
        .model_numbers = {"UT-", "UT201"},
        .measurements = {WARD_CHAR_TEMPERATURE_MEASUREMENT},
        .quantities = BIT(WARD_BODY_TEMPERATURE),
        .bond = WARD_MODEL_BOND_REQUIRED,
        .clock_write = WARD_MODEL_CLOCK_ALWAYS,
        .pairing = "Switch the thermometer on and hold its button until it says that it is pairing.",
    },
    {
        .id = "aandd-scale",
        .label = "A&D weight scale",
        .service = WARD_SERVICE_WEIGHT_SCALE,
        .names = {"A&D_UC-", "UC-352BLE"},
        .model_numbers = {"UC-"},
        .measurements = {WARD_CHAR_WEIGHT_MEASUREMENT},
        .quantities = WEIGHT,
        .bond = WARD_MODEL_BOND_REQUIRED,
        .clock_write = WARD_MODEL_CLOCK_ALWAYS,
        .pairing = "Hold the UNITS button under the scale until \"Pr\" shows.",
    },
    /* Beurer and its kin: the tail of the frame is big-endian, and has a user id that its flags do not tell. */
    {
        .id = "beurer-bm85",
        .label = "Beurer BM 85 blood-pressure cuff",
        .service = WARD_SERVICE_BLOOD_PRESSURE,
        .names = {"BM85", "BEURER BM85"},
        .model_numbers = {"BM85", "BM 85"},
        .measurements = {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT},
        .quantities = PRESSURE,
        .quirks = WARD_QUIRK_BIG_ENDIAN_TAIL | WARD_QUIRK_UNFLAGGED_USER,
        .user_slots = 2,
        .pairing =
            "Switch Bluetooth on in the cuff's menu, then measure once: it calls after the measurement.",
    },
    {
        .id = "beurer-bm59",
        .label = "Beurer BM 59 blood-pressure cuff",
        .service = WARD_SERVICE_BLOOD_PRESSURE,
        .names = {"BM59", "BEURER BM59"},
        .model_numbers = {"BM59", "BM 59"},
        .measurements = {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT},
        .quantities = PRESSURE,
        .quirks = WARD_QUIRK_BIG_ENDIAN_TAIL | WARD_QUIRK_UNFLAGGED_USER,
        .user_slots = 2,
        .pairing =
            "Switch Bluetooth on in the cuff's menu, then measure once: it calls after the measurement.",
    },
    {
        .id = "elite-900",
        .label = "Elite 900 blood-pressure cuff",
        .service = WARD_SERVICE_BLOOD_PRESSURE,
        .names = {"Elite 900", "ELITE 900"},
        .model_numbers = {"Elite 900", "ELITE 900"},
        .measurements = {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT},
        .quantities = PRESSURE,
        .quirks = WARD_QUIRK_BIG_ENDIAN_TAIL | WARD_QUIRK_UNFLAGGED_USER,
        .pairing =
            "Switch Bluetooth on in the cuff's menu, then measure once: it calls after the measurement.",
    },
    /* The newer ones, which speak the Blood Pressure Service. */
    {
        .id = "omron-cuff",
        .label = "Omron blood-pressure cuff",
        .service = WARD_SERVICE_BLOOD_PRESSURE,
        .names = {"BLEsmart_", "BLESmart_", "OMRON"},
        .model_numbers = {"HEM-"},
        .measurements = {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT},
        .companions = {WARD_CHAR_BLOOD_PRESSURE_RECORD},
        .quantities = PRESSURE,
        .bond = WARD_MODEL_BOND_REQUIRED,
        .has_one_bond = true,
        .keeps_subscription = true,
        .user_slots = 2,
        .clock_write_after_records = true,
        .records = WARD_MODEL_RECORDS_SEQUENCE,
        .pairing = "Hold the Bluetooth button for 3 seconds, until \"P\" blinks. It forgets the phone it was "
                   "paired with.",
    },
    {
        .id = "i-sens-glucose-meter",
        .label = "i-SENS glucose meter",
        .service = WARD_SERVICE_GLUCOSE,
        .names = {"CareSens", "meter+", "i-SENS"},
        .model_numbers = {"CareSens"},
        .measurements = {WARD_CHAR_GLUCOSE_MEASUREMENT},
        .companions = {WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT},
        .quantities = BIT(WARD_GLUCOSE),
        .quirks = WARD_QUIRK_MONTH_13 | WARD_QUIRK_FFFF_IS_NO_VALUE,
        .bond = WARD_MODEL_BOND_REQUIRED,
        .clock_write_after_records = true,
        .records = WARD_MODEL_RECORDS_SEQUENCE,
        .pairing = "With the meter off, hold its button for 3 seconds until the Bluetooth sign blinks.",
    },
    /* Its service is Nordic's UART, which all kinds of things have: without its name it is not one. */
    {
        .id = "viatom-pc-60fw",
        .label = "Viatom PC-60FW pulse oximeter",
        .vendor = WARD_VENDOR_PC60FW,
        .names = {"PC-60F", "PC-66B", "OxySmart"},
        .quantities = OXIMETRY | BIT(WARD_PULSE_AMPLITUDE_INDEX),
        .bond = WARD_MODEL_BOND_NONE,
        .pairing = "Put it on a finger: it switches on and calls.",
    },
    {
        .id = "nonin-3230",
        .label = "Nonin pulse oximeter",
        .vendor = WARD_VENDOR_NONIN,
        .quantities = OXIMETRY | BIT(WARD_PULSE_AMPLITUDE_INDEX),
        .bond = WARD_MODEL_BOND_REQUIRED,
        .pairing = "Take the batteries out and put them in again, then pair within two minutes.",
    },
    {
        .id = "masimo-mightysat",
        .label = "Masimo MightySat pulse oximeter",
        .vendor = WARD_VENDOR_MASIMO,
        .quantities = OXIMETRY | BIT(WARD_PULSE_AMPLITUDE_INDEX),
        .pairing = "Put it on a finger and switch Bluetooth on in its menu.",
    },
    {
        .id = "viatom-o2ring",
        .label = "Viatom or Wellue ring",
        .vendor = WARD_VENDOR_O2RING,
        .quantities = OXIMETRY | BIT(WARD_PULSE_AMPLITUDE_INDEX) | BIT(WARD_MOVEMENT),
        .bond = WARD_MODEL_BOND_NONE,
        .presence = WARD_MODEL_ALWAYS,
        .rest_after_ms = NOT_WORN_MS,
        .rest_ms = RING_ASLEEP_MS,
        .pairing = "Put the ring on: it switches on and calls. No phone may be connected to it.",
    },
    {
        .id = "jumper-jpd-500f",
        .label = "Jumper JPD-500F pulse oximeter",
        .vendor = WARD_VENDOR_JUMPER,
        .quantities = OXIMETRY | BIT(WARD_PULSE_AMPLITUDE_INDEX),
        .bond = WARD_MODEL_BOND_NONE,
        .pairing = "Put it on a finger: it switches on and calls.",
    },
    {
        .id = "berrymed-bm1000",
        .label = "BerryMed pulse oximeter",
        .vendor = WARD_VENDOR_BERRYMED,
        .quantities = OXIMETRY,
        .bond = WARD_MODEL_BOND_NONE,
        .pairing = "Put it on a finger: it switches on and calls.",
    },
    {
        .id = "contec-cms50d-bt",
        .label = "Contec CMS50D-BT pulse oximeter",
        .vendor = WARD_VENDOR_CONTEC,
        .quantities = OXIMETRY,
        .bond = WARD_MODEL_BOND_NONE,
        .pairing = "Put it on a finger: it switches on and calls.",
    },
    /* Whatever speaks the standard services. */
    {
        .id = "oximeter",
        .label = "pulse oximeter",
        .service = WARD_SERVICE_PULSE_OXIMETER,
        .measurements = {WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT},
        .quantities = OXIMETRY,
        .records = WARD_MODEL_RECORDS_ALL,
        .erase_records = true, /* they have no numbers: what is not deleted comes again each time */
        .pairing = "Switch the oximeter on, or put it on a finger.",
    },
    {
        .id = "heart-rate-strap",
        .label = "heart-rate strap",
        .service = WARD_SERVICE_HEART_RATE,
        .measurements = {WARD_CHAR_HEART_RATE_MEASUREMENT},
        .quantities = BIT(WARD_HEART_RATE),
        .clock_write = WARD_MODEL_CLOCK_NEVER,
        .pairing = "Wet the electrodes and put the strap on.",
    },
    {
        .id = "blood-pressure-cuff",
        .label = "blood-pressure cuff",
        .service = WARD_SERVICE_BLOOD_PRESSURE,
        .measurements = {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT},
        .companions = {WARD_CHAR_BLOOD_PRESSURE_RECORD},
        .quantities = PRESSURE,
        .keeps_subscription = true,
        .records = WARD_MODEL_RECORDS_SEQUENCE,
        .pairing = "Measure once, or start pairing as the cuff's manual says.",
    },
    {
        .id = "thermometer",
        .label = "thermometer",
        .service = WARD_SERVICE_HEALTH_THERMOMETER,
        .measurements = {WARD_CHAR_TEMPERATURE_MEASUREMENT},
        .quantities = BIT(WARD_BODY_TEMPERATURE),
        .pairing = "Switch the thermometer on, or measure once.",
    },
    {
        .id = "glucose-meter",
        .label = "glucose meter",
        .service = WARD_SERVICE_GLUCOSE,
        .measurements = {WARD_CHAR_GLUCOSE_MEASUREMENT},
        .companions = {WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT},
        .quantities = BIT(WARD_GLUCOSE),
        .quirks = WARD_QUIRK_FFFF_IS_NO_VALUE, /* no glucose is -0.1 kg/L: it can mean nothing else */
        .clock_write_after_records = true,
        .records = WARD_MODEL_RECORDS_SEQUENCE,
        .pairing = "Start pairing as the meter's manual says; most show a number to be typed in.",
    },
    {
        .id = "weight-scale",
        .label = "weight scale",
        .service = WARD_SERVICE_WEIGHT_SCALE,
        .measurements = {WARD_CHAR_WEIGHT_MEASUREMENT},
        .quantities = WEIGHT,
        .pairing = "Step on the scale, or press the button under it.",
    },
    {
        .id = "health-sensor",
        .label = "health sensor",
        .service = WARD_SERVICE_GENERIC_HEALTH_SENSOR,
        .measurements = {WARD_CHAR_LIVE_HEALTH_OBSERVATIONS},
        .quantities = BIT(WARD_SPO2) | PRESSURE | WEIGHT | BIT(WARD_HEART_RATE) | BIT(WARD_BODY_TEMPERATURE) |
                      BIT(WARD_GLUCOSE),
        .pairing = "Switch it on, and measure once.",
    },
};

const size_t ward_model_row_count = sizeof(ward_model_rows) / sizeof(ward_model_rows[0]);
