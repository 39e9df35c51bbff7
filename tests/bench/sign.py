"""sign.py COUNTERSIGN KEYS RUNS: see ./sign."""
import base64
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

program, n, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# The CA is on the disk, where its ledger's fsync is real. The keys are in
# memory: what a disk needs for making a file is the same for both sides, and can
# be ten times what either of them needs. "files-on-disk" says how much.
work = pathlib.Path(tempfile.mkdtemp(prefix="countersign-bench."))
memory = pathlib.Path(tempfile.mkdtemp(prefix="countersign-bench.", dir="/dev/shm"))
os.environ["HOME"] = str(work)


def wire(b):
    return struct.pack(">I", len(b)) + b


def run(*argv, out=subprocess.DEVNULL, env=None):
    start = time.perf_counter()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, env=env, check=False)
    if done.returncode != 0:
        sys.exit(f"{argv[:6]} ended with {done.returncode}")
    return time.perf_counter() - start


def certificates(folder):
    return list((folder / "keys").glob("*-cert.pub"))


def agent_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def batch():
    with open(work / "answers", "w", encoding="utf-8") as out:
        seconds = run(program, "sign", "--ca", str(work / "ca"), "--batch", str(work / "batch"), out=out)
    answers = [json.loads(line) for line in open(work / "answers", encoding="utf-8")]
    if len(answers) != n or not all("certificate" in a for a in answers):
        sys.exit("the batch was not answered whole")
    return seconds


def files(*argv, env=None, folder=memory):
    for path in certificates(folder):
        path.unlink()
    seconds = run(*argv, *(str(folder / "keys" / f"{i}.pub") for i in range(n)), env=env)
    if len(certificates(folder)) != n:
        sys.exit(f"{len(certificates(folder))} certificates, not {n}")
    return seconds


def compare(name, goal, sides):
    times = {side: [] for side in sides}
    for _ in range(runs):
        for side, measure in sides.items():
            times[side].append(measure())
    ours, theirs = (statistics.median(times[side]) for side in sides)
    for side, value in zip(sides, (ours, theirs)):
        print(f"figure {name}-{side} {value * 1000:.0f} ms ({value / n * 1e6:.0f} us each, median of {runs})")
    print(f"ratio {name} {theirs / ours:.2f} ({goal})", flush=True)


try:
    (work / "keys").mkdir()
    (memory / "keys").mkdir()
    with open(work / "batch", "w", encoding="utf-8") as lines:
        for i in range(n):
            blob = wire(b"ssh-ed25519") + wire(os.urandom(32))
            line = "ssh-ed25519 " + base64.b64encode(blob).decode() + f" key{i}"
            for folder in (work, memory):
                (folder / "keys" / f"{i}.pub").write_text(line + "\n", encoding="utf-8")
            lines.write(json.dumps({"key": line, "user": f"u{i}@example.com", "roles": ["web", "db"]}) + "\n")
    run(program, "init", "-q", "--no-passphrase", str(work / "ca"))
    ca = str(work / "ca" / "user_ca")
    keygen = ("ssh-keygen", "-q", "-s", ca, "-I", "u@example.com", "-n", "role:web,role:db", "-V", "+8h")
    compare("batch", "goal >= 10", {"ours": batch, "ssh-keygen": lambda: files(*keygen)})
    ours = (program, "sign", "-q", "--ca", str(work / "ca"), "--user", "u@example.com", "--role", "web", "--role", "db")
    compare("files", "goal >= 3", {"ours": lambda: files(*ours), "ssh-keygen": lambda: files(*keygen)})
    compare("files-on-disk", "mostly the disk's own time", {
        "ours": lambda: files(*ours, folder=work), "ssh-keygen": lambda: files(*keygen, folder=work)})
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(work / "agent")], stdout=subprocess.DEVNULL)
    env = dict(os.environ, SSH_AUTH_SOCK=str(work / "agent"))
    for _ in range(200):
        if (work / "agent").exists():
            break
        time.sleep(0.02)
    run("ssh-add", "-q", ca, env=env)
    options = ("-q", "-U", "-s", ca + ".pub", "-I", "u@example.com", "-n", "role:web,role:db", "-V", "+8h")
    before = agent_seconds(agent.pid)
    compare("agent", "goal >= 2; neither can be faster than the agent itself", {
        "ours": lambda: files(program, "sign", *options, env=env),
        "ssh-keygen": lambda: files("ssh-keygen", *options, env=env)})
    itself = (agent_seconds(agent.pid) - before) / (2 * runs * n)
    print(f"figure agent-itself {itself * 1e6:.0f} us of processor time for each signature")
    agent.kill()
finally:
    shutil.rmtree(work)
    shutil.rmtree(memory)
