/* suanpan audit: the equation in = sum of outcomes, per store, shard and stream, from the journal's
 * headers. */
#include <stdlib.h>
#include <string.h>

#include "rating/reason.h"
#include "tools/journal_walk.h"
#include "tools/json_text.h"
#include "tools/verbs.h"

struct stream_sum {
  char *name;
  uint32_t length;
  int64_t in;
  int64_t outcomes[SP_OUTCOME_COUNT];
};

struct audit {
  struct sp_totals in, outcomes[SP_OUTCOME_COUNT];
  struct sp_totals shard_in[SP_SHARDS_MAX], shard_outcomes[SP_SHARDS_MAX][SP_OUTCOME_COUNT];
  int64_t list_micro, net_micro;
  struct stream_sum *streams;
  size_t streams_count;
  bool equation_ok, no_memory;
};

static struct stream_sum *stream_of(struct audit *audit, const struct sp_block_stream *stream)
{
  for (size_t i = audit->streams_count; i > 0; i--) {
    struct stream_sum *sum = &audit->streams[i - 1];
    if (sum->length == stream->name_length && memcmp(sum->name, stream->name, sum->length) == 0) {
      return sum;
    }
  }
  struct stream_sum *moved = realloc(audit->streams, (audit->streams_count + 1) * sizeof(*moved));
  if (moved != NULL) {
    audit->streams = moved;
  }
  char *name = malloc((size_t)stream->name_length + 1);
  if (moved == NULL || name == NULL) {
    free(name);
    return NULL;
  }
  memcpy(name, stream->name, stream->name_length);
  name[stream->name_length] = '\0';
  struct stream_sum *sum = &audit->streams[audit->streams_count++];
  *sum = (struct stream_sum){.name = name, .length = stream->name_length};
  return sum;
}

static bool sums_equal(const struct sp_totals *in, const struct sp_totals *outcomes)
{
  struct sp_totals sum = {0, 0, 0, 0};
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    sp_totals_add(&sum, &outcomes[i]);
  }
  return memcmp(&sum, in, sizeof(sum)) == 0;
}

static bool audit_block(struct sp_walk *walk, struct sp_block_view *view)
{
  struct audit *audit = walk->context;
  const struct sp_block_header *header = sp_block_view_header(view);
  sp_totals_add(&audit->in, &header->in);
  sp_totals_add(&audit->shard_in[walk->shard], &header->in);
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    sp_totals_add(&audit->outcomes[i], &header->outcomes[i]);
    sp_totals_add(&audit->shard_outcomes[walk->shard][i], &header->outcomes[i]);
  }
  audit->list_micro = (int64_t)((uint64_t)audit->list_micro + (uint64_t)header->list_micro);
  audit->net_micro = (int64_t)((uint64_t)audit->net_micro + (uint64_t)header->net_micro);
  int64_t in = 0;
  for (uint32_t i = 0; i < header->streams; i++) {
    const struct sp_block_stream *stream = sp_block_view_stream(view, i);
    struct stream_sum *sum = stream_of(audit, stream);
    if (sum == NULL) {
      audit->no_memory = true;
      return false;
    }
    in += stream->in;
    sum->in += stream->in;
    for (unsigned k = 0; k < SP_OUTCOME_COUNT; k++) {
      sum->outcomes[k] += stream->outcomes[k];
    }
  }
  audit->equation_ok =
      audit->equation_ok && sums_equal(&header->in, header->outcomes) && in == header->in.count;
  return true;
}

static bool streams_ok(const struct audit *audit)
{
  int64_t in = 0;
  for (size_t i = 0; i < audit->streams_count; i++) {
    int64_t sum = 0;
    for (unsigned k = 0; k < SP_OUTCOME_COUNT; k++) {
      sum += audit->streams[i].outcomes[k];
    }
    in += audit->streams[i].in;
    if (sum != audit->streams[i].in) {
      return false;
    }
  }
  return in == audit->in.count;
}

static void counts_json(int64_t in, const int64_t *outcomes)
{
  printf("\"in\":%lld", (long long)in);
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    printf(",\"%s\":%lld", sp_outcome_word(i), (long long)outcomes[i]);
  }
}

static void totals_json(const struct sp_totals *in, const struct sp_totals *outcomes, size_t member)
{
  int64_t values[SP_OUTCOME_COUNT], whole;
  memcpy(&whole, (const char *)in + member, sizeof(whole));
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    memcpy(&values[i], (const char *)&outcomes[i] + member, sizeof(values[i]));
  }
  counts_json(whole, values);
}

