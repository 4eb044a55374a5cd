# shellcheck shell=bash
# Steps with times, for the demo: `step NAME COMMAND...` runs, prints one line, remembers the time; a failing step ends the demo.
# Sourced; expects REPORT_DIR ('' for none).

report_names=()
report_times=()
report_notes=()
report_started=$(date +%s.%N)

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

say() { printf '%s\n' "$*"; }
die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

# A command's note for the report: written to $NOTE by the step itself.
step() {
  local name=$1 begun status=0 took
  shift
  NOTE=''
  begun=$(now)
  [[ -t 1 ]] && printf '      %s ...\r' "$name"
  "$@" || status=$?
  took=$(since "$begun")
  if ((status != 0)); then
    printf 'FAIL  %-58s %7s s\n' "$name" "$took"
    write_report "failed: $name"
    [[ -z ${REPORT_DIR-} || -z ${DISPLAY-} ]] || "$BIN/bulkhead-screenshot" "$REPORT_DIR/failed.png" >/dev/null 2>&1 || true
    die "step failed: $name (logs: ${DEMO_LOGS:-none})"
  fi
  printf 'ok    %-58s %7s s%s\n' "$name" "$took" "${NOTE:+   $NOTE}"
  report_names+=("$name")
  report_times+=("$took")
  report_notes+=("$NOTE")
}

json_text() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | tr '\n\t' '  '; }

write_report() {
  local result=$1 i
  [[ -n ${REPORT_DIR-} ]] || return 0
  {
    printf '{"result": "%s", "seconds": %s, "accelerator": "%s", "steps": [' "$(json_text "$result")" "$(since "$report_started")" "${ACCEL:-unknown}"
    for i in "${!report_names[@]}"; do
      ((i == 0)) || printf ','
      printf '\n  {"name": "%s", "seconds": %s, "note": "%s"}' "$(json_text "${report_names[i]}")" "${report_times[i]}" "$(json_text "${report_notes[i]}")"
    done
    printf '\n]}\n'
  } >"$REPORT_DIR/report.json"
}

print_table() {
  local i
  say ''
  say "Timings ($ACCEL)"
  for i in "${!report_names[@]}"; do printf '  %-60s %8s s  %s\n' "${report_names[i]}" "${report_times[i]}" "${report_notes[i]}"; done
  printf '  %-60s %8s s\n' 'in all' "$(since "$report_started")"
}
