# Alerts on their way: routes, receivers that fail, a sender that is killed.
# shellcheck shell=bash

Q=$LAB/queue
mkdir -m 700 "$Q"
sender=/usr/libexec/countersign/alert-sender
cat >"$LAB/rule.yml" <<'END'
title: Scan <now> & `here`
id: 1b0f8e3c-90c5-4e6f-9f75-0a3f8e7d9b11
level: high
author: Somebody
tags: [attack.discovery, attack.t1046]
logsource: { product: linux, category: process_creation }
detection:
  s: { Image|endswith: /nmap }
  condition: s
countersign:
  title: '{user} scans from {server_hostname}'
  dedup: [user]
  window: 1h
  runbook:
    - 'countersign-audit search --user {user}'
END
sed 's/title: Scan.*/title: Quiet/; s/^id: 1/id: 2/; s/high/low/; s,/nmap,/whoami,; s/title: .{user} scans.*/title: quiet/' "$LAB/rule.yml" >"$LAB/rule2.yml"

receiver() {
  mkdir -p "$LAB/$1"
  echo "${3-200}" >"$LAB/$1/how"
  : >"$LAB/$1/got"
  : >"$LAB/$1/asked"
  python3 "$here/receiver.py" "$2" "$LAB/$1" &
  eval "PID_$1=$!"
  wait_until "$1 listens" bash -c "exec 2>/dev/null 3<>/dev/tcp/127.0.0.1/$2"
}
# alert USER [PROGRAM]: the detector finds something
alert() {
  printf '{"event":"session.command","time":"2026-11-26T09:30:00Z","uid":"e-%s","user":"%s","path":"/usr/bin/%s","argv0":"x","argv":[],"server_hostname":"web1","server_labels":{"env":"%s"},"sid":"s1"}\n' \
    "$1" "$1" "${2-nmap}" "${3-prod}" | countersign-detect run --rules "$LAB/rule.yml" --rules "$LAB/rule2.yml" --queue "$Q" >/dev/null || fail "run"
}
got() { [ "$(wc -l <"$LAB/$1/got")" -ge "$2" ]; }
asked() { [ "$(wc -l <"$LAB/$1/asked")" -ge "$2" ]; }
left() { find "$Q/$1" -name '*.json' | wc -l; }
nothing_left() { [ "$(left "$1")" = 0 ]; }
all_gone() { nothing_left new && nothing_left hook; }
body() { jq -r ".body | fromjson | $2" "$LAB/$1/got"; }
send() {
  $sender --routes "$LAB/routes.json" --queue "$Q" &
  SENDER=$!
}
unsend() {
  kill "${1--TERM}" $SENDER
  wait $SENDER 2>/dev/null
}
once() { runs $sender --routes "$LAB/routes.json" --queue "$Q" --once; }

story "to each kind of receiver, by level, tag and label"
receiver chat 8101
receiver pager 8102
receiver hook 8103
printf 'the key of the webhook\n' >"$LAB/hook.key"
printf 'the routing key\n' >"$LAB/pager.key"
printf '#!/bin/sh\ncat >>%s/command.out\necho >>%s/command.out\n' "$LAB" "$LAB" >"$LAB/command"
chmod 755 "$LAB/command"
cat >"$LAB/routes.json" <<END
{ "routes": [
  { "name": "chat", "to": "slack", "url": "http://127.0.0.1:8101/services/T/B/x" },
  { "name": "pager", "to": "pagerduty", "url": "http://127.0.0.1:8102/v2/enqueue", "secret_file": "$LAB/pager.key", "level": "high", "labels": { "env": ["prod"] } },
  { "name": "hook", "to": "webhook", "url": "http://127.0.0.1:8103/alerts", "secret_file": "$LAB/hook.key", "level": "informational" },
  { "name": "log", "to": "syslog", "tags": ["attack.t1046"] },
  { "name": "never", "to": "command", "command": ["/bin/false"], "hosts": ["db*"] },
  { "name": "command", "to": "command", "command": ["$LAB/command"] } ] }
END
alert 'eve <!channel>'
alert bob whoami
alert tom nmap test
once
exits 0
[ "$(body chat .text | grep -c 'scans from web1')" = 2 ] || fail "chat: $(cat "$LAB/chat/got")"
body chat .text | grep -qF '*[high] eve &lt;!channel&gt; scans from web1*' || fail "chat is not escaped: $(body chat .text)"
body chat .text | grep -qF "countersign-audit search --user 'eve &lt;!channel&gt;'" || fail "the runbook is not quoted: $(body chat .text)"
[ "$(body pager '.event_action + " " + .routing_key + " " + .payload.severity + " " + .payload.source')" = 'trigger the routing key error web1' ] || fail "pager: $(cat "$LAB/pager/got")"
[ "$(body pager .dedup_key)" = "$(body hook 'select(.user=="eve <!channel>").uid')" ] || fail "the dedup_key is not the alert's"
[ "$(body hook .level | sort | tr '\n' ' ')" = 'high high low ' ] || fail "hook: $(cat "$LAB/hook/got")"
[ "$(grep -c . "$LAB/command.out")" = 2 ] || fail "command: $(cat "$LAB/command.out")"
jq -e '.author == "Somebody" and .any_usernames[0] and .event_uids[0]' "$LAB/command.out" >/dev/null || fail "the alert: $(cat "$LAB/command.out")"
python3 - "$LAB/hook/got" "$LAB/hook.key" <<'END' || fail "a signature is wrong"
import hashlib, hmac, json, sys
key = open(sys.argv[2]).read().strip().encode()
for entry in map(json.loads, open(sys.argv[1])):
    t, v = [x.split("=", 1)[1] for x in entry["headers"]["X-Countersign-Signature"].split(",")]
    assert v == hmac.new(key, t.encode() + b"." + entry["body"].encode(), hashlib.sha256).hexdigest()
    assert entry["headers"]["Idempotency-Key"] == json.loads(entry["body"])["uid"]
