#include "ingest/resolve_prefix.h"

static inline void memo_fill(const struct sp__areas *areas, uint32_t book, uint64_t digits,
                             struct sp__prefix_found found, struct sp__prefix_memo *memo)
{
  *memo = (struct sp__prefix_memo){.head = sp__prefix_head(areas, book, digits),
                                   .prefix = found.prefix,
                                   .dest_node = found.dest_node,
                                   .area = found.row->area,
                                   .operator_id = found.row->operator_id,
                                   .book = book + 1,
                                   .kind = found.row->kind};
}

void sp__prefix_fill(const struct sp__areas *areas, const struct sp_books *books, uint32_t book,
                     uint64_t digits, struct sp__prefix_memo *memo)
{
  const struct sp_book *of = &books->book[book];
  struct sp__prefix_found found = {.prefix = sp_book_find_prefix(of, digits)};
  if (of->header->dest_nodes.count > 1) {
    found.dest_node = sp_book_find_dest_node(of, digits);
  }
  found.row = areas->rows[book] + found.prefix;
  memo_fill(areas, book, digits, found, memo);
}

void sp__prefix_seek(struct sp__areas *areas, struct sp__prefix_seek *seeks, size_t count)
{
  const struct sp__prefix_table *tables = areas->tables;
  for (size_t i = 0; i < count; i++) {
    seeks[i].line = sp__prefix_table_begin(&tables[seeks[i].book], seeks[i].digits);
  }
  for (size_t i = 0; i < count; i++) {
    seeks[i].line = sp__prefix_table_go(&tables[seeks[i].book], seeks[i].digits, seeks[i].line);
  }
  for (size_t i = 0; i < count; i++) {
    const struct sp__prefix_seek *seek = &seeks[i];
    struct sp__prefix_found found =
        sp__prefix_table_end(&tables[seek->book], seek->digits, seek->line);
    memo_fill(areas, seek->book, seek->digits, found, seek->to);
    *sp__prefix_memo_at(areas, seek->to->head) = *seek->to;
  }
}
