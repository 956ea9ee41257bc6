#include "store/block_layout.h"

#include <string.h>

void sp__block_columns_place(struct sp_block_columns *columns, uint8_t *bytes, uint32_t n)
{
  uint32_t **words[] = {&columns->offset_delta, &columns->sub,   &columns->behind_s, &columns->subscriber,
                        &columns->account,      &columns->group, &columns->place,    &columns->raw_length};
  uint16_t **halves[] = {&columns->charge_length, &columns->reason};
  uint8_t **small[] = {&columns->stream, &columns->outcome, &columns->flags, &columns->book};
  uint8_t *at = bytes;
  for (unsigned i = 0; i < 8; i++, at += (size_t)n * 4) {
    *words[i] = (uint32_t *)(void *)at;
  }
  for (unsigned i = 0; i < 2; i++, at += (size_t)n * 2) {
    *halves[i] = (uint16_t *)(void *)at;
  }
  for (unsigned i = 0; i < 4; i++, at += n) {
    *small[i] = at;
  }
  SP_ASSERT((size_t)(at - bytes) == (size_t)n * SP_BLOCK_ROW_BYTES);
}

void sp__block_columns_copy(const struct sp_block_columns *to, const struct sp_block_columns *from, uint32_t n)
{
  if (n == 0) {
    return;
  }
  memcpy(to->offset_delta, from->offset_delta, (size_t)n * 4);
  memcpy(to->sub, from->sub, (size_t)n * 4);
  memcpy(to->behind_s, from->behind_s, (size_t)n * 4);
  memcpy(to->subscriber, from->subscriber, (size_t)n * 4);
  memcpy(to->account, from->account, (size_t)n * 4);
  memcpy(to->group, from->group, (size_t)n * 4);
  memcpy(to->place, from->place, (size_t)n * 4);
  memcpy(to->raw_length, from->raw_length, (size_t)n * 4);
  memcpy(to->charge_length, from->charge_length, (size_t)n * 2);
  memcpy(to->reason, from->reason, (size_t)n * 2);
  memcpy(to->stream, from->stream, n);
  memcpy(to->outcome, from->outcome, n);
  memcpy(to->flags, from->flags, n);
  memcpy(to->book, from->book, n);
}
