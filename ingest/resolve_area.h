/* Areas, cells and rows of number plans as small numbers: every area text that a loaded book or the
 * directory knows has a number, so that places compare as words (book.md §6.5, §6.6). A text that
 * nobody knows is told apart within its record only: it equals itself and lies in no province. Made
 * once per set of books; memos make what repeats cheap. One thread. */
#ifndef SP_INGEST_RESOLVE_AREA_H
#define SP_INGEST_RESOLVE_AREA_H

#include <string.h>

#include "ingest/prefix_table.h"
#include "rating/directory.h"
#include "rating/hash.h"
#include "rating/memory.h"
#include "rating/number.h"

#define SP__AREA_MEMOS 256 /* powers of two */
#define SP__CELL_MEMOS 2048
#define SP__PREFIX_BITS 11
#define SP__DEPTH_DIGITS 5u /* of a number, by which it is known how many more can decide */
#define SP__DEPTH_BITS 10

/* An area: 0 = blank, 1 .. count = known, SP__AREA_OWN | field = the text of that field of the
 * record, which nobody knows. */
#define SP__AREA_OWN UINT32_C(0x80000000)

struct sp__area_memo {
  uint64_t word; /* the text's bytes, 0 = free */
  uint32_t id;
};

struct sp__cell_memo { /* what plmn and lac say; two memos a cache line, none across two */
  uint64_t plmn;       /* bytes, 0 = free */
  int64_t lac;
  uint32_t area;
  uint16_t book; /* index + 1 */
  uint8_t roam;  /* SP_ROAM_HOME: not abroad */
  uint8_t reserved;
};

struct sp__prefix_memo { /* what the leading digits say, as many as can decide */
  uint64_t head;
  uint32_t book;   /* index + 1, 0 = free */
  uint32_t prefix; /* number plan row + 1, 0 = none */
  struct sp__prefix_row row;
  uint32_t dest_node;
};
_Static_assert(sizeof(struct sp__prefix_memo) == 32, "two memos a cache line");

struct sp__area_slot {
  struct sp_name text;
  uint32_t id; /* 0 = free */
};

struct sp__areas {
  struct sp__area_slot *slots;       /* open addressing, a power of two, half full */
  uint32_t slots_count, count;       /* ids are 1 .. count */
  uint32_t *of_directory;            /* directory's area -> id */
  uint32_t *provinces[SP_BOOKS_MAX]; /* by id */
  struct sp__prefix_rows rows[SP_BOOKS_MAX];
  struct sp__prefix_table tables[SP_BOOKS_MAX]; /* of large books */
  bool large;                                   /* there is a book with a table */
  struct sp__area_memo memos[SP__AREA_MEMOS];
  _Alignas(64) struct sp__cell_memo cells[SP__CELL_MEMOS];
  struct sp__prefix_memo prefixes[1 << SP__PREFIX_BITS];
  struct sp__cell_memo cell;     /* of a plmn too long to be remembered */
  uint8_t *depths[SP_BOOKS_MAX]; /* by a hash of the leading digits: no prefix that begins with
                                    them is longer; at least SP__DEPTH_DIGITS */
};

SP_MUST_CHECK enum sp_status sp__areas_make(struct sp__areas *areas,
                                            const struct sp_directory *directory,
                                            const struct sp_books *books, struct sp_memory *memory);
/* What the prefixes of a book's number plan say; their area texts are added. */
SP_MUST_CHECK enum sp_status sp__prefix_rows_make(struct sp__prefix_rows *rows,
                                                  struct sp__areas *areas,
                                                  const struct sp_book *book,
                                                  struct sp_memory *memory);
/* Id of a text that books or directory have and that stays where it is; blank is 0. */
SP_MUST_CHECK enum sp_status sp__area_add(struct sp__areas *areas, struct sp_name text,
                                          struct sp_memory *memory, uint32_t *id);
/* A known area by its text, 0 = blank or not known. */
uint32_t sp__area_find(struct sp__areas *areas, const char *text, size_t length);
/* Area that a field of a record names; only the three area fields. */
uint32_t sp__area_of_field(struct sp__areas *areas, const struct sp_cdr *cdr,
                           enum sp_cdr_text field);
/* Area of a cell in a book, 0 if there is none, and whether its network is abroad (§6.7). The memo
 * is valid until the next call. */
const struct sp__cell_memo *sp__area_of_cell(struct sp__areas *areas, const struct sp_books *books,
                                             uint32_t book, struct sp_name plmn, int64_t lac);

/* Text of a known area; of 0 the blank one. For explain: looks through the table. */
struct sp_name sp__area_name(const struct sp__areas *areas, uint32_t id);

static inline uint8_t *sp__area_depth(uint8_t *depths, uint64_t digits)
{
  uint64_t front = digits >> (64 - 4 * SP__DEPTH_DIGITS);
  return depths + (front * SP_HASH_K0 >> (64 - SP__DEPTH_BITS));
}

static inline bool sp__area_same_province(const struct sp__areas *areas, uint32_t book, uint32_t a,
                                          uint32_t b)
{
  if ((a | b) & SP__AREA_OWN) {
    return false;
  }
  uint32_t province = areas->provinces[book][a];
  return province != 0 && province == areas->provinces[book][b];
}

#endif
