# shellcheck shell=bash
# What the demo shows, step by step. Each step checks what it claims; a step that cannot check itself does not exist.
# Sourced; uses report.sh and desktop.sh.

work_colour=3465a4
untrusted_colour=cc0000

bh() { "$BIN/bulkhead" "$@"; }
in_work() { bh run work -- "$@"; }
in_untrusted() { bh run untrusted -- "$@"; }
# The command ran in its qube and said no (1, or grep's 2). A call that could not be made (125 and up, 3) proves nothing.
says_no() {
  local status=0
  "$@" || status=$?
  ((status == 1 || status == 2))
}

install_policy() {
  mkdir -p "$BULKHEAD_ROOT/etc/policy.d" "$BULKHEAD_ROOT/run/policy.d"
  cp "$repository"/qrexec/policy/default/*.policy "$here"/demo.policy.d/*.policy "$BULKHEAD_ROOT/etc/policy.d/"
  local report
  report=$("$BIN/qrexec-policy" lint "$BULKHEAD_ROOT"/etc/policy.d/*.policy 2>&1) || { printf '%s\n' "$report" >&2; return 1; }
}

say_accelerator() {
  if [[ $ACCEL == kvm ]]; then
    say '      KVM proved itself by booting the guest kernel: hardware isolation.'
  else
    say "      No usable KVM ($(bh features dom0 bulkhead.accel-reason 2>/dev/null || echo 'see bulkhead doctor')): TCG."
    say '      TCG PROMISES NO ISOLATION: use it to look around, not to protect anything. Frames are hatched in this mode.'
  fi
}

create_qubes() {
  bh create --label blue work && bh create --label red untrusted && bh create --label black vault
}

# Both at once, as a user who clicks twice.
start_both() {
  local first status=0
  bh start work & first=$!
  bh start untrusted || status=1
  wait "$first" || status=1
  return "$status"
}

title_is_there() { xdotool search --onlyvisible --name "^\\[$1\\] " >/dev/null 2>&1; }
window_of() { xdotool search --onlyvisible --name "^\\[$1\\] " 2>/dev/null | head -n 1; }

open_terminals() {
  local qube
  for qube in work untrusted; do
    bh run "$qube" -- foot >"$DEMO_LOGS/foot-$qube.log" 2>&1 &
    remember $!
  done
  for qube in work untrusted; do wait_until 120 "a terminal of $qube" title_is_there "$qube" || return 1; done
}

# Looks at the screen's pixels: prints the frames of that colour, "WIDTHxHEIGHT at X,Y"; fails if there is none the size of a window.
frame_found() {
  local found
  found=$("$BIN/bulkhead-screenshot" --find-frame "$1" ${2:+"$2"}) || return 1
  awk -F'[x ]' '$1 >= 200 && $2 >= 100 { print; any = 1 } END { exit !any }' <<<"$found"
}

# On a person's desktop windows lie on each other: the one that is looked at is raised first.
frame_of_is_seen() {
  xdotool windowactivate --sync "$(window_of "$1")" 2>/dev/null || true
  wait_until 30 "a frame of $1 in colour $2" frame_found "$2"
}

frames_have_their_colours() {
  # Apart from each other, so that one picture shows both frames whole.
  if [[ -n $headless ]]; then
    place_window '^\[work\] ' 10 10 && place_window '^\[untrusted\] ' 760 440 || return 1
  fi
  frame_of_is_seen work $work_colour && frame_of_is_seen untrusted $untrusted_colour || return 1
  if [[ -n $headless ]]; then frame_found $work_colour "$REPORT_DIR/desktop-1.png" >/dev/null && frame_found $untrusted_colour >/dev/null; fi
}

# Typed on the desktop's keyboard, seen in the right qube's file and in no other's.
typed_text_arrives() {
  local qube=$1 other=$2 window
  window=$(window_of "$qube")
  xdotool windowactivate --sync "$window" 2>/dev/null || xdotool windowfocus --sync "$window" || return 1
  sleep 0.5
  xdotool type --delay 120 "echo keys-for-$qube | tee typed"
  xdotool key Return
  wait_until 60 "the typed line in $qube" grep_in "$qube" typed "keys-for-$qube" || return 1
  says_no grep_in "$other" typed "keys-for-$qube"
}
grep_in() { bh run "$1" -- grep -qs "$3" "/home/user/$2"; }

keys_reach_the_right_qube() { typed_text_arrives work untrusted && typed_text_arrives untrusted work; }

frame_size() { frame_found "$1" 2>/dev/null | grep -oE '[0-9]+x[0-9]+' | sort -t x -k1,1n -k2,2n | tail -n 1; }

resize_works() {
  local before columns window
  frame_of_is_seen work $work_colour || return 1
  before=$(frame_size $work_colour) && [[ -n $before ]] || return 1
  window=$(window_of work)
  xdotool windowsize "$window" 480 300
  wait_until 30 'the frame to shrink' frame_changed "$before" || return 1
  xdotool windowactivate --sync "$window" 2>/dev/null || true
  xdotool type --delay 120 'stty size > size' && xdotool key Return
  wait_until 60 'the terminal to know its size' in_work test -s /home/user/size || return 1
  columns=$(in_work cat /home/user/size | awk '{ print $2 }')
  NOTE="frame $before -> $(frame_size $work_colour), terminal has $columns columns"
  # 480 pixels hold fewer columns than the terminal had when it opened (80).
  ((columns < 80))
}
frame_changed() { local size; size=$(frame_size $work_colour) && [[ -n $size && $size != "$1" ]]; }

make_files() {
  in_work sh -c 'head -c 67108864 /dev/urandom > /home/user/big && mkdir -p /home/user/tree/a/b && i=0; while [ $i -lt 200 ]; do echo "file $i" > /home/user/tree/a/$i; i=$((i+1)); done; mv /home/user/tree/a/1?? /home/user/tree/a/b/'
}

big_file_arrives_whole() {
  local sent received begun
  sent=$(in_work sha256sum /home/user/big | cut -d' ' -f1)
  begun=$(now)
  in_work qvm-copy-to-vm untrusted /home/user/big || return 1
  NOTE="$(awk -v s="$(since "$begun")" 'BEGIN { printf "%.1f MiB/s", 64 / s }')"
  received=$(in_untrusted sha256sum /home/user/QubesIncoming/work/big | cut -d' ' -f1)
  [[ -n $sent && $sent == "$received" ]]
}

tree_hash='cd "$1" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum && find . -type f | wc -l'
tree_arrives_whole() {
  local sent received
  sent=$(in_work sh -c "$tree_hash" sh /home/user/tree)
  in_work qvm-copy-to-vm untrusted /home/user/tree || return 1
  received=$(in_untrusted sh -c "$tree_hash" sh /home/user/QubesIncoming/work/tree)
  NOTE="$(tail -n 1 <<<"$received") files"
  [[ $sent == "$received" && $(tail -n 1 <<<"$received") == 200 ]]
}

refused_copy_says_so() {
  local message status=0
  in_untrusted sh -c 'echo secret > /home/user/secret' || return 1
  message=$(in_untrusted qvm-copy-to-vm vault /home/user/secret 2>&1) || status=$?
  NOTE="exit status $status: $(tr '\n' ' ' <<<"$message")"
  ((status != 0)) && grep -qi 'refused' <<<"$message" && [[ $(state_of vault) == Halted ]]
}

run_gives_output_and_status() {
  local output status=0
  output=$(in_work sh -c 'echo to-stdout; echo to-stderr >&2; exit 7' 2>"$DEMO_LOGS/run-stderr") || status=$?
  NOTE="output '$output', status $status"
  [[ $output == to-stdout ]] && ((status == 7)) && grep -q to-stderr "$DEMO_LOGS/run-stderr"
}

state_of() { bh ls --json | tr -d ' \n' | grep -oE "\"name\":\"$1\"[^}]*" | grep -oE '"state":"[A-Za-z]+"' | cut -d'"' -f4; }
tray_state_of() { tr -d ' \n' <"$DEMO_ROOT/tray.json" | grep -oE "\"name\":\"$1\"[^}]*" | grep -oE '"state":"[A-Za-z]+"' | cut -d'"' -f4; }

tray_agrees() {
  local qube
  for qube in work untrusted vault; do [[ -n $(state_of $qube) && $(state_of $qube) == "$(tray_state_of $qube)" ]] || return 1; done
}
tray_shows_what_ls_shows() {
  wait_until 20 'the tray to show the states of bulkhead ls' tray_agrees || return 1
  NOTE="work $(tray_state_of work), untrusted $(tray_state_of untrusted), vault $(tray_state_of vault)"
}

window_is_gone() { ! title_is_there "$1"; }
close_works() {
  # By the button that our frame draws, as a person would.
  local frame
  frame=$(frame_found $untrusted_colour | head -n 1)
  [[ $frame =~ ^([0-9]+)x[0-9]+\ at\ ([0-9]+),([0-9]+) ]] || return 1
  xdotool mousemove $((BASH_REMATCH[2] + BASH_REMATCH[1] - 17)) $((BASH_REMATCH[3] + 14)) click 1
  wait_until 30 'the window to close' window_is_gone untrusted || return 1
  wait_until 30 'the terminal to end' no_foot_in_untrusted
}
no_foot_in_untrusted() { says_no in_untrusted pgrep -x foot; }

second_screenshot() {
  [[ -z $REPORT_DIR ]] || "$BIN/bulkhead-screenshot" "$REPORT_DIR/desktop-2.png" >/dev/null
}
both_frames_again() { frame_of_is_seen work $work_colour && frame_of_is_seen untrusted $untrusted_colour; }

write_markers() {
  in_work sh -c 'echo private-stays > /home/user/marker && sync' || return 1
  bh run --user root work -- sh -c 'echo root-goes > /etc/bulkhead-marker && sync && test -s /etc/bulkhead-marker'
}
restart_work() { bh shutdown --wait work && [[ $(state_of work) == Halted ]] && bh start work; }
markers_as_promised() {
  local kept
  kept=$(in_work cat /home/user/marker)
  [[ $kept == private-stays ]] || return 1
  says_no in_work test -e /etc/bulkhead-marker
}

shut_down_all() {
  bh shutdown --wait --all || return 1
  local qube
  for qube in work untrusted vault; do [[ $(state_of $qube) == Halted ]] || return 1; done
}

run_scenario() {
  step 'qubes work, untrusted and vault created' create_qubes
  say '      No qube here has a network card: none has a netvm.'
  step 'work and untrusted started (both at once)' start_both
  step 'a terminal opened in each' open_terminals
  step 'frames in blue and red, found by their pixels' frames_have_their_colours
  step 'typed keys reach the right qube' keys_reach_the_right_qube
  step 'a window can be resized' resize_works
  step 'bulkhead run gives output and exit status' run_gives_output_and_status
  step 'test files made in work' make_files
  step '64 MiB copied from work to untrusted, SHA-256 equal' big_file_arrives_whole
  step 'a tree of 200 files copied, hashes equal' tree_arrives_whole
  step 'copy to vault refused by policy, and said so' refused_copy_says_so
  step 'tray shows the states of bulkhead ls' tray_shows_what_ls_shows
  step 'both frames again, second screenshot' both_frames_again
  second_screenshot
  if [[ -n $headless ]]; then
    step 'a window can be closed' close_works
    step 'markers written in private and root volumes' write_markers
    step 'work shut down and started again' restart_work
    step 'private volume kept its marker, root volume did not' markers_as_promised
    step 'tray still agrees' tray_shows_what_ls_shows
  fi
}
