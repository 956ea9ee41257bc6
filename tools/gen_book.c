/* Writes the tariff book from the generator's own table of rules (gen_tariff.c). */
#include "tools/gen_world.h"

#include "rating/status.h"
#include "tools/gen_file.h"

#include <stdio.h>
#include <string.h>

static const char *const province_name[] = {"Lanhe",  "Qingyuan", "Beiling", "Nanxi",
                                            "Dongze", "Xiyun",    "Zhongpu"};
static const char *const syllable[] = {"an", "bei", "chu", "dao", "fen", "gu", "hai", "jing"};

static const char *const direction_word[] = {"mo", "mt", "cf"};
static const char *const roam_word[] = {"home", "province", "domestic", "hmt", "international"};
static const char *const zone_word[] = {"local",         "province",      "domestic", "hmt",
                                        "international", "international", "service"};
static const char *const net_word[] = {"group", "family",  "service", "sp",
                                       "fixed", "foreign", "onnet",   "mobile"};
static const char *const band_word[] = {"day", "eve", "weekend", "holiday"};
static const char *const lane_item[] = {"base", "ld", "msg", "msg", "data", "data"};
static const char *const lane_service[] = {"voice", "voice", "sms", "mms", "data", "data"};

static void yaml_write(FILE *to)
{
  fprintf(to, "name: lanhe\ncurrency: CNY\ntimezone: Asia/Shanghai\n"
              "home_operator: LHM\nhome_country: 86\nhome_mcc: 460;461\ncycle_day: 1\n"
              "rounding: half_up\nrounding_digits: 3\nvalid_from: 2025-01-01\n");
}

static void areas_write(FILE *to)
{
  fprintf(to, "area,name,province\n");
  for (uint32_t area = 0; area < SP_GEN_AREAS; area++) {
    fprintf(to, "%u,%s%s%u,%s\n", sp__gen_area_code(area), area % 2 == 0 ? "Lin" : "Shan",
            syllable[area % 8], area / 8, province_name[sp__gen_area_province(area)]);
  }
}

static void mobiles_write(FILE *to, const struct sp_gen_world *world)
{
  static const char *const operator_of[] = {"LHM", "LHM", "QTC", "YUC"};
  for (uint32_t block = 0; block < world->blocks; block++) {
    fprintf(to, "86160%04u,LHM,mobile,%u\n", block,
            sp__gen_area_code(sp__gen_block_area(160, block)));
  }
  for (uint32_t segment = 161; segment <= 163; segment++) {
    for (uint32_t block = 0; block < 10000; block += 10) {
      fprintf(to, "86%u%03u,%s,mobile,%u\n", segment, block / 10, operator_of[segment - 160],
              sp__gen_area_code(sp__gen_block_area(segment, block)));
    }
  }
}

static void numbers_write(FILE *to, const struct sp_gen_world *world)
{
  static const char *const services[] = {"10086,LHM", "10010,YUC", "10000,QTC", "110,",
                                         "120,",      "95599,",    "12580,LHM"};
  static const char *const foreign[] = {"852", "853", "886", "1",  "81", "82",
                                        "65",  "66",  "44",  "49", "33"};
  fprintf(to, "prefix,operator,kind,area\n");
  mobiles_write(to, world);
  for (uint32_t area = 0; area < SP_GEN_AREAS; area++) {
    fprintf(to, "86%u,QTC,fixed,%u\n", sp__gen_area_code(area), sp__gen_area_code(area));
  }
  for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
    fprintf(to, "%s,service,\n", services[i]);
  }
  fprintf(to, "12590,SPX,sp,\n");
  for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
    fprintf(to, "%s,,international,\n", foreign[i]);
  }
}

static void ported_write(FILE *to)
{
  fprintf(to, "number,operator,from,to\n");
  for (uint32_t k = 0; k < SP_GEN_PORTED; k++) {
    fprintf(to, "%llu,LHM,2025-06-01,\n", (unsigned long long)sp__gen_ported(k));
  }
}

static void cells_write(FILE *to)
{
  fprintf(to, "plmn,lac_from,lac_to,area\n");
  for (uint32_t area = 0; area < SP_GEN_AREAS; area++) {
    uint32_t lac = SP_GEN_LAC_FIRST + area * SP_GEN_LACS;
    fprintf(to, "%u,%u,%u,%u\n", SP_GEN_PLMN_HOME, lac, lac + SP_GEN_LACS - 1,
            sp__gen_area_code(area));
  }
}