static void audit_json(const struct audit *audit, const struct sp_walk *walk, bool ok)
{
  printf("{");
  totals_json(&audit->in, audit->outcomes, offsetof(struct sp_totals, count));
  printf(",\"list\":");
  sp_json_micro(stdout, audit->list_micro);
  printf(",\"net\":");
  sp_json_micro(stdout, audit->net_micro);
  printf(",\"duration_s\":{");
  totals_json(&audit->in, audit->outcomes, offsetof(struct sp_totals, duration_s));
  printf("},\"bytes\":{");
  totals_json(&audit->in, audit->outcomes, offsetof(struct sp_totals, bytes));
  printf("},\"charge_micro\":{");
  totals_json(&audit->in, audit->outcomes, offsetof(struct sp_totals, charge_micro));
  printf("},\"blocks\":%llu,\"torn_bytes\":%llu,\"shards\":[", (unsigned long long)walk->blocks,
         (unsigned long long)walk->torn_bytes);
  for (uint32_t s = 0; s < walk->dir->shard_count; s++) {
    printf("%s{\"shard\":%u,", s == 0 ? "" : ",", s);
    totals_json(&audit->shard_in[s], audit->shard_outcomes[s], offsetof(struct sp_totals, count));
    printf("}");
  }
  printf("],\"streams\":[");
  for (size_t i = 0; i < audit->streams_count; i++) {
    printf("%s{\"name\":", i == 0 ? "" : ",");
    sp_json_text(stdout, audit->streams[i].name, audit->streams[i].length);
    printf(",");
    counts_json(audit->streams[i].in, audit->streams[i].outcomes);
    printf("}");
  }
  printf("],\"ok\":%s}\n", ok ? "true" : "false");
}

static void row_print(const char *name, int64_t in, const int64_t *outcomes)
{
  printf("%-28.28s %12lld", name, (long long)in);
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    printf(" %12lld", (long long)outcomes[i]);
  }
  printf("\n");
}

static void totals_row(const char *name, const struct sp_totals *in,
                       const struct sp_totals *outcomes, size_t member)
{
  int64_t values[SP_OUTCOME_COUNT], whole;
  memcpy(&whole, (const char *)in + member, sizeof(whole));
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    memcpy(&values[i], (const char *)&outcomes[i] + member, sizeof(values[i]));
  }
  row_print(name, whole, values);
}

static void audit_print(const struct audit *audit, const struct sp_walk *walk, bool ok)
{
  printf("%-28s %12s", "", "in =");
  for (unsigned i = 0; i < SP_OUTCOME_COUNT; i++) {
    printf(" %12s", sp_outcome_word(i));
  }
  printf("\n");
  totals_row("records", &audit->in, audit->outcomes, offsetof(struct sp_totals, count));
  totals_row("seconds", &audit->in, audit->outcomes, offsetof(struct sp_totals, duration_s));
  totals_row("bytes", &audit->in, audit->outcomes, offsetof(struct sp_totals, bytes));
  totals_row("pre-rated, micro-units", &audit->in, audit->outcomes,
             offsetof(struct sp_totals, charge_micro));
  for (uint32_t s = 0; s < walk->dir->shard_count; s++) {
    char name[32];
    snprintf(name, sizeof(name), "shard %u", s);
    totals_row(name, &audit->shard_in[s], audit->shard_outcomes[s],
               offsetof(struct sp_totals, count));
  }
  for (size_t i = 0; i < audit->streams_count; i++) {
    const char *name = audit->streams[i].name;
    size_t length = audit->streams[i].length;
    row_print(length > 28 ? name + length - 28 : name, audit->streams[i].in,
              audit->streams[i].outcomes);
  }
  printf("list %lld.%06lld, net %lld.%06lld; %llu blocks; %s\n",
         (long long)(audit->list_micro / 1000000), (long long)(llabs(audit->list_micro) % 1000000),
         (long long)(audit->net_micro / 1000000), (long long)(llabs(audit->net_micro) % 1000000),
         (unsigned long long)walk->blocks,
         ok ? "the equation holds" : "THE EQUATION DOES NOT HOLD");
}

static const struct sp_verb_help help = {
    "suanpan audit STORE [--json]",
    "  suanpan audit /var/lib/suanpan\n  suanpan audit /var/lib/suanpan --json\n",
    "Adds up the journal: in = rated + zero_rated + duplicate + conflict + suspended + filtered + "
    "held_partial, in records,\n"
    "seconds, bytes and money, per shard and stream. Exit 1 if it does not hold."};

int sp_cmd_audit(int argc, char **argv)
{
  bool json = false;
  const char *store;
  const struct sp_option table[] = {{"--json", SP_OPTION_FLAG, &json, NULL, "one object"}};
  int code = sp_options_read_store(&help, table, 1, argc, argv, &store);
  if (code >= 0) {
    return code;
  }
  struct sp_store_dir dir;
  code = sp_store_dir_open(&dir, store);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  struct audit *audit = calloc(1, sizeof(*audit));
  if (audit == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  audit->equation_ok = true;
  struct sp_walk walk = {.dir = &dir, .context = audit, .block = audit_block};
  code = sp_journal_walk(&walk);
  if (audit->no_memory) {
    fprintf(stderr, "suanpan: out of memory\n");
    code = SP_EXIT_ENVIRONMENT;
  }
  bool ok = code == SP_EXIT_DONE && audit->equation_ok && walk.chain_ok && streams_ok(audit) &&
            sums_equal(&audit->in, audit->outcomes);
  if (code == SP_EXIT_DONE) {
    if (json) {
      audit_json(audit, &walk, ok);
    } else {
      audit_print(audit, &walk, ok);
    }
    code = ok ? SP_EXIT_DONE : SP_EXIT_REJECTED;
  }
  for (size_t i = 0; i < audit->streams_count; i++) {
    free(audit->streams[i].name);
  }
  free(audit->streams);
  free(audit);
  return code;
}
