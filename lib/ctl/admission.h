/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the guarantees fit the ports? What is promised to a tenant may leave by any of its ports (hose model), so it is
 * reserved at each: what goes to its vports at their ports, what goes to other gateways at every uplink.
 */
#ifndef WEIR_ADMISSION_H
#define WEIR_ADMISSION_H

#include "weir_model.h"

struct weir_admission_port {
	const char *name;
	void *user;
	uint64_t carries; /* bit/s; 0 = not known */
	uint32_t mtu;	  /* largest IP packet */
	bool uplink;	  /* has an underlay */
	bool lowered;	  /* its configured rate is, by this change */
	bool unopened;	  /* new: what it carries may be known once it is open */
	uint64_t before;  /* bit/s reserved now */
	uint64_t base;	  /* the same in terms of the ports as they will be */
	uint64_t sum;	  /* after the change */
	/* In use within weir_admission_add() alone: of one tenant there. */
	uint64_t limits, guarantees;
	bool named, unlimited;
};

struct weir_admission {
	struct weir_admission_port *ports; /* in order of name */
	uint32_t n;
};

/* In order of name, so that they are found. */
void weir_admission_sort(struct weir_admission *admission);
struct weir_admission_port *weir_admission_find(const struct weir_admission *admission, const char *name);

/* Adds what is reserved for a tenant (NULL: nothing) to each port's sum, or (`back`) takes it back. */
void weir_admission_add(struct weir_admission *admission, const struct weir_cfg_tenant *tenant, bool back);

/* sum = base, and what these steps change. */
void weir_admission_steps(struct weir_admission *admission, const struct weir_tenant_step *steps, uint32_t n);

/*
 * Refuses with -ENOSPC where more is reserved than a port carries and the change adds to it, or lowers the port's
 * rate: err->path is the tenant by which it is too much, or the port. A port that is unopened, and not known, is
 * *unknown (not NULL) instead, or refused. What did not fit before may shrink.
 */
int weir_admission_check(struct weir_admission *admission, const struct weir_tenant_step *steps, uint32_t n,
    const struct weir_admission_port **unknown, struct weir_err *err);

#endif
