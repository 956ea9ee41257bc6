/* The verbs under `suanpan tariff`: one function each. */
#ifndef SP_TOOLS_CMD_TARIFF_H
#define SP_TOOLS_CMD_TARIFF_H

#include "tools/options.h"

struct sp_loaded_book;

int sp_cmd_tariff_compile(int argc, char **argv);
int sp_cmd_tariff_show(int argc, char **argv);
int sp_cmd_tariff_diff(int argc, char **argv);
int sp_cmd_tariff_import(int argc, char **argv);

/* Loads a book and prints its problems on stderr if it has errors; the exit code. */
int sp_tariff_load(struct sp_loaded_book *loaded, const char *path);

#endif
