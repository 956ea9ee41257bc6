#define ZSTD_STATIC_LINKING_ONLY /* for the context in the caller's memory */
#include "store/parquet_zstd.h"

#include <zstd.h>

/* Level 1: on packed columns higher levels cost several times the time for a few per cent
 * (quality.md §1, "zstd on columns"). */
enum { PAGE_LEVEL = 1 };

size_t sp__parquet_zstd_bound(size_t size)
{
  return ZSTD_compressBound(size);
}

size_t sp__parquet_zstd_memory(void)
{
  return ZSTD_estimateCCtxSize(PAGE_LEVEL);
}

size_t sp__parquet_zstd(void *memory, uint8_t *out, size_t capacity, const uint8_t *bytes,
                        size_t size)
{
  ZSTD_CCtx *context = ZSTD_initStaticCCtx(memory, sp__parquet_zstd_memory());
  SP_ASSERT(context != NULL);
  size_t written = ZSTD_compressCCtx(context, out, capacity, bytes, size, PAGE_LEVEL);
  SP_ASSERT(!ZSTD_isError(written)); /* memory and bound are right by construction */
  return written;
}
