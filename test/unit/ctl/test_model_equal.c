/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A patch is a load of what it makes: random documents and random patches, the model beside the reference merge and a
 * second model that only ever loads. Both accept or both refuse; what is accepted is shown alike, means the same, and
 * its steps lead from the one to the other.
 */
#include <cjson/cJSON.h>

#include "doc.h"
#include "reference.h"
#include "model_priv.h"

static uint64_t seed;

/* xorshift64* */
static uint32_t
below(uint32_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

#define PICK(array) (array)[below(WEIR_ARRAY_LEN(array))]
/* The last one is wrong, and rare. */
#define PICK_GOOD(array) (array)[below(40) == 0 ? WEIR_ARRAY_LEN(array) - 1 : below(WEIR_ARRAY_LEN(array) - 1)]

static const char *const limits[] = {"\"1Gbps\"", "\"1000Mbps\"", "[\"1Gbps\",\"1kpps\"]", "[\"1kpps\"]", "\"none\""};
static const char *const weights[] = {"1", "2", "1000", "0"};
static const char *const queues[] = {"\"1ms\"", "\"1000us\"", "\"64kB\"", "\"64000B\"", "\"64\""};
static const char *const vlans[] = {"1", "2", "3", "4", "5", "6", "7", "8", "4094", "4095"};
static const char *const vnis[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "0"};
static const char *const remotes[] = {"[]", "[\"192.0.2.2\"]", "[\"192.0.2.3\",\"192.0.2.2\"]", "[\"2001:db8::9\"]",
    "[\"198.51.100.7\",\"192.0.2.3\"]", "[\"198.51.100.1\"]", "[\"192.0.2.1\"]"};
static const char *const addresses[] = {"[\"192.0.2.1/24\"]", "[\"192.0.2.1/24\",\"2001:db8::1/64\"]",
    "[\"198.51.100.1/24\"]", "[\"2001:db8:1::1/64\"]", "[\"203.0.113.1/24\"]", "[]"};
static const char *const ports[] = {"p0", "p1", "p2", "p3"};
static const char *const tenants[] = {"a", "b", "c", "d"};
static const char *const switches[] = {"s0", "s1"};
static const char *const vports[] = {"v0", "v1", "v2"};
static const char *const macs[] = {"02:00:00:00:00:01", "02:00:00:00:00:02"};

static const char *const routers[] = {"r0", "r1"};
static const char *const router_addresses[] = {"[\"10.0.0.1/24\"]", "[\"10.0.0.2/24\",\"fd00::1/64\"]",
    "[\"10.1.0.1/16\"]", "[\"fd00::1/64\",\"10.1.0.1/24\"]", "[\"10.0.0.0/24\"]"};
static const char *const router_macs[] = {"02:00:00:00:00:01", "02:00:00:00:00:03", "02:00:00:00:00:04"};
static const char *const prefixes[] = {"0.0.0.0/0", "10.9.0.0/16", "10.9.0.0/24", "fd00:9::/32", "10.1.0.0/16"};
static const char *const vias[] = {"\"10.0.0.7\"", "[\"10.0.0.7\"]", "[\"10.0.0.8\",\"10.1.0.7\"]",
    "[\"10.1.0.7\",\"10.0.0.8\"]", "\"fe80::1\"", "7"};

static const char *const firewalls[] = {"f0", "f1"};
static const char *const sets[] = {"[\"10.0.0.1\"]", "[\"10.0.0.1/32\",\"10.0.0.1\"]",
    "[\"2001:db8::/64\",\"10.0.0.0/24\"]", "[\"10.0.0.0/24\",\"2001:db8::/64\"]", "[\"10.0.0.1/24\"]"};
static const char *const rules[] = {"[]", "[{\"action\":\"allow\"}]",
    "[{\"action\":\"allow\",\"state\":true,\"src\":\"@s\"},{\"action\":\"reject\",\"dst\":\"10.0.0.1\"}]",
    "[{\"action\":\"allow\",\"src\":[\"@s\"]},{\"action\":\"reject\",\"dst\":[\"10.0.0.1/32\"]}]",
    "[{\"action\":\"deny\",\"proto\":\"tcp\",\"dport\":[80,\"1-2\"],\"tcp_flags\":\"syn !ack\"}]",
    "[{\"action\":\"deny\",\"proto\":6,\"dport\":[\"1-2\",\"80\"],\"tcp_flags\":\"!ack syn\"}]",
    "[{\"action\":\"deny\",\"direction\":\"in\",\"proto\":\"icmp\",\"icmp_type\":8}]", "[{}]"};

/* Text in the making, with the comma before the next member. */
struct out {
	char text[16384];
	size_t len;
	bool patch; /* members may be null, and what is needed may be left out */
};

static void
put(struct out *o, const char *text)
{
	cr_assert_lt(o->len + strlen(text) + 1, sizeof(o->text));
	o->len += (size_t)snprintf(o->text + o->len, sizeof(o->text) - o->len, "%s", text);
}

static void
key(struct out *o, const char *name)
{
	if (o->text[o->len - 1] != '{')
		put(o, ",");
	put(o, "\"");
	put(o, name);
	put(o, "\":");
}

static void
member(struct out *o, const char *name, const char *value, uint32_t percent)
{
	if (below(100) >= percent)
		return;
	key(o, name);
	put(o, o->patch && below(6) == 0 ? "null" : value);
}

static void
quoted(struct out *o, const char *name, const char *value, uint32_t percent)
{
	char buf[64];

	(void)snprintf(buf, sizeof(buf), "\"%s\"", value);
	member(o, name, buf, percent);
}

/* Opens the object of a member of that name, by chance; rarely it is something else. */
static bool
opens(struct out *o, const char *name, uint32_t percent)
{
	if (below(100) >= percent)
		return false;
	key(o, name);
	if (o->patch && below(12) == 0) {
		put(o, "null");
		return false;
	}
	if (below(400) == 0) {
		put(o, "7");
		return false;
	}
	put(o, "{");
	return true;
}

static void
put_port(struct out *o, const char *name)
{
	static const char *const devargs[] = {"net_null0", "net_null1", "net_null2", "net_null3,x=1"};
	uint32_t own = (uint32_t)(name[1] - '0');

	quoted(o, "devargs", devargs[below(8) == 0 ? below(4) : own], o->patch ? 40 : 98);
	member(o, "mtu", below(20) == 0 ? "60" : "1500", 20);
	quoted(o, "rate", "10Gbps", 20);
}

static void
put_underlay(struct out *o)
{
	member(o, "address", PICK_GOOD(addresses), o->patch ? 50 : 97);
	member(o, "vlan", PICK_GOOD(vlans), 40);
	member(o, "gateway", below(3) == 0 ? "[\"192.0.2.254\"]" : "[]", 20);
}

static void
put_switch(struct out *o)
{
	member(o, "vni", PICK_GOOD(vnis), 60);
	member(o, "remotes", PICK_GOOD(remotes), 40);
	if (opens(o, "macs", 20)) {
		quoted(o, macs[0], below(2) == 0 ? "192.0.2.2" : PICK(vports), 60);
		quoted(o, macs[1], PICK(vports), 30);
		put(o, "}");
	}
}

static void
put_vport(struct out *o)
{
	quoted(o, "switch", PICK(switches), o->patch ? 40 : 98);
	quoted(o, "port", PICK(ports), o->patch ? 40 : 98);
	member(o, "vlan", PICK_GOOD(vlans), o->patch ? 40 : 85);
	member(o, "limit", PICK_GOOD(limits), 15);
	quoted(o, "mac", PICK(macs), 20);
	member(o, "guarantee", PICK_GOOD(limits), 10);
	member(o, "weight", PICK_GOOD(weights), 10);
	member(o, "queue", PICK_GOOD(queues), 10);
	quoted(o, "firewall", PICK(firewalls), 10);
}

static void
put_router(struct out *o)
{
	if (opens(o, "interfaces", 95)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(switches); i++) {
			if (!opens(o, switches[i], o->patch ? 30 : 70))
				continue;
			member(o, "addresses", PICK_GOOD(router_addresses), o->patch ? 40 : 98);
			quoted(o, "mac", PICK(router_macs), 20);
			member(o, "proxy", below(2) == 0 ? "true" : "false", 20);
			quoted(o, "firewall", PICK(firewalls), 10);
			put(o, "}");
		}
		put(o, "}");
	}
	if (opens(o, "routes", o->patch ? 70 : 50)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(prefixes); i++) {
			if (!opens(o, prefixes[i], 20))
				continue;
			if (below(2) == 0)
				member(o, "blackhole", "true", 100);
			else
				member(o, "via", PICK_GOOD(vias), 100);
			quoted(o, "interface", PICK(switches), 10);
			put(o, "}");
		}
		put(o, "}");
	}
}

