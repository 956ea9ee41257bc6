#!/usr/bin/env bash
# The demo, small: the whole way through the embedded Kafka, twice into one folder, ends with the generator's totals.
set -euo pipefail
demo=$(dirname "$SUANPAN")/suanpan-demo
mkdir -p "$SUANPAN_BUILD/tests"
work=$(mktemp -d "$SUANPAN_BUILD/tests/demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "test_demo: $*" >&2; cat "$work/out" "$work/err" >&2; exit 1; }
for round in 1 2; do
  code=0
  "$demo" "$work/demo" --records 60000 --subscribers 6000 --groups 60 --seed "$round" \
    >"$work/out" 2>"$work/err" || code=$?
  [ "$code" = 0 ] || fail "round $round: exit $code"
  grep -q 'the equation holds' "$work/out" || fail "round $round: no equation"
  grep -q 'to the last digit' "$work/out" || fail "round $round: other totals than expected"
  grep -q '^60000 records in ' "$work/out" || fail "round $round: not every record came"
done
grep -q 'at risk .* a month' "$work/out" || fail "no warning of a manager"
[ -s "$work/demo/snapshot/manifest.json" ] || fail "no snapshot"
[ "$(ls "$work")" = "$(printf 'demo\nerr\nout')" ] || fail "something lies beside the demo's folder"
code=0
"$demo" --records 0 2>/dev/null || code=$?
[ "$code" = 2 ] || fail "--records 0: exit $code, expected 2"
echo "test_demo: ok"
