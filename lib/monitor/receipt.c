/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "weir_receipt.h"
#include "weir_vmem.h"

#define BITS 8
#define NS_PER_US (WEIR_NS_PER_S / 1000000)
#define TOLERANCE 1e-3 /* of a guarantee, within a second */
#define REACHED 0.99   /* of a limit */

/* Seven digits of a rate are enough, and half the room of all of them. */
struct record {
	uint32_t tenant;
	uint32_t late, interval; /* us: of its cut after the round's first; since its cut before */
	float promised_bps, promised_pps;
	struct {
		float demanded_bps, demanded_pps, delivered_bps, delivered_pps;
	} way[WEIR_DIRECTIONS];
	uint16_t cpu;
	uint8_t why[WEIR_DIRECTIONS];
};
_Static_assert(sizeof(struct record) == 56, "an hour of thousands of tenants is kept");

struct round {
	uint64_t time;
	uint64_t first; /* of its records, of all that ever were; they stand in order of tenants */
	uint32_t n;
};

/* Where a tenant's counters stood at the last cut. */
struct base {
	uint32_t serial;
	uint64_t born; /* the first round of this serial */
	uint64_t time; /* 0: no receipt begins there */
	uint64_t cycles, spent;
	struct weir_count count[WEIR_DIRECTIONS];
	struct weir_losses losses[WEIR_DIRECTIONS];
};

struct weir_receipts {
	uint32_t tenants, max;
	struct base *bases;	/* by tenant */
	struct record *records; /* a ring of `max` */
	struct round *rounds;	/* a ring of WEIR_RECEIPT_ROUNDS */
	uint64_t written;	/* records that ever were */
	uint64_t oldest, next;	/* rounds */
	/* When this round and the one before began, and what workers had spent by then; 0: there was none. */
	struct {
		uint64_t time, spent;
	} now, before;
};

struct weir_receipts *
weir_receipts_create(uint32_t tenants, uint32_t max)
{
	struct weir_receipts *receipts = calloc(1, sizeof(*receipts));

	if (receipts == NULL)
		return NULL;
	receipts->tenants = tenants;
	receipts->max = max;
	receipts->bases = weir_vmem_alloc(tenants * sizeof(*receipts->bases));
	receipts->records = weir_vmem_alloc(max * sizeof(*receipts->records));
	receipts->rounds = calloc(WEIR_RECEIPT_ROUNDS, sizeof(*receipts->rounds));
	if (receipts->bases != NULL && receipts->records != NULL && receipts->rounds != NULL)
		return receipts;
	weir_receipts_free(receipts);
	return NULL;
}

void
weir_receipts_free(struct weir_receipts *receipts)
{
	if (receipts == NULL)
		return;
	weir_vmem_free(receipts->bases, receipts->tenants * sizeof(*receipts->bases));
	weir_vmem_free(receipts->records, receipts->max * sizeof(*receipts->records));
	free(receipts->rounds);
	free(receipts);
}

/* ---- volumes ---- */

/* Counters of a tenant may step back when what it had is taken apart. */
static uint64_t
grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static uint32_t
microseconds(uint64_t ns)
{
	return ns / NS_PER_US < UINT32_MAX ? (uint32_t)(ns / NS_PER_US) : UINT32_MAX;
}

static struct weir_volume
volume_grown(struct weir_volume now, struct weir_volume before)
{
	return (struct weir_volume){grown(now.packets, before.packets), grown(now.bytes, before.bytes)};
}

/* As the parts of volumes are not whole: what a direction did between two cuts. */
struct flow {
	double packets, bytes;
};

static void
flow_add(struct flow *flow, double packets, double bytes)
{
	flow->packets += packets;
	flow->bytes += bytes;
}

/* What a direction delivered, and what it lost or kept waiting by class. */
struct second {
	struct flow delivered, missing[WEIR_WHYS];
};

