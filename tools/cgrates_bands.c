#include "tools/cgrates_bands.h"

#include <stdlib.h>
#include <string.h>

#define DAY_S 86400u

static bool on_day(const struct sp_cg_timing *timing, uint32_t day)
{
  return timing->week_days == 0 || (timing->week_days >> ((day + 1) % 7) & 1);
}

static uint32_t start_s(const struct sp_cgrates *tariff, const struct sp_cg_interval *interval)
{
  return (uint32_t)(tariff->timings[interval->timing].start_ns / 1000000000);
}

/* Who holds on a weekday from `at_s` on, and until when. */
static uint32_t holder(const struct sp_cgrates *tariff, const struct sp_cg_target *target,
                       uint32_t day, uint32_t at_s, uint32_t *until_s)
{
  const struct sp_cg_interval *intervals = tariff->intervals + target->first;
  *until_s = DAY_S;
  for (uint32_t i = 0; i < target->count; i++) {
    if (!on_day(tariff->timings + intervals[i].timing, day)) {
      continue;
    }
    uint32_t begin_s = start_s(tariff, intervals + i);
    if (begin_s <= at_s) {
      return i;
    }
    *until_s = begin_s < *until_s ? begin_s : *until_s;
  }
  SP_ASSERT(false); /* a gap: refused at the import */
  return 0;
}

static bool pieces_find(struct sp_cg_band *band, const struct sp_cgrates *tariff,
                        const struct sp_cg_target *target, uint32_t number)
{
  band->count = 0;
  for (uint32_t day = 0; day < 7; day++) {
    for (uint32_t at_s = 0, until_s; at_s < DAY_S; at_s = until_s) {
      bool mine = holder(tariff, target, day, at_s, &until_s) == number;
      struct sp_cg_piece *last = band->count > 0 ? band->pieces + band->count - 1 : NULL;
      if (mine && last != NULL && last->day == day && last->to_s == at_s) {
        last->to_s = until_s;
      } else if (mine) {
        if (band->count == SP_CG_BAND_PIECES_MAX) {
          return false;
        }
        band->pieces[band->count++] = (struct sp_cg_piece){day, at_s, until_s};
      }
    }
  }
  return true;
}

static bool is_always(const struct sp_cg_band *band)
{
  bool always = band->count == 7;
  for (uint32_t i = 0; i < band->count; i++) {
    always &= band->pieces[i].from_s == 0 && band->pieces[i].to_s == DAY_S;
  }
  return always;
}

/* The timing's own name if it fits and is free, else with a number. */
static void name_give(const struct sp_cg_bands *bands, struct sp_cg_band *band,
                      const struct sp_cg_name *timing)
{
  uint32_t others = 0;
  char word[61] = "always";
  bool fits = timing->length > 0 && timing->length <= 60;
  for (uint32_t i = 0; i < timing->length && fits; i++) {
    char c = timing->text[i];
    fits = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  }
  if (fits) {
    memcpy(word, timing->text, timing->length);
    word[timing->length] = '\0';
  }
  for (uint32_t i = 0; i < bands->count; i++) {
    size_t length = strlen(word);
    others += strncmp(bands->bands[i].name, word, length) == 0 &&
              (bands->bands[i].name[length] == '\0' || bands->bands[i].name[length] == '-');
  }
  if (others == 0) {
    snprintf(band->name, sizeof(band->name), "%s", word);
  } else {
    snprintf(band->name, sizeof(band->name), "%s-%u", word, others + 1);
  }
}

const char *sp_cg_band_find(struct sp_cg_bands *bands, const struct sp_cgrates *tariff,
                            const struct sp_cg_target *target, uint32_t number, bool named)
{
  if (bands->bands == NULL) {
    bands->bands = calloc(SP_CG_BANDS_MAX + 1, sizeof(*bands->bands));
  }
  bands->full |= bands->bands == NULL || bands->count == SP_CG_BANDS_MAX;
  if (bands->full) {
    return NULL;
  }
  struct sp_cg_band *band = bands->bands + bands->count;
  memset(band, 0, sizeof(*band));
  if (!pieces_find(band, tariff, target, number)) {
    bands->full = true;
    return NULL;
  }
  if (band->count == 0 || (!named && is_always(band))) {
    return band->count == 0 ? NULL : "";
  }
  for (uint32_t i = 0; i < bands->count; i++) {
    if (bands->bands[i].count == band->count &&
        memcmp(bands->bands[i].pieces, band->pieces, band->count * sizeof(*band->pieces)) == 0) {
      return bands->bands[i].name;
    }
  }
  uint32_t timing = tariff->intervals[target->first + number].timing;
  name_give(bands, band, tariff->names + tariff->timings[timing].name);
  bands->count++;
  return band->name;
}

static void clock_print(FILE *to, uint32_t at_s)
{
  if (at_s % 60 == 0) {
    fprintf(to, ",%02u:%02u", at_s / 3600, at_s / 60 % 60);
  } else {
    fprintf(to, ",%02u:%02u:%02u", at_s / 3600, at_s / 60 % 60, at_s % 60);
  }
}

/* A row for each pair of times, with all its days. */
static void band_print(const struct sp_cg_band *band, FILE *to)
{
  static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  for (uint32_t i = 0; i < band->count; i++) {
    const struct sp_cg_piece *piece = band->pieces + i;
    bool first = true;
    for (uint32_t k = 0; k < i; k++) {
      first &= band->pieces[k].from_s != piece->from_s || band->pieces[k].to_s != piece->to_s;
    }
    const char *mark = ",";
    for (uint32_t k = i; first && k < band->count; k++) {
      if (band->pieces[k].from_s == piece->from_s && band->pieces[k].to_s == piece->to_s) {
        fprintf(to, "%s%s%s", k == i ? band->name : "", mark, days[band->pieces[k].day]);
        mark = ";";
      }
    }
    if (first) {
      clock_print(to, piece->from_s);
      clock_print(to, piece->to_s);
      fputc('\n', to);
    }
  }
}

void sp_cg_bands_print(const struct sp_cg_bands *bands, FILE *to)
{
  for (uint32_t i = 0; i < bands->count; i++) {
    band_print(bands->bands + i, to);
  }
}

void sp_cg_bands_free(struct sp_cg_bands *bands)
{
  free(bands->bands);
  bands->bands = NULL;
}
