#include "gui-daemon/daemon/x11/shared_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <xcb/shm.h>

#include "base/log.h"
#include "base/posix_io.h"

namespace bh::gui::x11 {

Result<SharedMemory> SharedMemory::open(Connection const& connection, std::optional<UniqueFd> window_memory, std::filesystem::path grant_dir) {
  SharedMemory self(connection, std::move(grant_dir));
  if (!window_memory) return self;
  int const seals = ::fcntl(window_memory->borrow(), F_GET_SEALS);
  // GUARD: whoever holds this file could shrink it under the X server.
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return Failure{Error{"the window memory is not a memfd sealed against shrinking"}};
  struct stat status {};
  if (::fstat(window_memory->borrow(), &status) != 0) return Failure{Error::from_errno("look at the window memory")};
  if (status.st_size <= 0 || status.st_size > UINT32_MAX) return Failure{Error{"the window memory must have 1 byte to 4 GiB"}};
  BH_TRY(segment, self.attach(*std::move(window_memory)));
  self.memory_segment_ = segment;
  self.memory_size_ = static_cast<std::uint64_t>(status.st_size);
  return self;
}

Result<xcb_window_t> SharedMemory::attach(UniqueFd fd) {
  auto const segment = xcb_generate_id(connection_->raw());
  // Read only, and the descriptor goes to the server: not even this process could look.
  auto const cookie = xcb_shm_attach_fd_checked(connection_->raw(), segment, fd.release(), 1);
  Reply<xcb_generic_error_t> const error(xcb_request_check(connection_->raw(), cookie));
  if (error) return Failure{Error{"the X server does not take shared memory (error " + std::to_string(error->error_code) + ")"}};
  return segment;
}

bool SharedMemory::attach_grants(WindowId window, checked::GrantDump const& pages) {
  detach_grants(window);
  if (grant_dir_.empty()) return false;
  auto const name = std::to_string(pages.first) + "." + std::to_string(pages.count);
  auto fd = open_file(grant_dir_ / name, O_RDONLY | O_NOFOLLOW);
  if (!fd) {
    log::warning("lost buffer: " + fd.error().message);
    return false;
  }
  struct stat status {};
  bool const large_enough = ::fstat(fd->borrow(), &status) == 0 && S_ISREG(status.st_mode) &&
                            static_cast<std::uint64_t>(status.st_size) >= std::uint64_t{pages.count} * kPageSize;
  // GUARD: a file of another size than the references say: the server would fault on what is missing.
  if (!large_enough) {
    log::warning("lost buffer: " + name + " is smaller than its grants");
    return false;
  }
  auto const segment = attach(*std::move(fd));
  if (!segment) {
    log::warning("lost buffer: " + segment.error().message);
    return false;
  }
  grants_[window] = *segment;
  return true;
}

void SharedMemory::detach_grants(WindowId window) {
  auto const it = grants_.find(window);
  if (it == grants_.end()) return;
  xcb_shm_detach(connection_->raw(), it->second);
  grants_.erase(it);
}

std::optional<SharedMemory::Source> SharedMemory::find(WindowId window, Buffer const& buffer) const {
  if (auto const* const slice = std::get_if<checked::MemoryDump>(&buffer.source)) {
    if (memory_segment_ == XCB_NONE) return std::nullopt;
    return Source{memory_segment_, static_cast<std::uint32_t>(slice->offset)};
  }
  auto const it = grants_.find(window);
  if (it == grants_.end()) return std::nullopt;
  return Source{it->second, 0};
}

}  // namespace bh::gui::x11
