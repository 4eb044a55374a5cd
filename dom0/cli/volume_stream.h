// Content of volumes as streams: from a file or stdin into an import's place, from a volume to a file or stdout. Zeros take no space.
#pragma once

#include <optional>
#include <string>

#include "base/byte_count.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace bh::cli {

class ImportSource {
 public:
  // "-" is stdin.
  static Result<ImportSource> open(std::string const& file);
  // Of a plain file or a block device; a stream has none.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }
  // An error if there is more than `room`, or less than a plain file's size.
  Result<void> copy_into(std::string const& place, ByteCount room);

 private:
  ImportSource(UniqueFd file, std::optional<std::uint64_t> size) : file_(std::move(file)), size_(size) {}
  UniqueFd file_;
  std::optional<std::uint64_t> size_;
};

// "-" is stdout. A file is made and must not be there; its holes stay holes.
Result<void> export_file(std::string const& volume, std::string const& to);

}  // namespace bh::cli
