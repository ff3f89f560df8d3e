/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "weir_vmem.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define PAGE 4096

static void *
map(size_t size, int flags)
{
	void *p = mmap(NULL, size > 0 ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* A wish: without huge pages it is slower, not wrong. */
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

void *
weir_vmem_alloc(size_t size)
{
	return map(size, MAP_NORESERVE);
}

void *
weir_vmem_take(size_t size)
{
	/* Reserved: the kernel refuses at once what the machine does not have. */
	void *p = map(size, 0);

	if (p != NULL && weir_vmem_populate(p, size) != 0) {
		weir_vmem_free(p, size);
		p = NULL;
	}
	return p;
}

int
weir_vmem_populate(void *p, size_t size)
{
	if (size == 0 || madvise(p, size, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -ENOMEM;
	for (size_t at = 0; at < size; at += PAGE)
		((volatile char *)p)[at] |= 0; /* written, and what stands there stays */
	return 0;
}

void
weir_vmem_free(void *p, size_t size)
{
	if (p != NULL)
		(void)munmap(p, size > 0 ? size : 1);
}
