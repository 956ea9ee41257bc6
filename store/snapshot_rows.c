#include <string.h>

#include "store/snapshot_columns.h"

/* A decimal of 18 digits. */
#define MONEY_MAX INT64_C(999999999999999999)
enum { REASONS = 3, TEXT_MAX = 1024, CELLS_OF_POPULATION = 125 * SP_CUSTOMER_CLASSES };

/* ---- cells ---- */

static void set(struct sp_snapshot *snapshot, uint32_t column, uint32_t i, int64_t value)
{
  snapshot->values[column][i] = value;
  snapshot->nulls[column][i] = 0;
}

static void set_null(struct sp_snapshot *snapshot, uint32_t column, uint32_t i)
{
  snapshot->nulls[column][i] = 1;
  snapshot->values[column][i] = 0;
  snapshot->texts[column][i] = (struct sp_parquet_text){"", 0};
}

static void set_money(struct sp_snapshot *snapshot, uint32_t column, uint32_t i, int64_t micro)
{
  set(snapshot, column, i, micro > MONEY_MAX ? MONEY_MAX : micro < -MONEY_MAX ? -MONEY_MAX : micro);
}

static void set_name(struct sp_snapshot *snapshot, uint32_t column, uint32_t i, struct sp_name name)
{
  snapshot->texts[column][i] = (struct sp_parquet_text){name.text, name.length};
  snapshot->nulls[column][i] = name.length == 0;
}

static void set_word(struct sp_snapshot *snapshot, uint32_t column, uint32_t i, const char *word)
{
  snapshot->texts[column][i] = (struct sp_parquet_text){word, (uint32_t)strlen(word)};
  snapshot->nulls[column][i] = 0;
}

/* A text is made where the last one of this batch ended. */
static struct sp_text begin_text(const struct sp_snapshot *snapshot)
{
  SP_ASSERT(snapshot->made_bytes + TEXT_MAX <= SP_SNAPSHOT_TEXT_BYTES);
  struct sp_text text = {snapshot->made + snapshot->made_bytes, 0, TEXT_MAX, false};
  return text;
}

static void set_text(struct sp_snapshot *snapshot, uint32_t column, uint32_t i,
                     const struct sp_text *text)
{
  snapshot->texts[column][i] =
      (struct sp_parquet_text){snapshot->made + snapshot->made_bytes, (uint32_t)text->length};
  snapshot->nulls[column][i] = 0;
  snapshot->made_bytes += text->length;
}

static void set_instant(struct sp_snapshot *snapshot, uint32_t column, uint32_t i, int64_t utc_s)
{
  set(snapshot, column, i, utc_s * 1000);
}

/* ---- what the tables share; `first` is the column the shared ones begin with ---- */

#define X(name, type, nullable) RFM_##name,
enum rfm_column { SP__RFM_COLUMNS(X) RFM_COLUMNS };
#undef X
#define X(name, type, nullable) SCORE_##name,
enum score_column { SP__SCORE_COLUMNS(X) SCORE_COLUMNS };
#undef X
#define X(name, type, nullable) MONTH_##name,
enum subscriber_month { SP__SUBSCRIBER_MONTH(X, s) SUBSCRIBER_MONTH_COLUMNS };
enum group_month { SP__GROUP_MONTH(X, g) GROUP_MONTH_COLUMNS };
#undef X

static void set_rfm(struct sp_snapshot *snapshot, uint32_t first, uint32_t i,
                    const struct sp_rfm *rfm, uint32_t first_utc_s, uint32_t last_utc_s)
{
  if (rfm->r_days == SP_RFM_NEVER) {
    for (uint32_t k = 0; k < RFM_COLUMNS; k++) {
      set_null(snapshot, first + k, i);
    }
    return;
  }
  set_instant(snapshot, first + RFM_first_activity, i, first_utc_s);
  set_instant(snapshot, first + RFM_last_activity, i, last_utc_s);
  set(snapshot, first + RFM_recency_days, i, rfm->r_days);
  set(snapshot, first + RFM_active_days_90, i, rfm->f_days);
  set_money(snapshot, first + RFM_money_3m, i, rfm->money_micro);
  if (rfm->r == 0) { /* cuts of a month in which its population had nobody */
    for (uint32_t k = RFM_r; k <= RFM_customer_class; k++) {
      set_null(snapshot, first + k, i);
    }
  } else {
    set(snapshot, first + RFM_r, i, rfm->r);
    set(snapshot, first + RFM_f, i, rfm->f);
    set(snapshot, first + RFM_m, i, rfm->m);
    set_word(snapshot, first + RFM_customer_class, i, sp_class_word(rfm->customer_class));
  }
  set_word(snapshot, first + RFM_trend, i, sp_trend_word(rfm->trend));
}

