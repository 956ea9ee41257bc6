/* A compiled book as facts, each one line that a person can read and that two books can be compared
 * by. */
#ifndef SP_TOOLS_BOOK_FACTS_H
#define SP_TOOLS_BOOK_FACTS_H

#include "rating/book_lookup.h"

enum sp_fact_section {
  SP_FACT_BOOK,
  SP_FACT_BAND,
  SP_FACT_DAY,
  SP_FACT_DESTINATION,
  SP_FACT_AREA,
  SP_FACT_NUMBER,
  SP_FACT_PORTED,
  SP_FACT_CELL,
  SP_FACT_PLAN,
  SP_FACT_COST, /* what usual things cost when */
  SP_FACT_ITEM,
  SP_FACT_RATE,
  SP_FACT_ALLOWANCE,
  SP_FACT_DISCOUNT,
  SP_FACT_PAYER
};

struct sp_fact {
  char *plan, *about, *says; /* plan "" = of the book; owned by the list */
  enum sp_fact_section section;
  uint32_t line;   /* in its table, 0 = none */
  uint32_t number; /* in the order of the book */
};

struct sp_facts {
  struct sp_fact *fact;
  size_t count, room;
};

/* Facts of the book and its plans; `places`: areas, numbers, ported, cells and destinations, too.
 * NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_facts_make(struct sp_facts *facts, const struct sp_book *book,
                                           bool places);
void sp_facts_free(struct sp_facts *facts);
/* By plan, section and what they are about: for comparing. */
void sp_facts_sort(struct sp_facts *facts);
int sp_fact_compare(const struct sp_fact *a, const struct sp_fact *b);
const char *sp_fact_section_word(enum sp_fact_section section);

/* Adds a fact; false: no memory. For book_facts.c and book_cost.c. */
bool sp_facts_add(struct sp_facts *facts, enum sp_fact_section section, const char *plan,
                  const char *about, const char *says, uint32_t line);
/* Bit per enum sp_zone that numbers of each destination of a book may be in, local for all of the
 * home country. To be freed; NULL: no memory. */
uint8_t *sp_cost_dest_zones(const struct sp_book *book);
/* What a minute, a message, a megabyte cost at which times by a plan alone. `dest_zones`: to say
 * where destinations and rating groups have prices of their own; may be NULL: book_cost.c. */
bool sp_facts_add_costs(struct sp_facts *facts, const struct sp_book *book,
                        const struct sp_book_plan *plan, const char *name,
                        const uint8_t *dest_zones);

#endif
