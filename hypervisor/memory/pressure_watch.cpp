#include "hypervisor/memory/pressure_watch.h"

#include <fcntl.h>

#include "base/posix_io.h"

namespace bh::memory {

Result<UniqueFd> watch_memory_pressure(std::filesystem::path const& file) {
  BH_TRY(watch, open_file(file, O_RDWR | O_NONBLOCK));
  // A window of a multiple of 2 s is the one that programs without privileges may ask for. The final NUL belongs to the form.
  constexpr std::string_view kTrigger("some 150000 2000000\0", 20);
  auto const put = write_some(watch, as_bytes(kTrigger));
  if (!put) return Failure{Error(put.error()).in("watch " + file.string())};
  if (*put != kTrigger.size()) return Failure{Error{"cannot watch " + file.string() + ": the kernel took half of the request", 0}};
  return watch;
}

}  // namespace bh::memory
