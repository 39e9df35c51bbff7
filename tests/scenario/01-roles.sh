# Who may become whom: every login is decided by the certificate's roles.
# shellcheck shell=bash

story "Alice is deploy on web1, because her role says so"
issue alice web
as alice deploy -- id -un
exits 0
says deploy
silent
event '.event=="cert.create" and .user=="alice@example.com" and .identity.roles==["web"]'
event '.event=="connection.start" and .user=="alice@example.com" and .login=="deploy" and .roles==["web"] and .serial==1'
event '.event=="session.start" and .initial_command==["id -un"] and (.interactive|not)'
event '.event=="exec" and .code=="T3002I" and .exit_code==0'
event '.event=="session.end" and .exit_code==0'
event '.event=="connection.end" and .sessions==1'
no_event '.event=="auth"'

story "and alice, by {{user.local}}"
as alice alice -- id -un
says alice

story "but not mallory: no role allows this login"
fresh
as alice mallory -- id
refused
event '.event=="auth" and .code=="T3007W" and .reason=="login_not_allowed" and .login=="mallory" and .user=="alice@example.com"'
no_event '.event=="connection.start"'

story "and not root: a deny rule wins, even over another role that allows it"
fresh
issue both web ops
as both root -- id
refused
event '.event=="auth" and .reason=="denied_by_rule" and .login=="root"'

story "Bob's role is for other hosts"
fresh
issue bob db
as bob deploy -- id
refused
event '.event=="auth" and .reason=="label_mismatch" and .roles==["db"]'

story "Carol's role is in no policy"
fresh
issue carol astronaut
as carol deploy -- id
refused
event '.event=="auth" and .reason=="unknown_role"'

story "a bare login name as principal opens nothing"
fresh
by_keygen bare "$LAB/ca/user_ca" -I bare@example.com -n deploy -V +1h
as bare deploy -- id
refused
event '.event=="auth" and .reason=="no_role"'

story "an expired certificate, and one that is not valid yet"
fresh
by_keygen old "$LAB/ca/user_ca" -I old@example.com -n role:web -V -2h:-1h
as old deploy -- id
refused
event '.event=="auth" and .reason=="expired" and .user=="old@example.com"'
by_keygen early "$LAB/ca/user_ca" -I early@example.com -n role:web -V +1h:+2h
as early deploy -- id
refused
event '.event=="auth" and .reason=="not_yet_valid"'

story "a certificate without an end, and one without principals"
fresh
by_keygen endless "$LAB/ca/user_ca" -I endless@example.com -n role:web
as endless deploy -- id
refused
event '.event=="auth" and .reason=="never_expires"'
by_keygen nobody "$LAB/ca/user_ca" -I nobody@example.com -V +1h
as nobody deploy -- id
refused
no_event '.event=="connection.start"'

story "a host's certificate is nobody's"
fresh
by_keygen hostly "$LAB/ca/user_ca" -h -I hostly -n role:web -V +1h
as hostly deploy -- id
refused
no_event '.event=="connection.start"'

story "another CA's certificate, refused by sshd itself, is an event as well"
fresh
ssh-keygen -q -t ed25519 -N '' -f "$LAB/other_ca"
by_keygen foreign "$LAB/other_ca" -I 'foreign@example.com (serial 9) CA x' -n role:web -z 5 -V +1h
as foreign deploy -- id
refused
event '.event=="auth" and .emitter=="sshd" and .reason=="ca_not_trusted" and .serial==5 and .claimed_user=="foreign@example.com (serial 9) CA x" and (has("user")|not) and .login=="deploy"'

story "an account that does not exist"
fresh
as alice ghost -- id
refused
event '.event=="auth" and .emitter=="sshd" and .reason=="no_such_user" and .login=="ghost"'

story "every subject key type that OpenSSH makes here gets in"
for type in rsa ecdsa; do
  ssh-keygen -q -t $type -N '' -f "$LAB/keys/k-$type"
  countersign sign -q --ca "$LAB/ca" --user "$type@example.com" --role web "$LAB/keys/k-$type.pub" || fail "no certificate"
  as k-$type deploy -- id -un
  says deploy
done
