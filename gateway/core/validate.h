/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decoded frame is worth. Where the quality of data is decided; alarms only read it.
 *
 * Quality is the worst that any of these says, and reasons are all that spoke:
 *   - a status bit, as its row in status.c says. "Measurement ongoing" is the normal state of a stream and of
 *     no effect there, nor where the device calls the data validated or fully qualified;
 *   - contact lost: invalid;
 *   - an intermediate temperature: questionable, since on its way to a fever it passes through every healthy value;
 *   - a control solution in the meter: invalid, not clinical;
 *   - no value in any of the quantities that the measurement is made for: invalid, in some of them:
 *     questionable. Those are SpO2 and pulse of an oximeter, systolic and diastolic of a cuff, the heart rate
 *     of a strap, a temperature, a weight, glucose; a cuff's mean pressure and pulse and an oximeter's fast and slow values are normally
 *     absent; a generic sensor's (2B8B) are any others when it has none of these;
 *   - a value outside the plausibility bounds: invalid in those quantities, questionable in the others.
 *
 * Two rules need more than the frame and stand elsewhere: that a value came before its link was proved (questionable:
 * link-unproved, app/pipeline.c), and that another device on the patient says otherwise (core/agreement.h).
 */
#ifndef WARD_CORE_VALIDATE_H
#define WARD_CORE_VALIDATE_H

#include "core/decode.h"

/* Sets quality and reasons of a decoded measurement; one that was not decoded is invalid: undecodable. */
void ward_validate(struct ward_decoded *decoded);

#endif
