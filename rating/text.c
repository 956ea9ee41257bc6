#include "rating/text.h"

#include <string.h>

void sp_text_add_bytes(struct sp_text *text, const char *bytes, size_t length)
{
  SP_ASSERT(text->size > 0 && text->length < text->size);
  size_t room = text->size - text->length - 1;
  if (length > room) {
    text->cut = true;
    length = room;
  }
  memcpy(text->at + text->length, bytes, length);
  text->length += length;
  text->at[text->length] = '\0';
}

/* C0, DEL, and C1, which is two bytes. */
static bool is_control(const unsigned char *at, size_t size)
{
  return at[0] < 0x20 || at[0] == 0x7F || (size == 2 && at[0] == 0xC2 && at[1] < 0xA0);
}

void sp_text_add_shown(struct sp_text *text, const char *bytes, size_t length)
{
  const unsigned char *at = (const unsigned char *)bytes;
  for (size_t i = 0; i < length;) {
    size_t size = sp_text_utf8(at + i, length - i);
    bool shown = size > 0 && !is_control(at + i, size);
    sp_text_add_bytes(text, shown ? bytes + i : "?", shown ? size : 1);
    i += size == 0 ? 1 : size;
  }
}

void sp_text_add(struct sp_text *text, const char *words)
{
  sp_text_add_bytes(text, words, strlen(words));
}

void sp_text_add_u64(struct sp_text *text, uint64_t value)
{
  char digits[20];
  size_t n = sizeof(digits);
  do {
    digits[--n] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  sp_text_add_bytes(text, digits + n, sizeof(digits) - n);
}

void sp_text_add_i64(struct sp_text *text, int64_t value)
{
  if (value < 0) {
    sp_text_add_bytes(text, "-", 1);
  }
  sp_text_add_u64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void sp_text_add_micro(struct sp_text *text, int64_t micro)
{
  uint64_t amount = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
  char decimals[7] = ".000000";
  uint64_t rest = amount % 1000000;
  for (int i = 6; i > 0; i--) {
    decimals[i] = (char)('0' + rest % 10);
    rest /= 10;
  }
  if (micro < 0) {
    sp_text_add_bytes(text, "-", 1);
  }
  sp_text_add_u64(text, amount / 1000000);
  sp_text_add_bytes(text, decimals, sizeof(decimals));
}

size_t sp_text_utf8(const unsigned char *at, size_t left)
{
  size_t length = at[0] < 0x80   ? 1
                  : at[0] < 0xC2 ? 0
                  : at[0] < 0xE0 ? 2
                  : at[0] < 0xF0 ? 3
                  : at[0] < 0xF5 ? 4
                                 : 0;
  if (length == 0 || length > left) {
    return 0;
  }
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  bool bad = length > 2 && ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
                            (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F));
  return bad ? 0 : length;
}

/* Whether eight bytes are all of ASCII and none is a control byte: no borrow goes beyond the first
 * byte that is. */
static bool is_ascii(const char *at)
{
  const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  uint64_t last = word ^ ones * 0x7F;
  return (((word - ones * 0x20) | word | (last - ones)) & highs) == 0;
}

bool sp_text_is_plain(const char *bytes, size_t length)
{
  for (size_t i = 0; i < length;) {
    if (length - i >= 8 && is_ascii(bytes + i)) {
      i += 8;
      continue;
    }
    const unsigned char *at = (const unsigned char *)bytes + i;
    if (*at >= 0x20 && *at < 0x7F) {
      i++;
      continue;
    }
    size_t size = sp_text_utf8(at, length - i);
    bool blank = at[0] == '\t' || at[0] == '\n' || at[0] == '\r';
    if (size == 0 || (!blank && is_control(at, size))) {
      return false;
    }
    i += size;
  }
  return true;
}

size_t sp_text_cut(const char *bytes, size_t length, size_t max)
{
  if (length <= max) {
    return length;
  }
  size_t cut = max;
  while (cut > 0 && max - cut < 3 && ((unsigned char)bytes[cut] & 0xC0) == 0x80) {
    cut--;
  }
  return cut;
}
