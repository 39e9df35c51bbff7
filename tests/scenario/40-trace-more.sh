# What is done to files, which ports are bound, and commands by way of what
# people use to look at others' or become others.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "web": { "allow": { "logins": ["alice", "deploy", "root"], "node_labels": { "*": ["*"] } } } } }
END2
issue alice web
issue bob web
chmod 755 "$LAB"
watched=$LAB/watched
mkdir -m 777 "$watched" "$watched/deep"
printf 'TraceIgnore /usr/bin/true\nTraceUnixSockets yes\nTracePath %s\nTracePath %s\nTracePath /home/deploy/.ssh\nTracePath /etc/motd\n' "$watched" "$LAB/later/on" >>/etc/countersign/node.conf
mkdir -m 777 "$LAB/later"
start_trace() {
  /usr/libexec/countersign/trace 2>"$LAB/trace.err" &
  TRACE=$!
  wait_until "trace listens" test -S /run/countersign/trace.sock
}
start_trace

# disk: what was done, a line each: action, path or target
disk() { events '.event=="session.disk"' | jq -r '[.action, .path // "-", .target_path // empty] | join(" ")' | sed "s|$LAB|LAB|g"; }
did() { event ".event==\"session.disk\" and $1"; }
ran() { event ".event==\"session.command\" and $1"; }
ended() {
  event '.event=="connection.end"'
  settled
}

story "it says which paths"
event ".event==\"trace.start\" and (.paths|length)==4"

story "files are made, written, renamed, changed, removed"
fresh
as alice deploy -- "cd $watched; echo x >a; mv a b; chmod 600 b; cat b >/dev/null; echo y >>b; rm b; mkdir d; rmdir d; ln -s /etc/passwd l; rm l"
ended
sleep 0.1
diff - <(disk | grep -v ' setstat-only') <<'END2' || fail "something else is told"
create LAB/watched/a
write LAB/watched/a
rename LAB/watched/a LAB/watched/b
setstat LAB/watched/b
write LAB/watched/b
remove LAB/watched/b
mkdir LAB/watched/d
rmdir LAB/watched/d
create LAB/watched/l
remove LAB/watched/l
END2
did '.action=="rename" and .user=="alice@example.com" and .login=="deploy" and .sid and .pid>1'
did '.program=="mv" or .program==null'

story "not by others, not elsewhere, not what is only read"
fresh
touch "$watched/mine"
rm "$watched/mine"
echo hello >"$watched/kept"
chmod 666 "$watched/kept"
as alice deploy -- "cat $watched/kept; ls -R $watched; touch /tmp/elsewhere-\$\$; rm /tmp/elsewhere-\$\$; touch $LAB/watched-not 2>/dev/null; :"
ended
no_event '.event=="session.disk"'

story "folders that come, that are moved within, out and in, and what is in them"
fresh
mkdir -m 777 "$LAB/free" "$LAB/free/outside"
echo 1 >"$LAB/free/outside/f"
chown -R deploy: "$LAB/free/outside"
as alice deploy -- "cd $watched; mkdir -p n/m/o; sleep 0.3; echo x >n/m/o/file; mv n k; sleep 0.3; echo y >k/m/o/other; mv k $LAB/free/outside/; sleep 0.3; echo z >$LAB/free/outside/k/m/third; mv $LAB/free/outside $watched/in; sleep 0.3; echo w >in/f"
ended
did '.action=="write" and (.path|endswith("/watched/n/m/o/file"))'
did '.action=="rename" and (.path|endswith("/watched/n")) and (.target_path|endswith("/watched/k"))'
did '.action=="write" and (.path|endswith("/watched/k/m/o/other"))'
did '.action=="rename" and (.path|endswith("/watched/k"))'
no_event '.event=="session.disk" and ((.path//"")|endswith("third"))'
did '.action=="write" and (.path|endswith("/watched/in/f"))'

