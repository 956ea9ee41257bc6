/* Checks between rules (book.md §18.3, §18.4): ties, gaps, rules that can never match, rules that
 * another hides. Inside rating/ only. */
#ifndef SP_RATING_BOOK_CHECKS_H
#define SP_RATING_BOOK_CHECKS_H

#include "rating/book_dests.h"
#include "rating/book_rules.h"

struct sp__checks {
  struct sp__draft *draft;
  struct sp__dest_tree *tree;
  struct sp__list span_sets; /* uint64_t: the different sets of bands that hold at some time */
  uint8_t *node_zones;       /* bit per enum sp_zone that numbers of a node of the tree may be in */
  uint8_t *class_zones;      /* bit per enum sp_zone that those of a destination class may be in */
  uint32_t near_classes;     /* classes that some number of a near zone is in, without class 0 */
  bool near_plain;           /* whether some such number is in class 0 */
};

/* All of them: book_checks.c. */
void sp__check_rules(struct sp__draft *draft);

void sp__check_ties(struct sp__checks *checks);   /* book_ties.c */
void sp__check_gaps(struct sp__checks *checks);   /* book_gaps.c */
void sp__check_hidden(struct sp__checks *checks); /* book_hidden.c */
void sp__check_idle(struct sp__checks *checks);   /* book_idle.c */

/* What a record can be at all (§6.7 to §6.12): book_feasible.c */
void sp__feasible_make(struct sp__checks *checks);
/* Whether some record has this roam, zone and net (0 .. 2 * SP_NET_COUNT - 1, the second half with
 * group_tree). */
bool sp__feasible(unsigned roam, unsigned zone, unsigned net);
/* Zones, a bit per enum sp_zone, of the numbers that have none of the destinations of some rules,
 * whose classes with numbers of near zones are so many. */
unsigned sp__feasible_plain(const struct sp__checks *checks, uint32_t near_walked);
/* Whether numbers of a class may be near: local, province or domestic. */
bool sp__feasible_near(const struct sp__checks *checks, uint32_t class);
/* Whether some record meets all cells of a row by its features and destinations; bands are not
 * asked. */
bool sp__feasible_match(const struct sp__checks *checks, const struct sp__match *match);
/* Leaves of these feature bits one roam, zone (of `zones`, a bit per enum sp_zone) and net that
 * occur together. false: none do, the bits stay. */
bool sp__feasible_one(uint64_t *accepted, unsigned zones);
/* Bands that hold at some time together with one of these. */
uint64_t sp__bands_together(const struct sp__draft *draft, uint64_t bands);

/* Words for messages: book_example.c. Features: " service=voice, direction=mo" of a set of feature
 * bits, the first of each column in `columns` (bit per enum sp__column). */
void sp__example_features(struct sp_text *text, uint64_t accepted, uint32_t columns);
void sp__example_number(struct sp_text *text, uint64_t digits);
void sp__example_term(struct sp_text *text, const char *column, const struct sp__term *term);
/* "mon (a workday) at 07:00": the first time whose bands are in the set `has` (0 = any) and in
 * `has_too`, and in none of `lacks`. false: there is none. */
bool sp__example_time(struct sp_text *text, const struct sp__draft *draft, const uint64_t bands[3]);

#endif
