/* Each single request for memory refused once, the requests after it granted: NO_MEMORY and nothing
 * else, for books with and without errors, sets of books, CGRateS tables, customers, directories
 * from pieces, records, raters and resolvers. This program brings its own sp_memory_*, where every
 * request is one by itself. */

#include "ingest/resolve.h"
#include "rating/cgrates.h"
#include "rating/directory_image.h"
#include "rating/rate_parts.h"
#include "tests/check_run.h"
#include "tests/rating/rate_tariff.h"

#define TAKEN_MAX 8192
#define PIECES_MAX 256

static long refuse_at = -1; /* requests until one is refused; below 0: none */
static bool refused;
static size_t refuse_bytes; /* requests of just so many bytes are refused; 0: none */

static void *request(size_t bytes)
{
  if (refuse_bytes != 0 && bytes == refuse_bytes) {
    return NULL;
  }
  if (refuse_at >= 0 && refuse_at-- == 0) {
    refused = true;
    return NULL;
  }
  void *at = aligned_alloc(64, (bytes + 64) / 64 * 64);
  rate_case_need(at != NULL, "no memory");
  return memset(at, 0, bytes);
}

static struct {
  void *at;
  const struct sp_memory *memory;
} taken[TAKEN_MAX];
static size_t taken_count;

void *sp_memory_take(struct sp_memory *memory, size_t bytes)
{
  void *at = request(bytes);
  if (at != NULL) {
    rate_case_need(taken_count < TAKEN_MAX, "too many requests");
    taken[taken_count].at = at;
    taken[taken_count++].memory = memory;
  }
  return at;
}

void *sp_memory_take_table(struct sp_memory *memory, size_t bytes)
{
  (void)memory;
  return request(bytes);
}

void sp_memory_give_table(struct sp_memory *memory, void *at, size_t bytes)
{
  (void)memory;
  (void)bytes;
  free(at);
}

void sp_memory_free(struct sp_memory *memory)
{
  size_t kept = 0;
  for (size_t i = 0; i < taken_count; i++) {
    if (taken[i].memory == memory) {
      free(taken[i].at);
    } else {
      taken[kept++] = taken[i];
    }
  }
  taken_count = kept;
}

static void taken_free_to(size_t count)
{
  while (taken_count > count) {
    free(taken[--taken_count].at);
  }
}

/* --- books --- */

static const struct rate_case_file rich_book[] = {
    {"book.yaml", "name: t\ncurrency: CNY\ntimezone: Asia/Shanghai\nhome_operator: CMCC\n"},
    {"areas.csv", "area,province\n755,Guangdong\n10,Beijing\n"},
    {"numbers.csv", "prefix,operator,kind,area\n86138,CMCC,mobile,755\n8613800,CUCC,mobile,10\n"
                    "8610,CT,fixed,10\n"},
    {"ported.csv", "number,operator,from,to\n8613800138000,CUCC,2026-01-01,2026-02-01\n"
                   "8613800138000,CT,2026-02-01,\n"},
    {"cells.csv", "plmn,lac_from,lac_to,area\n46000,1,2,755\n46000,3,9,10\n"},
    {"calendar.csv", "date,day\n2026-10-01,holiday\n2026-10-10,workday\n"},
    {"bands.csv", "band,days,from,to\nearly,all,00:00,07:00\nlate,mon;holiday,07:00,24:00\n"},
    {"destinations.csv", "destination,prefix\njp,81\ntokyo,813\nhk,852\nhkm,8526\nhk,8527\n"},
    {"plans.csv", "plan,kind,name,monthly_fee\nday,base,Day,5\nvnet,group,,\nplus,add_on,,\n"},
    {"rates.csv",
     "plan,item,service,net,dest,band,rating_group,counter,connect_fee,from,price,per,increment,"
     "priority\n"
     "day,base,voice,,,early,,,0.05,,0.20,1min,,\nday,base,voice,,,,,,,,1/3,1min,6s,1\n"
     "day,ld,voice,,hk;jp,,,cycle,,,0.5,1min,,\nday,ld,voice,,hk;jp,,,,,10min,0.4,1min,,\n"
     "day,ld,voice,,hkm,,,,,,0.9,1min,,\nday,flow,data,,,,1001;1002,,,,0.1,1MB,1KB,\n"
     "day,flow,data,,,,,,,,0.2,1MB,1KB,1\nvnet,base,voice,group,,,,,,,0,1min,,\n"},
    {"allowances.csv", "plan,allowance,unit,service,amount,scope,member_cap\n"
                       "day,free,s,voice,100min,,\nvnet,pool,s,voice,500min,pool,60min\n"},
    {"discounts.csv", "plan,discount,item,kind,value,threshold,set,priority\n"
                      "plus,a,,percent,10.5,,s,1\nplus,b,,free,,,s,1\nday,c,,cap_month,600,,,\n"
                      "day,k,flow,block_cap,5,1GB,,\n"},
    {"payers.csv", "plan,payer,mode,value,member_cap,group_cap,priority\n"
                   "vnet,boss,share,50,10,,1\nvnet,rest,full,,,,2\n"},
    {NULL, NULL}};

