/* Canonical CSV. Two ways through a line: the quick one for lines that hold nothing but plain ASCII
 * cells, the careful one for quotes, blanks and other bytes. Both say the same (a test compares
 * them). */
#include "ingest/decode_slots.h"

#include "rating/text.h"

#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define BLOCK_BYTES 64
#define ALWAYS_INLINE inline __attribute__((always_inline))

enum line_state { LINE_RECORD, LINE_BAD, LINE_EMPTY, LINE_CUT, LINE_ENDLESS, LINE_CAREFUL };

/* A line taken apart: cells as spans of its beginning, quotes gone, "" still double. */
struct line {
  size_t length;   /* without the break */
  size_t next;     /* with it */
  unsigned count;  /* cells, also those beyond what is kept */
  uint32_t breaks; /* physical lines it is */
  bool doubled;    /* some quoted cell holds "" */
  struct sp_span cells[SP_DECODE_COLUMNS_MAX];
  bool quoted[SP_DECODE_COLUMNS_MAX];
};

#if defined(__SSE2__)
/* As one word: the compiler would store two. */
static inline void span_put(struct sp_span *span, unsigned at, unsigned length)
{
  uint32_t word = at | length << 16;
  memcpy(span, &word, sizeof(*span));
}

/* Behind the break at `end`; 0: what stands there is no break. */
static inline size_t line_end(const char *at, size_t left, size_t end, bool last)
{
  if (SP_UNLIKELY(end == left)) {
    return last ? left : 0;
  }
  if (SP_LIKELY(at[end] == '\n')) {
    return end + 1;
  }
  return at[end] == '\r' && end + 1 < left && at[end + 1] == '\n' ? end + 2 : 0;
}

struct block_masks {
  uint64_t commas;
  uint64_t specials; /* bytes below 0x23 or above 0x7F: breaks, blanks, quotes, what is not ASCII */
};

static inline void block_read(const char *at, struct block_masks *masks)
{
  const __m128i comma = _mm_set1_epi8(','), bound = _mm_set1_epi8(0x23);
  *masks = (struct block_masks){0, 0};
  for (unsigned i = 0; i < BLOCK_BYTES; i += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
    unsigned commas = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, comma));
    unsigned specials = (unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(bytes, bound));
    masks->commas |= (uint64_t)commas << i;
    masks->specials |= (uint64_t)specials << i;
  }
}

/* The same with wider registers; sp_decoder.wide says that the machine has them. */
#define WIDE __attribute__((target("avx2,bmi,bmi2,popcnt")))
static inline WIDE void block_read_wide(const char *at, struct block_masks *masks)
{
  const __m256i comma = _mm256_set1_epi8(','), bound = _mm256_set1_epi8(0x23);
  __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)at);
  __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
  uint32_t low_commas = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, comma));
  uint32_t high_commas = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, comma));
  uint32_t low_specials = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(bound, low));
  uint32_t high_specials = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(bound, high));
  *masks = (struct block_masks){low_commas | (uint64_t)high_commas << 32,
                                low_specials | (uint64_t)high_specials << 32};
}

typedef void block_reader(const char *at, struct block_masks *masks);

/* Near the end of the bytes: a copy that is filled up with what ends a line, or must not. */
static __attribute__((noinline)) void block_read_tail(const char *at, size_t left, bool last,
                                                      struct block_masks *masks)
{
  char tail[BLOCK_BYTES];
  memset(tail, last ? '\n' : ' ', sizeof(tail));
  memcpy(tail, at, left);
  block_read(tail, masks);
}

