// The qfile stream's fixed parts (filecopy.md sections 1, 2, 5): entry headers and the result, written and read. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace bh::qfile {

inline constexpr std::size_t kHeaderSize = 32;
inline constexpr std::uint32_t kMaxWireName = 16383;  // with the NUL
inline constexpr std::uint32_t kMaxNanoseconds = 999'999'999;
inline constexpr std::uint64_t kMaxFileLength = INT64_MAX;
inline constexpr std::size_t kResultSize = 16;
inline constexpr std::uint32_t kMaxResultName = 16384;
// error_code for a stream that ended in the middle of a file: the sender presumably said why itself.
inline constexpr std::uint32_t kStreamCut = 31415926;

struct Times {
  std::uint32_t access_seconds = 0, access_nanoseconds = 0, modification_seconds = 0, modification_nanoseconds = 0;
};

// As it is on the wire. name_length counts the NUL; all zero is the end of the transfer.
struct RawHeader {
  std::uint32_t name_length = 0;
  std::uint32_t mode = 0;
  std::uint64_t file_length = 0;
  Times times;
};
[[nodiscard]] Bytes encode(RawHeader const& header);
[[nodiscard]] Result<RawHeader, BytesError> decode_header(ByteSpan bytes);

// What the receiver says at the end, once.
struct TransferResult {
  std::uint32_t error_code = 0;  // errno, or kStreamCut
  std::uint32_t crc = 0;
  std::string last_name;         // of the entry it was about; empty: not told
};
[[nodiscard]] Bytes encode(TransferResult const& result);

enum class ResultError { bad_padding, crc_too_large, name_too_long };
// From all the receiver sent so far; nullopt: more is to come. At the end of the stream `ended` makes a missing name an empty one.
// The name is raw: it goes through for_display before anybody sees it.
[[nodiscard]] Result<std::optional<TransferResult>, ResultError> decode_result(ByteSpan bytes, bool ended);

}  // namespace bh::qfile
