/* The demo's Kafka: librdkafka's mock cluster in this process, and the producer that feeds it the
 * generated lines, many to a message. The mock forgets a partition's oldest bytes behind about
 * 5 MB, so whoever sends must stay close ahead of whoever reads: see SP_DEMO_AHEAD_MAX. */
#ifndef SP_TOOLS_DEMO_FEED_H
#define SP_TOOLS_DEMO_FEED_H

#include "rating/status.h"

#define SP_DEMO_TOPIC "usage"
#define SP_DEMO_PARTITIONS 4u
#define SP_DEMO_MESSAGE_BYTES_MAX 16384u
/* Records that may be sent and not yet read, all partitions together: 4 MB even if they all are in
 * one partition and each is 130 bytes long. */
#define SP_DEMO_AHEAD_MAX 30000u

struct sp_demo_feed; /* one thread at a time */

/* Starts the cluster with one topic. header: the first line of every message, with its '\n';
 * borrowed. NO_MEMORY; BROKER: the client could not be made. */
SP_MUST_CHECK enum sp_status sp__demo_feed_open(struct sp_demo_feed **feed, const char *header);

/* Ends producer and cluster; NULL is nothing. */
void sp__demo_feed_close(struct sp_demo_feed *feed);

/* "127.0.0.1:PORT", the feed's own. */
const char *sp__demo_feed_brokers(const struct sp_demo_feed *feed);

/* Adds one line, '\n' included, to the partition key % SP_DEMO_PARTITIONS; a full message is sent.
 * BROKER: it cannot be sent. */
SP_MUST_CHECK enum sp_status sp__demo_feed_line(struct sp_demo_feed *feed, uint64_t key,
                                                const char *line, uint32_t bytes);

/* Sends what is not yet full and waits until the cluster has everything. */
SP_MUST_CHECK enum sp_status sp__demo_feed_flush(struct sp_demo_feed *feed);

#endif
