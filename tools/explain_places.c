/* Station resolve: who, where and which net, each with its reason (book.md §6). */
#include <string.h>

#include "tools/book_words.h"
#include "tools/explain.h"

struct resolved {
  const struct sp_told *told;
  struct sp_tell *tell;
  const struct sp_book *book;
  struct sp_numbers numbers;
  struct sp_places places;
};

static void digits_add(struct sp_text *text, uint64_t digits)
{
  char words[SP_NUMBER_DIGITS_MAX];
  sp_text_add_bytes(text, words, sp_number_print(digits, words));
}

static void number_tell(const struct resolved *at, const char *key, enum sp_cdr_text field,
                        struct sp_normal number)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_cdr *cdr = at->told->cdr;
  if (sp_cdr_text_length(cdr, field) == 0) {
    return;
  }
  char digits[SP_NUMBER_DIGITS_MAX];
  sp_tell_step(at->tell, "number");
  sp_tell_word(at->tell, "party", key);
  sp_tell_text(at->tell, "normal", digits, sp_number_print(number.digits, digits));
  sp_text_add(&text, key);
  sp_text_add(&text, " ");
  sp_text_add_bytes(&text, sp_cdr_text(cdr, field), sp_cdr_text_length(cdr, field));
  sp_text_add(&text, " is ");
  digits_add(&text, number.digits);
  sp_text_add(&text, number.rest != 0 ? "... (no plain number)" : "");
  sp_text_add(&text, number.ip ? ", dialled with an IP prefix" : "");
  sp_tell_says(at->tell, &text);
}

static void domain_add(struct sp_text *text, const struct sp_directory *directory, uint32_t domain)
{
  if ((domain & (SP_DOMAIN_TREE | SP_DOMAIN_FAMILY)) != 0) {
    uint32_t group = domain & ~(SP_DOMAIN_TREE | SP_DOMAIN_FAMILY);
    sp_text_add(text, "group:");
    sp__told_name_add(text, sp_directory_group_name(directory, group));
  } else {
    sp_text_add(text, "account:");
    sp__told_name_add(text, sp_directory_account_name(directory, domain));
  }
}

static void who_tell(const struct resolved *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_usage *usage = at->told->usage;
  const struct sp_directory *directory = at->told->directory;
  struct sp_name subscriber = sp_directory_subscriber_name(directory, usage->subscriber);
  sp_tell_step(at->tell, "who");
  sp_tell_name(at->tell, "subscriber", subscriber);
  sp_text_add(&text, "served by number at start: subscriber ");
  sp__told_name_add(&text, subscriber);
  if (usage->account != SP_NONE) {
    sp_tell_name(at->tell, "account", sp_directory_account_name(directory, usage->account));
    sp_text_add(&text, " of account ");
    sp__told_name_add(&text, sp_directory_account_name(directory, usage->account));
  }
  if (usage->group != SP_NONE) {
    sp_tell_name(at->tell, "group", sp_directory_group_name(directory, usage->group));
    sp_text_add(&text, ", member of group ");
    sp__told_name_add(&text, sp_directory_group_name(directory, usage->group));
  }
  uint32_t domain = sp_directory_domain_at(directory, usage->subscriber, usage->start_utc_s);
  char domain_words[256];
  struct sp_text domain_text = SP_TEXT_INIT(domain_words);
  domain_add(&domain_text, directory, domain);
  sp_tell_text(at->tell, "domain", domain_words, domain_text.length);
  sp_text_add(&text, "; domain ");
  sp_text_add(&text, domain_words);
  sp_tell_says(at->tell, &text);
}

static void areas_tell(const struct resolved *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_places *places = &at->places;
  const struct {
    const char *key, *words;
    struct sp_name area;
  } areas[] = {{"home", "home area ", places->home},
               {"visited", ", visited ", places->visited},
               {"charging", ", charging ", places->charging},
               {"other", ", other's ", places->other}};
  sp_tell_step(at->tell, "areas");
  for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
    sp_tell_name(at->tell, areas[i].key, areas[i].area);
    sp_text_add(&text, areas[i].words);
    sp_text_add(&text, areas[i].area.length == 0 ? "none" : "");
    sp__told_name_add(&text, areas[i].area);
  }
  sp_tell_says(at->tell, &text);
}

