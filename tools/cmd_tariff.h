/* The verbs under `suanpan tariff`: one function each. */
#ifndef SP_TOOLS_CMD_TARIFF_H
#define SP_TOOLS_CMD_TARIFF_H

#include "tools/options.h"

int sp_cmd_tariff_compile(int argc, char **argv);
int sp_cmd_tariff_show(int argc, char **argv);
int sp_cmd_tariff_diff(int argc, char **argv);

#endif
