/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports from one configuration to the next. A port whose devargs, device or queues change has to be opened anew: it
 * is taken down first (everything on it is published without it), so that its device is free; if the new one cannot
 * be opened, the old one is brought back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"

static void
cfg_restore(struct weir_gateway *gateway, struct port_plan *port)
{
	struct weir_cfg_port tried = port_cfg_swap(gateway, port->live, &port->before);

	port_cfg_free(&tried);
}

static int
port_error(struct weir_err *err, const struct weir_cfg_port *cfg, const struct weir_err *cause)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/ports/%s/%s", cfg->name, cfg->devargs != NULL ? "devargs" : "device");
	return weir_err(err, cause->errnum, path, "%s", cause->msg);
}

/* ---- preparing ---- */

static int
prepare_added(struct plan *plan, struct port_plan *port)
{
	struct weir_err cause = {0};
	struct live_port *live = calloc(1, sizeof(*live));

	if (live == NULL || port_cfg_copy(&live->cfg, port->cfg) != 0) {
		free(live);
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	}
	live->iface = WEIR_NONE;
	if (port_open(plan->gateway, live, &cause) != 0) {
		if (!plan->may_be_down) {
			(void)port_error(plan->err, port->cfg, &cause);
			port_free(live);
			return -cause.errnum;
		}
		(void)snprintf(live->reason, sizeof(live->reason), "%s", cause.msg);
		weir_log_warn("port %s is down: %s; trying again each second", live->cfg.name, cause.msg);
	}
	port->live = live;
	port->added = true;
	port_link(plan->gateway, live);
	return 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
port_needs_reopen(const struct weir_cfg_port *a, const struct weir_cfg_port *b)
{
	return !same_text(a->devargs, b->devargs) || !same_text(a->device, b->device) || a->queues != b->queues;
}

/* Brings back what a refused change took down. */
static void
bring_back(struct weir_gateway *gateway, struct live_port *live)
{
	struct weir_err err = {0};

	if (port_bring_up(gateway, live, &err) != 0)
		weir_log_error(
		    "port %s could not be brought back: %s; trying again each second", live->cfg.name, err.msg);
}

/* A port that has to be opened anew frees its device. */
static int
take_down(struct plan *plan, struct port_plan *port)
{
	struct weir_err cause = {0};

	if (port->cfg == NULL || port->live == NULL || port->live->port == NULL ||
	    !port_needs_reopen(&port->live->cfg, port->cfg))
		return 0;
	if (port_take_down(plan->gateway, port->live, "being opened anew", &cause) != 0)
		return port_error(plan->err, port->cfg, &cause);
	port->taken_down = true;
	return 0;
}

static int
reopen(struct plan *plan, struct port_plan *port)
{
	struct weir_err cause = {0};
	struct weir_cfg_port cfg;

	if (port_cfg_copy(&cfg, port->cfg) != 0)
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	port->before = port_cfg_swap(plan->gateway, port->live, &cfg);
	if (port_open(plan->gateway, port->live, &cause) != 0) {
		cfg_restore(plan->gateway, port);
		return port_error(plan->err, port->cfg, &cause);
	}
	port->changed = port->reopened = true;
	return 0;
}

static int
prepare_changed(struct plan *plan, struct port_plan *port)
{
	struct live_port *live = port->live;
	struct weir_err cause = {0};
	struct weir_cfg_port cfg;
	char path[64];
	int rc;

	if (port_needs_reopen(&live->cfg, port->cfg))
		return reopen(plan, port);
	if (port_cfg_copy(&cfg, port->cfg) != 0)
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	if (live->cfg.mtu != port->cfg->mtu && live->port != NULL) {
		rc = weir_port_set_mtu(plan->gateway->ports, live->port, port->cfg->mtu, &cause);
		if (rc != 0) {
			port_cfg_free(&cfg);
			(void)snprintf(path, sizeof(path), "/ports/%s/mtu", live->cfg.name);
			return weir_err(plan->err, cause.errnum, path, "%s", cause.msg);
		}
		port->new_mtu = true;
	}
	port->before = port_cfg_swap(plan->gateway, live, &cfg);
	port->changed = true;
	return 0;
}

/* Both name the same device? That is the text of devargs before the first comma. */
static bool
same_device(const struct weir_cfg_port *a, const struct weir_cfg_port *b)
{
	const char *x = a->devargs != NULL ? a->devargs : a->device, *y = b->devargs != NULL ? b->devargs : b->device;
	size_t n = strcspn(x, ",");

	return n == strcspn(y, ",") && strncmp(x, y, n) == 0;
}

/* A port that is removed keeps its device to the end, so that nothing has to be undone; unless another one is to have
 * it. */
static int
make_way(struct plan *plan, struct port_plan *removed)
{
	struct weir_err cause = {0};

	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct weir_cfg_port *cfg = plan->ports[i].cfg;

		if (cfg == NULL || removed->live->port == NULL || !same_device(cfg, &removed->live->cfg))
			continue;
		if (port_take_down(plan->gateway, removed->live, "its device goes to another port", &cause) != 0)
			return port_error(plan->err, cfg, &cause);
		removed->taken_down = true;
	}
	return 0;
}

