/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * weir against the reference switch, over random configurations, random changes of them and random packets.
 *
 *	model [--seed N] [--topologies N] [--packets N] [--workers N] [--long] [--routers] [--firewalls]
 *
 * Topology i of a run has the seed N + i and, unless --workers says so, 1 to 3 workers. A difference prints the
 * configuration, the packets, what was expected and what was found, and ends the run.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios.h"
#include "model.h"
#include "weir_view.h"
#include "weir_pipeline.h"

#define IDLE_NS (35 * WEIR_NS_PER_S) /* flows go */
#define REST_NS (8 * WEIR_NS_PER_S)  /* flows stay, while ids of interfaces that went are given out again */
#define REMEMBERED 48
#define FLOWS 65536
#define FLOWS_FEW 1024 /* slots over all workers: as few as there may be */

struct options {
	uint64_t seed;
	uint32_t topologies, packets, workers;
};

static struct model model;
static struct gen_packet remembered[REMEMBERED];
static uint32_t n_remembered;
/* A packet that has to be alone in its batch, and came when there were others. */
static struct gen_packet kept;
static bool keeps;

/* ---- configuration ---- */

static bool
same_remotes(const struct topo *before, const struct topo *after)
{
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		for (uint32_t s = 0; s < TOPO_SWITCHES; s++) {
			const struct topo_switch *was = &before->tenants[t].switches[s];
			const struct topo_switch *is = &after->tenants[t].switches[s];

			if (before->tenants[t].used != after->tenants[t].used || was->used != is->used ||
			    !topo_equal(was->remotes, is->remotes, sizeof(is->remotes)))
				return false;
		}
	return topo_equal(before->ports, after->ports, sizeof(after->ports));
}

static void
settle(void)
{
	static struct wire odd;
	struct own_frame own;
	uint32_t port;

	while (!rig_settle(&model.rig, &model.rng, &model.topo, &odd, &port)) {
		/* New remotes may be asked for before the underlay is another one. */
		if (odd.len != 0 && rig_peer(NULL, &model.before, port, &odd))
			continue;
		/* What routers say of themselves. */
		if (odd.len != 0 &&
		    (compare_own(&model.topo, port, &odd, &own) || compare_own(&model.before, port, &odd, &own)))
			continue;
		model_differs(&model, "weir does not come to rest; of itself it sent by port p%u:", port);
		model_hex(&odd);
		break;
	}
	counters_read(&model, &model.last);
	if (topo_with_firewalls)
		rules_start(&model);
}

/* Makes `next` the configuration, by a patch or as a whole. */
static void
configure(const struct topo *next, bool whole, const char *what)
{
	struct weir_outcome outcome;
	struct weir_err err = {0};
	bool quiet = same_remotes(&model.topo, next);
	char *text = whole ? topo_document(next) : topo_patch(&model.topo, next);
	int rc;

	if (topo_with_routers && !model.at_rest && model.before.n_ports > 0)
		settle();
	rc = whole ? weir_gateway_load(model.rig.gateway, text, strlen(text), false, &outcome, &err)
		   : weir_gateway_patch(model.rig.gateway, text, strlen(text), false, &outcome, &err);

	(void)snprintf(model.last_change, sizeof(model.last_change), "%s", what);
	if (rc != 0) {
		model_differs(&model, "%s (%s) refused: %s: %s\n%s", whole ? "document" : "patch", what, err.path,
		    err.msg, text);
		free(text);
		return;
	}
	free(text);
	model.before = model.topo;
	model.ref.topo = &model.before;
	model.topo = *next;
	ref_configure(&model.ref, &model.topo);
	flows_allow(&model);
	model.n_items = 0;
	model.changes++;
	compare_forget_flows(&model);
	macs_compare(&model);
	/* If nothing is to be resolved first, the change must hold for the very next packet. But what routers say of
	 * themselves may be about the configuration before this one, and is not known any more after the next. */
	model.at_rest = !quiet || !rng_chance(&model.rng, 60);
	if (model.at_rest)
		settle();
	else
		counters_read(&model, &model.last);
	if (topo_with_firewalls)
		rules_start(&model);
	if (topo_with_routers && rng_chance(&model.rng, 80))
		model_teach(&model);
}

