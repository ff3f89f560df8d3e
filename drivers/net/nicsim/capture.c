/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "nicsim.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define ETHERNET 1u

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_len, link_type;
};

struct record_header {
	uint32_t seconds, fraction, len, wire_len;
};

static uint32_t
in_order(const struct nicsim_capture *capture, uint32_t value)
{
	return capture->swapped ? rte_bswap32(value) : value;
}

static int
map_file(struct nicsim_capture *capture, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *file;
	int ret = 0;

	if (fd < 0 || fstat(fd, &st) != 0) {
		ret = -errno;
	} else if (!S_ISREG(st.st_mode) || (size_t)st.st_size < sizeof(struct file_header)) {
		ret = -EINVAL;
	} else {
		file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file == MAP_FAILED)
			ret = -errno;
		else
			*capture = (struct nicsim_capture){.file = file, .size = (size_t)st.st_size};
	}
	if (fd >= 0)
		(void)close(fd);
	if (ret != 0)
		NICSIM_LOG("capture=%s: %s", path, ret == -EINVAL ? "not a capture" : strerror(-ret));
	return ret;
}

/* The header of the record at `at`; false if the file ends before it or in its frame. */
static bool
read_record(const struct nicsim_capture *capture, size_t at, struct record_header *record)
{
	if (capture->size - at < sizeof(*record))
		return false;
	memcpy(record, capture->file + at, sizeof(*record));
	record->len = in_order(capture, record->len);
	record->wire_len = in_order(capture, record->wire_len);
	return capture->size - at - sizeof(*record) >= record->len;
}

static int
check_header(struct nicsim_capture *capture, const char *path)
{
	struct file_header header;
	uint32_t magic;

	memcpy(&header, capture->file, sizeof(header));
	capture->swapped = header.magic == rte_bswap32(MAGIC_US) || header.magic == rte_bswap32(MAGIC_NS);
	magic = in_order(capture, header.magic);
	if (magic != MAGIC_US && magic != MAGIC_NS) {
		NICSIM_LOG("capture=%s: not a pcap file", path);
		return -EINVAL;
	}
	if ((in_order(capture, header.link_type) & 0xffff) != ETHERNET) {
		NICSIM_LOG("capture=%s: not of Ethernet", path);
		return -EINVAL;
	}
	return 0;
}

static int
check_records(struct nicsim_capture *capture, const char *path)
{
	struct record_header record;
	size_t at = sizeof(struct file_header);

	for (; at < capture->size; at += sizeof(record) + record.len) {
		const char *fault = NULL;

		if (!read_record(capture, at, &record))
			fault = "the file ends in it";
		else if (record.len < RTE_ETHER_HDR_LEN || record.len > NICSIM_FRAME_MAX)
			fault = "14 to 9216 bytes can be played";
		else if (record.len < record.wire_len)
			fault = "it was cut off when it was captured";
		if (fault != NULL) {
			NICSIM_LOG("capture=%s: frame %u: %s", path, capture->count + 1, fault);
			return -EINVAL;
		}
		capture->count++;
		capture->slot_bytes += RTE_ALIGN_CEIL((size_t)record.len, NICSIM_SLOT);
	}
	if (capture->count != 0)
		return 0;
	NICSIM_LOG("capture=%s: holds no frame", path);
	return -EINVAL;
}

int
nicsim_capture_open(struct nicsim_capture *capture, const char *path)
{
	int ret = map_file(capture, path);

	if (ret != 0)
		return ret;
	ret = check_header(capture, path);
	if (ret == 0)
		ret = check_records(capture, path);
	if (ret != 0)
		nicsim_capture_close(capture);
	return ret;
}

void
nicsim_capture_close(struct nicsim_capture *capture)
{
	(void)munmap((void *)(uintptr_t)capture->file, capture->size);
	capture->file = NULL;
}

const uint8_t *
nicsim_capture_next(const struct nicsim_capture *capture, size_t *at, uint16_t *len)
{
	size_t here = *at != 0 ? *at : sizeof(struct file_header);
	struct record_header record;

	if (!read_record(capture, here, &record))
		return NULL;
	*at = here + sizeof(record) + record.len;
	*len = (uint16_t)record.len;
	return capture->file + here + sizeof(record);
}
