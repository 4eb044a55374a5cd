#include "dom0/tray/event_follower.h"

namespace bh::tray {

EventFollower::EventFollower(std::filesystem::path socket, Handlers handlers, QObject* parent)
    : QObject(parent), socket_(std::move(socket)), handlers_(std::move(handlers)) {
  retry_.setSingleShot(true);
  retry_.setInterval(kRetry);
  connect(&retry_, &QTimer::timeout, this, [this] { open(); });
  open();
}

void EventFollower::open() {
  decoder_ = admin::EventDecoder();
  AdminConnection::Handlers handlers;
  handlers.received = [this](ByteSpan bytes) { receive(bytes); };
  handlers.ended = [this](std::string const& reason) {
    close(reason.empty() ? "bulkheadd ended the connection" : reason);
  };
  connection_ =
      new AdminConnection(socket_, {.method = "admin.Events"}, std::chrono::milliseconds(0), std::move(handlers), this);
}

void EventFollower::receive(ByteSpan bytes) {
  if (connection_ == nullptr) return;
  decoder_.feed(bytes);
  for (;;) {
    auto const event = decoder_.next();
    if (!event) return close(to_string(event.error()));
    if (!*event) return;
    handlers_.event(**event);
  }
}

void EventFollower::close(std::string const& reason) {
  if (connection_ == nullptr) return;
  connection_->deleteLater();
  connection_ = nullptr;
  retry_.start();
  handlers_.lost(reason);
}

}  // namespace bh::tray
