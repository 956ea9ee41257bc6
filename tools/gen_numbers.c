/* The number plan: shaped like the Chinese one, with segments, area codes and names that nobody
 * has. 160 home operator here, 161 home operator elsewhere, 162 and 163 two rivals. */
#include "tools/gen_world.h"

uint64_t sp__gen_number(const struct sp_gen_world *world, uint32_t index)
{
  uint64_t block = index / world->block_size, within = index % world->block_size;
  return 8616000000000u + block * 10000 + within;
}

uint32_t sp__gen_home_area(const struct sp_gen_world *world, uint32_t index)
{
  return sp__gen_block_area(160, index / world->block_size);
}

uint32_t sp__gen_block_area(uint32_t segment, uint32_t block)
{
  /* The capital has more numbers than the other areas. */
  static const uint8_t home[24] = {0, 1, 2, 0, 3,  4, 0,  5, 1, 6, 0, 7,
                                   8, 0, 9, 1, 10, 0, 11, 2, 0, 3, 1, 0};
  if (segment == 160) {
    return home[block % 24];
  }
  uint32_t tens = block / 10;
  if (segment == 161) {
    return SP_GEN_HOME_AREAS + tens % (SP_GEN_AREAS - SP_GEN_HOME_AREAS);
  }
  /* Rivals: two thirds of the blocks here, the rest elsewhere. */
  if (tens % 3 != 2) {
    return home[tens / 3 % 24];
  }
  return SP_GEN_HOME_AREAS + tens / 3 % (SP_GEN_AREAS - SP_GEN_HOME_AREAS);
}

uint32_t sp__gen_area_code(uint32_t area)
{
  return area < SP_GEN_HOME_AREAS ? 671 + area : 611 + area - SP_GEN_HOME_AREAS;
}

uint32_t sp__gen_area_province(uint32_t area)
{
  return area < SP_GEN_HOME_AREAS ? 0 : 1 + (area - SP_GEN_HOME_AREAS) / 5;
}

uint64_t sp__gen_ported(uint32_t k)
{
  return 8616200009999u + (uint64_t)k * 50000;
}
