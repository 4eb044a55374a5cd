// The peers of the qubes' figures: a machine of the same kernel, disk and size with nothing of dom0's around it (bulkhead-machine).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace bh::bench {

class BareMachine {
 public:
  // `scratch` keeps the accelerator probe's answer from one boot to the next.
  BareMachine(std::filesystem::path template_folder, std::filesystem::path scratch)
      : template_(std::move(template_folder)), scratch_(std::move(scratch)) {}

  struct Boot {
    double seconds;     // from QEMU's start to the unit's line on the console
    std::string accel;  // "kvm" or "tcg"
  };
  // To bulkhead-bench-unit.service, which stands in the boot where qrexec-agent.service stands, but needs no hub and no private volume.
  [[nodiscard]] Result<Boot> boot_to_unit() const;
  // 64 MiB, written by the initrd into the port bulkhead.mux in blocks of 32 KiB, as they arrive in this process: MiB/s.
  [[nodiscard]] Result<double> serial_rate() const;

 private:
  [[nodiscard]] std::vector<std::string> command(std::string const& mode) const;
  std::filesystem::path template_;
  std::filesystem::path scratch_;
};

}  // namespace bh::bench
