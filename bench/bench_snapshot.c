/* The subscribers of a snapshot, N customers, one core (quality.md §1: 10 M within 10 s on two, 5
 * times smaller than the raw state): scores, rows, Parquet with zstd, SHA-256; bytes go nowhere.
 * bench_snapshot [customers]; JSON lines. */
#include "bench/figure.h"
#include "bench/profile_sample.h"
#include "rating/customers.h"
#include "store/sha256.h"
#include "store/snapshot.h"
#include "tools/heap.h"

enum { ROW_BYTES_MAX = 48 };

/* A book set that only has to be there: no customer row below asks it anything. */
struct image {
  struct sp_book_header header;
  char strings[64];
};

static struct sp_directory *make_directory(struct sp_memory *memory, struct image *image,
                                           uint32_t n)
{
  static char accounts[] = "account,name,kind\nA1,,postpaid\n";
  static struct sp_books books;
  struct sp_customer_file files[SP_CUSTOMER_TABLES] = {{NULL, NULL, 0}};
  struct sp_problems problems = {NULL, NULL, 0, 0};
  struct sp_directory *directory = NULL;
  size_t room = (size_t)n * ROW_BYTES_MAX + 64U;
  char *rows = malloc(room);
  memset(image, 0, sizeof *image);
  image->header.strings.at = offsetof(struct image, strings);
  books.count = 1;
  books.book[0] = (struct sp_book){&image->header, (const char *)image};
  if (rows == NULL) {
    return NULL;
  }
  size_t at = (size_t)snprintf(rows, room, "subscriber,number,account,home_area\n");
  for (uint32_t i = 0; i < n; i++) {
    at +=
        (size_t)snprintf(rows + at, room - at, "S%08" PRIu32 ",86139%08" PRIu32 ",A1,755\n", i, i);
  }
  files[SP_CUSTOMER_ACCOUNTS] = (struct sp_customer_file){NULL, accounts, sizeof accounts - 1U};
  files[SP_CUSTOMER_SUBSCRIBERS] = (struct sp_customer_file){NULL, rows, at};
  enum sp_status status = sp_customers_read(&directory, files, &books, memory, &problems);
  free(rows);
  return status == SP_OK && sp_directory_subscriber_count(directory) == n ? directory : NULL;
}

static enum sp_status take(void *context, const void *bytes, size_t size)
{
  sp_sha256_add(context, bytes, size);
  return SP_OK;
}

static enum sp_status measure(const struct sp_scores_input *input, struct sp_memory *memory)
{
  struct sp_scores scores;
  struct sp_snapshot *snapshot;
  struct sp_sha256 sha;
  struct sp_parquet_sink sink = {take, &sha};
  uint64_t bytes;
  uint8_t digest[SP_SHA256_BYTES];
  char hex[SP_SHA256_HEX_BYTES];
  double start = figure_cpu_ns();
  sp_sha256_begin(&sha);
  SP_TRY(sp_scores_make(&scores, input, memory));
  double scored = figure_cpu_ns();
  SP_TRY(sp_snapshot_open(&snapshot, SP_SNAPSHOT_SUBSCRIBERS, &scores, memory));
  SP_TRY(sp_snapshot_write(snapshot, &sink, NULL, &bytes));
  double end = figure_cpu_ns();
  double n = (double)scores.subscribers;
  sp_sha256_end(&sha, digest);
  sp_sha256_hex(digest, hex);
  char more[96];
  snprintf(more, sizeof(more), "\"raw_bytes\":%zu,\"sha256\":\"%.16s\"", sizeof(struct sp_profile),
           hex);
  figure_print_one(&(struct figure){"snapshot", "score", "ns/customer", scores.subscribers, more},
                   (scored - start) / n);
  figure_print_one(&(struct figure){"snapshot", "write", "ns/customer", scores.subscribers, more},
                   (end - scored) / n);
  figure_print_one(&(struct figure){"snapshot", "size", "bytes/customer", scores.subscribers, more},
                   (double)bytes / n);
  sp_snapshot_close(snapshot);
  sp_scores_free(&scores, memory);
  return SP_OK;
}

int main(int argc, char **argv)
{
  uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000U;
  static struct image image;
  static const struct sp_group_profile no_groups[1];
  struct sp_memory memory;
  sp_heap_init(&memory);
  size_t bytes = (size_t)n * sizeof(struct sp_profile);
  struct sp_profile *profiles = sp_heap_take(bytes);
  struct sp_directory *directory = make_directory(&memory, &image, n);
  if (n < TEMPLATES || profiles == NULL || directory == NULL) {
    fprintf(stderr, "bench_snapshot: at least %d customers, and memory for them\n", TEMPLATES);
    return 2;
  }
  make_profiles(profiles, n);
  struct sp_scores_input input = {.directory = directory,
                                  .profiles = profiles,
                                  .groups = no_groups,
                                  .as_of_utc_s = (int64_t)(FIRST_DAY + DAYS) * 86400,
                                  .as_of_day = FIRST_DAY + DAYS};
  enum sp_status status = measure(&input, &memory);
  if (status != SP_OK) {
    fprintf(stderr, "bench_snapshot: %s\n", sp_status_text(status));
  }
  sp_directory_free(directory);
  sp_heap_give(profiles, bytes);
  sp_memory_free(&memory);
  return status == SP_OK ? 0 : 1;
}
