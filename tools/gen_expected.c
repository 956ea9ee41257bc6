#include "tools/gen_expected.h"

#include "tools/gen_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const outcome_name[SP_GEN_OUTCOME_MAX] = {"rated", "zero_rated", "duplicate",
                                                             "conflict", "suspended"};
static const char *const service_name[SP_GEN_SERVICE_MAX] = {"voice", "sms", "mms",
                                                             "data",  "vas", "fee"};

static const char readme_text[] =
    "# What must come out\n\n"
    "Computed by the generator from its own tables; no code of the rating engine takes part.\n\n"
    "* `totals.json`: records per outcome, suspended ones per reason; duration, bytes, items and\n"
    "  list price of the rated records per service and per base plan. `list` is exact for all\n"
    "  rated records: base, group and family prices, slots, cycle counters in the order of the\n"
    "  files, partial chains as wholes. Pre-rated records stand under the plan `pre_rated`.\n"
    "* `net`: only of records in which no state takes part: individuals without add_on on the\n"
    "  plans talk, sixer and night, and pre-rated records (with --simple of all). `net_list` is "
    "the list of the same\n"
    "  records, `net_records` their number.\n"
    "* `records.csv`: a sample, evenly taken, line by line; `list` is blank for partial records,\n"
    "  `net` where state takes part.\n"
    "* `planted.csv`: every record with a fault or a peculiarity on purpose: kind, file, physical\n"
    "  line (1 is the header), id.\n"
    "* `churners.csv`: groups that fade and subscribers that fall silent, with the first day.\n\n"
    "Order matters for cycle counters, conflicts and the window of duplicates: rate the usage\n"
    "files in the order of their names.\n";

