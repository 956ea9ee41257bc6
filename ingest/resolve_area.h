/* Areas and cells as small numbers: every area text that a loaded book or the directory knows has a
 * number, so that places compare as words (book.md §6.5, §6.6). A text nobody knows has none: it
 * equals only itself and lies in no province. Made once per set of books; memos make the texts that
 * repeat cheap. One thread. */
#ifndef SP_INGEST_RESOLVE_AREA_H
#define SP_INGEST_RESOLVE_AREA_H

#include <string.h>

#include "rating/directory.h"
#include "rating/hash.h"
#include "rating/memory.h"
#include "rating/number.h"

#define SP__AREA_MEMOS 256 /* powers of two */
#define SP__CELL_MEMOS 2048
#define SP__PREFIX_MEMOS 4096

struct sp__area {   /* a place: blank, known or only a text */
  uint32_t id;      /* 0 = blank or not known */
  uint32_t length;  /* of text: 0 and id 0 = blank */
  const char *text; /* borrowed; NULL where an id says all */
};

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

struct sp__prefix_memo { /* of the digits that can decide */
  uint64_t head;
  uint32_t prefix, dest_node;
};

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
  struct sp__cell_memo cell; /* of a plmn too long to be remembered */
  uint32_t prefix_book;      /* the book whose memos stand below */
  unsigned prefix_digits;    /* no prefix of that book is longer */
  struct sp__prefix_memo prefixes[SP__PREFIX_MEMOS];
};

SP_MUST_CHECK enum sp_status sp__areas_make(struct sp__areas *areas,
                                            const struct sp_directory *directory,
                                            const struct sp_books *books, struct sp_memory *memory);
/* An area by its text, which stays the caller's. */
struct sp__area sp__area_find(struct sp__areas *areas, const char *text, size_t length);
/* Area of a cell in a book, 0 if there is none, and whether its network is abroad (§6.7). The memo
 * is valid until the next call. */
const struct sp__cell_memo *sp__area_of_cell(struct sp__areas *areas, const struct sp_books *books,
                                             uint32_t book, struct sp_name plmn, int64_t lac);

/* Text of a known area; of 0 the blank one. For explain: looks through the table. */
struct sp_name sp__area_name(const struct sp__areas *areas, uint32_t id);

/* Makes `prefixes` those of a book, empty. */
void sp__area_use_book(struct sp__areas *areas, const struct sp_books *books, uint32_t book);
void sp__area_fill_prefix(const struct sp_books *books, uint32_t book, uint64_t digits,
                          uint64_t head, struct sp__prefix_memo *memo);

/* Number plan row and destination node of a number in a book. */
static inline const struct sp__prefix_memo *sp__area_prefix(struct sp__areas *areas,
                                                            const struct sp_books *books,
                                                            uint32_t book, uint64_t digits)
{
  if (SP_UNLIKELY(areas->prefix_book != book)) {
    sp__area_use_book(areas, books, book);
  }
  uint64_t head = sp_number_head(digits, areas->prefix_digits);
  struct sp__prefix_memo *memo =
      &areas->prefixes[(head * SP_HASH_K0) >> 32 & (SP__PREFIX_MEMOS - 1)];
  if (SP_UNLIKELY(memo->head != head)) {
    sp__area_fill_prefix(books, book, digits, head, memo);
  }
  return memo;
}

static inline struct sp__area sp__area_known(uint32_t id)
{
  return (struct sp__area){id, 0, NULL};
}

static inline bool sp__area_is_blank(struct sp__area area)
{
  return area.id == 0 && area.length == 0;
}

/* Neither blank, and the same text. */
static inline bool sp__area_equal(struct sp__area a, struct sp__area b)
{
  if ((a.id | b.id) != 0) {
    return a.id == b.id;
  }
  return a.length > 0 && a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static inline bool sp__area_same_province(const struct sp__areas *areas, uint32_t book,
                                          struct sp__area a, struct sp__area b)
{
  uint32_t province = areas->provinces[book][a.id];
  return province != 0 && province == areas->provinces[book][b.id];
}

#endif
