// QmpSession: the control protocol's state machine without any I/O. Bytes go in, events come out, bytes to be sent lie ready.
// One command at a time is unanswered: a descriptor that goes along can then never be taken for another command's.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "hypervisor/machine/machine_event.h"
#include "hypervisor/qemu/qmp_job.h"
#include "hypervisor/qemu/qmp_message.h"

namespace bh::qemu {

// Of a QEMU that was started to continue a saved machine.
enum class RestoreStage { none, waiting, ready, loading, running };

class QmpSession {
 public:
  // `first_id` is that of this session's first command. Sessions of one QEMU need ranges of their own: an answer that QEMU still owed to
  // an earlier one, such as that of a daemon that was killed, can reach its successor, who has to know it for somebody else's.
  explicit QmpSession(std::uint64_t first_id, RestoreStage stage = RestoreStage::none) : first_id_(first_id), next_id_(first_id), stage_(stage) {}

  // The session of a new connection to the same QEMU, with what was asked for. Precondition: not answers().
  [[nodiscard]] QmpSession begun_anew(std::uint64_t first_id) const;

  // What QEMU sent. A fault ends the session: nothing it says is believed any more.
  Result<std::vector<machine::MachineEvent>, QmpFault> feed(ByteSpan bytes);
  // Sent once the handshake is done and all before it is answered. False: too many are waiting.
  [[nodiscard]] bool request(QmpJob job);

  // At most one command, and what goes along with its first byte.
  [[nodiscard]] std::string_view outgoing() const { return outgoing_; }
  [[nodiscard]] UniqueFd const* attachment() const { return attached_.get(); }
  void sent(std::size_t count);

  // The handshake is done: QEMU answers.
  [[nodiscard]] bool answers() const { return known_; }
  // Waiting: until the handshake. Ready: load() may be called, once the memory is there. After that QEMU reads the state, and
  // MachineRestored and MachineUp are told once the processors run.
  [[nodiscard]] RestoreStage restore_stage() const { return stage_; }
  void load();
  // Why a restore cannot go on.
  [[nodiscard]] std::optional<std::string> const& restore_failure() const { return restore_failure_; }
  // The devices' state lies in the file that a save was given; the processors stand still.
  [[nodiscard]] bool state_saved() const { return save_ == Save::done; }
  // Why the machine is about to end, if QEMU said so.
  [[nodiscard]] ShutdownCause shutdown_cause() const { return cause_; }

 private:
  enum class Phase { capabilities, status, job, undo };
  enum class Save { none, running, done, failed };
  using Events = std::vector<machine::MachineEvent>;

  struct Asked {
    std::uint64_t id;
    Phase phase;
  };
  void send(QmpCommand const& command, Phase phase);
  [[nodiscard]] bool may_begin(QmpJob const& job) const;
  void send_next();
  [[nodiscard]] bool of_this_session(std::uint64_t id) const { return id >= first_id_ && id < next_id_; }
  Result<Phase, QmpFault> answered(std::uint64_t id);
  Result<void, QmpFault> take(QmpMessage const& message, Events& events);
  Result<void, QmpFault> on(QmpGreeting const&, Events&);
  Result<void, QmpFault> on(QmpReturn const& answer, Events& events);
  Result<void, QmpFault> on(QmpError const& error, Events& events);
  Result<void, QmpFault> on(QmpEvent const& event, Events& events);
  Result<void, QmpFault> on_status(std::optional<RunState> state, Events& events);
  void on_step_done(Events& events);
  void on_refusal(std::string const& text, Events& events);
  void on_disk_error(QmpEvent const& event, Events& events);
  Result<void, QmpFault> on_transfer(bool well, Events& events);

  std::string line_;      // begun, not ended
  std::string outgoing_;
  std::shared_ptr<UniqueFd const> attached_;
  std::optional<Asked> asked_;
  std::deque<QmpJob> jobs_;   // the first may have been begun
  std::size_t step_ = 0;      // of the first job
  std::deque<QmpCommand> undo_;
  std::set<machine::Volume> told_errors_;  // since the machine ran last
  std::uint64_t first_id_;
  std::uint64_t next_id_;
  bool greeted_ = false;
  bool known_ = false;
  Save save_ = Save::none;
  RestoreStage stage_;
  std::optional<std::string> restore_failure_;
  ShutdownCause cause_ = ShutdownCause::unknown;
};

}  // namespace bh::qemu
