/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Admit: whose cycles of this worker a burst's are, and, while the worker is pressed, who has had more than its share
 * of them and is dropped before anything expensive: no walk, no set-up, no limit, no rewrite.
 *
 * A tenant's bucket accrues its share of the cycles that pass, a quota as it stands and the rest by weight among
 * those who were active in this tick or the last, and holds what accrues in some 10 us. What it was served is owed in
 * full, and it goes on owing it while the worker is not pressed; what is spent on dropping its packets is charged
 * too, down to a bound, so that it has its share again soon after it stopped.
 *
 * What a burst took is known at two moments: when its flows had been found and admitted, and at its end. The first
 * part is spread over all its packets. Of the second a packet of a known flow has what such packets take in bursts of
 * nothing else, and the others have the rest, by the packets and copies that came of them. What a round takes to send
 * is known when its bursts are charged, and is not the next burst's, which may be one packet of who sends little:
 * each packet and copy has what one took lately.
 */
#include "pipeline_priv.h"

#define WHOLE_SHIFT 32 /* a share of the worker: 2^32 is all of it */
#define DEPTH                                                                                                        \
	((int64_t)1 << 15) /* cycles that the bucket of the whole worker holds: some 10 us, less than a ring does */
#define DEPTH_MIN 8192	   /* a bucket holds at least so many: some packets */
#define DEBT 64		   /* depths that dropping a tenant's packets may cost it at most */
#define GAP_MAX (UINT64_C(1) << 30) /* cycles: any bucket is full again by then, but for served debts */
#define REST_MIN 50		    /* thousandths that are there for those without a quota, whatever quotas say */
#define KNOWN_SHIFT 4		    /* of known_cost */
#define SMOOTH 3		    /* a burst moves it by an eighth */
#define SENT_PACKETS 2048	    /* of the last so many it is known what a packet takes to be sent */

static uint64_t
share(const struct admit *admit, const struct account *account)
{
	return account->quota != 0 ? account->quota * admit->per_quota : account->weight * admit->per_weight;
}

static int64_t
depth(uint64_t share)
{
	int64_t cycles = (int64_t)((uint64_t)DEPTH * share >> WHOLE_SHIFT);

	return cycles > DEPTH_MIN ? cycles : DEPTH_MIN;
}

/* What a unit of quota and of weight comes to, as there are claims. */
static void
divide(struct admit *admit)
{
	const struct claims *now = &admit->claims, *before = &admit->before;
	uint64_t quotas = now->quotas > before->quotas ? now->quotas : before->quotas, rest = 0, total;
	uint64_t weights = now->weights > before->weights ? now->weights : before->weights;

	if (weights > 0)
		rest = quotas + REST_MIN < 1000 ? 1000 - quotas : REST_MIN;
	total = quotas + rest > 1000 ? quotas + rest : 1000;
	admit->per_quota = (UINT64_C(1) << WHOLE_SHIFT) / total;
	admit->per_weight = weights > 0 ? rest * admit->per_quota / weights : 0;
}

/* The first packet of this account's in this tick: it has its claim, as it is configured by now. */
static void
claim(struct weir_pipe *pipe, struct account *account, uint32_t id)
{
	struct admit *admit = &pipe->admit;
	const struct weir_tenant *tenant;

	account->tick = admit->tick;
	if (id >= WEIR_TENANTS_MAX)
		return;
	tenant = __atomic_load_n(&pipe->vnet->tenants[id], __ATOMIC_ACQUIRE);
	if (tenant == NULL)
		return;
	if (account->serial != tenant->serial) {
		account->serial = tenant->serial;
		account->level = DEPTH;
	}
	account->weight = tenant->weight > 0 ? tenant->weight : WEIR_WEIGHT_DEFAULT;
	account->quota = tenant->quota_cpu;
	admit->claims.quotas += account->quota;
	admit->claims.weights += account->quota == 0 ? account->weight : 0;
	divide(admit);
}

/* It has accrued up to what is charged: a round may take longer than a bucket holds. */
static void
accrue(struct weir_pipe *pipe, struct account *account, uint32_t id)
{
	const struct admit *admit = &pipe->admit;
	uint64_t gap = admit->mark - account->last, part;
	int64_t most;

	if (account->tick != admit->tick)
		claim(pipe, account, id);
	if (gap == 0)
		return;
	gap = gap < GAP_MAX ? gap : GAP_MAX;
	part = share(admit, account);
	most = depth(part);
	account->level += (int64_t)(gap * (part >> 1) >> (WHOLE_SHIFT - 1));
	account->level = account->level < most ? account->level : most;
	account->last = admit->mark;
}

static uint32_t
owner_of(const struct weir_burst *burst, const struct weir_iface *in)
{
	return in != NULL && in->tenant != NULL ? in->tenant->id : WEIR_TENANTS_MAX + burst->port->index;
}

