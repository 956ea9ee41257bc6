/* The stations of one record but resolve, rate and fold: what came in, and where it went. */
#include <stdlib.h>
#include <string.h>

#include "ingest/conflict.h"
#include "rating/charge_json.h"
#include "tools/book_words.h"
#include "tools/explain.h"

static void event_keep(void *context, const struct sp_trace_event *event)
{
  struct sp_told_events *events = context;
  if (events->count == events->size) {
    size_t size = events->size * 2 + 64;
    struct sp_trace_event *moved = realloc(events->event, size * sizeof(*moved));
    if (moved == NULL) {
      events->failed = true;
      return;
    }
    events->event = moved;
    events->size = size;
  }
  events->event[events->count++] = *event;
}

void sp_told_events_init(struct sp_told_events *events)
{
  *events = (struct sp_told_events){.trace = {events, event_keep}};
}

void sp_told_events_free(struct sp_told_events *events)
{
  free(events->event);
  events->event = NULL;
}

bool sp_told_equal(const struct sp_charge *one, const struct sp_charge *other)
{
  return one->outcome == other->outcome && one->flags == other->flags &&
         one->reason == other->reason && one->items_count == other->items_count &&
         one->allowances_count == other->allowances_count &&
         one->payers_count == other->payers_count &&
         one->conflict_fields == other->conflict_fields && one->list_micro == other->list_micro &&
         one->net_micro == other->net_micro &&
         memcmp(one->items, other->items, one->items_count * sizeof(*one->items)) == 0 &&
         memcmp(one->allowances, other->allowances,
                one->allowances_count * sizeof(*one->allowances)) == 0 &&
         memcmp(one->payers, other->payers, one->payers_count * sizeof(*one->payers)) == 0;
}

static void source_tell(const struct sp_told *told, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  sp_tell_station(tell, "source", "where it came from");
  sp_tell_step(tell, "position");
  sp_tell_name(tell, "stream", told->source);
  sp_tell_number(tell, "offset", (int64_t)told->position.offset);
  sp_tell_number(tell, "sub", told->position.sub);
  sp_text_add(&text, "from ");
  sp_text_add_bytes(&text, told->source.text, told->source.length);
  sp_text_add(&text, ", offset ");
  sp_text_add_u64(&text, told->position.offset);
  if (told->position.sub > 0) {
    sp_text_add(&text, ", record ");
    sp_text_add_u64(&text, told->position.sub);
    sp_text_add(&text, " in it");
  }
  sp_tell_says(tell, &text);
  if (told->raw.text == NULL) {
    sp_tell_plain(tell, "raw", "its raw bytes were not kept: the journal has its fields");
    return;
  }
  text.length = 0;
  sp_tell_step(tell, "raw");
  sp_tell_name(tell, "raw", told->raw);
  sp_text_add(&text, told->raw_now ? "raw, as the file has it now: " : "raw: ");
  sp_text_add_bytes(&text, told->raw.text, told->raw.length);
  sp_tell_says(tell, &text);
}

static void field_tell(struct sp_tell *tell, const char *field, const char *value, size_t length)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  if (length == 0) {
    return;
  }
  sp_tell_step(tell, "field");
  sp_tell_word(tell, "field", field);
  sp_tell_text(tell, "value", value, length);
  sp_text_add(&text, field);
  sp_text_add(&text, " = ");
  sp_text_add_bytes(&text, value, length);
  sp_tell_says(tell, &text);
}

static void field_number(struct sp_tell *tell, const char *field, int64_t value, int64_t blank)
{
  char words[32];
  struct sp_text text = SP_TEXT_INIT(words);
  if (value != blank) {
    sp_text_add_i64(&text, value);
    field_tell(tell, field, words, text.length);
  }
}

static void field_word(struct sp_tell *tell, const char *field, const char *word)
{
  field_tell(tell, field, word == NULL ? "" : word, word == NULL ? 0 : strlen(word));
}

