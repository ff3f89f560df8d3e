/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is in the way: for the messages of refusals. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

/* A search through all tenants and underlays, in document order, until one is found. */
struct search {
	const char *path; /* of the one that is refused: not it */
	const char *port;
	uint32_t vlan, vni;
	char found[128]; /* path of the other */
};

static int
no_memory(struct weir_draft *draft)
{
	return weir_err(draft->err, ENOMEM, "", "no memory for the configuration");
}

/* True if `path`, which names the field at fault, lies in the element whose path is `other`. */
static bool
within(const char *path, const char *other)
{
	size_t len = strlen(other);

	return strncmp(path, other, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool
find_in_tenant(const struct weir_cfg_tenant *tenant, struct search *s)
{
	for (uint32_t i = 0; s->vni != 0 && i < tenant->n_switches; i++) {
		(void)snprintf(
		    s->found, sizeof(s->found), "/tenants/%s/switches/%s", tenant->name, tenant->switches[i].name);
		if (tenant->switches[i].vni == s->vni && !within(s->path, s->found))
			return true;
	}
	for (uint32_t i = 0; s->port != NULL && i < tenant->n_vports; i++) {
		const struct weir_cfg_vport *vport = &tenant->vports[i];

		(void)snprintf(s->found, sizeof(s->found), "/tenants/%s/vports/%s", tenant->name, vport->name);
		if (vport->vlan == s->vlan && strcmp(vport->port, s->port) == 0 && !within(s->path, s->found))
			return true;
	}
	return false;
}

static bool
find_in_underlay(const struct weir_cfg_underlay *underlay, struct search *s)
{
	(void)snprintf(s->found, sizeof(s->found), "/underlay/%s", underlay->port);
	return s->port != NULL && underlay->vlan == s->vlan && strcmp(underlay->port, s->port) == 0 &&
	       !within(s->path, s->found);
}

static int
find(struct weir_draft *draft, struct search *s)
{
	bool found = false;

	for (enum weir_section section = WEIR_SECTION_UNDERLAY; section < WEIR_SECTIONS && !found; section++) {
		size_t n;
		const struct weir_elem **elems = weir_snap_list(draft->next, section, &n);

		if (elems == NULL)
			return no_memory(draft);
		for (size_t i = 0; i < n && !found; i++)
			found = section == WEIR_SECTION_UNDERLAY ? find_in_underlay(weir_elem_cfg(elems[i]), s)
								 : find_in_tenant(weir_elem_cfg(elems[i]), s);
		free(elems);
	}
	return 0;
}

int
weir_refuse_place(struct weir_draft *draft, const char *path, const char *port, uint32_t vlan)
{
	struct search s = {.path = path, .port = port, .vlan = vlan};

	if (find(draft, &s) != 0)
		return -ENOMEM;
	if (vlan == WEIR_NONE)
		return weir_err(
		    draft->err, EEXIST, path, "port \"%s\" untagged is already that of %s", port, s.found);
	return weir_err(draft->err, EEXIST, path, "port \"%s\", VLAN %u is already that of %s", port, vlan, s.found);
}

int
weir_refuse_vni(struct weir_draft *draft, const char *path, uint32_t vni)
{
	struct search s = {.path = path, .vni = vni};

	if (find(draft, &s) != 0)
		return -ENOMEM;
	return weir_err(draft->err, EEXIST, path, "VNI %u is already that of %s", vni, s.found);
}

int
weir_refuse_device(struct weir_draft *draft, const struct weir_cfg_port *port)
{
	size_t n, len, other_len;
	const struct weir_elem **elems = weir_snap_list(draft->next, WEIR_SECTION_PORTS, &n);
	const char *device = weir_device_of(port, &len), *other = "another";
	char path[64];

	if (elems == NULL)
		return no_memory(draft);
	for (size_t i = 0; i < n; i++) {
		const struct weir_cfg_port *cfg = weir_elem_cfg(elems[i]);
		const char *name = weir_device_of(cfg, &other_len);

		if (cfg != port && other_len == len && memcmp(name, device, len) == 0)
			other = cfg->name;
	}
	(void)snprintf(path, sizeof(path), "/ports/%s/%s", port->name, port->device != NULL ? "device" : "devargs");
	(void)weir_err(draft->err, EEXIST, path, "port \"%s\" has the device %.*s too", other, (int)len, device);
	free(elems);
	return -EEXIST;
}

static const char *
find_reference(const struct weir_cfg_tenant *tenant, const char *port)
{
	for (uint32_t i = 0; i < tenant->n_vports; i++)
		if (strcmp(tenant->vports[i].port, port) == 0)
			return tenant->vports[i].name;
	return NULL;
}

int
weir_refuse_port(struct weir_draft *draft, const char *port)
{
	size_t n;
	const struct weir_elem **elems = weir_snap_list(draft->next, WEIR_SECTION_TENANTS, &n);
	const char *vport = NULL;
	char path[128];

	if (elems == NULL)
		return no_memory(draft);
	(void)snprintf(path, sizeof(path), "/underlay/%s", port);
	for (size_t i = 0; i < n && vport == NULL && weir_snap_find(draft->next, WEIR_SECTION_UNDERLAY, port) == NULL;
	     i++) {
		vport = find_reference(weir_elem_cfg(elems[i]), port);
		if (vport != NULL)
			(void)snprintf(
			    path, sizeof(path), "/tenants/%s/vports/%s/port", weir_elem_name(elems[i]), vport);
	}
	free(elems);
	return weir_err(draft->err, ENOENT, path, "port \"%s\" is to be removed, but is used here", port);
}

/* Where the document has the remote: the configuration has them in another order. */
static int
refuse_at(struct weir_draft *draft, const struct weir_elem *elem, const struct weir_cfg_switch *sw,
    const struct weir_ip *ip, const char *fault)
{
	cJSON *json = cJSON_ParseWithLength(elem->text, elem->len);
	const cJSON *remotes = weir_json_child(weir_json_child(json, "switches"), sw->name), *item;
	char path[160], buf[46];
	struct weir_ip other;
	uint32_t i = 0;

	remotes = weir_json_child(remotes, "remotes");
	cJSON_ArrayForEach (item, remotes) {
		if (weir_ip_parse(item->valuestring, &other) == 0 && weir_ip_equal(&other, ip))
			break;
		i++;
	}
	(void)snprintf(path, sizeof(path), "/tenants/%s/switches/%s/remotes/%u", weir_elem_name(elem), sw->name, i);
	cJSON_Delete(json);
	return weir_err(draft->err, EINVAL, path, "remote %s: %s", weir_ip_format(ip, buf, sizeof(buf)), fault);
}

static int
refuse_in_tenant(struct weir_draft *draft, const struct weir_elem *elem,
    const char *(*wrong)(const struct weir_ip *ip, const void *arg), const void *arg)
{
	const struct weir_cfg_tenant *tenant = weir_elem_cfg(elem);

	for (uint32_t i = 0; i < tenant->n_switches; i++) {
		const struct weir_cfg_switch *sw = &tenant->switches[i];

		for (uint32_t k = 0; k < sw->n_remotes; k++) {
			const char *fault = wrong(&sw->remotes[k], arg);

			if (fault != NULL)
				return refuse_at(draft, elem, sw, &sw->remotes[k], fault);
		}
	}
	return 0;
}

int
weir_refuse_remote(
    struct weir_draft *draft, const char *(*wrong)(const struct weir_ip *ip, const void *arg), const void *arg)
{
	size_t n;
	const struct weir_elem **elems = weir_snap_list(draft->next, WEIR_SECTION_TENANTS, &n);
	int rc = 0;

	if (elems == NULL)
		return no_memory(draft);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = refuse_in_tenant(draft, elems[i], wrong, arg);
	free(elems);
	return rc;
}
