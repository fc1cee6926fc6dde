/*
 * journal_format: what stands in the journal's files, byte by byte.
 * weir-journal(5) says the same in words, with the rules of recovery.
 *
 * To change the format of segments, snapshots or records:
 *  1. raise JOURNAL_FORMAT; never give an old number, flag bit or reserved
 *     field a new meaning under the same number;
 *  2. keep magic, format and the crc over the first 64 bytes where they are, so
 *     that every version can name the format of every file;
 *  3. keep the structs of the old format beside the new ones and go on reading
 *     it; new files are written in the new format only, and the files of one
 *     journal may differ in theirs;
 *  4. keep tests/golden/journal/1 as it is and go on testing that it is read
 *     (tests/journal_golden_test.c); make those of the new format beside it,
 *     under its number: WEIR_GOLDEN=write tests/suite build/plain
 *     journal_golden;
 *  5. describe both in weir-journal(5).
 * What the payload of a record holds has a version of its own (an event's, a
 * snapshot's) and does not concern this file.
 */
#ifndef WEIR_JOURNAL_FORMAT_H
#define WEIR_JOURNAL_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_FORMAT 1
#define JOURNAL_ID_SIZE 16

#define SEGMENT_MAGIC "WEIRSEG\n"
#define SEGMENT_SUFFIX ".seg"
#define SEGMENT_SPARE_NAME "spare"
/*
 * Snapshots are named by the last sequence number they include; 0, where there
 * was none yet.  One gets its name when it is durable and the journal is, up to
 * that record; before that it has the other one.
 */
#define SNAPSHOT_MAGIC "WEIRSNP\n"
#define SNAPSHOT_SUFFIX ".snap"
#define SNAPSHOT_NEW_NAME "snapshot.new"
#define TORN_PREFIX "torn-"

#define NAME_DIGITS 16 /* decimal, of a sequence number */
#define NAME_SEQ_MAX 9999999999999999u
#define SEGMENT_DATA_OFFSET 4096 /* the header has a block of its own */
#define SNAPSHOT_DATA_OFFSET 64	 /* right behind the header */
#define RECORD_ALIGNMENT 8	 /* of every record's first byte */

/* Little-endian on every machine, and aligned nowhere. */
struct le32 {
	unsigned char byte[4];
};

struct le64 {
	unsigned char byte[8];
};

/* The first bytes of a segment. */
struct segment_header {
	unsigned char magic[8];
	struct le32 format;
	struct le32 data_offset; /* where its records begin */
	unsigned char journal_id[JOURNAL_ID_SIZE];
	struct le64 number;	 /* 1 is the journal's first segment */
	struct le64 first_seq;	 /* of its first record, there or to come */
	struct le64 first_batch; /* that batch's number */
	struct le32 reserved;	 /* 0 */
	struct le32 crc;	 /* of the 60 bytes before, not seeded */
};
static_assert(sizeof(struct segment_header) == 64, "on disk: 64 bytes");
static_assert(offsetof(struct segment_header, format) == 8, "on disk");
static_assert(offsetof(struct segment_header, data_offset) == 12, "on disk");
static_assert(offsetof(struct segment_header, journal_id) == 16, "on disk");
static_assert(offsetof(struct segment_header, number) == 32, "on disk");
static_assert(offsetof(struct segment_header, first_seq) == 40, "on disk");
static_assert(offsetof(struct segment_header, first_batch) == 48, "on disk");
static_assert(offsetof(struct segment_header, reserved) == 56, "on disk");
static_assert(offsetof(struct segment_header, crc) == 60, "on disk");

/*
 * The first bytes of a snapshot.  Magic, format, data_offset, id and crc are
 * where a segment's are.
 */
