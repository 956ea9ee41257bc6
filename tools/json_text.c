#include "tools/json_text.h"

#include "rating/text.h"

void sp_json_text(FILE *to, const char *text, size_t length)
{
  const unsigned char *bytes = (const unsigned char *)text;
  putc('"', to);
  for (size_t i = 0; i < length;) {
    size_t n = sp_text_utf8(bytes + i, length - i);
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
