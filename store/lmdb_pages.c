#include "store/lmdb_pages.h"

#include <string.h>

#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1u
#define PAGE_BYTES_LEAST 256u
#define PAGE_BYTES_MAX 32768u
#define HEAD_BYTES 16u
#define NODE_BYTES 8u
#define KEY_BYTES_MAX 511u
#define DEPTH_MAX 32u
#define NO_PAGE UINT64_MAX
#define FIRST_PAGE 2u /* behind the two meta pages */

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };
enum { NODE_FAR = 1, NODE_TREE = 2 }; /* its value lies in overflow pages; is a tree */
enum { TREE_WHOLE_NUMBERS = 8 };      /* keys are 8 bytes, compared as a number */

struct head { /* of a page */
  uint64_t number;
  uint16_t pad, flags, lower, upper; /* of overflow pages the last two are their count */
};
_Static_assert(sizeof(struct head) == HEAD_BYTES, "head of a page as it lies");
_Static_assert(sizeof(struct sp__lmdb_tree) == 48 && sizeof(struct sp__lmdb_meta) == 136,
               "meta page as it lies");

struct file { /* being looked at */
  const uint8_t *bytes;
  size_t page_bytes;
  uint64_t pages;             /* that are wholly there */
  uint64_t last_page, number; /* of the meta page */
  uint8_t *seen;
  struct sp_text *why;
};

enum kind { TREE_FREE, TREE_MAIN, TREE_INNER };

struct tree { /* being walked */
  struct file *file;
  enum kind kind;
  bool numbers, equal; /* `equal`: the next key may be the one before, for that stood in a branch */
  const uint8_t *key;  /* the one before, NULL = none yet */
  size_t key_length;
  struct sp__lmdb_tree met; /* what was counted */
};

struct node {
  const uint8_t *key, *value; /* value: of a leaf; where NODE_FAR 8 bytes */
  size_t key_length, value_length, near_length;
  uint64_t child; /* of a branch */
  uint16_t flags;
};

static bool wrong(const struct file *file, uint64_t page, const char *what)
{
  sp_text_add(file->why, "page ");
  sp_text_add_u64(file->why, page);
  sp_text_add(file->why, ": ");
  sp_text_add(file->why, what);
  return false;
}

static uint16_t u16_at(const uint8_t *at)
{
  uint16_t value;
  memcpy(&value, at, sizeof(value));
  return value;
}

static uint64_t u64_at(const uint8_t *at)
{
  uint64_t value;
  memcpy(&value, at, sizeof(value));
  return value;
}

static struct head head_at(const uint8_t *page)
{
  struct head head;
  memcpy(&head, page, sizeof(head));
  return head;
}

static bool meta_at(const struct sp__lmdb_file *file, size_t at, struct sp__lmdb_meta *meta)
{
  if (file->length < HEAD_BYTES + sizeof(*meta) || at > file->length - HEAD_BYTES - sizeof(*meta)) {
    return false;
  }
  memcpy(meta, file->bytes + at + HEAD_BYTES, sizeof(*meta));
  return (head_at(file->bytes + at).flags & PAGE_META) != 0 && meta->magic == META_MAGIC &&
         meta->version == META_VERSION;
}

static bool meta_is_openable(const struct sp__lmdb_meta *meta, uint64_t map_bytes)
{
  uint32_t page_bytes = meta->free.pad;
  return page_bytes >= PAGE_BYTES_LEAST && page_bytes <= PAGE_BYTES_MAX &&
         (page_bytes & (page_bytes - 1)) == 0 && meta->free.flags == TREE_WHOLE_NUMBERS &&
         meta->main.flags == 0 && meta->last_page < map_bytes / page_bytes;
}

bool sp__lmdb_is_openable(const struct sp__lmdb_file *file, uint64_t map_bytes, struct sp_text *why)
{
  struct sp__lmdb_meta metas[2];
  if (!meta_at(file, 0, &metas[0])) {
    return true;
  }
  const struct file at = {.why = why};
  if (!meta_is_openable(&metas[0], map_bytes)) {
    return wrong(&at, 0, "is no meta page of ours");
  }
  if (!meta_at(file, metas[0].free.pad, &metas[1])) {
    return true;
  }
  return (meta_is_openable(&metas[1], map_bytes) && metas[1].free.pad == metas[0].free.pad) ||
         wrong(&at, 1, "is no meta page of ours");
}

bool sp__lmdb_meta_find(const struct sp__lmdb_file *file, uint64_t number,
                        struct sp__lmdb_meta *meta)
{
  return meta_at(file, 0, meta) && meta_at(file, (size_t)(number & 1) * meta->free.pad, meta) &&
         meta->number == number;
}

/* Pages `from` to from + count - 1 are there and were not met before. */
static bool pages_take(struct file *file, uint64_t from, uint64_t count, uint64_t end)
{
  if (from < FIRST_PAGE || from >= end || count > end - from) {
    return false;
  }
  for (uint64_t page = from; page < from + count; page++) {
    uint8_t bit = (uint8_t)(1u << (page & 7));
    if ((file->seen[page >> 3] & bit) != 0) {
      return false;
    }
    file->seen[page >> 3] |= bit;
  }
  return true;
}

