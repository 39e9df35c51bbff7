#!/usr/bin/python3
"""decisions.py LAB TABLE POLICY: asks each question of the table of a real
certificate by `principals`, by `countersign policy explain` and by a login
through sshd; all three have to answer as the table says."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

lab, table, policy = (pathlib.Path(a) for a in sys.argv[1:])
events = pathlib.Path("/var/log/countersign/events.jsonl")
doc = json.loads(table.read_text())
problems = []
counts = {"principals": 0, "explain": 0, "login": 0}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text):
    return sum(int(n) * UNITS[u] for n, u in re.findall(r"(\d+)([smhd])", text))


def run(*argv, **kw):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, **kw)


def certify(i, q):
    """A certificate that says what the question says, made by ssh-keygen."""
    base = lab / "keys" / f"q{i}"
    if "key" in q:
        base.with_suffix(".pub").write_text(q["key"] + "\n")
    else:
        base.write_bytes((lab / "keys" / "key").read_bytes())
        base.chmod(0o600)
        base.with_suffix(".pub").write_text((lab / "keys" / "key.pub").read_text())
    start, ttl = -seconds(q["age"]), seconds(q["ttl"])
    argv = ["ssh-keygen", "-q", "-s", str(lab / "ca/user_ca"), "-I", q["user"], "-z", str(q["serial"]),
            "-V", f"{start:+d}s:{start + ttl:+d}s"]
    if q["roles"]:
        argv += ["-n", ",".join("role:" + r for r in q["roles"])]
    if "force_command" in q:
        argv += ["-O", "force-command=" + q["force_command"]]
    for name in ("mfa", "claims"):
        if name in q:
            value = q[name] if name == "mfa" else json.dumps(q[name], separators=(",", ":"), sort_keys=True)
            argv += ["-O", f"extension:{name}@countersign={value}"]
    r = run(*argv, str(base.with_suffix(".pub")))
    if r.returncode:
        sys.exit(f"ssh-keygen -s: {r.stderr}")
    return base, base.parent / (base.name + "-cert.pub")


def settle_host(q):
    labels = "".join(f"Label {k}={v}\n" for k, v in q["labels"].items())
    pathlib.Path("/etc/countersign/node.conf").write_text(f"ServerHostname {q['host']}\n{labels}")


def fits(line, expected):
    pattern = re.escape(expected).replace(re.escape('expiry-time="*"'), r'expiry-time="\d{14}Z"')
    return re.fullmatch(pattern, line) is not None


def refusal_event(serial, login):
    """The first reason that was given for this certificate, within 5 s."""
    for _ in range(250):
        for line in events.read_text().splitlines():
            e = json.loads(line)
            if e["event"] == "auth" and e.get("serial") == serial and e.get("login") == login:
                return e["reason"]
        time.sleep(0.02)
    return None


def ask_principals(q, cert, expected):
    counts["principals"] += 1
    r = run("setpriv", "--reuid=_countersign", "--regid=_countersign", "--init-groups",
            "/usr/libexec/countersign/principals", q["login"], cert.read_text().split()[1])
    line = r.stdout.rstrip("\n")
    # The address is sshd's to refuse, by the line.
    if expected == "source_not_allowed":
        return None if 'from="' in line else f"principals: '{line}' has no from="
    if expected == "allowed":
        if not line or ("line" in q and not fits(line, q["line"])):
            return f"principals: '{line}', not '{q.get('line')}'"
        q["printed"] = line
        return None
    if line or r.returncode:
        return f"principals: '{line}' ({r.returncode}), not {expected}"
    reason = refusal_event(q["serial"], q["login"])
    return None if reason == expected else f"principals' event: {reason}, not {expected}"


def ask_explain(q, cert, expected):
    counts["explain"] += 1
    argv = ["countersign", "policy", "explain", str(policy), "--cert", str(cert), "--login", q["login"], "--host", q["host"], "--json"]
    for k, v in q["labels"].items():
        argv += ["--label", f"{k}={v}"]
    if "from" in q:
        argv += ["--from", q["from"]]
    r = run(*argv)
    if not r.stdout:
        return f"explain: {r.stderr}"
    a = json.loads(r.stdout)
    said = "allowed" if a["allowed"] else a["reason"]
    if said != expected or r.returncode != (0 if expected == "allowed" else 1):
        return f"explain: {said} ({r.returncode}), not {expected}"
    if expected == "allowed" and a["line"] != q["printed"]:
        return f"explain's line '{a['line']}' is not principals' '{q['printed']}'"
    return None


def can_log_in(q):
    """Whether a client can ask sshd this at all."""
    return ("key" not in q and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*", q["login"]) and
            run("getent", "passwd", q["login"]).returncode == 0)


def ask_sshd(q, base, expected):
    counts["login"] += 1
    argv = ["ssh", "-F", str(lab / "ssh_config"), "-i", str(base), "-l", q["login"]]
    if "from" in q:
        argv += ["-b", q["from"]]
    r = run(*argv, "web1", "echo in")
    if expected == "allowed":
        command = re.search(r'command="echo (.*?)" role', q["printed"]) or re.match(r"echo (.*)", q.get("force_command", ""))
        out = "in" if not command else {r'\"hi  there\"': "hi  there"}.get(command.group(1), "own" if "own" in command.group(1) else "?")
        return None if (r.returncode, r.stdout.strip()) == (0, out) else f"login: {r.returncode} '{r.stdout}' {r.stderr}"
    if r.returncode != 255 or "Permission denied" not in r.stderr:
        return f"login: {r.returncode} '{r.stdout}' {r.stderr}, not {expected}"
    # Without principals sshd does not ask the helper.
    if expected == "no_principals":
        return None
    reason = refusal_event(q["serial"], q["login"])
    return None if reason == expected else f"the login's event: {reason}, not {expected}"


for i, test in enumerate(doc["tests"]):
    q = {**doc["defaults"], **test}
    q.setdefault("serial", 100000 + i)
    base, cert = certify(i, q)
    settle_host(q)
    # Every other time from what is compiled for these labels.
    if i % 2 and run("/usr/libexec/countersign/install-policy", "--compile").returncode:
        sys.exit("install-policy --compile failed")
    for ask in (lambda: ask_principals(q, cert, q["expect"]), lambda: ask_explain(q, cert, q["expect"]),
                lambda: ask_sshd(q, base, q["expect"]) if can_log_in(q) else None):
        events.write_text("")
        problem = ask()
        if problem:
            problems.append(f"{i} {q['name']}: {problem}")
            break
print(f"{len(doc['tests'])} decisions: {counts['principals']} by principals, {counts['explain']} by explain, {counts['login']} by a login")
print("\n".join(problems))
sys.exit(1 if problems else 0)
