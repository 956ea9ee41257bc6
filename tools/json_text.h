/* JSON strings on a stdio stream. */
#ifndef SP_TOOLS_JSON_TEXT_H
#define SP_TOOLS_JSON_TEXT_H

#include <stdio.h>

/* With its quotes; bytes that are no UTF-8 come as \u00XX, so that the output is JSON whatever the
 * input. */
void sp_json_text(FILE *to, const char *text, size_t length);
/* Micro-units as "12.345678" with quotes. */
void sp_json_micro(FILE *to, long long micro);

#endif
