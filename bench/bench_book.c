/* A big tariff: checking and compiling it, and questions to it. bench_book [RUNS]   default 3.
 * 100,000 prefixes of numbers, 70,000 of destinations, 2,000 plans with 240,000 rows of rates. One
 * JSON line per figure, CPU time. */
#include <stdarg.h>

#include "bench/figure.h"
#include "rating/book_compile.h"
#include "rating/book_lookup.h"
#include "rating/number.h"
#include "tools/heap.h"

#define PREFIXES 100000u
#define DEST_PREFIXES 70000u
#define DESTS 250u
#define PLANS 2000u
#define LOOKUPS 4096u
#define ROUNDS 500u

struct table {
  char *bytes;
  size_t length, room;
};

static uint64_t seed = 20261130;

static uint32_t draw(uint32_t below)
{
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(seed >> 33U) % below;
}

static void add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct table *table, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int length =
      vsnprintf(table->bytes + table->length, table->room - table->length, format, arguments);
  va_end(arguments);
  SP_ASSERT(length > 0 && table->length + (size_t)length < table->room);
  table->length += (size_t)length;
}

static void rates_fill(struct table *rates, struct table *plans)
{
  add(plans, "plan,kind\n");
  add(rates, "plan,item,service,zone,net,dest,band,price,per\n");
  for (uint32_t i = 0; i < PLANS; i++) {
    bool group = i % 3 == 0;
    add(plans, "p%" PRIu32 ",%s\n", i, group ? "group" : "base");
    add(rates, "p%" PRIu32 ",base,voice,local,%s,,,0.%02" PRIu32 ",1min\n", i, group ? "group" : "",
        draw(100));
    add(rates, "p%" PRIu32 ",base,voice,,%s,,,0.%02" PRIu32 ",1min\n", i, group ? "group" : "",
        draw(100));
    for (uint32_t dest = draw(3); !group && dest < DESTS; dest += 3) {
      add(rates, "p%" PRIu32 ",ld,voice,,,d%" PRIu32 ",peak,0.%02" PRIu32 ",1min\n", i, dest,
          draw(100));
      add(rates, "p%" PRIu32 ",ld,voice,,,d%" PRIu32 ",off,0.%02" PRIu32 ",1min\n", i, dest,
          draw(100));
    }
  }
}

static void places_fill(struct table *numbers, struct table *destinations)
{
  add(numbers, "prefix,operator,kind\n");
  for (uint32_t i = 0; i < PREFIXES; i++) {
    add(numbers, "861%07" PRIu32 ",O%" PRIu32 ",mobile\n", 3000000 + i * 7, draw(3));
  }
  add(destinations, "destination,prefix\n");
  for (uint32_t i = 0; i < DEST_PREFIXES; i++) {
    uint32_t prefix = 10 + draw(9999990);
    add(destinations, "d%" PRIu32 ",%" PRIu32 "\n", prefix % DESTS, prefix);
  }
}

enum { YAML, BANDS, PLANS_CSV, RATES, NUMBERS, DESTINATIONS, ZONE, FILES };

static const char *const names[FILES] = {"book.yaml",      "bands.csv",   "plans.csv",
                                         "rates.csv",      "numbers.csv", "destinations.csv",
                                         SP_BOOK_ZONE_FILE};

static void files_make(struct table tables[FILES])
{
  for (int i = 0; i < FILES; i++) {
    tables[i].room = (size_t)32 << 20;
    tables[i].bytes = sp_heap_take(tables[i].room);
    SP_ASSERT(tables[i].bytes != NULL);
  }
  add(&tables[YAML], "name: big\ntimezone: Asia/Shanghai\n");
  add(&tables[BANDS],
      "band,days,from,to\npeak,all,08:00,20:00\noff,all,00:00,08:00\noff,all,20:00,24:00\n");
  rates_fill(&tables[RATES], &tables[PLANS_CSV]);
  places_fill(&tables[NUMBERS], &tables[DESTINATIONS]);
  FILE *zone = fopen("/usr/share/zoneinfo/Asia/Shanghai", "rb");
  SP_ASSERT(zone != NULL); /* package tzdata */
  tables[ZONE].length = fread(tables[ZONE].bytes, 1, tables[ZONE].room, zone);
  fclose(zone);
}

static void said(void *context, const struct sp_problem *problem)
{
  fprintf(stderr, "%s%s:%u: %s\n", (const char *)context, problem->file, problem->line,
          problem->message);
}

