#include "tools/json_text.h"

#include <stdbool.h>

/* Length of the UTF-8 character at text, 0 = none (overlong, surrogate or cut). */
static size_t character(const unsigned char *text, size_t length)
{
  static const unsigned least[5] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = text[0] < 0x80   ? 1
             : text[0] < 0xC2 ? 0
             : text[0] < 0xE0 ? 2
             : text[0] < 0xF0 ? 3
             : text[0] < 0xF5 ? 4
                              : 0;
  if (n < 2 || n > length) {
    return n == 1 ? 1 : 0;
  }
  unsigned code = text[0] & (0x7Fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((text[i] & 0xC0) != 0x80) {
      return 0;
    }
    code = code << 6 | (text[i] & 0x3Fu);
  }
  bool good = code >= least[n] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  return good ? n : 0;
}

void sp_json_text(FILE *to, const char *text, size_t length)
{
  const unsigned char *bytes = (const unsigned char *)text;
  putc('"', to);
  for (size_t i = 0; i < length;) {
    size_t n = character(bytes + i, length - i);
    if (n == 0 || bytes[i] < 0x20 || bytes[i] == 0x7F) {
      fprintf(to, "\\u%04x", bytes[i]);
      i++;
      continue;
    }
    if (bytes[i] == '"' || bytes[i] == '\\') {
      putc('\\', to);
    }
    fwrite(bytes + i, 1, n, to);
    i += n;
  }
  putc('"', to);
}

void sp_json_micro(FILE *to, long long micro)
{
  unsigned long long amount =
      micro < 0 ? 0ULL - (unsigned long long)micro : (unsigned long long)micro;
  fprintf(to, "\"%s%llu.%06llu\"", micro < 0 ? "-" : "", amount / 1000000, amount % 1000000);
}