story "what is made at once in a folder that is new"
fresh
as alice deploy -- "cd $watched; for i in \$(seq 50); do mkdir q\$i && echo x >q\$i/f; done"
ended
for i in 1 25 50; do
  did "(.action==\"write\" or .action==\"create\" or .action==\"found\") and (.path|endswith(\"/q$i/f\"))"
done

story "paths that did not exist, a single file, a home's .ssh"
fresh
as alice deploy -- "mkdir -p $LAB/later/on; sleep 0.3; echo x >$LAB/later/on/x; echo y >$LAB/later/off; mkdir -p .ssh; sleep 0.3; echo key >>.ssh/authorized_keys"
as alice root -- 'echo welcome >/etc/motd; touch /etc/motd.other; rm /etc/motd.other'
ended
did '.action=="mkdir" and (.path|endswith("/later/on"))'
did '.action=="write" and (.path|endswith("/later/on/x"))'
no_event '.event=="session.disk" and (.path|endswith("off"))'
did '.action=="write" and .path=="/home/deploy/.ssh/authorized_keys"'
did '.action=="write" and .path=="/etc/motd" and .login=="root"'
no_event '.event=="session.disk" and (.path|test("motd.other"))'

story "a symlink in a folder's place is not followed"
fresh
as alice deploy -- "cd $watched; ln -s /etc etc; mkdir r; rmdir r; ln -s /etc/ssh r; sleep 0.3"
as alice root -- 'touch /etc/ssh/probe; rm /etc/ssh/probe'
did '.action=="create" and (.path|endswith("/watched/etc"))'
ended
no_event '.event=="session.disk" and ((.path//"")|test("probe"))'

story "by a process that ends before it is asked about"
fresh
as alice deploy -- "sh -c 'exec 3>$watched/held; kill -9 \$\$'; exec 4>$watched/last; sleep 0.1"
did '.action=="write" and (.path|endswith("/held"))'
did '.action=="write" and (.path|endswith("/last"))'
ended

