// QubesIncoming/SOURCE: where another qube's files are written. Every path is resolved beneath one directory descriptor, without
// following a link, so neither names, nor links in the transfer, nor a folder moved meanwhile lead out of it. Nothing is overwritten.
#pragma once

#include <filesystem>

#include "base/posix_io.h"
#include "hypervisor/vchan/domain.h"
#include "qrexec/services/qfile_decoder.h"

namespace bh::qfile {

// A file that is being received. It has no name until keep(), so a transfer that breaks off leaves nothing.
class IncomingFile {
 public:
  IncomingFile(IncomingFile&&) noexcept = default;
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile();
  Result<void> write(ByteSpan bytes);
  // EEXIST if the name is taken.
  Result<void> keep();

 private:
  friend class IncomingFolder;
  IncomingFile(UniqueFd parent, UniqueFd file, FileEntry entry, bool nameless)
      : parent_(std::move(parent)), file_(std::move(file)), entry_(std::move(entry)), nameless_(nameless) {}
  UniqueFd parent_, file_;
  FileEntry entry_;
  bool nameless_;      // false: the file system has no O_TMPFILE, and an empty file of mode 0 holds the name
  bool kept_ = false;
};

class IncomingFolder {
 public:
  // base/QubesIncoming/SOURCE, both made (0700) if missing; neither may be a link.
  static Result<IncomingFolder> open(std::filesystem::path const& base, DomainName const& source);

  // Every error carries the errno for the sender.
  Result<IncomingFile> begin_file(FileEntry entry);
  // The first time makes it, or goes into the one that is there; the second time sets permissions and times.
  Result<void> directory(DirectoryEntry const& entry);
  Result<void> link(LinkEntry const& entry);
  // Everything is on the disk when this returns.
  Result<void> flush();

 private:
  explicit IncomingFolder(UniqueFd root) : root_(std::move(root)) {}
  Result<UniqueFd> open_parent(EntryName const& name);
  UniqueFd root_;
  std::vector<std::string> open_directories_;  // sent once so far, each inside the one before it
};

}  // namespace bh::qfile
