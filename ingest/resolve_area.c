#include "ingest/resolve_area.h"

#include "rating/book_lookup.h"

#define SLOTS_FIRST 256u
#define PREFIXES_NEAR \
  4096 /* so many, of numbers and destinations, stay in the processor's caches */

static struct sp__area_slot *slot_of(const struct sp__areas *areas, struct sp_name text)
{
  uint32_t mask = areas->slots_count - 1;
  uint32_t at = (uint32_t)sp_hash64(text.text, text.length, 0) & mask;
  while (areas->slots[at].id != 0 &&
         !(areas->slots[at].text.length == text.length &&
           memcmp(areas->slots[at].text.text, text.text, text.length) == 0)) {
    at = (at + 1) & mask;
  }
  return &areas->slots[at];
}

/* Room for as many texts again. LIMIT: more than 2^30 of them. */
static enum sp_status slots_grow(struct sp__areas *areas, struct sp_memory *memory)
{
  struct sp__areas grown = *areas;
  if (grown.slots_count > UINT32_MAX / 2) {
    return SP_LIMIT;
  }
  grown.slots_count = grown.slots_count == 0 ? SLOTS_FIRST : 2 * grown.slots_count;
  grown.slots = sp_memory_take(memory, grown.slots_count * sizeof(*grown.slots));
  if (grown.slots == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint32_t i = 0; i < areas->slots_count; i++) {
    if (areas->slots[i].id != 0) {
      *slot_of(&grown, areas->slots[i].text) = areas->slots[i];
    }
  }
  areas->slots = grown.slots;
  areas->slots_count = grown.slots_count;
  return SP_OK;
}

enum sp_status sp__area_add(struct sp__areas *areas, struct sp_name text, struct sp_memory *memory,
                            uint32_t *id)
{
  *id = 0;
  if (text.length == 0) {
    return SP_OK;
  }
  if (areas->count >= areas->slots_count / 2) {
    SP_TRY(slots_grow(areas, memory));
  }
  struct sp__area_slot *slot = slot_of(areas, text);
  if (slot->id == 0) {
    *slot = (struct sp__area_slot){text, ++areas->count};
  }
  *id = slot->id;
  return SP_OK;
}

static struct sp_name book_name(const struct sp_book *book, struct sp_book_name name)
{
  return (struct sp_name){sp_book_text(book, name), name.length};
}

static enum sp_status book_add(struct sp__areas *areas, const struct sp_books *books,
                               uint32_t index, struct sp_memory *memory)
{
  const struct sp_book *book = &books->book[index];
  const struct sp_book_area *rows = SP_BOOK_TABLE(book, areas, struct sp_book_area);
  const struct sp_book_cell *cells = SP_BOOK_TABLE(book, cells, struct sp_book_cell);
  uint32_t id;
  for (uint64_t i = 0; i < book->header->areas.count; i++) {
    SP_TRY(sp__area_add(areas, book_name(book, rows[i].area), memory, &id));
  }
  for (uint64_t i = 0; i < book->header->cells.count; i++) {
    SP_TRY(sp__area_add(areas, book_name(book, cells[i].area), memory, &id));
  }
  SP_TRY(sp__prefix_rows_make(&areas->rows[index], areas, book, memory));
  if (book->header->prefixes.count + book->header->dest_nodes.count > PREFIXES_NEAR) {
    SP_TRY(sp__prefix_table_make(&areas->tables[index], book, &areas->rows[index],
                                 SP__PREFIX_WORDS_MAX, memory));
    areas->large |= areas->tables[index].words != NULL;
  }
  return SP_OK;
}

static void depth_add(uint8_t *depths, uint64_t digits, uint32_t length)
{
  SP_ASSERT(length <= SP_NUMBER_DIGITS_MAX);
  uint8_t *depth = sp__area_depth(depths, digits);
  *depth = length > *depth ? (uint8_t)length : *depth;
}

