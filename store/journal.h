/* One shard's journal on disk: segment files DIR/<number of first block, 20 digits>.spj, each a run
 * of blocks (block.h). One writer (the store's lock sees to that), any number of readers, which see
 * whole blocks only. SP_IO leaves errno as the system set it. Not thread safe: one handle, one
 * thread. */
#ifndef SP_STORE_JOURNAL_H
#define SP_STORE_JOURNAL_H

#include "store/block.h"

#define SP_JOURNAL_SEGMENT_BYTES (UINT64_C(512) << 20) /* a new segment begins behind this */

struct sp_journal;

struct sp_journal_place {
  uint64_t segment; /* number of the segment's first block; 0 = the journal's beginning */
  uint64_t offset;  /* bytes into it */
};

/* Opens the folder, which must exist. writable: for sp_journal_cut and sp_journal_append. */
SP_MUST_CHECK enum sp_status sp_journal_open(struct sp_journal **journal, const char *dir,
                                             bool writable);
void sp_journal_close(struct sp_journal *journal);

/* Reading begins at a place (of a block's beginning or the journal's end). NOT_FOUND: no such
 * segment. */
SP_MUST_CHECK enum sp_status sp_journal_seek(struct sp_journal *journal,
                                             struct sp_journal_place place);
/* Opens the next block into `view` (whole = false: sp_block_peek). END: no more;
 * sp_journal_torn_bytes tells whether an unfinished block stands behind. BAD_CHECKSUM or
 * BAD_FORMAT: damage with valid blocks behind it. BAD_VERSION. */
SP_MUST_CHECK enum sp_status sp_journal_next(struct sp_journal *journal, struct sp_block_view *view,
                                             bool whole);
/* Where the block just read begins; where the next one will. */
struct sp_journal_place sp_journal_block_place(const struct sp_journal *journal);
struct sp_journal_place sp_journal_place(const struct sp_journal *journal);
uint64_t sp_journal_torn_bytes(const struct sp_journal *journal);

/* Where a block of this number goes that follows `next` (what sp_journal_append will do), and what
 * follows it. */
static inline struct sp_journal_place sp_journal_place_of(struct sp_journal_place next,
                                                          uint64_t number)
{
  bool begins = next.segment == 0 || next.offset >= SP_JOURNAL_SEGMENT_BYTES;
  return begins ? (struct sp_journal_place){number, 0} : next;
}

/* After next has said END: cuts a torn tail off and gets ready to append. */
SP_MUST_CHECK enum sp_status sp_journal_cut(struct sp_journal *journal);
/* Appends a whole block with the given number (a new segment when the last is full). Durable after
 * sp_journal_sync. */
SP_MUST_CHECK enum sp_status sp_journal_append(struct sp_journal *journal, uint64_t number,
                                               const uint8_t *bytes, size_t length);
SP_MUST_CHECK enum sp_status sp_journal_sync(struct sp_journal *journal);

/* Names in a folder are durable when it is: after a file was made or renamed there. IO with errno.
 */
SP_MUST_CHECK enum sp_status sp_folder_sync(const char *folder);

#endif
