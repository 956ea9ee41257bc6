#include "ingest/prefix_table.h"

#include <string.h>

#include "rating/number.h"

#define LINE_BYTES 64u
#define LINK_BITS 30u      /* of an answer: row and destination node */
#define FAN_BYTES_MIN 3u   /* digits of a node of bytes: of less, links are small enough */
#define CODE_SLOTS 1024u   /* power of two, above SP__PREFIX_CODES */
#define ROOT_WORDS_EACH 4u /* the first node has at most so many for each prefix */
#define NO_HEAD 0xFFFFu    /* no number has such digits */

/* What is at hand while a table is made. Nodes and lines are made twice: first they are only
 * counted, so that then all of them are written where they stay. */
struct making {
  uint64_t *digits; /* of the prefixes that change the answer, ascending */
  uint32_t *links;  /* answer of each */
  size_t count, room;
  uint32_t *words; /* NULL: they are counted */
  size_t words_count, words_max;
};

/* A prefix that the one at hand lies in. */
struct outer {
  uint64_t digits, mask; /* of the digits it has */
  uint32_t prefix, dest, link;
};

static unsigned bits_of(uint64_t most)
{
  return most == 0 ? 0 : 64 - (unsigned)__builtin_clzll(most);
}

/* The prefixes of number plan and destinations as one list of answers. */
static void entries_fill(struct making *making, const struct sp_book *book,
                         const struct sp__prefix_rows *rows, unsigned dest_bits)
{
  const uint64_t *numbers = SP_BOOK_TABLE(book, prefix_keys, uint64_t);
  const uint64_t *dests = SP_BOOK_TABLE(book, dest_keys, uint64_t);
  const uint64_t numbers_count = book->header->prefix_keys.count;
  const uint64_t dests_count = book->header->dest_keys.count;
  struct outer outers[SP_NUMBER_DIGITS_MAX + 1];
  unsigned depth = 0;
  outers[0] = (struct outer){.link = rows->at[0] << dest_bits << 2 | SP__PREFIX_ANSWER};
  for (uint64_t i = 0, k = 0; i < numbers_count || k < dests_count;) {
    bool number = k == dests_count || (i < numbers_count && numbers[i] <= dests[k]);
    bool dest = i == numbers_count || (k < dests_count && dests[k] <= numbers[i]);
    uint64_t digits = number ? numbers[i] : dests[k];
    while ((digits & outers[depth].mask) != outers[depth].digits) {
      depth--;
    }
    SP_ASSERT(depth < SP_NUMBER_DIGITS_MAX);
    struct outer own = outers[depth];
    own.digits = digits;
    own.mask = sp_number_head(UINT64_MAX, sp_number_length(digits));
    own.prefix = number ? (uint32_t)++i : own.prefix;
    own.dest = dest ? (uint32_t)++k : own.dest;
    own.link = (rows->at[own.prefix] << dest_bits | own.dest) << 2 | SP__PREFIX_ANSWER;
    if (own.link != outers[depth].link) {
      making->digits[making->count] = digits;
      making->links[making->count++] = own.link;
    }
    outers[++depth] = own;
  }
}

/* Numbers that begin with the same digits, and the prefixes that begin with them and are longer. */
struct range {
  uint64_t head;
  unsigned skip; /* digits of it */
  uint32_t link; /* answer of those that no prefix of these begins */
  size_t first, last;
};

/* How a range is told. */
struct shape {
  unsigned kind;
  unsigned digits; /* that it takes */
  bool pair;       /* of a line */
  bool whole;      /* nothing goes on behind those digits */
};

struct counts {
  size_t heads[SP__PREFIX_FAN_MAX + 1]; /* how many different digits follow, cut behind so many */
  unsigned behind;                      /* digits of the longest prefix behind the head */
};

/* Least difference of two numbers that tells them apart by their first so many digits. */
static uint64_t difference(unsigned digits)
{
  return digits < SP_NUMBER_DIGITS_MAX ? UINT64_C(1) << (64 - 4 * digits) : 1;
}

static void range_count(const struct making *making, const struct range *range,
                        struct counts *counts)
{
  const uint64_t by1 = difference(range->skip + 1), by2 = difference(range->skip + 2),
                 by3 = difference(range->skip + 3), by4 = difference(range->skip + 4);
  size_t heads1 = 1, heads2 = 1, heads3 = 1, heads4 = 1;
  uint64_t last = making->digits[range->first], all = last;
  for (size_t i = range->first + 1; i < range->last; i++) {
    uint64_t digits = making->digits[i], differs = digits ^ last;
    heads1 += differs >= by1;
    heads2 += differs >= by2;
    heads3 += differs >= by3;
    heads4 += differs >= by4;
    all |= digits;
    last = digits;
  }
  *counts =
      (struct counts){{1, heads1, heads2, heads3, heads4}, sp_number_length(all) - range->skip};
}

