/* suanpan verify: reads a whole store as a restart would, and more: every block, every hash, the
 * replayed tail. */
#include <stdlib.h>
#include <string.h>

#include "tools/journal_walk.h"
#include "tools/shard_crew.h"
#include "tools/verbs.h"

static const struct sp_verb_help help = {
    "suanpan verify STORE [--json]",
    "  suanpan verify /var/lib/suanpan\n  suanpan verify /var/lib/suanpan --json\n",
    "Checks the whole store without changing it: all journal blocks and their chain, the "
    "checkpoints, the tail replayed and\n"
    "compared, the totals of both. Prints the state hash, which does not depend on shards, "
    "threads, compilers or crashes.\n"
    "While a service writes to the store each shard is checked as of some moment of its own; the "
    "hash is then of no use.\n"
    "Exit 1 if anything is wrong."};

struct kept { /* of one shard */
  struct sp_state_sum sum;
  struct sp_checkpoint_meta meta;
  char error[SP_SHARD_ERROR_BYTES];
};

struct verify {
  struct sp_world world;
  struct kept kept[SP_SHARDS_MAX];
  struct sp_state_sum sum;
  uint64_t last[SP_SHARDS_MAX], upto[SP_SHARDS_MAX]; /* block read last; to count the last */
  struct sp_totals in;                               /* of the journal */
  struct sp_totals kept_in;                          /* of checkpoint and tail */
  uint64_t blocks, records, suspense_sum, kept_suspense_sum;
  int64_t net_micro, kept_net_micro;
  int64_t watermark_utc_s;
};

static bool block_add(struct sp_walk *walk, struct sp_block_view *view)
{
  struct verify *verify = walk->context;
  const struct sp_block_header *header = sp_block_view_header(view);
  verify->last[walk->shard] = header->number;
  if (header->number > verify->upto[walk->shard]) {
    return true;
  }
  sp_totals_add(&verify->in, &header->in);
  verify->blocks++;
  verify->records += header->records;
  verify->suspense_sum += header->suspense_sum;
  verify->net_micro = (int64_t)((uint64_t)verify->net_micro + (uint64_t)header->net_micro);
  if (header->watermark_utc_s > verify->watermark_utc_s) {
    verify->watermark_utc_s = header->watermark_utc_s;
  }
  return true;
}

static enum sp_status shard_verify(void *context, uint32_t index, const char **error)
{
  struct verify *verify = context;
  struct sp_shard *shard = aligned_alloc(64, (sizeof(*shard) + 63) / 64 * 64);
  if (shard == NULL) {
    return SP_NO_MEMORY;
  }
  struct kept *kept = &verify->kept[index];
  enum sp_status status = sp_shard_open(shard, &verify->world, index, false);
  if (status == SP_OK) {
    status = sp_shard_sum(shard, &kept->sum);
  }
  kept->meta = shard->meta;
  memcpy(kept->error, shard->error, sizeof(kept->error));
  *error = kept->error[0] != '\0' ? kept->error : NULL;
  sp_shard_close(shard);
  free(shard);
  return status;
}

static bool shards_verify(struct verify *verify)
{
  struct sp_world *world = &verify->world;
  if (sp_crew_run(world, sp_crew_threads(world, 0), shard_verify, verify) != SP_OK) {
    fprintf(stderr, "suanpan: %s: %s\n", world->dir.path, world->failure);
    return false;
  }
  for (uint32_t i = 0; i < world->dir.shard_count; i++) {
    const struct kept *kept = &verify->kept[i];
    verify->sum.low += kept->sum.low;
    verify->sum.high += kept->sum.high;
    verify->sum.entries += kept->sum.entries;
    sp_totals_add(&verify->kept_in, &kept->meta.in);
    verify->kept_suspense_sum += kept->meta.suspense_sum;
    verify->kept_net_micro =
        (int64_t)((uint64_t)verify->kept_net_micro + (uint64_t)kept->meta.net_micro);
  }
  return true;
}

