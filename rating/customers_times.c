/* Times of customer rows (book.md §1.6): RFC 3339 with offset, or local date or date and time in
 * the books' zone. */
#include "rating/customers_load.h"

#include <string.h>

struct scan {
  const char *at;
  uint32_t left;
  bool bad;
};

static int64_t scan_digits(struct scan *scan, uint32_t count)
{
  int64_t value = 0;
  for (uint32_t i = 0; i < count; i++) {
    unsigned digit = i < scan->left ? (unsigned)(unsigned char)scan->at[i] - '0' : 10;
    if (digit > 9) {
      scan->bad = true;
      return 0;
    }
    value = value * 10 + digit;
  }
  scan->at += count;
  scan->left -= count;
  return value;
}

static void scan_mark(struct scan *scan, char mark)
{
  if (scan->left == 0 || *scan->at != mark) {
    scan->bad = true;
    return;
  }
  scan->at++;
  scan->left--;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t scan_date(struct scan *scan)
{
  static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t year = scan_digits(scan, 4);
  scan_mark(scan, '-');
  int64_t month = scan_digits(scan, 2);
  scan_mark(scan, '-');
  int64_t day = scan_digits(scan, 2);
  if (scan->bad || month < 1 || month > 12 || day < 1) {
    scan->bad = true;
    return 0;
  }
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  scan->bad = day > lengths[month - 1] + (leap && month == 2);
  return days_of(year, month, day);
}

static int64_t scan_clock(struct scan *scan)
{
  int64_t hour = scan_digits(scan, 2);
  scan_mark(scan, ':');
  int64_t minute = scan_digits(scan, 2);
  scan_mark(scan, ':');
  int64_t second = scan_digits(scan, 2);
  scan->bad = scan->bad || hour > 23 || minute > 59 || second > 59;
  return hour * 3600 + minute * 60 + second;
}

static void scan_fraction(struct scan *scan)
{
  if (scan->left == 0 || *scan->at != '.') {
    return;
  }
  scan_mark(scan, '.');
  (void)scan_digits(scan, 1);
  while (scan->left > 0 && *scan->at >= '0' && *scan->at <= '9') {
    (void)scan_digits(scan, 1);
  }
}

/* Z or +hh:mm: seconds east of UTC. */
static int64_t scan_offset(struct scan *scan)
{
  if (scan->left == 1 && (*scan->at == 'Z' || *scan->at == 'z')) {
    scan_mark(scan, *scan->at);
    return 0;
  }
  int64_t sign = scan->left > 0 && *scan->at == '-' ? -1 : 1;
  scan_mark(scan, sign < 0 ? '-' : '+');
  int64_t hour = scan_digits(scan, 2);
  scan_mark(scan, ':');
  int64_t minute = scan_digits(scan, 2);
  scan->bad = scan->bad || hour > 23 || minute > 59;
  return sign * (hour * 3600 + minute * 60);
}

static bool time_read(const struct sp_books *books, struct sp_name cell, int64_t *utc_s)
{
  struct scan scan = {cell.text, cell.length, false};
  int64_t local_s = scan_date(&scan) * 86400;
  if (!scan.bad && scan.left > 0) {
    scan_mark(&scan, *scan.at == 't' ? 't' : 'T');
    local_s += scan_clock(&scan);
    if (!scan.bad && scan.left > 0) {
      scan_fraction(&scan);
      *utc_s = local_s - scan_offset(&scan);
      return !scan.bad && scan.left == 0;
    }
  }
  if (scan.bad) {
    return false;
  }
  *utc_s = books->count > 0 ? sp_book_from_local(&books->book[0], local_s) : local_s;
  return true;
}

bool sp__load_time(struct sp__load *load, uint32_t column, unsigned memo, int64_t open,
                   int64_t *utc_s)
{
  SP_ASSERT(memo < SP__TIME_MEMOS);
  struct sp_name cell = sp__load_cell(load, column);
  if (cell.length == 0) {
    *utc_s = open;
    return true;
  }
  struct sp__time_memo *last = &load->memos[memo];
  if (cell.length == last->length && memcmp(cell.text, last->text, cell.length) == 0) {
    *utc_s = last->utc_s;
    return true;
  }
  if (cell.length > SP__TIME_BYTES_MAX || !time_read(load->books, cell, utc_s)) {
    sp__load_refuse(load, column,
                    "is not a time, expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or one with offset");
    return false;
  }
  memcpy(last->text, cell.text, cell.length);
  last->length = cell.length;
  last->utc_s = *utc_s;
  return true;
}

bool sp__load_interval(struct sp__load *load, uint32_t from, int64_t *from_utc_s, int64_t *to_utc_s)
{
  if (!sp__load_time(load, from, 0, SP_TIME_MIN, from_utc_s) ||
      !sp__load_time(load, from + 1, 1, SP_TIME_MAX, to_utc_s)) {
    return false;
  }
  if (*from_utc_s >= *to_utc_s) {
    sp__load_refuse(load, from, "is not before to, expected an interval that is not empty");
    return false;
  }
  return true;
}
