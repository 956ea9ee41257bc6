#!/usr/bin/env bash
# A thousand messages through a real Apache Kafka: sent, read back, and still there after the broker was killed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${SUANPAN_BUILD:?}
work=$build/tests/broker_round_trip
broker=$here/broker
failed() { echo "FAILED: $*"; exit 1; }

"$broker" stop "$work/kafka" 2>/dev/null
rm -rf "$work"
mkdir -p "$work"
address=$("$broker" start "$work/kafka")
status=$?
[ $status -eq 77 ] && { echo "skipped: test_broker needs Java and the jars of Apache Kafka"; exit 77; }
[ $status -eq 0 ] || failed "no broker (exit $status)"
trap '"$broker" stop "$work/kafka"' EXIT

{
    echo "id,served,duration_s"
    for ((i = 0; i < 1000; i++)); do echo "$i,138000$((10000 + i % 37)),$((i * 7 % 600))"; done
} >"$work/sent.csv"
tail -n +2 "$work/sent.csv" | sort >"$work/expected"

# read TOPIC: its lines without headers, sorted, in $work/read
read_back() {
    "$build/tests/consume" "$address" "$1" >"$work/raw" || failed "consume $1"
    grep -v '^id,' "$work/raw" | sort >"$work/read"
    cmp "$work/expected" "$work/read" || failed "$2: what came back is not what was sent"
}

"$build/tests/produce" "$address" single "$work/sent.csv" --header --partitions 1 || failed "produce single"
read_back single "one line a message"
"$build/tests/produce" "$address" keyed "$work/sent.csv" --header --partitions 4 --lines 9 --key served ||
    failed "produce keyed"
read_back keyed "nine lines a message, by key"

# The broker dies while a producer is at work and comes back: nothing is lost, nothing doubled.
"$build/tests/produce" "$address" killed "$work/sent.csv" --header --partitions 2 --rate 500 >"$work/produced" \
    2>"$work/produce.log" &
producer=$!
sleep 1
"$broker" kill "$work/kafka" || failed "kill"
[ "$("$broker" restart "$work/kafka")" = "$address" ] || failed "restart"
wait $producer || { cat "$work/produce.log"; failed "the producer did not survive the broker's death"; }
read_back killed "across a broker killed"
read_back single "kept by a broker killed"

# Half a file now, the rest later.
"$build/tests/produce" "$address" parts "$work/sent.csv" --header --to 400 || failed "produce, first part"
"$build/tests/produce" "$address" parts "$work/sent.csv" --header --from 400 || failed "produce, second part"
read_back parts "in two parts"
echo "1000 messages there and back, five times, once across a kill"
