#include <string.h>

#include "segment/churn.h"

static void add_percent(struct sp_text *text, int64_t percent)
{
  if (percent < 0) {
    sp_text_add(text, "−");
    percent = -percent;
  } else {
    sp_text_add(text, "+");
  }
  sp_text_add_i64(text, percent);
  sp_text_add(text, " %");
}

static void add_month(struct sp_text *text, uint32_t month)
{
  uint32_t of_year = month % 12U + 1U;
  sp_text_add_u64(text, month / 12U);
  sp_text_add(text, of_year < 10U ? "-0" : "-");
  sp_text_add_u64(text, of_year);
}

/* Money with two decimals, rounded down: it is a reason, not a bill. */
static void add_money(struct sp_text *text, int64_t micro)
{
  char digits[32];
  struct sp_text whole = SP_TEXT_INIT(digits);
  sp_text_add_micro(&whole, micro);
  sp_text_add_bytes(text, digits, whole.length > 4U ? whole.length - 4U : whole.length);
}

static void add_amount(struct sp_text *text, enum sp_feature feature, int64_t amount)
{
  if (feature == SP_FEATURE_MINUTES) {
    sp_text_add_i64(text, amount / 60);
  } else if (feature == SP_FEATURE_DATA) {
    sp_text_add_i64(text, amount / (INT64_C(1) << 20U));
    sp_text_add(text, " MB");
  } else {
    add_money(text, amount);
  }
}

void sp_change_text(const struct sp_change *change, const struct sp_review *review,
                    enum sp_feature feature, struct sp_text *text)
{
  sp_text_add(text, feature == SP_FEATURE_MINUTES ? "minutes "
                    : feature == SP_FEATURE_DATA  ? "data "
                                                  : "spend ");
  add_amount(text, feature, change->before);
  sp_text_add(text, " → ");
  add_amount(text, feature, change->now);
  sp_text_add(text, " since ");
  add_month(text, review->latest_month);
  if (change->percent != SP_CARD_UNKNOWN) {
    sp_text_add(text, ", ");
    add_percent(text, change->percent);
  }
}

static void circle_text(const struct sp_profile *profile, int32_t value, struct sp_text *text)
{
  sp_text_add(text, "contacts ");
  sp_text_add_u64(text, (sp_contacts_tenths(profile->contacts_before) + 5U) / 10U);
  sp_text_add(text, " → ");
  sp_text_add_u64(text, (sp_contacts_tenths(profile->contacts_now) + 5U) / 10U);
  sp_text_add(text, " this month");
  if (value != SP_CARD_UNKNOWN) {
    sp_text_add(text, ", ");
    add_percent(text, value);
  }
}

static void number_text(struct sp_text *text, const char *before, int64_t number, const char *after)
{
  sp_text_add(text, before);
  sp_text_add_i64(text, number);
  sp_text_add(text, after);
}

static void days_text(const struct sp_profile *profile, const struct sp_review *review,
                      struct sp_text *text)
{
  uint32_t now = sp_profile_active_days(profile, review->at.day, 30);
  uint32_t both = sp_profile_active_days(profile, review->at.day, 60);
  number_text(text, "active days ", both - now, "");
  number_text(text, " → ", now, " of 30");
}

static void value_text(enum sp_feature feature, int32_t value, struct sp_text *text)
{
  switch (feature) {
  case SP_FEATURE_SILENT:
    number_text(text, "silent for ", value, " days");
    break;
  case SP_FEATURE_SLOPE:
    number_text(text, "usage of the last days at ", value, " % of its level");
    break;
  case SP_FEATURE_OFFNET:
    number_text(text, "share of calls to other operators grew by ", value, " points");
    break;
  case SP_FEATURE_HOTLINE:
    number_text(text, "competitors' hotlines called ", value, " times in two months");
    break;
  case SP_FEATURE_FORWARD:
    number_text(text, "forwarded to another operator ", value, " times in two months");
    break;
  case SP_FEATURE_INSIDE:
    number_text(text, "", value, " % of calls inside the group");
    break;
  case SP_FEATURE_TENURE:
    number_text(text, "customer for ", value, " days");
    break;
  case SP_FEATURE_ABNORMAL:
    number_text(text, "calls broken off ", value, " times in two months");
    break;
  case SP_FEATURE_MINUTES:
  case SP_FEATURE_DATA:
  case SP_FEATURE_SPEND:
  case SP_FEATURE_CIRCLE:
  case SP_FEATURE_DAYS:
  case SP_FEATURE_COUNT:
    SP_ASSERT(false);
  }
}

void sp_churn_reason(const struct sp_profile *profile, const struct sp_review *review, bool member,
                     enum sp_feature feature, struct sp_text *text)
{
  int32_t values[SP_CARD_FEATURES_MAX];
  struct sp_change change;
  sp_churn_values(profile, review, member, values);
  if (feature == SP_FEATURE_CIRCLE) {
    circle_text(profile, values[feature], text);
  } else if (feature == SP_FEATURE_DAYS) {
    days_text(profile, review, text);
  } else if (feature >= SP_FEATURE_MINUTES && feature <= SP_FEATURE_SPEND) {
    sp_churn_change(profile, review, feature, &change);
    sp_change_text(&change, review, feature, text);
  } else if (values[feature] == SP_CARD_UNKNOWN) {
    sp_text_add(text, "too little known of ");
    sp_text_add(text, sp_churn_card.features[feature].word);
  } else {
    value_text(feature, values[feature], text);
  }
}

const char *sp_churn_action(enum sp_feature feature)
{
  switch (feature) {
  case SP_FEATURE_SILENT:
  case SP_FEATURE_DAYS:
    return "call and ask why the number rests";
  case SP_FEATURE_SLOPE:
  case SP_FEATURE_MINUTES:
  case SP_FEATURE_CIRCLE:
    return "visit and compare the plan with today's usage";
  case SP_FEATURE_DATA:
    return "offer a data allowance that fits";
  case SP_FEATURE_SPEND:
    return "check the plan and the last bill with the customer";
  case SP_FEATURE_OFFNET:
  case SP_FEATURE_HOTLINE:
  case SP_FEATURE_FORWARD:
    return "a competitor is at work: visit soon with a counter-offer";
  case SP_FEATURE_ABNORMAL:
    return "have the network checked where calls break off";
  case SP_FEATURE_INSIDE:
  case SP_FEATURE_TENURE:
  case SP_FEATURE_COUNT:
    break;
  }
  return "introduce the account manager";
}
