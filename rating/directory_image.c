#include "rating/directory_image.h"

#include <string.h>

#include "rating/directory_parts.h"

#define HEAD_MAGIC UINT64_C(0x3152494450535F5F)
#define NAMES 8
#define ARRAYS 15
#define SECTION_HEAD 0u
#define SECTION_ARRAYS 1u
#define SECTION_BLOCKS (SECTION_ARRAYS + ARRAYS)
#define SECTION_TEXTS (SECTION_BLOCKS + NAMES)
#define SECTION_END (SECTION_TEXTS + NAMES)

_Static_assert(SP__NAMES_CHUNK_BYTES == SP_DIRECTORY_PIECE_BYTES, "a chunk of names is a piece");

struct names_head {
  uint64_t used;
  uint32_t count, chunks_count;
};

struct head { /* section 0 */
  uint64_t magic;
  uint32_t version, sections;
  uint64_t bytes[SECTION_END]; /* of every section */
  struct names_head names[NAMES];
  uint32_t later_count, memberships_count, subscriptions_count, lists_count, account_classes_count,
      facts_count;
};

_Static_assert(sizeof(struct sp_membership) == 32 && sizeof(struct sp_subscription) == 24 &&
                   sizeof(struct sp_group) == 72 && sizeof(struct sp_manager) == 40 &&
                   sizeof(struct sp_fact) == 32 && sizeof(struct sp_group_member) == 8 &&
                   sizeof(struct sp__later) == 40 && sizeof(struct sp__lists) == 12 &&
                   sizeof(struct sp__slice) == 8 && sizeof(struct sp__account_class) == 32 &&
                   sizeof(struct head) % 8 == 0,
               "arrays are stored as they lie: another size is another SP_DIRECTORY_VERSION");

static void names_of(struct sp_directory *directory, struct sp__names *names[NAMES])
{
  struct sp__names *all[NAMES] = {&directory->subscribers.names, &directory->groups.names,
                                  &directory->managers.names,    &directory->plans.names,
                                  &directory->areas.names,       &directory->texts.names,
                                  &directory->accounts.names,    &directory->account_titles};
  memcpy(names, all, sizeof(all));
}

struct array {
  struct sp__array *at;
  uint64_t bytes; /* in use */
};

/* The arrays with what of them is in use, by the counts that the directory has by now. */
static void arrays_of(struct sp_directory *directory, struct array arrays[ARRAYS])
{
  uint64_t accounts = directory->accounts.names.count, groups = directory->groups.names.count;
  uint64_t subscribers = directory->subscribers.names.count;
  uint64_t managers = directory->managers.names.count;
  struct array all[ARRAYS] = {
      {&directory->account_class_of, accounts * 4},
      {&directory->account_classes,
       directory->account_classes_count * sizeof(struct sp__account_class)},
      {&directory->tenures, subscribers * sizeof(struct sp__tenure)},
      {&directory->later, directory->later_count * sizeof(struct sp__later)},
      {&directory->lists, (subscribers + 1) * sizeof(struct sp__lists)},
      {&directory->memberships, directory->memberships_count * sizeof(struct sp_membership)},
      {&directory->subscriptions, directory->subscriptions_count * sizeof(struct sp_subscription)},
      {&directory->subscription_lists, directory->lists_count * sizeof(struct sp__slice)},
      {&directory->group_rows, groups * sizeof(struct sp_group)},
      {&directory->group_members_at, (groups + 1) * 4},
      {&directory->group_members, directory->memberships_count * sizeof(struct sp_group_member)},
      {&directory->group_list_of, groups * 4},
      {&directory->group_components, groups * 4},
      {&directory->manager_rows, managers * sizeof(struct sp_manager)},
      {&directory->facts, directory->facts_count * sizeof(struct sp_fact)}};
  memcpy(arrays, all, sizeof(all));
}

static uint64_t blocks_bytes(uint32_t count)
{
  return ((uint64_t)count + SP__NAMES_BLOCK - 1) / SP__NAMES_BLOCK * sizeof(uint32_t);
}

