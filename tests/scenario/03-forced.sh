# A command that is forced runs, and nothing else, whoever forces it.
# shellcheck shell=bash

story "the certificate's force-command runs instead of a command"
issue backup web -- -O 'force-command=echo "forced: $SSH_ORIGINAL_COMMAND"'
as backup deploy -- id
exits 0
says 'forced: id'
event '.event=="session.start" and (.initial_command[0]|startswith("echo"))'
event '.event=="exec" and (.command|startswith("echo")) and .exit_code==0'

story "and instead of a shell"
as backup deploy --
says 'forced: '

story "and instead of sftp, which gets no file"
echo secret >/home/deploy/secret
chown deploy /home/deploy/secret
echo 'get secret' >"$LAB/batch"
fresh
runs sftp -F "$LAB/ssh_config" -i "$LAB/keys/backup" -b "$LAB/batch" deploy@web1
[ "$STATUS" -ne 0 ] || fail "sftp worked"
event '.event=="session.start" and (.initial_command[0]|startswith("echo"))'
no_event '.event=="subsystem"'

story "its exit status is the session's"
issue failing web -- -O 'force-command=exit 9'
as failing deploy -- id
exits 9

story "a role forces a command, too"
policy <<END
{ "version": 2, "roles": {
  "report": { "allow": { "logins": ["deploy"], "node_labels": { "*": ["*"] } },
              "options": { "force_command": "echo \"by role: \$SSH_ORIGINAL_COMMAND\"", "pty": false } } } }
END
issue reporter report
as reporter deploy -- 'rm -rf /'
says 'by role: rm -rf /'

story "the same command twice is one command; two are none"
issue same report -- -O 'force-command=echo "by role: $SSH_ORIGINAL_COMMAND"'
as same deploy -- id
says 'by role: id'
issue two report -- -O 'force-command=id'
as two deploy -- id
refused
event '.event=="auth" and .reason=="command_conflict"'