/* Ties, gaps, hidden rules, overlaps, unknown names: everything that has to be looked for. */
static const struct rate_case_file wrong_book[] = {
    BOOK_YAML,
    {"ported.csv", "number,operator,from,to\n8613800138000,CUCC,2026-01-01,2026-03-01\n"
                   "8613800138000,CT,2026-02-01,\n"},
    {"cells.csv", "plmn,lac_from,lac_to,area\n46000,1,5,755\n46000,3,9,10\n"},
    {"bands.csv", "band,days,from,to\na,all,00:00,12:00\nb,all,12:00,24:00\n"},
    {"destinations.csv", "destination,prefix\njp,81\ntokyo,813\nhk,852\n"},
    {"plans.csv", "plan,kind\nday,base\nvnet,group\nplus,add_on\n"},
    {"rates.csv",
     "plan,item,service,zone,dest,band,rating_group,price,per,priority\n"
     "day,base,voice,local,,,,0.20,1min,\nday,base,voice,,,a,,0.1,1min,\n"
     "day,base,voice,,,a,,0.1,1min,5\nday,base,voice,local,,a,,0.1,1min,5\n"
     "day,ld,voice,,tokyo,,,0.5,1min,\nday,ld,voice,,jp;hk,a,,0.4,1min,\n"
     "day,ld,voice,,jp;hk,b,,0.4,1min,9\nday,ld,voice,,tokyo,a,,0.9,1min,9\n"
     "day,flow,data,,,a,x;y,0.1,1MB,\nday,flow,data,,,,y;z,0.1,1MB,\nday,flow,data,,,,z,0.1,1MB,\n"
     "vnet,base,voice,,,b,,0,1min,\nnobody,base,voice,,nowhere,never,,0,1min,\n"},
    {"discounts.csv", "plan,discount,item,kind,value,set,priority\nplus,a,,percent,10.5,s,1\n"
                      "plus,b,,percent,10,s,1\nplus,c,nothing,percent,101,,\n"},
    {NULL, NULL}};

static enum sp_status compile(const struct rate_case_file *tables, struct sp_book_image *image)
{
  struct sp_book_file file[RATE_CASE_FILES_MAX];
  struct sp_memory memory;
  struct sp_problems problems = {NULL, NULL, 0, 0};
  size_t count = 1;
  sp_heap_init(&memory);
  file[0].name = SP_BOOK_ZONE_FILE;
  file[0].bytes = rate_case_zone(&file[0].length);
  for (; tables->name != NULL; tables++) {
    file[count++] =
        (struct sp_book_file){tables->name, rate_case_copy(tables->text), strlen(tables->text)};
  }
  struct sp_book_files files = {file, count};
  memset(image, 0, sizeof(*image));
  enum sp_status status = sp_book_compile(&files, &problems, &memory, image);
  for (size_t i = 0; i < count; i++) {
    free(file[i].bytes);
  }
  return status;
}

