// In QEMU's place: says "ready", waits for a byte on standard input, tries everything, writes one line for each attempt to standard output:
// "NAME\tERRNO", 0 for one that worked.
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/integration/hypervisor/jail/attempt.h"
#include "tests/integration/hypervisor/jail/system_call.h"

using namespace bh::jail::test;

namespace {

void say(std::string const& text) { (void)!::write(1, text.data(), text.size()); }

void try_all(std::vector<Attempt> const& attempts, Prey const& prey, bool harmless_only) {
  for (auto const& attempt : attempts) {
    if (harmless_only && !attempt.harmless) continue;
    say(std::string(attempt.name) + "\t" + std::to_string(attempt.attempt(prey)) + "\n");
  }
}

// The same calls by the two other ways a 64-bit kernel has: they are not to be had at all, trying ends the process.
void old_system_call() { asm volatile("int $0x80" : : "a"(20 /* getpid */) : "memory"); }
void x32_system_call() { (void)::syscall(0x40000000 | SYS_getpid); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  Prey const prey{std::atoi(argv[2]), argv[3], argv[4], argv[5], argv[6]};
  say("ready\n");
  char byte = 0;
  if (::read(0, &byte, 1) < 0) return 3;
  std::string const mode = argv[1];
  if (mode == "int80") old_system_call();
  if (mode == "x32") x32_system_call();
  bool const harmless_only = mode == "harmless";
  try_all(file_attempts(), prey, harmless_only);
  try_all(network_attempts(), prey, harmless_only);
  try_all(kernel_attempts(), prey, harmless_only);
  try_all(process_attempts(), prey, harmless_only);
  say("end\t0\n");
  return 0;
}
