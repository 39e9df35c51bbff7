# The benchmark's story, in the lab.
# shellcheck shell=bash

mkdir "$LAB/bench"
cp "$BUILD/tests/bench/ptyrun" "$LAB/bench/ptyrun"
chmod 755 "$LAB/bench/ptyrun"
policy <<END
{ "version": 1, "roles": {
    "web":    { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } } },
    "strict": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } }, "options": { "record": "strict" } } } }
END
issue web web
issue strict strict
# The same client and server but for our hooks.
plain_sshd deploy
# tlog wants to know the host's name and who is on.
echo 127.0.1.1 web1 >>/etc/hosts
touch /run/utmp

cat >"$LAB/session.py" <<'END'
import os, random, re, shutil, statistics, subprocess, sys, time
lab, build, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
ptyrun = [f"{lab}/bench/ptyrun"]
ours = ptyrun + ["--recorder", "/usr/libexec/countersign/recorder", "--file", f"{lab}/bench/our.cast"]

# Log lines with a coloured level, about 110 bytes each.
random.seed(1)
words = [w for w in re.findall(r"[a-z]{2,12}", open(sys.argv[4]).read())]
def line(i):
    level, colour = random.choice([("INFO", 32), ("WARN", 33), ("ERROR", 31), ("DEBUG", 36)])
    return "2026-11-25T14:%02d:%02d.%03d \033[%dm%-5s\033[0m %s\n" % (
        i // 60 % 60, i % 60, i % 1000, colour, level, " ".join(random.choice(words) for _ in range(11)))
block = "".join(line(i) for i in range(20000)).encode()
with open(f"{lab}/bench/text", "wb") as f:
    while f.tell() < 200_000_000: f.write(block)
size = os.path.getsize(f"{lab}/bench/text")
cat = ["cat", f"{lab}/bench/text"]

def run(command):
    subprocess.run(["rm", "-rf", f"{lab}/bench/tlog", f"{lab}/bench/sudo"])
    p = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    if p.returncode != 0: raise RuntimeError(f"{command}: {p.stderr[-300:]}")
    return float(p.stdout.split()[0])

def shell(command): return " ".join(f"'{w}'" for w in command)
sides = {"bare": lambda c: ptyrun + c, "ours": lambda c: ours + c}
if shutil.which("script"):
    sides["script"] = lambda c: ptyrun + ["script", "-qec", shell(c), f"{lab}/bench/script"]
if shutil.which("asciinema"):
    sides["asciinema"] = lambda c: ptyrun + ["asciinema", "rec", "-q", "--overwrite", "-c", shell(c), f"{lab}/bench/asciinema"]
if shutil.which("tlog-rec"):
    sides["tlog"] = lambda c: ptyrun + ["tlog-rec", "--writer=file", "-o", f"{lab}/bench/tlog"] + c
if shutil.which("sudo"):
    sides["sudo"] = lambda c: ptyrun + ["sudo", "-n"] + c
    os.makedirs("/etc/sudoers.d", exist_ok=True)
    open("/etc/sudoers.d/bench", "w").write(f"Defaults log_output, iolog_dir={lab}/bench/sudo\n")
    os.chmod("/etc/sudoers.d/bench", 0o440)
env = os.environ; env["TERM"] = "xterm"; env["SHELL"] = "/bin/sh"

# Sides that are close to each other are measured `more` often: a run differs
# from the next by a tenth.
def measure(what, sides, command, runs, unit, close=(), more=1):
    times = {s: [] for s in sides}
    for s in list(sides):
        try: run(sides[s](command))
        except Exception as e:
            print(f"left out: {s}: {str(e)[:200]}"); del sides[s], times[s]
    for _ in range(runs):
        order = [s for s in sides for _ in range(more if s in close else 1)]; random.shuffle(order)
        for s in order: times[s].append(run(sides[s](command)))
    median = {s: statistics.median(times[s]) for s in sides}
    for s in sides:
        print(f"figure {what}-{s} {median[s]:.3f} {unit} (median of {len(times[s])}, {min(times[s]):.3f} to {max(times[s]):.3f})")
    return median

m = measure("terminal", sides, cat, runs, "s", ("bare", "ours", "script"), 4)
print(f"ratio terminal-ours/bare {m['ours'] / m['bare']:.2f} (goal <= 1.15)")
for s in m:
    if s not in ("bare", "ours"): print(f"ratio terminal-{s}/bare {m[s] / m['bare']:.2f}")
recorded, shown = os.path.getsize(f"{lab}/bench/our.cast"), size + 20000 * (size // len(block))
print(f"ratio recording/output {recorded / shown:.3f} (goal <= 1.12)")
subprocess.run(["/usr/libexec/countersign/archive", f"{lab}/bench/our.cast"], check=True, stdout=subprocess.DEVNULL)
print(f"ratio recording/output-compressed {os.path.getsize(f'{lab}/bench/our.cast.zst') / shown:.3f}")

keys = {"bare": lambda c: ptyrun + ["--keys", "2000"] + c, "ours": lambda c: ours + ["--keys", "2000"] + c}
m = measure("key", keys, ["sleep", "1000"], runs, "us")
subprocess.run(["pkill", "-f", "^sleep 1000"])
print(f"figure key-added {(m['ours'] - m['bare']) / 1000:.3f} ms (goal <= 0.12)")

with open(f"{lab}/bench/bytes", "wb") as f:
    for _ in range(300): f.write(os.urandom(1_000_000))
os.chmod(lab, 0o755); os.chmod(f"{lab}/bench", 0o755)
def ssh(port, key):
    return lambda c: ["bash", "-c", f"s=$EPOCHREALTIME; ssh -F {lab}/ssh_config -p {port} -i {lab}/keys/{key} deploy@web1 {c} >/dev/null && "
                      "echo \"$(bc -l <<<\"$EPOCHREALTIME - $s\" 2>/dev/null || python3 -c \"print($EPOCHREALTIME - $s)\")\""]
cats = {"plain": ssh(2222, "key"), "direct": ssh(22, "web"), "relay": ssh(22, "strict")}
m = measure("ssh-cat", cats, f"cat {lab}/bench/bytes", runs, "s")
print(f"ratio ssh-cat-direct/plain {m['direct'] / m['plain']:.3f} (goal <= 1.02)")
print(f"ratio ssh-cat-relay/plain {m['relay'] / m['plain']:.3f} (goal <= 1.15)")

# The same over SFTP, and many small files, whose operations are told one by one.
os.makedirs(f"{lab}/bench/small", exist_ok=True)
for i in range(1000): open(f"{lab}/bench/small/{i}", "wb").write(os.urandom(1000))
open(f"{lab}/bench/one", "w").write(f"get {lab}/bench/bytes /dev/null\n")
open(f"{lab}/bench/thousand", "w").write(f"get -r {lab}/bench/small {lab}/bench/copy\n")
subprocess.run(["chmod", "-R", "a+rX", f"{lab}/bench"])
def sftp(port, key):
    return lambda c: ["bash", "-c", f"s=$EPOCHREALTIME; sftp -F {lab}/ssh_config -P {port} -i {lab}/keys/{key} -b {lab}/bench/{c} deploy@web1 >/dev/null && "
                      "python3 -c \"print($EPOCHREALTIME - $s)\""]
for name, command in ("sftp-get", "one"), ("sftp-files", "thousand"):
    m = measure(name, {"plain": sftp(2222, "key"), "tap": sftp(22, "web"), "strict": sftp(22, "strict")}, command, runs, "s")
    goal = " (goal <= 1.15)" if name == "sftp-get" else ""
    print(f"ratio {name}-tap/plain {m['tap'] / m['plain']:.3f}{goal}")
    print(f"ratio {name}-strict/plain {m['strict'] / m['plain']:.3f}")

# One terminal session that has shown something.
p = subprocess.Popen(["ssh", "-F", f"{lab}/ssh_config", "-i", f"{lab}/keys/web", "-tt", "deploy@web1", "seq 100000; sleep 30"],
                     stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(3)
def private(pid):
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return sum(int(v) for v in re.findall(r"Private_\w+: +(\d+) kB", text))
def pids(pattern): return subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True).stdout.split()
recorder = sum(private(x) for x in pids("^recorder "))
keepers = [private(x) for x in pids("^/usr/libexec/countersign/keeper")]
wrapper = sum(private(x) for x in pids("^/usr/libexec/countersign/session"))
p.kill(); subprocess.run(["pkill", "-f", "^sleep 30"])
# The listener, whose children share with it, is not one of the connection's two.
print(f"figure memory-private keeper {min(keepers)} + recorder {recorder} KiB (goal together < 4096)")
print(f"figure memory-private session {wrapper} KiB (goal < 3072)")
END
python3 "$LAB/session.py" "$LAB" "$BUILD" "$RUNS" "$root/docs/ARCHITECTURE.md" || fail "the benchmark failed"
settled
: >"$EVENTS"
