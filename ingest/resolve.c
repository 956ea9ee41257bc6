#include "ingest/resolve.h"

#include <string.h>

#include "ingest/resolve_area.h"
#include "ingest/resolve_hash.h"
#include "rating/reason.h"

#define RESOLVER_MAGIC UINT32_C(0x53505256)
#define SHORT_DIGITS_MAX 6

/* One record on its way through a batch. */
struct step {
  struct sp_numbers numbers;
  struct sp_owner owner; /* of served; subscriber SP_NONE = nobody */
  uint32_t other_subscriber;
  bool ip;
};

struct sp_resolver {
  uint32_t magic;
  uint32_t book; /* in force in [book_from, book_to) or SP_NONE */
  int64_t book_from_utc_s, book_to_utc_s;
  uint64_t home_country;
  const struct sp_directory *directory;
  const struct sp_books *books;
  struct sp_name group_text; /* the last rating_group, for its id */
  char group_bytes[64];
  uint32_t group_book, group_id;
  struct sp__areas areas;
  struct step steps[SP_RESOLVE_BATCH_MAX];
  char room[SP__NORMAL_ROOM];
};

enum sp_status sp_resolver_make(struct sp_resolver **to, const struct sp_directory *directory,
                                const struct sp_books *books, struct sp_memory *memory)
{
  struct sp_resolver *resolver = sp_memory_take(memory, sizeof(*resolver));
  if (resolver == NULL) {
    return SP_NO_MEMORY;
  }
  memset(resolver, 0, sizeof(*resolver));
  resolver->magic = RESOLVER_MAGIC;
  resolver->directory = directory;
  resolver->books = books;
  resolver->book = SP_NONE;
  resolver->group_book = SP_NONE;
  if (books->count > 0) {
    const struct sp_book *book = &books->book[0];
    struct sp_book_name country = book->header->home_country;
    resolver->home_country = sp_number_pack(sp_book_text(book, country), country.length).digits;
  }
  *to = resolver;
  return sp__areas_make(&resolver->areas, directory, books, memory);
}

/* Book of an instant; the interval in which it holds is remembered. */
static uint32_t book_at(struct sp_resolver *resolver, int64_t at_utc_s)
{
  if (SP_LIKELY(at_utc_s >= resolver->book_from_utc_s && at_utc_s < resolver->book_to_utc_s)) {
    return resolver->book;
  }
  const struct sp_books *books = resolver->books;
  resolver->book_from_utc_s = INT64_MIN;
  resolver->book_to_utc_s = INT64_MAX;
  resolver->book = SP_NONE;
  for (uint32_t i = 0; i < books->count; i++) {
    int64_t from_utc_s = books->book[books->by_start[i]].header->valid_from_utc_s;
    if (from_utc_s > at_utc_s) {
      resolver->book_to_utc_s = from_utc_s;
      break;
    }
    resolver->book_from_utc_s = from_utc_s;
    resolver->book = books->by_start[i];
  }
  return resolver->book;
}

/* `other` and `third`: a short number first, then the usual writing (book.md §6.1). */
static struct sp_normal party_normal(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                     enum sp_cdr_text field, uint32_t subscriber)
{
  const char *text = sp_cdr_text(cdr, field);
  size_t length = sp_cdr_text_length(cdr, field);
  uint32_t count = 0;
  if (length >= 3 && subscriber != SP_NONE) {
    (void)sp_directory_memberships(resolver->directory, subscriber, &count);
  }
  if (count > 0) {
    uint64_t digits = sp__normal_short(text, length);
    uint32_t member = digits == 0 ? SP_NONE
                                  : sp_directory_find_short(resolver->directory, subscriber, digits,
                                                            cdr->start_utc_s);
    if (member != SP_NONE) {
      uint64_t number = sp_directory_number_at(resolver->directory, member, cdr->start_utc_s);
      if (number != 0) {
        return (struct sp_normal){number, 0, false};
      }
    }
  }
  return sp__normal_make(text, length, resolver->home_country, resolver->room);
}

