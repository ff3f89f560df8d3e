/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "siphash_priv.h"
#include "store_priv.h"

#define RECORD_MAGIC UINT32_C(0xd7a9e401) /* not ASCII, so never within a patch */
static const char header_magic[8] = {'w', 'e', 'i', 'r', 'j', 'n', 'l', '1'};

/* A checksum: the key is no secret, it only binds the sum to version and length. */
uint64_t
weir_journal_sum(const void *data, size_t len, uint64_t version)
{
	struct weir_siphash_key key = {.k0 = version, .k1 = len};

	return weir_siphash(&key, data, len);
}

struct weir_journal_header
weir_journal_header(uint64_t version, const char *text, size_t len)
{
	struct weir_journal_header header = {
	    .version = version, .len = len, .sum = weir_journal_sum(text, len, version)};

	memcpy(header.magic, header_magic, sizeof(header.magic));
	header.check = weir_journal_sum(&header, offsetof(struct weir_journal_header, check), version);
	return header;
}

static bool
header_ok(const struct weir_journal_header *header, uint64_t version)
{
	return memcmp(header->magic, header_magic, sizeof(header->magic)) == 0 && header->version == version &&
	       header->check == weir_journal_sum(header, offsetof(struct weir_journal_header, check), version);
}

/* The record at `bytes`, if a whole and undamaged one begins there. */
static bool
read_record(const char *bytes, size_t len, struct weir_journal_record *record)
{
	if (len < sizeof(*record))
		return false;
	memcpy(record, bytes, sizeof(*record));
	return record->magic == RECORD_MAGIC && record->len <= len - sizeof(*record) &&
	       record->sum == weir_journal_sum(bytes + sizeof(*record), record->len, record->version);
}

/* What is bad and has a good record behind it was not torn by a crash. */
static bool
good_record_in(const char *bytes, size_t len)
{
	const uint32_t magic = RECORD_MAGIC;
	struct weir_journal_record record;
	const char *at = bytes, *end = bytes + len;

	while ((at = memmem(at, (size_t)(end - at), &magic, sizeof(magic))) != NULL) {
		if (read_record(at, (size_t)(end - at), &record))
			return true;
		at++;
	}
	return false;
}

int
weir_journal_scan(const struct weir_store *store, uint64_t segment, const char *bytes, size_t len,
    struct weir_journal_header *header, struct weir_journal_state *state, struct weir_err *err)
{
	struct weir_journal_record record;
	char name[WEIR_STORE_NAME_SIZE];

	(void)weir_store_name(name, WEIR_STORE_JOURNAL, segment);
	memset(header, 0, sizeof(*header));
	if (len >= sizeof(*header))
		memcpy(header, bytes, sizeof(*header));
	if (!header_ok(header, segment))
		return weir_store_err(store, err, EIO, name, "its beginning is damaged");
	*state = (struct weir_journal_state){.version = segment, .len = sizeof(*header)};
	while (read_record(bytes + state->len, len - state->len, &record) && record.version == state->version + 1) {
		state->version++;
		state->records++;
		state->len += sizeof(record) + record.len;
	}
	if (good_record_in(bytes + state->len, len - state->len))
		return weir_store_err(store, err, EIO, name, "damaged in the middle");
	return 0;
}

int
weir_journal_open(struct weir_store *store, struct weir_err *err)
{
	uint64_t segment = store->segments[store->n_segments - 1];
	struct weir_journal_header header;
	char name[WEIR_STORE_NAME_SIZE];
	size_t len;
	char *bytes = weir_store_read(store, weir_store_name(name, WEIR_STORE_JOURNAL, segment), &len, err);
	int rc;

	if (bytes == NULL)
		return -err->errnum;
	rc = weir_journal_scan(store, segment, bytes, len, &header, &store->journal, err);
	free(bytes);
	if (rc != 0)
		return rc;
	store->journal_fd = openat(store->dir_fd, name, O_RDWR | O_CLOEXEC);
	if (store->journal_fd < 0)
		return weir_store_err(store, err, errno, name, "cannot open");
	if (store->journal.len < len &&
	    (ftruncate(store->journal_fd, (off_t)store->journal.len) != 0 || fdatasync(store->journal_fd) != 0))
		return weir_store_err(store, err, errno, name, "cannot cut off a torn record");
	store->version = store->journal.version;
	return 0;
}

/* Takes back what a failed append may have left. */
static void
take_back(struct weir_store *store)
{
	if (ftruncate(store->journal_fd, (off_t)store->journal.len) != 0 || fdatasync(store->journal_fd) != 0)
		store->broken = true;
}

int
weir_journal_append(struct weir_store *store, const char *text, size_t len, struct weir_err *err)
{
	struct weir_journal_record record = {.magic = RECORD_MAGIC,
	    .len = (uint32_t)len,
	    .version = store->version + 1,
	    .sum = weir_journal_sum(text, len, store->version + 1)};
	char name[WEIR_STORE_NAME_SIZE], *bytes;
	int rc;

	(void)weir_store_name(name, WEIR_STORE_JOURNAL, store->segments[store->n_segments - 1]);
	bytes = len <= UINT32_MAX ? malloc(sizeof(record) + len) : NULL;
	if (bytes == NULL)
		return weir_store_err(store, err, ENOMEM, name, "cannot write");
	memcpy(bytes, &record, sizeof(record));
	memcpy(bytes + sizeof(record), text, len);
	rc = weir_store_write(store->journal_fd, bytes, sizeof(record) + len, store->journal.len);
	free(bytes);
	if (rc == 0 && fdatasync(store->journal_fd) != 0)
		rc = -errno;
	if (rc != 0) {
		take_back(store);
		return weir_store_err(store, err, -rc, name,
		    store->broken ? "cannot write, nor take back what was written; no more changes until a restart"
				  : "cannot write");
	}
	store->journal.len += sizeof(record) + len;
	store->journal.records++;
	store->journal.version = ++store->version;
	return 0;
}
