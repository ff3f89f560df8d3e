/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_FUZZ_DOCUMENTS_H
#define WEIR_FUZZ_DOCUMENTS_H

#include <stddef.h>

/* Requests to begin with. The first, in the form in which it is shown, is what every patch meets. */
extern const char *const fuzz_documents[];
extern const size_t n_fuzz_documents;

/* Keys, values and other pieces of text that the configuration may hold, or would not like to. */
extern const char *const fuzz_words[];
extern const size_t n_fuzz_words;

#endif
