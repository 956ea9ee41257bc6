/* Customer tables: whatever the bytes, rows are refused or a directory comes out that is sound. An
 * input is tables, each behind a line "== NAME"; the book has plans b (base), a (add_on), v (group,
 * payer), f (family) and p (family, pool). Saved and restored, every index is checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rating/customers.h"
#include "rating/directory_image.h"
#include "tests/rating/customers_book.h"
#include "tools/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quiet(void *context, const struct sp_problem *problem)
{
  (void)context;
  SP_ASSERT(problem->file != NULL && problem->message[0] != '\0');
}

static enum sp_status piece_restore(void *context, const struct sp_directory_piece *piece)
{
  return sp_directory_restore_piece(context, piece);
}

static void restored_check(const struct sp_directory *directory)
{
  struct sp_memory memory;
  struct sp_directory_restore restore;
  sp_heap_init(&memory);
  sp_directory_restore_begin(&restore, &memory);
  SP_ASSERT(sp_directory_save(directory, piece_restore, &restore) == SP_OK);
  SP_ASSERT(sp_directory_restore_end(&restore) == SP_OK);
  sp_directory_free(restore.directory);
  sp_memory_free(&memory);
}

static void answers_check(const struct sp_directory *directory)
{
  struct sp_tenure tenure;
  for (uint32_t i = 0; i < sp_directory_subscriber_count(directory); i++) {
    SP_ASSERT(sp_directory_find_subscriber(directory, sp_directory_subscriber_name(directory, i)) ==
              i);
    for (uint32_t k = 0; sp_directory_tenure(directory, i, k, &tenure); k++) {
      uint32_t found = sp_directory_find_number(directory, tenure.digits, tenure.from_utc_s);
      SP_ASSERT(found == i);
      SP_ASSERT(sp_directory_domain_at(directory, i, tenure.from_utc_s) != SP_NONE);
    }
  }
  for (uint32_t i = 0; i < sp_directory_group_count(directory); i++) {
    SP_ASSERT(sp_directory_find_group(directory, sp_directory_group_name(directory, i)) == i);
  }
}

/* The end of the text before the next line "== ", and where that line's text goes on. */
static size_t section_end(const char *text, size_t at, size_t size)
{
  while (at < size && !(size - at >= 3 && memcmp(text + at, "== ", 3) == 0)) {
    const char *mark = memchr(text + at, '\n', size - at);
    at = mark == NULL ? size : (size_t)(mark - text) + 1;
  }
  return at;
}

static void tables_take(struct sp_customer_file files[SP_CUSTOMER_TABLES], char *text, size_t size)
{
  for (size_t at = section_end(text, 0, size); at < size;) {
    const char *mark = memchr(text + at, '\n', size - at);
    size_t name_end = mark == NULL ? size : (size_t)(mark - text);
    size_t from = mark == NULL ? size : name_end + 1, end = section_end(text, from, size);
    for (int i = 0; i < SP_CUSTOMER_TABLES; i++) {
      const char *name = sp_customer_table_name((enum sp_customer_table)i);
      if (strlen(name) == name_end - at - 3 && memcmp(text + at + 3, name, strlen(name)) == 0) {
        files[i].bytes = text + from;
        files[i].length = end - from;
      }
    }
    at = end;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct sp_customer_file files[SP_CUSTOMER_TABLES] = {0};
  struct sp_problems problems = {quiet, NULL, 0, 0};
  struct sp_memory memory;
  struct sp_directory *directory;
  char *text = malloc(size + 1);
  SP_ASSERT(text != NULL);
  memcpy(text, data, size);
  sp_heap_init(&memory);
  tables_take(files, text, size);
  enum sp_status status =
      sp_customers_read(&directory, files, customers_book(), &memory, &problems);
  SP_ASSERT(status == SP_OK);
  free(text);
  answers_check(directory);
  restored_check(directory);
  sp_directory_free(directory);
  sp_memory_free(&memory);
  return 0;
}
