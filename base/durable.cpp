#include "base/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/posix_io.h"

namespace bh {

Result<void> sync_file(UniqueFd const& file, std::filesystem::path const& what) {
  if (::fsync(file.borrow()) != 0) return Failure{Error::from_errno("bring " + what.string() + " to the disk")};
  return {};
}

Result<void> sync_folder(std::filesystem::path const& folder) {
  BH_TRY(fd, open_file(folder, O_RDONLY | O_DIRECTORY));
  return sync_file(fd, folder);
}

}  // namespace bh
