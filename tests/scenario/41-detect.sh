# The detector: rules and their tests, both engines alike, files that are
# followed, restarts, and what is no event.
# shellcheck shell=bash

shows() { grep -qF -- "$1" "$LAB/out" || fail "stdout does not say '$1'"; }

story "the rules that are installed are good ones, and their tests pass"
runs countersign-detect lint
exits 0
grep -q ' 0 problems' "$LAB/out" || fail "lint: $(cat "$LAB/err")"
runs countersign-detect test
exits 0
grep -q ' 0 fail' "$LAB/out" || fail "test: $(cat "$LAB/out")"
[ "$(sed -n 's/^\([0-9]*\) rules: \([0-9]*\) tests.*/\2/p' "$LAB/out")" -ge 400 ] || fail "there are few tests: $(cat "$LAB/out")"
runs countersign-detect coverage
exits 0
countersign-detect coverage --navigator | jq -e '.techniques | length > 100' >/dev/null || fail "the layer"

story "a test that fails says which field it was"
cat >"$LAB/rule.yml" <<'END'
title: Scan
id: 1b0f8e3c-90c5-4e6f-9f75-0a3f8e7d9b11
logsource: { product: linux, category: process_creation }
detection:
  s: { Image|endswith: /nmap }
  condition: s
tags: [attack.t9999]
countersign:
  dedup: [user]
  window: 1h
  tests:
    - name: a scan
      fires: true
      events: |
        {"event":"session.command","path":"/usr/bin/masscan","argv0":"masscan","argv":[]}
END
runs countersign-detect test "$LAB/rule.yml"
exits 1
shows 'FAILED Scan: a scan: it does not fire'
shows "Image: /nmap; it is '/usr/bin/masscan'"
runs countersign-detect lint "$LAB/rule.yml"
exits 1
grep -q 'there is no attack.t9999' "$LAB/err" || fail "lint does not say the tag"
grep -q 'no test says what it does not fire for' "$LAB/err" || fail "lint does not say the test"
sed 's/Image|endswith/Imag|endswith/' "$LAB/rule.yml" >"$LAB/wrong.yml"
runs countersign-detect lint "$LAB/wrong.yml"
exits 1
grep -q "wrong.yml:5:.*'Imag'" "$LAB/err" || fail "lint does not say the field: $(cat "$LAB/err")"

sed 's/product: linux, category: process_creation/product: countersign/; s/Image|endswith/pathh|endswith/' "$LAB/rule.yml" >"$LAB/wrong.yml"
runs countersign-detect lint "$LAB/wrong.yml"
grep -q "no event has, or is, pathh" "$LAB/err" || fail "lint does not say the field: $(cat "$LAB/err")"
sed 's/product: linux, category: process_creation/product: countersign/; s/Image|endswith: .nmap/event: session.comand/' "$LAB/rule.yml" >"$LAB/wrong.yml"
runs countersign-detect lint "$LAB/wrong.yml"
grep -q "no event has, or is, session.comand" "$LAB/err" || fail "lint does not say the event: $(cat "$LAB/err")"

for wrong in 'pid: many' 'pid|gt: 3, success: maybe' 'success: 1' 'user|gt: 3'; do
  sed "s/product: linux, category: process_creation/product: countersign/; s/Image|endswith: .nmap/$wrong/" "$LAB/rule.yml" >"$LAB/wrong.yml"
  runs countersign-detect lint "$LAB/wrong.yml"
  grep -q "it is asked for what it cannot be: " "$LAB/err" || fail "lint does not say the type of $wrong: $(cat "$LAB/err")"
done

story "what expand stands for is said beside the rules"
mkdir "$LAB/site"
sed 's/Image|endswith/CommandLine|contains|expand/; s,/nmap,"%tools% -s%what%",' "$LAB/rule.yml" >"$LAB/site/a.yml"
printf 'placeholders:\n  tools: [nmap, mas*]\n  what: S\n' >"$LAB/site/z.yml"
for command in nmap masscan; do
  printf '{"event":"session.command","time":"2026-11-26T09:00:00Z","path":"/usr/bin/%s","argv0":"%s","argv":["-sS"]}\n' $command $command
  printf '{"event":"session.command","time":"2026-11-26T09:00:00Z","path":"/usr/bin/%s","argv0":"%s","argv":["-sT"]}\n' $command $command
