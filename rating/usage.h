/* The resolved record: who, where and which net (book.md §6), all that rating needs of a CDR, in
 * one fixed record without pointers. Made by ingest/resolve, rated by sp_rate(); the journal keeps
 * the raw bytes and what was found out about them, and resolves again on replay. */
#ifndef SP_RATING_USAGE_H
#define SP_RATING_USAGE_H

#include "rating/cdr.h"

#define SP_NONE UINT32_MAX /* no subscriber, account, group, area, ... */

/* Values of the match columns as bits of one word (book.md §2.3): exactly one bit per column. A
 * rule keeps for each column the bits it does not accept; it matches when (features & refused) ==
 * 0. */
enum sp_roam {
  SP_ROAM_HOME,
  SP_ROAM_PROVINCE,
  SP_ROAM_DOMESTIC,
  SP_ROAM_HMT,
  SP_ROAM_INTERNATIONAL,
  SP_ROAM_COUNT
};
enum sp_zone {
  SP_ZONE_NONE, /* no other party: only blank cells match */
  SP_ZONE_LOCAL,
  SP_ZONE_PROVINCE,
  SP_ZONE_DOMESTIC,
  SP_ZONE_HMT,
  SP_ZONE_INTERNATIONAL,
  SP_ZONE_SERVICE,
  SP_ZONE_COUNT
};
enum sp_net {
  SP_NET_NONE, /* no other party */
  SP_NET_GROUP,
  SP_NET_FAMILY,
  SP_NET_SERVICE,
  SP_NET_SP,
  SP_NET_FIXED,
  SP_NET_FOREIGN,
  SP_NET_ONNET,
  SP_NET_MOBILE,
  SP_NET_COUNT
};

#define SP_FEATURE_SERVICE 0   /* 6 bits: 1 << enum sp_service */
#define SP_FEATURE_DIRECTION 6 /* 4 bits: 1 << enum sp_direction */
#define SP_FEATURE_ROAM 10     /* 5 bits */
#define SP_FEATURE_ZONE 15     /* 7 bits */
#define SP_FEATURE_NET 22      /* 9 bits x 2: net, and net with group_tree (book.md §6.11) */
#define SP_FEATURE_NET_TREE \
  31 /* bit 31 + net: the same value when both are in one enterprise tree */
#define SP_FEATURE_BITS 40

/* All bits of a column. */
#define SP_FEATURES_ALL ((UINT64_C(1) << SP_FEATURE_BITS) - 1)
#define SP_FEATURES_SERVICE (UINT64_C(0x3F) << SP_FEATURE_SERVICE)
#define SP_FEATURES_DIRECTION (UINT64_C(0xF) << SP_FEATURE_DIRECTION)
#define SP_FEATURES_ROAM (UINT64_C(0x1F) << SP_FEATURE_ROAM)
#define SP_FEATURES_ZONE (UINT64_C(0x7F) << SP_FEATURE_ZONE)
#define SP_FEATURES_NET (UINT64_C(0x3FFFF) << SP_FEATURE_NET)

static inline uint64_t sp_features(unsigned service, unsigned direction, unsigned roam,
                                   unsigned zone, unsigned net_and_tree)
{
  return (UINT64_C(1) << (SP_FEATURE_SERVICE + service)) |
         (UINT64_C(1) << (SP_FEATURE_DIRECTION + direction)) |
         (UINT64_C(1) << (SP_FEATURE_ROAM + roam)) | (UINT64_C(1) << (SP_FEATURE_ZONE + zone)) |
         (UINT64_C(1) << (SP_FEATURE_NET + net_and_tree));
}

#define SP_USAGE_IP 1u    /* flag `ip`: other came with an IP prefix */
#define SP_USAGE_TREE 2u  /* both in one enterprise tree at start */
#define SP_USAGE_OTHER 4u /* there is another party */
#define SP_USAGE_ELSEWHERE                                              \
  8u /* the first record of its key lies in another shard; the router's \
      */

/* Bit of key_hash[1]: the key is that of data with a session and holds no subscriber (§15.1), so
 * that records of any domain may have it. */
#define SP_KEY_OF_SESSION UINT64_C(1)

struct sp_usage {
  int64_t start_utc_s;
  int64_t duration_s;
  int64_t
      bytes; /* up + down; the sum is checked (overflow: bad_field cannot happen, 18 digits each) */
  int64_t items;
  int64_t charge_micro;
  uint64_t served;        /* sp_number digits of the normalised served number */
  uint64_t other;         /* of the normalised other; 0 = none */
  uint64_t key_hash[2];   /* duplicate key (book.md §15.1), 127 bits and SP_KEY_OF_SESSION */
  uint64_t payload_hash;  /* of the payload (§15.2) */
  uint64_t chain_hash[2]; /* chain key (§14.1), 128-bit; 0,0 = whole or pre-rated */
  uint32_t subscriber;    /* index in the directory or SP_NONE */
  uint32_t account;       /* own account at start or SP_NONE */
  uint32_t group;         /* book.md §6.13 or SP_NONE */
  uint32_t domain;        /* domain at start (directory's domain key) or SP_NONE */
  uint32_t dest_node; /* longest destination prefix of other in the book: prefix node, 0 = none */
  uint32_t rating_group; /* the book's id of the record's rating_group, 0 = not one of the book's */
  int64_t seq;
  int64_t cause;
  uint16_t book;   /* index in the book set */
  uint16_t reason; /* what resolve found: 0 or 401, 301, 302 (302 decides only at test 12) */
  uint8_t service, direction, partial, has_charge;
  uint8_t roam, zone, net, flags; /* enum sp_roam, sp_zone, sp_net; SP_USAGE_* */
  uint32_t behind_s; /* how far start lies behind the latest start handled so far, this one included
                      * (§15.5); set by the router, UINT32_MAX = that or more */
};

_Static_assert(sizeof(struct sp_usage) == 152, "struct sp_usage is journaled as it lies");

static inline uint64_t sp_usage_features(const struct sp_usage *usage)
{
  unsigned net =
      usage->net + ((usage->flags & SP_USAGE_TREE) ? SP_FEATURE_NET_TREE - SP_FEATURE_NET : 0u);
  return sp_features(usage->service, usage->direction, usage->roam, usage->zone, net);
}

#endif