static size_t tens(unsigned digits)
{
  static const size_t all[SP__PREFIX_FAN_MAX + 1] = {1, 10, 100, 1000, 10000};
  return all[digits];
}

/* Digits of a node, 0: it would be mostly empty. Where the prefixes all but fill four digits at
 * their end, those are one node; else as many as are at least half in use. */
static unsigned node_digits(const struct range *range, const struct counts *counts, bool root)
{
  size_t count = range->last - range->first;
  if (counts->behind > SP__PREFIX_FAN_MAX && counts->behind <= 2 * SP__PREFIX_FAN_MAX) {
    unsigned rest = counts->behind - SP__PREFIX_FAN_MAX;
    if (2 * count >= counts->heads[rest] * tens(SP__PREFIX_FAN_MAX)) {
      return rest;
    }
  }
  for (unsigned i = SP__PREFIX_FAN_MAX; i > 0; i--) {
    bool roomy = root && (size_t)1 << 4 * i <= ROOT_WORDS_EACH * count;
    if (range->skip + i <= SP_NUMBER_DIGITS_MAX && (2 * counts->heads[i] >= tens(i) || roomy)) {
      return i;
    }
  }
  return root ? 1 : 0;
}

/* Different links of one node of bytes. */
struct codes {
  uint32_t links[SP__PREFIX_CODES];
  unsigned count;
  uint16_t slots[CODE_SLOTS]; /* code + 1 */
};

/* SP__PREFIX_CODES: there are too many. */
static unsigned code_of(struct codes *codes, uint32_t link)
{
  unsigned at = link * UINT32_C(0x9E3779B1) >> 22; /* rule zero: CODE_SLOTS is 2^10 */
  for (; codes->slots[at] != 0; at = (at + 1) & (CODE_SLOTS - 1)) {
    if (codes->links[codes->slots[at] - 1] == link) {
      return codes->slots[at] - 1u;
    }
  }
  if (codes->count == SP__PREFIX_CODES) {
    return SP__PREFIX_CODES;
  }
  codes->links[codes->count++] = link;
  codes->slots[at] = (uint16_t)codes->count;
  return codes->count - 1;
}

/* With one for the range's own link, which is not known while it is counted. */
static bool codes_fit(const struct making *making, const struct range *range)
{
  struct codes codes = {.count = 0};
  unsigned code = 0;
  for (size_t i = range->first; i < range->last && code < SP__PREFIX_CODES - 1; i++) {
    code = code_of(&codes, making->links[i]);
  }
  return code < SP__PREFIX_CODES - 1;
}

static struct shape range_shape(const struct making *making, const struct range *range, bool root)
{
  struct counts counts = {.behind = 0};
  if (range->first < range->last) {
    range_count(making, range, &counts);
  }
  unsigned line = SP__PREFIX_FAN_MAX;
  if (root || counts.heads[line] > SP__PREFIX_HEADS_PAIR) {
    unsigned fan = node_digits(range, &counts, root);
    if (fan > 0) {
      struct shape shape = {.kind = SP__PREFIX_NODE, .digits = fan, .whole = counts.behind <= fan};
      if (!root && fan >= FAN_BYTES_MIN && shape.whole) {
        if (codes_fit(making, range)) {
          shape.kind = SP__PREFIX_BYTES;
        } else if (fan > FAN_BYTES_MIN) { /* maybe in each of its ten parts */
          shape.digits = fan - FAN_BYTES_MIN;
          shape.whole = false;
        }
      }
      return shape;
    }
    while (counts.heads[line] > SP__PREFIX_HEADS_PAIR) {
      line--;
    }
  }
  return (struct shape){.kind = SP__PREFIX_LINE,
                        .digits = line,
                        .pair = counts.heads[line] > SP__PREFIX_HEADS,
                        .whole = counts.behind <= line};
}

static size_t shape_words(const struct shape *shape)
{
  size_t words = (size_t)1 << 4 * shape->digits;
  if (shape->kind == SP__PREFIX_LINE) {
    words = shape->pair ? 2 * SP__PREFIX_LINE_WORDS : SP__PREFIX_LINE_WORDS;
  } else if (shape->kind == SP__PREFIX_BYTES) {
    words = SP__PREFIX_CODES + words / 4;
  }
  return words; /* whole lines */
}

/* A node or line on its way: its links are made one by one, while those under it are. */
struct frame {
  struct range range; /* what of it is still to do */
  struct shape shape;
  uint32_t link, *at;
  unsigned heads; /* of a line, so far */
};

