# Every command and connection of a session is known from the kernel, whatever
# starts it, and nobody else's.
# shellcheck shell=bash

policy <<END2
{ "version": 1, "roles": {
    "demanding": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "enhanced_recording": "required" } },
    "web": { "allow": { "logins": ["alice", "deploy", "mallory", "root"], "node_labels": { "*": ["*"] } } } } }
END2
issue alice web
issue bob web
issue demanding demanding
plain_sshd deploy
start_trace() {
  /usr/libexec/countersign/trace &
  TRACE=$!
  wait_until "trace listens" test -S /run/countersign/trace.sock
}
start_trace
mkdir -m 755 "$LAB/bin"
chmod 755 "$LAB"

# commands FILTER: what was run, one a line
commands() { events ".event==\"session.command\" and $1" | jq -r '[.argv0] + .argv | join(" ")'; }
ran() { event ".event==\"session.command\" and $1"; }
ended() {
  event '.event=="connection.end"'
  settled
}

story "two people at once: each one's commands are their own"
fresh
for i in 1 2 3 4; do
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" -l deploy web1 "for i in 1 2 3 4 5 6 7 8; do /bin/echo alice-$i-\$i; done" >/dev/null &
  clients[i]=$!
  ssh -F "$LAB/ssh_config" -i "$LAB/keys/bob" -l deploy web1 "for i in 1 2 3 4 5 6 7 8; do /bin/echo bob-$i-\$i; done" >/dev/null &
  clients[i + 4]=$!
done
wait "${clients[@]}"
settled
wait_until "all are told" bash -c "[ \$(grep -c '\"argv0\":\"/bin/echo\"' $EVENTS) = 64 ]"
for name in alice bob; do
  [ "$(commands ".user==\"$name@example.com\" and .argv0==\"/bin/echo\" and .login==\"deploy\"" | grep -c "^/bin/echo $name-")" = 32 ] ||
    fail "$name's commands: $(commands ".user==\"$name@example.com\"")"
done
# Each has a session, and the session's connection is the one that was announced.
[ -z "$(events '.event=="session.command" and .argv0=="/bin/echo" and .sid==null')" ] || fail "some have no session"
events '.event=="session.start"' | jq -r '[.sid, .connection_id] | join(" ")' | sort >"$LAB/started"
events '.argv0=="/bin/echo"' | jq -r '[.sid, .connection_id] | join(" ")' | sort -u >"$LAB/traced"
diff "$LAB/started" "$LAB/traced" || fail "sessions and commands do not match"
event '.event=="session.start" and .trace_level=="ebpf"'
event '.event=="session.end" and .enhanced_recording'

story "scripts, pipelines, sh -c, exit codes, signals"
printf '#!/bin/sh\n/bin/echo from the script "$@"\n' >/home/deploy/script
chmod 755 /home/deploy/script
fresh
as alice deploy -- './script a "b c" | cat | sh -c "cat; exit 7"; sh -c "kill -9 \$\$"; cd /var/tmp; /bin/true'
ended
ran '.script=="./script" and .program=="dash" and .argv==["./script","a","b c"] and .cwd=="/home/deploy"'
ran '.argv==["from","the","script","a","b c"]'
ran '.argv==["-c","cat; exit 7"] and .argc==3'
event '.event=="session.process_exit" and .exit_code==7'
event '.event=="session.process_exit" and .signal=="KILL"'
ran '.argv0=="/bin/true" and .path=="/usr/bin/true" and .program=="true" and .cwd=="/var/tmp"'
alive() {
  comm -23 <(events '.event=="session.command"' | jq -r .pid | sort -u) <(events '.event=="session.process_exit"' | jq -r .pid | sort -u)
}
all_have_ended() { [ -z "$(alive)" ]; }
wait_until "each process has an end" all_have_ended
id=$(id -u deploy)
ran ".argv0==\"/bin/true\" and .uid_real==$id and .uid_effective==$id"

