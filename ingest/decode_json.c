/* Canonical JSON (RFC 8259): one object of strings, numbers and nulls per record. */
#include "ingest/decode_slots.h"

#include "rating/text.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* A canonical name fits when its every letter is written as \\u0061: six bytes for one. */
#define KEY_BYTES_MAX (6 * SP__NAME_BYTES_MAX)

enum json_state { JSON_GOOD, JSON_BAD, JSON_ESCAPED };

/* One object being read. `copy`: texts go to the scratch, because one of them has an escape. */
struct json {
  const char *at;
  const char *end;
  const char *text; /* base of the spans */
  char *scratch;
  size_t used;
  bool copy;
  uint32_t seen;              /* slots that had their key */
  struct sp_decode_key *keys; /* the decoder's expectations */
  const char *stranger;       /* first key that is not canonical */
  size_t stranger_length;
  struct sp_span slots[SP__SLOT_COUNT];
};

static void space_skip(struct json *json)
{
  while (json->at < json->end &&
         (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r')) {
    json->at++;
  }
}

static inline bool char_take(struct json *json, char c)
{
  if (SP_LIKELY(json->at < json->end && *json->at == c)) {
    json->at++;
    return true;
  }
  space_skip(json);
  if (json->at == json->end || *json->at != c) {
    return false;
  }
  json->at++;
  return true;
}

/* The first byte from `at` that is a quote, a backslash, a control or not ASCII. */
static inline const char *string_plain(const char *at, const char *end)
{
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\');
  const __m128i bound = _mm_set1_epi8(0x20);
  while (end - at >= 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, back));
    int mask = _mm_movemask_epi8(_mm_or_si128(stops, _mm_cmplt_epi8(bytes, bound)));
    if (mask != 0) {
      return at + __builtin_ctz((unsigned)mask);
    }
    at += 16;
  }
#endif
  while (at < end && *at != '"' && *at != '\\' && (signed char)*at >= 0x20) {
    at++;
  }
  return at;
}

/* A string that holds escapes or what is not ASCII, from the first such byte on. */
static bool string_scan_slowly(struct json *json, const char *at, const char **to, bool *escaped)
{
  while (at < json->end && *at != '"') {
    if (*at == '\\') {
      *escaped = true;
      at += 2;
      if (at > json->end) {
        return false;
      }
    } else {
      unsigned length = (signed char)*at >= 0 ? 0 : sp__utf8_length(at, json->end);
      if (length == 0) {
        return false;
      }
      at += length;
    }
    at = string_plain(at, json->end);
  }
  *to = at;
  json->at = at + 1;
  return at < json->end;
}

/* A string behind its opening quote: from, to; `escaped` if it holds a backslash. */
static inline bool string_scan(struct json *json, const char **from, const char **to, bool *escaped)
{
  const char *at = string_plain(json->at, json->end);
  *from = json->at;
  *escaped = false;
  if (SP_LIKELY(at < json->end && *at == '"')) {
    *to = at;
    json->at = at + 1;
    return true;
  }
  return string_scan_slowly(json, at, to, escaped);
}

static bool hex_read(const char *at, const char *end, unsigned *value)
{
  *value = 0;
  if (end - at < 4) {
    return false;
  }
  for (unsigned i = 0; i < 4; i++) {
    unsigned c = (unsigned char)at[i];
    unsigned lower = c | 0x20;
    unsigned digit = c - '0' <= 9 ? c - '0' : lower - 'a' <= 5 ? lower - 'a' + 10 : 16;
    if (digit > 15) {
      return false;
    }
    *value = *value << 4 | digit;
  }
  return true;
}

static size_t utf8_write(char *to, unsigned code)
{
  if (code < 0x80) {
    to[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    to[0] = (char)(0xC0 | code >> 6);
    to[1] = (char)(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    to[0] = (char)(0xE0 | code >> 12);
    to[1] = (char)(0x80 | (code >> 6 & 0x3F));
    to[2] = (char)(0x80 | (code & 0x3F));
    return 3;
  }
  to[0] = (char)(0xF0 | code >> 18);
  to[1] = (char)(0x80 | (code >> 12 & 0x3F));
  to[2] = (char)(0x80 | (code >> 6 & 0x3F));
  to[3] = (char)(0x80 | (code & 0x3F));
  return 4;
}

/* \uXXXX at the X; pairs of surrogates become one character, a lone one is an error. */
static const char *unicode_read(const char *at, const char *end, char *to, size_t *used)
{
  unsigned code = 0, low = 0;
  if (!hex_read(at, end, &code)) {
    return NULL;
  }
  at += 4;
  if (code >= 0xD800 && code < 0xDC00) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !hex_read(at + 2, end, &low) ||
        low < 0xDC00 || low > 0xDFFF) {
      return NULL;
    }
    at += 6;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code < 0xE000) {
    return NULL;
  }
  *used += utf8_write(to + *used, code);
  return at;
}