static uint32_t shape_link(const struct shape *shape, size_t at, unsigned skip)
{
  uint32_t link = (uint32_t)(at / SP__PREFIX_LINE_WORDS) << 12 | skip << 2 | shape->kind;
  if (shape->kind == SP__PREFIX_LINE) {
    return link | (shape->pair ? SP__PREFIX_PAIR : 0);
  }
  return link | (64 - 4 * shape->digits) << 6;
}

/* Where a prefix of `length` digits behind the head of the frame's range begins, in its node. */
static size_t node_at(const struct frame *frame, uint64_t digits)
{
  return (size_t)(digits << 4 * frame->range.skip >> (64 - 4 * frame->shape.digits));
}

static unsigned line_heads(const struct frame *frame)
{
  return frame->shape.pair ? SP__PREFIX_HEADS_PAIR : SP__PREFIX_HEADS;
}

static void head_put(struct frame *frame, unsigned head, uint64_t digits)
{
  unsigned shift = 16 * (head % 2);
  frame->at[head / 2] &= ~(UINT32_C(0xFFFF) << shift);
  frame->at[head / 2] |= (uint32_t)digits << shift;
}

/* So far all lie outside the range's prefixes. */
static void frame_clear(struct frame *frame)
{
  uint32_t link = frame->range.link;
  if (frame->shape.kind == SP__PREFIX_LINE) {
    for (unsigned i = 0; i < line_heads(frame); i++) {
      head_put(frame, i, NO_HEAD);
    }
    frame->at[line_heads(frame) / 2] = link;
  } else if (frame->shape.kind == SP__PREFIX_NODE) {
    for (size_t i = 0; i < (size_t)1 << 4 * frame->shape.digits; i++) {
      frame->at[i] = link;
    }
  }
}

/* What the frame says so far of numbers that begin with `head`. */
static uint32_t frame_link(const struct frame *frame, uint64_t head)
{
  return frame->shape.kind == SP__PREFIX_LINE ? sp__prefix_head_link(frame->at, frame->link, head)
                                              : frame->at[node_at(frame, head)];
}

/* Puts the link of a head of at most so many digits as the frame takes. */
static void frame_put(struct frame *frame, uint64_t head, uint32_t link)
{
  if (frame->shape.kind == SP__PREFIX_LINE) {
    SP_ASSERT(frame->heads < line_heads(frame));
    head_put(frame, frame->heads++, head << 4 * frame->range.skip >> 48);
    frame->at[line_heads(frame) / 2 + frame->heads] = link;
    return;
  }
  size_t at = node_at(frame, head);
  unsigned open = frame->range.skip + frame->shape.digits - sp_number_length(head);
  for (size_t i = 0; i < (size_t)1 << 4 * open; i++) {
    frame->at[at + i] = link;
  }
}

static void bytes_fill(const struct making *making, const struct frame *frame)
{
  const struct range *range = &frame->range;
  struct codes codes = {.count = 0};
  uint8_t *bytes = (uint8_t *)(frame->at + SP__PREFIX_CODES);
  size_t size = (size_t)1 << 4 * frame->shape.digits;
  memset(bytes, (int)code_of(&codes, range->link), size);
  for (size_t i = range->first; i < range->last; i++) {
    uint64_t digits = making->digits[i];
    unsigned open = range->skip + frame->shape.digits - sp_number_length(digits);
    unsigned code = code_of(&codes, making->links[i]);
    memset(bytes + node_at(frame, digits), (int)code, (size_t)1 << 4 * open);
  }
  memcpy(frame->at, codes.links, codes.count * sizeof(*codes.links));
}

/* LIMIT: there would be more than words_max. */
static enum sp_status frame_begin(struct making *making, const struct range *range, bool root,
                                  struct frame *frame)
{
  *frame = (struct frame){.range = *range, .shape = range_shape(making, range, root)};
  size_t words = shape_words(&frame->shape);
  if (words > making->words_max - making->words_count) {
    return SP_LIMIT;
  }
  frame->link = shape_link(&frame->shape, making->words_count, range->skip);
  frame->at = making->words == NULL ? NULL : making->words + making->words_count;
  making->words_count += words;
  if (frame->at == NULL) {
    frame->range.first = frame->shape.whole ? range->last : range->first;
  } else if (frame->shape.kind == SP__PREFIX_BYTES) {
    bytes_fill(making, frame);
    frame->range.first = range->last;
  } else {
    frame_clear(frame);
  }
  return SP_OK;
}

/* The next head of a frame: the digits it takes, and the prefixes that go on behind them. */
static struct range frame_part(const struct making *making, struct frame *frame)
{
  struct range *range = &frame->range;
  unsigned skip = range->skip + frame->shape.digits;
  uint64_t digits = making->digits[range->first];
  bool own = sp_number_length(digits) <= skip;
  struct range part = {.head = sp_number_head(digits, own ? sp_number_length(digits) : skip),
                       .skip = skip};
  if (frame->at != NULL) {
    part.link = own ? making->links[range->first] : frame_link(frame, part.head);
  }
  range->first += own;
  part.first = range->first;
  if (sp_number_length(part.head) == skip) {
    const uint64_t mask = sp_number_head(UINT64_MAX, skip);
    while (range->first < range->last && (making->digits[range->first] & mask) == part.head) {
      range->first++;
    }
  }
  part.last = range->first;
  return part;
}

