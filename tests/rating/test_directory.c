/* The directory against a plain list that is searched from end to end, over seeded random
 * customers; packed names and the index; components; the image and back. SEED=n repeats one. */
#include "rating/directory_image.h"
#include "rating/directory_names.h"
#include "rating/number.h"
#include "tests/check_run.h"
#include "tests/draw.h"
#include "tests/rating/customers_case.h"

#define SUBSCRIBERS 60
#define ROWS 160
#define GROUPS 12
#define DAYS 40 /* rows begin and end on days of 2026 */

static const struct case_file book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\n"},
    {"plans.csv", "plan,kind\nb,base\nc,add_on\nv,group\nf,family\npool,family\n"},
    {"rates.csv", "plan,item,service,price,per\nb,base,voice,0.20,1min\nv,base,voice,0.10,1min\n"
                  "f,base,voice,0.10,1min\npool,base,voice,0.10,1min\n"},
    {"allowances.csv", "plan,allowance,unit,service,amount,scope\npool,m,s,voice,60min,pool\n"}};

struct span {
  int from, to; /* days, -1 and DAYS + 1: open */
};

static bool holds(struct span span, int day)
{
  return span.from <= day && day < span.to;
}

static bool overlap(struct span a, struct span b)
{
  return a.from < b.to && b.from < a.to;
}

/* The model: accepted rows as they stand in the files. */
static struct {
  struct {
    int subscriber, number, account;
    struct span span;
  } rows[ROWS];
  struct {
    int subscriber, group, short_number;
    struct span span;
  } members[ROWS];
  struct {
    int parent, root;
    bool family;
    struct span span;
  } groups[GROUPS];
  int rows_count, members_count;
} m;

static struct span span_random(void)
{
  struct span span = {(int)draw(DAYS), 0};
  span.to = span.from + 1 + (int)draw(DAYS);
  if (draw(3) == 0) {
    span.from = -1;
  }
  if (span.to > DAYS || draw(3) == 0) {
    span.to = DAYS + 1;
  }
  return span;
}

static void day_write(char *to, size_t size, int day)
{
  *to = '\0';
  if (day >= 0 && day <= DAYS) {
    snprintf(to, size, "2026-%02d-%02d", 1 + day / 28, 1 + day % 28);
  }
}

static void line_add(char *table, size_t size, const char *cells, struct span span)
{
  char from[16], to[16];
  day_write(from, sizeof(from), span.from);
  day_write(to, sizeof(to), span.to);
  snprintf(table + strlen(table), size - strlen(table), "%s,%s,%s\n", cells, from, to);
}

static char subscribers[32768], groups[8192], members[32768], subscriptions[32768], cells[128];

static void subscribers_random(void)
{
  snprintf(subscribers, sizeof(subscribers), "subscriber,number,account,from,to\n");
  m.rows_count = 0;
  for (int i = 0; i < ROWS; i++) {
    int subscriber = (int)draw(SUBSCRIBERS), number = (int)draw(SUBSCRIBERS);
    int account = (int)draw(20);
    struct span span = span_random();
    snprintf(cells, sizeof(cells), "S%d,86138%08d,A%d", subscriber, number, account);
    line_add(subscribers, sizeof(subscribers), cells, span);
    bool stands = true;
    for (int k = 0; k < m.rows_count; k++) {
      stands &= !(overlap(m.rows[k].span, span) &&
                  (m.rows[k].subscriber == subscriber || m.rows[k].number == number));
    }
    if (stands) {
      m.rows[m.rows_count].subscriber = subscriber;
      m.rows[m.rows_count].number = number;
      m.rows[m.rows_count].account = account;
      m.rows[m.rows_count++].span = span;
    }
  }
}

static void groups_random(void)
{
  snprintf(groups, sizeof(groups), "group,kind,parent,from,to\n");
  for (int i = 0; i < GROUPS; i++) {
    m.groups[i].family = i % 3 == 2;
    m.groups[i].span = span_random();
    m.groups[i].parent = !m.groups[i].family && i > 2 && draw(2) ? (int)draw((uint32_t)i) : -1;
    if (m.groups[i].parent >= 0 && m.groups[m.groups[i].parent].family) {
      m.groups[i].parent = -1;
    }
    m.groups[i].root = m.groups[i].parent < 0 ? i : m.groups[m.groups[i].parent].root;
    /* Names against the order of the file: the lowest name is the last row. */
    snprintf(cells, sizeof(cells), "G%02d,%s,", GROUPS - i,
             m.groups[i].family ? "family" : "enterprise");
    if (m.groups[i].parent >= 0) {
      snprintf(cells + strlen(cells), sizeof(cells) - strlen(cells), "G%02d",
               GROUPS - m.groups[i].parent);
    }
    line_add(groups, sizeof(groups), cells, m.groups[i].span);
  }
}

