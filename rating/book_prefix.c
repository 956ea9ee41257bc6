#include "rating/book_prefix.h"

#include <string.h>

static bool begins(uint64_t key, uint64_t digits)
{
  return sp_number_head(digits, sp_number_length(key)) == key;
}

/* How many keys are <= digits: by bytes of their digits, the shorter first. */
static size_t count_to(const uint64_t *keys, size_t low, size_t high, uint64_t digits)
{
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (keys[middle] <= digits) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void sp__prefix_parents(const uint64_t *keys, size_t count, uint32_t *parents)
{
  for (size_t i = 0; i < count; i++) {
    uint32_t parent = (uint32_t)i; /* the key before, as index + 1 */
    while (parent != 0 && !begins(keys[parent - 1], keys[i])) {
      parent = parents[parent - 1];
    }
    parents[i] = parent;
  }
}

struct prefix_node { /* to be filled: keys [low, high) begin with `digits` of `length` digits and
                        are longer */
  uint64_t digits;
  uint32_t low, high, length, at;
};

struct prefix_build {
  struct sp__draft *draft;
  const uint64_t *keys;
  const uint32_t *parents;
  struct sp__list *index, nodes;
};

static uint32_t node_add(struct prefix_build *build, struct prefix_node node, uint32_t entries)
{
  node.at = build->index->count;
  for (uint32_t i = 0; i < entries; i++) {
    *(uint32_t *)sp__list_add(build->draft, build->index, sizeof(uint32_t)) = 0;
  }
  *(struct prefix_node *)sp__list_add(build->draft, &build->nodes, sizeof(node)) = node;
  return build->nodes.count - 1;
}

/* The entry for numbers that begin with `digits`, which has `length` digits or, if shorter, ends
 * there. */
static uint32_t entry_make(struct prefix_build *build, const struct prefix_node *node,
                           uint64_t digits, uint32_t length)
{
  const uint64_t *keys = build->keys;
  size_t low = count_to(keys, node->low, node->high, digits);
  size_t high = low;
  if (sp_number_length(digits) == length) {
    uint64_t last = length == 16 ? digits : digits | (~UINT64_C(0) >> (4 * length));
    high = count_to(keys, low, node->high, last);
  }
  if (high - low > SP_PREFIX_BUCKET) {
    struct prefix_node child = {digits, (uint32_t)low, (uint32_t)high, length, 0};
    return SP_PREFIX_TAG_NODE << SP_PREFIX_TAG | node_add(build, child, SP_PREFIX_NODE);
  }
  if (high > low) {
    return SP_PREFIX_TAG_BUCKET << SP_PREFIX_TAG | (uint32_t)low << 5 | (uint32_t)(high - low);
  }
  uint32_t answer = (uint32_t)low; /* the last key <= digits, as index + 1 */
  while (answer != 0 && !begins(keys[answer - 1], digits)) {
    answer = build->parents[answer - 1];
  }
  return answer;
}

static void node_fill(struct prefix_build *build, uint32_t number)
{
  struct prefix_node node = *SP_LIST_AT(&build->nodes, struct prefix_node, number);
  uint32_t width = number == 0 ? 4 : 2;
  uint32_t entries = number == 0 ? SP_PREFIX_ROOT : SP_PREFIX_NODE;
  for (uint32_t i = 0; i < entries && build->draft->status == SP_OK; i++) {
    uint64_t digits = node.digits;
    uint32_t rest = i;
    bool possible = true;
    unsigned last = 0;
    for (uint32_t k = width; k > 0; k--) {
      unsigned digit = rest % 11;
      possible = possible && !(digit == 0 && last != 0);
      last = digit;
      digits |= (uint64_t)digit << (60 - 4 * (node.length + k - 1));
      rest /= 11;
    }
    uint32_t entry = possible ? entry_make(build, &node, digits, node.length + width) : 0;
    if (build->draft->status == SP_OK) {
      *SP_LIST_AT(build->index, uint32_t, node.at + i) = entry;
    }
  }
}

void sp__prefix_build(struct sp__draft *draft, const uint64_t *keys, size_t count,
                      struct sp__list *index)
{
  if (count > SP_PREFIX_COUNT_MAX) {
    draft->status = SP_LIMIT;
    return;
  }
  if (count <= SP_PREFIX_BUCKET) {
    return;
  }
  uint32_t *parents = sp__draft_take(draft, count * sizeof(*parents));
  if (parents == NULL) {
    return;
  }
  sp__prefix_parents(keys, count, parents);
  struct prefix_build build = {draft, keys, parents, index, {NULL, 0, 0, 0}};
  struct prefix_node root = {0, 0, (uint32_t)count, 0, 0};
  (void)node_add(&build, root, SP_PREFIX_ROOT);
  for (uint32_t i = 0; i < build.nodes.count && draft->status == SP_OK; i++) {
    node_fill(&build, i);
  }
}

bool sp__prefix_good(const uint32_t *index, uint64_t entries, uint64_t count)
{
  if (entries == 0) {
    return count <= SP_PREFIX_BUCKET;
  }
  if (entries < SP_PREFIX_ROOT || (entries - SP_PREFIX_ROOT) % SP_PREFIX_NODE != 0) {
    return false;
  }
  uint64_t nodes = 1 + (entries - SP_PREFIX_ROOT) / SP_PREFIX_NODE;
  for (uint64_t i = 0; i < entries; i++) {
    uint32_t value = index[i] & ((1u << SP_PREFIX_TAG) - 1);
    uint64_t node = i < SP_PREFIX_ROOT ? 0 : 1 + (i - SP_PREFIX_ROOT) / SP_PREFIX_NODE;
    switch (index[i] >> SP_PREFIX_TAG) {
    case 0:
      if (value > count) {
        return false;
      }
      break;
    case SP_PREFIX_TAG_NODE:
      if (value <= node || value >= nodes) {
        return false;
      }
      break;
    case SP_PREFIX_TAG_BUCKET:
      if ((value >> 5) + (value & 31u) > count) {
        return false;
      }
      break;
    default:
      return false;
    }
  }
  return true;
}

static uint32_t bucket_find(const struct sp__prefix_view *view, uint32_t value, uint64_t digits)
{
  uint32_t answer = value >> 5;
  const uint64_t *keys = view->keys + answer;
  uint32_t count = value & 31u;
  for (uint32_t i = 0; i < count; i++) {
    answer += keys[i] <= digits;
  }
  while (answer != 0 && !begins(view->keys[answer - 1], digits)) {
    memcpy(&answer, view->parents + (size_t)(answer - 1) * view->stride, sizeof(answer));
  }
  return answer;
}

uint32_t sp__prefix_find(const struct sp__prefix_view *view, uint64_t digits)
{
  unsigned at = 0;
  if (view->entries == 0) {
    return bucket_find(view, (uint32_t)view->count, digits);
  }
  for (unsigned i = 0; i < 4; i++) {
    at = at * 11 + sp__prefix_digit(digits, i);
  }
  uint32_t entry = at < SP_PREFIX_ROOT ? view->index[at] : 0;
  for (unsigned i = 4; entry >> SP_PREFIX_TAG == SP_PREFIX_TAG_NODE && i < 16; i += 2) {
    size_t node = (entry & ((1u << SP_PREFIX_TAG) - 1)) - 1;
    at = sp__prefix_digit(digits, i) * 11 + sp__prefix_digit(digits, i + 1);
    entry = at < SP_PREFIX_NODE ? view->index[SP_PREFIX_ROOT + node * SP_PREFIX_NODE + at] : 0;
  }
  uint32_t value = entry & ((1u << SP_PREFIX_TAG) - 1);
  if (entry >> SP_PREFIX_TAG == SP_PREFIX_TAG_BUCKET) {
    return bucket_find(view, value, digits);
  }
  return entry >> SP_PREFIX_TAG == 0 ? value : 0;
}
