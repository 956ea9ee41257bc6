#include "ingest/prefix_table.h"

#include <string.h>

#include "rating/hash.h"
#include "rating/number.h"

#define LINE_BYTES 64u
#define LINE_WORDS 16u
#define STARTS_FEW 3u /* of a line: stretches less one */
#define STARTS_MORE 7u
#define LINE_DIGITS 7u  /* that follow, of which a line says where stretches begin */
#define WORDS_A_START 4 /* a node has at most so many for each stretch that begins in it */
#define NO_START UINT32_MAX
#define WORDS_FIRST 65536u
#define NIBBLE_MAX 10u /* of a digit (rating/number.h) */

struct stretch { /* until the next one begins */
  uint64_t from; /* digits as in struct sp_number */
  uint32_t link; /* of an answer */
};

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

/* First number behind all that begin with a prefix: behind 129 that is 13. */
static uint64_t prefix_end(uint64_t digits)
{
  uint64_t one = UINT64_C(1) << (64 - 4 * sp_number_length(digits)), end = digits + one;
  while (one != 0 && (end / one & 15) > NIBBLE_MAX) {
    end += (16 - NIBBLE_MAX - 1) * one;
    one <<= 4;
  }
  return one == 0 ? SWEEP_OVER : end;
}

/* Goes on to digits that sweep_next() gave or that lie before. */
static uint32_t sweep_to(struct sweep *sweep, uint64_t digits)
{
  while (sweep->depth > 0 && sweep->end[sweep->depth - 1] <= digits) {
    sweep->depth--;
  }
  if (sweep->at < sweep->count && sweep->keys[sweep->at] == digits) {
    sweep->end[sweep->depth] = prefix_end(digits);
    sweep->answer[sweep->depth++] = (uint32_t)++sweep->at;
  }
  return sweep->depth > 0 ? sweep->answer[sweep->depth - 1] : 0;
}

/* What is at hand while a table is made. */
struct making {
  struct sp_memory *memory;
  struct stretch *stretches; /* ascending, the first from 0 on */
  size_t stretches_count, stretches_bytes;
  struct sp__prefix_answer *answers; /* from 1 on, once each, by an open hash of their numbers */
  uint32_t answers_count;
  size_t answers_bytes;
  uint32_t *slots; /* a power of two */
  size_t slots_count;
  uint32_t *words;
  size_t words_count, words_room, words_max;
  size_t half; /* of a line that is free, 0: none */
};

static uint32_t answer_of(uint32_t number)
{
  return number << 2 | SP__PREFIX_ANSWER;
}

static uint32_t answer_link(struct making *making, const struct sp__prefix_row *row,
                            uint32_t dest_node)
{
  uint64_t rest = (uint64_t)dest_node << 9 | (unsigned)row->known << 8 | row->kind;
  uint64_t hash = sp_hash_word(sp_hash_word((uint64_t)row->area << 32 | row->operator_id) ^ rest);
  size_t mask = making->slots_count - 1, at = (size_t)hash & mask;
  for (; making->slots[at] != 0; at = (at + 1) & mask) {
    const struct sp__prefix_answer *known = &making->answers[making->slots[at]];
    if (known->dest_node == dest_node && known->row.area == row->area &&
        known->row.operator_id == row->operator_id && known->row.kind == row->kind &&
        known->row.known == row->known) {
      return answer_of(making->slots[at]);
    }
  }
  making->slots[at] = ++making->answers_count;
  making->answers[making->answers_count] =
      (struct sp__prefix_answer){.row = *row, .dest_node = dest_node};
  return answer_of(making->answers_count);
}

static void stretches_fill(struct making *making, struct sweep *numbers, struct sweep *dests,
                           const struct sp__prefix_row *rows)
{
  for (uint64_t from = 0; from != SWEEP_OVER;) {
    uint32_t prefix = sweep_to(numbers, from), dest = sweep_to(dests, from);
    uint32_t link = answer_link(making, &rows[prefix], dest);
    size_t count = making->stretches_count;
    if (count == 0 || making->stretches[count - 1].link != link) {
      making->stretches[making->stretches_count++] = (struct stretch){from, link};
    }
    uint64_t a = sweep_next(numbers), b = sweep_next(dests);
    from = a < b ? a : b;
  }
}

/* Numbers with some leading digits: the stretches they lie in. */
struct range {
  uint64_t head;
  unsigned skip;      /* digits of it */
  size_t first, last; /* stretches, of `head` alone and of it with the highest digits behind */
};

static size_t range_starts(const struct range *range)
{
  return range->last - range->first;
}