/* The quick way: LINE_CAREFUL if the line is not plain. Fills cells by slot at once. */
static ALWAYS_INLINE enum line_state line_read_quickly(block_reader *read,
                                                       const struct sp_decoder *decoder,
                                                       const struct sp_decode *decode,
                                                       size_t *length, size_t *next,
                                                       struct sp_span slots[SP__SLOT_COUNT])
{
  const char *at = decode->bytes + decode->consumed;
  const size_t left = decode->length - decode->consumed;
  unsigned count = 0, begin = 0;
  if (SP_UNLIKELY(*at == '#' || decoder->careful)) {
    return LINE_CAREFUL;
  }
  for (unsigned base = 0; base < SP_CDR_BYTES_MAX - 2 * BLOCK_BYTES; base += BLOCK_BYTES) {
    struct block_masks masks;
    if (SP_LIKELY(left - base >= BLOCK_BYTES)) {
      read(at + base, &masks);
    } else {
      block_read_tail(at + base, left - base, decode->last, &masks);
    }
    uint64_t commas = masks.commas & ((masks.specials & (0 - masks.specials)) - 1);
    if (SP_UNLIKELY(count + (unsigned)__builtin_popcountll(commas) >= SP_DECODE_COLUMNS_MAX)) {
      return LINE_CAREFUL;
    }
    for (; commas != 0; commas &= commas - 1) {
      unsigned end = base + (unsigned)__builtin_ctzll(commas);
      span_put(&slots[decoder->slots[count++]], begin, end - begin);
      begin = end + 1;
    }
    if (masks.specials != 0) {
      unsigned end = base + (unsigned)__builtin_ctzll(masks.specials);
      *length = end;
      *next = line_end(at, left, end, decode->last);
      if (SP_UNLIKELY(*next == 0 || end == 0)) {
        return *next == 0 ? LINE_CAREFUL : LINE_EMPTY;
      }
      span_put(&slots[decoder->slots[count++]], begin, end - begin);
      return SP_LIKELY(count == decoder->columns) ? LINE_RECORD : LINE_BAD;
    }
  }
  return LINE_CAREFUL;
}
#else
typedef void block_reader(void);

static ALWAYS_INLINE enum line_state line_read_quickly(block_reader *read,
                                                       const struct sp_decoder *decoder,
                                                       const struct sp_decode *decode,
                                                       size_t *length, size_t *next,
                                                       struct sp_span slots[SP__SLOT_COUNT])
{
  (void)read, (void)decoder, (void)decode, (void)length, (void)next, (void)slots;
  return LINE_CAREFUL;
}
#endif

/* Whether a line ends at `at`; `cut`: it cannot be told before more bytes come. */
static bool at_break(const struct sp_decode *decode, size_t at, bool *cut)
{
  if (at == decode->length) {
    *cut = !decode->last;
    return true;
  }
  if (decode->bytes[at] != '\r') {
    return decode->bytes[at] == '\n';
  }
  if (at + 1 == decode->length) {
    *cut = !decode->last;
    return !decode->whole;
  }
  return decode->bytes[at + 1] == '\n';
}

static void cell_keep(struct line *line, const char *base, size_t from, size_t to, bool quoted)
{
  while (from < to && sp__is_blank(base[from])) {
    from++;
  }
  while (to > from && sp__is_blank(base[to - 1])) {
    to--;
  }
  if (line->count < SP_DECODE_COLUMNS_MAX) {
    line->cells[line->count] = (struct sp_span){(uint16_t)from, (uint16_t)(to - from)};
    line->quoted[line->count] = quoted;
  }
  line->count++;
}

/* Past the closing quote of a cell whose opening one is at `at`; 0: there is none up to `limit`. */
static size_t quote_close(const struct sp_decode *decode, size_t at, size_t limit,
                          struct line *line)
{
  for (at++; at < limit; at++) {
    if (decode->bytes[at] == '\n') {
      line->breaks++;
    } else if (decode->bytes[at] == '"') {
      if (at + 1 == decode->length) {
        return decode->last ? at + 1 : 0;
      }
      if (decode->bytes[at + 1] != '"') {
        return at + 1;
      }
      line->doubled = true;
      at++;
    }
  }
  return 0;
}

