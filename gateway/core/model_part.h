/* SPDX-License-Identifier: Apache-2.0 */
/* The table, for model*.c only. */
#ifndef WARD_CORE_MODEL_PART_H
#define WARD_CORE_MODEL_PART_H

#include "core/model.h"

extern const struct ward_model ward_model_rows[];
extern const size_t ward_model_row_count;

#endif
