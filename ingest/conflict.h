/* Two records of one key: in which fields of the payload they differ (book.md §15.2). Pure, any
 * thread. Blank and default are equal, numbers are compared as normalised (sp_resolve_numbers), so
 * that a record decoded from the journal equals the one decoded from its source. */
#ifndef SP_INGEST_CONFLICT_H
#define SP_INGEST_CONFLICT_H

#include "ingest/resolve.h"
#include "rating/text.h"

/* The canonical fields in the order of engine.md §2: bit numbers. */
#define SP_FIELD_TABLE(X)         \
  X(ID, "id")                     \
  X(SERVICE, "service")           \
  X(DIRECTION, "direction")       \
  X(SERVED, "served")             \
  X(OTHER, "other")               \
  X(THIRD, "third")               \
  X(START, "start")               \
  X(DURATION, "duration_s")       \
  X(UP_BYTES, "up_bytes")         \
  X(DOWN_BYTES, "down_bytes")     \
  X(ITEMS, "items")               \
  X(HOME_AREA, "home_area")       \
  X(VISITED_AREA, "visited_area") \
  X(OTHER_AREA, "other_area")     \
  X(PLMN, "plmn")                 \
  X(LAC, "lac")                   \
  X(CELL, "cell")                 \
  X(RATING_GROUP, "rating_group") \
  X(SERVICE_ID, "service_id")     \
  X(APN, "apn")                   \
  X(NODE, "node")                 \
  X(SESSION, "session")           \
  X(SEQ, "seq")                   \
  X(PARTIAL, "partial")           \
  X(CAUSE, "cause")               \
  X(CHARGE, "charge")

enum sp_field {
#define X(name, word) SP_FIELD_##name,
  SP_FIELD_TABLE(X)
#undef X
      SP_FIELD_COUNT
};

#define SP_CONFLICT_REASON_BYTES_MAX 320 /* all names joined by `;` and the end */

/* Bits of the fields that differ; never that of id. 0: a duplicate. */
uint32_t sp_conflict_fields(const struct sp_cdr *one, const struct sp_numbers *one_numbers,
                            const struct sp_cdr *other, const struct sp_numbers *other_numbers);
/* Name of a field as in the canonical header; NULL beyond SP_FIELD_COUNT. */
const char *sp_field_word(unsigned field);
/* "duration_s;up_bytes" for a set of fields. */
void sp_conflict_reason(struct sp_text *to, uint32_t fields);

#endif
