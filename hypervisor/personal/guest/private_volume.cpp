#include "hypervisor/personal/guest/private_volume.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "hypervisor/personal/guest/ext4_superblock.h"
#include "hypervisor/personal/guest/run_tool.h"

namespace bh::personal {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMustBeZero = 1U << 20;
constexpr std::uint64_t kLeast = 16U << 20;
constexpr std::chrono::seconds kSizeTime{10};
constexpr std::uint64_t kMostSwap = std::uint64_t{1} << 30;

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};

// The front of a disk as the disk has it. GUARD: past the page cache, which in a clone may still hold the blank placeholder that the
// snapshot was made with; a volume that looks blank gets formatted.
Result<std::unique_ptr<std::byte, FreeMemory>> read_front(Disk const& disk, std::size_t size) {
  std::unique_ptr<std::byte, FreeMemory> memory(static_cast<std::byte*>(std::aligned_alloc(kPage, size)));
  if (!memory) return Failure{Error{"no memory to look at the private volume"}};
  BH_TRY(fd, open_file(disk.device(), O_RDONLY | O_DIRECT));
  for (std::size_t done = 0; done < size;) {
    ssize_t const got = ::pread(fd.borrow(), memory.get() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure{Error::from_errno("read the private volume " + disk.device().string())};
    if (got == 0) return Failure{Error{"the private volume " + disk.device().string() + " ends early"}};
    done += static_cast<std::size_t>(got);
  }
  return memory;
}

Result<void> format_if_blank(Disk const& disk) {
  BH_TRY(front, read_front(disk, kMustBeZero));
  ByteSpan const bytes(front.get(), kMustBeZero);
  if (std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; })) {
    return Failure{Error{"the private volume holds something that is not ext4; it was left alone. Repair it or restore a revision"}};
  }
  BH_TRY(code, run_tool({"mkfs.ext4", "-q", "-F", "-L", "private", "-m", "0", "-E", "nodiscard", disk.device().string()}));
  if (code != 0) return Failure{Error{"cannot format the new private volume (mkfs.ext4 ended with " + std::to_string(code) + ")"}};
  return {};
}

Result<void> repair(Disk const& disk) {
  BH_TRY(code, run_tool({"e2fsck", "-p", disk.device().string()}));
  if (code <= 1) return {};
  return Failure{Error{"the private volume needs repair by hand: e2fsck " + disk.device().string() + "; nothing was changed beyond safe fixes"}};
}

Result<void> forget_cached(Disk const& disk) {
  BH_TRY(fd, open_file(disk.device(), O_RDONLY));
  if (::ioctl(fd.borrow(), BLKFLSBUF, 0) != 0) return Failure{Error::from_errno("forget what was cached of " + disk.device().string())};
  return {};
}

// Moves a folder's content to the private volume once; a half-made copy of an interrupted boot is thrown away.
Result<void> persist(std::filesystem::path const& folder, std::filesystem::path const& kept) {
  struct stat facts{};
  if (::lstat(kept.c_str(), &facts) != 0) {
    std::filesystem::path const fresh = kept.string() + ".new";
    std::error_code failed;
    std::filesystem::remove_all(fresh, failed);
    BH_TRY(code, run_tool({"cp", "-a", folder.string(), fresh.string()}));
    if (code != 0) return Failure{Error{"the private volume is too full for " + folder.string()}};
    BH_CHECK(sync_private_volume());
    if (::rename(fresh.c_str(), kept.c_str()) != 0) return Failure{Error::from_errno("make " + kept.string())};
  }
  if (::mount(kept.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return Failure{Error::from_errno("mount " + kept.string() + " on " + folder.string())};
  }
  return {};
}

}  // namespace

Result<void> prepare_private_volume(Disk const& disk) {
  BH_TRY(size, size_of(disk));
  if (size.value() < kLeast) {
    return Failure{Error{"the private volume is only " + std::to_string(size.value() >> 10) + " KiB; give it at least 16 MiB"}};
  }
  BH_CHECK(forget_cached(disk));
  BH_TRY(front, read_front(disk, kPage));
  auto const found = read_superblock(ByteSpan(front.get(), kPage));
  if (!found) return format_if_blank(disk);
  // A clone whose volume was grown: the kernel may be about to learn of it.
  if (found->size.value() > size.value()) BH_CHECK(wait_for_room(disk, found->size, Clock::now() + kSizeTime));
  if (found->has_errors) return repair(disk);
  return {};
}

Result<void> mount_private_volume(Disk const& disk) {
  if (::mkdir("/rw", 0755) != 0 && errno != EEXIST) return Failure{Error::from_errno("make /rw")};
  // Inode tables that mkfs left blank need no zeroing: their checksums say so.
  if (::mount(disk.device().c_str(), "/rw", "ext4", MS_NOATIME | MS_NOSUID | MS_NODEV, "noinit_itable") != 0) {
    return Failure{Error::from_errno("mount the private volume " + disk.device().string() + " on /rw")};
  }
  BH_TRY(front, read_front(disk, kPage));
  BH_TRY(size, size_of(disk));
  auto const found = read_superblock(ByteSpan(front.get(), kPage));
  // A file system ends at a whole block, so up to 64 KiB of the disk may be left over for ever.
  if (found && found->size.value() + 65536 <= size.value()) {
    BH_TRY(code, run_tool({"resize2fs", disk.device().string()}));
    if (code != 0) return Failure{Error{"cannot grow the file system to the size of the private volume"}};
  }
  BH_CHECK(persist("/home", "/rw/home"));
  return persist("/usr/local", "/rw/usrlocal");
}

Result<void> sync_private_volume() {
  auto const folder = open_file("/rw", O_RDONLY | O_DIRECTORY);
  if (!folder) return Failure{folder.error()};
  if (::syncfs(folder->borrow()) != 0) return Failure{Error::from_errno("write the private volume out")};
  return {};
}

Result<void> use_as_swap(Disk const& disk) {
  BH_TRY(size, size_of(disk));
  std::uint64_t const pages = std::min(size.value(), kMostSwap) / kPage;
  if (pages < 10) return {};
  // union swap_header of the kernel: version and last page at 1024, the signature at the page's end.
  ByteWriter header;
  header.bytes(Bytes(1024)).u32_le(1).u32_le(static_cast<std::uint32_t>(pages - 1)).u32_le(0);
  header.bytes(Bytes(kPage - 10 - header.size())).text("SWAPSPACE2");
  BH_TRY(fd, open_file(disk.device(), O_WRONLY));
  BH_CHECK(write_all(fd, header.view()));
  if (::fsync(fd.borrow()) != 0) return Failure{Error::from_errno("make swap on " + disk.device().string())};
  fd.reset();
  if (::swapon(disk.device().c_str(), SWAP_FLAG_DISCARD) != 0) return Failure{Error::from_errno("use " + disk.device().string() + " as swap")};
  return {};
}

}  // namespace bh::personal
