/* The usage record (CDR, engine.md §2) as a decoder leaves it: numbers converted, texts as spans of
 * the bytes they stand in. Filled by ingest/, read by resolve, dedup, journal and explain. Plain
 * value, no ownership: `text` is borrowed from the batch and lives until the batch is released. */
#ifndef SP_RATING_CDR_H
#define SP_RATING_CDR_H

#include "rating/status.h"

enum sp_service {
  SP_SERVICE_VOICE,
  SP_SERVICE_SMS,
  SP_SERVICE_MMS,
  SP_SERVICE_DATA,
  SP_SERVICE_VAS,
  SP_SERVICE_FEE,
  SP_SERVICE_COUNT /* also: not known */
};

enum sp_direction { SP_DIRECTION_NONE, SP_DIRECTION_MO, SP_DIRECTION_MT, SP_DIRECTION_CF };
enum sp_partial { SP_PARTIAL_WHOLE, SP_PARTIAL_FIRST, SP_PARTIAL_MIDDLE, SP_PARTIAL_LAST };

/* The text fields in the order of engine.md §2. */
enum sp_cdr_text {
  SP_CDR_ID,
  SP_CDR_SERVED,
  SP_CDR_OTHER,
  SP_CDR_THIRD,
  SP_CDR_HOME_AREA,
  SP_CDR_VISITED_AREA,
  SP_CDR_OTHER_AREA,
  SP_CDR_PLMN,
  SP_CDR_CELL,
  SP_CDR_RATING_GROUP,
  SP_CDR_SERVICE_ID,
  SP_CDR_APN,
  SP_CDR_NODE,
  SP_CDR_SESSION,
  SP_CDR_TEXT_COUNT
};

/* The fields that test 4 looks at (book.md §5.5). */
enum sp_cdr_wrong {
  SP_CDR_WRONG_DIRECTION,
  SP_CDR_WRONG_PARTIAL,
  SP_CDR_WRONG_DURATION,
  SP_CDR_WRONG_UP,
  SP_CDR_WRONG_DOWN,
  SP_CDR_WRONG_ITEMS,
  SP_CDR_WRONG_LAC,
  SP_CDR_WRONG_SEQ,
  SP_CDR_WRONG_CAUSE,
  SP_CDR_WRONG_CHARGE,
  SP_CDR_WRONG_SESSION, /* a partial without one */
  SP_CDR_WRONG_COUNT
};

#define SP_CDR_BYTES_MAX 65535 /* a longer line or message is a bad_line */

/* has_charge of a charge that is a right decimal but more than an amount can be (book.md §16.1):
 * such a record passes tests 1-4 and is suspended `overflow` by test 15. */
#define SP_CDR_CHARGE_OVERFLOW 2

struct sp_span {
  uint16_t at; /* from sp_cdr.text */
  uint16_t length;
};

struct sp_cdr {
  const char
      *text; /* base of all spans; unescaped text stands behind the raw bytes or in a scratch */
  int64_t start_utc_s;  /* instant of answer, whole seconds (book.md §4.1) */
  int64_t duration_s;   /* >= 0 */
  int64_t up_bytes;     /* >= 0 */
  int64_t down_bytes;   /* >= 0 */
  int64_t items;        /* >= 0, blank = 1 */
  int64_t charge_micro; /* >= 0, only if has_charge; INT64_MAX with SP_CDR_CHARGE_OVERFLOW */
  int64_t seq;          /* >= 0 */
  int64_t cause;        /* >= 0 */
  int64_t lac;          /* >= 0; -1 = blank */
  struct sp_span texts[SP_CDR_TEXT_COUNT];
  uint8_t service;    /* enum sp_service */
  uint8_t direction;  /* enum sp_direction */
  uint8_t partial;    /* enum sp_partial */
  uint8_t has_charge; /* 1: pre-rated (book.md §5.7); SP_CDR_CHARGE_OVERFLOW */
  uint16_t reason;    /* enum sp_reason of tests 1-4 of book.md §5.3; 0 = passed */
  uint16_t wrong;     /* of bad_field: bit per enum sp_cdr_wrong */
  uint16_t reserved[2];
};

static inline const char *sp_cdr_text(const struct sp_cdr *cdr, enum sp_cdr_text field)
{
  return cdr->text + cdr->texts[field].at;
}

static inline size_t sp_cdr_text_length(const struct sp_cdr *cdr, enum sp_cdr_text field)
{
  return cdr->texts[field].length;
}

/* Names of the fields as in the canonical CSV header and of the values; NULL for a number out of
 * range. */
const char *sp_service_word(unsigned service);
const char *sp_direction_word(unsigned direction);
const char *sp_partial_word(unsigned partial);

#endif