/* A record that failed tests 1 to 4 has no numbers: its texts may be anything. */
static void served_normal(struct sp_resolver *resolver, const struct sp_cdr *cdr, struct step *step)
{
  step->numbers = (struct sp_numbers){0};
  if (cdr->reason == SP_REASON_NONE) {
    step->numbers.served =
        sp__normal_make(sp_cdr_text(cdr, SP_CDR_SERVED), sp_cdr_text_length(cdr, SP_CDR_SERVED),
                        resolver->home_country, resolver->room);
  }
}

static void served_find(struct sp_resolver *resolver, const struct sp_cdr *cdr, struct step *step)
{
  step->owner.subscriber = SP_NONE;
  step->owner.account = SP_NONE;
  step->owner.home_area = 0;
  if (step->numbers.served.rest == 0 && step->numbers.served.digits != 0) {
    if (!sp_directory_find_owner(resolver->directory, step->numbers.served.digits, cdr->start_utc_s,
                                 &step->owner)) {
      step->owner.subscriber = SP_NONE;
    }
  }
}

/* Groups: what both parties have in common, and the record's own group and domain (§6.10, §6.11,
 * §6.13, §13.1). */
struct circle {
  uint32_t group, family, root; /* of served: lowest direct group, family, root of the tree */
  bool same_group, same_family, same_tree;
};

static void circle_compare(const struct sp_resolver *resolver, const struct sp_membership *own,
                           uint32_t own_count, const struct step *step, int64_t at_utc_s,
                           struct circle *circle)
{
  const struct sp_directory *directory = resolver->directory;
  uint32_t count;
  const struct sp_membership *its =
      sp_directory_memberships(directory, step->other_subscriber, &count);
  for (uint32_t i = 0; i < count; i++) {
    if (!sp_directory_membership_holds(directory, &its[i], at_utc_s)) {
      continue;
    }
    const struct sp_group *group = sp_directory_group(directory, its[i].group);
    circle->same_tree |= !group->family && group->root == circle->root;
    for (uint32_t k = 0; k < own_count; k++) {
      if (own[k].group == its[i].group &&
          sp_directory_membership_holds(directory, &own[k], at_utc_s)) {
        circle->same_family |= group->family != 0;
        circle->same_group |= group->family == 0;
      }
    }
  }
}

static void circle_find(const struct sp_resolver *resolver, const struct step *step,
                        int64_t at_utc_s, struct circle *circle)
{
  const struct sp_directory *directory = resolver->directory;
  uint32_t count;
  *circle = (struct circle){.group = SP_NONE, .family = SP_NONE, .root = SP_NONE};
  const struct sp_membership *own =
      sp_directory_memberships(directory, step->owner.subscriber, &count);
  if (SP_LIKELY(count == 0)) {
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!sp_directory_membership_holds(directory, &own[i], at_utc_s)) {
      continue;
    }
    const struct sp_group *group = sp_directory_group(directory, own[i].group);
    if (group->family) {
      circle->family = own[i].group;
    } else if (circle->group == SP_NONE) { /* sorted by group name: the first is the lowest */
      circle->group = own[i].group;
      circle->root = group->root;
    }
  }
  if (step->other_subscriber != SP_NONE) {
    circle_compare(resolver, own, count, step, at_utc_s, circle);
  }
}

/* The book's row of a number, NULL = none. */
static const struct sp_book_prefix *prefix_row(const struct sp_book *book, uint32_t prefix)
{
  return prefix == 0 ? NULL : SP_BOOK_TABLE(book, prefixes, struct sp_book_prefix) + prefix - 1;
}

static uint32_t operator_of(const struct sp_book *book, uint64_t digits,
                            const struct sp_book_prefix *row, int64_t at_utc_s, bool *ported)
{
  *ported = false;
  if (book->header->ported.count > 0) {
    const struct sp_book_ported *port = sp_book_find_ported(book, digits, at_utc_s);
    if (port != NULL) {
      *ported = true;
      return port->operator_id;
    }
  }
  return row == NULL ? 0 : row->operator_id;
}

