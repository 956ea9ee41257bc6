#include "tools/explain_tell.h"

#include <string.h>

#include "rating/usage.h"
#include "tools/book_words.h"
#include "tools/json_text.h"

#define STATIONS 9u /* waypoints of a record in the code */

void sp_tell_station(struct sp_tell *tell, const char *name, const char *what)
{
  tell->stations++;
  if (tell->json) {
    fprintf(tell->to, "%s{\"station\":%u,\"name\":\"%s\",\"steps\":[",
            tell->stations > 1 ? "]}," : "", tell->stations, name);
  } else {
    fprintf(tell->to, "[CDR %u/%u] %s: %s\n", tell->stations, STATIONS, name, what);
  }
  tell->steps = false;
}

void sp_tell_stations_end(struct sp_tell *tell)
{
  if (tell->json && tell->stations > 0) {
    fputs("]}", tell->to);
  }
  tell->stations = 0;
}

void sp_tell_step(struct sp_tell *tell, const char *kind)
{
  if (tell->json) {
    fprintf(tell->to, "%s{\"kind\":\"%s\"", tell->steps ? "," : "", kind);
  }
  tell->steps = true;
}

void sp_tell_text(struct sp_tell *tell, const char *key, const char *text, size_t length)
{
  if (tell->json) {
    fprintf(tell->to, ",\"%s\":", key);
    sp_json_text(tell->to, text, length);
  }
}

void sp_tell_word(struct sp_tell *tell, const char *key, const char *word)
{
  sp_tell_text(tell, key, word, strlen(word));
}

void sp_tell_name(struct sp_tell *tell, const char *key, struct sp_name name)
{
  sp_tell_text(tell, key, name.text, name.length);
}

void sp_tell_number(struct sp_tell *tell, const char *key, int64_t number)
{
  if (tell->json) {
    fprintf(tell->to, ",\"%s\":%lld", key, (long long)number);
  }
}

void sp_tell_micro(struct sp_tell *tell, const char *key, int64_t micro)
{
  if (tell->json) {
    fprintf(tell->to, ",\"%s\":", key);
    sp_json_micro(tell->to, micro);
  }
}

void sp_tell_line(FILE *to, const char *indent, const struct sp_text *says)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text shown = SP_TEXT_INIT(words);
  sp_text_add_shown(&shown, says->at, says->length);
  fprintf(to, "%s%s\n", indent, words);
}

void sp_tell_says(struct sp_tell *tell, const struct sp_text *says)
{
  if (tell->json) {
    sp_tell_text(tell, "says", says->at, says->length);
    putc('}', tell->to);
  } else {
    sp_tell_line(tell->to, "  ", says);
  }
}

void sp_tell_plain(struct sp_tell *tell, const char *kind, const char *says)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  sp_text_add(&text, says);
  sp_tell_step(tell, kind);
  sp_tell_says(tell, &text);
}

#define DECIMALS_MAX 15

static sp_i128 common_divisor(sp_i128 a, sp_i128 b)
{
  while (b != 0) {
    sp_i128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static void i128_add(struct sp_text *text, sp_i128 value) /* >= 0 */
{
  char digits[48];
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + (int)(value % 10));
    value /= 10;
  } while (value > 0);
  sp_text_add_bytes(text, digits + at, sizeof(digits) - at);
}

void sp_words_exact(struct sp_text *text, sp_i128 numerator, int64_t denominator)
{
  sp_i128 divisor = (sp_i128)denominator * SP_MICRO;
  if (numerator < 0) {
    sp_text_add(text, "-");
    numerator = -numerator;
  }
  char decimals[DECIMALS_MAX + 1];
  size_t count = 0;
  sp_i128 rest = numerator % divisor;
  while (count < DECIMALS_MAX && (rest != 0 || count < 2)) {
    rest *= 10;
    decimals[count++] = (char)('0' + (int)(rest / divisor));
    rest %= divisor;
  }
  if (rest == 0) {
    i128_add(text, numerator / divisor);
    sp_text_add(text, ".");
    sp_text_add_bytes(text, decimals, count);
    return;
  }
  sp_i128 common = common_divisor(numerator, divisor);
  i128_add(text, numerator / common);
  sp_text_add(text, "/");
  i128_add(text, divisor / common);
}

void sp_words_owner(struct sp_text *text, const struct sp_directory *directory, uint32_t owner)
{
  bool group = (owner & SP_SUBJECT_GROUP) != 0;
  struct sp_name name = group ? sp_directory_group_name(directory, owner & ~SP_SUBJECT_GROUP)
                              : sp_directory_subscriber_name(directory, owner);
  sp_text_add(text, group ? "group:" : "subscriber:");
  sp_text_add_bytes(text, name.text, name.length);
}

void sp_words_amount(struct sp_text *text, int64_t value, uint8_t unit)
{
  if (value == 0) {
    sp_text_add(text, unit == SP_UNIT_SECOND ? "0s" : unit == SP_UNIT_BYTE ? "0B" : "0");
  } else {
    sp_words_quantity(text, value, (enum sp_unit)unit);
  }
}

const char *sp_words_roam(unsigned roam)
{
  static const char *const words[] = {"home", "province", "domestic", "hmt", "international"};
  return roam < SP_ROAM_COUNT ? words[roam] : "";
}

const char *sp_words_zone(unsigned zone)
{
  static const char *const words[] = {"none", "local",         "province", "domestic",
                                      "hmt",  "international", "service"};
  return zone < SP_ZONE_COUNT ? words[zone] : "";
}

const char *sp_words_net(unsigned net)
{
  static const char *const words[] = {"none",  "group",   "family", "service", "sp",
                                      "fixed", "foreign", "onnet",  "mobile"};
  return net < SP_NET_COUNT ? words[net] : "";
}

static const char *feature_word(unsigned bit, const char **column)
{
  if (bit >= SP_FEATURE_NET) {
    *column = "net";
    return sp_words_net((bit - SP_FEATURE_NET) % SP_NET_COUNT);
  }
  if (bit >= SP_FEATURE_ZONE) {
    *column = "zone";
    return sp_words_zone(bit - SP_FEATURE_ZONE);
  }
  if (bit >= SP_FEATURE_ROAM) {
    *column = "roam";
    return sp_words_roam(bit - SP_FEATURE_ROAM);
  }
  *column = bit >= SP_FEATURE_DIRECTION ? "direction" : "service";
  const char *word = bit >= SP_FEATURE_DIRECTION ? sp_direction_word(bit - SP_FEATURE_DIRECTION)
                                                 : sp_service_word(bit);
  return word == NULL || word[0] == '\0' ? "none" : word;
}

void sp_words_features(struct sp_text *text, uint64_t features)
{
  const char *between = "";
  for (unsigned bit = 0; bit < SP_FEATURE_BITS; bit++) {
    if ((features >> bit & 1) != 0) {
      const char *column, *word = feature_word(bit, &column);
      sp_text_add(text, between);
      sp_text_add(text, column);
      sp_text_add(text, " is ");
      sp_text_add(text, word);
      between = ", ";
    }
  }
}
