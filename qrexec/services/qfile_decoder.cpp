#include "qrexec/services/qfile_decoder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "qrexec/services/crc32.h"

namespace bh::qfile {

namespace {
int errno_of(NameError error) {
  switch (error) {
    case NameError::bad_form:
    case NameError::unsafe_characters: return EILSEQ;
    case NameError::too_deep: return ENAMETOOLONG;
    case NameError::unsafe_link: return ENOLINK;
  }
  return EINVAL;
}
}  // namespace

ByteSpan StreamDecoder::take(ByteSpan& input, std::size_t count) {
  ByteSpan const taken = input.first(count);
  input = input.subspan(count);
  crc_ = crc32(crc_, taken);
  return taken;
}

bool StreamDecoder::fill(ByteSpan& input, std::size_t wanted) {
  ByteSpan const piece = take(input, std::min(wanted - partial_.size(), input.size()));
  partial_.insert(partial_.end(), piece.begin(), piece.end());
  return partial_.size() == wanted;
}

StreamEvent StreamDecoder::refuse(int error_code) {
  state_ = State::over;
  return Refused{static_cast<std::uint32_t>(error_code)};
}

std::optional<StreamEvent> StreamDecoder::next(ByteSpan& input) {
  for (;;) {
    switch (state_) {
      case State::over: return std::nullopt;
      case State::file_end: state_ = State::header; return FileEnd{};
      case State::header:
        if (!fill(input, kHeaderSize)) return std::nullopt;
        if (auto event = on_header()) return event;
        break;
      case State::name:
        if (!fill(input, header_.name_length)) return std::nullopt;
        // A link is told once its target is there, everything else now.
        if (auto event = on_name(); state_ != State::target) return event;
        break;
      case State::target:
        if (!fill(input, static_cast<std::size_t>(header_.file_length))) return std::nullopt;
        return on_target();
      case State::contents: {
        if (input.empty()) return std::nullopt;
        ByteSpan const piece = take(input, static_cast<std::size_t>(std::min<std::uint64_t>(contents_left_, input.size())));
        contents_left_ -= piece.size();
        if (contents_left_ == 0) state_ = State::file_end;
        return Contents{piece};
      }
    }
  }
}

std::optional<StreamEvent> StreamDecoder::on_header() {
  header_ = *decode_header(partial_);
  partial_.clear();
  if (header_.name_length == 0) {
    bool const all_zero = header_.mode == 0 && header_.file_length == 0;
    if (!all_zero) return refuse(EINVAL);
    state_ = State::over;
    ended_well_ = true;
    return TransferEnd{};
  }
  // GUARD: lengths that would be waited for or held, times that the kernel would refuse, floods of entries.
  if (header_.name_length > kMaxWireName) return refuse(ENAMETOOLONG);
  if (header_.times.access_nanoseconds > kMaxNanoseconds || header_.times.modification_nanoseconds > kMaxNanoseconds) return refuse(EINVAL);
  if (header_.file_length > kMaxFileLength || ++entries_ > limits_.max_entries) return refuse(EDQUOT);
  if (S_ISLNK(header_.mode) && header_.file_length > kMaxTargetLength) return refuse(ENAMETOOLONG);
  if (S_ISDIR(header_.mode) && header_.file_length != 0) return refuse(EINVAL);
  if (!S_ISREG(header_.mode) && !S_ISDIR(header_.mode) && !S_ISLNK(header_.mode)) return refuse(EINVAL);
  state_ = State::name;
  return std::nullopt;
}

StreamEvent StreamDecoder::on_name() {
  last_name_ = as_text(partial_);
  partial_.clear();
  bool const terminated = last_name_.back() == '\0';
  last_name_.pop_back();
  // GUARD: a name without its end. (A second name behind an inner NUL falls to EntryName.)
  if (!terminated) return refuse(EINVAL);
  auto name = EntryName::parse(last_name_, limits_.rules);
  if (!name) return refuse(errno_of(name.error()));
  // Set-user-id and sticky bits are another qube's ideas about our users.
  unsigned const permissions = header_.mode & 0777;
  if (S_ISLNK(header_.mode)) {
    state_ = State::target;
    link_ = *std::move(name);
    return FileEnd{};  // not passed on
  }
  if (S_ISDIR(header_.mode)) {
    state_ = State::header;
    return DirectoryEntry{*std::move(name), permissions, header_.times};
  }
  contents_left_ = header_.file_length;
  state_ = contents_left_ == 0 ? State::file_end : State::contents;
  return FileEntry{*std::move(name), permissions, header_.file_length, header_.times};
}

StreamEvent StreamDecoder::on_target() {
  auto target = LinkTarget::parse(as_text(partial_), *link_, limits_.rules);
  partial_.clear();
  state_ = State::header;
  if (!target) return refuse(errno_of(target.error()));
  return LinkEntry{*std::move(link_), *std::move(target)};
}

std::uint32_t StreamDecoder::error_at_end_of_stream() const {
  if (ended_well_) return 0;
  return state_ == State::contents ? kStreamCut : static_cast<std::uint32_t>(EREMOTEIO);
}

}  // namespace bh::qfile
