#include "rating/book_dests.h"

#include <string.h>

#include "rating/book_prefix.h"
#include "rating/book_tables.h"
#include "rating/hash.h"
#include "rating/sort.h"

struct id_pair {
  uint32_t list, id;
};

static int pair_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct id_pair *pairs = context;
  return pairs[a].list != pairs[b].list ? sp_compare_u64(pairs[a].list, pairs[b].list)
                                        : sp_compare_u64(pairs[a].id, pairs[b].id);
}

static void pair_add(struct sp__draft *draft, struct sp__list *pairs, uint32_t list, uint32_t id)
{
  *(struct id_pair *)sp__list_add(draft, pairs, sizeof(struct id_pair)) =
      (struct id_pair){list, id};
}

/* Lists from pairs in any order; a pair that is there twice counts once. */
static void lists_make(struct sp__draft *draft, struct sp__list *pairs, uint32_t count,
                       struct sp__id_lists *lists)
{
  const struct id_pair *all = SP_LIST_AT(pairs, struct id_pair, 0);
  uint32_t *order = sp__draft_order(draft, pairs->count, pair_compare, all);
  lists->at = sp__draft_take(draft, ((size_t)count + 1) * sizeof(*lists->at));
  lists->ids = sp__draft_take(draft, pairs->count * sizeof(*lists->ids));
  lists->count = count;
  if (draft->status != SP_OK) {
    return;
  }
  uint32_t kept = 0;
  uint32_t list = 0;
  for (uint32_t i = 0; i < pairs->count; i++) {
    const struct id_pair *pair = &all[order[i]];
    while (list < pair->list) {
      lists->at[++list] = kept;
    }
    if (kept == lists->at[list] || lists->ids[kept - 1] != pair->id) {
      lists->ids[kept++] = pair->id;
    }
  }
  while (list < count) {
    lists->at[++list] = kept;
  }
}

static int row_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__draft *draft = context;
  const struct sp__dest *rows = SP_LIST_AT(&draft->dest_rows, struct sp__dest, 0);
  return rows[a].digits != rows[b].digits
             ? sp_compare_u64(rows[a].digits, rows[b].digits)
             : sp_compare_u64(sp__terms_at(&draft->dests, rows[a].dest)->rank,
                              sp__terms_at(&draft->dests, rows[b].dest)->rank);
}

/* Nodes with their destinations by name. */
static void nodes_make(struct sp__draft *draft, struct sp__dest_tree *tree)
{
  uint32_t count = draft->dest_rows.count;
  uint32_t *order = sp__draft_order(draft, count, row_compare, draft);
  struct sp__id_lists *lists = &tree->node_dests;
  tree->keys = sp__draft_take(draft, count * sizeof(*tree->keys));
  tree->parents = sp__draft_take(draft, count * sizeof(*tree->parents));
  lists->at = sp__draft_take(draft, ((size_t)count + 1) * sizeof(*lists->at));
  lists->ids = sp__draft_take(draft, count * sizeof(*lists->ids));
  if (draft->status != SP_OK) {
    return;
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct sp__dest *row = SP_LIST_AT(&draft->dest_rows, struct sp__dest, order[i]);
    if (tree->nodes == 0 || tree->keys[tree->nodes - 1] != row->digits) {
      lists->at[tree->nodes] = kept;
      tree->keys[tree->nodes++] = row->digits;
    }
    if (kept == lists->at[tree->nodes - 1] || lists->ids[kept - 1] != row->dest) {
      lists->ids[kept++] = row->dest;
    }
    lists->at[tree->nodes] = kept;
  }
  lists->count = tree->nodes;
  sp__prefix_parents(tree->keys, tree->nodes, tree->parents);
}

static void relations_make(struct sp__draft *draft, struct sp__dest_tree *tree)
{
  struct sp__list of_dest = {NULL, 0, 0, 0};
  struct sp__list near = {NULL, 0, 0, 0};
  for (uint32_t node = 0; node < tree->nodes && draft->status == SP_OK; node++) {
    uint32_t count;
    const uint32_t *dests = sp__ids_of(&tree->node_dests, node, &count);
    for (uint32_t i = 0; i < count; i++) {
      pair_add(draft, &of_dest, dests[i], node);
      for (uint32_t k = 0; k < count; k++) {
        pair_add(draft, &near, dests[i], dests[k]);
      }
    }
  }
  lists_make(draft, &of_dest, draft->dests.list.count, &tree->dest_nodes);
  lists_make(draft, &near, draft->dests.list.count, &tree->neighbours);
}