static void head_make(struct sp_directory *directory, struct head *head)
{
  struct sp__names *names[NAMES];
  struct array arrays[ARRAYS];
  names_of(directory, names);
  arrays_of(directory, arrays);
  memset(head, 0, sizeof(*head));
  head->magic = HEAD_MAGIC;
  head->version = SP_DIRECTORY_VERSION;
  head->sections = SECTION_END;
  head->bytes[SECTION_HEAD] = sizeof(*head);
  for (uint32_t i = 0; i < ARRAYS; i++) {
    head->bytes[SECTION_ARRAYS + i] = arrays[i].bytes;
  }
  for (uint32_t i = 0; i < NAMES; i++) {
    head->names[i] = (struct names_head){names[i]->used, names[i]->count, names[i]->chunks_count};
    head->bytes[SECTION_BLOCKS + i] = blocks_bytes(names[i]->count);
    head->bytes[SECTION_TEXTS + i] = names[i]->used;
  }
  head->later_count = directory->later_count;
  head->memberships_count = directory->memberships_count;
  head->subscriptions_count = directory->subscriptions_count;
  head->lists_count = directory->lists_count;
  head->account_classes_count = directory->account_classes_count;
  head->facts_count = directory->facts_count;
}

/* Where the piece that begins at byte `done` of a section lies. */
static char *place_of(struct sp_directory *directory, uint32_t section, uint64_t done)
{
  struct sp__names *names[NAMES];
  struct array arrays[ARRAYS];
  names_of(directory, names);
  arrays_of(directory, arrays);
  if (section < SECTION_BLOCKS) {
    return (char *)arrays[section - SECTION_ARRAYS].at->at + done;
  }
  if (section < SECTION_TEXTS) {
    return (char *)names[section - SECTION_BLOCKS]->blocks.at + done;
  }
  return ((char **)names[section - SECTION_TEXTS]->chunks.at)[done >> SP__NAMES_CHUNK_SHIFT];
}

enum sp_status sp_directory_save(const struct sp_directory *from, sp_directory_visit *visit,
                                 void *context)
{
  SP_ASSERT(from != NULL && from->magic == SP__DIRECTORY_MAGIC);
  struct sp_directory copy = *from; /* only its places are read */
  struct head head;
  head_make(&copy, &head);
  for (uint32_t section = SECTION_HEAD; section < SECTION_END; section++) {
    struct sp_directory_piece piece = {section, 0, 0, NULL};
    for (uint64_t done = 0; done < head.bytes[section]; done += piece.length) {
      uint64_t left = head.bytes[section] - done;
      piece.length = (uint32_t)(left < SP_DIRECTORY_PIECE_BYTES ? left : SP_DIRECTORY_PIECE_BYTES);
      piece.bytes = section == SECTION_HEAD ? (char *)&head : place_of(&copy, section, done);
      SP_TRY(visit(context, &piece));
      piece.index++;
    }
  }
  return SP_OK;
}

void sp_directory_restore_begin(struct sp_directory_restore *restore, struct sp_memory *memory)
{
  *restore = (struct sp_directory_restore){.memory = memory};
}

static enum sp_status names_room(struct sp__names *names, const struct names_head *head)
{
  uint64_t chunks = (head->used + SP__NAMES_CHUNK_BYTES - 1) >> SP__NAMES_CHUNK_SHIFT;
  if (head->count == SP_NONE || chunks != head->chunks_count || head->used > UINT32_MAX ||
      head->used < head->count) {
    return SP_BAD_FORMAT;
  }
  SP_TRY(sp__array_room(&names->chunks, names->memory, chunks * sizeof(char *)));
  SP_TRY(sp__array_room(&names->blocks, names->memory, blocks_bytes(head->count)));
  for (uint32_t i = 0; i < chunks; i++) {
    char *chunk = sp_memory_take(names->memory, SP__NAMES_CHUNK_BYTES);
    if (chunk == NULL) {
      return SP_NO_MEMORY;
    }
    ((char **)names->chunks.at)[i] = chunk;
  }
  names->used = head->used;
  names->count = head->count;
  names->chunks_count = head->chunks_count;
  return SP_OK;
}