story "a terminal"
fresh
as alice deploy -tt -- '/bin/echo shown'
ended
ran '.argv==["shown"] and (.tty|test("^pts"))'

story "another identity: su, setuid programs"
cat >"$LAB/setuid.c" <<'END2'
#include <unistd.h>
int main(void) { return setuid(0) < 0 || execl("/bin/echo", "echo", "by", "setuid", (char *)0); }
END2
gcc -o /usr/local/bin/setuid-test "$LAB/setuid.c" && chmod 4755 /usr/local/bin/setuid-test
fresh
as alice deploy -- /usr/local/bin/setuid-test
says 'by setuid'
as alice root -- 'su deploy -c "/bin/echo by su"'
says 'by su'
settled
ran '.program=="setuid-test" and .setuid and .uid_effective==0'
ran '.argv==["by","setuid"] and .uid_real==0 and .login=="deploy"'
ran ".argv==[\"by\",\"su\"] and .login==\"root\" and .uid_real==$id"

story "programs that hide: static, by the linker, without a file, deleted"
echo 'int main(void) { return 0; }' >"$LAB/static.c"
gcc -static -o "$LAB/bin/static" "$LAB/static.c"
cp "$LAB/bin/static" /home/deploy/gone
chmod 755 /home/deploy/gone
cat >/home/deploy/hide.py <<'END2'
import os
fd = os.memfd_create("hidden")
os.write(fd, open("/usr/bin/true", "rb").read())
pid = os.fork()
if pid == 0: os.execv(f"/proc/self/fd/{fd}", ["innocent"])
os.waitpid(pid, 0)
fd = os.open("gone", os.O_RDONLY)
os.unlink("gone")
pid = os.fork()
if pid == 0: os.execv(f"/proc/self/fd/{fd}", ["deleted"])
os.waitpid(pid, 0)
END2
fresh
as alice deploy -- "$LAB/bin/static argument; /lib64/ld-linux-x86-64.so.2 /bin/echo linked; python3 hide.py"
says linked
ended
ran ".path==\"$LAB/bin/static\" and .argv==[\"argument\"]"
ran '.argv==["/bin/echo","linked"] and (.program|test("^ld-linux"))'
ran '.argv0=="innocent" and .fileless and .path=="memfd:hidden"'
ran '.argv0=="deleted" and .fileless and .path=="/home/deploy/gone"'

story "arguments: many, long, hostile"
fresh
as alice deploy -- $'/bin/echo "a\nb" "$(printf \'\\033[31m\')" "$(printf \'\\377\')" "" >/dev/null; /bin/echo $(seq 1 3000) >/dev/null; /bin/true $(head -c 100000 /dev/zero | tr "\\0" y)'
exits 0
ended
ran '.argv==["a\nb","\u001b[31m","\ufffd",""] and .argc==5'
exec_id=$(events '.event=="session.command" and .argc==3001' | jq .exec_id)
[ -n "$exec_id" ] || fail "no event has 3,001 arguments"
events ".exec_id==$exec_id and .argv" | jq -s -r 'sort_by(.part // 1) | map(.argv) | add | join(" ")' >"$LAB/told"
seq -s ' ' 1 3000 | cmp - "$LAB/told" || fail "the arguments are told as $(head -c 300 "$LAB/told")"
# 32 KiB of a longer one, put together again, and how long it was.
long=$(events '.event=="session.command" and .argv_bytes>100000' | jq .exec_id)
events ".exec_id==$long and .argv" | jq -s -r 'sort_by(.part // 1) | map(.argv) | add | join("")' | tr -d '\n' >"$LAB/told"
[ "$(tr -d y <"$LAB/told" | wc -c)" = 0 ] && [ "$(stat -c %s "$LAB/told")" -ge 32000 ] || fail "$(stat -c %s "$LAB/told") bytes are told"
no_event '.truncated'

