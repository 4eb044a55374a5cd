// What a taken-over QEMU may send: as one line, and as a stream in pieces of any size. The first byte chooses the size of the pieces.
#include <algorithm>
#include <cstdint>

#include "hypervisor/qemu/qmp_session.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace bh;
  ByteSpan input(reinterpret_cast<std::byte const*>(data), size);
  auto const message = qemu::parse_qmp_message(Untrusted<std::string_view>(as_text(input)));
  if (message) {
    if (auto const* error = std::get_if<qemu::QmpError>(&*message)) {
      BH_ASSERT(error->text.size() <= 200);
      BH_ASSERT(error->text.find('\n') == std::string::npos && error->text.find('\x1b') == std::string::npos);
    }
  }
  if (input.empty()) return 0;
  std::size_t const piece = std::to_integer<std::size_t>(input.front()) + 1;
  input = input.subspan(1);
  // An odd size of pieces: a QEMU that is to restore.
  qemu::QmpSession session(1, piece % 2 == 1 ? qemu::RestoreStage::waiting : qemu::RestoreStage::none);
  BH_ASSERT(session.request(qemu::job::pause()));
  BH_ASSERT(session.request(qemu::job::attach_wire(machine::WireSlot(0), nullptr, machine::MacAddress{})));
  while (!input.empty()) {
    auto const taken = input.first(std::min(piece, input.size()));
    input = input.subspan(taken.size());
    if (!session.feed(taken)) break;
    // Whatever it says, we do not talk without bound.
    BH_ASSERT(session.outgoing().size() < 65536);
    session.sent(session.outgoing().size());
    if (session.restore_stage() == qemu::RestoreStage::ready && !session.restore_failure()) session.load();
  }
  return 0;
}
