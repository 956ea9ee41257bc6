/* Subscriptions: which plans an owner has when. Lists of subscriptions that are equal are kept
 * once. */
#include "rating/customers_load.h"

#include <string.h>

enum { OWNER, PLAN, FROM, TO };
static const char *const subscription_columns[] = {"owner", "plan", "from", "to"};

/* What the books say of plan names: in a book that has it a plan has one kind; the books may
 * differ. */
static enum sp_status plans_read(struct sp__load *load)
{
  for (uint32_t i = 0; i < load->books->count; i++) {
    const struct sp_book *book = &load->books->book[i];
    const struct sp_book_plan *plans = SP_BOOK_TABLE(book, plans, struct sp_book_plan);
    const struct sp_book_allowance *allowances =
        SP_BOOK_TABLE(book, allowances, struct sp_book_allowance);
    for (uint64_t k = 0; k < book->header->plans.count; k++) {
      const struct sp_book_plan *plan = &plans[k];
      struct sp_name name = {sp_book_text(book, plan->name), plan->name.length};
      uint32_t id, flags = 1u << plan->kind;
      SP_TRY(sp__words_add(&load->plan_names, name, &id));
      SP_TRY(sp__array_room(&load->plan_flags, load->memory, ((size_t)id + 1) * 4));
      flags |= plan->payers_count > 0 ? SP__PLAN_PAYER | SP__PLAN_SHARED : 0u;
      for (uint32_t a = 0; a < plan->allowances_count; a++) {
        flags |= allowances[plan->allowances_at + a].pool ? SP__PLAN_SHARED : 0u;
      }
      ((uint32_t *)load->plan_flags.at)[id] |= flags;
    }
  }
  return SP_OK;
}

static bool kind_fits(struct sp__load *load, uint32_t owner, uint32_t flags)
{
  const char *why = "is of the wrong kind for its owner, expected a base plan or add_on";
  uint32_t fits = 1u << SP_PLAN_BASE | 1u << SP_PLAN_ADD_ON;
  if (owner & SP_SUBJECT_GROUP) {
    bool family = sp_directory_group(load->directory, owner & ~SP_SUBJECT_GROUP)->family;
    fits = family ? 1u << SP_PLAN_FAMILY : 1u << SP_PLAN_GROUP;
    why = family ? "is of the wrong kind for its owner, expected a family plan"
                 : "is of the wrong kind for its owner, expected a group plan";
  }
  if ((flags & 0xFFu & ~fits) != 0) {
    sp__load_refuse(load, PLAN, why);
    return false;
  }
  return true;
}

/* Domain of a member of a family at an instant by the rows' own dates: the tree's root, else the
 * family (SP_NONE). */
static uint32_t tree_at(const struct sp_directory *directory, uint32_t subscriber, int64_t at_utc_s)
{
  uint32_t count;
  const struct sp_membership *rows = sp_directory_memberships(directory, subscriber, &count);
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_group *group = sp_directory_group(directory, rows[i].group);
    if (!group->family && rows[i].from_utc_s <= at_utc_s && at_utc_s < rows[i].to_utc_s) {
      return group->root;
    }
  }
  return SP_NONE;
}

static bool one_domain_at(const struct sp_directory *directory, uint32_t family, int64_t at_utc_s)
{
  uint32_t count, tree = SP_NONE;
  bool any = false;
  const struct sp_group_member *members = sp_directory_group_members(directory, family, &count);
  for (uint32_t i = 0; i < count; i++) {
    const struct sp_membership *row = sp_directory_membership(directory, members[i].membership);
    if (row->from_utc_s > at_utc_s || at_utc_s >= row->to_utc_s) {
      continue;
    }
    uint32_t other = tree_at(directory, members[i].subscriber, at_utc_s);
    if (any && other != tree) {
      return false;
    }
    any = true;
    tree = other;
  }
  return true;
}

/* book.md §13.2. Members of an enterprise tree always share its root; those of a family may be in
 * trees. */
