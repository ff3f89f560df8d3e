/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 7396 as its text has it, slow and obvious: what the model's patches are compared with. */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#include <cjson/cJSON.h>

/* A new tree. Neither argument is changed. */
cJSON *reference_merge(const cJSON *target, const cJSON *patch);

/* The same in compact text, the caller's to free(). Both must be valid JSON. */
char *reference_patch(const char *document, const char *patch);

#endif
