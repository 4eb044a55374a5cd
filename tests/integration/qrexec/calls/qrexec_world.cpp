#include "qrexec_world.h"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/posix_io.h"

namespace bh::qrexec_test {

namespace {

// Allows everything but services with "Denied" in their name; the target as requested, "self" being the source.
constexpr char kPolicy[] =
    "#!/bin/sh\n"
    "test \"$1\" = -- || exit 2\n"
    "target=$3\n"
    "case $4 in *Denied*) echo result=deny; exit 1;; *Slow*) sleep 1;; *Hang*) exec sleep 60;; *Broken*) echo result=allow; exit 0;; esac\n"
    "printf 'result=allow\\nuser=DEFAULT\\nautostart=False\\ntarget=%s\\nrequested_target=%s\\n' \"$target\" \"$target\"\n";

std::string slurp(std::filesystem::path const& path) {
  auto content = read_file(path, 256U << 20);
  return content ? *std::move(content) : std::string();
}

}  // namespace

bool eventually(std::function<bool()> const& condition) {
  Deadline const deadline = Clock::now() + std::chrono::seconds(20);
  while (Clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

std::filesystem::path QrexecWorld::program(std::string const& name) {
  char const* const folder = std::getenv("BH_BIN");
  return std::filesystem::path(folder == nullptr ? "bin" : folder) / name;
}

QrexecWorld::QrexecWorld() : temp_(*TempDir::create("qrexec")) {
  for (char const* name : {"v", "s", "rpc", "config"}) std::filesystem::create_directory(folder() / name);
  write("policy", kPolicy, 0755);
  policy_program = folder() / "policy";
}

QrexecWorld::~QrexecWorld() {
  for (auto& child : running) (void)child.terminate(std::chrono::seconds(10));
}

std::filesystem::path QrexecWorld::vchan(int server, int client, int port) const {
  return folder() / "v" / ("vchan." + std::to_string(server) + "." + std::to_string(client) + "." + std::to_string(port) + ".sock");
}

std::string QrexecWorld::user() {
  passwd const* const entry = ::getpwuid(::getuid());
  return entry == nullptr ? "nobody" : entry->pw_name;
}

void QrexecWorld::write(std::string const& name, std::string const& content, unsigned mode) const {
  std::ofstream(folder() / name) << content;
  ::chmod((folder() / name).c_str(), mode);
}

SpawnOptions QrexecWorld::options(int domain, std::vector<std::string> words) const {
  SpawnOptions spawn;
  // A name is a program of the build, a path is itself.
  if (words[0].find('/') == std::string::npos) words[0] = program(words[0]).string();
  spawn.argv = std::move(words);
  spawn.environment = {{"VCHAN_DOMAIN", std::to_string(domain)},
                       {"VCHAN_SOCKET_DIR", (folder() / "v").string()},
                       {"QREXEC_SERVICE_PATH", (folder() / "rpc").string()},
                       {"QUBES_RPC_CONFIG_PATH", (folder() / "config").string()},
                       {"QREXEC_SERVICE_ARGUMENT", "left over"},
                       {"QREXEC_REQUESTED_TARGET", "left over"},
                       {"QREXEC_NO_ROOT", "1"},
                       {"BULKHEAD_ROOT", folder().string()}};
  return spawn;
}

ChildProcess QrexecWorld::start(int domain, std::vector<std::string> words) const {
  auto child = ChildProcess::spawn(options(domain, std::move(words)));
  EXPECT_TRUE(child.ok());
  return *std::move(child);
}

ChildProcess QrexecWorld::agent(int domain) const {
  return start(domain, {"qrexec-agent", "--no-fork-server", "--agent-socket=" + agent_socket(domain).string()});
}

ChildProcess QrexecWorld::daemon(int domain, std::string const& name) const {
  return start(0, {"qrexec-daemon", "--direct", "--uuid=uuid-" + name, "--socket-dir=" + (folder() / "s").string(),
                   "--policy-program=" + policy_program.string(), std::to_string(domain), name, user()});
}

void QrexecWorld::qube(int domain, std::string const& name) {
  running.push_back(daemon(domain, name));
  running.push_back(agent(domain));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(local_socket(name)); }));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(agent_socket(domain)); }));
}

Finished QrexecWorld::run(int domain, std::vector<std::string> words, std::string const& input) const {
  static int number = 0;
  std::string const base = (folder() / ("run" + std::to_string(++number))).string();
  std::ofstream(base + ".in") << input;
  auto const in = open_file(base + ".in", O_RDONLY);
  auto const out = open_file(base + ".out", O_WRONLY | O_CREAT);
  auto const err = open_file(base + ".err", O_WRONLY | O_CREAT);
  auto spawn = options(domain, std::move(words));
  spawn.fds = {{&*in, 0}, {&*out, 1}, {&*err, 2}};
  auto child = ChildProcess::spawn(spawn);
  if (!child) {
    ADD_FAILURE() << child.error().message;
    return {};
  }
  auto const status = child->wait(Clock::now() + std::chrono::seconds(60));
  if (!status || !*status) {
    ADD_FAILURE() << "did not end";
    (void)child->terminate(std::chrono::seconds(1));
    return {};
  }
  return {(*status)->code, slurp(base + ".out"), slurp(base + ".err")};
}

Finished QrexecWorld::client(std::string const& qube, std::string const& command, std::string const& input) const {
  return run(0, {"qrexec-client", "--socket-dir=" + (folder() / "s").string(), "-w", "60", "-d", qube, command}, input);
}

Finished QrexecWorld::client_vm(int domain, std::vector<std::string> words, std::string const& input) const {
  std::vector<std::string> all{"qrexec-client-vm", "--agent-socket=" + agent_socket(domain).string()};
  all.insert(all.end(), words.begin(), words.end());
  return run(domain, std::move(all), input);
}

}  // namespace bh::qrexec_test
