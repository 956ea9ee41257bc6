/* rate --cgrates: calls as JSON lines priced by a CGRateS import. */
#ifndef SP_TOOLS_RATE_CGRATES_H
#define SP_TOOLS_RATE_CGRATES_H

#include "rating/cgrates.h"

/* Prices the calls of `path` ("-": stdin), one line of JSON each on stdout; an exit code. */
int sp_rate_cgrates(const char *book, const char *path);

struct sp_cgrates_line { /* one call as its line says it; texts lie in `texts` */
  struct sp_cgrates_call call;
  char *texts;       /* the caller's, as long as the line */
  const char *wrong; /* what was expected; NULL: nothing is wrong */
  uint32_t column;   /* where, from 1, in bytes */
};

/* Reads {"tenant":…,"category":…,"subject":…,"destination":…,"answer_time":…,"usage_ns":…}. */
void sp_cgrates_line_read(struct sp_cgrates_line *line, const char *at, size_t length);

#endif
