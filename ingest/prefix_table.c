#include "ingest/prefix_table.h"

#include <string.h>

#include "rating/hash.h"
#include "rating/number.h"

#define LINE_BYTES 64u
#define STRETCHES 4u /* of a line */
#define FAN 8u       /* beginnings of a line */
#define FIELD_BITS 24u
#define FIELD_MAX ((1u << FIELD_BITS) - 1)
#define WORDS_MAX 65535u
#define WORD_SLOTS 131072u /* a power of two */
_Static_assert(STRETCHES * sizeof(struct sp__prefix_stretch) == LINE_BYTES, "a line");
_Static_assert(FAN * sizeof(uint64_t) == LINE_BYTES, "a line");

/* Beginnings and ends of prefixes in ascending order. A prefix holds from its own digits to those
 * followed by ever so much; behind its end the prefix holds again that it lies in. */
struct sweep {
  const uint64_t *keys; /* ascending */
  size_t count, at;
  uint64_t end[SP_NUMBER_DIGITS_MAX + 1]; /* first digits behind each that holds */
  uint32_t answer[SP_NUMBER_DIGITS_MAX + 1];
  unsigned depth;
};

#define SWEEP_OVER UINT64_MAX

static uint64_t sweep_next(const struct sweep *sweep)
{
  uint64_t start = sweep->at < sweep->count ? sweep->keys[sweep->at] : SWEEP_OVER;
  uint64_t end = sweep->depth > 0 ? sweep->end[sweep->depth - 1] : SWEEP_OVER;
  return start < end ? start : end;
}

/* Goes on to digits that sweep_next() gave or that lie before. */
static uint32_t sweep_to(struct sweep *sweep, uint64_t digits)
{
  while (sweep->depth > 0 && sweep->end[sweep->depth - 1] <= digits) {
    sweep->depth--;
  }
  if (sweep->at < sweep->count && sweep->keys[sweep->at] == digits) {
    unsigned length = sp_number_length(digits);
    uint64_t last = length == SP_NUMBER_DIGITS_MAX ? digits : digits | (~UINT64_C(0) >> 4 * length);
    sweep->end[sweep->depth] = last + 1; /* no digit is 15: it does not wrap */
    sweep->answer[sweep->depth++] = (uint32_t)++sweep->at;
  }
  return sweep->depth > 0 ? sweep->answer[sweep->depth - 1] : 0;
}

struct words { /* different rows, by an open hash of their numbers + 1 */
  struct sp__prefix_row *rows;
  uint32_t count;
  uint16_t *slots;
};

/* Number of a row's words; WORDS_MAX: there are too many. */
static uint32_t word_of(struct words *words, const struct sp__prefix_row *row)
{
  uint64_t hash =
      sp_hash_fold((uint64_t)row->area << 32 | row->operator_id, row->kind ^ SP_HASH_K0);
  uint32_t at = (uint32_t)(hash >> 32) & (WORD_SLOTS - 1);
  for (; words->slots[at] != 0; at = (at + 1) & (WORD_SLOTS - 1)) {
    const struct sp__prefix_row *known = &words->rows[words->slots[at] - 1];
    if (known->area == row->area && known->operator_id == row->operator_id &&
        known->kind == row->kind) {
      return words->slots[at] - 1u;
    }
  }
  if (words->count == WORDS_MAX) {
    return WORDS_MAX;
  }
  words->rows[words->count] = *row;
  words->slots[at] = (uint16_t)++words->count;
  return words->count - 1;
}

static void *lines_take(struct sp_memory *memory, size_t bytes)
{
  char *at = sp_memory_take(memory, bytes + LINE_BYTES);
  return at == NULL ? NULL : at + (LINE_BYTES - (uintptr_t)at % LINE_BYTES) % LINE_BYTES;
}

/* Fills what `count` stretches can lie in; returns how many there are, 0: they cannot be said. */
static size_t stretches_fill(struct sp__prefix_stretch *stretches, struct sweep *numbers,
                             struct sweep *dests, const struct sp__prefix_row *rows,
                             struct words *words)
{
  size_t made = 0;
  for (uint64_t from = 0; from != SWEEP_OVER;) {
    uint32_t prefix = sweep_to(numbers, from), dest = sweep_to(dests, from);
    uint32_t word = word_of(words, &rows[prefix]);
    if (word == WORDS_MAX) {
      return 0;
    }
    uint64_t said = (uint64_t)prefix << (64 - FIELD_BITS) | (uint64_t)dest << 16 | word;
    if (made == 0 || stretches[made - 1].said != said) {
      stretches[made++] = (struct sp__prefix_stretch){from, said};
    }
    uint64_t a = sweep_next(numbers), b = sweep_next(dests);
    from = a < b ? a : b;
  }
  return made;
}

