#include "hypervisor/volumes/window_memory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/posix_io.h"

namespace bh::volumes {

bool is_window_memory_size(ByteCount size) {
  std::uint64_t const bytes = size.value();
  return (bytes & (bytes - 1)) == 0 && size >= mebibytes(1) && size <= kMaxWindowMemory;
}

Result<UniqueFd> make_window_memory(ByteCount size) {
  if (!is_window_memory_size(size)) {
    return Failure{Error{"window memory must be a power of two from 1 MiB to 2 GiB", EINVAL}};
  }
  return make_sealed_memory("bulkhead-window-memory", size.value());
}

Result<void> check_window_memory(UniqueFd const& memory, ByteCount size) {
  struct stat status {};
  if (::fstat(memory.borrow(), &status) != 0) return Failure{Error::from_errno("look at the window memory")};
  int const seals = ::fcntl(memory.borrow(), F_GET_SEALS);
  if (seals < 0) return Failure{Error{"that is no window memory: it cannot be sealed", 0}};
  // GUARD: memory that can shrink would end whoever reads it with SIGBUS.
  int const wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if ((seals & wanted) != wanted) return Failure{Error{"that is no window memory: it is not sealed", 0}};
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) != size.value()) {
    return Failure{Error{"that is no window memory: it has another size", 0}};
  }
  return {};
}

}  // namespace bh::volumes