struct snapshot_header {
	unsigned char magic[8];
	struct le32 format;
	struct le32 data_offset; /* where its chunks begin */
	unsigned char journal_id[JOURNAL_ID_SIZE];
	struct le64 seq;      /* the last record it includes, as in its name */
	struct le64 taken;    /* when it was begun, ns since 1970 */
	struct le64 segment;  /* number of the newest one when it was begun */
	struct le32 reserved; /* 0 */
	struct le32 crc;      /* of the 60 bytes before, not seeded */
};
static_assert(sizeof(struct snapshot_header) == 64, "on disk: 64 bytes");
static_assert(offsetof(struct snapshot_header, format) == 8, "on disk");
static_assert(offsetof(struct snapshot_header, data_offset) == 12, "on disk");
static_assert(offsetof(struct snapshot_header, journal_id) == 16, "on disk");
static_assert(offsetof(struct snapshot_header, seq) == 32, "on disk");
static_assert(offsetof(struct snapshot_header, taken) == 40, "on disk");
static_assert(offsetof(struct snapshot_header, segment) == 48, "on disk");
static_assert(offsetof(struct snapshot_header, crc) == 60, "on disk");

/* In segments. */
#define RECORD_GROUP_END 1u  /* the last of its group */
#define RECORD_BATCH_END 2u  /* the last of its batch */
#define RECORD_SEAL 4u	     /* empty; closes the batch before it */
#define RECORD_CLOSED 8u     /* of a seal: weird ended here, as it should */
#define RECORD_CONTINUED 64u /* of a seal: there is a next segment */
/* In snapshots, so that no chunk is ever taken for an event, nor the reverse.
 */
#define RECORD_CHUNK 16u      /* every record there */
#define RECORD_LAST_CHUNK 32u /* the snapshot is whole with this one */

/*
 * Before each payload, which follows it and is padded with zeros to the
 * alignment.  Both CRCs are seeded with the journal's id and the segment's
 * number, or the snapshot's seq.  The header has one of its own so that its
 * length can be trusted before the payload is read, and so that a search for
 * later records is linear.
 */
struct record_header {
	struct le32 length;	 /* of the payload, without its padding */
	struct le32 payload_crc; /* of the payload and its padding */
	/* Of a seal: that of the record before it; of a chunk: 1, 2, 3 .. */
	struct le64 seq;
	struct le64 batch; /* of a chunk: 0 */
	struct le32 flags;
	struct le32 header_crc; /* of the 28 bytes before */
};
static_assert(sizeof(struct record_header) == 32, "on disk: 32 bytes");
static_assert(offsetof(struct record_header, payload_crc) == 4, "on disk");
static_assert(offsetof(struct record_header, seq) == 8, "on disk");
static_assert(offsetof(struct record_header, batch) == 16, "on disk");
static_assert(offsetof(struct record_header, flags) == 24, "on disk");
static_assert(offsetof(struct record_header, header_crc) == 28, "on disk");
static_assert(sizeof(struct record_header) % RECORD_ALIGNMENT == 0 &&
	SEGMENT_DATA_OFFSET % RECORD_ALIGNMENT == 0,
    "every record begins at a multiple of the alignment");

static inline uint32_t
le32_get(const struct le32 *le)
{
	const unsigned char *b = le->byte;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[3] << 24;
}

static inline uint64_t
le64_get(const struct le64 *le)
{
	const unsigned char *b = le->byte;

	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 |
	    (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 |
	    (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

static inline struct le32
le32(uint32_t n)
{
	struct le32 le;

	for (unsigned i = 0; i < 4; i++)
		le.byte[i] = (unsigned char)(n >> 8 * i);
	return le;
}

static inline struct le64
le64(uint64_t n)
{
	struct le64 le;

	for (unsigned i = 0; i < 8; i++)
		le.byte[i] = (unsigned char)(n >> 8 * i);
	return le;
}

/* A payload's size on disk. */
static inline size_t
record_padded(size_t length)
{
	return (length + RECORD_ALIGNMENT - 1) &
	    ~(size_t)(RECORD_ALIGNMENT - 1);
}

#endif
