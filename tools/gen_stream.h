/* The stream of generated lines, mostly in the order of time: planted faults, late ones, partial
 * chains, and what must come out of each. One thread; used by `gen` and by the demo. */
#ifndef SP_TOOLS_GEN_STREAM_H
#define SP_TOOLS_GEN_STREAM_H

#include "tools/gen_judge.h"

struct sp_gen_stream;

/* One line of the stream; all of it is the stream's until the next call. */
struct sp_gen_record {
  const char *line;
  uint32_t bytes; /* with its '\n' */
  const struct sp_gen_usage *usage;
  struct sp_gen_verdict verdict;
};

enum sp_gen_result { SP_GEN_RECORD, SP_GEN_END, SP_GEN_NO_MEMORY };

/* NULL: not enough memory. The world is borrowed. */
struct sp_gen_stream *sp__gen_stream_open(const struct sp_gen_world *world);
void sp__gen_stream_close(struct sp_gen_stream *stream);

/* The next line; exactly options.records of them. */
enum sp_gen_result sp__gen_stream_next(struct sp_gen_stream *stream, struct sp_gen_record *record);

/* What has been counted so far. */
const struct sp_gen_judge *sp__gen_stream_judge(const struct sp_gen_stream *stream);

#endif
