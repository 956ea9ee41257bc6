/* Which plans price a call, and which of their rates is the destination's: profile, fallback
 * subjects, longest prefix. */
#include <string.h>

#include "rating/cgrates_parts.h"

/* A part of the call; `to_ns` may be reached by an activation, as CGRateS has it. */
struct stretch {
  int64_t from_ns, to_ns;
};

const struct sp_cg_target *sp__cg_target_find(const struct sp_cgrates *tariff, uint32_t plan,
                                              struct sp_cgrates_text destination)
{
  const struct sp_cg_target *best = NULL;
  bool any = destination.length == 0 ||
             (destination.length == 4 && memcmp(destination.at, "*any", 4) == 0);
  uint32_t most = destination.length < SP_CG_LENGTHS ? destination.length : SP_CG_LENGTHS;
  uint64_t lengths = any ? 0 : tariff->lengths & (UINT64_MAX >> (SP_CG_LENGTHS - most));
  while (lengths != 0 && best == NULL) {
    uint32_t length = 64 - (uint32_t)__builtin_clzll(lengths);
    lengths &= ~(UINT64_C(1) << (length - 1));
    uint32_t name = sp__cg_name_find(tariff, destination.at, length);
    uint32_t row = name == SP_CG_NONE ? SP_CG_NONE : tariff->names[name].prefix;
    for (; row != SP_CG_NONE; row = tariff->destination_rows[row].next) {
      const struct sp_cg_target *target =
          tariff->targets +
          sp__cg_target_place(tariff, plan, tariff->destination_rows[row].destination);
      if (target->plan != SP_CG_NONE && (best == NULL || target->weight > best->weight)) {
        best = target;
      }
    }
  }
  if (best != NULL) {
    return best;
  }
  const struct sp_cg_target *target =
      tariff->targets + sp__cg_target_place(tariff, plan, tariff->any_destination);
  return target->plan == SP_CG_NONE ? NULL : target;
}

/* `target` NULL: nobody prices what begins there. */
static void period_add(struct sp_cg_route *route, int64_t from_ns,
                       const struct sp_cg_target *target)
{
  if (route->count == SP_CGRATES_PERIODS_MAX) {
    route->full = true;
    return;
  }
  route->periods[route->count++] = (struct sp_cg_period){from_ns, target};
}

static void profile_cover(const struct sp_cgrates *tariff, uint32_t number,
                          struct sp_cgrates_text destination, struct stretch stretch,
                          struct sp_cg_route *route, unsigned depth);

struct fallbacks { /* profiles in the order in which they are tried */
  const uint32_t *profiles;
  uint32_t count;
};

/* A stretch that the profile itself does not price: the first fallback that has anything to say of
 * it decides, as in CGRateS. What it leaves open behind its first plan stays that plan's. */
static void fallback_cover(const struct sp_cgrates *tariff, struct fallbacks fallbacks,
                           struct sp_cgrates_text destination, struct stretch stretch,
                           struct sp_cg_route *route, unsigned depth)
{
  uint32_t first = route->count;
  for (uint32_t i = 0; i < fallbacks.count && route->count == first; i++) {
    if (fallbacks.profiles[i] != SP_CG_NONE) {
      profile_cover(tariff, fallbacks.profiles[i], destination, stretch, route, depth + 1);
    }
  }
  if (route->count == first) {
    period_add(route, stretch.from_ns, NULL);
    return;
  }
  uint32_t kept = first + 1;
  for (uint32_t i = kept; i < route->count; i++) {
    if (route->periods[i].target != NULL) {
      route->periods[kept++] = route->periods[i];
    }
  }
  route->count = kept;
}

/* One activation of a profile that holds in the call. A plan that does not serve the destination
 * and names no fallback changes nothing: the plan before it goes on. */
static void activation_cover(const struct sp_cgrates *tariff,
                             const struct sp_cg_activation *activation,
                             struct sp_cgrates_text destination, struct stretch stretch,
                             struct sp_cg_route *route, unsigned depth)
{
  const struct sp_cg_target *target = sp__cg_target_find(tariff, activation->plan, destination);
  if (target != NULL) {
    period_add(route, stretch.from_ns, target);
  } else if (activation->fallbacks_count > 0) {
    const struct fallbacks fallbacks = {tariff->fallbacks + activation->fallbacks,
                                        activation->fallbacks_count};
    fallback_cover(tariff, fallbacks, destination, stretch, route, depth);
  }
}

