#include "store/parquet.h"

#include <string.h>

#include "store/parquet_page.h"
#include "store/parquet_thrift.h"
#include "store/parquet_zstd.h"

/* Numbers of parquet.thrift. */
enum {
  TYPE_BOOLEAN = 0,
  TYPE_INT32 = 1,
  TYPE_INT64 = 2,
  TYPE_BYTE_ARRAY = 6,
  ENCODING_PLAIN = 0,
  ENCODING_RLE = 3,
  ENCODING_RLE_DICTIONARY = 8,
  CODEC_ZSTD = 6,
  PAGE_DATA = 0,
  PAGE_DICTIONARY = 2,
  REPETITION_REQUIRED = 0,
  REPETITION_OPTIONAL = 1
};

enum {
  HEADER_BYTES_MAX = 128,
  TEXT_BYTES_PER_ROW = 32,
  CHUNK_META_BYTES_MAX = 160 + 2 * SP_PARQUET_STATISTIC_MAX + SP_PARQUET_NAME_MAX,
  SCHEMA_META_BYTES_MAX = 64 + SP_PARQUET_NAME_MAX,
  FOOTER_BYTES = 256,
  ALIGNMENT = 64
};

#define SP_PARQUET_MAGIC 0x50415251U

struct buffer {
  uint8_t *nulls; /* of a nullable column: one flag a row */
  int64_t *values;
  uint32_t *text_ends;
  uint8_t *heap;
  uint32_t rows, value_count, null_count;
};

struct sp_parquet_group {
  struct buffer *buffers; /* by column */
  bool given;             /* complete and not written yet */
};

enum { SETS_MAX = 2 };

struct sp_parquet {
  uint32_t magic;
  struct sp_parquet_schema schema;
  struct sp_parquet_sink sink;
  struct sp_parquet_group sets[SETS_MAX];
  uint32_t filling; /* index of the set that takes appends */
  struct sp__parquet_work work;
  size_t heap_bytes; /* of each text column */
  void *zstd;
  uint8_t *packed;
  size_t packed_bytes;
  struct sp__thrift groups; /* metadata of the row groups written so far */
  uint8_t *footer;
  size_t footer_bytes;
  uint64_t offset, rows;
  uint32_t group_count;
};

/* ---- memory ---- */

/* Hands out pieces of the caller's memory; with base NULL it only counts. */
struct carver {
  uint8_t *base;
  size_t used;
};

static void *carve(struct carver *carver, size_t size)
{
  void *piece = carver->base == NULL ? NULL : carver->base + carver->used;
  carver->used += (size + ALIGNMENT - 1U) & ~(size_t)(ALIGNMENT - 1U);
  return piece;
}

static size_t heap_bytes_of(const struct sp_parquet_schema *schema)
{
  return (size_t)schema->group_rows_max * TEXT_BYTES_PER_ROW + SP_PARQUET_BATCH_TEXT_MAX;
}

static void carve_column(struct carver *carver, const struct sp_parquet_schema *schema,
                         uint32_t column, struct buffer *buffer)
{
  size_t rows = schema->group_rows_max;
  memset(buffer, 0, sizeof *buffer);
  if (schema->columns[column].nullable) {
    buffer->nulls = carve(carver, rows);
  }
  if (schema->columns[column].type == SP_PARQUET_TEXT) {
    buffer->text_ends = carve(carver, (rows + 1U) * sizeof *buffer->text_ends);
    buffer->heap = carve(carver, heap_bytes_of(schema));
  } else {
    buffer->values = carve(carver, rows * sizeof *buffer->values);
  }
}