/* ---- who goes on ---- */

/* Packets that are dropped together: of one interface, one after the other. */
struct shed {
	const struct weir_iface *in;
	uint32_t n;
	uint64_t bytes;
	struct rte_mbuf *m[WEIR_BURST];
};

static void
shed_all(struct weir_pipe *pipe, struct shed *shed)
{
	struct weir_count *count;

	if (shed->n == 0)
		return;
	count = weir_count(pipe->counters, shed->in->id);
	count->rx_packets += shed->n;
	count->rx_bytes += shed->bytes;
	weir_count_drops(pipe->counters, shed->in->id, WEIR_DROP_RX, WEIR_DROP_CPU_SHARE, shed->n, shed->bytes);
	rte_pktmbuf_free_bulk(shed->m, shed->n);
	pipe->work.shed += shed->n;
	shed->n = 0;
	shed->bytes = 0;
}

static inline void
shed_one(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_iface *in, struct shed *shed)
{
	if (shed->in != in)
		shed_all(pipe, shed);
	shed->in = in;
	shed->m[shed->n++] = burst->m[i];
	shed->bytes += burst->frame[i].len;
	pipe->admit.shed |= 1u << i;
}

/* The account of packet i, into *in where it came in if it is a tenant's. */
static inline uint32_t
whose(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, const struct weir_iface **in)
{
	const struct weir_flow *flow = burst->flow[i];
	const struct weir_path *path = flow != NULL ? standing(pipe->vnet, weir_path(pipe->paths, 0), flow) : NULL;
	enum weir_reason reason;

	if (path != NULL) {
		*in = path->verdict.in;
		return path->verdict.tenant;
	}
	*in = find_in(pipe, burst, i, &reason);
	return owner_of(burst, *in);
}

static void
shed_excess(struct weir_pipe *pipe, struct weir_burst *burst)
{
	struct admit *admit = &pipe->admit;
	uint32_t kept = 0;
	struct shed shed;

	shed.in = NULL;
	shed.n = 0;
	shed.bytes = 0;
	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k], id;
		const struct weir_iface *in;

		admit->account[i] = id = whose(pipe, burst, i, &in);
		accrue(pipe, &admit->accounts[id], id);
		/* What is nobody's is dropped anyway. */
		if (id < WEIR_TENANTS_MAX && admit->accounts[id].level <= 0)
			shed_one(pipe, burst, i, in, &shed);
		else
			burst->live[kept++] = i;
	}
	shed_all(pipe, &shed);
	burst->n_live = kept;
}

void
admit_found(struct weir_pipe *pipe, struct weir_burst *burst)
{
	struct admit *admit = &pipe->admit;

	_Static_assert(WEIR_BURST == 32, "a bit each");
	admit->shed = admit->live = 0;
	if (admit->pressure == WEIR_PRESSED)
		shed_excess(pipe, burst);
	for (uint32_t k = 0; k < burst->n_live; k++) {
		admit->live |= 1u << burst->live[k];
		admit->parts[burst->live[k]] = 1;
	}
	admit->n_early = burst->n - burst->n_live;
	admit->found = read_cycles(pipe);
}

/* ---- what it took ---- */

/* What became of packet i. */
enum outcome {
	LOST, /* in parse: its frame was entered then */
	SHED,
	KNOWN,
	OTHER,
};

static inline enum outcome
outcome_of(const struct admit *admit, const struct weir_burst *burst, uint32_t i)
{
	if ((admit->live >> i & 1) != 0)
		return burst->path[i] != NULL ? KNOWN : OTHER;
	return (admit->shed >> i & 1) != 0 ? SHED : LOST;
}

/* What a packet took: each of them up to admission, and behind that. */
struct costs {
	uint64_t each, known, part;
};

static struct costs
costs_of(struct admit *admit, const struct weir_burst *burst, uint64_t first, uint64_t second)
{
	struct costs costs = {.each = first / burst->n};
	uint64_t known = 0, parts = 0;

	for (uint32_t i = 0; i < burst->n; i++) {
		enum outcome outcome = outcome_of(admit, burst, i);

		known += outcome == KNOWN;
		parts += outcome == OTHER ? admit->parts[i] : 0;
	}
	if (known > 0) {
		uint64_t even = second / (known + parts), usual = admit->known_cost >> KNOWN_SHIFT;

		costs.known = parts > 0 && usual > 0 && usual < even ? usual : even;
		if (parts == 0)
			admit->known_cost += (costs.known << KNOWN_SHIFT >> SMOOTH) - (admit->known_cost >> SMOOTH);
	}
	if (parts > 0)
		costs.part = (second - known * costs.known) / parts;
	/* What does not divide, or was nobody's, is the next burst's. */
	admit->carry = first + second - burst->n * costs.each - known * costs.known - parts * costs.part;
	admit->sent_packets += known + parts;
	costs.known += admit->sent_cost;
	costs.part += admit->sent_cost;
	return costs;
}

