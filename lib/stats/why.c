/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include "weir_why.h"

/* Reasons that are not here are faults of the packet, of who sent it or of the configuration: nothing that was owed.
 */
static const struct {
	enum weir_why why;
	bool in; /* counted where the packet came in */
} classes[WEIR_REASON_COUNT] = {
    [WEIR_DROP_TENANT_LIMIT] = {WEIR_WHY_OWN_LIMIT, false},
    [WEIR_DROP_VPORT_LIMIT] = {WEIR_WHY_OWN_LIMIT, false},
    [WEIR_DROP_CPU_SHARE] = {WEIR_WHY_CPU, true},
    [WEIR_DROP_PORT_SHARE] = {WEIR_WHY_LINK, false},
    [WEIR_DROP_TX_FULL] = {WEIR_WHY_LINK, false},
    [WEIR_DROP_HANDOFF_FULL] = {WEIR_WHY_LINK, false},
    [WEIR_DROP_PORT_DOWN] = {WEIR_WHY_LINK, false},
    [WEIR_DROP_NO_ROUTE] = {WEIR_WHY_LINK, false},
    [WEIR_DROP_NEIGH_UNRESOLVED] = {WEIR_WHY_LINK, false},
    [WEIR_DROP_QUEUE_MEMORY] = {WEIR_WHY_QUEUE, false},
    [WEIR_DROP_NEIGH_QUEUE] = {WEIR_WHY_QUEUE, false},
    [WEIR_DROP_SETUP_LIMIT] = {WEIR_WHY_TABLE, true},
    [WEIR_DROP_FLOOD_LIMIT] = {WEIR_WHY_TABLE, true},
    [WEIR_DROP_CONNECTION_QUOTA] = {WEIR_WHY_TABLE, true},
    [WEIR_DROP_CONNECTIONS_FULL] = {WEIR_WHY_TABLE, true},
    [WEIR_DROP_NO_MBUF] = {WEIR_WHY_TABLE, false},
};

const char *
weir_why_name(enum weir_why why)
{
	static const char *const names[WEIR_WHYS] = {"none", "own_limit", "cpu", "link", "queue", "table"};

	return names[why];
}

enum weir_why
weir_why_of(enum weir_reason reason)
{
	return classes[reason].why;
}

void
weir_losses_of(const struct weir_tally *tally, struct weir_losses *losses)
{
	memset(losses, 0, sizeof(*losses));
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++) {
		struct weir_volume *volume = classes[r].in ? losses->in : losses->out;

		volume[classes[r].why].packets += tally->reasons[r].packets;
		volume[classes[r].why].bytes += tally->reasons[r].bytes;
	}
	/* What was not owed. */
	losses->in[WEIR_WHY_NONE] = losses->out[WEIR_WHY_NONE] = (struct weir_volume){0};
}
