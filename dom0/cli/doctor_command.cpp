// doctor: is this host fit, and if not, what to do. Every check is looked at, not assumed.
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "base/number.h"
#include "base/unix_socket.h"
#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

namespace fs = std::filesystem;

enum class Health { good, warning, bad };
struct Finding {
  std::string check;
  Health health;
  std::string detail;
  std::string hint;
};

char const* word(Health health) {
  switch (health) {
    case Health::good: return "ok";
    case Health::warning: return "warning";
    case Health::bad: return "FAIL";
  }
  return "FAIL";
}

bool in_path(std::string const& program) {
  char const* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Finding daemon_check(Session const& session) {
  auto const reply = session.client.call({.method = "admin.vm.List"});
  if (!reply) return {"bulkheadd", Health::bad, reply.error().message, "start bulkheadd, with the same BULKHEAD_ROOT as this command"};
  return {"bulkheadd", Health::good, "answers on " + session.paths.admin_socket().string(), ""};
}

Finding isolation_check(Session const& session) {
  auto const feature = [&](char const* name) { return session.client.call({.method = "admin.vm.feature.Get", .argument = name}); };
  auto const accel = feature("bulkhead.accel");
  auto const reason = feature("bulkhead.accel-reason");
  if (!accel) {
    return {"isolation", Health::warning, "not known yet: " + accel.error().message, "the answer comes some seconds after bulkheadd has found its first template"};
  }
  std::string const why = reason ? *reason : "";
  if (*accel == "kvm") return {"isolation", Health::good, "KVM works: " + why, ""};
  return {"isolation", Health::warning, "TCG, which promises NO isolation between qubes: " + why,
          ::access("/dev/kvm", F_OK) == 0 ? "use a host on which KVM works" : "enable virtualisation in the firmware and load kvm_intel or kvm_amd"};
}

Finding qemu_check() {
  if (in_path("qemu-system-x86_64")) return {"qemu", Health::good, "qemu-system-x86_64 found", ""};
  return {"qemu", Health::bad, "qemu-system-x86_64 is not in PATH", "apt install qemu-system-x86"};
}

Finding programs_check(Session const& session) {
  std::string missing;
  for (char const* program : {"bulkheadd", "bulkhead-hub", "qrexec-daemon", "qrexec-client", "qrexec-policy-exec", "bulkhead-gui-daemon"}) {
    if (::access((session.programs / program).c_str(), X_OK) != 0) missing += (missing.empty() ? "" : ", ") + std::string(program);
  }
  if (missing.empty()) return {"programs", Health::good, "all in " + session.programs.string(), ""};
  return {"programs", Health::bad, "missing in " + session.programs.string() + ": " + missing, "build or install Bulkhead again"};
}

Finding template_check(Session const& session) {
  std::error_code error;
  std::string found;
  for (auto const& entry : fs::directory_iterator(session.paths.templates(), error)) {
    if (fs::exists(entry.path() / "manifest.json", error)) found += (found.empty() ? "" : ", ") + entry.path().filename().string();
  }
  if (!found.empty()) return {"template", Health::good, found, ""};
  return {"template", Health::bad, "none in " + session.paths.templates().string(), "templates/build --out " + (session.paths.templates() / "debian-12").string()};
}

Finding disk_check(Session const& session) {
  struct statvfs facts {};
  if (::statvfs(session.paths.lib().c_str(), &facts) != 0) return {"disk", Health::bad, "there is no " + session.paths.lib().string(), "start bulkheadd once, it makes its folders"};
  auto const free_mib = (std::uint64_t{facts.f_bavail} * facts.f_frsize) >> 20U;
  std::string const detail = std::to_string(free_mib) + " MiB free in " + session.paths.lib().string();
  if (free_mib < 256) return {"disk", Health::bad, detail + "; no qube can start", "free some space"};
  if (free_mib < 2048) return {"disk", Health::warning, detail, "a qube's private volume may grow to 2 GiB"};
  return {"disk", Health::good, detail, ""};
}

Finding memory_check() {
  auto const text = read_file("/proc/meminfo", 65536);
  std::uint64_t mib = 0;
  if (text) {
    auto pairs = *text;
    std::size_t const at = pairs.find("MemAvailable:");
    std::size_t const begin = at == std::string::npos ? at : pairs.find_first_of("0123456789", at);
    if (begin != std::string::npos) mib = parse_decimal(std::string_view(pairs).substr(begin, pairs.find(' ', begin) - begin)).value_or(0) / 1024;
  }
  std::string const detail = std::to_string(mib) + " MiB available; a qube takes its memory property and about 128 MiB";
  if (mib < 528) return {"memory", Health::bad, detail, "close programs or shut down qubes"};
  return {"memory", mib < 1100 ? Health::warning : Health::good, detail, mib < 1100 ? "two qubes will not fit" : ""};
}

Finding policy_check(Session const& session) {
  std::size_t files = 0;
  std::string folders;
  for (auto const& folder : session.paths.policy_dirs()) {
    std::error_code error;
    for (auto const& entry : fs::directory_iterator(folder, error)) files += entry.path().extension() == ".policy" ? 1 : 0;
    folders += (folders.empty() ? "" : " and ") + folder.string();
  }
  if (files > 0) return {"policy", Health::good, std::to_string(files) + " files", ""};
  return {"policy", Health::warning, "no policy file in " + folders + ": every call between qubes is refused", "put the stock policy files there"};
}

Finding display_check() {
  char const* const display = std::getenv("DISPLAY");
  if (display == nullptr || *display == '\0') return {"display", Health::warning, "DISPLAY is not set: qubes started from here show no windows", "run in an X11 session, or set DISPLAY for bulkheadd"};
  std::string const text = display;
  std::size_t const colon = text.find(':');
  if (colon != 0) return {"display", Health::good, text + " (not a local one; not tried)", ""};
  std::string const number = text.substr(1, text.find('.') == std::string::npos ? std::string::npos : text.find('.') - 1);
  if (connect_unix("/tmp/.X11-unix/X" + number)) return {"display", Health::good, text + " answers", ""};
  return {"display", Health::bad, "nobody listens on DISPLAY " + text, "start the X server, or unset DISPLAY"};
}

Finding mode_check(Session const& session) {
  if (!session.paths.root()) return {"mode", Health::good, "system", ""};
  return {"mode", Health::warning, "user mode, below " + session.paths.root()->string() + ": any program of the same user can reach into the qubes", "install the packages for system mode"};
}

}  // namespace

int doctor(Session const& session) {
  std::vector<Finding> findings{daemon_check(session)};
  bool const answers = findings[0].health == Health::good;
  if (answers) findings.push_back(isolation_check(session));
  for (auto& finding : {qemu_check(), programs_check(session), template_check(session), disk_check(session), memory_check(), policy_check(session),
                        display_check(), mode_check(session)}) {
    findings.push_back(finding);
  }
  bool fit = true;
  std::vector<Record> records;
  for (auto const& finding : findings) {
    fit = fit && finding.health != Health::bad;
    records.push_back({{"check", finding.check}, {"health", finding.health == Health::bad ? "fail" : word(finding.health)}, {"detail", finding.detail},
                       {"hint", finding.hint.empty() ? Field{} : Field{finding.hint}}});
  }
  if (session.json) {
    print_json(records);
  } else {
    for (auto const& finding : findings) {
      std::printf("%-8s%-11s%s\n", word(finding.health), finding.check.c_str(), finding.detail.c_str());
      if (!finding.hint.empty()) std::printf("%-19s-> %s\n", "", finding.hint.c_str());
    }
  }
  return fit ? kOk : kFailed;
}

}  // namespace bh::cli