story "strange names"
fresh
as alice deploy -- "cd $watched; touch 'two
lines' \"\$(printf 'esc\\033[31m \\303\\274 \\377')\" '\"quoted\"\\'"
ended
did '.action=="create" and (.path|endswith("/two\nlines"))'
did '.action=="create" and (.path|test("esc.*ü"))'

story "ports that are bound"
fresh
as alice deploy -- 'python3 -c "
import socket
s = socket.create_server((\"127.0.0.1\", 4711))
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.bind((\"::1\", 4712))"'
event '.event=="session.network" and .operation==3 and .src_addr=="127.0.0.1" and .src_port==4711 and .protocol=="tcp" and .program=="python3"'
event '.event=="session.network" and .operation==3 and .src_addr=="::1" and .src_port==4712 and .protocol=="udp" and .version==6'
ended

story "Unix sockets"
fresh
cat >"$LAB/unix.py" <<'END2'
import os, socket
at = f"/tmp/unix-{os.getpid()}"
for name in at, "\0abstract", "\0two\0parts":
    s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen()
    c = socket.socket(socket.AF_UNIX); c.connect(name)
os.unlink(at)
END2
as alice deploy -- "python3 $LAB/unix.py"
event '.event=="session.network" and .protocol=="unix" and .operation==0 and (.path|startswith("/tmp/unix-")) and .program=="python3" and .sid'
event '.event=="session.network" and .protocol=="unix" and .path=="@abstract"'
event '.event=="session.network" and .protocol=="unix" and .path=="@two\u0000parts"'
ended

story "sudo, su"
fresh
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy
as alice deploy -- 'sudo /bin/echo by sudo; sudo -u alice /bin/echo as alice; sudo sh -c "su alice -c \"/bin/echo by su\""'
ended
ran '.program=="sudo" and .setuid and .uid_effective==0'
ran '.argv==["by","sudo"] and .uid_real==0 and .user=="alice@example.com" and .login=="deploy" and .sid'
ran ".argv==[\"as\",\"alice\"] and .uid_real==$(id -u alice)"
ran ".argv==[\"by\",\"su\"] and .uid_real==$(id -u alice)"

story "strace, gdb, nmap"
fresh
as alice deploy -- 'strace -f -o /dev/null /bin/echo traced; gdb -q -batch -ex "run debugged" /bin/echo; nmap -n -Pn -p 1-20 127.0.0.1'
ended
ran '.program=="strace"'
ran '.argv==["traced"] and .path=="/usr/bin/echo"'
ran '(.argv==["debugged"] or (.argv[-1]|test("debugged")))'
ran '.program=="nmap"'
wait_until "each port is told" bash -c "[ \"\$(jq -c 'select(.event==\"session.network\" and .program==\"nmap\" and .dst_port<=20 and .dst_addr==\"127.0.0.1\").dst_port' $EVENTS | sort -u | wc -l)\" = 20 ]"

story "two megabytes of arguments"
fresh
as alice deploy -- 'ulimit -s unlimited; python3 -c "
import os
os.execv(\"/bin/uptime\", [\"uptime\"] + [\"x\" * 100000] * 20)"'
ran '.path=="/usr/bin/uptime" and .argv_bytes>2000000 and (.argv[0]|startswith("xxxx"))'
ended

story "one's own program in another's place: it is said, and not ignored"
fresh
cp /bin/echo /home/deploy/evil
chmod 755 /home/deploy/evil
as alice deploy -- 'true; unshare -Urm sh -c "mount --bind evil /usr/bin/true; /usr/bin/true ran"; python3 -c "
import os
fd = os.memfd_create(\"x/usr/bin/id\"); os.write(fd, open(\"/bin/echo\", \"rb\").read())
os.execve(fd, [\"in memory\"], {})"'
ended
ran '.path=="/usr/bin/true" and .argv==["ran"] and .other_mounts'
no_event '.event=="session.command" and .path=="/usr/bin/true" and (.other_mounts|not)'
no_event '.event=="session.command" and .other_mounts and (.program|IN("true","dash","mount")|not)'
ran '.argv0=="in memory" and .fileless and .path=="memfd:x/usr/bin/id" and .program=="memfd:x/usr/bin/id"'

story "a number that is another process's later, datagrams, ping"
fresh
sysctl -q -w net.ipv4.ping_group_range='0 2147483647'
as alice root -- 'sh -c "exec bash -c \"echo x >/dev/udp/127.0.0.9/53; echo \\\$\\\$ >pid\""; echo $(($(cat pid) - 1)) >/proc/sys/kernel/ns_last_pid; bash -c "echo y >/dev/udp/127.0.0.9/53; echo \$\$"; cat pid'
[ "$(sort -u "$LAB/out" | wc -l)" = 1 ] || fail "it did not get the number again: $(cat "$LAB/out")"
ended
two_sends() { [ "$(count_events '.event=="session.network" and .dst_addr=="127.0.0.9" and .protocol=="udp"')" = 2 ]; }
wait_until "both are told" two_sends
as alice deploy -- 'python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.sendto(b\"\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x00secret\", (\"127.0.0.1\", 0))"'
event '.event=="session.network" and .operation==2 and .protocol=="icmp" and .program=="python3" and .login=="deploy"'

story "many long commands: trace waits for the log, and nothing is lost"
fresh
cat >"$LAB/long.py" <<'END2'
import os
for i in range(200):
    if (pid := os.fork()) == 0: os.execv("/bin/uptime", ["long", "x" * 20000, "end"])
    os.waitpid(pid, 0)
END2
as alice deploy -- "python3 $LAB/long.py >/dev/null"
ended
all_long() { [ "$(count_events '.event=="session.command" and .argv0=="long"')" = 200 ]; }
wait_until "all are told" all_long
all_ends() { [ "$(count_events '.event=="session.command.args" and .argv[-1]=="end"')" = 200 ]; }
wait_until "all of each is told" all_ends
no_event '.event=="audit.gap"'

story "a process whose first thread has ended"
gcc -O2 -D_GNU_SOURCE -pthread -o "$LAB/leader" "$here/leader.c"
fresh
as alice deploy -- "$LAB/leader /bin/sh -c 'exit 9'; :"
sleep 0.5
ran '.argv==["0.01"] and .sid'
ran '.argv==["-c","exit 9"] and .sid'
event '.event=="session.process_exit" and .exit_code==9'
ended

story "the same again and again is told once, with how often; nothing else is mixed in"
fresh
cat >"$LAB/again.py" <<'END2'
import os, sys
# 1,000 alike, one that is not, 1,000 alike of which every third ends otherwise.
def run(*argv, path="/bin/sh"):
    if (pid := os.fork()) == 0: os.execv(path, argv)
    os.waitpid(pid, 0)
for i in range(1000): run("same", path="/bin/uptime")
run("long", "x" * 20000, path="/bin/uptime")
run("echo", "in between", path="/bin/echo")
for i in range(1000): run("sh", "-c", "exit $(($$ % 3))")
END2
as alice deploy -- "python3 $LAB/again.py"
ended
sum() { events "$1" | jq '.count // 1' | awk '{ n += $1 } END { print n + 0 }'; }
all_told() { [ "$(sum '.event=="session.command" and .argv0=="same"') $(sum '.event=="session.command" and .argv0=="sh" and .argv[1]=="exit $(($$ % 3))"')" = "1000 1000" ]; }
wait_until "each is told" all_told
events ".event==\"session.command\" and .argv0==\"same\"" | jq -c "[.time,.first,.count]" >"$LAB/out"
ran '.argv0=="same" and .count>100 and .first<.time'
[ "$(count_events '.event=="session.command" and .argv0=="same"')" -lt 200 ] || fail "they are not folded"
[ "$(events '.event=="session.command"' | jq -r '.argv0' | uniq | tail -n 4 | tr '\n' ' ')" = "same long echo sh " ] || fail "another order"
no_event '.event=="session.command" and .argv0=="long" and .count'
ends() { [ "$(sum '.event=="session.process_exit"')" -ge 2003 ]; }
wait_until "their ends are told" ends
for code in 0 1 2; do
  [ "$(sum ".event==\"session.process_exit\" and .exit_code==$code")" -gt 300 ] || fail "too few that ended with $code"
done
# Of another parent they are others.
fresh
as alice deploy -- 'for i in $(seq 150); do sh -c /bin/uptime; done'
ended
no_event '.event=="session.command" and .count'

story "without cgroup2: the connects of TCP, and what came of them"
kill $TRACE
wait $TRACE
rm -f /run/countersign/trace.sock
awk '$3 == "cgroup2" { print $2 }' /proc/self/mounts | xargs -r umount
python3 -m http.server -b 127.0.0.1 8000 >/dev/null 2>&1 &
start_trace
/usr/libexec/countersign/trace --check | grep -q "connections: yes (TCP's only" || fail "$(/usr/libexec/countersign/trace --check)"
fresh
as alice deploy -- 'curl -s -o /dev/null http://127.0.0.1:8000/; echo x 2>/dev/null >/dev/tcp/127.0.0.1/1; echo x 2>/dev/null >"/dev/tcp/::1/2"; curl -s "http://[::ffff:127.0.0.1]:8000/" >/dev/null'
event '.event=="session.network" and .dst_addr=="127.0.0.1" and .dst_port==8000 and .established and .program=="curl" and .src_addr=="127.0.0.1" and .sid'
event '.event=="session.network" and .dst_addr=="127.0.0.1" and .dst_port==1 and .established==false and .program=="bash"'
event '.event=="session.network" and .dst_addr=="::1" and .dst_port==2 and .version==6'
ended

story "a kernel that does not tell is no reason not to trace"
[ -s "$LAB/trace.err" ] && fail "$(cat "$LAB/trace.err")"
true
