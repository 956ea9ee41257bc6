/* Usage records of a file or stdin at the tariff desk, batch by batch, decoded and resolved. All of
 * the input is kept: a conflict names the fields of the record that stood first. One thread. */
#ifndef SP_TOOLS_DESK_INPUT_H
#define SP_TOOLS_DESK_INPUT_H

#include "tools/rate_desk.h"

struct sp_desk_input;

struct sp_desk_record { /* borrowed for the call */
  const struct sp_cdr *cdr;
  const struct sp_usage *usage;
  const struct sp_raw *raw;
  uint64_t number; /* from 0 */
  uint64_t offset; /* byte at which it begins */
};

struct sp_desk_visit {
  struct sp_desk *desk;
  const char *path; /* "-": stdin */
  void *context;
  /* Each record in order; a status other than OK ends the visit, END without an error. */
  enum sp_status (*record)(struct sp_desk_visit *visit, const struct sp_desk_record *record);
  bool count;                  /* read and count all of it first */
  struct sp_desk_input *input; /* set: for sp_desk_input_judge */
  uint64_t total;              /* of records: set behind the visit, with `count` before it */
};

/* 0 or an exit code with its message on stderr. */
int sp_desk_input_visit(struct sp_desk_visit *visit);
/* The record's outcome, in visit->desk->charge, as sp_desk_judge. NO_MEMORY. */
SP_MUST_CHECK enum sp_status sp_desk_input_judge(struct sp_desk_visit *visit, struct sp_desk *desk,
                                                 const struct sp_desk_record *record);
/* Byte at which record `number` begins, of those seen so far. */
uint64_t sp_desk_input_offset(const struct sp_desk_visit *visit, uint64_t number);

#endif