static bool known(int subscriber)
{
  for (int k = 0; k < m.rows_count; k++) {
    if (m.rows[k].subscriber == subscriber) {
      return true;
    }
  }
  return false;
}

static bool member_stands(int subscriber, int group, int short_number, struct span span)
{
  bool stands = known(subscriber);
  for (int k = 0; k < m.members_count; k++) {
    if (!overlap(m.members[k].span, span)) {
      continue;
    }
    int other = m.members[k].group;
    bool same_kind = m.groups[other].family == m.groups[group].family;
    bool same_top = m.groups[other].root == m.groups[group].root;
    if (m.members[k].subscriber == subscriber) {
      stands &= other != group && (!same_kind || same_top);
    } else {
      stands &= !(same_top && short_number != 0 && m.members[k].short_number == short_number);
    }
  }
  return stands;
}

static void members_random(void)
{
  snprintf(members, sizeof(members), "group,subscriber,short_number,from,to\n");
  m.members_count = 0;
  for (int i = 0; i < ROWS; i++) {
    int subscriber = (int)draw(SUBSCRIBERS), group = (int)draw(GROUPS);
    int short_number = draw(2) ? 600 + (int)draw(20) : 0;
    struct span span = span_random();
    snprintf(cells, sizeof(cells), "G%02d,S%d,", GROUPS - group, subscriber);
    if (short_number != 0) {
      snprintf(cells + strlen(cells), sizeof(cells) - strlen(cells), "%d", short_number);
    }
    line_add(members, sizeof(members), cells, span);
    if (member_stands(subscriber, group, short_number, span)) {
      m.members[m.members_count].subscriber = subscriber;
      m.members[m.members_count].group = group;
      m.members[m.members_count].short_number = short_number;
      m.members[m.members_count++].span = span;
    }
  }
}

static void customers_random(struct customers_case *own)
{
  char accounts[512] = "account\n";
  for (int i = 0; i < 20; i++) {
    snprintf(accounts + strlen(accounts), sizeof(accounts) - strlen(accounts), "A%d\n", i);
  }
  subscribers_random();
  groups_random();
  members_random();
  snprintf(subscriptions, sizeof(subscriptions), "owner,plan,from,to\n");
  for (int i = 0; i < ROWS; i++) {
    snprintf(cells, sizeof(cells), "subscriber:S%u,%s", draw(SUBSCRIBERS), draw(2) ? "b" : "c");
    line_add(subscriptions, sizeof(subscriptions), cells, span_random());
  }
  const struct case_file files[] = {{"accounts.csv", accounts},
                                    {"subscribers.csv", subscribers},
                                    {"groups.csv", groups},
                                    {"members.csv", members},
                                    {"subscriptions.csv", subscriptions}};
  case_begin(own);
  case_book(own, book, sizeof(book) / sizeof(book[0]));
  case_customers(own, files, 5);
}

static int64_t day_time(const struct customers_case *own, int day)
{
  char text[32];
  if (day < 0 || day > DAYS) {
    return day < 0 ? INT64_C(-1000000) : INT64_C(4000000000);
  }
  day_write(text, sizeof(text), day);
  return case_time(own, text);
}

static uint32_t index_of(const struct customers_case *own, int subscriber)
{
  char name[16];
  snprintf(name, sizeof(name), "S%d", subscriber);
  return case_subscriber(own, name);
}

static bool membership_counts(int member, int day)
{
  return holds(m.members[member].span, day) && holds(m.groups[m.members[member].group].span, day);
}

static int model_row(int subscriber, int number, int day)
{
  for (int k = 0; k < m.rows_count; k++) {
    if ((subscriber < 0 || m.rows[k].subscriber == subscriber) &&
        (number < 0 || m.rows[k].number == number) && holds(m.rows[k].span, day)) {
      return k;
    }
  }
  return -1;
}

static uint32_t model_domain(int subscriber, int day, uint32_t account)
{
  uint32_t family = SP_NONE;
  for (int k = 0; k < m.members_count; k++) {
    if (m.members[k].subscriber == subscriber && membership_counts(k, day)) {
      if (!m.groups[m.members[k].group].family) {
        return (uint32_t)m.groups[m.members[k].group].root | SP_DOMAIN_TREE;
      }
      family = (uint32_t)m.members[k].group | SP_DOMAIN_FAMILY;
    }
  }
  return family == SP_NONE ? account : family;
}

