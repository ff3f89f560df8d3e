/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * On disk, for a segment that begins with version V (integers as the machine has them):
 *
 *   config-V.json  the document of version V
 *   journal-V.log  a header with the document's length and checksum, then a record for each patch after it
 *
 * The journal is made and synced before config-V.json appears under its name, so a segment exists whole or not at
 * all.
 */
#ifndef WEIR_STORE_PRIV_H
#define WEIR_STORE_PRIV_H

#include <stdbool.h>

#include "weir_store.h"

#define WEIR_JOURNAL_RECORDS 1000     /* a new segment begins after so many records ... */
#define WEIR_JOURNAL_BYTES (4u << 20) /* ... or bytes of a journal */
#define WEIR_STORE_NAME_SIZE 48	      /* of a file's name within the folder */

struct weir_journal_header {
	char magic[8];
	uint64_t version, len, sum; /* of the document */
	uint64_t check;		    /* over the fields before */
};

struct weir_journal_record {
	uint32_t magic;
	uint32_t len;	  /* of the patch, which follows */
	uint64_t version; /* that it leads to */
	uint64_t sum;	  /* over patch, version and length */
};

/* What a journal's bytes say. */
struct weir_journal_state {
	uint64_t version; /* of the last good record */
	uint32_t records;
	size_t len; /* up to the end of the last good record */
};

struct weir_store {
	char *dir;
	int dir_fd; /* holds the lock */
	uint64_t version;
	uint64_t *segments; /* first versions, ascending */
	uint32_t n_segments;
	int journal_fd; /* the last segment's; -1: there is none */
	struct weir_journal_state journal;
	bool broken; /* something half-written could not be taken back */
};

/* ---- store_io.c ---- */

/* Reports errno `errnum` about a file of the folder ("": the folder). Returns -errnum. */
int weir_store_err(
    const struct weir_store *store, struct weir_err *err, int errnum, const char *file, const char *what);

enum weir_store_file {
	WEIR_STORE_CONFIG,
	WEIR_STORE_CONFIG_TMP,
	WEIR_STORE_JOURNAL,
};

/* The file's name within the folder. Returns buf. */
char *weir_store_name(char buf[WEIR_STORE_NAME_SIZE], enum weir_store_file file, uint64_t version);

/* Writes all of it at `offset`; 0 or -errno. */
int weir_store_write(int fd, const void *data, size_t len, size_t offset);

/* The whole file, the caller's to free(); NULL with err. */
char *weir_store_read(const struct weir_store *store, const char *file, size_t *len, struct weir_err *err);

int weir_store_sync_dir(const struct weir_store *store, struct weir_err *err);

/* Fills store->segments, removes what an interrupted request has left, and (reset) moves all versions aside. */
int weir_store_list(struct weir_store *store, struct weir_err *err);
int weir_store_reset(struct weir_store *store, struct weir_err *err);

/* ---- store_journal.c ---- */

uint64_t weir_journal_sum(const void *data, size_t len, uint64_t version);
struct weir_journal_header weir_journal_header(uint64_t version, const char *text, size_t len);

/*
 * Reads the header and walks the records of a journal's bytes. Returns 0, or -EIO with err: the header is damaged, or
 * a record with good ones after it. What is bad at the end is left out of *state.
 */
int weir_journal_scan(const struct weir_store *store, uint64_t segment, const char *bytes, size_t len,
    struct weir_journal_header *header, struct weir_journal_state *state, struct weir_err *err);

/* Opens the last segment's journal for appending, cut off behind its last good record. */
int weir_journal_open(struct weir_store *store, struct weir_err *err);

/* Appends a record, synced. On failure nothing of it is left, or the store is broken. */
int weir_journal_append(struct weir_store *store, const char *text, size_t len, struct weir_err *err);

#endif
