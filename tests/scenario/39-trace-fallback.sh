# Where eBPF cannot be had: audit beside auditd, audit alone, the process
# connector. What each shows, and that it takes back what it has set.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "demanding": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "enhanced_recording": "required" } },
    "web": { "allow": { "logins": ["alice", "deploy", "root"], "node_labels": { "*": ["*"] } } } } }
END2
issue alice web
issue bob web
issue demanding demanding
chmod 755 "$LAB"

# ask COMMAND: what it says outside
ask() {
  rm -f "$LAB/answer" "$LAB/answered"
  outside "{ $1; } >'$LAB/answer' 2>&1; touch '$LAB/answered'"
  wait_until "it answers" test -e "$LAB/answered"
  cat "$LAB/answer"
}

# start_trace LEVEL: outside, where the kernel allows it
start_trace() {
  LEVEL=$1
  rm -f "$LAB/trace.pid"
  outside "echo \$\$ >$LAB/trace.pid; exec /usr/libexec/countersign/trace --level $LEVEL 2>$LAB/trace.err"
  wait_until "trace listens" test -S /run/countersign/trace.sock
}
# kill_outside PIDFILE [SIGNAL]: and until it is gone
kill_outside() {
  ask "kill ${2--TERM} $(cat "$1"); while [ -e /proc/$(cat "$1") ]; do sleep 0.05; done"
}
stop_trace() {
  kill_outside "$LAB/trace.pid" "${1--TERM}"
  rm -f /run/countersign/trace.sock
}
rules() { ask 'auditctl -l | grep -c countersign'; }
ran() { event ".event==\"session.command\" and $1"; }
commands() { events ".event==\"session.command\" and $1" | jq -r '[.argv0] + .argv | join(" ")'; }
# lies: does /proc say what was run, and not the kernel
lies() { [ "$LEVEL" = proc_connector ]; }
ended() {
  event '.event=="connection.end"'
  settled
}

# Programs that stay a moment, so that /proc can say what they are.
printf '#!/bin/sh\n/bin/sleep 0.3\n' >/home/deploy/script
chmod 755 /home/deploy/script
gcc -O2 -D_GNU_SOURCE -pthread -o "$LAB/leader" "$here/leader.c"
python3 -m http.server -b 127.0.0.1 8000 >/dev/null 2>&1 &

