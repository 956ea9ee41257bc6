/* Decoders: canonical CSV and JSON bytes (engine.md §2) to usage records, batch by batch; tests 1-4
 * of book.md §5.3. Pure: no allocation, clock or I/O. A decoder belongs to one thread; everything
 * it gives points into the caller's bytes or the caller's scratch and lives as long as those. */
#ifndef SP_INGEST_DECODE_H
#define SP_INGEST_DECODE_H

#include "rating/cdr.h"

#define SP_BATCH_RECORDS_MAX 256
#define SP_DECODE_COLUMNS_MAX 64            /* a header with more cells is no header */
#define SP_DECODE_SCRATCH_BYTES (2 * 65536) /* >= SP_CDR_BYTES_MAX: one record always fits */
#define SP_LINE_BYTES_MAX ((size_t)1 << 20) /* of a longer line so much is kept, see sp_raw */
#define SP_DECODE_WARNING_BYTES 512
#define SP_DECODE_HEADER_BYTES_MAX 8192 /* a longer header is no header */
#define SP_DECODE_DAYS_CACHED 64

/* Frozen numbers: they stand in journal blocks. */
enum sp_decode_format { SP_FORMAT_UNKNOWN = 0, SP_FORMAT_CSV = 1, SP_FORMAT_JSON = 2 };

/* The book's zone as a decoder needs it (book.md §4.2): wall clock -> UTC. Both in seconds; local_s
 * counts the wall clock as if it were UTC. Must be constant in offset, or change on a full hour. */
struct sp_decode_zone {
  int64_t (*from_local)(const void *context, int64_t local_s);
  const void *context;
};

/* Where a record stands in the bytes. A line longer than SP_LINE_BYTES_MAX keeps its beginning
 * only: its length is then SP_LINE_BYTES_MAX. Without the line break. */
struct sp_raw {
  const char *at;
  uint32_t length;
  uint32_t line; /* physical line from 1, modulo 2^32 */
};

struct sp_decode_bytes { /* bytes that are somebody else's */
  const char *at;
  size_t length;
};

/* One call: what goes in, what comes out. */
struct sp_decode {
  const char *bytes; /* in: from the beginning of a line */
  size_t length;
  bool last;  /* in: no bytes follow these: what is left without line break is a line */
  bool whole; /* in: and they are one record without its line break: a return at the end is text */
  uint32_t count_max; /* in: room in cdrs and raws, at least 1 */
  struct sp_cdr *cdrs;
  struct sp_raw *raws;
  char *scratch;       /* in: for texts that had to be unescaped; of each call its own */
  size_t scratch_size; /* in: at least SP_DECODE_SCRATCH_BYTES, or no record may fit */
  uint32_t count;      /* out */
  size_t consumed;     /* out: offer bytes + consumed again, with more behind them, next time */
  size_t scratch_used; /* out; set to 0 by the call */
};

enum sp_decode_header { SP_HEADER_NONE, SP_HEADER_GOOD, SP_HEADER_BAD };

struct sp_decode_day { /* offset of a local day that has one offset throughout */
  int32_t day;
  int32_t offset_s; /* INT32_MIN: the day has several */
};

#define SP_DECODE_KEYS_MAX 32

/* JSON: what stood at the n-th key of the last object, as the 16 bytes "key": begin with. Writers
 * keep their order. */
struct sp_decode_key {
  uint64_t words[2], masks[2]; /* masks: the bytes that count */
  uint32_t length;             /* of "key":, 0 = nothing expected */
  uint32_t slot;
};

/* Plain memory, set up by sp_decoder_open; the fields are the decoder's own. */
struct sp_decoder {
  uint32_t magic;
  uint32_t line;
  struct sp_decode_zone zone;
  struct sp_decode_day days[SP_DECODE_DAYS_CACHED];
  char date[12];  /* the last good YYYY-MM-DDT */
  char offset[8]; /* and the last good +hh:mm */
  int64_t date_s; /* their seconds */
  int64_t offset_s;
  uint32_t header; /* enum sp_decode_header */
  uint32_t columns;
  bool skipping; /* inside a line whose beginning was given already */
  bool at_start; /* a byte order mark may stand here */
  bool wide;     /* set by the caller: the machine has AVX2 and BMI  */
  bool careful;  /* never take the quick way; for tests that compare both */
  bool warned;
  bool canonical;                       /* the header is the canonical order, not one that came */
  uint8_t slots[SP_DECODE_COLUMNS_MAX]; /* column -> slot of decode_slots.h */
  uint32_t columns_length;
  char columns_text[SP_DECODE_HEADER_BYTES_MAX]; /* header line as it came; length 0: a bad one */
  struct sp_decode_key keys[SP_DECODE_KEYS_MAX];
  char warning[SP_DECODE_WARNING_BYTES];
};

void sp_decoder_open(struct sp_decoder *decoder, const struct sp_decode_zone *zone);
/* Another book's zone, from the next record on. */
void sp_decoder_set_zone(struct sp_decoder *decoder, const struct sp_decode_zone *zone);
/* Begins a new stream: the header is forgotten, a byte order mark may come. */
void sp_decoder_begin(struct sp_decoder *decoder);
/* Continues behind a jump to the beginning of a line: its number is `line`; the header stays. */
void sp_decoder_jump(struct sp_decoder *decoder, uint32_t line);
/* Takes this text as header (of a stream begun), as columns_text keeps it; length 0: a bad one. */
void sp_decoder_use_header(struct sp_decoder *decoder, const char *text, size_t length);

/* CSV (README.md "Decoders"): the first line that is neither blank nor comment is the header. */
void sp_decode_csv_batch(struct sp_decoder *decoder, struct sp_decode *decode);
/* JSON, one object per line; blank lines are skipped. */
void sp_decode_json_batch(struct sp_decoder *decoder, struct sp_decode *decode);

/* A Kafka message of CSV: takes its header if its first line has the cells `service` and `start`,
 * else the canonical order of engine.md §2. Returns where its records begin: go on with
 * sp_decode_csv_batch, last = true. */
size_t sp_decoder_begin_message(struct sp_decoder *decoder, const char *bytes, size_t length);
/* A Kafka message of JSON: all bytes are one object (line breaks between its tokens are allowed):
 * one record, none if blank. Nothing consumed: the scratch is too small. */
void sp_decode_json_message(struct sp_decoder *decoder, struct sp_decode *decode);

/* One record from its raw bytes, as it came out of its stream: with the stream's format and
 * columns_text. `scratch`: SP_DECODE_SCRATCH_BYTES. */
void sp_decode_raw(struct sp_decoder *decoder, enum sp_decode_format format,
                   struct sp_decode_bytes columns, struct sp_decode_bytes raw, struct sp_cdr *cdr,
                   char *scratch);

/* What the header held that is not canonical, once per stream, or NULL. Valid until the next call.
 */
const char *sp_decoder_warning(struct sp_decoder *decoder);

#endif
