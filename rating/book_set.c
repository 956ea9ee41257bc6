#include <string.h>

#include "rating/book_draft.h"
#include "rating/book_lookup.h"
#include "rating/hash.h"

static bool text_equal(const struct sp_book *a, struct sp_book_name x, const struct sp_book *b,
                       struct sp_book_name y)
{
  return x.length == y.length && memcmp(sp_book_text(a, x), sp_book_text(b, y), x.length) == 0;
}

/* §18.5: what books loaded together have to share, and what not. */
static bool books_agree(const struct sp_book *a, const struct sp_book *b)
{
  const struct sp_book_header *x = a->header;
  const struct sp_book_header *y = b->header;
  return text_equal(a, x->timezone, b, y->timezone) && text_equal(a, x->currency, b, y->currency) &&
         text_equal(a, x->home_country, b, y->home_country) && x->cycle_day == y->cycle_day &&
         x->valid_from_utc_s != y->valid_from_utc_s;
}

static bool books_check(const struct sp_book *book, uint32_t count, uint32_t *clash)
{
  for (uint32_t i = 1; i < count; i++) {
    for (uint32_t k = 0; k < i; k++) {
      if (!books_agree(&book[k], &book[i])) {
        *clash = i;
        return false;
      }
    }
  }
  return true;
}

/* The set's ids of the names of one list of a book. */
static const uint32_t *ids_make(struct sp__draft *draft, struct sp__terms *names,
                                const struct sp_book *book, struct sp_book_array array,
                                size_t stride)
{
  uint32_t *ids = sp__draft_take(draft, (size_t)array.count * sizeof(*ids));
  for (uint64_t i = 0; ids != NULL && i < array.count; i++) {
    struct sp_book_name name;
    memcpy(&name, book->base + array.at + i * stride, sizeof(name));
    ids[i] = sp__terms_add(draft, names, sp_book_text(book, name), name.length);
  }
  return ids;
}

static void books_sort(struct sp_books *books)
{
  for (uint32_t i = 0; i < books->count; i++) {
    uint32_t at = i;
    int64_t from = books->book[i].header->valid_from_utc_s;
    for (; at > 0 && books->book[books->by_start[at - 1]].header->valid_from_utc_s > from; at--) {
      books->by_start[at] = books->by_start[at - 1];
    }
    books->by_start[at] = i;
  }
}

static void names_export(struct sp__draft *draft, struct sp__terms *names, struct sp_books *books)
{
  sp__terms_rank(draft, names);
  struct sp_set_name *out = sp__draft_take(draft, names->list.count * sizeof(*out));
  for (uint32_t i = 0; out != NULL && i < names->list.count; i++) {
    const struct sp__term *name = sp__terms_at(names, i);
    out[i] = (struct sp_set_name){name->text, name->length, name->rank};
  }
  books->names = out;
  books->names_count = names->list.count;
}

enum sp_status sp_books_make(struct sp_books *books, const struct sp_book *book, uint32_t count,
                             struct sp_memory *memory, uint32_t *clash)
{
  SP_ASSERT(books != NULL && memory != NULL && count <= SP_BOOKS_MAX);
  *clash = SP_NONE;
  if (!books_check(book, count, clash)) {
    return SP_BAD_BOOK;
  }
  struct sp__draft *draft = sp_memory_take(memory, sizeof(*draft));
  struct sp__terms *names = sp_memory_take(memory, sizeof(*names));
  if (draft == NULL || names == NULL) {
    return SP_NO_MEMORY;
  }
  draft->memory = memory;
  memset(books, 0, sizeof(*books));
  books->count = count;
  uint64_t hashes[2 * SP_BOOKS_MAX] = {0};
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_book_header *header = book[i].header;
    books->book[i] = book[i];
    books->item_ids[i] =
        ids_make(draft, names, &book[i], header->item_names, sizeof(struct sp_book_name));
    books->allowance_ids[i] =
        ids_make(draft, names, &book[i], header->allowance_names, sizeof(struct sp_book_name));
    books->plan_ids[i] =
        ids_make(draft, names, &book[i], header->plans, sizeof(struct sp_book_plan));
    memcpy(&hashes[2 * i], header->hash, sizeof(header->hash));
  }
  books_sort(books);
  names_export(draft, names, books);
  struct sp_hash128 hash = sp_hash128(hashes, (size_t)count * 16, count);
  memcpy(books->hash, &hash, sizeof(books->hash));
  return draft->status;
}

uint32_t sp_books_at(const struct sp_books *books, int64_t at_utc_s)
{
  uint32_t found = SP_NONE;
  for (uint32_t i = 0; i < books->count; i++) {
    uint32_t at = books->by_start[i];
    if (books->book[at].header->valid_from_utc_s > at_utc_s) {
      break;
    }
    found = at;
  }
  return found;
}
