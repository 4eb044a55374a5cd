#include "hypervisor/machine/fake_vmm.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <deque>

#include "base/child_process.h"
#include "base/posix_io.h"
#include "hypervisor/volumes/root_overlay.h"
#include "hypervisor/volumes/window_memory.h"

namespace bh::machine {

struct FakeMachineState {
  MachineSpec spec;
  FdPair wake;  // a byte for each event that waits
  std::deque<MachineEvent> events;
  UniqueFd window_memory;
  bool running = true;
  int power_presses = 0;
  std::map<WireSlot, UniqueFd> wires;
  ByteCount memory_in_use = mebibytes(64);

  void push(MachineEvent event) {
    if (!running) return;
    running = !std::holds_alternative<MachineStopped>(event);
    events.push_back(std::move(event));
    BH_ASSERT(write_all(wake.second, as_bytes("e")).ok());
  }
};

namespace {

// What a real machine writes, as far as a store of snapshots looks at it.
Result<void> write_snapshot(MachineSpec const& spec, SnapshotTarget const& target) {
  BH_TRY(memory, open_file(target.folder / kSnapshotMemory, O_RDWR | O_CREAT | O_EXCL));
  BH_CHECK(write_all(memory, as_bytes("memory of " + spec.name)));
  if (::ftruncate(memory.borrow(), off_t{spec.memory.value()} << 20) != 0) return Failure{Error::from_errno("size the saved memory")};
  BH_TRY(state, open_file(target.folder / kSnapshotState, O_RDWR | O_CREAT | O_EXCL));
  BH_CHECK(write_all(state, as_bytes("state of " + spec.name)));
  if (!spec.root_image) return {};
  BH_TRY(overlay, open_file(target.folder / kSnapshotOverlay, O_RDWR | O_CREAT | O_EXCL));
  std::error_code error;
  auto const size = std::filesystem::file_size(*spec.root_image, error);
  BH_TRY(content, volumes::empty_qcow2(error || size == 0 ? mebibytes(64) : ByteCount(size)));
  return write_all(overlay, content);
}

class FakeMachine final : public Machine {
 public:
  FakeMachine(std::shared_ptr<FakeMachineState> state, std::shared_ptr<bool> deaf, std::uint64_t start_time)
      : state_(std::move(state)), deaf_(std::move(deaf)), start_time_(start_time) {}

  int pid() const override { return ::getpid(); }
  std::uint64_t start_time() const override { return start_time_; }
  UniqueFd const& pollable() const override { return state_->wake.first; }
  UniqueFd const& window_memory() const override { return state_->window_memory; }

  std::vector<MachineEvent> handle() override {
    std::vector<MachineEvent> events;
    std::byte one[1];
    while (!state_->events.empty() && read_some(state_->wake.first, one)) {
      events.push_back(std::move(state_->events.front()));
      state_->events.pop_front();
    }
    return events;
  }

  Result<void> pause() override { return answer(MachinePaused{}); }
  Result<void> resume() override { return answer(MachineResumed{}); }
  Result<void> press_power_button() override {
    ++state_->power_presses;
    return answer(MachineStopped{StopReason::guest_powered_off, ""});
  }
  Result<void> save(SnapshotTarget const& target) override {
    BH_CHECK(runs());
    if (*deaf_) return {};
    auto const saved = write_snapshot(state_->spec, target);
    state_->push(MachinePaused{});
    if (saved) state_->push(MachineSaved{mebibytes(1)});
    else state_->push(RequestFailed{"save: " + saved.error().message, Request::save});
    return {};
  }
  Result<void> resize_volume(Volume volume, ByteCount) override { return answer(VolumeResized{volume}); }
  Result<void> attach_wire(WireSlot slot, UniqueFd socket, MacAddress const&) override {
    BH_CHECK(runs());
    if (slot.value() >= state_->spec.wires.value() || state_->wires.contains(slot)) return answer(RequestFailed{"attach a wire: the slot is not free", Request::attach_wire});
    state_->wires[slot] = std::move(socket);
    return answer(WireAttached{slot});
  }
  Result<void> detach_wire(WireSlot slot) override {
    BH_CHECK(runs());
    if (state_->wires.erase(slot) == 0) return answer(RequestFailed{"detach a wire: there is none in that slot", Request::detach_wire});
    return answer(WireDetached{slot});
  }
  Result<void> set_balloon(Mebibytes target) override {
    state_->memory_in_use = mebibytes(target.value());
    return answer(BalloonChanged{state_->memory_in_use});
  }
  Result<ByteCount> memory_in_use() const override { return state_->memory_in_use; }
  Result<void> kill() override {
    state_->push(MachineStopped{StopReason::killed, ""});
    return {};
  }

