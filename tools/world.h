/* What all threads of a process read: books, directory, and per customer the shard, the profile and
 * the slot of its state. Profiles and slots lie in one array for all shards (each is written by its
 * shard's worker only), so that memory does not grow with the shards. */
#ifndef SP_TOOLS_WORLD_H
#define SP_TOOLS_WORLD_H

#include <pthread.h>
#include <stdatomic.h>

#include "ingest/decode.h"
#include "rating/directory.h"
#include "rating/memory.h"
#include "segment/profile.h"
#include "tools/book_load.h"
#include "tools/store_dir.h"

struct sp_world {
  struct sp_store_dir dir;
  struct sp_memory memory;
  struct sp_directory *directory;
  const struct sp_books
      *books[SP_BOOKS_MAX + 1]; /* [n]: the set of the first n books; NULL = not made yet */
  pthread_mutex_t books_lock;   /* held while one is made */
  _Atomic uint32_t books_count; /* loaded */
  struct sp_book book[SP_BOOKS_MAX];
  struct sp_loaded_book loaded[SP_BOOKS_MAX];
  struct sp_decode_zone zone; /* of all the books */
  uint8_t *shard_of;          /* by subscriber */
  uint8_t *shard_of_group;    /* by group */
  _Atomic int failing;        /* 1: a thread is writing `failure` */
  char failure[640];          /* the line for it; valid when stop is set and threads have ended */
  _Atomic int stop;           /* 1: something failed, everybody comes to an end */
  _Atomic uint32_t
      shards_needed; /* shards from this one on need not be opened: one before them failed */
  int64_t window_start_utc_s; /* for sums: marks older than this do not count */
  struct sp_profile *profiles;
  void *state_slots; /* of subscribers: SP_STATE_SLOT_BYTES each */
  struct sp_group_profile *group_profiles;
};

/* The set of the first `count` books, made when first asked for; those added to the store since are
 * loaded then. NULL: more than there are, or no memory. Any thread, a few times a block at most: it
 * takes a lock. */
const struct sp_books *sp_world_books(struct sp_world *world, uint32_t count);

/* Opens STORE's directory and books. Messages go to stderr; 0 or an exit code. */
int sp_world_open(struct sp_world *world, const char *store);
/* Loads books that were added since; the number of new ones or -1 with a message (the old set
 * stays). */
int sp_world_add_books(struct sp_world *world);
void sp_world_close(struct sp_world *world);

#endif