static void calendar_write(FILE *to)
{
  struct sp_gen_calendar_row rows[SP_GEN_CALENDAR_MAX];
  uint32_t count = sp__gen_calendar_rows(rows);
  fprintf(to, "date,day\n");
  for (uint32_t i = 0; i < count; i++) {
    fprintf(to, "%04u-%02u-%02u,%s\n", rows[i].date.year, rows[i].date.month, rows[i].date.day,
            rows[i].type == 'h' ? "holiday" : "workday");
  }
}

static void bands_write(FILE *to)
{
  fprintf(to, "band,days,from,to\nday,workday,07:00,21:00\neve,workday,00:00,07:00\n"
              "eve,workday,21:00,24:00\nweekend,weekend,00:00,24:00\n"
              "holiday,holiday,00:00,24:00\n");
}

static void destinations_write(FILE *to)
{
  fprintf(to, "destination,prefix\nasia,81\nasia,82\nasia,65\nasia,66\n");
}

static void plans_write(FILE *to, bool simple)
{
  static const uint32_t fee_yuan[SP_GEN_PLAN_MAX] = {8, 5, 12,  38,   28, 88, 0,  58, 3,
                                                     5, 6, 200, 2000, 0,  0,  20, 15, 5};
  uint32_t count = simple ? SP_GEN_BASE_MAX : SP_GEN_PLAN_MAX;
  fprintf(to, "plan,kind,name,monthly_fee,fee_item,proration,min_spend,valid_from\n");
  for (uint32_t plan = 0; plan < count; plan++) {
    const char *kind = plan < SP_GEN_BASE_MAX    ? "base"
                       : plan == SP_GEN_HOMENET  ? "family"
                       : plan >= SP_GEN_DATAPACK ? "add_on"
                                                 : "group";
    fprintf(to, "%s,%s,Plan %s,%u.00,fee_%s,by_day,,2025-01-01\n", sp__gen_plan_name[plan], kind,
            sp__gen_plan_name[plan], fee_yuan[plan], sp__gen_plan_name[plan]);
  }
}

/* A set as a list of its words; equal neighbours (both international zones) once. */
static void set_write(FILE *to, uint32_t set, const char *const *words, size_t count)
{
  const char *last = "";
  SP_ASSERT(set >> count == 0);
  for (size_t i = 0; i < count; i++) {
    if ((set >> i & 1u) == 0 || strcmp(words[i], last) == 0) {
      continue;
    }
    fprintf(to, "%s%s", last[0] == '\0' ? "" : ";", words[i]);
    last = words[i];
  }
  fputc(',', to);
}

static void quantity_write(FILE *to, uint64_t amount, uint32_t lane)
{
  const char *unit = "";
  if (lane == SP_GEN_LANE_BASE || lane == SP_GEN_LANE_LD) {
    unit = amount % 60 == 0 ? "min" : "s";
    amount = amount % 60 == 0 ? amount / 60 : amount;
  } else if (lane >= SP_GEN_LANE_DATA) {
    unit = amount % 1048576 == 0 ? "MB" : "KB";
    amount /= amount % 1048576 == 0 ? 1048576 : 1024;
  }
  fprintf(to, "%llu%s,", (unsigned long long)amount, unit);
}

static void money_write(FILE *to, uint64_t micro)
{
  fprintf(to, "%llu.%06llu,", (unsigned long long)(micro / 1000000),
          (unsigned long long)(micro % 1000000));
}

static void rate_write(FILE *to, const struct sp_gen_rate *rate, bool simple)
{
  fprintf(to, "%s,%s,%s,", sp__gen_plan_name[rate->plan], lane_item[rate->lane],
          lane_service[rate->lane]);
  set_write(to, rate->direction, direction_word,
            sizeof(direction_word) / sizeof(direction_word[0]));
  set_write(to, rate->roam, roam_word, sizeof(roam_word) / sizeof(roam_word[0]));
  set_write(to, rate->zone, zone_word, sizeof(zone_word) / sizeof(zone_word[0]));
  if (rate->tree) {
    fprintf(to, "group_tree,");
  } else {
    set_write(to, rate->net, net_word, sizeof(net_word) / sizeof(net_word[0]));
  }
  fprintf(to, "%s,", rate->zone == 1u << SP_GEN_ZONE_ASIA ? "asia" : "");
  set_write(to, rate->band, band_word, sizeof(band_word) / sizeof(band_word[0]));
  fprintf(to, "%s,", rate->lane == SP_GEN_LANE_VIDEO ? "video" : "");
  if (rate->priority != 0) {
    fprintf(to, "%u", rate->priority);
  }
  fputc(',', to);
  if (rate->from != 0) {
    quantity_write(to, rate->from, rate->lane);
  } else {
    fputc(',', to);
  }
  fprintf(to, "%s,", rate->counter && !simple ? "cycle" : "");
  if (rate->connect_micro != 0) {
    money_write(to, rate->connect_micro);
  } else {
    fputc(',', to);
  }
  money_write(to, rate->price_micro);
  quantity_write(to, rate->per, rate->lane);
  quantity_write(to, rate->increment, rate->lane);
  const char *rounding = rate->rounding == 'c'   ? "ceil"
                         : rate->rounding == 'f' ? "floor"
                                                 : "half_up";
  if (rate->rounding != 0) {
    fprintf(to, "%s,%u\n", rounding, rate->digits);
  } else {
    fprintf(to, ",\n");
  }
}