static void
put_tenant(struct out *o)
{
	member(o, "limit", PICK_GOOD(limits), 30);
	member(o, "guarantee", PICK_GOOD(limits), 30);
	member(o, "weight", PICK_GOOD(weights), 10);
	member(o, "queue", PICK_GOOD(queues), 10);
	quoted(o, "excess", below(2) == 0 ? "shape" : "police", 10);
	quoted(o, "burst", below(2) == 0 ? "1ms" : "0.001s", 10);
	if (opens(o, "quota", 10)) {
		member(o, "connections", below(2) == 0 ? "65536" : "0", 90);
		put(o, "}");
	}
	if (opens(o, "switches", 90)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(switches); i++) {
			if (opens(o, switches[i], o->patch ? 30 : 90)) {
				put_switch(o);
				put(o, "}");
			}
		}
		put(o, "}");
	}
	if (opens(o, "sets", o->patch ? 10 : 60)) {
		member(o, "s", PICK_GOOD(sets), 90);
		put(o, "}");
	}
	if (opens(o, "firewalls", o->patch ? 20 : 80)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(firewalls); i++) {
			if (opens(o, firewalls[i], o->patch ? 30 : 90)) {
				member(o, "rules", PICK_GOOD(rules), 98);
				put(o, "}");
			}
		}
		put(o, "}");
	}
	if (opens(o, "vports", 80)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(vports); i++) {
			if (opens(o, vports[i], 40)) {
				put_vport(o);
				put(o, "}");
			}
		}
		put(o, "}");
	}
	if (opens(o, "routers", 40)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(routers); i++) {
			if (opens(o, routers[i], 50)) {
				put_router(o);
				put(o, "}");
			}
		}
		put(o, "}");
	}
}

