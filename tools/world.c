#include "tools/world.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rating/state.h"
#include "store/directory_db.h"
#include "tools/heap.h"

static int64_t zone_from_local(const void *context, int64_t local_s)
{
  return sp_book_from_local(context, local_s);
}

static void book_path(const struct sp_world *world, uint32_t number, char *path)
{
  sp_store_path(&world->dir, path, "books/%04u.book", number);
}

/* Books of the store that are not loaded yet; they are numbered from 1 without a gap. */
static int books_load(struct sp_world *world)
{
  char path[SP_PATH_BYTES_MAX];
  int added = 0;
  while (world->books_count < SP_BOOKS_MAX) {
    book_path(world, world->books_count + 1, path);
    if (access(path, F_OK) != 0) {
      break;
    }
    struct sp_problem_list list;
    sp_problem_list_init(&list);
    struct sp_loaded_book *loaded = &world->loaded[world->books_count];
    enum sp_status status = sp_book_load(loaded, path, &list);
    sp_problem_list_print(&list, stderr);
    sp_problem_list_free(&list);
    if (status != SP_OK) {
      fprintf(stderr, "suanpan: %s: %s\n", path, sp_status_text(status));
      return -1;
    }
    world->book[world->books_count++] = loaded->book;
    added++;
  }
  return added;
}

static const struct sp_books *books_make(struct sp_world *world, uint32_t count)
{
  struct sp_books *books = sp_memory_take(&world->memory, sizeof(*books));
  uint32_t clash;
  if (books == NULL || sp_books_make(books, world->book, count, &world->memory, &clash) != SP_OK) {
    return NULL;
  }
  return books;
}

/* The set of the first `count` books. The lock is held. */
static const struct sp_books *books_of(struct sp_world *world, uint32_t count)
{
  if (world->books[count] == NULL) {
    world->books[count] = books_make(world, count);
  }
  return world->books[count];
}

/* Those that were added since. The lock is held. */
static int books_add(struct sp_world *world)
{
  uint32_t before = world->books_count;
  int added = books_load(world);
  if (added > 0 && books_of(world, world->books_count) == NULL) {
    fprintf(stderr, "suanpan: %s: the added book does not go with the others; it stays out\n",
            world->dir.path);
    added = -1;
  }
  while (added < 0 && world->books_count > before) {
    sp_book_unload(&world->loaded[--world->books_count]);
  }
  return added;
}

const struct sp_books *sp_world_books(struct sp_world *world, uint32_t count)
{
  const struct sp_books *books = NULL;
  pthread_mutex_lock(&world->books_lock);
  if (count > world->books_count) {
    (void)books_add(world); /* a service that writes was given one since the store was opened */
  }
  if (count > 0 && count <= world->books_count) {
    books = books_of(world, count);
  }
  pthread_mutex_unlock(&world->books_lock);
  return books;
}

int sp_world_add_books(struct sp_world *world)
{
  pthread_mutex_lock(&world->books_lock);
  int added = books_add(world);
  pthread_mutex_unlock(&world->books_lock);
  return added;
}

static int directory_load(struct sp_world *world)
{
  char path[SP_PATH_BYTES_MAX], words[512];
  struct sp_text error = SP_TEXT_INIT(words);
  sp_store_path(&world->dir, path, "directory");
  enum sp_status status = sp_directory_db_load(&world->directory, path, &world->memory, &error);
  if (status != SP_OK) {
    fprintf(stderr, "suanpan: %s: %s\n", path,
            error.length > 0 ? error.at : sp_status_text(status));
    return SP_EXIT_ENVIRONMENT;
  }
  return SP_EXIT_DONE;
}

/* Shards by component (rating/directory.h): whoever shares a domain at any time shares a shard. */
static bool shards_deal(struct sp_world *world)
{
  uint32_t subscribers = sp_directory_subscriber_count(world->directory);
  uint32_t groups = sp_directory_group_count(world->directory);
  world->shard_of = sp_heap_take((size_t)subscribers + 1);
  world->shard_of_group = sp_heap_take((size_t)groups + 1);
  world->profiles = sp_heap_take(((size_t)subscribers + 1) * sizeof(struct sp_profile));
  world->group_profiles = sp_heap_take(((size_t)groups + 1) * sizeof(struct sp_group_profile));
  world->state_slots = sp_heap_take(((size_t)subscribers + 1) * SP_STATE_SLOT_BYTES);
  if (world->shard_of == NULL || world->shard_of_group == NULL || world->profiles == NULL ||
      world->group_profiles == NULL || world->state_slots == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < subscribers; i++) {
    world->shard_of[i] =
        (uint8_t)(sp_directory_component(world->directory, i) % world->dir.shard_count);
  }
  for (uint32_t i = 0; i < groups; i++) {
    world->shard_of_group[i] =
        (uint8_t)(sp_directory_group_component(world->directory, i) % world->dir.shard_count);
  }
  return true;
}

int sp_world_open(struct sp_world *world, const char *store)
{
  memset(world, 0, sizeof(*world));
  sp_heap_init(&world->memory);
  pthread_mutex_init(&world->books_lock, NULL);
  atomic_store(&world->shards_needed, UINT32_MAX);
  int code = sp_store_dir_open(&world->dir, store);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  if (books_load(world) <= 0) {
    fprintf(stderr, "suanpan: %s: expected at least one readable book in books/\n", store);
    return SP_EXIT_BOOK;
  }
  if (sp_world_books(world, world->books_count) == NULL) {
    fprintf(stderr, "suanpan: %s: its books do not go together\n", store);
    return SP_EXIT_BOOK;
  }
  world->zone =
      (struct sp_decode_zone){zone_from_local, &world->books[world->books_count]->book[0]};
  code = directory_load(world);
  if (code == SP_EXIT_DONE && !shards_deal(world)) {
    fprintf(stderr, "suanpan: %s: out of memory\n", store);
    code = SP_EXIT_ENVIRONMENT;
  }
  return code;
}

void sp_world_close(struct sp_world *world)
{
  if (world->directory != NULL) {
    uint32_t subscribers = sp_directory_subscriber_count(world->directory);
    uint32_t groups = sp_directory_group_count(world->directory);
    sp_heap_give(world->shard_of, (size_t)subscribers + 1);
    sp_heap_give(world->shard_of_group, (size_t)groups + 1);
    sp_heap_give(world->profiles, ((size_t)subscribers + 1) * sizeof(struct sp_profile));
    sp_heap_give(world->group_profiles, ((size_t)groups + 1) * sizeof(struct sp_group_profile));
    sp_heap_give(world->state_slots, ((size_t)subscribers + 1) * SP_STATE_SLOT_BYTES);
    sp_directory_free(world->directory);
  }
  sp_memory_free(&world->memory);
  for (uint32_t i = 0; i < world->books_count; i++) {
    sp_book_unload(&world->loaded[i]);
  }
  sp_store_dir_close(&world->dir);
  pthread_mutex_destroy(&world->books_lock);
}
