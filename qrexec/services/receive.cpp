#include "qrexec/services/receive.h"

#include <cerrno>

namespace bh::qfile {

namespace {

constexpr std::size_t kBufferSize = 128 * 1024;

class Receiver {
 public:
  explicit Receiver(IncomingFolder& folder) : folder_(folder) {}

  Result<void> perform(StreamEvent event) {
    if (auto* file = std::get_if<FileEntry>(&event)) {
      BH_TRY(begun, folder_.begin_file(std::move(*file)));
      file_.emplace(std::move(begun));
      return {};
    }
    if (auto const* contents = std::get_if<Contents>(&event)) return file_->write(contents->bytes);
    if (std::get_if<FileEnd>(&event) != nullptr) {
      auto const kept = file_->keep();
      file_.reset();
      return kept;
    }
    if (auto const* directory = std::get_if<DirectoryEntry>(&event)) return folder_.directory(*directory);
    if (auto const* link = std::get_if<LinkEntry>(&event)) return folder_.link(*link);
    if (auto const* refused = std::get_if<Refused>(&event)) {
      return Failure{Error{"the stream breaks the rules", static_cast<int>(refused->error_code)}};
    }
    ended_ = true;
    return folder_.flush();
  }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  IncomingFolder& folder_;
  std::optional<IncomingFile> file_;
  bool ended_ = false;
};

std::uint32_t code_of(Error const& error) { return static_cast<std::uint32_t>(error.errno_value != 0 ? error.errno_value : EIO); }

}  // namespace

TransferResult receive_stream(UniqueFd const& input, IncomingFolder& folder, DecoderLimits limits) {
  StreamDecoder decoder(limits);
  Receiver receiver(folder);
  auto const result = [&](std::uint32_t code) { return TransferResult{code, decoder.crc(), decoder.last_name()}; };
  Bytes buffer(kBufferSize);
  for (;;) {
    auto const got = read_some(input, buffer);
    // A closed vchan is an end too, however it was closed.
    if (!got && got.error().errno_value != ECONNRESET) return result(code_of(got.error()));
    if (!got || *got == 0) return result(decoder.error_at_end_of_stream());
    ByteSpan piece(buffer.data(), *got);
    while (auto event = decoder.next(piece)) {
      auto const done = receiver.perform(*std::move(event));
      if (!done) return result(code_of(done.error()));
      if (receiver.ended()) return result(0);
    }
  }
}

}  // namespace bh::qfile
