/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/guide.h"

#include <string.h>

static const char help_head[] =
    "Usage: wardgate-wearable --profile PROFILE [--script FILE] [OPTION]...\n"
    "Plays a wearable on a Bluetooth adapter: a GATT peripheral that does what its script says.\n"
    "\n"
    "  wardgate-wearable -p thermometer                 a thermometer that wakes now and then\n"
    "  wardgate-wearable -p masimo -a hci2              a finger clip with its vendor's own protocol\n"
    "  wardgate-wearable -p cuff --show >my.script      that profile's script, to begin one's own with\n"
    "  wardgate-wearable -p cuff -s my.script\n"
    "\n"
    "  -p, --profile PROFILE    one of those below\n"
    "  -s, --script FILE        what it does (below); - is standard input (default: one per profile)\n"
    "  -a, --adapter hciN       the adapter, which it powers (default hci1)\n"
    "  -n, --name NAME          name it advertises (default: Ward and its model)\n"
    "      --serial TEXT        serial number (default 000001)\n"
    "      --model TEXT         model number (default: one per profile)\n"
    "      --manufacturer TEXT  (default Wardgate)\n"
    "      --firmware TEXT      firmware revision (default: this program's version)\n"
    "      --system-id HEX      system id, 16 digits in the order of the air (default: none is served)\n"
    "      --show               print the script, and do nothing\n"
    "  -c, --check              only read the script, and say whether it is right\n"
    "  -h, --help\n"
    "  -V, --version\n"
    "\n"
    "Profiles, and the fields of their measurements:\n";

static const char help_script[] =
    "\n"
    "A script has one step a line, played in order; '#' begins a comment:\n"
    "  advertise on|off\n"
    "  wait DURATION            500ms, 30s, 2m, 1h\n"
    "  wait connected|disconnected\n"
    "  wait subscribed          connected, and what is sent next is subscribed to\n"
    "  wait confirmed           the last indication was; it is sent again on each connection until then\n"
    "  wait transferred         somebody asked for its records and got them\n"
    "  wait clock               somebody set its clock in this connection\n"
    "  disconnect\n"
    "  forget                   its bonds with all centrals\n"
    "  battery PERCENT [drain DURATION]   one percent less each time the duration has passed\n"
    "  clock TIME|reset         its own clock, which begins right; reset: to 2000-01-01T00:00:00\n"
    "  contact ok|lost|unknown  said in the measurements that follow\n"
    "  measure FIELD VALUE ...  one measurement, now\n"
    "  stream DURATION FIELD VALUE|FROM..TO ...   one each second\n"
    "  store FIELD VALUE ...    one measurement into its memory (32 records; the oldest goes)\n"
    "  report                   send what is stored without being asked; what is confirmed is taken out\n"
    "  raw UUID HEX             these octets as they are; 0001 is a clip's own characteristic\n"
    "  repeat COUNT|forever ... end\n"
    "Faults, each ordered in advance, to happen once:\n"
    "  fault cut N              the next measurement lacks its last N octets\n"
    "  fault pad N              the next measurement is filled with zeros up to N octets (512)\n"
    "  fault late DURATION      the next value goes out so much later\n"
    "  fault drop N             the link ends after N records of the next transfer\n"
    "  fault duplicate          each record of the next transfer comes twice\n"
    "  fault count N            the next answer to \"how many records\" is N\n"
    "  fault mute               the next request for records is never answered\n"
    "Values are decimals, nan, nres, reserved, +inf or -inf. Status fields are bits as on the air (0x0800). A time\n"
    "is YYYY-MM-DDThh:mm:ss, now, now-26h (by the wearable's clock) or none.\n"
    "The program ends with the script, or on SIGTERM. What it does goes to standard error, a line each.\n"
    "Ready scripts are beside it in share/wardgate/wearable (firmware/wearable/scripts in the source).\n";

#define CLIP_FIELDS "spo2 pulse amplitude status"
#define CLIP_SCRIPT                                                                                          \
    "battery 80\n"                                                                                           \
    "advertise on\n"                                                                                         \
    "repeat forever\n"                                                                                       \
    "    wait subscribed\n"                                                                                  \
    "    stream 30s spo2 96..98 pulse 72..68 amplitude 4.2\n"                                                \
    "    stream 30s spo2 98..96 pulse 68..72 amplitude 3.8\n"                                                \
    "end\n"
