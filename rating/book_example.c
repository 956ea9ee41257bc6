#include "rating/book_checks.h"

static const char *const roam_words[SP_ROAM_COUNT] = {"home", "province", "domestic", "hmt",
                                                      "international"};
static const char *const zone_words[SP_ZONE_COUNT] = {
    "no other party", "local", "province", "domestic", "hmt", "international", "service"};
static const char *const net_words[SP_NET_COUNT] = {
    "no other party", "group", "family", "service", "sp", "fixed", "foreign", "onnet", "mobile"};

static void word_add(struct sp_text *text, const char *column, const char *word)
{
  sp_text_add(text, text->length > 0 && text->at[text->length - 1] == ' ' ? "" : ", ");
  sp_text_add(text, column);
  sp_text_add(text, "=");
  sp_text_add(text, word);
}

void sp__example_features(struct sp_text *text, uint64_t accepted, uint32_t columns)
{
  for (uint32_t column = 0; column < SP_COLUMN_FEATURES; column++) {
    uint64_t bits = accepted & sp__column_features(column);
    if ((columns >> column & 1u) == 0 || bits == 0) {
      continue;
    }
    unsigned bit = (unsigned)__builtin_ctzll(bits);
    switch ((enum sp__column)column) {
    case SP_COLUMN_SERVICE:
      word_add(text, "service", sp_service_word(bit - SP_FEATURE_SERVICE));
      break;
    case SP_COLUMN_DIRECTION:
      word_add(text, "direction",
               bit == SP_FEATURE_DIRECTION ? "blank"
                                           : sp_direction_word(bit - SP_FEATURE_DIRECTION));
      break;
    case SP_COLUMN_ROAM:
      word_add(text, "roam", roam_words[bit - SP_FEATURE_ROAM]);
      break;
    case SP_COLUMN_ZONE:
      word_add(text, "zone", zone_words[bit - SP_FEATURE_ZONE]);
      break;
    case SP_COLUMN_NET:
      word_add(text, "net", net_words[(bit - SP_FEATURE_NET) % SP_NET_COUNT]);
      sp_text_add(text, bit >= SP_FEATURE_NET_TREE ? " in one tree" : "");
      break;
    case SP_COLUMN_DEST:
    case SP_COLUMN_BAND:
    case SP_COLUMN_GROUP:
    case SP_COLUMN_COUNT:
      break;
    }
  }
}

void sp__example_number(struct sp_text *text, uint64_t digits)
{
  char number[SP_NUMBER_DIGITS_MAX + 1];
  number[sp_number_print(digits, number)] = '\0';
  word_add(text, "other", number);
  sp_text_add(text, "...");
}

void sp__example_term(struct sp_text *text, const char *column, const struct sp__term *term)
{
  word_add(text, column, "");
  sp_text_add_bytes(text, term->text, term->length < 64 ? term->length : 64);
}

static void clock_add(struct sp_text *text, uint32_t seconds)
{
  uint32_t parts[3] = {seconds / 3600, seconds / 60 % 60, seconds % 60};
  for (int i = 0; i < (parts[2] == 0 ? 2 : 3); i++) {
    char digits[3] = {(char)('0' + parts[i] / 10), (char)('0' + parts[i] % 10), '\0'};
    sp_text_add(text, i == 0 ? "" : ":");
    sp_text_add(text, digits);
  }
}

/* Weekdays that are workdays, weekends that are weekends come first: what a person expects. */
bool sp__example_time(struct sp_text *text, const struct sp__draft *draft, const uint64_t bands[3])
{
  static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  static const char *const types[] = {"workday", "weekend", "holiday"};
  for (uint32_t pass = 0; pass < 2; pass++) {
    for (uint32_t kind = 0; kind < 21; kind++) {
      uint32_t weekday = kind / 3;
      uint32_t type = kind % 3;
      bool usual = weekday >= 5 ? type == 1 : type != 1;
      for (uint32_t i = draft->spans.starts[kind]; i < draft->spans.starts[kind + 1]; i++) {
        const struct sp_book_span *span = SP_LIST_AT(&draft->spans.spans, struct sp_book_span, i);
        bool fits = (bands[0] == 0 || (span->bands & bands[0]) != 0) &&
                    (bands[1] == 0 || (span->bands & bands[1]) != 0) &&
                    (span->bands & bands[2]) == 0;
        if (!fits || usual != (pass == 0)) {
          continue;
        }
        sp_text_add(text, weekdays[weekday]);
        sp_text_add(text, " (a ");
        sp_text_add(text, types[type]);
        sp_text_add(text, ") at ");
        clock_add(text, span->from_s);
        return true;
      }
    }
  }
  return false;
}
