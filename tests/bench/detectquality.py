#!/usr/bin/python3
"""Of attacks and of harmless commands: which raise medium or higher.

usage: detectquality.py DETECT SHELLEVENTS DATA LOGSOURCES RULES...
Prints, for each set of rules given as NAME=PATH[:PATH...], the share of
atomic-red-team's commands and of nl2bash's distinct lines. --missed NAME also
lists the even half's attacks that nothing of NAME sees; --wrong NAME the
harmless lines that something does."""
import hashlib
import json
import subprocess
import sys
from collections import Counter


def events(shellevents, path):
    return subprocess.run([*shellevents.split(), path], stdout=subprocess.PIPE, check=True).stdout.splitlines(keepends=True)


def raised(detect, logsources, paths, lines):
    """The commands (by number) that raise medium or higher, and by which."""
    rules = [x for p in paths for x in ("--rules", p)]
    out = subprocess.run([detect, "run", "--matches", "--logsources", logsources, *rules],
                         input=b"".join(lines), stdout=subprocess.PIPE, check=True).stdout
    seen = {}
    for match in map(json.loads, out.splitlines()):
        if match["level"] in ("medium", "high", "critical"):
            number = int(json.loads(lines[match["line"] - 1])["sid"])
            seen.setdefault(number, set()).add(match["rule"])
    return seen


def main():
    missed = wrong = None
    args = sys.argv[1:]
    while args[0].startswith("--"):
        if args[0] == "--missed":
            missed = args[1]
        else:
            wrong = args[1]
        args = args[2:]
    detect, shellevents, data, logsources, *sets = args
    attacks = json.load(open(data + "/atomic-red-team/commands.json"))
    # A half is of techniques, so that none is in both.
    odd = [int(hashlib.sha256(a["technique"].encode()).hexdigest()[-1], 16) % 2 == 1 for a in attacks]
    attack_events = events(shellevents, data + "/atomic-red-team/commands.json")
    harmless = open(data + "/nl2bash/commands.txt").read().splitlines()
    harmless_events = events(shellevents, data + "/nl2bash/commands.txt")
    distinct = set(harmless)
    for entry in sets:
        name, paths = entry.split("=", 1)
        seen = raised(detect, logsources, paths.split(":"), attack_events)
        for label, half in (("even", False), ("odd", True)):
            of = [i for i, o in enumerate(odd) if o == half]
            found = sum(i + 1 in seen for i in of)
            goal = " (goal >= 65 %)" if half and name == "shipped" else ""
            print(f"figure attacks_{label}_{name} {100 * found / len(of):.1f} %{goal} ({found} of {len(of)})")
        alarms = raised(detect, logsources, paths.split(":"), harmless_events)
        lines = {harmless[i - 1] for i in alarms}
        goal = " (goal <= 1 %)" if name == "shipped" else ""
        print(f"figure harmless_{name} {100 * len(lines) / len(distinct):.2f} %{goal} ({len(lines)} of {len(distinct)})")
        if missed == name:
            for i, attack in enumerate(attacks):
                if not odd[i] and i + 1 not in seen:
                    print(f"  missed {attack['technique']}: {attack['command'][:300]!r}")
        if wrong == name:
            counts = Counter(rule for rules in alarms.values() for rule in rules)
            for rule, n in counts.most_common():
                print(f"  wrong {n} {rule}")
            for i, rules in sorted(alarms.items()):
                print(f"  wrong {sorted(rules)}: {harmless[i - 1][:160]!r}")


main()
