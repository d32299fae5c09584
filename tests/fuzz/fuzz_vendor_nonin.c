/* SPDX-License-Identifier: Apache-2.0 */
#include "vendor_property.h"

FUZZ_VENDOR("nonin")