 private:
  Result<void> runs() const {
    if (!state_->running) return Failure{Error{"the machine has stopped", ESRCH}};
    return {};
  }
  Result<void> answer(MachineEvent event) {
    BH_CHECK(runs());
    if (!*deaf_) state_->push(std::move(event));
    return {};
  }
  std::shared_ptr<FakeMachineState> state_;
  std::shared_ptr<bool> deaf_;
  std::uint64_t start_time_;
};

}  // namespace

FakeVmm::FakeVmm() : deaf_(std::make_shared<bool>(false)) {}
FakeVmm::~FakeVmm() = default;

Result<std::unique_ptr<Machine>> FakeVmm::start(MachineSpec const& spec) {
  if (refusal_) {
    Error refusal{*std::exchange(refusal_, std::nullopt), 0};
    return Failure{std::move(refusal)};
  }
  BH_CHECK(check(spec));
  BH_TRY(wake, make_pipe());
  BH_CHECK(set_nonblocking(wake.first, true));
  BH_TRY(start_time, process_start_time(::getpid()));
  auto state = std::make_shared<FakeMachineState>();
  state->spec = spec;
  state->wake = std::move(wake);
  if (spec.window_memory.value() != 0) {
    BH_TRY(memory, volumes::make_window_memory(spec.window_memory));
    state->window_memory = std::move(memory);
  }
  if (spec.restore_from && restore_refusal_) {
    state->push(MachineStopped{StopReason::failed, *std::exchange(restore_refusal_, std::nullopt)});
  } else {
    if (spec.restore_from) state->push(MachineRestored{});
    state->push(MachineUp{});
  }
  machines_[spec.name] = state;
  started_.push_back(spec);
  return std::unique_ptr<Machine>(std::make_unique<FakeMachine>(std::move(state), deaf_, start_time));
}

Result<std::unique_ptr<Machine>> FakeVmm::adopt(RunningMachine const& record) {
  last_adopted_ = record;
  BH_TRY(start_time, process_start_time(::getpid()));
  for (auto const& [name, state] : machines_) {
    if (!state->running || state->spec.run_folder != record.run_folder) continue;
    if (record.pid != ::getpid() || record.start_time != start_time) break;
    state->push(MachineUp{});
    return std::unique_ptr<Machine>(std::make_unique<FakeMachine>(state, deaf_, start_time));
  }
  return Failure{Error{"no machine of that record runs", ESRCH}};
}

void FakeVmm::refuse_next_start(std::string text) { refusal_ = std::move(text); }
void FakeVmm::fail_next_restore(std::string text) { restore_refusal_ = std::move(text); }
void FakeVmm::make_guests_deaf(bool deaf) { *deaf_ = deaf; }
int FakeVmm::power_presses(std::string const& name) const {
  auto const found = machines_.find(name);
  return found == machines_.end() ? 0 : found->second->power_presses;
}
bool FakeVmm::runs(std::string const& name) const {
  auto const found = machines_.find(name);
  return found != machines_.end() && found->second->running;
}
void FakeVmm::happen(std::string const& name, MachineEvent event) {
  auto const found = machines_.find(name);
  BH_ASSERT(found != machines_.end());
  found->second->push(std::move(event));
}

}  // namespace bh::machine
