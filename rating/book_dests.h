/* Destinations as a tree of prefixes: which destination has which prefix, which share one, and
 * which may hold for one number together. Ids of destinations are those of the draft. Inside
 * rating/ only. */
#ifndef SP_RATING_BOOK_DESTS_H
#define SP_RATING_BOOK_DESTS_H

#include "rating/book_draft.h"

struct sp__id_lists { /* list i: ids[at[i]] .. ids[at[i + 1] - 1], ascending by what the comment
                         says */
  uint32_t *at;
  uint32_t *ids;
  uint32_t count;
};

struct sp__dest_tree {
  uint64_t *keys;    /* prefixes, sorted: node i + 1 of the image */
  uint32_t *parents; /* index + 1 of the next shorter prefix, 0 = none */
  uint32_t nodes;
  struct sp__id_lists node_dests; /* of each node, by name */
  struct sp__id_lists dest_nodes; /* of each destination, by prefix */
  struct sp__id_lists
      neighbours; /* of each destination: those that share a prefix, itself included */
  struct sp__id_lists
      classes; /* sets of destinations that hold together for some number; class 0: none. By id */
  struct sp__id_lists dest_classes; /* of each destination: the classes it is in */
  uint32_t *node_class;
};

/* Needs ranked destination names. */
void sp__dest_tree_make(struct sp__draft *draft, struct sp__dest_tree *tree);

static inline const uint32_t *sp__ids_of(const struct sp__id_lists *lists, uint32_t i,
                                         uint32_t *count)
{
  *count = lists->at[i + 1] - lists->at[i];
  return lists->ids == NULL ? NULL : lists->ids + lists->at[i];
}

#endif
