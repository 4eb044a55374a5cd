// Volumes and pools on the command line: options as plain values, and what is done with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dom0/cli/session.h"

namespace bh::cli {

struct VolumeOptions {
  enum class Action { list, info, config, resize, revert, import_data, export_data, clear, clone } action = Action::list;
  std::string target;  // QUBE:VOLUME
  std::vector<std::string> qubes;
  std::string pool;
  std::optional<std::string> property;
  std::optional<std::string> value;
  std::string size;
  std::string source;  // clone: QUBE:VOLUME
  std::string file;    // import, export; "-" for stdin and stdout
  bool no_resize = false;
  bool force = false;
};
int volumes(Session const& session, VolumeOptions const& options);

struct PoolOptions {
  enum class Action { list, info, add, remove, set, drivers } action = Action::list;
  std::string pool;                // add, set
  std::vector<std::string> pools;  // info, remove
  std::string driver;
  std::vector<std::string> options;  // name=value
};
int pools(Session const& session, PoolOptions const& options);

// "10G", "512MiB", "1048576": bytes; nullopt for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// "1.5 GiB", for people.
[[nodiscard]] std::string show_size(std::uint64_t bytes);

}  // namespace bh::cli
