#include "qrexec/services/send.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/display_text.h"
#include "qrexec/services/crc32.h"

namespace bh::qfile {

namespace {

constexpr std::size_t kPiece = 128 * 1024;
// A receiver may be slow, and its user may have stopped it; but not for ever.
constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::seconds kLastWords{10};
constexpr std::size_t kMaxAnswer = kResultSize + 4 + kMaxResultName;

Error no_answer() { return Error{"The receiving qube ended the transfer without saying why.", EREMOTEIO}; }

std::uint32_t seconds(timespec const& time) {
  return static_cast<std::uint32_t>(std::clamp<long long>(time.tv_sec, 0, UINT32_MAX));
}

}  // namespace

std::string explain(TransferResult const& result) {
  std::string name = for_display(result.last_name, 200);
  std::replace(name.begin(), name.end(), '"', '_');
  std::string const at = name.empty() ? std::string() : " (at \"" + name + "\")";
  switch (result.error_code) {
    case EEXIST: return "The receiving qube already has a file of that name in its QubesIncoming folder" + at + ". Nothing was overwritten.";
    case ENOSPC:
    case EDQUOT: return "The receiving qube has not enough free space" + at + ".";
    case EFBIG: return "The receiving qube does not allow files of that size" + at + ".";
    case ENAMETOOLONG: return "A name or a path is too long for the receiving qube" + at + ".";
    case ENOLINK: return "The receiving qube refuses a symbolic link that points out of its folder" + at + ".";
    case EILSEQ: return "The receiving qube refuses a character in a file name" + at + ".";
    case ENOTDIR:
    case ELOOP: return "In the receiving qube a folder of that name is a file or a link" + at + ".";
    case EREMOTEIO: return "The transfer ended before everything was sent" + at + ".";
    case kStreamCut: return "The transfer was cut off in the middle of a file" + at + ".";
    default: break;
  }
  return "The receiving qube reports an error" + at + ": " + ::strerror(static_cast<int>(result.error_code & 0xFFFF)) + ".";
}

Result<void> Sender::send(std::string const& path) {
  BH_CHECK(options_.progress.at(sent_));
  return walk(path, *this);
}

// Takes what the receiver has said so far, without waiting. Anything before the end is an error or the end of it all.
Result<void> Sender::hear() {
  BH_TRY(said, wait_for(options_.reply, POLLIN, Clock::now()));
  return said ? early_answer() : Result<void>();
}

Result<void> Sender::early_answer() {
  BH_TRY(answer, wait_for_answer(Clock::now() + kLastWords));
  if (!answer) return Failure{no_answer()};
  if (answer->error_code == 0) return Failure{Error{"The receiving qube says that it has everything, before it was sent.", EPROTO}};
  return Failure{Error{explain(*answer), EREMOTEIO}};
}

Result<std::optional<TransferResult>> Sender::wait_for_answer(Deadline deadline) {
  std::byte piece[4096];
  for (;;) {
    BH_TRY(ready, wait_for(options_.reply, POLLIN, deadline));
    if (!ready) {
      // Old receivers send no name and may leave the stream open.
      auto const short_one = decode_result(answer_, true);
      if (short_one && *short_one) return *short_one;
      return Failure{Error{"The receiving qube does not answer.", ETIMEDOUT}};
    }
    auto const got = read_some(options_.reply, piece);
    if (!got && got.error().errno_value != ECONNRESET) return Failure{got.error()};
    std::size_t const count = got ? *got : 0;
    // GUARD: an answer without end.
    if (answer_.size() + count > kMaxAnswer) return Failure{Error{"The receiving qube's answer is too long.", EPROTO}};
    answer_.insert(answer_.end(), piece, piece + count);
    auto const result = decode_result(answer_, count == 0);
    if (!result) return Failure{Error{"The receiving qube's answer makes no sense.", EPROTO}};
    if (*result || count == 0) return *result;
  }
}

Result<void> Sender::put(ByteSpan bytes) {
  crc_ = crc32(crc_, bytes);
  while (!bytes.empty()) {
    pollfd entries[2] = {{options_.stream.borrow(), POLLOUT, 0}, {options_.reply.borrow(), POLLIN, 0}};
    int const ready = ::poll(entries, 2, static_cast<int>(std::chrono::milliseconds(kPatience).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Failure{Error::from_errno("wait for the receiving qube")};
    if (ready == 0) return Failure{Error{"The receiving qube has taken nothing for ten minutes; giving up.", ETIMEDOUT}};
    if (entries[1].revents != 0) return early_answer();
    auto const put = write_some(options_.stream, bytes);
    if (!put && put.error().errno_value == EAGAIN) continue;
    // It stopped reading; it may have said why.
    if (!put) return early_answer();
    bytes = bytes.subspan(*put);
  }
  return {};
}

Result<void> Sender::header(std::string const& name, struct stat const& facts, std::uint64_t length) {
  BH_CHECK(hear());
  if (name.size() + 1 > kMaxWireName) return Failure{Error{name + ": the name is too long.", ENAMETOOLONG}};
  RawHeader raw;
  raw.name_length = static_cast<std::uint32_t>(name.size() + 1);
  raw.mode = facts.st_mode;
  raw.file_length = length;
  raw.times = {seconds(facts.st_atim), static_cast<std::uint32_t>(facts.st_atim.tv_nsec), seconds(facts.st_mtim),
               static_cast<std::uint32_t>(facts.st_mtim.tv_nsec)};
  Bytes bytes = encode(raw);
  ByteSpan const text = as_bytes(name);
  bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.push_back(std::byte{0});
  return put(bytes);
}

Result<void> Sender::directory(std::string const& name, struct stat const& facts) { return header(name, facts, 0); }

Result<void> Sender::file(std::string const& name, struct stat const& facts, UniqueFd const& contents) {
  auto left = static_cast<std::uint64_t>(facts.st_size);
  BH_CHECK(header(name, facts, left));
  Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, left)));
  while (left > 0) {
    std::size_t const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left));
    BH_TRY(got, read_some(contents, std::span(buffer).first(wanted)));
    // The length has been promised. A cut stream makes the receiver drop the file; padding would make it a wrong one.
    if (got == 0) return Failure{Error{name + " became shorter while it was being sent; it was not copied.", EIO}};
    BH_CHECK(put(ByteSpan(buffer).first(got)));
    left -= got;
    sent_ += got;
    BH_CHECK(options_.progress.at(sent_));
  }
  return {};
}

Result<void> Sender::link(std::string const& name, struct stat const& facts, std::string const& target) {
  if (options_.ignore_links) return {};
  BH_CHECK(header(name, facts, target.size()));
  sent_ += target.size();
  return put(as_bytes(target));
}

Result<void> Sender::other(std::string const&) { return {}; }

Result<void> Sender::finish() {
  BH_CHECK(put(encode(RawHeader{})));
  BH_TRY(answer, wait_for_answer(Clock::now() + kPatience));
  BH_CHECK(options_.progress.end(sent_));
  if (!answer) return Failure{no_answer()};
  if (answer->error_code != 0) return Failure{Error{explain(*answer), EREMOTEIO}};
  if (answer->crc != crc_) return Failure{Error{"What the receiving qube got differs from what was sent (checksum mismatch).", EIO}};
  return {};
}

}  // namespace bh::qfile