/* Lays a writer out in memory; with carver->base NULL `writer` is a scratch one. */
static void carve_writer(struct carver *carver, const struct sp_parquet_schema *schema,
                         struct sp_parquet *writer)
{
  struct buffer scratch;
  bool text = false;
  size_t columns = schema->column_count;
  for (uint32_t set = 0; set < schema->buffer_sets; set++) {
    struct buffer *buffers = carve(carver, columns * sizeof *buffers);
    writer->sets[set].buffers = buffers;
    for (uint32_t c = 0; c < columns; c++) {
      carve_column(carver, schema, c, carver->base == NULL ? &scratch : &buffers[c]);
      text = text || schema->columns[c].type == SP_PARQUET_TEXT;
    }
  }
  writer->heap_bytes = text ? heap_bytes_of(schema) : 0;
  struct sp__parquet_work *work = &writer->work;
  work->page_bytes_max = sp__parquet_page_bytes(schema->group_rows_max, writer->heap_bytes);
  work->slots = carve(carver, SP__PARQUET_RANGE_MAX * sizeof *work->slots);
  work->entries = carve(carver, SP__PARQUET_RANGE_MAX * sizeof *work->entries);
  work->codes = carve(carver, schema->group_rows_max * sizeof *work->codes);
  work->dictionary = carve(carver, work->page_bytes_max);
  work->data = carve(carver, work->page_bytes_max);
  writer->zstd = carve(carver, sp__parquet_zstd_memory());
  writer->packed_bytes = sp__parquet_zstd_bound(work->page_bytes_max);
  writer->packed = carve(carver, writer->packed_bytes);
  size_t groups_bytes = (columns * CHUNK_META_BYTES_MAX + 64U) * schema->group_count_max;
  sp__thrift_init(&writer->groups, carve(carver, groups_bytes), groups_bytes);
  writer->footer_bytes = columns * SCHEMA_META_BYTES_MAX + FOOTER_BYTES;
  writer->footer = carve(carver, writer->footer_bytes);
}

uint32_t sp_parquet_groups(uint64_t rows, uint64_t text_bytes, uint32_t group_rows_max)
{
  /* A group ends for its rows (it has more than max - batch then) or for its text (it has more than
   * 32 bytes a row then); the last may be short. */
  uint64_t by_rows = rows / (group_rows_max - SP_PARQUET_BATCH_MAX + 1U);
  uint64_t by_text = text_bytes / ((uint64_t)group_rows_max * TEXT_BYTES_PER_ROW);
  return (uint32_t)(by_rows + by_text + 1U);
}

size_t sp_parquet_memory_bytes(const struct sp_parquet_schema *schema)
{
  struct carver carver = {NULL, 0};
  struct sp_parquet scratch;
  (void)carve(&carver, sizeof scratch);
  carve_writer(&carver, schema, &scratch);
  return carver.used;
}

/* ---- output ---- */

static enum sp_status put(struct sp_parquet *writer, const void *bytes, size_t size)
{
  SP_TRY(writer->sink.write(writer->sink.context, bytes, size));
  writer->offset += size;
  return SP_OK;
}

static bool schema_ok(const struct sp_parquet_schema *schema)
{
  bool ok = schema->column_count >= 1U && schema->column_count <= SP_PARQUET_COLUMNS_MAX &&
            schema->group_rows_max >= SP_PARQUET_BATCH_MAX &&
            schema->group_rows_max <= SP_PARQUET_GROUP_ROWS_MAX && schema->group_count_max >= 1U &&
            schema->buffer_sets >= 1U && schema->buffer_sets <= SETS_MAX;
  for (uint32_t c = 0; ok && c < schema->column_count; c++) {
    size_t size = strlen(schema->columns[c].name);
    ok = size >= 1U && size <= SP_PARQUET_NAME_MAX;
  }
  return ok;
}

enum sp_status sp_parquet_open(struct sp_parquet **writer, void *memory,
                               const struct sp_parquet_schema *schema,
                               const struct sp_parquet_sink *sink)
{
  SP_ASSERT((uintptr_t)memory % ALIGNMENT == 0);
  *writer = NULL;
  if (!schema_ok(schema)) {
    return SP_LIMIT;
  }
  struct carver carver = {memory, 0};
  struct sp_parquet *made = carve(&carver, sizeof *made);
  memset(made, 0, sizeof *made);
  carve_writer(&carver, schema, made);
  made->magic = SP_PARQUET_MAGIC;
  made->schema = *schema;
  made->sink = *sink;
  for (uint32_t set = 0; set < schema->buffer_sets; set++) {
    for (uint32_t c = 0; c < schema->column_count; c++) {
      if (made->sets[set].buffers[c].text_ends != NULL) {
        made->sets[set].buffers[c].text_ends[0] = 0;
      }
    }
  }
  SP_TRY(put(made, "PAR1", 4));
  *writer = made;
  return SP_OK;
}

/* ---- append ---- */