/* Compiles with each request refused, until none is; what is left is as it should be. */
static long compile_each(const struct rate_case_file *tables, enum sp_status expected)
{
  for (long k = 0;; k++) {
    struct sp_book_image image;
    size_t before = taken_count;
    refuse_at = k;
    refused = false;
    enum sp_status status = compile(tables, &image);
    refuse_at = -1;
    free(image.bytes);
    taken_free_to(before);
    if (!refused) {
      ck_assert_int_eq(status, expected);
      return k;
    }
    ck_assert_msg(status == SP_NO_MEMORY, "request %ld: %d", k, status);
  }
}

START_TEST(test_books)
{
  ck_assert_int_gt(compile_each(rich_book, SP_OK), 100);
  ck_assert_int_gt(compile_each(wrong_book, SP_BAD_BOOK), 50);
  ck_assert_int_gt(compile_each(tariff_book, SP_OK), 100);
}
END_TEST

START_TEST(test_book_sets)
{
  struct sp_book_image image;
  struct sp_book book;
  static struct sp_books books;
  struct sp_memory memory;
  sp_heap_init(&memory);
  ck_assert_int_eq(compile(rich_book, &image), SP_OK);
  ck_assert_int_eq(sp_book_open(&book, image.bytes, image.length), SP_OK);
  enum sp_status status = SP_NO_MEMORY;
  for (long k = 0; status != SP_OK; k++) {
    uint32_t clash;
    refuse_at = k;
    refused = false;
    status = sp_books_make(&books, &book, 1, &memory, &clash);
    ck_assert_int_eq(status, refused ? SP_NO_MEMORY : SP_OK);
  }
  refuse_at = -1;
  free(image.bytes);
  sp_memory_free(&memory);
}
END_TEST

static char *cgrates_table(enum sp_cgrates_table table, size_t *length)
{
  char path[512];
  const char *source = getenv("SUANPAN_SOURCE");
  snprintf(path, sizeof(path), "%s/tests/cgrates/tutorial/%s", source == NULL ? "." : source,
           sp_cgrates_table_name(table));
  FILE *file = fopen(path, "rb");
  rate_case_need(file != NULL, path);
  char *bytes = malloc(65536);
  rate_case_need(bytes != NULL, "no memory");
  *length = fread(bytes, 1, 65536, file);
  fclose(file);
  return bytes;
}

START_TEST(test_cgrates)
{
  enum sp_status status = SP_NO_MEMORY;
  for (long k = 0; status != SP_OK; k++) {
    struct sp_cgrates_file files[SP_CGRATES_TABLES];
    struct sp_problems problems = {NULL, NULL, 0, 0};
    struct sp_memory memory;
    struct sp_cgrates *tariff;
    sp_heap_init(&memory);
    for (int t = 0; t < SP_CGRATES_TABLES; t++) {
      files[t].bytes = cgrates_table((enum sp_cgrates_table)t, &files[t].length);
    }
    refuse_at = k;
    refused = false;
    status = sp_cgrates_read(&tariff, files, 5, &memory, &problems);
    refuse_at = -1;
    ck_assert_int_eq(status, refused ? SP_NO_MEMORY : SP_OK);
    sp_memory_free(&memory);
    for (int t = 0; t < SP_CGRATES_TABLES; t++) {
      free(files[t].bytes);
    }
  }
}
END_TEST

/* --- customers --- */

