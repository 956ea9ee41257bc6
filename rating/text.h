/* Text into a buffer without stdio: bounded, always terminated, cut at the end (`cut` says so). */
#ifndef SP_RATING_TEXT_H
#define SP_RATING_TEXT_H

#include "rating/status.h"

struct sp_text {
  char *at;
  size_t length, size; /* size > 0: with room for the terminator */
  bool cut;
};

#define SP_TEXT_INIT(buffer)           \
  {                                    \
    (buffer), 0, sizeof(buffer), false \
  }

void sp_text_add(struct sp_text *text, const char *words);
void sp_text_add_bytes(struct sp_text *text, const char *bytes, size_t length);
/* For a person's eye: what steers a terminal, ends the text as NUL or is no UTF-8 is a '?'. */
void sp_text_add_shown(struct sp_text *text, const char *bytes, size_t length);
void sp_text_add_i64(struct sp_text *text, int64_t value);
void sp_text_add_u64(struct sp_text *text, uint64_t value);
/* "12.345678": decimals 0..6 of a micro amount; all 6 are exact. Trims no zeros. */
void sp_text_add_micro(struct sp_text *text, int64_t micro);
/* How many bytes of a text make at most `max`, whole characters. */
size_t sp_text_cut(const char *bytes, size_t length, size_t max);
/* Whether it is UTF-8 without control bytes, but for tab and line break. */
bool sp_text_is_plain(const char *bytes, size_t length);
/* Length of the well-formed UTF-8 character that begins at `at` (`left` bytes, at least 1), 0 =
 * none: overlong, a surrogate, beyond U+10FFFF, cut. */
size_t sp_text_utf8(const unsigned char *at, size_t left);

#endif
