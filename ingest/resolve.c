#include "ingest/resolve.h"

#include <string.h>

#include "ingest/resolve_hash.h"
#include "ingest/resolve_prefix.h"
#include "rating/reason.h"

#define RESOLVER_MAGIC UINT32_C(0x53505256)
#define SHORT_DIGITS_MAX 6
#define CACHE_LINE 64
#define AHEAD 8          /* records */
#define PORTED_NEAR 8192 /* so many rows of ported numbers stay in a cache of the processor */

/* One record on its way through a batch. */
struct step {
  struct sp_numbers numbers;
  struct sp_owner owner;                   /* of served; subscriber SP_NONE = nobody */
  const struct sp_membership *memberships; /* of that subscriber */
  uint64_t seek; /* of the number that is looked up next: where it may stand */
  uint32_t memberships_count;
  uint32_t hint;                    /* of the number that is looked up next */
  uint32_t served_link, other_link; /* in a large book: how far their search is; 0: none */
  bool other_asked;                 /* whose `other` is matters */
};

struct sp_resolver {
  uint32_t magic;
  uint32_t book; /* in force in [book_from, book_to) or SP_NONE */
  int64_t book_from_utc_s, book_to_utc_s;
  const struct sp__prefix_table *table; /* of that book, where it is large */
  uint64_t home_country;
  const struct sp_directory *directory;
  const struct sp_books *books;
  bool again;                /* records that were judged before: no duplicates are looked for */
  bool ported_far;           /* there is a book with many ported numbers */
  struct sp_name group_text; /* the last rating_group, for its id */
  char group_bytes[64];
  uint32_t group_book, group_id;
  struct sp__areas areas;
  struct step steps[SP_RESOLVE_BATCH_MAX];
  char room[SP__NORMAL_ROOM];
};

enum sp_status sp_resolver_make_numbers(struct sp_resolver **to,
                                        const struct sp_directory *directory,
                                        const struct sp_books *books, struct sp_memory *memory)
{
  char *at = sp_memory_take(memory, sizeof(struct sp_resolver) + CACHE_LINE);
  if (at == NULL) {
    return SP_NO_MEMORY;
  }
  at += (CACHE_LINE - (uintptr_t)at % CACHE_LINE) % CACHE_LINE;
  struct sp_resolver *resolver = (struct sp_resolver *)(void *)at;
  memset(resolver, 0, sizeof(*resolver));
  resolver->directory = directory;
  resolver->books = books;
  resolver->book = SP_NONE;
  resolver->group_book = SP_NONE;
  for (uint32_t i = 0; i < books->count; i++) {
    resolver->ported_far |= books->book[i].header->ported.count > PORTED_NEAR;
  }
  if (books->count > 0) {
    const struct sp_book *book = &books->book[0];
    struct sp_book_name country = book->header->home_country;
    resolver->home_country = sp_number_pack(sp_book_text(book, country), country.length).digits;
  }
  *to = resolver;
  return SP_OK;
}

enum sp_status sp_resolver_make(struct sp_resolver **to, const struct sp_directory *directory,
                                const struct sp_books *books, struct sp_memory *memory)
{
  SP_TRY(sp_resolver_make_numbers(to, directory, books, memory));
  (*to)->magic = RESOLVER_MAGIC; /* of those that have all */
  return sp__areas_make(&(*to)->areas, directory, books, memory);
}

/* Book of an instant and the interval in which it holds. */
static __attribute__((noinline)) uint32_t book_find(struct sp_resolver *resolver, int64_t at_utc_s)
{
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
  resolver->table = NULL;
  if (resolver->book != SP_NONE && resolver->areas.tables[resolver->book].words != NULL) {
    resolver->table = &resolver->areas.tables[resolver->book];
  }
  return resolver->book;
}

static inline uint32_t book_at(struct sp_resolver *resolver, int64_t at_utc_s)
{
  bool known = at_utc_s >= resolver->book_from_utc_s && at_utc_s < resolver->book_to_utc_s;
  return SP_LIKELY(known) ? resolver->book : book_find(resolver, at_utc_s);
}

