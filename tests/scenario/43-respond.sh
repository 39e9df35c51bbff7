# What rules ask for is done: connections end, people are locked, commands run; or
# only said, or refused, by what the host lets them.
# shellcheck shell=bash

issue alice web
issue bob web
CONF=/etc/countersign/detect/respond.json
Q=/var/spool/countersign-respond
LOCKS=/var/lib/countersign/locks.d
responder=/usr/libexec/countersign/responder
mkdir -p /etc/countersign/detect
chown root:_countersign-detect /etc/countersign/detect

# rule WORD RESPONSE: whoever runs a command with the word in it
rule() {
  cat >"$LAB/rules/$1.yml" <<RULE
title: Says $1
id: $(printf %s "$1" | md5sum | sed 's/^\(.\{8\}\)\(....\)\(....\)\(....\)\(.\{12\}\).*/\1-\2-\3-\4-\5/')
level: high
logsource: { product: countersign, service: session.start }
detection:
  s: { initial_command|contains: $1 }
  condition: s
countersign:
  dedup: [user, connection_id]
  respond: [$2]
RULE
}
mkdir "$LAB/rules"
rule bomb '{end: connection}'
rule thief '{lock: user, for: 1h}'
rule nurse '{run: nurse}'
rule nobody '{run: nobody}'
rule fails '{run: fails}'
rule both '{end: connection}, {lock: login, for: 2h}'
detect() {
  setpriv --reuid=_countersign-detect --regid=_countersign-detect --groups="$(getent group adm | cut -d: -f3)" \
    countersign-detect run --follow --state "$LAB/detect/state" --rules "$LAB/rules" --respond $Q -o "$LAB/detect/alerts" $EVENTS &
  DETECT=$!
}
respond() {
  $responder &
  RESPONDER=$!
}
done_with() {
  kill -TERM $RESPONDER $DETECT
  wait $RESPONDER $DETECT 2>/dev/null
}
# outcome WORD OUTCOME [REASON]: what was said of the rule's response
outcome() { event ".event==\"respond\" and .rule_title==\"Says $1\" and .outcome==\"$2\" and ((.reason // \"\")|test(\"${3-}\"))"; }
# put NUMBER FILE: into the queue, whole at once
put() {
  install -o _countersign-detect -m 600 "$2" "$Q/new/.$1"
  mv "$Q/new/.$1" "$Q/new/0000000000000000000$1-1.json"
}
no_locks() { [ -z "$(ls $LOCKS)" ]; }
nothing_waits() { [ -z "$(ls $Q/new)" ]; }
install -d -o _countersign-detect -g _countersign-detect "$LAB/detect"
chmod 755 "$LAB"

story "without a respond.json everything is only said"
detect
respond
ssh_stays alice deploy -- 'echo bomb; sleep 41'
outcome bomb dry_run
as bob deploy -- 'echo thief'
outcome thief dry_run
no_locks || fail "a lock was made"
kill -0 $CLIENT || fail "the connection has ended"
as bob deploy -- 'echo nobody'
outcome nobody refused "'commands' has none of this name"
event '.event=="respond" and .code=="CS110I" and .user=="alice@example.com" and .action=="end" and .connection_id==.what'

story "a connection is ended, with the rule's name for a reason"
kill -TERM $RESPONDER
wait $RESPONDER
printf '#!/bin/sh\nid -un >>%s\ncat >>%s\n' "$LAB/detect/nurse" "$LAB/detect/nurse" >"$LAB/nurse"
printf '#!/bin/sh\nexit 3\n' >"$LAB/fails"
chmod 755 "$LAB/nurse" "$LAB/fails"
cat >$CONF <<JSON
{ "comment": "all of it", "enforce": ["end", "lock", "run"],
  "exempt": ["carol@*"],
  "commands": { "nurse": ["$LAB/nurse"], "fails": ["$LAB/fails"] } }
JSON
respond
pkill -f '^sleep 41'
wait $CLIENT
fresh
ssh_stays alice deploy -- 'echo bomb again; sleep 42'
outcome bomb 'done'
event '.event=="client.disconnect" and .user=="alice@example.com" and (.reason|test("Says bomb.*alert [0-9a-f-]{36}"))'
wait $CLIENT
[ $? = 255 ] || fail "ssh did not see the end"
pkill -f '^sleep 42' # survivors are kept, as the role says

