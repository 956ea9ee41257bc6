/* Discounts pass by pass, caps, and who pays what (book.md §11, §12). */
#include <string.h>

#include "tools/book_words.h"
#include "tools/explain.h"

struct cut { /* an event at hand */
  const struct sp_told *told;
  struct sp_tell *tell;
  const struct sp_book *book;
  const struct sp_trace_event *event;
};

static struct sp_name item_name(const struct cut *at, uint32_t item)
{
  if (item == SP_NONE) {
    return (struct sp_name){"all", 3};
  }
  return sp__told_name(at->book, SP_BOOK_TABLE(at->book, item_names, struct sp_book_name)[item]);
}

static void item_add(struct sp_text *text, const struct cut *at, uint32_t item)
{
  struct sp_name name = item_name(at, item);
  sp_text_add_bytes(text, name.text, name.length);
}

static const struct sp_book_discount *discount_at(const struct cut *at, uint32_t index)
{
  return SP_BOOK_TABLE(at->book, discounts, struct sp_book_discount) + index;
}

static struct sp_name discount_name(const struct cut *at, uint32_t index)
{
  const struct sp_book_name *names = SP_BOOK_TABLE(at->book, discount_names, struct sp_book_name);
  return sp__told_name(at->book, names[discount_at(at, index)->name_id]);
}

/* "10.5 %" of hundredths of a percent. */
static void percent_add(struct sp_text *text, int64_t hundredths)
{
  char words[32];
  struct sp_text digits = SP_TEXT_INIT(words);
  sp_text_add_micro(&digits, hundredths * 10000);
  size_t length = digits.length - 4;
  while (words[length - 1] == '0') {
    length--;
  }
  length -= words[length - 1] == '.';
  sp_text_add_bytes(text, words, length);
  sp_text_add(text, " %");
}

/* What a cap had counted before this record: the core tells it last. */
static bool counted_before(const struct cut *at, int64_t *counted)
{
  const struct sp_told_events *events = at->told->events;
  for (const struct sp_trace_event *event = at->event; event < events->event + events->count;
       event++) {
    if (event->kind == SP_TRACE_COUNTED && event->index == at->event->index) {
      *counted = event->before;
      return true;
    }
  }
  return false;
}

static void bound_add(struct sp_text *text, const struct cut *at,
                      const struct sp_book_discount *row)
{
  int64_t counted;
  sp_text_add(text, sp_words_discount(row->kind));
  sp_text_add(text, row->kind == SP_DISCOUNT_FREE ? "" : " ");
  if (row->kind == SP_DISCOUNT_PERCENT) {
    percent_add(text, row->value);
  } else if (row->kind != SP_DISCOUNT_FREE) {
    sp_words_money(text, row->value);
  }
  if (row->pass == 3 && counted_before(at, &counted)) {
    sp_text_add(text, ", counted so far ");
    sp_words_money(text, counted);
    sp_text_add(text, ", so at most ");
    sp_words_money(text, row->value > counted ? row->value - counted : 0);
  }
}

static const struct sp_trace_event *event_before(const struct cut *at, uint32_t item,
                                                 enum sp_trace_kind kind)
{
  for (const struct sp_trace_event *event = at->event; event-- > at->told->events->event;) {
    if (event->kind == kind && event->item == item) {
      return event;
    }
  }
  return NULL;
}

/* The amount of the item before the event at hand. */
static int64_t amount_before(const struct cut *at, uint32_t item)
{
  for (const struct sp_trace_event *event = at->event; event-- > at->told->events->event;) {
    bool amount =
        event->kind == SP_TRACE_PASS || event->kind == SP_TRACE_DUE || event->kind == SP_TRACE_LIST;
    if (amount && event->item == item) {
      return event->amount_micro;
    }
  }
  return 0;
}

/* "; base 17.282 -> 0.66, all items 18.431 -> 1.809" */
static void amounts_add(struct sp_text *text, const struct cut *at, uint32_t item)
{
  const struct sp_trace_event *event = at->event;
  sp_text_add(text, "; ");
  if (item != SP_NONE) {
    int64_t amount = amount_before(at, item);
    sp_tell_micro(at->tell, "item_before", amount);
    sp_tell_micro(at->tell, "item_after", amount - event->before + event->after);
    item_add(text, at, item);
    sp_text_add(text, " ");
    sp_words_money(text, amount);
    sp_text_add(text, " -> ");
    sp_words_money(text, amount - event->before + event->after);
    sp_text_add(text, ", ");
  }
  sp_text_add(text, "all items ");
  sp_words_money(text, event->before);
  sp_text_add(text, " -> ");
  sp_words_money(text, event->after);
}

