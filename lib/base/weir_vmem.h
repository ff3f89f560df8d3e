/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large arrays of which only a part may ever be used: address space reserved, pages taken when first written, huge
 * pages where the kernel gives them. So an array by id can have its full length from the start and never moves.
 * Thread-safe.
 */
#ifndef WEIR_VMEM_H
#define WEIR_VMEM_H

#include <stddef.h>

/* Zeroed, page-aligned memory, or NULL. Whoever first writes a page has it on its NUMA node. */
void *weir_vmem_alloc(size_t size);

/* The same, with all its pages taken at once. */
void *weir_vmem_take(size_t size);

/* Takes all its pages now, so that no one faults later. Returns 0 or -ENOMEM. */
int weir_vmem_populate(void *p, size_t size);

void weir_vmem_free(void *p, size_t size); /* NULL is fine; `size` as allocated */

#endif
