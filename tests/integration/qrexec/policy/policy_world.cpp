#include "policy_world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "base/child_process.h"
#include "base/unix_socket.h"

namespace bh::policy::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

char const kSystem[] = R"({"domains": {
  "dom0": {"type": "AdminVM", "power_state": "Running"},
  "work": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000001"},
  "untrusted": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000002"},
  "vault": {"type": "AppVM", "power_state": "Halted", "uuid": "00000000-0000-0000-0000-000000000003"}}})";

FakeAdmin::FakeAdmin(fs::path const& socket, std::string reply) : reply_(std::move(reply)) {
  auto listener = listen_unix(socket);
  if (!listener)
    ADD_FAILURE() << listener.error().message;
  else
    listener_ = *std::move(listener);
  thread_ = std::thread([this] { serve(); });
}

FakeAdmin::~FakeAdmin() {
  ::shutdown(listener_.borrow(), SHUT_RDWR);
  thread_.join();
}

void FakeAdmin::serve() {
  for (;;) {
    auto peer = accept_unix(listener_);
    if (!peer) return;
    request_.clear();
    std::array<std::byte, 4096> chunk;
    for (;;) {
      auto const count = read_some(*peer, chunk);
      if (!count || *count == 0) break;
      request_ += as_text(std::span(chunk).first(*count));
    }
    (void)write_all(*peer, as_bytes(reply_));
  }
}

void PolicyWorld::SetUp() {
  auto made = TempDir::create("bh-policy-test");
  ASSERT_TRUE(made.ok());
  folder_.emplace(*std::move(made));
  for (char const* name : {"run/policy.d", "etc/policy.d"}) fs::create_directories(root() / name);
  write("system.json", kSystem);
}

void PolicyWorld::write(std::string const& name, std::string const& text) const {
  fs::create_directories((root() / name).parent_path());
  ASSERT_TRUE(write_file_atomically(root() / name, text).ok());
}

fs::path PolicyWorld::program(std::string const& name) {
  char const* const folder = std::getenv("BH_BIN");
  return fs::path(folder == nullptr ? "bin" : folder) / name;
}

Ran PolicyWorld::run(std::string const& program_name, std::vector<std::string> arguments, std::string const& input,
                     std::vector<std::pair<std::string, std::optional<std::string>>> environment) const {
  write("in", input);
  auto in = open_file(root() / "in", O_RDONLY);
  auto out = open_file(root() / "out", O_RDWR | O_CREAT | O_TRUNC);
  auto err = open_file(root() / "err", O_RDWR | O_CREAT | O_TRUNC);
  if (!in || !out || !err) return {};
  SpawnOptions options;
  options.argv = {program(program_name).string()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.fds = {{&*in, 0}, {&*out, 1}, {&*err, 2}};
  options.environment = {{"BULKHEAD_ROOT", root().string()}};
  for (auto& change : environment) options.environment.push_back(std::move(change));
  auto child = ChildProcess::spawn(options);
  if (!child) return {};
  auto const ended = child->wait(Clock::now() + 60s);
  if (!ended || !*ended) {
    (void)child->signal(SIGKILL);
    return {};
  }
  return {(*ended)->code, read_file(root() / "out", 16 << 20).value_or(""), read_file(root() / "err", 1 << 20).value_or("")};
}

Ran PolicyWorld::decide(std::string const& source, std::string const& target, std::string const& service,
                        std::vector<std::string> options) const {
  options.insert(options.end(), {"--", source, target, service});
  return run("qrexec-policy-exec", options);
}

}  // namespace bh::policy::test