static bool one_domain(const struct sp_directory *directory, uint32_t family, int64_t from_utc_s,
                       int64_t to_utc_s)
{
  uint32_t count;
  const struct sp_group_member *members = sp_directory_group_members(directory, family, &count);
  if (!one_domain_at(directory, family, from_utc_s)) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t rows_count;
    const struct sp_membership *rows =
        sp_directory_memberships(directory, members[i].subscriber, &rows_count);
    for (uint32_t k = 0; k < 2 * rows_count; k++) {
      int64_t at_utc_s = k % 2 == 0 ? rows[k / 2].from_utc_s : rows[k / 2].to_utc_s;
      if (at_utc_s > from_utc_s && at_utc_s < to_utc_s &&
          !one_domain_at(directory, family, at_utc_s)) {
        return false;
      }
    }
  }
  return true;
}

static bool group_fits(struct sp__load *load, uint32_t owner, uint32_t flags,
                       const struct sp__subscription_row *row)
{
  if (!(owner & SP_SUBJECT_GROUP) || !(flags & SP__PLAN_SHARED)) {
    return true;
  }
  uint32_t index = owner & ~SP_SUBJECT_GROUP;
  const struct sp_group *group = sp_directory_group(load->directory, index);
  if ((flags & SP__PLAN_PAYER) && group->account == SP_NONE) {
    sp__load_refuse(load, PLAN, "has a payer, expected an owner with an account");
    return false;
  }
  if (group->family && !one_domain(load->directory, index, row->from_utc_s, row->to_utc_s)) {
    sp__load_refuse(load, PLAN, "has a pool or payer, expected members who share one domain");
    return false;
  }
  return true;
}

static uint32_t *head_of(struct sp__load *load, uint32_t owner)
{
  return owner & SP_SUBJECT_GROUP ? (uint32_t *)load->group_heads.at + (owner & ~SP_SUBJECT_GROUP)
                                  : (uint32_t *)load->subscriber_heads.at + owner;
}

static bool has_plan(struct sp__load *load, uint32_t owner, const struct sp__subscription_row *row)
{
  const struct sp__subscription_row *rows = load->subscription_rows.at;
  for (uint32_t next = *head_of(load, owner); next != 0; next = rows[next - 1].next) {
    const struct sp__subscription_row *other = &rows[next - 1];
    if (other->plan == row->plan &&
        sp__overlap(row->from_utc_s, row->to_utc_s, other->from_utc_s, other->to_utc_s)) {
      sp__load_refuse(load, PLAN, "is its owner's by an earlier row at one time");
      return true;
    }
  }
  return false;
}

/* The row's owner, or SP_NONE: refused. `plan` of the row is that of the books' names. */
static uint32_t row_read(struct sp__load *load, struct sp__subscription_row *row)
{
  *row = (struct sp__subscription_row){0};
  if (!sp__load_interval(load, FROM, &row->from_utc_s, &row->to_utc_s)) {
    return SP_NONE;
  }
  uint32_t owner = sp__load_subject(load, OWNER);
  if (owner == SP_NONE) {
    sp__load_refuse(load, OWNER, "is not there, expected subscriber:ID or group:ID");
    return SP_NONE;
  }
  row->plan = sp__words_find(&load->plan_names, sp__load_cell(load, PLAN));
  if (row->plan == SP_NONE) {
    sp__load_refuse(load, PLAN, "is not there, expected a plan of the book");
    return SP_NONE;
  }
  uint32_t flags = ((const uint32_t *)load->plan_flags.at)[row->plan];
  bool stands = kind_fits(load, owner, flags) && !has_plan(load, owner, row) &&
                group_fits(load, owner, flags, row);
  return stands ? owner : SP_NONE;
}

static enum sp_status row_add(struct sp__load *load, uint32_t owner,
                              struct sp__subscription_row *row)
{
  uint32_t *head = head_of(load, owner), group = owner & ~SP_SUBJECT_GROUP;
  uint32_t flags = ((const uint32_t *)load->plan_flags.at)[row->plan];
  if ((owner & SP_SUBJECT_GROUP) && (flags & SP__PLAN_SHARED) &&
      sp_directory_group(load->directory, group)->family) {
    SP_TRY(sp__array_room(&load->united, load->memory, ((size_t)load->united_count + 1) * 4));
    ((uint32_t *)load->united.at)[load->united_count++] = group;
  }
  row->next = *head;
  SP_TRY(sp__array_room(&load->subscription_rows, load->memory,
                        ((size_t)load->subscription_count + 1) * sizeof(*row)));
  ((struct sp__subscription_row *)load->subscription_rows.at)[load->subscription_count] = *row;
  *head = ++load->subscription_count;
  return SP_OK;
}

