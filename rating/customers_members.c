/* Members: who is in which group when, and by which short number. Judged by the rows' own dates
 * (book.md §18.6). */
#include "rating/customers_load.h"

#include <string.h>

enum { GROUP, SUBSCRIBER, SHORT_NUMBER, ROLE, FROM, TO };
static const char *const member_columns[] = {"group", "subscriber", "short_number",
                                             "role",  "from",       "to"};

/* The tree or family a group belongs to: its top. */
static uint32_t top_of(const struct sp__load *load, uint32_t group)
{
  return sp_directory_group(load->directory, group)->root;
}

static bool rows_clash(struct sp__load *load, const struct sp__member_row *row)
{
  const struct sp__member_row *rows = load->member_rows.at;
  const struct sp_group *group = sp_directory_group(load->directory, row->group);
  uint32_t next = ((const uint32_t *)load->member_heads.at)[row->subscriber];
  for (; next != 0; next = rows[next - 1].next) {
    const struct sp__member_row *other = &rows[next - 1];
    if (!sp__overlap(row->from_utc_s, row->to_utc_s, other->from_utc_s, other->to_utc_s)) {
      continue;
    }
    const struct sp_group *its = sp_directory_group(load->directory, other->group);
    if (other->group == row->group) {
      sp__load_refuse(load, SUBSCRIBER, "is a member of the group by an earlier row at one time");
      return true;
    }
    if (its->family == group->family && its->root != group->root) {
      sp__load_refuse(load, SUBSCRIBER,
                      group->family ? "is in another family at one time, expected one"
                                    : "is in another enterprise tree at one time, expected one");
      return true;
    }
  }
  return false;
}

static bool short_taken(struct sp__load *load, const struct sp__member_row *row)
{
  const struct sp__member_row *rows = load->member_rows.at;
  uint32_t top = top_of(load, row->group), ref;
  uint64_t hash = sp__short_hash(top, row->short_digits);
  struct sp__index_cursor cursor = sp__index_begin(&load->index, hash);
  while ((ref = sp__index_next(&load->index, hash, &cursor)) != SP_NONE) {
    const struct sp__member_row *other = &rows[ref];
    if (other->short_digits == row->short_digits && other->subscriber != row->subscriber &&
        top_of(load, other->group) == top &&
        sp__overlap(row->from_utc_s, row->to_utc_s, other->from_utc_s, other->to_utc_s)) {
      sp__load_refuse(load, SHORT_NUMBER,
                      "belongs to another member of the tree or family at one time");
      return true;
    }
  }
  return false;
}

static bool row_read(struct sp__load *load, struct sp__member_row *row)
{
  *row = (struct sp__member_row){.row = load->table.row_line & 0x7FFFFFFFu};
  if (!sp__load_interval(load, FROM, &row->from_utc_s, &row->to_utc_s)) {
    return false;
  }
  row->group = sp__words_find(&load->directory->groups, sp__load_cell(load, GROUP));
  if (row->group == SP_NONE) {
    sp__load_refuse(load, GROUP, "is not there, expected a row of groups.csv");
    return false;
  }
  row->subscriber = sp__words_find(&load->directory->subscribers, sp__load_cell(load, SUBSCRIBER));
  if (row->subscriber == SP_NONE) {
    sp__load_refuse(load, SUBSCRIBER, "is not there, expected a row of subscribers.csv");
    return false;
  }
  struct sp_name role = sp__load_cell(load, ROLE);
  row->key = role.length == 3 && memcmp(role.text, "key", 3) == 0;
  if (role.length > 0 && !row->key && !(role.length == 6 && memcmp(role.text, "member", 6) == 0)) {
    sp__load_warn(load, ROLE, "is not known, expected member or key: taken as member");
  }
  return sp__load_cell(load, SHORT_NUMBER).length == 0 ||
         sp__load_number(load, SHORT_NUMBER, &row->short_digits);
}

static enum sp_status row_add(struct sp__load *load, struct sp__member_row *row)
{
  uint32_t *head = &((uint32_t *)load->member_heads.at)[row->subscriber];
  row->next = *head;
  SP_TRY(sp__array_room(&load->member_rows, load->memory,
                        ((size_t)load->member_count + 1) * sizeof(*row)));
  ((struct sp__member_row *)load->member_rows.at)[load->member_count] = *row;
  if (row->short_digits != 0) {
    sp__index_add(&load->index, sp__short_hash(top_of(load, row->group), row->short_digits),
                  load->member_count);
  }
  *head = ++load->member_count;
  return SP_OK;
}

