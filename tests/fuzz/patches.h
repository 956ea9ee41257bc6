/* Inputs of targets whose bytes are large and have to be nearly right: what is whole is made here,
 * an input says what of it is otherwise, four bytes a time. */
#ifndef SP_TESTS_FUZZ_PATCHES_H
#define SP_TESTS_FUZZ_PATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patch {
  uint8_t part; /* a page, a piece, a record */
  uint16_t at;  /* a byte of it */
  uint8_t turn; /* its bits that are turned; 0: the part is cut there */
};

/* The next one of the input; false: no more. */
static inline bool patch_next(struct patch *patch, const uint8_t **data, size_t *size)
{
  if (*size < 4) {
    return false;
  }
  const uint8_t *at = *data;
  *patch = (struct patch){at[0], (uint16_t)(at[1] | at[2] << 8), at[3]};
  *data += 4;
  *size -= 4;
  return true;
}

#endif