#define STREAM_SCRIPT(first, second)                                                                         \
    "battery 80\n"                                                                                           \
    "advertise on\n"                                                                                         \
    "repeat forever\n"                                                                                       \
    "    wait subscribed\n"                                                                                  \
    "    stream 30s " first "\n"                                                                             \
    "    stream 30s " second "\n"                                                                            \
    "end\n"
/* It wakes with a reading, goes when that is confirmed, and is back after a quarter of a minute. */
#define BURST_SCRIPT(fields)                                                                                 \
    "battery 80\n"                                                                                           \
    "repeat forever\n"                                                                                       \
    "    advertise on\n"                                                                                     \
    "    wait subscribed\n"                                                                                  \
    "    measure " fields "\n"                                                                               \
    "    wait confirmed\n"                                                                                   \
    "    wait 500ms\n"                                                                                       \
    "    advertise off\n"                                                                                    \
    "    disconnect\n"                                                                                       \
    "    wait disconnected\n"                                                                                \
    "    wait 15s\n"                                                                                         \
    "end\n"

static const struct {
    const char *profile, *fields, *script;
} guides[] = {
    {"oximeter",
     "spo2 pulse amplitude status sensor-status; measure: time; stream: spo2-fast pulse-fast spo2-slow pulse-slow",
     STREAM_SCRIPT("spo2 96..98 pulse 72..68", "spo2 98..96 pulse 68..72")},
    {"strap", "rate energy rr (milliseconds, separated by commas)",
     STREAM_SCRIPT("rate 68..74 rr 882", "rate 74..68 rr 810,815")},
    {"cuff",
     "systolic diastolic mean pulse user status time unit (mmHg or kPa); stream: cuff user status time unit",
     BURST_SCRIPT("systolic 128 diastolic 82 mean 97 pulse 71 status 0 time now")},
    {"enhanced-cuff", "as a cuff; its records can be asked for",
     BURST_SCRIPT("systolic 128 diastolic 82 mean 97 pulse 71 user 1 status 0 time now")},
    {"thermometer", "temperature type time unit (C or F)", BURST_SCRIPT("temperature 36.8 type 2 time now")},
    {"scale", "weight user bmi height (cm) time unit (kg or lb)",
     BURST_SCRIPT("weight 81.4 user 1 bmi 25.7 height 178 time now")},
    {"glucose-meter",
     "glucose type location status offset (minutes) time unit (mmol/L or mg/dL); meal carbohydrate-id\n"
     "                 carbohydrate (g) tester health hba1c; its records can be asked for",
     "battery 80\n"
     "store glucose 5.4 time now-2h meal 1\n"
     "store glucose 7.1 time now-1h meal 2\n"
     "store glucose 5.9 time now\n"
     "advertise on\n"
     "# its records are asked for while it waits\n"
     "repeat forever\n"
     "    wait 10m\n"
     "    store glucose 5.8\n"
     "end\n"},
    {"nonin", CLIP_FIELDS, CLIP_SCRIPT},
    {"masimo", CLIP_FIELDS, CLIP_SCRIPT},
    {"o2ring", CLIP_FIELDS " (it is polled: what it streams is its answer)", CLIP_SCRIPT},
    {"pc60fw", CLIP_FIELDS, CLIP_SCRIPT},
    {"jumper", CLIP_FIELDS, CLIP_SCRIPT},
    {"berrymed", CLIP_FIELDS " (25 notifications a second)", CLIP_SCRIPT},
    {"contec", CLIP_FIELDS, CLIP_SCRIPT},
};

#define GUIDE_COUNT (sizeof(guides) / sizeof(guides[0]))

void ward_guide_print_help(FILE *file)
{
    fputs(help_head, file);
    for (size_t i = 0; i < GUIDE_COUNT; i++)
        fprintf(file, "  %-14s %s\n", guides[i].profile, guides[i].fields);
    fputs(help_script, file);
}

const char *ward_guide_script(const struct ward_wearable_profile *profile)
{
    for (size_t i = 0; i < GUIDE_COUNT; i++)
        if (strcmp(guides[i].profile, profile->name) == 0)
            return guides[i].script;
    return "";
}
