#include "rating/book_checks.h"

/* Sets of bands over all spans, each once. */
static void span_sets_make(struct sp__checks *checks)
{
  struct sp__draft *draft = checks->draft;
  struct sp__keys keys = {NULL, NULL, 0, 0};
  for (uint32_t i = 0; i < draft->spans.spans.count; i++) {
    uint64_t bands = SP_LIST_AT(&draft->spans.spans, struct sp_book_span, i)->bands;
    if (sp__keys_put(draft, &keys, bands, i) == SP_NONE) {
      *(uint64_t *)sp__list_add(draft, &checks->span_sets, sizeof(bands)) = bands;
    }
  }
}

uint64_t sp__bands_together(const struct sp__draft *draft, uint64_t bands)
{
  uint64_t together = 0;
  for (; bands != 0; bands &= bands - 1) {
    together |= draft->spans.together[__builtin_ctzll(bands)];
  }
  return together;
}

void sp__check_rules(struct sp__draft *draft)
{
  if (draft->status != SP_OK) {
    return;
  }
  struct sp__checks *checks = sp__draft_take(draft, sizeof(*checks));
  struct sp__dest_tree *tree = sp__draft_take(draft, sizeof(*tree));
  if (checks == NULL || tree == NULL) {
    return;
  }
  sp__terms_rank(draft, &draft->dests);
  sp__terms_rank(draft, &draft->groups);
  if (draft->status != SP_OK) {
    return;
  }
  sp__dest_tree_make(draft, tree);
  draft->dest_tree = tree;
  checks->draft = draft;
  checks->tree = tree;
  span_sets_make(checks);
  if (draft->status == SP_OK) {
    sp__feasible_make(checks);
  }
  if (draft->status == SP_OK) {
    sp__check_ties(checks);
  }
  if (draft->status == SP_OK) {
    sp__check_gaps(checks);
  }
  if (draft->status == SP_OK) {
    sp__check_hidden(checks);
  }
  if (draft->status == SP_OK) {
    sp__check_idle(checks);
  }
}
