#include "qrexec/client/data_channel.h"

#include "hypervisor/vchan/server.h"
#include "qrexec/stream/handshake.h"

namespace bh::qrexec {

Result<DataChannel> await_service(VchanPlace const& place, CallAddress const& address, Deadline deadline) {
  BH_TRY(server, vchan::Server::listen(place.folder, {place.own, address.domain, address.port}));
  BH_TRY(peer, server.accept(deadline));
  BH_TRY(stream, FramedStream::over(std::move(peer), Direction::service_to_caller));
  BH_TRY(version, shake_hands(stream, HelloTerms{HelloOrder::send_first}, deadline));
  return DataChannel{std::move(stream), version};
}

}  // namespace bh::qrexec
