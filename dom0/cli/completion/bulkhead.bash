# bash completion for bulkhead and the qvm-* names: commands, options and qubes. Source it, or install it as
# /usr/share/bash-completion/completions/bulkhead. Options are read from --help, so they are the program's own.
# shellcheck shell=bash

_bulkhead_qubes() { "$1" ls --raw-list --quiet 2>/dev/null </dev/null; }

_bulkhead_options() { "$@" --help 2>/dev/null </dev/null | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,'; }

_bulkhead() {
  local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} list=''
  local commands='ls create start restart shutdown kill pause unpause suspend resume run snapshot prefs system-prefs features tags check remove volume pool doctor events log version'
  local -a call=("$program")
  local bulkhead=$program
  if [[ ${program##*/} == bulkhead ]]; then
    if ((COMP_CWORD == 1)); then
      mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
      return
    fi
    call+=("${COMP_WORDS[1]}")
  else
    bulkhead=bulkhead
    [[ $program == */* ]] && bulkhead=${program%/*}/bulkhead
  fi
  if [[ $word == -* ]]; then
    list=$(_bulkhead_options "${call[@]}")
  else
    case ${COMP_WORDS[COMP_CWORD - 1]} in
      -l | --label) list='red orange yellow green gray blue purple black' ;;
      --what) list='console qemu hub qrexec gui' ;;
      *)
        case ${call[*]} in
          *doctor | *version | *system-prefs | *qubes-prefs | *create) ;;
          *log) list="$(_bulkhead_qubes "$bulkhead") bulkheadd" ;;
          *) list=$(_bulkhead_qubes "$bulkhead") ;;
        esac
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$list" -- "$word")
}

complete -F _bulkhead bulkhead qvm-ls qvm-create qvm-start qvm-shutdown qvm-kill qvm-pause qvm-unpause qvm-suspend qvm-resume qvm-run qvm-prefs qubes-prefs \
  qvm-features qvm-tags qvm-check qvm-remove qvm-volume qvm-pool
