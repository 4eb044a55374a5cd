#include "qrexec/stream/handshake.h"

#include <algorithm>
#include <cerrno>

#include "qrexec/protocol/control_codec.h"

namespace bh::qrexec {

namespace {

Result<std::uint32_t> read_version(FramedStream& stream, HelloTerms const& terms, Deadline deadline) {
  BH_TRY(frame, receive_frame(stream, deadline));
  auto const hello = decode_hello(frame);
  if (!hello) return Failure{Error{std::string("no HELLO: ") + to_string(hello.error()), EPROTO}};
  // GUARD: the peer's version is only ever used after this range check.
  if (hello->version < terms.minimum) {
    return Failure{Error{"the peer speaks qrexec version " + std::to_string(hello->version) + ", at least " +
                             std::to_string(terms.minimum) + " is needed", EPROTO}};
  }
  return std::min(terms.offer, hello->version);
}

}  // namespace

Result<Frame> receive_frame(FramedStream& stream, Deadline deadline) {
  for (;;) {
    auto frame = stream.next();
    if (!frame) return Failure{Error{std::string("the peer sent ") + to_string(frame.error()), EPROTO}};
    if (*frame) return **frame;
    BH_TRY(ready, wait_for(stream.fd(), POLLIN, deadline));
    if (!ready) return Failure{Error{"the peer does not answer", ETIMEDOUT}};
    BH_TRY(connected, stream.receive());
    if (!connected) return Failure{Error{"the peer closed the connection", ECONNRESET}};
  }
}

Result<std::uint32_t> shake_hands(FramedStream& stream, HelloTerms terms, Deadline deadline) {
  if (terms.order == HelloOrder::send_first) {
    stream.queue(encode(Hello{terms.offer}));
    BH_CHECK(stream.flush_by(deadline));
  }
  BH_TRY(version, read_version(stream, terms, deadline));
  if (terms.order == HelloOrder::read_first) {
    stream.queue(encode(Hello{version}));
    BH_CHECK(stream.flush_by(deadline));
  }
  stream.agree_on(version);
  return version;
}

}  // namespace bh::qrexec
