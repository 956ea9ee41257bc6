/* The list price as sums a person can redo, and what allowances take off it (book.md §8 to §10). */
#include "tools/book_words.h"
#include "tools/explain.h"

struct priced { /* an event at hand */
  const struct sp_told *told;
  struct sp_tell *tell;
  const struct sp_book *book;
  const struct sp_trace_event *event;
};

static struct sp_name item_name(const struct priced *at)
{
  return sp__told_name(at->book,
                       SP_BOOK_TABLE(at->book, item_names, struct sp_book_name)[at->event->item]);
}

static void item_add(struct sp_text *text, const struct priced *at)
{
  struct sp_name name = item_name(at);
  sp_text_add_bytes(text, name.text, name.length);
}

/* The event of a kind and this item that came last before the one at hand. */
static const struct sp_trace_event *event_before(const struct priced *at, enum sp_trace_kind kind)
{
  for (const struct sp_trace_event *event = at->event; event-- > at->told->events->event;) {
    if (event->kind == kind && event->item == at->event->item) {
      return event;
    }
  }
  return NULL;
}

/* Is the price of an increment not exactly that of its slot (book.md §8.9)? */
static bool is_rounded(const struct priced *at, const struct sp_book_slot *slot)
{
  const struct sp_trace_event *event = at->event;
  sp_i128 exact, own;
  if (at->book->header->increment_digits < 0) {
    return false;
  }
  return __builtin_mul_overflow((sp_i128)slot->price_per_numerator * slot->increment,
                                (sp_i128)event->denominator * SP_MICRO, &exact) ||
         __builtin_mul_overflow((sp_i128)slot->price_per_denominator * slot->per,
                                (sp_i128)event->price, &own) ||
         exact != own;
}

/* "0.07 (0.70 x 6s / 1min)", "0.333 (1/3, half_up to 3 decimals)" */
static void unit_price_add(struct sp_text *text, const struct priced *at,
                           const struct sp_book_slot *slot, uint8_t unit)
{
  const struct sp_trace_event *event = at->event;
  bool rounded = is_rounded(at, slot);
  sp_words_exact(text, event->price, event->denominator);
  if (slot->increment == slot->per && !rounded) {
    return;
  }
  sp_text_add(text, " (");
  sp_words_price(text, slot->price_per_numerator, slot->price_per_denominator);
  if (slot->increment != slot->per) {
    sp_text_add(text, " x ");
    sp_words_amount(text, slot->increment, unit);
    sp_text_add(text, " / ");
    sp_words_amount(text, slot->per, unit);
  }
  if (rounded) {
    sp_text_add(text, ", half_up to ");
    sp_text_add_i64(text, at->book->header->increment_digits);
    sp_text_add(text, " decimals");
  }
  sp_text_add(text, ")");
}

static void increments_add(struct sp_text *text, const struct sp_trace_event *event, uint8_t unit)
{
  sp_text_add_i64(text, event->count);
  sp_text_add(text, event->count == 1 ? " increment of " : " increments of ");
  sp_words_amount(text, event->size, unit);
  sp_text_add(text, " from ");
  sp_words_amount(text, event->offset, unit);
}

/* Where bands change: how that bears on the item. Said before its first increments. */
static void mode_tell(const struct priced *at)
{
  static const char *const says[] = {
      "unit_start, the rule is chosen at the start of each increment",
      "call_start, the rule at the start of the usage prices all of it",
      "split_ceil, the usage is cut where the rule changes, each piece has whole increments"};
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->told->events->event;
  uint8_t mode = sp__told_item(at->book, at->event->index)->band_mode;
  if (at->event->offset > 0 || mode >= sizeof(says) / sizeof(says[0])) {
    return;
  }
  while (event < at->event && (event->kind != SP_TRACE_SEGMENT || event->offset == 0)) {
    event++;
  }
  if (event == at->event) {
    return;
  }
  sp_tell_step(at->tell, "band_mode");
  sp_tell_name(at->tell, "item", item_name(at));
  item_add(&text, at);
  sp_text_add(&text, ": ");
  sp_text_add(&text, says[mode]);
  sp_tell_says(at->tell, &text);
}

