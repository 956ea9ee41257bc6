#include "segment/profile.h"

#include <string.h>

#include "rating/civil.h"
#include "segment/profile_read.h"

/* Factors of r days in 2^-31: round(2^31 * 2^(-r / half-life)). Whole half-lives are shifts. */
static const uint32_t factors_short[SP_HALF_LIFE_SHORT] = {
    2147483648U, 1945026759U, 1761656763U, 1595574218U, 1445149328U, 1308905945U, 1185507088U};

static const uint32_t factors_long[SP_HALF_LIFE_LONG] = {
    2147483648U, 2131008038U, 2114658830U, 2098435054U, 2082335747U, 2066359955U, 2050506731U,
    2034775133U, 2019164229U, 2003673092U, 1988300805U, 1973046454U, 1957909136U, 1942887952U,
    1927982011U, 1913190429U, 1898512329U, 1883946841U, 1869493099U, 1855150248U, 1840917436U,
    1826793818U, 1812778558U, 1798870823U, 1785069790U, 1771374638U, 1757784557U, 1744298739U,
    1730916386U, 1717636702U, 1704458901U, 1691382201U, 1678405826U, 1665529006U, 1652750978U,
    1640070984U, 1627488271U, 1615002093U, 1602611710U, 1590316387U, 1578115395U, 1566008008U,
    1553993511U, 1542071189U, 1530240336U, 1518500250U, 1506850234U, 1495289598U, 1483817656U,
    1472433728U, 1461137137U, 1449927214U, 1438803295U, 1427764719U, 1416810831U, 1405940982U,
    1395154527U, 1384450827U, 1373829246U, 1363289154U, 1352829926U, 1342450942U, 1332151587U,
    1321931248U, 1311789320U, 1301725202U, 1291738297U, 1281828011U, 1271993758U, 1262234953U,
    1252551019U, 1242941380U, 1233405467U, 1223942714U, 1214552560U, 1205234447U, 1195987824U,
    1186812141U, 1177706854U, 1168671424U, 1159705314U, 1150807993U, 1141978932U, 1133217608U,
    1124523502U, 1115896097U, 1107334882U, 1098839349U, 1090408995U, 1082043318U};

/* 10 * 32 * ln(32 / zeros) by zeros; none left: as many as a full map stands for on average. */
static const uint16_t contacts_by_zeros[SP_CONTACT_BITS + 1U] = {
    1299, 1109, 887, 757, 665, 594, 536, 486, 444, 406, 372, 342, 314, 288, 265, 242, 222,
    202,  184,  167, 150, 135, 120, 106, 92,  79,  66,  54,  43,  32,  21,  10,  0};

const struct sp_profile_month sp__month_none;

bool sp_profile_month_at(const struct sp_profile *profile, uint32_t month, struct sp_month *out)
{
  const struct sp_profile_month *from = sp__ring_month(profile, month);
  memset(out, 0, sizeof *out);
  if (from == NULL) {
    return false;
  }
  out->net_micro = sp__month_net(from);
  out->bytes = sp__month_bytes(from);
  out->voice_s = sp__month_voice(from);
  out->active_days = from->voice_days & 31U;
  out->calls = from->calls;
  out->messages = from->messages;
  out->offnet = from->offnet;
  out->international = from->international;
  return true;
}

bool sp_group_month_at(const struct sp_group_profile *group, uint32_t month, struct sp_month *out)
{
  memset(out, 0, sizeof *out);
  if (month > group->month) {
    return true;
  }
  if (group->month - month >= SP_PROFILE_MONTHS) {
    return false;
  }
  const struct sp_group_month *from = &group->months[month % SP_PROFILE_MONTHS];
  out->net_micro = from->net_micro;
  out->voice_s = from->voice_s;
  out->bytes = from->bytes;
  out->calls = from->calls;
  out->messages = from->messages;
  out->offnet = from->offnet;
  out->inside = from->inside;
  return true;
}

static uint32_t decay(uint32_t activity, const uint32_t *factors, uint32_t halvings, uint32_t rest)
{
  return halvings >= 32U ? 0 : (uint32_t)(((uint64_t)activity * factors[rest]) >> 31U) >> halvings;
}

uint32_t sp_decay_short(uint32_t activity, uint32_t days)
{
  return decay(activity, factors_short, days / SP_HALF_LIFE_SHORT, days % SP_HALF_LIFE_SHORT);
}

uint32_t sp_decay_long(uint32_t activity, uint32_t days)
{
  return decay(activity, factors_long, days / SP_HALF_LIFE_LONG, days % SP_HALF_LIFE_LONG);
}

uint32_t sp_contacts_tenths(uint32_t map)
{
  return contacts_by_zeros[SP_CONTACT_BITS - (uint32_t)__builtin_popcount(map)];
}

uint32_t sp_profile_active_days(const struct sp_profile *profile, uint32_t day, uint32_t days)
{
  SP_ASSERT(days >= 1U && days <= SP_PROFILE_DAYS);
  if (day >= profile->last_day) {
    return sp__days_active(profile, day, days);
  }
  /* Forget the days after `day`. */
  struct sp_profile then = {0};
  uint32_t later = profile->last_day - day;
  if (later >= SP_PROFILE_DAYS) {
    return 0;
  }
  uint64_t high = profile->days_high;
  then.last_day = (uint16_t)day;
  if (later >= 64U) {
    then.days_low = high >> (later - 64U);
  } else {
    then.days_low = (profile->days_low >> later) | (high << (64U - later));
    then.days_high = (uint32_t)(high >> later);
  }
  return sp__days_active(&then, day, days);
}

uint32_t sp_profile_mark(const struct sp_profile *profile, enum sp_mark mark, uint32_t month)
{
  if (month == profile->month) {
    return profile->marks[mark] & SP_MARK_MAX;
  }
  return month + 1U == profile->month ? profile->marks[mark] >> 4U : 0;
}

/* ---- calendar ---- */

uint32_t sp_month_of_day(uint32_t day, uint32_t *day_of_month)
{
  struct sp_civil date = sp_civil_from_day((int32_t)day);
  if (day_of_month != NULL) {
    *day_of_month = (uint32_t)date.day;
  }
  return (uint32_t)(date.year * 12 + date.month - 1);
}

uint32_t sp_day_of_month_start(uint32_t month)
{
  return (uint32_t)sp_civil_to_day((int32_t)(month / 12U), (int32_t)(month % 12U) + 1, 1);
}

void sp_as_of_day(struct sp_as_of *at, uint32_t day)
{
  at->day = day;
  at->month = sp_month_of_day(day, &at->day_of_month);
  at->days_in_month = sp_day_of_month_start(at->month + 1U) - sp_day_of_month_start(at->month);
}
