#!/usr/bin/python3
"""The engine against a plain evaluator that shares nothing with it but the
rules and logsources.yml: on events made from the rules' own values, both must
name the same rules for each event.

usage: differential.py DETECT LOGSOURCES EVENTS SEED RULES..."""
import base64
import ipaddress
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import yaml

# ---- rules --------------------------------------------------------------------


def documents(path):
    names = [path]
    if os.path.isdir(path):
        names = sorted(os.path.join(d, f) for d, _, fs in os.walk(path) for f in fs if f.endswith((".yml", ".yaml")))
    for name in names:
        with open(name, encoding="utf-8") as f:
            # Everything as it is written: 0x10, yes and dates stay texts.
            yield from yaml.load_all(f, Loader=yaml.BaseLoader)


def wildcard(text):
    """A Sigma text as a regular expression over bytes."""
    out, i, raw = [], 0, text.encode()
    while i < len(raw):
        c = raw[i:i + 1]
        if c == b"\\" and raw[i + 1:i + 2] in (b"*", b"?", b"\\"):
            out.append(re.escape(raw[i + 1:i + 2]))
            i += 2
            continue
        out.append({b"*": b".*", b"?": b"(?:[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]*|[\x80-\xbf])"}.get(c) or re.escape(c))
        i += 1
    return b"".join(out)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


class Item:
    def __init__(self, key, values):
        self.name, *self.mods = key.split("|")
        self.values = values if isinstance(values, list) else [values]
        self.all = "all" in self.mods
        self.tests = [self.test(v) for v in self.values]

    def test(self, v):
        m = self.mods
        for order, f in (("gt", lambda a, b: a > b), ("gte", lambda a, b: a >= b), ("lt", lambda a, b: a < b), ("lte", lambda a, b: a <= b)):
            if order in m:
                limit = number(v)
                return lambda got: any((n := number(x.decode("utf-8", "replace"))) is not None and f(n, limit) for x in got)
        if "exists" in m:
            return lambda got: bool(got) == (v == "true")
        if "re" in m:
            flags = re.S if "s" in m else 0
            flags |= (re.I if "i" in m else 0) | (re.M if "m" in m else 0)
            pattern = re.compile(v.encode(), flags)
            return lambda got: any(pattern.search(x) for x in got)
        if "base64" in m or "base64offset" in m:
            raise ValueError("encoded texts are not compared here")
        if v == "" and not {"contains", "startswith", "endswith"} & set(m):
            return (lambda got: not got) if self.null(v) else (lambda got: b"" in got)
        dash = v
        body = wildcard(dash)
        if "windash" in m:
            dashes = b"(?:-|/|\xe2\x80\x93|\xe2\x80\x94|\xe2\x80\x95)"
            body = re.sub(rb"(^|\\ )\\-", lambda m: m.group(1) + dashes, body)
        before = b"" if self.name == "" or {"contains", "endswith"} & set(m) else b"\\A"
        after = b"" if self.name == "" or {"contains", "startswith"} & set(m) else b"\\Z"
        pattern = re.compile(before + body + after, re.S | (0 if "cased" in m else re.I))
        return lambda got: any(pattern.search(x) for x in got)

    def null(self, v):
        return False

    def holds(self, got):
        return (all if self.all else any)(t(got) for t in self.tests)


class Search:
    def __init__(self, node):
        maps = node if isinstance(node, list) else [node]
        self.groups = [[Item(k, v) for k, v in m.items()] if isinstance(m, dict) else [Item("", m)] for m in maps]

    def holds(self, field):
        return any(all(i.holds(field(i.name)) for i in g) for g in self.groups)


def condition(text, names):
    """A Sigma condition as a Python expression over `s`."""
    tokens = re.findall(r"\(|\)|[^\s()]+", text)
    out, i = [], 0
    while i < len(tokens):
        t = tokens[i]
        if t.lower() in ("and", "or", "not", "(", ")"):
            out.append(t.lower())
        elif i + 2 < len(tokens) and tokens[i + 1].lower() == "of":
            what = tokens[i + 2]
            which = [n for n in names if (not n.startswith("_") if what == "them" else re.fullmatch(re.escape(what).replace(r"\*", ".*"), n))]
            least = {"all": len(which), "any": 1}.get(t.lower()) or int(t)
            out.append("(" + "+".join(f"s[{n!r}]" for n in which) + f">={least})")
            i += 2
        else:
            out.append(f"s[{t!r}]")
        i += 1
    return compile(" ".join(out), text, "eval")


class Rule:
    def __init__(self, doc):
        d = doc["detection"]
        self.id, self.title, self.logsource = doc["id"], doc["title"], doc["logsource"]
        self.searches = {k: Search(v) for k, v in d.items() if k != "condition"}
        text = d["condition"]
        text = " or ".join(f"({t})" for t in text) if isinstance(text, list) else text
        self.condition = condition(text, list(self.searches))

    def holds(self, field):
        s = LazySearches(self.searches, field)
        return bool(eval(self.condition, {"s": s}))  # noqa: S307: made above


