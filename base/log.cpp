#define SPDLOG_HEADER_ONLY
#define FMT_HEADER_ONLY
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace bh::log {

namespace {
// The one process-wide object: stderr itself is one.
spdlog::logger& sink() {
  static auto const logger = spdlog::stderr_logger_mt("bulkhead");
  return *logger;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}
}  // namespace

void start(std::string_view program) {
  std::string name;
  for (char const c : program) name += c == '%' ? '_' : c;
  sink().set_pattern("%Y-%m-%d %H:%M:%S.%e " + name + "[%P] %l: %v");
  sink().flush_on(spdlog::level::debug);
  char const* const wanted = std::getenv("BULKHEAD_LOG");
  std::string_view const level = wanted != nullptr ? wanted : "info";
  sink().set_level(level == "debug" ? spdlog::level::debug
                   : level == "warning" ? spdlog::level::warn
                   : level == "error" ? spdlog::level::err
                                      : spdlog::level::info);
}

void write(Level level, std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '_';
  }
  sink().log(to_spdlog(level), "{}", line);
}

}  // namespace bh::log
