/* A compiled book answers what its tables say: prefixes, places, local time, bands, cycles; an
 * image that is altered anywhere is refused; memory that ends at any allocation is a clean
 * NO_MEMORY. */
#include <time.h>

#include "rating/civil.h"
#include "rating/hash.h"
#include "rating/number.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/book_made.h"
#include "tests/rating/book_met.h"

static const char plans[] = "plan,kind\nday,base\n";
static const char rates[] = "plan,item,service,price,per\nday,base,voice,0.20,1min\n";

static struct made_book *plain_book(const char *zone)
{
  struct made_book *made = made_begin(zone);
  made_add(made, "plans.csv", plans);
  made_add(made, "rates.csv", rates);
  return made;
}

/* --- prefixes: against all rows, one by one --- */

#define PREFIXES 3000

static uint64_t digits_of(const char *text)
{
  return sp_number_pack(text, strlen(text)).digits;
}

static void random_digits(char *to, unsigned shortest, unsigned longest)
{
  unsigned length = shortest + draw(longest - shortest + 1);
  for (unsigned i = 0; i < length; i++) {
    /* few different digits first: many prefixes of prefixes, and crowded places */
    to[i] = (char)('0' + draw(i < 3 ? 2 : i < 5 ? 4 : 10));
  }
  to[length] = '\0';
}

static unsigned naive_longest(char (*prefixes)[17], unsigned count, const char *number)
{
  unsigned longest = 0;
  for (unsigned i = 0; i < count; i++) {
    size_t length = strlen(prefixes[i]);
    if (strncmp(number, prefixes[i], length) == 0 && length > longest) {
      longest = (unsigned)length;
    }
  }
  return longest;
}

START_TEST(test_longest_prefix)
{
  static char prefixes[PREFIXES][17];
  static char numbers[PREFIXES * 40];
  static char destinations[PREFIXES * 40];
  draw_begin(20261130);
  size_t at = (size_t)snprintf(numbers, sizeof(numbers), "prefix,kind\n");
  size_t dest_at = (size_t)snprintf(destinations, sizeof(destinations), "destination,prefix\n");
  unsigned count = 0;
  while (count < PREFIXES) {
    random_digits(prefixes[count], 1, count % 7 == 0 ? 15 : 8);
    bool twice = false;
    for (unsigned i = 0; i < count && !twice; i++) {
      twice = strcmp(prefixes[i], prefixes[count]) == 0;
    }
    if (!twice) {
      at += (size_t)snprintf(numbers + at, sizeof(numbers) - at, "%s,mobile\n", prefixes[count]);
      dest_at += (size_t)snprintf(destinations + dest_at, sizeof(destinations) - dest_at,
                                  "d%u,%s\n", count % 11, prefixes[count]);
      count++;
    }
  }
  struct made_book *made = plain_book("Asia/Shanghai");
  made_add(made, "numbers.csv", numbers);
  made_add(made, "destinations.csv", destinations);
  ck_assert_int_eq(made_compile(made), SP_OK);
  const struct sp_book_prefix *rows = SP_BOOK_TABLE(&made->book, prefixes, struct sp_book_prefix);
  const struct sp_book_dest_node *nodes =
      SP_BOOK_TABLE(&made->book, dest_nodes, struct sp_book_dest_node);
  for (unsigned i = 0; i < 15000; i++) {
    char number[17];
    random_digits(number, 1, 16);
    unsigned longest = naive_longest(prefixes, count, number);
    uint32_t found = sp_book_find_prefix(&made->book, digits_of(number));
    uint32_t node = sp_book_find_dest_node(&made->book, digits_of(number));
    ck_assert_uint_eq(found == 0 ? 0 : rows[found - 1].length, longest);
    ck_assert_uint_eq(nodes[node].length, longest);
    if (longest > 0) {
      ck_assert_uint_eq(rows[found - 1].digits, sp_number_head(digits_of(number), longest));
      ck_assert_uint_eq(nodes[node].digits, rows[found - 1].digits);
    }
  }
  ck_assert_uint_eq(sp_book_find_prefix(&made->book, 0), 0);
  made_end(made);
}
END_TEST

