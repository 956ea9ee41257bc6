/* Areas, cells and prefixes as small numbers: every area text that a loaded book or the directory
 * knows has a number, so that places compare as words (book.md §6.5, §6.6). A text that nobody
 * knows is told apart within its record only: it equals itself and lies in no province. Made once
 * per set of books; memos make what repeats cheap. One thread. */
#ifndef SP_INGEST_RESOLVE_AREA_H
#define SP_INGEST_RESOLVE_AREA_H

#include <string.h>

#include "rating/directory.h"
#include "rating/hash.h"
#include "rating/memory.h"
#include "rating/number.h"

#define SP__AREA_MEMOS 256 /* powers of two */
#define SP__CELL_MEMOS 2048
#define SP__PREFIX_MEMOS 2048

/* An area: 0 = blank, 1 .. count = known, SP__AREA_OWN | field = the text of that field of the
 * record, which nobody knows. */
#define SP__AREA_OWN UINT32_C(0x80000000)

struct sp__area_memo {
  uint64_t word; /* the text's bytes, 0 = free */
  uint32_t id;
};

struct sp__cell_memo { /* what plmn and lac say */
  uint64_t plmn;       /* bytes, 0 = free */
  int64_t lac;
  uint32_t area;
  uint16_t book; /* index + 1 */
  uint8_t roam;  /* SP_ROAM_HOME: not abroad */
  uint8_t reserved;
};

struct sp__prefix_memo { /* what the leading digits say, as many as can decide */
  uint64_t head;
  uint32_t prefix; /* number plan row + 1, 0 = none */
  uint32_t dest_node;
  uint32_t area;        /* of that row */
  uint32_t operator_id; /* likewise, without porting; 0 = unknown */
  uint32_t book;        /* index + 1, 0 = free */
  uint8_t kind;         /* enum sp_number_kind, of no row SP_KIND_NONE */
  uint8_t reserved[3];
};
_Static_assert(sizeof(struct sp__prefix_memo) == 32, "two memos a cache line");

struct sp__area_slot {
  struct sp_name text;
  uint32_t id; /* 0 = free */
};

struct sp__areas {
  struct sp__area_slot *slots;         /* open addressing, a power of two */
  uint32_t slots_count, count;         /* ids are 1 .. count */
  uint32_t *of_directory;              /* directory's area -> id */
  uint32_t *provinces[SP_BOOKS_MAX];   /* by id */
  uint32_t *of_prefixes[SP_BOOKS_MAX]; /* area of the number plan's row, by sp_book_find_prefix: 0
                                          and blank = 0 */
  struct sp__area_memo memos[SP__AREA_MEMOS];
  struct sp__cell_memo cells[SP__CELL_MEMOS];
  struct sp__cell_memo cell;           /* of a plmn too long to be remembered */
  uint8_t prefix_digits[SP_BOOKS_MAX]; /* no prefix of the book is longer */
  struct sp__prefix_memo prefixes[SP__PREFIX_MEMOS];
};

SP_MUST_CHECK enum sp_status sp__areas_make(struct sp__areas *areas,
                                            const struct sp_directory *directory,
                                            const struct sp_books *books, struct sp_memory *memory);
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

void sp__area_fill_prefix(const struct sp__areas *areas, const struct sp_books *books,
                          uint32_t book, uint64_t digits, struct sp__prefix_memo *memo);

static inline struct sp__prefix_memo *sp__area_prefix_memo(struct sp__areas *areas, uint64_t head)
{
  return &areas->prefixes[(head * SP_HASH_K0) >> 32 & (SP__PREFIX_MEMOS - 1)];
}

/* Fetches what sp__area_prefix reads first. */
static inline void sp__area_prefetch_prefix(struct sp__areas *areas, uint32_t book, uint64_t digits)
{
  sp_line_fetch(sp__area_prefix_memo(areas, sp_number_head(digits, areas->prefix_digits[book])));
}

/* Number plan row and destination node of a number in a book. */
static inline const struct sp__prefix_memo *sp__area_prefix(struct sp__areas *areas,
                                                            const struct sp_books *books,
                                                            uint32_t book, uint64_t digits)
{
  uint64_t head = sp_number_head(digits, areas->prefix_digits[book]);
  struct sp__prefix_memo *memo = sp__area_prefix_memo(areas, head);
  if (SP_UNLIKELY(memo->head != head || memo->book != book + 1)) {
    sp__area_fill_prefix(areas, books, book, digits, memo);
  }
  return memo;
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