/* A service that writes has gone on since the journals were read: they are added up again, each as
 * far as its shard was opened. A shard that was opened less far than that differs. */
static bool moved_on(struct verify *verify, struct sp_walk *walk)
{
  bool moved = false, behind = false;
  for (uint32_t i = 0; i < verify->world.dir.shard_count; i++) {
    verify->upto[i] = verify->kept[i].meta.block;
    moved = moved || verify->upto[i] > verify->last[i];
    behind = behind || verify->upto[i] < verify->last[i];
  }
  if (!moved || behind) {
    return true;
  }
  memset(&verify->in, 0, sizeof(verify->in));
  verify->blocks = verify->records = verify->suspense_sum = 0;
  verify->net_micro = 0;
  walk->whole = false;
  return sp_journal_walk(walk) == SP_EXIT_DONE && walk->chain_ok;
}

static bool store_verify(struct verify *verify, struct sp_walk *walk)
{
  *walk = (struct sp_walk){
      .dir = &verify->world.dir, .whole = true, .context = verify, .block = block_add};
  verify->watermark_utc_s = SP_TIME_MIN;
  memset(verify->upto, 0xff, sizeof(verify->upto));
  bool ok = sp_journal_walk(walk) == SP_EXIT_DONE && walk->chain_ok;
  verify->world.window_start_utc_s = verify->watermark_utc_s - SP_DEDUP_WINDOW_S;
  ok = ok && shards_verify(verify) && moved_on(verify, walk);
  if (ok && (memcmp(&verify->in, &verify->kept_in, sizeof(verify->in)) != 0 ||
             verify->suspense_sum != verify->kept_suspense_sum ||
             verify->net_micro != verify->kept_net_micro)) {
    fprintf(stderr, "suanpan: %s: the checkpoints' totals are not those of the journal\n",
            verify->world.dir.path);
    ok = false;
  }
  return ok;
}

static void verify_print(const struct verify *verify, const struct sp_walk *walk, bool ok,
                         bool json)
{
  if (json) {
    printf("{\"ok\":%s,\"state_hash\":\"%016llx%016llx\",\"records\":%llu,\"entries\":%llu,"
           "\"blocks\":%llu,"
           "\"torn_bytes\":%llu,\"shards\":%u}\n",
           ok ? "true" : "false", (unsigned long long)verify->sum.high,
           (unsigned long long)verify->sum.low, (unsigned long long)verify->records,
           (unsigned long long)verify->sum.entries, (unsigned long long)verify->blocks,
           (unsigned long long)walk->torn_bytes, verify->world.dir.shard_count);
    return;
  }
  printf("%s: %llu records in %llu blocks, %llu entries of state, state hash %016llx%016llx\n",
         ok ? "all is well" : "SOMETHING IS WRONG", (unsigned long long)verify->records,
         (unsigned long long)verify->blocks, (unsigned long long)verify->sum.entries,
         (unsigned long long)verify->sum.high, (unsigned long long)verify->sum.low);
  if (walk->torn_bytes > 0) {
    printf(
        "%llu bytes of unfinished blocks stand behind the journals; the next run cuts them off\n",
        (unsigned long long)walk->torn_bytes);
  }
}

int sp_cmd_verify(int argc, char **argv)
{
  bool json = false;
  const char *store;
  const struct sp_option table[] = {{"--json", SP_OPTION_FLAG, &json, NULL, "one object"}};
  int code = sp_options_read_store(&help, table, 1, argc, argv, &store);
  if (code >= 0) {
    return code;
  }
  struct verify *verify = calloc(1, sizeof(*verify));
  if (verify == NULL) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  code = sp_world_open(&verify->world, store);
  if (code == SP_EXIT_DONE) {
    struct sp_walk walk;
    bool ok = store_verify(verify, &walk);
    verify_print(verify, &walk, ok, json);
    code = ok ? SP_EXIT_DONE : SP_EXIT_REJECTED;
  }
  sp_world_close(&verify->world);
  free(verify);
  return code;
}