static const struct rate_case_file many_customers[] = {
    {"accounts.csv", "account,name,kind,credit,class\nA,one,postpaid,10,x\nB,two,prepaid,5,y\n"
                     "GA,g,,,\nA,again,,,\n"},
    {"subscribers.csv", "subscriber,number,account,home_area,from,to\n"
                        "S,8613800000001,A,755,2020-01-01,2025-01-01\n"
                        "S,8613800000003,A,10,2025-01-01,\nT,8613800000002,B,20,,\n"
                        "U,8613800000003,A,,,\n"},
    {"groups.csv", "group,kind,account,parent,manager,industry,region\nG,enterprise,GA,,M,i,r\n"
                   "H,enterprise,,G,N,,\nF,family,,,,,\nK,enterprise,,L,,,\nL,enterprise,,K,,,\n"},
    {"members.csv", "group,subscriber,short,role,from,to\nG,S,601,key,,\nG,T,602,member,,\n"
                    "H,S,,,2025-01-01,\nF,S,,,,\nG,S,,,,\n"},
    {"subscriptions.csv", "owner,plan,from,to\nsubscriber:S,p,2025-01-01,\n"
                          "subscriber:T,p,2025-01-01,2026-01-01\nsubscriber:T,p,2026-01-01,\n"
                          "group:G,g,2025-01-01,\ngroup:F,f,2025-01-01,\nsubscriber:S,p,,\n"},
    {"managers.csv", "manager,name,region,section,role\nM,Ming,north,one,boss\nO,O,,,\nM,x,,,\n"},
    {"facts.csv", "subject,kind,value,from,to\nsubscriber:S,note,hello,2025-01-01,\n"
                  "group:G,visit,done,2025-01-01,2025-01-02\nsubscriber:X,note,no,,\n"
                  "subscriber:S,note,other,2025-01-01,\n"},
    {NULL, NULL}};

static enum sp_status customers_read(const struct sp_books *books, struct sp_memory *memory,
                                     struct sp_directory **directory, uint32_t *problems_count)
{
  struct sp_customer_file files[SP_CUSTOMER_TABLES];
  struct sp_problems problems = {NULL, NULL, 0, 0};
  memset(files, 0, sizeof(files));
  for (int t = 0; t < SP_CUSTOMER_TABLES; t++) {
    files[t].bytes = rate_case_copy(many_customers[t].text);
    files[t].length = strlen(many_customers[t].text);
  }
  *directory = NULL;
  enum sp_status status = sp_customers_read(directory, files, books, memory, &problems);
  for (int t = 0; t < SP_CUSTOMER_TABLES; t++) {
    free(files[t].bytes);
  }
  *problems_count = (uint32_t)(problems.errors + problems.warnings);
  return status;
}

struct kept_pieces {
  struct sp_directory_piece piece[PIECES_MAX];
  size_t count, stop;
};

static enum sp_status piece_keep(void *context, const struct sp_directory_piece *piece)
{
  struct kept_pieces *kept = context;
  if (kept->count == kept->stop) {
    return SP_IO;
  }
  struct sp_directory_piece *at = &kept->piece[kept->count++];
  void *bytes = malloc(piece->length);
  *at = *piece;
  at->bytes = memcpy(bytes, piece->bytes, piece->length);
  return SP_OK;
}

static void pieces_drop(struct kept_pieces *kept)
{
  while (kept->count > 0) {
    free((void *)(uintptr_t)kept->piece[--kept->count].bytes);
  }
}

static enum sp_status restore(const struct kept_pieces *kept, struct sp_memory *memory)
{
  struct sp_directory_restore restoring;
  sp_directory_restore_begin(&restoring, memory);
  enum sp_status status = SP_OK;
  for (size_t i = 0; i < kept->count && status == SP_OK; i++) {
    status = sp_directory_restore_piece(&restoring, &kept->piece[i]);
  }
  if (status == SP_OK) {
    status = sp_directory_restore_end(&restoring);
  }
  sp_directory_free(restoring.directory);
  return status;
}

/* Every word of every piece, set to what does not belong there: refused or sound, never a crash. */
static void restore_damaged(struct kept_pieces *kept, struct sp_memory *memory)
{
  static const uint32_t wrong[] = {0, 1, 0x7FFFFFFF, UINT32_MAX};
  size_t before = taken_count;
  size_t bad = 0;
  for (size_t i = 0; i < kept->count; i++) {
    char *bytes = (char *)(uintptr_t)kept->piece[i].bytes;
    for (size_t at = 0; at + 4 <= kept->piece[i].length && at < 4096; at += 4) {
      uint32_t word;
      memcpy(&word, bytes + at, sizeof(word));
      for (size_t w = 0; w < 5; w++) {
        uint32_t value = w < 4 ? wrong[w] : word + 1;
        memcpy(bytes + at, &value, sizeof(value));
        bad += restore(kept, memory) != SP_OK;
        taken_free_to(before);
      }
      memcpy(bytes + at, &word, sizeof(word));
    }
    uint32_t length = kept->piece[i].length, section = kept->piece[i].section;
    for (uint32_t less = 0; less < 20 && less <= length; less += 5) {
      kept->piece[i].length = less == 15 ? 3 : length - less - 1;
      bad += restore(kept, memory) != SP_OK;
      taken_free_to(before);
    }
    kept->piece[i].length = length;
    kept->piece[i].section = section + 1;
    ck_assert_int_eq(restore(kept, memory), SP_BAD_FORMAT);
    taken_free_to(before);
    kept->piece[i].section = section;
    kept->piece[i].index++;
    ck_assert_int_eq(restore(kept, memory), SP_BAD_FORMAT);
    taken_free_to(before);
    kept->piece[i].index--;
  }
  ck_assert_uint_gt(bad, 500);
}

