// One thing that a taken-over QEMU would try, and whether trying it without a jail is harmless (then a control run without one proves that
// the attempt itself works).
#pragma once

#include <string>
#include <vector>

namespace bh::jail::test {

// What the attempts aim at, made by the test outside the jail.
struct Prey {
  int process = 0;          // another process, as the host numbers it
  std::string file;         // another qube's volume
  std::string unix_socket;  // somebody listens there
  std::string abstract_socket;
  std::string own_program;
};

struct Attempt {
  char const* name;
  bool harmless;
  // 0: done, alas. Else the errno it was refused with.
  int (*attempt)(Prey const&);
};

// Grouped by what they reach for; together the list of issue 3 and more.
std::vector<Attempt> file_attempts();
std::vector<Attempt> process_attempts();
std::vector<Attempt> kernel_attempts();
std::vector<Attempt> network_attempts();

}  // namespace bh::jail::test