/*
 * A patch that weir must refuse, and of which nothing may be left. A port that was to have another device is opened
 * anew: its neighbours are asked for again, and its queues may go to other workers.
 */
static void
refused_patch(void)
{
	static const struct {
		const char *text;
		bool reopens;
	} patches[] = {
	    {"{\"tenants\":{\"t0\":null,\"t9\":{\"vports\":{\"v0\":{\"switch\":\"none\",\"port\":\"p0\"}}}}}", false},
	    {"{\"tenants\":{\"t0\":{\"switches\":{\"s0\":{\"vni\":0}}}}}", false},
	    {"{\"tenants\":null,\"underlay\":null,\"ports\":{\"p9\":{\"device\":\"net_ring_none\"}}}", false},
	    {"{\"ports\":{\"p0\":{\"device\":\"net_ring_none\"}}}", true},
	};
	uint32_t i = rng_below(&model.rng, WEIR_ARRAY_LEN(patches));
	struct weir_outcome outcome;
	struct weir_err err = {0};

	if (weir_gateway_patch(model.rig.gateway, patches[i].text, strlen(patches[i].text), false, &outcome, &err) ==
	    0)
		model_differs(&model, "accepted: %s", patches[i].text);
	macs_compare(&model);
	if (patches[i].reopens) {
		compare_forget_flows(&model);
		settle();
	}
}

/* A change that is only asked about; a refused one as well. Neither leaves anything behind. */
static void
unchanged(void)
{
	static struct topo next;
	struct weir_outcome outcome;
	struct weir_err err = {0};
	char *text;

	if (rng_chance(&model.rng, 50)) {
		refused_patch();
		return;
	}
	next = model.topo;
	(void)topo_change(&next, &model.rng);
	text = topo_patch(&model.topo, &next);
	if (weir_gateway_patch(model.rig.gateway, text, strlen(text), true, &outcome, &err) != 0)
		model_differs(&model, "checked and refused: %s: %s\n%s", err.path, err.msg, text);
	free(text);
}

/* ---- batches ---- */

/* Makes a packet differ from the others of its flow, so that their order can be seen. */
static void
stamp(struct item *item)
{
	const struct ref_frame *frame = &item->result.frame;
	struct wire *wire = &item->packet.wire;

	if (item->packet.mutated || item->result.drop != 0 || item->result.n_outs == 0 || item->result.n_vias != 0 ||
	    frame->l4_len < 32 || (frame->proto != PROTO_UDP && frame->proto != PROTO_TCP))
		return;
	put16(&wire->data[wire->len - 2], ++model.stamp);
	item->stamped = true;
}

/* Asks the reference; false: a packet that is not to be used. */
static bool
examine(struct item *item, bool commit)
{
	ref_packet(&model.ref, item->packet.port, &item->packet.wire, commit, &item->result);
	if (item->result.n_vias != 0 && !commit)
		return model_explore(&model, item);
	return !item->result.open && (item->result.answer == REF_NO_ANSWER || !item->packet.mutated);
}

static void
choose_packet(struct item *item, uint32_t repeat_percent)
{
	if (keeps && model.n_items == 0 && kept.port < model.topo.n_ports) {
		keeps = false;
		item->packet = kept;
		return;
	}
	if (n_remembered > 0 && rng_chance(&model.rng, repeat_percent)) {
		const struct gen_packet *packet = &remembered[rng_below(&model.rng, n_remembered)];

		if (packet->port < model.topo.n_ports) {
			item->packet = *packet;
			if (rng_chance(&model.rng, 10)) {
				gen_disguise(&item->packet.wire);
				item->packet.mutated = true;
			}
			return;
		}
	}
	gen_packet(&model.topo, &model.rng, &item->packet);
	if (n_remembered < REMEMBERED)
		remembered[n_remembered++] = item->packet;
	else
		remembered[rng_below(&model.rng, REMEMBERED)] = item->packet;
}

/* Does a packet of the batch say of the last one's source where else it is? Which of them weir sees first is open. */
static bool
source_disputed(void)
{
	const struct ref_result *last = &model.items[model.n_items - 1].result;

	for (uint32_t i = 0; i + 1 < model.n_items; i++) {
		const struct ref_result *result = &model.items[i].result;

		if (result->from.kind != REF_AT_PORT && result->from.tenant == last->from.tenant &&
		    weir_mac_equal(&result->frame.smac, &last->frame.smac) &&
		    !ref_place_equal(&result->from, &last->from))
			return true;
	}
	return false;
}

