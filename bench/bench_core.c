/* The rating core alone, second rating on (quality.md §1: 5 M records/s per core at 10 M
 * customers): usage records made beforehand, priced in batches of 256 with prefetch, allowances hit
 * by 40 % of records, 30 % of subscribers in groups. bench_core [customers [records [rounds
 * [simple|big|abroad]]]]; JSON lines. `simple`: one destination, one rate, no state. `big`: the two
 * base plans 1,000 times each, the former the more subscribers, with 250,000 rows of rates, 70,000
 * prefixes of 250 destinations, which a twentieth of the calls go to, and 100,000 of numbers.
 * `abroad`: the same book, half of the calls go to its destinations; a plan prices half of them. */
#include <stdarg.h>

#include "bench/figure.h"
#include "rating/number.h"
#include "tests/rating/rate_case.h"

enum { BATCH = 256, GROUP_MEMBERS = 50, USAGES_MAX = 1 << 20, DAYS = 28 };
enum { BIG_PLANS = 1000, BIG_DESTS = 250, BIG_DEST_PREFIXES = 70000, BIG_NUMBERS = 100000 };

enum tariff { SMALL, SIMPLE, BIG, ABROAD };
static const char *const tariff_words[] = {"full", "simple", "big", "abroad"};

static const struct rate_case_file book[] = {
    {"book.yaml", "name: bench\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2025-01-01\n"},
    {"bands.csv",
     "band,days,from,to\nday,all,07:00,21:00\neve,all,00:00,07:00\neve,all,21:00,24:00\n"},
    {"plans.csv", "plan,kind\nbundle,base\nminute,base\npack,add_on\nvnet,group\n"},
    {"rates.csv",
     "plan,item,service,zone,net,band,connect_fee,price,per,increment,rounding,digits,dest\n"
     "bundle,base,voice,,,,,0.15,1min,,,\nbundle,ld,voice,domestic,,,,0.07,6s,,,\n"
     "bundle,msg,sms,,,,,0.10,,,,\nbundle,data,data,,,,,0.29,1MB,1KB,,\n"
     "minute,base,voice,,,day,,0.25,1min,,,\nminute,base,voice,,,eve,,0.12,1min,,,\n"
     "minute,ld,voice,domestic,,,,0.07,6s,,,\nminute,msg,sms,,,,,0.10,,,,\n"
     "minute,data,data,,,,,0.29,1MB,1KB,,\nvnet,base,voice,,group_tree,,,0.05,1min,,,\n"},
    {"allowances.csv",
     "plan,allowance,unit,service,amount,scope,member_cap,priority,rollover\n"
     "bundle,talk,s,voice,50000min,own,,5,1\nbundle,flow,B,data,9000GB,own,,5,\n"
     "pack,texts,item,sms,100000,own,,2,\nvnet,shared,B,data,900000GB,pool,9000GB,9,\n"},
    {"discounts.csv",
     "plan,discount,stage,item,service,kind,value,set,priority\n"
     "minute,loyal,record,base,,percent,5,,1\nvnet,works,record,base,voice,percent,10,,1\n"
     "minute,most,record,,,cap_month,300000,,3\n"},
    {"payers.csv", "plan,payer,item,mode,value,member_cap\nvnet,half,base,share,50,100000\n"},
    {NULL, NULL}};

static const struct rate_case_file simple_book[] = {
    {"book.yaml", "name: bench\ncurrency: CNY\ntimezone: Asia/Shanghai\nvalid_from: 2025-01-01\n"},
    {"plans.csv", "plan,kind\nbundle,base\nminute,base\npack,add_on\nvnet,group\n"},
    {"rates.csv",
     "plan,item,price,per,increment\nbundle,base,0.15,1min,1s\nminute,base,0.15,1min,1s\n"
     "vnet,base,0.15,1min,1s\n"},
    {NULL, NULL}};

static uint64_t random_state = 20261130;

