/* Groups: a parent may stand in a later row, so all rows are read before any is judged. */
#include "rating/customers_load.h"

#include <string.h>

enum {
  GROUP,
  KIND,
  PARENT,
  TITLE,
  CLASS,
  INDUSTRY,
  REGION,
  SECTION,
  MANAGER,
  ACCOUNT,
  CONTRACT_END,
  STRATEGIC,
  FROM,
  TO
};
static const char *const group_columns[] = {
    "group",   "kind",    "parent",  "name",         "class",     "industry", "region",
    "section", "manager", "account", "contract_end", "strategic", "from",     "to"};

enum row_state { ROW_OPEN, ROW_STANDS, ROW_REFUSED };

struct group_row {
  struct sp_group group;          /* parent, root, manager are set when all rows are known */
  struct sp_name parent, manager; /* borrowed from the file */
  struct sp__place name_place, parent_place;
  uint32_t name;        /* id in names of rows */
  uint32_t parent_name; /* the same, SP_NONE = blank or not there */
  uint32_t next;        /* later row of the same name + 1 */
  uint32_t index;       /* of the group, once it stands */
  uint32_t visit;       /* round in which a walk upwards came by */
  enum row_state state;
};

struct groups {
  struct sp__load *load;
  struct sp__words names;  /* of all rows */
  struct sp__array rows;   /* struct group_row */
  struct sp__array firsts; /* uint32_t by name: first row that is not refused + 1, 0 = none */
  uint32_t count;
};

static bool is_word(struct sp_name cell, const char *word)
{
  return cell.length == strlen(word) && memcmp(cell.text, word, cell.length) == 0;
}

static bool texts_keep(struct sp__load *load, struct sp_group *group, enum sp_status *status)
{
  static const uint8_t columns[5] = {TITLE, CLASS, INDUSTRY, REGION, SECTION};
  uint32_t *to[5] = {&group->title, &group->class_text, &group->industry, &group->region,
                     &group->section};
  for (int i = 0; i < 5; i++) {
    struct sp_name text;
    if (!sp__load_text(load, columns[i], &text)) {
      return false;
    }
    *status = sp__words_add(&load->directory->texts, text, to[i]);
    if (*status != SP_OK) {
      return false;
    }
  }
  return true;
}

static bool kind_read(struct sp__load *load, struct group_row *row)
{
  struct sp_name kind = sp__load_cell(load, KIND), strategic = sp__load_cell(load, STRATEGIC);
  row->group.family = is_word(kind, "family");
  if (!row->group.family && !is_word(kind, "enterprise")) {
    sp__load_refuse(load, KIND, "is not known, expected enterprise or family");
    return false;
  }
  row->group.strategic = is_word(strategic, "1");
  if (strategic.length > 0 && !row->group.strategic && !is_word(strategic, "0")) {
    sp__load_warn(load, STRATEGIC, "is not known, expected 0 or 1: taken as 0");
  }
  row->parent = sp__load_cell(load, PARENT);
  if (row->group.family && row->parent.length > 0) {
    sp__load_refuse(load, PARENT, "is given, expected a family without parent");
    return false;
  }
  return true;
}

/* All of a row that needs no other row of this table. */
static bool row_read(struct sp__load *load, struct group_row *row, struct sp_name *name,
                     enum sp_status *status)
{
  *row = (struct group_row){.group = {.parent = SP_NONE, .account = SP_NONE, .manager = SP_NONE},
                            .parent_name = SP_NONE};
  struct sp_group *group = &row->group;
  if (!sp__load_name(load, GROUP, name) || !kind_read(load, row) ||
      !sp__load_interval(load, FROM, &group->from_utc_s, &group->to_utc_s)) {
    return false;
  }
  group->row = load->table.row_line;
  row->name_place = sp__load_place(load, GROUP);
  row->parent_place = sp__load_place(load, PARENT);
  row->manager = sp__load_cell(load, MANAGER);
  if (row->manager.length > 0 && !sp__load_name(load, MANAGER, &row->manager)) {
    return false;
  }
  if (!sp__load_time(load, CONTRACT_END, 0, SP_TIME_MAX, &group->contract_end_utc_s)) {
    return false;
  }
  struct sp_name account = sp__load_cell(load, ACCOUNT);
  if (account.length > 0) {
    group->account = sp__words_find(&load->directory->accounts, account);
    if (group->account == SP_NONE) {
      sp__load_refuse(load, ACCOUNT, "is not there, expected a row of accounts.csv");
      return false;
    }
  }
  return texts_keep(load, group, status);
}

