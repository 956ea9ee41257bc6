#!/usr/bin/env bash
# flag > environment > file > default, as `run --print-config` shows it; a number that is none is refused.
set -u
made=$SUANPAN_BUILD/tests/cli_settings
rm -rf "$made"
mkdir -p "$made" || exit 4
trap 'rm -rf "$made"' EXIT
failed=0

expect() {  # CODE LINES COMMAND...: these lines are among what it prints on either stream
    local code=$1 lines=$2 out status line
    shift 2
    out=$("$@" 2>&1 </dev/null)
    status=$?
    [ "$status" -eq "$code" ] || { echo "$*: exit $status, expected $code: $out"; failed=1; }
    while read -r line; do
        grep -qxF -- "$line" <<<"$out" || { echo "$*: no line '$line' in: $out"; failed=1; }
    done <<<"$lines"
}

print="$SUANPAN run $made/store --print-config"
mkdir "$made/store"
expect 0 $'workers: 0\ncut_ms: 20\ncheckpoint_ms: 10000\ncheckpoint_records: 2000000' $print
expect 0 'cut_ms: 7' env SUANPAN_CUT_MS=7 $print
printf 'workers: 3\ncut_ms: 50\ncheckpoint_records: 123\n' >"$made/store/suanpan.yaml"
expect 0 $'workers: 3\ncut_ms: 50\ncheckpoint_ms: 10000\ncheckpoint_records: 123' $print
expect 0 'checkpoint_records: 4' env SUANPAN_CHECKPOINT_RECORDS=4 $print
expect 0 $'workers: 2\ncut_ms: 50\ncheckpoint_ms: 99' env SUANPAN_WORKERS=2 SUANPAN_CHECKPOINT_MS=99 $print
for wrong in x -1 7x '' 99999999999999999999; do
    expect 3 "suanpan: SUANPAN_CUT_MS=$wrong: expected a number, 0 or more" env SUANPAN_CUT_MS="$wrong" $print
done
printf 'cut_ms: -1\n' >"$made/store/suanpan.yaml"
expect 3 "suanpan: $made/store/suanpan.yaml: workers, cut_ms, checkpoint_ms and checkpoint_records are 0 or more" $print
desk="$SUANPAN_SOURCE/tests/cli/example"
rate="$SUANPAN rate --csv --customers $desk/customers $desk/usage.csv"
expect 0 'text-1,rated,,,ben,A2,works,2026-03-02T10:05:00+08:00,sms,1,text=0.100000 of 0.100000 (1),,W1=0.050000; A2=0.050000,0.100000,0.100000,example-2026' \
    env SUANPAN_BOOK="$made/nowhere" $rate --book "$desk/book"  # the flag's books take the place of those, not a place beside them
expect 3 "$made/nowhere/book.yaml: cannot be read: No such file or directory" env SUANPAN_BOOK="$made/nowhere" $rate
expect 2 'suanpan: SUANPAN_TOP: few is not a number; expected a whole one from 0' env SUANPAN_TOP=few "$SUANPAN" replay "$made/store"
expect 2 'suanpan: --top: 1.5 is not a number; expected a whole one from 0' "$SUANPAN" replay "$made/store" --top 1.5
exit $failed
