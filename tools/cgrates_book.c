#include "tools/cgrates_book.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/book_load.h"
#include "tools/cgrates_bands.h"

#define TOLD_MAX 20u
#define SECOND_NS INT64_C(1000000000)

static const char *const table_names[] = {"plans.csv", "destinations.csv", "bands.csv",
                                          "rates.csv"};
enum { PLANS, DESTINATIONS, BANDS, RATES, TABLES };

struct writing {
  const struct sp_cgrates *tariff;
  FILE *tables[TABLES];
  uint32_t *targets; /* of the plan, then `dropped` */
  const char **reasons;
  uint32_t count;
  struct sp_cg_bands bands;
  bool *destinations; /* that a rate names */
  uint64_t told;
};

static bool name_fits(const struct sp_cg_name *name)
{
  bool fits = name->length > 0 && name->length <= 64;
  for (uint32_t i = 0; i < name->length && fits; i++) {
    char c = name->text[i];
    fits = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '.' || c == '-';
  }
  return fits;
}

/* Digits of a prefix without its plus, 0: it has others or too many. */
static uint32_t digits_find(const struct sp_cg_name *prefix, const char **digits)
{
  uint32_t skip = prefix->text[0] == '+' ? 1 : 0;
  *digits = prefix->text + skip;
  for (uint32_t i = skip; i < prefix->length; i++) {
    if (prefix->text[i] < '0' || prefix->text[i] > '9') {
      return 0;
    }
  }
  return prefix->length - skip <= 15 ? prefix->length - skip : 0;
}

/* An amount as a book has it: at most 6 decimals, or a fraction. */
static bool amount_text(char to[48], const struct sp_cg_amount *read)
{
  int64_t amount = read->value, over = amount, under = INT64_C(10000000000);
  if (read->finer) {
    return false;
  }
  if (amount % 10000 == 0) {
    struct sp_text text = {to, 0, 48, false};
    sp_cgrates_amount_add(&text, amount);
    return true;
  }
  for (int64_t part = 2; part <= 5; part += 3) {
    while (over % part == 0 && under % part == 0) {
      over /= part;
      under /= part;
    }
  }
  snprintf(to, 48, "%lld/%lld", (long long)over, (long long)under);
  return over < SECOND_NS && under < SECOND_NS;
}

/* Messages are counted one by one, calls in whole seconds; others a book cannot say. */
static bool is_items(const struct sp_cgrates *tariff, const struct sp_cg_rate *rate)
{
  const struct sp_cg_slot *slot = tariff->slots + rate->first;
  return rate->count == 1 && slot->unit_ns == 1 && slot->increment_ns == 1;
}

static const char *rate_reason(const struct sp_cgrates *tariff, const struct sp_cg_rate *rate)
{
  char text[48];
  if (!amount_text(text, &rate->fee)) {
    return "its connect fee has too many digits";
  }
  for (uint32_t i = 0; i < rate->count; i++) {
    const struct sp_cg_slot *slot = tariff->slots + rate->first + i;
    if (!amount_text(text, &slot->price)) {
      return "its price has too many digits";
    }
    if (!is_items(tariff, rate) &&
        (slot->unit_ns % SECOND_NS != 0 || slot->increment_ns % SECOND_NS != 0 ||
         slot->from_ns % SECOND_NS != 0)) {
      return "it is counted neither in whole seconds nor one by one";
    }
  }
  return NULL;
}

/* Why a target cannot stand in our tables, NULL: it can. `like`: the plan's first rating. */
static const char *target_reason(const struct sp_cgrates *tariff, const struct sp_cg_target *target,
                                 const struct sp_cg_rating **like)
{
  if (!name_fits(tariff->names + tariff->destination_names[target->destination]) &&
      target->destination != tariff->any_destination) {
    return "its destination has a name that a book cannot have";
  }
  for (uint32_t i = 0; i < target->count; i++) {
    const struct sp_cg_interval *interval = tariff->intervals + target->first + i;
    const struct sp_cg_timing *timing = tariff->timings + interval->timing;
    const struct sp_cg_rating *rating = tariff->ratings + interval->rating;
    *like = *like == NULL ? rating : *like;
    if (timing->years_count > 0 || timing->months != 0 || timing->month_days != 0) {
      return "one of its timings has dates";
    }
    if (rating->strategy == SP_CG_FREE && rating->cost_max > 0) {
      return "it has a *free maximum";
    }
    if (rating->decimals > 6 || rating->decimals != (*like)->decimals ||
        rating->rounding != (*like)->rounding) {
      return "it is rounded unlike the plan's first rate";
    }
    const char *reason = rate_reason(tariff, tariff->rates + rating->rate);
    if (reason != NULL) {
      return reason;
    }
  }
  return NULL;
}

