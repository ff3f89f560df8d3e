/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive queues over workers: evenly, each exactly once, and without moving what is there. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "fixture.h"

#define N_WORKERS 3

static struct weir_ports *ports;
static struct weir_poll_list *lists[N_WORKERS];

static struct weir_port *
add(uint32_t i, uint32_t queues)
{
	struct weir_port_params params = {.name = "p", .queues = queues};
	struct weir_err err = {0};
	struct weir_port *port;
	char devargs[64];

	snprintf(devargs, sizeof(devargs), "net_null%u,no-rx=1", i);
	params.devargs = devargs;
	port = weir_port_open(ports, &params, &err);
	cr_assert_not_null(port, "%s", err.msg);
	return port;
}

static void
assign(struct weir_port *const port[], uint32_t n)
{
	for (uint32_t w = 0; w < N_WORKERS; w++)
		weir_poll_list_free(lists[w]);
	cr_assert_eq(weir_ports_assign(ports, port, n, lists), 0);
}

/* The one worker that polls this queue. */
static uint32_t
worker_of(const struct weir_port *port, uint16_t queue)
{
	uint32_t found = WEIR_NONE;

	for (uint32_t w = 0; w < N_WORKERS; w++) {
		for (uint32_t i = 0; i < lists[w]->n_rx; i++) {
			if (lists[w]->rx[i].port != port || lists[w]->rx[i].queue != queue)
				continue;
			cr_assert_eq(found, WEIR_NONE, "polled twice");
			found = w;
		}
	}
	cr_assert_neq(found, WEIR_NONE, "not polled");
	return found;
}

static void
check_complete(struct weir_port *const port[], uint32_t n)
{
	uint32_t queues = 0, handoffs = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct weir_poll_list *owner = lists[port[i]->handoff_owner];
		uint32_t found = 0;

		for (uint16_t q = 0; q < port[i]->n_rxq; q++)
			(void)worker_of(port[i], q);
		for (uint32_t h = 0; h < owner->n_handoff; h++)
			found += owner->handoff[h] == port[i];
		cr_assert_eq(found, 1);
		queues += port[i]->n_rxq;
	}
	for (uint32_t w = 0; w < N_WORKERS; w++) {
		queues -= lists[w]->n_rx;
		handoffs += lists[w]->n_handoff;
	}
	cr_assert_eq(queues, 0);
	cr_assert_eq(handoffs, n);
}

static void
set_up(void)
{
	start_eal();
	ports = make_ports(N_WORKERS);
}

static void
tear_down(void)
{
	for (uint32_t w = 0; w < N_WORKERS; w++)
		weir_poll_list_free(lists[w]);
	weir_ports_free(ports);
}

TestSuite(assign, .init = set_up, .fini = tear_down);

Test(assign, nothing_to_poll)
{
	assign(NULL, 0);
	for (uint32_t w = 0; w < N_WORKERS; w++)
		cr_assert(lists[w]->n_rx == 0 && lists[w]->n_handoff == 0);
}

Test(assign, evenly)
{
	struct weir_port *port[6];

	for (uint32_t i = 0; i < 6; i++)
		port[i] = add(i, 1 + i % 3);
	assign(port, 6);
	check_complete(port, 6);
	for (uint32_t w = 0; w < N_WORKERS; w++) {
		cr_assert_eq(lists[w]->n_rx, 4);
		cr_assert_eq(lists[w]->n_handoff, 2);
	}
}

Test(assign, what_stays_does_not_move)
{
	struct weir_port *port[6], *rest[5];
	uint32_t before[6];

	for (uint32_t i = 0; i < 5; i++)
		port[i] = add(i, 1);
	assign(port, 5);
	for (uint32_t i = 0; i < 5; i++)
		before[i] = worker_of(port[i], 0);
	/* Without port 1, in another order, and a new one. */
	for (uint32_t i = 0; i < 4; i++)
		rest[i] = port[4 - i - (i == 3)];
	close_port(ports, port[1]);
	rest[4] = add(7, 1);
	assign(rest, 5);
	check_complete(rest, 5);
	cr_assert_eq(worker_of(port[0], 0), before[0]);
	for (uint32_t i = 2; i < 5; i++)
		cr_assert_eq(worker_of(port[i], 0), before[i]);
	/* The new one fills the gap: workers 0, (1), 2, 0, 1 were taken. */
	cr_assert_neq(worker_of(rest[4], 0), before[0]);
}

/* An assignment that was never published (its request was refused) does no harm to the next one. */
Test(assign, an_abandoned_assignment_is_forgotten)
{
	struct weir_port *port[2], *first;

	port[0] = first = add(0, 2);
	assign(port, 1);
	port[1] = add(1, 2);
	assign(port, 2);
	close_port(ports, port[1]);
	assign(&first, 1);
	check_complete(&first, 1);
}
