/* Customers at scale: reading the tables, bytes per customer, look-up of a number, saving and
 * loading the LMDB environment. bench_directory [CUSTOMERS] [FOLDER]     default 1,000,000; FOLDER
 * for the environment, else it is not measured. Every customer has one account, one number and one
 * subscription. One JSON line per figure. */
#include <sys/stat.h>

#include "bench/figure.h"
#include "rating/customers.h"
#include "rating/number.h"
#include "store/directory_db.h"
#include "tools/heap.h"

#define LOOKUPS 20000000u
#define BATCH 256u
#define ROW_BYTES_MAX 80u
#define AT_UTC_S INT64_C(1772503200)

struct image { /* a book with one base plan: all that reading subscriptions asks for */
  struct sp_book_header header;
  struct sp_book_plan plan;
  char strings[64];
};

static uint64_t random_next(uint64_t *state)
{
  *state += UINT64_C(0x9E3779B97F4A7C15);
  uint64_t word = *state;
  word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
  return word ^ (word >> 31);
}

static void books_make(struct sp_books *books, struct image *image)
{
  memset(image, 0, sizeof(*image));
  memcpy(image->strings, "base", 4);
  image->header.plans = (struct sp_book_array){offsetof(struct image, plan), 1};
  image->header.strings.at = offsetof(struct image, strings);
  image->plan.name.length = 4;
  image->plan.kind = SP_PLAN_BASE;
  memset(books, 0, sizeof(*books));
  books->count = 1;
  books->book[0] = (struct sp_book){&image->header, (const char *)image};
}

static void row_write(char **at, enum sp_customer_table table, uint32_t i)
{
  if (table == SP_CUSTOMER_ACCOUNTS) {
    *at += snprintf(*at, ROW_BYTES_MAX, "A%08" PRIu32 ",,postpaid\n", i);
  } else if (table == SP_CUSTOMER_SUBSCRIBERS) {
    *at += snprintf(*at, ROW_BYTES_MAX,
                    "S%08" PRIu32 ",86138%08" PRIu32 ",A%08" PRIu32
                    ",755,2020-01-01T00:00:00+08:00,\n",
                    i, i, i);
  } else {
    *at += snprintf(*at, ROW_BYTES_MAX,
                    "subscriber:S%08" PRIu32 ",base,2020-01-%02" PRIu32 "T00:00:00+08:00,\n", i,
                    1 + i % 28);
  }
}

static void table_make(struct sp_customer_file *file, enum sp_customer_table table, uint32_t count)
{
  static const char *const headers[] = {"account,name,kind\n",
                                        "subscriber,number,account,home_area,from,to\n", NULL, NULL,
                                        "owner,plan,from,to\n"};
  file->bytes = sp_heap_take((size_t)count * ROW_BYTES_MAX + 64);
  if (file->bytes == NULL) {
    fprintf(stderr, "bench_directory: out of memory\n");
    exit(4);
  }
  char *at = file->bytes + snprintf(file->bytes, 64, "%s", headers[table]);
  for (uint32_t i = 0; i < count; i++) {
    row_write(&at, table, i);
  }
  file->length = (size_t)(at - file->bytes);
}

static void report(void *context, const struct sp_problem *problem)
{
  (void)context;
  fprintf(stderr, "%s:%" PRIu32 ": %s\n", problem->file, problem->line, problem->message);
}

static struct sp_directory *load_measure(uint32_t customers, struct sp_memory *memory)
{
  static struct image image;
  static struct sp_books books;
  struct sp_customer_file files[SP_CUSTOMER_TABLES] = {0};
  struct sp_problems problems = {report, NULL, 0, 0};
  books_make(&books, &image);
  table_make(&files[SP_CUSTOMER_ACCOUNTS], SP_CUSTOMER_ACCOUNTS, customers);
  table_make(&files[SP_CUSTOMER_SUBSCRIBERS], SP_CUSTOMER_SUBSCRIBERS, customers);
  table_make(&files[SP_CUSTOMER_SUBSCRIPTIONS], SP_CUSTOMER_SUBSCRIPTIONS, customers);
  size_t bytes = 0;
  for (int i = 0; i < SP_CUSTOMER_TABLES; i++) {
    bytes += files[i].length;
  }
  struct sp_directory *directory = NULL;
  double from = figure_wall_ns();
  enum sp_status status = sp_customers_read(&directory, files, &books, memory, &problems);
  double seconds = (figure_wall_ns() - from) * 1e-9;
  for (int i = 0; i < SP_CUSTOMER_TABLES; i++) {
    sp_heap_give(files[i].bytes,
                 files[i].bytes == NULL ? 0 : (size_t)customers * ROW_BYTES_MAX + 64);
  }
  if (status != SP_OK || problems.errors > 0) {
    fprintf(stderr, "bench_directory: %s, %" PRIu32 " rows refused\n", sp_status_text(status),
            problems.errors);
    exit(4);
  }
  char more[64];
  snprintf(more, sizeof(more), "\"csv_bytes\":%zu", bytes);
  figure_print_one(&(struct figure){"directory", "read CSV", "s", customers, more}, seconds);
  figure_print_one(&(struct figure){"directory", "memory", "bytes/customer", customers, more},
                   (double)memory->bytes_total / customers);
  return directory;
}