static struct buffer *begin_append(struct sp_parquet *writer, uint32_t column, bool text,
                                   const uint8_t *nulls, size_t n)
{
  SP_ASSERT(writer->magic == SP_PARQUET_MAGIC && column < writer->schema.column_count);
  struct sp_parquet_group *set = &writer->sets[writer->filling];
  struct buffer *buffer = &set->buffers[column];
  SP_ASSERT(!set->given);
  SP_ASSERT((writer->schema.columns[column].type == SP_PARQUET_TEXT) == text);
  SP_ASSERT(nulls == NULL || buffer->nulls != NULL);
  SP_ASSERT(n <= SP_PARQUET_BATCH_MAX && buffer->rows + n <= writer->schema.group_rows_max);
  if (n != 0 && buffer->nulls != NULL) {
    if (nulls != NULL) {
      memcpy(buffer->nulls + buffer->rows, nulls, n);
    } else {
      memset(buffer->nulls + buffer->rows, 0, n);
    }
  }
  return buffer;
}

void sp_parquet_append_i64(struct sp_parquet *writer, uint32_t column, const int64_t *values,
                           const uint8_t *nulls, size_t n)
{
  struct buffer *buffer = begin_append(writer, column, false, nulls, n);
  uint32_t count = buffer->value_count;
  if (nulls == NULL) {
    if (n != 0) {
      memcpy(buffer->values + count, values, n * sizeof *values);
    }
    count += (uint32_t)n;
  } else {
    for (size_t i = 0; i < n; i++) {
      if (nulls[i] == 0) {
        buffer->values[count++] = values[i];
      }
    }
  }
  buffer->null_count += (uint32_t)n - (count - buffer->value_count);
  buffer->value_count = count;
  buffer->rows += (uint32_t)n;
}

enum sp_status sp_parquet_append_text(struct sp_parquet *writer, uint32_t column,
                                      const struct sp_parquet_text *values, const uint8_t *nulls,
                                      size_t n)
{
  struct buffer *buffer = begin_append(writer, column, true, nulls, n);
  uint32_t count = buffer->value_count;
  uint32_t end = buffer->text_ends[count];
  for (size_t i = 0; i < n; i++) {
    if (nulls != NULL && nulls[i] != 0) {
      continue;
    }
    if (values[i].size > writer->heap_bytes - end) {
      return SP_LIMIT;
    }
    if (values[i].size != 0) {
      memcpy(buffer->heap + end, values[i].bytes, values[i].size);
    }
    end += values[i].size;
    buffer->text_ends[++count] = end;
  }
  buffer->null_count += (uint32_t)n - (count - buffer->value_count);
  buffer->value_count = count;
  buffer->rows += (uint32_t)n;
  return SP_OK;
}

/* ---- row group ---- */

/* Where a column chunk came to lie and what it holds. */
struct chunk_place {
  uint64_t dictionary_at, data_at; /* dictionary_at 0: none */
  uint64_t plain_bytes, packed_bytes;
};

static enum sp_status put_page(struct sp_parquet *writer, int page,
                               const struct sp__parquet_pages *pages, uint32_t rows,
                               struct chunk_place *place)
{
  const uint8_t *bytes = page == PAGE_DATA ? writer->work.data : writer->work.dictionary;
  size_t size = page == PAGE_DATA ? pages->data_size : pages->dictionary_size;
  size_t packed = sp__parquet_zstd(writer->zstd, writer->packed, writer->packed_bytes, bytes, size);
  uint8_t header_bytes[HEADER_BYTES_MAX];
  struct sp__thrift header;
  sp__thrift_init(&header, header_bytes, sizeof header_bytes);
  sp__thrift_element_struct(&header);
  sp__thrift_int(&header, 1, SP__THRIFT_I32, page);
  sp__thrift_int(&header, 2, SP__THRIFT_I32, (int64_t)size);
  sp__thrift_int(&header, 3, SP__THRIFT_I32, (int64_t)packed);
  sp__thrift_struct(&header, page == PAGE_DATA ? 5 : 7);
  if (page == PAGE_DATA) {
    sp__thrift_int(&header, 1, SP__THRIFT_I32, rows);
    sp__thrift_int(&header, 2, SP__THRIFT_I32,
                   pages->dictionary_count != 0 ? ENCODING_RLE_DICTIONARY : ENCODING_PLAIN);
    sp__thrift_int(&header, 3, SP__THRIFT_I32, ENCODING_RLE);
    sp__thrift_int(&header, 4, SP__THRIFT_I32, ENCODING_RLE);
  } else {
    sp__thrift_int(&header, 1, SP__THRIFT_I32, pages->dictionary_count);
    sp__thrift_int(&header, 2, SP__THRIFT_I32, ENCODING_PLAIN);
    sp__thrift_bool(&header, 3, pages->dictionary_sorted);
  }
  sp__thrift_end(&header);
  sp__thrift_end(&header);
  SP_ASSERT(!header.full);
  place->plain_bytes += header.size + size;
  place->packed_bytes += header.size + packed;
  SP_TRY(put(writer, header.bytes, header.size));
  return put(writer, writer->packed, packed);
}

