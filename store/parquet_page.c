#include "store/parquet_page.h"

#include <string.h>

/* A run this long is worth its own RLE header. */
enum { RUN_MIN = 16, SAMPLE = 2048 };

size_t sp__parquet_page_bytes(uint32_t rows, size_t heap_bytes)
{
  /* levels: at most 2 bytes per 8 rows and a length; codes: at most 3 bytes a row; PLAIN: 8 bytes a
   * row, or 4 and the text. */
  return (size_t)rows * 9U + heap_bytes + 256U;
}

static uint8_t *put_u32(uint8_t *out, uint32_t value)
{
  memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

static uint8_t *put_varint(uint8_t *out, uint32_t value)
{
  while (value >= 0x80U) {
    *out++ = (uint8_t)(value | 0x80U);
    value >>= 7U;
  }
  *out++ = (uint8_t)value;
  return out;
}

static uint32_t run_length(const uint32_t *values, uint32_t count)
{
  uint32_t length = 1;
  while (length < count && values[length] == values[0]) {
    length++;
  }
  return length;
}

static uint8_t *put_rle(uint8_t *out, uint32_t value, uint32_t length, uint32_t width)
{
  out = put_varint(out, length << 1U);
  *out++ = (uint8_t)value;
  if (width > 8U) {
    *out++ = (uint8_t)(value >> 8U);
  }
  return out;
}

/* Packs `count` values, the last group of 8 filled with zeros. */
static uint8_t *put_packed(uint8_t *out, const uint32_t *values, uint32_t count, uint32_t width)
{
  out = put_varint(out, (((count + 7U) / 8U) << 1U) | 1U);
  for (uint32_t i = 0; i < count; i += 8U) {
    uint32_t group[8] = {0};
    memcpy(group, values + i, (count - i < 8U ? count - i : 8U) * sizeof *group);
    uint64_t low = 0;
    uint64_t high = 0; /* 4 values of 16 bits fill 64 bits exactly */
    for (uint32_t k = 0; k < 4U; k++) {
      low |= (uint64_t)group[k] << (k * width);
      high |= (uint64_t)group[k + 4U] << (k * width);
    }
    uint32_t half_bits = 4U * width;
    uint64_t first = half_bits == 64U ? low : low | (high << half_bits);
    uint64_t second = half_bits == 64U ? high : high >> (64U - half_bits);
    uint8_t bytes[16];
    memcpy(bytes, &first, 8);
    memcpy(bytes + 8, &second, 8);
    memcpy(out, bytes, width);
    out += width;
  }
  return out;
}

uint8_t *sp__parquet_hybrid(uint8_t *out, const uint32_t *values, uint32_t count, uint32_t width)
{
  SP_ASSERT(width >= 1U && width <= 16U);
  uint32_t at = 0;
  while (at < count) {
    uint32_t length = run_length(values + at, count - at);
    if (length >= RUN_MIN || length == count - at) {
      out = put_rle(out, values[at], length, width);
      at += length;
      continue;
    }
    uint32_t end = at;
    do {
      end += 8U;
    } while (end < count &&
             run_length(values + end, count - end < RUN_MIN ? count - end : RUN_MIN) < RUN_MIN);
    end = end < count ? end : count;
    out = put_packed(out, values + at, end - at, width);
    at = end;
  }
  return out;
}

static uint8_t *put_levels(uint8_t *out, const struct sp__parquet_chunk *chunk, uint32_t *scratch)
{
  if (!chunk->nullable) {
    return out;
  }
  uint8_t *end = out + 4;
  if (chunk->value_count == chunk->rows || chunk->value_count == 0) {
    if (chunk->rows != 0) {
      end = put_rle(end, chunk->value_count != 0, chunk->rows, 1);
    }
  } else {
    for (uint32_t i = 0; i < chunk->rows; i++) {
      scratch[i] = chunk->nulls[i] == 0;
    }
    end = sp__parquet_hybrid(end, scratch, chunk->rows, 1);
  }
  (void)put_u32(out, (uint32_t)(end - out - 4));
  return end;
}

static bool is_wide(enum sp_parquet_type type)
{
  return type == SP_PARQUET_I64 || type == SP_PARQUET_U64 || type == SP_PARQUET_MONEY ||
         type == SP_PARQUET_TIMESTAMP;
}

static uint8_t *put_int(uint8_t *out, int64_t value, bool wide)
{
  memcpy(out, &value, wide ? 8 : 4); /* little-endian: the low half is the 32-bit value */
  return out + (wide ? 8 : 4);
}

static const uint8_t *text_at(const struct sp__parquet_chunk *chunk, uint32_t i, uint32_t *size)
{
  *size = chunk->text_ends[i + 1U] - chunk->text_ends[i];
  return chunk->heap + chunk->text_ends[i];
}

static uint8_t *put_value(uint8_t *out, const struct sp__parquet_chunk *chunk, uint32_t i)
{
  if (chunk->type != SP_PARQUET_TEXT) {
    return put_int(out, chunk->values[i], is_wide(chunk->type));
  }
  uint32_t size;
  const uint8_t *text = text_at(chunk, i, &size);
  out = put_u32(out, size);
  memcpy(out, text, size);
  return out + size;
}

static uint8_t *put_plain(uint8_t *out, const struct sp__parquet_chunk *chunk)
{
  uint32_t count = chunk->value_count;
  if (chunk->type == SP_PARQUET_BOOL) {
    memset(out, 0, (count + 7U) / 8U);
    for (uint32_t i = 0; i < count; i++) {
      out[i / 8U] = (uint8_t)(out[i / 8U] | (chunk->values[i] << (i % 8U)));
    }
    return out + (count + 7U) / 8U;
  }
  if (is_wide(chunk->type)) {
    if (count != 0) {
      memcpy(out, chunk->values, (size_t)count * 8U);
    }
    return out + (size_t)count * 8U;
  }
  for (uint32_t i = 0; i < count; i++) {
    out = put_value(out, chunk, i);
  }
  return out;
}

/* ---- dictionary ---- */

static size_t plain_bytes(const struct sp__parquet_chunk *chunk)
{
  if (chunk->type == SP_PARQUET_TEXT) {
    return (size_t)chunk->value_count * 4U + chunk->text_ends[chunk->value_count];
  }
  return (size_t)chunk->value_count * (is_wide(chunk->type) ? 8U : 4U);
}

static uint32_t code_width(uint32_t count)
{
  return count <= 2U ? 1U : 32U - (uint32_t)__builtin_clz(count - 1U);
}

/* A dictionary pays when it and its codes take at most half of PLAIN. */
static bool dictionary_pays(const struct sp__parquet_chunk *chunk, const uint32_t *entries,
                            uint32_t count)
{
  size_t bytes = (size_t)chunk->value_count * code_width(count) / 8U;
  for (uint32_t k = 0; k < count && chunk->type == SP_PARQUET_TEXT; k++) {
    bytes += 4U + chunk->text_ends[entries[k] + 1U] - chunk->text_ends[entries[k]];
  }
  if (chunk->type != SP_PARQUET_TEXT) {
    bytes += (size_t)count * (is_wide(chunk->type) ? 8U : 4U);
  }
  return bytes <= plain_bytes(chunk) / 2U;
}

static uint64_t mix(uint64_t value)
{
  value *= 0x9E3779B97F4A7C15U;
  return value ^ (value >> 29U);
}

static uint32_t slot_of(const struct sp__parquet_chunk *chunk, uint32_t i)
{
  uint64_t hash = 0;
  if (chunk->type != SP_PARQUET_TEXT) {
    hash = mix((uint64_t)chunk->values[i]);
  } else {
    uint32_t size;
    const uint8_t *text = text_at(chunk, i, &size);
    hash = size;
    for (; size != 0; size = size > 8U ? size - 8U : 0, text += 8) {
      uint64_t word = 0;
      memcpy(&word, text, size < 8U ? size : 8U);
      hash = mix(hash ^ word);
    }
  }
  return (uint32_t)(mix(hash) >> 32U) & (SP__PARQUET_RANGE_MAX - 1U);
}

static bool same(const struct sp__parquet_chunk *chunk, uint32_t a, uint32_t b)
{
  if (chunk->type != SP_PARQUET_TEXT) {
    return chunk->values[a] == chunk->values[b];
  }
  uint32_t size_a;
  uint32_t size_b;
  const uint8_t *text_a = text_at(chunk, a, &size_a);
  const uint8_t *text_b = text_at(chunk, b, &size_b);
  return size_a == size_b && memcmp(text_a, text_b, size_a) == 0;
}

/* Codes by order of first occurrence, with an open table. 0: more values than a dictionary is for.
 */
static uint32_t hash_dictionary(const struct sp__parquet_chunk *chunk,
                                struct sp__parquet_work *work)
{
  uint32_t count = 0;
  memset(work->slots, 0, SP__PARQUET_RANGE_MAX * sizeof *work->slots);
  for (uint32_t i = 0; i < chunk->value_count; i++) {
    uint32_t slot = slot_of(chunk, i);
    while (work->slots[slot] != 0 && !same(chunk, work->entries[work->slots[slot] - 1U], i)) {
      slot = (slot + 1U) & (SP__PARQUET_RANGE_MAX - 1U);
    }
    if (work->slots[slot] == 0) {
      if (count == SP__PARQUET_HASHED_MAX) {
        return 0;
      }
      work->entries[count++] = i;
      work->slots[slot] = count;
    }
    work->codes[i] = work->slots[slot] - 1U;
    if (i == SAMPLE && count > SAMPLE / 2) {
      return 0; /* mostly distinct: an identifier or an amount */
    }
  }
  return count;
}

/* Codes in the order of the values where their range is small. */
static uint32_t range_dictionary(const struct sp__parquet_chunk *chunk,
                                 struct sp__parquet_work *work, int64_t min, uint32_t range)
{
  uint32_t count = 0;
  memset(work->slots, 0, (range + 1U) * sizeof *work->slots);
  for (uint32_t i = 0; i < chunk->value_count; i++) {
    work->slots[(uint64_t)chunk->values[i] - (uint64_t)min] = i + 1U;
  }
  for (uint32_t k = 0; k <= range; k++) {
    if (work->slots[k] != 0) {
      work->entries[count] = work->slots[k] - 1U;
      work->slots[k] = count++;
    }
  }
  for (uint32_t i = 0; i < chunk->value_count; i++) {
    work->codes[i] = work->slots[(uint64_t)chunk->values[i] - (uint64_t)min];
  }
  return count;
}

/* ---- statistics ---- */

static void int_range(const struct sp__parquet_chunk *chunk, int64_t *min, int64_t *max)
{
  /* U64 is ordered as unsigned: with the top bit flipped that is the signed order. */
  uint64_t flip = chunk->type == SP_PARQUET_U64 ? 1ULL << 63U : 0;
  int64_t low = INT64_MAX;
  int64_t high = INT64_MIN;
  for (uint32_t i = 0; i < chunk->value_count; i++) {
    int64_t value = (int64_t)((uint64_t)chunk->values[i] ^ flip);
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  *min = (int64_t)((uint64_t)low ^ flip);
  *max = (int64_t)((uint64_t)high ^ flip);
}

static void check_range(enum sp_parquet_type type, int64_t min, int64_t max)
{
  switch (type) {
  case SP_PARQUET_BOOL:
    SP_ASSERT(min >= 0 && max <= 1);
    break;
  case SP_PARQUET_I32:
  case SP_PARQUET_DATE:
    SP_ASSERT(min >= INT32_MIN && max <= INT32_MAX);
    break;
  case SP_PARQUET_U32:
    SP_ASSERT(min >= 0 && max <= UINT32_MAX);
    break;
  case SP_PARQUET_MONEY:
    SP_ASSERT(min > -1000000000000000000 && max < 1000000000000000000);
    break;
  case SP_PARQUET_I64:
  case SP_PARQUET_U64:
  case SP_PARQUET_TIMESTAMP:
  case SP_PARQUET_TEXT:
    break;
  }
}

static uint64_t prefix_of(const uint8_t *text, uint32_t size)
{
  uint64_t word = 0;
  memcpy(&word, text, size < 8U ? size : 8U);
  return __builtin_bswap64(word);
}

/* -1, 0, 1 by unsigned bytes. */
static int text_order(const struct sp__parquet_chunk *chunk, uint32_t a, uint32_t b)
{
  uint32_t size_a;
  uint32_t size_b;
  const uint8_t *text_a = text_at(chunk, a, &size_a);
  const uint8_t *text_b = text_at(chunk, b, &size_b);
  uint64_t prefix_a = prefix_of(text_a, size_a);
  uint64_t prefix_b = prefix_of(text_b, size_b);
  if (prefix_a != prefix_b) {
    return prefix_a < prefix_b ? -1 : 1;
  }
  int order = memcmp(text_a, text_b, size_a < size_b ? size_a : size_b);
  return order != 0 ? order : (size_a > size_b) - (size_a < size_b);
}

/* The extremes over the dictionary's entries if there is one, else over all values. */
static void text_range(const struct sp__parquet_chunk *chunk, const uint32_t *entries,
                       uint32_t count, struct sp__parquet_pages *pages)
{
  uint32_t min = entries != NULL ? entries[0] : 0;
  uint32_t max = min;
  for (uint32_t k = 1; k < count; k++) {
    uint32_t i = entries != NULL ? entries[k] : k;
    min = text_order(chunk, i, min) < 0 ? i : min;
    max = text_order(chunk, i, max) > 0 ? i : max;
  }
  const uint8_t *text_min = text_at(chunk, min, &pages->min_size);
  const uint8_t *text_max = text_at(chunk, max, &pages->max_size);
  pages->has_range =
      pages->min_size <= SP_PARQUET_STATISTIC_MAX && pages->max_size <= SP_PARQUET_STATISTIC_MAX;
  if (pages->has_range) {
    memcpy(pages->min, text_min, pages->min_size);
    memcpy(pages->max, text_max, pages->max_size);
  }
}

static void set_int_range(const struct sp__parquet_chunk *chunk, int64_t min, int64_t max,
                          struct sp__parquet_pages *pages)
{
  uint32_t size = chunk->type == SP_PARQUET_BOOL ? 1U : is_wide(chunk->type) ? 8U : 4U;
  memcpy(pages->min, &min, size);
  memcpy(pages->max, &max, size);
  pages->min_size = pages->max_size = size;
  pages->has_range = true;
}

static uint32_t int_dictionary(const struct sp__parquet_chunk *chunk, struct sp__parquet_work *work,
                               struct sp__parquet_pages *pages)
{
  int64_t min;
  int64_t max;
  int_range(chunk, &min, &max);
  check_range(chunk->type, min, max);
  set_int_range(chunk, min, max, pages);
  if (chunk->type == SP_PARQUET_BOOL) {
    return 0; /* one bit a value is as small as its code */
  }
  uint64_t range = (uint64_t)max - (uint64_t)min;
  if (range < SP__PARQUET_RANGE_MAX) {
    pages->dictionary_sorted = true;
    return range_dictionary(chunk, work, min, (uint32_t)range);
  }
  return hash_dictionary(chunk, work);
}

void sp__parquet_pages(const struct sp__parquet_chunk *chunk, struct sp__parquet_work *work,
                       struct sp__parquet_pages *pages)
{
  memset(pages, 0, sizeof *pages);
  uint8_t *out = put_levels(work->data, chunk, work->codes);
  uint32_t count = 0;
  if (chunk->value_count != 0) {
    bool text = chunk->type == SP_PARQUET_TEXT;
    count = text ? hash_dictionary(chunk, work) : int_dictionary(chunk, work, pages);
    if (text) {
      text_range(chunk, count != 0 ? work->entries : NULL, count != 0 ? count : chunk->value_count,
                 pages);
    }
    count = count != 0 && dictionary_pays(chunk, work->entries, count) ? count : 0;
  }
  if (count == 0) {
    pages->dictionary_sorted = false;
    out = put_plain(out, chunk);
  } else {
    uint8_t *entry = work->dictionary;
    for (uint32_t k = 0; k < count; k++) {
      entry = put_value(entry, chunk, work->entries[k]);
    }
    uint32_t width = code_width(count);
    *out++ = (uint8_t)width;
    out = sp__parquet_hybrid(out, work->codes, chunk->value_count, width);
    pages->dictionary_count = count;
    pages->dictionary_size = (size_t)(entry - work->dictionary);
  }
  pages->data_size = (size_t)(out - work->data);
  SP_ASSERT(pages->data_size <= work->page_bytes_max &&
            pages->dictionary_size <= work->page_bytes_max);
}
