/* Where a call is cut, as CGRateS cuts it: at the change of a plan and, voice only, at local
 * midnight; then from each piece's start the rates of the destination are looked through in their
 * order, and the first that has a group interval start in the piece, or begins in it, cuts it. So
 * in a piece that is cut at a group interval start nothing is asked of rates that begin before. */
#include "rating/cgrates_price.h"
#include "rating/civil.h"

struct piece {
  int64_t from_ns, to_ns;         /* into the usage */
  int64_t clock_ns, end_clock_ns; /* of the local day, at its start and end */
  int32_t day, end_day;           /* an end at midnight is the day before */
  const struct sp_cg_interval *chosen;
};

static const struct sp_cg_timing *timing_of(const struct sp_cgrates *tariff,
                                            const struct sp_cg_interval *interval)
{
  return tariff->timings + interval->timing;
}

static const struct sp_cg_target *period_target(const struct sp_cg_cutter *cutter)
{
  return cutter->route->periods[cutter->period].target;
}

static void period_start(struct sp_cg_cutter *cutter)
{
  const struct sp_cg_target *target = period_target(cutter);
  SP_ASSERT(target->count <= SP_CG_TARGET_INTERVALS_MAX);
  cutter->kept = NULL;
  cutter->order = cutter->tariff->looked + target->first;
  if (!target->calm) {
    for (uint32_t i = 0; i < target->count; i++) {
      cutter->moved[i] = cutter->order[i];
    }
  }
}

void sp__cg_cutter_start(struct sp_cg_cutter *cutter, const struct sp_cgrates *tariff,
                         const struct sp_cgrates_call *call, const struct sp_cg_route *route)
{
  SP_ASSERT(route->count > 0);
  cutter->tariff = tariff;
  cutter->call = call;
  cutter->route = route;
  cutter->period = 0;
  cutter->at_ns = cutter->until_ns = 0;
  period_start(cutter);
}

/* Of those that hold at the piece's start the one begun last, of the heaviest. */
static uint32_t best_find(const struct sp_cg_cutter *cutter, const struct piece *piece)
{
  uint32_t best = UINT32_MAX, count = period_target(cutter)->count;
  int64_t weight = 0, begun_ns = -1;
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_cg_timing *timing = timing_of(cutter->tariff, cutter->order[i]);
    if (timing->start_ns > piece->clock_ns || !sp__cg_timing_on(timing, piece->day)) {
      continue;
    }
    if (cutter->order[i]->weight < weight) {
      break;
    }
    if (timing->start_ns > begun_ns) {
      best = i;
      weight = cutter->order[i]->weight;
      begun_ns = timing->start_ns;
    }
  }
  SP_ASSERT(best != UINT32_MAX); /* a tariff with a gap is refused */
  return best;
}

/* Another one takes the piece, if it has begun and is heavier or begun later. */
static void piece_offer(const struct sp_cgrates *tariff, struct piece *piece,
                        const struct sp_cg_interval *interval)
{
  int64_t start_ns = timing_of(tariff, interval)->start_ns;
  const struct sp_cg_interval *own = piece->chosen;
  if (start_ns <= piece->clock_ns && (own == NULL || own->weight < interval->weight ||
                                      timing_of(tariff, own)->start_ns < start_ns)) {
    piece->chosen = interval;
  }
}

/* Where the piece has a group interval start of this one, 0: nowhere. */
static int64_t group_cut(const struct sp_cgrates *tariff, const struct piece *piece,
                         const struct sp_cg_interval *interval)
{
  const struct sp_cg_rate *rate = tariff->rates + tariff->ratings[interval->rating].rate;
  for (uint32_t i = 1; i < rate->count; i++) {
    int64_t start_ns = tariff->slots[rate->first + i].from_ns;
    if (start_ns > piece->from_ns) {
      return start_ns < piece->to_ns ? start_ns : 0;
    }
  }
  return 0;
}

/* A piece of several days is cut at its first midnight if a rate that holds at its start does not
 * at its end. */
static bool midnight_cut(struct sp_cg_cutter *cutter, struct piece *piece,
                         const struct sp_cg_timing *timing)
{
  int64_t cut_ns = piece->from_ns + SP_CG_DAY_NS - piece->clock_ns;
  if (!cutter->call->voice || cut_ns >= piece->to_ns ||
      (timing->start_ns <= piece->end_clock_ns && sp__cg_timing_on(timing, piece->end_day))) {
    return false;
  }
  piece->to_ns = cut_ns;
  cutter->kept = NULL;
  return true;
}

/* Where a rate that holds at the end alone begins: at its time on the first day, one from midnight
 * on the last. Before the piece: it began the day before. */
