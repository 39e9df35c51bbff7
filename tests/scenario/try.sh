ssh-keygen -q -t ed25519 -N '' -f $LAB/otherca
by_keygen foreign $LAB/otherca -I foreign@x -n role:web -V +1h
as foreign deploy -- id -un
by_keygen old $LAB/ca/user_ca -I old@x -z 7 -n role:web -V -2h:-1h
as old deploy -- id -un
issue alice web
as alice nosuch -- id -un
as alice root -- id
printf 'serial: 1\n' >$LAB/spec
ssh-keygen -q -k -f $LAB/krl -s $LAB/ca/user_ca.pub $LAB/spec
issue bob web; ssh-keygen -q -k -u -f $LAB/krl -s $LAB/ca/user_ca.pub $LAB/keys/bob-cert.pub; install -m 644 $LAB/krl /var/lib/countersign/krl
as bob deploy -- id
policy <<END
{"version":2,"roles":{"web":{"allow":{"logins":["deploy"],"node_labels":{"*":["*"]}},"options":{"source":["10.0.0.0/8"]}}}}
END
issue carol web
as carol deploy -- id
sleep 0.5
cat $EVENTS; tail -90 /var/log/auth.log; cat $LAB/rsyslog.err 