static bool has_front(uint64_t digits, uint64_t front)
{
  return sp_number_head(digits, sp_number_length(front)) == front;
}

#define PACKED_852 (UINT64_C(0x963) << 52)
#define PACKED_853 (UINT64_C(0x964) << 52)
#define PACKED_886 (UINT64_C(0x997) << 52)

static bool is_hmt(uint64_t digits)
{
  uint64_t code = sp_number_head(digits, 3);
  return code == PACKED_852 || code == PACKED_853 || code == PACKED_886;
}

/* Abroad by plmn (§6.7): SP_ROAM_HOME = not abroad. */
static enum sp_roam abroad(const struct sp_book *book, const char *plmn, size_t length)
{
  if (length == 0) {
    return SP_ROAM_HOME;
  }
  uint32_t mcc = UINT32_MAX;
  if (length >= 3) {
    unsigned a = (unsigned)(unsigned char)plmn[0] - '0', b = (unsigned)(unsigned char)plmn[1] - '0',
             c = (unsigned)(unsigned char)plmn[2] - '0';
    mcc = a < 10 && b < 10 && c < 10 ? a * 100 + b * 10 + c : UINT32_MAX;
  }
  for (uint32_t i = 0; i < book->header->home_mcc_count; i++) {
    if (book->header->home_mcc[i] == mcc) {
      return SP_ROAM_HOME;
    }
  }
  return mcc == 454 || mcc == 455 || mcc == 466 ? SP_ROAM_HMT : SP_ROAM_INTERNATIONAL;
}

struct where { /* areas of one record (§6.5) and its roam */
  struct sp__area home, visited, charging;
  enum sp_roam roam;
};

static void where_find(struct sp_resolver *resolver, const struct sp_cdr *cdr, uint32_t index,
                       const struct step *step, struct where *where)
{
  struct sp__areas *areas = &resolver->areas;
  const struct sp_book *book = &resolver->books->book[index];
  const char *plmn = sp_cdr_text(cdr, SP_CDR_PLMN);
  size_t plmn_length = sp_cdr_text_length(cdr, SP_CDR_PLMN);
  where->home = sp__area_known(areas->of_directory[step->owner.home_area]);
  if (sp__area_is_blank(where->home)) {
    where->home = sp__area_find(areas, sp_cdr_text(cdr, SP_CDR_HOME_AREA),
                                sp_cdr_text_length(cdr, SP_CDR_HOME_AREA));
    if (sp__area_is_blank(where->home)) {
      uint32_t prefix = sp_book_find_prefix(book, step->numbers.served.digits);
      where->home = sp__area_known(areas->of_prefixes[index][prefix]);
    }
  }
  where->visited = sp__area_find(areas, sp_cdr_text(cdr, SP_CDR_VISITED_AREA),
                                 sp_cdr_text_length(cdr, SP_CDR_VISITED_AREA));
  if (sp__area_is_blank(where->visited)) {
    struct sp_name name = {plmn, (uint32_t)plmn_length};
    where->visited = sp__area_of_cell(areas, resolver->books, index, name, cdr->lac);
    if (sp__area_is_blank(where->visited)) {
      where->visited = where->home;
    }
  }
  where->roam = abroad(book, plmn, plmn_length);
  where->charging = where->visited;
  if (where->roam != SP_ROAM_HOME) {
    where->charging = sp__area_known(0);
  } else if (!sp__area_equal(where->visited, where->home)) {
    where->roam = sp__area_same_province(areas, index, where->visited, where->home)
                      ? SP_ROAM_PROVINCE
                      : SP_ROAM_DOMESTIC;
  }
}

