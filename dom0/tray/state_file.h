// What the tray shows, as JSON in a file: for scripts, and for tests that hold the tray against `bulkhead ls`.
#pragma once

#include <filesystem>
#include <string>

#include "dom0/tray/controller.h"

namespace bh::tray {

// {"problem": "", "accelerator": "tcg", "qubes": [{"name":..., "class":..., "state":..., "label":...}]}
[[nodiscard]] std::string state_json(View const& view);
// Replaces the file; a reader never sees a part.
Result<void> write_state_file(std::filesystem::path const& path, View const& view);

}  // namespace bh::tray
