/* Resolve alone: a book, customers and usage as `suanpan gen DIR` makes them.
 *   bench_resolve DIR [ROUNDS]
 * Instructions: valgrind --tool=callgrind --toggle-collect=sp_resolve_batch bench_resolve DIR 1 */
#include "bench/figure.h"
#include "ingest/decode.h"
#include "ingest/resolve.h"
#include "tools/book_load.h"
#include "tools/customers_folder.h"
#include "tools/heap.h"

#define PATH_BYTES_MAX 4096

struct world {
  struct sp_memory memory;
  struct sp_books books;
  struct sp_loaded_book loaded;
  struct sp_directory *directory;
  struct sp_resolver *resolver;
};

static _Noreturn void die(const char *what)
{
  fprintf(stderr, "bench_resolve: %s\n", what);
  exit(4);
}

static void world_load(struct world *world, const char *folder)
{
  char path[PATH_BYTES_MAX];
  const char *paths[1] = {path};
  struct sp_problem_list list;
  sp_heap_init(&world->memory);
  sp_problem_list_init(&list);
  snprintf(path, sizeof(path), "%s/book", folder);
  if (sp_books_load(&world->books, &world->loaded, paths, 1, &world->memory, &list) != SP_OK) {
    sp_problem_list_print(&list, stderr);
    die("the book cannot be read");
  }
  snprintf(path, sizeof(path), "%s/customers", folder);
  if (sp_customers_load(&world->directory, path, &world->books, &world->memory, &list.problems) !=
          SP_OK ||
      sp_resolver_make(&world->resolver, world->directory, &world->books, &world->memory) !=
          SP_OK) {
    die("customers cannot be read");
  }
  sp_problem_list_free(&list);
}

static char *usage_read(const char *folder, size_t *length)
{
  char path[PATH_BYTES_MAX];
  snprintf(path, sizeof(path), "%s/usage/usage-00001.csv", folder);
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    die("usage/usage-00001.csv cannot be read");
  }
  *length = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*length + 1);
  if (bytes == NULL || fread(bytes, 1, *length, file) != *length) {
    die("usage/usage-00001.csv cannot be read");
  }
  fclose(file);
  return bytes;
}

static int64_t from_local(const void *context, int64_t local_s)
{
  return sp_book_from_local(context, local_s);
}

struct count {
  uint64_t records, identified;
  double ns;
};

static void pass(struct world *world, const char *bytes, size_t length, struct count *count)
{
  static struct sp_cdr cdrs[SP_BATCH_RECORDS_MAX];
  static struct sp_raw raws[SP_BATCH_RECORDS_MAX];
  static struct sp_usage usages[SP_BATCH_RECORDS_MAX];
  static char scratch[SP_DECODE_SCRATCH_BYTES];
  static struct sp_decoder decoder;
  struct sp_decode_zone zone = {from_local, &world->books.book[0]};
  struct sp_decode decode = {.bytes = bytes,
                             .length = length,
                             .last = true,
                             .count_max = SP_BATCH_RECORDS_MAX,
                             .cdrs = cdrs,
                             .raws = raws,
                             .scratch = scratch};
  sp_decoder_open(&decoder, &zone);
  while (decode.length > 0) {
    sp_decode_csv_batch(&decoder, &decode);
    double from = figure_cpu_ns();
    sp_resolve_batch(world->resolver, cdrs, usages, decode.count);
    count->ns += figure_cpu_ns() - from;
    count->records += decode.count;
    for (uint32_t i = 0; i < decode.count; i++) {
      count->identified += usages[i].subscriber != SP_NONE;
    }
    decode.bytes += decode.consumed;
    decode.length -= decode.consumed;
  }
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    fprintf(stderr, "usage: bench_resolve DIR [ROUNDS]\n");
    return 2;
  }
  static struct world world;
  size_t length;
  world_load(&world, argv[1]);
  char *bytes = usage_read(argv[1], &length);
  struct figure_samples samples = {.count = 0};
  struct count count = {0};
  for (unsigned i = figure_runs(argc > 2 ? argv[2] : NULL, 10); i > 0; i--) {
    count = (struct count){0};
    pass(&world, bytes, length, &count);
    figure_add(&samples, count.ns / (double)count.records);
  }
  char more[64];
  snprintf(more, sizeof(more), "\"identified\":%" PRIu64, count.identified);
  figure_print(&(struct figure){"resolve", "batch", "ns/record", count.records, more}, &samples);
  free(bytes);
  sp_directory_free(world.directory);
  sp_book_unload(&world.loaded);
  sp_memory_free(&world.memory);
  return 0;
}
