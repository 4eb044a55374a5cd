#include "qrexec/policy/tool/inputs.h"

#include <iostream>

#include "base/display_text.h"
#include "qrexec/policy/admin_system_info.h"

namespace bh::policy::tool {
namespace {
constexpr auto kAdminTimeout = std::chrono::seconds(10);
}

int usage(std::string const& message) {
  std::cerr << "qrexec-policy: " << for_display(message) << "\nTry --help.\n";
  return 2;
}

int unreadable(std::string const& message) {
  std::cerr << "qrexec-policy: " << for_display(message) << "\n";
  return 2;
}

void Where::complete(Paths const& paths) {
  admin_socket = paths.admin_socket();
  if (!folders.empty()) return;
  for (auto const& folder : paths.policy_dirs()) folders.push_back(folder.string());
  if (!legacy) legacy = (paths.dom0_services() / "policy").string();
}

Result<SystemInfo, std::string> system_info(Where const& where) {
  if (!where.system_info.empty()) return read_system_info(where.system_info);
  auto info = ask_system_info(where.admin_socket, Clock::now() + kAdminTimeout);
  if (!info) return Failure{info.error() + " (give --system-info FILE where bulkheadd does not run)"};
  return info;
}

PolicyFolders folders_of(Where const& where) { return {where.folders, where.legacy}; }

void print_problems(std::ostream& out, Problems const& problems, std::string_view severity) {
  for (Problem const& problem : problems) {
    std::string const place = problem.at.for_people();
    out << for_display(place) << ": " << severity << ":" << for_display(problem.for_people().substr(place.size() + 1)) << "\n";
  }
}

Result<World, int> load_world(Where const& where) {
  auto policy = load_policy(DiskPolicyFiles(), folders_of(where));
  if (!policy) {
    print_problems(std::cerr, policy.error(), "error");
    std::cerr << "The policy does not load: every call is refused until this is mended.\n";
    return Failure{1};
  }
  auto info = system_info(where);
  if (!info) return Failure{unreadable(info.error())};
  return World{*std::move(policy), *std::move(info)};
}

}  // namespace bh::policy::tool