static struct flow
demanded(const struct second *second)
{
	struct flow sum = second->delivered;

	for (uint32_t why = 0; why < WEIR_WHYS; why++)
		flow_add(&sum, second->missing[why].packets, second->missing[why].bytes);
	return sum;
}

/* ---- one tenant between two cuts ---- */

struct between {
	const struct weir_receipt_cut *now;
	const struct base *before;
	struct weir_losses losses[WEIR_DIRECTIONS]; /* in between */
};

static void
find_losses(struct between *between, const struct weir_losses now[WEIR_DIRECTIONS])
{
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		for (uint32_t why = 0; why < WEIR_WHYS; why++) {
			const struct weir_losses *before = &between->before->losses[d];

			between->losses[d].in[why] = volume_grown(now[d].in[why], before->in[why]);
			between->losses[d].out[why] = volume_grown(now[d].out[why], before->out[why]);
		}
}

static uint64_t
held(const struct weir_count *count)
{
	return grown(count->held_in, count->held_out);
}

/* Counters have no bytes of what waits: as large as what came in. */
static double
mean_bytes(const struct between *between)
{
	uint64_t packets = 0, bytes = 0;

	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++) {
		packets += grown(between->now->count[d].rx_packets, between->before->count[d].rx_packets);
		bytes += grown(between->now->count[d].rx_bytes, between->before->count[d].rx_bytes);
	}
	return packets > 0 ? (double)bytes / (double)packets : 0;
}

static void
way_out(const struct between *between, uint32_t d, struct second *second)
{
	const struct weir_count *now = &between->now->count[d], *before = &between->before->count[d];
	double waits = (double)grown(held(now), held(before));

	flow_add(&second->delivered, (double)grown(now->tx_packets, before->tx_packets),
	    (double)grown(now->tx_bytes, before->tx_bytes));
	for (uint32_t why = 0; why < WEIR_WHYS; why++)
		flow_add(&second->missing[why], (double)between->losses[d].out[why].packets,
		    (double)between->losses[d].out[why].bytes);
	flow_add(&second->missing[WEIR_WHY_QUEUE], waits, waits * mean_bytes(between));
}

/* The part of what came by vports that was for uplinks. */
static double
part_for_uplinks(const struct between *between, const struct second seconds[WEIR_DIRECTIONS])
{
	uint64_t came =
	    grown(between->now->count[WEIR_TO_UPLINK].accepted, between->before->count[WEIR_TO_UPLINK].accepted);
	double up = demanded(&seconds[WEIR_TO_UPLINK]).packets;
	double across = demanded(&seconds[WEIR_TO_VPORT]).packets - (double)came;

	if (across < 0)
		across = 0;
	if (up + across > 0)
		return up / (up + across);
	/* Nothing got as far as to tell. */
	return between->now->overhead[WEIR_TO_UPLINK] != 0 ? 1 : 0;
}

static void
ways_in(const struct between *between, struct second seconds[WEIR_DIRECTIONS])
{
	double part = part_for_uplinks(between, seconds);

	for (uint32_t why = 0; why < WEIR_WHYS; why++) {
		const struct weir_volume *by_uplink = &between->losses[WEIR_TO_UPLINK].in[why];
		const struct weir_volume *by_vport = &between->losses[WEIR_TO_VPORT].in[why];

		flow_add(&seconds[WEIR_TO_UPLINK].missing[why], part * (double)by_vport->packets,
		    part * (double)by_vport->bytes);
		flow_add(&seconds[WEIR_TO_VPORT].missing[why],
		    (double)by_uplink->packets + (1 - part) * (double)by_vport->packets,
		    (double)by_uplink->bytes + (1 - part) * (double)by_vport->bytes);
	}
}

/* ---- receipts ---- */

static double
wire_bps(struct flow flow, uint32_t overhead, double seconds)
{
	return (flow.bytes + flow.packets * overhead) * BITS / seconds;
}