/* The member with a short number in the groups a subscriber is directly in; enterprise groups
 * first. */
static int model_short(int subscriber, int short_number, int day)
{
  for (int family = 0; family < 2; family++) {
    for (int k = 0; k < m.members_count; k++) {
      int group = m.members[k].group;
      if (m.members[k].subscriber != subscriber || m.groups[group].family != family ||
          !membership_counts(k, day)) {
        continue;
      }
      for (int i = 0; i < m.members_count; i++) {
        if (m.members[i].group == group && m.members[i].short_number == short_number &&
            membership_counts(i, day)) {
          return m.members[i].subscriber;
        }
      }
    }
  }
  return -1;
}

static void directory_check(const struct customers_case *own, const struct sp_directory *directory,
                            int day)
{
  int64_t at = day_time(own, day);
  for (int number = 0; number < SUBSCRIBERS; number++) {
    char text[16];
    snprintf(text, sizeof(text), "86138%08d", number);
    int row = model_row(-1, number, day);
    uint32_t found = sp_directory_find_number(directory, sp_number_pack(text, 13).digits, at);
    ck_assert_uint_eq(found, row < 0 ? SP_NONE : index_of(own, m.rows[row].subscriber));
  }
  for (int i = 0; i < SUBSCRIBERS; i++) {
    uint32_t subscriber = index_of(own, i);
    ck_assert_int_eq(subscriber != SP_NONE, known(i));
    if (!known(i)) {
      continue;
    }
    int row = model_row(i, -1, day);
    uint32_t account = row < 0 ? SP_NONE : (uint32_t)m.rows[row].account;
    ck_assert_uint_eq(sp_directory_account_at(directory, subscriber, at), account);
    ck_assert_uint_eq(sp_directory_domain_at(directory, subscriber, at),
                      model_domain(i, day, account));
    for (int k = 600; k < 620; k++) {
      char text[8];
      snprintf(text, sizeof(text), "%d", k);
      int other = model_short(i, k, day);
      ck_assert_uint_eq(
          sp_directory_find_short(directory, subscriber, sp_number_pack(text, 3).digits, at),
          other < 0 ? SP_NONE : index_of(own, other));
    }
  }
}

/* Whoever shares a domain at any time, or has one after the other, is in one component. */
static void components_check(const struct customers_case *own)
{
  const struct sp_directory *directory = own->directory;
  for (int day = -1; day <= DAYS; day++) {
    for (int i = 0; i < SUBSCRIBERS; i++) {
      int row = model_row(i, -1, day);
      if (row < 0) {
        continue;
      }
      uint64_t component = sp_directory_component(directory, index_of(own, i));
      uint32_t domain = model_domain(i, day, (uint32_t)m.rows[row].account);
      if (domain & (SP_DOMAIN_TREE | SP_DOMAIN_FAMILY)) {
        uint32_t group = domain & ~(SP_DOMAIN_TREE | SP_DOMAIN_FAMILY);
        ck_assert_uint_eq(sp_directory_group_component(directory, group), component);
        continue;
      }
      for (int k = 0; k < SUBSCRIBERS; k++) {
        int other = model_row(k, -1, day);
        if (other >= 0 && model_domain(k, day, (uint32_t)m.rows[other].account) == domain) {
          ck_assert_uint_eq(sp_directory_component(directory, index_of(own, k)), component);
        }
      }
    }
  }
}