/* Goes on with the last of `depth` frames by one head, which may add a frame. */
static enum sp_status frames_go(struct making *making, struct frame *frames, unsigned *depth)
{
  struct frame *frame = &frames[*depth - 1];
  struct range part = frame_part(making, frame);
  uint32_t link = part.link;
  if (part.first < part.last) {
    SP_ASSERT(*depth < SP_NUMBER_DIGITS_MAX);
    SP_TRY(frame_begin(making, &part, false, &frames[*depth]));
    link = frames[(*depth)++].link;
  }
  if (frame->at != NULL) {
    frame_put(frame, part.head, link);
  }
  return SP_OK;
}

static enum sp_status words_make(struct making *making, uint32_t none, unsigned *root_shift)
{
  struct frame frames[SP_NUMBER_DIGITS_MAX];
  struct range all = {.link = none, .last = making->count};
  making->words_count = 0;
  SP_TRY(frame_begin(making, &all, true, &frames[0]));
  *root_shift = 64 - 4 * frames[0].shape.digits;
  for (unsigned depth = 1; depth > 0;) {
    if (frames[depth - 1].range.first == frames[depth - 1].range.last) {
      depth--;
    } else {
      SP_TRY(frames_go(making, frames, &depth));
    }
  }
  return SP_OK;
}

static enum sp_status table_make(struct making *making, const struct sp__prefix_rows *rows,
                                 struct sp__prefix_table *table, struct sp_memory *memory)
{
  uint32_t none = rows->at[0] << table->dest_bits << 2 | SP__PREFIX_ANSWER;
  SP_TRY(words_make(making, none, &table->root_shift));
  size_t words_count = making->words_count;
  char *at = sp_memory_take(memory, words_count * sizeof(*making->words) + LINE_BYTES);
  if (at == NULL) {
    return SP_NO_MEMORY;
  }
  at += (LINE_BYTES - (uintptr_t)at % LINE_BYTES) % LINE_BYTES;
  making->words = (uint32_t *)(void *)at;
  SP_TRY(words_make(making, none, &table->root_shift));
  SP_ASSERT(making->words_count == words_count);
  table->words = making->words;
  table->rows = rows->row;
  return SP_OK;
}

enum sp_status sp__prefix_table_make(struct sp__prefix_table *table, const struct sp_book *book,
                                     const struct sp__prefix_rows *rows, uint32_t words_max,
                                     struct sp_memory *memory)
{
  const struct sp_book_header *header = book->header;
  struct making making = {.words_max = words_max};
  memset(table, 0, sizeof(*table));
  SP_ASSERT(words_max <= SP__PREFIX_WORDS_MAX);
  table->dest_bits = bits_of(header->dest_keys.count);
  if (bits_of(rows->count - 1) + table->dest_bits > LINK_BITS ||
      header->prefix_keys.count > words_max || header->dest_keys.count > words_max) {
    return SP_OK;
  }
  making.room = header->prefix_keys.count + header->dest_keys.count + 1;
  making.digits = sp_memory_take_table(memory, making.room * sizeof(*making.digits));
  making.links = sp_memory_take_table(memory, making.room * sizeof(*making.links));
  enum sp_status status = SP_NO_MEMORY;
  if (making.digits != NULL && making.links != NULL) {
    entries_fill(&making, book, rows, table->dest_bits);
    status = table_make(&making, rows, table, memory);
  }
  sp_memory_give_table(memory, making.digits, making.room * sizeof(*making.digits));
  sp_memory_give_table(memory, making.links, making.room * sizeof(*making.links));
  return status == SP_LIMIT ? SP_OK : status;
}

/* Apart, so that the way without it needs few registers. */
static __attribute__((noinline)) uint32_t head_link(const uint32_t *line, uint32_t link,
                                                    uint64_t digits)
{
  return sp__prefix_head_link(line, link, digits);
}

uint32_t sp__prefix_end(const struct sp__prefix_table *table, uint32_t link, uint64_t digits)
{
  while ((link & 3) != SP__PREFIX_ANSWER) {
    const uint32_t *at = sp__prefix_line(table, link);
    if ((link & 3) == SP__PREFIX_BYTES) {
      link = at[*sp__prefix_byte(at, link, digits)];
    } else if ((link & 3) == SP__PREFIX_LINE) {
      link = head_link(at, link, digits);
    } else {
      link = at[sp__prefix_next(link, digits)];
    }
  }
  return link;
}