static enum sp_status head_take(struct sp_directory_restore *restore,
                                const struct sp_directory_piece *piece)
{
  struct head *head = restore->head = sp_memory_take(restore->memory, sizeof(*head));
  if (head == NULL) {
    return SP_NO_MEMORY;
  }
  if (piece->length < 16) {
    return SP_BAD_FORMAT;
  }
  memcpy(head, piece->bytes, piece->length < sizeof(*head) ? piece->length : sizeof(*head));
  if (head->magic == HEAD_MAGIC && head->version != SP_DIRECTORY_VERSION) {
    return SP_BAD_VERSION;
  }
  if (head->magic != HEAD_MAGIC || piece->length != sizeof(*head) ||
      head->sections != SECTION_END) {
    return SP_BAD_FORMAT;
  }
  SP_TRY(sp__directory_make(&restore->directory, restore->memory));
  struct sp_directory *directory = restore->directory;
  struct sp__names *names[NAMES];
  names_of(directory, names);
  sp__names_free(&directory->texts.names);
  directory->texts.names = (struct sp__names){.memory = restore->memory};
  for (uint32_t i = 0; i < NAMES; i++) {
    SP_TRY(names_room(names[i], &head->names[i]));
  }
  directory->later_count = head->later_count;
  directory->memberships_count = head->memberships_count;
  directory->subscriptions_count = head->subscriptions_count;
  directory->lists_count = head->lists_count;
  directory->account_classes_count = head->account_classes_count;
  directory->facts_count = head->facts_count;
  struct head own;
  head_make(directory, &own);
  if (memcmp(&own, head, sizeof(own)) != 0) {
    return SP_BAD_FORMAT;
  }
  struct array arrays[ARRAYS];
  arrays_of(directory, arrays);
  for (uint32_t i = 0; i < ARRAYS; i++) {
    SP_TRY(sp__array_room(arrays[i].at, restore->memory, arrays[i].bytes));
  }
  return SP_OK;
}

/* Moves on to the next section that has bytes. */
static void section_next(struct sp_directory_restore *restore)
{
  const struct head *head = restore->head;
  while (restore->section < SECTION_END && restore->done == head->bytes[restore->section]) {
    restore->section++;
    restore->index = 0;
    restore->done = 0;
  }
}

enum sp_status sp_directory_restore_piece(struct sp_directory_restore *restore,
                                          const struct sp_directory_piece *piece)
{
  if (piece->section != restore->section || piece->index != restore->index ||
      restore->section >= SECTION_END) {
    return SP_BAD_FORMAT;
  }
  if (piece->section == SECTION_HEAD) {
    SP_TRY(head_take(restore, piece));
  } else {
    uint64_t left = ((struct head *)restore->head)->bytes[piece->section] - restore->done;
    uint64_t length = left < SP_DIRECTORY_PIECE_BYTES ? left : SP_DIRECTORY_PIECE_BYTES;
    if (piece->length != length) {
      return SP_BAD_FORMAT;
    }
    memcpy(place_of(restore->directory, piece->section, restore->done), piece->bytes, length);
  }
  restore->done += piece->length;
  restore->index++;
  section_next(restore);
  return SP_OK;
}

enum sp_status sp_directory_restore_end(struct sp_directory_restore *restore)
{
  struct sp_directory *directory = restore->directory;
  if (directory == NULL || restore->section != SECTION_END || !sp__directory_is_sound(directory)) {
    return SP_BAD_FORMAT;
  }
  struct sp__words *words[] = {&directory->subscribers, &directory->groups, &directory->managers,
                               &directory->plans,       &directory->areas,  &directory->texts};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    SP_TRY(sp__words_index(words[i], 0));
  }
  SP_TRY(sp__directory_index_numbers(directory, 0));
  return sp__directory_index_shorts(directory);
}
