/* SPDX-License-Identifier: BSD-3-Clause */
/* weir and the reference side by side: the same configuration, the same packets, and what differs. */
#ifndef WEIR_TEST_MODEL_H
#define WEIR_TEST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "gen.h"
#include "ref.h"
#include "rig.h"
#include "topo.h"

#define MODEL_BATCH 32

/* A packet of a batch, and what should become of it. */
struct item {
	struct gen_packet packet;
	uint32_t queue;
	bool stamped; /* there is no other packet like it in the batch */
	struct ref_result result;
};

/* What counters say of one vport, tenant or port; deltas from one reading to the next. */
enum {
	COUNT_RX,
	COUNT_RX_BYTES,
	COUNT_TX,
	COUNT_TX_BYTES,
	COUNT_ACCEPTED,
	COUNT_OFFERED,
	COUNT_COPIES,
	COUNT_RX_DROPS,
	COUNT_RX_DROP_BYTES,
	COUNT_TX_DROPS,
	COUNT_TX_DROP_BYTES,
	COUNT_HELD,
	COUNT_CONSUMED,
	COUNT_GENERATED,
	COUNTS,
};

struct counts {
	int64_t n[COUNTS];
	int64_t reasons[WEIR_REASON_COUNT];
};

struct readings {
	struct counts vports[TOPO_TENANTS][TOPO_VPORTS];
	struct counts tenants[TOPO_TENANTS];
	struct counts ports[TOPO_PORTS];
};

/* What becomes of a packet if routers choose these of several next hops, which they have not yet been seen to do. */
#define MODEL_CHOICES 4
#define MODEL_ALTERNATIVES 9

struct alternative {
	uint32_t n;
	struct ref_pick picks[MODEL_CHOICES];
	struct weir_ip vias[MODEL_CHOICES];
	struct ref_result result;
};

/* What a router says of itself, asked by nobody: questions, announcements. Where it left. */
struct own_frame {
	struct ref_place at;
	uint32_t bytes;
};
#define MODEL_OWN 1024

#define MODEL_FLOWS 65536

struct model {
	struct rig rig;
	struct rng rng;
	struct topo topo, before; /* the configuration, and the one before it */
	struct ref ref;
	uint32_t n_items;
	struct item items[MODEL_BATCH];
	uint32_t n_alternatives; /* of the last item; 0 = there is only one */
	struct alternative alternatives[MODEL_ALTERNATIVES];
	uint32_t n_own; /* since counters were read */
	struct own_frame own[MODEL_OWN];
	/* Errors that a tenant's routers may still send, in nanoseconds of their rate; as of when. */
	uint64_t error_credit[TOPO_TENANTS], error_time;
	struct readings last;
	uint32_t flows_allowed[TOPO_TENANTS];
	/* The source port of each tunnelled flow, since the last change: hash, port. */
	struct {
		uint64_t hash;
		uint16_t port;
	} flows[MODEL_FLOWS];
	/* For the summary, and for the printing of a difference. */
	uint64_t seed, packets, batches, changes, outputs, drops, answers, decisions;
	uint16_t stamp;
	char last_change[160];
	uint8_t ports_seen[65536 / 8];
	bool differs;
	bool at_rest; /* since the last change */
};

/* Reports a difference: the text, and with the first one where the run had come to. */
void model_differs(struct model *model, const char *fmt, ...) WEIR_PRINTF(2, 3);
/* The configuration and the batch. */
void model_print(const struct model *model);

/* Text for people. */
const char *model_place(const struct ref_place *place);
void model_hex(const struct wire *wire);

/* What weir sent for the batch against what it should have sent. */
void compare_outputs(struct model *model);
void compare_forget_flows(struct model *model);

/* A tunnel packet as it should be, the source port apart: that is weir's choice. */
bool compare_tunnel(const struct wire *found, const struct ref_out *out, uint16_t *port);

/*
 * A frame that a router should have made: what the contract leaves to weir apart (padding, TOS, IPv4 id and DF, flags
 * of an advertisement). If it is right, out->bytes are what it has.
 */
bool compare_made(const struct topo *topo, const struct wire *found, struct ref_out *out, uint16_t *port);

/* Is it a router's question or announcement? Then where it left, and its bytes. */
bool compare_own(const struct topo *topo, uint32_t port, const struct wire *found, struct own_frame *own);

/* ---- model_router.c ---- */

/* Routers learn, by questions that are checked as all packets are, where their hosts are. */
void model_teach(struct model *model);

/* Finds all alternatives of the last item, *item; false: there are too many, or some of them are open. */
bool model_explore(struct model *model, struct item *item);

/* Are there so many ICMP errors left to send? If so, they are taken. */
bool model_may_report(struct model *model, const struct ref_result *result);

/* ---- model_firewall.c ---- */

/* Some time-out's time passes, or a little less or more; a long one's too. What is sure before and after it is sure.
 */
void model_pass_time(struct model *model, bool long_one);

/* The batch is complete: the reference takes it as said. `learned`: by its last packet switches or routers learn. */
void model_commit(struct model *model, bool learned);

/* What a rule should count for the batch: at least, at most. */
struct rule_due {
	uint64_t packets, packets_most, bytes, bytes_most;
};
void rules_due(const struct model *model, uint32_t tenant, uint32_t firewall, uint32_t rule, struct rule_due *due);
/* Rules count from here on / what they counted since is what they should have in this batch. */
void rules_start(const struct model *model);
void rules_compare(struct model *model);

/* ---- a batch ---- */

/* Runs the batch: weir gets it, and what it makes of it is compared. */
void model_batch(struct model *model);

/* Reads weir's counters; compares what the batch has added with what it should have. */
void counters_read(struct model *model, struct readings *readings);
void counters_compare(struct model *model);

/* weir's MAC table against the reference's, which forgets those that it may forget and weir has. */
void macs_compare(struct model *model);

/*
 * No tenant has more flows than its quota allows, or has allowed since they were made. After a long idle time there
 * are none.
 */
void flows_compare(struct model *model, bool idle);
void flows_allow(struct model *model); /* after a change */

/* Conservation: every balance is 0, nothing is held, no buffer is missing. */
void counters_balance(struct model *model);

#endif
