/* What the demo shows at its end, read back from the store. */
#ifndef SP_TOOLS_DEMO_REPORT_H
#define SP_TOOLS_DEMO_REPORT_H

#include "tools/gen_judge.h"
#include "tools/pipeline.h"

struct sp_demo_result {         /* all borrowed */
  const char *program;          /* how suanpan is called from here */
  const char *store, *snapshot; /* paths; the snapshot is written by the report */
  const struct sp_gen_world *province;
  const struct sp_gen_judge *expected;
  const struct sp_pipeline_report *run;
};

/* Rate, audit equation, revenue by service, warnings of one manager, snapshot, what to try next; on
 * stdout. An exit code: SP_EXIT_REJECTED if the store's totals are not the generator's. */
int sp__demo_report(const struct sp_demo_result *result);

#endif
