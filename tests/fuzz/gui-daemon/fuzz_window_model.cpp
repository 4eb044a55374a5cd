// The fuzzer chooses messages and local events; DrivenSession checks every promise about frames after each.
#include "tests/unit/gui-daemon/support/driven_session.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  bh::ByteReader bytes(bh::ByteSpan(reinterpret_cast<std::byte const*>(data), size));
  bh::gui::test::DrivenSession session;
  while (session.step(bytes)) continue;
  return 0;
}
