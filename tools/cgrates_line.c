/* One call as a line of JSON: an object of texts and numbers, its keys in any order. */
#include <string.h>

#include "tools/rate_cgrates.h"

struct cursor {
  const char *at, *end;
  char *texts; /* where the next text goes */
};

enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_NUMBER, VALUE_NULL };

struct value {
  enum value_kind kind;
  struct sp_cgrates_text text; /* of a number: as written */
};

static void blanks_skip(struct cursor *cursor)
{
  while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) != NULL && *cursor->at != 0) {
    cursor->at++;
  }
}

static bool mark_take(struct cursor *cursor, char mark)
{
  blanks_skip(cursor);
  if (cursor->at == cursor->end || *cursor->at != mark) {
    return false;
  }
  cursor->at++;
  return true;
}

/* Four hexadecimal digits. */
static bool hex_take(struct cursor *cursor, uint32_t *code)
{
  *code = 0;
  for (int i = 0; i < 4; i++) {
    char c = cursor->at < cursor->end ? *cursor->at++ : 0;
    uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                            : 16;
    if (digit == 16) {
      return false;
    }
    *code = *code * 16 + digit;
  }
  return true;
}

static void utf8_put(struct cursor *cursor, uint32_t code)
{
  if (code < 0x80) {
    *cursor->texts++ = (char)code;
  } else if (code < 0x800) {
    *cursor->texts++ = (char)(0xC0 | code >> 6);
    *cursor->texts++ = (char)(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *cursor->texts++ = (char)(0xE0 | code >> 12);
    *cursor->texts++ = (char)(0x80 | (code >> 6 & 0x3F));
    *cursor->texts++ = (char)(0x80 | (code & 0x3F));
  } else {
    *cursor->texts++ = (char)(0xF0 | code >> 18);
    *cursor->texts++ = (char)(0x80 | (code >> 12 & 0x3F));
    *cursor->texts++ = (char)(0x80 | (code >> 6 & 0x3F));
    *cursor->texts++ = (char)(0x80 | (code & 0x3F));
  }
}

static bool code_take(struct cursor *cursor)
{
  uint32_t code, low;
  if (!hex_take(cursor, &code)) {
    return false;
  }
  if (code >= 0xD800 && code < 0xDC00) {
    if (cursor->end - cursor->at < 6 || cursor->at[0] != '\\' || cursor->at[1] != 'u') {
      return false;
    }
    cursor->at += 2;
    if (!hex_take(cursor, &low) || low < 0xDC00 || low > 0xDFFF) {
      return false;
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  utf8_put(cursor, code);
  return true;
}

static bool text_take(struct cursor *cursor, struct sp_cgrates_text *text)
{
  static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
  text->at = cursor->texts;
  if (!mark_take(cursor, '"')) {
    return false;
  }
  while (cursor->at < cursor->end && *cursor->at != '"') {
    char c = *cursor->at++;
    if ((unsigned char)c < 0x20) {
      return false;
    }
    if (c != '\\') {
      *cursor->texts++ = c;
      continue;
    }
    c = cursor->at < cursor->end ? *cursor->at++ : 0;
    const char *name = c == 0 ? NULL : strchr(names, c);
    if (name != NULL) {
      *cursor->texts++ = bytes[name - names];
    } else if (c != 'u' || !code_take(cursor)) {
      return false;
    }
  }
  text->length = (uint32_t)(cursor->texts - text->at);
  return cursor->at++ < cursor->end;
}

static struct value value_take(struct cursor *cursor)
{
  struct value value = {VALUE_NONE, {NULL, 0}};
  blanks_skip(cursor);
  if (cursor->at < cursor->end && *cursor->at == '"') {
    value.kind = text_take(cursor, &value.text) ? VALUE_TEXT : VALUE_NONE;
    return value;
  }
  value.text.at = cursor->at;
  while (cursor->at < cursor->end && strchr("+-.0123456789Eaeflnrstu", *cursor->at) != NULL &&
         *cursor->at != 0) {
    cursor->at++;
  }
  value.text.length = (uint32_t)(cursor->at - value.text.at);
  if (value.text.length == 4 && memcmp(value.text.at, "null", 4) == 0) {
    value.kind = VALUE_NULL;
  } else if (value.text.length > 0) {
    value.kind = VALUE_NUMBER;
  }
  return value;
}

static bool is(struct sp_cgrates_text text, const char *word)
{
  return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

static bool tens_times(int64_t *number, int64_t tens)
{
  for (; tens > 0 && *number > 0; tens--) {
    if (*number > INT64_MAX / 10) {
      return false;
    }
    *number *= 10;
  }
  for (; tens < 0 && *number > 0; tens++) {
    if (*number % 10 != 0) {
      return false;
    }
    *number /= 10;
  }
  return true;
}

/* A whole number from 0, though it be written 6.0 or 6e10. */
static bool whole_read(struct value value, int64_t *number)
{
  const char *at = value.text.at, *end = at + value.text.length;
  int64_t read = 0, behind = 0, zeros = 0, exponent = 0; /* zeros: behind the point, to come yet */
  bool point = false, any = false, minus = false;
  for (; at < end && ((*at >= '0' && *at <= '9') || (*at == '.' && !point)); at++) {
    if (*at == '.') {
      point = true;
    } else if (point && *at == '0') {
      zeros++;
      any = true;
    } else if (!tens_times(&read, zeros + 1) || read > INT64_MAX - 9) {
      return false;
    } else {
      read += *at - '0';
      behind += point ? zeros + 1 : 0;
      zeros = 0;
      any = true;
    }
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    minus = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    any = any && at < end;
    for (; at < end && *at >= '0' && *at <= '9' && exponent < 1000; at++) {
      exponent = exponent * 10 + (*at - '0');
    }
  }
  *number = read;
  return any && at == end && tens_times(number, (minus ? -exponent : exponent) - behind);
}

enum { HAS_ANSWER = 1, HAS_USAGE = 2, HAS_TENANT = 4, HAS_CATEGORY = 8, HAS_DESTINATION = 16 };

static const char *text_keep(struct sp_cgrates_call *call, struct sp_cgrates_text key,
                             struct value value, unsigned *seen, bool *known)
{
  const struct {
    const char *key;
    struct sp_cgrates_text *to;
    unsigned bit;
  } texts[] = {{"tenant", &call->tenant, HAS_TENANT},
               {"category", &call->category, HAS_CATEGORY},
               {"subject", &call->subject, 0},
               {"destination", &call->destination, HAS_DESTINATION},
               {"rating_plan", &call->rating_plan, 0}};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    if (is(key, texts[i].key)) {
      *texts[i].to = value.text;
      *seen |= texts[i].bit;
      return value.kind == VALUE_TEXT ? NULL : "expected texts in quotes";
    }
  }
  *known = false;
  return "expected the keys tenant, category, subject, destination, answer_time, usage_ns, tor, "
         "loop_index, rating_plan";
}

/* What is wrong with it, NULL: nothing. `known` false: with its key. */
static const char *pair_keep(struct sp_cgrates_call *call, struct sp_cgrates_text key,
                             struct value value, unsigned *seen, bool *known)
{
  int64_t number;
  if (value.kind == VALUE_NULL) {
    return NULL;
  }
  if (is(key, "answer_time")) {
    *seen |= HAS_ANSWER;
    return value.kind == VALUE_TEXT && sp_cgrates_time_read(&call->answer_utc_ns, &call->offset_s,
                                                            value.text.at, value.text.length)
               ? NULL
               : "expected answer_time as \"2014-08-04T13:00:00Z\", from 1970 to 2099";
  }
  if (is(key, "usage_ns")) {
    *seen |= HAS_USAGE;
    bool fits = value.kind == VALUE_NUMBER
                    ? whole_read(value, &call->usage_ns)
                    : sp_cgrates_duration_read(&call->usage_ns, value.text.at, value.text.length);
    return fits && call->usage_ns <= SP_CGRATES_NS_MAX
               ? NULL
               : "expected usage_ns as a whole number from 0 to 1152921504606846976";
  }
  if (is(key, "loop_index")) {
    bool fits = value.kind == VALUE_NUMBER && whole_read(value, &number);
    call->goes_on = fits && number > 0;
    return fits ? NULL : "expected loop_index as a whole number from 0";
  }
  if (is(key, "tor")) {
    call->voice = value.text.length == 0 || is(value.text, "*voice");
    return value.kind == VALUE_TEXT ? NULL : "expected texts in quotes";
  }
  return text_keep(call, key, value, seen, known);
}

/* A pair of the object; what is wrong stands at `at`. */
static const char *pair_read(struct cursor *cursor, struct sp_cgrates_call *call, unsigned *seen,
                             const char **at)
{
  struct sp_cgrates_text key;
  struct value value = {VALUE_NONE, {NULL, 0}};
  blanks_skip(cursor);
  const char *key_at = *at = cursor->at;
  if (text_take(cursor, &key) && mark_take(cursor, ':')) {
    blanks_skip(cursor);
    *at = cursor->at;
    value = value_take(cursor);
  }
  if (value.kind == VALUE_NONE) {
    *at = cursor->at;
    return "expected \"key\": value";
  }
  bool known = true;
  const char *wrong = pair_keep(call, key, value, seen, &known);
  *at = known ? *at : key_at;
  return wrong;
}

void sp_cgrates_line_read(struct sp_cgrates_line *line, const char *at, size_t length)
{
  struct cursor cursor = {at, at + length, line->texts};
  const char *wrong_at = NULL; /* NULL: where the cursor stands */
  unsigned seen = 0;
  line->call = (struct sp_cgrates_call){.voice = true};
  line->wrong = mark_take(&cursor, '{') ? NULL : "expected an object { … } on one line";
  bool more = line->wrong == NULL && !mark_take(&cursor, '}');
  while (more && line->wrong == NULL) {
    line->wrong = pair_read(&cursor, &line->call, &seen, &wrong_at);
    if (line->wrong != NULL) {
      break;
    }
    wrong_at = NULL;
    more = mark_take(&cursor, ',');
    if (!more && !mark_take(&cursor, '}')) {
      line->wrong = "expected , or } behind a value";
    }
  }
  blanks_skip(&cursor);
  if (line->wrong == NULL && cursor.at != cursor.end) {
    line->wrong = "expected nothing behind the object";
  }
  unsigned needed = HAS_ANSWER | HAS_USAGE | HAS_DESTINATION;
  needed |= line->call.rating_plan.length > 0 ? 0 : HAS_TENANT | HAS_CATEGORY;
  if (line->wrong == NULL && (seen & needed) != needed) {
    line->wrong = "expected tenant, category, destination, answer_time and usage_ns";
    wrong_at = at;
  }
  line->column = (uint32_t)((wrong_at == NULL ? cursor.at : wrong_at) - at) + 1;
}