static FILE *file_open(const struct sp_gen_writer *writer, const char *name)
{
  char path[SP_GEN_PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/%s", writer->path, name);
  if (n < 0 || (uint32_t)n >= SP_GEN_PATH_MAX) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  return fopen(path, "w");
}

static bool file_close(FILE **file)
{
  if (*file == NULL) {
    return true;
  }
  bool good = ferror(*file) == 0;
  good = fclose(*file) == 0 && good;
  *file = NULL;
  return good;
}

static bool usage_next(struct sp_gen_writer *writer)
{
  if (!file_close(&writer->usage)) {
    return false;
  }
  writer->file_count++;
  snprintf(writer->name, sizeof writer->name, "usage/usage-%05" PRIu64 ".csv", writer->file_count);
  writer->usage = file_open(writer, writer->name);
  if (writer->usage == NULL) {
    return false;
  }
  (void)setvbuf(writer->usage, NULL, _IOFBF, 1u << 18);
  writer->line = 1;
  fputs(sp__gen_header, writer->usage);
  return true;
}

bool sp__gen_writer_open(struct sp_gen_writer *writer)
{
  uint64_t records = writer->world->options.records;
  writer->sample_step = records / SP_GEN_SAMPLE_MAX + 1;
  writer->planted = file_open(writer, "expected/planted.csv");
  writer->records = file_open(writer, "expected/records.csv");
  if (writer->planted == NULL || writer->records == NULL) {
    return false;
  }
  fprintf(writer->planted, "kind,file,line,id\n");
  fprintf(writer->records, "file,line,id,outcome,reason,list,net\n");
  return usage_next(writer);
}

static void money_write(FILE *to, int64_t micro)
{
  fprintf(to, "%" PRId64 ".%06" PRId64, micro / 1000000, micro % 1000000);
}

static void sample_write(struct sp_gen_writer *writer, const struct sp_gen_record *record)
{
  const struct sp_gen_verdict *verdict = &record->verdict;
  fprintf(writer->records, "%s,%" PRIu64 ",%" PRIu64 ",%s,%s,", writer->name, writer->line,
          1000000 + record->usage->id, outcome_name[verdict->outcome], verdict->reason);
  if (verdict->has_list) {
    money_write(writer->records, verdict->list_micro);
  }
  fputc(',', writer->records);
  if (verdict->has_net) {
    money_write(writer->records, verdict->net_micro);
  }
  fputc('\n', writer->records);
}

bool sp__gen_writer_add(struct sp_gen_writer *writer, const struct sp_gen_record *record)
{
  if (writer->line > SP_GEN_FILE_LINES_MAX && !usage_next(writer)) {
    return false;
  }
  writer->line++;
  writer->bytes += record->bytes;
  if (fwrite(record->line, 1, record->bytes, writer->usage) != record->bytes) {
    return false;
  }
  const char *kind = sp__gen_plant_name[record->usage->plant];
  if (record->usage->plant == SP_GEN_PLAIN) {
    kind = record->verdict.outcome == SP_GEN_SUSPENDED ? record->verdict.reason : NULL;
  }
  if (kind != NULL) {
    fprintf(writer->planted, "%s,%s,%" PRIu64 ",%" PRIu64 "\n", kind, writer->name, writer->line,
            1000000 + record->usage->id);
  }
  if (writer->written++ % writer->sample_step == 0) {
    sample_write(writer, record);
  }
  return true;
}

static void churners_write(FILE *to, const struct sp_gen_world *world)
{
  fprintf(to, "subject,from_day,from\n");
  for (uint32_t k = 0; k < world->options.groups; k++) {
    int32_t day = world->groups[k].fade_day;
    if (day == SP_GEN_ALWAYS) {
      continue;
    }
    struct sp_gen_date date = sp__gen_date(day);
    fprintf(to, "group:E%06u,%d,%04u-%02u-%02u\n", k, day, date.year, date.month, date.day);
  }
  for (uint32_t i = 0; i < world->options.subscribers; i++) {
    int32_t day = sp__gen_subscriber(world, i).churn_day;
    if (day == SP_GEN_ALWAYS) {
      continue;
    }
    struct sp_gen_date date = sp__gen_date(day);
    fprintf(to, "subscriber:S%08u,%d,%04u-%02u-%02u\n", i, day, date.year, date.month, date.day);
  }
}

static void sum_write(FILE *to, const char *name, const struct sp_gen_sum *sum, bool last)
{
  fprintf(to,
          "\"%s\":{\"records\":%" PRIu64 ",\"duration_s\":%" PRIu64 ",\"bytes\":%" PRIu64
          ",\"items\":%" PRIu64 ",\"list\":\"",
          name, sum->records, sum->duration_s, sum->bytes, sum->items);
  money_write(to, sum->list_micro);
  fprintf(to, "\"}%s", last ? "" : ",");
}

static void services_write(FILE *to, const struct sp_gen_sum sums[SP_GEN_SERVICE_MAX])
{
  for (uint32_t s = 0; s < SP_GEN_SERVICE_MAX; s++) {
    sum_write(to, service_name[s], &sums[s], s + 1 == SP_GEN_SERVICE_MAX);
  }
}

static void counts_write(FILE *to, const struct sp_gen_judge *judge)
{
  fprintf(to, "{\"in\":%" PRIu64 ",", judge->in);
  for (uint32_t o = 0; o < SP_GEN_OUTCOME_MAX; o++) {
    fprintf(to, "\"%s\":%" PRIu64 ",", outcome_name[o], judge->outcome[o].records);
  }
  fprintf(to, "\"filtered\":0,\"held_partial\":0,\n\"list\":\"");
  money_write(to, judge->outcome[SP_GEN_RATED].list_micro);
  fprintf(to, "\",\"net_records\":%" PRIu64 ",\"net\":\"", judge->net_records);
  money_write(to, judge->net_micro);
  fprintf(to, "\",\"net_list\":\"");
  money_write(to, judge->net_list_micro);
  fprintf(to, "\",\n\"suspended_by_reason\":{");
  for (uint32_t i = 0; i < SP_GEN_REASONS_MAX && judge->reasons[i].reason != NULL; i++) {
    fprintf(to, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", judge->reasons[i].reason,
            judge->reasons[i].records);
  }
  fprintf(to, "},\n\"planted\":{");
  for (uint32_t p = SP_GEN_DUPLICATE; p <= SP_GEN_PARTIAL; p++) {
    fprintf(to, "%s\"%s\":%" PRIu64, p == SP_GEN_DUPLICATE ? "" : ",", sp__gen_plant_name[p],
            judge->planted[p]);
  }
  fprintf(to, "},\n");
}

void sp__gen_totals_write(FILE *to, const struct sp_gen_judge *judge)
{
  counts_write(to, judge);
  fprintf(to, "\"outcomes\":{");
  for (uint32_t o = 0; o < SP_GEN_OUTCOME_MAX; o++) {
    sum_write(to, outcome_name[o], &judge->outcome[o], o + 1 == SP_GEN_OUTCOME_MAX);
  }
  fprintf(to, "},\n\"services\":{");
  services_write(to, judge->service);
  fprintf(to, "},\n\"plans\":{");
  for (uint32_t plan = 0; plan <= SP_GEN_BASE_MAX; plan++) {
    fprintf(to, "\n\"%s\":{", plan < SP_GEN_BASE_MAX ? sp__gen_plan_name[plan] : "pre_rated");
    services_write(to, judge->plan[plan]);
    fprintf(to, "}%s", plan < SP_GEN_BASE_MAX ? "," : "");
  }
  fprintf(to, "}}\n");
}

bool sp__gen_writer_close(struct sp_gen_writer *writer, const struct sp_gen_judge *judge)
{
  char folder[SP_GEN_PATH_MAX];
  bool good = file_close(&writer->usage);
  good = file_close(&writer->planted) && good;
  good = file_close(&writer->records) && good;
  int n = snprintf(folder, sizeof folder, "%s/expected", writer->path);
  if (judge == NULL || n < 0 || (uint32_t)n >= SP_GEN_PATH_MAX) {
    return good && judge != NULL;
  }
  struct sp_gen_folder expected = {.path = folder, .good = true};
  sp__gen_totals_write(sp__gen_file(&expected, "totals.json"), judge);
  churners_write(sp__gen_file(&expected, "churners.csv"), writer->world);
  fputs(readme_text, sp__gen_file(&expected, "README.md"));
  return sp__gen_folder_done(&expected) && good;
}
