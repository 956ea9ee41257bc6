/* The shards of a store side by side: a thread takes the next shard that nobody has had. Each shard
 * is worked by one thread alone, so what comes out does not depend on how many there are; a failure
 * is that of the first shard that fails, as if they were worked one after the other. */
#ifndef SP_TOOLS_SHARD_CREW_H
#define SP_TOOLS_SHARD_CREW_H

#include "tools/shard.h"

#define SP_CREW_THREADS_MAX 64

/* What is done with shard `index`, on any of the threads; it writes what is that shard's alone.
 * *error: on failure the line for it, which stays until sp_crew_run returns; NULL: the status says
 * it all. */
typedef enum sp_status sp_crew_work(void *context, uint32_t index, const char **error);

/* As many threads as are of use: `asked`, 0 = one a core; at most one a shard. */
uint32_t sp_crew_threads(const struct sp_world *world, uint32_t asked);
/* Works every shard on so many threads, the caller's among them, and waits for all. A shard behind
 * one that failed is left out or broken off (world->shards_needed). On an error world->failure
 * holds the line to print; NO_MEMORY also when a thread was refused. */
SP_MUST_CHECK enum sp_status sp_crew_run(struct sp_world *world, uint32_t threads,
                                         sp_crew_work *work, void *context);

#endif
