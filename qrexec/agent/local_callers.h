// Programs of this qube that ask for a service: the trigger socket and its connections (qrexec.md 5).
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "qrexec/protocol/trigger_codec.h"
#include "qrexec/stream/call_events.h"
#include "qrexec/stream/framed_stream.h"

namespace bh::qrexec {

class LocalCallers {
 public:
  static constexpr std::size_t kLimit = 256;

  // A request that dom0 shall see, and a call whose caller has left.
  struct Events {
    std::vector<Bytes> requests;
    std::vector<CallAddress> ended;
  };

  [[nodiscard]] bool listening() const { return listener_.open(); }
  Result<void> listen(std::filesystem::path const& path);
  void fill(PollSet& set);
  // `version` is the one agreed with dom0; 0: there is no dom0, and everybody is refused.
  Events handle(PollSet const& set, std::uint32_t version);

  // dom0's answers. False: the caller has left meanwhile.
  bool connect(ServiceConnect const& message);
  void refuse(RawIdent const& ident);
  // No answer will come for what was asked so far.
  void refuse_waiting();

 private:
  struct Caller {
    FramedStream stream;
    Deadline deadline;
    bool asked = false;
    std::optional<CallAddress> connected;
    std::size_t slot = 0;
  };
  void accept_callers(bool refuse_at_once);
  // False: the caller is to be forgotten.
  bool handle_caller(Ident const& ident, Caller& caller, std::uint32_t version, Events& events);

  UniqueFd listener_;
  std::size_t listener_slot_ = 0;
  std::map<Ident, Caller> callers_;
  std::uint64_t last_ = 0;
};

}  // namespace bh::qrexec
