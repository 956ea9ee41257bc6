/* One generated usage record before it is written: the facts, how they are spelled, and what is
 * wrong with it on purpose. */
#ifndef SP_TOOLS_GEN_USAGE_H
#define SP_TOOLS_GEN_USAGE_H

#include "tools/gen_random.h"
#include "tools/gen_world.h"

#define SP_GEN_LINE_MAX 320u /* bytes of one line with its end */
#define SP_GEN_NODES 64u
#define SP_GEN_WINDOW_DAYS 62 /* dedup.window_days */

enum sp_gen_service {
  SP_GEN_VOICE,
  SP_GEN_SMS,
  SP_GEN_MMS,
  SP_GEN_DATA,
  SP_GEN_VAS,
  SP_GEN_FEE,
  SP_GEN_SERVICE_MAX
};

/* What was planted; the names stand in planted.csv. */
enum sp_gen_plant {
  SP_GEN_PLAIN,
  SP_GEN_DUPLICATE,
  SP_GEN_CONFLICT,
  SP_GEN_BAD_LINE,
  SP_GEN_SERVICE_UNKNOWN,
  SP_GEN_BAD_START,
  SP_GEN_BAD_FIELD,
  SP_GEN_UNKNOWN_SUBSCRIBER,
  SP_GEN_UNKNOWN_PREFIX,
  SP_GEN_NO_RATE,
  SP_GEN_PRE_RATED,
  SP_GEN_LATE,
  SP_GEN_OUT_OF_ORDER,
  SP_GEN_TOO_LATE,
  SP_GEN_PARTIAL,
  SP_GEN_NO_PLAN,
  SP_GEN_TWO_PLANS,
  SP_GEN_PLANT_MAX
};
extern const char *const sp__gen_plant_name[SP_GEN_PLANT_MAX];

/* Who the other party is. */
enum sp_gen_party {
  SP_GEN_NOBODY,
  SP_GEN_CUSTOMER, /* number of a subscriber */
  SP_GEN_ONNET,    /* home operator, here, nobody's */
  SP_GEN_AWAY,     /* home operator, another province */
  SP_GEN_RIVAL,
  SP_GEN_PORTED_IN,
  SP_GEN_FIXED,
  SP_GEN_HOTLINE, /* service number */
  SP_GEN_CONTENT, /* sp number */
  SP_GEN_FOREIGN_HMT,
  SP_GEN_FOREIGN_ASIA,
  SP_GEN_FOREIGN_WORLD,
  SP_GEN_NO_PREFIX /* short digits without row */
};

struct sp_gen_usage {
  uint64_t release_s, order; /* when it is sent, and the tie break: of the stream */
  uint64_t id, session;      /* session 0 = none */
  int64_t start_s;           /* local */
  uint64_t duration_s, up_bytes, down_bytes, items, charge_micro;
  uint64_t other_number;   /* E.164, or digits of a service number */
  uint32_t served, other;  /* subscribers; other where party is SP_GEN_CUSTOMER */
  uint32_t third;          /* subscriber, forwarded legs */
  uint32_t other_area;     /* index, where the party has one */
  uint32_t seq, plmn, lac; /* lac 0 = blank */
  uint32_t cause;
  uint32_t style; /* bits that choose the spelling, no meaning */
  uint8_t service, direction, party, plant, part, parts; /* parts 0 = whole record */
  uint8_t roam, node, visited; /* visited: index of the area, abroad that of home */
  bool abroad_hmt, short_dialled, ip, video;
  uint64_t total; /* partial: quantity of the whole chain */
  int64_t chain_start_s;
};

/* A maker of records: the random stream and counters. */
struct sp_gen_maker {
  const struct sp_gen_world *world; /* borrowed */
  struct sp_random random;
  uint64_t next_id;
  uint32_t seq[SP_GEN_NODES];
};

void sp__gen_maker_init(struct sp_gen_maker *maker, const struct sp_gen_world *world);

/* A record that starts at a local second. */
void sp__gen_make(struct sp_gen_maker *maker, int64_t start_s, struct sp_gen_usage *usage);

/* Turns a sound record into one of a kind with a fault of its own (SP_GEN_BAD_LINE …
 * SP_GEN_PRE_RATED). */
void sp__gen_spoil(struct sp_gen_maker *maker, enum sp_gen_plant plant, struct sp_gen_usage *usage);

/* Writes the line, '\n' included; the number of bytes. */
uint32_t sp__gen_line(const struct sp_gen_world *world, const struct sp_gen_usage *usage,
                      char line[SP_GEN_LINE_MAX]);
extern const char sp__gen_header[];

#endif