done >"$LAB/events"
countersign-detect run --matches --rules "$LAB/site" "$LAB/events" | jq .line | tr '\n' ' ' >"$LAB/out"
[ "$(cat "$LAB/out")" = '1 3 ' ] || fail "not as they stand for: $(cat "$LAB/out")"
rm "$LAB/site/z.yml"
runs countersign-detect run --rules "$LAB/site" "$LAB/events"
exits 1
warns "nothing says what %tools% stands for"

story "a plain evaluator in another language names the same rules"
sets=(/usr/share/countersign/rules)
if [ -d "$here/../../../shared/data/sigma-linux" ]; then
  sets+=("$here/../../../shared/data/sigma-linux")
else
  echo "  without SigmaHQ's rules: they are not here"
fi
RUNS_FOR=300 runs python3 "$here/../detect/differential.py" "$(command -v countersign-detect)" /usr/share/countersign/logsources.yml 6000 "$(date +%s)" "${sets[@]}"
exits 0

# event USER MINUTE: one that Scan holds for
event_of() { printf '{"event":"session.command","time":"2026-11-26T09:%02d:00.000001Z","uid":"u%s","user":"%s","path":"/usr/bin/nmap","argv0":"nmap","argv":["-sS","web1"],"server_hostname":"web1"}\n' "$2" "$1$2" "$1"; }
told() { jq -r 'select(.event=="alert") | .user' "$1"; }

