#!/usr/bin/python3
"""What tests/bench/detect measures: see there."""
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

import yaml

build, data, root, events = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
detect = build + "/detector/countersign-detect"
shellevents = build + "/tests/bench/shellevents"
logsources = root + "/detector/logsources.yml"
shipped = [root + "/detector/rules", data + "/sigma-linux", root + "/detector/filters"]
work = tempfile.mkdtemp(prefix="countersign-bench.")


def run(command, **more):
    """Seconds of processor time, on one core, and the most memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", "0", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), (command, done.stderr)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def rules_of(paths):
    return [x for p in paths for x in ("--rules", p)]


def ours(path, rules):
    """Without reading the rules, which --stats leaves out."""
    done = run([detect, "run", "--stats", "--logsources", logsources, *rules_of(rules), path])[1]
    return float(re.search(rb"([0-9.]+) s of processor time", done.stderr).group(1))


def figure(name, value, unit="", goal=""):
    print(f"figure {name} {value} {unit}{' (goal ' + goal + ')' if goal else ''}", flush=True)


def ratio(name, value, goal):
    print(f"ratio {name} {value:.3f} (goal {goal})", flush=True)


# ---- speed -----------------------------------------------------------------------

lines = subprocess.run([shellevents, data + "/nl2bash/commands.txt"], stdout=subprocess.PIPE, check=True).stdout.splitlines()
big, empty = work + "/events", work + "/empty"
open(empty, "w").close()
with open(big, "wb") as f:
    for i in range(events):
        f.write(lines[i % len(lines)] + b"\n")
size = os.path.getsize(big)
figure("event_bytes", round(size / events), "bytes")
# Each three times, by turns; the least is least disturbed. What a start costs (reading and
# compiling the rules) is a figure of its own.
plain = [build + "/tests/bench/hsplain", logsources]
takes = {"ours": [], "plain": [], "jq": [], "grep": []}
for _ in range(3):
    takes["ours"].append(ours(big, shipped))
    takes["plain"].append(float(run([*plain, big, *shipped])[1].stdout.split()[0]))
    takes["grep"].append(run(["grep", "-cF", "/etc/shadow", big])[0])
takes["jq"].append(run(["jq", "-c", 'select(.path|endswith("/nmap"))', big])[0])
least = {k: min(v) for k, v in takes.items()}
figure("ours", round(events / least["ours"]), "events/s", ">= 1000000")
figure("plain_hyperscan", round(events / least["plain"]), "events/s")
figure("jq", round(events / least["jq"]), "events/s")
figure("grep_F", round(events / least["grep"]), "events/s")
ratio("ours/plain_hyperscan", least["plain"] / least["ours"], ">= 0.5")
ratio("ours/jq", least["jq"] / least["ours"], ">= 3")
figure("start", round(run([detect, "run", "--logsources", logsources, *rules_of(shipped), empty])[0], 2), "s")
peak = subprocess.run(["/usr/bin/python3", "-c", """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)""",
                       detect, "run", "--logsources", logsources, *rules_of(shipped), big], stdout=subprocess.PIPE, check=True)
figure("memory", int(peak.stdout), "MiB", "<= 64")

# ---- what a key costs --------------------------------------------------------------

keys = work + "/keys"
with open(keys, "w") as f:
    for i in range(200000):
        f.write('{"event":"auth","time":"2026-11-26T09:%02d:%02d.%06dZ","success":false,"login":"u","addr.remote":"10.%d.%d.%d:22"}\n'
                % (i // 60000 % 60, i // 1000 % 60, i % 1000000, i >> 16, i >> 8 & 255, i & 255))
rule = work + "/count.yml"
with open(rule, "w") as f:
    f.write("title: A\nname: a\nlogsource: { product: countersign, service: auth }\ndetection:\n  s: { success: false }\n  condition: s\n---\n"
            "title: B\nid: b\ncorrelation: { type: event_count, rules: [a], group-by: [RemoteIp], timespan: 1h, condition: { gte: 10 } }\n")


def memory(path):
    done = subprocess.run(["/usr/bin/python3", "-c", """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)""", detect, "run", "--logsources", logsources, "--rules", rule, path],
                          stdout=subprocess.PIPE, check=True)
    return int(done.stdout) * 1024


# The table is between half and three quarters full.
figure("bytes_per_key_held", round((memory(keys) - memory(empty)) / 200000), "bytes", "<= 100, and what a table leaves free")

# ---- what a rule costs ----------------------------------------------------------------

def changed(value, copy):
    """The same with other texts: a number after each."""
    if isinstance(value, dict):
        return {k: changed(v, copy) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(v, copy) for v in value]
    return f"{value}{copy}"


rules = []
for top, _, files in os.walk(root + "/detector/rules/process"):
    for name in sorted(files):
        rules += list(yaml.load_all(open(os.path.join(top, name)), Loader=yaml.BaseLoader))
few = work + "/few"
with open(few, "wb") as f:
    f.writelines(line + b"\n" for line in lines * 9)
for n in (10, 100, 300, 3000):
    folder = f"{work}/rules{n}"
    os.mkdir(folder)
    for i in range(n):
        rule, copy = rules[i % len(rules)], i // len(rules)
        detection = {k: v if k == "condition" or copy == 0 else changed(v, copy) for k, v in rule["detection"].items()}
        with open(f"{folder}/{i:05}.yml", "w") as f:
            json.dump({"title": rule["title"], "id": f"copy{i}", "level": rule["level"], "logsource": rule["logsource"], "detection": detection}, f)
    done = subprocess.run([detect, "lint", "--syntax", folder], stdout=subprocess.PIPE, check=True)
    assert int(done.stdout.split()[0]) == n, done.stdout
    seconds = min(ours(few, [folder]) for _ in range(2))
    figure(f"event_with_{n}_rules", round(seconds / len(lines) / 9 * 1e6, 2), "microseconds")

# ---- how late ------------------------------------------------------------------------------

log, alerts = work + "/log", work + "/alerts"
open(log, "w").close()
open(alerts, "w").close()
running = subprocess.Popen([detect, "run", "--logsources", logsources, "--follow", *rules_of(shipped), "-o", alerts, log])
time.sleep(4)
late = []
with open(log, "a") as out, open(alerts) as got:
    for i in range(300):
        out.write('{"event":"session.command","time":"2026-11-26T09:30:00Z","user":"u%d","server_hostname":"h%d","path":"/usr/bin/nmap","argv0":"nmap","argv":["-sS","x"]}\n' % (i, i))
        begin = time.monotonic()
        out.flush()
        while not got.readline():
            pass
        late.append((time.monotonic() - begin) * 1000)
        # What else the event raised.
        time.sleep(0.005)
        got.read()
running.terminate()
running.wait()
late.sort()
figure("latency_p50", round(late[150], 2), "ms")
figure("latency_p99", round(late[297], 2), "ms", "<= 10")
subprocess.run(["rm", "-rf", work], check=True)

# ---- what is seen ---------------------------------------------------------------------------

for label, extra in (("typed", []), ("given_to_sh_c", ["--sh"])):
    print(f"commands {label}:", flush=True)
    subprocess.run(["python3", root + "/tests/bench/detectquality.py", detect, " ".join([shellevents, *extra]), data, logsources,
                    "sigmahq=" + data + "/sigma-linux", "shipped=" + ":".join(shipped)], check=True)
