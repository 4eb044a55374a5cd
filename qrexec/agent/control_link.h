// The agent's control connection with dom0's daemon: listens, agrees on a version, loses it, listens again.
#pragma once

#include <optional>

#include "hypervisor/vchan/server.h"
#include "qrexec/protocol/control_codec.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/framed_stream.h"
#include "qrexec/stream/vchan_place.h"

namespace bh::qrexec {

class ControlLink {
 public:
  explicit ControlLink(VchanPlace const& place) : place_(place) {}

  enum class Change : std::uint8_t { none, agreed, lost };

  // Listens if there is neither a connection nor a listener. An error is the system's, not dom0's.
  Result<void> ensure();
  void fill(PollSet& set);
  // After poll; messages are then to be had from next(). `lost` may come with messages still to take.
  Change handle(PollSet const& set);
  // nullopt: nothing more for now. A bad message of dom0 loses the connection.
  std::optional<ToAgent> next();
  void send(ByteSpan encoded);

  // 0 while there is no agreement.
  [[nodiscard]] std::uint32_t version() const { return version_; }
  // Counts agreements, so that what belongs to an older one can be told.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  Change take_hello();
  Change lose(std::string const& why);
  VchanPlace const& place_;
  std::optional<vchan::Server> server_;
  std::optional<FramedStream> stream_;
  std::uint32_t version_ = 0;
  std::uint64_t generation_ = 0;
  Deadline hello_deadline_{};
  std::size_t slot_ = 0;
};

}  // namespace bh::qrexec
