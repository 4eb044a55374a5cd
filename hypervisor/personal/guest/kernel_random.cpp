#include "hypervisor/personal/guest/kernel_random.h"

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/posix_io.h"

namespace bh::personal {

Result<void> reseed_kernel(ByteSpan entropy) {
  BH_TRY(device, open_file("/dev/urandom", O_RDWR));
  // struct rand_pool_info: two ints, then the bytes.
  std::size_t const words = (entropy.size() + 3) / 4;
  std::vector<int> info(2 + words, 0);
  info[0] = static_cast<int>(entropy.size() * 8);
  info[1] = static_cast<int>(entropy.size());
  std::memcpy(info.data() + 2, entropy.data(), entropy.size());
  if (::ioctl(device.borrow(), RNDADDENTROPY, info.data()) != 0) return Failure{Error::from_errno("give the kernel entropy")};
  // Without this the pool is new but the generator goes on with the key of the snapshot for up to a minute.
  if (::ioctl(device.borrow(), RNDRESEEDCRNG, 0) != 0) return Failure{Error::from_errno("reseed the kernel's generator")};
  ::explicit_bzero(info.data(), info.size() * sizeof(int));
  return {};
}

}  // namespace bh::personal
