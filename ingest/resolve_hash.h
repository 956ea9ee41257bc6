/* Identity of a record: duplicate key, payload and chain (book.md §15.1, §15.2, §14.1) as hashes of
 * canonical fields over normalised numbers. Stable: they are stored. Pure. */
#ifndef SP_INGEST_RESOLVE_HASH_H
#define SP_INGEST_RESOLVE_HASH_H

#include "ingest/resolve.h"
#include "rating/usage.h"

/* Fills key_hash, payload_hash and chain_hash. A blank field and its default hash alike. */
void sp__resolve_hash(struct sp_usage *usage, const struct sp_cdr *cdr,
                      const struct sp_numbers *numbers);
/* chain_hash alone; 0 of what is no part. */
void sp__resolve_hash_chain(struct sp_usage *usage, const struct sp_cdr *cdr);

#endif