/* A prefix of less digits needs no entry: the digits that find one decide about it as well. */
static enum sp_status depths_make(struct sp__areas *areas, const struct sp_book *book,
                                  uint32_t index, struct sp_memory *memory)
{
  const struct sp_book_prefix *prefixes = SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix);
  const struct sp_book_dest_node *nodes = SP_BOOK_TABLE(book, dest_nodes, struct sp_book_dest_node);
  uint8_t *depths = sp_memory_take(memory, 1u << SP__DEPTH_BITS);
  if (depths == NULL) {
    return SP_NO_MEMORY;
  }
  memset(depths, SP__DEPTH_DIGITS, 1u << SP__DEPTH_BITS);
  for (uint64_t i = 0; i < book->header->prefixes.count; i++) {
    depth_add(depths, prefixes[i].digits, prefixes[i].length);
  }
  for (uint64_t i = 0; i < book->header->dest_nodes.count; i++) {
    depth_add(depths, nodes[i].digits, nodes[i].length);
  }
  areas->depths[index] = depths;
  return SP_OK;
}

static enum sp_status provinces_make(struct sp__areas *areas, const struct sp_books *books,
                                     uint32_t index, struct sp_memory *memory)
{
  uint32_t *provinces = sp_memory_take(memory, ((size_t)areas->count + 1) * sizeof(*provinces));
  if (provinces == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint32_t i = 0; i < areas->slots_count; i++) {
    const struct sp__area_slot *slot = &areas->slots[i];
    if (slot->id != 0) {
      provinces[slot->id] =
          sp_book_find_province(&books->book[index], slot->text.text, slot->text.length);
    }
  }
  areas->provinces[index] = provinces;
  return SP_OK;
}

enum sp_status sp__areas_make(struct sp__areas *areas, const struct sp_directory *directory,
                              const struct sp_books *books, struct sp_memory *memory)
{
  memset(areas, 0, sizeof(*areas));
  SP_TRY(slots_grow(areas, memory));
  for (uint32_t i = 0; i < books->count; i++) {
    SP_TRY(book_add(areas, books, i, memory));
    SP_TRY(depths_make(areas, &books->book[i], i, memory));
  }
  uint32_t count = sp_directory_area_count(directory);
  areas->of_directory = sp_memory_take(memory, ((size_t)count + 1) * sizeof(uint32_t));
  if (areas->of_directory == NULL) {
    return SP_NO_MEMORY;
  }
  for (uint32_t i = 1; i <= count; i++) {
    SP_TRY(sp__area_add(areas, sp_directory_area(directory, i), memory, &areas->of_directory[i]));
  }
  for (uint32_t i = 0; i < books->count; i++) {
    SP_TRY(provinces_make(areas, books, i, memory));
  }
  return SP_OK;
}

/* Up to eight bytes as a word; no text has a zero byte at its end, so equal words are equal texts.
 * 0: longer, or it has. */
static inline uint64_t text_word(const char *text, size_t length)
{
  const unsigned char *at = (const unsigned char *)text;
  if (length > 8 || length == 0 || at[length - 1] == 0) {
    return 0;
  }
  if (length >= 4) {
    uint32_t first, last;
    memcpy(&first, at, 4);
    memcpy(&last, at + length - 4, 4);
    return first | (uint64_t)last << (8 * (length - 4));
  }
  return at[0] | (uint64_t)at[length / 2] << (8 * (length / 2)) |
         (uint64_t)at[length - 1] << (8 * (length - 1));
}

uint32_t sp__area_find(struct sp__areas *areas, const char *text, size_t length)
{
  if (length == 0) {
    return 0;
  }
  uint64_t word = text_word(text, length);
  struct sp__area_memo *memo = &areas->memos[word * SP_HASH_K0 >> 32 & (SP__AREA_MEMOS - 1)];
  if (word != 0 && memo->word == word) {
    return memo->id;
  }
  uint32_t id = slot_of(areas, (struct sp_name){text, (uint32_t)length})->id;
  if (word != 0) {
    *memo = (struct sp__area_memo){word, id};
  }
  return id;
}