static enum sp_status levels_make(struct sp__prefix_table *table, size_t count,
                                  struct sp_memory *memory)
{
  size_t lines = (count + STRETCHES - 1) / STRETCHES; /* of the level below */
  for (unsigned l = 0;; l++) {
    SP_ASSERT(l < SP__PREFIX_LEVELS_MAX);
    size_t above = (lines + FAN - 1) / FAN;
    uint64_t *level = lines_take(memory, above * LINE_BYTES);
    if (level == NULL) {
      return SP_NO_MEMORY;
    }
    for (size_t i = 0; i < above * FAN; i++) {
      level[i] = i >= lines ? SWEEP_OVER
                 : l == 0   ? table->stretches[i * STRETCHES].from
                            : table->level[l - 1][i * FAN];
    }
    table->level[l] = level;
    if (above == 1) {
      table->levels = l + 1;
      return SP_OK;
    }
    lines = above;
  }
}

enum sp_status sp__prefix_table_make(struct sp__prefix_table *table, const struct sp_book *book,
                                     const struct sp__prefix_row *rows, struct sp_memory *memory)
{
  const struct sp_book_header *header = book->header;
  struct sweep numbers = {.keys = SP_BOOK_TABLE(book, prefix_keys, uint64_t),
                          .count = header->prefix_keys.count};
  struct sweep dests = {.keys = SP_BOOK_TABLE(book, dest_keys, uint64_t),
                        .count = header->dest_keys.count};
  memset(table, 0, sizeof(*table));
  if (numbers.count > FIELD_MAX || dests.count > FIELD_MAX) {
    return SP_OK;
  }
  size_t most = 2 * (numbers.count + dests.count) + 1 + STRETCHES;
  struct words words = {
      .rows = sp_memory_take(memory, (numbers.count < WORDS_MAX ? numbers.count + 1 : WORDS_MAX) *
                                         sizeof(*words.rows)),
      .slots = sp_memory_take(memory, WORD_SLOTS * sizeof(*words.slots))};
  struct sp__prefix_stretch *stretches = lines_take(memory, most * sizeof(*stretches));
  if (words.rows == NULL || words.slots == NULL || stretches == NULL) {
    return SP_NO_MEMORY;
  }
  size_t count = stretches_fill(stretches, &numbers, &dests, rows, &words);
  if (count == 0) {
    return SP_OK;
  }
  for (size_t i = count; i % STRETCHES != 0; i++) {
    stretches[i].from = SWEEP_OVER;
  }
  table->stretches = stretches;
  table->words = words.rows;
  return levels_make(table, count, memory);
}

/* How many of a line's beginnings are not behind the digits, less one: the first never is. */
static inline size_t line_find(const uint64_t *line, uint64_t digits)
{
  size_t count = 0;
  for (unsigned i = 1; i < FAN; i++) {
    count += line[i] <= digits;
  }
  return count;
}

size_t sp__prefix_table_begin(const struct sp__prefix_table *table, uint64_t digits)
{
  size_t line = 0;
  for (unsigned l = table->levels - 1; l > 0; l--) {
    line = line * FAN + line_find(table->level[l] + line * FAN, digits);
  }
  sp_line_fetch(table->level[0] + line * FAN);
  return line;
}

size_t sp__prefix_table_go(const struct sp__prefix_table *table, uint64_t digits, size_t line)
{
  line = line * FAN + line_find(table->level[0] + line * FAN, digits);
  sp_line_fetch(table->stretches + line * STRETCHES);
  return line;
}

struct sp__prefix_found sp__prefix_table_end(const struct sp__prefix_table *table, uint64_t digits,
                                             size_t line)
{
  const struct sp__prefix_stretch *at = table->stretches + line * STRETCHES;
  size_t last = 0;
  for (unsigned i = 1; i < STRETCHES; i++) {
    last += at[i].from <= digits;
  }
  uint64_t said = at[last].said;
  return (struct sp__prefix_found){(uint32_t)(said >> (64 - FIELD_BITS)),
                                   (uint32_t)(said >> 16) & FIELD_MAX,
                                   &table->words[said & WORDS_MAX]};
}