static void run_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  const struct sp_book_slot *slot =
      SP_BOOK_TABLE(at->book, slots, struct sp_book_slot) + event->slot;
  uint8_t unit = sp__told_item(at->book, event->index)->unit;
  mode_tell(at);
  sp_tell_step(at->tell, "increments");
  sp_tell_name(at->tell, "item", item_name(at));
  sp_tell_number(at->tell, "line", slot->row);
  sp_tell_number(at->tell, "offset", event->offset);
  sp_tell_number(at->tell, "size", event->size);
  sp_tell_number(at->tell, "count", event->count);
  sp_tell_number(at->tell, "used", event->used);
  sp_words_exact(&text, event->price, event->denominator);
  sp_tell_text(at->tell, "price", words, text.length);
  text.length = 0;
  sp_words_exact(&text, (sp_i128)event->count * event->price, event->denominator);
  sp_tell_text(at->tell, "sum", words, text.length);
  text.length = 0;
  item_add(&text, at);
  sp_text_add(&text, ": ");
  increments_add(&text, event, unit);
  sp_text_add(&text, " on");
  if (event->used < event->count * event->size) { /* the last increment counts whole */
    sp_text_add(&text, ", ");
    sp_words_amount(&text, event->used, unit);
    sp_text_add(&text, " used");
  }
  if (event->before >= 0) {
    sp_text_add(&text, ", where the cycle's counter stands at ");
    sp_words_amount(&text, event->before, unit);
  }
  sp_text_add(&text, ": ");
  sp_text_add_i64(&text, event->count);
  sp_text_add(&text, " x ");
  unit_price_add(&text, at, slot, unit);
  sp_text_add(&text, " = ");
  sp_words_exact(&text, (sp_i128)event->count * event->price, event->denominator);
  sp__told_place_add(&text, "rates.csv", slot->row);
  sp_tell_says(at->tell, &text);
}

static void fee_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  if (at->event->price == 0) {
    return;
  }
  sp_words_exact(&text, at->event->price, at->event->denominator);
  sp_tell_step(at->tell, "fee");
  sp_tell_name(at->tell, "item", item_name(at));
  sp_tell_text(at->tell, "fee", words, text.length);
  text.length = 0;
  item_add(&text, at);
  sp_text_add(&text, ": connect fee ");
  sp_words_exact(&text, at->event->price, at->event->denominator);
  const struct sp_book_rule *rules = SP_BOOK_TABLE(at->book, rules, struct sp_book_rule);
  const struct sp_book_slot *slots = SP_BOOK_TABLE(at->book, slots, struct sp_book_slot);
  sp__told_place_add(&text, "rates.csv", slots[rules[at->event->index].slots_at].row);
  sp_tell_says(at->tell, &text);
}

static void rounding_add(struct sp_text *text, const struct priced *at,
                         const struct sp_book_item *item)
{
  if (at->event->denominator != 0) {
    sp_words_exact(text, at->event->price, at->event->denominator);
    sp_text_add(text, ", ");
  }
  sp_text_add(text, sp_words_rounding(item->rounding));
  sp_text_add(text, " to ");
  sp_text_add_u64(text, item->digits);
  sp_text_add(text, " decimals = ");
  sp_words_money(text, at->event->amount_micro);
}

#define LIST_TERMS_MAX 200 /* that one sentence spells */

static void list_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_book_item *item = sp__told_item(at->book, at->event->index);
  const char *between = ": ";
  sp_tell_step(at->tell, "list");
  sp_tell_name(at->tell, "item", item_name(at));
  sp_tell_number(at->tell, "increments", at->event->count);
  sp_tell_micro(at->tell, "list", at->event->amount_micro);
  sp_text_add(&text, "list of ");
  item_add(&text, at);
  const struct sp_trace_event *first = at->event;
  while (first > at->told->events->event && first[-1].item == at->event->item &&
         (first[-1].kind == SP_TRACE_RUN || first[-1].kind == SP_TRACE_FEE)) {
    first--;
  }
  size_t terms = 0;
  for (const struct sp_trace_event *event = first; event < at->event; event++) {
    terms += event->kind != SP_TRACE_FEE || event->price != 0;
  }
  if (terms > LIST_TERMS_MAX) {
    sp_text_add(&text, ": the ");
    sp_text_add_u64(&text, terms);
    sp_text_add(&text, " sums above add up to ");
  }
  for (const struct sp_trace_event *event = first;
       event < at->event && terms > 1 && terms <= LIST_TERMS_MAX; event++) {
    if (event->kind != SP_TRACE_FEE || event->price != 0) {
      int64_t count = event->kind == SP_TRACE_FEE ? 1 : event->count;
      sp_text_add(&text, between);
      sp_words_exact(&text, (sp_i128)count * event->price, event->denominator);
      between = " + ";
    }
  }
  sp_text_add(&text, terms > LIST_TERMS_MAX ? "" : terms > 1 ? " = " : ": ");
  rounding_add(&text, at, item);
  sp_tell_says(at->tell, &text);
}

