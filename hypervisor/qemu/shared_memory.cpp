#include "hypervisor/qemu/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hypervisor/qemu/copy_threads.h"
#include "hypervisor/qemu/memory_image.h"

namespace bh::qemu {

Result<UniqueFd> make_shared_memory(UniqueFd const& image, ByteCount size) {
  UniqueFd memory(::memfd_create("bulkhead-shared-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.open()) return Failure{Error::from_errno("make memory for clones")};
  if (::ftruncate(memory.borrow(), static_cast<off_t>(size.value())) != 0) return Failure{Error::from_errno("size memory for clones")};
  BH_CHECK(load_memory(CopyRange{image, memory, size}, copy_threads(), {}));
  if (::fcntl(memory.borrow(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Failure{Error::from_errno("seal memory for clones")};
  }
  return memory;
}

}  // namespace bh::qemu