static void rates_write(FILE *to, bool simple)
{
  fprintf(to, "plan,item,service,direction,roam,zone,net,dest,band,rating_group,priority,from,"
              "counter,connect_fee,price,per,increment,rounding,digits\n");
  for (uint32_t i = 0; i < sp__gen_rate_count; i++) {
    if (!simple || sp__gen_rates[i].plan < SP_GEN_BASE_MAX) {
      rate_write(to, &sp__gen_rates[i], simple);
    }
  }
}

static const char allowances_text[] =
    "plan,allowance,unit,service,direction,roam,net,amount,scope,member_cap,priority,rollover,"
    "proration\n"
    "bundle,bundle_voice,s,voice,mo,home;province;domestic,,300min,own,,5,,by_day\n"
    "bundle,bundle_sms,item,sms,mo,,,100,own,,5,,\n"
    "bundle,bundle_data,B,data,,home;province;domestic,,5GB,own,,5,1,\n"
    "flow,flow_data,B,data,,home;province;domestic,,3GB,own,,5,1,by_day\n"
    "works,works_voice,s,voice,mo,home;province,,200min,own,,5,,\n"
    "works,works_data,B,data,,home;province;domestic,,1GB,own,,5,,\n"
    "vnet,vnet_voice,s,voice,mo,home;province;domestic,group,500min,own,,3,,by_day\n"
    "pool_s,pool_data,B,data,,home;province;domestic,,20GB,pool,2GB,9,,\n"
    "pool_l,pool_data_l,B,data,,home;province;domestic,,2048GB,pool,4GB,9,1,\n"
    "pool_l,pool_voice,s,voice,mo,home;province;domestic,,60000min,pool,400min,9,,\n"
    "datapack,pack_data,B,data,,home;province;domestic,,10GB,own,,2,,by_day\n"
    "talkpack,pack_voice,s,voice,mo,home;province;domestic,,100min,own,,2,,\n"
    "smspack,pack_sms,item,sms,mo,,,50,own,,2,1,by_day\n";

static const char discounts_text[] =
    "plan,discount,stage,item,service,direction,band,kind,value,threshold,set,priority\n"
    "sixer,six5,record,base,,,,percent,5,,,1\n"
    "night,msg20,record,msg,,,,percent,20,,,1\n"
    "works,works10,record,base,,,,percent,10,,loyal,1\n"
    "works,works20,record,base,,,weekend,percent,20,,loyal,1\n"
    "flow,flow_day,record,data,data,,,cap_day,30,,,3\n"
    "bundle,bundle_month,record,,,,,cap_month,300,,,3\n"
    "steps,steps_block,record,data,data,,,block_cap,60,1GB,,2\n"
    "office,office5,record,base,voice,mo,,percent,5,,office,2\n";

static const char payers_text[] =
    "plan,payer,item,service,mode,value,member_cap,group_cap,priority\n"
    "office,half_voice,base,,share,50,50,20000,1\n"
    "boss,all_data,data,,full,,30,,2\n";

bool sp__gen_book_write(const struct sp_gen_world *world, const char *folder)
{
  bool simple = world->options.simple;
  struct sp_gen_folder book = {.path = folder, .good = true};
  yaml_write(sp__gen_file(&book, "book.yaml"));
  areas_write(sp__gen_file(&book, "areas.csv"));
  numbers_write(sp__gen_file(&book, "numbers.csv"), world);
  ported_write(sp__gen_file(&book, "ported.csv"));
  cells_write(sp__gen_file(&book, "cells.csv"));
  calendar_write(sp__gen_file(&book, "calendar.csv"));
  bands_write(sp__gen_file(&book, "bands.csv"));
  destinations_write(sp__gen_file(&book, "destinations.csv"));
  plans_write(sp__gen_file(&book, "plans.csv"), simple);
  rates_write(sp__gen_file(&book, "rates.csv"), simple);
  if (!simple) {
    fputs(allowances_text, sp__gen_file(&book, "allowances.csv"));
    fputs(discounts_text, sp__gen_file(&book, "discounts.csv"));
    fputs(payers_text, sp__gen_file(&book, "payers.csv"));
  }
  return sp__gen_folder_done(&book);
}
