// qubes-vmexec: the services qubes.VMExec, qubes.VMExecGUI and qubes.VMRootExec. Becomes the command in its argument; no shell.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <string_view>

#include "qrexec/services/vmexec_argument.h"

namespace {

constexpr int kBadArgument = 125;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

constexpr char kHelp[] = R"(Usage: qubes-vmexec ARGUMENT

Runs the command line in ARGUMENT, the service argument of qubes.VMExec: words joined by '+', in a word '--' for '-', '-XX' (hex) for
any byte but A-Z a-z 0-9 _ and '.'. No shell is involved; the first word is looked up in PATH.
Exit codes: the command's; 125 a malformed argument, 126 it cannot be executed, 127 there is no such command.

Example: qubes-vmexec ls+--l+-2Fhome      runs: ls -l /home
)";

}  // namespace

int main(int argc, char** argv) {
  std::string_view const first = argc > 1 ? argv[1] : "";
  // Both begin with an encoded '-' followed by a bare word, so they are commands named "-help" and "-version" to nobody.
  if (argc == 2 && first == "--help") {
    std::cout << kHelp;
    return 0;
  }
  if (argc == 2 && first == "--version") {
    std::cout << "qubes-vmexec " BH_VERSION "\n";
    return 0;
  }
  if (argc > 2) {
    std::cerr << "qubes-vmexec: one argument is taken; see --help\n";
    return kBadArgument;
  }
  auto words = bh::vmexec::decode(first);
  if (!words) {
    std::cerr << "qubes-vmexec: " << bh::vmexec::to_string(words.error()) << "\n";
    return kBadArgument;
  }
  std::vector<char*> pointers;
  for (auto& word : *words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  int const reason = errno;
  std::cerr << "qubes-vmexec: cannot run the command: " << std::strerror(reason) << "\n";
  return reason == ENOENT ? kNotFound : kNotExecutable;
}