START_TEST(test_customers)
{
  static struct rate_case it;
  static struct kept_pieces kept;
  struct sp_directory *directory;
  rate_case_open(&it, tariff_book, tariff_customers);
  size_t before = taken_count;
  uint32_t problems, told;
  enum sp_status status = customers_read(&it.books, &it.memory, &directory, &problems);
  ck_assert_int_eq(status, SP_OK);
  ck_assert_uint_gt(problems, 5);
  for (long k = 0;; k++) { /* a message that cannot be kept is told at once, and all goes on */
    sp_directory_free(directory);
    taken_free_to(before);
    refuse_at = k;
    refused = false;
    status = customers_read(&it.books, &it.memory, &directory, &told);
    refuse_at = -1;
    ck_assert(status == SP_OK || (refused && status == SP_NO_MEMORY));
    ck_assert(status != SP_OK || told == problems);
    if (!refused) {
      break;
    }
  }
  status = SP_IO;
  for (kept.stop = 0; status != SP_OK; kept.stop++) { /* a visitor that stops */
    pieces_drop(&kept);
    status = sp_directory_save(directory, piece_keep, &kept);
    ck_assert(status == SP_OK || (status == SP_IO && kept.stop == kept.count));
  }
  before = taken_count;
  status = SP_NO_MEMORY;
  for (long k = 0; status != SP_OK; k++) {
    refuse_at = k;
    refused = false;
    status = restore(&kept, &it.memory);
    ck_assert_int_eq(status, refused ? SP_NO_MEMORY : SP_OK);
    taken_free_to(before);
  }
  refuse_at = -1;
  restore_damaged(&kept, &it.memory);
  pieces_drop(&kept);
  sp_directory_free(directory);
  rate_case_close(&it);
}
END_TEST

/* --- records --- */

/* The cache's room ends after every few bytes and no more is granted; then the same record again.
 */
START_TEST(test_records)
{
  static struct rate_case plain, poor;
  static struct sp_charge charge, again;
  rate_case_open(&plain, tariff_book, tariff_customers);
  rate_case_open(&poor, tariff_book, tariff_customers);
  int failed = 0;
  rate_case_need(sp__cache_take(poor.rater, 16) != NULL, "no memory");
  for (int round = 0; round < 60; round++) {
    struct sp_usage usage = tariff_usage(&plain);
    usage.chain_hash[0] = round % 3 == 0 ? draw(20) + 1 : 0;
    usage.partial = round % 3 == 0 ? SP_PARTIAL_MIDDLE : SP_PARTIAL_WHOLE;
    memset(&charge, 0, sizeof(charge));
    rate_case_rate(&plain, &usage, &charge);
    rate_case_need(sp_rater_notice(poor.rater, &usage) == SP_OK, "notice");
    enum sp_status status = SP_NO_MEMORY;
    for (size_t room = 0; status != SP_OK; room += 8) {
      ck_assert_uint_lt(room, SP__CACHE_CHUNK_BYTES);
      sp__cache_clear(poor.rater);
      poor.rater->chunk_used = SP__CACHE_CHUNK_BYTES - room;
      refuse_bytes = SP__CACHE_CHUNK_BYTES;
      memset(&again, 0, sizeof(again));
      status = sp_rate(poor.rater, &usage, &again, NULL);
      refuse_bytes = 0;
      ck_assert_msg(status == SP_OK || status == SP_NO_MEMORY, "%d", status);
      failed += status == SP_NO_MEMORY;
    }
    ck_assert_mem_eq(&charge, &again, sizeof(charge));
  }
  ck_assert_int_gt(failed, 100);
  rate_case_close(&plain);
  rate_case_close(&poor);
}
END_TEST

