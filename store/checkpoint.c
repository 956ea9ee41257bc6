#include "store/checkpoint.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/lmdb_open.h"

#define CHECKPOINT_MAGIC 0x43484B50u
#define SEAL_BYTES sizeof(uint64_t)

enum table { TABLE_ENTRIES, TABLE_MARKS, TABLE_STREAMS, TABLE_META, TABLE_COUNT };
static const char *const table_names[TABLE_COUNT] = {"entries", "marks", "streams", "meta"};

struct sp_checkpoint {
  uint32_t magic;
  bool writable;
  MDB_env *env;
  MDB_dbi tables[TABLE_COUNT];
  MDB_txn *write, *read;
  MDB_cursor *cursor; /* of entries, while writing */
  char error[256];
};

_Static_assert(sizeof(struct sp_checkpoint_meta) == 512, "meta is stored as it lies");

static enum sp_status status_of(int rc)
{
  if (rc == MDB_NOTFOUND) {
    return SP_NOT_FOUND;
  }
  return rc == ENOMEM ? SP_NO_MEMORY : rc == MDB_VERSION_MISMATCH ? SP_BAD_VERSION : SP_IO;
}

static enum sp_status failed(struct sp_checkpoint *checkpoint, int rc)
{
  snprintf(checkpoint->error, sizeof(checkpoint->error), "%s", mdb_strerror(rc));
  return status_of(rc);
}

static enum sp_status tables_open(struct sp_checkpoint *checkpoint)
{
  MDB_txn *txn;
  int rc = mdb_txn_begin(checkpoint->env, NULL, checkpoint->writable ? 0 : MDB_RDONLY, &txn);
  if (rc != 0) {
    return failed(checkpoint, rc);
  }
  for (int i = 0; i < TABLE_COUNT && rc == 0; i++) {
    unsigned flags = checkpoint->writable ? MDB_CREATE : 0;
    unsigned own = i == TABLE_MARKS ? MDB_INTEGERKEY : 0, has = own;
    rc = mdb_dbi_open(txn, table_names[i], flags | own, &checkpoint->tables[i]);
    rc = rc == 0 ? mdb_dbi_flags(txn, checkpoint->tables[i], &has) : rc;
    rc = rc == 0 && has != own ? MDB_INCOMPATIBLE : rc;
  }
  if (rc != 0) {
    mdb_txn_abort(txn);
    return failed(checkpoint, rc);
  }
  rc = mdb_txn_commit(txn);
  return rc == 0 ? SP_OK : failed(checkpoint, rc);
}

enum sp_status sp_checkpoint_open(struct sp_checkpoint **out, const char *dir, bool writable)
{
  struct sp_checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));
  if (checkpoint == NULL) {
    return SP_NO_MEMORY;
  }
  checkpoint->magic = CHECKPOINT_MAGIC;
  checkpoint->writable = writable;
  *out = checkpoint;
  struct sp_text why = SP_TEXT_INIT(checkpoint->error);
  int rc =
      sp__lmdb_open(&checkpoint->env, dir, MDB_NOTLS | MDB_NORDAHEAD | (writable ? 0 : MDB_RDONLY),
                    TABLE_COUNT, SP_CHECKPOINT_MAP_BYTES, &why);
  return rc == 0 ? tables_open(checkpoint) : status_of(rc);
}

void sp_checkpoint_close(struct sp_checkpoint *checkpoint)
{
  if (checkpoint == NULL) {
    return;
  }
  SP_ASSERT(checkpoint->magic == CHECKPOINT_MAGIC);
  sp_checkpoint_abort(checkpoint);
  sp_checkpoint_read_end(checkpoint);
  if (checkpoint->env != NULL) {
    mdb_env_close(checkpoint->env);
  }
  checkpoint->magic = 0;
  free(checkpoint);
}

const char *sp_checkpoint_error(const struct sp_checkpoint *checkpoint)
{
  return checkpoint->error;
}

enum sp_status sp_checkpoint_begin(struct sp_checkpoint *checkpoint)
{
  SP_ASSERT(checkpoint->magic == CHECKPOINT_MAGIC && checkpoint->write == NULL &&
            checkpoint->writable);
  int rc = mdb_txn_begin(checkpoint->env, NULL, 0, &checkpoint->write);
  if (rc == 0) {
    rc = mdb_cursor_open(checkpoint->write, checkpoint->tables[TABLE_ENTRIES], &checkpoint->cursor);
  }
  return rc == 0 ? SP_OK : failed(checkpoint, rc);
}

void sp_checkpoint_abort(struct sp_checkpoint *checkpoint)
{
  if (checkpoint->cursor != NULL) {
    mdb_cursor_close(checkpoint->cursor);
    checkpoint->cursor = NULL;
  }
  if (checkpoint->write != NULL) {
    mdb_txn_abort(checkpoint->write);
    checkpoint->write = NULL;
  }
}