/* What all items would come to with the discount: exact, as long as that is told. */
static void leaves_add(struct sp_text *text, const struct sp_trace_event *event)
{
  if (event->denominator != 0) {
    sp_words_exact(text, event->price, event->denominator);
  }
}

/* "; not taken: it would leave 4.20 of all items, far10 [discounts.csv:2] leaves 3.90" */
static void lost_add(struct sp_text *text, const struct cut *at)
{
  const struct sp_trace_event *lost = at->event, *taken = at->told->events->event;
  const struct sp_trace_event *end = taken + at->told->events->count;
  while (taken->kind != SP_TRACE_DISCOUNT || taken->why != SP_WHY_TAKEN ||
         taken->index != (uint32_t)lost->count) {
    taken++;
    SP_ASSERT(taken < end);
  }
  bool known = lost->denominator != 0 && taken->denominator != 0;
  bool alike = known && (sp_i128)lost->price * taken->denominator ==
                            (sp_i128)taken->price * lost->denominator;
  if (known) {
    sp_text_add(text, "; not taken: it would leave ");
    leaves_add(text, lost);
    sp_text_add(text, alike ? " of all items, as does " : " of all items, ");
  } else {
    sp_text_add(text, "; not taken: of its set ");
  }
  sp__told_name_add(text, discount_name(at, taken->index));
  sp__told_place_add(text, "discounts.csv", discount_at(at, taken->index)->row);
  sp_text_add(text, alike   ? ", which comes first by name"
                    : known ? " leaves "
                            : " leaves less, or as much and comes first by name");
  if (known && !alike) {
    leaves_add(text, taken);
  }
}

static void discount_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  const struct sp_book_discount *row = discount_at(at, event->index);
  bool taken = event->why == SP_WHY_TAKEN;
  struct sp_name name = discount_name(at, event->index);
  sp_tell_step(at->tell, "discount");
  sp_tell_name(at->tell, "discount", name);
  sp_tell_word(at->tell, "discount_kind", sp_words_discount(row->kind));
  sp_tell_number(at->tell, "pass", row->pass);
  sp_tell_number(at->tell, "line", row->row);
  sp_tell_name(at->tell, "item", item_name(at, row->item));
  sp_tell_word(at->tell, "taken", taken ? "yes" : "no");
  leaves_add(&text, event);
  sp_tell_text(at->tell, "leaves", words, text.length);
  text.length = 0;
  sp_text_add(&text, "discount ");
  sp_text_add_bytes(&text, name.text, name.length);
  sp__told_place_add(&text, "discounts.csv", row->row);
  sp_text_add(&text, " in pass ");
  sp_text_add_u64(&text, row->pass);
  sp_text_add(&text, " on ");
  item_add(&text, at, row->item);
  sp_text_add(&text, ": ");
  bound_add(&text, at, row);
  if (!taken) {
    lost_add(&text, at);
  } else if (row->pass > 1) {
    sp_tell_micro(at->tell, "before", event->before);
    sp_tell_micro(at->tell, "after", event->after);
    amounts_add(&text, at, row->item);
  }
  sp_tell_says(at->tell, &text);
}

/* Digits of an item, those of its rule at the start. */
static unsigned digits_of(const struct cut *at, uint32_t item)
{
  const struct sp_trace_event *list = event_before(at, item, SP_TRACE_LIST);
  if (list == NULL) {
    return (unsigned)at->book->header->rounding_digits;
  }
  return sp__told_item(at->book, list->index)->digits;
}

static void half_up_add(struct sp_text *text, unsigned digits)
{
  sp_text_add(text, ", half_up to ");
  sp_text_add_u64(text, digits);
  sp_text_add(text, " decimals");
}

/* An exact number as a factor: in brackets if it is a fraction. */
static void factor_add(struct sp_text *text, int64_t numerator, int64_t denominator)
{
  size_t from = text->length;
  sp_words_exact(text, numerator, denominator);
  if (memchr(text->at + from, '/', text->length - from) != NULL) {
    text->length = from;
    sp_text_add(text, "(");
    sp_words_exact(text, numerator, denominator);
    sp_text_add(text, ")");
  }
}

/* "1.184 x 1.02 / 1.315, half_up to 3 decimals = 0.918, share 0.918 - 0.634 = 0.284": of the amount
 * by exact prices, less the earlier blocks. The last block has what is left, not rounded: of one
 * alone and of the last there is no equation. */
