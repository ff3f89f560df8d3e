/* SPDX-License-Identifier: BSD-3-Clause */
/* Random packets for a configuration: mostly what hosts and gateways send, some of it wrong in every way. */
#ifndef WEIR_TEST_GEN_H
#define WEIR_TEST_GEN_H

#include "topo.h"
#include "wire.h"

struct gen_packet {
	uint32_t port;
	bool mutated; /* bytes were changed without regard to what they mean */
	struct wire wire;
};

void gen_packet(const struct topo *topo, struct rng *rng, struct gen_packet *packet);

/* Who sends a tenant's frame. */
struct gen_sender {
	const struct topo_vport *vport; /* NULL = somebody behind a remote */
	uint32_t host;			/* whose addresses it usually takes */
	uint32_t mtu;			/* frames are often about as large */
};

void gen_frame(const struct gen_sender *sender, struct rng *rng, struct wire *wire);

/* Damages a packet: cuts it, flips bits, lies about lengths. */
void gen_mutate(struct rng *rng, struct wire *wire);

/* Makes the sender of an ARP or ND packet claim another MAC: the same flow, but another payload. */
void gen_disguise(struct wire *wire);

/* `n` more bytes at the end of a packet, zeroed. */
uint8_t *gen_put(struct wire *wire, uint32_t n);

/* Headers, complete but for what stands behind them: call the second one when all is there. */
void gen_ip(struct wire *wire, const struct weir_ip *src, const struct weir_ip *dst, uint8_t proto, uint8_t tos);
void gen_ip_finish(struct wire *wire, uint32_t l3);

#endif
