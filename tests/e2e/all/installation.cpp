#include "tests/e2e/all/installation.h"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/number.h"

namespace bh::e2e {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string program(std::string const& name) {
  char const* const folder = std::getenv("BH_BIN");
  return std::string(folder != nullptr ? folder : "build/bin") + "/" + name;
}

fs::path source_folder() {
  char const* const folder = std::getenv("BH_SOURCE");
  return folder != nullptr ? folder : ".";
}

bool eventually(std::function<bool()> const& condition, std::chrono::seconds limit) {
  Deadline const deadline = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(100ms);
  }
  return true;
}

Output run_program(std::vector<std::string> argv, std::vector<std::pair<std::string, std::optional<std::string>>> environment,
                   std::chrono::seconds limit, std::string_view input) {
  TempDir const folder = *TempDir::create("bh-e2e-out");
  auto const stream = [&](char const* name, int flags) { return *open_file(folder.path() / name, flags, 0600); };
  std::ofstream(folder.path() / "in") << input;
  UniqueFd const in = stream("in", O_RDONLY);
  UniqueFd const out = stream("out", O_WRONLY | O_CREAT);
  UniqueFd const err = stream("err", O_WRONLY | O_CREAT);
  auto child = ChildProcess::spawn({.argv = argv, .fds = {{&in, 0}, {&out, 1}, {&err, 2}}, .environment = std::move(environment)});
  Output output;
  if (!child) {
    ADD_FAILURE() << child.error().message;
    output.code = 127;
    return output;
  }
  auto const status = child->wait(Clock::now() + limit);
  if (!status || !*status) {
    ADD_FAILURE() << argv[0] << " " << (argv.size() > 1 ? argv[1] : "") << " did not end within " << limit.count() << " s";
    static_cast<void>(child->terminate(2s));
    output.code = -1;
  } else {
    output.code = (*status)->code;
  }
  output.out = read_file(folder.path() / "out", 64U << 20).value_or("");
  output.err = read_file(folder.path() / "err", 64U << 20).value_or("");
  return output;
}

Result<Installation> Installation::create(std::string display) {
  BH_TRY(folder, TempDir::create("bh-e2e"));
  Installation installation(std::move(folder), std::move(display));
  fs::create_directories(installation.root() / "etc/policy.d");
  fs::create_directories(installation.root() / "run/policy.d");
  fs::create_directories(installation.root() / "var/lib/templates");
  for (auto const& policies : {"qrexec/policy/default", "installer/demo.policy.d"}) {
    for (auto const& entry : fs::directory_iterator(source_folder() / policies)) {
      if (entry.path().extension() == ".policy") fs::copy(entry.path(), installation.root() / "etc/policy.d" / entry.path().filename());
    }
  }
  BH_CHECK(installation.add_template("debian-12", ""));
  return installation;
}

Installation::~Installation() {
  if (daemon_) static_cast<void>(daemon_->terminate(40s));
  // What a crashed daemon may have left: ended by pid, and told, because it is a failure.
  if (folder_.path().empty()) return;
  for (int const pid : processes_of(root())) ::kill(pid, SIGKILL);
}

Result<void> Installation::add_template(std::string const& name, std::string const& extra_cmdline) const {
  fs::path const target = root() / "var/lib/templates" / name;
  // The template was built once by tests/run; asking for it again is answered from the cache.
  auto const built = run_program({(source_folder() / "templates/build").string(), "--quiet", "--bin", program(""), "--out", target.string()}, {}, 1200s);
  if (built.code != 0) return Failure{Error{"templates/build failed: " + built.err, 0}};
  auto manifest = nlohmann::json::parse(std::ifstream(target / "manifest.json"), nullptr, false);
  if (manifest.is_discarded()) return Failure{Error{"manifest.json is not JSON", 0}};
  manifest["name"] = name;
  if (!extra_cmdline.empty()) manifest["cmdline"] = manifest["cmdline"].get<std::string>() + " " + extra_cmdline;
  return write_file_atomically(target / "manifest.json", manifest.dump());
}

std::vector<std::pair<std::string, std::optional<std::string>>> Installation::environment() const {
  return {{"BULKHEAD_ROOT", root().string()},
          {"DISPLAY", display_.empty() ? std::optional<std::string>{} : display_},
          {"WAYLAND_DISPLAY", std::nullopt}};
}

Result<void> Installation::start_daemon(bool stop_qubes_on_exit) {
  // Snapshots only where a test asks for one: made in the background they would disturb what is measured and waited for.
  SpawnOptions options{.argv = {program("bulkheadd"), "--snapshots", "manual"}, .environment = environment()};
  if (stop_qubes_on_exit) options.argv.emplace_back("--stop-qubes-on-exit");
  BH_TRY(child, ChildProcess::spawn(options));
  daemon_ = std::move(child);
  if (!eventually([&] { return run_program({program("bulkhead"), "ls"}, environment()).code == 0; }, 90s)) {
    return Failure{Error{"bulkheadd does not answer", 0}};
  }
  return {};
}

Output Installation::bulkhead(std::vector<std::string> args, std::chrono::seconds limit) const {
  args.insert(args.begin(), program("bulkhead"));
  return run_program(std::move(args), environment(), limit);
}

Output Installation::in_qube(std::string const& qube, std::vector<std::string> args) const {
  args.insert(args.begin(), {"run", qube, "--"});
  return bulkhead(std::move(args));
}

Output Installation::as_root(std::string const& qube, std::vector<std::string> args) const {
  args.insert(args.begin(), {"run", "--user", "root", qube, "--"});
  return bulkhead(std::move(args));
}

std::string Installation::state(std::string const& qube) const {
  auto const listed = nlohmann::json::parse(bulkhead({"ls", "--json"}).out, nullptr, false);
  if (!listed.is_array()) return "";
  for (auto const& row : listed) {
    if (row.value("name", "") == qube) return row.value("state", "");
  }
  return "";
}

int Installation::recorded_pid(std::string const& qube, std::string const& process) const {
  auto const records = nlohmann::json::parse(std::ifstream(root() / "run/qubes" / qube / "processes.json"), nullptr, false);
  if (!records.is_object() || !records.contains(process)) return 0;
  return records[process].value("pid", 0);
}

bool holds_file_below(fs::path const& process, fs::path const& folder) {
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(process / "fd", error)) {
    std::error_code closed_meanwhile;
    if (fs::read_symlink(entry.path(), closed_meanwhile).string().starts_with(folder.string() + "/")) return true;
  }
  return false;
}

std::vector<int> processes_of(fs::path const& root) {
  std::vector<int> found;
  std::string const wanted = "BULKHEAD_ROOT=" + root.string();
  for (auto const& entry : fs::directory_iterator("/proc")) {
    auto const pid = parse_decimal(entry.path().filename().string(), 1U << 30);
    if (!pid) continue;
    std::string const environment = '\0' + read_file(entry.path() / "environ", 1U << 20).value_or("");
    bool const ours = environment.size() == 1 ? holds_file_below(entry.path(), root) : environment.find('\0' + wanted + '\0') != std::string::npos;
    if (ours) found.push_back(static_cast<int>(*pid));
  }
  return found;
}

}  // namespace bh::e2e