static void lists_check(const struct sp_directory *directory)
{
  struct sp_subscription one;
  uint32_t members_seen = 0, count;
  for (uint32_t i = 0; i < sp_directory_group_count(directory); i++) {
    const struct sp_group_member *list = sp_directory_group_members(directory, i, &count);
    members_seen += count;
    for (uint32_t k = 0; k < count; k++) {
      uint32_t own_count;
      const struct sp_membership *membership =
          sp_directory_membership(directory, list[k].membership);
      const struct sp_membership *of =
          sp_directory_memberships(directory, list[k].subscriber, &own_count);
      ck_assert_uint_eq(membership->group, i);
      ck_assert(membership >= of && membership < of + own_count);
      ck_assert(k == 0 || list[k - 1].subscriber <= list[k].subscriber);
    }
  }
  ck_assert_uint_eq(members_seen, (uint32_t)m.members_count);
  for (uint32_t i = 0; i < sp_directory_subscriber_count(directory); i++) {
    const struct sp_membership *of = sp_directory_memberships(directory, i, &count);
    for (uint32_t k = 1; k < count; k++) {
      uint32_t before = sp_directory_group(directory, of[k - 1].group)->rank;
      uint32_t rank = sp_directory_group(directory, of[k].group)->rank;
      ck_assert(before < rank || (before == rank && of[k - 1].from_utc_s < of[k].from_utc_s));
    }
    sp_directory_prefetch_slice(directory, i); /* also of who has none */
    const struct sp_subscription *list = sp_directory_subscriptions(directory, i, &one, &count);
    for (uint32_t k = 0; k < count; k++) {
      ck_assert_uint_eq(list[k].row, k);
      ck_assert_uint_lt(list[k].plan, sp_directory_plan_count(directory));
    }
  }
}

#define PIECES_MAX 256
struct pieces {
  struct sp_directory_piece piece[PIECES_MAX];
  size_t count;
};

static enum sp_status piece_keep(void *context, const struct sp_directory_piece *piece)
{
  struct pieces *pieces = context;
  ck_assert_uint_lt(pieces->count, PIECES_MAX);
  void *copy = malloc(piece->length);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, piece->bytes, piece->length);
  pieces->piece[pieces->count] = *piece;
  pieces->piece[pieces->count++].bytes = copy;
  return SP_OK;
}

static void pieces_free(struct pieces *pieces)
{
  for (size_t i = 0; i < pieces->count; i++) {
    free((void *)(uintptr_t)pieces->piece[i].bytes);
  }
}

static enum sp_status pieces_restore(const struct pieces *pieces, size_t count,
                                     struct sp_memory *memory, struct sp_directory **directory)
{
  struct sp_directory_restore restore;
  sp_heap_init(memory);
  sp_directory_restore_begin(&restore, memory);
  enum sp_status status = SP_OK;
  for (size_t i = 0; i < count && status == SP_OK; i++) {
    status = sp_directory_restore_piece(&restore, &pieces->piece[i]);
  }
  if (status == SP_OK) {
    status = sp_directory_restore_end(&restore);
  }
  *directory = restore.directory;
  return status;
}

/* Saved, restored and saved again: the same bytes and the same answers. */
static void image_check(const struct customers_case *own)
{
  static struct pieces one, other;
  struct sp_memory memory;
  struct sp_directory *restored;
  one.count = other.count = 0;
  ck_assert_int_eq(sp_directory_save(own->directory, piece_keep, &one), SP_OK);
  ck_assert_int_eq(pieces_restore(&one, one.count, &memory, &restored), SP_OK);
  ck_assert_int_eq(sp_directory_save(restored, piece_keep, &other), SP_OK);
  ck_assert_uint_eq(one.count, other.count);
  for (size_t i = 0; i < one.count; i++) {
    ck_assert_uint_eq(one.piece[i].length, other.piece[i].length);
    ck_assert_mem_eq(one.piece[i].bytes, other.piece[i].bytes, one.piece[i].length);
  }
  directory_check(own, restored, 7);
  sp_directory_free(restored);
  sp_memory_free(&memory);
  pieces_free(&one);
  pieces_free(&other);
}

START_TEST(test_random)
{
  static struct customers_case own;
  draw_begin(1000 + (uint64_t)_i);
  draw_seed *= UINT64_C(0x9E3779B97F4A7C15); /* seeds in a row begin alike */
  customers_random(&own);
  for (int day = -1; day <= DAYS; day += 1 + (int)draw(3)) {
    directory_check(&own, own.directory, day);
  }
  components_check(&own);
  lists_check(own.directory);
  image_check(&own);
  case_end(&own);
}
END_TEST

/* No byte of an image, changed, cut off or left out, makes a directory that reaches beyond its
 * arrays. */
