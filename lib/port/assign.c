/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_malloc.h>

#include "port_priv.h"

/* The worker with the fewest receive queues; the first of several, so that new queues go round. */
static uint32_t
least_loaded(const uint32_t load[], uint32_t n_workers)
{
	uint32_t best = 0;

	for (uint32_t w = 1; w < n_workers; w++) {
		if (load[w] < load[best])
			best = w;
	}
	return best;
}

static void
assign_queues(struct weir_ports *ports, struct weir_port *const port[], uint32_t n, uint32_t load[])
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *worker = ports->slot[port[i]->index].rxq_worker;

		for (uint32_t q = 0; q < port[i]->n_rxq; q++) {
			if (worker[q] != WEIR_NONE)
				load[worker[q]]++;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t *worker = ports->slot[port[i]->index].rxq_worker;

		for (uint32_t q = 0; q < port[i]->n_rxq; q++) {
			if (worker[q] == WEIR_NONE) {
				worker[q] = least_loaded(load, ports->params.n_workers);
				load[worker[q]]++;
			}
		}
	}
}

/* One piece of memory: the list, its queues, its hand-off rings. */
static struct weir_poll_list *
list_create(uint32_t n_rx, uint32_t n_handoff)
{
	struct weir_poll_list *list;
	size_t rx_size = n_rx * sizeof(*list->rx), handoff_size = n_handoff * sizeof(*list->handoff);

	list = rte_zmalloc_socket(
	    "weir_poll_list", sizeof(*list) + rx_size + handoff_size, WEIR_CACHELINE, SOCKET_ID_ANY);
	if (list == NULL)
		return NULL;
	list->rx = (void *)(list + 1);
	list->handoff = (void *)(list->rx + n_rx);
	return list;
}

static void
fill_lists(const struct weir_ports *ports, struct weir_port *const port[], uint32_t n, struct weir_poll_list *lists[])
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *worker = ports->slot[port[i]->index].rxq_worker;
		struct weir_poll_list *owner = lists[port[i]->handoff_owner];

		for (uint16_t q = 0; q < port[i]->n_rxq; q++) {
			struct weir_poll_list *list = lists[worker[q]];

			list->rx[list->n_rx++] = (struct weir_rxq){port[i], q};
		}
		owner->handoff[owner->n_handoff++] = port[i];
	}
}

int
weir_ports_assign(
    struct weir_ports *ports, struct weir_port *const port[], uint32_t n, struct weir_poll_list *lists[])
{
	uint32_t load[WEIR_WORKERS_MAX] = {0}, handoffs[WEIR_WORKERS_MAX] = {0};

	assign_queues(ports, port, n, load);
	for (uint32_t i = 0; i < n; i++)
		handoffs[port[i]->handoff_owner]++;
	for (uint32_t w = 0; w < ports->params.n_workers; w++) {
		lists[w] = list_create(load[w], handoffs[w]);
		if (lists[w] == NULL) {
			while (w-- > 0)
				weir_poll_list_free(lists[w]);
			return -ENOMEM;
		}
	}
	fill_lists(ports, port, n, lists);
	return 0;
}

void
weir_poll_list_free(struct weir_poll_list *list)
{
	rte_free(list);
}