static void passed_tell(const struct priced *at)
{
  static const char *const files[] = {"allowances.csv", "discounts.csv", "payers.csv"};
  static const char *const nouns[] = {"allowance", "discount", "payer"};
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  struct sp_book_name name;
  uint32_t row;
  if (event->slot == SP_TRACE_ALLOWANCES) {
    const struct sp_book_allowance *of =
        SP_BOOK_TABLE(at->book, allowances, struct sp_book_allowance) + event->index;
    name = SP_BOOK_TABLE(at->book, allowance_names, struct sp_book_name)[of->name_id];
    row = of->row;
  } else if (event->slot == SP_TRACE_DISCOUNTS) {
    const struct sp_book_discount *of =
        SP_BOOK_TABLE(at->book, discounts, struct sp_book_discount) + event->index;
    name = SP_BOOK_TABLE(at->book, discount_names, struct sp_book_name)[of->name_id];
    row = of->row;
  } else {
    const struct sp_book_payer *of =
        SP_BOOK_TABLE(at->book, payers, struct sp_book_payer) + event->index;
    name = SP_BOOK_TABLE(at->book, payer_names, struct sp_book_name)[of->name_id];
    row = of->row;
  }
  sp_tell_step(at->tell, "passed");
  sp_tell_word(at->tell, "table", nouns[event->slot]);
  sp_tell_name(at->tell, "name", sp__told_name(at->book, name));
  sp_tell_number(at->tell, "line", row);
  sp_text_add(&text, nouns[event->slot]);
  sp_text_add(&text, " ");
  sp_words_name(&text, at->book, name);
  sp__told_place_add(&text, files[event->slot], row);
  sp_text_add(&text, " is not for this record: ");
  if (event->why == SP_WHY_FEATURES) {
    sp_words_features(&text, (uint64_t)event->used);
  } else if (event->why == SP_WHY_UNIT) {
    item_add(&text, at);
    sp_text_add(&text, " is counted in another unit");
  } else if (event->why == SP_WHY_ITEM) {
    sp_text_add(&text, "it has no ");
    item_add(&text, at);
  } else {
    sp_text_add(&text, event->why == SP_WHY_DEST   ? "the other number has none of its prefixes"
                       : event->why == SP_WHY_BAND ? "none of its bands holds at start"
                       : event->why == SP_WHY_LATE ? "late, so pools and payers give nothing"
                                                   : "another rating group");
  }
  sp_tell_says(at->tell, &text);
}

static const struct sp_book_allowance *allowance_of(const struct priced *at)
{
  return SP_BOOK_TABLE(at->book, allowances, struct sp_book_allowance) + at->event->index;
}

static void allowance_add(struct sp_text *text, const struct priced *at)
{
  const struct sp_book_allowance *row = allowance_of(at);
  sp_text_add(text, row->pool ? "pool " : "allowance ");
  sp_words_name(text, at->book,
                SP_BOOK_TABLE(at->book, allowance_names, struct sp_book_name)[row->name_id]);
  sp_text_add(text, " of ");
  sp_words_owner(text, at->told->directory, at->event->owner);
  if (at->event->slot != at->event->owner) {
    sp_text_add(text, " by the plan of ");
    sp_words_owner(text, at->told->directory, at->event->slot);
  }
  sp__told_place_add(text, "allowances.csv", row->row);
}

static void allowance_keys(const struct priced *at, const char *kind)
{
  char words[512];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_book_allowance *row = allowance_of(at);
  sp_words_owner(&text, at->told->directory, at->event->owner);
  sp_tell_step(at->tell, kind);
  sp_tell_name(at->tell, "allowance",
               sp__told_name(at->book, SP_BOOK_TABLE(at->book, allowance_names,
                                                     struct sp_book_name)[row->name_id]));
  sp_tell_text(at->tell, "owner", words, text.length);
  text.length = 0;
  sp_words_owner(&text, at->told->directory, at->event->slot);
  sp_tell_text(at->tell, "subscribed_by", words, text.length);
  sp_tell_number(at->tell, "line", row->row);
  sp_tell_number(at->tell, "before", at->event->before);
}

