#include "rating/book_image.h"

#include <string.h>

#include "rating/hash.h"

void sp__image_section(struct sp__image *image, struct sp_book_array *array, const void *bytes,
                       uint64_t count, uint32_t size)
{
  SP_ASSERT(image->sections_count < SP_IMAGE_SECTIONS_MAX);
  image->sections[image->sections_count++] = (struct sp__section){array, bytes, count, size};
}

struct sp_book_name sp__image_text(struct sp__image *image, const char *text, size_t length)
{
  struct sp_book_name name = {0, 0};
  if (length == 0 || image->draft->status != SP_OK) {
    return name;
  }
  uint32_t id = sp__terms_add(image->draft, &image->texts, text, length);
  if (id == image->text_at.count) {
    uint32_t at = (uint32_t)image->text_bytes;
    image->text_bytes += length;
    if (image->text_bytes > UINT32_MAX) {
      image->draft->status = SP_LIMIT;
    }
    *(uint32_t *)sp__list_add(image->draft, &image->text_at, sizeof(uint32_t)) = at;
  }
  if (image->draft->status == SP_OK) {
    name = (struct sp_book_name){*SP_LIST_AT(&image->text_at, uint32_t, id), (uint32_t)length};
  }
  return name;
}

struct sp_book_name sp__image_name(struct sp__image *image, const struct sp__terms *names,
                                   uint32_t id)
{
  if (id == SP_NONE) {
    return (struct sp_book_name){0, 0};
  }
  const struct sp__term *name = sp__terms_at(names, id);
  return sp__image_text(image, name->text, name->length);
}

uint32_t sp__image_rank(const struct sp__terms *names, uint32_t id)
{
  return id == SP_NONE ? SP_NONE : sp__terms_at(names, id)->rank;
}

/* Ids of one cell as ranks + 1, ascending, at the end of `to` behind their count; their place, 0 of
 * a blank cell. */
static uint32_t ids_put(struct sp__image *image, struct sp__list *to, const struct sp__terms *names,
                        const uint32_t *ids, uint32_t count)
{
  if (count == 0) {
    return 0;
  }
  *(uint32_t *)sp__list_add(image->draft, to, sizeof(uint32_t)) = count;
  uint32_t at = to->count;
  for (uint32_t i = 0; i < count; i++) {
    *(uint32_t *)sp__list_add(image->draft, to, sizeof(uint32_t)) =
        sp__terms_at(names, ids[i])->rank + 1;
  }
  if (image->draft->status == SP_OK && count > 1) {
    (void)sp__ids_unique(SP_LIST_AT(to, uint32_t, at), count);
  }
  return at;
}

struct sp_book_match sp__image_match(struct sp__image *image, const struct sp__match *match,
                                     uint64_t services)
{
  struct sp__draft *draft = image->draft;
  struct sp_book_match out;
  memset(&out, 0, sizeof(out));
  out.refused = ~(match->accepted & (services | ~SP_FEATURES_SERVICE)) & SP_FEATURES_ALL;
  for (uint64_t rest = match->bands; rest != 0; rest &= rest - 1) {
    out.bands |= UINT64_C(1) << sp__terms_at(&draft->bands, (uint32_t)__builtin_ctzll(rest))->rank;
  }
  const uint32_t *ids = SP_LIST_AT(&draft->match_ids, const uint32_t, 0);
  out.dests =
      ids_put(image, &image->match_dests, &draft->dests, ids + match->dests_at, match->dests_count);
  out.groups = ids_put(image, &image->match_groups, &draft->groups, ids + match->groups_at,
                       match->groups_count);
  out.columns = match->columns & UINT8_MAX;
  return out;
}

static void names_section(struct sp__image *image, struct sp_book_array *array,
                          const struct sp__terms *names)
{
  struct sp_book_name *out = sp__draft_take(image->draft, names->list.count * sizeof(*out));
  for (uint32_t rank = 0; out != NULL && rank < names->list.count; rank++) {
    out[rank] = sp__image_name(image, names, names->order[rank]);
  }
  sp__image_section(image, array, out, out == NULL ? 0 : names->list.count, sizeof(*out));
}

static void calendar_sections(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  struct sp_book_header *header = &image->header;
  sp__image_section(image, &header->offsets, draft->offsets.at, draft->offsets.count,
                    sizeof(struct sp_book_offset));
  struct sp_book_day *days = sp__draft_take(draft, draft->days.count * sizeof(*days));
  uint32_t *order = sp__day_order(draft);
  for (uint32_t i = 0; days != NULL && order != NULL && i < draft->days.count; i++) {
    const struct sp__day *day = SP_LIST_AT(&draft->days, struct sp__day, order[i]);
    days[i] = (struct sp_book_day){day->day, day->type};
  }
  sp__image_section(image, &header->days, days, draft->days.count, sizeof(*days));
  sp__image_section(image, &header->span_starts, draft->spans.starts, 22, sizeof(uint32_t));
  struct sp_book_span *spans = sp__draft_take(draft, draft->spans.spans.count * sizeof(*spans));
  for (uint32_t i = 0; spans != NULL && i < draft->spans.spans.count; i++) {
    struct sp__match match = {.bands =
                                  SP_LIST_AT(&draft->spans.spans, struct sp_book_span, i)->bands};
    spans[i] = *SP_LIST_AT(&draft->spans.spans, struct sp_book_span, i);
    spans[i].bands = sp__image_match(image, &match, 0).bands;
  }
  sp__image_section(image, &header->spans, spans, draft->spans.spans.count, sizeof(*spans));
}