static enum sp_status rows_read(struct groups *groups)
{
  struct sp__load *load = groups->load;
  if (!sp__load_open(load, SP_CUSTOMER_GROUPS, group_columns, 14)) {
    return SP_OK;
  }
  load->hold = true;
  while (sp__load_next(load)) {
    struct group_row row;
    struct sp_name name;
    enum sp_status status = SP_OK;
    if (!row_read(load, &row, &name, &status)) {
      SP_TRY(status);
      continue;
    }
    SP_TRY(sp__words_add(&groups->names, name, &row.name));
    SP_TRY(sp__array_room(&groups->rows, load->memory, (groups->count + 1) * sizeof(row)));
    ((struct group_row *)groups->rows.at)[groups->count++] = row;
  }
  return groups->count > SP__GROUPS_MAX ? SP_LIMIT : SP_OK;
}

/* Chains rows of one name and finds the names of parents. */
static enum sp_status rows_chain(struct groups *groups)
{
  SP_TRY(sp__array_room(&groups->firsts, groups->load->memory,
                        (groups->names.names.count + 1) * sizeof(uint32_t)));
  uint32_t *firsts = groups->firsts.at;
  struct group_row *rows = groups->rows.at;
  for (uint32_t i = groups->count; i-- > 0;) {
    rows[i].next = firsts[rows[i].name];
    firsts[rows[i].name] = i + 1;
    if (rows[i].parent.length > 0) {
      rows[i].parent_name = sp__words_find(&groups->names, rows[i].parent);
    }
  }
  return SP_OK;
}

/* Tells why a row cannot stand; its place in the file is known, its cells no more. */
static void row_refuse(struct groups *groups, struct group_row *row, struct sp__place place,
                       const char *why)
{
  row->state = ROW_REFUSED;
  sp__load_refuse_at(groups->load, place, why);
  uint32_t *first = &((uint32_t *)groups->firsts.at)[row->name];
  struct group_row *rows = groups->rows.at;
  while (*first != 0 && rows[*first - 1].state == ROW_REFUSED) {
    *first = rows[*first - 1].next;
  }
}

static struct group_row *parent_of(struct groups *groups, const struct group_row *row)
{
  if (row->parent_name == SP_NONE) {
    return NULL;
  }
  uint32_t first = ((uint32_t *)groups->firsts.at)[row->parent_name];
  struct group_row *parent = first == 0 ? NULL : (struct group_row *)groups->rows.at + first - 1;
  return parent == NULL || parent->group.family ? NULL : parent;
}

/* Every row of every group of the circle that `row` closes. */
static void circle_refuse(struct groups *groups, struct group_row *row)
{
  struct group_row *rows = groups->rows.at;
  struct group_row *at = row;
  while (at != NULL) {
    struct group_row *parent = parent_of(groups, at);
    uint32_t *first = &((uint32_t *)groups->firsts.at)[at->name];
    while (*first != 0) {
      struct group_row *one = &rows[*first - 1];
      row_refuse(groups, one, one->parent_place,
                 "parent leads back to the group itself, expected a tree");
    }
    at = parent != NULL && parent->state == ROW_OPEN ? parent : NULL;
  }
}

/* Walks up from a row to one that stands or has no parent; refuses what cannot stand on the way.
 * true: something was refused, so that rows below must be looked at again. */
static bool row_judge(struct groups *groups, struct group_row *row, uint32_t round)
{
  struct group_row *at = row;
  while (at->state == ROW_OPEN && at->visit != round && at->parent.length > 0) {
    struct group_row *parent = parent_of(groups, at);
    at->visit = round;
    if (parent == NULL) {
      row_refuse(groups, at, at->parent_place,
                 "parent is not there, expected an enterprise group of this table");
      return true;
    }
    at = parent;
  }
  if (at->state == ROW_OPEN && at->visit == round && at->parent.length > 0) {
    circle_refuse(groups, at);
    return true;
  }
  for (at = row; at != NULL && at->state == ROW_OPEN; at = parent_of(groups, at)) {
    at->state = ROW_STANDS;
  }
  return false;
}

/* In file order, so that when a row's turn comes all earlier ones of its name are decided. A row
 * that stands is never taken back: all above it stand. */
