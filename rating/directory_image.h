/* A directory as pieces of bytes and back: what store/directory_db puts away. Pieces come in order
 * of (section, index), each at most SP_DIRECTORY_PIECE_BYTES; the same directory gives the same
 * pieces. Layout: rating/README.md. Indexes are not in it: they are made anew. Pure; one thread. */
#ifndef SP_RATING_DIRECTORY_IMAGE_H
#define SP_RATING_DIRECTORY_IMAGE_H

#include "rating/directory.h"
#include "rating/memory.h"

#define SP_DIRECTORY_VERSION 2u
#define SP_DIRECTORY_PIECE_BYTES (UINT32_C(1) << 18)

struct sp_directory_piece {
  uint32_t section, index;
  uint32_t length;
  const void *bytes; /* borrowed during the visit */
};

/* A status other than OK ends the visit and is returned. */
typedef enum sp_status sp_directory_visit(void *context, const struct sp_directory_piece *piece);
SP_MUST_CHECK enum sp_status sp_directory_save(const struct sp_directory *directory,
                                               sp_directory_visit *visit, void *context);

/* Back: begin, every piece in the same order, end. BAD_VERSION: saved by another version;
 * BAD_FORMAT: not the pieces of a directory (order, lengths, every index are checked); NO_MEMORY.
 * On any error the directory is freed by the caller, by sp_directory_free. */
struct sp_directory_restore {
  struct sp_directory *directory; /* NULL until the first piece */
  struct sp_memory *memory;
  uint32_t section, index;
  uint64_t done; /* bytes of the section so far */
  void *head;
};
void sp_directory_restore_begin(struct sp_directory_restore *restore, struct sp_memory *memory);
SP_MUST_CHECK enum sp_status sp_directory_restore_piece(struct sp_directory_restore *restore,
                                                        const struct sp_directory_piece *piece);
SP_MUST_CHECK enum sp_status sp_directory_restore_end(struct sp_directory_restore *restore);

#endif