static void texts_tell(const struct sp_cdr *cdr, struct sp_tell *tell, enum sp_cdr_text from,
                       enum sp_cdr_text to)
{
  static const char *const names[SP_CDR_TEXT_COUNT] = {
      [SP_CDR_ID] = "id",
      [SP_CDR_SERVED] = "served",
      [SP_CDR_OTHER] = "other",
      [SP_CDR_THIRD] = "third",
      [SP_CDR_HOME_AREA] = "home_area",
      [SP_CDR_VISITED_AREA] = "visited_area",
      [SP_CDR_OTHER_AREA] = "other_area",
      [SP_CDR_PLMN] = "plmn",
      [SP_CDR_CELL] = "cell",
      [SP_CDR_RATING_GROUP] = "rating_group",
      [SP_CDR_SERVICE_ID] = "service_id",
      [SP_CDR_APN] = "apn",
      [SP_CDR_NODE] = "node",
      [SP_CDR_SESSION] = "session",
  };
  for (enum sp_cdr_text i = from; i <= to; i++) {
    field_tell(tell, names[i], sp_cdr_text(cdr, i), sp_cdr_text_length(cdr, i));
  }
}

static void wrong_field(struct sp_tell *tell, const char *field, const char *expected)
{
  char words[160];
  struct sp_text text = SP_TEXT_INIT(words);
  sp_tell_step(tell, "wrong");
  sp_tell_word(tell, "field", field);
  sp_text_add(&text, field);
  sp_text_add(&text, ": expected ");
  sp_text_add(&text, expected);
  sp_tell_says(tell, &text);
}

/* What was expected of a record that tests 1 to 4 of book.md §5.3 do not take. */
static void wrong_tell(const struct sp_cdr *cdr, struct sp_tell *tell)
{
  static const char *const number = "a whole number >= 0 of at most 18 digits";
  static const char *const fields[SP_CDR_WRONG_COUNT] = {
      "direction", "partial", "duration_s", "up_bytes", "down_bytes", "items",
      "lac",       "seq",     "cause",      "charge",   "session"};
  if (cdr->reason == SP_REASON_BAD_LINE) {
    wrong_field(tell, "line", "a record of its format, with as many cells as the header");
  } else if (cdr->reason == SP_REASON_SERVICE_UNKNOWN) {
    wrong_field(tell, "service", "voice, sms, mms, data, vas or fee");
  } else if (cdr->reason == SP_REASON_BAD_START) {
    wrong_field(tell, "start",
                "a time that exists: RFC 3339 with offset, or YYYYMMDDhhmmss in the book's zone");
  }
  for (unsigned i = 0; cdr->reason == SP_REASON_BAD_FIELD && i < SP_CDR_WRONG_COUNT; i++) {
    if ((cdr->wrong >> i & 1u) == 0) {
      continue;
    }
    wrong_field(tell, fields[i],
                i == SP_CDR_WRONG_DIRECTION ? "mo, mt, cf or nothing"
                : i == SP_CDR_WRONG_PARTIAL ? "whole, first, middle or last"
                : i == SP_CDR_WRONG_CHARGE  ? "a decimal >= 0 with at most 6 decimals"
                : i == SP_CDR_WRONG_SESSION ? "a session, because it is a partial"
                                            : number);
  }
}