/* Room for twice as many words, moved there. */
static enum sp_status words_grow(struct making *making)
{
  size_t room = making->words_room == 0 ? WORDS_FIRST : 2 * making->words_room;
  uint32_t *words = sp_memory_take_table(making->memory, room * sizeof(*words));
  if (words == NULL) {
    return SP_NO_MEMORY;
  }
  if (making->words != NULL) {
    memcpy(words, making->words, making->words_count * sizeof(*words));
    sp_memory_give_table(making->memory, making->words, making->words_room * sizeof(*words));
  }
  making->words = words;
  making->words_room = room;
  return SP_OK;
}

/* Takes whole lines, or half a one; `at` says where. LIMIT: there would be more than words_max. */
static enum sp_status words_take(struct making *making, size_t count, size_t *at)
{
  *at = making->words_count;
  if (count < LINE_WORDS && making->half != 0) {
    *at = making->half;
    making->half = 0;
    return SP_OK;
  }
  if (count < LINE_WORDS) {
    making->half = making->words_count + LINE_WORDS / 2;
    count = LINE_WORDS;
  }
  if (count > making->words_max - making->words_count) {
    return SP_LIMIT;
  }
  while (count > making->words_room - making->words_count) {
    SP_TRY(words_grow(making));
  }
  making->words_count += count;
  return SP_OK;
}

static uint32_t link_to(size_t at, unsigned skip, unsigned digits, unsigned kind)
{
  return (uint32_t)(at / 8) << 12 | (64 - 4 * digits) << 6 | skip << 2 | kind;
}

/* Whether a line says it all. */
static bool range_is_short(const struct making *making, const struct range *range)
{
  if (range_starts(range) > STARTS_MORE) {
    return false;
  }
  for (size_t i = range->first + 1; i <= range->last; i++) {
    if (sp_number_length(making->stretches[i].from) > range->skip + LINE_DIGITS) {
      return false;
    }
  }
  return true;
}

static enum sp_status line_make(struct making *making, const struct range *range, uint32_t *link)
{
  size_t starts = range_starts(range), most = starts > STARTS_FEW ? STARTS_MORE : STARTS_FEW, at;
  SP_TRY(words_take(making, 2 * (most + 1), &at));
  uint32_t *words = making->words + at;
  for (size_t i = 0; i <= most; i++) {
    const struct stretch *stretch = &making->stretches[range->first + i];
    words[i] = i < starts ? (uint32_t)(stretch[1].from << 4 * range->skip >> (64 - 4 * LINE_DIGITS))
                          : NO_START;
    words[most + 1 + i] = i <= starts ? stretch->link : 0;
  }
  *link =
      link_to(at, range->skip, LINE_DIGITS, most == STARTS_FEW ? SP__PREFIX_FEW : SP__PREFIX_MORE);
  return SP_OK;
}

/* A node whose links are made one by one, while the nodes under it are. */
struct frame {
  struct range range;
  unsigned fan; /* digits */
  size_t at;    /* of its words */
  uint32_t next;
};

static enum sp_status frame_begin(struct making *making, const struct range *range,
                                  struct frame *frame)
{
  unsigned fan = 1;
  while (fan < SP__PREFIX_FAN_MAX && range->skip + fan < SP_NUMBER_DIGITS_MAX &&
         (size_t)16 << 4 * fan <= WORDS_A_START * range_starts(range)) {
    fan++;
  }
  *frame = (struct frame){.range = *range, .fan = fan};
  return words_take(making, (size_t)1 << 4 * fan, &frame->at);
}

/* Those of a node's numbers whose next digits are `next`. */
static struct range frame_part(const struct making *making, struct frame *frame, uint32_t next)
{
  const struct stretch *stretches = making->stretches;
  struct range *range = &frame->range;
  struct range part = {.skip = range->skip + frame->fan};
  uint64_t one = UINT64_C(1) << (64 - 4 * part.skip);
  part.head = range->head + next * one;
  while (range->first < range->last && stretches[range->first + 1].from <= part.head) {
    range->first++;
  }
  part.first = part.last = range->first;
  while (part.last < range->last && stretches[part.last + 1].from - part.head < one) {
    part.last++;
  }
  return part;
}

/* Puts the link up to where the next stretch begins. */
static void frame_repeat(const struct making *making, struct frame *frame, uint32_t link)
{
  const struct range *range = &frame->range;
  uint32_t until = 1u << 4 * frame->fan;
  if (range->first < range->last) {
    uint64_t from = making->stretches[range->first + 1].from;
    until = (uint32_t)((from - range->head) >> (64 - 4 * (range->skip + frame->fan)));
  }
  for (; frame->next < until; frame->next++) {
    making->words[frame->at + frame->next] = link;
  }
}