static bool page_take(struct file *file, uint64_t number, const uint8_t **page)
{
  uint64_t end = file->last_page + 1 < file->pages ? file->last_page + 1 : file->pages;
  if (!pages_take(file, number, 1, end)) {
    return wrong(file, number, "is not in the file, or used twice");
  }
  *page = file->bytes + number * file->page_bytes;
  return head_at(*page).number == number || wrong(file, number, "has another page's number");
}

/* What the node at `at` of a page says, if it ends in the page. */
static bool node_read(const struct file *file, const uint8_t *page, size_t at, struct node *node)
{
  bool branch = head_at(page).flags == PAGE_BRANCH;
  if (at > file->page_bytes - NODE_BYTES) {
    return false;
  }
  const uint8_t *from = page + at;
  uint32_t low = (uint32_t)u16_at(from) | (uint32_t)u16_at(from + 2) << 16;
  *node = (struct node){.flags = u16_at(from + 4), .key_length = u16_at(from + 6)};
  node->key = from + NODE_BYTES;
  node->value = node->key + node->key_length;
  if (branch) {
    node->child = (uint64_t)low | (uint64_t)node->flags << 32;
  } else {
    node->value_length = low;
    node->near_length = node->flags == NODE_FAR ? sizeof(uint64_t) : low;
  }
  return NODE_BYTES + node->key_length + node->near_length <= file->page_bytes - at;
}

/* Marks the bytes of a node, two a bit; false: another node has one of them. */
static bool bytes_take(uint64_t *taken, size_t at, size_t length)
{
  size_t end = (at + length) / 2;
  for (size_t from = at / 2; from < end;) {
    size_t bits = 64 - (from & 63) < end - from ? 64 - (from & 63) : end - from;
    uint64_t mask = (UINT64_MAX >> (64 - bits)) << (from & 63);
    if ((taken[from >> 6] & mask) != 0) {
      return false;
    }
    taken[from >> 6] |= mask;
    from += bits;
  }
  return true;
}

/* The head and nodes of a page: they fill it from `upper` to its end, none over another. */
static bool page_is_sound(const struct file *file, const uint8_t *page)
{
  uint64_t taken[PAGE_BYTES_MAX / 2 / 64];
  struct head head = head_at(page);
  size_t filled = 0, size = file->page_bytes;
  if (head.lower < HEAD_BYTES || (head.lower & 1) != 0 || head.lower > head.upper ||
      head.upper > size) {
    return wrong(file, head.number, "its bounds are none");
  }
  memset(taken, 0, size / 2 / 8);
  for (size_t slot = HEAD_BYTES; slot < head.lower; slot += sizeof(uint16_t)) {
    struct node node;
    size_t at = u16_at(page + slot);
    if (at < head.upper || (at & 1) != 0 || !node_read(file, page, at, &node)) {
      return wrong(file, head.number, "a node lies outside");
    }
    size_t length = (NODE_BYTES + node.key_length + node.near_length + 1) & ~(size_t)1;
    if (!bytes_take(taken, at, length)) {
      return wrong(file, head.number, "two nodes lie over each other");
    }
    filled += length;
  }
  return filled == size - head.upper || wrong(file, head.number, "does not hold what it says");
}

/* The key stands behind the one before it. */
static bool key_follows(struct tree *tree, const struct node *node)
{
  int order = 1;
  if (tree->numbers ? node->key_length != sizeof(uint64_t)
                    : node->key_length == 0 || node->key_length > KEY_BYTES_MAX) {
    return false;
  }
  if (tree->key != NULL && tree->numbers) {
    uint64_t before = u64_at(tree->key), now = u64_at(node->key);
    order = now > before ? 1 : now == before ? 0 : -1;
  } else if (tree->key != NULL) {
    size_t length = node->key_length < tree->key_length ? node->key_length : tree->key_length;
    order = memcmp(node->key, tree->key, length);
    order = order == 0
                ? (node->key_length > tree->key_length) - (node->key_length < tree->key_length)
                : order;
  }
  bool follows = order > 0 || (order == 0 && tree->equal);
  tree->equal = false;
  tree->key = node->key;
  tree->key_length = node->key_length;
  return follows;
}

/* A value of the list of free pages: how many, then their numbers, falling. */
static bool free_take(struct file *file, const uint8_t *value, size_t length)
{
  uint64_t count = length < sizeof(uint64_t) ? NO_PAGE : u64_at(value), before = NO_PAGE;
  if (count > length / sizeof(uint64_t) - 1) {
    return false;
  }
  for (uint64_t i = 1; i <= count; i++) {
    uint64_t page = u64_at(value + i * sizeof(uint64_t));
    if (page >= before || !pages_take(file, page, 1, file->last_page + 1)) {
      return false;
    }
    before = page;
  }
  return true;
}

