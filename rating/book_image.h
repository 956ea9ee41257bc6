/* The image in the making: sections with their bytes, texts interned. Inside rating/ only. */
#ifndef SP_RATING_BOOK_IMAGE_H
#define SP_RATING_BOOK_IMAGE_H

#include "rating/book_rules.h"

/* The whole image of a draft without errors, a table of draft->memory. */
enum sp_status sp__image_make(struct sp__draft *draft, struct sp_book_image *out);

#define SP_IMAGE_SECTIONS_MAX 64
#define SP_IMAGE_ALIGN 64

struct sp__section {
  struct sp_book_array *array; /* in the header below */
  const void *bytes;
  uint64_t count;
  uint32_t size;
};

struct sp__image {
  struct sp__draft *draft;
  struct sp_book_header header;
  struct sp__terms texts;
  struct sp__list text_at; /* uint32_t per text */
  uint64_t text_bytes;
  struct sp__section sections[SP_IMAGE_SECTIONS_MAX];
  uint32_t sections_count;
  struct sp__list match_dests, match_groups;
};

/* Puts `count` records of `size` bytes, which stay where they are until the image is written, into
 * a section. */
void sp__image_section(struct sp__image *image, struct sp_book_array *array, const void *bytes,
                       uint64_t count, uint32_t size);
struct sp_book_name sp__image_text(struct sp__image *image, const char *text, size_t length);
/* A name by id of a list of names; SP_NONE = length 0. */
struct sp_book_name sp__image_name(struct sp__image *image, const struct sp__terms *names,
                                   uint32_t id);
/* Match columns of a row with ids as ranks; services not in `services` are not accepted. */
struct sp_book_match sp__image_match(struct sp__image *image, const struct sp__match *match,
                                     uint64_t services);
/* Rank of a name by id, SP_NONE stays. */
uint32_t sp__image_rank(const struct sp__terms *names, uint32_t id);

void sp__image_tariff(struct sp__image *image); /* plans to payers: book_image_tariff.c */
void sp__image_places(struct sp__image *image); /* areas to cells: book_image_places.c */

#endif