/* Unescapes [at, end) to `to`, which has room for as many bytes: an escape only shrinks. */
static bool unescape(const char *at, const char *end, char *to, size_t *length)
{
  static const char from_letters[] = "\"\\/bfnrt", to_letters[] = "\"\\/\b\f\n\r\t";
  size_t used = 0;
  while (at < end) {
    if (*at != '\\') {
      to[used++] = *at++;
      continue;
    }
    at++;
    if (*at == 'u') {
      at = unicode_read(at + 1, end, to, &used);
      if (at == NULL) {
        return false;
      }
      continue;
    }
    const char *letter = *at == '\0' ? NULL : strchr(from_letters, *at);
    if (letter == NULL) {
      return false;
    }
    to[used++] = to_letters[letter - from_letters];
    at++;
  }
  *length = used;
  return true;
}

static uint64_t word_read(const char *at)
{
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}

/* The key that stood here in the object before, with nothing between it and its colon. */
static inline bool key_guess(struct json *json, const struct sp_decode_key *key, unsigned *slot)
{
  if (json->end - json->at < (ptrdiff_t)sizeof(key->words) ||
      (((word_read(json->at) ^ key->words[0]) & key->masks[0]) |
       ((word_read(json->at + 8) ^ key->words[1]) & key->masks[1])) != 0 ||
      key->length == 0) {
    return false;
  }
  json->at += key->length;
  *slot = key->slot;
  return true;
}

/* Expects the key just read, "key": from `from` on, at this place of the next object. */
static void key_expect(struct sp_decode_key *key, const struct json *json, const char *from,
                       unsigned slot)
{
  static const char ones[sizeof(key->masks)] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                -1, -1, -1, -1, -1, -1, -1, -1};
  size_t length = (size_t)(json->at - from);
  memset(key, 0, sizeof(*key));
  if (length > sizeof(key->words) || slot == SP__SLOT_UNKNOWN) {
    return;
  }
  memcpy(key->words, from, length);
  memcpy(key->masks, ones, length);
  key->length = (uint32_t)length;
  key->slot = slot;
}

static enum json_state key_read(struct json *json, unsigned *slot)
{
  const char *from, *to;
  bool escaped;
  char name[KEY_BYTES_MAX];
  if (!char_take(json, '"') || !string_scan(json, &from, &to, &escaped)) {
    return JSON_BAD;
  }
  size_t length = (size_t)(to - from);
  if (escaped && length <= sizeof(name)) {
    if (!unescape(from, to, name, &length)) {
      return JSON_BAD;
    }
    from = name;
  }
  *slot = sp__slot_find(from, length);
  if (*slot == SP__SLOT_UNKNOWN && json->stranger == NULL && !escaped) {
    json->stranger = from;
    json->stranger_length = length;
  }
  return char_take(json, ':') ? JSON_GOOD : JSON_BAD;
}

static void span_keep(struct json *json, unsigned slot, const char *from, const char *to)
{
  while (from < to && sp__is_blank(*from)) {
    from++;
  }
  while (to > from && sp__is_blank(to[-1])) {
    to--;
  }
  json->slots[slot] = (struct sp_span){(uint16_t)(from - json->text), (uint16_t)(to - from)};
}

static enum json_state string_keep(struct json *json, unsigned slot)
{
  const char *from, *to;
  bool escaped;
  json->at++;
  if (!string_scan(json, &from, &to, &escaped)) {
    return JSON_BAD;
  }
  if (escaped && !json->copy) {
    return JSON_ESCAPED;
  }
  if (json->copy) {
    size_t length = 0;
    char *copy = json->scratch + json->used;
    if (!unescape(from, to, copy, &length)) {
      return JSON_BAD;
    }
    json->used += length;
    from = copy;
    to = copy + length;
  }
  span_keep(json, slot, from, to);
  return JSON_GOOD;
}