/* --- local time: against the C library, which reads the same zones --- */

static int32_t library_offset(int64_t utc_s)
{
  time_t at = (time_t)utc_s;
  struct tm local;
  localtime_r(&at, &local);
  return (int32_t)local.tm_gmtoff;
}

START_TEST(test_zones)
{
  static const char *const zones[] = {
      "Asia/Shanghai",     "Europe/Berlin",       "America/New_York",
      "Australia/Sydney",  "Asia/Kathmandu",      "Europe/Dublin",
      "Africa/Casablanca", "Australia/Lord_Howe", "UTC",
      "America/Sao_Paulo", "Pacific/Apia"};
  draw_begin(20261130);
  for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
    struct made_book *made = plain_book(zones[z]);
    ck_assert_uint_gt(made->files, 3); /* package tzdata */
    ck_assert_int_eq(made_compile(made), SP_OK);
    setenv("TZ", zones[z], 1);
    tzset();
    for (int i = 0; i < 4000; i++) {
      int64_t utc_s = -2000000000 + (int64_t)(draw_word() % 6130000000); /* 1906 to 2100 */
      int32_t offset_s = sp_book_offset(&made->book, utc_s);
      ck_assert_msg(offset_s == library_offset(utc_s), "%s at %lld: %d, expected %d", zones[z],
                    (long long)utc_s, offset_s, library_offset(utc_s));
      /* The local time leads back, or to the earlier instant with the same local time. */
      int64_t back_s = sp_book_from_local(&made->book, utc_s + offset_s);
      ck_assert_int_le(back_s, utc_s);
      ck_assert_int_eq(back_s + sp_book_offset(&made->book, back_s), utc_s + offset_s);
    }
    made_end(made);
  }
  unsetenv("TZ");
}
END_TEST

static int64_t local(int32_t year, int32_t month, int32_t day, int32_t second)
{
  return (int64_t)sp_civil_to_day(year, month, day) * 86400 + second;
}

START_TEST(test_gap_and_fold)
{
  struct made_book *made = plain_book("Europe/Berlin");
  ck_assert_int_eq(made_compile(made), SP_OK);
  /* 2026-03-29: 02:00 to 03:00 never occurs and has the offset before it (+1). */
  ck_assert_int_eq(sp_book_from_local(&made->book, local(2026, 3, 29, 9000)),
                   local(2026, 3, 29, 9000 - 3600));
  /* 2026-10-25: 02:30 occurs twice; the first has +2. */
  ck_assert_int_eq(sp_book_from_local(&made->book, local(2026, 10, 25, 9000)),
                   local(2026, 10, 25, 9000 - 7200));
  /* The local day has 25 hours. */
  int32_t day = sp_civil_to_day(2026, 10, 25);
  ck_assert_int_eq(sp_book_day_start(&made->book, day + 1) - sp_book_day_start(&made->book, day),
                   90000);
  made_end(made);
}
END_TEST

/* --- bands: against the rows, second by second at edges, and at random --- */

struct band_row {
  const char *band, *days;
  uint32_t from_s, to_s;
  uint32_t weekdays; /* bit per weekday; 0 = by type */
  int type;
};

static const struct band_row band_rows[] = {
    {"night", "all", 0, 25200, 0x7F, -1},    {"night", "all", 82800, 86400, 0x7F, -1},
    {"work", "workday", 32400, 64800, 0, 0}, {"rest", "weekend", 0, 86400, 0, 1},
    {"feast", "holiday", 0, 86400, 0, 2},    {"fri", "fri", 61200, 86400, 0x10, -1},
};

static int naive_type(int32_t day)
{
  if (day == sp_civil_to_day(2026, 10, 1)) {
    return 2;
  }
  if (day == sp_civil_to_day(2026, 10, 10)) {
    return 0; /* a shifted Saturday */
  }
  return sp_civil_weekday(day) >= 5;
}

