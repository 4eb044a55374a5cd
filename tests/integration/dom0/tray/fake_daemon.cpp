#include "tests/integration/dom0/tray/fake_daemon.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "base/posix_io.h"
#include "base/unix_socket.h"

namespace bh::tray::test {

FakeDaemon::FakeDaemon(std::filesystem::path const& socket, std::string accelerator)
    : accelerator_(std::move(accelerator)) {
  auto listener = listen_unix(socket, 64);
  if (!listener)
    ADD_FAILURE() << listener.error().message;
  else
    listener_ = *std::move(listener);
  qubes_["dom0"] = {"AdminVM", "Running", "black"};
  thread_ = std::thread([this] { serve(); });
}

FakeDaemon::~FakeDaemon() {
  ::shutdown(listener_.borrow(), SHUT_RDWR);
  thread_.join();
}

void FakeDaemon::set(std::string const& name, Qube qube) {
  std::lock_guard const lock(mutex_);
  qubes_[name] = std::move(qube);
}

void FakeDaemon::tell(admin::Event const& event) {
  std::lock_guard const lock(mutex_);
  tell_locked(event);
}

void FakeDaemon::tell_locked(admin::Event const& event) {
  Bytes const frame = admin::encode_event(event);
  for (UniqueFd const& follower : followers_) (void)::send(follower.borrow(), frame.data(), frame.size(), MSG_NOSIGNAL);
}

std::vector<std::string> FakeDaemon::calls() const {
  std::lock_guard const lock(mutex_);
  return calls_;
}

void FakeDaemon::refuse_start(std::string message) {
  std::lock_guard const lock(mutex_);
  refusal_ = std::move(message);
}

void FakeDaemon::serve() {
  for (;;) {
    auto connection = accept_unix(listener_);
    if (!connection) return;
    answer(*std::move(connection));
  }
}

void FakeDaemon::answer(UniqueFd connection) {
  Bytes request;
  std::array<std::byte, 4096> chunk{};
  for (;;) {
    auto const count = read_some(connection, chunk);
    if (!count || *count == 0) break;
    request.insert(request.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  auto call = admin::parse_call(request);
  if (!call) return;
  auto const text = [](std::string raw) { return raw; };
  std::string const argument = std::move(call->argument).checked(text),
                    destination = std::move(call->destination).checked(text);
  std::lock_guard const lock(mutex_);
  calls_.push_back(call->method + " " + destination);
  if (call->method == "admin.Events") {
    Bytes const first = admin::encode_event({"", "connection-established", {}});
    (void)write_all(connection, first);
    followers_.push_back(std::move(connection));
    return;
  }
  (void)write_all(connection, admin::encode_reply(reply(call->method, argument, destination)));
}

admin::Reply FakeDaemon::reply(std::string const& method, std::string const& argument, std::string const& destination) {
  if (method == "admin.label.Get" && colours_.contains(argument)) return colours_.at(argument);
  if (method == "admin.vm.feature.Get" && argument == "bulkhead.accel") return accelerator_;
  if (method == "admin.vm.feature.Get" && argument == "bulkhead.accel-reason")
    return std::string("/dev/kvm is not there");
  if (method == "admin.vm.List") {
    std::string lines;
    for (auto const& [name, qube] : qubes_) {
      if (destination == "dom0" || destination == name)
        lines += name + " class=" + qube.klass + " state=" + qube.state + " uuid=u-" + name + "\n";
    }
    return lines;
  }
  auto const qube = qubes_.find(destination);
  if (qube == qubes_.end()) return Failure{admin::Exception{"QubesVMNotFoundError", "no such qube: " + destination}};
  if (method == "admin.vm.property.Get" && argument == "label") return "default=False type=label " + qube->second.label;
  if (method == "admin.vm.Start") return start(destination);
  if (method == "admin.vm.Shutdown" || method == "admin.vm.Kill") {
    qube->second.state = "Halted";
    tell_locked({destination, "domain-shutdown", {}});
    return std::string();
  }
  return Failure{admin::Exception{"ProtocolError", "no such method: " + method}};
}

admin::Reply FakeDaemon::start(std::string const& name) {
  if (!refusal_.empty()) return Failure{admin::Exception{"QubesException", std::exchange(refusal_, {})}};
  tell_locked({name, "domain-pre-start", {{"start_guid", "True"}}});
  qubes_[name].state = "Running";
  tell_locked({name, "domain-start", {{"start_guid", "True"}}});
  return std::string();
}

}  // namespace bh::tray::test