/* One cell from `*at`, up to what ends it. */
static enum line_state cell_read(const struct sp_decode *decode, size_t start, size_t *at,
                                 struct line *line)
{
  const char *bytes = decode->bytes;
  size_t from = *at, to = from;
  bool cut = false, quoted, text_behind = false;
  while (from < decode->length && sp__is_blank(bytes[from])) {
    from++;
  }
  quoted = from < decode->length && bytes[from] == '"';
  if (quoted) {
    bool longer = decode->length - start > SP_CDR_BYTES_MAX;
    size_t limit = longer ? start + SP_CDR_BYTES_MAX : decode->length;
    size_t close = quote_close(decode, from, limit, line);
    if (close == 0) {
      return longer || decode->last ? LINE_ENDLESS : LINE_CUT;
    }
    *at = close;
    to = close - 1;
    from++;
  }
  size_t behind = *at;
  while (!at_break(decode, *at, &cut) && bytes[*at] != ',' && *at - start <= SP_CDR_BYTES_MAX) {
    text_behind |= !sp__is_blank(bytes[*at]);
    ++*at;
  }
  if (*at - start > SP_CDR_BYTES_MAX) {
    return LINE_ENDLESS;
  }
  if (cut) {
    return LINE_CUT;
  }
  to = quoted ? to : *at;
  from = quoted ? from : behind;
  cell_keep(line, bytes + start, from - start, to - start, quoted);
  return quoted && text_behind ? LINE_BAD : LINE_RECORD;
}

/* The careful way: the line at `start`, a record over several physical lines included. */
static enum line_state line_read(const struct sp_decode *decode, size_t start, struct line *line)
{
  enum line_state state = LINE_RECORD;
  bool cut = false;
  size_t at = start;
  line->count = 0;
  line->breaks = 1;
  line->doubled = false;
  for (;;) {
    enum line_state cell = cell_read(decode, start, &at, line);
    if (cell == LINE_CUT || cell == LINE_ENDLESS) {
      return cell;
    }
    state = cell == LINE_BAD ? LINE_BAD : state;
    if (at_break(decode, at, &cut)) {
      break;
    }
    at++;
  }
  line->length = at - start;
  at += at < decode->length && decode->bytes[at] == '\r' ? 1 : 0;
  at += at < decode->length && decode->bytes[at] == '\n' ? 1 : 0;
  line->next = at - start;
  if (line->count == 1 && line->cells[0].length == 0 && !line->quoted[0]) {
    return LINE_EMPTY;
  }
  const char *text = decode->bytes + start;
  return sp__utf8_check(text, text + line->length) ? state : LINE_BAD;
}

/* Copies the cells to the scratch, "" becoming ", and leaves their spans in it. */
static const char *cells_unquote(struct sp_decode *decode, const char *text, struct line *line)
{
  char *scratch = decode->scratch + decode->scratch_used;
  size_t used = 0;
  unsigned count = line->count < SP_DECODE_COLUMNS_MAX ? line->count : SP_DECODE_COLUMNS_MAX;
  for (unsigned i = 0; i < count; i++) {
    struct sp_span cell = line->cells[i];
    size_t from = used;
    for (size_t j = 0; j < cell.length; j++) {
      char c = text[cell.at + j];
      scratch[used++] = c;
      j += c == '"' && line->quoted[i] ? 1 : 0;
    }
    line->cells[i] = (struct sp_span){(uint16_t)from, (uint16_t)(used - from)};
  }
  decode->scratch_used += used;
  return scratch;
}

static void header_warn(struct sp_decoder *decoder, const char *what, const char *name,
                        const char *expected)
{
  struct sp_text warning = SP_TEXT_INIT(decoder->warning);
  sp_text_add(&warning, what);
  sp_text_add(&warning, name);
  sp_text_add(&warning, expected);
}

static void header_foreign(struct sp_decoder *decoder)
{
  struct sp_text warning = SP_TEXT_INIT(decoder->warning);
  unsigned slot;
  sp_text_add(&warning, "the header has no column of a usage record; expected some of");
  for (unsigned i = 0; sp__slot_name(i, &slot) != NULL; i++) {
    sp_text_add(&warning, i == 0 ? " " : ", ");
    sp_text_add(&warning, sp__slot_name(i, &slot));
  }
  sp_text_add(&warning, "; or JSON objects, one a line");
}