static uint64_t naive_bands(const struct sp_book *book, int64_t local_s)
{
  int32_t day = sp_civil_day_of(local_s);
  uint32_t second = (uint32_t)(local_s - (int64_t)day * 86400);
  const struct sp_book_name *names = SP_BOOK_TABLE(book, band_names, struct sp_book_name);
  uint64_t bands = 0;
  for (size_t i = 0; i < sizeof(band_rows) / sizeof(band_rows[0]); i++) {
    const struct band_row *row = &band_rows[i];
    bool on = row->type >= 0 ? row->type == naive_type(day)
                             : (row->weekdays >> sp_civil_weekday(day) & 1u) != 0;
    for (uint32_t id = 0; on && id < book->header->band_names.count; id++) {
      bool same = names[id].length == strlen(row->band) &&
                  memcmp(sp_book_text(book, names[id]), row->band, names[id].length) == 0;
      if (same && row->from_s <= second && second < row->to_s) {
        bands |= UINT64_C(1) << id;
      }
    }
  }
  return bands;
}

START_TEST(test_bands)
{
  char table[1024];
  size_t at = (size_t)snprintf(table, sizeof(table), "band,days,from,to\n");
  for (size_t i = 0; i < sizeof(band_rows) / sizeof(band_rows[0]); i++) {
    const struct band_row *row = &band_rows[i];
    at += (size_t)snprintf(table + at, sizeof(table) - at, "%s,%s,%02u:%02u,%02u:%02u\n", row->band,
                           row->days, row->from_s / 3600, row->from_s / 60 % 60, row->to_s / 3600,
                           row->to_s / 60 % 60);
  }
  struct made_book *made = plain_book("Asia/Shanghai");
  made_add(made, "bands.csv", table);
  made_add(made, "calendar.csv", "date,day\n2026-10-10,workday\n2026-10-01,holiday\n");
  ck_assert_int_eq(made_compile(made), SP_OK);
  draw_begin(20261130);
  for (int i = 0; i < 40000; i++) {
    int64_t utc_s = local(2026, 9, 25, 0) + draw(20 * 86400);
    int64_t until_s;
    uint64_t bands = sp_book_bands(&made->book, utc_s, &until_s);
    ck_assert_uint_eq(bands, naive_bands(&made->book, utc_s + 28800));
    ck_assert_int_gt(until_s, utc_s);
    ck_assert_uint_eq(naive_bands(&made->book, until_s - 1 + 28800), bands);
  }
  made_end(made);
}
END_TEST

START_TEST(test_cycles)
{
  struct made_book *made = made_begin("Asia/Shanghai");
  while (made->files > 0) {
    free(made->file[--made->files].bytes);
  }
  made_add(made, "book.yaml", "name: c\ntimezone: Asia/Shanghai\ncycle_day: 15\n");
  (void)made_zone(made, "Asia/Shanghai");
  made_add(made, "plans.csv", plans);
  made_add(made, "rates.csv", rates);
  ck_assert_int_eq(made_compile(made), SP_OK);
  const struct sp_book *book = &made->book;
  int64_t start_s = local(2026, 3, 15, 0) - 28800;
  ck_assert_int_eq(sp_book_cycle(book, start_s), 2026 * 12 + 2);
  ck_assert_int_eq(sp_book_cycle(book, start_s - 1), 2026 * 12 + 1);
  ck_assert_int_eq(sp_book_cycle_start(book, 2026 * 12 + 2), start_s);
  ck_assert_int_eq(sp_book_cycle(book, local(2026, 1, 1, 0)), 2025 * 12 + 11);
  ck_assert_int_eq(sp_book_cycle_start(book, 2025 * 12 + 11), local(2025, 12, 15, 0) - 28800);
  ck_assert_int_eq(sp_book_local_day(book, start_s - 1), sp_civil_to_day(2026, 3, 14));
  made_end(made);
}
END_TEST