/* Whether the balance that a grant is for takes part: the former cycle's may not roll over. */
static bool grant_counts(const struct priced *at)
{
  const struct sp_told_events *events = at->told->events;
  for (const struct sp_trace_event *event = at->event; event < events->event + events->count;
       event++) {
    if (event->kind == SP_TRACE_PART && event->index == at->event->index &&
        event->size == at->event->used) {
      return true;
    }
  }
  return false;
}

/* "80 x 16 / 30 days, rounded up to whole items" */
static void days_add(struct sp_text *text, const struct priced *at, uint8_t unit)
{
  sp_words_amount(text, at->event->before, unit);
  sp_text_add(text, " x ");
  sp_text_add_i64(text, at->event->count);
  sp_text_add(text, " / ");
  sp_text_add_i64(text, at->event->size);
  sp_text_add(text, " days, rounded up to whole ");
  sp_text_add(text, unit == SP_UNIT_SECOND ? "minutes" : unit == SP_UNIT_BYTE ? "MB" : "items");
}

static void grant_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  const struct sp_book_allowance *row = allowance_of(at);
  if (!grant_counts(at)) {
    return;
  }
  sp_tell_step(at->tell, "grant");
  sp_tell_name(at->tell, "allowance",
               sp__told_name(at->book, SP_BOOK_TABLE(at->book, allowance_names,
                                                     struct sp_book_name)[row->name_id]));
  sp_tell_number(at->tell, "line", row->row);
  sp_tell_number(at->tell, "granted", event->after);
  sp_tell_number(at->tell, "days", event->count);
  sp_tell_number(at->tell, "of_days", event->size);
  sp_text_add(&text, "allowance ");
  sp_words_name(&text, at->book,
                SP_BOOK_TABLE(at->book, allowance_names, struct sp_book_name)[row->name_id]);
  sp__told_place_add(&text, "allowances.csv", row->row);
  sp_text_add(&text, event->used != 0 ? " gave in the former cycle " : " gives this cycle ");
  if (event->before < 0) {
    sp_text_add(&text, "nothing: no membership in it, or the book in force on ");
    sp_words_time(&text, at->book, event->offset);
    sp_text_add(&text, " has no such allowance");
  } else if (event->size != 0) {
    sp_text_add(&text, "by day from ");
    sp_words_time(&text, at->book, event->offset);
    sp_text_add(&text, ": ");
    days_add(&text, at, row->unit);
    sp_text_add(&text, " = ");
    sp_words_amount(&text, event->after, row->unit);
  } else {
    sp_words_amount(&text, event->after, row->unit);
    sp_text_add(&text, ": by the book in force on ");
    sp_words_time(&text, at->book, event->offset);
  }
  sp_tell_says(at->tell, &text);
}

static void part_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_book_allowance *row = allowance_of(at);
  allowance_keys(at, "balance");
  sp_tell_number(at->tell, "granted", at->event->after);
  sp_tell_word(at->tell, "rolled", at->event->size != 0 ? "yes" : "no");
  sp_tell_number(at->tell, "offset", at->event->offset);
  if (at->event->offset > 0) {
    sp_text_add(&text, "from second ");
    sp_text_add_i64(&text, at->event->offset);
    sp_text_add(&text, " on: ");
  }
  allowance_add(&text, at);
  sp_text_add(&text, at->event->size != 0 ? ", rolled over: " : ": ");
  bool late = row->pool && (at->told->charge->flags & SP_FLAG_LATE) != 0;
  sp_text_add(&text, late ? "late, so no more than its chain had from it, " : "");
  sp_words_amount(&text, at->event->before, row->unit);
  if (!late) {
    sp_text_add(&text, " left of ");
    sp_words_amount(&text, at->event->after, row->unit);
  }
  if (at->event->used >= 0) {
    sp_text_add(&text, ", this member may still take ");
    sp_words_amount(&text, at->event->used, row->unit);
  }
  sp_tell_says(at->tell, &text);
}

