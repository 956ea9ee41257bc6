/* Whether the pages of an LMDB file hold together. LMDB has no checksums and trusts what it reads:
 * a turned byte of a page would end the process by a signal, let a search miss a key, or make the
 * next write go astray. Pure; the file's bytes are borrowed. Inside store/. The layout is that of
 * LMDB's data version 1, the only one there is. */
#ifndef SP_STORE_LMDB_PAGES_H
#define SP_STORE_LMDB_PAGES_H

#include "rating/text.h"

struct sp__lmdb_file {
  const uint8_t *bytes;
  size_t length;
};

/* Whether LMDB can open it: sound also where LMDB itself says that it is none, or of another
 * version. `map_bytes`: more than that no file of ours has. `why`: a sentence where it is not. */
bool sp__lmdb_is_openable(const struct sp__lmdb_file *file, uint64_t map_bytes,
                          struct sp_text *why);

/* A meta page as it lies, without its head. */
struct sp__lmdb_tree {
  uint32_t pad; /* of the first tree: bytes of a page */
  uint16_t flags, depth;
  uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};
struct sp__lmdb_meta {
  uint32_t magic, version;
  uint64_t address, map_bytes;
  struct sp__lmdb_tree free, main;
  uint64_t last_page, number; /* of the transaction that wrote it */
};

/* The meta page of transaction `number`, of a file that can be opened. False: it is not there; the
 * writer has gone on, or the file is damaged. */
bool sp__lmdb_meta_find(const struct sp__lmdb_file *file, uint64_t number,
                        struct sp__lmdb_meta *meta);

/* All pages that the meta page leads to, each met once: their heads, nodes and the order of their
 * keys, the counts, the list of free pages. `seen`: zeros, a bit for each page up to the last one.
 * `why`: which page, and what is wrong with it. */
bool sp__lmdb_is_sound(const struct sp__lmdb_file *file, const struct sp__lmdb_meta *meta,
                       uint8_t *seen, struct sp_text *why);

#endif