/* A customer's place in its card, what it may cost, and its reasons as words with contributions. */
struct scored {
  const struct sp_card *card;
  const struct sp_card_score *score; /* NULL: not scored */
  const struct sp_card_means *means;
  int64_t at_risk_micro;
  enum sp_level level;
};

static void set_score(struct sp_snapshot *snapshot, uint32_t first, uint32_t i,
                      const struct scored *scored)
{
  uint32_t reasons[REASONS];
  uint32_t count = 0;
  set_word(snapshot, first + SCORE_level, i, sp_level_word(scored->level));
  set_money(snapshot, first + SCORE_money_at_risk, i, scored->at_risk_micro);
  if (scored->score == NULL) {
    set_null(snapshot, first + SCORE_churn_ppm, i);
    set_null(snapshot, first + SCORE_churn_points, i);
  } else {
    set(snapshot, first + SCORE_churn_ppm, i, scored->score->probability_ppm);
    set(snapshot, first + SCORE_churn_points, i, scored->score->points);
    count = sp_card_reasons(scored->card, scored->score, scored->means, 1, REASONS, reasons);
  }
  for (uint32_t k = 0; k < REASONS; k++) {
    if (k >= count) {
      set_null(snapshot, first + SCORE_reason_1 + k, i);
      set_null(snapshot, first + SCORE_contribution_1 + k, i);
      continue;
    }
    set_word(snapshot, first + SCORE_reason_1 + k, i, scored->card->features[reasons[k]].word);
    set(snapshot, first + SCORE_contribution_1 + k, i,
        sp_card_contribution(scored->card, scored->score, reasons[k], scored->means));
  }
}

static void set_month_nulls(struct sp_snapshot *snapshot, uint32_t first, uint32_t i,
                            uint32_t count)
{
  for (uint32_t k = 0; k < count; k++) {
    set_null(snapshot, first + k, i);
  }
}

/* The columns that a subscriber's and a group's months begin with. */
static void set_month(struct sp_snapshot *snapshot, uint32_t first, uint32_t i,
                      const struct sp_month *month)
{
  set_money(snapshot, first + MONTH_s_net, i, month->net_micro);
  set(snapshot, first + MONTH_s_voice_s, i, month->voice_s);
  set(snapshot, first + MONTH_s_bytes, i, month->bytes);
  set(snapshot, first + MONTH_s_calls, i, month->calls);
  set(snapshot, first + MONTH_s_messages, i, month->messages);
  set(snapshot, first + MONTH_s_offnet, i, month->offnet);
}

static struct sp_name manager_of(const struct sp_directory *directory, uint32_t group)
{
  struct sp_name none = {"", 0};
  uint32_t manager = group == SP_NONE ? SP_NONE : sp_directory_group(directory, group)->manager;
  return manager == SP_NONE ? none : sp_directory_manager_name(directory, manager);
}

/* ---- subscribers ---- */

static void set_marks(struct sp_snapshot *snapshot, const struct sp_profile *profile, uint32_t i)
{
  uint32_t month = snapshot->scores->review.at.month;
  static const struct {
    enum sp__subscriber_column column;
    enum sp_mark mark;
  } marks[] = {{SP__SUBSCRIBER_hotline, SP_MARK_HOTLINE},
               {SP__SUBSCRIBER_forwarded, SP_MARK_FORWARD},
               {SP__SUBSCRIBER_roaming, SP_MARK_ROAM},
               {SP__SUBSCRIBER_abnormal, SP_MARK_ABNORMAL}};
  for (uint32_t k = 0; k < SP_MARK_COUNT; k++) {
    set(snapshot, marks[k].column, i,
        (int64_t)sp_profile_mark(profile, marks[k].mark, month) +
            sp_profile_mark(profile, marks[k].mark, month - 1U));
  }
}