static enum sp_net net_by_kind(const struct sp_book *book, uint64_t digits,
                               const struct sp_book_prefix *row, bool foreign, int64_t at_utc_s)
{
  unsigned kind = row == NULL ? SP_KIND_NONE : row->kind;
  if (kind == SP_KIND_SERVICE) {
    return SP_NET_SERVICE;
  }
  if (kind == SP_KIND_SP) {
    return SP_NET_SP;
  }
  if (kind == SP_KIND_FIXED) {
    return SP_NET_FIXED;
  }
  if (foreign) {
    return SP_NET_FOREIGN;
  }
  bool ported;
  uint32_t operator_id = operator_of(book, digits, row, at_utc_s, &ported);
  return operator_id != 0 && operator_id == book->header->home_operator ? SP_NET_ONNET
                                                                        : SP_NET_MOBILE;
}

static struct sp__area other_area(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                  uint32_t index, uint32_t prefix)
{
  struct sp__area area = sp__area_find(&resolver->areas, sp_cdr_text(cdr, SP_CDR_OTHER_AREA),
                                       sp_cdr_text_length(cdr, SP_CDR_OTHER_AREA));
  return sp__area_is_blank(area) ? sp__area_known(resolver->areas.of_prefixes[index][prefix])
                                 : area;
}

/* Zone, net and destination of the other party (§6.8 to §6.12), and whether it is short and unknown
 * (§6.3). */
static void other_place(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                        const struct step *step, const struct where *where, struct sp_usage *usage)
{
  struct sp__areas *areas = &resolver->areas;
  uint32_t index = usage->book;
  const struct sp_book *book = &resolver->books->book[index];
  uint64_t digits = step->numbers.other.digits;
  uint32_t prefix = sp_book_find_prefix(book, digits);
  const struct sp_book_prefix *row = prefix_row(book, prefix);
  if (row == NULL && step->numbers.other.rest == 0 &&
      sp_number_length(digits) <= SHORT_DIGITS_MAX) {
    usage->reason = SP_REASON_UNKNOWN_PREFIX;
  }
  bool foreign =
      row == NULL ? !has_front(digits, resolver->home_country) : row->kind == SP_KIND_INTERNATIONAL;
  struct sp__area area = other_area(resolver, cdr, index, prefix);
  if (row != NULL && row->kind == SP_KIND_SERVICE) {
    usage->zone = SP_ZONE_SERVICE;
  } else if (foreign) {
    usage->zone = is_hmt(digits) ? SP_ZONE_HMT : SP_ZONE_INTERNATIONAL;
  } else if (sp__area_equal(area, where->charging)) {
    usage->zone = SP_ZONE_LOCAL;
  } else {
    usage->zone = sp__area_same_province(areas, index, area, where->charging) ? SP_ZONE_PROVINCE
                                                                              : SP_ZONE_DOMESTIC;
  }
  usage->net = (uint8_t)net_by_kind(book, digits, row, foreign, cdr->start_utc_s);
  usage->dest_node = book->header->dest_nodes.count > 1 ? sp_book_find_dest_node(book, digits) : 0;
}

static uint32_t rating_group_of(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                uint32_t index)
{
  const struct sp_book *book = &resolver->books->book[index];
  const char *text = sp_cdr_text(cdr, SP_CDR_RATING_GROUP);
  size_t length = sp_cdr_text_length(cdr, SP_CDR_RATING_GROUP);
  if (length == 0 || book->header->group_names.count == 0) {
    return 0;
  }
  struct sp_name *last = &resolver->group_text;
  if (resolver->group_book == index && last->length == length &&
      memcmp(last->text, text, length) == 0) {
    return resolver->group_id;
  }
  uint32_t id = sp_book_find_rating_group(book, text, length);
  if (length <= sizeof(resolver->group_bytes)) {
    memcpy(resolver->group_bytes, text, length);
    *last = (struct sp_name){resolver->group_bytes, (uint32_t)length};
    resolver->group_book = index;
    resolver->group_id = id;
  }
  return id;
}

