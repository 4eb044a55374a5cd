#include "hypervisor/jail/observed_jail.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/number.h"
#include "base/posix_io.h"

namespace bh::jail {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxStatus = 65536;

std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view const line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(":\t")) return line.substr(name.size() + 2);
  }
  return std::nullopt;
}

fs::path of(int process, char const* file) { return fs::path("/proc") / std::to_string(process) / file; }

Result<std::string> namespace_of(int process, char const* kind) {
  std::error_code error;
  auto const target = fs::read_symlink(of(process, "ns") / kind, error);
  if (error) return Failure{Error::from_errno("look at the namespaces of process " + std::to_string(process), error.value())};
  return target.string();
}

bool may_open(fs::path const& path, int flags) { return open_file(path, flags).ok(); }

bool root_is_empty(int process) {
  std::error_code error;
  fs::directory_iterator const first(of(process, "root"), error);
  return !error && first == fs::directory_iterator();
}

}  // namespace

Result<ProcessStatus> parse_process_status(std::string_view text) {
  auto const uid = value_of(text, "Uid");
  auto const effective = value_of(text, "CapEff");
  auto const permitted = value_of(text, "CapPrm");
  auto const bounding = value_of(text, "CapBnd");
  auto const privileges = value_of(text, "NoNewPrivs");
  auto const filter = value_of(text, "Seccomp");
  auto const numbers = value_of(text, "NSpid");
  if (!uid || !effective || !permitted || !bounding || !privileges || !filter || !numbers) return Failure{Error{"a process status lacks what was looked for", EPROTO}};
  auto const number = parse_decimal(uid->substr(0, uid->find('\t')));
  if (!number || *number > UINT32_MAX) return Failure{Error{"a process status holds no user id", EPROTO}};
  auto const none = [](std::string_view set) { return !set.empty() && set.find_first_not_of('0') == std::string_view::npos; };
  return ProcessStatus{static_cast<std::uint32_t>(*number), *filter == "2", *privileges == "1", none(*effective) && none(*permitted) && none(*bounding),
                       numbers->find('\t') != std::string_view::npos};
}

Result<ObservedJail> observe_jail(int process) {
  BH_TRY(text, read_file(of(process, "status"), kMaxStatus));
  BH_TRY(status, parse_process_status(text));
  BH_TRY(its_users, namespace_of(process, "user"));
  BH_TRY(our_users, namespace_of(::getpid(), "user"));
  ObservedJail seen;
  seen.filtered = status.filtered;
  seen.no_new_privileges = status.no_new_privileges;
  seen.no_capabilities = status.no_capabilities;
  seen.own_processes = status.own_processes;
  seen.nothing_to_open = root_is_empty(process);
  if (!seen.filtered || !seen.no_new_privileges || !seen.no_capabilities || !seen.own_processes) return seen;
  if (its_users == our_users && status.uid >= kFirstOwnUid) seen.level = Level::own_uid;
  if (its_users != our_users) seen.level = status.uid == ::geteuid() ? Level::same_uid : Level::subordinate;
  return seen;
}

std::vector<Reach> reach_of_own_user(int process, fs::path const& run_folder) {
  struct stat control {};
  bool const control_socket = ::stat((run_folder / "qmp.sock").c_str(), &control) == 0 && ::access((run_folder / "qmp.sock").c_str(), W_OK) == 0;
  bool const port_socket = ::access((run_folder / "mux.sock").c_str(), W_OK) == 0;
  return {
      {"read and change the qube's memory and its VMM's (/proc/PID/mem)", may_open(of(process, "mem"), O_RDWR)},
      {"take the VMM's open disks (/proc/PID/fd)", may_open(of(process, "fd") / "0", O_RDONLY)},
      {"end or stop the VMM", ::kill(process, 0) == 0},
      {"command the VMM by its control socket", control_socket},
      {"speak to the qube by its port", port_socket},
      {"read what the qube prints on its console", may_open(run_folder / "console.log", O_RDONLY)},
      {"change what bulkheadd knows of the qube (run folder)", ::access(run_folder.c_str(), W_OK) == 0},
  };
}

}  // namespace bh::jail