static void set_usage(struct sp_snapshot *snapshot, const struct sp_profile *profile, uint32_t i)
{
  set(snapshot, SP__SUBSCRIBER_activity_short, i, profile->activity_short);
  set(snapshot, SP__SUBSCRIBER_activity_long, i, profile->activity_long);
  set(snapshot, SP__SUBSCRIBER_contacts_now, i, sp_contacts_tenths(profile->contacts_now));
  set(snapshot, SP__SUBSCRIBER_contacts_before, i, sp_contacts_tenths(profile->contacts_before));
  set(snapshot, SP__SUBSCRIBER_inside_now, i, profile->inside_now);
  set(snapshot, SP__SUBSCRIBER_inside_before, i, profile->inside_before);
  set_marks(snapshot, profile, i);
  for (uint32_t back = 0; back < SP_PROFILE_MONTHS; back++) {
    uint32_t first = SP__SUBSCRIBER_m0_net + back * SUBSCRIBER_MONTH_COLUMNS;
    struct sp_month month;
    if (!sp_profile_month_at(profile, snapshot->scores->review.at.month - back, &month)) {
      set_month_nulls(snapshot, first, i, SUBSCRIBER_MONTH_COLUMNS);
      continue;
    }
    set_month(snapshot, first, i, &month);
    set(snapshot, first + MONTH_s_international, i, month.international);
    set(snapshot, first + MONTH_s_active_days, i, month.active_days);
  }
}

void sp__snapshot_subscriber(struct sp_snapshot *snapshot, uint32_t subscriber, uint32_t i)
{
  const struct sp_scores *scores = snapshot->scores;
  const struct sp_directory *directory = scores->directory;
  const struct sp_profile *profile = &scores->profiles[subscriber];
  const struct sp_rfm *rfm = &scores->rfm[subscriber];
  struct sp_name none = {"", 0};
  uint32_t account = sp_directory_account_at(directory, subscriber, scores->review.at.utc_s);
  uint32_t group = sp_scores_group_of(scores, subscriber);
  bool seen = rfm->r_days != SP_RFM_NEVER;
  struct scored scored = {&sp_churn_card, seen ? &scores->scores[subscriber] : NULL,
                          &scores->means[rfm->population], 0, sp_scores_level(scores, subscriber)};
  scored.at_risk_micro = seen ? sp_at_risk_micro(rfm, scored.score) : 0;
  set_name(snapshot, SP__SUBSCRIBER_subscriber, i,
           sp_directory_subscriber_name(directory, subscriber));
  set_name(snapshot, SP__SUBSCRIBER_account, i,
           account == SP_NONE ? none : sp_directory_account_name(directory, account));
  set_name(snapshot, SP__SUBSCRIBER_group, i,
           group == SP_NONE ? none : sp_directory_group_name(directory, group));
  set_name(snapshot, SP__SUBSCRIBER_manager, i, manager_of(directory, group));
  set_word(snapshot, SP__SUBSCRIBER_population, i, sp_population_word(rfm->population));
  set_rfm(snapshot, SP__SUBSCRIBER_first_activity, i, rfm, profile->first_utc_s,
          profile->last_utc_s);
  set_score(snapshot, SP__SUBSCRIBER_churn_ppm, i, &scored);
  set_usage(snapshot, profile, i);
}

/* ---- groups ---- */