static void
put_document(struct out *o, bool patch_it)
{
	uint32_t few = patch_it ? 15 : 60;

	*o = (struct out){.text = "{", .len = 1, .patch = patch_it};
	if (opens(o, "tenants", patch_it ? 80 : 95)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(tenants); i++) {
			if (opens(o, tenants[i], patch_it ? 30 : 50)) {
				put_tenant(o);
				put(o, "}");
			}
		}
		put(o, "}");
	}
	if (opens(o, "ports", patch_it ? few : 100)) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(ports); i++) {
			if (opens(o, ports[i], patch_it ? 40 : 97)) {
				put_port(o, ports[i]);
				put(o, "}");
			}
		}
		put(o, "}");
	}
	if (opens(o, "underlay", patch_it ? few : 90)) {
		for (size_t i = 0; i < 2; i++) {
			if (opens(o, ports[i], 60)) {
				put_underlay(o);
				put(o, "}");
			}
		}
		put(o, "}");
	}
	if (opens(o, "settings", 20)) {
		member(o, "flow_idle", below(10) == 0 ? "\"2h\"" : "\"10s\"", 50);
		member(o, "flows", "2000", 50);
		member(o, "connections", below(2) == 0 ? "262144" : "2000", 30);
		put(o, "}");
	}
	put(o, "}");
}

/* Numbers of all indices: equal in both models, however each has come there. */
static void
check_indices(const struct weir_model *a, const struct weir_model *b)
{
	const struct weir_index *x = &a->snap->index, *y = &b->snap->index;
	const struct weir_map *left[] = {&x->vnis, &x->places, &x->users, &x->devices, &x->own, &x->remotes};
	const struct weir_map *right[] = {&y->vnis, &y->places, &y->users, &y->devices, &y->own, &y->remotes};
	const struct weir_map_leaf *leaves[200], *other;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(left); i++) {
		cr_assert_eq(left[i]->n, right[i]->n, "index %zu", i);
		cr_assert_leq(left[i]->n, WEIR_ARRAY_LEN(leaves));
		weir_map_list(left[i], leaves);
		for (size_t k = 0; k < left[i]->n; k++) {
			other = weir_map_find(right[i], leaves[k]->key, leaves[k]->key_len);
			cr_assert(other != NULL && other->num == leaves[k]->num, "index %zu", i);
		}
	}
	cr_assert_eq(memcmp(x->n_own, y->n_own, sizeof(x->n_own)), 0);
	cr_assert_eq(memcmp(x->n_remotes, y->n_remotes, sizeof(x->n_remotes)), 0);
	cr_assert_eq(x->n_routes, y->n_routes);
	cr_assert_eq(a->snap->bytes, b->snap->bytes);
}

