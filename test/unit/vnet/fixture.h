/* SPDX-License-Identifier: BSD-3-Clause */
/* Two tenants' networks made by hand, and frames that enter them. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <criterion/criterion.h>

#include "../frames.h"
#include "weir_verdict.h"

enum { RED, BLUE, N_TENANTS };
enum { RED_WEB, BLUE_WEB, N_SWITCHES };
/* On red's switch two vports and two remotes, on blue's one of each. */
enum { A, B, R, S, C, T, N_IFACES };

extern struct weir_vnet *vnet;
extern struct weir_macs *macs;
extern struct weir_walker walker; /* a worker of one */
extern struct weir_tenant tenants[N_TENANTS];
extern struct weir_switch switches[N_SWITCHES];
extern struct weir_iface ifaces[N_IFACES];

void start(void);
void finish(void);

/* A MAC that is not known yet is learned at `iface`; returns its entry. */
uint32_t learn(uint32_t iface, uint8_t n);

/* The walk, as a worker goes it. */
enum weir_reason resolve(uint32_t iface, const struct frame *frame, struct weir_verdict *verdict);
/* The same, where only the reason matters. */
enum weir_reason pass(uint32_t iface, struct frame frame);
/* From `iface`, with nothing special about it: it has to go well. */
struct weir_verdict walk(uint32_t iface, uint8_t dmac, uint8_t smac);

#endif