static void set_group_names(struct sp_snapshot *snapshot, uint32_t g, uint32_t i)
{
  const struct sp_directory *directory = snapshot->scores->directory;
  const struct sp_group *group = sp_directory_group(directory, g);
  struct sp_name none = {"", 0};
  set_name(snapshot, SP__GROUP_group, i, sp_directory_group_name(directory, g));
  set_word(snapshot, SP__GROUP_kind, i, group->family ? "family" : "enterprise");
  set_name(snapshot, SP__GROUP_parent, i,
           group->parent == SP_NONE ? none : sp_directory_group_name(directory, group->parent));
  set_name(snapshot, SP__GROUP_account, i,
           group->account == SP_NONE ? none : sp_directory_account_name(directory, group->account));
  set_name(snapshot, SP__GROUP_manager, i, manager_of(directory, g));
  set_name(snapshot, SP__GROUP_class, i, sp_directory_text(directory, group->class_text));
  set_name(snapshot, SP__GROUP_industry, i, sp_directory_text(directory, group->industry));
  set_name(snapshot, SP__GROUP_region, i, sp_directory_text(directory, group->region));
  set_name(snapshot, SP__GROUP_section, i, sp_directory_text(directory, group->section));
  set(snapshot, SP__GROUP_strategic, i, group->strategic != 0);
  if (group->contract_end_utc_s == SP_TIME_MAX) {
    set_null(snapshot, SP__GROUP_contract_end, i);
  } else {
    set_instant(snapshot, SP__GROUP_contract_end, i, group->contract_end_utc_s);
  }
}

static void set_members(struct sp_snapshot *snapshot, const struct sp_group_score *score,
                        uint32_t i)
{
  const struct sp_group_sums *sums = &score->sums;
  const struct sp_group_facts *facts = &score->facts;
  set(snapshot, SP__GROUP_members, i, sums->members);
  set(snapshot, SP__GROUP_unseen, i, sums->unseen);
  set(snapshot, SP__GROUP_silent_30, i, sums->silent_30);
  set(snapshot, SP__GROUP_silent_60, i, sums->silent_60);
  set(snapshot, SP__GROUP_silent_90, i, sums->silent_90);
  set(snapshot, SP__GROUP_left_30, i, sums->left_30);
  set(snapshot, SP__GROUP_left_60, i, sums->left_60);
  set(snapshot, SP__GROUP_left_90, i, sums->left_90);
  set(snapshot, SP__GROUP_key_persons, i, facts->key_persons);
  set(snapshot, SP__GROUP_key_lost, i, facts->key_lost);
  set(snapshot, SP__GROUP_hotline, i, sums->hotline);
  set(snapshot, SP__GROUP_forwarded, i, sums->forward);
  set(snapshot, SP__GROUP_abnormal, i, sums->abnormal);
  set(snapshot, SP__GROUP_circle_loss, i, sums->circle_loss);
  set(snapshot, SP__GROUP_complaints, i, facts->complaints);
  set(snapshot, SP__GROUP_arrears_days, i, facts->arrears_days);
  set(snapshot, SP__GROUP_satisfaction, i, facts->satisfaction);
  if (facts->satisfaction == SP_CARD_UNKNOWN) {
    set_null(snapshot, SP__GROUP_satisfaction, i);
  }
  set(snapshot, SP__GROUP_port_out_request, i, facts->port_out_request);
  set_money(snapshot, SP__GROUP_members_money_3m, i, sums->money_micro);
  set_money(snapshot, SP__GROUP_members_money_most, i, sums->money_most_micro);
}

void sp__snapshot_group(struct sp_snapshot *snapshot, uint32_t g, uint32_t i)
{
  const struct sp_scores *scores = snapshot->scores;
  const struct sp_group_score *score = &scores->group_scores[g];
  const struct sp_rfm *rfm = &scores->group_rfm[g];
  bool seen = rfm->r_days != SP_RFM_NEVER;
  struct scored scored = {&sp_group_card, seen ? &score->risk.score : NULL,
                          &scores->means[SP_POPULATION_GROUP], score->sums.at_risk_micro,
                          (enum sp_level)score->warning.level};
  set_group_names(snapshot, g, i);
  set_members(snapshot, score, i);
  set(snapshot, SP__GROUP_loss_ppm, i, score->risk.loss_ppm);
  if (!seen) {
    set_null(snapshot, SP__GROUP_loss_ppm, i);
  }
  set_rfm(snapshot, SP__GROUP_first_activity, i, rfm, score->profile.first_utc_s,
          score->profile.last_utc_s);
  set_score(snapshot, SP__GROUP_churn_ppm, i, &scored);
  for (uint32_t back = 0; back < SP_PROFILE_MONTHS; back++) {
    uint32_t first = SP__GROUP_m0_net + back * GROUP_MONTH_COLUMNS;
    struct sp_month month;
    if (!sp_group_month_at(&score->profile, scores->review.at.month - back, &month)) {
      set_month_nulls(snapshot, first, i, GROUP_MONTH_COLUMNS);
      continue;
    }
    set_month(snapshot, first, i, &month);
    set(snapshot, first + MONTH_g_inside, i, month.inside);
  }
}