/* LMDB takes keys and values without const but does not write to them. */
static MDB_val val(const void *at, size_t length)
{
  MDB_val value = {length, NULL};
  memcpy(&value.mv_data, &at, sizeof(at));
  return value;
}

/* Behind every value stand 8 bytes, its seal: LMDB has no checksums of its own. */
static uint64_t seal_of(const MDB_val *key, const void *value, size_t length)
{
  return XXH3_64bits_withSeed(value, length, XXH3_64bits(key->mv_data, key->mv_size));
}

/* `room` is what LMDB keeps for a value and its seal. */
static void seal(const MDB_val *key, MDB_val *room, const void *value, size_t length)
{
  SP_ASSERT(room->mv_size == length + SEAL_BYTES);
  uint64_t mark = seal_of(key, value, length);
  memcpy(room->mv_data, value, length);
  memcpy((uint8_t *)room->mv_data + length, &mark, sizeof(mark));
}

/* Takes the seal off a value that was read, if it is its own. */
static bool unseal(const MDB_val *key, MDB_val *value)
{
  uint64_t mark;
  if (value->mv_size < SEAL_BYTES) {
    return false;
  }
  value->mv_size -= SEAL_BYTES;
  memcpy(&mark, (const uint8_t *)value->mv_data + value->mv_size, sizeof(mark));
  return mark == seal_of(key, value->mv_data, value->mv_size);
}

static enum sp_status put(struct sp_checkpoint *checkpoint, enum table table, MDB_val key,
                          const void *value, size_t length)
{
  MDB_val room = {length + SEAL_BYTES, NULL};
  unsigned flags = MDB_RESERVE | (table == TABLE_MARKS ? MDB_APPEND : 0);
  int rc = table == TABLE_ENTRIES
               ? mdb_cursor_put(checkpoint->cursor, &key, &room, flags)
               : mdb_put(checkpoint->write, checkpoint->tables[table], &key, &room, flags);
  if (rc != 0) {
    return failed(checkpoint, rc);
  }
  seal(&key, &room, value, length);
  return SP_OK;
}

enum sp_status sp_checkpoint_put(struct sp_checkpoint *checkpoint, const void *key,
                                 size_t key_length, const void *value, size_t value_length)
{
  return put(checkpoint, TABLE_ENTRIES, val(key, key_length), value, value_length);
}

enum sp_status sp_checkpoint_put_marks(struct sp_checkpoint *checkpoint, uint64_t chunk,
                                       const void *marks, size_t length)
{
  size_t key = (size_t)chunk;
  return put(checkpoint, TABLE_MARKS, val(&key, sizeof(key)), marks, length);
}

enum sp_status sp_checkpoint_trim_marks(struct sp_checkpoint *checkpoint, uint64_t chunks_max,
                                        sp_checkpoint_gone *is_gone, void *context)
{
  SP_ASSERT(checkpoint->write != NULL);
  MDB_cursor *cursor;
  MDB_val k, v;
  int rc = mdb_cursor_open(checkpoint->write, checkpoint->tables[TABLE_MARKS], &cursor);
  if (rc != 0) {
    return failed(checkpoint, rc);
  }
  for (uint64_t i = 0; i < chunks_max && rc == 0; i++) {
    rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    if (rc == 0 && !unseal(&k, &v)) {
      mdb_cursor_close(cursor);
      return SP_BAD_CHECKSUM;
    }
    if (rc == 0 && !is_gone(context, v.mv_data, v.mv_size)) {
      break;
    }
    rc = rc == 0 ? mdb_cursor_del(cursor, 0) : rc;
  }
  mdb_cursor_close(cursor);
  return rc == 0 || rc == MDB_NOTFOUND ? SP_OK : failed(checkpoint, rc);
}

enum sp_status sp_checkpoint_put_stream(struct sp_checkpoint *checkpoint, const char *name,
                                        size_t name_length, struct sp_position next)
{
  uint8_t bytes[sizeof(struct sp_stream_position) + SP_BLOCK_NAME_BYTES_MAX];
  SP_ASSERT(name_length <= SP_BLOCK_NAME_BYTES_MAX);
  struct sp_stream_position row = {next, (uint32_t)name_length, 0};
  memcpy(bytes, &row, sizeof(row));
  memcpy(bytes + sizeof(row), name, name_length);
  XXH128_hash_t hash = XXH3_128bits(name, name_length);
  return put(checkpoint, TABLE_STREAMS, val(&hash, sizeof(hash)), bytes, sizeof(row) + name_length);
}

enum sp_status sp_checkpoint_commit(struct sp_checkpoint *checkpoint,
                                    const struct sp_checkpoint_meta *meta)
{
  SP_ASSERT(checkpoint->write != NULL);
  SP_TRY(put(checkpoint, TABLE_META, val("m", 1), meta, sizeof(*meta)));
  mdb_cursor_close(checkpoint->cursor);
  checkpoint->cursor = NULL;
  int rc = mdb_txn_commit(checkpoint->write);
  checkpoint->write = NULL;
  return rc == 0 ? SP_OK : failed(checkpoint, rc);
}

