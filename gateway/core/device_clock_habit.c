/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look, held against `from` and against the look before it:
 *
 *   there is no `from`                                        `from` is this look
 *   further off than a clock drifts, or earlier by our own    somebody set it: `from` is this look
 *   less than a day after `from`                              nothing to say yet
 *   a day or more after it                                    drift; after a month `from` is this look
 *   we set it                                                 `from` is what was read back
 */
#include "core/device_clock.h"

#include <stdlib.h>

#define DAY_MS   INT64_C(86400000)
#define MONTH_MS (30 * DAY_MS)

struct ward_device_clock_habit ward_device_clock_no_habit(void)
{
    return (struct ward_device_clock_habit){.from = ward_device_clock_no_pair(),
                                            .looked_at_ms = WARD_UTC_UNKNOWN};
}

/*
 * Whether the distance of the two is more than a clock that nobody touched goes wrong between them. Where one of them says
 * nothing it is not.
 */
static bool is_set_between(const struct ward_device_clock_pair *earlier,
                           const struct ward_device_clock_pair *found)
{
    int64_t earlier_offset_ms, offset_ms, elapsed_ms;

    if (!ward_device_clock_offset_ms(earlier, &earlier_offset_ms) ||
        !ward_device_clock_offset_ms(found, &offset_ms))
        return false;
    elapsed_ms = found->at.utc_ms - earlier->at.utc_ms;
    return elapsed_ms < 0 ||
           llabs(offset_ms - earlier_offset_ms) > elapsed_ms / 1000000 * WARD_DEVICE_CLOCK_DRIFT_MAX_PPM +
                                                      earlier->uncertainty_ms + found->uncertainty_ms + 1;
}

static void take(struct ward_device_clock_habit *habit, const struct ward_device_clock_look *look)
{
    const struct ward_device_clock_pair *found = &look->found;
    int64_t from_offset_ms;

    habit->has_offset = true;
    habit->looked_at_ms = found->at.utc_ms;
    if (!ward_device_clock_offset_ms(&habit->from, &from_offset_ms) ||
        is_set_between(&look->earlier, found) || is_set_between(&habit->from, found))
        habit->from = *found;
    else if (ward_device_clock_drift_ppm(&habit->from, found, &habit->drift_ppm))
        habit->has_drift = true;
    if (found->at.utc_ms - habit->from.at.utc_ms >= MONTH_MS)
        habit->from = *found;
}

void ward_device_clock_note(struct ward_device_clock_habit *habit, const struct ward_device_clock_look *look)
{
    int64_t left_offset_ms;

    if (ward_device_clock_offset_ms(&look->found, &habit->offset_ms))
        take(habit, look);
    if (look->left.device_ms != look->found.device_ms &&
        ward_device_clock_offset_ms(&look->left, &left_offset_ms))
        habit->from = look->left;
}
