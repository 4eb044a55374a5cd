// The sender of qubes.Filecopy: files and folders as a qfile stream, and the receiver's answer, which is another qube's word.
#pragma once

#include <optional>

#include "base/posix_io.h"
#include "qrexec/services/file_tree.h"
#include "qrexec/services/progress.h"
#include "qrexec/services/qfile_format.h"

namespace bh::qfile {

struct SendOptions {
  UniqueFd stream;  // to the receiver
  UniqueFd reply;   // from it
  Progress progress;
  bool ignore_links = false;
};

class Sender : private TreeVisitor {
 public:
  explicit Sender(SendOptions options) : options_(std::move(options)) {}
  // Errors are complete sentences for the user. After one nothing more may be sent.
  Result<void> send(std::string const& path);
  // The end marker, then the receiver's answer, for which it has ten minutes: it flushes its disk first.
  Result<void> finish();

 private:
  Result<void> directory(std::string const& name, struct stat const& facts) override;
  Result<void> file(std::string const& name, struct stat const& facts, UniqueFd const& contents) override;
  Result<void> link(std::string const& name, struct stat const& facts, std::string const& target) override;
  Result<void> other(std::string const& name) override;
  Result<void> header(std::string const& name, struct stat const& facts, std::uint64_t length);
  Result<void> put(ByteSpan bytes);
  Result<void> hear();
  Result<void> early_answer();
  Result<std::optional<TransferResult>> wait_for_answer(Deadline deadline);

  SendOptions options_;
  Bytes answer_;
  std::uint32_t crc_ = 0;
  std::uint64_t sent_ = 0;  // bytes of files and links
};

// What a receiver's error means, in words. GUARD: the name is another qube's; only harmless characters of it are shown.
std::string explain(TransferResult const& result);

}  // namespace bh::qfile