/* `frame`: what one makes of this rate. */
static bool
is_short(uint64_t promised, double demanded, double delivered, double frame)
{
	double owed = (double)promised < demanded ? (double)promised : demanded;

	return delivered < owed * (1 - TOLERANCE) - frame;
}

static enum weir_why
most_missing(const struct second *second)
{
	enum weir_why most = WEIR_WHY_NONE;

	for (uint32_t why = 0; why < WEIR_WHYS; why++)
		if (second->missing[why].bytes > second->missing[most].bytes)
			most = (enum weir_why)why;
	return most;
}

/* Limits count tenant bytes. */
static bool
at_limit(const struct weir_rate *limit, struct flow delivered, double seconds)
{
	return (limit->bps != 0 && wire_bps(delivered, 0, seconds) >= (double)limit->bps * REACHED) ||
	       (limit->pps != 0 && delivered.packets / seconds >= (double)limit->pps * REACHED);
}

static void
fill_way(struct record *record, uint32_t d, const struct second *second, const struct weir_receipt_cut *cut,
    double seconds)
{
	struct flow demand = demanded(second);
	double demanded_bps = wire_bps(demand, cut->overhead[d], seconds), demanded_pps = demand.packets / seconds;
	double delivered_bps = wire_bps(second->delivered, cut->overhead[d], seconds);
	double delivered_pps = second->delivered.packets / seconds;

	record->way[d].demanded_bps = (float)demanded_bps;
	record->way[d].demanded_pps = (float)demanded_pps;
	record->way[d].delivered_bps = (float)delivered_bps;
	record->way[d].delivered_pps = (float)delivered_pps;
	if (demand.packets > 0 &&
	    (is_short(cut->guarantee.bps, demanded_bps, delivered_bps, demanded_bps / demand.packets) ||
		is_short(cut->guarantee.pps, demanded_pps, delivered_pps, 1 / seconds)))
		record->why[d] = (uint8_t)(at_limit(&cut->limit, second->delivered, seconds) ? WEIR_WHY_OWN_LIMIT
											     : most_missing(second));
}

static void
write_receipt(struct weir_receipts *receipts, uint32_t tenant, const struct between *between)
{
	struct round *round = &receipts->rounds[receipts->next % WEIR_RECEIPT_ROUNDS];
	struct record *record = &receipts->records[receipts->written % receipts->max];
	const struct weir_receipt_cut *cut = between->now;
	uint64_t interval = cut->time - between->before->time;
	double seconds = (double)interval / (double)WEIR_NS_PER_S;
	uint64_t cycles = grown(cut->cycles, between->before->cycles);
	uint64_t spent = grown(cut->spent, between->before->spent);
	struct second second[WEIR_DIRECTIONS] = {0};

	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		way_out(between, d, &second[d]);
	ways_in(between, second);
	if (demanded(&second[WEIR_TO_UPLINK]).packets + demanded(&second[WEIR_TO_VPORT]).packets <= 0)
		return;
	memset(record, 0, sizeof(*record));
	record->tenant = tenant;
	record->late = microseconds(grown(cut->time, round->time));
	record->interval = microseconds(interval);
	record->promised_bps = (float)cut->guarantee.bps;
	record->promised_pps = (float)cut->guarantee.pps;
	record->cpu = (uint16_t)(spent == 0 ? 0 : cycles < spent ? cycles * 1000 / spent : 1000);
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		fill_way(record, d, &second[d], cut, seconds);
	receipts->written++;
	round->n++;
}

void
weir_receipts_begin(struct weir_receipts *receipts, uint64_t time, uint64_t spent)
{
	receipts->now.time = time;
	receipts->now.spent = spent;
	receipts->rounds[receipts->next % WEIR_RECEIPT_ROUNDS] =
	    (struct round){.time = time, .first = receipts->written};
	/* The ring's place was that round's, and those whose records are about to be written over cannot be kept. */
	while (receipts->oldest + WEIR_RECEIPT_ROUNDS <= receipts->next ||
	       (receipts->oldest < receipts->next &&
		   receipts->rounds[receipts->oldest % WEIR_RECEIPT_ROUNDS].first + receipts->max <
		       receipts->written + receipts->tenants))
		receipts->oldest++;
}

