/* Pieces of a directory of customers: refused, or a directory that answers every question, and
 * comes out again as it went in. The pieces are those of one made here; an input turns bytes of
 * them or cuts them (tests/fuzz/patches.h; `part` is a piece). */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rating/directory_image.h"
#include "rating/number.h"
#include "tests/fuzz/patches.h"
#include "tests/rating/rate_tariff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_BYTES_MAX ((size_t)64 << 20) /* a head may ask for anything */
enum { PIECES_MAX = 128 };

struct pieces {
  struct sp_directory_piece piece[PIECES_MAX];
  uint32_t count;
};

static struct pieces whole;

static void *grow(void *context, size_t bytes)
{
  size_t *left = context;
  if (bytes > *left) {
    return NULL;
  }
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    return NULL;
  }
  *left -= bytes;
  return at;
}

static void release(void *context, void *at, size_t bytes)
{
  size_t *left = context;
  *left += bytes;
  munmap(at, bytes);
}

static uint8_t *copy_of(const void *bytes, size_t length)
{
  uint8_t *copy = malloc(length + (length == 0));
  SP_ASSERT(copy != NULL);
  memcpy(copy, bytes, length);
  return copy;
}

static enum sp_status piece_keep(void *context, const struct sp_directory_piece *piece)
{
  struct pieces *kept = context;
  SP_ASSERT(kept->count < PIECES_MAX);
  kept->piece[kept->count] = *piece;
  kept->piece[kept->count++].bytes = copy_of(piece->bytes, piece->length);
  return SP_OK;
}

static void pieces_free(struct pieces *pieces)
{
  for (uint32_t i = 0; i < pieces->count; i++) {
    free((void *)(uintptr_t)pieces->piece[i].bytes);
  }
  pieces->count = 0;
}

static void lists_look(const struct sp_directory *directory, uint32_t subscriber, int64_t at_utc_s)
{
  struct sp_subscription one;
  uint32_t count;
  const struct sp_membership *member = sp_directory_memberships(directory, subscriber, &count);
  for (uint32_t i = 0; i < count; i++) {
    (void)sp_directory_membership_holds(directory, &member[i], at_utc_s);
  }
  const struct sp_subscription *signed_on =
      sp_directory_subscriptions(directory, subscriber, &one, &count);
  for (uint32_t i = 0; i < count; i++) {
    (void)sp_directory_plan_name(directory, signed_on[i].plan);
  }
  (void)sp_directory_facts(directory, subscriber, &count);
}

/* What records and people ask of it. */
static void directory_look(const struct sp_directory *directory)
{
  const int64_t at_utc_s = JUNE_UTC_S;
  uint32_t groups = sp_directory_group_count(directory), count;
  for (uint32_t i = 0; i < sp_directory_subscriber_count(directory); i++) {
    struct sp_tenure tenure;
    for (uint32_t row = 0; sp_directory_tenure(directory, i, row, &tenure); row++) {
      struct sp_owner owner;
      (void)sp_directory_find_owner(directory, SP_NONE, tenure.digits, at_utc_s, &owner);
      (void)sp_directory_account(directory, tenure.account);
    }
    (void)sp_directory_find_subscriber(directory, sp_directory_subscriber_name(directory, i));
    (void)sp_directory_account_at(directory, i, at_utc_s);
    (void)sp_directory_domain_at(directory, i, at_utc_s);
    (void)sp_directory_component(directory, i);
    (void)sp_directory_find_short(directory, i, sp_number_pack("600", 3).digits, at_utc_s);
    lists_look(directory, i, at_utc_s);
  }
  for (uint32_t i = 0; i < groups; i++) {
    const struct sp_group *group = sp_directory_group(directory, i);
    SP_ASSERT(group->parent == SP_NONE || group->parent < groups);
    (void)sp_directory_find_group(directory, sp_directory_group_name(directory, i));
    (void)sp_directory_group_component(directory, i);
    (void)sp_directory_group_members(directory, i, &count);
    (void)sp_directory_group_subscriptions(directory, i, &count);
  }
}

static enum sp_status restored(struct sp_directory **directory, const struct pieces *pieces,
                               struct sp_memory *memory)
{
  struct sp_directory_restore restore;
  sp_directory_restore_begin(&restore, memory);
  enum sp_status status = SP_OK;
  for (uint32_t i = 0; i < pieces->count && status == SP_OK; i++) {
    status = sp_directory_restore_piece(&restore, &pieces->piece[i]);
  }
  status = status == SP_OK ? sp_directory_restore_end(&restore) : status;
  *directory = restore.directory;
  return status;
}

static void same_again(const struct sp_directory *directory, const struct pieces *pieces)
{
  struct pieces again = {.count = 0};
  SP_ASSERT(sp_directory_save(directory, piece_keep, &again) == SP_OK);
  SP_ASSERT(again.count == pieces->count);
  for (uint32_t i = 0; i < again.count; i++) {
    const struct sp_directory_piece *one = &again.piece[i], *other = &pieces->piece[i];
    SP_ASSERT(one->section == other->section && one->index == other->index);
    SP_ASSERT(one->length == other->length && memcmp(one->bytes, other->bytes, one->length) == 0);
  }
  pieces_free(&again);
}

static void whole_make(void)
{
  static struct rate_case it;
  rate_case_open(&it, tariff_book, tariff_customers);
  SP_ASSERT(sp_directory_save(it.directory, piece_keep, &whole) == SP_OK);
  rate_case_close(&it);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (whole.count == 0) {
    whole_make();
  }
  struct pieces pieces = {.count = 0};
  for (uint32_t i = 0; i < whole.count; i++) {
    SP_ASSERT(piece_keep(&pieces, &whole.piece[i]) == SP_OK);
  }
  struct patch patch;
  while (patch_next(&patch, &data, &size)) {
    struct sp_directory_piece *piece = &pieces.piece[patch.part % pieces.count];
    uint8_t *bytes = (uint8_t *)(uintptr_t)piece->bytes;
    uint32_t at = piece->length == 0 ? 0 : patch.at % piece->length;
    if (patch.turn == 0) {
      piece->bytes = copy_of(bytes, at); /* ends where it ends */
      piece->length = at;
      free(bytes);
    } else if (piece->length > 0) {
      bytes[at] ^= patch.turn;
    }
  }
  size_t left = MEMORY_BYTES_MAX;
  struct sp_memory memory = {.grow = grow, .release = release, .context = &left};
  struct sp_directory *directory;
  enum sp_status status = restored(&directory, &pieces, &memory);
  SP_ASSERT(status == SP_OK || status == SP_BAD_FORMAT || status == SP_BAD_VERSION ||
            status == SP_NO_MEMORY);
  if (status == SP_OK) {
    directory_look(directory);
    same_again(directory, &pieces);
  }
  sp_directory_free(directory);
  sp_memory_free(&memory);
  pieces_free(&pieces);
  return 0;
}