/* Each tenant of both, before and after a change to `model`: what differs is a step, and nothing else is. */
static void
check_steps(const struct weir_model *before, const struct weir_model *after, const struct weir_change *change)
{
	uint32_t steps = 0;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(tenants); i++) {
		const struct weir_cfg_tenant *x = weir_model_tenant(before, tenants[i]);
		const struct weir_cfg_tenant *y = weir_model_tenant(after, tenants[i]);
		const struct weir_tenant_step *step = NULL;

		for (uint32_t k = 0; k < change->n_tenants; k++) {
			const struct weir_cfg_tenant *named =
			    change->tenants[k].after != NULL ? change->tenants[k].after : change->tenants[k].before;

			if (strcmp(named->name, tenants[i]) == 0)
				step = &change->tenants[k];
		}
		if (x == NULL && y == NULL) {
			cr_assert_null(step);
			continue;
		}
		cr_assert_eq(step != NULL, x == NULL || y == NULL || !weir_kind_tenant.equal(x, y));
		if (step == NULL)
			continue;
		steps++;
		cr_assert_eq(step->before, x);
		cr_assert_eq(step->after == NULL, y == NULL);
		if (y != NULL)
			cr_assert(weir_kind_tenant.equal(step->after, y));
	}
	cr_assert_eq(steps, change->n_tenants);
}

/* One request to `model`, as a patch or a load; `loader` gets what it should come to. Returns true if it was taken.
 */
static bool
step(struct weir_model *model, const struct out *request)
{
	struct weir_model *loader = new_model();
	char *old = show(model, ""), *wanted, *shown;
	struct weir_change *change, *loaded;
	struct weir_err err, load_err;
	int rc, load_rc;

	wanted = reference_patch(request->patch ? old : "{}", request->text);
	load_rc = load(loader, request->patch ? wanted : request->text, &loaded, &load_err);
	rc = (request->patch ? patch : load)(model, request->text, &change, &err);
	cr_assert_eq(rc == 0, load_rc == 0, "%s\nonto %s\n%s: %s\n%s: %s", request->text, old, err.path, err.msg,
	    load_err.path, load_err.msg);
	if (rc == 0) {
		weir_model_commit(loader, loaded, 1);
		check_steps(model, loader, change);
		if (below(5) == 0) {
			weir_model_abort(model, change);
			assert_shows(model, "", old);
			rc = -EAGAIN;
		} else {
			weir_model_commit(model, change, weir_model_version(model) + 1);
			assert_shows(loader, "", wanted);
			check_indices(model, loader);
			/* What is shown loads, and is no change. */
			shown = show(model, "");
			cr_assert_str_eq(shown, wanted);
			cr_assert_eq(load(model, shown, &change, &err), 0);
			cr_assert_eq(change->n_ports + change->n_underlays + change->n_tenants, 0);
			cr_assert(!change->settings_changed);
			weir_model_abort(model, change);
			free(shown);
		}
	} else {
		assert_shows(model, "", old);
	}
	weir_model_free(loader);
	free(wanted);
	free(old);
	return rc == 0;
}

Test(model_equal, a_patch_is_a_load_of_what_it_makes)
{
	struct weir_model *model = new_model();
	static struct out request;
	uint32_t loads = 0, patches = 0;

	seed = 7;
	for (uint32_t i = 0; i < 12000; i++) {
		bool patch_it = below(10) != 0;

		put_document(&request, patch_it);
		if (step(model, &request))
			*(patch_it ? &patches : &loads) += 1;
	}
	/* Enough of both kinds got through for the comparison to mean something. */
	cr_assert_gt(loads, 40, "%u", loads);
	cr_assert_gt(patches, 1000, "%u", patches);
	weir_model_free(model);
}