story "a user is locked for a time: what is open ends, and no login comes after it"
fresh
ssh_stays alice deploy -- 'echo thief; sleep 43'
outcome thief 'done'
event '.event=="lock.created" and .target.user=="alice@example.com" and .updated_by=="countersign-detect"'
event '.event=="client.disconnect" and .user=="alice@example.com" and (.reason|test("locked"))'
wait $CLIENT
pkill -f '^sleep 43'
as alice deploy -- true
refused
as bob deploy -- true
exits 0
name=$(basename "$LOCKS"/detect-*.json .json)
jq -e '(.expires|fromdateiso8601) - now | . > 3500 and . <= 3600' "$LOCKS/$name.json" >/dev/null || fail "not for an hour: $(cat "$LOCKS/$name.json")"
[ "$(stat -c '%a %U %G' "$LOCKS/$name.json")" = '640 root _countersign' ] || fail "not readable by the helper"

story "killed before it was said: the same alert makes no second lock"
nothing_waits || fail "something is left"
kill -KILL $RESPONDER
wait $RESPONDER 2>/dev/null
jq -c 'select(.rule_title=="Says thief" and .event=="alert" and .user=="alice@example.com")' "$LAB/detect/alerts" | tail -n 1 >"$LAB/again.json"
put 1 "$LAB/again.json"
respond
wait_until "it is taken" nothing_waits
sleep 0.3
[ "$(find $LOCKS -name 'detect-*' | wc -l)" = 1 ] || fail "two locks"
[ "$(count_events '.event=="lock.created"')" = 1 ] || fail "said twice"

story "what has ended is cleared away"
jq '.expires="2020-01-01T00:00:00Z"' "$LOCKS/$name.json" >"$LAB/old.json"
install -m 640 -g _countersign "$LAB/old.json" "$LOCKS/$name.json"
printf '{"name":"by-hand","target":{"user":"x@example.com"},"expires":"2020-01-01T00:00:00Z"}' >"$LAB/old.json"
install -m 640 -g _countersign "$LAB/old.json" "$LOCKS/by-hand.json"
kill -TERM $RESPONDER
wait $RESPONDER
respond
event ".event==\"lock.deleted\" and .name==\"$name\""
[ -e "$LOCKS/by-hand.json" ] || fail "somebody else's lock is gone"
rm "$LOCKS/by-hand.json"
as alice deploy -- true
exits 0

story "a command gets the alert on its standard input, as another account"
fresh
as bob deploy -- 'echo nurse'
outcome nurse started
outcome nurse 'done'
head -n 1 "$LAB/detect/nurse" >"$LAB/out"
says _countersign-detect
sed 1d "$LAB/detect/nurse" | jq -e '.rule_title=="Says nurse" and .user=="bob@example.com"' >/dev/null || fail "no alert: $(cat "$LAB/detect/nurse")"
as bob deploy -- 'echo fails'
outcome fails refused 'exit status 3'

story "a command that runs when the responder is killed is run again"
printf '#!/bin/sh\ncat >/dev/null\necho begun >>%s\nsleep 3\necho ended >>%s\n' "$LAB/detect/slow" "$LAB/detect/slow" >"$LAB/slow"
chmod 755 "$LAB/slow"
kill -TERM $RESPONDER
wait $RESPONDER
jq ".commands.nurse=[\"$LAB/slow\"]" $CONF >"$LAB/conf" && cat "$LAB/conf" >$CONF
respond
as bob deploy -- 'echo nurse again'
wait_until "it has begun" test -s "$LAB/detect/slow"
kill -KILL $RESPONDER
pkill -f "$LAB/slow"
wait $RESPONDER 2>/dev/null
respond
event '.event=="respond" and .rule_title=="Says nurse" and .outcome=="done" and .action=="run"'
wait_until "it has ended" grep -q ended "$LAB/detect/slow"
[ "$(grep -c begun "$LAB/detect/slow")" = 2 ] || fail "not run again: $(cat "$LAB/detect/slow")"
wait_until "it is out of the queue" nothing_waits

