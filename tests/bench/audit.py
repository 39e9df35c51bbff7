"""audit.py COUNTERSIGN-AUDIT SESSIONS: see ./audit."""
import datetime, gzip, json, os, random, statistics, subprocess, sys, tempfile, uuid

YEAR = datetime.datetime(2025, 11, 26)
random.seed(1)


def an_id():
    return str(uuid.UUID(int=random.getrandbits(128)))


def session(number, began):
    """Its nine events, ten where it forwards, as the keeper and trace write them."""
    connection, sid, user = an_id(), an_id(), "user%d@example.com" % (number % 50)
    addresses = {"addr.remote": "10.0.%d.%d:%d" % (number % 4, number % 250, 20000 + number % 40000),
                 "addr.local": "10.1.0.1:22"}
    events = []

    def event(name, code, after, of_session, **more):
        e = {"event": name, "code": code, "uid": an_id(), "user": user, "login": "deploy", "connection_id": connection,
             "time": (began + datetime.timedelta(seconds=after)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        if of_session:
            e["sid"] = sid
        e.update(audit_session_id=number + 1, server_hostname="web1", server_id="83b89230-4a24-8ffa-bf8c-7a94e2fd28ec",
                 server_labels={"env": "prod", "tier": "web1"}, cluster_name="default", emitter="keeper",
                 ei=len(events), v=1)
        e.update(more)
        events.append(json.dumps(e, separators=(",", ":")) + "\n")

    event("connection.start", "CS010I", 0, False, **addresses, proto="ssh", auth_method="publickey", serial=number,
          fingerprint="SHA256:" + "f" * 43, ca_fingerprint="SHA256:" + "c" * 43, roles=["web"])
    event("session.start", "T2000I", .1, True, **addresses, interactive=True, size="80:24",
          initial_command=["make build %d" % number], roles=["web"], session_recording="off")
    for i in range(4):
        event("session.command", "T4000I", .2 + i / 10, True, path="/usr/bin/cc1", argv0="cc1",
              argv=["-quiet", "file%d.c" % i], pid=1000 + i, ppid=999, return_code=0)
    if number % 10 == 0:
        event("port", "T3003I", .7, False, addr="10.1.0.%d:22" % (number % 9 + 2), direction="local", success=True)
    event("session.data", "T2006I", 1, True, tx=10, rx=20)
    event("session.end", "T2004I", 1.1, True, interactive=True, participants=[user], exit_code=0)
    event("connection.end", "CS011I", 1.2, False, **addresses, duration_ms=1200, sessions=1, reason="closed",
          events=len(events) + 1)
    return connection, sid, "".join(events)


def write_log(folder, n):
    """A year of them. What the middle one is called."""
    path, week, parts, middle = os.path.join(folder, "events.jsonl"), None, [], None
    for number in range(n):
        began = YEAR + datetime.timedelta(seconds=365 * 86400 / n * number)
        if (began - YEAR).days // 7 != week:
            week = (began - YEAR).days // 7
            parts.append([path + began.strftime("-%Y%m%d"), began, []])
        connection, sid, text = session(number, began)
        parts[-1][2].append(text)
        if number == n // 2:
            middle = connection, sid
    for i, (name, began, texts) in enumerate(parts):
        data = "".join(texts).encode()
        if i < len(parts) - 2:
            name, data = name + ".gz", gzip.compress(data, 6)
        if i == len(parts) - 1:
            name = path
        with open(name, "wb") as f:
            f.write(data)
        last = (began + datetime.timedelta(days=7)).timestamp()
        os.utime(name, (last, last))
    return path, len(parts), middle


def run(command):
    """Seconds, and KiB of the largest process."""
    out = subprocess.run(["/usr/bin/time", "-f", "%e %M", "bash", "-c", command], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True, check=True).stderr.split()
    return float(out[-2]), int(out[-1])


def compare(what, ours, theirs):
    times = [[run(c) for c in (ours, theirs)] for _ in range(3)]
    (a, a_kib), (b, b_kib) = [(statistics.median(t[i][0] for t in times), max(t[i][1] for t in times)) for i in (0, 1)]
    print("%-22s %6.2f s %7.1f MiB, without it %6.2f s %7.1f MiB, ratio %.2f" %
          (what, a, a_kib / 1024, b, b_kib / 1024, a / b), flush=True)


audit, sessions = sys.argv[1], int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    log, n_parts, (connection, sid) = write_log(folder, sessions)
    size = int(subprocess.run("zcat -f %s-* %s | wc -c" % (log, log), shell=True, capture_output=True, text=True).stdout)
    print("%d sessions, %d MiB of events in %d parts" % (sessions, size >> 20, n_parts), flush=True)
    everything = "zcat -f %s-* %s | " % (log, log)
    compare("ls, of the year", "%s ls --events %s" % (audit, log),
            everything + "jq -r 'select(.event==\"session.start\" or .event==\"session.end\") | .sid'")
    compare("ls --user", "%s ls --user user3@example.com --events %s" % (audit, log),
            everything + "grep -F user3@example.com | jq -r 'select(.event==\"session.start\") | .sid'")
    since = (YEAR + datetime.timedelta(days=358)).strftime("%Y-%m-%dT%H:%M:%SZ")
    compare("ls --since a week ago", "%s ls --since %s --events %s" % (audit, since, log),
            "zcat -f %s-????????%s | jq -r 'select(.event==\"session.start\" and .time>=\"%s\") | .sid'" %
            (log, " " + log, since))
    compare("show", "%s show %s --events %s" % (audit, sid, log), "zgrep -h %s %s-* %s" % (connection, log, log))
    compare("verify", "%s verify --events %s" % (audit, log), everything + "jq -r .event")
