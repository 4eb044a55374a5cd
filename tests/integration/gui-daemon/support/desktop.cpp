#include "tests/integration/gui-daemon/support/desktop.h"

#include <xcb/xtest.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/posix_io.h"

namespace bh::gui::test {
namespace {

struct FreeReply {
  void operator()(void* reply) const { std::free(reply); }
};
template <class T>
using Reply = std::unique_ptr<T, FreeReply>;

}  // namespace

Desktop::Desktop(std::string display) : display_(std::move(display)), connection_(xcb_connect(display_.c_str(), nullptr)) {
  BH_ASSERT(xcb_connection_has_error(connection_.get()) == 0);
  root_ = xcb_setup_roots_iterator(xcb_get_setup(connection_.get())).data->root;
}

tools::Image Desktop::look() const {
  auto image = tools::capture_screen(display_);
  BH_ASSERT(image.ok());
  return *std::move(image);
}

xcb_atom_t Desktop::atom(std::string const& name) const {
  Reply<xcb_intern_atom_reply_t> const reply(xcb_intern_atom_reply(
      connection_.get(), xcb_intern_atom(connection_.get(), 0, static_cast<std::uint16_t>(name.size()), name.data()), nullptr));
  return reply ? reply->atom : xcb_atom_t{XCB_NONE};
}

std::string Desktop::property(xcb_window_t window, std::string const& name) const {
  Reply<xcb_get_property_reply_t> const reply(xcb_get_property_reply(
      connection_.get(), xcb_get_property(connection_.get(), 0, window, atom(name), XCB_ATOM_ANY, 0, 1024), nullptr));
  if (!reply) return {};
  return {static_cast<char const*>(xcb_get_property_value(reply.get())), static_cast<std::size_t>(xcb_get_property_value_length(reply.get()))};
}

void Desktop::collect(xcb_window_t window, std::optional<WindowId> id, std::vector<Seen>& into) const {
  auto* const c = connection_.get();
  Reply<xcb_query_tree_reply_t> const tree(xcb_query_tree_reply(c, xcb_query_tree(c, window), nullptr));
  if (!tree) return;
  xcb_window_t const* const children = xcb_query_tree_children(tree.get());
  for (int i = 0; i < xcb_query_tree_children_length(tree.get()); ++i) {
    std::string const number = property(children[i], "_QUBES_VMWINDOWID");
    std::uint32_t value = 0;
    if (number.size() == sizeof value) std::memcpy(&value, number.data(), sizeof value);
    if (number.size() == sizeof value && (!id || id->value() == value)) {
      Reply<xcb_get_geometry_reply_t> const size(xcb_get_geometry_reply(c, xcb_get_geometry(c, children[i]), nullptr));
      Reply<xcb_translate_coordinates_reply_t> const at(
          xcb_translate_coordinates_reply(c, xcb_translate_coordinates(c, children[i], root_, 0, 0), nullptr));
      Reply<xcb_get_window_attributes_reply_t> const state(
          xcb_get_window_attributes_reply(c, xcb_get_window_attributes(c, children[i]), nullptr));
      if (size && at && state) {
        into.push_back({children[i], at->dst_x, at->dst_y, size->width, size->height, state->map_state == XCB_MAP_STATE_VIEWABLE,
                        state->override_redirect != 0});
      }
    }
    collect(children[i], id, into);
  }
}

std::vector<Seen> Desktop::windows(std::optional<WindowId> id) const {
  std::vector<Seen> seen;
  collect(root_, id, seen);
  return seen;
}

void Desktop::fake(std::uint8_t type, std::uint8_t detail, std::int32_t x, std::int32_t y) const {
  xcb_test_fake_input(connection_.get(), type, detail, XCB_CURRENT_TIME, root_, static_cast<std::int16_t>(x), static_cast<std::int16_t>(y), 0);
  xcb_flush(connection_.get());
  // A round trip: the event has happened when this returns.
  Reply<xcb_get_input_focus_reply_t> const done(xcb_get_input_focus_reply(connection_.get(), xcb_get_input_focus(connection_.get()), nullptr));
}

void Desktop::move_pointer(std::int32_t x, std::int32_t y) const { fake(XCB_MOTION_NOTIFY, 0, x, y); }
void Desktop::button(std::uint8_t number, bool press) const { fake(press ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, number, 0, 0); }
void Desktop::key(std::uint8_t keycode, bool press) const { fake(press ? XCB_KEY_PRESS : XCB_KEY_RELEASE, keycode, 0, 0); }

void Desktop::focus(xcb_window_t window) const {
  xcb_set_input_focus(connection_.get(), XCB_INPUT_FOCUS_PARENT, window == XCB_NONE ? root_ : window, XCB_CURRENT_TIME);
  xcb_flush(connection_.get());
}

void Desktop::configure(xcb_window_t window, std::uint16_t mask, std::vector<std::uint32_t> const& values) const {
  xcb_configure_window(connection_.get(), window, mask, values.data());
  xcb_flush(connection_.get());
}

void Desktop::destroy(xcb_window_t window) const {
  xcb_destroy_window(connection_.get(), window);
  xcb_flush(connection_.get());
}

void Desktop::send_delete(xcb_window_t window) const {
  xcb_client_message_event_t event{};
  event.response_type = XCB_CLIENT_MESSAGE;
  event.format = 32;
  event.window = window;
  event.type = atom("WM_PROTOCOLS");
  event.data.data32[0] = atom("WM_DELETE_WINDOW");
  xcb_send_event(connection_.get(), 0, window, 0, reinterpret_cast<char const*>(&event));
  xcb_flush(connection_.get());
}

void Desktop::set_root_text(std::string const& name, std::string const& value) const {
  xcb_change_property(connection_.get(), XCB_PROP_MODE_REPLACE, root_, atom(name), XCB_ATOM_STRING, 8, static_cast<std::uint32_t>(value.size()),
                      value.data());
  xcb_flush(connection_.get());
}

bool eventually(std::function<bool()> const& condition) {
  Deadline const deadline = Clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace bh::gui::test