static void tell(struct writing *writing, const struct sp_cg_target *target, const char *reason)
{
  const struct sp_cgrates *tariff = writing->tariff;
  const struct sp_cg_name *plan = tariff->names + tariff->plans[target->plan].name;
  const struct sp_cg_name *destination =
      tariff->names + tariff->destination_names[target->destination];
  if (writing->told++ < TOLD_MAX) {
    fprintf(stderr, "suanpan: plan %.*s is only in " SP_CGRATES_KEPT ": destination %.*s: %s\n",
            (int)plan->length, plan->text, (int)destination->length, destination->text, reason);
  }
}

static void slots_write(const struct writing *writing, const struct sp_cg_target *target,
                        const struct sp_cg_interval *interval, const char *band)
{
  static const char *const methods[] = {"half_up", "ceil", "half_up", "floor"};
  const struct sp_cgrates *tariff = writing->tariff;
  const struct sp_cg_rating *rating = tariff->ratings + interval->rating;
  const struct sp_cg_rate *rate = tariff->rates + rating->rate;
  const struct sp_cg_name *plan = tariff->names + tariff->plans[target->plan].name;
  const struct sp_cg_name *dest = tariff->names + tariff->destination_names[target->destination];
  bool items = is_items(tariff, rate), any = target->destination == tariff->any_destination;
  bool rounded = rating->decimals > 0 && rating->rounding != SP_CG_AS_IS;
  for (uint32_t i = 0; i < rate->count; i++) {
    const struct sp_cg_slot *slot = tariff->slots + rate->first + i;
    char price[48], fee[48] = "", times[96] = ",,";
    bool fits = amount_text(price, &slot->price);
    if (i == 0 && rate->fee.value > 0) {
      fits = amount_text(fee, &rate->fee) && fits;
    }
    if (!items) {
      snprintf(times, sizeof(times), "%llds,%llds,%llds", (long long)(slot->from_ns / SECOND_NS),
               (long long)(slot->unit_ns / SECOND_NS), (long long)(slot->increment_ns / SECOND_NS));
    }
    SP_ASSERT(fits);
    fprintf(writing->tables[RATES], "%.*s,%s,%s,%.*s,%s,%s,%s,%s,%s,%d\n", (int)plan->length,
            plan->text, items ? "sms" : "base", items ? "sms" : "voice",
            any ? 0 : (int)dest->length, dest->text, band, fee, price, times,
            rounded ? methods[rating->rounding] : "half_up", rounded ? rating->decimals : 6);
  }
}

