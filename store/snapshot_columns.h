/* Columns of the snapshot's tables, one line each: name, type, may be null. Internal. */
#ifndef SP_STORE_SNAPSHOT_COLUMNS_H
#define SP_STORE_SNAPSHOT_COLUMNS_H

#include "store/snapshot.h"

#define SP__MONTHS(X, M) M(X, m0) M(X, m1) M(X, m2) M(X, m3) M(X, m4) M(X, m5)

#define SP__SUBSCRIBER_MONTH(X, m) \
  X(m##_net, MONEY, 1)             \
  X(m##_voice_s, I64, 1)           \
  X(m##_bytes, I64, 1)             \
  X(m##_calls, U32, 1)             \
  X(m##_messages, U32, 1)          \
  X(m##_offnet, U32, 1)            \
  X(m##_international, U32, 1)     \
  X(m##_active_days, U32, 1)

#define SP__GROUP_MONTH(X, m) \
  X(m##_net, MONEY, 1)        \
  X(m##_voice_s, I64, 1)      \
  X(m##_bytes, I64, 1)        \
  X(m##_calls, U32, 1)        \
  X(m##_messages, U32, 1)     \
  X(m##_offnet, U32, 1)       \
  X(m##_inside, U32, 1)

/* R, F, M; null without activity. */
#define SP__RFM_COLUMNS(X)        \
  X(first_activity, TIMESTAMP, 1) \
  X(last_activity, TIMESTAMP, 1)  \
  X(recency_days, U32, 1)         \
  X(active_days_90, U32, 1)       \
  X(money_3m, MONEY, 1)           \
  X(r, U32, 1)                    \
  X(f, U32, 1)                    \
  X(m, U32, 1)                    \
  X(customer_class, TEXT, 1)      \
  X(trend, TEXT, 1)

/* Score with its reasons; contributions in thousandths of a point. */
#define SP__SCORE_COLUMNS(X) \
  X(churn_ppm, U32, 1)       \
  X(churn_points, I32, 1)    \
  X(level, TEXT, 0)          \
  X(money_at_risk, MONEY, 0) \
  X(reason_1, TEXT, 1)       \
  X(reason_2, TEXT, 1)       \
  X(reason_3, TEXT, 1)       \
  X(contribution_1, I32, 1)  \
  X(contribution_2, I32, 1)  \
  X(contribution_3, I32, 1)

#define SP__SUBSCRIBER_COLUMNS(X) \
  X(subscriber, TEXT, 0)          \
  X(account, TEXT, 1)             \
  X(group, TEXT, 1)               \
  X(manager, TEXT, 1)             \
  X(population, TEXT, 0)          \
  SP__RFM_COLUMNS(X)              \
  SP__SCORE_COLUMNS(X)            \
  X(activity_short, U32, 0)       \
  X(activity_long, U32, 0)        \
  X(contacts_now, U32, 0)         \
  X(contacts_before, U32, 0)      \
  X(inside_now, U32, 0)           \
  X(inside_before, U32, 0)        \
  X(hotline, U32, 0)              \
  X(forwarded, U32, 0)            \
  X(roaming, U32, 0)              \
  X(abnormal, U32, 0)             \
  SP__MONTHS(X, SP__SUBSCRIBER_MONTH)

#define SP__GROUP_COLUMNS(X)      \
  X(group, TEXT, 0)               \
  X(kind, TEXT, 0)                \
  X(parent, TEXT, 1)              \
  X(account, TEXT, 1)             \
  X(manager, TEXT, 1)             \
  X(class, TEXT, 1)               \
  X(industry, TEXT, 1)            \
  X(region, TEXT, 1)              \
  X(section, TEXT, 1)             \
  X(strategic, BOOL, 0)           \
  X(contract_end, TIMESTAMP, 1)   \
  X(members, U32, 0)              \
  X(unseen, U32, 0)               \
  X(silent_30, U32, 0)            \
  X(silent_60, U32, 0)            \
  X(silent_90, U32, 0)            \
  X(left_30, U32, 0)              \
  X(left_60, U32, 0)              \
  X(left_90, U32, 0)              \
  X(key_persons, U32, 0)          \
  X(key_lost, U32, 0)             \
  X(hotline, U32, 0)              \
  X(forwarded, U32, 0)            \
  X(abnormal, U32, 0)             \
  X(circle_loss, U32, 0)          \
  X(complaints, U32, 0)           \
  X(arrears_days, I32, 0)         \
  X(satisfaction, I32, 1)         \
  X(port_out_request, BOOL, 0)    \
  X(members_money_3m, MONEY, 0)   \
  X(members_money_most, MONEY, 0) \
  X(loss_ppm, U32, 1)             \
  SP__RFM_COLUMNS(X)              \
  SP__SCORE_COLUMNS(X)            \
  SP__MONTHS(X, SP__GROUP_MONTH)

#define SP__WARNING_COLUMNS(X) \
  X(as_of, TIMESTAMP, 0)       \
  X(group, TEXT, 0)            \
  X(manager, TEXT, 1)          \
  X(level, TEXT, 0)            \
  X(churn_ppm, U32, 0)         \
  X(loss_ppm, U32, 0)          \
  X(members, U32, 0)           \
  X(money_3m, MONEY, 0)        \
  X(money_at_risk, MONEY, 0)   \
  X(indicators, TEXT, 0)       \
  X(reason_1, TEXT, 1)         \
  X(reason_2, TEXT, 1)         \
  X(reason_3, TEXT, 1)         \
  X(against, TEXT, 1)          \
  X(action, TEXT, 0)           \
  X(stale_days, U32, 1)        \
  X(top_member, TEXT, 1)       \
  X(top_member_at_risk, MONEY, 1)

#define SP__CELL_COLUMNS(X)  \
  X(population, TEXT, 0)     \
  X(r, U32, 0)               \
  X(f, U32, 0)               \
  X(m, U32, 0)               \
  X(customer_class, TEXT, 0) \
  X(customers, U64, 0)       \
  X(money_3m, MONEY, 0)      \
  X(money_at_risk, MONEY, 0)

#define X(name, type, nullable) SP__SUBSCRIBER_##name,
enum sp__subscriber_column { SP__SUBSCRIBER_COLUMNS(X) SP__SUBSCRIBER_COUNT };
#undef X
#define X(name, type, nullable) SP__GROUP_##name,
enum sp__group_column { SP__GROUP_COLUMNS(X) SP__GROUP_COUNT };
#undef X
#define X(name, type, nullable) SP__WARNING_##name,
enum sp__warning_column { SP__WARNING_COLUMNS(X) SP__WARNING_COUNT };
#undef X
#define X(name, type, nullable) SP__CELL_##name,
enum sp__cell_column { SP__CELL_COLUMNS(X) SP__CELL_COUNT };
#undef X

struct sp__snapshot_cell_sum { /* of one cell of the rfm table */
  uint64_t customers;
  int64_t money_micro, at_risk_micro;
};
#define SP__SNAPSHOT_CELLS (SP_POPULATION_COUNT * 125U * SP_CUSTOMER_CLASSES)

struct sp_snapshot {
  uint32_t magic;
  enum sp_snapshot_table table;
  const struct sp_scores *scores;
  struct sp_memory *memory;
  uint64_t rows;
  uint32_t *order;                      /* warnings: groups; rfm: cells */
  struct sp__snapshot_cell_sum *cells;  /* rfm */
  int64_t (*values)[SP_SNAPSHOT_BATCH]; /* by column */
  uint8_t (*nulls)[SP_SNAPSHOT_BATCH];
  struct sp_parquet_text (*texts)[SP_SNAPSHOT_BATCH];
  char *made; /* texts made for this batch: SP_SNAPSHOT_TEXT_BYTES */
  size_t made_bytes;
};

/* Row i of the batch. */
void sp__snapshot_subscriber(struct sp_snapshot *snapshot, uint32_t subscriber, uint32_t i);
void sp__snapshot_group(struct sp_snapshot *snapshot, uint32_t group, uint32_t i);
void sp__snapshot_warning(struct sp_snapshot *snapshot, uint32_t group, uint32_t i);
void sp__snapshot_rfm(struct sp_snapshot *snapshot, uint32_t cell, uint32_t i);
/* Sums of all cells; the cells that have customers go to order in ascending order. */
void sp__snapshot_cells(struct sp_snapshot *snapshot);

#endif