/* The header's cells to slots. A header that names a column twice, has too many or no canonical
 * name cannot be used: every line under it is a bad_line. */
static void header_take(struct sp_decoder *decoder, const char *raw, const char *text,
                        const struct line *line)
{
  struct sp_text warning = SP_TEXT_INIT(decoder->warning);
  uint64_t seen = 0;
  bool good = line->count <= SP_DECODE_COLUMNS_MAX && line->length <= SP_DECODE_HEADER_BYTES_MAX;
  if (!good) {
    header_warn(decoder, "the header is too long; expected at most 64 columns and 8192 bytes", "",
                "");
  }
  bool any = false;
  unsigned unknown = 0;
  for (unsigned i = 0; good && i < line->count; i++) {
    struct sp_span cell = line->cells[i];
    unsigned slot = sp__slot_find(text + cell.at, cell.length);
    decoder->slots[i] = (uint8_t)slot;
    if (slot == SP__SLOT_UNKNOWN) {
      sp_text_add(&warning, unknown++ == 0 ? "unknown columns are left out: " : ", ");
      sp_text_add_shown(&warning, text + cell.at, cell.length);
      continue;
    }
    any = true;
    good = (seen >> slot & 1) == 0;
    seen |= UINT64_C(1) << slot;
    if (!good) {
      unsigned index = 0, named;
      while (sp__slot_name(index, &named) != NULL && named != slot) {
        index++;
      }
      header_warn(decoder, "the header names ", sp__slot_name(index, &named),
                  " twice; expected each column once");
    }
  }
  if (good && !any) {
    header_foreign(decoder);
  }
  decoder->header = good && any ? SP_HEADER_GOOD : SP_HEADER_BAD;
  decoder->columns = line->count;
  decoder->columns_length = 0;
  if (decoder->header == SP_HEADER_GOOD) {
    decoder->columns_length = (uint32_t)line->length;
    memcpy(decoder->columns_text, raw, line->length);
  }
}

static void record_add(struct sp_decoder *decoder, struct sp_decode *decode, size_t length)
{
  decode->raws[decode->count] =
      (struct sp_raw){decode->bytes + decode->consumed, (uint32_t)length, decoder->line};
  decode->count++;
}

static void bad_line_add(struct sp_decoder *decoder, struct sp_decode *decode, size_t length)
{
  sp__cdr_bad_line(&decode->cdrs[decode->count], decode->bytes + decode->consumed);
  record_add(decoder, decode, length);
}

static void record_convert(struct sp_decoder *decoder, struct sp_decode *decode, struct line *line)
{
  struct sp_span slots[SP__SLOT_COUNT] = {{0, 0}};
  const char *text = decode->bytes + decode->consumed;
  if (line->doubled) {
    text = cells_unquote(decode, text, line);
  }
  for (unsigned i = 0; i < line->count; i++) {
    slots[decoder->slots[i]] = line->cells[i];
  }
  sp__cdr_convert(decoder, &decode->cdrs[decode->count], text, slots);
  record_add(decoder, decode, line->length);
}

static void header_bad(struct sp_decoder *decoder)
{
  header_warn(decoder, "a quote of the header does not close well, or it is not UTF-8", "",
              "; expected the names of columns");
  decoder->header = SP_HEADER_BAD;
  decoder->columns_length = 0;
}

/* A header that is none is a bad_line itself: it may be a record of a file without header. */
static void header_read(struct sp_decoder *decoder, struct sp_decode *decode, struct line *line,
                        enum line_state state)
{
  const char *raw = decode->bytes + decode->consumed, *text = raw;
  if (line->doubled) {
    text = cells_unquote(decode, text, line);
  }
  header_take(decoder, raw, text, line);
  if (state == LINE_BAD) {
    header_bad(decoder);
  }
  if (decoder->header == SP_HEADER_BAD) {
    bad_line_add(decoder, decode, line->length);
  }
}