START_TEST(test_places)
{
  struct made_book *made = plain_book("Asia/Shanghai");
  made_add(made, "areas.csv",
           "area,name,province\n755,Shenzhen,Guangdong\n20,Guangzhou,Guangdong\n"
           "10,Beijing,Beijing\n571,Hangzhou,\n");
  made_add(made, "cells.csv",
           "plmn,lac_from,lac_to,area\n46000,2000,2999,20\n46000,1000,1999,755\n"
           "46001,5,5,10\n");
  made_add(made, "ported.csv",
           "number,operator,from,to\n8613800138000,CUCC,2026-03-01,2026-04-01\n"
           "8613800138000,CTCC,2026-05-01,\n");
  ck_assert_int_eq(made_compile(made), SP_OK);
  const struct sp_book *book = &made->book;
  ck_assert_uint_ne(sp_book_find_province(book, "755", 3), 0);
  ck_assert_uint_eq(sp_book_find_province(book, "755", 3), sp_book_find_province(book, "20", 2));
  ck_assert_uint_ne(sp_book_find_province(book, "10", 2), sp_book_find_province(book, "20", 2));
  ck_assert_uint_eq(sp_book_find_province(book, "571", 3), 0);
  ck_assert_uint_eq(sp_book_find_province(book, "999", 3), 0);
  ck_assert_uint_eq(sp_book_find_province(book, "", 0), 0);
  static const struct {
    const char *plmn;
    int64_t lac;
    const char *area;
  } cells[] = {{"46000", 999, ""},    {"46000", 1000, "755"}, {"46000", 1999, "755"},
               {"46000", 2000, "20"}, {"46000", 2999, "20"},  {"46000", 3000, ""},
               {"46001", 5, "10"},    {"46002", 5, ""},       {"46000", -1, ""},
               {"4600", 1000, ""},    {"", 1000, ""}};
  for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
    struct sp_book_name area =
        sp_book_find_cell_area(book, cells[i].plmn, strlen(cells[i].plmn), cells[i].lac);
    ck_assert_uint_eq(area.length, strlen(cells[i].area));
    ck_assert(memcmp(sp_book_text(book, area), cells[i].area, area.length) == 0);
  }
  uint64_t number = digits_of("8613800138000");
  int64_t march_s = local(2026, 3, 1, 0) - 28800;
  ck_assert_ptr_null(sp_book_find_ported(book, number, march_s - 1));
  ck_assert_ptr_nonnull(sp_book_find_ported(book, number, march_s));
  ck_assert_ptr_null(sp_book_find_ported(book, number, local(2026, 4, 1, 0) - 28800));
  ck_assert_ptr_nonnull(sp_book_find_ported(book, number, local(2030, 1, 1, 0)));
  ck_assert_ptr_null(sp_book_find_ported(book, digits_of("8613800138001"), march_s));
  made_end(made);
}
END_TEST

/* --- a book of everything, for damage and memory --- */

static struct made_book *full_book(void)
{
  struct made_book *made = made_begin("Asia/Shanghai");
  made_add(made, "areas.csv", "area,province\n755,Guangdong\n10,Beijing\n");
  made_add(made, "numbers.csv",
           "prefix,operator,kind,area\n86138,CMCC,mobile,755\n861380,CUCC,mobile,10\n");
  made_add(made, "ported.csv", "number,operator\n8613800138000,CUCC\n");
  made_add(made, "cells.csv", "plmn,lac_from,lac_to,area\n46000,1,2,755\n");
  made_add(made, "calendar.csv", "date,day\n2026-10-01,holiday\n");
  made_add(made, "bands.csv", "band,days,from,to\nearly,all,00:00,07:00\nlate,all,07:00,24:00\n");
  made_add(made, "destinations.csv", "destination,prefix\njp,81\nhk,852\nhkm,8526\n");
  made_add(made, "plans.csv",
           "plan,kind,name,monthly_fee\nday,base,Day,5\nvnet,group,,\nplus,add_on,,\n");
  made_add(
      made, "rates.csv",
      "plan,item,service,net,dest,band,rating_group,counter,connect_fee,from,price,per,increment\n"
      "day,base,voice,,,early,,,0.05,,0.20,1min,\nday,base,voice,,,late,,,,,1/3,1min,6s\n"
      "day,ld,voice,,hk;jp,,,cycle,,,0.5,1min,\nday,ld,voice,,hk;jp,,,,,10min,0.4,1min,\n"
      "day,ld,voice,,hkm,,,,,,0.9,1min,\nday,flow,data,,,,1001;1002,,,,0.1,1MB,1KB\n"
      "vnet,base,voice,group,,,,,,,0,1min,\n");
  made_add(made, "allowances.csv",
           "plan,allowance,unit,service,amount,scope,member_cap\n"
           "day,free,s,voice,100min,,\nvnet,pool,s,voice,500min,pool,60min\n");
  made_add(made, "discounts.csv",
           "plan,discount,item,kind,value,threshold,set,priority\n"
           "plus,a,,percent,10.5,,s,1\nplus,b,,free,,,s,1\nday,c,,cap_month,600,,,\n"
           "day,k,flow,block_cap,5,1GB,,\n");
  made_add(made, "payers.csv",
           "plan,payer,mode,value,member_cap,group_cap,priority\n"
           "vnet,boss,share,50,10,,1\nvnet,rest,full,,,,2\n");
  return made;
}