story "one alert for a person and an hour, with the count of the rest, and the same again"
for i in 1 2 3; do event_of alice "$i"; event_of bob "$i"; done >"$LAB/events"
event_of alice 3 | sed 's/T09/T10/' >>"$LAB/events"
countersign-detect run --rules "$LAB/rule.yml" "$LAB/events" >"$LAB/a"
[ "$(told "$LAB/a" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = ' 2 alice; 1 bob;' ] || fail "$(cat "$LAB/a")"
[ "$(jq -r 'select(.event=="alert.count") | .event_count' "$LAB/a" | tr '\n' ' ')" = '3 3 ' ] || fail "counts: $(cat "$LAB/a")"
countersign-detect run --rules "$LAB/rule.yml" "$LAB/events" | cmp - "$LAB/a" || fail "a second run says other things"
/usr/bin/python3 - "$here/../../docs/alerts.schema.json" "$LAB/a" <<'END' || fail "an alert is not as the schema says"
import json, jsonschema, sys
check = jsonschema.Draft7Validator(json.load(open(sys.argv[1])))
for line in open(sys.argv[2]):
    check.validate(json.loads(line))
END
countersign-detect run --rules "$LAB/rule.yml" <"$LAB/events" | cmp - "$LAB/a" || fail "standard input says other things"
# Nothing happened for hours: what comes then is of its own time.
{ event_of alice 1; event_of alice 1 | sed 's/T09/T15/'; } | countersign-detect run --rules "$LAB/rule.yml" >"$LAB/b"
[ "$(jq -r 'select(.event=="alert").window_start' "$LAB/b" | cut -c12-16 | tr '\n' ' ')" = '09:00 15:00 ' ] || fail "$(cat "$LAB/b")"
# Whatever the order: the same alerts, if not the same events under them.
for _ in 1 2 3 4 5; do
  shuf "$LAB/events" >"$LAB/shuffled"
  countersign-detect run --rules "$LAB/rule.yml" "$LAB/shuffled" | jq -r 'select(.event=="alert").uid' | sort >"$LAB/b"
  jq -r 'select(.event=="alert").uid' "$LAB/a" | sort | cmp - "$LAB/b" || fail "the order decides: $(cat "$LAB/shuffled")"
done

as_schema_says() {
  /usr/bin/python3 -c '
import json, jsonschema, sys
check = jsonschema.Draft7Validator(json.load(open(sys.argv[1])))
for line in open(sys.argv[2]):
    check.validate(json.loads(line))
' "$here/../../docs/alerts.schema.json" "$1" || fail "an alert is not as the schema says: $(cat "$1")"
}

story "what is more severe breaks through, and is told with the count of what it takes the place of"
sed "s/^level: .*/level: medium/; s/^  condition: /  at_root: { CommandLine|contains: ' -O' }\n&/; s/^countersign:/&\n  levels: { critical: at_root }\n  respond: [{end: connection}, {lock: user, for: 90m}]/" "$LAB/rule.yml" >"$LAB/levels.yml"
grep -q at_root "$LAB/levels.yml" || fail "no such rule: $(cat "$LAB/levels.yml")"
severe() { event_of alice "$1" | sed 's/"-sS"/"-O"/'; }
{ event_of alice 1; event_of alice 2; severe 3; event_of alice 4; severe 5; event_of bob 5; } >"$LAB/events"
runs countersign-detect run --rules "$LAB/levels.yml" "$LAB/events"
cp "$LAB/out" "$LAB/a"
as_schema_says "$LAB/a"
[ "$(jq -r '"\(.event) \(.level) \(.event_count)"' "$LAB/a" | tr '\n' ';')" = 'alert medium 1;alert.count medium 2;alert critical 1;alert medium 1;alert.count critical 5;' ] || fail "$(cat "$LAB/a")"
jq -es 'map(select(.event=="alert").uid) | length == (unique|length)' "$LAB/a" >/dev/null || fail "two alerts with one id"
jq -e 'select(.event=="alert.count") | .server_hostname=="web1"' "$LAB/a" >/dev/null || fail "a count without its host"
jq -es '.[0].respond == [{"action":"end","what":"connection"},{"action":"lock","what":"user","for_s":5400}]' "$LAB/a" >/dev/null || fail "no responses: $(head -n 1 "$LAB/a")"
runs countersign-detect run --rules <(sed 's/at_root }/nothing }/' "$LAB/levels.yml") "$LAB/events"
exits 1
warns "does not ask for 'at_root'"
for bad in '[{lock: user}]' '[{end: session}]' '[{run: a b}]' '[{lock: host, for: 1h}]' '[{end: connection, run: x}]' '{end: connection}'; do
  runs countersign-detect lint --syntax <(sed "s/respond: .*/respond: $bad/" "$LAB/levels.yml")
  exits 1
done

story "a correlation's alert names the events that made it"
cat >"$LAB/many.yml" <<'END'
title: Scan
name: scan
logsource: { product: linux, category: process_creation }
detection:
  s: { Image|endswith: /nmap }
  condition: s
---
title: Three scans
correlation:
  type: event_count
  rules: [scan]
  group-by: [user]
  timespan: 10m
  condition: { gte: 3 }
countersign: { dedup: [user] }
END
for i in 1 15 16 17 18; do
  for who in alice bob; do
    event_of $who "$i" | sed "s/\"u$who$i\"/\"$(printf '9956e171-4381-8883-%s-%012d' "$([ $who = bob ] && echo b0b0 || echo a11c)" "$i")\"/"
  done
done >"$LAB/events"
runs countersign-detect run --rules "$LAB/many.yml" "$LAB/events"
as_schema_says "$LAB/out"
[ "$(jq -r 'select(.event=="alert" and .user=="alice").event_uids[]' "$LAB/out" | cut -c 20-23,35- | tr '\n' ' ')" = 'a11c15 a11c16 a11c17 ' ] || fail "not those that made it: $(cat "$LAB/out")"

story "a source that floods is told once, and hides nobody else"
sed 's/^countersign:/&\n  flood: 5/; s/  dedup: .*/  dedup: [user, sid, login]/' "$LAB/levels.yml" >"$LAB/flood.yml"
many() { for i in $(seq "$2"); do event_of "$1" 1 | sed "s/\"pid\"/x/; s/}$/,\"sid\":\"s$i\",\"login\":\"l\"}/"; done; }
{ many eve 20; many bob 2; many eve 1 | sed 's/"-sS"/"-O"/; s/"s1"/"s99"/'; many eve 1 | sed 's/T09/T10/'; } >"$LAB/events"
runs countersign-detect run --stats --rules "$LAB/flood.yml" "$LAB/events"
cp "$LAB/out" "$LAB/a"
as_schema_says "$LAB/a"
[ "$(told "$LAB/a" | uniq -c | tr -s ' ' | tr '\n' ';')" = ' 5 eve; 2 bob; 2 eve;' ] || fail "$(cut -c 1-200 "$LAB/a")"
[ "$(jq -r 'select(.event=="alert.flood") | "\(.user) \(.server_hostname) \(.level)"' "$LAB/a")" = 'eve web1 medium' ] || fail "no flood: $(cut -c 1-200 "$LAB/a")"
[ "$(jq -r 'select(.event=="alert.count") | .event_count' "$LAB/a" | tr '\n' ' ')" = '21 ' ] || fail "counts: $(cut -c 1-300 "$LAB/a")"
grep -q '15 not told for a flood' "$LAB/err" || fail "$(cat "$LAB/err")"
jq -r 'select(.level=="critical") | .event' "$LAB/a" | grep -qx alert || fail "what is more severe did not break through"

mkdir "$LAB/respond"
runs countersign-detect run --rules "$LAB/flood.yml" --respond "$LAB/respond" "$LAB/events"
[ "$(find "$LAB/respond/new" -type f | wc -l)" = 24 ] || fail "a flood turns responses off: $(find "$LAB/respond/new" -type f | wc -l)"
sed 's/flood: 5/flood: 2/; s/window: 1h/window: 1d/' "$LAB/flood.yml" >"$LAB/day.yml"
{ many eve 5; many eve 5 | sed 's/T09/T11/'; } >"$LAB/events"
runs countersign-detect run --rules "$LAB/day.yml" "$LAB/events"
[ "$(told "$LAB/out" | wc -l)" = 4 ] || fail "what was muted stays muted: $(cut -c 1-200 "$LAB/out")"
for bad in 's/dedup: .*/dedup: [usr, connection_id]/' "s/  levels:/  title: '{usr} did it'\n&/" 's/dedup: .*/dedup: [user]/'; do
  sed "$bad" "$LAB/flood.yml" >"$LAB/wrong.yml"
  runs countersign-detect lint "$LAB/wrong.yml"
  grep -qE 'of its dedup|what its text wants|dedup is of|dedup needs connection_id' "$LAB/err" || fail "lint does not say it for $bad: $(cat "$LAB/err")"
done

story "a rule that cannot be used is an alert where it was to watch"
mkdir "$LAB/some"
cp "$LAB/rule.yml" "$LAB/some/good.yml"
printf 'title: Broken\nlogsource: { product: linux, category: process_creation }\ndetection: { s: { Nothing: x }, condition: s }\n' >"$LAB/some/bad.yml"
: >"$LAB/followed"
: >"$LAB/failed"
countersign-detect run --follow --rules "$LAB/some" -o "$LAB/failed" "$LAB/followed" 2>/dev/null &
follower=$!
wait_until "it is told" grep -q alert.rule_failed "$LAB/failed"
as_schema_says "$LAB/failed"
event_of fay 1 >>"$LAB/followed"
wait_until "the good one watches" grep -q '"user":"fay"' "$LAB/failed"
kill $follower
wait $follower
jq -es '.[0] | .event=="alert.rule_failed" and (.path|test("bad.yml")) and (.error|test("Nothing"))' "$LAB/failed" >/dev/null || fail "$(cat "$LAB/failed")"

story "what is no event is counted, and hides nothing after it"
{
  echo 'no event'
  echo '{"event":'
  head -c 3000000 /dev/zero | tr '\0' x
  echo
  printf '\0\0\n'
  python3 -c 'print("{\"a\":" * 5000 + "1" + "}" * 5000)'
  echo '{"event":"session.command","time":"never","user":"nobody","path":"/usr/bin/nmap","argv0":"nmap"}'
  printf '{"event":"session.command","time":"2026-11-26T09:00:00Z","user":"b\xffd","path":"/usr/bin/nmap","argv0":"nmap"}\n'
  event_of carol 9 | sed 's/2026/2099/'
  event_of dave 9
} >"$LAB/bad"
runs countersign-detect run --stats --rules "$LAB/rule.yml" "$LAB/bad"
exits 0
grep -q '4 not events, 1 without a time, 1 far ahead, 1 longer than 1 MiB' "$LAB/err" || fail "$(cat "$LAB/err")"
[ "$(told "$LAB/out" | wc -l)" = 4 ] || fail "$(cat "$LAB/out")"

story "100 MB in one line, without the memory for it"
head -c 100000000 /dev/zero | tr '\0' x >"$LAB/long"
{ cat "$LAB/long"; echo; event_of erin 1; } | /usr/bin/python3 -c '
import resource, subprocess, sys
done = subprocess.run(["countersign-detect", "run", "--rules", sys.argv[1]], stdout=subprocess.PIPE)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(done.stdout.count(b"erin") > 0, peak < 64 * 1024)' "$LAB/rule.yml" >"$LAB/out"
says 'True True'
rm -f "$LAB/long"

story "a rule that cannot be read is told, and the others go on"
mkdir "$LAB/rules"
cp "$LAB/rule.yml" "$LAB/rules/"
printf 'title: T\nlogsource: { product: linux, category: process_creation }\ndetection:\n  s: { Image|re: "(a)\\\\1" }\n  condition: s\n' >"$LAB/rules/bad.yml"
for who in alice bob carol; do event_of $who 1; done >"$LAB/events"
runs countersign-detect run --rules "$LAB/rules" "$LAB/events"
exits 1
grep -q 'bad.yml:4: this expression cannot be looked for' "$LAB/err" || fail "$(cat "$LAB/err")"
[ "$(told "$LAB/out" | wc -l)" = 3 ] || fail "the others do not go on"

follow() {
  countersign-detect run --follow --state "$LAB/state" --rules "$LAB/rule.yml" -o "$LAB/alerts" --listen "$LAB/in.sock" "$LAB/log" 2>"$LAB/follow.err" &
  DETECTOR=$!
  wait_until "it listens" test -S "$LAB/in.sock"
}
unfollow() {
  kill "${1--TERM}" $DETECTOR
  wait $DETECTOR 2>/dev/null
}
alerts() { [ "$(told "$LAB/alerts" | sort | tr '\n' ' ')" = "$1" ]; }

story "100,000 rules are read, asked, and bounded"
/usr/bin/python3 - "$LAB/many" <<'END'
import sys
with open(sys.argv[1], "w") as f:
    for i in range(100000):
        f.write(f"---\ntitle: R{i}\nid: r{i}\nlogsource: {{ product: linux, category: process_creation }}\ndetection:\n  s: {{ CommandLine|contains: word{i}x }}\n  condition: s\n")
END
event_of gus 1 | sed 's/-sS/word77777x/' >"$LAB/events"
(ulimit -v 4000000 && countersign-detect run --rules "$LAB/many" "$LAB/events" | jq -e '.rule_id=="r77777"' >/dev/null) || fail "it was not found"

story "a file is followed, over rotation, a restart, and a half-written line"
: >"$LAB/log"
: >"$LAB/alerts"
follow
event_of a 1 >>"$LAB/log"
wait_until "a is told" alerts 'a '
mv "$LAB/log" "$LAB/log.1"
event_of b 1 >>"$LAB/log.1"
event_of c 1 >"$LAB/log"
wait_until "b and c are told" alerts 'a b c '
event_of d 1 | head -c 30 >>"$LAB/log"
sleep 0.3
unfollow
{ event_of d 1 | tail -c +31; event_of e 1; } >>"$LAB/log"
follow
wait_until "d and e are told" alerts 'a b c d e '
unfollow
event_of f 1 >>"$LAB/log"
mv "$LAB/log" "$LAB/log.1"
event_of g 1 >"$LAB/log"
follow
wait_until "f and g are told: it was rotated meanwhile" alerts 'a b c d e f g '
: >"$LAB/log"
sleep 0.3
event_of h 1 >>"$LAB/log"
wait_until "h is told: the file was emptied" alerts 'a b c d e f g h '
# What was told before a restart is not told again: the window is the same.
unfollow
event_of a 2 >>"$LAB/log"
event_of i 2 >>"$LAB/log"
follow
wait_until "i is told" alerts 'a b c d e f g h i '

story "events by a socket, as rsyslog's omuxsock sends them"
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
s.send(sys.stdin.buffer.read())' "$LAB/in.sock" < <(event_of j 1)
wait_until "j is told" alerts 'a b c d e f g h i j '

story "killed in the middle: nothing is lost, and what is told again has the same id"
event_of k 1 >>"$LAB/log"
wait_until "k is told" alerts 'a b c d e f g h i j k '
unfollow -KILL
event_of l 1 >>"$LAB/log"
follow
told_l() { told "$LAB/alerts" | grep -q '^l$'; }
wait_until "l is told" told_l
unfollow
[ "$(told "$LAB/alerts" | sort -u | tr '\n' ' ')" = 'a b c d e f g h i j k l ' ] || fail "$(told "$LAB/alerts" | sort | tr '\n' ' ')"
[ "$(jq -r 'select(.event=="alert") | .user + " " + .uid' "$LAB/alerts" | sort -u | wc -l)" = 12 ] || fail "an alert has two ids"

story "a state file of something else is said to be one"
head -c 200 /dev/urandom >"$LAB/state"
follow
unfollow
grep -q 'of another version or damaged' "$LAB/follow.err" || fail "$(cat "$LAB/follow.err")"

story "a disk that is full: it says so, and ends"
runs countersign-detect run --rules "$LAB/rule.yml" -o /dev/full "$LAB/events"
exits 3
grep -q 'cannot write alerts' "$LAB/err" || fail "$(cat "$LAB/err")"
