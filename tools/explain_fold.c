/* Station fold: what a record changed in the profiles of its customer and group. */
#include <string.h>

#include "tools/book_words.h"
#include "tools/explain.h"

struct fact { /* of a profile, before and after */
  const char *name;
  int64_t before, after;
  bool money;
};

static void fact_tell(const struct fact *fact, const char *of, struct sp_tell *tell)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  if (fact->before == fact->after) {
    return;
  }
  sp_tell_step(tell, "profile");
  sp_tell_word(tell, "of", of);
  sp_tell_word(tell, "field", fact->name);
  sp_text_add(&text, of);
  sp_text_add(&text, " ");
  sp_text_add(&text, fact->name);
  sp_text_add(&text, ": ");
  if (fact->money) {
    sp_tell_micro(tell, "before", fact->before);
    sp_tell_micro(tell, "after", fact->after);
    sp_words_money(&text, fact->before);
    sp_text_add(&text, " -> ");
    sp_words_money(&text, fact->after);
  } else {
    sp_tell_number(tell, "before", fact->before);
    sp_tell_number(tell, "after", fact->after);
    sp_text_add_i64(&text, fact->before);
    sp_text_add(&text, " -> ");
    sp_text_add_i64(&text, fact->after);
  }
  sp_tell_says(tell, &text);
}

static void facts_tell(const struct fact *facts, size_t count, const char *of, struct sp_tell *tell)
{
  for (size_t i = 0; i < count; i++) {
    fact_tell(facts + i, of, tell);
  }
}

/* The month itself; before it the ring may have stood at another one: zeros then. */
static void month_tell(const struct sp_month *before, const struct sp_month *after, const char *of,
                       struct sp_tell *tell)
{
  const struct fact facts[] = {
      {"net of the month", before->net_micro, after->net_micro, true},
      {"voice seconds of the month", before->voice_s, after->voice_s, false},
      {"bytes of the month", before->bytes, after->bytes, false},
      {"calls of the month", before->calls, after->calls, false},
      {"messages of the month", before->messages, after->messages, false},
      {"to other networks in the month", before->offnet, after->offnet, false},
      {"international in the month", before->international, after->international, false},
      {"inside the group in the month", before->inside, after->inside, false},
      {"active days of the month", before->active_days, after->active_days, false}};
  facts_tell(facts, sizeof(facts) / sizeof(facts[0]), of, tell);
}

static void subscriber_tell(const struct sp_told_fold *fold, uint32_t month, struct sp_tell *tell)
{
  const struct sp_profile *a = &fold->before, *b = &fold->after;
  struct sp_month before = {0}, after = {0};
  if (sp_profile_month_at(b, month, &after) && a->month >= month) {
    (void)sp_profile_month_at(a, month, &before);
  }
  month_tell(&before, &after, "subscriber", tell);
  const struct fact facts[] = {
      {"first activity (UTC second)", a->first_utc_s, b->first_utc_s, false},
      {"last activity (UTC second)", a->last_utc_s, b->last_utc_s, false},
      {"activity, half-life 7 days (4096 = 1)", a->activity_short, b->activity_short, false},
      {"activity, half-life 90 days (4096 = 1)", a->activity_long, b->activity_long, false},
      {"contacts in tenths", sp_contacts_tenths(a->contacts_now),
       sp_contacts_tenths(b->contacts_now), false},
      {"inside calls and messages", a->inside_now, b->inside_now, false},
      {"calls to competitors' hotlines", a->marks[SP_MARK_HOTLINE], b->marks[SP_MARK_HOTLINE],
       false},
      {"calls forwarded elsewhere", a->marks[SP_MARK_FORWARD], b->marks[SP_MARK_FORWARD], false},
      {"events outside the province", a->marks[SP_MARK_ROAM], b->marks[SP_MARK_ROAM], false},
      {"calls ended with a cause", a->marks[SP_MARK_ABNORMAL], b->marks[SP_MARK_ABNORMAL], false}};
  facts_tell(facts, sizeof(facts) / sizeof(facts[0]), "subscriber", tell);
}

static void group_tell(const struct sp_told_fold *fold, uint32_t month, struct sp_tell *tell)
{
  struct sp_month before = {0}, after = {0};
  if (sp_group_month_at(&fold->group_after, month, &after) && fold->group_before.month >= month) {
    (void)sp_group_month_at(&fold->group_before, month, &before);
  }
  month_tell(&before, &after, "group", tell);
}

void sp__told_fold(const struct sp_told *told, struct sp_tell *tell)
{
  const struct sp_usage *usage = told->usage;
  sp_tell_station(tell, "fold", "what changed in the customer's profile");
  if (!told->fold->done) {
    sp_tell_plain(tell, "profile", "nothing: only rated records are folded");
    return;
  }
  uint32_t book = sp_books_at(told->books, usage->start_utc_s);
  int32_t day =
      book == SP_NONE ? 0 : sp_book_local_day(told->books->book + book, usage->start_utc_s);
  uint32_t month = day < 1 ? 0 : sp_month_of_day((uint32_t)day, NULL);
  subscriber_tell(told->fold, month, tell);
  if (usage->group != SP_NONE) {
    group_tell(told->fold, month, tell);
  }
}