static int physical_type(enum sp_parquet_type type)
{
  switch (type) {
  case SP_PARQUET_BOOL:
    return TYPE_BOOLEAN;
  case SP_PARQUET_I32:
  case SP_PARQUET_U32:
  case SP_PARQUET_DATE:
    return TYPE_INT32;
  case SP_PARQUET_I64:
  case SP_PARQUET_U64:
  case SP_PARQUET_MONEY:
  case SP_PARQUET_TIMESTAMP:
    return TYPE_INT64;
  case SP_PARQUET_TEXT:
    break;
  }
  return TYPE_BYTE_ARRAY;
}

static void describe_chunk(struct sp_parquet *writer, uint32_t column, const struct buffer *buffer,
                           const struct chunk_place *place, const struct sp__parquet_pages *pages)
{
  struct sp__thrift *out = &writer->groups;
  const char *name = writer->schema.columns[column].name;
  uint64_t start = place->dictionary_at != 0 ? place->dictionary_at : place->data_at;
  sp__thrift_element_struct(out);
  sp__thrift_int(out, 2, SP__THRIFT_I64, (int64_t)start);
  sp__thrift_struct(out, 3);
  sp__thrift_int(out, 1, SP__THRIFT_I32, physical_type(writer->schema.columns[column].type));
  sp__thrift_list(out, 2, SP__THRIFT_I32, pages->dictionary_count != 0 ? 3 : 2);
  sp__thrift_element_int(out, ENCODING_PLAIN);
  sp__thrift_element_int(out, ENCODING_RLE);
  if (pages->dictionary_count != 0) {
    sp__thrift_element_int(out, ENCODING_RLE_DICTIONARY);
  }
  sp__thrift_list(out, 3, SP__THRIFT_BINARY, 1);
  sp__thrift_element_binary(out, name, strlen(name));
  sp__thrift_int(out, 4, SP__THRIFT_I32, CODEC_ZSTD);
  sp__thrift_int(out, 5, SP__THRIFT_I64, buffer->rows);
  sp__thrift_int(out, 6, SP__THRIFT_I64, (int64_t)place->plain_bytes);
  sp__thrift_int(out, 7, SP__THRIFT_I64, (int64_t)place->packed_bytes);
  sp__thrift_int(out, 9, SP__THRIFT_I64, (int64_t)place->data_at);
  if (place->dictionary_at != 0) {
    sp__thrift_int(out, 11, SP__THRIFT_I64, (int64_t)place->dictionary_at);
  }
  sp__thrift_struct(out, 12);
  sp__thrift_int(out, 3, SP__THRIFT_I64, buffer->null_count);
  if (pages->has_range) {
    sp__thrift_binary(out, 5, pages->max, pages->max_size);
    sp__thrift_binary(out, 6, pages->min, pages->min_size);
  }
  sp__thrift_end(out);
  sp__thrift_end(out);
  sp__thrift_end(out);
}

static enum sp_status put_chunk(struct sp_parquet *writer, uint32_t column, struct buffer *buffer,
                                struct chunk_place *place)
{
  struct sp__parquet_chunk chunk = {
      .type = writer->schema.columns[column].type,
      .nullable = writer->schema.columns[column].nullable,
      .rows = buffer->rows,
      .value_count = buffer->value_count,
      .nulls = buffer->nulls,
      .values = buffer->values,
      .text_ends = buffer->text_ends,
      .heap = buffer->heap,
  };
  struct sp__parquet_pages pages;
  sp__parquet_pages(&chunk, &writer->work, &pages);
  memset(place, 0, sizeof *place);
  if (pages.dictionary_count != 0) {
    place->dictionary_at = writer->offset;
    SP_TRY(put_page(writer, PAGE_DICTIONARY, &pages, 0, place));
  }
  place->data_at = writer->offset;
  SP_TRY(put_page(writer, PAGE_DATA, &pages, buffer->rows, place));
  describe_chunk(writer, column, buffer, place, &pages);
  buffer->rows = buffer->value_count = buffer->null_count = 0;
  return SP_OK;
}

