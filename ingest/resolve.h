/* Resolve (book.md §6, tests 5 and 6 of §5.3): from a decoded record to who, where and which net,
 * and its hashes. A resolver holds memos only: the same record gives the same usage whatever came
 * before. One thread each; directory and books are shared, must outlive it and must not change. No
 * allocation per record. */
#ifndef SP_INGEST_RESOLVE_H
#define SP_INGEST_RESOLVE_H

#include "ingest/resolve_number.h"
#include "rating/directory.h"
#include "rating/memory.h"

struct sp_resolver;

#define SP_RESOLVE_BATCH_MAX 256

/* Memory comes from the arena and goes with it. NO_MEMORY; LIMIT: more than 2^30 area texts. */
SP_MUST_CHECK enum sp_status sp_resolver_make(struct sp_resolver **resolver,
                                              const struct sp_directory *directory,
                                              const struct sp_books *books,
                                              struct sp_memory *memory);
/* One for sp_resolve_numbers alone. Of books that asks for the home country, which is that of all
 * books (book.md §4.7), so it has no tables of theirs and stays good for books that come later. */
SP_MUST_CHECK enum sp_status sp_resolver_make_numbers(struct sp_resolver **resolver,
                                                      const struct sp_directory *directory,
                                                      const struct sp_books *books,
                                                      struct sp_memory *memory);

/* Fills one usage per record, every byte. A record with a reason (tests 1 to 4) keeps it and is not
 * looked at. Otherwise usage->reason is 0, 401 (no book), 301 (no subscriber) or 302 (short `other`
 * not known, which decides only later). Any n. */
void sp_resolve_batch(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                      struct sp_usage *usages, size_t n);

/* The same for records that were resolved and judged before: `subscribers` says whose each one was
 * then (SP_NONE: nobody's), which saves the search where it still holds and is found out anew where
 * it does not. key_hash and payload_hash stay 0: nobody asks again whether it is a duplicate. */
void sp_resolve_batch_again(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                            const uint32_t *subscribers, struct sp_usage *usages, size_t n);

/* The texts it reads of a whole record (of a part it reads more): id, node, session and the like
 * only tell duplicates. */
#define SP_RESOLVE_AGAIN_TEXTS                                                                     \
  (1u << SP_CDR_SERVED | 1u << SP_CDR_OTHER | 1u << SP_CDR_HOME_AREA | 1u << SP_CDR_VISITED_AREA | \
   1u << SP_CDR_OTHER_AREA | 1u << SP_CDR_PLMN | 1u << SP_CDR_RATING_GROUP)

/* Normalised numbers of a record, as hashed: for comparing two records (ingest/conflict.h) and for
 * explain. */
struct sp_numbers {
  struct sp_normal served, other, third;
};
void sp_resolve_numbers(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                        struct sp_numbers *numbers);

/* Where everything lies, for explain: what sp_resolve_batch found on its way. Texts are borrowed
 * from record, book and directory. */
struct sp_places {
  struct sp_name home, visited, charging, other; /* area texts, length 0 = none */
  uint32_t prefix; /* number plan row of `other`: index + 1, 0 = none */
  uint32_t served_prefix;
  uint32_t operator_id; /* of `other` (§6.4), 0 = unknown */
  bool ported;
};
void sp_resolve_places(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                       struct sp_places *places);

#endif