story "those that cannot be done hold up nobody"
for i in $(seq 10 69); do
  jq -c ".uid=\"0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd29$i\" | .time=(now|todateiso8601) | .respond=[{action:\"run\",what:\"nurse\"}]" "$LAB/again.json" >"$LAB/given.json"
  install -o _countersign-detect -m 600 "$LAB/given.json" "$Q/new/.slow"
  mv "$Q/new/.slow" "$Q/new/000000000000000000$i-1.json"
done
jq -c '.uid="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2999" | .time=(now|todateiso8601) | .user="late@example.com"' "$LAB/again.json" >"$LAB/given.json"
put 9 "$LAB/given.json"
mv "$Q/new/00000000000000000009-1.json" "$Q/new/00000000000000000099-1.json"
event '.event=="respond" and .what=="user late@example.com" and .outcome=="done"'
rm $LOCKS/detect-*.json
rm -f $Q/new/*.json
no_slow() { ! pgrep -f "^/bin/sh $LAB/slow"; }
wait_until "no command runs" no_slow

story "several at once, each by itself"
fresh
ssh_stays alice deploy -- 'echo both; sleep 44'
event '.event=="respond" and .action=="end" and .outcome=="done"'
event '.event=="respond" and .action=="lock" and .outcome=="done" and .what=="login deploy"'
wait $CLIENT
pkill -f '^sleep 44'
as bob deploy -- true
refused
rm "$LOCKS"/detect-*.json

# given ALERT-JQ: an alert as a detector could have written it
given() {
  rm -f "$LAB/given.json"
  jq -nc "{event:\"alert\",time:(now|todateiso8601),uid:\"0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd28ec\",rule_id:\"r1\",rule_title:\"Given\",level:\"high\",user:\"dan@example.com\",login:\"deploy\",respond:[{action:\"lock\",what:\"user\",for_s:3600}]} | $1" >"$LAB/given.json"
  put 2 "$LAB/given.json"
  wait_until "it is taken" test ! -e $Q/new/00000000000000000002-1.json
}
said() { event ".event==\"respond\" and .outcome==\"$1\" and ((.reason // \"\")|test(\"$2\"))"; }

story "what is not let is refused, with why"
fresh
given '.user="carol@example.com"'
said refused "'exempt'"
given '.time="2026-01-01T00:00:00Z"'
said refused "over 'max_age'"
given '.server_hostname="db7"'
said refused 'of another host'
given 'del(.user)'
said refused 'says no user'
given '.respond[0].what="host"'
said refused 'a lock is of'
given '.respond=[{action:"end",what:"connection"}]'
said refused 'of no connection'
given '.respond=[{action:"end",what:"connection"}] | .connection_id="../../../../tmp/x"'
[ "$(count_events '.event=="respond" and (.reason|test("of no connection"))')" = 2 ] || fail "a path for a connection"
given '.respond=[{action:"end",what:"connection"}] | .connection_id="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd28ec"'
said nothing 'not open on this host'
given '.respond[0].what="serial" | .serial=7 | del(.user)'
said refused "says no user, and there is an 'exempt'"
given '.respond=[{action:"erase",what:"disk"}]'
[ -z "$(events '.event=="respond" and .what=="disk"')" ] || fail "what is no action has an outcome"
no_locks || fail "a lock was made: $(ls $LOCKS)"

story "an exempt person's connection does not end because an alert says another's name, or none"
kill -TERM $RESPONDER
wait $RESPONDER
fresh
echo '{ "enforce": ["end"], "exempt": ["bob@*"] }' >$CONF
respond
ssh_stays bob deploy -- 'sleep 45'
event '.event=="session.start" and .user=="bob@example.com"'
connection=$(events '.event=="session.start" and .user=="bob@example.com"' | jq -r .connection_id)
for who in 'del(.user)' '.user="eve@example.com"'; do
  given "$who | del(.login) | .respond=[{action:\"end\",what:\"connection\"}] | .connection_id=\"$connection\""
done
wait_until "both are refused" test 2 = "$(count_events '.event=="respond" and .outcome=="refused" and (.reason|test("has its user or login"))')"
kill -0 $CLIENT || fail "the connection has ended"
pkill -f '^sleep 45'
wait $CLIENT

story "no more locks than are let, and none for longer"
kill -TERM $RESPONDER
wait $RESPONDER
fresh
echo '{ "enforce": ["lock"], "max_locks": 2, "max_lock": "10m", "rules": ["r*"] }' >$CONF
respond
given '.uid="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2801"'
given '.uid="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2802"'
given '.uid="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2803"'
said refused "'max_locks' locks"
[ "$(find $LOCKS -name 'detect-*' | wc -l)" = 2 ] || fail "$(ls $LOCKS)"
jq -es 'all((.expires|fromdateiso8601) - now <= 600)' $LOCKS/detect-*.json >/dev/null || fail "over ten minutes"
rm $LOCKS/detect-*.json
given '.rule_id="other"'
said refused "'rules' does not have this rule"
given '.respond=[{action:"end",what:"connection"}] | .connection_id="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd28ec"'
said dry_run ''

story "what fails is tried again until it can be done"
fresh
mv $LOCKS $LOCKS.away
echo in the way >$LOCKS
jq -nc '{event:"alert",time:(now|todateiso8601),uid:"0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2804",rule_id:"r1",rule_title:"Given",user:"dan@example.com",respond:[{action:"lock",what:"user",for_s:3600}]}' >"$LAB/given.json"
put 3 "$LAB/given.json"
said failed ''
sleep 6
rm $LOCKS
mv $LOCKS.away $LOCKS
said 'done' ''
[ "$(count_events '.event=="respond" and .outcome=="failed"')" = 1 ] || fail "said more than once"
wait_until "it is out of the queue" nothing_waits
rm $LOCKS/detect-*.json

story "of more that fail than are kept in mind, the oldest is given up, and said to be"
mv $LOCKS $LOCKS.away
echo in the way >$LOCKS
for i in $(seq 100 369); do
  printf '{"event":"alert","time":"%s","uid":"0b7fdd5a-4a24-8ffa-bf8c-7a94e2f29%s","rule_id":"r1","rule_title":"Given","user":"dan%s@example.com","respond":[{"action":"lock","what":"user","for_s":3600}]}\n' \
    "$(date -u +%FT%TZ)" "$i" "$i" >"$LAB/given.json"
  install -o _countersign-detect -m 600 "$LAB/given.json" "$Q/new/.$i"
  mv "$Q/new/.$i" "$Q/new/00000000000000000$i-1.json"
done
given_up() { [ "$(count_events '.event=="respond" and .outcome=="refused" and .reason=="given up: too many others wait"')" -ge 14 ]; }
wait_until "fourteen are given up" given_up
[ "$(find $Q/new -name '*.json' | wc -l)" = 256 ] || fail "not 256 left: $(find $Q/new -name '*.json' | wc -l)"
rm $LOCKS
mv $LOCKS.away $LOCKS
wait_until "the others are done with" nothing_waits
[ "$(find $LOCKS -name 'detect-*' | wc -l)" = 2 ] || fail "max_locks does not hold: $(ls $LOCKS)"
rm $LOCKS/detect-*.json

story "what stands in the queue leads nowhere"
echo keep >/var/lib/countersign/keep.json
ln -s /var/lib/countersign/keep.json $Q/new/1.json
mkfifo $Q/new/2.json
mkdir $Q/new/7.json
echo 'no json' >$Q/new/3.json
head -c 100000 /dev/zero | tr '\0' x >$Q/new/4.json
echo '[1]' >$Q/new/5.json
echo '{"respond":[{"action":"lock"}],"uid":7}' >$Q/new/6.json
files_wait() { [ -n "$(find $Q/new -type f)" ]; }
no_file_waits() { ! files_wait; }
wait_until "what is no alert is thrown away" no_file_waits
given '.uid="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2806" | .level="low"'
said 'done' ''
rm $LOCKS/detect-*.json
rm -r $Q/new/[127].json
[ -e /var/lib/countersign/keep.json ] || fail "what a link led to is gone"
no_locks || fail "a lock was made"
kill -TERM $RESPONDER
wait $RESPONDER

story "a queue that others can replace is not used; nor a configuration that others could write"
chmod 777 $Q
runs $responder --once
exits 3
warns "it has to be root's"
chmod 755 $Q
mv $Q/new $Q/away
runs $responder --once
exits 3
mv $Q/away $Q/new
chmod 666 $CONF
runs $responder --check
exits 2
warns "others than root could have written it"
chmod 644 $CONF
echo '{ "enforce": ["destroy"] }' >$CONF
runs $responder --check
exits 2
warns 'respond.json:1:.*end, lock, run'
for bad in '"[ab]lice@*"' '"{oncall,root}@example.com"' '"/(/"' '""'; do
  echo "{ \"exempt\": [$bad] }" >$CONF
  runs $responder --check
  exits 2
done
runs $responder --check --config /nonexistent.json
exits 2
warns 'No such file'
echo "{ \"lock_requests\": { \"dir\": \"$LAB/detect\", \"key\": \"/etc/k\" } }" >$CONF
runs $responder --check
exits 2
warns "has to be there, root's"
echo '{ "commands": { "x": ["relative"] } }' >$CONF
runs $responder --check
exits 2
warns 'begins with a path'

story "a lock for all hosts is requested of the policy's owner, signed"
fresh
mkdir -m 755 "$LAB/requests"
ssh-keygen -q -t ed25519 -N '' -C detector -f "$LAB/detector_key"
cat >$CONF <<JSON
{ "enforce": ["lock"], "lock_requests": { "dir": "$LAB/requests", "key": "$LAB/detector_key" } }
JSON
respond
given '.server_hostname="db7" | .uid="0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2805"'
said 'done' ''
no_locks || fail "a lock for another host was made here"
request=$LAB/requests/detect-0b7fdd5a-4a24-8ffa-bf8c-7a94e2fd2805-0.json
echo "detector $(cat "$LAB/detector_key.pub")" >"$LAB/signers"
ssh-keygen -Y verify -n lock@countersign -f "$LAB/signers" -I detector -s "$request.sig" <"$request" >/dev/null || fail "the signature is not good"
lock() { runs countersign policy lock "$@"; }
cp /var/lib/countersign/policy.json "$LAB/policy.json"
lock --key "$LAB/detector_key.pub" "$LAB/policy.json" "$request"
exits 0
jq -e '.version==2 and .locks[0].target.user=="dan@example.com" and .roles.web' "$LAB/out" >/dev/null || fail "not in the policy: $(cat "$LAB/out")"
lock --key "$LAB/detector_key.pub" -w "$LAB/policy.json" "$request"
exits 0
lock --key "$LAB/detector_key.pub" -q -w "$LAB/policy.json" "$request"
exits 0
silent
[ "$(jq .version "$LAB/policy.json")" = 2 ] || fail "twice"
countersign policy check "$LAB/policy.json" || fail "no good policy"
jq '.name="gone" | .expires="2020-01-01T00:00:00Z"' "$request" >"$LAB/requests/gone.json"
ssh-keygen -q -Y sign -n lock@countersign -f "$LAB/detector_key" "$LAB/requests/gone.json"
lock --key "$LAB/detector_key.pub" "$LAB/policy.json" "$LAB/requests/gone.json"
exits 0
warns 'gone: has ended, passed over'
lock --key "$LAB/keys/alice.pub" "$LAB/policy.json" "$request"
exits 1
sed -i 's/dan@/ann@/' "$request"
lock --key "$LAB/detector_key.pub" "$LAB/policy.json" "$request"
exits 1
echo '{ "name": "x", "target": { "user": "a@b" } }' >"$LAB/requests/x.json"
ssh-keygen -q -Y sign -n lock@countersign -f "$LAB/detector_key" "$LAB/requests/x.json"
lock --key "$LAB/detector_key.pub" "$LAB/policy.json" "$LAB/requests/x.json"
exits 1
warns 'it has no end'
done_with