/* One line the careful way. False: nothing more can be done with these bytes. */
static bool line_take(struct sp_decoder *decoder, struct sp_decode *decode)
{
  struct line line;
  size_t start = decode->consumed;
  if (decode->bytes[start] == '#') {
    decoder->skipping = true;
    return sp__line_skip(decoder, decode);
  }
  enum line_state state = line_read(decode, start, &line);
  if (state == LINE_ENDLESS) {
    bool given = sp__line_give_up(decoder, decode, start);
    if (given && decoder->header == SP_HEADER_NONE) {
      header_bad(decoder);
    }
    return given;
  }
  if (state == LINE_CUT) {
    return false;
  }
  if (state != LINE_EMPTY && line.doubled &&
      decode->scratch_used + line.length > decode->scratch_size) {
    return false;
  }
  if (state == LINE_EMPTY) {
    ; /* nothing to count */
  } else if (decoder->header == SP_HEADER_NONE) {
    header_read(decoder, decode, &line, state);
  } else if (state == LINE_BAD || decoder->header == SP_HEADER_BAD ||
             line.count != decoder->columns) {
    bad_line_add(decoder, decode, line.length);
  } else {
    record_convert(decoder, decode, &line);
  }
  decode->consumed += line.next;
  decoder->line += line.breaks;
  return true;
}

/* One line. False: nothing more can be done with these bytes. */
static ALWAYS_INLINE bool line_next(block_reader *read, struct sp_decoder *decoder,
                                    struct sp_decode *decode)
{
  size_t length, next;
  struct sp_span slots[SP__SLOT_COUNT] = {{0, 0}};
  enum line_state state = line_read_quickly(read, decoder, decode, &length, &next, slots);
  if (SP_UNLIKELY(state == LINE_CAREFUL)) {
    return line_take(decoder, decode);
  }
  if (SP_LIKELY(state == LINE_RECORD)) {
    sp__cdr_convert(decoder, &decode->cdrs[decode->count], decode->bytes + decode->consumed, slots);
    record_add(decoder, decode, length);
  } else if (state == LINE_BAD) {
    bad_line_add(decoder, decode, length);
  }
  decode->consumed += next;
  decoder->line++;
  return true;
}

static ALWAYS_INLINE void lines_read(block_reader *read, struct sp_decoder *decoder,
                                     struct sp_decode *decode)
{
  bool more = true;
  while (more && decode->consumed < decode->length && decode->count < decode->count_max) {
    more = decoder->header == SP_HEADER_GOOD ? line_next(read, decoder, decode)
                                             : line_take(decoder, decode);
    if (SP_UNLIKELY(decoder->skipping)) {
      more = more && sp__line_skip(decoder, decode);
    }
  }
}

#if defined(__SSE2__)
static WIDE void lines_read_wide(struct sp_decoder *decoder, struct sp_decode *decode)
{
  lines_read(block_read_wide, decoder, decode);
}
#else
#define lines_read_wide(decoder, decode) lines_read(NULL, decoder, decode)
#define block_read NULL
#endif

void sp_decode_csv_batch(struct sp_decoder *decoder, struct sp_decode *decode)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC && decode->count_max > 0);
  SP_ASSERT(decode->bytes != NULL || decode->length == 0);
  decode->count = 0;
  decode->consumed = 0;
  decode->scratch_used = 0;
  if (decode->length == 0 || !sp__mark_skip(decoder, decode) || !sp__line_skip(decoder, decode)) {
    return;
  }
  if (decoder->wide) {
    lines_read_wide(decoder, decode);
  } else {
    lines_read(block_read, decoder, decode);
  }
}

/* Whether the cells `service` and `start` are among those of the first line. */
static bool line_is_header(const char *text, const struct line *line)
{
  bool service = false, start = false;
  unsigned count = line->count < SP_DECODE_COLUMNS_MAX ? line->count : SP_DECODE_COLUMNS_MAX;
  for (unsigned i = 0; i < count; i++) {
    struct sp_span cell = line->cells[i];
    unsigned slot = sp__slot_find(text + cell.at, cell.length);
    service |= slot == SP__SLOT_SERVICE;
    start |= slot == SP__SLOT_START;
  }
  return service && start;
}

