#include "tools/replay_cycle.h"

#include <string.h>

#include "rating/memory.h"

#define CYCLE_LETTERS 7

bool sp_replay_cycle_read(int32_t *cycle, const char *text)
{
  int32_t digits[CYCLE_LETTERS] = {0};
  if (strlen(text) != CYCLE_LETTERS || text[4] != '-') {
    return false;
  }
  for (int i = 0; i < CYCLE_LETTERS; i++) {
    digits[i] = text[i] - '0';
    if (i != 4 && (digits[i] < 0 || digits[i] > 9)) {
      return false;
    }
  }
  int32_t year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
  int32_t month = digits[5] * 10 + digits[6];
  *cycle = year * 12 + month - 1;
  return month >= 1 && month <= 12;
}

void sp_replay_cycle_open(struct sp_replay_cycle *cycle, const struct sp_books *other,
                          int32_t number)
{
  int64_t from_utc_s = sp_book_cycle_start(other->book, number);
  uint32_t first = sp_books_at(other, from_utc_s);
  first = first == SP_NONE ? other->by_start[0] : first;
  *cycle = (struct sp_replay_cycle){from_utc_s, sp_book_cycle_start(other->book, number + 1), other,
                                    first, *other->book[first].header};
  cycle->header.valid_from_utc_s = from_utc_s;
}

enum sp_status sp_replay_cycle_books(const struct sp_replay_cycle *cycle,
                                     const struct sp_books *own, struct sp_memory *memory,
                                     const struct sp_books **books)
{
  struct sp_book book[2 * SP_BOOKS_MAX];
  uint32_t count = 0, clash;
  const struct sp_books *other = cycle->other;
  for (uint32_t i = 0; i < other->count; i++) {
    if (i == cycle->first) {
      book[count++] = (struct sp_book){&cycle->header, other->book[i].base};
    } else if (other->book[i].header->valid_from_utc_s > cycle->from_utc_s) {
      book[count++] = other->book[i];
    }
  }
  for (uint32_t i = 0; i < own->count; i++) {
    if (own->book[i].header->valid_from_utc_s < cycle->from_utc_s) {
      book[count++] = own->book[i];
    }
  }
  if (count > SP_BOOKS_MAX) {
    return SP_BAD_BOOK;
  }
  struct sp_books *made = sp_memory_take(memory, sizeof(*made));
  *books = made;
  return made == NULL ? SP_NO_MEMORY : sp_books_make(made, book, count, memory, &clash);
}