static void rows_judge(struct groups *groups)
{
  struct group_row *rows = groups->rows.at;
  const uint32_t *firsts = groups->firsts.at;
  uint32_t round = 0;
  for (uint32_t i = 0; i < groups->count; i++) {
    while (firsts[rows[i].name] == i + 1 && rows[i].state == ROW_OPEN) {
      if (!row_judge(groups, &rows[i], ++round)) {
        break;
      }
    }
    if (rows[i].state == ROW_OPEN) {
      row_refuse(groups, &rows[i], rows[i].name_place,
                 "group has an earlier row, expected one row a group");
    }
  }
}

/* Groups get their indices in file order; managers that only groups name get theirs here. */
static enum sp_status groups_number(struct groups *groups)
{
  struct sp_directory *directory = groups->load->directory;
  struct group_row *rows = groups->rows.at;
  for (uint32_t i = 0; i < groups->count; i++) {
    if (rows[i].state != ROW_STANDS) {
      continue;
    }
    struct sp_name name = sp__names_at(&groups->names.names, rows[i].name);
    SP_TRY(sp__words_add(&directory->groups, name, &rows[i].index));
    if (rows[i].manager.length > 0) {
      SP_TRY(sp__words_add(&directory->managers, rows[i].manager, &rows[i].group.manager));
    }
  }
  size_t room = (size_t)directory->groups.names.count + 1;
  SP_TRY(sp__array_room(&directory->group_rows, directory->memory, room * sizeof(struct sp_group)));
  SP_TRY(sp__array_room(&directory->group_members_at, directory->memory, room * 4));
  SP_TRY(sp__array_room(&directory->group_list_of, directory->memory, room * 4));
  return sp__array_room(&directory->group_components, directory->memory, room * 4);
}

static int rank_order(const void *a, const void *b, const void *context)
{
  const struct sp_directory *directory = context;
  return sp__name_compare(sp_directory_group_name(directory, *(const uint32_t *)a),
                          sp_directory_group_name(directory, *(const uint32_t *)b));
}

static enum sp_status groups_rank(struct groups *groups)
{
  struct sp_directory *directory = groups->load->directory;
  uint32_t count = directory->groups.names.count;
  SP_TRY(sp__array_room(&groups->load->scratch, directory->memory, (count + 1) * 4));
  uint32_t *order = groups->load->scratch.at;
  for (uint32_t i = 0; i < count; i++) {
    order[i] = i;
  }
  sp__sort(order, count, sizeof(*order), rank_order, directory);
  struct sp_group *rows = directory->group_rows.at;
  for (uint32_t i = 0; i < count; i++) {
    rows[order[i]].rank = i;
  }
  return SP_OK;
}

/* Parents and roots: a root is its own, those below take that of the nearest group above that knows
 * it. */
static void groups_root(struct groups *groups)
{
  struct group_row *rows = groups->rows.at;
  struct sp_group *to = groups->load->directory->group_rows.at;
  for (uint32_t i = 0; i < groups->count; i++) {
    if (rows[i].state == ROW_STANDS) {
      const struct group_row *parent = parent_of(groups, &rows[i]);
      rows[i].group.parent = parent == NULL ? SP_NONE : parent->index;
      rows[i].group.root = SP_NONE;
      to[rows[i].index] = rows[i].group;
    }
  }
  for (uint32_t i = 0; i < groups->load->directory->groups.names.count; i++) {
    uint32_t top = i;
    while (to[top].root == SP_NONE && to[top].parent != SP_NONE) {
      top = to[top].parent;
    }
    uint32_t root = to[top].root == SP_NONE ? top : to[top].root;
    for (uint32_t at = i; at != SP_NONE && to[at].root == SP_NONE; at = to[at].parent) {
      to[at].root = root;
    }
  }
}

static enum sp_status groups_load(struct groups *groups)
{
  SP_TRY(sp__words_make(&groups->names, groups->load->memory, 0));
  SP_TRY(rows_read(groups));
  SP_TRY(rows_chain(groups));
  rows_judge(groups);
  SP_TRY(groups_number(groups));
  groups_root(groups);
  return groups_rank(groups);
}

enum sp_status sp__load_groups(struct sp__load *load)
{
  struct groups groups = {.load = load};
  enum sp_status status = groups_load(&groups);
  sp__load_tell(load);
  sp__words_free(&groups.names);
  sp__array_free(&groups.rows, load->memory);
  sp__array_free(&groups.firsts, load->memory);
  return status;
}