static uint64_t number_of(uint64_t i)
{
  char digits[16];
  int length = snprintf(digits, sizeof(digits), "86138%08" PRIu64, i);
  return sp_number_pack(digits, (size_t)length).digits;
}

/* Random numbers in batches of 256: slot, subscriber, look-up; as resolve does it. */
static void lookup_measure(const struct sp_directory *directory, uint32_t customers)
{
  uint64_t state = 7, sum = 0, numbers[BATCH], seeks[BATCH];
  uint64_t *all = sp_heap_take((size_t)1 << 23);
  uint32_t kept = (UINT32_C(1) << 23) / sizeof(uint64_t);
  for (uint32_t i = 0; i < kept; i++) {
    all[i] = number_of(random_next(&state) % customers);
  }
  double from = figure_wall_ns();
  for (uint32_t done = 0; done < LOOKUPS; done += BATCH) {
    memcpy(numbers, all + done % kept, sizeof(numbers));
    for (uint32_t i = 0; i < BATCH; i++) {
      seeks[i] = sp_directory_prefetch_number(directory, numbers[i]);
    }
    for (uint32_t i = 0; i < BATCH; i++) {
      (void)sp_directory_prefetch_subscriber(directory, seeks[i]);
    }
    for (uint32_t i = 0; i < BATCH; i++) {
      sum += sp_directory_find_number(directory, numbers[i], AT_UTC_S);
    }
  }
  char more[64];
  snprintf(more, sizeof(more), "\"customers\":%" PRIu32 ",\"sum\":%" PRIu64, customers, sum);
  figure_print_one(&(struct figure){"directory", "find number", "ns", LOOKUPS, more},
                   (figure_wall_ns() - from) / LOOKUPS);
  sp_heap_give(all, (size_t)1 << 23);
}

static void store_measure(const struct sp_directory *directory, uint32_t customers,
                          const char *folder)
{
  char bytes[256];
  struct sp_text error = SP_TEXT_INIT(bytes);
  (void)mkdir(folder, 0755);
  double from = figure_wall_ns();
  enum sp_status status = sp_directory_db_put(folder, directory, &error);
  double put_s = (figure_wall_ns() - from) * 1e-9;
  struct sp_memory memory;
  struct sp_directory *loaded = NULL;
  sp_heap_init(&memory);
  from = figure_wall_ns();
  if (status == SP_OK) {
    status = sp_directory_db_load(&loaded, folder, &memory, &error);
  }
  if (status != SP_OK) {
    fprintf(stderr, "bench_directory: %s: %s\n", folder, bytes);
    exit(4);
  }
  figure_print_one(&(struct figure){"directory", "LMDB put", "s", customers, NULL}, put_s);
  figure_print_one(&(struct figure){"directory", "LMDB load", "s", customers, NULL},
                   (figure_wall_ns() - from) * 1e-9);
  sp_directory_free(loaded);
  sp_memory_free(&memory);
}

int main(int argc, char **argv)
{
  uint32_t customers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
  if (customers == 0 || customers > 90000000) {
    fprintf(stderr, "usage: bench_directory [1..90000000] [FOLDER]\n");
    return 2;
  }
  struct sp_memory memory;
  sp_heap_init(&memory);
  struct sp_directory *directory = load_measure(customers, &memory);
  lookup_measure(directory, customers);
  if (argc > 2) {
    store_measure(directory, customers, argv[2]);
  }
  sp_directory_free(directory);
  sp_memory_free(&memory);
  return 0;
}
