# The benchmark's story, in the lab.
# shellcheck shell=bash

printf 'MaxStartups 1000\nMaxSessions 1000\n' >>/etc/ssh/sshd_config.d/00-countersign.conf
kill -HUP "$SSHD"
sleep 0.5
issue alice web
cat >"$LAB/many.py" <<'END2'
import json, os, re, subprocess, sys, time
lab, connections, channels = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
devnull = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
base = ["ssh", "-F", f"{lab}/ssh_config", "-l", "deploy"]
start, clients = time.time(), []
for i in range(connections):
    subprocess.run(base + ["-i", f"{lab}/keys/alice", "-o", f"ControlPath={lab}/m{i}", "-o", "ControlMaster=yes",
                           "-o", "ControlPersist=600", "-f", "-N", "web1"], check=True, **devnull)
for j in range(channels):
    for i in range(connections):
        clients.append(subprocess.Popen(base + ["-o", f"ControlPath={lab}/m{i}", "-tt", "web1", "echo here; exec sleep 3000"],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    time.sleep(0.2)
want = connections * channels
def pids(pattern): return subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True).stdout.split()
end = time.time() + 240
while len(pids("^sleep 3000")) < want:
    if time.time() > end: sys.exit(f"only {len(pids('^sleep 3000'))} sessions came")
    time.sleep(0.5)
print(f"figure many-sessions {want} in {connections} connections, after {time.time() - start:.1f} s")
def sums(pattern, skip=0):
    private = pss = fds = most = n = 0
    for pid in pids(pattern)[skip:]:
        try:
            text = open(f"/proc/{pid}/smaps_rollup").read()
            count = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError: continue
        private += sum(int(v) for v in re.findall(r"Private_\w+: +(\d+) kB", text))
        pss += int(re.search(r"^Pss: +(\d+)", text, re.M).group(1))
        fds += count; most = max(most, count); n += 1
    return n, private, pss, fds, most
for what, pattern, skip in (("keepers", "^/usr/libexec/countersign/keeper", 1), ("recorders", "^recorder ", 0),
                            ("wrappers", "^/usr/libexec/countersign/session", 0)):
    n, private, pss, fds, most = sums(pattern, skip)
    print(f"figure many-{what} {n} processes, {private / max(n, 1):.0f} KiB private and {pss / max(n, 1):.0f} KiB proportional each, "
          f"{fds} descriptors, {most} at most")
subprocess.run(["pkill", "-f", "^sleep 3000"])
end = time.time() + 120
log = "/var/log/countersign/events.jsonl"
def ended(): return sum('"session.end"' in line for line in open(log))
while ended() < want and time.time() < end: time.sleep(0.5)
print(f"figure many-ends {ended()} of {want} session.end events")
for i in range(connections):
    subprocess.run(base + ["-o", f"ControlPath={lab}/m{i}", "-O", "exit", "web1"], **devnull)
sys.exit(0 if ended() == want else 1)
END2
python3 "$LAB/many.py" "$LAB" "$CONNECTIONS" "$CHANNELS" || fail "not all sessions came and went"
settled
: >"$EVENTS"
