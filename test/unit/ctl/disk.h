/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk that fails when it is told to. The linker puts these functions in place of the C library's (--wrap), so that
 * the store is tested as it is. Calls that change the disk are counted; at the chosen one the process is killed
 * (nothing that was written is lost), the power fails (everything that was not synced is), or the call fails.
 */
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_fault {
	DISK_WORKS,
	DISK_KILL,
	DISK_POWER, /* kill, with what is durable then in disk.lost_dir */
	DISK_ERROR, /* this call fails */
	DISK_GONE,  /* this call and all later ones fail */
};

#define DISK_KILLED 77 /* exit status */

struct disk {
	enum disk_fault fault;
	int errnum;	/* of calls that fail */
	uint32_t at;	/* the call, from 0, counted while armed */
	uint32_t calls; /* so far */
	uint32_t torn;	/* of the write that fails, so many eighths are written before */
	bool armed;
	bool shorts;	      /* writes get a few bytes through at a time */
	const char *dir;      /* the folder that is watched */
	const char *lost_dir; /* exists, empty */
};

extern struct disk disk;

#endif
