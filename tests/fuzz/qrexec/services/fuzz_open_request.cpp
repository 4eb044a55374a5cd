// Whatever another qube sends to be opened: the name that comes out is harmless, the URL one printable line.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "qrexec/services/open_request.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace bh;
  using namespace bh::open;
  ByteSpan const bytes(reinterpret_cast<std::byte const*>(data), size);
  if (auto const request = decode_name(Untrusted<ByteSpan>(bytes.first(std::min(size, kNameField))))) {
    BH_ASSERT(!request->name.empty() && request->name.size() < kNameField);
    BH_ASSERT(request->name != "." && request->name != ".." && request->name.front() != '-');
    for (char const c : request->name) BH_ASSERT(c > ' ' && c < '\x7F' && c != '/');
    auto const again = encode_name(request->name, request->view_only);
    auto const twice = decode_name(Untrusted<ByteSpan>(ByteSpan(again)));
    BH_ASSERT(twice.ok() && twice->name == (request->view_only ? request->name.substr(request->name.size() - std::min<std::size_t>(request->name.size(), 245)) : request->name));
  }
  if (auto const url = parse_url(Untrusted<std::string_view>(as_text(bytes)))) {
    BH_ASSERT(url->size() <= kMaxUrl && looks_like_url(*url));
    for (char const c : *url) BH_ASSERT(c > ' ' && c < '\x7F');
  }
  return 0;
}
