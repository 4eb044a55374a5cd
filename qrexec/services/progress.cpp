#include "qrexec/services/progress.h"

#include <cerrno>
#include <string>

#include "base/posix_io.h"

namespace bh::qfile {

namespace {
constexpr std::uint64_t kDialogStep = 15'000'000;
constexpr std::uint64_t kConsoleStep = 1'000'000;
std::uint64_t kilobytes(std::uint64_t bytes) { return bytes / 1024 + (bytes % 1024 != 0 ? 1 : 0); }
}  // namespace

Result<void> Progress::at(std::uint64_t bytes) {
  if (kind_ == ProgressKind::none) return {};
  if (begun_ && bytes - told_ < (kind_ == ProgressKind::dialog ? kDialogStep : kConsoleStep)) return {};
  begun_ = true;
  told_ = bytes;
  return tell(bytes, false);
}

Result<void> Progress::end(std::uint64_t bytes) { return kind_ == ProgressKind::none ? Result<void>() : tell(bytes, true); }

Result<void> Progress::tell(std::uint64_t bytes, bool last) {
  std::string line;
  if (kind_ == ProgressKind::console) {
    line = "sent " + std::to_string(kilobytes(bytes)) + "/" + std::to_string(kilobytes(total_)) + " KB" + (last ? "\n" : "\r");
  } else {
    line = std::to_string(bytes) + "\n";
  }
  auto const told = write_all(output_, as_bytes(line));
  // Only a dialog is listened to; a terminal that is gone is no reason to stop a copy.
  if (!told && kind_ == ProgressKind::dialog) return Failure{told.error()};
  return {};
}

}  // namespace bh::qfile