/* A frame of three items is made where nothing is left for their names, or for the frame. */
START_TEST(test_names)
{
  static struct rate_case plain, poor;
  static struct sp_charge charge, again;
  rate_case_open(&plain, tariff_book, tariff_customers);
  rate_case_open(&poor, tariff_book, tariff_customers);
  struct sp_usage usage = rate_case_usage(&plain, 0, INT64_C(1780272000)); /* 08:00 */
  usage.service = SP_SERVICE_DATA;
  usage.bytes = 1;
  rate_case_rate(&plain, &usage, &charge);
  rate_case_rate(&poor, &usage, &again); /* now the set of plans is there */
  usage.service = SP_SERVICE_VOICE;
  usage.zone = SP_ZONE_DOMESTIC;
  usage.bytes = 0;
  usage.duration_s = 100;
  memset(&charge, 0, sizeof(charge));
  memset(&again, 0, sizeof(again));
  rate_case_rate(&plain, &usage, &charge);
  ck_assert_uint_eq(plain.rater->work.frame->items_count, 3);
  size_t used = poor.rater->chunk_used;
  refuse_bytes = SP__CACHE_CHUNK_BYTES;
  rate_case_need(sp_rater_notice(poor.rater, &usage) == SP_OK, "notice");
  for (size_t room = 0; room < SP__LINE_BYTES; room += SP__LINE_BYTES / 2) {
    poor.rater->chunk_used = SP__CACHE_CHUNK_BYTES - room;
    enum sp_status status = sp_rate(poor.rater, &usage, &again, NULL);
    ck_assert_int_eq(status, SP_NO_MEMORY);
    ck_assert_ptr_null(poor.rater->met.frame);
    ck_assert_uint_eq(poor.rater->frames.count, 1);
  }
  refuse_bytes = 0;
  poor.rater->chunk_used = used;
  rate_case_rate(&poor, &usage, &again);
  ck_assert_mem_eq(&charge, &again, sizeof(charge));
  rate_case_close(&plain);
  rate_case_close(&poor);
}
END_TEST

/* The table of frames is full: it grows, and each frame is found where it now stands; or there is
 * no room for more of it, and the caches begin anew. */
START_TEST(test_full_table)
{
  static struct rate_case plain, poor;
  static struct sp_charge charge, again;
  rate_case_open(&plain, tariff_book, tariff_customers);
  rate_case_open(&poor, tariff_book, tariff_customers);
  struct sp__frames *frames = &poor.rater->frames;
  uint32_t most = 0;
  for (int round = 0; round < 80; round++) {
    struct sp_usage usage = tariff_usage(&plain);
    memset(&charge, 0, sizeof(charge));
    memset(&again, 0, sizeof(again));
    uint32_t size = frames->size, count = frames->count, made = 2 * size;
    bool grows = round % 20 == 19, full = round % 30 == 15;
    frames->count = grows || full ? size / 2 : count; /* counted anew when it grows */
    refuse_bytes = full ? made * sizeof(*frames->at) : 0;
    rate_case_rate(&plain, &usage, &charge);
    rate_case_rate(&poor, &usage, &again);
    refuse_bytes = 0;
    ck_assert_mem_eq(&charge, &again, sizeof(charge));
    ck_assert_uint_eq(frames->size, grows ? made : size);
    ck_assert(full ? frames->count <= 1 : frames->count >= count);
    for (uint32_t i = 0; i < frames->size; i++) { /* where a search for it begins, or behind */
      if (frames->at[i] != 0) {
        const struct sp__frame *frame = sp__cache_at(poor.rater, frames->at[i] & SP__PLACE);
        uint32_t hash = sp__frame_hash(frame), home = hash & (frames->size - 1);
        ck_assert_uint_eq(frames->at[i] & SP__SIGN, hash & SP__SIGN);
        ck_assert_uint_lt((i - home) & (frames->size - 1), 8);
      }
    }
    most = frames->count > most ? frames->count : most;
  }
  ck_assert_uint_gt(most, 8);
  rate_case_close(&plain);
  rate_case_close(&poor);
}
END_TEST

