#include "hub_process.h"

#include <signal.h>

#include <cstdlib>

namespace bh::test {

std::filesystem::path program(std::string const& name) {
  char const* const folder = std::getenv("BH_BIN");
  BH_ASSERT(folder != nullptr);
  return std::filesystem::path(folder) / name;
}

FakeQube::FakeQube(std::filesystem::path const& root, std::filesystem::path dom0_folder, DomainId domain)
    : root_(root / ("qube-" + std::to_string(domain.value()))), dom0_folder_(std::move(dom0_folder)), domain_(domain) {
  std::filesystem::create_directories(root_);
  BH_ASSERT(write_file_atomically(guest_env(), "QUBE_NAME=work\nVCHAN_DOMAIN=" + std::to_string(domain.value()) + "\n").ok());
  port_ = std::make_unique<PortRelay>(root_);
  start_host_hub();
  start_guest_hub();
  // The guest's hub makes the folder that its servers need.
  for (Deadline const until = Clock::now() + std::chrono::seconds(30); !std::filesystem::exists(folder());) {
    BH_ASSERT(Clock::now() < until);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

FakeQube::~FakeQube() {
  if (host_hub_) (void)host_hub_->terminate(std::chrono::seconds(5)).ok();
  if (guest_hub_) (void)guest_hub_->terminate(std::chrono::seconds(5)).ok();
}

void FakeQube::start_host_hub() {
  SpawnOptions options;
  options.argv = {program("bulkhead-hub").string(), "host", "--port-socket", port_->host_socket().string(), "--domain",
                  std::to_string(domain_.value()), "--vchan-dir", dom0_folder_.string(), "--guest-env", guest_env().string()};
  options.die_with_parent = true;
  host_hub_ = *ChildProcess::spawn(options);
}

void FakeQube::start_guest_hub() {
  SpawnOptions options;
  options.argv = {program("bulkhead-hub").string(), "guest", "--port-socket", port_->guest_socket().string(), "--vchan-dir",
                  folder().string(), "--env-file", env_file().string()};
  options.die_with_parent = true;
  guest_hub_ = *ChildProcess::spawn(options);
}

namespace {
void end_hard(std::optional<ChildProcess>& process) {
  (void)process->signal(SIGKILL).ok();
  (void)process->wait(Clock::now() + std::chrono::seconds(10)).ok();
  process.reset();
}
}  // namespace

void FakeQube::kill_host_hub() { end_hard(host_hub_); }
void FakeQube::kill_guest_hub() { end_hard(guest_hub_); }

}  // namespace bh::test