/* Overflow pages of a value: their first has a head, the value lies behind it. */
static bool far_take(struct tree *tree, struct node *node)
{
  struct file *file = tree->file;
  const uint8_t *page;
  uint64_t number = u64_at(node->value);
  if (!page_take(file, number, &page)) {
    return false;
  }
  struct head head = head_at(page);
  uint64_t count = (uint64_t)head.lower | (uint64_t)head.upper << 16;
  uint64_t needed =
      (HEAD_BYTES + (uint64_t)node->value_length + file->page_bytes - 1) / file->page_bytes;
  if (head.flags != PAGE_OVERFLOW || count < needed) {
    return wrong(file, number, "is not the value that a node says");
  }
  if (count > 1 && !pages_take(file, number + 1, count - 1, file->pages)) {
    return wrong(file, number, "its value is not all in the file, or used twice");
  }
  tree->met.overflow_pages += count;
  node->value = page + HEAD_BYTES;
  return true;
}

static bool tree_is_sound(struct file *file, enum kind kind, const struct sp__lmdb_tree *said,
                          uint64_t page);

/* A leaf's node, whose key was looked at. */
static bool value_is_sound(struct tree *tree, struct node *node, uint64_t page)
{
  struct file *file = tree->file;
  tree->met.entries++;
  if (node->flags == NODE_TREE && tree->kind == TREE_MAIN) {
    struct sp__lmdb_tree inner;
    if (node->value_length != sizeof(inner)) {
      return wrong(file, page, "a table is none");
    }
    memcpy(&inner, node->value, sizeof(inner));
    return tree_is_sound(file, TREE_INNER, &inner, page);
  }
  if (node->flags != 0 && node->flags != NODE_FAR) {
    return wrong(file, page, "a node is of no kind that we write");
  }
  if (node->flags == NODE_FAR && !far_take(tree, node)) {
    return false;
  }
  if (tree->kind != TREE_FREE) {
    return true;
  }
  return (u64_at(node->key) <= file->number && free_take(file, node->value, node->value_length)) ||
         wrong(file, page, "a list of free pages is wrong");
}

/* Pages of a tree in the order of their keys; `levels` from this page on, 1 = leaves. */
static bool branch_is_sound(struct tree *tree, uint64_t number, unsigned levels)
{
  struct file *file = tree->file;
  const uint8_t *page;
  if (!page_take(file, number, &page)) {
    return false;
  }
  bool leaf = levels == 1;
  struct head head = head_at(page);
  if (head.flags != (leaf ? PAGE_LEAF : PAGE_BRANCH)) {
    return wrong(file, number, "is of another kind");
  }
  if (!page_is_sound(file, page)) {
    return false;
  }
  size_t count = (head.lower - HEAD_BYTES) / sizeof(uint16_t);
  if (count < (leaf || tree->kind == TREE_FREE ? 1u : 2u)) {
    return wrong(file, number, "holds too little");
  }
  *(leaf ? &tree->met.leaf_pages : &tree->met.branch_pages) += 1;
  for (size_t i = 0; i < count; i++) {
    struct node node;
    (void)node_read(file, page, u16_at(page + HEAD_BYTES + i * sizeof(uint16_t)), &node);
    if ((leaf || i > 0) && !key_follows(tree, &node)) { /* a branch's first key says nothing */
      return wrong(file, number, "its keys are not in order");
    }
    tree->equal = tree->equal || (!leaf && i > 0);
    if (leaf ? !value_is_sound(tree, &node, number)
             : !branch_is_sound(tree, node.child, levels - 1)) {
      return false;
    }
  }
  return true;
}

/* `page`: where the tree is told of. */
static bool tree_is_sound(struct file *file, enum kind kind, const struct sp__lmdb_tree *said,
                          uint64_t page)
{
  struct tree tree = {.file = file, .kind = kind, .numbers = said->flags == TREE_WHOLE_NUMBERS};
  if ((said->flags & ~TREE_WHOLE_NUMBERS) != 0 || said->depth > DEPTH_MAX ||
      (said->root == NO_PAGE) != (said->depth == 0)) {
    return wrong(file, page, "tells of a tree that is none");
  }
  if (said->depth > 0 && !branch_is_sound(&tree, said->root, said->depth)) {
    return false;
  }
  const struct sp__lmdb_tree *met = &tree.met;
  return (met->branch_pages == said->branch_pages && met->leaf_pages == said->leaf_pages &&
          met->overflow_pages == said->overflow_pages && met->entries == said->entries) ||
         wrong(file, page, "tells of a tree of another size");
}

bool sp__lmdb_is_sound(const struct sp__lmdb_file *file, const struct sp__lmdb_meta *meta,
                       uint8_t *seen, struct sp_text *why)
{
  struct file at = {.bytes = file->bytes,
                    .page_bytes = meta->free.pad,
                    .pages = file->length / meta->free.pad,
                    .last_page = meta->last_page,
                    .number = meta->number,
                    .seen = seen,
                    .why = why};
  uint64_t page = meta->number & 1;
  return tree_is_sound(&at, TREE_MAIN, &meta->main, page) &&
         tree_is_sound(&at, TREE_FREE, &meta->free, page);
}
