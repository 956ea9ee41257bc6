#!/usr/bin/env bash
# suanpan gen: the same seed gives the same bytes everywhere, another seed others; what it says of
# its own lines is so; book and customers pass the checks that exist. SUANPAN_BLESS=1 renews the hash.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$SUANPAN_BUILD/tests"
work=$(mktemp -d "$SUANPAN_BUILD/tests/gen.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "test_gen: $*" >&2; exit 1; }
province() { "$SUANPAN" gen "$work/$1" --seed "$2" --subscribers 3500 --groups 40 --days 80 \
  --records 20000 "${@:3}" 2>/dev/null || fail "gen $1 ended with $?"; }
hash_of() { (cd "$work/$1" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-64); }

province one 7
province two 7
province other 8
diff -r "$work/one" "$work/two" >/dev/null || fail "two runs with one seed differ"
[ "$(hash_of one)" != "$(hash_of other)" ] || fail "two seeds give the same bytes"
if [ "${SUANPAN_BLESS:-0}" = 1 ]; then hash_of one > "$here/gen.sha256"; fi
[ "$(hash_of one)" = "$(cat "$here/gen.sha256")" ] ||
  fail "bytes differ from the blessed ones: $(hash_of one), expected $(cat "$here/gen.sha256")"

# The numbers of totals.json against the lines themselves.
number() { tr ',{}' '\n\n\n' < "$work/one/expected/totals.json" | sed -n "s/^\"$1\":\([0-9]*\)$/\1/p" | head -1; }
lines=$(cat "$work"/one/usage/*.csv | grep -vc '^id,service')
[ "$lines" = 20000 ] || fail "$lines usage lines, expected 20000"
[ "$(number in)" = "$lines" ] || fail "totals.json has in $(number in), the files $lines"
sum=$(($(number rated) + $(number zero_rated) + $(number duplicate) + $(number conflict) + $(number suspended)))
[ "$sum" = "$lines" ] || fail "the outcomes add up to $sum, not $lines"
planted() { grep -c "^$1," "$work/one/expected/planted.csv" || true; }
for kind in duplicate conflict; do
  [ "$(planted $kind)" = "$(number $kind)" ] || fail "$kind: $(planted $kind) planted, $(number $kind) expected"
done
for kind in bad_line service_unknown bad_start bad_field unknown_subscriber unknown_prefix no_rate \
  pre_rated late out_of_order dup_window_exceeded partial no_plan two_base_plans; do
  [ "$(planted $kind)" -gt 0 ] || fail "no $kind planted"
done
# A planted line is where the list says it is.
IFS=, read -r _ file line _ < <(grep '^service_unknown,' "$work/one/expected/planted.csv")
sed -n "${line}p" "$work/one/$file" | grep -q ',fax,' || fail "$file:$line is not the planted record"

for bad in "--subscribers 5" "--days 0" "--records 0" "--nonsense"; do
  code=0
  # shellcheck disable=SC2086
  "$SUANPAN" gen "$work/bad" $bad 2>/dev/null || code=$?
  [ "$code" = 2 ] || fail "$bad: exit $code, expected 2"
done
code=0
"$SUANPAN" gen /dev/null/x 2>"$work/message" || code=$?
[ "$code" = 4 ] && grep -q '^suanpan: /dev/null/x: ' "$work/message" || fail "a bad folder: exit $code"

if "$SUANPAN" --help | grep -q '^  tariff '; then
  "$SUANPAN" tariff check "$work/one/book" || fail "tariff check refuses the generated book"
fi
if "$SUANPAN" --help | grep -q '^  rate '; then
  head -2 "$work/one/usage/usage-00001.csv" > "$work/first.csv"
  "$SUANPAN" rate --book "$work/one/book" --customers "$work/one/customers" --json "$work/first.csv" \
    >"$work/rated" 2>"$work/refused" || true
  ! grep -E '(accounts|subscribers|groups|members|subscriptions)\.csv:' "$work/refused" ||
    fail "customer rows are refused"
fi
echo "test_gen: ok"
