// QmpSession: the control protocol's state machine without any I/O. Bytes go in, events come out, bytes to be sent lie ready.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "hypervisor/machine/machine_event.h"
#include "hypervisor/qemu/qmp_message.h"

namespace bh::qemu {

enum class QmpRequest { stop, cont, system_powerdown };

class QmpSession {
 public:
  // `first_id` is that of this session's first command. Sessions of one QEMU need ranges of their own: an answer that QEMU still owed to
  // an earlier one, such as that of a daemon that was killed, can reach its successor, who has to know it for somebody else's.
  explicit QmpSession(std::uint64_t first_id) : first_id_(first_id), next_id_(first_id) {}

  // The session of a new connection to the same QEMU, with what was asked for and not yet sent.
  [[nodiscard]] QmpSession begun_anew(std::uint64_t first_id) const;

  // What QEMU sent. A fault ends the session: nothing it says is believed any more.
  Result<std::vector<machine::MachineEvent>, QmpFault> feed(ByteSpan bytes);
  // Sent once the handshake is done. False: too many are unanswered.
  [[nodiscard]] bool request(QmpRequest request);

  [[nodiscard]] std::string_view outgoing() const { return outgoing_; }
  void sent(std::size_t count) { outgoing_.erase(0, count); }
  // The handshake is done and the machine's state known.
  [[nodiscard]] bool up() const { return up_; }
  // Why the machine is about to end, if QEMU said so.
  [[nodiscard]] ShutdownCause shutdown_cause() const { return cause_; }

 private:
  enum class Asked { capabilities, status, stop, cont, power_button };
  using Events = std::vector<machine::MachineEvent>;

  void send(Asked what);
  [[nodiscard]] bool of_this_session(std::uint64_t id) const { return id >= first_id_ && id < next_id_; }
  Result<void, QmpFault> take(QmpMessage const& message, Events& events);
  Result<void, QmpFault> on(QmpGreeting const&, Events&);
  Result<void, QmpFault> on(QmpReturn const& answer, Events& events);
  Result<void, QmpFault> on(QmpError const& error, Events& events);
  Result<void, QmpFault> on(QmpEvent const& event, Events& events);

  std::string line_;      // begun, not ended
  std::string outgoing_;
  std::vector<Asked> waiting_;               // before the handshake is done
  std::map<std::uint64_t, Asked> unanswered_;
  std::uint64_t first_id_;
  std::uint64_t next_id_;
  bool greeted_ = false;
  bool ready_ = false;
  bool up_ = false;
  ShutdownCause cause_ = ShutdownCause::unknown;
};

}  // namespace bh::qemu
