/* The two ways of `suanpan explain`. Exit codes; messages on stderr. */
#ifndef SP_TOOLS_CMD_EXPLAIN_H
#define SP_TOOLS_CMD_EXPLAIN_H

#include "tools/explain.h"
#include "tools/options.h"

struct sp_explain_which {
  const char *id; /* or a position of a store; NULL: the last record */
  bool all, json;
};

/* Records of a file or stdin, from empty state. 1: there is no such record. */
int sp_explain_desk(const struct sp_explain_which *which, const struct sp_option_list *books,
                    const char *customers, const char *path);
/* The records of a store with the id, or at the position STREAM:OFFSET[.SUB], as of their moment.
 * 1: there is none, or what comes out is not what was journaled. */
int sp_explain_store(const struct sp_explain_which *which, const char *store);

#endif