START_TEST(test_damaged_image)
{
  static struct customers_case own;
  static struct pieces pieces;
  draw_seed = 4711;
  customers_random(&own);
  ck_assert_int_eq(sp_directory_save(own.directory, piece_keep, &pieces), SP_OK);
  struct sp_memory memory;
  struct sp_directory *restored;
  for (int round = 0; round < 400; round++) {
    size_t piece = draw((uint32_t)pieces.count);
    size_t at = draw(pieces.piece[piece].length);
    unsigned char *byte = (unsigned char *)(uintptr_t)pieces.piece[piece].bytes + at;
    unsigned char before = *byte;
    *byte = (unsigned char)(draw(2) ? before ^ (1u << draw(8)) : draw(256));
    enum sp_status status = pieces_restore(&pieces, pieces.count, &memory, &restored);
    if (status == SP_OK) {
      struct sp_subscription one;
      uint32_t count;
      for (uint32_t i = 0; i < sp_directory_subscriber_count(restored); i++) {
        (void)sp_directory_domain_at(restored, i, 1767225600);
        (void)sp_directory_subscriptions(restored, i, &one, &count);
        (void)sp_directory_find_short(restored, i, sp_number_pack("600", 3).digits, 1767225600);
      }
    }
    sp_directory_free(restored);
    sp_memory_free(&memory);
    *byte = before;
  }
  for (size_t count = 0; count < pieces.count; count++) {
    ck_assert_int_eq(pieces_restore(&pieces, count, &memory, &restored), SP_BAD_FORMAT);
    sp_directory_free(restored);
    sp_memory_free(&memory);
  }
  ((uint32_t *)(uintptr_t)pieces.piece[0].bytes)[2]++; /* version */
  ck_assert_int_eq(pieces_restore(&pieces, pieces.count, &memory, &restored), SP_BAD_VERSION);
  sp_directory_free(restored);
  sp_memory_free(&memory);
  pieces_free(&pieces);
  case_end(&own);
}
END_TEST

/* Names of all lengths over many chunks; the index with few hashes, so that lines overflow. */
START_TEST(test_names)
{
  struct sp_memory memory;
  struct sp__words words;
  static char text[SP__NAME_BYTES_MAX + 1];
  sp_heap_init(&memory);
  ck_assert_int_eq(sp__words_make(&words, &memory, 0), SP_OK);
  for (uint32_t i = 0; i < 20000; i++) {
    memset(text, 'a' + (int)(i % 26), sizeof(text));
    int length = snprintf(text, 9, "%08u", i);
    text[length] = 'x';
    uint32_t id, total = 8 + i * 7 % (SP__NAME_BYTES_MAX - 7);
    ck_assert_int_eq(sp__words_add(&words, (struct sp_name){text, total}, &id), SP_OK);
    ck_assert_uint_eq(id, i);
    ck_assert_int_eq(sp__words_add(&words, (struct sp_name){text, total}, &id), SP_OK);
    ck_assert_uint_eq(id, i);
    ck_assert_uint_eq(sp__words_find(&words, (struct sp_name){text, total - 1}), SP_NONE);
  }
  for (uint32_t i = 0; i < 20000; i++) {
    struct sp_name name = sp__names_at(&words.names, i);
    ck_assert_uint_eq(name.length, 8 + i * 7 % (SP__NAME_BYTES_MAX - 7));
    ck_assert_uint_eq(strtoul(memcpy(text, name.text, 8), NULL, 10) % 100000000, i);
  }
  sp__words_free(&words);
  struct sp__index index = {0};
  ck_assert_int_eq(sp__index_make(&index, &memory, 1000), SP_OK);
  for (uint32_t i = 0; i < 1000; i++) {
    sp__index_add(&index, (uint64_t)(i % 7) << 61 | i % 3, i);
  }
  for (uint32_t hash = 0; hash < 21; hash++) {
    uint64_t key = (uint64_t)(hash % 7) << 61 | hash % 3;
    struct sp__index_cursor cursor = sp__index_begin(&index, key);
    uint32_t ref, seen = 0;
    while ((ref = sp__index_next(&index, key, &cursor)) != SP_NONE) {
      seen += ref % 7 == hash % 7 && ref % 3 == hash % 3;
    }
    ck_assert_uint_eq(seen, (1000 - 1 - hash) / 21 + 1);
  }
  sp__index_free(&index, &memory);
  sp_memory_free(&memory);
}
END_TEST