int
ports_prepare(struct plan *plan)
{
	int rc = 0;

	/*
	 * Down first, all of them: to take one down is to publish what is there without it, and a port that is open
	 * but not published yet must not be among that.
	 */
	for (uint32_t i = 0; i < plan->n_ports && rc == 0; i++)
		rc = plan->ports[i].cfg == NULL ? make_way(plan, &plan->ports[i]) : take_down(plan, &plan->ports[i]);
	for (uint32_t i = 0; i < plan->n_ports && rc == 0; i++) {
		struct port_plan *port = &plan->ports[i];

		if (port->cfg != NULL)
			rc = port->live == NULL ? prepare_added(plan, port) : prepare_changed(plan, port);
	}
	return rc;
}

static void
undo_added(struct weir_gateway *gateway, struct live_port *live)
{
	(void)pthread_mutex_lock(&gateway->mutex);
	port_unlink(gateway, live);
	(void)pthread_mutex_unlock(&gateway->mutex);
	port_close(gateway, live);
	port_free(live);
}

static void
undo_changed(struct weir_gateway *gateway, struct port_plan *port)
{
	struct live_port *live = port->live;

	if (port->reopened)
		port_close(gateway, live);
	cfg_restore(gateway, port);
	if (port->new_mtu)
		(void)weir_port_set_mtu(gateway->ports, live->port, live->cfg.mtu, NULL);
}

void
ports_undo(struct plan *plan)
{
	for (uint32_t i = plan->n_ports; i-- > 0;) {
		struct port_plan *port = &plan->ports[i];

		if (port->added)
			undo_added(plan->gateway, port->live);
		else if (port->changed)
			undo_changed(plan->gateway, port);
	}
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].taken_down)
			bring_back(plan->gateway, plan->ports[i].live);
}

/* ---- publishing ---- */

void
ports_publish(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		struct port_plan *port = &plan->ports[i];
		struct live_port *live = port->live;

		if (port->cfg == NULL) {
			port_unlink(plan->gateway, live);
			if (live->port != NULL)
				__atomic_store_n(
				    &plan->gateway->vnet->ports[live->port->index], NULL, __ATOMIC_RELEASE);
			continue;
		}
		if (live->port != NULL && (port->added || port->reopened))
			port_enter(plan->gateway, live);
		if (live->port != NULL)
			weir_port_set_rate(live->port, live->cfg.rate);
	}
}

void
ports_retire(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		struct port_plan *port = &plan->ports[i];

		if (port->cfg == NULL) {
			if (port->live->port != NULL)
				port_retire(plan->gateway, port->live, port->live->port);
			port_free(port->live);
		} else if (port->changed) {
			port_cfg_free(&port->before);
		}
	}
}

/* ---- polling ---- */

static bool
is_removed(const struct plan *plan, const struct live_port *live)
{
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].live == live && plan->ports[i].cfg == NULL)
			return true;
	return false;
}

int
polls_build(struct plan *plan)
{
	struct weir_port *ports[WEIR_PORTS_MAX];
	uint32_t n = 0;

	for (const struct live_port *live = plan->gateway->live_ports; live != NULL; live = live->next)
		if (live->port != NULL && !is_removed(plan, live))
			ports[n++] = live->port;
	if (weir_ports_assign(plan->gateway->ports, ports, n, plan->polls) != 0)
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	plan->new_polls = true;
	return 0;
}

void
polls_swap(struct plan *plan)
{
	for (uint32_t w = 0; w < plan->gateway->n_workers && plan->new_polls; w++)
		plan->polls[w] = weir_worker_set_polls(plan->gateway->workers[w], plan->polls[w]);
}

void
polls_free(struct plan *plan)
{
	for (uint32_t w = 0; w < plan->gateway->n_workers && plan->new_polls; w++)
		weir_poll_list_free(plan->polls[w]);
}
