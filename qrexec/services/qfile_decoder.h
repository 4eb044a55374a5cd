// A qfile stream, as the receiver reads it: bytes in pieces of any size to checked entries. Pure; memory is bounded by one name.
// Everything about it comes from another qube.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "qrexec/services/entry_name.h"
#include "qrexec/services/qfile_format.h"

namespace bh::qfile {

struct FileEntry { EntryName name; unsigned permissions; std::uint64_t length; Times times; };  // Contents follow, then FileEnd
struct Contents { ByteSpan bytes; };  // lives as long as the input
struct FileEnd {};
struct DirectoryEntry { EntryName name; unsigned permissions; Times times; };  // twice: before and after what is in it
struct LinkEntry { EntryName name; LinkTarget target; };
struct TransferEnd {};
struct Refused { std::uint32_t error_code; };  // an errno; nothing more may be read from this stream
using StreamEvent = std::variant<FileEntry, Contents, FileEnd, DirectoryEntry, LinkEntry, TransferEnd, Refused>;

struct DecoderLimits {
  NameRules rules = NameRules::strict;
  std::uint64_t max_entries = 1'000'000;  // a directory counts twice
};

class StreamDecoder {
 public:
  explicit StreamDecoder(DecoderLimits limits) : limits_(limits) {}
  // The next event, using up the front of `input`; nullopt: all used up, more is needed. After TransferEnd or Refused only nullopt.
  std::optional<StreamEvent> next(ByteSpan& input);
  // For an end of stream here: 0 after TransferEnd, kStreamCut inside a file, EREMOTEIO elsewhere.
  [[nodiscard]] std::uint32_t error_at_end_of_stream() const;
  // Over every byte used up so far.
  [[nodiscard]] std::uint32_t crc() const { return crc_; }
  // Of the entry under way or the last one, as it came; empty before the first.
  [[nodiscard]] std::string const& last_name() const { return last_name_; }

 private:
  enum class State { header, name, target, contents, file_end, over };
  ByteSpan take(ByteSpan& input, std::size_t count);
  bool fill(ByteSpan& input, std::size_t wanted);
  std::optional<StreamEvent> on_header();
  StreamEvent on_name();
  StreamEvent on_target();
  StreamEvent refuse(int error_code);

  DecoderLimits limits_;
  State state_ = State::header;
  RawHeader header_;
  Bytes partial_;
  std::string last_name_;
  std::optional<EntryName> link_;
  std::uint64_t contents_left_ = 0;
  std::uint64_t entries_ = 0;
  std::uint32_t crc_ = 0;
  bool ended_well_ = false;
};

}  // namespace bh::qfile