static inline bool text_quick(const struct sp_resolver *resolver, const struct sp_cdr *cdr,
                              enum sp_cdr_text field, struct sp_normal *number)
{
  return sp__normal_quick(sp_cdr_text(cdr, field), sp_cdr_text_length(cdr, field),
                          resolver->home_country, number);
}

static void text_normal(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                        enum sp_cdr_text field, struct sp_normal *number)
{
  *number = sp__normal_make(sp_cdr_text(cdr, field), sp_cdr_text_length(cdr, field),
                            resolver->home_country, resolver->room);
}

/* `other` and `third` of a member of groups: a short number first (book.md §6.1); 0 = it is none.
 */
static uint64_t short_find(const struct sp_resolver *resolver, const struct sp_cdr *cdr,
                           enum sp_cdr_text field, uint32_t subscriber)
{
  uint64_t digits = sp__normal_short(sp_cdr_text(cdr, field), sp_cdr_text_length(cdr, field));
  if (digits == 0) {
    return 0;
  }
  uint32_t member =
      sp_directory_find_short(resolver->directory, subscriber, digits, cdr->start_utc_s);
  return member == SP_NONE ? 0
                           : sp_directory_number_at(resolver->directory, member, cdr->start_utc_s);
}

static inline void party_normal(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                enum sp_cdr_text field, const struct step *step,
                                struct sp_normal *number)
{
  *number = (struct sp_normal){0, 0, false};
  if (sp_cdr_text_length(cdr, field) == 0 || text_quick(resolver, cdr, field, number)) {
    return; /* what is read quickly has at least eight digits: it is no short number */
  }
  if (step->memberships_count > 0) {
    uint64_t digits = short_find(resolver, cdr, field, step->owner.subscriber);
    if (digits != 0) {
      *number = (struct sp_normal){digits, 0, false};
      return;
    }
  }
  text_normal(resolver, cdr, field, number);
}

/* A record that failed tests 1 to 4 has no numbers: its texts may be anything. */
static inline void served_normal(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                 struct step *step)
{
  step->numbers.served = (struct sp_normal){0, 0, false};
  if (SP_LIKELY(cdr->reason == SP_REASON_NONE) &&
      !text_quick(resolver, cdr, SP_CDR_SERVED, &step->numbers.served)) {
    text_normal(resolver, cdr, SP_CDR_SERVED, &step->numbers.served);
  }
}

static inline void served_find(const struct sp_resolver *resolver, const struct sp_cdr *cdr,
                               struct step *step)
{
  step->owner = (struct sp_owner){SP_NONE, SP_NONE, 0};
  step->memberships_count = 0;
  if (step->numbers.served.rest == 0 && step->numbers.served.digits != 0) {
    (void)sp_directory_find_owner(resolver->directory, step->hint, step->numbers.served.digits,
                                  cdr->start_utc_s, &step->owner);
  }
}

static inline void memberships_find(const struct sp_resolver *resolver, struct step *step)
{
  if (step->owner.subscriber != SP_NONE) {
    step->memberships = sp_directory_memberships(resolver->directory, step->owner.subscriber,
                                                 &step->memberships_count);
  }
}

/* Groups: what both parties have in common, and the record's own group and domain (§6.10, §6.11,
 * §6.13, §13.1). */
struct circle {
  uint32_t group, family, root; /* of served: lowest direct group, family, root of the tree */
  bool same_group, same_family, same_tree;
};

