#!/usr/bin/env bash
# README's "The life of one CDR" is what `suanpan explain` prints for the example beside this file.
# SUANPAN_BLESS=1 writes it there anew.
set -euo pipefail
cd "$SUANPAN_SOURCE"
example=tests/cli/example
command="suanpan explain --book $example/book --customers $example/customers $example/usage.csv"
mkdir -p "$SUANPAN_BUILD/tests"
work=$(mktemp -d "$SUANPAN_BUILD/tests/life.XXXXXX")
trap 'rm -rf "$work"' EXIT
{ printf '$ %s\n' "$command"; "$SUANPAN" ${command#suanpan }; } > "$work/now"

# The block of lines between the fences behind the heading.
awk '/^## /{in_life = $0 == "## The life of one CDR"} in_life && /^```/{fence = !fence; next} in_life && fence' \
  README.md > "$work/readme"
if [ "${SUANPAN_BLESS:-0}" = 1 ]; then
  awk -v now="$work/now" '
    /^## /{in_life = $0 == "## The life of one CDR"}
    in_life && /^```/{fence = !fence; print; if (fence) while ((getline line < now) > 0) print line; next}
    !(in_life && fence)' README.md > "$work/README.md"
  cat "$work/README.md" > README.md
  exit 0
fi
[ -s "$work/readme" ] || { echo "README.md has no section 'The life of one CDR' with a fenced block" >&2; exit 1; }
diff -u "$work/readme" "$work/now" ||
  { echo "README's life of one CDR is not what explain prints; SUANPAN_BLESS=1 renews it" >&2; exit 1; }
# The stations are those of the code, in their order.
stations=$(sed -n 's/^\[CDR [0-9]*\/9\] \([a-z]*\):.*/\1/p' "$work/now" | tr '\n' ' ')
code=$(grep -rhoE '\[CDR [0-9]/9\] [a-z]+' --include='*.c' ingest rating segment store tools | sort | sed 's/.*\] //' | tr '\n' ' ')
[ "$stations" = "$code" ] || { echo "explain has the stations $stations, the code $code" >&2; exit 1; }