uint32_t sp__area_of_field(struct sp__areas *areas, const struct sp_cdr *cdr,
                           enum sp_cdr_text field)
{
  static const uint8_t fields[3] = {SP_CDR_HOME_AREA, SP_CDR_VISITED_AREA, SP_CDR_OTHER_AREA};
  const char *text = sp_cdr_text(cdr, field);
  size_t length = sp_cdr_text_length(cdr, field);
  uint32_t id = sp__area_find(areas, text, length);
  for (int i = 0; i < 3 && id == 0 && length > 0; i++) {
    enum sp_cdr_text other = (enum sp_cdr_text)fields[i];
    if (sp_cdr_text_length(cdr, other) == length &&
        memcmp(sp_cdr_text(cdr, other), text, length) == 0) {
      return SP__AREA_OWN | other; /* the first of the fields with this text, at last its own */
    }
  }
  return id;
}

/* Abroad by plmn (§6.7): SP_ROAM_HOME = not abroad. */
static enum sp_roam abroad(const struct sp_book *book, const char *plmn, size_t length)
{
  if (length == 0) {
    return SP_ROAM_HOME;
  }
  uint32_t mcc = UINT32_MAX;
  if (length >= 3) {
    unsigned a = (unsigned)(unsigned char)plmn[0] - '0', b = (unsigned)(unsigned char)plmn[1] - '0',
             c = (unsigned)(unsigned char)plmn[2] - '0';
    mcc = a < 10 && b < 10 && c < 10 ? a * 100 + b * 10 + c : UINT32_MAX;
  }
  for (uint32_t i = 0; i < book->header->home_mcc_count; i++) {
    if (book->header->home_mcc[i] == mcc) {
      return SP_ROAM_HOME;
    }
  }
  return mcc == 454 || mcc == 455 || mcc == 466 ? SP_ROAM_HMT : SP_ROAM_INTERNATIONAL;
}

static void cell_find(const struct sp__areas *areas, const struct sp_books *books, uint32_t book,
                      struct sp_name plmn, struct sp__cell_memo *memo)
{
  const struct sp_book *of = &books->book[book];
  memo->roam = (uint8_t)abroad(of, plmn.text, plmn.length);
  memo->area = 0;
  if (memo->lac >= 0 && of->header->cells.count > 0) {
    struct sp_book_name found = sp_book_find_cell_area(of, plmn.text, plmn.length, memo->lac);
    struct sp_name text = book_name(of, found);
    memo->area = text.length == 0 ? 0 : slot_of(areas, text)->id;
  }
}

const struct sp__cell_memo *sp__area_of_cell(struct sp__areas *areas, const struct sp_books *books,
                                             uint32_t book, struct sp_name plmn, int64_t lac)
{
  uint64_t word = text_word(plmn.text, plmn.length);
  uint64_t hash = (word ^ (uint64_t)lac << 20) * SP_HASH_K0;
  struct sp__cell_memo *memo =
      word == 0 ? &areas->cell : &areas->cells[hash >> 32 & (SP__CELL_MEMOS - 1)];
  if (SP_UNLIKELY(memo->plmn != word || memo->lac != lac || memo->book != book + 1 || word == 0)) {
    *memo = (struct sp__cell_memo){.plmn = word, .lac = lac, .book = (uint16_t)(book + 1)};
    cell_find(areas, books, book, plmn, memo);
  }
  return memo;
}

struct sp_name sp__area_name(const struct sp__areas *areas, uint32_t id)
{
  for (uint32_t i = 0; i < areas->slots_count && id != 0; i++) {
    if (areas->slots[i].id == id) {
      return areas->slots[i].text;
    }
  }
  return (struct sp_name){"", 0};
}
