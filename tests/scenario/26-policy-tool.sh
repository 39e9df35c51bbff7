# countersign policy: what a person and a CI job have of it.
# shellcheck shell=bash

cd "$LAB" || lab_die "no lab"
say_policy() {
  cat >p.json <<END
{"version": $1, "expires": "2099-01-01T00:00:00Z", "roles": {
  "web": {"allow": {"logins": ["deploy"], "node_labels": {"env": ["prod"]}}, "options": {$2}}}}
END
}

story "check: errors with line and column, and exit status 1"
say_policy 1 '"ptty": true'
runs countersign policy check p.json
exits 1
says 'p.json:2:90: error: roles.web.options.ptty: unknown key'
runs countersign policy check --json p.json
exits 1
jq -e '.line == 2 and .column == 90 and .level == "error"' out >/dev/null || fail "no JSON"
story "warnings are no errors, unless that is asked for"
say_policy 1 '"port_forwarding": true, "permitopen": ["a:1"]'
runs countersign policy check p.json
exits 0
grep -q '^p.json:2:.*warning: roles.web.options.permitopen: limits nothing' out || fail "no warning: $(cat out)"
runs countersign policy check --strict p.json
exits 1
story "what is no policy, or not there"
runs countersign policy check nowhere.json
exits 3
printf '{"version":1,\0' >nul.json
runs countersign policy check nul.json
exits 3
warns NUL
runs countersign policy check
exits 2
runs countersign policy frobnicate
exits 2
for verb in check fmt diff test explain sign verify; do
  runs countersign policy $verb --help
  exits 0
  grep -q "usage: countersign policy $verb" out || fail "no usage of $verb"
done

story "fmt: the same policy, in one layout, and then nothing to do"
runs countersign policy fmt p.json
exits 0
cp out q.json
jq -S . p.json >a
jq -S . q.json | diff a - >/dev/null || fail "another policy"
runs countersign policy fmt --check p.json q.json
exits 1
says p.json
chmod 600 p.json
runs countersign policy fmt -w p.json
exits 0
cmp -s p.json q.json || fail "not the layout"
[ "$(stat -c %a p.json)" = 600 ] || fail "another mode"
runs countersign policy fmt --check p.json
exits 0

story "diff: who gains, who loses"
say_policy 2 '"pty": false'
runs countersign policy diff q.json p.json
exits 0
says "~ version 2, was 1
- role 'web' has pty false, was true
- role 'web' has port_forwarding false, was true
- role 'web' may no longer forward to 'a:1'"
runs countersign policy diff --exit-code q.json p.json
exits 1
runs countersign policy diff --exit-code p.json p.json
exits 0

story "explain: why, and the very line"
runs countersign policy explain p.json --user alice@example.com --role web --login deploy --label env=prod --at 2026-12-01T12:00:00Z
exits 0
grep -q 'sshd gets: restrict,expiry-time="20261201195900Z" role:web' out || fail "no line: $(cat out)"
runs countersign policy explain p.json --user alice@example.com --role web --login deploy --label env=dev
exits 1
grep -q "role 'web' is not for this host: env=dev fits none of prod" out || fail "no reason: $(cat out)"
runs countersign policy explain p.json --user alice@example.com --role web --login deploy --label env=prod --from 10.0.0.0/8
exits 2
issue alice web
runs countersign policy explain p.json --cert keys/alice-cert.pub --login deploy --label env=prod --json
exits 0
jq -e '.allowed and (.line|startswith("restrict,expiry-time="))' out >/dev/null || fail "no JSON"
runs countersign policy explain p.json --cert keys/alice-cert.pub --role ops --login deploy
exits 2
runs countersign policy explain p.json --user x --role web --login deploy --label env=a --label env=b
exits 2

story "claims that cannot be read refuse, here and on a host"
by_keygen odd "$LAB/ca/user_ca" -I odd@example.com -n role:web -V +1h -O 'extension:claims@countersign={"a":1,"a":2}'
runs countersign policy explain p.json --cert keys/odd-cert.pub --login deploy --label env=prod --json
exits 1
jq -e '.reason == "bad_certificate"' out >/dev/null || fail "not refused: $(cat out)"
as odd deploy -- true
refused
event '.event=="auth" and .reason=="bad_certificate" and .user=="odd@example.com"'

story "hostile text is not for the terminal"
printf '{"version":1,"roles":{},"locks":[{"name":"a","target":{"user":"x\\u001b]0;evil\\u0007"},"reason":"\\u202eevil"}]}' >evil.json
for words in 'check evil.json' 'diff q.json evil.json' 'fmt evil.json'; do
  # shellcheck disable=SC2086
  runs countersign policy $words
  grep -q "$(printf '\033\|\007')" out && fail "an escape in: policy $words"
done

story "sign: ssh-keygen agrees; a version once, and only upwards"
runs countersign policy sign --ca ca p.json
exits 0
runs countersign policy verify --key ca/policy_key.pub p.json
exits 0
{ printf 'me namespaces="policy@countersign" ' && cat ca/policy_key.pub; } >allowed
ssh-keygen -Y verify -f allowed -I me -n policy@countersign -s p.json.sig <p.json >/dev/null || fail "ssh-keygen does not agree"
runs countersign policy sign --ca ca p.json
exits 0
say_policy 2 ''
runs countersign policy sign --ca ca p.json
exits 1
warns 'make it 3'
runs countersign policy verify --key ca/policy_key.pub p.json
exits 1
warns 'does not fit'
say_policy 3 ''
runs countersign policy sign -q --ca ca p.json
exits 0
story "not what a host would refuse"
say_policy 4 '"ptty": true'
runs countersign policy sign --ca ca p.json
exits 3
sed 's/2099/2020/' q.json >expired.json
sed -i 's/"version": 1/"version": 9/' expired.json
runs countersign policy sign --ca ca expired.json
exits 1
warns expired
story "two signers at once: one version is signed once"
signers=()
for i in 1 2 3 4 5 6; do
  sed "s/\"version\": 1/\"version\": 20/; s/deploy/deploy$i/" q.json >"s$i.json"
  countersign policy sign -q --ca ca "s$i.json" 2>/dev/null &
  signers+=($!)
done
wait "${signers[@]}"
[ "$(ls s?.json.sig | wc -l)" = 1 ] || fail "signed: $(ls s?.json.sig)"
story "by a key in an agent"
eval "$(ssh-agent -s)" >/dev/null
ssh-add -q ca/policy_key
mv ca/policy_key away
say_policy 30 ''
runs countersign policy sign --ca ca p.json
exits 0
runs countersign policy verify --key ca/policy_key.pub p.json
exits 0
kill "$SSH_AGENT_PID"
unset SSH_AUTH_SOCK SSH_AGENT_PID
mv away ca/policy_key
cd /
