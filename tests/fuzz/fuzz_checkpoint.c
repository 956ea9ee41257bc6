/* What a checkpoint says of itself and its tables: refused, or each value is visited as it was put,
 * and nothing that was not. The input is a row of records: table and flags (1 byte), length of the
 * key (1), of the value (2), key, value. They are put as a store puts them, with their seals; RAW:
 * with the last 8 bytes of the value for a seal. */
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/checkpoint.h"
#include "store/lmdb_open.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TABLES = 4, RAW = 8, KEY_BYTES_MAX = 100, RECORDS_MAX = 200 };
enum { ENTRIES, MARKS, STREAMS, META };
#define MAP_BYTES ((uint64_t)64 << 20)

static const char *const names[TABLES] = {"entries", "marks", "streams", "meta"};

struct record {
  uint8_t table, flags;
  MDB_val key, value;
};

static MDB_val val(const uint8_t *at, size_t length)
{
  return (MDB_val){length, (void *)(uintptr_t)at};
}

static bool record_next(struct record *record, const uint8_t **data, size_t *size)
{
  if (*size < 4) {
    return false;
  }
  const uint8_t *at = *data;
  size_t key = at[1] % KEY_BYTES_MAX + 1u, value = (size_t)at[2] | (size_t)at[3] << 8;
  key = at[0] % TABLES == MARKS ? sizeof(uint64_t) : at[0] % TABLES == META ? 1 : key;
  if (key > *size - 4) {
    return false;
  }
  value = value < *size - 4 - key ? value : *size - 4 - key;
  *record = (struct record){at[0] % TABLES, at[0], val(at + 4, key), val(at + 4 + key, value)};
  record->key = record->table == META ? val((const uint8_t *)"m", 1) : record->key;
  *data += 4 + key + value;
  *size -= 4 + key + value;
  return true;
}

static void record_put(MDB_txn *txn, const MDB_dbi *tables, const struct record *record)
{
  uint8_t bytes[UINT16_MAX + 8];
  MDB_val key = record->key, value = {record->value.mv_size, bytes};
  if (value.mv_size > 0) {
    memcpy(bytes, record->value.mv_data, value.mv_size);
  }
  if ((record->flags & RAW) == 0) {
    uint64_t seal =
        XXH3_64bits_withSeed(bytes, value.mv_size, XXH3_64bits(key.mv_data, key.mv_size));
    memcpy(bytes + value.mv_size, &seal, sizeof(seal));
    value.mv_size += sizeof(seal);
  }
  SP_ASSERT(mdb_put(txn, tables[record->table], &key, &value, 0) == 0);
}

static void store_write(const uint8_t *data, size_t size)
{
  char words[256];
  struct sp_text why = SP_TEXT_INIT(words);
  struct record record;
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi tables[TABLES];
  SP_ASSERT(sp__lmdb_open(&env, scratch_folder, MDB_NOTLS | MDB_NOSYNC, TABLES, MAP_BYTES, &why) ==
            0);
  SP_ASSERT(mdb_txn_begin(env, NULL, 0, &txn) == 0);
  for (int i = 0; i < TABLES; i++) {
    SP_ASSERT(mdb_dbi_open(txn, names[i], MDB_CREATE | (i == MARKS ? MDB_INTEGERKEY : 0),
                           &tables[i]) == 0);
  }
  for (int i = 0; i < RECORDS_MAX && record_next(&record, &data, &size); i++) {
    record_put(txn, tables, &record);
  }
  SP_ASSERT(mdb_txn_commit(txn) == 0);
  mdb_env_close(env);
}

struct seen {
  const uint8_t *data;
  size_t size;
  uint8_t table;
};

/* Whether the input put this value there, in whatever record. */
static enum sp_status value_seen(void *context, const void *key, size_t key_length,
                                 const void *value, size_t value_length)
{
  const struct seen *seen = context;
  const uint8_t *data = seen->data;
  size_t size = seen->size;
  struct record record;
  bool put = false;
  for (int i = 0; i < RECORDS_MAX && !put && record_next(&record, &data, &size); i++) {
    size_t length = record.value.mv_size;
    length -= (record.flags & RAW) != 0 && length >= 8 ? 8 : 0;
    put = record.table == seen->table && record.key.mv_size == key_length &&
          memcmp(record.key.mv_data, key, key_length) == 0 && length == value_length &&
          memcmp(record.value.mv_data, value, length) == 0;
  }
  SP_ASSERT(put);
  return SP_OK;
}

/* A stream's name has the length that its row says. */
static enum sp_status stream_seen(void *context, const void *name, size_t name_length,
                                  const void *value, size_t value_length)
{
  volatile uint8_t sum = 0;
  (void)context;
  SP_ASSERT(name_length <= SP_BLOCK_NAME_BYTES_MAX && value_length == sizeof(struct sp_position));
  for (size_t i = 0; i < name_length; i++) {
    sum = (uint8_t)(sum + ((const uint8_t *)name)[i]);
  }
  for (size_t i = 0; i < value_length; i++) {
    sum = (uint8_t)(sum + ((const uint8_t *)value)[i]);
  }
  return SP_OK;
}

static bool is_refusal(enum sp_status status)
{
  return status == SP_BAD_FORMAT || status == SP_BAD_VERSION || status == SP_BAD_CHECKSUM ||
         status == SP_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct sp_checkpoint *checkpoint;
  struct sp_checkpoint_meta meta;
  uint64_t marks_bytes;
  scratch_make();
  scratch_remove();
  store_write(data, size);
  SP_ASSERT(sp_checkpoint_open(&checkpoint, scratch_folder, false) == SP_OK);
  SP_ASSERT(sp_checkpoint_read_begin(checkpoint) == SP_OK);
  enum sp_status status = sp_checkpoint_meta(checkpoint, &meta);
  SP_ASSERT(status == SP_OK ? meta.version == SP_CHECKPOINT_VERSION : is_refusal(status));
  struct seen seen = {data, size, ENTRIES};
  status = sp_checkpoint_entries(checkpoint, value_seen, &seen);
  SP_ASSERT(status == SP_OK || status == SP_BAD_CHECKSUM);
  seen.table = MARKS;
  status = sp_checkpoint_marks(checkpoint, value_seen, &seen);
  SP_ASSERT(status == SP_OK || status == SP_BAD_CHECKSUM);
  SP_ASSERT(sp_checkpoint_marks_bytes(checkpoint, &marks_bytes) == SP_OK);
  status = sp_checkpoint_streams(checkpoint, stream_seen, NULL);
  SP_ASSERT(status == SP_OK || status == SP_BAD_CHECKSUM || status == SP_BAD_FORMAT);
  sp_checkpoint_read_end(checkpoint);
  sp_checkpoint_close(checkpoint);
  return 0;
}
