// Which files a program needs in order to start: itself, its libraries, and what it is known to read.
#pragma once

#include <filesystem>
#include <vector>

#include "hypervisor/jail/jail_spec.h"

namespace bh::jail {

// A name without a slash is looked for in the system's own folders; PATH is not asked. The answer is absolute, links resolved.
Result<std::filesystem::path> find_program(std::filesystem::path const& name);
// The program and the libraries that the dynamic linker would load for it or for `modules`, which it loads itself later. Starts the
// dynamic linker once a file, so keep the answer.
Result<std::vector<JailFile>> program_files(std::filesystem::path const& program, std::vector<std::filesystem::path> const& modules);

// The above for QEMU: its accelerator as a module, firmware, /dev/null (without it QEMU does not lock images), under KVM /dev/kvm.
struct QemuFiles {
  std::filesystem::path program;  // as found, and as it lies in the jail
  std::vector<JailFile> tcg;
  std::vector<JailFile> kvm;
};
Result<QemuFiles> qemu_files(std::filesystem::path const& program);

// Pure: the libraries in an answer of `ld.so --list`.
[[nodiscard]] std::vector<std::filesystem::path> parse_linker_list(std::string_view text);

}  // namespace bh::jail