static void decode_tell(const struct sp_told *told, struct sp_tell *tell)
{
  const struct sp_cdr *cdr = told->cdr;
  sp_tell_station(tell, "decode", "its fields, blank ones left out");
  if (cdr->reason == SP_REASON_BAD_LINE) {
    sp_tell_plain(tell, "reason", "bad_line: this is no usage record at all");
    wrong_tell(cdr, tell);
    return;
  }
  texts_tell(cdr, tell, SP_CDR_ID, SP_CDR_ID);
  field_word(tell, "service", sp_service_word(cdr->service));
  field_word(tell, "direction", sp_direction_word(cdr->direction));
  texts_tell(cdr, tell, SP_CDR_SERVED, SP_CDR_THIRD);
  if (cdr->reason == SP_REASON_NONE) {
    char start[SP_CHARGE_START_BYTES];
    field_tell(tell, "start", start, sp_charge_start(told->books, cdr->start_utc_s, start));
    field_number(tell, "duration_s", cdr->duration_s, 0);
    field_number(tell, "up_bytes", cdr->up_bytes, 0);
    field_number(tell, "down_bytes", cdr->down_bytes, 0);
    field_number(tell, "items", cdr->items, -1);
  }
  texts_tell(cdr, tell, SP_CDR_HOME_AREA, SP_CDR_PLMN);
  if (cdr->reason == SP_REASON_NONE) {
    field_number(tell, "lac", cdr->lac, -1);
  }
  texts_tell(cdr, tell, SP_CDR_CELL, SP_CDR_SESSION);
  if (cdr->reason != SP_REASON_NONE) {
    char words[96];
    struct sp_text text = SP_TEXT_INIT(words);
    sp_text_add(&text, sp_reason_word(cdr->reason));
    sp_text_add(&text, ": the record goes to suspense as it is");
    sp_tell_plain(tell, "reason", words);
    wrong_tell(cdr, tell);
    return;
  }
  field_number(tell, "seq", cdr->seq, 0);
  field_word(tell, "partial", sp_partial_word(cdr->partial));
  field_number(tell, "cause", cdr->cause, 0);
  if (cdr->has_charge != 0) {
    char words[32];
    field_tell(tell, "charge", words, sp_charge_amount(cdr->charge_micro, words));
  }
}

static void route_tell(const struct sp_told *told, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_told_store *store = told->store;
  sp_tell_station(tell, "route", "to the shard that owns its domain");
  sp_tell_step(tell, "shard");
  if (store == NULL) {
    sp_text_add(&text, "given by hand: there is no store and no shard");
    sp_tell_says(tell, &text);
    return;
  }
  sp_tell_number(tell, "shard", store->shard);
  sp_tell_number(tell, "shards", store->shard_count);
  sp_tell_number(tell, "ordinal", (int64_t)store->ordinal);
  sp_text_add(&text, "shard ");
  sp_text_add_u64(&text, store->shard);
  sp_text_add(&text, " of ");
  sp_text_add_u64(&text, store->shard_count);
  sp_text_add(&text, told->usage->subscriber == SP_NONE ? " (nobody's record), there as number "
                                                        : " (by its domain), there as number ");
  sp_text_add_u64(&text, store->ordinal);
  sp_tell_says(tell, &text);
}

static void dedup_tell(const struct sp_told *told, struct sp_tell *tell)
{
  static const char *const words_seen[] = {"new", "duplicate", "conflict"};
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  sp_tell_station(tell, "dedup", "was it here before");
  if (told->usage->subscriber == SP_NONE) {
    sp_tell_plain(tell, "mark",
                  told->cdr->reason != SP_REASON_NONE ? "not asked: the record could not be read"
                                                      : "not asked: no subscriber was found");
    return;
  }
  sp_tell_step(tell, "mark");
  sp_tell_word(tell, "seen", words_seen[told->seen]);
  sp_tell_word(tell, "first", told->first);
  if (told->charge->reason == SP_REASON_DUP_WINDOW_EXCEEDED) {
    sp_text_add(&text, "older than the window of 62 days behind the latest start: suspended");
  } else if (told->seen == SP_MARK_NEW) {
    sp_text_add(&text, "its key was not seen before: it counts, and leaves its mark");
  } else {
    sp_text_add(&text, "the record with this key that came first stands: ");
    sp_text_add(&text, told->first);
    sp_text_add(&text, told->charge->outcome == SP_OUTCOME_DUPLICATE
                           ? "; the same payload, so this one is a duplicate"
                           : "; another payload, so this one is a conflict in: ");
    sp_text_add_bytes(&text, told->conflict.text, told->conflict.length);
  }
  sp_tell_says(tell, &text);
}