static void usage_begin(struct sp_usage *usage, const struct sp_cdr *cdr)
{
  memset(usage, 0, sizeof(*usage));
  usage->start_utc_s = cdr->start_utc_s;
  usage->duration_s = cdr->duration_s;
  usage->bytes = cdr->up_bytes + cdr->down_bytes;
  usage->items = cdr->items;
  usage->charge_micro = cdr->has_charge ? cdr->charge_micro : 0;
  usage->seq = cdr->seq;
  usage->cause = cdr->cause;
  usage->subscriber = usage->account = usage->group = usage->domain = SP_NONE;
  usage->book = UINT16_MAX;
  usage->reason = cdr->reason;
  usage->service = cdr->service;
  usage->direction = cdr->direction;
  usage->partial = cdr->partial;
  usage->has_charge = cdr->has_charge;
}

/* Who: subscriber, account, group and domain. */
static void usage_who(struct sp_usage *usage, const struct step *step, const struct circle *circle)
{
  usage->subscriber = step->owner.subscriber;
  usage->account = step->owner.account;
  usage->group = circle->group != SP_NONE ? circle->group : circle->family;
  usage->domain = circle->root != SP_NONE     ? circle->root | SP_DOMAIN_TREE
                  : circle->family != SP_NONE ? circle->family | SP_DOMAIN_FAMILY
                                              : step->owner.account;
}

static void usage_finish(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                         const struct step *step, struct sp_usage *usage)
{
  usage->served = step->numbers.served.digits;
  usage->other = step->numbers.other.digits;
  uint32_t book = book_at(resolver, cdr->start_utc_s);
  struct circle circle = {.group = SP_NONE, .family = SP_NONE, .root = SP_NONE};
  if (step->owner.subscriber != SP_NONE && book != SP_NONE) { /* test 5 comes before test 6 */
    circle_find(resolver, step, cdr->start_utc_s, &circle);
    usage_who(usage, step, &circle);
  }
  usage->flags = step->ip ? SP_USAGE_IP : 0;
  if (book == SP_NONE) {
    usage->reason = SP_REASON_NO_BOOK;
    return;
  }
  usage->book = (uint16_t)book;
  if (step->owner.subscriber == SP_NONE) {
    usage->reason = SP_REASON_UNKNOWN_SUBSCRIBER;
    return;
  }
  sp__resolve_hash(usage, cdr, &step->numbers);
  struct where where;
  where_find(resolver, cdr, book, step, &where);
  usage->roam = (uint8_t)where.roam;
  usage->rating_group = rating_group_of(resolver, cdr, book);
  if (!sp_normal_is_none(step->numbers.other)) {
    usage->flags |= SP_USAGE_OTHER | (circle.same_tree ? SP_USAGE_TREE : 0);
    other_place(resolver, cdr, step, &where, usage);
    if (circle.same_group || circle.same_family) {
      usage->net = circle.same_group ? SP_NET_GROUP : SP_NET_FAMILY;
    }
  }
}

static void others_find(struct sp_resolver *resolver, const struct sp_cdr *cdr, struct step *step)
{
  uint32_t subscriber = step->owner.subscriber;
  if (cdr->reason == SP_REASON_NONE) {
    step->numbers.other = party_normal(resolver, cdr, SP_CDR_OTHER, subscriber);
    if (sp_cdr_text_length(cdr, SP_CDR_THIRD) > 0) {
      step->numbers.third = party_normal(resolver, cdr, SP_CDR_THIRD, subscriber);
    }
  }
  step->ip = step->numbers.other.ip;
  step->other_subscriber = SP_NONE;
}

/* Whose the other number is matters only to members of a group or family. */
static bool needs_other(const struct sp_resolver *resolver, const struct step *step)
{
  uint32_t count = 0;
  if (step->owner.subscriber != SP_NONE && step->numbers.other.rest == 0 &&
      step->numbers.other.digits != 0) {
    (void)sp_directory_memberships(resolver->directory, step->owner.subscriber, &count);
  }
  return count > 0;
}

/* [CDR 3/9] resolve. in: decoded records; out: usages (who, where, which net, hashes) or a reason;
 * next: route. Pass by pass over a batch: each pass fetches what the next one reads. */