/* ---- warnings ---- */

static void set_indicators(struct sp_snapshot *snapshot, const struct sp_group_score *score,
                           uint32_t i)
{
  struct sp_text text = begin_text(snapshot);
  for (uint32_t k = 0; k < sp_indicator_count; k++) {
    const struct sp_indicator *indicator = &sp_indicators[k];
    if (sp_indicator_level(indicator, score->risk.values[indicator->feature]) != SP_LEVEL_NONE) {
      sp_text_add(&text, text.length == 0 ? "" : ";");
      sp_text_add(&text, indicator->code);
    }
  }
  if (score->facts.port_out_request) {
    sp_text_add(&text, text.length == 0 ? "C15" : ";C15");
  }
  set_text(snapshot, SP__WARNING_indicators, i, &text);
}

/* Reasons for, the strongest one against, and what to do about the first. */
static void set_reasons(struct sp_snapshot *snapshot, uint32_t g, uint32_t i)
{
  const struct sp_scores *scores = snapshot->scores;
  const struct sp_group_risk *risk = &scores->group_scores[g].risk;
  const struct sp_card_means *means = &scores->means[SP_POPULATION_GROUP];
  struct sp_group_case of = sp_scores_case(scores, g);
  uint32_t features[REASONS];
  uint32_t count = sp_card_reasons(&sp_group_card, &risk->score, means, 1, REASONS, features);
  enum sp_group_feature first =
      count == 0 ? SP_GROUP_FEATURE_COUNT : (enum sp_group_feature)features[0];
  for (uint32_t k = 0; k < REASONS; k++) {
    struct sp_text text = begin_text(snapshot);
    if (k >= count) {
      set_null(snapshot, SP__WARNING_reason_1 + k, i);
      continue;
    }
    sp_group_reason(&of, risk, (enum sp_group_feature)features[k], &text);
    set_text(snapshot, SP__WARNING_reason_1 + k, i, &text);
  }
  set_word(snapshot, SP__WARNING_action, i, sp_group_action(first));
  if (sp_card_reasons(&sp_group_card, &risk->score, means, -1, 1, features) == 0) {
    set_null(snapshot, SP__WARNING_against, i);
  } else {
    struct sp_text text = begin_text(snapshot);
    sp_group_reason(&of, risk, (enum sp_group_feature)features[0], &text);
    set_text(snapshot, SP__WARNING_against, i, &text);
  }
}

