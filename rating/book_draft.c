#include "rating/book_tables.h"

#include <string.h>

#include "rating/hash.h"
#include "rating/sort.h"

#define SP_LIST_ROOM_MIN 16

void *sp__draft_take(struct sp__draft *draft, size_t bytes)
{
  void *at = draft->status == SP_OK ? sp_memory_take(draft->memory, bytes == 0 ? 1 : bytes) : NULL;
  if (at == NULL) {
    draft->status = SP_NO_MEMORY;
  }
  return at;
}

static bool list_grow(struct sp__draft *draft, struct sp__list *list, uint32_t size)
{
  uint32_t room = list->room == 0 ? SP_LIST_ROOM_MIN : list->room * 2;
  if (list->room > UINT32_MAX / 4) {
    draft->status = SP_LIMIT;
    return false;
  }
  char *at = sp__draft_take(draft, (size_t)room * size);
  if (at == NULL) {
    return false;
  }
  if (list->count > 0) {
    memcpy(at, list->at, (size_t)list->count * size);
  }
  list->at = at;
  list->room = room;
  list->size = size;
  return true;
}

void *sp__list_add(struct sp__draft *draft, struct sp__list *list, uint32_t size)
{
  SP_ASSERT(size <= SP_DRAFT_RECORD_MAX && (list->size == 0 || list->size == size));
  if (list->count == list->room && !list_grow(draft, list, size)) {
    memset(draft->sink, 0, sizeof(draft->sink));
    return draft->sink;
  }
  return list->at + (size_t)list->count++ * size;
}

const struct sp__term *sp__terms_at(const struct sp__terms *names, uint32_t id)
{
  SP_ASSERT(id < names->list.count);
  return SP_LIST_AT(&names->list, const struct sp__term, id);
}

/* The slot in which a name lies or would lie. */
static uint32_t name_slot(const struct sp__terms *names, const char *text, size_t length)
{
  uint32_t mask = names->slots_count - 1;
  uint32_t slot = (uint32_t)sp_hash64(text, length, 0) & mask;
  for (; names->slots[slot] != 0; slot = (slot + 1) & mask) {
    const struct sp__term *name = sp__terms_at(names, names->slots[slot] - 1);
    if (name->length == length && memcmp(name->text, text, length) == 0) {
      break;
    }
  }
  return slot;
}

static bool slots_grow(struct sp__draft *draft, struct sp__terms *names)
{
  uint32_t count = names->slots_count == 0 ? 64 : names->slots_count * 2;
  uint32_t *slots = sp__draft_take(draft, count * sizeof(*slots));
  if (slots == NULL) {
    return false;
  }
  names->slots = slots;
  names->slots_count = count;
  for (uint32_t id = 0; id < names->list.count; id++) {
    const struct sp__term *name = sp__terms_at(names, id);
    slots[name_slot(names, name->text, name->length)] = id + 1;
  }
  return true;
}

uint32_t sp__terms_find(const struct sp__terms *names, const char *text, size_t length)
{
  if (names->slots_count == 0) {
    return SP_NONE;
  }
  uint32_t id = names->slots[name_slot(names, text, length)];
  return id == 0 ? SP_NONE : id - 1;
}

uint32_t sp__terms_add(struct sp__draft *draft, struct sp__terms *names, const char *text,
                       size_t length)
{
  if (names->list.count * 2 >= names->slots_count && !slots_grow(draft, names)) {
    return 0;
  }
  uint32_t slot = name_slot(names, text, length);
  if (names->slots[slot] == 0) {
    uint32_t id = names->list.count;
    struct sp__term *name = sp__list_add(draft, &names->list, sizeof(*name));
    *name = (struct sp__term){text, (uint32_t)length, 0};
    if (draft->status != SP_OK) {
      return 0;
    }
    names->slots[slot] = id + 1;
  }
  return names->slots[slot] - 1;
}

static int name_compare(const void *context, uint32_t a, uint32_t b)
{
  const struct sp__term *x = sp__terms_at(context, a);
  const struct sp__term *y = sp__terms_at(context, b);
  return sp_compare_text(x->text, x->length, y->text, y->length);
}

uint32_t *sp__draft_order(struct sp__draft *draft, size_t count,
                          int (*compare)(const void *context, uint32_t a, uint32_t b),
                          const void *context)
{
  uint32_t *order = sp__draft_take(draft, count * sizeof(*order));
  uint32_t *scratch = sp__draft_take(draft, count * sizeof(*scratch));
  if (order == NULL || scratch == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    order[i] = (uint32_t)i;
  }
  sp_sort(order, scratch, count, compare, context);
  return order;
}

void sp__terms_rank(struct sp__draft *draft, struct sp__terms *names)
{
  names->order = sp__draft_order(draft, names->list.count, name_compare, names);
  for (uint32_t rank = 0; names->order != NULL && rank < names->list.count; rank++) {
    SP_LIST_AT(&names->list, struct sp__term, names->order[rank])->rank = rank;
  }
}

uint32_t sp__keys_find(const struct sp__keys *keys, uint64_t key)
{
  uint32_t mask = keys->slots - 1;
  if (keys->slots == 0) {
    return SP_NONE;
  }
  for (uint32_t slot = (uint32_t)sp_hash_word(key) & mask; keys->values[slot] != 0;
       slot = (slot + 1) & mask) {
    if (keys->keys[slot] == key) {
      return keys->values[slot] - 1;
    }
  }
  return SP_NONE;
}

uint32_t sp__keys_put(struct sp__draft *draft, struct sp__keys *keys, uint64_t key, uint32_t value)
{
  if (keys->count * 2 >= keys->slots) {
    struct sp__keys grown = {NULL, NULL, keys->slots == 0 ? 64 : keys->slots * 2, 0};
    grown.keys = sp__draft_take(draft, grown.slots * sizeof(*grown.keys));
    grown.values = sp__draft_take(draft, grown.slots * sizeof(*grown.values));
    if (grown.keys == NULL || grown.values == NULL) {
      return SP_NONE;
    }
    for (uint32_t i = 0; i < keys->slots; i++) {
      if (keys->values[i] != 0) {
        (void)sp__keys_put(draft, &grown, keys->keys[i], keys->values[i] - 1);
      }
    }
    *keys = grown;
  }
  uint32_t mask = keys->slots - 1;
  uint32_t slot = (uint32_t)sp_hash_word(key) & mask;
  for (; keys->values[slot] != 0; slot = (slot + 1) & mask) {
    if (keys->keys[slot] == key) {
      return keys->values[slot] - 1;
    }
  }
  keys->keys[slot] = key;
  keys->values[slot] = value + 1;
  keys->count++;
  return SP_NONE;
}
