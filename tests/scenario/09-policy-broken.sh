# A policy that cannot be believed lets nobody in, and says why.
# shellcheck shell=bash

issue alice web
P=/var/lib/countersign/policy.json
as alice deploy -- true
exits 0
cp $P "$LAB/good"

# broken WORDS: nobody gets in, the event has these words
broken() {
  as alice deploy -- true
  refused
  event ".event==\"auth\" and .reason==\"policy_unreadable\" and (.error|test(\"$1\"))"
  fresh
  install -m 640 -g _countersign "$LAB/good" $P
}

story "missing"
rm $P
broken 'No such file'
story "empty"
: >$P
broken 'end of file'
story "truncated"
head -c 100 "$LAB/good" >$P
broken 'policy.json:[0-9]+:[0-9]+: '
story "writable by all"
chmod 666 $P
broken 'others than root'
story "in a folder that is writable by all"
chmod 777 /var/lib/countersign
broken 'others than root'
chmod 755 /var/lib/countersign
story "another's file"
chown alice $P
broken 'others than root'
chown root $P
story "a link"
mv $P $P.there
ln -s $P.there $P
broken 'symbolic'
rm -f $P $P.there
install -m 640 -g _countersign "$LAB/good" $P
story "not readable by the helper"
chmod 600 $P
broken 'Permission denied'
story "a key that nobody knows"
sed -i 's/"deny"/"denny"/' $P
broken 'denny: unknown key'
story "the same key twice"
sed -i 's/"deny": { "logins": \["root"\] }/"deny": {}, "deny": {}/' $P
broken 'duplicate'
story "no version"
sed -i 's/"version": 1,//' $P
broken 'version: missing'

story "expired"
sed -i 's/"version": 1,/"version": 1, "expires": "2020-01-01T00:00:00Z",/' $P
as alice deploy -- true
refused
event '.event=="auth" and .reason=="policy_expired"'
install -m 640 -g _countersign "$LAB/good" $P

story "settings that cannot be read"
fresh
echo 'Lable env=prod' >>/etc/countersign/node.conf
as alice deploy -- true
refused
event '.event=="auth" and .reason=="settings_unreadable" and (.error|test("node.conf:4.*Lable"))'

story "no settings of the host's own: a deny by label would deny nobody"
sed -i '/Lable/d' /etc/countersign/node.conf
mv /etc/countersign/node.conf /etc/countersign/away
fresh
as alice deploy -- true
refused
event '.event=="auth" and .reason=="settings_unreadable" and (.error|test("node.conf"))'
mv /etc/countersign/away /etc/countersign/node.conf

story "and it is mended without a restart"
as alice deploy -- true
exits 0