story "a thread that changes the arguments during execve: what ran is told"
cat >"$LAB/flip.c" <<'END2'
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static char argument[] = "aaaaaaaa";
static void *flip(void *p) { for (;;) { memset(argument, 'a', 8); memset(argument, 'b', 8); } return p; }
int main(void) {
	pthread_t t;
	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			pthread_create(&t, 0, flip, 0);
			usleep(100);
			execl("/bin/echo", "flipped", argument, (char *)0);
		}
		waitpid(pid, 0, 0);
	}
	return 0;
}
END2
gcc -pthread -o "$LAB/bin/flip" "$LAB/flip.c"
fresh
as alice deploy -- "$LAB/bin/flip"
exits 0
ended
wait_until "all are told" bash -c "[ \$(grep -c '\"argv0\":\"flipped\"' $EVENTS) = 200 ]"
commands '.argv0=="flipped"' | sed 's/^flipped //' | cmp - "$LAB/out" || fail "what is told is not what ran"

story "connections: curl, bash, refused ones, IPv6, datagrams, in an IPv6 socket, by fast open"
python3 -m http.server -b 127.0.0.1 -d "$root/docs" 8000 >/dev/null 2>&1 &
wait_until "the web server listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null
cat >/home/deploy/talk.py <<'END2'
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(20): u.sendto(b"x", ("127.0.0.1", 5353))
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.connect(("127.0.0.1", 5354)); c.send(b"x")
m = socket.socket(socket.AF_INET6); m.connect(("::ffff:127.0.0.1", 8000))
try: socket.socket(socket.AF_INET6).connect(("::1", 1))
except OSError: pass
f = socket.socket(); 
try: f.sendto(b"GET / HTTP/1.0\r\n\r\n", 0x20000000, ("127.0.0.1", 8000))
except OSError: pass
END2
cat >"$LAB/uring.c" <<'END2'
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
	struct io_uring_params p = { 0 };
	int ring = syscall(SYS_io_uring_setup, 4, &p), s = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(8000), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (ring < 0) { perror("io_uring"); return 1; }
	char *sq = mmap(0, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *e = mmap(0, p.sq_entries * sizeof(*e), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	memset(e, 0, sizeof(*e));
	e->opcode = IORING_OP_CONNECT; e->fd = s; e->addr = (unsigned long)&to; e->off = sizeof(to); e->flags = IOSQE_ASYNC;
	*(unsigned *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) != 1) { perror("enter"); return 1; }
	return 0;
}
END2
gcc -o "$LAB/bin/uring" "$LAB/uring.c"
fresh
as alice deploy -- "$LAB/bin/uring"
exits 0
event '.event=="session.network" and .dst_port==8000 and .sid and (.program|test("uring|iou"))'
as alice deploy -- 'curl -s -o /dev/null http://127.0.0.1:8000/; exec 3<>/dev/tcp/127.0.0.1/8000; exec 4<>/dev/tcp/127.0.0.1/9; python3 talk.py'
ended
network() { event ".event==\"session.network\" and .user==\"alice@example.com\" and $1"; }
network '.program=="curl" and .dst_addr=="127.0.0.1" and .dst_port==8000 and .protocol=="tcp" and .established and .src_addr=="127.0.0.1" and .operation==0 and .sid'
network '.program=="bash" and .dst_port==8000 and .established'
network '.program=="bash" and .dst_port==9 and .established==false'
network '.protocol=="udp" and .operation==1 and .dst_port==5353'
network '.protocol=="udp" and .operation==0 and .dst_port==5354'
network '.version==6 and .dst_addr=="::1" and .dst_port==1 and .established==false'
[ "$(count_events '.event=="session.network" and .dst_port==5353')" = 1 ] || fail "each datagram is told"
[ "$(count_events '.event=="session.network" and .program=="python3" and .dst_port==8000 and .version==4 and .dst_addr=="127.0.0.1"')" = 2 ] ||
  fail "the IPv4 address in IPv6, or the fast open, is missing"