static bool name_is(struct sp_name a, struct sp_name b)
{
  return a.length > 0 && a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static void roam_tell(const struct resolved *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_cdr *cdr = at->told->cdr;
  unsigned roam = at->told->usage->roam;
  sp_tell_step(at->tell, "roam");
  sp_tell_word(at->tell, "roam", sp_words_roam(roam));
  sp_text_add(&text, "roam ");
  sp_text_add(&text, sp_words_roam(roam));
  if (roam == SP_ROAM_HMT || roam == SP_ROAM_INTERNATIONAL) {
    sp_text_add(&text, ": network ");
    sp_text_add_bytes(&text, sp_cdr_text(cdr, SP_CDR_PLMN), sp_cdr_text_length(cdr, SP_CDR_PLMN));
    sp_text_add(&text, " is abroad");
  } else if (roam == SP_ROAM_HOME) {
    sp_text_add(&text, ": the visited area is the home area");
  } else if (roam == SP_ROAM_PROVINCE) {
    sp_text_add(&text, ": visited and home area lie in one province");
  } else {
    bool known = at->places.home.length > 0 && at->places.visited.length > 0;
    sp_text_add(&text, known ? ": visited and home area do not lie in one province"
                             : ": not both areas are known");
  }
  sp_tell_says(at->tell, &text);
}

static const char *zone_why(const struct resolved *at)
{
  switch ((enum sp_zone)at->told->usage->zone) {
  case SP_ZONE_NONE:
    return "there is no other party";
  case SP_ZONE_LOCAL:
    return "the other's area is the charging area";
  case SP_ZONE_PROVINCE:
    return "the other's and the charging area lie in one province";
  case SP_ZONE_DOMESTIC:
    return at->places.other.length == 0      ? "the other's area is not known"
           : at->places.charging.length == 0 ? "there is no charging area"
           : name_is(at->places.other, at->places.charging)
               ? "abroad every number of the home country is domestic"
               : "the other's and the charging area do not lie in one province";
  case SP_ZONE_HMT:
    return "the other number is of Hong Kong, Macao or Taiwan";
  case SP_ZONE_INTERNATIONAL:
    return "the other number is foreign";
  case SP_ZONE_SERVICE:
    return "the number plan has the other number as kind service";
  case SP_ZONE_COUNT:
    break;
  }
  return "";
}

static const char *net_why(unsigned net)
{
  static const char *const words[SP_NET_COUNT] = {
      "there is no other party",
      "both are direct members of one enterprise group at start",
      "both are members of one family at start",
      "by the kind of the other number",
      "by the kind of the other number",
      "by the kind of the other number",
      "the other number is foreign",
      "the other's operator is the home operator",
      "the other's operator is another one, or not known"};
  return net < SP_NET_COUNT ? words[net] : "";
}

static void prefix_tell(const struct resolved *at)
{
  static const char *const kinds[] = {"no", "mobile", "fixed", "service", "sp", "international"};
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  const struct sp_places *places = &at->places;
  if (places->prefix == 0) {
    return;
  }
  const struct sp_book_prefix *row =
      SP_BOOK_TABLE(at->book, prefixes, struct sp_book_prefix) + places->prefix - 1;
  char digits[SP_NUMBER_DIGITS_MAX];
  sp_tell_step(at->tell, "prefix");
  sp_tell_text(at->tell, "prefix", digits, sp_number_print(row->digits, digits));
  sp_text_add(&text, "number plan: prefix ");
  digits_add(&text, row->digits);
  sp_text_add(&text, ", kind ");
  sp_text_add(&text, row->kind <= SP_KIND_INTERNATIONAL ? kinds[row->kind] : "?");
  if (places->operator_id != 0) {
    struct sp_name name =
        sp__told_name(at->book, SP_BOOK_TABLE(at->book, operator_names,
                                              struct sp_book_name)[places->operator_id - 1]);
    sp_tell_name(at->tell, "operator", name);
    sp_text_add(&text, ", operator ");
    sp__told_name_add(&text, name);
    sp_text_add(&text, places->ported ? " (ported)" : "");
  }
  sp_tell_says(at->tell, &text);
}

static void why_tell(const struct resolved *at, const char *key, const char *value, const char *why,
                     const char *more)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  sp_tell_step(at->tell, key);
  sp_tell_word(at->tell, key, value);
  sp_text_add(&text, key);
  sp_text_add(&text, " ");
  sp_text_add(&text, value);
  sp_text_add(&text, ": ");
  sp_text_add(&text, why);
  sp_text_add(&text, more);
  sp_tell_says(at->tell, &text);
}

