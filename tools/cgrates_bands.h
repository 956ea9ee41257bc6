/* Bands of a book from the timings of CGRateS: the times of the week at which one rate of a target
 * holds. Equal times are one band. */
#ifndef SP_TOOLS_CGRATES_BANDS_H
#define SP_TOOLS_CGRATES_BANDS_H

#include <stdio.h>

#include "rating/cgrates_parts.h"

#define SP_CGRATES_KEPT "cgrates/"
#define SP_CG_BANDS_MAX 64
#define SP_CG_BAND_PIECES_MAX 128

struct sp_cg_piece { /* of one weekday, 0 = Monday */
  uint32_t day, from_s, to_s;
};

struct sp_cg_band {
  char name[72];
  uint32_t timing, count;
  struct sp_cg_piece pieces[SP_CG_BAND_PIECES_MAX];
};

struct sp_cg_bands {
  struct sp_cg_band *bands; /* SP_CG_BANDS_MAX */
  uint32_t count;
  bool full; /* no memory, or more bands than a book has room for */
};

/* The band at which interval `number` of the target holds: NULL never; "" always, with `named` a
 * band of all the week. The target's timings have no dates. */
const char *sp_cg_band_find(struct sp_cg_bands *bands, const struct sp_cgrates *tariff,
                            const struct sp_cg_target *target, uint32_t number, bool named);
void sp_cg_bands_print(const struct sp_cg_bands *bands, FILE *to);
void sp_cg_bands_free(struct sp_cg_bands *bands);

#endif
