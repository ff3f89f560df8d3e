/* SPDX-License-Identifier: BSD-3-Clause */
#include "weir_reason.h"

static const struct {
	const char *name, *text;
} reasons[WEIR_REASON_COUNT] = {[WEIR_OK] = {"", ""},
#define R(id, reason_name, reason_text) [WEIR_DROP_##id] = {reason_name, reason_text},
    WEIR_REASONS(R)
#undef R
};

const char *
weir_reason_name(enum weir_reason reason)
{
	return reasons[reason].name;
}

const char *
weir_reason_text(enum weir_reason reason)
{
	return reasons[reason].text;
}