static enum sp_status rows_read(struct sp__load *load)
{
  if (!sp__load_open(load, SP_CUSTOMER_MEMBERS, member_columns, 6)) {
    return SP_OK;
  }
  uint64_t rows = sp__load_rows_max(load, SP_CUSTOMER_MEMBERS);
  SP_TRY(sp__index_make(&load->index, load->memory, rows));
  SP_TRY(sp__array_room(&load->member_heads, load->memory,
                        ((size_t)load->directory->subscribers.names.count + 1) * 4));
  while (sp__load_next(load)) {
    struct sp__member_row row;
    if (row_read(load, &row) && !rows_clash(load, &row) &&
        (row.short_digits == 0 || !short_taken(load, &row))) {
      SP_TRY(row_add(load, &row));
    }
  }
  return load->member_count > INT32_MAX ? SP_LIMIT : SP_OK;
}

static int membership_order(const void *a, const void *b, const void *context)
{
  const struct sp_membership *one = a, *other = b;
  const struct sp_group *groups = ((const struct sp_directory *)context)->group_rows.at;
  uint32_t rank_one = groups[one->group].rank, rank_other = groups[other->group].rank;
  if (rank_one != rank_other) {
    return rank_one < rank_other ? -1 : 1;
  }
  return (one->from_utc_s > other->from_utc_s) - (one->from_utc_s < other->from_utc_s);
}

/* Slices of memberships by subscriber, each sorted. */
static enum sp_status memberships_make(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  SP_TRY(sp__array_room(&directory->memberships, load->memory,
                        ((size_t)load->member_count + 1) * sizeof(struct sp_membership)));
  struct sp_membership *to = directory->memberships.at;
  const struct sp__member_row *rows = load->member_rows.at;
  const uint32_t *heads = load->member_heads.at;
  struct sp__lists *lists = directory->lists.at;
  uint32_t subscribers = directory->subscribers.names.count, at = 0;
  for (uint32_t i = 0; i < subscribers; i++) {
    lists[i].memberships_at = at;
    for (uint32_t next = heads[i]; next != 0; next = rows[next - 1].next) {
      const struct sp__member_row *row = &rows[next - 1];
      to[at++] = (struct sp_membership){.from_utc_s = row->from_utc_s,
                                        .to_utc_s = row->to_utc_s,
                                        .short_digits = row->short_digits,
                                        .group = row->group,
                                        .row = row->row,
                                        .key = row->key};
    }
    uint32_t first = lists[i].memberships_at;
    sp__sort(to + first, at - first, sizeof(*to), membership_order, directory);
  }
  lists[subscribers].memberships_at = at;
  directory->memberships_count = at;
  return SP_OK;
}

/* Members by group: counted, then dealt in the order of memberships, which is by subscriber. */
static enum sp_status members_make(struct sp__load *load)
{
  struct sp_directory *directory = load->directory;
  uint32_t count = directory->memberships_count, groups = directory->groups.names.count;
  SP_TRY(sp__array_room(&directory->group_members, load->memory,
                        ((size_t)count + 1) * sizeof(struct sp_group_member)));
  uint32_t *ends = directory->group_members_at.at;
  const struct sp_membership *memberships = directory->memberships.at;
  for (uint32_t i = 0; i < count; i++) {
    ends[memberships[i].group + 1]++;
  }
  for (uint32_t i = 0; i < groups; i++) {
    ends[i + 1] += ends[i];
  }
  /* From the end backwards: each group's end moves down to its beginning. */
  const struct sp__lists *lists = directory->lists.at;
  struct sp_group_member *to = directory->group_members.at;
  uint32_t subscriber = directory->subscribers.names.count;
  for (uint32_t i = count; i-- > 0;) {
    while (lists[subscriber].memberships_at > i) {
      subscriber--;
    }
    to[--ends[memberships[i].group + 1]] = (struct sp_group_member){subscriber, i};
  }
  memmove(ends, ends + 1, groups * sizeof(*ends));
  ends[groups] = count;
  return SP_OK;
}

enum sp_status sp__load_members(struct sp__load *load)
{
  SP_TRY(rows_read(load));
  if (load->member_count > 0) {
    SP_TRY(memberships_make(load));
    SP_TRY(members_make(load));
  }
  sp__index_free(&load->index, load->memory);
  sp__array_free(&load->member_rows, load->memory);
  sp__array_free(&load->member_heads, load->memory);
  return sp__directory_index_shorts(load->directory);
}