enum sp_status sp_parquet_group_write(struct sp_parquet *writer, struct sp_parquet_group *group)
{
  uint32_t rows = group->buffers[0].rows;
  SP_ASSERT(writer->magic == SP_PARQUET_MAGIC && group->given);
  if (writer->group_count == writer->schema.group_count_max) {
    return SP_LIMIT;
  }
  struct sp__thrift *out = &writer->groups;
  uint64_t plain_bytes = 0;
  uint64_t start = writer->offset;
  sp__thrift_element_struct(out);
  sp__thrift_list(out, 1, SP__THRIFT_STRUCT, writer->schema.column_count);
  for (uint32_t c = 0; c < writer->schema.column_count; c++) {
    struct chunk_place place;
    SP_TRY(put_chunk(writer, c, &group->buffers[c], &place));
    plain_bytes += place.plain_bytes;
  }
  sp__thrift_int(out, 2, SP__THRIFT_I64, (int64_t)plain_bytes);
  sp__thrift_int(out, 3, SP__THRIFT_I64, rows);
  sp__thrift_int(out, 5, SP__THRIFT_I64, (int64_t)start);
  sp__thrift_int(out, 6, SP__THRIFT_I64, (int64_t)(writer->offset - start));
  sp__thrift_end(out);
  SP_ASSERT(!out->full);
  writer->group_count++;
  writer->rows += rows;
  group->given = false;
  return SP_OK;
}

/* Gives the rows of the set at hand and goes on with the next set. */
static struct sp_parquet_group *give_group(struct sp_parquet *writer)
{
  struct sp_parquet_group *group = &writer->sets[writer->filling];
  group->given = true;
  writer->filling = (writer->filling + 1U) % writer->schema.buffer_sets;
  return group;
}

struct sp_parquet_group *sp_parquet_rows_end(struct sp_parquet *writer)
{
  SP_ASSERT(writer->magic == SP_PARQUET_MAGIC);
  const struct buffer *buffers = writer->sets[writer->filling].buffers;
  bool full = buffers[0].rows > writer->schema.group_rows_max - SP_PARQUET_BATCH_MAX;
  for (uint32_t c = 0; c < writer->schema.column_count; c++) {
    const struct buffer *buffer = &buffers[c];
    SP_ASSERT(buffer->rows == buffers[0].rows);
    full = full ||
           (buffer->heap != NULL && writer->heap_bytes - buffer->text_ends[buffer->value_count] <
                                        SP_PARQUET_BATCH_TEXT_MAX);
  }
  return full ? give_group(writer) : NULL;
}

/* ---- metadata ---- */

static void put_logical_int(struct sp__thrift *out, int converted, int8_t bits, bool is_signed)
{
  sp__thrift_int(out, 6, SP__THRIFT_I32, converted);
  sp__thrift_struct(out, 10);
  sp__thrift_struct(out, 10);
  sp__thrift_i8(out, 1, bits);
  sp__thrift_bool(out, 2, is_signed);
  sp__thrift_end(out);
  sp__thrift_end(out);
}

/* Converted type (older readers), scale and precision, logical type. */
static void put_logical(struct sp__thrift *out, enum sp_parquet_type type)
{
  switch (type) {
  case SP_PARQUET_BOOL:
    break;
  case SP_PARQUET_I32:
    put_logical_int(out, 17, 32, true);
    break;
  case SP_PARQUET_U32:
    put_logical_int(out, 13, 32, false);
    break;
  case SP_PARQUET_I64:
    put_logical_int(out, 18, 64, true);
    break;
  case SP_PARQUET_U64:
    put_logical_int(out, 14, 64, false);
    break;
  case SP_PARQUET_MONEY:
    sp__thrift_int(out, 6, SP__THRIFT_I32, 5);
    sp__thrift_int(out, 7, SP__THRIFT_I32, 6);
    sp__thrift_int(out, 8, SP__THRIFT_I32, 18);
    sp__thrift_struct(out, 10);
    sp__thrift_struct(out, 5);
    sp__thrift_int(out, 1, SP__THRIFT_I32, 6);
    sp__thrift_int(out, 2, SP__THRIFT_I32, 18);
    sp__thrift_end(out);
    sp__thrift_end(out);
    break;
  case SP_PARQUET_TIMESTAMP:
    sp__thrift_int(out, 6, SP__THRIFT_I32, 9);
    sp__thrift_struct(out, 10);
    sp__thrift_struct(out, 8);
    sp__thrift_bool(out, 1, true);
    sp__thrift_struct(out, 2);
    sp__thrift_struct(out, 1);
    sp__thrift_end(out);
    sp__thrift_end(out);
    sp__thrift_end(out);
    sp__thrift_end(out);
    break;
  case SP_PARQUET_DATE:
  case SP_PARQUET_TEXT:
    sp__thrift_int(out, 6, SP__THRIFT_I32, type == SP_PARQUET_DATE ? 6 : 0);
    sp__thrift_struct(out, 10);
    sp__thrift_struct(out, type == SP_PARQUET_DATE ? 6 : 1);
    sp__thrift_end(out);
    sp__thrift_end(out);
    break;
  }
}

