#include "store/directory_db.h"

#include "store/lmdb_open.h"

#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <xxhash.h>

#define META_MAGIC UINT64_C(0x3142444450535F5F)
#define KEY_BYTES 12 /* generation, section, index, big-endian each */

static const char meta_key[KEY_BYTES] = "\xFF\xFF\xFF\xFFmeta...."; /* behind all pieces */

struct meta { /* 64 bytes, little-endian */
  uint64_t magic;
  uint32_t version, generation;
  uint64_t pieces, bytes;
  uint64_t hash[2]; /* of the pieces' hashes in order */
  uint64_t own_hash[2];
};
_Static_assert(sizeof(struct meta) == 64, "meta is stored as it lies");

struct piece_head { /* before the bytes of a piece */
  uint64_t hash[2]; /* of key and bytes */
};

struct db {
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi table;
  struct sp_text *error;
  struct meta meta;
  XXH3_state_t *hash;
};

static enum sp_status failed(struct db *db, const char *what, const char *why, int rc)
{
  sp_text_add(db->error, what);
  sp_text_add(db->error, ": ");
  sp_text_add(db->error, why);
  return rc == ENOMEM ? SP_NO_MEMORY : rc == MDB_VERSION_MISMATCH ? SP_BAD_VERSION : SP_IO;
}

static enum sp_status lmdb_failed(struct db *db, const char *what, int rc)
{
  return failed(db, what, mdb_strerror(rc), rc);
}

static enum sp_status says(struct db *db, enum sp_status status, const char *what)
{
  sp_text_add(db->error, what);
  return status;
}

static void key_make(char key[KEY_BYTES], uint32_t generation, uint32_t section, uint32_t index)
{
  uint32_t words[3] = {__builtin_bswap32(generation), __builtin_bswap32(section),
                       __builtin_bswap32(index)};
  memcpy(key, words, KEY_BYTES);
}

static void hash_of(struct db *db, const char *key, const void *bytes, size_t length,
                    uint64_t hash[2])
{
  (void)XXH3_128bits_reset(db->hash);
  (void)XXH3_128bits_update(db->hash, key, KEY_BYTES);
  (void)XXH3_128bits_update(db->hash, bytes, length);
  XXH128_hash_t wide = XXH3_128bits_digest(db->hash);
  hash[0] = wide.low64;
  hash[1] = wide.high64;
}

/* Takes a piece's hash into that of all, in order. */
static void hash_chain(struct meta *meta, const uint64_t hash[2])
{
  uint64_t words[4] = {meta->hash[0], meta->hash[1], hash[0], hash[1]};
  XXH128_hash_t wide = XXH3_128bits(words, sizeof(words));
  meta->hash[0] = wide.low64;
  meta->hash[1] = wide.high64;
}

static void meta_seal(const struct meta *meta, uint64_t own_hash[2])
{
  XXH128_hash_t wide = XXH3_128bits(meta, offsetof(struct meta, own_hash));
  own_hash[0] = wide.low64;
  own_hash[1] = wide.high64;
}

static enum sp_status db_open(struct db *db, const char *folder, bool writable)
{
  db->hash = XXH3_createState();
  if (db->hash == NULL) {
    return says(db, SP_NO_MEMORY, "out of memory");
  }
  char words[256];
  struct sp_text why = SP_TEXT_INIT(words);
  int rc = sp__lmdb_open(&db->env, folder, MDB_NOTLS | (writable ? 0 : MDB_RDONLY), 0,
                         SP_DIRECTORY_DB_MAP_BYTES, &why);
  return rc == 0 ? SP_OK : failed(db, "cannot open the directory", words, rc);
}

static void db_close(struct db *db)
{
  if (db->txn != NULL) {
    mdb_txn_abort(db->txn);
  }
  if (db->env != NULL) {
    mdb_env_close(db->env);
  }
  if (db->hash != NULL) {
    (void)XXH3_freeState(db->hash);
  }
}

static enum sp_status txn_begin(struct db *db, bool writable)
{
  int rc = mdb_txn_begin(db->env, NULL, writable ? 0 : MDB_RDONLY, &db->txn);
  if (rc == 0) {
    rc = mdb_dbi_open(db->txn, NULL, 0, &db->table);
  }
  return rc == 0 ? SP_OK : lmdb_failed(db, "cannot begin a transaction", rc);
}