/* A small world by hand: which domains make one component. */
START_TEST(test_components)
{
  static struct customers_case own;
  const struct case_file files[] = {
      {"accounts.csv", "account\nA1\nA2\nA3\nA4\nA5\n"},
      {"subscribers.csv",
       "subscriber,number,account,from,to\n"
       "S1,1001,A1,2020-01-01,\nS2,1002,A2,2020-01-01,\nS3,1003,A3,2020-01-01,2021-01-01\n"
       "S3,1004,A4,2021-01-01,\nS4,1005,A5,2020-01-01,\nS5,1006,A5,2020-01-01,\n"
       "S6,1007,A1,2020-01-01,\n"},
      {"groups.csv", "group,kind,parent,from,to\nT,enterprise,,,\nU,enterprise,T,,\n"
                     "F,family,,,\nX,enterprise,,,2020-01-01\nP,family,,,\n"},
      {"members.csv",
       "group,subscriber,from,to\nU,S1,2020-06-01,\nT,S2,2019-01-01,\nF,S4,2019-01-01,\n"
       "X,S5,2019-01-01,\nT,S6,2019-01-01,\nP,S2,,\nP,S6,,\n"},
      {"subscriptions.csv", "owner,plan,from,to\ngroup:P,pool,,\n"}};
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, 5);
  ck_assert_msg(own.problems.errors == 0, "%s", own.lines);
  uint64_t of[7];
  for (int i = 1; i < 7; i++) {
    of[i] = sp_directory_component(own.directory, index_of(&own, i));
  }
  ck_assert_uint_eq(of[1], of[2]); /* S1 was A1's before it joined the tree of S2 */
  ck_assert_uint_eq(of[1], sp_directory_group_component(own.directory, case_group(&own, "U")));
  ck_assert_uint_eq(of[1], of[6]); /* in the tree all its time: A1 is no domain of it, T is */
  ck_assert_uint_ne(of[3], of[1]);
  ck_assert_uint_ne(of[4], of[5]); /* one account, but S4's domain is always its family */
  ck_assert_uint_eq(of[4], sp_directory_group_component(own.directory, case_group(&own, "F")));
  ck_assert_uint_ne(of[5], sp_directory_group_component(own.directory, case_group(&own, "X")));
  /* A pool's family has its state where its members are, though it is nobody's domain. */
  ck_assert_uint_eq(of[2], sp_directory_group_component(own.directory, case_group(&own, "P")));
  case_end(&own);
}
END_TEST

/* What is not there: a number at an instant, facts, a text; and a short number that passes on. */
START_TEST(test_absent)
{
  static struct customers_case own;
  const struct case_file files[] = {
      {"accounts.csv", "account\nA1\n"},
      {"subscribers.csv", "subscriber,number,account,from,to\nS1,1001,A1,2020-01-01,2021-01-01\n"
                          "S2,1002,A1,2020-01-01,\nS3,1003,A1,2020-01-01,\n"},
      {"groups.csv", "group,kind\nG,enterprise\nH,enterprise\n"},
      {"members.csv", "group,subscriber,short_number,from,to\nG,S1,601,2020-01-01,2020-06-01\n"
                      "G,S2,601,2020-06-01,2020-09-01\nG,S2,602,2020-09-01,\nG,S3,,2020-01-01,\n"}};
  case_begin(&own);
  case_book(&own, book, sizeof(book) / sizeof(book[0]));
  case_customers(&own, files, 4);
  ck_assert_msg(own.problems.errors == 0, "%s", own.lines);
  const struct sp_directory *directory = own.directory;
  uint32_t count = 1;
  (void)sp_directory_facts(directory, 0, &count);
  ck_assert_uint_eq(count, 0);
  int64_t may = case_time(&own, "2020-05-31"), july = case_time(&own, "2020-07-01"),
          winter = case_time(&own, "2021-12-01");
  ck_assert_uint_eq(sp_directory_number_at(directory, 0, may), sp_number_pack("1001", 4).digits);
  ck_assert_uint_eq(sp_directory_number_at(directory, 0, winter), 0);
  uint64_t short_number = sp_number_pack("601", 3).digits;
  ck_assert_uint_eq(sp_directory_find_short(directory, 2, short_number, may), 0);
  ck_assert_uint_eq(sp_directory_find_short(directory, 2, short_number, july), 1);
  ck_assert_uint_eq(sp_directory_find_short(directory, 2, short_number, winter), SP_NONE);
  struct sp_name none = {NULL, 0}, a = {"a", 1}, ab = {"ab", 2};
  ck_assert_int_lt(sp__name_compare(none, a), 0);
  ck_assert_int_gt(sp__name_compare(a, none), 0);
  ck_assert_int_eq(sp__name_compare(none, none), 0);
  ck_assert_int_lt(sp__name_compare(a, ab), 0);
  case_end(&own);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_loop_test(tests, test_random, 0, 40);
  tcase_add_test(tests, test_damaged_image);
  tcase_add_test(tests, test_names);
  tcase_add_test(tests, test_components);
  tcase_add_test(tests, test_absent);
  return check_run("directory", tests);
}