static const char *digits_skip(const char *at, const char *end)
{
  while (at < end && (unsigned)(unsigned char)*at - '0' <= 9) {
    at++;
  }
  return at;
}

/* The end of the JSON number at `at`, NULL if it is none. */
static const char *number_end(const char *at, const char *end)
{
  at += at < end && *at == '-' ? 1 : 0;
  const char *from = at;
  at = digits_skip(at, end);
  if (at == from || (*from == '0' && at - from > 1)) {
    return NULL;
  }
  if (at < end && *at == '.') {
    from = ++at;
    at = digits_skip(at, end);
    if (at == from) {
      return NULL;
    }
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    at += at < end && (*at == '+' || *at == '-') ? 1 : 0;
    from = at;
    at = digits_skip(at, end);
    if (at == from) {
      return NULL;
    }
  }
  return at;
}

/* A number keeps its text: 60.0 is no whole number (book.md §5.5), -1 none >= 0. */
static enum json_state number_keep(struct json *json, unsigned slot)
{
  const char *from = json->at, *to = number_end(from, json->end);
  if (to == NULL) {
    return JSON_BAD;
  }
  json->at = to;
  if (json->copy) {
    char *copy = json->scratch + json->used;
    memcpy(copy, from, (size_t)(to - from));
    json->used += (size_t)(to - from);
    to = copy + (to - from);
    from = copy;
  }
  span_keep(json, slot, from, to);
  return JSON_GOOD;
}

static bool word_take(struct json *json, const char *word, size_t length)
{
  if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0) {
    return false;
  }
  json->at += length;
  return true;
}

/* null is blank. true and false are values of no field, so only an unknown key may have them. */
static enum json_state value_read(struct json *json, unsigned slot)
{
  space_skip(json);
  if (json->at == json->end) {
    return JSON_BAD;
  }
  if (*json->at == '"') {
    return string_keep(json, slot);
  }
  if (*json->at == 'n') {
    return word_take(json, "null", 4) ? JSON_GOOD : JSON_BAD;
  }
  if (*json->at == 't' || *json->at == 'f') {
    bool word = word_take(json, "true", 4) || word_take(json, "false", 5);
    return word && slot == SP__SLOT_UNKNOWN ? JSON_GOOD : JSON_BAD;
  }
  return number_keep(json, slot);
}

static enum json_state object_read(struct json *json)
{
  if (!char_take(json, '{')) {
    return JSON_BAD;
  }
  if (char_take(json, '}')) {
    space_skip(json);
    return json->at == json->end ? JSON_GOOD : JSON_BAD;
  }
  unsigned ordinal = 0;
  do {
    unsigned slot = SP__SLOT_UNKNOWN;
    struct sp_decode_key *key = &json->keys[ordinal];
    ordinal += ordinal + 1 < SP_DECODE_KEYS_MAX ? 1 : 0;
    if (!key_guess(json, key, &slot)) {
      const char *from = json->at;
      if (key_read(json, &slot) != JSON_GOOD) {
        return JSON_BAD;
      }
      key_expect(key, json, from, slot);
    }
    if ((json->seen >> slot & 1) != 0) {
      return JSON_BAD;
    }
    json->seen |= slot == SP__SLOT_UNKNOWN ? 0 : UINT32_C(1) << slot;
    enum json_state state = value_read(json, slot);
    if (state != JSON_GOOD) {
      return state;
    }
  } while (char_take(json, ','));
  if (!char_take(json, '}')) {
    return JSON_BAD;
  }
  space_skip(json);
  return json->at == json->end ? JSON_GOOD : JSON_BAD;
}

/* The first key that is not canonical is told once per stream. */
static void stranger_tell(struct sp_decoder *decoder, const struct json *json)
{
  if (json->stranger != NULL && decoder->warning[0] == '\0') {
    struct sp_text warning = SP_TEXT_INIT(decoder->warning);
    sp_text_add(&warning, "unknown keys are left out: ");
    sp_text_add_shown(&warning, json->stranger, json->stranger_length);
  }
}