class LazySearches:
    def __init__(self, searches, field):
        self.searches, self.field = searches, field

    def __getitem__(self, name):
        return self.searches[name].holds(self.field)


# ---- events as logsources.yml says -------------------------------------------------


class Source:
    def __init__(self, doc):
        self.doc = doc
        self.when = {k: v if isinstance(v, list) else [v] for k, v in (doc.get("when") or {}).items()}
        self.fields = doc.get("fields") or {}

    def fits_rule(self, logsource):
        own = self.doc.get("own_fields") == "true"
        for key in ("product", "category"):
            if key in logsource and logsource[key] != self.doc.get(key):
                return False
        if own:
            return "product" in logsource
        return "service" not in logsource or logsource["service"] == self.doc.get("service")

    def fits_event(self, event, rule):
        if self.doc.get("own_fields") == "true" and "service" in rule.logsource and event.get("event") != rule.logsource["service"]:
            return False
        return all(any(x.decode() in allowed for x in values(event, k)) for k, allowed in self.when.items())

    def field(self, event, name):
        if name == "":
            return values(event, self.doc.get("keywords", "@line"))
        if name not in self.fields:
            return values(event, name) if self.doc.get("own_fields") == "true" else []
        place = self.fields[name]
        if isinstance(place, dict):
            c = place["constant"]
            return [x.encode() for x in (c if isinstance(c, list) else [c])]
        return values(event, place) if place else []


def flat(v):
    if isinstance(v, list):
        return [x for y in v for x in flat(y)]
    if v is None or isinstance(v, dict):
        return []
    if isinstance(v, bool):
        return [b"true" if v else b"false"]
    return [str(v).encode()]


def values(event, name):
    if not name.startswith("@"):
        out = flat(event.get(name))
        if "." in name:
            head, tail = name.split(".", 1)
            inner = event.get(head)
            if isinstance(inner, dict):
                out += values(inner, tail)
        return out
    first = flat(event.get("argv0", event.get("program")))
    argv = flat(event.get("argv", []))
    command = [b" ".join(first[:1] + argv)] if first and ("argv" in event or "argv0" in event) else []
    parent = event.get("#parent")
    if name == "@command_line":
        return command
    if name == "@parent_image":
        return flat(parent["path"]) if parent else []
    if name == "@parent_command_line":
        return values(parent, "@command_line") if parent else []
    if name == "@line":
        return [event["#line"]]
    if name == "@files":
        folder = event.get("working_directory")
        return [x if x.startswith(b"/") or not folder else folder.encode() + b"/" + x for k in ("path", "target_path") for x in flat(event.get(k))]
    if name.startswith("@arg"):
        n = int(name[4:])
        if not ("argv" in event or "argv0" in event):
            return []
        return (first[:1] if n == 0 else argv[n - 1:n])
    if name == "@remote_ip":
        v = flat(event.get("addr.remote"))
        return [re.sub(rb"^\[([^\]]*)\].*|^([^:]*):[^:]*$", rb"\1\2", x) for x in v]
    if name == "@remote_net":
        try:
            return [str(ipaddress.ip_network(f"{x.decode()}/{24 if '.' in x.decode() else 48}", strict=False)).encode() for x in values(event, "@remote_ip")]
        except ValueError:
            return []
    return []


# ---- events out of the rules ---------------------------------------------------------

WRAPPERS = "sudo doas env nohup timeout nice ionice setsid stdbuf time chroot xargs busybox toybox unshare proxychains proxychains4 runuser sh bash dash ash ksh zsh su".split()
EVENTS = ["session.command"] * 8 + ["session.network", "session.disk", "sftp", "connection.start", "auth", "audit.gap"]


def some_text(rng, item):
    """A text that the item may hold for."""
    v = rng.choice(item.values)
    if "re" in item.mods:
        v = re.sub(r"\\[bAz]|[\^$]", "", v)
        v = re.sub(r"\(\?:|[()]", "", v.split("|")[0])
        v = re.sub(r"\[\^?([^\]])[^\]]*\][+*?]?", r"\1", v)
        v = re.sub(r"\\(.)", r"\1", re.sub(r"\.[*+]|\{[0-9,]*\}|[?+*]", "", v))
    v = v.replace("*", rng.choice(["", "x", " y "])).replace("?", "q")
    if rng.random() < 0.2:
        v = v.swapcase()
    if rng.random() < 0.05:
        v = v[:-1]
    if "contains" in item.mods or "re" in item.mods:
        return rng.choice(["", "a ", "/x"]) + v + rng.choice(["", " b", "z"])
    if "startswith" in item.mods:
        return v + rng.choice(["", " tail"])
    if "endswith" in item.mods:
        return rng.choice(["", "/usr/bin", "/opt/x"]) + v
    return v


