// A bulkheadd that has a few qubes and no machines: it speaks the Admin API on a real socket from a thread of its own.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "dom0/client/event.h"
#include "dom0/client/reply.h"
#include "dom0/client/request.h"

namespace bh::tray::test {

class FakeDaemon {
 public:
  struct Qube {
    std::string klass, state, label;
  };
  FakeDaemon(std::filesystem::path const& socket, std::string accelerator);
  ~FakeDaemon();
  FakeDaemon(FakeDaemon&&) = delete;
  FakeDaemon& operator=(FakeDaemon&&) = delete;

  void set(std::string const& name, Qube qube);
  // Sent to all who follow events.
  void tell(admin::Event const& event);
  // "admin.vm.Start work" for each call so far.
  [[nodiscard]] std::vector<std::string> calls() const;
  // The next start of a qube fails with this message.
  void refuse_start(std::string message);

 private:
  void serve();
  void answer(UniqueFd connection);
  [[nodiscard]] admin::Reply reply(std::string const& method, std::string const& argument,
                                   std::string const& destination);
  [[nodiscard]] admin::Reply start(std::string const& name);
  void tell_locked(admin::Event const& event);

  UniqueFd listener_;
  std::string accelerator_;
  mutable std::mutex mutex_;
  std::map<std::string, Qube> qubes_;
  std::map<std::string, std::string> const colours_{
      {"blue", "0x3465a4"}, {"red", "0xcc0000"}, {"black", "0x000000"}, {"green", "0x73d216"}};
  std::vector<std::string> calls_;
  std::string refusal_;
  std::vector<UniqueFd> followers_;
  std::thread thread_;
};

}  // namespace bh::tray::test
