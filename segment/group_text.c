#include "segment/group_risk.h"

static void add_signed(struct sp_text *text, int32_t value)
{
  sp_text_add(text, value < 0 ? "−" : "+");
  sp_text_add_i64(text, value < 0 ? -(int64_t)value : value);
}

static void add_of(struct sp_text *text, uint32_t part, uint32_t whole, const char *what)
{
  sp_text_add_u64(text, part);
  sp_text_add(text, " of ");
  sp_text_add_u64(text, whole);
  sp_text_add(text, what);
}

static void add_per_mille(struct sp_text *text, uint32_t value)
{
  sp_text_add_u64(text, value / 10U);
  sp_text_add(text, ".");
  sp_text_add_u64(text, value % 10U);
  sp_text_add(text, " %");
}

static void loss_text(const struct sp_group_sums *sums, const struct sp_group_risk *risk,
                      struct sp_text *text)
{
  uint32_t of = sums->members + sums->left_90;
  add_of(text, sums->silent_30 + sums->left_90, of, " members lost (");
  sp_text_add_u64(text, sums->silent_30);
  sp_text_add(text, " silent for 30 days, ");
  sp_text_add_u64(text, sums->left_90);
  sp_text_add(text, " left in 90), ");
  add_per_mille(text, risk->loss_ppm / 1000U);
  sp_text_add(text, " weighed with all groups");
}

/* Facts of the customer tables. */
static void fact_text(const struct sp_group_facts *facts, enum sp_group_feature feature,
                      int32_t value, struct sp_text *text)
{
  if (feature == SP_GROUP_KEY) {
    add_of(text, facts->key_lost, facts->key_persons, " key persons lost");
  } else if (feature == SP_GROUP_ARREARS) {
    sp_text_add_i64(text, value);
    sp_text_add(text, " days in arrears");
  } else if (feature == SP_GROUP_COMPLAINTS) {
    sp_text_add_i64(text, value);
    sp_text_add(text, " complaints in 90 days");
  } else if (feature == SP_GROUP_SATISFACTION) {
    sp_text_add(text, "satisfaction ");
    sp_text_add_i64(text, value);
    sp_text_add(text, " of 100");
  } else if (value >= 0) {
    sp_text_add(text, "contract ends in ");
    sp_text_add_i64(text, value);
    sp_text_add(text, " days");
  } else {
    sp_text_add(text, "contract ended ");
    sp_text_add_i64(text, -(int64_t)value);
    sp_text_add(text, " days ago");
  }
}

static void share_text(const struct sp_group_sums *sums, const struct sp_group_risk *risk,
                       enum sp_group_feature feature, struct sp_text *text)
{
  switch (feature) {
  case SP_GROUP_HOTLINE:
    add_of(text, sums->hotline, sums->members, " members called competitors' hotlines");
    break;
  case SP_GROUP_FORWARD:
    add_of(text, sums->forward, sums->members, " members forward to another operator");
    break;
  case SP_GROUP_CIRCLE:
    add_of(text, sums->circle_loss, sums->members, " members lost 30 % of their contacts");
    break;
  case SP_GROUP_ABNORMAL:
    add_of(text, sums->abnormal, sums->members, " members' calls break off");
    break;
  case SP_GROUP_MEMBER_RISK:
    sp_text_add(text, "members at risk: mean ");
    add_per_mille(text, (uint32_t)risk->values[feature]);
    break;
  case SP_GROUP_LOSS:
  case SP_GROUP_SILENT:
  case SP_GROUP_MINUTES:
  case SP_GROUP_DATA:
  case SP_GROUP_SPEND:
  case SP_GROUP_INSIDE:
  case SP_GROUP_KEY:
  case SP_GROUP_ARREARS:
  case SP_GROUP_COMPLAINTS:
  case SP_GROUP_CONTRACT:
  case SP_GROUP_SATISFACTION:
  case SP_GROUP_FEATURE_COUNT:
    SP_ASSERT(false);
  }
}

void sp_group_reason(const struct sp_group_case *of, const struct sp_group_risk *risk,
                     enum sp_group_feature feature, struct sp_text *text)
{
  SP_ASSERT(feature < SP_GROUP_FEATURE_COUNT);
  if (risk->values[feature] == SP_CARD_UNKNOWN) {
    sp_text_add(text, "too little known of ");
    sp_text_add(text, sp_group_card.features[feature].word);
  } else if (feature == SP_GROUP_LOSS) {
    loss_text(of->sums, risk, text);
  } else if (feature == SP_GROUP_SILENT) {
    sp_text_add(text, "silent for ");
    sp_text_add_i64(text, risk->values[feature]);
    sp_text_add(text, " days");
  } else if (feature == SP_GROUP_INSIDE) {
    sp_text_add(text, "share of calls inside the group ");
    add_signed(text, risk->values[feature]);
    sp_text_add(text, " points");
  } else if (feature >= SP_GROUP_MINUTES && feature <= SP_GROUP_SPEND) {
    struct sp_change change;
    enum sp_feature what = (enum sp_feature)(SP_FEATURE_MINUTES + (feature - SP_GROUP_MINUTES));
    sp_group_change(of->profile, of->review, what, &change);
    sp_change_text(&change, of->review, what, text);
  } else if (feature >= SP_GROUP_KEY) {
    fact_text(of->facts, feature, risk->values[feature], text);
  } else {
    share_text(of->sums, risk, feature, text);
  }
}

const char *sp_group_action(enum sp_group_feature feature)
{
  switch (feature) {
  case SP_GROUP_LOSS:
  case SP_GROUP_CIRCLE:
  case SP_GROUP_MEMBER_RISK:
    return "visit: find out which members leave, and offer the group plan anew";
  case SP_GROUP_SILENT:
    return "call at once: the group has fallen silent";
  case SP_GROUP_MINUTES:
  case SP_GROUP_INSIDE:
    return "visit and compare the group's plan with today's usage";
  case SP_GROUP_DATA:
    return "offer a shared data pool that fits";
  case SP_GROUP_SPEND:
    return "go through the last bills with the group's contact";
  case SP_GROUP_HOTLINE:
  case SP_GROUP_FORWARD:
    return "a competitor is at work: visit soon with a counter-offer";
  case SP_GROUP_ABNORMAL:
    return "have the network checked where the members' calls break off";
  case SP_GROUP_KEY:
    return "visit the key persons and their successors";
  case SP_GROUP_ARREARS:
    return "agree on payment, and ask what was wrong with the bill";
  case SP_GROUP_COMPLAINTS:
  case SP_GROUP_SATISFACTION:
    return "settle the complaint and report back in person";
  case SP_GROUP_CONTRACT:
    return "negotiate the renewal now";
  case SP_GROUP_FEATURE_COUNT:
    break;
  }
  return "introduce the account manager";
}
