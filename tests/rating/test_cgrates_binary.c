/* rating/cgrates_price.h: binary64 in whole numbers does what the machine's own does, bit by bit.
 * SEED=n for other numbers. */
#include <math.h>

#include "rating/cgrates_price.h"
#include "tests/check_run.h"
#include "tests/draw.h"

enum { ROUNDS = 300000 };

static double double_of(struct sp_cg_binary binary)
{
  return ldexp((double)binary.bits, binary.power);
}

static void same(const char *what, struct sp_cg_binary ours, double theirs)
{
  bool formed = ours.bits == 0 || (ours.bits >= UINT64_C(1) << 52 && ours.bits < UINT64_C(1) << 53);
  if (double_of(ours) != theirs || !formed) { /* an assertion of Check costs a microsecond */
    ck_abort_msg("%s: %a, expected %a", what, double_of(ours), theirs);
  }
}

/* Whole numbers that a double holds, of any length; now and then near a power of two. */
static uint64_t whole(void)
{
  uint64_t number = draw_word() >> (11 + draw_word() % 53);
  uint64_t turn = draw_word() % 8;
  if (turn == 0) {
    return 0;
  }
  return turn == 1 ? (UINT64_C(1) << (draw_word() % 53)) - 1 : number;
}

START_TEST(test_against_machine)
{
  draw_begin(20261130);
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t a = whole(), b = whole() + 1, c = whole(), d = whole() + 1;
    volatile double x = (double)a / (double)b, y = (double)c / (double)d;
    struct sp_cg_binary ours_x = sp__cg_binary_ratio(a, b), ours_y = sp__cg_binary_ratio(c, d);
    same("ratio", ours_x, x);
    same("times", sp__cg_binary_times(ours_x, ours_y), x * y);
    same("plus", sp__cg_binary_plus(ours_x, ours_y), x + y);
    if (c > 0) {
      same("over", sp__cg_binary_over(ours_x, ours_y), x / y);
    }
    uint64_t long_one = draw_word();
    volatile double machine = (double)long_one;
    same("whole", sp__cg_binary_ratio(long_one, 1), machine);
  }
}
END_TEST

/* The same on the machine's numbers. */
static uint64_t machine_round(double value, unsigned decimals, enum sp_cg_rounding method)
{
  double scaled = value * pow(10, decimals), whole_part;
  double fraction = modf(scaled, &whole_part);
  double least = method == SP_CG_UP ? pow(10, -(double)(decimals > 7 ? decimals : 7)) : 0.5;
  return (uint64_t)whole_part + (method != SP_CG_DOWN && fraction >= least);
}

START_TEST(test_round)
{
  static const enum sp_cg_rounding methods[] = {SP_CG_UP, SP_CG_MIDDLE, SP_CG_DOWN};
  for (int i = 0; i < ROUNDS; i++) {
    unsigned decimals = (unsigned)(draw_word() % 11), digits = (unsigned)(draw_word() % 10);
    uint64_t amount = draw_word() >> (15 + draw_word() % 49),
             under = (uint64_t)sp__cg_power(digits);
    enum sp_cg_rounding method = methods[draw_word() % 3];
    if ((double)amount / (double)under * pow(10, decimals) >= 0x1p63) {
      continue;
    }
    uint64_t ours = sp__cg_binary_round(sp__cg_binary_ratio(amount, under), decimals, method);
    uint64_t theirs = machine_round((double)amount / (double)under, decimals, method);
    if (ours != theirs) {
      ck_abort_msg("%llu / %llu to %u decimals by %d: %llu, expected %llu",
                   (unsigned long long)amount, (unsigned long long)under, decimals, (int)method,
                   (unsigned long long)ours, (unsigned long long)theirs);
    }
  }
}
END_TEST

START_TEST(test_known)
{
  const struct sp_cg_binary none = {0, 0};
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(15, 100000), 4, SP_CG_MIDDLE), 1);
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(25, 100000), 4, SP_CG_MIDDLE), 3);
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(29, 100), 2, SP_CG_DOWN), 28);
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(29, 100), 2, SP_CG_UP), 29);
  ck_assert_uint_eq(sp__cg_binary_round(none, 4, SP_CG_UP), 0);
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(1, UINT64_MAX), 0, SP_CG_UP), 0);
  ck_assert_uint_eq(
      sp__cg_binary_round((struct sp_cg_binary){UINT64_C(1) << 52, -200}, 9, SP_CG_UP), 0);
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(UINT64_C(1) << 62, 1), 0, SP_CG_DOWN),
                    UINT64_C(1) << 62);
  ck_assert_uint_eq(sp__cg_binary_round(sp__cg_binary_ratio(UINT64_MAX, 1), 0, SP_CG_DOWN),
                    UINT64_MAX);
  /* far apart: the smaller one goes */
  same("far",
       sp__cg_binary_plus(sp__cg_binary_ratio(UINT64_C(1) << 62, 1),
                          sp__cg_binary_ratio(1, UINT64_MAX)),
       0x1p62);
  same("none", sp__cg_binary_over(none, sp__cg_binary_ratio(3, 1)), 0);
}
END_TEST

int main(void)
{
  TCase *tests = check_case();
  tcase_add_test(tests, test_against_machine);
  tcase_add_test(tests, test_round);
  tcase_add_test(tests, test_known);
  return check_run("cgrates_binary", tests);
}