static int64_t begin_cut(const struct sp_cg_cutter *cutter, const struct piece *piece,
                         const struct sp_cg_timing *timing)
{
  int32_t day;
  return timing->start_ns == 0 ? piece->to_ns - sp__cg_day_time(cutter->call, piece->to_ns, &day)
                               : piece->from_ns + timing->start_ns - piece->clock_ns;
}

/* One rate is asked; true: it cut the piece, and what is behind the cut may be its. */
static bool interval_ask(struct sp_cg_cutter *cutter, struct piece *piece,
                         const struct sp_cg_interval *interval)
{
  const struct sp_cg_timing *timing = timing_of(cutter->tariff, interval);
  bool begins = timing->start_ns <= piece->clock_ns && sp__cg_timing_on(timing, piece->day);
  if (!begins &&
      (timing->start_ns > piece->end_clock_ns || !sp__cg_timing_on(timing, piece->end_day))) {
    return false;
  }
  int64_t cut_ns = group_cut(cutter->tariff, piece, interval);
  if (cut_ns > 0) {
    int32_t day;
    piece_offer(cutter->tariff, piece, interval);
    piece->to_ns = cut_ns;
    bool begun = timing->start_ns <= sp__cg_day_time(cutter->call, cut_ns, &day);
    cutter->kept = begun ? interval : NULL;
    return true;
  }
  if (begins) {
    piece_offer(cutter->tariff, piece, interval);
    return midnight_cut(cutter, piece, timing);
  }
  cut_ns = begin_cut(cutter, piece, timing);
  if (!cutter->call->voice || cut_ns <= piece->from_ns || cut_ns >= piece->to_ns) {
    return false;
  }
  piece->to_ns = cut_ns;
  cutter->kept = interval;
  return true;
}

/* Where the days or the next plan cut what is to come. CGRateS cuts at midnight where the day of
 * the month changes, and not at all what ends in the first second of a day. */
static int64_t next_cut(const struct sp_cg_cutter *cutter, const struct piece *piece)
{
  int64_t to_ns = cutter->call->usage_ns;
  int32_t day;
  if (!cutter->call->voice) {
    return to_ns;
  }
  if (cutter->period + 1 < cutter->route->count) {
    int64_t next_ns =
        cutter->route->periods[cutter->period + 1].from_ns - cutter->call->answer_utc_ns;
    to_ns = to_ns < next_ns ? to_ns : next_ns;
  }
  if (sp__cg_day_time(cutter->call, to_ns, &day) < 1000000000 || day == piece->day ||
      sp_civil_from_day(day).day == sp_civil_from_day(piece->day).day) {
    return to_ns;
  }
  return piece->from_ns + SP_CG_DAY_NS - piece->clock_ns;
}

static struct piece piece_start(struct sp_cg_cutter *cutter)
{
  struct piece piece = {.from_ns = cutter->at_ns};
  piece.clock_ns = sp__cg_day_time(cutter->call, piece.from_ns, &piece.day);
  if (cutter->at_ns >= cutter->until_ns) {
    cutter->until_ns = next_cut(cutter, &piece);
  }
  piece.to_ns = cutter->until_ns;
  piece.end_clock_ns = sp__cg_day_time(cutter->call, piece.to_ns, &piece.end_day);
  if (piece.end_clock_ns < 1000000000) {
    piece.end_clock_ns += SP_CG_DAY_NS - 1000000000;
    piece.end_day--;
  }
  return piece;
}

struct sp_cg_span sp__cg_cutter_next(struct sp_cg_cutter *cutter)
{
  const struct sp_cg_route *route = cutter->route;
  while (cutter->call->voice && cutter->period + 1 < route->count &&
         route->periods[cutter->period + 1].from_ns - cutter->call->answer_utc_ns <=
             cutter->at_ns) {
    cutter->period++;
    period_start(cutter);
  }
  struct piece piece = piece_start(cutter);
  const struct sp_cg_target *target = period_target(cutter);
  piece.chosen = cutter->kept;
  cutter->kept = NULL;
  if (!target->calm) {
    sp__cg_intervals_arrange(cutter->tariff, cutter->moved, target->count);
    cutter->order = cutter->moved;
  }
  uint32_t best = best_find(cutter, &piece);
  int64_t weight = cutter->order[best]->weight;
  int64_t end_ns = piece.clock_ns + (piece.to_ns - piece.from_ns);
  bool cut = interval_ask(cutter, &piece, cutter->order[best]);
  for (uint32_t i = best + 1; !cut && i < target->count; i++) {
    if (cutter->order[i]->weight < weight) {
      break;
    }
    if (timing_of(cutter->tariff, cutter->order[i])->start_ns < end_ns) {
      cut = interval_ask(cutter, &piece, cutter->order[i]);
    }
  }
  SP_ASSERT(piece.chosen != NULL && piece.to_ns > piece.from_ns);
  cutter->at_ns = piece.to_ns;
  return (struct sp_cg_span){piece.from_ns, piece.to_ns, piece.chosen};
}
