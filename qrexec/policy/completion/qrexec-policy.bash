# bash completion for qrexec-policy: commands, options and qubes. Source it, or install it as
# /usr/share/bash-completion/completions/qrexec-policy. Options are read from --help, so they are the program's own.
# shellcheck shell=bash

_qrexec_policy() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} list=''
  local command=${COMP_WORDS[1]}
  if ((COMP_CWORD == 1)); then
    list='lint eval explain who graph test diff list get replace remove edit --help --version'
  elif [[ $word == -* ]]; then
    list=$("$program" "$command" --help 2>/dev/null </dev/null | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,')
  else
    case $before in
      --format) list='dot svg' ;;
      --to | --from | --source | --target) list=$(bulkhead ls --raw-list --quiet 2>/dev/null </dev/null) ;;
      --policy-dir | --legacy-dir | --with | --with-legacy-dir | --system-info | --batch | -o | --output)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
      *)
        case $command in
          get | replace | remove | edit) list=$("$program" list 2>/dev/null </dev/null) ;;
          eval | explain) ((COMP_CWORD < 4)) && list=$(bulkhead ls --raw-list --quiet 2>/dev/null </dev/null) ;;
          lint | test)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        esac
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$list" -- "$word")
}

complete -F _qrexec_policy qrexec-policy
