/* Decoders and duplicate marks alone (quality.md §1: 34-64 ns for a CSV record of 105 bytes).
 * bench_decode [records [rounds [shape|marks]]]: JSON lines; CPU time of the thread. */
#include <stdarg.h>

#include "bench/figure.h"
#include "ingest/decode.h"
#include "ingest/marks.h"
#include "rating/hash.h"
#include "tools/heap.h"

#define LINE_BYTES_MAX 512

enum shape { CSV_RFC3339, CSV_LOCAL, CSV_QUOTED, JSON_LINES, SHAPES };

static const char *const shape_names[SHAPES] = {"csv", "csv_local_time", "csv_quoted", "json"};

struct input {
  char *bytes;
  size_t length, size;
  size_t records;
};

static uint64_t random_state = 20261130;

static uint32_t draw(uint32_t below)
{
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((random_state >> 33) % below);
}

static int64_t from_local(const void *context, int64_t local_s)
{
  (void)context;
  return local_s - 8 * 3600;
}

__attribute__((format(printf, 2, 3))) static void put(struct input *input, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(input->bytes + input->length, input->size - input->length, format, arguments);
  va_end(arguments);
  SP_ASSERT(n > 0 && (size_t)n < input->size - input->length);
  input->length += (size_t)n;
}

static void record_put(struct input *input, enum shape shape, size_t i)
{
  unsigned day = 1 + (unsigned)(i * 28 / (input->records + 1)), hour = draw(24), minute = draw(60);
  unsigned second = draw(60), served = draw(100000000), other = draw(100000000);
  unsigned duration = draw(draw(2) ? 60 : 3600);
  char start[64];
  if (shape == CSV_LOCAL) {
    snprintf(start, sizeof(start), "202603%02u%02u%02u%02u", day, hour, minute, second);
  } else {
    snprintf(start, sizeof(start), "2026-03-%02uT%02u:%02u:%02u+08:00", day, hour, minute, second);
  }
  if (shape == JSON_LINES) {
    put(input, "{\"id\":\"c%08zu\",\"service\":\"voice\",\"direction\":\"%s\",", i,
        draw(2) ? "mo" : "mt");
    put(input, "\"served\":\"138%08u\",\"other\":\"139%08u\",\"start\":\"%s\",", served, other,
        start);
    put(input, "\"duration_s\":%u,\"node\":\"MSC%02u\",\"seq\":%zu,\"cause\":16}\n", duration,
        draw(40), i);
    return;
  }
  put(input, "c%08zu,voice,%s,138%08u,139%08u,", i, draw(2) ? "mo" : "mt", served, other);
  const char *quote = shape == CSV_QUOTED ? "\"" : "";
  put(input, "%s%s%s,%u,,,%s,", quote, start, quote, duration, draw(4) ? "" : "0755");
  put(input, "%sMSC%02u%s,,%zu,16\n", quote, draw(40), quote, i);
}

static void input_make(struct input *input, enum shape shape, size_t records)
{
  *input = (struct input){malloc(records * LINE_BYTES_MAX), 0, records * LINE_BYTES_MAX, records};
  SP_ASSERT(input->bytes != NULL);
  if (shape != JSON_LINES) {
    put(input, "id,service,direction,served,other,start,duration_s,up_bytes,down_bytes,"
               "visited_area,node,session,seq,cause\n");
  }
  for (size_t i = 0; i < records; i++) {
    record_put(input, shape, i);
  }
}

/* One pass; the sum keeps the compiler from leaving anything out. */
static int64_t decode_all(const struct input *input, enum shape shape)
{
  static struct sp_decoder decoder;
  static struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  static struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  const struct sp_decode_zone zone = {from_local, NULL};
  int64_t sum = 0;
  size_t at = 0, records = 0;
  sp_decoder_open(&decoder, &zone);
  decoder.wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  while (at < input->length) {
    struct sp_decode decode = {.bytes = input->bytes + at, .length = input->length - at};
    decode.last = true;
    decode.count_max = SP_BATCH_RECORDS_MAX;
    decode.cdrs = cdrs;
    decode.raws = raws;
    decode.scratch = scratch;
    decode.scratch_size = sizeof(scratch);
    if (shape == JSON_LINES) {
      sp_decode_json_batch(&decoder, &decode);
    } else {
      sp_decode_csv_batch(&decoder, &decode);
    }
    for (uint32_t i = 0; i < decode.count; i++) {
      SP_ASSERT(cdrs[i].reason == 0);
      sum += cdrs[i].start_utc_s + cdrs[i].duration_s;
    }
    records += decode.count;
    at += decode.consumed;
  }
  SP_ASSERT(records == input->records);
  return sum;
}