/* --- raters and resolvers --- */

/* A rater of its own, to its first record. */
static enum sp_status rater_begin(struct rate_case *it, const struct sp_usage *usage,
                                  struct sp_charge *charge)
{
  struct sp_rater *rater = NULL;
  enum sp_status status = sp_rater_make(&rater, it->directory, it->state, &it->memory);
  if (status != SP_OK) {
    return status;
  }
  status = sp_rater_set_books(rater, &it->books);
  for (int again = 0; again < 2 && status == SP_OK; again++) { /* and by books that come later */
    status = sp_rate(rater, usage, charge, NULL);
    status = status == SP_OK ? sp_rater_set_books(rater, &it->books) : status;
  }
  sp_rater_free(rater);
  return status;
}

START_TEST(test_raters)
{
  static struct rate_case it;
  static struct sp_charge charge;
  rate_case_open(&it, tariff_book, tariff_customers);
  ck_assert_uint_gt(it.books.book[0].header->dest_nodes.count, 1);
  struct sp_usage usage = tariff_usage(&it);
  long k = 0;
  for (enum sp_status status = SP_NO_MEMORY; status != SP_OK; k++) {
    refuse_at = k;
    refused = false;
    status = rater_begin(&it, &usage, &charge);
    refuse_at = -1;
    ck_assert_msg(status == (refused ? SP_NO_MEMORY : SP_OK), "request %ld: %d", k, status);
  }
  ck_assert_int_gt(k, 20);
  rate_case_close(&it);
}
END_TEST

/* A number plan above what is searched one by one. */
START_TEST(test_resolvers)
{
  enum { PREFIXES = 5000, TEXT_BYTES = 1 << 17 };
  static struct rate_case it;
  static char numbers[TEXT_BYTES];
  const struct rate_case_file large_book[] = {BOOK_YAML,
                                              {"numbers.csv", numbers},
                                              {"destinations.csv", "destination,prefix\nfar,9\n"},
                                              {"plans.csv", "plan,kind\np,base\n"},
                                              {NULL, NULL}};
  static const struct rate_case_file of_an_area[] = {
      {"accounts.csv", "account\nA\n"},
      {"subscribers.csv", "subscriber,number,account,home_area\nS,8613800000001,A,755\n"},
      {NULL, NULL}};
  size_t length = (size_t)snprintf(numbers, TEXT_BYTES, "prefix,operator,kind,area\n");
  for (unsigned i = 0; i < PREFIXES; i++) {
    length += (size_t)snprintf(numbers + length, TEXT_BYTES - length, "86%u,o%u,mobile,\n",
                               10000 + i, i % 90);
  }
  ck_assert_uint_lt(length, TEXT_BYTES);
  rate_case_open(&it, large_book, of_an_area);
  size_t before = taken_count;
  long k = 0;
  for (enum sp_status status = SP_NO_MEMORY; status != SP_OK; k++) {
    struct sp_resolver *resolver;
    refuse_at = k;
    refused = false;
    status = sp_resolver_make(&resolver, it.directory, &it.books, &it.memory);
    refuse_at = -1;
    ck_assert_msg(status == (refused ? SP_NO_MEMORY : SP_OK), "request %ld: %d", k, status);
    taken_free_to(before);
  }
  ck_assert_int_gt(k, 10); /* the stretches and their levels among them */
  rate_case_close(&it);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_books);
  tcase_add_test(tests, test_book_sets);
  tcase_add_test(tests, test_cgrates);
  tcase_add_test(tests, test_customers);
  tcase_add_test(tests, test_records);
  tcase_add_test(tests, test_names);
  tcase_add_test(tests, test_full_table);
  tcase_add_test(tests, test_raters);
  tcase_add_test(tests, test_resolvers);
  return check_run("memory_refused", tests);
}