/* A tenant may flood so many in one go, whatever the switch. */
#define FLOODS (WEIR_COPIES_BURST / REF_COPIES)

/*
 * Packets that do not depend on what weir learns from each other: a packet that teaches the switch something is the
 * last of its batch; and no more of them than one tenant may flood.
 */
static void
make_batch(uint32_t want, uint32_t repeat_percent)
{
	bool learned = false, last = false;
	uint32_t floods = 0;

	model.n_items = model.n_alternatives = 0;
	model.ref.now = model.rig.now;
	while (model.n_items < want && !last && floods < FLOODS) {
		struct item *item = &model.items[model.n_items];
		uint32_t copies = want == 1 ? 1 : 1 + rng_below(&model.rng, 6);
		uint32_t queues, usual, other;

		choose_packet(item, repeat_percent);
		queues = topo_rx_queues[item->packet.port];
		usual = item->packet.wire.data[item->packet.wire.len / 2] % queues;
		other = rng_chance(&model.rng, 90) ? usual : rng_below(&model.rng, queues);
		for (; copies > 0 && model.n_items < want && !last && floods < FLOODS; copies--) {
			struct item *next = &model.items[model.n_items];

			if (next != item)
				next->packet = item->packet;
			next->stamped = false;
			if (!examine(next, false))
				break;
			stamp(next);
			if (next->stamped)
				(void)examine(next, false);
			if (next->result.alone && model.n_items > 0) {
				kept = next->packet;
				keeps = last = true;
				model.n_alternatives = 0;
				break;
			}
			if (!model_may_report(&model, &next->result)) {
				model.n_alternatives = 0;
				break;
			}
			/* What looks the same comes in by the same queue: who sent it could not be told. */
			next->queue = next->stamped ? other : usual;
			learned = next->result.learned;
			last = learned || next->result.alone || model.n_alternatives > 0;
			floods += next->result.flooded;
			model.n_items++;
		}
	}
	if (learned && source_disputed()) {
		model.n_items--;
		model.n_alternatives = 0;
		learned = false;
	}
	model_commit(&model, learned);
}

static void
run_batch(void)
{
	make_batch(rng_chance(&model.rng, 45) ? 1 : 1 + rng_below(&model.rng, MODEL_BATCH),
	    rng_chance(&model.rng, 80) ? 70 : 0);
	model_batch(&model);
	if (rig_waiting() != 0 && !model.differs)
		settle();
}

/* ---- a topology ---- */

/* What routers have just said may be on its way from one worker to another. */
static void
finish(void)
{
	struct weir_view_info info;

	for (int i = 0; i < 20 && topo_with_routers && !model.differs; i++) {
		weir_view_info(model.rig.gateway, &info);
		if (info.mbufs == info.mbufs_free)
			return;
		settle();
	}
}

static void
run_topology(const struct options *options, uint64_t seed)
{
	static struct topo next;
	uint64_t end = model.packets + options->packets;
	uint32_t idles = 0, jumps = 0;

	rng_seed(&model.rng, seed);
	model.seed = seed;
	n_remembered = 0;
	keeps = false;
	gen_forget_talks();
	if (rng_chance(&model.rng, 30)) {
		memset(&next, 0, sizeof(next));
		configure(&next, true, "nothing");
	}
	topo_random(&next, &model.rng);
	configure(&next, true, "another topology");
	if (!model.differs)
		settle();
	while (model.packets < end && !model.differs) {
		if (rng_chance(&model.rng, 10)) {
			const char *what;

			next = model.topo;
			what = topo_change(&next, &model.rng);
			configure(&next, rng_chance(&model.rng, 20), what);
		} else if (rng_chance(&model.rng, 3)) {
			unchanged();
		} else if (idles < 4 && rng_chance(&model.rng, 2)) {
			bool idle = ++idles % 4 == 0;

			rig_step(&model.rig, idle ? IDLE_NS : REST_NS);
			settle();
			flows_compare(&model, idle);
			if (topo_with_routers)
				model_teach(&model);
		}
		if (topo_with_firewalls && jumps < 8 && rng_chance(&model.rng, 5)) {
			model_pass_time(&model, ++jumps == 8);
			settle();
			model_teach(&model);
		}
		if (!model.differs)
			run_batch();
	}
	finish();
	if (!model.differs) {
		macs_compare(&model);
		flows_compare(&model, false);
		counters_balance(&model);
	}
	if (model.differs)
		model_print(&model);
}

