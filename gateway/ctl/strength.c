/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/strength.h"

#include "ctl/terminal.h"

#define BARS 4

/* A link holds above -80 dBm and breaks below -90, as the daemon has it in its tests of devices. */
static const struct {
    int above_dbm;
    const char *word;
} levels[BARS + 1] = {{-60, "very good"},
                      {-70, "good"},
                      {-80, "good"},
                      {-90, "weak: nearer would be better"},
                      {-200, "too far: bring it nearer to the gateway"}};

struct ward_cell ward_strength(const json_t *found)
{
    static const char *const blocks[BARS] = {"▂", "▄", "▆", "█"};
    const json_t *rssi = json_object_get(found, "rssi");
    const bool utf8 = ward_terminal_is_utf8();
    struct ward_cell cell = {.text = ""};
    int level = 0;

    if (!json_is_integer(rssi))
        return ward_document_member(found, "rssi");
    while (level < BARS && json_integer_value(rssi) <= levels[level].above_dbm)
        level++;
    for (int bar = 0; bar < BARS; bar++)
        ward_cell_add(&cell, "%s", bar >= BARS - level ? (utf8 ? " " : "-") : utf8 ? blocks[bar] : "#");
    ward_cell_add(&cell, " %" JSON_INTEGER_FORMAT " dBm, %s", json_integer_value(rssi), levels[level].word);
    return cell;
}
