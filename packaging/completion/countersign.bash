# SPDX-License-Identifier: ISC
# bash completion for countersign(1)

_countersign() {
  local cur prev verb i
  local verbs='init rotate sign host renew revoke krl policy ledger inspect needs-renewal'
  local policy_verbs='check fmt diff test explain lock sign verify'
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  verb=${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$cur")
    return
  fi
  case $prev in
  --ca)
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return
    ;;
  --user | --role | --principal | --ttl | --hostname | --connector-id | --mfa | --claims | --request-id | --reason | \
    --client-ip | --agent-timeout | --login | --label | --host | --server-id | --from | --grace | --timeout | --serial | --id | --fingerprint | --at | --since | --until | --head | --expires-in | -I | -n | -V | -z | -C)
    return
    ;;
  --profile)
    for ((i = 2; i < COMP_CWORD; i++)); do
      [ "${COMP_WORDS[i]}" = --ca ] || continue
      mapfile -t COMPREPLY < <(compgen -W "$(command jq -r '.profiles | keys[]' "${COMP_WORDS[i + 1]}/profiles.json" 2>/dev/null)" -- "$cur")
    done
    return
    ;;
  -O)
    mapfile -t COMPREPLY < <(compgen -W 'clear force-command= source-address= verify-required no-touch-required critical: extension:
      permit-pty permit-port-forwarding permit-agent-forwarding permit-x11-forwarding permit-user-rc
      no-pty no-port-forwarding no-agent-forwarding no-x11-forwarding no-user-rc' -- "$cur")
    return
    ;;
  -t)
    mapfile -t COMPREPLY < <(compgen -W 'rsa-sha2-512 rsa-sha2-256' -- "$cur")
    return
    ;;
  esac
  local words
  if [ "$verb" = policy ]; then
    case ${COMP_WORDS[2]} in
    check) words='--strict --quiet --json --help' ;;
    fmt) words='--write --check --help' ;;
    diff) words='--exit-code --json --help' ;;
    test) words='--quiet --json --help' ;;
    explain) words='--cert --user --role --login --label --host --server-id --mfa --claims --from --serial --ttl --grace --at --json --help' ;;
    lock) words='--key --write --quiet --help' ;;
    sign) words='--ca --timeout --quiet --help' ;;
    verify) words='--key --sig --quiet --help' ;;
    esac
    if [ "$COMP_CWORD" -eq 2 ]; then
      mapfile -t COMPREPLY < <(compgen -W "$policy_verbs --help" -- "$cur")
    elif [[ $cur == -* ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
    return
  fi
  case $verb in
  init) words='--no-passphrase --user-ca --host-ca --policy-key --quiet --json --help' ;;
  rotate) words='user host policy start switch back finish status --ca --no-passphrase --next --force --json --help' ;;
  sign) words='--ca --user --role --principal --ttl --profile --batch --connector-id --mfa --claims --request-id --reason
    --client-ip --agent-timeout --allow-unknown-type --json --quiet --help -s -U -I -h -n -V -z -O -t -q' ;;
  host) words='--ca --hostname --ttl --profile --batch --reason --request-id --agent-timeout --allow-unknown-type --json --quiet --help' ;;
  renew) words='--ca --ttl --reason --request-id --agent-timeout --json --quiet --help' ;;
  revoke) words='--ca --serial --user --id --key --fingerprint --reason --quiet --json --help' ;;
  krl) words='--ca -o --at --no-sign --json --quiet --help -k -Q -f -u -s -z -C -l -q' ;;
  ledger) words='--ca --user --role --serial --key --since --until --valid --json --verify --head --repair --help' ;;
  inspect) words='--json --signed --help' ;;
  needs-renewal) words='--expires-in --quiet --json --help' ;;
  esac
  if [[ $cur == -* || $verb == rotate ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F _countersign countersign
