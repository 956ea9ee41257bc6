/* What loading from tables and loading from an image share: making, giving back, indexes. */
#include "rating/directory_parts.h"

#include <string.h>

#define ARRAYS 15

static void arrays_of(struct sp_directory *directory, struct sp__array *arrays[ARRAYS])
{
  struct sp__array *all[ARRAYS] = {&directory->account_class_of,
                                   &directory->account_classes,
                                   &directory->tenures,
                                   &directory->later,
                                   &directory->lists,
                                   &directory->memberships,
                                   &directory->subscriptions,
                                   &directory->subscription_lists,
                                   &directory->group_rows,
                                   &directory->group_members_at,
                                   &directory->group_members,
                                   &directory->group_list_of,
                                   &directory->group_components,
                                   &directory->manager_rows,
                                   &directory->facts};
  memcpy(arrays, all, sizeof(all));
}

static void words_of(struct sp_directory *directory, struct sp__words *words[7])
{
  struct sp__words *all[7] = {&directory->subscribers, &directory->groups, &directory->managers,
                              &directory->plans,       &directory->areas,  &directory->texts,
                              &directory->accounts};
  memcpy(words, all, sizeof(all));
}

void sp_directory_free(struct sp_directory *directory)
{
  if (directory == NULL) {
    return;
  }
  SP_ASSERT(directory->magic == SP__DIRECTORY_MAGIC);
  struct sp__array *arrays[ARRAYS];
  arrays_of(directory, arrays);
  for (int i = 0; i < ARRAYS; i++) {
    sp__array_free(arrays[i], directory->memory);
  }
  struct sp__words *words[7];
  words_of(directory, words);
  for (int i = 0; i < 7; i++) {
    sp__words_free(words[i]);
  }
  sp__names_free(&directory->account_titles);
  sp__index_free(&directory->numbers, directory->memory);
  sp__index_free(&directory->shorts, directory->memory);
  directory->magic = 0;
}

enum sp_status sp__directory_make(struct sp_directory **to, struct sp_memory *memory)
{
  struct sp_directory *directory = sp_memory_take(memory, sizeof(*directory));
  if (directory == NULL) {
    return SP_NO_MEMORY;
  }
  memset(directory, 0, sizeof(*directory));
  directory->magic = SP__DIRECTORY_MAGIC;
  directory->memory = memory;
  *to = directory;
  struct sp__words *words[7];
  words_of(directory, words);
  enum sp_status status = SP_OK;
  for (int i = 0; i < 7 && status == SP_OK; i++) {
    status = sp__words_make(words[i], memory, 0);
  }
  /* Nowhere a NULL array: an empty slice of one has an address. */
  struct sp__array *arrays[ARRAYS];
  arrays_of(directory, arrays);
  for (int i = 0; i < ARRAYS && status == SP_OK; i++) {
    status = sp__array_room(arrays[i], memory, 64);
  }
  directory->account_titles.memory = memory;
  uint32_t blank;
  if (status == SP_OK) {
    status = sp__words_add(&directory->texts, (struct sp_name){"", 0}, &blank);
  }
  if (status != SP_OK) {
    sp_directory_free(directory);
    *to = NULL;
  }
  return status;
}

enum sp_status sp__directory_index_numbers(struct sp_directory *directory, uint64_t room)
{
  uint64_t count = (uint64_t)directory->subscribers.names.count + directory->later_count;
  SP_TRY(sp__index_make(&directory->numbers, directory->memory, count > room ? count : room));
  struct sp__index_batch batch = {.index = &directory->numbers};
  for (uint32_t i = 0; i < directory->subscribers.names.count; i++) {
    sp__index_add_ahead(&batch, sp_hash_word(sp__tenure_at(directory, i)->digits), i);
  }
  for (uint32_t i = 0; i < directory->later_count; i++) {
    uint32_t ref = i | SP__TENURE_LATER;
    sp__index_add_ahead(&batch, sp_hash_word(sp__tenure_at(directory, ref)->digits), ref);
  }
  sp__index_flush(&batch);
  return SP_OK;
}

enum sp_status sp__directory_index_shorts(struct sp_directory *directory)
{
  SP_TRY(sp__index_make(&directory->shorts, directory->memory, directory->memberships_count));
  struct sp__index_batch batch = {.index = &directory->shorts};
  const struct sp_group_member *members = directory->group_members.at;
  for (uint32_t i = 0; i < directory->memberships_count; i++) {
    const struct sp_membership *membership =
        sp_directory_membership(directory, members[i].membership);
    if (membership->short_digits != 0) {
      sp__index_add_ahead(&batch, sp__short_hash(membership->group, membership->short_digits), i);
    }
  }
  sp__index_flush(&batch);
  return SP_OK;
}

static bool lists_equal(const struct sp_directory *directory, uint32_t list,
                        const struct sp_subscription *other, uint32_t count)
{
  const struct sp__slice *slice = (const struct sp__slice *)directory->subscription_lists.at + list;
  const struct sp_subscription *at =
      (const struct sp_subscription *)directory->subscriptions.at + slice->at;
  return slice->count == count && memcmp(at, other, count * sizeof(*other)) == 0;
}

enum sp_status sp__directory_keep_list(struct sp_directory *directory, struct sp__index *index,
                                       const struct sp_subscription *list, uint32_t count,
                                       uint32_t *list_of)
{
  SP_ASSERT(count > 0);
  uint64_t hash = sp_hash64(list, count * sizeof(*list), 0);
  struct sp__index_cursor cursor = sp__index_begin(index, hash);
  uint32_t ref;
  while ((ref = sp__index_next(index, hash, &cursor)) != SP_NONE) {
    if (lists_equal(directory, ref, list, count)) {
      *list_of = ref + 1;
      return SP_OK;
    }
  }
  uint32_t at = directory->subscriptions_count;
  SP_TRY(sp__array_room(&directory->subscriptions, directory->memory,
                        ((size_t)at + count) * sizeof(*list)));
  SP_TRY(sp__array_room(&directory->subscription_lists, directory->memory,
                        ((size_t)directory->lists_count + 1) * sizeof(struct sp__slice)));
  memcpy((struct sp_subscription *)directory->subscriptions.at + at, list, count * sizeof(*list));
  ((struct sp__slice *)directory->subscription_lists.at)[directory->lists_count] =
      (struct sp__slice){at, count};
  sp__index_add(index, hash, directory->lists_count);
  directory->subscriptions_count += count;
  *list_of = ++directory->lists_count;
  return SP_OK;
}