static void
run_workers(const struct options *options, uint32_t workers, uint32_t first, uint32_t step)
{
	/* With two of them the flow table is full most of the time. */
	if (rig_open(&model.rig, workers, workers == 2 ? FLOWS_FEW : FLOWS) != 0) {
		model.differs = true;
		return;
	}
	memset(&model.topo, 0, sizeof(model.topo));
	model.ref.topo = &model.topo;
	for (uint32_t i = first; i < options->topologies && !model.differs; i += step)
		run_topology(options, options->seed + i);
	ref_clear(&model.ref);
	rig_close(&model.rig);
}

/* Source ports come from a hash: thousands of flows do not share a few. */
static void
check_spread(void)
{
	/* Where hosts talk, more packets are of the same flow. */
	uint64_t each = topo_with_firewalls ? 1000 : 200;
	uint64_t least = model.packets / each < 5000 ? model.packets / each : 5000;
	uint32_t n = 0;

	for (uint32_t port = 0; port < 65536; port++)
		n += model.ports_seen[port / 8] >> port % 8 & 1;
	(void)printf("%u different outer source ports\n", n);
	if (model.packets > 100000 && n < least)
		model_differs(&model, "only %u different outer source ports", n);
}

/* ---- the command line ---- */

static uint64_t
number(const char *text)
{
	char *rest;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &rest, 10);
	if (errno != 0 || *rest != '\0' || rest == text) {
		(void)fprintf(stderr, "not a number: %s\n", text);
		exit(2);
	}
	return value;
}

static void
parse(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--long") == 0) {
			options->topologies *= 10;
			continue;
		}
		if (strcmp(argv[i], "--routers") == 0 || strcmp(argv[i], "--firewalls") == 0) {
			topo_with_routers = true;
			topo_with_firewalls |= strcmp(argv[i], "--firewalls") == 0;
			continue;
		}
		if (strcmp(argv[i], "--seed") == 0)
			options->seed = number(value);
		else if (strcmp(argv[i], "--topologies") == 0)
			options->topologies = (uint32_t)number(value);
		else if (strcmp(argv[i], "--packets") == 0)
			options->packets = (uint32_t)number(value);
		else if (strcmp(argv[i], "--workers") == 0)
			options->workers = (uint32_t)number(value) % (RIG_WORKERS + 1);
		else {
			(void)fprintf(stderr,
			    "usage: model [--seed N] [--topologies N] [--packets N] [--workers N] [--long] "
			    "[--routers] [--firewalls]\n");
			exit(2);
		}
		i++;
	}
}

int
main(int argc, char **argv)
{
	struct options options = {.seed = 1, .topologies = 900, .packets = 1000};

	parse(argc, argv, &options);
	if (rig_start() != 0)
		return 1;
	(void)printf("seeds %" PRIu64 " to %" PRIu64 ", %u packets each\n", options.seed,
	    options.seed + options.topologies - 1, options.packets);
	if (options.workers != 0)
		run_workers(&options, options.workers, 0, 1);
	for (uint32_t w = 0; options.workers == 0 && w < RIG_WORKERS && !model.differs; w++)
		run_workers(&options, w + 1, w, RIG_WORKERS);
	if (!model.differs && !scenarios_hold())
		model.differs = true;
	if (!model.differs)
		check_spread();
	if (topo_with_firewalls)
		(void)printf("%" PRIu64 " decisions of rules\n", model.decisions);
	(void)printf("%" PRIu64 " packets in %" PRIu64 " batches, %" PRIu64 " changes of configuration: %" PRIu64
		     " frames out, %" PRIu64 " drops, %" PRIu64 " of weir's own: %s\n",
	    model.packets, model.batches, model.changes, model.outputs, model.drops, model.answers,
	    model.differs ? "DIFFERENT" : "equal");
	return model.differs ? 1 : 0;
}