static enum sp_status rows_read(struct sp__load *load)
{
  if (!sp__load_open(load, SP_CUSTOMER_SUBSCRIPTIONS, subscription_columns, 4)) {
    return SP_OK;
  }
  while (sp__load_next(load)) {
    struct sp__subscription_row row;
    uint32_t owner = row_read(load, &row);
    if (owner != SP_NONE) {
      SP_TRY(row_add(load, owner, &row));
    }
  }
  return load->subscription_count > INT32_MAX ? SP_LIMIT : SP_OK;
}

/* One owner's rows, chained from the last, as a list in file order: in `scratch`, which the next
 * one takes. */
static enum sp_status list_make(struct sp__load *load, uint32_t head, uint32_t *count)
{
  const struct sp__subscription_row *rows = load->subscription_rows.at;
  *count = 0;
  for (uint32_t next = head; next != 0; next = rows[next - 1].next) {
    ++*count;
  }
  SP_TRY(sp__array_room(&load->scratch, load->memory, *count * sizeof(struct sp_subscription)));
  struct sp_subscription *list = load->scratch.at;
  uint32_t place = *count;
  for (uint32_t next = head; next != 0; next = rows[next - 1].next) {
    const struct sp__subscription_row *row = &rows[next - 1];
    uint32_t plan;
    SP_TRY(sp__words_add(&load->directory->plans, sp__names_at(&load->plan_names.names, row->plan),
                         &plan));
    place--;
    list[place] = (struct sp_subscription){row->from_utc_s, row->to_utc_s, plan, place};
  }
  return SP_OK;
}

static enum sp_status own_make(struct sp__load *load, uint32_t head, struct sp__lists *lists)
{
  uint32_t count, list;
  SP_TRY(list_make(load, head, &count));
  uint64_t own = sp__own_pack(load->scratch.at, count);
  if (own == 0) {
    SP_TRY(sp__directory_keep_list(load->directory, &load->index, load->scratch.at, count, &list));
    own = list;
  }
  sp__lists_set_own(lists, own);
  return SP_OK;
}

static enum sp_status lists_make(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  const uint32_t *subscriber_heads = load->subscriber_heads.at;
  const uint32_t *group_heads = load->group_heads.at;
  SP_TRY(sp__index_make(&load->index, load->memory, load->subscription_count));
  struct sp__lists *lists = directory->lists.at;
  for (uint32_t i = 0; i < directory->subscribers.names.count; i++) {
    if (subscriber_heads[i] != 0) {
      SP_TRY(own_make(load, subscriber_heads[i], lists + i));
    }
  }
  uint32_t *group_lists = directory->group_list_of.at;
  for (uint32_t i = 0; i < directory->groups.names.count; i++) {
    if (group_heads[i] != 0) {
      uint32_t count;
      SP_TRY(list_make(load, group_heads[i], &count));
      SP_TRY(sp__directory_keep_list(directory, &load->index, load->scratch.at, count,
                                     &group_lists[i]));
    }
  }
  return SP_OK;
}

enum sp_status sp__load_subscriptions(struct sp__load *load)
{
  SP_TRY(plans_read(load));
  SP_TRY(sp__array_room(&load->subscriber_heads, load->memory,
                        ((size_t)load->directory->subscribers.names.count + 1) * 4));
  SP_TRY(sp__array_room(&load->group_heads, load->memory,
                        ((size_t)load->directory->groups.names.count + 1) * 4));
  SP_TRY(rows_read(load));
  SP_TRY(lists_make(load));
  sp__index_free(&load->index, load->memory);
  sp__array_free(&load->subscription_rows, load->memory);
  sp__array_free(&load->subscriber_heads, load->memory);
  sp__array_free(&load->group_heads, load->memory);
  return SP_OK;
}