START_TEST(test_full_book)
{
  struct made_book *made = full_book();
  ck_assert_int_eq(made_compile(made), SP_OK);
  ck_assert_str_eq(made->report, "");
  const struct sp_book *book = &made->book;
  const struct sp_book_plan *plan = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
  ck_assert_uint_eq(book->header->plans.count, 3); /* day, plus, vnet */
  ck_assert_uint_eq(plan[0].items_count, 3);
  ck_assert_uint_eq(plan[1].items_count, 0);
  ck_assert_uint_eq(plan[1].discounts_count, 2);
  ck_assert_uint_eq(plan[2].payers_count, 2);
  ck_assert_int_eq(plan[0].monthly_fee_micro, 5000000);
  const struct sp_book_item *item = SP_BOOK_TABLE(book, items, struct sp_book_item);
  const struct sp_book_rule *rule = SP_BOOK_TABLE(book, rules, struct sp_book_rule);
  const struct sp_book_slot *slot = SP_BOOK_TABLE(book, slots, struct sp_book_slot);
  /* base: 0.20 a minute and 1/3 a minute by 6 s: 200000 and 100000 / 3 micro-units. */
  ck_assert_int_eq(item[0].denominator, 3);
  ck_assert_int_eq(slot[rule[item[0].rules_at].slots_at].price, 600000);
  ck_assert_int_eq(slot[rule[item[0].rules_at + 1].slots_at].price, 100000);
  ck_assert_int_eq(rule[item[0].rules_at].connect_fee, 150000);
  /* ld: the rule with two slots counts on the cycle; both prefixes of its cell are in the index. */
  ck_assert_uint_eq(item[2].rules_plain, 0);
  ck_assert_uint_eq(item[2].dest_index_count, 3);
  ck_assert_uint_eq(rule[item[2].rules_at].counter, 1);
  ck_assert_uint_eq(sp_book_rest(book, rule + item[2].rules_at)->slots_count, 2);
  ck_assert_uint_eq(sp_book_find_rating_group(book, "1001", 4), 1);
  ck_assert_uint_eq(sp_book_find_rating_group(book, "1003", 4), 0);
  ck_assert_uint_eq(sp_book_find_plan(book, "vnet", 4), 2);
  ck_assert_uint_eq(sp_book_find_plan(book, "none", 4), SP_NONE);
  made_end(made);
}
END_TEST

/* Files beside the tables: what looks like a table and is none is warned of, the others are not. */
START_TEST(test_stray_files)
{
  struct made_book *made = full_book();
  static const char *const strays[] = {".csv",  "a.csw", "a.cxv", "a.xsv", "axcsv",
                                       "a.txt", "a.csv", "A.CSV", "note"};
  for (size_t i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
    made_add(made, strays[i], "x\n");
  }
  ck_assert_int_eq(made_compile(made), SP_OK);
  ck_assert_str_eq(made->report, "a.csv:0:w\nA.CSV:0:w\n");
  made_end(made);
}
END_TEST

