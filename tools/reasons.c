#include "tools/reasons.h"

#include <inttypes.h>
#include <string.h>

#include "tools/json_text.h"

/* A card, one customer's place in it, and how to say one of its features. */
struct subject {
  const struct sp_scores *scores;
  uint32_t index;
  const struct sp_card *card;
  const struct sp_card_score *score;
  const struct sp_card_means *means;
  void (*say)(const struct subject *subject, uint32_t feature, struct sp_text *text);
};

static void say_subscriber(const struct subject *subject, uint32_t feature, struct sp_text *text)
{
  const struct sp_scores *scores = subject->scores;
  bool member = scores->rfm[subject->index].population == SP_POPULATION_MEMBER;
  sp_churn_reason(&scores->profiles[subject->index], &scores->review, member,
                  (enum sp_feature)feature, text);
}

static void say_group(const struct subject *subject, uint32_t feature, struct sp_text *text)
{
  struct sp_group_case of = sp_scores_case(subject->scores, subject->index);
  sp_group_reason(&of, &subject->scores->group_scores[subject->index].risk,
                  (enum sp_group_feature)feature, text);
}

static uint32_t say_all(const struct subject *subject, int sign,
                        struct sp_shown_reason shown[SP_REASONS_MOST], uint32_t *first)
{
  uint32_t features[SP_REASONS_MOST];
  uint32_t count = sp_card_reasons(subject->card, subject->score, subject->means, sign,
                                   SP_REASONS_MOST, features);
  *first = count == 0 ? subject->card->feature_count : features[0];
  for (uint32_t k = 0; k < count; k++) {
    struct sp_text text = SP_TEXT_INIT(shown[k].text);
    shown[k].text[0] = '\0';
    shown[k].word = subject->card->features[features[k]].word;
    shown[k].contribution_milli =
        sp_card_contribution(subject->card, subject->score, features[k], subject->means);
    subject->say(subject, features[k], &text);
  }
  return count;
}

void sp_reasons_of_subscriber(const struct sp_scores *scores, uint32_t subscriber,
                              struct sp_shown_reasons *shown)
{
  const struct sp_rfm *rfm = &scores->rfm[subscriber];
  struct subject subject = {scores,
                            subscriber,
                            &sp_churn_card,
                            &scores->scores[subscriber],
                            &scores->means[rfm->population],
                            say_subscriber};
  uint32_t first = SP_FEATURE_COUNT;
  uint32_t unused;
  memset(shown, 0, sizeof *shown);
  if (rfm->r_days != SP_RFM_NEVER) {
    shown->reason_count = say_all(&subject, 1, shown->reasons, &first);
    shown->against_count = say_all(&subject, -1, shown->against, &unused);
  }
  shown->action = sp_churn_action((enum sp_feature)first);
}

void sp_reasons_of_group(const struct sp_scores *scores, uint32_t group,
                         struct sp_shown_reasons *shown)
{
  struct subject subject = {scores,
                            group,
                            &sp_group_card,
                            &scores->group_scores[group].risk.score,
                            &scores->means[SP_POPULATION_GROUP],
                            say_group};
  uint32_t first = SP_GROUP_FEATURE_COUNT;
  uint32_t unused;
  memset(shown, 0, sizeof *shown);
  if (scores->group_rfm[group].r_days != SP_RFM_NEVER) {
    shown->reason_count = say_all(&subject, 1, shown->reasons, &first);
    shown->against_count = say_all(&subject, -1, shown->against, &unused);
  }
  shown->action = sp_group_action((enum sp_group_feature)first);
}

static void list_json(FILE *to, const char *name, const struct sp_shown_reason *shown,
                      uint32_t count)
{
  fprintf(to, "\"%s\":[", name);
  for (uint32_t k = 0; k < count; k++) {
    fprintf(to, "%s{\"feature\":\"%s\",\"contribution\":%" PRId64 ",\"text\":", k == 0 ? "" : ",",
            shown[k].word, shown[k].contribution_milli);
    sp_json_text(to, shown[k].text, strlen(shown[k].text));
    fputs("}", to);
  }
  fputs("]", to);
}

void sp_reasons_json(FILE *to, const struct sp_shown_reasons *shown)
{
  list_json(to, "reasons", shown->reasons, shown->reason_count);
  fputs(",", to);
  list_json(to, "against", shown->against, shown->against_count);
  fputs(",\"action\":", to);
  sp_json_text(to, shown->action, strlen(shown->action));
}

static void line_print(FILE *to, char sign, const struct sp_shown_reason *shown)
{
  long long tenths = (long long)(shown->contribution_milli / 100);
  tenths = tenths < 0 ? -tenths : tenths;
  fprintf(to, "    %c%lld.%lld  %s\n", sign, tenths / 10, tenths % 10, shown->text);
}

void sp_members_json(FILE *to, const struct sp_scores *scores, uint32_t group, bool levels)
{
  const struct sp_group_score *score = &scores->group_scores[group];
  fputs("\"members_at_risk\":[", to);
  for (uint32_t k = 0; k < score->top_count; k++) {
    uint32_t member = score->top[k];
    struct sp_name name = sp_directory_subscriber_name(scores->directory, member);
    fprintf(to, "%s{\"subscriber\":", k == 0 ? "" : ",");
    sp_json_text(to, name.text, name.length);
    fprintf(to, ",\"churn_ppm\":%u", scores->scores[member].probability_ppm);
    if (levels) {
      fprintf(to, ",\"level\":\"%s\"", sp_level_word(sp_scores_level(scores, member)));
    }
    fputs(",\"money_at_risk\":", to);
    sp_json_micro(to, score->top_at_risk_micro[k]);
    fputc('}', to);
  }
  fputc(']', to);
}

void sp_reasons_print(FILE *to, const struct sp_shown_reasons *shown)
{
  for (uint32_t k = 0; k < shown->reason_count; k++) {
    line_print(to, '+', &shown->reasons[k]);
  }
  for (uint32_t k = 0; k < shown->against_count; k++) {
    line_print(to, '-', &shown->against[k]);
  }
  fprintf(to, "    -> %s\n", shown->action);
}

void sp_money_print(FILE *to, int64_t micro)
{
  uint64_t whole = micro < 0 ? 0U - (uint64_t)micro : (uint64_t)micro;
  fprintf(to, "%s%" PRIu64 ".%02" PRIu64, micro < 0 ? "-" : "", whole / SP_PPM,
          whole % SP_PPM / 10000U);
}