static uint32_t draw(uint32_t below)
{
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((random_state >> 33) % below);
}

struct text { /* a customer table being written */
  char *at;
  size_t length, size;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
  if (text->size - text->length < 256) {
    text->size = text->size * 2 + 4096;
    text->at = realloc(text->at, text->size);
    rate_case_need(text->at != NULL, "no memory");
  }
  va_list values;
  va_start(values, format);
  text->length += (size_t)vsnprintf(text->at + text->length, 256, format, values);
  va_end(values);
}

/* The first tenth of the plans has 60 % of the subscribers. */
static uint32_t plan_draw(void)
{
  return (uint32_t)((uint64_t)draw(BIG_PLANS) * draw(BIG_PLANS) * draw(BIG_PLANS) /
                    (BIG_PLANS * BIG_PLANS));
}

/* Rows of the small book: those of bundle and minute once for each of their plans. */
static void rows_repeat(struct text *to, const char *from)
{
  while (*from != 0) {
    int length = (int)strcspn(from, "\n");
    bool base = strncmp(from, "bundle,", 7) == 0 || strncmp(from, "minute,", 7) == 0;
    for (int i = 0; i < (base ? BIG_PLANS : 1); i++) {
      if (base) {
        add(to, "%.6s%d%.*s\n", from, i, length - 6, from + 6);
      } else {
        add(to, "%.*s\n", length, from);
      }
    }
    from += length + 1;
  }
}

static uint32_t big_prefixes[BIG_DEST_PREFIXES]; /* of destinations */

static const struct rate_case_file *big_book_make(void)
{
  static struct rate_case_file files[12];
  static struct text texts[12];
  int count = 0;
  for (; book[count].name != NULL; count++) {
    rows_repeat(&texts[count], book[count].text);
    files[count].name = book[count].name;
  }
  struct text *rates = &texts[3], *dests = &texts[count], *numbers = &texts[count + 1];
  rate_case_need(strcmp(files[3].name, "rates.csv") == 0, "the fourth table is rates");
  files[count].name = "destinations.csv";
  files[count + 1].name = "numbers.csv";
  for (uint32_t i = 0; i < BIG_PLANS; i++) {
    for (uint32_t d = 0; d < BIG_DESTS; d += 1 + draw(3)) {
      add(rates, "bundle%u,ld,voice,international,,,,0.%02u,1min,,,,d%u\n", i, draw(100), d);
      add(rates, "minute%u,ld,voice,international,,,,0.%02u,1min,,,,d%u\n", i, draw(100), d);
    }
  }
  add(dests, "destination,prefix\n");
  for (uint32_t i = 0; i < BIG_DEST_PREFIXES; i++) {
    uint32_t prefix = 10 + draw(9999990);
    big_prefixes[i] = prefix;
    add(dests, "d%u,%u\n", prefix % BIG_DESTS, prefix);
  }
  add(numbers, "prefix,operator,kind\n");
  for (uint32_t i = 0; i < BIG_NUMBERS; i++) {
    add(numbers, "861%07u,O%u,mobile\n", 3000000 + i * 7, i % 3);
  }
  for (int i = 0; i < count + 2; i++) {
    files[i].text = texts[i].at;
  }
  return files;
}

/* Half the subscribers have a bundle, half pay by the minute; every tenth has the pack; 30 % are in
 * groups of 50. */
