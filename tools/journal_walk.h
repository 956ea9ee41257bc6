/* All blocks of a store, shard by shard, in the order of the journal: for audit, dump, verify,
 * replay. Reads what is durable; a running writer does not disturb. */
#ifndef SP_TOOLS_JOURNAL_WALK_H
#define SP_TOOLS_JOURNAL_WALK_H

#include "store/journal.h"
#include "tools/store_dir.h"

struct sp_walk {
  const struct sp_store_dir *dir;
  bool whole;          /* open payloads too */
  uint32_t shard;      /* at hand */
  uint64_t torn_bytes; /* behind the last blocks, of all shards */
  uint64_t blocks;
  bool chain_ok; /* numbers, ordinals and previous hashes follow one another */
  void *context;
  /* Each block. false ends the walk without an error. */
  bool (*block)(struct sp_walk *walk, struct sp_block_view *view);
};

/* 0 or an exit code with its message on stderr: damage, another version, unreadable. */
int sp_journal_walk(struct sp_walk *walk);

#endif