bool
weir_receipts_lost(
    const struct weir_receipts *receipts, uint32_t tenant, uint32_t serial, const struct weir_receipt_cut *cut)
{
	const struct base *base = &receipts->bases[tenant];

	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++) {
		uint64_t now = cut->count[d].rx_drop_packets + cut->count[d].tx_drop_packets;
		uint64_t before = base->count[d].rx_drop_packets + base->count[d].tx_drop_packets;

		if (base->serial != serial ? now > 0 : now != before)
			return true;
	}
	return false;
}

void
weir_receipts_add(struct weir_receipts *receipts, uint32_t tenant, uint32_t serial,
    const struct weir_receipt_cut *cut, const struct weir_tally tallies[WEIR_DIRECTIONS])
{
	struct base *base = &receipts->bases[tenant];
	struct between between = {.now = cut, .before = base};
	struct weir_losses losses[WEIR_DIRECTIONS];

	assert(tenant < receipts->tenants);
	if (base->serial != serial)
		*base = (struct base){
		    .serial = serial,
		    .born = receipts->next,
		    .time = receipts->before.time,
		    .cycles = base->cycles, /* these are counted by id */
		    .spent = receipts->before.spent,
		};
	if (tallies != NULL) {
		for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
			weir_losses_of(&tallies[d], &losses[d]);
		find_losses(&between, losses);
		memcpy(base->losses, losses, sizeof(losses));
	}
	if (base->time != 0 && cut->time > base->time)
		write_receipt(receipts, tenant, &between);
	base->time = cut->time;
	base->cycles = cut->cycles;
	base->spent = cut->spent;
	memcpy(base->count, cut->count, sizeof(base->count));
}

void
weir_receipts_end(struct weir_receipts *receipts)
{
	if (receipts->before.time != 0)
		receipts->next++;
	receipts->before = receipts->now;
}

/* ---- reading ---- */

uint64_t
weir_receipts_oldest(const struct weir_receipts *receipts)
{
	return receipts->oldest;
}

uint64_t
weir_receipts_next(const struct weir_receipts *receipts)
{
	return receipts->next;
}

static const struct record *
find_record(const struct weir_receipts *receipts, const struct round *round, uint32_t tenant)
{
	uint32_t low = 0, high = round->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const struct record *record = &receipts->records[(round->first + mid) % receipts->max];

		if (record->tenant == tenant)
			return record;
		if (record->tenant < tenant)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool
weir_receipts_find(const struct weir_receipts *receipts, uint64_t round, uint32_t tenant, uint32_t serial,
    struct weir_receipt *receipt)
{
	const struct round *at = &receipts->rounds[round % WEIR_RECEIPT_ROUNDS];
	const struct base *base = &receipts->bases[tenant];
	const struct record *record;

	if (round < receipts->oldest || round >= receipts->next || base->serial != serial || round < base->born)
		return false;
	record = find_record(receipts, at, tenant);
	if (record == NULL)
		return false;
	*receipt = (struct weir_receipt){
	    .round = round,
	    .time = at->time + record->late * NS_PER_US,
	    .interval = record->interval * NS_PER_US,
	    .promised = {.bps = (uint64_t)record->promised_bps, .pps = (uint64_t)record->promised_pps},
	    .cpu = record->cpu,
	};
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		receipt->way[d] = (struct weir_receipt_way){
		    .demanded = {.bps = (uint64_t)record->way[d].demanded_bps,
			.pps = (uint64_t)record->way[d].demanded_pps},
		    .delivered = {.bps = (uint64_t)record->way[d].delivered_bps,
			.pps = (uint64_t)record->way[d].delivered_pps},
		    .why = (enum weir_why)record->why[d],
		};
	return true;
}
