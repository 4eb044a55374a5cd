#include "qrexec/services/copy_command.h"

#include "base/display_text.h"
#include "hypervisor/vchan/domain.h"

namespace bh::qfile {

CopyKind copy_kind(std::string_view program) {
  std::string_view const name = program.substr(program.rfind('/') + 1);
  return {name.ends_with("-to-vm"), name.starts_with("qvm-move")};
}

bool valid_target(std::string_view target) {
  if (target == "@default" || target == "@dispvm") return true;
  if (target.starts_with("@dispvm:")) target.remove_prefix(8);
  return DomainName::parse(target).ok();
}

std::vector<std::string> call_arguments(CopyCall const& call) {
  std::vector<std::string> arguments{call.client, call.target, call.all_names ? "qubes.Filecopy+allow-all-names" : "qubes.Filecopy", call.sender};
  if (call.ignore_links) arguments.push_back("--ignore-symlinks");
  arguments.push_back("--");
  arguments.insert(arguments.end(), call.files.begin(), call.files.end());
  return arguments;
}

std::string explain_exit(int code, std::string_view target) {
  std::string const to = target == "@default" ? "the qube" : "'" + for_display(target, 64) + "'";
  switch (code) {
    case 126:
      // qrexec-client-vm has said "Request refused" above it.
      return "Nothing was sent: dom0's policy does not let this qube copy files to " + to + " (service qubes.Filecopy), or the user said no.";
    case 127: return "The qube " + to + " has no service qubes.Filecopy; is its template up to date?";
    case 125: return "The call to " + to + " could not be made: it does not run, does not answer, or failed to start the service.";
    default: return {};
  }
}

}  // namespace bh::qfile
