#include "gui-daemon/daemon/x11/atoms.h"

#include <array>
#include <string_view>
#include <utility>

#include "gui-daemon/daemon/x11/reply.h"

namespace bh::gui::x11 {

Result<Atoms> Atoms::intern(xcb_connection_t* connection) {
  Atoms atoms{};
  std::array const wanted{
      std::pair{&atoms.wm_protocols, std::string_view("WM_PROTOCOLS")},
      std::pair{&atoms.wm_delete_window, std::string_view("WM_DELETE_WINDOW")},
      std::pair{&atoms.wm_change_state, std::string_view("WM_CHANGE_STATE")},
      std::pair{&atoms.wm_client_machine, std::string_view("WM_CLIENT_MACHINE")},
      std::pair{&atoms.utf8_string, std::string_view("UTF8_STRING")},
      std::pair{&atoms.motif_wm_hints, std::string_view("_MOTIF_WM_HINTS")},
      std::pair{&atoms.xkb_rules_names, std::string_view("_XKB_RULES_NAMES")},
      std::pair{&atoms.net_wm_name, std::string_view("_NET_WM_NAME")},
      std::pair{&atoms.net_wm_pid, std::string_view("_NET_WM_PID")},
      std::pair{&atoms.net_wm_ping, std::string_view("_NET_WM_PING")},
      std::pair{&atoms.net_wm_moveresize, std::string_view("_NET_WM_MOVERESIZE")},
      std::pair{&atoms.net_wm_window_type, std::string_view("_NET_WM_WINDOW_TYPE")},
      std::pair{&atoms.net_wm_window_type_normal, std::string_view("_NET_WM_WINDOW_TYPE_NORMAL")},
      std::pair{&atoms.net_wm_state, std::string_view("_NET_WM_STATE")},
      std::pair{&atoms.net_wm_state_fullscreen, std::string_view("_NET_WM_STATE_FULLSCREEN")},
      std::pair{&atoms.net_wm_state_hidden, std::string_view("_NET_WM_STATE_HIDDEN")},
      std::pair{&atoms.net_wm_state_attention, std::string_view("_NET_WM_STATE_DEMANDS_ATTENTION")},
      std::pair{&atoms.net_wm_state_max_h, std::string_view("_NET_WM_STATE_MAXIMIZED_HORZ")},
      std::pair{&atoms.net_wm_state_max_v, std::string_view("_NET_WM_STATE_MAXIMIZED_VERT")},
      std::pair{&atoms.net_workarea, std::string_view("_NET_WORKAREA")},
      std::pair{&atoms.net_current_desktop, std::string_view("_NET_CURRENT_DESKTOP")},
      std::pair{&atoms.net_supporting_wm_check, std::string_view("_NET_SUPPORTING_WM_CHECK")},
      std::pair{&atoms.qubes_vmname, std::string_view("_QUBES_VMNAME")},
      std::pair{&atoms.qubes_label, std::string_view("_QUBES_LABEL")},
      std::pair{&atoms.qubes_label_color, std::string_view("_QUBES_LABEL_COLOR")},
      std::pair{&atoms.qubes_vmwindowid, std::string_view("_QUBES_VMWINDOWID")},
  };
  std::array<xcb_intern_atom_cookie_t, wanted.size()> cookies{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    cookies[i] = xcb_intern_atom(connection, 0, static_cast<std::uint16_t>(wanted[i].second.size()), wanted[i].second.data());
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Reply<xcb_intern_atom_reply_t> const reply(xcb_intern_atom_reply(connection, cookies[i], nullptr));
    if (!reply) return Failure{Error{"the X server refused the atom " + std::string(wanted[i].second)}};
    *wanted[i].first = reply->atom;
  }
  return atoms;
}

}  // namespace bh::gui::x11
