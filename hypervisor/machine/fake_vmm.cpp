#include "hypervisor/machine/fake_vmm.h"

#include <unistd.h>

#include <cerrno>
#include <deque>

#include "base/child_process.h"
#include "base/posix_io.h"
#include "hypervisor/volumes/window_memory.h"

namespace bh::machine {

struct FakeMachineState {
  MachineSpec spec;
  FdPair wake;  // a byte for each event that waits
  std::deque<MachineEvent> events;
  UniqueFd window_memory;
  bool running = true;
  int power_presses = 0;

  void push(MachineEvent event) {
    if (!running) return;
    running = !std::holds_alternative<MachineStopped>(event);
    events.push_back(std::move(event));
    BH_ASSERT(write_all(wake.second, as_bytes("e")).ok());
  }
};

namespace {

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
  Result<void> kill() override {
    state_->push(MachineStopped{StopReason::killed, ""});
    return {};
  }

 private:
  Result<void> answer(MachineEvent event) {
    if (!state_->running) return Failure{Error{"the machine has stopped", ESRCH}};
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
  state->push(MachineUp{});
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