as alice root -- 'python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"'
network '.operation==2 and .protocol=="icmp" and .login=="root"'
# A daemon that was there before is nobody's.
no_event '.event=="session.network" and .dst_port==22'

story "what goes on after the logout, in a session of its own, in namespaces, with another audit session"
fresh
as alice deploy -- 'setsid nohup sh -c "sleep 1.5; /bin/echo later" >/dev/null 2>&1 &'
as alice root -- 'unshare -U /bin/echo in a user namespace; unshare -p -f --mount-proc /bin/echo in a pid namespace;
  echo 0 >/proc/self/loginuid; /bin/echo with another loginuid'
mkdir -p /sys/fs/cgroup/unified/elsewhere-$$ 2>/dev/null
as alice root -- "echo \$\$ >/sys/fs/cgroup/unified/elsewhere-$$/cgroup.procs; /bin/echo in another cgroup"
ran '.argv==["in","a","user","namespace"]'
ran '.argv==["in","a","pid","namespace"]'
ran '.argv==["with","another","loginuid"]'
ran '.argv==["in","another","cgroup"]'
ran '.argv==["later"] and .user=="alice@example.com"'
settled
rmdir /sys/fs/cgroup/unified/elsewhere-$$

story "what somebody who is logged in has cron run: told, and mixed into nothing"
fresh
ssh_stays alice deploy -- 'sleep 3'
event '.event=="session.start"'
# As pam_loginuid does for cron.
(
  echo "$(id -u deploy)" >/proc/self/loginuid
  exec setpriv --reuid=deploy --regid=deploy --clear-groups /bin/echo by cron
) >/dev/null
ran '.argv==["by","cron"] and .detached and .login=="deploy" and .connection_id==null and .user==null and .sid==null'
wait "$CLIENT"
settled
(
  echo "$(id -u deploy)" >/proc/self/loginuid
  exec /bin/echo after that
) >/dev/null
no_event '.argv==["after","that"]'

story "channels of one connection are told apart"
fresh
ssh_stays alice deploy -M -N
wait_until "the master is there" ssh -F "$LAB/ssh_config" -O check -l deploy web1 2>/dev/null
for i in 1 2 3; do
  runs ssh -F "$LAB/ssh_config" -l deploy web1 "/bin/echo channel $i"
done
ssh_goes
ended
[ "$(events '.event=="session.command" and .argv0=="/bin/echo"' | jq -r .sid | sort -u | wc -l)" = 3 ] || fail "not three sessions"
[ "$(events '.event=="session.command" and .argv0=="/bin/echo"' | jq -r .connection_id | sort -u | wc -l)" = 1 ] || fail "not one connection"

story "a burst while nobody reads: what is lost is counted"
cat >"$LAB/burst.c" <<'END2'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int n, char **v) {
	for (int i = atoi(v[1]); i > 0; i--) {
		pid_t pid = vfork();
		if (pid == 0) { execl(v[2], "burst", (char *)0); _exit(1); }
		waitpid(pid, 0, 0);
	}
	return n != 3;
}
END2
gcc -O2 -o "$LAB/bin/burst" "$LAB/burst.c"
fresh
kill -STOP $TRACE
as alice deploy -- "$LAB/bin/burst 2 $LAB/bin/static" # not waited for longer than 0.2 s
exits 0
event '.event=="session.start" and .trace_level=="none"'
kill -CONT $TRACE
fresh
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 "sleep 0.5; $LAB/bin/burst 30000 $LAB/bin/static" &
client=$!
event '.event=="session.start" and .trace_level=="ebpf"'
kill -STOP $TRACE
wait $client
kill -CONT $TRACE
for _ in 1 2 3 4; do events '.event=="audit.gap" and .emitter=="trace"' | grep -q . && break || sleep 3; done
event '.event=="audit.gap" and .emitter=="trace"'
settled
wait_until "it has been read" bash -c "sleep 0.5; [ \$(grep -c '\"argv0\":\"burst\"' $EVENTS) = \$(sleep 1; grep -c '\"argv0\":\"burst\"' $EVENTS) ]"
told=$(events '.emitter=="trace" and (.argv0=="burst" or .event=="session.process_exit")' | jq '.count // 1' | awk '{ n += $1 } END { print n }')
lost=$(events '.event=="audit.gap" and .emitter=="trace"' | jq .lost | awk '{ n += $1 } END { print n }')
[ "$(events '.event=="audit.gap" and .emitter=="trace"' | jq -r '.user // "nobody"' | sort -u)" = alice@example.com ] || fail "it is not said whose they were"
# The shell, sleep, burst and their ends are among them.
[ $((told + lost)) -ge 60000 ] && [ $((told + lost)) -le 60020 ] || fail "$told told, $lost lost, of 60,000 and a few"