static enum sp_status txn_commit(struct db *db)
{
  int rc = mdb_txn_commit(db->txn);
  db->txn = NULL;
  return rc == 0 ? SP_OK : lmdb_failed(db, "cannot write the directory", rc);
}

/* NOT_FOUND: no directory was put yet. */
static enum sp_status meta_read(struct db *db, struct meta *meta)
{
  MDB_val key = {KEY_BYTES, (void *)(uintptr_t)meta_key}, value;
  int rc = mdb_get(db->txn, db->table, &key, &value);
  if (rc == MDB_NOTFOUND) {
    return SP_NOT_FOUND;
  }
  if (rc != 0) {
    return lmdb_failed(db, "cannot read the directory", rc);
  }
  if (value.mv_size < 12) {
    return says(db, SP_BAD_FORMAT, "is no directory of customers");
  }
  memset(meta, 0, sizeof(*meta));
  memcpy(meta, value.mv_data, value.mv_size < sizeof(*meta) ? value.mv_size : sizeof(*meta));
  if (meta->magic != META_MAGIC) {
    return says(db, SP_BAD_FORMAT, "is no directory of customers");
  }
  if (meta->version != SP_DIRECTORY_DB_VERSION) {
    return says(db, SP_BAD_VERSION, "the directory was written by another version");
  }
  uint64_t own_hash[2];
  meta_seal(meta, own_hash);
  if (value.mv_size != sizeof(*meta) || memcmp(own_hash, meta->own_hash, sizeof(own_hash)) != 0) {
    return says(db, SP_BAD_CHECKSUM, "the directory's meta record has a wrong checksum");
  }
  return SP_OK;
}

static enum sp_status piece_put(void *context, const struct sp_directory_piece *piece)
{
  struct db *db = context;
  char key_bytes[KEY_BYTES];
  struct piece_head head;
  key_make(key_bytes, db->meta.generation, piece->section, piece->index);
  hash_of(db, key_bytes, piece->bytes, piece->length, head.hash);
  hash_chain(&db->meta, head.hash);
  MDB_val key = {KEY_BYTES, key_bytes}, value = {sizeof(head) + piece->length, NULL};
  int rc = mdb_put(db->txn, db->table, &key, &value, MDB_RESERVE);
  if (rc != 0) {
    return lmdb_failed(db, "cannot write the directory", rc);
  }
  memcpy(value.mv_data, &head, sizeof(head));
  memcpy((char *)value.mv_data + sizeof(head), piece->bytes, piece->length);
  db->meta.bytes += piece->length;
  if (++db->meta.pieces % SP_DIRECTORY_DB_COMMIT_PIECES == 0) {
    SP_TRY(txn_commit(db));
    SP_TRY(txn_begin(db, true));
  }
  return SP_OK;
}

/* Removes what is neither of `keep` nor meta: former generations, and what a put left that was cut
 * off. */
static enum sp_status others_remove(struct db *db, uint32_t keep)
{
  MDB_cursor *cursor;
  int rc = mdb_cursor_open(db->txn, db->table, &cursor);
  if (rc != 0) {
    return lmdb_failed(db, "cannot read the directory", rc);
  }
  MDB_val key, value;
  char from[KEY_BYTES];
  key_make(from, keep, 0, 0);
  for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0;
       rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    bool meta = key.mv_size == KEY_BYTES && memcmp(key.mv_data, meta_key, KEY_BYTES) == 0;
    if (!meta && (key.mv_size != KEY_BYTES || memcmp(key.mv_data, from, 4) != 0)) {
      rc = mdb_cursor_del(cursor, 0);
      if (rc != 0) {
        break;
      }
    }
  }
  mdb_cursor_close(cursor);
  return rc == MDB_NOTFOUND || rc == 0 ? SP_OK : lmdb_failed(db, "cannot write the directory", rc);
}

static enum sp_status directory_put(struct db *db, const struct sp_directory *directory)
{
  SP_TRY(txn_begin(db, true));
  struct meta former;
  enum sp_status status = meta_read(db, &former);
  if (status != SP_OK && status != SP_NOT_FOUND) {
    return status;
  }
  db->meta = (struct meta){.magic = META_MAGIC, .version = SP_DIRECTORY_DB_VERSION};
  if (status == SP_OK) {
    db->meta.generation = (former.generation + 1) & 0x7FFFFFFFu;
    SP_TRY(others_remove(db, former.generation));
  }
  SP_TRY(sp_directory_save(directory, piece_put, db));
  meta_seal(&db->meta, db->meta.own_hash);
  MDB_val key = {KEY_BYTES, (void *)(uintptr_t)meta_key}, value = {sizeof(db->meta), &db->meta};
  int rc = mdb_put(db->txn, db->table, &key, &value, 0);
  if (rc != 0) {
    return lmdb_failed(db, "cannot write the directory", rc);
  }
  SP_TRY(others_remove(db, db->meta.generation));
  return txn_commit(db);
}

