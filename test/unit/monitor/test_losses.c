/* SPDX-License-Identifier: BSD-3-Clause */
/* The last losses of tenants: which are kept, and whose. */
#include <criterion/criterion.h>

#include "weir_losses.h"

#define TENANTS (WEIR_LOSSES_TENANTS + 2)

static struct weir_losses *losses;

static void
setup(void)
{
	losses = weir_losses_create(TENANTS);
	cr_assert_not_null(losses);
}

static void
teardown(void)
{
	weir_losses_free(losses);
	weir_losses_free(NULL);
}

TestSuite(kept_losses, .init = setup, .fini = teardown);

static void
lose(uint32_t tenant, uint32_t serial, uint16_t reason, uint64_t time)
{
	const struct weir_loss loss = {
	    .tenant = tenant, .tenant_serial = serial, .reason = reason, .time = time * WEIR_LOSSES_EVERY};

	weir_losses_add(losses, &loss);
}

static uint64_t
time_of(uint32_t tenant, uint32_t serial, uint32_t n)
{
	const struct weir_loss *loss = weir_losses_get(losses, tenant, serial, n);

	return loss == NULL ? 0 : loss->time / WEIR_LOSSES_EVERY;
}

Test(kept_losses, the_latest_comes_first)
{
	cr_assert_null(weir_losses_get(losses, 1, 7, 0));
	for (uint64_t i = 1; i <= 40; i++)
		lose(1, 7, (uint16_t)i, i);
	for (uint32_t n = 0; n < WEIR_LOSSES_KEPT; n++)
		cr_assert_eq(time_of(1, 7, n), 40 - n);
	cr_assert_eq(time_of(1, 7, WEIR_LOSSES_KEPT), 0);
	cr_assert_eq(weir_losses_get(losses, 1, 7, 0)->number, 40);
	cr_assert_eq(time_of(2, 7, 0), 0);
}

Test(kept_losses, one_reason_does_not_hide_another)
{
	lose(1, 7, 3, 1);
	for (uint64_t i = 2; i <= 100; i++)
		lose(1, 7, 5, i);
	for (uint32_t n = 0; n < WEIR_LOSSES_SAME; n++)
		cr_assert_eq(time_of(1, 7, n), 100 - n);
	cr_assert_eq(time_of(1, 7, WEIR_LOSSES_SAME), 1);
	cr_assert_eq(time_of(1, 7, WEIR_LOSSES_SAME + 1), 0);
}

Test(kept_losses, what_is_kept_can_be_looked_at)
{
	struct weir_loss loss = {.tenant = 1, .tenant_serial = 7, .reason = 3, .time = WEIR_LOSSES_EVERY};

	for (uint32_t i = 0; i < 1000; i++, loss.time++)
		weir_losses_add(losses, &loss);
	cr_assert_eq(weir_losses_get(losses, 1, 7, 0)->number, WEIR_LOSSES_SAME);
	/* Others find room; when there is none, each reason takes its time. */
	for (loss.reason = 4; loss.reason < 40; loss.reason++)
		weir_losses_add(losses, &loss);
	cr_assert_eq(weir_losses_get(losses, 1, 7, 0)->reason, 39);
	loss.reason = 39;
	weir_losses_add(losses, &loss);
	cr_assert_eq(weir_losses_get(losses, 1, 7, 0)->number, WEIR_LOSSES_SAME + 36);
	loss.time += WEIR_LOSSES_EVERY;
	weir_losses_add(losses, &loss);
	cr_assert_eq(weir_losses_get(losses, 1, 7, 0)->number, WEIR_LOSSES_SAME + 37);
}

Test(kept_losses, another_tenant_with_the_same_id)
{
	lose(1, 7, 3, 1);
	lose(1, 8, 3, 2);
	cr_assert_eq(time_of(1, 7, 0), 0);
	cr_assert_eq(time_of(1, 8, 0), 2);
	cr_assert_eq(time_of(1, 8, 1), 0);
	cr_assert_eq(weir_losses_get(losses, 1, 8, 0)->number, 1);
	lose(TENANTS, 1, 3, 1);
	cr_assert_null(weir_losses_get(losses, TENANTS, 1, 0));
}

Test(kept_losses, memory_is_bounded)
{
	for (uint32_t t = 0; t < WEIR_LOSSES_TENANTS; t++)
		lose(t, 1, 3, t + 1);
	lose(0, 1, 3, 10000);
	lose(WEIR_LOSSES_TENANTS, 1, 3, 10001);
	cr_assert_eq(time_of(0, 1, 0), 10000, "its last one is not the oldest");
	cr_assert_eq(time_of(1, 1, 0), 0);
	cr_assert_eq(time_of(2, 1, 0), 3);
	cr_assert_eq(time_of(WEIR_LOSSES_TENANTS, 1, 0), 10001);
	cr_assert_eq(weir_losses_get(losses, WEIR_LOSSES_TENANTS, 1, 0)->number, 1);
}
