/* The phases of reading and checking a book, in order. Inside rating/ only. Each reports its
 * problems and goes on; after memory has ended (draft->status) they do nothing. */
#ifndef SP_RATING_BOOK_TABLES_H
#define SP_RATING_BOOK_TABLES_H

#include "rating/book_reader.h"

/* All bits of a match column that is a feature (enum sp__column). */
uint64_t sp__column_features(uint32_t column);

/* Sorts ids and leaves each once; returns how many are left. */
uint32_t sp__ids_unique(uint32_t *ids, uint32_t count);
/* Rows of `days` by date. */
uint32_t *sp__day_order(struct sp__draft *draft);

void sp__read_settings(struct sp__draft *draft); /* book.yaml and the zone: book_yaml.c */
void sp__read_places(struct sp__draft *draft);   /* areas, numbers, ported, cells: book_places.c */
void sp__read_calendar(struct sp__draft *draft); /* calendar, bands: book_calendar.c */
void sp__read_destinations(struct sp__draft *draft); /* book_places.c */
void sp__read_plans(struct sp__draft *draft);        /* book_plans.c */
void sp__read_rates(struct sp__draft *draft);        /* book_rates.c */
void sp__read_extras(struct sp__draft *draft); /* allowances, discounts, payers: book_extras.c */
void sp__make_rules(struct sp__draft *draft);  /* rows to rules: book_rules.c */

/* The words of enums, as in the tables. */
extern const char *const sp__plan_kinds[4];
extern const char *const sp__roundings[3];
extern const char *const sp__band_modes[3];

/* Kind of a plan by name id, SP_PLAN_UNKNOWN if it has none. */
uint8_t sp__plan_kind(const struct sp__draft *draft, uint32_t plan);

/* A row of rates that could not be read; plan, item: SP_NONE if not known. */
void sp__doubt_rate(struct sp__draft *draft, uint32_t plan, uint32_t item);
/* Whether such a row may have been a rule of this item: of this plan, or of another one. */
bool sp__doubt_of(const struct sp__draft *draft, uint32_t plan, uint32_t item);
bool sp__doubt_of_others(const struct sp__draft *draft, uint32_t item);
/* A table that is there and could not be read. */
void sp__doubt_table(struct sp__draft *draft, const char *file);

/* The value kept for `key` or SP_NONE; put keeps `value` then. Room grows. */
uint32_t sp__keys_find(const struct sp__keys *keys, uint64_t key);
uint32_t sp__keys_put(struct sp__draft *draft, struct sp__keys *keys, uint64_t key, uint32_t value);

#endif