void sp_decoder_use_header(struct sp_decoder *decoder, const char *text, size_t length)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC);
  struct sp_decode decode = {.bytes = text, .length = length, .last = true, .count_max = 1};
  char scratch[SP_DECODE_HEADER_BYTES_MAX];
  struct line line;
  decode.scratch = scratch;
  decode.scratch_size = sizeof(scratch);
  decoder->at_start = false;
  decoder->canonical = false;
  header_bad(decoder);
  if (length == 0 || length > sizeof(scratch) || line_read(&decode, 0, &line) != LINE_RECORD) {
    return;
  }
  header_take(decoder, text, line.doubled ? cells_unquote(&decode, text, &line) : text, &line);
}

static void canonical_header(struct sp_decoder *decoder)
{
  char text[512];
  size_t length = 0;
  unsigned slot = 0;
  const char *name;
  if (decoder->canonical) {
    return;
  }
  for (unsigned i = 0; (name = sp__slot_name(i, &slot)) != NULL; i++) {
    text[length] = ',';
    length += i > 0 ? 1 : 0;
    memcpy(text + length, name, strlen(name));
    length += strlen(name);
  }
  sp_decoder_use_header(decoder, text, length);
  decoder->canonical = true;
}

/* Whether the line at `at` begins with the header that holds already; its length with the break. */
static size_t same_header(const struct sp_decoder *decoder, const char *at, size_t left)
{
  size_t length = decoder->columns_length;
  if (length == 0 || left < length || memcmp(at, decoder->columns_text, length) != 0) {
    return 0;
  }
  if (left == length) {
    return length;
  }
  if (at[length] == '\n') {
    return length + 1;
  }
  return left > length + 1 && at[length] == '\r' && at[length + 1] == '\n' ? length + 2 : 0;
}

/* A quick look before a line is taken apart: a header has this word in it. */
static bool may_be_header(const char *at, size_t length)
{
  const char word[] = "service", *end = at + length;
  while ((size_t)(end - at) >= sizeof(word) - 1 &&
         (at = memchr(at, 's', (size_t)(end - at))) != NULL) {
    if ((size_t)(end - at) >= sizeof(word) - 1 && memcmp(at, word, sizeof(word) - 1) == 0) {
      return true;
    }
    at++;
  }
  return false;
}

static bool blank_line(const char *at, size_t length)
{
  length -= length > 0 && at[length - 1] == '\r' ? 1 : 0;
  for (size_t i = 0; i < length; i++) {
    if (!sp__is_blank(at[i])) {
      return false;
    }
  }
  return true;
}

size_t sp_decoder_begin_message(struct sp_decoder *decoder, const char *bytes, size_t length)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC && (bytes != NULL || length == 0));
  struct sp_decode decode = {.bytes = bytes, .length = length, .last = true, .count_max = 1};
  size_t at = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  sp_decoder_jump(decoder, 1);
  while (at < length) {
    struct line line;
    size_t same = same_header(decoder, bytes + at, length - at);
    if (same != 0) {
      decoder->line++;
      return at + same;
    }
    const char *feed = memchr(bytes + at, '\n', length - at);
    size_t seen = feed == NULL ? length - at : (size_t)(feed - (bytes + at));
    bool comment = bytes[at] == '#', blank = !comment && blank_line(bytes + at, seen);
    if (!comment && !blank && !may_be_header(bytes + at, seen)) {
      break;
    }
    enum line_state state = comment || blank ? LINE_EMPTY : line_read(&decode, at, &line);
    if (state == LINE_RECORD && line_is_header(bytes + at, &line)) {
      sp_decoder_use_header(decoder, bytes + at, line.length);
      decoder->line += line.breaks;
      return at + line.next;
    }
    if (state != LINE_EMPTY) {
      break;
    }
    decoder->line++;
    at = feed == NULL ? length : (size_t)(feed - bytes) + 1;
  }
  canonical_header(decoder);
  return at;
}