def make_event(rng, rules, sources, number):
    rule = rng.choice(rules)
    fitting = [s for s in sources if s.fits_rule(rule.logsource)]
    source = rng.choice(fitting)
    event = {"event": rng.choice(EVENTS), "time": f"2026-11-26T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
             "server_hostname": "web1", "login": "deploy", "pid": rng.randrange(2, 60), "ppid": rng.randrange(2, 60)}
    if rule.logsource.get("product") == "countersign" and "service" in rule.logsource:
        event["event"] = rule.logsource["service"]
    for key, allowed in source.when.items():
        if not key.startswith("@"):
            event[key] = rng.choice(allowed)
    command = []
    for search in rng.sample(list(rule.searches.values()), rng.randrange(1, len(rule.searches) + 1)):
        for item in rng.choice(search.groups):
            place = source.fields.get(item.name, item.name if source.doc.get("own_fields") == "true" else None)
            text = some_text(rng, item)
            if "gt" in item.mods or "gte" in item.mods or re.fullmatch(r"[0-9]+", text):
                text = int(number_or(text)) + rng.randrange(0, 2)
            if text in ("true", "false") and rng.random() < 0.9:
                text = text == "true"
            if place in ("@command_line", "@message", "@line") or item.name == "":
                command.append(str(text))
            elif isinstance(place, str) and place.startswith("@arg"):
                command += ["x"] * (int(place[4:]) + 1 - len(command))
                command[int(place[4:])] = str(text)
            elif place == "@files":
                event["path"] = text
            elif isinstance(place, str) and place and not place.startswith("@"):
                event[place] = text
    if event["event"] == "session.command":
        words = " ".join(command).split(" ") if command else ["ls", "-l"]
        event["argv0"], event["argv"] = words[0] or "x", words[1:]
        if "path" not in event or rng.random() < 0.1:
            event["path"] = "/usr/bin/" + (words[0].rsplit("/", 1)[-1] or "x")
        event.setdefault("program", event["path"].rsplit("/", 1)[-1])
        # What runs another is looked through; that is tested elsewhere.
        if event["argv0"].lstrip("-").rsplit("/", 1)[-1] in WRAPPERS:
            event["argv0"] = "x" + event["argv0"].rsplit("/", 1)[-1]
    return event


def number_or(text):
    n = number(text)
    return 7 if n is None else n


# ---- both --------------------------------------------------------------------------------


def main():
    detect, logsources, count, seed, *paths = sys.argv[1:]
    rng = random.Random(int(seed))
    rules = [Rule(d) for p in paths for d in documents(p) if "detection" in d]
    sources = [Source(d) for d in yaml.load_all(open(logsources), Loader=yaml.BaseLoader)]
    ids = {r.id for r in rules}
    events = [make_event(rng, rules, sources, i) for i in range(int(count))]
    lines = [json.dumps(e, separators=(",", ":"), ensure_ascii=rng.random() < 0.5).encode() for e in events]
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"\n".join(lines) + b"\n")
        f.flush()
        args = [x for p in paths for x in ("--rules", p)]
        done = subprocess.run([detect, "run", "--matches", "--logsources", logsources, *args, f.name], stdout=subprocess.PIPE, check=True)
    theirs = [set() for _ in events]
    for m in map(json.loads, done.stdout.splitlines()):
        if m["rule_id"] in ids:
            theirs[m["line"] - 1].add(m["rule_id"])
    processes, wrong, pairs = {}, 0, 0
    titles = {r.id: r.title for r in rules}
    plan = [(r, [s for s in sources if s.fits_rule(r.logsource)]) for r in rules]
    for i, event in enumerate(events):
        event["#line"] = lines[i]
        key = (event["server_hostname"], event["pid"])
        event["#parent"] = processes.get((event["server_hostname"], event["ppid"]))
        if "argv0" in event:
            processes[key] = {k: event[k] for k in ("path", "argv0", "argv")}
        ours = {r.id for r, fitting in plan for s in fitting if s.fits_event(event, r) and r.holds(lambda name, s=s: s.field(event, name))}
        pairs += len(ours)
        if ours != theirs[i]:
            wrong += 1
            if wrong <= 5:
                print("differs:", lines[i].decode("utf-8", "replace"))
                print("  only the engine:", [titles[x] for x in theirs[i] - ours])
                print("  only the plain one:", [titles[x] for x in ours - theirs[i]])
    print(f"{len(events)} events, {len(rules)} rules, {pairs} pairs of event and rule, {sum(bool(t) for t in theirs)} events with a rule; {wrong} events differ")
    sys.exit(1 if wrong or pairs < len(events) // 4 else 0)


main()
