/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet from the underlay is looked up by. */
#include <string.h>

#include "fixture.h"

TestSuite(lookup, .init = start, .fini = finish);

/* The switch of a VNI, as workers find it. */
static const struct weir_switch *
by_vni(uint32_t vni)
{
	return weir_vnet_switch(vnet, weir_vnet_by_vni(vnet, vni));
}

Test(lookup, switches_by_vni)
{
	static const uint32_t vnis[] = {1, 4095, 4096, 5001, WEIR_VNI_MAX};

	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(vnis); i++) {
		cr_assert_null(by_vni(vnis[i]));
		cr_assert_eq(weir_vnet_reserve_vni(vnet, vnis[i]), 0);
		cr_assert_null(by_vni(vnis[i]));
		weir_vnet_set_vni(vnet, vnis[i], i % N_SWITCHES);
	}
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(vnis); i++) {
		cr_assert_eq(by_vni(vnis[i]), &switches[i % N_SWITCHES]);
		cr_assert_null(by_vni(vnis[i] ^ 0x800));
	}
	cr_assert_eq(weir_vnet_reserve_vni(vnet, 4095), 0, "what is reserved already stays");
	weir_vnet_set_vni(vnet, 1, WEIR_NONE);
	cr_assert_null(by_vni(1));
	cr_assert_eq(by_vni(4095), &switches[1]);
	vnet->switches[1] = NULL;
	cr_assert_null(by_vni(4095));
}

/* Four in eight slots, so that searches run into each other and over the end. */
Test(lookup, remotes_by_address)
{
	struct weir_remote_slot slots[8];
	struct weir_iface remotes[4];
	struct weir_switch sw = {.n_slots = 8, .slots = slots};
	char text[32];
	size_t at;

	for (uint32_t round = 0; round < 50; round++) {
		memset(slots, 0, sizeof(slots));
		for (uint32_t i = 0; i < 4; i++) {
			(void)snprintf(text, sizeof(text), i < 2 ? "192.0.%u.%u" : "2001:db8:%u::%u", round, i);
			remotes[i].ip = ip(text);
			at = (size_t)(weir_switch_slot(&sw, &remotes[i].ip) - slots);
			while (slots[at].iface != NULL)
				at = (at + 1) % 8;
			slots[at] = (struct weir_remote_slot){remotes[i].ip, &remotes[i]};
		}
		for (uint32_t i = 0; i < 4; i++) {
			struct weir_ip near = remotes[i].ip;

			cr_assert_eq(weir_switch_remote(&sw, &near), &remotes[i]);
			near.b[15] ^= 0x80;
			cr_assert_null(weir_switch_remote(&sw, &near));
		}
	}
	sw.n_slots = 0;
	cr_assert_null(weir_switch_remote(&sw, &remotes[0].ip));
}

Test(lookup, addresses_of_ours)
{
	union {
		struct weir_locals locals;
		uint8_t room[sizeof(struct weir_locals) + 2 * sizeof(struct weir_ip)];
	} u = {.locals.n = 2};
	struct weir_ip v4 = ip("192.0.2.1"), v6 = ip("2001:db8::1"), other = ip("192.0.2.2");

	cr_assert_not(weir_vnet_is_local(vnet, &v4));
	u.locals.ip[0] = v4;
	u.locals.ip[1] = v6;
	vnet->locals = &u.locals;
	cr_assert(weir_vnet_is_local(vnet, &v4));
	cr_assert(weir_vnet_is_local(vnet, &v6));
	cr_assert_not(weir_vnet_is_local(vnet, &other));
}
