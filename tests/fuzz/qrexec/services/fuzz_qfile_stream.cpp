// The receiver's parser and the sender's: any stream, in pieces and whole, must tell the same story; any answer must be taken or refused.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "qrexec/services/crc32.h"
#include "qrexec/services/qfile_decoder.h"

namespace {

using namespace bh;
using namespace bh::qfile;

struct Story {
  std::string text;
  std::uint64_t owed = 0;  // bytes of the file under way

  void tell(StreamEvent const& event) {
    if (auto const* file = std::get_if<FileEntry>(&event)) {
      BH_ASSERT(owed == 0 && file->permissions <= 0777 && file->length <= kMaxFileLength);
      check(file->name);
      owed = file->length;
      text += "f" + file->name.text();
    } else if (auto const* contents = std::get_if<Contents>(&event)) {
      BH_ASSERT(!contents->bytes.empty() && contents->bytes.size() <= owed);
      owed -= contents->bytes.size();
      text += as_text(contents->bytes);
    } else if (std::get_if<FileEnd>(&event) != nullptr) {
      BH_ASSERT(owed == 0);
      text += "e";
    } else if (auto const* directory = std::get_if<DirectoryEntry>(&event)) {
      check(directory->name);
      text += "d" + directory->name.text();
    } else if (auto const* link = std::get_if<LinkEntry>(&event)) {
      check(link->name);
      check_link(*link);
      text += "l" + link->name.text() + link->target.text();
    } else if (auto const* refused = std::get_if<Refused>(&event)) {
      BH_ASSERT(refused->error_code != 0);
      text += "r" + std::to_string(refused->error_code);
    } else {
      text += "z";
    }
  }
  static void check(EntryName const& name) {
    std::string const padded = "/" + name.text() + "/";
    BH_ASSERT(padded.find("/../") == std::string::npos && padded.find("/./") == std::string::npos && padded.find("//") == std::string::npos);
    BH_ASSERT(name.text().find('\0') == std::string::npos && name.text().size() <= kMaxNameLength);
  }
  // Followed lexically, it may not leave its top-level entry.
  static void check_link(LinkEntry const& link) {
    BH_ASSERT(link.target.text().front() != '/');
    std::size_t height = link.name.depth() - 1;
    std::string_view rest = link.target.text();
    while (!rest.empty()) {
      std::size_t const slash = std::min(rest.find('/'), rest.size());
      std::string_view const part = rest.substr(0, slash);
      rest.remove_prefix(std::min(slash + 1, rest.size()));
      if (part == "..") BH_ASSERT(--height >= 1);
      if (part != ".." && part != "." && !part.empty()) ++height;
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  ByteSpan const input = std::as_bytes(std::span(data, size)).subspan(1);
  DecoderLimits const limits{data[0] % 2 == 0 ? NameRules::strict : NameRules::allow_all, 20};
  StreamDecoder whole(limits);
  Story one;
  ByteSpan rest = input;
  while (auto const event = whole.next(rest)) one.tell(*event);
  StreamDecoder pieces(limits);
  Story many;
  std::size_t const step = data[0] / 2 + 1U;
  for (std::size_t at = 0; at < input.size(); at += step) {
    ByteSpan piece = input.subspan(at, std::min(step, input.size() - at));
    while (auto const event = pieces.next(piece)) many.tell(*event);
  }
  BH_ASSERT(one.text == many.text && whole.crc() == pieces.crc());
  BH_ASSERT(whole.error_at_end_of_stream() == pieces.error_at_end_of_stream());
  BH_ASSERT(whole.crc() == crc32(0, input.first(input.size() - rest.size())));

  auto const answer = decode_result(input, data[0] % 2 == 0);
  if (answer && *answer) {
    BH_ASSERT((*answer)->last_name.size() <= kMaxResultName);
    auto const again = decode_result(encode(**answer), true);
    BH_ASSERT(again.ok() && *again && (*again)->last_name == (*answer)->last_name && (*again)->crc == (*answer)->crc);
  }
  return 0;
}
