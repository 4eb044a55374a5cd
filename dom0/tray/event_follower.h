// Follows admin.Events for as long as it lives: a lost or refused connection is tried again each second.
#pragma once

#include <QObject>
#include <QTimer>
#include <filesystem>
#include <functional>

#include "dom0/client/event.h"
#include "dom0/tray/admin_connection.h"

namespace bh::tray {

class EventFollower : public QObject {
 public:
  static constexpr std::chrono::milliseconds kRetry{1000};
  struct Handlers {
    std::function<void(admin::Event const&)> event;
    // A sentence why there are no events at the moment. After it comes connection-established, or this again.
    std::function<void(std::string const&)> lost;
  };
  EventFollower(std::filesystem::path socket, Handlers handlers, QObject* parent);

 private:
  void open();
  void receive(ByteSpan bytes);
  void close(std::string const& reason);

  std::filesystem::path socket_;
  Handlers handlers_;
  AdminConnection* connection_ = nullptr;
  admin::EventDecoder decoder_;
  QTimer retry_;
};

}  // namespace bh::tray