struct class_maker {
  struct sp__draft *draft;
  struct sp__keys keys;
  struct sp__list at;  /* uint32_t: where class i begins in ids; one more at the end */
  struct sp__list ids; /* uint32_t */
};

static uint32_t class_count(const struct class_maker *maker)
{
  return maker->at.count - 1;
}

static const uint32_t *class_ids(const struct class_maker *maker, uint32_t class, uint32_t *count)
{
  const uint32_t *at = SP_LIST_AT(&maker->at, const uint32_t, class);
  *count = at[1] - at[0];
  return SP_LIST_AT(&maker->ids, const uint32_t, at[0]);
}

/* The class of the ids that stand behind the last class; they stay there if it is new, else they
 * go. */
static uint32_t class_intern(struct class_maker *maker)
{
  struct sp__draft *draft = maker->draft;
  uint32_t begin = *SP_LIST_AT(&maker->at, uint32_t, class_count(maker));
  uint32_t *ids = SP_LIST_AT(&maker->ids, uint32_t, begin);
  uint32_t count = sp__ids_unique(ids, maker->ids.count - begin);
  maker->ids.count = begin + count;
  for (uint64_t hash = sp_hash64(ids, count * sizeof(*ids), 0);; hash++) {
    uint32_t class = sp__keys_put(draft, &maker->keys, hash, class_count(maker));
    if (class == SP_NONE) {
      break;
    }
    uint32_t other_count;
    const uint32_t *other = class_ids(maker, class, &other_count);
    if (other_count == count && memcmp(other, ids, count * sizeof(*ids)) == 0) {
      maker->ids.count = begin;
      return class;
    }
  }
  *(uint32_t *)sp__list_add(draft, &maker->at, sizeof(uint32_t)) = maker->ids.count;
  return class_count(maker) - 1;
}

static void classes_make(struct sp__draft *draft, struct sp__dest_tree *tree)
{
  struct class_maker maker = {draft, {NULL, NULL, 0, 0}, {NULL, 0, 0, 0}, {NULL, 0, 0, 0}};
  struct sp__list pairs = {NULL, 0, 0, 0};
  tree->node_class = sp__draft_take(draft, tree->nodes * sizeof(*tree->node_class));
  *(uint32_t *)sp__list_add(draft, &maker.at, sizeof(uint32_t)) = 0;
  *(uint32_t *)sp__list_add(draft, &maker.at, sizeof(uint32_t)) = 0; /* class 0 is empty */
  for (uint32_t node = 0; node < tree->nodes && draft->status == SP_OK; node++) {
    uint32_t count = 0;
    uint32_t parent = tree->parents[node];
    uint32_t of_parent = parent == 0 ? 0 : tree->node_class[parent - 1];
    (void)class_ids(&maker, of_parent, &count);
    for (uint32_t i = 0; i < count && draft->status == SP_OK; i++) {
      uint32_t id = class_ids(&maker, of_parent, &count)[i]; /* the list may move while it grows */
      *(uint32_t *)sp__list_add(draft, &maker.ids, sizeof(uint32_t)) = id;
    }
    const uint32_t *dests = sp__ids_of(&tree->node_dests, node, &count);
    for (uint32_t i = 0; i < count; i++) {
      *(uint32_t *)sp__list_add(draft, &maker.ids, sizeof(uint32_t)) = dests[i];
    }
    tree->node_class[node] = draft->status == SP_OK ? class_intern(&maker) : 0;
  }
  if (draft->status != SP_OK) {
    return;
  }
  tree->classes = (struct sp__id_lists){SP_LIST_AT(&maker.at, uint32_t, 0),
                                        SP_LIST_AT(&maker.ids, uint32_t, 0), class_count(&maker)};
  for (uint32_t class = 0; class < tree->classes.count; class ++) {
    uint32_t count;
    const uint32_t *ids = sp__ids_of(&tree->classes, class, &count);
    for (uint32_t i = 0; i < count; i++) {
      pair_add(draft, &pairs, ids[i], class);
    }
  }
  lists_make(draft, &pairs, draft->dests.list.count, &tree->dest_classes);
}

void sp__dest_tree_make(struct sp__draft *draft, struct sp__dest_tree *tree)
{
  memset(tree, 0, sizeof(*tree));
  nodes_make(draft, tree);
  if (draft->status == SP_OK) {
    relations_make(draft, tree);
  }
  if (draft->status == SP_OK) {
    classes_make(draft, tree);
  }
}
