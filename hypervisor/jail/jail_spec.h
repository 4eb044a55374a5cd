// JailSpec: all that decides how a jail is built, as a plain value, and the words that hand it to bulkhead-jail, which builds it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bh::jail {

// From strong to weak. Each but the last has an empty mount tree, namespaces of its own, no capabilities and a system call filter.
enum class Level {
  own_uid,      // root builds it: a user id that nothing else on the host has
  subordinate,  // a user namespace with one of the user's subordinate ids (/etc/subuid): not the user's own files, not his processes
  same_uid,     // a user namespace with the user's own id: programs of that user outside reach in, and his files if ever one is seen
  none,         // no jail: only by explicit wish, for debugging
};
[[nodiscard]] char const* to_string(Level level);  // "own-uid", "subordinate", "same-uid", "none"
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);

// One file or device that is visible inside, read-only.
struct JailFile {
  std::filesystem::path source;
  std::filesystem::path inside;  // absolute, without links and dots
  bool device = false;
  friend bool operator==(JailFile const&, JailFile const&) = default;
};

enum class Profile { qemu_tcg, qemu_kvm };
[[nodiscard]] char const* to_string(Profile profile);
[[nodiscard]] std::optional<Profile> parse_profile(std::string_view text);

// First of a range of ids that belong to the user; which one is taken is decided by the process number.
struct SubordinateIds {
  std::uint32_t first_uid = 0;
  std::uint32_t first_gid = 0;
  std::uint32_t count = 0;
  friend bool operator==(SubordinateIds const&, SubordinateIds const&) = default;
};

struct JailSpec {
  Level level = Level::own_uid;  // never `none`
  std::optional<SubordinateIds> subordinate;  // with that level only
  std::vector<JailFile> files;
  std::optional<std::uint32_t> device_group;  // the group that may open a device among the files; own_uid only
  Profile profile = Profile::qemu_tcg;
  std::uint32_t max_open_files = 256;
  std::uint32_t max_threads = 64;
  std::optional<std::filesystem::path> cgroup;  // a leaf, limits already set
  bool log_refusals = false;
  bool die_with_parent = false;
  friend bool operator==(JailSpec const&, JailSpec const&) = default;
};

inline constexpr std::size_t kMaxJailFiles = 256;
// User ids of jails at level own_uid: this plus the process number, so that no two processes of a host ever share one and nothing has to be
// remembered. The range is one that neither distributions nor systemd hand out (systemd's UIDS-GIDS: 1879048192 to 2147483647 is free).
inline constexpr std::uint32_t kFirstOwnUid = 1'879'048'192;
// The id inside a user namespace: any that is not root's.
inline constexpr std::uint32_t kInnerId = 1;

// Descriptors of bulkhead-jail besides those it hands on. Above all that a machine uses.
inline constexpr int kStatusFd = 200;  // it writes what became of the start
inline constexpr int kSealFd = 201;    // readable or ended: the program has what it needs, take the files away too

// Options for bulkhead-jail, without program name and without the command to run; and back. Pure.
[[nodiscard]] std::vector<std::string> launcher_options(JailSpec const& spec);
struct LauncherCommand {
  JailSpec spec;
  std::vector<std::string> argv;  // what to run, after "--"
};
[[nodiscard]] Result<LauncherCommand> parse_launcher_options(std::span<std::string const> words);

}  // namespace bh::jail