static void customers_make(struct rate_case *it, const struct rate_case_file *tables,
                           uint32_t count, enum tariff tariff)
{
  struct text texts[5];
  static const char *const heads[5] = {"account\n", "subscriber,number,account\n",
                                       "group,kind,account\n", "group,subscriber\n",
                                       "owner,plan,from\n"};
  static const char *const names[5] = {"accounts.csv", "subscribers.csv", "groups.csv",
                                       "members.csv", "subscriptions.csv"};
  static const char *const bases[2] = {"bundle", "minute"};
  struct rate_case_file files[6] = {{NULL, NULL}};
  memset(texts, 0, sizeof(texts));
  for (int t = 0; t < 5; t++) {
    add(&texts[t], "%s", heads[t]);
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t group = i / GROUP_MEMBERS;
    bool grouped = group % 10 < 3;
    if (i % GROUP_MEMBERS == 0 && grouped) {
      add(&texts[0], "GA%u\n", group);
      add(&texts[2], "G%u,enterprise,GA%u\n", group, group);
      add(&texts[4], "group:G%u,vnet,2025-06-01\n", group);
    }
    add(&texts[0], "A%u\n", i);
    add(&texts[1], "S%u,86138%08u,", i, i);
    add(&texts[1], "A%u\n", i);
    if (grouped) {
      add(&texts[3], "G%u,S%u\n", group, i);
    }
    add(&texts[4], "subscriber:S%u,%s", i, bases[i % 2]);
    if (tariff >= BIG) {
      add(&texts[4], "%u", plan_draw());
    }
    add(&texts[4], ",2025-%02u-%02uT%02u:", 1 + i % 12, 1 + i / 12 % 28, i / 336 % 24);
    add(&texts[4], "%02u:%02u+08:00\n", i % 59, i % 53); /* as each signed in a second of its own */
    if (i % 10 == 1) {
      add(&texts[4], "subscriber:S%u,pack,2025-06-15\n", i);
    }
  }
  for (int t = 0; t < 5; t++) {
    files[t] = (struct rate_case_file){names[t], texts[t].at};
  }
  rate_case_open(it, tables, files);
  for (int t = 0; t < 5; t++) {
    free(texts[t].at);
  }
}

static struct sp_usage usage_make(const struct rate_case *it, uint32_t customers,
                                  enum tariff tariff)
{
  uint32_t subscriber = draw(customers), kind = draw(10);
  int64_t start = INT64_C(1780243200) + (int64_t)draw(DAYS * 86400); /* from 2026-06-01 on */
  struct sp_usage usage = rate_case_usage(it, subscriber, start);
  usage.duration_s = 20 + draw(600);
  usage.zone = draw(5) == 0 ? SP_ZONE_DOMESTIC : SP_ZONE_LOCAL;
  usage.net = draw(3) == 0 ? SP_NET_ONNET : SP_NET_MOBILE;
  uint32_t tens = subscriber / GROUP_MEMBERS / 10, one = subscriber / GROUP_MEMBERS % 10;
  if (one < 3) {
    usage.group = 3 * tens + one; /* three of ten are there */
    usage.net = draw(2) == 0 ? SP_NET_GROUP : usage.net;
    usage.flags |= usage.net == SP_NET_GROUP ? SP_USAGE_TREE : 0;
  }
  if (kind >= 8) {
    usage.service = SP_SERVICE_SMS;
  } else if (kind >= 5) {
    usage.service = SP_SERVICE_DATA;
    usage.bytes = 1000 + draw(50000000);
    usage.direction = SP_DIRECTION_NONE;
    usage.zone = SP_ZONE_NONE;
    usage.net = SP_NET_NONE;
    usage.flags = 0;
  } else if (tariff >= BIG && draw(tariff == BIG ? 20 : 2) == 0) {
    char text[16];
    int length = snprintf(text, sizeof(text), "%u1234", big_prefixes[draw(BIG_DEST_PREFIXES)]);
    usage.zone = SP_ZONE_INTERNATIONAL;
    usage.net = SP_NET_FOREIGN;
    usage.flags &= ~SP_USAGE_TREE & 255u;
    usage.dest_node =
        sp_book_find_dest_node(it->books.book, sp_number_pack(text, (size_t)length).digits);
  }
  return usage;
}

struct totals {
  uint64_t rated, covered;
  int64_t net_micro;
};

/* Records ahead of the one at hand: its usage, which another thread wrote. */
#define AHEAD_MAX 16u

/* The rater's steps, as in tools/shard.c. Record i is the one at hand; before the first one it has
 * wrapped. */
