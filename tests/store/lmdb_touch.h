/* Opens an LMDB file that may be damaged and, where its pages are said to hold together, does all
 * with it that a store does: whatever LMDB trusts must then be true, or this ends by a signal. */
#ifndef SP_TESTS_STORE_LMDB_TOUCH_H
#define SP_TESTS_STORE_LMDB_TOUCH_H

#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "rating/status.h"
#include "store/lmdb_open.h"

#define TOUCH_MAP_BYTES ((uint64_t)256 << 20)
#define TOUCH_VALUE_BYTES 6000
#define TOUCH_KEY_BYTES 511

/* Every value to its last byte, put anew with another length, or removed. LMDB's own refusals are
 * fine. */
static inline void lmdb_touch_table(MDB_txn *txn, MDB_dbi table)
{
  static uint8_t other[TOUCH_VALUE_BYTES], name[TOUCH_KEY_BYTES];
  MDB_cursor *cursor;
  MDB_val key, value;
  volatile uint8_t sum = 0;
  unsigned count = 0;
  if (mdb_cursor_open(txn, table, &cursor) != 0) {
    return;
  }
  for (int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0;
       rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    for (size_t i = 0; i < value.mv_size; i++) {
      sum = (uint8_t)(sum + ((const uint8_t *)value.mv_data)[i]);
    }
    for (size_t i = 0; i < key.mv_size; i++) {
      sum = (uint8_t)(sum + ((const uint8_t *)key.mv_data)[i]);
    }
  }
  for (int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0;
       rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    count++;
    SP_ASSERT(key.mv_size <= sizeof(name));
    key.mv_data = memcpy(name, key.mv_data, key.mv_size); /* a put moves what lies in the page */
    value = (MDB_val){value.mv_size * count % TOUCH_VALUE_BYTES, other};
    rc = count % 3 == 0 ? mdb_cursor_del(cursor, 0) : mdb_cursor_put(cursor, &key, &value, 0);
    if (rc != 0) {
      break;
    }
  }
  mdb_cursor_close(cursor);
}

/* False: refused, `why` in words. */
static inline bool lmdb_touch(const char *folder, struct sp_text *why)
{
  static const char *const names[] = {"entries", "marks", "streams", "meta", NULL};
  MDB_env *env;
  MDB_txn *txn;
  if (sp__lmdb_open(&env, folder, MDB_NOTLS | MDB_NOSYNC, 4, TOUCH_MAP_BYTES, why) != 0) {
    SP_ASSERT(env == NULL && why->length > 0);
    return false;
  }
  SP_ASSERT(mdb_txn_begin(env, NULL, 0, &txn) == 0);
  bool broken = false;
  for (int i = 0; i < 5; i++) {
    MDB_dbi table;
    if (mdb_dbi_open(txn, names[i], 0, &table) == 0 && (i < 4 || !broken)) {
      broken = i < 4; /* the table of tables, where it holds none */
      lmdb_touch_table(txn, table);
    }
  }
  (void)mdb_txn_commit(txn);
  mdb_env_close(env);
  return true;
}

#endif