static void journal_tell(const struct sp_told *told, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_told_store *store = told->store;
  sp_tell_station(tell, "journal", "from here on it counts");
  if (store == NULL) {
    sp_tell_plain(tell, "journaled", "given by hand: nothing is written");
  } else {
    bool equal = sp_told_equal(told->charge, store->journaled);
    sp_tell_step(tell, "journaled");
    sp_tell_number(tell, "block", (int64_t)store->block);
    sp_tell_word(tell, "compared", equal ? "equal" : "different");
    sp_text_add(&text, "in block ");
    sp_text_add_u64(&text, store->block);
    sp_text_add(&text, equal ? "; what comes out here is what was journaled"
                             : "; WHAT COMES OUT HERE IS NOT WHAT WAS JOURNALED: net ");
    if (!equal) {
      sp_words_money(&text, store->journaled->net_micro);
    }
    sp_tell_says(tell, &text);
  }
  text.length = 0;
  sp_tell_station(tell, "checkpoint", "the state in LMDB, from which snapshots are written");
  if (store == NULL) {
    sp_tell_plain(tell, "state", "given by hand: nothing is kept");
    return;
  }
  bool in = store->ordinal < store->checkpoint_ordinal;
  sp_tell_step(tell, "state");
  sp_tell_word(tell, "checkpointed", in ? "yes" : "no");
  sp_text_add(&text, in ? "the shard's checkpoint holds it: records up to number "
                        : "not yet in the shard's checkpoint, which holds records up to number ");
  sp_text_add_i64(&text, (int64_t)store->checkpoint_ordinal - 1);
  sp_tell_says(tell, &text);
}

static void stations_tell(const struct sp_told *told, struct sp_tell *tell)
{
  source_tell(told, tell);
  decode_tell(told, tell);
  sp__told_resolve(told, tell);
  route_tell(told, tell);
  dedup_tell(told, tell);
  sp__told_rate(told, tell);
  sp__told_fold(told, tell);
  journal_tell(told, tell);
  sp_tell_stations_end(tell);
}

static struct sp_name id_of(const struct sp_told *told)
{
  if (told->cdr->reason == SP_REASON_BAD_LINE) {
    return (struct sp_name){"", 0};
  }
  return (struct sp_name){sp_cdr_text(told->cdr, SP_CDR_ID),
                          (uint32_t)sp_cdr_text_length(told->cdr, SP_CDR_ID)};
}

static void head_print(const struct sp_told *told, FILE *to)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_charge *charge = told->charge;
  struct sp_name id = id_of(told);
  sp_text_add(&text, "record ");
  sp_text_add_bytes(&text, id.text, id.length);
  sp_text_add(&text, id.length > 0 ? ": " : "without id: ");
  sp_text_add(&text, sp_outcome_word(charge->outcome));
  if (charge->outcome == SP_OUTCOME_RATED) {
    sp_text_add(&text, ", list ");
    sp_words_money(&text, charge->list_micro);
    sp_text_add(&text, ", net ");
    sp_words_money(&text, charge->net_micro);
  } else if (charge->reason != 0) {
    sp_text_add(&text, ", ");
    sp_text_add(&text, sp_reason_word(charge->reason));
  }
  sp_tell_line(to, "", &text);
}

static void json_print(const struct sp_told *told, FILE *to)
{
  struct sp_tell tell = {to, true, 0, false};
  const struct sp_charge_view view = {told->charge,   told->usage,     id_of(told),
                                      told->conflict, told->directory, told->books};
  char *line = malloc(SP_CHARGE_JSON_BYTES_MAX);
  size_t length = 0;
  if (line == NULL || sp_charge_json(&view, line, SP_CHARGE_JSON_BYTES_MAX, &length) != SP_OK) {
    length = 0;
  }
  fputs("{", to);
  if (length > 2) { /* the keys of book.md §17.1 first */
    fwrite(line + 1, 1, length - 2, to);
    fputs(",", to);
  }
  free(line);
  if (told->store != NULL) {
    bool equal = sp_told_equal(told->charge, told->store->journaled);
    fprintf(to, "\"shard\":%u,\"block\":%llu,\"ordinal\":%llu,\"equal\":%s,", told->store->shard,
            (unsigned long long)told->store->block, (unsigned long long)told->store->ordinal,
            equal ? "true" : "false");
  }
  fputs("\"stations\":[", to);
  stations_tell(told, &tell);
  fputs("]}\n", to);
}

void sp_told_print(const struct sp_told *told, FILE *to, bool json)
{
  if (json) {
    json_print(told, to);
    return;
  }
  struct sp_tell tell = {to, false, 0, false};
  head_print(told, to);
  stations_tell(told, &tell);
}
