/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "scenarios.h"

/* ---- ageing ---- */

/* How many ports a frame from host 0 to `host` leaves by: 1 if the switch knows where that is. */
static uint32_t
reach(uint32_t host)
{
	uint32_t left[TOPO_PORTS];

	net_send(0, host, 100);
	rig_step(&net.rig, WEIR_NS_PER_MS);
	return net_collect(left);
}

/* A MAC that sends stays, one that is silent goes after mac_age. Time passes in steps, as it does for weir. */
static bool
mac_ages(void)
{
	static const char patch[] = "{\"settings\":{\"mac_age\":\"10s\"}}";
	struct weir_outcome outcome;
	uint32_t left[TOPO_PORTS];

	net_reset();
	for (uint32_t v = 1; v < 3; v++)
		net.topo.tenants[0].vports[v].has_mac = false;
	if (!net_apply() || weir_gateway_patch(net.rig.gateway, patch, sizeof(patch) - 1, false, &outcome, NULL) != 0)
		return false;
	net_send(1, 0, 100);
	net_send(2, 0, 100);
	rig_step(&net.rig, WEIR_NS_PER_MS);
	(void)net_collect(left);
	if (reach(1) != 1 || reach(2) != 1) {
		(void)printf("ageing: a MAC was not learned\n");
		return false;
	}
	for (uint32_t ms = 0; ms < 13000; ms += 5) {
		if (ms % 500 == 0)
			net_send(1, 0, 100);
		rig_step(&net.rig, 5 * WEIR_NS_PER_MS);
		(void)net_collect(left);
		if (ms == 9500 && reach(2) != 1) {
			(void)printf("ageing: a MAC went before its time\n");
			return false;
		}
	}
	if (reach(1) == 1 && reach(2) == 3)
		return true;
	(void)printf("ageing: the MAC that sends reaches %u ports, the silent one %u\n", reach(1), reach(2));
	return false;
}

/* ---- waiting for a neighbour ---- */

#define WAITERS 100

/* Lets five seconds pass; neighbours answer after a while, or never. Returns the tunnel packets that left. */
static uint32_t
wait_for_peer(bool answers)
{
	static struct wire wire;
	uint32_t left = 0;

	for (uint32_t ms = 0; ms < 5000; ms += 20) {
		rig_step(&net.rig, 20 * WEIR_NS_PER_MS);
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (rig_collect(0, q, &wire))
				left +=
				    rig_peer(answers && ms >= 1500 ? &net.rng : NULL, &net.topo, 0, &wire) ? 0 : 1;
	}
	return left;
}

/* Frames to a remote whose neighbour has not answered: a few wait, and leave when it does or are dropped in the end.
 */
static bool
frames_wait(bool answers)
{
	struct weir_outcome outcome;
	struct weir_tally before, after;
	uint64_t held, refused, dropped;
	uint32_t left;
	char *text;
	int rc;

	net_reset();
	text = topo_document(&net.topo);
	rc = weir_gateway_load(net.rig.gateway, "{}", 2, false, &outcome, NULL);
	if (rc == 0)
		rc = weir_gateway_load(net.rig.gateway, text, strlen(text), false, &outcome, NULL);
	free(text);
	for (uint32_t i = 0; i < WAITERS; i++)
		net_send(0, 3, 100);
	if (rc != 0 || !net_tally(&before))
		return false;
	left = wait_for_peer(answers);
	if (!net_tally(&after))
		return false;
	held = before.sum.held_in - before.sum.held_out;
	refused = before.reasons[WEIR_DROP_NEIGH_QUEUE].packets;
	dropped = after.reasons[WEIR_DROP_NEIGH_UNRESOLVED].packets;
	if (held > 0 && refused > 0 && held + refused == WAITERS && left == (answers ? held : 0) &&
	    dropped == (answers ? 0 : held) && after.sum.held_in == after.sum.held_out)
		return true;
	(void)printf("waiting: of %u frames %" PRIu64 " were held, %" PRIu64 " refused; %u left, %" PRIu64
		     " were dropped, the neighbour %s\n",
	    WAITERS, held, refused, left, dropped, answers ? "answers" : "is silent");
	return false;
}

bool
scenarios_hold(void)
{
	bool hold = true;

	rng_seed(&net.rng, 4711);
	for (uint32_t workers = 1; workers <= RIG_WORKERS && hold; workers++) {
		if (rig_open(&net.rig, workers, 4096) != 0)
			return false;
		hold = limits_hold() && mac_ages() && frames_wait(true) && frames_wait(false) &&
		       (!topo_with_routers || routers_hold());
		rig_close(&net.rig);
	}
	return hold;
}