static void name_sections(struct sp__image *image)
{
  struct sp__draft *draft = image->draft;
  struct sp_book_header *header = &image->header;
  names_section(image, &header->item_names, &draft->items);
  names_section(image, &header->allowance_names, &draft->allowance_names);
  names_section(image, &header->discount_names, &draft->discount_names);
  names_section(image, &header->payer_names, &draft->payer_names);
  names_section(image, &header->set_names, &draft->set_names);
  names_section(image, &header->band_names, &draft->bands);
  names_section(image, &header->dest_names, &draft->dests);
  names_section(image, &header->group_names, &draft->groups);
  names_section(image, &header->operator_names, &draft->operators);
  names_section(image, &header->province_names, &draft->provinces);
}

static void header_fill(struct sp__image *image)
{
  const struct sp__settings *settings = &image->draft->settings;
  struct sp_book_header *header = &image->header;
  header->magic = SP_BOOK_MAGIC;
  header->version = SP_BOOK_VERSION;
  header->valid_from_utc_s = settings->valid_from_utc_s;
  header->cycle_day = settings->cycle_day;
  header->rounding_digits = settings->rounding_digits;
  header->increment_digits = settings->increment_digits;
  header->rounding = settings->rounding;
  header->name = sp__image_text(image, settings->name, settings->name_length);
  header->currency = sp__image_text(image, settings->currency, settings->currency_length);
  header->timezone = sp__image_text(image, settings->timezone, settings->timezone_length);
  header->home_country =
      sp__image_text(image, settings->home_country, settings->home_country_length);
  header->home_mcc_count = settings->home_mcc_count;
  memcpy(header->home_mcc, settings->home_mcc, sizeof(header->home_mcc));
  uint32_t home = settings->home_operator_length == 0
                      ? SP_NONE
                      : sp__terms_find(&image->draft->operators, settings->home_operator,
                                       settings->home_operator_length);
  header->home_operator = home == SP_NONE ? 0 : sp__image_rank(&image->draft->operators, home) + 1;
}

static void names_rank(struct sp__draft *draft)
{
  struct sp__terms *all[] = {&draft->items,       &draft->allowance_names, &draft->discount_names,
                             &draft->payer_names, &draft->set_names,       &draft->bands,
                             &draft->dests,       &draft->groups,          &draft->operators,
                             &draft->provinces,   &draft->plans,           &draft->areas,
                             &draft->plmns};
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    sp__terms_rank(draft, all[i]);
  }
}

static enum sp_status image_write(struct sp__image *image, struct sp_book_image *out)
{
  uint64_t at = (sizeof(image->header) + SP_IMAGE_ALIGN - 1) / SP_IMAGE_ALIGN * SP_IMAGE_ALIGN;
  for (uint32_t i = 0; i < image->sections_count; i++) {
    struct sp__section *section = &image->sections[i];
    *section->array = (struct sp_book_array){at, section->count};
    at += (section->count * section->size + SP_IMAGE_ALIGN - 1) / SP_IMAGE_ALIGN * SP_IMAGE_ALIGN;
  }
  image->header.strings = (struct sp_book_array){at, image->text_bytes};
  at += (image->text_bytes + SP_IMAGE_ALIGN) / SP_IMAGE_ALIGN * SP_IMAGE_ALIGN;
  image->header.bytes = at;
  char *bytes = sp_memory_take_table(image->draft->memory, at);
  if (bytes == NULL) {
    return SP_NO_MEMORY;
  }
  memcpy(bytes, &image->header, sizeof(image->header));
  for (uint32_t i = 0; i < image->sections_count; i++) {
    const struct sp__section *section = &image->sections[i];
    if (section->count > 0) {
      memcpy(bytes + section->array->at, section->bytes, section->count * section->size);
    }
  }
  for (uint32_t i = 0; i < image->texts.list.count; i++) {
    const struct sp__term *text = sp__terms_at(&image->texts, i);
    memcpy(bytes + image->header.strings.at + *SP_LIST_AT(&image->text_at, uint32_t, i), text->text,
           text->length);
  }
  struct sp_hash128 hash =
      sp_hash128(bytes + SP_BOOK_UNHASHED, at - SP_BOOK_UNHASHED, SP_BOOK_VERSION);
  memcpy(bytes + offsetof(struct sp_book_header, hash), &hash, sizeof(hash));
  *out = (struct sp_book_image){bytes, at};
  return SP_OK;
}

enum sp_status sp__image_make(struct sp__draft *draft, struct sp_book_image *out)
{
  struct sp__image *image = sp__draft_take(draft, sizeof(*image));
  if (image == NULL) {
    return draft->status;
  }
  image->draft = draft;
  if (draft->settings.home_operator_length > 0) {
    (void)sp__terms_add(draft, &draft->operators, draft->settings.home_operator,
                        draft->settings.home_operator_length);
  }
  names_rank(draft);
  if (draft->status == SP_OK) {
    header_fill(image);
    name_sections(image);
    calendar_sections(image);
  }
  if (draft->status == SP_OK) {
    sp__image_tariff(image);
  }
  if (draft->status == SP_OK) {
    sp__image_places(image);
  }
  return draft->status == SP_OK ? image_write(image, out) : draft->status;
}