void sp__snapshot_warning(struct sp_snapshot *snapshot, uint32_t g, uint32_t i)
{
  const struct sp_scores *scores = snapshot->scores;
  const struct sp_group_score *score = &scores->group_scores[g];
  const struct sp_directory *directory = scores->directory;
  set_instant(snapshot, SP__WARNING_as_of, i, scores->review.at.utc_s);
  set_name(snapshot, SP__WARNING_group, i, sp_directory_group_name(directory, g));
  set_name(snapshot, SP__WARNING_manager, i, manager_of(directory, g));
  set_word(snapshot, SP__WARNING_level, i, sp_level_word(score->warning.level));
  set(snapshot, SP__WARNING_churn_ppm, i, score->risk.score.probability_ppm);
  set(snapshot, SP__WARNING_loss_ppm, i, score->risk.loss_ppm);
  set(snapshot, SP__WARNING_members, i, score->sums.members);
  set_money(snapshot, SP__WARNING_money_3m, i, scores->group_rfm[g].money_micro);
  set_money(snapshot, SP__WARNING_money_at_risk, i, score->sums.at_risk_micro);
  set_indicators(snapshot, score, i);
  set_reasons(snapshot, g, i);
  set(snapshot, SP__WARNING_stale_days, i, scores->group_rfm[g].r_days);
  if (scores->group_rfm[g].r_days == SP_RFM_NEVER) {
    set_null(snapshot, SP__WARNING_stale_days, i);
  }
  if (score->top_count == 0) {
    set_null(snapshot, SP__WARNING_top_member, i);
    set_null(snapshot, SP__WARNING_top_member_at_risk, i);
  } else {
    set_name(snapshot, SP__WARNING_top_member, i,
             sp_directory_subscriber_name(directory, score->top[0]));
    set_money(snapshot, SP__WARNING_top_member_at_risk, i, score->top_at_risk_micro[0]);
  }
}

/* ---- the grid ---- */

static int64_t add_capped(int64_t sum, int64_t add)
{
  return __builtin_add_overflow(sum, add, &sum) ? (add < 0 ? -MONEY_MAX : MONEY_MAX) : sum;
}

static void add_cell(struct sp_snapshot *snapshot, const struct sp_rfm *rfm, int64_t at_risk_micro)
{
  if (rfm->r == 0) {
    return;
  }
  uint32_t grid = ((rfm->r - 1U) * 5U + rfm->f - 1U) * 5U + rfm->m - 1U;
  uint32_t at = rfm->population * (uint32_t)CELLS_OF_POPULATION + grid * SP_CUSTOMER_CLASSES +
                rfm->customer_class;
  struct sp__snapshot_cell_sum *cell = &snapshot->cells[at];
  cell->customers++;
  cell->money_micro = add_capped(cell->money_micro, rfm->money_micro);
  cell->at_risk_micro = add_capped(cell->at_risk_micro, at_risk_micro);
}

void sp__snapshot_cells(struct sp_snapshot *snapshot)
{
  const struct sp_scores *scores = snapshot->scores;
  memset(snapshot->cells, 0, SP__SNAPSHOT_CELLS * sizeof *snapshot->cells);
  for (uint32_t s = 0; s < scores->subscribers; s++) {
    add_cell(snapshot, &scores->rfm[s], sp_at_risk_micro(&scores->rfm[s], &scores->scores[s]));
  }
  for (uint32_t g = 0; g < scores->groups; g++) {
    add_cell(snapshot, &scores->group_rfm[g], scores->group_scores[g].sums.at_risk_micro);
  }
  snapshot->rows = 0;
  for (uint32_t cell = 0; cell < SP__SNAPSHOT_CELLS; cell++) {
    if (snapshot->cells[cell].customers != 0) {
      snapshot->order[snapshot->rows++] = cell;
    }
  }
}

void sp__snapshot_rfm(struct sp_snapshot *snapshot, uint32_t at, uint32_t i)
{
  const struct sp__snapshot_cell_sum *cell = &snapshot->cells[at];
  uint32_t grid = at % (uint32_t)CELLS_OF_POPULATION / SP_CUSTOMER_CLASSES;
  set_word(snapshot, SP__CELL_population, i,
           sp_population_word(at / (uint32_t)CELLS_OF_POPULATION));
  set(snapshot, SP__CELL_r, i, grid / 25U + 1U);
  set(snapshot, SP__CELL_f, i, grid / 5U % 5U + 1U);
  set(snapshot, SP__CELL_m, i, grid % 5U + 1U);
  set_word(snapshot, SP__CELL_customer_class, i, sp_class_word(at % SP_CUSTOMER_CLASSES));
  set(snapshot, SP__CELL_customers, i, (int64_t)cell->customers);
  set_money(snapshot, SP__CELL_money_3m, i, cell->money_micro);
  set_money(snapshot, SP__CELL_money_at_risk, i, cell->at_risk_micro);
}
