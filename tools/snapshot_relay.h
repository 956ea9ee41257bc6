/* A thread that encodes and writes complete row groups of a snapshot while the next one is filled.
 */
#ifndef SP_TOOLS_SNAPSHOT_RELAY_H
#define SP_TOOLS_SNAPSHOT_RELAY_H

#include "store/snapshot.h"

struct sp_relay; /* one at work at a time: the group and the writer belong to the thread until wait
                  */

/* Starts the thread. NULL: there is none to be had. */
struct sp_relay *sp_relay_start(void);
/* What sp_snapshot_write takes. */
struct sp_snapshot_relay sp_relay_of(struct sp_relay *relay);
/* Ends the thread; nothing is at work any more. */
void sp_relay_stop(struct sp_relay *relay);

#endif
