// The command line of bulkhead-machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bh::qemu::tool {

struct Options {
  std::string template_folder;
  std::string accel = "auto";  // auto, kvm, tcg
  std::string private_file;    // empty: a blank one, thrown away
  std::string mux_socket;      // empty: none is shown
  std::string cache_file;      // of the accelerator probe; empty: in the temporary folder, so each run probes
  std::string append;
  std::string save_folder;     // empty: not saved
  std::string restore_folder;  // empty: booted
  std::vector<std::string> until;
  std::uint32_t memory = 400;
  std::uint16_t vcpus = 2;
  std::chrono::seconds timeout{60};
  std::chrono::seconds probe_deadline{10};  // longer where KVM itself is emulated
  bool power_off = false;
  bool json = false;
  bool quiet = false;
  bool probe_only = false;
};

// Options, or the exit code where the command line was answered already (help, version, error).
std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace bh::qemu::tool