/* The next link of the last of `depth` nodes; one that leads to a further node adds that. */
static enum sp_status frames_go(struct making *making, struct frame *frames, unsigned *depth)
{
  struct frame *frame = &frames[*depth - 1];
  struct range part = frame_part(making, frame, frame->next);
  uint32_t link = making->stretches[part.first].link;
  if (range_starts(&part) == 0) {
    frame_repeat(making, frame, link);
    return SP_OK;
  }
  if (range_is_short(making, &part)) {
    SP_TRY(line_make(making, &part, &link));
  } else {
    SP_ASSERT(*depth < SP_NUMBER_DIGITS_MAX);
    struct frame *next = &frames[(*depth)++];
    SP_TRY(frame_begin(making, &part, next));
    link = link_to(next->at, part.skip, next->fan, 0);
  }
  making->words[frame->at + frame->next++] = link;
  return SP_OK;
}

static enum sp_status words_fill(struct making *making, unsigned *root_shift)
{
  struct frame frames[SP_NUMBER_DIGITS_MAX];
  struct range all = {.last = making->stretches_count - 1};
  SP_TRY(frame_begin(making, &all, &frames[0]));
  *root_shift = 64 - 4 * frames[0].fan;
  for (unsigned depth = 1; depth > 0;) {
    if (frames[depth - 1].next == 1u << 4 * frames[depth - 1].fan) {
      depth--;
    } else {
      SP_TRY(frames_go(making, frames, &depth));
    }
  }
  return SP_OK;
}

static void *lines_take(struct sp_memory *memory, size_t bytes)
{
  char *at = sp_memory_take(memory, bytes + LINE_BYTES);
  return at == NULL ? NULL : at + (LINE_BYTES - (uintptr_t)at % LINE_BYTES) % LINE_BYTES;
}

static enum sp_status making_begin(struct making *making, size_t keys)
{
  size_t most = 2 * keys + 1;
  making->slots_count = 64;
  while (making->slots_count < 2 * most) {
    making->slots_count *= 2;
  }
  making->stretches_bytes = most * sizeof(*making->stretches);
  making->answers_bytes = (most + 1) * sizeof(*making->answers);
  making->stretches = sp_memory_take_table(making->memory, making->stretches_bytes);
  making->answers = sp_memory_take_table(making->memory, making->answers_bytes);
  making->slots =
      sp_memory_take_table(making->memory, making->slots_count * sizeof(*making->slots));
  return making->stretches == NULL || making->answers == NULL || making->slots == NULL
             ? SP_NO_MEMORY
             : SP_OK;
}

static void making_end(struct making *making)
{
  sp_memory_give_table(making->memory, making->stretches, making->stretches_bytes);
  sp_memory_give_table(making->memory, making->answers, making->answers_bytes);
  sp_memory_give_table(making->memory, making->words, making->words_room * sizeof(*making->words));
  sp_memory_give_table(making->memory, making->slots, making->slots_count * sizeof(*making->slots));
}

static enum sp_status table_fill(struct making *making, struct sp__prefix_table *table)
{
  unsigned root_shift;
  SP_TRY(words_fill(making, &root_shift));
  size_t words_bytes = making->words_count * sizeof(*making->words);
  size_t answers_bytes = (making->answers_count + (size_t)1) * sizeof(*making->answers);
  uint32_t *words = lines_take(making->memory, words_bytes);
  struct sp__prefix_answer *answers = lines_take(making->memory, answers_bytes);
  if (words == NULL || answers == NULL) {
    return SP_NO_MEMORY;
  }
  memcpy(words, making->words, words_bytes);
  memcpy(answers, making->answers, answers_bytes);
  *table = (struct sp__prefix_table){words, answers, root_shift};
  return SP_OK;
}

enum sp_status sp__prefix_table_make(struct sp__prefix_table *table, const struct sp_book *book,
                                     const struct sp__prefix_row *rows, uint32_t words_max,
                                     struct sp_memory *memory)
{
  const struct sp_book_header *header = book->header;
  struct sweep numbers = {.keys = SP_BOOK_TABLE(book, prefix_keys, uint64_t),
                          .count = header->prefix_keys.count};
  struct sweep dests = {.keys = SP_BOOK_TABLE(book, dest_keys, uint64_t),
                        .count = header->dest_keys.count};
  memset(table, 0, sizeof(*table));
  SP_ASSERT(words_max <= SP__PREFIX_WORDS_MAX);
  if (numbers.count > words_max || dests.count > words_max) {
    return SP_OK;
  }
  struct making making = {.memory = memory, .words_max = words_max};
  enum sp_status status = making_begin(&making, numbers.count + dests.count);
  if (status == SP_OK) {
    stretches_fill(&making, &numbers, &dests, rows);
    status = table_fill(&making, table);
  }
  making_end(&making);
  return status == SP_LIMIT ? SP_OK : status;
}