static void
charge(struct weir_pipe *pipe, uint32_t id, uint64_t cycles, enum outcome outcome)
{
	const struct admit *admit = &pipe->admit;
	struct account *account = &admit->accounts[id];

	__atomic_store_n(&account->used, account->used + cycles * admit->scale, __ATOMIC_RELAXED);
	if (admit->pressure == WEIR_EASY)
		return;
	accrue(pipe, account, id);
	if (outcome > SHED || account->level > -DEBT * depth(share(admit, account)))
		account->level -= (int64_t)cycles;
}

void
account_burst(struct weir_pipe *pipe, const struct weir_burst *burst)
{
	struct admit *admit = &pipe->admit;
	uint64_t end = read_cycles(pipe), cycles = 0;
	struct costs costs = costs_of(admit, burst, admit->found - admit->mark + admit->carry, end - admit->found);

	for (uint32_t i = 0; i < burst->n; i++) {
		enum outcome outcome = outcome_of(admit, burst, i);

		if (outcome == KNOWN)
			admit->account[i] = burst->path[i]->verdict.tenant;
		else if (outcome != SHED)
			admit->account[i] = owner_of(burst, burst->in[i]);
		__builtin_prefetch(&admit->accounts[admit->account[i]], 1);
	}
	/* Packets of one account, one after the other, are charged together. */
	for (uint32_t i = 0; i < burst->n; i++) {
		enum outcome outcome = outcome_of(admit, burst, i);
		uint32_t id = admit->account[i];

		cycles += costs.each;
		if (outcome == KNOWN)
			cycles += costs.known;
		else if (outcome == OTHER)
			cycles += costs.part * admit->parts[i];
		if (i + 1 < burst->n && admit->account[i + 1] == id && outcome_of(admit, burst, i + 1) == outcome)
			continue;
		charge(pipe, id, cycles, outcome);
		cycles = 0;
	}
	admit->mark = end;
}

/* ---- rounds ---- */

void
weir_pipe_account(struct weir_pipe *pipe, enum weir_pressure pressure, uint32_t scale, uint64_t now)
{
	struct admit *admit = &pipe->admit;
	uint32_t tick = (uint32_t)(now >> 20) + 1; /* no account is of tick 0 */

	admit->pressure = pressure;
	admit->scale = pipe->cycles != NULL ? scale : 0;
	if (admit->scale == 0)
		return;
	admit->round = admit->mark = read_cycles(pipe);
	if (tick == admit->tick)
		return;
	admit->before = tick == admit->tick + 1 ? admit->claims : (struct claims){0};
	admit->claims = (struct claims){0};
	admit->tick = tick;
	divide(admit);
}

void
weir_pipe_press(struct weir_pipe *pipe)
{
	pipe->admit.pressure = WEIR_PRESSED;
}

bool
weir_pipe_pressed(const struct weir_pipe *pipe)
{
	return pipe->admit.pressure == WEIR_PRESSED;
}

/* What passed since what is charged. */
static uint64_t
since(struct weir_pipe *pipe)
{
	uint64_t end = read_cycles(pipe), cycles = end - pipe->admit.mark;

	pipe->admit.mark = end;
	return cycles;
}

void
weir_pipe_account_sent(struct weir_pipe *pipe)
{
	struct admit *admit = &pipe->admit;
	uint64_t cycles;

	if (admit->scale == 0)
		return;
	cycles = since(pipe);
	if (admit->sent_packets == 0)
		return;
	admit->sent_cycles += cycles;
	admit->sent_cost = admit->sent_cycles / admit->sent_packets;
	if (admit->sent_packets < SENT_PACKETS)
		return;
	admit->sent_cycles /= 2;
	admit->sent_packets /= 2;
}

void
account_from_here(struct weir_pipe *pipe)
{
	if (pipe->admit.scale != 0)
		(void)since(pipe);
}

void
account_for(struct weir_pipe *pipe, uint32_t tenant)
{
	if (pipe->admit.scale != 0)
		charge(pipe, tenant, since(pipe), OTHER);
}

uint32_t
weir_pipe_lost_early(const struct weir_pipe *pipe)
{
	return pipe->admit.n_early;
}

uint64_t
weir_pipe_round_cycles(const struct weir_pipe *pipe)
{
	return pipe->admit.mark - pipe->admit.round;
}

/* ---- control ---- */

uint64_t
weir_pipe_tenant_cycles(const struct weir_pipe *pipe, uint32_t tenant)
{
	return __atomic_load_n(&pipe->admit.accounts[tenant].used, __ATOMIC_RELAXED);
}

uint64_t
weir_pipe_port_cycles(const struct weir_pipe *pipe, uint32_t port)
{
	return weir_pipe_tenant_cycles(pipe, WEIR_TENANTS_MAX + port);
}
