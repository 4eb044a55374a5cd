// The X atoms we use, interned in one round trip.
#pragma once

#include <xcb/xcb.h>

#include "base/error.h"

namespace bh::gui::x11 {

struct Atoms {
  xcb_atom_t wm_protocols, wm_delete_window, wm_change_state, wm_client_machine;
  xcb_atom_t utf8_string, motif_wm_hints, xkb_rules_names;
  xcb_atom_t net_wm_name, net_wm_pid, net_wm_ping, net_wm_moveresize, net_wm_window_type, net_wm_window_type_normal;
  xcb_atom_t net_wm_state, net_wm_state_fullscreen, net_wm_state_hidden, net_wm_state_attention, net_wm_state_max_h, net_wm_state_max_v;
  xcb_atom_t net_workarea, net_current_desktop, net_supporting_wm_check;
  xcb_atom_t qubes_vmname, qubes_label, qubes_label_color, qubes_vmwindowid;

  static Result<Atoms> intern(xcb_connection_t* connection);
};

}  // namespace bh::gui::x11