static void put_schema(struct sp__thrift *out, const struct sp_parquet_schema *schema)
{
  sp__thrift_list(out, 2, SP__THRIFT_STRUCT, schema->column_count + 1U);
  sp__thrift_element_struct(out);
  sp__thrift_binary(out, 4, "suanpan", 7);
  sp__thrift_int(out, 5, SP__THRIFT_I32, schema->column_count);
  sp__thrift_end(out);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    const struct sp_parquet_column *column = &schema->columns[c];
    sp__thrift_element_struct(out);
    sp__thrift_int(out, 1, SP__THRIFT_I32, physical_type(column->type));
    sp__thrift_int(out, 3, SP__THRIFT_I32,
                   column->nullable ? REPETITION_OPTIONAL : REPETITION_REQUIRED);
    sp__thrift_binary(out, 4, column->name, strlen(column->name));
    put_logical(out, column->type);
    sp__thrift_end(out);
  }
}

/* The metadata around the row groups, which are already encoded in writer->groups. */
static enum sp_status put_footer(struct sp_parquet *writer)
{
  uint64_t start = writer->offset;
  struct sp__thrift out;
  sp__thrift_init(&out, writer->footer, writer->footer_bytes);
  sp__thrift_element_struct(&out);
  sp__thrift_int(&out, 1, SP__THRIFT_I32, 2);
  put_schema(&out, &writer->schema);
  sp__thrift_int(&out, 3, SP__THRIFT_I64, (int64_t)writer->rows);
  sp__thrift_list(&out, 4, SP__THRIFT_STRUCT, writer->group_count);
  SP_ASSERT(!out.full);
  SP_TRY(put(writer, out.bytes, out.size));
  SP_TRY(put(writer, writer->groups.bytes, writer->groups.size));
  out.size = 0;
  sp__thrift_binary(&out, 6, "suanpan parquet 1", 17);
  sp__thrift_list(&out, 7, SP__THRIFT_STRUCT, writer->schema.column_count);
  for (uint32_t c = 0; c < writer->schema.column_count; c++) {
    sp__thrift_element_struct(&out);
    sp__thrift_struct(&out, 1); /* the order that the type defines */
    sp__thrift_end(&out);
    sp__thrift_end(&out);
  }
  sp__thrift_end(&out);
  SP_ASSERT(!out.full);
  SP_TRY(put(writer, out.bytes, out.size));
  uint32_t size = (uint32_t)(writer->offset - start);
  uint8_t tail[8];
  memcpy(tail, &size, 4);
  memcpy(tail + 4, "PAR1", 4);
  return put(writer, tail, sizeof tail);
}

enum sp_status sp_parquet_close(struct sp_parquet *writer, uint64_t *rows, uint64_t *bytes)
{
  enum sp_status status = SP_OK;
  const struct buffer *buffers = writer->sets[writer->filling].buffers;
  for (uint32_t set = 0; set < writer->schema.buffer_sets; set++) {
    SP_ASSERT(!writer->sets[set].given);
  }
  for (uint32_t c = 1; c < writer->schema.column_count; c++) {
    SP_ASSERT(buffers[c].rows == buffers[0].rows);
  }
  if (buffers[0].rows != 0) {
    status = sp_parquet_group_write(writer, give_group(writer));
  }
  if (status == SP_OK) {
    status = put_footer(writer);
  }
  if (rows != NULL) {
    *rows = writer->rows;
  }
  if (bytes != NULL) {
    *bytes = writer->offset;
  }
  writer->magic = 0;
  return status;
}
