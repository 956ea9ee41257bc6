/* Which shard has the mark of a key that holds no subscriber (SP_KEY_OF_SESSION, book.md §15.1):
 * the router's, who sees the records of all shards in order. The marks are the truth, these say
 * where they are: a record whose key another shard has is in conflict with what lies there. Pure;
 * one owner thread.
 *
 * 24 bytes a key in the tables of mark_table.h. A key that comes again behind the window may be
 * there twice for a while: after a crash some shards stand further than others and have marks of
 * records that the router has yet to read again. Of those within the window the one that starts
 * first holds: a later one was only made when it was gone. */
#ifndef SP_INGEST_SESSION_KEYS_H
#define SP_INGEST_SESSION_KEYS_H

#include "rating/memory.h"

struct sp_session_keys;

struct sp_session_place {
  uint32_t shard;
  uint32_t ordinal; /* low 32 bits of the record's in that shard */
};

/* `window_s`: how far before the watermark a record may start and still count (§15.5). Errors:
 * NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_session_keys_open(struct sp_session_keys **keys,
                                                  struct sp_memory *memory, int64_t window_s);
void sp_session_keys_close(struct sp_session_keys *keys);
/* A key whose mark a shard has, before the first record is looked at. Errors: NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_session_keys_add(struct sp_session_keys *keys,
                                                 const uint64_t key_hash[2], int64_t start_utc_s,
                                                 struct sp_session_place place);

/* UTC seconds. A shard that stands further than others behind a crash counts from its own, later
 * watermark, and its marks before that window are gone for its own records. */
struct sp_session_record {
  int64_t start_s;
  int64_t watermark_s;       /* the latest start so far, its own included; it never falls */
  int64_t shard_watermark_s; /* that or later: what its shard counts from */
};

/* Brings the key's place to the cache. */
void sp_session_keys_prefetch(const struct sp_session_keys *keys, const uint64_t key_hash[2]);
/* A record within its shard's window. *place comes with its own place and becomes that of the first
 * record of its key; where it stays, the record is the first. What starts a window later than this
 * record does not count: it was handled when this one's mark would have been gone. Errors:
 * NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_session_keys_look(struct sp_session_keys *keys,
                                                  const uint64_t key_hash[2],
                                                  const struct sp_session_record *record,
                                                  struct sp_session_place *place);
/* Keys in the tables, those that are gone included. */
uint64_t sp_session_keys_count(const struct sp_session_keys *keys);

#endif