START_TEST(test_altered_image)
{
  struct made_book *made = full_book();
  ck_assert_int_eq(made_compile(made), SP_OK);
  unsigned char *bytes = made->image.bytes;
  struct sp_book book;
  for (size_t at = 0; at < made->image.length; at += at < 1200 ? 1 : 7) {
    bytes[at] ^= 0x10;
    ck_assert_msg(sp_book_open(&book, bytes, made->image.length) != SP_OK, "byte %zu", at);
    bytes[at] ^= 0x10;
  }
  for (size_t length = 0; length < made->image.length; length += 61) {
    ck_assert_int_ne(sp_book_open(&book, bytes, length), SP_OK);
  }
  ck_assert_int_eq(sp_book_open(&book, bytes, made->image.length), SP_OK);
  made_end(made);
}
END_TEST

/* The hash made right again. */
static enum sp_status hashed_open(struct sp_book *book, char *bytes, size_t length)
{
  struct sp_hash128 hash =
      sp_hash128(bytes + SP_BOOK_UNHASHED, length - SP_BOOK_UNHASHED, SP_BOOK_VERSION);
  memcpy(bytes + offsetof(struct sp_book_header, hash), &hash, sizeof(hash));
  return sp_book_open(book, bytes, length);
}

/* Every word of an image set to values that do not belong there, the hash made right again:
 * refused, or every question has an answer. */
START_TEST(test_wrong_words)
{
  static const uint32_t wrong[] = {0, 1, 0x7FFFFFFF, 0x80000001, UINT32_MAX};
  struct made_book *made = full_book();
  ck_assert_int_eq(made_compile(made), SP_OK);
  char *bytes = made->image.bytes;
  size_t length = made->image.length;
  size_t refused = 0;
  for (size_t at = SP_BOOK_UNHASHED; at < length; at += 4) {
    uint32_t word;
    memcpy(&word, bytes + at, sizeof(word));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
      struct sp_book book;
      memcpy(bytes + at, &wrong[i], sizeof(wrong[i]));
      if (hashed_open(&book, bytes, length) == SP_OK) {
        made_questions(&book);
        made_rules(&book);
      } else {
        refused++;
      }
    }
    memcpy(bytes + at, &word, sizeof(word));
  }
  ck_assert_uint_gt(refused, 1000);
  made_end(made);
}
END_TEST

/* Rules that no item has, rows that none has: refused. So is an older version. */
START_TEST(test_left_over)
{
  struct made_book *made = full_book();
  ck_assert_int_eq(made_compile(made), SP_OK);
  char *bytes = made->image.bytes;
  struct sp_book_header *header = (struct sp_book_header *)(void *)bytes;
  struct sp_book_plan *plan = (struct sp_book_plan *)(void *)(bytes + header->plans.at) + 2;
  size_t length = made->image.length;
  ck_assert_int_eq(hashed_open(&made->book, bytes, length), SP_OK);
  header->dest_rules.count++;
  ck_assert_int_eq(hashed_open(&made->book, bytes, length), SP_BAD_FORMAT);
  header->dest_rules.count--;
  ck_assert_uint_eq(header->items.count, plan->items_at + plan->items_count);
  header->items.count--;
  plan->items_count--;
  ck_assert_int_eq(hashed_open(&made->book, bytes, length), SP_BAD_FORMAT);
  header->items.count++;
  plan->items_count++;
  ck_assert_int_eq(hashed_open(&made->book, bytes, length), SP_OK);
  header->version--;
  ck_assert_int_eq(hashed_open(&made->book, bytes, length), SP_BAD_VERSION);
  made_end(made);
}
END_TEST

/* A discount of another kind's pass, a block_cap on no item: refused, for the rater asks no more.
 */
