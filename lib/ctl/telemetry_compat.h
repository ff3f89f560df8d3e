/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK 23.03 renamed telemetry's unsigned calls and made int 64 bits wide; 25.11 removes the old names. */
#ifndef WEIR_TELEMETRY_COMPAT_H
#define WEIR_TELEMETRY_COMPAT_H

#include <limits.h>
#include <stdint.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define TEL_UINT_VAL RTE_TEL_UINT_VAL
#define tel_array_add_uint rte_tel_data_add_array_uint
#define tel_dict_add_uint rte_tel_data_add_dict_uint
#else
#define TEL_UINT_VAL RTE_TEL_U64_VAL
#define tel_array_add_uint rte_tel_data_add_array_u64
#define tel_dict_add_uint rte_tel_data_add_dict_u64
#endif

/* A signed number, as near as the platform's int comes to it. */
static inline int
tel_dict_add_int(struct rte_tel_data *data, const char *name, int64_t value)
{
#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
	int near = value > INT_MAX ? INT_MAX : value < INT_MIN ? INT_MIN : (int)value;

	return rte_tel_data_add_dict_int(data, name, near);
#else
	return rte_tel_data_add_dict_int(data, name, value);
#endif
}

#endif
