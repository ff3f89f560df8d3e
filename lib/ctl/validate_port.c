/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports and settings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_priv.h"

#define DEVARGS_MAX 1024 /* characters */
#define DEVICE_MAX 63	 /* of a device's name, as ethdev has it */

static int
read_text(const struct weir_at *at, const cJSON *json, const char *allowed, const char **text)
{
	size_t name;

	if (!cJSON_IsString(json))
		return weir_refuse(at, EINVAL, allowed, json);
	name = strcspn(json->valuestring, ", ");
	if (name == 0 || name > DEVICE_MAX || json->valuestring[name] == ' ')
		return weir_refuse(at, EINVAL, allowed, json);
	*text = strdup(json->valuestring);
	return *text != NULL ? 0 : weir_at_err(at, ENOMEM, "no memory");
}

static int
read_devargs(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_port *port = out;

	if (cJSON_IsString(json) && strlen(json->valuestring) > DEVARGS_MAX)
		return weir_at_err(
		    at, E2BIG, "must have at most %d characters, has %zu", DEVARGS_MAX, strlen(json->valuestring));
	return read_text(at, json, "a device and its arguments, such as \"net_tap0,iface=tap0\"", &port->devargs);
}

static int
read_device(const struct weir_at *at, const cJSON *json, void *out)
{
	static const char allowed[] = "a device's name, such as \"0000:3b:00.0\"";
	struct weir_cfg_port *port = out;

	if (cJSON_IsString(json) && strchr(json->valuestring, ',') != NULL)
		return weir_refuse(at, EINVAL, allowed, json);
	return read_text(at, json, allowed, &port->device);
}

static int
read_port_rate(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_bps(at, json, &((struct weir_cfg_port *)out)->rate);
}

static int
read_mtu(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(at, json, 68, 9198, &((struct weir_cfg_port *)out)->mtu);
}

static int
read_queues(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(at, json, 1, 64, &((struct weir_cfg_port *)out)->queues);
}

static int
read_port(const struct weir_at *at, const char *name, const cJSON *json, void *cfg)
{
	static const struct weir_field fields[] = {
	    {.key = "devargs", .read = read_devargs},
	    {.key = "device", .read = read_device},
	    {.key = "rate", .read = read_port_rate},
	    {.key = "mtu", .read = read_mtu},
	    {.key = "queues", .read = read_queues},
	    {.key = "share", .later = true},
	    {.key = "offload", .later = true},
	};
	struct weir_cfg_port *port = cfg;
	int rc = weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), port);

	if (rc != 0)
		return rc;
	if ((port->devargs == NULL) == (port->device == NULL))
		return weir_at_err(at, EINVAL, "must have either \"devargs\" or \"device\", has %s",
		    port->device != NULL ? "both" : "neither");
	(void)snprintf(port->name, sizeof(port->name), "%s", name);
	return 0;
}

static bool
text_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
port_equal(const void *a, const void *b)
{
	const struct weir_cfg_port *x = a, *y = b;

	return text_equal(x->devargs, y->devargs) && text_equal(x->device, y->device) && x->rate == y->rate &&
	       x->mtu == y->mtu && x->queues == y->queues;
}

static void
clear_port(void *cfg)
{
	struct weir_cfg_port *port = cfg;

	weir_free_const(port->devargs);
	weir_free_const(port->device);
}

const struct weir_kind weir_kind_port = {
    .size = sizeof(struct weir_cfg_port),
    .read = read_port,
    .equal = port_equal,
    .clear = clear_port,
};

static int
read_flows(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(
	    at, json, WEIR_CFG_FLOWS_MIN, WEIR_CFG_FLOWS_MAX, &((struct weir_cfg_settings *)out)->flows);
}

static int
read_connections(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(at, json, WEIR_CFG_CONNECTIONS_MIN, WEIR_CFG_CONNECTIONS_MAX,
	    &((struct weir_cfg_settings *)out)->connections);
}

static int
read_flow_idle(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_duration(at, json, WEIR_NS_PER_S, 3600 * WEIR_NS_PER_S, "a time from \"1s\" to \"1h\"",
	    &((struct weir_cfg_settings *)out)->flow_idle);
}

static int
read_mac_age(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_duration(at, json, WEIR_NS_PER_S, 24 * 3600 * WEIR_NS_PER_S, "a time from \"1s\" to \"24h\"",
	    &((struct weir_cfg_settings *)out)->mac_age);
}

static int
read_settings(const struct weir_at *at, const char *name, const cJSON *json, void *cfg)
{
	static const struct weir_field fields[] = {
	    {.key = "flows", .read = read_flows},
	    {.key = "connections", .read = read_connections},
	    {.key = "flow_idle", .read = read_flow_idle},
	    {.key = "mac_age", .read = read_mac_age},
	};
	struct weir_cfg_settings *settings = cfg;

	(void)name;
	*settings = (struct weir_cfg_settings){.flows = WEIR_CFG_FLOWS_DEFAULT,
	    .connections = WEIR_CFG_CONNECTIONS_DEFAULT,
	    .flow_idle = WEIR_CFG_FLOW_IDLE_DEFAULT,
	    .mac_age = WEIR_CFG_MAC_AGE_DEFAULT};
	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), settings);
}

static bool
settings_equal(const void *a, const void *b)
{
	const struct weir_cfg_settings *x = a, *y = b;

	return x->flows == y->flows && x->connections == y->connections && x->flow_idle == y->flow_idle &&
	       x->mac_age == y->mac_age;
}

static void
clear_settings(void *cfg)
{
	(void)cfg;
}

const struct weir_kind weir_kind_settings = {
    .size = sizeof(struct weir_cfg_settings),
    .read = read_settings,
    .equal = settings_equal,
    .clear = clear_settings,
};