static void share_add(struct sp_text *text, const struct cut *at)
{
  const struct sp_trace_event *event = at->event;
  uint32_t item = discount_at(at, event->index)->item;
  const struct sp_trace_event *due = event_before(at, item, SP_TRACE_DUE);
  due = due == NULL ? event_before(at, item, SP_TRACE_LIST) : due;
  if (due != NULL && event->denominator != 0 && due->denominator == event->denominator &&
      due->price != 0 && event->used != due->price) {
    int64_t amount = amount_before(at, item);
    sp_words_money(text, amount);
    sp_text_add(text, " x ");
    factor_add(text, event->used, event->denominator);
    sp_text_add(text, " / ");
    factor_add(text, due->price, due->denominator);
    if ((sp_i128)amount * event->used != (sp_i128)event->after * due->price) {
      half_up_add(text, digits_of(at, item));
    }
    sp_text_add(text, " = ");
    sp_words_money(text, event->after);
    sp_text_add(text, ", ");
  }
  sp_text_add(text, "share ");
  sp_words_money(text, event->after);
  sp_text_add(text, " - ");
  sp_words_money(text, event->after - event->price);
  sp_text_add(text, " = ");
  sp_words_money(text, event->price);
}

static void block_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  const struct sp_book_discount *row = discount_at(at, event->index);
  if (event->size == 0) {
    return;
  }
  struct sp_name name = discount_name(at, event->index);
  sp_tell_step(at->tell, "block");
  sp_tell_name(at->tell, "discount", name);
  sp_tell_number(at->tell, "block", event->count);
  sp_tell_micro(at->tell, "share", event->price);
  sp_tell_micro(at->tell, "before", event->before);
  sp_tell_micro(at->tell, "takes", event->amount_micro);
  sp__told_name_add(&text, name);
  sp__told_place_add(&text, "discounts.csv", row->row);
  sp_text_add(&text, ": block ");
  sp_text_add_i64(&text, event->count);
  sp_text_add(&text, " of ");
  sp_words_amount(&text, row->threshold, row->threshold_unit);
  sp_text_add(&text, ", counter ");
  sp_words_amount(&text, event->offset, row->threshold_unit);
  sp_text_add(&text, " after it: ");
  share_add(&text, at);
  sp_text_add(&text, ", takes min(");
  sp_words_money(&text, event->price);
  sp_text_add(&text, ", ");
  sp_words_money(&text, row->value);
  sp_text_add(&text, " - ");
  sp_words_money(&text, event->before);
  sp_text_add(&text, ") = ");
  sp_words_money(&text, event->amount_micro);
  sp_tell_says(at->tell, &text);
}

/* " x 90 % x 0 %": the percents that were taken on the item. */
static void percents_add(struct sp_text *text, const struct cut *at)
{
  for (const struct sp_trace_event *event = at->told->events->event; event < at->event; event++) {
    if (event->kind != SP_TRACE_DISCOUNT || event->why != SP_WHY_TAKEN) {
      continue;
    }
    const struct sp_book_discount *row = discount_at(at, event->index);
    if (row->pass == 1 && (row->item == SP_NONE || row->item == at->event->item)) {
      sp_text_add(text, " x ");
      percent_add(text, row->kind == SP_DISCOUNT_FREE ? 0 : 10000 - row->value);
    }
  }
}

static unsigned decimals_of(int64_t micro)
{
  unsigned decimals = 6;
  for (; decimals > 0 && micro % 10 == 0; micro /= 10) {
    decimals--;
  }
  return decimals;
}

/* In steps of so many decimals a cap over several items is dealt (book.md §11.5). */
static unsigned steps_of(const struct cut *at, int64_t sum)
{
  unsigned digits = (unsigned)at->book->header->rounding_digits, decimals = decimals_of(sum);
  for (const struct sp_trace_event *event = at->told->events->event; event < at->event; event++) {
    if (event->kind == SP_TRACE_LIST) {
      unsigned own = sp__told_item(at->book, event->index)->digits;
      digits = own > digits ? own : digits;
    }
  }
  return decimals > digits ? decimals : digits;
}

/* The discount that was taken last. In passes 2 and 3 amounts are told after each one that cut. */
static const struct sp_trace_event *cap_before(const struct cut *at)
{
  const struct sp_trace_event *event = at->event - 1;
  while (event->kind != SP_TRACE_DISCOUNT || event->why != SP_WHY_TAKEN) {
    SP_ASSERT(event > at->told->events->event);
    event--;
  }
  return event;
}