static void circle_compare(const struct sp_resolver *resolver, const struct step *step,
                           uint32_t other, int64_t at_utc_s, struct circle *circle)
{
  const struct sp_directory *directory = resolver->directory;
  uint32_t count;
  const struct sp_membership *its = sp_directory_memberships(directory, other, &count);
  for (uint32_t i = 0; i < count; i++) {
    if (!sp_directory_membership_holds(directory, &its[i], at_utc_s)) {
      continue;
    }
    const struct sp_group *group = sp_directory_group(directory, its[i].group);
    circle->same_tree |= !group->family && group->root == circle->root;
    for (uint32_t k = 0; k < step->memberships_count; k++) {
      const struct sp_membership *own = &step->memberships[k];
      if (own->group == its[i].group && sp_directory_membership_holds(directory, own, at_utc_s)) {
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
  for (uint32_t i = 0; i < step->memberships_count; i++) {
    const struct sp_membership *own = &step->memberships[i];
    if (!sp_directory_membership_holds(directory, own, at_utc_s)) {
      continue;
    }
    const struct sp_group *group = sp_directory_group(directory, own->group);
    if (group->family) {
      circle->family = own->group;
    } else if (circle->group == SP_NONE) { /* sorted by group name: the first is the lowest */
      circle->group = own->group;
      circle->root = group->root;
    }
  }
  if (step->other_asked) {
    struct sp_owner other;
    if (sp_directory_find_owner(directory, step->hint, step->numbers.other.digits, at_utc_s,
                                &other)) {
      circle_compare(resolver, step, other.subscriber, at_utc_s, circle);
    }
  }
}

/* Operator of a number (§6.4): that of a ported row at the instant, else of its number plan row. */
static inline uint32_t operator_of(const struct sp_book *book, uint64_t digits,
                                   const struct sp__prefix_row *row, int64_t at_utc_s, bool *ported)
{
  *ported = false;
  if (book->header->ported.count > 0) {
    const struct sp_book_ported *port = sp_book_find_ported(book, digits, at_utc_s);
    if (port != NULL) {
      *ported = true;
      return port->operator_id;
    }
  }
  return row->operator_id;
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

struct where { /* areas of one record (§6.5) and its roam */
  uint32_t home, visited, charging;
  enum sp_roam roam;
};

static inline uint32_t field_area(struct sp__areas *areas, const struct sp_cdr *cdr,
                                  enum sp_cdr_text field)
{
  return sp_cdr_text_length(cdr, field) == 0 ? 0 : sp__area_of_field(areas, cdr, field);
}

/* What a number's leading digits say. */
struct place {
  const struct sp__prefix_row *row;
  uint32_t dest_node;
};

/* Of a number whose search has begun, or not. `book` is the one in force. */
static inline struct place place_of(struct sp_resolver *resolver, uint32_t book, uint64_t digits,
                                    uint32_t link)
{
  if (SP_UNLIKELY(link != 0)) {
    const struct sp__prefix_table *table = resolver->table;
    link = (link & 3) == SP__PREFIX_ANSWER ? link : sp__prefix_end(table, link, digits);
    return (struct place){sp__prefix_row(table, link), sp__prefix_dest_node(table, link)};
  }
  const struct sp__prefix_memo *memo =
      sp__prefix_of(&resolver->areas, resolver->books, book, digits);
  return (struct place){&memo->row, memo->dest_node};
}

static inline uint32_t home_of(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                               uint32_t book, const struct step *step)
{
  struct sp__areas *areas = &resolver->areas;
  if (step->owner.home_area != 0) {
    return areas->of_directory[step->owner.home_area];
  }
  uint32_t home = field_area(areas, cdr, SP_CDR_HOME_AREA);
  return home != 0
             ? home
             : place_of(resolver, book, step->numbers.served.digits, step->served_link).row->area;
}

static inline void where_find(struct sp_resolver *resolver, const struct sp_cdr *cdr, uint32_t book,
                              const struct step *step, struct where *where)
{
  static const struct sp__cell_memo nowhere;
  struct sp__areas *areas = &resolver->areas;
  const struct sp__cell_memo *cell = &nowhere;
  if (sp_cdr_text_length(cdr, SP_CDR_PLMN) > 0) {
    struct sp_name plmn = {sp_cdr_text(cdr, SP_CDR_PLMN),
                           (uint32_t)sp_cdr_text_length(cdr, SP_CDR_PLMN)};
    cell = sp__area_of_cell(areas, resolver->books, book, plmn, cdr->lac);
  }
  where->home = home_of(resolver, cdr, book, step);
  where->visited = field_area(areas, cdr, SP_CDR_VISITED_AREA);
  if (where->visited == 0) {
    where->visited = cell->area != 0 ? cell->area : where->home;
  }
  where->roam = (enum sp_roam)cell->roam;
  where->charging = where->visited;
  if (where->roam != SP_ROAM_HOME) {
    where->charging = 0;
  } else if (where->visited != where->home || where->home == 0) {
    where->roam = sp__area_same_province(areas, book, where->visited, where->home)
                      ? SP_ROAM_PROVINCE
                      : SP_ROAM_DOMESTIC;
  }
}

static inline enum sp_net net_by_kind(const struct sp_book *book, uint64_t digits,
                                      const struct sp__prefix_row *row, bool foreign,
                                      int64_t at_utc_s)
{
  static const uint8_t nets[] = {
      [SP_KIND_NONE] = SP_NET_NONE,   [SP_KIND_MOBILE] = SP_NET_NONE,
      [SP_KIND_FIXED] = SP_NET_FIXED, [SP_KIND_SERVICE] = SP_NET_SERVICE,
      [SP_KIND_SP] = SP_NET_SP,       [SP_KIND_INTERNATIONAL] = SP_NET_NONE};
  SP_ASSERT(row->kind < sizeof(nets));
  if (nets[row->kind] != SP_NET_NONE) {
    return (enum sp_net)nets[row->kind];
  }
  if (foreign) {
    return SP_NET_FOREIGN;
  }
  bool ported;
  uint32_t operator_id = operator_of(book, digits, row, at_utc_s, &ported);
  return operator_id != 0 && operator_id == book->header->home_operator ? SP_NET_ONNET
                                                                        : SP_NET_MOBILE;
}

static inline uint32_t other_area(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                  const struct sp__prefix_row *row)
{
  uint32_t area = field_area(&resolver->areas, cdr, SP_CDR_OTHER_AREA);
  return area != 0 ? area : row->area;
}

/* Zone, net and destination of the other party (§6.8 to §6.12), and whether it is short and unknown
 * (§6.3). */
static inline void other_place(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                               const struct step *step, const struct where *where,
                               struct sp_usage *usage)
{
  struct sp__areas *areas = &resolver->areas;
  const struct sp_book *book = &resolver->books->book[usage->book];
  uint64_t digits = step->numbers.other.digits;
  struct place place = place_of(resolver, usage->book, digits, step->other_link);
  const struct sp__prefix_row *row = place.row;
  usage->dest_node = place.dest_node;
  if (!row->known && step->numbers.other.rest == 0 &&
      sp_number_length(digits) <= SHORT_DIGITS_MAX) {
    usage->reason = SP_REASON_UNKNOWN_PREFIX;
  }
  bool foreign =
      row->known ? row->kind == SP_KIND_INTERNATIONAL : !has_front(digits, resolver->home_country);
  uint32_t area = other_area(resolver, cdr, row);
  if (row->kind == SP_KIND_SERVICE) {
    usage->zone = SP_ZONE_SERVICE;
  } else if (foreign) {
    usage->zone = is_hmt(digits) ? SP_ZONE_HMT : SP_ZONE_INTERNATIONAL;
  } else if (area == where->charging && area != 0) {
    usage->zone = SP_ZONE_LOCAL;
  } else {
    usage->zone = sp__area_same_province(areas, usage->book, area, where->charging)
                      ? SP_ZONE_PROVINCE
                      : SP_ZONE_DOMESTIC;
  }
  usage->net = (uint8_t)net_by_kind(book, digits, row, foreign, cdr->start_utc_s);
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

static inline void usage_begin(struct sp_usage *usage, const struct sp_cdr *cdr)
{
  *usage = (struct sp_usage){.start_utc_s = cdr->start_utc_s,
                             .duration_s = cdr->duration_s,
                             .bytes = cdr->up_bytes + cdr->down_bytes,
                             .items = cdr->items,
                             .charge_micro = cdr->has_charge ? cdr->charge_micro : 0,
                             .subscriber = SP_NONE,
                             .account = SP_NONE,
                             .group = SP_NONE,
                             .domain = SP_NONE,
                             .seq = cdr->seq,
                             .cause = cdr->cause,
                             .book = UINT16_MAX,
                             .reason = cdr->reason,
                             .service = cdr->service,
                             .direction = cdr->direction,
                             .partial = cdr->partial,
                             .has_charge = cdr->has_charge};
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
  usage->flags = step->numbers.other.ip ? SP_USAGE_IP : 0;
  if (book == SP_NONE) {
    usage->reason = SP_REASON_NO_BOOK;
    return;
  }
  usage->book = (uint16_t)book;
  if (step->owner.subscriber == SP_NONE) {
    usage->reason = SP_REASON_UNKNOWN_SUBSCRIBER;
    return;
  }
  if (SP_LIKELY(!resolver->again)) {
    sp__resolve_hash(usage, cdr, &step->numbers);
  } else {
    sp__resolve_hash_chain(usage, cdr);
  }
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

/* `other` and `third`; whose the other number is matters only to members of a group or family. */
static inline void others_find(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                               struct step *step)
{
  step->numbers.third = (struct sp_normal){0, 0, false};
  step->numbers.other = step->numbers.third;
  if (SP_LIKELY(cdr->reason == SP_REASON_NONE)) {
    party_normal(resolver, cdr, SP_CDR_OTHER, step, &step->numbers.other);
    if (sp_cdr_text_length(cdr, SP_CDR_THIRD) > 0) {
      party_normal(resolver, cdr, SP_CDR_THIRD, step, &step->numbers.third);
    }
  }
  step->other_asked = step->memberships_count > 0 && step->numbers.other.rest == 0 &&
                      step->numbers.other.digits != 0;
}

static inline void prefix_prefetch(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                   const struct step *step)
{
  uint32_t book = book_at(resolver, cdr->start_utc_s);
  if (step->numbers.other.digits != 0 && book != SP_NONE) {
    sp__prefix_prefetch(&resolver->areas, book, step->numbers.other.digits);
  }
}

/* The table of the book in force; NULL: there is none, or no book. */
static inline const struct sp__prefix_table *table_at(struct sp_resolver *resolver,
                                                      int64_t at_utc_s)
{
  (void)book_at(resolver, at_utc_s);
  return resolver->table;
}

/* The same where a book is large. */
static inline void prefix_prefetch_large(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                         const struct step *step)
{
  const struct sp__prefix_table *table = table_at(resolver, cdr->start_utc_s);
  if (table != NULL) {
    sp__prefix_fetch(table, step->numbers.other.digits);
  } else {
    prefix_prefetch(resolver, cdr, step);
  }
}

/* The other's memberships, which are compared with those of served. */
static inline void others_prefetch(const struct sp_directory *directory, const struct step *step)
{
  uint32_t count;
  if (step->other_asked && step->hint < sp_directory_subscriber_count(directory)) {
    sp_line_fetch_once(sp_directory_memberships(directory, step->hint, &count));
  }
}

/* Where the served number may stand. */
static void served_seek(struct sp_resolver *resolver, const struct sp_cdr *cdrs, size_t n)
{
  struct step *steps = resolver->steps;
  for (size_t i = 0; i < n; i++) {
    served_normal(resolver, &cdrs[i], &steps[i]);
    steps[i].seek =
        sp_directory_prefetch_number(resolver->directory, steps[i].numbers.served.digits);
  }
  for (size_t i = 0; i < n; i++) {
    steps[i].hint = sp_directory_prefetch_subscriber(resolver->directory, steps[i].seek);
  }
}

/* The same where it is known whose the number was; nobody's numbers are looked for one by one. */
static void served_hint(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                        const uint32_t *subscribers, size_t n)
{
  struct step *steps = resolver->steps;
  uint32_t count = sp_directory_subscriber_count(resolver->directory);
  for (size_t i = 0; i < n; i++) {
    served_normal(resolver, &cdrs[i], &steps[i]);
    steps[i].hint = SP_NONE;
    if (SP_LIKELY(subscribers[i] < count)) {
      steps[i].hint = subscribers[i];
      sp_directory_prefetch_tenure(resolver->directory, subscribers[i]);
      sp_directory_prefetch_lists(resolver->directory, subscribers[i]);
    }
  }
}

/* Begins to look in a large book for the numbers whose place will be asked for. */
static inline void prefixes_begin(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                  struct step *step)
{
  step->served_link = step->other_link = 0;
  const struct sp__prefix_table *table = table_at(resolver, cdr->start_utc_s);
  if (table == NULL || step->owner.subscriber == SP_NONE) {
    return;
  }
  if (step->numbers.other.digits != 0) {
    step->other_link = sp__prefix_begin(table, step->numbers.other.digits);
  }
  if (step->owner.home_area == 0 && sp_cdr_text_length(cdr, SP_CDR_HOME_AREA) == 0) {
    step->served_link = sp__prefix_begin(table, step->numbers.served.digits);
  }
}

static inline const struct sp_book *book_of_other(struct sp_resolver *resolver,
                                                  const struct sp_cdr *cdr, const struct step *step)
{
  uint32_t book = step->numbers.other.digits != 0 ? book_at(resolver, cdr->start_utc_s) : SP_NONE;
  return book == SP_NONE ? NULL : &resolver->books->book[book];
}

/* Whether the other number is ported, where the table of those lies in no cache. */
static void ported_prefetch(struct sp_resolver *resolver, const struct sp_cdr *cdrs, size_t n)
{
  struct step *steps = resolver->steps;
  for (size_t i = 0; i < n; i++) {
    const struct sp_book *book = book_of_other(resolver, &cdrs[i], &steps[i]);
    if (book != NULL) {
      steps[i].seek = sp_book_prefetch_ported(book, steps[i].numbers.other.digits);
    }
  }
  for (size_t i = 0; i < n; i++) {
    const struct sp_book *book = book_of_other(resolver, &cdrs[i], &steps[i]);
    if (book != NULL) {
      sp_book_prefetch_ported_row(book, (uint32_t)steps[i].seek);
    }
  }
}

/* The other's tenure and lists, and the first group of served. */
static inline void circle_prefetch(const struct sp_directory *directory, struct step *step)
{
  if (step->other_asked) {
    step->hint = sp_directory_prefetch_subscriber(directory, step->seek);
    if (step->hint < sp_directory_subscriber_count(directory)) {
      sp_directory_prefetch_lists(directory, step->hint);
    }
  }
  if (step->memberships_count > 0) {
    sp_directory_prefetch_group(directory, step->memberships[0].group);
  }
}

/* The same pass where a book is large. */
static __attribute__((noinline)) void prefixes_seek(struct sp_resolver *resolver,
                                                    const struct sp_cdr *cdrs, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    circle_prefetch(resolver->directory, &resolver->steps[i]);
    prefixes_begin(resolver, &cdrs[i], &resolver->steps[i]);
  }
}

/* [CDR 3/9] resolve. in: decoded records; out: usages (who, where, which net, hashes) or a reason;
 * next: route. Pass by pass over a batch: each pass fetches what the next one reads. */
static void batch_resolve(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                          struct sp_usage *usages, size_t n)
{
  struct step *steps = resolver->steps;
  const struct sp_directory *directory = resolver->directory;
  const bool large = resolver->areas.large;
  for (size_t i = 0; i < n; i++) {
    served_find(resolver, &cdrs[i], &steps[i]);
    if (steps[i].owner.subscriber != SP_NONE) {
      sp_directory_prefetch_lists(directory, steps[i].owner.subscriber);
    }
  }
  for (size_t i = 0; i < n; i++) {
    memberships_find(resolver, &steps[i]);
    others_find(resolver, &cdrs[i], &steps[i]);
    if (large) {
      prefix_prefetch_large(resolver, &cdrs[i], &steps[i]);
    } else {
      prefix_prefetch(resolver, &cdrs[i], &steps[i]);
    }
    if (steps[i].memberships_count > 0) {
      sp_line_fetch_once(steps[i].memberships);
    }
    if (steps[i].other_asked) {
      steps[i].seek = sp_directory_prefetch_number(directory, steps[i].numbers.other.digits);
    }
  }
  for (size_t i = 0; i < n && !large; i++) {
    circle_prefetch(directory, &steps[i]);
  }
  if (large) {
    prefixes_seek(resolver, cdrs, n);
  }
  if (resolver->ported_far) {
    ported_prefetch(resolver, cdrs, n);
  }
  for (size_t i = 0; i < n; i++) {
    if (i + AHEAD < n) {
      others_prefetch(directory, &steps[i + AHEAD]);
    }
    usage_begin(&usages[i], &cdrs[i]);
    if (SP_LIKELY(cdrs[i].reason == SP_REASON_NONE)) {
      usage_finish(resolver, &cdrs[i], &steps[i], &usages[i]);
    }
  }
}

static inline size_t batch_of(size_t left)
{
  return left < SP_RESOLVE_BATCH_MAX ? left : SP_RESOLVE_BATCH_MAX;
}

void sp_resolve_batch(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                      struct sp_usage *usages, size_t n)
{
  SP_ASSERT(resolver->magic == RESOLVER_MAGIC);
  resolver->again = false;
  for (size_t done = 0; done < n; done += SP_RESOLVE_BATCH_MAX) {
    served_seek(resolver, cdrs + done, batch_of(n - done));
    batch_resolve(resolver, cdrs + done, usages + done, batch_of(n - done));
  }
}

void sp_resolve_batch_again(struct sp_resolver *resolver, const struct sp_cdr *cdrs,
                            const uint32_t *subscribers, struct sp_usage *usages, size_t n)
{
  SP_ASSERT(resolver->magic == RESOLVER_MAGIC);
  resolver->again = true;
  for (size_t done = 0; done < n; done += SP_RESOLVE_BATCH_MAX) {
    served_hint(resolver, cdrs + done, subscribers + done, batch_of(n - done));
    batch_resolve(resolver, cdrs + done, usages + done, batch_of(n - done));
  }
}

/* The same for one record, without usage. */
static struct step *step_make(struct sp_resolver *resolver, const struct sp_cdr *cdr)
{
  struct step *step = &resolver->steps[0];
  step->hint = SP_NONE;
  step->served_link = step->other_link = 0;
  served_normal(resolver, cdr, step);
  served_find(resolver, cdr, step);
  memberships_find(resolver, step);
  others_find(resolver, cdr, step);
  return step;
}

void sp_resolve_numbers(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                        struct sp_numbers *numbers)
{
  *numbers = step_make(resolver, cdr)->numbers;
}

static struct sp_name area_name(const struct sp_resolver *resolver, const struct sp_cdr *cdr,
                                uint32_t area)
{
  if (area & SP__AREA_OWN) {
    enum sp_cdr_text field = (enum sp_cdr_text)(area & ~SP__AREA_OWN);
    return (struct sp_name){sp_cdr_text(cdr, field), (uint32_t)sp_cdr_text_length(cdr, field)};
  }
  return sp__area_name(&resolver->areas, area);
}

void sp_resolve_places(struct sp_resolver *resolver, const struct sp_cdr *cdr,
                       struct sp_places *places)
{
  const struct step *step = step_make(resolver, cdr);
  static const struct sp_name none = {"", 0};
  *places = (struct sp_places){.home = none, .visited = none, .charging = none, .other = none};
  uint32_t index = book_at(resolver, cdr->start_utc_s);
  if (cdr->reason != SP_REASON_NONE || index == SP_NONE) {
    return;
  }
  const struct sp_book *book = &resolver->books->book[index];
  struct where where;
  where_find(resolver, cdr, index, step, &where);
  places->home = area_name(resolver, cdr, where.home);
  places->visited = area_name(resolver, cdr, where.visited);
  places->charging = area_name(resolver, cdr, where.charging);
  places->served_prefix =
      sp__prefix_of(&resolver->areas, resolver->books, index, step->numbers.served.digits)->prefix;
  if (sp_normal_is_none(step->numbers.other)) {
    return;
  }
  uint64_t digits = step->numbers.other.digits;
  const struct sp__prefix_memo *memo =
      sp__prefix_of(&resolver->areas, resolver->books, index, digits);
  const struct sp__prefix_row *row = &memo->row;
  places->prefix = memo->prefix;
  places->other = area_name(resolver, cdr, other_area(resolver, cdr, row));
  places->operator_id = operator_of(book, digits, row, cdr->start_utc_s, &places->ported);
}
