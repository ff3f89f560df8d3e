/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_ALONE_H
#define WEIR_ALONE_H

/*
 * Makes sure that no other weir runs with this file prefix, by a lock in EAL's folder for it that lasts as long as
 * the process; before rte_eal_init(), which starts a second process without a word where there is no shared
 * configuration. Returns 0, or -1 after a line on stderr.
 */
int alone(const char *prefix);

#endif
