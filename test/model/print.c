/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs, for people. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

void
model_differs(struct model *model, const char *fmt, ...)
{
	va_list args;

	if (!model->differs)
		(void)printf("\nDIFFERENCE with seed %" PRIu64 ", %u workers, after %" PRIu64
			     " packets; last change: %s\n",
		    model->seed, model->rig.n_workers, model->packets, model->last_change);
	model->differs = true;
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)printf("\n");
}

const char *
model_place(const struct ref_place *place)
{
	static char text[80];
	char ip[46];

	if (place->kind == REF_AT_PORT)
		(void)snprintf(text, sizeof(text), "port p%u", place->port);
	else if (place->kind == REF_AT_ROUTER)
		(void)snprintf(text, sizeof(text), "router t%u/r%u", place->tenant, place->router);
	else if (place->kind == REF_AT_VPORT)
		(void)snprintf(text, sizeof(text), "vport t%u/v%u", place->tenant, place->vport);
	else
		(void)snprintf(text, sizeof(text), "remote %s on t%u/s%u",
		    weir_ip_format(&place->remote, ip, sizeof(ip)), place->tenant, place->sw);
	return text;
}

void
model_hex(const struct wire *wire)
{
	(void)printf("  %u bytes: ", wire->len);
	for (uint32_t i = 0; i < wire->len && i < 160; i++)
		(void)printf("%02x", wire->data[i]);
	(void)printf("%s\n", wire->len > 160 ? "..." : "");
}

static void
print_reasons(uint64_t reasons)
{
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		if (reasons >> r & 1)
			(void)printf(" %s", weir_reason_name((enum weir_reason)r));
}

static void
print_item(const struct model *model, uint32_t i)
{
	const struct item *item = &model->items[i];
	const struct ref_result *result = &item->result;
	static const char *const made[] = {"", "ARP answer ", "ND answer ", "echo reply ", "ICMP error ", "reset "};

	(void)printf(
	    "packet %u on p%u queue %u, from %s:\n", i, item->packet.port, item->queue, model_place(&result->from));
	model_hex(&item->packet.wire);
	if (result->drop != 0) {
		(void)printf("  expected: dropped");
		print_reasons(result->drop);
		(void)printf("\n");
	}
	if (result->consumed)
		(void)printf("  expected: consumed\n");
	for (uint32_t o = 0; o < result->n_outs; o++) {
		(void)printf("  expected: %sto %s", made[result->outs[o].made], model_place(&result->outs[o].to));
		print_reasons(result->outs[o].drop);
		(void)printf("\n");
	}
}

void
model_print(const struct model *model)
{
	char *document = topo_document(&model->topo);

	(void)printf("\nconfiguration:\n%s\n\n", document);
	free(document);
	for (uint32_t i = 0; i < model->n_items; i++)
		print_item(model, i);
}