/* Adds what the profile, with its fallbacks, says of the stretch. */
static void profile_cover(const struct sp_cgrates *tariff, uint32_t number,
                          struct sp_cgrates_text destination, struct stretch stretch,
                          struct sp_cg_route *route, unsigned depth)
{
  const struct sp_cg_profile *profile = tariff->profiles + number;
  const struct sp_cg_activation *activations = tariff->activations + profile->first;
  uint32_t at = 0;
  if (depth > SP_CGRATES_DEPTH_MAX) {
    return;
  }
  while (at + 1 < profile->count && activations[at + 1].from_ns <= stretch.from_ns) {
    at++;
  }
  if (activations[at].from_ns > stretch.from_ns && activations[at].from_ns <= stretch.to_ns) {
    /* before its first plan: the subject *any */
    uint32_t any = sp__cg_profile_find(tariff, profile->tenant, profile->category, tariff->any);
    struct stretch before = {stretch.from_ns, activations[at].from_ns};
    fallback_cover(tariff, (struct fallbacks){&any, 1}, destination, before, route, depth);
  }
  for (; at < profile->count && activations[at].from_ns <= stretch.to_ns; at++) {
    bool last = at + 1 == profile->count || activations[at + 1].from_ns > stretch.to_ns;
    struct stretch own = {activations[at].from_ns,
                          last ? stretch.to_ns : activations[at + 1].from_ns};
    own.from_ns = own.from_ns < stretch.from_ns ? stretch.from_ns : own.from_ns;
    activation_cover(tariff, activations + at, destination, own, route, depth);
  }
}

static uint32_t text_name(const struct sp_cgrates *tariff, struct sp_cgrates_text text)
{
  return sp__cg_name_find(tariff, text.at, text.length);
}

static uint32_t call_profile(const struct sp_cgrates *tariff, const struct sp_cgrates_call *call)
{
  uint32_t tenant = text_name(tariff, call->tenant);
  uint32_t category = text_name(tariff, call->category);
  uint32_t subject = text_name(tariff, call->subject);
  uint32_t found = SP_CG_NONE;
  if (tenant == SP_CG_NONE || category == SP_CG_NONE) {
    return SP_CG_NONE;
  }
  if (subject != SP_CG_NONE) {
    found = sp__cg_profile_find(tariff, tenant, category, subject);
  }
  return found != SP_CG_NONE ? found : sp__cg_profile_find(tariff, tenant, category, tariff->any);
}

enum sp_cgrates_answer sp__cg_route_find(const struct sp_cgrates *tariff,
                                         const struct sp_cgrates_call *call,
                                         struct sp_cg_route *route)
{
  struct stretch whole = {call->answer_utc_ns, call->answer_utc_ns + call->usage_ns};
  route->count = 0;
  route->full = false;
  if (call->rating_plan.length > 0) {
    uint32_t name = text_name(tariff, call->rating_plan);
    uint32_t plan = name == SP_CG_NONE ? SP_CG_NONE : tariff->names[name].plan;
    if (plan == SP_CG_NONE) {
      return SP_CGRATES_NO_PLAN;
    }
    const struct sp_cg_target *target = sp__cg_target_find(tariff, plan, call->destination);
    if (target == NULL) {
      return SP_CGRATES_UNAUTHORIZED;
    }
    period_add(route, whole.from_ns, target);
    return SP_CGRATES_COST;
  }
  uint32_t profile = call_profile(tariff, call);
  if (profile == SP_CG_NONE) {
    return SP_CGRATES_NO_PLAN;
  }
  profile_cover(tariff, profile, call->destination, whole, route, 1);
  if (route->full) {
    return SP_CGRATES_OVERFLOW;
  }
  bool covered = route->count > 0 && route->periods[0].from_ns == whole.from_ns;
  for (uint32_t i = 0; i < route->count; i++) {
    covered &= route->periods[i].target != NULL;
  }
  return covered ? SP_CGRATES_COST : SP_CGRATES_UNAUTHORIZED;
}
