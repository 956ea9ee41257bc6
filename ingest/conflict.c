#include "ingest/conflict.h"

#include <string.h>

_Static_assert(SP_FIELD_COUNT == 26, "the fields of engine.md §2");

const char *sp_field_word(unsigned field)
{
  static const char *const words[] = {
#define X(name, word) word,
      SP_FIELD_TABLE(X)
#undef X
  };
  return field < SP_FIELD_COUNT ? words[field] : NULL;
}

static uint32_t bit(bool differs, enum sp_field field)
{
  return (uint32_t)differs << field;
}

static uint32_t texts_differ(const struct sp_cdr *one, const struct sp_cdr *other)
{
  static const uint8_t fields[SP_CDR_TEXT_COUNT] = {[SP_CDR_HOME_AREA] = SP_FIELD_HOME_AREA,
                                                    [SP_CDR_VISITED_AREA] = SP_FIELD_VISITED_AREA,
                                                    [SP_CDR_OTHER_AREA] = SP_FIELD_OTHER_AREA,
                                                    [SP_CDR_PLMN] = SP_FIELD_PLMN,
                                                    [SP_CDR_CELL] = SP_FIELD_CELL,
                                                    [SP_CDR_RATING_GROUP] = SP_FIELD_RATING_GROUP,
                                                    [SP_CDR_SERVICE_ID] = SP_FIELD_SERVICE_ID,
                                                    [SP_CDR_APN] = SP_FIELD_APN,
                                                    [SP_CDR_NODE] = SP_FIELD_NODE,
                                                    [SP_CDR_SESSION] = SP_FIELD_SESSION};
  uint32_t differ = 0;
  for (unsigned i = 0; i < SP_CDR_TEXT_COUNT; i++) {
    enum sp_cdr_text field = (enum sp_cdr_text)i;
    size_t length = sp_cdr_text_length(one, field);
    if (fields[i] == SP_FIELD_ID) {
      continue; /* id, and the numbers, which are compared as normalised */
    }
    bool equal =
        length == sp_cdr_text_length(other, field) &&
        (length == 0 || memcmp(sp_cdr_text(one, field), sp_cdr_text(other, field), length) == 0);
    differ |= bit(!equal, (enum sp_field)fields[i]);
  }
  return differ;
}

static bool numbers_differ(struct sp_normal one, struct sp_normal other)
{
  return one.digits != other.digits || one.rest != other.rest;
}

uint32_t sp_conflict_fields(const struct sp_cdr *one, const struct sp_numbers *one_numbers,
                            const struct sp_cdr *other, const struct sp_numbers *other_numbers)
{
  SP_ASSERT(one != NULL && other != NULL);
  bool charge = (one->has_charge != 0) != (other->has_charge != 0) ||
                (one->has_charge && one->charge_micro != other->charge_micro);
  return texts_differ(one, other) | bit(one->service != other->service, SP_FIELD_SERVICE) |
         bit(one->direction != other->direction, SP_FIELD_DIRECTION) |
         bit(numbers_differ(one_numbers->served, other_numbers->served), SP_FIELD_SERVED) |
         bit(numbers_differ(one_numbers->other, other_numbers->other), SP_FIELD_OTHER) |
         bit(numbers_differ(one_numbers->third, other_numbers->third), SP_FIELD_THIRD) |
         bit(one->start_utc_s != other->start_utc_s, SP_FIELD_START) |
         bit(one->duration_s != other->duration_s, SP_FIELD_DURATION) |
         bit(one->up_bytes != other->up_bytes, SP_FIELD_UP_BYTES) |
         bit(one->down_bytes != other->down_bytes, SP_FIELD_DOWN_BYTES) |
         bit(one->items != other->items, SP_FIELD_ITEMS) |
         bit(one->lac != other->lac, SP_FIELD_LAC) | bit(one->seq != other->seq, SP_FIELD_SEQ) |
         bit(one->partial != other->partial, SP_FIELD_PARTIAL) |
         bit(one->cause != other->cause, SP_FIELD_CAUSE) | bit(charge, SP_FIELD_CHARGE);
}

void sp_conflict_reason(struct sp_text *to, uint32_t fields)
{
  bool first = true;
  for (unsigned i = 0; i < SP_FIELD_COUNT; i++) {
    if (fields & UINT32_C(1) << i) {
      sp_text_add(to, first ? "" : ";");
      sp_text_add(to, sp_field_word(i));
      first = false;
    }
  }
}