static void cover_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  uint8_t unit = allowance_of(at)->unit;
  allowance_keys(at, "cover");
  sp_tell_number(at->tell, "after", event->after);
  sp_tell_word(at->tell, "rolled", event->used != 0 ? "yes" : "no");
  sp_tell_number(at->tell, "offset", event->offset);
  sp_tell_number(at->tell, "size", event->size);
  sp_tell_number(at->tell, "count", event->count);
  allowance_add(&text, at);
  sp_text_add(&text, event->used != 0 ? ", rolled over, gives " : " gives ");
  increments_add(&text, event, unit);
  sp_text_add(&text, " on: ");
  sp_words_amount(&text, event->before, unit);
  sp_text_add(&text, " - ");
  sp_words_amount(&text, event->before - event->after, unit);
  sp_text_add(&text, " = ");
  sp_words_amount(&text, event->after, unit);
  sp_text_add(&text, " left");
  sp_tell_says(at->tell, &text);
}

static void waive_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *list = event_before(at, SP_TRACE_LIST);
  uint8_t unit = list == NULL ? SP_UNIT_ITEM : sp__told_item(at->book, list->index)->unit;
  sp_tell_step(at->tell, "waive");
  sp_tell_name(at->tell, "item", item_name(at));
  sp_tell_number(at->tell, "offset", at->event->offset);
  sp_tell_number(at->tell, "size", at->event->size);
  sp_tell_number(at->tell, "count", at->event->count);
  item_add(&text, at);
  sp_text_add(&text, ": waived with them, ");
  increments_add(&text, at->event, unit);
  sp_text_add(&text, " on");
  sp_tell_says(at->tell, &text);
}

static void due_tell(const struct priced *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *list = event_before(at, SP_TRACE_LIST);
  if (at->event->count == 0) {
    return;
  }
  sp_tell_step(at->tell, "due");
  sp_tell_name(at->tell, "item", item_name(at));
  sp_tell_number(at->tell, "waived", at->event->count);
  sp_tell_micro(at->tell, "due", at->event->amount_micro);
  item_add(&text, at);
  sp_text_add(&text, " after allowances, ");
  sp_text_add_i64(&text, at->event->count);
  sp_text_add(&text, list == NULL ? " increments waived" : " of ");
  if (list != NULL) {
    sp_text_add_i64(&text, list->count);
    sp_text_add(&text, " increments waived");
  }
  const struct sp_trace_event *fee = event_before(at, SP_TRACE_FEE);
  bool fee_too = at->event->size != 0 && fee != NULL && fee->price != 0;
  sp_text_add(&text, fee_too ? " and the connect fee with them: " : ": ");
  if (list != NULL && list->denominator != 0 && list->denominator == at->event->denominator) {
    sp_words_exact(&text, list->price, list->denominator);
    sp_text_add(&text, " - ");
    sp_words_exact(&text, (sp_i128)list->price - at->event->price, list->denominator);
    sp_text_add(&text, " = ");
  }
  if (list != NULL) {
    rounding_add(&text, at, sp__told_item(at->book, list->index));
  }
  sp_tell_says(at->tell, &text);
}

void sp__told_price(const struct sp_told *told, struct sp_tell *tell,
                    const struct sp_trace_event *event)
{
  const struct priced at = {told, tell, sp__told_book(told, event), event};
  switch (event->kind) {
  case SP_TRACE_RUN:
    run_tell(&at);
    break;
  case SP_TRACE_FEE:
    fee_tell(&at);
    break;
  case SP_TRACE_LIST:
    list_tell(&at);
    break;
  case SP_TRACE_PASSED:
    passed_tell(&at);
    break;
  case SP_TRACE_FREE:
    sp_tell_plain(tell, "free", "it costs nothing as it is: no allowance is touched");
    break;
  case SP_TRACE_GRANT:
    grant_tell(&at);
    break;
  case SP_TRACE_PART:
    part_tell(&at);
    break;
  case SP_TRACE_COVER:
    cover_tell(&at);
    break;
  case SP_TRACE_WAIVE:
    waive_tell(&at);
    break;
  case SP_TRACE_DUE:
    due_tell(&at);
    break;
  case SP_TRACE_PLAN:
  case SP_TRACE_SEGMENT:
  case SP_TRACE_RULE:
  case SP_TRACE_CHOSEN:
  case SP_TRACE_DISCOUNT:
  case SP_TRACE_BLOCK:
  case SP_TRACE_PASS:
  case SP_TRACE_COUNTED:
  case SP_TRACE_PAYER:
  case SP_TRACE_SHARE:
  case SP_TRACE_OWN:
  case SP_TRACE_CHAIN:
    break;
  }
}
