#include "qrexec/services/qfile_format.h"

namespace bh::qfile {

Bytes encode(RawHeader const& header) {
  ByteWriter writer;
  writer.u32_le(header.name_length).u32_le(header.mode).u64_le(header.file_length);
  writer.u32_le(header.times.access_seconds).u32_le(header.times.access_nanoseconds);
  writer.u32_le(header.times.modification_seconds).u32_le(header.times.modification_nanoseconds);
  return std::move(writer).take();
}

Result<RawHeader, BytesError> decode_header(ByteSpan bytes) {
  ByteReader reader(bytes);
  BH_TRY(name_length, reader.u32_le());
  BH_TRY(mode, reader.u32_le());
  BH_TRY(file_length, reader.u64_le());
  BH_TRY(access_seconds, reader.u32_le());
  BH_TRY(access_nanoseconds, reader.u32_le());
  BH_TRY(modification_seconds, reader.u32_le());
  BH_TRY(modification_nanoseconds, reader.u32_le());
  return RawHeader{name_length, mode, file_length, {access_seconds, access_nanoseconds, modification_seconds, modification_nanoseconds}};
}

Bytes encode(TransferResult const& result) {
  ByteWriter writer;
  writer.u32_le(result.error_code).u32_le(0).u64_le(result.crc);
  std::string_view const name = std::string_view(result.last_name).substr(0, kMaxResultName);
  writer.u32_le(static_cast<std::uint32_t>(name.size())).text(name);
  return std::move(writer).take();
}

Result<std::optional<TransferResult>, ResultError> decode_result(ByteSpan bytes, bool ended) {
  if (bytes.size() < kResultSize) return std::optional<TransferResult>{};
  ByteReader reader(bytes);
  TransferResult result;
  result.error_code = *reader.u32_le();
  if (*reader.u32_le() != 0) return Failure{ResultError::bad_padding};
  std::uint64_t const crc = *reader.u64_le();
  if (crc > UINT32_MAX) return Failure{ResultError::crc_too_large};
  result.crc = static_cast<std::uint32_t>(crc);
  auto const length = reader.u32_le();
  // GUARD: a length that makes us wait for, or hold, gigabytes.
  if (length && *length > kMaxResultName) return Failure{ResultError::name_too_long};
  if (length) {
    auto const name = reader.take(*length);
    if (name) {
      result.last_name = as_text(*name);
      return std::optional(std::move(result));
    }
  }
  if (!ended) return std::optional<TransferResult>{};
  return std::optional(std::move(result));
}

}  // namespace bh::qfile
