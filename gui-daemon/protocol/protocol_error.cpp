#include "gui-daemon/protocol/protocol_error.h"

namespace bh::gui {

std::string_view describe(ProtocolError error) {
  switch (error) {
    case ProtocolError::unknown_type: return "a message type that does not exist in this direction";
    case ProtocolError::bad_length: return "a body length that does not fit the message type";
    case ProtocolError::buffer_full: return "more bytes than the largest message has";
    case ProtocolError::bad_version: return "a protocol version we do not speak (1.7 or 1.8 is needed)";
    case ProtocolError::bad_body: return "a body that cannot be read";
    case ProtocolError::bad_extent: return "a width or height out of range";
    case ProtocolError::bad_position: return "a position out of range";
    case ProtocolError::bad_damage: return "a damage rectangle with negative numbers";
    case ProtocolError::bad_dump_type: return "a window dump of unknown type";
    case ProtocolError::bad_format: return "a pixel format other than XRGB8888";
    case ProtocolError::bad_stride: return "a stride other than width * 4";
    case ProtocolError::bad_offset: return "an offset that is not a multiple of the page size";
    case ProtocolError::outside_memory: return "a buffer that reaches outside the window memory";
    case ProtocolError::bad_grants: return "a list of grants that does not fit the size";
    case ProtocolError::mfn_refused: return "MFNDUMP, which is always refused";
    case ProtocolError::no_window_memory: return "a window memory dump though window memory is not in use";
    case ProtocolError::contradicting_flags: return "flags both set and unset";
    case ProtocolError::bad_cursor: return "a cursor that does not exist";
    case ProtocolError::bad_keymap_names: return "keymap names that are not three short ASCII strings";
    case ProtocolError::unknown_window: return "a message for a window that does not exist";
    case ProtocolError::duplicate_window: return "CREATE of a window that exists";
    case ProtocolError::too_many_windows: return "more windows than a qube may have";
    case ProtocolError::too_many_bytes: return "more buffer bytes than a qube may have";
    case ProtocolError::damage_flood: return "damage without waiting for FRAME_DONE";
    case ProtocolError::wrong_state: return "a message that makes no sense in the window's state";
    case ProtocolError::not_requested: return "clipboard data that nobody asked for";
  }
  return "an unknown fault";
}

}  // namespace bh::gui
