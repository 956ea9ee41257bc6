/* suanpan dump STORE rated|suspense|customers: what a store holds as JSON lines. */
#include <stdlib.h>
#include <string.h>

#include "ingest/conflict.h"
#include "rating/charge_json.h"
#include "tools/heap.h"
#include "tools/journal_walk.h"
#include "tools/json_text.h"
#include "tools/snapshot_json.h"
#include "tools/stored_record.h"
#include "tools/verbs.h"
#include "tools/world.h"

static const struct sp_verb_help help = {
    "suanpan dump STORE rated|suspense|customers [--json]",
    "  suanpan dump /var/lib/suanpan rated\n  suanpan dump /var/lib/suanpan suspense\n"
    "  suanpan dump /var/lib/suanpan customers\n",
    "Prints what a store holds, one JSON object a line: rated (and zero_rated) records as book.md "
    "§17.1 says, in the order of\n"
    "the journal, shard by shard; suspended and conflicting records with their reason, place and "
    "raw bytes; customers with their\n"
    "profile and scores as of the latest record, in the columns of a snapshot's subscribers."};

struct dump {
  struct sp_world *world;
  struct sp_stored_reader reader;
  bool suspense;
  char *line;
  bool failed;
};

static bool rated_print(struct dump *dump, const struct sp_stored_record *record)
{
  struct sp_charge_view view = {.charge = &record->charge,
                                .usage = &record->usage,
                                .id = {sp_cdr_text(&record->cdr, SP_CDR_ID),
                                       (uint32_t)sp_cdr_text_length(&record->cdr, SP_CDR_ID)},
                                .directory = dump->world->directory,
                                .books = record->books};
  size_t length;
  if (sp_charge_json(&view, dump->line, SP_CHARGE_JSON_BYTES_MAX, &length) != SP_OK) {
    return false;
  }
  fwrite(dump->line, 1, length, stdout);
  putchar('\n');
  return true;
}

static void suspense_print(const struct sp_stored_record *record, uint32_t shard)
{
  char words[SP_CONFLICT_REASON_BYTES_MAX];
  struct sp_text reason = SP_TEXT_INIT(words);
  if (record->charge.outcome == SP_OUTCOME_CONFLICT) {
    sp_conflict_reason(&reason, record->charge.conflict_fields);
  } else {
    sp_text_add(&reason, sp_reason_word(record->charge.reason));
  }
  printf("{\"id\":");
  sp_json_text(stdout, sp_cdr_text(&record->cdr, SP_CDR_ID),
               sp_cdr_text_length(&record->cdr, SP_CDR_ID));
  printf(",\"outcome\":\"%s\",\"reason\":\"%s\",\"reason_number\":%u,\"shard\":%u,\"block\":%llu,"
         "\"stream\":",
         sp_outcome_word(record->charge.outcome), words, record->charge.reason, shard,
         (unsigned long long)record->block);
  sp_json_text(stdout, record->stream->name, record->stream->name_length);
  printf(",\"offset\":%llu,\"sub\":%u,\"raw\":", (unsigned long long)record->stored.position.offset,
         record->stored.position.sub);
  sp_json_text(stdout, record->stored.raw, record->stored.raw_length);
  printf("}\n");
}

static bool dump_block(struct sp_walk *walk, struct sp_block_view *view)
{
  struct dump *dump = walk->context;
  uint32_t records = sp_block_view_header(view)->records;
  for (uint32_t i = 0; i < records; i++) {
    struct sp_stored_record *record = &dump->reader.record;
    if (sp_stored_read(&dump->reader, view, i) != SP_OK) {
      dump->failed = true;
      return false;
    }
    uint8_t outcome = record->charge.outcome;
    bool suspense = outcome == SP_OUTCOME_SUSPENDED || outcome == SP_OUTCOME_CONFLICT;
    bool rated = outcome == SP_OUTCOME_RATED || outcome == SP_OUTCOME_ZERO_RATED;
    if (dump->suspense ? !suspense : !rated) {
      continue;
    }
    if (!dump->suspense && !rated_print(dump, record)) {
      dump->failed = true;
      return false;
    }
    if (dump->suspense) {
      suspense_print(record, walk->shard);
    }
  }
  return !ferror(stdout);
}

static int records_dump(struct sp_world *world, bool suspense)
{
  struct dump *dump = calloc(1, sizeof(*dump));
  if (dump == NULL || (dump->line = malloc(SP_CHARGE_JSON_BYTES_MAX)) == NULL) {
    free(dump);
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  dump->world = world;
  dump->suspense = suspense;
  struct sp_walk walk = {.dir = &world->dir, .whole = true, .context = dump, .block = dump_block};
  int code = SP_EXIT_ENVIRONMENT;
  if (sp_stored_reader_open(&dump->reader, world) == SP_OK) {
    code = sp_journal_walk(&walk);
  }
  if (code == SP_EXIT_DONE && (dump->failed || !walk.chain_ok)) {
    fprintf(stderr, "suanpan: %s: shard %u: the journal holds what cannot be shown\n",
            world->dir.path, walk.shard);
    code = SP_EXIT_REJECTED;
  }
  sp_stored_reader_close(&dump->reader);
  free(dump->line);
  free(dump);
  return code;
}

int sp_cmd_dump(int argc, char **argv)
{
  bool json = false;
  struct sp_option_list rest = {.count = 0};
  const struct sp_option table[] = {
      {"--json", SP_OPTION_FLAG, &json, NULL, "JSON lines (they always are)"}};
  int code = sp_options_read(&help, table, 1, argc, argv, &rest);
  if (code >= 0) {
    return code;
  }
  if (rest.count != 2) {
    return sp_usage_error(&help, "expected STORE and one of rated, suspense, customers");
  }
  const char *what = rest.values[1];
  if (strcmp(what, "customers") == 0) {
    return sp_customers_dump(rest.values[0]);
  }
  bool records = strcmp(what, "rated") == 0 || strcmp(what, "suspense") == 0;
  if (!records) {
    return sp_usage_error(&help, "%s: expected rated, suspense or customers", what);
  }
  struct sp_world world;
  code = sp_world_open(&world, rest.values[0]);
  if (code == SP_EXIT_DONE) {
    code = records_dump(&world, strcmp(what, "suspense") == 0);
  }
  sp_world_close(&world);
  return code;
}
