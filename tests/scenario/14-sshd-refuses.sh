# What sshd refuses by itself becomes an event, from root's lines only.
# shellcheck shell=bash

issue alice web
issue bob web

story "revoked"
ssh-keygen -q -k -f "$LAB/krl" -s "$LAB/ca/user_ca.pub" "$LAB/keys/bob-cert.pub"
install -m 644 "$LAB/krl" /var/lib/countersign/krl.new
mv /var/lib/countersign/krl.new /var/lib/countersign/krl
as bob deploy -- id
refused
event '.event=="auth" and .emitter=="sshd" and .reason=="revoked" and .user=="bob@example.com" and .serial==2 and .login=="deploy" and (."addr.remote"|test("^127.0.0.1:[0-9]+$"))'
as alice deploy -- true
exits 0

story "from an address that the role does not have"
fresh
policy <<END
{ "version": 2, "roles": { "web": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
  "options": { "source": ["10.0.0.0/8", "2001:db8::/32"] } } } }
END
as alice deploy -- id
refused
event '.event=="auth" and .emitter=="sshd" and .reason=="source_not_allowed" and .user=="alice@example.com"'
no_event '.event=="connection.start"'

story "from one that it has"
policy <<END
{ "version": 3, "roles": { "web": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
  "options": { "source": ["127.0.0.0/8"] } } } }
END
as alice deploy -- true
exits 0

story "from an address that the certificate does not have"
fresh
issue carol web -- -O source-address=10.0.0.0/8
as carol deploy -- id
refused
event '.event=="auth" and .emitter=="sshd" and .reason=="source_not_allowed" and .user=="carol@example.com"'

story "a role that accepts a certificate for less time than it lives"
fresh
policy <<END
{ "version": 4, "roles": { "web": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
  "options": { "max_session_ttl": "30s" } } } }
END
as alice deploy -- id
refused
event '.event=="auth" and .reason=="session_ttl"'

story "a helper that fails is told as well"
usual_policy
fresh
chmod 644 /usr/libexec/countersign/principals
as alice deploy -- id
refused
event '.event=="auth" and .emitter=="sshd" and .reason=="timeout"'
chmod 755 /usr/libexec/countersign/principals

story "no KRL at all: sshd refuses everybody"
fresh
mv /var/lib/countersign/krl /var/lib/countersign/krl.away
as alice deploy -- id
refused
mv /var/lib/countersign/krl.away /var/lib/countersign/krl
as alice deploy -- true
exits 0
