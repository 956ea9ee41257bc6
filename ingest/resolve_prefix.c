#include "ingest/resolve_prefix.h"

void sp__prefix_fill(const struct sp__areas *areas, const struct sp_books *books, uint32_t book,
                     uint64_t digits, struct sp__prefix_memo *memo)
{
  const struct sp_book *of = &books->book[book];
  uint32_t prefix = sp_book_find_prefix(of, digits);
  uint32_t dest_node = of->header->dest_nodes.count > 1 ? sp_book_find_dest_node(of, digits) : 0;
  memo->head = sp__prefix_head(areas, book, digits);
  memo->book = book + 1;
  memo->prefix = prefix;
  memo->row = areas->rows[book].row[areas->rows[book].at[prefix]];
  memo->dest_node = dest_node;
}