fallback() {
  story "$LEVEL: commands, their ends, whose they are"
  fresh
  as alice deploy -- 'sleep 0.31; ./script a "b c"; sh -c "sleep 0.32; exit 7"; sh -c "sleep 0.33; kill -9 \$\$"; cd /var/tmp; sleep 0.34'
  ended
  event ".event==\"session.start\" and .trace_level==\"$LEVEL\""
  event '.event=="session.end" and .enhanced_recording'
  ran '.argv==["0.31"] and .argv0=="sleep" and .path=="/usr/bin/sleep" and .program=="sleep" and .cwd=="/home/deploy" and .sid and .user=="alice@example.com" and .argc==2'
  ran '.argv==["-c","sleep 0.32; exit 7"]'
  ran '.argv==["0.34"] and .cwd=="/var/tmp"'
  id=$(id -u deploy)
  ran ".argv==[\"0.34\"] and .uid_real==$id and .uid_effective==$id"
  event '.event=="session.process_exit" and .exit_code==7'
  event '.event=="session.process_exit" and .signal=="KILL"'
  event '.event=="session.process_exit" and .duration_ms>=300 and .duration_ms<700'
  if lies; then
    [ -z "$(events '.event=="session.command" and .argv_reliable!=false')" ] || fail "its arguments are called reliable"
  else
    ran '.script=="./script" and .program=="dash" and .argv==["./script","a","b c"]'
    [ -z "$(events '.event=="session.command" and .argv_reliable==false')" ] || fail "its arguments are called unreliable"
  fi

  story "$LEVEL: two at once, each one's own"
  fresh
  for name in alice bob; do
    for i in 1 2 3; do
      ssh -F "$LAB/ssh_config" -i "$LAB/keys/$name" -l deploy web1 "for i in 1 2 3; do sh -c 'sleep 0.1; :' $name-$i-\$i; done" >/dev/null &
      clients[i]=$!
      [ $name = alice ] && first[i]=$!
    done
  done
  wait "${clients[@]}" "${first[@]}"
  settled
  for name in alice bob; do
    wait_until "all of $name's are told" bash -c "[ \"\$(jq -c 'select(.event==\"session.command\" and .user==\"$name@example.com\" and (.argv[2]//\"\"|startswith(\"$name-\")) and .sid)' $EVENTS | wc -l)\" = 9 ]"
    [ -z "$(events ".event==\"session.command\" and .user!=\"$name@example.com\" and (.argv[2]//\"\"|startswith(\"$name-\"))")" ] || fail "somebody else has $name's"
  done

  story "$LEVEL: strange arguments, many, and long ones"
  fresh
  as alice deploy -- 'sh -c "sleep 0.3; :" "two
lines" "$(printf "\033[31m\303\274 \377 \042q\042 \\\\")" ""; sh -c "sleep 0.3; :" $(seq 3000); sh -c "sleep 0.3; :" "$(head -c 100000 /dev/zero | tr "\0" x)"'
  ended
  ran '.argv[2]=="two\nlines" and (.argv[3]|startswith("\u001b[31mü ")) and (.argv[3]|endswith(" \"q\" \\")) and .argv[4]==""'
  if ! lies; then
    ran '.argv[2]=="1" and .argc==3003'
    all=$(for id in $(events '.event=="session.command" and .argv[2]=="1"' | jq .exec_id); do
      events "(.event==\"session.command\" or .event==\"session.command.args\") and .exec_id==$id" | jq -r '.argv[]'
    done | grep -c '^[0-9]*$')
    [ "$all" = 3000 ] || fail "$all of 3000 arguments"
    ran '.argv_bytes>100000'
  fi

  story "$LEVEL: what has no file, what leaves its session, what outlives it"
  fresh
  cp /bin/sleep /home/deploy/gone
  chmod 755 /home/deploy/gone
  as alice deploy -- 'python3 -c "
import os, time
fd = os.memfd_create(\"hidden\")
os.write(fd, open(\"/bin/sleep\", \"rb\").read())
if os.fork() == 0: os.execve(fd, [\"hidden\", \"0.3\"], {})
os.wait()"; setsid nohup sleep 0.35 >/dev/null 2>&1 </dev/null & sleep 0.1'
  ran '.fileless and .argv==["0.3"] and (.path|startswith("memfd:hidden"))'
  ran '.argv==["0.35"] and .sid'
  event '.event=="connection.end"'
  wait_until "it has ended" bash -c '! pgrep -u deploy sleep'
  settled

  story "$LEVEL: after the logout, with nobody else there, and without its first thread"
  fresh
  as alice deploy -- "setsid nohup sh -c 'sleep 1; sleep 0.51; $LAB/leader /bin/sleep 0.52' >/dev/null 2>&1 </dev/null &"
  event '.event=="connection.end"'
  for argument in 0.51 0.01 0.52; do
    wait_until "$argument is told" bash -c "jq -e 'select(.event==\"session.command\" and .argv==[\"$argument\"] and .sid and .user==\"alice@example.com\")' $EVENTS | grep -q ."
  done
  event '.event=="session.process_exit" and .duration_ms>1900'
  settled

  story "$LEVEL: connections"
  fresh
  as alice deploy -- 'curl -s -o /dev/null http://127.0.0.1:8000/; curl -s http://127.0.0.1:1/; :'
  ended
  if lies; then
    no_event '.event=="session.network"'
  else
    event '.event=="session.network" and .dst_addr=="127.0.0.1" and .dst_port==8000 and .operation==0 and .version==4 and .program=="curl" and .sid'
    event '.event=="session.network" and .dst_port==1'
  fi

  story "$LEVEL: a role that demands tracing"
  fresh
  as demanding deploy -- 'echo in'
  if lies; then
    exits 255
    event '.event=="session.rejected" and .reason=="not_traced"'
  else
    says in
    ended
  fi

  story "$LEVEL: killed in the middle, and started again"
  fresh
  ssh_stays bob deploy -- 'sleep 1; sh -c "sleep 0.41; :"; while ! [ -e go ]; do sleep 0.1; done; sh -c "sleep 0.42; :"'
  ran '.argv==["1"]'
  stop_trace -KILL
  start_trace "$LEVEL"
  event '.event=="audit.gap" and (.reason|test("older than trace"))' || fail "no gap"
  touch /home/deploy/go
  ran '.argv==["-c","sleep 0.42; :"] and .sid and .user=="bob@example.com"'
  wait "$CLIENT"
  rm -f /home/deploy/go
  ended
}

# On a machine that is a container nothing of this can be had, and that is what
# is said.
if [ "$(ask 'readlink /proc/self/ns/pid')" != 'pid:[4026531836]' ]; then
  story "not the kernel's first PID namespace: each level says that it cannot"
  for level in audit_multicast audit_unicast proc_connector; do
    ask "/usr/libexec/countersign/trace --level $level; echo \"status \$?\"" | grep -q 'status 1' || fail "$level can"
  done
  return 0
fi

before=$(ask 'auditctl -s | grep -vE "^(lost|backlog|backlog_wait_time_actual) "')

start_trace proc_connector
fallback
stop_trace

start_trace audit_unicast
fallback
[ "$(rules)" -gt 0 ] || fail "there are no rules while it runs"
story "a second one, and a look at what there is, change nothing"
had=$(rules)
ask '/usr/libexec/countersign/trace --check; /usr/libexec/countersign/trace; echo "status $?"' >"$LAB/said"
grep -q 'another one is running' "$LAB/said" && grep -q 'status 1' "$LAB/said" || fail "$(cat "$LAB/said")"
[ "$(rules)" = "$had" ] || fail "$(rules) rules of $had"
story "rules that somebody else removes are made again, and that is told"
fresh
ssh_stays alice deploy -- 'sleep 8; sleep 0.61'
ran '.argv==["8"]'
ask 'auditctl -D' >/dev/null
ran '.argv==["0.61"]' || sleep 3
wait_until "it is told" bash -c "jq -e 'select(.argv==[\"0.61\"])' $EVENTS | grep -q ."
event '.event=="audit.gap"'
wait "$CLIENT"
ended
stop_trace
[ "$(rules)" = 0 ] || fail "rules are left: $(ask 'auditctl -l')"
[ "$(ask 'auditctl -s | grep -vE "^(lost|backlog|backlog_wait_time_actual) "')" = "$before" ] || fail "audit is not as it was: $(ask 'auditctl -s')"

outside "mkdir -p /run/audit; echo \$\$ >$LAB/auditd.pid; exec auditd -n -s enable >$LAB/auditd.err 2>&1"
auditd_is_there() { ask 'auditctl -s' | grep -q '^pid [1-9]'; }
wait_until "auditd is there" auditd_is_there
start_trace audit_multicast
fallback
story "auditd goes on having what is its own"
ask 'auditctl -s' | grep -q "^pid $(cat "$LAB/auditd.pid")" || fail "auditd was put out"
grep -q 'type=EXECVE' /var/log/audit/audit.log || fail "auditd has heard nothing"
stop_trace
[ "$(rules)" = 0 ] || fail "rules are left: $(ask 'auditctl -l')"
story "rules that would keep ours from working: it says that it cannot"
ask 'auditctl -a task,never' >/dev/null
ask '/usr/libexec/countersign/trace --level audit_multicast; echo "status $?"' >"$LAB/said"
ask 'auditctl -D' >/dev/null
grep -q 'status 1' "$LAB/said" || fail "$(cat "$LAB/said")"
kill_outside "$LAB/auditd.pid"
ask "auditctl -e $(sed -n 's/^enabled //p' <<<"$before")" >/dev/null

story "a level that cannot be had is said, with the reason"
ask '/usr/libexec/countersign/trace --level audit_multicast; echo "status $?"' >"$LAB/said"
grep -q 'status 1' "$LAB/said" || fail "$(cat "$LAB/said")"
/usr/libexec/countersign/trace --level nonsense 2>"$LAB/err"
[ $? = 2 ] || fail "a level that there is not"
