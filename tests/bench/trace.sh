# The benchmark's story, in the lab.
# shellcheck shell=bash

issue alice web
mkdir -m 755 "$LAB/bench"
chmod 755 "$LAB"
cat >"$LAB/spawn.c" <<'END'
/* spawn N PROGRAM: N times fork, execve, wait, one after the other; or, without
 * a program, N system calls. Prints microseconds each. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}
int main(int n, char **v) {
	long count = atol(v[1]), i;
	double start = now();
	for (i = 0; i < count; i++) {
		if (n < 3) {
			syscall(SYS_getppid);
			continue;
		}
		pid_t pid = fork();
		if (pid == 0) {
			execl(v[2], v[2], (char *)0);
			_exit(127);
		}
		waitpid(pid, 0, 0);
	}
	printf("%.4f\n", (now() - start) / count);
	return 0;
}
END
gcc -O2 -o "$LAB/bench/spawn" "$LAB/spawn.c" || fail "no compiler"
echo 'int main(void) { return 0; }' >"$LAB/tiny.c"
gcc -O2 -static -o "$LAB/bench/tiny" "$LAB/tiny.c"

cat >"$LAB/trace.py" <<'END'
import json, os, random, statistics, subprocess, sys, time
lab, runs, events = sys.argv[1], int(sys.argv[2]), sys.argv[3]
spawn = f"{lab}/bench/spawn"
programs = {"true": [spawn, "1000", "/bin/true"], "tiny": [spawn, "2000", f"{lab}/bench/tiny"], "syscall": [spawn, "3000000"]}
ssh = ["ssh", "-F", f"{lab}/ssh_config", "-i", f"{lab}/keys/alice", "deploy@web1"]
user = ["setpriv", "--reuid=deploy", "--regid=deploy", "--clear-groups"]

def start():
    p = subprocess.Popen(["/usr/libexec/countersign/trace"])
    while not os.path.exists("/run/countersign/trace.sock"): time.sleep(0.01)
    time.sleep(0.2)
    return p
def stop(p):
    p.terminate(); p.wait()
    if os.path.exists("/run/countersign/trace.sock"): os.unlink("/run/countersign/trace.sock")
def settle():
    size = -1
    while size != (size := os.path.getsize(events)): time.sleep(0.3)

# Beside it what else tells commands: a rule of audit with auditd, and snoopy.
snoopy = "/lib/x86_64-linux-gnu/libsnoopy.so"
def ask(command):
    if os.path.exists(f"{lab}/answered"): os.unlink(f"{lab}/answered")
    os.write(8, f"{command} >/dev/null 2>&1; touch {lab}/answered\n".encode())
    while not os.path.exists(f"{lab}/answered"): time.sleep(0.02)
def start_auditd():
    os.write(8, f"exec auditd -n -s enable >/dev/null 2>&1\n".encode())
    ask("until auditctl -s | grep -q '^pid [1-9]'; do sleep 0.1; done; auditctl -a always,exit -F arch=b64 -S execve")
def stop_auditd(_):
    ask("auditctl -D; kill $(auditctl -s | sed -n 's/^pid //p'); while auditctl -s | grep -q '^pid [1-9]'; do sleep 0.1; done; auditctl -e 0")
def nothing(*_): return True

ways = {"untraced": (nothing, nothing, ""), "traced": (start, stop, "")}
if os.path.exists("/usr/sbin/auditd"): ways["auditd"] = (start_auditd, stop_auditd, "")
if os.path.exists(snoopy): ways["snoopy"] = (nothing, nothing, f"LD_PRELOAD={snoopy} ")
times = {(name, way, inside): [] for name in programs for way in ways for inside in (False, True)}
for _ in range(runs):
    for way in random.sample(list(ways), len(ways)):
        begin, end, prefix = ways[way]
        p = begin()
        for name, inside in random.sample([(n, i) for n in programs for i in (False, True)], 6):
            line = prefix + " ".join(programs[name])
            command = ssh + [line] if inside else user + ["sh", "-c", line]
            r = subprocess.run(command, capture_output=True, text=True, check=True)
            times[name, way, inside].append(float(r.stdout))
            settle()
        end(p)
median = {k: statistics.median(v) for k, v in times.items()}
for name in programs:
    for inside in False, True:
        where = "inside" if inside else "outside"
        for way in ways:
            v = times[name, way, inside]
            print(f"figure {name}-{where}-{way} {median[name, way, inside]:.3f} us (median of {runs}, {min(v):.3f} to {max(v):.3f})")
        for way in list(ways)[1:]:
            goal = {"true": 1.10, "tiny": None, "syscall": 1.01}[name] if inside else 1.01
            print(f"ratio {name}-{where}-{way}/untraced {median[name, way, inside] / median[name, 'untraced', inside]:.3f}" +
                  (f" (goal <= {goal:.2f})" if goal and way == "traced" else ""))

# As many as one processor starts, for ten seconds.
p = start()
open(events, "w").close()
n = int(10e6 / median["tiny", "traced", True])
began = time.monotonic()
subprocess.run(ssh + [f"{spawn} {n} {lab}/bench/tiny"], capture_output=True, check=True)
took = time.monotonic() - began
settle(); time.sleep(1.5); settle()
told = lost = 0
for line in open(events):
    e = json.loads(line)
    if e["emitter"] != "trace": continue
    if e["event"] == "audit.gap": lost += e.get("lost", 0)
    elif e.get("argv0", "").endswith("/tiny") or e["event"] == "session.process_exit": told += e.get("count", 1)
memory = [l for l in open(f"/proc/{p.pid}/status") if l.startswith("VmRSS")][0].split()[1]
stop(p)
print(f"figure execs {n / took:.0f} a second for {took:.1f} s: {told} of {2 * n} commands and ends told, {lost} lost and counted")
# The shells on the way and their ends are among them.
print(f"ratio told-and-lost/all {(told + lost) / (2 * n):.4f} (goal 1)")
print(f"figure memory {memory} KiB (goal < 12288)")
END
python3 "$LAB/trace.py" "$LAB" "$RUNS" "$EVENTS" || fail "the benchmark failed"
settled
: >"$EVENTS"
