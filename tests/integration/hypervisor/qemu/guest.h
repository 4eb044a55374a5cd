// A guest for tests: kernel and initrd of a built template, on a disk of the test's own.
#pragma once

#include <memory>
#include <optional>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "hypervisor/machine/wait_for_event.h"
#include "hypervisor/qemu/qemu_vmm.h"
#include "hypervisor/volumes/template_image.h"

namespace bh::qemu::test {

// $BULKHEAD_TEST_TEMPLATE, or the newest template in the cache of templates/build.
std::optional<volumes::TemplateImage> find_template();
inline constexpr char const* kNoTemplate = "no built template found; run templates/build, or set BULKHEAD_TEST_TEMPLATE to a folder with manifest.json";

// Generous: other builds may share the processors.
inline Deadline in_time() { return Clock::now() + std::chrono::seconds(180); }

// A machine with a blank 16 MiB root disk: its initrd comes up, finds no root file system and waits or ends, which is enough here.
machine::MachineSpec spec_in(TempDir const& temp, volumes::TemplateImage const& image);

// As the daemon has it, with the bulkhead-jail of this build.
QemuJailOptions built_jail();

// Ends the process at the end of a test, however that came.
class Killed {
 public:
  explicit Killed(machine::Machine& machine) : machine_(machine) {}
  Killed(Killed const&) = delete;
  Killed& operator=(Killed const&) = delete;
  ~Killed();

 private:
  machine::Machine& machine_;
};

}  // namespace bh::qemu::test
