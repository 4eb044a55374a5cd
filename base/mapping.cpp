#include "base/mapping.h"

#include <sys/mman.h>

namespace bh {

Result<Mapping> Mapping::map(UniqueFd const& fd, std::size_t size, Access access) {
  int const protection = access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const memory = ::mmap(nullptr, size, protection, MAP_SHARED, fd.borrow(), 0);
  if (memory == MAP_FAILED) return Failure{Error::from_errno("map shared memory")};
  return Mapping(static_cast<std::byte*>(memory), size);
}

Mapping::~Mapping() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
}

}  // namespace bh
