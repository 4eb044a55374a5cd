#define SPDLOG_HEADER_ONLY
#define FMT_HEADER_ONLY
#include "base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/posix_io.h"

namespace bh::log {

namespace {
// The one process-wide object: stderr itself is one.
spdlog::logger& sink() {
  static auto const logger = spdlog::stderr_logger_mt("bulkhead");
  return *logger;
}

std::string& pattern() {
  static std::string text;
  return text;
}

constexpr std::size_t kMaxFile = std::size_t{4} << 20;

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
  pattern() = "%Y-%m-%d %H:%M:%S.%e " + name + "[%P] %l: %v";
  sink().set_pattern(pattern());
  sink().flush_on(spdlog::level::debug);
  char const* const wanted = std::getenv("BULKHEAD_LOG");
  std::string_view const level = wanted != nullptr ? wanted : "info";
  sink().set_level(level == "debug" ? spdlog::level::debug
                   : level == "warning" ? spdlog::level::warn
                   : level == "error" ? spdlog::level::err
                                      : spdlog::level::info);
}

Result<void> add_file(std::filesystem::path const& path) {
  BH_TRY(file, open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
  struct stat there {};
  struct stat ours {};
  bool const same = ::fstat(file.borrow(), &there) == 0 && ::fstat(STDERR_FILENO, &ours) == 0 && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
  if (same) return {};
  try {
    sink().sinks().push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path.string(), kMaxFile, 1));
  } catch (spdlog::spdlog_ex const& problem) {
    return Failure{Error{"log to " + path.string() + ": " + problem.what(), 0}};
  }
  sink().set_pattern(pattern());
  return {};
}

void write(Level level, std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '_';
  }
  sink().log(to_spdlog(level), "{}", line);
}

}  // namespace bh::log