/* One object of at most SP_CDR_BYTES_MAX bytes. False: the scratch is full, nothing was done. */
static bool object_take(struct sp_decoder *decoder, struct sp_decode *decode, const char *from,
                        size_t length)
{
  struct json json = {.at = from, .end = from + length, .text = from, .keys = decoder->keys};
  enum json_state state = object_read(&json);
  if (state == JSON_ESCAPED) {
    if (decode->scratch_used + length > decode->scratch_size) {
      return false;
    }
    char *scratch = decode->scratch + decode->scratch_used;
    json = (struct json){.at = from, .end = from + length, .text = scratch, .scratch = scratch};
    json.keys = decoder->keys;
    json.copy = true;
    state = object_read(&json);
    decode->scratch_used += state == JSON_GOOD ? json.used : 0;
  }
  struct sp_cdr *cdr = &decode->cdrs[decode->count];
  if (state == JSON_GOOD) {
    sp__cdr_convert(decoder, cdr, json.text, json.slots);
    stranger_tell(decoder, &json);
  } else {
    sp__cdr_bad_line(cdr, from);
  }
  decode->raws[decode->count] = (struct sp_raw){from, (uint32_t)length, decoder->line};
  decode->count++;
  return true;
}

static bool blank_line(const char *at, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    if (!sp__is_blank(at[i]) && at[i] != '\r' && at[i] != '\n') {
      return false;
    }
  }
  return true;
}

/* One line. False: nothing more can be done with these bytes. */
static bool line_next(struct sp_decoder *decoder, struct sp_decode *decode)
{
  const char *from = decode->bytes + decode->consumed;
  size_t left = decode->length - decode->consumed;
  const char *feed = memchr(from, '\n', left);
  size_t length = feed == NULL ? left : (size_t)(feed - from);
  if (length > SP_CDR_BYTES_MAX + 1) {
    return sp__line_give_up(decoder, decode, decode->consumed);
  }
  if (feed == NULL && !decode->last) {
    return false;
  }
  size_t next = length + (feed == NULL ? 0 : 1);
  length -= length > 0 && from[length - 1] == '\r' ? 1 : 0;
  if (length > SP_CDR_BYTES_MAX) {
    return sp__line_give_up(decoder, decode, decode->consumed);
  }
  if (!blank_line(from, length) && !object_take(decoder, decode, from, length)) {
    return false;
  }
  decode->consumed += next;
  decoder->line++;
  return true;
}

static bool decode_begin(struct sp_decoder *decoder, struct sp_decode *decode)
{
  SP_ASSERT(decoder->magic == SP_DECODER_MAGIC && decode->count_max > 0);
  SP_ASSERT(decode->bytes != NULL || decode->length == 0);
  decode->count = 0;
  decode->consumed = 0;
  decode->scratch_used = 0;
  return decode->length > 0 && sp__mark_skip(decoder, decode);
}

void sp_decode_json_batch(struct sp_decoder *decoder, struct sp_decode *decode)
{
  if (!decode_begin(decoder, decode) || !sp__line_skip(decoder, decode)) {
    return;
  }
  while (decode->consumed < decode->length && decode->count < decode->count_max) {
    if (!line_next(decoder, decode)) {
      break;
    }
    if (SP_UNLIKELY(decoder->skipping) && !sp__line_skip(decoder, decode)) {
      break;
    }
  }
}

void sp_decode_json_message(struct sp_decoder *decoder, struct sp_decode *decode)
{
  SP_ASSERT(decode->last);
  bool at_start = decoder->at_start;
  if (!decode_begin(decoder, decode)) {
    return;
  }
  decoder->at_start = at_start;
  const char *from = decode->bytes + decode->consumed;
  size_t length = decode->length - decode->consumed;
  decode->consumed = decode->length;
  if (blank_line(from, length)) {
    return;
  }
  if (length > SP_CDR_BYTES_MAX) {
    size_t kept = length < SP_LINE_BYTES_MAX ? length : SP_LINE_BYTES_MAX;
    sp__cdr_bad_line(&decode->cdrs[0], from);
    decode->raws[0] = (struct sp_raw){from, (uint32_t)kept, decoder->line};
    decode->count = 1;
    return;
  }
  if (!object_take(decoder, decode, from, length)) {
    decode->consumed = 0;
  }
}