static int text_compare(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
  int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
  return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

struct claim { /* of a prefix by a target of the plan */
  const char *digits;
  uint32_t length, target;
};

static int claim_compare(const void *a, const void *b)
{
  const struct claim *x = a, *y = b;
  int order = text_compare(x->digits, x->length, y->digits, y->length);
  return order != 0 ? order : (x->target > y->target) - (x->target < y->target);
}

/* Two destinations of one plan with one prefix would be a tie. */
static bool claims_settle(struct writing *writing)
{
  const struct sp_cgrates *tariff = writing->tariff;
  size_t room = tariff->destination_rows_count, count = 0;
  struct claim *claims = malloc((room + 1) * sizeof(*claims));
  uint32_t *place = malloc((tariff->destinations_count + 1) * sizeof(*place));
  if (claims == NULL || place == NULL) {
    free(claims);
    free(place);
    return false;
  }
  memset(place, 0xFF, tariff->destinations_count * sizeof(*place));
  for (uint32_t i = 0; i < writing->count; i++) {
    place[tariff->targets[writing->targets[i]].destination] = i;
  }
  for (uint32_t i = 0; i < room; i++) {
    const struct sp_cg_destination_row *row = tariff->destination_rows + i;
    struct claim claim = {NULL, 0, place[row->destination]};
    if (claim.target != SP_CG_NONE && writing->reasons[claim.target] == NULL) {
      claim.length = digits_find(tariff->names + row->prefix, &claim.digits);
      if (claim.length == 0) {
        writing->reasons[claim.target] = "one of its prefixes is no number of up to 15 digits";
        continue;
      }
      claims[count++] = claim;
    }
  }
  qsort(claims, count, sizeof(*claims), claim_compare);
  for (size_t i = 1; i < count; i++) {
    if (claims[i].target != claims[i - 1].target && claims[i].length == claims[i - 1].length &&
        memcmp(claims[i].digits, claims[i - 1].digits, claims[i].length) == 0) {
      writing->reasons[claims[i].target] = "another destination of the plan has the same prefix";
    }
  }
  free(claims);
  free(place);
  return true;
}

/* `banded`: some target of the plan has bands, so all have: else a rule with a band would come
 * before one with a longer prefix, as it sets more columns (book.md §8.3). */
static void target_write(struct writing *writing, const struct sp_cg_target *target, bool banded)
{
  const struct sp_cg_interval *intervals = writing->tariff->intervals + target->first;
  writing->destinations[target->destination] = true;
  for (uint32_t i = 0; i < target->count; i++) {
    const char *band = sp_cg_band_find(&writing->bands, writing->tariff, target, i, banded);
    if (band != NULL) {
      slots_write(writing, target, intervals + i, band);
    }
  }
}

static bool plan_banded(struct writing *writing)
{
  bool banded = false;
  for (uint32_t i = 0; i < writing->count; i++) {
    const struct sp_cg_target *target = writing->tariff->targets + writing->targets[i];
    for (uint32_t k = 0; k < target->count; k++) {
      const char *band = sp_cg_band_find(&writing->bands, writing->tariff, target, k, false);
      banded |= band != NULL && band[0] != '\0';
    }
  }
  return banded;
}

/* All targets of one plan, or none: a shorter prefix would price what is left out. */
static bool plan_write(struct writing *writing, uint32_t plan)
{
  const struct sp_cgrates *tariff = writing->tariff;
  const struct sp_cg_name *name = tariff->names + tariff->plans[plan].name;
  const struct sp_cg_rating *like = NULL;
  bool whole = true;
  for (uint32_t i = 0; i < writing->count; i++) {
    writing->reasons[i] = name_fits(name)
                              ? target_reason(tariff, tariff->targets + writing->targets[i], &like)
                              : "the plan has a name that a book cannot have";
  }
  if (!claims_settle(writing)) {
    return false;
  }
  for (uint32_t i = 0; i < writing->count; i++) {
    if (writing->reasons[i] != NULL) {
      tell(writing, tariff->targets + writing->targets[i], writing->reasons[i]);
      whole = false;
    }
  }
  bool banded = whole && plan_banded(writing);
  for (uint32_t i = 0; i < writing->count && whole; i++) {
    target_write(writing, tariff->targets + writing->targets[i], banded);
  }
  if (whole) {
    fprintf(writing->tables[PLANS], "%.*s,base\n", (int)name->length, name->text);
  }
  return !writing->bands.full;
}

struct target_key {
  uint32_t plan, destination, place;
};

static int key_compare(const void *a, const void *b)
{
  const struct target_key *x = a, *y = b;
  return x->plan != y->plan ? (x->plan > y->plan) - (x->plan < y->plan)
                            : (x->destination > y->destination) - (x->destination < y->destination);
}

static bool plans_write(struct writing *writing)
{
  const struct sp_cgrates *tariff = writing->tariff;
  size_t lines = (size_t)tariff->targets_mask + 1, count = 0;
  struct target_key *keys = malloc(lines * sizeof(*keys));
  writing->targets = malloc(lines * sizeof(*writing->targets));
  writing->reasons = malloc(lines * sizeof(*writing->reasons));
  bool fine = keys != NULL && writing->targets != NULL && writing->reasons != NULL;
  for (uint32_t i = 0; fine && i < lines; i++) {
    if (tariff->targets[i].plan != SP_CG_NONE) {
      keys[count++] =
          (struct target_key){tariff->targets[i].plan, tariff->targets[i].destination, i};
    }
  }
  if (fine) {
    qsort(keys, count, sizeof(*keys), key_compare);
  }
  for (size_t i = 0; fine && i < count;) {
    uint32_t plan = keys[i].plan;
    writing->count = 0;
    for (; i < count && keys[i].plan == plan; i++) {
      writing->targets[writing->count++] = keys[i].place;
    }
    fine = plan_write(writing, plan);
  }
  free(keys);
  free(writing->targets);
  free(writing->reasons);
  return fine;
}

static void destinations_write(const struct writing *writing)
{
  const struct sp_cgrates *tariff = writing->tariff;
  for (uint32_t i = 0; i < tariff->destination_rows_count; i++) {
    const struct sp_cg_destination_row *row = tariff->destination_rows + i;
    const struct sp_cg_name *name = tariff->names + tariff->destination_names[row->destination];
    const char *digits;
    uint32_t length = digits_find(tariff->names + row->prefix, &digits);
    if (length > 0 && writing->destinations[row->destination]) {
      fprintf(writing->tables[DESTINATIONS], "%.*s,%.*s\n", (int)name->length, name->text,
              (int)length, digits);
    }
  }
}

static FILE *table_open(const char *book, const char *name)
{
  char path[PATH_MAX];
  int length = snprintf(path, sizeof(path), "%s/%s", book, name);
  errno = ENAMETOOLONG;
  return length > 0 && (size_t)length < sizeof(path) ? fopen(path, "w") : NULL;
}

static bool tables_write(struct writing *writing, const char *book)
{
  static const char *const heads[TABLES] = {
      "plan,kind\n", "destination,prefix\n", "band,days,from,to\n",
      "plan,item,service,dest,band,connect_fee,price,from,per,increment,rounding,digits\n"};
  bool fine = true;
  writing->destinations = calloc(writing->tariff->destinations_count + 1, sizeof(bool));
  for (int i = 0; i < TABLES && fine; i++) {
    writing->tables[i] = table_open(book, table_names[i]);
    fine = writing->tables[i] != NULL && fputs(heads[i], writing->tables[i]) >= 0;
  }
  fine = fine && writing->destinations != NULL && plans_write(writing);
  if (fine) {
    destinations_write(writing);
    sp_cg_bands_print(&writing->bands, writing->tables[BANDS]);
  }
  for (int i = 0; i < TABLES; i++) {
    if (writing->tables[i] != NULL) {
      fine &= fclose(writing->tables[i]) == 0;
    }
  }
  free(writing->destinations);
  sp_cg_bands_free(&writing->bands);
  return fine;
}

/* What we wrote must be a book; if a limit of books is passed, our tables go and the kept ones
 * stay. */
static void book_prove(const char *book)
{
  struct sp_loaded_book loaded;
  struct sp_problem_list list;
  sp_problem_list_init(&list);
  if (sp_book_load(&loaded, book, &list) == SP_OK) {
    sp_book_unload(&loaded);
  } else {
    fprintf(stderr,
            "suanpan: the plans do not fit the limits of a book: only in " SP_CGRATES_KEPT "\n");
    sp_problem_list_print(&list, stderr);
    for (int i = 0; i < TABLES; i++) {
      char path[PATH_MAX + 32];
      snprintf(path, sizeof(path), "%s/%s", book, table_names[i]);
      unlink(path);
    }
  }
  sp_problem_list_free(&list);
}

bool sp_cgrates_book_write(const struct sp_cgrates *tariff, const char *book, unsigned digits)
{
  static struct writing writing;
  writing = (struct writing){.tariff = tariff};
  FILE *yaml = table_open(book, "book.yaml");
  if (yaml == NULL) {
    return false;
  }
  fprintf(yaml, "name: cgrates\ntimezone: UTC\nrounding_digits: 4\nincrement_digits: %u\n", digits);
  if (fclose(yaml) != 0 || !tables_write(&writing, book)) {
    return false;
  }
  if (writing.told > TOLD_MAX) {
    fprintf(stderr, "suanpan: and %llu more\n", (unsigned long long)(writing.told - TOLD_MAX));
  }
  book_prove(book);
  return true;
}
