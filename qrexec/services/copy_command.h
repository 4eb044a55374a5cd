// What the user typed: qvm-copy, qvm-move, qvm-copy-to-vm, qvm-move-to-vm are one program, told apart by its name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bh::qfile {

struct CopyKind {
  bool names_target = false;  // the first argument is the qube; else dom0 asks or decides
  bool moves = false;
};
// By the last component of argv[0]; an unknown name is qvm-copy.
[[nodiscard]] CopyKind copy_kind(std::string_view program);

// A qube's name or a keyword (@default, @dispvm, @dispvm:NAME).
[[nodiscard]] bool valid_target(std::string_view target);

struct CopyCall {
  std::string client;  // qrexec-client-vm, a path or a name
  std::string sender;  // qfile-send, a path
  std::string target;
  bool all_names = false;     // call qubes.Filecopy+allow-all-names
  bool ignore_links = false;
  std::vector<std::string> files;
};
// The command line for it.
[[nodiscard]] std::vector<std::string> call_arguments(CopyCall const& call);

// What an exit code of the call means beyond what was printed already; empty: nothing to add.
[[nodiscard]] std::string explain_exit(int code, std::string_view target);

}  // namespace bh::qfile
