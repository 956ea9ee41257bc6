#include "tools/journal_walk.h"

#include <errno.h>
#include <string.h>

struct follow { /* what the next block must follow */
  uint64_t number, ordinal;
  uint8_t hash[16];
};

static bool follows(struct follow *follow, const struct sp_block_header *header)
{
  bool ok = header->number == follow->number + 1 && header->first_ordinal == follow->ordinal &&
            memcmp(header->previous_hash, follow->hash, sizeof(follow->hash)) == 0;
  follow->number = header->number;
  follow->ordinal = header->first_ordinal + header->records;
  memcpy(follow->hash, header->hash, sizeof(follow->hash));
  return ok;
}

static int walk_failed(const struct sp_walk *walk, enum sp_status status, uint64_t number)
{
  fprintf(stderr, "suanpan: %s: shard %u: journal behind block %llu: %s\n", walk->dir->path,
          walk->shard, (unsigned long long)number,
          status == SP_IO && errno != 0 ? strerror(errno) : sp_status_text(status));
  return SP_EXIT_ENVIRONMENT;
}

static int shard_walk(struct sp_walk *walk, struct sp_block_view *view, bool *go_on)
{
  char path[SP_PATH_BYTES_MAX];
  sp_store_path(walk->dir, path, "shards/%u/journal", walk->shard);
  struct sp_journal *journal = NULL;
  struct follow follow = {0, 0, {0}};
  errno = 0;
  enum sp_status status = sp_journal_open(&journal, path, false);
  if (status == SP_OK) {
    status = sp_journal_seek(journal, (struct sp_journal_place){0, 0});
  }
  while (status == SP_OK && *go_on) {
    status = sp_journal_next(journal, view, walk->whole);
    if (status == SP_OK) {
      const struct sp_block_header *header = sp_block_view_header(view);
      walk->blocks++;
      walk->chain_ok = follows(&follow, header) && header->shard == walk->shard && walk->chain_ok;
      *go_on = walk->block(walk, view);
    }
  }
  int code = SP_EXIT_DONE;
  if (status == SP_END) {
    walk->torn_bytes += sp_journal_torn_bytes(journal);
  } else if (status != SP_OK) {
    code = walk_failed(walk, status, follow.number);
  }
  sp_journal_close(journal);
  return code;
}

int sp_journal_walk(struct sp_walk *walk)
{
  struct sp_block_view *view;
  walk->torn_bytes = walk->blocks = 0;
  walk->chain_ok = true;
  if (sp_block_view_make(&view) != SP_OK) {
    fprintf(stderr, "suanpan: out of memory\n");
    return SP_EXIT_ENVIRONMENT;
  }
  int code = SP_EXIT_DONE;
  bool go_on = true;
  for (walk->shard = 0; walk->shard < walk->dir->shard_count && code == SP_EXIT_DONE && go_on;
       walk->shard++) {
    code = shard_walk(walk, view, &go_on);
  }
  sp_block_view_free(view);
  return code;
}