END
for route in new chat pager hook log never command; do nothing_left $route || fail "something is left for $route"; done

story "a receiver that fails in every way: tried again until it takes it, once"
for i in 1 2 3 4 5 6 7; do alert "failing$i" whoami; done
printf '%s\n' 500 close half '429 1' 404 200 >"$LAB/hook/how"
: >"$LAB/hook/got"
send
PATIENCE=120 wait_until "all have come" all_gone
unsend
body hook .user | sort -u | wc -l >"$LAB/out"
says 7
[ "$(body hook .user | wc -l)" = 7 ] || fail "something came twice: $(body hook .user | sort)"

story "one that does not answer is given up after its time, and the others do not wait for it"
echo hang >"$LAB/hook/how"
: >"$LAB/chat/got"
send
alert hanging
wait_until "the chat has it" got chat 1
[ "$(left hook)" = 1 ] || fail "the hook has it"
kill $PID_hook
echo 200 >"$LAB/hook/how"
receiver hook 8103
PATIENCE=60 wait_until "the hook has it, too" got hook 1
unsend

story "what a receiver refuses is kept, and the next goes on"
printf '400\n200\n' >"$LAB/hook/how"
: >"$LAB/hook/got"
alert refused
alert taken
once
[ "$(body hook .user)" = taken ] || fail "$(cat "$LAB/hook/got")"
[ "$(left dead/hook)" = 1 ] || fail "it is not kept"
grep -q refused "$Q"/dead/hook/*.json || fail "it is another one"

story "what cannot be handed out holds up nobody else"
: >"$LAB/hook/got"
echo 'no alert' >"$Q/new/00000000000000000001.json"
head -c 100000 /dev/zero | tr '\0' x >"$Q/new/00000000000000000002.json"
alert after
once
[ "$(body hook .user)" = after ] || fail "$(cat "$LAB/hook/got")"
[ "$(left dead/new)" = 2 ] || fail "they are not kept"
nothing_left new || fail "they are left"

story "a receiver that is down for long: all is there afterwards, in order"
kill $PID_hook
: >"$LAB/hook/got"
for i in 1 2 3 4 5; do alert "down$i"; done
once
[ "$(left hook)" = 5 ] || fail "$(left hook) are left"
receiver hook 8103
once
[ "$(body hook .user | tr '\n' ' ')" = 'down1 down2 down3 down4 down5 ' ] || fail "$(body hook .user | tr '\n' ' ')"

story "killed again and again: nothing is lost, and an idempotent receiver sees each once"
: >"$LAB/hook/got"
for i in $(seq 40); do alert "kill$i"; done
for _ in $(seq 15); do
  send
  sleep "0.0$((RANDOM % 9 + 1))"
  unsend -KILL
  pkill -KILL -f "$sender" 2>/dev/null
done
once
[ "$(jq -r '.headers["Idempotency-Key"]' "$LAB/hook/got" | sort -u | wc -l)" = 40 ] || fail "$(body hook .user | sort -u | wc -l) of 40"
for route in new chat hook; do nothing_left $route || fail "something is left for $route"; done

story "mistakes in the routes are said"
refuses() {
  printf '%s' "$1" >"$LAB/routes.json"
  once
  exits 2
  warns "$2"
}
refuses '{ "routes": [ { "name": "x", "to": "mail" } ] }' "'to' is one of"
refuses '{ "routes": [ { "name": "../x", "to": "syslog" } ] }' "a 'name' of letters"
refuses '{ "routes": [ { "name": "x", "to": "slack" } ] }' "a 'url' or 'url_file' is missing"
refuses '{ "routes": [ { "name": "x", "to": "slack", "url": "http://example.com/" } ] }' 'neither https:// nor of this host'
refuses '{ "routes": [ { "name": "x", "to": "syslog", "when": "now" } ] }' 'when'
refuses '{ "routes": [ { "name": "x", "to": "syslog" }, { "name": "x", "to": "syslog" } ] }' "its name is another's"
refuses '{ "routes": ' 'routes.json'

story "a queue that is full of bytes: the detector says so and ends"
mkdir "$LAB/full"
mount -t tmpfs -o size=64k,nr_inodes=12 tmpfs "$LAB/full"
mkdir "$LAB/full/q"
: >"$LAB/many"
for i in $(seq 40); do printf '{"event":"session.command","time":"2026-11-26T09:30:00Z","user":"u%s","path":"/usr/bin/nmap","argv0":"x"}\n' "$i" >>"$LAB/many"; done
runs countersign-detect run --rules "$LAB/rule.yml" --queue "$LAB/full/q" "$LAB/many"
exits 3
warns 'cannot queue an alert'
story "what could not be queued has not been told: the next start tells it"
touch "$LAB/full/q/new/"{a..z} 2>/dev/null
rm -f "$LAB/full/q/new/"*.json
touch "$LAB/full/q/new/"{a..z} 2>/dev/null
head -n 1 "$LAB/many" >"$LAB/one"
again() { countersign-detect run --follow --state "$LAB/state" --rules "$LAB/rule.yml" --queue "$LAB/full/q" -o /dev/null "$LAB/one" 2>/dev/null; }
again
[ $? = 3 ] || fail "it does not end"
rm -f "$LAB/full/q/new/"?
again &
detector=$!
wait_until "it is queued" bash -c "ls $LAB/full/q/new/*.json"
kill $detector
wait $detector
umount "$LAB/full"
kill $PID_chat $PID_pager $PID_hook
