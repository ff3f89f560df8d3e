/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Documents bent by merge patches: what is wrong has to be refused with the same error both as a patch and as a load
 * of what it would make, and leave nothing behind; what is not has to come to the same both ways.
 */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <stddef.h>

struct fault {
	const char *patch;
	int errnum;
	const char *path;
	const char *msg; /* part of it */
};

/* `document` is compact, and right by itself. */
void check_wrong_patches(const char *document, const struct fault *faults, size_t n);
void check_wrong_loads(const char *document, const struct fault *faults, size_t n);
void check_fine(const char *document, const char *const *patches, size_t n);

#endif
