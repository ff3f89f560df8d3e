/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics readers beside the worker that writes: no copy mixes two flows. */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "flows.h"

#define SLOTS 4
#define COPIES 2000000

static bool done;

/* Every flow's fields say which one it is; so does a restart, in `first` too. It stays until the next one has come.
 */
static struct weir_flow *
write_once(uint32_t n, struct weir_flow *last)
{
	const struct weir_flow_owner again = {.tenant = n + 1, .tenant_serial = n + 2, .iface_serial = n + 3};
	struct weir_flow *flow = add(n, n);

	if (n % 1024 == 0)
		(void)sched_yield();
	weir_flow_restart(flow, &again, n + 1);
	if (last != NULL)
		weir_flows_remove(flows, last);
	return flow;
}

static void *
write_all(void *arg)
{
	uint32_t *n = arg;
	struct weir_flow *last = NULL;

	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		last = write_once(*n += 4, last);
	return NULL;
}

static void
check(const struct weir_flow *copy)
{
	struct weir_key key = key_of(copy->tenant & ~3u);

	cr_assert_eq(memcmp(&copy->key, &key, sizeof(key)), 0, "the key of one, the tenant of another");
	cr_assert_eq(copy->tenant_serial, copy->tenant + 1);
	cr_assert_eq(copy->iface_serial, copy->tenant + 2);
	cr_assert_eq(copy->first, copy->tenant);
	cr_assert_eq(copy->last, copy->tenant);
}

static void *
read_one(void *arg)
{
	cr_assert(weir_flow_read(flows, 0, arg));
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	return NULL;
}

Test(flow_readers, waits_for_the_end_of_a_change, .timeout = 60)
{
	struct weir_flow *flow, copy;
	pthread_t reader;

	start(SLOTS);
	flow = add(4, 1);
	__atomic_store_n(&flow->seq, flow->seq + 1, __ATOMIC_RELEASE);
	flow->packets = 1;
	cr_assert_eq(pthread_create(&reader, NULL, read_one, &copy), 0);
	(void)usleep(20000);
	cr_assert_not(__atomic_load_n(&done, __ATOMIC_ACQUIRE));
	flow->bytes = 100;
	__atomic_store_n(&flow->seq, flow->seq + 1, __ATOMIC_RELEASE);
	(void)pthread_join(reader, NULL);
	cr_assert_eq(copy.packets, 1);
	cr_assert_eq(copy.bytes, 100);
	weir_flows_free(flows);
}

Test(flow_readers, a_copy_is_of_one_flow, .timeout = 60)
{
	uint32_t n = 0, found = 0;
	pthread_t writer;
	cpu_set_t any;

	start(SLOTS);
	cr_assert_eq(pthread_create(&writer, NULL, write_all, &n), 0);
	/* EAL has tied this thread, and so its children, to one processor. */
	memset(&any, 0xff, sizeof(any));
	cr_assert_eq(pthread_setaffinity_np(writer, sizeof(any), &any), 0);
	for (uint32_t i = 0; i < COPIES; i++) {
		struct weir_flow copy;

		if (weir_flow_read(flows, i % SLOTS, &copy)) {
			check(&copy);
			found++;
		}
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	(void)pthread_join(writer, NULL);
	cr_assert_gt(n, 1000);
	cr_assert_gt(found, 1000);
	weir_flows_free(flows);
}