START_TEST(test_wrong_discounts)
{
  struct made_book *made = full_book();
  ck_assert_int_eq(made_compile(made), SP_OK);
  char *bytes = made->image.bytes;
  size_t length = made->image.length, blocks = 0;
  const struct sp_book_header *header = (const struct sp_book_header *)(const void *)bytes;
  struct sp_book_discount *rows = (struct sp_book_discount *)(void *)(bytes + header->discounts.at);
  for (uint64_t i = 0; i < header->discounts.count; i++) {
    struct sp_book_discount kept = rows[i];
    for (uint8_t pass = 0; pass < 5; pass++) {
      rows[i].pass = pass;
      ck_assert_int_eq(hashed_open(&made->book, bytes, length),
                       pass == kept.pass ? SP_OK : SP_BAD_FORMAT);
    }
    rows[i] = kept;
    if (kept.kind == SP_DISCOUNT_BLOCK_CAP) {
      rows[i].item = SP_NONE;
      ck_assert_int_eq(hashed_open(&made->book, bytes, length), SP_BAD_FORMAT);
      rows[i] = kept;
      blocks++;
    }
  }
  ck_assert_uint_eq(blocks, 1);
  made_end(made);
}
END_TEST

/* A book whose lists outgrow the arena's chunks, so that memory can end in many places. */
static struct made_book *large_book(void)
{
  static char table[400000];
  struct made_book *made = plain_book("Europe/Berlin");
  size_t at = (size_t)snprintf(table, sizeof(table), "destination,prefix\n");
  for (unsigned i = 0; i < 6000; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, "d%u,%u\n", i % 900, 100000 + i * 3);
  }
  made_add(made, "destinations.csv", table);
  at = (size_t)snprintf(table, sizeof(table), "prefix,operator,kind\n");
  for (unsigned i = 0; i < 6000; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, "%u,o%u,mobile\n", 8610000 + i * 3,
                           i % 900);
  }
  made_add(made, "numbers.csv", table);
  at = (size_t)snprintf(table, sizeof(table), "number,operator\n");
  for (unsigned i = 0; i < 4000; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, "86138%08u,o\n", i);
  }
  made_add(made, "ported.csv", table);
  made_add(made, "bands.csv", "band,days,from,to\na,all,00:00,12:00\nb,all,12:00,24:00\n");
  free(made->file[3].bytes); /* rates.csv of the plain book */
  made->file[3] = made->file[--made->files];
  at = (size_t)snprintf(table, sizeof(table),
                        "plan,item,service,dest,rating_group,band,price,per\n");
  for (unsigned i = 0; i < 3000; i++) {
    at += (size_t)snprintf(table + at, sizeof(table) - at, "day,i%u,data,d%u,g%u,%c,0.1,1KB\n",
                           i / 1000, i / 2 % 900, i / 2 % 700, i % 2 == 0 ? 'a' : 'b');
  }
  made_add(made, "rates.csv", table);
  return made;
}

/* Memory is asked for when a chunk is full: what lies before the book decides where that is. */
#define PIECE_BYTES ((size_t)96 << 10)

START_TEST(test_memory_ends_in_a_large_book)
{
  for (size_t before = 0; before < SP_MEMORY_CHUNK_BYTES; before += PIECE_BYTES) {
    long grows = 0;
    for (enum sp_status status = SP_NO_MEMORY; status != SP_OK; grows++) {
      struct made_book *made = large_book();
      for (size_t taken = 0; taken < before; taken += PIECE_BYTES) {
        ck_assert_ptr_nonnull(sp_memory_take(&made->memory, PIECE_BYTES));
      }
      made->grows_left = grows;
      status = made_compile(made);
      ck_assert_msg(status == SP_OK || status == SP_NO_MEMORY, "%d %s", status, made->last);
      ck_assert_uint_eq(made->problems.errors, 0);
      made_end(made);
    }
    ck_assert_int_gt(grows, 8);
  }
}
END_TEST

START_TEST(test_memory_ends)
{
  for (long grows = 0;; grows++) {
    struct made_book *made = full_book();
    made->grows_left = grows;
    enum sp_status status = made_compile(made);
    ck_assert_msg(status == SP_OK || status == SP_NO_MEMORY, "%d", status);
    made_end(made);
    if (status == SP_OK) {
      ck_assert_int_gt(grows, 1);
      break;
    }
  }
}
END_TEST