static void compile(const struct table tables[FILES], struct sp_book_image *image,
                    struct figure_samples *samples, uint64_t *arena_bytes)
{
  static char label[] = "bench_book: ";
  struct sp_problems problems = {said, label, 0, 0};
  struct sp_book_file file[FILES];
  struct sp_memory memory;
  sp_heap_init(&memory);
  for (int i = 0; i < FILES; i++) {
    char *bytes = sp_heap_take(tables[i].length + 1);
    SP_ASSERT(bytes != NULL);
    memcpy(bytes, tables[i].bytes, tables[i].length);
    file[i] = (struct sp_book_file){names[i], bytes, tables[i].length};
  }
  struct sp_book_files files = {file, FILES};
  double from = figure_cpu_ns();
  enum sp_status status = sp_book_compile(&files, &problems, &memory, image);
  figure_add(samples, (figure_cpu_ns() - from) * 1e-9);
  *arena_bytes = memory.bytes_total;
  SP_ASSERT(status == SP_OK);
  sp_memory_free(&memory);
  for (int i = 0; i < FILES; i++) {
    sp_heap_give(file[i].bytes, tables[i].length + 1);
  }
}

enum question { NUMBER, DESTINATION, INSTANT, QUESTIONS };

static const char *const question_words[QUESTIONS] = {
    "longest prefix of a number", "longest prefix of a destination", "bands of an instant"};

static uint64_t ask(const struct sp_book *book, enum question question, const uint64_t *numbers,
                    const int64_t *times)
{
  uint64_t sum = 0;
  int64_t until_s;
  for (uint32_t i = 0; i < LOOKUPS * ROUNDS; i++) {
    uint32_t at = i % LOOKUPS;
    sum += question == NUMBER        ? sp_book_find_prefix(book, numbers[at])
           : question == DESTINATION ? sp_book_find_dest_node(book, numbers[at])
                                     : sp_book_bands(book, times[at], &until_s);
  }
  return sum;
}

static void questions(const struct sp_book *book, unsigned runs)
{
  static uint64_t numbers[LOOKUPS];
  static int64_t times[LOOKUPS];
  for (uint32_t i = 0; i < LOOKUPS; i++) {
    char text[32];
    int length = snprintf(text, sizeof(text), "861%07" PRIu32 "%04" PRIu32, 3000000 + draw(700000),
                          draw(10000));
    numbers[i] = sp_number_pack(text, (size_t)length).digits;
    times[i] = 1770000000 + draw(8000000);
  }
  for (int question = 0; question < QUESTIONS; question++) {
    struct figure_samples samples = {.count = 0};
    uint64_t sum = 0;
    for (unsigned run = 0; run < runs; run++) {
      double from = figure_cpu_ns();
      sum += ask(book, (enum question)question, numbers, times);
      figure_add(&samples, (figure_cpu_ns() - from) / ((double)LOOKUPS * ROUNDS));
    }
    char more[64];
    snprintf(more, sizeof(more), "\"sum\":%" PRIu64, sum);
    figure_print(&(struct figure){"book", question_words[question], "ns", LOOKUPS * ROUNDS, more},
                 &samples);
  }
}

int main(int argc, char **argv)
{
  struct table tables[FILES] = {{NULL, 0, 0}};
  struct sp_book_image image = {NULL, 0};
  struct sp_book book;
  struct figure_samples compiled = {.count = 0}, opened = {.count = 0};
  uint64_t arena_bytes = 0;
  unsigned runs = figure_runs(argc > 1 ? argv[1] : NULL, 3);
  files_make(tables);
  for (unsigned i = 0; i < runs; i++) {
    sp_heap_give(image.bytes, image.length);
    compile(tables, &image, &compiled, &arena_bytes);
    double from = figure_cpu_ns();
    enum sp_status status = sp_book_open(&book, image.bytes, image.length);
    figure_add(&opened, (figure_cpu_ns() - from) * 1e-6);
    SP_ASSERT(status == SP_OK);
  }
  char more[96];
  snprintf(more, sizeof(more), "\"image_bytes\":%zu,\"arena_bytes\":%" PRIu64, image.length,
           arena_bytes);
  figure_print(&(struct figure){"book", "check and compile", "s", PREFIXES, more}, &compiled);
  figure_print(&(struct figure){"book", "open", "ms", PREFIXES, NULL}, &opened);
  questions(&book, runs);
  return 0;
}
