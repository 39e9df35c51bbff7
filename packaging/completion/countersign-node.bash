# SPDX-License-Identifier: ISC
# bash completion for countersign-node(8)

_countersign_node() {
  local cur prev words
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'check setup remove refresh lock unlock --help --version' -- "$cur")
    return
  fi
  case $prev in
  --user)
    [ "${COMP_WORDS[1]}" = check ] && mapfile -t COMPREPLY < <(compgen -u -- "$cur")
    return
    ;;
  --login)
    mapfile -t COMPREPLY < <(compgen -u -- "$cur")
    return
    ;;
  --timeout | --every | --ttl | --role | --serial | --fingerprint | --reason) return ;;
  esac
  case ${COMP_WORDS[1]} in
  check) words='--user --strict --quiet --json --list --help' ;;
  setup) words='--no-confirm --timeout --confirm --undo --if-unwatched --watch --force --help' ;;
  remove) words='--help' ;;
  refresh) words='--scheduled --every --quiet --help' ;;
  lock) words='--user --role --login --serial --fingerprint --everybody --ttl --for-ever --reason --list --help' ;;
  unlock)
    words="--help $(command find /var/lib/countersign/locks.d -name '*.json' -printf '%f\n' 2>/dev/null | sed 's/\.json$//')"
    ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _countersign_node countersign-node