static void dest_tell(const struct resolved *at)
{
  const struct sp_usage *usage = at->told->usage;
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  if (usage->dest_node == 0) {
    return;
  }
  const struct sp_book_dest_node *node =
      SP_BOOK_TABLE(at->book, dest_nodes, struct sp_book_dest_node) + usage->dest_node;
  const uint32_t *dests = SP_BOOK_TABLE(at->book, node_dests, uint32_t) + node->dests_at;
  const struct sp_book_name *names = SP_BOOK_TABLE(at->book, dest_names, struct sp_book_name);
  sp_tell_step(at->tell, "dest");
  sp_text_add(&text, "destination prefix ");
  digits_add(&text, node->digits);
  for (uint32_t i = 0; i < node->dests_count; i++) {
    sp_text_add(&text, i == 0 ? " of " : ", ");
    sp_words_name(&text, at->book, names[dests[i]]);
  }
  sp_tell_says(at->tell, &text);
}

static void book_tell(const struct resolved *at)
{
  char words[SP_SAYS_BYTES_MAX];
  struct sp_text text = SP_TEXT_INIT(words);
  struct sp_name name = sp__told_name(at->book, at->book->header->name);
  sp_tell_step(at->tell, "book");
  sp_tell_name(at->tell, "book", name);
  sp_text_add(&text, "book in force at start: ");
  sp__told_name_add(&text, name);
  sp_tell_says(at->tell, &text);
}

void sp__told_resolve(const struct sp_told *told, struct sp_tell *tell)
{
  struct resolved at = {.told = told, .tell = tell};
  const struct sp_usage *usage = told->usage;
  sp_tell_station(tell, "resolve", "who, where and which net");
  if (told->cdr->reason != SP_REASON_NONE) {
    sp_tell_plain(tell, "reason", "not looked at");
    return;
  }
  uint32_t book = sp_books_at(told->books, told->cdr->start_utc_s);
  if (book == SP_NONE) {
    sp_tell_plain(tell, "reason", "no_book: no book is in force at its start");
    return;
  }
  at.book = told->books->book + book;
  sp_resolve_numbers(told->resolver, told->cdr, &at.numbers);
  sp_resolve_places(told->resolver, told->cdr, &at.places);
  book_tell(&at);
  number_tell(&at, "served", SP_CDR_SERVED, at.numbers.served);
  number_tell(&at, "other", SP_CDR_OTHER, at.numbers.other);
  number_tell(&at, "third", SP_CDR_THIRD, at.numbers.third);
  if (usage->subscriber == SP_NONE) {
    sp_tell_plain(tell, "reason", "unknown_subscriber: nobody has the served number at its start");
    return;
  }
  who_tell(&at);
  areas_tell(&at);
  roam_tell(&at);
  prefix_tell(&at);
  why_tell(&at, "zone", sp_words_zone(usage->zone), zone_why(&at), "");
  why_tell(&at, "net", sp_words_net(usage->net), net_why(usage->net),
           (usage->flags & SP_USAGE_TREE) != 0 && usage->net != SP_NET_GROUP
               ? "; both in one enterprise tree (group_tree)"
               : "");
  dest_tell(&at);
  if (usage->reason == SP_REASON_UNKNOWN_PREFIX) {
    sp_tell_plain(tell, "reason", "unknown_prefix: the short other number is not known");
  }
}
