/* A place in a stream of records: what sources say of a record, journal blocks and checkpoints
 * keep, and sources go on from. */
#ifndef SP_RATING_POSITION_H
#define SP_RATING_POSITION_H

#include <stdint.h>

/* Comparable within its stream only. Files: the byte (of the decompressed text) at which the
 * record's line begins; sub 0. Kafka: the message's offset; sub counts the records within it. As
 * "next": every record before it is done; sub + 1 of a record means right behind that record. */
struct sp_position {
  uint64_t offset;
  uint32_t sub;
  uint32_t reserved;
};

static inline int sp_position_compare(struct sp_position a, struct sp_position b)
{
  if (a.offset != b.offset) {
    return a.offset < b.offset ? -1 : 1;
  }
  return a.sub == b.sub ? 0 : a.sub < b.sub ? -1 : 1;
}

#endif