/* " -> 0.90", or " x 1.80 / 3.60, by largest remainder to 3 decimals = 0.90". */
static void cut_add(struct sp_text *text, const struct cut *at, int64_t before)
{
  const struct sp_trace_event *cap = cap_before(at);
  if (discount_at(at, cap->index)->item == SP_NONE && cap->before != before) {
    sp_text_add(text, " x ");
    sp_words_money(text, cap->after);
    sp_text_add(text, " / ");
    sp_words_money(text, cap->before);
    sp_text_add(text, ", by largest remainder to ");
    sp_text_add_u64(text, steps_of(at, cap->after));
    sp_text_add(text, " decimals = ");
  } else {
    sp_text_add(text, " -> ");
  }
}

static void pass_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  int64_t before = amount_before(at, at->event->item);
  if (before == at->event->amount_micro) {
    return;
  }
  sp_tell_step(at->tell, "pass");
  sp_tell_number(at->tell, "pass", at->event->offset);
  sp_tell_name(at->tell, "item", item_name(at, at->event->item));
  sp_tell_micro(at->tell, "before", before);
  sp_tell_micro(at->tell, "after", at->event->amount_micro);
  item_add(&text, at, at->event->item);
  sp_text_add(&text, " after pass ");
  sp_text_add_i64(&text, at->event->offset);
  sp_text_add(&text, ": ");
  sp_words_money(&text, before);
  if (at->event->offset == 1) {
    percents_add(&text, at);
    half_up_add(&text, digits_of(at, at->event->item));
    sp_text_add(&text, " = ");
  } else {
    cut_add(&text, at, before);
  }
  sp_words_money(&text, at->event->amount_micro);
  sp_tell_says(at->tell, &text);
}

static void counted_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  struct sp_name name = discount_name(at, event->index);
  uint32_t row = discount_at(at, event->index)->row;
  sp_tell_step(at->tell, "counted");
  sp_tell_name(at->tell, "discount", name);
  sp_tell_number(at->tell, "line", row);
  sp_tell_micro(at->tell, "before", event->before);
  sp_tell_micro(at->tell, "after", event->after);
  sp_text_add(&text, "cap ");
  sp_text_add_bytes(&text, name.text, name.length);
  sp__told_place_add(&text, "discounts.csv", row);
  sp_text_add(&text, " has counted: ");
  sp_words_money(&text, event->before);
  sp_text_add(&text, " + ");
  sp_words_money(&text, event->after - event->before);
  sp_text_add(&text, " = ");
  sp_words_money(&text, event->after);
  sp_tell_says(at->tell, &text);
}

static struct sp_name account_name(const struct cut *at, uint32_t account)
{
  return account == SP_NONE ? (struct sp_name){"", 0}
                            : sp_directory_account_name(at->told->directory, account);
}

static void payer_bounds_add(struct sp_text *text, const struct cut *at,
                             const struct sp_book_payer *row)
{
  int64_t paid = at->event->after - at->event->amount_micro;
  int64_t bound = at->event->price < at->event->before ? at->event->price : at->event->before;
  sp_text_add(text, "left ");
  sp_words_money(text, at->event->before);
  sp_text_add(text, ", wants ");
  if (row->mode == SP_PAYER_SHARE) {
    percent_add(text, row->value);
    half_up_add(text, (unsigned)at->book->header->rounding_digits);
    sp_text_add(text, " = ");
  } else if (row->mode == SP_PAYER_AMOUNT) {
    sp_words_money(text, row->value);
    sp_text_add(text, " - ");
    sp_words_money(text, paid);
    sp_text_add(text, " paid for the member = ");
  } else {
    sp_text_add(text, "all, ");
  }
  sp_words_money(text, at->event->price);
  if (row->member_cap_micro >= 0) {
    sp_text_add(text, ", member cap ");
    sp_words_money(text, row->member_cap_micro);
    sp_text_add(text, " - ");
    sp_words_money(text, paid);
    sp_text_add(text, " paid for the member");
    bound = row->member_cap_micro - paid < bound ? row->member_cap_micro - paid : bound;
  }
  if (row->group_cap_micro >= 0) {
    sp_text_add(text, ", group cap ");
    int64_t room = row->group_cap_micro - at->event->used;
    sp_words_money(text, row->group_cap_micro);
    sp_text_add(text, " - ");
    sp_words_money(text, at->event->used);
    sp_text_add(text, " paid for all");
    bound = room < bound ? room : bound;
  }
  if (at->event->amount_micro < bound) { /* §13.4 */
    sp_text_add(text, ", late, so no more than its chain had from it, ");
    sp_words_money(text, at->event->amount_micro);
  }
}