enum sp_status sp_directory_db_put(const char *folder, const struct sp_directory *directory,
                                   struct sp_text *error)
{
  struct db db = {.error = error};
  enum sp_status status = db_open(&db, folder, true);
  if (status == SP_OK) {
    status = directory_put(&db, directory);
  }
  db_close(&db);
  return status;
}

static enum sp_status piece_load(struct db *db, struct sp_directory_restore *restore,
                                 const MDB_val *key, const MDB_val *value, struct meta *seen)
{
  uint32_t words[3];
  struct piece_head head;
  if (value->mv_size < sizeof(head) || value->mv_size > sizeof(head) + SP_DIRECTORY_PIECE_BYTES) {
    return says(db, SP_BAD_FORMAT, "a piece of the directory has a wrong size");
  }
  memcpy(words, key->mv_data, KEY_BYTES);
  memcpy(&head, value->mv_data, sizeof(head));
  struct sp_directory_piece piece = {__builtin_bswap32(words[1]), __builtin_bswap32(words[2]),
                                     (uint32_t)(value->mv_size - sizeof(head)),
                                     (const char *)value->mv_data + sizeof(head)};
  uint64_t hash[2];
  hash_of(db, key->mv_data, piece.bytes, piece.length, hash);
  if (memcmp(hash, head.hash, sizeof(hash)) != 0) {
    return says(db, SP_BAD_CHECKSUM, "a piece of the directory has a wrong checksum");
  }
  hash_chain(seen, hash);
  seen->pieces++;
  seen->bytes += piece.length;
  enum sp_status status = sp_directory_restore_piece(restore, &piece);
  return status == SP_OK ? SP_OK : says(db, status, sp_status_text(status));
}

static enum sp_status pieces_load(struct db *db, struct sp_directory_restore *restore)
{
  struct meta seen = {0};
  char from[KEY_BYTES];
  key_make(from, db->meta.generation, 0, 0);
  MDB_cursor *cursor;
  int rc = mdb_cursor_open(db->txn, db->table, &cursor);
  if (rc != 0) {
    return lmdb_failed(db, "cannot read the directory", rc);
  }
  MDB_val key = {KEY_BYTES, from}, value;
  enum sp_status status = SP_OK;
  for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
       rc == 0 && status == SP_OK && key.mv_size == KEY_BYTES && memcmp(key.mv_data, from, 4) == 0;
       rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    status = piece_load(db, restore, &key, &value, &seen);
  }
  mdb_cursor_close(cursor);
  if (status != SP_OK) {
    return status;
  }
  if (rc != 0 && rc != MDB_NOTFOUND) {
    return lmdb_failed(db, "cannot read the directory", rc);
  }
  if (seen.pieces != db->meta.pieces || seen.bytes != db->meta.bytes ||
      memcmp(seen.hash, db->meta.hash, sizeof(seen.hash)) != 0) {
    return says(db, SP_BAD_CHECKSUM, "pieces of the directory are missing");
  }
  status = sp_directory_restore_end(restore);
  return status == SP_OK ? SP_OK : says(db, status, sp_status_text(status));
}

enum sp_status sp_directory_db_load(struct sp_directory **directory, const char *folder,
                                    struct sp_memory *memory, struct sp_text *error)
{
  struct db db = {.error = error};
  struct sp_directory_restore restore;
  sp_directory_restore_begin(&restore, memory);
  *directory = NULL;
  enum sp_status status = db_open(&db, folder, false);
  if (status == SP_OK) {
    status = txn_begin(&db, false);
  }
  if (status == SP_OK) {
    status = meta_read(&db, &db.meta);
    if (status == SP_NOT_FOUND) {
      (void)says(&db, status, "no directory of customers was put here");
    }
  }
  if (status == SP_OK) {
    status = pieces_load(&db, &restore);
  }
  db_close(&db);
  if (status != SP_OK) {
    sp_directory_free(restore.directory);
    return status;
  }
  *directory = restore.directory;
  return SP_OK;
}
