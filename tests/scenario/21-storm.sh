# 50 signers at once, 200 certificates each, one of them killed every moment:
# never one serial twice, never a certificate that is not in the ledger.
# shellcheck shell=bash

WORKERS=50
CALLS=20
KEYS=10

worker() {
  local w=$1 call paths
  for ((call = 0; call < CALLS; call++)); do
    paths=()
    for ((k = 0; k < KEYS; k++)); do
      cp "$LAB/keys/key.pub" "$LAB/storm/$w-$call-$k.pub"
      paths+=("$LAB/storm/$w-$call-$k.pub")
    done
    countersign sign -q --ca "$LAB/storm-ca" --user "w$w@example.com" --role web "${paths[@]}" 2>>"$LAB/storm.err" &
    wait $! || echo "$w $call" >>"$LAB/storm.cut"
  done
}

killer() {
  local pids
  while [ ! -e "$LAB/storm.done" ]; do
    mapfile -t pids < <(pgrep -x countersign)
    [ ${#pids[@]} -gt 0 ] && kill -9 "${pids[RANDOM % ${#pids[@]}]}"
    sleep 0.0$((RANDOM % 10))
  done 2>/dev/null
}

story "50 x 200 certificates under kill -9"
mkdir "$LAB/storm"
: >"$LAB/storm.cut"
countersign init -q --no-passphrase "$LAB/storm-ca"
# Off the tmpfs, where fsync and the disk are real.
mv "$LAB/storm-ca" /root/storm-ca
ln -s /root/storm-ca "$LAB/storm-ca"
killer &
killer=$!
workers=()
for ((w = 0; w < WORKERS; w++)); do
  worker $w 2>/dev/null &
  workers+=($!)
done
wait "${workers[@]}"
touch "$LAB/storm.done"
wait "$killer"

story "what is left: a whole ledger, and each certificate in it once"
countersign ledger --ca "$LAB/storm-ca" --verify || fail "the ledger is not whole"
cat >"$LAB/storm.py" <<'END'
import base64, glob, json, struct, sys
ca, folder = sys.argv[1:3]
ledger = {}
for line in open(f"{ca}/ledger.jsonl"):
    e = json.loads(line)
    if e["event"] == "cert.create":
        if e["serial"] in ledger: sys.exit(f"serial {e['serial']} is in the ledger twice")
        ledger[e["serial"]] = e
if sorted(ledger) != list(range(1, len(ledger) + 1)): sys.exit("serials with gaps")
def strings(b, n):
    out = []
    for _ in range(n):
        l, = struct.unpack(">I", b[:4]); out.append(b[4:4 + l]); b = b[4 + l:]
    return out, b
seen = {}
for path in glob.glob(f"{folder}/*-cert.pub"):
    _, rest = strings(base64.b64decode(open(path).read().split()[1]), 3)
    serial, = struct.unpack(">Q", rest[:8])
    (key_id,), _ = strings(rest[12:], 1)
    if serial in seen: sys.exit(f"serial {serial}: {path} and {seen[serial]}")
    seen[serial] = path
    if serial not in ledger: sys.exit(f"serial {serial} of {path} is not in the ledger")
    if ledger[serial]["user"] != key_id.decode(): sys.exit(f"serial {serial} is another's")
print(f"  ({len(seen)} certificates, {len(ledger)} in the ledger, {sys.argv[3]} of 1000 calls cut short)")
END
python3 "$LAB/storm.py" "$LAB/storm-ca" "$LAB/storm" "$(wc -l <"$LAB/storm.cut")" || fail "a promise is broken"
[ "$(wc -l <"$LAB/storm.cut")" -ge 20 ] || fail "hardly anything was killed"
[ "$(find "$LAB/storm" -name '*-cert.pub' | wc -l)" -ge 5000 ] || fail "hardly anything was issued: $(sort "$LAB/storm.err" | uniq -c | head -3)"
countersign sign -q --ca "$LAB/storm-ca" --user after@example.com --role web "$LAB/storm/0-0-0.pub" || fail "nothing more can be issued"
