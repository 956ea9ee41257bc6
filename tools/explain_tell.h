/* What an explanation says, station by station and step by step: for the eye one sentence a line,
 * for tools one JSON object {"kind", facts..., "says": the sentence}. One walk writes both, so they
 * cannot differ. One thread. */
#ifndef SP_TOOLS_EXPLAIN_TELL_H
#define SP_TOOLS_EXPLAIN_TELL_H

#include <stdio.h>

#include "rating/directory.h"
#include "rating/money.h"
#include "rating/text.h"

#define SP_SAYS_BYTES_MAX 8192 /* of one sentence; a longer one is cut */

struct sp_tell {
  FILE *to;
  bool json;
  unsigned stations; /* begun so far */
  bool steps;        /* one was told in this station */
};

/* A line for the eye, of at most SP_SAYS_BYTES_MAX: what could steer a terminal comes as `?`. */
void sp_tell_line(FILE *to, const char *indent, const struct sp_text *says);
/* The next waypoint of engine.md §1. */
void sp_tell_station(struct sp_tell *tell, const char *name, const char *what);
void sp_tell_stations_end(struct sp_tell *tell);
/* A step: facts by key for tools, then its sentence. */
void sp_tell_step(struct sp_tell *tell, const char *kind);
void sp_tell_text(struct sp_tell *tell, const char *key, const char *text, size_t length);
void sp_tell_word(struct sp_tell *tell, const char *key, const char *word);
void sp_tell_name(struct sp_tell *tell, const char *key, struct sp_name name);
void sp_tell_number(struct sp_tell *tell, const char *key, int64_t number);
void sp_tell_micro(struct sp_tell *tell, const char *key, int64_t micro);
void sp_tell_says(struct sp_tell *tell, const struct sp_text *says);
/* A step that is all said in a sentence. */
void sp_tell_plain(struct sp_tell *tell, const char *kind, const char *says);

/* "0.07", "0.015625", "1/3": numerator / denominator micro-units in currency units, exactly. */
void sp_words_exact(struct sp_text *text, sp_i128 numerator, int64_t denominator);
/* "group:G1", "subscriber:S1" of an owner (rating/charge.h). */
void sp_words_owner(struct sp_text *text, const struct sp_directory *directory, uint32_t owner);
/* "2min", "0s" */
void sp_words_amount(struct sp_text *text, int64_t value, uint8_t unit);
/* Values of the match columns; "" if out of range. */
const char *sp_words_roam(unsigned roam);
const char *sp_words_zone(unsigned zone);
const char *sp_words_net(unsigned net);
/* "zone is domestic, net is onnet": of feature bits (rating/usage.h). */
void sp_words_features(struct sp_text *text, uint64_t features);

#endif
