/* zstd for Parquet pages, in memory of the caller; the one place of the encoder that knows zstd. */
#ifndef SP_STORE_PARQUET_ZSTD_H
#define SP_STORE_PARQUET_ZSTD_H

#include "rating/status.h"

/* Most bytes that `size` bytes compress to, and bytes of working memory (aligned to 8). */
size_t sp__parquet_zstd_bound(size_t size);
size_t sp__parquet_zstd_memory(void);

/* Compresses one page as one zstd frame; returns its size. `out` has sp__parquet_zstd_bound(size)
 * bytes. */
size_t sp__parquet_zstd(void *memory, uint8_t *out, size_t capacity, const uint8_t *bytes,
                        size_t size);

#endif