enum sp_status sp_checkpoint_read_begin(struct sp_checkpoint *checkpoint)
{
  SP_ASSERT(checkpoint->magic == CHECKPOINT_MAGIC && checkpoint->read == NULL);
  int rc = mdb_txn_begin(checkpoint->env, NULL, MDB_RDONLY, &checkpoint->read);
  return rc == 0 ? SP_OK : failed(checkpoint, rc);
}

void sp_checkpoint_read_end(struct sp_checkpoint *checkpoint)
{
  if (checkpoint->read != NULL) {
    mdb_txn_abort(checkpoint->read);
    checkpoint->read = NULL;
  }
}

enum sp_status sp_checkpoint_meta(struct sp_checkpoint *checkpoint, struct sp_checkpoint_meta *meta)
{
  SP_ASSERT(checkpoint->read != NULL);
  MDB_val k = val("m", 1), v;
  int rc = mdb_get(checkpoint->read, checkpoint->tables[TABLE_META], &k, &v);
  if (rc != 0) {
    return failed(checkpoint, rc);
  }
  if (v.mv_size < sizeof(uint32_t)) {
    return SP_BAD_FORMAT;
  }
  uint32_t version;
  memcpy(&version, v.mv_data, sizeof(version));
  if (version != SP_CHECKPOINT_VERSION || v.mv_size != sizeof(*meta) + SEAL_BYTES) {
    return SP_BAD_VERSION;
  }
  if (!unseal(&k, &v)) {
    return SP_BAD_CHECKSUM;
  }
  memcpy(meta, v.mv_data, sizeof(*meta));
  return SP_OK;
}

static enum sp_status visit_table(struct sp_checkpoint *checkpoint, enum table table,
                                  sp_checkpoint_visit *visit, void *context)
{
  SP_ASSERT(checkpoint->read != NULL);
  MDB_cursor *cursor;
  int rc = mdb_cursor_open(checkpoint->read, checkpoint->tables[table], &cursor);
  if (rc != 0) {
    return failed(checkpoint, rc);
  }
  MDB_val k, v;
  enum sp_status status = SP_OK;
  for (rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST); rc == 0 && status == SP_OK;
       rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
    status = unseal(&k, &v) ? visit(context, k.mv_data, k.mv_size, v.mv_data, v.mv_size)
                            : SP_BAD_CHECKSUM;
  }
  mdb_cursor_close(cursor);
  if (status != SP_OK) {
    return status;
  }
  return rc == MDB_NOTFOUND ? SP_OK : failed(checkpoint, rc);
}

enum sp_status sp_checkpoint_entries(struct sp_checkpoint *checkpoint, sp_checkpoint_visit *visit,
                                     void *context)
{
  return visit_table(checkpoint, TABLE_ENTRIES, visit, context);
}

enum sp_status sp_checkpoint_marks(struct sp_checkpoint *checkpoint, sp_checkpoint_visit *visit,
                                   void *context)
{
  return visit_table(checkpoint, TABLE_MARKS, visit, context);
}

enum sp_status sp_checkpoint_marks_bytes(struct sp_checkpoint *checkpoint, uint64_t *bytes)
{
  SP_ASSERT(checkpoint->read != NULL);
  MDB_stat stat;
  int rc = mdb_stat(checkpoint->read, checkpoint->tables[TABLE_MARKS], &stat);
  if (rc != 0) {
    return failed(checkpoint, rc);
  }
  /* A full chunk takes three pages and the head of one, so four; a short one lies in a leaf. */
  *bytes = (stat.ms_overflow_pages / 4 * 3 + stat.ms_overflow_pages % 4 + stat.ms_leaf_pages) *
           stat.ms_psize;
  return SP_OK;
}

struct stream_visit {
  sp_checkpoint_visit *visit;
  void *context;
};

static enum sp_status stream_visit(void *context, const void *key, size_t key_length,
                                   const void *value, size_t value_length)
{
  (void)key;
  (void)key_length;
  const struct stream_visit *outer = context;
  struct sp_stream_position row;
  if (value_length < sizeof(row)) {
    return SP_BAD_FORMAT;
  }
  memcpy(&row, value, sizeof(row));
  if (row.name_length > SP_BLOCK_NAME_BYTES_MAX || value_length != sizeof(row) + row.name_length) {
    return SP_BAD_FORMAT;
  }
  const char *name = (const char *)value + sizeof(row);
  return outer->visit(outer->context, name, row.name_length, &row.next, sizeof(row.next));
}

enum sp_status sp_checkpoint_streams(struct sp_checkpoint *checkpoint, sp_checkpoint_visit *visit,
                                     void *context)
{
  struct stream_visit outer = {visit, context};
  return visit_table(checkpoint, TABLE_STREAMS, stream_visit, &outer);
}
