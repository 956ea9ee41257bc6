/* Every step of one rating as typed events, for `explain`: what was considered and why it lost, the
 * price steps as numbers, what gave and took. sp_rate() calls `event` in the order of book.md §7 to
 * §14 when given a sink; indices are those of the book named in the event. The event is borrowed
 * for the call. */
#ifndef SP_RATING_TRACE_H
#define SP_RATING_TRACE_H

#include "rating/charge.h"

enum sp_trace_kind {
  SP_TRACE_PLAN,    /* a plan applies: plan, owner, from .. to as before, after */
  SP_TRACE_SEGMENT, /* from `offset` on these bands hold of those that anything asks for: used = bit
                     * per band name */
  SP_TRACE_RULE,    /* a rule of `item` was considered at `offset`, those of items that the record
                     * has not got only at 0: index in `rules`, why; FEATURES:
                     * used = the record's bits that it refuses; PRIORITY, COLUMNS, LENGTH: count =
                     * index of the rule it lost to; size = length of its prefix of `other` */
  SP_TRACE_CHOSEN,  /* the rule of `item` from `offset` on: index; why = SP_WHY_NONE: no rule */
  SP_TRACE_RUN,     /* increments: item, index of rule, slot; offset, size, count, used; price = one
                     * increment's numerator over `denominator` micro-units; before = counter at its
                     * beginning if the rule has one, else -1 */
  SP_TRACE_FEE,     /* connect fee of `item`: price / denominator */
  SP_TRACE_LIST,   /* list of `item`: amount_micro, count = increments; exactly price / denominator,
                    * denominator 0: more than 63 bits */
  SP_TRACE_PASSED, /* a row that takes no part: index in the table `slot` (enum sp_trace_table),
                    * plan, why; used as for RULE; UNIT: item = the one that allowances cover; ITEM:
                    * item = its own */
  SP_TRACE_GRANT, /* an allowance gives something else than its row says: index, before = the amount
                   * in the row of the book in force at the grant instant `offset`, -1 = none there
                   * or no membership; after = granted; count of size days, size 0: not by day; used
                   * = 1: for the rolled part, of the former cycle */
  SP_TRACE_FREE,  /* all slots cost nothing: no allowance is touched (§10.6.2) */
  SP_TRACE_PART,  /* an allowance part in order, of those that match from `offset` on: index in
                   * `allowances`, owner, before = left, after = granted, size = 1: rolled; used =
                   * what the member's cap still lets it take, -1 = no cap; slot = owner of the
                   * subscription, another one than `owner` where a group's member has its own */
  SP_TRACE_COVER, /* increments covered: index, owner, offset, size, count; before, after = left;
                   * used = 1: by the rolled part; slot as for PART */
  SP_TRACE_WAIVE, /* increments of another item waived with them: item, offset, size, count */
  SP_TRACE_DUE,   /* amount of `item` after allowances: amount_micro; count = increments waived,
                   * size = 1: the fee with them; exactly price / denominator as LIST */
  SP_TRACE_DISCOUNT, /* a discount of its set: index in `discounts`, item; before, after = sum over
                      * all items as far as whole micro-units show it; why = SP_WHY_TAKEN or
                      * SP_WHY_SET_LOST, then count = index of the one that is taken; price /
                      * denominator = exactly what all items come to with it, denominator 0: more
                      * than 63 bits */
  SP_TRACE_BLOCK,    /* a block of a block_cap: index; count = block, before = taken, price = share,
                      * amount_micro; size = 1: taken, 0: tried only; offset = counter behind
                      * it; after = what it and all earlier ones get of the amount; used /
                      * denominator = their exact prices, denominator 0: more than 63 bits */
  SP_TRACE_PASS,     /* after a pass (offset = 1..3): amount_micro of `item` */
  SP_TRACE_COUNTED,  /* a cap counted: index; before, after */
  SP_TRACE_PAYER,    /* a payer was asked: index in `payers`, owner; before = left, price = want,
                      * amount_micro = what it takes; after = paid for this member then, used =
                      * paid for all before */
  SP_TRACE_SHARE,    /* of a payer of several items: what it takes of `item`; before = left of it,
                      * amount_micro */
  SP_TRACE_OWN,      /* what the own account pays: owner = the account */
  SP_TRACE_CHAIN /* sums of the chain: offset = start, used = quantity, before = net so far, after =
                    net now; count = feature bits (rating/usage.h) of its lead partial */
};

enum sp_trace_why {
  SP_WHY_NONE,
  SP_WHY_TAKEN,
  SP_WHY_FEATURES, /* a match column of §2.3 but dest, band, rating_group */
  SP_WHY_DEST,
  SP_WHY_BAND,
  SP_WHY_RATING_GROUP,
  SP_WHY_UNIT,     /* service not counted in the unit of `per` */
  SP_WHY_PRIORITY, /* lost to a rule of the same plan by priority */
  SP_WHY_COLUMNS,
  SP_WHY_LENGTH,
  SP_WHY_CONTEST,  /* lost to another group's or family's plan (§9.1) */
  SP_WHY_REPLACED, /* base rule replaced by a group or family rule */
  SP_WHY_SET_LOST, /* another discount of the set leaves less, or as much and comes first */
  SP_WHY_ITEM,     /* discount or payer of an item that the record has not got */
  SP_WHY_LATE      /* pools and payers give nothing to a late record (§13.4) */
};

enum sp_trace_table { SP_TRACE_ALLOWANCES, SP_TRACE_DISCOUNTS, SP_TRACE_PAYERS };

struct sp_trace_event {
  enum sp_trace_kind kind;
  enum sp_trace_why why;
  uint16_t book;
  uint32_t plan; /* index in `plans` */
  uint32_t item; /* item name id of the book, SP_NONE = all or none */
  uint32_t index;
  uint32_t slot;  /* index in `slots` */
  uint32_t owner; /* as in struct sp_charge_allowance */
  int64_t offset, size, count, used;
  int64_t price, denominator;
  int64_t before, after, amount_micro;
};

struct sp_trace {
  void *context;
  void (*event)(void *context, const struct sp_trace_event *event);
};

#endif
