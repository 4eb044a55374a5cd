// One call of the Admin API inside Qt's event loop: connects, sends, half-closes, hands out what comes. Never blocks.
#pragma once

#include <QLocalSocket>
#include <QObject>
#include <QTimer>
#include <chrono>
#include <filesystem>
#include <functional>

#include "base/unique_fd.h"
#include "dom0/client/reply.h"
#include "dom0/client/request.h"

namespace bh::tray {

class AdminConnection : public QObject {
 public:
  struct Handlers {
    std::function<void(ByteSpan)> received;
    // The end, exactly once: empty when the daemon closed after it had been reached, else a sentence.
    std::function<void(std::string const&)> ended;
  };
  // Starts at once. A timeout of zero means none after the connection stands (streams).
  AdminConnection(std::filesystem::path const& socket, admin::Call const& call, std::chrono::milliseconds timeout,
                  Handlers handlers, QObject* parent);
  ~AdminConnection() override;

 private:
  void send();
  void end(std::string const& reason);

  UniqueFd folder_;
  QLocalSocket socket_;
  QTimer deadline_;
  Bytes request_;
  bool stream_;
  bool over_ = false;
  Handlers handlers_;
};

// A whole call: `done` gets the reply once, then the connection deletes itself.
void call_admin(std::filesystem::path const& socket, admin::Call const& call, std::chrono::milliseconds timeout,
                QObject* parent, std::function<void(admin::Reply const&)> done);

}  // namespace bh::tray
