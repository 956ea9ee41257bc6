/* The router: source -> decode -> resolve -> route, in the caller's thread; inside of pipeline.c.
 */
#ifndef SP_TOOLS_ROUTER_H
#define SP_TOOLS_ROUTER_H

#include "tools/worker.h"

struct sp_router;

SP_MUST_CHECK enum sp_status sp_router_make(struct sp_router **router, struct sp_world *world,
                                            const struct sp_pipeline_options *options,
                                            struct sp_shard *shards, struct sp_worker *workers,
                                            uint32_t workers_count);
void sp_router_free(struct sp_router *router);
/* Until the source ends, a stop is asked for, or something fails; always ends with a last cut to
 * every worker. */
SP_MUST_CHECK enum sp_status sp_router_run(struct sp_router *router,
                                           struct sp_pipeline_report *report);
/* Tells the workers that were started that nothing comes. */
void sp_router_abandon(struct sp_router *router, uint32_t started);

#endif
