#include "tests/e2e/hypervisor/personal/warm_machine.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "hypervisor/machine/wait_for_event.h"

namespace bh::test {

namespace fs = std::filesystem;

namespace {

std::string program(char const* name) {
  char const* const folder = std::getenv("BH_BIN");
  return (fs::path(folder == nullptr ? "" : folder) / name).string();
}

using Environment = std::vector<std::pair<std::string, std::optional<std::string>>>;

Result<Spoken> spawn_speaking(std::vector<std::string> argv, Environment environment) {
  BH_TRY(pipe, make_pipe());
  SpawnOptions options;
  options.argv = std::move(argv);
  options.fds = {{&pipe.second, STDOUT_FILENO}};
  options.environment = std::move(environment);
  options.die_with_parent = true;
  BH_TRY(child, ChildProcess::spawn(options));
  return Spoken{std::move(child), std::move(pipe.first)};
}

}  // namespace

std::string Spoken::line(Deadline deadline) {
  for (;;) {
    if (auto const end = held.find('\n'); end != std::string::npos) {
      std::string const found = held.substr(0, end);
      held.erase(0, end + 1);
      return found;
    }
    auto const ready = wait_for(out, POLLIN, deadline);
    if (!ready || !*ready) return {};
    std::array<std::byte, 4096> chunk;
    auto const got = read_some(out, chunk);
    if (!got || *got == 0) return {};
    held += as_text(ByteSpan(chunk).first(*got));
  }
}

std::string Spoken::all(Deadline deadline) {
  std::string text;
  for (std::string one = line(deadline); !one.empty(); one = line(deadline)) text += one + "\n";
  return text + held;
}

WarmMachine::~WarmMachine() { kill(); }

void WarmMachine::kill() {
  for (auto& child : children_) (void)child.terminate(std::chrono::milliseconds(200));
  children_.clear();
  if (!machine_) return;
  EXPECT_TRUE(machine_->kill().ok());
  (void)machine::wait_for_event<machine::MachineStopped>(*machine_, Clock::now() + std::chrono::seconds(10));
  machine_.reset();
}

void WarmMachine::start(qemu::QemuVmm& vmm, machine::MachineSpec spec, std::string const& facts) {
  fs::create_directories(folder_ / "vchan");
  fs::create_directories(folder_ / "qrexec");
  fs::create_directories(folder_ / "run");
  spec.run_folder = folder_ / "run";
  spec.log_file = folder_ / "qemu.log";
  std::string const number = std::to_string(domain_.value());
  ASSERT_TRUE(write_file_atomically(folder_ / "guest.env",
                                    "VCHAN_DOMAIN=32751\nQUBE_DOMAIN=" + number +
                                        "\nVCHAN_SOCKET_DIR=/run/bulkhead/vchan\nDEFAULT_USER=user\nGUI_TRANSPORT=window-memory\nQUBE_TYPE=AppVM\n" + facts)
                  .ok());
  auto started = vmm.start(spec);
  ASSERT_TRUE(started.ok()) << started.error().message;
  machine_ = *std::move(started);
}

void WarmMachine::start_hub() {
  auto hub = spawn_speaking({program("bulkhead-hub"), "host", "--port-socket", machine::mux_socket(folder_ / "run"), "--domain",
                             std::to_string(domain_.value()), "--vchan-dir", folder_ / "vchan", "--guest-env", folder_ / "guest.env"},
                            {{"BULKHEAD_LOG", "error"}});
  ASSERT_TRUE(hub.ok()) << hub.error().message;
  children_.push_back(std::move(hub->child));
}

fs::path WarmMachine::socket_of(std::uint32_t port) const {
  return folder_ / "vchan" / vchan::ChannelName{domain_, kDom0, vchan::Port(port)}.file_name();
}

bool WarmMachine::serves(std::uint32_t port) const { return fs::exists(socket_of(port)); }

bool WarmMachine::wait_for_server(std::uint32_t port, Deadline deadline) const {
  while (!serves(port) && Clock::now() < deadline && fs::exists("/proc/" + std::to_string(machine_->pid()))) ::usleep(20000);
  return serves(port);
}

Spoken WarmMachine::personalise() const {
  auto spoken = spawn_speaking({program("bulkhead-personalise"), "host", "--domain", std::to_string(domain_.value()), "--vchan-dir", folder_ / "vchan",
                                "--facts-file", folder_ / "guest.env", "--timeout", "90"},
                               {});
  EXPECT_TRUE(spoken.ok()) << spoken.error().message;
  return *std::move(spoken);
}

void WarmMachine::start_qrexec() {
  auto daemon = spawn_speaking({program("qrexec-daemon"), "--direct", "--uuid=00000000-0000-4000-8000-000000000007",
                                "--socket-dir=" + (folder_ / "qrexec").string(), std::to_string(domain_.value()), "clone", "user"},
                               {{"VCHAN_DOMAIN", "0"}, {"VCHAN_SOCKET_DIR", (folder_ / "vchan").string()}, {"QREXEC_STARTUP_TIMEOUT", "300"}, {"BULKHEAD_LOG", "error"}});
  ASSERT_TRUE(daemon.ok()) << daemon.error().message;
  children_.push_back(std::move(daemon->child));
  Deadline const deadline = Clock::now() + std::chrono::seconds(90);
  while (!fs::exists(folder_ / "qrexec/qrexec.clone") && Clock::now() < deadline) ::usleep(20000);
  ASSERT_TRUE(fs::exists(folder_ / "qrexec/qrexec.clone")) << console();
}

std::string WarmMachine::call(std::string const& command, std::string const& user) {
  auto spoken = spawn_speaking({program("qrexec-client"), "--socket-dir=" + (folder_ / "qrexec").string(), "-w", "60", "-d", "clone", user + ":" + command},
                               {{"VCHAN_DOMAIN", "0"}, {"VCHAN_SOCKET_DIR", (folder_ / "vchan").string()}});
  EXPECT_TRUE(spoken.ok());
  if (!spoken) return {};
  std::string const said = spoken->all(Clock::now() + std::chrono::seconds(90));
  (void)spoken->child.terminate(std::chrono::seconds(1));
  return said;
}

std::string WarmMachine::console() const {
  auto const text = read_file(machine::console_log(folder_ / "run"), 1 << 20);
  return text ? *text : text.error().message;
}

}  // namespace bh::test
