#include "dom0/tray/admin_connection.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <memory>

#include "base/posix_io.h"
#include "dom0/client/client.h"

namespace bh::tray {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(10);

std::string not_running(std::filesystem::path const& socket) {
  return "bulkheadd is not running: nobody listens on " + socket.string();
}

}  // namespace

AdminConnection::AdminConnection(std::filesystem::path const& socket, admin::Call const& call,
                                 std::chrono::milliseconds timeout, Handlers handlers, QObject* parent)
    : QObject(parent), stream_(timeout.count() == 0), handlers_(std::move(handlers)) {
  deadline_.setSingleShot(true);
  connect(&deadline_, &QTimer::timeout, this, [this] { end("bulkheadd did not answer in time"); });
  connect(&socket_, &QLocalSocket::connected, this, [this] { send(); });
  connect(&socket_, &QLocalSocket::readyRead, this, [this] {
    QByteArray const got = socket_.readAll();
    handlers_.received(as_bytes(std::string_view(got.constData(), static_cast<std::size_t>(got.size()))));
  });
  connect(&socket_, &QLocalSocket::disconnected, this, [this] { end({}); });
  connect(&socket_, &QLocalSocket::errorOccurred, this, [this, socket](QLocalSocket::LocalSocketError error) {
    bool const closed = error == QLocalSocket::PeerClosedError;
    bool const absent = error == QLocalSocket::ServerNotFoundError || error == QLocalSocket::ConnectionRefusedError;
    end(closed ? std::string() : absent ? not_running(socket) : "bulkheadd: " + socket_.errorString().toStdString());
  });
  auto const frame = admin::encode_call(call);
  auto folder = open_file(socket.parent_path(), O_PATH | O_DIRECTORY);
  if (!frame || !folder) {
    std::string const reason = !frame ? to_string(frame.error()) : not_running(socket);
    QTimer::singleShot(0, this, [this, reason] { end(reason); });
    return;
  }
  request_ = *frame;
  folder_ = *std::move(folder);
  deadline_.start(stream_ ? kConnectTimeout : timeout);
  // Socket addresses are limited to 107 bytes, roots are not: the name goes through the folder's descriptor.
  QString const path =
      QStringLiteral("/proc/self/fd/%1/").arg(folder_.borrow()) + QString::fromStdString(socket.filename().string());
  // From the loop, so that no handler runs before its owner is complete.
  QTimer::singleShot(0, this, [this, path] { socket_.connectToServer(path); });
}

AdminConnection::~AdminConnection() {
  // The socket tells of its own end while it goes; by then the handlers are gone.
  over_ = true;
  socket_.disconnect(this);
}

void AdminConnection::send() {
  socket_.write(reinterpret_cast<char const*>(request_.data()), static_cast<qint64>(request_.size()));
  auto const half_close = [this] {
    if (socket_.bytesToWrite() != 0) return;
    // The daemon begins only at the end of our input.
    ::shutdown(static_cast<int>(socket_.socketDescriptor()), SHUT_WR);
    if (stream_) deadline_.stop();
  };
  connect(&socket_, &QLocalSocket::bytesWritten, this, half_close);
  socket_.flush();
}

void AdminConnection::end(std::string const& reason) {
  if (over_) return;
  over_ = true;
  deadline_.stop();
  QByteArray const rest = socket_.isOpen() ? socket_.readAll() : QByteArray();
  if (!rest.isEmpty())
    handlers_.received(as_bytes(std::string_view(rest.constData(), static_cast<std::size_t>(rest.size()))));
  handlers_.ended(reason);
}

void call_admin(std::filesystem::path const& socket, admin::Call const& call, std::chrono::milliseconds timeout,
                QObject* parent, std::function<void(admin::Reply const&)> done) {
  auto const answer = std::make_shared<Bytes>();
  auto const connection = std::make_shared<AdminConnection*>(nullptr);
  AdminConnection::Handlers handlers;
  handlers.received = [answer](ByteSpan bytes) {
    // One byte more than allowed is kept, so that the parser sees it was too long.
    std::size_t const room = admin::kMaxReply + 1 - answer->size();
    ByteSpan const kept = bytes.first(std::min(bytes.size(), room));
    answer->insert(answer->end(), kept.begin(), kept.end());
  };
  handlers.ended = [answer, connection, done = std::move(done)](std::string const& reason) {
    (*connection)->deleteLater();
    if (!reason.empty() && answer->empty()) return done(Failure{admin::Exception{admin::kUnreachable, reason}});
    done(admin::parse_reply(*answer));
  };
  *connection = new AdminConnection(socket, call, timeout, std::move(handlers), parent);
}

}  // namespace bh::tray
