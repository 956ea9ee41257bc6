/* SHA-256 of bytes given in pieces, for the manifest of a snapshot. Pure.
 * Source: FIPS 180-4 §4.1.2, §5.1.1, §6.2. */
#ifndef SP_STORE_SHA256_H
#define SP_STORE_SHA256_H

#include "rating/status.h"

#define SP_SHA256_BYTES 32U
#define SP_SHA256_HEX_BYTES 65U /* with the final 0 */

struct sp_sha256 {
  uint32_t state[8];
  uint64_t size; /* bytes so far */
  uint8_t block[64];
};

void sp_sha256_begin(struct sp_sha256 *sha);
void sp_sha256_add(struct sp_sha256 *sha, const void *bytes, size_t size);
void sp_sha256_end(struct sp_sha256 *sha, uint8_t digest[SP_SHA256_BYTES]);

/* The digest as 64 lower-case hexadecimal digits. */
void sp_sha256_hex(const uint8_t digest[SP_SHA256_BYTES], char text[SP_SHA256_HEX_BYTES]);

#endif
