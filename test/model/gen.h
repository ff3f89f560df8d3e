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
	bool pings;
};

void gen_frame(const struct gen_sender *sender, struct rng *rng, struct wire *wire);

/* An IP packet to a router. */
void gen_routed_frame(const struct gen_sender *sender, const struct weir_mac *router, const struct weir_mac *smac,
    const struct weir_ip *src, const struct weir_ip *dst, struct rng *rng, struct wire *wire);

/* Bytes of a tenant's frame: all that may stand in front of it finds room, Geneve's options too. */
#define GEN_INNER_MAX 9200

/* A tenant's frame, at most as large as that, as it comes in. False: no uplink of the remote's family. */
bool gen_from_remote(const struct topo *topo, struct rng *rng, const struct topo_switch *sw,
    const struct weir_ip *remote, const struct wire *inner, struct gen_packet *packet);
void gen_from_vport(
    const struct topo_vport *vport, struct rng *rng, const struct wire *frame, struct gen_packet *packet);

/* ---- hosts and routers ---- */

/* A host of a switch: always at the same place there, with the addresses that it may have. */
struct gen_host {
	const struct topo_switch *sw;
	const struct topo_vport *vport; /* NULL = behind `remote` */
	struct weir_ip remote;
	struct weir_mac mac;
	struct weir_ip ipv4, ipv6;
};
/* False: the switch has no place for it. */
bool gen_host(const struct topo *topo, uint32_t tenant, uint32_t sw, uint32_t host, struct gen_host *found);

/* The host asks for `wanted` by ARP or ND, as `from`; to all, or to one MAC (not NULL). */
void gen_ask(const struct gen_host *host, const struct weir_ip *from, const struct weir_ip *wanted,
    const struct weir_mac *to, struct wire *wire);

/* The host's frame as it comes in; see gen_from_remote(). */
bool gen_from_host(const struct topo *topo, struct rng *rng, const struct gen_host *host, const struct wire *frame,
    struct gen_packet *packet);

/*
 * The question by which a router learns where a host is, one after the other: *cursor, below GEN_LESSONS, goes on.
 * False: that was the last one.
 */
#define GEN_NAMES 4 /* a host has */
#define GEN_LESSONS (TOPO_TENANTS * TOPO_ROUTERS * TOPO_SWITCHES * TOPO_HOSTS * GEN_NAMES)
bool gen_lesson(const struct topo *topo, struct rng *rng, uint32_t *cursor, struct gen_packet *packet);

/* A packet that goes to a router, or asks for one. False: there is none. */
bool gen_to_router(const struct topo *topo, struct rng *rng, struct gen_packet *packet);

/* The next packet of hosts that talk to each other. False: they cannot. */
bool gen_talk(const struct topo *topo, struct rng *rng, struct gen_packet *packet);
/* Those that talk are others from now on. */
void gen_forget_talks(void);

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