static void batch_resolve(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                          struct sp_usage *usages, size_t n)
{
  struct step *steps = resolver->steps;
  const struct sp_directory *directory = resolver->directory;
  for (size_t i = 0; i < n; i++) {
    served_normal(resolver, &cdrs[i], &steps[i]);
    sp_directory_prefetch_number(directory, steps[i].numbers.served.digits);
  }
  for (size_t i = 0; i < n; i++) {
    sp_directory_prefetch_subscriber(directory, steps[i].numbers.served.digits);
  }
  for (size_t i = 0; i < n; i++) {
    served_find(resolver, &cdrs[i], &steps[i]);
    if (steps[i].owner.subscriber != SP_NONE) {
      sp_directory_prefetch_lists(directory, steps[i].owner.subscriber);
    }
  }
  for (size_t i = 0; i < n; i++) {
    others_find(resolver, &cdrs[i], &steps[i]);
    if (needs_other(resolver, &steps[i])) {
      sp_directory_prefetch_number(directory, steps[i].numbers.other.digits);
    }
  }
  for (size_t i = 0; i < n; i++) {
    usage_begin(&usages[i], &cdrs[i]);
    if (cdrs[i].reason != SP_REASON_NONE) {
      continue;
    }
    if (needs_other(resolver, &steps[i])) {
      steps[i].other_subscriber =
          sp_directory_find_number(directory, steps[i].numbers.other.digits, cdrs[i].start_utc_s);
    }
    usage_finish(resolver, &cdrs[i], &steps[i], &usages[i]);
  }
}

/* [CDR 3/9] resolve. in: decoded records; out: who, where, which zone and net, key and payload hashes,
 * or a reason 3xx; next: route (tools/router.c). */
void sp_resolve_batch(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                      struct sp_usage *usages, size_t n)
{
  SP_ASSERT(resolver->magic == RESOLVER_MAGIC);
  for (size_t done = 0; done < n; done += SP_RESOLVE_BATCH_MAX) {
    size_t left = n - done;
    batch_resolve(resolver, cdrs + done, usages + done,
                  left < SP_RESOLVE_BATCH_MAX ? left : SP_RESOLVE_BATCH_MAX);
  }
}

void sp_resolve_numbers(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                        struct sp_numbers *numbers)
{
  struct step *step = &resolver->steps[0];
  served_normal(resolver, cdr, step);
  served_find(resolver, cdr, step);
  others_find(resolver, cdr, step);
  *numbers = step->numbers;
}

static struct sp_name area_name(const struct sp_resolver *resolver, struct sp__area area)
{
  if (area.text != NULL) {
    return (struct sp_name){area.text, area.length};
  }
  return sp__area_name(&resolver->areas, area.id);
}

void sp_resolve_places(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                       struct sp_places *places)
{
  struct step *step = &resolver->steps[0];
  memset(places, 0, sizeof(*places));
  served_normal(resolver, cdr, step);
  served_find(resolver, cdr, step);
  others_find(resolver, cdr, step);
  uint32_t index = book_at(resolver, cdr->start_utc_s);
  if (cdr->reason != SP_REASON_NONE || index == SP_NONE) {
    return;
  }
  const struct sp_book *book = &resolver->books->book[index];
  struct where where;
  where_find(resolver, cdr, index, step, &where);
  places->home = area_name(resolver, where.home);
  places->visited = area_name(resolver, where.visited);
  places->charging = area_name(resolver, where.charging);
  places->served_prefix = sp_book_find_prefix(book, step->numbers.served.digits);
  if (sp_normal_is_none(step->numbers.other)) {
    return;
  }
  places->prefix = sp_book_find_prefix(book, step->numbers.other.digits);
  places->other = area_name(resolver, other_area(resolver, cdr, index, places->prefix));
  places->operator_id =
      operator_of(book, step->numbers.other.digits, prefix_row(book, places->prefix),
                  cdr->start_utc_s, &places->ported);
}
