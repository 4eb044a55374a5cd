// Logging: one line an event, to stderr (where bulkheadd or systemd collects it). Text that came from another domain goes
// through for_display() first; the sink escapes control bytes once more, so that no log line can be forged.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bh::log {

enum class Level { debug, info, warning, error };

// Called once by main(). `program` starts every line, e.g. "qrexec-daemon work". Level from $BULKHEAD_LOG (debug, info, warning, error).
void start(std::string_view program);
// Every line from now on goes to this file as well, held under 8 MiB with one predecessor (NAME.1.log). Nothing happens if stderr is that
// very file already.
Result<void> add_file(std::filesystem::path const& path);
void write(Level level, std::string_view message);

inline void debug(std::string_view message) { write(Level::debug, message); }
inline void info(std::string_view message) { write(Level::info, message); }
inline void warning(std::string_view message) { write(Level::warning, message); }
inline void error(std::string_view message) { write(Level::error, message); }

}  // namespace bh::log