static void decode_measure(enum shape shape, size_t records, unsigned rounds)
{
  struct input input;
  struct figure_samples samples = {.count = 0};
  int64_t sum = 0;
  char more[96];
  input_make(&input, shape, records);
  for (unsigned i = 0; i < rounds; i++) {
    double begin_ns = figure_cpu_ns();
    sum += decode_all(&input, shape);
    figure_add(&samples, (figure_cpu_ns() - begin_ns) / (double)records);
  }
  snprintf(more, sizeof(more), "\"bytes_per_record\":%.1f,\"sum\":%" PRId64,
           (double)input.length / (double)records, sum);
  figure_print(&(struct figure){"decode", shape_names[shape], "ns/record", records, more},
               &samples);
  free(input.bytes);
}

/* Check and add of new keys in batches with prefetch; one in sixteen comes a second time. */
static void marks_measure(size_t records)
{
  enum { BATCH = 256 };
  struct sp_memory memory;
  struct sp_marks *marks;
  uint64_t keys[BATCH][2], found = 0, first = 0;
  sp_heap_init(&memory);
  SP_ASSERT(sp_marks_open(&marks, &memory, 0) == SP_OK);
  double begin_ns = figure_cpu_ns();
  for (size_t at = 0; at + BATCH <= records; at += BATCH) {
    SP_ASSERT(sp_marks_reserve(marks, BATCH) == SP_OK);
    for (size_t i = 0; i < BATCH; i++) {
      uint64_t number = i % 16 == 0 && at > 0 ? at - i - 1 : at + i;
      keys[i][0] = sp_hash_word(number);
      keys[i][1] = sp_hash_word(number + UINT64_C(0x9E3779B97F4A7C15));
      sp_marks_prefetch(marks, keys[i]);
    }
    for (size_t i = 0; i < BATCH; i++) {
      if (sp_marks_check(marks, keys[i], 1, 0, &first) == SP_MARK_NEW) {
        SP_ASSERT(sp_marks_add(marks, keys[i], 1, (int64_t)(at + i), at + i) == SP_OK);
      } else {
        found++;
      }
    }
    if (at % (BATCH * 4096) == 0) {
      sp_marks_saved(marks);
    }
  }
  double ns = figure_cpu_ns() - begin_ns;
  char more[64];
  snprintf(more, sizeof(more), "\"duplicates\":%" PRIu64, found);
  figure_print_one(&(struct figure){"marks", "check and add", "ns/record", records, more},
                   ns / (double)records);
  figure_print_one(&(struct figure){"marks", "memory", "bytes/mark", records, more},
                   (double)memory.bytes_total / (double)sp_marks_count(marks));
  sp_marks_close(marks);
  sp_memory_free(&memory);
}

int main(int count, char **arguments)
{
  size_t records = count > 1 ? strtoul(arguments[1], NULL, 10) : 200000;
  unsigned rounds = figure_runs(count > 2 ? arguments[2] : NULL, 5);
  if (records == 0 || records > 50000000) {
    fprintf(stderr, "usage: bench_decode [records [rounds [shape|marks]]]\n");
    return 2;
  }
  for (enum shape shape = CSV_RFC3339; shape < SHAPES; shape++) {
    if (count <= 3 || strcmp(arguments[3], shape_names[shape]) == 0) {
      decode_measure(shape, records, rounds);
    }
  }
  if (count <= 3 || strcmp(arguments[3], "marks") == 0) {
    marks_measure(records * 10);
  }
  return 0;
}