static void ahead_fetch(const struct rate_case *it, const struct sp_usage *usages, size_t count,
                        size_t i, int steps)
{
  const struct sp_usage *ahead[SP_RATER_STEPS];
  for (int k = 0; k < steps; k++) {
    size_t at = i + sp_rater_ahead[k];
    ahead[k] = at < count ? usages + at : NULL;
  }
  sp_rater_prefetch(it->rater, ahead, steps);
}

__attribute__((noinline)) static void batch_rate(struct rate_case *it,
                                                 const struct sp_usage *usages, size_t count,
                                                 struct totals *totals)
{
  static struct sp_charge charge;
  int steps = sp_rater_prefetch_steps(it->rater);
  for (size_t i = 0; i < count + AHEAD_MAX; i++) {
    if (i < count) {
      const char *line = (const char *)(usages + i);
      sp_line_fetch(line);
      sp_line_fetch(line + 64);
      sp_line_fetch(line + 128);
    }
    ahead_fetch(it, usages, count, i - AHEAD_MAX, steps);
    if (i < AHEAD_MAX) {
      continue;
    }
    rate_case_rate(it, usages + i - AHEAD_MAX, &charge);
    totals->rated += charge.outcome == SP_OUTCOME_RATED;
    totals->covered += charge.allowances_count > 0;
    totals->net_micro += charge.net_micro;
  }
}

int main(int argc, char **argv)
{
  uint32_t customers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
  size_t records = argc > 2 ? strtoul(argv[2], NULL, 10) : 4000000;
  unsigned rounds = figure_runs(argc > 3 ? argv[3] : NULL, 3);
  enum tariff tariff = SMALL;
  for (enum tariff t = SIMPLE; t <= ABROAD && argc > 4; t++) {
    tariff = strcmp(argv[4], tariff_words[t]) == 0 ? t : tariff;
  }
  static struct rate_case it;
  customers_make(&it,
                 tariff == SIMPLE ? simple_book
                 : tariff >= BIG  ? big_book_make()
                                  : book,
                 customers, tariff);
  size_t made = records < USAGES_MAX ? records : USAGES_MAX;
  struct sp_usage *usages = malloc(made * sizeof(*usages));
  rate_case_need(usages != NULL, "no memory");
  for (size_t i = 0; i < made; i++) {
    usages[i] = usage_make(&it, customers, tariff);
    if (tariff == SIMPLE) {
      usages[i].service = SP_SERVICE_VOICE;
    }
  }
  struct totals totals = {0, 0, 0};
  struct figure_samples each = {.count = 0}, rate = {.count = 0};
  for (unsigned round = 0; round < rounds; round++) {
    totals = (struct totals){0, 0, 0};
    double from = figure_cpu_ns();
    for (size_t done = 0; done < records; done += BATCH) {
      size_t at = done % made, count = records - done < BATCH ? records - done : BATCH;
      count = made - at < count ? made - at : count;
      batch_rate(&it, usages + at, count, &totals);
    }
    double ns = (figure_cpu_ns() - from) / (double)records;
    figure_add(&each, ns);
    figure_add(&rate, 1e9 / ns);
  }
  char more[256];
  snprintf(
      more, sizeof(more),
      "\"tariff\":\"%s\",\"customers\":%u,\"rated\":%.3f,\"covered\":%.3f,\"net_micro\":%" PRId64,
      tariff_words[tariff], customers, (double)totals.rated / (double)records,
      (double)totals.covered / (double)records, totals.net_micro);
  figure_print(&(struct figure){"core", "rate", "ns/record", records, more}, &each);
  figure_print(&(struct figure){"core", "rate", "records/s", records, more}, &rate);
  figure_print_one(&(struct figure){"core", "state", "bytes/customer", customers, more},
                   (double)sp_state_bytes(it.state) / customers);
  free(usages);
  rate_case_close(&it);
  return EXIT_SUCCESS;
}