static void payer_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  const struct sp_book_payer *row =
      SP_BOOK_TABLE(at->book, payers, struct sp_book_payer) + event->index;
  struct sp_name name = sp__told_name(
      at->book, SP_BOOK_TABLE(at->book, payer_names, struct sp_book_name)[row->name_id]);
  const struct sp_group *group =
      sp_directory_group(at->told->directory, event->owner & ~SP_OWNER_GROUP);
  struct sp_name account = account_name(at, group->account);
  sp_tell_step(at->tell, "payer");
  sp_tell_name(at->tell, "payer", name);
  sp_tell_name(at->tell, "account", account);
  sp_tell_number(at->tell, "line", row->row);
  sp_tell_micro(at->tell, "left", event->before);
  sp_tell_micro(at->tell, "want", event->price);
  sp_tell_micro(at->tell, "amount", event->amount_micro);
  sp_text_add(&text, "payer ");
  sp_text_add_bytes(&text, name.text, name.length);
  sp_text_add(&text, " of ");
  sp_words_owner(&text, at->told->directory, event->owner);
  sp__told_place_add(&text, "payers.csv", row->row);
  sp_text_add(&text, " on ");
  item_add(&text, at, row->item);
  sp_text_add(&text, ": ");
  payer_bounds_add(&text, at, row);
  sp_text_add(&text, "; account ");
  sp_text_add_bytes(&text, account.text, account.length);
  sp_text_add(&text, " pays ");
  sp_words_money(&text, event->amount_micro);
  sp_tell_says(at->tell, &text);
}

static void share_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_trace_event *event = at->event;
  sp_tell_step(at->tell, "share");
  sp_tell_name(at->tell, "item", item_name(at, event->item));
  sp_tell_micro(at->tell, "before", event->before);
  sp_tell_micro(at->tell, "takes", event->amount_micro);
  sp_text_add(&text, "of ");
  item_add(&text, at, event->item);
  sp_text_add(&text, " in proportion: ");
  const struct sp_trace_event *payer = event - 1;
  while (payer->kind != SP_TRACE_PAYER) {
    SP_ASSERT(payer > at->told->events->event);
    payer--;
  }
  sp_words_money(&text, payer->amount_micro);
  sp_text_add(&text, " x ");
  sp_words_money(&text, event->before);
  sp_text_add(&text, " / ");
  sp_words_money(&text, payer->before);
  sp_text_add(&text, ", by largest remainder = ");
  sp_words_money(&text, event->amount_micro);
  sp_text_add(&text, "; ");
  sp_words_money(&text, event->before);
  sp_text_add(&text, " - ");
  sp_words_money(&text, event->amount_micro);
  sp_text_add(&text, " = ");
  sp_words_money(&text, event->before - event->amount_micro);
  sp_text_add(&text, " left");
  sp_tell_says(at->tell, &text);
}

static void own_tell(const struct cut *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  struct sp_name account = account_name(at, at->event->owner);
  sp_tell_step(at->tell, "own");
  sp_tell_name(at->tell, "account", account);
  sp_tell_micro(at->tell, "amount", at->event->amount_micro);
  sp_text_add(&text, "own account ");
  sp_text_add_bytes(&text, account.text, account.length);
  sp_text_add(&text, " pays ");
  sp_words_money(&text, at->event->amount_micro);
  sp_tell_says(at->tell, &text);
}

void sp__told_cut(const struct sp_told *told, struct sp_tell *tell,
                  const struct sp_trace_event *event)
{
  const struct cut at = {told, tell, sp__told_book(told, event), event};
  if (event->kind == SP_TRACE_DISCOUNT) {
    discount_tell(&at);
  } else if (event->kind == SP_TRACE_BLOCK) {
    block_tell(&at);
  } else if (event->kind == SP_TRACE_PASS) {
    pass_tell(&at);
  } else if (event->kind == SP_TRACE_COUNTED) {
    counted_tell(&at);
  } else if (event->kind == SP_TRACE_PAYER) {
    payer_tell(&at);
  } else if (event->kind == SP_TRACE_SHARE) {
    share_tell(&at);
  } else {
    SP_ASSERT(event->kind == SP_TRACE_OWN);
    own_tell(&at);
  }
}