story "trace is killed and comes back: sessions go on, what was missed is said"
fresh
ssh -F "$LAB/ssh_config" -i "$LAB/keys/alice" deploy@web1 'sleep 1; /bin/echo unseen; sleep 9; /bin/echo seen; exit 5' >"$LAB/out" &
client=$!
event '.event=="session.start"'
kill -9 $TRACE
wait $TRACE 2>/dev/null
sleep 2
start_trace
event '.event=="audit.gap" and .emitter=="trace" and .connection_id and (.reason|test("older than trace"))'
wait $client
[ $? = 5 ] || fail "the session has ended otherwise"
says 'unseen
seen'
ran '.argv==["seen"] and .sid and .user=="alice@example.com"'
no_event '.argv==["unseen"]'
settled

story "what the settings say not to tell, and that they do"
kill $TRACE
wait $TRACE
fresh
printf 'TraceIgnore /usr/bin/true\nTraceIgnore  /usr/bin/id  alice\n' >>/etc/countersign/node.conf
start_trace
event '.event=="trace.start" and .trace_level=="ebpf" and .ignored==["/usr/bin/true","/usr/bin/id alice"]'
as alice deploy -- '/bin/true; id; /bin/echo told'
as alice alice -- 'id; /bin/echo told'
settled
wait_until "both are told" bash -c "[ \$(grep -c '\"argv\":\[\"told\"\]' $EVENTS) = 2 ]"
no_event '.path=="/usr/bin/true" or (.path=="/usr/bin/id" and .login=="alice")'
event '.path=="/usr/bin/id" and .login=="deploy"'

story "it does not hold what it does not need"
grep -q '^CapEff:.*0000008000000000$' /proc/$TRACE/status || fail "it has $(grep CapEff /proc/$TRACE/status)"
[ "$(awk '/^VmRSS/ { print $2 }' /proc/$TRACE/status)" -lt 12288 ] || fail "it has $(grep VmRSS /proc/$TRACE/status)"
runs /usr/libexec/countersign/trace --check
exits 0
grep -q '^level: ebpf' "$LAB/out" || fail "it says $(cat "$LAB/out")"

story "a role that demands tracing: with it, when it is gone, without it"
fresh
ssh -F "$LAB/ssh_config" -i "$LAB/keys/demanding" deploy@web1 'echo in; sleep 30' >"$LAB/out" 2>"$LAB/err" &
client=$!
event '.event=="session.start" and .trace_level=="ebpf" and .user=="demanding@example.com"'
ssh_stays alice deploy -- 'sleep 8; exit 6'
kill -9 $TRACE
wait $TRACE 2>/dev/null
wait $client
[ $? = 255 ] || fail "it goes on"
says in
event '.event=="client.disconnect" and (.reason|test("not traced any more"))'
as demanding deploy -- true
exits 255
event '.event=="session.rejected" and .reason=="not_traced"'
wait $CLIENT
[ $? = 6 ] || fail "somebody else was put out"
as alice deploy -- true
exits 0
event '.event=="session.start" and .trace_level=="none"'
pkill -u deploy sleep
settled
