/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_common.h>

#include "nicsim.h"

/* Takes address space alone: memory follows as it is written. */
static void *
reserve(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	(void)madvise(at, size, MADV_HUGEPAGE);
	return at;
}

/* Room in each queue for all the frames, whatever queue they will belong to. */
static int
reserve_queues(struct nicsim_frames queues[], uint16_t n, uint32_t count, size_t slot_bytes)
{
	for (uint16_t q = 0; q < n; q++) {
		struct nicsim_frames *frames = &queues[q];

		*frames = (struct nicsim_frames){.size = slot_bytes, .room = count};
		frames->data = reserve(slot_bytes);
		frames->len = reserve(count * sizeof(*frames->len));
		if (frames->data == NULL || frames->len == NULL) {
			NICSIM_LOG("no memory for %u frames", count);
			return -ENOMEM;
		}
	}
	return 0;
}

static void
append(struct nicsim_frames *frames, const uint8_t *frame, uint16_t len)
{
	memcpy(frames->data + frames->used, frame, len);
	frames->used += RTE_ALIGN_CEIL((size_t)len, NICSIM_SLOT);
	frames->len[frames->count++] = len;
}

static void
spread(struct nicsim_frames queues[], uint16_t n, const uint8_t rss_key[], const uint8_t *frame, uint16_t len)
{
	append(&queues[n == 1 ? 0 : nicsim_rss(rss_key, frame, len) % n], frame, len);
}

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The numbers below n in a random order; NULL: no memory. */
static uint32_t *
shuffle(uint32_t n, uint64_t seed)
{
	uint32_t *order = malloc(n * sizeof(*order));

	for (uint32_t i = 0; order != NULL && i < n; i++) {
		uint32_t at = (uint32_t)((next_random(&seed) >> 32) * (i + 1) >> 32);

		order[i] = order[at];
		order[at] = i;
	}
	return order;
}

static int
make_generated(const struct nicsim_args *args, const uint8_t rss_key[], struct nicsim_frames queues[], uint16_t n)
{
	size_t slot = RTE_ALIGN_CEIL((size_t)(args->size + nicsim_args_outer(args)), NICSIM_SLOT);
	uint32_t *order = shuffle(args->flows, args->seed);
	uint8_t frame[NICSIM_FRAME_MAX];
	int ret = order == NULL ? -ENOMEM : reserve_queues(queues, n, args->flows, slot * args->flows);

	for (uint32_t i = 0; ret == 0 && i < args->flows; i++)
		spread(queues, n, rss_key, frame, nicsim_generate(args, order[i], frame));
	free(order);
	return ret;
}

static int
make_captured(const struct nicsim_args *args, const uint8_t rss_key[], struct nicsim_frames queues[], uint16_t n)
{
	struct nicsim_capture capture;
	const uint8_t *frame;
	uint16_t len;
	size_t at = 0;
	int ret = nicsim_capture_open(&capture, args->capture);

	if (ret != 0)
		return ret;
	ret = reserve_queues(queues, n, capture.count, capture.slot_bytes);
	while (ret == 0 && (frame = nicsim_capture_next(&capture, &at, &len)) != NULL)
		spread(queues, n, rss_key, frame, len);
	nicsim_capture_close(&capture);
	return ret;
}

int
nicsim_frames_make(const struct nicsim_args *args, const uint8_t rss_key[], struct nicsim_frames queues[], uint16_t n)
{
	int ret = 0;

	memset(queues, 0, n * sizeof(*queues));
	if (args->kind == NICSIM_CAPTURE)
		ret = make_captured(args, rss_key, queues, n);
	else if (args->kind != NICSIM_NOTHING)
		ret = make_generated(args, rss_key, queues, n);
	if (ret != 0)
		nicsim_frames_free(queues, n);
	return ret;
}

void
nicsim_frames_free(struct nicsim_frames queues[], uint16_t n)
{
	for (uint16_t q = 0; q < n; q++) {
		struct nicsim_frames *frames = &queues[q];

		if (frames->data != NULL)
			(void)munmap(frames->data, frames->size);
		if (frames->len != NULL)
			(void)munmap(frames->len, frames->room * sizeof(*frames->len));
		*frames = (struct nicsim_frames){0};
	}
}