START_TEST(test_same_image)
{
  struct made_book *a = full_book();
  struct made_book *b = full_book();
  struct sp_book_file moved = b->file[2]; /* the order in which files come does not matter */
  b->file[2] = b->file[9];
  b->file[9] = moved;
  ck_assert_int_eq(made_compile(a), SP_OK);
  ck_assert_int_eq(made_compile(b), SP_OK);
  ck_assert_uint_eq(a->image.length, b->image.length);
  ck_assert(memcmp(a->image.bytes, b->image.bytes, a->image.length) == 0);
  made_end(a);
  made_end(b);
}
END_TEST

/* --- sets of books (§4.7, §18.5) --- */

static struct made_book *dated_book(const char *yaml, const char *plan)
{
  struct made_book *made = calloc(1, sizeof(*made));
  char table[128];
  made->grows_left = -1;
  made->memory = (struct sp_memory){.grow = made_grow, .release = made_release, .context = made};
  made->problems = (struct sp_problems){made_report, made, 0, 0};
  made_add(made, "book.yaml", yaml);
  (void)made_zone(made, strstr(yaml, "UTC") != NULL ? "UTC" : "Asia/Shanghai");
  snprintf(table, sizeof(table), "plan,kind\n%s,base\n", plan);
  made_add(made, "plans.csv", table);
  ck_assert_int_eq(made_compile(made), SP_OK);
  return made;
}

START_TEST(test_book_set)
{
  struct made_book *made[7] = {
      dated_book("name: new\ntimezone: Asia/Shanghai\nvalid_from: 2026-06-01\n", "b"),
      dated_book("name: old\ntimezone: Asia/Shanghai\nvalid_from: 2026-01-01\n", "a"),
      dated_book("name: day\ntimezone: Asia/Shanghai\ncycle_day: 2\n", "a"),
      dated_book("name: zone\ntimezone: UTC\n", "a"),
      dated_book("name: twice\ntimezone: Asia/Shanghai\nvalid_from: 2026-06-01T00:00:00+08:00\n",
                 "a"),
      dated_book("name: money\ncurrency: EUR\ntimezone: Asia/Shanghai\n", "a"),
      dated_book("name: land\nhome_country: 49\ntimezone: Asia/Shanghai\n", "a")};
  struct sp_book pair[2] = {made[0]->book, made[1]->book};
  static struct sp_books books;
  uint32_t clash;
  ck_assert_int_eq(sp_books_make(&books, pair, 2, &made[0]->memory, &clash), SP_OK);
  ck_assert_uint_eq(books.by_start[0], 1);
  ck_assert_uint_eq(sp_books_at(&books, local(2025, 12, 31, 0)), SP_NONE);
  ck_assert_uint_eq(sp_books_at(&books, local(2026, 1, 1, 0) - 28800), 1);
  ck_assert_uint_eq(sp_books_at(&books, local(2026, 6, 1, 0) - 28800), 0);
  ck_assert_uint_eq(books.names_count, 2);
  ck_assert_uint_eq(books.names[books.plan_ids[0][0]].rank, 1); /* "b" after "a" */
  ck_assert_uint_eq(books.names[books.plan_ids[1][0]].rank, 0);
  for (size_t i = 2; i < 7; i++) {
    pair[1] = made[i]->book;
    ck_assert_int_eq(sp_books_make(&books, pair, 2, &made[0]->memory, &clash), SP_BAD_BOOK);
    ck_assert_uint_eq(clash, 1);
  }
  for (size_t i = 0; i < 7; i++) {
    made_end(made[i]);
  }
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_longest_prefix);
  tcase_add_test(tests, test_zones);
  tcase_add_test(tests, test_gap_and_fold);
  tcase_add_test(tests, test_bands);
  tcase_add_test(tests, test_cycles);
  tcase_add_test(tests, test_places);
  tcase_add_test(tests, test_full_book);
  tcase_add_test(tests, test_altered_image);
  tcase_add_test(tests, test_wrong_words);
  tcase_add_test(tests, test_left_over);
  tcase_add_test(tests, test_wrong_discounts);
  tcase_add_test(tests, test_memory_ends);
  tcase_add_test(tests, test_memory_ends_in_a_large_book);
  tcase_add_test(tests, test_same_image);
  tcase_add_test(tests, test_stray_files);
  tcase_add_test(tests, test_book_set);
  return check_run("book", tests);
}
