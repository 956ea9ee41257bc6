#include "rating/cdr.h"

static const char *word_at(const char *const *words, unsigned count, unsigned index)
{
  return index < count ? words[index] : NULL;
}

const char *sp_service_word(unsigned service)
{
  static const char *const words[] = {"voice", "sms", "mms", "data", "vas", "fee", ""};
  return word_at(words, 7, service);
}

const char *sp_direction_word(unsigned direction)
{
  static const char *const words[] = {"", "mo", "mt", "cf"};
  return word_at(words, 4, direction);
}

const char *sp_partial_word(unsigned partial)
{
  static const char *const words[] = {"whole", "first", "middle", "last"};
  return word_at(words, 4, partial);
}
